#include "engine/run/replay.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "engine/run/checkpoint.h"

typedef struct replay {
    ht_trainer *trainer;
    ht_replay_watch *watch;
    void *context;
} replay;

static ht_code train_to(replay *r, uint64_t step, ht_error *err)
{
    uint64_t at = ht_trainer_steps(r->trainer);
    if (step < at)
        return ht_error_set(err, HT_FAIL,
                            "the journal has a change at step %" PRIu64 " after one at step %" PRIu64, step,
                            at);
    for (; at < step; at++) {
        if (r->watch && !r->watch(r->context, at))
            return ht_error_set(err, HT_FAIL, "the replay was stopped at step %" PRIu64, at);
        ht_step_result result = ht_trainer_step(r->trainer);
        if (result.refused)
            return ht_error_set(err, HT_FAIL, "the replay diverges at step %" PRIu64 ": %s", at + 1,
                                result.refused);
    }
    return HT_OK;
}

static ht_code apply(replay *r, const ht_entry *e, ht_error *err)
{
    ht_prune_result result;
    switch (e->kind) {
    case HT_ENTRY_SET:
        return ht_trainer_set(r->trainer, e->param, e->value, err);
    case HT_ENTRY_PRUNE:
        return ht_trainer_prune(r->trainer, &e->prune, &result, err);
    case HT_ENTRY_RESET:
        ht_trainer_reset(r->trainer, (uint64_t)e->value);
        return HT_OK;
    default:
        ht_trainer_unmask(r->trainer);
        return HT_OK;
    }
}

ht_code ht_replay(ht_trainer *trainer, const ht_journal *journal, size_t entry, ht_replay_watch *watch,
                  void *context, ht_error *err)
{
    replay r = {trainer, watch, context};
    size_t count, start = 0, *path = ht_journal_path(journal, entry, &count, err);
    ht_code code = HT_OK;
    if (!path) return err->code;
    /* Up to a reset nothing is trained. */
    for (size_t i = 0; i < count; i++)
        if (journal->entries[path[i]].kind == HT_ENTRY_RESET) start = i + 1;
    for (size_t i = 0; code == HT_OK && i < count; i++) {
        const ht_entry *e = &journal->entries[path[i]];
        if (i >= start) code = train_to(&r, e->step, err);
        if (code == HT_OK) code = apply(&r, e, err);
    }
    ht_free(path);
    return code == HT_OK ? train_to(&r, journal->entries[entry].step, err) : code;
}

static size_t find(ht_trainer *t, const ht_journal *journal)
{
    ht_checkpoint now = ht_checkpoint_of(t);
    return ht_journal_find(journal, ht_checkpoint_hash(&now), now.state.step);
}

ht_code ht_replay_find(ht_trainer *t, int at, const char *path, const ht_journal *journal, size_t *entry,
                       ht_error *err)
{
    ht_params params;
    ht_trainer_state state = ht_trainer_state_get(t);
    double had = ht_params_get(ht_trainer_params(t), HT_P_TRAIN_AVERAGE);
    *entry = find(t, journal);
    if (*entry >= journal->count) return HT_OK;
    if (ht_journal_params(journal, *entry, &params, err) != HT_OK ||
        ht_trainer_adopt(t, &state, &params, ht_trainer_mask(t), err) != HT_OK)
        return err->code;
    if (ht_params_get(&params, HT_P_TRAIN_AVERAGE) == had) return HT_OK;
    if (ht_checkpoint_read_in(at, path, t, err) != HT_OK) return err->code;
    *entry = find(t, journal); /* the mean is part of what names the state */
    return HT_OK;
}
