/* F2: the menu of settings in the open lab, by keys and by mouse. */
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

enum { COLUMNS = 120, ROWS = 40 };

static vt *open_menu(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=100", "--set", "train.steps=1000000");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "Space");
    assert_title(t, "paused");
    vt_key(t, "F2");
    vt_assert(t, vt_wait_text(t, "finds, Esc back", PATIENCE));
    return t;
}

#define assert_shows(t, text) vt_assert(t, vt_wait_text(t, text, PATIENCE))

static void settings_are_changed_from_the_menu(void **state)
{
    vt *t = open_menu(state);
    assert_shows(t, "▸ noise.type");
    vt_key(t, "Down");
    vt_key(t, "Right");
    assert_shows(t, "* 1.76");
    assert_title(t, "iid α 1.76 "); /* the trainer has taken it */
    vt_key(t, "u");                 /* undo knows of it */
    assert_title(t, "iid α 1.75 ");
    vt_assert(t, vt_wait_gone(t, "* 1.76", PATIENCE));
    vt_key(t, "S-Left");
    assert_title(t, "iid α 1.65 ");
    vt_key(t, "d");
    assert_title(t, "iid α 1.75 ");
    vt_key(t, "Enter");
    assert_shows(t, " α =");
    vt_send(t, "1.5");
    vt_key(t, "Enter");
    assert_title(t, "iid α 1.5 ");
    vt_key(t, "1"); /* a digit begins a value */
    assert_shows(t, "1▏");
    vt_send(t, ".9");
    vt_key(t, "Enter");
    assert_title(t, "iid α 1.9 ");
    vt_key(t, "Up");
    vt_key(t, "Enter"); /* of names the next one */
    assert_title(t, "isotropic α 1.9 ");
    vt_key(t, "Esc");
    assert_shows(t, "Controls");
}

static void letters_find_a_setting(void **state)
{
    vt *t = open_menu(state);
    vt_send(t, "pace"); /* p opens no other view */
    assert_shows(t, "no setting has this word");
    for (int i = 0; i < 4; i++) vt_key(t, "Backspace");
    vt_send(t, "weight_decay");
    assert_shows(t, "Settings with \"weight_decay\"");
    assert_shows(t, "▸ train.weight_decay");
    vt_key(t, "Enter");
    vt_key(t, "Enter"); /* the first one ends the word */
    assert_shows(t, " weight_decay =");
    vt_send(t, "0.5");
    vt_key(t, "Enter");
    assert_shows(t, "* 0.5");
    vt_key(t, "Esc");
    assert_shows(t, "finds, Esc back");
    vt_key(t, "F");
    assert_shows(t, "Controls");
}

/* What needs a new network is not changed in silence, and said how it is set. */
static void what_needs_a_new_run_says_so(void **state)
{
    vt *t = open_menu(state);
    vt_send(t, "model.depth");
    assert_shows(t, "▸ model.depth");
    vt_key(t, "Down"); /* the arrows go into the list while a word is typed */
    assert_shows(t, "▸ model.widths");
    vt_key(t, "Up");
    vt_key(t, "Right");
    assert_shows(t, "model.depth makes a new network or new data: heavytail --set model.depth=");
    vt_key(t, "d");
    assert_shows(t, "model.depth is as the preset has it");
}

static void the_mouse_chooses_and_drags(void **state)
{
    int column, row;
    vt *t = open_menu(state);
    assert_shows(t, "ui.fps");
    vt_settle(t);
    vt_assert(t, vt_find(t, "noise.scale", &column, &row));
    vt_mouse(t, VT_PRESS, 1, column, row);
    vt_mouse(t, VT_RELEASE, 1, column, row);
    assert_shows(t, "▸ noise.scale");
    vt_settle(t);
    vt_assert(t, vt_find(t, "├━", &column, &row)); /* the slider's left end */
    vt_mouse(t, VT_PRESS, 1, column + 6, row);
    vt_mouse(t, VT_DRAG, 1, column + 3, row);
    vt_mouse(t, VT_DRAG, 1, column, row);
    vt_mouse(t, VT_RELEASE, 1, column, row);
    assert_title(t, " σ 0 ");
    vt_key(t, "u"); /* the drag is one change */
    assert_title(t, " σ 0.1 ");
    vt_assert(t, vt_find(t, "ui.fps", &column, &row));
    vt_mouse(t, VT_WHEEL, 4, column, row);
    vt_assert(t, vt_wait_gone(t, "▸ noise.scale", PATIENCE));
    vt_key(t, "?");
    assert_shows(t, "Help on \"ui.fps\""); /* the mouse is on it */
    vt_key(t, "Esc");
    assert_shows(t, "finds, Esc back"); /* where help was opened */
}

/* As terminals send F2 that TERM does not name. */
static void other_codes_of_the_key_open_it(void **state)
{
    static const char *const sent[] = {"\033OQ", "\033[12~", "\033[[B"};
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=100");
    assert_shows(t, "Controls");
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        vt_send(t, sent[i]);
        assert_shows(t, "finds, Esc back");
        vt_send(t, sent[i]);
        assert_shows(t, "Controls");
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(settings_are_changed_from_the_menu), TEST(letters_find_a_setting),
        TEST(what_needs_a_new_run_says_so),       TEST(the_mouse_chooses_and_drags),
        TEST(other_codes_of_the_key_open_it),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
