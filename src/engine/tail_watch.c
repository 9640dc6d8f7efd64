#include "engine/tail_watch.h"

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
    for (int e = 0; e < HT_ESTIMATORS; e++)
        look->now[e] = *ht_tail_picture_estimate(&look->picture, (ht_estimator)e);
    w->picture_end = ht_thread_now();
    w->picture_cost = w->picture_end - start;
    return HT_OK;
}

ht_code ht_tail_watch_look(ht_tail_watch *w, const ht_network *net, const ht_tail_order *asked, ht_error *err)
{
    ht_tail_order order = *asked;
    if (order.layer >= ht_network_hidden(net)) order.layer = ht_network_hidden(net) - 1;
    const ht_tensor *layer = net->weights[order.layer];
    ht_values x = {.f32 = layer->data, .rows = (size_t)layer->rows, .columns = (size_t)layer->columns};
    bool other = w->latest.layer != order.layer || w->generation != order.generation;
    if (other) w->latest.picture.rows = 0;
    w->latest.layer = order.layer;
    w->generation = order.generation;
    bool whole = picture_due(w, &order);
    ht_values some = whole ? x : first_rows(&x);
    ht_code code =
        whole ? take_picture(w, net, &x, order.step, err) : ht_tail_quick(&some, w->latest.now, err);
    w->latest.rows_used = (int)some.rows;
    w->latest.rows_of = layer->rows;
    w->latest.step = order.step;
    w->latest.seconds = order.seconds;
    w->latest.looked = true;
    if (code != HT_OK) w->latest = (ht_tail_look){0};
    return code;
}
