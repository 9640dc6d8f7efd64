/* messages.h - what the threads say to each other: plain data, copied through a ring or a triple buffer. */
#ifndef HT_LINK_MESSAGES_H
#define HT_LINK_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "heavytail/prune.h"
#include "heavytail/tail.h"
#include "math/histogram.h"

/* ---- UI -> trainer: intent, applied at a step boundary ----------------------------------------- */

typedef enum ht_command_kind {
    HT_COMMAND_SET, /* param = value (a LIVE one) */
    HT_COMMAND_RUN, /* train on */
    HT_COMMAND_PAUSE,
    HT_COMMAND_STEP,   /* one step, then paused */
    HT_COMMAND_RESET,  /* back to the same initial weights, step 0 */
    HT_COMMAND_RESEED, /* new seed (value), then as RESET */
} ht_command_kind;

typedef struct ht_command {
    ht_command_kind kind;
    uint32_t seq; /* echoed when applied */
    ht_param param;
    double value;
} ht_command;

/* ---- trainer -> UI ----------------------------------------------------------------------------- */

typedef enum ht_state { HT_STATE_PAUSED, HT_STATE_RUNNING, HT_STATE_DONE, HT_STATE_DIVERGED } ht_state;

typedef enum ht_sample_kind {
    HT_SAMPLE_STEP,   /* one step, or several folded into one when the ring was full */
    HT_SAMPLE_EVAL,   /* loss and accuracy on the test samples */
    HT_SAMPLE_STATE,  /* paused, running, done, diverged; with the message */
    HT_SAMPLE_CHANGE, /* a parameter changed: param, before, value */
    HT_SAMPLE_RESET,  /* training starts again at step 0 */
} ht_sample_kind;

typedef struct ht_sample {
    ht_sample_kind kind;
    uint64_t step;  /* steps done when it was sent */
    double seconds; /* training time, pauses left out */
    double epoch;
    uint32_t applied_seq; /* the last command applied */
    /* STEP: `folded` steps end here; loss of the last one and the extremes of all, minibatch accuracy */
    uint32_t folded;
    double loss, loss_min, loss_max, accuracy;
    double test_loss, test_accuracy; /* EVAL */
    ht_state state;                  /* STATE */
    ht_param param;                  /* CHANGE */
    double before, value;
    char message[200]; /* STATE */
} ht_sample;

/* ---- analyst -> UI ----------------------------------------------------------------------------- */

enum { HT_REPORT_NORMS = 200, HT_REPORT_CURVE = 257 };

typedef struct ht_report {
    uint64_t step;          /* of the weights looked at; valid once `count` > 0 */
    uint64_t count;         /* reports so far */
    uint32_t generation;    /* resets before it: a report on the weights of an earlier run is dropped */
    double milliseconds;    /* what it cost */
    ht_tail_summary tail;   /* of the first layer's weights */
    ht_histogram histogram; /* of the first layer's |w| */
    int norms;              /* points of P(‖w‖ > x): x rising */
    double norm[HT_REPORT_NORMS], norm_above[HT_REPORT_NORMS];
    int curve_count; /* the pruning curve at ≤ 257 ratios, always with 0, 1 and κ */
    ht_prune_point curve[HT_REPORT_CURVE];
    int samples, samples_of;     /* test samples used, of how many */
    int width, removed;          /* κ = removed / width at prune.error, over all hidden neurons */
    ht_prune_point full, pruned; /* the curve at 0 and at κ */
    ht_prune_method method;
    ht_prune_metric metric;
    double error;
} ht_report;

#endif
