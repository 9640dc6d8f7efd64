/* prune_svd.c - singular values: each hidden layer becomes its best approximation of lower rank, with the
 * medians of its columns taken away before and put back after if wanted (arXiv 2106.03795).
 *
 * A = W - 1·medᵀ is (n × d), m = min(n, d). The singular vectors of the shorter side come from the
 * eigenvalues of AᵀA or AAᵀ, in double: v_i (m) with A v_i = σ_i u_i. Projecting A on the kept v needs no
 * second factor, so that a layer is pruned in place. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "math/activation.h"
#include "math/linalg.h"
#include "math/loss.h"
#include "math/prune_plan.h"
#include "math/select.h"
#include "math/shard.h"

typedef struct factor {
    float *median; /* (d): zeros unless centred */
    float *v;      /* (m × m): row i is v_i, smallest singular value first */
    int m;
    bool wide; /* n < d: v are left singular vectors */
} factor;

typedef struct svd {
    factor layer[HT_DEPTH_MAX];
} svd;

/* ---- factorisation ---- */

static ht_code column_medians(const ht_layer *layer, float *median, ht_error *err)
{
    size_t n = (size_t)layer->rows, d = (size_t)layer->columns;
    float *column = ht_alloc(n, sizeof *column, "column medians", err);
    if (!column) return err->code;
    for (size_t j = 0; j < d; j++) {
        for (size_t i = 0; i < n; i++) column[i] = layer->weight[i * d + j];
        median[j] = ht_median(column, n);
    }
    ht_free(column);
    return HT_OK;
}

/* gram (m × m) = AᵀA or AAᵀ, its lower triangle, from blocks of A in double. */
static ht_code gram_matrix(const ht_layer *layer, const factor *f, double *gram, ht_error *err)
{
    size_t n = (size_t)layer->rows, d = (size_t)layer->columns, m = (size_t)f->m, along = f->wide ? d : n;
    double *block = ht_alloc(HT_SHARD * m, sizeof *block, "singular values", err);
    if (!block) return err->code;
    for (size_t first = 0; first < along; first += HT_SHARD) {
        size_t count = along - first < HT_SHARD ? along - first : HT_SHARD;
        for (size_t b = 0; b < count; b++) /* block is (count × m) */
            for (size_t i = 0; i < m; i++) {
                size_t row = f->wide ? i : first + b, column = f->wide ? first + b : i;
                block[b * m + i] = (double)layer->weight[row * d + column] - (double)f->median[column];
            }
        ht_gram_add(f->m, (int)count, block, gram);
    }
    ht_free(block);
    return HT_OK;
}

static ht_code factorise(const ht_layer *layer, factor *f, ht_prune_order *order, ht_error *err)
{
    size_t m = (size_t)f->m;
    double *gram = ht_alloc(m * m, sizeof *gram, "singular values", err);
    double *vectors = gram ? ht_alloc(m * m, sizeof *vectors, "singular vectors", err) : NULL;
    ht_code code = vectors ? gram_matrix(layer, f, gram, err) : err->code;
    if (code == HT_OK) code = ht_eigen(f->m, gram, order->norm2, vectors, err);
    for (size_t i = 0; i < m && code == HT_OK; i++) {
        order->neuron[i] = (int)i;
        order->norm2[i] = fmax(order->norm2[i], 0);
        order->key[i] = order->norm2[i];
    }
    for (size_t i = 0; i < m * m && code == HT_OK; i++) f->v[i] = (float)vectors[i];
    ht_free(gram);
    ht_free(vectors);
    return code;
}

static ht_code prepare_layer(ht_prune_plan *plan, int l, factor *f, ht_error *err)
{
    const ht_layer *layer = &plan->net->layers[l];
    f->wide = layer->rows < layer->columns;
    f->m = f->wide ? layer->rows : layer->columns;
    plan->units[l] = f->m;
    size_t m = (size_t)f->m;
    f->median = ht_alloc((size_t)layer->columns, sizeof(float), "column medians", err);
    f->v = f->median ? ht_alloc(m * m, sizeof(float), "singular vectors", err) : NULL;
    if (!f->v || ht_prune_order_alloc(&plan->orders[l], f->m, err) != HT_OK) return err->code;
    if (plan->spec.centre && column_medians(layer, f->median, err) != HT_OK) return err->code;
    if (factorise(layer, f, &plan->orders[l], err) != HT_OK) return err->code;
    ht_prune_order_errors(&plan->orders[l], plan->norm2[l], plan->spec.metric);
    return HT_OK;
}

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    svd *s = plan->state = ht_alloc(1, sizeof *s, "singular values", err);
    if (!s) return err->code;
    for (int l = 0; l < plan->layers; l++)
        if (prepare_layer(plan, l, &s->layer[l], err) != HT_OK) return err->code;
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    svd *s = plan->state;
    for (int l = 0; s && l < HT_DEPTH_MAX; l++) {
        ht_free(s->layer[l].median);
        ht_free(s->layer[l].v);
    }
    ht_free(s);
}

/* ---- the layer of lower rank, in place ---- */

typedef struct projection {
    const factor *f;
    ht_layer *layer;
    int removed;
    float *scratch; /* (workers × HT_SHARD × m) */
} projection;

static void add_medians(const projection *p, int first_row, int rows, int first, int columns, float sign)
{
    for (int i = 0; i < rows; i++) {
        float *w = p->layer->weight + (size_t)(first_row + i) * (size_t)p->layer->columns + first;
        for (int j = 0; j < columns; j++) w[j] += sign * p->f->median[first + j];
    }
}

/* Rows of a shard (or, wide, its columns): A ← A V Vᵀ (V Vᵀ A), V the kept vectors. */
static void project_shard(void *context, int shard, int worker)
{
    const projection *p = context;
    int m = p->f->m, d = p->layer->columns, kept = m - p->removed, first = shard * HT_SHARD;
    int count = ht_shard_rows(p->f->wide ? d : p->layer->rows, shard);
    const float *v = p->f->v + (size_t)p->removed * (size_t)m;
    float *t = p->scratch + (size_t)worker * HT_SHARD * (size_t)m;
    if (p->f->wide) {
        float *w = p->layer->weight + first;
        add_medians(p, 0, m, first, count, -1);
        ht_gemm_nn(kept, count, m, 1.0f, v, m, w, d, 0.0f, t, count);
        ht_gemm_tn(m, count, kept, 1.0f, v, m, t, count, 0.0f, w, d);
        add_medians(p, 0, m, first, count, 1);
    } else {
        float *w = p->layer->weight + (size_t)first * (size_t)d;
        add_medians(p, first, count, 0, d, -1);
        ht_gemm_nt(count, kept, d, 1.0f, w, d, v, m, 0.0f, t, m);
        ht_gemm_nn(count, d, kept, 1.0f, t, m, v, m, 0.0f, w, d);
        add_medians(p, first, count, 0, d, 1);
    }
}

static ht_code project(const ht_prune_plan *plan, const ht_prune_cut cut[HT_LAYERS], ht_network *net,
                       int64_t removed[HT_LAYERS], double lost2[HT_LAYERS], ht_error *err)
{
    const svd *s = plan->state;
    for (int l = 0; l < plan->layers; l++) {
        projection p = {&s->layer[l], &net->layers[l], (int)cut[l].removed, NULL};
        removed[l] = cut[l].removed;
        for (int64_t i = 0; i < removed[l]; i++) lost2[l] += plan->orders[l].norm2[i];
        if (removed[l] == 0) continue; /* not even rounded */
        p.scratch = ht_alloc((size_t)ht_pool_threads(plan->pool) * HT_SHARD, (size_t)p.f->m * sizeof(float),
                             "a projection", err);
        if (!p.scratch) return err->code;
        ht_pool_run(plan->pool, ht_shards(p.f->wide ? p.layer->columns : p.layer->rows), project_shard, &p);
        ht_free(p.scratch);
    }
    return HT_OK;
}

/* ---- the curve of one hidden layer: pre-activations, rank by rank ---- */

enum { RANKS = 200 }; /* least number of points of a curve, if there are so many ranks */

typedef struct curve_job {
    const ht_prune_plan *plan;
    const ht_samples *samples;
    const factor *f;
    const float *in;   /* (m × d), A = Σ outᵢ inᵢᵀ: rows are inᵢ … */
    const float *out;  /* (m × n): … and outᵢ */
    const int *levels; /* (count): ranks removed, falling */
    int count, tasks;
    size_t per_worker;
    float *scratch; /* (workers × per_worker) */
    int *correct;   /* (tasks × count) */
    double *loss;   /* (tasks × count) */
} curve_job;

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
    size_t start = (size_t)task * HT_EVAL_CHUNK, left = job->samples->count - start;
    int samples = left < HT_EVAL_CHUNK ? (int)left : HT_EVAL_CHUNK, removed = m;
    const float *x = job->samples->x + start * (size_t)d;
    float *pre = job->scratch + (size_t)worker * job->per_worker;
    float *along = pre + (size_t)HT_EVAL_CHUNK * (size_t)n;
    float *block = along + (size_t)HT_EVAL_CHUNK * (size_t)m;
    float *logits = block + (size_t)HT_EVAL_CHUNK * HT_SHARD;
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
static float *second_factor(const ht_layer *layer, const factor *f, ht_error *err)
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
    const ht_network *net = job->plan->net;
    size_t workers = (size_t)ht_pool_threads(job->plan->pool), n = (size_t)net->layers[0].rows;
    size_t slots = (size_t)job->tasks * (size_t)job->count;
    job->per_worker = HT_EVAL_CHUNK * (n + (size_t)job->f->m + HT_SHARD + (size_t)net->layers[1].rows);
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
    return good ? HT_OK : err->code;
}

static ht_code make_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                          ht_error *err)
{
    const factor *f = &((const svd *)plan->state)->layer[0];
    ht_prune_cut cut[HT_LAYERS] = {{0}};
    if (ht_prune_cut_orders(plan, plan->spec.ratio, cut, err) != HT_OK) return err->code;
    int at = (int)cut[0].removed;
    int *levels = ht_alloc((size_t)f->m + 1, sizeof *levels, "the pruning curve", err);
    float *second = levels ? second_factor(&plan->net->layers[0], f, err) : NULL;
    ht_code code = second ? HT_OK : err->code;
    if (code == HT_OK) {
        curve_job job = {.plan = plan,
                         .samples = samples,
                         .f = f,
                         .in = f->wide ? second : f->v,
                         .out = f->wide ? f->v : second,
                         .levels = levels,
                         .count = choose_levels(f->m, at, levels),
                         .tasks = (int)((samples->count + HT_EVAL_CHUNK - 1) / HT_EVAL_CHUNK)};
        code = run_curve(&job, at, curve, err);
    }
    ht_free(second);
    ht_free(levels);
    return code;
}

const ht_prune_ops ht_prune_svd_ops = {prepare, release, ht_prune_cut_orders, project, make_curve};
