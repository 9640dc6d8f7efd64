/* bars.h - the lines at the top and the bottom of the screen, as text. Pure. */
#ifndef HT_VIEW_BARS_H
#define HT_VIEW_BARS_H

#include <stddef.h>

#include "view/model.h"
#include "chart/role.h"

/* A stretch of text in one role. */
typedef struct ht_span {
    ht_role role;
    int key; /* that a click on it presses; 0: none */
    char text[96];
} ht_span;

enum { HT_SPANS = 48, HT_MESSAGE_ROWS = 5 /* at most: panels need the rest */ };

/* What stands left: name, noise, preset, shape. Returns how many spans (≤ HT_SPANS), most important first. */
int ht_bars_title_left(const ht_model *model, ht_span spans[HT_SPANS]);
/* What stands right: state, step, epoch, speed, time. */
int ht_bars_title_right(const ht_model *model, ht_span spans[HT_SPANS]);
/* Keys and their words, by turns. */
int ht_bars_keys(const ht_model *model, ht_span spans[HT_SPANS]);
/* Rows that are kept free for the model's message above the key bar. None for a note that is short: it stands
 * in the key bar, before the keys, so that no panel moves for it. */
int ht_bars_message_rows(const ht_model *model, int columns);
/* The message as it fits these rows: where it is too long for them, long words (paths) lose their middle,
 * then it loses its end. True if it has lost anything. */
bool ht_bars_message(const ht_model *model, int columns, char to[HT_MESSAGE]);
/* Its severity, as a role. */
ht_role ht_bars_message_role(const ht_model *model);

#endif
