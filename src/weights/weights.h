/* weights.h - a model's tensors, wherever they lie: one .safetensors file, a run directory, a directory as
 * model hubs give it, or several files held together by an index (model.safetensors.index.json). */
#ifndef HT_WEIGHTS_WEIGHTS_H
#define HT_WEIGHTS_WEIGHTS_H

#include "base/notes.h"
#include "weights/safetensors.h"

typedef struct ht_weights ht_weights;

/* Opens a .safetensors file; an index and all the files it names; or a directory: its checkpoint.safetensors,
 * its model.safetensors, its index, its only .safetensors file, or all of them when they are the parts of one
 * model. A file whose name makes it a part (shard.h) stands for the whole: with its index, else with all
 * parts; one that is missing is an error. What was chosen, and tensors of which the index says nothing or
 * another file, are noted (`notes` may be NULL). An index that leads out of its directory, or names a file or
 * tensor that is not there, is an error. Tensors are read later, one by one. */
ht_weights *ht_weights_open(const char *path, ht_notes *notes, ht_error *err);
void ht_weights_close(ht_weights *weights);

/* The string `key` of the first file's __metadata__, or NULL. */
const char *ht_weights_metadata(const ht_weights *weights, const char *key);

/* Tensors by number, file after file in the order of their headers; see safetensors.h. */
size_t ht_weights_count(const ht_weights *weights);
/* Is it written by us, with names of ours? Then some tensors may be parts of a run's training
 * (ht_name_is_ours_aside). */
bool ht_weights_ours(const ht_weights *weights);
ht_code ht_weights_describe(const ht_weights *weights, size_t i, ht_tensor_info *info, ht_error *err);
ht_code ht_weights_load(ht_weights *weights, size_t i, float **f32, double **f64, ht_error *err);
ht_code ht_weights_load_part(ht_weights *weights, size_t i, size_t first, size_t count, float *f32,
                             double *f64, ht_error *err);

#endif
