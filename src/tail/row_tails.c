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

ht_code ht_row_tails_measure(ht_row_tails *tails, const ht_network *net, ht_error *err)
{
    double sorted[HT_HIDDEN_MAX] = {0};
    int count = 0;
    tails->layers = ht_network_hidden(net);
    for (int l = 0; l < ht_network_hidden(net); l++) {
        if (row_index(net->weights[l], &tails->layer[l], err) != HT_OK) return err->code;
        if (!isnan(tails->layer[l])) sorted[count++] = tails->layer[l];
    }
    qsort(sorted, (size_t)count, sizeof *sorted, ht_by_double);
    tails->median = count ? (sorted[(count - 1) / 2] + sorted[count / 2]) / 2 : (double)NAN;
    return HT_OK;
}
