/* The lab as a person meets it: keys, mouse, signals, sizes, in a real terminal emulator. */
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "view/keymap.h"
#include "view/layout.h"
#include "view/scene.h"

enum { COLUMNS = 120, ROWS = 40 };

static const char *const titles[] = {"Loss",       "Weights", "Accuracy", "Neuron norms",
                                     "Tail index", "Pruning", "Controls", "Right now"};
enum { TITLES = sizeof titles / sizeof titles[0] };

/* A small network, running, with something on the charts. */
static vt *open_lab(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=300");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    return t;
}

/* Pauses, and waits for the last look of the analyst. */
static void pause_lab(vt *t)
{
    vt_key(t, "Space");
    assert_title(t, "paused");
    vt_assert(t, vt_wait_still(t, 250, PATIENCE));
}

static vt *open_paused(void **state)
{
    vt *t = open_lab(state);
    pause_lab(t);
    return t;
}

static ht_rect area_of(ht_panel_id panel, ht_view view)
{
    ht_layout layout = ht_layout_make(COLUMNS, ROWS, (ht_scene){.view = view, .focus = panel});
    int place = ht_layout_find(&layout, panel);
    assert_true(place >= 0);
    return layout.place[place].area;
}

static void assert_dashboard(vt *t)
{
    for (int i = 0; i < TITLES; i++) vt_assert(t, vt_wait_text(t, titles[i], PATIENCE));
}

/* ---- opening, running, pausing ----------------------------------------------------------------- */

static void opens_with_all_panels_and_they_move(void **state)
{
    enum { MOVING = HT_PANEL_COUNT };
    sandbox_change first[MOVING];
    double start = sandbox_seconds(), moved = 0;
    vt *t = LAB(state, COLUMNS, ROWS, NULL);
    assert_dashboard(t);
    double shown = sandbox_seconds() - start;
    vt_assert(t, sandbox_wait_step(t, 1, PATIENCE));
    double stepped = sandbox_seconds() - start;
    ht_layout layout =
        ht_layout_make(COLUMNS, ROWS, (ht_scene){.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS});
    assert_int_equal(layout.count, TITLES);
    for (int i = 0; i < layout.count; i++)
        first[i] = (sandbox_change){layout.place[i].area, sandbox_area(t, layout.place[i].area)};
    for (int i = 0; i < layout.count; i++) {
        if (layout.place[i].panel == HT_PANEL_CONTROLS) continue; /* moves only when asked to */
        vt_assert(t, vt_wait(t, sandbox_changed, &first[i], PATIENCE));
        moved = sandbox_seconds() - start;
    }
    printf("lab: all panels after %.2f s, first step after %.2f s, every panel has moved after %.2f s\n",
           shown, stepped, moved);
    long step = sandbox_step(t);
    vt_assert(t, sandbox_wait_step(t, step + 10, PATIENCE));
    vt_assert(t, strstr(vt_row(t, 0), "running"));
}

static void paused_nothing_moves_and_space_goes_on(void **state)
{
    vt *t = open_paused(state);
    vt_assert(t, vt_wait_still(t, 350, PATIENCE));
    uint64_t before = vt_fingerprint(t);
    size_t bytes = vt_bytes(t);
    long step = sandbox_step(t);
    vt_pump(t, 1000);
    vt_assert(t, vt_fingerprint(t) == before);
    assert_int_equal(vt_bytes(t), bytes); /* not even the same again */
    vt_key(t, "Space");
    assert_title(t, "running");
    vt_assert(t, sandbox_wait_step(t, step + 5, PATIENCE));
}

static void a_single_step_is_one_step(void **state)
{
    vt *t = open_paused(state);
    long step = sandbox_step(t);
    for (int i = 1; i <= 3; i++) {
        vt_key(t, "s");
        vt_assert(t, sandbox_wait_step(t, step + i, PATIENCE));
        vt_assert(t, vt_wait_still(t, 200, PATIENCE));
        assert_int_equal(sandbox_step(t), step + i);
        assert_title(t, "paused");
    }
    /* From running it pauses. */
    vt_key(t, "Space");
    assert_title(t, "running");
    vt_key(t, "s");
    assert_title(t, "paused");
}

/* Trains to step 40 and gives the look of the loss chart there. */
static uint64_t loss_at_40(vt *t)
{
    assert_title(t, "done");
    vt_assert(t, vt_wait_still(t, 300, PATIENCE));
    assert_int_equal(sandbox_step(t), 40);
    return sandbox_area(t, area_of(HT_PANEL_LOSS, HT_VIEW_DASHBOARD));
}

static void reset_repeats_the_run_and_a_new_seed_does_not(void **state)
{
    /* With a run directory no test score is left out, however slow the machine is. */
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=300", "--set", "train.steps=40", "--set",
                "train.eval_every=20", "--run", "reset-run");
    uint64_t first = loss_at_40(t);
    vt_assert(t, vt_wait_text(t, "train.steps = 40 reached", PATIENCE));
    vt_key(t, "r");
    assert_title(t, " step 0 ");
    assert_title(t, "paused");
    vt_key(t, "Space");
    vt_assert(t, loss_at_40(t) == first);
    vt_key(t, "R");
    assert_title(t, " step 0 ");
    vt_assert(t, vt_wait_text(t, "seed 2", PATIENCE)); /* says which */
    vt_key(t, "Space");
    uint64_t other = loss_at_40(t);
    vt_assert(t, other != first);
    vt_key(t, "r"); /* of the new seed now */
    assert_title(t, " step 0 ");
    vt_key(t, "Space");
    vt_assert(t, loss_at_40(t) == other);
    vt_key(t, "Space"); /* beyond the stopping criterion */
    assert_title(t, "running");
    vt_assert(t, sandbox_wait_step(t, 60, PATIENCE));
}

static void divergence_pauses_with_its_reason(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=300", "--set", "train.lr=100", "--set",
                "train.momentum=0.9", "--set", "train.weight_decay=0.5", "--set", "noise.type=none");
    assert_title(t, "diverged");
    vt_assert(t, vt_wait_text(t, "diverged at step", PATIENCE));
    vt_key(t, "Down"); /* the reason stays while it holds */
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-", PATIENCE));
    vt_key(t, "Down");
    vt_assert(t, vt_wait_text(t, "diverged at step", PATIENCE));
    vt_key(t, "r");
    assert_title(t, "step 0 ");
    vt_assert(t, vt_wait_gone(t, "diverged", PATIENCE));
}

/* ---- controls ---------------------------------------------------------------------------------- */

static void arrows_choose_and_change_controls(void **state)
{
    vt *t = open_lab(state);
    assert_title(t, "iid α 1.75 σ 0.1 ");
    vt_key(t, "Right");
    assert_title(t, "α 1.76 ");
    vt_assert(t, vt_wait_text(t, "α 1.75→1.76", PATIENCE)); /* the change is marked on a chart */
    vt_key(t, "Left");
    vt_key(t, "Left");
    assert_title(t, "α 1.74 ");
    vt_key(t, "S-Right");
    assert_title(t, "α 1.84 ");
    vt_key(t, "S-Left");
    assert_title(t, "α 1.74 ");
    vt_send(t, ">"); /* for terminals without Shift-arrows */
    assert_title(t, "α 1.84 ");
    for (int i = 0; i < 3; i++) vt_key(t, "S-Right");
    assert_title(t, "α 2 "); /* the end of the range */
    vt_key(t, "Down");
    vt_key(t, "Right");
    assert_title(t, "σ 0.112 ");
    vt_key(t, "Up");
    vt_key(t, "Up"); /* noise type */
    vt_key(t, "Right");
    assert_title(t, "isotropic α 2 ");
    vt_key(t, "Right");
    assert_title(t, "no noise");
    vt_key(t, "Left");
    assert_title(t, "isotropic");
    long step = sandbox_step(t);
    vt_assert(t, sandbox_wait_step(t, step + 5, PATIENCE)); /* and it trains on */
}

static void a_value_can_be_typed(void **state)
{
    vt *t = open_paused(state);
    vt_send(t, "=1.5");
    vt_assert(t, vt_wait_text(t, "take it", PATIENCE));
    vt_key(t, "Enter");
    assert_title(t, "α 1.5 ");
    vt_send(t, "=9");
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "from 0.3 to 2", PATIENCE));
    vt_assert(t, strstr(vt_row(t, 0), "α 1.5 "));
    vt_key(t, "Down"); /* the next key brings the key bar back */
    vt_assert(t, vt_wait_gone(t, "from 0.3 to 2", PATIENCE));
    vt_assert(t, vt_wait_text(t, "q quit", PATIENCE));
    vt_key(t, "Up");
    vt_send(t, "=1.9");
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "take it", PATIENCE));
    vt_assert(t, strstr(vt_row(t, 0), "α 1.5 "));
    vt_send(t, "=1.99");
    vt_key(t, "Backspace");
    vt_key(t, "Enter");
    assert_title(t, "α 1.9 ");
    vt_send(t, "=1e"); /* not a number */
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "1e", PATIENCE));
    vt_assert(t, strstr(vt_row(t, 0), "α 1.9 "));
}

static void noise_goes_off_and_comes_back(void **state)
{
    vt *t = open_lab(state);
    vt_key(t, "O");
    assert_title(t, "no noise");
    vt_key(t, "O");
    assert_title(t, "iid α 1.75 σ 0.1 ");
}

static void changes_are_undone_and_redone(void **state)
{
    vt *t = open_paused(state);
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "nothing to undo", PATIENCE));
    vt_key(t, "Right");
    vt_key(t, "Right");
    vt_key(t, "O");
    assert_title(t, "no noise");
    vt_key(t, "u");
    assert_title(t, "iid α 1.77 ");
    vt_key(t, "u");
    assert_title(t, "α 1.76 ");
    vt_key(t, "u");
    assert_title(t, "α 1.75 ");
    vt_key(t, "U");
    vt_key(t, "U");
    assert_title(t, "α 1.77 ");
    vt_key(t, "U");
    assert_title(t, "no noise");
    vt_key(t, "U");
    vt_assert(t, vt_wait_text(t, "nothing to redo", PATIENCE));
    vt_key(t, "u");
    vt_key(t, "u");
    assert_title(t, "iid α 1.76 ");
    vt_key(t, "Left"); /* a new change ends what could be redone */
    vt_key(t, "U");
    vt_assert(t, vt_wait_text(t, "nothing to redo", PATIENCE));
    assert_title(t, "α 1.75 ");
}

static void a_change_shows_itself_in_every_view(void **state)
{
    vt *t = open_paused(state);
    vt_key(t, "Down");
    vt_key(t, "Down"); /* η, which the title line does not show */
    vt_key(t, "z");
    vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    vt_key(t, "Right");
    vt_assert(t, vt_wait_text(t, "0.0112", PATIENCE));
    vt_key(t, "p"); /* here the arrows move the cursor instead */
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    vt_key(t, "u");
    vt_assert(t, vt_wait_text(t, "0.01", PATIENCE));
}

/* ---- views ------------------------------------------------------------------------------------- */

static double fraction_in_row(vt *t, int row)
{
    const char *text = strstr(vt_row(t, row), "fraction removed  ");
    return text ? strtod(text + strlen("fraction removed"), NULL) : -1;
}

/* The number right of "fraction removed" in the read-out, of a screen that stands still. */
static double read_fraction(vt *t)
{
    int row;
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    vt_assert(t, vt_find(t, "fraction removed  ", NULL, &row));
    return fraction_in_row(t, row);
}

typedef struct {
    double low, high;
} range;

static bool fraction_in(vt *t, void *context)
{
    const range *r = context;
    int row;
    if (!vt_find(t, "fraction removed  ", NULL, &row)) return false;
    double fraction = fraction_in_row(t, row);
    return fraction >= r->low && fraction <= r->high;
}

static void the_pruning_panel_has_a_cursor(void **state)
{
    vt *t = open_paused(state);
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    vt_assert(t, vt_wait_text(t, "κ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "neurons kept", PATIENCE));
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    double at = read_fraction(t); /* it starts at κ */
    for (int i = 0; i < 4; i++) vt_key(t, "Left");
    vt_assert(t, vt_wait(t, fraction_in, &(range){at - 0.03, at - 0.015}, PATIENCE));
    for (int i = 0; i < 2; i++) vt_key(t, "Right");
    vt_assert(t, vt_wait(t, fraction_in, &(range){at - 0.014, at - 0.005}, PATIENCE));
    at = read_fraction(t);
    vt_key(t, at > 0.5 ? "S-Left" : "S-Right");
    double far = at > 0.5 ? at - 0.05 : at + 0.05;
    vt_assert(t, vt_wait(t, fraction_in, &(range){far - 0.01, far + 0.01}, PATIENCE));
    for (int i = 0; i < 25; i++) vt_key(t, "S-Left");
    vt_assert(t, vt_wait(t, fraction_in, &(range){0, 0}, PATIENCE));
    vt_key(t, "p");
    assert_dashboard(t);
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    vt_key(t, "Esc");
    assert_dashboard(t);
}

static void a_panel_can_be_zoomed(void **state)
{
    vt *t = open_paused(state);
    vt_key(t, "z");
    vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Loss", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "Tail index", PATIENCE));
    vt_key(t, "Tab");
    vt_assert(t, vt_wait_text(t, "Weights", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "Loss", PATIENCE));
    vt_key(t, "z");
    assert_dashboard(t);
    vt_key(t, "z");
    vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    vt_key(t, "Esc");
    assert_dashboard(t);
}

static void escape_twice_reaches_the_dashboard(void **state)
{
    vt *t = open_paused(state);
    vt_key(t, "z");
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "Help", PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "Help", PATIENCE));
    vt_key(t, "Esc");
    assert_dashboard(t);
    vt_key(t, "p");
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "Help", PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "Help", PATIENCE));
    vt_key(t, "Esc");
    assert_dashboard(t);
    vt_key(t, "Esc"); /* and stays there */
    vt_key(t, "Esc");
    vt_pump(t, 100);
    vt_settle(t);
    assert_dashboard(t);
}

static void axes_change_between_log_and_linear(void **state)
{
    vt *t = open_paused(state);
    vt_assert(t, vt_wait_text(t, "log y", PATIENCE));
    vt_key(t, "l");
    vt_assert(t, vt_wait_text(t, "linear y", PATIENCE));
    vt_key(t, "l");
    vt_assert(t, vt_wait_gone(t, "linear y", PATIENCE));
    vt_key(t, "H"); /* steps have no logarithmic axis: said, not ignored */
    vt_assert(t, vt_wait_text(t, "no logarithmic", PATIENCE));
    vt_key(t, "Tab");
    sandbox_change weights = {area_of(HT_PANEL_WEIGHTS, HT_VIEW_DASHBOARD), 0};
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    for (const char *key = "lH"; *key; key++) {
        weights.before = sandbox_area(t, weights.area);
        vt_send_bytes(t, key, 1);
        vt_assert(t, vt_wait(t, sandbox_changed, &weights, PATIENCE));
        vt_assert(t, vt_wait_still(t, 100, PATIENCE));
        weights.before = sandbox_area(t, weights.area);
    }
    vt_send(t, "lL");
    vt_assert(t, vt_wait(t, sandbox_changed, &weights, PATIENCE));
}

/* The first words of an entry: what is left of it on a line however narrow the column is. */
static void beginning(const char *help, char to[32])
{
    snprintf(to, 32, "%.24s", help);
    if (strlen(help) > 24 && strrchr(to, ' ')) *strrchr(to, ' ') = '\0';
}

static void help_lists_every_key(void **state)
{
    size_t count, left;
    bool seen[256] = {false};
    const ht_key_info *keys = ht_keymap(&count);
    assert_true(ht_keymap(&count) && count <= sizeof seen);
    vt *t = open_paused(state);
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "Help", PATIENCE));
    left = count;
    for (int page = 0; page < 120 && left > 0; page++) {
        char start[32];
        for (size_t i = 0; i < count; i++) {
            beginning(keys[i].help, start);
            if (seen[i] || !vt_find(t, start, NULL, NULL) || !vt_find(t, keys[i].label, NULL, NULL)) continue;
            seen[i] = true;
            left--;
        }
        vt_key(t, "Down");
        vt_pump(t, 30);
        vt_settle(t);
    }
    for (size_t i = 0; i < count; i++)
        if (!seen[i]) fail_msg("help does not show '%s'", keys[i].label);
    for (int i = 0; i < 200; i++) vt_key(t, "Down"); /* beyond the end */
    vt_assert(t, vt_wait_still(t, 200, PATIENCE));
    for (int i = 0; i < 300; i++) vt_key(t, "Up");
    vt_assert(t, vt_wait_text(t, "loss", PATIENCE)); /* what the chosen panel shows comes first */
    vt_key(t, "Esc");
    assert_dashboard(t);
}

/* Which panel's frame stands out, as an index into the layout. */
static int framed(vt *t, const ht_layout *layout)
{
    int found = -1, count = 0;
    for (int i = 0; i < layout->count; i++) {
        int alike = 0;
        vt_glyph a = vt_cell(t, layout->place[i].area.x, layout->place[i].area.y);
        for (int k = 0; k < layout->count; k++) {
            vt_glyph b = vt_cell(t, layout->place[k].area.x, layout->place[k].area.y);
            alike += memcmp(&a.fg, &b.fg, sizeof a.fg) == 0 && a.bold == b.bold && a.reverse == b.reverse;
        }
        if (alike == 1) found = i, count++;
    }
    return count == 1 ? found : -1;
}

typedef struct {
    const ht_layout *layout;
    int wanted;
} focus;

static bool has_focus(vt *t, void *context)
{
    const focus *f = context;
    return framed(t, f->layout) == f->wanted;
}

static void tab_moves_the_frame(void **state)
{
    ht_layout layout =
        ht_layout_make(COLUMNS, ROWS, (ht_scene){.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS});
    vt *t = open_paused(state);
    int at = framed(t, &layout);
    vt_assert(t, at >= 0);
    for (int i = 1; i <= layout.count; i++) {
        vt_key(t, "Tab");
        vt_assert(t, vt_wait(t, has_focus, &(focus){&layout, (at + i) % layout.count}, PATIENCE));
    }
    vt_key(t, "S-Tab");
    vt_assert(t, vt_wait(t, has_focus, &(focus){&layout, (at + layout.count - 1) % layout.count}, PATIENCE));
}

/* How many cells hold a code point from low to high. */
static int count_cells(vt *t, uint32_t low, uint32_t high)
{
    int count = 0;
    for (int y = 0; y < vt_rows(t); y++)
        for (int x = 0; x < vt_columns(t); x++) {
            uint32_t c = vt_cell(t, x, y).chars[0];
            count += c >= low && c <= high;
        }
    return count;
}

static void symbols_go_round(void **state)
{
    enum { BRAILLE = 0x2800, BRAILLE_END = 0x28ff };
    vt *t = open_paused(state);
    vt_assert(t, count_cells(t, BRAILLE, BRAILLE_END) > 50);
    vt_key(t, "A");
    vt_assert(t, vt_wait_text(t, "symbols: block", PATIENCE));
    assert_int_equal(count_cells(t, BRAILLE, BRAILLE_END), 0);
    vt_assert(t, count_cells(t, 0x2580, 0x259f) > 50);
    vt_key(t, "A");
    vt_assert(t, vt_wait_text(t, "symbols: ascii", PATIENCE));
    assert_int_equal(count_cells(t, 128, 0x10ffff), 0);
    vt_key(t, "A");
    vt_assert(t, vt_wait_text(t, "symbols: braille", PATIENCE));
    vt_assert(t, count_cells(t, BRAILLE, BRAILLE_END) > 50);
}

/* ---- mouse ------------------------------------------------------------------------------------- */

/* The slider under the row that holds `label`: its row and its two ends. */
static void find_slider(vt *t, const char *label, int *left, int *right, int *row)
{
    ht_rect area = area_of(HT_PANEL_CONTROLS, HT_VIEW_DASHBOARD);
    vt_assert(t, vt_find(t, label, NULL, row));
    *left = sandbox_column(t, ++*row, 0x251c, area.x + 1);
    *right = sandbox_column(t, *row, 0x2524, *left + 1);
    vt_assert(t, *left > area.x && *right > *left + 4);
}

static void sliders_are_dragged_clicked_and_rolled(void **state)
{
    int left, right, row, column;
    vt *t = open_paused(state);
    find_slider(t, "stability", &left, &right, &row);
    vt_assert(t, vt_mouse(t, VT_PRESS, 1, right - 3, row));
    vt_assert(t, vt_mouse(t, VT_DRAG, 1, left + 3, row));
    vt_assert(t, vt_mouse(t, VT_DRAG, 1, left + 1, row));
    assert_title(t, "α 0.3 ");
    vt_assert(t, vt_mouse(t, VT_DRAG, 1, right + 20, row - 3)); /* the hand slips off: still this slider */
    assert_title(t, "α 2 ");
    vt_mouse(t, VT_DRAG, 1, left - 5, row + 2);
    assert_title(t, "α 0.3 ");
    vt_mouse(t, VT_RELEASE, 1, left - 5, row + 2);
    vt_key(t, "u"); /* the whole drag was one change */
    assert_title(t, "α 1.75 ");
    vt_mouse(t, VT_WHEEL, 4, left + 4, row);
    assert_title(t, "α 1.76 ");
    vt_mouse(t, VT_WHEEL, 5, left + 4, row);
    vt_mouse(t, VT_WHEEL, 5, left + 4, row);
    assert_title(t, "α 1.74 ");
    vt_assert(t, vt_find(t, "noise type", &column, &row));
    vt_mouse(t, VT_PRESS, 1, column + 2, row);
    vt_mouse(t, VT_RELEASE, 1, column + 2, row);
    assert_title(t, "isotropic");
    find_slider(t, "scale", &left, &right, &row);
    vt_mouse(t, VT_PRESS, 1, left + 1, row);
    vt_mouse(t, VT_RELEASE, 1, left + 1, row);
    assert_title(t, "σ 0 ");
    vt_key(t, "Right"); /* the click chose the control */
    assert_title(t, "σ 0.001 ");
}

static void a_click_chooses_a_panel_and_moves_the_pruning_cursor(void **state)
{
    ht_layout layout =
        ht_layout_make(COLUMNS, ROWS, (ht_scene){.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS});
    vt *t = open_paused(state);
    int tail = ht_layout_find(&layout, HT_PANEL_TAIL);
    ht_rect area = layout.place[tail].area;
    vt_mouse(t, VT_PRESS, 1, area.x + area.w / 2, area.y + area.h / 2);
    vt_mouse(t, VT_RELEASE, 1, area.x + area.w / 2, area.y + area.h / 2);
    vt_assert(t, vt_wait(t, has_focus, &(focus){&layout, tail}, PATIENCE));
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    area = area_of(HT_PANEL_PRUNING, HT_VIEW_PRUNING);
    vt_mouse(t, VT_PRESS, 1, area.x + area.w / 2, area.y + 10);
    vt_assert(t, vt_wait(t, fraction_in, &(range){0.4, 0.55}, PATIENCE));
    vt_mouse(t, VT_DRAG, 1, area.x + area.w / 4, area.y + 12);
    vt_assert(t, vt_wait(t, fraction_in, &(range){0.15, 0.3}, PATIENCE));
    vt_mouse(t, VT_RELEASE, 1, area.x + area.w / 4, area.y + 12);
    double at = read_fraction(t);
    vt_mouse(t, VT_WHEEL, 4, area.x + area.w / 4, area.y + 12);
    vt_assert(t, vt_wait(t, fraction_in, &(range){at + 0.003, at + 0.008}, PATIENCE));
}

/* ---- files ------------------------------------------------------------------------------------- */

/* The only file that matches; the caller frees it. NULL when there is none. */
static char *only_file(const char *pattern)
{
    glob_t found;
    char *path = NULL;
    if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1) path = strdup(found.gl_pathv[0]);
    globfree(&found);
    return path;
}

static void the_exported_picture_reopens(void **state)
{
    static const char *const keys[] = {"", "p", "z"};
    static const char *const names[] = {"dashboard", "pruning", "loss"};
    vt *t = open_paused(state);
    vt_key(t, "Right");
    assert_title(t, "α 1.76 ");
    for (int i = 0; i < 3; i++) {
        char pattern[64];
        if (*keys[i]) vt_key(t, keys[i]);
        vt_assert(t, vt_wait_still(t, 100, PATIENCE));
        vt_key(t, "e");
        vt_assert(t, vt_wait_text(t, "saved ht-a1.76-s0.1-n300-step", PATIENCE));
        snprintf(pattern, sizeof pattern, "ht-a1.76-s0.1-n300-step*-%s.png", names[i]);
        char *path = only_file(pattern);
        vt_assert(t, path != NULL);
        sandbox_assert_ink(path, 600, 400);
        const sandbox_result *r = RUN("train", "--preset", path, "--steps", "5", "--quiet", "--json");
        assert_status(r, 0);
        assert_says(r->out, "\"noise.alpha\": 1.76");
        assert_says(r->out, "\"model.width\": 300");
        unlink(path);
        free(path);
        vt_key(t, "Esc"); /* also takes the note away */
        vt_assert(t, vt_wait_gone(t, "saved ht-", PATIENCE));
    }
}

static void two_exports_are_two_files(void **state)
{
    vt *t = open_paused(state);
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-", PATIENCE));
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "-2.png", PATIENCE));
    vt_assert(t, system("rm -f ht-*.png") == 0);
}

static void a_lab_with_a_run_directory_saves_it(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=300", "--run", "lab-run");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "Right");
    assert_title(t, "α 1.76 ");
    pause_lab(t);
    char step[32];
    snprintf(step, sizeof step, "\"step\":%ld,", sandbox_step(t));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    char *journal = sandbox_read("lab-run/journal.jsonl", NULL);
    assert_says(journal, "noise.alpha");
    assert_says(journal, step); /* the pause */
    free(journal);
    char *preset = sandbox_read("lab-run/preset.ini", NULL);
    assert_says(preset, "alpha = 1.76");
    free(preset);
    assert_true(sandbox_exists("lab-run/checkpoint.safetensors"));
    assert_status(RUN("snapshot", "lab-run", "--out", "lab-run.png"), 0);
}

/* ---- ends -------------------------------------------------------------------------------------- */

static void assert_ends(vt *t, int status)
{
    int ended = vt_exit(t, PATIENCE);
    if (ended != status) fail_msg("ended with %d, not %d", ended, status);
    if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
}

static void q_quits_and_restores_the_terminal(void **state)
{
    vt *t = open_lab(state);
    assert_true(vt_alternate_screen(t));
    assert_true(vt_mode(t, 1002));
    vt_key(t, "q");
    assert_ends(t, 0);
    vt_teardown(state);
    t = open_lab(state);
    vt_key(t, "?");
    vt_key(t, "q"); /* from any view */
    assert_ends(t, 0);
}

static void signals_end_it_cleanly(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    vt *t = open_lab(state);
    vt_key(t, "C-c");
    assert_ends(t, 0);
    vt_teardown(state);
    t = open_lab(state);
    vt_send(t, "\034"); /* Ctrl-backslash: SIGQUIT */
    assert_ends(t, 0);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        vt_teardown(state);
        t = open_lab(state);
        vt_signal(t, signals[i]);
        assert_ends(t, 0);
    }
}

/* What no program can do for itself its guard does. */
static void a_kill_restores_the_terminal(void **state)
{
    vt *t = open_lab(state);
    vt_signal(t, SIGKILL);
    assert_int_equal(vt_exit(t, PATIENCE), 128 + SIGKILL);
    vt_assert(t, vt_wait_text(t, "was killed; the terminal is restored", PATIENCE));
    vt_assert(t, vt_restored(t));
    vt_teardown(state);
}

static void a_crash_restores_the_terminal(void **state)
{
    static const int signals[] = {SIGSEGV, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        vt *t = open_lab(state);
        vt_signal(t, signals[i]);
        assert_ends(t, 128 + signals[i]);
        vt_assert(t, vt_wait_text(t, "crashed", PATIENCE));
        vt_teardown(state);
    }
}

static bool has_terminal(vt *t, void *context)
{
    (void)context;
    return vt_mode(t, 1002) && vt_mode(t, 1006) && vt_alternate_screen(t) && !vt_cursor(t, NULL, NULL);
}

static void stopped_it_leaves_the_terminal_to_the_shell(void **state)
{
    char *script = "set -m; \"$H\" --set model.width=300; echo now it is stopped; read line; fg >/dev/null; "
                   "echo it has ended with $?";
    vt *t = vt_start(COLUMNS, ROWS, NULL, (char *[]){"sh", "-c", script, NULL}, NULL);
    *state = t;
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "C-z");
    vt_assert(t, vt_wait_text(t, "now it is stopped", PATIENCE));
    static const int modes[] = {1000, 1002, 1006, 1049, 1};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (vt_mode(t, modes[i])) fail_msg("mode %d is on while it is stopped", modes[i]);
    assert_true(vt_cursor(t, NULL, NULL));
    vt_resize(t, 80, 24);
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "running", PATIENCE));
    vt_assert(t, vt_wait(t, has_terminal, NULL, PATIENCE));
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    long step = sandbox_step(t);
    vt_assert(t, sandbox_wait_step(t, step + 5, PATIENCE));
    vt_key(t, "q");
    vt_assert(t, vt_wait_text(t, "it has ended with 0", PATIENCE));
}

/* ---- sizes and haste --------------------------------------------------------------------------- */

static void a_storm_of_sizes_is_survived(void **state)
{
    unsigned random = 1;
    vt *t = open_lab(state);
    vt_resize(t, 20, 8);
    vt_assert(t, vt_wait_text(t, "needs 60 × 16", PATIENCE));
    for (int i = 0; i < 60; i++) {
        static const char *const keys[] = {"p", "z", "?", "Tab", "Esc", "Down", "l", "A"};
        random = random * 1664525 + 1013904223;
        int columns = 1 + (int)(random >> 8) % 200, rows = 1 + (int)(random >> 20) % 60;
        if (i == 0) columns = rows = 1;
        if (i == 1) columns = 200, rows = 60;
        vt_resize(t, columns, rows);
        vt_key(t, keys[i % 8]);
        vt_mouse(t, VT_PRESS, 1, columns - 1, 0);
        vt_mouse(t, VT_RELEASE, 1, columns - 1, 0);
        vt_pump(t, 12);
    }
    vt_resize(t, COLUMNS, ROWS);
    vt_key(t, "Esc");
    vt_key(t, "Esc");
    assert_dashboard(t);
    ht_layout layout =
        ht_layout_make(COLUMNS, ROWS, (ht_scene){.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS});
    long step = sandbox_step(t);
    vt_assert(t, step > 0);
    pause_lab(t);
    for (int i = 0; i < layout.count; i++) { /* no cell of another size's frame is left inside */
        ht_rect r = layout.place[i].area;
        for (int y = r.y; y < r.y + r.h; y++)
            vt_assert(t, vt_cell(t, r.x, y).chars[0] > ' ' && vt_cell(t, r.x + r.w - 1, y).chars[0] > ' ');
    }
    vt_key(t, "q");
    assert_ends(t, 0);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool row_is_chosen(vt *t, void *context)
{
    const char *row = vt_row(t, *(int *)context);
    return strstr(row, "▸") != NULL;
}

static void keys_show_while_a_wide_network_trains(void **state)
{
    enum { KEYS = 20 };
    double ms[KEYS];
    int alpha, sigma;
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=10000");
    vt_assert(t, sandbox_wait_step(t, 10, PATIENCE));
    vt_assert(t, vt_find(t, "stability", NULL, &alpha) && vt_find(t, "σ  scale", NULL, &sigma));
    for (int i = 0; i < KEYS; i++) {
        vt_pump(t, 30 + 7 * (i % 5));
        double start = sandbox_seconds();
        vt_key(t, i % 2 ? "Up" : "Down");
        vt_assert(t, vt_wait(t, row_is_chosen, i % 2 ? &alpha : &sigma, PATIENCE));
        ms[i] = 1e3 * (sandbox_seconds() - start);
    }
    qsort(ms, KEYS, sizeof ms[0], by_size);
    printf("lab: key to screen at n = 10 000: median %.1f ms, worst of %d %.1f ms\n", ms[KEYS / 2], KEYS,
           ms[KEYS - 1]);
    long step = sandbox_step(t);
    vt_assert(t, sandbox_wait_step(t, step + 2, PATIENCE)); /* and training went on */
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* e.g. '*seed*' */
    const struct CMUnitTest tests[] = {
        TEST(opens_with_all_panels_and_they_move),
        TEST(paused_nothing_moves_and_space_goes_on),
        TEST(a_single_step_is_one_step),
        TEST(reset_repeats_the_run_and_a_new_seed_does_not),
        TEST(divergence_pauses_with_its_reason),
        TEST(arrows_choose_and_change_controls),
        TEST(a_value_can_be_typed),
        TEST(noise_goes_off_and_comes_back),
        TEST(changes_are_undone_and_redone),
        TEST(a_change_shows_itself_in_every_view),
        TEST(the_pruning_panel_has_a_cursor),
        TEST(a_panel_can_be_zoomed),
        TEST(escape_twice_reaches_the_dashboard),
        TEST(axes_change_between_log_and_linear),
        TEST(help_lists_every_key),
        TEST(tab_moves_the_frame),
        TEST(symbols_go_round),
        TEST(sliders_are_dragged_clicked_and_rolled),
        TEST(a_click_chooses_a_panel_and_moves_the_pruning_cursor),
        TEST(the_exported_picture_reopens),
        TEST(two_exports_are_two_files),
        TEST(a_lab_with_a_run_directory_saves_it),
        TEST(q_quits_and_restores_the_terminal),
        TEST(signals_end_it_cleanly),
        TEST(a_crash_restores_the_terminal),
        TEST(a_kill_restores_the_terminal),
        TEST(stopped_it_leaves_the_terminal_to_the_shell),
        TEST(a_storm_of_sizes_is_survived),
        TEST(keys_show_while_a_wide_network_trains),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
