#include "engine/run/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/text.h"

ht_checkpoint ht_checkpoint_of(ht_trainer *trainer)
{
    ht_checkpoint c = {.params = *ht_trainer_params(trainer),
                       .state = ht_trainer_state_get(trainer),
                       .net = ht_trainer_network(trainer),
                       .trainer = trainer,
                       .mask = (ht_mask *)ht_trainer_mask(trainer)};
    const ht_average *average = ht_trainer_average(trainer);
    c.recent = average->recent, c.recent_rows = (size_t)average->rows, c.recent_size = average->size;
    c.epochs = ht_trainer_occam(trainer, &c.epoch_count);
    return c;
}

float *ht_checkpoint_array(const ht_checkpoint *c, ht_array array, int tensor)
{
    if (c->trainer) return ht_trainer_array(c->trainer, array, tensor);
    return c->has[array] ? c->owned[tensor][array] : NULL;
}

static ht_checkpoint_shape shape_like(const ht_checkpoint *now)
{
    return (ht_checkpoint_shape){.net = now->net, .now = now, .recent = now->recent_rows * now->recent_size};
}

static bool has_array(const ht_checkpoint_shape *shape, int tensor, int array)
{
    return shape->now ? ht_checkpoint_array(shape->now, array, tensor) != NULL : shape->has[tensor][array];
}

ht_code ht_checkpoint_shape_of(ht_checkpoint_shape *shape, ht_trainer *trainer, ht_error *err)
{
    const ht_checkpoint now = ht_checkpoint_of(trainer);
    *shape = shape_like(&now);
    shape->now = NULL;
    shape->has = ht_alloc((size_t)now.net->tensor_count, sizeof *shape->has, "a checkpoint", err);
    if (!shape->has) return HT_FAIL;
    for (int t = 0; t < now.net->tensor_count; t++)
        for (int a = 0; a < HT_ARRAYS; a++) shape->has[t][a] = ht_checkpoint_array(&now, a, t) != NULL;
    return HT_OK;
}

void ht_checkpoint_shape_free(ht_checkpoint_shape *shape)
{
    ht_free(shape->has);
    shape->has = NULL;
}

static ht_code make_recent(ht_checkpoint *c, size_t count, ht_error *err)
{
    if (count > c->room_size) {
        ht_free(c->recent_room);
        c->room_size = 0;
        if (!(c->recent_room = ht_alloc(count, sizeof(float), "a checkpoint", err))) return err->code;
        c->room_size = count;
    }
    c->recent = count ? c->recent_room : NULL;
    return HT_OK;
}

/* Room for the arrays of that shape; an array once needed stays. */
static ht_code make_room(ht_checkpoint *c, const ht_checkpoint_shape *shape, ht_error *err)
{
    for (int a = 0; a < HT_ARRAYS; a++) {
        c->has[a] = false;
        for (int t = 0; t < shape->net->tensor_count; t++) {
            if (!has_array(shape, t, a)) continue;
            size_t count = ht_tensor_size(&shape->net->tensors[t]);
            float **room = &c->owned[t][a];
            if (!*room) *room = ht_alloc(count, sizeof(float), "a checkpoint", err);
            if (!*room) return HT_FAIL;
            c->has[a] = true;
        }
    }
    return make_recent(c, shape->recent, err);
}

ht_checkpoint *ht_checkpoint_like(const ht_checkpoint_shape *shape, ht_error *err)
{
    ht_checkpoint *c = ht_alloc(1, sizeof *c, "a checkpoint", err);
    if (!c) return NULL;
    c->net = ht_network_like(shape->net, err);
    c->owned = ht_alloc((size_t)shape->net->tensor_count, sizeof *c->owned, "a checkpoint", err);
    if (c->net && c->owned && make_room(c, shape, err) == HT_OK) return c;
    ht_checkpoint_free(c);
    return NULL;
}

ht_checkpoint *ht_checkpoint_new(ht_trainer *trainer, ht_error *err)
{
    const ht_checkpoint now = ht_checkpoint_of(trainer);
    const ht_checkpoint_shape shape = shape_like(&now);
    return ht_checkpoint_like(&shape, err);
}

void ht_checkpoint_free(ht_checkpoint *c)
{
    if (!c) return;
    for (int t = 0; c->net && c->owned && t < c->net->tensor_count; t++)
        for (int a = 0; a < HT_ARRAYS; a++) ht_free(c->owned[t][a]);
    ht_network_free(c->net);
    ht_free(c->owned);
    ht_mask_free(c->spare);
    ht_free(c->recent_room);
    ht_free(c->epoch_room);
    ht_free(c);
}

size_t ht_checkpoint_bytes(ht_trainer *trainer)
{
    const ht_network *net = ht_trainer_network(trainer);
    size_t weights = 0, arrays = 1;
    for (int t = 0; t < net->tensor_count; t++) weights += ht_tensor_size(&net->tensors[t]);
    for (int a = 0; a < HT_ARRAYS; a++) arrays += ht_trainer_array(trainer, a, 0) != NULL;
    const ht_average *average = ht_trainer_average(trainer);
    size_t recent = (size_t)average->rows * average->size;
    return (weights * arrays + recent) * sizeof(float) + sizeof(ht_checkpoint);
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

/* If both are there. */
static void copy_floats(float *to, const float *from, size_t count, ht_pool *pool)
{
    copy_job job = {to, from, count};
    if (to && from) ht_pool_run(pool, (int)((count + CHUNK - 1) / CHUNK), copy_chunk, &job);
}

static void copy_arrays(const ht_checkpoint *to, const ht_checkpoint *from, ht_pool *pool)
{
    for (int t = 0; t < from->net->tensor_count; t++) {
        size_t count = ht_tensor_size(&from->net->tensors[t]);
        copy_floats(to->net->tensors[t].data, from->net->tensors[t].data, count, pool);
        for (int a = 0; a < HT_ARRAYS; a++)
            copy_floats(ht_checkpoint_array(to, a, t), ht_checkpoint_array(from, a, t), count, pool);
    }
    if (to->recent_rows == from->recent_rows)
        copy_floats(to->recent, from->recent, from->recent_rows * from->recent_size, pool);
}

static ht_code take_epochs(ht_checkpoint *c, const ht_checkpoint *now, ht_error *err)
{
    size_t count = now->epoch_count;
    if (count && !c->epoch_room &&
        !(c->epoch_room = ht_alloc(HT_OCCAM_EPOCHS, sizeof *c->epoch_room, "a checkpoint", err)))
        return err->code;
    if (count) memcpy(c->epoch_room, now->epochs, count * sizeof *now->epochs);
    c->epochs = c->epoch_room, c->epoch_count = count;
    return HT_OK;
}

ht_code ht_checkpoint_take(ht_checkpoint *c, ht_trainer *trainer, ht_pool *pool, ht_error *err)
{
    ht_checkpoint now = ht_checkpoint_of(trainer);
    if (now.mask && !c->spare && !(c->spare = ht_mask_new(c->net, err))) return err->code;
    const ht_checkpoint_shape shape = shape_like(&now);
    if (make_room(c, &shape, err) != HT_OK || take_epochs(c, &now, err) != HT_OK) return err->code;
    c->recent_rows = now.recent_rows, c->recent_size = now.recent_size;
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
    ht_trainer_set_occam(trainer, c->epochs, c->epoch_count);
    return HT_OK;
}

uint64_t ht_checkpoint_hash(const ht_checkpoint *c)
{
    uint64_t hash = HT_HASH_START;
    const uint64_t counters[] = {c->state.step, c->state.epoch, c->state.cursor, c->mask != NULL};
    hash = ht_hash(hash, counters, sizeof counters);
    for (int t = 0; t < c->net->tensor_count; t++) {
        size_t count = ht_tensor_size(&c->net->tensors[t]);
        hash = ht_hash(hash, c->net->tensors[t].data, count * sizeof(float));
        for (int a = 0; a < HT_ARRAYS; a++) {
            const float *array = ht_checkpoint_array(c, a, t);
            if (array) hash = ht_hash(hash, array, count * sizeof(float));
        }
        for (size_t i = 0; c->mask && i < c->mask->of[t].count; i++)
            if (!ht_mask_trains(c->mask, t, i)) hash = ht_hash(hash, &i, sizeof i);
    }
    return hash;
}

void ht_checkpoint_name(char name[HT_CHECKPOINT_NAME], const ht_tensor *tensor, const char *what)
{
    int length = (int)strlen(tensor->name);
    if (what && ht_text_ends(tensor->name, ".weight")) length -= (int)strlen(".weight");
    snprintf(name, HT_CHECKPOINT_NAME, "%.*s%s%s", length, tensor->name, what ? "." : "", what ? what : "");
}

/* ---- comparing ---- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static bool arrays_differ(const float *a, const float *b, const ht_tensor *shape, const char *what,
                          char *where, size_t size)
{
    char name[HT_CHECKPOINT_NAME];
    size_t count = ht_tensor_size(shape), i = 0;
    if (!a && !b) return false;
    if (a && b && memcmp(a, b, count * sizeof *a) == 0) return false;
    while (a && b && bits_of(a[i]) == bits_of(b[i])) i++;
    ht_checkpoint_name(name, shape, what);
    if (a && b)
        snprintf(where, size, "%s[%zu][%zu] is %.9g here and %.9g there", name, i / (size_t)shape->columns,
                 i % (size_t)shape->columns, (double)a[i], (double)b[i]);
    else
        snprintf(where, size, "%s is only %s", name, a ? "here" : "there");
    return true;
}

static bool masks_differ(const ht_checkpoint *a, const ht_checkpoint *b, int t, char *where, size_t size)
{
    size_t columns = (size_t)a->net->tensors[t].columns;
    char name[HT_CHECKPOINT_NAME];
    if (!a->mask != !b->mask) {
        snprintf(where, size, "a mask is only %s", a->mask ? "here" : "there");
        return true;
    }
    for (size_t i = 0; a->mask && i < a->mask->of[t].count; i++) {
        if (ht_mask_trains(a->mask, t, i) == ht_mask_trains(b->mask, t, i)) continue;
        ht_checkpoint_name(name, &a->net->tensors[t], "mask");
        snprintf(where, size, "%s[%zu][%zu] is %d here and %d there", name, i / columns, i % columns,
                 ht_mask_trains(a->mask, t, i), ht_mask_trains(b->mask, t, i));
        return true;
    }
    return false;
}

/* NaN equals NaN. */
static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool epochs_differ(const ht_checkpoint *a, const ht_checkpoint *b, char *where, size_t size)
{
    size_t n = a->epoch_count < b->epoch_count ? a->epoch_count : b->epoch_count, i = 0;
    for (; i < n; i++) {
        const ht_occam_epoch *x = &a->epochs[i], *y = &b->epochs[i];
        if (x->epoch != y->epoch || !same_number(x->lambda, y->lambda) || !same_number(x->loss, y->loss) ||
            !same_number(x->accuracy, y->accuracy) || !same_number(x->kept, y->kept) ||
            !same_number(x->multiply_adds, y->multiply_adds) || !same_number(x->compute, y->compute))
            break;
    }
    if (i == n && a->epoch_count == b->epoch_count) return false;
    snprintf(where, size, "row %zu of the epochs is another here than there", i + 1);
    return true;
}

bool ht_checkpoint_differs(const ht_checkpoint *a, const ht_checkpoint *b, char *where, size_t size)
{
    const struct {
        const char *name;
        uint64_t here, there;
    } counters[] = {{"step", a->state.step, b->state.step},
                    {"epoch", a->state.epoch, b->state.epoch},
                    {"sample of the epoch", a->state.cursor, b->state.cursor},
                    {"number of iterates in the mean", a->state.averaged, b->state.averaged}};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (counters[i].here != counters[i].there) {
            snprintf(where, size, "the %s is %" PRIu64 " here and %" PRIu64 " there", counters[i].name,
                     counters[i].here, counters[i].there);
            return true;
        }
    for (int t = 0; t < a->net->tensor_count; t++) {
        const ht_tensor *x = &a->net->tensors[t], *y = &b->net->tensors[t];
        if (arrays_differ(x->data, y->data, x, NULL, where, size) || masks_differ(a, b, t, where, size))
            return true;
        for (int k = 0; k < HT_ARRAYS; k++)
            if (arrays_differ(ht_checkpoint_array(a, k, t), ht_checkpoint_array(b, k, t), x, ht_array_name(k),
                              where, size))
                return true;
    }
    return epochs_differ(a, b, where, size);
}
