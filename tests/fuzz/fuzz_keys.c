/* Bytes from the keyboard and the mouse: the whole lab on a small problem, from its start to its end, in a
 * terminal that sends them. */
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "lab/lab.h"
#include "fuzz/fuzz.h"

enum { BYTES = 512, HINT_MS = 30 };

static int master, slave, output; /* `output`: where messages go between two inputs */
static atomic_bool done;
static const char quit[] =
    "\033[201~\021\033\033\033q"; /* a paste ends, output on (^Q), out of every dialogue, quit */

static int erase(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* Pictures that the keys order land here. */
static void erase_directory(void)
{
    nftw(fuzz_dir(), erase, 8, FTW_DEPTH | FTW_PHYS);
}

static void open_terminal(void)
{
    struct winsize size = {.ws_row = 30, .ws_col = 100};
    fuzz_require(openpty(&master, &slave, NULL, NULL, &size) == 0, "a terminal can be made");
    output = dup(STDOUT_FILENO);
    dup2(slave, STDIN_FILENO);
    setenv("TERM", "xterm-256color", 1);
    setenv("HEAVYTAIL_THREADS", "1", 1);
    fuzz_require(chdir(fuzz_dir()) == 0, "there is a directory");
    atexit(erase_directory);
}

/* Reads the screen, and asks the lab to end for as long as it has not: output on (^Q), out of every dialogue,
 * quit. */
static void *other_end(void *unused)
{
    char bytes[4096];
    struct pollfd shown = {.fd = master, .events = POLLIN};
    while (!atomic_load(&done))
        if (poll(&shown, 1, HINT_MS) > 0)
            fuzz_require(read(master, bytes, sizeof bytes) > 0, "the screen can be read");
        else
            fuzz_require(write(master, quit, sizeof quit - 1) > 0, "the lab can be asked to end");
    return unused;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *const words[] = {"lab",   "--set",          "data.name=teacher:4x2x64",
                                  "--set", "model.width=32", NULL};
    pthread_t thread;
    if (!master) open_terminal();
    if (size > BYTES) size = BYTES; /* a terminal's buffer takes 4 KB */
    tcflush(slave, TCIOFLUSH);      /* what the lab before has not read */
    dup2(slave, STDOUT_FILENO);
    atomic_store(&done, false);
    fuzz_require(write(master, data, size) == (ssize_t)size, "a terminal takes the keys");
    fuzz_require(write(master, quit, sizeof quit - 1) > 0, "and those that end it");
    fuzz_require(pthread_create(&thread, NULL, other_end, NULL) == 0, "a thread can be started");
    ht_lab_end_seconds = 60; /* nobody who computes is left behind: that would end this program, too */
    int code = ht_cmd_lab(5, (char **)words);
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    dup2(output, STDOUT_FILENO);
    fuzz_require(code == 0, "the lab ends well");
    return 0;
}
