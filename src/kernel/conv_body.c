/* conv_body.c - the convolutions of conv.h; compiled once per instruction set, like kernel_body.c. */
#include "kernel/conv.h"

#include <string.h>

#include "kernel/kernel_vector.h"

/* A panel is two vectors wide, the last one of a matrix one where that is enough. */
enum { WIDTH = 2 * FLOATS, BLOCK = 32, PANELS = BLOCK / WIDTH };

#if defined(__AVX512F__) || !defined(__SSE2__)
#define MANY_REGISTERS 1
enum { MOST_ROWS = 12 };
#else
enum { MOST_ROWS = 6 };
#endif

/* n rounded up to whole vectors. */
INLINE int padded(int n)
{
    return (n + FLOATS - 1) / FLOATS * FLOATS;
}

INLINE int panel_width(int n, int panel)
{
    return least(WIDTH, padded(n - panel * WIDTH));
}

INLINE int panels_of(int n)
{
    return (n + WIDTH - 1) / WIDTH;
}

/* ---- sums in registers ---- */

/* Row r of a result is Σ over segments s and terms k of a[r, k] b[k], b a vector of a panel. */
typedef struct sums {
    const float *a, *b;
    ptrdiff_t row, term; /* steps of a; one of them is 1 */
    ptrdiff_t panel;     /* step of b from term to term */
    int terms, segments;
    const ptrdiff_t *at_a, *at_b; /* where the segments are */
    const float *plus;            /* added at the end, NULL: nothing; */
    ptrdiff_t plus_row;           /* 0: the same for all rows */
} sums;

/* `across`: the rows are next to each other in a; otherwise the terms are. */
INLINE void add_terms(floats (*sum)[2], int rows, int vectors, bool across, const sums *s, const float *a,
                      const float *b)
{
    const ptrdiff_t row = across ? 1 : s->row, term = across ? s->term : 1;
    const float *part[MOST_ROWS / 3 + 1]; /* addresses of every third row are enough */
    for (int i = 0; i < (rows + 2) / 3; i++) part[i] = a + 3 * i * row;
    for (int k = 0; k < s->terms; k++, b += s->panel) {
        floats by[2] = {load(b), vectors > 1 ? load(b + FLOATS) : (floats){0}};
        for (int r = 0; r < rows; r++) {
            floats x = part[r / 3][r % 3 * row] - (floats){0};
            for (int v = 0; v < vectors; v++) sum[r][v] = FUSED(x, by[v], sum[r][v]);
        }
        for (int i = 0; i < (rows + 2) / 3; i++) part[i] += term;
    }
}

INLINE void sum_tile(int rows, int vectors, bool across, const sums *s, float *to, ptrdiff_t step)
{
    floats sum[MOST_ROWS][2] = {{{0}}};
    for (int i = 0; i < s->segments; i++)
        add_terms(sum, rows, vectors, across, s, s->a + s->at_a[i], s->b + s->at_b[i]);
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) {
            if (s->plus) sum[r][v] += load(s->plus + r * s->plus_row + v * FLOATS);
            put(to + r * step + v * FLOATS, sum[r][v]);
        }
}

typedef void sum_function(const sums *s, float *to, ptrdiff_t step);

/* Constant sizes, so that the sums stay in registers. */
#define SUM(rows, vectors, across)                                                                           \
    static __attribute__((noinline)) void sum_##rows##_##vectors##_##across(const sums *s, float *to,        \
                                                                            ptrdiff_t step)                  \
    {                                                                                                        \
        sum_tile(rows, vectors, across, s, to, step);                                                        \
    }
#define SUMS(rows) SUM(rows, 1, 0) SUM(rows, 2, 0) SUM(rows, 1, 1) SUM(rows, 2, 1)
#define NAMES(rows)                                                                                          \
    {                                                                                                        \
        {sum_##rows##_1_0, sum_##rows##_2_0}, {sum_##rows##_1_1, sum_##rows##_2_1},                          \
    }
SUMS(1)
SUMS(2)
SUMS(3)
SUMS(4)
SUMS(5)
SUMS(6)
#ifdef MANY_REGISTERS
SUMS(7)
SUMS(8)
SUMS(9)
SUMS(10)
SUMS(11)
SUMS(12)
#endif
static sum_function *const sum_table[MOST_ROWS][2][2] = {
    NAMES(1), NAMES(2), NAMES(3), NAMES(4),  NAMES(5),  NAMES(6),
#ifdef MANY_REGISTERS
    NAMES(7), NAMES(8), NAMES(9), NAMES(10), NAMES(11), NAMES(12),
#endif
};

/* Any number of rows, in groups of about the same size; `width` floats of each. */
static void sum_rows(const sums *all, int rows, int width, bool across, float *to, ptrdiff_t step)
{
    int groups = (rows + MOST_ROWS - 1) / MOST_ROWS;
    sums s = *all;
    for (int g = 0, done = 0; g < groups; g++) {
        int n = (rows - done) / (groups - g);
        s.a = all->a + done * all->row;
        if (all->plus) s.plus = all->plus + done * all->plus_row;
        sum_table[n - 1][across][width > FLOATS](&s, to + done * step, step);
        done += n;
    }
}

/* Segments are gathered until there are enough to be worth a call. */
enum { SEGMENTS = 64 };

typedef struct segments {
    sums sums;
    int rows, width;
    bool across;
    float *to;
    ptrdiff_t step;
    ptrdiff_t at_a[SEGMENTS], at_b[SEGMENTS];
} segments;

static void sum_segments(segments *l)
{
    l->sums.at_a = l->at_a;
    l->sums.at_b = l->at_b;
    sum_rows(&l->sums, l->rows, l->width, l->across, l->to, l->step);
    l->sums.plus = l->to;
    l->sums.plus_row = l->step;
    l->sums.segments = 0;
}

INLINE void add_segment(segments *l, ptrdiff_t a, ptrdiff_t b)
{
    if (l->sums.segments == SEGMENTS) sum_segments(l);
    l->at_a[l->sums.segments] = a;
    l->at_b[l->sums.segments++] = b;
}

/* ---- weights in panels ---- */

/* Panel by panel of filters: term (tap, channel) by term, a vector of filters each. */
static void pack(const ht_conv *c, const float *weights, int block, float *packed)
{
    int taps = c->kernel * c->kernel, first = block * PANELS;
    for (int p = first; p < least(first + PANELS, panels_of(c->filters)); p++) {
        int width = panel_width(c->filters, p);
        float *to = packed + (size_t)p * WIDTH * (size_t)(taps * c->channels);
        for (int t = 0; t < taps; t++)
            for (int i = 0; i < c->channels; i++)
                for (int lane = 0; lane < width; lane++, to++) {
                    size_t f = (size_t)(p * WIDTH + lane);
                    *to = f < (size_t)c->filters
                              ? weights[(f * (size_t)c->channels + (size_t)i) * (size_t)taps + (size_t)t]
                              : 0;
                }
    }
}

/* Panel by panel of channels: term (tap, filter) by term. */
static void pack_back(const ht_conv *c, const float *weights, int block, float *packed)
{
    int taps = c->kernel * c->kernel, first = block * PANELS;
    for (int p = first; p < least(first + PANELS, panels_of(c->channels)); p++) {
        int width = panel_width(c->channels, p);
        float *to = packed + (size_t)p * WIDTH * (size_t)(taps * c->filters);
        for (int t = 0; t < taps; t++)
            for (int f = 0; f < c->filters; f++)
                for (int lane = 0; lane < width; lane++, to++) {
                    size_t i = (size_t)(p * WIDTH + lane);
                    *to = i < (size_t)c->channels
                              ? weights[((size_t)f * (size_t)c->channels + i) * (size_t)taps + (size_t)t]
                              : 0;
                }
    }
}

/* ---- pooling ---- */

typedef uint8_t bytes __attribute__((vector_size(FLOATS)));

INLINE floats choose(integers which, floats a, floats b)
{
    return (floats)(((integers)a & which) | ((integers)b & ~which));
}

INLINE floats load_lanes(const float *p, int lanes)
{
    return lanes == FLOATS ? load(p) : load_part(p, first_lanes(lanes));
}

INLINE void put_lanes(float *p, int lanes, floats x)
{
    if (lanes == FLOATS)
        put(p, x);
    else
        put_part(p, first_lanes(lanes), x);
}

/* Where values lie: from position to position, and from row to row. */
typedef struct grid {
    ptrdiff_t step, row;
} grid;

/* A vector of channels of an image. */
INLINE void pool_vector(const ht_pooling *p, const float *in, grid from, float *out, uint8_t *where,
                        int channels, int lanes, bool rectify)
{
    int h = ht_pooled(p->h, p->size, p->stride), w = ht_pooled(p->w, p->size, p->stride);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, out += channels, where += where ? channels : 0) {
            const float *a = in + y * p->stride * from.row + x * p->stride * from.step;
            floats best = load_lanes(a, lanes), sum = {0};
            integers at = {0};
            for (int i = 0; i < p->size; i++)
                for (int j = 0; j < p->size; j++) {
                    floats v = load_lanes(a + i * from.row + j * from.step, lanes);
                    integers better = ~(v <= best) & (best == best);
                    best = choose(better, v, best);
                    at = (at & ~better) | ((i * p->size + j - (integers){0}) & better);
                    sum += v;
                }
            if (p->average) best = sum / (float)(p->size * p->size);
            if (rectify) best = choose(best <= 0, (floats){0}, best);
            put_lanes(out, lanes, best);
            if (!where) continue;
            bytes place = __builtin_convertvector(at, bytes);
            memcpy(where, &place, (size_t)lanes);
        }
}

static void pool(const ht_pooling *p, const float *in, int samples, float *out, uint8_t *where)
{
    size_t image = (size_t)p->h * (size_t)p->w * (size_t)p->channels;
    size_t pooled = (size_t)ht_pooled(p->h, p->size, p->stride) *
                    (size_t)ht_pooled(p->w, p->size, p->stride) * (size_t)p->channels;
    grid from = {p->channels, (ptrdiff_t)p->w * p->channels};
    if (p->average) where = NULL;
    for (size_t n = 0; n < (size_t)samples; n++)
        for (int c = 0; c < p->channels; c += FLOATS)
            pool_vector(p, in + n * image + c, from, out + n * pooled + c,
                        where ? where + n * pooled + c : NULL, p->channels, least(FLOATS, p->channels - c),
                        false);
}

/* The deltas of a vector of channels go back to where they came from; `to` is zeros. */
INLINE void unpool_vector(const ht_pooling *p, const float *delta, const float *gate, const uint8_t *where,
                          int channels, int lanes, float *to, grid into, int to_lanes)
{
    int h = ht_pooled(p->h, p->size, p->stride), w = ht_pooled(p->w, p->size, p->stride);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, delta += channels) {
            float *a = to + y * p->stride * into.row + x * p->stride * into.step;
            floats d = load_lanes(delta, lanes);
            bytes place = {0};
            if (gate) {
                d = choose(load_lanes(gate, lanes) <= 0, (floats){0}, d);
                gate += channels;
            }
            if (p->average) d /= (float)(p->size * p->size);
            if (where) {
                memcpy(&place, where, (size_t)lanes);
                where += channels;
            }
            integers at = __builtin_convertvector(place, integers);
            for (int i = 0; i < p->size; i++)
                for (int j = 0; j < p->size; j++) {
                    float *z = a + i * into.row + j * into.step;
                    floats part = where ? choose(at == i * p->size + j, d, (floats){0}) : d;
                    put_lanes(z, to_lanes, load_lanes(z, to_lanes) + part);
                }
        }
}

static void pool_back(const ht_pooling *p, const float *out_delta, const uint8_t *where, int samples,
                      float *in_delta)
{
    size_t image = (size_t)p->h * (size_t)p->w * (size_t)p->channels;
    size_t pooled = (size_t)ht_pooled(p->h, p->size, p->stride) *
                    (size_t)ht_pooled(p->w, p->size, p->stride) * (size_t)p->channels;
    grid into = {p->channels, (ptrdiff_t)p->w * p->channels};
    if (p->average) where = NULL;
    memset(in_delta, 0, (size_t)samples * image * sizeof *in_delta);
    for (size_t n = 0; n < (size_t)samples; n++)
        for (int c = 0; c < p->channels; c += FLOATS) {
            int lanes = least(FLOATS, p->channels - c);
            unpool_vector(p, out_delta + n * pooled + c, NULL, where ? where + n * pooled + c : NULL,
                          p->channels, lanes, in_delta + n * image + c, into, lanes);
        }
}

/* ---- images ---- */

static ht_pooling pooling_of(const ht_conv *c)
{
    return (ht_pooling){.h = c->conv_h,
                        .w = c->conv_w,
                        .channels = c->filters,
                        .size = c->pool ? c->pool : 1,
                        .stride = c->pool ? c->pool_stride : 1};
}

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

/* ∂L/∂(convolution) of sample n, of filters first .. first + width - 1 (filled up with zeros); to is zeros.
 */
static void delta_image(const ht_conv *c, const ht_conv_data *data, int n, int first, int width, float *to,
                        grid into)
{
    ht_pooling p = pooling_of(c);
    size_t at = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters + (size_t)first;
    for (int v = 0; v < width; v += FLOATS) {
        int lanes = least(FLOATS, c->filters - first - v);
        unpool_vector(&p, data->out_delta + at + v, c->rectify ? data->out + at + v : NULL,
                      c->pool ? data->where + at + v : NULL, c->filters, lanes, to + v, into, FLOATS);
    }
}

/* ---- forward: rows of positions ---- */

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
                pool_vector(&pooling, image + v, (grid){width, (ptrdiff_t)width * c->conv_w},
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
                    (grid){step, (ptrdiff_t)row});
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

static size_t partial_size(const ht_conv *c)
{
    return (size_t)c->kernel * (size_t)c->kernel * (size_t)c->channels * (size_t)padded(c->filters);
}

static void weights(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    int group = task % c->groups, block = task / c->groups * PANELS;
    size_t in_size = (size_t)c->h * (size_t)(c->w + 2 * c->pad) * (size_t)c->channels;
    size_t terms = (size_t)c->kernel * (size_t)c->kernel * (size_t)c->channels;
    float *partial = data->shared + (size_t)group * partial_size(c), *image = scratch + in_size;
    int first = group * c->group, end = least(first + c->group, c->batch);
    for (int n = first; n < end; n++) {
        const float *in = padded_input(c, data, n, scratch);
        for (int p = block; p < least(block + PANELS, panels_of(c->filters)); p++) {
            int width = panel_width(c->filters, p);
            memset(image, 0, (size_t)c->conv_h * (size_t)c->conv_w * (size_t)width * sizeof *image);
            delta_image(c, data, n, p * WIDTH, width, image, (grid){width, (ptrdiff_t)width * c->conv_w});
            correlate(c, in, image, width, n > first, partial + (size_t)p * WIDTH * terms);
        }
    }
}

/* to = keep · to + factor · x */
INLINE void descend(float *to, float x, float factor, float keep)
{
    *to = keep == 0 ? factor * x : keep * *to + factor * x;
}

static void gather(const ht_conv *c, const ht_conv_data *data, int first, int m, float *to, float factor,
                   float keep)
{
    int taps = c->kernel * c->kernel, terms = taps * c->channels;
    for (int f = first; f < first + m; f++) {
        int p = f / WIDTH, width = panel_width(c->filters, p);
        const float *from = data->shared + (size_t)p * WIDTH * (size_t)terms + (f - p * WIDTH);
        for (int i = 0; i < c->channels; i++)
            for (int t = 0; t < taps; t++, to++) {
                float sum = 0;
                for (int g = 0; g < c->groups; g++)
                    sum += from[(size_t)g * partial_size(c) + (size_t)(t * c->channels + i) * (size_t)width];
                descend(to, sum, factor, keep);
            }
    }
}

static void gather_bias(const ht_conv *c, const ht_conv_data *data, int first, int m, float *to, float factor,
                        float keep)
{
    size_t positions = (size_t)c->out_h * (size_t)c->out_w, step = (size_t)c->filters;
    for (int f = 0; f < m; f += FLOATS) {
        int lanes = least(FLOATS, m - f);
        const float *d = data->out_delta + first + f, *gate = c->rectify ? data->out + first + f : NULL;
        float total[FLOATS];
        floats sum = {0};
        for (int n = 0; n < c->batch; n++) { /* sums of samples first: fewer roundings in a row */
            floats part = {0};
            for (size_t i = 0; i < positions; i++, d += step) {
                floats x = load_lanes(d, lanes);
                if (gate) {
                    x = choose(load_lanes(gate, lanes) <= 0, (floats){0}, x);
                    gate += step;
                }
                part += x;
            }
            sum += part;
        }
        put(total, sum);
        for (int i = 0; i < lanes; i++) descend(to + f + i, total[i], factor, keep);
    }
}

static void run(const ht_conv *c, const ht_conv_data *data, ht_conv_phase phase, int task, float *scratch)
{
    switch (phase) {
    case HT_CONV_PACK:
        pack(c, data->weights, task, data->packed);
        break;
    case HT_CONV_FORWARD:
        forward(c, data, task, scratch);
        break;
    case HT_CONV_PACK_BACK:
        pack_back(c, data->weights, task, data->packed);
        break;
    case HT_CONV_INPUTS:
        inputs(c, data, task, scratch);
        break;
    case HT_CONV_WEIGHTS:
        weights(c, data, task, scratch);
        break;
    default:
        break;
    }
}

extern const ht_conv_kernels PASTE(ht_conv_, HT_ISA);
const ht_conv_kernels PASTE(ht_conv_, HT_ISA) = {
    .run = run,
    .gather = gather,
    .gather_bias = gather_bias,
    .pool = pool,
    .pool_back = pool_back,
};
