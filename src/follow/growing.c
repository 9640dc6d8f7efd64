#include "follow/growing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"

enum { PIECE = 1 << 16, AT_ONCE = 1 << 24 };

static ssize_t read_at(int fd, void *to, size_t size, uint64_t offset)
{
    ssize_t n;
    do n = pread(fd, to, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Is what was read still there? */
static bool goes_on(const ht_growing *g, int fd, const struct stat *info)
{
    unsigned char end[HT_GROWING_END];
    if (info->st_dev != g->device || info->st_ino != g->number || (uint64_t)info->st_size < g->offset)
        return false;
    return read_at(fd, end, g->end_size, g->offset - g->end_size) == (ssize_t)g->end_size &&
           memcmp(end, g->end, g->end_size) == 0;
}

static void begin_anew(ht_growing *g, const struct stat *info)
{
    if (g->offset > 0) ht_scalars_again(&g->scalars);
    g->device = info->st_dev;
    g->number = info->st_ino;
    g->offset = 0;
    g->end_size = 0;
    g->told = false;
}

/* Keeps the end of all that was read. */
static void keep_end(ht_growing *g, const unsigned char *piece, size_t size)
{
    if (size >= HT_GROWING_END) {
        memcpy(g->end, piece + size - HT_GROWING_END, HT_GROWING_END);
        g->end_size = HT_GROWING_END;
        return;
    }
    size_t old = g->end_size < HT_GROWING_END - size ? g->end_size : HT_GROWING_END - size;
    memmove(g->end, g->end + g->end_size - old, old);
    memcpy(g->end + old, piece, size);
    g->end_size = old + size;
}

static ht_code read_on(ht_growing *g, int fd, const char *path, bool *more, ht_notes *notes, ht_error *err)
{
    unsigned char piece[PIECE];
    for (size_t done = 0; done < AT_ONCE; done += PIECE) {
        ssize_t n = read_at(fd, piece, sizeof piece, g->offset);
        if (n < 0) return ht_error_set(err, HT_FAIL, "%s: cannot be read: %s", path, strerror(errno));
        if (n == 0) return HT_OK;
        g->offset += (uint64_t)n;
        keep_end(g, piece, (size_t)n);
        if (ht_scalars_feed(&g->scalars, path, (const char *)piece, (size_t)n, notes, err) != HT_OK ||
            ht_still_wanted(err) != HT_OK)
            return err->code;
    }
    *more = true;
    return HT_OK;
}

static uint64_t rows_of(const ht_scalars *s)
{
    uint64_t rows = (uint64_t)s->restarts;
    for (int i = 0; i < s->curves; i++) rows += s->curve[i].read;
    return rows;
}

ht_code ht_growing_read(ht_growing *g, const char *path, const ht_metrics_file *as, bool *rows, bool *more,
                        ht_notes *notes, ht_error *err)
{
    struct stat info;
    *rows = *more = false;
    bool same = g->was_there && as->size == g->offset && as->number == g->number && as->device == g->device &&
                as->written.tv_sec == g->written.tv_sec && as->written.tv_nsec == g->written.tv_nsec;
    g->was_there = as->found;
    if (same || !as->found) return HT_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return HT_OK; /* gone meanwhile */
    if (fd < 0) {
        g->written = as->written; /* not again until it changes */
        return ht_error_set(err, HT_FAIL, "%s: cannot be read: %s", path, strerror(errno));
    }
    uint64_t before = rows_of(&g->scalars);
    ht_code code = HT_OK;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        if (!goes_on(g, fd, &info)) begin_anew(g, &info);
        g->written = info.st_mtim;
        code = read_on(g, fd, path, more, notes, err);
    }
    close(fd);
    *rows = rows_of(&g->scalars) != before;
    const char *refused = ht_scalars_refusal(&g->scalars);
    if (refused && !g->told) ht_notes_add(notes, "%s: %s; it is left out", path, refused);
    g->told = g->told || refused;
    return code;
}

void ht_growing_free(ht_growing *g)
{
    ht_scalars_free(&g->scalars);
    *g = (ht_growing){0};
}
