/* tensor_name.h - what the name of a tensor says about it: weight or bias, of which layer, which of several
 * in a row, or a part of something that is no plain layer. Names are those of PyTorch, Keras, Flax,
 * scikit-learn and of people. Pure. */
#ifndef HT_WEIGHTS_TENSOR_NAME_H
#define HT_WEIGHTS_TENSOR_NAME_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ht_name_role {
    HT_NAME_PLAIN,  /* nothing: "hidden", "classifier" */
    HT_NAME_WEIGHT, /* "fc1.weight": by custom (outputs × inputs) */
    HT_NAME_MATRIX, /* "W1": either way round */
    HT_NAME_KERNEL, /* "dense_1/kernel", "coefs_0": by custom (inputs × outputs) */
    HT_NAME_BIAS,   /* "fc1.bias", "b1" */
} ht_name_role;

/* The role, and in `stem` what is left of the name without the word that says it: "fc1.weight", "fc1.bias"
 * and "fc1" have the stem "fc1", "W1" and "b1" the stem "1". Small letters. */
ht_name_role ht_name_read(const char *name, char *stem, size_t size);

/* Do the names count the same thing ("fc2" and "fc10", "dense" and "dense_1")? *sign: -1 when `a` comes
 * first, 1 when `b` does. Names that differ by other things than numbers do not. */
bool ht_name_compare(const char *a, const char *b, int *sign);

/* What makes it a part of something that is no dense layer ("attention", …): a clause that follows "is "; or
 * NULL. */
const char *ht_name_obstacle(const char *name);

/* Is it a table whose rows are looked up, for tokens or positions ("wte.weight", "tok.weight", "pos_embed",
 * and "layers.0.tokens" of a run of ours)? */
bool ht_name_is_embedding(const char *name);

/* Is it of the training and not of the network: moments, gradients, masks of ours? */
bool ht_name_is_aside(const char *name);

/* The same of a run's checkpoint, whose names nobody else gives: "layers.0.mean" is there the optimizer's,
 * and in a file of others perhaps a layer. */
bool ht_name_is_ours_aside(const char *name);

#endif
