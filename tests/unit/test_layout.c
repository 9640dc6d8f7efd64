/* Guards the layout: at any size panels lie inside the screen and beside each other, and a click finds the
 * panel that is drawn there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "view/layout.h"
#include "view/scene.h"

enum { COLUMNS = 300, ROWS = 120 };

static ht_scene scene_of(int view, int focus)
{
    return (ht_scene){.view = (ht_view)view, .focus = (ht_panel_id)focus};
}

static bool apart(ht_rect a, ht_rect b)
{
    return a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
}

/* Everything lies on the screen, nothing on something else, each panel in one place. */
static void check(int columns, int rows, ht_scene scene)
{
    ht_layout layout = ht_layout_make(columns, rows, scene);
    bool too_small = columns < HT_LEAST_COLUMNS || rows < HT_LEAST_ROWS;
    if (layout.too_small != too_small) fail_msg("%d x %d: too_small is %d", columns, rows, layout.too_small);
    if (too_small) return;
    assert_in_range(layout.count, 1, HT_PANEL_COUNT);
    for (int i = -2; i < layout.count; i++) {
        ht_rect r = i == -2 ? layout.title : i == -1 ? layout.keys : layout.place[i].area;
        if (r.w < 1 || r.h < 1 || r.x < 0 || r.y < 0 || r.x + r.w > columns || r.y + r.h > rows)
            fail_msg("%d x %d view %d: place %d leaves the screen", columns, rows, scene.view, i);
        if (i >= 0 && r.y + r.h > layout.keys.y - scene.message)
            fail_msg("%d x %d view %d: place %d covers the message", columns, rows, scene.view, i);
        for (int k = -2; k < i; k++) {
            ht_rect other = k == -2 ? layout.title : k == -1 ? layout.keys : layout.place[k].area;
            if (!apart(r, other)) fail_msg("%d x %d view %d: %d lies on %d", columns, rows, scene.view, i, k);
            assert_true(k < 0 || layout.place[i].panel != layout.place[k].panel);
        }
        if (i < 0) continue;
        assert_int_equal(ht_layout_find(&layout, layout.place[i].panel), i);
        assert_int_equal(ht_layout_hit(&layout, r.x, r.y), layout.place[i].panel);
        assert_int_equal(ht_layout_hit(&layout, r.x + r.w - 1, r.y + r.h - 1), layout.place[i].panel);
    }
}

static void every_view_at_every_size(void **state)
{
    (void)state;
    for (int columns = 1; columns <= COLUMNS; columns++)
        for (int rows = 1; rows <= ROWS; rows++)
            for (int view = 0; view < HT_VIEW_COUNT; view++) {
                ht_scene scene = scene_of(view, (columns + rows) % HT_PANEL_COUNT);
                check(columns, rows, scene);
                scene.lesson = scene.focus != HT_PANEL_LESSON; /* which never has the frame */
                check(columns, rows, scene);
            }
}

static void presentations_and_messages_at_every_size(void **state)
{
    (void)state;
    for (int columns = 1; columns <= COLUMNS; columns++)
        for (int rows = 1; rows <= ROWS; rows++) {
            ht_scene scene = scene_of(HT_VIEW_DASHBOARD, (columns + rows) % (HT_PANEL_COUNT + 1));
            scene.present = true;
            scene.message = rows % 3;
            check(columns, rows, scene);
            scene.present = false;
            check(columns, rows, scene);
        }
}

/* The space of the dashboard is used whatever is hidden. */
static void any_choice_of_panels(void **state)
{
    (void)state;
    enum { PANELS = 10 }; /* of the dashboard */
    for (unsigned hidden = 0; hidden < (1u << PANELS) - 1; hidden++)
        for (int columns = HT_LEAST_COLUMNS; columns <= COLUMNS; columns += 29)
            for (int rows = HT_LEAST_ROWS; rows <= ROWS; rows += 13) {
                ht_scene scene = scene_of(HT_VIEW_DASHBOARD, HT_PANEL_LOSS);
                int covered = 0;
                scene.hidden = hidden;
                scene.turn = (int)hidden % 5;
                check(columns, rows, scene);
                ht_layout layout = ht_layout_make(columns, rows, scene);
                for (int i = 0; i < layout.count; i++) {
                    assert_false(hidden >> layout.place[i].panel & 1);
                    covered += layout.place[i].area.w * layout.place[i].area.h;
                }
                if (covered != columns * (rows - 2))
                    fail_msg("%d x %d hidden %x: %d cells are empty", columns, rows, hidden,
                             columns * (rows - 2) - covered);
            }
}

static void too_small_begins_exactly_below_the_limits(void **state)
{
    (void)state;
    for (int view = 0; view < HT_VIEW_COUNT; view++) {
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

/* Every chart of the dashboard is on the screen, or a key brings it there. */
static void every_chart_has_its_turn(void **state)
{
    (void)state;
    for (int columns = HT_LEAST_COLUMNS; columns <= COLUMNS; columns += 7)
        for (int rows = HT_LEAST_ROWS; rows <= ROWS; rows += 3) {
            unsigned seen = 0, first = 0;
            ht_scene scene = scene_of(HT_VIEW_DASHBOARD, HT_PANEL_LOSS);
            for (; scene.turn < 4; scene.turn++) {
                ht_layout layout = ht_layout_make(columns, rows, scene);
                for (int i = 0; i < layout.count; i++) seen |= 1u << layout.place[i].panel;
                if (scene.turn == 0) first = seen;
                if (scene.turn == 0)
                    assert_int_equal(ht_layout_turns(&layout, &scene), (seen & 0x33f) != 0x33f);
                assert_true(ht_layout_find(&layout, HT_PANEL_CONTROLS) >= 0);
            }
            if ((seen & 0x33f) != 0x33f) fail_msg("%d x %d: only %x in four turns", columns, rows, seen);
            if (columns >= 160 && rows >= 48) assert_int_equal(first & 0x3ff, 0x3ff);
        }
}

/* The right column: the history of κ and of the weights under the numbers of the moment, which keep their
 * rows. */
static void a_large_screen_uses_its_right_column(void **state)
{
    (void)state;
    for (int columns = 160; columns <= COLUMNS; columns++)
        for (int rows = 48; rows <= ROWS; rows++) {
            ht_layout layout = ht_layout_make(columns, rows, scene_of(HT_VIEW_DASHBOARD, HT_PANEL_LOSS));
            ht_rect now = layout.place[ht_layout_find(&layout, HT_PANEL_NOW)].area,
                    kappa = layout.place[ht_layout_find(&layout, HT_PANEL_KAPPA)].area,
                    heat = layout.place[ht_layout_find(&layout, HT_PANEL_HEAT)].area;
            assert_true(kappa.x == now.x && heat.x == now.x && kappa.y == now.y + now.h);
            assert_true(now.h >= 14 && kappa.h >= 10 && heat.h >= 10);
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

/* Whatever turn it is: a page says what to see in it. */
static void a_lesson_s_chart_is_on_the_screen(void **state)
{
    (void)state;
    static const int sizes[][2] = {{60, 16}, {80, 24}, {100, 30}, {120, 40}, {160, 48}, {200, 60}};
    static const ht_panel_id charts[] = {HT_PANEL_LOSS,  HT_PANEL_WEIGHTS, HT_PANEL_ACCURACY,
                                         HT_PANEL_NORMS, HT_PANEL_TAIL,    HT_PANEL_PRUNING};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t c = 0; c < sizeof charts / sizeof charts[0]; c++)
            for (int turn = 0; turn < 4; turn++) {
                ht_scene scene = {
                    .view = HT_VIEW_DASHBOARD, .focus = charts[c], .turn = turn, .lesson = true};
                ht_layout layout = ht_layout_make(sizes[s][0], sizes[s][1], scene);
                if (ht_layout_find(&layout, charts[c]) < 0)
                    fail_msg("%d x %d, turn %d: no place for panel %d", sizes[s][0], sizes[s][1], turn,
                             (int)charts[c]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_view_at_every_size),
        cmocka_unit_test(presentations_and_messages_at_every_size),
        cmocka_unit_test(any_choice_of_panels),
        cmocka_unit_test(too_small_begins_exactly_below_the_limits),
        cmocka_unit_test(a_view_shows_what_it_is_for),
        cmocka_unit_test(every_chart_has_its_turn),
        cmocka_unit_test(a_lesson_s_chart_is_on_the_screen),
        cmocka_unit_test(a_large_screen_uses_its_right_column),
        cmocka_unit_test(a_click_outside_hits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
