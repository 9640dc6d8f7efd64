/* layer_residual.c - the sum of two layers of the same shape: what went into some layers and what came out
 * (He et al., CVPR 2016, arXiv 1512.03385). */
#include <string.h>

#include "kernel/kernel.h"
#include "nn/layers/layer.h"

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    (void)pool;
    ht_kernel()->places->add(h, span->x, span->also, (size_t)span->samples * (size_t)layer->outputs);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    (void)also; /* both the same */
    (void)pool;
    memcpy(d, delta, (size_t)span->samples * (size_t)layer->outputs * sizeof *d);
}

static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    (void)layer;
    (void)other;
    *values = (ht_extent){values->size + also->size, values->change + also->change};
}

const ht_layer_kind ht_layer_residual = {
    .cut = HT_CUT_SAMPLES, .causal = true, .sums = true, .extent = extent, .apply = apply, .back = back};
