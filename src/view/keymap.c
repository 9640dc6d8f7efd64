#include "view/keymap.h"

#include <string.h>

#include "base/text.h"

static const ht_key_info table[] = {
    {HT_DO_PAUSE, {' '}, "Space", "pause", "train, pause"},
    {HT_DO_STEP, {'s'}, "s", NULL, "a single step, then paused"},
    {HT_DO_RESET, {'r'}, "r", "reset", "back to step 0 with the same initial weights"},
    {HT_DO_RESEED, {'R'}, "R", NULL, "back to step 0 with a new seed: other weights, batches and noise"},
    {HT_DO_UP,
     {HT_KEY_UP, 'k'},
     "↑",
     NULL,
     "choose the control above (help: scroll; pruning: the shown method before)"},
    {HT_DO_DOWN,
     {HT_KEY_DOWN, 'j'},
     "↓",
     NULL,
     "choose the control below (help: scroll; pruning: the next one)"},
    {HT_DO_LESS, {HT_KEY_LEFT, 'h'}, "←", NULL, "change it downwards a little (pruning: cursor left)"},
    {HT_DO_MORE, {HT_KEY_RIGHT}, "→", NULL, "change it upwards a little (pruning: cursor right)"},
    {HT_DO_MUCH_LESS,
     {HT_KEY_SHIFT_LEFT, '<', ','},
     "Shift-← <",
     NULL,
     "change it downwards ten times as much"},
    {HT_DO_MUCH_MORE,
     {HT_KEY_SHIFT_RIGHT, '>', '.'},
     "Shift-→ >",
     NULL,
     "change it upwards ten times as much"},
    {HT_DO_TYPE, {'='}, "=", NULL, "type an exact value; Enter takes it, Esc leaves it"},
    {HT_DO_SETTING, {':'}, ":", NULL, "type any setting: key=value, as in prune.error=0.05"},
    {HT_DO_SETTINGS,
     {HT_KEY_F2, 'F'},
     "F2",
     "setup",
     "all settings as a menu (also F); there / or letters find, ← → change, d: as the preset has it"},
    {HT_DO_TWIN,
     {'n'},
     "n",
     "twin",
     "the twin: the same weights, batches and seed without noise, trained beside this run; again: ends it"},
    {HT_DO_NOISE, {'O'}, "O", NULL, "noise off and on again in this run"},
    {HT_DO_UNDO, {'u'}, "u", NULL, "undo the last change: of a control, or a reset, a pruning, going back"},
    {HT_DO_REDO, {'U'}, "U", NULL, "redo it"},
    {HT_DO_PRUNING, {'p'}, "p", "pruning", "the pruning panel, full screen, with a cursor"},
    {HT_DO_TAIL,
     {'t'},
     "t",
     "tails",
     "the tails: distributions, Hill plot, spectrum, all estimates of α; there 1 to 6 choose a panel"},
    {HT_DO_LAYER,
     {'y'},
     "y",
     "layer",
     "weights, norms, tails, κ and pictures of the next layer, after the last of all (also a click on the "
     "shape "
     "in the title)"},
    {HT_DO_LAYER_BEFORE, {'Y'}, "Y", NULL, "of the layer before"},
    {HT_DO_PRUNE,
     {'x'},
     "x",
     "prune",
     "pruning: remove from the running network what the cursor says; u undoes"},
    {HT_DO_PRUNE_KEEP, {'X'}, "X", "+mask", "pruning: the same, and it stays at zero while training goes on"},
    {HT_DO_UNMASK, {'M'}, "M", NULL, "take the mask away: all weights are trained again"},
    {HT_DO_GO,
     {HT_KEY_ENTER},
     "Enter",
     NULL,
     "pruning: look at all samples now, and at the speed; tails: all estimates, or those to trust first; "
     "timeline: go "
     "there"},
    {HT_DO_WIDTH,
     {'w'},
     "w",
     "width",
     "κ against width: a width sweep (networks of eight widths, ever more seeds; Space stops it); there: "
     "more "
     "runs"},
    {HT_DO_LESSON, {'L'}, "L", "lesson", "the lessons; in one: leave it (Enter: the next step)"},
    {HT_DO_COMPARE,
     {'c'},
     "c",
     "methods",
     "the methods side by side: trains one network with each; there: the rest, or a seed more (Space stops "
     "it)"},
    {HT_DO_METHOD,
     {'o'},
     "o",
     "this method",
     "this run's method: Occam's epochs, weights left, tail index of the rows against η/b"},
    {HT_DO_RUNS,
     {'S'},
     "S",
     NULL,
     "runs side by side: earlier ones and run directories; Space ticks them into the charts, a table "
     "compares"},
    {HT_DO_LAYERS,
     {'W'},
     "W",
     "layers",
     "of a watched training: its layers side by side, tails, κ and norms over the steps, and as a table"},
    {HT_DO_TURN, {'v'}, "v", NULL, "the next charts, where there is no room for all of them"},
    {HT_DO_GHOST, {'g'}, "g", "ghost", "pin the run as a ghost: its curves stay, dimmed, beside what comes"},
    {HT_DO_NAME_GHOST, {'N'}, "N", NULL, "give the ghost pinned last a name, for legends and tables"},
    {HT_DO_DROP_GHOST, {'G'}, "G", NULL, "drop the ghost pinned last"},
    {HT_DO_LABEL,
     {'a'},
     "a",
     NULL,
     "a label: words at this step (the cursor's, the timeline's), kept with the run; empty: takes it away"},
    {HT_DO_FREEZE, {'f'}, "f", "unfreeze", "freeze what is shown while training goes on; again: catch up"},
    {HT_DO_TIMELINE,
     {'b'},
     "b",
     NULL,
     "back in time: the states that are kept; ← → choose one, Enter goes there, Esc leaves"},
    {HT_DO_CLOSER, {'+'}, "+", NULL, "fewer steps: half of the time span (also the wheel)"},
    {HT_DO_FARTHER, {'-'}, "-", NULL, "more steps, in the end the whole run"},
    {HT_DO_EARLIER,
     {'[', HT_KEY_PAGE_UP},
     "[ PgUp",
     NULL,
     "back in time by half a span (help, panels with ▾ more: a page up)"},
    {HT_DO_LATER,
     {']', HT_KEY_PAGE_DOWN},
     "] PgDn",
     NULL,
     "forth in time (help, panels with ▾ more: a page down)"},
    {HT_DO_WHOLE,
     {'0', HT_KEY_HOME},
     "0 Home",
     NULL,
     "the whole run, from step 0 to now (pruning: the cursor back on κ)"},
    {HT_DO_LATEST, {HT_KEY_END}, "End", NULL, "the latest steps, in the same span"},
    {HT_DO_CURSOR,
     {'i'},
     "i",
     NULL,
     "a cursor with the exact values of this chart; ← → < > Home End move it, Tab: the next chart (text: the "
     "next "
     "temperature)"},
    {HT_DO_SMOOTH,
     {'m'},
     "m",
     NULL,
     "mean over 10, 100, 1000 steps, the raw curves dimmed behind; then none"},
    {HT_DO_NEXT_PANEL, {HT_KEY_TAB}, "Tab", NULL, "the next panel gets the frame that z, l, H and ? act on"},
    {HT_DO_PREVIOUS_PANEL, {HT_KEY_SHIFT_TAB}, "Shift-Tab", NULL, "the panel before"},
    {HT_DO_ZOOM, {'z'}, "z", "zoom", "this panel alone on the screen, and back"},
    {HT_DO_LOG_Y, {'l'}, "l", NULL, "this panel's y axis: logarithmic or linear"},
    {HT_DO_LOG_X, {'H'}, "H", NULL, "this panel's x axis: logarithmic or linear"},
    {HT_DO_SYMBOLS, {'A'}, "A", NULL, "symbols of the charts: braille, blocks, ASCII"},
    {HT_DO_THEME, {'T'}, "T", NULL, "the next theme: dark, light, contrast, colour-blind, mono"},
    {HT_DO_EFFORT, {'E'}, "E", NULL, "how often the weights are looked at: eco, normal, full (ui.effort)"},
    {HT_DO_PRESENT, {'P'}, "P", NULL, "presentation: the chosen chart large, and large numbers; again: back"},
    {HT_DO_PANEL_1, {'1'}, "1", NULL, "show or hide loss (pruning: the method node)"},
    {HT_DO_PANEL_2, {'2'}, "2", NULL, "show or hide weights (pruning: the method magnitude)"},
    {HT_DO_PANEL_3, {'3'}, "3", NULL, "show or hide accuracy (pruning: the method magnitude-layer)"},
    {HT_DO_PANEL_4, {'4'}, "4", NULL, "show or hide norms (pruning: the method svd)"},
    {HT_DO_PANEL_5, {'5'}, "5", NULL, "show or hide tail index (pruning: the method coreset)"},
    {HT_DO_PANEL_6, {'6'}, "6", NULL, "show or hide pruning (pruning: the method random)"},
    {HT_DO_PANEL_7, {'7'}, "7", NULL, "show or hide controls (pruning: the method norm-l1)"},
    {HT_DO_PANEL_8, {'8'}, "8", NULL, "show or hide the numbers of the moment (pruning: the method pfp)"},
    {HT_DO_PANEL_9, {'9'}, "9", NULL, "show or hide κ and |w| over the steps"},
    {HT_DO_EXPORT, {'e'}, "e", "png", "export what is shown as a PNG picture (it also holds the settings)"},
    {HT_DO_HELP, {'?'}, "?", "help", "this help; first what the chosen panel shows"},
    {HT_DO_SEARCH, {'/'}, "/", NULL, "help on a word: keys, panels and settings that have it"},
    {HT_DO_LESSON_BACK, {HT_KEY_BACKSPACE}, "Backspace", NULL, "lesson: the step before"},
    {HT_DO_BACK, {HT_KEY_ESCAPE}, "Esc", NULL, "back; twice: to the dashboard from anywhere"},
    {HT_DO_QUIT, {'q', 'Q'}, "q", "quit", "quit"},
};

const ht_key_info *ht_keymap(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

ht_action ht_keymap_action(int key)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (int k = 0; k < 3; k++)
            if (table[i].keys[k] == key && key != 0) return table[i].action;
    return HT_DO_NOTHING;
}

int ht_keymap_key(const char *name)
{
    static const struct {
        const char *name;
        int key;
    } keys[] = {{"Space", ' '},
                {"Up", HT_KEY_UP},
                {"Down", HT_KEY_DOWN},
                {"Left", HT_KEY_LEFT},
                {"Right", HT_KEY_RIGHT},
                {"Shift-Left", HT_KEY_SHIFT_LEFT},
                {"Shift-Right", HT_KEY_SHIFT_RIGHT},
                {"PageUp", HT_KEY_PAGE_UP},
                {"PageDown", HT_KEY_PAGE_DOWN},
                {"Home", HT_KEY_HOME},
                {"End", HT_KEY_END},
                {"Tab", HT_KEY_TAB},
                {"Shift-Tab", HT_KEY_SHIFT_TAB},
                {"Enter", HT_KEY_ENTER},
                {"Esc", HT_KEY_ESCAPE},
                {"Backspace", HT_KEY_BACKSPACE},
                {"F2", HT_KEY_F2}};
    unsigned code;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(name, keys[i].name) == 0) return keys[i].key;
    size_t length = ht_utf8_decode(name, &code);
    return length > 0 && name[length] == '\0' ? (int)code : 0;
}
