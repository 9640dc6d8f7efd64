/* sweep_table.h - the results of a sweep, summed up over seeds: one row for each combination of settings. */
#ifndef HT_SWEEP_SWEEP_TABLE_H
#define HT_SWEEP_SWEEP_TABLE_H

#include <stdio.h>

#include "sweep/sweep.h"
#include "base/text.h"
#include "nn/row_noise.h"
#include "num/summary.h"

/* What is summed up, in the order of the columns. */
typedef enum ht_measure {
    HT_MEASURE_TRAIN,
    HT_MEASURE_TEST,
    HT_MEASURE_RATIO,
    HT_MEASURE_TRAIN_PRUNED,
    HT_MEASURE_TEST_PRUNED,
    HT_MEASURE_CHANGE, /* of test accuracy by pruning, seed by seed */
    /* How heavy the tails of the rows are, what three prunings take at one error, and how much worse the test
     * samples are than the training samples (arXiv 2106.03795): of the mean of late iterates where there is
     * one. */
    HT_MEASURE_ETA_OVER_B,
    HT_MEASURE_ROWS,
    HT_MEASURE_NODE,
    HT_MEASURE_MAGNITUDE,
    HT_MEASURE_SVD,
    HT_MEASURE_GAP,
    HT_MEASURES,
    HT_MEASURE_REGIME = HT_MEASURE_ETA_OVER_B, /* the first of those */
} ht_measure;

extern const char *const ht_measure_names[HT_MEASURES]; /* "train_accuracy", as in CSV and JSON */

typedef struct ht_table_row {
    const char *sweep;       /* the section of a sweep file it belongs to, "" */
    ht_params settings;      /* of its first cell; the varied ones are what tells rows apart */
    bool varies[HT_P_COUNT]; /* which are varied in its sweep */
    int inputs;
    int cells, diverged; /* with a result; the diverged ones of them are in no summary */
    ht_summary measure[HT_MEASURES];
    ht_summary steps; /* of its cells: not all the same where an accuracy ends them */
    ht_summary limit; /* κ of pure noise; count 0 when it was not asked for or there is no noise */
    /* κ of independent rows after the median of the steps; count 0 and no reason when it was not asked for */
    ht_row_prediction predicted;
} ht_table_row;

typedef struct ht_table {
    bool named; /* of a sweep file: rows say which section they belong to */
    int keys;   /* varied parameters, seeds left out */
    ht_param key[HT_P_COUNT];
    int count, failed; /* rows; cells that have a note of failure in place of a result */
    ht_table_row *row; /* (count): sorted by section, then by the keys in turn */
    int sections;
    char (*section)[64]; /* (sections) */
} ht_table;

/* Reads what a sweep has written to `dir` so far. HT_FAIL when there is nothing, or a file is damaged. */
ht_code ht_table_load(ht_table *table, const char *dir, ht_error *err);
void ht_table_free(ht_table *table);

/* Fills the rows' pure-noise limit and prediction. */
ht_code ht_table_limit(ht_table *table, ht_error *err);

/* The value of a key in a row, for people; "" where its sweep does not vary it. */
void ht_table_value(const ht_table_row *row, ht_param key, char *to, size_t size);

/* ---- table_print.c ---- */

/* `format`: text, csv, markdown or json. HT_USAGE for another. Text and Markdown show what pruning by the
 * settings' method does, or, as `regime` says, the measures from HT_MEASURE_REGIME on. */
ht_code ht_table_print(const ht_table *table, const char *format, bool regime, FILE *out, ht_error *err);

/* ---- table_chart.c ---- */

/* A picture of κ against width and α (or, when neither varies, the first number that does). */
ht_code ht_table_draw(const ht_table *table, const char *path, const char *theme, ht_error *err);

#endif
