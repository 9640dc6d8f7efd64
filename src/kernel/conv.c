/* conv.c - how a convolution is computed and cut into tasks, and how much memory it wants. Sizes hold for
 * vectors of any instruction set. */
#include "kernel/conv.h"

#include <string.h>

/* Filters or channels of a task; a vector's at most. */
enum { BLOCK = 32, LANES = 16 };

/* Of the direct way: partial sums at most, in number and in floats; samples of a task, of images up to so
 * many floats. */
enum { GROUPS = 10, PARTIAL = 4 << 20, CHUNK = 4, IMAGE = 32 << 10 };

/* Of lists: floats of a patch at most, and products that it must save; floats of inputs that leave room in
 * the first cache. */
enum { PATCH = 128, FIRST_CACHE = 6144 };

/* By samples: sides of the outputs at most; samples of a task. */
enum { SMALL = 4, SAMPLES = 128 };

/* Of Winograd's: places of a tile, tiles of a task, partial sums at most. */
enum { PLACES = 36, TILES = 128, FEW_GROUPS = 4 };

/* As many tasks as are wanted at least. */
enum { TASKS = 8 };

static size_t padded(int n)
{
    return (size_t)(n + LANES - 1) / LANES * LANES;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static int parts(int n, int part)
{
    return (n + part - 1) / part;
}

/* There is room for the most partial sums, so that a smaller batch never needs more. */
static void plan_groups(ht_conv *c, int most)
{
    c->group = parts(c->batch, most);
    c->groups = parts(c->batch, c->group);
    c->sums = (size_t)most * c->partial;
}

static void plan_direct(ht_conv *c)
{
    size_t spots = (size_t)c->kernel_h * (size_t)c->kernel_w,
           margin = (size_t)parts(c->kernel_w - 1, c->stride);
    size_t in = (size_t)c->h * (size_t)(c->w + 2 * c->pad_w) * (size_t)c->channels;
    size_t delta = (size_t)c->conv_h * ((size_t)c->conv_w + 2 * margin) * (padded(c->filters) + BLOCK);
    size_t groups = 1 + PARTIAL / c->partial;
    c->way = HT_CONV_DIRECT;
    c->chunk = larger(in, delta) <= IMAGE ? CHUNK : 1;
    plan_groups(c, groups < GROUPS ? (int)groups : GROUPS);
    c->tasks[HT_CONV_PACK] = parts(c->filters, BLOCK);
    c->tasks[HT_CONV_PACK_BACK] = parts(c->channels, BLOCK);
    c->tasks[HT_CONV_FORWARD] = c->tasks[HT_CONV_INPUTS] = parts(c->batch, c->chunk);
    c->tasks[HT_CONV_WEIGHTS] = c->groups * parts(c->filters, BLOCK);
    c->packed = larger(c->partial, spots * (size_t)c->filters * padded(c->channels));
    c->scratch = (size_t)c->chunk * (in + delta) + (size_t)(c->w + LANES) * BLOCK +
                 (size_t)c->conv_h * (size_t)c->conv_w * BLOCK;
}

/* After plan_direct. */
static void plan_sparse(ht_conv *c)
{
    size_t filters = (size_t)c->filters, row = (size_t)c->kernel_w * (size_t)c->channels,
           window = row * (size_t)c->kernel_h;
    size_t positions = (size_t)c->conv_h * (size_t)c->conv_w, lane = LANES - 1, size, room;
    if (c->pool < 2 || c->pool_stride < c->pool) return;
    /* Patches cost something, too: they pay where the dense sum has many products for each delta. */
    size_t dense = (size_t)c->pool * (size_t)c->pool * window * padded(c->filters) / filters;
    if (row < LANES && (window > PATCH || dense < PATCH)) return;
    c->sparse = row < LANES ? HT_CONV_PATCHES : HT_CONV_ROWS;
    if (c->sparse == HT_CONV_PATCHES) {
        size = (window + lane) / LANES * LANES;
        room = positions * size + LANES;
    } else {
        size = (row + lane) / LANES * LANES * (size_t)c->kernel_h;
        room = (size_t)(c->h + 2 * c->pad_h) * (size_t)(c->w + 2 * c->pad_w) * (size_t)c->channels + LANES;
        c->tasks[HT_CONV_PACK_BACK] = parts(c->filters, BLOCK);
    }
    c->partial = filters * size;
    c->lump = room < FIRST_CACHE ? (int)(FIRST_CACHE / room) : 1;
    plan_groups(c, GROUPS);
    c->tasks[HT_CONV_WEIGHTS] = c->groups;
    c->packed = larger(c->packed, c->partial);
    size_t most = (size_t)c->lump * (size_t)c->out_h * (size_t)c->out_w;
    size_t image =
        (size_t)(c->h + 2 * c->pad_h) * (size_t)(c->w + 2 * c->pad_w) * (size_t)c->channels + LANES;
    c->scratch = larger(c->scratch, room + positions * (2 * filters + 1) + padded(c->filters));
    c->scratch =
        larger(c->scratch, (size_t)c->lump * room + (2 * most + 1) * filters + padded(c->filters) + image);
}

/* Rows of so few positions leave registers empty, and padding is much of them. */
static bool samples_pay(const ht_conv *c)
{
    return c->conv_w <= SMALL && c->conv_h <= SMALL && c->h * c->w <= 4 * SMALL * SMALL;
}

static void plan_samples(ht_conv *c)
{
    int filters = parts(c->filters, BLOCK), channels = parts(c->channels, BLOCK);
    int in = c->h * c->w, out = c->conv_h * c->conv_w;
    size_t spots = (size_t)c->kernel_h * (size_t)c->kernel_w, all = (size_t)c->batch;
    c->way = HT_CONV_BY_SAMPLES;
    c->chunk = SAMPLES;
    while (c->chunk > 16 && (filters < channels ? filters : channels) * parts(c->batch, c->chunk) < TASKS)
        c->chunk /= 2;
    plan_groups(c, 1);
    c->tasks[HT_CONV_PACK] = filters;
    c->tasks[HT_CONV_PACK_BACK] = channels;
    c->tasks[HT_CONV_ENTER] = c->tasks[HT_CONV_RETURN] = c->batch;
    c->tasks[HT_CONV_FORWARD] = filters * parts(c->batch, c->chunk);
    c->tasks[HT_CONV_INPUTS] = channels * parts(c->batch, c->chunk);
    c->tasks[HT_CONV_WEIGHTS] = filters * parts(c->channels, HT_CONV_ROUND);
    c->packed = larger(c->partial, spots * (size_t)c->filters * padded(c->channels));
    c->kept = (size_t)in * (all * padded(c->channels) + LANES);
    c->shared += (size_t)out * (all * padded(c->filters) + LANES);
    c->scratch = (size_t)c->chunk * (size_t)(in > out ? in : out) * BLOCK + (size_t)out * LANES;
}

/* Where tiles have at most half as many products, and vectors of channels are full. */
static bool winograd_pays(const ht_conv *c)
{
    if (c->kernel_h != 3 || c->kernel_w != 3 || c->stride != 1 || c->pad_h > 2 || c->pad_w != c->pad_h ||
        c->channels < LANES || c->filters < LANES)
        return false;
    return (double)c->conv_h * c->conv_w * 9 >= 2.0 * PLACES * parts(c->conv_h, 4) * parts(c->conv_w, 4);
}

static void plan_winograd(ht_conv *c)
{
    c->tiles_h = parts(c->conv_h, 4);
    c->tiles_w = parts(c->conv_w, 4);
    int tiles = c->tiles_h * c->tiles_w, groups = 1;
    c->way = HT_CONV_WINOGRAD;
    int filters = parts(c->filters, BLOCK), channels = parts(c->channels, BLOCK);
    int products = filters * parts(c->channels, HT_CONV_ROUND);
    size_t all = (size_t)c->batch * (size_t)tiles;
    size_t image = (size_t)(4 * c->tiles_h + 2) * (size_t)(4 * c->tiles_w + 2);
    /* Of about equal size: the transform of the weights is done once for each. */
    int chunks = (int)((all + TILES / 2) / TILES), most = parts(TILES + TILES / 2, tiles) + 1;
    c->chunk = parts(c->batch, chunks ? chunks : 1);
    while (c->chunk > 8 && (filters < channels ? filters : channels) * parts(c->batch, c->chunk) < TASKS)
        c->chunk = parts(c->chunk, 2);
    while (groups < FEW_GROUPS && products * groups < TASKS) groups *= 2;
    plan_groups(c, groups);
    c->tasks[HT_CONV_ENTER] = c->tasks[HT_CONV_RETURN] = c->batch;
    c->tasks[HT_CONV_FORWARD] = filters * parts(c->batch, c->chunk);
    c->tasks[HT_CONV_INPUTS] = channels * parts(c->batch, c->chunk);
    c->tasks[HT_CONV_WEIGHTS] = products * c->groups;
    c->packed = 0;
    c->kept = PLACES * (all * padded(c->channels) + LANES);
    c->shared += PLACES * (all * padded(c->filters) + LANES);
    if (most > c->batch) most = c->batch;
    c->scratch = PLACES * ((size_t)(HT_CONV_ROUND + most * tiles) * BLOCK + (size_t)2 * LANES) +
                 larger(image, (size_t)9 * HT_CONV_ROUND) * LANES;
}

void ht_conv_plan(ht_conv *c)
{
    c->conv_h = ht_pooled(c->h + 2 * c->pad_h, c->kernel_h, c->stride);
    c->conv_w = ht_pooled(c->w + 2 * c->pad_w, c->kernel_w, c->stride);
    c->out_h = c->pool ? ht_pooled(c->conv_h, c->pool, c->pool_stride) : c->conv_h;
    c->out_w = c->pool ? ht_pooled(c->conv_w, c->pool, c->pool_stride) : c->conv_w;
    c->partial = (size_t)c->kernel_h * (size_t)c->kernel_w * (size_t)c->channels * padded(c->filters);
    c->tiles_h = c->tiles_w = 0;
    c->kept = c->shared = 0;
    c->sparse = HT_CONV_DENSE;
    memset(c->tasks, 0, sizeof c->tasks);
    if (winograd_pays(c))
        plan_winograd(c);
    else if (samples_pay(c))
        plan_samples(c);
    else
        plan_direct(c);
    if (c->way == HT_CONV_DIRECT) plan_sparse(c);
}
