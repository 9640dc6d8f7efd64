/* prune_compact.c - the network without its dead neurons, and how much faster it is. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "heavytail/prune.h"
#include "math/select.h"

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

/* Layer l with the rows and columns in the lists; NULL keeps all. */
static ht_code shrink(ht_layer *to, const ht_layer *from, const int *rows, int row_count, const int *columns,
                      int column_count, float scale, ht_error *err)
{
    *to =
        (ht_layer){.rows = rows ? row_count : from->rows, .columns = columns ? column_count : from->columns};
    to->weight = ht_alloc(ht_layer_size(to), sizeof(float), "the smaller network", err);
    if (!to->weight) return err->code;
    for (int i = 0; i < to->rows; i++) {
        const float *w = from->weight + (size_t)(rows ? rows[i] : i) * (size_t)from->columns;
        float *out = to->weight + (size_t)i * (size_t)to->columns;
        for (int j = 0; j < to->columns; j++) out[j] = scale * w[columns ? columns[j] : j];
    }
    return HT_OK;
}

ht_network *ht_prune_compact(const ht_network *net, ht_error *err)
{
    int *alive[HT_DEPTH_MAX] = {NULL}, count[HT_DEPTH_MAX] = {0}, last = net->depth - 1;
    ht_network *small = ht_alloc(1, sizeof *small, "the smaller network", err);
    ht_code code = small ? HT_OK : err->code;
    if (small) *small = (ht_network){net->depth, net->activation, net->mean_field, {{0}}};
    for (int l = 0; l < net->depth && code == HT_OK; l++) {
        alive[l] = ht_alloc((size_t)net->layers[l].rows, sizeof *alive[l], "the smaller network", err);
        code = alive[l] ? HT_OK : err->code;
        if (alive[l]) count[l] = find_alive(net, l, alive[l]);
    }
    for (int l = 0; l <= net->depth && code == HT_OK; l++) {
        const int *rows = l < net->depth ? alive[l] : NULL, *columns = l > 0 ? alive[l - 1] : NULL;
        /* The mean field divides by the width, which is another now. */
        float scale =
            l == net->depth && net->mean_field ? (float)count[last] / (float)net->layers[last].rows : 1.0f;
        code = shrink(&small->layers[l], &net->layers[l], rows, l < net->depth ? count[l] : 0, columns,
                      l > 0 ? count[l - 1] : 0, scale, err);
    }
    for (int l = 0; l < net->depth; l++) ht_free(alive[l]);
    if (code == HT_OK) return small;
    ht_network_free(small);
    return NULL;
}

enum { ROUNDS = 7 };

ht_code ht_prune_speed(const ht_network *whole, const ht_network *small, const ht_samples *samples,
                       struct ht_pool *pool, double seconds[2], ht_error *err)
{
    const ht_network *const nets[2] = {whole, small};
    double times[2][ROUNDS];
    ht_score score;
    for (int round = -1; round < ROUNDS; round++) /* the first warms up */
        for (int i = 0; i < 2; i++) {
            double start = ht_now();
            if (ht_network_evaluate(nets[i], samples, NULL, pool, &score, err) != HT_OK) return err->code;
            if (round >= 0) times[i][round] = ht_now() - start;
        }
    for (int i = 0; i < 2; i++) {
        qsort(times[i], ROUNDS, sizeof times[i][0], ht_by_double);
        seconds[i] = times[i][ROUNDS / 2];
    }
    return HT_OK;
}
