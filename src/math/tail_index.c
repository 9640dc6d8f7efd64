#include "heavytail/tail.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "math/select.h"

/* Inside logarithms, so that a zero does not end everything; invisible otherwise. */
static const double epsilon = 0x1p-52;

static double log_magnitude(double x)
{
    return log(fabs(x) + epsilon);
}

/* Mean of log|x - centre| over the first `count` values. */
static double mean_log(const float *x, size_t count, float centre)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += log_magnitude((double)(x[i] - centre));
    return sum / (double)count;
}

/* Mean of log|sum of m consecutive x - centre| over whole blocks. */
static double mean_log_blocks(const float *x, size_t blocks, size_t m, float centre)
{
    double sums = 0;
    for (size_t b = 0; b < blocks; b++) {
        double sum = 0;
        for (size_t i = b * m; i < (b + 1) * m; i++) sum += (double)(x[i] - centre);
        sums += log_magnitude(sum);
    }
    return sums / (double)blocks;
}

double ht_tail_mmo(const float *x, size_t count, size_t m)
{
    size_t blocks = m > 1 ? count / m : 0;
    if (blocks == 0) return NAN;
    return log((double)m) / (mean_log_blocks(x, blocks, m, 0) - mean_log(x, blocks * m, 0));
}

double ht_tail_mmo_multi(const float *x, size_t rows, size_t columns, size_t m)
{
    size_t blocks = m > 1 ? rows / m : 0;
    double entries = 0, sums = 0;
    if (blocks == 0) return NAN;
    for (size_t b = 0; b < blocks; b++) {
        double norm2 = 0;
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t r = b * m; r < (b + 1) * m; r++) sum += (double)x[r * columns + j];
            norm2 += sum * sum;
        }
        sums += log_magnitude(sqrt(norm2));
        for (size_t r = b * m; r < (b + 1) * m; r++) {
            double row = 0;
            for (size_t j = 0; j < columns; j++)
                row += (double)x[r * columns + j] * (double)x[r * columns + j];
            entries += log_magnitude(sqrt(row));
        }
    }
    return log((double)m) / (sums / (double)blocks - entries / (double)(blocks * m));
}

/* Of x - centre. Values equal to the threshold add nothing, so only the larger ones are summed. */
static double hill_about(const float *x, size_t count, size_t k, float centre)
{
    if (k < 1 || k >= count) return NAN;
    float threshold = ht_select(&(ht_ranked){x, count, centre, true}, count - 1 - k);
    double base = log_magnitude((double)threshold), sum = 0;
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(x[i] - centre);
        if (magnitude > threshold) sum += log_magnitude((double)magnitude) - base;
    }
    return sum > 0 ? (double)k / sum : (double)NAN;
}

double ht_tail_hill(const float *x, size_t count, size_t k)
{
    return hill_about(x, count, k, 0);
}

static size_t divisor_at_most(size_t count, size_t m)
{
    while (m > 1 && count % m != 0) m--;
    return m;
}

int ht_tail_candidates(size_t count, size_t m[9])
{
    static const size_t start[] = {2, 5, 10, 20, 50, 100, 500, 1000};
    int n = 0;
    for (size_t i = 0; i < sizeof start / sizeof start[0] && start[i] <= count / 2; i++) {
        size_t d = divisor_at_most(count, start[i]);
        if (d > 1 && (n == 0 || m[n - 1] != d)) m[n++] = d; /* rising, so equal ones are neighbours */
    }
    size_t root = (size_t)sqrt((double)count), d = divisor_at_most(count, root);
    bool known = d <= 1;
    for (int i = 0; i < n; i++) known = known || m[i] == d;
    if (!known) m[n++] = d;
    return n;
}

static double mmo_median(const float *x, size_t count, float centre)
{
    size_t m[9];
    double values[9];
    int n = ht_tail_candidates(count, m);
    if (n == 0) return NAN;
    double entries = mean_log(x, count, centre); /* every candidate divides the count, so all share it */
    for (int i = 0; i < n; i++)
        values[i] = log((double)m[i]) / (mean_log_blocks(x, count / m[i], m[i], centre) - entries);
    qsort(values, (size_t)n, sizeof values[0], ht_by_double);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double ht_tail_mmo_median(const float *x, size_t count)
{
    return mmo_median(x, count, 0);
}

ht_tail_summary ht_tail_summarize(const float *x, size_t count)
{
    ht_tail_summary tail = {.mmo = NAN, .hill = NAN, .hill_k = count / 200};
    if (count < 2) return tail;
    if (tail.hill_k < 10) tail.hill_k = 10;
    float centre = ht_select(&(ht_ranked){x, count, 0, false}, count / 2);
    tail.centre = (double)centre;
    tail.mmo = mmo_median(x, count, centre);
    tail.hill = hill_about(x, count, tail.hill_k, centre);
    return tail;
}
