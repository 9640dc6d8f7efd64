#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { PIECE = 4096 };

typedef struct output {
    int fd;
    bool progress;
    unsigned char rest[4];
} output;

/* How many bytes a character that begins with this one has; 1 of what begins none. */
static size_t length_of(unsigned char first)
{
    return first >= 0xf8 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* Has `at` only the beginning of a character? `left` ≥ 1 bytes are there. */
static bool is_cut(const unsigned char *at, size_t left)
{
    size_t need = length_of(at[0]);
    if (need <= left) return false;
    for (size_t i = 1; i < left; i++)
        if ((at[i] & 0xc0) != 0x80) return false;
    return true;
}

/* Bytes of the character at `at`, and whether it is let through as it is. */
static size_t next(const unsigned char *at, size_t left, bool progress, bool *passes)
{
    char one[5] = "";
    unsigned c;
    *passes = true;
    if (at[0] == '\n' || (progress && at[0] == '\r')) return 1;
    if (progress && left >= 3 && memcmp(at, "\033[K", 3) == 0) return 3;
    memcpy(one, at, left < 4 ? left : 4);
    size_t n = ht_utf8_decode(one, &c);
    *passes = n > 0 && !ht_text_is_control(c) && !(c == 0xfffd && n == 1);
    return n > 0 ? n : 1;
}

size_t ht_output_clean(const char *from, size_t size, bool progress, unsigned char rest[4], char *to)
{
    unsigned char all[PIECE + 3];
    size_t kept = rest[3], used = 0, count = kept + size;
    memcpy(all, rest, kept);
    memcpy(all + kept, from, size);
    rest[3] = 0;
    for (size_t i = 0; i < count;) {
        if (is_cut(all + i, count - i)) {
            rest[3] = (unsigned char)(count - i);
            memcpy(rest, all + i, count - i);
            break;
        }
        bool passes;
        size_t n = next(all + i, count - i, progress, &passes);
        if (passes)
            memcpy(to + used, all + i, n);
        else
            to[used] = all[i] == '\t' ? ' ' : '?';
        used += passes ? n : 1;
        i += n;
    }
    return used;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        done += (size_t)n;
    }
    return true;
}

/* For fopencookie: 0 is a failure. */
static ssize_t let_out(void *cookie, const char *bytes, size_t size)
{
    output *o = cookie;
    char clean[PIECE + 3];
    for (size_t at = 0; at < size; at += PIECE) {
        size_t piece = size - at < PIECE ? size - at : PIECE;
        if (!write_all(o->fd, clean, ht_output_clean(bytes + at, piece, o->progress, o->rest, clean)))
            return 0;
    }
    return (ssize_t)size;
}

static void guard(FILE **stream, output *o, int buffering)
{
    FILE *guarded = fopencookie(o, "w", (cookie_io_functions_t){.write = let_out});
    if (!guarded) return;
    fflush(*stream);
    setvbuf(guarded, NULL, buffering, 0);
    *stream = guarded;
}

void ht_output_open(bool lab)
{
    static output out = {.fd = STDOUT_FILENO}, err = {.fd = STDERR_FILENO};
    err.progress = isatty(STDERR_FILENO) != 0;
    guard(&stderr, &err, _IONBF);
    if (!lab) guard(&stdout, &out, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
}
