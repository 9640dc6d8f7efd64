/* A row that was forgotten: what is added to an enumeration needs its row in the tables beside it. Tables
 * that their .def makes, or that an assertion counts, cannot forget; these could. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "chart/tail_table.h"
#include "heavytail/tail.h"
#include "sweep/sweep_table.h"
#include "view/view.h"

/* Is it there, and none of those before it? */
static void take(const char *table, const char *name, const char *names[], int *count)
{
    if (!name || !name[0]) fail_msg("%s: number %d has no name", table, *count);
    for (int i = 0; i < *count; i++)
        if (strcmp(name, names[i]) == 0)
            fail_msg("%s: numbers %d and %d are both '%s'", table, i, *count, name);
    names[(*count)++] = name;
}

static void every_quality_has_a_word_and_a_meaning(void **state)
{
    (void)state;
    const char *words[HT_QUALITIES], *meanings[HT_QUALITIES];
    int word = 0, meaning = 0;
    for (int q = 0; q < HT_QUALITIES; q++) {
        take("words of qualities", ht_quality_word((ht_quality)q), words, &word);
        take("meanings of qualities", ht_quality_meaning((ht_quality)q), meanings, &meaning);
    }
}

static void every_measure_of_a_sweep_has_a_name(void **state)
{
    (void)state;
    const char *names[HT_MEASURES];
    int count = 0;
    for (int m = 0; m < HT_MEASURES; m++) take("measures", ht_measure_names[m], names, &count);
}

static void every_view_has_a_name_and_a_place(void **state)
{
    (void)state;
    const char *names[HT_VIEW_COUNT];
    int count = 0;
    for (int v = 0; v < HT_VIEW_COUNT; v++) {
        take("views", ht_view_at((ht_view)v)->name, names, &count);
        if (!ht_view_at((ht_view)v)->place)
            fail_msg("view '%s' has nothing that places its panels", names[v]);
    }
}

/* The rows of estimators.def are whole by the compiler; what they say must agree. */
static void estimators_are_told_apart(void **state)
{
    (void)state;
    const char *names[HT_ESTIMATORS];
    ht_estimator drawn[HT_ESTIMATORS];
    int count = 0, lines = ht_tail_lines(drawn);
    for (int e = 0; e < HT_ESTIMATORS; e++)
        take("estimators", ht_estimator_at((ht_estimator)e)->name, names, &count);
    assert_true(lines >= 9);
    for (int i = 0; i < lines; i++) {
        const ht_tail_line *line = ht_tail_line_of(drawn[i]);
        assert_true(line->place > 0);
        if (i > 0) assert_true(ht_tail_line_of(drawn[i - 1])->place <= line->place);
        for (int j = 0; j < i; j++)
            if (ht_tail_line_of(drawn[j])->role == line->role)
                fail_msg("%s and %s are drawn in one role", names[drawn[j]], names[drawn[i]]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_quality_has_a_word_and_a_meaning),
        cmocka_unit_test(every_measure_of_a_sweep_has_a_name),
        cmocka_unit_test(every_view_has_a_name_and_a_place),
        cmocka_unit_test(estimators_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
