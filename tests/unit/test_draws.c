/* draws.h - what others get is what training adds, in floats and doubles, from any row on; what cannot be is
 * said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "heavytail/draws.h"
#include "nn/noise.h"

enum { ROWS = 37, COLUMNS = 1100 }; /* more than one chunk, and no multiple of any */

static const ht_draws which = {.seed = 77, .step = 5, .layer = 2, .first = 0};
static float wanted[ROWS * COLUMNS], single[ROWS * COLUMNS];
static double wide[ROWS * COLUMNS];

/* w += scale · X as training has it. */
static void add_as_training(ht_noise_type type, double alpha, float *w, float scale)
{
    static ht_noise_laws laws;
    ht_noise noise = {
        .type = type, .alpha = alpha, .seed = which.seed, .step = which.step, .layer = which.layer};
    ht_noise_prepare(&noise, &laws);
    ht_noise_add(&noise, w, 0, ROWS, COLUMNS, scale);
}

static ht_law *law_of(ht_noise_type type, double alpha)
{
    ht_error err;
    ht_law *law = ht_law_new(type, alpha, &err);
    if (!law) fail_msg("%s", err.text);
    return law;
}

static void draws_are_those_of_training(void **state)
{
    (void)state;
    ht_error err;
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        ht_law *law = law_of((ht_noise_type)type, 1.3);
        memset(wanted, 0, sizeof wanted);
        add_as_training((ht_noise_type)type, 1.3, wanted, 1);
        for (int i = 0; i < ROWS * COLUMNS; i++) single[i] = 7, wide[i] = 7;
        assert_int_equal(ht_draws_fill(law, &which, ROWS, COLUMNS, single, NULL, &err), HT_OK);
        assert_int_equal(ht_draws_fill(law, &which, ROWS, COLUMNS, NULL, wide, &err), HT_OK);
        assert_memory_equal(single, wanted, sizeof wanted);
        for (int i = 0; i < ROWS * COLUMNS; i++) assert_true(wide[i] == (double)wanted[i]);
        ht_draws later = which; /* a part is a part of the whole */
        later.first = 19;
        assert_int_equal(ht_draws_fill(law, &later, 3, COLUMNS, single, NULL, &err), HT_OK);
        assert_memory_equal(single, wanted + 19 * COLUMNS, 3 * COLUMNS * sizeof *single);
        ht_law_free(law);
    }
}

static void steps_add_what_training_adds(void **state)
{
    (void)state;
    ht_error err;
    const double factor = 0.05 * pow(0.1, 1 / 1.6);
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        ht_law *law = law_of((ht_noise_type)type, 1.6);
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            wide[i] = sin(i);
            wanted[i] = single[i] = (float)wide[i];
        }
        add_as_training((ht_noise_type)type, 1.6, wanted, (float)factor);
        assert_int_equal(ht_draws_add(law, &which, 0.05, 0.1, ROWS, COLUMNS, single, NULL, &err), HT_OK);
        assert_int_equal(ht_draws_add(law, &which, 0.05, 0.1, ROWS, COLUMNS, NULL, wide, &err), HT_OK);
        assert_memory_equal(single, wanted, sizeof wanted);
        assert_int_equal(ht_draws_fill(law, &which, ROWS, COLUMNS, single, NULL, &err), HT_OK);
        for (int i = 0; i < ROWS * COLUMNS; i++) assert_true(wide[i] == sin(i) + factor * (double)single[i]);
        ht_law_free(law);
    }
}

static void what_there_are_no_draws_for_is_said(void **state)
{
    (void)state;
    ht_error err;
    static const double alphas[] = {0.29, 2.01, -1, (double)NAN};
    for (size_t i = 0; i < sizeof alphas / sizeof alphas[0]; i++) {
        assert_null(ht_law_new(HT_NOISE_IID, alphas[i], &err));
        assert_int_equal(err.code, HT_USAGE);
    }
    assert_null(ht_law_new(HT_NOISE_NONE, 1.5, &err));
    ht_law *law = law_of(HT_NOISE_IID, 1.5);
    const ht_draws wrong[] = {
        {.step = (uint64_t)1 << 48}, {.layer = -1}, {.layer = 256}, {.first = ((size_t)1 << 32) - 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(ht_draws_fill(law, &wrong[i], 2, 1, single, NULL, &err), HT_USAGE);
    assert_int_equal(ht_draws_fill(law, &which, 1, ((size_t)1 << 31) + 1, single, NULL, &err), HT_USAGE);
    static const double factors[][2] = {
        {-1, 0.1}, {1, -0.1}, {(double)NAN, 1}, {1e300, 1}, {1, (double)INFINITY}};
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++)
        assert_int_equal(ht_draws_add(law, &which, factors[i][0], factors[i][1], 1, 1, single, NULL, &err),
                         HT_USAGE);
    single[0] = 3;
    assert_int_equal(ht_draws_add(law, &which, 0, 0.1, 1, 1, single, NULL, &err),
                     HT_OK); /* σ = 0: no noise */
    assert_true(single[0] == 3);
    ht_law_free(law);
    ht_law_free(NULL);
}

static void layers_of_noise_alone_say_their_ratio(void **state)
{
    (void)state;
    ht_error err;
    double ratios[50];
    ht_noise_layer layer = {.type = HT_NOISE_IID,
                            .alpha = 1.2,
                            .inputs = 10,
                            .width = 100,
                            .metric = HT_FRO_SQUARED,
                            .error = 0.1,
                            .seed = 1};
    assert_int_equal(ht_noise_layer_ratios(&layer, 50, ratios, &err), HT_OK);
    for (int i = 0; i < 50; i++) assert_true(ratios[i] >= 0.1 && ratios[i] < 1);
    ht_noise_layer wrong[4] = {layer, layer, layer, layer};
    wrong[0].width = 0;
    wrong[1].alpha = 3;
    wrong[2].error = 2;
    wrong[3].type = HT_NOISE_NONE;
    for (int i = 0; i < 4; i++)
        assert_int_equal(ht_noise_layer_ratios(&wrong[i], 50, ratios, &err), HT_USAGE);
    assert_int_equal(ht_noise_layer_ratios(&layer, 0, ratios, &err), HT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_those_of_training),
        cmocka_unit_test(steps_add_what_training_adds),
        cmocka_unit_test(what_there_are_no_draws_for_is_said),
        cmocka_unit_test(layers_of_noise_alone_say_their_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
