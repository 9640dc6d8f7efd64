/* conv_direct_body.c - convolutions of any shape, rows of positions at a time; compiled once per instruction
 * set, like kernel_body.c. */
#include <string.h>

#include "kernel/conv_parts.h"

/* ---- images ---- */

/* Sample n with `pad` zeros on the left and right; in place where there are none. */
static const float *padded_input(const ht_conv *c, const ht_conv_data *data, int n, float *room)
{
    size_t row = (size_t)c->w * (size_t)c->channels, side = (size_t)c->pad * (size_t)c->channels;
    const float *in = data->in + (size_t)n * (size_t)c->h * row;
    if (!c->pad) return in;
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
    ptrdiff_t row = (ptrdiff_t)(c->w + 2 * c->pad) * c->channels, terms = (ptrdiff_t)c->kernel * c->channels;
    segments l = {.rows = c->conv_w, .width = width, .step = width};
    for (int y = 0; y < c->conv_h; y++) {
        int top = y * c->stride - c->pad;
        l.to = to + (ptrdiff_t)y * c->conv_w * width;
        l.sums = (sums){.a = in,
                        .b = panel,
                        .row = (ptrdiff_t)c->stride * c->channels,
                        .term = 1,
                        .panel = width,
                        .terms = (int)terms,
                        .plus = bias};
        for (int i = 0; i < c->kernel; i++)
            if (top + i >= 0 && top + i < c->h) add_segment(&l, (top + i) * row, i * terms * width);
        sum_segments(&l);
    }
}

static void forward(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    ht_pooling pooling = pooling_of(c);
    int first = task * c->chunk, samples = least(c->chunk, c->batch - first);
    size_t in_size = (size_t)c->h * (size_t)(c->w + 2 * c->pad) * (size_t)c->channels;
    size_t out_size = (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters;
    size_t panel_size = (size_t)c->kernel * (size_t)c->kernel * (size_t)c->channels * WIDTH;
    const float *in[8];
    float *image = scratch + (size_t)c->chunk * in_size;
    for (int n = 0; n < samples; n++) in[n] = padded_input(c, data, first + n, scratch + (size_t)n * in_size);
    for (int p = 0; p < panels_of(c->filters); p++) {
        int width = panel_width(c->filters, p), left = c->filters - p * WIDTH;
        float bias[WIDTH] = {0};
        if (data->bias) memcpy(bias, data->bias + p * WIDTH, (size_t)least(left, width) * sizeof *bias);
        for (int n = 0; n < samples; n++) {
            size_t at = (size_t)(first + n) * out_size + (size_t)p * WIDTH;
            convolve(c, in[n], data->packed + (size_t)p * panel_size, width, bias, image);
            for (int v = 0; v < width && v < left; v += FLOATS)
                pool_vector(&pooling, image + v, (grid){width, (ptrdiff_t)width * c->conv_w, FLOATS},
                            data->out + at + v, c->pool ? data->where + at + v : NULL, c->filters,
                            least(FLOATS, left - v), c->rectify);
        }
    }
}

/* ---- gradient of the inputs ---- */

/* Row y of it, of a panel of channels: `to` is (w × width); delta has `margin` zeros left and right.
 * Positions that are a stride apart see the same taps. */
static void deconvolve_row(const ht_conv *c, const float *delta, int margin, const float *panel, int width,
                           int y, float *to)
{
    ptrdiff_t step = padded(c->filters), row = (c->conv_w + 2 * margin) * step;
    segments l = {.width = width, .step = (ptrdiff_t)c->stride * width};
    for (int x = 0; x < least(c->stride, c->w); x++) {
        l.rows = (c->w - x + c->stride - 1) / c->stride;
        l.to = to + (ptrdiff_t)x * width;
        l.sums = (sums){.a = delta, .b = panel, .row = step, .term = 1, .panel = width, .terms = c->filters};
        for (int i = (y + c->pad) % c->stride; i < c->kernel; i += c->stride) {
            int from = (y + c->pad - i) / c->stride;
            if (y + c->pad < i || from >= c->conv_h) continue;
            for (int j = (x + c->pad) % c->stride; j < c->kernel; j += c->stride) {
                int left = (x + c->pad - j) / c->stride; /* exact, so right for negative ones too */
                add_segment(&l, from * row + (left + margin) * step,
                            ((ptrdiff_t)i * c->kernel + j) * c->filters * width);
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
    int margin = (c->kernel - 1 + c->stride - 1) / c->stride, step = padded(c->filters);
    size_t row = (size_t)(c->conv_w + 2 * margin) * (size_t)step, size = (size_t)c->conv_h * row;
    size_t panel_size = (size_t)c->kernel * (size_t)c->kernel * (size_t)c->filters * WIDTH;
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

/* Adds what a sample says of a panel of filters, (taps × channels) × width. */
static void correlate(const ht_conv *c, const float *in, const float *delta, int width, bool begun, float *to)
{
    ptrdiff_t row = (ptrdiff_t)(c->w + 2 * c->pad) * c->channels;
    segments l = {.rows = c->kernel * c->channels, .width = width, .across = true, .step = width};
    for (int i = 0; i < c->kernel; i++) {
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
            int at = y * c->stride - c->pad + i;
            if (at >= 0 && at < c->h) add_segment(&l, at * row, (ptrdiff_t)y * c->conv_w * width);
        }
        sum_segments(&l);
    }
}

static void weights(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    int group = task % c->groups, block = task / c->groups * PANELS;
    size_t in_size = (size_t)c->h * (size_t)(c->w + 2 * c->pad) * (size_t)c->channels;
    size_t terms = (size_t)c->kernel * (size_t)c->kernel * (size_t)c->channels;
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
