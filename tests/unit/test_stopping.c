/* The accuracy asked for is that on the whole training set, however few samples are looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/run/checkpoint.h"
#include "engine/stopping.h"
#include "scratch.h"
#include "small.h"

static ht_error err;

static ht_params noisy_params(double sigma)
{
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_LR, 0.01);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_NOISE_ALPHA, 1.5);
    ht_params_put(&params, HT_P_NOISE_SCALE, sigma);
    return params;
}

/* Asks after every few steps, beside the slow way; returns how often the answer was yes. */
static int agree(ht_trainer *t, const ht_dataset *data, ht_stopping *stopping, double wanted)
{
    int yes = 0;
    for (int look = 0; look < 120; look++) {
        ht_score score;
        bool reached;
        small_train(t, 2);
        const ht_network *net = ht_trainer_network(t);
        assert_int_equal(ht_network_evaluate(net, &data->train, NULL, NULL, &score, &err), HT_OK);
        assert_int_equal(ht_stopping_reached(stopping, net, &data->train, (ht_criterion){.accuracy = wanted},
                                             NULL, &reached, &err),
                         HT_OK);
        assert_int_equal(reached, score.accuracy >= wanted);
        yes += reached;
    }
    return yes;
}

static void a_few_samples_never_change_the_answer(void **state)
{
    static const double sigmas[] = {0, 0.05, 1};
    size_t screened = 0;
    int yes = 0;
    (void)state;
    ht_dataset *data = small_data(1500, 50);
    for (size_t i = 0; i < data->train.count; i += 8) data->train.labels[i] ^= 1; /* hard to learn */
    for (int i = 0; i < 3; i++)
        for (double wanted = 0.82; wanted < 0.93; wanted += 0.03) {
            ht_params params = noisy_params(sigmas[i]);
            ht_stopping stopping = {0};
            ht_trainer *t = small_trainer(&params, data, NULL);
            yes += agree(t, data, &stopping, wanted);
            screened += stopping.screened;
            assert_true(stopping.hard.count <= data->train.count / 4);
            ht_stopping_free(&stopping);
            ht_trainer_free(t);
        }
    printf("stopping: %d times reached, %zu of 1440 looks by the hard samples alone\n", yes, screened);
    assert_true(yes > 100 && yes < 1340);
    assert_true(screened > 200);
    ht_dataset_free(data);
}

static void each_loss_is_its_sample_s(void **state)
{
    (void)state;
    ht_dataset *data = small_data(700, 50);
    ht_params params = noisy_params(0.1);
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_pool *pool = small_pool(3);
    size_t n = data->train.count, inputs = (size_t)data->inputs, right = 0;
    float *losses = calloc(n, sizeof *losses), *threaded = calloc(n, sizeof *threaded);
    ht_score whole, all, one;
    double sum = 0;
    small_train(t, 20);
    const ht_network *net = ht_trainer_network(t);
    assert_int_equal(ht_network_losses(net, &data->train, NULL, losses, &all, &err), HT_OK);
    assert_int_equal(ht_network_losses(net, &data->train, pool, threaded, &all, &err), HT_OK);
    assert_memory_equal(losses, threaded, n * sizeof *losses);
    assert_int_equal(ht_network_evaluate(net, &data->train, NULL, NULL, &whole, &err), HT_OK);
    assert_true(whole.loss == all.loss && whole.accuracy == all.accuracy);
    for (size_t i = 0; i < n; i++) {
        ht_samples sample = {.count = 1, .x = data->train.x + i * inputs, .labels = data->train.labels + i};
        assert_int_equal(ht_network_evaluate(net, &sample, NULL, NULL, &one, &err), HT_OK);
        assert_true(fabs(one.loss - (double)losses[i]) < 1e-4 * (1 + one.loss));
        sum += (double)losses[i];
        right += one.accuracy == 1;
    }
    assert_true(fabs(sum / (double)n - all.loss) < 1e-5 * (1 + all.loss));
    assert_true(fabs((double)right / (double)n - all.accuracy) < 0.002);
    free(losses);
    free(threaded);
    ht_pool_free(pool);
    ht_trainer_free(t);
    ht_dataset_free(data);
}

/* A network that knows nothing: every sample is hard, so none are kept. */
static void too_many_hard_samples_are_not_kept(void **state)
{
    bool reached;
    (void)state;
    ht_dataset *data = small_data(200, 50);
    ht_network *net = ht_network_new(data->inputs, 16, 1, data->classes, HT_RELU, false, &err);
    ht_stopping stopping = {0};
    assert_int_equal(ht_stopping_reached(&stopping, net, &data->train, (ht_criterion){.accuracy = 0.99}, NULL,
                                         &reached, &err),
                     HT_OK);
    assert_false(reached);
    assert_int_equal(stopping.hard.count, 0);
    ht_stopping_free(&stopping);
    ht_network_free(net);
    ht_dataset_free(data);
}

/* The hard samples' losses are not more than the whole's. */
static void a_loss_is_judged_like_an_accuracy(void **state)
{
    (void)state;
    size_t screened = 0;
    int yes = 0, no = 0;
    ht_dataset *data = small_data(1500, 50);
    for (size_t i = 0; i < data->train.count; i += 8) data->train.labels[i] ^= 1;
    for (int i = 0; i < 3; i++) {
        ht_params params = noisy_params(0.05);
        ht_stopping stopping = {0};
        ht_trainer *t = small_trainer(&params, data, NULL);
        ht_criterion wanted = {.accuracy = i == 2 ? 0.86 : 0, .loss = 0.44 + 0.04 * i};
        for (int look = 0; look < 150; look++) {
            ht_score score;
            bool reached;
            small_train(t, 2);
            const ht_network *net = ht_trainer_network(t);
            assert_int_equal(ht_network_evaluate(net, &data->train, NULL, NULL, &score, &err), HT_OK);
            assert_int_equal(ht_stopping_reached(&stopping, net, &data->train, wanted, NULL, &reached, &err),
                             HT_OK);
            if (fabs(score.loss - wanted.loss) < 1e-5) continue; /* sums in another order */
            assert_int_equal(reached, score.loss <= wanted.loss && score.accuracy >= wanted.accuracy);
            yes += reached, no += !reached;
        }
        screened += stopping.screened;
        ht_stopping_free(&stopping);
        ht_trainer_free(t);
    }
    printf("stopping: %d times reached, %d times not, %zu of those by the hard samples alone\n", yes, no,
           screened);
    assert_true(yes > 20 && no > 20 && screened > 5);
    ht_dataset_free(data);
}

static uint64_t end_of(ht_trainer *t)
{
    ht_end end = HT_END_NOT;
    while (ht_trainer_stop(t, &end, &err) == HT_OK && end == HT_END_NOT) small_train(t, 1);
    assert_int_equal(end, HT_END_CONVERGED);
    return ht_trainer_steps(t);
}

/* arXiv 2106.03795: stops at a loss and an accuracy, and makes a number of steps more; resumed or not. */
static void so_many_steps_more_are_made(void **state)
{
    (void)state;
    ht_dataset *data = small_data(500, 50);
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STOP_LOSS, 0.1);
    ht_params_put(&params, HT_P_TRAIN_STOP, 0.97);
    ht_trainer *once = small_trainer(&params, data, NULL);
    uint64_t reached = end_of(once);
    assert_int_equal(reached % 10, 0); /* train.eval_every */
    ht_params_put(&params, HT_P_TRAIN_STOP_AFTER, 33);
    ht_trainer *more = small_trainer(&params, data, NULL), *back = small_trainer(&params, data, NULL);
    assert_int_equal(end_of(more), reached + 33);
    const char *path = scratch_path("stopping.safetensors");
    ht_end end = HT_END_NOT;
    while (ht_trainer_steps(back) < reached + 11) {
        assert_int_equal(ht_trainer_stop(back, &end, &err), HT_OK);
        assert_int_equal(end, HT_END_NOT);
        small_train(back, 1);
    }
    if (ht_checkpoint_write(path, back, &err) != HT_OK) fail_msg("%s", err.text);
    ht_trainer_free(back);
    back = small_trainer(&params, data, NULL);
    if (ht_checkpoint_read(path, back, &err) != HT_OK) fail_msg("%s", err.text);
    assert_int_equal(end_of(back), reached + 33);
    assert_true(small_same(ht_trainer_network(back), ht_trainer_network(more)));
    small_set(back, HT_P_TRAIN_STOP_LOSS, 0.05); /* another end: the old one does not count */
    assert_true(end_of(back) > reached + 66);
    ht_trainer_free(once);
    ht_trainer_free(more);
    ht_trainer_free(back);
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_samples_never_change_the_answer),
        cmocka_unit_test(each_loss_is_its_sample_s),
        cmocka_unit_test(too_many_hard_samples_are_not_kept),
        cmocka_unit_test(a_loss_is_judged_like_an_accuracy),
        cmocka_unit_test(so_many_steps_more_are_made),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
