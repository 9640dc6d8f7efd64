/* compress.c - the heavier the tail of the neurons' norms, the more of them can go.
 *
 *   cc -o compress compress.c $(pkg-config --cflags --libs heavytail) && ./compress
 *
 * A layer of 2000 neurons whose norms follow P(norm > x) = x^-α: the tail index that Hill's estimator finds,
 * with its 95 % interval, and κ(ε), the fraction of neurons that can be removed for a relative error ε of the
 * squared norm. */
#include <math.h>
#include <stdio.h>

#include <heavytail/network.h>
#include <heavytail/prune.h>
#include <heavytail/tail.h>

enum { INPUTS = 140, WIDTH = 2000, CLASSES = 2 };

/* Gives row i the i-th of evenly spaced quantiles of the Pareto law as its norm. */
static void make_heavy(ht_tensor *layer, double alpha)
{
    for (int i = 0; i < layer->rows; i++) {
        float *row = layer->data + (size_t)i * (size_t)layer->columns;
        double squares = 0, norm = pow((i + 0.5) / layer->rows, -1 / alpha);
        for (int j = 0; j < layer->columns; j++) squares += (double)row[j] * (double)row[j];
        for (int j = 0; j < layer->columns; j++) row[j] *= (float)(norm / sqrt(squares));
    }
}

static ht_code show(const ht_tensor *layer, double alpha, ht_error *err)
{
    double norms[WIDTH];
    ht_estimate all[HT_ESTIMATORS], *hill = &all[HT_HILL];
    ht_prune_order order;
    ht_values rows = {.f32 = layer->data, .rows = WIDTH, .columns = INPUTS},
              values = {.f64 = norms, .rows = WIDTH, .columns = 1};
    ht_values_norms(&rows, norms);
    if (ht_tail_fit(&values, &(ht_tail_options){.k = WIDTH / 10}, all, err) != HT_OK) return err->code;
    if (ht_prune_order_make(&order, layer, HT_PRUNE_NODE, HT_FRO_SQUARED, 1, err) != HT_OK) return err->code;
    printf("%5.2f   %5.2f (%.2f .. %.2f)   %7.3f   %6.3f   %6.3f\n", alpha, hill->value, hill->low,
           hill->high, ht_prune_removable(&order, 0.01) / (double)WIDTH,
           ht_prune_removable(&order, 0.1) / (double)WIDTH, ht_prune_removable(&order, 0.5) / (double)WIDTH);
    ht_prune_order_free(&order);
    return HT_OK;
}

int main(void)
{
    static const double alphas[] = {1.1, 1.3, 1.5, 1.75, 2, 4};
    ht_error err;
    ht_network *net = ht_network_new(INPUTS, WIDTH, 1, CLASSES, HT_RELU, false, &err);
    ht_code code = net ? HT_OK : err.code;
    printf("    α    Hill (95 %%)            κ(0.01)   κ(0.1)   κ(0.5)\n");
    for (size_t i = 0; i < sizeof alphas / sizeof alphas[0] && code == HT_OK; i++) {
        ht_network_init(net, 1, NULL);
        make_heavy(net->weights[0], alphas[i]);
        code = show(net->weights[0], alphas[i], &err);
    }
    if (code != HT_OK) fprintf(stderr, "compress: %s\n", err.text);
    ht_network_free(net);
    return code;
}
