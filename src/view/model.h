/* model.h - everything the screen shows, as data: filled from samples and reports, read by the panels. Owned
 * by the UI thread. */
#ifndef HT_VIEW_MODEL_H
#define HT_VIEW_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "link/compare.h"
#include "link/width_sweep.h"
#include "link/messages.h"
#include "chart/curve.h"
#include "chart/heat.h"

/* The panels, in Tab order; panel.h says what each is. */
typedef enum ht_panel_id {
#define HT_PANEL(id, name, home, kind, function, explain) HT_PANEL_##id,
#include "view/panels.def"
    HT_PANEL_COUNT
} ht_panel_id;

/* The views; view.h says what each is. */
typedef enum ht_view {
    HT_VIEW_DASHBOARD,
    HT_VIEW_ZOOM,
    HT_VIEW_PRUNING,
    HT_VIEW_TAIL,
    HT_VIEW_WIDTH,
    HT_VIEW_COMPARE,
    HT_VIEW_METHOD,
    HT_VIEW_RUNS,
    HT_VIEW_LAYERS,
    HT_VIEW_SETTINGS,
    HT_VIEW_HELP,
    HT_VIEW_COUNT
} ht_view;

/* The quantities whose history over the steps is kept. */
typedef enum ht_trace {
    HT_TRACE_LOSS, /* of minibatches */
    HT_TRACE_TEST_LOSS,
    HT_TRACE_ACCURACY, /* of minibatches */
    HT_TRACE_TEST_ACCURACY,
    HT_TRACE_ALPHA, /* injected */
    HT_TRACE_LEFT,  /* share of the weights above machine epsilon */
    HT_TRACE_LARGE, /* above 1e-4 */
    HT_TRACE_KAPPA, /* the pruning ratio κ */
    HT_TRACE_LAYER, /* what of it falls on the picked layer */
    HT_TRACE_ROWS,  /* tail index of the rows, median of the hidden layers */
    HT_TRACE_TAIL,  /* the first estimator's, with its 95 % interval; the others follow: ht_trace_of */
    HT_TRACE_COUNT = HT_TRACE_TAIL + HT_ESTIMATORS
} ht_trace;

static inline ht_trace ht_trace_of(ht_estimator estimator)
{
    return (ht_trace)(HT_TRACE_TAIL + (int)estimator);
}

enum { HT_MESSAGE = sizeof((ht_error *)0)->text }; /* whatever an error says */
enum { HT_CONTROLS = 5, HT_MODEL_MARKS = 64, HT_UNDO = 64, HT_GHOSTS = 4, HT_WIDTH_SWEEPS = 4 };

/* What the bottom line asks for: a value of the chosen control, a setting (key=value), words to find, a name
 * for the newest ghost, words for a step. */
typedef enum ht_prompt {
    HT_PROMPT_NONE,
    HT_PROMPT_VALUE,
    HT_PROMPT_SETTING,
    HT_PROMPT_SEARCH,
    HT_PROMPT_NAME,
    HT_PROMPT_LABEL
} ht_prompt;

typedef struct ht_moment { /* a parameter was changed: drawn as a mark on every chart over steps */
    double step;
    ht_param param;
    double before, after;
    char label[40]; /* "σ 0.05→0.1" */
} ht_moment;

/* What arrived while the view was frozen. */
typedef struct ht_arrived {
    double loss, batch_accuracy, test_loss, test_accuracy;
    ht_report report;
    ht_epochs epochs;
} ht_arrived;

/* The read-out cursor of the charts. */
typedef struct ht_cursor {
    bool on;
    ht_panel_id panel;
    double x;        /* on that panel's x axis */
    bool over_steps; /* which is the step of the run */
    double y;        /* where the mouse is; NaN without one */
    bool keys;       /* ← → move it, not the control */
    bool hover;      /* it goes where the mouse goes, and away with the next key */
} ht_cursor;

/* The menu of settings (view/menu/settings.h). */
typedef struct ht_settings_menu {
    ht_params preset; /* what the preset says: those that differ are marked */
    ht_param chosen;
    int first;         /* row that the list begins with */
    ht_view before;    /* where it was opened … */
    ht_panel_id focus; /* … and which panel had the frame */
    char filter[64];   /* only settings with this are listed */
} ht_settings_menu;

/* The page of a lesson, as the lab has written it. */
enum { HT_PAGE_LINES = 6 };
typedef struct ht_lesson_page {
    bool open, list; /* list: the text has a line a lesson, "1  title: about" */
    char title[120], text[1000], press[80];
    int lines; /* what must hold now, and whether it does */
    struct {
        char said[160];
        bool known, holds;
    } line[HT_PAGE_LINES];
    char next[100]; /* how it goes on */
} ht_lesson_page;

/* Of samples that are token sequences: their tokens, and losses to compare with. */
typedef struct ht_language {
    int tokens;                     /* different ones; 0: samples are no token sequences */
    const uint32_t *characters;     /* (tokens) as in ht_dataset, borrowed; NULL: tokens are numbers */
    bool bytes;                     /* characters are bytes */
    double unigram, least, entropy; /* nats a token, as in ht_token_losses and ht_dataset; 0: not known */
} ht_language;

typedef struct ht_model {
    /* what runs */
    bool opening;                      /* the data are being opened; training starts by itself then */
    char data_title[96], shape[64];    /* "140→2000→2" */
    char title[64];                    /* of the settings: "ecg-demo", or whose data these are */
    int picture_width, picture_height; /* of a sample; 0: samples are no pictures of one channel */
    size_t samples;                    /* of the training part; 0: not known yet */
    ht_language language;
    double masked;            /* the share of the hidden weights that stay zero */
    ht_params asked, applied; /* sliders show both */
    ht_state state;
    char message[HT_MESSAGE]; /* of the state; empty when there is nothing to say */
    bool message_is_note;     /* a note (exported …) that the next key clears, not a warning */
    uint64_t step;
    uint32_t generation; /* resets so far */
    double epoch, seconds, steps_per_second;
    double loss, batch_accuracy, test_loss, test_accuracy;
    /* history */
    ht_curve trace[HT_TRACE_COUNT];
    ht_heat heat;   /* of |w|: shares of the coarse bins of the histogram … */
    int heat_layer; /* … of this layer; the curve HT_TRACE_LAYER too */
    int moment_count;
    ht_moment moments[HT_MODEL_MARKS];
    ht_labels labels; /* words that the user has put at steps */
    /* the analyst's latest; report.count == 0 until there is one */
    ht_report report;
    ht_epochs epochs; /* validated with samples held back, or by Occam gradient descent; count 0: none */
    /* frozen: charts and numbers stay as they were at frozen_step, while training and its title line go on */
    bool frozen;
    double frozen_step;
    ht_arrived arrived;
    ht_curve
        *later; /* [HT_TRACE_COUNT] the curves as they go on meanwhile; NULL if not frozen or no memory */
    ht_curve *later_room; /* for those, once it was needed; owned */
    /* runs kept for comparison; owned, oldest first */
    int ghost_count;
    struct ht_ghost *ghost[HT_GHOSTS];
    struct ht_ghost
        *left_run; /* what the last reset left: its history comes back when that is undone; owned */
    struct ht_ghost *spare_ghost; /* memory of former ones: ghost.h; owned */
    struct ht_watched
        *watched;           /* a training of another program (watched/watched.h); borrowed. NULL: our own */
    struct ht_shelf *shelf; /* runs to compare with: runs/shelf.h; owned, NULL until there is one */
    /* the states that the trainer keeps */
    ht_stored stored;
    bool leaving;   /* on the way back: the newest ghost keeps the future that is left */
    bool gone_back; /* to one of them, and nothing was trained since */
    /* width sweeps: results kept, oldest first; the last one may still run */
    int width_sweep_count, width_sweep_first; /* how many; how many were dropped before them */
    ht_width_sweep_state width_sweep[HT_WIDTH_SWEEPS];
    ht_compare_state compare; /* the comparison of methods, the latest one; count 0: never yet */
    /* how it is shown */
    ht_view view, view_before_help;
    ht_panel_id focus;
    int control;        /* 0 .. HT_CONTROLS-1 */
    bool tail_all;      /* tail view: the table shows all estimates, not only those to trust first */
    double temperature; /* of the text that is sampled */
    int layer;          /* that is picked (layers/layers.h): a hidden one, from 0, or HT_ALL_LAYERS */
    bool loss_log, weights_log_x, weights_log_y, norms_log, strip_log;
    bool present;               /* presentation: one or two charts and large numbers */
    unsigned hidden;            /* panels left out of the dashboard: bit 1 << id */
    int turn;                   /* where there is no room for all its charts: which of them are shown */
    unsigned prune_shown;       /* pruning view (pruning.h): bit 1 << method */
    ht_prune_method prune_lead; /* the method that is read in full */
    double prune_cursor;        /* its place on the x axis; < 0: on κ */
    double prune_timed;         /* ratio whose speed was asked for; NaN: κ */
    ht_cursor cursor;
    double window, window_end; /* steps that charts show, 0: the whole run; their end, NaN: the latest */
    ht_lesson_page lesson;
    bool timeline;      /* the bar of states to go back to is open … */
    double timeline_at; /* … and stands at this step */
    ht_settings_menu settings;
    int help_scroll;
    ht_panel_id scrolled; /* the panel of rows that was scrolled last … */
    int scroll;           /* … and how many rows are above what it shows */
    ht_prompt prompt;     /* what is being typed */
    char typed[64];
    uint64_t label_step; /* where what is typed is put */
    char search[64];     /* help shows what contains this */
    char footer[160];    /* in pictures: versions, kernels */
} ht_model;

/* The parameters that have controls, in order. */
extern const ht_param ht_model_controls[HT_CONTROLS];

/* A model of about 6 MB: allocate it. */
void ht_model_init(ht_model *model, const ht_params *params, int inputs, int classes, const char *data_title);

/* The next temperature of sampled text: 0, 0.5, 0.8, 1, 1.2, and from there 0 again. */
double ht_model_next_temperature(double temperature);

/* Says the shape of a sample (0: none); only pictures of one channel are drawn as such. */
void ht_model_pictures(ht_model *model, int channels, int height, int width);

/* Drops what it owns: ghosts, the run that was left, curves kept for later. */
void ht_model_clear(ht_model *model);

/* Takes in a sample, a report, what is known of the epochs. */
void ht_model_sample(ht_model *model, const ht_sample *sample);
void ht_model_report(ht_model *model, const ht_report *report); /* but for its glimpse */
/* A point with its interval, if there is an index; an interval without an end reaches beyond every axis. */
void ht_model_add_estimate(ht_curve *curve, double step, const ht_estimate *estimate);
void ht_model_glimpse(ht_model *model, const ht_glimpse *glimpse);
void ht_model_epochs(ht_model *model, const ht_epochs *epochs);

/* Stops the charts and the numbers, or lets them catch up. */
void ht_model_freeze(ht_model *model, bool frozen);

/* The settings in force at a step: what is applied now without the changes after it. */
ht_params ht_model_params_at(const ht_model *model, double step);

/* "iid α 1.75 σ 0.1", or "no noise". */
void ht_model_noise(const ht_params *params, char *to, size_t size);

/* What a chart without a point says: how the first comes. */
const char *ht_model_waits(const ht_model *model);
/* The same of what is found in the weights. */
const char *ht_model_measuring(const ht_model *model);

/* The one that = types a value of: the chosen control's, or the chosen setting's. */
ht_param ht_model_edited(const ht_model *model);

/* "α", "σ", "η", "b" or the key's last part. */
const char *ht_model_symbol(ht_param p);

/* A value with its own number of digits: "0.05", "iid", "2 000". */
void ht_model_value(ht_param p, double value, char *to, size_t size);

/* An end of a range: "2", "1e-07", "100k". */
void ht_model_bound(double value, char *to, size_t size);

/* Does noise leave the layer alone whose tail is looked at (noise.first_conv)? Of all layers: the one that is
 * drawn. */
bool ht_model_quiet(const ht_model *model);

/* The α of the noise in the layer whose tail is looked at; NaN without noise. */
double ht_model_injected(const ht_model *model);

/* Steps until noise of another type or α, as it was before a change, has faded from the weights of `step`:
 * three memory times 1/(ηλ). 0: they hold the present noise alone; infinite: without weight decay it stays.
 */
double ht_model_old_noise(const ht_model *model, double step);

/* ", conv 2", ", median of 3 layers": whose tail is shown; "" and false if there is only one. */
bool ht_model_layer(const ht_model *model, char *to, size_t size);

/* κ at prune.error, and the step of the weights that it is of: a glimpse's where there is one, else that of
 * the curve. NaN: not known yet. */
typedef struct ht_model_kappa {
    double value, seconds;
    uint64_t step;
} ht_model_kappa;
ht_model_kappa ht_model_kappa_of(const ht_report *report);

/* "step 1 310"; from a second on with its age: "step 1 310, 3 s ago". `seconds`: of training until that step.
 */
void ht_model_when(const ht_model *model, uint64_t step, double seconds, char *to, size_t size);

/* "ε" or "ε²": what the report's errors are. */
const char *ht_model_error_symbol(const ht_report *report);

#endif
