/* panels.h - the functions that fill the panels, as panels.def names them, and what they share. */
#ifndef HT_VIEW_PANELS_PANELS_H
#define HT_VIEW_PANELS_PANELS_H

#include "chart/chart.h"
#include "chart/form.h"
#include "chart/gallery.h"
#include "view/model.h"
#include "view/panel_room.h"

#define HT_ARGUMENTS_CHART const ht_model *model, int columns, ht_chart *chart
#define HT_ARGUMENTS_FORM const ht_model *model, ht_room room, ht_form *form
#define HT_ARGUMENTS_GALLERY const ht_model *model, ht_gallery *gallery

#define HT_PANEL(id, name, home, kind, function, explain) void function(HT_ARGUMENTS_##kind);
#include "view/panels.def"

/* The x axis of a chart over steps, with the changes of the controls. */
void ht_panel_step_axis(const ht_model *model, ht_chart *chart); /* panel_history.c */
/* Accuracy never leaves 0..1: a fitted y axis must not either. */
void ht_panel_accuracy_axis(ht_chart *chart); /* panel_history.c */

/* What to try now, in a sentence or two. */
void ht_panel_advice(const ht_model *model, char *to, size_t size); /* panel_advice.c */

/* Losses that a language model's is compared with, as lines across its own. */
void ht_panel_add_language(const ht_model *model, ht_chart *chart); /* panel_language.c */

/* ---- panel_text.c ---- */

void ht_panel_add_heading(ht_form *form, const char *label);
/* Adds `text` as rows of at most the room's width; paragraphs are separated by '\n'. */
void ht_panel_add_text(ht_form *form, ht_room room, ht_role role, const char *text);
/* How many rows that takes. */
int ht_panel_text_rows(ht_room room, const char *text);
/* Those of the keys that do something now, under a heading, if all of these fit: the key bar and the help
 * know them too. None in a picture. */
typedef struct ht_panel_key {
    const char *key, *words;
    bool now;
} ht_panel_key;
void ht_panel_add_keys(const ht_model *model, ht_form *form, ht_room room, const ht_panel_key *keys,
                       int count);
/* With several layers what falls on each of κ, or on the picked one; as many as leave `after` rows free. */
void ht_panel_add_layers(const ht_model *model, ht_room room, int after, ht_form *form);
/* Under a chart: "at step 1 310", before what its note says. */
void ht_panel_say_when(const ht_model *model, uint64_t step, double seconds, ht_chart *chart);

#endif
