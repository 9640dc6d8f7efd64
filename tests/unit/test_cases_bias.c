/* test_cases_bias.c - networks with biases and with hidden layers of any widths give what a plain loop gives,
 * pruned or not; noise of any α and type has the characteristic function that the README promises. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "certify/certify.h"
#include "prune/coreset.h"
#include "kernel/kernel.h"
#include "num/linalg.h"
#include "nn/noise.h"
#include "nn/row_noise.h"
#include "num/rng.h"
#include "stable/stable_law.h"
#include "unit/naive.h"
#include "unit/small.h"

static ht_error err;

/* ---- biases and widths ------------------------------------------------------------------------- */

/* Narrowing, widening, one neuron, more than a shard; every layer biased, none, and some. */
static const struct shape {
    int widths[HT_HIDDEN_MAX], depth;
    ht_activation activation;
    bool mean_field;
    unsigned biased;
} shapes[] = {
    {{37}, 1, HT_RELU, false, 3},
    {{150}, 1, HT_TANH, true, 3},
    {{40}, 1, HT_LEAKY_RELU, false, 1},
    {{40}, 1, HT_RELU, true, 2},
    {{1}, 1, HT_RELU, false, 3},
    {{64, 8}, 2, HT_RELU, false, 7},
    {{8, 140}, 2, HT_TANH, false, 7},
    {{2, 64}, 2, HT_RELU, true, 5},
    {{30, 1, 20}, 3, HT_LEAKY_RELU, true, 15},
    {{5, 70, 1, 33}, 4, HT_TANH, false, 31},
    {{64, 8}, 2, HT_RELU, true, 0},
    {{3, 140, 12}, 3, HT_RELU, false, 0},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], INPUTS = 19, CLASSES = 4, SAMPLES = 300 };

static ht_network *network_of(const struct shape *s)
{
    return naive_network(INPUTS, s->widths, s->depth, CLASSES, s->activation, s->mean_field, s->biased,
                         (uint64_t)(s - shapes) + 1);
}

static ht_score evaluated(const ht_network *net, const ht_samples *samples)
{
    ht_score score;
    assert_int_equal(ht_network_evaluate(net, samples, NULL, NULL, &score, &err), HT_OK);
    return score;
}

static bool same(const ht_network *a, const ht_network *b)
{
    bool equal = ht_network_hidden(a) == ht_network_hidden(b) &&
                 ht_network_activation(a, 0) == ht_network_activation(b, 0) && a->mean_field == b->mean_field;
    for (int l = 0; l < a->weight_count && equal; l++) {
        const ht_tensor *x = a->weights[l], *y = b->weights[l];
        equal = x->rows == y->rows && x->columns == y->columns && !x->bias == !y->bias &&
                memcmp(x->data, y->data, ht_tensor_size(x) * sizeof(float)) == 0 &&
                (!x->bias || memcmp(x->bias->data, y->bias->data, (size_t)x->rows * sizeof(float)) == 0);
    }
    return equal;
}

static void a_network_like_another_has_its_shapes_and_biases(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(&shapes[k]), *like = ht_network_like(net, &err),
                   *copy = ht_network_copy(net, &err);
        assert_true(like && copy && same(net, copy));
        for (int l = 0; l < net->weight_count; l++) {
            for (size_t i = 0; i < ht_tensor_size(like->weights[l]); i++)
                assert_true(like->weights[l]->data[i] == 0);
            for (int i = 0; like->weights[l]->bias && i < like->weights[l]->rows; i++)
                assert_true(like->weights[l]->bias->data[i] == 0);
        }
        ht_network_assign(like, net);
        assert_true(same(net, like));
        ht_network_free(net);
        ht_network_free(like);
        ht_network_free(copy);
    }
}

static void networks_are_evaluated_as_a_plain_loop_does(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(SAMPLES, INPUTS, CLASSES, 5);
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(&shapes[k]);
        naive_assert_score(evaluated(net, &samples), naive_score(net, &samples, NULL), "a whole network");
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

/* By hand: h = relu(2·3 - 1) = 5 and relu(-3 + 2) = 0, logits 5/2 + 1 and -5/2 + 3 with a mean field. */
static void biases_are_added_where_pytorch_adds_them(void **state)
{
    (void)state;
    ht_network *net = naive_network(1, (const int[]){2}, 1, 2, HT_RELU, true, 3, 1);
    float x = 3, weights[2][4] = {{2, -1}, {1, 7, -1, 7}}, biases[2][2] = {{-1, 2}, {1, 3}};
    int32_t label = 0;
    ht_samples one = {.count = 1, .x = &x, .labels = &label};
    for (int l = 0; l < 2; l++) {
        memcpy(net->weights[l]->data, weights[l], ht_tensor_size(net->weights[l]) * sizeof(float));
        memcpy(net->weights[l]->bias->data, biases[l], sizeof biases[l]);
    }
    ht_score score = evaluated(net, &one);
    assert_true(fabs(score.loss - log1p(exp(0.5 - 3.5))) < 1e-6 && score.accuracy == 1);
    ht_network_free(net);
}

static void removed_neurons_give_nothing_whatever_their_bias(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(SAMPLES, INPUTS, CLASSES, 6);
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(&shapes[k]);
        char *gone[HT_HIDDEN_MAX] = {NULL};
        float *keep[HT_HIDDEN_MAX] = {NULL};
        ht_score score;
        for (int l = 0; l < ht_network_hidden(net); l++) {
            gone[l] = calloc((size_t)net->weights[l]->rows, 1);
            keep[l] = calloc((size_t)net->weights[l]->rows, sizeof(float));
            for (int i = 0; i < net->weights[l]->rows; i++)
                gone[l][i] = (char)(i % 3 == 1), keep[l][i] = i % 3 == 1 ? 0 : 1;
        }
        const float *const *kept = (const float *const *)keep;
        assert_int_equal(ht_network_evaluate(net, &samples, kept, NULL, &score, &err), HT_OK);
        naive_assert_score(score, naive_score(net, &samples, gone), "a masked network");
        for (int l = 0; l < ht_network_hidden(net); l++) free(gone[l]), free(keep[l]);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

/* ---- pruning ----------------------------------------------------------------------------------- */

static const double ratios[] = {0, 0.1, 0.34, 0.5, 0.8, 0.97, 1};
enum { RATIOS = sizeof ratios / sizeof ratios[0] };

static ht_prune_spec spec_of(int method, double ratio, const ht_samples *samples)
{
    return (ht_prune_spec){.method = (ht_prune_method)method,
                           .ratio = ratio,
                           .error = 0.1,
                           .seed = 3,
                           .calibration = samples,
                           .calibration_limit = 40};
}

/* The network that a method leaves, by the plain loop where there is one: singular values, coresets and
 * channels are cut by the same code as without biases, which leaves those alone. */
static ht_network *pruned_by_hand(const ht_network *net, const ht_prune_spec *spec)
{
    ht_network *cut = ht_network_copy(net, &err);
    ht_prune_result result;
    if (spec->method != HT_PRUNE_SVD && !ht_prune_at(spec->method)->calibrated) {
        naive_prune(cut, spec->method, spec->ratio, spec->seed);
        return cut;
    }
    assert_int_equal(ht_prune_apply(cut, spec, NULL, &result, &err), HT_OK);
    for (int l = 0; l < net->weight_count; l++) /* channels take theirs along: test_prune_channels */
        if (net->weights[l]->bias && spec->method != HT_PRUNE_PFP)
            assert_memory_equal(cut->weights[l]->bias->data, net->weights[l]->bias->data,
                                (size_t)net->weights[l]->rows * sizeof(float));
    return cut;
}

static void check_method(const ht_network *net, const ht_samples *samples, int method)
{
    for (int r = 0; r < RATIOS; r++) {
        char what[80];
        ht_prune_spec spec = spec_of(method, ratios[r], samples);
        ht_prune_result result, tried;
        ht_network *small, *applied = ht_network_copy(net, &err), *right = pruned_by_hand(net, &spec);
        naive_result expected = naive_score(right, samples, NULL);
        snprintf(what, sizeof what, "%s at %g, %d hidden layers of %d …", ht_prune_at(spec.method)->name,
                 ratios[r], ht_network_hidden(net), net->weights[0]->rows);
        assert_int_equal(ht_prune_apply(applied, &spec, NULL, &result, &err), HT_OK);
        assert_true(same(applied, right));
        assert_int_equal(ht_prune_try(&tried, net, NULL, samples, &spec, NULL, &small, &err), HT_OK);
        assert_true(tried.removed == result.removed && tried.error == result.error);
        naive_assert_score(tried.test, expected, what);
        naive_assert_score(evaluated(small, samples), expected,
                           what); /* the small one is the same function */
        assert_int_equal(ht_prune_compact(applied, &err), HT_OK);
        for (int l = 0; l < net->weight_count; l++)
            assert_true(applied->weights[l]->rows == small->weights[l]->rows &&
                        applied->weights[l]->columns == small->weights[l]->columns);
        ht_network_free(small);
        ht_network_free(right);
        ht_network_free(applied);
    }
}

static void every_method_leaves_what_a_plain_loop_leaves(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(SAMPLES, INPUTS, CLASSES, 7);
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(&shapes[k]);
        for (int method = 0; method < HT_PRUNE_METHODS; method++) check_method(net, &samples, method);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

/* At 21 ratios the point of the curve is the network pruned so far. */
static void check_curve(const ht_network *net, const ht_samples *samples, int method)
{
    ht_prune_spec spec = spec_of(method, 0.34, samples);
    ht_prune_curve curve;
    spec.coreset = HT_CORESET_TOP; /* others of as many edges are other edges when they are drawn */
    assert_int_equal(ht_prune_curve_make(&curve, net, samples, &spec, NULL, &err), HT_OK);
    for (int i = 0; i <= 20; i++) {
        char what[80];
        int at = 0;
        ht_prune_result result;
        spec.ratio = i / 20.0;
        ht_network *right = pruned_by_hand(net, &spec);
        naive_result expected = naive_score(right, samples, NULL);
        assert_int_equal(ht_prune_try(&result, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
        while (at < curve.count && curve.points[at].removed != result.removed) at++;
        snprintf(what, sizeof what, "the curve of %s at %g, %d hidden layers of %d …",
                 ht_prune_at(spec.method)->name, spec.ratio, ht_network_hidden(net), net->weights[0]->rows);
        if (at == curve.count) fail_msg("%s: no point", what);
        naive_assert_score((ht_score){curve.points[at].loss, curve.points[at].accuracy}, expected, what);
        ht_network_free(right);
    }
    ht_prune_curve_free(&curve);
}

static void every_curve_goes_through_the_pruned_networks(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(SAMPLES, INPUTS, CLASSES, 8);
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(&shapes[k]);
        for (int method = 0; method < HT_PRUNE_METHODS; method++) check_curve(net, &samples, method);
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

/* What coreset measures on: the activations, biases added. */
static void sensitivities_are_those_of_the_biased_network(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(5, INPUTS, CLASSES, 9);
    ht_network *net = naive_network(INPUTS, (const int[]){7}, 1, CLASSES, HT_TANH, false, 3, 2);
    ht_calibration points;
    assert_int_equal(ht_calibration_make(&points, net, &samples, 0, &err), HT_OK);
    for (int p = 0; p < 5; p++)
        for (int i = 0; i < 7; i++) {
            double z = (double)net->weights[0]->bias->data[i];
            for (int j = 0; j < INPUTS; j++)
                z += (double)net->weights[0]->data[i * INPUTS + j] * (double)samples.x[p * INPUTS + j];
            assert_true(fabs((double)points.input[1][p * 7 + i] - tanh(z)) < 1e-5);
        }
    ht_calibration_free(&points);
    ht_network_free(net);
    naive_free_samples(&samples);
}

/* A neuron without weights gives act(b): it stays, unless that is 0. */
static void a_constant_neuron_is_not_dead(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(SAMPLES, INPUTS, CLASSES, 10);
    ht_network *net = naive_network(INPUTS, (const int[]){6}, 1, CLASSES, HT_RELU, true, 3, 4);
    memset(net->weights[0]->data, 0, (size_t)3 * INPUTS * sizeof(float)); /* neurons 0, 1 and 2 */
    net->weights[0]->bias->data[0] = 2;
    net->weights[0]->bias->data[1] = -1;
    net->weights[0]->bias->data[2] = 0;
    naive_result before = naive_score(net, &samples, NULL);
    assert_int_equal(ht_prune_compact(net, &err), HT_OK);
    assert_int_equal(net->weights[0]->rows, 4);
    assert_true(net->weights[0]->bias->data[0] == 2);
    naive_assert_score(evaluated(net, &samples), before, "compacted");
    ht_network_free(net);
    naive_free_samples(&samples);
}

/* ---- certificates ------------------------------------------------------------------------------ */

static void codes_hold_every_width(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++)
        for (int bits = 1; bits <= HT_ENCODE_BITS_MAX; bits += 3) {
            struct shape s = shapes[k];
            s.biased = 0;
            ht_network *net = naive_network(INPUTS, s.widths, s.depth, CLASSES, s.activation, s.mean_field, 0,
                                            (uint64_t)k + 1);
            ht_quantizer q;
            ht_text code = {0};
            int read_bits;
            bool one_width = true;
            for (int l = 1; l < s.depth; l++) one_width = one_width && s.widths[l] == s.widths[0];
            ht_encode_round(net, bits, &q);
            assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_OK);
            assert_memory_equal(code.data, one_width ? "HTC1" : "HTC2", 4);
            ht_network *back = ht_decode_network(code.data, code.length, &read_bits, &err);
            if (!back) fail_msg("%s", err.text);
            assert_true(read_bits == bits && same(net, back));
            for (size_t cut = 0; cut < code.length; cut += 1 + cut / 8)
                assert_null(ht_decode_network(code.data, cut, &read_bits, &err));
            ht_network_free(back);
            ht_network_free(net);
            ht_text_free(&code);
        }
}

/* Bytes of a code of one width as they were before codes knew several. */
static void codes_of_one_width_keep_their_bytes(void **state)
{
    (void)state;
    ht_network *net = ht_network_new(23, 17, 2, 5, HT_TANH, true, &err);
    ht_quantizer q;
    ht_text code = {0};
    uint32_t hash = 2166136261u;
    ht_network_init(net, 11, NULL);
    ht_encode_round(net, 4, &q);
    assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_OK);
    for (size_t i = 0; i < code.length; i++) hash = (hash ^ (unsigned char)code.data[i]) * 16777619u;
    assert_int_equal(code.length, 429);
    assert_true(hash == 3750498780u);
    ht_text_free(&code);
    ht_network_free(net);
}

static void certificates_are_those_of_the_network_that_came_back(void **state)
{
    (void)state;
    ht_samples train = naive_samples(SAMPLES, INPUTS, CLASSES, 11),
               test = naive_samples(99, INPUTS, CLASSES, 12);
    for (int k = 0; k < SHAPES; k++) {
        const struct shape *s = &shapes[k];
        ht_network *net = naive_network(INPUTS, s->widths, s->depth, CLASSES, s->activation, s->mean_field, 0,
                                        (uint64_t)k + 1);
        for (int method = 0; method < HT_PRUNE_METHODS; method++) {
            ht_prune_spec spec = spec_of(method, 0.3, &train);
            ht_certificate c;
            ht_text code = {0};
            int bits;
            assert_int_equal(ht_certify_make(&c, net, &spec, &train, &test, 0.05, NULL, &code, &err), HT_OK);
            ht_network *back = ht_decode_network(code.data, code.length, &bits, &err);
            assert_non_null(back);
            assert_true(back->mean_field == net->mean_field && bits == c.quantized);
            naive_assert_score(c.train, naive_score(back, &train, NULL), "training error");
            naive_assert_score(c.test, naive_score(back, &test, NULL), "test error");
            assert_true(fabs(c.bound - ht_certify_bound(1 - c.train.accuracy, 8.0 * (double)code.length,
                                                        train.count, 0.05)) < 1e-12);
            for (int l = 0; l < net->weight_count; l++) {
                double lost = 0, whole = 0;
                for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++) {
                    double w = (double)net->weights[l]->data[i];
                    lost += pow(w - (double)back->weights[l]->data[i], 2), whole += w * w;
                }
                assert_true(fabs(c.layer_error[l] - sqrt(lost / whole)) < 1e-6);
            }
            ht_network_free(back);
            ht_text_free(&code);
        }
        ht_network_free(net);
    }
    naive_free_samples(&train);
    naive_free_samples(&test);
}

/* In every layer, in some, or in none but for zeros, which are none. */
static void biases_are_in_the_code(void **state)
{
    (void)state;
    ht_samples samples = naive_samples(SAMPLES, INPUTS, CLASSES, 13);
    for (int k = 0; k < SHAPES; k++) {
        ht_network *net = network_of(&shapes[k]);
        ht_prune_spec spec = spec_of(HT_PRUNE_MAGNITUDE, 0.3, &samples);
        ht_certificate c;
        ht_text code = {0};
        int bits;
        for (int zero = 0; zero < 2; zero++) {
            assert_int_equal(ht_certify_make(&c, net, &spec, &samples, &samples, 0.05, NULL, &code, &err),
                             HT_OK);
            assert_true((code.data[3] == '3') == (shapes[k].biased && !zero));
            ht_network *back = ht_decode_network(code.data, code.length, &bits, &err);
            assert_non_null(back);
            naive_assert_score(c.train, naive_score(back, &samples, NULL), "training error");
            assert_true(ht_network_has_biases(back) == (shapes[k].biased && !zero));
            ht_network_free(back);
            ht_text_free(&code);
            for (int l = 0; l < net->weight_count; l++)
                if (net->weights[l]->bias)
                    memset(net->weights[l]->bias->data, 0, (size_t)net->weights[l]->rows * sizeof(float));
        }
        ht_network_free(net);
    }
    naive_free_samples(&samples);
}

/* As large and as small as floats are: what is written is read back, and 1 bit is not all zeros. */
static void codes_hold_weights_of_any_size(void **state)
{
    (void)state;
    static const double sizes[] = {1e-36, 1e-20, 1, 1e20, 1e38};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        for (int bits = 1; bits <= HT_ENCODE_BITS_MAX; bits++) {
            ht_network *net = ht_network_new(9, 5, 1, 3, HT_RELU, false, &err);
            ht_quantizer q;
            ht_text code = {0};
            int read_bits;
            ht_network_init(net, 1, NULL);
            for (int l = 0; l < 2; l++)
                for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++)
                    net->weights[l]->data[i] = (float)(sizes[k] * (double)net->weights[l]->data[i]);
            ht_encode_round(net, bits, &q);
            assert_true(ht_network_sizes(net).nonzero > 0);
            assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_OK);
            ht_network *back = ht_decode_network(code.data, code.length, &read_bits, &err);
            if (!back) fail_msg("weights of size %g: %s", sizes[k], err.text);
            assert_true(same(net, back));
            ht_network_free(back);
            ht_network_free(net);
            ht_text_free(&code);
        }
}

/* ---- noise ------------------------------------------------------------------------------------- */

static const double alphas[] = {0.3, 0.35, 0.5, 0.7, 0.9, 0.99, 1, 1.5, 2};
enum { ALPHAS = sizeof alphas / sizeof alphas[0], BELOW_ONE = 6 };

/* P(|X| > x) by turning the inversion of the characteristic function onto the imaginary axis, where nothing
 * oscillates; t = e^v / x. */
static double beyond_twin(double alpha, double x)
{
    double sum = 0, c = cos(M_PI_2 * alpha), s = sin(M_PI_2 * alpha), h = 0.005;
    for (double v = -40 / alpha; v < 6; v += h) {
        double t = pow(exp(v) / x, alpha);
        sum += exp(-exp(v) - c * t) * sin(s * t);
    }
    return 2 / M_PI * sum * h;
}

static void law_below_one_is_the_inverse_of_its_characteristic_function(void **state)
{
    (void)state;
    double slope;
    for (int k = 0; k < BELOW_ONE; k++)
        for (double x = 0.01; x < 1e15; x *= 20) {
            double p = ht_stable_beyond(alphas[k], x, &slope), truth = beyond_twin(alphas[k], x), more;
            if (fabs(p / truth - 1) > 1e-9)
                fail_msg("alpha %g, x %g: %.15g, not %.15g", alphas[k], x, p, truth);
            double change = ht_stable_beyond(alphas[k], x * exp(1e-5), &more) -
                            ht_stable_beyond(alphas[k], x * exp(-1e-5), &more);
            assert_true(fabs(change / 2e-5 / slope - 1) < 1e-6);
        }
}

/* The u that a draw stands for. */
static double share(uint32_t word, uint32_t more)
{
    double m = word & 0x7fffffffu;
    return ht_quantile_is_far(word) ? (m * 0x1p32 + more + 0.5) * 0x1p-63 : (m + 0.5) * 0x1p-31;
}

static double asked(double alpha)
{
    return alpha < 0.32 ? 6e-6 : alpha < 0.5 ? 3e-6 : 6e-7;
}

static void draws_below_one_are_the_quantiles(void **state)
{
    (void)state;
    static ht_quantiles q;
    ht_rng rng;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    for (int k = 0; k < BELOW_ONE; k++) {
        ht_quantiles_build(&q, alphas[k]);
        for (int i = 0; i < 3000; i++) {
            uint32_t word = ht_rng_u32(&rng) >> 1 >> ht_rng_below(&rng, 31), more = ht_rng_u32(&rng);
            if (i % 2) word = 0x7fffffffu - word; /* as many near x = 0 */
            double x = (double)ht_quantile_draw(&q, word, more), u = share(word, more), slope, error;
            assert_true(isfinite(x) && x > 0 && (double)ht_quantile_draw(&q, word | 0x80000000u, more) == -x);
            if (x > 1e36) continue;
            double p = ht_stable_beyond(alphas[k], x, &slope);
            error = fabs((p - u) / slope);
            if (u > 1 - 1e-6) error = fabs(x / ((1 - u) * M_PI_2 / tgamma(1 + 1 / alphas[k])) - 1);
            if (error > asked(alphas[k])) fail_msg("alpha %g, u %g: off by %g", alphas[k], u, error);
        }
    }
}

/* Falling all the way, through every piece of the table, and never infinite: beyond a float it is FLT_MAX. */
static void draws_below_one_fall_all_the_way(void **state)
{
    (void)state;
    static ht_quantiles q;
    for (int k = 0; k < BELOW_ONE; k++) {
        float last = FLT_MAX, x;
        ht_quantiles_build(&q, alphas[k]);
        for (double more = 1; more < 0x1p32; more *= 1.01) {
            x = ht_quantile_draw(&q, 0, (uint32_t)more);
            assert_true(x > 0 && (double)x <= (double)last * (1 + 3e-6));
            last = x;
        }
        for (double m = 1; m < 0x1p60; m *= 1.001) { /* from the far tail to x = 0 */
            uint32_t word = m < 0x1p30 ? (uint32_t)m : 0x7fffffffu - (uint32_t)(0x1p60 / m);
            x = ht_quantile_draw(&q, word, 0);
            if (!(x > 0) || (double)x > (double)last * (1 + 3e-6))
                fail_msg("alpha %g, m %u", alphas[k], word);
            last = x;
        }
    }
    ht_quantiles_build(&q, 0.3);
    assert_true(ht_quantile_draw(&q, 0, 0) == FLT_MAX && ht_quantile_draw(&q, 0x80000000u, 0) == -FLT_MAX);
}

/* Quantiles of |X| from scipy.stats.levy_stable (1.10.1) and, α = 1, tan(π p / 2). */
static void draws_have_the_quantiles_of_scipy(void **state)
{
    (void)state;
    static const struct {
        double alpha, p, x;
    } known[] = {{0.5, 0.25, 0.2933900303},
                 {0.5, 0.5, 1.283832775},
                 {0.5, 0.9, 57.30402773},
                 {0.5, 0.99, 6302.543333},
                 {0.7, 0.25, 0.3590384481},
                 {0.7, 0.5, 1.09006422},
                 {0.7, 0.9, 16.23516246},
                 {0.7, 0.99, 461.94063},
                 {0.9, 0.25, 0.400303948},
                 {0.9, 0.5, 1.017583408},
                 {0.9, 0.9, 8.067902365},
                 {0.9, 0.99, 106.9935952},
                 {1, 0.5, 1},
                 {1, 0.9, 6.313751515}};
    static ht_quantiles q;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ht_quantiles_build(&q, known[i].alpha);
        double x = (double)ht_quantile_draw(&q, (uint32_t)((1 - known[i].p) * 0x1p31), 0);
        if (fabs(x / known[i].x - 1) > 1e-5)
            fail_msg("alpha %g, p %g: %.9g, not %.9g", known[i].alpha, known[i].p, x, known[i].x);
    }
}

static void every_instruction_set_gives_the_same_bits_below_one(void **state)
{
    (void)state;
    enum { BLOCKS = 40, N = BLOCKS * HT_NOISE_BLOCK, CORNERS = 32 };
    static const uint32_t corner[CORNERS / 2] = {
        0,          1,          0x7fff,     0x8000,     0x8001,     0xffff,     0x10000,    0x3fffff,
        0x3fffffff, 0x40000000, 0x40000001, 0x7fff7fff, 0x7fff8000, 0x7ffffffe, 0x7fffffff, 0x7fff7ffe};
    static uint32_t words[N + CORNERS];
    static float x[N + CORNERS];
    static ht_quantiles law;
    const ht_kernels *const *builds = ht_kernel_builds();
    for (int i = 0; i < CORNERS; i++) words[N + i] = corner[i / 2] | (uint32_t)i << 31;
    for (int k = 0; k < BELOW_ONE; k++) {
        ht_noise_key key = {{3, 9}, (uint32_t)k, 1};
        ht_quantiles_build(&law, alphas[k]);
        for (int b = 0; builds[b]; b++) {
            builds[b]->row_words(words, BLOCKS, &key, 1, 3);
            assert_true(builds[b]->quantiles(&law, words, N + CORNERS, x));
            for (int i = 0; i < N + CORNERS; i++) {
                if (ht_quantile_is_far(words[i])) continue;
                float right = ht_quantile_draw(&law, words[i], 0);
                assert_memory_equal(&x[i], &right, sizeof right);
            }
        }
    }
}

/* README: E exp(iuX) = exp(-|u|^α) for shared and iid, exp(-|u/√2|^α) for isotropic. */
static void every_type_has_the_characteristic_function_of_the_readme(void **state)
{
    (void)state;
    enum { N = 100000 };
    static const double us[] = {0.1, 0.5, 1, 2, 5};
    static float x[N];
    static ht_noise_laws laws;
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++)
        for (int k = 0; k < ALPHAS; k++) {
            ht_noise noise = {.type = (ht_noise_type)type, .alpha = alphas[k], .seed = 5, .step = 3};
            ht_noise_prepare(&noise, &laws);
            memset(x, 0, sizeof x);
            if (type == HT_NOISE_IID)
                ht_noise_add(&noise, x, 0, 1, N, 1);
            else
                ht_noise_add(&noise, x, 0, N, 1, 1);
            for (size_t j = 0; j < sizeof us / sizeof us[0]; j++) {
                double even = 0, odd = 0, u = type == HT_NOISE_ISOTROPIC ? us[j] / M_SQRT2 : us[j];
                for (int i = 0; i < N; i++) {
                    assert_true(isfinite(x[i]));
                    even += cos(us[j] * (double)x[i]) / N;
                    odd += sin(us[j] * (double)x[i]) / N;
                }
                double right = exp(-pow(u, alphas[k])), margin = 4.5 / sqrt(2.0 * N);
                if (fabs(even - right) > margin || fabs(odd) > margin)
                    fail_msg("type %d, alpha %g, u %g: %g + %gi, not %g", type, alphas[k], us[j], even, odd,
                             right);
            }
        }
}

static void lengths_of_isotropic_noise_have_their_laplace_transform(void **state)
{
    (void)state;
    enum { N = 100000 };
    for (int k = 0; k < ALPHAS - 1; k++)
        for (double s = 0.1; s < 5; s *= 4) {
            ht_noise noise = {.type = HT_NOISE_ISOTROPIC, .alpha = alphas[k], .seed = 8};
            double sum = 0;
            for (size_t i = 0; i < N; i++) {
                double a = ht_noise_subordinator(&noise, i);
                assert_true(a > 0 && isfinite(a));
                sum += exp(-s * a) / N;
            }
            assert_true(fabs(sum - exp(-pow(s, alphas[k] / 2))) < 4.5 / sqrt(2.0 * N));
        }
}

static void pure_noise_has_a_limit_for_every_alpha(void **state)
{
    (void)state;
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        double last = 2;
        for (int k = 0; k < ALPHAS; k++) {
            ht_row_noise limit = {.growth = ht_pure_noise,
                                  .type = (ht_noise_type)type,
                                  .alpha = alphas[k],
                                  .inputs = 20,
                                  .width = 200,
                                  .error = 0.1,
                                  .seed = 4};
            double ratio[40], mean = 0;
            assert_int_equal(ht_row_noise_ratios(&limit, 40, ratio, NULL, &err), HT_OK);
            for (int i = 0; i < 40; i++) {
                assert_true(ratio[i] >= 0 && ratio[i] < 1);
                mean += ratio[i] / 40;
            }
            assert_true(mean < last + 0.02); /* the heavier, the more can go */
            if (alphas[k] <= 0.5) assert_true(mean > 0.9);
            last = mean;
        }
    }
}

/* Where a weight leaves the floats the run has diverged, and says so; no NaN gets into a network. */
static void training_takes_alpha_from_a_third(void **state)
{
    (void)state;
    ht_dataset *data = small_data(64, 32);
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        ht_params params = small_params();
        assert_int_equal(ht_params_set(&params, "noise.alpha", "0.3", &err), HT_OK);
        ht_params_put(&params, HT_P_NOISE_TYPE, type);
        ht_trainer *t = small_trainer(&params, data, NULL);
        small_train(t, 20);
        ht_network *net = small_copy(t);
        assert_true(small_finite(net));
        ht_network_free(net);
        ht_trainer_free(t);
    }
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_like_another_has_its_shapes_and_biases),
        cmocka_unit_test(networks_are_evaluated_as_a_plain_loop_does),
        cmocka_unit_test(biases_are_added_where_pytorch_adds_them),
        cmocka_unit_test(removed_neurons_give_nothing_whatever_their_bias),
        cmocka_unit_test(every_method_leaves_what_a_plain_loop_leaves),
        cmocka_unit_test(every_curve_goes_through_the_pruned_networks),
        cmocka_unit_test(sensitivities_are_those_of_the_biased_network),
        cmocka_unit_test(a_constant_neuron_is_not_dead),
        cmocka_unit_test(codes_hold_every_width),
        cmocka_unit_test(codes_of_one_width_keep_their_bytes),
        cmocka_unit_test(certificates_are_those_of_the_network_that_came_back),
        cmocka_unit_test(biases_are_in_the_code),
        cmocka_unit_test(codes_hold_weights_of_any_size),
        cmocka_unit_test(law_below_one_is_the_inverse_of_its_characteristic_function),
        cmocka_unit_test(draws_below_one_are_the_quantiles),
        cmocka_unit_test(draws_below_one_fall_all_the_way),
        cmocka_unit_test(draws_have_the_quantiles_of_scipy),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits_below_one),
        cmocka_unit_test(every_type_has_the_characteristic_function_of_the_readme),
        cmocka_unit_test(lengths_of_isotropic_noise_have_their_laplace_transform),
        cmocka_unit_test(pure_noise_has_a_limit_for_every_alpha),
        cmocka_unit_test(training_takes_alpha_from_a_third),
    };
    ht_linalg_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
