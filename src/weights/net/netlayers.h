/* netlayers.h - networks of any layers out of files: which layers they have is said by the file (networds.h),
 * by somebody (model.layers), or guessed by the shapes; their numbers are found by shape and name (fill.h).
 */
#ifndef HT_WEIGHTS_NETLAYERS_H
#define HT_WEIGHTS_NETLAYERS_H

#include "weights/net/netfile.h"
#include "weights/weights.h"

/* Is the network in the file more than dense layers, by its words, the run's, or its tensors? */
ht_code ht_netlayers_are(const char *path, const ht_weights *file, const ht_netfile_options *options,
                         bool *are, ht_error *err);

/* The network; NULL with *err set. */
ht_network *ht_netlayers_read(const char *path, ht_weights *file, const ht_netfile_options *options,
                              ht_error *err);

#endif
