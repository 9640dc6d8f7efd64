#include "prune/coreset.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/evaluation.h"
#include "nn/layers/layer.h"
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

/* A network of dense layers, one after the other. */
static void pass_chain(ht_calibration *points, const ht_network *net, const ht_samples *samples, float *h)
{
    size_t count = (size_t)points->count;
    points->input[0] = samples->x;
    for (int l = 0; l < ht_network_hidden(net); l++) {
        const ht_tensor *layer = net->weights[l];
        pass_layer(net, l, points->input[l], count, h);
        points->input[l + 1] = h;
        h += count * (size_t)layer->rows;
    }
}

/* Any other: an evaluation hands over what its layers read. */
static ht_code pass_any(ht_calibration *points, const ht_network *net, const ht_samples *samples, float *h,
                        ht_error *err)
{
    size_t count = (size_t)points->count;
    float *inputs[HT_WEIGHTS_MAX] = {NULL};
    int32_t *labels = ht_alloc(count, (size_t)ht_network_targets(net) * sizeof *labels,
                               "the calibration samples", err); /* nobody asks */
    ht_evaluation *e = labels ? ht_evaluation_new(net, NULL, err) : NULL;
    const ht_evaluation_of of = {.samples = {count, samples->x, labels}, .inputs = inputs};
    for (int l = 0; l < net->weight_count; l++) {
        points->input[l] = inputs[l] = h;
        h += count * (size_t)points->layer[l]->inputs;
    }
    ht_code code = e ? ht_evaluation_begin(e, &of, err) : HT_FAIL;
    if (code == HT_OK) code = ht_evaluation_piece(e, SIZE_MAX, 0, err);
    ht_evaluation_free(e);
    ht_free(labels);
    return code;
}

ht_code ht_calibration_make(ht_calibration *points, const ht_network *net, const ht_samples *samples,
                            int limit, ht_error *err)
{
    size_t count = samples->count, total = 1;
    bool chain = ht_network_is_dense(net);
    if (limit > 0 && count > (size_t)limit) count = (size_t)limit;
    *points = (ht_calibration){.count = (int)count};
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        if (layer->weight < 0) continue;
        points->layer[layer->weight] = layer;
        points->places[layer->weight] = layer->kind->patch ? ht_shape_places(layer->out) : 1;
        if (!chain || layer->weight > 0) total += count * (size_t)layer->inputs;
    }
    points->memory = ht_alloc(total, sizeof *points->memory, "the calibration samples", err);
    if (!points->memory) return HT_FAIL;
    if (!chain) return pass_any(points, net, samples, points->memory, err);
    pass_chain(points, net, samples, points->memory);
    return ht_still_wanted(err);
}

void ht_calibration_free(ht_calibration *points)
{
    ht_free(points->memory);
    *points = (ht_calibration){0};
}

const float *ht_calibration_at(const ht_calibration *points, int l, long first, int count, float *room)
{
    const ht_layer *layer = points->layer[l];
    size_t columns = (size_t)layer->tensor[0].columns, inputs = (size_t)layer->inputs;
    if (!layer->kind->patch) return points->input[l] + (size_t)first * columns;
    for (long p = first; p < first + count; p++)
        layer->kind->patch(layer, points->input[l] + (size_t)(p / points->places[l]) * inputs,
                           (int)(p % points->places[l]), room + (size_t)(p - first) * columns);
    return room;
}

/* ---- sensitivities of edges ---- */

enum { PARTS = 4 }; /* sign of the weight × sign of the input */
static const double least_sum = 0x1p-23;

/* Of a row at a point: 1 / Σ of each part. */
static void invert(const float *w, const float *a, int columns, float inverse[PARTS])
{
    double total[PARTS];
    ht_kernel()->part_sums(w, a, (size_t)columns, total);
    for (int i = 0; i < PARTS; i++) inverse[i] = total[i] > least_sum ? (float)(1 / total[i]) : 0.0f;
}

/* s = the larger of it and the relative contributions of a row at a point. */
static void raise_row(const float *w, const float *a, int columns, float *s)
{
    float inverse[PARTS];
    invert(w, a, columns, inverse);
    ht_kernel()->part_maxima(s, w, a, (size_t)columns, inverse);
}

/* sum = it and the relative contributions. */
static void add_row(const float *w, const float *a, int columns, float *sum)
{
    float inverse[PARTS];
    invert(w, a, columns, inverse);
    ht_kernel()->part_shares(sum, w, a, (size_t)columns, inverse);
}

/* s += sum / points: a sample at a time, so that floats are enough for any number of them. */
static void add_sample(const float *sum, size_t count, long points, float *s)
{
    for (size_t i = 0; i < count; i++) s[i] += sum[i] / (float)points;
}

void ht_coreset_rows(const ht_calibration *points, int l, const float *w, int rows, int columns, bool mean,
                     float *s, float *room)
{
    size_t n = (size_t)columns, all = (size_t)rows * n;
    long count = ht_calibration_points(points, l), places = points->places[l];
    float *sums = mean && room ? room + n : NULL;
    memset(s, 0, all * sizeof *s);
    for (long p = 0; p < count && !ht_cancelled(); p++) {
        const float *a = ht_calibration_at(points, l, p, 1, room);
        if (mean && p % places == 0) memset(sums, 0, all * sizeof *sums);
        for (size_t r = 0; r < (size_t)rows; r++)
            if (mean)
                add_row(w + r * n, a, columns, sums + r * n);
            else
                raise_row(w + r * n, a, columns, s + r * n);
        if (mean && p % places == places - 1) add_sample(sums, all, count, s);
    }
}

void ht_coreset_sums(const float *w, const float *s, int columns, double sum[HT_GROUPS])
{
    sum[0] = sum[1] = 0;
    for (int j = 0; j < columns; j++) sum[ht_coreset_group(w[j])] += (double)s[j];
}

void ht_coreset_row(const ht_calibration *points, int l, const float *w, int columns, float *s,
                    double sum[HT_GROUPS])
{
    ht_coreset_rows(points, l, w, 1, columns, false, s, NULL);
    ht_coreset_sums(w, s, columns, sum);
}

/* ---- sensitivities of channels ---- */

/* part (channels × PARTS): what each channel adds to the four sums of a row at a point; total: all of them.
 */
static void add_channels(const float *w, const float *a, int channels, int each, double *part,
                         double total[PARTS])
{
    memset(part, 0, (size_t)channels * PARTS * sizeof *part);
    for (int i = 0; i < PARTS; i++) total[i] = 0;
    for (int c = 0; c < channels; c++, part += PARTS) {
        for (int j = 0; j < each; j++, w++, a++)
            part[2 * (*w < 0.0f) + (*a < 0.0f)] += fabs((double)*w * (double)*a);
        for (int i = 0; i < PARTS; i++) total[i] += part[i];
    }
}

void ht_coreset_channels(const ht_calibration *points, int l, const float *w, int rows, int columns, int each,
                         float *s, float *patch, double *parts)
{
    int channels = columns / each;
    for (long p = 0; p < ht_calibration_points(points, l) && !ht_cancelled(); p++) {
        const float *a = ht_calibration_at(points, l, p, 1, patch);
        for (int r = 0; r < rows; r++) {
            double total[PARTS];
            add_channels(w + (size_t)r * (size_t)columns, a, channels, each, parts, total);
            for (int i = 0; i < PARTS; i++)
                for (int c = 0; c < channels && total[i] > least_sum; c++)
                    s[c] = fmaxf(s[c], (float)(parts[c * PARTS + i] / total[i]));
        }
    }
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
