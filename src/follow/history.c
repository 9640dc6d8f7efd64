#include "follow/history.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* ---- layers ---- */

int ht_history_layer(const ht_history *h, const char *name)
{
    for (int i = 0; i < h->layers; i++)
        if (strcmp(h->layer[i], name) == 0) return i;
    return -1;
}

static ht_code number_of(ht_history *h, const char *name, int hint, int *number, ht_error *err)
{
    bool hit = hint < h->layers && strcmp(h->layer[hint], name) == 0; /* as in the look before */
    *number = hit ? hint : ht_history_layer(h, name);
    if (*number >= 0) return HT_OK;
    if ((size_t)h->layers == h->layer_room) {
        size_t room = h->layer_room ? 2 * h->layer_room : 16;
        if (ht_grow((void **)&h->layer, (size_t)h->layers, room, sizeof *h->layer, "the names of layers",
                    err) != HT_OK)
            return err->code;
        h->layer_room = room;
    }
    ht_text_copy(h->layer[h->layers], sizeof h->layer[0], name);
    *number = h->layers++;
    return HT_OK;
}

/* ---- one look ---- */

static void fill_layer(float *value, const ht_layer_look *l)
{
    value[HT_MEASURE_NORM] = (float)l->norm;
    value[HT_MEASURE_ROW_NORM] = (float)l->row_norm[1];
    value[HT_MEASURE_LARGEST] = (float)l->largest;
    value[HT_MEASURE_KAPPA] = (float)l->kappa;
    value[HT_MEASURE_ZEROS] = l->values ? (float)((double)l->zeros / (double)l->values) : NAN;
    value[HT_MEASURE_BROKEN] = (float)l->broken;
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        value[HT_MEASURE_TAIL + e] = (float)l->tail[e].value;
        value[HT_MEASURE_TAIL_LOW + e] = (float)l->tail[e].low;
        value[HT_MEASURE_TAIL_HIGH + e] = (float)l->tail[e].high;
        value[HT_MEASURE_TAIL_VERDICT + e] = (float)l->tail[e].quality;
    }
}

static void fill_all(float *value, const ht_look *look)
{
    fill_layer(value, &look->all);
    for (int e = 0; e < HT_ESTIMATORS; e++) /* a median of layers has no interval */
        value[HT_MEASURE_TAIL_LOW + e] = value[HT_MEASURE_TAIL_HIGH + e] = NAN;
    if (!look->network.there) return;
    value[HT_MEASURE_ACCURACY] = (float)look->network.whole.accuracy;
    value[HT_MEASURE_LOSS] = (float)look->network.whole.loss;
    value[HT_MEASURE_PRUNED] = (float)look->network.pruned.accuracy;
}

static void fill_parts(uint32_t *part, const ht_histogram *h)
{
    for (int i = 0; i < HT_HISTOGRAM_COARSE; i++) {
        int end = i + 1 < HT_HISTOGRAM_COARSE ? ht_histogram_coarse(i + 1) : HT_HISTOGRAM_BINS;
        part[i] = 0;
        for (int b = ht_histogram_coarse(i); b < end; b++) part[i] += h->count[b];
    }
}

static ht_code make(ht_history *h, ht_history_look *to, const ht_look *look, double seconds, ht_error *err)
{
    int number;
    *to = (ht_history_look){.step = look->step, .seconds = seconds};
    if (number_of(h, look->all.name, 0, &number, err) != HT_OK) return err->code;
    for (size_t i = 0; i < look->count; i++)
        if (number_of(h, look->layer[i].name, (int)i + 1, &number, err) != HT_OK) return err->code;
    to->layers = h->layers;
    size_t size = (size_t)to->layers * HT_MEASURES;
    to->value = ht_alloc(size, sizeof *to->value, "the history of layers", err);
    if (!to->value) return err->code;
    for (size_t i = 0; i < size; i++) to->value[i] = NAN;
    fill_all(to->value, look);
    for (size_t i = 0; i < look->count; i++) {
        if (number_of(h, look->layer[i].name, (int)i + 1, &number, err) == HT_OK) /* it is there */
            fill_layer(to->value + (size_t)number * HT_MEASURES, &look->layer[i]);
    }
    fill_parts(to->part, &look->all.histogram);
    return HT_OK;
}

double ht_history_value(const ht_history_look *look, int layer, int measure)
{
    if (layer < 0 || layer >= look->layers) return (double)NAN;
    return (double)look->value[(size_t)layer * HT_MEASURES + (size_t)measure];
}

/* ---- runs ---- */

static void free_run(ht_history_run *r)
{
    for (size_t i = 0; i < r->count; i++) ht_free(r->look[i].value);
    ht_free(r->look);
    *r = (ht_history_run){0};
}

static ht_history_run *present(ht_history *h, int number)
{
    if (h->runs > 0 && h->run[h->runs - 1].number >= number) return &h->run[h->runs - 1];
    if (h->runs == HT_HISTORY_RUNS) {
        free_run(&h->run[0]);
        memmove(&h->run[0], &h->run[1], sizeof h->run[0] * --h->runs);
    }
    h->run[h->runs] = (ht_history_run){.number = number};
    return &h->run[h->runs++];
}

/* Every second look goes, but not the last. */
static void thin(ht_history_run *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (i % 2 == 0 || i + 1 == r->count)
            r->look[kept++] = r->look[i];
        else
            ht_free(r->look[i].value);
    }
    r->count = kept;
}

static ht_code make_room(ht_history_run *r, size_t layers, ht_error *err)
{
    enum { LEAST = 64 };
    size_t most = HT_HISTORY_BYTES / (sizeof *r->look + layers * HT_MEASURES * sizeof(float));
    most = most < LEAST ? LEAST : most > HT_HISTORY_LOOKS ? HT_HISTORY_LOOKS : most;
    if (r->count >= most) thin(r);
    if (r->count < r->room) return HT_OK;
    size_t room = r->room ? 2 * r->room : 16;
    ht_code code = ht_grow((void **)&r->look, r->count, room, sizeof *r->look, "the history of looks", err);
    if (code == HT_OK) r->room = room;
    return code;
}

ht_code ht_history_add(ht_history *h, const ht_look *look, int run, double seconds, ht_error *err)
{
    ht_history_look made;
    if (make(h, &made, look, seconds, err) != HT_OK) return err->code;
    ht_history_run *r = present(h, run);
    if (make_room(r, (size_t)made.layers, err) != HT_OK) {
        ht_free(made.value);
        return err->code;
    }
    size_t at = r->count;
    while (at > 0 && r->look[at - 1].step > made.step) at--;
    if (at > 0 && r->look[at - 1].step == made.step) {
        ht_free(r->look[at - 1].value);
        r->look[at - 1] = made;
        return HT_OK;
    }
    memmove(&r->look[at + 1], &r->look[at], (r->count++ - at) * sizeof *r->look);
    r->look[at] = made;
    return HT_OK;
}

const ht_history_run *ht_history_now(const ht_history *h)
{
    return h->runs ? &h->run[h->runs - 1] : NULL;
}

void ht_history_free(ht_history *h)
{
    for (int i = 0; i < h->runs; i++) free_run(&h->run[i]);
    ht_free(h->layer);
    *h = (ht_history){0};
}
