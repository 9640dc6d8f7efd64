#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "engine/runner_state.h"

/* States are stored so far apart that copying takes this share of training time, and at least so many
 * seconds. */
static const double store_share = 0.01, store_least = 0.5;

/* ---- states to go back to ---- */

void ht_runner_store(ht_runner *r)
{
    ht_error err;
    double start = ht_now(), seconds = ht_trainer_seconds(r->trainer);
    bool stored = ht_timeline_store(r->timeline, r->trainer, r->pool, &err) == HT_OK;
    double cost = ht_now() - start;
    r->store_due = stored ? seconds + fmax(store_least, cost / store_share) : seconds + 60;
    ht_runner_tell_stored(r);
}

/* Before a command that destroys something. Without memory the command is carried out all the same: undo will
 * say that it cannot. Returns whether undo is possible. */
static bool mark(ht_runner *r)
{
    ht_error ignored;
    bool kept = ht_timeline_mark(r->timeline, r->trainer, r->pool, &ignored) == HT_OK;
    r->undo_run = r->run;
    ht_runner_tell_stored(r);
    return kept;
}

/* The parameters that came with the state, told before the REWIND. */
static void tell_params(ht_runner *r, const ht_params *before, uint64_t from)
{
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_sample sample = ht_runner_sample(r, HT_SAMPLE_CHANGE);
        sample.step = from;
        sample.restored = true;
        sample.param = (ht_param)p;
        sample.before = ht_params_get(before, p);
        sample.value = ht_params_get(ht_trainer_params(r->trainer), p);
        if (sample.before != sample.value) ht_runner_emit(r, &sample);
    }
}

static void go_back(ht_runner *r, const ht_checkpoint *to, bool other_run, ht_state then)
{
    ht_error err;
    ht_params before = *ht_trainer_params(r->trainer);
    uint64_t from = ht_trainer_steps(r->trainer);
    ht_runner_end_score(r); /* on the way that is left */
    if (ht_checkpoint_restore(to, r->trainer, r->pool, &err) != HT_OK) {
        ht_runner_say(r, err.text);
        return;
    }
    r->generation++;
    r->past_criterion = false;
    ht_runner_note_mask(r);
    ht_runner_tell_epochs(r);
    tell_params(r, &before, from);
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_REWIND);
    sample.revision = ht_trainer_revision(r->trainer);
    sample.from = from;
    sample.keep = to->state.revision;
    sample.other_run = other_run;
    ht_runner_emit(r, &sample);
    ht_runner_enter(r, then, "");
    ht_runner_evaluate(r, false);
}

static void rewind_to(ht_runner *r, uint64_t step)
{
    const ht_checkpoint *to = ht_timeline_find(r->timeline, step);
    if (!to) {
        ht_runner_say(r, "no state that early is stored (run.memory_mb bounds how many are)");
        return;
    }
    mark(r);
    go_back(r, to, false, HT_STATE_PAUSED);
    /* Later states stay until training goes on: one can go forward again. */
    r->store_due = ht_trainer_seconds(r->trainer) + store_least;
    ht_runner_tell_stored(r);
}

static ht_state running_or_paused(const ht_runner *r)
{
    return r->state == HT_STATE_RUNNING ? HT_STATE_RUNNING : HT_STATE_PAUSED;
}

/* Undo swaps with the state it leaves. */
static void undo_state(ht_runner *r)
{
    ht_error err;
    ht_checkpoint *to = ht_timeline_swap(r->timeline, NULL);
    if (!to) {
        ht_runner_say(r, "nothing to undo: no reset, pruning, unmasking or rewinding is kept");
        return;
    }
    ht_checkpoint *now = ht_checkpoint_new(r->trainer, &err);
    if (now && ht_checkpoint_take(now, r->trainer, r->pool, &err) != HT_OK) {
        ht_checkpoint_free(now);
        now = NULL;
    }
    uint64_t run = r->undo_run;
    ht_timeline_swap(r->timeline, now);
    r->undo_run = r->run;
    if (run != r->run) ht_timeline_clear(r->timeline);
    go_back(r, to, run != r->run, running_or_paused(r));
    r->run = run;
    ht_checkpoint_free(to);
    ht_runner_store(r);
}

static void restart(ht_runner *r, uint64_t seed)
{
    ht_runner_end_score(r); /* of the run that ends */
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_RESET);
    mark(r);
    ht_trainer_reset(r->trainer, seed);
    ht_runner_note_mask(r);
    ht_runner_tell_epochs(r);
    sample.masked = r->masked;
    r->generation++;
    r->run = ++r->runs;
    r->past_criterion = false;
    memset(r->has_pending, 0, sizeof r->has_pending);
    sample.from = sample.step;
    sample.step = 0, sample.seconds = sample.epoch = 0;
    sample.value = (double)seed;
    sample.revision = ht_trainer_revision(r->trainer);
    ht_runner_emit(r, &sample);
    ht_runner_enter(r, running_or_paused(r), "");
    ht_runner_evaluate(r, false);
    ht_timeline_clear(r->timeline);
    ht_runner_store(r);
}

/* ---- commands ---- */

/* After a change quick looks until the new law has settled: one memory time of the weights, 1/(ηλ) steps, as
 * far as it can be waited for. */
static void look_quickly(ht_runner *r)
{
    static const double least = 1, most = 10; /* seconds */
    double steps = (double)ht_trainer_steps(r->trainer), seconds = ht_trainer_seconds(r->trainer);
    double forgets = ht_trainer_lr(r->trainer) *
                     ht_params_get(ht_trainer_params(r->trainer), HT_P_TRAIN_DECAY) * steps /
                     fmax(seconds, 1e-9);
    r->fresh_until = ht_now() + (forgets > 0 ? fmin(fmax(1 / forgets, least), most) : most);
    if (r->state != HT_STATE_RUNNING) {
        ht_runner_stir(r);
        return;
    }
    ht_mailbox_wake(r->box); /* a long look that was asked for goes on */
    ht_mailbox_wake(r->glimpse_box);
}

static void change(ht_runner *r, const ht_command *command)
{
    ht_error err;
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_CHANGE);
    sample.param = command->param;
    sample.before = ht_params_get(ht_trainer_params(r->trainer), command->param);
    if (ht_trainer_set(r->trainer, command->param, command->value, &err) != HT_OK)
        ht_runner_enter(r, HT_STATE_PAUSED, err.text);
    sample.value = ht_params_get(ht_trainer_params(r->trainer), command->param);
    sample.revision = ht_trainer_revision(r->trainer);
    look_quickly(r);
    if (command->param == HT_P_TRAIN_STEPS || ht_param_is_criterion(command->param))
        r->past_criterion = false;
    ht_runner_emit(r, &sample);
}

static void prune(ht_runner *r, const ht_prune_intent *intent)
{
    ht_error err, ignored;
    ht_prune_result result;
    uint64_t number = ht_trainer_revision(r->trainer);
    const atomic_bool *off = ht_cancel_by(mark(r) ? &r->hurry : NULL);
    ht_code code = ht_trainer_prune(r->trainer, intent, &result, &err);
    ht_cancel_by(off);
    if (code != HT_OK) {
        const ht_checkpoint *before = ht_timeline_marked(r->timeline);
        if (before) ht_checkpoint_restore(before, r->trainer, r->pool, &ignored);
        ht_trainer_set_revision(r->trainer, number); /* as if nothing had been asked */
        ht_runner_say(r, err.text);
        return;
    }
    ht_runner_note_mask(r);
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_PRUNE);
    sample.prune = *intent;
    sample.value = result.ratio;
    sample.revision = ht_trainer_revision(r->trainer);
    ht_runner_emit(r, &sample);
    ht_runner_enter(r, running_or_paused(r), ""); /* the analyst looks again */
    ht_runner_evaluate(r, false);
}

static void unmask(ht_runner *r)
{
    mark(r);
    ht_trainer_unmask(r->trainer);
    ht_runner_note_mask(r);
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_UNMASK);
    sample.revision = ht_trainer_revision(r->trainer);
    ht_runner_emit(r, &sample);
}

/* Words at a step that the run has come to. */
static void label(ht_runner *r, const ht_command *command)
{
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_LABEL);
    sample.from = (uint64_t)fmin(fmax(command->value, 0), (double)sample.step);
    ht_text_copy(sample.message, sizeof sample.message, command->text);
    ht_runner_emit(r, &sample);
}

/* Weights that stand still are looked at again. A thorough request that waits for its snapshot stays. */
static void look(ht_runner *r, const ht_analysis_request *request)
{
    bool owed = r->request.thorough,
         text = request->text != r->request.text || request->temperature != r->request.temperature;
    r->request = *request;
    r->request.thorough = request->thorough || owed;
    r->settled = false;
    ht_mailbox_ask(r->box, request->methods);
    if (text) ht_mailbox_poke(r->box); /* it comes before what takes long */
}

static bool is_change(ht_command_kind kind)
{
    return kind == HT_COMMAND_SET || kind == HT_COMMAND_RESET || kind == HT_COMMAND_RESEED ||
           kind == HT_COMMAND_PRUNE || kind == HT_COMMAND_UNMASK || kind == HT_COMMAND_REWIND ||
           kind == HT_COMMAND_UNDO_STATE;
}

void ht_runner_apply(ht_runner *r, const ht_command *command)
{
    uint64_t seed = (uint64_t)ht_params_get(ht_trainer_params(r->trainer), HT_P_TRAIN_SEED);
    r->applied_seq = command->seq;
    if (is_change(command->kind)) ht_runner_discharge(r);
    switch (command->kind) {
    case HT_COMMAND_SET:
        change(r, command);
        break;
    case HT_COMMAND_RUN:
        if (r->state == HT_STATE_DONE) r->past_criterion = true;
        r->under_way = false;
        ht_runner_enter(r, HT_STATE_RUNNING, "");
        break;
    case HT_COMMAND_PAUSE:
        ht_runner_enter(r, HT_STATE_PAUSED, "");
        break;
    case HT_COMMAND_STEP:
        r->single = true;
        break;
    case HT_COMMAND_RESET:
        restart(r, seed);
        break;
    case HT_COMMAND_RESEED:
        restart(r, (uint64_t)command->value);
        break;
    case HT_COMMAND_PRUNE:
        prune(r, &command->prune);
        break;
    case HT_COMMAND_UNMASK:
        unmask(r);
        break;
    case HT_COMMAND_REWIND:
        rewind_to(r, (uint64_t)command->value);
        break;
    case HT_COMMAND_UNDO_STATE:
        undo_state(r);
        break;
    case HT_COMMAND_LABEL:
        label(r, command);
        break;
    case HT_COMMAND_LOOK:
        look(r, &command->request);
        break;
    case HT_COMMAND_LAYER:
        r->layer = (int)command->value;
        r->settled = r->glimpsed = false;
        ht_mailbox_poke(r->box);
        ht_mailbox_wake(r->glimpse_box);
        break;
    case HT_COMMAND_EFFORT:
        r->effort = (ht_effort)command->value;
        ht_mailbox_wake(r->box);
        ht_mailbox_wake(r->glimpse_box);
        break;
    case HT_COMMAND_WATCH:
        r->watched = command->value != 0;
        if (r->watched) ht_mailbox_wake(r->box);
        break;
    }
}
