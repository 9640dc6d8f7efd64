#include "nn/noise.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/kernel.h"
#include "num/rng.h"

static ht_noise_key key_of(const ht_noise *noise)
{
    return (ht_noise_key){
        .key = {(uint32_t)noise->seed, (uint32_t)(noise->seed >> 32)},
        .step = (uint32_t)noise->step,
        .purpose = (uint32_t)HT_STREAM_NOISE << 24 | (uint32_t)noise->layer << 16 |
                   (uint32_t)(noise->step >> 32 & 0xffff),
    };
}

double ht_noise_subordinator(const ht_noise *noise, size_t neuron)
{
    ht_noise_key key = key_of(noise);
    /* The last block of the neuron's counter: no weight index reaches it. */
    uint32_t counter[4] = {0xffffffffu, (uint32_t)neuron, key.step, key.purpose}, words[4];
    ht_philox(key.key, counter, words);
    double a = noise->alpha / 2;
    if (a >= 1) return 1;
    double u = ((double)(((uint64_t)words[0] << 32 | words[1]) >> 12) + 0.5) * 0x1p-52;
    double e = -log(((double)(((uint64_t)words[2] << 32 | words[3]) >> 12) + 0.5) * 0x1p-52);
    double angle = M_PI * u;
    /* sin(θ) from the nearer end of (0, π), so that the tail, which is made near π, keeps its digits. */
    double sine = u < 0.5 ? sin(angle) : sin(M_PI * (1 - u));
    return sin(a * angle) * exp(((1 - a) * log(sin((1 - a) * angle) / e) - log(sine)) / a);
}

void ht_noise_prepare(ht_noise *noise, ht_noise_laws *laws)
{
    bool isotropic = noise->type == HT_NOISE_ISOTROPIC;
    ht_quantiles *law = isotropic ? &laws->normal : &laws->stable;
    if (noise->type != HT_NOISE_NONE) ht_quantiles_build(law, isotropic ? 2 : noise->alpha);
    noise->law = law;
}

/* Draws of the far tail, one in 2^16, take a second word: from the counter of the weight itself in a range
 * that the blocks of a row do not reach. */
static float far_draw(const ht_noise *noise, const ht_noise_key *key, uint32_t word, uint32_t neuron,
                      uint32_t index)
{
    uint32_t counter[4] = {0x80000000u | index, neuron, key->step, key->purpose}, more[4];
    ht_philox(key->key, counter, more);
    return ht_quantile_draw(noise->law, word, more[0]);
}

enum { BLOCKS = 8, CHUNK = BLOCKS * HT_NOISE_BLOCK }; /* each stage works on many independent draws */

/* w[i] += scale · X(neuron, done + i) for a chunk: n ≤ CHUNK, `done` a multiple of it. */
static void add_chunk(const ht_noise *noise, const ht_noise_key *key, float *w, size_t done, size_t n,
                      uint32_t neuron, float scale)
{
    const ht_kernels *kernel = ht_kernel();
    uint32_t words[CHUNK];
    float x[CHUNK];
    int blocks = (int)((n + HT_NOISE_BLOCK - 1) / HT_NOISE_BLOCK);
    kernel->row_words(words, blocks, key, neuron, (uint32_t)(done / HT_NOISE_BLOCK));
    if (kernel->quantiles(noise->law, words, n, x))
        for (size_t i = 0; i < n; i++)
            if (ht_quantile_is_far(words[i]))
                x[i] = far_draw(noise, key, words[i], neuron, (uint32_t)(done + i));
    kernel->add_scaled(w, x, n, scale);
}

static size_t chunk_at(size_t done, size_t columns)
{
    return columns - done < CHUNK ? columns - done : CHUNK;
}

/* row[i] += scale · X(neuron, i), or, `fresh`, = */
static void add_row(const ht_noise *noise, const ht_noise_key *key, float *row, size_t columns,
                    uint32_t neuron, float scale, bool fresh)
{
    for (size_t done = 0; done < columns; done += CHUNK) {
        size_t n = chunk_at(done, columns);
        if (fresh) memset(row + done, 0, n * sizeof *row); /* while it comes into cache anyway */
        add_chunk(noise, key, row + done, done, n, neuron, scale);
    }
}

/* X(neuron + i, 0) of a group of neurons. */
static void shared_draws(const ht_noise *noise, const ht_noise_key *key, uint32_t neuron, float *x)
{
    uint32_t words[HT_NOISE_GROUP];
    ht_kernel()->first_words(words, key, neuron);
    if (!ht_kernel()->quantiles(noise->law, words, HT_NOISE_GROUP, x)) return;
    for (uint32_t i = 0; i < HT_NOISE_GROUP; i++)
        if (ht_quantile_is_far(words[i])) x[i] = far_draw(noise, key, words[i], neuron + i, 0);
}

/* √(A/2), cut so that no draw multiplied by it is infinite. */
static float isotropic_scale(const ht_noise *noise, uint32_t neuron)
{
    const double largest_draw = 16; /* of the normal table */
    return (float)fmin(sqrt(ht_noise_subordinator(noise, neuron) / 2), (double)FLT_MAX / largest_draw);
}

static void add_rows(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns, float scale,
                     bool fresh)
{
    ht_noise_key key = key_of(noise);
    float shared[HT_NOISE_GROUP];
    for (size_t r = 0; r < rows; r++) {
        float *row = w + r * columns;
        uint32_t neuron = (uint32_t)(first + r);
        switch (noise->type) {
        case HT_NOISE_NONE:
            return;
        case HT_NOISE_IID:
            add_row(noise, &key, row, columns, neuron, scale, fresh);
            break;
        case HT_NOISE_ISOTROPIC: /* S(2, 0, 1, 0) is √2 G */
            add_row(noise, &key, row, columns, neuron, scale * isotropic_scale(noise, neuron), fresh);
            break;
        case HT_NOISE_SHARED:
            if (r % HT_NOISE_GROUP == 0) shared_draws(noise, &key, neuron, shared);
            if (fresh) memset(row, 0, columns * sizeof *row);
            ht_kernel()->add(row, columns, scale * shared[r % HT_NOISE_GROUP]);
        }
    }
}

void ht_noise_add(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns, float scale)
{
    add_rows(noise, w, first, rows, columns, scale, false);
}

void ht_noise_add_unit(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns,
                       size_t unit, float scale)
{
    ht_noise_key key = key_of(noise);
    float shared[HT_NOISE_GROUP];
    if (noise->type == HT_NOISE_IID) add_rows(noise, w, first, rows, columns, scale, false);
    if (noise->type == HT_NOISE_SHARED) {
        shared_draws(noise, &key, (uint32_t)unit, shared);
        ht_kernel()->add(w, rows * columns, scale * shared[0]);
    }
    if (noise->type != HT_NOISE_ISOTROPIC) return;
    float own = scale * isotropic_scale(noise, (uint32_t)unit);
    for (size_t r = 0; r < rows; r++)
        add_row(noise, &key, w + r * columns, columns, (uint32_t)(first + r), own, false);
}

void ht_noise_fill(const ht_noise *noise, float *x, size_t first, size_t rows, size_t columns)
{
    add_rows(noise, x, first, rows, columns, 1, true);
}

/* w[i] += factor · x[i], or, where that is NaN, = x[i] */
static void widen(double *w, const float *x, size_t n, double factor)
{
    if (isnan(factor))
        for (size_t i = 0; i < n; i++) w[i] = (double)x[i];
    else
        for (size_t i = 0; i < n; i++) w[i] += factor * (double)x[i];
}

void ht_noise_doubles(const ht_noise *noise, double *w, size_t first, size_t rows, size_t columns,
                      double factor)
{
    ht_noise_key key = key_of(noise);
    float shared[HT_NOISE_GROUP], x[CHUNK];
    for (size_t r = 0; r < rows; r++) {
        uint32_t neuron = (uint32_t)(first + r);
        float scale = noise->type == HT_NOISE_ISOTROPIC ? isotropic_scale(noise, neuron) : 1;
        if (noise->type == HT_NOISE_SHARED && r % HT_NOISE_GROUP == 0)
            shared_draws(noise, &key, neuron, shared);
        for (size_t done = 0; done < columns; done += CHUNK) {
            size_t n = chunk_at(done, columns);
            memset(x, 0, n * sizeof *x);
            if (noise->type == HT_NOISE_SHARED)
                ht_kernel()->add(x, n, shared[r % HT_NOISE_GROUP]);
            else
                add_chunk(noise, &key, x, done, n, neuron, scale);
            widen(w + r * columns + done, x, n, factor);
        }
    }
}

double ht_noise_factor(double scale, double step_size, double alpha)
{
    return scale * pow(step_size, 1 / alpha);
}
