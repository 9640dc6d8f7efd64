/* keymap.h - THE table of keys: what each does in the lab, the key bar, the help screen and `heavytail help
 * keys` come from it. */
#ifndef HT_VIEW_KEYMAP_H
#define HT_VIEW_KEYMAP_H

#include <stddef.h>

/* Keys beyond Unicode, as src/term reports them. */
enum {
    HT_KEY_UP = 0x110000,
    HT_KEY_DOWN,
    HT_KEY_LEFT,
    HT_KEY_RIGHT,
    HT_KEY_SHIFT_LEFT,
    HT_KEY_SHIFT_RIGHT,
    HT_KEY_SHIFT_TAB,
    HT_KEY_PAGE_UP,
    HT_KEY_PAGE_DOWN,
    HT_KEY_HOME,
    HT_KEY_END,
    HT_KEY_BACKSPACE,
    HT_KEY_F2,
    HT_KEY_ENTER = '\n',
    HT_KEY_TAB = '\t',
    HT_KEY_ESCAPE = 27,
};

typedef enum ht_action {
    HT_DO_NOTHING,
    HT_DO_PAUSE,
    HT_DO_STEP,
    HT_DO_RESET,
    HT_DO_RESEED,
    HT_DO_NEXT_PANEL,
    HT_DO_PREVIOUS_PANEL,
    HT_DO_UP,
    HT_DO_DOWN,
    HT_DO_LESS,
    HT_DO_MORE,
    HT_DO_MUCH_LESS,
    HT_DO_MUCH_MORE,
    HT_DO_TYPE,
    HT_DO_SETTING,
    HT_DO_SETTINGS,
    HT_DO_TWIN,
    HT_DO_NOISE,
    HT_DO_PRUNING,
    HT_DO_TAIL,
    HT_DO_LAYER,
    HT_DO_LAYER_BEFORE,
    HT_DO_PRUNE,
    HT_DO_PRUNE_KEEP,
    HT_DO_UNMASK,
    HT_DO_GO,
    HT_DO_WIDTH,
    HT_DO_COMPARE,
    HT_DO_METHOD,
    HT_DO_RUNS,
    HT_DO_LAYERS,
    HT_DO_GHOST,
    HT_DO_NAME_GHOST,
    HT_DO_DROP_GHOST,
    HT_DO_LABEL,
    HT_DO_FREEZE,
    HT_DO_TIMELINE,
    HT_DO_CLOSER,
    HT_DO_FARTHER,
    HT_DO_EARLIER,
    HT_DO_LATER,
    HT_DO_WHOLE,
    HT_DO_LATEST,
    HT_DO_CURSOR,
    HT_DO_SMOOTH,
    HT_DO_ZOOM,
    HT_DO_LOG_Y,
    HT_DO_LOG_X,
    HT_DO_SYMBOLS,
    HT_DO_THEME,
    HT_DO_EFFORT,
    HT_DO_PRESENT,
    HT_DO_PANEL_1, /* the first of the dashboard's panels … */
    HT_DO_PANEL_2,
    HT_DO_PANEL_3,
    HT_DO_PANEL_4,
    HT_DO_PANEL_5,
    HT_DO_PANEL_6,
    HT_DO_PANEL_7,
    HT_DO_PANEL_8,
    HT_DO_PANEL_9, /* … the last: more than one */
    HT_DO_TURN,
    HT_DO_EXPORT,
    HT_DO_UNDO,
    HT_DO_REDO,
    HT_DO_HELP,
    HT_DO_SEARCH,
    HT_DO_LESSON,
    HT_DO_LESSON_BACK,
    HT_DO_BACK,
    HT_DO_QUIT,
    HT_ACTION_COUNT
} ht_action;

typedef struct ht_key_info {
    ht_action action;
    int keys[3];       /* 0 where unused */
    const char *label; /* "Space", "← →" */
    const char *bar;   /* word in the key bar, NULL: not there */
    const char *help;
} ht_key_info;

const ht_key_info *ht_keymap(size_t *count); /* static storage, in the order of help */

/* HT_DO_NOTHING for a key without a meaning. */
ht_action ht_keymap_action(int key);

/* A key by its name, as scripts and lessons call it: one character, or "Space", "Shift-Left" … 0 if it is
 * none. */
int ht_keymap_key(const char *name);

#endif
