#include "data/table/missing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { NAMED = 5, DESCRIBED = 80 };

static size_t count_missing(const ht_raw_part *part, size_t j)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++) count += isnan(part->wide[i * part->inputs + j]);
    return count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* NaN if there is no value. `room` is for as many values as there are samples. */
static double median(const ht_raw_part *part, size_t j, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < part->count; i++) {
        double value = part->wide[i * part->inputs + j];
        if (!isnan(value)) room[n++] = value;
    }
    if (n == 0) return NAN;
    qsort(room, n, sizeof *room, compare);
    return n % 2 ? room[n / 2] : room[n / 2 - 1] / 2 + room[n / 2] / 2;
}

static void fill(ht_raw_part *part, size_t j, double value)
{
    for (size_t i = 0; i < part->count; i++)
        if (isnan(part->wide[i * part->inputs + j])) part->wide[i * part->inputs + j] = value;
}

/* The column of input j. */
static size_t column_of(const ht_columns *columns, size_t j)
{
    size_t i = 0;
    for (; columns->out[i] || i == columns->label || j-- > 0; i++) continue;
    return i;
}

/* What was filled in, for one note. */
typedef struct filled {
    size_t cells, columns;
    ht_text names;
} filled;

static ht_code impute_column(ht_raw *raw, const ht_text_table *table, const ht_columns *columns, size_t j,
                             double *room, filled *sum, ht_error *err)
{
    char what[DESCRIBED];
    size_t train = count_missing(&raw->train, j), test = count_missing(&raw->test, j);
    if (train + test == 0) return HT_OK;
    double value = median(&raw->train, j, room);
    ht_text_table_describe(table, column_of(columns, j), what, sizeof what);
    if (isnan(value))
        return ht_error_set(err, HT_FAIL, "%s: %s has no value in the training part; leave the column out",
                            raw->train.path, what);
    fill(&raw->train, j, value);
    fill(&raw->test, j, value);
    sum->cells += train + test;
    if (sum->columns++ < NAMED) ht_text_add(&sum->names, "%s%s", sum->columns > 1 ? ", " : "", what);
    if (2 * train > raw->train.count)
        ht_notes_add(&raw->notes, "%s: %s is missing in %zu of %zu training samples", raw->train.path, what,
                     train, raw->train.count);
    return HT_OK;
}

ht_code ht_missing_impute(ht_raw *raw, const ht_text_table *table, const ht_columns *columns, ht_error *err)
{
    filled sum = {0};
    double *room = ht_alloc(raw->train.count, sizeof *room, "a column", err);
    ht_code code = room ? HT_OK : HT_FAIL;
    for (size_t j = 0; code == HT_OK && j < raw->train.inputs; j++)
        code = impute_column(raw, table, columns, j, room, &sum, err);
    if (code == HT_OK && sum.cells > 0) {
        const char *more = sum.columns > NAMED ? ", …" : "", *names = sum.names.data ? sum.names.data : "";
        ht_notes_add(
            &raw->notes,
            "%zu missing cell%s in %zu column%s (%s%s) got the median of the column's training part; "
            "data.missing=refuse makes them an error",
            sum.cells, sum.cells == 1 ? "" : "s", sum.columns, sum.columns == 1 ? "" : "s", names, more);
        ht_notes_add(&raw->facts, "missing: %zu cells of %zu columns, filled with medians: %s%s", sum.cells,
                     sum.columns, names, more);
    }
    ht_text_free(&sum.names);
    ht_free(room);
    return code;
}
