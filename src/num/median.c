/* median.c - medians of an ht_values, whole, without zeros, and of its columns. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "num/select.h"

static double between(double low, double high)
{
    double apart = high - low;
    return isfinite(apart) ? low + apart / 2 : low / 2 + high / 2;
}

double ht_values_median(const ht_values *x)
{
    ht_values raw = *x;
    size_t count = ht_values_count(x);
    double middle[2];
    raw.centre = 0;
    raw.exponent = 0;
    if (count == 0) return NAN;
    ht_select(&raw, false, (size_t[]){(count - 1) / 2, count / 2}, 2, middle);
    return between(middle[0], middle[1]);
}

/* Zeros lie between the negative values and the others. */
double ht_values_live_median(const ht_values *x)
{
    ht_values raw = *x;
    size_t total = ht_values_count(x), zeros = 0, negative = 0;
    double middle[2];
    raw.centre = 0;
    raw.exponent = 0;
    for (size_t first = 0; first < total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(&raw, first, total, chunk);
        for (size_t i = 0; i < n; i++) {
            zeros += chunk[i] == 0;
            negative += chunk[i] < 0;
        }
    }
    if (zeros == total) return 0;
    size_t rank[2] = {(total - zeros - 1) / 2, (total - zeros) / 2};
    for (int i = 0; i < 2; i++) rank[i] += rank[i] < negative ? 0 : zeros;
    ht_select(&raw, false, rank, 2, middle);
    return between(middle[0], middle[1]);
}

ht_code ht_values_column_medians(const ht_values *x, double *median, ht_error *err)
{
    double *column = ht_alloc(x->rows, sizeof *column, "the column medians", err);
    if (!column) return err->code;
    for (size_t j = 0; j < x->columns && !ht_cancelled(); j++) {
        for (size_t i = 0; i < x->rows; i++) {
            size_t at = i * x->columns + j;
            column[i] = x->f32 ? (double)x->f32[at] : x->f64[at];
        }
        median[j] = ht_values_live_median(&(ht_values){.f64 = column, .rows = x->rows, .columns = 1});
    }
    ht_free(column);
    return ht_still_wanted(err);
}

float ht_median(const float *x, size_t count)
{
    return (float)ht_values_median(&(ht_values){.f32 = x, .rows = count, .columns = 1});
}
