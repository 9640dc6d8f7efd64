/* validation.h - training samples held back for validation: loss and accuracy at the end of each epoch, and a
 * copy of the best network. One thread; part of a trainer. */
#ifndef HT_ENGINE_VALIDATION_H
#define HT_ENGINE_VALIDATION_H

#include "heavytail/dataset.h"
#include "heavytail/network.h"
#include "nn/occam.h"

typedef struct ht_validation {
    const ht_samples *train; /* borrowed */
    ht_samples held;         /* copies; count 0: the training samples themselves are used */
    uint32_t *pick;          /* (train->count - held.count): the samples trained on; NULL: all */
    ht_network *best;        /* NULL until there was one */
    size_t epoch_count;
    ht_occam_epoch epochs[HT_OCCAM_EPOCHS];
} ht_validation;

/* Holds back `count` of the training samples, the same ones in every run. */
ht_code ht_validation_make(ht_validation *validation, const ht_dataset *data, size_t count, ht_error *err);
void ht_validation_free(ht_validation *validation);

/* Loss and accuracy; NaN when memory is short. */
ht_score ht_validation_score(const ht_validation *validation, const ht_network *net, struct ht_pool *pool);

/* Room for the best network, of this shape. */
ht_code ht_validation_reserve(ht_validation *validation, const ht_network *net, ht_error *err);
/* Keeps a copy; when memory is short the best one so far stays. */
void ht_validation_remember(ht_validation *validation, const ht_network *net);
/* A row more. When all are full every other one goes, and from then on only such epochs are noted: which rows
 * are kept depends on the number of epochs alone. */
void ht_validation_note(ht_validation *validation, const ht_occam_epoch *row);
/* The rows of another state; at most HT_OCCAM_EPOCHS. */
void ht_validation_set_rows(ht_validation *validation, const ht_occam_epoch *rows, size_t count);
/* Forgets rows of later epochs than `last`. */
void ht_validation_drop_after(ht_validation *validation, uint64_t last);

#endif
