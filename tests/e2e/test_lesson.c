/* Guards lessons as they are met: the list, one in the lab from step to step, one that is judged and fails.
 */
#include <string.h>

#include "sandbox.h"

static void lessons_are_listed(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("lesson", "--list");
    assert_status(r, 0);
    assert_non_null(strstr(r->out, "1  The first three minutes"));
    assert_non_null(strstr(r->out, "3  Pruning"));
    assert_non_null(strstr(r->out, "6  Other methods"));
    r = RUN("lesson", "99", "--check");
    assert_status(r, 2);
    assert_non_null(strstr(r->err, "no lesson 99"));
    r = RUN("lesson", "one");
    assert_status(r, 2);
    assert_non_null(strstr(r->err, "'one' is no lesson's number"));
}

/* The sentence names the claim and what was found instead. */
static void a_claim_that_fails_is_named(void **state)
{
    (void)state;
    sandbox_allow(600);
    const sandbox_result *r = RUN("lesson", "3", "--check", "--set", "prune.error=0.0001");
    assert_status(r, 1);
    assert_non_null(strstr(r->out, "FAILED  step 2: at least a fifth of the neurons may go"));
    assert_non_null(strstr(r->err, "lesson 3: "));
    assert_non_null(strstr(r->err, "step 2 claims: at least a fifth of the neurons may go; but kappa 0"));
}

static void a_lesson_needs_its_network(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("lesson", "1", "--check", "--set", "model.width=50");
    assert_status(r, 2);
    assert_non_null(strstr(r->err, "lesson 1 is about the preset ecg-demo"));
}

/* It trains to the step that the page is about and waits there; Enter and Backspace turn the page; the next
 * page waits for its key and sees it; L leaves, and training is the user's again. */
static void a_lesson_goes_from_page_to_page(void **state)
{
    vt *t = LAB(state, 120, 40, "--lesson", "1");
    vt_assert(t, vt_wait_text(t, "Lesson 1 · 1/4: A network learns", PATIENCE));
    vt_assert(t, vt_wait_text(t, "✓ more than 93 of 100", PATIENCE));
    assert_int_equal(sandbox_step(t), 300);
    assert_title(t, "✓ done");
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "✓ the estimate mmo", PATIENCE));
    vt_key(t, "Backspace");
    vt_assert(t, vt_wait_text(t, "1/4: A network learns", PATIENCE));
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "2/4: The weights", PATIENCE));
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "▸ n, the same network", PATIENCE));
    vt_key(t, "n");
    vt_assert(t, vt_wait_text(t, "✓ its weights have no heavy tail", PATIENCE));
    vt_assert(t, vt_wait_text(t, "A no noise", PATIENCE));
    vt_key(t, "L");
    vt_assert(t, vt_wait_gone(t, "Lesson 1", PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, sandbox_wait_step(t, 310, PATIENCE));
}

/* From the open lab: its own settings are changed to the lesson's, and it begins at step 0. */
static void l_begins_a_lesson_in_the_open_lab(void **state)
{
    vt *t = LAB(state, 100, 30, "--set", "noise.alpha=1.3");
    assert_title(t, "● running");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "L");
    vt_assert(t, vt_wait_text(t, "2  Noise and tails", PATIENCE));
    vt_key(t, "1");
    vt_assert(t, vt_wait_text(t, "Lesson 1 · 1/4", PATIENCE));
    assert_title(t, "α 1.75");
    vt_assert(t, vt_wait_text(t, "✓ more than 93 of 100", PATIENCE));
    assert_int_equal(sandbox_step(t), 300);
    /* Read, it goes on by itself. */
    vt_assert(t, vt_wait_text(t, "2/4: The weights", 2 * PATIENCE));
    for (const int *size = (const int[]){80, 24, 60, 16, 200, 50, 0}; *size; size += 2) {
        vt_resize(t, size[0], size[1]);
        vt_assert(t, vt_wait_text(t, "Lesson 1 · 2/4", PATIENCE));
    }
}

/* All six at any size: what they are about goes first. */
static void the_whole_list_is_shown(void **state)
{
    static const char *const titles[] = {"1  The first three", "2  Noise and tails", "3  Pruning",
                                         "4  Width and luck",  "5  Three kinds",     "6  Other methods"};
    vt *t = LAB(state, 80, 24, "--set", "model.width=60");
    vt_assert(t, sandbox_wait_step(t, 5, PATIENCE));
    vt_key(t, "L");
    for (const int *size = (const int[]){80, 24, 120, 40, 160, 48, 80, 20, 60, 16, 0}; *size; size += 2) {
        vt_resize(t, size[0], size[1]);
        for (int i = 0; i < 6; i++)
            vt_assert(t, vt_wait_text(t, size[1] > 16 ? titles[i] : (const char[]){(char)('1' + i), ' ', 0},
                                      PATIENCE));
    }
    vt_resize(t, 200, 60);
    vt_assert(t, vt_wait_text(t, "what can be removed from it", PATIENCE));
}

static void other_data_have_no_lesson(void **state)
{
    vt *t = LAB(state, 100, 30, "--set", "model.width=60");
    assert_title(t, "● running");
    vt_key(t, "L");
    vt_assert(t, vt_wait_text(t, "a number begins a lesson", PATIENCE));
    vt_assert(t, vt_wait_text(t, "(another network - `heavytail lesson 1`)", PATIENCE));
    vt_key(t, "1");
    vt_assert(t, vt_wait_text(t, "leave the lab, then `heavytail lesson 1`", PATIENCE));
    assert_title(t, "● running");
}

/* What follows the number holds in the lab, too; and the sixth needs a network of its own. */
static void settings_go_along(void **state)
{
    vt *t = LAB(state, 120, 40, "lesson", "4", "--seed", "7");
    vt_assert(t, vt_wait_text(t, "Lesson 4 · 1/4: One run", PATIENCE));
    vt_assert(t, vt_wait_text(t, "✓ at least a fifth", PATIENCE));
    vt_key(t, "R");
    vt_assert(t, vt_wait_text(t, "seed 8: other weights", PATIENCE));
    vt_key(t, "L");
    vt_assert(t, vt_wait_gone(t, "Lesson 4", PATIENCE));
    vt_key(t, "L");
    vt_assert(t, vt_wait_text(t, "6  Other methods", PATIENCE));
    vt_key(t, "6");
    vt_assert(t, vt_wait_text(t, "leave the lab, then `heavytail lesson 6`", PATIENCE));
}

/* "Try this" goes by what was set, and by what was done. */
static void the_advice_follows_the_noise(void **state)
{
    vt *t = LAB(state, 200, 70, "--set", "noise.type=shared");
    vt_assert(t, vt_wait_text(t, "Set the noise type to", PATIENCE));
    vt_key(t, "O");
    vt_assert(t, vt_wait_text(t, "The tail stays in", PATIENCE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lessons_are_listed),
        cmocka_unit_test(a_claim_that_fails_is_named),
        cmocka_unit_test(a_lesson_needs_its_network),
        cmocka_unit_test_teardown(a_lesson_goes_from_page_to_page, vt_teardown),
        cmocka_unit_test_teardown(l_begins_a_lesson_in_the_open_lab, vt_teardown),
        cmocka_unit_test_teardown(the_whole_list_is_shown, vt_teardown),
        cmocka_unit_test_teardown(other_data_have_no_lesson, vt_teardown),
        cmocka_unit_test_teardown(settings_go_along, vt_teardown),
        cmocka_unit_test_teardown(the_advice_follows_the_noise, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
