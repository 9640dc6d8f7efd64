/* table.h - a run as one table: metrics.csv with the settings that were in force at each row beside it. */
#ifndef HT_EXPORT_TABLE_H
#define HT_EXPORT_TABLE_H

#include "export/run_history.h"

/* A column of a number that a row tells. */
typedef struct ht_export_column {
    const char *name; /* in tables */
    const char *tag;  /* among events */
    double (*of)(const ht_metrics *metrics);
} ht_export_column;

const ht_export_column *ht_export_columns(size_t *count); /* static storage */

/* The rows to come as CSV with a line of names; a choice by its name, what was not measured empty. */
void ht_export_table(ht_text *out, ht_run_history *history);

#endif
