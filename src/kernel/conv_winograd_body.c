/* conv_winograd_body.c - 3 × 3 convolutions of stride 1 by Winograd's F(4×4, 3×3); compiled once per
 * instruction set, like kernel_body.c.
 *
 * Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, arXiv 1509.09308. Tiles of 4 × 4 outputs
 * are made of 6 × 6 inputs: with V = B^T in B and U = G w G^T, out = A^T (Σ over channels U ∘ V) A, 36
 * products where the plain sum has 144. The gradients are the exact transposes of it: of the outputs dM = A
 * out_delta A^T, in_delta = Σ over tiles B (Σ over filters U ∘ dM) B^T, weights G^T (Σ over tiles V ∘ dM) G.
 * Each of the 36 places is a product of matrices, tiles by channels by filters; V is kept for the gradient of
 * the weights.
 *
 * Rounding: the transforms have entries up to 8, and with them errors about 5 × those of a plain sum: 1e-6 to
 * 2e-6 of all values together, and less than 1e-5 of the largest (tests/unit/test_conv.c). A NaN or Inf
 * spreads over its tile. */
#include <string.h>

#include "kernel/conv_parts.h"

/* Tiles' places; channels of a round, whose U stays in the second cache; tiles of a round, whose V and dM
 * stay in the first. A step between places that is a power of two would put them all in the same lines of a
 * cache. */
enum { PLACES = 36, ROUND = HT_CONV_ROUND, TILES = 100, AHEAD = 2 };

/* ---- transforms of six, of vectors `s` apart ---- */

INLINE floats plus_times(floats x, float k, floats y)
{
    return FUSED(k - (floats){0}, y, x);
}

/* B^T, for inputs */
INLINE void enter_six(floats *o, int s, const floats *a, int t)
{
    floats m = plus_times(a[4 * t], -4, a[2 * t]), n = plus_times(a[3 * t], -4, a[t]);
    floats p = a[4 * t] - a[2 * t], q = (a[3 * t] - a[t]) * 2.0f;
    o[0] = plus_times(plus_times(a[4 * t], -5, a[2 * t]), 4, a[0]);
    o[s] = m + n;
    o[2 * s] = m - n;
    o[3 * s] = p + q;
    o[4 * s] = p - q;
    o[5 * s] = plus_times(plus_times(a[5 * t], -5, a[3 * t]), 4, a[t]);
}

/* B */
INLINE void enter_back(floats *o, int s, const floats *a, int t)
{
    floats e = a[t] - a[2 * t], g = a[t] + a[2 * t], h = a[3 * t] - a[4 * t], k = a[3 * t] + a[4 * t];
    o[0] = a[0] * 4.0f;
    o[s] = plus_times(plus_times(a[5 * t] * 4.0f, -2, h), -4, e);
    o[2 * s] = plus_times(plus_times((floats){0} - k, -4, g), -5, a[0]);
    o[3 * s] = plus_times(plus_times(e, -5, a[5 * t]), 2, h);
    o[4 * s] = a[0] + g + k;
    o[5 * s] = a[5 * t];
}

/* A^T, to outputs: six to four */
INLINE void leave_six(floats *o, int s, const floats *a, int t)
{
    floats p = a[t] + a[2 * t], q = a[t] - a[2 * t], r = a[3 * t] + a[4 * t], u = a[3 * t] - a[4 * t];
    o[0] = a[0] + (p + r);
    o[s] = plus_times(q, 2, u);
    o[2 * s] = plus_times(p, 4, r);
    o[3 * s] = plus_times(q + a[5 * t], 8, u);
}

/* A: four to six */
INLINE void leave_back(floats *o, int s, const floats *a, int t)
{
    floats p = a[0] + a[2 * t], q = a[t] + a[3 * t], r = plus_times(a[0], 4, a[2 * t]);
    floats u = plus_times(a[t] * 2.0f, 8, a[3 * t]);
    o[0] = a[0];
    o[s] = p + q;
    o[2 * s] = p - q;
    o[3 * s] = r + u;
    o[4 * s] = r - u;
    o[5 * s] = a[3 * t];
}

/* G, of weights: three to six */
INLINE void weigh_three(floats *o, int s, const floats *a, int t)
{
    floats p = a[0] + a[2 * t], r = plus_times(a[0] * (1.0f / 24), 1.0f / 6, a[2 * t]),
           u = a[t] * (1.0f / 12);
    o[0] = a[0] * 0.25f;
    o[s] = (p + a[t]) * (-1.0f / 6);
    o[2 * s] = (p - a[t]) * (-1.0f / 6);
    o[3 * s] = r + u;
    o[4 * s] = r - u;
    o[5 * s] = a[2 * t];
}

/* G^T: six to three */
INLINE void weigh_back(floats *o, int s, const floats *a, int t)
{
    floats p = a[t] + a[2 * t], q = a[2 * t] - a[t], r = a[3 * t] + a[4 * t], u = a[3 * t] - a[4 * t];
    o[0] = plus_times(plus_times(r * (1.0f / 24), -1.0f / 6, p), 0.25f, a[0]);
    o[s] = plus_times(u * (1.0f / 12), 1.0f / 6, q);
    o[2 * s] = plus_times(plus_times(a[5 * t], 1.0f / 6, r), -1.0f / 6, p);
}

/* Of `from` × `from` vectors, by columns and then by rows, to × to. */
#define BOTH_WAYS(name, six, from, to)                                                                       \
    INLINE void name(floats *out, const floats *in)                                                          \
    {                                                                                                        \
        floats half[(to) * (from)];                                                                          \
        for (int j = 0; j < (from); j++) six(half + j, from, in + j, from);                                  \
        for (int i = 0; i < (to); i++) six(out + i * (to), 1, half + i * (from), 1);                         \
    }
BOTH_WAYS(enter_tile, enter_six, 6, 6)
BOTH_WAYS(enter_tile_back, enter_back, 6, 6)
BOTH_WAYS(leave_tile, leave_six, 6, 4)
BOTH_WAYS(leave_tile_back, leave_back, 4, 6)
BOTH_WAYS(weigh_tile, weigh_three, 3, 6)
BOTH_WAYS(weigh_tile_back, weigh_back, 6, 3)

/* ---- V and dM: place by place, panels of channels, each tile by tile ---- */

static size_t tiles_of(const ht_conv *c)
{
    return (size_t)c->batch * (size_t)c->tiles_h * (size_t)c->tiles_w;
}

INLINE void put_places(float *to, size_t step, const floats *x)
{
    for (size_t i = 0; i < PLACES; i++) put(to + i * step, x[i]);
}

/* The same lines of a later tile: so many streams no processor foresees, and each line would be waited for.
 */
INLINE void fetch_places(const float *to, size_t step)
{
    for (size_t i = 0; i < PLACES; i++) __builtin_prefetch(to + i * step, 1);
}

INLINE void load_places(floats *x, const float *from, size_t step)
{
    for (size_t i = 0; i < PLACES; i++) x[i] = load(from + i * step);
}

static void enter(const ht_conv *c, const ht_conv_data *data, int n)
{
    size_t tile = (size_t)n * (size_t)c->tiles_h * (size_t)c->tiles_w,
           step = place_step(tiles_of(c), c->channels);
    const float *in = data->in + (size_t)n * (size_t)c->h * (size_t)c->w * (size_t)c->channels;
    for (int ty = 0; ty < c->tiles_h; ty++)
        for (int tx = 0; tx < c->tiles_w; tx++, tile++)
            for (int v = 0; v < c->channels; v += FLOATS) {
                int lanes = least(FLOATS, c->channels - v);
                float *to = data->kept + vector_at(tiles_of(c), c->channels, v, tile);
                floats x[PLACES], t[PLACES];
                fetch_places(to + AHEAD * WIDTH, step);
                for (int i = 0; i < PLACES; i++) {
                    int y = 4 * ty - c->pad_h + i / 6, z = 4 * tx - c->pad_w + i % 6;
                    bool inside = y >= 0 && z >= 0 && y < c->h && z < c->w;
                    x[i] = inside ? load_lanes(in + ((ptrdiff_t)y * c->w + z) * c->channels + v, lanes)
                                  : (floats){0};
                }
                enter_tile(t, x);
                put_places(to, step, t);
            }
}

static void returned(const ht_conv *c, const ht_conv_data *data, int n, float *image)
{
    ht_pooling p = pooling_of(c);
    size_t first = (size_t)n * (size_t)c->tiles_h * (size_t)c->tiles_w,
           step = place_step(tiles_of(c), c->filters);
    size_t out = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters;
    ptrdiff_t row = (ptrdiff_t)c->tiles_w * 4 * FLOATS;
    memset(image, 0, (size_t)row * (size_t)c->tiles_h * 4 * sizeof *image);
    for (int v = 0; v < c->filters; v += FLOATS, out += FLOATS) {
        size_t tile = first;
        unpool_vector(&p, data->out_delta + out, c->rectify ? data->out + out : NULL,
                      c->pool ? data->where + out : NULL, c->filters, least(FLOATS, c->filters - v), image,
                      (grid){FLOATS, row, FLOATS});
        for (int ty = 0; ty < c->tiles_h; ty++)
            for (int tx = 0; tx < c->tiles_w; tx++, tile++) {
                float *to = data->shared + vector_at(tiles_of(c), c->filters, v, tile);
                floats x[16], t[PLACES];
                fetch_places(to + AHEAD * WIDTH, step);
                for (int i = 0; i < 16; i++)
                    x[i] = load(image + (4 * ty + i / 4) * row + (4 * tx + i % 4) * FLOATS);
                leave_tile_back(t, x);
                put_places(to, step, t);
            }
    }
}

/* ---- U: place by place, term by term, a vector of a panel each ---- */

/* Of a vector, whose weights are turned: the nine of a term, term by term. */
static void weigh_turned(const float *turned, int terms, float *u, int width, size_t step)
{
    for (int k = 0; k < terms; k++, turned += 9 * FLOATS) {
        floats x[9], t[PLACES];
        for (int i = 0; i < 9; i++) x[i] = load(turned + i * FLOATS);
        weigh_tile(t, x);
        put_places(u + (ptrdiff_t)k * width, step, t);
    }
}

/* Of terms first .. first + terms - 1, channels, and a panel of filters. */
static void weigh(const ht_conv *c, const float *w, int panel, int first, int terms, float *turned, float *u,
                  size_t step)
{
    int width = panel_width(c->filters, panel);
    for (int v = 0; v < width; v += FLOATS) {
        for (int lane = 0; lane < FLOATS; lane += 4) {
            const float *row[4];
            for (int i = 0; i < 4; i++) {
                int f = panel * WIDTH + v + lane + i;
                row[i] = f < c->filters ? w + ((size_t)f * (size_t)c->channels + (size_t)first) * 9 : NULL;
            }
            turn(row, terms * 9, turned + lane, FLOATS);
        }
        weigh_turned(turned, terms, u + v, width, step);
    }
}

/* Of terms that are filters, and a panel of channels. */
static void weigh_for_inputs(const ht_conv *c, const float *w, int panel, int first, int terms, float *turned,
                             float *u, size_t step)
{
    int width = panel_width(c->channels, panel);
    for (int v = 0; v < width; v += FLOATS) {
        for (int k = 0; k < terms; k++)
            for (int lane = 0; lane < FLOATS; lane += 4) {
                const float *row[4], *filter = w + (size_t)(first + k) * (size_t)c->channels * 9;
                for (int i = 0; i < 4; i++) {
                    int channel = panel * WIDTH + v + lane + i;
                    row[i] = channel < c->channels ? filter + (ptrdiff_t)channel * 9 : NULL;
                }
                turn(row, 9, turned + (ptrdiff_t)k * 9 * FLOATS + lane, FLOATS);
            }
        weigh_turned(turned, terms, u + v, width, step);
    }
}

/* ---- products ---- */

/* Some tiles, of some samples. */
typedef struct span {
    size_t first, tiles, all;
} span;

static span cut_of(const ht_conv *c, int first_sample, int samples)
{
    size_t tiles = (size_t)c->tiles_h * (size_t)c->tiles_w;
    return (span){(size_t)first_sample * tiles, (size_t)samples * tiles, tiles_of(c)};
}

/* m (places × tiles × width) = or += Σ over terms first .. first + terms - 1, of `channels`, of x (V or dM)
 * and u. */
static void multiply(const float *x, int channels, span cut, int first, int terms, const float *u,
                     size_t u_step, int width, float *m, size_t m_step)
{
    segments l = {.rows = (int)cut.tiles, .width = width, .step = width};
    for (size_t i = 0; i < PLACES; i++) {
        l.to = m + i * m_step;
        l.sums = (sums){.a = x + i * place_step(cut.all, channels),
                        .b = u + i * u_step,
                        .term = 1,
                        .panel = width,
                        .plus = first ? l.to : NULL,
                        .plus_row = width,
                        .ahead = i + 1 < PLACES ? (ptrdiff_t)place_step(cut.all, channels) : 0};
        for (int k = first; k < first + terms; k += WIDTH) {
            int n = least(WIDTH, channels - k);
            if (l.sums.segments && n != l.sums.terms) sum_segments(&l); /* the last panel is narrower */
            l.sums.terms = n;
            l.sums.row = panel_width(channels, k / WIDTH);
            add_segment(&l, (ptrdiff_t)((size_t)k * cut.all + cut.first * (size_t)l.sums.row),
                        (ptrdiff_t)(k - first) * width);
        }
        sum_segments(&l);
    }
}

/* The room of a task: U of a round, sums of some tiles, and what is left. */
typedef struct room {
    float *u, *m, *rest;
    size_t u_step, m_step;
} room;

static room room_of(const ht_conv *c, float *scratch)
{
    room r = {.u = scratch, .u_step = (size_t)ROUND * WIDTH + GAP};
    r.m = r.u + PLACES * r.u_step;
    r.m_step = (size_t)c->chunk * (size_t)c->tiles_h * (size_t)c->tiles_w * WIDTH + GAP;
    r.rest = r.m + PLACES * r.m_step;
    return r;
}

/* Outputs of a sample, a panel of filters: from sums of its tiles. */
static void leave(const ht_conv *c, const ht_conv_data *data, int n, int panel, const float *m, size_t m_step,
                  float *image)
{
    ht_pooling p = pooling_of(c);
    int width = panel_width(c->filters, panel), left = c->filters - panel * WIDTH;
    size_t out = (size_t)n * (size_t)c->out_h * (size_t)c->out_w * (size_t)c->filters + (size_t)panel * WIDTH;
    ptrdiff_t row = (ptrdiff_t)c->tiles_w * 4 * FLOATS;
    for (int v = 0; v < least(width, left); v += FLOATS) {
        const float *from = m + v;
        int lanes = least(FLOATS, left - v);
        floats bias = data->bias ? load_lanes(data->bias + panel * WIDTH + v, lanes) : (floats){0};
        for (int ty = 0; ty < c->tiles_h; ty++)
            for (int tx = 0; tx < c->tiles_w; tx++, from += width) {
                floats x[PLACES], t[16];
                load_places(x, from, m_step);
                leave_tile(t, x);
                for (int i = 0; i < 16; i++)
                    put(image + (4 * ty + i / 4) * row + (4 * tx + i % 4) * FLOATS, t[i] + bias);
            }
        pool_vector(&p, image, (grid){FLOATS, row, FLOATS}, data->out + out + v,
                    c->pool ? data->where + out + v : NULL, c->filters, lanes, c->rectify);
    }
}

/* ∂L/∂inputs of a sample, a panel of channels. Tiles overlap: image has the padding around it. */
static void leave_inputs(const ht_conv *c, const ht_conv_data *data, int n, int panel, const float *m,
                         size_t m_step, float *image)
{
    int width = panel_width(c->channels, panel), left = c->channels - panel * WIDTH;
    float *out = data->in_delta + (size_t)n * (size_t)c->h * (size_t)c->w * (size_t)c->channels +
                 (size_t)panel * WIDTH;
    ptrdiff_t row = (ptrdiff_t)(c->tiles_w * 4 + 2) * FLOATS;
    for (int v = 0; v < least(width, left); v += FLOATS) {
        const float *from = m + v;
        memset(image, 0, (size_t)row * (size_t)(c->tiles_h * 4 + 2) * sizeof *image);
        for (int ty = 0; ty < c->tiles_h; ty++)
            for (int tx = 0; tx < c->tiles_w; tx++, from += width) {
                float *to = image + 4 * ty * row + (ptrdiff_t)4 * tx * FLOATS;
                floats x[PLACES], t[PLACES];
                load_places(x, from, m_step);
                enter_tile_back(t, x);
                for (int i = 0; i < PLACES; i++) {
                    float *z = to + i / 6 * row + (ptrdiff_t)(i % 6) * FLOATS;
                    put(z, load(z) + t[i]);
                }
            }
        for (int y = 0; y < c->h; y++)
            for (int x = 0; x < c->w; x++)
                put_lanes(out + ((ptrdiff_t)y * c->w + x) * c->channels + v, least(FLOATS, left - v),
                          load(image + (y + c->pad_h) * row + (ptrdiff_t)(x + c->pad_w) * FLOATS));
    }
}

/* What differs between the two directions: what comes in, from which channels to which; a panel's weights;
 * and how a sample leaves. */
typedef struct direction {
    const float *in;
    int from, to;
    void (*weigh)(const ht_conv *c, const float *weights, int panel, int first, int terms, float *rest,
                  float *u, size_t u_step);
    void (*leave)(const ht_conv *c, const ht_conv_data *data, int n, int panel, const float *m, size_t m_step,
                  float *image);
} direction;

/* Of the panels of a block of channels, some samples. */
static void pass(const ht_conv *c, const ht_conv_data *data, const direction *d, int task, float *scratch)
{
    int parts = (c->batch + c->chunk - 1) / c->chunk, block = task / parts * PANELS;
    int first = task % parts * c->chunk, samples = least(c->chunk, c->batch - first);
    size_t tiles = (size_t)c->tiles_h * (size_t)c->tiles_w;
    room r = room_of(c, scratch);
    for (int p = block; p < least(block + PANELS, panels_of(d->to)); p++) {
        int width = panel_width(d->to, p);
        for (int k = 0; k < d->from; k += ROUND) {
            int terms = least(ROUND, d->from - k);
            d->weigh(c, data->weights, p, k, terms, r.rest, r.u, r.u_step);
            multiply(d->in, d->from, cut_of(c, first, samples), k, terms, r.u, r.u_step, width, r.m,
                     r.m_step);
        }
        for (int n = 0; n < samples; n++)
            d->leave(c, data, first + n, p, r.m + (size_t)n * tiles * (size_t)width, r.m_step, r.rest);
    }
}

static void forward(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    const direction on = {data->kept, c->channels, c->filters, weigh, leave};
    pass(c, data, &on, task, scratch);
}

static void inputs(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    const direction back = {data->shared, c->filters, c->channels, weigh_for_inputs, leave_inputs};
    pass(c, data, &back, task, scratch);
}

/* ---- gradient of the weights ---- */

/* The part of a sum over all tiles that is under way: a place, some tiles, a panel of channels. */
typedef struct stage {
    size_t place, tile;
    int channel;
} stage;

/* What a task of the gradient goes through: channels first .. end - 1, filters of a panel, some tiles. */
typedef struct course {
    const ht_conv *c;
    const ht_conv_data *data;
    int panel, first, end;
    span cut;
} course;

INLINE stage after(const course *o, stage s)
{
    s.channel += WIDTH;
    if (s.channel < o->end) return s;
    s.channel = o->first;
    s.tile += TILES;
    if (s.tile < o->cut.tiles) return s;
    s.tile = 0;
    s.place++;
    return s;
}

INLINE const float *entered(const course *o, stage s)
{
    return o->data->kept + s.place * place_step(o->cut.all, o->c->channels) +
           vector_at(o->cut.all, o->c->channels, s.channel, o->cut.first + s.tile);
}

INLINE const float *returned_of(const course *o, stage s)
{
    return o->data->shared + s.place * place_step(o->cut.all, o->c->filters) +
           vector_at(o->cut.all, o->c->filters, o->panel * WIDTH, o->cut.first + s.tile);
}

/* u (places × channels × width) = Σ over tiles of V and dM, of a round of channels and a panel of filters.
 * Meanwhile the next panel is prefetched, and a part of the next tiles' dM. */
static void correlate(const course *o, float *u, size_t step)
{
    int width = panel_width(o->c->filters, o->panel);
    segments l = {.width = width, .across = true, .step = width};
    for (stage s = {0, 0, o->first}, next; s.place < PLACES; s = next) {
        int terms = least(TILES, (int)(o->cut.tiles - s.tile)),
            row = panel_width(o->c->channels, s.channel / WIDTH);
        stage later = after(o, (stage){s.place, s.tile, o->end});
        next = after(o, s);
        l.rows = least(WIDTH, o->end - s.channel);
        l.to = u + s.place * step + (size_t)(s.channel - o->first) * (size_t)width;
        l.sums = (sums){.a = entered(o, s),
                        .b = returned_of(o, s),
                        .row = 1,
                        .term = row,
                        .panel = width,
                        .terms = terms,
                        .plus = s.tile ? l.to : NULL,
                        .plus_row = width,
                        .soon = {entered(o, next), returned_of(o, later)},
                        .lines = terms * row / LINE};
        l.sums.soon[1] += (ptrdiff_t)(s.channel - o->first) * terms * width / (o->end - o->first);
        add_segment(&l, 0, 0);
        sum_segments(&l);
    }
}

static void weights(const ht_conv *c, const ht_conv_data *data, int task, float *scratch)
{
    int group = task % c->groups, rounds = (c->channels + ROUND - 1) / ROUND, at = task / c->groups;
    int k = at % rounds * ROUND, channels = least(ROUND, c->channels - k), block = at / rounds * PANELS;
    span cut = cut_of(c, group * c->group, least(c->group, c->batch - group * c->group));
    room r = room_of(c, scratch);
    for (int p = block; p < least(block + PANELS, panels_of(c->filters)); p++) {
        int width = panel_width(c->filters, p);
        float *to = ht_conv_partial(c, data, group) + (size_t)p * WIDTH * 9 * (size_t)c->channels;
        course o = {c, data, p, k, k + channels, cut};
        correlate(&o, r.u, r.u_step);
        for (int i = 0; i < channels; i++)
            for (int v = 0; v < width; v += FLOATS) {
                floats x[PLACES], t[9];
                load_places(x, r.u + (ptrdiff_t)i * width + v, r.u_step);
                weigh_tile_back(t, x);
                for (int j = 0; j < 9; j++) put(to + (ptrdiff_t)(j * c->channels + k + i) * width + v, t[j]);
            }
    }
}

extern ht_conv_run PASTE(ht_winograd_, HT_ISA);
void PASTE(ht_winograd_, HT_ISA)(const ht_conv *c, const ht_conv_data *data, ht_conv_phase phase, int task,
                                 float *scratch)
{
    if (phase == HT_CONV_ENTER) enter(c, data, task);
    if (phase == HT_CONV_FORWARD) forward(c, data, task, scratch);
    if (phase == HT_CONV_RETURN) returned(c, data, task, scratch);
    if (phase == HT_CONV_INPUTS) inputs(c, data, task, scratch);
    if (phase == HT_CONV_WEIGHTS) weights(c, data, task, scratch);
}
