/* functions.h - logarithms, exponentials and harmonics of many doubles, compiled once per instruction set
 * (functions_body.c). The same bits from every build: no libm but for the rare arguments named below. */
#ifndef HT_KERNEL_FUNCTIONS_H
#define HT_KERNEL_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Moments of log|x| about `origin`, of the values beyond `below`; the others stand for `zero`, a logarithm,
 * or are left out where that is NaN. Sums go on from what is there. */
typedef struct ht_log_sums {
    double below, zero, origin;
    double count, sum, squares;
} ht_log_sums;

enum { HT_HARMONICS = 128, HT_LANES = 16 };

/* Where a magnitude is counted: by the sign, five bits of exponent and HT_BIN_MANTISSA of mantissa. `first`:
 * the leading bits (sign, exponent, these) of the smallest magnitude with a bin of its own; what is smaller
 * or larger is in the outermost. `sign`: all ones, or zero: magnitudes are counted. */
enum { HT_BIN_MANTISSA = 9, HT_BINS_HALF = 1 << (5 + HT_BIN_MANTISSA), HT_BINS = 2 * HT_BINS_HALF };

typedef struct ht_bin_window {
    int32_t first, sign;
} ht_bin_window;

typedef struct ht_signs {
    size_t zeros, negative;
    double least; /* magnitude above zero; Inf of nothing */
} ht_signs;

typedef struct ht_functions {
    /* to[i] = x[i] factor; and to[i] += x[i] factor, exact where the factor is a power of two and no sum is
     * rounded */
    void (*widen)(double *to, const float *x, size_t count, double factor);
    void (*add_widened)(double *to, const float *x, size_t count, double factor);
    /* x[i] -= centre, then column[i] × factors[0] × factors[1]; with zeros_stay not from zeros. column: NULL
     * for none */
    void (*take_centre)(double *x, const double *column, size_t count, double centre, const double factors[2],
                        bool zeros_stay);
    /* The first `columns` ≤ HT_LANES of each row as keys (rows × HT_LANES), which order as floats do; zeros
     * and columns that are not there become INT32_MAX. How many of each column are not zero, rows < 2^31 */
    void (*live_keys)(int32_t *key, const float *x, size_t rows, size_t stride, size_t columns,
                      int32_t live[HT_LANES]);
    /* Of each column of keys (rows × HT_LANES), rows < 2^31: how many are below its limit; the smallest that
     * is not, INT32_MAX of none */
    void (*count_below)(const int32_t *key, size_t rows, const int32_t limit[HT_LANES],
                        int32_t below[HT_LANES]);
    void (*least_from)(const int32_t *key, size_t rows, const int32_t limit[HT_LANES],
                       int32_t least[HT_LANES]);
    /* The bins of x, which rise with the value */
    void (*bins)(uint32_t *bin, const double *x, size_t count, const ht_bin_window *window);
    /* Of magnitudes, from the leading bits of floats: 1 for those that are `first` after the shift, and so on
     * to `bins`; 0 for smaller ones, bins + 1 for larger ones */
    void (*magnitude_bins)(uint32_t *bin, const float *x, size_t count, int shift, int32_t first,
                           int32_t bins);
    /* Counts on */
    void (*signs)(ht_signs *signs, const double *x, size_t count);
    /* y[i] = log|x[i]|, within 1 ulp, of denormals too; -Inf of 0, Inf of ±Inf, NaN of NaN. y may be x */
    void (*logarithms)(double *y, const double *x, size_t count);
    /* y[i] = e^x[i], within 1 ulp where that is a normal number; 0 below -745, Inf above 709.78. y may be x
     */
    void (*exponentials)(double *y, const double *x, size_t count);
    /* c[i], s[i] = cos t[i], sin t[i], within 1 ulp of 1; |t| beyond 2^20 by libm. c may be t */
    void (*circle)(const double *t, size_t count, double *c, double *s);
    /* cosine[j - 1] += Σ cos(jt), sine[j - 1] += Σ sin(jt), t = (x - origin) factor, j = 1 .. points ≤
     * HT_HARMONICS */
    void (*harmonics)(const double *x, size_t count, double origin, double factor, int points, double *cosine,
                      double *sine);
    /* to[i] = the sum of the `parts` values from x[i × parts] on */
    void (*block_sums)(double *to, const double *x, size_t blocks, size_t parts);
    /* In sixteen partial sums, then those in order: one fixed rounding */
    void (*log_sums)(ht_log_sums *sums, const double *x, size_t count);
    /* The same without the squares, which then are nothing, in half of the time */
    void (*log_sum)(ht_log_sums *sums, const double *x, size_t count);
} ht_functions;

#endif
