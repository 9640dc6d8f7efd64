/* prune_input.h - what `heavytail prune` works on: a network, samples, and the settings they come with. */
#ifndef HT_CLI_REPORT_PRUNE_INPUT_H
#define HT_CLI_REPORT_PRUNE_INPUT_H

#include "session/arguments.h"
#include "base/pool.h"
#include "heavytail/dataset.h"
#include "heavytail/network.h"
#include "weights/net/netfile.h"

typedef struct ht_prune_source { /* as given on the command line; NULL: not given */
    const char *path;            /* a run directory, a checkpoint, any network in .safetensors files */
    const char *order;           /* of its layers, "a,b,c" */
    const char *w1, *w2;         /* or two .npy matrices */
    const char *data, *x, *y, *split;
    bool trained;    /* all training samples are needed */
    bool calibrated; /* some method needs training samples; that of the settings is looked at too */
} ht_prune_source;

typedef struct ht_prune_input {
    ht_params params;
    bool trained_so; /* they are those of the run, or given as a preset: not defaults, of which a network of
                        others knows nothing */
    ht_pool *pool;
    ht_network *net;
    const ht_samples *samples; /* what accuracy is measured on; NULL without data */
    const ht_samples
        *train; /* what coreset and pfp are calibrated on, or the bound is of; NULL without either or data */
    const char *split; /* "test", "train", or "given" for --x and --y */
    char name[160];    /* of the network, for titles */
    char step[24];     /* of the checkpoint; empty when unknown */
    char title[96];    /* of the data */
    ht_notes notes;    /* about the network; they have been printed */
    ht_netform form;   /* how its file holds it */
    /* private: what the pointers above point into */
    ht_dataset *data;
    ht_samples own;
} ht_prune_input;

/* Reads network and samples. A run directory, and a file in one, brings its settings; --set may change those
 * that are no part of the run. HT_USAGE for sources that contradict each other, HT_FAIL for files. Free with
 * ht_prune_input_close, also after a failure. */
ht_code ht_prune_input_open(ht_prune_input *input, const ht_prune_source *source, const ht_arguments *args,
                            ht_error *err);
/* HT_FAIL, with the reason, when a score of the whole network is no number: its outputs overflow a float. */
ht_code ht_prune_input_check(const ht_prune_input *input, const ht_score *whole, ht_error *err);
void ht_prune_input_close(ht_prune_input *input);

#endif
