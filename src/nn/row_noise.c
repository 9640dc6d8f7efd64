#include "nn/row_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "heavytail/network.h"
#include "kernel/kernel.h"
#include "nn/noise.h"
#include "nn/optimizers/optimizer.h"
#include "nn/schedule.h"
#include "num/select.h"

enum { ROWS = 64 }; /* rows are made so many at a time */

/* ---- what comes together ----------------------------------------------------------------------- */

const ht_row_growth ht_pure_noise = {.keep = 0, .scale = 1};

/* Backwards from the end: `w` and `v` are how much of a weight, and of its momentum, before the steps seen so
 * far is in the weight at the end. A step is v ← μ v + λ w, w ← w − η v, and then the noise. */
ht_row_growth ht_row_noise_growth(const ht_params *p, double steps)
{
    double decay = ht_params_get(p, HT_P_TRAIN_DECAY), momentum = ht_params_get(p, HT_P_TRAIN_MOMENTUM);
    double alpha = ht_params_get(p, HT_P_NOISE_ALPHA), sum = 0, w = 1, v = 0;
    for (long long t = llround(steps); t-- > 0;) {
        double lr = ht_schedule_step_size(p, (double)t), w_before = w;
        sum += lr * pow(fabs(w), alpha);
        w += decay * (v - lr * w_before);
        v = momentum * (v - lr * w_before);
    }
    bool noisy = ht_params_get(p, HT_P_NOISE_TYPE) != HT_NOISE_NONE;
    return (ht_row_growth){w, noisy ? ht_noise_factor(ht_params_get(p, HT_P_NOISE_SCALE), sum, alpha) : 0};
}

const char *ht_row_noise_unknown(const ht_params *p)
{
    if (ht_params_get(p, HT_P_PRUNE_METHOD) != HT_PRUNE_NODE)
        return "prune.method takes other things than rows";
    if (ht_params_get(p, HT_P_PRUNE_UNIT) != HT_PRUNE_ROWS) return "prune.unit is not rows";
    if (ht_params_get(p, HT_P_PRUNE_RATIO) > 0) return "prune.ratio says itself what goes";
    if (!ht_params_are_dense(p)) return "not all layers are dense";
    if (ht_params_get(p, HT_P_MODEL_DEPTH) > 1) return "there are several hidden layers";
    if (ht_params_get(p, HT_P_MODEL_FACTORS) > 1) return "weights are products (model.factors)";
    if (ht_optimizer_of(p)->follow) return "gradients are scaled weight by weight (train.optimizer)";
    if (ht_params_get(p, HT_P_TRAIN_AVERAGE) > 0) return "κ is of a mean of iterates (train.average)";
    if (ht_params_get(p, HT_P_OCCAM_LAMBDA0) > 0) return "epochs prune (occam.lambda0)";
    return NULL;
}

/* ---- draws ------------------------------------------------------------------------------------- */

typedef struct job {
    const ht_row_noise *rows;
    ht_noise noise; /* of layer 0 */
    ht_noise_laws laws;
    double *ratios;
    int columns;
    float *room;    /* (workers × ROWS × columns) */
    double *norms2; /* (workers × width) */
} job;

/* One draw says all about a row of nothing but noise of type shared. */
static int columns_of(const ht_row_noise *rows)
{
    return rows->type == HT_NOISE_SHARED && !rows->base ? 1 : rows->inputs;
}

static void put_base(const ht_row_noise *rows, size_t first, size_t count, float *room)
{
    size_t values = count * (size_t)rows->inputs;
    float keep = (float)rows->growth.keep;
    for (size_t i = 0; i < values; i++) room[i] = keep * rows->base[first * (size_t)rows->inputs + i];
}

/* norms2 is (width): ‖row‖² of layer `number`, sorted upwards */
static void draw_norms(const job *j, int number, float *room, double *norms2)
{
    const ht_row_noise *rows = j->rows;
    size_t columns = (size_t)j->columns, width = (size_t)rows->width;
    ht_noise noise = j->noise;
    noise.step = (uint64_t)number;
    for (size_t first = 0; first < width; first += ROWS) {
        size_t count = width - first < ROWS ? width - first : ROWS;
        if (rows->base)
            put_base(rows, first, count, room);
        else
            memset(room, 0, count * columns * sizeof *room);
        ht_noise_add(&noise, room, first, count, columns, (float)rows->growth.scale);
        for (size_t r = 0; r < count; r++)
            norms2[first + r] = ht_kernel()->sum_squares(room + r * columns, columns);
    }
    qsort(norms2, width, sizeof *norms2, ht_by_double);
}

/* The same rule as ht_prune_removable: the largest k with error(k) ≤ the limit. */
static double ratio_of(const double *norms2, int width, ht_prune_metric metric, double error)
{
    double total = 0, removed = 0;
    int k = 0;
    for (int i = 0; i < width; i++) total += norms2[i];
    for (; k < width; k++) {
        double share = (removed += norms2[k]) / total;
        if (!((metric == HT_FRO ? sqrt(share) : share) <= error)) break;
    }
    return (double)k / width;
}

static void draw_layer(void *context, int number, int worker)
{
    const job *j = context;
    if (ht_cancelled()) return;
    float *room = j->room + (size_t)worker * ROWS * (size_t)j->columns;
    double *norms2 = j->norms2 + (size_t)worker * (size_t)j->rows->width;
    draw_norms(j, number, room, norms2);
    j->ratios[number] = ratio_of(norms2, j->rows->width, j->rows->metric, j->rows->error);
}

ht_code ht_row_noise_ratios(const ht_row_noise *rows, int count, double *ratios, struct ht_pool *pool,
                            ht_error *err)
{
    size_t workers = (size_t)ht_pool_threads(pool);
    job j = {.rows = rows,
             .noise = {.type = rows->type, .alpha = rows->alpha, .seed = rows->seed},
             .ratios = ratios,
             .columns = columns_of(rows)};
    ht_noise_prepare(&j.noise, &j.laws);
    j.room = ht_alloc(workers * ROWS, (size_t)j.columns * sizeof *j.room, "rows of noise", err);
    j.norms2 = ht_alloc(workers, (size_t)rows->width * sizeof *j.norms2, "norms of noise", err);
    ht_code code = j.room && j.norms2 ? HT_OK : HT_FAIL;
    if (code == HT_OK) ht_pool_run(pool, count, draw_layer, &j);
    ht_free(j.room);
    ht_free(j.norms2);
    return code == HT_OK ? ht_still_wanted(err) : HT_FAIL;
}

int ht_row_noise_count(const ht_row_noise *rows, double seconds)
{
    enum { LEAST = 20 };
    const double draw = 3e-9, row = 150e-9; /* seconds of an older core; sorting and the like by the row */
    double layer = rows->width * (columns_of(rows) * draw + row), count = seconds / layer;
    return count < LEAST ? LEAST : count > HT_ROW_DRAWS ? HT_ROW_DRAWS : (int)count;
}

/* ---- predictions ------------------------------------------------------------------------------- */

/* No run has it: train.seed is below 2^53. The initial rows' own scatter hardly shows in κ, so that one draw
 * of them will do. */
static const uint64_t OWN_SEED = (uint64_t)1 << 60;

static ht_row_noise rows_of(const ht_params *p, const ht_network *base, double steps)
{
    return (ht_row_noise){.type = (ht_noise_type)ht_params_get(p, HT_P_NOISE_TYPE),
                          .alpha = ht_params_get(p, HT_P_NOISE_ALPHA),
                          .inputs = base->inputs,
                          .width = base->weights[0]->rows,
                          .growth = ht_row_noise_growth(p, steps),
                          .base = base->weights[0]->data,
                          .metric = (ht_prune_metric)ht_params_get(p, HT_P_PRUNE_METRIC),
                          .error = ht_params_get(p, HT_P_PRUNE_ERROR),
                          .seed = OWN_SEED};
}

/* The initial network; NULL with *err set. */
static ht_network *initial(const ht_params *p, int inputs, struct ht_pool *pool, ht_error *err)
{
    const char *unknown = ht_row_noise_unknown(p);
    if (unknown) return ht_error_set(err, HT_USAGE, "κ is not predicted: %s", unknown), NULL;
    ht_network *net = ht_network_of(p, (ht_shape){inputs, 1, 1}, 1, err);
    if (net) ht_network_init(net, OWN_SEED, pool);
    return net;
}

ht_code ht_row_noise_draw(const ht_params *p, int inputs, double steps, int count, double *ratios,
                          struct ht_pool *pool, ht_error *err)
{
    ht_network *base = initial(p, inputs, pool, err);
    if (!base) return err->code;
    ht_row_noise rows = rows_of(p, base, steps);
    ht_code code = ht_row_noise_ratios(&rows, count, ratios, pool, err);
    ht_network_free(base);
    return code;
}

ht_code ht_row_noise_predict(const ht_params *p, int inputs, double steps, double seconds,
                             ht_row_prediction *prediction, struct ht_pool *pool, ht_error *err)
{
    double ratios[HT_ROW_DRAWS];
    *prediction = (ht_row_prediction){.unknown = ht_row_noise_unknown(p)};
    if (prediction->unknown) return HT_OK;
    ht_network *base = initial(p, inputs, pool, err);
    if (!base) return HT_FAIL;
    ht_row_noise rows = rows_of(p, base, steps);
    int count = rows.growth.scale > 0 ? ht_row_noise_count(&rows, seconds) : 1;
    ht_code code = HT_OK;
    if (isfinite(rows.growth.keep) && isfinite((float)rows.growth.scale))
        code = ht_row_noise_ratios(&rows, count, ratios, pool, err);
    else
        prediction->unknown = "decay and step size let weights grow without bound", count = 0;
    if (code == HT_OK) prediction->ratio = ht_summarize(ratios, (size_t)count);
    ht_network_free(base);
    return code;
}
