#include "data/synth/balance.h"

#include "num/rng.h"

int ht_balanced_class(uint64_t seed, ht_synth_part part, size_t index, int classes)
{
    ht_rng rng;
    int order[HT_BALANCE_CLASSES] = {0};
    size_t n = (size_t)classes;
    ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(HT_SYNTH_SETUP, index / n * 2 + (size_t)part));
    for (int i = 0; i < classes; i++) order[i] = i;
    for (int i = classes; i > 1; i--) {
        int j = (int)ht_rng_below(&rng, (uint32_t)i), kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
    return order[index % n];
}
