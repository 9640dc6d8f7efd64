/* encode.h - codes of categories become inputs of 0 and 1. The last step of reading a table, once samples are
 * scaled and limited, so that no more memory is asked for than the data set keeps. */
#ifndef HT_DATA_ENCODE_H
#define HT_DATA_ENCODE_H

#include "data/loader.h"

/* The inputs of a raw set once it is encoded. */
size_t ht_encode_inputs(const ht_raw *raw);

/* Replaces each column of codes in both parts by as many inputs as it has categories, and lets raw->columns
 * say where these are. Without raw->codes nothing changes. HT_FAIL when that would be more than the limit of
 * values: told before memory is asked for, with the column of most categories. */
ht_code ht_encode(ht_raw *raw, ht_error *err);

/* Frees columns and their words. */
void ht_columns_release(ht_dataset_column *columns, size_t count);

#endif
