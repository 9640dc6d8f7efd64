#include "follow/news.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static ht_code copy_text(char **to, const char *from, ht_error *err)
{
    *to = from ? strdup(from) : NULL;
    return from && !*to ? ht_error_set(err, HT_FAIL, "not enough memory for what was seen") : HT_OK;
}

/* ---- a look ---- */

static ht_code copy_look(ht_look *to, const ht_look *from, ht_error *err)
{
    const ht_prune_curve *curve = &from->network.curve;
    *to = *from;
    to->layer = NULL;
    to->skipped_names = (ht_text){0};
    to->network.curve.points = NULL;
    to->layer = ht_alloc(from->count, sizeof *to->layer, "what was seen of the layers", err);
    if (!to->layer) return HT_FAIL;
    memcpy(to->layer, from->layer, from->count * sizeof *to->layer);
    if (from->skipped_names.length)
        ht_text_add_bytes(&to->skipped_names, from->skipped_names.data, from->skipped_names.length);
    if (to->skipped_names.failed) return ht_error_set(err, HT_FAIL, "not enough memory for what was seen");
    if (curve->count == 0) return HT_OK;
    to->network.curve.points = ht_alloc((size_t)curve->count, sizeof *curve->points, "a pruning curve", err);
    if (!to->network.curve.points) return HT_FAIL;
    memcpy(to->network.curve.points, curve->points, (size_t)curve->count * sizeof *curve->points);
    return HT_OK;
}

/* ---- metrics ---- */

static ht_code copy_numbers(double **to, const double *from, size_t count, ht_error *err)
{
    if (!from) return HT_OK;
    *to = ht_alloc(count, sizeof **to, "what was seen of the metrics", err);
    if (!*to) return HT_FAIL;
    memcpy(*to, from, count * sizeof **to);
    return HT_OK;
}

static ht_code copy_curve(ht_scalar_curve *to, const ht_scalar_curve *from, int columns, ht_error *err)
{
    *to = (ht_scalar_curve){.count = from->count, .every = from->every, .read = from->read};
    ht_code code = copy_numbers(&to->step, from->step, from->count, err);
    for (int k = 0; k < columns && code == HT_OK; k++)
        code = copy_numbers(&to->column[k], from->column[k], from->count, err);
    return code;
}

static ht_code copy_scalars(ht_scalars *to, const ht_scalars *from, ht_error *err)
{
    to->columns = from->columns;
    memcpy(to->name, from->name, sizeof to->name);
    for (int k = 0; k < to->columns; k++) ht_text_clean(to->name[k]); /* a stranger's words */
    to->restarts = from->restarts;
    for (int i = 0; i < from->curves; i++) {
        to->curves = i + 1; /* so that freeing sees it */
        if (copy_curve(&to->curve[i], &from->curve[i], from->columns, err) != HT_OK) return HT_FAIL;
    }
    return HT_OK;
}

/* ---- both ---- */

ht_news *ht_news_of(const ht_follow_event *event, ht_error *err)
{
    ht_news *news = ht_alloc(1, sizeof *news, "what was seen", err);
    if (!news) return NULL;
    ht_follow_event *e = &news->event;
    *e = *event;
    ht_code code = copy_text(&news->file, event->file, err);
    if (code == HT_OK) code = copy_text(&news->message, event->message, err);
    if (code == HT_OK) code = copy_text(&news->series, event->series, err);
    if (code == HT_OK && event->look) code = copy_look(&news->look, event->look, err);
    if (code == HT_OK && event->scalars) code = copy_scalars(&news->scalars, event->scalars, err);
    e->file = news->file, e->message = news->message, e->series = news->series;
    e->look = event->look ? &news->look : NULL;
    e->scalars = event->scalars ? &news->scalars : NULL;
    if (code == HT_OK) return news;
    ht_news_free(news);
    return NULL;
}

void ht_news_free(ht_news *news)
{
    if (!news) return;
    free(news->file);
    free(news->message);
    free(news->series);
    ht_look_free(&news->look);
    ht_scalars_free(&news->scalars);
    ht_free(news);
}
