/* messages.h - what the threads send each other: plain data, copied through a ring or a triple buffer. */
#ifndef HT_LINK_MESSAGES_H
#define HT_LINK_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "heavytail/prune.h"
#include "heavytail/tail.h"
#include "link/label.h"
#include "num/histogram.h"
#include "nn/occam.h"
#include "tail/row_tails.h"

/* ---- UI -> trainer: intent, applied at a step boundary ----------------------------------------- */

/* What to prune. */
typedef struct ht_prune_intent {
    ht_prune_spec spec; /* calibration is NULL: the trainer's own training samples */
    bool keep_mask;     /* what is zero then stays zero while training goes on */
} ht_prune_intent;

/* What the analyst is to look at beside what it always does. No part of the run: neither journaled nor
 * undone. */
typedef struct ht_analysis_request {
    unsigned methods; /* bit 1 << method: its pruning curve, whenever training stands still, and once now */
    bool watched;     /* the node curve is on the screen: often, while training runs */
    bool thorough;    /* once, though training runs: everything, on all test samples */
    /* Measured when training stands still, or thoroughly: the speed of the network pruned like this. */
    bool timed;
    ht_prune_method speed;
    double ratio;       /* NaN: at κ */
    bool text;          /* of a network on token sequences: a text sampled from it, … */
    double temperature; /* … at this temperature */
} ht_analysis_request;

/* How much of the machine looking may take from training: ui.effort. */
typedef enum ht_effort { HT_EFFORT_ECO, HT_EFFORT_NORMAL, HT_EFFORT_FULL, HT_EFFORTS } ht_effort;

typedef enum ht_command_kind {
    HT_COMMAND_SET, /* param = value (a LIVE one) */
    HT_COMMAND_RUN, /* train on */
    HT_COMMAND_PAUSE,
    HT_COMMAND_STEP,   /* one step, then paused */
    HT_COMMAND_RESET,  /* back to the same initial weights, step 0 */
    HT_COMMAND_RESEED, /* new seed (value), then as RESET */
    HT_COMMAND_PRUNE,  /* removes weights: `prune` */
    HT_COMMAND_UNMASK, /* all weights are trained again */
    HT_COMMAND_REWIND, /* to the nearest stored step at or before `value`, then paused */
    /* Back to before the last of RESET, RESEED, PRUNE, UNMASK, REWIND and UNDO_STATE: twice is a redo. */
    HT_COMMAND_UNDO_STATE,
    HT_COMMAND_LABEL, /* words at step `value`: `text`, "" takes them away. No change of the run */
    /* What the analyst looks at, and so no change of the run: */
    HT_COMMAND_LAYER,  /* the weights of hidden layer `value`, from 0; HT_ALL_LAYERS */
    HT_COMMAND_WATCH,  /* value 1: pictures of the tail while training runs, 0: only when it stands still */
    HT_COMMAND_LOOK,   /* pruning: `request` */
    HT_COMMAND_EFFORT, /* value: an ht_effort */
} ht_command_kind;

typedef struct ht_command {
    ht_command_kind kind;
    uint32_t seq; /* echoed when applied */
    ht_param param;
    double value;
    ht_prune_intent prune;
    ht_analysis_request request;
    char text[HT_LABEL_TEXT];
} ht_command;

/* ---- trainer -> UI ----------------------------------------------------------------------------- */

typedef enum ht_state { HT_STATE_PAUSED, HT_STATE_RUNNING, HT_STATE_DONE, HT_STATE_DIVERGED } ht_state;

typedef enum ht_sample_kind {
    HT_SAMPLE_STEP,   /* one step, or several folded into one when the ring was full */
    HT_SAMPLE_EVAL,   /* loss and accuracy on the test samples */
    HT_SAMPLE_STATE,  /* paused, running, done, diverged; with the message */
    HT_SAMPLE_CHANGE, /* a parameter changed: param, before, value */
    HT_SAMPLE_RESET,  /* training starts again at step 0 */
    HT_SAMPLE_PRUNE,  /* weights were removed: prune; value: the ratio reached */
    HT_SAMPLE_UNMASK, /* all weights are trained again */
    HT_SAMPLE_REWIND, /* the state is that of `step` again; CHANGEs before it told of other parameters */
    HT_SAMPLE_LABEL,  /* words were put at step `from`: message; "": those that were there are gone */
    HT_SAMPLE_BACK, /* the run has ended at `step`: steps after it were made while that was judged, and do not
                       count. No change of the run */
    HT_SAMPLE_KINDS
} ht_sample_kind;

typedef struct ht_sample {
    ht_sample_kind kind;
    uint64_t step;  /* steps done when it was sent */
    double seconds; /* training time, pauses left out */
    double clock;   /* when it was made, of ht_now */
    double epoch;
    uint32_t applied_seq; /* the last command applied */
    /* STEP: `folded` steps end here; loss of the last one and the extremes of all, minibatch accuracy. EVAL:
     * the same over the steps since the last one, as means; folded = 0: a look that closes no row of metrics.
     */
    uint32_t folded;
    double loss, loss_min, loss_max, accuracy;
    double test_loss, test_accuracy; /* EVAL */
    double multiply_adds,
        compute;    /* EVAL: of a sample forward, and of all training so far; NaN: not counted */
    ht_state state; /* STATE */
    ht_param param; /* CHANGE */
    double before, value;
    char message[200]; /* STATE, LABEL */
    /* CHANGE, RESET, PRUNE, UNMASK, REWIND: its number among the changes of the run, as in the journal */
    uint64_t revision;
    bool restored;  /* CHANGE: no change of its own (and without a number) but part of the REWIND that follows
                     */
    uint64_t from;  /* RESET, REWIND: the step it was sent away from; LABEL: where it stands */
    uint64_t keep;  /* REWIND: the last change that is part of the state; later ones are undone */
    bool other_run; /* REWIND: across a RESET, so nothing of the history so far belongs to the state */
    ht_prune_intent prune;
    double masked; /* the share of the hidden weights that stay zero */
} ht_sample;

enum { HT_STORED = 64 };

/* The states that the trainer keeps in memory, by rising step: where REWIND can go. */
typedef struct ht_stored {
    int count, capacity;
    uint64_t step[HT_STORED];
    bool undo; /* UNDO_STATE can go back … */
    uint64_t undo_step;
    double state_mb; /* one state's share of run.memory_mb */
} ht_stored;

/* What was told of the epochs so far. */
typedef struct ht_epochs {
    ht_occam now;
    int count;
    ht_occam_epoch row[HT_OCCAM_EPOCHS];
} ht_epochs;

/* ---- analyst -> UI ----------------------------------------------------------------------------- */

enum {
    HT_REPORT_NORMS = 200, /* points of P(‖w‖ > x) */
    HT_REPORT_CURVE = 257,
    HT_REPORT_STRIP = 256,
    HT_REPORT_NEURONS = 12,
    HT_REPORT_UNITS = 64,                                   /* filters, which are small */
    HT_REPORT_INPUTS = 1024,                                /* values of one … */
    HT_REPORT_VALUES = HT_REPORT_NEURONS * HT_REPORT_INPUTS /* … and of all that are kept */
};

/* A hidden layer, and what falls on it of κ: removed / units. */
typedef struct ht_glimpse_layer {
    int units, columns, window[2]; /* rows of its weights, as long; of filters: of a kernel; 0, 0: neurons */
    int heads;     /* of attention: its queries, keys and values (three times as many rows as columns) have so
                      many, or its projection reads so many; 0 of others */
    bool no_units; /* its rows are no units: heads go as a whole, what residuals add stays */
    int removed;
    double error; /* ε after removing them */
} ht_glimpse_layer;

/* What is cheap to know of the weights: it comes by itself, many times a second. */
typedef struct ht_glimpse {
    uint64_t count;         /* glimpses so far; 0: none yet, nothing below holds */
    uint64_t step;          /* of the weights */
    double seconds;         /* of training until then */
    uint32_t generation;    /* resets before it */
    int layer;              /* of which layer's weights: the histogram and the norms; HT_ALL_LAYERS */
    ht_histogram histogram; /* of |w| */
    int norms;              /* points of P(‖w‖ > x): x rising */
    double norm[HT_REPORT_NORMS], norm_above[HT_REPORT_NORMS];
    int layers;
    ht_glimpse_layer of[HT_HIDDEN_MAX];
    /* κ of the settings over all layers, where norms are all that it needs (node); else 0 units, and nothing
     * is removed from any layer */
    struct {
        int units, removed; /* κ = removed / units */
        double error;       /* ε after removing them */
    } kappa;
    double wanted; /* the ε that κ is read off at */
    ht_prune_metric metric;
} ht_glimpse;

/* The pruning curve of one method, as it was looked at last. */
typedef struct ht_prune_look {
    int count; /* of points: ≤ 257 ratios, always with 0, 1 and κ; 0: not looked at yet */
    ht_prune_point points[HT_REPORT_CURVE];
    ht_prune_point at;        /* as the settings ask: κ */
    ht_prune_reading reading; /* of the whole curve */
    int64_t units;
    const char *unit; /* what they are; NULL: what the method says */
    uint64_t step;    /* of the weights */
    double seconds;   /* of training until then */
    int samples;      /* test samples used */
    /* node and random: ‖w‖ of the units of the layer of ht_strongest in the order in which they go, the
     * largest of each group of neighbours; else 0 groups */
    int groups;
    float group[HT_REPORT_STRIP];
    double goes[HT_REPORT_UNITS]; /* the ratio at which each of the strongest units goes; Inf: it stays */
} ht_prune_look;

/* What is drawn of a unit. */
typedef enum ht_drawn {
    HT_DRAWN_WEIGHTS, /* a neuron's, one an input */
    HT_DRAWN_KERNEL,  /* a filter of one channel */
    HT_DRAWN_COLOURS, /* of the three channels of the input: red, green, blue, one after the other */
    HT_DRAWN_NORMS    /* of more channels: their norm at each place */
} ht_drawn;

/* The units of the picked layer (of all: the first) with the largest ‖w‖, as many as find room. */
typedef struct ht_strongest {
    int layer, of; /* how many units it has */
    ht_drawn drawn;
    int count, values; /* falling norm; 0 values: more than 1024 each, not kept */
    int height, width; /* of filters: the values are so many pictures */
    int unit[HT_REPORT_UNITS];
    float norm[HT_REPORT_UNITS];
    float value[HT_REPORT_VALUES]; /* (count × values) */
} ht_strongest;

/* What is known of the tail of one hidden layer's weights, centred as `train --json` does; or of all of them:
 * each by itself, and of every estimator the layer in the middle. */
typedef struct ht_tail_look {
    int layer;  /* from 0; HT_ALL_LAYERS */
    int drawn;  /* whose picture it is: of all layers the largest's */
    int layers; /* all: how many, and mmo of each; else 0 */
    ht_estimate of[HT_HIDDEN_MAX];
    uint64_t step;                  /* of the weights */
    double seconds;                 /* of training until then */
    bool looked;                    /* false: nothing is known yet */
    int rows_used, rows_of;         /* `now` is of the first so many rows, of how many */
    ht_estimate now[HT_ESTIMATORS]; /* of this step: mmo, hill and their kin; the others too (mmo-multi of
                                       the rows) where the picture is of this step */
    uint64_t picture_step;          /* of the picture, and of … */
    ht_row_tails rows;              /* … all hidden layers */
    ht_tail_picture picture;        /* rows is 0 until there is one */
} ht_tail_look;

enum { HT_TEXT_TOKENS = 512 };

/* A text sampled from the weights of a step, or the beginning of it. */
typedef struct ht_text_look {
    bool looked; /* false: nothing was sampled yet */
    uint64_t step;
    double seconds; /* of training until then */
    double temperature;
    int count;
    int32_t token[HT_TEXT_TOKENS];
} ht_text_look;

/* Parts are of different weights, each of those that its step says. */
typedef struct ht_report {
    ht_glimpse glimpse;  /* comes by a way of its own: the analyst leaves it out */
    uint64_t step;       /* of the weights looked at last; valid once `count` > 0 */
    double seconds;      /* of training until then */
    uint64_t count;      /* reports so far */
    uint32_t generation; /* resets before it: a report on the weights of an earlier run is dropped */
    double milliseconds; /* what it cost */
    ht_tail_look tail;
    ht_text_look text;
    double left, large; /* share of all weights above machine epsilon, above 1e-4; with the tail */
    ht_strongest strongest;
    ht_prune_look look[HT_PRUNE_METHODS];
    unsigned refused;        /* bit 1 << method: the network cannot be pruned by it, since it has attention */
    unsigned pending;        /* bit 1 << method: asked for, and not looked at yet as it stands */
    int samples, samples_of; /* test samples used, of how many */
    int samples_next;        /* so many are evaluated right now, for looks that are of fewer; 0: none are */
    size_t parameters;       /* of the whole network */
    /* The method of the settings. */
    ht_prune_method method;
    ht_prune_metric metric;
    double error;
    int width, removed;          /* κ = removed / width at prune.error, over all units */
    ht_prune_point full, pruned; /* the curve at 0 and at κ */
    /* Without its dead neurons the network pruned so far is so many times as fast; NaN: not measured. */
    ht_prune_method speed_method;
    bool speed_at_kappa;
    double speed_ratio, speed_up;
} ht_report;

#endif
