#include "follow/layer_look.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "prune/prune_plan.h"
#include "tail/tail_fit.h"

/* Numbers that are read at a time: they stay in cache. */
enum { PIECE = 1 << 16 };

/* Bytes: of a row while it is ranked; of an estimate beside the values it is made of. */
enum { ROW_COST = 96, FIT_COST = 12 << 20 };

typedef struct pass {
    ht_layer_look *look;
    ht_file_tensor view;
    size_t inputs, rest; /* of a turned one: [rest][inputs][rows] */
    bool doubles;
    float *x;      /* (PIECE) */
    double *d;     /* (PIECE), of doubles */
    double *norm2; /* (rows); NULL: no memory for so many */
    float *f32;    /* the rows that the tail is of, or … */
    double *f64;
    double total2;    /* Σ w², where norm2 is NULL */
    size_t broken_at; /* the first place that is not finite */
    uint64_t large;   /* doubles that are larger than every float */
    double top;       /* the largest magnitude, of doubles too */
} pass;

/* ---- a piece ---- */

/* Counts zeros and what is not finite, which then is 0, so that nothing below needs to know. */
static void count(pass *p, size_t first, size_t n)
{
    uint64_t zeros = 0, broken = 0;
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(p->x[i]);
        zeros += a == 0;
        broken += !(a <= FLT_MAX);
    }
    p->look->zeros += zeros;
    if (!broken) return;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(p->x[i])) continue;
        if (p->look->broken++ == 0) p->broken_at = first + i;
        p->x[i] = 0;
    }
    p->look->histogram.below -= broken;
    p->look->histogram.above += broken;
}

/* Doubles that floats do not hold are no zeros and no Inf, but the least and the largest float. */
static void narrow(pass *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double w = p->d[i];
        float x = (float)w;
        if (isfinite(w)) p->top = fmax(p->top, fabs(w));
        p->large += isfinite(w) && fabs(w) > (double)FLT_MAX;
        if (x == 0 && w != 0) x = copysignf(FLT_TRUE_MIN, (float)w);
        if (isinf(x) && isfinite(w)) x = copysignf(FLT_MAX, (float)w);
        p->x[i] = x;
    }
}

static void add_norms(pass *p, size_t first, size_t n)
{
    size_t columns = p->view.columns, rows = p->view.rows;
    if (!p->norm2) {
        p->total2 += ht_kernel()->sum_squares(p->x, n);
        return;
    }
    if (p->view.turned) {
        for (size_t i = 0, row = first % rows; i < n; i++, row = row + 1 == rows ? 0 : row + 1)
            p->norm2[row] += (double)p->x[i] * (double)p->x[i];
        return;
    }
    for (size_t i = 0, run; i < n; i += run) {
        size_t column = (first + i) % columns;
        run = columns - column < n - i ? columns - column : n - i;
        p->norm2[(first + i) / columns] += ht_kernel()->sum_squares(p->x + i, run);
    }
}

/* The number that a row has among those that are used, which are spread evenly; false: it is none. */
static bool used(const pass *p, size_t row, size_t *number)
{
    size_t rows = p->view.rows, some = p->look->used_rows;
    *number = row * some / rows;
    return (row + 1) * some / rows > *number;
}

static void keep_at(pass *p, size_t to, size_t from, size_t n)
{
    if (p->f64)
        memcpy(p->f64 + to, p->d + from, n * sizeof *p->f64);
    else if (p->f32)
        memcpy(p->f32 + to, p->x + from, n * sizeof *p->f32);
}

static void keep(pass *p, size_t first, size_t n)
{
    size_t columns = p->view.columns, rows = p->view.rows, wide = p->look->used_columns, number;
    if (!p->f32 && !p->f64) return;
    for (size_t i = 0; i < n && p->view.turned; i++) {
        size_t row = (first + i) % rows, place = (first + i) / rows;
        size_t column = place % p->inputs * p->rest + place / p->inputs;
        if (column < wide && used(p, row, &number)) keep_at(p, number * wide + column, i, 1);
    }
    for (size_t i = 0, run; i < n && !p->view.turned; i += run) {
        size_t row = (first + i) / columns, column = (first + i) % columns;
        run = columns - column < n - i ? columns - column : n - i;
        if (column < wide && used(p, row, &number))
            keep_at(p, number * wide + column, i, run < wide - column ? run : wide - column);
    }
}

static ht_code read_piece(pass *p, const ht_layer_source *source, size_t first, size_t n, ht_error *err)
{
    if (source->load(source->context, source->number, first, n, p->doubles ? NULL : p->x, p->d, err) != HT_OK)
        return err->code;
    if (p->doubles) narrow(p, n);
    count(p, first, n);
    ht_histogram_add(&p->look->histogram, p->x, n);
    p->look->largest = fmax(p->look->largest, (double)ht_kernel()->max_abs(p->x, n));
    add_norms(p, first, n);
    keep(p, first, n);
    return ht_still_wanted(err);
}

/* ---- what follows from it ---- */

static void say_broken(pass *p)
{
    char count_text[32];
    size_t columns = p->view.whole->ndim > 1 ? p->view.whole->count / p->view.whole->shape[0] : 1;
    ht_format_grouped(count_text, sizeof count_text, (long long)p->look->broken);
    snprintf(p->look->why, sizeof p->look->why,
             "%s of its values %s not finite (NaN or Inf), the first in row %zu, column %zu of the file's",
             count_text, p->look->broken == 1 ? "is" : "are", p->broken_at / columns, p->broken_at % columns);
}

/* Norms are sums over floats: of doubles beyond them there is none, and no κ, rather than a wrong one. The
 * tail is of the doubles themselves. */
static bool beyond_floats(pass *p)
{
    char count_text[32];
    ht_layer_look *look = p->look;
    if (p->large == 0 && !(p->doubles && p->top > 0 && p->top < (double)FLT_MIN)) return false;
    ht_format_grouped(count_text, sizeof count_text, (long long)p->large);
    if (p->large)
        snprintf(look->why, sizeof look->why,
                 "%s of its doubles %s larger than every float (3.4e38): no norm, no κ", count_text,
                 p->large == 1 ? "is" : "are");
    else
        snprintf(look->why, sizeof look->why,
                 "all its doubles are smaller than every normal float (1.2e-38): no norm, no κ");
    look->norm = look->largest = (double)NAN;
    return true;
}

/* Exact counts between the edges of the grid: what P(‖w‖ > x) is drawn from. */
static void count_norms(pass *p)
{
    for (size_t i = 0; i < p->view.rows; i++) {
        float norm = (float)sqrt(p->norm2[i]);
        ht_histogram_add(&p->look->norms, &norm, 1);
    }
}

static ht_code rank_rows(pass *p, double error, ht_error *err)
{
    ht_prune_order order;
    ht_layer_look *look = p->look;
    int n = (int)p->view.rows;
    count_norms(p);
    if (ht_prune_order_rank(&order, n, p->norm2, p->norm2, HT_FRO_SQUARED, err) != HT_OK) return err->code;
    look->row_norm[0] = sqrt(order.norm2[0]);
    look->row_norm[1] = (sqrt(order.norm2[(n - 1) / 2]) + sqrt(order.norm2[n / 2])) / 2;
    look->row_norm[2] = sqrt(order.norm2[n - 1]);
    if (look->broken == 0) {
        look->removable = ht_prune_removable(&order, error);
        look->kappa = (double)look->removable / n;
    }
    ht_prune_order_free(&order);
    return HT_OK;
}

static ht_code fit(pass *p, ht_error *err)
{
    ht_tail_traces traces = {0};
    ht_values w = {
        .f32 = p->f32, .f64 = p->f64, .rows = p->look->used_rows, .columns = p->look->used_columns};
    ht_code code = ht_tail_fit_quick(&w, &(ht_tail_options){0}, p->look->tail, &traces, err);
    ht_tail_traces_free(&traces);
    return code;
}

static ht_code finish(pass *p, double error, ht_error *err)
{
    ht_layer_look *look = p->look;
    double sum = p->total2;
    for (size_t i = 0; p->norm2 && i < p->view.rows; i++) sum += p->norm2[i];
    look->norm = sqrt(sum);
    if (!beyond_floats(p) && p->norm2 && rank_rows(p, error, err) != HT_OK) return err->code;
    if (look->broken)
        say_broken(p);
    else if ((p->f32 || p->f64) && fit(p, err) != HT_OK)
        return err->code;
    return HT_OK;
}

/* ---- room ---- */

/* As many rows as there is memory for, in whole rows where that is one at least. */
static void plan(pass *p, size_t memory)
{
    size_t size = p->doubles ? sizeof *p->f64 : sizeof *p->f32, fixed = (size_t)PIECE * 12 + FIT_COST;
    size_t left = memory > fixed ? memory - fixed : 0, rows = p->view.rows, columns = p->view.columns;
    if (rows <= INT32_MAX && rows < left / 2 / ROW_COST) left -= rows * ROW_COST;
    size_t most = left / size < HT_LOOK_TAIL ? left / size : HT_LOOK_TAIL;
    p->look->used_columns = columns < most ? columns : most;
    p->look->used_rows = columns == 0 || most == 0 ? 0 : columns > most ? 1 : most / columns;
    if (p->look->used_rows > rows) p->look->used_rows = rows;
}

static ht_code make_room(pass *p, size_t memory, ht_error *err)
{
    size_t rows = p->view.rows, kept;
    plan(p, memory);
    kept = p->look->used_rows * p->look->used_columns;
    p->x = ht_alloc(PIECE, sizeof *p->x, "a piece of a tensor", err);
    if (!p->x) return HT_FAIL;
    if (p->doubles) p->d = ht_alloc(PIECE, sizeof *p->d, "a piece of a tensor", err);
    if (p->doubles && !p->d) return HT_FAIL;
    if (rows <= INT32_MAX && rows < memory / 2 / ROW_COST) {
        p->norm2 = ht_alloc(rows, sizeof *p->norm2, "the norms of rows", err);
        if (!p->norm2) return HT_FAIL;
    } else {
        ht_text_copy(p->look->why, sizeof p->look->why,
                     "more rows than --memory has room to rank: no \u03ba");
    }
    if (kept == 0) return HT_OK;
    if (p->doubles)
        p->f64 = ht_alloc(kept, sizeof *p->f64, "the values of a tail", err);
    else
        p->f32 = ht_alloc(kept, sizeof *p->f32, "the values of a tail", err);
    return p->f32 || p->f64 ? HT_OK : HT_FAIL;
}

static void release(pass *p)
{
    ht_free(p->x);
    ht_free(p->d);
    ht_free(p->norm2);
    ht_free(p->f32);
    ht_free(p->f64);
}

static void begin(pass *p, ht_layer_look *look, const ht_tensor_info *info, bool turned)
{
    *p = (pass){.look = look, .view = {.turned = turned}, .doubles = strcmp(info->type, "F64") == 0};
    ht_file_tensor_view(&p->view, info);
    p->inputs = info->shape[info->ndim > 1 ? info->ndim - 2 : 0];
    p->rest = p->view.columns / p->inputs;
    ht_text_copy(look->name, sizeof look->name, info->name);
    ht_text_clean(look->name);
    ht_text_copy(look->type, sizeof look->type, info->type);
    look->rows = p->view.rows;
    look->columns = p->view.columns;
    look->values = info->count;
    look->removable = -1;
    look->kappa = look->row_norm[0] = look->row_norm[1] = look->row_norm[2] = (double)NAN;
    for (int e = 0; e < HT_ESTIMATORS; e++)
        look->tail[e] = (ht_estimate){.estimator = (ht_estimator)e,
                                      .value = (double)NAN,
                                      .std_error = (double)NAN,
                                      .low = (double)NAN,
                                      .high = (double)NAN,
                                      .quality = HT_QUALITY_NOT_APPLICABLE};
}

/* Pieces of whole rows, so that a row's norm is summed as `prune` does it. */
static size_t piece_of(const pass *p)
{
    size_t columns = p->view.columns;
    return p->view.turned || columns > PIECE ? PIECE : PIECE / columns * columns;
}

ht_code ht_layer_look_take(ht_layer_look *look, const ht_tensor_info *info, bool turned,
                           const ht_layer_source *source, double error, size_t memory, ht_error *err)
{
    pass p;
    begin(&p, look, info, turned);
    ht_code code = make_room(&p, memory, err);
    size_t step = piece_of(&p);
    for (size_t first = 0; first < info->count && code == HT_OK; first += step)
        code = read_piece(&p, source, first, info->count - first < step ? info->count - first : step, err);
    if (code == HT_OK) code = finish(&p, error, err);
    release(&p);
    return code;
}

ht_code ht_layer_look_broken(uint64_t *broken, const ht_tensor_info *info, const ht_layer_source *source,
                             ht_error *err)
{
    double *x = ht_alloc(PIECE, sizeof *x, "a piece of a tensor", err);
    ht_code code = x ? HT_OK : HT_FAIL;
    *broken = 0;
    for (size_t first = 0, n; first < info->count && code == HT_OK; first += n) {
        n = info->count - first < PIECE ? info->count - first : PIECE;
        code = source->load(source->context, source->number, first, n, NULL, x, err);
        for (size_t i = 0; i < n && code == HT_OK; i++) *broken += !isfinite(x[i]);
    }
    ht_free(x);
    return code;
}
