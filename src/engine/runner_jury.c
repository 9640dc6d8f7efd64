/* runner_jury.c - the ends of a run: train.steps, and the accuracy on the training set, which is judged
 * beside training. What was trained meanwhile counts only when the verdict is that the run goes on. */
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "engine/runner_state.h"

/* Rows of metrics up to the oldest state that is still to be judged; all, if there is none. */
static void record_rows(ht_runner *r)
{
    const ht_checkpoint *oldest = ht_jury_oldest(r->jury);
    int done = 0;
    while (done < r->held_count && (!oldest || r->held[done].step <= oldest->state.step))
        ht_recorder_take(r->recorder, &r->held[done++]);
    r->held_count -= done;
    memmove(r->held, r->held + done, (size_t)r->held_count * sizeof r->held[0]);
}

void ht_runner_discharge(ht_runner *r)
{
    ht_jury_drop(r->jury);
    record_rows(r);
    r->taken = false;
}

/* Takes the state of the oldest one back, if steps were made since; rows up to it count. False without
 * memory. */
static bool go_back(ht_runner *r)
{
    ht_error err;
    const ht_checkpoint *to = ht_jury_oldest(r->jury);
    uint64_t revision = ht_trainer_revision(r->trainer), from = ht_trainer_steps(r->trainer);
    ht_runner_end_score(r);
    record_rows(r);
    if (to->state.step != from) {
        if (ht_checkpoint_restore(to, r->trainer, r->pool, &err) != HT_OK) {
            ht_runner_discharge(r);
            ht_runner_say(r, err.text);
            return false;
        }
        ht_trainer_set_revision(r->trainer, revision); /* no change of the run */
        ht_timeline_drop_after(r->timeline, to->state.step);
        ht_runner_tell_stored(r);
        ht_runner_note_mask(r);
        ht_runner_tell_epochs(r);
        r->generation++;
        ht_sample sample = ht_runner_sample(r, HT_SAMPLE_BACK);
        sample.from = from;
        ht_runner_emit(r, &sample);
    }
    r->held_count = 0;
    ht_jury_drop(r->jury);
    return true;
}

static void enter_converged(ht_runner *r)
{
    const ht_params *p = ht_trainer_params(r->trainer);
    const ht_criterion wanted = ht_criterion_of(p);
    char message[200], loss[40] = "", after[40] = "";
    ht_runner_end_score(r);
    if (wanted.loss > 0)
        snprintf(loss, sizeof loss, "%sa loss of %g", wanted.accuracy > 0 ? " and " : "", wanted.loss);
    if (ht_params_get(p, HT_P_TRAIN_STOP_AFTER) > 0)
        snprintf(after, sizeof after, ", and %.0f steps more,", ht_params_get(p, HT_P_TRAIN_STOP_AFTER));
    if (wanted.accuracy > 0)
        snprintf(message, sizeof message,
                 "done: %g %% of the training set right%s%s at step %llu. Space goes on",
                 100 * wanted.accuracy, loss, after, (unsigned long long)ht_trainer_steps(r->trainer));
    else
        snprintf(message, sizeof message, "done: %s on the training set%s at step %llu. Space goes on", loss,
                 after, (unsigned long long)ht_trainer_steps(r->trainer));
    ht_runner_enter(r, HT_STATE_DONE, message);
}

static void enter_done(ht_runner *r)
{
    char message[200];
    if (ht_trainer_converged(r->trainer)) {
        enter_converged(r);
        return;
    }
    ht_runner_end_score(r);
    snprintf(message, sizeof message, "done: train.steps = %.0f reached. Space goes on",
             ht_params_get(ht_trainer_params(r->trainer), HT_P_TRAIN_STEPS));
    ht_runner_enter(r, HT_STATE_DONE, message);
}

/* Not while the end of the program is what has stopped it. */
static void enter_fault(ht_runner *r, const ht_error *err)
{
    ht_runner_discharge(r);
    if (!atomic_load(&r->quit)) ht_runner_enter(r, HT_STATE_PAUSED, err->text);
}

/* Without memory for a copy training stands still for the verdict; is it that the run goes on? */
static bool goes_on(ht_runner *r)
{
    ht_end end;
    ht_error err;
    const atomic_bool *off = ht_cancel_by(&r->quit);
    ht_code code = ht_trainer_stop(r->trainer, &end, &err);
    ht_cancel_by(off);
    if (code != HT_OK)
        enter_fault(r, &err);
    else if (end == HT_END_CONVERGED)
        enter_converged(r);
    return code == HT_OK && end != HT_END_CONVERGED;
}

static double steps_after(const ht_runner *r)
{
    return ht_params_get(ht_trainer_params(r->trainer), HT_P_TRAIN_STOP_AFTER);
}

/* If the oldest state turns out to be the one, the run ends here, some steps after it. */
static bool may_be_past(const ht_runner *r)
{
    const ht_checkpoint *oldest = ht_jury_oldest(r->jury);
    double steps = (double)ht_trainer_steps(r->trainer);
    return oldest && steps_after(r) > 0 && steps >= (double)oldest->state.step + steps_after(r);
}

/* The oldest state is the one: the steps since then count, and so many more are made. */
static void note_reached(ht_runner *r)
{
    uint64_t step = ht_jury_oldest(r->jury)->state.step;
    ht_trainer_note_reached(r->trainer, step);
    if (ht_timeline_drop_after(r->timeline, step)) ht_runner_tell_stored(r); /* they do not know of it */
    ht_runner_discharge(r);
}

bool ht_runner_may_train(ht_runner *r)
{
    ht_error unused;
    if (r->past_criterion) return true;
    if (!r->taken && ht_trainer_stop_due(r->trainer)) {
        if (ht_jury_full(r->jury)) return false;
        bool alone = !ht_jury_waits(r->jury);
        r->taken = ht_jury_take(r->jury, &unused) == HT_OK;
        if (!r->taken && (!alone || !goes_on(r))) return false; /* those before it first */
        r->taken = true;
    }
    /* A run that is opened or goes on stays as it is until it is known that it has not ended. */
    bool stands = !r->under_way || ht_trainer_ends(r->trainer) ||
                  r->held_count + r->scoring >= HT_HELD_ROWS || may_be_past(r);
    if (ht_jury_waits(r->jury) && stands) return false;
    if (!ht_trainer_ends(r->trainer)) return true;
    enter_done(r);
    return false;
}

void ht_runner_hear(ht_runner *r)
{
    ht_error err;
    ht_verdict verdict;
    if (!ht_jury_waits(r->jury) || atomic_load(&r->quit)) return;
    const atomic_bool *off = ht_cancel_by(&r->quit);
    ht_code code = ht_jury_piece(r->jury, &verdict, &err);
    ht_cancel_by(off);
    if (code != HT_OK && !atomic_load(&r->quit)) enter_fault(r, &err);
    if (code != HT_OK || verdict == HT_VERDICT_OPEN) return;
    if (verdict == HT_VERDICT_NOT)
        record_rows(r);
    else if (steps_after(r) > 0)
        note_reached(r);
    else if (go_back(r))
        enter_converged(r);
}

void ht_runner_settle(ht_runner *r)
{
    if (ht_jury_waits(r->jury)) go_back(r);
    ht_runner_end_score(r);
}
