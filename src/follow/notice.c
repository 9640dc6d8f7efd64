#include "follow/notice.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

enum { BUFFER = 1 << 15 };

struct ht_notice {
    int fd;       /* -1: no inotify */
    int *watches; /* a number for each time that it was entered */
    size_t count, room;
    size_t size, at; /* of what was read, and what of it was told */
    _Alignas(struct inotify_event) char buffer[BUFFER];
};

ht_notice *ht_notice_open(bool poll, ht_error *err)
{
    ht_notice *n = ht_alloc(1, sizeof *n, "the watch on directories", err);
    if (!n) return NULL;
    n->fd = poll ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC); /* without it: by looking */
    return n;
}

void ht_notice_close(ht_notice *n)
{
    if (!n) return;
    if (n->fd >= 0) close(n->fd);
    ht_free(n->watches);
    ht_free(n);
}

/* Does a change by another machine stay untold? */
static bool is_remote(const char *directory)
{
    static const unsigned long cifs = 0xFF534D42, smb2 = 0xFE534D42, fuse = 0x65735546, lustre = 0x0BD00BD0,
                               gpfs = 0x47504653, beegfs = 0x19830326;
    const unsigned long remote[] = {NFS_SUPER_MAGIC,
                                    SMB_SUPER_MAGIC,
                                    cifs,
                                    smb2,
                                    fuse,
                                    lustre,
                                    gpfs,
                                    beegfs,
                                    V9FS_MAGIC,
                                    AFS_SUPER_MAGIC,
                                    CEPH_SUPER_MAGIC,
                                    CODA_SUPER_MAGIC};
    struct statfs info;
    if (statfs(directory, &info) != 0) return false;
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
        if (((unsigned long)info.f_type & 0xFFFFFFFFul) == remote[i]) return true;
    return false;
}

static const char *limit_of(int error)
{
    if (error == ENOSPC) return "no inotify watch is left (sysctl fs.inotify.max_user_watches)";
    if (error == ENOMEM) return "the system has no memory for an inotify watch";
    return NULL; /* it is not there, or may not be read: whoever looks finds out */
}

int ht_notice_enter(ht_notice *n, const char *directory, const char **why)
{
    const uint32_t mask = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                          IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    ht_error ignored; /* then it is looked at again and again */
    *why = NULL;
    if (n->fd < 0) return -1;
    if (is_remote(directory)) {
        *why = "a network file system, which does not tell what other machines write";
        return -1;
    }
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : 16;
        if (ht_grow((void **)&n->watches, n->count, room, sizeof *n->watches, "watches", &ignored) != HT_OK)
            return -1;
        n->room = room;
    }
    int number = inotify_add_watch(n->fd, directory, mask);
    if (number < 0) {
        *why = limit_of(errno);
        return -1;
    }
    n->watches[n->count++] = number;
    return number;
}

void ht_notice_leave(ht_notice *n, int number)
{
    size_t left = 0, at = n->count;
    for (size_t i = 0; i < n->count; i++) {
        if (n->watches[i] != number) continue;
        at = i;
        left++;
    }
    if (at == n->count) return;
    n->watches[at] = n->watches[--n->count];
    if (left == 1) inotify_rm_watch(n->fd, number);
}

bool ht_notice_next(ht_notice *n, ht_noticed *noticed)
{
    while (n->fd >= 0) {
        if (n->at >= n->size) {
            ssize_t size = read(n->fd, n->buffer, sizeof n->buffer);
            if (size <= 0) return false;
            n->size = (size_t)size;
            n->at = 0;
        }
        const struct inotify_event *e = (const struct inotify_event *)(n->buffer + n->at);
        n->at += sizeof *e + e->len;
        *noticed = (ht_noticed){.watch = e->mask & IN_Q_OVERFLOW ? -1 : e->wd,
                                .name = e->len ? e->name : "",
                                .whole = (e->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0,
                                .gone = (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0};
        return true;
    }
    return false;
}

void ht_notice_wait(ht_notice *n, double seconds)
{
    struct pollfd in = {.fd = n->fd, .events = POLLIN};
    if (seconds < 0) seconds = 0;
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    if (n->at >= n->size) ppoll(&in, n->fd >= 0 ? 1 : 0, &time, NULL); /* a signal ends it, too */
}
