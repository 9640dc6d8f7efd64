/* tail_rows.c - the tail index of a layer's rows, as arXiv 2106.03795 measures it. */
#include "heavytail/tail.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "math/select.h"

typedef struct centred {
    const float *x; /* (rows × columns) */
    size_t rows, columns;
    float *centre; /* (columns): their medians */
    float *column; /* (rows): scratch */
    double *sum;   /* (columns): scratch */
} centred;

static void find_medians(centred *c)
{
    ht_ranked values = {.x = c->column, .count = c->rows};
    for (size_t j = 0; j < c->columns; j++) {
        for (size_t i = 0; i < c->rows; i++) c->column[i] = c->x[i * c->columns + j];
        float high = ht_select(&values, c->rows / 2);
        c->centre[j] = c->rows % 2 ? high : (high + ht_select(&values, c->rows / 2 - 1)) / 2;
    }
}

/* Mean of log‖sum of m consecutive centred rows‖ over whole blocks; m divides the number of rows. */
static double mean_log_norm(const centred *c, size_t m)
{
    double total = 0;
    for (size_t i = 0; i < c->rows; i += m) {
        double norm2 = 0;
        for (size_t j = 0; j < c->columns; j++) c->sum[j] = 0;
        for (size_t r = i; r < i + m; r++)
            for (size_t j = 0; j < c->columns; j++)
                c->sum[j] += (double)c->x[r * c->columns + j] - (double)c->centre[j];
        for (size_t j = 0; j < c->columns; j++) norm2 += c->sum[j] * c->sum[j];
        total += log(sqrt(norm2) + 0x1p-52);
    }
    return total / ((double)c->rows / (double)m);
}

static double median_index(const centred *c)
{
    size_t m[9];
    double values[9];
    int n = ht_tail_candidates(c->rows, m);
    if (n == 0) return NAN;
    double single = mean_log_norm(c, 1); /* every candidate divides the rows, so all share it */
    for (int i = 0; i < n; i++) values[i] = log((double)m[i]) / (mean_log_norm(c, m[i]) - single);
    qsort(values, (size_t)n, sizeof values[0], ht_by_double);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

ht_code ht_tail_rows(const float *x, size_t rows, size_t columns, double *alpha, ht_error *err)
{
    *alpha = NAN;
    centred c = {.x = x, .rows = rows, .columns = columns};
    c.centre = ht_alloc(columns, sizeof *c.centre, "the rows' tail index", err);
    c.column = ht_alloc(rows, sizeof *c.column, "the rows' tail index", err);
    c.sum = ht_alloc(columns, sizeof *c.sum, "the rows' tail index", err);
    bool good = c.centre && c.column && c.sum;
    if (good) {
        find_medians(&c);
        *alpha = median_index(&c);
    }
    ht_free(c.centre);
    ht_free(c.column);
    ht_free(c.sum);
    return good ? HT_OK : HT_FAIL;
}
