/* sets.h - for targets that load a data set: what was loaded must hold together. */
#ifndef HT_TESTS_FUZZ_SETS_H
#define HT_TESTS_FUZZ_SETS_H

#include "heavytail/dataset.h"

/* Loads `name` from fuzz_dir() and looks at every value. */
void fuzz_load(const char *name);
/* The same with other options than seed and directory. */
void fuzz_load_as(const char *name, ht_data_options options);

#endif
