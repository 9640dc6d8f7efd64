/* prune_compact.c - the network without its dead neurons, and how much faster it is. */
#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "heavytail/prune.h"

static bool row_is_zero(const ht_layer *layer, int row)
{
    const float *w = layer->weight + (size_t)row * (size_t)layer->columns;
    for (int j = 0; j < layer->columns; j++)
        if (w[j] != 0.0f) return false;
    return true;
}

static bool column_is_zero(const ht_layer *layer, int column)
{
    for (int i = 0; i < layer->rows; i++)
        if (layer->weight[(size_t)i * (size_t)layer->columns + (size_t)column] != 0.0f) return false;
    return true;
}

/* The neurons of hidden layer l that compute something which is used; at least one. */
static int find_alive(const ht_network *net, int l, int *alive)
{
    int count = 0;
    for (int i = 0; i < net->layers[l].rows; i++)
        if (!row_is_zero(&net->layers[l], i) && !column_is_zero(&net->layers[l + 1], i)) alive[count++] = i;
    if (count == 0) alive[count++] = 0;
    return count;
}

/* Keeps the listed rows and columns (NULL: all), in the memory there is: no weight moves backwards. */
static void shrink(ht_layer *layer, const int *rows, int row_count, const int *columns, int column_count,
                   float scale)
{
    size_t to = 0, width = (size_t)layer->columns;
    if (!rows) row_count = layer->rows;
    if (!columns) column_count = layer->columns;
    for (int i = 0; i < row_count; i++) {
        const float *w = layer->weight + (size_t)(rows ? rows[i] : i) * width;
        for (int j = 0; j < column_count; j++) layer->weight[to++] = scale * w[columns ? columns[j] : j];
    }
    layer->rows = row_count;
    layer->columns = column_count;
}

ht_code ht_prune_compact(ht_network *net, ht_error *err)
{
    int *alive[HT_DEPTH_MAX] = {NULL}, count[HT_DEPTH_MAX] = {0}, last = net->depth - 1;
    ht_code code = HT_OK;
    for (int l = 0; l < net->depth && code == HT_OK; l++) {
        alive[l] = ht_alloc((size_t)net->layers[l].rows, sizeof *alive[l], "the smaller network", err);
        code = alive[l] ? HT_OK : HT_FAIL;
        if (alive[l]) count[l] = find_alive(net, l, alive[l]);
    }
    /* The mean field divides by the width, which will be another. */
    float scale = net->mean_field ? (float)count[last] / (float)net->layers[last].rows : 1.0f;
    for (int l = 0; l <= net->depth && code == HT_OK; l++)
        shrink(&net->layers[l], l < net->depth ? alive[l] : NULL, l < net->depth ? count[l] : 0,
               l > 0 ? alive[l - 1] : NULL, l > 0 ? count[l - 1] : 0, l == net->depth ? scale : 1.0f);
    for (int l = 0; l < net->depth; l++) ht_free(alive[l]);
    return code;
}

enum { ROUNDS = 7 };

ht_code ht_prune_speed(const ht_network *whole, const ht_network *small, const ht_samples *samples,
                       struct ht_pool *pool, double seconds[2], ht_error *err)
{
    const ht_network *const nets[2] = {whole, small};
    ht_score score;
    seconds[0] = seconds[1] = HUGE_VAL;
    for (int round = -1; round < ROUNDS; round++) /* the first warms up */
        for (int i = 0; i < 2; i++) {
            double start = ht_now();
            if (ht_network_evaluate(nets[i], samples, NULL, pool, &score, err) != HT_OK) return err->code;
            if (round >= 0) seconds[i] = fmin(seconds[i], ht_now() - start);
        }
    return HT_OK;
}
