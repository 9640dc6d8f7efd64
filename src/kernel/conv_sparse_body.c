/* conv_sparse_body.c - the way back of convolutions that are rectified and pooled: of a window of deltas one
 * is not zero at most, and about half of them did not pass max(x, 0), so lists of what is not zero have an
 * eighth of the products. Compiled once per instruction set, like kernel_body.c.
 *
 * A delta meets a window of inputs or weights, of a few segments: rows of it, (kernel × channels) floats that
 * lie next to each other; or, where such a row does not fill a vector, all of it at once, from a matrix of
 * patches. */
#include <string.h>

#include "kernel/conv_parts.h"

/* How windows are read. */
typedef struct windows {
    int segments, length, vectors; /* floats and vectors of a segment */
    size_t width;                  /* of a segment of weights, with zeros after it */
    size_t room;                   /* of an image or its patches */
    ptrdiff_t step, row, next; /* of images, from position to position of the output, from row to row, from
                                  segment to segment */
} windows;

static windows windows_of(const ht_conv *c)
{
    ptrdiff_t line = (ptrdiff_t)(c->w + 2 * c->pad_w) * c->channels;
    windows w = {.segments = c->kernel_h, .length = c->kernel_w * c->channels};
    if (c->sparse == HT_CONV_PATCHES) {
        w.segments = 1;
        w.length *= c->kernel_h;
    }
    w.vectors = (w.length + FLOATS - 1) / FLOATS;
    w.width = (size_t)(w.length + LINE - 1) / LINE * LINE;
    if (c->sparse == HT_CONV_PATCHES) {
        w.step = (ptrdiff_t)w.width;
        w.row = w.step * c->conv_w;
        w.room = (size_t)w.row * (size_t)c->conv_h + LINE;
    } else {
        w.step = (ptrdiff_t)c->stride * c->channels;
        w.row = c->stride * line;
        w.next = line;
        w.room = (size_t)line * (size_t)(c->h + 2 * c->pad_h) + LINE;
    }
    return w;
}

/* ---- to += Σ value · base[place ..], some vectors ---- */

/* Few vectors are summed in turns, so that no sum waits for its last addition. */
INLINE void add_some(float *to, const float *base, const float *value, const int32_t *place, int count,
                     int vectors)
{
    enum { MOST = 8 };
    const int turns = vectors == 1 ? 4 : vectors <= 3 ? 2 : 1;
    floats sum[4][MOST];
    int i = 0;
    for (int v = 0; v < vectors; v++) {
        sum[0][v] = load(to + v * FLOATS);
        for (int t = 1; t < turns; t++) sum[t][v] = (floats){0};
    }
    for (; i + turns <= count; i += turns)
        for (int t = 0; t < turns; t++)
            for (int v = 0; v < vectors; v++)
                sum[t][v] =
                    FUSED(value[i + t] - (floats){0}, load(base + place[i + t] + v * FLOATS), sum[t][v]);
    for (; i < count; i++)
        for (int v = 0; v < vectors; v++)
            sum[0][v] = FUSED(value[i] - (floats){0}, load(base + place[i] + v * FLOATS), sum[0][v]);
    for (int v = 0; v < vectors; v++) {
        for (int t = 1; t < turns; t++) sum[0][v] += sum[t][v];
        put(to + v * FLOATS, sum[0][v]);
    }
}

#define CASE(n)                                                                                              \
    case n:                                                                                                  \
        add_some(to, base, value, place, count, n);                                                          \
        break;

static __attribute__((noinline)) void add_list(float *to, const float *base, const float *value,
                                               const int32_t *place, int count, int vectors)
{
    while (vectors > 0) {
        int n = vectors <= 8 ? vectors : vectors <= 14 ? (vectors + 1) / 2 : 7;
        switch (n) {
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
        }
        to += n * FLOATS;
        base += n * FLOATS;
        vectors -= n;
    }
}

/* ---- what is not zero of a sample's deltas ---- */

/* Lists of equal room: values, and where in a matrix or an image they meet what they are multiplied with. */
typedef struct lists {
    int *count;
    float *value;
    int32_t *place;
    size_t room;
    float *row; /* of filters */
} lists;

static lists lists_of(float *scratch, size_t number, size_t room)
{
    void *place = scratch + number * room, *row = scratch + 2 * number * room + number;
    lists l = {.value = scratch, .place = place, .room = room, .row = row};
    l.count = l.place + number * room;
    memset(l.count, 0, number * sizeof *l.count);
    return l;
}

/* A value is written in any case, and counts if it is not zero: no branch that nobody can foresee. */
INLINE void note(const lists *l, size_t list, float value, int32_t place)
{
    size_t k = list * l->room + (size_t)l->count[list];
    l->value[k] = value;
    l->place[k] = place;
    l->count[list] += value != 0;
}

/* Deltas of all filters at an output, zeros where max(x, 0) let nothing pass. */
static void pass_row(const ht_conv *c, const ht_conv_data *data, size_t i, float *row)
{
    for (int v = 0; v < c->filters; v += FLOATS) {
        int lanes = least(FLOATS, c->filters - v);
        floats d = load_lanes(data->out_delta + i + v, lanes);
        if (c->rectify) d = choose(load_lanes(data->out + i + v, lanes) <= 0, (floats){0}, d);
        put(row + v, d);
    }
}

/* By position of the convolution, of sample n; a filter's weights are `weights` apart. */
static void list_by_position(const ht_conv *c, const ht_conv_data *data, int n, size_t weights,
                             const lists *l)
{
    size_t i = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters;
    size_t position[HT_POOLING_MOST * HT_POOLING_MOST] = {0};
    for (int j = 0; j < c->pool * c->pool; j++) position[j] = (size_t)(j / c->pool * c->conv_w + j % c->pool);
    for (int y = 0; y < c->out_h; y++)
        for (int x = 0; x < c->out_w; x++, i += (size_t)c->filters) {
            size_t corner = (size_t)(y * c->pool_stride * c->conv_w + x * c->pool_stride);
            int32_t place = 0;
            pass_row(c, data, i, l->row);
            for (int f = 0; f < c->filters; f++, place += (int32_t)weights)
                note(l, corner + position[data->where[i + (size_t)f]], l->row[f], place);
        }
}

/* By filter, of a sample whose windows begin at `first`. */
static void list_by_filter(const ht_conv *c, const ht_conv_data *data, int n, const windows *w, size_t first,
                           const lists *l)
{
    size_t i = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters;
    int32_t window[HT_POOLING_MOST * HT_POOLING_MOST] = {0};
    for (int j = 0; j < c->pool * c->pool; j++)
        window[j] = (int32_t)(j / c->pool * w->row + j % c->pool * w->step);
    for (int y = 0; y < c->out_h; y++)
        for (int x = 0; x < c->out_w; x++, i += (size_t)c->filters) {
            int32_t corner =
                (int32_t)((ptrdiff_t)first + y * c->pool_stride * w->row + x * c->pool_stride * w->step);
            pass_row(c, data, i, l->row);
            for (int f = 0; f < c->filters; f++)
                note(l, (size_t)f, l->row[f], corner + window[data->where[i + (size_t)f]]);
        }
}

/* ---- gradient of the inputs ---- */

/* Weights as windows have them, filter by filter. */
static void pack_windows(const ht_conv *c, const float *weights, int block, float *packed)
{
    windows w = windows_of(c);
    int spots = c->kernel_h * c->kernel_w, end = least((block + 1) * BLOCK, c->filters);
    for (int f = block * BLOCK; f < end; f++)
        for (int s = 0; s < w.segments; s++) {
            float *to = packed + ((size_t)f * (size_t)w.segments + (size_t)s) * w.width;
            memset(to, 0, w.width * sizeof *to);
            for (int i = 0; i < w.length; i++) {
                int spot = s * c->kernel_w + i / c->channels, channel = i % c->channels;
                to[i] = weights[((size_t)f * (size_t)c->channels + (size_t)channel) * (size_t)spots +
                                (size_t)spot];
            }
        }
}

static void inputs(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    windows w = windows_of(c);
    int first = task * c->chunk, end = least(first + c->chunk, c->batch);
    size_t positions = (size_t)c->conv_h * (size_t)c->conv_w, row = (size_t)c->w * (size_t)c->channels;
    float *image = scratch;
    for (int n = first; n < end; n++) {
        lists l = lists_of(scratch + w.room, positions, (size_t)c->filters);
        list_by_position(c, data, n, (size_t)w.segments * w.width, &l);
        memset(image, 0, w.room * sizeof *image);
        for (int s = 0; s < w.segments; s++)
            for (size_t i = 0; i < positions; i++) {
                ptrdiff_t y = (ptrdiff_t)i / c->conv_w, x = (ptrdiff_t)i - y * c->conv_w;
                if (l.count[i])
                    add_list(image + y * w.row + x * w.step + s * w.next, data->packed + (size_t)s * w.width,
                             l.value + i * l.room, l.place + i * l.room, l.count[i], w.vectors);
            }
        for (int y = 0; y < c->h; y++)
            memcpy(data->in_delta + ((size_t)n * (size_t)c->h + (size_t)y) * row,
                   image + (y + c->pad_h) * w.next + (ptrdiff_t)c->pad_w * c->channels, row * sizeof *image);
    }
}

/* ---- gradient of the weights ---- */

/* A sample with its padding, and a line after it. */
static void pad_sample(const ht_conv *c, const ht_conv_data *data, int n, float *to)
{
    size_t row = (size_t)c->w * (size_t)c->channels, side = (size_t)c->pad_w * (size_t)c->channels,
           line = row + 2 * side;
    const float *in = data->in + (size_t)n * (size_t)c->h * row;
    if (c->pad_h || c->pad_w) memset(to, 0, (size_t)(c->h + 2 * c->pad_h) * line * sizeof *to);
    for (size_t y = 0; y < (size_t)c->h; y++)
        memcpy(to + (y + (size_t)c->pad_h) * line + side, in + y * row, row * sizeof *to);
    memset(to + (size_t)(c->h + 2 * c->pad_h) * line, 0, LINE * sizeof *to);
}

/* The window of each output, row after row. A row is copied by vectors: what is after it is overwritten by
 * the next one, or is read by nobody. */
static void put_patches(const ht_conv *c, const windows *w, const float *padded_sample, float *to)
{
    ptrdiff_t length = (ptrdiff_t)c->kernel_w * c->channels,
              line = (ptrdiff_t)(c->w + 2 * c->pad_w) * c->channels;
    for (int y = 0; y < c->conv_h; y++)
        for (int x = 0; x < c->conv_w; x++, to += w->step) {
            const float *from = padded_sample + y * c->stride * line + (ptrdiff_t)x * c->stride * c->channels;
            for (int i = 0; i < c->kernel_h; i++)
                for (ptrdiff_t v = 0; v < length; v += FLOATS)
                    put(to + i * length + v, load(from + i * line + v));
        }
}

/* A group of samples, as many at a time as have room in the first cache. */
static void weights(const ht_conv *c, const ht_conv_data *data, int group, float *scratch)
{
    windows w = windows_of(c);
    int first = group * c->group, end = least(first + c->group, c->batch);
    size_t size = (size_t)w.segments * w.width, most = (size_t)c->lump * (size_t)c->out_h * (size_t)c->out_w;
    float *partial = ht_conv_partial(c, data, group), *rest = scratch + (size_t)c->lump * w.room;
    memset(partial, 0, (size_t)c->filters * size * sizeof *partial);
    for (int n = first; n < end; n += c->lump) {
        lists l = lists_of(rest, (size_t)c->filters, most);
        float *sample = l.row + padded(c->filters);
        for (int i = 0; i < least(c->lump, end - n); i++) {
            float *to = scratch + (size_t)i * w.room;
            pad_sample(c, data, n + i, c->sparse == HT_CONV_PATCHES ? sample : to);
            if (c->sparse == HT_CONV_PATCHES) put_patches(c, &w, sample, to);
            list_by_filter(c, data, n + i, &w, (size_t)i * w.room, &l);
        }
        for (int f = 0; f < c->filters; f++)
            for (int s = 0; s < w.segments; s++)
                add_list(partial + (size_t)f * size + (size_t)s * w.width, scratch + s * w.next,
                         l.value + (size_t)f * most, l.place + (size_t)f * most, l.count[f], w.vectors);
    }
}

extern ht_conv_gather PASTE(ht_sparse_gather_, HT_ISA);
void PASTE(ht_sparse_gather_, HT_ISA)(const ht_conv *c, const ht_conv_data *data, int first, int m, float *to,
                                      float factor, float keep)
{
    windows w = windows_of(c);
    size_t size = (size_t)w.segments * w.width;
    int spots = c->kernel_h * c->kernel_w;
    for (int f = first; f < first + m; f++, to += (ptrdiff_t)spots * c->channels)
        for (int s = 0; s < w.segments; s++)
            for (int i = 0; i < w.length; i += LINE) {
                const float *from = ht_conv_partial(c, data, 0) + (size_t)f * size + (size_t)s * w.width + i;
                float sum[LINE];
                memcpy(sum, from, sizeof sum);
                for (int g = 1; g < c->groups; g++)
                    for (int j = 0; j < LINE; j++) sum[j] += from[(size_t)g * c->partial + (size_t)j];
                for (int j = 0; j < least(LINE, w.length - i); j++) {
                    int at = s * w.length + i + j, spot = at / c->channels, channel = at % c->channels;
                    float *z = to + (ptrdiff_t)channel * spots + spot;
                    *z = keep == 0 ? factor * sum[j] : keep * *z + factor * sum[j];
                }
            }
}

extern ht_conv_run PASTE(ht_sparse_, HT_ISA);
void PASTE(ht_sparse_, HT_ISA)(const ht_conv *c, const ht_conv_data *data, ht_conv_phase phase, int task,
                               float *scratch)
{
    if (phase == HT_CONV_PACK_BACK) pack_windows(c, data->weights, task, data->packed);
    if (phase == HT_CONV_INPUTS) inputs(c, data, task, scratch);
    if (phase == HT_CONV_WEIGHTS) weights(c, data, task, scratch);
}
