/* test_conv.c - convolutions and pooling against loops in double, for every instruction set. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "num/rng.h"

/* One convolution: what goes in, what a kernel makes of it, and what the twin says. */
typedef struct trial {
    ht_conv plan;
    ht_conv_data data;
    float *in, *weights, *bias, *out_delta, *gradient, *bias_gradient;
    double *raw, *out, *in_delta, *out_gradient, *twin_gradient,
        *twin_bias; /* raw: before max(x, 0) and pooling */
    float *scratch;
    size_t in_count, out_count, raw_count, weight_count;
} trial;

static float *floats_of(size_t count)
{
    float *x = aligned_alloc(64, (count * sizeof *x + 127) / 64 * 64);
    assert_non_null(x);
    memset(x, 0xff, count * sizeof *x); /* NaN: what is used must be set */
    return x;
}

static double *doubles_of(size_t count)
{
    double *x = calloc(count + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

static void fill(float *x, size_t count, ht_rng *rng)
{
    for (size_t i = 0; i < count; i++) x[i] = (float)ht_rng_normal(rng);
}

static trial trial_of(ht_conv shape, uint64_t seed)
{
    trial t = {.plan = shape};
    ht_conv *c = &t.plan;
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 0);
    ht_conv_plan(c);
    size_t batch = (size_t)c->batch, filters = (size_t)c->filters;
    t.in_count = batch * (size_t)c->h * (size_t)c->w * (size_t)c->channels;
    t.raw_count = batch * (size_t)c->conv_h * (size_t)c->conv_w * filters;
    t.out_count = batch * (size_t)c->out_h * (size_t)c->out_w * filters;
    t.weight_count = filters * (size_t)c->channels * (size_t)c->kernel_h * (size_t)c->kernel_w;
    fill(t.in = floats_of(t.in_count), t.in_count, &rng);
    fill(t.weights = floats_of(t.weight_count), t.weight_count, &rng);
    fill(t.bias = floats_of(filters), filters, &rng);
    fill(t.out_delta = floats_of(t.out_count), t.out_count, &rng);
    t.gradient = floats_of(t.weight_count);
    t.bias_gradient = floats_of(filters);
    t.raw = doubles_of(t.raw_count);
    t.out_gradient = doubles_of(t.raw_count);
    t.out = doubles_of(t.out_count);
    t.in_delta = doubles_of(t.in_count);
    t.twin_gradient = doubles_of(t.weight_count);
    t.twin_bias = doubles_of(filters);
    t.scratch = floats_of(c->scratch);
    t.data = (ht_conv_data){.in = t.in,
                            .weights = t.weights,
                            .bias = t.bias,
                            .out = floats_of(t.out_count),
                            .where = malloc(t.out_count),
                            .out_delta = t.out_delta,
                            .in_delta = floats_of(t.in_count),
                            .packed = floats_of(c->packed),
                            .kept = floats_of(c->kept),
                            .shared = floats_of(c->shared),
                            .sums = floats_of(c->sums)};
    return t;
}

static void end_trial(trial *t)
{
    void *all[] = {t->in,          t->weights,       t->bias,          t->out_delta,
                   t->gradient,    t->bias_gradient, t->raw,           t->out,
                   t->in_delta,    t->out_gradient,  t->twin_gradient, t->twin_bias,
                   t->scratch,     t->data.out,      t->data.where,    t->data.in_delta,
                   t->data.packed, t->data.kept,     t->data.shared,   t->data.sums};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* ---- the twin ---- */

/* Calls `see` for each product of the convolution: output, input and weight that meet. */
typedef void meeting(trial *t, size_t out, size_t in, size_t weight);

static void each_meeting(trial *t, meeting *see)
{
    const ht_conv *c = &t->plan;
    size_t out = 0;
    for (int n = 0; n < c->batch; n++)
        for (int y = 0; y < c->conv_h; y++)
            for (int x = 0; x < c->conv_w; x++)
                for (int f = 0; f < c->filters; f++, out++)
                    for (int i = 0; i < c->channels; i++)
                        for (int ky = 0; ky < c->kernel_h; ky++)
                            for (int kx = 0; kx < c->kernel_w; kx++) {
                                int iy = y * c->stride - c->pad_h + ky, ix = x * c->stride - c->pad_w + kx;
                                if (iy < 0 || ix < 0 || iy >= c->h || ix >= c->w) continue;
                                size_t in =
                                    (((size_t)n * (size_t)c->h + (size_t)iy) * (size_t)c->w + (size_t)ix) *
                                        (size_t)c->channels +
                                    (size_t)i;
                                see(t, out, in,
                                    (((size_t)f * (size_t)c->channels + (size_t)i) * (size_t)c->kernel_h +
                                     (size_t)ky) *
                                            (size_t)c->kernel_w +
                                        (size_t)kx);
                            }
}

static void see_forward(trial *t, size_t out, size_t in, size_t weight)
{
    t->raw[out] += (double)t->in[in] * (double)t->weights[weight];
}

static void see_backward(trial *t, size_t out, size_t in, size_t weight)
{
    double d = t->out_gradient[out];
    if (d == 0) return; /* zeros may be skipped, even where they meet a NaN */
    t->in_delta[in] += d * (double)t->weights[weight];
    t->twin_gradient[weight] += d * (double)t->in[in];
}

/* The place in raw that output i takes, or has as its own. */
static size_t taken(const trial *t, size_t i)
{
    const ht_conv *c = &t->plan;
    size_t f = i % (size_t)c->filters, at = i / (size_t)c->filters, x = at % (size_t)c->out_w;
    size_t y = at / (size_t)c->out_w % (size_t)c->out_h, n = at / (size_t)c->out_w / (size_t)c->out_h;
    if (c->pool) {
        y = y * (size_t)c->pool_stride + (size_t)(t->data.where[i] / c->pool);
        x = x * (size_t)c->pool_stride + (size_t)(t->data.where[i] % c->pool);
    }
    return ((n * (size_t)c->conv_h + y) * (size_t)c->conv_w + x) * (size_t)c->filters + f;
}

static void twin_forward(trial *t)
{
    each_meeting(t, see_forward);
    for (size_t i = 0; i < t->raw_count; i++) t->raw[i] += (double)t->bias[i % (size_t)t->plan.filters];
}

/* Which of a window is the largest, and whether a value is above zero, is the kernel's word: rounding decides
 * it where two are about equal. */
static void twin_backward(trial *t)
{
    for (size_t i = 0; i < t->out_count; i++) {
        if (t->plan.rectify && t->data.out[i] <= 0) continue;
        t->out_gradient[taken(t, i)] += (double)t->out_delta[i];
        t->twin_bias[i % (size_t)t->plan.filters] += (double)t->out_delta[i];
    }
    each_meeting(t, see_backward);
}

/* ---- the kernel ---- */

static void run_phase(trial *t, const ht_kernels *kernel, ht_conv_phase phase)
{
    for (int i = t->plan.tasks[phase] - 1; i >= 0; i--)
        kernel->conv->run(&t->plan, &t->data, phase, i, t->scratch);
}

static void run_forward(trial *t, const ht_kernels *kernel)
{
    for (ht_conv_phase p = HT_CONV_PACK; p <= HT_CONV_FORWARD; p++) run_phase(t, kernel, p);
}

static void run_backward(trial *t, const ht_kernels *kernel)
{
    for (ht_conv_phase p = HT_CONV_RETURN; p <= HT_CONV_WEIGHTS; p++) run_phase(t, kernel, p);
}

/* The largest of a window, with max(x, 0) after it. */
static double largest(const trial *t, size_t i)
{
    const ht_conv *c = &t->plan;
    size_t f = i % (size_t)c->filters, at = i / (size_t)c->filters, x = at % (size_t)c->out_w;
    size_t y = at / (size_t)c->out_w % (size_t)c->out_h, n = at / (size_t)c->out_w / (size_t)c->out_h;
    int size = c->pool ? c->pool : 1, stride = c->pool ? c->pool_stride : 1;
    double most = -INFINITY;
    for (int j = 0; j < size; j++)
        for (int k = 0; k < size; k++) {
            size_t iy = y * (size_t)stride + (size_t)j, ix = x * (size_t)stride + (size_t)k;
            most = fmax(
                most,
                t->raw[((n * (size_t)c->conv_h + iy) * (size_t)c->conv_w + ix) * (size_t)c->filters + f]);
        }
    return c->rectify ? fmax(most, 0) : most;
}

#define FAIL(t, isa, what, i, is, wanted)                                                                      \
    fail_msg("%s, %d of %d×%d×%d, %d filters %d×%d, stride %d, pad %d and %d, pool %d/%d: %s %zu is %.9g, " \
             "not %.9g",                                                                                       \
             isa, (t)->plan.batch, (t)->plan.h, (t)->plan.w, (t)->plan.channels, (t)->plan.filters,            \
             (t)->plan.kernel_h, (t)->plan.kernel_w, (t)->plan.stride, (t)->plan.pad_h, (t)->plan.pad_w,       \
             (t)->plan.pool, (t)->plan.pool_stride, what, (size_t)(i), (double)(is), (double)(wanted))

/* How far a value, and all of them (root mean square), may be off, of the root mean square of them all: the
 * transforms of Winograd's tiles cost a digit. */
static double limit_of(const trial *t, bool each)
{
    return t->plan.tiles_h ? (each ? 4e-5 : 4e-6) : (each ? 1e-5 : 1e-6);
}

static double size_of(const double *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += x[i] * x[i];
    return sqrt(sum / (double)count);
}

static void compare(const trial *t, const char *isa, const char *what, const float *is, const double *wanted,
                    size_t count, double factor)
{
    double size = fabs(factor) * size_of(wanted, count), sum = 0;
    for (size_t i = 0; i < count; i++) {
        double error = (double)is[i] - factor * wanted[i];
        if (!(fabs(error) <= limit_of(t, true) * size + 2e-6))
            FAIL(t, isa, what, i, is[i], factor * wanted[i]);
        sum += error * error;
    }
    if (!(sqrt(sum / (double)count) <= limit_of(t, false) * size + 1e-6))
        FAIL(t, isa, "error of all of", count, sqrt(sum / (double)count), limit_of(t, false) * size);
}

static void check_forward(trial *t, const char *isa)
{
    for (size_t i = 0; i < t->out_count; i++) t->out[i] = largest(t, i);
    compare(t, isa, "output", t->data.out, t->out, t->out_count, 1);
    double size = size_of(t->raw, t->raw_count);
    for (size_t i = 0; i < t->out_count; i++) {
        double at = t->raw[taken(t, i)];
        if (t->plan.rectify) at = fmax(at, 0);
        if (fabs(at - t->out[i]) > 2 * limit_of(t, true) * size) FAIL(t, isa, "place", i, at, t->out[i]);
    }
}

static void check_backward(trial *t, const ht_kernels *kernel)
{
    const ht_conv_kernels *conv = kernel->conv;
    int third = t->plan.filters / 3, filters = t->plan.filters;
    size_t row = t->weight_count / (size_t)filters, last = t->weight_count - 1;
    compare(t, kernel->isa, "delta of input", t->data.in_delta, t->in_delta, t->in_count, 1);
    conv->gather(&t->plan, &t->data, 0, third, t->gradient, -0.5f, 0);
    conv->gather(&t->plan, &t->data, third, filters - third, t->gradient + (size_t)third * row, -0.5f, 0);
    compare(t, kernel->isa, "gradient of weight", t->gradient, t->twin_gradient, t->weight_count, -0.5);
    float kept = t->gradient[last];
    conv->gather(&t->plan, &t->data, filters - 1, 1, t->gradient + (size_t)(filters - 1) * row, -0.5f, 0.25f);
    assert_float_equal(t->gradient[last], 1.25f * kept, 1e-6f + fabsf(kept) * 1e-6f);
    conv->gather_bias(&t->plan, &t->data, 0, third, t->bias_gradient, 2, 0);
    conv->gather_bias(&t->plan, &t->data, third, filters - third, t->bias_gradient + third, 2, 0);
    compare(t, kernel->isa, "gradient of bias", t->bias_gradient, t->twin_bias, (size_t)filters, 2);
}

static void check(ht_conv shape, const ht_kernels *kernel)
{
    trial t = trial_of(shape, 7);
    run_forward(&t, kernel);
    twin_forward(&t);
    check_forward(&t, kernel->isa);
    run_backward(&t, kernel);
    twin_backward(&t);
    check_backward(&t, kernel);
    end_trial(&t);
}

/* Sizes on both sides of every vector, panel, tile and group. */
#define OBLONG(n, height, width, c, f, kh, kw, s, ph, pw)                                                    \
    {                                                                                                        \
        .batch = (n), .h = (height), .w = (width), .channels = (c), .filters = (f), .kernel_h = (kh),        \
        .kernel_w = (kw), .stride = (s), .pad_h = (ph), .pad_w = (pw)                                        \
    }
#define SHAPE(n, height, width, c, f, k, s, p) OBLONG(n, height, width, c, f, k, k, s, p, p)
static const ht_conv shapes[] = {
    SHAPE(3, 1, 1, 1, 1, 1, 1, 0),           SHAPE(2, 28, 28, 1, 20, 5, 1, 0),
    SHAPE(13, 12, 12, 20, 50, 5, 1, 0),      SHAPE(3, 9, 7, 3, 5, 3, 1, 1),
    SHAPE(5, 8, 11, 4, 33, 3, 2, 1),         SHAPE(1, 5, 5, 17, 16, 5, 1, 4),
    SHAPE(21, 2, 2, 40, 49, 3, 1, 1),        SHAPE(4, 6, 13, 31, 7, 4, 3, 2),
    SHAPE(2, 7, 7, 6, 32, 1, 2, 0),          SHAPE(2, 1, 40, 2, 12, 9, 1, 4),
    SHAPE(3, 6, 6, 5, 9, 2, 4, 0),           SHAPE(11, 3, 3, 16, 64, 3, 2, 1),
    SHAPE(2, 4, 27, 3, 3, 7, 2, 5),          SHAPE(1, 13, 70, 1, 1, 11, 1, 0),
    SHAPE(12, 4, 4, 64, 31, 3, 1, 1),        SHAPE(5, 8, 8, 17, 40, 3, 1, 1),
    SHAPE(3, 11, 7, 33, 16, 3, 1, 0),        SHAPE(30, 4, 7, 20, 65, 3, 1, 2),
    SHAPE(2, 4, 4, 130, 100, 3, 1, 1),       SHAPE(2, 7, 9, 7, 19, 5, 1, 2),
    SHAPE(29, 15, 16, 17, 18, 3, 1, 1),      OBLONG(7, 1, 140, 1, 20, 1, 9, 1, 0, 4),
    OBLONG(5, 1, 33, 18, 17, 1, 5, 2, 0, 0), OBLONG(3, 9, 6, 5, 34, 3, 2, 1, 0, 1),
    OBLONG(4, 12, 3, 17, 3, 5, 1, 2, 2, 0),  OBLONG(2, 4, 5, 16, 20, 3, 1, 1, 1, 0),
    OBLONG(20, 3, 2, 9, 5, 1, 2, 1, 2, 3),
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void any_shape_is_the_sum(void **state)
{
    (void)state;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (int i = 0; i < SHAPES; i++) check(shapes[i], *k);
}

/* The same shapes with one pooling or another, and some of pooled networks. */
static const struct pooled {
    ht_conv shape;
    int pool, stride;
} pooled[] = {
    {SHAPE(9, 12, 12, 20, 50, 5, 1, 0), 2, 2},       {SHAPE(3, 10, 9, 3, 20, 3, 1, 1), 2, 2},
    {SHAPE(2, 9, 9, 8, 17, 4, 2, 3), 2, 2},          {SHAPE(2, 12, 11, 2, 9, 7, 1, 2), 3, 3},
    {OBLONG(3, 14, 9, 20, 18, 5, 3, 1, 2, 0), 2, 2}, {OBLONG(3, 9, 14, 1, 18, 3, 6, 1, 0, 2), 2, 2},
    {SHAPE(2, 12, 12, 6, 16, 5, 1, 0), 3, 2},        {SHAPE(4, 9, 16, 40, 3, 3, 1, 1), 2, 3},
};
enum { POOLED = sizeof pooled / sizeof *pooled };

static void rectifying_and_pooling_come_after(void **state)
{
    (void)state;
    static const int pools[][2] = {{0, 0}, {2, 2}, {3, 2}, {2, 3}, {3, 3}};
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (int i = 0; i < SHAPES + POOLED; i++) {
            ht_conv c = i < SHAPES ? shapes[i] : pooled[i - SHAPES].shape;
            c.rectify = true;
            c.pool = i < SHAPES ? pools[i % 5][0] : pooled[i - SHAPES].pool;
            c.pool_stride = i < SHAPES ? pools[i % 5][1] : pooled[i - SHAPES].stride;
            ht_conv_plan(&c);
            if (c.pool <= c.conv_h && c.pool <= c.conv_w) check(c, *k);
            c.rectify = false;
            if (i >= SHAPES) check(c, *k);
        }
}

/* A sample of a batch alone gives the same bits. */
static void a_sample_does_not_depend_on_its_batch(void **state)
{
    (void)state;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (int i = 0; i < SHAPES; i++) {
            trial all = trial_of(shapes[i], 3);
            ht_conv one = shapes[i];
            one.batch = 1;
            run_forward(&all, *k);
            run_backward(&all, *k);
            for (int n = 0; n < shapes[i].batch; n += 1 + shapes[i].batch / 4) {
                trial t = trial_of(one, 3);
                const float *out = all.data.out + (size_t)n * t.out_count,
                            *delta = all.data.in_delta + (size_t)n * t.in_count;
                memcpy(t.in, all.in + (size_t)n * t.in_count, t.in_count * sizeof *t.in);
                memcpy(t.weights, all.weights, t.weight_count * sizeof *t.weights);
                memcpy(t.bias, all.bias, (size_t)one.filters * sizeof *t.bias);
                memcpy(t.out_delta, all.out_delta + (size_t)n * t.out_count,
                       t.out_count * sizeof *t.out_delta);
                run_forward(&t, *k);
                run_backward(&t, *k);
                assert_memory_equal(t.data.out, out, t.out_count * sizeof *out);
                assert_memory_equal(t.data.in_delta, delta, t.in_count * sizeof *delta);
                end_trial(&t);
            }
            end_trial(&all);
        }
}

static void a_smaller_batch_needs_no_more_memory(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES + POOLED; i++) {
        ht_conv c = i < SHAPES ? shapes[i] : pooled[i - SHAPES].shape, before = {.batch = 0};
        c.pool = i < SHAPES ? 0 : pooled[i - SHAPES].pool;
        c.pool_stride = i < SHAPES ? 0 : pooled[i - SHAPES].stride;
        for (c.batch = 1; c.batch < 300; c.batch++, before = c) {
            ht_conv_plan(&c);
            assert_true(c.packed >= before.packed && c.kept >= before.kept && c.shared >= before.shared &&
                        c.sums >= before.sums && c.scratch >= before.scratch);
            assert_true(c.groups * c.group >= c.batch && (c.groups - 1) * c.group < c.batch);
        }
    }
}

/* A network that diverges must be seen to: what the twin has as NaN or Inf is no number here. */
static void check_none(const double *twin, const float *is, size_t count)
{
    for (size_t i = 0; i < count; i++) assert_true(isfinite(twin[i]) || !isfinite(is[i]));
}

static void check_no_number(ht_conv shape, float odd, const ht_kernels *kernel)
{
    trial t = trial_of(shape, 5);
    t.in[t.in_count / 2] = odd;
    t.out_delta[t.out_count / 2] = odd;
    run_forward(&t, kernel);
    run_backward(&t, kernel);
    twin_forward(&t);
    twin_backward(&t);
    kernel->conv->gather(&t.plan, &t.data, 0, t.plan.filters, t.gradient, 1, 0);
    kernel->conv->gather_bias(&t.plan, &t.data, 0, t.plan.filters, t.bias_gradient, 1, 0);
    for (size_t i = 0; i < t.out_count; i++) t.out[i] = t.raw[taken(&t, i)];
    check_none(t.out, t.data.out, t.out_count);
    check_none(t.in_delta, t.data.in_delta, t.in_count);
    check_none(t.twin_gradient, t.gradient, t.weight_count);
    check_none(t.twin_bias, t.bias_gradient, (size_t)t.plan.filters);
    end_trial(&t);
}

static void no_number_stays_none(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (int i = 0; i < SHAPES + POOLED; i++) {
            ht_conv c = i < SHAPES ? shapes[i] : pooled[i - SHAPES].shape;
            c.pool = i < SHAPES ? 0 : pooled[i - SHAPES].pool;
            c.pool_stride = i < SHAPES ? 0 : pooled[i - SHAPES].stride;
            check_no_number(c, odd[i % 3], *k);
        }
}

/* ---- pooling ---- */

static void check_pooling(const ht_pooling *p, int samples, const ht_kernels *kernel)
{
    int h = ht_pooled(p->h, p->size[0], p->stride[0]), w = ht_pooled(p->w, p->size[1], p->stride[1]),
        c = p->channels;
    size_t in_count = (size_t)samples * (size_t)p->h * (size_t)p->w * (size_t)c;
    size_t out_count = (size_t)samples * (size_t)h * (size_t)w * (size_t)c;
    float *in = floats_of(in_count), *out = floats_of(out_count), *delta = floats_of(out_count),
          *back = floats_of(in_count);
    double *twin = doubles_of(in_count);
    uint8_t *where = malloc(out_count);
    ht_rng rng;
    ht_rng_init(&rng, 11, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < in_count; i++) in[i] = (float)ht_rng_below(&rng, 9) - 4; /* with ties */
    fill(delta, out_count, &rng);
    kernel->conv->pool(p, in, samples, out, p->average ? NULL : where);
    kernel->conv->pool_back(p, delta, p->average ? NULL : where, samples, back);
    size_t o = 0;
    for (int n = 0; n < samples; n++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                for (int i = 0; i < c; i++, o++) {
                    double best = -INFINITY, sum = 0;
                    size_t place[HT_POOLING_MOST * HT_POOLING_MOST], first = 0;
                    for (int j = 0; j < p->size[0] * p->size[1]; j++) {
                        int iy = y * p->stride[0] + j / p->size[1], ix = x * p->stride[1] + j % p->size[1];
                        place[j] = (((size_t)n * (size_t)p->h + (size_t)iy) * (size_t)p->w + (size_t)ix) *
                                       (size_t)c +
                                   (size_t)i;
                        double v = (double)in[place[j]];
                        if (v > best) first = (size_t)j, best = v;
                        sum += v;
                    }
                    double count = (double)p->size[0] * p->size[1];
                    assert_float_equal(out[o], (float)(p->average ? sum / count : best), 1e-6f);
                    if (!p->average) assert_int_equal(where[o], first);
                    for (size_t j = 0; j < (size_t)count; j++)
                        twin[place[j]] += p->average   ? (double)delta[o] / count
                                          : j == first ? (double)delta[o]
                                                       : 0;
                }
    for (size_t i = 0; i < in_count; i++) assert_float_equal(back[i], (float)twin[i], 1e-5f);
    free(in), free(out), free(delta), free(back), free(twin), free(where);
}

static void pooling_takes_the_first_of_the_largest(void **state)
{
    (void)state;
    static const ht_pooling shapes_of[] = {
        {4, 4, 1, {2, 2}, {2, 2}, 0},    {7, 9, 20, {2, 2}, {2, 2}, 0},    {7, 9, 33, {3, 3}, {2, 2}, 0},
        {5, 8, 16, {2, 2}, {3, 3}, 0},   {16, 17, 5, {16, 16}, {1, 1}, 0}, {4, 4, 50, {4, 4}, {4, 4}, 1},
        {6, 5, 17, {2, 2}, {1, 1}, 1},   {9, 9, 3, {3, 3}, {3, 3}, 1},     {1, 1, 40, {1, 1}, {1, 1}, 0},
        {7, 7, 64, {7, 7}, {7, 7}, 1},   {1, 12, 20, {1, 2}, {1, 2}, 0},   {9, 8, 33, {3, 2}, {2, 3}, 0},
        {1, 20, 5, {1, 20}, {1, 20}, 1}, {6, 5, 17, {2, 5}, {1, 1}, 1},    {32, 9, 3, {32, 8}, {1, 1}, 0},
    };
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (size_t i = 0; i < sizeof shapes_of / sizeof *shapes_of; i++) check_pooling(&shapes_of[i], 3, *k);
}

static void pooling_passes_nan_on(void **state)
{
    (void)state;
    const ht_pooling p = {.h = 2, .w = 2, .channels = 20, .size = {2, 2}, .stride = {2, 2}};
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (int at = 0; at < 4; at++) {
            float in[80] = {0}, out[20];
            uint8_t where[20];
            in[at * 20 + 19] = NAN;
            in[3 * 20 + 2] = INFINITY;
            (*k)->conv->pool(&p, in, 1, out, where);
            assert_true(isnan(out[19]) && where[19] == at && isinf(out[2]) && where[2] == 3 && out[1] == 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_shape_is_the_sum),
        cmocka_unit_test(rectifying_and_pooling_come_after),
        cmocka_unit_test(a_sample_does_not_depend_on_its_batch),
        cmocka_unit_test(a_smaller_batch_needs_no_more_memory),
        cmocka_unit_test(no_number_stays_none),
        cmocka_unit_test(pooling_takes_the_first_of_the_largest),
        cmocka_unit_test(pooling_passes_nan_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
