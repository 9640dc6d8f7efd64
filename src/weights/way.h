/* way.h - which way round the tensors of a model are stored: (outputs × inputs), or (inputs × outputs) as
 * Keras, Flax and TensorFlow have it, where the last side of a kernel of any dimensions counts the outputs.
 */
#ifndef HT_WEIGHTS_WAY_H
#define HT_WEIGHTS_WAY_H

#include <stdbool.h>

#include "weights/weights.h"

/* turned[i]: tensor i is stored (inputs × outputs). For each tensor by the rule for a chain (chain.h), its
 * own bias first and then its name; matrices of which neither tells are as all matrices of the file together
 * are. Of more than two dimensions only kernels by name are turned. turned: ht_weights_count long. */
ht_code ht_way_find(const ht_weights *file, bool *turned, ht_error *err);

#endif
