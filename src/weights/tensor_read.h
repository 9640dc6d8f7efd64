/* tensor_read.h - what all who look at the tensors of a file do with them (tensor.c). */
#ifndef HT_WEIGHTS_TENSOR_READ_H
#define HT_WEIGHTS_TENSOR_READ_H

#include "weights/tensor.h"
#include "weights/weights.h"

enum { HT_TENSOR_WHY = 240 };

/* By its first bytes: *npy, one array; else weights. HT_FAIL for what is neither, saying what it is. */
ht_code ht_tensor_file_kind(const char *path, bool *npy, ht_error *err);

/* How many values are not finite; where the first is goes into `why`, as the tensor lies in the file. */
size_t ht_tensor_broken(const ht_file_tensor *tensor, char why[HT_TENSOR_WHY]);

/* [rest][inputs][outputs] becomes [outputs][inputs][rest], for floats or doubles, in memory of its own. */
ht_code ht_tensor_turn(ht_file_tensor *tensor, ht_error *err);

/* Moves those named in `order` ("a,b,c"; NULL: none) to the front of `list`, numbers of tensors. HT_USAGE. */
ht_code ht_tensor_order(const char *path, const char *order, const ht_weights *file, size_t *list,
                        ht_error *err);

#endif
