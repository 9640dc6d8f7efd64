/* test_factor.c - deep weight factorization: the initialization against the golden moments, the update
 * against central differences of a twin's loss in the factors, noise that moves the products, runs that
 * resume. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "nn/factor.h"
#include "num/rng.h"
#include "nn/step/step.h"
#include "unit/golden.h"
#include "unit/scratch.h"
#include "sanitized.h"
#include "unit/small.h"
#include "unit/twin.h"

static ht_error err;

/* ---- initialization */

enum { DRAWS = SANITIZED ? 50000 : 400000 };

static double mean_of(const float *x, double power, double *error)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        double y = power > 0 ? pow(fabs((double)x[i]), power) : log(fabs((double)x[i]));
        sum += y, squares += y * y;
    }
    *error = sqrt((squares / DRAWS - sum / DRAWS * sum / DRAWS) / DRAWS);
    return sum / DRAWS;
}

static void moment_row(void *context, int fields, char **field)
{
    int *rows = context;
    int depth = atoi(field[0]);
    assert_true(fields >= 11);
    if (atof(field[2]) != 0.003) return;
    float *x = ht_alloc(DRAWS, sizeof *x, "a test", &err);
    ht_factors_draw(x, DRAWS, depth, atof(field[1]), 7, (uint64_t)*rows);
    static const struct {
        double power;
        int field;
    } moments[] = {{1, 7}, {2, 8}, {4, 9}, {0, 10}};
    double error;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        double found = mean_of(x, moments[i].power, &error), truth = atof(field[moments[i].field]);
        if (fabs(found - truth) > 4 * error)
            fail_msg("D = %d, sigma %s, power %g: %g instead of %g", depth, field[1], moments[i].power, found,
                     truth);
    }
    for (int i = 0; i < DRAWS; i++)
        assert_true(fabs((double)x[i]) >= atof(field[4]) * (1 - 1e-6) &&
                    fabs((double)x[i]) <= atof(field[5]) * (1 + 1e-6));
    ht_free(x);
    ++*rows;
}

static void factors_are_drawn_from_the_published_law(void **state)
{
    (void)state;
    int rows = 0;
    golden_csv("dwf_init.csv", moment_row, &rows);
    assert_true(rows >= 12);
}

/* ---- the update */

enum { COUNT = 6, INPUTS = 5, WIDTH = 300, CLASSES = 3 };

typedef struct bench {
    ht_network *net;
    ht_factors *factors;
    ht_step *step;
    float x[COUNT * INPUTS];
    int32_t labels[COUNT];
} bench;

static bench *bench_make(int depth, int count, uint64_t seed)
{
    bench *b = calloc(1, sizeof *b);
    ht_rng rng;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    for (int i = 0; i < COUNT * INPUTS; i++) b->x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < COUNT; i++) b->labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    b->net = ht_network_new(INPUTS, WIDTH, depth, CLASSES, HT_TANH, depth == 2, &err);
    b->factors = ht_factors_new(b->net, count, &err);
    b->step = ht_step_new(b->net, COUNT, true, 8, &err);
    assert_true(b->net && b->factors && b->step);
    ht_factors_init(b->factors, b->net, seed, NULL);
    return b;
}

static void bench_free(bench *b)
{
    ht_network_free(b->net);
    ht_factors_free(b->factors);
    ht_step_free(b->step);
    free(b);
}

/* The twin's loss when factor d of weight i of layer l is moved by `by`; the other factors as they were. */
static double moved_loss(const bench *b, twin *t, int l, int d, size_t i, double by)
{
    double product = (double)b->factors->factor[l][d][i] + by, before = t->weight[l][i];
    for (int e = 0; e < b->factors->count; e++) product *= e == d ? 1 : (double)b->factors->factor[l][e][i];
    t->weight[l][i] = product;
    double loss = twin_loss(t, b->x, b->labels, COUNT, 0, NULL);
    t->weight[l][i] = before;
    return loss;
}

/* One step at rate η moves a factor by -η (∂L/∂ω + λ ω). With a mean field the hidden gradients are n-fold.
 */
static void check_update(int depth, int count)
{
    enum { APART = SANITIZED ? 97 * 16 : 97 }; /* of the weights that are looked at */
    const double lr = 0.25, decay = 0.125, h = 1e-5;
    bench *b = bench_make(depth, count, 5), *before = bench_make(depth, count, 5);
    twin *t = twin_of(b->net);
    ht_hyper hyper = {
        .lr = lr, .weight_decay = decay, .train_output = true, .input_bound = 10, .factors = b->factors};
    assert_null(ht_step_run(b->step, b->net, b->x, b->labels, COUNT, &hyper, NULL).refused);
    for (int l = 0; l <= depth; l++)
        for (int d = 0; d < count; d++)
            for (size_t i = 0; i < ht_tensor_size(b->net->weights[l]); i += APART) {
                double scale = b->net->mean_field && l < depth ? WIDTH : 1;
                double slope = scale *
                               (moved_loss(before, t, l, d, i, h) - moved_loss(before, t, l, d, i, -h)) /
                               (2 * h);
                double was = (double)before->factors->factor[l][d][i];
                double wanted = was - lr * (slope + decay * was);
                double found = (double)b->factors->factor[l][d][i];
                if (fabs(found - wanted) > 2e-6)
                    fail_msg("depth %d, D = %d, layer %d, factor %d [%zu]: %.9g instead of %.9g", depth,
                             count, l, d, i, found, wanted);
                float product = b->factors->factor[l][0][i];
                for (int e = 1; e < count; e++) product *= b->factors->factor[l][e][i];
                assert_true(product == b->net->weights[l]->data[i]);
            }
    twin_free(t);
    bench_free(b);
    bench_free(before);
}

static void the_update_follows_central_differences_in_every_factor(void **state)
{
    (void)state;
    for (int depth = 1; depth <= 2; depth++)
        for (int count = 2; count <= HT_FACTORS_MAX; count++) check_update(depth, count);
}

static void noise_moves_the_products_by_what_is_stated(void **state)
{
    static ht_noise_laws law;
    (void)state;
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++)
        for (int count = 2; count <= HT_FACTORS_MAX; count++) {
            bench *quiet = bench_make(1, count, 5), *noisy = bench_make(1, count, 5);
            ht_hyper hyper = {.lr = 0.25, .train_output = true, .input_bound = 10, .factors = quiet->factors};
            ht_step_run(quiet->step, quiet->net, quiet->x, quiet->labels, COUNT, &hyper, NULL);
            hyper.factors = noisy->factors;
            hyper.noise_scale = 0.1;
            hyper.noise = (ht_noise){.type = (ht_noise_type)type, .alpha = 1.5, .seed = 9, .step = 4};
            ht_step_run(noisy->step, noisy->net, noisy->x, noisy->labels, COUNT, &hyper, NULL);
            ht_noise_prepare(&hyper.noise, &law);
            ht_noise_add(&hyper.noise, quiet->net->weights[0]->data, 0, WIDTH, INPUTS,
                         (float)ht_noise_factor(0.1, 0.25, 1.5));
            for (size_t i = 0; i < WIDTH * INPUTS; i++) {
                double wanted = (double)quiet->net->weights[0]->data[i],
                       found = (double)noisy->net->weights[0]->data[i];
                if (fabs(found - wanted) > 2e-6 * (1 + fabs(wanted)))
                    fail_msg("type %d, D = %d [%zu]: %g instead of %g", type, count, i, found, wanted);
                for (int d = 1; d < count; d++) /* balanced */
                    assert_true(fabsf(noisy->factors->factor[0][d][i]) ==
                                fabsf(noisy->factors->factor[0][0][i]));
            }
            assert_memory_equal(quiet->net->weights[1]->data, noisy->net->weights[1]->data,
                                WIDTH * CLASSES * sizeof(float));
            bench_free(quiet);
            bench_free(noisy);
        }
}

static void steps_that_would_overflow_are_refused(void **state)
{
    (void)state;
    for (int count = 2; count <= HT_FACTORS_MAX; count++) {
        bench *b = bench_make(1, count, 5), *before = bench_make(1, count, 5);
        ht_hyper hyper = {.lr = 1e20, .train_output = true, .input_bound = 10, .factors = b->factors};
        assert_non_null(ht_step_run(b->step, b->net, b->x, b->labels, COUNT, &hyper, NULL).refused);
        assert_true(small_same(b->net, before->net));
        for (int k = 0; k < 200; k++) { /* driven hard, it stays finite until it is refused */
            hyper.lr = pow(10, k / 20.0 - 1);
            if (ht_step_run(b->step, b->net, b->x, b->labels, COUNT, &hyper, NULL).refused) break;
            assert_true(small_finite(b->net));
        }
        assert_true(small_finite(b->net));
        bench_free(b);
        bench_free(before);
    }
}

/* ---- training */

static ht_params factored(int count)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, 300);
    ht_params_put(&p, HT_P_MODEL_FACTORS, count);
    ht_params_put(&p, HT_P_TRAIN_LR, 0.5);
    return p;
}

static void one_factor_is_the_plain_network(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    ht_params plain = factored(1);
    ht_trainer *t = small_trainer(&plain, data, NULL);
    ht_network *direct = small_copy(t);
    assert_null(ht_trainer_factors(t));
    ht_network_init(direct, 1, NULL);
    assert_true(small_same(direct, ht_trainer_network(t)));
    ht_network_free(direct);
    ht_trainer_free(t);
    ht_dataset_free(data);
}

static void the_same_bits_on_any_threads_and_after_a_reset(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    for (int count = 2; count <= HT_FACTORS_MAX; count++) {
        ht_params params = factored(count);
        ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
        ht_params_put(&params, HT_P_NOISE_SCALE, 1e-4);
        ht_pool *pool = small_pool(3);
        ht_trainer *one = small_trainer(&params, data, NULL), *three = small_trainer(&params, data, pool);
        small_train(one, 9);
        small_train(three, 9);
        assert_true(small_same(ht_trainer_network(one), ht_trainer_network(three)));
        ht_trainer_reset(three, 1);
        small_train(three, 9);
        assert_true(small_same(ht_trainer_network(one), ht_trainer_network(three)));
        ht_trainer_free(one);
        ht_trainer_free(three);
        ht_pool_free(pool);
    }
    ht_dataset_free(data);
}

/* Strong decay on the factors empties the network; on plain weights it only shrinks them. */
static void decay_on_factors_makes_weights_vanish(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    double above[2];
    for (int i = 0; i < 2; i++) {
        ht_params params = factored(1 + i);
        ht_params_put(&params, HT_P_TRAIN_DECAY, 0.003);
        ht_trainer *t = small_trainer(&params, data, NULL);
        small_train(t, 3000);
        ht_sizes sizes = ht_network_sizes(ht_trainer_network(t));
        above[i] = (double)sizes.above_1e4 / (double)sizes.weights;
        ht_trainer_free(t);
    }
    if (!(above[0] > 0.9 && above[1] < 0.2)) fail_msg("plain %g, factored %g", above[0], above[1]);
    ht_dataset_free(data);
}

static void momentum_is_refused(void **state)
{
    (void)state;
    ht_dataset *data = small_data(50, 20);
    ht_params params = factored(2);
    ht_params_put(&params, HT_P_TRAIN_MOMENTUM, 0.5);
    assert_null(ht_trainer_new(&params, data, NULL, &err));
    assert_int_equal(err.code, HT_USAGE);
    assert_non_null(strstr(err.text, "train.momentum"));
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_drawn_from_the_published_law),
        cmocka_unit_test(the_update_follows_central_differences_in_every_factor),
        cmocka_unit_test(noise_moves_the_products_by_what_is_stated),
        cmocka_unit_test(steps_that_would_overflow_are_refused),
        cmocka_unit_test(one_factor_is_the_plain_network),
        cmocka_unit_test(the_same_bits_on_any_threads_and_after_a_reset),
        cmocka_unit_test(decay_on_factors_makes_weights_vanish),
        cmocka_unit_test(momentum_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
