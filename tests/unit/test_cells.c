/* Guards the terminal's surface: which dots a line sets, how high a bar is, what wins in a shared cell, pure
 * ASCII. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <string.h>
#include <wchar.h>

#include "render/cells.h"
#include "render/glyphs.h"

static ht_cells *cells;
static ht_surface *s;

static void begin(int columns, int rows, ht_symbols symbols)
{
    ht_error err;
    assert_int_equal(ht_cells_begin(cells, columns, rows, symbols, &err), HT_OK);
    s = ht_cells_surface(cells);
}

static void row_is(int row, const char *expected)
{
    char text[4096];
    ht_cells_row(cells, row, text, sizeof text, 0);
    assert_string_equal(text, expected);
}

static void line(double x0, double y0, double x1, double y1)
{
    s->ops->polyline(s, HT_ROLE_TRAIN, HT_SOLID, 2, (double[]){x0, x1}, (double[]){y0, y1});
}

static int setup(void **state)
{
    (void)state;
    ht_error err;
    cells = ht_cells_new(&err);
    return cells ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ht_cells_free(cells);
    return 0;
}

static void lines_set_known_dots(void **state)
{
    (void)state;
    begin(4, 1, HT_SYMBOLS_BRAILLE);
    line(0.25, 0.1, 3.75, 0.1);
    row_is(0, "⠉⠉⠉⠉");
    begin(4, 1, HT_SYMBOLS_BRAILLE);
    line(0.25, 0.9, 3.75, 0.9);
    row_is(0, "⣀⣀⣀⣀");
    begin(2, 1, HT_SYMBOLS_BRAILLE);
    line(0.25, 0.1, 0.25, 0.9);
    row_is(0, "⡇");
    begin(2, 1, HT_SYMBOLS_BRAILLE);
    line(0.25, 0.1, 1.9, 0.9); /* the diagonal of 4 × 4 dots */
    row_is(0, "⠑⢄");
    begin(2, 1, HT_SYMBOLS_BLOCK);
    line(0.25, 0.1, 1.9, 0.9);
    row_is(0, "▀▄");
}

static void a_single_point_is_a_dot_and_far_points_cost_nothing(void **state)
{
    (void)state;
    begin(3, 2, HT_SYMBOLS_BRAILLE);
    s->ops->polyline(s, HT_ROLE_TRAIN, HT_SOLID, 1, (double[]){1.6}, (double[]){0.6});
    row_is(0, " ⠠");
    line(-1e15, 1.6, 1e15, 1.6);
    row_is(1, "⠤⠤⠤");
    line(1, 1, (double)INFINITY, (double)NAN); /* not finite: nothing */
    row_is(0, " ⠠");
}

static void dotted_lines_differ(void **state)
{
    (void)state;
    begin(4, 1, HT_SYMBOLS_BRAILLE);
    s->ops->polyline(s, HT_ROLE_TRAIN, HT_DOTTED, 2, (double[]){0.25, 3.75}, (double[]){0.6, 0.6});
    row_is(0, "⠄⠄⠄⠄");
    begin(4, 1, HT_SYMBOLS_BRAILLE);
    s->ops->polyline(s, HT_ROLE_TRAIN, HT_LONG, 2, (double[]){0.25, 3.75}, (double[]){0.6, 0.6});
    row_is(0, "⠤⠤⠤");
}

static void bars_count_eighths(void **state)
{
    (void)state;
    static const char *const expected[] = {"▁", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    for (int eighths = 0; eighths <= 8; eighths++) {
        double h = eighths ? eighths / 8.0 : 1e-9; /* the least height still shows */
        begin(1, 2, HT_SYMBOLS_BRAILLE);
        s->ops->bar(s, HT_ROLE_WEIGHTS, 0, 2 - h, 1, h);
        row_is(0, "");
        row_is(1, expected[eighths]);
    }
    begin(1, 2, HT_SYMBOLS_BRAILLE);
    s->ops->bar(s, HT_ROLE_WEIGHTS, 0, 2 - 1.5, 1, 1.5);
    row_is(0, "▄");
    row_is(1, "█");
    begin(1, 1, HT_SYMBOLS_BRAILLE);
    s->ops->bar(s, HT_ROLE_WEIGHTS, 0, 1, 1, 0);
    row_is(0, "");
}

static void narrow_bars_show_the_highest(void **state)
{
    (void)state;
    begin(2, 1, HT_SYMBOLS_BRAILLE);
    for (int i = 0; i < 20; i++) {
        double h = i == 7 ? 1 : 0.25;
        s->ops->bar(s, HT_ROLE_WEIGHTS, i * 0.1, 1 - h, 0.1, h);
    }
    row_is(0, "█▂");
}

static void bars_side_by_side_leave_no_gap(void **state)
{
    (void)state;
    for (int bars = 1; bars <= 90; bars++) {
        begin(40, 1, HT_SYMBOLS_BRAILLE);
        for (int i = 0; i < bars; i++) s->ops->bar(s, HT_ROLE_WEIGHTS, 40.0 * i / bars, 0, 40.0 / bars, 1);
        for (int x = 0; x < 40; x++) assert_int_equal(ht_cells_at(cells, x, 0).glyph, 0x2588);
    }
}

static void later_lines_win_the_cell_and_lines_of_one_role_merge(void **state)
{
    (void)state;
    begin(2, 1, HT_SYMBOLS_BRAILLE);
    line(0.25, 0.1, 1.75, 0.1);
    line(1.25, 0.9, 1.75, 0.9);
    s->ops->polyline(s, HT_ROLE_TEST, HT_SOLID, 2, (double[]){0.25, 0.75}, (double[]){0.9, 0.9});
    row_is(0, "⣀⣉"); /* thin, and not the first line's dots in the second one's colour */
    assert_int_equal(ht_cells_at(cells, 0, 0).role, HT_ROLE_TEST);
}

static void layers_have_a_fixed_order(void **state)
{
    (void)state;
    begin(5, 1, HT_SYMBOLS_BRAILLE);
    line(0.25, 0.1, 1.75, 0.1);
    s->ops->band(s, HT_ROLE_MMO, 2, (double[]){0, 5}, (double[]){1, 1}, (double[]){0, 0});
    s->ops->bar(s, HT_ROLE_WEIGHTS, 2, 0, 1, 1);
    s->ops->rule(s, HT_ROLE_MARK, true, 3.5, 0, 3.5, 0.9);
    s->ops->text(s, 0, 0, 1, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "T");
    row_is(0, "T⠉█╎⢕");
}

static void frames_and_rules_join(void **state)
{
    (void)state;
    begin(6, 4, HT_SYMBOLS_BRAILLE);
    s->ops->frame(s, HT_ROLE_FRAME, (ht_rect){0, 0, 6, 4});
    s->ops->rule(s, HT_ROLE_FRAME, false, 0.5, 1.5, 5.5, 1.5);
    row_is(0, "╭────╮");
    row_is(1, "├────┤");
    row_is(2, "│    │");
    row_is(3, "╰────╯");
    begin(5, 3, HT_SYMBOLS_BRAILLE);
    s->ops->rule(s, HT_ROLE_AXIS, false, 0.5, 0, 0.5, 2.5);
    s->ops->rule(s, HT_ROLE_AXIS, false, 0.5, 2.5, 4.5, 2.5);
    s->ops->tick(s, HT_ROLE_AXIS, true, 0.5, 0.5);
    s->ops->tick(s, HT_ROLE_AXIS, false, 2.5, 2.5);
    row_is(0, "┤");
    row_is(1, "│");
    row_is(2, "└─┬──");
}

static void text_is_cut_with_an_ellipsis_and_aligned(void **state)
{
    (void)state;
    begin(12, 5, HT_SYMBOLS_BRAILLE);
    s->ops->text(s, 0, 0, 5, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "σ-value");
    s->ops->text(s, 0, 1, 9, HT_ALIGN_RIGHT, HT_ROLE_TEXT, 0, "right");
    s->ops->text(s, 0, 2, 9, HT_ALIGN_CENTER, HT_ROLE_TEXT, 0, "mid");
    s->ops->text(s, 10, 3, 9, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "over the edge");
    s->ops->text(s, 0, 4, 0, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "nothing");
    row_is(0, "σ-va…");
    row_is(1, "    right");
    row_is(2, "   mid");
    row_is(3, "          ov");
    row_is(4, "");
}

/* A wide character takes two columns, and none of it is left where the other half has gone. */
static void wide_characters_keep_the_columns(void **state)
{
    (void)state;
    begin(12, 1, HT_SYMBOLS_BRAILLE);
    assert_true(s->ops->measure(s, 0, "a学b") == 4);
    s->ops->text(s, 0, 0, 12, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "a学习b");
    s->ops->text(s, 6, 0, 6, HT_ALIGN_RIGHT, HT_ROLE_TEXT, 0, "習c");
    row_is(0, "a学习b   習c");
    assert_int_equal(ht_cells_at(cells, 9, 0).glyph, 0x7fd2);
    assert_int_equal(ht_cells_at(cells, 11, 0).glyph, 'c');
    s->ops->text(s, 2, 0, 1, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "x"); /* over the second half */
    s->ops->text(s, 3, 0, 1, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "y"); /* over the first */
    row_is(0, "a xy b   習c");
    begin(4, 2, HT_SYMBOLS_BRAILLE);
    s->ops->text(s, 0, 0, 4, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "学习学");
    row_is(0, "学 …"); /* half of the second one is no character */
    s->ops->text(s, 3, 1, 2, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "学");
    row_is(1, "");
    begin(8, 1, HT_SYMBOLS_ASCII);
    s->ops->text(s, 0, 0, 8, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "a学b");
    row_is(0, "a?b");
}

/* What the C library, and with it curses, calls wide is wide here: else the rest of a row would shift. */
static void no_wide_character_is_forgotten(void **state)
{
    (void)state;
    if (!setlocale(LC_CTYPE, "C.UTF-8")) skip();
    int wide = 0;
    for (uint32_t c = 0x80; c < 0x110000; c++) {
        if (wcwidth((wchar_t)c) != 2) continue;
        wide++;
        if (!ht_glyph_is_wide(c)) fail_msg("U+%04X", (unsigned)c);
    }
    assert_true(wide > 10000);
    assert_false(ht_glyph_is_wide('a') || ht_glyph_is_wide(0x3b1) || ht_glyph_is_wide(0x2502) ||
                 ht_glyph_is_wide(0x28ff) || ht_glyph_is_wide(HT_GLYPH_TAIL));
}

static void hostile_text_cannot_move_the_cursor(void **state)
{
    (void)state;
    begin(20, 1, HT_SYMBOLS_BRAILLE);
    s->ops->text(s, 0, 0, 20, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0,
                 "a\x1b[2Jb\n\xff\xe2\x80\xae"
                 "c\xe4\xb8\x80α\xcc\x82");
    row_is(0, "a?[2Jb?\xef\xbf\xbd"
              "c一α");
}

static void ascii_is_ascii(void **state)
{
    (void)state;
    begin(60, 12, HT_SYMBOLS_ASCII);
    for (int i = 0; i < 40; i++) line(i, i % 7, i + 3.3, (i * 5) % 11);
    s->ops->frame(s, HT_ROLE_FRAME, (ht_rect){40, 0, 20, 6});
    s->ops->rule(s, HT_ROLE_MARK, true, 50.5, 0, 50.5, 9);
    s->ops->slider(s, HT_ROLE_SLIDER, 40, 8, 18, 0.5, 0.8);
    s->ops->band(s, HT_ROLE_MMO, 2, (double[]){40, 60}, (double[]){11, 11}, (double[]){9, 9});
    s->ops->point(s, HT_ROLE_NORMS, 45, 9);
    for (int i = 0; i < 9; i++) s->ops->bar(s, HT_ROLE_WEIGHTS, 40 + i, 11 - i / 8.0, 1, i / 8.0);
    s->ops->text(s, 0, 11, 60, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0,
                 "α σ η κ ε² · … ─│╭╮╰╯ ● ← ↑ → ↓ 10⁻⁴ 2·10⁵ x³ ± ⠉ 一");
    row_is(11, "a s eta k e^2 . ... -|++++ * < ^ > v 1e-4 2.10^5 x^3 +- ' ?");
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 60; x++) assert_true(ht_cells_at(cells, x, y).glyph < 0x7f);
    begin(10, 1, HT_SYMBOLS_ASCII);
    s->ops->text(s, 0, 0, 8, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "heavytail lab");
    row_is(0, "heavy...");
}

static void tick_labels_are_as_long_in_ascii(void **state)
{
    (void)state;
    begin(10, 1, HT_SYMBOLS_ASCII);
    s->ops->text(s, 0, 0, 4, HT_ALIGN_LEFT, HT_ROLE_AXIS, 0, "10⁻⁴");
    row_is(0, "1e-4");
    assert_true(s->ops->measure(s, 0, "10⁵") == 3);
}

static void slider_shows_asked_and_applied(void **state)
{
    (void)state;
    begin(14, 3, HT_SYMBOLS_BRAILLE);
    s->ops->slider(s, HT_ROLE_SLIDER, 0, 0, 13, 0.5, 0.5);
    s->ops->slider(s, HT_ROLE_SLIDER, 0, 1, 13, 0, 1);
    s->ops->slider(s, HT_ROLE_SLIDER, 0, 2, 13, 1, 0.25);
    row_is(0, "├━━━━━●─────┤");
    row_is(1, "├●─────────○┤");
    row_is(2, "├━━━○━━━━━━●┤");
}

static void clip_and_erase_hold(void **state)
{
    (void)state;
    begin(8, 3, HT_SYMBOLS_BRAILLE);
    s->clip = (ht_rect){2, 1, 3, 1};
    for (int y = 0; y < 3; y++) s->ops->text(s, 0, y, 8, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "########");
    row_is(0, "");
    row_is(1, "  ###");
    s->ops->erase(s, (ht_rect){-5, -5, 8, 50});
    row_is(1, "   ##");
}

static void reversed_text_fills_its_width(void **state)
{
    (void)state;
    begin(8, 1, HT_SYMBOLS_BRAILLE);
    s->ops->text(s, 0, 0, 6, HT_ALIGN_LEFT, HT_ROLE_SELECTED, HT_REVERSE, "ab");
    assert_int_equal(ht_cells_at(cells, 5, 0).attributes, HT_REVERSE);
    assert_int_equal(ht_cells_at(cells, 6, 0).attributes, 0);
}

static void sizes_are_checked(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(ht_cells_begin(cells, 0, 5, HT_SYMBOLS_BRAILLE, &err), HT_FAIL);
    assert_int_equal(ht_cells_begin(cells, 5, 1001, HT_SYMBOLS_BRAILLE, &err), HT_FAIL);
    begin(1000, 1000, HT_SYMBOLS_BRAILLE);
    line(0, 0, 1000, 1000);
    assert_int_equal(ht_cells_at(cells, 999, 999).glyph & 0xff00, 0x2800);
    assert_int_equal(ht_cells_at(cells, 1000, 0).glyph, 0);
    char small[4];
    ht_cells_row(cells, 0, small, sizeof small, 0);
    assert_true(strlen(small) < sizeof small);
}

/* Its edges have the resolution of dots; without braille a cell is in it or not. */
static void a_band_is_as_fine_as_its_symbols(void **state)
{
    (void)state;
    const double x[] = {0, 4}, low[] = {2, 2}, high[] = {0, 1};
    begin(4, 2, HT_SYMBOLS_BRAILLE);
    s->ops->band(s, HT_ROLE_MMO, 2, x, low, high);
    row_is(0, "⢕⢄⢄");
    row_is(1, "⢕⢕⢕⢕");
    begin(4, 2, HT_SYMBOLS_BLOCK);
    s->ops->band(s, HT_ROLE_MMO, 2, x, low, high);
    row_is(0, "░░");
    row_is(1, "░░░░");
}

static void a_thin_band_hides_behind_its_own_line(void **state)
{
    (void)state;
    const double x[] = {0, 6}, low[] = {1.2, 1.2}, high[] = {1.1, 1.1};
    for (int role = HT_ROLE_TRAIN; role <= HT_ROLE_TEST; role++) {
        begin(6, 2, HT_SYMBOLS_BRAILLE);
        s->ops->band(s, (ht_role)role, 2, x, low, high);
        row_is(1, "⠁⠁⠁⠁⠁⠁");
        line(0.25, 0.9, 5.75, 0.9); /* in the row above; its role is TRAIN */
        row_is(0, "⣀⣀⣀⣀⣀⣀");
        row_is(1, role == HT_ROLE_TRAIN ? "" : "⠁⠁⠁⠁⠁⠁");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_band_is_as_fine_as_its_symbols),
        cmocka_unit_test(a_thin_band_hides_behind_its_own_line),
        cmocka_unit_test(lines_set_known_dots),
        cmocka_unit_test(a_single_point_is_a_dot_and_far_points_cost_nothing),
        cmocka_unit_test(dotted_lines_differ),
        cmocka_unit_test(bars_count_eighths),
        cmocka_unit_test(narrow_bars_show_the_highest),
        cmocka_unit_test(bars_side_by_side_leave_no_gap),
        cmocka_unit_test(later_lines_win_the_cell_and_lines_of_one_role_merge),
        cmocka_unit_test(layers_have_a_fixed_order),
        cmocka_unit_test(frames_and_rules_join),
        cmocka_unit_test(text_is_cut_with_an_ellipsis_and_aligned),
        cmocka_unit_test(wide_characters_keep_the_columns),
        cmocka_unit_test(no_wide_character_is_forgotten),
        cmocka_unit_test(hostile_text_cannot_move_the_cursor),
        cmocka_unit_test(ascii_is_ascii),
        cmocka_unit_test(tick_labels_are_as_long_in_ascii),
        cmocka_unit_test(slider_shows_asked_and_applied),
        cmocka_unit_test(clip_and_erase_hold),
        cmocka_unit_test(reversed_text_fills_its_width),
        cmocka_unit_test(sizes_are_checked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
