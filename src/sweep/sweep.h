/* sweep.h - a sweep: the same training over a grid of settings and seeds, each cell a process of its own.
 *
 * A plan is a list of grids (one from the command line, several from a sweep file); its cells are numbered 1,
 * 2, … through all of them. A grid has a directory: sweep.json (what is the same for all of its cells) and
 * cells/SETTINGS.json, one file a cell, named after what varies. Files appear complete or not at all, and
 * their content depends on the settings alone, so a sweep can be killed, resumed, extended, and run on many
 * machines that share the directory. Any one thread. */
#ifndef HT_SWEEP_SWEEP_H
#define HT_SWEEP_SWEEP_H

#include <jansson.h>

#include "session/arguments.h"

enum { HT_SWEEP_AXES = 8, HT_SWEEP_GRIDS = 64, HT_SWEEP_CELLS = 1000000, HT_SWEEP_NAME = 200 };

/* A parameter and the values it takes. */
typedef struct ht_vary {
    ht_param param;
    int count;
    char **value; /* (count): as ht_sweep_value writes them */
} ht_vary;

typedef struct ht_grid {
    char name[64];  /* the section in a sweep file; "" on the command line */
    ht_params base; /* what is the same for all cells */
    int axes;
    ht_vary axis[HT_SWEEP_AXES]; /* the last one is train.seed, and runs fastest */
} ht_grid;

typedef struct ht_plan {
    int count;
    ht_grid *grid; /* (count) */
} ht_plan;

/* ---- sweep_grid.c ---- */

/* Adds what `--vary` or `--seeds` say: "noise.alpha=1.75,1.8"; "1..15" or "1,4,7". HT_USAGE names the fault.
 */
ht_code ht_grid_vary(ht_grid *grid, const char *text, ht_error *err);
ht_code ht_grid_seeds(ht_grid *grid, const char *text, ht_error *err);
/* Without seeds, the one of the settings; then checks that a grid of this size can be run. */
ht_code ht_grid_finish(ht_grid *grid, ht_error *err);
void ht_grid_free(ht_grid *grid);

/* A value as cells are named by it: like ht_params_format, with 10 in place of 1e+01. */
void ht_sweep_value(const ht_params *params, ht_param p, char *to, size_t size);

int ht_grid_cells(const ht_grid *grid);
/* Cell k (from 0): its settings, and its name: "noise.alpha=1.75,train.seed=3", the same whatever the order
 * of
 * --vary. */
void ht_grid_params(const ht_grid *grid, int k, ht_params *params);
void ht_grid_cell_name(const ht_grid *grid, int k, char name[HT_SWEEP_NAME]);

int ht_plan_cells(const ht_plan *plan);
/* The grid of cell `number` (from 1), and its place there (from 0). NULL beyond the plan. */
const ht_grid *ht_plan_cell(const ht_plan *plan, int number, int *k);
void ht_plan_free(ht_plan *plan);

/* ---- sweep_file.c ---- */

/* Reads a sweep file (a path if `name` contains '/' or ends in .sweep, else a compiled-in one): a section for
 * each grid, with the lines preset, set, vary and seeds as on the command line. `args` and `seeds` (may be
 * NULL) come from the command line and go on top of each grid. */
ht_code ht_plan_load(ht_plan *plan, const char *name, const ht_arguments *args, const char *seeds,
                     ht_error *err);

/* ---- sweep_dir.c ---- */

/* Makes the grid's directory, or checks that it holds a sweep of the same settings with the same parameters
 * varied: then this grid extends it. HT_USAGE names the setting that differs. */
ht_code ht_sweep_prepare(const ht_grid *grid, const char *dir, ht_error *err);

/* Removes what killed processes left half-written, unless cells are being run there. */
void ht_sweep_clean(const ht_grid *grid, const char *dir);

/* Held while a cell runs, so that no other process takes its files for left-overs; -1 when there is none. */
int ht_sweep_hold(const ht_grid *grid, const char *dir);

bool ht_sweep_done(const ht_grid *grid, int k, const char *dir);
ht_code ht_sweep_store(const ht_grid *grid, int k, const char *dir, const char *text, ht_error *err);
/* A cell that failed leaves a note in place of a result; a result replaces it. */
void ht_sweep_store_failure(const ht_grid *grid, int k, const char *dir, const char *sentence);
void ht_sweep_forget_failure(const ht_grid *grid, int k, const char *dir);
bool ht_sweep_failed(const ht_grid *grid, int k, const char *dir);

/* ---- sweep_run.c ---- */

typedef struct ht_sweep_run {
    const ht_plan *plan;
    const char *dir;
    char **command; /* what a cell is started with: `heavytail sweep …`, ends with NULL; --cell K is added */
    int jobs, threads; /* at once; of each */
    bool quiet;
} ht_sweep_run;

/* Runs every cell that has no result, `jobs` at once, each as a process. HT_FAIL when some have none at the
 * end: the sentence says how many, and what to do. */
ht_code ht_sweep_run_all(const ht_sweep_run *run, ht_error *err);

/* Runs cell `number` (from 1) in this process, unless it has a result. A diverged run is a result. */
ht_code ht_sweep_run_cell(const ht_plan *plan, int number, const char *dir, const char *data_dir,
                          ht_error *err);

#endif
