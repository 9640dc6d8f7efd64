/* panel.h - THE table of panels: what each is called, what it tells a student, and the function that fills
 * its chart or form. */
#ifndef HT_VIEW_PANEL_H
#define HT_VIEW_PANEL_H

#include "view/chart.h"
#include "view/form.h"
#include "view/gallery.h"
#include "view/model.h"

/* What a form may fill. */
typedef struct ht_room {
    int columns, rows; /* inside the frame */
    bool numbers;      /* no other panel on the screen shows the numbers of the moment */
} ht_room;

typedef struct ht_panel {
    const char *name;    /* for --panel and help: "loss" */
    ht_view home;        /* the view it belongs to; Tab walks through that view's when one is zoomed */
    const char *explain; /* what it shows, the formula, what to try; paragraphs separated by '\n' */
    /* Exactly one of the three is set. `columns`: sub-cells across the plot, what to decimate to. The chart,
     * form or gallery comes in empty. */
    void (*chart)(const ht_model *model, int columns, ht_chart *chart);
    void (*form)(const ht_model *model, ht_room room, ht_form *form);
    void (*gallery)(const ht_model *model, ht_gallery *gallery);
} ht_panel;

const ht_panel *ht_panel_at(ht_panel_id id);           /* static storage */
bool ht_panel_find(const char *name, ht_panel_id *id); /* one of the dashboard's, by name */
/* The panel of the same view after (direction 1) or before (-1) this one, in Tab order. */
ht_panel_id ht_panel_next(ht_panel_id id, int direction);

/* panel_history.c */
void ht_panel_loss(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_accuracy(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_tail(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_tail_history(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_size(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_regime(const ht_model *model, int columns, ht_chart *chart);
/* panel_tail.c */
void ht_panel_tail_weights(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_tail_norms(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_tail_hill(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_tail_spectrum(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_tail_table(const ht_model *model, ht_room room, ht_form *form);
/* The α of the noise; NaN without noise. */
double ht_panel_injected(const ht_model *model);
/* ", layer 2": whose tail is shown; "" and false if there is only one. */
bool ht_panel_layer(const ht_model *model, char *to, size_t size);
/* panel_weights.c */
void ht_panel_weights(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_norms(const ht_model *model, int columns, ht_chart *chart);
/* panel_pruning.c */
void ht_panel_pruning(const ht_model *model, int columns, ht_chart *chart);
/* panel_pruning_readout.c; a row's id is its method. */
void ht_panel_pruning_readout(const ht_model *model, ht_room room, ht_form *form);
/* panel_neurons.c */
void ht_panel_strip(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_neurons(const ht_model *model, ht_gallery *gallery);
/* panel_width.c */
void ht_panel_width_ratio(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_width_accuracy(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_width_tail(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_width_readout(const ht_model *model, ht_room room, ht_form *form);
/* panel_forms.c */
void ht_panel_controls(const ht_model *model, ht_room room, ht_form *form);
void ht_panel_now(const ht_model *model, ht_room room, ht_form *form);
/* panel_timeline.c */
void ht_panel_timeline(const ht_model *model, int columns, ht_chart *chart);
/* panel_help.c */
void ht_panel_help(const ht_model *model, ht_room room, ht_form *form);
void ht_panel_add_heading(ht_form *form, const char *label);
/* Adds `text` as rows of at most the room's width; paragraphs are separated by '\n'. */
void ht_panel_add_text(ht_form *form, ht_room room, ht_role role, const char *text);
/* How many rows that takes. */
int ht_panel_text_rows(ht_room room, const char *text);

/* panel_road.c */
void ht_panel_epochs(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_epochs_loss(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_road(const ht_model *model, ht_room room, ht_form *form);
/* panel_compare.c */
void ht_panel_compare(const ht_model *model, int columns, ht_chart *chart);
void ht_panel_compare_table(const ht_model *model, ht_room room, ht_form *form);

/* "ε" or "ε²": what the report's errors are. */
const char *ht_panel_error_symbol(const ht_report *report);

#endif
