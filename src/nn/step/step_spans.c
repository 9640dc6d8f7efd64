/* step_spans.c - the samples of a batch cut into spans, and the update of layers whose gradients are sums
 * over them. */
#include "nn/step/step_state.h"

static int span_size(const ht_step *s)
{
    return (s->batch + HT_STEP_SPANS - 1) / HT_STEP_SPANS;
}

int ht_step_spans(const ht_step *s)
{
    return (s->batch + span_size(s) - 1) / span_size(s);
}

static const float *values_of(const ht_step *s, int layer, int first)
{
    if (layer == HT_NO_LAYER) return NULL;
    const float *all = layer == HT_NETWORK_INPUT ? s->x : s->layer[layer].hidden;
    return all + (size_t)first * (size_t)ht_layer_gives(s->net, layer);
}

ht_span ht_step_span(const ht_step *s, int l, int first, int samples)
{
    const ht_layer *layer = &s->net->layers[l];
    const ht_step_layer *room = &s->layer[l];
    size_t bytes = room->room.bytes / (size_t)s->capacity;
    return (ht_span){.first = first,
                     .samples = samples,
                     .x = values_of(s, layer->input, first),
                     .also = values_of(s, layer->also, first),
                     .gives = s->layer[layer->ends_at].hidden +
                              (size_t)first * (size_t)s->layer[layer->ends_at].width,
                     .packed = room->packed ? room->packed : s->packed,
                     .ready = room->packed != NULL,
                     .kept = room->kept,
                     .shared = s->shared,
                     .sums = room->sums,
                     .bytes = room->bytes ? room->bytes + (size_t)first * bytes : NULL,
                     .scratch = s->scratch,
                     .stride = s->stride,
                     .hyper = s->hyper};
}

ht_span ht_step_span_of(const ht_step *s, int l, int task)
{
    int size = span_size(s), first = task * size, left = s->batch - first;
    return ht_step_span(s, l, first, left < size ? left : size);
}

size_t ht_layer_numbers(const ht_layer *layer)
{
    size_t size = 0;
    for (int t = 0; t < layer->tensors; t++) size += ht_tensor_size(&layer->tensor[t]);
    return size;
}

void ht_step_update_sums(ht_step *s, int l, int shard)
{
    const ht_layer *layer = &s->net->layers[l];
    size_t before = 0, all = ht_layer_numbers(layer);
    int first = shard * layer->kind->rows, m = ht_layer_shard_rows(layer, shard);
    for (int t = 0; t < layer->tensors; t++) {
        const ht_tensor *tensor = &layer->tensor[t];
        size_t columns = (size_t)tensor->columns, start = (size_t)first * columns;
        ht_block block = {ht_tensor_index(s->net, tensor), m, tensor->columns, tensor->columns, start};
        ht_descent to = ht_step_descent(s, &block, 1);
        for (size_t i = 0; i < (size_t)m * columns; i++) {
            float sum = 0;
            for (int span = 0; span < ht_step_spans(s); span++)
                sum += s->layer[l].sums[(size_t)span * all + before + start + i];
            to.to[i] = to.keep * to.to[i] + to.factor * sum;
        }
        ht_step_finish(s, &block, first, shard);
        before += ht_tensor_size(tensor);
    }
}
