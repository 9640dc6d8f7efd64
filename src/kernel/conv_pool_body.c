/* conv_pool_body.c - pooling; compiled once per instruction set, like kernel_body.c. */
#include <string.h>

#include "kernel/conv_parts.h"

extern ht_pooling_forward PASTE(ht_pooling_, HT_ISA);
extern ht_pooling_backward PASTE(ht_pooling_back_, HT_ISA);

static int pooled(const ht_pooling *p, int side)
{
    return ht_pooled(side ? p->w : p->h, p->size[side], p->stride[side]);
}

static size_t pooled_size(const ht_pooling *p)
{
    return (size_t)pooled(p, 0) * (size_t)pooled(p, 1) * (size_t)p->channels;
}

/* Height and width of a window: constants, for the compiler, where these are usual. */
typedef struct sides {
    int h, w;
} sides;

INLINE bool are(const ht_pooling *p, int size)
{
    return p->size[0] == size && p->size[1] == size;
}

/* ---- forward ---- */

typedef struct winner {
    floats value;
    integers place;
} winner;

INLINE winner largest(const float *in, grid from, sides size)
{
    winner w = {load_lanes(in, from.lanes), {0}};
    for (int i = 0; i < size.h; i++)
        for (int j = 0; j < size.w; j++) {
            floats v = load_lanes(in + i * from.row + j * from.step, from.lanes);
            integers better = ~(v <= w.value) & (w.value == w.value);
            w.value = choose(better, v, w.value);
            w.place = (w.place & ~better) | ((i * size.w + j - (integers){0}) & better);
        }
    return w;
}

INLINE floats mean(const float *in, grid from, sides size)
{
    floats sum = {0};
    for (int i = 0; i < size.h; i++)
        for (int j = 0; j < size.w; j++) sum += load_lanes(in + i * from.row + j * from.step, from.lanes);
    return sum / (float)(size.h * size.w);
}

INLINE void pool_lanes(const ht_pooling *p, const float *in, grid from, float *out, uint8_t *where,
                       int channels, sides size, int lanes, bool rectify)
{
    int h = pooled(p, 0), w = pooled(p, 1);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, out += channels) {
            const float *a = in + y * p->stride[0] * from.row + x * p->stride[1] * from.step;
            winner best = {{0}, {0}};
            if (p->average)
                best.value = mean(a, from, size);
            else
                best = largest(a, from, size);
            if (rectify) best.value = choose(best.value <= 0, (floats){0}, best.value);
            put_lanes(out, lanes, best.value);
            if (!where) continue;
            bytes place = __builtin_convertvector(best.place, bytes);
            memcpy(where, &place, (size_t)lanes);
            where += channels;
        }
}

INLINE void pool_lanes_sized(const ht_pooling *p, const float *in, grid from, float *out, uint8_t *where,
                             int channels, int lanes, bool rectify)
{
    if (are(p, 1))
        pool_lanes(p, in, from, out, where, channels, (sides){1, 1}, lanes, rectify);
    else if (are(p, 2))
        pool_lanes(p, in, from, out, where, channels, (sides){2, 2}, lanes, rectify);
    else
        pool_lanes(p, in, from, out, where, channels, (sides){p->size[0], p->size[1]}, lanes, rectify);
}

void pool_vector(const ht_pooling *p, const float *in, grid from, float *out, uint8_t *where, int channels,
                 int lanes, bool rectify)
{
    grid whole = {from.step, from.row, FLOATS};
    if (lanes == FLOATS)
        pool_lanes_sized(p, in, whole, out, where, channels, FLOATS, rectify);
    else if (from.lanes == FLOATS)
        pool_lanes_sized(p, in, whole, out, where, channels, lanes, rectify);
    else
        pool_lanes(p, in, from, out, where, channels, (sides){p->size[0], p->size[1]}, lanes, rectify);
}

void PASTE(ht_pooling_, HT_ISA)(const ht_pooling *p, const float *in, int samples, float *out, uint8_t *where)
{
    size_t image = (size_t)p->h * (size_t)p->w * (size_t)p->channels, pooled = pooled_size(p);
    if (p->average) where = NULL;
    for (size_t n = 0; n < (size_t)samples; n++)
        for (int c = 0; c < p->channels; c += FLOATS) {
            int lanes = least(FLOATS, p->channels - c);
            pool_vector(p, in + n * image + c, (grid){p->channels, (ptrdiff_t)p->w * p->channels, lanes},
                        out + n * pooled + c, where ? where + n * pooled + c : NULL, p->channels, lanes,
                        false);
        }
}

/* ---- backward ---- */

/* Windows that overlap or leave something out add to zeros; `apart`: others set. */
INLINE void unpool_lanes(const ht_pooling *p, const float *delta, const float *gate, const uint8_t *where,
                         int channels, int lanes, float *to, grid into, sides size, bool apart)
{
    int h = pooled(p, 0), w = pooled(p, 1);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, delta += channels) {
            float *a = to + y * p->stride[0] * into.row + x * p->stride[1] * into.step;
            floats d = load_lanes(delta, lanes);
            bytes place = {0};
            if (gate) {
                d = choose(load_lanes(gate, lanes) <= 0, (floats){0}, d);
                gate += channels;
            }
            if (p->average) d /= (float)(size.h * size.w);
            if (where) {
                memcpy(&place, where, (size_t)lanes);
                where += channels;
            }
            integers at = __builtin_convertvector(place, integers);
            for (int i = 0; i < size.h; i++)
                for (int j = 0; j < size.w; j++) {
                    float *z = a + i * into.row + j * into.step;
                    floats part = where ? choose(at == i * size.w + j, d, (floats){0}) : d;
                    put_lanes(z, into.lanes, apart ? part : load_lanes(z, into.lanes) + part);
                }
        }
}

void unpool_vector(const ht_pooling *p, const float *delta, const float *gate, const uint8_t *where,
                   int channels, int lanes, float *to, grid into)
{
    bool apart = p->size[0] == p->stride[0] && p->size[1] == p->stride[1] && p->h % p->size[0] == 0 &&
                 p->w % p->size[1] == 0;
    grid whole = {into.step, into.row, FLOATS};
    if (!apart)
        for (int y = 0; y < p->h; y++)
            for (int x = 0; x < p->w; x++)
                put_lanes(to + y * into.row + x * into.step, into.lanes, (floats){0});
    if (apart && are(p, 2) && lanes == FLOATS)
        unpool_lanes(p, delta, gate, where, channels, FLOATS, to, whole, (sides){2, 2}, true);
    else if (apart && are(p, 1) && lanes == FLOATS)
        unpool_lanes(p, delta, gate, where, channels, FLOATS, to, whole, (sides){1, 1}, true);
    else
        unpool_lanes(p, delta, gate, where, channels, lanes, to, into, (sides){p->size[0], p->size[1]},
                     apart);
}

void PASTE(ht_pooling_back_, HT_ISA)(const ht_pooling *p, const float *out_delta, const uint8_t *where,
                                     int samples, float *in_delta)
{
    size_t image = (size_t)p->h * (size_t)p->w * (size_t)p->channels, pooled = pooled_size(p);
    if (p->average) where = NULL;
    for (size_t n = 0; n < (size_t)samples; n++)
        for (int c = 0; c < p->channels; c += FLOATS) {
            int lanes = least(FLOATS, p->channels - c);
            unpool_vector(p, out_delta + n * pooled + c, NULL, where ? where + n * pooled + c : NULL,
                          p->channels, lanes, in_delta + n * image + c,
                          (grid){p->channels, (ptrdiff_t)p->w * p->channels, lanes});
        }
}
