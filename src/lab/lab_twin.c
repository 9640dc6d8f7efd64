/* lab_twin.c - the twin: the same weights, batches and seed without noise, trained beside the run and shown
 * as a ghost. It is a run of its own, with a trainer, an analyst and a model that nobody draws; what the
 * journal tells of the run it does, too, each change at its own step, but for noise and pruning. It never
 * gets ahead of the run. */
#include <string.h>

#include "lab/lab_handlers.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "engine/run/journal.h"
#include "view/ghost.h"

static const char twin_name[] = "no noise"; /* short: tables have little room */

typedef struct change {
    uint64_t step;
    ht_param param;
    double value;
} change;

/* What the run did so far, without its noise. */
typedef struct plan {
    ht_params start;
    size_t count;
    change *change;
    bool noisy, pruned; /* it had noise, weights were removed from it: left out */
} plan;

struct ht_twin {
    plan plan;
    size_t done;       /* changes of the plan that were made */
    uint64_t revision; /* of the journal that the plan is from */
    uint64_t target;   /* the step it goes to, 0 before the first */
    bool going;        /* it was sent there and has not arrived */
    double looked;
    ht_pool *pool;
    ht_trainer *trainer;
    ht_runner *runner;
    ht_model *model;
};

/* ---- the plan ---------------------------------------------------------------------------------- */

static bool is_noise(ht_param p)
{
    return ht_param_at(p)->group == HT_GROUP_NOISE;
}

/* Where it ends and what it keeps is the twin's own. */
static bool is_own(ht_param p)
{
    return p == HT_P_TRAIN_STEPS || ht_param_is_criterion(p) || ht_param_at(p)->group == HT_GROUP_RUN;
}

static void follow_entry(plan *to, const ht_entry *e, bool started)
{
    bool noise = e->kind == HT_ENTRY_SET && is_noise(e->param);
    to->noisy = to->noisy || (noise && e->param == HT_P_NOISE_TYPE && e->value != HT_NOISE_NONE);
    to->pruned = to->pruned || e->kind == HT_ENTRY_PRUNE;
    if (e->kind != HT_ENTRY_SET || noise || is_own(e->param)) return;
    if (started && e->step > 0)
        to->change[to->count++] = (change){e->step, e->param, e->value};
    else
        ht_params_put(&to->start, e->param, e->value);
}

/* Up to the last reset nothing was trained that is still there: its changes belong to the start. */
static void follow_path(plan *to, const ht_journal *j, const size_t *path, size_t count)
{
    size_t first = 0; /* what comes after the reset */
    to->start = j->initial;
    for (size_t i = 0; i < count; i++)
        if (j->entries[path[i]].kind == HT_ENTRY_RESET) first = i + 1;
    to->noisy = ht_params_get(&j->initial, HT_P_NOISE_TYPE) != HT_NOISE_NONE;
    for (size_t i = 0; i < count; i++) {
        const ht_entry *e = &j->entries[path[i]];
        if (e->kind == HT_ENTRY_RESET) ht_params_put(&to->start, HT_P_TRAIN_SEED, e->value);
        follow_entry(to, e, i >= first);
    }
    ht_params_put(&to->start, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_params_put(&to->start, HT_P_TRAIN_STEPS, 0);
    ht_params_put(&to->start, HT_P_TRAIN_STOP, 0);
    ht_params_put(&to->start, HT_P_TRAIN_STOP_LOSS, 0);
    ht_params_put(&to->start, HT_P_RUN_MEMORY, 0);
}

/* The last change, wherever it led; the start if there is none. */
static size_t last_change(const ht_journal *j)
{
    size_t last = j->count - 1;
    while (last > 0 && j->entries[last].kind >= HT_ENTRY_CHECKPOINT) last--;
    return last;
}

static ht_code make_plan(const ht_lab *lab, plan *to, ht_error *err)
{
    const ht_text *text = &lab->session->journal;
    ht_journal j = {0};
    size_t count;
    *to = (plan){0};
    if (text->length == 0)
        return ht_error_set(err, HT_FAIL, "no twin: the journal of this run is too long to be followed");
    if (ht_journal_parse(&j, "the run's journal", text->data, text->length, err) != HT_OK) return err->code;
    size_t *path = ht_journal_path(&j, last_change(&j), &count, err);
    to->change = path ? ht_alloc(count + 1, sizeof *to->change, "the twin", err) : NULL;
    if (to->change) follow_path(to, &j, path, count);
    ht_free(path);
    ht_journal_free(&j);
    return to->change ? HT_OK : HT_FAIL;
}

static bool same_change(const change *a, const change *b)
{
    return a->step == b->step && a->param == b->param && a->value == b->value;
}

/* Did the twin, as far as it has come, do what the new plan says? */
static bool agrees(const struct ht_twin *t, const plan *with)
{
    for (int p = 0; p < HT_P_COUNT; p++)
        if (!is_noise((ht_param)p) &&
            ht_params_get(&t->plan.start, (ht_param)p) != ht_params_get(&with->start, (ht_param)p))
            return false;
    for (size_t i = 0; i < t->done; i++)
        if (i >= with->count || !same_change(&t->plan.change[i], &with->change[i])) return false;
    return t->done >= with->count || with->change[t->done].step >= t->target;
}

/* ---- its life ---------------------------------------------------------------------------------- */

static void end_training(struct ht_twin *t)
{
    if (t->runner) ht_runner_stop(t->runner);
    ht_trainer_free(t->trainer);
    t->runner = NULL;
    t->trainer = NULL;
}

void ht_lab_twin_end(ht_lab *lab)
{
    struct ht_twin *t = lab->twin;
    if (!t) return;
    end_training(t);
    ht_pool_free(t->pool);
    if (t->model) ht_model_clear(t->model);
    ht_ghost_drop_twin(lab->model);
    ht_free(t->plan.change);
    ht_free(t->model);
    ht_free(t);
    lab->twin = NULL;
}

bool ht_lab_twin_gone(ht_lab *lab, double seconds)
{
    return !lab->twin || !lab->twin->runner || ht_runner_gone(lab->twin->runner, seconds);
}

const ht_model *ht_lab_twin_model(const ht_lab *lab)
{
    return lab->twin ? lab->twin->model : NULL;
}

/* From step 0, by the plan that it has. */
static ht_code begin(ht_lab *lab, struct ht_twin *t, ht_error *err)
{
    const ht_dataset *data = lab->session->data;
    end_training(t);
    t->done = 0, t->target = 0, t->going = false;
    ht_model_clear(t->model);
    ht_model_init(t->model, &t->plan.start, data->inputs, data->classes, data->title);
    if (!(t->trainer = ht_trainer_new(&t->plan.start, data, t->pool, err))) return err->code;
    t->runner = ht_runner_start(t->trainer, data, t->pool, err);
    if (t->runner) ht_runner_send(t->runner, HT_COMMAND_LAYER, 0, lab->model->layer);
    return t->runner ? HT_OK : err->code;
}

void ht_lab_twin_layer(ht_lab *lab)
{
    if (lab->twin && lab->twin->runner)
        ht_runner_send(lab->twin->runner, HT_COMMAND_LAYER, 0, lab->model->layer);
}

/* One thread: the run itself has the others. */
static ht_code make(ht_lab *lab, struct ht_twin *t, ht_error *err)
{
    char dropped;
    t->revision = lab->revision;
    if (make_plan(lab, &t->plan, err) != HT_OK) return err->code;
    if (!t->plan.noisy)
        return ht_error_set(err, HT_USAGE,
                            "this run has no noise: its twin would be the same; O brings the noise");
    if (ht_params_get(&t->plan.start, HT_P_TRAIN_SCHEDULE) != 0)
        return ht_error_set(err, HT_USAGE,
                            "no twin with train.schedule=cosine: its step sizes depend on where a run ends");
    if (!(t->model = ht_alloc(1, sizeof *t->model, "the twin", err))) return HT_FAIL;
    if (!(t->pool = ht_pool_new(1, err))) return err->code;
    if (begin(lab, t, err) != HT_OK) return err->code;
    ht_ghost *ghost = ht_ghost_pin_other(lab->model, t->model, &dropped, err);
    if (!ghost) return err->code;
    ghost->twin = true;
    memcpy(ghost->name, twin_name, sizeof twin_name);
    return HT_OK;
}

void ht_lab_twin(ht_lab *lab, ht_action action)
{
    ht_error err;
    (void)action;
    if (!ht_ghost_twin(lab->model)) ht_lab_twin_end(lab); /* its ghost was dropped just now */
    if (lab->twin) {
        ht_lab_twin_end(lab);
        ht_lab_note(lab, true, "ended: n trains the twin again, O takes the noise of this run");
        return;
    }
    if (!(lab->twin = ht_alloc(1, sizeof *lab->twin, "the twin", &err)) ||
        make(lab, lab->twin, &err) != HT_OK) {
        ht_lab_twin_end(lab);
        ht_lab_note(lab, err.code == HT_USAGE, "%s", err.text);
        return;
    }
    ht_lab_note(
        lab, true,
        "ghost %c: without noise, same seed, weights and batches%s; n ends it, O takes this run's noise",
        ht_ghost_twin(lab->model)->letter, lab->twin->plan.pruned ? " (and nothing pruned)" : "");
}

/* ---- on its way -------------------------------------------------------------------------------- */

static void send(struct ht_twin *t, ht_command_kind kind, ht_param p, double value)
{
    ht_runner_send(t->runner, kind, p,
                   value); /* a full ring: it lags, and is sent again when it has not arrived */
}

/* Is it time to go on? While the run goes on it follows in leaps: each stop costs a look at everything, which
 * is to be there before the next. */
static bool due(const struct ht_twin *t, const ht_model *run)
{
    const double LEAP = 1.1;
    if (t->going) return false;
    if (run->state != HT_STATE_RUNNING || t->target == 0 || t->done < t->plan.count) return true;
    return t->model->report.step >= t->target && (double)run->step >= LEAP * (double)t->target;
}

/* To the next change of the plan, or to where the run is. Paused first: a finished run that is told to go on
 * would take no notice of its end. */
static void proceed(struct ht_twin *t, uint64_t run_step)
{
    while (t->done < t->plan.count && t->plan.change[t->done].step <= t->target) {
        const change *c = &t->plan.change[t->done++];
        send(t, HT_COMMAND_SET, c->param, c->value);
    }
    uint64_t next = t->done < t->plan.count ? t->plan.change[t->done].step : run_step;
    if (next > run_step) next = run_step;
    if (next <= t->target) return;
    t->target = next;
    t->going = true;
    send(t, HT_COMMAND_PAUSE, 0, 0);
    send(t, HT_COMMAND_SET, HT_P_TRAIN_STEPS, (double)next);
    send(t, HT_COMMAND_RUN, 0, 0);
}

static bool take_in(struct ht_twin *t)
{
    ht_sample sample;
    bool news = false, fresh, glimpsed;
    while (ht_runner_receive(t->runner, &sample)) {
        ht_model_sample(t->model, &sample);
        bool there =
            sample.kind == HT_SAMPLE_STATE && sample.state != HT_STATE_RUNNING && sample.step >= t->target;
        if (there) t->going = false;
        news = true;
    }
    const ht_glimpse *glimpse = ht_runner_glimpse(t->runner, &glimpsed);
    if (glimpsed && glimpse->step > 0) ht_model_glimpse(t->model, glimpse);
    const ht_report *report = ht_runner_report(t->runner, &fresh);
    if (fresh && report->step > 0) ht_model_report(t->model, report); /* the start is no result */
    return news || fresh || glimpsed;
}

/* The run was told something: the twin goes on if it would have done the same, else it begins anew. */
static ht_code follow_journal(ht_lab *lab, struct ht_twin *t, ht_error *err)
{
    plan now;
    if (t->revision == lab->revision) return HT_OK;
    t->revision = lab->revision;
    if (make_plan(lab, &now, err) != HT_OK) {
        ht_free(now.change);
        return err->code;
    }
    bool same = agrees(t, &now);
    ht_free(t->plan.change);
    t->plan = now;
    return same ? HT_OK : begin(lab, t, err);
}

bool ht_lab_twin_poll(ht_lab *lab)
{
    const double INTERVAL = 0.2;
    struct ht_twin *t = lab->twin;
    ht_error err;
    if (!t || ht_now() - t->looked < INTERVAL) return false;
    t->looked = ht_now();
    ht_ghost *ghost = ht_ghost_twin(lab->model);
    if (ghost && follow_journal(lab, t, &err) == HT_OK) {
        bool news = take_in(t);
        if (due(t, lab->model)) proceed(t, lab->model->step);
        if (news) ht_ghost_follow(ghost, t->model);
        return news;
    }
    if (ghost) ht_lab_note(lab, false, "the twin ended: %s", err.text);
    ht_lab_twin_end(lab); /* its ghost was dropped, or gave way to a newer one */
    return true;
}
