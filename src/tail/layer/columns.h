/* columns.h - the columns of the table of layers (columns.def), and their values. Pure. */
#ifndef HT_TAIL_COLUMNS_H
#define HT_TAIL_COLUMNS_H

#include <stdbool.h>

#include "tail/layer/layer_tail.h"

typedef enum ht_tail_column {
#define HT_TAIL_COLUMN(id, ...) HT_COLUMN_##id,
#include "tail/layer/columns.def"
    HT_COLUMNS_OF_LAYERS, /* from here on three for each estimator: value, error, quality */
    HT_TAIL_COLUMNS = HT_COLUMNS_OF_LAYERS + 3 * HT_ESTIMATORS
} ht_tail_column;

typedef enum ht_column_kind { HT_COLUMN_TEXT, HT_COLUMN_COUNT, HT_COLUMN_NUMBER } ht_column_kind;

typedef struct ht_column_info {
    char name[32];
    ht_column_kind kind;
    bool shown; /* in a text table unless others are asked for */
    int cost;   /* bits of ht_tail_cost */
    int decimals;
    const char *formula;
} ht_column_info;

/* 0 ≤ column < HT_TAIL_COLUMNS. */
ht_column_info ht_column_at(int column);
/* By its name; -1: there is none. */
int ht_column_find(const char *name);

/* How eigenvalues are counted: those of WᵀW, or of WᵀW/N. */
typedef enum ht_spectrum_unit { HT_SPECTRUM_WTW, HT_SPECTRUM_WTW_N } ht_spectrum_unit;
/* "wtw", "wtw/n"; false for another word. */
bool ht_spectrum_unit_find(const char *word, ht_spectrum_unit *unit);
const char *ht_spectrum_unit_word(ht_spectrum_unit unit);
/* "WᵀW", "WᵀW/N". */
const char *ht_spectrum_unit_formula(ht_spectrum_unit unit);
/* What an eigenvalue of WᵀW/N, and xmin among them, is multiplied by: N or 1. */
double ht_spectrum_unit_factor(ht_spectrum_unit unit, const ht_layer_tail *layer);

/* Of a text: borrowed, from the layer or static; NULL of numbers, which counts are, too. NaN and NULL where
 * there is none, or it was not computed. */
typedef struct ht_cell {
    double number;
    const char *text;
} ht_cell;
ht_cell ht_column_cell(int column, const ht_layer_tail *layer, ht_spectrum_unit unit);

#endif
