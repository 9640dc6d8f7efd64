#include "unit/twin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sanitized.h"

twin *twin_of(const ht_network *net)
{
    twin *t = calloc(1, sizeof *t);
    t->depth = ht_network_hidden(net);
    t->activation = net->activation;
    t->mean_field = net->mean_field;
    for (int l = 0; l < net->weight_count; l++) {
        size_t size = ht_tensor_size(net->weights[l]);
        t->rows[l] = net->weights[l]->rows;
        t->columns[l] = net->weights[l]->columns;
        t->weight[l] = calloc(size, sizeof(double));
        t->gradient[l] = calloc(size, sizeof(double));
        t->velocity[l] = calloc(size, sizeof(double));
        for (size_t i = 0; i < size; i++) t->weight[l][i] = (double)net->weights[l]->data[i];
    }
    return t;
}

void twin_free(twin *t)
{
    for (int l = 0; l <= t->depth; l++) free(t->weight[l]), free(t->gradient[l]), free(t->velocity[l]);
    free(t);
}

static double activate(const twin *t, double z)
{
    if (t->activation == HT_TANH) return tanh(z);
    return z > 0 ? z : t->activation == HT_RELU ? 0 : 0.01 * z;
}

static double slope(const twin *t, double z)
{
    if (t->activation == HT_TANH) return 1 - tanh(z) * tanh(z);
    return z > 0 ? 1 : t->activation == HT_RELU ? 0 : 0.01;
}

/* One sample: z[l] pre-activations, h[l] activations (h[0] is the input). */
static REFERENCE double one_sample(twin *t, const float *x, int32_t label, double weight, int learn,
                                   int *right)
{
    double *z[HT_WEIGHTS_MAX], *h[HT_WEIGHTS_MAX + 1], *delta[HT_WEIGHTS_MAX];
    double scale = t->mean_field ? 1.0 / t->columns[t->depth] : 1, sum = 0;
    h[0] = calloc((size_t)t->columns[0], sizeof(double));
    for (int j = 0; j < t->columns[0]; j++) h[0][j] = (double)x[j];
    for (int l = 0; l <= t->depth; l++) {
        z[l] = calloc((size_t)t->rows[l], sizeof(double));
        delta[l] = calloc((size_t)t->rows[l], sizeof(double));
        h[l + 1] = calloc((size_t)t->rows[l], sizeof(double));
        for (int i = 0; i < t->rows[l]; i++) {
            for (int j = 0; j < t->columns[l]; j++) z[l][i] += t->weight[l][i * t->columns[l] + j] * h[l][j];
            if (l == t->depth) z[l][i] *= scale;
            h[l + 1][i] = l == t->depth ? z[l][i] : activate(t, z[l][i]);
        }
    }
    int last = t->depth, best = 0;
    for (int c = 0; c < t->rows[last]; c++) {
        sum += exp(z[last][c]);
        if (z[last][c] > z[last][best]) best = c;
    }
    *right += best == label;
    double loss = log(sum) - z[last][label];
    for (int c = 0; c < t->rows[last]; c++) delta[last][c] = weight * (exp(z[last][c]) / sum - (c == label));
    for (int l = last; learn && l >= 0; l--) {
        double factor =
            l == last ? scale : 1; /* hidden gradients are multiplied by n, which cancels the 1/n */
        for (int i = 0; i < t->rows[l]; i++)
            for (int j = 0; j < t->columns[l]; j++) {
                t->gradient[l][i * t->columns[l] + j] += factor * delta[l][i] * h[l][j];
                if (l > 0) delta[l - 1][j] += delta[l][i] * t->weight[l][i * t->columns[l] + j];
            }
        if (l > 0)
            for (int j = 0; j < t->columns[l]; j++) delta[l - 1][j] *= slope(t, z[l - 1][j]);
    }
    free(h[0]);
    for (int l = 0; l <= t->depth; l++) free(z[l]), free(delta[l]), free(h[l + 1]);
    return loss;
}

double twin_loss(twin *t, const float *x, const int32_t *labels, int count, int learn, double *accuracy)
{
    double loss = 0;
    int right = 0;
    for (int l = 0; l <= t->depth; l++)
        memset(t->gradient[l], 0, (size_t)t->rows[l] * (size_t)t->columns[l] * sizeof(double));
    for (int i = 0; i < count; i++)
        loss += one_sample(t, x + (size_t)i * (size_t)t->columns[0], labels[i], 1.0 / count, learn, &right);
    if (accuracy) *accuracy = (double)right / count;
    return loss / count;
}

void twin_descend(twin *t, double lr, double mu, double decay)
{
    for (int l = 0; l <= t->depth; l++)
        for (int i = 0; i < t->rows[l] * t->columns[l]; i++) {
            t->velocity[l][i] = mu * t->velocity[l][i] + t->gradient[l][i] + decay * t->weight[l][i];
            t->weight[l][i] -= lr * t->velocity[l][i];
        }
}

double twin_distance(const twin *t, const ht_network *net)
{
    double most = 0;
    for (int l = 0; l <= t->depth; l++)
        for (int i = 0; i < t->rows[l] * t->columns[l]; i++)
            most = fmax(most, fabs(t->weight[l][i] - (double)net->weights[l]->data[i]));
    return most;
}
