#include "engine/runner.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "engine/analyst.h"
#include "engine/timeline.h"
#include "link/mailbox.h"
#include "link/ring.h"
#include "link/triple.h"

enum { COMMANDS = 1024, SAMPLES = 8192 };

/* Nobody needs a test score more often than this share of the time pays for; but whenever the steps have
 * doubled: the beginning of a run is steep. */
static const double evaluation_share = 0.004;

/* States are stored so far apart that copying takes this share of training time, and at least so many
 * seconds. */
static const double store_share = 0.01, store_least = 0.5;

struct ht_runner {
    ht_trainer *trainer;
    const ht_dataset *data;
    ht_pool *pool;
    ht_ring *commands, *samples;
    ht_triple *reports, *stored, *epochs;
    ht_recorder *recorder; /* or NULL */
    ht_mailbox *box;
    ht_analyst *analyst;
    pthread_t thread;
    bool started;
    atomic_bool quit;
    sem_t wake;        /* one post a command: a paused trainer sleeps on it */
    uint32_t next_seq; /* UI side */

    /* trainer's thread */
    ht_state state;
    uint32_t applied_seq, generation;
    ht_timeline *timeline;
    double store_due; /* in seconds of training */
    uint64_t run, undo_run,
        runs;                 /* which run since a reset this is, and the one that undo goes to; how many */
    bool single, past_goal;   /* past_goal: the user went on after "done" */
    int layer;                /* whose tail the analyst looks at … */
    bool watched;             /* … with pictures while training runs */
    bool settled;             /* the analyst has the weights as they stand */
    ht_wish wish;             /* what it is to look at */
    double masked;            /* share of the hidden weights that stay zero */
    uint64_t epochs_told;     /* epochs judged when they were published last */
    bool thrifty;             /* evaluations keep to their share */
    uint64_t evaluation_step; /* of the last one … */
    double evaluation_end, evaluation_cost; /* … when it ended, and the time it computed */
    /* While the ring is full (nobody reads): steps folded, the latest evaluation, the latest state; by kind.
     */
    ht_sample pending[HT_SAMPLE_STATE + 1];
    bool has_pending[HT_SAMPLE_STATE + 1];
};

static ht_sample blank_sample(const ht_runner *r, ht_sample_kind kind)
{
    return (ht_sample){.kind = kind,
                       .step = ht_trainer_steps(r->trainer),
                       .seconds = ht_trainer_seconds(r->trainer),
                       .epoch = ht_trainer_epoch(r->trainer),
                       .applied_seq = r->applied_seq,
                       .state = r->state,
                       .masked = r->masked};
}

/* Steps that find the ring full are folded: extremes and counts are kept, so no spike is lost. */
static void fold(ht_sample *into, const ht_sample *step, bool first)
{
    double low = first ? step->loss_min : fmin(into->loss_min, step->loss_min);
    double high = first ? step->loss_max : fmax(into->loss_max, step->loss_max);
    uint32_t folded = first ? 0 : into->folded;
    *into = *step;
    into->loss_min = low, into->loss_max = high;
    into->folded = folded + step->folded;
}

/* Pushes what had to wait; false while something still waits. */
static bool flush_pending(ht_runner *r)
{
    for (int kind = HT_SAMPLE_STEP; kind <= HT_SAMPLE_STATE; kind++) {
        if (r->has_pending[kind] && !ht_ring_push(r->samples, &r->pending[kind])) return false;
        r->has_pending[kind] = false;
    }
    return true;
}

static void emit(ht_runner *r, const ht_sample *sample)
{
    if (r->recorder && sample->kind != HT_SAMPLE_STEP) ht_recorder_take(r->recorder, sample);
    if (flush_pending(r) && ht_ring_push(r->samples, sample)) return;
    if (sample->kind > HT_SAMPLE_STATE) return; /* not reached: commands wait for room for their answers */
    ht_sample *kept = &r->pending[sample->kind];
    if (sample->kind == HT_SAMPLE_STEP)
        fold(kept, sample, !r->has_pending[HT_SAMPLE_STEP]);
    else
        *kept = *sample;
    r->has_pending[sample->kind] = true;
}

static void enter_state(ht_runner *r, ht_state state, const char *message)
{
    r->state = state;
    r->settled = false;
    ht_sample sample = blank_sample(r, HT_SAMPLE_STATE);
    snprintf(sample.message, sizeof sample.message, "%s", message);
    emit(r, &sample);
    ht_mailbox_poke(r->box);
}

/* To be called whenever the mask may have changed. */
static void note_mask(ht_runner *r)
{
    const ht_mask *mask = ht_trainer_mask(r->trainer);
    r->masked = mask ? ht_mask_hidden_share(mask) : 0;
}

/* What was told of the epochs, as it is now: also after a way back, or a resumed run. */
static void publish_epochs(ht_runner *r)
{
    size_t count;
    ht_epochs *e = ht_triple_back(r->epochs);
    const ht_occam_epoch *rows = ht_trainer_occam(r->trainer, &count);
    e->now = ht_trainer_state_get(r->trainer).occam;
    e->count = (int)count;
    if (count) memcpy(e->row, rows, count * sizeof *rows);
    r->epochs_told = e->now.epochs;
    ht_triple_publish(r->epochs);
}

/* An epoch may have been judged, and weights pruned. */
static void follow_epochs(ht_runner *r)
{
    if (ht_trainer_state_get(r->trainer).occam.epochs == r->epochs_told) return;
    note_mask(r);
    publish_epochs(r);
}

/* Says something without changing anything. */
static void say(ht_runner *r, const char *message)
{
    enter_state(r, r->state, message);
}

/* Weights never depend on evaluations: a run is the same whichever are left out. */
static bool affordable(const ht_runner *r)
{
    return !r->thrifty || ht_trainer_steps(r->trainer) >= 2 * r->evaluation_step ||
           ht_now() - r->evaluation_end >= r->evaluation_cost / evaluation_share;
}

static void evaluate(ht_runner *r, bool row)
{
    ht_error err;
    ht_sample sample;
    double start = ht_thread_now(); /* with a pool its workers compute as long */
    if (ht_trainer_evaluate(r->trainer, row, &sample, &err) != HT_OK) {
        enter_state(r, HT_STATE_PAUSED, err.text);
        return;
    }
    r->evaluation_step = ht_trainer_steps(r->trainer);
    r->evaluation_end = ht_now();
    r->evaluation_cost = ht_thread_now() - start;
    sample.applied_seq = r->applied_seq;
    sample.state = r->state;
    sample.masked = r->masked;
    emit(r, &sample);
}

/* ---- states to go back to ---- */

static void publish_stored(ht_runner *r)
{
    ht_timeline_describe(r->timeline, r->trainer, ht_triple_back(r->stored));
    ht_triple_publish(r->stored);
}

static void store(ht_runner *r)
{
    ht_error err;
    double start = ht_now(), seconds = ht_trainer_seconds(r->trainer);
    bool stored = ht_timeline_store(r->timeline, r->trainer, r->pool, &err) == HT_OK;
    double cost = ht_now() - start;
    r->store_due = stored ? seconds + fmax(store_least, cost / store_share) : seconds + 60;
    publish_stored(r);
}

/* Before a command that destroys something. Without memory it is not held up: undo will say that it cannot.
 */
static void mark(ht_runner *r)
{
    ht_error ignored;
    ht_timeline_mark(r->timeline, r->trainer, r->pool, &ignored);
    r->undo_run = r->run;
    publish_stored(r);
}

/* The parameters that came with the state, told before the REWIND. */
static void tell_params(ht_runner *r, const ht_params *before, uint64_t from)
{
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_sample sample = blank_sample(r, HT_SAMPLE_CHANGE);
        sample.step = from;
        sample.restored = true;
        sample.param = (ht_param)p;
        sample.before = ht_params_get(before, p);
        sample.value = ht_params_get(ht_trainer_params(r->trainer), p);
        if (sample.before != sample.value) emit(r, &sample);
    }
}

static void go_back(ht_runner *r, const ht_checkpoint *to, bool other_run, ht_state then)
{
    ht_error err;
    ht_params before = *ht_trainer_params(r->trainer);
    uint64_t from = ht_trainer_steps(r->trainer);
    if (ht_checkpoint_restore(to, r->trainer, r->pool, &err) != HT_OK) {
        say(r, err.text);
        return;
    }
    r->generation++;
    r->past_goal = false;
    note_mask(r);
    publish_epochs(r);
    tell_params(r, &before, from);
    ht_sample sample = blank_sample(r, HT_SAMPLE_REWIND);
    sample.change = ht_trainer_change(r->trainer);
    sample.from = from;
    sample.keep = to->state.change;
    sample.other_run = other_run;
    emit(r, &sample);
    enter_state(r, then, "");
    evaluate(r, false);
}

static void rewind_to(ht_runner *r, uint64_t step)
{
    const ht_checkpoint *to = ht_timeline_find(r->timeline, step);
    if (!to) {
        say(r, "no state that early is stored (run.memory_mb bounds how many are)");
        return;
    }
    mark(r);
    go_back(r, to, false, HT_STATE_PAUSED);
    /* Later states stay until training takes another way: one can go forward again. */
    r->store_due = ht_trainer_seconds(r->trainer) + store_least;
    publish_stored(r);
}

static ht_state running_or_paused(const ht_runner *r)
{
    return r->state == HT_STATE_RUNNING ? HT_STATE_RUNNING : HT_STATE_PAUSED;
}

/* Undo and the state it leaves change places. */
static void undo_state(ht_runner *r)
{
    ht_error err;
    ht_checkpoint *to = ht_timeline_swap(r->timeline, NULL);
    if (!to) {
        say(r, "nothing to undo: no reset, pruning, unmasking or rewinding is kept");
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
    store(r);
}

static void restart(ht_runner *r, uint64_t seed)
{
    ht_sample sample = blank_sample(r, HT_SAMPLE_RESET);
    mark(r);
    ht_trainer_reset(r->trainer, seed);
    note_mask(r);
    publish_epochs(r);
    sample.masked = r->masked;
    r->generation++;
    r->run = ++r->runs;
    r->past_goal = false;
    memset(r->has_pending, 0, sizeof r->has_pending);
    sample.from = sample.step;
    sample.step = 0, sample.seconds = sample.epoch = 0;
    sample.value = (double)seed;
    sample.change = ht_trainer_change(r->trainer);
    emit(r, &sample);
    enter_state(r, running_or_paused(r), "");
    evaluate(r, false);
    ht_timeline_clear(r->timeline);
    store(r);
}

/* ---- commands ---- */

static void change(ht_runner *r, const ht_command *command)
{
    ht_error err;
    ht_sample sample = blank_sample(r, HT_SAMPLE_CHANGE);
    sample.param = command->param;
    sample.before = ht_params_get(ht_trainer_params(r->trainer), command->param);
    if (ht_trainer_set(r->trainer, command->param, command->value, &err) != HT_OK)
        enter_state(r, HT_STATE_PAUSED, err.text);
    sample.value = ht_params_get(ht_trainer_params(r->trainer), command->param);
    sample.change = ht_trainer_change(r->trainer);
    r->settled = false;
    if (r->state != HT_STATE_RUNNING) ht_mailbox_poke(r->box);
    if (command->param == HT_P_TRAIN_STEPS || command->param == HT_P_TRAIN_STOP) r->past_goal = false;
    emit(r, &sample);
}

static void prune(ht_runner *r, const ht_prune_intent *intent)
{
    ht_error err, ignored;
    ht_prune_result result;
    uint64_t number = ht_trainer_change(r->trainer);
    mark(r);
    if (ht_trainer_prune(r->trainer, intent, &result, &err) != HT_OK) {
        const ht_checkpoint *before = ht_timeline_marked(r->timeline);
        if (before) ht_checkpoint_restore(before, r->trainer, r->pool, &ignored);
        ht_trainer_set_change(r->trainer, number); /* as if nothing had been asked */
        say(r, err.text);
        return;
    }
    note_mask(r);
    ht_sample sample = blank_sample(r, HT_SAMPLE_PRUNE);
    sample.prune = *intent;
    sample.value = result.ratio;
    sample.change = ht_trainer_change(r->trainer);
    emit(r, &sample);
    enter_state(r, running_or_paused(r), ""); /* the analyst looks again */
    evaluate(r, false);
}

static void unmask(ht_runner *r)
{
    mark(r);
    ht_trainer_unmask(r->trainer);
    note_mask(r);
    ht_sample sample = blank_sample(r, HT_SAMPLE_UNMASK);
    sample.change = ht_trainer_change(r->trainer);
    emit(r, &sample);
}

/* Weights that stand still are looked at again. */
static void look(ht_runner *r, const ht_wish *wish)
{
    r->wish = *wish;
    r->settled = false;
    ht_mailbox_ask(r->box, wish->methods);
}

static void apply(ht_runner *r, const ht_command *command)
{
    uint64_t seed = (uint64_t)ht_params_get(ht_trainer_params(r->trainer), HT_P_TRAIN_SEED);
    r->applied_seq = command->seq;
    switch (command->kind) {
    case HT_COMMAND_SET:
        change(r, command);
        break;
    case HT_COMMAND_RUN:
        if (r->state == HT_STATE_DONE) r->past_goal = true;
        enter_state(r, HT_STATE_RUNNING, "");
        break;
    case HT_COMMAND_PAUSE:
        enter_state(r, HT_STATE_PAUSED, "");
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
    case HT_COMMAND_LOOK:
        look(r, &command->wish);
        break;
    case HT_COMMAND_LAYER:
        r->layer = (int)command->value;
        r->settled = false;
        ht_mailbox_poke(r->box);
        break;
    case HT_COMMAND_WATCH:
        r->watched = command->value != 0;
        if (r->watched) ht_mailbox_wake(r->box);
        break;
    }
}

static ht_sample step_sample(const ht_runner *r, const ht_step_result *result)
{
    ht_sample sample = blank_sample(r, HT_SAMPLE_STEP);
    sample.folded = 1;
    sample.loss = sample.loss_min = sample.loss_max = result->loss;
    sample.accuracy = result->accuracy;
    return sample;
}

static void diverged(ht_runner *r, const ht_step_result *result)
{
    char message[200], value[24];
    ht_sample sample = step_sample(r, result);
    if (!isfinite(result->loss)) emit(r, &sample); /* the charts mark the NaN or Inf */
    ht_format_short(value, sizeof value, result->guard, 3);
    snprintf(message, sizeof message,
             "diverged at step %llu: %s is %s. The weights before it are kept; lower η or σ, then r resets",
             (unsigned long long)ht_trainer_steps(r->trainer) + 1, result->refused, value);
    enter_state(r, HT_STATE_DIVERGED, message);
}

/* Is there nothing left to do? Asked before each step, so that a finished run that is opened again stays as
 * it was. */
static bool goal_reached(ht_runner *r)
{
    const char *why;
    char message[200];
    ht_error err;
    const ht_params *p = ht_trainer_params(r->trainer);
    if (r->past_goal) return false;
    if (ht_trainer_stop(r->trainer, &why, &err) != HT_OK) {
        enter_state(r, HT_STATE_PAUSED, err.text);
        return true;
    }
    if (!why) return false;
    if (why[0] == 'c')
        snprintf(message, sizeof message, "done: %g %% of the training set right at step %llu. Space goes on",
                 100 * ht_params_get(p, HT_P_TRAIN_STOP), (unsigned long long)ht_trainer_steps(r->trainer));
    else
        snprintf(message, sizeof message, "done: train.steps = %.0f reached. Space goes on",
                 ht_params_get(p, HT_P_TRAIN_STEPS));
    enter_state(r, HT_STATE_DONE, message);
    return true;
}

/* Writes the letter's head and hands it over; its weights have been filled. */
static void deliver(ht_runner *r, ht_letter *letter)
{
    letter->step = ht_trainer_steps(r->trainer);
    letter->generation = r->generation;
    letter->change = ht_trainer_change(r->trainer);
    letter->layer = r->layer;
    letter->watched = r->watched;
    letter->settled = r->settled = r->state != HT_STATE_RUNNING;
    letter->look = ht_prune_spec_of(ht_trainer_params(r->trainer), NULL);
    letter->wish = r->wish;
    r->wish.thorough = false;
    ht_mailbox_deliver(r->box);
}

static void train_one(ht_runner *r)
{
    if (ht_timeline_drop_after(r->timeline, ht_trainer_steps(r->trainer))) publish_stored(r);
    /* If the analyst has asked, the step fills its letter shard by shard, while the new weights are in cache.
     */
    ht_letter *letter = r->state == HT_STATE_RUNNING ? ht_mailbox_wanted(r->box) : NULL;
    bool averaged = ht_trainer_average(r->trainer)->mean != NULL;
    ht_step_result result = ht_trainer_step_tapped(r->trainer, letter && !averaged ? letter->tap : NULL);
    r->settled = false;
    if (result.refused) {
        diverged(r, &result);
        return;
    }
    if (letter && averaged) ht_tap_take(letter->tap, ht_trainer_measured(r->trainer), r->pool);
    if (letter) deliver(r, letter);
    follow_epochs(r);
    ht_sample sample = step_sample(r, &result);
    emit(r, &sample);
    if (ht_trainer_eval_due(r->trainer) && affordable(r)) evaluate(r, true);
    if (ht_trainer_seconds(r->trainer) >= r->store_due) store(r);
}

/* While training stands still: one look at the weights as they are. */
static void serve_analyst(ht_runner *r)
{
    ht_letter *letter = r->settled || r->state == HT_STATE_RUNNING ? NULL : ht_mailbox_wanted(r->box);
    if (!letter) return;
    ht_tap_take(letter->tap, ht_trainer_measured(r->trainer), r->pool);
    deliver(r, letter);
}

/* Commands are taken only while their answers find room: none is applied without the screen learning of it.
 */
static bool has_room(ht_runner *r)
{
    enum { ANSWERS = HT_P_COUNT + 8 };
    return flush_pending(r) && ht_ring_space(r->samples) >= ANSWERS;
}

static void take_commands(ht_runner *r)
{
    ht_command command;
    while (has_room(r) && ht_ring_pop(r->commands, &command)) apply(r, &command);
}

static void sleep_until_command(ht_runner *r)
{
    /* Longest until the next checkpoint; soon again while the analyst has not asked yet or commands wait for
     * room. */
    double patience = r->recorder ? ht_recorder_patience(r->recorder) : (double)INFINITY;
    if (!r->settled || !has_room(r)) patience = 0.005;
    if (isinf(patience)) {
        while (sem_wait(&r->wake) != 0 && errno == EINTR) {
        }
        return;
    }
    ht_wait_for(&r->wake, fmin(fmax(patience, 0.001), 3600));
    flush_pending(r);
}

static void *runner_main(void *argument)
{
    ht_runner *r = argument;
    note_mask(r);
    publish_epochs(r);
    evaluate(r, false);
    store(r);
    while (!atomic_load(&r->quit)) {
        take_commands(r);
        bool single = r->single;
        r->single = false;
        if (single || (r->state == HT_STATE_RUNNING && !goal_reached(r))) {
            train_one(r);
            if (single && r->state != HT_STATE_DIVERGED) enter_state(r, HT_STATE_PAUSED, "");
        } else if (!atomic_load(&r->quit)) {
            sleep_until_command(r);
        }
        serve_analyst(r);
        if (r->recorder) ht_recorder_offer(r->recorder);
    }
    take_commands(r); /* what was sent before the end counts */
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
    r->thrifty = !recorder;
    sem_init(&r->wake, 0, 0);
    bool good = (r->commands = ht_ring_new(COMMANDS, sizeof(ht_command), err)) &&
                (r->samples = ht_ring_new(SAMPLES, sizeof(ht_sample), err)) &&
                (r->reports = ht_triple_new(sizeof(ht_report), err)) &&
                (r->stored = ht_triple_new(sizeof(ht_stored), err)) &&
                (r->epochs = ht_triple_new(sizeof(ht_epochs), err)) && (r->timeline = ht_timeline_new(err)) &&
                (r->box = ht_mailbox_new(ht_trainer_network(trainer), ht_pool_threads(pool), err)) &&
                (r->analyst = ht_analyst_start(r->box, data, r->reports, ht_pool_threads(pool), err)) &&
                start_thread(r, err);
    if (good) return r;
    ht_runner_stop(r);
    return NULL;
}

void ht_runner_join(ht_runner *r)
{
    if (!r->started) return;
    atomic_store(&r->quit, true);
    sem_post(&r->wake);
    pthread_join(r->thread, NULL);
    r->started = false;
}

void ht_runner_stop(ht_runner *r)
{
    if (!r) return;
    ht_runner_join(r);
    ht_analyst_stop(r->analyst);
    ht_mailbox_free(r->box);
    ht_triple_free(r->reports);
    ht_triple_free(r->stored);
    ht_triple_free(r->epochs);
    ht_timeline_free(r->timeline);
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

uint32_t ht_runner_look(ht_runner *r, const ht_wish *wish)
{
    return send(r, (ht_command){.kind = HT_COMMAND_LOOK, .wish = *wish});
}

bool ht_runner_receive(ht_runner *r, ht_sample *sample)
{
    if (ht_ring_pop(r->samples, sample)) return true;
    /* After the thread has ended, what still waited for room comes last. */
    return !r->started && flush_pending(r) && ht_ring_pop(r->samples, sample);
}

const ht_report *ht_runner_report(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->reports, fresh);
}

const ht_epochs *ht_runner_epochs(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->epochs, fresh);
}

const ht_stored *ht_runner_stored(ht_runner *r, bool *fresh)
{
    return ht_triple_take(r->stored, fresh);
}
