#include "nn/layers/multiply_adds.h"

#include "nn/layers/layer.h"

size_t ht_weight_places(const ht_network *net, int w)
{
    for (int l = 0; l < net->layer_count; l++)
        if (net->layers[l].weight == w) return (size_t)ht_shape_places(net->layers[l].out);
    return 1;
}

double ht_multiply_adds_whole(const ht_network *net)
{
    double sum = 0;
    for (int w = 0; w < net->weight_count; w++)
        sum += (double)ht_tensor_size(net->weights[w]) * (double)ht_weight_places(net, w);
    return sum;
}

double ht_network_multiply_adds(const ht_network *net)
{
    double sum = 0;
    for (int w = 0; w < net->weight_count; w++) {
        const ht_tensor *weight = net->weights[w];
        size_t count = 0;
        for (size_t i = 0; i < ht_tensor_size(weight); i++) count += weight->data[i] != 0;
        sum += (double)count * (double)ht_weight_places(net, w);
    }
    return sum;
}

double ht_multiply_adds_trained(const ht_network *net, const ht_mask *mask)
{
    double sum = 0;
    if (!mask) return ht_multiply_adds_whole(net);
    for (int w = 0; w < net->weight_count; w++) {
        int tensor = ht_tensor_index(net, net->weights[w]);
        size_t count = 0;
        for (size_t i = 0; i < mask->of[tensor].count; i++) count += ht_mask_trains(mask, tensor, i);
        sum += (double)count * (double)ht_weight_places(net, w);
    }
    return sum;
}
