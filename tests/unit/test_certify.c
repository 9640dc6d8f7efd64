/* test_certify.c - codes of networks: what is read is what was written, no code begins another, damage is an
 * error; the bound against numbers worked by hand; certificates of networks that exist. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "certify/certify.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "base/cancel.h"
#include "unit/golden.h"
#include "unit/small.h"

static ht_error err;

/* Weights of both signs over some decades; a share of them zero, whole rows and columns too. */
static ht_network *sparse_network(int inputs, int width, int depth, int classes, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 0);
    ht_network *net =
        ht_network_new(inputs, width, depth, classes, (ht_activation)(seed % 3), seed % 2, &err);
    assert_non_null(net);
    double density = pow(ht_rng_uniform(&rng), 2);
    for (int l = 0; l <= depth; l++)
        for (int i = 0; i < net->weights[l]->rows; i++)
            for (int j = 0; j < net->weights[l]->columns; j++)
                if (i % 5 != 1 && j % 4 != 2 && ht_rng_uniform(&rng) < density)
                    net->weights[l]->data[i * net->weights[l]->columns + j] =
                        (float)(ht_rng_normal(&rng) * exp(ht_rng_normal(&rng) - 3 * l));
    return net;
}

static void encode(const ht_network *net, int bits, ht_text *code)
{
    ht_quantizer q;
    ht_network *rounded =
        ht_network_new(net->weights[0]->columns, net->weights[0]->rows, ht_network_hidden(net),
                       ht_network_output(net)->rows, ht_network_activation(net, 0), net->mean_field, &err);
    for (int l = 0; l < net->weight_count; l++)
        memcpy(rounded->weights[l]->data, net->weights[l]->data,
               ht_tensor_size(net->weights[l]) * sizeof(float));
    ht_encode_round(rounded, bits, &q);
    assert_int_equal(ht_encode_network(rounded, &q, code, &err), HT_OK);
    int read_bits;
    ht_network *read = ht_decode_network(code->data, code->length, &read_bits, &err);
    if (!read) fail_msg("%s", err.text);
    assert_int_equal(read_bits, bits);
    assert_int_equal(ht_network_activation(read, 0), ht_network_activation(net, 0));
    assert_int_equal(read->mean_field, net->mean_field);
    assert_true(small_same(read, rounded)); /* bit for bit */
    ht_network_free(read);
    ht_network_free(rounded);
}

static void what_is_read_is_what_was_written(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        ht_text code = {0};
        ht_network *net = sparse_network(1 + (int)(seed * 7 % 40), 1 + (int)(seed * 13 % 50),
                                         1 + (int)(seed % 4), 2 + (int)seed % 5, seed);
        encode(net, 1 + (int)(seed % HT_ENCODE_BITS_MAX), &code);
        ht_text_free(&code);
        ht_network_free(net);
    }
}

/* Sorted, a code that begins another would stand right before one that it begins. */
static int by_bytes(const void *a, const void *b)
{
    const ht_text *x = a, *y = b;
    int order = memcmp(x->data, y->data, x->length < y->length ? x->length : y->length);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Neither written nor read: both are "cancelled", and no damage. */
static void what_is_cancelled_has_no_code(void **state)
{
    atomic_bool off = true;
    ht_quantizer q;
    ht_text whole = {0}, code = {0};
    int bits;
    (void)state;
    ht_network *net = sparse_network(20, 30, 2, 4, 5);
    ht_encode_round(net, 4, &q);
    assert_int_equal(ht_encode_network(net, &q, &whole, &err), HT_OK);
    const atomic_bool *before = ht_cancel_by(&off);
    assert_int_equal(ht_encode_network(net, &q, &code, &err), HT_FAIL);
    assert_string_equal(err.text, "cancelled");
    assert_null(ht_decode_network(whole.data, whole.length, &bits, &err));
    assert_string_equal(err.text, "cancelled");
    ht_cancel_by(before);
    ht_text_free(&whole);
    ht_text_free(&code);
    ht_network_free(net);
}

static void no_code_begins_another(void **state)
{
    (void)state;
    enum { CODES = 3000 };
    ht_text *codes = calloc(CODES, sizeof *codes);
    for (int i = 0; i < CODES; i++) { /* tiny networks: many of the codes are nearly alike */
        ht_network *net = ht_network_new(1 + i % 2, 1 + i / 2 % 2, 1, 2, HT_RELU, false, &err);
        for (int l = 0; l <= 1; l++)
            for (size_t k = 0; k < ht_tensor_size(net->weights[l]); k++)
                net->weights[l]->data[k] = (float)((i / 4 >> 2 * k) % 4 - 1) * (l ? 1.0f : 0.5f);
        encode(net, 1 + i % 3, &codes[i]);
        ht_network_free(net);
    }
    qsort(codes, CODES, sizeof *codes, by_bytes);
    for (int i = 0; i + 1 < CODES; i++) {
        bool same = codes[i].length == codes[i + 1].length && by_bytes(&codes[i], &codes[i + 1]) == 0;
        bool begins = codes[i].length <= codes[i + 1].length &&
                      memcmp(codes[i].data, codes[i + 1].data, codes[i].length) == 0;
        assert_true(same || !begins);
    }
    for (int i = 0; i < CODES; i++) ht_text_free(&codes[i]);
    free(codes);
}

static void damaged_codes_are_errors_or_other_networks(void **state)
{
    (void)state;
    ht_text code = {0};
    ht_network *net = sparse_network(20, 30, 2, 4, 6);
    encode(net, 4, &code);
    int bits;
    for (size_t cut = 0; cut < code.length; cut++) /* ends early */
        assert_null(ht_decode_network(code.data, cut, &bits, &err));
    ht_text_add_bytes(&code, "x", 1); /* goes on */
    assert_null(ht_decode_network(code.data, code.length, &bits, &err));
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 1);
    for (int trial = 0; trial < 2000; trial++) {
        size_t at = ht_rng_below(&rng, (uint32_t)code.length - 1);
        char was = code.data[at];
        code.data[at] = (char)ht_rng_u32(&rng);
        ht_network *other = ht_decode_network(code.data, code.length - 1, &bits, &err);
        if (other) assert_true(small_finite(other));
        ht_network_free(other);
        code.data[at] = was;
    }
    ht_text_free(&code);
    ht_network_free(net);
}

/* A thousand weights in 240 000 must cost about what naming them does: log2 of the binomial, and their bits.
 */
static void sparse_networks_have_short_codes(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 2, HT_STREAM_TEST, 0);
    ht_network *net = ht_network_new(784, 300, 1, 10, HT_RELU, false, &err);
    for (int i = 0; i < 1000; i++)
        net->weights[0]->data[ht_rng_below(&rng, 784 * 300)] = ht_rng_uniform(&rng) < 0.5 ? 1.0f : -1.0f;
    for (size_t i = 0; i < 3000; i++) net->weights[1]->data[i] = 1;
    ht_text code = {0};
    encode(net, 1, &code);
    double names = (lgamma(784 * 300 + 1.) - lgamma(1001.) - lgamma(784 * 300 - 999.)) / M_LN2 + 1000;
    if (!(8 * (double)code.length < 1.15 * names + 1500))
        fail_msg("%zu bits; naming them: %.0f", 8 * code.length, names);
    ht_text_free(&code);
    ht_network_free(net);
}

static void more_bits_round_better(void **state)
{
    (void)state;
    double before = HUGE_VAL;
    for (int bits = 1; bits <= HT_ENCODE_BITS_MAX; bits++) {
        ht_quantizer q;
        ht_network *net = sparse_network(30, 40, 1, 3, 4), *exact = sparse_network(30, 40, 1, 3, 4);
        ht_encode_round(net, bits, &q);
        double error = 0;
        for (size_t i = 0; i < ht_tensor_size(net->weights[0]); i++) {
            float w = net->weights[0]->data[i], was = exact->weights[0]->data[i];
            assert_true(was != 0 || w == 0);
            assert_true(w == 0 || fabsf(w / q.scale[0]) < (float)(1 << (bits - 1)) + 0.5f);
            error += pow((double)(w - was), 2);
        }
        assert_true(error < before);
        before = error;
        ht_network_free(net);
        ht_network_free(exact);
    }
}

static void the_bound_is_the_formula(void **state)
{
    (void)state;
    /* 0.1 + √((10000 · 0.693147 + 2.995732) / 120000) */
    assert_true(fabs(ht_certify_bound(0.1, 10000, 60000, 0.05) - 0.3403897) < 1e-6);
    assert_true(fabs(ht_certify_bound(0, 0, 100, 0.05) - 0.1223873) < 1e-6);
    assert_true(ht_certify_bound(0.5, 1e6, 1000, 0.05) > 1);
}

/* What is true of every network, or of none, proves nothing. */
static void bounds_that_blind_guesses_keep_are_vacuous(void **state)
{
    (void)state;
    assert_true(ht_certify_trivial(2) == 0.5);
    assert_true(fabs(ht_certify_trivial(10) - 0.9) < 1e-15);
    assert_true(ht_certify_is_vacuous(0.5, 2));
    assert_false(ht_certify_is_vacuous(0.4999, 2));
    assert_true(ht_certify_is_vacuous(0.7996, 2));
    assert_false(ht_certify_is_vacuous(0.7996, 10));
    assert_true(ht_certify_is_vacuous(1.2, 10));
    assert_true(ht_certify_is_vacuous((double)NAN, 10));
}

/* Points of a real curve agree with doing it by hand: prune, round, encode, decode, evaluate. */
static void certificates_are_of_the_decoded_network(void **state)
{
    (void)state;
    ht_network *net = golden_network();
    ht_samples samples = golden_samples();
    ht_params params;
    ht_params_init(&params);
    ht_params_put(&params, HT_P_PRUNE_METHOD, HT_PRUNE_MAGNITUDE);
    ht_prune_spec spec = ht_prune_spec_of(&params, &samples);
    ht_certificate *points = calloc(HT_CERTIFY_POINTS, sizeof *points);
    int count, smallest;
    assert_int_equal(
        ht_certify_curve(points, &count, &smallest, net, &spec, &samples, &samples, 0.05, NULL, &err), HT_OK);
    assert_true(count > 5);
    ht_score whole;
    assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &whole, &err), HT_OK);
    for (int i = 0; i < count; i++) {
        ht_certificate again;
        ht_text code = {0};
        ht_score score;
        int bits;
        spec.ratio = points[i].ratio;
        assert_int_equal(ht_certify_make(&again, net, &spec, &samples, &samples, 0.05, NULL, &code, &err),
                         HT_OK);
        assert_int_equal(8 * code.length, points[i].bits);
        ht_network *small = ht_decode_network(code.data, code.length, &bits, &err);
        assert_int_equal(ht_network_evaluate(small, &samples, NULL, NULL, &score, &err), HT_OK);
        assert_true(score.accuracy == points[i].train.accuracy);
        assert_true(points[i].bound ==
                    ht_certify_bound(1 - score.accuracy, 8 * (double)code.length, samples.count, 0.05));
        assert_true(points[i].bound >= points[smallest].bound);
        assert_int_equal(ht_network_sizes(small).nonzero, points[i].kept);
        /* A change of the outputs by c changes the cross-entropy by 2c at most. */
        assert_true(fabs(score.loss - whole.loss) <= 2 * points[i].output_change);
        ht_network_free(small);
        ht_text_free(&code);
    }
    free(points);
    ht_network_free(net);
    golden_free_samples(&samples);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(what_is_cancelled_has_no_code),
        cmocka_unit_test(no_code_begins_another),
        cmocka_unit_test(damaged_codes_are_errors_or_other_networks),
        cmocka_unit_test(sparse_networks_have_short_codes),
        cmocka_unit_test(more_bits_round_better),
        cmocka_unit_test(the_bound_is_the_formula),
        cmocka_unit_test(bounds_that_blind_guesses_keep_are_vacuous),
        cmocka_unit_test(certificates_are_of_the_decoded_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
