/* A script of the lab: accepted as a whole or refused with the line. */
#include <string.h>

#include "lab/lab.h"
#include "base/alloc.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_lab lab = {0};
    ht_code code = ht_lab_script_load(&lab, fuzz_file(0, data, size), &err);
    fuzz_outcome(code, &err);
    fuzz_require(code != HT_OK || strlen(lab.script) == lab.script_size, "a script is text");
    ht_free(lab.script);
    return 0;
}
