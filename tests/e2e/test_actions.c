/* Every row of the table of keys, in the open lab: each of its keys, and its word in the key bar under the
 * mouse, must change the screen as it is told here. An action without an expectation fails. */
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "view/keymap.h"

enum { COLUMNS = 140, ROWS = 40 }; /* the key bar has all its words */

typedef struct {
    ht_action action;
    /* What is pressed before and after, by key names; @text waits until it is shown, !text until it is gone,
     * _ is a blank in it. */
    const char *before;
    const char *shows, *hides; /* what comes with the action, what goes; NULL: nothing to look for */
    const char *after;         /* the way back to the dashboard as it was */
} expectation;

static const expectation expected[] = {
    {HT_DO_PAUSE, "", "● running", "‖ paused", "Space @‖_paused"},
    {HT_DO_STEP, "", NULL, NULL, ""}, /* looked for by hand: one step more */
    {HT_DO_RESET, "", " step 0 ", NULL, "u @undid_the_reset !_step_0_"},
    {HT_DO_RESEED, "", "seed 2: other weights", NULL, "u @undid_the_new_seed !_step_0_"},
    {HT_DO_NEXT_PANEL, "z !Controls", "Weights |w|", "─ Loss", "S-Tab z @Controls"},
    {HT_DO_PREVIOUS_PANEL, "Tab z !Controls", "─ Loss", "Weights |w|", "z @Controls"},
    {HT_DO_UP, "", "▸noise type", "▸α", "Down"},
    {HT_DO_DOWN, "", "▸σ", "▸α", "Up"},
    {HT_DO_LESS, "", "iid α 1.74 ", "iid α 1.75 ", "u @iid_α_1.75_"},
    {HT_DO_MORE, "", "iid α 1.76 ", "iid α 1.75 ", "u @iid_α_1.75_"},
    {HT_DO_MUCH_LESS, "", "iid α 1.65 ", "iid α 1.75 ", "u @iid_α_1.75_"},
    {HT_DO_MUCH_MORE, "", "iid α 1.85 ", "iid α 1.75 ", "u @iid_α_1.75_"},
    {HT_DO_TYPE, "", " α =", "q quit", "1 . 5 Enter @iid_α_1.5_ u @iid_α_1.75_"},
    {HT_DO_SETTING, "", "key=value:", "q quit", "a l p h a = 1 . 6 Enter @iid_α_1.6_ u @iid_α_1.75_"},
    {HT_DO_SETTINGS, "", "finds, Esc back", "Controls", "Esc @Controls"},
    {HT_DO_NOISE, "", " no noise (α 1.75 ", "iid α 1.75 σ 0.1 ", "O @iid_α_1.75_"},
    {HT_DO_TWIN, "", "A no noise", NULL, "n !A_no_noise"},
    {HT_DO_UNDO, "Right @iid_α_1.76_", "iid α 1.75 ", "iid α 1.76 ", ""},
    {HT_DO_REDO, "Right @iid_α_1.76_ u @iid_α_1.75_", "iid α 1.76 ", "iid α 1.75 ", "u @iid_α_1.75_"},
    {HT_DO_PRUNING, "", "Read-out", "Controls", "p @Controls"},
    {HT_DO_TAIL, "", "to believe?", "Controls", "t @Controls"},
    {HT_DO_LAYER, "", "dense 1: ", NULL, "Y"},
    {HT_DO_LAYER_BEFORE, "", "dense 2: ", NULL, "y"},
    {HT_DO_PRUNE, "p @neurons_kept", "which may grow back", NULL, "u @undid_the_pruning Esc @Controls"},
    {HT_DO_PRUNE_KEEP, "p @neurons_kept", "mask kept", NULL, "u @undid_the_pruning Esc @Controls"},
    {HT_DO_UNMASK, "p @neurons_kept X @mask_kept Esc @Controls @_masked_", "the mask is gone", NULL,
     "!_masked_"},
    {HT_DO_GO, "p @neurons_kept", "looking at all test samples", NULL, "Esc @Controls"},
    {HT_DO_WIDTH, "", "● widths", "‖ paused", "Space !●_widths @‖_paused Esc !Width_sweep"},
    {HT_DO_COMPARE, "", "● methods", "‖ paused", "Space !●_methods @‖_paused Esc @Controls"},
    {HT_DO_METHOD, "c @●_methods Space !●_methods @‖_paused", "Size and accuracy", NULL, "o @Controls"},
    {HT_DO_GHOST, "", "ghost A:", NULL, "G @ghost_A_dropped"},
    {HT_DO_NAME_GHOST, "g @ghost_A:", "name of A:", "q quit", "n o i s y Enter @A_noisy G @ghost_A_dropped"},
    {HT_DO_DROP_GHOST, "g @ghost_A:", "ghost A dropped", "Ghosts: accuracy", ""},
    {HT_DO_LABEL, "", "label at step", "q quit", "h e r e Enter @:_here u @undid_the_label"},
    {HT_DO_RUNS, "", "What differs", "Controls", "S @Controls"},
    {HT_DO_LAYERS, "", "layers side by side are shown of watched", NULL, ""},
    {HT_DO_FREEZE, "", "view frozen at", NULL, "f !view_frozen"},
    {HT_DO_TIMELINE, "", "Timeline:", NULL, "b !Timeline:"},
    {HT_DO_CLOSER, "", "last ", NULL, "0 !last_"},
    {HT_DO_FARTHER, "+ @last_", NULL, "last ", ""},
    {HT_DO_EARLIER, "+ @last_", "] later", "last ", "0 !]_later"},
    {HT_DO_LATER, "+ @last_ [ @]_later", "last ", "] later", "0 !last_"},
    {HT_DO_WHOLE, "+ @last_", NULL, "last ", ""},
    {HT_DO_LATEST, "+ @last_ [ @]_later", "last ", "] later", "0 !last_"},
    {HT_DO_CURSOR, "", "move the cursor", NULL, "Right @Loss_─_step i !Loss_─_step"},
    {HT_DO_SMOOTH, "", "means over 10 steps", NULL, "m m m @no_smoothing"},
    {HT_DO_ZOOM, "", NULL, "Controls", "z @Controls"},
    {HT_DO_LOG_Y, "", "linear y", NULL, "l !linear_y"},
    {HT_DO_LOG_X, "Tab z !Controls @log·log", NULL, "log·log", "H @log·log S-Tab z @Controls"},
    {HT_DO_SYMBOLS, "", "symbols: block", NULL, "A A @symbols:_braille"},
    {HT_DO_THEME, "", "theme: light", NULL, "T T T T @theme:_dark"},
    {HT_DO_EFFORT, "", "effort full", NULL, "E @effort_eco E @effort_normal"},
    {HT_DO_PRESENT, "", "κ: removable", "Controls", "P @Controls"},
    {HT_DO_PANEL_1, "", "loss hidden", "─ Loss", "1 @loss_shown"},
    {HT_DO_PANEL_2, "", "weights hidden", "Weights |w|", "2 @weights_shown"},
    {HT_DO_PANEL_3, "", "accuracy hidden", "─ Accuracy", "3 @accuracy_shown"},
    {HT_DO_PANEL_4, "", "norms hidden", "Neuron norms", "4 @norms_shown"},
    {HT_DO_PANEL_5, "", "tail hidden", "Tail index α of", "5 @tail_shown"},
    {HT_DO_PANEL_6, "", "pruning hidden", "Pruning: node", "6 @pruning_shown"},
    {HT_DO_PANEL_7, "", "controls hidden", "─ Controls", "7 @controls_shown"},
    {HT_DO_PANEL_8, "", "now hidden", "train loss", "8 @now_shown"},
    {HT_DO_PANEL_9, "", "kappa, heat hidden", NULL, "9 @kappa,_heat_shown"},
    {HT_DO_TURN, "", "charts: kappa, heat, loss", NULL, "v @charts:_loss,"},
    {HT_DO_EXPORT, "", "saved ht-", NULL, ""},
    {HT_DO_HELP, "", "This panel: loss", "Controls", "? @Controls"},
    {HT_DO_SEARCH, "", "find:", "Controls", "g h o s t @Help_on_\"ghost\" Esc Esc @Controls"},
    {HT_DO_LESSON, "", "a number begins a lesson", NULL, "L !a_number_begins"},
    {HT_DO_LESSON_BACK, "L @a_number_begins", NULL, "a number begins a lesson", ""},
    {HT_DO_BACK, "z !Controls", "Controls", NULL, ""},
    {HT_DO_QUIT, "", NULL, NULL, ""}, /* the lab ends: a test of its own */
};
enum { EXPECTED = sizeof expected / sizeof expected[0] };

static void no_action_is_without_an_expectation(void **state)
{
    size_t count;
    int seen[HT_ACTION_COUNT] = {0};
    const ht_key_info *keys = ht_keymap(&count);
    (void)state;
    for (int i = 0; i < EXPECTED; i++) seen[expected[i].action]++;
    for (size_t i = 0; i < count; i++)
        if (seen[keys[i].action] != 1)
            fail_msg("'%s' (%s) has %d expectations", keys[i].label, keys[i].help, seen[keys[i].action]);
    assert_int_equal(EXPECTED, count);
}

/* ---- keys by name ------------------------------------------------------------------------------ */

static void press(vt *t, int key)
{
    static const struct {
        int key;
        const char *name;
    } names[] = {{' ', "Space"},
                 {HT_KEY_UP, "Up"},
                 {HT_KEY_DOWN, "Down"},
                 {HT_KEY_LEFT, "Left"},
                 {HT_KEY_RIGHT, "Right"},
                 {HT_KEY_SHIFT_LEFT, "S-Left"},
                 {HT_KEY_SHIFT_RIGHT, "S-Right"},
                 {HT_KEY_SHIFT_TAB, "S-Tab"},
                 {HT_KEY_PAGE_UP, "PageUp"},
                 {HT_KEY_PAGE_DOWN, "PageDown"},
                 {HT_KEY_HOME, "Home"},
                 {HT_KEY_END, "End"},
                 {HT_KEY_ENTER, "Enter"},
                 {HT_KEY_TAB, "Tab"},
                 {HT_KEY_ESCAPE, "Esc"},
                 {HT_KEY_BACKSPACE, "Backspace"},
                 {HT_KEY_F2, "F2"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].key == key) {
            vt_key(t, names[i].name);
            return;
        }
    assert_in_range(key, '!', '~');
    vt_send_bytes(t, &(char){(char)key}, 1);
}

/* Obeys a line of key names, @text and !text. */
static void play(vt *t, const char *line)
{
    char words[160], *rest = NULL;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        bool waits = (word[0] == '@' || word[0] == '!') && word[1];
        for (char *c = word; waits && *c; c++)
            if (*c == '_') *c = ' ';
        bool good = !waits           ? (vt_key(t, word), true)
                    : word[0] == '@' ? vt_wait_text(t, word + 1, PATIENCE)
                                     : vt_wait_gone(t, word + 1, PATIENCE);
        if (good) continue;
        vt_dump(t, stderr);
        fail_msg("'%s' of '%s' did not come", word, line);
    }
}

/* ---- one action -------------------------------------------------------------------------------- */

typedef struct {
    const expectation *row;
    long step;
} outcome;

static bool has_come(vt *t, void *context)
{
    const outcome *o = context;
    const expectation *e = o->row;
    return (!e->shows || vt_find(t, e->shows, NULL, NULL)) &&
           (!e->hides || !vt_find(t, e->hides, NULL, NULL)) &&
           (e->action != HT_DO_STEP || sandbox_step(t) == o->step + 1);
}

/* What the action brings is not there before it. Waits for what it brings. */
static void expect(vt *t, const expectation *e, const char *label, void act(vt *, int), int argument)
{
    play(t, e->before);
    vt_assert(t, vt_wait_still(t, 120, PATIENCE));
    outcome o = {e, sandbox_step(t)};
    if (has_come(t, &o)) {
        vt_dump(t, stderr);
        fail_msg("'%s': what it should bring is there before", label);
    }
    act(t, argument);
    if (!vt_wait(t, has_come, &o, PATIENCE)) {
        vt_dump(t, stderr);
        fail_msg("'%s' does not do what is expected", label);
    }
    play(t, e->after);
}

static vt *open_lab(void **state)
{
    /* No run of a width sweep or of a comparison ends by itself. */
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=100", "--set", "model.depth=2", "--set",
                "ui.fps=60", "--set", "train.steps=100000000");
    vt_assert(t, sandbox_wait_step(t, 40, PATIENCE));
    vt_assert(t, vt_wait_text(t, "κ=", PATIENCE));
    play(t, "Space @‖_paused");
    vt_assert(t, vt_wait_still(t, 300, PATIENCE));
    return t;
}

static const ht_key_info *info_of(ht_action action)
{
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    for (size_t i = 0; i < count; i++)
        if (keys[i].action == action) return &keys[i];
    fail();
    return NULL;
}

static void every_key_does_what_its_row_says(void **state)
{
    vt *t = open_lab(state);
    for (int i = 0; i < EXPECTED; i++) {
        const ht_key_info *info = info_of(expected[i].action);
        for (int k = 0; k < 3 && info->keys[k] && info->action != HT_DO_QUIT; k++)
            expect(t, &expected[i], info->label, press, info->keys[k]);
    }
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
}

static void click_column(vt *t, int column)
{
    vt_assert(t, vt_mouse(t, VT_PRESS, 1, column, ROWS - 1));
    vt_mouse(t, VT_RELEASE, 1, column, ROWS - 1);
}

/* The column of an action's word in the key bar, which is ASCII; -1 if it is not there. */
static int column_of(vt *t, const ht_key_info *info)
{
    char text[40];
    const char *bar = vt_row(t, ROWS - 1);
    snprintf(text, sizeof text, " %s %s", info->label, info->action == HT_DO_PAUSE ? "run" : info->bar);
    const char *at = strstr(bar, text);
    return at ? (int)(at - bar) + (int)strlen(info->label) + 2 : -1;
}

static void every_word_of_the_key_bar_is_clicked(void **state)
{
    int clicked = 0, words = 0;
    vt *t = open_lab(state);
    for (int i = 0; i < EXPECTED; i++) {
        const ht_key_info *info = info_of(expected[i].action);
        bool elsewhere = info->action == HT_DO_FREEZE || info->action == HT_DO_LAYERS; /* frozen; watched */
        if (!info->bar || info->action == HT_DO_QUIT || elsewhere) continue;
        expectation e = expected[i];
        words++;
        play(t, e.before);
        vt_assert(t, vt_wait_still(t, 120, PATIENCE));
        if (column_of(t, info) < 0) { /* a note had its place */
            play(t, "Up Down");
            vt_assert(t, vt_wait_still(t, 120, PATIENCE));
        }
        int column = column_of(t, info);
        if (column < 0) {
            vt_dump(t, stderr);
            fail_msg("the key bar has no '%s %s'", info->label, info->bar);
        }
        e.before = "";
        expect(t, &e, info->bar, click_column, column);
        clicked++;
    }
    assert_true(clicked == words && words >= 10);
}

static void q_and_Q_quit(void **state)
{
    const ht_key_info *info = info_of(HT_DO_QUIT);
    for (int k = 0; k < 3 && info->keys[k]; k++) {
        vt *t = open_lab(state);
        press(t, info->keys[k]);
        vt_assert(t, vt_exit(t, PATIENCE) == 0);
        if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
        vt_teardown(state);
    }
}

/* ---- names ------------------------------------------------------------------------------------- */

/* Wide, combining and invisible characters, and more of them than there is room for. */
static void a_ghost_may_have_any_name(void **state)
{
    vt *t = open_lab(state);
    play(t, "g @ghost_A: N @name_of_A:");
    vt_send(t, "o\xcc\x88\xe4\xb8\xad\xe6\x96\x87\xe2\x80\x8b\xf0\x9f\x98\x80 caf\xc3\xa9");
    vt_assert(t, vt_wait_text(t, "café", PATIENCE));
    vt_key(t, "Backspace"); /* takes a whole character */
    vt_send(t, "e and more than any legend has room for");
    play(t, "Enter !name_of");
    vt_assert(t, vt_wait_text(t, "A o中文😀 caf", PATIENCE)); /* a column each */
    for (int y = 1; y < ROWS - 1; y++)
        vt_assert(t, vt_cell(t, COLUMNS - 1, y).chars[0] >= 0x2500 &&
                         vt_cell(t, COLUMNS - 1, y).chars[0] < 0x2580);
    play(t, "t @to_believe? Esc @Controls p @Read-out Esc @Controls N @name_of_A: p l a i n Enter @A_plain");
    play(t, "g @ghost_B: N @name_of_B: Esc !name_of"); /* left: no name */
    vt_assert(t, vt_wait_text(t, "B step", PATIENCE));
    vt_assert(t, vt_wait_text(t, "A plain", PATIENCE));
    play(t, "G G @ghost_A_dropped N @there_is_no_ghost");
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_action_is_without_an_expectation),
        TEST(every_key_does_what_its_row_says),
        TEST(every_word_of_the_key_bar_is_clicked),
        TEST(q_and_Q_quit),
        TEST(a_ghost_may_have_any_name),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
