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
#include "num/linalg.h"
#include "num/rng.h"
#include "unit/golden.h"

static ht_error err;

/* At error 0.1. */
static ht_prune_spec spec_of(ht_prune_method method, ht_prune_metric metric)
{
    return (ht_prune_spec){.method = method, .metric = metric, .error = 0.1, .ratio = (double)NAN, .seed = 1};
}

static ht_prune_order order_of(const ht_network *net, ht_prune_metric metric)
{
    ht_prune_order order;
    assert_int_equal(ht_prune_order_make(&order, net->weights[0], HT_PRUNE_NODE, metric, 1, &err), HT_OK);
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
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO_SQUARED);
    assert_int_equal(ht_prune_curve_make(&c.curve, net, &samples, &spec, NULL, &err), HT_OK);
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
        ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO);
        assert_int_equal(ht_prune_curve_make(&curve, net, &samples, &spec, NULL, &err), HT_OK);
        assert_int_equal(ht_prune_curve_make(&threaded, net, &samples, &spec, pool, &err), HT_OK);
        assert_memory_equal(curve.points, threaded.points, (size_t)curve.count * sizeof *curve.points);
        ht_prune_order order = order_of(net, HT_FRO);
        for (int k = 0; k <= WIDTH; k += 7) {
            const float *masks[HT_HIDDEN_MAX] = {keep};
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

/* Rows of W1 zeroed by ht_prune_apply; outputs by plain sums. */
static void logits_match_the_golden_table(void **state)
{
    (void)state;
    static const int removed[] = {0, 50, 100, 150, 190};
    ht_npy wanted = golden_array("prune/node_logits.npy", HT_NPY_DOUBLE);
    ht_samples samples = golden_samples();
    size_t at = 0;
    for (int r = 0; r < 5; r++) {
        ht_network *net = golden_network();
        ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO_SQUARED);
        ht_prune_result result;
        spec.ratio = removed[r] / 200.0;
        assert_int_equal(ht_prune_apply(net, &spec, NULL, &result, &err), HT_OK);
        assert_int_equal(result.removed, removed[r]);
        assert_int_equal(result.units, 200);
        assert_int_equal(result.parameters, 7000);
        assert_int_equal(result.parameters_left, (200 - removed[r]) * 35);
        for (int i = 0; i < 300; i++) {
            double out[5] = {0};
            for (int n = 0; n < 200; n++) {
                double h = 0;
                for (int j = 0; j < 30; j++)
                    h += (double)net->weights[0]->data[n * 30 + j] * (double)samples.x[i * 30 + j];
                for (int c = 0; c < 5; c++) out[c] += (double)net->weights[1]->data[c * 200 + n] * fmax(h, 0);
            }
            for (int c = 0; c < 5; c++) assert_true(fabs(out[c] - wanted.f64[at++]) < 1e-5);
        }
        ht_network_free(net);
    }
    assert_int_equal(at, wanted.count);
    ht_npy_free(&wanted);
    golden_free_samples(&samples);
}

static ht_network *deep_network(int width)
{
    ht_network *net = ht_network_new(30, width, 3, 5, HT_RELU, false, &err);
    ht_network_init(net, 2, NULL);
    for (size_t i = 0; i < ht_tensor_size(net->weights[1]); i++)
        net->weights[1]->data[i] *= 3; /* the layers differ in size, so that ranking them together matters */
    return net;
}

static void deep_curve_removes_the_same_share_of_every_layer(void **state)
{
    (void)state;
    ht_samples samples = golden_samples();
    ht_network *net = deep_network(90);
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO_SQUARED);
    ht_prune_curve curve;
    ht_score whole;
    assert_int_equal(ht_prune_curve_make(&curve, net, &samples, &spec, NULL, &err), HT_OK);
    assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &whole, &err), HT_OK);
    const ht_prune_point *last = &curve.points[curve.count - 1];
    assert_int_equal(curve.units, 270);
    assert_true(curve.points[0].removed == 0 && fabs(curve.points[0].accuracy - whole.accuracy) < 1e-12);
    assert_true(last->removed == 270 && fabs(last->loss - log(5)) < 1e-6);
    for (int i = 1; i < curve.count; i++) {
        assert_true(curve.points[i].removed % 3 == 0 &&
                    curve.points[i].removed > curve.points[i - 1].removed);
        assert_true(curve.points[i].error >= curve.points[i - 1].error);
        assert_true(curve.points[i].weights < curve.points[i - 1].weights);
    }
    ht_prune_result r;
    assert_int_equal(ht_prune_try(&r, net, NULL, &samples, &spec, NULL, NULL, &err), HT_OK);
    assert_int_equal(r.removed, r.layers[0].removed + r.layers[1].removed + r.layers[2].removed);
    assert_int_equal(r.units, 270);
    assert_int_equal(r.removed, curve.at.removed);
    assert_true(fabs(r.test.accuracy - curve.at.accuracy) < 1e-12);
    for (int l = 0; l < 3; l++) { /* each layer by itself, and no more could go */
        ht_prune_order order;
        assert_int_equal(ht_prune_order_make(&order, net->weights[l], HT_PRUNE_NODE, HT_FRO_SQUARED, 1, &err),
                         HT_OK);
        assert_int_equal(r.layers[l].removed, ht_prune_removable(&order, 0.1));
        ht_prune_order_free(&order);
    }
    ht_prune_curve_free(&curve);
    ht_network_free(net);
    golden_free_samples(&samples);
}

/* Global: the neurons of all layers in one list, by one sort. */
static void global_scope_ranks_all_layers_together(void **state)
{
    (void)state;
    ht_network *net = deep_network(40);
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO_SQUARED);
    ht_prune_result r;
    double norm2[120], total = 0, lost = 0;
    int expected[3] = {0}, gone[120] = {0}, count = 0;
    spec.scope = HT_PRUNE_GLOBAL;
    for (int i = 0; i < 120; i++) {
        const ht_tensor *layer = net->weights[i / 40];
        norm2[i] = 0;
        for (int j = 0; j < layer->columns; j++)
            norm2[i] += pow((double)layer->data[(i % 40) * layer->columns + j], 2);
        total += norm2[i];
    }
    for (;;) {
        int least = -1;
        for (int i = 0; i < 120; i++)
            if (!gone[i] && (least < 0 || norm2[i] < norm2[least])) least = i;
        if ((lost + norm2[least]) / total > 0.1) break;
        lost += norm2[least];
        gone[least] = 1;
        expected[least / 40]++;
        count++;
    }
    assert_true(count > 5 && expected[1] == 0); /* the layer of large weights keeps all */
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
    assert_int_equal(r.removed, count);
    for (int l = 0; l < 3; l++) assert_int_equal(r.layers[l].removed, expected[l]);
    assert_true(fabs(r.error - lost / total) < 1e-9);
    ht_network_free(net);
}

/* Compact: the same outputs from fewer neurons, in every activation, with the mean field's scale. */
static void compact_network_computes_the_same(void **state)
{
    (void)state;
    ht_samples samples = golden_samples();
    for (int depth = 1; depth <= 3; depth++)
        for (int activation = HT_RELU; activation <= HT_TANH; activation++) {
            ht_network *net = ht_network_new(30, 70, depth, 5, (ht_activation)activation, depth == 2, &err);
            ht_network_init(net, 5, NULL);
            ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO);
            ht_prune_result r;
            ht_score before, after;
            spec.error = 0.5;
            assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
            ht_network *small = ht_network_copy(net, &err);
            assert_int_equal(ht_prune_compact(small, &err), HT_OK);
            assert_int_equal(ht_network_parameters(small), r.parameters_left);
            assert_true(r.parameters_left < r.parameters);
            for (int l = 0; l < depth; l++)
                assert_int_equal(small->weights[l]->rows, 70 - r.layers[l].removed);
            assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &before, &err), HT_OK);
            assert_int_equal(ht_network_evaluate(small, &samples, NULL, NULL, &after, &err), HT_OK);
            assert_true(fabs(before.loss - after.loss) < 1e-6);
            assert_true(fabs(before.accuracy - after.accuracy) < 1e-12);
            ht_network_free(small);
            ht_network_free(net);
        }
    golden_free_samples(&samples);
}

static void nothing_left_is_still_a_network(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, HT_FRO);
    ht_prune_result r;
    spec.ratio = 1;
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
    assert_true(r.removed == 200 && fabs(r.error - 1) < 1e-12 && r.parameters_left == 0);
    assert_int_equal(ht_prune_compact(net, &err), HT_OK);
    assert_int_equal(net->weights[0]->rows, 1);
    ht_network_free(net);
}

static void a_curve_reads_as_its_points_say(void **state)
{
    (void)state;
    ht_prune_point points[] = {{.ratio = 0, .accuracy = 0.9, .weights = 1},
                               {.ratio = 0.25, .accuracy = 0.88, .weights = 0.7},
                               {.ratio = 0.5, .accuracy = 0.89, .weights = 0.4},
                               {.ratio = 1, .accuracy = 0.1}};
    ht_prune_curve curve = {.count = 4, .points = points};
    ht_prune_reading r = ht_prune_read(&curve);
    assert_true(r.one_point == 0 &&
                r.kept == 1);  /* that costs two points, whatever the next ones give back */
    points[1].accuracy = 0.89; /* 0.9 - 0.89 is more than 0.01 by rounding alone */
    assert_true(ht_prune_read(&curve).one_point == 0.5 && ht_prune_read(&curve).kept == 0.4);
    points[1].accuracy = 0.88;
    assert_true(fabs(r.area - (0.25 * 0.89 + 0.25 * 0.885 + 0.5 * 0.495)) < 1e-12);
    assert_ptr_equal(ht_prune_curve_at(&curve, 0.49), &points[1]);
    assert_ptr_equal(ht_prune_curve_at(&curve, 1), &points[3]);
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
    for (int i = 0; i < 15; i++) net->weights[0]->data[i] = 1;
    order = order_of(net, HT_FRO_SQUARED);
    for (int i = 0; i < 5; i++) assert_int_equal(order.neuron[i], i);
    assert_int_equal(ht_prune_removable(&order, 0.4), 2);
    assert_int_equal(ht_prune_removable(&order, 1), 5);
    assert_int_equal(ht_prune_removable(&order, 0), 0);
    ht_prune_order_free(&order);
    ht_network_free(net);
}

/* Rows (3, 0), (2, -2), (0, 1): Σw² 9, 8, 1; Σ|w| 3, 4, 1. */
static void the_two_norms_have_orders_of_their_own(void **state)
{
    (void)state;
    float w[] = {3, 0, 2, -2, 0, 1};
    const ht_tensor layer = {.rows = 3, .columns = 2, .data = w};
    const int by_l2[] = {2, 1, 0}, by_l1[] = {2, 0, 1};
    ht_prune_order l2, l1;
    assert_int_equal(ht_prune_order_make(&l2, &layer, HT_PRUNE_NODE, HT_FRO_SQUARED, 1, &err), HT_OK);
    assert_int_equal(ht_prune_order_make(&l1, &layer, HT_PRUNE_NORM_L1, HT_FRO_SQUARED, 1, &err), HT_OK);
    assert_memory_equal(l2.neuron, by_l2, sizeof by_l2);
    assert_memory_equal(l1.neuron, by_l1, sizeof by_l1);
    assert_true(l1.key[0] == 1 && l1.key[1] == 3 && l1.key[2] == 4);
    assert_true(fabs(l1.error[2] - 10.0 / 18) < 1e-12 &&
                l1.error[3] == 1); /* of squares, by whatever order */
    ht_prune_order_free(&l2), ht_prune_order_free(&l1);
}

static void random_order_is_a_permutation_of_its_seed(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_prune_order a, b, c;
    bool seen[200] = {false};
    assert_int_equal(ht_prune_order_make(&a, net->weights[0], HT_PRUNE_RANDOM, HT_FRO, 1, &err), HT_OK);
    assert_int_equal(ht_prune_order_make(&b, net->weights[0], HT_PRUNE_RANDOM, HT_FRO, 1, &err), HT_OK);
    assert_int_equal(ht_prune_order_make(&c, net->weights[0], HT_PRUNE_RANDOM, HT_FRO, 2, &err), HT_OK);
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
        cmocka_unit_test(logits_match_the_golden_table),
        cmocka_unit_test(global_scope_ranks_all_layers_together),
        cmocka_unit_test(compact_network_computes_the_same),
        cmocka_unit_test(nothing_left_is_still_a_network),
        cmocka_unit_test(a_curve_reads_as_its_points_say),
        cmocka_unit_test(deep_curve_removes_the_same_share_of_every_layer),
        cmocka_unit_test(ties_go_to_the_lower_index_and_zero_rows_are_free),
        cmocka_unit_test(the_two_norms_have_orders_of_their_own),
        cmocka_unit_test(random_order_is_a_permutation_of_its_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
