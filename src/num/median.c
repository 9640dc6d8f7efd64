/* median.c - medians of an ht_values, whole, without zeros, and of its columns. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "kernel/kernel.h"
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
    size_t total = ht_values_count(x);
    ht_signs signs = {.least = INFINITY};
    double middle[2];
    raw.centre = 0;
    raw.exponent = 0;
    for (size_t first = 0; first < total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(&raw, first, total, chunk);
        ht_kernel()->functions->signs(&signs, chunk, n);
    }
    if (signs.zeros == total) return 0;
    size_t live = total - signs.zeros, rank[2] = {(live - 1) / 2, live / 2};
    for (int i = 0; i < 2; i++) rank[i] += rank[i] < signs.negative ? 0 : signs.zeros;
    ht_select(&raw, false, rank, 2, middle);
    return between(middle[0], middle[1]);
}

/* ---- columns ---- */

/* Of a key: bits of a float as an integer that orders like it. */
static double value_of(int32_t key)
{
    float x;
    key ^= key < 0 ? INT32_MAX : 0;
    memcpy(&x, &key, sizeof x);
    return (double)x;
}

/* Of each column the key at position `rank` of its keys sorted: each bit by counting, which costs less than
 * moving them. */
static void keys_at(const int32_t *key, size_t rows, const size_t rank[HT_LANES], int32_t at[HT_LANES])
{
    enum { BITS = 32 };
    int64_t low[HT_LANES], high[HT_LANES]; /* it is one of these */
    int32_t middle[HT_LANES], below[HT_LANES];
    for (int j = 0; j < HT_LANES; j++) low[j] = INT32_MIN, high[j] = INT32_MAX;
    for (int bit = 0; bit < BITS; bit++) {
        for (int j = 0; j < HT_LANES; j++) middle[j] = (int32_t)((low[j] + high[j] + 1) >> 1);
        ht_kernel()->functions->count_below(key, rows, middle, below);
        for (int j = 0; j < HT_LANES; j++) {
            if ((size_t)below[j] <= rank[j])
                low[j] = middle[j];
            else
                high[j] = (int64_t)middle[j] - 1;
        }
    }
    for (int j = 0; j < HT_LANES; j++) at[j] = (int32_t)low[j];
}

/* Of the `count` smallest keys of each of the first `columns`. */
static void medians_of_keys(const int32_t *key, size_t rows, const int32_t count[HT_LANES], size_t columns,
                            double *median)
{
    size_t rank[HT_LANES];
    int32_t low[HT_LANES], next[HT_LANES], below[HT_LANES], least[HT_LANES];
    for (int j = 0; j < HT_LANES; j++) rank[j] = count[j] ? (size_t)(count[j] - 1) / 2 : 0;
    keys_at(key, rows, rank, low);
    for (int j = 0; j < HT_LANES; j++) next[j] = low[j] < INT32_MAX ? low[j] + 1 : low[j];
    ht_kernel()->functions->count_below(key, rows, next, below);
    ht_kernel()->functions->least_from(key, rows, next, least);
    for (size_t j = 0; j < columns; j++) {
        int32_t high = below[j] <= count[j] / 2 ? least[j] : low[j];
        median[j] = count[j] ? between(value_of(low[j]), value_of(high)) : 0;
    }
}

/* As many columns at once as a line of the cache has floats. `key`: scratch, (rows × HT_LANES). */
static void float_medians(const ht_values *x, size_t first, int32_t *key, double *median)
{
    size_t n = x->columns - first < HT_LANES ? x->columns - first : HT_LANES;
    int32_t live[HT_LANES];
    ht_kernel()->functions->live_keys(key, x->f32 + first, x->rows, x->columns, n, live);
    medians_of_keys(key, x->rows, live, n, median);
}

static void double_median(const ht_values *x, size_t j, double *column, double *median)
{
    for (size_t i = 0; i < x->rows; i++) column[i] = x->f64[i * x->columns + j];
    *median = ht_values_live_median(&(ht_values){.f64 = column, .rows = x->rows, .columns = 1});
}

ht_code ht_values_column_medians(const ht_values *x, double *median, ht_error *err)
{
    size_t at_once = x->f32 ? HT_LANES : 1, size = x->f32 ? HT_LANES * sizeof(int32_t) : sizeof(double);
    void *scratch = ht_alloc(x->rows, size, "the column medians", err);
    if (!scratch) return err->code;
    for (size_t j = 0; j < x->columns && !ht_cancelled(); j += at_once) {
        if (x->f32)
            float_medians(x, j, scratch, median + j);
        else
            double_median(x, j, scratch, median + j);
    }
    ht_free(scratch);
    return ht_still_wanted(err);
}

float ht_median(const float *x, size_t count)
{
    return (float)ht_values_median(&(ht_values){.f32 = x, .rows = count, .columns = 1});
}
