/* prune_coreset.c - CoreNet (arXiv 1804.05345) and, for filters, SiPP (arXiv 1910.05422) as a pruning method:
 * a coreset of every neuron's or filter's edges, by the sensitivities of coreset.h.
 *
 * The theorem gives each group of a neuron draws in proportion to its sensitivity, m = c·S, with one c for
 * all of the same quality; c is what a ratio or an error decides here. An edge with q = s/S is missed by all
 * m draws with probability (1 - q)^m = exp(-c·r), r = -S log(1 - q), so the expected number of edges kept is
 * a function of the r of all edges, which a histogram holds. The expected squared error is at most V/c + Z,
 * V = Σ w² (1/s - 1/S) over the edges that may be drawn, Z = Σ w² over those of no sensitivity; less, because
 * edges that are as good as sure to be drawn are kept as they are (coreset.h). Where SiPP gives each filter
 * draws, or keeps its edges, by a bound on its own output's error, here one c, or one order of sensitivities,
 * is for all filters and neurons that prune.scope takes together. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "prune/coreset.h"
#include "num/linalg.h"
#include "prune/prune_weights.h"

enum { BINS = 4096, TRIES = 8, GROUP = 8 /* rows that are measured at once */ };
static const double lowest = -64, highest = 16; /* log2 r that the bins span */

typedef struct statistics { /* of the edges of one layer */
    int64_t bins[BINS];     /* of log2 r */
    double scatter, unseen; /* V and Z above */
} statistics;

typedef struct coreset {
    ht_calibration points;
    statistics *layer;            /* (layers of the plan) */
    float *known[HT_WEIGHTS_MAX]; /* (rows × columns): sensitivities of filters, which cost as many products
                                     as there are places; NULL: they are measured whenever they are needed */
} coreset;

/* Room for one row, on each worker. */
typedef struct row_room {
    float *s, *tries, *outputs; /* (columns), (tries + 1 × columns), (tries + 1 × points of a block) */
    float *patches;             /* (points of a block × columns), of filters */
    ht_coreset_scratch scratch;
} row_room;

static void *take(char **memory, size_t size)
{
    void *taken = *memory;
    *memory += size;
    return taken;
}

static int tries_of(const ht_prune_plan *plan)
{
    return plan->spec.coreset == HT_CORESET_BEST ? TRIES : 1;
}

static bool has_filters(const ht_prune_plan *plan, int l)
{
    return plan->net->weights[l]->flags & HT_TENSOR_FILTERS;
}

/* Points of layer l that coresets are compared on at once: of filters so many that they stay in cache. */
static int block_of(const ht_prune_plan *plan, int l)
{
    const ht_calibration *points = &((const coreset *)plan->state)->points;
    long all = ht_calibration_points(points, l), some = (1L << 17) / plan->net->weights[l]->columns + 1;
    return !has_filters(plan, l) || some > all ? (int)all : (int)some;
}

static row_room room_of(const ht_prune_plan *plan, int l, char *memory)
{
    size_t n = (size_t)plan->net->weights[l]->columns, t = (size_t)tries_of(plan) + 1;
    row_room r;
    r.scratch.share = take(&memory, n * sizeof *r.scratch.share); /* the widest first: all stay aligned */
    r.scratch.slot = take(&memory, n * sizeof *r.scratch.slot);
    r.s = take(&memory, n * sizeof *r.s);
    r.scratch.edge = take(&memory, n * sizeof *r.scratch.edge);
    r.scratch.drawn = take(&memory, n * sizeof *r.scratch.drawn);
    r.tries = take(&memory, t * n * sizeof *r.tries);
    r.outputs = take(&memory, t * (size_t)block_of(plan, l) * sizeof *r.outputs);
    r.patches = take(&memory, 0);
    return r;
}

static size_t room_size(const ht_prune_plan *plan, int l)
{
    size_t n = (size_t)plan->net->weights[l]->columns, t = (size_t)tries_of(plan) + 1,
           block = (size_t)block_of(plan, l);
    return (n * (sizeof(double) + sizeof(struct ht_coreset_slot) + (3 + t) * 4) + block * t * 4 +
            (has_filters(plan, l) && t > 2 ? block * n * 4 : 0) + 63) /
           64 * 64;
}

typedef struct row_job {
    const ht_prune_plan *plan;
    int l;
    size_t size; /* of a worker's room */
    char *memory;
    int64_t *bins;          /* measuring: (workers × BINS) */
    double *row_sums;       /* measuring: (rows × 2); cutting: (rows): ‖w - ŵ‖² */
    int64_t *row_kept;      /* cutting: (rows) */
    const ht_tensor *layer; /* cutting: its weights change unless it is a rehearsal … */
    double budget;
    int stride; /* … which takes each so manieth row */
} row_job;

/* ---- measuring ---- */

static void row_sensitivities(const ht_prune_plan *plan, int l, int row, const float *w, float *s,
                              double sum[HT_GROUPS])
{
    const coreset *c = plan->state;
    int columns = plan->net->weights[l]->columns;
    if (!c->known[l]) {
        ht_coreset_row(&c->points, l, w, columns, s, sum);
        return;
    }
    memcpy(s, c->known[l] + (size_t)row * (size_t)columns, (size_t)columns * sizeof *s);
    ht_coreset_sums(w, s, columns, sum);
}

typedef struct know_job {
    const ht_prune_plan *plan;
    int l;
    size_t size; /* of a worker's room */
    float *memory;
} know_job;

static void know_rows(void *context, int task, int worker)
{
    const know_job *job = context;
    const coreset *c = job->plan->state;
    const ht_tensor *layer = job->plan->net->weights[job->l];
    int first = task * GROUP, rows = layer->rows - first < GROUP ? layer->rows - first : GROUP;
    size_t at = (size_t)first * (size_t)layer->columns;
    ht_coreset_rows(&c->points, job->l, layer->data + at, rows, layer->columns,
                    job->plan->spec.coreset == HT_CORESET_TOP, c->known[job->l] + at,
                    job->memory + (size_t)worker * job->size);
}

/* Of a layer of filters, its sensitivities once and for all. */
static ht_code know(ht_prune_plan *plan, int l, ht_error *err)
{
    coreset *c = plan->state;
    const ht_tensor *layer = plan->net->weights[l];
    size_t workers = (size_t)ht_pool_threads(plan->pool);
    know_job job = {.plan = plan, .l = l, .size = (size_t)layer->columns * (1 + GROUP)};
    if (!has_filters(plan, l)) return HT_OK;
    c->known[l] = ht_alloc(ht_tensor_size(layer), sizeof(float), "the sensitivities of filters", err);
    job.memory = ht_alloc(workers * job.size, sizeof(float), "the sensitivities of filters", err);
    if (c->known[l] && job.memory)
        ht_pool_run(plan->pool, (layer->rows + GROUP - 1) / GROUP, know_rows, &job);
    ht_free(job.memory);
    return c->known[l] && job.memory ? ht_prune_go_on(&plan->spec, err) : HT_FAIL;
}

static int bin_of(double r)
{
    double at = (log2(r) - lowest) / (highest - lowest) * BINS;
    return at < 0 ? 0 : at >= BINS ? BINS - 1 : (int)at;
}

static double bin_value(int bin)
{
    return exp2(lowest + (bin + 0.5) * (highest - lowest) / BINS);
}

static void measure_row(void *context, int row, int worker)
{
    const row_job *job = context;
    const ht_tensor *layer = job->plan->net->weights[job->l];
    const float *w = layer->data + (size_t)row * (size_t)layer->columns;
    row_room room = room_of(job->plan, job->l, job->memory + (size_t)worker * job->size);
    int64_t *bins = job->bins + (size_t)worker * BINS;
    double sum[HT_GROUPS], *sums = job->row_sums + (size_t)row * 2;
    row_sensitivities(job->plan, job->l, row, w, room.s, sum);
    for (int j = 0; j < layer->columns; j++) {
        double s = (double)room.s[j], total = sum[ht_coreset_group(w[j])], w2 = (double)w[j] * (double)w[j];
        if (s <= 0) {
            sums[1] += w2;
            continue;
        }
        sums[0] += w2 * (1 / s - 1 / total);
        bins[s < total ? bin_of(-total * log1p(-s / total)) : BINS - 1]++;
    }
}

/* Takes what measure_row and cut_row need for layer l; release with end_rows. */
static ht_code begin_rows(row_job *job, const ht_prune_plan *plan, int l, size_t sums, ht_error *err)
{
    size_t workers = (size_t)ht_pool_threads(plan->pool), rows = (size_t)plan->net->weights[l]->rows;
    *job = (row_job){.plan = plan, .l = l, .size = room_size(plan, l)};
    job->memory = ht_alloc(workers, job->size, "sensitivities", err);
    job->bins = ht_alloc(workers * BINS, sizeof *job->bins, "sensitivities", err);
    job->row_sums = ht_alloc(rows * sums, sizeof *job->row_sums, "sensitivities", err);
    job->row_kept = ht_alloc(rows, sizeof *job->row_kept, "sensitivities", err);
    return job->memory && job->bins && job->row_sums && job->row_kept ? HT_OK : HT_FAIL;
}

static void end_rows(row_job *job)
{
    ht_free(job->memory);
    ht_free(job->bins);
    ht_free(job->row_sums);
    ht_free(job->row_kept);
}

static ht_code measure(ht_prune_plan *plan, int l, ht_error *err)
{
    statistics *to = &((coreset *)plan->state)->layer[l];
    row_job job;
    ht_code code = begin_rows(&job, plan, l, 2, err);
    if (code == HT_OK) {
        int rows = plan->net->weights[l]->rows;
        ht_pool_run(plan->pool, rows, measure_row, &job);
        for (int r = 0; r < rows; r++) {
            to->scatter += job.row_sums[2 * (size_t)r];
            to->unseen += job.row_sums[2 * (size_t)r + 1];
        }
        for (int i = 0; i < ht_pool_threads(plan->pool) * BINS; i++) to->bins[i % BINS] += job.bins[i];
    }
    end_rows(&job);
    return code == HT_OK ? ht_prune_go_on(&plan->spec, err) : code;
}

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    coreset *c = plan->state = ht_alloc(1, sizeof *c, "the coreset", err);
    const ht_prune_spec *s = &plan->spec;
    if (!c) return HT_FAIL;
    c->layer = ht_alloc((size_t)plan->layers, sizeof *c->layer, "the coreset", err);
    if (!c->layer) return HT_FAIL;
    if (ht_calibration_make(&c->points, plan->net, s->calibration, s->calibration_limit, err) != HT_OK)
        return err->code;
    for (int l = 0; l < plan->layers; l++) {
        plan->units[l] = (int64_t)ht_tensor_size(plan->net->weights[l]);
        if (know(plan, l, err) != HT_OK) return err->code;
        if (s->coreset != HT_CORESET_TOP && measure(plan, l, err) != HT_OK) return err->code;
    }
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    coreset *c = plan->state;
    if (!c) return;
    ht_calibration_free(&c->points);
    for (int l = 0; l < plan->layers; l++) ht_free(c->known[l]);
    ht_free(c->layer);
    ht_free(c);
}

/* ---- cutting ---- */

/* Of TRIES coresets, the one that moves the neuron's pre-activations least over the calibration points. */
static int best_try(const row_job *job, const row_room *room, const float *w, int columns)
{
    const ht_calibration *points = &((const coreset *)job->plan->state)->points;
    long all = ht_calibration_points(points, job->l);
    int best = 0, block = block_of(job->plan, job->l);
    double sum[TRIES] = {0};
    memcpy(room->tries + (size_t)TRIES * (size_t)columns, w, (size_t)columns * sizeof *w);
    for (long first = 0; first < all && !ht_cancelled(); first += block) {
        int count = all - first < block ? (int)(all - first) : block;
        const float *a = ht_calibration_at(points, job->l, first, count, room->patches),
                    *output = room->outputs, *exact = output + (size_t)TRIES * (size_t)count;
        ht_gemm_nt(TRIES + 1, count, columns, 1.0f, room->tries, columns, a, columns, 0.0f, room->outputs,
                   count);
        for (int t = 0; t < TRIES; t++, output += count)
            for (int p = 0; p < count; p++)
                sum[t] += ((double)output[p] - (double)exact[p]) * ((double)output[p] - (double)exact[p]);
    }
    for (int t = 1; t < TRIES; t++)
        if (sum[t] < sum[best]) best = t;
    return best;
}

/* The coreset of a row (columns), in the worker's room. */
static const float *draw_row(const row_job *job, int row, int worker)
{
    int columns = job->layer->columns, tries = tries_of(job->plan);
    const float *w = job->layer->data + (size_t)row * (size_t)columns;
    row_room room = room_of(job->plan, job->l, job->memory + (size_t)worker * job->size);
    double sum[HT_GROUPS];
    ht_rng rng;
    row_sensitivities(job->plan, job->l, row, w, room.s, sum);
    ht_rng_init(&rng, job->plan->spec.seed, HT_STREAM_CORESET, (uint64_t)job->l << 48 | (uint64_t)row);
    ht_coreset_draw(w, room.s, columns, job->budget, tries, &rng, &room.scratch, room.tries);
    int best = tries > 1 ? best_try(job, &room, w, columns) : 0;
    return room.tries + (size_t)best * (size_t)columns;
}

static void cut_row(void *context, int row, int worker)
{
    const row_job *job = context;
    int columns = job->layer->columns;
    float *w = job->layer->data + (size_t)row * (size_t)columns;
    const float *x = draw_row(job, row, worker);
    for (int j = 0; j < columns; j++) {
        job->row_sums[row] += ((double)w[j] - (double)x[j]) * ((double)w[j] - (double)x[j]);
        job->row_kept[row] += x[j] != 0.0f;
        w[j] = x[j];
    }
}

/* Adds to *removed and *lost2. */
static ht_code cut_layer(const ht_prune_plan *plan, int l, double budget, const ht_tensor *layer,
                         int64_t *removed, double *lost2, ht_error *err)
{
    row_job job;
    if (budget == 0) {
        *removed += plan->units[l];
        *lost2 += plan->norm2[l];
        memset(layer->data, 0, ht_tensor_size(layer) * sizeof(float));
        return HT_OK;
    }
    if (isinf(budget)) return HT_OK;
    ht_code code = begin_rows(&job, plan, l, 1, err);
    if (code == HT_OK) {
        job.layer = layer;
        job.budget = budget;
        ht_pool_run(plan->pool, layer->rows, cut_row, &job);
        *removed += plan->units[l];
        for (int r = 0; r < layer->rows; r++) {
            *removed -= job.row_kept[r];
            *lost2 += job.row_sums[r];
        }
    }
    end_rows(&job);
    return code == HT_OK ? ht_prune_go_on(&plan->spec, err) : code;
}

static void rehearse_row(void *context, int i, int worker)
{
    const row_job *job = context;
    const float *x = draw_row(job, i * job->stride, worker);
    for (int j = 0; j < job->layer->columns; j++) job->row_kept[i] += x[j] != 0.0f;
}

/* Adds to *kept how many edges the budget leaves in a layer, by a part of its rows. */
static ht_code rehearse_layer(const ht_prune_plan *plan, int l, double budget, double *kept, ht_error *err)
{
    enum { REHEARSED = 64 };
    row_job job;
    ht_code code = begin_rows(&job, plan, l, 1, err);
    if (code == HT_OK) {
        const ht_tensor *layer = job.layer = plan->net->weights[l];
        int rows = layer->rows < REHEARSED ? layer->rows : REHEARSED;
        job.budget = budget;
        job.stride = layer->rows / rows;
        ht_pool_run(plan->pool, rows, rehearse_row, &job);
        for (int i = 0; i < rows; i++) *kept += (double)job.row_kept[i] * layer->rows / rows;
    }
    end_rows(&job);
    return code == HT_OK ? ht_prune_go_on(&plan->spec, err) : code;
}

/* ---- how far ---- */

static void score_sensitivity(const ht_prune_plan *plan, int l, int row, const float *w, float *score)
{
    double sum[HT_GROUPS];
    row_sensitivities(plan, l, row, w, score, sum);
    for (int j = 0; j < plan->net->weights[l]->columns; j++) /* what is 0 goes before all that is not */
        score[j] = w[j] != 0 ? fmaxf(score[j], FLT_TRUE_MIN) : 0;
}

static double expected_kept(const coreset *c, int first, int last, double budget)
{
    double kept = 0;
    for (int l = first; l < last; l++)
        for (int i = 0; i < BINS; i++)
            if (c->layer[l].bins[i] > 0) kept += (double)c->layer[l].bins[i] * -expm1(-budget * bin_value(i));
    return kept;
}

/* The c that is expected to keep so many edges of layers first .. last-1. */
static double budget_for(const coreset *c, int first, int last, double keep)
{
    double low = -40, high = 80;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (expected_kept(c, first, last, exp2(middle)) < keep)
            low = middle;
        else
            high = middle;
    }
    return exp2(high);
}

/* The c whose expected squared error is the spec's share. */
static double budget_for_error(const ht_prune_plan *plan, int first, int last)
{
    const coreset *c = plan->state;
    double norm2 = 0, scatter = 0, unseen = 0;
    for (int l = first; l < last; l++) {
        norm2 += plan->norm2[l];
        scatter += c->layer[l].scatter;
        unseen += c->layer[l].unseen;
    }
    double allowed = ht_prune_share(&plan->spec) * norm2 - unseen;
    return allowed > 0 ? scatter / allowed : HUGE_VAL;
}

/* Layers first .. last-1 with one c. The best of several draws tends to be one that keeps more edges: a
 * rehearsal or two says how many, and the aim is moved by that. */
static ht_code cut_range(const ht_prune_plan *plan, int first, int last, double ratio, ht_prune_cut cuts[],
                         ht_error *err)
{
    enum { REHEARSALS = 2 };
    int64_t units = 0;
    for (int l = first; l < last; l++) units += plan->units[l];
    int64_t keep = isnan(ratio) ? 0 : units - ht_prune_floor(ratio, units);
    double budget = isnan(ratio) ? budget_for_error(plan, first, last) : keep == units ? HUGE_VAL : 0;
    bool sampled = !isnan(ratio) && keep > 0 && keep < units;
    double aim = (double)keep;
    if (sampled) budget = budget_for(plan->state, first, last, aim);
    for (int i = 0; i < REHEARSALS && sampled && plan->spec.coreset == HT_CORESET_BEST; i++) {
        double kept = 0;
        for (int l = first; l < last; l++)
            if (rehearse_layer(plan, l, budget, &kept, err) != HT_OK) return err->code;
        aim += (double)keep - kept;
        budget = budget_for(plan->state, first, last, aim);
    }
    for (int l = first; l < last; l++) cuts[l].budget = budget;
    return HT_OK;
}

static ht_code cut(const ht_prune_plan *plan, double ratio, ht_prune_cut cuts[HT_WEIGHTS_MAX], ht_error *err)
{
    if (plan->spec.coreset == HT_CORESET_TOP)
        return ht_prune_cut_weights(plan, score_sensitivity, NULL, ratio, cuts, err);
    if (plan->joint) return cut_range(plan, 0, plan->layers, ratio, cuts, err);
    for (int l = 0; l < plan->layers; l++)
        if (cut_range(plan, l, l + 1, ratio, cuts, err) != HT_OK) return err->code;
    return HT_OK;
}

static ht_code project(const ht_prune_plan *plan, const ht_prune_cut cuts[HT_WEIGHTS_MAX], ht_network *net,
                       int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX], ht_error *err)
{
    if (plan->spec.coreset == HT_CORESET_TOP)
        return ht_prune_project_weights(plan, score_sensitivity, NULL, cuts, net, removed, lost2, err);
    for (int l = 0; l < plan->layers; l++)
        if (cut_layer(plan, l, cuts[l].budget, net->weights[l], &removed[l], &lost2[l], err) != HT_OK)
            return err->code;
    return HT_OK;
}

const ht_prune_ops ht_prune_coreset_ops = {
    .prepare = prepare,
    .release = release,
    .cut = cut,
    .project = project,
    .measure = ht_prune_measure_sparse,
};
