/* The mouse without a button, and i: charts are read; ? on a word explains it. */
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

enum { COLUMNS = 120, ROWS = 40 };

#define assert_shows(t, text) vt_assert(t, vt_wait_text(t, text, PATIENCE))

static vt *open_paused(void **state, const char *hover)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=100", "--set", hover);
    vt_assert(t, sandbox_wait_step(t, 30, PATIENCE));
    assert_shows(t, "κ=");
    vt_key(t, "Space");
    assert_title(t, "paused");
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    return t;
}

static void the_mouse_reads_where_it_is(void **state)
{
    vt *t = open_paused(state, "ui.hover=true");
    vt_assert(t, vt_mode(t, 1003));
    vt_assert(t, vt_mouse(t, VT_MOVE, 0, 20, 8)); /* loss */
    assert_shows(t, " nats");
    vt_mouse(t, VT_MOVE, 0, 66, 8); /* weights */
    assert_shows(t, "weights │");
    vt_assert(t, vt_wait_gone(t, " nats", PATIENCE));
    vt_mouse(t, VT_MOVE, 0, 110, 30); /* no chart */
    vt_assert(t, vt_wait_gone(t, "│|w|", PATIENCE));
    vt_mouse(t, VT_MOVE, 0, 20, 8);
    assert_shows(t, " nats");
    vt_key(t, "T"); /* a key: it goes */
    vt_assert(t, vt_wait_gone(t, " nats", PATIENCE));
    vt_mouse(t, VT_MOVE, 0, 21, 8);
    assert_shows(t, " nats");
    vt_mouse(t, VT_PRESS, 1, 21, 8); /* a click: it stays */
    vt_mouse(t, VT_RELEASE, 1, 21, 8);
    vt_mouse(t, VT_MOVE, 0, 66, 8);
    vt_key(t, "T");
    vt_pump(t, 200);
    assert_shows(t, " nats");
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
}

/* A thousand reports are few frames, and the last of them counts. */
static void a_flood_of_moves_is_few_frames(void **state)
{
    vt *t = open_paused(state, "ui.hover=true");
    size_t before = vt_bytes(t);
    for (int i = 0; i < 1000; i++) vt_mouse(t, VT_MOVE, 0, 10 + i % 25, 8);
    vt_mouse(t, VT_MOVE, 0, 66, 8);
    assert_shows(t, "weights │");
    vt_assert(t, vt_wait_gone(t, " nats", PATIENCE));
    assert_in_range(vt_bytes(t) - before, 1, 400000); /* each frame has some 2 000 bytes */
    vt_key(t, "s");
    vt_key(t, "Space");
    assert_title(t, "running");
}

static void without_hovering_clicks_read(void **state)
{
    vt *t = open_paused(state, "ui.hover=false");
    vt_assert(t, !vt_mode(t, 1003) && vt_mode(t, 1002));
    vt_mouse(t, VT_PRESS, 1, 20, 8);
    vt_mouse(t, VT_RELEASE, 1, 20, 8);
    assert_shows(t, " nats");
}

static void i_reads_chart_after_chart(void **state)
{
    vt *t = open_paused(state, "ui.hover=true");
    vt_key(t, "i");
    assert_shows(t, " nats");
    vt_key(t, "Home");
    assert_shows(t, "step 0");
    vt_key(t, "Tab");
    assert_shows(t, "weights │");
    vt_assert(t, vt_wait_gone(t, " nats", PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "weights │", PATIENCE));
    vt_key(t, "p"); /* the arrows are its cursor's, until i */
    assert_shows(t, "Read-out");
    vt_key(t, "i");
    assert_shows(t, "│ fraction of neurons removed 0.5");
}

static void a_question_mark_on_a_word_explains_it(void **state)
{
    int column, row;
    vt *t = open_paused(state, "ui.hover=true");
    vt_assert(t, vt_find(t, "stability", &column, &row));
    vt_mouse(t, VT_MOVE, 0, column + 2, row);
    vt_key(t, "?");
    assert_shows(t, "Help on \"stability\"");
    assert_shows(t, "how heavy the tail of the noise is");
    vt_settle(t);
    vt_assert(t, vt_find(t, "Gaussian", &column, &row)); /* no entry of its own: nothing happens */
    vt_key(t, "Esc");
    assert_shows(t, "Controls");
    vt_key(t, "Down"); /* a key came: the mouse points at nothing */
    vt_key(t, "?");
    assert_shows(t, "This panel: ");
    assert_shows(t, "Its words");
}

static void explain_answers_on_the_command_line(void **state)
{
    (void)state;
    assert_status(RUN("explain", "tail", "index"), 0);
    assert_says(RUN("explain", "κ")->out, "pruning ratio");
    assert_says(RUN("explain", "noise.alpha")->out, "stability index");
    assert_says(RUN("explain")->out, "twin");
    assert_says(RUN("explain", "filters")->out, "what a neuron is in a convolution");
    assert_says(RUN("explain", "compact")->out, "without what pruning removed");
    assert_says(RUN("explain", "sweep")->out, "over a grid of settings");
    const sandbox_result *r = RUN("explain", "kapa");
    assert_status(r, 2);
    assert_says(r->err, "did you mean 'kappa'?");
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(the_mouse_reads_where_it_is),           TEST(a_flood_of_moves_is_few_frames),
        TEST(without_hovering_clicks_read),          TEST(i_reads_chart_after_chart),
        TEST(a_question_mark_on_a_word_explains_it), cmocka_unit_test(explain_answers_on_the_command_line),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
