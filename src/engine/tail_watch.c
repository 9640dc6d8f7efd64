#include "engine/tail_watch.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"

/* Quick estimates are of so many values, in whole rows: neurons are alike before training, so the first ones
 * are as good as any, and the error that stands beside an estimate is that of so many. */
enum { QUICK_VALUES = 1 << 19, ROUND_ROWS = 100 /* a count that can be cut into equal blocks */ };

/* Other work, in units of what a picture costs, before the next one. */
static const double apart = 2;

static ht_values first_rows(const ht_values *x)
{
    ht_values first = *x;
    size_t most = QUICK_VALUES / (x->columns > 0 ? x->columns : 1);
    most = most > ROUND_ROWS ? most / ROUND_ROWS * ROUND_ROWS : ROUND_ROWS;
    if (first.rows > most) first.rows = most;
    return first;
}

static bool picture_due(const ht_tail_watch *w, const ht_tail_order *order)
{
    bool none = w->latest.picture.rows == 0;
    return order->thorough ||
           (order->watched && (none || ht_thread_now() - w->picture_end >= apart * w->picture_cost));
}

static ht_code take_picture(ht_tail_watch *w, const ht_network *net, const ht_values *x, uint64_t step,
                            ht_error *err)
{
    double start = ht_thread_now();
    ht_tail_look *look = &w->latest;
    if (ht_tail_picture_make(&look->picture, x, &(ht_tail_options){.spectrum = true}, true, err) != HT_OK ||
        ht_row_tails_measure(&look->rows, net, err) != HT_OK)
        return err->code;
    look->picture_step = step;
    for (int e = 0; e < HT_ESTIMATORS && look->layer != HT_ALL_LAYERS; e++)
        look->now[e] = *ht_tail_picture_estimate(&look->picture, (ht_estimator)e);
    w->picture_end = ht_thread_now();
    w->picture_cost = w->picture_end - start;
    return HT_OK;
}

static ht_values values_of(const ht_tensor *layer)
{
    return (ht_values){.f32 = layer->data, .rows = (size_t)layer->rows, .columns = (size_t)layer->columns};
}

/* ---- all layers: no index is that of weights of several laws, so each has its own, and the middle one is
 * told, with its own interval ---- */

/* The first of those with the most weights: the surest picture, and the same one all the time. */
static int largest_layer(const ht_network *net)
{
    int best = 0;
    for (int l = 1; l < ht_network_hidden(net); l++)
        if (ht_tensor_size(net->weights[l]) > ht_tensor_size(net->weights[best])) best = l;
    return best;
}

static int by_value(const void *a, const void *b)
{
    double x = ((const ht_estimate *)a)->value, y = ((const ht_estimate *)b)->value;
    return (x > y) - (x < y);
}

/* Of an even number the lower one; of those without a value any, if none has one. */
static ht_estimate middle(ht_estimate estimate[], int count)
{
    int with = 0;
    for (int i = 0; i < count; i++)
        if (isfinite(estimate[i].value)) {
            ht_estimate swapped = estimate[with];
            estimate[with++] = estimate[i];
            estimate[i] = swapped;
        }
    qsort(estimate, (size_t)with, sizeof *estimate, by_value);
    return estimate[with > 0 ? (with - 1) / 2 : 0];
}

static ht_code look_at_all(ht_tail_look *look, const ht_network *net, bool whole, ht_error *err)
{
    ht_estimate quick[HT_HIDDEN_MAX][HT_ESTIMATORS], column[HT_HIDDEN_MAX];
    int layers = ht_network_hidden(net);
    look->rows_used = look->rows_of = 0;
    for (int l = 0; l < layers; l++) {
        ht_values x = values_of(net->weights[l]), some = whole ? x : first_rows(&x);
        if (ht_tail_quick(&some, quick[l], err) != HT_OK) return HT_FAIL;
        look->of[l] = quick[l][HT_MMO];
        look->rows_used += (int)some.rows;
        look->rows_of += net->weights[l]->rows;
    }
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        for (int l = 0; l < layers; l++) column[l] = quick[l][e];
        look->now[e] = middle(column, layers);
    }
    look->layers = layers;
    return HT_OK;
}

static ht_code look_at_one(ht_tail_look *look, const ht_tensor *layer, bool whole, ht_error *err)
{
    ht_values x = values_of(layer), some = whole ? x : first_rows(&x);
    look->layers = 0;
    look->rows_used = (int)some.rows;
    look->rows_of = layer->rows;
    return whole ? HT_OK : ht_tail_quick(&some, look->now, err); /* a picture has them all */
}

/* ---- a look ---- */

ht_code ht_tail_watch_look(ht_tail_watch *w, const ht_network *net, const ht_tail_order *asked, ht_error *err)
{
    ht_tail_order order = *asked;
    order.layer = ht_layer_picked(order.layer, ht_network_hidden(net));
    bool all = order.layer == HT_ALL_LAYERS;
    bool other = !w->latest.looked || w->latest.layer != order.layer || w->generation != order.generation;
    if (other) w->latest.picture.rows = 0;
    w->latest.layer = order.layer;
    w->latest.drawn = all ? largest_layer(net) : order.layer;
    w->generation = order.generation;
    const ht_tensor *drawn = net->weights[w->latest.drawn];
    bool whole = picture_due(w, &order);
    ht_code code =
        all ? look_at_all(&w->latest, net, order.thorough, err) : look_at_one(&w->latest, drawn, whole, err);
    ht_values x = values_of(drawn);
    if (code == HT_OK && whole) code = take_picture(w, net, &x, order.step, err);
    w->latest.step = order.step;
    w->latest.seconds = order.seconds;
    w->latest.looked = true;
    if (code != HT_OK) w->latest = (ht_tail_look){0};
    return code;
}
