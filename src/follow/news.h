/* news.h - an event of follow.h that lives on: a copy of all that it points into, for another thread. */
#ifndef HT_FOLLOW_NEWS_H
#define HT_FOLLOW_NEWS_H

#include "follow/follow.h"

typedef struct ht_news {
    ht_follow_event event; /* its pointers lead into … */
    char *file, *message, *series;
    ht_look look;
    ht_scalars scalars; /* curves and names alone: nothing can be fed to it */
} ht_news;

/* NULL with *err set: no memory. Free with ht_news_free, in any thread. */
ht_news *ht_news_of(const ht_follow_event *event, ht_error *err);
void ht_news_free(ht_news *news);

#endif
