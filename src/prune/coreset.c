#include "prune/coreset.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "nn/activation.h"
#include "kernel/kernel.h"
#include "num/linalg.h"

/* out (count × rows) = act(in Wᵀ + b), some samples at a time: of many samples and neurons the whole takes
 * long.
 */
static void pass_layer(const ht_network *net, int l, const float *in, size_t count, float *out)
{
    const ht_tensor *layer = net->weights[l];
    enum { SAMPLES = 1024 };
    for (size_t first = 0; first < count && !ht_cancelled(); first += SAMPLES) {
        size_t some = count - first < SAMPLES ? count - first : SAMPLES;
        float *h = out + first * (size_t)layer->rows;
        ht_gemm_nt((int)some, layer->rows, layer->columns, 1.0f, in + first * (size_t)layer->columns,
                   layer->columns, layer->data, layer->columns, 0.0f, h, layer->rows);
        ht_add_bias(ht_tensor_biases(layer), h, (int)some, layer->rows);
        ht_activate(ht_network_activation(net, l), h, some * (size_t)layer->rows);
    }
}

ht_code ht_calibration_make(ht_calibration *points, const ht_network *net, const ht_samples *samples,
                            int limit, ht_error *err)
{
    size_t count = samples->count, total = 1;
    if (limit > 0 && count > (size_t)limit) count = (size_t)limit;
    *points = (ht_calibration){.count = (int)count, .input = {samples->x}};
    for (int l = 0; l < ht_network_hidden(net); l++) total += count * (size_t)net->weights[l]->rows;
    float *h = points->memory = ht_alloc(total, sizeof *h, "the calibration samples", err);
    if (!h) return HT_FAIL;
    for (int l = 0; l < ht_network_hidden(net); l++) {
        const ht_tensor *layer = net->weights[l];
        pass_layer(net, l, points->input[l], count, h);
        points->input[l + 1] = h;
        h += count * (size_t)layer->rows;
    }
    return ht_still_wanted(err);
}

void ht_calibration_free(ht_calibration *points)
{
    ht_free(points->memory);
    *points = (ht_calibration){0};
}

/* ---- sensitivities ---- */

enum { PARTS = 4 }; /* sign of the weight × sign of the input */
static const double least_sum = 0x1p-23;

void ht_coreset_row(const ht_calibration *points, int l, const float *w, int columns, float *s,
                    double sum[HT_GROUPS])
{
    memset(s, 0, (size_t)columns * sizeof *s);
    for (int p = 0; p < points->count && !ht_cancelled(); p++) {
        const float *a = points->input[l] + (size_t)p * (size_t)columns;
        double total[PARTS];
        float inverse[PARTS];
        ht_kernel()->part_sums(w, a, (size_t)columns, total);
        for (int i = 0; i < PARTS; i++) inverse[i] = total[i] > least_sum ? (float)(1 / total[i]) : 0.0f;
        ht_kernel()->part_maxima(s, w, a, (size_t)columns, inverse);
    }
    sum[0] = sum[1] = 0;
    for (int j = 0; j < columns; j++) sum[ht_coreset_group(w[j])] += (double)s[j];
}

/* ---- importance sampling ---- */

long ht_coreset_draws(double budget, double sum)
{
    if (sum <= 0) return 0;
    double draws = round(budget * sum);
    return draws < 1 ? 1 : (long)draws;
}

/* Walker's alias table (Vose, IEEE Trans. Softw. Eng. 17, 1991) over `count` edges: of 2³² values, the first
 * slot[i].own mean its first edge, which is i, the others its second. Small slots are filled from `from`,
 * large ones from the end, of one list. */
static void make_alias(const float *s, double sum, int count, const ht_coreset_scratch *t)
{
    int small = 0, large = count;
    uint32_t *list = t->drawn; /* not yet in use */
    for (int i = 0; i < count; i++) {
        t->share[i] = (double)s[t->edge[i]] / sum * count;
        t->slot[i].edge[0] = t->slot[i].edge[1] = (uint32_t)i;
        if (t->share[i] < 1)
            list[small++] = (uint32_t)i;
        else
            list[--large] = (uint32_t)i;
    }
    while (small > 0 && large < count) {
        uint32_t low = list[--small], high = list[large];
        t->slot[low].edge[1] = high;
        t->share[high] -= 1 - t->share[low];
        if (t->share[high] < 1) list[small++] = list[large++];
    }
    for (int i = 0; i < count; i++) /* a full slot has one edge */
        t->slot[i].own = (uint32_t)fmin(t->share[i] * 0x1p32, (double)UINT32_MAX);
}

/* drawn (count): how often each of the edges comes in so many draws. */
static void draw_edges(int count, long draws, ht_rng *rng, const ht_coreset_scratch *t)
{
    const struct ht_coreset_slot *slot = t->slot;
    uint32_t *drawn = t->drawn;
    memset(drawn, 0, (size_t)count * sizeof *drawn);
    for (long i = 0; i < draws; i++) {
        /* Of 32 bits × count, the upper word is the slot and the lower one uniform inside it; a look-up,
         * since no processor can guess which of the two edges it is. */
        uint64_t product = (uint64_t)ht_rng_u32(rng) * (uint32_t)count;
        const struct ht_coreset_slot *at = &slot[product >> 32];
        drawn[at->edge[(uint32_t)product >= at->own]]++;
    }
}

static void draw_group(int group, const float *w, const float *s, int columns, double budget, int tries,
                       ht_rng *rng, const ht_coreset_scratch *t, float *out)
{
    int count = 0;
    double sum = 0; /* of the edges that are drawn */
    for (int j = 0; j < columns; j++) {
        if (s[j] <= 0 || ht_coreset_group(w[j]) != group) continue;
        if (budget * (double)s[j] >= HT_CORESET_SURE) {
            for (int k = 0; k < tries; k++) out[(size_t)k * (size_t)columns + (size_t)j] = w[j];
            continue;
        }
        sum += (double)s[j];
        t->edge[count++] = j;
    }
    if (count == 0) return;
    long draws = ht_coreset_draws(budget, sum);
    make_alias(s, sum, count, t);
    for (int i = 0; i < count; i++) /* w / (m q) */
        t->share[i] = (double)w[t->edge[i]] * sum / ((double)draws * (double)s[t->edge[i]]);
    for (int k = 0; k < tries; k++, out += columns) {
        draw_edges(count, draws, rng, t);
        for (int i = 0; i < count; i++) out[t->edge[i]] = (float)(t->drawn[i] * t->share[i]);
    }
}

void ht_coreset_draw(const float *w, const float *s, int columns, double budget, int tries, ht_rng *rng,
                     const ht_coreset_scratch *scratch, float *out)
{
    memset(out, 0, (size_t)tries * (size_t)columns * sizeof *out);
    for (int g = 0; g < HT_GROUPS; g++) draw_group(g, w, s, columns, budget, tries, rng, scratch, out);
}
