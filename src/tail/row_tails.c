#include "tail/row_tails.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "heavytail/tail.h"
#include "num/select.h"
#include "num/values.h"

double ht_tail_index(const ht_estimate *e)
{
    return e->value > 0 ? e->value : (double)NAN;
}

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
    *alpha = ht_tail_index(&estimate);
    ht_free(median);
    return code;
}

/* Kernels of at least so many weights as rows; no rows where there are none. */
static ht_values kernels_of(const ht_tensor *layer, size_t least)
{
    size_t window = (size_t)layer->window[0] * (size_t)layer->window[1];
    if (!(layer->flags & HT_TENSOR_FILTERS) || window < least) return (ht_values){.f32 = layer->data};
    return (ht_values){
        .f32 = layer->data, .rows = ht_tensor_size(layer) / window, .columns = window, .zeros_stay = true};
}

/* mmo-multi of the kernels of filters, as they are. */
static ht_code kernel_index(const ht_tensor *layer, double *alpha, ht_error *err)
{
    ht_values x = kernels_of(layer, 2);
    ht_estimate estimate = {.value = NAN};
    ht_code code = HT_OK;
    if (x.rows > 0) code = ht_tail_fit_rows(&x, &(ht_tail_options){0}, &estimate, err);
    *alpha = ht_tail_index(&estimate);
    return code;
}

ht_tail_summary ht_tail_summarize(double *values, size_t count)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) values[known++] = values[i];
    if (known == 0) return (ht_tail_summary){NAN, NAN, NAN, 0};
    for (size_t i = 0; i < known; i++) sum += values[i];
    qsort(values, known, sizeof *values, ht_by_double);
    return (ht_tail_summary){(values[(known - 1) / 2] + values[known / 2]) / 2, sum / (double)known,
                             values[0], (int)known};
}

void ht_tail_summary_words(const ht_tail_summary *s, size_t count, char to[HT_TAIL_SUMMARY_WORDS])
{
    size_t unknown = count - (size_t)s->known;
    snprintf(to, HT_TAIL_SUMMARY_WORDS, "undetermined");
    if (s->known == 0) return;
    int used = snprintf(to, HT_TAIL_SUMMARY_WORDS, "%.3f, %.3f, %.3f", s->median, s->mean, s->least);
    if (unknown > 0)
        snprintf(to + used, HT_TAIL_SUMMARY_WORDS - (size_t)used, " (undetermined in %zu of %zu)", unknown,
                 count);
}

/* The same; they stay as they are. */
static ht_tail_summary of_layers(const double *values, int count)
{
    double copy[HT_WEIGHTS_MAX] = {0};
    memcpy(copy, values, (size_t)count * sizeof *copy);
    return ht_tail_summarize(copy, (size_t)count);
}

ht_code ht_row_tails_measure(ht_row_tails *tails, const ht_network *net, ht_error *err)
{
    tails->layers = ht_network_hidden(net);
    for (int l = 0; l < tails->layers; l++)
        if (row_index(net->weights[l], &tails->layer[l], err) != HT_OK ||
            kernel_index(net->weights[l], &tails->kernel[l], err) != HT_OK)
            return err->code;
    tails->median = of_layers(tails->layer, tails->layers).median;
    tails->kernel_median = of_layers(tails->kernel, tails->layers).median;
    return HT_OK;
}

/* ---- the paper's way ---- */

static ht_code paper_index(const ht_values *x, double *alpha, ht_error *err)
{
    ht_estimate estimate = {.value = NAN};
    ht_code code = ht_tail_fit_rows_by(HT_MMO_PAPER, x, &(ht_tail_options){0}, &estimate, err);
    *alpha = ht_tail_index(&estimate);
    return code;
}

ht_code ht_paper_tail_of_columns(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                                 ht_error *err)
{
    size_t size = x->f32 ? sizeof(float) : sizeof(double);
    const char *from = x->f32 ? (const char *)x->f32 : (const char *)x->f64;
    char *turned = ht_alloc(ht_values_count(x), size, "the columns of a layer", err);
    if (!turned || !from) return ht_free(turned), HT_FAIL;
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < x->columns; j++)
            memcpy(turned + (j * x->rows + i) * size, from + (i * x->columns + j) * size, size);
    ht_values columns = {.f32 = x->f32 ? (float *)(void *)turned : NULL,
                         .f64 = x->f32 ? NULL : (double *)(void *)turned,
                         .rows = x->columns,
                         .columns = x->rows};
    ht_code code = ht_tail_fit_rows_by(HT_MMO_PAPER, &columns, options, estimate, err);
    ht_free(turned);
    return code;
}

static ht_code measure_layer(ht_paper_tails *tails, const ht_network *net, int l, ht_error *err)
{
    const ht_tensor *layer = net->weights[l];
    ht_values x = {.f32 = layer->data, .rows = (size_t)layer->rows, .columns = (size_t)layer->columns};
    ht_values kernels = kernels_of(layer, 1);
    if (l == net->weight_count - 1) {
        ht_estimate last = {.value = NAN};
        ht_code code = ht_paper_tail_of_columns(&x, &(ht_tail_options){0}, &last, err);
        tails->kernel[l] = tails->filter[l] = ht_tail_index(&last);
        return code;
    }
    if (paper_index(&x, &tails->filter[l], err) != HT_OK) return err->code;
    tails->kernel[l] = tails->filter[l];
    return kernels.rows > 0 ? paper_index(&kernels, &tails->kernel[l], err) : HT_OK;
}

ht_code ht_paper_tails_measure(ht_paper_tails *tails, const ht_network *net, ht_error *err)
{
    tails->layers = net->weight_count;
    for (int l = 0; l < tails->layers; l++)
        if (measure_layer(tails, net, l, err) != HT_OK) return err->code;
    tails->of_kernels = of_layers(tails->kernel, tails->layers);
    tails->of_filters = of_layers(tails->filter, tails->layers);
    return HT_OK;
}
