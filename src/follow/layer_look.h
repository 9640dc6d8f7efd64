/* layer_look.h - one tensor, piece by piece, into what is known of it. */
#ifndef HT_FOLLOW_LAYER_LOOK_H
#define HT_FOLLOW_LAYER_LOOK_H

#include "follow/look.h"
#include "weights/tensor.h"

/* Where its numbers come from: `count` of them from number `first` on, as they lie in the file, into f32, or
 * f64 if that is NULL. */
typedef struct ht_layer_source {
    void *context;
    size_t number; /* of the tensor, for whoever loads */
    ht_code (*load)(void *context, size_t number, size_t first, size_t count, float *f32, double *f64,
                    ht_error *err);
} ht_layer_source;

/* Fills *look, zeroed. `turned`: stored (inputs × outputs). `memory`: bytes that this may take. */
ht_code ht_layer_look_take(ht_layer_look *look, const ht_tensor_info *info, bool turned,
                           const ht_layer_source *source, double error, size_t memory, ht_error *err);

/* Counts what is not finite, of a tensor of any shape. */
ht_code ht_layer_look_broken(uint64_t *broken, const ht_tensor_info *info, const ht_layer_source *source,
                             ht_error *err);

#endif
