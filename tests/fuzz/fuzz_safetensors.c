/* A safetensors file: a checkpoint's tensors and counters, asked for in the shapes of a small network,
 * matrices, filters and vectors. */
#include <math.h>
#include <string.h>

#include "weights/safetensors.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"layers.0.weight", "layers.0.momentum", "layers.1.weight", "x"};
    static const ht_sides sides[] = {
        {.rows = 3, .columns = 4}, {.rows = 3, .columns = 4, .window = {2, 2}}, {.rows = 12}};
    float values[12];
    ht_error err = {HT_OK, ""};
    ht_safetensors *file = ht_safetensors_open(fuzz_file(0, data, size), &err);
    if (!file) {
        fuzz_require(err.code != HT_OK, "not open, hence an error");
        fuzz_outcome(err.code, &err);
        return 0;
    }
    const char *step = ht_safetensors_metadata(file, "heavytail.step");
    fuzz_require(!step || strlen(step) < size, "metadata come from the file");
    for (size_t i = 0; i < 3 * sizeof names / sizeof names[0]; i++) {
        ht_code code = ht_safetensors_read(file, names[i / 3], sides[i % 3], values, &err);
        fuzz_outcome(code, &err);
        for (int k = 0; k < 12 && code == HT_OK; k++) fuzz_require(isfinite(values[k]), "weights are finite");
    }
    ht_safetensors_close(file);
    return 0;
}
