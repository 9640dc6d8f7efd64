#include "term/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "term/sgr.h"

enum { PIECE = 1 << 14 };

static FILE *stream;
static int kept = -1; /* the file in memory */
static bool translating;
static void (*watcher)(const char *bytes, size_t size);
static volatile sig_atomic_t dropping;

FILE *ht_batch_open(void)
{
    int number = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (number < 0) return NULL;
    if (!(stream = fdopen(number, "w"))) {
        close(number);
        return NULL;
    }
    kept = memfd_create("frame", MFD_CLOEXEC);
    return stream;
}

void ht_batch_close(void)
{
    if (stream) fclose(stream);
    if (kept >= 0) close(kept);
    stream = NULL;
    kept = -1;
    translating = false;
}

bool ht_batch_keeps(void)
{
    return kept >= 0;
}

void ht_batch_translate(bool on)
{
    translating = on && kept >= 0;
}

/* The end of a terminal that is gone is told by ht_term_wait. */
static void put(int fd, const char *bytes, size_t size)
{
    while (size > 0 && !(dropping && fd == STDOUT_FILENO)) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        if (watcher && fd == STDOUT_FILENO) watcher(bytes, (size_t)n);
        bytes += n;
        size -= (size_t)n;
    }
}

void ht_batch_watch(void (*watch)(const char *bytes, size_t size))
{
    watcher = watch;
}

void ht_batch_say(const char *bytes)
{
    void (*kept_watcher)(const char *, size_t) = watcher;
    sig_atomic_t dropped = dropping;
    watcher = NULL;
    dropping = 0; /* what gives the terminal back is no frame */
    put(STDOUT_FILENO, bytes, strlen(bytes));
    dropping = dropped;
    watcher = kept_watcher;
}

void ht_batch_drop(void)
{
    dropping = 1;
}

/* Curses does not notice: it writes to the number it was given. */
static void lead(int fd)
{
    while (dup3(fd, fileno(stream), O_CLOEXEC) < 0 && errno == EINTR) {
    }
}

void ht_batch_begin(const char *before)
{
    if (kept >= 0) lead(kept);
    put(fileno(stream), before, strlen(before));
}

static void put_frame(const char *bytes, size_t size)
{
    static char colourful[HT_SGR_GROWTH * (PIECE + HT_SGR_KEPT)];
    if (!translating) {
        put(STDOUT_FILENO, bytes, size);
        return;
    }
    put(STDOUT_FILENO, colourful, ht_sgr_translate(bytes, size, colourful));
}

void ht_batch_end(const char *after)
{
    char bytes[PIECE], rest[HT_SGR_KEPT];
    put(fileno(stream), after, strlen(after));
    if (kept < 0) return;
    lead(STDOUT_FILENO);
    off_t size = lseek(kept, 0, SEEK_CUR);
    lseek(kept, 0, SEEK_SET);
    while (size > 0) {
        ssize_t n = read(kept, bytes, size < (off_t)sizeof bytes ? (size_t)size : sizeof bytes);
        if (n <= 0) break;
        put_frame(bytes, (size_t)n);
        size -= n;
    }
    put(STDOUT_FILENO, rest, ht_sgr_flush(rest));
    lseek(kept, 0, SEEK_SET); /* the next frame is written over this one */
}
