/* bench_sweep.c - a sweep of small cells: one job with one thread against as many jobs as there are cores. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "bench/bench.h"
#include "num/summary.h"
#include "session/arguments.h"
#include "sweep/sweep.h"

enum { ROUNDS = 3, CELLS = 24 };

static char width[] = "model.width=400", steps[] = "train.steps=200",
            alphas[] = "noise.alpha=1.5,1.6,1.7,1.8", seeds[] = "1..6";

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static ht_code make_grid(ht_grid *grid, ht_error *err)
{
    ht_arguments args = {0};
    if (ht_arguments_add(&args, NULL, width, err) != HT_OK ||
        ht_arguments_add(&args, NULL, steps, err) != HT_OK ||
        ht_arguments_params(&args, &grid->base, err) != HT_OK || ht_grid_vary(grid, alphas, err) != HT_OK ||
        ht_grid_seeds(grid, seeds, err) != HT_OK)
        return err->code;
    return ht_grid_finish(grid, err);
}

/* Each cell is a process of one thread, as in a user's sweep. */
static ht_code run_cells(ht_plan *plan, char *dir, int jobs, double *seconds, ht_error *err)
{
    char *command[] = {program_invocation_name,
                       "sweep",
                       "--set",
                       width,
                       "--set",
                       steps,
                       "--vary",
                       alphas,
                       "--seeds",
                       seeds,
                       "--out",
                       dir,
                       NULL};
    ht_sweep_run run = {plan, dir, command, jobs, 1, true};
    double start = ht_now();
    ht_code code = ht_sweep_run_all(&run, err);
    *seconds = ht_now() - start;
    return code;
}

/* Into a directory that is thrown away. */
static ht_code run_sweep(int jobs, double *seconds, ht_error *err)
{
    char dir[] = "/tmp/heavytail-bench-XXXXXX";
    ht_plan plan = {.count = 1, .grid = ht_alloc(1, sizeof *plan.grid, "the sweep", err)};
    if (!plan.grid) return HT_FAIL;
    ht_code code = make_grid(plan.grid, err);
    if (code == HT_OK && !mkdtemp(dir))
        code = ht_error_set(err, HT_FAIL, "%s: cannot make the directory", dir);
    if (code == HT_OK) {
        code = run_cells(&plan, dir, jobs, seconds, err);
        nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    ht_plan_free(&plan);
    return code;
}

/* In turn, so that a slow moment of the machine affects both alike. */
static ht_code run(json_t *rows, ht_error *err)
{
    int jobs[2] = {1, ht_app_threads()};
    double seconds[2][ROUNDS], median[2];
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 2; i++)
            if (run_sweep(jobs[i], &seconds[i][round], err) != HT_OK) return err->code;
    for (int i = 0; i < 2; i++) {
        median[i] = ht_summarize(seconds[i], ROUNDS).median;
        json_array_append_new(rows, json_pack("{s:i, s:i, s:i, s:f, s:f}", "cells", CELLS, "jobs", jobs[i],
                                              "threads", 1, "seconds", median[i], "speedup",
                                              median[0] / median[i]));
    }
    return HT_OK;
}

static void print(const json_t *rows)
{
    size_t i;
    json_t *row;
    printf("sweep of %d small cells   jobs   threads each   seconds   speedup\n", CELLS);
    json_array_foreach(rows, i, row)
    {
        printf("%30.0f %14.0f %9.2f %9.2f\n", ht_bench_number(row, "jobs"), ht_bench_number(row, "threads"),
               ht_bench_number(row, "seconds"), ht_bench_number(row, "speedup"));
    }
}

const ht_bench_part ht_bench_sweep = {.name = "sweep", .run = run, .print = print};
