/* test_netfile.c - networks in files of ours and of others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "heavytail/netread.h"
#include "weights/net/netfile.h"
#include "data/npy.h"
#include "unit/golden.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;

static void what_was_written_is_read(void **state)
{
    (void)state;
    ht_network *net = ht_network_new(7, 5, 3, 4, HT_TANH, true, &err);
    ht_network_init(net, 3, NULL);
    assert_int_equal(ht_netfile_write(scratch_path("a.safetensors"), net, NULL, "node", &err), HT_OK);
    ht_network *back = ht_netfile_read(scratch_path("a.safetensors"), HT_RELU, false, &err);
    assert_non_null(back);
    assert_true(small_same(net, back));
    assert_int_equal(ht_network_activation(back, 0), HT_TANH);
    assert_true(back->mean_field);
    ht_network_free(back);
    ht_network_free(net);
}

/* A file of others: any names, in the file's order; `bias` is what its one vector holds. */
static void write_foreign(const char *name, const char *vector, const char *second, float bias)
{
    char header[600], file[1024];
    float data[6 + 2 + 4] = {1, 2, 3, 4, 5, 6, bias, 0, 0.5f, -1, 2, 7};
    int length = snprintf(header, sizeof header,
                          "{\"fc1.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                          "\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"
                          "\"%s\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[32,48]}}",
                          vector, second);
    memset(file, 0, 8);
    file[0] = (char)(length & 255), file[1] = (char)(length >> 8);
    memcpy(file + 8, header, (size_t)length);
    memcpy(file + 8 + length, data, sizeof data);
    scratch_write(name, file, 8 + (size_t)length + sizeof data);
}

static void files_of_others_are_read_in_order(void **state)
{
    (void)state;
    write_foreign("b.safetensors", "fc1.bias", "fc2.weight", 0);
    ht_network *net = ht_netfile_read(scratch_path("b.safetensors"), HT_LEAKY_RELU, false, &err);
    assert_non_null(net);
    assert_int_equal(ht_network_hidden(net), 1);
    assert_true(net->weights[0]->rows == 2 && net->weights[0]->columns == 3 && net->weights[1]->rows == 2);
    assert_true(net->weights[0]->data[5] == 6.0f && net->weights[1]->data[3] == 7.0f);
    assert_int_equal(ht_network_activation(net, 0), HT_LEAKY_RELU);
    ht_network_free(net);
}

/* The public reader: the same network, with what the file does not say, and notes as text. */
static void others_read_files_by_one_function(void **state)
{
    (void)state;
    char notes[400];
    const char *const settings[] = {"model.activation", "tanh", NULL}, *const wrong[] = {"model.activation",
                                                                                         "step", NULL};
    write_foreign("b.safetensors", "fc1.bias", "fc2.weight", 3);
    ht_network_words words = {.settings = settings};
    ht_network *net = ht_network_read(scratch_path("b.safetensors"), &words, notes, sizeof notes, &err),
               *same = ht_netfile_read(scratch_path("b.safetensors"), HT_TANH, false, &err);
    assert_true(net && same && small_same(net, same));
    assert_int_equal(ht_network_activation(net, 0), HT_TANH);
    assert_string_equal(notes, "");
    ht_network_free(net);
    ht_network_free(same);
    write_foreign("b.safetensors", "momentum", "fc2.weight", 3); /* left out */
    net = ht_network_read(scratch_path("b.safetensors"), &(ht_network_words){0}, notes, sizeof notes, &err);
    assert_non_null(net);
    assert_non_null(strstr(notes, "momentum"));
    ht_network_free(net);
    words.settings = wrong;
    assert_null(ht_network_read(scratch_path("b.safetensors"), &words, NULL, 0, &err));
    assert_int_equal(err.code, HT_USAGE);
    assert_null(ht_network_read("nowhere.safetensors", &(ht_network_words){0}, NULL, 0, &err));
    assert_int_equal(err.code, HT_FAIL);
}

static void biases_go_with_their_layers(void **state)
{
    (void)state;
    write_foreign("c.safetensors", "fc1.bias", "fc2.weight", 0.25f);
    ht_network *net = ht_netfile_read(scratch_path("c.safetensors"), HT_RELU, false, &err), *back;
    assert_non_null(net);
    assert_true(net->weights[0]->bias && !net->weights[1]->bias);
    assert_true(net->weights[0]->bias->data[0] == 0.25f && net->weights[0]->bias->data[1] == 0.0f);
    assert_int_equal(ht_netfile_write(scratch_path("c2.safetensors"), net, NULL, "node", &err), HT_OK);
    back = ht_netfile_read(scratch_path("c2.safetensors"), HT_RELU, false, &err);
    assert_non_null(back);
    assert_true(small_same(net, back) && back->weights[0]->bias && !back->weights[1]->bias);
    assert_true(back->weights[0]->bias->data[0] == 0.25f && back->weights[0]->bias->data[1] == 0.0f);
    ht_network_free(back);
    ht_network_free(net);
}

static void broken_chains_are_refused(void **state)
{
    (void)state;
    write_foreign("d.safetensors", "fc1.bias", "running_mean", 0); /* only one matrix is called a weight */
    assert_null(ht_netfile_read(scratch_path("d.safetensors"), HT_RELU, false, &err));
    assert_non_null(strstr(err.text, "holds 1 layer; a network has a hidden"));
    write_foreign("e.safetensors", "norm.weight", "fc2.weight", 0); /* not what we would compute */
    assert_null(ht_netfile_read(scratch_path("e.safetensors"), HT_RELU, false, &err));
    assert_non_null(strstr(err.text, "norm.weight has 1 dimensions"));
    char w1[4300], w2[4300];
    strcpy(w1, golden_path("net/W1.npy"));
    strcpy(w2, golden_path("net/W2.npy"));
    const char *const wrong[] = {w2, w1}, *const right[] = {w1, w2};
    assert_null(ht_netfile_read_npy(wrong, 2, HT_RELU, false, &err));
    assert_non_null(strstr(err.text, "gives out 5"));
    ht_network *net = ht_netfile_read_npy(right, 2, HT_RELU, false, &err), *same = golden_network();
    assert_true(net && small_same(net, same));
    ht_network_free(net);
    ht_network_free(same);
    size_t shape[2] = {2, 3};
    const float bad[6] = {1, 2, 3, 4, NAN, 6};
    assert_int_equal(ht_npy_write_f32(scratch_path("nan.npy"), bad, 2, shape, &err), HT_OK);
    const char *const nan[] = {scratch_path("nan.npy"), w2};
    assert_null(ht_netfile_read_npy(nan, 2, HT_RELU, false, &err));
    assert_non_null(strstr(err.text, "[1][1]"));
}

/* Names, order and orientation of others, as of PyTorch sorted by name, of Keras, and of a Sequential whose
 * names could be ours. */
static void what_is_written_back_lies_as_it_did(void **state)
{
    (void)state;
    enum { IN = 4, WIDE = 3, OUT = 2, MOST = 4 };
    static const float w1[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, b1[3] = {-1, -2, -3},
                       w2[6] = {21, 22, 23, 24, 25, 26}, b2[2] = {31, 32};
    static const struct {
        int count;
        ht_tensor_out tensor[MOST];
    } files[] = {
        {4,
         {{.name = "fc1.bias", .sides = {.rows = WIDE}, .data = b1},
          {.name = "fc1.weight", .sides = {.rows = WIDE, .columns = IN}, .data = w1},
          {.name = "fc2.bias", .sides = {.rows = OUT}, .data = b2},
          {.name = "fc2.weight", .sides = {.rows = OUT, .columns = WIDE}, .data = w2}}},
        {4,
         {{.name = "dense_1/kernel", .sides = {.rows = WIDE, .columns = OUT}, .data = w2},
          {.name = "dense_1/bias", .sides = {.rows = 1, .columns = OUT}, .data = b2},
          {.name = "dense/kernel", .sides = {.rows = IN, .columns = WIDE}, .data = w1},
          {.name = "dense/bias", .sides = {.rows = WIDE, .columns = 1}, .data = b1}}},
        {2,
         {{.name = "layers.0.weight", .sides = {.rows = WIDE, .columns = IN}, .data = w1},
          {.name = "layers.2.weight", .sides = {.rows = OUT, .columns = WIDE}, .data = w2}}},
    };
    /* Our writer puts a checksum into every file, which theirs have not. */
    static const char *const theirs[] = {"heavytail.names", "theirs", NULL};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        ht_netform form;
        char path[4300];
        const ht_netfile_options options = {.activation = HT_TANH, .form = &form};
        size_t count = (size_t)files[f].count;
        strcpy(path, scratch_path("theirs.safetensors"));
        assert_int_equal(ht_safetensors_write(path, files[f].tensor, count, theirs, &err), HT_OK);
        ht_network *net = ht_netfile_read_as(path, &options, &err), *back;
        if (!net) fail_msg("%s", err.text);
        assert_int_equal(form.count, count);
        strcpy(path, scratch_path("again.safetensors"));
        assert_int_equal(ht_netfile_write(path, net, &form, "node", &err), HT_OK);
        back = ht_netfile_read(path, HT_RELU, false, &err);
        if (!back) fail_msg("%s", err.text);
        assert_true(small_same(net, back) && ht_network_activation(back, 0) == HT_TANH);
        ht_safetensors *file = ht_safetensors_open(path, &err);
        assert_int_equal(ht_safetensors_count(file), count);
        for (size_t i = 0; i < count; i++) {
            const ht_tensor_out *t = &files[f].tensor[i];
            ht_tensor_info info;
            float *to;
            assert_int_equal(ht_safetensors_describe(file, i, &info, &err), HT_OK);
            assert_string_equal(info.name, t->name);
            assert_int_equal(info.ndim, t->sides.columns ? 2 : 1);
            assert_true(info.shape[0] == t->sides.rows &&
                        (!t->sides.columns || info.shape[1] == t->sides.columns));
            assert_int_equal(ht_safetensors_load_floats(file, &info, &to, &err), HT_OK);
            assert_memory_equal(to, t->data, info.count * sizeof *to);
            ht_free(to);
        }
        ht_safetensors_close(file);
        ht_network_free(back);
        ht_network_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(files_of_others_are_read_in_order),
        cmocka_unit_test(others_read_files_by_one_function),
        cmocka_unit_test(biases_go_with_their_layers),
        cmocka_unit_test(broken_chains_are_refused),
        cmocka_unit_test(what_is_written_back_lies_as_it_did),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
