/* Networks of any widths and depths through every command, and in the lab. */
#include <jansson.h>
#include <string.h>

#include "sandbox.h"

enum { COLUMNS = 120, ROWS = 40 };

static int units_of(const json_t *layers, size_t l)
{
    return (int)json_integer_value(json_object_get(json_array_get(layers, l), "units"));
}

static void a_list_of_widths_goes_through_every_command(void **state)
{
    (void)state;
    assert_status(RUN("train", "--set", "model.widths=40,12,7", "--set", "noise.type=iid", "--set",
                      "noise.scale=0.01", "--steps", "30", "--run", "run", "--quiet"),
                  0);
    /* Taken up; the same list may be written otherwise. */
    assert_status(
        RUN("train", "--run", "run", "--steps", "50", "--set", "model.widths=40-12, 007", "--quiet"), 0);
    json_t *root = sandbox_json(RUN("prune", "run", "--json"));
    const json_t *layers = json_object_get(root, "layers");
    assert_int_equal(json_array_size(layers), 3);
    assert_true(units_of(layers, 0) == 40 && units_of(layers, 1) == 12 && units_of(layers, 2) == 7);
    json_decref(root);
    root = sandbox_json(RUN("tail", "run", "--json"));
    assert_int_equal(json_array_size(json_object_get(root, "tensors")),
                     3 * 4); /* three views of four matrices */
    json_decref(root);
    json_decref(sandbox_json(RUN("certify", "run", "--json")));
    json_decref(sandbox_json(RUN("replay", "run", "--json")));
    assert_status(RUN("snapshot", "run", "--out", "run.png"), 0);
    /* Settings that contradict it are named. */
    const sandbox_result *r = RUN("train", "--run", "run", "--set", "model.widths=40,12", "--quiet");
    assert_status(r, 2);
    assert_says(r->err, "model.");
    /* The picture opens the settings that made it. */
    root = sandbox_json(RUN("train", "--preset", "./run.png", "--steps", "1", "--json", "--quiet"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "params"), "model.widths")),
                        "40,12,7");
    json_decref(root);
}

static void widths_are_varied_by_a_sweep(void **state)
{
    (void)state;
    assert_status(RUN("sweep", "--set", "train.steps=5", "--vary", "model.widths=20-5,9", "--out", "sweep"),
                  0);
    const sandbox_result *r = RUN("table", "sweep");
    assert_status(r, 0);
    assert_says(r->out, "20-5 ");
    assert_says(r->out, "9 ");
    /* A list and a width or a depth take back each other: cells would be called what they are not. */
    static const char *const odds[][2] = {{"model.widths=20-5,9", "model.depth=1,2"},
                                          {"model.depth=1,2", "model.widths=20-5,9"},
                                          {"model.width=5,9", "model.widths=20-5,9"}};
    for (int i = 0; i < 3; i++) {
        r = RUN("sweep", "--set", "train.steps=5", "--vary", odds[i][0], "--vary", odds[i][1], "--out",
                "odd");
        assert_status(r, 2);
        assert_says(r->err, "cannot both be varied");
    }
}

#define DIGITS                                                                                               \
    "--data", "digits-synth", "--set", "data.train_limit=60", "--set", "data.test_limit=20", "--set",        \
        "train.steps=4"

/* Widths are of a line's n; where it has none no other network is trained in its place. */
static void a_line_with_n_is_swept(void **state)
{
    (void)state;
    assert_status(RUN("sweep", DIGITS, "--layers", "conv n 5x5 stride 2, pool 2, conv 2n 3x3, dense 9",
                      "--vary", "model.width=3,6", "--out", "lines"),
                  0);
    const sandbox_result *r = RUN("train", DIGITS, "--layers",
                                  "conv 6 5x5 stride 2, pool 2, conv 12 3x3, "
                                  "dense 9",
                                  "--json", "--quiet");
    assert_status(r, 0);
    json_t *cell = json_load_file("lines/cells/train.seed=1,model.width=6.json", 0, NULL),
           *alone = sandbox_json(r);
    if (!cell) cell = json_load_file("lines/cells/model.width=6,train.seed=1.json", 0, NULL);
    assert_non_null(cell);
    assert_true(json_equal(json_object_get(cell, "test"), json_object_get(alone, "test")));
    json_decref(cell);
    json_decref(alone);
    r = RUN("sweep", DIGITS, "--layers", "conv 4 5x5, dense 9", "--vary", "model.width=3,6", "--out", "none");
    assert_status(r, 2);
    assert_says(r->err, "--vary model.width: model.layers = conv 4 5x5, dense 9 has no n");
    r = RUN("sweep", DIGITS, "--layers", "conv n 5x5", "--vary", "model.depth=1,2", "--out", "none");
    assert_status(r, 2);
    assert_says(r->err, "has no depth to vary");
    r = RUN("sweep", "--set", "model.widths=30,10", "--vary", "model.width=3,6", "--out", "none");
    assert_status(r, 2);
    assert_says(r->err, "vary model.widths, or set it to equal");
    assert_false(sandbox_exists("none"));
}

static double noise_limit(const json_t *rows, size_t i)
{
    return json_number_value(
        json_object_get(json_object_get(json_array_get(rows, i), "pure_noise"), "median"));
}

/* What pure noise would give is of the layer that takes in the data, whatever is behind it. */
static void the_limit_of_a_list_is_of_its_first_layer(void **state)
{
    (void)state;
    assert_status(RUN("sweep", "--set", "train.steps=2", "--set", "noise.type=iid", "--set",
                      "noise.scale=0.1", "--vary", "model.widths=8,8-200", "--out", "limits"),
                  0);
    json_t *root = sandbox_json(RUN("table", "limits", "--format", "json", "--limit"));
    const json_t *rows = json_object_get(root, "rows");
    assert_int_equal(json_array_size(rows), 2);
    assert_true(noise_limit(rows, 0) > 0 && noise_limit(rows, 0) == noise_limit(rows, 1));
    json_decref(root);
}

static void sixteen_layers_train(void **state)
{
    (void)state;
    json_t *root = sandbox_json(RUN("train", "--set", "model.depth=16", "--set", "model.width=20", "--steps",
                                    "20", "--json", "--quiet"));
    assert_string_equal(json_string_value(json_object_get(root, "status")), "done");
    json_decref(root);
    const sandbox_result *r = RUN("train", "--set", "model.depth=17");
    assert_status(r, 2);
    assert_says(r->err, "from 1 to 16");
    r = RUN("train", "--set", "model.widths=300,x");
    assert_status(r, 2);
    assert_says(r->err, "300,100");
}

static void the_lab_says_the_shape(void **state)
{
    static const struct {
        const char *set, *shape;
    } cases[] = {{"model.widths=30,12", "140→30→12→2"},
                 {"model.widths=20,20,20,20,20,20", "140→20×6→2"},
                 {"model.widths=101,102,103,104,105,106,107,108,109,110", "140→10 layers→2"}};
    for (int i = 0; i < 3; i++) {
        vt *t = LAB(state, COLUMNS, ROWS, "--set", cases[i].set, "--set", "train.steps=1", "--set",
                    "train.batch=1", "--set", "data.train_limit=2", "--set", "data.test_limit=2");
        vt_assert(t, vt_wait_text(t, cases[i].shape, PATIENCE));
        assert_int_equal(vt_teardown(state), 0);
    }
}

static void a_width_sweep_says_that_it_takes_equal_widths(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.widths=30,12", "--set", "train.steps=1", "--set",
                "data.train_limit=2", "--set", "data.test_limit=2");
    vt_assert(t, vt_wait_text(t, "140→30→12→2", PATIENCE));
    vt_assert(t, vt_wait_text(t, "✓ done", PATIENCE)); /* and has said so */
    vt_send(t, "w");
    vt_assert(t, vt_wait_text(t, "2 layers of one width each, in place of 30,12", PATIENCE));
    assert_int_equal(vt_teardown(state), 0);
}

/* Of a few runs; tests/bench/width_truth.py has those of a minute, for 20 seeds. */
static void bench_makes_the_runs_of_the_width_view(void **state)
{
    enum { FEW = 6, WIDTHS = 8 };
    static const char few[] = "6"; /* FEW */
    size_t runs = 0;
    (void)state;
    json_t *root = sandbox_json(RUN("bench", "width", "--seeds", "7..7", "--runs", few, "--json"));
    const json_t *rows = json_object_get(root, "width"), *row = json_array_get(rows, 0);
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "seed")), 7);
    assert_true(json_number_value(json_object_get(row, "steps")) == 300);
    assert_true(json_integer_value(json_object_get(row, "runs")) >= FEW);
    assert_true(json_is_null(json_object_get(row, "slope"))); /* too few for a line */
    double predicted = json_number_value(json_object_get(row, "predicted_s"));
    assert_true(predicted > 0 && predicted <= json_number_value(json_object_get(row, "first_run_s")));
    const json_t *points = json_object_get(row, "points");
    assert_int_equal(json_array_size(points), WIDTHS);
    for (size_t i = 0; i < WIDTHS; i++) {
        const json_t *point = json_array_get(points, i), *ratios = json_object_get(point, "ratios");
        runs += json_array_size(ratios);
        if (json_integer_value(json_object_get(point, "width")) > 1000)
            assert_int_equal(json_array_size(ratios), 0); /* cheap ones first */
        for (size_t k = 0; k < json_array_size(ratios); k++) {
            double ratio = json_number_value(json_array_get(ratios, k));
            assert_true(ratio > 0 && ratio < 1);
        }
    }
    assert_true(runs >= FEW);
    json_decref(root);
    assert_status(RUN("bench", "width", "--seeds", "3..1"), 2);
    assert_status(RUN("bench", "width", "--runs", "0"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_widths_goes_through_every_command),
        cmocka_unit_test(widths_are_varied_by_a_sweep),
        cmocka_unit_test(a_line_with_n_is_swept),
        cmocka_unit_test(the_limit_of_a_list_is_of_its_first_layer),
        cmocka_unit_test(sixteen_layers_train),
        cmocka_unit_test(the_lab_says_the_shape),
        cmocka_unit_test(a_width_sweep_says_that_it_takes_equal_widths),
        cmocka_unit_test(bench_makes_the_runs_of_the_width_view),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
