#include "data/loader.h"

size_t ht_data_limited(size_t count, size_t limit)
{
    return limit && limit < count ? limit : count;
}

uint64_t ht_synth_which(ht_synth_part part, size_t index)
{
    return (uint64_t)part << 40 | index;
}
