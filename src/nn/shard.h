/* shard.h - how layers and sample sets are cut into tasks. Fixed sizes: the cut, and so every rounding, is
 * the same for any number of threads. */
#ifndef HT_NN_SHARD_H
#define HT_NN_SHARD_H

enum {
    HT_SHARD = 256, /* neurons: 256 × 784 floats stay in a core's cache between the update and the noise */
    HT_EVAL_CHUNK = 256 /* samples of one evaluation task */
};

static inline int ht_shards(int rows)
{
    return (rows + HT_SHARD - 1) / HT_SHARD;
}

static inline int ht_shard_rows(int rows, int shard)
{
    int left = rows - shard * HT_SHARD;
    return left < HT_SHARD ? left : HT_SHARD;
}

#endif
