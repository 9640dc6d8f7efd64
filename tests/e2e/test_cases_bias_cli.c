/* Every command that takes a network, with hidden layers of unequal widths: narrowing, widening, one neuron.
 * What it says is what a plain loop says. Networks whose outputs overflow are refused by name. And noise of α
 * below 1 from the command line. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "weights/net/netfile.h"
#include "data/npy.h"
#include "num/linalg.h"
#include "sandbox.h"
#include "unit/naive.h"

enum { INPUTS = 140, CLASSES = 2, TRAIN = 500, TEST = 200 }; /* as ecg-synth */

static ht_error err;
static ht_dataset *data;

static const struct shape {
    const char *file;
    int widths[HT_HIDDEN_MAX], depth;
    ht_activation activation;
    bool mean_field;
} shapes[] = {
    {"narrower.safetensors", {64, 8}, 2, HT_RELU, true},
    {"wider.safetensors", {8, 140}, 2, HT_TANH, false},
    {"much-wider.safetensors", {2, 64}, 2, HT_RELU, false},
    {"one.safetensors", {1}, 1, HT_LEAKY_RELU, false},
    {"waist.safetensors", {5, 40, 1, 17}, 4, HT_TANH, true},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static ht_network *network_of(int k)
{
    const struct shape *s = &shapes[k];
    return naive_network(INPUTS, s->widths, s->depth, CLASSES, s->activation, s->mean_field, 0,
                         (uint64_t)k + 20);
}

static int enter(void **state)
{
    int code = sandbox_enter(state);
    ht_linalg_init();
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(k);
        assert_int_equal(ht_netfile_write(shapes[k].file, net, NULL, "a test", &err), HT_OK);
        ht_network_free(net);
    }
    data = ht_dataset_load("ecg-synth",
                           &(ht_data_options){.seed = 1, .train_limit = TRAIN, .test_limit = TEST}, &err);
    assert_non_null(data);
    return code;
}

static int leave(void **state)
{
    ht_dataset_free(data);
    return sandbox_leave(state);
}

#define DATA "--data", "ecg-synth", "--set", "data.test_limit=200"

/* As the plain loop leaves it; singular values and what samples calibrate by the library, on which the unit
 * tests look. */
static ht_network *pruned(int k, int method)
{
    ht_network *net = network_of(k);
    ht_prune_result result;
    ht_params params;
    ht_params_init(&params);
    ht_prune_spec spec = ht_prune_spec_of(&params, &data->train);
    spec.method = (ht_prune_method)method;
    spec.ratio = 0.34;
    if (method == HT_PRUNE_SVD || ht_prune_at(spec.method)->calibrated)
        assert_int_equal(ht_prune_apply(net, &spec, NULL, &result, &err), HT_OK);
    else
        naive_prune(net, spec.method, spec.ratio, spec.seed);
    return net;
}

static void prune_says_what_a_plain_loop_says(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(k);
        naive_result before = naive_score(net, &data->test, NULL);
        ht_network_free(net);
        for (int m = 0; m < HT_PRUNE_METHODS; m++) {
            const char *name = ht_prune_at((ht_prune_method)m)->name, *file = shapes[k].file;
            ht_network *right = pruned(k, m);
            naive_result after = naive_score(right, &data->test, NULL);
            json_t *root = sandbox_json(RUN("prune", file, DATA, "--method", name, "--ratio", "0.34",
                                            "--json", "--curve", "--out", "whole.safetensors"));
            const json_t *whole = json_object_get(root, "whole");
            naive_assert_score((ht_score){sandbox_number(whole, "loss"), sandbox_number(whole, "accuracy")},
                               before, file);
            naive_assert_score((ht_score){sandbox_number(root, "loss"), sandbox_number(root, "accuracy")},
                               after, name);
            json_t *first = json_array_get(json_object_get(root, "curve"), 0);
            naive_assert_score((ht_score){sandbox_number(first, "loss"), sandbox_number(first, "accuracy")},
                               before, name);
            json_decref(root);
            assert_status(RUN("prune", file, "--method", name, "--ratio", "0.34", DATA, "--out",
                              "small.safetensors", "--compact"),
                          0);
            for (int i = 0; i < 2; i++) {
                ht_network *back =
                    ht_netfile_read(i ? "small.safetensors" : "whole.safetensors", HT_RELU, false, &err);
                if (!back) fail_msg("%s", err.text);
                ht_score score;
                assert_int_equal(ht_network_evaluate(back, &data->test, NULL, NULL, &score, &err), HT_OK);
                naive_assert_score(score, after, name);
                ht_network_free(back);
            }
            ht_network_free(right);
        }
    }
}

static void prune_draws_and_cuts_by_error(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++) {
        const char *file = shapes[k].file;
        assert_status(RUN("prune", file, DATA, "--method", "all", "--png", "p.png", "--size", "800x500"), 0);
        sandbox_assert_ink("p.png", 800, 500);
        json_t *root = sandbox_json(RUN("prune", file, DATA, "--method", "all", "--error", "0.2", "--json"));
        const json_t *others = json_object_get(root, "others");
        assert_int_equal(json_array_size(others), HT_PRUNE_METHODS - 1);
        for (int m = 0; m < HT_PRUNE_METHODS; m++)
            if (m != HT_PRUNE_CORESET) /* that one keeps to it in expectation */
                assert_true(sandbox_number(m ? json_array_get(others, (size_t)m - 1) : root, "error") <=
                            0.2 + 1e-9);
        json_decref(root);
        assert_status(RUN("prune", file, DATA, "--method", "all", "--scope", "global"), 0);
    }
}

/* What comes back from the code is what the bound is about. */
static void certify_is_about_the_network_that_comes_back(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++) {
        json_t *root = sandbox_json(RUN("certify", shapes[k].file, DATA, "--json", "--out", "c.htc"));
        const json_t *best = json_object_get(root, "best");
        json_t *again =
            sandbox_json(RUN("certify", "--decode", "c.htc", "--out", "back.safetensors", DATA, "--json"));
        ht_network *back = ht_netfile_read("back.safetensors", HT_RELU, false, &err);
        if (!back) fail_msg("%s", err.text);
        assert_true(ht_network_hidden(back) == shapes[k].depth && back->mean_field == shapes[k].mean_field &&
                    ht_network_activation(back, 0) == shapes[k].activation);
        for (int l = 0; l < ht_network_hidden(back); l++)
            assert_int_equal(back->weights[l]->rows, shapes[k].widths[l]);
        naive_result score = naive_score(back, &data->train, NULL);
        assert_true(fabs(1 - score.accuracy - sandbox_number(best, "train_error")) < 1e-9 + score.tied);
        assert_true(sandbox_number(again, "train_error") == sandbox_number(best, "train_error"));
        assert_true(sandbox_number(again, "test_error") == sandbox_number(best, "test_error"));
        assert_true(sandbox_number(again, "bits") == sandbox_number(best, "bits"));
        assert_true(fabs(sandbox_number(again, "bound") - sandbox_number(best, "bound")) < 1e-12);
        ht_network_free(back);
        json_decref(again);
        json_decref(root);
        assert_status(RUN("certify", shapes[k].file, DATA, "--method", "node"), 0);
    }
}

static void tail_reads_every_layer(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++) {
        const sandbox_result *r = RUN("tail", shapes[k].file);
        assert_true(r->status == 0 || r->status == 1); /* one neuron may be too few */
        for (int l = 0; l < shapes[k].depth; l++) {
            char name[32];
            snprintf(name, sizeof name, "layers.%d.weight", l);
            assert_says(r->out, name);
        }
    }
}

/* A run says one width; a checkpoint of others is no part of it, and nothing may crash over it. */
static void a_run_with_a_checkpoint_of_other_widths_is_one_clear_error(void **state)
{
    static const char *const commands[][8] = {{"snapshot", "run", "--out", "s.png"},
                                              {"replay", "run"},
                                              {"train", "--run", "run", "--steps", "30"},
                                              {"prune", "run"},
                                              {"certify", "run"},
                                              {"tail", "run"}};
    (void)state;
    assert_status(RUN("train", "--set", "model.width=64", "--set", "model.depth=2", "--set",
                      "data.test_limit=200", "--steps", "5", "--run", "run", "--quiet"),
                  0);
    for (int k = 0; k < SHAPES; k++)
        for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
            char copy[200];
            snprintf(copy, sizeof copy, "cp %s run/checkpoint.safetensors", shapes[k].file);
            assert_status(sandbox_shell(copy), 0);
            const sandbox_result *r = sandbox_run(commands[c]);
            if (r->status > 3) fail_msg("%s: exit %d: %s", commands[c][0], r->status, r->err);
            if (c < 3) assert_int_not_equal(r->status, 0);
            if (r->status) assert_says(r->err, "run");
        }
}

/* A network whose weights are multiplied until its outputs leave the floats. */
static void outputs_beyond_floats_are_refused_by_name(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(k);
        float most = 0;
        for (int l = 0; l < net->weight_count; l++) {
            for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++)
                most = fmaxf(most, fabsf(net->weights[l]->data[i]));
            for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++)
                net->weights[l]->data[i] *= 3e38f / (4 * most);
        }
        assert_int_equal(ht_netfile_write("huge.safetensors", net, NULL, "a test", &err), HT_OK);
        bool bounded = ht_network_activation(net, 0) == HT_TANH; /* its outputs are large, and numbers */
        ht_network_free(net);
        for (int c = 0; c < 2; c++) {
            const sandbox_result *r = RUN(c ? "certify" : "prune", "huge.safetensors", DATA);
            assert_null(strstr(r->out, "nan"));
            assert_null(strstr(r->err, "damaged"));
            if (bounded) continue;
            assert_status(r, 1);
            assert_says(r->err, "huge.safetensors");
            assert_says(r->err, "largest float");
        }
    }
}

static int by_size(const void *a, const void *b)
{
    float x = fabsf(*(const float *)a), y = fabsf(*(const float *)b);
    return (x > y) - (x < y);
}

/* The median of |X| by scipy.stats.levy_stable: 1.28383 at α = 0.5, 1.01758 at 0.9; Cauchy: 1. */
static void noise_below_one_has_its_median(void **state)
{
    static const struct {
        const char *alpha;
        double median;
    } cases[] = {{"0.5", 1.283832775}, {"0.9", 1.017583408}, {"1", 1}};
    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (int type = 0; type < 3; type++) {
            static const char *const types[] = {"iid", "shared", "isotropic"};
            ht_npy x;
            assert_status(RUN("noise", "--type", types[type], "--alpha", cases[k].alpha, "--shape",
                              type ? "40000x1" : "1x40000", "--seed", "3", "--out", "x.npy"),
                          0);
            assert_int_equal(ht_npy_read("x.npy", HT_NPY_FLOAT, &x, &err), HT_OK);
            for (size_t i = 0; i < x.count; i++) assert_true(isfinite(x.f32[i]));
            qsort(x.f32, x.count, sizeof *x.f32, by_size);
            double median = (double)fabsf(x.f32[x.count / 2]) * (type == 2 ? M_SQRT2 : 1);
            assert_true(fabs(median / cases[k].median - 1) < 0.05);
            ht_npy_free(&x);
        }
    assert_status(RUN("noise", "--alpha", "0.3", "--shape", "3x3", "--out", "x.npy"), 0);
    assert_status(RUN("noise", "--alpha", "0.29", "--shape", "3x3", "--out", "x.npy"), 2);
}

static void training_and_sweeps_take_alpha_below_one(void **state)
{
    (void)state;
    json_t *root = sandbox_json(RUN("train", "--set", "noise.type=iid", "--set", "noise.alpha=0.4", "--set",
                                    "model.width=100", "--steps", "20", "--json", "--quiet"));
    assert_string_equal(json_string_value(json_object_get(root, "status")), "done");
    json_decref(root);
    const sandbox_result *r =
        RUN("sweep", "--vary", "noise.alpha=0.5,1.5", "--seeds", "1", "--set", "model.width=50", "--set",
            "train.steps=5", "--out", "swept", "--jobs", "1");
    assert_status(r, 0);
    assert_status(RUN("table", "swept"), 0);
    /* as large as it gets: a run that leaves the floats says that it diverged */
    r = RUN("train", "--set", "noise.type=isotropic", "--set", "noise.alpha=0.3", "--set", "noise.scale=100",
            "--set", "train.lr=100", "--set", "model.width=200", "--steps", "30", "--json", "--quiet");
    assert_int_equal(r->status, 3);
    assert_says(r->out, "diverged");
    assert_null(strstr(r->out, "nan"));
    r = RUN("train", "--set", "noise.type=isotropic", "--set", "noise.alpha=0.3", "--set", "noise.scale=100",
            "--set", "train.lr=100", "--set", "model.width=200", "--steps", "30", "--quiet");
    assert_int_equal(r->status, 3);
    assert_null(strstr(r->out, "nan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prune_says_what_a_plain_loop_says),
        cmocka_unit_test(prune_draws_and_cuts_by_error),
        cmocka_unit_test(certify_is_about_the_network_that_comes_back),
        cmocka_unit_test(tail_reads_every_layer),
        cmocka_unit_test(a_run_with_a_checkpoint_of_other_widths_is_one_clear_error),
        cmocka_unit_test(outputs_beyond_floats_are_refused_by_name),
        cmocka_unit_test(noise_below_one_has_its_median),
        cmocka_unit_test(training_and_sweeps_take_alpha_below_one),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
