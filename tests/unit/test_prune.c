/* test_prune.c - pruning by norm against the golden tables and against one masked evaluation per point. */
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
#include "math/linalg.h"
#include "math/rng.h"
#include "unit/golden.h"

static ht_error err;

static ht_prune_order order_of(const ht_network *net, ht_prune_metric metric)
{
    ht_prune_order order;
    assert_int_equal(ht_prune_order_make(&order, &net->layers[0], HT_PRUNE_NODE, metric, 1, &err), HT_OK);
    return order;
}

typedef struct order_check {
    ht_prune_order squared, plain;
    int rows;
} order_check;

static void order_row(void *context, int fields, char **field)
{
    order_check *c = context;
    int rank = atoi(field[0]);
    assert_int_equal(fields, 5);
    assert_int_equal(c->squared.neuron[rank - 1], atoi(field[1]));
    assert_true(fabs(c->squared.error[rank] - atof(field[3])) < 1e-6);
    assert_true(fabs(c->plain.error[rank] - atof(field[4])) < 1e-6);
    c->rows++;
}

static void order_and_errors_match_the_golden_table(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    order_check c = {order_of(net, HT_FRO_SQUARED), order_of(net, HT_FRO), 0};
    golden_csv("prune/node_order.csv", order_row, &c);
    assert_int_equal(c.rows, 200);
    ht_prune_order_free(&c.squared);
    ht_prune_order_free(&c.plain);
    ht_network_free(net);
}

static void mce_row(void *context, int fields, char **field)
{
    order_check *c = context;
    if (fields < 7 || strcmp(field[0], "mce") != 0) return;
    const ht_prune_order *order = strcmp(field[1], "fro_squared") == 0 ? &c->squared : &c->plain;
    assert_int_equal(ht_prune_removable(order, atof(field[2])), atoi(field[6]));
    c->rows++;
}

static void removable_counts_match_the_golden_table(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    order_check c = {order_of(net, HT_FRO_SQUARED), order_of(net, HT_FRO), 0};
    golden_csv("prune/node_mce.csv", mce_row, &c);
    assert_true(c.rows >= 6);
    ht_prune_order_free(&c.squared);
    ht_prune_order_free(&c.plain);
    ht_network_free(net);
}

typedef struct eval_check {
    ht_prune_curve curve;
    int rows;
} eval_check;

static void eval_row(void *context, int fields, char **field)
{
    eval_check *c = context;
    const ht_prune_point *p = &c->curve.points[atoi(field[0])];
    assert_true(fields >= 6);
    assert_true(fabs(p->accuracy - atof(field[1])) < 1e-9);
    assert_true(fabs(p->ratio - atof(field[5])) < 1e-9);
    if (isfinite(p->loss)) assert_true(fabs(p->loss - atof(field[2])) < 1e-5);
    c->rows++;
}

static void exact_curve_matches_the_golden_evaluations(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_samples samples = golden_samples();
    eval_check c = {0};
    assert_int_equal(
        ht_prune_curve_make(&c.curve, net, &samples, HT_PRUNE_NODE, HT_FRO_SQUARED, 1, NULL, &err), HT_OK);
    assert_int_equal(c.curve.count, 201);
    golden_csv("prune/node_eval.csv", eval_row, &c);
    assert_true(c.rows >= 5);
    ht_prune_curve_free(&c.curve);
    golden_free_samples(&samples);
    ht_network_free(net);
}

/* The slow twin: for each k a masked evaluation of the whole network. */
static void curve_equals_one_masked_evaluation_per_point(void **state)
{
    (void)state;
    enum { COUNT = 530, INPUTS = 12, WIDTH = 300, CLASSES = 4 };
    static float x[COUNT * INPUTS], keep[WIDTH];
    static int32_t labels[COUNT];
    ht_rng rng;
    ht_rng_init(&rng, 4, HT_STREAM_TEST, 0);
    for (int i = 0; i < COUNT * INPUTS; i++) x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < COUNT; i++) labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    for (int activation = HT_RELU; activation <= HT_TANH; activation++) {
        bool mean_field = activation == HT_LEAKY_RELU;
        ht_network *net =
            ht_network_new(INPUTS, WIDTH, 1, CLASSES, (ht_activation)activation, mean_field, &err);
        ht_network_init(net, 3, NULL);
        ht_samples samples = {COUNT, x, labels};
        ht_prune_curve curve, threaded;
        ht_pool *pool = ht_pool_new(3, &err);
        assert_int_equal(ht_prune_curve_make(&curve, net, &samples, HT_PRUNE_NODE, HT_FRO, 1, NULL, &err),
                         HT_OK);
        assert_int_equal(ht_prune_curve_make(&threaded, net, &samples, HT_PRUNE_NODE, HT_FRO, 1, pool, &err),
                         HT_OK);
        assert_memory_equal(curve.points, threaded.points, (size_t)curve.count * sizeof *curve.points);
        ht_prune_order order = order_of(net, HT_FRO);
        for (int k = 0; k <= WIDTH; k += 7) {
            const float *masks[HT_DEPTH_MAX] = {keep};
            ht_score score;
            for (int i = 0; i < WIDTH; i++) keep[order.neuron[i]] = i < k ? 0.0f : 1.0f;
            assert_int_equal(ht_network_evaluate(net, &samples, masks, NULL, &score, &err), HT_OK);
            assert_true(fabs(score.accuracy - curve.points[k].accuracy) < 1.5 / COUNT);
            if (isfinite(curve.points[k].loss)) assert_true(fabs(score.loss - curve.points[k].loss) < 1e-5);
        }
        int losses = 0;
        for (int k = 0; k <= WIDTH; k++) losses += isfinite(curve.points[k].loss);
        assert_true(losses >= 200);
        ht_prune_order_free(&order);
        ht_prune_curve_free(&curve);
        ht_prune_curve_free(&threaded);
        ht_pool_free(pool);
        ht_network_free(net);
    }
}

static void deep_curve_removes_the_same_share_of_every_layer(void **state)
{
    (void)state;
    ht_samples samples = golden_samples();
    ht_network *net = ht_network_new(30, 90, 3, 5, HT_RELU, false, &err);
    ht_network_init(net, 2, NULL);
    ht_prune_curve curve;
    ht_score whole;
    assert_int_equal(ht_prune_curve_make(&curve, net, &samples, HT_PRUNE_NODE, HT_FRO_SQUARED, 1, NULL, &err),
                     HT_OK);
    assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &whole, &err), HT_OK);
    const ht_prune_point *last = &curve.points[curve.count - 1];
    assert_true(curve.points[0].removed == 0 && fabs(curve.points[0].accuracy - whole.accuracy) < 1e-12);
    assert_true(last->removed == 90 && fabs(last->loss - log(5)) < 1e-6);
    for (int i = 1; i < curve.count; i++) assert_true(curve.points[i].error >= curve.points[i - 1].error);
    ht_prune_curve_free(&curve);
    ht_prune_result r;
    assert_int_equal(
        ht_prune_at_error(&r, net, NULL, &samples, HT_PRUNE_NODE, HT_FRO_SQUARED, 0.1, 1, NULL, &err), HT_OK);
    assert_int_equal(r.removed, r.layer_removed[0] + r.layer_removed[1] + r.layer_removed[2]);
    assert_int_equal(r.neurons, 270);
    ht_network_free(net);
    golden_free_samples(&samples);
}

/* Equal rows: the lower index goes first; nothing to remove: ε stays 0. */
static void ties_go_to_the_lower_index_and_zero_rows_are_free(void **state)
{
    (void)state;
    ht_network *net = ht_network_new(3, 5, 1, 2, HT_RELU, false, &err);
    ht_prune_order order = order_of(net, HT_FRO_SQUARED);
    for (int i = 0; i < 5; i++) assert_int_equal(order.neuron[i], i);
    assert_int_equal(ht_prune_removable(&order, 0), 5);
    ht_prune_order_free(&order);
    for (int i = 0; i < 15; i++) net->layers[0].weight[i] = 1;
    order = order_of(net, HT_FRO_SQUARED);
    for (int i = 0; i < 5; i++) assert_int_equal(order.neuron[i], i);
    assert_int_equal(ht_prune_removable(&order, 0.4), 2);
    assert_int_equal(ht_prune_removable(&order, 1), 5);
    assert_int_equal(ht_prune_removable(&order, 0), 0);
    ht_prune_order_free(&order);
    ht_network_free(net);
}

static void random_order_is_a_permutation_of_its_seed(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_prune_order a, b, c;
    bool seen[200] = {false};
    assert_int_equal(ht_prune_order_make(&a, &net->layers[0], HT_PRUNE_RANDOM, HT_FRO, 1, &err), HT_OK);
    assert_int_equal(ht_prune_order_make(&b, &net->layers[0], HT_PRUNE_RANDOM, HT_FRO, 1, &err), HT_OK);
    assert_int_equal(ht_prune_order_make(&c, &net->layers[0], HT_PRUNE_RANDOM, HT_FRO, 2, &err), HT_OK);
    assert_memory_equal(a.neuron, b.neuron, 200 * sizeof(int));
    assert_true(memcmp(a.neuron, c.neuron, 200 * sizeof(int)) != 0);
    for (int i = 0; i < 200; i++) seen[a.neuron[i]] = true;
    for (int i = 0; i < 200; i++) assert_true(seen[i]);
    ht_prune_order_free(&a), ht_prune_order_free(&b), ht_prune_order_free(&c);
    ht_network_free(net);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_errors_match_the_golden_table),
        cmocka_unit_test(removable_counts_match_the_golden_table),
        cmocka_unit_test(exact_curve_matches_the_golden_evaluations),
        cmocka_unit_test(curve_equals_one_masked_evaluation_per_point),
        cmocka_unit_test(deep_curve_removes_the_same_share_of_every_layer),
        cmocka_unit_test(ties_go_to_the_lower_index_and_zero_rows_are_free),
        cmocka_unit_test(random_order_is_a_permutation_of_its_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
