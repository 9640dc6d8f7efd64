/* test_occam.c - Occam gradient descent: the rule for λ on cases worked by hand, the pruning against sorting,
 * and what training must keep: masked weights stay zero whatever comes, samples held back are never trained
 * on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "engine/run/checkpoint.h"
#include "nn/occam.h"
#include "num/rng.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;

/* λ0 = 0.4: never above it, never below 0.04. */
static void lambda_follows_the_ratio_of_improvements(void **state)
{
    (void)state;
    static const struct {
        double loss, lambda;
        uint64_t best;
    } epochs[] = {
        {1.00, 0.4, 1},          /* the first two epochs */
        {0.60, 0.4, 2},          /* */
        {0.40, 0.2, 3},          /* ζ = 0.2/0.4 */
        {0.35, 0.05, 4},         /* ζ = 0.05/0.2 */
        {0.30, 0.05, 5},         /* ζ = 1 */
        {0.10, 0.2, 6},          /* ζ = 4 */
        {0.12, 0.04, 6},         /* worse: ζ < 0 */
        {0.05, 0.04, 8},         /* the epoch before did not improve */
        {0.04, 0.04, 9},         /* ζ = 1/7, and never below 0.1 λ0 */
        {0.04, 0.04, 9},         /* ζ = 0 */
        {0.03, 0.04, 11},        /* the epoch before did not improve: ζ is undefined */
        {(double)NAN, 0.04, 11}, /* could not be validated */
        {0.02, 0.04, 13},
    };
    ht_occam occam = {0};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        double lambda = ht_occam_update(&occam, HT_OCCAM_OURS, 0.4, epochs[i].loss);
        if (fabs(lambda - epochs[i].lambda) > 1e-12 || occam.best_epoch != epochs[i].best)
            fail_msg("epoch %zu: lambda %g, best %llu", i + 1, lambda, (unsigned long long)occam.best_epoch);
    }
    assert_true(occam.best_loss == 0.02);
}

typedef struct ranked {
    float magnitude;
    size_t index;
} ranked;

static int by_magnitude(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->magnitude != y->magnitude) return x->magnitude < y->magnitude ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* The slow twin: sort what is not zero, zero the first ⌊λ count⌋. */
static void twin_prune(float *w, size_t size, double lambda)
{
    ranked *all = calloc(size, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        if (w[i] != 0) all[count++] = (ranked){fabsf(w[i]), i};
    qsort(all, count, sizeof *all, by_magnitude);
    for (size_t i = 0; i < (size_t)(lambda * (double)count); i++) w[all[i].index] = 0;
    free(all);
}

static void pruning_equals_sorting_with_ties_and_zeros(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 0);
    for (int trial = 0; trial < 60; trial++) {
        ht_network *net = ht_network_new(7, 30, 2, 3, HT_RELU, false, &err);
        ht_network *twin = ht_network_new(7, 30, 2, 3, HT_RELU, false, &err);
        double lambda = trial % 6 * 0.18;
        for (int l = 0; l <= 2; l++)
            for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++) { /* few values: many ties */
                float w = (float)ht_rng_below(&rng, trial < 30 ? 4 : 1000000);
                w = ht_rng_below(&rng, 2) ? -w : w;
                net->weights[l]->data[i] = twin->weights[l]->data[i] = w;
            }
        ht_occam_prune(net, lambda);
        for (int l = 0; l <= 2; l++)
            twin_prune(twin->weights[l]->data, ht_tensor_size(twin->weights[l]), lambda);
        for (int l = 0; l <= 2; l++)
            for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++)
                assert_true(net->weights[l]->data[i] == twin->weights[l]->data[i]);
        ht_network_free(net);
        ht_network_free(twin);
    }
}

static ht_params pruned_params(ht_noise_type noise, double momentum, int factors)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_OCCAM_LAMBDA0, 0.3);
    ht_params_put(&p, HT_P_NOISE_TYPE, noise);
    ht_params_put(&p, HT_P_NOISE_SCALE, 0.001);
    ht_params_put(&p, HT_P_TRAIN_MOMENTUM, momentum);
    ht_params_put(&p, HT_P_MODEL_FACTORS, factors);
    ht_params_put(&p, HT_P_TRAIN_DECAY, 1e-3);
    return p;
}

static void what_was_pruned_stays_zero_under_noise_momentum_and_factors(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    for (int kind = 0; kind < 5; kind++) {
        ht_params params = pruned_params((ht_noise_type)(kind % 4), kind == 2 ? 0.9 : 0, kind >= 3 ? 2 : 1);
        ht_trainer *t = small_trainer(&params, data, NULL);
        size_t count, was = ht_network_sizes(ht_trainer_network(t)).weights;
        small_train(t, 7); /* an epoch */
        for (int epoch = 1; epoch <= 12; epoch++) {
            ht_network *before = small_copy(t);
            ht_sizes sizes = ht_network_sizes(before);
            if (!(sizes.nonzero < was)) fail_msg("kind %d, epoch %d: nothing pruned", kind, epoch);
            was = sizes.nonzero;
            assert_true((double)ht_trainer_occam(t, &count)[epoch - 1].kept ==
                        (double)sizes.nonzero / (double)sizes.weights);
            assert_int_equal(count, epoch);
            small_train(t, 7);
            for (int l = 0; l < before->weight_count; l++)
                for (size_t i = 0; i < ht_tensor_size(before->weights[l]); i++)
                    if (before->weights[l]->data[i] == 0)
                        assert_true(ht_trainer_network(t)->weights[l]->data[i] == 0);
            ht_network_free(before);
        }
        ht_trainer_reset(t, 1);
        ht_trainer_occam(t, &count);
        assert_int_equal(count, 0);
        assert_true(ht_network_sizes(ht_trainer_network(t)).nonzero ==
                    ht_network_sizes(ht_trainer_network(t)).weights);
        ht_trainer_free(t);
    }
    ht_dataset_free(data);
}

static void the_first_epoch_prunes_lambda0_of_every_layer(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    ht_params params = pruned_params(HT_NOISE_NONE, 0, 1);
    ht_trainer *t = small_trainer(&params, data, NULL);
    small_train(t, 7);
    for (int l = 0; l <= 1; l++) {
        const ht_tensor *layer = ht_trainer_network(t)->weights[l];
        size_t zeros = 0;
        for (size_t i = 0; i < ht_tensor_size(layer); i++) zeros += layer->data[i] == 0;
        assert_int_equal(zeros, (size_t)(0.3 * (double)ht_tensor_size(layer)));
    }
    ht_trainer_free(t);
    ht_dataset_free(data);
}

/* A sample that is held back may become anything: the weights do not hear of it. */
static void samples_held_back_are_never_trained_on(void **state)
{
    (void)state;
    enum { SAMPLES = 40 };
    ht_dataset *data = small_data(SAMPLES, 10);
    ht_params params = small_params();
    ht_params_put(&params, HT_P_OCCAM_HOLDOUT, 0.25);
    ht_params_put(&params, HT_P_TRAIN_BATCH, 10);
    ht_trainer *t = small_trainer(&params, data, NULL);
    assert_int_equal(ht_trainer_samples(t), 30);
    small_train(t, 3);
    assert_true(ht_trainer_epoch(t) == 1);
    int unheard = 0;
    for (int i = 0; i < SAMPLES; i++) {
        int32_t label = data->train.labels[i];
        data->train.labels[i] = 1 - label;
        ht_trainer *other = small_trainer(&params, data, NULL);
        small_train(other, 3);
        unheard += small_same(ht_trainer_network(t), ht_trainer_network(other));
        data->train.labels[i] = label;
        ht_trainer_free(other);
    }
    assert_int_equal(unheard, 10);
    ht_trainer_free(t);
    ht_dataset_free(data);
}

/* Everything the methods add to a state: factors, the mean of late iterates, λ, the best epoch and its
 * network. */
static void assert_same_state(ht_trainer *a, ht_trainer *b, int kind)
{
    char where[200];
    ht_checkpoint here = ht_checkpoint_of(a), there = ht_checkpoint_of(b);
    if (ht_checkpoint_differs(&here, &there, where, sizeof where)) fail_msg("kind %d: %s", kind, where);
    ht_occam x = here.state.occam, y = there.state.occam;
    assert_true(x.epochs == y.epochs && x.lambda == y.lambda && x.loss == y.loss && x.before == y.before &&
                x.best_epoch == y.best_epoch && x.best_loss == y.best_loss);
    assert_int_equal(here.state.averaged, there.state.averaged);
    assert_true(here.epoch_count == x.epochs && there.epoch_count == x.epochs); /* and each row: differs */
}

static void runs_resume_from_files_and_from_memory(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    const char *path = scratch_path("methods");
    for (int kind = 0; kind < 6; kind++) {
        ht_params params = pruned_params((ht_noise_type)(kind % 4), kind == 2 ? 0.9 : 0, 1 + kind % 3);
        if (kind % 3 > 0) ht_params_put(&params, HT_P_TRAIN_MOMENTUM, 0);
        ht_params_put(&params, HT_P_TRAIN_AVERAGE, 5);
        ht_params_put(&params, HT_P_OCCAM_HOLDOUT, 0.2);
        if (kind >= 4) ht_params_put(&params, HT_P_OCCAM_LAMBDA0, 0);
        ht_trainer *whole = small_trainer(&params, data, NULL), *rest = small_trainer(&params, data, NULL);
        ht_checkpoint *memory = ht_checkpoint_new(rest, &err);
        small_train(whole, 17); /* an epoch is 5 steps */
        assert_int_equal(ht_checkpoint_write(path, whole, &err), HT_OK);
        assert_int_equal(ht_checkpoint_take(memory, whole, NULL, &err), HT_OK);
        small_train(whole, 16);
        if (ht_checkpoint_read(path, rest, &err) != HT_OK) fail_msg("kind %d: %s", kind, err.text);
        small_train(rest, 16);
        assert_same_state(whole, rest, kind);
        assert_int_equal(ht_checkpoint_restore(memory, rest, NULL, &err), HT_OK);
        small_train(rest, 16);
        assert_same_state(whole, rest, kind);
        assert_non_null(ht_trainer_best(rest));
        ht_checkpoint_free(memory);
        ht_trainer_free(whole);
        ht_trainer_free(rest);
    }
    ht_dataset_free(data);
}

/* The rows of a long run are thinned by the number of epochs alone, so that one that was stopped has the
 * same. */
static void rows_of_long_runs_are_thinned(void **state)
{
    (void)state;
    ht_validation *whole = calloc(1, sizeof *whole), *rest = calloc(1, sizeof *rest);
    for (uint64_t epoch = 1; epoch <= 5000; epoch++) {
        const ht_occam_epoch row = {epoch, 0.1, (double)epoch, 0.5, 0.5, 100, 1e6};
        ht_validation_note(whole, &row);
        ht_validation_note(rest, &row);
        uint64_t apart = 1;
        while (epoch / apart > HT_OCCAM_EPOCHS) apart *= 2;
        assert_int_equal(whole->epoch_count, epoch / apart);
        for (size_t i = 0; i < whole->epoch_count && epoch % 97 == 0; i++)
            assert_true(whole->epochs[i].epoch == apart * (i + 1) &&
                        whole->epochs[i].loss == (double)(apart * (i + 1)));
        if (epoch == 1500) {
            ht_validation *other = calloc(1, sizeof *other);
            ht_validation_set_rows(other, rest->epochs, rest->epoch_count);
            free(rest);
            rest = other;
        }
    }
    assert_int_equal(rest->epoch_count, whole->epoch_count);
    assert_memory_equal(rest->epochs, whole->epochs, whole->epoch_count * sizeof whole->epochs[0]);
    free(whole);
    free(rest);
}

static void a_damaged_table_of_epochs_is_an_error(void **state)
{
    (void)state;
    ht_dataset *data = small_data(100, 20);
    const char *path = scratch_path("rows");
    ht_params params = pruned_params(HT_NOISE_NONE, 0, 1);
    ht_trainer *t = small_trainer(&params, data, NULL);
    small_train(t, 30);
    ht_checkpoint c = ht_checkpoint_of(t);
    assert_true(c.epoch_count >= 5);
    ht_occam_epoch bad[5];
    memcpy(bad, c.epochs, sizeof bad);
    bad[3].epoch = bad[2].epoch;
    c.epochs = bad, c.epoch_count = 5;
    assert_int_equal(ht_checkpoint_save(path, &c, &err), HT_OK);
    assert_int_equal(ht_checkpoint_read(path, t, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "occam.epochs"));
    ht_trainer_free(t);
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lambda_follows_the_ratio_of_improvements),
        cmocka_unit_test(pruning_equals_sorting_with_ties_and_zeros),
        cmocka_unit_test(what_was_pruned_stays_zero_under_noise_momentum_and_factors),
        cmocka_unit_test(the_first_epoch_prunes_lambda0_of_every_layer),
        cmocka_unit_test(samples_held_back_are_never_trained_on),
        cmocka_unit_test(runs_resume_from_files_and_from_memory),
        cmocka_unit_test(rows_of_long_runs_are_thinned),
        cmocka_unit_test(a_damaged_table_of_epochs_is_an_error),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
