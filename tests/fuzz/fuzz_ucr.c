/* ucr:NAME and ecg5000; two files in one input. */
#include "fuzz/fuzz.h"
#include "fuzz/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool linked;
    fuzz_part parts[2];
    if (!linked) {
        fuzz_link("Fuzz_TRAIN.tsv", 0), fuzz_link("Fuzz_TEST.tsv", 1);
        fuzz_link("ECG5000_TRAIN.tsv", 0), fuzz_link("ECG5000_TEST.tsv", 1);
        linked = true;
    }
    fuzz_split(data, size, parts, 2);
    for (int i = 0; i < 2; i++) fuzz_file(i, parts[i].data, parts[i].size);
    fuzz_load("ucr:Fuzz");
    fuzz_load("ecg5000");
    return 0;
}
