#include "lab/watch/lab_trainings.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "lab/lab_handlers.h"
#include "lab/watch/trainings.h"
#include "view/ghost.h"
#include "view/layers/layers.h"

typedef struct ht_lab_trainings {
    ht_trainings all;
    ht_watcher *watcher;
} ht_lab_trainings;

/* ---- what is waited for ------------------------------------------------------------------------- */

/* Stands at the bottom until it is over; a note covers it until the next key. */
static void stand(ht_lab *lab, const char *text)
{
    ht_text_copy(lab->standing, sizeof lab->standing, text);
    lab->dirty = true;
    if (lab->noted) return;
    ht_text_copy(lab->model->message, sizeof lab->model->message, text);
    lab->model->message_is_note = false;
}

static void take_waits(ht_lab *lab)
{
    ht_watched *w = &lab->trainings->all.watched;
    ht_text line = {0};
    bool fresh;
    const ht_waits *waits = ht_watcher_waits(lab->trainings->watcher, &fresh);
    if (!fresh) return;
    for (int i = 0; i < w->paths; i++) {
        if (waits->path[i][0] && lab->noted && strstr(lab->model->message, waits->path[i]))
            ht_lab_clear_note(lab); /* what stands from now on says it */
        ht_text_copy(w->path[i].waits, sizeof w->path[i].waits, waits->path[i]);
        if (waits->path[i][0])
            ht_text_add(&line, "%s%s: %s", line.length ? "; " : "", w->path[i].name, waits->path[i]);
    }
    stand(lab, line.data ? line.data : "");
    ht_text_free(&line);
}

/* ---- pictures of the tail ----------------------------------------------------------------------- */

/* Where the files of a path lie: the path itself, or what it lies in where it is a file. */
static void path_of(const ht_trainings *t, const ht_training *one, const char *layer, char *to, size_t size)
{
    const char *given = t->given[one->path], *file = one->look->event.file;
    size_t length = strlen(given), own = strlen(file);
    bool itself = length >= own && strcmp(given + length - own, file) == 0 &&
                  (length == own || given[length - own - 1] == '/');
    bool arrays =
        one->look->event.look->count && !ht_text_ends(file, ".safetensors") && !ht_text_ends(file, ".json");
    if (itself)
        ht_text_copy(to, size, given);
    else if (arrays)
        snprintf(to, size, "%s/%s/%s.npy", given, file, layer);
    else
        snprintf(to, size, "%s/%s", given, file);
}

/* Of the picked layer; of all of them the largest's. While the view of the tail is open. */
static void order_picture(ht_lab *lab)
{
    ht_lab_trainings *l = lab->trainings;
    const ht_training *one = ht_trainings_shown(&l->all);
    const ht_watched *w = &l->all.watched;
    ht_picture_order order;
    memset(&order, 0, sizeof order); /* compared byte by byte */
    if (!lab->watched || !one || !one->look || w->largest_count == 0) return;
    int layer = lab->model->layer >= 0 ? lab->model->layer : w->largest[0];
    ht_watched_layer_name(w, layer, order.layer, sizeof order.layer);
    path_of(&l->all, one, order.layer, order.path, sizeof order.path);
    order.written = one->look->event.written;
    order.step = one->look->event.look->step;
    ht_watcher_picture(l->watcher, &order);
}

static int layer_called(const ht_watched *w, const char *name)
{
    char other[HT_LOOK_NAME];
    for (int l = 0; l < ht_watched_layers(w); l++) {
        ht_watched_layer_name(w, l, other, sizeof other);
        if (strcmp(other, name) == 0) return l;
    }
    return -1;
}

/* Of another training or layer than the one that is shown it is late. */
static void take_picture(ht_lab *lab)
{
    bool fresh;
    ht_tail_look *tail = &lab->model->report.tail;
    const ht_watched *w = &lab->trainings->all.watched;
    const ht_picture_news *news = ht_watcher_pictured(lab->trainings->watcher, &fresh);
    if (!fresh || lab->model->frozen || !news->there) return;
    int layer = layer_called(w, news->of.layer);
    if (layer < 0 || (lab->model->layer >= 0 && lab->model->layer != layer)) return;
    tail->picture = news->picture;
    tail->picture_step = (uint64_t)news->of.step;
    tail->drawn = layer;
    lab->dirty = true;
}

/* ---- what comes --------------------------------------------------------------------------------- */

/* What stands at the bottom says it already. */
static bool stands(const ht_lab *lab, const char *message)
{
    const ht_watched *w = &lab->trainings->all.watched;
    for (int i = 0; i < w->paths; i++)
        if (w->path[i].waits[0] && strstr(message, w->path[i].waits)) return true;
    return false;
}

void ht_lab_trainings_receive(ht_lab *lab)
{
    ht_lab_trainings *l = lab->trainings;
    char word[HT_MESSAGE];
    bool came = false;
    for (ht_news *news; (news = ht_watcher_next(l->watcher));) {
        bool failure = news->event.failure, message = news->event.kind == HT_FOLLOW_MESSAGE;
        ht_trainings_take(&l->all, news, word, sizeof word);
        if (word[0] && !(message && !failure && stands(lab, word)))
            ht_lab_note(lab, message && !failure, "%s", word);
        came = true;
    }
    if (came) {
        ht_trainings_show(&l->all, lab->model);
        lab->dirty = true;
    }
    take_waits(lab);
    take_picture(lab);
    order_picture(lab);
}

/* All of it anew: another layer, another training, an end of standing still. */
static void show_again(ht_lab *lab)
{
    lab->trainings->all.stale = lab->trainings->all.stale_ghosts = true;
    ht_trainings_show(&lab->trainings->all, lab->model);
    lab->dirty = true;
}

void ht_lab_trainings_layer(ht_lab *lab)
{
    char words[HT_LOOK_NAME + 80];
    const ht_model *m = lab->model;
    show_again(lab);
    ht_layers_say(m, m->layer, words, sizeof words);
    ht_lab_note(lab, true,
                m->layer < 0 ? "%s" : "%s; |w| over the steps begins here, the other curves are whole",
                words);
}

/* ---- keys --------------------------------------------------------------------------------------- */

static void next_training(ht_lab *lab)
{
    ht_lab_trainings *l = lab->trainings;
    if (!ht_trainings_next(&l->all)) {
        ht_lab_note(lab, true, "one training is watched; give several PATHs to lay them beside each other");
        return;
    }
    if (lab->model->layer >= 0) lab->model->layer = HT_ALL_LAYERS; /* the other one's layers are others */
    show_again(lab);
    ht_lab_note(lab, true, "%s in full, the others as ghosts", l->all.watched.name);
}

/* All of them, then each by itself. */
static void next_metric(ht_lab *lab)
{
    ht_watched *w = &lab->trainings->all.watched;
    int columns = w->scalars ? w->scalars->columns : 0;
    if (columns == 0) {
        ht_lab_note(lab, true, "no metrics came yet (CSV or JSON lines beside the weights)");
        return;
    }
    w->metric = w->metric + 1 < columns ? w->metric + 1 : -1;
    lab->dirty = true;
    if (w->metric < 0)
        ht_lab_note(lab, true, "all metrics but loss and accuracy");
    else
        ht_lab_note(lab, true, "%s alone; o goes on", w->scalars->name[w->metric]);
}

static void pin(ht_lab *lab)
{
    char dropped, step[32];
    ht_error err;
    const ht_ghost *ghost = ht_ghost_pin(lab->model, &dropped, &err);
    if (!ghost) {
        ht_lab_note(lab, false, "%s", err.text);
        return;
    }
    ht_format_grouped(step, sizeof step, (long long)ghost->step);
    ht_lab_note(lab, true, "ghost %c: as it stands at step %s. N names it, G drops it", ghost->letter, step);
}

static void freeze(ht_lab *lab)
{
    ht_model *m = lab->model;
    ht_model_freeze(m, !m->frozen);
    if (m->frozen)
        ht_lab_note(lab, true, "the view stands still, watching goes on; f catches up");
    else
        show_again(lab);
}

/* Keys of the pruning view that choose methods: one is looked at. */
static bool chooses_method(const ht_model *m, ht_action action)
{
    return m->view == HT_VIEW_PRUNING && action >= HT_DO_PANEL_1 && action <= HT_DO_PANEL_9;
}

bool ht_lab_trainings_act(ht_lab *lab, ht_action action)
{
    const char *why = ht_watched_refusal(lab->model, action);
    bool cursor = lab->model->view == HT_VIEW_PRUNING && action >= HT_DO_LESS && action <= HT_DO_MUCH_MORE;
    bool rows = lab->model->view == HT_VIEW_HELP && (action == HT_DO_UP || action == HT_DO_DOWN);
    if (chooses_method(lab->model, action)) why = "one method is looked at: --set prune.method=svd";
    if (why && !cursor && !rows) {
        ht_lab_note(lab, true, "%s", why);
        return true;
    }
    if (action == HT_DO_TWIN)
        next_training(lab);
    else if (action == HT_DO_METHOD)
        next_metric(lab);
    else if (action == HT_DO_GHOST)
        pin(lab);
    else if (action == HT_DO_FREEZE)
        freeze(lab);
    else
        return false;
    return true;
}

/* ---- begin and end ------------------------------------------------------------------------------ */

ht_code ht_lab_trainings_open(ht_lab *lab, const char *const *paths, int count,
                              const ht_follow_options *options, ht_error *err)
{
    ht_lab_trainings *l = ht_alloc(1, sizeof *l, "the watched trainings", err);
    if (!l) return HT_FAIL;
    ht_code code =
        ht_trainings_open(&l->all, paths, count, options->look.error,
                          options->look.network ? (size_t)options->look.network->samples->count : 0, err);
    if (code == HT_OK) l->watcher = ht_watcher_start(paths, count, options, err);
    if (!l->watcher) {
        ht_trainings_close(&l->all, NULL);
        ht_free(l);
        return HT_FAIL;
    }
    lab->trainings = l;
    lab->model->watched = &l->all.watched;
    return HT_OK;
}

bool ht_lab_trainings_gone(ht_lab *lab, double seconds)
{
    return !lab->trainings || ht_watcher_gone(lab->trainings->watcher, seconds);
}

void ht_lab_trainings_close(ht_lab *lab)
{
    if (!lab->trainings) return;
    ht_watcher_free(lab->trainings->watcher);
    ht_trainings_close(&lab->trainings->all, lab->model);
    ht_free(lab->trainings);
    lab->trainings = NULL;
}
