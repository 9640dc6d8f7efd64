#include "weights/fill.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "weights/netfile.h"

/* "784 → 300 → 100 → 10" */
static void describe(const ht_network *net, char *to, size_t size)
{
    size_t used = (size_t)snprintf(to, size, "%d", net->weights[0]->columns);
    for (int l = 0; l < net->weight_count && used < size; l++)
        used += (size_t)snprintf(to + used, size - used, " → %d", net->weights[l]->rows);
}

static ht_code check_shapes(const ht_network *net, const ht_network *from, const char *path, ht_error *err)
{
    char here[160], there[160];
    describe(net, here, sizeof here);
    describe(from, there, sizeof there);
    if (from->weight_count != net->weight_count)
        return ht_error_set(err, HT_FAIL,
                            "%s: holds %d layers, %s; the run's network has %d, %s (model.layers, the data)",
                            path, from->weight_count, there, net->weight_count, here);
    for (int l = 0; l < net->weight_count; l++) {
        const ht_tensor *to = net->weights[l], *w = from->weights[l];
        if (to->rows != w->rows || to->columns != w->columns)
            return ht_error_set(
                err, HT_FAIL,
                "%s: layer %d is (%d × %d), and that of the run's network %s is (%d × %d); say which "
                "with model.layers: %s",
                path, l + 1, w->rows, w->columns, here, to->rows, to->columns, there);
    }
    return HT_OK;
}

/* Takes the biases of a layer, or those that it does not have. */
static ht_code take_biases(ht_tensor *to, const ht_tensor *from, const char *path, size_t *missing,
                           ht_error *err)
{
    const float *bias = ht_tensor_biases(from);
    for (int i = 0; bias && !to->bias && i < from->rows; i++)
        if (bias[i] != 0.0f)
            return ht_error_set(err, HT_FAIL,
                                "%s: has biases, and the run's network has none; set model.bias to 1", path);
    if (!to->bias) return HT_OK;
    *missing += bias == NULL;
    if (bias)
        memcpy(to->bias->data, bias, (size_t)to->rows * sizeof *bias);
    else
        memset(to->bias->data, 0, (size_t)to->rows * sizeof *bias);
    return HT_OK;
}

static ht_code take(ht_network *net, const ht_network *from, const char *path, ht_notes *notes, ht_error *err)
{
    size_t missing = 0;
    if (check_shapes(net, from, path, err) != HT_OK) return err->code;
    for (int l = 0; l < net->weight_count; l++) {
        memcpy(net->weights[l]->data, from->weights[l]->data,
               ht_tensor_size(net->weights[l]) * sizeof(float));
        if (take_biases(net->weights[l], from->weights[l], path, &missing, err) != HT_OK) return err->code;
    }
    if (missing > 0)
        ht_notes_add(notes, "%s: %zu of %d layers have no biases there; they begin at 0", path, missing,
                     net->weight_count);
    return HT_OK;
}

ht_code ht_network_fill(ht_network *net, const char *path, ht_notes *notes, ht_error *err)
{
    char file[4200];
    const ht_netfile_options options = {.notes = notes};
    snprintf(file, sizeof file, "%.4100s", path);
    if (ht_file_is_dir(path) && ht_file_join(file, sizeof file, path, "checkpoint.safetensors", err) != HT_OK)
        return err->code;
    ht_network *from = ht_netfile_read_as(file, &options, err);
    if (!from) return err->code;
    ht_code code = take(net, from, file, notes, err);
    ht_network_free(from);
    return code;
}
