/* layer_dropout.c - in training a value is 0 with probability P, drawn anew each step, and the others are
 * divided by 1 - P (Srivastava et al., JMLR 2014, "inverted" as in PyTorch). Evaluated it does nothing. */
#include <string.h>

#include "nn/layers/layer.h"
#include "nn/step/step.h"
#include "num/rng.h"

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    (void)err;
    layer->rate = spec->rate;
    return HT_OK;
}

static void room(const ht_layer *layer, int batch, ht_room *room)
{
    room->bytes = (size_t)batch * (size_t)layer->outputs;
}

/* Which values stay: a function of the run's seed, the step, the layer and the place in the batch. */
static void draw(const ht_layer *layer, const ht_noise *noise, int sample, unsigned char *stays)
{
    ht_rng rng;
    uint64_t which = noise->step << 32 | (uint64_t)layer->number << 24 | (uint64_t)sample;
    uint32_t below = (uint32_t)(layer->rate * 0x1p32);
    ht_rng_init(&rng, noise->seed, HT_STREAM_DROPOUT, which);
    for (int i = 0; i < layer->outputs; i++) stays[i] = ht_rng_u32(&rng) >= below;
}

static void keep(const ht_layer *layer, const unsigned char *stays, const float *from, float *to)
{
    float scale = (float)(1 / (1 - layer->rate));
    for (int i = 0; i < layer->outputs; i++) to[i] = stays[i] ? scale * from[i] : 0.0f;
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    size_t outputs = (size_t)layer->outputs;
    (void)pool;
    if (!span->hyper) memcpy(h, span->x, (size_t)span->samples * outputs * sizeof *h);
    for (int s = 0; s < span->samples && span->hyper; s++) {
        size_t at = (size_t)s * outputs;
        draw(layer, &span->hyper->noise, span->first + s, span->bytes + at);
        keep(layer, span->bytes + at, span->x + at, h + at);
    }
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    (void)also;
    (void)pool;
    for (int s = 0; s < span->samples; s++) {
        size_t at = (size_t)s * (size_t)layer->outputs;
        keep(layer, span->bytes + at, delta + at, d + at);
    }
}

const ht_layer_kind ht_layer_dropout = {.cut = HT_CUT_SAMPLES,
                                        .causal = true,
                                        .flow = HT_FLOW_EACH,
                                        .shape = shape,
                                        .extent = ht_extent_same,
                                        .room = room,
                                        .apply = apply,
                                        .back = back};
