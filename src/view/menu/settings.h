/* settings.h - the menu of settings: which are listed, which is chosen, what is said of each. Pure: all that
 * is listed comes from the table of parameters. */
#ifndef HT_VIEW_MENU_SETTINGS_H
#define HT_VIEW_MENU_SETTINGS_H

#include "view/model.h"

/* A row of the list: a setting, or the heading over those of its group. */
typedef struct ht_settings_row {
    const char *heading; /* NULL: a setting */
    ht_param param;
} ht_settings_row;

enum { HT_SETTINGS_ROWS = 2 * HT_P_COUNT };

/* The rows that the filter lets through, in the table's order; returns how many. */
int ht_settings_rows(const ht_model *model, ht_settings_row rows[HT_SETTINGS_ROWS]);

/* Chooses the setting so many further down (< 0: up) among those listed, at most the first or the last. */
void ht_settings_move(ht_model *model, int count);

/* The chosen one must be among those listed: where the filter took it away, the first of them; false: none
 * is. */
bool ht_settings_settle(ht_model *model);

/* The first row of a list of which `height` rows are seen, so that the chosen one is. */
int ht_settings_first(const ht_model *model, int height);

/* Has it another value than the preset? */
bool ht_settings_differs(const ht_model *model, ht_param p);

/* The value in effect: asked and applied differ until the trainer has taken it. */
double ht_settings_applied(const ht_model *model, ht_param p);

/* "0 … 100k samples", "iid, shared …", "true, false". */
void ht_settings_range(ht_param p, char *to, size_t size);

#endif
