/* The methods from outside: settings, what runs tell, codes that a second process reads. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

static json_t *answer(const char *const args[], int status)
{
    const sandbox_result *r = sandbox_run(args);
    assert_status(r, status);
    return sandbox_json_of(r->out);
}

#define TRAIN "train", "--quiet", "--model.width", "60", "--noise.type", "none", "--train.weight_decay", "0"

static void a_run_tells_what_each_method_measures(void **state)
{
    (void)state;
    const char *const args[] = {
        TRAIN, "--json",          "--steps", "40", "--train.average", "10", "--occam.lambda0",
        "0.2", "--occam.holdout", "0.2",     NULL};
    json_t *whole = answer(args, 0), *root = json_object_get(whole, "methods"),
           *occam = json_object_get(root, "occam");
    assert_true(fabs(sandbox_number(root, "eta_over_b") - 0.01 / 250) < 1e-9);
    assert_int_equal(sandbox_number(json_object_get(root, "average"), "iterates"), 10);
    json_t *epochs = json_object_get(occam, "epochs");
    assert_int_equal(json_array_size(epochs), 20); /* 400 samples in batches of 250 */
    assert_true(fabs(sandbox_number(json_array_get(epochs, 0), "kept") - 0.8) < 0.001);
    assert_true(sandbox_number(json_object_get(root, "weights"), "nonzero") ==
                sandbox_number(json_array_get(epochs, 19), "kept"));
    assert_true(sandbox_number(json_object_get(occam, "best"), "epoch") >= 1);
    json_decref(whole);
}

static void factors_and_momentum_do_not_go_together(void **state)
{
    (void)state;
    const char *const args[] = {TRAIN, "--model.factors", "2", "--train.momentum", "0.9", NULL};
    const sandbox_result *r = sandbox_run(args);
    assert_int_equal(r->status, 2);
    assert_non_null(strstr(r->err, "train.momentum"));
}

/* Stopped, resumed by another process, and in one go: the same numbers. */
static void a_factorized_run_resumes(void **state)
{
    (void)state;
    const char *const half[] = {TRAIN, "--model.factors", "3", "--train.lr", "0.5", "--steps",
                                "20",  "--run",           "r", NULL};
    const char *const rest[] = {"train", "--quiet", "--json", "--steps", "40", "--run", "r", NULL};
    const char *const whole[] = {TRAIN, "--json", "--model.factors", "3", "--train.lr", "0.5", "--steps",
                                 "40",  NULL};
    assert_int_equal(sandbox_run(half)->status, 0);
    json_t *a = answer(rest, 0), *b = answer(whole, 0);
    assert_true(json_equal(json_object_get(a, "test"), json_object_get(b, "test")));
    assert_true(json_equal(json_object_get(a, "methods"), json_object_get(b, "methods")));
    json_decref(a);
    json_decref(b);
}

/* What the epochs said before the stop is still known after it. */
static void a_resumed_run_knows_its_epochs(void **state)
{
    (void)state;
#define OCCAM TRAIN, "--occam.lambda0", "0.2", "--occam.holdout", "0.2", "--steps"
    const char *const half[] = {OCCAM, "13", "--run", "o", NULL};
    const char *const rest[] = {"train", "--quiet", "--json", "--steps", "40", "--run", "o", NULL};
    const char *const whole[] = {OCCAM, "40", "--json", NULL};
    assert_int_equal(sandbox_run(half)->status, 0);
    json_t *a = answer(rest, 0), *b = answer(whole, 0);
    json_t *rows = json_object_get(json_object_get(json_object_get(a, "methods"), "occam"), "epochs");
    assert_int_equal(json_array_size(rows), 20);
    assert_true(json_equal(json_object_get(a, "methods"), json_object_get(b, "methods")));
    json_decref(a);
    json_decref(b);
}

/* Size, loss and accuracy over epochs: all of them, also those of the sitting before; a way back takes its
 * own. */
static void o_shows_the_epochs_of_every_sitting(void **state)
{
    const char *const first[] = {OCCAM, "200", "--run", "shown", NULL};
    assert_int_equal(sandbox_run(first)->status, 0);
    vt *t = LAB(state, 120, 40, "--run", "shown");
    vt_key(t, "o");
    vt_assert(t, vt_wait_text(t, "Size and accuracy", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Loss of the samples held back", PATIENCE));
    vt_assert(t, vt_wait_text(t, "epoch                  100", PATIENCE)); /* 400 samples in batches of 250 */
    vt_assert(t, vt_wait_text(t, "best epoch", PATIENCE));
    vt_assert(t, vt_wait_text(t, "η/b               4.00e-05", PATIENCE));
    vt_assert(t, vt_wait_text(t, "|w| > 2⁻²³", PATIENCE));
    vt_key(t, "r");
    vt_assert(t, vt_wait_text(t, "none yet", PATIENCE));
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "epoch                  100", PATIENCE));
    vt_resize(t, 80, 24);
    vt_assert(t, vt_wait_gone(t, "Tail index of the rows", PATIENCE));
    for (int i = 0; i < 3; i++) vt_key(t, "Tab"); /* the chosen chart takes another's place */
    vt_assert(t, vt_wait_text(t, "Tail index of the rows", PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
}

static void a_second_process_decodes_the_network_that_was_certified(void **state)
{
    (void)state;
    const char *const train[] = {TRAIN, "--steps", "200", "--run", "coded", NULL};
    const char *const certify[] = {"certify", "coded", "--json", "--out", "best.htc", NULL};
    const char *const decode[] = {"certify", "--decode", "best.htc", "--data", "ecg-synth", "--json", NULL};
    const char *const write[] = {"certify", "--decode", "best.htc", "--out", "best.safetensors", NULL};
    assert_int_equal(sandbox_run(train)->status, 0);
    json_t *curve = answer(certify, 0), *smallest = json_object_get(curve, "smallest"),
           *found = answer(decode, 0);
    static const char *const same[] = {"q", "bits", "kept_weights", "train_error", "test_error", "bound"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (sandbox_number(smallest, same[i]) != sandbox_number(found, same[i]))
            fail_msg("%s: %g and %g", same[i], sandbox_number(smallest, same[i]),
                     sandbox_number(found, same[i]));
    size_t index;
    json_t *point;
    json_array_foreach(json_object_get(curve, "points"), index, point)
    {
        double bits = sandbox_number(point, "bits"), bound = sandbox_number(point, "bound");
        assert_true(fabs(sandbox_number(point, "train_error") + sqrt((bits * M_LN2 + log(20)) / 1000) -
                         bound) < 1e-8);
        assert_true(json_is_true(json_object_get(point, "vacuous")) == !(bound < 0.5)); /* of two classes */
        assert_true(bound >= sandbox_number(smallest, "bound"));
    }
    assert_true(sandbox_number(curve, "blind_error") == 0.5);
    assert_true(json_equal(json_object_get(curve, "best"), smallest) ==
                (sandbox_number(smallest, "bound") < 0.5));
    assert_int_equal(sandbox_run(write)->status, 0);
    assert_int_equal(access("best.safetensors", R_OK), 0);
    json_decref(curve);
    json_decref(found);
}

/* 50 samples prove nothing of any network, and nothing is called the best. */
static void a_vacuous_bound_is_no_best_one(void **state)
{
    (void)state;
    const char *const train[] = {"train", "--steps", "5", "--data.train_limit", "50", "--run",
                                 "few",   "--quiet", NULL};
    const char *const json[] = {"certify", "few", "--json", NULL}, *const words[] = {"certify", "few", NULL};
    assert_status(sandbox_run(train), 0);
    json_t *curve = answer(json, 0);
    assert_true(json_is_null(json_object_get(curve, "best")));
    assert_true(sandbox_number(json_object_get(curve, "smallest"), "bound") > 0.5);
    json_decref(curve);
    const char *said = sandbox_run(words)->out;
    assert_says(said, "All are vacuous: blind guesses err with 0.5");
    assert_null(strstr(said, "← smallest"));
}

static void what_is_no_code_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    sandbox_shell("printf HTC1xyz > bad.htc");
    const char *const bad[] = {"certify", "--decode", "bad.htc", "--out", "x.safetensors", NULL};
    const char *const none[] = {"certify", NULL};
    const char *const aimless[] = {"certify", "--decode", "bad.htc", NULL};
    const sandbox_result *r = sandbox_run(bad);
    assert_int_equal(r->status, 1);
    assert_non_null(strstr(r->err, "bad.htc"));
    assert_int_equal(access("x.safetensors", F_OK), -1);
    assert_int_equal(sandbox_run(none)->status, 2);
    assert_int_equal(sandbox_run(aimless)->status, 2);
}

/* Every number is told over the same seeds. */
static void check_spreads(json_t *method, json_t *seeds)
{
    json_t *all = json_object_get(method, "over_seeds"), *spread;
    const char *name;
    double first = sandbox_number(json_array_get(seeds, 0), "test_accuracy"),
           second = sandbox_number(json_array_get(seeds, 1), "test_accuracy");
    assert_int_equal(json_object_size(all), 6);
    json_object_foreach(all, name, spread)
    {
        json_t *quartiles = json_object_get(spread, "quartiles"), *range = json_object_get(spread, "range");
        double median = sandbox_number(spread, "median"), least = json_number_value(json_array_get(range, 0)),
               most = json_number_value(json_array_get(range, 1));
        assert_int_equal(sandbox_number(spread, "seeds"), 2);
        assert_true(fabs(median - (least + most) / 2) < 1e-8 && least <= most);
        assert_true(json_number_value(json_array_get(quartiles, 0)) >= least);
    }
    assert_true(fabs(sandbox_number(json_object_get(all, "test_accuracy"), "median") - (first + second) / 2) <
                1e-8);
    spread = json_object_get(json_object_get(all, "test_loss"), "range");
    double own = sandbox_number(json_object_get(method, "test"), "loss"),
           least = json_number_value(json_array_get(spread, 0)),
           most = json_number_value(json_array_get(spread, 1));
    assert_true(fabs(own - least) < 1e-8 || fabs(own - most) < 1e-8);
}

static void methods_are_compared_in_one_object_and_one_picture(void **state)
{
    (void)state;
    const char *const args[] = {"compare",       "--json", "--png",   "methods.png", "--steps", "30",
                                "--model.width", "50",     "--seeds", "3,4",         NULL};
    json_t *root = answer(args, 0), *methods = json_object_get(root, "methods"), *method;
    size_t index;
    assert_int_equal(sandbox_number(root, "schema"), 2);
    assert_int_equal(json_array_size(methods), 10);
    json_array_foreach(methods, index, method)
    {
        assert_true(json_is_string(json_object_get(method, "method")));
        json_t *type = json_object_get(json_object_get(method, "params"), "noise.type");
        const char *pruning = json_string_value(json_object_get(method, "pruned_by"));
        if (strcmp(json_string_value(type), "none") != 0) assert_string_equal(pruning, "node");
        assert_true(sandbox_number(json_object_get(method, "test"), "accuracy") > 0);
        assert_true(sandbox_number(method, "kept") > 0 && sandbox_number(method, "kept") <= 1);
        json_t *needed = json_object_get(method, "needed"), *seeds = json_object_get(needed, "seeds");
        assert_int_equal(json_array_size(seeds), 2);
        assert_true(sandbox_number(json_array_get(seeds, 0), "share") == sandbox_number(method, "kept"));
        assert_true(sandbox_number(json_array_get(seeds, 1), "seed") == 4);
        double mean =
            (sandbox_number(method, "kept") + sandbox_number(json_array_get(seeds, 1), "share")) / 2;
        assert_true(fabs(sandbox_number(needed, "share") - mean) < 1e-8);
        assert_true(fabs(sandbox_number(needed, "parameters") - mean * (50 * 142)) <= 0.5 + 1e-4);
        assert_int_equal(json_is_true(json_object_get(needed, "reached")), mean < 1);
        check_spreads(method, seeds);
        assert_true(sandbox_number(json_object_get(method, "params"), "model.width") == 50);
        assert_true(json_array_size(json_object_get(method, "curve")) >= 20);
    }
    assert_int_equal(access("methods.png", R_OK), 0);
    json_decref(root);
    const char *const bad[] = {"compare", "--method", "luck", NULL};
    assert_int_equal(sandbox_run(bad)->status, 2);
    assert_non_null(strstr(sandbox_run(bad)->err, "--method"));
    const char *const many[] = {"compare", "--seeds", "1..99", NULL};
    assert_int_equal(sandbox_run(many)->status, 2);
    assert_non_null(strstr(sandbox_run(many)->err, "at most 16 seeds"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_tells_what_each_method_measures),
        cmocka_unit_test(factors_and_momentum_do_not_go_together),
        cmocka_unit_test(a_factorized_run_resumes),
        cmocka_unit_test(a_resumed_run_knows_its_epochs),
        cmocka_unit_test_teardown(o_shows_the_epochs_of_every_sitting, vt_teardown),
        cmocka_unit_test(a_second_process_decodes_the_network_that_was_certified),
        cmocka_unit_test(a_vacuous_bound_is_no_best_one),
        cmocka_unit_test(what_is_no_code_is_an_error_that_names_the_file),
        cmocka_unit_test(methods_are_compared_in_one_object_and_one_picture),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
