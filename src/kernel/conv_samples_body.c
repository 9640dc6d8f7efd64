/* conv_samples_body.c - convolutions of small images: rows of a sum are the same position of many samples,
 * and no term is padding. Compiled once per instruction set, like kernel_body.c. */
#include <string.h>

#include "kernel/conv_parts.h"

/* The position that output `out` sees at a spot, or -1 outside; and the output that sees input `in` there. */
INLINE int seen(const ht_conv *c, int out, int spot)
{
    int y = out / c->conv_w * c->stride - c->pad_h + spot / c->kernel_w;
    int x = out % c->conv_w * c->stride - c->pad_w + spot % c->kernel_w;
    return y >= 0 && x >= 0 && y < c->h && x < c->w ? y * c->w + x : -1;
}

INLINE int seer(const ht_conv *c, int in, int spot)
{
    int y = in / c->w + c->pad_h - spot / c->kernel_w, x = in % c->w + c->pad_w - spot % c->kernel_w;
    if (y < 0 || x < 0 || y % c->stride || x % c->stride) return -1;
    y /= c->stride;
    x /= c->stride;
    return y < c->conv_h && x < c->conv_w ? y * c->conv_w + x : -1;
}

static void enter(const ht_conv *c, const ht_conv_data *data, int n)
{
    size_t batch = (size_t)c->batch, step = place_step(batch, c->channels),
           positions = (size_t)c->h * (size_t)c->w;
    const float *in = data->in + (size_t)n * positions * (size_t)c->channels;
    for (size_t i = 0; i < positions; i++, in += c->channels)
        for (int v = 0; v < c->channels; v += FLOATS)
            put(data->kept + i * step + vector_at(batch, c->channels, v, (size_t)n),
                load_lanes(in + v, least(FLOATS, c->channels - v)));
}

static void returned(const ht_conv *c, const ht_conv_data *data, int n, float *image)
{
    ht_pooling p = pooling_of(c);
    size_t batch = (size_t)c->batch, step = place_step(batch, c->filters);
    size_t positions = (size_t)c->conv_h * (size_t)c->conv_w;
    size_t out = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters;
    for (int v = 0; v < c->filters; v += FLOATS, out += FLOATS) {
        unpool_vector(&p, data->out_delta + out, c->rectify ? data->out + out : NULL,
                      c->pool ? data->where + out : NULL, c->filters, least(FLOATS, c->filters - v), image,
                      (grid){FLOATS, (ptrdiff_t)c->conv_w * FLOATS, FLOATS});
        for (size_t i = 0; i < positions; i++)
            put(data->shared + i * step + vector_at(batch, c->filters, v, (size_t)n),
                load(image + i * FLOATS));
    }
}

/* Samples of a task, and the panels of its block. */
typedef struct share {
    int block, first, samples;
} share;

static share share_of(const ht_conv *c, int task)
{
    int parts = (c->batch + c->chunk - 1) / c->chunk, first = task % parts * c->chunk;
    return (share){task / parts * PANELS, first, least(c->chunk, c->batch - first)};
}

/* Terms of one place: all spots of the panels of `channels` from `from` on, until they become narrower. */
INLINE int add_taps(const ht_conv *c, segments *l, int place, int channels, int from, int first, bool back)
{
    size_t step = place_step((size_t)c->batch, channels);
    int n = least(WIDTH, channels - from), end = from + (channels - from) / n * n;
    if (l->sums.segments) sum_segments(l);
    l->sums.terms = n;
    l->sums.row = panel_width(channels, from / WIDTH);
    for (int t = 0; t < c->kernel_h * c->kernel_w; t++) {
        int other = back ? seer(c, place, t) : seen(c, place, t);
        for (int k = from; other >= 0 && k < end; k += WIDTH)
            add_segment(
                l,
                (ptrdiff_t)((size_t)other * step + vector_at((size_t)c->batch, channels, k, (size_t)first)),
                ((ptrdiff_t)t * channels + k) * l->width);
    }
    return end;
}

/* m (places × samples × width) = Σ over spots and `channels` of x, what entered or returned, and a panel. */
static void multiply(const ht_conv *c, const float *x, int channels, const float *panel, int width, share s,
                     bool back, const float *bias, float *m)
{
    int places = back ? c->h * c->w : c->conv_h * c->conv_w;
    segments l = {.rows = s.samples, .width = width, .step = width};
    for (int i = 0; i < places; i++) {
        l.to = m + (ptrdiff_t)i * s.samples * width;
        l.sums = (sums){.a = x, .b = panel, .term = 1, .panel = width, .plus = bias};
        for (int k = 0; k < channels;) k = add_taps(c, &l, i, channels, k, s.first, back);
        sum_segments(&l);
    }
}

static void forward(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    ht_pooling pooling = pooling_of(c);
    share s = share_of(c, task);
    size_t size = (size_t)c->kernel_h * (size_t)c->kernel_w * (size_t)c->channels * WIDTH;
    size_t out_size = (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters;
    for (int p = s.block; p < least(s.block + PANELS, panels_of(c->filters)); p++) {
        int width = panel_width(c->filters, p), left = c->filters - p * WIDTH;
        float bias[WIDTH] = {0};
        if (data->bias) memcpy(bias, data->bias + p * WIDTH, (size_t)least(left, width) * sizeof *bias);
        multiply(c, data->kept, c->channels, data->packed + (size_t)p * size, width, s, false, bias, scratch);
        for (int n = 0; n < s.samples; n++)
            for (int v = 0; v < width; v += FLOATS) {
                size_t out = (size_t)(s.first + n) * out_size + (size_t)(p * WIDTH + v);
                grid from = {(ptrdiff_t)s.samples * width, (ptrdiff_t)s.samples * width * c->conv_w, FLOATS};
                pool_vector(&pooling, scratch + (ptrdiff_t)n * width + v, from, data->out + out,
                            c->pool ? data->where + out : NULL, c->filters, least(FLOATS, left - v),
                            c->rectify);
            }
    }
}

static void inputs(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    share s = share_of(c, task);
    size_t size = (size_t)c->kernel_h * (size_t)c->kernel_w * (size_t)c->filters * WIDTH;
    int positions = c->h * c->w;
    for (int p = s.block; p < least(s.block + PANELS, panels_of(c->channels)); p++) {
        int width = panel_width(c->channels, p), left = c->channels - p * WIDTH;
        const float *from = scratch;
        multiply(c, data->shared, c->filters, data->packed + (size_t)p * size, width, s, true, NULL, scratch);
        for (int i = 0; i < positions; i++)
            for (int n = 0; n < s.samples; n++, from += width) {
                size_t to = ((size_t)(s.first + n) * (size_t)positions + (size_t)i) * (size_t)c->channels;
                for (int v = 0; v < width; v += FLOATS)
                    put_lanes(data->in_delta + to + p * WIDTH + v, least(FLOATS, left - v), load(from + v));
            }
    }
}

/* Of a block of filters and a round of channels, the whole batch. */
static void weights(const ht_conv *c, const ht_conv_data *data, int task)
{
    int rounds = (c->channels + HT_CONV_ROUND - 1) / HT_CONV_ROUND, block = task / rounds * PANELS;
    int first = task % rounds * HT_CONV_ROUND, end = least(first + HT_CONV_ROUND, c->channels);
    size_t batch = (size_t)c->batch, in_step = place_step(batch, c->channels),
           out_step = place_step(batch, c->filters);
    for (int p = block; p < least(block + PANELS, panels_of(c->filters)); p++) {
        int width = panel_width(c->filters, p), spots = c->kernel_h * c->kernel_w;
        float *to = ht_conv_partial(c, data, 0) + (size_t)p * WIDTH * (size_t)spots * (size_t)c->channels;
        segments l = {.width = width, .across = true, .step = width};
        for (int t = 0; t < spots; t++)
            for (int k = first; k < end; k += WIDTH) {
                l.rows = least(WIDTH, end - k);
                l.to = to + ((ptrdiff_t)t * c->channels + k) * width;
                l.sums = (sums){.a = data->kept + vector_at(batch, c->channels, k, 0),
                                .b = data->shared + vector_at(batch, c->filters, p * WIDTH, 0),
                                .row = 1,
                                .term = panel_width(c->channels, k / WIDTH),
                                .panel = width,
                                .terms = c->batch};
                for (int out = 0; out < c->conv_h * c->conv_w; out++) {
                    int in = seen(c, out, t);
                    if (in >= 0)
                        add_segment(&l, (ptrdiff_t)((size_t)in * in_step),
                                    (ptrdiff_t)((size_t)out * out_step));
                }
                sum_segments(&l);
            }
    }
}

extern ht_conv_run PASTE(ht_by_samples_, HT_ISA);
void PASTE(ht_by_samples_, HT_ISA)(const ht_conv *c, const ht_conv_data *data, ht_conv_phase phase, int task,
                                   float *scratch)
{
    if (phase == HT_CONV_ENTER) enter(c, data, task);
    if (phase == HT_CONV_FORWARD) forward(c, data, task, scratch);
    if (phase == HT_CONV_RETURN) returned(c, data, task, scratch);
    if (phase == HT_CONV_INPUTS) inputs(c, data, task, scratch);
    if (phase == HT_CONV_WEIGHTS) weights(c, data, task);
}
