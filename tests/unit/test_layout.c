/* Guards the layout: at any size panels lie inside the screen and beside each other, and a click finds the
 * panel that is drawn there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "view/layout.h"

enum { COLUMNS = 300, ROWS = 120 };

/* Paints every rectangle into the cells; a cell painted twice is an overlap. */
static void check(int columns, int rows, ht_view view, ht_panel_id focus)
{
    static signed char cell[ROWS][COLUMNS];
    ht_layout layout = ht_layout_make(columns, rows, (ht_scene){.view = view, .focus = focus});
    bool too_small = columns < HT_LEAST_COLUMNS || rows < HT_LEAST_ROWS;
    if (layout.too_small != too_small) fail_msg("%d x %d: too_small is %d", columns, rows, layout.too_small);
    if (too_small) return;
    assert_in_range(layout.count, 1, HT_PANEL_COUNT);
    for (int y = 0; y < rows; y++) memset(cell[y], -1, (size_t)columns);
    for (int i = -2; i < layout.count; i++) {
        ht_rect r = i == -2 ? layout.title : i == -1 ? layout.keys : layout.place[i].area;
        if (r.w < 1 || r.h < 1 || r.x < 0 || r.y < 0 || r.x + r.w > columns || r.y + r.h > rows)
            fail_msg("%d x %d view %d: place %d leaves the screen", columns, rows, view, i);
        for (int y = r.y; y < r.y + r.h; y++)
            for (int x = r.x; x < r.x + r.w; x++) {
                if (cell[y][x] != -1)
                    fail_msg("%d x %d view %d: two panels at %d, %d", columns, rows, view, x, y);
                cell[y][x] = (signed char)(i < 0 ? 100 : layout.place[i].panel);
            }
    }
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            int expected = cell[y][x] == 100 ? -1 : cell[y][x];
            if (ht_layout_hit(&layout, x, y) != expected)
                fail_msg("%d x %d view %d: hit at %d, %d", columns, rows, view, x, y);
        }
    for (int panel = 0; panel < HT_PANEL_COUNT; panel++) {
        int at = ht_layout_find(&layout, (ht_panel_id)panel), times = 0;
        for (int i = 0; i < layout.count; i++) times += (int)layout.place[i].panel == panel;
        assert_true(times <= 1); /* a panel stands in one place */
        assert_true(times ? at >= 0 && (int)layout.place[at].panel == panel : at == -1);
    }
}

static void sweep(int from, int columns_step, int rows_step)
{
    for (int columns = from; columns <= COLUMNS; columns += columns_step)
        for (int rows = 1; rows <= ROWS; rows += rows_step)
            for (int view = HT_VIEW_DASHBOARD; view <= HT_VIEW_HELP; view++) {
                bool zoom = view == HT_VIEW_ZOOM && columns % 50 == 0;
                for (int focus = 0; focus < (zoom ? HT_PANEL_COUNT : 1); focus++)
                    check(columns, rows, (ht_view)view, (ht_panel_id)focus);
            }
}

static void panels_lie_inside_and_beside_each_other(void **state)
{
    (void)state;
    sweep(1, 7, 5); /* a coarse net of sizes, and every size where the layout changes */
    for (int columns = 55; columns <= COLUMNS; columns++)
        for (int rows = 14; rows <= 36; rows += columns > 165 ? 11 : 1)
            check(columns, rows, (ht_view)((columns + rows) % 4), HT_PANEL_TAIL);
    for (int rows = 14; rows <= ROWS; rows++)
        for (int view = 0; view < 4; view++)
            for (int columns = 60; columns <= 180; columns += 20)
                check(columns, rows, (ht_view)view, HT_PANEL_NOW);
}

static void too_small_begins_exactly_below_the_limits(void **state)
{
    (void)state;
    for (int view = HT_VIEW_DASHBOARD; view <= HT_VIEW_HELP; view++) {
        assert_false(
            ht_layout_make(HT_LEAST_COLUMNS, HT_LEAST_ROWS, (ht_scene){.view = (ht_view)view, .focus = 0})
                .too_small);
        assert_true(ht_layout_make(HT_LEAST_COLUMNS - 1, 500, (ht_scene){.view = (ht_view)view, .focus = 0})
                        .too_small);
        assert_true(
            ht_layout_make(500, HT_LEAST_ROWS - 1, (ht_scene){.view = (ht_view)view, .focus = 0}).too_small);
        assert_true(ht_layout_make(0, 0, (ht_scene){.view = (ht_view)view, .focus = 0}).too_small);
        assert_true(ht_layout_make(-5, -5, (ht_scene){.view = (ht_view)view, .focus = 0}).too_small);
    }
}

static void a_view_shows_what_it_is_for(void **state)
{
    (void)state;
    for (int columns = HT_LEAST_COLUMNS; columns <= COLUMNS; columns += 3)
        for (int rows = HT_LEAST_ROWS; rows <= ROWS; rows += 2) {
            ht_layout dash =
                ht_layout_make(columns, rows, (ht_scene){.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS});
            ht_layout pruning =
                ht_layout_make(columns, rows, (ht_scene){.view = HT_VIEW_PRUNING, .focus = HT_PANEL_LOSS});
            ht_layout help =
                ht_layout_make(columns, rows, (ht_scene){.view = HT_VIEW_HELP, .focus = HT_PANEL_LOSS});
            assert_true(ht_layout_find(&dash, HT_PANEL_LOSS) >= 0 &&
                        ht_layout_find(&dash, HT_PANEL_TAIL) >= 0);
            assert_true(ht_layout_find(&dash, HT_PANEL_PRUNING) >= 0);
            assert_true(ht_layout_find(&dash, HT_PANEL_CONTROLS) >= 0);
            assert_true(ht_layout_find(&pruning, HT_PANEL_PRUNING) >= 0);
            assert_true(ht_layout_find(&help, HT_PANEL_HELP) >= 0);
            for (int focus = 0; focus < HT_PANEL_COUNT; focus++) {
                ht_layout zoom = ht_layout_make(
                    columns, rows, (ht_scene){.view = HT_VIEW_ZOOM, .focus = (ht_panel_id)focus});
                assert_int_equal(zoom.count, 1);
                assert_int_equal(zoom.place[0].panel, focus);
            }
        }
}

static void a_click_outside_hits_nothing(void **state)
{
    (void)state;
    ht_layout layout = ht_layout_make(120, 40, (ht_scene){.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS});
    static const int outside[][2] = {{-1, 5}, {120, 5}, {5, -1}, {5, 40}, {5, 0}, {5, 39}, {100000, 100000}};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_int_equal(ht_layout_hit(&layout, outside[i][0], outside[i][1]), -1);
    assert_true(ht_layout_hit(&layout, 0, 1) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_lie_inside_and_beside_each_other),
        cmocka_unit_test(too_small_begins_exactly_below_the_limits),
        cmocka_unit_test(a_view_shows_what_it_is_for),
        cmocka_unit_test(a_click_outside_hits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
