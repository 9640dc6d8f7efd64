/* `heavytail prune` as a script sees it: every kind of network, JSON, files, pictures, and what it refuses.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/npy.h"
#include "heavytail/params.h"
#include "data/png.h"
#include "sandbox.h"
#include "unit/golden.h"

static char w1[4300], w2[4300], x[4300], y[4300];

static int find_golden(void **state)
{
    strcpy(w1, golden_path("net/W1.npy"));
    strcpy(w2, golden_path("net/W2.npy"));
    strcpy(x, golden_path("net/X.npy"));
    strcpy(y, golden_path("net/y.npy"));
    return sandbox_enter(state);
}

static json_t *parse(const sandbox_result *r)
{
    json_t *root = sandbox_json(r);
    assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
    return root;
}

#define GOLDEN "--w1", w1, "--w2", w2, "--x", x, "--y", y
#define PRUNE_JSON(...) parse(RUN("prune", __VA_ARGS__, "--json"))

static void counts_at_error_are_the_golden_ones(void **state)
{
    (void)state;
    json_t *squared = PRUNE_JSON(GOLDEN, "--error", "0.1"), *plain = PRUNE_JSON(GOLDEN, "--metric", "fro");
    assert_string_equal(json_string_value(json_object_get(squared, "method")), "node");
    assert_int_equal((int)sandbox_number(squared, "removed"), 94);
    assert_int_equal((int)sandbox_number(squared, "kept"), 106);
    assert_true(fabs(sandbox_number(squared, "ratio") - 0.47) < 1e-12);
    assert_true(fabs(sandbox_number(squared, "error") - 0.0994723538283) < 1e-6);
    assert_int_equal((int)sandbox_number(plain, "removed"), 14);
    assert_string_equal(json_string_value(json_object_get(plain, "metric")), "fro");
    json_decref(squared);
    json_decref(plain);
    json_t *layer = PRUNE_JSON(GOLDEN, "--method", "magnitude", "--ratio", "0.3");
    assert_true(fabs(sandbox_number(layer, "accuracy") - 0.703333333333) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(layer, "layers")), 2);
    json_decref(layer);
}

static void a_curve_is_exact_at_every_k(void **state)
{
    (void)state;
    json_t *root = PRUNE_JSON(GOLDEN, "--curve"), *curve = json_object_get(root, "curve");
    assert_int_equal(json_array_size(curve), 201);
    int losses = 0;
    for (size_t k = 0; k < 201; k++) {
        json_t *p = json_array_get(curve, k);
        assert_int_equal((int)sandbox_number(p, "k"), (int)k);
        losses += json_is_number(json_object_get(p, "loss"));
    }
    assert_int_equal(losses, 201);
    assert_true(fabs(sandbox_number(json_array_get(curve, 50), "accuracy") - 0.79) < 1e-9);
    assert_true(sandbox_number(root, "one_point_ratio") > 0 && sandbox_number(root, "area") > 0.5);
    json_decref(root);
}

/* A curve is dozens of evaluations: it is made where it is asked for, or drawn. People count layers from 1.
 */
static void what_is_told_is_what_was_asked_for(void **state)
{
    (void)state;
    const char *said = RUN("prune", GOLDEN, "--method", "magnitude", "--ratio", "0.3")->out;
    assert_says(said, "--curve says how much can go before one point of accuracy is lost");
    assert_null(strstr(said, "area under the curve"));
    assert_says(said, "\n  layer 1 (200 × ");
    assert_says(said, "\n  layer 2 (");
    assert_null(strstr(said, "layer 0"));
    said = RUN("prune", GOLDEN, "--method", "magnitude", "--ratio", "0.3", "--curve")->out;
    assert_says(said, "at most one point of accuracy lost up to ratio");
    assert_says(said, "area under the curve");
    assert_null(strstr(said, "--curve says"));
}

static void several_methods_in_one_go(void **state)
{
    (void)state;
    json_t *root = PRUNE_JSON(GOLDEN, "--method", "all", "--ratio", "0.5", "--coreset", "top");
    json_t *others = json_object_get(root, "others");
    assert_int_equal(json_array_size(others), HT_PRUNE_METHODS - 1);
    for (size_t i = 0; i < json_array_size(others); i++)
        assert_true(fabs(sandbox_number(json_array_get(others, i), "ratio") - 0.5) < 1e-9);
    json_decref(root);
}

/* Pruned to a file; the file is a network whose accuracy is what was announced, also when compact. */
static void out_writes_a_network_that_computes_the_same(void **state)
{
    (void)state;
    json_t *first = PRUNE_JSON(GOLDEN, "--out", "dense.safetensors"),
           *second = PRUNE_JSON(GOLDEN, "--out", "compact.safetensors", "--compact"),
           *dense = PRUNE_JSON("dense.safetensors", "--x", x, "--y", y, "--ratio", "0"),
           *compact = PRUNE_JSON("compact.safetensors", "--x", x, "--y", y, "--ratio", "0");
    json_t *const read[] = {dense, compact};
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(sandbox_number(read[i], "accuracy") - sandbox_number(first, "accuracy")) < 1e-12);
        assert_int_equal((int)sandbox_number(read[i], "removed"), 0);
        assert_int_equal((int)sandbox_number(read[i], "kept"), i ? 106 : 200);
    }
    json_decref(first);
    json_decref(second);
    json_decref(dense);
    json_decref(compact);
}

/* A run directory brings settings and data; its checkpoint alone does too; --data is another matter. */
static void runs_and_checkpoints(void **state)
{
    (void)state;
    assert_status(RUN("train", "--run", "r", "--steps", "30", "--model.width", "64", "--prune.error", "0.2",
                      "--quiet", "--json"),
                  0);
    json_t *run = PRUNE_JSON("r"), *file = PRUNE_JSON("r/checkpoint.safetensors"),
           *train = PRUNE_JSON("r", "--split", "train", "--method", "coreset", "--coreset", "best");
    assert_true(json_equal(json_object_get(run, "accuracy"), json_object_get(file, "accuracy")));
    assert_true(fabs(sandbox_number(json_object_get(run, "asked"), "error") - 0.2) < 1e-12);
    assert_string_equal(json_string_value(json_object_get(train, "split")), "train");
    json_decref(run);
    json_decref(file);
    json_decref(train);
    const sandbox_result *r = RUN("prune", "r", "--data", "digits-synth");
    assert_status(r, 1);
    assert_says(r->err, "140");
    r = RUN("prune", "r", "--model.width", "65");
    assert_status(r, 2);
    r = RUN("prune", "r");
    assert_status(r, 0);
    assert_says(r->out, "neurons removed");
}

static void the_picture_holds_settings_and_numbers(void **state)
{
    (void)state;
    ht_png png;
    ht_error err;
    assert_status(RUN("train", "--run", "p", "--steps", "20", "--model.width", "80", "--noise.alpha", "1.62",
                      "--quiet", "--json"),
                  0);
    for (int dark = 0; dark < 2; dark++) {
        assert_status(RUN("prune", "p", "--method", dark ? "node,magnitude,svd,random" : "node", "--json",
                          "--png", "p.png", "--theme", dark ? "dark" : "light", "--size",
                          dark ? "1200x700" : "800x600", "--scale", dark ? "1.2" : "0.8"),
                      0);
        sandbox_assert_ink("p.png", dark ? 1200 : 800, dark ? 700 : 600);
        assert_int_equal(ht_png_read("p.png", 0, &png, &err), HT_OK);
        assert_string_equal(ht_png_find(&png, "heavytail:step"), "20");
        assert_says(ht_png_find(&png, "heavytail:preset"), "alpha = 1.62");
        assert_says(ht_png_find(&png, "Title"), "test samples");
        assert_string_equal(ht_png_find(&png, "heavytail:method"),
                            dark ? "node,magnitude,svd,random" : "node");
        assert_says(ht_png_find(&png, "heavytail:prune"), "removed");
        assert_true(!ht_png_find(&png, "heavytail:prune-4") == !dark);
        ht_png_free(&png);
    }
    const sandbox_result *r = RUN("train", "--preset", "p.png", "--steps", "1", "--json", "--quiet");
    assert_status(r, 0);
    assert_says(r->out, "\"noise.alpha\": 1.62");
}

/* Of a network of others, seed and noise are not told; of a run they are. */
static void a_picture_says_only_what_is_known(void **state)
{
    (void)state;
    ht_png png;
    ht_error err;
    assert_status(RUN("prune", GOLDEN, "--png", "foreign.png"), 0);
    assert_int_equal(ht_png_read("foreign.png", 0, &png, &err), HT_OK);
    assert_says(ht_png_find(&png, "Description"), "how it was trained is not known here");
    assert_null(strstr(ht_png_find(&png, "Description"), "seed"));
    ht_png_free(&png);
    assert_status(
        RUN("train", "--run", "own", "--steps", "5", "--model.width", "40", "--train.seed", "7", "--quiet"),
        0);
    assert_status(RUN("prune", "own", "--png", "own.png"), 0);
    assert_int_equal(ht_png_read("own.png", 0, &png, &err), HT_OK);
    assert_says(ht_png_find(&png, "Description"), "seed 7");
    ht_png_free(&png);
}

/* Networks and samples no one should give, and some that are just odd. */
static void odd_arrays_get_a_clear_word(void **state)
{
    (void)state;
    static const double one[6] = {1, 1, 1, 1, 1, 1}, far[6] = {1, 1e300, 1, 1, 1, 1},
                        bad[6] = {1, NAN, 1, 1, 1, 1};
    const struct {
        const char *path;
        const double *values;
        int ndim;
        size_t shape[3];
    } arrays[] = {
        {"a.npy", one, 2, {3, 2}},      {"b.npy", one, 2, {2, 3}},
        {"far.npy", far, 2, {3, 2}},    {"nan.npy", bad, 2, {3, 2}},
        {"flat.npy", one, 1, {6}},      {"deep.npy", one, 3, {3, 2, 1}},
        {"none.npy", one, 2, {0, 2}},   {"n1.npy", one, 2, {1, 2}},
        {"m1.npy", one, 2, {2, 1}},     {"c1.npy", one, 2, {1, 3}},
        {"x.npy", one, 2, {3, 2}},      {"x3.npy", one, 2, {2, 3}},
        {"d1.npy", one, 2, {3, 1}},     {"y.npy", one + 3, 1, {3}},
        {"column.npy", one, 2, {3, 1}}, {"zero.npy", (double[3]){0, 0, 0}, 1, {3}},
    };
    ht_error err;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        assert_int_equal(
            ht_npy_write_f64(arrays[i].path, arrays[i].values, arrays[i].ndim, arrays[i].shape, &err), HT_OK);
    const struct {
        const char *first, *second, *x, *y, *says;
    } refused[] = {
        {"far.npy", "b.npy", "x.npy", "y.npy", "[0][1] is not a finite number"},
        {"nan.npy", "b.npy", "x.npy", "y.npy", "[0][1] is not a finite number"},
        {"flat.npy", "b.npy", "x.npy", "y.npy", "1 dimensions"},
        {"deep.npy", "b.npy", "x.npy", "y.npy", "3 dimensions"},
        {"none.npy", "b.npy", "x.npy", "y.npy", "(0 × 2)"},
        {"a.npy", "b.npy", "none.npy", "y.npy", "no samples"},
        {"a.npy", "b.npy", "flat.npy", "y.npy", "shape of one sample"},
        {"a.npy", "b.npy", "x3.npy", "y.npy", "samples of 3 values, the network takes 2"},
        {"a.npy", "b.npy", "x.npy", "column.npy", "one dimension"},
        {"a.npy", "c1.npy", "x.npy", "y.npy", "label 0 is 1; the network's classes"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const sandbox_result *r = RUN("prune", "--w1", refused[i].first, "--w2", refused[i].second, "--x",
                                      refused[i].x, "--y", refused[i].y);
        assert_status(r, 1);
        assert_says(r->err, refused[i].says);
    }
    /* One neuron, one input, one class. */
    const char *const small[][4] = {{"n1.npy", "m1.npy", "x.npy", "y.npy"},
                                    {"d1.npy", "b.npy", "d1.npy", "y.npy"},
                                    {"a.npy", "c1.npy", "x.npy", "zero.npy"}};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        json_t *root = PRUNE_JSON("--w1", small[i][0], "--w2", small[i][1], "--x", small[i][2], "--y",
                                  small[i][3], "--method", "all", "--ratio", "1", "--curve");
        assert_true(sandbox_number(root, "ratio") > 0.999 && sandbox_number(root, "kept") < 0.5);
        json_decref(root);
    }
}

static void wrong_requests_say_what_to_do(void **state)
{
    (void)state;
    const struct {
        const char *args[10];
        int status;
        const char *says;
    } cases[] = {
        {{"prune"}, 2, "--w1"},
        {{"prune", "--w1", w1}, 2, "--w2"},
        {{"prune", "nothing-here.safetensors"}, 1, "nothing-here.safetensors"},
        {{"prune", "."}, 1, "no run directory"},
        {{"prune", "--w1", w1, "--w2", w2, "--curve"}, 2, "--data"},
        {{"prune", "--w1", w1, "--w2", w2, "--method", "coreset"}, 2, "training samples"},
        {{"prune", "--w1", w1, "--w2", w2, "--method", "nodes"}, 2, "node"},
        {{"prune", "--w1", w1, "--w2", w2, "--error", "0.1", "--ratio", "0.2"}, 2, "not both"},
        {{"prune", "--w1", w1, "--w2", w2, "--ratio", "1.5"}, 2, "prune.ratio"},
        {{"prune", "--w1", w2, "--w2", w1}, 1, "(outputs × inputs)"},
        {{"prune", "--w1", w1, "--w2", w2, "--x", x}, 2, "--y"},
        {{"prune", "--w1", w1, "--w2", w2, "--x", x, "--y", x}, 1, "labels"},
        {{"prune", "--w1", w1, "--w2", w2, "--x", w2, "--y", y}, 1, "takes 30"},
        {{"prune", "--w1", w1, "--w2", w2, "--compact"}, 2, "--out"},
        {{"prune", "--w1", w1, "--w2", w2, "--size", "900x900"}, 2, "--png"},
        {{"prune", "--w1", w1, "--w2", w2, "--data", "ecg-synth"}, 1, "140 inputs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sandbox_result *r = sandbox_run(cases[i].args);
        assert_status(r, cases[i].status);
        assert_says(r->err, cases[i].says);
    }
    /* Without data it still prunes. */
    json_t *root = PRUNE_JSON("--w1", w1, "--w2", w2);
    assert_true(json_is_null(json_object_get(root, "accuracy")));
    assert_int_equal((int)sandbox_number(root, "removed"), 94);
    json_decref(root);
}

/* Filters, a residual and a norm: what is removed, what stays, what it is in parameters, and the file that is
 * really smaller; what needs dense layers is refused. */
static void networks_of_filters_are_told_apart(void **state)
{
    (void)state;
    assert_status(RUN("train", "--data", "digits-synth", "--layers",
                      "conv 4 5x5 stride 3, res(conv 6 3x3 same, conv 4 3x3 same linear), relu, dense 8",
                      "--steps", "3", "--run", "filters", "--quiet"),
                  0);
    json_t *first = PRUNE_JSON("filters", "--ratio", "0.5", "--curve", "--out", "filters.safetensors",
                               "--compact"),
           *again = PRUNE_JSON("filters.safetensors", "--data", "digits-synth", "--ratio", "0"),
           *all = PRUNE_JSON("filters", "--method", "all"), *layers = json_object_get(first, "layers");
    const json_t *conv = json_array_get(layers, 0), *dense = json_array_get(layers, 3);
    assert_string_equal(json_string_value(json_object_get(first, "unit")), "units");
    assert_string_equal(json_string_value(json_object_get(conv, "unit")), "filters");
    assert_string_equal(json_string_value(json_object_get(dense, "unit")), "neurons");
    assert_int_equal((int)sandbox_number(first, "removed"), 11);
    assert_int_equal((int)sandbox_number(first, "held"), 4);
    assert_int_equal((int)sandbox_number(conv, "held"), 2);
    assert_true(json_is_false(json_object_get(first, "curve_exact")));
    const json_t *sizes = json_object_get(first, "parameters");
    assert_true(fabs(sandbox_number(first, "parameter_ratio") -
                     (1 - sandbox_number(sizes, "after") / sandbox_number(sizes, "before"))) < 1e-9);
    assert_true(sandbox_number(json_object_get(again, "parameters"), "before") ==
                sandbox_number(sizes, "after"));
    assert_true(fabs(sandbox_number(again, "accuracy") - sandbox_number(first, "accuracy")) < 1e-12);
    assert_int_equal(json_array_size(json_object_get(all, "others")), HT_PRUNE_METHODS - 1);
    json_decref(first);
    json_decref(again);
    json_decref(all);
    const sandbox_result *r = RUN("prune", "filters", "--method", "all", "--ratio", "0.5", "--curve");
    assert_status(r, 0);
    assert_says(r->out, "4 of the removed units stay, as zeros");
    assert_says(r->out, "the curve is a grid");
}

/* Peak memory of `heavytail prune` with the curve of a method, in MB. */
static double peak_of(const char *first, const char *second, const char *method, const char *coreset)
{
    struct rusage used;
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        setenv("HEAVYTAIL_THREADS", "2", 1);
        if (!freopen("/dev/null", "w", stdout)) _exit(99);
        const char *binary = getenv("HT_BINARY");
        execl(binary, binary, "prune", "--w1", first, "--w2", second, "--x", "many.npy", "--y", "y.npy",
              "--method", method, "--coreset", coreset, "--ratio", "0.75", "--curve", NULL);
        _exit(99);
    }
    assert_true(pid > 0 && wait4(pid, &status, 0, &used) == pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return (double)used.ru_maxrss * 1.024e-3;
}

enum { BIG = 16000, TINY = 8, INPUTS = 256, CLASSES = 4, BATCH = 48 };

static void write_matrix(const char *path, size_t rows, size_t columns)
{
    ht_error err;
    size_t shape[2] = {rows, columns};
    float *w = malloc(rows * columns * sizeof *w);
    for (size_t i = 0; i < rows * columns; i++)
        w[i] = ((float)(i % 1013) - 506) * (i / columns % 97 ? 1 : 40); /* some rows are heavy */
    if (ht_npy_write_f32(path, w, 2, shape, &err) != HT_OK) fail_msg("%s", err.text);
    free(w);
}

/* The network is loaded once. Neurons are masked, so node and random need, beside it, only the smaller
 * network they time; the others one copy. Coreset keeps its calibration samples' activations, and all some
 * tables: 5 MB. Counted is what the same command needs more than with a network of 8 neurons. */
static void pruning_takes_no_more_than_twice_the_network(void **state)
{
    (void)state;
#if SANITIZED
    skip();
#endif
    static const struct {
        const char *method, *coreset;
        double networks;
        bool calibrated;
    } cases[] = {{"node", "top", 1.25, false},   {"random", "top", 1.25, false},
                 {"magnitude", "top", 2, false}, {"magnitude-layer", "top", 2, false},
                 {"svd", "top", 2, false},       {"coreset", "top", 2, true}};
    static const double labels[BATCH];
    size_t count = BATCH;
    ht_error err;
    write_matrix("big1.npy", BIG, INPUTS);
    write_matrix("big2.npy", CLASSES, BIG);
    write_matrix("tiny1.npy", TINY, INPUTS);
    write_matrix("tiny2.npy", CLASSES, TINY);
    write_matrix("many.npy", BATCH, INPUTS);
    assert_int_equal(ht_npy_write_f64("y.npy", labels, 1, &count, &err), HT_OK);
    double network = 4e-6 * BIG * (INPUTS + CLASSES), batch = 4e-6 * BATCH * BIG;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double base = peak_of("tiny1.npy", "tiny2.npy", cases[i].method, cases[i].coreset);
        double peak = peak_of("big1.npy", "big2.npy", cases[i].method, cases[i].coreset) - base;
        double most = cases[i].networks * network + (cases[i].calibrated ? batch : 0) + 5;
        printf("    %s: %.1f MB, %.2f times the network\n", cases[i].method, peak, peak / network);
        if (peak > most) fail_msg("%s: %.1f MB, more than %.1f", cases[i].method, peak, most);
        assert_true(peak > 0.8 * network); /* or nothing was measured */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_at_error_are_the_golden_ones),
        cmocka_unit_test(a_curve_is_exact_at_every_k),
        cmocka_unit_test(what_is_told_is_what_was_asked_for),
        cmocka_unit_test(several_methods_in_one_go),
        cmocka_unit_test(out_writes_a_network_that_computes_the_same),
        cmocka_unit_test(runs_and_checkpoints),
        cmocka_unit_test(the_picture_holds_settings_and_numbers),
        cmocka_unit_test(a_picture_says_only_what_is_known),
        cmocka_unit_test(odd_arrays_get_a_clear_word),
        cmocka_unit_test(wrong_requests_say_what_to_do),
        cmocka_unit_test(networks_of_filters_are_told_apart),
        cmocka_unit_test(pruning_takes_no_more_than_twice_the_network),
    };
    return cmocka_run_group_tests(tests, find_golden, sandbox_leave);
}
