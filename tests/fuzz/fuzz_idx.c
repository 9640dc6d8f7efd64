/* MNIST; four IDX files in one input, plain or gzip: train pictures and labels, test pictures and labels. */
#include "fuzz/fuzz.h"
#include "fuzz/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    static bool linked;
    fuzz_part parts[4];
    for (int i = 0; i < 4 && !linked; i++) fuzz_link(names[i], i);
    linked = true;
    fuzz_split(data, size, parts, 4);
    for (int i = 0; i < 4; i++) fuzz_file(i, parts[i].data, parts[i].size);
    fuzz_load("mnist");
    return 0;
}
