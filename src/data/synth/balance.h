/* balance.h - the classes of a generator whose every `classes` samples hold each class once, in random order,
 * so that any number of first samples is balanced. Pure. */
#ifndef HT_DATA_SYNTH_BALANCE_H
#define HT_DATA_SYNTH_BALANCE_H

#include <stddef.h>
#include <stdint.h>

#include "data/loader.h"

enum { HT_BALANCE_CLASSES = 16 };

/* The class of sample `index` of a part; classes is HT_BALANCE_CLASSES at the most. */
int ht_balanced_class(uint64_t seed, ht_synth_part part, size_t index, int classes);

#endif
