/* dataset.h - a labelled data set, split into train and test, in memory.
 *
 * Thread: immutable once loaded, so any thread may read it. Ownership: the caller frees it. */
#ifndef HEAVYTAIL_DATASET_H
#define HEAVYTAIL_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

HT_PUBLIC_BEGIN

typedef struct ht_samples {
    size_t count;
    float *x;        /* (count × inputs), row-major, one sample a row, finite */
    int32_t *labels; /* (count × targets), each in 0 .. classes-1 */
} ht_samples;

enum { HT_SCALED_CHANNELS = 3 };

/* What a column of a table is for. */
typedef enum ht_column_role {
    HT_COLUMN_NUMBERS,    /* one input */
    HT_COLUMN_CATEGORIES, /* an input of 0 or 1 for each category */
    HT_COLUMN_LABEL,
    HT_COLUMN_LEFT_OUT
} ht_column_role;

/* A column of a table, and what became of it. Counts are of whole parts, before limits. */
typedef struct ht_dataset_column {
    char name[64]; /* by the header, cleaned, cut to fit; "" without one */
    ht_column_role role;
    size_t values;         /* categories that have an input; 0 for others */
    char *words;           /* those, one a line, cleaned, in the order of the inputs; NULL for others */
    double low, high;      /* numbers: the least and the largest of the training part */
    double median;         /* numbers: what a missing cell gets */
    double shift, divisor; /* numbers: input = (cell - shift) / divisor; divisor 0: constant, 0 */
    size_t train_missing, test_missing; /* cells without a value */
    size_t test_unseen; /* categories: cells of the test part with one that the training part lacks */
    int first, inputs;  /* the inputs it gives: first .. first + inputs - 1 */
    bool indicator;     /* the last of these is 1 where the cell is missing, else 0 */
    char why[96];       /* left out: why */
} ht_dataset_column;

/* What the loss of a network on token sequences is compared with, all nats a token (divide by log 2 for
 * bits); 0: not known, or no tokens. A network that knows only how frequent tokens are has `unigram`, one
 * that knows no more than the token before has `bigram`: frequencies are those of the training part, the loss
 * is that of the test part. What frequencies have not seen gets its share as Witten and Bell say (IEEE
 * Transactions on Information Theory 37, 1991, their method C). */
typedef struct ht_token_losses {
    double unigram, bigram;
    double unigram_entropy, bigram_entropy; /* of the counts of the training part: their loss on itself */
    double least; /* of what made the text, expected: the least there is for the positions of a sample, of
                     which the first sees one token and the last all T; ≥ the entropy rate */
    double least_test; /* its own probabilities' loss on the test part, each position seeing what a network
                          sees there: nobody can know more, but by chance somebody may lose a little less */
} ht_token_losses;

typedef struct ht_dataset {
    char name[64];  /* as asked for: "mnist", "ucr:Coffee"; without the paths of csv: and npy: */
    char title[96]; /* for people: "MNIST handwritten digits"; of csv:, npy: and ucr: the file, directory or
                       name */
    int inputs, classes; /* features of a sample; number of classes, at least 2 */
    int targets;         /* labels of a sample: 1, or of token sequences one a position: inputs */
    /* Token sequences (a language model's): how many different tokens there are, 0 of other samples. Then x
     * holds token numbers 0 .. tokens-1 as floats, inputs is the context length T, the shape is 1 × 1 × T,
     * classes = tokens, and the label of a position is what should be said there: of a text the next token.
     * Nothing is scaled. */
    int tokens;
    uint32_t *characters; /* (tokens): Unicode's number of each, or of a text read by bytes the byte; NULL:
                             tokens are numbers, or there are none */
    bool bytes;
    double entropy; /* of what made the text, nats a token: its entropy rate; 0: not known. Whoever sees all
                       of the past can have no less expected loss. */
    ht_token_losses losses;
    /* The shape of a sample, all 0 when it has none (a table's columns): x is in the order channels, height,
     * width, the last running fastest, and inputs = channels·height·width. Series are 1 × 1 × length. */
    int channels, height, width;
    /* What was subtracted and divided by when a sample with a shape was scaled, of each of its first channels
     * (grey level of a pixel = mean + std · x); 0, 1 otherwise. Further channels have those of the first. */
    float mean[HT_SCALED_CHANNELS], std[HT_SCALED_CHANNELS];
    ht_samples train, test;  /* at least one sample each */
    char (*class_names)[24]; /* (classes), cut to fit */
    char *notes; /* what was skipped, guessed or filled in while reading, a sentence a line; NULL: nothing */
    char *facts; /* how it was read, "what: how" a line ("label: column 5 'species'"); NULL: nothing to say */
    ht_dataset_column *columns; /* (column_count) of a table, in the order of its file; else NULL and 0 */
    size_t column_count;
} ht_dataset;

/* The choices of data.header, data.scale and data.missing, in the order of params.def. */
typedef enum ht_data_header { HT_HEADER_AUTO, HT_HEADER_YES, HT_HEADER_NO } ht_data_header;
typedef enum ht_data_scale {
    HT_SCALE_AUTO, /* standard, unless the inputs are of order one already (src/data/scale.h says when) */
    HT_SCALE_NONE, /* as they are read; pictures of known sets by the constants everybody uses, of CIFAR one
                      pair a channel */
    HT_SCALE_STANDARD, /* mean 0 and standard deviation 1 over the training part */
    HT_SCALE_MINMAX,   /* 0 to 1 over the training part */
} ht_data_scale;
typedef enum ht_data_missing {
    HT_MISSING_IMPUTE, /* a missing number gets the median of its column in the training part, and a column
                            that lacks some there one more input, 1 where it is missing; a missing category is
                            a category */
    HT_MISSING_REFUSE,
    HT_MISSING_MEDIAN, /* the median alone; a missing category is none of the categories */
} ht_data_missing;
typedef enum ht_data_tokens { HT_TOKENS_CHARACTERS, HT_TOKENS_BYTES } ht_data_tokens; /* of data.tokens */
enum { HT_CONTEXT_DEFAULT = 64 };

/* How a data set is to be read; zeroed but for the seed it is what most callers want. */
typedef struct ht_data_options {
    const char *dir; /* directory tried first, may be NULL; then $HEAVYTAIL_DATA, $XDG_DATA_HOME/heavytail;
                        in each, <dir>/<name>/<file> and <dir>/<file> */
    uint64_t seed;   /* of the generators, of the split of one file, of samples drawn for a limit */
    /* Keep at most so many samples of each part; 0 keeps all. The first ones, or, where these are no fair
     * sample of the part (a file sorted by class), as many of each class as its share is, drawn by the seed.
     * (Samples of a text come in an order drawn by the seed: the first ones are a fair part of it.) Limits
     * change neither the classes nor how inputs are scaled. */
    size_t train_limit, test_limit;
    size_t train_wanted;   /* of these training samples hand over only the first so many; 0: all */
    const char *label;     /* csv: and .arff: column of the label, a name or a number from 1; NULL, "" and
                              "auto": the column called label, class, target …, else the last */
    ht_data_header header; /* csv: does the first line hold names? */
    double split;          /* csv:FILE, text:FILE: the share of the file that is the test part; 0: 0.2 */
    ht_data_scale scale;
    ht_data_missing missing;
    const char *categories; /* csv: and .arff: columns, by names or numbers from 1 with commas between, whose
                               numbers are categories; NULL, "" and "auto": those that hold words */
    int context;            /* text: and markov: tokens of a sample, T; 0: HT_CONTEXT_DEFAULT */
    ht_data_tokens tokens;  /* text: what a token is */
} ht_data_options;

/* Loads or generates a data set.
 *   name     ecg-synth digits-synth pictures-synth markov teacher teacher:INPUTSxCLASSES[xTRAIN] (embedded) ·
 * mnist fashion-mnist kmnist emnist:SPLIT ecg5000 ecg5000-5 cifar10 cifar100 (files) · ucr:NAME ·
 * csv:TRAIN,TEST · csv:FILE · npy:DIR · text:FILE. Labels: the sorted distinct values of the training part
 * become classes 0, 1, …; a label that occurs only in the test part is an error. Returns NULL with *err set:
 * HT_USAGE for an unknown name, HT_FAIL for a missing or bad file. */
ht_dataset *ht_dataset_load(const char *name, const ht_data_options *options, ht_error *err);
void ht_dataset_free(ht_dataset *data);

/* Samples are pictures: a shape with rows and columns, of any number of channels. */
bool ht_dataset_is_pictures(const ht_dataset *data);

/* One row per name, for `heavytail data list`, help and completion. */
typedef struct ht_dataset_info {
    const char *name; /* as in --set data.name=, with a placeholder where it takes one: "ucr:NAME" */
    const char *title;
    const char *source; /* "embedded" or the files looked for, relative to the data directory */
    const char *shape;  /* "140 inputs, 2 classes, 500 train / 4 500 test" */
} ht_dataset_info;

/* The table, `*count` rows; static storage. */
const ht_dataset_info *ht_dataset_table(size_t *count);

HT_PUBLIC_END

#endif
