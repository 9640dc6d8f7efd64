#include "view/keymap.h"

static const ht_key_info table[] = {
    {HT_DO_PAUSE, {' '}, "Space", "pause", "train, pause"},
    {HT_DO_STEP, {'s'}, "s", "step", "a single step, then paused"},
    {HT_DO_RESET, {'r'}, "r", "reset", "back to step 0 with the same initial weights"},
    {HT_DO_RESEED, {'R'}, "R", NULL, "back to step 0 with a new seed: other weights, batches and noise"},
    {HT_DO_UP, {HT_KEY_UP, 'k'}, "↑", NULL, "choose the control above (help: scroll)"},
    {HT_DO_DOWN, {HT_KEY_DOWN, 'j'}, "↓", NULL, "choose the control below (help: scroll)"},
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
    {HT_DO_TYPE, {'='}, "=", "set", "type an exact value; Enter takes it, Esc leaves it"},
    {HT_DO_SETTING, {':'}, ":", NULL, "type any setting: key=value, as in prune.error=0.05"},
    {HT_DO_NOISE, {'n'}, "n", "noise", "noise off and on again: the A/B comparison"},
    {HT_DO_UNDO, {'u'}, "u", NULL, "undo the last change of a control"},
    {HT_DO_REDO, {'U'}, "U", NULL, "redo it"},
    {HT_DO_PRUNING, {'p'}, "p", "pruning", "the pruning panel, full screen, with a cursor"},
    {HT_DO_WIDTH,
     {'w'},
     "w",
     "width",
     "κ against width: trains a ladder of widths; there: one more (Space stops it)"},
    {HT_DO_COMPARE,
     {'c'},
     "c",
     "roads",
     "the roads to compressibility: trains one network on each; there: once more (Space stops it)"},
    {HT_DO_GHOST, {'g'}, "g", "ghost", "pin the run as a ghost: its curves stay, dimmed, beside what comes"},
    {HT_DO_DROP_GHOST, {'G'}, "G", NULL, "drop the ghost pinned last"},
    {HT_DO_FREEZE, {'f'}, "f", "freeze", "freeze what is shown while training goes on; again: catch up"},
    {HT_DO_CLOSER, {'+'}, "+", NULL, "fewer steps: half of the time span (also the wheel)"},
    {HT_DO_FARTHER, {'-'}, "-", NULL, "more steps, in the end the whole run"},
    {HT_DO_EARLIER, {'[', HT_KEY_PAGE_UP}, "[ PgUp", NULL, "back in time by half a span (help: a page up)"},
    {HT_DO_LATER, {']', HT_KEY_PAGE_DOWN}, "] PgDn", NULL, "forth in time (help: a page down)"},
    {HT_DO_WHOLE, {'0', HT_KEY_HOME}, "0 Home", NULL, "the whole run, from step 0 to now"},
    {HT_DO_LATEST, {HT_KEY_END}, "End", NULL, "the latest steps, in the same span"},
    {HT_DO_CURSOR, {'i'}, "i", NULL, "a cursor with the exact values of this chart; ← → < > move it"},
    {HT_DO_SMOOTH,
     {'m'},
     "m",
     NULL,
     "mean over 10, 100, 1000 steps, the raw curves dimmed behind; then none"},
    {HT_DO_NEXT_PANEL, {HT_KEY_TAB}, "Tab", NULL, "the next panel gets the frame that z, l, L and ? act on"},
    {HT_DO_PREVIOUS_PANEL, {HT_KEY_SHIFT_TAB}, "Shift-Tab", NULL, "the panel before"},
    {HT_DO_ZOOM, {'z'}, "z", "zoom", "this panel alone on the screen, and back"},
    {HT_DO_LOG_Y, {'l'}, "l", NULL, "this panel's y axis: logarithmic or linear"},
    {HT_DO_LOG_X, {'L'}, "L", NULL, "this panel's x axis: logarithmic or linear"},
    {HT_DO_SYMBOLS, {'a'}, "a", NULL, "symbols of the charts: braille, blocks, ASCII"},
    {HT_DO_THEME, {'T'}, "T", NULL, "the next theme: dark, light, contrast, colour-blind, mono"},
    {HT_DO_PRESENT, {'P'}, "P", NULL, "presentation: the chosen chart large, and large numbers; again: back"},
    {HT_DO_PANEL_1, {'1'}, "1", NULL, "show or hide loss"},
    {HT_DO_PANEL_2, {'2'}, "2", NULL, "show or hide weights"},
    {HT_DO_PANEL_3, {'3'}, "3", NULL, "show or hide accuracy"},
    {HT_DO_PANEL_4, {'4'}, "4", NULL, "show or hide norms"},
    {HT_DO_PANEL_5, {'5'}, "5", NULL, "show or hide tail index"},
    {HT_DO_PANEL_6, {'6'}, "6", NULL, "show or hide pruning"},
    {HT_DO_PANEL_7, {'7'}, "7", NULL, "show or hide controls"},
    {HT_DO_PANEL_8, {'8'}, "8", NULL, "show or hide the numbers of the moment"},
    {HT_DO_EXPORT, {'e'}, "e", "png", "export what is shown as a PNG picture (it also holds the settings)"},
    {HT_DO_HELP, {'?'}, "?", "help", "this help; first what the chosen panel shows"},
    {HT_DO_SEARCH, {'/'}, "/", NULL, "help on a word: keys, panels and settings that have it"},
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
