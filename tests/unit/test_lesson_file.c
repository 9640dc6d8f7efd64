/* Guards lessons: the compiled-in ones are read, conditions mean what they say, every bad line is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lesson/lesson.h"
#include "view/keymap.h"
#include "view/panel_fill.h"

static ht_lesson lesson; /* large */

static ht_lesson_values nothing(void)
{
    ht_lesson_values v;
    for (int q = 0; q < HT_QUANTITIES; q++) v.number[q] = NAN, v.word[q] = NULL;
    return v;
}

static ht_truth decide(const char *text, const ht_lesson_values *v)
{
    ht_error err;
    ht_condition c;
    if (ht_condition_parse(&c, text, &err) != HT_OK) fail_msg("%s: %s", text, err.text);
    return ht_condition_decide(&c, v);
}

static void conditions_mean_what_they_say(void **state)
{
    (void)state;
    ht_lesson_values v = nothing();
    v.number[HT_QUANTITY_KAPPA] = 0.4, v.number[HT_QUANTITY_TWIN_KAPPA] = 0.1,
    v.number[HT_QUANTITY_STEP] = 300;
    v.word[HT_QUANTITY_NOISE] = "iid";
    assert_int_equal(decide("kappa > 0.2", &v), HT_TRUE);
    assert_int_equal(decide("kappa < 0.2", &v), HT_FALSE);
    assert_int_equal(decide("step >= 300 and step <= 300", &v), HT_TRUE);
    assert_int_equal(decide("step > 300", &v), HT_FALSE);
    assert_int_equal(decide("step < 300", &v), HT_FALSE);
    assert_int_equal(decide("kappa > twin.kappa + 0.2", &v), HT_TRUE);
    assert_int_equal(decide("kappa > twin.kappa + 0.4", &v), HT_FALSE);
    assert_int_equal(decide("twin.kappa < kappa - 0.2 and step > 1", &v), HT_TRUE);
    assert_int_equal(decide("noise is iid", &v), HT_TRUE);
    assert_int_equal(decide("noise is none", &v), HT_FALSE);
}

/* What is not known is neither true nor false; what is false stays so. */
static void the_unknown_is_no_answer(void **state)
{
    (void)state;
    ht_lesson_values v = nothing();
    char told[200];
    ht_error err;
    ht_condition c;
    v.number[HT_QUANTITY_STEP] = 5;
    assert_int_equal(decide("kappa > 0.2", &v), HT_UNKNOWN);
    assert_int_equal(decide("step > 1 and kappa > 0.2", &v), HT_UNKNOWN);
    assert_int_equal(decide("kappa > 0.2 and step > 9", &v), HT_FALSE);
    assert_int_equal(decide("step > twin.step", &v), HT_UNKNOWN);
    assert_int_equal(decide("view is pruning", &v), HT_UNKNOWN);
    assert_int_equal(ht_condition_parse(&c, "step < 9 and kappa > twin.kappa and step > 1", &err), HT_OK);
    ht_condition_tell(&c, &v, told, sizeof told);
    assert_string_equal(told, "step 5, kappa unknown, twin.kappa unknown");
    assert_true(ht_condition_about(&c, "twin."));
}

static void bad_conditions_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"", "three words"},
                                         {"kappa", "three words"},
                                         {"kappa >", "three words"},
                                         {"kapa > 1", "'kapa' is no quantity"},
                                         {"kappa = 1", "'=' is none of"},
                                         {"kappa > much", "'much' is neither"},
                                         {"kappa > noise", "'noise' is neither"},
                                         {"kappa is iid", "kappa is a number"},
                                         {"noise > 1", "noise is a word"},
                                         {"kappa > twin.kappa + x", "a number is missing"},
                                         {"kappa > 1 or step > 1", "'or'"},
                                         {"kappa > 1 and", "three words"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ht_error err;
        ht_condition c;
        assert_int_equal(ht_condition_parse(&c, bad[i][0], &err), HT_USAGE);
        if (!strstr(err.text, bad[i][1])) fail_msg("'%s': %s", bad[i][0], err.text);
    }
}

static void the_lessons_of_the_program_are_read(void **state)
{
    (void)state;
    ht_error err;
    int keys = 0, claims = 0;
    assert_true(ht_lesson_count() >= 6);
    for (int n = 1; n <= ht_lesson_count(); n++) {
        if (ht_lesson_load(&lesson, n, &err) != HT_OK) fail_msg("%s", err.text);
        assert_true(lesson.count > 0 && lesson.title[0] && lesson.about[0]);
        for (int s = 0; s < lesson.count; s++) {
            keys += lesson.step[s].keys;
            claims += lesson.step[s].claims;
            for (int k = 0; k < lesson.step[s].keys; k++)
                assert_int_not_equal(ht_keymap_action(ht_keymap_key(lesson.step[s].key[k])), -1);
        }
    }
    assert_true(keys > 0 && claims >= 45);
    assert_int_equal(ht_lesson_load(&lesson, 0, &err), HT_USAGE);
    assert_int_equal(ht_lesson_load(&lesson, 99, &err), HT_USAGE);
    assert_non_null(strstr(err.text, "no lesson 99"));
}

static const char head[] = "[lesson]\ntitle = T\npreset = ecg-demo\n";

static void every_bad_line_is_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"[step 1]\ntitle = a\ntext = b\nfoo = c\n", "x.lesson:7: 'foo' is none of"},
        {"[step 2]\ntitle = a\n", "x.lesson:5: [step 2] comes after [step 0]"},
        {"[stop]\ntitle = a\n", "x.lesson:5: [stop] is neither"},
        {"[step 1]\ntitle = a\ntitle = b\n", "x.lesson:6: title is given twice"},
        {"[step 1]\npanel = losses\n", "x.lesson:5: panel = losses"},
        {"[step 1]\nkeys = n Foo\n", "x.lesson:5: keys: 'Foo' is no key"},
        {"[step 1]\ntrain = 1.5\n", "x.lesson:5: train = 1.5 is no whole number"},
        {"[step 1]\ntrain = 0\n", "x.lesson:5: train = 0 is no whole number"},
        {"[step 1]\nuntil = step\n", "x.lesson:5: a comparison is three words"},
        {"[step 1]\nclaim = step > 1\n", "x.lesson:5: a claim is: condition | "},
        {"[step 1]\nclaim = step > 1 |\n", "x.lesson:5: the sentence of a claim is empty"},
        {"[step 1]\ntitle\n", "x.lesson:5: neither [section] nor"},
        {"[step 1]\ntitle = a\n", "x.lesson: [step 1] has no title or no text"},
        {"[step 1]\ntitle = a\ntext = b\nkeys = n\n", "x.lesson: [step 1]: 'press'"},
        {"[step 1]\ntitle = a\ntext = b\nkeys = n\npress = n\n",
         "x.lesson: [step 1] has keys, but no 'until'"},
        {"", "x.lesson: a lesson has a title"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[400];
        ht_error err;
        snprintf(text, sizeof text, "%s%s", head, bad[i][0]);
        if (ht_lesson_parse(&lesson, "x.lesson", text, strlen(text), &err) != HT_USAGE)
            fail_msg("%s", bad[i][0]);
        if (strncmp(err.text, bad[i][1], strlen(bad[i][1])) != 0) fail_msg("%s: %s", bad[i][1], err.text);
    }
}

static void a_text_of_several_lines_is_one(void **state)
{
    (void)state;
    ht_error err;
    char text[400];
    snprintf(text, sizeof text,
             "%s[step 1]\ntitle = a\ntext = one\ntext = two\ntrain = 30\npanel = norms\nclaim = kappa > 0.1 "
             "| it is\n"
             "[step 2]\ntitle = b\ntext = c\npress = n\nkeys = n\nuntil = twin.step > 1\n",
             head);
    if (ht_lesson_parse(&lesson, "x", text, strlen(text), &err) != HT_OK) fail_msg("%s", err.text);
    assert_int_equal(lesson.count, 2);
    assert_string_equal(lesson.step[0].text, "one two");
    assert_true(lesson.step[0].train == 30 && lesson.step[0].panel == HT_PANEL_NORMS &&
                lesson.step[0].claims == 1);
    assert_string_equal(lesson.step[0].claim[0].said, "it is");
    assert_true(lesson.step[1].panel == HT_PANEL_COUNT && lesson.step[1].keys == 1);
}

/* Rows that a step's page takes at 80 columns, with the longest line on how it goes on. */
static int rows_of(const ht_lesson_step *step, ht_model *model)
{
    static ht_form form;
    ht_lesson_page *page = &model->lesson;
    form = (ht_form){0};
    *page =
        (ht_lesson_page){.open = true,
                         .lines = step->claims,
                         .next = "waits for the key; Enter: next step, Backspace: the one before, L leaves"};
    ht_text_copy(page->text, sizeof page->text, step->text);
    ht_text_copy(page->press, sizeof page->press, step->press);
    for (int i = 0; i < step->claims; i++)
        ht_text_copy(page->line[i].said, sizeof page->line[i].said, step->claim[i].said);
    ht_panel_fill_form(HT_PANEL_LESSON, model, (ht_room){.columns = 78, .rows = 8}, &form);
    return form.count;
}

/* On 80 x 24, too, where a page has eight rows: nothing of a text is cut. */
static void every_page_fits_a_small_terminal(void **state)
{
    (void)state;
    ht_error err;
    ht_model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    for (int n = 1; n <= ht_lesson_count(); n++) {
        assert_int_equal(ht_lesson_load(&lesson, n, &err), HT_OK);
        for (int s = 0; s < lesson.count; s++)
            if (rows_of(&lesson.step[s], model) > 8)
                fail_msg("lesson %d, step %d: %d rows", n, s + 1, rows_of(&lesson.step[s], model));
    }
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_mean_what_they_say),
        cmocka_unit_test(the_unknown_is_no_answer),
        cmocka_unit_test(bad_conditions_are_refused),
        cmocka_unit_test(the_lessons_of_the_program_are_read),
        cmocka_unit_test(every_page_fits_a_small_terminal),
        cmocka_unit_test(every_bad_line_is_named),
        cmocka_unit_test(a_text_of_several_lines_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
