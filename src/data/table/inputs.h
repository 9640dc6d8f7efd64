/* inputs.h - what the columns of a table become, once it is settled which samples are the training part.
 *
 *   - Numbers: a missing one gets the median of the training part (the mean of the two middle values where
 *     their number is even). Where the training part lacks some, one more input is 1 where the cell is
 *     missing and 0 elsewhere (not with data.missing=median).
 *   - Categories: an input for each category of the training part, in the order of numbers, then of bytes (of
 *     ARFF: for each declared one, in that order), 1 in its samples and 0 elsewhere. Missing in the training
 *     part is a category, the last; missing or unknown in the test part alone, all are 0.
 *   - Left out: a column without a value in the training part; categories of which the training part has one
 *     only, or as many as samples (10 or more: names).
 *
 * All that is noted and said in raw->columns. */
#ifndef HT_DATA_TABLE_INPUTS_H
#define HT_DATA_TABLE_INPUTS_H

#include "data/loader.h"
#include "data/table/fields.h"

/* From the wide matrices of *raw, of cells as they were read, to numbers and codes (raw->codes). `missing` is
 * what data.missing says; with HT_MISSING_REFUSE there are none. HT_FAIL for more than HT_CATEGORIES_MAX
 * categories, and when no input is left. */
ht_code ht_inputs_settle(ht_raw *raw, ht_fields *fields, ht_data_missing missing, ht_error *err);

/* ---- the parts of it ---- */

/* What becomes of one column of the wide matrix. Zero-initialize; free `rank`. */
typedef struct ht_input_plan {
    bool out, indicator;
    double median;  /* numbers: for missing ones */
    size_t values;  /* categories: inputs; 0: numbers */
    double *rank;   /* (words of its list) the code of each; -1: none */
    double missing; /* the code of a missing cell */
} ht_input_plan;

/* Column j of the wide matrix, of numbers. In inputs_numbers.c. `room` is for as many doubles as there are
 * training samples. */
void ht_inputs_number(ht_raw *raw, const ht_fields *fields, size_t j, ht_data_missing missing, double *room,
                      ht_input_plan *plan);

/* The same of words. In inputs_words.c. */
ht_code ht_inputs_words(ht_raw *raw, ht_fields *fields, size_t j, ht_data_missing missing,
                        ht_input_plan *plan, ht_error *err);

/* Marks a column as left out, and notes why. In inputs_numbers.c. */
void ht_inputs_leave_out(ht_raw *raw, const ht_fields *fields, size_t j, const char *why,
                         ht_input_plan *plan);

#endif
