/* test_cases_good.c - which estimates are called good? Few samples of each law, always the same; `heavytail
 * bench quality --samples 200` counts many (docs/tails.md). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/noise.h"
#include "tail/stable_fit.h"
#include "tail/tail_laws.h"

enum { SAMPLES = 10, MATRICES = 3, MOST_LAWS = 80, MOST = 512 * 1536 };

static double x[MOST];
static ht_estimate all[MOST_LAWS][SAMPLES][HT_ESTIMATORS];

static int samples_of(const ht_tail_law *law)
{
    return law->spectrum && law->rows * law->columns > 20000 ? MATRICES : SAMPLES;
}

/* Every sample of every law, once for all tests. */
static int estimate_all(void **state)
{
    (void)state;
    int laws;
    const ht_tail_law *law = ht_tail_laws(&laws);
    if (laws > MOST_LAWS) return -1;
    for (int i = 0; i < laws; i++)
        for (int s = 0; s < samples_of(&law[i]); s++) {
            ht_error err;
            if (law[i].rows * law[i].columns > MOST ||
                ht_tail_law_try(&law[i], (uint64_t)s, x, all[i][s], &err) != HT_OK)
                return -1;
        }
    return 0;
}

/* Of laws with no such index, or another: at most one sample; of a matrix without any index none. */
static void nothing_is_good_as_what_it_is_not(void **state)
{
    (void)state;
    int laws;
    const ht_tail_law *law = ht_tail_laws(&laws);
    for (int i = 0; i < laws; i++) {
        int wrong[HT_ESTIMATORS] = {0}, n = samples_of(&law[i]);
        for (int s = 0; s < n; s++)
            for (int k = 0; k < HT_ESTIMATORS; k++)
                if (ht_tail_law_asks(&law[i], (ht_estimator)k))
                    wrong[k] += ht_tail_law_wronged(&law[i], &all[i][s][k]);
        for (int k = 0; k < HT_ESTIMATORS; k++)
            if (wrong[k] > (law[i].spectrum && isnan(law[i].tail) ? 0 : 1))
                fail_msg("%s: %s is good and wrong in %d of %d", law[i].name,
                         ht_estimator_at((ht_estimator)k)->name, wrong[k], n);
    }
}

/* Where the law is the one that the estimator is for. Pickands needs more values for an index of 2.5. */
static void what_holds_is_good(void **state)
{
    (void)state;
    int laws;
    const ht_tail_law *law = ht_tail_laws(&laws);
    for (int i = 0; i < laws; i++) {
        int good[HT_ESTIMATORS] = {0};
        if (law[i].spectrum) continue;
        for (int s = 0; s < SAMPLES; s++)
            for (int k = 0; k < HT_ESTIMATORS; k++) good[k] += all[i][s][k].quality == HT_QUALITY_GOOD;
        for (int k = 0; k < HT_ESTIMATORS; k++) {
            bool pickands = k == HT_PICKANDS || k == HT_PICKANDS_REF, near_2 = law[i].stability >= 1.9;
            if (!ht_tail_law_suits(&law[i], (ht_estimator)k) || pickands || near_2) continue;
            if (good[k] < 8)
                fail_msg("%s: %s is good in %d of %d", law[i].name, ht_estimator_at((ht_estimator)k)->name,
                         good[k], SAMPLES);
        }
    }
}

/* A 95 % interval that is good holds the index of the tail, of whatever law, but for one in twelve: samples
 * are few, and estimates of one sample go together. */
static void what_is_good_holds_the_index(void **state)
{
    (void)state;
    int laws, good = 0, out = 0;
    const ht_tail_law *law = ht_tail_laws(&laws);
    for (int i = 0; i < laws; i++)
        for (int s = 0; s < samples_of(&law[i]); s++)
            for (int k = 0; k < HT_ESTIMATORS; k++) {
                const ht_estimate *e = &all[i][s][k];
                bool tail =
                    !ht_estimator_at((ht_estimator)k)->stable && ht_tail_law_asks(&law[i], (ht_estimator)k);
                if (!tail || isnan(law[i].tail) || e->quality != HT_QUALITY_GOOD) continue;
                good++;
                out += !(e->low <= law[i].tail && law[i].tail <= e->high);
            }
    if (12 * out > good || good < 500) fail_msg("%d of %d good intervals do not hold the index", out, good);
}

/* Norms of rows have the index of their weights, but show it late: what is good among few of them is not
 * another. */
static void norms_are_not_good_against_their_weights(void **state)
{
    (void)state;
    enum { FILES = 12, ROWS = 1000, COLUMNS = 140 };
    static float w[ROWS * COLUMNS];
    static ht_tail_picture p;
    static ht_noise_laws laws;
    static const double alpha = 1.75;
    ht_error err;
    int out = 0, told = 0;
    for (int s = 0; s < FILES; s++) {
        ht_noise noise = {.type = HT_NOISE_IID, .alpha = alpha, .seed = 40 + (uint64_t)s};
        ht_noise_prepare(&noise, &laws);
        memset(w, 0, sizeof w);
        ht_noise_add(&noise, w, 0, ROWS, COLUMNS, 1);
        ht_values v = {.f32 = w, .rows = ROWS, .columns = COLUMNS};
        if (ht_tail_picture_make(&p, &v, &(ht_tail_options){0}, false, &err) != HT_OK)
            fail_msg("%s", err.text);
        for (int k = 0; k < HT_ESTIMATORS; k++) {
            const ht_estimate *e = &p.of_norms[k];
            out += e->quality == HT_QUALITY_GOOD && !(e->low <= alpha && alpha <= e->high);
            told += e->reason && strstr(e->reason, "weights have a tail of another") != NULL;
        }
    }
    if (out > 2 || told < 2) fail_msg("%d good intervals exclude %g; %d were told", out, alpha, told);
}

/* SciPy: scipy.stats.chi2.sf. */
static void chi_square_is_that_of_scipy(void **state)
{
    (void)state;
    static const struct {
        double x;
        int freedom;
        double above;
    } row[] = {{3, 1, 0.08326451666355042},
               {3, 2, 0.22313016014842982},
               {10, 9, 0.3504852123233613},
               {40, 17, 0.0012941985337428965},
               {0, 5, 1}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_true(fabs(ht_chi_square_above(row[i].x, row[i].freedom) - row[i].above) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_good_as_what_it_is_not),
        cmocka_unit_test(what_holds_is_good),
        cmocka_unit_test(what_is_good_holds_the_index),
        cmocka_unit_test(norms_are_not_good_against_their_weights),
        cmocka_unit_test(chi_square_is_that_of_scipy),
    };
    return cmocka_run_group_tests(tests, estimate_all, NULL);
}
