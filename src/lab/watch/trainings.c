#include "lab/watch/trainings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "lab/watch/fill.h"

/* ---- which ---- */

const ht_training *ht_trainings_shown(const ht_trainings *t)
{
    return t->watched.shown >= 0 ? t->list[t->watched.shown] : NULL;
}

/* "runs/cnn", and the series where a path has several. */
static void name_it(const ht_trainings *t, ht_training *one, const char *series)
{
    bool several = false;
    for (int i = 0; i < t->watched.trainings; i++)
        several = several || (t->list[i] != one && t->list[i]->path == one->path);
    const char *path = t->watched.path[one->path].name;
    if (several && series)
        snprintf(one->name, sizeof one->name, "%s %s", path, series);
    else
        ht_text_copy(one->name, sizeof one->name, path);
    ht_text_clean(one->name);
}

/* The first path's is drawn in full until somebody chooses. */
static void choose(ht_trainings *t, int number)
{
    int shown = t->watched.shown;
    if (shown >= 0 && (t->chosen || t->list[shown]->path <= t->list[number]->path)) return;
    t->watched.shown = number;
    t->stale = t->stale_ghosts = true;
}

static ht_training *add(ht_trainings *t, int path, ht_error *err)
{
    ht_training *one = NULL;
    if (t->watched.trainings == HT_WATCHED_MOST)
        ht_error_set(err, HT_FAIL, "more than %d trainings; the others are left out", HT_WATCHED_MOST);
    else
        one = ht_alloc(1, sizeof *one, "a watched training", err);
    if (!one) return NULL;
    one->path = path;
    one->added = one->rows_added = (double)NAN;
    int at = t->watched.trainings++; /* in the order of the paths */
    for (; at > 0 && t->list[at - 1]->path > path; at--) t->list[at] = t->list[at - 1];
    t->list[at] = one;
    if (t->watched.shown >= at) t->watched.shown++;
    return one;
}

/* The one of the series, of the path's metrics alone, or a new one. */
static ht_training *find(ht_trainings *t, const ht_follow_event *e, ht_error *err)
{
    ht_training *alone = NULL;
    for (int i = 0; i < t->watched.trainings; i++) {
        ht_training *one = t->list[i];
        if (one->path != e->path) continue;
        if (e->series && one->series && strcmp(one->series, e->series) == 0) return one;
        if (!e->series || !one->series) alone = one; /* metrics are of each series of the path */
    }
    ht_training *one = alone ? alone : add(t, e->path, err);
    if (!one) return NULL;
    if (e->series && !one->series) {
        one->series = strdup(e->series);
        if (!one->series) return ht_error_set(err, HT_FAIL, "not enough memory for a name"), NULL;
    }
    name_it(t, one, one->series);
    for (int i = 0; i < t->watched.trainings; i++)
        if (t->list[i] == one) choose(t, i);
    return one;
}

/* ---- what comes ---- */

static void put_former(ht_training *one, ht_news *look)
{
    ht_news_free(one->former[HT_FORMER_RUNS - 1]);
    for (int i = HT_FORMER_RUNS - 1; i > 0; i--) one->former[i] = one->former[i - 1];
    one->former[0] = look;
}

static ht_code take_look(ht_trainings *t, ht_training *one, ht_news *news, ht_error *err)
{
    const ht_follow_event *e = &news->event;
    bool shown = one == ht_trainings_shown(t), again = one->look && e->run > one->look->event.run;
    if (ht_history_add(&one->history, e->look, e->run, e->seconds, err) != HT_OK) return HT_FAIL;
    if (!isnan(one->added) && (again || e->look->step <= one->added)) one->added = (double)NAN;
    if (shown && isnan(one->added)) t->stale = true;
    if (again || !shown) t->stale_ghosts = true;
    if (again)
        put_former(one, one->look);
    else if (one->look && e->late) { /* the latest is still another one */
        ht_news_free(news);
        return HT_OK;
    } else
        ht_news_free(one->look);
    one->look = news;
    t->watched.path[one->path].seen = true;
    return HT_OK;
}

/* Metrics are a whole copy each time. */
static void take_rows(ht_trainings *t, ht_training *one, ht_news *news)
{
    const ht_scalars *old = one->rows ? &one->rows->scalars : NULL, *new = &news->scalars;
    const ht_scalar_curve *was = old ? ht_scalars_now(old) : NULL, *now = ht_scalars_now(new);
    bool other = !old || !was || old->curves != new->curves || old->restarts != new->restarts ||
                 old->columns != new->columns || was->step[0] < now->step[0] || was->step[0] > now->step[0];
    bool shown = one == ht_trainings_shown(t);
    if (other) one->rows_added = (double)NAN;
    if (other && shown) t->stale = true;
    if (other || !shown) t->stale_ghosts = true;
    ht_news_free(one->rows);
    one->rows = news;
    t->watched.path[one->path].seen = true;
}

void ht_trainings_take(ht_trainings *t, ht_news *news, char *word, size_t size)
{
    ht_error err = {0};
    const ht_follow_event *e = &news->event;
    const bool rows = e->kind == HT_FOLLOW_ROWS; /* a late look is gone once it is taken */
    word[0] = '\0';
    if (e->kind == HT_FOLLOW_MESSAGE) {
        ht_text_copy(word, size, e->message);
        ht_news_free(news);
        return;
    }
    ht_training *one = find(t, e, &err);
    ht_code code = one ? HT_OK : HT_FAIL;
    if (code == HT_OK && rows)
        take_rows(t, one, news);
    else if (code == HT_OK && e->kind == HT_FOLLOW_LOOK)
        code = take_look(t, one, news, &err);
    if (code == HT_OK) return;
    ht_text_copy(word, size, err.text);
    ht_news_free(news);
}

bool ht_trainings_next(ht_trainings *t)
{
    if (t->watched.trainings < 2) return false;
    t->watched.shown = (t->watched.shown + 1) % t->watched.trainings;
    t->watched.metric = -1;
    t->chosen = t->stale = t->stale_ghosts = true;
    return true;
}

/* ---- what is shown ---- */

static void find_largest(ht_watched *w)
{
    w->largest_count = 0;
    for (int l = 0; l < ht_watched_layers(w); l++) {
        const ht_layer_look *layer = ht_watched_layer(w, l);
        int at = w->largest_count;
        if (!layer) continue;
        while (at > 0 && ht_watched_layer(w, w->largest[at - 1])->values < layer->values) at--;
        if (at == HT_WATCHED_MOST) continue;
        int moved = w->largest_count < HT_WATCHED_MOST ? w->largest_count++ - at : HT_WATCHED_MOST - 1 - at;
        memmove(&w->largest[at + 1], &w->largest[at], (size_t)moved * sizeof w->largest[0]);
        w->largest[at] = l;
    }
}

static void borrow(ht_trainings *t, const ht_training *one)
{
    ht_watched *w = &t->watched;
    const ht_follow_event *e = one->look ? &one->look->event : NULL;
    ht_text_copy(w->name, sizeof w->name, one->name);
    w->look = e ? e->look : NULL;
    w->history = one->look ? &one->history : NULL;
    w->scalars = one->rows ? &one->rows->scalars : NULL;
    w->run = e ? e->run : 0;
    w->written = e ? e->written : 0;
    ht_text_copy(w->file, sizeof w->file, e ? e->file : "");
    ht_text_clean(w->file);
    find_largest(w);
}

void ht_trainings_show(ht_trainings *t, ht_model *m)
{
    const ht_training *shown = ht_trainings_shown(t);
    if (!shown) return;
    borrow(t, shown);
    if (m->frozen) return;
    ht_training *one = t->list[t->watched.shown];
    ht_fill_shown(t, one, m);
    if (t->stale_ghosts) ht_fill_ghosts(t, m);
    t->stale = t->stale_ghosts = false;
}

/* ---- begin and end ---- */

ht_code ht_trainings_open(ht_trainings *t, const char *const *paths, int count, double error, size_t samples,
                          ht_error *err)
{
    *t = (ht_trainings){.error = error, .heat_layer = HT_ALL_LAYERS};
    t->watched = (ht_watched){.paths = count, .shown = -1, .samples = samples, .metric = -1};
    if (count > HT_FOLLOW_PATHS) return ht_error_set(err, HT_USAGE, "give up to %d paths", HT_FOLLOW_PATHS);
    for (int i = 0; i < count; i++) {
        t->given[i] = paths[i];
        ht_text_copy(t->watched.path[i].name, sizeof t->watched.path[i].name, paths[i]);
        ht_text_clean(t->watched.path[i].name);
    }
    ht_text_copy(t->watched.name, sizeof t->watched.name, t->watched.path[0].name);
    return HT_OK;
}

void ht_trainings_close(ht_trainings *t, ht_model *m)
{
    ht_fill_drop_ghosts(t, m);
    for (int i = 0; i < HT_GHOSTS; i++) ht_free(t->ghost[i]);
    for (int i = 0; i < t->watched.trainings; i++) {
        ht_training *one = t->list[i];
        ht_news_free(one->look);
        ht_news_free(one->rows);
        for (int k = 0; k < HT_FORMER_RUNS; k++) ht_news_free(one->former[k]);
        ht_history_free(&one->history);
        free(one->series);
        ht_free(one);
    }
    if (m) m->watched = NULL;
}
