/* conv_parts.h - what the sources of convolutions share, of one instruction set: sums in registers, a vector
 * of channels of an image, panels. */
#ifndef HT_KERNEL_CONV_PARTS_H
#define HT_KERNEL_CONV_PARTS_H

#include <string.h>

#include "kernel/conv.h"
#include "kernel/kernel_vector.h"

/* A panel is two vectors wide, the last one of a matrix one where that is enough. */
enum { WIDTH = 2 * FLOATS, BLOCK = 32, PANELS = BLOCK / WIDTH };

/* Floats of a line of a cache. */
enum { LINE = 16 };

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

/* Vectors of a row of a window. */
INLINE int row_vectors(const ht_conv *c)
{
    return (c->kernel_w * c->channels + FLOATS - 1) / FLOATS;
}

/* The last filters of a direct convolution, where they are so few that a vector of them would be mostly
 * empty, and products along the rows of windows are fewer. */
INLINE int strays_of(const ht_conv *c)
{
    int strays = c->filters % FLOATS, row = c->kernel_w * c->channels;
    return c->way == HT_CONV_DIRECT && c->filters > FLOATS && 2 * strays * row_vectors(c) < row ? strays : 0;
}

/* ---- sums (conv_sums_body.c) ---- */

/* Row r of a result is Σ over segments s and terms k of a[r, k] b[k], b a vector of a panel. */
typedef struct sums {
    const float *a, *b;
    ptrdiff_t row, term; /* steps of a; one of them is 1 */
    ptrdiff_t panel;     /* step of b from term to term */
    int terms, segments;
    const ptrdiff_t *at_a, *at_b; /* where the segments are */
    const float *plus;            /* added at the end, NULL: nothing; */
    ptrdiff_t plus_row;           /* 0: the same for all rows */
    ptrdiff_t ahead;              /* what is read next is so far ahead of a, and is prefetched */
    const float *soon[2];         /* the same of sums across: so many lines of the first, then the second */
    int lines;
} sums;

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

#define sum_segments PASTE(ht_conv_sums_, HT_ISA)
/* Computes the segments gathered so far; what follows is added. */
extern void sum_segments(segments *l);

INLINE void add_segment(segments *l, ptrdiff_t a, ptrdiff_t b)
{
    if (l->sums.segments == SEGMENTS) sum_segments(l);
    l->at_a[l->sums.segments] = a;
    l->at_b[l->sums.segments++] = b;
}

/* ---- a vector of an image ---- */

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

/* Where values lie: from position to position, and from row to row; so many floats of a position may be read
 * and written. */
typedef struct grid {
    ptrdiff_t step, row;
    int lanes;
} grid;

#define pool_vector PASTE(ht_pool_vector_, HT_ISA)
#define unpool_vector PASTE(ht_unpool_vector_, HT_ISA)

/* conv_pool_body.c: of `lanes` channels, a vector at most; what comes out has `channels` of them. */
extern void pool_vector(const ht_pooling *p, const float *in, grid from, float *out, uint8_t *where,
                        int channels, int lanes, bool rectify);
/* Sets all positions of `to`. Without `gate`, everything passes; without `where` every position of a window
 * has a part. */
extern void unpool_vector(const ht_pooling *p, const float *delta, const float *gate, const uint8_t *where,
                          int channels, int lanes, float *to, grid into);

/* to[j · step + i] = row[i][j]; a row that is NULL is zeros. */
INLINE void turn(const float *const row[4], int columns, float *to, ptrdiff_t step)
{
    for (int j = 0; j < columns; j += FLOATS) {
        int lanes = least(FLOATS, columns - j);
        floats x[4];
        for (int i = 0; i < 4; i++) x[i] = row[i] ? load_lanes(row[i] + j, lanes) : (floats){0};
        quartet t = transpose(x[0], x[1], x[2], x[3]);
        for (int k = 0; k < 4; k++) {
            float four[FLOATS / 4][4];
            memcpy(four, &t.of[k], sizeof four);
            for (int lane = 0; 4 * lane + k < lanes; lane++)
                memcpy(to + (j + 4 * lane + k) * step, four[lane], sizeof four[lane]);
        }
    }
}

/* Of the gradient of the weights: panel by panel of filters, term (spot, channel) by term. */
INLINE float *ht_conv_partial(const ht_conv *c, const ht_conv_data *data, int group)
{
    return data->sums + (size_t)group * c->partial;
}

/* ---- inputs and deltas place by place: panels of channels, each item (sample, tile) by item ---- */

/* A step between places that is a power of two would put them all in the same lines of a cache. */
enum { GAP = 16 };

/* From place to place. */
INLINE size_t place_step(size_t items, int channels)
{
    return items * (size_t)padded(channels) + GAP;
}

/* Where the vector that begins with a channel is, of an item. */
INLINE size_t vector_at(size_t items, int channels, int channel, size_t item)
{
    int panel = channel / WIDTH;
    return (size_t)panel * WIDTH * items + item * (size_t)panel_width(channels, panel) +
           (size_t)(channel - panel * WIDTH);
}

INLINE ht_pooling pooling_of(const ht_conv *c)
{
    int size = c->pool ? c->pool : 1, stride = c->pool ? c->pool_stride : 1;
    return (ht_pooling){.h = c->conv_h,
                        .w = c->conv_w,
                        .channels = c->filters,
                        .size = {size, size},
                        .stride = {stride, stride}};
}

#endif
