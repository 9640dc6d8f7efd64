/* Guards safetensors: what is written is read back and is what the format asks for; whatever a damaged or
 * hostile file holds, it is an error or a whole tensor. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "weights/safetensors.h"
#include "unit/scratch.h"

static const float a[6] = {1, -2.5f, 3e-38f, 3e38f, 0, -0.0f}, b[4] = {5, 6, 7, 8};
static const char *const metadata[] = {"format", "pt", "heavytail.step", "12", "quoted \"α\n", "\\x", NULL};
static const ht_tensor_out both[] = {{"layers.0.weight", {.rows = 2, .columns = 3}, a, NULL, NULL},
                                     {"layers.1.weight", {.rows = 4, .columns = 1}, b, NULL, NULL}};

static void write_both(const char *name)
{
    ht_error err;
    if (ht_safetensors_write(scratch_path(name), both, 2, metadata, &err) != HT_OK) fail_msg("%s", err.text);
}

/* 8 bytes of length, the header, the data. */
static void write_raw(const char *name, const char *header, uint64_t claimed, const void *data, size_t size)
{
    char bytes[4096];
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++) bytes[i] = (char)(claimed >> (8 * i));
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, size);
    scratch_write(name, bytes, 8 + length + size);
}

/* Opens and reads tensor "t" (1 × 2); the error is in *err. */
static ht_code read_t(const char *name, float to[2], ht_error *err)
{
    err->text[0] = '\0';
    ht_safetensors *file = ht_safetensors_open(scratch_path(name), err);
    if (!file) return err->code;
    ht_code code = ht_safetensors_read(file, "t", (ht_sides){.rows = 1, .columns = 2}, to, err);
    ht_safetensors_close(file);
    return code;
}

/* With so many bytes after the header. */
static void refuse_sized(const char *header, size_t size, const char *word)
{
    static const float two[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    float to[2];
    ht_error err;
    write_raw("hostile", header, strlen(header), two, size);
    if (read_t("hostile", to, &err) != HT_FAIL) fail_msg("taken: %s", header);
    if (!strstr(err.text, "hostile") || !strstr(err.text, word))
        fail_msg("'%s' does not say '%s'", err.text, word);
}

static void refuse(const char *header, const char *word)
{
    refuse_sized(header, 8, word);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    ht_error err;
    float to[6];
    write_both("f");
    ht_safetensors *file = ht_safetensors_open(scratch_path("f"), &err);
    if (!file) fail_msg("%s", err.text);
    assert_int_equal(
        ht_safetensors_read(file, "layers.1.weight", (ht_sides){.rows = 4, .columns = 1}, to, &err), HT_OK);
    assert_memory_equal(to, b, sizeof b);
    assert_int_equal(
        ht_safetensors_read(file, "layers.0.weight", (ht_sides){.rows = 2, .columns = 3}, to, &err), HT_OK);
    assert_memory_equal(to, a, sizeof a);
    for (int i = 0; metadata[i]; i += 2)
        assert_string_equal(ht_safetensors_metadata(file, metadata[i]), metadata[i + 1]);
    assert_null(ht_safetensors_metadata(file, "none"));
    assert_int_equal(
        ht_safetensors_read(file, "layers.2.weight", (ht_sides){.rows = 2, .columns = 3}, to, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "layers.2.weight"));
    assert_int_equal(
        ht_safetensors_read(file, "layers.0.weight", (ht_sides){.rows = 3, .columns = 2}, to, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "(2 × 3)"));
    assert_int_equal(ht_safetensors_read(file, "__metadata__", (ht_sides){.rows = 2, .columns = 3}, to, &err),
                     HT_FAIL);
    ht_safetensors_close(file);
    ht_safetensors_close(NULL);
}

static void the_header_is_what_the_format_asks_for(void **state)
{
    (void)state;
    size_t size;
    json_error_t why;
    write_both("f");
    char *bytes = scratch_read("f", &size);
    uint64_t length = 0;
    for (int i = 8; i-- > 0;) length = length << 8 | (unsigned char)bytes[i];
    assert_int_equal(length % 8, 0); /* the data are aligned */
    assert_true(8 + length <= size && bytes[8] == '{');
    json_t *header = json_loadb(bytes + 8, length, JSON_REJECT_DUPLICATES, &why);
    if (!header) fail_msg("%s", why.text);
    json_int_t next = 0;
    for (int i = 0; i < 2; i++) {
        json_t *entry = json_object_get(header, both[i].name), *at = json_object_get(entry, "data_offsets"),
               *shape = json_object_get(entry, "shape");
        assert_string_equal(json_string_value(json_object_get(entry, "dtype")), "F32");
        assert_int_equal(json_integer_value(json_array_get(shape, 0)), both[i].sides.rows);
        assert_int_equal(json_integer_value(json_array_get(shape, 1)), both[i].sides.columns);
        assert_int_equal(json_integer_value(json_array_get(at, 0)), next); /* no hole, no overlap */
        next = json_integer_value(json_array_get(at, 1));
        assert_memory_equal(bytes + 8 + length + json_integer_value(json_array_get(at, 0)), both[i].data,
                            both[i].sides.rows * both[i].sides.columns * sizeof(float));
    }
    assert_int_equal(8 + length + (uint64_t)next, size);
    json_decref(header);
    ht_free(bytes);
}

/* An error that names the file, or a read that gives finite numbers. */
static bool read_all(const char *name)
{
    ht_error err;
    float to[6];
    ht_safetensors *file = ht_safetensors_open(scratch_path(name), &err);
    ht_code code = file ? HT_OK : err.code;
    for (size_t i = 0; i < 2 && code == HT_OK; i++) {
        code = ht_safetensors_read(file, both[i].name, both[i].sides, to, &err);
        for (size_t k = 0; k < both[i].sides.rows * both[i].sides.columns && code == HT_OK; k++)
            assert_true(isfinite(to[k]));
    }
    ht_safetensors_close(file);
    if (code != HT_OK) assert_non_null(strstr(err.text, name));
    return code == HT_OK;
}

/* Quicker than scratch_write, which waits for the disk: there are thousands. */
static void write_fast(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(scratch_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    size_t size;
    write_both("f");
    char *bytes = scratch_read("f", &size);
    assert_true(read_all("f"));
    for (size_t length = 0; length < size; length++) {
        write_fast("cut", bytes, length);
        if (read_all("cut")) fail_msg("cut to %zu of %zu bytes and taken", length, size);
    }
    ht_free(bytes);
}

static void no_flipped_byte_does_harm(void **state)
{
    (void)state;
    size_t size, taken = 0;
    write_both("f");
    char *bytes = scratch_read("f", &size);
    size_t header = size - sizeof a - sizeof b;
    for (size_t i = 0; i < header; i++)
        for (int bit = 0; bit < 8; bit += 1 + (i % 3 != 0)) {
            bytes[i] ^= (char)(1 << bit);
            write_fast("flip", bytes, size);
            taken += read_all("flip"); /* a flip inside the metadata or the padding is no damage */
            bytes[i] ^= (char)(1 << bit);
        }
    assert_true(taken < header * 8 / 2);
    ht_free(bytes);
}

static void a_header_length_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const uint64_t claims[] = {
        UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63, (uint64_t)1 << 40, 1 << 30, 100, 11};
    float to[2];
    ht_error err;
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        write_raw("giant", "{}", claims[i], "12345678", 8);
        assert_int_equal(read_t("giant", to, &err), HT_FAIL);
        assert_non_null(strstr(err.text, "header"));
    }
    write_raw("giant", "", 0, "", 0);
    assert_int_equal(read_t("giant", to, &err), HT_FAIL);
}

static void offsets_outside_the_file_are_refused(void **state)
{
    (void)state;
    static const char *const offsets[] = {"[0,4]",
                                          "[8,0]",
                                          "[-8,0]",
                                          "[12,20]",
                                          "[16,24]",
                                          "[0,9223372036854775807]",
                                          "[9223372036854775800,9223372036854775807]",
                                          "[-4,4]",
                                          "[]",
                                          "[0]",
                                          "[0,8,16]",
                                          "0",
                                          "null",
                                          "[0.0,8.0]",
                                          "[\"0\",\"8\"]",
                                          "[0,12]",
                                          "[0,99999999999999999999]",
                                          "{\"0\":0,\"1\":8}"};
    char header[300];
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":%s}}",
                 offsets[i]);
        refuse(header, "");
    }
    refuse("{\"t\":{\"dtype\":\"F32\",\"shape\":[1,2]}}", "");
}

#define TENSOR(name, count, from, to)                                                                        \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":[1," #count "],\"data_offsets\":[" #from "," #to "]}"

static void overlapping_tensors_are_refused(void **state)
{
    (void)state;
    refuse_sized("{" TENSOR("t", 2, 0, 8) "," TENSOR("u", 2, 4, 12) "}", 12,
                 "u begins at byte 4, inside of t, which ends at 8: two tensors overlap");
    refuse_sized("{" TENSOR("u", 4, 0, 16) "," TENSOR("t", 2, 8, 16) "}", 16,
                 "t begins at byte 8, inside of u");
    refuse_sized("{" TENSOR("u", 2, 0, 8) "," TENSOR("t", 2, 0, 8) "}", 8, "overlap");
    refuse_sized("{" TENSOR("t", 2, 0, 8) "," TENSOR("e", 0, 4, 4) "}", 8, "e begins at byte 4, inside of t");
    refuse_sized("{" TENSOR("t", 2, 0, 8) "," TENSOR("u", 2, 8, 99) "}", 16, "u claims bytes 8 to 99 of 16");
    float to[2];
    ht_error err;
    const char *neighbours = "{\"u\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
                             "\"e\":{\"dtype\":\"F32\",\"shape\":[0,2],\"data_offsets\":[8,8]},"
                             "\"t\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
    write_raw("good", neighbours, strlen(neighbours), b, sizeof b);
    if (read_t("good", to, &err) != HT_OK) fail_msg("%s", err.text);
    assert_true(to[0] == 5 && to[1] == 6);
}

/* The format's own reader refuses these, too. */
static void bytes_of_nobody_are_refused(void **state)
{
    (void)state;
    refuse_sized("{" TENSOR("t", 2, 0, 8) "}", 9, "1 bytes after the last tensor t belong to none");
    refuse_sized("{" TENSOR("t", 2, 4, 12) "}", 12, "bytes 0 to 4 before t belong to no tensor");
    refuse_sized("{" TENSOR("u", 2, 16, 24) "," TENSOR("t", 2, 0, 8) "}", 24, "bytes 8 to 16 before u");
    refuse_sized("{}", 8, "8 bytes after the last tensor belong to none");
    refuse_sized("{" TENSOR("t", 2, 0, 8) "," TENSOR("e", 0, 16, 16) "}", 16, "bytes 8 to 16 before e");
}

static void bytes_are_those_of_type_and_shape(void **state)
{
    (void)state;
    static const struct {
        const char *type, *shape;
        size_t bytes; /* that it should have; 0: none will do */
    } cases[] = {{"F32", "[1,2]", 8},   {"F16", "[1,2]", 4},         {"F64", "[2]", 16},
                 {"BOOL", "[3]", 3},    {"F4", "[4,4]", 8},          {"F4", "[3]", 0},
                 {"F6_E2M3", "[4]", 3}, {"F8_E8M0", "[5]", 5},       {"F32", "[]", 4},
                 {"F32", "[0,9]", 0},   {"F8_E4M3FNUZ", "[2,2]", 4}, {"I64", "[2305843009213693953]", 0}};
    char header[300];
    ht_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t size = 0; size <= 20; size++) {
            static const float data[5];
            snprintf(header, sizeof header,
                     "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%zu]}}", cases[i].type,
                     cases[i].shape, size);
            write_raw("sized", header, strlen(header), data, size);
            ht_safetensors *file = ht_safetensors_open(scratch_path("sized"), &err);
            bool right = cases[i].bytes ? size == cases[i].bytes : size == 0 && cases[i].shape[1] == '0';
            if (!file != !right) fail_msg("%s in %zu bytes: %s", header, size, file ? "taken" : err.text);
            if (!file && !strstr(err.text, "t: ")) fail_msg("'%s' does not name t", err.text);
            ht_safetensors_close(file);
        }
}

static void other_types_and_shapes_are_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"\"U32\"", "\"I32\"", "\"f32\"", "32", "null", "\"F32x\""};
    static const char *const shapes[] = {
        "[2,1]",   "[2]",  "[1,2,1]", "[]", "[1,-2]", "[-1,-2]", "[4611686018427387905,2]",
        "\"1,2\"", "null", "2"};
    char header[300];
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        snprintf(header, sizeof header, "{\"t\":{\"dtype\":%s,\"shape\":[1,2],\"data_offsets\":[0,8]}}",
                 types[i]);
        refuse(header, types[i][0] == '"' ? "t has type" : "t has no type");
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,8]}}",
                 shapes[i]);
        refuse(header, "shape");
    }
}

static void a_header_that_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {"",
                                          "[]",
                                          "7",
                                          "{",
                                          "{\"t\":7}",
                                          "{\"t\":null}",
                                          "{\"t\":[]}",
                                          "{}",
                                          "{\"__metadata__\":7}",
                                          "{\"t\":{},\"t\":{}}",
                                          "\"\\u0000\"",
                                          "{\"a\\u0000b\":{}}",
                                          "{} {}"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) refuse(headers[i], "");
    char deep[3001];
    memset(deep, '[', 3000);
    deep[3000] = '\0';
    refuse(deep, "");
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    const char *header = "{\"t\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
    const float bad[][2] = {{1, NAN}, {INFINITY, 1}, {1, -INFINITY}};
    for (int i = 0; i < 3; i++) {
        float to[2];
        ht_error err;
        write_raw("nan", header, strlen(header), bad[i], sizeof bad[i]);
        assert_int_equal(read_t("nan", to, &err), HT_FAIL);
        assert_non_null(strstr(err.text, i == 1 ? "t[0][0]" : "t[0][1]"));
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
    alarm(5); /* hanging would end the program */
    assert_null(ht_safetensors_open(scratch_path("fifo"), &err));
    assert_null(ht_safetensors_open(scratch_path(""), &err));
    assert_null(ht_safetensors_open(scratch_path("none"), &err));
    assert_non_null(strstr(err.text, "No such file"));
    alarm(0);
}

/* Deep networks with all that a checkpoint holds of them. */
static void hundreds_of_tensors_come_back(void **state)
{
    (void)state;
    enum { MANY = 700 };
    ht_tensor_out many[MANY];
    float numbers[MANY], to;
    ht_error err;
    for (int i = 0; i < MANY; i++) {
        numbers[i] = (float)i;
        many[i] = (ht_tensor_out){"", {.rows = 1, .columns = 1}, &numbers[i], NULL, NULL};
        snprintf(many[i].name, sizeof many[i].name, "t%d", i);
    }
    assert_int_equal(ht_safetensors_write(scratch_path("many"), many, MANY, NULL, &err), HT_OK);
    ht_safetensors *file = ht_safetensors_open(scratch_path("many"), &err);
    assert_non_null(file);
    assert_int_equal(ht_safetensors_count(file), MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(
            ht_safetensors_read(file, many[i].name, (ht_sides){.rows = 1, .columns = 1}, &to, &err), HT_OK);
        assert_true(to == (float)i);
    }
    ht_safetensors_close(file);
}

/* BOOL beside F32: neither reads as the other, and a byte that is neither 0 nor 1 is refused. */
static void truth_values_are_read_as_such(void **state)
{
    (void)state;
    static const unsigned char bits[3] = {1, 0, 1};
    const ht_tensor_out mixed[] = {{"mask", {.rows = 3, .columns = 1}, NULL, bits, NULL},
                                   {"w", {.rows = 4, .columns = 1}, b, NULL, NULL}};
    unsigned char to[3] = {9, 9, 9};
    float numbers[4];
    ht_error err;
    assert_int_equal(ht_safetensors_write(scratch_path("bits"), mixed, 2, NULL, &err), HT_OK);
    ht_safetensors *file = ht_safetensors_open(scratch_path("bits"), &err);
    assert_true(ht_safetensors_has(file, "mask") && !ht_safetensors_has(file, "__metadata__"));
    assert_int_equal(ht_safetensors_read_bool(file, "mask", (ht_sides){.rows = 3, .columns = 1}, to, &err),
                     HT_OK);
    assert_memory_equal(to, bits, 3);
    assert_int_equal(ht_safetensors_read(file, "w", (ht_sides){.rows = 4, .columns = 1}, numbers, &err),
                     HT_OK);
    assert_memory_equal(numbers, b, sizeof b);
    assert_int_equal(ht_safetensors_read(file, "mask", (ht_sides){.rows = 3, .columns = 1}, numbers, &err),
                     HT_FAIL);
    assert_non_null(strstr(err.text, "BOOL"));
    assert_int_equal(ht_safetensors_read_bool(file, "w", (ht_sides){.rows = 4, .columns = 1}, to, &err),
                     HT_FAIL);
    ht_safetensors_close(file);
    static const char header[] = "{\"t\":{\"dtype\":\"BOOL\",\"shape\":[1,2],\"data_offsets\":[0,2]}}";
    write_raw("odd-bits", header, strlen(header), "\1\2", 2);
    file = ht_safetensors_open(scratch_path("odd-bits"), &err);
    assert_int_equal(ht_safetensors_read_bool(file, "t", (ht_sides){.rows = 1, .columns = 2}, to, &err),
                     HT_FAIL);
    assert_non_null(strstr(err.text, "t[0][1]"));
    ht_safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_header_is_what_the_format_asks_for),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_flipped_byte_does_harm),
        cmocka_unit_test(a_header_length_that_cannot_be_is_refused),
        cmocka_unit_test(offsets_outside_the_file_are_refused),
        cmocka_unit_test(overlapping_tensors_are_refused),
        cmocka_unit_test(bytes_of_nobody_are_refused),
        cmocka_unit_test(bytes_are_those_of_type_and_shape),
        cmocka_unit_test(other_types_and_shapes_are_refused),
        cmocka_unit_test(a_header_that_is_no_object_is_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(truth_values_are_read_as_such),
        cmocka_unit_test(hundreds_of_tensors_come_back),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
