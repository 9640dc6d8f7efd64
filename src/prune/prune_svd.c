/* prune_svd.c - singular values: each hidden layer becomes its best approximation of lower rank, with the
 * medians of its columns taken away before and put back after if wanted (arXiv 2106.03795).
 *
 * A = W - 1·medᵀ is (n × d), m = min(n, d). The singular vectors of the shorter side come from the
 * eigenvalues of AᵀA or AAᵀ, in double: v_i (m) with A v_i = σ_i u_i. Projecting A on the kept v needs no
 * second factor, so that a layer is pruned in place. */
#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "num/eigen.h"
#include "num/linalg.h"
#include "prune/prune_svd.h"
#include "num/select.h"

enum { STRIP = 32 }; /* rows, or wide columns, at a time: few, so that what is made of them stays small */

/* ---- factorisation ---- */

static ht_code column_medians(const ht_tensor *layer, float *median, ht_error *err)
{
    size_t n = (size_t)layer->rows, d = (size_t)layer->columns;
    float *column = ht_alloc(n, sizeof *column, "column medians", err);
    if (!column) return HT_FAIL;
    for (size_t j = 0; j < d && !ht_cancelled(); j++) {
        for (size_t i = 0; i < n; i++) column[i] = layer->data[i * d + j];
        median[j] = ht_median(column, n);
    }
    ht_free(column);
    return ht_still_wanted(err);
}

/* gram (m × m) = AᵀA or AAᵀ, its lower triangle, from blocks of A in double. */
static ht_code gram_matrix(const ht_tensor *layer, const ht_svd_factor *f, double *gram, ht_error *err)
{
    size_t n = (size_t)layer->rows, d = (size_t)layer->columns, m = (size_t)f->m, along = f->wide ? d : n;
    double *block = ht_alloc(STRIP * m, sizeof *block, "singular values", err);
    if (!block) return HT_FAIL;
    for (size_t first = 0; first < along && !ht_cancelled(); first += STRIP) {
        size_t count = along - first < STRIP ? along - first : STRIP;
        for (size_t b = 0; b < count; b++) /* block is (count × m) */
            for (size_t i = 0; i < m; i++) {
                size_t row = f->wide ? i : first + b, column = f->wide ? first + b : i;
                block[b * m + i] = (double)layer->data[row * d + column] - (double)f->median[column];
            }
        ht_gram_add(f->m, (int)count, block, gram);
    }
    ht_free(block);
    return ht_still_wanted(err);
}

/* The vectors of rising eigenvalues, in double. */
static double *eigenvectors(const ht_tensor *layer, const ht_svd_factor *f, double *values, ht_error *err)
{
    size_t m = (size_t)f->m;
    double *gram = ht_alloc(m * m, sizeof *gram, "singular values", err);
    if (gram && gram_matrix(layer, f, gram, err) == HT_OK) return ht_eigen(f->m, &gram, values, err);
    ht_free(gram);
    return NULL;
}

static ht_code factorise(const ht_tensor *layer, ht_svd_factor *f, ht_prune_order *order, ht_error *err)
{
    size_t m = (size_t)f->m;
    double *vectors = eigenvectors(layer, f, order->norm2, err);
    f->v = vectors ? ht_alloc(m * m, sizeof *f->v, "singular vectors", err) : NULL;
    for (size_t i = 0; f->v && i < m; i++) {
        order->neuron[i] = (int)i;
        order->norm2[i] = fmax(order->norm2[i], 0);
        order->key[i] = order->norm2[i];
    }
    for (size_t i = 0; f->v && i < m * m; i++) f->v[i] = (float)vectors[i];
    ht_free(vectors);
    return f->v ? HT_OK : HT_FAIL;
}

static ht_code prepare_layer(ht_prune_plan *plan, int l, ht_svd_factor *f, ht_error *err)
{
    const ht_tensor part = ht_prune_part(plan, plan->net, l), *layer = &part;
    f->wide = layer->rows < layer->columns;
    f->m = f->wide ? layer->rows : layer->columns;
    plan->units[l] = f->m;
    f->median = ht_alloc((size_t)layer->columns, sizeof(float), "column medians", err);
    if (!f->median || ht_prune_order_alloc(&plan->orders[l], f->m, err) != HT_OK) return HT_FAIL;
    if (plan->spec.centre && column_medians(layer, f->median, err) != HT_OK) return err->code;
    if (factorise(layer, f, &plan->orders[l], err) != HT_OK) return err->code;
    ht_prune_order_errors(&plan->orders[l], plan->norm2[l], plan->spec.metric);
    return HT_OK;
}

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    ht_svd *s = plan->state = ht_alloc(1, sizeof *s, "singular values", err);
    if (!s) return HT_FAIL;
    for (int l = 0; l < plan->layers; l++)
        if (plan->acts[l] && prepare_layer(plan, l, &s->layer[l], err) != HT_OK) return err->code;
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    ht_svd *s = plan->state;
    for (int l = 0; s && l < HT_HIDDEN_MAX; l++) {
        ht_free(s->layer[l].median);
        ht_free(s->layer[l].v);
    }
    ht_free(s);
}

/* ---- the layer of lower rank, in place ---- */

typedef struct projection {
    const ht_svd_factor *f;
    ht_tensor *layer;
    int removed;
    float *scratch; /* (workers × STRIP × m) */
} projection;

static void add_medians(const projection *p, int first_row, int rows, int first, int columns, float sign)
{
    for (int i = 0; i < rows; i++) {
        float *w = p->layer->data + (size_t)(first_row + i) * (size_t)p->layer->columns + first;
        for (int j = 0; j < columns; j++) w[j] += sign * p->f->median[first + j];
    }
}

static int length(const projection *p)
{
    return p->f->wide ? p->layer->columns : p->layer->rows;
}

/* Rows of a strip (or, wide, its columns): A ← A V Vᵀ (V Vᵀ A), V the kept vectors. */
static void project_strip(void *context, int strip, int worker)
{
    const projection *p = context;
    int m = p->f->m, d = p->layer->columns, kept = m - p->removed, first = strip * STRIP;
    int left = length(p) - first, count = left < STRIP ? left : STRIP;
    const float *v = p->f->v + (size_t)p->removed * (size_t)m;
    float *t = p->scratch + (size_t)worker * STRIP * (size_t)m;
    if (p->f->wide) {
        float *w = p->layer->data + first;
        add_medians(p, 0, m, first, count, -1);
        ht_gemm_nn(kept, count, m, 1.0f, v, m, w, d, 0.0f, t, count);
        ht_gemm_tn(m, count, kept, 1.0f, v, m, t, count, 0.0f, w, d);
        add_medians(p, 0, m, first, count, 1);
    } else {
        float *w = p->layer->data + (size_t)first * (size_t)d;
        add_medians(p, first, count, 0, d, -1);
        ht_gemm_nt(count, kept, d, 1.0f, w, d, v, m, 0.0f, t, m);
        ht_gemm_nn(count, d, kept, 1.0f, t, m, v, m, 0.0f, w, d);
        add_medians(p, first, count, 0, d, 1);
    }
}

static ht_code project(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX], ht_network *net,
                       int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX], ht_error *err)
{
    const ht_svd *s = plan->state;
    for (int l = 0; l < plan->layers; l++) {
        ht_tensor part = ht_prune_part(plan, net, l);
        projection p = {&s->layer[l], &part, (int)cut[l].removed, NULL};
        removed[l] = cut[l].removed;
        for (int64_t i = 0; i < removed[l]; i++) lost2[l] += plan->orders[l].norm2[i];
        if (removed[l] == 0) continue; /* not even rounded */
        p.scratch = ht_alloc((size_t)ht_pool_threads(plan->pool) * STRIP, (size_t)p.f->m * sizeof(float),
                             "a projection", err);
        if (!p.scratch) return HT_FAIL;
        ht_pool_run(plan->pool, (length(&p) + STRIP - 1) / STRIP, project_strip, &p);
        ht_free(p.scratch);
    }
    return HT_OK;
}

/* Two factors, unless the matrix is smaller. */
static void measure(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                    ht_prune_result *r)
{
    const ht_tensor part = ht_prune_part(plan, plan->net, l);
    size_t rows = (size_t)part.rows, columns = (size_t)part.columns, whole = rows * columns,
           others = ht_tensor_size(plan->net->weights[l]) - whole;
    bool output = l == ht_network_hidden(plan->net);
    size_t rank = output ? 0 : (size_t)(plan->units[l] - removed[l]);
    size_t factors = rank * (rows + columns) + (plan->spec.centre ? columns : 0);
    ht_prune_add_weights(r, others + (output || factors > whole ? whole : factors));
}

const ht_prune_ops ht_prune_svd_ops = {
    .prepare = prepare,
    .release = release,
    .cut = ht_prune_cut_orders,
    .project = project,
    .measure = measure,
    .unlasting = "what it takes are directions, not weights: the next step brings them back",
    .centres = true,
    .values = true,
    .curve = ht_prune_svd_curve,
};
