/* sequences.h - what a data set of token sequences has beside its samples: names, and losses to compare with.
 */
#ifndef HT_DATA_SEQUENCES_H
#define HT_DATA_SEQUENCES_H

#include "data/loader.h"
#include "heavytail/dataset.h"

/* Classes, their names and characters; the characters move to *data. */
ht_code ht_sequences_name(ht_raw *raw, ht_dataset *data, ht_error *err);

/* Entropy and losses, once *data has the samples that are kept. */
ht_code ht_sequences_compare(const ht_raw *raw, ht_dataset *data, ht_error *err);

#endif
