/* bench_sweep.c - a sweep of small cells: one job with one thread against as many jobs as there are cores. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/bench.h"
#include "base/clock.h"
#include "base/text.h"
#include "math/summary.h"

enum { ROUNDS = 3, CELLS = 24 };

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* The whole command, as a user runs it, into a directory that is thrown away. */
static ht_code run_sweep(int jobs, double *seconds, ht_error *err)
{
    char dir[] = "/tmp/heavytail-bench-XXXXXX", text[16];
    char before[16] = "";
    const char *kept = getenv("HEAVYTAIL_THREADS");
    if (kept) ht_text_copy(before, sizeof before, kept);
    if (!mkdtemp(dir)) return ht_error_set(err, HT_FAIL, "%s: cannot make the directory", dir);
    snprintf(text, sizeof text, "%d", jobs);
    setenv("HEAVYTAIL_THREADS", text, 1);
    char *argv[] = {"sweep",
                    "--set",
                    "model.width=400",
                    "--set",
                    "train.steps=200",
                    "--vary",
                    "noise.alpha=1.5,1.6,1.7,1.8",
                    "--seeds",
                    "1..6",
                    "--out",
                    dir,
                    "--jobs",
                    text,
                    "--quiet",
                    NULL};
    double start = ht_now();
    int failed = ht_cmd_sweep((int)(sizeof argv / sizeof argv[0]) - 1, argv);
    *seconds = ht_now() - start;
    if (before[0])
        setenv("HEAVYTAIL_THREADS", before, 1);
    else
        unsetenv("HEAVYTAIL_THREADS");
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed ? ht_error_set(err, HT_FAIL, "the sweep of the bench failed") : HT_OK;
}

/* In turn, so that both see the same moods of the machine. */
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
