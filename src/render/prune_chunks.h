/* prune_chunks.h - what a picture of the lab says of pruning, as text for its chunks: every number that the
 * pruning view shows, for people and for scripts. */
#ifndef HT_RENDER_PRUNE_CHUNKS_H
#define HT_RENDER_PRUNE_CHUNKS_H

#include "data/png.h"
#include "view/model.h"

typedef struct ht_prune_chunks {
    int count;
    char methods[160]; /* "node,svd" */
    char key[HT_PRUNE_METHODS][32];
    char text[HT_PRUNE_METHODS][800];
} ht_prune_chunks;

/* heavytail:prune for the method that is read in full (outside the pruning view: that of the settings),
 * :prune-2 … for the others shown. */
void ht_prune_chunks_make(ht_prune_chunks *chunks, const ht_model *model);

#endif
