/* test_layers.c - every kind of layer that is cut by units descends its gradient (the others: test_kinds.c),
 * and networks of any widths and depths train, are kept and come back like those of equal ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/run/checkpoint.h"
#include "nn/layers/layer.h"
#include "num/rng.h"
#include "unit/naive.h"
#include "unit/scratch.h"
#include "unit/small.h"
#include "unit/twin.h"

static ht_error err;

enum { COUNT = 40, INPUTS = 11, CLASSES = 4 };

static const struct shape {
    const char *widths;
    int depth, width[16];
} shapes[] = {
    {"37", 1, {37}},
    {"300-17", 2, {300, 17}}, /* shards: two and one */
    {"5,600,3", 3, {5, 600, 3}},
    {"17,300,257,8", 4, {17, 300, 257, 8}},
    {"9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9", 16, {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], VARIANTS = 6 };

/* Weights of a size that keeps deep activations of order one. */
static ht_network *network_of(const struct shape *s, ht_activation activation, bool mean_field)
{
    return naive_network(INPUTS, s->width, s->depth, CLASSES, activation, mean_field, 0, 3);
}

/* ---- layers ------------------------------------------------------------------------------------ */

static double loss_of(const ht_network *net, const ht_samples *samples)
{
    ht_score score;
    assert_int_equal(ht_network_evaluate(net, samples, NULL, NULL, &score, &err), HT_OK);
    return score.loss;
}

/* Whatever a kind computes: what a step of size 1 takes away is the slope of what an evaluation says; with
 * biases and without, whatever the activation. */
static void every_kind_descends_its_gradient(void **state)
{
    (void)state;
    static const ht_activation smooth[] = {HT_TANH, HT_GELU, HT_LINEAR};
    ht_samples samples = naive_samples(COUNT, INPUTS, CLASSES, 5);
    const ht_hyper hyper = {.lr = 1, .train_output = true, .input_bound = 10};
    for (int i = 0; i < HT_LAYER_KINDS * 6; i++) {
        int k = i / 6;
        bool bias = i & 1;
        if (ht_layer_kind_at(k)->cut != HT_CUT_UNITS) continue; /* test_kinds.c */
        const ht_layer_spec specs[] = {
            {.kind = ht_layer_kind_at(k), .units = 7, .bias = bias, .activation = smooth[i / 2 % 3]},
            {.kind = ht_layer_kind_at(k), .units = 5, .bias = bias, .activation = smooth[(i / 2 + 1) % 3]},
            {.kind = ht_layer_kind_at(HT_LAYER_DENSE), .units = CLASSES, .bias = bias, .output = true}};
        ht_network *net = ht_network_build((ht_shape){INPUTS, 1, 1}, specs, 3, false, false, &err);
        assert_non_null(net);
        ht_network_init(net, 7, NULL);
        ht_network *after = ht_network_copy(net, &err);
        ht_step *step = ht_step_new(net, COUNT, false, 8, &err);
        ht_step_result r = ht_step_run(step, after, samples.x, samples.labels, COUNT, &hyper, NULL);
        assert_true(fabs(r.loss - loss_of(net, &samples)) < 1e-6);
        for (int t = 0; t < net->tensor_count; t++)
            for (size_t at = 0; at < ht_tensor_size(&net->tensors[t]); at++) {
                float *w = &net->tensors[t].data[at], before = *w;
                *w = before + 0x1p-6f;
                double up = loss_of(net, &samples);
                *w = before - 0x1p-6f;
                double slope = (up - loss_of(net, &samples)) / 0x1p-5;
                *w = before;
                double went = (double)(before - after->tensors[t].data[at]);
                if (fabs(slope - went) > 1e-4)
                    fail_msg("%s, %s[%zu]: the slope is %g, the step went %g", ht_layer_kind_name(k),
                             net->tensors[t].name, at, slope, went);
            }
        ht_step_free(step);
        ht_network_free(after);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

static void the_list_names_every_tensor(void **state)
{
    (void)state;
    ht_network *net = naive_network(3, (const int[]){4, 2}, 2, 5, HT_RELU, false, 2, 1);
    const struct {
        const char *name;
        int rows, columns, number;
        unsigned flags;
    } wanted[] = {{"layers.0.weight", 4, 3, 0,
                   HT_TENSOR_WEIGHT | HT_TENSOR_NOISY | HT_TENSOR_DECAYED | HT_TENSOR_PRUNABLE},
                  {"layers.1.weight", 2, 4, 1,
                   HT_TENSOR_WEIGHT | HT_TENSOR_NOISY | HT_TENSOR_DECAYED | HT_TENSOR_PRUNABLE},
                  {"layers.1.bias", 2, 1, 1, HT_TENSOR_DECAYED},
                  {"layers.2.weight", 5, 2, 2, HT_TENSOR_WEIGHT | HT_TENSOR_DECAYED | HT_TENSOR_OUTPUT}};
    assert_int_equal(net->tensor_count, 4);
    assert_int_equal(net->weight_count, 3);
    for (int t = 0; t < 4; t++) {
        const ht_tensor *tensor = &net->tensors[t];
        assert_string_equal(tensor->name, wanted[t].name);
        assert_int_equal(tensor->rows, wanted[t].rows);
        assert_int_equal(tensor->columns, wanted[t].columns);
        assert_int_equal(tensor->number, wanted[t].number);
        assert_int_equal(tensor->flags, wanted[t].flags);
        assert_int_equal(ht_tensor_index(net, tensor), t);
    }
    assert_ptr_equal(net->weights[1]->bias, &net->tensors[2]);
    assert_null(net->weights[0]->bias);
    assert_ptr_equal(ht_network_output(net), &net->tensors[3]);
    ht_network_free(net);
    int widths[HT_WEIGHTS_MAX] = {0};
    assert_null(ht_network_new_widths(3, widths, HT_WEIGHTS_MAX, 2, HT_RELU, false, &err));
    assert_non_null(strstr(err.text, "64 hidden layers are too many"));
}

/* ---- training ---------------------------------------------------------------------------------- */

static void any_widths_descend_like_the_slow_twin(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(COUNT, INPUTS, CLASSES, 9);
    for (int i = 0; i < SHAPES * 8; i++) {
        const struct shape *s = &shapes[i / 8];
        bool momentum = i & 1, mean_field = i & 2;
        unsigned biased = i & 4 ? 0x15555 : 0; /* every second layer */
        ht_hyper hyper = {.lr = 0.05,
                          .momentum = momentum ? 0.9 : 0,
                          .weight_decay = 0.01,
                          .train_output = true,
                          .input_bound = 10};
        ht_network *net = naive_network(INPUTS, s->width, s->depth, CLASSES, HT_TANH, mean_field, biased, 3);
        ht_step *step = ht_step_new(net, COUNT, momentum, 8, &err);
        twin *t = twin_of(net);
        for (int k = 0; k < 5; k++) {
            double accuracy, loss = twin_loss(t, samples.x, samples.labels, COUNT, 1, &accuracy);
            ht_step_result r = ht_step_run(step, net, samples.x, samples.labels, COUNT, &hyper, NULL);
            twin_descend(t, hyper.lr, hyper.momentum, hyper.weight_decay);
            if (fabs(r.loss - loss) > 1e-5 || fabs(r.accuracy - accuracy) > 1e-9)
                fail_msg("%s: loss %g, the twin's %g", s->widths, r.loss, loss);
        }
        if (twin_distance(t, net) > 3e-5)
            fail_msg("%s, variant %d: off by %g", s->widths, i % 8, twin_distance(t, net));
        assert_true(fabs(loss_of(net, &samples) - twin_loss(t, samples.x, samples.labels, COUNT, 0, NULL)) <
                    1e-5);
        twin_free(t);
        ht_step_free(step);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

/* The noise of a layer is that of its number, neurons and indices, whatever the other layers are. */
static void every_hidden_layer_gets_the_noise_of_its_number(void **state)
{
    (void)state;
    const struct shape *s = &shapes[3];
    ht_samples samples = naive_samples(COUNT, INPUTS, CLASSES, 2);
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        ht_noise_laws laws = {0};
        ht_network *quiet = network_of(s, HT_RELU, false), *noisy = ht_network_copy(quiet, &err);
        ht_step *step = ht_step_new(quiet, COUNT, false, 8, &err);
        ht_hyper hyper = {.lr = 0.1, .train_output = true, .input_bound = 10};
        assert_null(ht_step_run(step, quiet, samples.x, samples.labels, COUNT, &hyper, NULL).refused);
        hyper.noise_scale = 0.1;
        hyper.noise = (ht_noise){.type = (ht_noise_type)type, .alpha = 1.5, .seed = 3, .step = 11};
        assert_null(ht_step_run(step, noisy, samples.x, samples.labels, COUNT, &hyper, NULL).refused);
        for (int l = 0; l < s->depth; l++) {
            ht_tensor *w = quiet->weights[l];
            ht_noise noise = hyper.noise;
            noise.layer = l;
            ht_noise_prepare(&noise, &laws);
            ht_noise_add(&noise, w->data, 0, (size_t)w->rows, (size_t)w->columns,
                         (float)ht_noise_factor(0.1, 0.1, 1.5));
        }
        assert_true(small_same(quiet, noisy)); /* the output layer gets none */
        ht_step_free(step);
        ht_network_free(quiet);
        ht_network_free(noisy);
    }
    naive_free_samples(&samples);
}

/* ---- runs -------------------------------------------------------------------------------------- */

static ht_params params_of(const char *widths, int variant)
{
    ht_params params = small_params();
    assert_int_equal(ht_params_set(&params, "model.widths", widths, &err), HT_OK);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_NOISE_SCALE, 0.001);
    ht_params_put(&params, HT_P_TRAIN_AVERAGE, variant & 1 ? 4 : 0);
    ht_params_put(&params, HT_P_TRAIN_MOMENTUM, variant == 1 ? 0.5 : 0);
    ht_params_put(&params, HT_P_MODEL_FACTORS, variant == 2 ? 2 : 1);
    ht_params_put(&params, HT_P_OCCAM_LAMBDA0, variant == 3 ? 0.1 : 0);
    if (variant < 4) return params;
    /* biases: with factors, which they are not made of, and with momentum; layers of several activations */
    ht_params_put(&params, HT_P_MODEL_BIAS, 1);
    ht_params_put(&params, HT_P_MODEL_FACTORS, variant == 4 ? 2 : 1);
    ht_params_put(&params, HT_P_TRAIN_MOMENTUM, variant == 5 ? 0.5 : 0);
    if (variant == 5 && strchr(widths, ',') && strlen(widths) < 10)
        assert_int_equal(
            ht_params_set(&params, "model.layers", "dense 5 gelu, dense 600, dense 3 tanh", &err), HT_OK);
    return params;
}

static void same_state(ht_trainer *a, ht_trainer *b, const char *what)
{
    char where[200];
    const ht_checkpoint x = ht_checkpoint_of(a), y = ht_checkpoint_of(b);
    if (ht_checkpoint_differs(&x, &y, where, sizeof where)) fail_msg("%s: %s", what, where);
    assert_true(ht_checkpoint_hash(&x) == ht_checkpoint_hash(&y));
}

static void any_widths_are_the_same_bits_for_any_threads_and_come_back(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    for (int i = 0; i < SHAPES * VARIANTS; i++) {
        const char *widths = shapes[i / VARIANTS].widths;
        ht_params params = params_of(widths, i % VARIANTS);
        ht_pool *pool = small_pool(3);
        ht_trainer *one = small_trainer(&params, data, NULL), *three = small_trainer(&params, data, pool);
        assert_int_equal(ht_network_hidden(ht_trainer_network(one)), shapes[i / VARIANTS].depth);
        for (int l = 0; l < shapes[i / VARIANTS].depth; l++)
            assert_int_equal(ht_trainer_network(one)->weights[l]->rows, shapes[i / VARIANTS].width[l]);
        small_train(one, 9);
        small_train(three, 9);
        same_state(one, three, widths);
        if (i % VARIANTS == 0) assert_int_equal(ht_trainer_mask_zeros(one, &err), HT_OK);
        const char *path = scratch_path("widths.safetensors");
        if (ht_checkpoint_write(path, one, &err) != HT_OK) fail_msg("%s", err.text);
        ht_trainer *back = small_trainer(&params, data, pool);
        if (ht_checkpoint_read(path, back, &err) != HT_OK) fail_msg("%s", err.text);
        same_state(one, back, widths);
        small_train(one, 4);
        small_train(back, 4);
        same_state(one, back, widths);
        ht_trainer_free(one);
        ht_trainer_free(three);
        ht_trainer_free(back);
        ht_pool_free(pool);
    }
    ht_dataset_free(data);
}

/* Nothing before such a layer learns: no run begins with one, and one that was trained so goes on. */
static void a_layer_that_gives_a_constant_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int batch;
        const char *says; /* NULL: nothing */
    } cases[] = {
        {"dense 1, norm, dense 3", 5, "model.layers: norm (layers.1.weight): one channel comes in, so every"},
        {"dense 2, norm, dense 3", 1, NULL},
        {"dense 4, norm batch", 1,
         "model.layers: norm batch (layers.1.weight): train.batch is 1 and a plain"},
        {"dense 4, norm batch", 2, NULL},
    };
    ht_dataset *data = small_data(40, 10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_params params = small_params();
        assert_int_equal(ht_params_set(&params, "model.layers", cases[i].line, &err), HT_OK);
        ht_params_put(&params, HT_P_TRAIN_BATCH, cases[i].batch);
        ht_trainer *fresh = ht_trainer_new(&params, data, NULL, &err);
        assert_int_equal(fresh == NULL, cases[i].says != NULL);
        if (!fresh && (err.code != HT_USAGE || !strstr(err.text, cases[i].says))) fail_msg("%s", err.text);
        ht_trainer *resumed = ht_trainer_new_resumed(&params, data, NULL, &err);
        char note[400];
        assert_non_null(resumed);
        bool noted = ht_notes_at(ht_trainer_notes(resumed), 0, note, sizeof note);
        assert_int_equal(noted, cases[i].says != NULL);
        if (noted) assert_non_null(strstr(note, cases[i].says));
        ht_trainer_free(fresh);
        ht_trainer_free(resumed);
    }
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_descends_its_gradient),
        cmocka_unit_test(the_list_names_every_tensor),
        cmocka_unit_test(any_widths_descend_like_the_slow_twin),
        cmocka_unit_test(every_hidden_layer_gets_the_noise_of_its_number),
        cmocka_unit_test(any_widths_are_the_same_bits_for_any_threads_and_come_back),
        cmocka_unit_test(a_layer_that_gives_a_constant_is_named),
    };
    return cmocka_run_group_tests_name("layers", tests, scratch_make, scratch_remove);
}
