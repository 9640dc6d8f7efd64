/* test_prune_columns.c - node pruning by the units of arXiv 2106.03795: columns of dense layers, kernels of
 * convolutions, with and without their medians. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "heavytail/network.h"
#include "heavytail/prune.h"
#include "num/rng.h"
#include "nn/row_noise.h"
#include "unit/small.h"

static ht_error err;

enum { COUNT = 40, CLASSES = 4, MOST = 4096 };

static const ht_shape picture = {2, 9, 9};

static const char *const lines[] = {
    "conv 6 3x3 same, pool 2, dense 11",
    "conv 6 3x3 stride 2 pad 1, conv 5 1x1, conv 4 2x2",
    "conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), relu, pool 2, dense 8",
    "dense 9, dense 12",
    "dense 20",
};

enum { LINES = sizeof lines / sizeof lines[0] };

static ht_network *network_of(const char *line, bool bias)
{
    ht_params p = small_params();
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
    if (!net) {
        fail_msg("%s: %s", line, err.text);
        return NULL;
    }
    ht_network_init(net, 3, NULL);
    for (int w = 0; w < net->weight_count; w++) /* off centre, and some small */
        for (size_t i = 0; i < ht_tensor_size(net->weights[w]); i++)
            net->weights[w]->data[i] =
                0.02f + net->weights[w]->data[i] * (i % 9 < 4 ? 0.1f : 1.0f) * (float)(1 + i % 7);
    return net;
}

static ht_prune_spec spec_of(ht_prune_method method, double ratio, bool centre)
{
    return (ht_prune_spec){.method = method,
                           .metric = HT_FRO_SQUARED,
                           .error = 0.1,
                           .ratio = ratio,
                           .side = HT_PRUNE_COLUMNS,
                           .centre = centre,
                           .seed = 1};
}

/* ---- a slow twin -------------------------------------------------------------------------------- */

/* One layer's units as the paper has them, one after the other: of a dense layer its columns, of a
 * convolution the windows of (filter, channel). `at` says where each number lies in the layer. */
typedef struct twin {
    int units, length;
    int at[MOST];
    double median[MOST], norm2[MOST];
} twin;

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void twin_make(twin *t, const ht_tensor *w, bool centre)
{
    int window = w->window[0] * w->window[1], n = w->rows * w->columns;
    assert_true(n <= MOST);
    t->units = window ? n / window : w->columns;
    t->length = window ? window : w->rows;
    for (int u = 0; u < t->units; u++)
        for (int k = 0; k < t->length; k++) {
            int filter = window ? u / (w->columns / window) : 0,
                channel = window ? u % (w->columns / window) : 0;
            t->at[u * t->length + k] =
                window ? filter * w->columns + channel * window + k : k * w->columns + u;
        }
    for (int k = 0; k < t->length; k++) {
        double column[MOST] = {0};
        for (int u = 0; u < t->units; u++) column[u] = (double)w->data[t->at[u * t->length + k]];
        qsort(column, (size_t)t->units, sizeof *column, by_double);
        t->median[k] = centre ? (double)(float)((column[(t->units - 1) / 2] + column[t->units / 2]) / 2) : 0;
    }
    for (int u = 0; u < t->units; u++) {
        t->norm2[u] = 0;
        for (int k = 0; k < t->length; k++)
            t->norm2[u] += pow((double)w->data[t->at[u * t->length + k]] - t->median[k], 2);
    }
}

/* Takes the `count` smallest units out of a copy of the layer, one after the other. */
static double twin_remove(const twin *t, int count, float *data)
{
    bool gone[MOST] = {false};
    double lost = 0;
    for (int i = 0; i < count; i++) {
        int least = -1;
        for (int u = 0; u < t->units; u++)
            if (!gone[u] && (least < 0 || t->norm2[u] < t->norm2[least])) least = u;
        gone[least] = true;
        lost += t->norm2[least];
        for (int k = 0; k < t->length; k++) data[t->at[least * t->length + k]] = (float)t->median[k];
    }
    return lost;
}

static double norm2_of(const ht_tensor *w)
{
    double sum = 0;
    for (size_t i = 0; i < ht_tensor_size(w); i++) sum += pow((double)w->data[i], 2);
    return sum;
}

static void assert_layer(const ht_tensor *before, const ht_tensor *after, const ht_prune_layer *r,
                         bool centre, double ratio)
{
    static twin t;
    float data[MOST] = {0};
    double total = norm2_of(before), lost = 0;
    int count = 0;
    twin_make(&t, before, centre);
    assert_int_equal(r->units, t.units);
    memcpy(data, before->data, ht_tensor_size(before) * sizeof *data);
    if (isnan(ratio)) { /* κ: the most whose error is at most 0.1 */
        while (count < t.units) {
            float scratch[MOST] = {0};
            lost = twin_remove(&t, count + 1, scratch);
            if (lost / total > 0.1) break;
            count++;
        }
    } else {
        count = (int)floor(ratio * t.units);
    }
    assert_int_equal(r->removed, count);
    lost = twin_remove(&t, count, data);
    assert_true(fabs(r->error - lost / total) < 1e-9);
    assert_memory_equal(after->data, data, ht_tensor_size(before) * sizeof *data);
}

static void units_go_as_the_slow_twin_says(void **state)
{
    (void)state;
    const double ratios[] = {(double)NAN, 0.3, 0.77, 1};
    for (int i = 0; i < LINES; i++)
        for (int way = 0; way < 8; way++) {
            ht_network *net = network_of(lines[i], true), *copy = ht_network_copy(net, &err);
            ht_prune_spec spec = spec_of(HT_PRUNE_NODE, ratios[way / 2], way & 1);
            ht_prune_result r;
            assert_int_equal(ht_prune_apply(copy, &spec, NULL, &r, &err), HT_OK);
            assert_int_equal(r.layer_count, ht_network_hidden(net));
            for (int w = 0; w < net->weight_count; w++) {
                assert_memory_equal(copy->weights[w]->bias->data, net->weights[w]->bias->data,
                                    (size_t)net->weights[w]->rows * sizeof(float));
                if (w < r.layer_count)
                    assert_layer(net->weights[w], copy->weights[w], &r.layers[w], spec.centre, spec.ratio);
                else
                    assert_memory_equal(copy->weights[w]->data, net->weights[w]->data,
                                        ht_tensor_size(net->weights[w]) * sizeof(float));
            }
            ht_network_free(copy);
            ht_network_free(net);
        }
}

/* ---- by hand ------------------------------------------------------------------------------------ */

/* Dense 2 × 3: rows (1 5 1) and (2 2 8). Medians 1 and 2; without them columns (0 0), (4 0), (0 6): norms 0,
 * 16, 36 of 99. */
static void a_dense_layer_by_hand(void **state)
{
    (void)state;
    const float w[] = {1, 5, 1, 2, 2, 8}, plain[] = {0, 5, 1, 0, 2, 8}, centred[] = {1, 1, 1, 2, 2, 8};
    ht_network *net = ht_network_new(3, 2, 1, 2, HT_RELU, false, &err);
    ht_prune_result r;
    assert_non_null(net);
    memcpy(net->weights[0]->data, w, sizeof w);
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, 1.0 / 3, false); /* norms 5, 29, 65 */
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
    assert_memory_equal(net->weights[0]->data, plain, sizeof plain);
    assert_true(fabs(r.error - 5.0 / 99) < 1e-12);
    assert_int_equal(r.parameters_left, 4 + 4);
    assert_string_equal(r.unit, "columns");
    memcpy(net->weights[0]->data, w, sizeof w);
    spec = spec_of(HT_PRUNE_NODE, 0.7, true);
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
    assert_memory_equal(net->weights[0]->data, centred, sizeof centred);
    assert_true(fabs(r.error - 16.0 / 99) < 1e-12);
    assert_int_equal(r.parameters_left, 2 + 2 + 4); /* a column and the medians; the output layer */
    ht_network_free(net);
}

static void sizes_and_words_are_of_units(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 6 3x3 same, conv 5 2x2, pool 2, dense 7", false);
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, 0.5, false);
    ht_prune_result r;
    int inputs = net->weights[2]->columns;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
    size_t left = 6 * 9 + 15 * 4 + (size_t)(inputs - inputs / 2) * 7 + 7 * CLASSES;
    size_t indices = 2 * (6 + 15 + (size_t)(inputs - inputs / 2));
    assert_int_equal(r.parameters_left, left);
    assert_int_equal(r.bytes_left, 4 * left + indices);
    assert_string_equal(r.unit, "units");
    assert_string_equal(r.layers[0].unit, "kernels");
    assert_string_equal(r.layers[2].unit, "columns");
    assert_int_equal(r.units, 12 + 30 + inputs);
    assert_string_equal(ht_prune_unit(net, HT_PRUNE_NODE, HT_PRUNE_ROWS), "units");
    assert_string_equal(ht_prune_unit(net, HT_PRUNE_SVD, HT_PRUNE_COLUMNS), "singular values");
    spec = spec_of(HT_PRUNE_NODE, 0, true); /* nothing goes: no medians are stored */
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
    assert_int_equal(r.parameters_left, r.parameters);
    assert_int_equal(r.bytes_left, r.bytes);
    ht_network_free(net);
}

/* ---- curves, the smaller network, threads ------------------------------------------------------- */

static void curves_are_of_pruned_networks(void **state)
{
    (void)state;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i], true);
        ht_prune_spec spec = spec_of(i % 2 ? HT_PRUNE_RANDOM : HT_PRUNE_NODE, (double)NAN, i % 3 == 0);
        ht_prune_curve curve;
        assert_int_equal(ht_prune_curve_make(&curve, net, &samples, &spec, NULL, &err), HT_OK);
        assert_false(curve.exact); /* also of one hidden layer */
        assert_true(curve.points[0].removed == 0 && curve.points[curve.count - 1].removed == curve.units);
        for (int k = 0; k <= 20; k += 5) {
            ht_prune_result r;
            int at = 0;
            spec.ratio = k / 20.0;
            assert_int_equal(ht_prune_try(&r, net, NULL, &samples, &spec, NULL, NULL, &err), HT_OK);
            while (at < curve.count && curve.points[at].removed != r.removed) at++;
            assert_true(at < curve.count);
            assert_true(r.test.loss == curve.points[at].loss && r.error == curve.points[at].error);
            assert_true((double)r.parameters_left / (double)r.parameters == curve.points[at].weights);
        }
        ht_prune_curve_free(&curve);
        ht_network_free(net);
    }
    small_samples_free(&samples);
}

/* Channels that no kernel reads any more, and units whose columns are all gone, are taken out; with medians
 * put back they are read still. */
static void compact_takes_out_what_nothing_reads(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 6 3x3 same, pool 2, dense 5, dense 4", false), *small;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, 1.0 / 5, false);
    ht_prune_result r;
    ht_score score;
    for (int i = 0; i < 4; i++) net->weights[2]->data[i * 5 + 3] *= 1e-3f; /* what reads unit 3 of layer 1 */
    assert_int_equal(ht_prune_try(&r, net, NULL, &samples, &spec, NULL, &small, &err), HT_OK);
    assert_int_equal(r.layers[2].removed, 1);
    assert_int_equal(small->weights[1]->rows, 4);
    assert_int_equal(small->weights[2]->columns, 4);
    assert_int_equal(ht_network_evaluate(small, &samples, NULL, NULL, &score, &err), HT_OK);
    assert_true(fabs(score.loss - r.test.loss) < 1e-5);
    ht_network_free(small);
    spec.centre = true;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, &small, &err), HT_OK);
    assert_int_equal(small->weights[1]->rows, 5);
    ht_network_free(small);
    ht_network_free(net);
    small_samples_free(&samples);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    const int threads[] = {2, 7};
    for (int i = 0; i < LINES; i++)
        for (int way = 0; way < 4; way++) {
            ht_network *net = network_of(lines[i], true);
            ht_prune_spec spec = spec_of(way & 1 ? HT_PRUNE_RANDOM : HT_PRUNE_NODE, 0.4, way & 2);
            ht_prune_result one, more;
            spec.scope = i % 2 ? HT_PRUNE_GLOBAL : HT_PRUNE_PER_LAYER;
            assert_int_equal(ht_prune_try(&one, net, NULL, &samples, &spec, NULL, NULL, &err), HT_OK);
            for (int t = 0; t < 2; t++) {
                ht_pool *pool = small_pool(threads[t]);
                assert_int_equal(ht_prune_try(&more, net, NULL, &samples, &spec, pool, NULL, &err), HT_OK);
                assert_memory_equal(&one, &more, sizeof one);
                ht_pool_free(pool);
            }
            ht_network_free(net);
        }
    small_samples_free(&samples);
}

/* What only knows rows does not speak of columns. */
static void what_is_of_rows_alone_says_so(void **state)
{
    (void)state;
    ht_params p = small_params();
    assert_null(ht_row_noise_unknown(&p));
    ht_params_put(&p, HT_P_PRUNE_UNIT, HT_PRUNE_COLUMNS);
    assert_string_equal(ht_row_noise_unknown(&p), "prune.unit is not rows");
    assert_int_equal(ht_prune_spec_of(&p, NULL).side, HT_PRUNE_COLUMNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_go_as_the_slow_twin_says),
        cmocka_unit_test(a_dense_layer_by_hand),
        cmocka_unit_test(sizes_and_words_are_of_units),
        cmocka_unit_test(curves_are_of_pruned_networks),
        cmocka_unit_test(compact_takes_out_what_nothing_reads),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(what_is_of_rows_alone_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
