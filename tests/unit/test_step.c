/* test_step.c - the training step: gradients, momentum, decay, noise, refusal, and the same bits for any
 * number of threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "num/linalg.h"
#include "nn/evaluation.h"
#include "nn/noise.h"
#include "num/rng.h"
#include "nn/step/step.h"
#include "unit/golden.h"
#include "unit/naive.h"
#include "unit/small.h"
#include "unit/twin.h"

static ht_error err;

static const ht_hyper plain = {.lr = 1, .train_output = true, .input_bound = 10};

/* x (count × inputs) standard normal, labels uniform. */
static void random_batch(float *x, int32_t *labels, int count, int inputs, int classes, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 0);
    for (int i = 0; i < count * inputs; i++) x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < count; i++) labels[i] = (int32_t)ht_rng_below(&rng, (uint32_t)classes);
}

static void gradient_matches_the_golden_table(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_samples samples = golden_samples();
    ht_npy g1 = golden_array("grad/dW1.npy", HT_NPY_DOUBLE), g2 = golden_array("grad/dW2.npy", HT_NPY_DOUBLE);
    ht_npy w1 = golden_array("net/W1.npy", HT_NPY_FLOAT), w2 = golden_array("net/W2.npy", HT_NPY_FLOAT);
    ht_step *step = ht_step_new(net, (int)samples.count, false, 8, &err);
    ht_step_result r = ht_step_run(step, net, samples.x, samples.labels, (int)samples.count, &plain, NULL);
    assert_null(r.refused);
    assert_true(fabs(r.loss - 0.902405734795) < 1e-5);
    assert_true(fabs(r.accuracy - 0.886666666667) < 1e-9);
    for (size_t i = 0; i < g1.count; i++)
        assert_true(fabs((double)(w1.f32[i] - net->weights[0]->data[i]) - g1.f64[i]) < 1e-5);
    for (size_t i = 0; i < g2.count; i++)
        assert_true(fabs((double)(w2.f32[i] - net->weights[1]->data[i]) - g2.f64[i]) < 1e-5);
    ht_npy_free(&g1), ht_npy_free(&g2), ht_npy_free(&w1), ht_npy_free(&w2);
    ht_step_free(step);
    ht_network_free(net);
    golden_free_samples(&samples);
}

typedef struct descent {
    ht_network *net;
    ht_samples samples;
    ht_step *step;
    int rows;
} descent;

static void descent_row(void *context, int fields, char **field)
{
    descent *d = context;
    assert_int_equal(fields, 5);
    if (atoi(field[0]) == 0) { /* each setting starts from the same weights */
        ht_network_free(d->net);
        d->net = golden_network();
    }
    ht_hyper hyper = plain;
    hyper.lr = atof(field[1]);
    hyper.weight_decay = atof(field[2]);
    ht_step_result r =
        ht_step_run(d->step, d->net, d->samples.x, d->samples.labels, (int)d->samples.count, &hyper, NULL);
    assert_true(fabs(r.loss - atof(field[3])) < 1e-5);
    assert_true(fabs(r.accuracy - atof(field[4])) < 1e-6);
    d->rows++;
}

static void twenty_one_steps_match_the_golden_descent(void **state)
{
    (void)state;
    descent d = {.net = golden_network(), .samples = golden_samples()};
    d.step = ht_step_new(d.net, (int)d.samples.count, false, 8, &err);
    golden_csv("grad/descent.csv", descent_row, &d);
    assert_true(d.rows >= 21);
    ht_step_free(d.step);
    ht_network_free(d.net);
    golden_free_samples(&d.samples);
}

/* The twin's own gradient against central differences, so that both cannot be wrong alike. */
static void twin_gradient_matches_central_differences(void **state)
{
    (void)state;
    enum { COUNT = 7, INPUTS = 5 };
    float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, 3, 5);
    for (int depth = 1; depth <= 3; depth++)
        for (int activation = HT_RELU; activation <= HT_LINEAR; activation++) {
            ht_network *net = naive_network(INPUTS, (const int[]){6, 6, 6}, depth, 3,
                                            (ht_activation)activation, false, 1u << depth | 1, 3);
            twin *t = twin_of(net);
            twin_loss(t, x, labels, COUNT, 1, NULL);
            for (int l = 0; l < TWIN_PARTS; l++)
                for (int i = 0; i < twin_size(t, l); i++) {
                    double g = t->gradient[l][i], w = t->weight[l][i], h = 1e-6;
                    t->weight[l][i] = w + h;
                    double up = twin_loss(t, x, labels, COUNT, 0, NULL);
                    t->weight[l][i] = w - h;
                    double down = twin_loss(t, x, labels, COUNT, 0, NULL);
                    t->weight[l][i] = w;
                    assert_true(fabs((up - down) / (2 * h) - g) < 1e-7);
                    twin_loss(t, x, labels, COUNT, 1, NULL);
                }
            twin_free(t);
            ht_network_free(net);
        }
}

/* Five steps of every shape and option against the twin. */
static void steps_match_the_slow_twin(void **state)
{
    (void)state;
    enum { COUNT = 33, INPUTS = 11, CLASSES = 4 };
    float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, CLASSES, 9);
    for (int depth = 1; depth <= 4; depth++)
        for (int activation = HT_RELU; activation <= HT_LINEAR; activation++)
            for (int variant = 0; variant < 4; variant++) {
                int width = variant == 1 ? 300 : 37; /* 300: a second, partial shard */
                bool momentum = variant == 2, mean_field = variant == 3;
                ht_hyper hyper = {.lr = 0.1,
                                  .momentum = momentum ? 0.9 : 0,
                                  .weight_decay = variant == 1 ? 0.01 : 0,
                                  .train_output = true,
                                  .input_bound = 10};
                ht_network *net = ht_network_new(INPUTS, width, depth, CLASSES, (ht_activation)activation,
                                                 mean_field, &err);
                ht_network_init(net, 7, NULL);
                ht_step *step = ht_step_new(net, COUNT, momentum, 8, &err);
                twin *t = twin_of(net);
                for (int k = 0; k < 5; k++) {
                    double accuracy, loss = twin_loss(t, x, labels, COUNT, 1, &accuracy);
                    ht_step_result r = ht_step_run(step, net, x, labels, COUNT, &hyper, NULL);
                    twin_descend(t, hyper.lr, hyper.momentum, hyper.weight_decay);
                    assert_true(fabs(r.loss - loss) < 1e-5);
                    assert_true(fabs(r.accuracy - accuracy) < 1e-9);
                }
                if (twin_distance(t, net) > 2e-5)
                    fail_msg("depth %d activation %d variant %d: off by %g", depth, activation, variant,
                             twin_distance(t, net));
                twin_free(t);
                ht_step_free(step);
                ht_network_free(net);
            }
}

static void output_layer_stays_when_it_is_not_trained(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_samples samples = golden_samples();
    ht_npy w2 = golden_array("net/W2.npy", HT_NPY_FLOAT);
    ht_step *step = ht_step_new(net, (int)samples.count, false, 8, &err);
    ht_hyper hyper = plain;
    hyper.train_output = false;
    float before = net->weights[0]->data[0];
    ht_step_run(step, net, samples.x, samples.labels, (int)samples.count, &hyper, NULL);
    assert_memory_equal(net->weights[1]->data, w2.f32, w2.count * sizeof(float));
    assert_true(net->weights[0]->data[0] != before);
    ht_npy_free(&w2);
    ht_step_free(step);
    ht_network_free(net);
    golden_free_samples(&samples);
}

/* W after a noisy step = W after a plain one + σ η^(1/α) X, hidden layers only. */
static void noise_comes_on_top_of_the_update(void **state)
{
    (void)state;
    enum { COUNT = 20, INPUTS = 50, WIDTH = 270 };
    static float x[COUNT * INPUTS], expected[WIDTH * WIDTH];
    static ht_noise_laws laws;
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, 3, 1);
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        ht_network *net = ht_network_new(INPUTS, WIDTH, 2, 3, HT_RELU, false, &err),
                   *quiet = ht_network_new(INPUTS, WIDTH, 2, 3, HT_RELU, false, &err);
        ht_network_init(net, 1, NULL);
        ht_network_init(quiet, 1, NULL);
        ht_step *step = ht_step_new(net, COUNT, false, 8, &err);
        ht_hyper hyper = plain;
        hyper.lr = 0.1;
        ht_step_run(step, quiet, x, labels, COUNT, &hyper, NULL);
        hyper.noise = (ht_noise){.type = (ht_noise_type)type, .alpha = 1.7, .seed = 5, .step = 99};
        hyper.noise_scale = 0.3;
        ht_step_run(step, net, x, labels, COUNT, &hyper, NULL);
        for (int l = 0; l < 2; l++) {
            const ht_tensor *layer = quiet->weights[l];
            ht_noise noise = hyper.noise;
            noise.layer = l;
            ht_noise_prepare(&noise, &laws);
            memcpy(expected, layer->data, ht_tensor_size(layer) * sizeof(float));
            ht_noise_add(&noise, expected, 0, (size_t)layer->rows, (size_t)layer->columns,
                         (float)(0.3 * pow(0.1, 1 / 1.7)));
            assert_memory_equal(expected, net->weights[l]->data, ht_tensor_size(layer) * sizeof(float));
        }
        assert_memory_equal(quiet->weights[2]->data, net->weights[2]->data,
                            ht_tensor_size(net->weights[2]) * sizeof(float));
        ht_step_free(step);
        ht_network_free(net);
        ht_network_free(quiet);
    }
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { COUNT = 40, INPUTS = 30, WIDTH = 1100, STEPS = 4 };
    static float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, 5, 2);
    ht_network *first = NULL;
    for (int threads = 1; threads <= 4; threads++) {
        ht_pool *pool = ht_pool_new(threads, &err);
        ht_network *net = ht_network_new(INPUTS, WIDTH, 2, 5, HT_RELU, false, &err);
        ht_network_init(net, 1, pool);
        ht_step *step = ht_step_new(net, COUNT, true, 8, &err);
        ht_hyper hyper = {.lr = 0.05,
                          .momentum = 0.5,
                          .train_output = true,
                          .input_bound = 10,
                          .noise_scale = 0.1,
                          .noise = {.type = HT_NOISE_IID, .alpha = 1.5, .seed = 3}};
        for (int k = 0; k < STEPS; k++) {
            hyper.noise.step = (uint64_t)k;
            ht_step_run(step, net, x, labels, COUNT, &hyper, pool);
        }
        for (int l = 0; first && l <= 2; l++)
            assert_memory_equal(first->weights[l]->data, net->weights[l]->data,
                                ht_tensor_size(net->weights[l]) * sizeof(float));
        ht_step_free(step);
        ht_pool_free(pool);
        if (first)
            ht_network_free(net);
        else
            first = net;
    }
    ht_network_free(first);
}

/* The capture of a step holds what a capture of the weights after it would find, for any number of
 * threads. */
static void capture_of_a_step_equals_a_capture_after_it(void **state)
{
    (void)state;
    enum { COUNT = 20, INPUTS = 50, WIDTH = 700 };
    static float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, 3, 6);
    for (int depth = 1; depth <= 2; depth++)
        for (int threads = 1; threads <= 3; threads += 2) {
            ht_pool *pool = ht_pool_new(threads, &err);
            ht_network *net = ht_network_new(INPUTS, WIDTH, depth, 3, HT_RELU, false, &err);
            ht_network_init(net, 1, pool);
            ht_step *step = ht_step_new(net, COUNT, false, 8, &err);
            ht_capture *capture = ht_capture_new(net, threads, &err), *after = ht_capture_new(net, 1, &err);
            const int rows = depth * WIDTH, all = WIDTH * INPUTS + (depth - 1) * WIDTH * WIDTH;
            ht_hyper hyper = {.lr = 0.1,
                              .train_output = true,
                              .input_bound = 10,
                              .noise_scale = 0.1,
                              .capture = capture,
                              .noise = {.type = HT_NOISE_IID, .alpha = 1.5, .seed = 3}};
            for (int k = 0; k < 2; k++) /* the second filling must not add to the first */
                assert_null(ht_step_run(step, net, x, labels, COUNT, &hyper, pool).refused);
            ht_capture_take(after, net, NULL);
            for (int l = 0; l <= depth; l++) {
                size_t bytes = ht_tensor_size(net->weights[l]) * sizeof(float);
                assert_memory_equal(capture->net->weights[l]->data, net->weights[l]->data, bytes);
                assert_memory_equal(after->net->weights[l]->data, net->weights[l]->data, bytes);
            }
            assert_memory_equal(capture->norm2, after->norm2, (size_t)rows * sizeof(double));
            assert_memory_equal(&capture->histogram[0], &after->histogram[0], sizeof(ht_histogram));
            assert_int_equal(capture->histogram[0].total, all);
            ht_capture_pick(capture, 1); /* one layer's alone; beyond the last: the last */
            ht_capture_take(capture, net, pool);
            assert_int_equal(capture->histogram[0].total, depth == 1 ? all : WIDTH * WIDTH);
            assert_memory_equal(capture->norm2, after->norm2, (size_t)rows * sizeof(double));
            for (int i = 0; i < WIDTH; i++) {
                double sum = 0;
                for (int j = 0; j < INPUTS; j++) sum += pow((double)net->weights[0]->data[i * INPUTS + j], 2);
                assert_true(fabs(capture->norm2[i] / sum - 1) < 1e-12);
            }
            ht_capture_free(capture);
            ht_capture_free(after);
            ht_step_free(step);
            ht_network_free(net);
            ht_pool_free(pool);
        }
}

/* Whatever is wrong with the numbers, the step is refused and the weights stay as they were, finite. */
static void overflowing_steps_are_refused_and_leave_the_weights(void **state)
{
    (void)state;
    enum { COUNT = 5, INPUTS = 8, WIDTH = 12 };
    float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, 3, 4);
    for (int depth = 1; depth <= 2; depth++)
        for (int kind = 0; kind < 5; kind++) {
            ht_network *net = ht_network_new(INPUTS, WIDTH, depth, 3, HT_RELU, false, &err);
            ht_network *before = ht_network_new(INPUTS, WIDTH, depth, 3, HT_RELU, false, &err);
            ht_network_init(net, 1, NULL);
            ht_tensor *first = net->weights[0], *out = net->weights[depth];
            ht_hyper hyper = plain;
            if (kind == 0) /* logits overflow: the loss is not finite */
                for (size_t i = 0; i < ht_tensor_size(first); i++) first->data[i] = 1e38f;
            if (kind == 1) /* the loss is fine, the gradient of W1 is not */
                for (size_t i = 0; i < ht_tensor_size(out); i++) out->data[i] = i < WIDTH ? 3e37f : -3e37f;
            if (kind == 1)
                for (size_t i = 0; i < ht_tensor_size(first); i++) first->data[i] *= 1e-36f;
            if (kind == 2) hyper.lr = 1e38;
            if (kind == 3) out->data[3] = NAN;
            if (kind == 4) { /* the gradient is small, but the decay turns the weights over */
                for (size_t i = 0; i < ht_tensor_size(first); i++) first->data[i] *= 1e36f;
                for (size_t i = 0; i < ht_tensor_size(out); i++) out->data[i] *= 1e-36f;
                hyper.lr = 1e-3, hyper.weight_decay = 1e6;
            }
            for (int l = 0; l <= depth; l++)
                memcpy(before->weights[l]->data, net->weights[l]->data,
                       ht_tensor_size(net->weights[l]) * sizeof(float));
            ht_step *step = ht_step_new(net, COUNT, false, 8, &err);
            ht_step_result r = ht_step_run(step, net, x, labels, COUNT, &hyper, NULL);
            if (!r.refused) fail_msg("depth %d, kind %d: not refused, loss %g", depth, kind, r.loss);
            for (int l = 0; l <= depth; l++)
                assert_memory_equal(before->weights[l]->data, net->weights[l]->data,
                                    ht_tensor_size(net->weights[l]) * sizeof(float));
            ht_step_free(step);
            ht_network_free(net);
            ht_network_free(before);
        }
}

/* Driven hard, training either stays finite or is refused while the weights still are. */
static void weights_stay_finite_until_the_refusal(void **state)
{
    (void)state;
    enum { COUNT = 16, INPUTS = 8, WIDTH = 300 };
    float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, 3, 4);
    for (int trial = 0; trial < 6; trial++) {
        int depth = 1 + trial % 3, refused = 0;
        ht_network *net = ht_network_new(INPUTS, WIDTH, depth, 3, HT_RELU, false, &err);
        ht_network_init(net, (uint64_t)trial, NULL);
        ht_step *step = ht_step_new(net, COUNT, trial > 2, 8, &err);
        ht_hyper hyper = {.lr = pow(10, trial),
                          .momentum = trial > 2 ? 0.9 : 0,
                          .train_output = true,
                          .input_bound = 10,
                          .noise_scale = 100,
                          .noise = {.type = HT_NOISE_IID, .alpha = 1, .seed = 1}};
        for (int k = 0; k < 400 && !refused; k++) {
            hyper.noise.step = (uint64_t)k;
            refused = ht_step_run(step, net, x, labels, COUNT, &hyper, NULL).refused != NULL;
            assert_true(small_finite(net));
        }
        if (trial == 5) assert_true(refused);
        ht_step_free(step);
        ht_network_free(net);
    }
}

static void evaluation_matches_the_twin_masked_and_threaded(void **state)
{
    (void)state;
    enum { COUNT = 600, INPUTS = 9, WIDTH = 290, CLASSES = 4 };
    static float x[COUNT * INPUTS];
    static int32_t labels[COUNT];
    static float keep[3][WIDTH];
    random_batch(x, labels, COUNT, INPUTS, CLASSES, 8);
    for (int depth = 1; depth <= 3; depth++) {
        ht_network *net = ht_network_new(INPUTS, WIDTH, depth, CLASSES, HT_RELU, depth == 2, &err);
        ht_network_init(net, 3, NULL);
        const float *masks[HT_HIDDEN_MAX] = {keep[0], keep[1], keep[2]};
        for (int l = 0; l < 3; l++)
            for (int i = 0; i < WIDTH; i++) keep[l][i] = (float)((i * 7 + l) % 3 != 0);
        ht_samples samples = {COUNT, x, labels};
        ht_pool *pool = ht_pool_new(3, &err);
        ht_score whole, masked, threaded;
        assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &whole, &err), HT_OK);
        assert_int_equal(ht_network_evaluate(net, &samples, masks, NULL, &masked, &err), HT_OK);
        assert_int_equal(ht_network_evaluate(net, &samples, masks, pool, &threaded, &err), HT_OK);
        assert_memory_equal(&masked, &threaded, sizeof masked);
        double accuracy;
        twin *t = twin_of(net);
        double loss = twin_loss(t, x, labels, COUNT, 0, &accuracy);
        assert_true(fabs(loss - whole.loss) < 1e-5 && fabs(accuracy - whole.accuracy) < 0.002);
        for (int l = 0; l < depth; l++) /* a removed neuron is a row of zeros */
            for (int i = 0; i < WIDTH; i++)
                for (int j = 0; j < t->columns[l] && keep[l][i] == 0; j++)
                    t->weight[l][i * t->columns[l] + j] = 0;
        loss = twin_loss(t, x, labels, COUNT, 0, &accuracy);
        assert_true(fabs(loss - masked.loss) < 1e-5 && fabs(accuracy - masked.accuracy) < 0.002);
        twin_free(t);
        ht_pool_free(pool);
        ht_network_free(net);
    }
}

/* However an evaluation is cut, on however many threads: the bits of one in a piece. */
static void an_evaluation_in_pieces_has_the_same_bits(void **state)
{
    (void)state;
    enum { COUNT = 600, INPUTS = 9, WIDTH = 600, CLASSES = 4 };
    static float x[COUNT * INPUTS], losses[2][COUNT];
    static int32_t labels[COUNT];
    random_batch(x, labels, COUNT, INPUTS, CLASSES, 8);
    const ht_samples samples = {COUNT, x, labels};
    for (int depth = 1; depth <= 3; depth++) {
        ht_score whole, cut;
        ht_network *net = ht_network_new(INPUTS, WIDTH, depth, CLASSES, HT_RELU, depth == 2, &err);
        ht_network_init(net, 3, NULL);
        assert_int_equal(ht_network_losses(net, &samples, NULL, losses[0], &whole, &err), HT_OK);
        for (int threads = 1; threads <= 3; threads++) {
            ht_pool *pool = ht_pool_new(threads, &err);
            ht_evaluation *e = ht_evaluation_new(net, pool, &err);
            for (size_t units = 1; units <= 16; units += 3) { /* an evaluator is used again and again */
                const ht_evaluation_of of = {.samples = samples, .losses = losses[1]};
                memset(losses[1], 0, sizeof losses[1]);
                assert_int_equal(ht_evaluation_begin(e, &of, &err), HT_OK);
                size_t left = ht_evaluation_left(e);
                assert_int_equal(left, 3 * (depth - 1 + 3)); /* chunks of samples, layers, shards */
                while (left > 0) {
                    assert_int_equal(ht_evaluation_piece(e, units, 0, &err), HT_OK);
                    left -= units < left ? units : left; /* neither more nor less */
                    assert_int_equal(ht_evaluation_left(e), left);
                }
                cut = ht_evaluation_score(e);
                assert_memory_equal(&cut, &whole, sizeof cut);
                assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
            }
            ht_evaluation_free(e);
            ht_pool_free(pool);
        }
        ht_network_free(net);
    }
}

static void initial_weights_are_uniform_in_their_bound(void **state)
{
    (void)state;
    ht_network *net = ht_network_new(100, 2000, 1, 10, HT_RELU, false, &err);
    ht_network_init(net, 11, NULL);
    double sum = 0, squares = 0, n = 0, bound = 0.1, most = 0;
    for (size_t i = 0; i < ht_tensor_size(net->weights[0]); i++, n++) {
        double w = (double)net->weights[0]->data[i];
        sum += w, squares += w * w, most = fmax(most, fabs(w));
    }
    assert_true(most <= bound && most > 0.9999 * bound);
    assert_true(fabs(sum / n) < 4 * bound / sqrt(3 * n));
    assert_true(fabs(squares / n / (bound * bound / 3) - 1) < 0.01);
    ht_network_free(net);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_matches_the_golden_table),
        cmocka_unit_test(twenty_one_steps_match_the_golden_descent),
        cmocka_unit_test(twin_gradient_matches_central_differences),
        cmocka_unit_test(steps_match_the_slow_twin),
        cmocka_unit_test(output_layer_stays_when_it_is_not_trained),
        cmocka_unit_test(noise_comes_on_top_of_the_update),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(capture_of_a_step_equals_a_capture_after_it),
        cmocka_unit_test(overflowing_steps_are_refused_and_leave_the_weights),
        cmocka_unit_test(weights_stay_finite_until_the_refusal),
        cmocka_unit_test(evaluation_matches_the_twin_masked_and_threaded),
        cmocka_unit_test(an_evaluation_in_pieces_has_the_same_bits),
        cmocka_unit_test(initial_weights_are_uniform_in_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
