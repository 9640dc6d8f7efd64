/* model.h - everything the screen shows, as data: filled from samples and reports, read by the panels. Owned
 * by the UI thread. */
#ifndef HT_VIEW_MODEL_H
#define HT_VIEW_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "link/messages.h"
#include "view/curve.h"

/* The panels, in Tab order; panel.h says what each is. */
typedef enum ht_panel_id {
    HT_PANEL_LOSS,
    HT_PANEL_WEIGHTS,
    HT_PANEL_ACCURACY,
    HT_PANEL_NORMS,
    HT_PANEL_TAIL,
    HT_PANEL_PRUNING,
    HT_PANEL_CONTROLS,
    HT_PANEL_NOW,
    HT_PANEL_PRUNING_READOUT,
    HT_PANEL_HELP,
    HT_PANEL_COUNT
} ht_panel_id;

/* The views; view.h says what each is. */
typedef enum ht_view {
    HT_VIEW_DASHBOARD,
    HT_VIEW_ZOOM,
    HT_VIEW_PRUNING,
    HT_VIEW_HELP,
    HT_VIEW_COUNT
} ht_view;

enum { HT_CONTROLS = 5, HT_MODEL_MARKS = 64, HT_UNDO = 64 };

typedef struct ht_moment { /* a parameter was changed: drawn as a mark on every chart over steps */
    double step;
    char label[40]; /* "σ 0.05→0.1" */
} ht_moment;

typedef struct ht_model {
    /* what runs */
    char data_title[96], shape[64]; /* "140→2000→2" */
    ht_params asked, applied;       /* sliders show both */
    ht_state state;
    char message[200];    /* of the state; empty when there is nothing to say */
    bool message_is_note; /* a note (exported …) that the next key clears, not a warning */
    uint64_t step;
    uint32_t generation; /* resets so far */
    double epoch, seconds, steps_per_second;
    double loss, batch_accuracy, test_loss, test_accuracy;
    /* history */
    ht_curve train_loss, test_loss_curve, train_accuracy, test_accuracy_curve, alpha, mmo, hill;
    int moment_count;
    ht_moment moments[HT_MODEL_MARKS];
    /* the analyst's latest; report.count == 0 until there is one */
    ht_report report;
    /* how it is shown */
    ht_view view, view_before_help;
    ht_panel_id focus;
    int control; /* 0 .. HT_CONTROLS-1 */
    bool loss_log, weights_log_x, weights_log_y, norms_log;
    double prune_cursor; /* ratio under the cursor, in [0, 1] */
    int help_scroll;
    bool typing; /* "=": a value is being typed for the chosen control */
    char typed[32];
    char typing_error[200];
    char footer[160]; /* in pictures: versions, kernels */
} ht_model;

/* The parameters that have controls, in order. */
extern const ht_param ht_model_controls[HT_CONTROLS];

/* A model of about 1 MB: allocate it. */
void ht_model_init(ht_model *model, const ht_params *params, int inputs, int classes, const char *data_title);

/* Takes in a sample or a report. */
void ht_model_sample(ht_model *model, const ht_sample *sample);
void ht_model_report(ht_model *model, const ht_report *report);

/* "α", "σ", "η", "b" or the key's last part. */
const char *ht_model_symbol(ht_param p);

/* A value with its own number of digits: "0.05", "iid", "2 000". */
void ht_model_value(ht_param p, double value, char *to, size_t size);

#endif
