/* test_prune_coreset.c - CoreNet's sensitivities and sampling against the golden tables and by counting. */
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
#include "prune/coreset.h"
#include "num/linalg.h"
#include "unit/golden.h"

enum { POINTS = 64 };

static ht_error err;

typedef struct fixture {
    ht_network *net;
    ht_samples samples;
    ht_calibration points;
} fixture;

static fixture open_golden(void)
{
    fixture f = {golden_network(), golden_samples(), {0}};
    assert_int_equal(ht_calibration_make(&f.points, f.net, &f.samples, POINTS, &err), HT_OK);
    return f;
}

static void close_golden(fixture *f)
{
    ht_calibration_free(&f->points);
    golden_free_samples(&f->samples);
    ht_network_free(f->net);
}

static void sensitivities_match_the_golden_tables(void **state)
{
    (void)state;
    static const char *const tables[] = {"coreset/s_layer1.npy", "coreset/s_layer2.npy"};
    fixture f = open_golden();
    for (int l = 0; l < 2; l++) {
        ht_npy wanted = golden_array(tables[l], HT_NPY_DOUBLE);
        const ht_tensor *layer = f.net->weights[l];
        float s[200];
        double sum[HT_GROUPS];
        assert_int_equal(wanted.count, ht_tensor_size(layer));
        for (int r = 0; r < layer->rows; r++) {
            ht_coreset_row(&f.points, l, layer->data + (size_t)r * (size_t)layer->columns, layer->columns, s,
                           sum);
            for (int j = 0; j < layer->columns; j++) {
                double exact = wanted.f64[(size_t)r * (size_t)layer->columns + (size_t)j];
                assert_true(fabs((double)s[j] - exact) <= 1e-5 * exact);
            }
        }
        ht_npy_free(&wanted);
    }
    close_golden(&f);
}

typedef struct scratch_block {
    int edge[200];
    double share[200];
    struct ht_coreset_slot slot[200];
    uint32_t drawn[200];
} scratch_block;

static ht_coreset_scratch scratch_of(scratch_block *b)
{
    return (ht_coreset_scratch){b->edge, b->share, b->slot, b->drawn};
}

/* 2 000 coresets of a neuron, 50 draws a group or near: the mean of its pre-activation over the first points
 * is within 4 standard errors of the exact one. Rows of both layers. */
static void sampled_pre_activations_are_unbiased(void **state)
{
    (void)state;
    enum { DRAWS = 2000, SEEN = 8 };
    fixture f = open_golden();
    scratch_block block;
    ht_coreset_scratch scratch = scratch_of(&block);
    for (int c = 0; c < 12; c++) {
        int l = c % 2, row = l ? c % 5 : 17 * c;
        const ht_tensor *layer = f.net->weights[l];
        int columns = layer->columns;
        const float *w = layer->data + (size_t)row * (size_t)columns;
        float s[200], out[200];
        double sum[HT_GROUPS], total[SEEN] = {0}, square[SEEN] = {0};
        ht_rng rng;
        ht_rng_init(&rng, 1, HT_STREAM_TEST, (uint64_t)c);
        ht_coreset_row(&f.points, l, w, columns, s, sum);
        for (int d = 0; d < DRAWS; d++) {
            ht_coreset_draw(w, s, columns, 7, 1, &rng, &scratch, out);
            for (int p = 0; p < SEEN; p++) {
                const float *a = f.points.input[l] + (size_t)p * (size_t)columns;
                double z = 0;
                for (int j = 0; j < columns; j++) z += (double)out[j] * (double)a[j];
                total[p] += z;
                square[p] += z * z;
            }
        }
        for (int p = 0; p < SEEN; p++) {
            const float *a = f.points.input[l] + (size_t)p * (size_t)columns;
            double exact = 0, mean = total[p] / DRAWS;
            for (int j = 0; j < columns; j++) exact += (double)w[j] * (double)a[j];
            double error = sqrt((square[p] / DRAWS - mean * mean) / DRAWS);
            assert_true(error > 0);
            assert_true(fabs(mean - exact) < 4 * error);
        }
    }
    close_golden(&f);
}

typedef struct neuron_check {
    fixture f;
    int rows;
} neuron_check;

/* Number of distinct edges and squared error of 50 draws against the table's closed forms. */
static void neuron_row(void *context, int fields, char **field)
{
    enum { DRAWS = 400, M = 50 };
    neuron_check *c = context;
    int l = atoi(field[0]) - 1, row = atoi(field[1]), g = field[2][0] == '-';
    const ht_tensor *layer = c->f.net->weights[l];
    const float *w = layer->data + (size_t)row * (size_t)layer->columns;
    float s[200], out[200];
    double sum[HT_GROUPS], kept = 0, kept2 = 0, error = 0, error2 = 0;
    scratch_block block;
    ht_coreset_scratch scratch = scratch_of(&block);
    ht_rng rng;
    assert_int_equal(fields, 15);
    ht_rng_init(&rng, 2, HT_STREAM_TEST, (uint64_t)c->rows);
    ht_coreset_row(&c->f.points, l, w, layer->columns, s, sum);
    assert_true(fabs(sum[g] - atof(field[5])) <= 1e-5 * atof(field[5]));
    if (c->rows++ % 13) return; /* the sampling on a part of them */
    assert_int_equal(ht_coreset_draws(M / sum[g], sum[g]), M);
    for (int d = 0; d < DRAWS; d++) {
        double count = 0, squares = 0;
        ht_coreset_draw(w, s, layer->columns, M / sum[g], 1, &rng, &scratch, out);
        for (int j = 0; j < layer->columns; j++) {
            if ((w[j] < 0) != g || s[j] == 0) continue;
            count += out[j] != 0;
            squares += pow((double)out[j] - (double)w[j], 2);
        }
        kept += count, kept2 += count * count, error += squares, error2 += squares * squares;
    }
    kept /= DRAWS, error /= DRAWS;
    double kept_error = sqrt((kept2 / DRAWS - kept * kept) / DRAWS);
    double error_error = sqrt((error2 / DRAWS - error * error) / DRAWS);
    assert_true(fabs(kept - atof(field[11])) < 4.5 * kept_error + 1e-9);
    assert_true(fabs(error - atof(field[14])) < 4.5 * error_error);
}

static void draws_are_as_scattered_as_the_table_says(void **state)
{
    (void)state;
    neuron_check c = {open_golden(), 0};
    golden_csv("coreset/neurons.csv", neuron_row, &c);
    assert_int_equal(c.rows, 410);
    close_golden(&c.f);
}

static ht_prune_spec spec_of(const ht_samples *samples, ht_coreset_kind kind, double ratio)
{
    return (ht_prune_spec){.method = HT_PRUNE_CORESET,
                           .error = 0.1,
                           .ratio = ratio,
                           .coreset = kind,
                           .seed = 3,
                           .calibration = samples,
                           .calibration_limit = POINTS};
}

/* Sampling keeps about as many edges as asked, the same ones for any number of threads; the error in closed
 * form is the one asked for. */
static void sampling_meets_ratio_and_error(void **state)
{
    (void)state;
    fixture f = open_golden();
    ht_pool *pool = ht_pool_new(3, &err);
    for (int kind = HT_CORESET_SAMPLED; kind <= HT_CORESET_BEST; kind++) {
        for (int eighth = 0; eighth <= 8; eighth++)
            for (int scope = 0; scope < 2; scope++) {
                double ratio = eighth / 8.0;
                ht_network *a = golden_network(), *b = golden_network();
                ht_prune_spec spec = spec_of(&f.samples, (ht_coreset_kind)kind, ratio);
                ht_prune_result r, same;
                spec.scope = (ht_prune_scope)scope;
                assert_int_equal(ht_prune_apply(a, &spec, NULL, &r, &err), HT_OK);
                assert_int_equal(ht_prune_apply(b, &spec, pool, &same, &err), HT_OK);
                assert_memory_equal(&r.removed, &same.removed, sizeof r.removed);
                assert_true(fabs(r.ratio - ratio) < 0.02);
                if (!scope) assert_true(fabs((double)r.layers[0].removed / 6000 - ratio) < 0.02);
                for (int l = 0; l < 2; l++)
                    assert_memory_equal(a->weights[l]->data, b->weights[l]->data,
                                        ht_tensor_size(a->weights[l]) * sizeof(float));
                ht_network_free(a);
                ht_network_free(b);
            }
        ht_network *net = golden_network();
        ht_prune_spec spec = spec_of(&f.samples, (ht_coreset_kind)kind, (double)NAN);
        ht_prune_result r;
        assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
        assert_true(r.removed > 100 && r.layers[0].error < 0.12);
        if (kind == HT_CORESET_SAMPLED) assert_true(r.layers[0].error > 0.08);
        ht_network_free(net);
    }
    ht_pool_free(pool);
    close_golden(&f);
}

/* Σ over the calibration points of the squared change of the first layer's pre-activations. */
static double moved(const fixture *f, ht_coreset_kind kind)
{
    ht_network *net = golden_network();
    ht_prune_spec spec = spec_of(&f->samples, kind, 0.5);
    ht_prune_result r;
    double sum = 0;
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
    for (int p = 0; p < POINTS; p++)
        for (int i = 0; i < 200; i++) {
            double z = 0;
            for (int j = 0; j < 30; j++)
                z += ((double)net->weights[0]->data[i * 30 + j] -
                      (double)f->net->weights[0]->data[i * 30 + j]) *
                     (double)f->samples.x[p * 30 + j];
            sum += z * z;
        }
    ht_network_free(net);
    return sum;
}

static void the_best_of_several_draws_is_better(void **state)
{
    (void)state;
    fixture f = open_golden();
    assert_true(moved(&f, HT_CORESET_BEST) < 0.85 * moved(&f, HT_CORESET_SAMPLED));
    close_golden(&f);
}

/* Top: what stays is what it was, and no edge that went was more sensitive than one that stayed. */
static void top_keeps_the_most_sensitive_edges(void **state)
{
    (void)state;
    fixture f = open_golden();
    ht_network *net = golden_network();
    ht_npy s = golden_array("coreset/s_layer1.npy", HT_NPY_DOUBLE);
    ht_prune_spec spec = spec_of(&f.samples, HT_CORESET_TOP, 0.6);
    ht_prune_result r;
    double most_gone = 0, least_kept = 1;
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
    assert_int_equal(r.layers[0].removed, 3600);
    assert_int_equal(r.layers[1].removed, 600);
    for (size_t i = 0; i < 6000; i++) {
        float w = net->weights[0]->data[i];
        if (w == 0.0f)
            most_gone = fmax(most_gone, s.f64[i]);
        else
            least_kept = fmin(least_kept, s.f64[i]);
        assert_true(w == 0.0f || w == f.net->weights[0]->data[i]);
    }
    assert_true(most_gone <= least_kept * (1 + 1e-5));
    ht_npy_free(&s);
    ht_network_free(net);
    close_golden(&f);
}

static void without_calibration_samples_it_says_so(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_prune_spec spec = spec_of(NULL, HT_CORESET_TOP, 0.6);
    ht_prune_result r;
    assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_USAGE);
    assert_non_null(strstr(err.text, "training samples"));
    ht_network_free(net);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sensitivities_match_the_golden_tables),
        cmocka_unit_test(sampled_pre_activations_are_unbiased),
        cmocka_unit_test(draws_are_as_scattered_as_the_table_says),
        cmocka_unit_test(sampling_meets_ratio_and_error),
        cmocka_unit_test(the_best_of_several_draws_is_better),
        cmocka_unit_test(top_keeps_the_most_sensitive_edges),
        cmocka_unit_test(without_calibration_samples_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
