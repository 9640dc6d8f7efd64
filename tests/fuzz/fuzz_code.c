/* A code of a network of any layers (heavytail certify --decode): what is accepted is finite, and its q in
 * range. */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "certify/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err = {HT_OK, ""};
    int bits = 0;
    ht_network *net = ht_decode_network(data, size, &bits, &err);
    if (!net) {
        fuzz_require(err.code != HT_OK, "no network, hence an error");
        fuzz_outcome(err.code, &err);
        return 0;
    }
    fuzz_require(bits >= 1 && bits <= HT_ENCODE_BITS_MAX, "q is in range");
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++)
            fuzz_require(isfinite(net->tensors[t].data[i]), "numbers are finite");
    ht_network_free(net);
    return 0;
}
