/* test_kinds.c - layers of every kind: a step goes down the slope of what an evaluation says, is that of
 * PyTorch in double precision (golden/layers), and has the same bits for any number of threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "nn/layers/layer.h"
#include "nn/step/step.h"
#include "unit/golden.h"
#include "unit/naive.h"
#include "unit/small.h"
#include "weights/safetensors.h"

static ht_error err;

enum { COUNT = 19, CLASSES = 3, THREADS = 7 };

static ht_params params_of(const char *line, bool bias)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, 8); /* before the line: a width ends a line without n */
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_params_put(&p, HT_P_MODEL_TIED, bias && strstr(line, "embed 4"));
    return p;
}

static ht_network *network_of(const ht_params *p, ht_shape shape, int classes)
{
    ht_network *net = ht_network_of(p, shape, classes, &err);
    if (!net) fail_msg("%s", err.text);
    return net;
}

/* ---- slopes ------------------------------------------------------------------------------------ */

/* Smooth ones, but for the largest of a window: its samples are far enough apart. */
static const char *const lines[] = {
    "conv 4 3x3 tanh",
    "conv 3 3x3 same tanh, conv 5 2x2 stride 2 gelu",
    "conv 4 3x3 stride 2 pad 1 linear, dense 6 tanh",
    "conv 4 3x3 same tanh, pool 2, dense 5 gelu",
    "conv 4 3x3 same tanh, pool 3 stride 2 avg",
    "conv n/2 1x1 gelu, pool global",
    "pool 2 avg, tanh, dense 4 tanh",
    "conv 4 3x3 same tanh, res(conv 4 3x3 same tanh, conv 4 3x3 same linear), tanh, pool 2 avg",
    "res(conv 4 3x3 stride 2 same tanh, conv 5 3x3 same linear), gelu", /* a projection, of the samples
                                                                           themselves */
    "dense 6 tanh, res(dense 6 gelu), res(dense 5 tanh, res(dense 5 tanh), dense 4 linear), dense 7 tanh",
    "conv 4 3x3 same linear, norm, tanh, conv 3 3x3 tanh, norm",
    "dense 7 tanh, norm, dense 5 gelu, norm",
    "conv 3 3x3 tanh, dropout 0, dense 5 tanh",
    "conv 4 1x3 same tanh, pool 1x2, conv 3 3x1 stride 2 gelu, pool 2x1 avg",
    "norm batch, conv 3 3x3 linear, norm batch, tanh, pool 2 avg",
    "conv 3 3x3 same linear, norm batch, tanh, res(conv 20 3x3 stride 2 same linear, norm batch, gelu), "
    "dense 5 linear, "
    "norm batch, tanh",
    "attention 1, tanh, pool 1x3 avg",
    "norm, res(attention 3), dense 6 tanh",
    "embed 6, attention 2, norm, dense 5 tanh",
    "embed 4, res(norm, attention 2), dropout 0, res(norm, dense 9 gelu, dense 4 linear), norm", /* and tied
                                                                                                  */
    "embed 6, dense 300 tanh, res(attention 2, dense 5 linear), attention 1",
};
enum { LINES = sizeof lines / sizeof lines[0] };

static void every_kind_is_in_a_line(void **state)
{
    (void)state;
    for (int k = 0; k < HT_LAYER_KINDS; k++) {
        int found = 0;
        for (int i = 0; i < LINES; i++) found += strstr(lines[i], ht_layer_kind_name((ht_layer_id)k)) != NULL;
        if (found == 0) fail_msg("no line here has the kind %s", ht_layer_kind_name((ht_layer_id)k));
    }
}

/* Two shapes of what a line reads. */
static ht_shape shape_of(const char *line, int which)
{
    static const ht_shape pictures[] = {{1, 7, 6}, {3, 8, 8}}, rows[] = {{6, 1, 7}, {3, 1, 5}},
                          tokens[] = {{1, 1, 7}, {1, 1, 1}};
    return strstr(line, "embed") ? tokens[which] : strstr(line, "attention") ? rows[which] : pictures[which];
}

static ht_samples samples_of(const char *line, ht_shape shape)
{
    ht_samples samples = naive_samples(COUNT, ht_shape_values(shape), CLASSES, 5);
    int tokens = strstr(line, "embed") ? COUNT * ht_shape_values(shape) : 0;
    if (tokens > 0) samples.labels = realloc(samples.labels, (size_t)tokens * sizeof *samples.labels);
    for (int i = 0; i < tokens; i++) {
        unsigned word = (unsigned)(1000 + 100 * samples.x[i]);
        samples.x[i] = (float)(word % CLASSES);
        samples.labels[i] = (int32_t)(word / CLASSES % CLASSES);
    }
    return samples;
}

static double loss_of(const ht_network *net, const ht_samples *samples)
{
    ht_score score;
    assert_int_equal(ht_network_evaluate(net, samples, NULL, NULL, &score, &err), HT_OK);
    return score.loss;
}

/* Of a batch in training, which batch norm goes by. */
static double loss_in_training(ht_network *net, const ht_samples *samples)
{
    const ht_hyper still = {.train_output = true, .input_bound = 10};
    ht_step *step = ht_step_new(net, COUNT, 0, 1, &err);
    ht_step_result r = ht_step_run(step, net, samples->x, samples->labels, COUNT, &still, NULL);
    ht_step_free(step);
    return r.loss;
}

static double slope_at(ht_network *net, float *w, float step, const ht_samples *samples)
{
    float before = *w;
    *w = before + step;
    double up = loss_in_training(net, samples);
    *w = before - step;
    double slope = (up - loss_in_training(net, samples)) / (2 * (double)step);
    *w = before;
    return slope;
}

/* Where a window's largest changes on the way, on a shorter one. */
static void check_slopes(const char *line, ht_network *net, const ht_network *after,
                         const ht_samples *samples)
{
    bool moved = false;
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t at = 0;
             at < ht_tensor_size(&net->tensors[t]) && !(net->tensors[t].flags & HT_TENSOR_STATE);
             at += 1 + ht_tensor_size(&net->tensors[t]) / 40) {
            float *w = &net->tensors[t].data[at], step = 0x1p-8f;
            double went = (double)(*w - after->tensors[t].data[at]), off = HUGE_VAL, bound = 1e-4;
            for (; step > 0x1p-13f && off > bound; step /= 4, bound *= 2)
                off = fabs(slope_at(net, w, step, samples) - went);
            moved = moved || went != 0;
            if (off > bound)
                fail_msg("%s (%d×%d×%d): %s[%zu]: the slope is %g, the step went %g", line,
                         net->input.channels, net->input.height, net->input.width, net->tensors[t].name, at,
                         slope_at(net, w, step, samples), went);
        }
    assert_true(moved);
}

static void a_step_goes_down_the_slope(void **state)
{
    (void)state;
    const ht_hyper hyper = {.lr = 1, .train_output = true, .input_bound = 10};
    for (int i = 0; i < LINES * 4; i++) {
        const char *line = lines[i / 4];
        const ht_params p = params_of(line, i & 1);
        const ht_shape shape = shape_of(line, i / 2 % 2);
        ht_samples samples = samples_of(line, shape);
        ht_network *net = network_of(&p, shape, CLASSES);
        ht_network_init(net, 7, NULL);
        ht_network *after = ht_network_copy(net, &err);
        ht_step *step = ht_step_new(net, COUNT + 3, 0, 1, &err);
        ht_step_result r = ht_step_run(step, after, samples.x, samples.labels, COUNT, &hyper, NULL);
        assert_null(r.refused);
        if (!strstr(line, "batch") && !(fabs(r.loss - loss_of(net, &samples)) < 1e-6))
            fail_msg("%s: the step's loss is %.9g, evaluated %.9g", line, r.loss, loss_of(net, &samples));
        check_slopes(line, net, after, &samples);
        ht_step_free(step);
        ht_network_free(after);
        ht_network_free(net);
        naive_free_samples(&samples);
    }
}

/* ---- threads ----------------------------------------------------------------------------------- */

static void bits_are_those_of_one_thread(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, THREADS};
    for (int i = 0; i < LINES + 1; i++) {
        const char *line =
            i < LINES ? lines[i]
                      : "conv 40 3x3 same, dropout 0.5, res(conv 70 3x3 same), norm, pool 2, dense 300";
        const ht_shape shape = shape_of(line, !strstr(line, "attention"));
        ht_samples samples = samples_of(line, shape);
        const ht_params p = params_of(line, i & 1);
        ht_network *kept[3];
        ht_score score[3];
        for (int k = 0; k < 3; k++) {
            ht_pool *pool = small_pool(threads[k]);
            ht_network *net = kept[k] = network_of(&p, shape, CLASSES);
            ht_network_init(net, 7, pool);
            ht_step *step = ht_step_new(net, COUNT, 1, THREADS, &err);
            ht_hyper hyper = {.lr = 0.1,
                              .momentum = 0.9,
                              .weight_decay = 0.01,
                              .train_output = true,
                              .input_bound = 10,
                              .noise = {.type = HT_NOISE_IID, .alpha = 1.7, .seed = 3},
                              .noise_scale = 0.001};
            for (int n = 0; n < 4; n++) {
                hyper.noise.step = (uint64_t)n + 1;
                assert_null(
                    ht_step_run(step, net, samples.x, samples.labels, COUNT - n, &hyper, pool).refused);
            }
            assert_int_equal(ht_network_evaluate(net, &samples, NULL, pool, &score[k], &err), HT_OK);
            if (k > 0 && (!small_same(net, kept[0]) || score[k].loss != score[0].loss))
                fail_msg("%s: %d threads give other bits", line, threads[k]);
            ht_step_free(step);
            ht_pool_free(pool);
        }
        for (int k = 0; k < 3; k++) ht_network_free(kept[k]);
        naive_free_samples(&samples);
    }
}

/* ---- PyTorch ----------------------------------------------------------------------------------- */

typedef struct golden_case {
    char dir[80];
    json_t *about;
    ht_params params;
    ht_shape shape;
    ht_samples samples;
    ht_network *net;
} golden_case;

static double number_of(const golden_case *c, const char *key)
{
    return json_number_value(json_object_get(c->about, key));
}

static const char *path_of(const golden_case *c, const char *file)
{
    static char name[160];
    snprintf(name, sizeof name, "%s/%s", c->dir, file);
    return golden_path(name);
}

/* Tensor number i of a file, in its order, as floats; as large as the network's. */
static void read_tensor(const golden_case *c, const char *file, int i, float *to)
{
    ht_safetensors *tensors = ht_safetensors_open(path_of(c, file), &err);
    ht_tensor_info info;
    float *read = NULL;
    assert_non_null(tensors);
    assert_in_range(ht_safetensors_count(tensors), c->net->tensor_count,
                    c->net->tensor_count + ht_network_is_tied(c->net)); /* a tied output twice */
    assert_int_equal(ht_safetensors_describe(tensors, (size_t)i, &info, &err), HT_OK);
    assert_int_equal(info.count, ht_tensor_size(&c->net->tensors[i]));
    assert_int_equal(ht_safetensors_load_floats(tensors, &info, &read, &err), HT_OK);
    memcpy(to, read, info.count * sizeof *to);
    ht_free(read);
    ht_safetensors_close(tensors);
}

static golden_case open_case(const char *name)
{
    golden_case c = {0};
    char file[200];
    json_error_t error;
    snprintf(c.dir, sizeof c.dir, "layers/%s", name);
    c.about = json_load_file(path_of(&c, "case.json"), 0, &error);
    assert_non_null(c.about);
    json_t *input = json_object_get(c.about, "input");
    int sides[3] = {1, 1, 1};
    for (size_t i = 0; i < json_array_size(input) && i < 3; i++)
        sides[i] = (int)json_integer_value(json_array_get(input, i));
    c.shape = (ht_shape){sides[0], sides[1], sides[2]};
    if (number_of(&c, "tied") > 0) c.shape = (ht_shape){1, 1, sides[0]};
    c.params = params_of(json_string_value(json_object_get(c.about, "layers")), number_of(&c, "bias") != 0);
    ht_params_put(&c.params, HT_P_MODEL_TIED, number_of(&c, "tied"));
    snprintf(file, sizeof file, "%s/X_train.npy", c.dir);
    ht_npy x = golden_array(file, HT_NPY_FLOAT);
    snprintf(file, sizeof file, "%s/y_train.npy", c.dir);
    ht_npy y = golden_array(file, HT_NPY_DOUBLE);
    size_t labels = y.ndim > 1 ? y.shape[0] * y.shape[1] : y.shape[0];
    c.samples = (ht_samples){y.shape[0], x.f32, malloc(labels * sizeof(int32_t))};
    for (size_t i = 0; i < labels; i++) c.samples.labels[i] = (int32_t)y.f64[i];
    x.f32 = NULL;
    ht_npy_free(&x);
    ht_npy_free(&y);
    c.net = network_of(&c.params, c.shape, (int)number_of(&c, "classes"));
    for (int t = 0; t < c.net->tensor_count; t++)
        read_tensor(&c, "init.safetensors", t, c.net->tensors[t].data);
    return c;
}

static void close_case(golden_case *c)
{
    json_decref(c->about);
    ht_free(c->samples.x);
    free(c->samples.labels);
    ht_network_free(c->net);
}

static double distance(const golden_case *c, const char *file, int t, const float *from)
{
    size_t size = ht_tensor_size(&c->net->tensors[t]);
    float *right = malloc(size * sizeof *right);
    double off = 0, norm = 0;
    read_tensor(c, file, t, right);
    for (size_t i = 0; i < size; i++) {
        off += pow((double)(from[i] - right[i]), 2);
        norm += pow((double)right[i], 2);
    }
    free(right);
    return sqrt(off / norm);
}

/* One line of steps.csv a step: the loss before it. */
typedef struct losses {
    double at[16];
    int count;
} losses;

static void note_loss(void *context, int fields, char **field)
{
    losses *l = context;
    assert_true(fields > 1 && l->count < 16);
    l->at[l->count++] = strtod(field[1], NULL);
}

static void steps_are_those_of_pytorch(void **state)
{
    (void)state;
    static const char *const cases[] = {"mlp-widths-bias", "conv-sgd",         "conv-bias-momentum",
                                        "conv-residual",   "conv-stride-adam", "gpt-pico"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        golden_case c = open_case(cases[i]);
        char file[120];
        losses wanted = {0};
        double gradients = 0, weights = 0, off = 0;
        snprintf(file, sizeof file, "%s/steps.csv", c.dir);
        golden_csv(file, note_loss, &wanted);
        assert_int_equal(ht_params_set(&c.params, "train.optimizer",
                                       json_string_value(json_object_get(c.about, "optimizer")), &err),
                         HT_OK);
        ht_hyper hyper = {.lr = number_of(&c, "lr"),
                          .momentum = number_of(&c, "momentum"),
                          .weight_decay = number_of(&c, "weight_decay"),
                          .optimizer = ht_optimizer_of(&c.params),
                          .train_output = true,
                          .input_bound = 10};
        ht_step *step = ht_step_new(c.net, (int)c.samples.count, HT_STEP_ARRAYS, 1, &err);
        for (int n = 0; n < (int)number_of(&c, "steps"); n++) {
            hyper.number = (uint64_t)n + 1;
            ht_step_result r =
                ht_step_run(step, c.net, c.samples.x, c.samples.labels, (int)c.samples.count, &hyper, NULL);
            assert_null(r.refused);
            off = fmax(off, fabs(r.loss / wanted.at[n] - 1));
            for (int t = 0; t < c.net->tensor_count && n == 0 && hyper.weight_decay == 0; t++)
                gradients = fmax(gradients, distance(&c, "gradient.safetensors", t,
                                                     ht_step_array(step, HT_STEP_GRADIENT, t)));
        }
        for (int t = 0; t < c.net->tensor_count; t++)
            weights = fmax(weights, distance(&c, "after.safetensors", t, c.net->tensors[t].data));
        print_message("figures: %s: gradients within %.1e of PyTorch's, weights %.1e, losses %.1e\n",
                      cases[i], gradients, weights, off);
        assert_true(gradients < 1e-5 && weights < 2e-5 && off < 1e-5);
        ht_step_free(step);
        close_case(&c);
    }
}

/* ---- lines and shapes -------------------------------------------------------------------------- */

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"conv 4 9x9", "item 1, conv: a window of 9×9 does not fit what comes in, 3×8×8"},
        {"conv 4 11x11 pad 1", "a window of 11×11 does not fit what comes in, 3×8×8, padded by 1"},
        {"conv 4 3x3, pool 7", "item 2, pool: a window of 7×7 does not fit what comes in, 4×6×6"},
        {"res(conv 4 3x3), dense 3", "item 1, res: 3×8×8 goes in and 4×6×6 comes out"},
        {"dense 4, conv 2 3x3",
         "item 2, conv: a window of 3×3 needs places, and a plain row of 4 values comes in"},
        {"dense 9, pool 2",
         "item 2, pool: a window of 2×2 needs places, and a plain row of 9 values comes in"},
        {"dense 9, embed 4", "item 2, embed: it reads the numbers of tokens, so it must be the first item"},
        {"embed 4, dense 3", "item 1, embed: it reads the numbers of tokens, one after the other, and 3×8×8"},
        {"attention 3", "item 1, attention: it reads places one after the other, and 3×8×8 come in"},
        {"dense 9, attention 2",
         "item 2, attention: it reads places one after the other, and a plain row of 9"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const ht_params p = params_of(wrong[i][0], false);
        assert_null(ht_network_of(&p, (ht_shape){3, 8, 8}, CLASSES, &err));
        assert_int_equal(err.code, HT_USAGE);
        if (!strstr(err.text, wrong[i][1])) fail_msg("%s: '%s'", wrong[i][0], err.text);
    }
}

static void tensors_are_as_in_pytorch(void **state)
{
    (void)state;
    const ht_params p = params_of("conv 6 5x5 pad 2, pool 2, norm, conv 2n 3x3 stride 2, dense 7", true);
    ht_network *net = network_of(&p, (ht_shape){1, 12, 12}, CLASSES);
    static const struct {
        const char *name;
        int rows, columns, number;
        bool noisy;
    } wanted[] = {{"layers.0.weight", 6, 25, 0, false}, {"layers.0.bias", 6, 1, 0, false},
                  {"layers.1.weight", 6, 1, -1, false}, {"layers.1.bias", 6, 1, -1, false},
                  {"layers.2.weight", 16, 54, 1, true}, {"layers.2.bias", 16, 1, 1, false},
                  {"layers.3.weight", 7, 64, 2, true},  {"layers.3.bias", 7, 1, 2, false},
                  {"layers.4.weight", 3, 7, 3, false},  {"layers.4.bias", 3, 1, 3, false}};
    assert_int_equal(net->tensor_count, 10);
    assert_int_equal(net->weight_count, 4);
    for (int t = 0; t < net->tensor_count; t++) {
        const ht_tensor *tensor = &net->tensors[t];
        assert_string_equal(tensor->name, wanted[t].name);
        assert_int_equal(tensor->rows, wanted[t].rows);
        assert_int_equal(tensor->columns, wanted[t].columns);
        assert_int_equal(tensor->number, wanted[t].number);
        assert_int_equal((tensor->flags & HT_TENSOR_NOISY) != 0, wanted[t].noisy);
    }
    ht_network_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_in_a_line),      cmocka_unit_test(a_step_goes_down_the_slope),
        cmocka_unit_test(bits_are_those_of_one_thread), cmocka_unit_test(steps_are_those_of_pytorch),
        cmocka_unit_test(what_does_not_fit_is_named),   cmocka_unit_test(tensors_are_as_in_pytorch),
    };
    return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
