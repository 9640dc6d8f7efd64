/* validation.h - training samples held back for validation: loss and accuracy at the end of each epoch, what
 * Occam gradient descent prunes then, and a copy of the best network. One thread; part of a trainer. */
#ifndef HT_ENGINE_VALIDATION_H
#define HT_ENGINE_VALIDATION_H

#include "heavytail/dataset.h"
#include "heavytail/network.h"
#include "heavytail/prune.h"
#include "nn/occam.h"

typedef struct ht_validation {
    const ht_samples *train; /* borrowed */
    ht_samples held;         /* copies; count 0: the training samples themselves are used */
    uint32_t *pick;          /* (train->count - held.count): the samples trained on; NULL: all */
    ht_samples
        calibration;  /* of the samples trained on the first prune.samples' default; count 0: not needed */
    ht_network *best; /* NULL until there was one */
    size_t epoch_count;
    ht_occam_epoch epochs[HT_OCCAM_EPOCHS];
} ht_validation;

/* Is there something to hold back, is something left, can occam.method go on and on? Else HT_USAGE: `samples`
 * are those of the training part. */
ht_code ht_validation_check(const ht_params *params, size_t samples, ht_error *err);

/* Holds back as many of the training samples as the parameters ask for (params/batch.h), the same ones in
 * every run: drawn, or the last ones where occam.rule is published. */
ht_code ht_validation_make(ht_validation *validation, const ht_dataset *data, const ht_params *params,
                           ht_error *err);
void ht_validation_free(ht_validation *validation);

/* Loss and accuracy; NaN when memory is short. */
ht_score ht_validation_score(const ht_validation *validation, const ht_network *net, struct ht_pool *pool);

/* Occam gradient descent at the end of an epoch: takes the share λ of what is left out of `net` by
 * occam.method, at once or (occam.rule published) with the next update; the mask holds it at zero. Methods
 * have the settings of their tables' defaults (a layer each, rows, coreset top), whatever prune.… says, which
 * is the screen's. When memory is short nothing goes. */
ht_code ht_validation_prune(const ht_validation *validation, const ht_params *params, double lambda,
                            ht_network *net, ht_mask *mask, struct ht_pool *pool, ht_error *err);

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
