/* test_optimizer.c - the optimizers of the table are PyTorch's, their state comes back bit by bit, and what
 * cannot go with them is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/run/checkpoint.h"
#include "nn/row_noise.h"
#include "nn/schedule.h"
#include "unit/naive.h"
#include "unit/scratch.h"
#include "unit/small.h"
#include "unit/twin.h"

static ht_error err;

enum { COUNT = 40, INPUTS = 11, CLASSES = 4, ALL_BIASED = 7 };

static const ht_optimizer *const adaptive[] = {&ht_optimizer_adam, &ht_optimizer_adamw};

/* Two hidden layers, the first of two shards. */
static ht_network *network_of(unsigned biased)
{
    return naive_network(INPUTS, (const int[]){300, 17}, 2, CLASSES, HT_TANH, false, biased, 3);
}

static void adam_is_that_of_pytorch(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(COUNT, INPUTS, CLASSES, 9);
    for (int i = 0; i < 8; i++) {
        bool apart = i & 1;
        ht_hyper hyper = {.lr = 0.01,
                          .weight_decay = i & 2 ? 0.1 : 0,
                          .optimizer = adaptive[apart],
                          .train_output = true,
                          .input_bound = 10};
        ht_network *net = network_of(i & 4 ? ALL_BIASED : 0);
        ht_step *step = ht_step_new(net, COUNT, HT_STEP_ARRAYS, 8, &err);
        twin *t = twin_of(net);
        for (int k = 0; k < 7; k++) {
            double loss = twin_loss(t, samples.x, samples.labels, COUNT, 1, NULL);
            hyper.number = (uint64_t)k + 1;
            ht_step_result r = ht_step_run(step, net, samples.x, samples.labels, COUNT, &hyper, NULL);
            twin_adapt(t, hyper.lr, hyper.weight_decay, apart);
            if (fabs(r.loss - loss) > 1e-5) fail_msg("variant %d: loss %g, the twin's %g", i, r.loss, loss);
        }
        if (twin_distance(t, net) > 3e-5) fail_msg("variant %d: off by %g", i, twin_distance(t, net));
        twin_free(t);
        ht_step_free(step);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

static void noise_comes_after_the_optimizer(void **state)
{
    (void)state;
    ht_noise_laws laws = {0};
    ht_samples samples = naive_samples(COUNT, INPUTS, CLASSES, 9);
    ht_hyper hyper = {
        .lr = 0.01, .number = 1, .optimizer = adaptive[0], .train_output = true, .input_bound = 10};
    ht_network *quiet = network_of(ALL_BIASED), *noisy = ht_network_copy(quiet, &err);
    for (int i = 0; i < 2; i++) {
        ht_step *step = ht_step_new(quiet, COUNT, HT_STEP_ARRAYS, 8, &err);
        ht_step_run(step, i ? noisy : quiet, samples.x, samples.labels, COUNT, &hyper, NULL);
        hyper.noise_scale = 0.1;
        hyper.noise = (ht_noise){.type = HT_NOISE_IID, .alpha = 1.5, .seed = 3, .step = 11};
        ht_step_free(step);
    }
    for (int l = 0; l < 2; l++) { /* not on biases, not on the output */
        ht_noise noise = hyper.noise;
        noise.layer = l;
        ht_noise_prepare(&noise, &laws);
        ht_noise_add(&noise, quiet->weights[l]->data, 0, (size_t)quiet->weights[l]->rows,
                     (size_t)quiet->weights[l]->columns, (float)ht_noise_factor(0.1, 0.01, 1.5));
    }
    assert_true(small_same(quiet, noisy));
    ht_network_free(quiet);
    ht_network_free(noisy);
    naive_free_samples(&samples);
}

/* A square of 1e39 would be Inf for good, and its weight would never move again. */
static void a_gradient_too_large_to_square_is_refused(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(COUNT, INPUTS, CLASSES, 9);
    const float inputs[] = {1e10f, 1e21f};
    for (int i = 0; i < 4; i++) {
        ht_network *net = network_of(0), *before;
        ht_tensor *first = net->weights[0];
        ht_hyper hyper = {.lr = 0.01,
                          .number = 1,
                          .optimizer = adaptive[i & 1],
                          .train_output = true,
                          .input_bound = inputs[i / 2]};
        samples.x[3] = inputs[i / 2];
        for (int r = 0; r < first->rows; r++) first->data[r * INPUTS + 3] = 0;
        before = ht_network_copy(net, &err);
        ht_step *step = ht_step_new(net, COUNT, HT_STEP_ARRAYS, 8, &err);
        ht_step_result r = ht_step_run(step, net, samples.x, samples.labels, COUNT, &hyper, NULL);
        if (!r.refused != (i / 2 == 0))
            fail_msg("inputs of %g: %s", (double)inputs[i / 2], r.refused ? r.refused : "taken");
        assert_true(small_finite(net));
        if (i / 2) assert_true(small_same(net, before));
        ht_step_free(step);
        ht_network_free(net);
        ht_network_free(before);
    }
    naive_free_samples(&samples);
}

/* ---- runs -------------------------------------------------------------------------------------- */

static ht_params params_of(const char *optimizer)
{
    ht_params params = small_params();
    assert_int_equal(ht_params_set(&params, "train.optimizer", optimizer, &err), HT_OK);
    ht_params_put(&params, HT_P_TRAIN_LR, 0.003);
    ht_params_put(&params, HT_P_TRAIN_DECAY, 0.01);
    ht_params_put(&params, HT_P_MODEL_BIAS, 1);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_NOISE_SCALE, 0.0001);
    return params;
}

static void same_state(ht_trainer *a, ht_trainer *b)
{
    char where[200];
    const ht_checkpoint x = ht_checkpoint_of(a), y = ht_checkpoint_of(b);
    if (ht_checkpoint_differs(&x, &y, where, sizeof where)) fail_msg("%s", where);
    assert_true(ht_checkpoint_hash(&x) == ht_checkpoint_hash(&y));
}

static void the_means_come_back_bit_by_bit(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    for (int i = 0; i < 2; i++) {
        ht_params params = params_of(i ? "adamw" : "adam");
        ht_pool *pool = small_pool(3);
        ht_trainer *one = small_trainer(&params, data, NULL), *other = small_trainer(&params, data, pool);
        ht_checkpoint *kept = ht_checkpoint_new(one, &err);
        const char *path = scratch_path("adam.safetensors");
        assert_non_null(ht_trainer_array(one, HT_ARRAY_SQUARE, 1));
        assert_null(ht_trainer_array(one, HT_ARRAY_MOMENTUM, 0));
        small_train(one, 9);
        small_train(other, 9);
        same_state(one, other); /* any number of threads */
        if (ht_checkpoint_write(path, one, &err) != HT_OK) fail_msg("%s", err.text);
        assert_int_equal(ht_checkpoint_take(kept, one, NULL, &err), HT_OK);
        small_set(other, HT_P_TRAIN_BATCH, 100); /* more room: the means move along */
        small_set(other, HT_P_TRAIN_BATCH, 32);
        small_train(one, 8);
        small_train(other, 8);
        same_state(one, other);
        ht_trainer *back = small_trainer(&params, data, NULL);
        if (ht_checkpoint_read(path, back, &err) != HT_OK) fail_msg("%s", err.text);
        small_train(back, 8);
        same_state(one, back); /* resumed */
        assert_int_equal(ht_checkpoint_restore(kept, back, NULL, &err), HT_OK);
        small_train(back, 8);
        same_state(one, back); /* rewound */
        ht_trainer_reset(back, 1);
        small_train(back, 17);
        same_state(one, back); /* reset: the means begin at 0 again */
        ht_checkpoint_free(kept);
        ht_trainer_free(one);
        ht_trainer_free(other);
        ht_trainer_free(back);
        ht_pool_free(pool);
    }
    ht_dataset_free(data);
}

static void what_does_not_go_together_is_named(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    const struct {
        ht_param p;
        double value;
        const char *says;
    } wrong[] = {{HT_P_TRAIN_MOMENTUM, 0.9, "momentum is that of sgd; set train.momentum to 0"},
                 {HT_P_MODEL_FACTORS, 2, "factors descend by sgd; set train.optimizer to sgd"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ht_params params = params_of("adamw");
        ht_params_put(&params, wrong[i].p, wrong[i].value);
        assert_null(ht_trainer_new(&params, data, NULL, &err));
        assert_int_equal(err.code, HT_USAGE);
        if (!strstr(err.text, wrong[i].says)) fail_msg("%s", err.text);
    }
    ht_params params = params_of("adam");
    assert_non_null(strstr(ht_row_noise_unknown(&params), "train.optimizer"));
    ht_dataset_free(data);
}

static void a_step_size_warms_up(void **state)
{
    (void)state;
    ht_params p = small_params();
    ht_params_put(&p, HT_P_TRAIN_LR, 0.8);
    ht_params_put(&p, HT_P_TRAIN_STEPS, 30);
    const double plain = ht_schedule_step_size(&p, 3);
    assert_true(plain == 0.8);
    ht_params_put(&p, HT_P_TRAIN_WARMUP, 10);
    for (int i = 0; i < 10; i++) assert_true(fabs(ht_schedule_step_size(&p, i) - 0.08 * (i + 1)) < 1e-12);
    assert_true(ht_schedule_step_size(&p, 10) == 0.8 && ht_schedule_step_size(&p, 29) == 0.8);
    ht_params_put(&p, HT_P_TRAIN_SCHEDULE, 1); /* a cosine over the 20 steps that are left */
    assert_true(fabs(ht_schedule_step_size(&p, 9) - 0.8) < 1e-12);
    assert_true(ht_schedule_step_size(&p, 10) == 0.8);
    assert_true(fabs(ht_schedule_step_size(&p, 20) - 0.4) < 1e-12);
    assert_true(ht_schedule_step_size(&p, 30) < 1e-12 && ht_schedule_step_size(&p, 45) < 1e-12);
    ht_params_put(&p, HT_P_TRAIN_WARMUP, 40); /* longer than the run */
    assert_true(fabs(ht_schedule_step_size(&p, 19) - 0.4) < 1e-12);
}

/* tanh has a slope at 0: without a mask of its own a removed unit's bias would bring it back as a constant.
 */
static void a_removed_unit_keeps_no_bias(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    for (int i = 0; i < 3; i++) {
        static const char *const optimizers[] = {"sgd", "adam", "adamw"};
        ht_params params = params_of(optimizers[i]);
        ht_params_put(&params, HT_P_MODEL_ACTIVATION, HT_TANH);
        ht_trainer *t = small_trainer(&params, data, NULL), *back = small_trainer(&params, data, NULL);
        ht_prune_intent intent = {.spec = ht_prune_spec_of(&params, NULL), .keep_mask = true};
        ht_prune_result result;
        intent.spec.ratio = 0.5;
        small_train(t, 5);
        assert_int_equal(ht_trainer_prune(t, &intent, &result, &err), HT_OK);
        const char *path = scratch_path("removed.safetensors");
        if (ht_checkpoint_write(path, t, &err) != HT_OK) fail_msg("%s", err.text);
        if (ht_checkpoint_read(path, back, &err) != HT_OK) fail_msg("%s", err.text);
        small_train(t, 5);
        small_train(back, 5);
        same_state(t, back);
        const ht_tensor *w = ht_trainer_network(t)->weights[0];
        int removed = 0;
        for (int r = 0; r < w->rows; r++) removed += w->data[r * w->columns] == 0 && w->bias->data[r] == 0;
        assert_int_equal(removed, w->rows / 2);
        for (int c = 0; c < 2; c++) assert_true(ht_network_output(ht_trainer_network(t))->bias->data[c] != 0);
        ht_trainer_free(t);
        ht_trainer_free(back);
    }
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_is_that_of_pytorch),
        cmocka_unit_test(noise_comes_after_the_optimizer),
        cmocka_unit_test(a_gradient_too_large_to_square_is_refused),
        cmocka_unit_test(the_means_come_back_bit_by_bit),
        cmocka_unit_test(a_removed_unit_keeps_no_bias),
        cmocka_unit_test(what_does_not_go_together_is_named),
        cmocka_unit_test(a_step_size_warms_up),
    };
    return cmocka_run_group_tests_name("optimizer", tests, scratch_make, scratch_remove);
}
