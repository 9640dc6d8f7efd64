/* test_certify_kinds.c - certificates of layers of every kind: what comes back from a code is the network,
 * bit by bit, and what bounds say about changes of the outputs is true of every change that was tried. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certify/certify.h"
#include "nn/extent.h"
#include "nn/layers/layer.h"
#include "num/rng.h"
#include "unit/naive.h"
#include "unit/small.h"

static ht_error err;

enum { COUNT = 40, CLASSES = 4 };

static const ht_shape picture = {2, 9, 8};

static const char *const lines[] = {
    "conv 6 3x3 same, pool 2, dense 9 gelu",
    "conv 6 3x3 stride 2 pad 1 tanh, conv 5 2x2 linear, leaky-relu, dense 7 linear, dense 5",
    "conv 6 5x3 same, pool 3 stride 2 avg, tanh, conv 7 1x1, pool global",
    "conv 5 3x3 leaky-relu, pool 3 stride 1, dropout 0.3, dense 9, dropout 0.5",
    "conv 4 3x3 same, res(conv 6 3x3 stride 2 same, conv 5 3x3 same linear), relu, dense 6",
    "conv 4 3x3 same linear, norm, relu, conv 5 3x3 stride 3, dense 6, norm",
    "norm batch, conv 4 3x3 linear, norm batch, relu, res(conv 4 3x3 same, norm batch), pool 2x1, dense 6",
    "dense 9, res(dense 12 tanh, dense 9 linear), dense 8 gelu",
};
enum { LINES = sizeof lines / sizeof lines[0] };

static void every_kind_has_a_line_and_a_bound(void **state)
{
    (void)state;
    for (int k = 0; k < HT_LAYER_KINDS; k++) {
        const ht_layer_kind *kind = ht_layer_kind_at((ht_layer_id)k);
        int found = 0;
        if (kind == &ht_layer_embed || kind == &ht_layer_attention) { /* of sequences: no bound is known */
            assert_null(kind->extent);
            continue;
        }
        for (int i = 0; i < LINES; i++) found += strstr(lines[i], ht_layer_kind_name((ht_layer_id)k)) != NULL;
        if (found == 0) fail_msg("no line here has the kind %s", ht_layer_kind_name((ht_layer_id)k));
        assert_non_null(kind->extent);
    }
}

/* All numbers but variances take any sign; state and gains are not as they began. */
static ht_network *network_of(const char *line, bool bias, bool mean_field, uint64_t seed)
{
    ht_params p = small_params();
    ht_rng rng;
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_params_put(&p, HT_P_MODEL_MEAN_FIELD, mean_field);
    ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
    if (!net) fail_msg("%s: %s", line, err.text);
    ht_network_init(net, seed, NULL);
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 0);
    for (int t = 0; t < net->tensor_count; t++) {
        const ht_tensor *tensor = &net->tensors[t];
        for (size_t i = 0; i < ht_tensor_size(tensor) && !(tensor->flags & HT_TENSOR_WEIGHT); i++)
            tensor->data[i] += (float)(0.3 * (tensor->flags & HT_TENSOR_STATE ? fabs(ht_rng_normal(&rng))
                                                                              : ht_rng_normal(&rng)));
    }
    return net;
}

static ht_prune_spec spec_of(ht_prune_method method, double ratio)
{
    return (ht_prune_spec){
        .method = method, .metric = HT_FRO_SQUARED, .error = 0.1, .ratio = ratio, .seed = 1};
}

/* ---- codes ------------------------------------------------------------------------------------- */

static void assert_comes_back(const ht_network *net, const ht_text *code, int bits, const char *line)
{
    int read_bits = 0;
    ht_network *back = ht_decode_network(code->data, code->length, &read_bits, &err);
    if (!back) fail_msg("%s: %s", line, err.text);
    assert_int_equal(read_bits, bits);
    if (!small_same(back, net)) fail_msg("%s: another network came back", line);
    for (int l = 0; l < net->layer_count; l++) {
        assert_ptr_equal(back->layers[l].kind, net->layers[l].kind);
        assert_int_equal(back->layers[l].activation, net->layers[l].activation);
        assert_int_equal(back->layers[l].stride, net->layers[l].stride);
    }
    assert_int_equal(back->mean_field, net->mean_field);
    for (size_t cut = 0; cut < code->length; cut += 1 + cut / 8)
        assert_null(ht_decode_network(code->data, cut, &read_bits, &err));
    ht_network_free(back);
}

static void what_is_read_is_what_was_written(void **state)
{
    (void)state;
    for (int i = 0; i < LINES * 4; i++) {
        const char *line = lines[i / 4];
        int bits = 1 + i % HT_ENCODE_BITS_MAX;
        ht_network *net = network_of(line, i & 1, i & 2, (uint64_t)i + 1);
        ht_prune_spec spec = spec_of(i & 1 ? HT_PRUNE_NODE : HT_PRUNE_MAGNITUDE, 0.5);
        ht_prune_result result;
        ht_quantizer q;
        ht_text code = {0};
        assert_int_equal(ht_prune_apply(net, &spec, NULL, &result, &err), HT_OK);
        ht_encode_round(net, bits, &q);
        if (ht_encode_network(net, &q, &code, &err) != HT_OK) fail_msg("%s: %s", line, err.text);
        assert_memory_equal(code.data, "HTC3", 4);
        assert_comes_back(net, &code, bits, line);
        ht_text_free(&code);
        ht_network_free(net);
    }
}

/* Numbers that are no weights are rounded by a share of themselves, whatever their size, and 0 stays 0. */
static void other_numbers_keep_their_digits(void **state)
{
    (void)state;
    for (int bits = 1; bits <= HT_ENCODE_BITS_MAX; bits++) {
        ht_network *net = network_of(lines[6], true, false, 3), *exact = ht_network_copy(net, &err);
        ht_quantizer q;
        double most = 0;
        for (int t = 0; t < exact->tensor_count; t++) {
            exact->tensors[t].data[0] *= t % 2 ? 1e-30f : 1e30f;
            if (exact->tensors[t].bias) exact->tensors[t].bias->data[1] = 0;
        }
        ht_network_assign(net, exact);
        ht_encode_round(net, bits, &q);
        for (int t = 0; t < net->tensor_count; t++)
            for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++) {
                double x = (double)net->tensors[t].data[i], was = (double)exact->tensors[t].data[i];
                if (net->tensors[t].flags & HT_TENSOR_WEIGHT) continue;
                assert_true(was != 0 || x == 0);
                if (was != 0) most = fmax(most, fabs(x / was - 1));
            }
        assert_true(most <= pow(2, -(bits + 3)) && most > pow(2, -(bits + 5)));
        ht_network_free(exact);
        ht_network_free(net);
    }
}

/* A bias costs its digits and a little, a tensor that is as it began a bit. */
static void other_numbers_cost_what_they_say(void **state)
{
    (void)state;
    enum { WIDTH = 2000, BITS = 2 };
    size_t length[2] = {0};
    ht_params p = small_params();
    ht_rng rng;
    assert_int_equal(ht_params_set(&p, "model.layers", "dense 2000", &err), HT_OK);
    ht_params_put(&p, HT_P_MODEL_BIAS, 1);
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    for (int way = 0; way < 2; way++) {
        ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
        ht_quantizer q;
        ht_text code = {0};
        net->weights[1]->bias->data[0] = 1; /* not dense without biases */
        for (int i = 0; i < WIDTH && way; i++)
            net->weights[0]->bias->data[i] = (float)(0.01 * ht_rng_normal(&rng));
        ht_encode_round(net, BITS, &q);
        assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_OK);
        length[way] = 8 * code.length;
        ht_text_free(&code);
        ht_network_free(net);
    }
    double each = (double)(length[1] - length[0]) / WIDTH;
    assert_true(each > BITS + 2 + 1 + 1 && each < BITS + 2 + 1 + 4);
    assert_true(length[0] < 1000);
}

/* Units that give nothing cost no columns where they are read, through pooling and flattening. */
static void what_reads_nothing_is_not_said(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 6 3x3 same, pool 3, dense 9", true, false, 2);
    ht_quantizer q;
    const ht_tensor *conv = net->weights[0], *dense = net->weights[1];
    for (int i = 0; i < 6; i += 2) {
        memset(conv->data + (size_t)(i * conv->columns), 0, (size_t)conv->columns * sizeof(float));
        conv->bias->data[i] = i == 4 ? 0.5f : 0.0f; /* 4 gives something */
    }
    ht_encode_round(net, 8, &q);
    for (int j = 0, each = dense->columns / 6; j < dense->columns; j++) {
        bool any = false;
        for (int r = 0; r < dense->rows; r++) any = any || dense->data[r * dense->columns + j] != 0;
        assert_true(any == (j / each != 0 && j / each != 2));
    }
    ht_network_free(net);
}

static void damaged_codes_are_errors_or_other_networks(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 1);
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i], i & 1, false, 1);
        ht_quantizer q;
        ht_text code = {0};
        int bits, refused = 0;
        ht_encode_round(net, 2, &q);
        assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_OK);
        for (int trial = 0; trial < 300; trial++) {
            size_t at = trial % 2 ? ht_rng_below(&rng, (uint32_t)code.length) : ht_rng_below(&rng, 40);
            char was = code.data[at];
            code.data[at] = (char)ht_rng_u32(&rng);
            ht_network *other = ht_decode_network(code.data, code.length, &bits, &err);
            if (other) assert_true(small_finite(other));
            refused += !other;
            ht_network_free(other);
            code.data[at] = was;
        }
        assert_true(refused > 0);
        ht_text_add_bytes(&code, "x", 1);
        assert_null(ht_decode_network(code.data, code.length, &bits, &err));
        ht_text_free(&code);
        ht_network_free(net);
    }
}

static void what_has_no_code_says_why(void **state)
{
    (void)state;
    ht_network *net = network_of(lines[0], true, false, 1);
    ht_quantizer q;
    ht_text code = {0};
    ht_encode_round(net, 2, &q);
    net->weights[0]->bias->data[0] = NAN;
    assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "not finite"));
    ht_text_free(&code);
    ht_network_free(net);
}

/* ---- certificates ------------------------------------------------------------------------------ */

static void certificates_are_those_of_the_network_that_came_back(void **state)
{
    (void)state;
    ht_samples train = naive_samples(COUNT, ht_shape_values(picture), CLASSES, 11),
               test = naive_samples(COUNT - 3, ht_shape_values(picture), CLASSES, 12);
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i], i % 3, i % 2, 5);
        ht_prune_spec spec = spec_of(HT_PRUNE_MAGNITUDE, 0.3);
        ht_certificate c;
        ht_score whole, again;
        ht_text code = {0};
        int bits;
        if (ht_certify_make(&c, net, &spec, &train, &test, 0.05, NULL, &code, &err) != HT_OK)
            fail_msg("%s: %s", lines[i], err.text);
        ht_network *back = ht_decode_network(code.data, code.length, &bits, &err);
        assert_int_equal(ht_network_evaluate(back, &train, NULL, NULL, &again, &err), HT_OK);
        assert_true(again.accuracy == c.train.accuracy && again.loss == c.train.loss);
        assert_int_equal(ht_network_evaluate(back, &test, NULL, NULL, &again, &err), HT_OK);
        assert_true(again.loss == c.test.loss);
        assert_int_equal(c.bits, 8 * code.length);
        assert_true(c.bound == ht_certify_bound(1 - c.train.accuracy, (double)c.bits, train.count, 0.05));
        assert_int_equal(ht_network_evaluate(net, &train, NULL, NULL, &whole, &err), HT_OK);
        assert_null(c.unbounded);
        assert_true(isfinite(c.output_change));
        assert_true(fabs(whole.loss - c.train.loss) <= 2 * c.output_change);
        ht_network_free(back);
        ht_text_free(&code);
        ht_network_free(net);
    }
    naive_free_samples(&train);
    naive_free_samples(&test);
}

/* ---- changes ----------------------------------------------------------------------------------- */

/* Of `net` with a last layer that hands its inputs on, one to a class; ht_network_losses gives -log softmax
 * of the label. Instead of reading logits, which no function gives, differences of losses are compared: of
 * two labels a and b, loss_b - loss_a = z_a - z_b, whose change is at most √2 times that of z. */
static double largest_change(const ht_network *net, const ht_network *other, const ht_samples *samples)
{
    float loss[2][2][COUNT];
    double most = 0;
    ht_score score;
    for (int a = 0; a < CLASSES; a++)
        for (int n = 0; n < 2; n++)
            for (int b = 0; b < 2; b++) {
                int labels[COUNT];
                ht_samples asked = *samples;
                for (int i = 0; i < COUNT; i++) labels[i] = b ? (a + 1) % CLASSES : a;
                asked.labels = labels;
                assert_int_equal(ht_network_losses(n ? other : net, &asked, NULL, loss[n][b], &score, &err),
                                 HT_OK);
                if (b == 0) continue;
                for (int i = 0; i < COUNT && n; i++)
                    most = fmax(most, fabs(((double)loss[0][1][i] - (double)loss[0][0][i]) -
                                           ((double)loss[1][1][i] - (double)loss[1][0][i])));
            }
    return most / M_SQRT2;
}

static double largest_norm(const ht_samples *samples, int inputs)
{
    double most = 0;
    for (size_t i = 0; i < samples->count; i++) {
        double sum = 0;
        for (int j = 0; j < inputs; j++) sum += pow((double)samples->x[i * (size_t)inputs + (size_t)j], 2);
        most = fmax(most, sqrt(sum));
    }
    return most;
}

/* Every tensor of `other` by up to a share of its norm away from that of `net`. */
static void perturb(ht_network *other, const ht_network *net, double share, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 7);
    for (int t = 0; t < net->tensor_count; t++) {
        size_t size = ht_tensor_size(&net->tensors[t]);
        const float *w = net->tensors[t].data;
        double norm = 0;
        for (size_t i = 0; i < size; i++) norm += pow((double)w[i], 2);
        for (size_t i = 0; i < size; i++) {
            double by = share * sqrt(norm / (double)size) * ht_rng_normal(&rng);
            bool positive = net->tensors[t].flags & HT_TENSOR_STATE && net->tensors[t].flags & HT_TENSOR_ONES;
            other->tensors[t].data[i] = positive ? w[i] + (float)fabs(by) : w[i] + (float)by;
        }
    }
}

static void no_output_changes_by_more_than_the_bound(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(COUNT, ht_shape_values(picture), CLASSES, 21);
    double input = largest_norm(&samples, ht_shape_values(picture));
    for (int i = 0; i < LINES * 4; i++)
        for (int step = 0; step < 4; step++) {
            ht_network *net = network_of(lines[i / 4], i & 1, i & 2, (uint64_t)i + 1),
                       *other = ht_network_copy(net, &err);
            ht_extent extent;
            const char *why;
            perturb(other, net, pow(10, -step), (uint64_t)(4 * i + step));
            assert_true(ht_extent_of(net, other, input, &extent, &why));
            double change = largest_change(net, other, &samples);
            if (!(change > 0 && change <= extent.change * (1 + 1e-5) + 1e-5))
                fail_msg("%s: the outputs change by %g, the bound is %g", lines[i / 4], change,
                         extent.change);
            /* And no change has the bound 0, but for what is divided by an ε of 1e-5 in norms. */
            assert_true(ht_extent_of(net, net, input, &extent, &why) && extent.change == 0);
            ht_network_free(other);
            ht_network_free(net);
        }
    naive_free_samples(&samples);
}

/* Networks whose bound is reached, or nearly: all weights and inputs alike, and one output. A factor that is
 * missing for windows that overlap would make the bound less than what happens. */
static const struct tight {
    const char *line;
    double at_least; /* change over bound */
    bool bias;       /* the first layer's bias changes, not its weights */
} tight[] = {
    {"conv 1 3x3 same linear", 0.8, false}, /* √9 windows, but at the border */
    {"conv 1 3x3 linear", 0.35, false},
    {"conv 1 3x3 stride 3 linear", 0.98, false},
    {"conv 1 4x4 stride 2 linear", 0.5, false},
    {"conv 1 1x1 linear, pool 3", 0.3, false}, /* of equal values only one counts */
    {"conv 1 1x1 linear, pool 2x1 avg", 0.98, false},
    {"conv 1 1x1 linear, pool 3 stride 1 avg", 0.7, false},
    {"conv 1 1x1 linear, res(conv 1 1x1 linear)", 0.98, false},
    {"dense 1 linear, res(dense 1 linear), gelu", 0.85, false},
    {"conv 1 3x3 same linear", 0.98, true},
    {"conv 1 1x1 linear, norm batch, pool 2 avg", 0.98, true},
};

static void fill(ht_network *net, float last)
{
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++) net->tensors[t].data[i] = 0.25f;
    ht_tensor *out = ht_network_output(net); /* one class alone, so that loss differences show all of it */
    memset(out->data, 0, ht_tensor_size(out) * sizeof(float));
    for (int j = 0; j < out->columns; j++) out->data[j] = last;
}

static void bounds_are_reached(void **state)
{
    (void)state;
    ht_params p = small_params();
    const ht_shape square = {1, 12, 12};
    ht_samples samples = naive_samples(COUNT, ht_shape_values(square), CLASSES, 1);
    for (size_t i = 0; i < COUNT * (size_t)ht_shape_values(square); i++) samples.x[i] = 0.5f;
    double input = largest_norm(&samples, ht_shape_values(square));
    for (size_t i = 0; i < sizeof tight / sizeof tight[0]; i++) {
        ht_extent extent;
        const char *why;
        assert_int_equal(ht_params_set(&p, "model.layers", tight[i].line, &err), HT_OK);
        ht_params_put(&p, HT_P_MODEL_BIAS, tight[i].bias);
        ht_network *net = ht_network_of(&p, square, CLASSES, &err), *other;
        if (!net) fail_msg("%s", err.text);
        fill(net, 0.25f);
        other = ht_network_copy(net, &err);
        const ht_tensor *changed = tight[i].bias ? other->weights[0]->bias : other->weights[0];
        for (size_t k = 0; k < ht_tensor_size(changed); k++) changed->data[k] *= 1.5f;
        assert_true(ht_extent_of(net, other, input, &extent, &why));
        double change = M_SQRT2 * largest_change(net, other, &samples); /* of one class */
        if (!(change <= extent.change * (1 + 1e-5) && change >= tight[i].at_least * extent.change))
            fail_msg("%s: %g of a bound of %g", tight[i].line, change, extent.change);
        ht_network_free(other);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

static void what_is_not_finite_is_no_bound(void **state)
{
    (void)state;
    ht_extent extent;
    const char *why = NULL;
    ht_network *net = network_of(lines[6], true, false, 1), *other = ht_network_copy(net, &err);
    assert_true(ht_extent_of(net, other, 1, &extent, &why));
    for (int t = 0; t < other->tensor_count; t++)
        if (other->tensors[t].flags & HT_TENSOR_STATE) other->tensors[t].data[0] = -1; /* a variance, too */
    assert_false(ht_extent_of(net, other, 1, &extent, &why));
    assert_non_null(strstr(why, "finite"));
    ht_network_free(other);
    ht_network_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_line_and_a_bound),
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(other_numbers_keep_their_digits),
        cmocka_unit_test(other_numbers_cost_what_they_say),
        cmocka_unit_test(what_reads_nothing_is_not_said),
        cmocka_unit_test(damaged_codes_are_errors_or_other_networks),
        cmocka_unit_test(what_has_no_code_says_why),
        cmocka_unit_test(certificates_are_those_of_the_network_that_came_back),
        cmocka_unit_test(no_output_changes_by_more_than_the_bound),
        cmocka_unit_test(bounds_are_reached),
        cmocka_unit_test(what_is_not_finite_is_no_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
