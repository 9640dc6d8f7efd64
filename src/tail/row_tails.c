#include "tail/row_tails.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "heavytail/tail.h"
#include "num/select.h"
#include "num/values.h"

/* mmo-multi of a layer's rows. */
static ht_code row_index(const ht_tensor *layer, double *alpha, ht_error *err)
{
    ht_values x = {.f32 = layer->data,
                   .rows = (size_t)layer->rows,
                   .columns = (size_t)layer->columns,
                   .zeros_stay = true};
    ht_estimate estimate = {.value = NAN};
    double *median = ht_alloc(x.columns, sizeof *median, "the medians of the columns", err);
    ht_code code = median ? ht_values_column_medians(&x, median, err) : err->code;
    x.column_centre = median;
    if (code == HT_OK) code = ht_tail_fit_rows(&x, &(ht_tail_options){0}, &estimate, err);
    *alpha = estimate.value;
    ht_free(median);
    return code;
}

/* mmo-multi of the kernels of filters, as they are. */
static ht_code kernel_index(const ht_tensor *layer, double *alpha, ht_error *err)
{
    size_t window = (size_t)layer->window[0] * (size_t)layer->window[1];
    ht_estimate estimate = {.value = NAN};
    ht_code code = HT_OK;
    if (layer->flags & HT_TENSOR_FILTERS && window > 1) {
        ht_values x = {.f32 = layer->data,
                       .rows = ht_tensor_size(layer) / window,
                       .columns = window,
                       .zeros_stay = true};
        code = ht_tail_fit_rows(&x, &(ht_tail_options){0}, &estimate, err);
    }
    *alpha = estimate.value;
    return code;
}

/* Of those that are numbers. */
static double median_of(const double *values, int count)
{
    double sorted[HT_HIDDEN_MAX] = {0};
    int known = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(values[i])) sorted[known++] = values[i];
    qsort(sorted, (size_t)known, sizeof *sorted, ht_by_double);
    return known ? (sorted[(known - 1) / 2] + sorted[known / 2]) / 2 : (double)NAN;
}

ht_code ht_row_tails_measure(ht_row_tails *tails, const ht_network *net, ht_error *err)
{
    tails->layers = ht_network_hidden(net);
    for (int l = 0; l < tails->layers; l++)
        if (row_index(net->weights[l], &tails->layer[l], err) != HT_OK ||
            kernel_index(net->weights[l], &tails->kernel[l], err) != HT_OK)
            return err->code;
    tails->median = median_of(tails->layer, tails->layers);
    tails->kernel_median = median_of(tails->kernel, tails->layers);
    return HT_OK;
}
