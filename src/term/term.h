/* term.h - the terminal: curses behind four verbs. With term.c, the only file that knows about curses. One
 * thread, one terminal. */
#ifndef HT_TERM_TERM_H
#define HT_TERM_TERM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "heavytail/status.h"
#include "render/cells.h"
#include "render/theme.h"

typedef enum ht_event_kind {
    HT_EVENT_KEY,
    HT_EVENT_PRESS,
    HT_EVENT_DRAG,
    HT_EVENT_MOVE, /* no button is down */
    HT_EVENT_RELEASE,
    HT_EVENT_WHEEL,
    HT_EVENT_RESIZE,
    HT_EVENT_PASTE
} ht_event_kind;

typedef struct ht_event {
    ht_event_kind kind;
    int key;         /* KEY: a Unicode character or HT_KEY_… (view/keymap.h) */
    int column, row; /* of the mouse */
    int delta;       /* WHEEL: +1 up, -1 down */
    /* PASTE: one line of UTF-8, without control characters, until the next event is asked for; and whether it
     * is only the beginning of what was pasted. */
    const char *text;
    bool cut;
} ht_event;

/* Takes over the terminal. HT_FAIL, with the terminal untouched, when standard input or output is none or it
 * cannot place a cursor. From here to ht_term_close nothing else may print. A crash restores the screen
 * before it ends the process. */
ht_code ht_term_open(const ht_theme *theme, ht_error *err);
void ht_term_close(void);

/* Before ht_term_open: what the screen shows until ht_term_close is recorded. The recording stays the
 * caller's. */
struct ht_cast;
void ht_term_record(struct ht_cast *cast);

/* Other colours from the next frame on, with the theme's own background. */
void ht_term_theme(const ht_theme *theme);

/* Does the terminal tell where the mouse goes while no button is down (from the next frame on)? */
void ht_term_hover(bool on);

void ht_term_size(int *columns, int *rows);

/* What a person should know about the terminal, "" when nothing. */
const char *ht_term_notice(void);

/* The symbols this locale and terminal can show. */
ht_symbols ht_term_symbols(void);

/* Which cells it cannot show in two colours (HT_ONE_COLOUR_…). Known once it has been opened, and kept when
 * it is closed. */
unsigned ht_term_one_colour(void);

/* Shows a finished grid: one update. */
void ht_term_show(const ht_cells *cells);

/* Waits up to `milliseconds` for something to happen; false when nothing did. */
bool ht_term_wait(int milliseconds);
/* The next event already there; false when there is none. */
bool ht_term_event(ht_event *event);

/* A signal (INT, TERM, HUP) asks the program to end. */
bool ht_term_interrupted(void);
/* Set when one came after ht_term_close: what the lab still does after its screen is not waited for. */
const atomic_bool *ht_term_interrupted_again(void);

#endif
