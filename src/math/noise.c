#include "math/noise.h"

#include <math.h>

#include "math/kernel.h"
#include "math/rng.h"

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
    double log_a = log(sin(a * angle)) - log(sine) / a + (1 - a) / a * (log(sin((1 - a) * angle)) - log(e));
    return exp(log_a);
}

void ht_noise_add(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns, float scale)
{
    enum { GROUP = 64 };
    const ht_kernels *kernel = ht_kernel();
    ht_noise_key key = key_of(noise);
    float alpha = (float)noise->alpha, shared[GROUP];
    for (size_t r = 0; r < rows; r++) {
        float *row = w + r * columns;
        uint32_t neuron = (uint32_t)(first + r);
        switch (noise->type) {
        case HT_NOISE_NONE:
            return;
        case HT_NOISE_IID:
            kernel->stable(row, columns, &key, neuron, alpha, scale);
            break;
        case HT_NOISE_ISOTROPIC:
            kernel->normal(row, columns, &key, neuron,
                           scale * (float)sqrt(ht_noise_subordinator(noise, neuron)));
            break;
        case HT_NOISE_SHARED:
            if (r % GROUP == 0)
                kernel->stable_first(shared, rows - r < GROUP ? rows - r : GROUP, &key, neuron, alpha);
            kernel->add(row, columns, scale * shared[r % GROUP]);
        }
    }
}

double ht_noise_factor(double scale, double step_size, double alpha)
{
    return scale * pow(step_size, 1 / alpha);
}
