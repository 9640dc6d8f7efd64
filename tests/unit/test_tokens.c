/* test_tokens.c - networks on sequences of tokens as wholes: what of their parts is one tensor, how they
 * begin, logits that come a chunk at a time, noise and pruning by heads, the stopping criterion, what does
 * not fit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/stopping.h"
#include "heavytail/prune.h"
#include "nn/layers/layer.h"
#include "nn/step/step.h"
#include "nn/layers/tokens.h"
#include "num/rng.h"
#include "params/preset.h"
#include "unit/small.h"

static ht_error err;

enum { SYMBOLS = 11, CONTEXT = 6, COUNT = 20 };
static const char two_blocks[] =
    "embed 24, res(norm, attention 4), res(norm, dense 40 gelu, dense 24 linear), "
    "res(norm, attention 4), res(norm, dense 40 gelu, dense 24 linear), norm";

static ht_params params_of(const char *line, bool tied)
{
    ht_params p = small_params();
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_TIED, tied);
    return p;
}

static ht_network *network_of(const char *line, bool tied, int context, int symbols)
{
    const ht_params p = params_of(line, tied);
    ht_network *net = ht_network_of(&p, (ht_shape){1, 1, context}, symbols, &err);
    if (!net) fail_msg("%s", err.text);
    ht_network_init_as(net, HT_INIT_GPT, 3, NULL);
    return net;
}

/* Of tokens that say something about the next one. */
static ht_samples samples_of(int count, int context, int symbols)
{
    size_t all = (size_t)count * (size_t)context;
    ht_samples s = {(size_t)count, malloc(all * sizeof *s.x), malloc(all * sizeof *s.labels)};
    ht_rng rng;
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < all; i++) {
        uint32_t token = ht_rng_below(&rng, (uint32_t)symbols);
        s.x[i] = (float)token;
        s.labels[i] = (int32_t)((token * 3 + (ht_rng_below(&rng, 4) == 0)) % (uint32_t)symbols);
    }
    return s;
}

static void free_samples(ht_samples *s)
{
    free(s->x);
    free(s->labels);
}

static ht_score score_of(const ht_network *net, const ht_samples *s)
{
    ht_score score;
    assert_int_equal(ht_network_evaluate(net, s, NULL, NULL, &score, &err), HT_OK);
    return score;
}

/* ---- what they are made of ---------------------------------------------------------------------- */

static void a_tied_output_is_the_token_table(void **state)
{
    (void)state;
    ht_network *tied = network_of(two_blocks, true, CONTEXT, SYMBOLS),
               *own = network_of(two_blocks, false, CONTEXT, SYMBOLS);
    assert_ptr_equal(ht_network_output(tied), &tied->tensors[0]);
    assert_true(ht_network_is_tied(tied) && !ht_network_is_tied(own));
    assert_int_equal(tied->tensor_count, own->tensor_count - 1);
    assert_int_equal(tied->weight_count, own->weight_count);
    assert_int_equal(tied->positions, CONTEXT);
    assert_string_equal(tied->tensors[0].name, "layers.0.tokens");
    assert_string_equal(tied->tensors[1].name, "layers.0.positions");
    assert_string_equal(tied->tensors[3].name, "layers.2.c_attn.weight");
    /* noise: on attention and MLPs alone */
    for (int t = 0; t < own->tensor_count; t++) {
        const ht_tensor *w = &own->tensors[t];
        bool hidden = w->flags & HT_TENSOR_WEIGHT && !(w->flags & HT_TENSOR_OUTPUT);
        assert_int_equal((w->flags & HT_TENSOR_NOISY) != 0, hidden);
    }
    ht_network *copy = ht_network_copy(tied, &err);
    assert_non_null(copy);
    assert_true(small_same(copy, tied));
    assert_ptr_equal(ht_network_output(copy), &copy->tensors[0]);
    ht_network_free(copy);
    ht_network_free(tied);
    ht_network_free(own);
}

static void the_line_of_a_network_makes_it_again(void **state)
{
    (void)state;
    char line[HT_PARAM_TEXT];
    ht_network *net = network_of("embed 8, dropout 0.25, res(attention 2, dense 5 tanh), dense 7 gelu, norm",
                                 false, CONTEXT, SYMBOLS);
    assert_true(ht_network_line(net, line, sizeof line));
    assert_string_equal(line, "embed 8, dropout 0.25, res(attention 2, dense 5 tanh), dense 7 gelu, norm");
    ht_network *again = network_of(line, false, CONTEXT, SYMBOLS);
    assert_int_equal(again->tensor_count, net->tensor_count);
    for (int t = 0; t < net->tensor_count; t++) {
        assert_int_equal(again->tensors[t].rows, net->tensors[t].rows);
        assert_int_equal(again->tensors[t].columns, net->tensors[t].columns);
    }
    ht_network_free(again);
    ht_network_free(net);
}

static size_t numbers_of(const ht_network *net)
{
    size_t count = 0;
    for (int t = 0; t < net->tensor_count; t++) count += ht_tensor_size(&net->tensors[t]);
    return count;
}

/* nanoGPT's CPU setting: 4 × (12 · 128² + 2 · 128) + 128 + (65 + 64) · 128. */
static void gpt_nano_has_as_many_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *preset;
        size_t numbers;
    } wanted[] = {{"gpt-nano", 804096},
                  {"gpt-nano-noisy", 804096},
                  {"gpt-pico", 2 * (12 * 64 * 64 + 2 * 64) + 64 + (65 + 64) * 64},
                  {"gpt-pico-noisy", 2 * (12 * 64 * 64 + 2 * 64) + 64 + (65 + 64) * 64}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        ht_params p;
        ht_params_init(&p);
        if (ht_preset_load(&p, wanted[i].preset, &err) != HT_OK) fail_msg("%s", err.text);
        int context = (int)ht_params_get(&p, HT_P_DATA_CONTEXT);
        ht_network *net = ht_network_outline(&p, (ht_shape){1, 1, context}, 65, &err);
        if (!net) fail_msg("%s", err.text);
        assert_int_equal(context, 64);
        assert_int_equal(numbers_of(net), wanted[i].numbers);
        ht_network_free(net);
    }
}

/* ---- how they begin ----------------------------------------------------------------------------- */

static double deviation_of(const ht_tensor *w)
{
    double squares = 0;
    for (size_t i = 0; i < ht_tensor_size(w); i++) squares += pow((double)w->data[i], 2);
    return sqrt(squares / (double)ht_tensor_size(w));
}

static void near(double value, double wanted, const char *what)
{
    if (fabs(value / wanted - 1) > 0.05) fail_msg("%s: %g, not %g", what, value, wanted);
}

/* Four residuals add: what they add begins at half the size. */
static void they_begin_as_the_original(void **state)
{
    (void)state;
    ht_network *net =
        network_of("embed 96, res(norm, attention 4, dropout 0.1), res(norm, dense 384 gelu, dense 96 "
                   "linear), res(norm, attention 4), res(norm, dense 384 gelu, dense 96 linear), norm",
                   true, 64, 65);
    for (int t = 0; t < net->tensor_count; t++) {
        const ht_tensor *w = &net->tensors[t];
        bool added = strstr(w->name, "c_proj") || (w->rows == 96 && w->columns == 384);
        near(deviation_of(w), w->flags & HT_TENSOR_ONES ? 1 : added ? 0.01 : 0.02, w->name);
    }
    ht_network_init_as(net, HT_INIT_UNIFORM, 3, NULL); /* tables are as they were */
    near(deviation_of(&net->tensors[0]), 0.02, "tokens");
    near(deviation_of(&net->tensors[1]), 0.02, "positions");
    assert_true(deviation_of(net->weights[0]) > 0.04);
    assert_true(memcmp(net->tensors[0].data, net->tensors[1].data, 64 * 96 * sizeof(float)) != 0);
    ht_network_free(net);
}

/* ---- a step ------------------------------------------------------------------------------------- */

/* The step's gradients at these samples. */
static ht_step *gradients(ht_network *net, const ht_samples *s, size_t first, size_t count, double *loss)
{
    const ht_hyper still = {.train_output = true, .input_bound = 1};
    ht_step *step = ht_step_new(net, (int)s->count, 1, 1, &err);
    assert_non_null(step);
    ht_step_result r = ht_step_run(step, net, s->x + first * (size_t)net->inputs,
                                   s->labels + first * (size_t)net->positions, (int)count, &still, NULL);
    assert_null(r.refused);
    *loss = r.loss;
    return step;
}

/* A vocabulary so large that the logits of all positions are never there at once: loss and gradients of a
 * batch are the means of those of its halves. */
static void logits_come_a_chunk_at_a_time(void **state)
{
    (void)state;
    enum { MANY = 3000, LONG = 16, BATCH = 60 };
    ht_samples s = samples_of(BATCH, LONG, MANY);
    for (int tied = 0; tied < 2; tied++) {
        ht_network *net = network_of("embed 4, dense 4 tanh, res(attention 2)", tied, LONG, MANY);
        double loss, half[2], off = 0, size = 0;
        ht_step *all = gradients(net, &s, 0, BATCH, &loss), *part[2];
        for (int i = 0; i < 2; i++) part[i] = gradients(net, &s, (size_t)i * BATCH / 2, BATCH / 2, &half[i]);
        assert_true(fabs(loss - (half[0] + half[1]) / 2) < 1e-6 * loss);
        assert_true(fabs(loss - score_of(net, &s).loss) < 1e-6 * loss);
        for (int t = 0; t < net->tensor_count; t++)
            for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++) {
                double whole = (double)ht_step_array(all, HT_STEP_GRADIENT, t)[i],
                       a = (double)ht_step_array(part[0], HT_STEP_GRADIENT, t)[i],
                       b = (double)ht_step_array(part[1], HT_STEP_GRADIENT, t)[i];
                off = fmax(off, fabs(whole - (a + b) / 2));
                size = fmax(size, fabs(whole));
            }
        if (off > 1e-5 * size) fail_msg("gradients are %g off, of %g", off, size);
        ht_step_free(all);
        for (int i = 0; i < 2; i++) ht_step_free(part[i]);
        ht_network_free(net);
    }
    free_samples(&s);
}

/* What a step's noise adds to a tensor. */
static float *noise_of(const ht_network *net, const ht_samples *s, const char *name, ht_noise_type type)
{
    ht_network *after = ht_network_copy(net, &err);
    ht_step *step = ht_step_new(net, COUNT, 0, 1, &err);
    const ht_hyper hyper = {.lr = 1e-30,
                            .input_bound = 1,
                            .noise = {.type = type, .alpha = 1, .seed = 4, .step = 2},
                            .noise_scale = 1e30,
                            .noise_by_head = true};
    int t = 0;
    while (strcmp(net->tensors[t].name, name) != 0) t++;
    for (int i = 0; i < net->tensor_count; i++)
        memset(after->tensors[i].data, 0, ht_tensor_size(&after->tensors[i]) * sizeof(float));
    assert_null(ht_step_run(step, after, s->x, s->labels, COUNT, &hyper, NULL).refused);
    float *noise = after->tensors[t].data;
    after->tensors[t].data = NULL;
    ht_step_free(step);
    ht_network_free(after);
    return noise;
}

/* 96 channels, 4 heads of 24: a task of the update ends in the middle of one. */
static void a_head_has_one_draw(void **state)
{
    (void)state;
    enum { D = 96, HEADS = 4, OWN = D / HEADS };
    ht_samples s = samples_of(COUNT, CONTEXT, SYMBOLS);
    ht_network *net = network_of("embed 96, attention 4", false, CONTEXT, SYMBOLS);
    float *shared = noise_of(net, &s, "layers.1.c_attn.weight", HT_NOISE_SHARED),
          *isotropic = noise_of(net, &s, "layers.1.c_attn.weight", HT_NOISE_ISOTROPIC),
          *projects = noise_of(net, &s, "layers.1.c_proj.weight", HT_NOISE_SHARED);
    double squares[HEADS] = {0};
    for (int r = 0; r < 3 * D; r++)
        for (int j = 0; j < D; j++) {
            int head = r % D / OWN, i = r * D + j;
            assert_true(shared[i] == shared[head * OWN * D]);
            squares[head] += pow((double)isotropic[i], 2);
            assert_true(j == 0 || isotropic[i] != isotropic[i - 1]);
        }
    for (int h = 1; h < HEADS; h++) assert_true(shared[h * OWN * D] != shared[0]);
    /* the size of a head's is that of its A: in each third the same */
    for (int h = 0; h < HEADS; h++)
        for (int third = 0; third < 3; third++) {
            double own = 0;
            for (int i = 0; i < OWN * D; i++) own += pow((double)isotropic[(third * D + h * OWN) * D + i], 2);
            near(own, squares[h] / 3, "a third of a head's noise");
        }
    for (int r = 0; r < D; r++)
        for (int j = 0; j < D; j++) {
            assert_true(projects[r * D + j] == projects[r * D + j / OWN * OWN]);
            assert_true(j < OWN || projects[r * D + j] != projects[r * D + j - OWN]);
        }
    ht_free(shared);
    ht_free(isotropic);
    ht_free(projects);
    ht_network_free(net);
    free_samples(&s);
}

/* ---- pruning ------------------------------------------------------------------------------------ */

static double norm2_of_head(const ht_tensor *w, int head)
{
    int d = w->columns, own = d / w->heads;
    double sum = 0;
    for (int r = 0; r < w->rows; r++)
        for (int j = 0; j < d; j++)
            if (r % d / own == head) sum += pow((double)w->data[r * d + j], 2);
    return sum;
}

static void heads_go_whole_by_their_norms(void **state)
{
    (void)state;
    ht_samples s = samples_of(COUNT, CONTEXT, SYMBOLS);
    ht_network *net = network_of(two_blocks, true, CONTEXT, SYMBOLS);
    for (int t = 0; t < net->tensor_count; t++) /* so that heads differ, and matter */
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++)
            net->tensors[t].data[i] *= (float)(8 + (i / 97) % 5);
    ht_network *pruned = ht_network_copy(net, &err);
    const ht_prune_spec spec = {.method = HT_PRUNE_NODE, .ratio = 0.5};
    ht_prune_result r, tried;
    assert_int_equal(ht_prune_apply(pruned, &spec, NULL, &r, &err), HT_OK);
    assert_string_equal(r.unit, "units");
    assert_int_equal(r.units, 2 * (4 + 40)); /* heads and the neurons of MLPs; no other rows */
    for (int l = 0; l < ht_network_hidden(net); l++) {
        const ht_tensor *before = net->weights[l], *after = pruned->weights[l];
        bool attends = l % 4 == 0;
        assert_int_equal(r.layers[l].units, attends ? 4 : l % 4 == 2 ? 40 : 0);
        if (!attends) continue;
        double kept = HUGE_VAL, gone = 0, lost = 0;
        for (int h = 0; h < 4; h++) {
            double own = norm2_of_head(before, h), left = norm2_of_head(after, h);
            assert_true(left == 0 || left == own);
            if (left == 0)
                gone = fmax(gone, own), lost += own;
            else
                kept = fmin(kept, own);
            for (int i = 0; i < 24 * 6; i++) { /* its columns of what projects it */
                int at = i / 6 * 24 + h * 6 + i % 6;
                assert_true(pruned->weights[l + 1]->data[at] ==
                            (left == 0 ? 0 : net->weights[l + 1]->data[at]));
            }
        }
        double all = lost;
        for (int h = 0; h < 4; h++) all += norm2_of_head(after, h);
        assert_true(gone < kept && lost > 0);
        assert_true(fabs(r.layers[l].error - lost / all) < 1e-6);
    }
    assert_int_equal(ht_prune_try(&tried, net, &s, &s, &spec, NULL, NULL, &err), HT_OK);
    assert_true(fabs(tried.test.loss - score_of(pruned, &s).loss) < 1e-6);
    assert_true(fabs(tried.test.loss - score_of(net, &s).loss) > 1e-4);
    /* smaller, it gives the same */
    double loss = score_of(pruned, &s).loss;
    assert_int_equal(ht_prune_compact(pruned, &err), HT_OK);
    assert_int_equal(pruned->weights[2]->rows, 20);
    assert_true(fabs(score_of(pruned, &s).loss - loss) < 1e-5);
    ht_network_free(pruned);
    ht_network_free(net);
    free_samples(&s);
}

/* Weights of attention and MLPs; the token table, tied or not, and positions stay; an output of its own is
 * pruned as ever. svd leaves queries and keys alone. */
static void tables_are_not_pruned(void **state)
{
    (void)state;
    static const ht_prune_method methods[] = {HT_PRUNE_MAGNITUDE, HT_PRUNE_MAGNITUDE_LAYER, HT_PRUNE_SVD};
    for (int i = 0; i < 6; i++) {
        bool tied = i & 1;
        ht_network *net = network_of(two_blocks, tied, CONTEXT, SYMBOLS),
                   *pruned = ht_network_copy(net, &err);
        const ht_prune_spec spec = {.method = methods[i / 2], .ratio = 0.9};
        ht_prune_result r;
        assert_int_equal(ht_prune_apply(pruned, &spec, NULL, &r, &err), HT_OK);
        for (int t = 0; t < net->tensor_count; t++) {
            const ht_tensor *a = &net->tensors[t], *b = &pruned->tensors[t];
            size_t size = ht_tensor_size(a), thirds = size / 3 * 2;
            bool goes = a->flags & HT_TENSOR_WEIGHT && !(a->flags & HT_TENSOR_TABLE);
            if (i / 2 == 2 && a->flags & HT_TENSOR_OUTPUT) goes = false;
            assert_int_equal(memcmp(a->data, b->data, size * sizeof(float)) != 0, goes);
            if (i / 2 == 2 && strstr(a->name, "c_attn"))
                assert_memory_equal(a->data, b->data, thirds * sizeof(float));
        }
        ht_network_free(pruned);
        ht_network_free(net);
    }
}

static void what_cannot_be_pruned_says_so(void **state)
{
    (void)state;
    ht_samples s = samples_of(COUNT, CONTEXT, SYMBOLS);
    ht_network *net = network_of(two_blocks, false, CONTEXT, SYMBOLS);
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        const ht_prune_spec spec = {.method = (ht_prune_method)m, .ratio = 0.5, .calibration = &s};
        ht_network *copy = ht_network_copy(net, &err);
        ht_prune_result r;
        bool refuses = ht_prune_refuses(net, (ht_prune_method)m) != NULL;
        assert_int_equal(refuses, ht_prune_at((ht_prune_method)m)->calibrated);
        assert_int_equal(ht_prune_apply(copy, &spec, NULL, &r, &err), refuses ? HT_USAGE : HT_OK);
        if (refuses) assert_non_null(strstr(err.text, "measures what each weight reads"));
        ht_network_free(copy);
    }
    ht_network_free(net);
    free_samples(&s);
}

/* ---- the stopping criterion --------------------------------------------------------------------- */

/* It is of all labels, those of a few hard sequences or of all. */
static void the_criterion_counts_labels(void **state)
{
    (void)state;
    enum { MANY = 300 };
    ht_samples s = samples_of(MANY, CONTEXT, SYMBOLS);
    ht_network *net = network_of(two_blocks, true, CONTEXT, SYMBOLS);
    ht_step *step = ht_step_new(net, MANY, 1, 1, &err);
    ht_stopping stopping = {0};
    for (int k = 0; k < 60; k++) {
        const ht_hyper hyper = {.lr = 0.2, .momentum = 0.9, .train_output = true, .input_bound = SYMBOLS};
        assert_null(ht_step_run(step, net, s.x, s.labels, MANY, &hyper, NULL).refused);
        double accuracy = score_of(net, &s).accuracy, label = 1.0 / (MANY * CONTEXT);
        for (int above = 0; above < 2; above++) {
            bool reached;
            const ht_criterion wanted = {accuracy + (above ? label / 2 : -label / 2), 0};
            if (wanted.accuracy <= 0) continue;
            assert_int_equal(ht_stopping_reached(&stopping, net, &s, wanted, NULL, &reached, &err), HT_OK);
            assert_int_equal(reached, !above);
        }
    }
    assert_true(score_of(net, &s).accuracy > 0.6); /* it has learned something */
    ht_stopping_free(&stopping);
    ht_step_free(step);
    ht_network_free(net);
    free_samples(&s);
}

/* ---- what does not fit -------------------------------------------------------------------------- */

static void what_does_not_fit_a_sequence_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool tied;
        const char *says;
    } wrong[] = {
        {"embed 4, conv 3 1x3, dense 4", false, "item 2, conv: it mixes the positions of a sequence"},
        {"embed 4, pool global, dense 4", false, "item 2, pool: it mixes the positions of a sequence"},
        {"embed 4, norm batch, dense 4", false, "item 2, norm batch: it mixes the positions of a sequence"},
        {"embed 4, attention 3", false,
         "item 2, attention: each of 3 heads has an equal part of the channels"},
        {"res(embed 4, dense 4)", false, "res: what goes in would be the numbers of tokens"},
        {"dense 4", true, "the output layer: model.tied ties it to the token table, which embed N has"},
        {"embed 4, dense 5", true,
         "the output layer: model.tied ties it to the token table, which has 4 numbers a "
         "token, and 5 channels come in"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const ht_params p = params_of(wrong[i].line, wrong[i].tied);
        assert_null(ht_network_of(&p, (ht_shape){1, 1, CONTEXT}, SYMBOLS, &err));
        assert_int_equal(err.code, HT_USAGE);
        if (!strstr(err.text, wrong[i].says)) fail_msg("%s: '%s'", wrong[i].line, err.text);
    }
}

static void data_and_network_go_together(void **state)
{
    (void)state;
    const ht_data_options options = {.seed = 1, .train_limit = 40, .test_limit = 10, .context = 7};
    ht_dataset *text = ht_dataset_load("markov", &options, &err), *table = small_data(40, 10);
    const ht_params dense = small_params(), tokens = params_of(two_blocks, true);
    assert_non_null(text);
    assert_null(ht_trainer_new(&dense, text, NULL, &err));
    assert_int_equal(err.code, HT_USAGE);
    assert_non_null(
        strstr(err.text, "markov holds sequences of tokens, which only a network that begins with embed"));
    assert_null(ht_trainer_new(&tokens, table, NULL, &err));
    assert_int_equal(err.code, HT_USAGE);
    assert_non_null(strstr(err.text, "embed reads sequences of tokens, and ecg-synth holds other samples"));
    ht_trainer *t = small_trainer(&tokens, text, NULL);
    small_train(t, 3);
    ht_trainer_free(t);
    ht_dataset_free(text);
    ht_dataset_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tied_output_is_the_token_table),
        cmocka_unit_test(the_line_of_a_network_makes_it_again),
        cmocka_unit_test(gpt_nano_has_as_many_numbers),
        cmocka_unit_test(they_begin_as_the_original),
        cmocka_unit_test(logits_come_a_chunk_at_a_time),
        cmocka_unit_test(a_head_has_one_draw),
        cmocka_unit_test(heads_go_whole_by_their_norms),
        cmocka_unit_test(tables_are_not_pruned),
        cmocka_unit_test(what_cannot_be_pruned_says_so),
        cmocka_unit_test(the_criterion_counts_labels),
        cmocka_unit_test(what_does_not_fit_a_sequence_is_named),
        cmocka_unit_test(data_and_network_go_together),
    };
    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
