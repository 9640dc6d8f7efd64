/* checkpoint_file.c - checkpoints on disk. */
#include "engine/run/checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "weights/net/netfile.h"
#include "weights/net/netform.h"
#include "weights/net/networds.h"

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
    {OF_OCCAM(best_epoch), false}, {OF_OCCAM(best_loss), true},  {COUNTER(running_loss), true},
    {COUNTER(reached), false},     {OF_OCCAM(seen), false},      {COUNTER(compute), true},
};
enum { COUNTERS = sizeof counters / sizeof counters[0], NEEDED = 3 /* the first ones */, DIGITS = 32 };

static const char EPOCHS[] = "occam.epochs", COMPUTE[] = "occam.compute", RECENT[] = "average.recent";
enum { EPOCH_COLUMNS = 5, COMPUTE_COLUMNS = 2 };

/* The file as it is made. */
typedef struct listing {
    ht_tensor_out *tensors;
    size_t count;
    unsigned char **mask; /* (tensors of the network): one byte a weight; NULL: no mask, or no weights */
    double *epochs;       /* every row as five numbers, … */
    double *compute;      /* … and two more in a table of their own: older files have none */
} listing;

/* One byte a weight, for the file; ht_free. */
static unsigned char *mask_bytes(const ht_mask *mask, int tensor, ht_error *err)
{
    size_t count = mask->of[tensor].count;
    unsigned char *bytes = ht_alloc(count, 1, "the mask of weights", err);
    for (size_t i = 0; bytes && i < count; i++) bytes[i] = ht_mask_trains(mask, tensor, i);
    return bytes;
}

/* If there is anything to add. */
static void add_tensor(listing *list, const ht_tensor *tensor, const char *what, const float *data,
                       const unsigned char *bits)
{
    char name[HT_CHECKPOINT_NAME];
    if (!data && !bits) return;
    ht_tensor_out *t = &list->tensors[list->count++];
    *t = (ht_tensor_out){.sides = ht_netform_sides(tensor), .data = data, .bits = bits};
    ht_checkpoint_name(name, tensor, what);
    ht_text_copy(t->name, sizeof t->name, name);
}

static void add_table(listing *list, const char *name, ht_tensor_out table)
{
    ht_tensor_out *t = &list->tensors[list->count++];
    *t = table;
    ht_text_copy(t->name, sizeof t->name, name);
}

static ht_code make_epochs(listing *list, const ht_checkpoint *c, ht_error *err)
{
    double *to = list->epochs = ht_alloc(c->epoch_count * EPOCH_COLUMNS, sizeof *to, "the epochs", err);
    double *also = list->compute =
        ht_alloc(c->epoch_count * COMPUTE_COLUMNS, sizeof *also, "the epochs", err);
    if (!to || !also) return HT_FAIL;
    for (size_t i = 0; i < c->epoch_count; i++) {
        const ht_occam_epoch *e = &c->epochs[i];
        *to++ = (double)e->epoch, *to++ = e->lambda, *to++ = e->loss, *to++ = e->accuracy, *to++ = e->kept;
        *also++ = e->multiply_adds, *also++ = e->compute;
    }
    return HT_OK;
}

static ht_code make_listing(listing *list, const ht_checkpoint *c, ht_error *err)
{
    static const char what[] = "a checkpoint";
    size_t tensors = (size_t)c->net->tensor_count;
    *list = (listing){.tensors = ht_alloc(tensors * (HT_ARRAYS + 2) + 3, sizeof *list->tensors, what, err),
                      .mask = ht_alloc(tensors, sizeof *list->mask, what, err)};
    if (!list->tensors || !list->mask) return HT_FAIL;
    for (size_t t = 0; t < tensors && c->mask; t++)
        if (c->mask->of[t].count > 0 && !(list->mask[t] = mask_bytes(c->mask, (int)t, err))) return HT_FAIL;
    return c->epoch_count ? make_epochs(list, c, err) : HT_OK;
}

static void free_listing(listing *list, const ht_checkpoint *c)
{
    for (int t = 0; list->mask && t < c->net->tensor_count; t++) ht_free(list->mask[t]);
    ht_free(list->mask);
    ht_free(list->epochs);
    ht_free(list->compute);
    ht_free(list->tensors);
}

static void fill_listing(listing *list, const ht_checkpoint *c)
{
    if (c->epoch_count) {
        add_table(list, EPOCHS,
                  (ht_tensor_out){.sides = {.rows = c->epoch_count, .columns = EPOCH_COLUMNS},
                                  .table = list->epochs});
        add_table(list, COMPUTE,
                  (ht_tensor_out){.sides = {.rows = c->epoch_count, .columns = COMPUTE_COLUMNS},
                                  .table = list->compute});
    }
    if (c->state.recent)
        add_table(
            list, RECENT,
            (ht_tensor_out){.sides = {.rows = c->recent_rows, .columns = c->recent_size}, .data = c->recent});
    for (int t = 0; t < c->net->tensor_count; t++) {
        const ht_tensor *tensor = &c->net->tensors[t];
        add_tensor(list, tensor, NULL, tensor->data, NULL);
        for (int a = 0; a < HT_ARRAYS; a++)
            add_tensor(list, tensor, ht_array_name(a), ht_checkpoint_array(c, a, t), NULL);
        add_tensor(list, tensor, "mask", NULL, list->mask[t]);
    }
}

ht_code ht_checkpoint_save(const char *path, const ht_checkpoint *c, ht_error *err)
{
    return ht_checkpoint_save_in(AT_FDCWD, path, c, NULL, err);
}

ht_code ht_checkpoint_save_in(int at, const char *path, const ht_checkpoint *c, ht_file_mark *old,
                              ht_error *err)
{
    const char *metadata[2 * (COUNTERS + 1 + HT_NETWORDS_PAIRS) + 1] = {"format", "pt"};
    ht_networds words;
    char digits[COUNTERS][DIGITS];
    listing list;
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
    ht_networds_of(&words, c->net, metadata + 2 + 2 * COUNTERS);
    ht_code code = make_listing(&list, c, err);
    if (code == HT_OK) fill_listing(&list, c);
    if (code == HT_OK) code = ht_safetensors_write_in(at, path, list.tensors, list.count, metadata, old, err);
    free_listing(&list, c);
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

static ht_code read_mask_tensor(ht_safetensors *file, const ht_tensor *tensor, ht_mask_tensor *mask,
                                ht_error *err)
{
    char name[HT_CHECKPOINT_NAME];
    unsigned char *bytes = ht_alloc(mask->count, 1, "the mask of weights", err);
    if (!bytes) return HT_FAIL;
    ht_checkpoint_name(name, tensor, "mask");
    ht_code code = ht_safetensors_read_bool(file, name, ht_netform_sides(tensor), bytes, err);
    for (size_t i = 0; i < mask->count && code == HT_OK; i++)
        if (!bytes[i]) mask->trained[i / 8] &= (unsigned char)~(1u << (i % 8));
    ht_free(bytes);
    return code;
}

/* A mask is all or nothing: the first weight matrix tells. */
static ht_code read_mask(ht_safetensors *file, const ht_network *net, ht_mask **mask, ht_error *err)
{
    char name[HT_CHECKPOINT_NAME];
    ht_code code = HT_OK;
    ht_checkpoint_name(name, net->weights[0], "mask");
    *mask = NULL;
    if (!ht_safetensors_has(file, name)) return HT_OK;
    if (!(*mask = ht_mask_new(net, err))) return err->code;
    for (int t = 0; t < net->tensor_count && code == HT_OK; t++)
        if ((*mask)->of[t].count > 0) code = read_mask_tensor(file, &net->tensors[t], &(*mask)->of[t], err);
    return code;
}

static ht_code read_array(ht_safetensors *file, const ht_tensor *shape, const char *what, float *to,
                          ht_error *err)
{
    char name[HT_CHECKPOINT_NAME];
    ht_checkpoint_name(name, shape, what);
    return ht_safetensors_read(file, name, ht_netform_sides(shape), to, err);
}

/* What the trainer has, once its counters say so. */
static ht_code read_arrays(ht_safetensors *file, ht_trainer *trainer, ht_error *err)
{
    const ht_network *net = ht_trainer_network(trainer);
    for (int t = 0; t < net->tensor_count; t++) {
        const ht_tensor *tensor = &net->tensors[t];
        if (read_array(file, tensor, NULL, tensor->data, err) != HT_OK) return err->code;
        for (int a = 0; a < HT_ARRAYS; a++) {
            float *to = ht_trainer_array(trainer, a, t);
            if (to && read_array(file, tensor, ht_array_name(a), to, err) != HT_OK) return err->code;
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
        ht_safetensors_read(file, RECENT, (ht_sides){.rows = (size_t)a->rows, .columns = a->size}, a->recent,
                            &ignored) != HT_OK)
        a->kept = 0;
}

/* Epochs rise, and none is later than the counters say. `also`: NULL, its numbers are not known. */
static bool take_row(ht_occam_epoch *e, const double *from, const double *also, uint64_t after, uint64_t last)
{
    if (!(from[0] > (double)after && from[0] <= (double)last && from[0] == (double)(uint64_t)from[0]))
        return false;
    *e = (ht_occam_epoch){
        (uint64_t)from[0],           from[1], from[2], from[3], from[4], also ? also[0] : (double)NAN,
        also ? also[1] : (double)NAN};
    return true;
}

/* Both tables have a row an epoch; or there is but the first. */
static bool take_rows(ht_occam_epoch *rows, size_t count, const double *table, const double *compute,
                      size_t computed, uint64_t last)
{
    bool good = count <= HT_OCCAM_EPOCHS && (!compute || computed == count);
    for (size_t i = 0; good && i < count; i++)
        good = take_row(&rows[i], table + EPOCH_COLUMNS * i, compute ? compute + COMPUTE_COLUMNS * i : NULL,
                        i ? rows[i - 1].epoch : 0, last);
    return good;
}

static ht_code read_epochs(ht_safetensors *file, const char *path, ht_trainer *trainer, uint64_t last,
                           ht_error *err)
{
    double *table = NULL, *compute = NULL;
    size_t count = 0, computed = 0;
    ht_occam_epoch *rows = NULL;
    ht_code code = ht_safetensors_read_table(file, EPOCHS, EPOCH_COLUMNS, &table, &count, err);
    if (code == HT_OK)
        code = ht_safetensors_read_table(file, COMPUTE, COMPUTE_COLUMNS, &compute, &computed, err);
    if (code == HT_OK && !(rows = ht_alloc(HT_OCCAM_EPOCHS, sizeof *rows, "the epochs", err))) code = HT_FAIL;
    if (code == HT_OK && !take_rows(rows, count, table, compute, computed, last))
        code = ht_error_set(err, HT_FAIL, "%s: %s is no table of the run's epochs; the file is damaged", path,
                            EPOCHS);
    if (code == HT_OK) ht_trainer_set_occam(trainer, rows, count);
    ht_free(rows);
    ht_free(table);
    ht_free(compute);
    return code;
}

ht_code ht_checkpoint_step(const char *path, uint64_t *step, ht_error *err)
{
    ht_trainer_state state = {0};
    ht_safetensors *file = ht_safetensors_open(path, err);
    if (!file) return err->code;
    ht_code code = read_counters(file, path, &state, err);
    *step = state.step;
    ht_safetensors_close(file);
    return code;
}

ht_code ht_checkpoint_read(const char *path, ht_trainer *trainer, ht_error *err)
{
    return ht_checkpoint_read_in(AT_FDCWD, path, trainer, err);
}

ht_code ht_checkpoint_read_in(int at, const char *path, ht_trainer *trainer, ht_error *err)
{
    ht_trainer_state state = {.compute = HT_UNCOUNTED};
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
