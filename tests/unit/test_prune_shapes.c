/* test_prune_shapes.c - pruning networks that are more than dense layers: filters are rows, what reads a
 * channel goes with it, and what cannot go is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "heavytail/network.h"
#include "heavytail/prune.h"
#include "num/rng.h"
#include "prune/prune_reach.h"
#include "unit/small.h"

static ht_error err;

enum { COUNT = 40, CLASSES = 4 };

static const ht_shape picture = {2, 9, 9};

static ht_network *network_of(const char *line, bool bias, bool mean_field)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, 8);
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_params_put(&p, HT_P_MODEL_MEAN_FIELD, mean_field);
    ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
    if (!net) fail_msg("%s: %s", line, err.text);
    ht_network_init(net, 3, NULL);
    return net;
}

/* Normal inputs; labels in turn. */
static ht_samples samples_new(int count)
{
    ht_samples s = {.count = (size_t)count};
    size_t values = s.count * (size_t)ht_shape_values(picture);
    ht_rng rng;
    s.x = calloc(values, sizeof *s.x);
    s.labels = calloc(s.count, sizeof *s.labels);
    assert_true(s.x && s.labels);
    ht_rng_init(&rng, 5, HT_STREAM_TAIL, 9);
    for (size_t i = 0; i < values; i++) s.x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < count; i++) s.labels[i] = i % CLASSES;
    return s;
}

static void samples_free(ht_samples *s)
{
    free(s->x);
    free(s->labels);
}

static ht_prune_spec spec_of(ht_prune_method method, double ratio)
{
    return (ht_prune_spec){
        .method = method, .metric = HT_FRO_SQUARED, .error = 0.1, .ratio = ratio, .seed = 1};
}

static const char *const lines[] = {
    "conv 6 3x3 same, pool 2, dense n",
    "conv 6 3x3 stride 2 pad 1, conv 5 2x2, dense 7 tanh, dense n",
    "conv 6 3x3 same, pool 3 stride 2 avg, tanh, conv 7 1x1, pool global",
    "conv 5 3x3 leaky-relu, dropout 0.3, dense 9, dropout 0.5",
    "conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), relu, pool 2, dense n",
    "conv 4 3x3 same, res(conv 6 3x3 stride 2 same, conv 5 3x3 same linear), relu, dense n",
    "conv 4 3x3 same linear, norm, relu, conv 5 3x3, dense n",
    "dense 9, res(dense 12, dense 9 linear), dense 8",
};

enum { LINES = sizeof lines / sizeof lines[0] };

/* ---- the smaller network ----------------------------------------------------------------------- */

static void assert_same_losses(const ht_network *a, const ht_network *b, const ht_samples *samples,
                               const char *line)
{
    float of_a[COUNT], of_b[COUNT];
    ht_score score;
    assert_int_equal(ht_network_losses(a, samples, NULL, of_a, &score, &err), HT_OK);
    assert_int_equal(ht_network_losses(b, samples, NULL, of_b, &score, &err), HT_OK);
    for (int i = 0; i < COUNT; i++)
        if (!(fabsf(of_a[i] - of_b[i]) <= 1e-5f * (1 + of_a[i])))
            fail_msg("%s: sample %d: %.9g, %.9g", line, i, (double)of_a[i], (double)of_b[i]);
}

/* Weights that are stored, counted anew. */
static size_t stored(const ht_network *net)
{
    size_t count = 0;
    for (int w = 0; w < net->weight_count; w++)
        count += (size_t)net->weights[w]->rows * (size_t)net->weights[w]->columns;
    return count;
}

static void compact_computes_what_the_masked_one_does(void **state)
{
    (void)state;
    ht_samples samples = samples_new(COUNT);
    for (int i = 0; i < LINES; i++)
        for (int way = 0; way < 4; way++) {
            ht_network *net = network_of(lines[i], way & 1, way & 2), *small;
            ht_prune_spec spec = spec_of(HT_PRUNE_NODE, 0.45);
            ht_prune_result tried, applied;
            ht_score masked, zeroed;
            assert_int_equal(ht_prune_try(&tried, net, NULL, &samples, &spec, NULL, &small, &err), HT_OK);
            assert_int_equal(ht_prune_apply(net, &spec, NULL, &applied, &err), HT_OK);
            masked = tried.test;
            assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &zeroed, &err), HT_OK);
            assert_true(fabs(masked.loss - zeroed.loss) < 1e-6 * (1 + zeroed.loss));
            assert_same_losses(net, small, &samples, lines[i]);
            assert_int_equal(stored(small), tried.parameters_left);
            assert_true(tried.parameters_left < tried.parameters);
            assert_int_equal(ht_prune_compact(net, &err), HT_OK); /* the same in place */
            assert_int_equal(stored(net), stored(small));
            assert_same_losses(net, small, &samples, lines[i]);
            ht_network_free(small);
            ht_network_free(net);
        }
    samples_free(&samples);
}

/* What a sum or a norm reads stays, and no other. */
static void what_cannot_go_is_counted(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), dense n",
                                 true, false),
               *small;
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, 0.5);
    ht_prune_result r;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, &small, &err), HT_OK);
    const int removed[] = {2, 3, 2, 4}, held[] = {2, 0, 2, 0}, left[] = {4, 3, 4, 4};
    for (int w = 0; w < 4; w++) {
        assert_int_equal(r.layers[w].removed, removed[w]);
        assert_int_equal(r.layers[w].held, held[w]);
        assert_int_equal(small->weights[w]->rows, left[w]);
    }
    assert_int_equal(r.held, 4);
    ht_network_free(small);
    spec.method = HT_PRUNE_SVD;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
    assert_int_equal(r.held, 0);
    ht_network_free(net);
}

/* A channel's columns: k·k in a convolution, height · width after flattening, through pooling and dropout. */
static void readers_are_found_through_what_lies_between(void **state)
{
    (void)state;
    ht_network *net =
        network_of("conv 6 3x3 same, pool 2, dropout 0.1, conv 5 2x2, relu, dense 7, dense n", false, false);
    ht_prune_reach reach = ht_prune_reach_of(net);
    const int from[] = {-1, 0, 1, 2, 3}, each[] = {9, 4, 9, 1, 1};
    assert_int_equal(net->weight_count, 5);
    for (int w = 0; w < 5; w++) {
        assert_int_equal(reach.from[w], from[w]);
        assert_int_equal(reach.each[w], each[w]);
        assert_false(reach.held[w]);
    }
    ht_network_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_computes_what_the_masked_one_does),
        cmocka_unit_test(what_cannot_go_is_counted),
        cmocka_unit_test(readers_are_found_through_what_lies_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
