#include "engine/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/text.h"
#include "data/safetensors.h"

/* ---- in memory ---- */

ht_checkpoint ht_checkpoint_of(ht_trainer *trainer)
{
    ht_checkpoint c = {.params = *ht_trainer_params(trainer),
                       .state = ht_trainer_state_get(trainer),
                       .net = ht_trainer_network(trainer),
                       .mask = (ht_mask *)ht_trainer_mask(trainer)};
    for (int a = 0; a < HT_ARRAYS; a++)
        for (int l = 0; l <= c.net->depth; l++) c.array[a][l] = ht_trainer_array(trainer, a, l);
    return c;
}

/* Room for the arrays that `now` has; an array once needed stays. */
static ht_code make_room(ht_checkpoint *c, const ht_checkpoint *now, ht_error *err)
{
    for (int a = 0; a < HT_ARRAYS; a++)
        for (int l = 0; l <= now->net->depth; l++) {
            if (now->array[a][l] && !c->owned[a][l])
                c->owned[a][l] =
                    ht_alloc(ht_layer_size(&now->net->layers[l]), sizeof(float), "a checkpoint", err);
            if (now->array[a][l] && !c->owned[a][l]) return err->code;
            c->array[a][l] = now->array[a][l] ? c->owned[a][l] : NULL;
        }
    return HT_OK;
}

ht_checkpoint *ht_checkpoint_new(ht_trainer *trainer, ht_error *err)
{
    const ht_network *net = ht_trainer_network(trainer);
    ht_checkpoint *c = ht_alloc(1, sizeof *c, "a checkpoint", err);
    if (!c) return NULL;
    c->net = ht_network_new(net->layers[0].columns, net->layers[0].rows, net->depth,
                            net->layers[net->depth].rows, net->activation, net->mean_field, err);
    ht_checkpoint now = ht_checkpoint_of(trainer);
    if (c->net && make_room(c, &now, err) == HT_OK) return c;
    ht_checkpoint_free(c);
    return NULL;
}

void ht_checkpoint_free(ht_checkpoint *c)
{
    if (!c) return;
    ht_network_free(c->net);
    for (int a = 0; a < HT_ARRAYS; a++)
        for (int l = 0; l <= HT_DEPTH_MAX; l++) ht_free(c->owned[a][l]);
    ht_mask_free(c->spare);
    ht_free(c);
}

size_t ht_checkpoint_bytes(ht_trainer *trainer)
{
    size_t weights = ht_network_parameters(ht_trainer_network(trainer));
    size_t arrays = 1;
    for (int a = 0; a < HT_ARRAYS; a++) arrays += ht_trainer_array(trainer, a, 0) != NULL;
    return weights * sizeof(float) * arrays + sizeof(ht_checkpoint);
}

enum { CHUNK = 1 << 18 }; /* floats that one task copies */

typedef struct copy_job {
    float *to;
    const float *from;
    size_t count;
} copy_job;

static void copy_chunk(void *context, int task, int worker)
{
    const copy_job *job = context;
    size_t first = (size_t)task * CHUNK, left = job->count - first;
    (void)worker;
    memcpy(job->to + first, job->from + first, (left < CHUNK ? left : CHUNK) * sizeof(float));
}

static void copy_arrays(const ht_checkpoint *to, const ht_checkpoint *from, ht_pool *pool)
{
    for (int l = 0; l <= from->net->depth; l++) {
        size_t count = ht_layer_size(&from->net->layers[l]);
        int tasks = (int)((count + CHUNK - 1) / CHUNK);
        copy_job weights = {to->net->layers[l].weight, from->net->layers[l].weight, count};
        ht_pool_run(pool, tasks, copy_chunk, &weights);
        for (int a = 0; a < HT_ARRAYS; a++) {
            copy_job array = {to->array[a][l], from->array[a][l], count};
            if (array.from && array.to) ht_pool_run(pool, tasks, copy_chunk, &array);
        }
    }
}

ht_code ht_checkpoint_take(ht_checkpoint *c, ht_trainer *trainer, ht_pool *pool, ht_error *err)
{
    ht_checkpoint now = ht_checkpoint_of(trainer);
    if (now.mask && !c->spare && !(c->spare = ht_mask_new(c->net, err))) return err->code;
    if (make_room(c, &now, err) != HT_OK) return err->code;
    c->params = now.params;
    c->state = now.state;
    c->mask = now.mask ? c->spare : NULL;
    if (now.mask) ht_mask_copy(c->mask, now.mask);
    copy_arrays(c, &now, pool);
    return HT_OK;
}

ht_code ht_checkpoint_restore(const ht_checkpoint *c, ht_trainer *trainer, ht_pool *pool, ht_error *err)
{
    if (ht_trainer_adopt(trainer, &c->state, &c->params, c->mask, err) != HT_OK) return err->code;
    ht_checkpoint now = ht_checkpoint_of(trainer);
    copy_arrays(&now, c, pool);
    ht_trainer_settle(trainer);
    return HT_OK;
}

uint64_t ht_checkpoint_hash(const ht_checkpoint *c)
{
    uint64_t hash = HT_HASH_START;
    const uint64_t counters[] = {c->state.step, c->state.epoch, c->state.cursor, c->mask != NULL};
    hash = ht_hash(hash, counters, sizeof counters);
    for (int l = 0; l <= c->net->depth; l++) {
        size_t count = ht_layer_size(&c->net->layers[l]);
        hash = ht_hash(hash, c->net->layers[l].weight, count * sizeof(float));
        for (int a = 0; a < HT_ARRAYS; a++)
            if (c->array[a][l]) hash = ht_hash(hash, c->array[a][l], count * sizeof(float));
        for (size_t i = 0; c->mask && i < count; i++)
            if (!ht_mask_trains(c->mask, l, i)) hash = ht_hash(hash, &i, sizeof i);
    }
    return hash;
}

/* ---- comparing ---- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static bool arrays_differ(const float *a, const float *b, const ht_layer *shape, int l, const char *what,
                          char *where, size_t size)
{
    size_t count = ht_layer_size(shape), i = 0;
    if (!a && !b) return false;
    if (a && b && memcmp(a, b, count * sizeof *a) == 0) return false;
    while (a && b && bits_of(a[i]) == bits_of(b[i])) i++;
    if (a && b)
        snprintf(where, size, "layers.%d.%s[%zu][%zu] is %.9g here and %.9g there", l, what,
                 i / (size_t)shape->columns, i % (size_t)shape->columns, (double)a[i], (double)b[i]);
    else
        snprintf(where, size, "layers.%d.%s is only %s", l, what, a ? "here" : "there");
    return true;
}

static bool masks_differ(const ht_checkpoint *a, const ht_checkpoint *b, int l, char *where, size_t size)
{
    size_t columns = (size_t)a->net->layers[l].columns, count = ht_layer_size(&a->net->layers[l]);
    if (!a->mask != !b->mask) {
        snprintf(where, size, "a mask is only %s", a->mask ? "here" : "there");
        return true;
    }
    for (size_t i = 0; a->mask && i < count; i++) {
        if (ht_mask_trains(a->mask, l, i) == ht_mask_trains(b->mask, l, i)) continue;
        snprintf(where, size, "layers.%d.mask[%zu][%zu] is %d here and %d there", l, i / columns, i % columns,
                 ht_mask_trains(a->mask, l, i), ht_mask_trains(b->mask, l, i));
        return true;
    }
    return false;
}

bool ht_checkpoint_differs(const ht_checkpoint *a, const ht_checkpoint *b, char *where, size_t size)
{
    const struct {
        const char *name;
        uint64_t here, there;
    } counters[] = {{"step", a->state.step, b->state.step},
                    {"epoch", a->state.epoch, b->state.epoch},
                    {"sample of the epoch", a->state.cursor, b->state.cursor}};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (counters[i].here != counters[i].there) {
            snprintf(where, size, "the %s is %" PRIu64 " here and %" PRIu64 " there", counters[i].name,
                     counters[i].here, counters[i].there);
            return true;
        }
    for (int l = 0; l <= a->net->depth; l++) {
        const ht_layer *x = &a->net->layers[l], *y = &b->net->layers[l];
        if (arrays_differ(x->weight, y->weight, x, l, "weight", where, size) ||
            masks_differ(a, b, l, where, size))
            return true;
        for (int k = 0; k < HT_ARRAYS; k++)
            if (arrays_differ(a->array[k][l], b->array[k][l], x, l, ht_array_name(k), where, size))
                return true;
    }
    return false;
}

/* ---- files ---- */

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
    {COUNTER(step), false},      {COUNTER(epoch), false},      {COUNTER(cursor), false},
    {OF_ROW(steps), false},      {OF_ROW(loss_sum), true},     {OF_ROW(loss_min), true},
    {OF_ROW(loss_max), true},    {OF_ROW(accuracy_sum), true}, {COUNTER(running_accuracy), true},
    {COUNTER(averaged), false},  {OF_OCCAM(epochs), false},    {OF_OCCAM(lambda), true},
    {OF_OCCAM(loss), true},      {OF_OCCAM(before), true},     {OF_OCCAM(best_epoch), false},
    {OF_OCCAM(best_loss), true},
};
enum { COUNTERS = sizeof counters / sizeof counters[0], NEEDED = 3 /* the first ones */, DIGITS = 32 };

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
    *t = (ht_tensor_out){.rows = (size_t)c->net->layers[l].rows,
                         .columns = (size_t)c->net->layers[l].columns,
                         .data = data,
                         .bits = bits};
    name_tensor(t->name, sizeof t->name, l, what);
}

static ht_code write_tensors(const char *path, const ht_checkpoint *c, unsigned char *const mask[],
                             const char *const metadata[], ht_error *err)
{
    ht_tensor_out tensors[(HT_ARRAYS + 2) * (HT_DEPTH_MAX + 1)];
    size_t count = 0;
    for (int l = 0; l <= c->net->depth; l++) {
        add_tensor(tensors, &count, c, l, "weight", c->net->layers[l].weight, NULL);
        for (int a = 0; a < HT_ARRAYS; a++)
            add_tensor(tensors, &count, c, l, ht_array_name(a), c->array[a][l], NULL);
        add_tensor(tensors, &count, c, l, "mask", NULL, mask[l]);
    }
    return ht_safetensors_write(path, tensors, count, metadata, err);
}

ht_code ht_checkpoint_save(const char *path, const ht_checkpoint *c, ht_error *err)
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
    for (int l = 0; l <= c->net->depth && c->mask && code == HT_OK; l++)
        code = (mask[l] = mask_bytes(c->mask, l, err)) ? HT_OK : err->code;
    if (code == HT_OK) code = write_tensors(path, c, mask, metadata, err);
    for (int l = 0; l <= c->net->depth; l++) ht_free(mask[l]);
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
    for (int l = 0; l <= net->depth && code == HT_OK; l++) {
        size_t count = (*mask)->count[l];
        unsigned char *bytes = ht_alloc(count, 1, "the mask of weights", err);
        name_tensor(name, sizeof name, l, "mask");
        code = bytes ? ht_safetensors_read_bool(file, name, (size_t)net->layers[l].rows,
                                                (size_t)net->layers[l].columns, bytes, err)
                     : err->code;
        for (size_t i = 0; bytes && i < count && code == HT_OK; i++)
            if (!bytes[i]) (*mask)->trained[l][i / 8] &= (unsigned char)~(1u << (i % 8));
        ht_free(bytes);
    }
    return code;
}

static ht_code read_array(ht_safetensors *file, const ht_layer *shape, int l, const char *what, float *to,
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
    for (int l = 0; l <= net->depth; l++) {
        const ht_layer *layer = &net->layers[l];
        if (read_array(file, layer, l, "weight", layer->weight, err) != HT_OK) return err->code;
        for (int a = 0; a < HT_ARRAYS; a++) {
            float *to = ht_trainer_array(trainer, a, l);
            if (to && read_array(file, layer, l, ht_array_name(a), to, err) != HT_OK) return err->code;
        }
    }
    ht_trainer_settle(trainer);
    return HT_OK;
}

ht_code ht_checkpoint_read(const char *path, ht_trainer *trainer, ht_error *err)
{
    ht_trainer_state state = {0};
    ht_mask *mask = NULL;
    ht_safetensors *file = ht_safetensors_open(path, err);
    if (!file) return err->code;
    ht_code code = read_counters(file, path, &state, err);
    if (code == HT_OK) code = read_mask(file, ht_trainer_network(trainer), &mask, err);
    if (code == HT_OK) code = ht_trainer_adopt(trainer, &state, ht_trainer_params(trainer), mask, err);
    if (code == HT_OK) code = read_arrays(file, trainer, err);
    ht_safetensors_close(file);
    ht_mask_free(mask);
    return code;
}
