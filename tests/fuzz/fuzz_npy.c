/* An .npy file: what reads as floats, written and read again, is the same array. */
#include <string.h>

#include "base/alloc.h"
#include "data/npy.h"
#include "fuzz/fuzz.h"

static size_t product(const ht_npy *array)
{
    size_t count = 1;
    for (int d = 0; d < array->ndim; d++) count *= array->shape[d];
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_npy array = {0};
    const char *path = fuzz_file(0, data, size);
    for (int as = HT_NPY_FLOAT; as <= HT_NPY_DOUBLE; as++) {
        ht_code code = ht_npy_read(path, (ht_npy_as)as, &array, &err);
        fuzz_outcome(code, &err);
        if (code == HT_OK) {
            fuzz_require(array.ndim >= 0 && array.ndim <= HT_NPY_DIMENSIONS, "few dimensions");
            fuzz_require(product(&array) == array.count, "the count is the product of the shape");
            fuzz_require(array.count <= size, "an element takes at least one byte");
            fuzz_require(as == HT_NPY_FLOAT ? array.f32 != NULL : array.f64 != NULL, "there are elements");
        }
        ht_npy_free(&array);
    }
    return 0;
}
