#include "num/values.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "num/select.h"

/* Bits of a magnitude order like it, and NaN and Inf are above every number: one maximum tells both. */
static float largest_float(const float *x, size_t n)
{
    uint32_t most = 0;
    float largest;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

static double largest_double(const double *x, size_t n)
{
    uint64_t most = 0;
    double largest;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= UINT64_MAX >> 1;
        most = bits > most ? bits : most;
    }
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

ht_code ht_values_check(const ht_values *x, double *largest, ht_error *err)
{
    size_t total = ht_values_count(x), i = 0;
    *largest = x->f32 ? (double)largest_float(x->f32, total) : largest_double(x->f64, total);
    if (isfinite(*largest)) return HT_OK;
    while (x->f32 ? isfinite(x->f32[i]) : isfinite(x->f64[i])) i++;
    return ht_error_set(err, HT_FAIL, "row %zu, column %zu is not a finite number", i / x->columns,
                        i % x->columns);
}

void ht_values_centre(const ht_values *x, size_t first, size_t n, double *values)
{
    ht_unit unit = ht_values_unit(x);
    double centre = x->centre * unit.first * unit.second;
    for (size_t i = 0, j = first % x->columns; i < n; i++) {
        double column = x->column_centre ? x->column_centre[j] * unit.first * unit.second : 0;
        bool stays = x->zeros_stay && values[i] == 0;
        values[i] = stays ? 0 : values[i] - centre - column;
        if (++j == x->columns) j = 0;
    }
}

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
    for (size_t first = 0; first < total; first += HT_CHUNK) {
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
    for (size_t j = 0; j < x->columns; j++) {
        for (size_t i = 0; i < x->rows; i++) {
            size_t at = i * x->columns + j;
            column[i] = x->f32 ? (double)x->f32[at] : x->f64[at];
        }
        median[j] = ht_values_live_median(&(ht_values){.f64 = column, .rows = x->rows, .columns = 1});
    }
    ht_free(column);
    return HT_OK;
}

/* Of a row whose squares leave the range of doubles: the same, in units of its largest entry. */
static double extreme_norm(const ht_values *x, ht_unit unit, size_t first)
{
    double largest = 0, sum = 0;
    int exponent;
    for (size_t j = 0; j < x->columns; j++) largest = fmax(largest, fabs(ht_values_at(x, unit, first + j)));
    if (!(largest > 0) || isinf(largest)) return largest;
    frexp(largest, &exponent);
    for (size_t j = 0; j < x->columns; j++) {
        double w = ldexp(ht_values_at(x, unit, first + j), -exponent);
        sum += w * w;
    }
    return ldexp(sqrt(sum), exponent);
}

void ht_values_norms(const ht_values *x, double *norm)
{
    ht_unit unit = ht_values_unit(x);
    for (size_t i = 0; i < x->rows; i++) {
        size_t first = i * x->columns;
        double sum = 0;
        for (size_t j = 0; j < x->columns; j++) {
            double w = ht_values_at(x, unit, first + j);
            sum += w * w;
        }
        norm[i] = sum >= 0x1p-900 && sum <= 0x1p1000 ? sqrt(sum) : extreme_norm(x, unit, first);
    }
}

double ht_values_length(const double *v, size_t n)
{
    double norm;
    ht_values_norms(&(ht_values){.f64 = v, .rows = 1, .columns = n}, &norm);
    return norm;
}
