/* test_cases_good.c - who is called good? Few samples of each law, always the same; `heavytail bench quality
 * --samples 200` counts many (docs/tails.md). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tail/stable_fit.h"
#include "tail/tail_laws.h"

enum { SAMPLES = 10, MATRICES = 3, MOST = 512 * 1536 };

static double x[MOST];

static void try(const ht_tail_law *law, uint64_t which, ht_estimate *e)
{
    ht_error err;
    assert_true(law->rows * law->columns <= MOST);
    if (ht_tail_law_try(law, which, x, e, &err) != HT_OK) fail_msg("%s: %s", law->name, err.text);
}

/* Of laws with no such index, or another: at most one in SAMPLES, and none of all matrices. */
static void nothing_is_good_as_what_it_is_not(void **state)
{
    (void)state;
    int laws;
    const ht_tail_law *law = ht_tail_laws(&laws);
    for (int i = 0; i < laws; i++) {
        int wrong[HT_ESTIMATORS] = {0}, n = law[i].spectrum ? MATRICES : SAMPLES;
        for (int s = 0; s < n; s++) {
            ht_estimate e[HT_ESTIMATORS];
            try(&law[i], (uint64_t)s, e);
            for (int k = 0; k < HT_ESTIMATORS; k++)
                if (law[i].spectrum == (ht_estimator_at((ht_estimator)k)->input == HT_INPUT_EIGENVALUES))
                    wrong[k] += ht_tail_law_wronged(&law[i], &e[k]);
        }
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
        for (int s = 0; s < SAMPLES; s++) {
            ht_estimate e[HT_ESTIMATORS];
            try(&law[i], (uint64_t)s, e);
            for (int k = 0; k < HT_ESTIMATORS; k++) good[k] += e[k].quality == HT_QUALITY_GOOD;
        }
        for (int k = 0; k < HT_ESTIMATORS; k++) {
            bool pickands = k == HT_PICKANDS || k == HT_PICKANDS_REF, near_2 = law[i].stability >= 1.9;
            if (!ht_tail_law_suits(&law[i], (ht_estimator)k) || pickands || near_2) continue;
            if (good[k] < 8)
                fail_msg("%s: %s is good in %d of %d", law[i].name, ht_estimator_at((ht_estimator)k)->name,
                         good[k], SAMPLES);
        }
    }
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
        cmocka_unit_test(chi_square_is_that_of_scipy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
