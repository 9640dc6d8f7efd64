/* missing.h - cells without a value: NaN in the wide matrix of a part. */
#ifndef HT_DATA_TABLE_MISSING_H
#define HT_DATA_TABLE_MISSING_H

#include "data/table/columns.h"
#include "data/loader.h"

/* Fills them with the median of their column in the training part (the mean of the two middle values where
 * their number is even), and notes how many, and which columns lack more than half. HT_FAIL when a column has
 * no value in the training part. `table` and `columns` name them. */
ht_code ht_missing_impute(ht_raw *raw, const ht_text_table *table, const ht_columns *columns, ht_error *err);

#endif
