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

/* ---- columns ---- */

/* Bits of a float as an integer that orders like it; and back. */
static int32_t key_of(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (bits < 0 ? INT32_MAX : 0);
}

static double value_of(int32_t key)
{
    float x;
    key ^= key < 0 ? INT32_MAX : 0;
    memcpy(&x, &key, sizeof x);
    return (double)x;
}

/* The key at position `rank` < count of them sorted: each bit by counting, which costs less than moving them.
 */
static int32_t key_at(const int32_t *key, size_t count, size_t rank)
{
    int64_t low = INT32_MIN, high = INT32_MAX; /* it is one of these */
    while (low < high) {
        int64_t middle = (low + high + 1) >> 1;
        if (ht_kernel()->functions->count_below(key, count, (int32_t)middle) <= rank)
            low = middle;
        else
            high = middle - 1;
    }
    return (int32_t)low;
}

static double median_of_keys(const int32_t *key, size_t count)
{
    if (count == 0) return 0;
    int32_t low = key_at(key, count, (count - 1) / 2), high = low;
    if (low < INT32_MAX && ht_kernel()->functions->count_below(key, count, low + 1) <= count / 2)
        high = ht_kernel()->functions->least_from(key, count, low + 1);
    return between(value_of(low), value_of(high));
}

/* As many columns at once as three lines of the cache have floats; rows are too far apart for the machine to
 * see which it will be asked for. `key`: scratch, (AT_ONCE × rows). */
enum { AT_ONCE = 16, AHEAD = 24, LINE = 16 };

static void float_medians(const ht_values *x, size_t first, int32_t *key, double *median)
{
    size_t count[AT_ONCE] = {0}, n = x->columns - first < AT_ONCE ? x->columns - first : AT_ONCE;
    for (size_t i = 0; i < x->rows; i++) {
        const float *row = x->f32 + i * x->columns + first;
        if (i + AHEAD < x->rows)
            for (size_t j = 0; j < n; j += LINE) __builtin_prefetch(row + AHEAD * x->columns + j);
        for (size_t j = 0; j < n; j++) {
            key[j * x->rows + count[j]] = key_of(row[j]);
            count[j] += row[j] != 0;
        }
    }
    for (size_t j = 0; j < n; j++) median[j] = median_of_keys(key + j * x->rows, count[j]);
}

static void double_median(const ht_values *x, size_t j, double *column, double *median)
{
    for (size_t i = 0; i < x->rows; i++) column[i] = x->f64[i * x->columns + j];
    *median = ht_values_live_median(&(ht_values){.f64 = column, .rows = x->rows, .columns = 1});
}

ht_code ht_values_column_medians(const ht_values *x, double *median, ht_error *err)
{
    size_t at_once = x->f32 ? AT_ONCE : 1, size = x->f32 ? AT_ONCE * sizeof(int32_t) : sizeof(double);
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
