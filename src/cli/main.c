#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/stack.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "num/linalg.h"

/* A variable of OpenBLAS that is not as we want it; false when it is. */
static bool put(const char *name, const char *value)
{
    const char *now = getenv(name);
    return !(now && strcmp(now, value) == 0) && setenv(name, value, 1) == 0;
}

/* OpenBLAS reads its variables only while it is loaded, hence the second start; once, as they are set then.
 * Threads of its own, which we never use, would each spin for some time at the start: a third of the cost of
 * a small sweep's cell. */
static void prepare_blas(char **argv)
{
    const char *better = getenv("OPENBLAS_CORETYPE") ? NULL : ht_linalg_better_core();
    bool core = better && put("OPENBLAS_CORETYPE", better), threads = put("OPENBLAS_NUM_THREADS", "1");
    if (core || threads) ht_file_exec_self(argv);
    /* Without /proc it works too, but slower. */
}

static int print_version(void)
{
    printf("heavytail %s\n%s, core %s; kernels %s; %d threads\n", HT_VERSION, ht_linalg_library(),
           ht_linalg_core(), ht_kernel()->isa, ht_app_threads());
    return 0;
}

static int unknown_command(const char *name)
{
    size_t count;
    const ht_command_info *commands = ht_commands(&count);
    ht_guess guess = ht_guess_for(name);
    ht_error err;
    for (size_t i = 0; i < count; i++) ht_guess_offer(&guess, commands[i].name);
    ht_error_set(&err, HT_USAGE, "no subcommand '%.60s'%s (`heavytail help` lists them)", name,
                 ht_guess_words(&guess));
    return ht_app_fail(&err);
}

/* A stream that is closed would give its number to the next file opened, and what is printed would go there.
 * It is replaced by one that fails: nothing can be read from it if it is the input, or written if it is an
 * output. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
}

/* What cannot be written is an error that a command can report after it has saved its work, not a signal that
 * ends it. Returns whether a closed pipe would have ended the process. */
static bool refuse_write_signals(void)
{
    signal(SIGXFSZ, SIG_IGN);
    return signal(SIGPIPE, SIG_IGN) != SIG_IGN;
}

static bool reader_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

/* In the order of ht_commands. */
static int (*const run_of[])(int argc, char **argv) = {
#define HT_COMMAND(name, function, usage, help, topic, multiplies) function,
#define HT_TOPIC(name, function, help)
#include "cli/commands.def"
};

static int run_command(size_t number, int argc, char **argv)
{
    size_t count;
    ht_error err;
    const ht_command_info *command = &ht_commands(&count)[number];
    int threads = ht_app_threads();
    if (ht_options_check(command->usage, argc, argv, &err) != HT_OK) return ht_app_fail(&err);
    const int callers[] = {[HT_MULTIPLIES_POOL] = threads, [HT_MULTIPLIES_LAB] = 2 * threads + 3};
    if (command->multiplies != HT_MULTIPLIES_NOT &&
        ht_linalg_reserve(callers[command->multiplies], &err) != HT_OK)
        return ht_app_fail(&err);
    return run_of[number](argc, argv);
}

static bool is_lab(int argc, char **argv)
{
    return argc < 2 || argv[1][0] == '-' || strcmp(argv[1], "lab") == 0;
}

static int dispatch(int argc, char **argv)
{
    size_t count;
    ht_error err;
    const ht_command_info *commands = ht_commands(&count);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return ht_cmd_help(1, argv + 1);
    if (ht_app_environment(&err) != HT_OK) return ht_app_fail(&err);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) return print_version();
    if (argc < 2 || argv[1][0] == '-') return run_command(0, argc, argv); /* the lab */
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) return ht_cmd_help(2, (char *[]){"help", argv[1], NULL});
    for (size_t i = 0; i < count; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return run_command(i, argc - 1, argv + 1);
    return unknown_command(argv[1]);
}

static int run(int argc, char **argv)
{
    ht_error err;
    ht_alloc_settle();
    keep_standard_streams();
    setlocale(LC_CTYPE, ""); /* characters as the terminal wants them; numbers keep their point */
    prepare_blas(argv);
    ht_linalg_init();
    bool filter = refuse_write_signals();
    ht_output_open(is_lab(argc, argv));
    int code = dispatch(argc, argv);
    /* A full disk or a closed output must not look like success. */
    bool lost = ferror(stdout) != 0;
    if (fflush(stdout) != 0) lost = true;
    if (!lost || code != HT_OK) return code;
    if (filter && reader_left()) { /* `| head`: ends without a message, but with all files written */
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    ht_error_set(&err, HT_FAIL, "cannot write to standard output");
    return ht_app_fail(&err);
}

int main(int argc, char **argv)
{
    return ht_stack_run(run, argc, argv);
}
