#include "prune/prune_reach.h"

#include "nn/layers/layer.h"

/* The weight matrix whose units are the channels that layer `l` gives, or -1. */
static int units_of(const ht_network *net, int l)
{
    while (l != HT_NETWORK_INPUT && net->layers[l].kind->flow == HT_FLOW_EACH) l = net->layers[l].input;
    if (l == HT_NETWORK_INPUT || net->layers[l].kind->flow != HT_FLOW_COLUMNS) return -1;
    return net->layers[l].weight;
}

static void hold(ht_prune_reach *reach, const ht_network *net, int l)
{
    int w = l == HT_NO_LAYER ? -1 : units_of(net, l);
    if (w >= 0) reach->held[w] = true;
}

_Static_assert(HT_WEIGHTS_MAX <= 64, "a matrix has no bit");

/* The matrices that have a part in the channels which each layer gives; then who reads those. */
static void find_readers(ht_prune_reach *reach, const ht_network *net)
{
    uint64_t part[HT_LAYERS_MAX] = {0};
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        uint64_t in = layer->input == HT_NETWORK_INPUT ? 0 : part[layer->input];
        bool columns = layer->kind->flow == HT_FLOW_COLUMNS;
        if (layer->also >= 0) in |= part[layer->also];
        part[l] = columns ? (uint64_t)1 << layer->weight : in;
        for (int w = 0; columns && w < layer->weight; w++)
            if (in >> w & 1) reach->read_by[w] |= (uint64_t)1 << layer->weight;
    }
}

ht_prune_reach ht_prune_reach_of(const ht_network *net)
{
    ht_prune_reach reach = {.held = {false}};
    for (int w = 0; w < net->weight_count; w++) reach.from[w] = -1;
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        if (layer->kind->flow == HT_FLOW_COLUMNS) {
            reach.from[layer->weight] = units_of(net, layer->input);
            reach.each[layer->weight] = net->weights[layer->weight]->columns / layer->in.channels;
        } else if (layer->kind->flow == HT_FLOW_MIXED) {
            hold(&reach, net, layer->input);
            hold(&reach, net, layer->also);
            for (int t = 0; t < layer->tensors; t++) /* of attention: heads are equal parts of all channels */
                if (layer->weight >= 0) reach.held[layer->tensor[t].number] = true;
        }
    }
    find_readers(&reach, net);
    return reach;
}
