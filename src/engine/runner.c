#include "engine/runner.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "engine/runner_state.h"

enum { COMMANDS = 1024, SAMPLES = 8192 };

/* Without a recorder test scores take at most this share of the time. When the steps have doubled since the
 * last there is one all the same, for the beginning of a run is steep: a slow one as far as a larger share
 * allows. */
static const double evaluation_share = 0.004, early_share = 0.05;

/* Weights never depend on evaluations: a run is the same whichever are left out. */
static bool affordable(const ht_runner *r)
{
    bool early = ht_trainer_steps(r->trainer) >= 2 * r->evaluation_step;
    double share = early ? early_share : evaluation_share;
    if (r->recorder || (early && !r->scorer)) return true;
    return !r->scoring && ht_now() - r->evaluation_end >= r->evaluation_cost / share;
}

/* An epoch may have been validated, and weights pruned. */
static void follow_epochs(ht_runner *r)
{
    if (ht_trainer_state_get(r->trainer).occam.epochs == r->epochs_told) return;
    ht_runner_note_mask(r);
    ht_runner_tell_epochs(r);
}

static ht_sample step_sample(const ht_runner *r, const ht_step_result *result)
{
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_STEP);
    sample.folded = 1;
    sample.loss = sample.loss_min = sample.loss_max = result->loss;
    sample.accuracy = result->accuracy;
    return sample;
}

static void diverged(ht_runner *r, const ht_step_result *result)
{
    char message[200], value[24];
    ht_sample sample = step_sample(r, result);
    ht_runner_end_score(r);
    if (!isfinite(result->loss)) ht_runner_emit(r, &sample); /* the charts mark the NaN or Inf */
    ht_format_short(value, sizeof value, result->guard, 3);
    snprintf(message, sizeof message,
             "diverged at step %llu: %s is %s. The weights before it are kept; lower η or σ, then r resets",
             (unsigned long long)ht_trainer_steps(r->trainer) + 1, result->refused, value);
    ht_runner_enter(r, HT_STATE_DIVERGED, message);
}

/* What belongs to a snapshot beside its weights. */
static void describe(ht_runner *r, ht_weight_snapshot *snapshot)
{
    snapshot->step = ht_trainer_steps(r->trainer);
    snapshot->seconds = ht_trainer_seconds(r->trainer);
    snapshot->effort = r->effort;
    snapshot->fresh = ht_now() < r->fresh_until;
    snapshot->generation = r->generation;
    snapshot->revision = ht_trainer_revision(r->trainer);
    snapshot->layer = r->layer;
    snapshot->watched = r->watched;
    snapshot->settled = r->state != HT_STATE_RUNNING;
    snapshot->look = ht_prune_spec_of(ht_trainer_params(r->trainer), NULL);
    snapshot->request = r->request;
}

/* Filled, to who asked for it; either may be NULL. */
static void deliver(ht_runner *r, ht_weight_snapshot *whole, ht_weight_snapshot *glimpse)
{
    if (whole) {
        describe(r, whole);
        r->settled = whole->settled;
        r->request.thorough = false;
        ht_mailbox_deliver(r->box);
    }
    if (glimpse) {
        describe(r, glimpse);
        r->glimpsed = glimpse->settled;
        ht_mailbox_deliver(r->glimpse_box);
    }
}

/* Before they are filled: whose histogram is wanted. Either may be NULL. */
static void pick(const ht_runner *r, ht_weight_snapshot *whole, ht_weight_snapshot *glimpse)
{
    if (whole) ht_capture_pick(whole->capture, r->layer);
    if (glimpse) ht_capture_pick(glimpse->capture, r->layer);
}

/* The weights as they are, outside a step. */
static void take(ht_runner *r, ht_weight_snapshot *whole, ht_weight_snapshot *glimpse)
{
    const ht_network *net = ht_trainer_measured(r->trainer);
    pick(r, whole, glimpse);
    if (whole) ht_capture_take(whole->capture, net, r->pool);
    if (whole && glimpse) ht_capture_glimpse(glimpse->capture, whole->capture);
    if (!whole && glimpse) ht_capture_take(glimpse->capture, net, r->pool);
}

static void train_one(ht_runner *r)
{
    if (ht_timeline_drop_after(r->timeline, ht_trainer_steps(r->trainer))) ht_runner_tell_stored(r);
    /* For who has asked the step fills a snapshot shard by shard, while the new weights are in cache. */
    bool running = r->state == HT_STATE_RUNNING;
    ht_weight_snapshot *whole = running ? ht_mailbox_wanted(r->box) : NULL,
                       *glimpse = running ? ht_mailbox_wanted(r->glimpse_box) : NULL,
                       *filled = whole ? whole : glimpse;
    bool averaged = ht_trainer_average(r->trainer)->mean != NULL;
    const atomic_bool *off = ht_cancel_by(&r->quit);
    pick(r, whole, glimpse);
    ht_step_result result =
        ht_trainer_step_captured(r->trainer, filled && !averaged ? filled->capture : NULL);
    ht_cancel_by(off);
    if (result.left_off) return;
    r->settled = r->glimpsed = r->taken = false;
    r->under_way = true;
    if (result.refused) {
        diverged(r, &result);
        return;
    }
    if (averaged)
        take(r, whole, glimpse);
    else if (whole && glimpse)
        ht_capture_glimpse(glimpse->capture, whole->capture);
    deliver(r, whole, glimpse);
    follow_epochs(r);
    ht_sample sample = step_sample(r, &result);
    ht_runner_emit(r, &sample);
    if (ht_trainer_eval_due(r->trainer) && affordable(r)) ht_runner_evaluate(r, true);
    if (ht_trainer_seconds(r->trainer) >= r->store_due && ht_timeline_ready(r->timeline, r->trainer))
        ht_runner_store(r);
}

/* While training stands still: one look at the weights as they are. */
static void serve_lookers(ht_runner *r)
{
    if (r->state == HT_STATE_RUNNING) return;
    ht_weight_snapshot *whole = r->settled ? NULL : ht_mailbox_wanted(r->box),
                       *glimpse = r->glimpsed ? NULL : ht_mailbox_wanted(r->glimpse_box);
    take(r, whole, glimpse);
    deliver(r, whole, glimpse);
}

/* Commands are taken only while their answers find room: none is applied without the screen learning of it.
 */
static bool has_room(ht_runner *r)
{
    enum { ANSWERS = HT_P_COUNT + 8 };
    return ht_runner_flush(r) && ht_ring_space(r->samples) >= ANSWERS;
}

static bool take_command(ht_runner *r, ht_command *command)
{
    if (!has_room(r) || !ht_ring_pop(r->commands, command)) return false;
    ht_runner_apply(r, command);
    return true;
}

/* All that wait, but none past "go on": the stopping criterion is checked before the next command finds it
 * running. Nor past a single step, which is made before what was asked for after it. */
static void take_commands(ht_runner *r)
{
    ht_command command;
    while (take_command(r, &command) && command.kind != HT_COMMAND_RUN && command.kind != HT_COMMAND_STEP) {
    }
}

/* Standing still, the score beside the curves is that of the weights at hand. */
static bool score_is_old(const ht_runner *r)
{
    return !r->scoring && r->state != HT_STATE_DIVERGED && r->evaluation_step != ht_trainer_steps(r->trainer);
}

static void sleep_until_command(ht_runner *r)
{
    /* Longest until the next checkpoint; soon again while the analyst has not asked yet or commands wait for
     * room. */
    double next = r->recorder ? ht_recorder_next(r->recorder) : (double)INFINITY;
    if (!r->settled || !r->glimpsed || !has_room(r)) next = 0.005;
    ht_wait_for(&r->wake, fmin(fmax(next, 0.001), 3600));
    ht_runner_flush(r);
}

/* Between two steps a piece of a score or of what is to be judged, in turn: both would hold training up. */
static void work_between(ht_runner *r)
{
    bool scores = ht_runner_scores(r), hears = ht_jury_waits(r->jury) && has_room(r);
    r->heard = hears && !(scores && r->heard);
    if (r->heard)
        ht_runner_hear(r);
    else if (scores)
        ht_runner_score_piece(r);
}

/* A checkpoint waits for the rows up to it: a run that is taken up there goes on after them. */
static bool may_save(const ht_runner *r)
{
    return r->recorder && !ht_runner_owes_row(r) && !ht_jury_waits(r->jury);
}

static void *runner_main(void *argument)
{
    ht_runner *r = argument;
    ht_runner_note_mask(r);
    ht_runner_tell_epochs(r);
    ht_runner_evaluate(r, false);
    ht_runner_prepare_score(r);
    ht_runner_store(r);
    while (!atomic_load(&r->quit)) {
        take_commands(r);
        bool single = r->single;
        r->single = false;
        if (single || (r->state == HT_STATE_RUNNING && ht_runner_may_train(r))) {
            train_one(r);
            if (single && r->state != HT_STATE_DIVERGED) ht_runner_enter(r, HT_STATE_PAUSED, "");
        } else if (!atomic_load(&r->quit)) {
            bool hears = ht_jury_waits(r->jury) && has_room(r);
            if (!hears && score_is_old(r))
                ht_runner_evaluate(r, false);
            else if (!hears && !r->scoring)
                sleep_until_command(r);
        }
        work_between(r);
        serve_lookers(r);
        if (may_save(r)) ht_recorder_offer(r->recorder);
    }
    ht_command command;
    while (take_command(r, &command)) { /* what was sent before the end counts */
    }
    ht_runner_settle(r);
    return NULL;
}

static bool start_thread(ht_runner *r, ht_error *err)
{
    r->started = ht_thread_start(&r->thread, runner_main, r, "the training thread", err) == HT_OK;
    return r->started;
}

ht_runner *ht_runner_start(ht_trainer *trainer, const ht_dataset *data, ht_pool *pool, ht_error *err)
{
    return ht_runner_start_recorded(trainer, data, pool, NULL, err);
}

ht_runner *ht_runner_start_recorded(ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                                    ht_recorder *recorder, ht_error *err)
{
    ht_runner *r = ht_alloc(1, sizeof *r, "the runner", err);
    if (!r) return NULL;
    r->trainer = trainer;
    r->data = data;
    r->pool = pool;
    r->recorder = recorder;
    r->layer = HT_ALL_LAYERS;
    r->effort = (ht_effort)ht_params_get(ht_trainer_params(trainer), HT_P_UI_EFFORT);
    sem_init(&r->wake, 0, 0);
    bool good =
        (r->commands = ht_ring_new(COMMANDS, sizeof(ht_command), err)) &&
        (r->samples = ht_ring_new(SAMPLES, sizeof(ht_sample), err)) &&
        (r->reports = ht_triple_new(sizeof(ht_report), err)) &&
        (r->glimpses = ht_triple_new(sizeof(ht_glimpse), err)) &&
        (r->stored = ht_triple_new(sizeof(ht_stored), err)) &&
        (r->epochs = ht_triple_new(sizeof(ht_epochs), err)) && (r->timeline = ht_timeline_new(err)) &&
        (r->jury = ht_jury_new(trainer, data, pool, err)) &&
        (r->box = ht_mailbox_new(ht_trainer_network(trainer), ht_pool_threads(pool), err)) &&
        (r->analyst = ht_analyst_start(r->box, data, r->reports, ht_pool_threads(pool), err)) &&
        (r->glimpse_box = ht_mailbox_new_glimpse(ht_trainer_network(trainer), ht_pool_threads(pool), err)) &&
        (r->glimpser = ht_glimpser_start(r->glimpse_box, r->glimpses, ht_pool_threads(pool), err)) &&
        start_thread(r, err);
    if (good) return r;
    ht_runner_stop(r);
    return NULL;
}

/* True when the training thread has ended within so many seconds, twice: first it may finish what was asked
 * for. */
static bool trainer_gone(ht_runner *r, double seconds)
{
    if (!r->started) return true;
    ht_mailbox_close(r->box); /* what is found there is not needed */
    ht_mailbox_close(r->glimpse_box);
    atomic_store(&r->quit, true);
    sem_post(&r->wake);
    bool gone = ht_thread_join_within(r->thread, seconds);
    atomic_store(&r->hurry, true);
    gone = gone || ht_thread_join_within(r->thread, seconds);
    r->started = !gone;
    return gone;
}

void ht_runner_join(ht_runner *r)
{
    static const double next = 0.15;
    if (trainer_gone(r, next)) return;
    pthread_join(r->thread, NULL);
    r->started = false;
}

bool ht_runner_gone(ht_runner *r, double seconds)
{
    return trainer_gone(r, seconds) && ht_glimpser_gone(r->glimpser, seconds) &&
           ht_analyst_gone(r->analyst, seconds);
}

void ht_runner_stop(ht_runner *r)
{
    if (!r) return;
    ht_runner_join(r);
    ht_analyst_stop(r->analyst);
    ht_glimpser_stop(r->glimpser);
    ht_mailbox_free(r->box);
    ht_mailbox_free(r->glimpse_box);
    ht_triple_free(r->reports);
    ht_triple_free(r->glimpses);
    ht_triple_free(r->stored);
    ht_triple_free(r->epochs);
    ht_timeline_free(r->timeline);
    ht_jury_free(r->jury);
    ht_evaluation_free(r->scorer);
    ht_network_free(r->scored);
    ht_ring_free(r->samples);
    ht_ring_free(r->commands);
    sem_destroy(&r->wake);
    ht_free(r);
}

static uint32_t send(ht_runner *r, ht_command command)
{
    command.seq = r->next_seq + 1;
    if (!ht_ring_push(r->commands, &command)) return 0;
    sem_post(&r->wake);
    return ++r->next_seq;
}

uint32_t ht_runner_send(ht_runner *r, ht_command_kind kind, ht_param param, double value)
{
    return send(r, (ht_command){.kind = kind, .param = param, .value = value});
}

uint32_t ht_runner_prune(ht_runner *r, const ht_prune_intent *intent)
{
    return send(r, (ht_command){.kind = HT_COMMAND_PRUNE, .prune = *intent});
}

uint32_t ht_runner_label(ht_runner *r, uint64_t step, const char *text)
{
    ht_command command = {.kind = HT_COMMAND_LABEL, .value = (double)step};
    ht_text_copy(command.text, sizeof command.text, text);
    return send(r, command);
}

uint32_t ht_runner_look(ht_runner *r, const ht_analysis_request *request)
{
    return send(r, (ht_command){.kind = HT_COMMAND_LOOK, .request = *request});
}

bool ht_runner_receive(ht_runner *r, ht_sample *sample)
{
    if (ht_ring_pop(r->samples, sample)) return true;
    /* After the thread has ended, what still waited for room comes last. */
    return !r->started && ht_runner_flush(r) && ht_ring_pop(r->samples, sample);
}

const ht_report *ht_runner_report(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->reports, fresh);
}

const ht_glimpse *ht_runner_glimpse(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->glimpses, fresh);
}

const ht_epochs *ht_runner_epochs(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->epochs, fresh);
}

const ht_stored *ht_runner_stored(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->stored, fresh);
}
