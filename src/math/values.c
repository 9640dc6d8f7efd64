#include "math/values.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "math/select.h"

double ht_log_magnitude(double x)
{
    return log(fabs(x) + 0x1p-52);
}

/* x - x is NaN exactly where x is not finite, and sums of zeros stay zero. */
static bool all_finite(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] - x[i];
    return sum == 0;
}

ht_code ht_values_check(const ht_values *x, ht_error *err)
{
    size_t total = ht_values_count(x);
    for (size_t first = 0; first < total; first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(x, first, total, chunk), i = 0;
        if (all_finite(chunk, n)) continue;
        while (i + 1 < n && isfinite(chunk[i])) i++;
        return ht_error_set(err, HT_FAIL, "row %zu, column %zu is not a finite number",
                            (first + i) / x->columns, (first + i) % x->columns);
    }
    return HT_OK;
}

double ht_values_median(const ht_values *x)
{
    ht_values raw = *x;
    size_t count = ht_values_count(x);
    double middle[2];
    raw.centre = 0;
    if (count == 0) return NAN;
    ht_select(&raw, false, (size_t[]){(count - 1) / 2, count / 2}, 2, middle);
    return middle[0] + (middle[1] - middle[0]) / 2;
}

ht_code ht_values_column_medians(const ht_values *x, double *median, ht_error *err)
{
    double *column = ht_alloc(x->rows, sizeof *column, "the column medians", err);
    if (!column) return err->code;
    for (size_t j = 0; j < x->columns; j++) {
        for (size_t i = 0; i < x->rows; i++) {
            size_t at = i * x->columns + j;
            column[i] = x->f32 ? (double)x->f32[at] : x->f64[at];
        }
        median[j] = ht_values_median(&(ht_values){.f64 = column, .rows = x->rows, .columns = 1});
    }
    ht_free(column);
    return HT_OK;
}

void ht_values_norms(const ht_values *x, double *norm)
{
    for (size_t i = 0; i < x->rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < x->columns; j++) {
            size_t at = i * x->columns + j;
            double w = x->f32 ? (double)x->f32[at] : x->f64[at];
            sum += w * w;
        }
        norm[i] = sqrt(sum);
    }
}
