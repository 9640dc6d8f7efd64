/* The charts on the screen of a terminal: those that have no room come by a key, and a large screen has all
 * of them, with the history of κ and of the weights in colours. */
#include <string.h>

#include "sandbox.h"

static const char *const titles[] = {"Loss",         "Accuracy", "Tail index",           "Weights |w|",
                                     "Neuron norms", "Pruning",  "κ: removable neurons", "|w| over steps"};
enum { TITLES = sizeof titles / sizeof titles[0] };

static bool has_title(vt *t, const char *title)
{
    char frame[64];
    snprintf(frame, sizeof frame, "─ %s", title);
    for (int y = 0; y < vt_rows(t); y++)
        if (strstr(vt_row(t, y), frame)) return true;
    return false;
}

static unsigned titles_on(vt *t)
{
    unsigned seen = 0;
    for (int i = 0; i < TITLES; i++) seen |= (unsigned)has_title(t, titles[i]) << i;
    return seen;
}

static int count(unsigned bits)
{
    return __builtin_popcount(bits);
}

/* 80 × 24: three at a time, all in three turns, and the first ones again. */
static void a_key_shows_the_next_three(void **state)
{
    vt *t = LAB(state, 80, 24, NULL);
    vt_assert(t, vt_wait_text(t, "v: more charts", PATIENCE));
    vt_assert(t, sandbox_wait_step(t, 30, PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "paused", PATIENCE));
    unsigned first = titles_on(t), seen = first;
    assert_int_equal(count(first), 3);
    static const char *const told[] = {"charts: kappa, accuracy, weights", "charts: norms, heat, loss"};
    for (int turn = 0; turn < 2; turn++) {
        vt_key(t, "v");
        vt_assert(t, vt_wait_text(t, told[turn], PATIENCE));
        vt_settle(t);
        assert_int_equal(count(titles_on(t)), 3);
        seen |= titles_on(t);
    }
    assert_int_equal(seen, (1u << TITLES) - 1);
    vt_key(t, "v");
    vt_assert(t, vt_wait_text(t, "charts: loss, tail, pruning", PATIENCE));
    vt_settle(t);
    assert_int_equal(titles_on(t), first);
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
}

/* Colours of half blocks in the right column: how many different ones. */
static int heat_colours(vt *t, int from)
{
    vt_rgb seen[64];
    int colours = 0;
    for (int y = 0; y < vt_rows(t); y++)
        for (int x = from; x < vt_columns(t); x++) {
            vt_glyph g = vt_cell(t, x, y);
            bool known = g.chars[0] != 0x2580 && g.chars[0] != 0x2584;
            for (int i = 0; i < colours && !known; i++) known = memcmp(&seen[i], &g.fg, sizeof g.fg) == 0;
            if (!known && colours < 64) seen[colours++] = g.fg;
        }
    return colours;
}

/* "0.36 now; few looks yet", "0.36 now (0.31 to 0.55)". */
static bool kappa_is_told(vt *t, void *context)
{
    (void)context;
    for (int y = 0; y < vt_rows(t); y++)
        if (strstr(vt_row(t, y), " now; few looks yet") || strstr(vt_row(t, y), " (0.")) return true;
    return false;
}

static void a_large_screen_has_all(void **state)
{
    static const int sizes[][2] = {{160, 48}, {200, 60}};
    for (int i = 0; i < 2; i++) {
        vt *t = LAB(state, sizes[i][0], sizes[i][1], NULL);
        vt_assert(t, sandbox_wait_step(t, 60, PATIENCE));
        vt_key(t, "Space");
        vt_assert(t, vt_wait(t, kappa_is_told, NULL, PATIENCE));
        vt_assert(t, vt_wait_text(t, "one to ", PATIENCE));
        vt_assert(t, vt_wait_still(t, 300, PATIENCE));
        assert_int_equal(titles_on(t), (1u << TITLES) - 1);
        if (heat_colours(t, sizes[i][0] - 45) < 6) fail_msg("%d colours", heat_colours(t, sizes[i][0] - 45));
        vt_key(t, "v");
        vt_assert(t, vt_wait_text(t, "all charts are on the screen", PATIENCE));
        vt_key(t, "q");
        vt_assert(t, vt_exit(t, PATIENCE) == 0);
        vt_teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_key_shows_the_next_three, vt_teardown),
        cmocka_unit_test_teardown(a_large_screen_has_all, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
