/* prune_svd_curve.c - the curve of one hidden layer by rank: pre-activations are added up from the smallest
 * rank to the full one, so that all of them cost about one forward pass and an evaluation each. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "math/activation.h"
#include "math/linalg.h"
#include "math/loss.h"
#include "math/prune_svd.h"
#include "math/shard.h"

enum { RANKS = 200 }; /* least number of points of a curve, if there are so many ranks */

typedef struct curve_job {
    const ht_prune_plan *plan;
    const ht_samples *samples;
    const ht_svd_factor *f;
    const float *in;         /* (m × d), A = Σ outᵢ inᵢᵀ: rows are inᵢ … */
    const float *out;        /* (m × n): … and outᵢ */
    const int *levels;       /* (count): ranks removed, falling */
    int count, tasks, chunk; /* samples of a task */
    size_t per_worker;
    float *scratch; /* (workers × per_worker) */
    int *correct;   /* (tasks × count) */
    double *loss;   /* (tasks × count) */
} curve_job;

/* Samples of a task: as many as a worker has room for in 1 MB, `row` floats each; at least 16. */
static int chunk_of(size_t row)
{
    int chunk = HT_EVAL_CHUNK;
    while (chunk > 16 && (size_t)chunk * row > 1u << 18) chunk /= 2;
    return chunk;
}

/* Floats for a sample: pre-activations, what it is along the ranks, a shard's activations, logits. */
static size_t room_of(const ht_network *net, const ht_svd_factor *f)
{
    return (size_t)net->layers[0].rows + (size_t)f->m + HT_SHARD + (size_t)net->layers[1].rows;
}

/* logits of a chunk from its pre-activations (samples × n), shard by shard */
static void score_chunk(const curve_job *job, const float *pre, int samples, float *block, float *logits)
{
    const ht_network *net = job->plan->net;
    const ht_layer *out = &net->layers[1];
    int n = net->layers[0].rows;
    float scale = net->mean_field ? 1.0f / (float)n : 1.0f;
    for (int s = 0; s < ht_shards(n); s++) {
        int first = s * HT_SHARD, m = ht_shard_rows(n, s);
        for (int i = 0; i < samples; i++)
            memcpy(block + (size_t)i * (size_t)m, pre + (size_t)i * (size_t)n + first,
                   (size_t)m * sizeof(float));
        ht_activate(net->activation, block, (size_t)m * (size_t)samples);
        ht_gemm_nt(samples, out->rows, m, scale, block, m, out->weight + first, n, s ? 1.0f : 0.0f, logits,
                   out->rows);
    }
}

static void curve_chunk(void *context, int task, int worker)
{
    const curve_job *job = context;
    const ht_layer *hidden = &job->plan->net->layers[0];
    int n = hidden->rows, d = hidden->columns, m = job->f->m, classes = job->plan->net->layers[1].rows;
    size_t start = (size_t)task * (size_t)job->chunk, left = job->samples->count - start;
    int samples = left < (size_t)job->chunk ? (int)left : job->chunk, removed = m;
    const float *x = job->samples->x + start * (size_t)d;
    float *pre = job->scratch + (size_t)worker * job->per_worker;
    float *along = pre + (size_t)job->chunk * (size_t)n;
    float *block = along + (size_t)job->chunk * (size_t)m;
    float *logits = block + (size_t)job->chunk * HT_SHARD;
    for (int i = 0; i < samples; i++) { /* all removed: what the medians give is the same for every neuron */
        double sum = 0;
        for (int j = 0; j < d; j++)
            sum += (double)x[(size_t)i * (size_t)d + (size_t)j] * (double)job->f->median[j];
        for (int j = 0; j < n; j++) pre[(size_t)i * (size_t)n + (size_t)j] = (float)sum;
    }
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

/* The second factor, (m × n or d): V Aᵀ, or wide V A. */
static float *second_factor(const ht_layer *layer, const ht_svd_factor *f, ht_error *err)
{
    int n = layer->rows, d = layer->columns, other = f->wide ? d : n, m = f->m;
    float *product = ht_alloc((size_t)m * (size_t)other, sizeof *product, "the pruning curve", err);
    float *shift = product ? ht_alloc((size_t)m, sizeof *shift, "the pruning curve", err) : NULL;
    if (!shift) return ht_free(product), NULL;
    if (f->wide) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) shift[i] += f->v[(size_t)i * (size_t)m + (size_t)j];
        ht_gemm_nn(m, d, m, 1.0f, f->v, m, layer->weight, d, 0.0f, product, d);
    } else {
        ht_gemm_nt(m, 1, d, 1.0f, f->v, m, f->median, d, 0.0f, shift, 1);
        ht_gemm_nt(m, n, d, 1.0f, f->v, m, layer->weight, d, 0.0f, product, n);
    }
    for (int i = 0; i < m; i++) /* V (W - 1·medᵀ)ᵀ, or V (W - 1·medᵀ) */
        for (int j = 0; j < other; j++)
            product[(size_t)i * (size_t)other + (size_t)j] -= shift[i] * (f->wide ? f->median[j] : 1.0f);
    ht_free(shift);
    return product;
}

/* All ranks, or evenly many and the one at the spec's cut; falling. Returns how many. */
static int choose_levels(int m, int at, int *levels)
{
    int stride = m <= RANKS ? 1 : m / RANKS, count = 0;
    for (int removed = m; removed >= 0; removed--)
        if (removed == at || removed == m || removed % stride == 0) levels[count++] = removed;
    return count;
}

static void fill_points(const curve_job *job, int at, ht_prune_curve *curve)
{
    double total = (double)job->samples->count;
    curve->count = job->count;
    for (int i = 0; i < job->count; i++) { /* rising */
        int level = job->count - 1 - i, right = 0;
        double loss = 0;
        for (int t = 0; t < job->tasks; t++) {
            right += job->correct[(size_t)t * (size_t)job->count + (size_t)level];
            loss += job->loss[(size_t)t * (size_t)job->count + (size_t)level];
        }
        int64_t removed[HT_LAYERS] = {job->levels[level]};
        double lost2[HT_LAYERS] = {0};
        ht_prune_result r = ht_prune_plan_result(job->plan, removed, lost2);
        curve->points[i] = (ht_prune_point){.removed = removed[0],
                                            .ratio = r.ratio,
                                            .error = job->plan->orders[0].error[removed[0]],
                                            .accuracy = right / total,
                                            .loss = loss / total,
                                            .weights = (double)r.parameters_left / (double)r.parameters,
                                            .bytes = (double)r.bytes_left / (double)r.bytes};
        if (removed[0] == at) curve->at = curve->points[i];
    }
}

static ht_code run_curve(curve_job *job, int at, ht_prune_curve *curve, ht_error *err)
{
    size_t workers = (size_t)ht_pool_threads(job->plan->pool);
    size_t slots = (size_t)job->tasks * (size_t)job->count;
    job->per_worker = (size_t)job->chunk * room_of(job->plan->net, job->f);
    job->scratch = ht_alloc(workers * job->per_worker, sizeof(float), "the pruning curve", err);
    job->correct = ht_alloc(slots, sizeof *job->correct, "the pruning curve", err);
    job->loss = ht_alloc(slots, sizeof *job->loss, "the pruning curve", err);
    curve->points = ht_alloc((size_t)job->count, sizeof *curve->points, "the pruning curve", err);
    bool good = job->scratch && job->correct && job->loss && curve->points;
    if (good) {
        ht_pool_run(job->plan->pool, job->tasks, curve_chunk, job);
        good = ht_prune_go_on(&job->plan->spec, err) == HT_OK;
    }
    if (good) fill_points(job, at, curve);
    ht_free(job->scratch);
    ht_free(job->correct);
    ht_free(job->loss);
    return good ? HT_OK : HT_FAIL;
}

ht_code ht_prune_svd_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                           ht_error *err)
{
    const ht_svd_factor *f = &((const ht_svd *)plan->state)->layer[0];
    ht_prune_cut cut[HT_LAYERS] = {{0}};
    if (ht_prune_cut_orders(plan, plan->spec.ratio, cut, err) != HT_OK) return err->code;
    int at = (int)cut[0].removed;
    int *levels = ht_alloc((size_t)f->m + 1, sizeof *levels, "the pruning curve", err);
    float *second = levels ? second_factor(&plan->net->layers[0], f, err) : NULL;
    ht_code code = second ? HT_OK : HT_FAIL;
    if (code == HT_OK) {
        int chunk = chunk_of(room_of(plan->net, f));
        curve_job job = {.plan = plan,
                         .samples = samples,
                         .f = f,
                         .in = f->wide ? second : f->v,
                         .out = f->wide ? f->v : second,
                         .levels = levels,
                         .count = choose_levels(f->m, at, levels),
                         .chunk = chunk,
                         .tasks = (int)((samples->count + (size_t)chunk - 1) / (size_t)chunk)};
        code = run_curve(&job, at, curve, err);
    }
    ht_free(second);
    ht_free(levels);
    return code;
}
