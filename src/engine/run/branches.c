#include "engine/run/branches.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"

const char ht_metrics_header[] = "step,epoch,loss,loss_min,loss_max,batch_accuracy,test_loss,test_accuracy,"
                                 "multiply_adds,compute\n";

typedef struct branch {
    uint64_t number, keep, step; /* as in the file */
    uint64_t until;              /* of its rows, those up to this step are on the path */
} branch;

typedef struct branches {
    branch *at;
    size_t count, room;
} branches;

enum { PIECE = 1 << 15 };

/* ---- lines of a file of any length ---- */

typedef struct lines {
    int fd;
    const char *path;
    uint64_t size, read; /* bytes of the file, and how many of them have been read */
    size_t have, used;   /* of the piece */
    char piece[PIECE];
} lines;

static lines *open_lines(int fd, const char *path, uint64_t size, ht_error *err)
{
    lines *l = ht_alloc(1, sizeof *l, "a piece of a file", err);
    if (l) l->fd = fd, l->path = path, l->size = size;
    return l;
}

/* The next line with its end, or NULL: there is none, or *code says what went wrong. A last line without its
 * end was cut by a crash. */
static const char *next_line(lines *l, size_t *length, ht_code *code, ht_error *err)
{
    for (;;) {
        const char *line = l->piece + l->used, *end = memchr(line, '\n', l->have - l->used);
        if (end) {
            *length = (size_t)(end - line) + 1;
            l->used += *length;
            return line;
        }
        memmove(l->piece, line, l->have - l->used);
        l->have -= l->used;
        l->used = 0;
        size_t count = PIECE - l->have;
        if (l->size - l->read < count) count = (size_t)(l->size - l->read);
        if (count == 0) return NULL; /* also a line longer than a piece: no row of ours */
        *code = ht_file_read_at(l->fd, l->path, l->piece + l->have, count, l->read, err);
        if (*code != HT_OK) return NULL;
        l->read += count;
        l->have += count;
    }
}

/* ---- the tree ---- */

static bool parse_branch(const char *line, branch *b)
{
    char *end;
    b->number = strtoull(line + 1, &end, 10);
    if (*end != ',') return false;
    b->keep = strtoull(end + 1, &end, 10);
    if (*end != ',') return false;
    b->step = strtoull(end + 1, &end, 10);
    b->until = 0;
    return *end == '\n';
}

size_t ht_branches_scan(const char *text, size_t size, uint64_t *last)
{
    size_t before = size;
    branch b;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        if (text[at] == '#') {
            if (before == size) before = at;
            if (end && parse_branch(text + at, &b)) *last = b.number;
        }
        at = end ? (size_t)(end - text) + 1 : size;
    }
    return before;
}

static ht_code add_branch(branches *all, const branch *b, ht_error *err)
{
    if (all->count == all->room) {
        size_t room = all->room ? 2 * all->room : 64;
        branch *more = ht_alloc(room, sizeof *more, "the branches of the run", err);
        if (!more) return HT_FAIL;
        if (all->count) memcpy(more, all->at, all->count * sizeof *more);
        ht_free(all->at);
        all->at = more, all->room = room;
    }
    all->at[all->count++] = *b;
    return HT_OK;
}

static ht_code damaged(const char *path, ht_error *err)
{
    ht_error_set(err, HT_FAIL,
                 "%s: a line of it is none of ours; remove the file, and the rows of "
                 "metrics.csv are taken as they are",
                 path);
    return HT_FAIL;
}

static ht_code read_branches(lines *l, branches *all, ht_error *err)
{
    const char *line;
    size_t length;
    ht_code code = HT_OK;
    branch b;
    while (code == HT_OK && (line = next_line(l, &length, &code, err))) {
        if (line[0] != '#') {
            if (all->count == 0) code = damaged(l->path, err);
            continue;
        }
        bool good = parse_branch(line, &b) && (all->count == 0 || b.number > all->at[all->count - 1].number);
        code = good ? add_branch(all, &b, err) : damaged(l->path, err);
    }
    return code == HT_OK && all->count == 0 ? damaged(l->path, err) : code;
}

/* Of the first `count`, the one that `revision` is part of; `count` if it is older than all. */
static size_t branch_of(const branches *all, size_t count, uint64_t revision)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->at[middle].number <= revision)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : count;
}

/* Back from the state to the first branch. One before that is where the session took the run up: what
 * metrics.csv had up to there is of its path. */
static uint64_t mark_way(branches *all, uint64_t revision, uint64_t step)
{
    size_t i = branch_of(all, all->count, revision);
    if (i == all->count) {
        all->at[0].until = step;
        return all->at[0].number;
    }
    uint64_t target = all->at[i].number;
    for (;;) {
        all->at[i].until = step;
        if (i == 0) return target;
        if (all->at[i].step < step) step = all->at[i].step;
        size_t parent = branch_of(all, i, all->at[i].keep);
        if (parent == i) return target;
        i = parent;
    }
}

/* ---- rows ---- */

static ht_code make_new(const ht_runfiles *f, ht_runfile file, char path[HT_RUN_PATH], int *fd,
                        const char *first, ht_error *err)
{
    if (ht_runfiles_path(f, file, path, err) != HT_OK) return err->code;
    if ((*fd = ht_file_begin_in(f->fd, path, err)) < 0) return err->code;
    if (ht_file_append_to(*fd, path, first, strlen(first), err) == HT_OK) return HT_OK;
    ht_file_abandon_in(f->fd, path, *fd);
    return err->code;
}

static ht_code put_in_place(ht_runfiles *f, ht_runfile file, const char *path, int fd, ht_code code,
                            ht_error *err)
{
    /* What takes its time comes before the look at what is replaced. */
    if (code == HT_OK) code = ht_file_sync_to(fd, path, err);
    if (code == HT_OK && !ht_runfiles_untouched(f, file))
        code = ht_error_set(err, HT_FAIL, "%s: was changed by another program; it stays as it is", path);
    if (code == HT_OK) code = ht_file_commit_in(f->fd, path, fd, NULL, err);
    if (code == HT_OK)
        ht_runfiles_adopt(f, file, fd);
    else
        ht_file_abandon_in(f->fd, path, fd);
    return code;
}

/* Rows collected to be written together. */
typedef struct output {
    int fd;
    const char *path;
    size_t used;
    char bytes[PIECE];
} output;

static ht_code flush(output *out, ht_error *err)
{
    size_t used = out->used;
    out->used = 0;
    return used ? ht_file_append_to(out->fd, out->path, out->bytes, used, err) : HT_OK;
}

static ht_code put(output *out, const char *line, size_t length, ht_error *err)
{
    if (out->used + length > PIECE && flush(out, err) != HT_OK) return err->code;
    memcpy(out->bytes + out->used, line, length);
    out->used += length;
    return HT_OK;
}

/* Of rows with branches (`all`) those on the path; of metrics.csv all but its header. */
static ht_code copy_rows(lines *from, const branches *all, int fd, const char *path, ht_error *err)
{
    output *out = ht_alloc(1, sizeof *out, "rows of metrics", err);
    const char *line;
    size_t length, now = 0;
    bool any = false;
    ht_code code = out ? HT_OK : HT_FAIL;
    if (out) out->fd = fd, out->path = path;
    while (code == HT_OK && (line = next_line(from, &length, &code, err))) {
        bool row = line[0] >= '0' && line[0] <= '9';
        if (line[0] == '#') now += any, any = true;
        if (row && (!all || strtoull(line, NULL, 10) <= all->at[now].until))
            code = put(out, line, length, err);
    }
    if (code == HT_OK) code = flush(out, err);
    ht_free(out);
    return code;
}

ht_code ht_branches_make(ht_runfiles *f, uint64_t base, ht_error *err)
{
    char path[HT_RUN_PATH] = "", first[80];
    int fd = -1;
    snprintf(first, sizeof first, "#%" PRIu64 ",%" PRIu64 ",0\n", base, base);
    if (make_new(f, HT_RUN_BRANCHES, path, &fd, first, err) != HT_OK) return err->code;
    lines *from = open_lines(f->file[HT_RUN_METRICS].fd, path, ht_runfiles_size(f, HT_RUN_METRICS), err);
    ht_code code = from ? copy_rows(from, NULL, fd, path, err) : HT_FAIL;
    ht_free(from);
    return put_in_place(f, HT_RUN_BRANCHES, path, fd, code, err);
}

static ht_code write_way(ht_runfiles *f, const branches *all, const char *from_path, ht_error *err)
{
    char path[HT_RUN_PATH] = "";
    int fd = -1;
    if (make_new(f, HT_RUN_METRICS, path, &fd, ht_metrics_header, err) != HT_OK) return err->code;
    lines *from =
        open_lines(f->file[HT_RUN_BRANCHES].fd, from_path, ht_runfiles_size(f, HT_RUN_BRANCHES), err);
    ht_code code = from ? copy_rows(from, all, fd, path, err) : HT_FAIL;
    ht_free(from);
    return put_in_place(f, HT_RUN_METRICS, path, fd, code, err);
}

/* All branches; the caller frees them. */
static ht_code load(const ht_runfiles *f, branches *all, char path[HT_RUN_PATH], ht_error *err)
{
    if (ht_runfiles_path(f, HT_RUN_BRANCHES, path, err) != HT_OK) return HT_FAIL;
    lines *l = open_lines(f->file[HT_RUN_BRANCHES].fd, path, ht_runfiles_size(f, HT_RUN_BRANCHES), err);
    ht_code code = l ? read_branches(l, all, err) : HT_FAIL;
    ht_free(l);
    return code;
}

ht_code ht_branches_first(const ht_runfiles *f, uint64_t *base, ht_error *err)
{
    char path[HT_RUN_PATH];
    branches all = {0};
    ht_code code = load(f, &all, path, err);
    if (code == HT_OK) *base = all.at[0].number;
    ht_free(all.at);
    return code;
}

ht_code ht_branches_show(ht_runfiles *f, uint64_t revision, uint64_t step, uint64_t *shown, ht_error *err)
{
    char path[HT_RUN_PATH];
    branches all = {0};
    ht_code code = load(f, &all, path, err);
    if (code == HT_OK) {
        uint64_t target = mark_way(&all, revision, step);
        if (target != *shown) code = write_way(f, &all, path, err);
        if (code == HT_OK) *shown = target;
    }
    ht_free(all.at);
    return code;
}
