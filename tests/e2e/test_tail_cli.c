/* test_tail_cli.c - `heavytail tail` from outside: the contract of its JSON, every kind of file, what is
 * refused, and injected indices found again in a trained layer. */
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
#include <unistd.h>

#include "base/text.h"
#include "data/npy.h"
#include "heavytail/tail.h"
#include "num/rng.h"
#include "e2e/sandbox.h"

enum { ROWS = 120, COLUMNS = 40, COUNT = ROWS * COLUMNS };

/* A Cauchy sample: α = 1. */
static void cauchy(double *x, int count)
{
    ht_rng rng;
    ht_rng_init(&rng, 8, HT_STREAM_TEST, 0);
    for (int i = 0; i < count; i++) x[i] = tan(M_PI * (ht_rng_uniform(&rng) - 0.5));
}

/* Runs with --json and parses; the caller drops the reference. */
#define TAIL(...) tail_json((const char *const[]){"tail", __VA_ARGS__, "--json", NULL})
static json_t *tail_json(const char *const args[])
{
    const sandbox_result *r = sandbox_run(args);
    json_t *root = sandbox_json(r);
    for (const char *line = r->err; *line; line = strchr(line, '\n') + 1) /* of what was skipped */
        assert_true(strncmp(line, "heavytail: note: ", 17) == 0);
    assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
    return root;
}

/* The estimate by this estimator in this view of this tensor. */
static json_t *find(json_t *root, const char *tensor, const char *view, const char *estimator)
{
    size_t i, j;
    json_t *t, *e;
    json_array_foreach(json_object_get(root, "tensors"), i, t)
    {
        if (strcmp(json_string_value(json_object_get(t, "name")), tensor) != 0 ||
            strcmp(json_string_value(json_object_get(t, "view")), view) != 0)
            continue;
        json_array_foreach(json_object_get(t, "estimates"), j, e)
        {
            if (strcmp(json_string_value(json_object_get(e, "estimator")), estimator) == 0) return e;
        }
    }
    fail_msg("no %s of %s (%s)", estimator, tensor, view);
    return NULL;
}

static void a_vector_has_one_view_and_every_estimator(void **state)
{
    (void)state;
    static const char *const keys[] = {"estimator", "value", "std_error", "low",
                                       "high",      "k",     "n_tail",    "quality"};
    double x[COUNT];
    ht_error err;
    cauchy(x, COUNT);
    assert_int_equal(ht_npy_write_f64("v.npy", x, 1, (size_t[]){COUNT}, &err), HT_OK);
    json_t *root = TAIL("v.npy"), *tensors = json_object_get(root, "tensors"),
           *only = json_array_get(tensors, 0);
    assert_int_equal(json_array_size(tensors), 1);
    assert_int_equal(json_array_size(json_object_get(only, "shape")), 1);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(only, "shape"), 0)), COUNT);
    assert_int_equal(json_array_size(json_object_get(only, "estimates")), HT_ESTIMATORS);
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        json_t *estimate = find(root, "v", "all", ht_estimator_at((ht_estimator)e)->name);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            assert_non_null(json_object_get(estimate, keys[k]));
    }
    static const char *const stable[] = {"mmo", "mcculloch", "ecf"};
    for (int i = 0; i < 3; i++) {
        json_t *e = find(root, "v", "all", stable[i]);
        assert_true(sandbox_number(e, "low") < 1 && 1 < sandbox_number(e, "high") &&
                    sandbox_number(e, "std_error") > 0);
        assert_string_equal(json_string_value(json_object_get(e, "quality")), "good");
    }
    assert_true(fabs(sandbox_number(find(root, "v", "all", "ecf"), "scale") - 1) < 0.1);
    assert_true(json_is_null(json_object_get(find(root, "v", "all", "mmo-multi"), "value")));
    assert_true(json_is_null(json_object_get(find(root, "v", "all", "powerlaw"), "value")));
    json_decref(root);
}

static void k_and_m_are_obeyed(void **state)
{
    (void)state;
    double x[COUNT];
    ht_error err;
    ht_estimate all[HT_ESTIMATORS];
    cauchy(x, COUNT);
    assert_int_equal(ht_npy_write_f64("v.npy", x, 1, (size_t[]){COUNT}, &err), HT_OK);
    ht_values v = {.f64 = x, .rows = COUNT, .columns = 1};
    assert_int_equal(ht_tail_fit(&v, &(ht_tail_options){.k = 77, .m = 7}, all, &err), HT_OK);
    json_t *root = TAIL("v.npy", "--k", "77", "--m", "7");
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        json_t *estimate = find(root, "v", "all", ht_estimator_at((ht_estimator)e)->name);
        if (isnan(all[e].value))
            assert_true(json_is_null(json_object_get(estimate, "value")));
        else
            assert_true(fabs(sandbox_number(estimate, "value") / all[e].value - 1) < 1e-10);
    }
    assert_int_equal(sandbox_number(find(root, "v", "all", "hill"), "k"), 77);
    assert_int_equal(sandbox_number(find(root, "v", "all", "mmo"), "n_tail"), COUNT / 7 * 7);
    json_decref(root);
    static const char *const bad[] = {"0", "-3", "2.5", "x", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_status(RUN("tail", "v.npy", "--k", bad[i]), 2);
        assert_status(RUN("tail", "v.npy", "--m", bad[i]), 2);
    }
}

/* ---- kinds of files ---- */

static void a_matrix_has_three_views_whatever_its_order(void **state)
{
    (void)state;
    double x[COUNT];
    ht_error err;
    cauchy(x, COUNT);
    assert_int_equal(ht_npy_write_f64("c.npy", x, 2, (size_t[]){ROWS, COLUMNS}, &err), HT_OK);
    /* The same in Fortran order: the header's words have one length. */
    size_t size;
    char *file = sandbox_read("c.npy", &size), *order = strstr(file + 10, "False");
    assert_non_null(order);
    memcpy(order, "True ", 5);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            memcpy(file + size - sizeof x + (size_t)(j * ROWS + i) * sizeof(double), &x[i * COLUMNS + j],
                   sizeof(double));
    FILE *f = fopen("f.npy", "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(file, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    free(file);
    json_t *c = TAIL("c.npy"), *fortran = TAIL("f.npy");
    static const char *const seen[][2] = {
        {"all", "mmo"}, {"all", "powerlaw"}, {"rows", "mmo-multi"}, {"row_norms", "hill"}};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        assert_true(sandbox_number(find(c, "c", seen[i][0], seen[i][1]), "value") ==
                    sandbox_number(find(fortran, "f", seen[i][0], seen[i][1]), "value"));
    assert_int_equal(json_array_size(json_object_get(c, "tensors")), 3);
    json_decref(c);
    json_decref(fortran);
}

/* A safetensors file of one header and its bytes. */
static void write_tensors(const char *path, const char *header, const void *data, size_t bytes)
{
    FILE *f = fopen(path, "wb");
    uint64_t length = strlen(header);
    assert_non_null(f);
    assert_int_equal(fwrite(&length, 8, 1, f), 1);
    assert_int_equal(fwrite(header, 1, length, f), length);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
}

/* Small integers are exact in every type, so all types must give the same estimates. */
static void every_type_of_safetensors_is_read(void **state)
{
    (void)state;
    enum { N = 200 };
    static struct {
        double f64[N];
        float f32[N];
        uint16_t f16[N], bf16[N];
        int64_t i64[N];
        double cube[N];
    } data;
    ht_rng rng;
    ht_rng_init(&rng, 2, HT_STREAM_TEST, 0);
    for (int i = 0; i < N; i++) {
        int value = 1 + (int)ht_rng_below(&rng, 120), exponent = 0;
        double magnitude = value, sign = ht_rng_u32(&rng) & 1 ? -1 : 1;
        data.f64[i] = sign * magnitude;
        data.f32[i] = (float)data.f64[i];
        while (magnitude >= 2) magnitude /= 2, exponent++;
        data.f16[i] = (uint16_t)((sign < 0) << 15 | (exponent + 15) << 10 | (int)((magnitude - 1) * 1024));
        data.bf16[i] = (uint16_t)((sign < 0) << 15 | (exponent + 127) << 7 | (int)((magnitude - 1) * 128));
        data.cube[i] = data.f64[i];
    }
    write_tensors("t.safetensors",
                  "{\"__metadata__\":{\"format\":\"pt\"},"
                  "\"d\":{\"dtype\":\"F64\",\"shape\":[20,10],\"data_offsets\":[0,1600]},"
                  "\"f\":{\"dtype\":\"F32\",\"shape\":[20,10],\"data_offsets\":[1600,2400]},"
                  "\"h\":{\"dtype\":\"F16\",\"shape\":[20,10],\"data_offsets\":[2400,2800]},"
                  "\"b\":{\"dtype\":\"BF16\",\"shape\":[20,10],\"data_offsets\":[2800,3200]},"
                  "\"i\":{\"dtype\":\"I64\",\"shape\":[20,10],\"data_offsets\":[3200,4800]},"
                  "\"cube\":{\"dtype\":\"F64\",\"shape\":[2,10,10],\"data_offsets\":[4800,6400]},"
                  "\"bias\":{\"dtype\":\"F32\",\"shape\":[200],\"data_offsets\":[1600,1600]}}",
                  &data, sizeof data);
    /* The bias claims no bytes for 200 numbers. */
    const sandbox_result *r = RUN("tail", "t.safetensors");
    assert_status(r, 1);
    assert_says(r->err, "t.safetensors: bias");
    write_tensors("t.safetensors",
                  "{\"d\":{\"dtype\":\"F64\",\"shape\":[20,10],\"data_offsets\":[0,1600]},"
                  "\"f\":{\"dtype\":\"F32\",\"shape\":[20,10],\"data_offsets\":[1600,2400]},"
                  "\"h\":{\"dtype\":\"F16\",\"shape\":[20,10],\"data_offsets\":[2400,2800]},"
                  "\"b\":{\"dtype\":\"BF16\",\"shape\":[20,10],\"data_offsets\":[2800,3200]},"
                  "\"i\":{\"dtype\":\"I64\",\"shape\":[20,10],\"data_offsets\":[3200,4800]},"
                  "\"cube\":{\"dtype\":\"F64\",\"shape\":[2,10,10],\"data_offsets\":[4800,6400]}}",
                  &data, sizeof data);
    json_t *root = TAIL("t.safetensors");
    assert_int_equal(json_array_size(json_object_get(root, "tensors")), 4 * 3 + 5);
    assert_int_equal(json_array_size(json_object_get(root, "skipped")), 1);
    static const char *const names[] = {"f", "h", "b"};
    for (int i = 0; i < 3; i++)
        assert_true(sandbox_number(find(root, names[i], "all", "hill"), "value") ==
                    sandbox_number(find(root, "d", "all", "hill"), "value"));
    json_decref(root);
    root = TAIL("t.safetensors", "--tensor", "h");
    assert_int_equal(json_array_size(json_object_get(root, "tensors")), 3);
    json_decref(root);
    root = TAIL("t.safetensors", "--tensor", "cube");
    assert_int_equal(json_array_size(json_object_get(root, "tensors")), 5);
    json_decref(root);
    r = RUN("tail", "t.safetensors", "--tensor", "i");
    assert_status(r, 1);
    assert_says(r->err, "I64");
    r = RUN("tail", "t.safetensors", "--tensor", "nobody");
    assert_status(r, 1);
    assert_says(r->err, "nobody");
}

/* One sentence that names the file and the place. */
static void refuse(const char *path, const char *words)
{
    const sandbox_result *r = RUN("tail", path);
    assert_status(r, 1);
    assert_string_equal(r->out, "");
    assert_says(r->err, path);
    assert_says(r->err, words);
    char *end = strchr(r->err, '\n');
    assert_true(end && end[1] == '\0');
}

static void a_malformed_file_gives_one_clear_error(void **state)
{
    (void)state;
    double x[COUNT];
    ht_error err;
    cauchy(x, COUNT);
    x[3 * COLUMNS + 5] = NAN;
    assert_int_equal(ht_npy_write_f64("nan.npy", x, 2, (size_t[]){ROWS, COLUMNS}, &err), HT_OK);
    refuse("nan.npy", "row 3, column 5 is not a finite number");
    assert_int_equal(ht_npy_write_f64("cube.npy", x, 3, (size_t[]){ROWS, COLUMNS / 4, 4}, &err), HT_OK);
    refuse("cube.npy", "[3][1][1] is not a finite number");
    sandbox_write("short.npy", "\x93NUMPY");
    refuse("short.npy", "NPY");
    sandbox_write("words.txt", "just words, nothing else\n");
    refuse("words.txt", "neither");
    sandbox_write("empty.safetensors", "");
    refuse("empty.safetensors", "cut");
    sandbox_write("model.pt", "PK\x03\x04 zip");
    refuse("model.pt", "PyTorch");
    write_tensors("none.safetensors", "{\"i\":{\"dtype\":\"I64\",\"shape\":[1,1],\"data_offsets\":[0,8]}}", x,
                  8);
    refuse("none.safetensors", "none of its 1 tensors");
    write_tensors("long.safetensors", "{\"w\":{\"dtype\":\"F32\",\"shape\":[9,9],\"data_offsets\":[0,8]}}", x,
                  8);
    refuse("long.safetensors", "damaged");
    write_tensors("big.safetensors",
                  "{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", x,
                  8);
    refuse("big.safetensors", "damaged");
    refuse("no-such-file.npy", "No such file");
    refuse(".", "checkpoint.safetensors");
    assert_status(RUN("tail"), 2);
    assert_status(RUN("tail", "a.npy", "b.npy", "c.npy"), 2);
}

/* Rows that end with a word and no reason. */
static void assert_rows_fit(const char *table)
{
    int rows = 0;
    char line[400];
    for (const char *at = table; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        bool row = strncmp(line, "  ", 2) == 0 && strstr(line, " ± ") && !strchr(line, ':');
        if (!row) continue;
        if (ht_utf8_length(line) > 80) fail_msg("wider than 80: %s", line);
        rows++;
    }
    assert_true(rows > 5);
}

static void the_table_and_the_picture_are_for_people(void **state)
{
    (void)state;
    double x[COUNT];
    ht_error err;
    cauchy(x, COUNT);
    assert_int_equal(ht_npy_write_f64("w.npy", x, 2, (size_t[]){ROWS, COLUMNS}, &err), HT_OK);
    const sandbox_result *r = RUN("tail", "w.npy", "--png", "w.png");
    assert_status(r, 0);
    assert_says(r->out, "w (120 × 40), all weights");
    assert_says(r->out, "rows as vectors");
    assert_says(r->out, "row norms");
    assert_says(r->out, "exponent of the density");
    assert_says(r->out, " ± ");
    assert_says(r->out, "choice      p believe it?");
    assert_rows_fit(r->out);
    json_t *root = TAIL("w.npy");
    char p[24], mmo[200];
    snprintf(p, sizeof p, "%.3f good", sandbox_number(find(root, "w", "all", "mmo"), "p"));
    r = RUN("tail", "w.npy");
    const char *row = strstr(r->out, "  mmo ");
    snprintf(mmo, sizeof mmo, "%.*s", row ? (int)strcspn(row, "\n") : 0, row ? row : "");
    assert_says(mmo, p);
    json_decref(root);
    sandbox_assert_ink("w.png", 1000, 600);
    r = RUN("help", "tail");
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        assert_says(r->out, ht_estimator_at((ht_estimator)e)->name);
        assert_says(r->out, ht_estimator_at((ht_estimator)e)->citation);
    }
}

/* ---- runs ---- */

/* Beside the noise of a run: which to trust, and which cover its α; a run whose α was changed is not
 * compared. */
static void the_table_says_what_covers_the_injected_alpha(void **state)
{
    (void)state;
#define RUN_OF(dir, steps, alpha)                                                                            \
    RUN("train", "--steps", steps, "--set", "model.width=100", "--set", "noise.alpha=" alpha, "--set",       \
        "noise.scale=1", "--run", dir, "--quiet")
    assert_status(RUN_OF("noisy", "20", "1.5"), 0);
    json_t *root = TAIL("noisy");
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        const ht_estimator_info *info = ht_estimator_at((ht_estimator)e);
        json_t *estimate = find(root, "layers.0.weight", "all", info->name),
               *covers = json_object_get(estimate, "covers_alpha");
        double alpha = info->input == HT_INPUT_EIGENVALUES ? 1 + 1.5 / 2 : 1.5;
        assert_true(json_is_boolean(json_object_get(estimate, "undetermined")));
        if (!json_is_boolean(covers)) continue;
        bool inside = sandbox_number(estimate, "low") <= alpha && alpha <= sandbox_number(estimate, "high");
        assert_int_equal(json_is_true(covers), inside);
    }
    assert_true(json_is_true(json_object_get(find(root, "layers.0.weight", "all", "ecf"), "covers_alpha")));
    json_decref(root);
    const sandbox_result *r = RUN("tail", "noisy", "--details");
    assert_says(r->out, "  to trust first: ");
    assert_says(r->out, "covers α? believe it?");
    assert_says(r->out, "hold the injected α = 1.5 (of powerlaw 1 + α/2)?");
    assert_status(RUN("train", "--steps", "40", "--set", "noise.alpha=1.9", "--run", "noisy", "--quiet"), 0);
    r = RUN("tail", "noisy", "--details");
    assert_says(r->out, "covers α?: not compared; the run had noise of another type or α before");
    assert_null(strstr(r->out, "covers α? believe it?"));
}

static void a_run_opens_its_checkpoint_and_its_data(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "20", "--set", "model.width=100", "--set", "train.batch=10",
                      "--run", "run", "--quiet"),
                  0);
    json_t *root = TAIL("run");
    assert_int_equal(json_array_size(json_object_get(root, "tensors")), 2 * 3);
    assert_true(sandbox_number(find(root, "layers.0.weight", "all", "mmo"), "value") > 0);
    json_decref(root);
    root = TAIL("run", "--gradient-noise");
    json_t *first = json_array_get(json_object_get(root, "tensors"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "layers.0.gradient_noise");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(first, "shape"), 1)), 100 * 140);
    assert_true(sandbox_number(find(root, "layers.0.gradient_noise", "all", "hill"), "value") > 0);
    json_decref(root);
    assert_status(RUN("tail", "run", "--gradient-noise", "--tensor", "layers.1.weight"), 2);
    assert_status(RUN("tail", "nowhere", "--gradient-noise"), 1);
}

static void injected_indices_are_found_again(void **state)
{
    (void)state;
    static const char *const injected[] = {"1.5", "1.75", "1.9"}, *const asked[] = {"mmo", "mcculloch",
                                                                                    "ecf"};
    const char *data = sandbox_data();
    double before[3] = {0};
    if (!data || access(data, R_OK) != 0) {
        printf("skipped: ECG5000 not found (set HEAVYTAIL_DATA or put it into ../shared/data)\n");
        skip();
        return;
    }
    for (int a = 0; a < (SANITIZED ? 1 : 3); a++) {
        char run[32];
        snprintf(run, sizeof run, "ecg-%s", injected[a]);
        assert_status(RUN("train", "--preset", "ecg5000", "--data-dir", data, "--noise.type", "iid",
                          "--noise.scale", "0.1", "--noise.alpha", injected[a], "--until-accuracy", "0",
                          "--steps", "500", "--run", run, "--quiet"),
                      0);
        json_t *root = TAIL(run, "--tensor", "layers.0.weight");
        for (int e = 0; e < 3; e++) {
            double value = sandbox_number(find(root, "layers.0.weight", "all", asked[e]), "value");
            printf("  injected %s: %s %.3f\n", injected[a], asked[e], value);
            if (fabs(value - atof(injected[a])) > 0.1) fail_msg("%s is off", asked[e]);
            assert_true(value > before[e]);
            before[e] = value;
        }
        json_decref(root);
    }
}

/* Without noise weight decay leaves some neurons alive among many that fade. Sums of blocks take the two
 * scales for one heavy law; the largest values fall too fast for it, and the table says so. */
static void faded_neurons_are_no_heavy_tail(void **state)
{
    (void)state;
    assert_status(RUN("train", "--set", "model.width=200", "--set", "noise.type=none", "--set",
                      "train.weight_decay=0.5", "--steps", "2000", "--run", "faded", "--quiet"),
                  0);
    json_t *root = TAIL("faded");
    json_t *mmo = find(root, "layers.0.weight", "all", "mmo");
    assert_true(sandbox_number(mmo, "value") < 1.5);
    assert_string_equal(json_string_value(json_object_get(mmo, "quality")), "no stable law");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vector_has_one_view_and_every_estimator),
        cmocka_unit_test(k_and_m_are_obeyed),
        cmocka_unit_test(a_matrix_has_three_views_whatever_its_order),
        cmocka_unit_test(every_type_of_safetensors_is_read),
        cmocka_unit_test(a_malformed_file_gives_one_clear_error),
        cmocka_unit_test(the_table_and_the_picture_are_for_people),
        cmocka_unit_test(a_run_opens_its_checkpoint_and_its_data),
        cmocka_unit_test(the_table_says_what_covers_the_injected_alpha),
        cmocka_unit_test(injected_indices_are_found_again),
        cmocka_unit_test(faded_neurons_are_no_heavy_tail),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
