/* golden.h - reading tests/golden, wherever the test was started from. Failures end the test. */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <stddef.h>

#include "data/npy.h"
#include "heavytail/dataset.h"
#include "heavytail/network.h"

/* Full path of a file under tests/golden; static storage until the next call. */
const char *golden_path(const char *name);

/* A .npy array; free with ht_npy_free. */
ht_npy golden_array(const char *name, ht_npy_as as);

/* A CSV with a header line. Calls `row` with the fields of each line. */
typedef void golden_row(void *context, int fields, char **field);
void golden_csv(const char *name, golden_row *row, void *context);

/* The network and samples of tests/golden/net: 30 inputs, 200 neurons, 5 classes, 300 samples. Free both. */
ht_network *golden_network(void);
ht_samples golden_samples(void);
void golden_free_samples(ht_samples *samples);

#endif
