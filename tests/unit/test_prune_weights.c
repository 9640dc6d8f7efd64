/* test_prune_weights.c - magnitude and svd against the golden tables, and against sorting and masked
 * evaluations. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "heavytail/prune.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "unit/golden.h"

static ht_error err;

static ht_prune_spec at_ratio(ht_prune_method method, double ratio)
{
    return (ht_prune_spec){.method = method, .error = 0.1, .ratio = ratio, .seed = 1};
}

static ht_prune_result apply(ht_network *net, const ht_prune_spec *spec)
{
    ht_prune_result r;
    assert_int_equal(ht_prune_apply(net, spec, NULL, &r, &err), HT_OK);
    return r;
}

/* ---- magnitude ---- */

/* The ranks say which weights are zero. */
static void check_ranks(ht_prune_method method, const char *table)
{
    ht_npy rank = golden_array(table, HT_NPY_DOUBLE);
    for (int part = 0; part <= 16; part++) {
        double ratio = part / 16.0;
        ht_network *net = golden_network();
        ht_prune_spec spec = at_ratio(method, ratio);
        ht_prune_result r = apply(net, &spec);
        int64_t zeroed = 0;
        for (size_t i = 0; i < 7000; i++) {
            double count = method == HT_PRUNE_MAGNITUDE ? 7000 : i < 6000 ? 6000 : 1000;
            float w = i < 6000 ? net->weights[0]->data[i] : net->weights[1]->data[i - 6000];
            bool gone = rank.f64[i] < floor(ratio * count);
            assert_int_equal(w == 0.0f, gone);
            zeroed += gone;
        }
        assert_int_equal(r.removed, zeroed);
        assert_int_equal(r.parameters_left, 7000 - zeroed);
        ht_network_free(net);
    }
    ht_npy_free(&rank);
}

static void the_golden_ranks_go_first(void **state)
{
    (void)state;
    check_ranks(HT_PRUNE_MAGNITUDE, "prune/magnitude_rank_global.npy");
    check_ranks(HT_PRUNE_MAGNITUDE_LAYER, "prune/magnitude_rank_layer.npy");
}

typedef struct table {
    ht_samples samples;
    ht_pool *pool;
    int rows;
} table;

static void check_score(const table *t, const ht_network *net, const char *accuracy, const char *loss,
                        double hangs)
{
    ht_score score;
    assert_int_equal(ht_network_evaluate(net, &t->samples, NULL, NULL, &score, &err), HT_OK);
    if (*accuracy) assert_true(fabs(score.accuracy - atof(accuracy)) < hangs + 1e-9);
    assert_true(fabs(score.loss - atof(loss)) < 1e-5);
}

static void magnitude_row(void *context, int fields, char **field)
{
    table *t = context;
    bool global = strcmp(field[0], "global") == 0;
    ht_prune_spec spec = at_ratio(global ? HT_PRUNE_MAGNITUDE : HT_PRUNE_MAGNITUDE_LAYER, atof(field[2]));
    ht_network *net = golden_network();
    ht_prune_result r;
    assert_int_equal(fields, 11);
    spec.centre = strcmp(field[1], "median") == 0;
    assert_int_equal(ht_prune_apply(net, &spec, t->pool, &r, &err), HT_OK);
    assert_int_equal(r.layers[0].removed, atoi(field[3]));
    assert_int_equal(r.layers[1].removed, atoi(field[4]));
    check_score(t, net, field[7], field[8], 0);
    ht_network_free(net);
    t->rows++;
}

static void magnitude_matches_the_golden_evaluations(void **state)
{
    (void)state;
    table t = {golden_samples(), ht_pool_new(3, &err), 0};
    golden_csv("prune/magnitude_eval.csv", magnitude_row, &t);
    assert_int_equal(t.rows, 36);
    ht_pool_free(t.pool);
    golden_free_samples(&t.samples);
}

static int by_size(const void *a, const void *b)
{
    float x = fabsf(*(const float *)a), y = fabsf(*(const float *)b);
    return (x > y) - (x < y);
}

/* The slow twin: sort, add up. */
static int64_t removable(const float *weights, size_t count, double share)
{
    double total = 0, sum = 0;
    float *w = ht_alloc(count, sizeof *w, "a test", &err);
    memcpy(w, weights, count * sizeof *w);
    qsort(w, count, sizeof *w, by_size);
    for (size_t i = 0; i < count; i++) total += (double)w[i] * (double)w[i];
    size_t k = 0;
    for (; k < count; k++) {
        sum += (double)w[k] * (double)w[k];
        if (sum > share * total) break;
    }
    ht_free(w);
    return (int64_t)k;
}

static void at_an_error_as_many_go_as_sorting_says(void **state)
{
    (void)state;
    float all[7000];
    for (int metric = HT_FRO_SQUARED; metric <= HT_FRO; metric++)
        for (int i = 0; i < 9; i++) {
            double error = 0.01 * pow(1.7, i);
            double share = metric == HT_FRO ? error * error : error;
            ht_prune_spec spec = {.metric = (ht_prune_metric)metric, .error = error, .ratio = (double)NAN};
            ht_network *net = golden_network();
            memcpy(all, net->weights[0]->data, 6000 * sizeof(float));
            memcpy(all + 6000, net->weights[1]->data, 1000 * sizeof(float));
            spec.method = HT_PRUNE_MAGNITUDE_LAYER;
            ht_prune_result r = apply(net, &spec);
            assert_int_equal(r.layers[0].removed, removable(all, 6000, share));
            assert_int_equal(r.layers[1].removed, removable(all + 6000, 1000, share));
            assert_true(r.error <= error + 1e-12);
            ht_network_free(net);
            net = golden_network();
            spec.method = HT_PRUNE_MAGNITUDE;
            r = apply(net, &spec);
            assert_int_equal(r.removed, removable(all, 7000, share));
            assert_true(r.error <= error + 1e-12 && r.error > 0.9 * error);
            ht_network_free(net);
        }
}

/* Many equal weights: the lower index goes first, in the first layer before the second. */
static void ties_go_by_index(void **state)
{
    (void)state;
    ht_network *net = ht_network_new(4, 3, 1, 2, HT_RELU, false, &err);
    for (int l = 0; l < 2; l++)
        for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++)
            net->weights[l]->data[i] = i % 2 ? 0.5f : -0.5f;
    net->weights[0]->data[3] = 0.25f;
    ht_network *again = ht_network_copy(net, &err);
    ht_prune_spec spec = at_ratio(HT_PRUNE_MAGNITUDE, 7.0 / 18);
    ht_prune_result r = apply(net, &spec);
    assert_int_equal(r.removed, 7);
    for (size_t i = 0; i < 12; i++) assert_int_equal(net->weights[0]->data[i] == 0.0f, i < 7);
    /* By the error: 0.0625 + 4 × 0.25 of 4.3125, and no more. */
    spec.ratio = (double)NAN;
    spec.error = 1.07 / 4.3125;
    r = apply(again, &spec);
    assert_int_equal(r.removed, 5);
    for (size_t i = 0; i < 12; i++) assert_int_equal(again->weights[0]->data[i] == 0.0f, i < 5);
    ht_network_free(again);
    ht_network_free(net);
}

/* ---- singular values ---- */

static void svd_row(void *context, int fields, char **field)
{
    table *t = context;
    int rank = atoi(field[1]);
    ht_prune_spec spec = at_ratio(HT_PRUNE_SVD, (30 - rank) / 30.0 + 1e-9);
    assert_int_equal(fields, 8);
    spec.centre = strcmp(field[0], "column_median") == 0;
    for (int metric = HT_FRO_SQUARED; metric <= HT_FRO; metric++) {
        ht_network *net = golden_network();
        ht_prune_result r;
        spec.metric = (ht_prune_metric)metric;
        assert_int_equal(ht_prune_apply(net, &spec, t->pool, &r, &err), HT_OK);
        assert_int_equal(r.removed, 30 - rank);
        assert_true(fabs(r.error - atof(field[metric == HT_FRO ? 3 : 2])) < 1e-6);
        /* Ties, and samples that a rounded projection moves, are in the table: 7th column. */
        check_score(t, net, field[4], field[5], atoi(field[7]) / 300.0);
        ht_network_free(net);
    }
    t->rows++;
}

static void svd_matches_the_golden_evaluations(void **state)
{
    (void)state;
    table t = {golden_samples(), ht_pool_new(2, &err), 0};
    golden_csv("prune/svd_eval.csv", svd_row, &t);
    assert_int_equal(t.rows, 22);
    ht_pool_free(t.pool);
    golden_free_samples(&t.samples);
}

/* The same network computed by rank in the curve and by projection, tall and wide, centred or not. */
static void svd_curve_equals_projecting_and_evaluating(void **state)
{
    (void)state;
    enum { COUNT = 300, INPUTS = 24 };
    static float x[COUNT * INPUTS];
    static int32_t labels[COUNT];
    ht_rng rng;
    ht_rng_init(&rng, 7, HT_STREAM_TEST, 0);
    for (int i = 0; i < COUNT * INPUTS; i++) x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < COUNT; i++) labels[i] = (int32_t)ht_rng_below(&rng, 3);
    ht_samples samples = {COUNT, x, labels};
    for (int variant = 0; variant < 4; variant++) {
        int width = variant & 1 ? 300 : 17, ranks = width < INPUTS ? width : INPUTS;
        ht_network *net = ht_network_new(INPUTS, width, 1, 3, HT_TANH, variant == 3, &err);
        ht_network_init(net, 3, NULL);
        ht_prune_spec spec = at_ratio(HT_PRUNE_SVD, (double)NAN);
        ht_prune_curve curve;
        spec.centre = variant >= 2;
        assert_int_equal(ht_prune_curve_make(&curve, net, &samples, &spec, NULL, &err), HT_OK);
        assert_int_equal(curve.count, ranks + 1);
        for (int k = 0; k <= ranks; k++) {
            const ht_prune_point *p = &curve.points[k];
            ht_prune_result r;
            spec.ratio = (k + 0.5) / ranks;
            if (k == ranks) spec.ratio = 1;
            assert_int_equal(ht_prune_try(&r, net, NULL, &samples, &spec, NULL, NULL, &err), HT_OK);
            assert_int_equal(r.removed, p->removed);
            assert_true(fabs(r.error - p->error) < 1e-9);
            assert_true(fabs(r.test.loss - p->loss) < 1e-5);
            /* Nothing left but the output's zeros or a common shift: rounding breaks the ties. */
            if (k < ranks) assert_true(fabs(r.test.accuracy - p->accuracy) < 1.5 / COUNT);
            assert_true(fabs((double)r.parameters_left / (double)r.parameters - p->weights) < 1e-12);
        }
        assert_true(curve.at.error <= 0.1 && curve.points[curve.at.removed + 1].error > 0.1);
        ht_prune_curve_free(&curve);
        ht_network_free(net);
    }
}

/* A grid curve's points are what applying gives; the spec's own point is among them. */
static void grid_curve_equals_applying_and_evaluating(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_samples samples = golden_samples();
    ht_prune_spec spec = at_ratio(HT_PRUNE_MAGNITUDE, (double)NAN);
    ht_prune_curve curve;
    assert_int_equal(ht_prune_curve_make(&curve, net, &samples, &spec, NULL, &err), HT_OK);
    assert_true(curve.count >= 40 && curve.points[0].removed == 0);
    assert_int_equal(curve.points[curve.count - 1].removed, 7000);
    int found = 0, steepest = 0;
    for (int i = 0; i < curve.count; i++) {
        const ht_prune_point *p = &curve.points[i];
        ht_prune_result r;
        spec.ratio = ((double)p->removed + 0.5) / 7000;
        if (p->removed == 7000) spec.ratio = 1;
        assert_int_equal(ht_prune_try(&r, net, NULL, &samples, &spec, NULL, NULL, &err), HT_OK);
        assert_int_equal(r.removed, p->removed);
        assert_true(fabs(r.test.accuracy - p->accuracy) < 1e-12 && fabs(r.test.loss - p->loss) < 1e-12);
        found += p->removed == curve.at.removed;
        if (i > 0) assert_true(p->removed > curve.points[i - 1].removed);
        if (i > 0 && p->ratio - curve.points[i - 1].ratio > 2.0 / 512)
            steepest += fabs(curve.points[i - 1].accuracy - p->accuracy) > 0.06;
    }
    assert_int_equal(found, 1);
    assert_int_equal(steepest, 0); /* where it falls there are more points */
    ht_prune_curve_free(&curve);
    golden_free_samples(&samples);
    ht_network_free(net);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_ranks_go_first),
        cmocka_unit_test(magnitude_matches_the_golden_evaluations),
        cmocka_unit_test(at_an_error_as_many_go_as_sorting_says),
        cmocka_unit_test(ties_go_by_index),
        cmocka_unit_test(svd_matches_the_golden_evaluations),
        cmocka_unit_test(svd_curve_equals_projecting_and_evaluating),
        cmocka_unit_test(grid_curve_equals_applying_and_evaluating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
