/* npy:DIR; four NumPy files in one input: training samples and labels, test samples and labels. Shapes of
 * three and four dimensions are those of pictures. */
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "fuzz/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[4] = {"X_train.npy", "y_train.npy", "X_test.npy", "y_test.npy"};
    static char set[256];
    fuzz_part parts[4];
    for (int i = 0; i < 4 && !set[0]; i++) fuzz_link(names[i], i);
    snprintf(set, sizeof set, "npy:%s", fuzz_dir());
    fuzz_split(data, size, parts, 4);
    for (int i = 0; i < 4; i++) fuzz_file(i, parts[i].data, parts[i].size);
    fuzz_load(set);
    return 0;
}
