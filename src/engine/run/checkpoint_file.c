/* checkpoint_file.c - checkpoints on disk. */
#include "engine/run/checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "weights/safetensors.h"

/* The counters in a file's metadata, one row each. */
typedef struct counter {
    const char *key;
    size_t offset; /* in ht_trainer_state */
    bool real;
} counter;

#define COUNTER(name) "heavytail." #name, offsetof(ht_trainer_state, name)
#define OF_OCCAM(name) "heavytail.occam." #name, offsetof(ht_trainer_state, occam.name)
#define OF_ROW(name) "heavytail.row." #name, offsetof(ht_trainer_state, row.name)
static const counter counters[] = {
    {COUNTER(step), false},        {COUNTER(epoch), false},      {COUNTER(cursor), false},
    {OF_ROW(steps), false},        {OF_ROW(loss_sum), true},     {OF_ROW(loss_min), true},
    {OF_ROW(loss_max), true},      {OF_ROW(accuracy_sum), true}, {COUNTER(running_accuracy), true},
    {COUNTER(averaged), false},    {COUNTER(recent), false},     {OF_OCCAM(epochs), false},
    {OF_OCCAM(lambda), true},      {OF_OCCAM(loss), true},       {OF_OCCAM(before), true},
    {OF_OCCAM(best_epoch), false}, {OF_OCCAM(best_loss), true},
};
enum { COUNTERS = sizeof counters / sizeof counters[0], NEEDED = 3 /* the first ones */, DIGITS = 32 };

static const char EPOCHS[] = "occam.epochs", RECENT[] = "average.recent";
enum { EPOCH_COLUMNS = 5 };

static void name_tensor(char *name, size_t size, int layer, const char *what)
{
    snprintf(name, size, "layers.%d.%s", layer, what);
}

/* One byte a weight, for the file; ht_free. */
static unsigned char *mask_bytes(const ht_mask *mask, int layer, ht_error *err)
{
    unsigned char *bytes = ht_alloc(mask->count[layer], 1, "the mask of weights", err);
    for (size_t i = 0; bytes && i < mask->count[layer]; i++) bytes[i] = ht_mask_trains(mask, layer, i);
    return bytes;
}

/* If there is anything to add. */
static void add_tensor(ht_tensor_out *tensors, size_t *count, const ht_checkpoint *c, int l, const char *what,
                       const float *data, const unsigned char *bits)
{
    if (!data && !bits) return;
    ht_tensor_out *t = &tensors[(*count)++];
    *t = (ht_tensor_out){.rows = (size_t)c->net->weights[l]->rows,
                         .columns = (size_t)c->net->weights[l]->columns,
                         .data = data,
                         .bits = bits};
    name_tensor(t->name, sizeof t->name, l, what);
}

/* Every row as five numbers; NULL when memory is short. ht_free. */
static double *epoch_table(const ht_checkpoint *c, ht_error *err)
{
    double *table = ht_alloc(c->epoch_count * EPOCH_COLUMNS, sizeof *table, "the epochs", err), *to = table;
    for (size_t i = 0; table && i < c->epoch_count; i++) {
        const ht_occam_epoch *e = &c->epochs[i];
        *to++ = (double)e->epoch, *to++ = e->lambda, *to++ = e->loss, *to++ = e->accuracy, *to++ = e->kept;
    }
    return table;
}

static ht_code write_tensors(int at, const char *path, const ht_checkpoint *c, unsigned char *const mask[],
                             const double *epochs, const char *const metadata[], ht_file_mark *old,
                             ht_error *err)
{
    ht_tensor_out tensors[(HT_ARRAYS + 2) * (HT_DEPTH_MAX + 1) + 2];
    size_t count = 0;
    if (c->epoch_count) {
        tensors[count] = (ht_tensor_out){.rows = c->epoch_count, .columns = EPOCH_COLUMNS, .table = epochs};
        strcpy(tensors[count++].name, EPOCHS);
    }
    if (c->state.recent) {
        tensors[count] =
            (ht_tensor_out){.rows = c->recent_rows, .columns = c->recent_size, .data = c->recent};
        strcpy(tensors[count++].name, RECENT);
    }
    for (int l = 0; l < c->net->weight_count; l++) {
        add_tensor(tensors, &count, c, l, "weight", c->net->weights[l]->data, NULL);
        for (int a = 0; a < HT_ARRAYS; a++)
            add_tensor(tensors, &count, c, l, ht_array_name(a), c->array[a][l], NULL);
        add_tensor(tensors, &count, c, l, "mask", NULL, mask[l]);
    }
    return ht_safetensors_write_in(at, path, tensors, count, metadata, old, err);
}

ht_code ht_checkpoint_save(const char *path, const ht_checkpoint *c, ht_error *err)
{
    return ht_checkpoint_save_in(AT_FDCWD, path, c, NULL, err);
}

ht_code ht_checkpoint_save_in(int at, const char *path, const ht_checkpoint *c, ht_file_mark *old,
                              ht_error *err)
{
    const char *metadata[2 * (COUNTERS + 1) + 1] = {"format", "pt"};
    char digits[COUNTERS][DIGITS];
    unsigned char *mask[HT_DEPTH_MAX + 1] = {NULL};
    ht_code code = HT_OK;
    locale_t before = ht_point_begin();
    for (int i = 0; i < COUNTERS; i++) {
        const char *field = (const char *)&c->state + counters[i].offset;
        if (counters[i].real)
            snprintf(digits[i], DIGITS, "%.17g", *(const double *)(const void *)field);
        else
            snprintf(digits[i], DIGITS, "%" PRIu64, *(const uint64_t *)(const void *)field);
        metadata[2 + 2 * i] = counters[i].key;
        metadata[3 + 2 * i] = digits[i];
    }
    ht_point_end(before);
    for (int l = 0; l < c->net->weight_count && c->mask && code == HT_OK; l++)
        code = (mask[l] = mask_bytes(c->mask, l, err)) ? HT_OK : err->code;
    double *epochs = code == HT_OK && c->epoch_count ? epoch_table(c, err) : NULL;
    if (c->epoch_count && !epochs && code == HT_OK) code = err->code;
    if (code == HT_OK) code = write_tensors(at, path, c, mask, epochs, metadata, old, err);
    ht_free(epochs);
    for (int l = 0; l < c->net->weight_count; l++) ht_free(mask[l]);
    return code;
}

ht_code ht_checkpoint_write(const char *path, ht_trainer *trainer, ht_error *err)
{
    ht_checkpoint now = ht_checkpoint_of(trainer);
    return ht_checkpoint_save(path, &now, err);
}

/* Files of other tools may lack all but the first few. */
static ht_code read_counters(const ht_safetensors *file, const char *path, ht_trainer_state *state,
                             ht_error *err)
{
    for (int i = 0; i < COUNTERS; i++) {
        const char *text = ht_safetensors_metadata(file, counters[i].key);
        char *end = NULL, *field = (char *)state + counters[i].offset;
        double real = 0;
        bool good = false;
        if (!text && i >= NEEDED) continue;
        if (text && counters[i].real && (good = ht_parse_number(text, &real)))
            *(double *)(void *)field = real;
        else if (text && !counters[i].real && text[0] >= '0' && text[0] <= '9') {
            *(uint64_t *)(void *)field = strtoull(text, &end, 10);
            good = *end == '\0';
        }
        if (!good)
            return ht_error_set(err, HT_FAIL,
                                "%s: metadata %s is missing or not a number; the run cannot be resumed", path,
                                counters[i].key);
    }
    return HT_OK;
}

/* A mask is all or nothing: layer 0 tells. */
static ht_code read_mask(ht_safetensors *file, const ht_network *net, ht_mask **mask, ht_error *err)
{
    char name[48];
    name_tensor(name, sizeof name, 0, "mask");
    *mask = NULL;
    if (!ht_safetensors_has(file, name)) return HT_OK;
    if (!(*mask = ht_mask_new(net, err))) return err->code;
    ht_code code = HT_OK;
    for (int l = 0; l < net->weight_count && code == HT_OK; l++) {
        size_t count = (*mask)->count[l];
        unsigned char *bytes = ht_alloc(count, 1, "the mask of weights", err);
        name_tensor(name, sizeof name, l, "mask");
        code = bytes ? ht_safetensors_read_bool(file, name, (size_t)net->weights[l]->rows,
                                                (size_t)net->weights[l]->columns, bytes, err)
                     : err->code;
        for (size_t i = 0; bytes && i < count && code == HT_OK; i++)
            if (!bytes[i]) (*mask)->trained[l][i / 8] &= (unsigned char)~(1u << (i % 8));
        ht_free(bytes);
    }
    return code;
}

static ht_code read_array(ht_safetensors *file, const ht_tensor *shape, int l, const char *what, float *to,
                          ht_error *err)
{
    char name[48];
    name_tensor(name, sizeof name, l, what);
    return ht_safetensors_read(file, name, (size_t)shape->rows, (size_t)shape->columns, to, err);
}

/* What the trainer has, once its counters say so. */
static ht_code read_arrays(ht_safetensors *file, ht_trainer *trainer, ht_error *err)
{
    const ht_network *net = ht_trainer_network(trainer);
    for (int l = 0; l < net->weight_count; l++) {
        const ht_tensor *layer = net->weights[l];
        if (read_array(file, layer, l, "weight", layer->weight, err) != HT_OK) return err->code;
        for (int a = 0; a < HT_ARRAYS; a++) {
            float *to = ht_trainer_array(trainer, a, l);
            if (to && read_array(file, layer, l, ht_array_name(a), to, err) != HT_OK) return err->code;
        }
    }
    ht_trainer_settle(trainer);
    return HT_OK;
}

/* Without them (a file of an older program, or of another window) none are kept; the run says so when it
 * misses them. */
static void read_recent(ht_safetensors *file, ht_trainer *trainer)
{
    ht_error ignored;
    ht_average *a = ht_trainer_average(trainer);
    if (a->kept == 0) return;
    if (!ht_safetensors_has(file, RECENT) ||
        ht_safetensors_read(file, RECENT, (size_t)a->rows, a->size, a->recent, &ignored) != HT_OK)
        a->kept = 0;
}

/* Epochs rise, and none is later than the counters say. */
static bool take_row(ht_occam_epoch *e, const double *from, uint64_t after, uint64_t last)
{
    if (!(from[0] > (double)after && from[0] <= (double)last && from[0] == (double)(uint64_t)from[0]))
        return false;
    *e = (ht_occam_epoch){(uint64_t)from[0], from[1], from[2], from[3], from[4]};
    return true;
}

static ht_code read_epochs(ht_safetensors *file, const char *path, ht_trainer *trainer, uint64_t last,
                           ht_error *err)
{
    double *table;
    size_t count;
    if (ht_safetensors_read_table(file, EPOCHS, EPOCH_COLUMNS, &table, &count, err) != HT_OK)
        return err->code;
    bool good = count <= HT_OCCAM_EPOCHS;
    ht_occam_epoch *rows = ht_alloc(HT_OCCAM_EPOCHS, sizeof *rows, "the epochs", err);
    for (size_t i = 0; rows && good && i < count; i++)
        good = take_row(&rows[i], table + EPOCH_COLUMNS * i, i ? rows[i - 1].epoch : 0, last);
    ht_code code = rows ? HT_OK : err->code;
    if (rows && good) ht_trainer_set_occam(trainer, rows, count);
    if (rows && !good)
        code = ht_error_set(err, HT_FAIL, "%s: %s is no table of the run's epochs; the file is damaged", path,
                            EPOCHS);
    ht_free(rows);
    ht_free(table);
    return code;
}

ht_code ht_checkpoint_read(const char *path, ht_trainer *trainer, ht_error *err)
{
    return ht_checkpoint_read_in(AT_FDCWD, path, trainer, err);
}

ht_code ht_checkpoint_read_in(int at, const char *path, ht_trainer *trainer, ht_error *err)
{
    ht_trainer_state state = {0};
    ht_mask *mask = NULL;
    ht_safetensors *file = ht_safetensors_open_in(at, path, err);
    if (!file) return err->code;
    ht_code code = read_counters(file, path, &state, err);
    if (code == HT_OK) code = read_mask(file, ht_trainer_network(trainer), &mask, err);
    if (code == HT_OK) code = ht_trainer_adopt(trainer, &state, ht_trainer_params(trainer), mask, err);
    if (code == HT_OK) code = read_arrays(file, trainer, err);
    if (code == HT_OK) read_recent(file, trainer);
    if (code == HT_OK) code = read_epochs(file, path, trainer, state.occam.epochs, err);
    ht_safetensors_close(file);
    ht_mask_free(mask);
    return code;
}
