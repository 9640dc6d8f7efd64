/* follow.h - a training that another program does, as its files tell of it: waits for states of the weights
 * that are complete, looks at each, and reads the metrics beside them. Whatever goes wrong is a message, and
 * following goes on: files that are half written are waited for, what changed while it was looked at is
 * looked at again, what vanishes may return.
 *
 * One thread; looks use the pool of the options. A flag that the thread has named (base/cancel.h) ends
 * waiting and looking. */
#ifndef HT_FOLLOW_FOLLOW_H
#define HT_FOLLOW_FOLLOW_H

#include "follow/look.h"
#include "follow/scalars.h"

enum { HT_FOLLOW_PATHS = 16 };

typedef struct ht_follow_options {
    ht_look_options look;
    bool all;  /* look at all states that are there at the start, too; else at the newest of each series */
    bool poll; /* never use inotify */
    double patience; /* seconds for which a file may stay incomplete before a word is said; 0: 5 */
} ht_follow_options;

typedef enum ht_follow_kind {
    HT_FOLLOW_NOTHING, /* the time is over, or a signal came */
    HT_FOLLOW_LOOK,
    HT_FOLLOW_ROWS,    /* of metrics */
    HT_FOLLOW_MESSAGE, /* a sentence for people */
} ht_follow_kind;

/* Everything in it lives until the next call. */
typedef struct ht_follow_event {
    ht_follow_kind kind;
    int path;         /* which one */
    const char *file; /* below it; or its own name where it is a file */
    const char *message;
    bool failure; /* the message is of something that could not be looked at */
    /* A look. */
    const ht_look *look;
    const char *series; /* `file` without its numbers: looks of one series are one curve */
    int run;            /* 0; one more each time that the steps of the series begin anew */
    bool late;          /* of a step before the last one, but written before it: no new run */
    double written;     /* when the file was, in seconds since 1970 */
    double seconds;     /* since ht_follow_open, when the look was done */
    double took;        /* seconds since it was seen to be complete */
    /* Rows, and beside a look the last ones: the metrics of that path; NULL: none. */
    const ht_scalars *scalars;
} ht_follow_event;

typedef struct ht_follow ht_follow;

/* Paths that are not there yet are waited for, with a message. HT_FAIL: no memory, or no path that can be. */
ht_follow *ht_follow_open(const char *const *paths, int count, const ht_follow_options *options,
                          ht_error *err);
void ht_follow_close(ht_follow *follow);

/* Waits for the next event, at most so many seconds. */
void ht_follow_next(ht_follow *follow, double seconds, ht_follow_event *event);

/* The rows of that path as they stand, as if they had just come; false: it has none. */
bool ht_follow_rows(const ht_follow *follow, int path, ht_follow_event *event);

/* What that path waits for, in plain words without the path: "nothing there yet"; "" when all that is there
 * was looked at. Of the last scan: says nothing new between two calls of ht_follow_next. */
void ht_follow_waits(const ht_follow *follow, int path, char *to, size_t size);

/* Is everything that was there looked at, or told of? A path that is not there is not waited for. */
bool ht_follow_done(const ht_follow *follow);

#endif
