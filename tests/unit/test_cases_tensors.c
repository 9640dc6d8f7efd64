/* Guards what is read of files of others: the decoding of short floats, what names say, the order of layers,
 * and that every tensor of any file is looked at or named. */
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

#include "base/alloc.h"
#include "engine/trainer.h"
#include "weights/chain.h"
#include "data/half.h"
#include "weights/net/netfile.h"
#include "weights/tensor.h"
#include "weights/tensor_name.h"
#include "weights/weights.h"
#include "num/rng.h"
#include "weights/shard.h"
#include "unit/scratch.h"

static ht_error err;

/* ---- floats of 8 bits ---- */

/* By the definition: sign, exponent and fraction of `bits`, in powers. */
static double by_definition(unsigned code, int exponent_bits, int fraction_bits, int bias)
{
    int exponent = (int)(code >> fraction_bits) & ((1 << exponent_bits) - 1),
        fraction = (int)code & ((1 << fraction_bits) - 1);
    double part = (double)fraction / (1 << fraction_bits),
           value = exponent ? (1 + part) * pow(2, exponent - bias) : part * pow(2, 1 - bias);
    return code >> 7 ? -value : value;
}

static void short_floats_are_decoded(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        double e4m3 = (double)ht_float_of_e4m3(code), e5m2 = (double)ht_float_of_e5m2(code);
        if ((code & 127) == 127)
            assert_true(isnan(e4m3));
        else
            assert_true(e4m3 == by_definition(code, 4, 3, 7));
        if ((code & 127) > 124)
            assert_true(isnan(e5m2));
        else if ((code & 127) == 124)
            assert_true(isinf(e5m2) && (e5m2 > 0) == (code == 124));
        else
            assert_true(e5m2 == by_definition(code, 5, 2, 15));
    }
    /* As in the paper: the largest and the smallest. */
    assert_true(ht_float_of_e4m3(0x7e) == 448 && ht_float_of_e5m2(0x7b) == 57344);
    assert_true(ht_float_of_e4m3(1) == 0x1p-9f && ht_float_of_e5m2(1) == 0x1p-16f);
}

/* ---- names ---- */

static void names_say_what_tensors_are(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        ht_name_role role;
        const char *stem;
    } cases[] = {
        {"fc1.weight", HT_NAME_WEIGHT, "fc1"},
        {"fc1.bias", HT_NAME_BIAS, "fc1"},
        {"weight", HT_NAME_WEIGHT, ""},
        {"bias", HT_NAME_BIAS, ""},
        {"W1", HT_NAME_MATRIX, "1"},
        {"b1", HT_NAME_BIAS, "1"},
        {"w_hidden", HT_NAME_MATRIX, "hidden"},
        {"b_hidden", HT_NAME_BIAS, "hidden"},
        {"hiddenWeight", HT_NAME_WEIGHT, "hidden"},
        {"hidden_bias", HT_NAME_BIAS, "hidden"},
        {"weights.0", HT_NAME_WEIGHT, "0"},
        {"biases.0", HT_NAME_BIAS, "0"},
        {"coefs_0", HT_NAME_KERNEL, "0"},
        {"intercepts_0", HT_NAME_BIAS, "0"},
        {"dense_1/kernel:0", HT_NAME_KERNEL, "dense_1.0"},
        {"dense_1/bias:0", HT_NAME_BIAS, "dense_1.0"},
        {"net.w1.bias", HT_NAME_BIAS, "net.w1"},
        {"net.b.weight", HT_NAME_WEIGHT, "net.b"},
        {"hidden", HT_NAME_PLAIN, "hidden"},
        {"wide", HT_NAME_PLAIN, "wide"},
        {"", HT_NAME_PLAIN, ""},
        {"...", HT_NAME_PLAIN, ""},
        {"schicht.gewicht", HT_NAME_PLAIN, "schicht.gewicht"},
    };
    char stem[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ht_name_read(cases[i].name, stem, sizeof stem), cases[i].role);
        assert_string_equal(stem, cases[i].stem);
    }
    ht_name_read("a.very.long.name.weight", stem, 8); /* cut, not overrun */
    assert_true(strlen(stem) < 8);
}

static void tables_that_are_looked_up_are_known_by_name(void **state)
{
    static const char *const tables[] = {"layers.0.tokens",
                                         "layers.0.positions",
                                         "tok.weight",
                                         "pos.weight",
                                         "model.tok_emb.weight",
                                         "transformer.wte.weight",
                                         "wpe.weight",
                                         "pos_embed",
                                         "model.embed_tokens.weight",
                                         "decoder.embed_positions.weight",
                                         "bert.embeddings.word_embeddings.weight",
                                         "bert.embeddings.token_type_embeddings.weight",
                                         "model/embedding_1/embeddings:0",
                                         "Embed_0/embedding",
                                         "tokenEmbedding.weight",
                                         "country_emb.weight"};
    static const char *const layers[] = {"fc.weight",
                                         "layers.2.c_attn.weight",
                                         "embed_out.weight",
                                         "patch_embed.proj.weight",
                                         "vision.embeddings.patch_embedding.weight",
                                         "embeddings.dense.weight",
                                         "token_mixing.Dense_0.kernel",
                                         "pos_ffn.weight",
                                         "tok_proj.weight",
                                         "member.weight",
                                         "composition.weight",
                                         "type.weight",
                                         "",
                                         ".weight",
                                         "0.weight"};
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (!ht_name_is_embedding(tables[i])) fail_msg("%s is an embedding", tables[i]);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if (ht_name_is_embedding(layers[i])) fail_msg("%s is no embedding", layers[i]);
}

static void names_tell_what_is_no_dense_layer(void **state)
{
    (void)state;
    static const char *const others[] = {"layer1.0.bn1.running_mean",
                                         "h.0.attn.c_attn.weight",
                                         "selfAttention.weight",
                                         "q_proj.weight",
                                         "word_embeddings.weight",
                                         "0.lora_B.default.weight",
                                         "fc.weight_orig",
                                         "fc.parametrizations.weight.original0",
                                         "fc.weight_v",
                                         "lstm.weight_ih_l0",
                                         "fc.weight_scale_inv",
                                         "fc.qweight"};
    static const char *const dense[] = {"back_proj.weight", "flora_1.weight", "fc.weight_value",
                                        "pattern.weight",   "value.weight",   "newte.weight"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_non_null(ht_name_obstacle(others[i]));
    for (size_t i = 0; i < sizeof dense / sizeof dense[0]; i++) assert_null(ht_name_obstacle(dense[i]));
    assert_true(ht_name_is_aside("layers.0.momentum") && ht_name_is_aside("fc.weight.grad") &&
                ht_name_is_aside("state.exp_avg.0") && !ht_name_is_aside("gradual.weight"));
}

static void names_count(void **state)
{
    (void)state;
    static const char *const rising[][2] = {{"fc1", "fc2"},
                                            {"fc2.weight", "fc10.weight"},
                                            {"net.2.weight", "net.10.weight"},
                                            {"dense/kernel", "dense_1/kernel"},
                                            {"fc", "fc2"},
                                            {"layer1.2.weight", "layer2.0.weight"},
                                            {"layer1.weight", "layer1.0.weight"},
                                            {"w1", "W2"},
                                            {"a99999999999999999999", "a100000000000000000000"},
                                            {"l09", "l10"}};
    static const char *const apart[][2] = {{"alpha", "beta"},
                                           {"fc1.weight", "out.weight"},
                                           {"fc1", "fc01"},
                                           {"encoder.0", "decoder.1"},
                                           {"x", "x"}};
    int sign;
    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        assert_true(ht_name_compare(rising[i][0], rising[i][1], &sign) && sign == -1);
        assert_true(ht_name_compare(rising[i][1], rising[i][0], &sign) && sign == 1);
    }
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++)
        assert_false(ht_name_compare(apart[i][0], apart[i][1], &sign));
}

/* ---- chains ---- */

static const ht_link *link_of(const char *name, size_t rows, size_t columns, size_t bias, ht_link *to)
{
    char stem[64];
    *to = (ht_link){.name = name, .rows = rows, .columns = columns, .bias = bias};
    to->role = ht_name_read(name, stem, sizeof stem);
    return to;
}

static void biases_and_names_tell_which_way_round(void **state)
{
    (void)state;
    ht_chain chain;
    ht_link l[3];
    /* A chain either way: biases say which. */
    link_of("a", 5, 8, 8, &l[0]), link_of("b", 8, 3, 3, &l[1]);
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, NULL, &err), HT_OK);
    assert_true(chain.turned && chain.order[0] == 0 && chain.order[1] == 1);
    l[0].bias = 5, l[1].bias = 8;
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, NULL, &err), HT_OK);
    assert_true(!chain.turned && chain.order[0] == 1 && chain.order[1] == 0);
    l[0].bias = 7;
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "its bias has 7 values"));
    l[0].bias = 5, l[1].bias = 3;
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "the other way round"));
    /* Kernels are (inputs × outputs), also square ones; weights (outputs × inputs), also against their
     * numbers. */
    link_of("d/kernel", 8, 8, 0, &l[0]), link_of("d_1/kernel", 8, 8, 0, &l[1]);
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, NULL, &err), HT_OK);
    assert_true(chain.turned && chain.order[0] == 0);
    ht_notes notes = {0};
    link_of("fc1.weight", 3, 8, 0, &l[0]), link_of("fc2.weight", 8, 5, 0, &l[1]);
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, &notes, &err), HT_OK);
    assert_true(!chain.turned && chain.order[0] == 1);
    assert_non_null(strstr(notes.lines.data, "the numbers in the names run otherwise"));
    ht_notes_free(&notes);
    /* Nothing tells: it is said. */
    link_of("hidden", 8, 5, 0, &l[0]), link_of("last", 3, 8, 0, &l[1]);
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, &notes, &err), HT_OK);
    assert_non_null(strstr(notes.lines.data, "which way round"));
    ht_notes_free(&notes);
    /* Square ones, too; with what to do if it is otherwise, and that does it. */
    link_of("w0", 8, 8, 0, &l[0]), link_of("w1", 8, 8, 8, &l[1]);
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, &notes, &err), HT_OK);
    assert_false(chain.turned);
    assert_non_null(strstr(notes.lines.data, "taken as (outputs × inputs). If they are (inputs × outputs)"));
    assert_non_null(strstr(notes.lines.data, "NAME.kernel"));
    ht_notes_free(&notes);
    link_of("w0.kernel", 8, 8, 0, &l[0]), link_of("w1.kernel", 8, 8, 8, &l[1]);
    assert_int_equal(ht_chain_find("f", l, 2, NULL, &chain, NULL, &err), HT_OK);
    assert_true(chain.turned && chain.order[0] == 0);
}

static void square_layers_need_names_that_count(void **state)
{
    (void)state;
    ht_chain chain;
    ht_link l[5];
    for (int i = 0; i < 5; i++) {
        static const char *const names[] = {"fc10.weight", "fc2.weight", "fc1.weight", "fc30.weight",
                                            "fc4.weight"};
        link_of(names[i], 4, 4, 4, &l[i]);
    }
    static const int right[] = {2, 1, 4, 0, 3};
    assert_int_equal(ht_chain_find("f", l, 5, NULL, &chain, NULL, &err), HT_OK);
    assert_memory_equal(chain.order, right, sizeof right);
    link_of("head.weight", 4, 4, 4, &l[3]); /* where among the others? */
    assert_int_equal(ht_chain_find("f", l, 5, NULL, &chain, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "5 orders"));
    assert_int_equal(ht_chain_find("f", l, 5, "fc1,fc2,fc4,fc10,head", &chain, NULL, &err), HT_OK);
    assert_true(chain.count == 5 && chain.order[4] == 3 && chain.order[3] == 0);
    assert_int_equal(ht_chain_find("f", l, 5, "fc1,fc2,fc4,fc10,head,fc1", &chain, NULL, &err), HT_USAGE);
}

/* More orders than could be gone through: 64 layers have 64! of them. */
static void many_layers_of_one_shape_are_no_endless_search(void **state)
{
    (void)state;
    enum { COUNT = HT_CHAIN_MAX };
    ht_chain chain;
    ht_link l[COUNT];
    char name[COUNT][32];
    for (int i = 0; i < COUNT; i++) { /* 7 is prime to 64: every number once */
        snprintf(name[i], sizeof name[i], "fc%d.weight", 7 * i % COUNT);
        link_of(name[i], 8, 8, 8, &l[i]);
    }
    assert_int_equal(ht_chain_find("f", l, COUNT, NULL, &chain, NULL, &err), HT_OK);
    for (int i = 0; i < COUNT; i++) assert_int_equal(7 * chain.order[i] % COUNT, i);
    for (int i = 0; i < COUNT; i++) { /* names that tell nothing */
        snprintf(name[i], sizeof name[i], "%c%c.weight", 'a' + i % 8, 'k' + i / 8);
        link_of(name[i], 8, 8, 8, &l[i]);
    }
    assert_int_equal(ht_chain_find("f", l, COUNT, NULL, &chain, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "more than 1000 orders"));
    l[COUNT / 2].columns = 9; /* what gives out 9 is nowhere: it comes first, and the rest in any order */
    assert_int_equal(ht_chain_find("f", l, COUNT, NULL, &chain, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "more than 1000 orders"));
    l[COUNT / 3].columns = 7; /* and so does this one */
    assert_int_equal(ht_chain_find("f", l, COUNT, NULL, &chain, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "in no order"));
}

/* ---- parts of a model ---- */

static void names_tell_parts_of_a_model(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned number, of; /* 0 of 0: none */
        const char *second;
    } cases[] = {
        {"model-00001-of-00002.safetensors", 1, 2, "model-00002-of-00002.safetensors"},
        {"pytorch_model-00003-of-00003.safetensors", 3, 3, "pytorch_model-00002-of-00003.safetensors"},
        {"model.safetensors-00001-of-00003", 1, 3, "model.safetensors-00002-of-00003"},
        {"model-00001-of-00002.fp16.safetensors", 1, 2, "model-00002-of-00002.fp16.safetensors"},
        {"m-1-of-12.safetensors", 1, 12, "m-2-of-12.safetensors"},
        {"m_01_of_02.safetensors", 1, 2, "m_02_of_02.safetensors"},
        {"m-00000-of-00004.safetensors", 0, 4, "m-00002-of-00004.safetensors"},
        {"3-of-4.safetensors", 3, 4, "2-of-4.safetensors"},
        {"a-1-of-2-b-00002-of-00005", 2, 5, "a-1-of-2-b-00002-of-00005"},
        {"m-9-of-2.safetensors", 9, 2, "m-2-of-2.safetensors"},
        {"model.safetensors", 0, 0, NULL},
        {"model-00001-of-00001.safetensors", 0, 0, NULL},
        {"checkpoint.safetensors", 0, 0, NULL},
        {"best-of-5.safetensors", 0, 0, NULL},
        {"1-of-a-kind.safetensors", 0, 0, NULL},
        {"-of-2", 0, 0, NULL},
        {"2-of-", 0, 0, NULL},
        {"-of-", 0, 0, NULL},
        {"", 0, 0, NULL},
        {"m-1234567-of-2345678.safetensors", 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_shard s;
        char second[HT_SHARD_NAME];
        if (ht_shard_parse(cases[i].name, &s) != (cases[i].of > 0)) fail_msg("%s", cases[i].name);
        if (cases[i].of == 0) continue;
        assert_true(s.number == cases[i].number && s.of == cases[i].of);
        ht_shard_name(cases[i].name, &s, 2, second);
        assert_string_equal(second, cases[i].second);
        assert_true(ht_shard_same_model(cases[i].name, second));
    }
    assert_false(ht_shard_same_model("a-1-of-2.safetensors", "b-2-of-2.safetensors"));
    assert_false(ht_shard_same_model("a-1-of-2.safetensors", "a-2-of-3.safetensors"));
    assert_false(ht_shard_same_model("a.safetensors", "a.safetensors"));
}

/* Names without a total; what counts epochs, steps, seeds or layers is none. */
static void names_tell_pieces_of_a_model(void **state)
{
    (void)state;
    static const struct {
        const char *name, *other; /* other: that lies beside it as another part */
        ht_piece piece;
    } cases[] = {
        {"model.part1.safetensors", "model.part3.safetensors", HT_PIECE_YES},
        {"model_part_1.safetensors", "model_part_2.safetensors", HT_PIECE_YES},
        {"pytorch_model-part10.safetensors", "pytorch_model-part9.safetensors", HT_PIECE_YES},
        {"model-00001.safetensors", "model-00002.safetensors", HT_PIECE_YES},
        {"consolidated.00.safetensors", "consolidated.07.safetensors", HT_PIECE_YES},
        {"model_1of2.safetensors", "model_2of2.safetensors", HT_PIECE_YES},
        {"shard_0.safetensors", "shard_3.safetensors", HT_PIECE_YES},
        {"mp_rank_00_model_states.safetensors", "mp_rank_01_model_states.safetensors", HT_PIECE_YES},
        {"model-rank-0-part-0.safetensors", "model-rank-1-part-5.safetensors", HT_PIECE_YES},
        {"mp_rank_03.safetensors", "mp_rank_02.safetensors", HT_PIECE_YES},
        {"lora_rank_8.safetensors", NULL, HT_PIECE_PERHAPS},
        {"model_1of1.safetensors", NULL, HT_PIECE_NO},
        {"model-00001-of-00001.safetensors", NULL, HT_PIECE_NO},
        {"layer1.safetensors", NULL, HT_PIECE_NO},
        {"epoch-00010.safetensors", NULL, HT_PIECE_NO},
        {"step_00005.safetensors", NULL, HT_PIECE_NO},
        {"checkpoint-1000.safetensors", NULL, HT_PIECE_NO},
        {"checkpoint-00100.safetensors", NULL, HT_PIECE_NO},
        {"model-10000.safetensors", NULL, HT_PIECE_NO},
        {"fold-1.safetensors", NULL, HT_PIECE_NO},
        {"seed-3.safetensors", NULL, HT_PIECE_NO},
        {"apart1.safetensors", NULL, HT_PIECE_NO},
        {"model.safetensors", NULL, HT_PIECE_NO},
        {"", NULL, HT_PIECE_NO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (ht_shard_piece(cases[i].name) != cases[i].piece) fail_msg("%s", cases[i].name);
        assert_false(ht_shard_pieces(cases[i].name, cases[i].name));
        if (cases[i].other && !ht_shard_pieces(cases[i].name, cases[i].other)) fail_msg("%s", cases[i].other);
    }
    assert_false(ht_shard_pieces("lora_rank_8.safetensors", "lora_rank_16.safetensors"));
    assert_false(ht_shard_pieces("model-00010.safetensors", "model-00020.safetensors"));
    assert_false(ht_shard_pieces("a.part1.safetensors", "b.part2.safetensors"));
    assert_false(ht_shard_pieces("epoch-00010.safetensors", "epoch-00011.safetensors"));
}

/* ---- any file ---- */

enum { FILES = 200, TENSORS = 9, BYTES = 1 << 16 };

typedef struct written {
    int count;
    char name[TENSORS][64];
    int seen[TENSORS];
} written;

static const struct {
    const char *name;
    size_t bits;
} types[] = {{"F64", 64}, {"F32", 32}, {"F16", 16}, {"BF16", 16}, {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"I64", 64},
             {"I8", 8},   {"BOOL", 8}, {"U16", 16}, {"C64", 64},  {"F4", 4},      {"F8_E8M0", 8}, {"ODD", 8}};
enum { F8_E8M0 = 12 };

static void random_name(ht_rng *rng, int i, char to[64])
{
    static const char *const parts[] = {"fc",      "weight", "bias", ".",     "_",  "/",
                                        "1",       "23",     "W",    "kern",  "el", "ü",
                                        "\x1b[2J", "\"",     "norm", "attn.", "\n", "0"};
    int used = snprintf(to, 64, "%d", ht_rng_below(rng, 3) ? i : 7 * i);
    for (int k = (int)ht_rng_below(rng, 5); k > 0 && used < 50; k--)
        used += snprintf(to + used, (size_t)(64 - used), "%s", parts[ht_rng_below(rng, 18)]);
}

static void random_file(ht_rng *rng, const char *path, written *w)
{
    static unsigned char data[BYTES];
    json_t *header = json_object();
    size_t at = 0;
    *w = (written){0};
    for (int i = 0; i < 1 + (int)ht_rng_below(rng, TENSORS); i++) {
        size_t type = ht_rng_below(rng, 14), count = 1;
        int ndim = (int)ht_rng_below(rng, ht_rng_below(rng, 9) ? 5 : 12);
        json_t *shape = json_array();
        for (int d = 0; d < ndim; d++) {
            size_t side = ht_rng_below(rng, 20) ? 1 + ht_rng_below(rng, ndim > 4 ? 2 : 6) : 0;
            count *= side;
            json_array_append_new(shape, json_integer((json_int_t)side));
        }
        if (count * types[type].bits % 8 != 0) type = F8_E8M0; /* half a byte is no place to begin */
        size_t bytes = count * types[type].bits / 8;
        random_name(rng, i, w->name[i]);
        if (json_object_get(header, w->name[i])) snprintf(w->name[i], 64, "again %d", i);
        json_object_set_new(header, w->name[i],
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", types[type].name, "shape", shape,
                                      "data_offsets", (json_int_t)at, (json_int_t)at + (json_int_t)bytes));
        /* Numbers of ordinary size, now and then any bits. */
        bool wild = ht_rng_below(rng, 6) == 0;
        for (size_t k = 0; k < bytes; k++) {
            size_t size = types[type].bits / 8;
            bool top = size > 1 && k % size == size - 1;
            data[at + k] = (unsigned char)(wild || !top ? ht_rng_below(rng, 256) : 0x3b);
        }
        at += bytes;
        w->count++;
    }
    char *text = json_dumps(header, JSON_COMPACT);
    uint64_t length = strlen(text);
    FILE *f = fopen(path, "wb");
    assert_true(f && fwrite(&length, 8, 1, f) == 1 && fwrite(text, 1, length, f) == length &&
                fwrite(data, 1, at, f) == at && fclose(f) == 0);
    free(text);
    json_decref(header);
}

static void tick(written *w, const char *name)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->name[i], name) == 0) {
            w->seen[i]++;
            return;
        }
    fail_msg("no tensor '%s' was written", name);
}

static ht_code look(void *context, const ht_file_tensor *t, ht_error *ignored)
{
    (void)ignored;
    tick(context, t->name);
    assert_true(t->rows * t->columns == t->whole->count && t->whole->count > 0 && t->whole->ndim >= 2);
    for (size_t i = 0; i < t->whole->count; i++)
        assert_true(isfinite(t->f32 ? (double)t->f32[i] : t->f64[i]));
    size_t kernels = ht_file_tensor_kernels(t);
    assert_true(kernels == 0 || t->whole->count % kernels == 0);
    return HT_OK;
}

static void pass_by(void *context, const ht_tensor_info *info, bool broken, const char *why)
{
    tick(context, info->name);
    assert_true(strlen(why) > 4 && (!broken || strstr(why, "not a finite number")));
}

static void every_tensor_of_any_file_is_looked_at_or_named(void **state)
{
    (void)state;
    ht_rng rng;
    int networks = 0, looked = 0;
    ht_rng_init(&rng, 200, HT_STREAM_TEST, 0);
    for (int f = 0; f < FILES; f++) {
        written w;
        const char *path = scratch_path("any.safetensors");
        random_file(&rng, path, &w);
        ht_error told = {HT_OK, ""};
        ht_code code = ht_tensors_each(path, &(ht_tensor_choice){0}, &(ht_tensor_visitor){&w, look, pass_by},
                                       NULL, &told);
        if (code != HT_OK) assert_non_null(strstr(told.text, "can be looked at"));
        looked += code == HT_OK;
        for (int i = 0; i < w.count; i++) assert_int_equal(w.seen[i], 1);
        ht_notes notes = {0};
        const ht_netfile_options options = {.activation = HT_RELU, .notes = &notes};
        told.text[0] = '\0';
        ht_network *net = ht_netfile_read_as(path, &options, &told);
        if (!net) assert_non_null(strstr(told.text, "any.safetensors"));
        networks += net != NULL;
        ht_network_free(net);
        ht_notes_free(&notes);
    }
    assert_true(looked > FILES / 4 && looked < FILES);
    printf("    %d of %d with something to look at, %d networks\n", looked, FILES, networks);
}

/* The names that there are, the nearest first and no more than one reads. */
static void an_unknown_tensor_is_answered_with_the_names(void **state)
{
    (void)state;
    static const float data[4] = {1, 2, 3, 4};
    ht_tensor_out out[12];
    for (int i = 0; i < 12; i++) {
        out[i] = (ht_tensor_out){.sides = {.rows = 2, .columns = 2}, .data = data};
        snprintf(out[i].name, sizeof out[i].name, "%s%d.weight", i == 7 ? "fc" : "a.long.block.", i);
    }
    const char *path = scratch_path("names.safetensors");
    assert_int_equal(ht_safetensors_write(path, out, 12, NULL, &err), HT_OK);
    const ht_tensor_choice choice = {.only = "fc.weight"};
    assert_int_equal(ht_tensors_each(path, &choice, &(ht_tensor_visitor){0}, NULL, &err), HT_FAIL);
    assert_non_null(
        strstr(err.text, "has no tensor 'fc.weight'; there are 'fc7.weight', 'a.long.block.0.weight'"));
    assert_non_null(strstr(err.text, "' … of 12"));
    assert_null(strstr(err.text, "block.11"));
    assert_int_equal(ht_safetensors_write(path, out, 1, NULL, &err), HT_OK);
    assert_int_equal(ht_tensors_each(path, &choice, &(ht_tensor_visitor){0}, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "there is 'a.long.block.0.weight'"));
}

static ht_code count_only(void *context, const ht_file_tensor *t, ht_error *told)
{
    (void)t, (void)told;
    ++*(size_t *)context;
    return HT_OK;
}

/* What a run keeps beside its network is no layer, in files of ours; a name that only looks so is one. */
static void a_runs_training_is_no_layer(void **state)
{
    (void)state;
    static const float data[4] = {1, 2, 3, 4};
    enum { MOST = HT_ARRAYS + 3 };
    const char *path = scratch_path("ours.safetensors");
    static const char *const ours[] = {"heavytail.step", "5", NULL};
    ht_tensor_out out[MOST];
    for (int i = 0; i < MOST; i++) {
        out[i] = (ht_tensor_out){.sides = {.rows = 2, .columns = 2}, .data = data};
        snprintf(out[i].name, sizeof out[i].name, "layers.%d.%s", i == 2,
                 i >= 3   ? ht_array_name((ht_array)(i - 3))
                 : i == 1 ? "gmean"
                          : "weight");
    }
    for (int foreign = 0; foreign < 2; foreign++) {
        if (foreign) snprintf(out[0].name, sizeof out[0].name, "layers.7.weight");
        assert_int_equal(ht_safetensors_write(path, out, MOST, ours, &err), HT_OK);
        size_t seen = 0;
        const ht_tensor_visitor visitor = {&seen, count_only, NULL};
        assert_int_equal(ht_tensors_each(path, &(ht_tensor_choice){0}, &visitor, NULL, &err), HT_OK);
        assert_int_equal(seen, foreign ? MOST : 3);
    }
    size_t seen = 0;
    const ht_tensor_visitor visitor = {&seen, count_only, NULL};
    const ht_tensor_choice choice = {.only = out[3].name};
    assert_int_equal(ht_tensors_each(path, &choice, &visitor, NULL, &err), HT_OK);
    assert_int_equal(seen, 1);
}

/* ---- any network ---- */

/* Widths that differ make one order: whatever the order in the file and whatever the names, it is found. */
static void networks_of_any_names_and_order_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"zeta", "hidden.weight", "classifier.weight", "a.weight", "7.weight"};
    ht_rng rng;
    ht_rng_init(&rng, 201, HT_STREAM_TEST, 0);
    for (int f = 0; f < FILES; f++) {
        int depth = 1 + (int)ht_rng_below(&rng, 4), width[6], place[5];
        ht_tensor_out out[5];
        float *data[5];
        for (int l = 0; l <= depth + 1; l++)
            width[l] = 2 + 3 * l + (int)ht_rng_below(&rng, 3); /* all differ */
        for (int l = 0; l <= depth; l++) place[l] = l;
        for (int l = depth; l > 0; l--) {
            int other = (int)ht_rng_below(&rng, (unsigned)l + 1), kept = place[l];
            place[l] = place[other], place[other] = kept;
        }
        for (int i = 0; i <= depth; i++) {
            int l = place[i];
            size_t rows = (size_t)width[l + 1], columns = (size_t)width[l];
            data[i] = ht_alloc(rows * columns, sizeof(float), "weights", &err);
            for (size_t k = 0; k < rows * columns; k++) data[i][k] = (float)(100 * l) + (float)k;
            out[i] = (ht_tensor_out){.sides = {.rows = rows, .columns = columns}, .data = data[i]};
            snprintf(out[i].name, sizeof out[i].name, "%s", names[i]);
        }
        assert_int_equal(
            ht_safetensors_write(scratch_path("net.safetensors"), out, (size_t)depth + 1, NULL, &err), HT_OK);
        ht_network *net = ht_netfile_read(scratch_path("net.safetensors"), HT_RELU, false, &err);
        if (!net) fail_msg("%s", err.text);
        assert_int_equal(ht_network_hidden(net), depth);
        for (int l = 0; l <= depth; l++) {
            assert_true(net->weights[l]->rows == width[l + 1] && net->weights[l]->columns == width[l]);
            assert_true(net->weights[l]->data[0] == (float)(100 * l));
        }
        ht_network_free(net);
        for (int i = 0; i <= depth; i++) ht_free(data[i]);
    }
}

/* ---- many tensors ---- */

static ht_code count_one(void *context, const ht_file_tensor *t, ht_error *ignored)
{
    (void)ignored;
    size_t *count = context;
    assert_true(t->f32[0] == (float)*count);
    ++*count;
    return HT_OK;
}

static void a_file_may_hold_thousands_of_matrices(void **state)
{
    (void)state;
    enum { MANY = 12288 };
    static float data[4 * MANY];
    size_t count = 0, used = 0, room = MANY * 100;
    char *text = malloc(room);
    assert_non_null(text);
    for (int i = 0; i < MANY; i++) {
        data[4 * i] = (float)i;
        used +=
            (size_t)snprintf(text + used, room - used,
                             "%s\"l.%d.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[%d,%d]}",
                             i ? "," : "{", i, 16 * i, 16 * i + 16);
    }
    used += (size_t)snprintf(text + used, room - used, "}");
    uint64_t length = used;
    FILE *f = fopen(scratch_path("many.safetensors"), "wb");
    assert_true(f && fwrite(&length, 8, 1, f) == 1 && fwrite(text, 1, used, f) == used &&
                fwrite(data, sizeof data, 1, f) == 1 && fclose(f) == 0);
    free(text);
    const ht_tensor_visitor visitor = {&count, count_one, NULL};
    assert_int_equal(
        ht_tensors_each(scratch_path("many.safetensors"), &(ht_tensor_choice){0}, &visitor, NULL, &err),
        HT_OK);
    assert_int_equal(count, MANY);
    assert_null(ht_netfile_read(scratch_path("many.safetensors"), HT_RELU, false, &err));
    assert_non_null(strstr(err.text, "up to 64 layers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_tensor_is_answered_with_the_names),
        cmocka_unit_test(short_floats_are_decoded),
        cmocka_unit_test(names_say_what_tensors_are),
        cmocka_unit_test(tables_that_are_looked_up_are_known_by_name),
        cmocka_unit_test(names_tell_what_is_no_dense_layer),
        cmocka_unit_test(names_count),
        cmocka_unit_test(biases_and_names_tell_which_way_round),
        cmocka_unit_test(square_layers_need_names_that_count),
        cmocka_unit_test(many_layers_of_one_shape_are_no_endless_search),
        cmocka_unit_test(names_tell_parts_of_a_model),
        cmocka_unit_test(names_tell_pieces_of_a_model),
        cmocka_unit_test(every_tensor_of_any_file_is_looked_at_or_named),
        cmocka_unit_test(a_runs_training_is_no_layer),
        cmocka_unit_test(networks_of_any_names_and_order_are_read),
        cmocka_unit_test(a_file_may_hold_thousands_of_matrices),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
