#include "nn/occam.h"

#include <float.h>
#include <math.h>

#include "num/select.h"

static double next_lambda(const ht_occam *o, ht_occam_rule rule, double lambda0, double loss)
{
    double low = 0.1 * lambda0, zeta = (loss - o->loss) / (o->loss - o->before);
    if (o->epochs < 2) return lambda0;
    if (isnan(zeta) || (rule == HT_OCCAM_OURS && (!(o->loss < o->before) || isinf(zeta)))) return low;
    return fmin(fmax(zeta * o->lambda, low), lambda0);
}

double ht_occam_update(ht_occam *o, ht_occam_rule rule, double lambda0, double loss)
{
    if (!isfinite(loss)) loss = DBL_MAX; /* no improvement; and files hold finite numbers */
    o->lambda = next_lambda(o, rule, lambda0, loss);
    o->before = o->loss;
    o->loss = loss;
    o->epochs++;
    if (o->best_epoch == 0 ? loss < DBL_MAX : loss < o->best_loss) {
        o->best_epoch = o->epochs;
        o->best_loss = loss;
    }
    return o->lambda;
}

static void prune_tensor(const ht_tensor *tensor, double lambda)
{
    size_t size = ht_tensor_size(tensor), zeros = 0;
    for (size_t i = 0; i < size; i++) zeros += tensor->data[i] == 0;
    size_t goes = (size_t)(lambda * (double)(size - zeros));
    if (goes == 0) return;
    /* Zeros rank first, then what goes. Of the weights at the threshold only some may go. */
    ht_values values = {.f32 = tensor->data, .rows = size, .columns = 1};
    size_t rank = zeros + goes - 1, below = 0;
    double at;
    ht_select(&values, true, &rank, 1, &at);
    float threshold = (float)at;
    for (size_t i = 0; i < size; i++) below += tensor->data[i] != 0 && fabsf(tensor->data[i]) < threshold;
    size_t ties = goes - below;
    for (size_t i = 0; i < size; i++) {
        float magnitude = fabsf(tensor->data[i]);
        if (magnitude < threshold)
            tensor->data[i] = 0;
        else if (magnitude == threshold && ties > 0)
            tensor->data[i] = 0, ties--;
    }
}

/* The quantile of the magnitudes that are not zero, or what compares with them alike: between two order
 * statistics none lies, so the upper one is as good. */
static double quantile(const ht_tensor *tensor, double lambda)
{
    size_t size = ht_tensor_size(tensor), zeros = 0;
    for (size_t i = 0; i < size; i++) zeros += tensor->data[i] == 0;
    if (zeros == size) return 0;
    ht_values values = {.f32 = tensor->data, .rows = size, .columns = 1};
    size_t rank = zeros + (size_t)ceil(lambda * (double)(size - zeros - 1));
    double at;
    ht_select(&values, true, &rank, 1, &at);
    return at;
}

void ht_occam_mask(ht_mask *mask, const ht_network *net, double lambda)
{
    ht_mask_take_zeros(mask, net);
    for (int w = 0; w < net->weight_count; w++) {
        const ht_tensor *weight = net->weights[w];
        int tensor = ht_tensor_index(net, weight);
        double below = quantile(weight, lambda);
        for (size_t i = 0; i < ht_tensor_size(weight); i++)
            if (fabs((double)weight->data[i]) < below) ht_mask_drop(mask, tensor, i);
    }
}

void ht_occam_prune(ht_network *net, double lambda)
{
    for (int l = 0; l < net->weight_count; l++) /* the table of a tied output stays */
        if (!(net->weights[l]->flags & HT_TENSOR_TABLE)) prune_tensor(net->weights[l], lambda);
}
