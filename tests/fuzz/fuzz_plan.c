/* A sweep file: a plan of cells that all have a name and settings, or one sentence. */
#include <string.h>

#include "sweep/sweep.h"
#include "fuzz/fuzz.h"

enum { LOOK_AT = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err = {HT_OK, ""};
    ht_plan plan = {0};
    ht_arguments args = {0};
    ht_code code = ht_plan_load(&plan, fuzz_file(0, data, size), &args, NULL, &err);
    fuzz_outcome(code, &err);
    int cells = code == HT_OK ? ht_plan_cells(&plan) : 0;
    fuzz_require(code != HT_OK || (cells > 0 && cells <= HT_SWEEP_CELLS), "a plan has cells");
    for (int number = 1; number <= cells; number += cells / LOOK_AT + 1) {
        char name[HT_SWEEP_NAME];
        ht_params params;
        int k = -1;
        const ht_grid *grid = ht_plan_cell(&plan, number, &k);
        fuzz_require(grid && k >= 0 && k < ht_grid_cells(grid), "every number is a cell");
        ht_grid_params(grid, k, &params);
        ht_grid_cell_name(grid, k, name);
        fuzz_require(name[0] && strlen(name) < sizeof name && !strchr(name, '/'),
                     "a cell's name is a file's");
    }
    ht_plan_free(&plan);
    return 0;
}
