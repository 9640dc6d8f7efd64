/* fuzz.h - what the fuzz targets share. A target is one function that gets hostile bytes; whatever they are,
 * it must come back: with a result that holds together, or with one clear sentence.
 *
 * `make fuzz` links each target with libFuzzer; `make check` links it with replay.c, which feeds it the files
 * in corpus/<target>. A property that does not hold ends the program with a message. */
#ifndef HT_TESTS_FUZZ_H
#define HT_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file that holds these bytes, without touching a disk: "/proc/self/fd/N". A slot (0 … 3) is one file. */
const char *fuzz_file(int slot, const uint8_t *data, size_t size);

/* A directory in which `name` is the file of that slot; made once, removed at exit. */
const char *fuzz_dir(void);
void fuzz_link(const char *name, int slot);

/* Cuts an input with several files in it at lines "%%%%"; parts that are missing are empty. */
typedef struct fuzz_part {
    const uint8_t *data;
    size_t size;
} fuzz_part;
void fuzz_split(const uint8_t *data, size_t size, fuzz_part *parts, int count);

/* The outcome is one of success and a failure with one line of printable text that says something. */
void fuzz_outcome(ht_code code, const ht_error *err);
/* Reads every byte: the sanitizer tells if one is not there. */
void fuzz_look(const void *bytes, size_t size);

void fuzz_require(bool holds, const char *what);

#endif
