/* loader.h - what a loader or generator is asked for and what it hands over; one function per kind of data.
 *
 * A loader fills an ht_raw: standardized samples and labels as the file writes them. dataset.c then turns
 * labels into classes and checks everything the kinds have in common, so a loader checks only what its format
 * adds. Thread: every call works on its arguments alone. */
#ifndef HT_DATA_LOADER_H
#define HT_DATA_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/notes.h"
#include "data/labels.h"
#include "data/quantity.h"
#include "heavytail/dataset.h"
#include "heavytail/status.h"

enum { HT_DATA_PATH = 4096 };

/* No data set may have more than 4 GB of input values, nor a file more than that in bytes. */
#define HT_DATA_BYTES_MAX ((size_t)4 << 30)

typedef struct ht_data_request {
    const char *name;     /* "mnist", "ucr" */
    const char *argument; /* what follows the ':'; "" if nothing does */
    const char *dir;      /* directory tried first; may be NULL */
    const char *source;   /* for messages: the files looked for */
    const char *instead;  /* for messages: the embedded set that is closest */
    uint64_t seed;
    size_t train_limit, test_limit; /* at least so many samples of each part are wanted; 0: all */
    const char *label;              /* column of the label; NULL: to be found */
    ht_data_header header;
    double split; /* share of one file that is the test part */
    ht_data_missing missing;
    bool refuse_missing;    /* a missing cell is an error: missing is HT_MISSING_REFUSE */
    const char *categories; /* columns of categories, with commas between; NULL: those that hold words */
    bool numbers_only;      /* words among the inputs are an error: series */
    int context;            /* text: tokens of a sample */
    ht_data_tokens tokens;
    bool rescaled; /* inputs will be scaled by the training part: data.scale=standard or minmax */
} ht_data_request;

typedef struct ht_raw_part {
    char path[HT_DATA_PATH];        /* of the labels, for messages */
    char inputs_path[HT_DATA_PATH]; /* of the inputs, if that is another file; otherwise empty */
    size_t inputs, count;
    float *x;     /* (count × inputs) row-major, from ht_alloc; owned */
    double *wide; /* the same in double precision, for numbers that are not scaled yet; then x is NULL */
    ht_raw_labels labels; /* of the whole file: at least `count` */
    size_t unlabelled;    /* rows of a table left out for want of a label, and what the first has there */
    char no_label[HT_LABEL_NAME];
    int32_t *targets; /* of token sequences, in the place of labels: (count × inputs); owned */
    double *least; /* of those whose source is known: (count), the loss of its own probabilities on a sample,
                      nats a token; owned */
} ht_raw_part;

typedef struct ht_raw {
    ht_raw_part train, test;
    bool alike;  /* all inputs are of one kind (pixels, steps of time): they share one scale */
    bool padded; /* NaN among the inputs is padding: 0 after scaling */
    int channels, height, width;                             /* as in ht_dataset */
    float mean[HT_SCALED_CHANNELS], std[HT_SCALED_CHANNELS]; /* as in ht_dataset; a loader that standardizes
                                                                sets both */
    /* (train.inputs), NULL: all are 0. 0: a number; v > 0: the code of a category, 0 … v-1, or -1 for none of
     * them, which becomes v inputs of 0 and 1 (encode.h). From ht_alloc; owned. */
    size_t *codes;
    ht_dataset_column *columns; /* (column_count) of a table, else NULL; `first` and `inputs` count columns of
                                   x until these are encoded. From ht_alloc, with their words; owned. */
    size_t column_count;
    const char *const
        *names; /* of the labels first_label, first_label + 1, …; NULL: the label is its own name */
    int first_label, name_count;
    int tokens;           /* as in ht_dataset: of token sequences; names, scales, labels are not theirs */
    uint32_t *characters; /* as in ht_dataset; owned */
    bool bytes;
    double entropy, least; /* as in ht_dataset and ht_token_losses */
    bool assessed;         /* its loader has asked already whether the labels are a quantity */
    ht_notes notes;        /* what a person should know: skipped, guessed, filled in */
    ht_notes facts;        /* how it was read, "what: how" each, for `data info` */
} ht_raw;

/* Fills *raw, which starts zeroed except std = 1 everywhere. What is in it after a failure is freed by the
 * caller. */
typedef ht_code ht_data_loader(const ht_data_request *request, ht_raw *raw, ht_error *err);

#define HT_DATA_SET(name, title, source, shape, loader, ...) ht_data_loader loader;
#include "data/sets.def"

/* Whether a data set's name, from a stranger's settings, makes us read files below the data directories only
 * (`dir`, which may be NULL, is the one of --data-dir). */
bool ht_data_stays_inside(const char *name, const char *dir);

/* Says the shape of a sample. */
void ht_raw_shape(ht_raw *raw, size_t channels, size_t height, size_t width);

/* Says what all channels were standardized with. */
void ht_raw_scale(ht_raw *raw, float mean, float std);

/* The smaller of `count` and `limit`; a limit of 0 is none. */
size_t ht_data_limited(size_t count, size_t limit);

/* The stream number of sample `index` of a generator: train, test and set-wide draws never meet. */
typedef enum ht_synth_part {
    HT_SYNTH_TRAIN = 0,
    HT_SYNTH_TEST = 1,
    HT_SYNTH_SETUP = 2,
    HT_SYNTH_CHOICE = 3 /* of samples of a file */
} ht_synth_part;
uint64_t ht_synth_which(ht_synth_part part, size_t index);

/* HT_USAGE unless it is the name of a data set, with what must follow that name; nothing is read. */
ht_code ht_dataset_check_name(const char *name, ht_error *err);

#endif
