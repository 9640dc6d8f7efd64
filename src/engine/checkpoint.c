#include "engine/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/safetensors.h"

static void name_tensor(char *name, size_t size, int layer, const char *what)
{
    snprintf(name, size, "layers.%d.%s", layer, what);
}

ht_code ht_checkpoint_write(const char *path, ht_trainer *trainer, ht_error *err)
{
    ht_tensor_out tensors[2 * (HT_DEPTH_MAX + 1)];
    const ht_network *net = ht_trainer_network(trainer);
    ht_trainer_state state = ht_trainer_state_get(trainer);
    char step[24], epoch[24], cursor[24], accuracy[40];
    size_t count = 0;
    for (int l = 0; l <= net->depth; l++) {
        const ht_layer *layer = &net->layers[l];
        ht_tensor_out weight = {"", (size_t)layer->rows, (size_t)layer->columns, layer->weight},
                      momentum = weight;
        name_tensor(weight.name, sizeof weight.name, l, "weight");
        tensors[count++] = weight;
        momentum.data = ht_trainer_momentum(trainer, l);
        name_tensor(momentum.name, sizeof momentum.name, l, "momentum");
        if (momentum.data) tensors[count++] = momentum;
    }
    snprintf(step, sizeof step, "%" PRIu64, state.step);
    snprintf(epoch, sizeof epoch, "%" PRIu64, state.epoch);
    snprintf(cursor, sizeof cursor, "%" PRIu64, state.cursor);
    snprintf(accuracy, sizeof accuracy, "%.17g", state.running_accuracy);
    const char *const metadata[] = {"format",
                                    "pt",
                                    "heavytail.step",
                                    step,
                                    "heavytail.epoch",
                                    epoch,
                                    "heavytail.cursor",
                                    cursor,
                                    "heavytail.running_accuracy",
                                    accuracy,
                                    NULL};
    return ht_safetensors_write(path, tensors, count, metadata, err);
}

static ht_code read_counter(const ht_safetensors *file, const char *path, const char *key, uint64_t *value,
                            ht_error *err)
{
    const char *text = ht_safetensors_metadata(file, key);
    char *end = NULL;
    if (text && text[0] >= '0' && text[0] <= '9') *value = strtoull(text, &end, 10);
    if (end && *end == '\0') return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: metadata %s is missing or not a number; the run cannot be resumed",
                        path, key);
}

ht_code ht_checkpoint_read(const char *path, ht_trainer *trainer, ht_error *err)
{
    ht_trainer_state state = {0};
    ht_network *net = ht_trainer_network(trainer);
    ht_safetensors *file = ht_safetensors_open(path, err);
    if (!file) return err->code;
    ht_code code = read_counter(file, path, "heavytail.step", &state.step, err);
    if (code == HT_OK) code = read_counter(file, path, "heavytail.epoch", &state.epoch, err);
    if (code == HT_OK) code = read_counter(file, path, "heavytail.cursor", &state.cursor, err);
    const char *accuracy = ht_safetensors_metadata(file, "heavytail.running_accuracy");
    state.running_accuracy = accuracy ? strtod(accuracy, NULL) : 0;
    for (int l = 0; l <= net->depth && code == HT_OK; l++) {
        char name[48];
        ht_layer *layer = &net->layers[l];
        size_t rows = (size_t)layer->rows, columns = (size_t)layer->columns;
        name_tensor(name, sizeof name, l, "weight");
        code = ht_safetensors_read(file, name, rows, columns, layer->weight, err);
        name_tensor(name, sizeof name, l, "momentum");
        if (code == HT_OK && ht_trainer_momentum(trainer, l))
            code = ht_safetensors_read(file, name, rows, columns, ht_trainer_momentum(trainer, l), err);
    }
    ht_safetensors_close(file);
    return code == HT_OK ? ht_trainer_state_set(trainer, &state, err) : code;
}
