/* prune_svd_curve.c - the curve of one hidden layer by rank: pre-activations are added up from the smallest
 * rank to the full one, so that all of them cost about one forward pass and an evaluation each. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "num/linalg.h"
#include "nn/loss.h"
#include "prune/prune_svd.h"
#include "nn/shard.h"

enum { RANKS = 200, ROUND = 16 }; /* least number of points, if there are so many ranks; tasks of a round */

typedef struct curve_job {
    const ht_prune_plan *plan;
    const ht_samples *samples;
    const ht_svd_factor *f;
    const float *in;         /* (m × d), A = Σ outᵢ inᵢᵀ: rows are inᵢ … */
    const float *out;        /* (m × n): … and outᵢ */
    const int *levels;       /* (count): ranks removed, falling */
    int count, stride;       /* how many, and how many ranks lie between two at most */
    int tasks, chunk, first; /* samples of a task; first task of the round */
    size_t per_worker;
    float *scratch;       /* (workers × per_worker) */
    int *correct;         /* (ROUND × count) */
    double *loss;         /* (ROUND × count) */
    int64_t *all_correct; /* (count): of all rounds */
    double *all_loss;
} curve_job;

/* Samples of a task: as many as a worker has room for in 512 kB, `row` floats each; at least 16. */
static int chunk_of(size_t row)
{
    int chunk = HT_EVAL_CHUNK;
    while (chunk > 16 && (size_t)chunk * row > 1u << 17) chunk /= 2;
    return chunk;
}

/* Floats for a sample: pre-activations, what it is along the ranks of a level, a shard's activations, logits.
 */
static size_t room_of(const ht_network *net, int stride)
{
    return (size_t)net->weights[0]->rows + (size_t)stride + HT_SHARD + (size_t)net->weights[1]->rows;
}

/* logits of a chunk from its pre-activations (samples × n), shard by shard */
static void score_chunk(const curve_job *job, const float *pre, int samples, float *block, float *logits)
{
    const ht_network *net = job->plan->net;
    const ht_tensor *out = net->weights[1];
    int n = net->weights[0]->rows;
    float scale = net->mean_field ? 1.0f / (float)n : 1.0f;
    for (int s = 0; s < ht_shards(n); s++) {
        int first = s * HT_SHARD, m = ht_shard_rows(n, s);
        for (int i = 0; i < samples; i++)
            memcpy(block + (size_t)i * (size_t)m, pre + (size_t)i * (size_t)n + first,
                   (size_t)m * sizeof(float));
        ht_activate(ht_network_activation(net, 0), block, (size_t)m * (size_t)samples);
        ht_gemm_nt(samples, out->rows, m, scale, block, m, out->data + first, n, s ? 1.0f : 0.0f, logits,
                   out->rows);
    }
    ht_add_bias(ht_tensor_biases(out), logits, samples, out->rows);
}

static void curve_chunk(void *context, int task, int worker)
{
    const curve_job *job = context;
    const ht_tensor *hidden = job->plan->net->weights[0];
    int n = hidden->rows, d = hidden->columns, m = job->f->m, classes = job->plan->net->weights[1]->rows;
    size_t start = ((size_t)job->first + (size_t)task) * (size_t)job->chunk,
           left = job->samples->count - start;
    int samples = left < (size_t)job->chunk ? (int)left : job->chunk, removed = m;
    const float *x = job->samples->x + start * (size_t)d;
    float *pre = job->scratch + (size_t)worker * job->per_worker;
    float *along = pre + (size_t)job->chunk * (size_t)n;
    float *block = along + (size_t)job->chunk * (size_t)job->stride;
    float *logits = block + (size_t)job->chunk * HT_SHARD;
    for (int i = 0; i < samples; i++) { /* all removed: what the medians give is the same for every neuron */
        double sum = 0;
        for (int j = 0; j < d; j++)
            sum += (double)x[(size_t)i * (size_t)d + (size_t)j] * (double)job->f->median[j];
        for (int j = 0; j < n; j++) pre[(size_t)i * (size_t)n + (size_t)j] = (float)sum;
    }
    ht_add_bias(ht_tensor_biases(hidden), pre, samples, n);
    for (int level = 0; level < job->count; level++) {
        ht_error cancelled;
        if (ht_prune_go_on(&job->plan->spec, &cancelled) != HT_OK) return; /* run_curve asks again */
        int k = removed - job->levels[level];
        size_t slot = (size_t)task * (size_t)job->count + (size_t)level;
        removed -= k;
        if (k > 0) { /* ranks removed .. removed + k - 1 come back */
            ht_gemm_nt(samples, k, d, 1.0f, x, d, job->in + (size_t)removed * (size_t)d, d, 0.0f, along, k);
            ht_gemm_nn(samples, n, k, 1.0f, along, k, job->out + (size_t)removed * (size_t)n, n, 1.0f, pre,
                       n);
        }
        score_chunk(job, pre, samples, block, logits);
        ht_softmax_loss(logits, job->samples->labels + start, samples, classes, NULL, &job->loss[slot],
                        &job->correct[slot]);
    }
}

/* ---- the second factor ---- */

enum { STRIP = 256 }; /* its columns of a task */

typedef struct factor_job {
    const ht_tensor *layer;
    const ht_svd_factor *f;
    int other;      /* n, or wide d */
    float *shift;   /* (m): V med, or wide V 1 */
    float *product; /* (m × other) */
} factor_job;

/* V (W - 1·medᵀ)ᵀ, or V (W - 1·medᵀ). */
static void factor_strip(void *context, int strip, int worker)
{
    const factor_job *job = context;
    const float *v = job->f->v, *w = job->layer->data, *median = job->f->median;
    int first = strip * STRIP, left = job->other - first, count = left < STRIP ? left : STRIP;
    int m = job->f->m, d = job->layer->columns, other = job->other;
    float *product = job->product + first;
    (void)worker;
    if (job->f->wide)
        ht_gemm_nn(m, count, m, 1.0f, v, m, w + first, d, 0.0f, product, other);
    else
        ht_gemm_nt(m, count, d, 1.0f, v, m, w + (size_t)first * (size_t)d, d, 0.0f, product, other);
    for (int i = 0; i < m; i++, product += other)
        for (int j = 0; j < count; j++)
            product[j] -= job->shift[i] * (job->f->wide ? median[first + j] : 1.0f);
}

/* (m × n or d) */
static float *second_factor(const ht_tensor *layer, const ht_svd_factor *f, ht_pool *pool, ht_error *err)
{
    size_t m = (size_t)f->m;
    factor_job job = {.layer = layer, .f = f, .other = f->wide ? layer->columns : layer->rows};
    job.product = ht_alloc(m * (size_t)job.other, sizeof(float), "the pruning curve", err);
    job.shift = job.product ? ht_alloc(m, sizeof(float), "the pruning curve", err) : NULL;
    if (!job.shift) return ht_free(job.product), NULL;
    for (size_t i = 0; i < m * m; i++) job.shift[i / m] += f->v[i] * (f->wide ? 1.0f : f->median[i % m]);
    ht_pool_run(pool, (job.other + STRIP - 1) / STRIP, factor_strip, &job);
    ht_free(job.shift);
    return job.product;
}

/* ---- the curve ---- */

static int stride_of(int m)
{
    return m <= RANKS ? 1 : m / RANKS;
}

/* All ranks, or evenly many and the one at the spec's cut; falling. Returns how many. */
static int choose_levels(int m, int at, int *levels)
{
    int count = 0;
    for (int removed = m; removed >= 0; removed--)
        if (removed == at || removed == m || removed % stride_of(m) == 0) levels[count++] = removed;
    return count;
}

static void fill_points(const curve_job *job, int at, ht_prune_curve *curve)
{
    double total = (double)job->samples->count;
    curve->count = job->count;
    for (int i = 0; i < job->count; i++) { /* rising */
        int level = job->count - 1 - i;
        int64_t removed[HT_WEIGHTS_MAX] = {job->levels[level]};
        double lost2[HT_WEIGHTS_MAX] = {0};
        ht_prune_result r = ht_prune_plan_result(job->plan, removed, lost2);
        curve->points[i] = (ht_prune_point){.removed = removed[0],
                                            .ratio = r.ratio,
                                            .error = job->plan->orders[0].error[removed[0]],
                                            .accuracy = (double)job->all_correct[level] / total,
                                            .loss = job->all_loss[level] / total,
                                            .weights = (double)r.parameters_left / (double)r.parameters,
                                            .bytes = (double)r.bytes_left / (double)r.bytes,
                                            .compute = r.multiply_adds_left / r.multiply_adds};
        if (removed[0] == at) curve->at = curve->points[i];
    }
}

/* Round by round, so that what tasks leave stays small; added up in the tasks' order. */
static ht_code run_rounds(curve_job *job, ht_error *err)
{
    for (job->first = 0; job->first < job->tasks; job->first += ROUND) {
        int left = job->tasks - job->first, tasks = left < ROUND ? left : ROUND;
        size_t slots = (size_t)tasks * (size_t)job->count;
        memset(job->correct, 0, slots * sizeof *job->correct);
        memset(job->loss, 0, slots * sizeof *job->loss);
        ht_pool_run(job->plan->pool, tasks, curve_chunk, job);
        if (ht_prune_go_on(&job->plan->spec, err) != HT_OK) return err->code;
        for (size_t i = 0; i < slots; i++) {
            job->all_correct[i % (size_t)job->count] += job->correct[i];
            job->all_loss[i % (size_t)job->count] += job->loss[i];
        }
    }
    return HT_OK;
}

static ht_code run_curve(curve_job *job, int at, ht_prune_curve *curve, ht_error *err)
{
    size_t workers = (size_t)ht_pool_threads(job->plan->pool), count = (size_t)job->count;
    job->scratch = ht_alloc(workers * job->per_worker, sizeof(float), "the pruning curve", err);
    job->correct = ht_alloc(ROUND * count, sizeof *job->correct, "the pruning curve", err);
    job->loss = ht_alloc(ROUND * count, sizeof *job->loss, "the pruning curve", err);
    job->all_correct = ht_alloc(count, sizeof *job->all_correct, "the pruning curve", err);
    job->all_loss = ht_alloc(count, sizeof *job->all_loss, "the pruning curve", err);
    curve->points = ht_alloc(count, sizeof *curve->points, "the pruning curve", err);
    bool good = job->scratch && job->correct && job->loss && job->all_correct && job->all_loss &&
                curve->points && run_rounds(job, err) == HT_OK;
    if (good) fill_points(job, at, curve);
    ht_free(job->scratch);
    ht_free(job->correct);
    ht_free(job->loss);
    ht_free(job->all_correct);
    ht_free(job->all_loss);
    return good ? HT_OK : HT_FAIL;
}

ht_code ht_prune_svd_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                           ht_error *err)
{
    const ht_svd_factor *f = &((const ht_svd *)plan->state)->layer[0];
    ht_prune_cut cut[HT_WEIGHTS_MAX] = {{0}};
    if (ht_prune_cut_orders(plan, plan->spec.ratio, cut, err) != HT_OK) return err->code;
    int at = (int)cut[0].removed;
    int *levels = ht_alloc((size_t)f->m + 1, sizeof *levels, "the pruning curve", err);
    float *second = levels ? second_factor(plan->net->weights[0], f, plan->pool, err) : NULL;
    ht_code code = second ? HT_OK : HT_FAIL;
    if (code == HT_OK) {
        size_t row = room_of(plan->net, stride_of(f->m));
        int chunk = chunk_of(row);
        curve_job job = {.plan = plan,
                         .samples = samples,
                         .f = f,
                         .in = f->wide ? second : f->v,
                         .out = f->wide ? f->v : second,
                         .levels = levels,
                         .count = choose_levels(f->m, at, levels),
                         .stride = stride_of(f->m),
                         .chunk = chunk,
                         .tasks = (int)((samples->count + (size_t)chunk - 1) / (size_t)chunk),
                         .per_worker = (size_t)chunk * row};
        code = run_curve(&job, at, curve, err);
    }
    ht_free(second);
    ht_free(levels);
    return code;
}
