#include "tail/tail_subset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/kernel.h"
#include "num/rng.h"
#include "num/select.h"

/* ---- which values ---- */

/* The matrix of the chosen columns. */
typedef struct plan {
    size_t rows, columns;
    uint32_t *column; /* (columns) which ones; NULL for all */
} plan;

static bool is_matrix(const ht_values *x)
{
    return x->rows > 1 && x->columns > 1;
}

/* One of each of `wanted` equal pieces of 0 .. count - 1. */
static size_t in_piece(ht_rng *rng, size_t piece, size_t wanted, size_t count)
{
    size_t at = (size_t)(((double)piece + ht_rng_uniform(rng)) * ((double)count / (double)wanted));
    return at < count ? at : count - 1;
}

static ht_code make_plan(plan *p, const ht_values *x, ht_rng *rng, ht_error *err)
{
    enum { COLUMNS = 1000 };
    *p = (plan){.rows = x->rows, .columns = x->columns};
    if (!is_matrix(x) || ht_values_count(x) <= HT_SUBSET || x->columns <= COLUMNS) return HT_OK;
    size_t least = HT_SUBSET / x->rows + 1;
    p->columns = least > COLUMNS ? least : COLUMNS;
    if (p->columns >= x->columns) {
        p->columns = x->columns;
        return HT_OK;
    }
    p->column = ht_alloc(p->columns, sizeof *p->column, "a sample of columns", err);
    if (!p->column) return err->code;
    for (size_t j = 0; j < p->columns; j++) p->column[j] = (uint32_t)in_piece(rng, j, p->columns, x->columns);
    return HT_OK;
}

/* Rows are numbered as they come, columns by the plan: both below HT_SUBSET + 2. */
static void add(ht_tail_subset *s, const ht_tail_sample *from, ht_unit unit, const plan *p, size_t place,
                size_t *last)
{
    const ht_values *x = &from->x;
    size_t row = place / p->columns, column = place % p->columns,
           own = p->column ? p->column[column] : column;
    double centre = x->centre + (x->column_centre ? x->column_centre[own] : 0);
    double value = ht_values_at(x, unit, row * x->columns + own) - centre * unit.first * unit.second;
    if (value == 0 && !from->censored) return;
    if (s->rows == 0 || row != *last) s->rows++;
    *last = row;
    s->x[s->count] = value;
    s->row[s->count] = (uint32_t)(s->rows - 1);
    s->column[s->count++] = (uint32_t)column;
}

ht_code ht_tail_subset_take(ht_tail_subset *s, const ht_tail_sample *from, ht_error *err)
{
    plan p;
    ht_rng rng;
    *s = (ht_tail_subset){.matrix = is_matrix(&from->x)};
    ht_rng_init(&rng, 2, HT_STREAM_TAIL, 0);
    if (make_plan(&p, &from->x, &rng, err) != HT_OK) return err->code;
    size_t there = p.rows * p.columns, wanted = there < HT_SUBSET ? there : HT_SUBSET, last = 0;
    ht_unit unit = ht_values_unit(&from->x);
    s->columns = p.columns;
    s->x = ht_alloc(wanted + 1, sizeof *s->x, "a sample of the values", err);
    double *scratch = ht_alloc(wanted + 1, sizeof *scratch, "a sample of the values", err);
    s->sorted = ht_alloc(wanted + 1, sizeof *s->sorted, "a sample of the values", err);
    s->row = ht_alloc(wanted + 1, sizeof *s->row, "a sample of the values", err);
    s->column = ht_alloc(wanted + 1, sizeof *s->column, "a sample of the values", err);
    bool ready = scratch && s->x && s->sorted && s->row && s->column;
    for (size_t i = 0; ready && i < wanted; i++)
        add(s, from, unit, &p, wanted < there ? in_piece(&rng, i, wanted, there) : i, &last);
    ht_free(p.column);
    if (ready) {
        memcpy(s->sorted, s->x, s->count * sizeof *s->x);
        ht_sort(s->sorted, s->count, scratch);
    }
    ht_free(scratch);
    if (!ready) ht_tail_subset_free(s);
    return ready ? HT_OK : err->code;
}

void ht_tail_subset_free(ht_tail_subset *s)
{
    ht_free(s->x);
    ht_free(s->sorted);
    ht_free(s->row);
    ht_free(s->column);
    *s = (ht_tail_subset){0};
}

/* ---- groups of unequal scale ---- */

/* Of one group: how many, and the sum of log|x|. */
typedef struct group {
    double count, sum;
} group;

/* The variance between groups beyond what the variance within explains (Henderson's first method). */
static ht_spread compare(const group *g, size_t groups, double count, double sum, double squares)
{
    double between = 0, counts2 = 0, used = 0;
    for (size_t i = 0; i < groups; i++) {
        if (g[i].count < 1) continue;
        used++;
        between += g[i].sum * g[i].sum / g[i].count;
        counts2 += g[i].count * g[i].count;
    }
    double within = squares - between, free_within = count - used, free_between = used - 1;
    between -= sum * sum / count;
    if (!(free_within > 0) || !(free_between > 0)) return (ht_spread){0};
    double ms_within = within / free_within, ms_between = between / free_between;
    double size = (count - counts2 / count) / free_between, variance = (ms_between - ms_within) / size;
    double error = ms_within * sqrt(2 / free_between + 2 / free_within);
    if (!(variance > 0)) return (ht_spread){0};
    return (ht_spread){sqrt(variance), error > 0 ? (ms_between - ms_within) / error : (double)INFINITY};
}

ht_code ht_tail_subset_spread(const ht_tail_subset *s, bool columns, ht_spread *spread, ht_error *err)
{
    const uint32_t *of = columns ? s->column : s->row;
    size_t groups = columns ? s->columns : s->rows;
    double count = 0, sum = 0, squares = 0;
    *spread = (ht_spread){0};
    if (!s->matrix || groups < 2) return HT_OK;
    group *g = ht_alloc(groups, sizeof *g, "the scales of rows and columns", err);
    if (!g) return err->code;
    double *log_x = ht_alloc(s->count, sizeof *log_x, "the scales of rows and columns", err);
    if (log_x) ht_kernel()->functions->logarithms(log_x, s->x, s->count);
    for (size_t i = 0; log_x && i < s->count; i++) {
        if (s->x[i] == 0) continue;
        g[of[i]].count++;
        g[of[i]].sum += log_x[i];
        count++;
        sum += log_x[i];
        squares += log_x[i] * log_x[i];
    }
    if (log_x) *spread = compare(g, groups, count, sum, squares);
    ht_free(g);
    if (!log_x) return err->code;
    ht_free(log_x);
    return HT_OK;
}
