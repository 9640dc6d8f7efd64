/* prune_weights.c - magnitude and magnitude-layer, and cutting by any score: see prune_weights.h. */
#include "prune/prune_weights.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "num/select.h"

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

/* ---- a walk over the scores, in the order of the weights ---- */

typedef struct walk {
    const ht_prune_plan *plan;
    ht_weight_score *score;
    const float *centre;
    int first, last; /* layers, the last one left out */
    float *buffer;   /* scores of a piece: so many rows that they are few beside the layer */
    int layer, first_row;
    const float *weight; /* of the layer, where the walk reads it */
} walk;

enum { PIECE = 1 << 18 }; /* scores, unless a row has more */

static int piece_rows(const ht_tensor *layer)
{
    int rows = PIECE / layer->columns;
    return rows < 1 ? 1 : rows < layer->rows ? rows : layer->rows;
}

static ht_code walk_begin(walk *w, ht_error *err)
{
    size_t most = 0;
    for (int l = w->first; l < w->last; l++) {
        const ht_tensor *layer = w->plan->net->weights[l];
        size_t size = (size_t)piece_rows(layer) * (size_t)layer->columns;
        most = size > most ? size : most;
    }
    w->buffer = ht_alloc(most, sizeof(float), "pruning scores", err);
    return w->buffer ? HT_OK : HT_FAIL;
}

static void score_row(void *context, int r, int worker)
{
    const walk *w = context;
    size_t columns = (size_t)w->plan->net->weights[w->layer]->columns;
    int row = w->first_row + r;
    (void)worker;
    w->score(w->plan, w->layer, row, w->weight + (size_t)row * columns, w->buffer + (size_t)r * columns);
}

/* Scores of the piece that begins with `row`: rows in parallel, what is done with them in order. */
static size_t walk_piece(walk *w, int layer, int row, const float *weight)
{
    const ht_tensor *l = w->plan->net->weights[layer];
    int most = piece_rows(l), rows = l->rows - row < most ? l->rows - row : most;
    w->layer = layer;
    w->first_row = row;
    w->weight = weight;
    ht_pool_run(w->plan->pool, rows, score_row, w);
    return (size_t)rows * (size_t)l->columns;
}

/* ---- which scores go ---- */

enum { HALF = 16, BINS = 1 << HALF };

typedef struct bin {
    int64_t count;
    double cost; /* Σ (w - centre)² */
} bin;

static double cost_of(const walk *w, int layer, float weight)
{
    double x = (double)weight - (w->centre ? (double)w->centre[layer] : 0);
    return x * x;
}

/* Bins of the upper half of the bits; or of the lower half, among those whose upper half is `upper`. */
static void count_bins(walk *w, int upper, bin *bins)
{
    memset(bins, 0, BINS * sizeof *bins);
    for (int l = w->first; l < w->last; l++) {
        const ht_tensor *layer = w->plan->net->weights[l];
        for (int row = 0; row < layer->rows && !ht_cancelled(); row += piece_rows(layer)) {
            const float *weight = layer->data + (size_t)row * (size_t)layer->columns;
            size_t count = walk_piece(w, l, row, layer->data);
            for (size_t i = 0; i < count; i++) {
                uint32_t key = bits_of(w->buffer[i]);
                if (upper >= 0 && (int)(key >> HALF) != upper) continue;
                bin *b = &bins[upper < 0 ? key >> HALF : key & (BINS - 1)];
                b->count++;
                b->cost += cost_of(w, l, weight[i]);
            }
        }
    }
}

typedef struct budget { /* what may still go */
    int64_t count;
    double cost;
} budget;

/* The first bin that does not go whole; BINS when all do. */
static int spend(budget *left, const bin *bins)
{
    int i = 0;
    for (; i < BINS; i++) {
        if (bins[i].count > left->count || bins[i].cost > left->cost) break;
        left->count -= bins[i].count;
        left->cost -= bins[i].cost;
    }
    return i;
}

/* Of the scores with exactly these bits, how many go, lower index first. */
static void spend_ties(walk *w, uint32_t key, budget *left, ht_prune_cut cut[])
{
    for (int l = w->first; l < w->last; l++) {
        const ht_tensor *layer = w->plan->net->weights[l];
        for (int row = 0; row < layer->rows && !ht_cancelled(); row += piece_rows(layer)) {
            const float *weight = layer->data + (size_t)row * (size_t)layer->columns;
            size_t count = walk_piece(w, l, row, layer->data);
            for (size_t i = 0; i < count && left->count > 0; i++) {
                if (bits_of(w->buffer[i]) != key) continue;
                left->cost -= cost_of(w, l, weight[i]);
                left->count = left->cost < 0 ? 0 : left->count - 1;
                cut[l].ties += left->cost >= 0;
            }
        }
    }
}

/* Layers first .. last-1 together. */
static ht_code cut_range(walk *w, double ratio, ht_prune_cut cut[], ht_error *err)
{
    int64_t units = 0;
    double total = 0;
    for (int l = w->first; l < w->last; l++) units += w->plan->units[l], total += w->plan->norm2[l];
    double share = ht_prune_share(&w->plan->spec);
    budget left = {units, share < 1 ? share * total : HUGE_VAL};
    if (!isnan(ratio)) left = (budget){ht_prune_floor(ratio, units), HUGE_VAL};
    bin *bins = ht_alloc(BINS, sizeof *bins, "pruning scores", err);
    ht_code code = bins ? walk_begin(w, err) : HT_FAIL;
    if (code == HT_OK) {
        count_bins(w, -1, bins);
        int upper = spend(&left, bins), lower = BINS;
        uint32_t key = UINT32_MAX; /* all go */
        if (upper < BINS) {
            count_bins(w, upper, bins);
            lower = spend(&left, bins);
            key = ((uint32_t)upper << HALF) + (uint32_t)lower;
        }
        for (int l = w->first; l < w->last; l++) cut[l].key = key;
        /* One alone stays: it did not go whole. */
        if (lower < BINS && bins[lower].count > 1) spend_ties(w, key, &left, cut);
    }
    ht_free(w->buffer);
    w->buffer = NULL;
    ht_free(bins);
    return code;
}

ht_code ht_prune_cut_weights(const ht_prune_plan *plan, ht_weight_score *score, const float *centre,
                             double ratio, ht_prune_cut cut[HT_WEIGHTS_MAX], ht_error *err)
{
    walk w = {.plan = plan, .score = score, .centre = centre, .last = plan->layers};
    if (plan->joint) return cut_range(&w, ratio, cut, err);
    for (int l = 0; l < plan->layers; l++) {
        w.first = l;
        w.last = l + 1;
        if (cut_range(&w, ratio, cut, err) != HT_OK) return err->code;
    }
    return HT_OK;
}

ht_code ht_prune_project_weights(const ht_prune_plan *plan, ht_weight_score *score, const float *centre,
                                 const ht_prune_cut cut[HT_WEIGHTS_MAX], ht_network *net,
                                 int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX], ht_error *err)
{
    walk w = {.plan = plan, .score = score, .centre = centre, .last = plan->layers};
    if (walk_begin(&w, err) != HT_OK) return err->code;
    for (int l = 0; l < plan->layers; l++) {
        ht_tensor *layer = net->weights[l];
        int64_t ties = cut[l].ties;
        for (int row = 0; row < layer->rows && !ht_cancelled(); row += piece_rows(layer)) {
            float *weight = layer->data + (size_t)row * (size_t)layer->columns;
            size_t count = walk_piece(&w, l, row, layer->data);
            for (size_t i = 0; i < count; i++) {
                uint32_t key = bits_of(w.buffer[i]);
                if (key > cut[l].key || (key == cut[l].key && ties-- <= 0)) continue;
                lost2[l] += cost_of(&w, l, weight[i]);
                weight[i] = centre ? centre[l] : 0.0f;
                removed[l]++;
            }
        }
    }
    ht_free(w.buffer);
    return HT_OK;
}

/* ---- magnitude ---- */

/* The state of the plan: what is taken away from each layer's weights. */
typedef struct magnitude {
    float centre[HT_WEIGHTS_MAX];
} magnitude;

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    magnitude *m = plan->state = ht_alloc(1, sizeof *m, "pruning", err);
    if (!m) return HT_FAIL;
    for (int l = 0; l < plan->layers; l++) {
        const ht_tensor *layer = plan->net->weights[l];
        plan->units[l] = (int64_t)ht_tensor_size(layer);
        if (plan->spec.centre) m->centre[l] = ht_median(layer->data, ht_tensor_size(layer));
    }
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    ht_free(plan->state);
}

static void distance_from_centre(const ht_prune_plan *plan, int l, int row, const float *w, float *score)
{
    const magnitude *m = plan->state;
    size_t columns = (size_t)plan->net->weights[l]->columns;
    (void)row;
    for (size_t j = 0; j < columns; j++) score[j] = fabsf(w[j] - m->centre[l]);
}

static ht_code cut_magnitude(const ht_prune_plan *plan, double ratio, ht_prune_cut cut[HT_WEIGHTS_MAX],
                             ht_error *err)
{
    const magnitude *m = plan->state;
    return ht_prune_cut_weights(plan, distance_from_centre, m->centre, ratio, cut, err);
}

static ht_code project_magnitude(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX],
                                 ht_network *net, int64_t removed[HT_WEIGHTS_MAX],
                                 double lost2[HT_WEIGHTS_MAX], ht_error *err)
{
    const magnitude *m = plan->state;
    return ht_prune_project_weights(plan, distance_from_centre, m->centre, cut, net, removed, lost2, err);
}

/* Weights in compressed sparse rows: value and column of each, and where rows begin; or all of them. */
static size_t sparse_bytes(const ht_tensor *layer, int64_t kept)
{
    size_t index = layer->columns <= 65536 ? 2 : 4, dense = ht_tensor_size(layer) * sizeof(float);
    size_t sparse = (size_t)kept * (sizeof(float) + index) + ((size_t)layer->rows + 1) * 4;
    return sparse < dense ? sparse : dense;
}

void ht_prune_measure_sparse(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                             ht_prune_result *r)
{
    int64_t kept = plan->units[l] - removed[l];
    if (!plan->acts[l]) {
        ht_prune_add_weights(r, ht_tensor_size(plan->net->weights[l]));
        return;
    }
    r->parameters_left += (size_t)kept;
    r->bytes_left += sparse_bytes(plan->net->weights[l], kept);
}

const ht_prune_ops ht_prune_weight_ops = {
    .prepare = prepare,
    .release = release,
    .cut = cut_magnitude,
    .project = project_magnitude,
    .measure = ht_prune_measure_sparse,
    .centres = true,
};
