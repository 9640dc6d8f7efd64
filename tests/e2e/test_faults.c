/* Guards against failures of the system: memory that runs out at any moment, disks that are full, files that
 * vanish, interrupted calls, readers that leave. Always a clear message, never a crash, a leak, or a lost run
 * that looks like success. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "base/alloc.h"
#include "e2e/sandbox.h"
#include "num/linalg.h"

#if SANITIZED && defined(__SANITIZE_ADDRESS__)
int __lsan_do_recoverable_leak_check(void);
#define LEAKS() __lsan_do_recoverable_leak_check()
#else
#define LEAKS() 0
#endif

/* The first allocations fail one by one, of the later ones a number that time allows. */
enum {
    EVERY_UP_TO = SANITIZED ? 30 : 60,
    LATER = SANITIZED ? 10 : 25,
    LEAKED = 99,
    HANGS = 60 /* seconds after which a command is taken for stuck */
};

/* ---- a failing allocator ----------------------------------------------------------------------- */

static atomic_long asked;
static long failing; /* the number of the allocation that fails; 0: none */
static bool from_then_on;

/* Asked by ht_alloc alone: Debian's jansson crashes by itself when its own memory runs out in the middle of a
 * file. */
static bool allows(size_t bytes)
{
    (void)bytes;
    long number = atomic_fetch_add(&asked, 1) + 1;
    return failing == 0 || (from_then_on ? number < failing : number != failing);
}

typedef struct command {
    int (*run)(int, char **);
    char *words[16];
    bool in_terminal;
} command;

static void prepare_child(const command *c)
{
    int out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600),
        error = open("err", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (!c->in_terminal) dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    setenv("HEAVYTAIL_THREADS", "2", 1);
    setenv("TERM", "xterm-256color", 1);
    ht_linalg_init();
    ht_alloc_ask(allows);
    alarm(HANGS);
}

static void run_child(const command *c)
{
    int argc = 0;
    while (c->words[argc]) argc++;
    prepare_child(c);
    int code = c->run(argc, (char **)c->words);
    ht_alloc_ask(NULL);
    FILE *count = fopen("count", "w");
    if (count) fprintf(count, "%ld\n", atomic_load(&asked)), fclose(count);
    fflush(stdout);
    _exit(LEAKS() ? LEAKED : code);
}

/* Runs the command with the failure that is set; the exit code, or 128 + signal. */
static int run_in_process(const command *c)
{
    int master = -1, status;
    char bytes[4096];
    pid_t child = c->in_terminal ? forkpty(&master, NULL, NULL, &(struct winsize){30, 100, 0, 0}) : fork();
    assert_true(child >= 0);
    if (child == 0) run_child(c);
    if (master >= 0) {
        while (read(master, bytes, sizeof bytes) > 0) continue;
        close(master);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static long allocations(const command *c)
{
    failing = 0;
    if (run_in_process(c) != 0) fail_msg("without a failure: %s", sandbox_read("err", NULL));
    char *text = sandbox_read("count", NULL);
    long count = atol(text);
    free(text);
    return count;
}

/* Either it went on without that memory, or it says what was missing. */
static void assess_outcome(const command *c, int code)
{
    char *error = sandbox_read("err", NULL);
    bool said = strstr(error, "heavytail: ") && strstr(error, "memory");
    if (code != 0 && !((code == HT_FAIL || code == HT_USAGE) && said))
        fail_msg("%s %s: allocation %ld%s fails: exit %d: %.3000s", c->words[0],
                 c->words[1] ? c->words[1] : "", failing, from_then_on ? " and all after it" : "", code,
                 error);
    free(error);
}

/* `reset` names a directory that is made anew for each run, as a copy of `from` if that is given. */
static void sweep(const command *c, const char *reset, const char *from)
{
    char script[256] = "true";
    if (reset)
        snprintf(script, sizeof script, "rm -rf %s; %s%s %s", reset, from ? "cp -r " : ": ", from ? from : "",
                 reset);
    sandbox_shell(script);
    long count = allocations(c), tried = 0, alone = 0, stride = count / LATER + 1;
    for (int mode = 0; mode < 2; mode++)
        for (failing = 1; failing <= count; failing += failing < EVERY_UP_TO && mode == 0 ? 1 : stride) {
            from_then_on = mode;
            sandbox_shell(script);
            assess_outcome(c, run_in_process(c));
            tried++, alone += !from_then_on;
        }
    print_message("figures: %s: %ld allocations, %ld made to fail in turn, %ld of them alone\n", c->words[0],
                  count, tried, alone);
    assert_true(count > 3);
}

#define SMALL "--set", "data.name=teacher:4x2x64", "--set", "model.width=48", "--set", "train.batch=16"

static void training_survives_every_failed_allocation(void **state)
{
    (void)state;
    const command begin = {ht_cmd_train, {"train", SMALL, "--steps", "3", "--run", "fresh", "--json"}, false};
    const command resume = {ht_cmd_train, {"train", "--steps", "6", "--run", "again", "--quiet"}, false};
    sweep(&begin, "fresh", NULL);
    failing = 0;
    assert_int_equal(run_in_process(&begin), 0);
    sweep(&resume, "again", "fresh");
}

static void pictures_and_lists_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_status(RUN("train", SMALL, "--steps", "3", "--run", "shown", "--quiet"), 0);
    const command snapshot = {
        ht_cmd_snapshot, {"snapshot", "shown", "--out", "a.png", "--size", "400x300"}, false};
    const command data = {ht_cmd_data, {"data", "info", "teacher:4x2x64"}, false};
    const command noise = {ht_cmd_noise, {"noise", "--shape", "5x7", "--seed", "1", "--out", "a.npy"}, false};
    sweep(&snapshot, NULL, NULL);
    sweep(&data, NULL, NULL);
    failing = 0;
    assert_true(allocations(&noise) > 0);
}

static void measuring_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_status(RUN("train", SMALL, "--steps", "3", "--run", "seen", "--quiet"), 0);
    assert_status(RUN("sweep", SMALL, "--vary", "noise.alpha=1.5,2", "--set", "train.steps=3", "--out",
                      "grid", "--quiet"),
                  0);
    const command commands[] = {
        {ht_cmd_tail, {"tail", "seen", "--json"}, false},
        {ht_cmd_tail, {"tail", "seen", "seen", "--columns", "all", "--html", "page.html"}, false},
        {ht_cmd_prune,
         {"prune", "seen", "--method", "all", "--curve", "--json", "--out", "less.safetensors"},
         false},
        {ht_cmd_replay, {"replay", "seen", "--quiet"}, false},
        {ht_cmd_table, {"table", "grid"}, false},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) sweep(&commands[i], NULL, NULL);
}

static void the_lab_survives_every_failed_allocation(void **state)
{
    (void)state;
    sandbox_write("keys", "wait 0.1\nkey n\nkey p\nkey Esc\nkey ?\nkey Esc\nkey z\nkey q\n");
    const command lab = {ht_cmd_lab, {"lab", SMALL, "--script", "keys", "--run", "lab"}, true};
    sweep(&lab, "lab", NULL);
}

/* Runs side by side, labels, lessons, words, pictures, and the recording of it all. */
static void the_lecture_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_status(RUN("train", SMALL, "--steps", "3", "--run", "shown", "--quiet"), 0);
    sandbox_write("keys",
                  "wait 0.1\nkey S\nkey Space\nkey Enter\nkey Esc\nkey a\ntype here\nkey Enter\nkey L\nkey "
                  "L\nkey /\ntype hill\nkey Enter\nkey Esc\nkey i\nkey e\nkey q\n");
    const command lab = {
        ht_cmd_lab,
        {"lab", SMALL, "--script", "keys", "--run", "lab", "--ghost", "shown", "--record", "lab.cast"},
        true};
    sweep(&lab, "lab lab.cast ht-*.png", NULL);
}

/* ---- interrupted calls ------------------------------------------------------------------------- */

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

/* Like ht_cmd_train, in a storm of signals that interrupt whatever waits. */
static int train_in_a_storm(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 200}, {0, 200}}, NULL);
    int code = ht_cmd_train(argc, argv);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    FILE *count = fopen("signals", "w");
    if (count) fprintf(count, "%d\n", (int)alarms), fclose(count);
    return code;
}

static void interrupted_calls_change_nothing(void **state)
{
    (void)state;
    command calm = {ht_cmd_train,
                    {"train", "--steps", "40", "--run", "calm", "--set", "model.width=200", "--set",
                     "run.checkpoint_seconds=0.01"},
                    false};
    command storm = calm;
    storm.run = train_in_a_storm;
    storm.words[4] = "storm";
    failing = 0;
    assert_int_equal(run_in_process(&calm), 0);
    assert_int_equal(run_in_process(&storm), 0);
    assert_true(sandbox_same_file("calm/checkpoint.safetensors", "storm/checkpoint.safetensors"));
    assert_true(sandbox_same_file("calm/metrics.csv", "storm/metrics.csv"));
    char *signals = sandbox_read("signals", NULL);
    print_message("figures: %d signals during a run and its saving changed no bit\n", atoi(signals));
    assert_true(atoi(signals) > 100);
    free(signals);
}

/* ---- full disks -------------------------------------------------------------------------------- */

static void a_full_disk_keeps_the_previous_checkpoint(void **state)
{
    (void)state;
    assert_status(
        RUN("train", SMALL, "--set", "model.width=4000", "--steps", "5", "--run", "disk", "--quiet"), 0);
    assert_status(sandbox_shell("cp -r disk before"), 0);
    const sandbox_result *r = sandbox_shell("ulimit -f 20; $H train --steps 9 --run disk --quiet");
    assert_status(r, 1);
    assert_says(r->err, "disk/checkpoint.safetensors");
    assert_says(r->err, "File too large");
    assert_true(sandbox_same_file("disk/checkpoint.safetensors", "before/checkpoint.safetensors"));
    assert_string_equal(sandbox_shell("find disk -name '*.tmp*'")->out, "");
    assert_status(RUN("train", "--steps", "9", "--run", "disk", "--quiet"), 0);
    assert_status(RUN("train", "--steps", "9", "--run", "before", "--quiet"), 0);
    assert_true(sandbox_same_file("disk/checkpoint.safetensors", "before/checkpoint.safetensors"));
}

static void a_full_disk_is_named_by_every_command_that_writes(void **state)
{
    (void)state;
    assert_status(RUN("train", SMALL, "--steps", "3", "--run", "shown", "--quiet"), 0);
    static const char *const commands[] = {
        "snapshot shown --out full.png", "noise --shape 100x100 --seed 1 --out full.npy",
        "train --set model.width=300 --steps 1 --quiet --out full.safetensors"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char script[256];
        snprintf(script, sizeof script, "ulimit -f 4; $H %s", commands[i]);
        const sandbox_result *r = sandbox_shell(script);
        assert_status(r, 1);
        assert_says(r->err, "full.");
        assert_says(r->err, "File too large");
        assert_string_equal(sandbox_shell("ls full.* 2>/dev/null")->out, "");
    }
}

/* A file system of its own, where that is allowed. */
static void a_full_file_system_keeps_the_previous_checkpoint(void **state)
{
    (void)state;
    if (sandbox_shell("mkdir -p small && unshare -rm true 2>/dev/null")->status != 0) {
        print_message("skipped: this system mounts no file system for us\n");
        skip();
    }
    const sandbox_result *r =
        sandbox_shell("unshare -rm sh -c 'mount -t tmpfs -o size=300k tmpfs small 2>/dev/null || exit 77; "
                      "$H train --set data.name=teacher:4x2x64 --set model.width=8000 --steps 5 --run "
                      "small/r --quiet || exit 78; "
                      "cp small/r/checkpoint.safetensors kept; "
                      "$H train --steps 9 --run small/r --quiet; echo status $?; ls small/r; cmp kept "
                      "small/r/checkpoint.safetensors'");
    if (r->status == 77) {
        print_message("skipped: this system mounts no file system for us\n");
        skip();
    }
    assert_status(r, 0);
    assert_says(r->out, "status 1");
    assert_says(r->err, "No space left on device");
    assert_null(strstr(r->out, "tmp"));
}

/* ---- files that vanish or cannot be read ------------------------------------------------------- */

static void a_run_directory_that_vanishes_is_named(void **state)
{
    (void)state;
    const sandbox_result *r = sandbox_shell(
        "$H train --set model.width=64 --steps 100000000 --run gone --quiet 2> said & p=$!; "
        "while ! [ -e gone/journal.jsonl ]; do sleep 0.02; done; sleep 0.2; rm -rf gone; kill -INT $p; "
        "wait $p; echo status $?; cat said");
    assert_status(r, 0);
    assert_says(r->out, "status 1");
    assert_says(r->out, "heavytail: gone/");
    assert_says(r->out, "No such file");
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"preset.ini", "checkpoint.safetensors", "metrics.csv"};
    assert_status(RUN("train", SMALL, "--steps", "3", "--run", "whole", "--quiet"), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char script[256];
        snprintf(script, sizeof script,
                 "rm -rf odd; cp -r whole odd; rm odd/%s; mkdir odd/%s; $H train --steps 5 --run odd",
                 names[i], names[i]);
        const sandbox_result *r = sandbox_shell(script);
        if (r->status != 1 && r->status != 2) fail_msg("%s: exit %d", names[i], r->status);
        assert_says(r->err, names[i]);
        assert_says(r->err, "regular file");
    }
}

/* ---- outputs that are closed ------------------------------------------------------------------- */

static void a_reader_who_leaves_costs_no_run(void **state)
{
    (void)state;
    /* Standard output: the quiet end of a filter, 128 + SIGPIPE, after the run is saved. */
    const sandbox_result *r = sandbox_shell("{ sleep 0.5; $H train --set model.width=64 --steps 5 --run left "
                                            "--json --quiet; echo $? > status; } | true; "
                                            "while ! [ -s status ]; do sleep 0.1; done; cat status");
    assert_string_equal(r->out, "141\n");
    assert_true(sandbox_exists("left/checkpoint.safetensors"));
    r = sandbox_shell("rm -f status; { sleep 0.3; $H help params; echo $? > status; } 2> said | true; "
                      "while ! [ -s status ]; do sleep 0.1; done; cat status said");
    assert_string_equal(r->out, "141\n");
    /* So end all that print much, with all files written. */
    static const char *const commands[] = {"tail left",
                                           "tail left --json",
                                           "prune left --json --out small.safetensors",
                                           "certify left --json",
                                           "replay left --json",
                                           "prune left --method all --curve --json",
                                           "compare --json --set model.width=8 --set train.steps=2"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char script[400];
        snprintf(script, sizeof script,
                 "rm -f status; { sleep 0.2; $H %s; echo $? > status; } 2> said | true; "
                 "while ! [ -s status ]; do sleep 0.05; done; cat status; grep -v note: said",
                 commands[i]);
        r = sandbox_shell(script);
        if (strcmp(r->out, "141\n") != 0) fail_msg("%s: %s", commands[i], r->out);
    }
    assert_true(sandbox_exists("small.safetensors"));
    /* Where the signal is ignored, a message. */
    r = sandbox_shell(
        "trap '' PIPE; rm -f status; { sleep 0.3; $H help params; echo $? > status; } 2> said | true; "
        "while ! [ -s status ]; do sleep 0.1; done; cat status said");
    assert_says(r->out, "1\n");
    assert_says(r->out, "cannot write to standard output");
    /* Standard error: nothing of worth is lost. */
    r = sandbox_shell(
        "rm -f status; { sleep 0.3; $H train --set model.width=64 --steps 5 --run left2 2>&1 > out; "
        "echo $? > status; } | true; while ! [ -s status ]; do sleep 0.1; done; cat status");
    assert_string_equal(r->out, "0\n");
    assert_true(sandbox_exists("left2/checkpoint.safetensors"));
}

/* ---- what asks for too much -------------------------------------------------------------------- */

static void a_preset_cannot_take_all_memory(void **state)
{
    (void)state;
    sandbox_write("greedy.ini", "[model]\nwidth = 200000\ndepth = 4\n");
    const sandbox_result *r = RUN("train", "--preset", "greedy.ini", "--steps", "1");
    assert_status(r, 1);
    assert_says(r->err, "not enough memory for the weights");
    sandbox_write("wide.ini", "[data]\nname = teacher:100000x2x100000\n");
    r = RUN("train", "--preset", "wide.ini", "--steps", "1");
    if (r->status == 0) fail_msg("40 GB of samples were made");
    assert_says(r->err, "heavytail: ");
    sandbox_write("long.sweep", "[a]\nseeds = 1..600000\n[b]\nseeds = 1..600000\n");
    r = RUN("sweep", "--file", "long.sweep", "--out", "many");
    assert_status(r, 2);
    assert_says(r->err, "1200000 cells; a sweep has at most 1000000");
}

/* 4 000 channels of 32 x 32 and 8 of 16 x 16, of 5 000 samples, twice. */
static void a_batch_of_pictures_says_what_it_takes(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--data", "pictures-synth", "--set", "data.train_limit=5000",
                                  "--set", "data.test_limit=10", "--layers",
                                  "conv 4000 3x3 same linear, pool 2, conv 8 3x3 same linear, pool 4",
                                  "--train.batch", "5000", "--steps", "1");
    assert_status(r, 1);
    assert_says(r->err, "a batch of 5000: its activations and gradients take ");
    const char *number = strstr(r->err, " take ");
    double values = strtod(number + 6, NULL) * 1e6 / 5000 / 2 / sizeof(float);
    /* What is pooled may be kept pooled alone. */
    assert_true(values >= 4000 * 16 * 16 && values <= 4000 * 32 * 32 + 4000 * 16 * 16 + 8 * 16 * 16 + 5000);
    assert_says(r->err, "try a smaller train.batch");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_survives_every_failed_allocation),
        cmocka_unit_test(pictures_and_lists_survive_every_failed_allocation),
        cmocka_unit_test(measuring_survives_every_failed_allocation),
        cmocka_unit_test(the_lab_survives_every_failed_allocation),
        cmocka_unit_test(the_lecture_survives_every_failed_allocation),
        cmocka_unit_test(interrupted_calls_change_nothing),
        cmocka_unit_test(a_full_disk_keeps_the_previous_checkpoint),
        cmocka_unit_test(a_full_disk_is_named_by_every_command_that_writes),
        cmocka_unit_test(a_full_file_system_keeps_the_previous_checkpoint),
        cmocka_unit_test(a_run_directory_that_vanishes_is_named),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_reader_who_leaves_costs_no_run),
        cmocka_unit_test(a_preset_cannot_take_all_memory),
        cmocka_unit_test(a_batch_of_pictures_says_what_it_takes),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* e.g. '*disk*' */
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
