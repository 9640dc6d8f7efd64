/* test_prune_twin.c - pruning curves of networks with filters against a slow twin that shares nothing with
 * the library: what goes is found by sorting, and what is left is evaluated by one loop a sum, in double. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heavytail/network.h"
#include "heavytail/prune.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "sanitized.h"
#include "unit/naive.h"
#include "unit/small.h"

static ht_error err;

enum { SAMPLES = 150, CLASSES = 4, LAYERS = 4, MOST = 600 /* values of a layer */ };

/* A layer with weights and biases, ReLU (not the last), then the greatest of each pool × pool. A dense layer
 * is a filter as large as its picture. */
typedef struct stage {
    int filters, kernel, pad, pool;
} stage;

typedef struct twin {
    const char *line;
    ht_shape picture;
    int layers;
    stage stage[LAYERS]; /* kernel 0: dense */
} twin;

static const twin twins[] = {
    {"conv 4 3x3 same, pool 2, conv 7 3x3 pad 1, pool 2, dense 9",
     {2, 8, 8},
     4,
     {{4, 3, 1, 2}, {7, 3, 1, 2}, {9, 0, 0, 1}, {CLASSES, 0, 0, 1}}},
    {"conv 5 2x2", {1, 6, 6}, 2, {{5, 2, 0, 1}, {CLASSES, 0, 0, 1}}},
    {"dense 11", {1, 5, 5}, 2, {{11, 0, 0, 1}, {CLASSES, 0, 0, 1}}},
    {"dense 11, dense 6", {1, 5, 5}, 3, {{11, 0, 0, 1}, {6, 0, 0, 1}, {CLASSES, 0, 0, 1}}},
};

enum { TWINS = sizeof twins / sizeof twins[0] };

static ht_network *network_of(const twin *t)
{
    ht_rng rng;
    ht_params p = small_params();
    ht_rng_init(&rng, 6, HT_STREAM_TEST, 0);
    assert_int_equal(ht_params_set(&p, "model.layers", t->line, &err), HT_OK);
    ht_params_put(&p, HT_P_MODEL_BIAS, 1);
    ht_network *net = ht_network_of(&p, t->picture, CLASSES, &err);
    assert_non_null(net);
    assert_int_equal(net->weight_count, t->layers);
    for (int l = 0; l < net->weight_count; l++) {
        ht_tensor *w = net->weights[l];
        assert_int_equal(w->rows, t->stage[l].filters);
        for (size_t i = 0; i < ht_tensor_size(w); i++)
            w->data[i] = (float)(ht_rng_normal(&rng) / sqrt(w->columns));
        for (int i = 0; i < w->rows; i++) w->bias->data[i] = (float)(0.3 * ht_rng_normal(&rng));
    }
    return net;
}

/* ---- the slow way ---- */

static REFERENCE double filtered(const float *w, const double *x, ht_shape in, int k, int top, int left)
{
    double sum = 0;
    for (int c = 0; c < in.channels; c++)
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++, w++) {
                int row = top + i, column = left + j;
                if (row < 0 || row >= in.height || column < 0 || column >= in.width) continue;
                sum += (double)*w * x[(c * in.height + row) * in.width + column];
            }
    return sum;
}

/* y: filters × the pooled picture. Of the last layer logits, as they are. */
static ht_shape one_stage(const ht_tensor *w, const stage *s, bool last, ht_shape in, const double *x,
                          double *y)
{
    int k = s->kernel ? s->kernel : in.height, side = in.height + 2 * s->pad - k + 1, pooled = side / s->pool;
    assert_true(in.height == in.width && w->columns == in.channels * k * k);
    assert_true(w->rows * pooled * pooled <= MOST);
    for (int f = 0; f < w->rows; f++)
        for (int at = 0; at < pooled * pooled; at++) {
            double most = -HUGE_VAL;
            for (int i = 0; i < s->pool * s->pool; i++) {
                int row = at / pooled * s->pool + i / s->pool, column = at % pooled * s->pool + i % s->pool;
                double z = filtered(w->data + (size_t)f * (size_t)w->columns, x, in, k, row - s->pad,
                                    column - s->pad);
                most = fmax(most, z + (double)w->bias->data[f]);
            }
            y[f * pooled * pooled + at] = last ? most : fmax(most, 0);
        }
    return (ht_shape){w->rows, pooled, pooled};
}

static naive_result score_of(const twin *t, const ht_network *net, const ht_samples *samples)
{
    static double values[2][MOST];
    naive_result score = {0};
    double each = 1.0 / SAMPLES;
    int inputs = ht_shape_values(t->picture);
    for (int s = 0; s < SAMPLES; s++) {
        ht_shape shape = t->picture;
        for (int i = 0; i < inputs; i++) values[0][i] = (double)samples->x[s * inputs + i];
        for (int l = 0; l < t->layers; l++)
            shape = one_stage(net->weights[l], &t->stage[l], l == t->layers - 1, shape, values[l % 2],
                              values[1 - l % 2]);
        const double *z = values[t->layers % 2];
        double sum = 0;
        int best = 0, near = 0;
        for (int c = 0; c < CLASSES; c++) best = z[c] > z[best] ? c : best;
        for (int c = 0; c < CLASSES; c++) sum += exp(z[c] - z[best]), near += z[best] - z[c] < 1e-5;
        score.accuracy += best == samples->labels[s] ? each : 0;
        score.tied += near > 1 ? each : 0;
        score.loss += (log(sum) + z[best] - z[samples->labels[s]]) * each;
    }
    return score;
}

/* ---- points ---- */

static int units_of(const ht_network *net, ht_prune_method method, int l)
{
    if (method == HT_PRUNE_NODE) return l == net->weight_count - 1 ? 0 : net->weights[l]->rows;
    return (int)ht_tensor_size(net->weights[l]);
}

/* How many go in all where this share of each layer goes. */
static int64_t gone_at(const ht_network *net, ht_prune_method method, double ratio)
{
    int64_t sum = 0, all = 0;
    for (int l = 0; l < net->weight_count; l++) {
        sum += (int64_t)floor(ratio * units_of(net, method, l));
        all += units_of(net, method, l);
    }
    return method == HT_PRUNE_MAGNITUDE ? (int64_t)floor(ratio * (double)all) : sum;
}

/* The share of every layer that makes so many go, or -1. */
static double ratio_of(const ht_network *net, ht_prune_method method, int64_t removed)
{
    int64_t all = 0;
    for (int l = 0; l < net->weight_count; l++) all += units_of(net, method, l);
    for (int l = 0; l <= net->weight_count; l++) {
        int64_t n = l < net->weight_count ? units_of(net, method, l) : all;
        for (int64_t k = 0; k <= n && n > 0; k++) {
            double ratio = nextafter((double)k / (double)n, 2);
            if (gone_at(net, method, ratio) == removed) return ratio;
        }
    }
    return -1;
}

/* What is stored of the pruned network: of units, rows that are left by what they read of those that are. */
static double weights_left(const ht_network *net, ht_prune_method method, double ratio)
{
    double left = 0, all = 0, read = 1;
    for (int l = 0; l < net->weight_count; l++) {
        double size = (double)ht_tensor_size(net->weights[l]), units = units_of(net, method, l);
        double kept = units > 0 ? (units - floor(ratio * units)) / units : 1;
        left += size * kept * read;
        all += size;
        if (method == HT_PRUNE_NODE) read = kept;
    }
    return method == HT_PRUNE_MAGNITUDE ? 1 - floor(ratio * all) / all : left / all;
}

static void check_curve(const twin *t, const ht_network *net, ht_prune_method method,
                        const ht_samples *samples)
{
    ht_prune_curve curve;
    ht_prune_spec spec = {
        .method = method, .metric = HT_FRO_SQUARED, .error = 0.1, .ratio = (double)NAN, .seed = 1};
    char what[120];
    assert_int_equal(ht_prune_curve_make(&curve, net, samples, &spec, NULL, &err), HT_OK);
    assert_true(curve.count >= 5);
    for (int i = 0; i < curve.count; i++) {
        const ht_prune_point *p = &curve.points[i];
        double ratio = ratio_of(net, method, p->removed);
        snprintf(what, sizeof what, "%s: %s, %d gone", t->line, ht_prune_at(method)->name, (int)p->removed);
        if (ratio < 0) fail_msg("%s: there is no such share of every layer", what);
        if (isnan(p->loss)) continue;
        ht_network *pruned = ht_network_copy(net, &err);
        naive_prune(pruned, method, ratio, 1);
        naive_result right = score_of(t, pruned, samples);
        assert_true(right.tied < 0.05);
        naive_assert_score((ht_score){.loss = p->loss, .accuracy = p->accuracy}, right, what);
        if (fabs(p->weights - weights_left(net, method, ratio)) > 1e-12)
            fail_msg("%s: %.9g of the weights left, not %.9g", what, p->weights,
                     weights_left(net, method, ratio));
        ht_network_free(pruned);
    }
    ht_prune_curve_free(&curve);
}

static void every_point_is_what_a_plain_loop_gives_at_one_ratio(void **state)
{
    static const ht_prune_method methods[] = {HT_PRUNE_NODE, HT_PRUNE_MAGNITUDE, HT_PRUNE_MAGNITUDE_LAYER};
    (void)state;
    for (int i = 0; i < TWINS; i++) {
        ht_network *net = network_of(&twins[i]);
        ht_samples samples = naive_samples(SAMPLES, ht_shape_values(twins[i].picture), CLASSES, 8);
        for (int m = 0; m < 3; m++) check_curve(&twins[i], net, methods[m], &samples);
        naive_free_samples(&samples);
        ht_network_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_is_what_a_plain_loop_gives_at_one_ratio),
    };
    ht_linalg_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
