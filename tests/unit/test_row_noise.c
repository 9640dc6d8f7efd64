/* κ predicted from independent rows: the growth of the noise against a plain loop, the draws against a plain
 * matrix, and the prediction against networks that were trained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "heavytail/network.h"
#include "heavytail/prune.h"
#include "nn/noise.h"
#include "nn/row_noise.h"
#include "nn/schedule.h"
#include "small.h"

static ht_params settings(double alpha, double sigma, double decay)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&p, HT_P_NOISE_ALPHA, alpha);
    ht_params_put(&p, HT_P_NOISE_SCALE, sigma);
    ht_params_put(&p, HT_P_TRAIN_DECAY, decay);
    return p;
}

/* ---- what comes together ---- */

/* A weight without gradient, by the step's own words; the noise is 1 at step `kick` and nothing else. */
static double weight_after(const ht_params *p, int steps, double w, int kick)
{
    double v = 0;
    for (int t = 0; t < steps; t++) {
        v = ht_params_get(p, HT_P_TRAIN_MOMENTUM) * v + ht_params_get(p, HT_P_TRAIN_DECAY) * w;
        w -= ht_schedule_step_size(p, t) * v;
        w += t == kick;
    }
    return w;
}

static void growth_is_that_of_a_plain_loop(void **state)
{
    enum { STEPS = 60 };
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        ht_params p = settings(1.6, 0.2, kind & 1 ? 3 : 0);
        double sum = 0;
        ht_params_put(&p, HT_P_TRAIN_LR, 0.05);
        ht_params_put(&p, HT_P_TRAIN_STEPS, STEPS);
        ht_params_put(&p, HT_P_TRAIN_MOMENTUM, kind & 2 ? 0.7 : 0);
        ht_params_put(&p, HT_P_TRAIN_SCHEDULE, kind & 4 ? 1 : 0);
        for (int t = 0; t < STEPS; t++)
            sum += pow(0.2 * fabs(weight_after(&p, STEPS, 0, t)), 1.6) * ht_schedule_step_size(&p, t);
        ht_row_growth growth = ht_row_noise_growth(&p, STEPS);
        assert_true(fabs(growth.keep - weight_after(&p, STEPS, 1, -1)) < 1e-12);
        assert_true(fabs(growth.scale - pow(sum, 1 / 1.6)) < 1e-12);
    }
}

static void growth_is_the_formula_in_the_limit(void **state)
{
    const double alpha = 1.75, sigma = 0.1, lr = 0.001, decay = 0.5, steps = 5000;
    (void)state;
    ht_params p = settings(alpha, sigma, 0);
    ht_params_put(&p, HT_P_TRAIN_LR, lr);
    ht_row_growth plain = ht_row_noise_growth(&p, steps);
    assert_true(plain.keep == 1 && fabs(plain.scale / (sigma * pow(lr * steps, 1 / alpha)) - 1) < 1e-12);
    ht_params_put(&p, HT_P_TRAIN_DECAY, decay);
    ht_row_growth decayed = ht_row_noise_growth(&p, steps);
    double limit = sigma * pow((1 - exp(-alpha * decay * lr * steps)) / (alpha * decay), 1 / alpha);
    assert_true(fabs(decayed.scale / limit - 1) < 1e-3);
    assert_true(fabs(decayed.keep / exp(-decay * lr * steps) - 1) < 2e-3);
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    assert_true(ht_row_noise_growth(&p, steps).scale == 0);
}

/* ---- draws ---- */

/* The matrix in one piece, pruned by the pruning's own rule. */
static double twin_ratio(const ht_row_noise *rows, int number)
{
    size_t values = (size_t)rows->width * (size_t)rows->inputs;
    ht_error err;
    ht_prune_order order;
    ht_noise_laws *laws = calloc(1, sizeof *laws);
    ht_noise noise = {.type = rows->type, .alpha = rows->alpha, .seed = rows->seed, .step = (uint64_t)number};
    ht_tensor w = {.rows = rows->width, .columns = rows->inputs, .data = malloc(values * sizeof(float))};
    assert_true(w.data && laws);
    for (size_t i = 0; i < values; i++) w.data[i] = (float)rows->growth.keep * rows->base[i];
    ht_noise_prepare(&noise, laws);
    ht_noise_add(&noise, w.data, 0, (size_t)w.rows, (size_t)w.columns, (float)rows->growth.scale);
    assert_int_equal(ht_prune_order_make(&order, &w, HT_PRUNE_NODE, rows->metric, 1, &err), HT_OK);
    double ratio = (double)ht_prune_removable(&order, rows->error) / rows->width;
    ht_prune_order_free(&order);
    free(w.data);
    free(laws);
    return ratio;
}

static void draws_are_pruned_by_the_rule_of_pruning_for_any_threads(void **state)
{
    static const ht_noise_type types[] = {HT_NOISE_SHARED, HT_NOISE_IID, HT_NOISE_ISOTROPIC};
    enum { N = 333, D = 17, COUNT = 9 };
    static float base[N * D];
    double alone[COUNT], many[COUNT];
    ht_error err;
    (void)state;
    ht_pool *pool = small_pool(3);
    for (int i = 0; i < N * D; i++) base[i] = (float)((i * 7919 % 1000) / 2000.0 - 0.25);
    for (int t = 0; t < 3; t++)
        for (int metric = 0; metric < 2; metric++) {
            ht_row_noise rows = {
                types[t],           1.6, D, N, {0.8, 0.05}, base, metric ? HT_FRO : HT_FRO_SQUARED,
                metric ? 0.3 : 0.1, 5};
            assert_int_equal(ht_row_noise_ratios(&rows, COUNT, alone, NULL, &err), HT_OK);
            assert_int_equal(ht_row_noise_ratios(&rows, COUNT, many, pool, &err), HT_OK);
            assert_memory_equal(alone, many, sizeof alone);
            for (int i = 0; i < COUNT; i++) assert_true(fabs(alone[i] - twin_ratio(&rows, i)) < 1.01 / N);
        }
    ht_pool_free(pool);
}

static void what_rows_do_not_tell_is_named(void **state)
{
    static const struct {
        ht_param param;
        double value;
    } cases[] = {{HT_P_PRUNE_METHOD, HT_PRUNE_SVD}, {HT_P_PRUNE_RATIO, 0.5}, {HT_P_MODEL_DEPTH, 2},
                 {HT_P_MODEL_FACTORS, 2},           {HT_P_TRAIN_AVERAGE, 5}, {HT_P_OCCAM_LAMBDA0, 0.1}};
    ht_error err;
    ht_row_prediction got;
    double ratio;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_params p = settings(1.75, 0.1, 0);
        assert_null(ht_row_noise_unknown(&p));
        ht_params_put(&p, cases[i].param, cases[i].value);
        assert_int_equal(ht_row_noise_predict(&p, 20, 10, 0.01, &got, NULL, &err), HT_OK);
        assert_int_equal(got.ratio.count, 0);
        assert_non_null(got.unknown);
        assert_int_equal(ht_row_noise_draw(&p, 20, 10, 1, &ratio, NULL, &err), HT_USAGE);
        assert_non_null(strstr(err.text, got.unknown));
    }
    ht_params p = settings(1.75, 0.1, 10);
    ht_params_put(&p, HT_P_TRAIN_LR, 100); /* each step multiplies the weights by -999 */
    assert_int_equal(ht_row_noise_predict(&p, 20, 1000, 0.01, &got, NULL, &err), HT_OK);
    assert_true(got.ratio.count == 0 && got.unknown);
}

/* Without noise every layer is the same, and κ that of the initial rows. */
static void without_noise_one_draw_says_all(void **state)
{
    ht_error err;
    ht_row_prediction got;
    (void)state;
    ht_params p = settings(1.75, 0, 0.5);
    ht_params_put(&p, HT_P_MODEL_WIDTH, 1000);
    assert_int_equal(ht_row_noise_predict(&p, 140, 300, 1, &got, NULL, &err), HT_OK);
    assert_int_equal(got.ratio.count, 1);
    assert_true(got.ratio.median > 0.11 && got.ratio.median < 0.12);
}

/* ---- against trained networks ---- */

static double measured_ratio(ht_params p, const ht_dataset *data, int steps, int seed)
{
    ht_error err;
    ht_prune_result result;
    ht_params_put(&p, HT_P_TRAIN_SEED, 1000 + seed);
    ht_trainer *trainer = small_trainer(&p, data, NULL);
    ht_prune_spec spec = ht_prune_spec_of(&p, NULL);
    small_train(trainer, steps);
    assert_int_equal(ht_prune_try(&result, ht_trainer_network(trainer), NULL, NULL, &spec, NULL, NULL, &err),
                     HT_OK);
    ht_trainer_free(trainer);
    return result.ratio;
}

/* Networks of the embedded heartbeats: the median of what was measured lies in the predicted quartiles, which
 * at small σ the limit of pure noise misses by far. */
static void measured_medians_lie_in_the_predicted_quartiles(void **state)
{
    static const struct {
        ht_noise_type type;
        double alpha, sigma, decay;
    } cases[] = {{HT_NOISE_IID, 1.5, 0.01, 0},      {HT_NOISE_IID, 1.5, 0.1, 0.5},
                 {HT_NOISE_IID, 1.75, 0.01, 0},     {HT_NOISE_IID, 1.75, 0.03, 0},
                 {HT_NOISE_IID, 1.75, 0.1, 0},      {HT_NOISE_IID, 1.75, 0.1, 0.5},
                 {HT_NOISE_ISOTROPIC, 1.6, 0.05, 0}};
    enum { SEEDS = 21, STEPS = 60 };
    (void)state;
    ht_dataset *data = small_data(200, 10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double ratios[SEEDS];
        ht_error err;
        ht_row_prediction predicted;
        ht_params p = settings(cases[i].alpha, cases[i].sigma, cases[i].decay);
        ht_params_put(&p, HT_P_NOISE_TYPE, cases[i].type);
        ht_params_put(&p, HT_P_MODEL_WIDTH, 200);
        for (int seed = 0; seed < SEEDS; seed++) ratios[seed] = measured_ratio(p, data, STEPS, seed);
        assert_int_equal(ht_row_noise_predict(&p, data->inputs, STEPS, 1, &predicted, NULL, &err), HT_OK);
        const ht_summary *band = &predicted.ratio;
        double median = ht_summarize(ratios, SEEDS).median;
        printf("rows: type %d α %.2f σ %.2f λ %.1f: κ %.3f of %d seeds, predicted %.3f (%.3f, %.3f)\n",
               (int)cases[i].type, cases[i].alpha, cases[i].sigma, cases[i].decay, median, SEEDS,
               band->median, band->low, band->high);
        assert_true(band->low <= median && median <= band->high);
    }
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_is_that_of_a_plain_loop),
        cmocka_unit_test(growth_is_the_formula_in_the_limit),
        cmocka_unit_test(draws_are_pruned_by_the_rule_of_pruning_for_any_threads),
        cmocka_unit_test(what_rows_do_not_tell_is_named),
        cmocka_unit_test(without_noise_one_draw_says_all),
        cmocka_unit_test(measured_medians_lie_in_the_predicted_quartiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
