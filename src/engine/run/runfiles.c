#include "engine/run/runfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

static const char *const names[HT_RUN_FILES] = {"preset.ini", "journal.jsonl", "metrics.csv",
                                                "metrics.branches", "checkpoint.safetensors"};

const char *ht_runfile_name(ht_runfile file)
{
    return names[file];
}

/* ---- opening ---- */

static int lock(int fd)
{
    int done;
    while ((done = flock(fd, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR) {
    }
    return done;
}

static bool same_place(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Does the name lead to the directory that is open? A link to it is fine; what cannot be said is no reason
 * to leave. */
static bool is_named(int fd, const char *path)
{
    struct stat held, named;
    if (fstat(fd, &held) != 0) return true;
    if (stat(path, &named) != 0) return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;
    return same_place(&held, &named);
}

static void drop(ht_held *held)
{
    if (held->fd >= 0) close(held->fd);
    *held = (ht_held){.fd = -1};
}

static void let_go(ht_runfiles *f)
{
    for (int i = 0; i < HT_RUN_FILES; i++) drop(&f->file[i]);
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

/* An existing directory, into an empty `f`. */
static ht_code take(ht_runfiles *f, const char *path, ht_error *err)
{
    for (int i = 0; i < HT_RUN_FILES; i++) f->file[i] = (ht_held){.fd = -1};
    ht_text_copy(f->path, sizeof f->path, path);
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        return ht_error_set(err, HT_FAIL, "%s: cannot open the directory: %s", path, strerror(errno));
    if (lock(f->fd) != 0)
        return ht_error_set(err, HT_FAIL, "%s: is in use by another heavytail; stop it or give another --run",
                            path);
    if (!is_named(f->fd, path))
        return ht_error_set(err, HT_FAIL, "%s: has just been moved or removed; try again", path);
    return HT_OK;
}

ht_code ht_runfiles_open(ht_runfiles *f, const char *path, ht_error *err)
{
    *f = (ht_runfiles){.fd = -1};
    if (strlen(path) >= HT_RUN_PATH - 64)
        return ht_error_set(err, HT_FAIL, "%.80s...: the path is too long", path);
    if (ht_file_make_dir(path, err) != HT_OK) return err->code;
    if (take(f, path, err) != HT_OK) {
        ht_runfiles_close(f);
        return err->code;
    }
    /* What a killed heavytail was writing; no other process writes, for we have the lock. */
    for (int i = 0; i < HT_RUN_FILES; i++) ht_file_remove_temporaries_in(f->fd, names[i]);
    return HT_OK;
}

void ht_runfiles_close(ht_runfiles *f)
{
    let_go(f);
}

/* ---- files ---- */

ht_code ht_runfiles_path(const ht_runfiles *f, ht_runfile file, char to[HT_RUN_PATH], ht_error *err)
{
    return ht_file_join(to, HT_RUN_PATH, f->path, names[file], err);
}

bool ht_runfiles_has(const ht_runfiles *f, ht_runfile file)
{
    struct stat info;
    return fstatat(f->fd, names[file], &info, 0) == 0;
}

/* Is it replaced as a whole, or appended to? */
static bool is_whole(ht_runfile file)
{
    return file == HT_RUN_PRESET || file == HT_RUN_CHECKPOINT;
}

void ht_runfiles_adopt(ht_runfiles *f, ht_runfile file, int fd)
{
    ht_held *held = &f->file[file];
    drop(held);
    held->fd = fd;
    held->mark.there = fstat(fd, &held->mark.as) == 0;
}

ht_code ht_runfiles_hold(ht_runfiles *f, ht_runfile file, bool create, ht_error *err)
{
    char path[HT_RUN_PATH];
    uint64_t size;
    if (ht_runfiles_path(f, file, path, err) != HT_OK) return err->code;
    int fd = ht_file_change_in(f->fd, path, create, &size, err);
    if (fd < 0) return err->code;
    ht_runfiles_adopt(f, file, fd);
    return HT_OK;
}

void ht_runfiles_note(ht_runfiles *f, ht_runfile file)
{
    ht_held *held = &f->file[file];
    drop(held);
    /* Held, so that it can be saved aside when its name is gone. */
    held->fd = openat(f->fd, names[file], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    held->mark = ht_file_mark_in(f->fd, names[file]);
}

void ht_runfiles_renew(ht_runfiles *f, ht_runfile file)
{
    ht_held *held = &f->file[file];
    ht_file_mark mark = held->mark;
    struct stat now;
    drop(held);
    held->mark = mark;
    held->fd = openat(f->fd, names[file], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (held->fd < 0 || (fstat(held->fd, &now) == 0 && same_place(&now, &mark.as))) return;
    close(held->fd); /* another program's already: the next check tells */
    held->fd = -1;
}

ht_code ht_runfiles_append(ht_runfiles *f, ht_runfile file, const char *data, size_t size, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (size == 0) return HT_OK;
    if (ht_runfiles_path(f, file, path, err) != HT_OK) return err->code;
    if (ht_file_append_to(f->file[file].fd, path, data, size, err) != HT_OK) return err->code;
    f->file[file].mark.as.st_size +=
        (off_t)size; /* not as it is now: lines of another program do not count */
    return HT_OK;
}

ht_code ht_runfiles_cut(ht_runfiles *f, ht_runfile file, uint64_t size, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_runfiles_path(f, file, path, err) != HT_OK) return err->code;
    if (ht_file_cut_to(f->file[file].fd, path, size, err) != HT_OK) return err->code;
    f->file[file].mark.as.st_size = (off_t)size;
    return HT_OK;
}

ht_code ht_runfiles_sync(ht_runfiles *f, ht_runfile file, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (f->file[file].fd < 0) return HT_OK;
    if (ht_runfiles_path(f, file, path, err) != HT_OK) return err->code;
    return ht_file_sync_to(f->file[file].fd, path, err);
}

ht_code ht_runfiles_remove(ht_runfiles *f, ht_runfile file, ht_error *err)
{
    drop(&f->file[file]);
    if (unlinkat(f->fd, names[file], 0) == 0 || errno == ENOENT) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s/%s: cannot remove it: %s", f->path, names[file], strerror(errno));
}

uint64_t ht_runfiles_size(const ht_runfiles *f, ht_runfile file)
{
    return (uint64_t)f->file[file].mark.as.st_size;
}

/* ---- is all as we left it? ---- */

/* Only this process writes. A file that is replaced as a whole must have the very time it got from us: a file
 * that another program copied over it has the same inode. One that is gone is written again. */
bool ht_runfiles_untouched(const ht_runfiles *f, ht_runfile file)
{
    const ht_file_mark *mark = &f->file[file].mark, now = ht_file_mark_in(f->fd, names[file]);
    if (is_whole(file)) return ht_file_is_marked(f->fd, names[file], mark);
    if (!mark->there) return !now.there;
    return now.there && same_place(&now.as, &mark->as) && now.as.st_size == mark->as.st_size;
}

/* Where the directory is now, if it still has a name. */
static bool find_again(const ht_runfiles *f, char to[HT_RUN_PATH])
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", f->fd);
    ssize_t length = readlink(link, to, HT_RUN_PATH - 1);
    to[length > 0 ? length : 0] = '\0';
    return length > 0 && length < HT_RUN_PATH - 64 && is_named(f->fd, to);
}

/* ---- saved aside ---- */

/* A directory that was not there before. */
static bool make_aside(char to[HT_RUN_PATH], const char *base)
{
    for (int i = 0; i < 100; i++) {
        char more[16] = "";
        if (i) snprintf(more, sizeof more, "-%d", i + 1);
        int length = snprintf(to, HT_RUN_PATH, "%s.saved-%ld%s", base, (long)getpid(), more);
        if (length < 0 || length >= HT_RUN_PATH - 64) return false;
        if (mkdir(to, 0777) == 0) return true;
        if (errno != EEXIST) return false;
    }
    return false;
}

/* Beside the directory; where its parent is gone, too, among the temporary files. */
static ht_code find_place(const char *path, char to[HT_RUN_PATH], ht_error *err)
{
    char base[HT_RUN_PATH];
    const char *const others[] = {getenv("TMPDIR"), "/tmp"};
    ht_text_copy(base, sizeof base, path);
    for (size_t n = strlen(base); n > 1 && base[n - 1] == '/';) base[--n] = '\0';
    const char *last = ht_file_name(base);
    bool plain = *last && strcmp(last, ".") != 0 && strcmp(last, "..") != 0;
    if (plain && make_aside(to, base)) return HT_OK;
    for (size_t i = 0; i < 2; i++) {
        char other[HT_RUN_PATH];
        if (!others[i] ||
            ht_file_join(other, sizeof other, others[i], plain ? last : "heavytail", err) != HT_OK)
            continue;
        if (make_aside(to, other)) return HT_OK;
    }
    return ht_error_set(err, HT_FAIL,
                        "there is no place to save it: neither %s.saved-%ld nor one in /tmp "
                        "can be made: %s",
                        base, (long)getpid(), strerror(errno));
}

/* At most what we have written. */
static ht_code copy(const ht_held *held, int at, const char *path, ht_error *err)
{
    enum { PIECE = 1 << 15 };
    struct stat now;
    int from = held->fd;
    uint64_t size = fstat(from, &now) == 0 ? (uint64_t)now.st_size : 0, done = 0, before;
    if (S_ISREG(held->mark.as.st_mode) && size > (uint64_t)held->mark.as.st_size)
        size = (uint64_t)held->mark.as.st_size;
    char *piece = ht_alloc(PIECE, 1, "a piece of a file", err);
    int to = piece ? ht_file_change_in(at, path, true, &before, err) : -1;
    ht_code code = to >= 0 ? HT_OK : err->code;
    while (code == HT_OK && done < size) {
        size_t count = size - done < PIECE ? (size_t)(size - done) : PIECE;
        code = ht_file_read_at(from, path, piece, count, done, err);
        if (code == HT_OK) code = ht_file_append_to(to, path, piece, count, err);
        done += count;
    }
    if (code == HT_OK) code = ht_file_sync_to(to, path, err);
    if (to >= 0) close(to);
    ht_free(piece);
    return code;
}

static void forget(ht_runfiles *aside)
{
    for (int i = 0; i < HT_RUN_FILES; i++) unlinkat(aside->fd, names[i], 0);
    let_go(aside);
    rmdir(aside->path);
}

/* What was replaced as a whole is of use only as it was: another program may have copied a file over it. */
static bool is_spoilt(const ht_held *held)
{
    struct stat now;
    const struct stat *was = &held->mark.as;
    return S_ISREG(was->st_mode) &&
           (fstat(held->fd, &now) != 0 || now.st_size != was->st_size ||
            now.st_mtim.tv_sec != was->st_mtim.tv_sec || now.st_mtim.tv_nsec != was->st_mtim.tv_nsec);
}

/* Another program has cut what we append to: what we wrote is gone, and the copy lacks it. */
static void note_cut(const ht_held *held, ht_runfile file, char lacks[64])
{
    struct stat now;
    const struct stat *was = &held->mark.as;
    if (is_whole(file) || !S_ISREG(was->st_mode) || fstat(held->fd, &now) != 0 || now.st_size >= was->st_size)
        return;
    size_t used = strlen(lacks);
    snprintf(lacks + used, 64 - used, "%s%s", used ? ", " : "", names[file]);
}

/* All that has been written of the run; the descriptors still reach it when the names do not. */
static ht_code copy_all(const ht_runfiles *f, ht_runfiles *aside, ht_error *err)
{
    char path[HT_RUN_PATH];
    for (int i = 0; i < HT_RUN_FILES; i++) {
        if (f->file[i].fd < 0 || (is_whole(i) && is_spoilt(&f->file[i]))) continue;
        if (ht_runfiles_path(aside, i, path, err) != HT_OK ||
            copy(&f->file[i], aside->fd, path, err) != HT_OK)
            return err->code;
        note_cut(&f->file[i], i, aside->lacks);
        if (is_whole(i))
            ht_runfiles_note(aside, i);
        else if (ht_runfiles_hold(aside, i, false, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}

static ht_code move_aside(ht_runfiles *f, ht_error *err)
{
    char place[HT_RUN_PATH];
    ht_runfiles *aside = ht_alloc(1, sizeof *aside, "a directory to save the run in", err);
    if (!aside) return err->code;
    aside->fd = -1;
    ht_code code = find_place(f->path, place, err);
    if (code == HT_OK) {
        code = take(aside, place, err);
        if (code == HT_OK) code = copy_all(f, aside, err);
        if (code != HT_OK) forget(aside);
    }
    if (code == HT_OK) {
        memcpy(aside->displaced, f->displaced, sizeof aside->displaced);
        if (!aside->lacks[0]) memcpy(aside->lacks, f->lacks, sizeof aside->lacks);
        let_go(f);
        *f = *aside;
    }
    ht_free(aside);
    return code;
}

/* What is wrong, as a sentence without its end; false when nothing is. *moved: only the name is another. */
static bool find_wrong(ht_runfiles *f, char now[HT_RUN_PATH], bool *moved, char *what, size_t size)
{
    struct stat info;
    *moved = false;
    if (!is_named(f->fd, f->path)) {
        *moved = find_again(f, now);
        if (*moved)
            snprintf(what, size, "%s: the run directory was moved while the run went on", f->path);
        else if (stat(f->path, &info) != 0)
            snprintf(what, size, "%s/%s: %s: the run directory was removed while the run went on", f->path,
                     names[HT_RUN_JOURNAL], strerror(errno));
        else
            snprintf(what, size,
                     "%s: something else was put in place of the run directory while the run "
                     "went on",
                     f->path);
        return true;
    }
    for (int i = 0; i < HT_RUN_FILES; i++) {
        if (ht_runfiles_untouched(f, i)) continue;
        snprintf(what, size,
                 "%s/%s: was removed, replaced or changed by another program while the run went "
                 "on",
                 f->path, names[i]);
        return true;
    }
    return false;
}

ht_code ht_runfiles_check(ht_runfiles *f, ht_error *err)
{
    char what[sizeof f->displaced], now[HT_RUN_PATH];
    bool moved;
    if (!find_wrong(f, now, &moved, what, sizeof what)) return HT_OK;
    ht_text_clean(what);
    if (moved)
        ht_text_copy(f->path, sizeof f->path, now);
    else if (move_aside(f, err) != HT_OK)
        return ht_error_prefix(err, "%s", what);
    /* The first thing that happened is what the user will look for. */
    if (!f->displaced[0]) ht_text_copy(f->displaced, sizeof f->displaced, what);
    return HT_OK;
}
