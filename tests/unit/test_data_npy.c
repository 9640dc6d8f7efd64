/* NumPy files: the parser and writer of npy.h, and npy:DIR. */
#include "test_data_files.h"

#include <math.h>

#include "data/npy.h"

enum { FILE_SIZE = 4096 };

/* Builds an .npy file of `version` around the dict; returns its size. */
static size_t make_npy(unsigned char to[FILE_SIZE], int version, const char *dict, const void *data,
                       size_t size)
{
    size_t start = version == 1 ? 10 : 12, length = strlen(dict) + 1;
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (unsigned char)version, to[7] = 0;
    for (size_t i = 8; i < start; i++) to[i] = (unsigned char)(length >> (8 * (i - 8)));
    memcpy(to + start, dict, length - 1);
    to[start + length - 1] = '\n';
    if (size) memcpy(to + start + length, data, size);
    return start + length + size;
}

static void put_npy(const char *name, const char *dict, const void *data, size_t size)
{
    unsigned char file[FILE_SIZE];
    put(name, file, make_npy(file, 1, dict, data, size));
}

static void check_read(const char *type, const char *order, const char *shape, const void *data, size_t size,
                       const double *expected, size_t count)
{
    char path[512], dict[256];
    ht_error err;
    ht_npy array;
    snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type, order, shape);
    put_npy("a.npy", dict, data, size);
    path_in(path, "a.npy");
    if (ht_npy_read(path, HT_NPY_DOUBLE, &array, &err) != HT_OK) fail_msg("%s: %s", dict, err.text);
    assert_int_equal(array.count, count);
    assert_null(array.f32);
    for (size_t i = 0; i < count; i++)
        if (array.f64[i] != expected[i]) fail_msg("%s: value %zu is %g", dict, i, array.f64[i]);
    ht_npy_free(&array);
    assert_int_equal(ht_npy_read(path, HT_NPY_FLOAT, &array, &err), HT_OK);
    assert_null(array.f64);
    for (size_t i = 0; i < count; i++) assert_true(array.f32[i] == (float)expected[i]);
    ht_npy_free(&array);
}

static void every_type_and_byte_order_is_read(void **state)
{
    (void)state;
    static const double both[] = {-2, 3}, positive[] = {254, 3};
    check_read("|i1", "False", "(2,)", "\xfe\x03", 2, both, 2);
    check_read("|u1", "False", "(2,)", "\xfe\x03", 2, positive, 2);
    check_read("<i2", "False", "(2,)", "\xfe\xff\x03\0", 4, both, 2);
    check_read(">i2", "False", "(2,)", "\xff\xfe\0\x03", 4, both, 2);
    check_read("<u2", "False", "(2,)", "\xfe\0\x03\0", 4, positive, 2);
    check_read(">u2", "False", "(2,)", "\0\xfe\0\x03", 4, positive, 2);
    check_read("<i4", "False", "(2,)", "\xfe\xff\xff\xff\x03\0\0\0", 8, both, 2);
    check_read(">u4", "False", "(2,)", "\0\0\0\xfe\0\0\0\x03", 8, positive, 2);
    check_read("<i8", "False", "(2,)", "\xfe\xff\xff\xff\xff\xff\xff\xff\x03\0\0\0\0\0\0\0", 16, both, 2);
    check_read(">i8", "False", "(2,)", "\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\0\0\0\0\x03", 16, both, 2);
    check_read("<u8", "False", "(2,)", "\xfe\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0", 16, positive, 2);
    check_read("<f4", "False", "(2,)", "\0\0\0\xc0\0\0\x40\x40", 8, both, 2);
    check_read(">f4", "False", "(2,)", "\xc0\0\0\0\x40\x40\0\0", 8, both, 2);
    check_read("<f8", "False", "(2,)", "\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x08\x40", 16, both, 2);
    check_read(">f8", "False", "(2,)", "\xc0\0\0\0\0\0\0\0\x40\x08\0\0\0\0\0\0", 16, both, 2);
    static const double truth[] = {1, 0};
    check_read("|b1", "False", "(2,)", "\1\0", 2, truth, 2);
}

static void shapes_and_orders_are_read(void **state)
{
    (void)state;
    static const double rows[] = {1, 2, 3, 4, 5, 6}, columns[] = {1, 3, 5, 2, 4, 6};
    static const double cube[] = {1, 5, 3, 7, 2, 6, 4, 8};
    check_read("|u1", "False", "(2, 3)", "\1\2\3\4\5\6", 6, rows, 6);
    check_read("|u1", "True", "(2, 3)", "\1\2\3\4\5\6", 6, columns, 6);
    check_read("|u1", "True", "(2L, 2L, 2L)", "\1\2\3\4\5\6\7\10", 8, cube, 8);
    check_read("|u1", "False", "()", "\1", 1, rows, 1);
    check_read("|u1", "False", "(0, 3)", "", 0, rows, 0);
    /* Keys in another order, double quotes, version 2.0. */
    unsigned char file[FILE_SIZE];
    char path[512];
    ht_npy array;
    ht_error err;
    size_t size =
        make_npy(file, 2, "{\"shape\":(3,),\"descr\":\"|u1\",\"fortran_order\":False}", "\1\2\3", 3);
    put("a.npy", file, size);
    path_in(path, "a.npy");
    assert_int_equal(ht_npy_read(path, HT_NPY_DOUBLE, &array, &err), HT_OK);
    assert_int_equal(array.ndim, 1);
    assert_int_equal(array.shape[0], 3);
    assert_string_equal(array.type, "u1");
    assert_true(array.f64[2] == 3);
    ht_npy_free(&array);
}

static void nan_and_inf_are_values(void **state)
{
    (void)state;
    char path[512];
    ht_npy array;
    ht_error err;
    put_npy("a.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "\0\0\xc0\x7f\0\0\x80\xff",
            8);
    path_in(path, "a.npy");
    assert_int_equal(ht_npy_read(path, HT_NPY_FLOAT, &array, &err), HT_OK);
    assert_true(isnan(array.f32[0]) && isinf(array.f32[1]) && array.f32[1] < 0);
    ht_npy_free(&array);
}

static void bad_npy(const char *dict, size_t size, const char *word)
{
    static const char zeros[64];
    char path[512];
    ht_npy array;
    ht_error err = {0};
    put_npy("a.npy", dict, zeros, size);
    path_in(path, "a.npy");
    assert_int_equal(ht_npy_read(path, HT_NPY_DOUBLE, &array, &err), HT_FAIL);
    ht_npy_free(&array);
    if (!strstr(err.text, word) || !strstr(err.text, "a.npy: ")) fail_msg("no '%s' in: %s", word, err.text);
}

static void bad_headers_are_refused(void **state)
{
    (void)state;
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 8, "promises 3 elements of 4 bytes");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 13,
            "13 bytes follow it instead of 12");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 8,
            "more elements");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 8, "more elements");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000,)}", 8,
            "promises 4000000000 elements");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}", 8, "too large");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", 8, "not a whole number");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4,
            "more than 8 dimensions");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': 3}", 8, "not a tuple");
    bad_npy("{'descr': '<f4', 'fortran_order': 1, 'shape': (3,)}", 8, "True or False");
    bad_npy("{'descr': '<f4', 'shape': (3,)}", 8, "missing");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}", 8, "unknown key");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)", 8, "not closed");
    bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} more", 8, "something follows");
    bad_npy("['descr']", 8, "not a Python dict");
    bad_npy("{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", 24, "'<c8' cannot be read");
    bad_npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", 6, "'|O' cannot be read");
    bad_npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", 6, "structured");
}

static void not_npy_is_refused(void **state)
{
    (void)state;
    char path[512];
    ht_npy array;
    ht_error err = {0};
    path_in(path, "a.npy");
    static const char *const files[] = {"", "PK\3\4 zip file", "\x93NUMPY\4\0\2\0{}",
                                        "\x93NUMPY\1\0\xff\xff{}"};
    static const char *const words[] = {"no NPY file", "no NPY file", "version 4.0", "65535 bytes"};
    static const size_t sizes[] = {0, 12, 12, 12};
    for (int i = 0; i < 4; i++) {
        put("a.npy", files[i], sizes[i]);
        assert_int_equal(ht_npy_read(path, HT_NPY_DOUBLE, &array, &err), HT_FAIL);
        if (!strstr(err.text, words[i])) fail_msg("no '%s' in: %s", words[i], err.text);
        ht_npy_free(&array);
    }
    drop("a.npy");
    assert_int_equal(ht_npy_read(path, HT_NPY_DOUBLE, &array, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "a.npy: cannot open"));
    assert_int_equal(ht_npy_read(work_dir, HT_NPY_DOUBLE, &array, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "not a regular file"));
}

static void written_arrays_are_read_back(void **state)
{
    (void)state;
    static const float f32[] = {1, -2.5f, 3e-30f, INFINITY, 5, 6};
    static const double f64[] = {1, -2.5, 1e300, 4};
    static const size_t two[] = {3, 2}, one[] = {4};
    char path[512], head[512] = {0};
    ht_npy array;
    ht_error err;
    path_in(path, "w.npy");
    assert_int_equal(ht_npy_write_f32(path, f32, 2, two, &err), HT_OK);
    FILE *file = fopen(path, "rb");
    assert_int_equal(fread(head, 1, 128, file), 128);
    fclose(file);
    /* As numpy.save writes it: elements aligned to 64 bytes. */
    assert_memory_equal(head,
                        "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 68);
    assert_int_equal(head[127], '\n');
    assert_int_equal(ht_npy_read(path, HT_NPY_FLOAT, &array, &err), HT_OK);
    assert_true(array.ndim == 2 && array.shape[0] == 3 && array.shape[1] == 2);
    assert_memory_equal(array.f32, f32, sizeof f32);
    ht_npy_free(&array);
    assert_int_equal(ht_npy_write_f64(path, f64, 1, one, &err), HT_OK);
    assert_int_equal(ht_npy_read(path, HT_NPY_DOUBLE, &array, &err), HT_OK);
    assert_true(array.ndim == 1 && array.shape[0] == 4);
    assert_string_equal(array.type, "f8");
    assert_memory_equal(array.f64, f64, sizeof f64);
    ht_npy_free(&array);
    assert_int_equal(ht_npy_write_f64("/nowhere/x.npy", f64, 1, one, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "/nowhere/x.npy"));
}

/* ---- npy:DIR ----------------------------------------------------------------------------------- */

#define X_DICT "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2)}"
#define Y_DICT "{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}"

static const float inputs[] = {1, 2, 3, 4};
static const int64_t targets[] = {7, -1};

static void put_arrays(void)
{
    put_npy("set/X_train.npy", X_DICT, inputs, sizeof inputs);
    put_npy("set/X_test.npy", X_DICT, inputs, sizeof inputs);
    put_npy("set/y_train.npy", Y_DICT, targets, sizeof targets);
    put_npy("set/y_test.npy", Y_DICT, targets, sizeof targets);
}

static void directory_loads(void **state)
{
    (void)state;
    ht_error err;
    put_arrays();
    ht_dataset *data = load_good("npy:set");
    assert_string_equal(data->name, "npy");
    assert_int_equal(data->inputs, 2);
    assert_int_equal(data->classes, 2);
    assert_string_equal(data->class_names[0], "-1");
    assert_int_equal(data->train.labels[0], 1);
    assert_int_equal(data->train.labels[1], 0);
    assert_memory_equal(data->train.x, inputs, sizeof inputs);
    ht_dataset_free(data);
    data = ht_dataset_load(
        "npy:set", &(ht_data_options){.dir = work_dir, .seed = 1, .train_limit = 1, .test_limit = 1}, &err);
    assert_int_equal(data->train.count, 1);
    assert_int_equal(data->classes, 2);
    ht_dataset_free(data);
}

/* X of two samples with the numbers 0, 1, … in the file's order. */
static ht_dataset *load_shaped(const char *type, bool fortran, const char *shape, size_t count)
{
    static const char *const names[] = {"set/X_train.npy", "set/X_test.npy"};
    float f32[96];
    double f64[96];
    char dict[128];
    for (size_t i = 0; i < count; i++) f32[i] = (float)i / 50, f64[i] = (double)i / 50;
    snprintf(dict, sizeof dict, "{'descr': '<%s', 'fortran_order': %s, 'shape': %s}", type,
             fortran ? "True" : "False", shape);
    bool wide = strcmp(type, "f8") == 0;
    put_arrays();
    for (int i = 0; i < 2; i++)
        put_npy(names[i], dict, wide ? (const void *)f64 : f32, count * (wide ? sizeof *f64 : sizeof *f32));
    return load_good("npy:set");
}

/* N, C, H, W and N, H, W as they are; other numbers of dimensions have no places. x is in C order, whatever
 * the file's order is. */
static void arrays_of_pictures_have_their_shape(void **state)
{
    (void)state;
    static const struct {
        const char *shape;
        size_t count;
        int channels, height, width;
    } cases[] = {{"(2, 3, 4, 2)", 48, 3, 4, 2}, {"(2, 1, 2, 5)", 20, 1, 2, 5},
                 {"(2, 4, 1, 6)", 48, 4, 1, 6}, {"(2, 4, 5)", 40, 1, 4, 5},
                 {"(2, 1, 7)", 14, 1, 1, 7},    {"(2, 6)", 12, 0, 0, 0},
                 {"(2, 1)", 2, 0, 0, 0},        {"(2, 1, 2, 3, 2)", 24, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int wide = 0; wide < 2; wide++) {
            ht_dataset *data = load_shaped(wide ? "f8" : "f4", false, cases[i].shape, cases[i].count);
            assert_shape(data, cases[i].channels, cases[i].height, cases[i].width);
            ht_dataset_free(data);
        }
    ht_dataset *c = load_shaped("f4", false, "(2, 3, 4, 2)", 48),
               *f = load_shaped("f4", true, "(2, 3, 4, 2)", 48);
    for (size_t n = 0; n < 2; n++)
        for (size_t k = 0; k < 3; k++)
            for (size_t h = 0; h < 4; h++)
                for (size_t w = 0; w < 2; w++) {
                    size_t at = n * 24 + (k * 4 + h) * 2 + w;
                    assert_true(c->train.x[at] == (float)at / 50);
                    assert_true(f->train.x[at] == (float)(n + 2 * (k + 3 * (h + 4 * w))) / 50);
                }
    assert_shape(f, 3, 4, 2);
    ht_dataset_free(c);
    ht_dataset_free(f);
}

/* Levels of a byte are standardized, and come back as mean + std · x, of a sample with a shape. */
static void levels_of_pictures_come_back(void **state)
{
    (void)state;
    unsigned char level[24];
    static const char dict[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 2, 2)}";
    for (int i = 0; i < 24; i++) level[i] = (unsigned char)(i * 10 + 7);
    put_arrays();
    put_npy("set/X_train.npy", dict, level, sizeof level);
    put_npy("set/X_test.npy", dict, level, sizeof level);
    ht_dataset *data = load_good("npy:set");
    assert_true(data->std[0] > 10);
    for (size_t i = 0; i < 24; i++) {
        size_t c = i % 12 / 4;
        double back = (double)data->mean[c] + (double)data->std[c] * (double)data->test.x[i];
        assert_true(fabs(back - level[i]) < 1e-4);
    }
    ht_dataset_free(data);
}

/* ---- token sequences ---- */

/* Two samples of three tokens in each part, as whole numbers of `type`. */
static void put_tokens(const char *type, const int x[6], const int y[6])
{
    static const char *const parts[] = {"train", "test"};
    for (int k = 0; k < 4; k++) {
        char name[64], dict[128];
        unsigned char bytes[48];
        const int *from = k % 2 ? y : x;
        size_t size = (size_t)(type[2] - '0');
        for (int i = 0; i < 6; i++)
            for (size_t b = 0; b < size; b++)
                bytes[i * (int)size + (int)b] = (unsigned char)((int64_t)from[i] >> (8 * b));
        snprintf(name, sizeof name, "set/%c_%s.npy", k % 2 ? 'y' : 'X', parts[k / 2]);
        snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3)}", type);
        put_npy(name, dict, bytes, 6 * size);
    }
}

static const int some_x[6] = {3, 1, 0, 2, 2, 5}, some_y[6] = {1, 0, 4, 2, 7, 0};

static void whole_numbers_at_each_place_are_tokens(void **state)
{
    (void)state;
    static const char *const types[] = {"<i8", "<i4", "<i2", "|u1", "<u8", "<u4"};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        put_tokens(types[t], some_x, some_y);
        ht_dataset *data = load_good("npy:set");
        assert_int_equal(data->tokens, 8); /* the largest of both and one more */
        assert_int_equal(data->classes, 8);
        assert_int_equal(data->targets, 3);
        assert_shape(data, 1, 1, 3);
        assert_null(data->characters);
        assert_string_equal(data->class_names[7], "7");
        assert_int_equal(data->test.count, 2);
        for (int i = 0; i < 6; i++) {
            assert_true(data->train.x[i] == (float)some_x[i]);
            assert_int_equal(data->test.labels[i], some_y[i]);
        }
        assert_true(data->losses.unigram > 0 && data->entropy == 0);
        ht_dataset_free(data);
    }
}

static void other_arrays_are_no_tokens(void **state)
{
    (void)state;
    static const char labels[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}";
    static const char *const names[] = {"set/y_train.npy", "set/y_test.npy"};
    static const int one_hot[6] = {0, 1, 0, 1, 0, 0};
    put_tokens("<i4", some_x, some_y);
    for (int i = 0; i < 2; i++) put_npy(names[i], labels, "\0\1", 2);
    ht_dataset *data = load_good("npy:set"); /* a label a sample: whole numbers are inputs like others */
    assert_int_equal(data->tokens, 0);
    assert_int_equal(data->targets, 1);
    assert_int_equal(data->inputs, 3);
    ht_dataset_free(data);
    put_tokens("<i4", some_x, one_hot);
    data = load_good("npy:set"); /* so are one-hot labels */
    assert_int_equal(data->tokens, 0);
    assert_int_equal(data->classes, 2);
    ht_dataset_free(data);
}

static void bad_tokens_are_refused(void **state)
{
    (void)state;
    static const char labels[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}";
    static const char floats[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";
    static const float values[6] = {0};
    int bad[6];
    memcpy(bad, some_x, sizeof bad);
    bad[4] = -1;
    put_tokens("<i4", bad, some_y);
    load_bad("npy:set", HT_FAIL, "X_train.npy: sample 2, position 2: token -1", "99999");
    put_tokens("<i4", some_x, bad);
    load_bad("npy:set", HT_FAIL, "y_train.npy: sample 2, position 2: token -1", NULL);
    bad[4] = 100000;
    put_tokens("<i4", bad, some_y);
    load_bad("npy:set", HT_FAIL, "token 100000", NULL);
    put_tokens("<i4", (int[6]){0}, (int[6]){0});
    load_bad("npy:set", HT_FAIL, "nothing to predict", NULL);
    put_tokens("<i4", some_x, some_y);
    put_npy("set/y_test.npy", labels, "\0\1", 2);
    load_bad("npy:set", HT_FAIL, "y_test.npy: has one label a sample", "y_train.npy one a position");
    put_tokens("<i4", some_x, some_y);
    put_npy("set/X_train.npy", floats, values, sizeof values);
    load_bad("npy:set", HT_FAIL, "no whole numbers", "astype");
}

/* Shapes whose product overflows, or is beyond what an int can count, are refused before memory is asked for.
 */
static void shapes_that_overflow_are_refused(void **state)
{
    (void)state;
    static const char *const shapes[] = {
        "(2, 4294967296, 4294967296, 1)", "(2, 65536, 65536, 65536)", "(2, 3037000500, 3037000500, 2)",
        "(18446744073709551615, 3, 32, 32)", "(2, 3, 9223372036854775807, 1)"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        char dict[128];
        snprintf(dict, sizeof dict, "{'descr': '<f4', 'fortran_order': False, 'shape': %s}", shapes[i]);
        put_arrays();
        put_npy("set/X_train.npy", dict, inputs, sizeof inputs);
        load_bad("npy:set", HT_FAIL, "X_train.npy", NULL);
    }
}

static void directory_refuses_bad_arrays(void **state)
{
    (void)state;
    static const float bad[] = {1, 2, NAN, 4};
    put_arrays();
    put_npy("set/X_test.npy", X_DICT, bad, sizeof bad);
    load_bad("npy:set", HT_FAIL, "X_test.npy: sample 2, value 1 is NaN", NULL);
    put_npy("set/X_test.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", inputs, 16);
    load_bad("npy:set", HT_FAIL, "X_test.npy: has 1 dimensions", "two dimensions");
    put_npy("set/X_test.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (0,4)}", inputs, 0);
    load_bad("npy:set", HT_FAIL, "X_test.npy: has 2 dimensions and 0 values", NULL);
    put_npy("set/X_test.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,1)}", inputs, 8);
    load_bad("npy:set", HT_FAIL, "X_test.npy: its samples have 1 values", "X_train.npy");
    put_npy("set/X_test.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,2)}", inputs, 8);
    load_bad("npy:set", HT_FAIL, "y_test.npy: has 2 labels", "X_test.npy has 1 samples");
    put_arrays();
    static const float scores[] = {1, 2, 3,
                                   4}; /* a column (2,1) and one-hot rows are labels: test_cases_sets */
    put_npy("set/y_train.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,2)}", scores, 16);
    load_bad("npy:set", HT_FAIL, "y_train.npy: has 2 dimensions", "ravel");
    put_npy("set/y_train.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", bad + 1, 8);
    load_bad("npy:set", HT_FAIL, "y_train.npy: label 2 is", NULL);
    put_npy("set/y_train.npy", Y_DICT, "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16);
    load_bad("npy:set", HT_FAIL, "y_test.npy: row 1: the label '7'", "y_train.npy");
    put("set/y_train.npy", "", 0);
    load_bad("npy:set", HT_FAIL, "y_train.npy: byte 0: this is no NPY file", NULL);
    drop("set/y_train.npy");
    load_bad("npy:set", HT_FAIL, "y_train.npy: cannot open", NULL);
    put_text("file", "x");
    load_bad("npy:file", HT_FAIL, "file: is not a directory", "X_train.npy");
}

static void npy_survives_truncation_and_flips(void **state)
{
    (void)state;
    unsigned char file[FILE_SIZE];
    put_arrays();
    size_t size = make_npy(file, 2, X_DICT, inputs, sizeof inputs);
    assert_int_equal(sweep("set/X_train.npy", file, size, "npy:set"), 0);
    size = make_npy(file, 1, Y_DICT, targets, sizeof targets);
    assert_int_equal(sweep("set/y_train.npy", file, size, "npy:set"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_byte_order_is_read),
        cmocka_unit_test(shapes_and_orders_are_read),
        cmocka_unit_test(nan_and_inf_are_values),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(not_npy_is_refused),
        cmocka_unit_test(written_arrays_are_read_back),
        cmocka_unit_test(directory_loads),
        cmocka_unit_test(arrays_of_pictures_have_their_shape),
        cmocka_unit_test(levels_of_pictures_come_back),
        cmocka_unit_test(whole_numbers_at_each_place_are_tokens),
        cmocka_unit_test(other_arrays_are_no_tokens),
        cmocka_unit_test(bad_tokens_are_refused),
        cmocka_unit_test(shapes_that_overflow_are_refused),
        cmocka_unit_test(directory_refuses_bad_arrays),
        cmocka_unit_test(npy_survives_truncation_and_flips),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
