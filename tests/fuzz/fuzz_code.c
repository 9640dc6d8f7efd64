/* A compressed network (certify --decode): a network of finite weights, or one sentence. */
#include <math.h>

#include "fuzz/fuzz.h"
#include "math/encode.h"

static void check_layers(const ht_network *net)
{
    for (int l = 0; l <= net->depth; l++)
        for (size_t i = 0; i < ht_layer_size(&net->layers[l]); i++)
            fuzz_require(isfinite(net->layers[l].weight[i]), "weights are finite");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int bits = 0;
    ht_error err = {HT_OK, ""};
    ht_network *net = ht_decode_network(data, size, &bits, &err);
    if (!net) {
        fuzz_require(err.code != HT_OK, "no network, hence an error");
        fuzz_judge(err.code, &err);
        return 0;
    }
    fuzz_require(bits >= 1 && bits <= HT_ENCODE_BITS_MAX, "q is in range");
    check_layers(net);
    ht_network_free(net);
    return 0;
}
