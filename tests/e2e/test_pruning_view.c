/* The pruning view and the timeline in a terminal: methods over each other, cursor, the running network
 * pruned and given back, pictures, going back in time, at any size. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "data/png.h"
#include "sandbox.h"
#include "view/layout.h"
#include "view/scene.h"

enum { COLUMNS = 120, ROWS = 40 };

static void pause_lab(vt *t)
{
    vt_key(t, "Space");
    assert_title(t, "paused");
    vt_assert(t, vt_wait_still(t, 300, PATIENCE));
}

/* Paused, in the view. */
static vt *open_view(void **state, const char *setting)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=200", "--set", setting);
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    pause_lab(t);
    return t;
}

static ht_rect area_of(ht_panel_id panel, bool timeline)
{
    ht_layout layout = ht_layout_make(
        COLUMNS, ROWS, (ht_scene){.view = HT_VIEW_PRUNING, .focus = panel, .timeline = timeline});
    int place = ht_layout_find(&layout, panel);
    assert_true(place >= 0);
    return layout.place[place].area;
}

/* The number behind a label on the screen, or NaN. */
static double number_at(vt *t, const char *label)
{
    int row;
    if (!vt_find(t, label, NULL, &row)) return (double)NAN;
    const char *at = strstr(vt_row(t, row), label) + strlen(label);
    char digits[32];
    size_t n = 0;
    /* Blanks between digits group a number: "3 987". */
    for (at += strspn(at, " "); *at && n + 1 < sizeof digits; at++) {
        bool grouping = *at == ' ' && n > 0 && at[1] >= '0' && at[1] <= '9';
        if (grouping) continue;
        if (!strchr("0123456789.-+", *at)) break;
        digits[n++] = *at;
    }
    digits[n] = '\0';
    return n ? strtod(digits, NULL) : (double)NAN;
}

static const char *grouped(long value)
{
    static char text[32];
    ht_format_grouped(text, sizeof text, value);
    return text;
}

/* ---- methods --------------------------------------------------------------------------------- */

static void methods_are_laid_over_each_other(void **state)
{
    vt *t = open_view(state, "train.batch=100");
    vt_assert(t, vt_wait_text(t, "Pruning: node", PATIENCE));
    vt_assert(t, vt_wait_text(t, "fraction of neurons removed", PATIENCE));
    vt_assert(t, vt_wait_text(t, "κ = 0.", PATIENCE)); /* in words */
    vt_assert(t, vt_wait_text(t, "of 200", PATIENCE));
    vt_assert(t, vt_wait_text(t, "speed at ", PATIENCE));
    vt_key(t, "2");
    vt_assert(t, vt_wait_text(t, "Pruning methods", PATIENCE));
    vt_assert(t, vt_wait_text(t, "magnitude at κ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "fraction of all weights removed", PATIENCE));
    vt_key(t, "4");
    vt_key(t, "6");
    vt_assert(t, vt_wait_text(t, "4 svd", PATIENCE));
    vt_assert(t, vt_wait_text(t, "random at κ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "order of the lot", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "on its way", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "on the way", PATIENCE));
    vt_key(t, "Up"); /* the shown one before */
    vt_assert(t, vt_wait_text(t, "svd at κ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "singular values kept", PATIENCE));
    vt_key(t, "4"); /* read already: hidden now */
    vt_assert(t, vt_wait_text(t, "random at κ", PATIENCE));
    vt_key(t, "1");
    vt_assert(t, vt_wait_text(t, "node at κ", PATIENCE));
    vt_key(t, "g");
    vt_assert(t, vt_wait_text(t, "ghost A", PATIENCE));
    vt_assert(t, vt_wait_text(t, "A κ", PATIENCE));
}

static void the_mouse_chooses_methods_and_moves_the_cursor(void **state)
{
    vt *t = open_view(state, "train.batch=100");
    int column, row;
    vt_assert(t, vt_find(t, "2 magnitude ", &column, &row));
    vt_mouse(t, VT_PRESS, 1, column + 2, row);
    vt_mouse(t, VT_DRAG, 1, column + 3, row); /* no second click */
    vt_mouse(t, VT_RELEASE, 1, column + 3, row);
    vt_assert(t, vt_wait_text(t, "magnitude at κ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Pruning methods", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "on its way", PATIENCE));
    ht_rect strip = area_of(HT_PANEL_STRIP, false);
    vt_mouse(t, VT_PRESS, 1, strip.x + 7 + (strip.w - 9) / 2, strip.y + 2);
    vt_mouse(t, VT_RELEASE, 1, strip.x + 7 + (strip.w - 9) / 2, strip.y + 2);
    vt_assert(t, vt_wait_text(t, "magnitude at the cursor", PATIENCE));
    double fraction = number_at(t, "of all weights removed  ");
    vt_assert(t, fraction > 0.4 && fraction < 0.55);
    vt_assert(t, vt_find(t, "1 node", &column, &row)); /* in the legend of the chart, which comes first */
    vt_assert(t, column < COLUMNS / 2);
    vt_mouse(t, VT_PRESS, 1, column + 2, row);
    vt_mouse(t, VT_RELEASE, 1, column + 2, row);
    vt_assert(t, vt_wait_text(t, "node at the cursor", PATIENCE));
    vt_assert(t, vt_find(t, "2 magnitude ", &column, &row));
    vt_mouse(t, VT_PRESS, 1, column + 2, row);
    vt_mouse(t, VT_RELEASE, 1, column + 2, row);
    vt_assert(t, vt_wait_text(t, "magnitude at the cursor", PATIENCE));
    vt_mouse(t, VT_PRESS, 1, column + 2, row); /* read: hidden now */
    vt_mouse(t, VT_RELEASE, 1, column + 2, row);
    vt_assert(t, vt_wait_text(t, "node at the cursor", PATIENCE));
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    vt_assert(t, fabs(number_at(t, "neurons removed ") - 100) < 12); /* the cursor stays */
}

static void while_training_the_node_curve_moves(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=200");
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, " of 4 500 test samples",
                              PATIENCE)); /* fewer than 1 000 where the machine is slow */
    ht_rect area = area_of(HT_PANEL_PRUNING_READOUT, false);
    enum { LOOKS = 6 };
    double start = sandbox_seconds();
    for (int i = 0; i < LOOKS; i++) {
        sandbox_change was = {area, sandbox_area(t, area)};
        vt_assert(t, vt_wait(t, sandbox_changed, &was, PATIENCE));
    }
    printf("pruning view: %.1f looks a second while training\n", LOOKS / (sandbox_seconds() - start));
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "looking at all test samples", PATIENCE));
    assert_title(t, "running");
    vt_assert(t, vt_wait_text(t, "speed at ", PATIENCE));
}

/* ---- the running network --------------------------------------------------------------------- */

static void x_prunes_the_running_network_and_u_undoes(void **state)
{
    vt *t = open_view(state, "train.batch=100");
    vt_key(t, "Home");
    for (int i = 0; i < 3; i++) vt_key(t, "S-Right");
    vt_assert(t, vt_wait_text(t, "node at the cursor", PATIENCE));
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    double removed = number_at(t, "neurons removed");
    char told[80];
    snprintf(told, sizeof told, "pruned %.0f of 200 neurons, mask kept", removed);
    vt_assert(t, removed > 20 && removed < 200);
    vt_key(t, "X");
    vt_assert(t, vt_wait_text(t, told, PATIENCE));
    assert_title(t, "masked");
    vt_assert(t, vt_wait_still(t, 300, PATIENCE));
    vt_assert(t, number_at(t, "error ε²  ") == 0); /* what is gone costs nothing any more */
    vt_key(t, "Space");                            /* and stays away while training goes on */
    vt_assert(t, sandbox_wait_step(t, sandbox_step(t) + 30, PATIENCE));
    pause_lab(t);
    vt_assert(t, number_at(t, "error ε²  ") == 0);
    /* The mask goes, comes back, and the pruning is undone only as the last state that was left. */
    vt_key(t, "M");
    vt_assert(t, vt_wait_text(t, "the mask is gone", PATIENCE));
    vt_assert(t, vt_wait(t, sandbox_title_lacks, "masked", PATIENCE));
    vt_key(t, "M");
    vt_assert(t, vt_wait_text(t, "no mask holds", PATIENCE));
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "undid taking the mask away", PATIENCE));
    assert_title(t, "masked");
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "the pruning lies too far back", PATIENCE));
}

/* One stack in time order: a setting, a pruning, another setting. */
static void undo_knows_settings_and_states(void **state)
{
    vt *t = open_view(state, "train.batch=100");
    long step = sandbox_step(t);
    vt_key(t, "O");
    assert_title(t, "no noise");
    for (int i = 0; i < 3; i++) vt_key(t, "S-Right");
    vt_key(t, "X");
    assert_title(t, "masked");
    vt_key(t, "O");
    assert_title(t, "iid");
    vt_key(t, "s");
    vt_assert(t, sandbox_wait_step(t, step + 1, PATIENCE));
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    vt_key(t, "u");
    assert_title(t, "no noise");
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "undid the pruning", PATIENCE));
    vt_assert(t, vt_wait(t, sandbox_title_lacks, "masked", PATIENCE));
    assert_title(t, "no noise"); /* as it was then */
    vt_key(t, "u");
    assert_title(t, "iid");
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "nothing to undo", PATIENCE));
    for (int i = 0; i < 2; i++) vt_key(t, "U");
    vt_assert(t, vt_wait_text(t, "did again the pruning", PATIENCE));
    assert_title(t, "masked");
    vt_key(t, "Esc"); /* x is the view's */
    vt_assert(t, vt_wait_text(t, "Right now", PATIENCE));
    vt_key(t, "x");
    vt_assert(t, vt_wait_text(t, "p opens the pruning view", PATIENCE));
    /* A reset is a state like others. */
    vt_key(t, "r");
    vt_assert(t, vt_wait_text(t, "step 0 ", PATIENCE));
    vt_assert(t, vt_wait(t, sandbox_title_lacks, "masked", PATIENCE));
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "undid the reset", PATIENCE));
    assert_title(t, "masked");
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* Cells of the panel whose two halves have different colours. */
static int two_coloured(vt *t, ht_rect area)
{
    int count = 0;
    for (int y = area.y; y < area.y + area.h; y++)
        for (int x = area.x; x < area.x + area.w; x++) {
            vt_glyph g = vt_cell(t, x, y);
            count += g.chars[0] == 0x2580 && memcmp(&g.fg, &g.bg, sizeof g.fg) != 0;
        }
    return count;
}

static void neurons_are_pictures(void **state)
{
    glob_t found;
    ht_png png;
    ht_error err;
    vt *t = LAB(state, COLUMNS, ROWS, "--preset", "digits-demo", "--set", "model.width=100");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Strongest kept neurons", PATIENCE));
    pause_lab(t);
    vt_assert(t, two_coloured(t, area_of(HT_PANEL_NEURONS, false)) > 100);
    vt_key(t, "2");
    vt_assert(t, vt_wait_text(t, "magnitude at κ", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "on its way", PATIENCE));
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-", PATIENCE));
    assert_int_equal(glob("ht-*-n100-step*-pruning.png", 0, NULL, &found), 0);
    sandbox_assert_ink(found.gl_pathv[0], 1200, 700);
    if (ht_png_read(found.gl_pathv[0], 0, &png, &err) != HT_OK) fail_msg("%s", err.text);
    assert_string_equal(ht_png_find(&png, "heavytail:method"), "magnitude,node");
    assert_non_null(strstr(ht_png_find(&png, "heavytail:prune"), "method magnitude"));
    assert_non_null(strstr(ht_png_find(&png, "heavytail:prune-2"), "cursor at"));
    assert_non_null(strstr(ht_png_find(&png, "heavytail:preset"), "digits-synth"));
    ht_png_free(&png);
    unlink(found.gl_pathv[0]);
    globfree(&found);
    for (int i = 0; i < 4; i++) vt_key(t, "Tab");
    vt_key(t, "z");
    vt_assert(t, vt_wait_gone(t, "Read-out", PATIENCE) || vt_wait_gone(t, "Strongest", PATIENCE));
    vt_key(t, "z"); /* where it came from */
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    vt_key(t, "A"); /* blocks, then ASCII */
    vt_key(t, "A");
    vt_assert(t, vt_wait_text(t, "symbols: ascii", PATIENCE));
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    for (int y = 0; y < ROWS; y++)
        for (const char *c = vt_row(t, y); *c; c++) vt_assert(t, (unsigned char)*c < 128);
}

static void without_colours_pictures_are_characters(void **state)
{
    static const char *const args[] = {"--preset", "digits-demo", "--set", "model.width=100", NULL};
    vt *t = sandbox_lab(state, COLUMNS, ROWS, NULL, args, (char *[]){"NO_COLOR=1", NULL});
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Strongest kept neurons", PATIENCE));
    pause_lab(t);
    vt_assert(t, two_coloured(t, area_of(HT_PANEL_NEURONS, false)) == 0);
    vt_assert(t, vt_wait_text(t, "- ", PATIENCE) && vt_wait_text(t, "+", PATIENCE));
    vt_assert(t, !vt_find(t, "▀", NULL, NULL));
}

static void every_size_shows_it(void **state)
{
    static const int sizes[][2] = {{60, 16}, {80, 24}, {100, 30}, {120, 40}, {200, 60}};
    vt *t = open_view(state, "train.batch=100");
    vt_key(t, "6");
    vt_assert(t, vt_wait_text(t, "random at κ", PATIENCE));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i][0], sizes[i][1]);
        vt_assert(t, vt_wait_text(t, "Pruning methods", PATIENCE));
        vt_assert(t, vt_wait_text(t, "6 random", PATIENCE));
        vt_assert(t, vt_wait_text(t, "random at κ", PATIENCE));
        vt_assert(t, vt_wait_text(t, "accuracy", PATIENCE));
        if (sizes[i][1] >= 24) vt_assert(t, vt_wait_text(t, "Neurons by ‖w‖", PATIENCE));
        if (sizes[i][1] >= 40) vt_assert(t, vt_wait_text(t, "Strongest kept neurons", PATIENCE));
        vt_key(t, "b");
        vt_assert(t, vt_wait_text(t, "Timeline:", PATIENCE));
        vt_key(t, "b");
        vt_assert(t, vt_wait_gone(t, "Timeline:", PATIENCE));
    }
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "1 to 8 lay methods over each other", PATIENCE));
}

/* ---- going back ------------------------------------------------------------------------------ */

static bool has_six_states(vt *t, void *context)
{
    (void)context;
    return number_at(t, "Timeline:") >= 6;
}

/* Paused, with states to go back to. */
static vt *open_run(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=300");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "b");
    vt_assert(t, vt_wait(t, has_six_states, NULL, PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "Timeline:", PATIENCE));
    pause_lab(t);
    return t;
}

/* The step that the timeline stands at. */
static double timeline_step(vt *t)
{
    vt_assert(t, vt_wait_still(t, 150, PATIENCE));
    return number_at(t, "states kept, step");
}

static void the_timeline_goes_back_and_the_future_stays(void **state)
{
    char text[80];
    vt *t = open_run(state);
    long end = sandbox_step(t);
    vt_key(t, "b");
    vt_assert(t, vt_wait_text(t, "Timeline:", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Enter goes there", PATIENCE));
    double last = timeline_step(t);
    vt_key(t, "Left");
    double before = timeline_step(t);
    vt_assert(t, before < last);
    vt_key(t, "]");
    vt_assert(t, timeline_step(t) == last);
    vt_key(t, "Home");
    vt_assert(t, timeline_step(t) == 0);
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "Timeline:", PATIENCE));
    assert_int_equal(sandbox_step(t), end); /* nothing was done */
    vt_key(t, "b");
    vt_key(t, "Left");
    vt_key(t, "Left");
    double target = timeline_step(t);
    vt_key(t, "Enter");
    snprintf(text, sizeof text, "rewound to step %s; Space goes on", grouped((long)target));
    vt_assert(t, vt_wait_text(t, text, PATIENCE));
    vt_assert(t, vt_wait_text(t, "the same settings make the same future", PATIENCE));
    snprintf(text, sizeof text, "step %s ", grouped((long)target));
    assert_title(t, text);
    assert_title(t, "paused");
    snprintf(text, sizeof text, "A step %s", grouped(end));
    vt_assert(t, vt_wait_text(t, text, PATIENCE)); /* the ghost of what was left */
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "undid going back", PATIENCE));
    snprintf(text, sizeof text, "step %s ", grouped(end));
    assert_title(t, text);
    vt_assert(t, vt_wait_gone(t, "Ghosts:", PATIENCE)); /* it is the run again */
}

static void the_mouse_goes_back_too(void **state)
{
    char text[80];
    vt *t = open_run(state);
    long end = sandbox_step(t);
    vt_key(t, "p");
    vt_key(t, "b");
    vt_assert(t, vt_wait_text(t, "Timeline:", PATIENCE));
    ht_rect bar = area_of(HT_PANEL_TIMELINE, true);
    int middle = bar.x + 8 + (bar.w - 10) / 2, row = bar.y + 2;
    vt_mouse(t, VT_PRESS, 1, middle, row);
    vt_mouse(t, VT_RELEASE, 1, middle, row);
    double chosen = timeline_step(t);
    vt_assert(t, chosen > 0 && chosen < (double)end);
    vt_mouse(t, VT_WHEEL, 5, middle, row);
    double less = timeline_step(t);
    vt_assert(t, less < chosen);
    vt_mouse(t, VT_WHEEL, 4, middle, row);
    vt_assert(t, timeline_step(t) == chosen);
    vt_mouse(t, VT_PRESS, 1, middle, row); /* clicked again: goes there */
    vt_mouse(t, VT_RELEASE, 1, middle, row);
    vt_assert(t, vt_wait_text(t, "rewound to step", PATIENCE));
    snprintf(text, sizeof text, "step %s ", grouped((long)chosen));
    assert_title(t, text);
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE)); /* in the same view */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(methods_are_laid_over_each_other, vt_teardown),
        cmocka_unit_test_teardown(the_mouse_chooses_methods_and_moves_the_cursor, vt_teardown),
        cmocka_unit_test_teardown(while_training_the_node_curve_moves, vt_teardown),
        cmocka_unit_test_teardown(x_prunes_the_running_network_and_u_undoes, vt_teardown),
        cmocka_unit_test_teardown(undo_knows_settings_and_states, vt_teardown),
        cmocka_unit_test_teardown(neurons_are_pictures, vt_teardown),
        cmocka_unit_test_teardown(without_colours_pictures_are_characters, vt_teardown),
        cmocka_unit_test_teardown(every_size_shows_it, vt_teardown),
        cmocka_unit_test_teardown(the_timeline_goes_back_and_the_future_stays, vt_teardown),
        cmocka_unit_test_teardown(the_mouse_goes_back_too, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
