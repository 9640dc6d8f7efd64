/* A network from any source (.safetensors, .npy), and every tensor in it; what was read can be written and
 * read again. */
#include <math.h>
#include <stdio.h>

#include "weights/net/netfile.h"
#include "weights/tensor.h"
#include "fuzz/fuzz.h"

static ht_code look(void *context, const ht_file_tensor *tensor, ht_error *err)
{
    (void)context, (void)err;
    size_t count = tensor->rows * tensor->columns;
    fuzz_require((tensor->f32 != NULL) != (tensor->f64 != NULL), "floats or doubles");
    for (size_t i = 0; i < count; i++)
        fuzz_require(isfinite(tensor->f32 ? (double)tensor->f32[i] : tensor->f64[i]), "values are finite");
    if (tensor->f32) fuzz_look(tensor->f32, count * sizeof *tensor->f32);
    if (tensor->f64) fuzz_look(tensor->f64, count * sizeof *tensor->f64);
    return HT_OK;
}

/* With samples of a shape, without, and with the layers named. */
static void read_network(const char *path, const ht_netfile_options *options)
{
    char copy[128], line[HT_PARAM_TEXT];
    ht_error err = {HT_OK, ""};
    ht_network *net = ht_netfile_read_as(path, options, &err);
    if (!net) {
        fuzz_outcome(err.code, &err);
        return;
    }
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++)
            fuzz_require(isfinite(net->tensors[t].data[i]), "weights are finite");
    snprintf(copy, sizeof copy, "%s/copy.safetensors", fuzz_dir());
    fuzz_outcome(ht_netfile_write(copy, net, NULL, "", &err), &err);
    bool told = ht_network_is_dense(net) || ht_network_line(net, line, sizeof line); /* what network it is */
    ht_network_free(net);
    net = ht_netfile_read_as(copy, options, &err);
    fuzz_require(net != NULL || !told, err.text);
    ht_network_free(net);
    remove(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"net.safetensors", "net.npy", "net.index.json"};
    static bool linked;
    char path[128];
    ht_error err;
    for (int i = 0; i < 3 && !linked; i++) fuzz_link(names[i], 0);
    linked = true;
    fuzz_file(0, data, size);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[i]);
        fuzz_outcome(
            ht_tensors_each(path, &(ht_tensor_choice){0}, &(ht_tensor_visitor){.visit = look}, NULL, &err),
            &err);
    }
    snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[0]);
    ht_params params;
    ht_params_init(&params);
    ht_params_set(&params, "model.layers", "conv 2 3x3 same, norm batch, pool 2, dense 3", &err);
    const ht_shape picture = {1, 4, 4};
    read_network(path, &(ht_netfile_options){.activation = HT_RELU});
    read_network(path, &(ht_netfile_options){.activation = HT_TANH, .input = picture, .classes = 2});
    read_network(path, &(ht_netfile_options){.run = &params, .input = picture});
    return 0;
}
