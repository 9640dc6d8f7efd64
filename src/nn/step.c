#include "nn/step.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "kernel/kernel.h"
#include "num/linalg.h"
#include "nn/loss.h"
#include "nn/shard.h"

/* A step whose update could exceed this is refused, so the weights at hand are always finite: they may grow
 * by 1e37 a step at most, and at that size the next forward pass overflows and is refused in turn. */
static const double safe_update = 1e37;

struct ht_step {
    int depth, capacity, shards;
    float *hidden[HT_DEPTH_MAX];       /* (batch × width): activations H_l */
    float *delta[HT_DEPTH_MAX];        /* (batch × width): ∂L/∂(pre-activation) */
    float *momentum[HT_DEPTH_MAX + 1]; /* like the weights, or NULL */
    float *partial;                    /* (shards × batch × classes): a shard's share of the logits */
    float *logits;                     /* (batch × classes), then ∂L/∂logits */
    ht_panels input[HT_DEPTH_MAX];     /* what goes into a layer, packed; rectified networks only */
    float *shard_max;                  /* (3 × shards): largest |H|, |W_out|, |delta| of a shard */

    /* the step under way */
    ht_network *net;
    const float *x;
    int batch, layer;
    const ht_hyper *hyper;
    ht_noise noise;     /* the hyper's, pointing to the law */
    ht_noise_laws laws; /* rebuilt when α has changed */
};

ht_step *ht_step_new(const ht_network *net, int batch, bool momentum, ht_error *err)
{
    ht_step *s = ht_alloc(1, sizeof *s, "a training step", err);
    if (!s) return NULL;
    size_t rows = (size_t)batch, width = (size_t)net->layers[0].rows,
           classes = (size_t)net->layers[net->depth].rows;
    s->depth = net->depth;
    s->capacity = batch;
    s->shards = ht_shards((int)width);
    bool good = true;
    for (int l = 0; l < net->depth && good; l++) {
        good = (s->hidden[l] = ht_alloc(rows * width, sizeof(float), "the activations", err)) != NULL &&
               (s->delta[l] = ht_alloc(rows * width, sizeof(float), "the gradients", err)) != NULL;
        if (!good || net->activation != HT_RELU) continue;
        s->input[l].x =
            ht_alloc(ht_panels_size(batch, net->layers[l].columns), sizeof(float), "the inputs", err);
        good = s->input[l].x != NULL;
    }
    for (int l = 0; l <= net->depth && momentum && good; l++)
        good = (s->momentum[l] =
                    ht_alloc(ht_layer_size(&net->layers[l]), sizeof(float), "the momentum", err)) != NULL;
    good = good &&
           (s->partial = ht_alloc((size_t)s->shards * rows * classes, sizeof(float), "the logits", err)) &&
           (s->logits = ht_alloc(rows * classes, sizeof(float), "the logits", err)) &&
           (s->shard_max = ht_alloc(3 * (size_t)s->shards, sizeof(float), "the step's guard", err));
    if (good) return s;
    ht_step_free(s);
    return NULL;
}

void ht_step_free(ht_step *s)
{
    if (!s) return;
    for (int l = 0; l < HT_DEPTH_MAX; l++)
        ht_free(s->hidden[l]), ht_free(s->delta[l]), ht_free(s->input[l].x);
    for (int l = 0; l <= HT_DEPTH_MAX; l++) ht_free(s->momentum[l]);
    ht_free(s->partial);
    ht_free(s->logits);
    ht_free(s->shard_max);
    ht_free(s);
}

int ht_step_capacity(const ht_step *s)
{
    return s->capacity;
}

float *ht_step_momentum(ht_step *s, int layer)
{
    return s->momentum[layer];
}

static float block_max(const float *block, int rows, int m, int ld)
{
    float most = 0;
    for (int r = 0; r < rows; r++)
        most = fmaxf(most, ht_kernel()->max_abs(block + (size_t)r * (size_t)ld, (size_t)m));
    return most;
}

/* H_l[:, shard] = act(H_{l-1} · W_l[shard]^T); the last hidden layer also gives its share of the logits. */
static void forward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    const ht_layer *layer = &s->net->layers[s->layer], *out = &s->net->layers[s->depth];
    int first = shard * HT_SHARD, m = ht_shard_rows(layer->rows, shard), width = layer->rows;
    const float *input = s->layer ? s->hidden[s->layer - 1] : s->x;
    float *h = s->hidden[s->layer] + first, most = 0;
    const float *w = layer->weight + (size_t)first * (size_t)layer->columns;
    if (s->input[s->layer].x && ht_project_pays(s->batch, layer->columns))
        ht_kernel()->project(h, width, w, &s->input[s->layer], m);
    else
        ht_gemm_nt(s->batch, m, layer->columns, 1.0f, input, layer->columns, w, layer->columns, 0.0f, h,
                   width);
    for (int r = 0; r < s->batch; r++)
        most = fmaxf(most, ht_activate(s->net->activation, h + (size_t)r * (size_t)width, (size_t)m));
    s->shard_max[shard] = fmaxf(most, s->layer ? s->shard_max[shard] : 0.0f);
    if (s->layer != s->depth - 1) return;
    float *share = s->partial + (size_t)shard * (size_t)s->batch * (size_t)out->rows;
    ht_gemm_nt(s->batch, out->rows, m, 1.0f, h, width, out->weight + first, width, 0.0f, share, out->rows);
    s->shard_max[s->shards + shard] = block_max(out->weight + first, out->rows, m, width);
}

/* delta_l[:, shard] = (delta_{l+1} · W_{l+1}[:, shard]) ⊙ act'(H_l) */
static void delta_shard(ht_step *s, int l, int shard)
{
    const ht_layer *above = &s->net->layers[l + 1];
    int width = above->columns, first = shard * HT_SHARD, m = ht_shard_rows(width, shard);
    const float *from = l + 1 == s->depth ? s->logits : s->delta[l + 1];
    float *d = s->delta[l] + first;
    ht_gemm_nn(s->batch, m, above->rows, 1.0f, from, above->rows, above->weight + first, width, 0.0f, d,
               width);
    for (int r = 0; r < s->batch; r++) {
        size_t row = (size_t)r * (size_t)width;
        ht_activate_gradient(s->net->activation, d + row, s->hidden[l] + first + row, (size_t)m);
    }
}

static void backward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    int width = s->net->layers[s->layer].rows;
    delta_shard(s, s->layer, shard);
    float most =
        block_max(s->delta[s->layer] + shard * HT_SHARD, s->batch, ht_shard_rows(width, shard), width);
    float *slot = &s->shard_max[2 * s->shards + shard];
    *slot = fmaxf(most, s->layer == s->depth - 1 ? 0.0f : *slot);
}

/* What a product adds to, and how much of it stays: the weights themselves, or v of momentum or factors. */
typedef struct descent {
    float *to, factor, keep;
} descent;

/* W ← W - η (scale · gradient + λ W) for a block of W, or through the momentum v ← μ v + …, or through the
 * factors. Without either the whole update is one product: no gradient buffer. */
static descent descent_of(const ht_step *s, const ht_block *block, float scale)
{
    const ht_hyper *hyper = s->hyper;
    float lr = (float)hyper->lr, decay = (float)hyper->weight_decay, *v = s->momentum[block->layer];
    if (v) return (descent){v + block->start, scale, hyper->factors ? 0.0f : (float)hyper->momentum};
    return (descent){s->net->layers[block->layer].weight + block->start, -lr * scale, 1.0f - lr * decay};
}

/* The second half, with momentum or factors. */
static void follow(const ht_step *s, const ht_block *block)
{
    float lr = (float)s->hyper->lr, decay = (float)s->hyper->weight_decay, *v = s->momentum[block->layer];
    if (v && s->hyper->factors) {
        ht_factors_descend(s->hyper->factors, s->net, block, v + block->start, lr, decay);
        return;
    }
    for (int r = 0; v && r < block->rows; r++) {
        size_t row = block->start + (size_t)r * (size_t)block->stride;
        float *wr = s->net->layers[block->layer].weight + row, *vr = v + row;
        for (int j = 0; j < block->columns; j++) {
            vr[j] += decay * wr[j];
            wr[j] -= lr * vr[j];
        }
    }
}

/* W_l[shard], (m × columns): gradient delta_l^T · H_{l-1}; the zeros of a rectified network's delta are
 * skipped. */
static void descend_hidden(const ht_step *s, const ht_block *block, int first)
{
    int l = block->layer, columns = block->columns, width = s->net->layers[l].rows;
    const float *delta = s->delta[l] + first;
    descent to = descent_of(s, block, 1);
    if (s->input[l].x)
        ht_kernel()->descend(to.to, delta, width, &s->input[l], block->rows, to.factor, to.keep);
    else
        ht_gemm_tn(block->rows, columns, s->batch, to.factor, delta, width, l ? s->hidden[l - 1] : s->x,
                   columns, to.keep, to.to, columns);
    follow(s, block);
}

static void add_noise(const ht_step *s, const ht_block *block, int first)
{
    ht_noise noise = s->noise;
    if (noise.type == HT_NOISE_NONE) return;
    noise.layer = block->layer;
    double factor = ht_noise_factor(s->hyper->noise_scale, s->hyper->lr, noise.alpha);
    ht_noise_add(&noise, s->net->layers[block->layer].weight + block->start, (size_t)first,
                 (size_t)block->rows, (size_t)block->columns, (float)factor);
    if (s->hyper->factors) ht_factors_balance(s->hyper->factors, s->net, block);
}

/* Zeroes what the mask keeps at zero: `count` values from `start` of layer l, and what stands behind them. */
static void keep_zeros(const ht_step *s, int l, size_t start, size_t count)
{
    const ht_hyper *hyper = s->hyper;
    ht_mask_apply(hyper->mask, l, start, count, s->net->layers[l].weight + start);
    if (s->momentum[l]) ht_mask_apply(hyper->mask, l, start, count, s->momentum[l] + start);
    for (int d = 0; hyper->factors && d < hyper->factors->count; d++)
        ht_mask_apply(hyper->mask, l, start, count, hyper->factors->factor[l][d] + start);
}

/* After the update and the noise of a block. */
static void finish_block(const ht_step *s, const ht_block *block, int shard)
{
    size_t columns = (size_t)block->columns, rows = (size_t)block->rows, stride = (size_t)block->stride;
    if (columns == stride) columns *= rows, rows = 1; /* one run of weights */
    for (size_t r = 0; s->hyper->mask && r < rows; r++)
        keep_zeros(s, block->layer, block->start + r * stride, columns);
    if (s->hyper->factors) ht_factors_measure(s->hyper->factors, block, shard);
}

/* The output weights of the shard's neurons, (classes × m): gradient (∂L/∂logits)^T · H. */
static void update_output(ht_step *s, int shard)
{
    int first = shard * HT_SHARD, last = s->depth - 1, width = s->net->layers[last].rows;
    int classes = s->net->layers[s->depth].rows;
    ht_block block = {s->depth, classes, ht_shard_rows(width, shard), width, (size_t)first};
    descent to = descent_of(s, &block, s->net->mean_field ? 1.0f / (float)width : 1.0f);
    ht_gemm_tn(classes, block.columns, s->batch, to.factor, s->logits, classes, s->hidden[last] + first,
               width, to.keep, to.to, width);
    follow(s, &block);
    finish_block(s, &block, shard);
}

/* Task t updates shard t % shards of layer t / shards; while the shard is in cache it also gets its noise. */
static void update_shard(void *context, int task, int worker)
{
    ht_step *s = context;
    int l = task / s->shards, shard = task % s->shards, first = shard * HT_SHARD;
    const ht_layer *layer = &s->net->layers[l];
    int m = ht_shard_rows(layer->rows, shard), columns = layer->columns;
    ht_block block = {l, m, columns, columns, (size_t)first * (size_t)columns};
    if (s->depth == 1) delta_shard(s, 0, shard);
    if (l == s->depth - 1 && s->hyper->train_output) update_output(s, shard);
    descend_hidden(s, &block, first);
    add_noise(s, &block, first);
    finish_block(s, &block, shard);
    if (s->hyper->capture) ht_capture_shard(s->hyper->capture, s->net, l, shard, worker);
}

/* Shares of the logits are added in shard order: one fixed rounding. */
static void reduce_logits(ht_step *s, int classes, int width)
{
    size_t size = (size_t)s->batch * (size_t)classes;
    memcpy(s->logits, s->partial, size * sizeof(float));
    for (int shard = 1; shard < s->shards; shard++) {
        const float *share = s->partial + (size_t)shard * size;
        for (size_t i = 0; i < size; i++) s->logits[i] += share[i];
    }
    if (s->net->mean_field)
        for (size_t i = 0; i < size; i++) s->logits[i] /= (float)width;
}

static double largest(const float *x, int count)
{
    float most = 0;
    for (int i = 0; i < count; i++) most = fmaxf(most, x[i]);
    return (double)most;
}

/* The size a product may have after its factors have moved. */
static double factored_update(const ht_hyper *hyper, double gradient)
{
    double most = ht_factors_largest(hyper->factors), depth = hyper->factors->count;
    double move = hyper->lr * (gradient * pow(most, depth - 1) + hyper->weight_decay * most);
    return pow(most + move, depth);
}

/* A decay of ηλ ≤ 1 only takes from a weight; beyond that the weight comes out on the other side, ηλ - 1
 * times as large, and its size counts. */
static double decayed_weight(const ht_step *s)
{
    float most = 0;
    if (!(s->hyper->lr * s->hyper->weight_decay > 1)) return 0;
    for (int l = 0; l <= s->depth; l++)
        most = fmaxf(most, ht_kernel()->max_abs(s->net->layers[l].weight, ht_layer_size(&s->net->layers[l])));
    return (double)most;
}

/* Could the update leave the finite numbers? Every row of ∂L/∂logits has an absolute sum of at most 2/batch,
 * which bounds the gradients of a one-layer network; deeper ones have had their deltas computed and measured.
 */
static void guard(const ht_step *s, ht_step_result *result)
{
    double h = largest(s->shard_max, s->shards), out = largest(s->shard_max + s->shards, s->shards);
    double delta = s->depth == 1 ? 2 * out / s->batch : largest(s->shard_max + 2 * s->shards, s->shards);
    double inputs = fmax((double)s->hyper->input_bound, s->depth > 1 ? h : 0), lr = s->hyper->lr;
    double gradient = fmax(2 * h, delta * s->batch * inputs);
    double push = gradient + s->hyper->weight_decay * decayed_weight(s);
    double update = lr * push / (1 - s->hyper->momentum);
    if (s->hyper->factors) update = factored_update(s->hyper, gradient);
    if (!isfinite(result->loss))
        result->refused = "the training loss", result->guard = result->loss;
    else if (!(update < safe_update))
        result->refused = "the size of the next update", result->guard = update;
}

/* Nothing has changed so far, nor does it. */
static bool left_off(ht_step_result *result)
{
    result->left_off = ht_cancelled();
    if (result->left_off) result->refused = "a step that was cancelled";
    return result->left_off;
}

ht_step_result ht_step_run(ht_step *s, ht_network *net, const float *x, const int32_t *labels, int batch,
                           const ht_hyper *hyper, struct ht_pool *pool)
{
    int classes = net->layers[s->depth].rows, correct = 0;
    ht_step_result result = {0};
    s->net = net;
    s->x = x;
    s->batch = batch;
    s->hyper = hyper;
    s->noise = hyper->noise;
    ht_noise_prepare(&s->noise, &s->laws);
    for (s->layer = 0; s->layer < s->depth; s->layer++) {
        ht_panels *input = &s->input[s->layer];
        if (input->x)
            ht_kernel()->pack(input, s->layer ? s->hidden[s->layer - 1] : x, batch,
                              net->layers[s->layer].columns);
        ht_pool_run(pool, s->shards, forward_shard, s);
    }
    if (left_off(&result)) return result;
    reduce_logits(s, classes, net->layers[0].rows);
    ht_softmax_loss(s->logits, labels, batch, classes, s->logits, &result.loss, &correct);
    result.loss /= batch;
    result.accuracy = (double)correct / batch;
    if (s->depth > 1 && isfinite(result.loss))
        for (s->layer = s->depth - 1; s->layer >= 0; s->layer--)
            ht_pool_run(pool, s->shards, backward_shard, s);
    if (left_off(&result)) return result;
    guard(s, &result);
    if (result.refused) return result;
    const atomic_bool *off = ht_cancel_by(NULL); /* once weights have changed, all do */
    if (hyper->capture) ht_capture_begin(hyper->capture);
    ht_pool_run(pool, s->shards * s->depth, update_shard, s);
    if (hyper->capture) ht_capture_finish(hyper->capture, net);
    ht_cancel_by(off);
    return result;
}
