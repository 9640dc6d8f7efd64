/* conv_direct_body.c - convolutions of any shape, rows of positions at a time; compiled once per instruction
 * set, like kernel_body.c. */
#include <string.h>

#include "kernel/conv_parts.h"

/* ---- images ---- */

/* Sample n with `pad` zeros on the left and right; in place where there are none. */
static const float *padded_input(const ht_conv *c, const ht_conv_data *data, int n, float *room)
{
    size_t row = (size_t)c->w * (size_t)c->channels, side = (size_t)c->pad_w * (size_t)c->channels;
    const float *in = data->in + (size_t)n * (size_t)c->h * row;
    if (!c->pad_w) return in;
    for (int y = 0; y < c->h; y++, in += row, room += row + 2 * side) {
        memset(room, 0, side * sizeof *room);
        memcpy(room + side, in, row * sizeof *room);
        memset(room + side + row, 0, side * sizeof *room);
    }
    return room - (size_t)c->h * (row + 2 * side);
}

/* ∂L/∂(convolution) of sample n, of filters first .. first + width - 1 (filled up with zeros).
 */
static void delta_image(const ht_conv *c, const ht_conv_data *data, int n, int first, int width, float *to,
                        grid into)
{
    ht_pooling p = pooling_of(c);
    size_t at = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters + (size_t)first;
    for (int v = 0; v < width; v += FLOATS) {
        int lanes = least(FLOATS, c->filters - first - v);
        unpool_vector(&p, data->out_delta + at + v, c->rectify ? data->out + at + v : NULL,
                      c->pool ? data->where + at + v : NULL, c->filters, lanes, to + v, into);
    }
}

/* ---- forward ---- */

/* The convolution of an image with a panel: `to` is (conv_h × conv_w × width). */
static void convolve(const ht_conv *c, const float *in, const float *panel, int width, const float *bias,
                     float *to)
{
    ptrdiff_t row = (ptrdiff_t)(c->w + 2 * c->pad_w) * c->channels,
              terms = (ptrdiff_t)c->kernel_w * c->channels;
    segments l = {.rows = c->conv_w, .width = width, .step = width};
    for (int y = 0; y < c->conv_h; y++) {
        int top = y * c->stride - c->pad_h;
        l.to = to + (ptrdiff_t)y * c->conv_w * width;
        l.sums = (sums){.a = in,
                        .b = panel,
                        .row = (ptrdiff_t)c->stride * c->channels,
                        .term = 1,
                        .panel = width,
                        .terms = (int)terms,
                        .plus = bias};
        for (int i = 0; i < c->kernel_h; i++)
            if (top + i >= 0 && top + i < c->h) add_segment(&l, (top + i) * row, i * terms * width);
        sum_segments(&l);
    }
}

/* Windows of four positions, and two filters: the sums of all products. */
INLINE void stray_tile(const ht_conv *c, const float *const window[4], const float *const filter[2], int rows,
                       quad out[2])
{
    ptrdiff_t line = (ptrdiff_t)(c->w + 2 * c->pad_w) * c->channels,
              length = (ptrdiff_t)c->kernel_w * c->channels;
    ptrdiff_t whole = length / FLOATS * FLOATS, width = (ptrdiff_t)row_vectors(c) * FLOATS;
    integers rest = first_lanes((int)(length - whole));
    floats sum[2][4] = {{{0}}};
    for (int i = 0; i < rows; i++)
        for (ptrdiff_t v = 0; v < length; v += FLOATS) {
            floats w[2] = {load(filter[0] + i * width + v), load(filter[1] + i * width + v)};
            for (int j = 0; j < 4; j++) {
                const float *x = window[j] + i * line + v;
                floats in = v < whole ? load(x) : load_part(x, rest);
                for (int f = 0; f < 2; f++) sum[f][j] = FUSED(w[f], in, sum[f][j]);
            }
        }
    for (int f = 0; f < 2; f++) out[f] = sum_four(sum[f][0], sum[f][1], sum[f][2], sum[f][3]);
}

/* Of the filters that no panel has: `to` is (conv_h × conv_w × FLOATS). */
static void convolve_strays(const ht_conv *c, const float *in, const float *weights, int strays,
                            const float *bias, float *to)
{
    ptrdiff_t line = (ptrdiff_t)(c->w + 2 * c->pad_w) * c->channels,
              step = (ptrdiff_t)c->stride * c->channels;
    ptrdiff_t size = (ptrdiff_t)c->kernel_h * row_vectors(c) * FLOATS;
    for (int y = 0; y < c->conv_h; y++, to += (ptrdiff_t)c->conv_w * FLOATS) {
        int top = y * c->stride - c->pad_h, from = top < 0 ? -top : 0, end = least(c->kernel_h, c->h - top);
        const float *skipped = weights + (ptrdiff_t)from * row_vectors(c) * FLOATS;
        for (int f = 0; f < strays; f += 2)
            for (int x = 0; x < c->conv_w; x += 4) {
                const float *filter[2] = {skipped + f * size, skipped + least(f + 1, strays - 1) * size},
                            *window[4];
                quad out[2];
                for (int j = 0; j < 4; j++)
                    window[j] = in + (top + from) * line + least(x + j, c->conv_w - 1) * step;
                stray_tile(c, window, filter, end - from, out);
                for (int j = 0; j < least(4, c->conv_w - x); j++)
                    for (int g = f; g < least(f + 2, strays); g++)
                        to[(ptrdiff_t)(x + j) * FLOATS + g] = out[g - f][j] + bias[g];
            }
    }
}

/* Filters first .. first + width - 1 of some samples: in cache, what comes after the convolution. */
typedef struct slice {
    const float *weights;
    int first, width, left; /* so many filters of it there are */
    bool strays;
} slice;

static void forward_slice(const ht_conv *c, const ht_conv_data *data, slice s, const float *in, int n,
                          float *image)
{
    ht_pooling pooling = pooling_of(c);
    size_t at = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters + (size_t)s.first;
    float bias[WIDTH] = {0};
    if (data->bias) memcpy(bias, data->bias + s.first, (size_t)s.left * sizeof *bias);
    if (s.strays)
        convolve_strays(c, in, s.weights, s.left, bias, image);
    else
        convolve(c, in, s.weights, s.width, bias, image);
    for (int v = 0; v < s.width; v += FLOATS)
        pool_vector(&pooling, image + v, (grid){s.width, (ptrdiff_t)s.width * c->conv_w, FLOATS},
                    data->out + at + v, c->pool ? data->where + at + v : NULL, c->filters,
                    least(FLOATS, s.left - v), c->rectify);
}

static void forward(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    int first = task * c->chunk, samples = least(c->chunk, c->batch - first);
    int strays = strays_of(c), filters = c->filters - strays;
    size_t in_size = (size_t)c->h * (size_t)(c->w + 2 * c->pad_w) * (size_t)c->channels;
    size_t terms = (size_t)c->kernel_h * (size_t)c->kernel_w * (size_t)c->channels;
    float *image = scratch + (size_t)c->chunk * in_size;
    for (int f = 0, width; f < c->filters; f += width) {
        bool last = f >= filters; /* strays */
        width = last ? FLOATS : panel_width(filters, f / WIDTH);
        slice s = {data->packed + (size_t)f * terms, f, width,
                   least(width, (last ? c->filters : filters) - f), last};
        for (int n = 0; n < samples; n++) {
            float *room = scratch + (size_t)n * in_size;
            const float *in = f && c->pad_w ? room : padded_input(c, data, first + n, room);
            forward_slice(c, data, s, in, first + n, image);
        }
    }
}

/* ---- gradient of the inputs ---- */

/* Row y of it, of a panel of channels: `to` is (w × width); delta has `margin` zeros left and right.
 * Positions that are a stride apart see the same spots. */
static void deconvolve_row(const ht_conv *c, const float *delta, int margin, const float *panel, int width,
                           int y, float *to)
{
    ptrdiff_t step = padded(c->filters), row = (c->conv_w + 2 * margin) * step;
    segments l = {.width = width, .step = (ptrdiff_t)c->stride * width};
    for (int x = 0; x < least(c->stride, c->w); x++) {
        l.rows = (c->w - x + c->stride - 1) / c->stride;
        l.to = to + (ptrdiff_t)x * width;
        l.sums = (sums){.a = delta, .b = panel, .row = step, .term = 1, .panel = width, .terms = c->filters};
        for (int i = (y + c->pad_h) % c->stride; i < c->kernel_h; i += c->stride) {
            int from = (y + c->pad_h - i) / c->stride;
            if (y + c->pad_h < i || from >= c->conv_h) continue;
            for (int j = (x + c->pad_w) % c->stride; j < c->kernel_w; j += c->stride) {
                int left = (x + c->pad_w - j) / c->stride; /* exact, so right for negative ones too */
                add_segment(&l, from * row + (left + margin) * step,
                            ((ptrdiff_t)i * c->kernel_w + j) * c->filters * width);
            }
        }
        sum_segments(&l);
    }
}

static void put_row(const float *row, int width, int positions, int lanes, float *to, int channels)
{
    for (int x = 0; x < positions; x++, row += width, to += channels)
        for (int v = 0; v < lanes; v += FLOATS) put_lanes(to + v, least(FLOATS, lanes - v), load(row + v));
}

static void inputs(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    int first = task * c->chunk, samples = least(c->chunk, c->batch - first);
    int margin = (c->kernel_w - 1 + c->stride - 1) / c->stride, step = padded(c->filters);
    size_t row = (size_t)(c->conv_w + 2 * margin) * (size_t)step, size = (size_t)c->conv_h * row;
    size_t panel_size = (size_t)c->kernel_h * (size_t)c->kernel_w * (size_t)c->filters * WIDTH;
    float *line = scratch + (size_t)c->chunk * size;
    memset(scratch, 0, (size_t)samples * size * sizeof *scratch);
    for (int n = 0; n < samples; n++)
        delta_image(c, data, first + n, 0, step, scratch + (size_t)n * size + margin * step,
                    (grid){step, (ptrdiff_t)row, FLOATS});
    for (int p = 0; p < panels_of(c->channels); p++) {
        int width = panel_width(c->channels, p), left = c->channels - p * WIDTH;
        const float *panel = data->packed + (size_t)p * panel_size;
        for (int n = 0; n < samples; n++)
            for (int y = 0; y < c->h; y++) {
                size_t at = ((size_t)(first + n) * (size_t)c->h + (size_t)y) * (size_t)c->w;
                deconvolve_row(c, scratch + (size_t)n * size, margin, panel, width, y, line);
                put_row(line, width, c->w, least(left, width),
                        data->in_delta + at * (size_t)c->channels + (size_t)p * WIDTH, c->channels);
            }
    }
}

/* ---- gradient of the weights ---- */

/* Adds what a sample says of a panel of filters, (spots × channels) × width. */
static void correlate(const ht_conv *c, const float *in, const float *delta, int width, bool begun, float *to)
{
    ptrdiff_t row = (ptrdiff_t)(c->w + 2 * c->pad_w) * c->channels;
    segments l = {.rows = c->kernel_w * c->channels, .width = width, .across = true, .step = width};
    for (int i = 0; i < c->kernel_h; i++) {
        l.to = to + (ptrdiff_t)i * l.rows * width;
        l.sums = (sums){.a = in,
                        .b = delta,
                        .row = 1,
                        .term = (ptrdiff_t)c->stride * c->channels,
                        .panel = width,
                        .terms = c->conv_w,
                        .plus = begun ? l.to : NULL,
                        .plus_row = width};
        for (int y = 0; y < c->conv_h; y++) {
            int at = y * c->stride - c->pad_h + i;
            if (at >= 0 && at < c->h) add_segment(&l, at * row, (ptrdiff_t)y * c->conv_w * width);
        }
        sum_segments(&l);
    }
}

static void weights(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    int group = task % c->groups, block = task / c->groups * PANELS;
    size_t in_size = (size_t)c->h * (size_t)(c->w + 2 * c->pad_w) * (size_t)c->channels;
    size_t terms = (size_t)c->kernel_h * (size_t)c->kernel_w * (size_t)c->channels;
    float *partial = ht_conv_partial(c, data, group), *image = scratch + in_size;
    int first = group * c->group, end = least(first + c->group, c->batch);
    for (int n = first; n < end; n++) {
        const float *in = padded_input(c, data, n, scratch);
        for (int p = block; p < least(block + PANELS, panels_of(c->filters)); p++) {
            int width = panel_width(c->filters, p);
            delta_image(c, data, n, p * WIDTH, width, image,
                        (grid){width, (ptrdiff_t)width * c->conv_w, FLOATS});
            correlate(c, in, image, width, n > first, partial + (size_t)p * WIDTH * terms);
        }
    }
}

extern ht_conv_run PASTE(ht_direct_, HT_ISA);
void PASTE(ht_direct_, HT_ISA)(const ht_conv *c, const ht_conv_data *data, ht_conv_phase phase, int task,
                               float *scratch)
{
    if (phase == HT_CONV_FORWARD) forward(c, data, task, scratch);
    if (phase == HT_CONV_INPUTS) inputs(c, data, task, scratch);
    if (phase == HT_CONV_WEIGHTS) weights(c, data, task, scratch);
}
