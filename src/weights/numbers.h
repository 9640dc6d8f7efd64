/* numbers.h - tensors of files as finite floats, which is what networks hold. */
#ifndef HT_WEIGHTS_NUMBERS_H
#define HT_WEIGHTS_NUMBERS_H

#include "base/notes.h"
#include "weights/weights.h"

/* What no layer can hold: `value`, as it is in the file, at number i of an array of so many columns. HT_FAIL.
 */
ht_code ht_numbers_not_finite(const char *path, const char *name, size_t i, size_t columns, double value,
                              ht_error *err);

/* Tensor number i as finite floats in new memory; to be freed (ht_free) also when that fails. Doubles too
 * small for them count as zero, which is noted. */
ht_code ht_numbers_load(const char *path, ht_weights *file, size_t i, ht_notes *notes, ht_tensor_info *info,
                        float **to, ht_error *err);

/* (rows × columns) becomes (columns × rows), in new memory. */
ht_code ht_numbers_turn(float **weight, size_t rows, size_t columns, ht_error *err);

#endif
