/* Guards what charts and forms look like at any size: nothing outside the panel, no labels into each other,
 * no spike or NaN lost, and the geometry that the mouse uses is the geometry that is drawn. */
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
#include "base/wrap.h"
#include "render/cells.h"
#include "render/draw/chart_layout.h"
#include "render/draw/draw.h"
#include "render/screen.h"
#include "view/scene.h"

static ht_cells *cells;
static ht_surface *s;
static ht_chart chart;
static ht_form form;

static void begin(int columns, int rows, ht_symbols symbols)
{
    ht_error err;
    assert_int_equal(ht_cells_begin(cells, columns, rows, symbols, &err), HT_OK);
    s = ht_cells_surface(cells);
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
    ht_chart_free(&chart);
    return 0;
}

static void put(char *to, size_t size, const char *text)
{
    ht_text_copy(to, size, text);
}

/* One of everything: each kind of series, marks, cursor, bad numbers, points far off. */
static void fill_chart(void)
{
    ht_chart_clear(&chart);
    put(chart.title, sizeof chart.title, "Loss");
    put(chart.hint, sizeof chart.hint, "log y");
    put(chart.note, sizeof chart.note, "12 weights beyond the axis");
    put(chart.x.label, sizeof chart.x.label, "step");
    put(chart.y.label, sizeof chart.y.label, "cross-entropy");
    chart.x.integer = chart.y.fixed = true;
    chart.y.low = 0.01;
    chart.y.high = 2;
    chart.y.scale = HT_SCALE_LOG;
    for (int kind = HT_MARK_LINE; kind <= HT_MARK_WHISKERS; kind++) {
        ht_series *series =
            ht_chart_add(&chart, (ht_mark_kind)kind, (ht_role)(HT_ROLE_TRAIN + kind), "train", 24);
        for (int i = 0; i < 24; i++) {
            series->x[i] = 500.0 * i;
            series->high[i] = exp(-i / 5.0) + 0.05 * kind;
            if (series->low) series->low[i] = series->high[i] * 0.8;
        }
        if (kind == HT_MARK_BARS) series->x[24] = 12000;
        series->high[5] = (double)INFINITY;
        series->high[6] = (double)NAN;
        series->high[7] = 1e300;
        series->high[8] = -1;
        series->x[9] = -1e12;
        put(series->value, sizeof series->value, "0.031");
    }
    ht_axis_fit(&chart.x, 0, 12000);
    ht_chart_mark(&chart, true, 6000, HT_ROLE_MARK, "σ 0.01→0.05");
    ht_chart_mark(&chart, true, 6100, HT_ROLE_MARK, "α 1.9→1.75");
    ht_chart_mark(&chart, false, 0.1, HT_ROLE_NOISE, "threshold");
    chart.cursor_on = true;
    chart.cursor_x = 4000;
    chart.readout_count = 3;
    for (int i = 0; i < 3; i++) put(chart.readout[i], sizeof chart.readout[i], "accuracy 0.975");
}

static ht_row *add_slider(const char *label, double position, double applied)
{
    ht_row *row = ht_form_add(&form, HT_ROW_SLIDER, HT_ROLE_NOISE, label, "%.3f", position);
    put(row->low, sizeof row->low, "0");
    put(row->high, sizeof row->high, "10");
    row->position = position;
    row->applied = applied;
    return row;
}

static void fill_form(void)
{
    memset(&form, 0, sizeof form);
    put(form.title, sizeof form.title, "Noise");
    put(form.hint, sizeof form.hint, "n");
    ht_form_add(&form, HT_ROW_CHOICE, HT_ROLE_NOISE, "type", "iid");
    add_slider("alpha", 0.75, 0.75)->selected = true;
    add_slider("sigma", 0.25, 0.9);
    ht_form_add(&form, HT_ROW_HEADING, HT_ROLE_TITLE, "Right now", NULL);
    ht_form_add(&form, HT_ROW_VALUE, HT_ROLE_TRAIN, "accuracy", "%s", "0.994");
    ht_form_add(&form, HT_ROW_KEY, HT_ROLE_TEXT, "Space",
                "pause or continue the run, whatever it is doing at the moment");
    ht_form_add(&form, HT_ROW_TEXT, HT_ROLE_DIM,
                "Noise is added after the update; a-word-that-is-far-too-long-for-any-panel.", NULL);
    ht_form_add(&form, HT_ROW_VALUE, HT_ROLE_TRAIN, "last", "%s", "1");
}

/* ---- size -------------------------------------------------------------------------------------- */

enum { MARGIN = 2, WIDEST = 130, HIGHEST = 45 };

static void draw_both(ht_rect area, bool is_chart)
{
    if (is_chart)
        ht_draw_chart(s, area, &chart, 0);
    else
        ht_draw_form(s, area, &form, 1);
}

static void check_stays_inside(int w, int h, ht_symbols symbols, bool is_chart)
{
    char sentinels[WIDEST + 2 * MARGIN + 1];
    ht_rect area = {MARGIN, MARGIN, w, h};
    begin(w + 2 * MARGIN, h + 2 * MARGIN, symbols);
    memset(sentinels, '@', sizeof sentinels - 1);
    sentinels[s->columns] = '\0';
    for (int y = 0; y < s->rows; y++)
        s->ops->text(s, 0, y, s->columns, HT_ALIGN_LEFT, HT_ROLE_GRID, 0, sentinels);
    draw_both(area, is_chart);
    for (int y = 0; y < s->rows; y++)
        for (int x = 0; x < s->columns; x++) {
            bool inside = x >= MARGIN && y >= MARGIN && x < MARGIN + w && y < MARGIN + h;
            if (!inside && ht_cells_at(cells, x, y).glyph != '@')
                fail_msg("%d x %d: drew at %d, %d", w, h, x - MARGIN, y - MARGIN);
        }
    assert_int_equal(s->clip.w, s->columns); /* the clip is put back */
}

static void every_size_stays_inside_its_panel(void **state)
{
    (void)state;
    fill_chart();
    fill_form();
    for (int h = 0; h <= HIGHEST; h++)
        for (int w = 0; w <= WIDEST; w++) {
            ht_symbols symbols = (ht_symbols)((w + h) % 3);
            check_stays_inside(w, h, symbols, true);
            check_stays_inside(w, h, symbols, false);
        }
    begin(300, 120, HT_SYMBOLS_BRAILLE);
    draw_both((ht_rect){0, 0, 300, 120}, true);
    draw_both((ht_rect){-40, -20, 90, 50}, true); /* partly off the screen */
    draw_both((ht_rect){290, 110, 90, 50}, false);
    ht_chart nothing = {0};
    for (int w = 0; w < 40; w++) ht_draw_chart(s, (ht_rect){0, 0, w, w / 2}, &nothing, 0);
}

/* ---- labels ------------------------------------------------------------------------------------ */

static bool is_label(const ht_chart_layout *l, const char *word, const char *x_label)
{
    for (int i = 0; i < l->x_count; i++)
        if (strcmp(l->x_ticks[i].label, word) == 0) return true;
    return strcmp(word, x_label) == 0;
}

/* Between the frame's sides, the row of tick labels holds whole labels with blanks between them, nothing
 * else. */
static void check_tick_row(ht_rect area)
{
    char row[2048], *rest = NULL;
    ht_chart_layout l;
    ht_chart_layout_make(&l, area, &chart);
    if (!l.x_labels) return;
    ht_cells_row(cells, l.plot.y + l.plot.h + 1, row, sizeof row, 0);
    row[strlen(row) - strlen("│")] = '\0';
    for (char *word = strtok_r(row + strlen("│"), " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!is_label(&l, word, chart.x.label))
            fail_msg("%d x %d: \"%s\" is not a label", area.w, area.h, word);
}

static void x_tick_labels_do_not_touch(void **state)
{
    (void)state;
    static const double ranges[][2] = {{0, 1},     {0, 12430},    {1e-4, 1e5},
                                       {0.02, 30}, {-3e-5, 2e-5}, {123456, 123457}};
    for (int i = 0; i < 12; i++)
        for (int w = 20; w <= 120; w++) {
            ht_chart_clear(&chart);
            put(chart.x.label, sizeof chart.x.label, "step");
            chart.x.scale = i >= 6 ? HT_SCALE_LOG : HT_SCALE_LINEAR;
            ht_axis_fit(&chart.x, ranges[i % 6][0], ranges[i % 6][1]);
            ht_axis_fit(&chart.y, 0, 1);
            ht_rect area = {0, 0, w, 12};
            begin(w, 12, HT_SYMBOLS_BRAILLE);
            ht_draw_chart(s, area, &chart, 0);
            check_tick_row(area);
        }
}

static void y_tick_labels_stand_on_their_own_rows(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int h = 6; h <= 45; h++) {
            ht_chart_layout l;
            ht_chart_clear(&chart);
            chart.y.scale = i ? HT_SCALE_LOG : HT_SCALE_LINEAR;
            ht_axis_fit(&chart.y, 0.0003, 0.7);
            ht_axis_fit(&chart.x, 0, 1);
            ht_rect area = {0, 0, 60, h};
            begin(60, h, HT_SYMBOLS_BRAILLE);
            ht_draw_chart(s, area, &chart, 0);
            ht_chart_layout_make(&l, area, &chart);
            int labelled = 0;
            for (int y = l.plot.y; y < l.plot.y + l.plot.h; y++) {
                char row[512], word[32] = "";
                ht_cells_row(cells, y, row, sizeof row, 0);
                sscanf(row + strlen("│"), " %31s", word); /* a label, or the axis */
                if (strncmp(word, "┤", 3) == 0 || strncmp(word, "│", 3) == 0) word[0] = '\0';
                bool known = word[0] == '\0';
                for (int k = 0; k < l.y_count; k++) known = known || strcmp(word, l.y_ticks[k].label) == 0;
                if (!known) fail_msg("h %d: \"%s\" is not a label", h, word);
                labelled += word[0] != '\0';
            }
            assert_true(labelled >= (l.plot.h >= 3 ? 2 : 1));
        }
}

static int find_text(const char *text, int *row_found)
{
    int count = 0;
    for (int y = 0; y < s->rows; y++) {
        char row[2048];
        ht_cells_row(cells, y, row, sizeof row, 0);
        for (const char *at = row; (at = strstr(at, text)) != NULL; at++, count++)
            if (row_found) *row_found = y;
    }
    return count;
}

static void mark_labels_keep_apart(void **state)
{
    (void)state;
    ht_chart_clear(&chart);
    ht_axis_fit(&chart.x, 0, 100);
    ht_axis_fit(&chart.y, 0, 1);
    ht_chart_mark(&chart, true, 50, HT_ROLE_MARK, "first");
    ht_chart_mark(&chart, true, 51, HT_ROLE_MARK, "second");
    ht_chart_mark(&chart, true, 52, HT_ROLE_MARK, "third");
    ht_chart_mark(&chart, false, 0.5, HT_ROLE_MARK, "level");
    begin(80, 20, HT_SYMBOLS_BRAILLE);
    ht_draw_chart(s, (ht_rect){0, 0, 80, 20}, &chart, 0);
    static const char *const labels[] = {"first", "second", "third", "level"};
    for (int i = 0; i < 4; i++) assert_int_equal(find_text(labels[i], NULL), 1);
}

/* The number at the left edge or below the plot is that of the tick that it stands at. */
static void check_x_labels(const ht_chart_layout *l, ht_rect area)
{
    int y = l->plot.y + l->plot.h + 1;
    for (int i = 0; l->x_labels && i < l->x_count; i++) {
        const ht_tick *tick = &l->x_ticks[i];
        int at = (int)floor(ht_plot_x(l, tick->value)), from = at, to = at;
        char word[64] = "";
        size_t used = 0;
        if (!tick->major || ht_cells_at(cells, at, y).glyph <= ' ') continue;
        while (from > 1 && ht_cells_at(cells, from - 1, y).glyph > ' ') from--;
        while (to < area.w - 1 && ht_cells_at(cells, to, y).glyph > ' ') to++;
        for (int x = from; x < to; x++) used += ht_utf8_encode(ht_cells_at(cells, x, y).glyph, word + used);
        word[used] = '\0';
        if (strcmp(word, tick->label) != 0)
            fail_msg("%d x %d: \"%s\" stands at the tick of %s", area.w, area.h, word, tick->label);
    }
}

static void check_y_labels(const ht_chart_layout *l, ht_rect area)
{
    for (int y = l->plot.y; y < l->plot.y + l->plot.h; y++) {
        char row[1024], word[32] = "";
        bool known = false;
        ht_cells_row(cells, y, row, sizeof row, 0);
        sscanf(row + strlen("│"), " %31s", word);
        if ((unsigned char)word[0] >= 0x80 || word[0] == '\0') continue; /* the axis */
        for (int k = 0; k < l->y_count; k++)
            known = known || ((int)floor(ht_plot_y(l, l->y_ticks[k].value)) == y &&
                              strcmp(word, l->y_ticks[k].label) == 0);
        if (!known) fail_msg("%d x %d: \"%s\" stands in another row than its tick", area.w, area.h, word);
    }
}

static void numbers_stand_at_their_ticks(void **state)
{
    static const double ranges[][2] = {{0, 1}, {0, 417}, {0.003, 30}, {80, 12500}, {0, 1.7}, {0.1, 200}};
    (void)state;
    for (int i = 0; i < 12; i++)
        for (int w = 20; w <= 60; w++)
            for (int h = 6; h <= 16; h += 2) {
                ht_chart_layout l;
                ht_chart_clear(&chart);
                const double *range = ranges[i % 6];
                bool log = i >= 6 && range[0] > 0;
                chart.x = (ht_axis){.scale = log ? HT_SCALE_LOG : HT_SCALE_LINEAR,
                                    .low = range[0],
                                    .high = range[1],
                                    .integer = range[1] > 100 && !log,
                                    .fixed = true};
                chart.y = (ht_axis){.scale = log ? HT_SCALE_LOG : HT_SCALE_LINEAR,
                                    .low = range[0],
                                    .high = range[1],
                                    .fixed = true};
                ht_rect area = {0, 0, w, h};
                begin(w, h, HT_SYMBOLS_BRAILLE);
                ht_draw_chart(s, area, &chart, 0);
                ht_chart_layout_make(&l, area, &chart);
                check_x_labels(&l, area);
                check_y_labels(&l, area);
            }
}

/* Nine curves of which the legend has room for some: the others are not drawn, those are. */
static void curves_without_a_name_are_left_out(void **state)
{
    (void)state;
    for (int w = 30; w <= 120; w += 15) {
        int drawn = 0, named = 0;
        ht_chart_clear(&chart);
        chart.named_only = true;
        for (int k = 0; k < 9; k++) {
            char name[16];
            snprintf(name, sizeof name, "curve-%d", k);
            ht_series *line = ht_chart_add(&chart, HT_MARK_LINE, (ht_role)(HT_ROLE_TRAIN + k), name, 2);
            line->x[0] = 0, line->x[1] = 10, line->high[0] = line->high[1] = k;
        }
        ht_chart_fit(&chart);
        begin(w, 24, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, w, 24}, &chart, 0);
        ht_chart_layout l;
        ht_chart_layout_make(&l, (ht_rect){0, 0, w, 24}, &chart);
        for (int k = 0; k < 9; k++) {
            ht_cell cell = ht_cells_at(cells, l.plot.x + l.plot.w / 2, (int)floor(ht_plot_y(&l, k)));
            bool there = cell.role == chart.series[k].role && cell.glyph > ' ',
                 told = find_text(chart.series[k].name, NULL) == 1;
            if (there != told) fail_msg("width %d: curve %d is %s", w, k, there ? "nameless" : "missing");
            drawn += there, named += told;
        }
        assert_true(drawn == named && named > 0 && (w > 30 || named < 9));
    }
}

/* Two curves all over the plot, and the read-out of them: long lines, and the same in brief. */
static void fill_read_chart(int lines)
{
    static const char *const brief[] = {"step 152", "train 0.2094 nats", "test 0.3163 nats"};
    ht_chart_clear(&chart);
    put(chart.title, sizeof chart.title, "Loss");
    put(chart.note, sizeof chart.note, "line median");
    put(chart.x.label, sizeof chart.x.label, "step");
    for (int k = 0; k < 2; k++) {
        ht_series *line =
            ht_chart_add(&chart, HT_MARK_LINE, k ? HT_ROLE_TEST : HT_ROLE_TRAIN, k ? "test" : "train", 60);
        for (int i = 0; i < 60; i++) line->x[i] = 10 * i, line->high[i] = (i + 7 * k) % 13;
        put(line->value, sizeof line->value, "0.271");
    }
    ht_chart_fit(&chart);
    chart.cursor_on = true;
    chart.cursor_x = 152;
    chart.readout_count = lines;
    for (int i = 0; i < lines; i++) {
        snprintf(chart.readout[i], sizeof chart.readout[i], "%s (10–90 %%: 0.0750 … 0.341)", brief[i]);
        put(chart.brief[i].text, sizeof chart.brief[i].text, brief[i]);
    }
}

/* Rows come before the note, and those without room are counted; no mark of theirs stands in another row. */
static void rows_without_room_are_counted(void **state)
{
    enum { COUNT = 9, WIDTH = 60 };
    (void)state;
    for (int h = 8; h <= 16; h++) {
        char name[24], more[40];
        ht_chart_clear(&chart);
        ht_text_copy(chart.title, sizeof chart.title, "Needed");
        ht_text_copy(chart.note, sizeof chart.note,
                     "a dot a seed, stroke: the median of five seeds, and more to say");
        chart.x = (ht_axis){.low = 0, .high = 1, .fixed = true, .label = "share"};
        for (int i = 0; i < COUNT; i++) {
            snprintf(name, sizeof name, "method-%d", i);
            ht_series *dot = ht_chart_add(&chart, HT_MARK_POINTS, HT_ROLE_TEXT, "", 1);
            dot->x[0] = 0.5, dot->high[0] = ht_chart_add_row(&chart, HT_ROLE_TEXT, name, "5 %");
        }
        begin(WIDTH, h, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, WIDTH, h}, &chart, 0);
        int shown = find_text("method-", NULL);
        snprintf(more, sizeof more, "%d more: no room here", COUNT - shown);
        assert_int_equal(find_text(more, NULL), shown < COUNT);
        assert_int_equal(find_text("\u25bc", NULL), 0);
        assert_int_equal(shown, h - 4 < COUNT ? h - 4 : COUNT); /* borders, axis, its labels */
        if (h - 5 >= COUNT) assert_int_equal(find_text("a dot a seed", NULL), 1);
    }
}

static void a_small_plots_read_out_hides_no_curve(void **state)
{
    static ht_cell bare[16][60];
    (void)state;
    for (int w = 34; w <= 48; w++)
        for (int h = 9; h <= 13; h++) {
            ht_chart_layout l;
            ht_rect area = {0, 0, w, h};
            for (int pass = 0; pass < 2; pass++) {
                fill_read_chart(pass ? 3 : 0);
                begin(w, h, HT_SYMBOLS_BRAILLE);
                ht_draw_chart(s, area, &chart, 0);
                ht_chart_layout_make(&l, area, &chart);
                for (int y = l.plot.y; y < l.plot.y + l.plot.h; y++)
                    for (int x = l.plot.x; x < l.plot.x + l.plot.w; x++) {
                        ht_cell cell = ht_cells_at(cells, x, y);
                        if (pass == 0)
                            bare[y][x] = cell;
                        else if (cell.glyph != bare[y][x].glyph)
                            fail_msg("%d x %d: the read-out covers %d, %d", w, h, x, y);
                    }
            }
            for (int i = 0; i < 3; i++)
                if (find_text(chart.brief[i].text, NULL) != 1)
                    fail_msg("%d x %d: \"%s\" is not there", w, h, chart.brief[i].text);
        }
    begin(120, 40, HT_SYMBOLS_BRAILLE); /* there is room for the box */
    ht_draw_chart(s, (ht_rect){0, 0, 120, 40}, &chart, 0);
    assert_int_equal(find_text("test 0.3163 nats (10–90 %: 0.0750 … 0.341)", NULL), 1);
}

/* A note loses whole parts, and says so. */
static void a_long_note_ends_with_a_part(void **state)
{
    (void)state;
    for (int w = 30; w <= 100; w++) {
        fill_read_chart(0);
        put(chart.note, sizeof chart.note,
            "a dot: a run of 300 steps; predicted: quartiles; fit: to the medians");
        begin(w, 16, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, w, 16}, &chart, 0);
        int parts = find_text("a dot: a run of 300 steps", NULL) + find_text("; predicted: quartiles", NULL) +
                    find_text("; fit: to the medians", NULL);
        assert_true(parts > 0);
        assert_int_equal(find_text("predicted", NULL) + find_text("fit", NULL), parts - 1);
        assert_int_equal(find_text("…", NULL), parts < 3);
    }
}

/* What is beyond the scale has a mark in its column, also a weight that no point of the line stands for. */
static void giant_weights_are_marked(void **state)
{
    static float weights[600];
    static ht_gallery g;
    (void)state;
    for (int at = 0; at < 600; at += 7) {
        memset(weights, 0, sizeof weights);
        weights[at] = at % 2 ? -50 : 50;
        g = (ht_gallery){.width = 600, .height = 1, .count = 1, .scale = 1};
        g.item[0].value = weights;
        begin(40, 10, HT_SYMBOLS_BRAILLE);
        ht_draw_gallery(s, (ht_rect){0, 0, 40, 10}, &g, 0);
        assert_int_equal(find_text(at % 2 ? "▼" : "▲", NULL), 1);
        assert_int_equal(find_text(at % 2 ? "▲" : "▼", NULL), 0);
    }
}

/* A plot too small for them all tells the first, and how many more there are. */
static void a_read_out_counts_what_it_leaves_out(void **state)
{
    enum { LINES = 12 };
    bool cut = false, whole = false;
    (void)state;
    for (int w = 24; w <= 100; w += 4)
        for (int h = 6; h <= 24; h++) {
            char text[40];
            int shown = 0;
            fill_read_chart(1);
            chart.readout_count = LINES;
            for (int i = 0; i < LINES; i++) {
                snprintf(text, sizeof text, "ghost%02d=0.%d", i, 1000 + i);
                put(chart.readout[i], sizeof chart.readout[i], text);
                put(chart.brief[i].text, sizeof chart.brief[i].text, text);
            }
            begin(w, h, HT_SYMBOLS_BRAILLE);
            ht_chart_layout l;
            ht_chart_layout_make(&l, (ht_rect){0, 0, w, h}, &chart);
            ht_draw_chart(s, (ht_rect){0, 0, w, h}, &chart, 0);
            if (!l.axes) continue;
            for (int i = 0; i < LINES; i++) {
                snprintf(text, sizeof text, "ghost%02d=0.%d", i, 1000 + i);
                if (find_text(text, NULL) > 0 && i != shown++) fail_msg("%d x %d: not the first", w, h);
            }
            snprintf(text, sizeof text, "+%d", LINES - shown);
            if (shown < LINES && find_text(text, NULL) != 1)
                fail_msg("%d x %d: %d of %d values, and no \"%s\"", w, h, shown, LINES, text);
            cut = cut || (shown > 0 && shown < LINES), whole = whole || shown == LINES;
        }
    assert_true(cut && whole);
}

/* ---- data -------------------------------------------------------------------------------------- */

/* The user's labels: words where nothing is, else the number, which stands beside its tick, and no words on
 * another's tick. */
static void labels_stand_beside_their_ticks(void **state)
{
    (void)state;
    ht_chart_layout l;
    int row;
    begin(80, 16, HT_SYMBOLS_BLOCK);
    ht_chart_clear(&chart);
    chart = (ht_chart){.memory = chart.memory, .x = {.high = 100, .fixed = true, .integer = true}};
    chart.y = (ht_axis){.high = 1, .fixed = true};
    ht_series *series = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "train", 2);
    series->x[0] = 0, series->x[1] = 100, series->high[0] = series->high[1] = 1;
    ht_chart_label(&chart, 30, 1, "begun");
    ht_chart_label(&chart, 34, 2, "words that are far too long for the free columns beside their own tick");
    ht_chart_label(&chart, 70, 3, "done");
    ht_draw_chart(s, (ht_rect){0, 0, 80, 16}, &chart, 0);
    ht_chart_layout_make(&l, (ht_rect){0, 0, 80, 16}, &chart);
    int foot = l.plot.y + l.plot.h - 1;
    for (int i = 0; i < chart.mark_count; i++) {
        ht_cell tick = ht_cells_at(cells, (int)floor(ht_plot_x(&l, chart.marks[i].at)), foot);
        if (tick.glyph == ' ' || tick.glyph < 0x80) fail_msg("label %d has no tick", i + 1);
    }
    assert_true(find_text("3 done", &row) == 1 && row == foot);
    assert_true(find_text("1 begun", &row) == 1 && row >= foot - 1);
    assert_int_equal(find_text("words", NULL), 0);
    assert_int_equal(ht_cells_at(cells, (int)floor(ht_plot_x(&l, 70)) + 1, foot).glyph, '3');
    assert_int_equal(ht_cells_at(cells, (int)floor(ht_plot_x(&l, 34)) + 1, foot).glyph, '2');
}

static bool has_ink(int x, int y, ht_role role)
{
    ht_cell cell = ht_cells_at(cells, x, y);
    return cell.glyph > ' ' && cell.role == role;
}

static void a_spike_one_bucket_wide_stays_visible(void **state)
{
    (void)state;
    for (int w = 20; w <= 130; w++)
        for (int zoom = 1; zoom <= 4; zoom++) {
            ht_chart_clear(&chart);
            int n = w * zoom / 2, spike = n * 2 / 3;
            ht_series *series = ht_chart_add(&chart, HT_MARK_RANGE, HT_ROLE_TRAIN, "train", n);
            for (int i = 0; i < n; i++) {
                series->x[i] = i;
                series->low[i] = 0.01;
                series->high[i] = i == spike ? 10 : 0.012;
            }
            chart.y.scale = HT_SCALE_LOG;
            ht_chart_fit(&chart);
            ht_rect area = {0, 0, w, 14};
            begin(w, 14, (ht_symbols)(w % 3));
            ht_draw_chart(s, area, &chart, 0);
            ht_chart_layout l;
            ht_chart_layout_make(&l, area, &chart);
            int column = (int)floor(ht_plot_x(&l, spike)), bottom = (int)floor(ht_plot_y(&l, 0.01));
            for (int y = (int)floor(ht_plot_y(&l, 10)); y <= bottom; y++)
                if (!has_ink(column, y, HT_ROLE_TRAIN) && !has_ink(column - 1, y, HT_ROLE_TRAIN) &&
                    !has_ink(column + 1, y, HT_ROLE_TRAIN))
                    fail_msg("w %d: no ink in row %d", w, y);
        }
}

static void a_curve_has_no_gaps(void **state)
{
    (void)state;
    for (int n = 2; n <= 400; n += 7) {
        ht_chart_clear(&chart);
        ht_series *series = ht_chart_add(&chart, HT_MARK_RANGE, HT_ROLE_TRAIN, "train", n);
        for (int i = 0; i < n; i++) {
            series->x[i] = i;
            series->low[i] = sin(i * 12.0 / n);
            series->high[i] = series->low[i] + (i % 3 == 0 ? 0.3 : 0);
        }
        ht_chart_fit(&chart);
        ht_rect area = {0, 0, 70, 14}, plot = ht_draw_plot_area(area, &chart);
        begin(70, 14, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, area, &chart, 0);
        int last = plot.x + (int)(ht_axis_position(&chart.x, n - 1) * plot.w - 0.5);
        for (int x = plot.x; x <= last; x++) {
            bool found = false;
            for (int y = plot.y; y < plot.y + plot.h; y++) found = found || has_ink(x, y, HT_ROLE_TRAIN);
            if (!found) fail_msg("%d points: column %d is empty", n, x);
        }
    }
}

/* Two roles share a cell: the line keeps its own dots only, at most two cells high where it is level. */
static void a_line_over_an_envelope_stays_thin(void **state)
{
    (void)state;
    ht_chart_clear(&chart);
    ht_series *band = ht_chart_add(&chart, HT_MARK_RANGE, HT_ROLE_TRAIN, "train", 120);
    for (int i = 0; i < 120; i++) {
        band->x[i] = i;
        band->high[i] = 1;
    }
    ht_series *line = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TEST, "test", 120);
    for (int i = 0; i < 120; i++) {
        line->x[i] = i;
        line->high[i] = 0.5;
    }
    ht_chart_fit(&chart);
    ht_rect area = {0, 0, 70, 20}, plot = ht_draw_plot_area(area, &chart);
    begin(70, 20, HT_SYMBOLS_BRAILLE);
    ht_draw_chart(s, area, &chart, 0);
    for (int x = plot.x + 1; x < plot.x + plot.w - 1; x++) {
        int cells_high = 0, dots = 0;
        for (int y = plot.y; y < plot.y + plot.h; y++) {
            if (!has_ink(x, y, HT_ROLE_TEST)) continue;
            cells_high++;
            dots += __builtin_popcount(ht_cells_at(cells, x, y).glyph - 0x2800);
        }
        assert_int_equal(cells_high, 1);
        assert_int_equal(dots, 2); /* one in each half of the cell */
    }
}

static void a_lone_point_of_a_line_stands_out(void **state)
{
    (void)state;
    ht_chart_clear(&chart);
    ht_series *line = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_MMO, "mmo", 1);
    line->x[0] = 5;
    line->high[0] = 1.75;
    ht_axis_fit(&chart.x, 0, 10);
    ht_axis_fit(&chart.y, 1, 2.5);
    begin(60, 14, HT_SYMBOLS_BRAILLE);
    ht_draw_chart(s, (ht_rect){0, 0, 60, 14}, &chart, 0);
    assert_int_equal(find_text("▪", NULL), 1);
}

/* A guide and two lines; whatever the width, each is named once: in the legend, the guide else in the plot.
 */
static void what_the_legend_leaves_out_is_named_in_the_plot(void **state)
{
    (void)state;
    static const char *const names[] = {"injected α", "hill", "mmo"};
    int inside = 0;
    for (int w = 36; w <= 90; w += 3) {
        ht_chart_clear(&chart);
        ht_text_copy(chart.title, sizeof chart.title, "Tail index");
        for (int i = 0; i < 3; i++) {
            ht_series *line = ht_chart_add(&chart, HT_MARK_LINE, (ht_role)(HT_ROLE_NOISE + i), names[i], 2);
            line->x[1] = 10, line->high[0] = line->high[1] = 1.2 + 0.4 * i;
            line->dash = i ? HT_SOLID : HT_DOTTED;
            ht_text_copy(line->value, sizeof line->value, i ? "1.68 ± 0.07" : "1.2");
        }
        chart.x = (ht_axis){.low = 0, .high = 10, .fixed = true};
        chart.y = (ht_axis){.low = 1, .high = 2.5, .fixed = true};
        begin(w, 11, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, w, 11}, &chart, 0);
        ht_chart_layout l;
        ht_chart_layout_make(&l, (ht_rect){0, 0, w, 11}, &chart);
        for (int i = 0; i < 3; i++) {
            int row = -1;
            if (find_text(names[i], &row) != 1) fail_msg("%s is not named at width %d", names[i], w);
            inside += row >= l.plot.y;
        }
    }
    assert_true(inside > 0);
}

static void nan_and_inf_are_marked_where_they_are(void **state)
{
    (void)state;
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (int kind = 0; kind < 2; kind++)
        for (int b = 0; b < 3; b++) {
            ht_chart_clear(&chart);
            ht_series *series =
                ht_chart_add(&chart, kind ? HT_MARK_RANGE : HT_MARK_LINE, HT_ROLE_TRAIN, "train", 11);
            for (int i = 0; i < 11; i++) series->x[i] = i;
            series->high[4] = bad[b];
            ht_chart_fit(&chart);
            ht_rect area = {0, 0, 60, 14};
            begin(60, 14, HT_SYMBOLS_BRAILLE);
            ht_draw_chart(s, area, &chart, 0);
            ht_chart_layout l;
            ht_chart_layout_make(&l, area, &chart);
            ht_cell cell = ht_cells_at(cells, (int)floor(ht_plot_x(&l, 4)), l.plot.y);
            assert_int_equal(cell.glyph, 0xd7);
            assert_int_equal(cell.role, HT_ROLE_BAD);
            assert_int_equal(find_text("×", NULL), 1);
        }
}

static void values_beyond_a_fixed_axis_are_marked(void **state)
{
    (void)state;
    ht_chart_clear(&chart);
    ht_series *series = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TEST, "test", 3);
    for (int i = 0; i < 3; i++) {
        series->x[i] = i;
        series->high[i] = (i - 1) * 2 + 0.5; /* -1.5, 0.5, 2.5 */
    }
    chart.y.high = 1;
    chart.y.fixed = true;
    ht_chart_fit(&chart);
    ht_rect area = {0, 0, 60, 14}, plot = ht_draw_plot_area(area, &chart);
    begin(60, 14, HT_SYMBOLS_BRAILLE);
    ht_draw_chart(s, area, &chart, 0);
    ht_cell above = ht_cells_at(cells, plot.x + plot.w - 1, plot.y),
            below = ht_cells_at(cells, plot.x, plot.y + plot.h - 1);
    assert_int_equal(above.glyph, 0x25b2);
    assert_int_equal(above.role, HT_ROLE_TEST);
    assert_int_equal(below.glyph, 0x25bc);
}

static void curves_lie_in_the_plot_area_where_the_axis_says(void **state)
{
    (void)state;
    for (int w = 30; w < 100; w += 3) {
        ht_chart_clear(&chart);
        ht_series *series = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "train", 2);
        chart.x.fixed = chart.y.fixed = true;
        chart.x.high = chart.y.high = 1;
        series->x[0] = series->x[1] = 0.37;
        series->high[1] = 1;
        ht_rect area = {3, 2, w, 15}, plot = ht_draw_plot_area(area, &chart);
        begin(w + 6, 20, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, area, &chart, 0);
        int x = plot.x;
        while (x < plot.x + plot.w && !has_ink(x, plot.y + plot.h / 2, HT_ROLE_TRAIN)) x++;
        double value = ht_axis_value(&chart.x, (x - plot.x + 0.5) / plot.w);
        assert_true(fabs(value - 0.37) <= 0.8 / plot.w);
        assert_true(has_ink(x, plot.y, HT_ROLE_TRAIN) && has_ink(x, plot.y + plot.h - 1, HT_ROLE_TRAIN));
    }
}

/* ---- words ------------------------------------------------------------------------------------- */

static void small_panels_keep_the_values(void **state)
{
    (void)state;
    ht_chart_clear(&chart);
    put(chart.title, sizeof chart.title, "Loss");
    ht_series *series = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "train", 1);
    put(series->value, sizeof series->value, "0.031");
    for (int h = 1; h <= 30; h++) {
        begin(19, h, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, 19, h}, &chart, 0);
        assert_int_equal(find_text("train 0.031", NULL), 1);
    }
    for (int w = 30; w <= 130; w++) { /* and large ones show them exactly once */
        begin(w, 10, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, w, 10}, &chart, 0);
        assert_int_equal(find_text("train 0.031", NULL), 1);
    }
}

static void empty_charts_say_why(void **state)
{
    (void)state;
    int row;
    ht_chart_clear(&chart);
    put(chart.empty, sizeof chart.empty, "no data yet");
    ht_series *series = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "train", 3);
    for (int i = 0; i < 3; i++) series->high[i] = (double)NAN;
    begin(40, 11, HT_SYMBOLS_BRAILLE);
    ht_draw_chart(s, (ht_rect){0, 0, 40, 11}, &chart, 0);
    assert_int_equal(find_text("no data yet", &row), 1);
    assert_int_equal(row, 5);
    series->high[1] = 1;
    begin(40, 11, HT_SYMBOLS_BRAILLE);
    ht_draw_chart(s, (ht_rect){0, 0, 40, 11}, &chart, 0);
    assert_int_equal(find_text("no data yet", NULL), 0);
}

static void the_readout_stands_beside_the_cursor(void **state)
{
    (void)state;
    for (int i = 0; i <= 10; i++) {
        fill_chart();
        chart.cursor_x = chart.x.low + (chart.x.high - chart.x.low) * i / 10;
        ht_rect area = {0, 0, 90, 24};
        begin(90, 24, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, area, &chart, 0);
        assert_int_equal(find_text("accuracy 0.975", NULL), 3);
    }
}

static void notes_are_dim_or_warn(void **state)
{
    (void)state;
    fill_chart();
    for (int warn = 0; warn < 2; warn++) {
        int row;
        chart.warn = warn;
        begin(90, 24, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, 90, 24}, &chart, 0);
        assert_int_equal(find_text("12 weights beyond", &row), 1);
        assert_int_equal(ht_cells_at(cells, 2, row).role, warn ? HT_ROLE_WARNING : HT_ROLE_DIM);
    }
}

/* In the border beside the axis' label if both fit, else in a row inside; never lost, never twice. */
static void notes_find_a_place_at_any_width(void **state)
{
    (void)state;
    ht_chart_clear(&chart);
    put(chart.note, sizeof chart.note, "1 000 test samples");
    put(chart.x.label, sizeof chart.x.label, "fraction removed");
    ht_axis_fit(&chart.x, 0, 1);
    ht_axis_fit(&chart.y, 0, 1);
    for (int w = 24; w <= 100; w++) {
        int note, label;
        begin(w, 12, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(s, (ht_rect){0, 0, w, 12}, &chart, 0);
        assert_int_equal(find_text("1 000 test samples", &note), 1);
        assert_int_equal(find_text("fraction removed", &label), 1);
        assert_int_equal(label, 11);
        assert_int_equal(note, w < 43 ? 10 : 11);
    }
}

/* ---- forms ------------------------------------------------------------------------------------- */

static void check_form_rows(ht_rect area)
{
    for (int i = 0; i < form.count; i++) {
        ht_rect track, r = ht_draw_row_area(area, &form, i, &track);
        if (r.w == 0) continue;
        assert_true(r.x >= area.x && r.y >= area.y && r.x + r.w <= area.x + area.w &&
                    r.y + r.h <= area.y + area.h);
        if (form.rows[i].selected) assert_int_equal(ht_cells_at(cells, r.x, r.y).glyph, 0x25b8);
        if (form.rows[i].kind == HT_ROW_VALUE &&
            r.w >= 24) { /* the label's first letter within the first columns */
            int x = r.x;
            while (x < r.x + 3 && ht_cells_at(cells, x, r.y).glyph != (unsigned char)form.rows[i].label[0])
                x++;
            assert_true(x < r.x + 3);
        }
        if (track.w == 0) continue;
        assert_true(track.x >= r.x && track.x + track.w <= r.x + r.w && track.y >= r.y &&
                    track.y < r.y + r.h);
        assert_int_equal(ht_cells_at(cells, track.x, track.y).glyph, 0x251c);
        assert_int_equal(ht_cells_at(cells, track.x + track.w - 1, track.y).glyph, 0x2524);
        int handle = track.x + 1 + (int)floor(form.rows[i].position * (track.w - 3) + 0.5);
        assert_int_equal(ht_cells_at(cells, handle, track.y).glyph, 0x25cf);
    }
}

static void rows_are_where_the_mouse_finds_them(void **state)
{
    (void)state;
    fill_form();
    for (int h = 1; h <= 30; h++)
        for (int w = 6; w <= 80; w++)
            for (form.first = 0; form.first < form.count; form.first += 2) {
                ht_rect area = {1, 1, w, h};
                begin(w + 2, h + 2, HT_SYMBOLS_BRAILLE);
                ht_draw_form(s, area, &form, 0);
                check_form_rows(area);
            }
}

static void sliders_take_two_lines_if_there_is_room(void **state)
{
    (void)state;
    ht_rect track;
    fill_form();
    assert_int_equal(ht_draw_row_area((ht_rect){0, 0, 40, 30}, &form, 1, &track).h, 2);
    assert_true(track.w > 20);
    assert_int_equal(ht_draw_row_area((ht_rect){0, 0, 40, 10}, &form, 1, &track).h, 1);
    assert_true(track.w > 10);
    begin(40, 30, HT_SYMBOLS_BRAILLE);
    ht_draw_form(s, (ht_rect){0, 0, 40, 30}, &form, 0);
    assert_int_equal(find_text("○", NULL), 1); /* sigma: asked and applied differ */
    assert_int_equal(find_text("‹ iid ›", NULL), 1);
    assert_int_equal(find_text("├─ Right now ─", NULL), 1);
}

static void fields_of_a_table_end_at_their_stops(void **state)
{
    (void)state;
    begin(44, 5, HT_SYMBOLS_BRAILLE);
    memset(&form, 0, sizeof form);
    form.stop[0] = 20;
    form.stop[1] = 26;
    ht_form_add(&form, HT_ROW_TABLE, HT_ROLE_GOOD, "mmo\t1.75 ± 0.01\t–", "good");
    ht_form_add(&form, HT_ROW_TABLE, HT_ROLE_WARNING, "\tvalue\tk", "few points");
    ht_draw_form(s, (ht_rect){0, 0, 44, 5}, &form, 0);
    assert_int_equal(find_text("│  mmo      1.75 ± 0.01     –         good │", NULL), 1);
    assert_int_equal(find_text("│                 value     k   few points │", NULL), 1);
    ht_cell cell = ht_cells_at(cells, 41, 1);
    assert_true(cell.glyph == 'd' && cell.role == HT_ROLE_GOOD);
}

static void long_forms_say_that_there_is_more(void **state)
{
    (void)state;
    fill_form();
    begin(40, 7, HT_SYMBOLS_BRAILLE);
    ht_draw_form(s, (ht_rect){0, 0, 40, 7}, &form, 0);
    assert_int_equal(find_text("▾ more", NULL), 1);
    assert_int_equal(find_text("▴ more", NULL), 0);
    form.first = form.count - 1;
    begin(40, 7, HT_SYMBOLS_BRAILLE);
    ht_draw_form(s, (ht_rect){0, 0, 40, 7}, &form, 0);
    assert_int_equal(find_text("▾ more", NULL), 0);
    assert_int_equal(find_text("▴ more", NULL), 1);
}

static void wrapped_text_loses_no_word(void **state)
{
    (void)state;
    fill_form();
    for (int w = 24; w <= 90; w++) {
        begin(w, 30, HT_SYMBOLS_BRAILLE);
        ht_draw_form(s, (ht_rect){0, 0, w, 30}, &form, 0);
        static const char *const words[] = {"pause", "continue", "whatever", "moment", "added", "update;"};
        for (int i = 0; i < 6; i++) assert_int_equal(find_text(words[i], NULL), 1);
    }
}

/* ---- the whole screen -------------------------------------------------------------------------- */

static ht_model model;
static ht_screen screen;

static void draw_screen(int columns, int rows)
{
    ht_layout layout = ht_layout_make(columns, rows, ht_scene_of(&model, columns));
    begin(columns, rows, HT_SYMBOLS_BRAILLE);
    ht_screen_draw(&screen, s, &model, &layout);
}

static void begin_model(void)
{
    ht_params params;
    ht_params_init(&params);
    ht_model_init(&model, &params, 140, 2, "data");
}

/* The line of the test samples shows one value of a column; the highest of 5 000 is none of those. */
static void a_spike_of_the_test_loss_is_not_lost(void **state)
{
    (void)state;
    begin_model();
    for (int i = 0; i < 5000; i++) {
        double loss = i == 3210 ? 100 : 0.1;
        ht_sample step = {
            .kind = HT_SAMPLE_STEP, .step = (uint64_t)i, .loss = 0.1, .loss_min = 0.1, .loss_max = 0.1};
        ht_sample eval = {.kind = HT_SAMPLE_EVAL, .step = (uint64_t)i, .test_loss = loss};
        ht_model_sample(&model, &step);
        ht_model_sample(&model, &eval);
    }
    for (int w = 40; w <= 130; w++) {
        ht_rect area = {0, 0, w, 16};
        begin(w, 16, HT_SYMBOLS_BRAILLE);
        const ht_chart *loss = ht_screen_chart(&screen, s, &model, HT_PANEL_LOSS, area);
        ht_draw_chart(s, area, loss, 0);
        ht_chart_layout l;
        ht_chart_layout_make(&l, area, loss);
        bool beyond = ht_axis_position(&l.y, 100) > 1; /* then ▲ at the edge */
        int row = beyond ? l.plot.y : (int)floor(ht_plot_y(&l, 100)), found = 0;
        for (int x = l.plot.x; x < l.plot.x + l.plot.w; x++)
            found += has_ink(x, row, HT_ROLE_TEST) && (!beyond || ht_cells_at(cells, x, row).glyph == 0x25b2);
        assert_true(found >= 1);
    }
    ht_screen_free(&screen);
}

static void the_numbers_of_the_moment_stand_in_one_place(void **state)
{
    (void)state;
    begin_model();
    for (int columns = HT_LEAST_COLUMNS; columns <= 240; columns += 7)
        for (int rows = HT_LEAST_ROWS; rows <= 70; rows += 3) {
            draw_screen(columns, rows);
            int times = find_text(" Right now ", NULL);
            if (times > 1 || (times == 0 && rows >= 24)) fail_msg("%d x %d: %d times", columns, rows, times);
        }
    ht_screen_free(&screen);
}

static void messages_and_narrow_screens_leave_the_important_keys(void **state)
{
    (void)state;
    static const char *const words =
        "diverged at step 11: the training loss is NaN. The weights before it are kept; "
        "lower η or σ, then r resets";
    begin_model();
    for (int message = 0; message < 2; message++)
        for (int columns = HT_LEAST_COLUMNS; columns <= 160; columns++) {
            if (message) put(model.message, sizeof model.message, words);
            draw_screen(columns, 30);
            assert_int_equal(find_text("? help", NULL), 1);
            assert_int_equal(find_text("q quit", NULL), 1);
            if (message) assert_int_equal(find_text("resets", NULL), 1);
        }
    ht_screen_free(&screen);
}

/* Is each word of the text on these rows, whole? */
static void assert_words(const char *text, int first, int last)
{
    char words[HT_MESSAGE], rows[HT_MESSAGE_ROWS + 1][2048];
    put(words, sizeof words, text);
    for (int y = first; y <= last; y++) ht_cells_row(cells, y, rows[y - first], sizeof rows[0], 0);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        bool found = (int)ht_utf8_length(word) > s->columns - 2; /* it is broken, anywhere */
        for (int y = first; y <= last; y++) found = found || strstr(rows[y - first], word);
        if (!found) fail_msg("%d x %d: '%s' is not shown", s->columns, s->rows, word);
    }
}

/* Above the message all is as it would be on a screen that has so many rows less. */
static void assert_nothing_covered(const ht_layout *layout)
{
    static uint32_t glyphs[60][200];
    int columns = s->columns, rows = s->rows, free_rows = layout->message.h;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) glyphs[y][x] = ht_cells_at(cells, x, y).glyph;
    model.message[0] = '\0';
    draw_screen(columns, rows - free_rows);
    for (int y = 0; y < rows - 1 - free_rows; y++)
        for (int x = 0; x < columns; x++)
            if (ht_cells_at(cells, x, y).glyph != glyphs[y][x])
                fail_msg("%d x %d: cell %d, %d is covered", columns, rows, x, y);
}

static void check_message(const char *text, int columns, int rows)
{
    char shown[HT_MESSAGE];
    put(model.message, sizeof model.message, text);
    ht_layout layout = ht_layout_make(columns, rows, ht_scene_of(&model, columns));
    bool shortened = ht_bars_message(&model, columns, shown);
    draw_screen(columns, rows);
    assert_words(shown, layout.keys.y - layout.message.h, layout.keys.y);
    assert_in_range(layout.message.h, 0, HT_MESSAGE_ROWS);
    if (!shortened) assert_string_equal(shown, text);
    if (ht_utf8_length(text) < 200) assert_false(shortened);
    if (rows - layout.message.h >= HT_LEAST_ROWS) assert_nothing_covered(&layout);
}

/* In every view, as a note and as a warning. */
static void check_message_everywhere(const char *text)
{
    for (int which = 0; which < 2 * HT_VIEW_COUNT; which++) {
        begin_model();
        model.message_is_note = which % 2;
        model.view = (ht_view)(which / 2);
        for (int columns = HT_LEAST_COLUMNS; columns <= 160; columns += 20)
            for (int rows = HT_LEAST_ROWS; rows <= 40; rows += 8) check_message(text, columns, rows);
    }
}

static void messages_cover_no_panel_and_are_not_cut(void **state)
{
    (void)state;
    char path[HT_MESSAGE] = "", text[HT_MESSAGE];
    check_message_everywhere("symbols: block");
    check_message_everywhere("there is one hidden layer, and it is shown; model.layers makes more");
    check_message_everywhere(
        "ghost A: without noise, same seed, weights and batches; n ends it, O takes this run's noise");
    while (strlen(path) < 500) {
        for (int i = 0; i < 9; i++) strcat(path, "été-lab/");
        snprintf(text, sizeof text,
                 "%scheckpoint.safetensors: cannot write: No space left on device; make room, the next "
                 "checkpoint comes in 60 s",
                 path);
        check_message_everywhere(text);
    }
    ht_screen_free(&screen);
}

/* Of a text without end, too, the beginning is there, and what is left out is told. */
static void an_endless_message_keeps_its_beginning(void **state)
{
    (void)state;
    char shown[HT_MESSAGE];
    begin_model();
    for (size_t i = 0; i < HT_MESSAGE - 1; i++) model.message[i] = i % 10 == 9 ? ' ' : "abcdefghi"[i % 9];
    for (int columns = HT_LEAST_COLUMNS; columns <= 130; columns++) {
        assert_true(ht_bars_message(&model, columns, shown));
        assert_int_equal(ht_wrap_count(shown, columns - 2), HT_MESSAGE_ROWS);
        assert_memory_equal(shown, model.message, 200);
        assert_non_null(strstr(shown, "…"));
    }
}

static void a_screen_that_is_too_small_says_so(void **state)
{
    (void)state;
    begin_model();
    for (int columns = 1; columns <= 60; columns++)
        for (int rows = 1; rows < HT_LEAST_ROWS; rows++) {
            draw_screen(columns, rows);
            if (columns >= 7) assert_int_equal(find_text("60 × 16", NULL), 1);
        }
}

/* Panels that look the same are not drawn again: whatever happens, the screen is the one that a fresh
 * drawing makes. */
static void assert_as_fresh(ht_cells *kept, int columns, int rows)
{
    static ht_screen fresh;
    ht_layout layout = ht_layout_make(columns, rows, ht_scene_of(&model, columns));
    begin(columns, rows, HT_SYMBOLS_BRAILLE);
    ht_screen_draw(&fresh, s, &model, &layout);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            ht_cell a = ht_cells_at(kept, x, y), b = ht_cells_at(cells, x, y);
            if (a.glyph != b.glyph || a.role != b.role || a.attributes != b.attributes)
                fail_msg("cell %d, %d of %d x %d is not as a fresh one", x, y, columns, rows);
        }
    ht_screen_free(&fresh);
}

/* A frame on the kept screen; the terminal learns of every cell that it changes. */
static void draw_kept(ht_cells *kept, int columns, int rows)
{
    static ht_cell before[60][200];
    ht_error err;
    int from, to;
    ht_layout layout = ht_layout_make(columns, rows, ht_scene_of(&model, columns));
    for (int y = 0; y < 60; y++)
        for (int x = 0; x < 200; x++) before[y][x] = ht_cells_at(kept, x, y);
    assert_int_equal(ht_cells_resume(kept, columns, rows, HT_SYMBOLS_BRAILLE, &err), HT_OK);
    ht_screen_draw(&screen, ht_cells_surface(kept), &model, &layout);
    for (int y = 0; y < rows; y++) {
        ht_cells_touched(kept, y, &from, &to);
        for (int x = 0; x < columns; x++) {
            ht_cell a = before[y][x], b = ht_cells_at(kept, x, y);
            bool same = a.glyph == b.glyph && a.role == b.role && a.attributes == b.attributes;
            if (!same && (x < from || x >= to)) fail_msg("cell %d, %d has changed unnoticed", x, y);
        }
    }
}

static void a_screen_that_is_kept_is_as_a_fresh_one(void **state)
{
    (void)state;
    static ht_report report;
    ht_error err;
    ht_cells *kept = ht_cells_new(&err);
    int columns = 120, rows = 40;
    begin_model();
    srand(7);
    for (int i = 0; i < 3000; i++) {
        ht_sample step = {.kind = HT_SAMPLE_STEP, .step = (uint64_t)i + 1};
        step.loss = step.loss_min = step.loss_max = 1.0 / (1 + rand() % 9);
        int what = rand() % 40;
        if (what < 20) ht_model_sample(&model, &step);
        if (what == 20) {
            report.count++, report.step = model.step, report.left = 1;
            for (int k = 0; k < HT_ESTIMATORS; k++) report.tail.now[k].value = 1 + (rand() % 9) / 9.0;
            report.tail.looked = true, report.tail.step = model.step;
            ht_model_report(&model, &report);
        }
        if (what == 21) model.focus = (ht_panel_id)(rand() % (HT_PANEL_NOW + 1));
        if (what == 22)
            put(model.message, sizeof model.message,
                rand() % 2 ? "a note that has rows of its own where the keys leave it no room beside them"
                           : "");
        if (what == 22) model.message_is_note = rand() % 2;
        if (what == 23) model.view = (ht_view)(rand() % HT_VIEW_COUNT);
        if (what == 24) columns = 50 + rand() % 150, rows = 12 + rand() % 48;
        if (what == 25) model.hidden = (unsigned)rand() & 15u;
        if (what == 26) model.present = rand() % 3 == 0;
        if (what == 27) model.control = rand() % HT_CONTROLS;
        if (what == 28) model.timeline = rand() % 2;
        if (what >= 30) continue;
        draw_kept(kept, columns, rows);
        assert_as_fresh(kept, columns, rows);
    }
    ht_screen_free(&screen);
    ht_cells_free(kept);
    ht_model_clear(&model);
}

/* Which colour is negative: the scale in the title line has the colours of the pictures, from − to +; none
 * where there is no room for it. */
static void pictures_of_signs_have_a_scale(void **state)
{
    (void)state;
    static const float value[4] = {-1, 1, -0.5f, 0.5f};
    ht_error err;
    ht_cells *grid = ht_cells_new(&err);
    ht_gallery g = {
        .kind = HT_GALLERY_SIGNED, .width = 2, .height = 2, .scale = 1, .count = 1, .title = "Filters"};
    g.item[0].value = value;
    for (int kind = 0; kind < 2; kind++)
        for (int w = 12; w <= 60; w += 24) {
            int found = -1;
            g.kind = kind ? HT_GALLERY_SIZES : HT_GALLERY_SIGNED;
            assert_int_equal(ht_cells_begin(grid, 60, 8, HT_SYMBOLS_BRAILLE, &err), HT_OK);
            ht_draw_gallery(ht_cells_surface(grid), (ht_rect){0, 0, w, 8}, &g, 0);
            for (int x = 0; x + 10 < w && found < 0; x++)
                if (ht_cells_at(grid, x, 0).glyph == (kind ? '0' : 0x2212)) found = x;
            assert_int_equal(found >= 0, w > 30);
            for (int i = 0; i < 9 && found >= 0; i++) {
                ht_role wanted = kind ? ht_role_heat(i / 8.0) : ht_role_signed(i / 4.0 - 1);
                assert_int_equal(ht_cells_at(grid, found + 2 + i, 0).role, wanted);
            }
            if (found >= 0) assert_int_equal(ht_cells_at(grid, found + 12, 0).glyph, '+');
        }
    ht_cells_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_of_signs_have_a_scale),
        cmocka_unit_test(every_size_stays_inside_its_panel),
        cmocka_unit_test(x_tick_labels_do_not_touch),
        cmocka_unit_test(y_tick_labels_stand_on_their_own_rows),
        cmocka_unit_test(mark_labels_keep_apart),
        cmocka_unit_test(rows_without_room_are_counted),
        cmocka_unit_test(a_small_plots_read_out_hides_no_curve),
        cmocka_unit_test(a_read_out_counts_what_it_leaves_out),
        cmocka_unit_test(a_long_note_ends_with_a_part),
        cmocka_unit_test(giant_weights_are_marked),
        cmocka_unit_test(numbers_stand_at_their_ticks),
        cmocka_unit_test(curves_without_a_name_are_left_out),
        cmocka_unit_test(labels_stand_beside_their_ticks),
        cmocka_unit_test(a_spike_one_bucket_wide_stays_visible),
        cmocka_unit_test(a_curve_has_no_gaps),
        cmocka_unit_test(a_line_over_an_envelope_stays_thin),
        cmocka_unit_test(a_lone_point_of_a_line_stands_out),
        cmocka_unit_test(what_the_legend_leaves_out_is_named_in_the_plot),
        cmocka_unit_test(nan_and_inf_are_marked_where_they_are),
        cmocka_unit_test(values_beyond_a_fixed_axis_are_marked),
        cmocka_unit_test(curves_lie_in_the_plot_area_where_the_axis_says),
        cmocka_unit_test(small_panels_keep_the_values),
        cmocka_unit_test(empty_charts_say_why),
        cmocka_unit_test(the_readout_stands_beside_the_cursor),
        cmocka_unit_test(notes_are_dim_or_warn),
        cmocka_unit_test(notes_find_a_place_at_any_width),
        cmocka_unit_test(rows_are_where_the_mouse_finds_them),
        cmocka_unit_test(sliders_take_two_lines_if_there_is_room),
        cmocka_unit_test(fields_of_a_table_end_at_their_stops),
        cmocka_unit_test(long_forms_say_that_there_is_more),
        cmocka_unit_test(wrapped_text_loses_no_word),
        cmocka_unit_test(a_spike_of_the_test_loss_is_not_lost),
        cmocka_unit_test(the_numbers_of_the_moment_stand_in_one_place),
        cmocka_unit_test(messages_and_narrow_screens_leave_the_important_keys),
        cmocka_unit_test(messages_cover_no_panel_and_are_not_cut),
        cmocka_unit_test(an_endless_message_keeps_its_beginning),
        cmocka_unit_test(a_screen_that_is_too_small_says_so),
        cmocka_unit_test(a_screen_that_is_kept_is_as_a_fresh_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
