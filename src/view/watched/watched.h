/* watched.h - a training of another program as panels show it. What was seen of it stays with whoever
 * watches; the model borrows it. UI thread. */
#ifndef HT_VIEW_WATCHED_WATCHED_H
#define HT_VIEW_WATCHED_WATCHED_H

#include "follow/follow.h"
#include "follow/history.h"
#include "view/keymap.h"
#include "view/model.h"

enum { HT_WATCHED_NAME = 96, HT_WATCHED_WORDS = 240, HT_WATCHED_MOST = 16 };

typedef struct ht_watched {
    int paths;
    struct {
        char name[HT_WATCHED_NAME];   /* as given, cleaned */
        char waits[HT_WATCHED_WORDS]; /* what it waits for; "": nothing */
        bool seen;                    /* something of it was shown */
    } path[HT_FOLLOW_PATHS];
    int trainings, shown; /* how many were found, and the number of the one that is drawn in full; -1: none */
    size_t samples;       /* of the data that the networks are measured on; 0: none */
    /* Of that training; NULL: not seen. */
    char name[HT_WATCHED_NAME], file[HT_WATCHED_NAME];
    const ht_look *look; /* the latest */
    const ht_history *history;
    const ht_scalars *scalars;
    double written;                              /* the file, in seconds since 1970 */
    int run;                                     /* from 0 */
    double first_step;                           /* seen of it, where charts begin */
    int largest_count, largest[HT_WATCHED_MOST]; /* layers of the most weights, those first */
    int metric; /* the column that is shown alone; -1: all that have no chart of their own */
} ht_watched;

/* Why this key does nothing here, in one line; NULL: it does what it always does. */
const char *ht_watched_refusal(const ht_model *model, ht_action action);

/* Panels that can have nothing to show: bit 1 << panel; of those with numbers below 32. And are there metrics
 * beside loss and accuracy? */
unsigned ht_watched_idle(const ht_model *model);
bool ht_watched_has_metrics(const ht_model *model);

/* The column of metrics that is the curve of a trace (loss, accuracy, of training or of test); -1: none. What
 * goes by its name: "val_loss", "test/acc". */
int ht_watched_column(const ht_scalars *scalars, ht_trace trace);

/* The number of a layer of the model (from 0; HT_ALL_LAYERS) in history and look. */
int ht_watched_layers(const ht_watched *watched);                            /* seen of all */
const ht_layer_look *ht_watched_layer(const ht_watched *watched, int layer); /* latest; NULL: gone, unknown */
void ht_watched_layer_name(const ht_watched *watched, int layer, char *to, size_t size);

/* What a chart of weights or of metrics says while it is empty. */
const char *ht_watched_waits(const ht_watched *watched, bool metrics);

/* How far to believe an index of a layer (HT_ALL_LAYERS: the one in the middle) at the look nearest to a
 * step: a word; "" where nothing is known. */
const char *ht_watched_verdict(const ht_watched *watched, int layer, ht_estimator estimator, double step);

/* The first `most` layers that charts of many layers draw, in the order of the file: the picked one and the
 * largest. Numbers as the model's. */
int ht_watched_drawn(const ht_model *model, int most, int *layer);

#endif
