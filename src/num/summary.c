#include "num/summary.h"

#include <math.h>
#include <stdlib.h>

#include "num/select.h"

double ht_quantile(const double *sorted, size_t count, double q)
{
    if (count == 0) return NAN;
    double at = q * (double)(count - 1);
    size_t below = (size_t)at;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* Moves the finite values to the front; returns how many. */
static size_t gather_finite(double *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        double value = values[i];
        values[i] = values[kept];
        values[kept++] = value;
    }
    return kept;
}

ht_summary ht_summarize(double *values, size_t count)
{
    size_t n = gather_finite(values, count);
    double sum = 0, squares = 0;
    qsort(values, n, sizeof *values, ht_by_double);
    for (size_t i = 0; i < n; i++) sum += values[i];
    double mean = n ? sum / (double)n : (double)NAN;
    for (size_t i = 0; i < n; i++) squares += (values[i] - mean) * (values[i] - mean);
    return (ht_summary){.count = n,
                        .mean = mean,
                        .sd = n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN,
                        .low = ht_quantile(values, n, 0.25),
                        .median = ht_quantile(values, n, 0.5),
                        .high = ht_quantile(values, n, 0.75)};
}
