/* watcher.h - the thread that follows trainings of others while the lab is open: it alone owns what follows
 * (follow/follow.h); what it sees comes as copies through a ring, and what each path waits for through a
 * triple buffer. The screen never waits for it; it waits for the screen where the ring is full, so that no
 * look is lost. */
#ifndef HT_LAB_WATCH_WATCHER_H
#define HT_LAB_WATCH_WATCHER_H

#include "follow/news.h"
#include "heavytail/tail.h"
#include "view/watched/watched.h"

typedef struct ht_watcher ht_watcher;

/* What each path waits for, in words; "": nothing. */
typedef struct ht_waits {
    char path[HT_FOLLOW_PATHS][HT_WATCHED_WORDS];
} ht_waits;

/* The picture of a layer's tail that is wanted: of the file and the state that a look was of. */
typedef struct ht_picture_order {
    char path[4096], layer[HT_LOOK_NAME]; /* path "": none */
    double written;                       /* as the look's event said */
    double step;
} ht_picture_order;

typedef struct ht_picture_news {
    ht_picture_order of;
    bool there; /* false: the file changed meanwhile, or could not be read */
    ht_tail_picture picture;
} ht_picture_news;

/* Paths and options must stay until ht_watcher_free. */
ht_watcher *ht_watcher_start(const char *const *paths, int count, const ht_follow_options *options,
                             ht_error *err);

/* The next thing that was seen, to be freed by ht_news_free; NULL: nothing. */
ht_news *ht_watcher_next(ht_watcher *watcher);
const ht_waits *ht_watcher_waits(ht_watcher *watcher, bool *fresh);

/* Pictures are made between looks. Asks for one, if that is another than the last; takes the latest. */
void ht_watcher_picture(ht_watcher *watcher, const ht_picture_order *order);
const ht_picture_news *ht_watcher_pictured(ht_watcher *watcher, bool *fresh);

/* Ends it within so many seconds; false: it still computes, and what it uses must stay. */
bool ht_watcher_gone(ht_watcher *watcher, double seconds);
void ht_watcher_free(ht_watcher *watcher); /* once it is gone; NULL is fine */

#endif
