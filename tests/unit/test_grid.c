/* From --vary and --seeds to cells: order, values, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "sweep/sweep.h"

static ht_grid make(const char *const varies[], const char *seeds)
{
    ht_error err;
    ht_grid grid = {.axes = 0};
    ht_params_init(&grid.base);
    for (int i = 0; varies[i]; i++) assert_int_equal(ht_grid_vary(&grid, varies[i], &err), HT_OK);
    if (seeds) assert_int_equal(ht_grid_seeds(&grid, seeds, &err), HT_OK);
    assert_int_equal(ht_grid_finish(&grid, &err), HT_OK);
    return grid;
}
#define MAKE(seeds, ...) make((const char *const[]){__VA_ARGS__, NULL}, seeds)

static void seeds_run_fastest_and_the_last_axis_before_them(void **state)
{
    static const double wanted[8][3] = {{1.5, 10, 4}, {1.5, 10, 5}, {1.5, 20, 4}, {1.5, 20, 5},
                                        {2, 10, 4},   {2, 10, 5},   {2, 20, 4},   {2, 20, 5}};
    (void)state;
    ht_grid grid = MAKE("4..5", "noise.alpha=1.5,2", "model.width=10,20");
    assert_int_equal(ht_grid_cells(&grid), 8);
    for (int k = 0; k < 8; k++) {
        ht_params params;
        ht_grid_params(&grid, k, &params);
        assert_true(ht_params_get(&params, HT_P_NOISE_ALPHA) == wanted[k][0]);
        assert_true(ht_params_get(&params, HT_P_MODEL_WIDTH) == wanted[k][1]);
        assert_true(ht_params_get(&params, HT_P_TRAIN_SEED) == wanted[k][2]);
    }
    ht_grid_free(&grid);
}

static void without_seeds_there_is_the_one_of_the_settings(void **state)
{
    char name[HT_SWEEP_NAME];
    (void)state;
    ht_grid grid = MAKE(NULL, "noise.scale=10, 0.50");
    assert_int_equal(ht_grid_cells(&grid), 2);
    ht_grid_cell_name(&grid, 0, name);
    assert_string_equal(name, "train.seed=1,noise.scale=10");
    ht_grid_cell_name(&grid, 1, name);
    assert_string_equal(name, "train.seed=1,noise.scale=0.5");
    ht_grid_free(&grid);
}

static void names_do_not_depend_on_the_order_of_the_words(void **state)
{
    char a[HT_SWEEP_NAME], b[HT_SWEEP_NAME];
    (void)state;
    ht_grid one = MAKE("1,9", "noise.type=iid,shared", "train.lr=0.1"),
            two = MAKE("9,1", "train.lr=0.10", "noise.type=shared,iid");
    ht_grid_cell_name(&one, 1, a); /* iid, seed 9 */
    ht_grid_cell_name(&two, 2, b);
    assert_string_equal(a, b);
    ht_grid_free(&one);
    ht_grid_free(&two);
}

static void odd_and_long_values_have_safe_and_different_names(void **state)
{
    char text[400], first[HT_SWEEP_NAME], second[HT_SWEEP_NAME];
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "data.name=npy:/a dir/", 21);
    text[397] = '\0';
    ht_grid one = MAKE(NULL, text);
    text[396] = 'y';
    ht_grid two = MAKE(NULL, text);
    ht_grid_cell_name(&one, 0, first);
    ht_grid_cell_name(&two, 0, second);
    assert_null(strpbrk(first, "/ :"));
    assert_true(strlen(first) < HT_SWEEP_NAME);
    assert_string_not_equal(first, second);
    ht_grid_free(&one);
    ht_grid_free(&two);
}

static void a_plan_numbers_the_cells_of_all_grids_from_one(void **state)
{
    int k;
    (void)state;
    ht_grid grids[2] = {MAKE("1..2", "noise.alpha=1.5,2"), MAKE("1..3", "noise.alpha=1.8")};
    ht_plan plan = {2, grids};
    assert_int_equal(ht_plan_cells(&plan), 7);
    assert_ptr_equal(ht_plan_cell(&plan, 1, &k), &grids[0]);
    assert_int_equal(k, 0);
    assert_ptr_equal(ht_plan_cell(&plan, 4, &k), &grids[0]);
    assert_int_equal(k, 3);
    assert_ptr_equal(ht_plan_cell(&plan, 5, &k), &grids[1]);
    assert_int_equal(k, 0);
    assert_ptr_equal(ht_plan_cell(&plan, 7, &k), &grids[1]);
    assert_null(ht_plan_cell(&plan, 8, &k));
    assert_null(ht_plan_cell(&plan, 0, &k));
    assert_null(ht_plan_cell(&plan, -3, &k));
    ht_grid_free(&grids[0]);
    ht_grid_free(&grids[1]);
}

/* "… 300 cells …" of the comment at its top. */
static void every_sweep_of_a_paper_says_how_many_cells_it_has(void **state)
{
    int files = 0;
    (void)state;
    for (size_t i = 0; i < ht_embedded_count; i++) {
        const ht_embedded *file = &ht_embedded_files[i];
        const char *said = strstr(file->data, " cells"), *name = strrchr(file->name, '/');
        char short_name[80];
        ht_arguments args = {0};
        ht_plan plan = {0};
        ht_error err;
        if (!ht_text_ends(file->name, ".sweep")) continue;
        snprintf(short_name, sizeof short_name, "%.*s", (int)strcspn(name + 1, "."), name + 1);
        if (ht_plan_load(&plan, short_name, &args, NULL, &err) != HT_OK) fail_msg("%s", err.text);
        assert_non_null(said);
        if (said > strstr(file->data, "\n[")) fail_msg("%s says nothing of cells", file->name);
        while (said > file->data && said[-1] >= '0' && said[-1] <= '9') said--;
        if (ht_plan_cells(&plan) != atoi(said))
            fail_msg("%s: %d cells, not %d", file->name, ht_plan_cells(&plan), atoi(said));
        ht_plan_free(&plan);
        files++;
    }
    assert_true(files >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_run_fastest_and_the_last_axis_before_them),
        cmocka_unit_test(without_seeds_there_is_the_one_of_the_settings),
        cmocka_unit_test(names_do_not_depend_on_the_order_of_the_words),
        cmocka_unit_test(odd_and_long_values_have_safe_and_different_names),
        cmocka_unit_test(a_plan_numbers_the_cells_of_all_grids_from_one),
        cmocka_unit_test(every_sweep_of_a_paper_says_how_many_cells_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
