#include "num/values.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/kernel.h"

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

/* From the values (n) from position `first` on, row by row. */
static void take_centre(const ht_values *x, size_t first, size_t n, double *values)
{
    ht_unit unit = ht_values_unit(x);
    double centre = x->centre * unit.first * unit.second;
    for (size_t i = 0, column = first % x->columns, run; i < n; i += run, column = 0) {
        run = x->column_centre && x->columns - column < n - i ? x->columns - column : n - i;
        ht_kernel()->functions->take_centre(values + i, x->column_centre ? x->column_centre + column : NULL,
                                            run, centre, (double[]){unit.first, unit.second}, x->zeros_stay);
    }
}

size_t ht_values_load(const ht_values *x, size_t first, size_t end, double to[HT_CHUNK])
{
    size_t n = end - first < HT_CHUNK ? end - first : HT_CHUNK;
    ht_unit unit = ht_values_unit(x);
    if (x->f32) /* a float's exponents never need two factors */
        ht_kernel()->functions->widen(to, x->f32 + first, n, unit.first * unit.second);
    else
        for (size_t i = 0; i < n; i++) to[i] = x->f64[first + i] * unit.first * unit.second;
    if (x->column_centre || x->centre != 0) take_centre(x, first, n, to);
    return n;
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
