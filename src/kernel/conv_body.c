/* conv_body.c - the convolutions of conv.h, in one of three ways: direct (conv_direct_body.c), by samples
 * (conv_samples_body.c) or by tiles (conv_winograd_body.c); and what all have in common, the order of weights
 * and of their gradient. Compiled once per instruction set, like kernel_body.c. */
#include <string.h>

#include "kernel/conv_parts.h"

/* ---- weights in panels ---- */

/* Panel by panel of filters: term (spot, channel) by term, a vector of filters each. */
static void pack(const ht_conv *c, const float *weights, int block, float *packed)
{
    int spots = c->kernel_h * c->kernel_w, first = block * PANELS, filters = c->filters - strays_of(c);
    for (int p = first; p < least(first + PANELS, panels_of(filters)); p++) {
        int width = panel_width(filters, p);
        float *to = packed + (size_t)p * WIDTH * (size_t)(spots * c->channels);
        for (int lane = 0; lane < width; lane += 4)
            for (int k = 0; k < c->channels; k++) {
                const float *row[4];
                for (int i = 0; i < 4; i++) {
                    int f = p * WIDTH + lane + i;
                    row[i] = f < filters
                                 ? weights + ((size_t)f * (size_t)c->channels + (size_t)k) * (size_t)spots
                                 : NULL;
                }
                turn(row, spots, to + (ptrdiff_t)k * width + lane, (ptrdiff_t)c->channels * width);
            }
    }
}

/* After the panels: rows of the windows of those filters, each filled up with zeros. */
static void pack_strays(const ht_conv *c, const float *weights, float *packed)
{
    int spots = c->kernel_h * c->kernel_w, strays = strays_of(c), filters = c->filters - strays;
    size_t width = (size_t)row_vectors(c) * FLOATS;
    float *to = packed + (size_t)filters * (size_t)spots * (size_t)c->channels;
    memset(to, 0, (size_t)strays * (size_t)c->kernel_h * width * sizeof *to);
    for (int f = filters; f < c->filters; f++)
        for (int i = 0; i < c->kernel_h; i++, to += width)
            for (int j = 0; j < c->kernel_w * c->channels; j++) {
                size_t spot = (size_t)(i * c->kernel_w + j / c->channels),
                       channel = (size_t)(j % c->channels);
                to[j] = weights[((size_t)f * (size_t)c->channels + channel) * (size_t)spots + spot];
            }
}

/* Panel by panel of channels: term (spot, filter) by term. */
static void pack_back(const ht_conv *c, const float *weights, int block, float *packed)
{
    int spots = c->kernel_h * c->kernel_w, first = block * PANELS;
    for (int p = first; p < least(first + PANELS, panels_of(c->channels)); p++) {
        int width = panel_width(c->channels, p);
        float *to = packed + (size_t)p * WIDTH * (size_t)(spots * c->filters);
        for (int f = 0; f < c->filters; f++)
            for (int lane = 0; lane < width; lane += 4) {
                const float *row[4];
                for (int i = 0; i < 4; i++) {
                    int k = p * WIDTH + lane + i;
                    row[i] = k < c->channels
                                 ? weights + ((size_t)f * (size_t)c->channels + (size_t)k) * (size_t)spots
                                 : NULL;
                }
                turn(row, spots, to + (ptrdiff_t)f * width + lane, (ptrdiff_t)c->filters * width);
            }
    }
}

/* ---- gradients ---- */

/* to = keep · to + factor · x */
INLINE void descend(float *to, const float *x, int count, float factor, float keep)
{
    if (keep == 0)
        for (int i = 0; i < count; i++) to[i] = factor * x[i];
    else
        for (int i = 0; i < count; i++) to[i] = keep * to[i] + factor * x[i];
}

enum { RUN = 64 };

/* Of a vector of filters: weights first .. first + n - 1 of each, summed over the groups; n ≤ RUN. */
static void sum_partials(const ht_conv *c, const float *partial, int width, int first, int n,
                         float sum[FLOATS][RUN])
{
    int spots = c->kernel_h * c->kernel_w;
    float four[4][FLOATS];
    const float *const row[4] = {four[0], four[1], four[2], four[3]};
    for (int r = 0; r < n; r += 4) {
        for (int i = 0; i < least(4, n - r); i++) {
            int channel = (first + r + i) / spots, spot = (first + r + i) % spots;
            const float *from = partial + (ptrdiff_t)(spot * c->channels + channel) * width;
            floats x = load(from);
            for (int g = 1; g < c->groups; g++) x += load(from + (size_t)g * c->partial);
            put(four[i], x);
        }
        turn(row, FLOATS, sum[0] + r, RUN);
    }
}

extern ht_conv_gather PASTE(ht_sparse_gather_, HT_ISA);

static void gather(const ht_conv *c, const ht_conv_data *data, int first, int m, float *to, float factor,
                   float keep)
{
    int terms = c->kernel_h * c->kernel_w * c->channels;
    float sum[FLOATS][RUN] = {{0}};
    if (c->sparse) {
        PASTE(ht_sparse_gather_, HT_ISA)(c, data, first, m, to, factor, keep);
        return;
    }
    for (int v = first / FLOATS * FLOATS; v < first + m; v += FLOATS) {
        int p = v / WIDTH;
        const float *from = ht_conv_partial(c, data, 0) + (size_t)p * WIDTH * (size_t)terms + (v - p * WIDTH);
        for (int k = 0; k < terms; k += RUN) {
            int n = least(RUN, terms - k);
            sum_partials(c, from, panel_width(c->filters, p), k, n, sum);
            for (int f = v < first ? first : v; f < least(v + FLOATS, first + m); f++)
                descend(to + (size_t)(f - first) * (size_t)terms + k, sum[f - v], n, factor, keep);
        }
    }
}

/* Sums of samples first: fewer roundings in a row. */
static floats sum_deltas(const ht_conv *c, const float *delta, const float *gate, int lanes)
{
    size_t positions = (size_t)c->out_h * (size_t)c->out_w, step = (size_t)c->filters;
    floats sum = {0};
    for (int n = 0; n < c->batch; n++) {
        floats part = {0};
        for (size_t i = 0; i < positions; i++, delta += step) {
            floats d = load_lanes(delta, lanes);
            if (gate) {
                d = choose(load_lanes(gate, lanes) <= 0, (floats){0}, d);
                gate += step;
            }
            part += d;
        }
        sum += part;
    }
    return sum;
}

static void gather_bias(const ht_conv *c, const ht_conv_data *data, int first, int m, float *to, float factor,
                        float keep)
{
    for (int f = 0; f < m; f += FLOATS) {
        float sum[FLOATS];
        int lanes = least(FLOATS, m - f);
        put(sum,
            sum_deltas(c, data->out_delta + first + f, c->rectify ? data->out + first + f : NULL, lanes));
        descend(to + f, sum, lanes, factor, keep);
    }
}

extern ht_conv_run PASTE(ht_direct_, HT_ISA), PASTE(ht_by_samples_, HT_ISA), PASTE(ht_winograd_, HT_ISA),
    PASTE(ht_sparse_, HT_ISA);

static void run(const ht_conv *c, const ht_conv_data *data, ht_conv_phase phase, int task, float *scratch)
{
    static ht_conv_run *const ways[] = {
        [HT_CONV_DIRECT] = PASTE(ht_direct_, HT_ISA),
        [HT_CONV_BY_SAMPLES] = PASTE(ht_by_samples_, HT_ISA),
        [HT_CONV_WINOGRAD] = PASTE(ht_winograd_, HT_ISA),
    };
    bool windows = c->sparse == HT_CONV_ROWS && (phase == HT_CONV_PACK_BACK || phase == HT_CONV_INPUTS);
    if (windows || (c->sparse && phase == HT_CONV_WEIGHTS))
        PASTE(ht_sparse_, HT_ISA)(c, data, phase, task, scratch);
    else if (phase == HT_CONV_PACK) {
        pack(c, data->weights, task, data->packed);
        if (task == 0) pack_strays(c, data->weights, data->packed);
    } else if (phase == HT_CONV_PACK_BACK)
        pack_back(c, data->weights, task, data->packed);
    else
        ways[c->way](c, data, phase, task, scratch);
}

extern ht_pooling_forward PASTE(ht_pooling_, HT_ISA);
extern ht_pooling_backward PASTE(ht_pooling_back_, HT_ISA);
extern const ht_conv_kernels PASTE(ht_conv_, HT_ISA);
const ht_conv_kernels PASTE(ht_conv_, HT_ISA) = {
    .run = run,
    .gather = gather,
    .gather_bias = gather_bias,
    .pool = PASTE(ht_pooling_, HT_ISA),
    .pool_back = PASTE(ht_pooling_back_, HT_ISA),
};
