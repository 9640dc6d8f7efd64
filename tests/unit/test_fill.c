/* test_fill.c - networks of any layers in files: names of PyTorch's and of others find their layers, batch
 * norms are folded, what is not plain is asked for; what we write says what network it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "num/rng.h"
#include "unit/naive.h"
#include "unit/scratch.h"
#include "unit/small.h"
#include "weights/net/fill.h"
#include "weights/net/netfile.h"
#include "weights/net/netform.h"

static ht_error err;

static ht_network *network_of(const char *layers, ht_shape input, int classes, bool bias)
{
    ht_params p;
    ht_params_init(&p);
    if (ht_params_set(&p, "model.layers", layers, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_network *net = ht_network_of(&p, input, classes, &err);
    if (!net) fail_msg("%s: %s", layers, err.text);
    return net;
}

/* Every number another one; variances above 0. */
static void stir(ht_network *net, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_INIT, 0);
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++) {
            double draw = ht_rng_normal(&rng);
            bool positive = strstr(net->tensors[t].name, "running_var") != NULL;
            net->tensors[t].data[i] = (float)(positive ? 0.5 + draw * draw : 0.5 * draw);
        }
}

/* Tensor t of the network is called names[t], and lies where `place` says ("" or NULL: t-th). */
static void write_named(const char *file, const ht_network *net, const char *const *names, const int *place)
{
    enum { MOST = 64 };
    ht_tensor_out out[MOST] = {0};
    for (int t = 0; t < net->tensor_count; t++) {
        ht_tensor_out *o = &out[place ? place[t] : t];
        *o = (ht_tensor_out){.sides = ht_netform_sides(&net->tensors[t]), .data = net->tensors[t].data};
        snprintf(o->name, sizeof o->name, "%s", names[t]);
    }
    if (ht_safetensors_write(scratch_path(file), out, (size_t)net->tensor_count, NULL, &err) != HT_OK)
        fail_msg("%s", err.text);
}

static bool says(const ht_notes *notes, const char *part)
{
    return notes->lines.data && strstr(notes->lines.data, part);
}

/* ---- names find their layers -------------------------------------------------------------------- */

static const ht_shape picture = {2, 8, 8};

static const struct named {
    const char *layers;
    const char *names[12];
    int place[12];
    const char *notes; /* a part of them, or "" for none */
    const char *order;
} named[] = {
    {"conv 4 3x3 same, conv 4 3x3 same, conv 4 3x3 same, pool 2, dense 9", /* 10 stands before 2 */
     {"0.weight", "2.weight", "10.weight", "13.weight", "15.weight"},
     {0, 4, 1, 2, 3},
     "",
     NULL},
    {"conv 4 3x3 same, res(conv 4 3x3 same, conv 4 3x3 same linear), relu, conv 4 3x3 same",
     {"0.weight", "2.body.0.weight", "2.body.2.weight", "4.weight", "6.weight"},
     {3, 4, 1, 0, 2},
     "",
     NULL},
    {"conv 4 3x3 same, res(conv 6 3x3 stride 2 same, conv 6 3x3 same linear), relu, pool global",
     {"conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "layer1.0.downsample.0.weight",
      "fc.weight"},
     {0, 4, 2, 3, 1},
     "",
     NULL},
    {"conv 4 3x3 same, res(conv 6 1x1 stride 2, conv 6 3x3 same linear), relu, pool global", /* one shape */
     {"conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "layer1.0.downsample.0.weight",
      "fc.weight"},
     {0, 4, 2, 1, 3},
     "",
     NULL},
    {"conv 4 3x3 same, res(conv 6 1x1, norm, conv 6 1x1, norm), res(conv 7 1x1), norm", /* of two blocks */
     {"stem.weight", "b.0.a.0.weight", "b.0.a.1.weight", "b.0.a.2.weight", "b.0.a.3.weight",
      "b.0.shortcut.weight", "b.1.a.weight", "b.1.shortcut.weight", "norm.weight", "fc.weight"},
     {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
     "",
     NULL},
    {"conv 4 3x3 same, pool 2, dense 9", /* alphabetically the classifier comes first */
     {"features.0.weight", "classifier.1.weight", "classifier.3.weight"},
     {2, 0, 1},
     "",
     NULL},
    {"norm, conv 4 3x3 same, norm, pool 2, dense 9, norm",
     {"ln.weight", "c.weight", "ln_1.weight", "fc1.weight", "ln_2.weight", "fc2.weight"},
     {0, 5, 2, 3, 4, 1},
     "",
     NULL},
    {"conv 5 3x3, dense 4", {"b.weight", "a.weight", "c.weight"}, {0, 1, 2}, "", NULL},
    {"conv 5 3x3, dense 4, dense 9", /* shapes speak against numbers */
     {"conv.weight", "fc2.weight", "fc1.weight", "fc3.weight"},
     {0, 1, 2, 3},
     "fc2.weight comes before fc1.weight, as their shapes say",
     NULL},
    {"dense 9, dense 9, dense 9",
     {"in.weight", "b.weight", "a.weight", "out.weight"},
     {0, 1, 2, 3},
     "",
     "in,b,a,out"},
};

static void names_find_their_layers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const struct named *c = &named[i];
        ht_notes notes = {0};
        ht_network *net = network_of(c->layers, picture, 3, false),
                   *to = network_of(c->layers, picture, 3, false);
        stir(net, i + 1);
        write_named("n.safetensors", net, c->names, c->place);
        if (ht_network_fill(to, scratch_path("n.safetensors"), c->order, &notes, &err) != HT_OK)
            fail_msg("%s: %s", c->layers, err.text);
        assert_true(small_same(net, to));
        if (*c->notes ? !says(&notes, c->notes) : notes.count > 0)
            fail_msg("%s: %s", c->layers, notes.lines.data);
        ht_notes_free(&notes);
        ht_network_free(net);
        ht_network_free(to);
    }
}

/* What is written back has the names, the order and the shapes of the file that was read. */
static void a_copy_lies_as_its_file_did(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        ht_params p;
        ht_netform form;
        ht_network *net = network_of(named[i].layers, picture, 3, false);
        stir(net, i + 1);
        write_named("n.safetensors", net, named[i].names, named[i].place);
        ht_params_init(&p);
        assert_int_equal(ht_params_set(&p, "model.layers", named[i].layers, &err), HT_OK);
        const ht_netfile_options options = {
            .run = &p, .input = picture, .form = &form, .order = named[i].order};
        ht_network *read = ht_netfile_read_as(scratch_path("n.safetensors"), &options, &err);
        if (!read) fail_msg("%s: %s", named[i].layers, err.text);
        assert_true(small_same(net, read));
        assert_int_equal(ht_netfile_write(scratch_path("copy.safetensors"), read, &form, "node", &err),
                         HT_OK);
        ht_safetensors *a = ht_safetensors_open(scratch_path("n.safetensors"), &err),
                       *b = ht_safetensors_open(scratch_path("copy.safetensors"), &err);
        assert_int_equal(ht_safetensors_count(a), ht_safetensors_count(b));
        for (size_t t = 0; t < ht_safetensors_count(a); t++) {
            ht_tensor_info x, y;
            ht_safetensors_describe(a, t, &x, &err);
            ht_safetensors_describe(b, t, &y, &err);
            assert_string_equal(x.name, y.name);
            assert_true(x.ndim == y.ndim && memcmp(x.shape, y.shape, sizeof x.shape) == 0);
        }
        ht_safetensors_close(a);
        ht_safetensors_close(b);
        ht_network *again = ht_netfile_read_as(scratch_path("copy.safetensors"), &options, &err);
        assert_non_null(again);
        assert_true(small_same(net, again));
        ht_network_free(again);
        ht_network_free(read);
        ht_network_free(net);
    }
}

static void what_names_do_not_tell_is_asked_for(void **state)
{
    static const char *const names[] = {"in.weight", "b.weight", "a.weight", "out.weight"};
    static const struct {
        const char *order, *says;
        ht_code code;
    } cases[] = {
        {NULL,
         "a.weight,b.weight are all (9 × 9), and their names do not tell which comes first: give --order",
         HT_FAIL},
        {"in,b,out",
         "has 1 tensor of the shape (9 × 9), and the network has 2 layers of it, as layers.1.weight",
         HT_FAIL},
        {"in,b,a,b,out", "'b' stands there twice", HT_USAGE},
        {"in,b,nobody,out", "has no layer 'nobody'", HT_USAGE},
        {"b,a,in,out",
         "in.weight stands at place 3, but by its shape (9 × 128) it can only be layers.0.weight", HT_USAGE},
    };
    (void)state;
    const int turned[] = {0, 2, 1, 3};
    ht_network *net = network_of("dense 9, dense 9, dense 9", picture, 3, false);
    stir(net, 3);
    write_named("n.safetensors", net, names, turned);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ht_network_fill(net, scratch_path("n.safetensors"), cases[i].order, NULL, &err),
                         cases[i].code);
        if (!strstr(err.text, cases[i].says)) fail_msg("'%s' is not in: %s", cases[i].says, err.text);
    }
    ht_network_free(net);
}

static void what_does_not_fit_is_named_with_what_would(void **state)
{
    static const char *const names[] = {"conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
                                        "fc.weight",    "fc.bias",    "head.weight",  "head.bias"};
    static const struct {
        const char *layers;
        bool bias;
        const char *says;
    } cases[] = {
        {"conv 4 3x3 same, conv 5 5x5 same, pool 2, dense 9", true,
         "conv2.weight is (5 × 4 × 3 × 3), and the network needs (5 × 4 × 5 × 5) there, for layers.1.weight"},
        {"conv 4 3x3 same, conv 5 3x3 same, dense 9", true,
         "fc.weight is (9 × 80), and the network needs (9 × 320) there, for layers.2.weight"},
        {"conv 4 3x3 same, conv 5 3x3 same, pool 2", true,
         "is (9 × 80), and the network needs (3 × 80) there, for layers.2.weight"},
        {"conv 4 3x3 same, conv 5 3x3 same, norm, pool 2, dense 9", true,
         "has 0 tensors of the shape (5), and the network has 1 layer of it, as layers.2.weight"},
        {"conv 4 3x3 same, conv 5 3x3 same, pool 2, dense 9", false,
         "conv1.weight has biases, and the network has none; set model.bias to 1"},
        {"pool 4, dense 9", true, "needs (9 × 8) there"},
    };
    (void)state;
    ht_network *net = network_of("conv 4 3x3 same, conv 5 3x3 same, pool 2, dense 9", picture, 3, true);
    stir(net, 3);
    write_named("n.safetensors", net, names, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_network *to = network_of(cases[i].layers, picture, 3, cases[i].bias);
        assert_int_equal(ht_network_fill(to, scratch_path("n.safetensors"), NULL, NULL, &err), HT_FAIL);
        if (!strstr(err.text, cases[i].says)) fail_msg("'%s' is not in: %s", cases[i].says, err.text);
        ht_network_free(to);
    }
    net->weights[1]->data[2 * 36 + 7] = NAN;
    write_named("n.safetensors", net, names, NULL);
    assert_int_equal(ht_network_fill(net, scratch_path("n.safetensors"), NULL, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "conv2.weight[2][7] is not a finite number"));
    ht_network_free(net);
}

static ht_network *transformer(const char *layers, int context, int symbols, bool tied)
{
    ht_params p;
    ht_params_init(&p);
    if (ht_params_set(&p, "model.layers", layers, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_TIED, tied);
    ht_network *net = ht_network_of(&p, (ht_shape){1, 1, context}, symbols, &err);
    if (!net) fail_msg("%s: %s", layers, err.text);
    return net;
}

/* GPT-2's files have no output of their own. */
static void what_a_transformer_s_file_lacks_is_named(void **state)
{
    static const char *const names[] = {"wte.weight", "wpe.weight", "h.0.attn.c_attn.weight",
                                        "h.0.attn.c_proj.weight"};
    static const struct {
        const char *layers;
        int context, symbols;
        bool tied;
        const char *says;
    } cases[] = {
        {"embed 6, attention 2", 5, 4, true, NULL},
        {"embed 6, attention 2", 5, 4, false, "no weights of an output (lm_head.weight)"},
        {"embed 6, attention 2", 5, 4, false, "set model.tied to 1"},
        {"embed 6, attention 2", 8, 4, true, "wpe.weight is (5 × 6), and the network needs (8 × 6) there"},
        {"embed 6, attention 2", 5, 9, true, "wte.weight is (4 × 6), and the network needs (9 × 6) there"},
        {"embed 6, attention 2, attention 2", 5, 4, true,
         "has 1 tensor of the shape (18 × 6), and the network has 2 layers of it"},
    };
    (void)state;
    ht_network *net = transformer("embed 6, attention 2", 5, 4, true);
    stir(net, 3);
    write_named("n.safetensors", net, names, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_network *to = transformer(cases[i].layers, cases[i].context, cases[i].symbols, cases[i].tied);
        ht_code code = ht_network_fill(to, scratch_path("n.safetensors"), NULL, NULL, &err);
        assert_int_equal(code, cases[i].says ? HT_FAIL : HT_OK);
        if (!cases[i].says)
            assert_true(small_same(to, net));
        else if (!strstr(err.text, cases[i].says))
            fail_msg("'%s' is not in: %s", cases[i].says, err.text);
        ht_network_free(to);
    }
    ht_network_free(net);
}

/* ---- batch norms -------------------------------------------------------------------------------- */

enum { NORMED = 16 }; /* tensors of the network with norms */

static const char normed[] =
    "conv 4 3x3 same linear, norm batch, relu, conv 4 3x3 same linear, norm batch, relu, "
    "pool 2, dense 9 linear, norm batch, relu",
                  plain[] = "conv 4 3x3 same, conv 4 3x3 same, pool 2, dense 9";

static bool is_bias_of_a_matrix(const ht_network *net, const ht_tensor *t)
{
    for (int w = 0; w < net->weight_count; w++)
        if (net->weights[w]->bias == t) return true;
    return false;
}

/* As PyTorch has it: no biases where a norm follows. */
static void write_normed(const char *file, const ht_network *net, const char *const *names)
{
    ht_tensor_out out[NORMED] = {0};
    int count = 0;
    for (int t = 0; t < net->tensor_count; t++) {
        if (is_bias_of_a_matrix(net, &net->tensors[t])) continue;
        out[count] =
            (ht_tensor_out){.sides = ht_netform_sides(&net->tensors[t]), .data = net->tensors[t].data};
        snprintf(out[count].name, sizeof out[count].name, "%s", names[count]);
        count++;
    }
    assert_int_equal(count, NORMED);
    assert_int_equal(ht_safetensors_write(scratch_path(file), out, NORMED, NULL, &err), HT_OK);
}

static ht_network *with_norms(void)
{
    ht_network *net = network_of(normed, picture, 3, true);
    stir(net, 9);
    for (int w = 0; w < net->weight_count; w++)
        memset(net->weights[w]->bias->data, 0, (size_t)net->weights[w]->rows * sizeof(float));
    return net;
}

static ht_score score_of(const ht_network *net)
{
    ht_samples samples = naive_samples(50, 128, 3, 5);
    ht_score score;
    assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &score, &err), HT_OK);
    naive_free_samples(&samples);
    return score;
}

static void batch_norms_are_folded_or_kept(void **state)
{
    static const struct {
        const char *names[NORMED];
        const char *says; /* of a note, or of why not */
        bool good;
    } cases[] = {
        {{"0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "3.weight", "4.weight",
          "4.bias", "4.running_mean", "4.running_var", "8.weight", "9.weight", "9.bias", "9.running_mean",
          "9.running_var", "11.weight"},
         "3 batch norms are folded into the layers before",
         true},
        {{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "l.conv2.weight",
          "l.bn2.weight", "l.bn2.bias", "l.bn2.running_mean", "l.bn2.running_var", "fc1.weight",
          "bn_fc1.weight", "bn_fc1.bias", "bn_fc1.running_mean", "bn_fc1.running_var", "out.weight"},
         "bn1 into conv1, l.bn2 into l.conv2, bn_fc1 into fc1",
         true},
        {{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "conv2.weight",
          "bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var", "fc1.weight", "bn_fc1.weight",
          "bn_fc1.bias", "bn_fc1.running_mean", "bn_fc1.running_var", "out.weight"},
         "bn1 into conv1, bn2 into conv2, bn_fc1 into fc1",
         true},
        /* What stands between them is not known. */
        {{"0.weight", "2.weight", "2.bias", "2.running_mean", "2.running_var", "4.weight", "5.weight",
          "5.bias", "5.running_mean", "5.running_var", "9.weight", "10.weight", "10.bias", "10.running_mean",
          "10.running_var", "12.weight"},
         "2.weight is of a batch norm for which the network has no layer",
         false},
    };
    (void)state;
    ht_network *net = with_norms();
    ht_score whole = score_of(net);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_notes notes = {0};
        ht_network *to = network_of(plain, picture, 3, true);
        write_normed("bn.safetensors", net, cases[i].names);
        ht_code code = ht_network_fill(to, scratch_path("bn.safetensors"), NULL, &notes, &err);
        if ((code == HT_OK) != cases[i].good) fail_msg("%zu: %s", i, code == HT_OK ? "folded" : err.text);
        if (code == HT_OK ? !says(&notes, cases[i].says) : !strstr(err.text, cases[i].says))
            fail_msg("'%s' is not in: %s", cases[i].says, code == HT_OK ? notes.lines.data : err.text);
        if (code == HT_OK && fabs(score_of(to).loss / whole.loss - 1) > 1e-5)
            fail_msg("%zu: %.9g folded, %.9g whole", i, score_of(to).loss, whole.loss);
        ht_notes_free(&notes);
        ht_network_free(to);
    }
    /* A network that has norms keeps them; one without biases has no room for what is added. */
    ht_network *same = network_of(normed, picture, 3, true), *bare = network_of(plain, picture, 3, false);
    write_normed("bn.safetensors", net, cases[0].names);
    if (ht_network_fill(same, scratch_path("bn.safetensors"), NULL, NULL, &err) != HT_OK)
        fail_msg("%s", err.text);
    assert_true(small_same(same, net));
    assert_int_equal(ht_network_fill(bare, scratch_path("bn.safetensors"), NULL, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "set model.bias to 1"));
    ht_network_free(same);
    ht_network_free(bare);
    ht_network_free(net);
}

/* "bn1" and "layer1.0.bn1" have no order of their own, but stand behind layers that do. */
/* A batch norm takes the root of it, whether it is kept or folded. */
static void a_variance_below_zero_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"0.weight",      "1.weight", "1.running_mean",
                                        "1.running_var", "4.weight", "5.weight"},
                             *const lines[] = {"conv 4 3x3 same linear, norm batch, relu, conv 4 3x3 same",
                                               "conv 4 3x3 same, conv 4 3x3 same"};
    ht_network *net = network_of(lines[0], picture, 3, false);
    stir(net, 5);
    for (int t = 0; t < net->tensor_count; t++)
        if (strstr(net->tensors[t].name, "running_var")) net->tensors[t].data[2] = -0.25f;
    write_named("v.safetensors", net, names, NULL);
    for (int i = 0; i < 2; i++) {
        ht_notes notes = {0};
        ht_network *to = network_of(lines[i], picture, 3, true);
        assert_int_equal(ht_network_fill(to, scratch_path("v.safetensors"), NULL, &notes, &err), HT_FAIL);
        if (!strstr(err.text, "the running variance number 2 of 1.weight is -0.25, below 0"))
            fail_msg("%s: %s", lines[i], err.text);
        ht_network_free(to);
        ht_notes_free(&notes);
    }
    ht_network_free(net);
}

static void batch_norms_follow_their_layers(void **state)
{
    static const char line[] = "conv 4 1x1 linear, norm batch, relu, res(conv 4 3x3 same linear, norm batch, "
                               "relu, conv 4 3x3 same linear, norm batch), relu, pool global";
    static const char *const matrices[] = {"conv1", "layer1.0.conv1", "layer1.0.conv2", "fc"},
                             *const norms[] = {"bn1", "layer1.0.bn1", "layer1.0.bn2"},
                             *const parts[] = {"weight", "running_mean", "running_var"};
    enum { TENSORS = 4 + 3 * 3 };
    char text[TENSORS][40];
    const char *names[TENSORS];
    int place[TENSORS], count = 0;
    (void)state;
    for (int m = 0; m < 4; m++) {
        snprintf(text[count++], sizeof text[0], "%s.weight", matrices[m]);
        for (int k = 0; k < 3 && m < 3; k++)
            snprintf(text[count++], sizeof text[0], "%s.%s", norms[m], parts[k]);
    }
    for (int t = 0; t < TENSORS; t++) names[t] = text[t], place[t] = TENSORS - 1 - t;
    ht_network *net = network_of(line, picture, 3, false), *to = network_of(line, picture, 3, false);
    assert_int_equal(net->tensor_count, TENSORS);
    stir(net, 8);
    write_named("r.safetensors", net, names, place);
    if (ht_network_fill(to, scratch_path("r.safetensors"), NULL, NULL, &err) != HT_OK)
        fail_msg("%s", err.text);
    assert_true(small_same(net, to));
    ht_network_free(net);
    ht_network_free(to);
}

/* ---- ours --------------------------------------------------------------------------------------- */

static void a_file_says_which_network_it_is(void **state)
{
    static const char *const lines[] = {
        "conv 4 3x3 same, pool 2, conv 6 3x3, pool 2 avg, dense 12",
        "conv 4 3x3 stride 2 pad 1 tanh, norm, dropout 0.25, dense 7 linear",
        "conv 4 3x3 same, res(conv 4 3x3 same, conv 4 3x3 same linear), relu, pool 2",
        "res(res(conv 6 3x3 stride 2 same), norm batch, conv 6 1x1 gelu), pool global",
        "dense 9, res(dense 9, dropout 0.5, dense 9 linear), gelu, dense 4, norm",
        "pool 3 stride 2, conv 3 2x2, dense 5",
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof lines / sizeof lines[0]; i++) {
        char line[HT_PARAM_TEXT], again[HT_PARAM_TEXT];
        ht_network *net = network_of(lines[i / 2], picture, 3, i % 2 == 1);
        stir(net, i + 1);
        if (ht_netfile_write(scratch_path("own.safetensors"), net, NULL, "none", &err) != HT_OK)
            fail_msg("%s", err.text);
        const ht_netfile_options options = {.activation = HT_TANH};
        ht_network *back = ht_netfile_read_as(scratch_path("own.safetensors"), &options, &err);
        if (!back) fail_msg("%s: %s", lines[i / 2], err.text);
        assert_true(small_same(net, back));
        assert_int_equal(back->layer_count, net->layer_count);
        assert_true(ht_network_line(net, line, sizeof line) && ht_network_line(back, again, sizeof again));
        assert_string_equal(line, again);
        assert_false(ht_network_line(net, again, 10));
        ht_network_free(back);
        ht_network_free(net);
    }
}

/* ---- guessed ------------------------------------------------------------------------------------ */

static void a_chain_is_guessed_where_shapes_leave_one(void **state)
{
    static const struct {
        const char *layers, *says; /* of the note, or of why not */
        bool good;
    } cases[] = {
        {"conv 4 3x3 same, conv 6 3x3 same", "\"conv 4 3x3 same, conv 6 3x3 same\" (model.activation relu)",
         true},
        {"conv 4 5x5, pool 2, dense 12", "\"conv 4 5x5, pool 2, dense 12\"", true},
        {"conv 4 5x5 same, pool 2, conv 6 3x3 same, dense 12",
         "3 ways fit, among them \"conv 4 5x5, conv 6 3x3 same", false},
        {"conv 4 5x5 same, conv 6 5x5 same, pool 2, dense 12", "4 ways fit, among them", false},
        {"conv 4 3x3 same, pool 2, conv 6 3x3 same, pool 2, dense 12", "ways fit, among them", false},
        {"conv 4 3x3 stride 2 pad 2, dense 12", "takes 100 values, to which no padding", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char *const names[] = {"0.weight", "3.weight", "6.weight", "8.weight"};
        ht_notes notes = {0};
        ht_network *net = network_of(cases[i].layers, picture, 3, false);
        stir(net, i + 1);
        write_named("g.safetensors", net, names, NULL);
        const ht_netfile_options options = {.notes = &notes, .input = picture};
        ht_network *guessed = ht_netfile_read_as(scratch_path("g.safetensors"), &options, &err);
        if ((guessed != NULL) != cases[i].good)
            fail_msg("%s: %s", cases[i].layers, guessed ? "guessed" : err.text);
        if (guessed ? !says(&notes, cases[i].says) : !strstr(err.text, cases[i].says))
            fail_msg("'%s' is not in: %s", cases[i].says, guessed ? notes.lines.data : err.text);
        if (guessed) assert_true(small_same(net, guessed));
        const ht_netfile_options blind = {.notes = NULL};
        assert_null(ht_netfile_read_as(scratch_path("g.safetensors"), &blind, &err));
        assert_non_null(
            strstr(err.text, "0.weight has 4 dimensions or more: the network takes samples of a shape"));
        ht_notes_free(&notes);
        ht_network_free(guessed);
        ht_network_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_layers),
        cmocka_unit_test(a_copy_lies_as_its_file_did),
        cmocka_unit_test(what_names_do_not_tell_is_asked_for),
        cmocka_unit_test(what_does_not_fit_is_named_with_what_would),
        cmocka_unit_test(what_a_transformer_s_file_lacks_is_named),
        cmocka_unit_test(batch_norms_are_folded_or_kept),
        cmocka_unit_test(a_variance_below_zero_is_refused),
        cmocka_unit_test(batch_norms_follow_their_layers),
        cmocka_unit_test(a_file_says_which_network_it_is),
        cmocka_unit_test(a_chain_is_guessed_where_shapes_leave_one),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
