/* dataset.h - a labelled data set, split into train and test, in memory.
 *
 * Thread: immutable once loaded, so any thread may read it. Ownership: the caller frees it. */
#ifndef HEAVYTAIL_DATASET_H
#define HEAVYTAIL_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

typedef struct ht_samples {
    size_t count;
    float *x;        /* (count × inputs), row-major, one sample a row, finite */
    int32_t *labels; /* (count), each in 0 .. classes-1 */
} ht_samples;

typedef struct ht_dataset {
    char name[64];       /* as asked for: "mnist", "ucr:Coffee"; without the paths of csv: and npy: */
    char title[96];      /* for people: "MNIST handwritten digits" */
    int inputs, classes; /* features of a sample; number of classes, at least 2 */
    int width, height;   /* > 0 when samples are pictures of one channel with inputs = width·height */
    float mean, std; /* what was subtracted and divided by when pictures were standardized; 0, 1 otherwise */
    ht_samples train, test;  /* at least one sample each */
    char (*class_names)[24]; /* (classes), cut to fit */
    char *notes; /* what was skipped, guessed or filled in while reading, a sentence a line; NULL: nothing */
} ht_dataset;

/* Loads or generates a data set.
 *   name     ecg-synth digits-synth teacher teacher:INPUTSxCLASSES[xTRAIN] (embedded) · mnist fashion-mnist
 * ecg5000 ecg5000-5 cifar10 (files) · ucr:NAME · csv:TRAIN,TEST · npy:DIR dir      directory tried first, may
 * be NULL; then $HEAVYTAIL_DATA, then $XDG_DATA_HOME/heavytail; in each, <dir>/<name>/<file> and <dir>/<file>
 *   seed     of the generators; files ignore it
 *   train_limit, test_limit   keep at most so many samples of each part (the first ones); 0 keeps all
 * Labels: the sorted distinct values of the training part become classes 0, 1, …; a label that occurs only in
 * the test part is an error. Limits do not change the classes. Returns NULL with *err set: HT_USAGE for an
 * unknown name, HT_FAIL for a missing or bad file. */
ht_dataset *ht_dataset_load(const char *name, const char *dir, uint64_t seed, size_t train_limit,
                            size_t test_limit, ht_error *err);
void ht_dataset_free(ht_dataset *data);

/* One row per name, for `heavytail data list`, help and completion. */
typedef struct ht_dataset_info {
    const char *name; /* as in --set data.name=, with a placeholder where it takes one: "ucr:NAME" */
    const char *title;
    const char *source; /* "embedded" or the files looked for, relative to the data directory */
    const char *shape;  /* "140 inputs, 2 classes, 500 train / 4 500 test" */
} ht_dataset_info;

/* The table, `*count` rows; static storage. */
const ht_dataset_info *ht_dataset_table(size_t *count);

#endif
