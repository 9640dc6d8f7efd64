/* notice.h - waits until something changes in directories: by inotify, and where that does not reach (network
 * file systems, a limit of the system) by saying how often to look instead. */
#ifndef HT_FOLLOW_NOTICE_H
#define HT_FOLLOW_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

typedef struct ht_notice ht_notice;

/* `poll`: never inotify. */
ht_notice *ht_notice_open(bool poll, ht_error *err);
void ht_notice_close(ht_notice *notice);

/* Watches a directory. Returns its number, the same one for one that is watched already; -1: it has to be
 * looked at again and again, and *why says so where that is worth a word: a clause, or NULL. */
int ht_notice_enter(ht_notice *notice, const char *directory, const char **why);
void ht_notice_leave(ht_notice *notice, int watch);

typedef struct ht_noticed {
    int watch;        /* of the directory; -1: anything may have changed anywhere */
    const char *name; /* in it; "" for itself; until the next call */
    bool whole;       /* it came there by a rename, or whoever wrote it has closed it */
    bool gone;        /* the directory itself was removed or moved: it is watched no more, or elsewhere */
} ht_noticed;

/* What has happened and was not told yet; false: nothing. */
bool ht_notice_next(ht_notice *notice, ht_noticed *noticed);

/* Sleeps until something happens, a signal comes, or so many seconds are over. */
void ht_notice_wait(ht_notice *notice, double seconds);

#endif
