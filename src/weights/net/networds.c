#include "weights/net/networds.h"

#include <stdio.h>

static const char layers_key[] = "heavytail.layers", input_key[] = "heavytail.input",
                  tied_key[] = "heavytail.tied";

size_t ht_networds_of(ht_networds *words, const ht_network *net, const char **pairs)
{
    size_t count = 0;
    if (ht_network_is_dense(net)) return 0;
    snprintf(words->input, sizeof words->input, "%dx%dx%d", net->input.channels, net->input.height,
             net->input.width);
    pairs[count++] = input_key, pairs[count++] = words->input;
    if (ht_network_is_tied(net)) pairs[count++] = tied_key, pairs[count++] = "true";
    if (!ht_network_line(net, words->layers, sizeof words->layers)) return count;
    pairs[count++] = layers_key, pairs[count++] = words->layers;
    return count;
}

bool ht_networds_tied(const ht_weights *file)
{
    return ht_weights_metadata(file, tied_key) != NULL;
}

bool ht_networds_input(const ht_weights *file)
{
    return ht_weights_metadata(file, input_key) != NULL;
}

static bool is_shape(ht_shape s)
{
    enum { MOST = 1 << 28 };
    return s.channels > 0 && s.height > 0 && s.width > 0 &&
           (double)s.channels * s.height * s.width <= (double)MOST;
}

ht_code ht_networds_read(const ht_weights *file, const char *path, const char **layers, ht_shape *input,
                         ht_error *err)
{
    const char *text = ht_weights_metadata(file, input_key);
    char behind;
    *input = (ht_shape){0};
    *layers = ht_weights_metadata(file, layers_key);
    if (!text) return HT_OK;
    if (sscanf(text, "%9dx%9dx%9d%c", &input->channels, &input->height, &input->width, &behind) == 3 &&
        is_shape(*input))
        return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: metadata %s is %.40s, not channels x height x width; the file is damaged", path,
                        input_key, text);
}
