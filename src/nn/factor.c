#include "nn/factor.h"

#include <math.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "num/rng.h"
#include "nn/layers/layer.h"
#include "nn/shard.h"

static const double smallest_product = 0.003; /* ε of the initialization */
static const float vanished = 1e-18f;

/* Weight matrices are; the token table of a tied output is not. */
static bool is_product(const ht_tensor *tensor)
{
    return tensor->flags & HT_TENSOR_WEIGHT && !(tensor->flags & HT_TENSOR_TABLE);
}

static ht_code make_factors(ht_factors *f, const ht_network *net, ht_error *err)
{
    static const char what[] = "the factors";
    f->factor = ht_alloc((size_t)f->tensors, sizeof *f->factor, what, err);
    f->largest = ht_alloc((size_t)f->tensors * (size_t)f->shards, sizeof *f->largest, what, err);
    if (!f->factor || !f->largest) return HT_FAIL;
    for (int t = 0; t < f->tensors; t++)
        for (int d = 0; d < f->count && is_product(&net->tensors[t]); d++) {
            f->factor[t][d] = ht_alloc(ht_tensor_size(&net->tensors[t]), sizeof(float), what, err);
            if (!f->factor[t][d]) return HT_FAIL;
        }
    return HT_OK;
}

ht_factors *ht_factors_new(const ht_network *net, int count, ht_error *err)
{
    ht_factors *f = ht_alloc(1, sizeof *f, "the factors", err);
    if (!f) return NULL;
    f->count = count;
    f->tensors = net->tensor_count;
    for (int l = 0; l < net->layer_count; l++)
        if (net->layers[l].tensors > 0 && ht_layer_shards(&net->layers[l]) > f->shards)
            f->shards = ht_layer_shards(&net->layers[l]);
    f->shards = f->shards > ht_shards(ht_network_output(net)->columns)
                    ? f->shards
                    : ht_shards(ht_network_output(net)->columns);
    if (make_factors(f, net, err) == HT_OK) return f;
    ht_factors_free(f);
    return NULL;
}

void ht_factors_free(ht_factors *f)
{
    if (!f) return;
    for (int t = 0; f->factor && t < f->tensors; t++)
        for (int d = 0; d < HT_FACTORS_MAX; d++) ht_free(f->factor[t][d]);
    ht_free(f->factor);
    ht_free(f->largest);
    ht_free(f);
}

void ht_factors_draw(float *factor, size_t count, int depth, double sigma, uint64_t seed, uint64_t key)
{
    double deviation = pow(sigma, 1.0 / depth), low = pow(smallest_product, 1.0 / depth);
    double high = fmin(1, pow(2 * sigma, 1.0 / depth));
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_FACTOR, key);
    for (size_t i = 0; i < count; i++) {
        double x;
        do x = deviation * ht_rng_normal(&rng);
        while (fabs(x) <= low || fabs(x) >= high);
        factor[i] = (float)x;
    }
}

typedef struct init_job {
    ht_factors *factors;
    const ht_tensor *weight;
    float **factor; /* (D): of this tensor */
    uint64_t seed;
} init_job;

/* At least ε: with more inputs than that allows nothing would lie between the bounds. */
static double sigma_of(const ht_tensor *weight)
{
    return fmax(sqrt(2.0 / weight->columns), smallest_product);
}

static void init_shard(void *context, int shard, int worker)
{
    const init_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->weight->columns;
    for (int r = 0; r < ht_shard_rows(job->weight->rows, shard); r++) {
        size_t row = (size_t)shard * HT_SHARD + (size_t)r;
        for (int d = 0; d < job->factors->count; d++) {
            uint64_t key = (uint64_t)job->weight->number << 56 | (uint64_t)d << 48 | row;
            ht_factors_draw(job->factor[d] + row * columns, columns, job->factors->count,
                            sigma_of(job->weight), job->seed, key);
        }
    }
}

void ht_factors_init(ht_factors *f, ht_network *net, uint64_t seed, struct ht_pool *pool)
{
    for (int l = 0; l < net->weight_count; l++) {
        init_job job = {f, net->weights[l], f->factor[ht_tensor_index(net, net->weights[l])], seed};
        if (is_product(net->weights[l]))
            ht_pool_run(pool, ht_shards(net->weights[l]->rows), init_shard, &job);
    }
    ht_factors_collapse(f, net);
}

static float product_at(const ht_factors *f, int t, size_t i)
{
    float product = f->factor[t][0][i];
    for (int d = 1; d < f->count; d++) product *= f->factor[t][d][i];
    return product;
}

void ht_factors_collapse(ht_factors *f, ht_network *net)
{
    for (int t = 0; t < f->tensors; t++) {
        size_t size = ht_tensor_size(&net->tensors[t]);
        float most = 0, *w = net->tensors[t].data;
        if (!f->factor[t][0]) continue;
        for (size_t i = 0; i < size; i++) w[i] = product_at(f, t, i);
        for (int d = 0; d < f->count; d++) most = fmaxf(most, ht_kernel()->max_abs(f->factor[t][d], size));
        for (int s = 0; s < f->shards; s++) f->largest[t * f->shards + s] = most;
    }
}

/* One row; `count` is a constant where this is called, so that the inner loops unroll. */
static inline void descend_row(int count, float *const factor[], float *w, const float *g, int columns,
                               float lr, float keep)
{
    for (int j = 0; j < columns; j++) {
        float omega[HT_FACTORS_MAX], others[HT_FACTORS_MAX], before = 1, after = 1, product = 1;
        for (int d = 0; d < count; d++) {
            omega[d] = factor[d][j];
            others[d] = before;
            before *= omega[d];
        }
        for (int d = count - 1; d >= 0; d--) {
            others[d] *= after;
            after *= omega[d];
        }
        for (int d = 0; d < count; d++) {
            float next = keep * omega[d] - lr * (g[j] * others[d]);
            next = fabsf(next) < vanished ? 0.0f : next;
            factor[d][j] = next;
            product *= next;
        }
        w[j] = product;
    }
}

void ht_factors_descend(ht_factors *f, ht_network *net, const ht_block *b, const float *gradient, float lr,
                        float decay)
{
    float *factor[HT_FACTORS_MAX], keep = 1.0f - lr * decay;
    for (int r = 0; r < b->rows; r++) {
        size_t at = (size_t)r * (size_t)b->stride;
        float *w = net->tensors[b->tensor].data + b->start + at;
        for (int d = 0; d < f->count; d++) factor[d] = f->factor[b->tensor][d] + b->start + at;
        switch (f->count) {
        case 2:
            descend_row(2, factor, w, gradient + at, b->columns, lr, keep);
            break;
        case 3:
            descend_row(3, factor, w, gradient + at, b->columns, lr, keep);
            break;
        case HT_FACTORS_MAX:
            descend_row(HT_FACTORS_MAX, factor, w, gradient + at, b->columns, lr, keep);
        }
    }
}

static float root(float x, int count)
{
    return count == 2 ? sqrtf(x) : count == 3 ? cbrtf(x) : sqrtf(sqrtf(x));
}

static void balance_weight(ht_factors *f, ht_network *net, int t, size_t at)
{
    float *w = &net->tensors[t].data[at], size = root(fabsf(*w), f->count), sign = *w;
    for (int d = 1; d < f->count; d++) {
        float *omega = &f->factor[t][d][at];
        *omega = copysignf(size, *omega);
        sign = signbit(*omega) ? -sign : sign;
    }
    *w = f->factor[t][0][at] = copysignf(size, sign);
    for (int d = 1; d < f->count; d++) *w *= f->factor[t][d][at];
}

void ht_factors_balance(ht_factors *f, ht_network *net, const ht_block *b)
{
    for (int r = 0; r < b->rows; r++)
        for (int j = 0; j < b->columns; j++)
            balance_weight(f, net, b->tensor, b->start + (size_t)r * (size_t)b->stride + (size_t)j);
}

void ht_factors_follow(ht_factors *f, ht_network *net)
{
    for (int t = 0; t < f->tensors; t++)
        for (size_t i = 0; f->factor[t][0] && i < ht_tensor_size(&net->tensors[t]); i++)
            if (product_at(f, t, i) != net->tensors[t].data[i]) balance_weight(f, net, t, i);
}

void ht_factors_measure(ht_factors *f, const ht_block *b, int shard)
{
    float most = 0;
    for (int d = 0; d < f->count; d++)
        for (int r = 0; r < b->rows; r++)
            most = fmaxf(
                most, ht_kernel()->max_abs(f->factor[b->tensor][d] + b->start + (size_t)r * (size_t)b->stride,
                                           (size_t)b->columns));
    f->largest[b->tensor * f->shards + shard] = most;
}

double ht_factors_largest(const ht_factors *f)
{
    float most = 0;
    for (int i = 0; i < f->tensors * f->shards; i++) most = fmaxf(most, f->largest[i]);
    return (double)most;
}
