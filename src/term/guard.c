#include "term/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <termios.h>
#include <unistd.h>

static int words = -1; /* the pipe to the guard: 'a' for armed, 'd' for disarmed; its end is ours */

/* ---- the guard --------------------------------------------------------------------------------- */

typedef struct watch {
    bool armed;
    struct termios before, ours; /* modes of the terminal before we had it, and while we have it */
} watch;

/* Until the other process is gone. */
static void listen(int from, watch *w)
{
    for (;;) {
        char word;
        ssize_t n = read(from, &word, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        w->armed = word == 'a';
        if (w->armed) tcgetattr(STDIN_FILENO, &w->ours);
    }
}

static void restore(const watch *w)
{
    static const char text[] = HT_GUARD_RESTORE "heavytail: was killed; the terminal is restored.\r\n";
    struct termios now;
    /* A shell that was faster has set its own modes; they stay. */
    if (tcgetattr(STDIN_FILENO, &now) == 0 && now.c_lflag == w->ours.c_lflag &&
        now.c_iflag == w->ours.c_iflag)
        tcsetattr(STDIN_FILENO, TCSANOW, &w->before);
    ssize_t ignored = write(STDOUT_FILENO, text, sizeof text - 1);
    (void)ignored;
}

static _Noreturn void guard(int from, watch w)
{
    setsid(); /* no signal of the terminal's reaches us, nor does it stop us */
    signal(SIGPIPE, SIG_IGN);
    listen(from, &w);
    if (w.armed) restore(&w);
    _exit(0);
}

/* ---- ours -------------------------------------------------------------------------------------- */

void ht_guard_start(void)
{
    int ends[2];
    watch w = {.armed = false};
    if (words >= 0 || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || pipe2(ends, O_CLOEXEC) != 0) return;
    tcgetattr(STDIN_FILENO, &w.before); /* here: by the time the guard runs we may have changed them */
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        guard(ends[0], w);
    }
    close(ends[0]);
    if (child > 0)
        words = ends[1];
    else
        close(ends[1]);
}

static void tell(char word)
{
    int kept = errno;
    if (words >= 0 && write(words, &word, 1) != 1) words = -1; /* the guard is gone */
    errno = kept;
}

void ht_guard_arm(void)
{
    tell('a');
}

void ht_guard_disarm(void)
{
    tell('d');
}
