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
    json_t *curve = answer(certify, 0), *smallest = json_object_get(curve, "best"),
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
    assert_true(json_is_true(json_object_get(json_object_get(curve, "best"), "vacuous")));
    assert_true(sandbox_number(json_object_get(curve, "best"), "bound") > 0.5);
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
    assert_int_equal(json_object_size(all), 7);
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

/* "runs" of the network of that name, or NULL where there is none. */
static json_t *network_of(json_t *root, const char *name, json_t **over_seeds)
{
    size_t i;
    json_t *n;
    json_array_foreach(json_object_get(root, "equal_size"), i, n)
    {
        if (strcmp(json_string_value(json_object_get(n, "network")), name) != 0) continue;
        *over_seeds = json_object_get(n, "over_seeds");
        return json_object_get(n, "runs");
    }
    return NULL;
}

#define EQUAL                                                                                                \
    "compare", "--equal-size", "--model.width", "40", "--train.batch", "100", "--steps", "60", "--seeds",    \
        "2..3"

static void occam_stands_beside_networks_of_its_size(void **state)
{
    (void)state;
    const char *const args[] = {EQUAL, "--json", NULL};
    json_t *root = answer(args, 0), *all, *ours;
    json_t *occam = network_of(root, "occam", &ours);
    static const char *const others[] = {"pruned", "narrow", "whole"};
    assert_int_equal(json_array_size(occam), 2);
    assert_null(network_of(root, "compute", &all)); /* of dense layers it is the pruned one */
    for (int o = 0; o < 3; o++) {
        json_t *runs = network_of(root, others[o], &all);
        for (size_t s = 0; s < 2; s++) {
            json_t *mine = json_array_get(occam, s), *other = json_array_get(runs, s);
            double most = sandbox_number(mine, "weights"), weights = sandbox_number(other, "weights");
            if (o < 2) assert_true(weights <= most && weights > 0.8 * most - 142);
            if (o == 0) assert_true(weights >= most - 2); /* a weight of each layer, at most */
            if (o == 2) assert_true(weights == 40 * 142 && sandbox_number(other, "share") == 1);
            assert_true(sandbox_number(other, "multiply_adds") == weights);
            assert_true(fabs(sandbox_number(other, "share") - weights / (40 * 142)) < 1e-9);
        }
        json_t *difference = json_object_get(all, "accuracy_over_occam");
        double of[2];
        for (size_t s = 0; s < 2; s++)
            of[s] = sandbox_number(json_array_get(runs, s), "test_accuracy") -
                    sandbox_number(json_array_get(occam, s), "test_accuracy");
        assert_true(fabs(sandbox_number(difference, "median") - (of[0] + of[1]) / 2) < 1e-9);
        assert_int_equal(sandbox_number(difference, "seeds"), 2);
    }
    assert_true(sandbox_number(json_array_get(occam, 0), "training") < 60. * 3 * 100 * 40 * 142);
    json_decref(root);
    /* What docs/methods.md says of heartbeats. */
    const char *const told[] = {"compare", "--equal-size", "--preset", "ecg-occam",
                                "--seeds", "1..2",         "--json",   NULL};
    root = answer(told, 0);
    occam = network_of(root, "occam", &ours);
    json_t *pruned = network_of(root, "pruned", &all);
    for (size_t s = 0; s < 2; s++) {
        json_t *mine = json_array_get(occam, s), *other = json_array_get(pruned, s);
        assert_true(sandbox_number(mine, "weights") < 60 && sandbox_number(mine, "test_accuracy") > 0.93);
        assert_true(sandbox_number(mine, "test_loss") < 0.5 * sandbox_number(other, "test_loss"));
        assert_true(sandbox_number(mine, "test_accuracy") > sandbox_number(other, "test_accuracy"));
    }
    assert_null(network_of(root, "narrow", &all)); /* no width is as small */
    json_decref(root);
    const char *const text[] = {EQUAL, "--method", "node", NULL}, *const picture[] = {EQUAL, "--png", "x.png",
                                                                                      NULL};
    const sandbox_result *r = sandbox_run(text);
    assert_int_equal(r->status, 0);
    assert_non_null(strstr(r->out, "pruned by node"));
    assert_non_null(strstr(r->out, "trained without, as narrow from the start"));
    assert_non_null(strstr(r->out, "Each is the network of the epoch whose samples held back"));
    assert_int_equal(sandbox_run(picture)->status, 2);
}

/* Heads that went are zeros in both; each weight counts once a position, so that sizes are of one kind; and a
 * width that heads do not divide is none. */
static void networks_on_sequences_are_of_occam_s_size(void **state)
{
    (void)state;
#define SEQUENCES                                                                                            \
    "compare", "--equal-size", "--data", "markov", "--data.context", "9", "--data.train_limit", "64",        \
        "--data.test_limit", "16", "--model.width", "12", "--train.batch", "16", "--steps", "40", "--seeds", \
        "1..2", "--occam.lambda0", "0.8", "--occam.every", "1000", "--noise.type", "none", "--method",       \
        "node", "--layers",                                                                                  \
        "embed n, res(norm, attention 4), res(norm, dense 2n gelu, dense n linear), norm"
    const char *const args[] = {SEQUENCES, "--json", NULL}, *const text[] = {SEQUENCES, NULL};
    json_t *root = answer(args, 0), *all;
    json_t *occam = network_of(root, "occam", &all), *pruned = network_of(root, "pruned", &all),
           *narrow = network_of(root, "narrow", &all);
    assert_null(network_of(root, "compute", &all));
    for (size_t s = 0; s < 2; s++) {
        double most = sandbox_number(json_array_get(occam, s), "weights");
        double weights = sandbox_number(json_array_get(pruned, s), "weights");
        assert_true(most < 0.5 * (8 * 12 * 12 + 16 * 12)); /* heads among them: MLPs alone have no half */
        assert_true(weights <= most && weights > 0.8 * most);
        assert_true(sandbox_number(json_array_get(pruned, s), "multiply_adds") == 9 * weights);
        assert_true(sandbox_number(json_array_get(narrow, s), "weights") <= most);
        assert_true(sandbox_number(json_array_get(narrow, s), "weights") == 8 * 4 * 4 + 16 * 4);
    }
    json_decref(root);
    const sandbox_result *r = sandbox_run(text);
    assert_int_equal(r->status, 0);
    assert_non_null(strstr(r->out, "Occam's is the network of the epoch of the lowest training loss"));
}

/* The same bits for any number of threads, stopped and resumed or not: by the published rule, by neurons. */
static void occam_resumes_in_another_process(void **state)
{
    (void)state;
    static const char *const ways[][2] = {
        {"--occam.rule", "published"}, {"--occam.method", "node"}, {"--occam.every", "150"}};
    for (int w = 0; w < 3; w++) {
        char whole[32], rest[32];
        size_t size[2];
        snprintf(whole, sizeof whole, "occam-whole-%d", w);
        snprintf(rest, sizeof rest, "occam-rest-%d", w);
#define PRUNED_RUN                                                                                           \
    TRAIN, "--train.batch", "100", "--occam.lambda0", "0.3", "--occam.holdout", "0.2", ways[w][0], ways[w][1]
        const char *const all[] = {PRUNED_RUN, "--steps", "37", "--run", whole, NULL};
        const char *const first[] = {PRUNED_RUN, "--steps", "16", "--run", rest, NULL};
        const char *const then[] = {"train", "--quiet", "--steps", "37", "--run", rest, NULL};
        setenv("HEAVYTAIL_THREADS", "1", 1);
        assert_int_equal(sandbox_run(all)->status, 0);
        setenv("HEAVYTAIL_THREADS", "3", 1);
        assert_int_equal(sandbox_run(first)->status, 0);
        assert_int_equal(sandbox_run(then)->status, 0);
        unsetenv("HEAVYTAIL_THREADS");
        const char *const names[] = {"checkpoint.safetensors", "metrics.csv"};
        for (int n = 0; n < 2; n++) {
            char a[80], b[80];
            snprintf(a, sizeof a, "%s/%s", whole, names[n]);
            snprintf(b, sizeof b, "%s/%s", rest, names[n]);
            char *x = sandbox_read(a, &size[0]), *y = sandbox_read(b, &size[1]);
            assert_true(size[0] == size[1] && memcmp(x, y, size[0]) == 0);
            free(x);
            free(y);
        }
    }
}

static void what_occam_cannot_do_is_said_before_training(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *words;
    } cases[] = {{"--occam.method", "svd", "occam.method = svd cannot prune step by step"},
                 {"--occam.holdout", "0.0001", "holds back none; give at least"},
                 {"--occam.every", "99", "less than a step trains on"},
                 {"--occam.rule", "theirs", "occam.rule"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const args[] = {TRAIN, "--train.batch", "100",          "--steps", "3", "--occam.lambda0",
                                    "0.1", cases[i].key,    cases[i].value, NULL};
        const sandbox_result *r = sandbox_run(args);
        assert_int_equal(r->status, 2);
        if (!strstr(r->err, cases[i].words)) fail_msg("%s", r->err);
    }
}

/* 9 weights at 28 × 28 places, 10 · 196 at one: the filters' share of the computing is not that of the
 * weights. */
static void convolutions_are_counted_place_by_place(void **state)
{
    (void)state;
    const char *const train[] = {"train",
                                 "--quiet",
                                 "--json",
                                 "--data.name",
                                 "digits-synth",
                                 "--data.train_limit",
                                 "200",
                                 "--layers",
                                 "conv 1 3x3 same, pool 2",
                                 "--steps",
                                 "3",
                                 "--train.batch",
                                 "50",
                                 "--run",
                                 "conv-run",
                                 NULL};
    json_t *root = answer(train, 0), *compute = json_object_get(json_object_get(root, "methods"), "compute");
    const double whole = 9 * 784 + 10 * 196;
    assert_true(sandbox_number(compute, "whole") == whole &&
                sandbox_number(compute, "multiply_adds") == whole);
    assert_true(sandbox_number(compute, "training") == 3 * 50 * 3 * whole);
    json_decref(root);
    const char *const prune[] = {"prune", "conv-run", "--method", "magnitude", "--ratio",
                                 "0.5",   "--curve",  "--json",   NULL};
    root = answer(prune, 0);
    json_t *counts = json_object_get(root, "multiply_adds"), *point;
    assert_true(sandbox_number(counts, "before") == whole && sandbox_number(counts, "after") < whole);
    size_t i;
    bool apart = false;
    json_array_foreach(json_object_get(root, "curve"), i, point) apart =
        apart ||
        fabs(sandbox_number(point, "multiply_adds_left") - sandbox_number(point, "weights_left")) > 0.05;
    assert_true(apart);
    json_decref(root);
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
        cmocka_unit_test(occam_stands_beside_networks_of_its_size),
        cmocka_unit_test(networks_on_sequences_are_of_occam_s_size),
        cmocka_unit_test(occam_resumes_in_another_process),
        cmocka_unit_test(what_occam_cannot_do_is_said_before_training),
        cmocka_unit_test(convolutions_are_counted_place_by_place),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
