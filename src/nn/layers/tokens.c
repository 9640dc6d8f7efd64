#include "nn/layers/tokens.h"

#include <math.h>

#include "nn/layers/layer.h"

static bool reads_tokens(const ht_network *net)
{
    return net->layers[0].kind->tokens;
}

ht_code ht_tokens_check(const ht_network *net, const ht_dataset *data, ht_error *err)
{
    if ((data->tokens > 0) == reads_tokens(net)) return HT_OK;
    if (data->tokens > 0)
        return ht_error_set(
            err, HT_USAGE,
            "model.layers: %s holds sequences of tokens, which only a network that begins with "
            "embed N reads, as those of the presets gpt-pico and gpt-nano",
            data->name);
    return ht_error_set(
        err, HT_USAGE,
        "model.layers: embed reads sequences of tokens, and %s holds other samples; take data "
        "of text (markov, text:FILE), or other layers",
        data->name);
}

ht_code ht_tokens_check_samples(const ht_network *net, const ht_samples *samples, ht_error *err)
{
    size_t inputs = (size_t)net->inputs;
    for (size_t i = 0; i < samples->count * inputs && reads_tokens(net); i++) {
        float x = samples->x[i];
        if (x >= 0 && x < (float)net->layers[0].vocabulary && x == floorf(x)) continue;
        return ht_error_set(
            err, HT_USAGE,
            "sample %zu has %g at position %zu; the network's tokens are the whole numbers 0 to "
            "%d",
            i / inputs, (double)x, i % inputs, net->layers[0].vocabulary - 1);
    }
    return HT_OK;
}
