/* What is taken of a layer, piece by piece: against the same computed of the whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "follow/layer_look.h"
#include "heavytail/prune.h"
#include "num/rng.h"

enum {
    ROWS = 300,
    COLUMNS = 700,
    VALUES = ROWS * COLUMNS
}; /* several pieces, and no whole number of rows each */

static double numbers[VALUES];
static size_t largest_piece;

static ht_code load(void *context, size_t number, size_t first, size_t count, float *f32, double *f64,
                    ht_error *err)
{
    const double *from = context;
    (void)number, (void)err;
    if (count > largest_piece) largest_piece = count;
    for (size_t i = 0; i < count; i++) {
        if (f64) f64[i] = from[first + i];
        if (f32) f32[i] = (float)from[first + i];
    }
    return HT_OK;
}

static int fill(void **state)
{
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 1, HT_STREAM_PRUNE, 0);
    for (int i = 0; i < VALUES; i++) {
        double u = ht_rng_uniform(&rng);
        numbers[i] = (double)(float)((i % 2 ? -1 : 1) * pow(u + 1e-9, -1 / 1.7) * (1 + i / COLUMNS));
        if (i % 1000 == 5) numbers[i] = 0;
    }
    return 0;
}

static void take(ht_layer_look *look, const char *type, int ndim, const size_t *shape, bool turned,
                 double *from, size_t memory)
{
    ht_tensor_info info = {.name = "w", .ndim = ndim, .count = 1};
    ht_layer_source source = {.context = from, .load = load};
    ht_error err;
    strcpy(info.type, type);
    for (int d = 0; d < ndim; d++) info.count *= info.shape[d] = shape[d];
    memset(look, 0, sizeof *look);
    if (ht_layer_look_take(look, &info, turned, &source, 0.1, memory, &err) != HT_OK)
        fail_msg("%s", err.text);
}

static void check(const ht_layer_look *l, const ht_layer_look *as)
{
    assert_int_equal(l->rows, as->rows);
    assert_int_equal(l->zeros, as->zeros);
    assert_int_equal(l->removable, as->removable);
    assert_true(fabs(l->norm - as->norm) <= 1e-9 * as->norm && l->largest == as->largest);
    for (int i = 0; i < 3; i++) assert_true(fabs(l->row_norm[i] - as->row_norm[i]) <= 1e-9 * as->row_norm[i]);
    assert_memory_equal(&l->histogram, &as->histogram, sizeof l->histogram);
    for (int e = 0; e < HT_ESTIMATORS; e++)
        assert_true(l->tail[e].value == as->tail[e].value ||
                    (isnan(l->tail[e].value) && isnan(as->tail[e].value)));
}

static void pieces_are_the_whole(void **state)
{
    (void)state;
    ht_layer_look l;
    ht_estimate whole[HT_ESTIMATORS];
    ht_prune_order order;
    ht_error err;
    float *w = ht_alloc(VALUES, sizeof *w, "weights", &err);
    assert_non_null(w);
    double norm2 = 0;
    for (int i = 0; i < VALUES; i++) {
        w[i] = (float)numbers[i];
        norm2 += numbers[i] * numbers[i];
    }
    take(&l, "F32", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)1 << 30);
    assert_true(largest_piece < VALUES);
    const ht_values x = {.f32 = w, .rows = ROWS, .columns = COLUMNS};
    assert_int_equal(ht_tail_fit(&x, &(ht_tail_options){0}, whole, &err), HT_OK);
    for (int e = 0; e < HT_ESTIMATORS; e++)
        if (l.tail[e].quality != HT_QUALITY_NOT_APPLICABLE) assert_true(l.tail[e].value == whole[e].value);
    assert_true(l.tail[HT_HILL].value == whole[HT_HILL].value && l.tail[HT_MMO].value == whole[HT_MMO].value);
    const ht_tensor layer = {.data = w, .rows = ROWS, .columns = COLUMNS};
    assert_int_equal(ht_prune_order_make(&order, &layer, HT_PRUNE_NODE, HT_FRO_SQUARED, 0, &err), HT_OK);
    assert_int_equal(l.removable, ht_prune_removable(&order, 0.1));
    assert_true(fabs(l.norm - sqrt(norm2)) <= 1e-9 * l.norm);
    assert_int_equal(l.zeros, VALUES / 1000);
    assert_int_equal(l.histogram.total, VALUES);
    ht_prune_order_free(&order);
    ht_free(w);
}

static void doubles_and_turned_ones_are_the_same_layer(void **state)
{
    (void)state;
    static ht_layer_look plain, other;
    static double turned[VALUES];
    enum { KERNEL = 7, INPUTS = COLUMNS / KERNEL };
    take(&plain, "F32", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)1 << 30);
    take(&other, "F64", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)1 << 30);
    check(&other, &plain);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) turned[c * ROWS + r] = numbers[r * COLUMNS + c];
    take(&other, "F32", 2, (size_t[]){COLUMNS, ROWS}, true, turned, (size_t)1 << 30);
    check(&other, &plain);
    for (int r = 0; r < ROWS; r++) /* a kernel of Keras: (places, inputs, outputs) */
        for (int i = 0; i < INPUTS; i++)
            for (int k = 0; k < KERNEL; k++)
                turned[(k * INPUTS + i) * ROWS + r] = numbers[r * COLUMNS + i * KERNEL + k];
    take(&other, "F32", 3, (size_t[]){KERNEL, INPUTS, ROWS}, true, turned, (size_t)1 << 30);
    check(&other, &plain);
}

static void little_memory_gives_tails_of_fewer_rows(void **state)
{
    (void)state;
    ht_layer_look plain, l;
    take(&plain, "F32", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)1 << 30);
    take(&l, "F32", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)13 << 20);
    assert_int_equal(plain.used_rows, ROWS);
    assert_true(l.used_rows > 20 && l.used_rows < ROWS / 2 && l.used_columns == COLUMNS);
    assert_true(l.norm == plain.norm && l.removable == plain.removable);
    assert_true(isfinite(l.tail[HT_HILL].value) && l.tail[HT_HILL].value != plain.tail[HT_HILL].value);
    take(&l, "F32", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, 1000);
    assert_true(l.used_rows == 0 && isnan(l.tail[HT_HILL].value) && isnan(l.kappa) && l.norm > 0);
    assert_non_null(strstr(l.why, "--memory"));
}

static void numbers_beyond_floats_stay_numbers(void **state)
{
    (void)state;
    ht_layer_look l;
    double few[40];
    for (int i = 0; i < 40; i++) few[i] = i % 4 == 0 ? 1e-300 : i % 4 == 1 ? 1e300 : i + 1;
    take(&l, "F64", 2, (size_t[]){4, 10}, false, few, (size_t)1 << 30);
    assert_int_equal(l.broken, 0);
    assert_int_equal(l.zeros, 0);
    few[3] = (double)INFINITY;
    take(&l, "F64", 2, (size_t[]){4, 10}, false, few, (size_t)1 << 30);
    assert_int_equal(l.broken, 1);
    assert_non_null(strstr(l.why, "row 0, column 3"));
}

/* A norm over floats would be wrong: there is none, and it is said why; the tail is of the doubles. */
static void what_floats_do_not_hold_has_no_norm(void **state)
{
    (void)state;
    static double some[VALUES];
    static ht_layer_look l;
    memcpy(some, numbers, sizeof some);
    some[7] = 1e300;
    take(&l, "F64", 2, (size_t[]){ROWS, COLUMNS}, false, some, (size_t)1 << 30);
    assert_true(isnan(l.norm) && isnan(l.largest) && isnan(l.kappa) && isnan(l.row_norm[1]));
    assert_int_equal(l.removable, -1);
    assert_int_equal(l.norms.total, 0);
    assert_non_null(strstr(l.why, "1 of its doubles is larger than every float (3.4e38): no norm, no κ"));
    assert_true(isfinite(l.tail[HT_HILL].value));
    for (int i = 0; i < VALUES; i++) some[i] = numbers[i] * 1e-60;
    take(&l, "F64", 2, (size_t[]){ROWS, COLUMNS}, false, some, (size_t)1 << 30);
    assert_true(isnan(l.norm) && isnan(l.kappa));
    assert_non_null(strstr(l.why, "all its doubles are smaller than every normal float"));
    take(&l, "F64", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)1 << 30); /* what fits has all */
    assert_true(isfinite(l.norm) && l.why[0] == '\0');
}

/* P(norm > x) at the edges of the grid, by counting one by one. */
static void norms_are_counted_between_edges(void **state)
{
    (void)state;
    static ht_layer_look l;
    uint64_t seen = 0;
    take(&l, "F32", 2, (size_t[]){ROWS, COLUMNS}, false, numbers, (size_t)1 << 30);
    assert_int_equal(l.norms.total, ROWS);
    for (int bin = 0; bin < HT_HISTOGRAM_BINS; bin++) {
        int here = 0;
        for (int r = 0; r < ROWS; r++) {
            double norm2 = 0;
            for (int c = 0; c < COLUMNS; c++) norm2 += numbers[r * COLUMNS + c] * numbers[r * COLUMNS + c];
            float norm = (float)sqrt(norm2);
            here += (double)norm >= ht_histogram_edge(bin) && (double)norm < ht_histogram_edge(bin + 1);
        }
        assert_int_equal(l.norms.count[bin], here);
        seen += l.norms.count[bin];
    }
    assert_int_equal(seen, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_the_whole),
        cmocka_unit_test(doubles_and_turned_ones_are_the_same_layer),
        cmocka_unit_test(little_memory_gives_tails_of_fewer_rows),
        cmocka_unit_test(numbers_beyond_floats_stay_numbers),
        cmocka_unit_test(what_floats_do_not_hold_has_no_norm),
        cmocka_unit_test(norms_are_counted_between_edges),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
