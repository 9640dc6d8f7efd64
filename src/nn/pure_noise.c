#include "nn/pure_noise.h"

#include "nn/row_noise.h"

/* Rows that began at zero. */
static ht_row_noise rows_of(const ht_pure_noise *limit)
{
    return (ht_row_noise){.type = limit->type,
                          .alpha = limit->alpha,
                          .inputs = limit->inputs,
                          .width = limit->width,
                          .growth = {.keep = 0, .scale = 1},
                          .metric = limit->metric,
                          .error = limit->error,
                          .seed = limit->seed};
}

ht_code ht_pure_noise_ratios(const ht_pure_noise *limit, int count, double *ratios, struct ht_pool *pool,
                             ht_error *err)
{
    ht_row_noise rows = rows_of(limit);
    return ht_row_noise_ratios(&rows, count, ratios, pool, err);
}

int ht_pure_noise_count(const ht_pure_noise *limit, double seconds)
{
    ht_row_noise rows = rows_of(limit);
    return ht_row_noise_count(&rows, seconds);
}
