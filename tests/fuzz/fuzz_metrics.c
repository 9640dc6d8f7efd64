/* metrics.csv of a run directory. */
#include "base/alloc.h"
#include "engine/run/rundir.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool linked;
    ht_error err;
    ht_metrics *rows;
    size_t count;
    if (!linked) fuzz_link("metrics.csv", 0);
    linked = true;
    fuzz_file(0, data, size);
    ht_code code = ht_rundir_read_metrics(fuzz_dir(), &rows, &count, &err);
    fuzz_outcome(code, &err);
    fuzz_require(rows || count == 0, "rows are there");
    fuzz_require(count <= size / 8, "a row takes eight bytes at least");
    for (size_t i = 0; i < count; i++) fuzz_require(rows[i].step <= (uint64_t)1e15, "steps are in range");
    ht_free(rows);
    return 0;
}
