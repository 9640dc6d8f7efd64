/* heat.h - the history of a distribution in bounded memory: columns of steps, each with the share of every
 * row; when the columns run out, neighbours merge into their mean. Owned by the UI thread. */
#ifndef HT_CHART_HEAT_H
#define HT_CHART_HEAT_H

#include <stdint.h>

enum { HT_HEAT_COLUMNS = 192, HT_HEAT_ROWS = 256 };

typedef struct ht_heat_column {
    double first, last; /* steps it spans */
    uint32_t looks;     /* whose mean it is */
    float share[HT_HEAT_ROWS];
} ht_heat_column;

typedef struct ht_heat {
    int count;
    double stride; /* least steps a column spans; 0: each look has its own */
    ht_heat_column column[HT_HEAT_COLUMNS];
} ht_heat;

/* Forgets everything. A zeroed one is empty. */
void ht_heat_clear(ht_heat *heat);

/* Forgets what happened after `step`. */
void ht_heat_cut(ht_heat *heat, double step);

/* Adds a look at `step` (rising). */
void ht_heat_add(ht_heat *heat, double step, const float share[HT_HEAT_ROWS]);

#endif
