/* prune_figure.h - pruning curves as a PNG file: chart, numbers, settings; all of them in text chunks too. */
#ifndef HT_RENDER_PRUNE_FIGURE_H
#define HT_RENDER_PRUNE_FIGURE_H

#include "heavytail/prune.h"

typedef struct ht_prune_entry { /* one method; all borrowed */
    const ht_prune_spec *spec;
    const ht_prune_result *result; /* result->test is the score on the samples */
    const ht_prune_curve *curve;
    ht_prune_reading reading;
    ht_score whole;  /* of the unpruned network */
    double speed_up; /* without dead neurons; NaN when not measured */
} ht_prune_entry;

typedef struct ht_prune_figure {
    const ht_params *params; /* kept in the picture: `--preset F.png` reopens them */
    bool trained_so;         /* the network was trained with them; false: how is not known */
    const char *name, *data, *split, *asked;
    const char *step;   /* of the checkpoint; "" when unknown */
    const char *footer; /* versions, kernels */
    size_t samples;
    int count;
    ht_prune_entry entry[HT_PRUNE_METHODS]; /* the first is the one in words */
} ht_prune_figure;

typedef struct ht_prune_figure_options {
    const char *theme;
    int width, height; /* pixels */
    double scale;      /* of letters: 1 for print, 1.5 for a projector */
} ht_prune_figure_options;

/* Text chunks: Title, Description (the settings in the last line), Software, heavytail:preset, :step, :view,
 * :method, and for each method heavytail:prune, :prune-2 … with every number shown. */
ht_code ht_prune_figure_write(const char *path, const ht_prune_figure *figure,
                              const ht_prune_figure_options *options, ht_error *err);

#endif
