/* conv.c - how a convolution is cut into tasks, and how much memory it wants. Sizes hold for vectors of any
 * instruction set. */
#include "kernel/conv.h"

#include <string.h>

/* Filters or channels of a task; a vector's at most; partial sums at most, in number and in floats. */
enum { BLOCK = 32, LANES = 16, GROUPS = 10, PARTIAL = 4 << 20, CHUNK = 4, IMAGE = 32 << 10 };

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

static void plan_rows(ht_conv *c)
{
    size_t taps = (size_t)c->kernel * (size_t)c->kernel,
           partial = taps * (size_t)c->channels * padded(c->filters);
    size_t margin = (size_t)parts(c->kernel - 1, c->stride);
    size_t in = (size_t)c->h * (size_t)(c->w + 2 * c->pad) * (size_t)c->channels;
    size_t delta = (size_t)c->conv_h * ((size_t)c->conv_w + 2 * margin) * (padded(c->filters) + BLOCK);
    c->chunk = larger(in, delta) <= IMAGE ? CHUNK : 1;
    int most = partial * GROUPS <= PARTIAL ? GROUPS : 1 + (int)(PARTIAL / partial);
    c->group = parts(c->batch, most < GROUPS ? most : GROUPS);
    c->groups = parts(c->batch, c->group);
    c->tasks[HT_CONV_PACK] = parts(c->filters, BLOCK);
    c->tasks[HT_CONV_PACK_BACK] = parts(c->channels, BLOCK);
    c->tasks[HT_CONV_FORWARD] = c->tasks[HT_CONV_INPUTS] = parts(c->batch, c->chunk);
    c->tasks[HT_CONV_WEIGHTS] = c->groups * parts(c->filters, BLOCK);
    c->packed = larger(partial, taps * (size_t)c->filters * padded(c->channels));
    c->shared = (size_t)c->groups * partial;
    c->scratch = (size_t)c->chunk * (in + delta) + (size_t)(c->w + LANES) * BLOCK +
                 (size_t)c->conv_h * (size_t)c->conv_w * BLOCK;
}

void ht_conv_plan(ht_conv *c)
{
    c->conv_h = ht_pooled(c->h + 2 * c->pad, c->kernel, c->stride);
    c->conv_w = ht_pooled(c->w + 2 * c->pad, c->kernel, c->stride);
    c->out_h = c->pool ? ht_pooled(c->conv_h, c->pool, c->pool_stride) : c->conv_h;
    c->out_w = c->pool ? ht_pooled(c->conv_w, c->pool, c->pool_stride) : c->conv_w;
    c->kept = c->shared = 0;
    memset(c->tasks, 0, sizeof c->tasks);
    plan_rows(c);
}
