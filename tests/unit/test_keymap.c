/* Guards the table of keys: one meaning a key, every action reachable, words that fit the screen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/bars.h"
#include "view/keymap.h"
#include "view/panel.h"
#include "view/panels/panels.h"
#include "view/view.h"

static void no_key_has_two_meanings(void **state)
{
    (void)state;
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(keys[i].keys[0] != 0);
        for (int k = 0; k < 3; k++) {
            int key = keys[i].keys[k];
            if (key == 0) continue;
            if (ht_keymap_action(key) != keys[i].action)
                fail_msg("key %d (%s) has two meanings", key, keys[i].label);
            for (int other = k + 1; other < 3; other++) assert_true(keys[i].keys[other] != key);
        }
    }
}

static void every_action_has_one_row(void **state)
{
    (void)state;
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    int seen[HT_ACTION_COUNT] = {0};
    for (size_t i = 0; i < count; i++) seen[keys[i].action]++;
    assert_int_equal(seen[HT_DO_NOTHING], 0);
    for (int action = HT_DO_NOTHING + 1; action < HT_ACTION_COUNT; action++)
        if (seen[action] != 1) fail_msg("action %d stands %d times in the table", action, seen[action]);
}

static void a_key_without_a_meaning_does_nothing(void **state)
{
    (void)state;
    static const int none[] = {0, 1, 'J', '%', 0x3b1, 0x7f, 0x7fffffff, -1};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(ht_keymap_action(none[i]), HT_DO_NOTHING);
}

static void every_row_says_what_it_does(void **state)
{
    (void)state;
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(keys[i].label && keys[i].label[0]);
        assert_true(keys[i].help && strlen(keys[i].help) >= 4);
        assert_true(!keys[i].bar || keys[i].bar[0]);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(keys[i].label, keys[k].label);
    }
}

/* What the design promises to the user's fingers. */
static void the_promised_keys_work(void **state)
{
    (void)state;
    static const struct {
        int key;
        ht_action action;
    } promised[] = {{' ', HT_DO_PAUSE},
                    {'s', HT_DO_STEP},
                    {'r', HT_DO_RESET},
                    {'R', HT_DO_RESEED},
                    {HT_KEY_TAB, HT_DO_NEXT_PANEL},
                    {HT_KEY_UP, HT_DO_UP},
                    {HT_KEY_DOWN, HT_DO_DOWN},
                    {HT_KEY_LEFT, HT_DO_LESS},
                    {HT_KEY_RIGHT, HT_DO_MORE},
                    {HT_KEY_SHIFT_LEFT, HT_DO_MUCH_LESS},
                    {HT_KEY_SHIFT_RIGHT, HT_DO_MUCH_MORE},
                    {'=', HT_DO_TYPE},
                    {'n', HT_DO_TWIN},
                    {'O', HT_DO_NOISE},
                    {'L', HT_DO_LESSON},
                    {'p', HT_DO_PRUNING},
                    {'z', HT_DO_ZOOM},
                    {'e', HT_DO_EXPORT},
                    {'g', HT_DO_GHOST},
                    {'f', HT_DO_FREEZE},
                    {':', HT_DO_SETTING},
                    {'/', HT_DO_SEARCH},
                    {'u', HT_DO_UNDO},
                    {'U', HT_DO_REDO},
                    {'?', HT_DO_HELP},
                    {HT_KEY_ESCAPE, HT_DO_BACK},
                    {'q', HT_DO_QUIT}};
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++)
        assert_int_equal(ht_keymap_action(promised[i].key), promised[i].action);
}

/* What it shows, and what to try. */
static void every_panel_explains_itself(void **state)
{
    (void)state;
    for (int i = 0; i < HT_PANEL_COUNT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        if (i != HT_PANEL_HELP && !strstr(panel->explain, "\nTry: ")) fail_msg("%s", panel->name);
    }
}

static void the_key_bar_fits_130_columns(void **state)
{
    (void)state;
    ht_model *m = calloc(1, sizeof *m);
    ht_params params;
    ht_params_init(&params);
    for (int noise = 0; noise < 4; noise++)
        for (int s = HT_STATE_PAUSED; s <= HT_STATE_DIVERGED; s++) {
            ht_span spans[HT_SPANS];
            size_t columns = 0;
            ht_params_put(&params, HT_P_NOISE_TYPE, noise);
            ht_model_init(m, &params, 140, 2, "data");
            m->state = (ht_state)s;
            int count = ht_bars_keys(m, spans);
            assert_in_range(count, 2, HT_SPANS - 1);
            for (int i = 0; i < count; i++) columns += ht_utf8_length(spans[i].text);
            if (columns > 130) fail_msg("the key bar has %zu columns", columns);
        }
    free(m);
}

/* Files of pictures are named by the view: the word of the key bar, where its key has one there. */
static void views_are_called_as_the_key_bar_calls_them(void **state)
{
    (void)state;
    size_t count;
    int named = 0;
    const ht_key_info *keys = ht_keymap(&count);
    for (int v = 0; v < HT_VIEW_COUNT; v++)
        for (size_t i = 0; i < count; i++) {
            const ht_view_info *view = ht_view_at((ht_view)v);
            if (view->action == HT_DO_NOTHING || keys[i].action != view->action || !keys[i].bar) continue;
            const char *last = strrchr(keys[i].bar, ' '); /* "this method": method */
            assert_string_equal(view->name, last ? last + 1 : keys[i].bar);
            named++;
        }
    assert_true(named >= 4); /* p, t, w, c */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_has_two_meanings),
        cmocka_unit_test(every_action_has_one_row),
        cmocka_unit_test(a_key_without_a_meaning_does_nothing),
        cmocka_unit_test(every_row_says_what_it_does),
        cmocka_unit_test(the_promised_keys_work),
        cmocka_unit_test(every_panel_explains_itself),
        cmocka_unit_test(the_key_bar_fits_130_columns),
        cmocka_unit_test(views_are_called_as_the_key_bar_calls_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
