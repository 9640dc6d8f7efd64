#include "nn/gradient_noise.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "num/rng.h"
#include "nn/step/step.h"

typedef struct work {
    const ht_gradient_noise *wanted;
    ht_network *net;
    const ht_samples *samples;
    struct ht_pool *pool;
    ht_step *step;
    uint32_t *order; /* (samples): a permutation */
    float *x;        /* (batch × inputs) */
    int32_t *labels; /* (batch × targets) */
    double *mean;    /* (layer size): the full gradient */
} work;

size_t ht_gradient_noise_draws(const ht_gradient_noise *wanted, const ht_samples *samples)
{
    size_t whole = samples->count / (size_t)wanted->batch;
    return whole < wanted->draws ? whole : wanted->draws;
}

/* The gradient of the samples order[first] .. order[first + n - 1]. A step of size 0 leaves the weights
 * alone, and the momentum of a step without memory is the gradient. */
static const float *gradient(const work *w, size_t first, int n, ht_error *err)
{
    size_t inputs = (size_t)w->net->inputs, targets = (size_t)ht_network_targets(w->net);
    const ht_hyper still = {.lr = 0, .input_bound = 1};
    for (int i = 0; i < n; i++) {
        uint32_t at = w->order[first + (size_t)i];
        memcpy(w->x + (size_t)i * inputs, w->samples->x + at * inputs, inputs * sizeof *w->x);
        memcpy(w->labels + (size_t)i * targets, w->samples->labels + at * targets,
               targets * sizeof *w->labels);
    }
    ht_step_result result = ht_step_run(w->step, w->net, w->x, w->labels, n, &still, w->pool);
    if (!result.refused)
        return ht_step_array(w->step, HT_STEP_GRADIENT,
                             ht_tensor_index(w->net, w->net->weights[w->wanted->layer]));
    ht_error_set(err, HT_FAIL, "the gradient is not finite: %s", result.refused);
    return NULL;
}

static void shuffle(work *w)
{
    ht_rng rng;
    ht_rng_init(&rng, w->wanted->seed, HT_STREAM_TAIL, 1);
    for (uint32_t i = 0; i < w->samples->count; i++) {
        uint32_t j = ht_rng_below(&rng, i + 1);
        w->order[i] = w->order[j];
        w->order[j] = i;
    }
}

static ht_code full_gradient(work *w, size_t size, ht_error *err)
{
    size_t count = w->samples->count, batch = (size_t)w->wanted->batch;
    for (size_t first = 0; first < count; first += batch) {
        size_t n = count - first < batch ? count - first : batch;
        const float *g = gradient(w, first, (int)n, err);
        if (!g) return err->code;
        double share = (double)n / (double)count;
        for (size_t i = 0; i < size; i++) w->mean[i] += share * (double)g[i];
    }
    return HT_OK;
}

static ht_code take(work *w, float *noise, ht_error *err)
{
    size_t size = ht_tensor_size(w->net->weights[w->wanted->layer]);
    size_t draws = ht_gradient_noise_draws(w->wanted, w->samples);
    shuffle(w);
    if (full_gradient(w, size, err) != HT_OK) return err->code;
    for (size_t d = 0; d < draws; d++) {
        const float *g = gradient(w, d * (size_t)w->wanted->batch, w->wanted->batch, err);
        if (!g) return err->code;
        for (size_t i = 0; i < size; i++) noise[d * size + i] = (float)((double)g[i] - w->mean[i]);
    }
    return HT_OK;
}

ht_code ht_gradient_noise_take(const ht_gradient_noise *wanted, ht_network *net, const ht_samples *samples,
                               struct ht_pool *pool, float *noise, ht_error *err)
{
    static const char what[] = "the gradient noise";
    size_t batch = (size_t)wanted->batch, inputs = (size_t)net->inputs;
    work w = {.wanted = wanted, .net = net, .samples = samples, .pool = pool};
    w.step = ht_step_new(net, wanted->batch, 1, ht_pool_threads(pool), err);
    w.order = ht_alloc(samples->count, sizeof *w.order, what, err);
    w.x = ht_alloc(batch, inputs * sizeof *w.x, what, err);
    w.labels = ht_alloc(batch * (size_t)ht_network_targets(w.net), sizeof *w.labels, what, err);
    w.mean = ht_alloc(ht_tensor_size(net->weights[wanted->layer]), sizeof *w.mean, what, err);
    ht_code code = w.step && w.order && w.x && w.labels && w.mean ? take(&w, noise, err) : err->code;
    ht_step_free(w.step);
    ht_free(w.order);
    ht_free(w.x);
    ht_free(w.labels);
    ht_free(w.mean);
    return code;
}
