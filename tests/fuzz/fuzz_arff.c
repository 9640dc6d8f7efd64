/* csv:TRAIN,TEST and ucr:NAME of ARFF files; two files in one input. */
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "fuzz/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool linked;
    fuzz_part parts[2];
    char name[128];
    if (!linked) {
        fuzz_link("Fuzz_TRAIN.arff", 0), fuzz_link("Fuzz_TEST.arff", 1);
        linked = true;
    }
    fuzz_split(data, size, parts, 2);
    const char *train = fuzz_file(0, parts[0].data, parts[0].size);
    snprintf(name, sizeof name, "csv:%s,%s", train, fuzz_file(1, parts[1].data, parts[1].size));
    fuzz_load(name);
    fuzz_load("ucr:Fuzz");
    return 0;
}
