/* What a lecture does with the lab: pins ghosts, freezes, zooms time, reads values, searches help, presents.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "view/layout.h"
#include "view/scene.h"

/* The large size has room for a read-out's box in every chart. */
enum { COLUMNS = 120, ROWS = 40, LARGE_COLUMNS = 200, LARGE_ROWS = 60 };

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

#define assert_shows(t, text) vt_assert(t, vt_wait_text(t, (text), PATIENCE))
#define assert_hides(t, text) vt_assert(t, vt_wait_gone(t, (text), PATIENCE))

static vt *open_sized(void **state, int columns, int rows)
{
    vt *t = LAB(state, columns, rows, "--set", "model.width=300");
    vt_assert(t, sandbox_wait_step(t, 30, PATIENCE));
    return t;
}

static vt *open_lab(void **state)
{
    return open_sized(state, COLUMNS, ROWS);
}

static void pause_lab(vt *t)
{
    vt_key(t, "Space");
    assert_title(t, "paused");
    vt_assert(t, vt_wait_still(t, 250, PATIENCE));
}

static ht_rect area_at(int columns, int rows, ht_view view, ht_panel_id panel)
{
    ht_layout layout = ht_layout_make(columns, rows, (ht_scene){.view = view, .focus = panel});
    return layout.place[ht_layout_find(&layout, panel)].area;
}

static ht_rect area_of(ht_panel_id panel)
{
    return area_at(COLUMNS, ROWS, HT_VIEW_DASHBOARD, panel);
}

static void click(vt *t, int column, int row)
{
    vt_assert(t, vt_mouse(t, VT_PRESS, 1, column, row));
    vt_mouse(t, VT_RELEASE, 1, column, row);
}

static void ghosts_stay_through_a_reset(void **state)
{
    vt *t = open_lab(state);
    vt_key(t, "G");
    assert_shows(t, "there is no ghost");
    assert_shows(t, "κ="); /* the analyst has looked: the ghost will have a curve */
    vt_key(t, "g");
    assert_shows(t, "ghost A: iid α 1.75 σ 0.1");
    assert_shows(t, "Ghosts: accuracy");
    vt_key(t, "O");
    vt_key(t, "r");
    assert_title(t, "no noise");
    vt_assert(t, sandbox_wait_step(t, 30, PATIENCE));
    assert_shows(t, "A iid"); /* the list says what was different */
    assert_shows(t, "A κ");   /* the pruning chart has its curve */
    vt_key(t, "g");
    assert_shows(t, "ghost B: no noise");
    vt_key(t, "G");
    assert_shows(t, "ghost B dropped");
    vt_key(t, "G");
    assert_shows(t, "ghost A dropped");
    assert_hides(t, "Ghosts: accuracy");
}

static bool have_moved(vt *t, const ht_panel_id *panels, const uint64_t *before, int count)
{
    for (int i = 0; i < count; i++)
        if (sandbox_area(t, area_of(panels[i])) != before[i]) return true;
    return false;
}

static void a_frozen_view_stands_while_training_goes_on(void **state)
{
    vt *t = open_lab(state);
    assert_shows(t, "κ=");
    vt_key(t, "f");
    assert_title(t, "view frozen at");
    assert_shows(t, "f unfreeze");
    static const ht_panel_id panels[] = {HT_PANEL_LOSS, HT_PANEL_WEIGHTS, HT_PANEL_TAIL};
    uint64_t before[3];
    vt_key(t, "Tab"); /* the note goes; the frame of another panel counts for nothing */
    vt_assert(t, sandbox_wait_step(t, sandbox_step(t) + 100, PATIENCE));
    int moved = 0;
    do { /* the look under way may still come: once */
        vt_assert(t, moved++ < 2);
        for (int i = 0; i < 3; i++) before[i] = sandbox_area(t, area_of(panels[i]));
        vt_assert(t, sandbox_wait_step(t, sandbox_step(t) + 200, PATIENCE));
    } while (have_moved(t, panels, before, 3));
    vt_key(t, "f");
    vt_assert(t, vt_wait_gone(t, "view frozen", PATIENCE));
    sandbox_change loss = {area_of(HT_PANEL_LOSS), before[0]};
    vt_assert(t, vt_wait(t, sandbox_changed, &loss, PATIENCE));
}

static void time_is_zoomed_and_scrolled(void **state)
{
    vt *t = open_lab(state);
    vt_assert(t, sandbox_wait_step(t, 300, PATIENCE));
    pause_lab(t);
    ht_rect loss = area_of(HT_PANEL_LOSS);
    vt_key(t, "[");
    assert_shows(t, "this is the whole run");
    vt_key(t, "+");
    assert_shows(t, "last ");
    vt_key(t, "[");
    assert_shows(t, "] later");
    vt_key(t, "End");
    assert_hides(t, "] later");
    assert_shows(t, "last ");
    vt_key(t, "0");
    assert_hides(t, "last ");
    vt_assert(t, vt_mouse(t, VT_WHEEL, 4, loss.x + loss.w / 2, loss.y + loss.h / 2));
    assert_shows(t, "] later"); /* about the mouse, so not at the end */
    for (int i = 0; i < 4; i++) vt_mouse(t, VT_WHEEL, 5, loss.x + loss.w / 2, loss.y + loss.h / 2);
    assert_hides(t, "] later");
    vt_key(t, "m");
    assert_shows(t, "means over 10 steps");
    for (int i = 0; i < 3; i++) vt_key(t, "m");
    assert_shows(t, "no smoothing");
}

static void a_click_reads_the_chart(void **state)
{
    vt *t = open_sized(state, LARGE_COLUMNS, LARGE_ROWS);
    vt_key(t, "O");
    assert_title(t, "no noise");
    pause_lab(t);
    ht_rect loss = area_at(LARGE_COLUMNS, LARGE_ROWS, HT_VIEW_DASHBOARD, HT_PANEL_LOSS);
    click(t, loss.x + loss.w / 2, loss.y + loss.h / 2);
    assert_shows(t, "η 0.01  b"); /* the settings in force there are in the box */
    uint64_t before = vt_fingerprint(t);
    vt_mouse(t, VT_PRESS, 1, loss.x + loss.w / 2, loss.y + loss.h / 2);
    vt_mouse(t, VT_DRAG, 1, loss.x + loss.w / 2 - 8, loss.y + loss.h / 2);
    vt_mouse(t, VT_RELEASE, 1, loss.x + loss.w / 2 - 8, loss.y + loss.h / 2);
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    vt_assert(t, vt_fingerprint(t) != before);
    vt_key(t, "Right"); /* the arrows are still the control's */
    assert_title(t, "α 1.76");
    vt_key(t, "Esc");
    assert_hides(t, "η 0.01  b");
    vt_key(t, "i"); /* with keys: now the arrows are the cursor's */
    assert_shows(t, "move the cursor");
    vt_key(t, "Right");
    assert_shows(t, "η 0.01  b");
    vt_assert(t, strstr(vt_row(t, 0), "α 1.76"));
    vt_key(t, "i");
    assert_hides(t, "η 0.01  b");
}

/* "│ step ": at the left of a box, which has a margin where there is room, or in a line of it. */
static bool box_reads(vt *t, void *context)
{
    const char *words = *(const char *const *)context;
    static const char edge[] = "│ ";
    char other[64];
    int column, row;
    if (vt_find(t, words, &column, &row)) return true;
    if (strncmp(words, edge, strlen(edge)) != 0) return false;
    snprintf(other, sizeof other, "│%s", words + strlen(edge));
    if (vt_find(t, other, &column, &row)) return true;
    snprintf(other, sizeof other, " · %s", words + strlen(edge));
    return vt_find(t, other, &column, &row);
}

static bool box_is_gone(vt *t, void *context)
{
    return !box_reads(t, context);
}

/* A box with the value on the x axis, whole, in every chart. */
static void every_chart_reads_its_values(void **state)
{
    static struct {
        const char *view, *open; /* the key of the view, and what shows that it is there */
        ht_view scene;
        ht_panel_id panel;
        const char *reads[2];
    } charts[] = {
        {"", "κ=", HT_VIEW_DASHBOARD, HT_PANEL_LOSS, {"│ step ", "│ train "}},
        {"", "κ=", HT_VIEW_DASHBOARD, HT_PANEL_WEIGHTS, {"│ |w| ", " … 0."}},
        {"", "κ=", HT_VIEW_DASHBOARD, HT_PANEL_ACCURACY, {"│ step ", "│ batch "}},
        {"", "κ=", HT_VIEW_DASHBOARD, HT_PANEL_NORMS, {"│ ‖w‖ ", "│ neurons "}},
        {"", "κ=", HT_VIEW_DASHBOARD, HT_PANEL_TAIL, {"│ step ", "│ mmo "}},
        {"",
         "κ=",
         HT_VIEW_DASHBOARD,
         HT_PANEL_PRUNING,
         {"│ fraction of neurons removed", "test accuracy 0."}},
        {"t", "to believe?", HT_VIEW_TAIL, HT_PANEL_TAIL_WEIGHTS, {"│ |w| ", "│ weights "}},
        {"t", "to believe?", HT_VIEW_TAIL, HT_PANEL_TAIL_HILL, {"│ k largest values used ", "95 % "}},
        {"t", "to believe?", HT_VIEW_TAIL, HT_PANEL_TAIL_HISTORY, {"│ step ", "│ mmo "}},
    };
    vt *t = open_sized(state, LARGE_COLUMNS, LARGE_ROWS);
    vt_assert(t, sandbox_wait_step(t, 400, PATIENCE));
    pause_lab(t);
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        ht_rect r = area_at(LARGE_COLUMNS, LARGE_ROWS, charts[i].scene, charts[i].panel);
        if (charts[i].view[0]) vt_key(t, charts[i].view);
        assert_shows(t, charts[i].open);
        vt_assert(t, vt_wait_still(t, 100, PATIENCE));
        /* The tail's latest estimate stands at the end, however seldom the analyst got to look. */
        bool tail = charts[i].panel == HT_PANEL_TAIL || charts[i].panel == HT_PANEL_TAIL_HISTORY;
        click(t, tail ? r.x + r.w - 4 : r.x + r.w * 3 / 5, r.y + r.h / 2);
        for (int back = 3; tail && back < 6; back++) { /* it may be the only one, in the last column */
            vt_assert(t, vt_wait_still(t, 100, PATIENCE));
            if (box_reads(t, &charts[i].reads[1])) break;
            click(t, r.x + r.w - back, r.y + r.h / 2);
        }
        for (int k = 0; k < 2; k++) vt_assert(t, vt_wait(t, box_reads, &charts[i].reads[k], PATIENCE));
        vt_key(t, "Esc");
        vt_key(t, "Esc");
        vt_assert(t, vt_wait(t, box_is_gone, &charts[i].reads[0], PATIENCE));
    }
}

static void titles_and_the_key_bar_are_clicked(void **state)
{
    int column, row;
    vt *t = open_lab(state);
    ht_rect tail = area_of(HT_PANEL_TAIL);
    pause_lab(t);
    click(t, tail.x + 4, tail.y);
    assert_hides(t, "Controls");
    assert_shows(t, "Tail index");
    vt_assert(t, vt_find(t, "p pruning", &column, &row));
    click(t, column + 3, row);
    assert_shows(t, "Read-out");
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    vt_assert(t, vt_find(t, "q quit", &column, &row));
    click(t, column + 3, row);
    assert_shows(t, "press q to quit");
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
}

static void any_setting_is_typed(void **state)
{
    vt *t = open_lab(state);
    pause_lab(t);
    vt_send(t, ":prune.error=0.25");
    assert_shows(t, "key=value: prune.error=0.25");
    vt_key(t, "Enter");
    assert_shows(t, "κ at ε² = 0.25");
    vt_send(t, ":alpha 1.5"); /* the last part of a key is enough when it is the only one */
    vt_key(t, "Enter");
    assert_title(t, "α 1.5 ");
    vt_key(t, "u");
    assert_title(t, "α 1.75 ");
    vt_send(t, ":model.width=500");
    vt_key(t, "Enter");
    assert_shows(t, "heavytail --set model.width=500");
    vt_send(t, ":noise.alpah=1");
    vt_key(t, "Enter");
    assert_shows(t, "the nearest is noise.alpha; / searches them all");
    vt_send(t, ":noise.alpha=7");
    vt_key(t, "Enter");
    assert_shows(t, "from 0.3 to 2");
    vt_send(t, ":ui.theme=contrast");
    vt_key(t, "Enter");
    assert_shows(t, "theme contrast");
}

static void help_finds_words(void **state)
{
    vt *t = open_lab(state);
    pause_lab(t);
    vt_send(t, "/pinned");
    assert_shows(t, "Help on \"pinned\"");
    assert_shows(t, "drop the ghost pinned last");
    assert_hides(t, "undo the last change");
    vt_key(t, "Enter");
    assert_hides(t, "find:");
    assert_shows(t, "drop the ghost pinned last");
    vt_send(t, "/xyzzy");
    assert_shows(t, "nothing has this word");
    vt_key(t, "Esc"); /* the whole help again */
    assert_shows(t, "This panel: loss");
    vt_assert(t, vt_mouse(t, VT_WHEEL, 5, COLUMNS / 2, ROWS / 2));
    assert_hides(t, "This panel: loss");
    vt_assert(t, vt_mouse(t, VT_WHEEL, 4, COLUMNS / 2, ROWS / 2));
    assert_shows(t, "This panel: loss");
    vt_key(t, "Esc");
    assert_shows(t, "Controls");
}

static void a_presentation_has_large_numbers(void **state)
{
    vt *t = open_lab(state);
    vt_key(t, "P");
    assert_hides(t, "Controls");
    assert_shows(t, "tail index");
    assert_shows(t, "██");
    vt_key(t, "Right"); /* controls work unseen, and say what they did */
    assert_shows(t, "α 1.76");
    vt_key(t, "P");
    assert_shows(t, "Controls");
    vt_key(t, "1");
    assert_shows(t, "loss hidden");
    assert_hides(t, "─ Loss");
    vt_key(t, "7");
    assert_hides(t, "Controls");
    vt_key(t, "1");
    vt_key(t, "7");
    assert_shows(t, "Controls");
    assert_shows(t, "─ Loss");
    for (const char *key = "12345679"; *key; key++) vt_send_bytes(t, key, 1);
    vt_key(t, "8");
    assert_shows(t, "the last panel stays");
}

static void themes_change_while_it_runs(void **state)
{
    vt *t = open_lab(state);
    pause_lab(t);
    vt_glyph dark = vt_cell(t, 60, 20);
    assert_true(dark.bg_default);
    vt_key(t, "T");
    assert_shows(t, "theme: light");
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    vt_glyph light = vt_cell(t, 60, 20);
    assert_true(light.bg.red > 200 && light.bg.green > 200); /* on its own paper */
    for (int i = 0; i < 4; i++) vt_key(t, "T");
    assert_shows(t, "theme: dark");
    vt_teardown(state);
    t = LAB(state, COLUMNS, ROWS, "--set", "ui.theme=light", "--set",
            "model.width=100"); /* from the start, too */
    vt_assert(t, sandbox_wait_step(t, 5, PATIENCE));
    pause_lab(t);
    light = vt_cell(t, 60, 20);
    assert_true(light.bg.red > 200 && light.bg.green > 200);
}

/* The terminal's answer is typed by the test, as a terminal would. */
static void frames_are_held_back_where_the_terminal_can(void **state)
{
    size_t length;
    vt *t = open_lab(state);
    const char *log = vt_log(t, &length);
    assert_non_null(memmem(log, length, "\033[?2026$p", 9)); /* asked once, and not used before the answer */
    assert_null(memmem(log, length, "\033[?2026h", 8));
    vt_send(t, "\033[?2026;2$y");
    vt_assert(t, sandbox_wait_step(t, sandbox_step(t) + 50, PATIENCE));
    log = vt_log(t, &length);
    assert_non_null(memmem(log, length, "\033[?2026h", 8));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    assert_true(vt_restored(t) && !vt_mode(t, 2026));
}

/* A name may hold anything; the terminal gets no control character of it. */
static void names_cannot_send_commands(void **state)
{
    static const char text[] = "[preset]\nname = evil\033]0;owned\007\033[2J\302\23331m wide\u4e2d\u0301\n"
                               "[data]\nname = ecg-synth\n[model]\nwidth = 50\n";
    sandbox_write("evil.ini", text);
    vt *t = LAB(state, COLUMNS, ROWS, "--preset", "./evil.ini");
    vt_assert(t, vt_wait_text(t, "heavytail", PATIENCE));
    if (vt_exit(t, 300) == 2) return; /* refused: as good */
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    assert_string_equal(vt_title(t), "");
    assert_shows(t, "evil?]0;owned");
    assert_title(t, "running");
    vt_key(t, "Space");
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    vt_assert(t, vt_cell(t, COLUMNS - 1, 1).chars[0] == 0x256e); /* no column has moved */
}

static void names_may_be_of_any_script(void **state)
{
    static const char name[] = "学习 é";
    int column, row;
    vt *t = open_lab(state);
    pause_lab(t);
    vt_key(t, "g");
    assert_shows(t, "ghost A:");
    vt_key(t, "N");
    assert_shows(t, "name of A:");
    vt_send(t, name);
    vt_key(t, "Enter");
    assert_shows(t, "A 学习 é");
    vt_assert(t, vt_find(t, "A 学习 é", &column, &row)); /* a legend */
    assert_int_equal(vt_cell(t, column + 2, row).width, 2);
    for (int i = 0; i < 2; i++) { /* all frames still end in the last column; also when drawn anew */
        for (int y = 1; y < ROWS - 2; y++) {
            uint32_t last = vt_cell(t, COLUMNS - 1, y).chars[0];
            vt_assert(t, last >= 0x2500 && last < 0x2580);
        }
        vt_key(t, "p");
        assert_shows(t, "Read-out");
        vt_key(t, "p");
        assert_shows(t, "Controls");
        vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    }
}

/* A picture of so many cells, each of them 14 × 28 pixels, as its header has it. */
static void assert_pixels(const char *path, int columns, int rows)
{
    size_t size;
    char *bytes = sandbox_read(path, &size);
    const unsigned char *side = (const unsigned char *)bytes + 16; /* width and height, big-endian */
    assert_true(size > 24);
    assert_int_equal(side[2] << 8 | side[3], 14 * columns);
    assert_int_equal(side[6] << 8 | side[7], 28 * rows);
    free(bytes);
}

static void a_dumped_picture_has_the_terminal_s_size(void **state)
{
    sandbox_write("play.txt", "wait step>=20\nkey Space\nwait 0.4\nkey ?\nwait 0.2\nkey q\n");
    vt *t = LAB(state, 80, 24, "--script", "play.txt", "--dump", "small.png", "--set", "model.width=300");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    assert_pixels("small.png", 80, 24);
}

static void the_screen_is_dumped_in_three_forms(void **state)
{
    static const char *const names[] = {"screen.txt", "screen.ansi", "screen.png"};
    sandbox_write("play.txt", "wait step>=20\nkey Space\nwait 0.4\nkey q\n");
    for (int i = 0; i < 3; i++) {
        vt *t =
            LAB(state, COLUMNS, ROWS, "--script", "play.txt", "--dump", names[i], "--set", "model.width=300");
        vt_assert(t, vt_exit(t, PATIENCE) == 0);
        vt_teardown(state);
    }
    char *plain = sandbox_read("screen.txt", NULL), *coloured = sandbox_read("screen.ansi", NULL);
    assert_says(plain, "heavytail");
    assert_null(strchr(plain, '\033'));
    assert_says(coloured, "\033[0;1;38;2;255;180;84m heavytail ");
    /* In a terminal it is the same screen again. */
    *state = vt_start(COLUMNS, ROWS + 1, NULL, (char *[]){"cat", "screen.ansi", NULL}, NULL);
    vt *t = *state;
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    assert_says(vt_row(t, 0), "paused");
    assert_says(vt_row(t, 1), "Loss");
    sandbox_assert_ink("screen.png", 600, 400);
    assert_pixels("screen.png", COLUMNS, ROWS);
    free(plain);
    free(coloured);
}

/* Where not all rows fit, the marker names what scrolls, and that reaches the end and comes back; the word
 * "good" stands in narrow tables, too. */
static void a_table_that_does_not_fit_is_scrolled(void **state)
{
    static const int sizes[][2] = {{80, 24}, {120, 40}};
    for (int i = 0; i < 2; i++) {
        bool good = false;
        vt *t = LAB(state, sizes[i][0], sizes[i][1], "--set", "model.width=600", "--set",
                    "data.test_limit=300", "--set", "noise.scale=0.3");
        vt_assert(t, sandbox_wait_step(t, 30, PATIENCE));
        vt_key(t, "Space");
        vt_assert(t, vt_wait_text(t, "paused", PATIENCE));
        vt_key(t, "t");
        vt_assert(t, vt_wait_text(t, "more (Enter", PATIENCE));
        vt_key(t, "Enter"); /* all of them */
        vt_assert(t, vt_wait_text(t, "▾ more: wheel", PATIENCE));
        vt_settle(t);
        for (int tab = 0; tab < 8 && !vt_find(t, "▾ more: [ ] wheel", NULL, NULL); tab++) {
            vt_key(t, "Tab");
            vt_settle(t);
        }
        vt_assert(t, vt_find(t, "▾ more: [ ] wheel", NULL, NULL));
        for (int page = 0; page < 10 && vt_find(t, "▾ more", NULL, NULL); page++) {
            good = good || vt_find(t, "good", NULL, NULL);
            vt_key(t, "]");
            vt_settle(t);
        }
        vt_assert(t, !vt_find(t, "▾ more", NULL, NULL) && vt_find(t, "▴ more", NULL, NULL));
        vt_assert(t, good || vt_find(t, "good", NULL, NULL));
        for (int page = 0; page < 10 && vt_find(t, "▴ more", NULL, NULL); page++) {
            vt_key(t, "[");
            vt_settle(t);
        }
        vt_assert(t, vt_find(t, "▾ more: [ ] wheel", NULL, NULL));
        vt_teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ghosts_stay_through_a_reset),
        TEST(a_frozen_view_stands_while_training_goes_on),
        TEST(time_is_zoomed_and_scrolled),
        TEST(a_click_reads_the_chart),
        TEST(every_chart_reads_its_values),
        TEST(titles_and_the_key_bar_are_clicked),
        TEST(a_table_that_does_not_fit_is_scrolled),
        TEST(any_setting_is_typed),
        TEST(help_finds_words),
        TEST(a_presentation_has_large_numbers),
        TEST(themes_change_while_it_runs),
        TEST(frames_are_held_back_where_the_terminal_can),
        TEST(names_cannot_send_commands),
        TEST(names_may_be_of_any_script),
        TEST(the_screen_is_dumped_in_three_forms),
        TEST(a_dumped_picture_has_the_terminal_s_size),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
