#include "unit/twin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sanitized.h"

int twin_size(const twin *t, int part)
{
    int l = part % TWIN_BIAS;
    return !t->weight[part] ? 0 : part == l ? t->rows[l] * t->columns[l] : t->rows[l];
}

static void make_part(twin *t, int part, const ht_tensor *tensor)
{
    size_t size = ht_tensor_size(tensor);
    t->weight[part] = calloc(size, sizeof(double));
    t->gradient[part] = calloc(size, sizeof(double));
    t->velocity[part] = calloc(size, sizeof(double));
    t->square[part] = calloc(size, sizeof(double));
    for (size_t i = 0; i < size; i++) t->weight[part][i] = (double)tensor->data[i];
}

twin *twin_of(const ht_network *net)
{
    twin *t = calloc(1, sizeof *t);
    t->depth = ht_network_hidden(net);
    t->mean_field = net->mean_field;
    for (int l = 0; l < net->weight_count; l++) {
        t->rows[l] = net->weights[l]->rows;
        t->columns[l] = net->weights[l]->columns;
        t->activation[l] = ht_network_activation(net, l);
        make_part(t, l, net->weights[l]);
        if (net->weights[l]->bias) make_part(t, TWIN_BIAS + l, net->weights[l]->bias);
    }
    return t;
}

void twin_free(twin *t)
{
    for (int p = 0; p < TWIN_PARTS; p++)
        free(t->weight[p]), free(t->gradient[p]), free(t->velocity[p]), free(t->square[p]);
    free(t);
}

static double activate(const twin *t, int l, double z)
{
    switch (t->activation[l]) {
    case HT_TANH:
        return tanh(z);
    case HT_GELU:
        return z * 0.5 * erfc(-z / sqrt(2));
    case HT_LINEAR:
        return z;
    case HT_LEAKY_RELU:
        return z > 0 ? z : 0.01 * z;
    default:
        return z > 0 ? z : 0;
    }
}

static double slope(const twin *t, int l, double z)
{
    switch (t->activation[l]) {
    case HT_TANH:
        return 1 - tanh(z) * tanh(z);
    case HT_GELU:
        return 0.5 * erfc(-z / sqrt(2)) + z * exp(-z * z / 2) / sqrt(2 * M_PI);
    case HT_LINEAR:
        return 1;
    case HT_LEAKY_RELU:
        return z > 0 ? 1 : 0.01;
    default:
        return z > 0;
    }
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
            if (t->weight[TWIN_BIAS + l]) z[l][i] += t->weight[TWIN_BIAS + l][i];
            h[l + 1][i] = l == t->depth ? z[l][i] : activate(t, l, z[l][i]);
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
        for (int i = 0; t->gradient[TWIN_BIAS + l] && i < t->rows[l]; i++)
            t->gradient[TWIN_BIAS + l][i] += delta[l][i];
        for (int i = 0; i < t->rows[l]; i++)
            for (int j = 0; j < t->columns[l]; j++) {
                t->gradient[l][i * t->columns[l] + j] += factor * delta[l][i] * h[l][j];
                if (l > 0) delta[l - 1][j] += delta[l][i] * t->weight[l][i * t->columns[l] + j];
            }
        if (l > 0)
            for (int j = 0; j < t->columns[l]; j++) delta[l - 1][j] *= slope(t, l - 1, z[l - 1][j]);
    }
    free(h[0]);
    for (int l = 0; l <= t->depth; l++) free(z[l]), free(delta[l]), free(h[l + 1]);
    return loss;
}

double twin_loss(twin *t, const float *x, const int32_t *labels, int count, int learn, double *accuracy)
{
    double loss = 0;
    int right = 0;
    for (int p = 0; p < TWIN_PARTS; p++)
        if (t->gradient[p]) memset(t->gradient[p], 0, (size_t)twin_size(t, p) * sizeof(double));
    for (int i = 0; i < count; i++)
        loss += one_sample(t, x + (size_t)i * (size_t)t->columns[0], labels[i], 1.0 / count, learn, &right);
    if (accuracy) *accuracy = (double)right / count;
    return loss / count;
}

void twin_descend(twin *t, double lr, double mu, double decay)
{
    for (int p = 0; p < TWIN_PARTS; p++)
        for (int i = 0; i < twin_size(t, p); i++) {
            t->velocity[p][i] = mu * t->velocity[p][i] + t->gradient[p][i] + decay * t->weight[p][i];
            t->weight[p][i] -= lr * t->velocity[p][i];
        }
}

void twin_adapt(twin *t, double lr, double decay, bool apart)
{
    int k = ++t->steps;
    for (int p = 0; p < TWIN_PARTS; p++)
        for (int i = 0; i < twin_size(t, p); i++) {
            double *w = &t->weight[p][i], *m = &t->velocity[p][i], *v = &t->square[p][i];
            double g = t->gradient[p][i] + (apart ? 0 : decay * *w);
            if (apart) *w *= 1 - lr * decay;
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            double mean = *m / (1 - pow(0.9, k)), root = sqrt(*v / (1 - pow(0.999, k)));
            *w -= lr * mean / (root + 1e-8);
        }
}

double twin_distance(const twin *t, const ht_network *net)
{
    double most = 0;
    for (int p = 0; p < TWIN_PARTS; p++) {
        const ht_tensor *weight = p % TWIN_BIAS < net->weight_count ? net->weights[p % TWIN_BIAS] : NULL;
        for (int i = 0; i < twin_size(t, p); i++) {
            const float *data = p < TWIN_BIAS ? weight->data : weight->bias->data;
            most = fmax(most, fabs(t->weight[p][i] - (double)data[i]));
        }
    }
    return most;
}
