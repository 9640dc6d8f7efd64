/* tail_watch.h - the tail of a hidden layer, or of each, as it is watched: quick estimates each time (of a
 * large layer's first rows); the whole picture when training stands still, and while the tail is on the
 * screen, as often as pictures take no more than a third of the thread's time. The analyst's thread. */
#ifndef HT_ENGINE_TAIL_WATCH_H
#define HT_ENGINE_TAIL_WATCH_H

#include "link/messages.h"
#include "nn/capture.h"

typedef struct ht_tail_watch { /* zeroed: nothing seen yet */
    ht_tail_look latest;
    uint32_t generation;
    double picture_end, picture_cost; /* of the last one: in seconds that the thread had computed, it took */
} ht_tail_watch;

/* Which weights these are, and whether to take all the time it needs. */
typedef struct ht_tail_order {
    int layer; /* as ht_layer_picked takes it */
    uint64_t step;
    double seconds;         /* of training until then */
    uint32_t generation;    /* resets before it: pictures of an earlier run are dropped */
    bool watched, thorough; /* pictures now and then; now */
} ht_tail_order;

/* Brings watch->latest up to date. HT_FAIL when memory is short: it then tells of nothing. */
ht_code ht_tail_watch_look(ht_tail_watch *watch, const ht_network *net, const ht_tail_order *order,
                           ht_error *err);

#endif
