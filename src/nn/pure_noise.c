#include "nn/pure_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/noise.h"
#include "num/select.h"

enum { ROWS = 64 }; /* noise is made for so many rows at a time */

typedef struct job {
    const ht_pure_noise *limit;
    ht_noise noise; /* of layer 0 */
    ht_noise_laws laws;
    double *ratios;
    int columns;
    float *rows;    /* (workers × ROWS × columns) */
    double *norms2; /* (workers × width) */
} job;

/* One draw says all about a row of type shared. */
static int columns_of(const ht_pure_noise *limit)
{
    return limit->type == HT_NOISE_SHARED ? 1 : limit->inputs;
}

/* norms2 is (width): ‖row‖² of layer `number`, sorted upwards */
static void draw_norms(const job *j, int number, float *rows, double *norms2)
{
    const ht_pure_noise *limit = j->limit;
    size_t columns = (size_t)j->columns, width = (size_t)limit->width;
    ht_noise noise = j->noise;
    noise.step = (uint64_t)number;
    for (size_t first = 0; first < width; first += ROWS) {
        size_t count = width - first < ROWS ? width - first : ROWS;
        memset(rows, 0, count * columns * sizeof *rows);
        ht_noise_add(&noise, rows, first, count, columns, 1);
        for (size_t r = 0; r < count; r++)
            norms2[first + r] = ht_kernel()->sum_squares(rows + r * columns, columns);
    }
    qsort(norms2, width, sizeof *norms2, ht_by_double);
}

/* The same rule as ht_prune_removable: the largest k with error(k) ≤ the limit. */
static double ratio_of(const double *norms2, int width, ht_prune_metric metric, double error)
{
    double total = 0, removed = 0;
    int k = 0;
    for (int i = 0; i < width; i++) total += norms2[i];
    for (; k < width; k++) {
        double share = (removed += norms2[k]) / total;
        if (!((metric == HT_FRO ? sqrt(share) : share) <= error)) break;
    }
    return (double)k / width;
}

static void draw_layer(void *context, int number, int worker)
{
    const job *j = context;
    if (ht_cancelled()) return;
    float *rows = j->rows + (size_t)worker * ROWS * (size_t)j->columns;
    double *norms2 = j->norms2 + (size_t)worker * (size_t)j->limit->width;
    draw_norms(j, number, rows, norms2);
    j->ratios[number] = ratio_of(norms2, j->limit->width, j->limit->metric, j->limit->error);
}

ht_code ht_pure_noise_ratios(const ht_pure_noise *limit, int count, double *ratios, struct ht_pool *pool,
                             ht_error *err)
{
    size_t workers = (size_t)ht_pool_threads(pool);
    job j = {.limit = limit,
             .noise = {.type = limit->type, .alpha = limit->alpha, .seed = limit->seed},
             .ratios = ratios,
             .columns = columns_of(limit)};
    ht_noise_prepare(&j.noise, &j.laws);
    j.rows = ht_alloc(workers * ROWS, (size_t)j.columns * sizeof *j.rows, "rows of pure noise", err);
    j.norms2 = ht_alloc(workers, (size_t)limit->width * sizeof *j.norms2, "norms of pure noise", err);
    ht_code code = j.rows && j.norms2 ? HT_OK : err->code;
    if (code == HT_OK) ht_pool_run(pool, count, draw_layer, &j);
    ht_free(j.rows);
    ht_free(j.norms2);
    return code == HT_OK ? ht_still_wanted(err) : code;
}

int ht_pure_noise_count(const ht_pure_noise *limit, double seconds)
{
    enum { LEAST = 20, MOST = 400 };
    const double draw = 3e-9, row = 150e-9; /* seconds of an older core; sorting and the like by the row */
    double layer = limit->width * (columns_of(limit) * draw + row), count = seconds / layer;
    return count < LEAST ? LEAST : count > MOST ? MOST : (int)count;
}
