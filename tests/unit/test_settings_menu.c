/* Guards the menu of settings: every parameter is in it once, under its group; letters find; what is chosen
 * is seen; values other than the preset's are marked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/menu/settings.h"
#include "view/panel_fill.h"

static ht_model *new_model(void)
{
    ht_model *m = calloc(1, sizeof *m);
    ht_params params;
    assert_non_null(m);
    ht_params_init(&params);
    ht_model_init(m, &params, 140, 2, "data");
    m->view = HT_VIEW_SETTINGS;
    return m;
}

static void every_parameter_is_listed_once_under_its_group(void **state)
{
    (void)state;
    ht_settings_row rows[HT_SETTINGS_ROWS];
    ht_model *m = new_model();
    int count = ht_settings_rows(m, rows), seen[HT_P_COUNT] = {0}, headings = 0;
    ht_param_group group = HT_GROUP_DATA;
    assert_non_null(rows[0].heading);
    for (int i = 0; i < count; i++) {
        if (rows[i].heading) {
            assert_true(i + 1 < count && !rows[i + 1].heading);
            group = ht_param_at(rows[i + 1].param)->group;
            headings++;
            continue;
        }
        assert_int_equal(ht_param_at(rows[i].param)->group, group);
        seen[rows[i].param]++;
    }
    for (int p = 0; p < HT_P_COUNT; p++)
        if (seen[p] != 1) fail_msg("%s stands %d times in the menu", ht_param_at((ht_param)p)->key, seen[p]);
    assert_int_equal(headings, HT_GROUP_UI + 1); /* no group in two parts */
    free(m);
}

static void letters_find(void **state)
{
    (void)state;
    ht_settings_row rows[HT_SETTINGS_ROWS];
    ht_model *m = new_model();
    strcpy(m->settings.filter, "DECAY");
    int count = ht_settings_rows(m, rows);
    bool found = false;
    assert_in_range(count, 2, 8);
    for (int i = 0; i < count; i++) found = found || (!rows[i].heading && rows[i].param == HT_P_TRAIN_DECAY);
    assert_true(found);
    assert_true(ht_settings_settle(m));
    assert_false(rows[1].heading);
    assert_int_equal(m->settings.chosen, rows[1].param);
    strcpy(m->settings.filter, "η"); /* its symbol */
    assert_true(ht_settings_settle(m));
    strcpy(m->settings.filter, "no such setting");
    assert_int_equal(ht_settings_rows(m, rows), 0);
    assert_false(ht_settings_settle(m));
    free(m);
}

/* In a list of any height, wherever it began. */
static void what_is_chosen_is_seen(void **state)
{
    (void)state;
    ht_settings_row rows[HT_SETTINGS_ROWS];
    ht_model *m = new_model();
    int count = ht_settings_rows(m, rows), moves = 0;
    ht_settings_move(m, -HT_P_COUNT);
    assert_int_equal(m->settings.chosen, 0);
    for (ht_param before = HT_P_COUNT; before != m->settings.chosen; moves++) {
        for (int height = 1; height < 70; height += 3)
            for (int first = -5; first < 70; first += 7) {
                m->settings.first = first;
                int from = ht_settings_first(m, height), at = 0;
                while (rows[at].heading || rows[at].param != m->settings.chosen) at++;
                assert_in_range(from, 0, count - 1);
                if (height > 1) assert_in_range(at, from, from + height - 1);
            }
        before = m->settings.chosen;
        ht_settings_move(m, 1);
    }
    assert_int_equal(moves, HT_P_COUNT); /* each once, in the order of the table */
    free(m);
}

static const ht_row *row_of(const ht_form *form, ht_param p)
{
    for (int i = 0; i < form->count; i++)
        if (form->rows[i].id == (int)p && form->rows[i].kind == HT_ROW_TABLE) return &form->rows[i];
    fail_msg("%s has no row", ht_param_at(p)->key);
    return NULL;
}

static void what_is_not_as_the_preset_has_it_is_marked(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_form *form = calloc(1, sizeof *form);
    assert_non_null(form);
    ht_params_put(&m->asked, HT_P_NOISE_SCALE, 0.2);
    ht_panel_fill_form(HT_PANEL_SETTINGS, m, (ht_room){.columns = 100, .rows = 200, .numbers = false}, form);
    for (int p = 0; p < HT_P_COUNT; p++) {
        const char *value = row_of(form, (ht_param)p)->value;
        if ((value[0] == '*') != (p == HT_P_NOISE_SCALE))
            fail_msg("%s: %s", ht_param_at((ht_param)p)->key, value);
    }
    assert_string_equal(row_of(form, HT_P_NOISE_SCALE)->value, "* 0.2");
    free(form);
    free(m);
}

/* Help, when it takes effect, the preset's value and the default, at any width. */
static void all_is_said_of_the_chosen_one(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_form *form = calloc(1, sizeof *form);
    assert_non_null(form);
    for (int p = 0; p < HT_P_COUNT; p++) {
        char text[4096] = "", help[32];
        m->settings.chosen = (ht_param)p;
        memset(form, 0, sizeof *form);
        ht_panel_fill_form(HT_PANEL_SETTING, m, (ht_room){.columns = 300, .rows = 60, .numbers = false},
                           form);
        assert_string_equal(form->title, ht_param_at((ht_param)p)->key);
        for (int i = 0; i < form->count; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s\n", form->rows[i].label,
                     form->rows[i].value);
        ht_text_copy(help, sizeof help, ht_param_at((ht_param)p)->help);
        if (!strstr(text, help) || !strstr(text, "Takes effect ") || !strstr(text, "the preset has") ||
            !strstr(text, "default"))
            fail_msg("%s: %s", ht_param_at((ht_param)p)->key, text);
    }
    free(form);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_parameter_is_listed_once_under_its_group),
        cmocka_unit_test(letters_find),
        cmocka_unit_test(what_is_chosen_is_seen),
        cmocka_unit_test(what_is_not_as_the_preset_has_it_is_marked),
        cmocka_unit_test(all_is_said_of_the_chosen_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
