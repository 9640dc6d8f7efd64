#include "engine/timeline.h"

#include "base/alloc.h"
#include "engine/reserve.h"

struct ht_timeline {
    int count, spares;
    ht_checkpoint *state[HT_STORED]; /* by rising step */
    /* Dropped states whose memory is reused: freeing and allocating for hours would fragment the heap. */
    ht_checkpoint *spare[HT_STORED];
    ht_checkpoint *undo;
    ht_reserve *reserve;
};

ht_timeline *ht_timeline_new(ht_error *err)
{
    ht_timeline *t = ht_alloc(1, sizeof *t, "the timeline", err);
    if (t && (t->reserve = ht_reserve_start(err))) return t;
    ht_free(t);
    return NULL;
}

static void put_aside(ht_timeline *t, ht_checkpoint *c)
{
    if (t->count + t->spares < HT_STORED)
        t->spare[t->spares++] = c;
    else
        ht_checkpoint_free(c);
}

/* Frees spares until at most so many states are left, spares among them. */
static void give_back(ht_timeline *t, int states)
{
    while (t->spares && t->count + t->spares > states) ht_checkpoint_free(t->spare[--t->spares]);
}

void ht_timeline_clear(ht_timeline *t)
{
    while (t->count) put_aside(t, t->state[--t->count]);
}

void ht_timeline_free(ht_timeline *t)
{
    if (!t) return;
    ht_timeline_clear(t);
    give_back(t, 0);
    ht_checkpoint_free(t->undo);
    ht_reserve_stop(t->reserve);
    ht_free(t);
}

/* States that run.memory_mb holds, undo included. */
static int room(ht_trainer *trainer)
{
    double bytes = 1e6 * ht_params_get(ht_trainer_params(trainer), HT_P_RUN_MEMORY);
    double states = bytes / (double)ht_checkpoint_bytes(trainer);
    return states < HT_STORED + 1 ? (int)states : HT_STORED + 1;
}

static ht_code no_room(ht_trainer *trainer, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL, "run.memory_mb = %.0f holds no state of this network (%.0f MB): nothing to go back to",
        ht_params_get(ht_trainer_params(trainer), HT_P_RUN_MEMORY),
        (double)ht_checkpoint_bytes(trainer) / 1e6);
}

static uint64_t step_of(const ht_timeline *t, int i)
{
    return t->state[i]->state.step;
}

/* Takes state i out; the caller's. */
static ht_checkpoint *take_out(ht_timeline *t, int i)
{
    ht_checkpoint *c = t->state[i];
    for (t->count--; i < t->count; i++) t->state[i] = t->state[i + 1];
    return c;
}

/* The state whose loss leaves the smallest gap, measured against its age; never the first. With the newest at
 * `now`, gaps come out proportional to age. */
static int least_needed(const ht_timeline *t, uint64_t now)
{
    int least = t->count - 1;
    double smallest = 0;
    for (int i = 1; i < t->count; i++) {
        uint64_t after = i + 1 < t->count ? step_of(t, i + 1) : now;
        double gap = (double)(after - step_of(t, i - 1)), age = (double)(now - step_of(t, i)) + 1;
        if (i == 1 || gap / age < smallest) smallest = gap / age, least = i;
    }
    return least;
}

bool ht_timeline_ready(ht_timeline *t, ht_trainer *trainer)
{
    if (t->spares > 0 || t->count >= room(trainer) - 1) return true; /* memory that is there is reused */
    ht_checkpoint *made = ht_reserve_take(t->reserve);
    if (made) t->spare[t->spares++] = made;
    return made || !ht_reserve_ask(t->reserve, trainer);
}

ht_code ht_timeline_store(ht_timeline *t, ht_trainer *trainer, ht_pool *pool, ht_error *err)
{
    uint64_t step = ht_trainer_steps(trainer);
    int capacity = room(trainer) - 1;
    ht_checkpoint *c = NULL;
    if (capacity < 1) {
        ht_timeline_clear(t);
        give_back(t, 0);
        return no_room(trainer, err);
    }
    ht_timeline_drop_after(t, step);
    give_back(t, capacity);
    if (t->count && step_of(t, t->count - 1) == step) c = take_out(t, t->count - 1);
    while (t->count >= capacity) {
        ht_checkpoint_free(c); /* its memory is reused */
        c = take_out(t, least_needed(t, step));
    }
    if (!c) c = t->spares ? t->spare[--t->spares] : ht_checkpoint_new(trainer, err);
    if (!c && t->count)
        c = take_out(t, least_needed(t, step)); /* no memory: the states that there are stay */
    if (!c || ht_checkpoint_take(c, trainer, pool, err) != HT_OK) {
        ht_checkpoint_free(c);
        return err->code;
    }
    t->state[t->count++] = c;
    return HT_OK;
}

const ht_checkpoint *ht_timeline_find(const ht_timeline *t, uint64_t step)
{
    int i = t->count;
    while (i > 0 && step_of(t, i - 1) > step) i--;
    return i ? t->state[i - 1] : NULL;
}

bool ht_timeline_drop_after(ht_timeline *t, uint64_t step)
{
    int before = t->count;
    while (t->count && step_of(t, t->count - 1) > step) put_aside(t, take_out(t, t->count - 1));
    return t->count < before;
}

ht_code ht_timeline_mark(ht_timeline *t, ht_trainer *trainer, ht_pool *pool, ht_error *err)
{
    ht_checkpoint *c = ht_timeline_swap(t, NULL);
    ht_code code = room(trainer) < 1 ? no_room(trainer, err) : HT_OK;
    if (code == HT_OK && !c && !(c = ht_checkpoint_new(trainer, err))) code = err->code;
    if (code == HT_OK) code = ht_checkpoint_take(c, trainer, pool, err);
    if (code == HT_OK)
        t->undo = c;
    else
        ht_checkpoint_free(c);
    return code;
}

const ht_checkpoint *ht_timeline_marked(const ht_timeline *t)
{
    return t->undo;
}

ht_checkpoint *ht_timeline_swap(ht_timeline *t, ht_checkpoint *other)
{
    ht_checkpoint *c = t->undo;
    t->undo = other;
    return c;
}

void ht_timeline_describe(const ht_timeline *t, ht_trainer *trainer, ht_stored *stored)
{
    int states = room(trainer);
    *stored = (ht_stored){.count = t->count,
                          .capacity = states > 0 ? states - 1 : 0,
                          .undo = t->undo != NULL,
                          .undo_step = t->undo ? t->undo->state.step : 0,
                          .state_mb = (double)ht_checkpoint_bytes(trainer) / 1e6};
    for (int i = 0; i < t->count; i++) stored->step[i] = step_of(t, i);
}
