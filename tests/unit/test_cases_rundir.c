/* Guards what a run directory says: its metrics are those of the path to its checkpoint, whatever went back
 * and forth; and a run that is stopped and resumed is the whole run, whatever its settings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "engine/run/replay.h"
#include "engine/runner.h"
#include "num/rng.h"
#include "unit/scratch.h"
#include "unit/small.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||     \
    __has_feature(thread_sanitizer)
enum { WALKS = 3, SETTINGS = 40 };
#else
enum { WALKS = 10, SETTINGS = 300 };
#endif

static ht_error err;
static ht_dataset *data;

static int make(void **state)
{
    data = small_data(60, 40);
    return scratch_make(state);
}

static int unmake(void **state)
{
    ht_dataset_free(data);
    return scratch_remove(state);
}

static void ok(ht_code code)
{
    if (code != HT_OK) fail_msg("%s", err.text);
}

/* Nothing here is about what a disk has when the power fails, and waiting for it takes longer than all else.
 */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* ---- what an uninterrupted run along the same way writes ---- */

typedef struct way {
    ht_journal journal;
    size_t entry; /* of the checkpoint */
    ht_trainer *stored;
} way;

static way way_of(const char *name)
{
    way w;
    char path[600];
    ht_text text = {0};
    ok(ht_rundir_journal(scratch_path(name), &text, 1 << 28, &err));
    ok(ht_journal_parse(&w.journal, name, text.data, text.length, &err));
    ht_text_free(&text);
    w.stored = small_trainer(&w.journal.initial, data, NULL);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", scratch_path(name));
    ok(ht_checkpoint_read(path, w.stored, &err));
    ok(ht_replay_find(w.stored, AT_FDCWD, path, &w.journal, &w.entry, &err));
    assert_true(w.entry < w.journal.count);
    return w;
}

static void free_way(way *w)
{
    ht_trainer_free(w->stored);
    ht_journal_free(&w->journal);
}

/* Trains on, and adds the rows that training writes. */
static void train_and_note(ht_trainer *t, uint64_t last, ht_text *rows)
{
    ht_sample sample;
    while (ht_trainer_steps(t) < last) {
        small_train(t, 1);
        if (!ht_trainer_eval_due(t)) continue;
        ok(ht_trainer_evaluate(t, true, &sample, &err));
        ht_metrics_add(rows, &sample);
    }
}

static void apply(ht_trainer *t, const ht_entry *e)
{
    ht_prune_result result;
    if (e->kind == HT_ENTRY_SET)
        small_set(t, e->param, e->value);
    else if (e->kind == HT_ENTRY_PRUNE)
        ok(ht_trainer_prune(t, &e->prune, &result, &err));
    else if (e->kind == HT_ENTRY_RESET)
        ht_trainer_reset(t, (uint64_t)e->value);
    else
        ht_trainer_unmask(t);
}

/* Rows and weights of the run that went straight to where the checkpoint is; returns how often it changed. */
static size_t expect_straight(const char *name)
{
    way w = way_of(name);
    char where[200], file[80];
    size_t count, start = 0, size, *path = ht_journal_path(&w.journal, w.entry, &count, &err);
    ht_text rows = {0};
    ht_trainer *t = small_trainer(&w.journal.initial, data, NULL);
    for (size_t i = 0; i < count; i++)
        if (w.journal.entries[path[i]].kind == HT_ENTRY_RESET) start = i + 1;
    ht_text_add(
        &rows,
        "step,epoch,loss,loss_min,loss_max,batch_accuracy,test_loss,test_accuracy,multiply_adds,compute\n");
    for (size_t i = 0; i < count; i++) {
        const ht_entry *e = &w.journal.entries[path[i]];
        if (i >= start) train_and_note(t, e->step, &rows);
        apply(t, e);
    }
    train_and_note(t, ht_trainer_steps(w.stored), &rows);
    ht_checkpoint here = ht_checkpoint_of(t), there = ht_checkpoint_of(w.stored);
    if (ht_checkpoint_differs(&here, &there, where, sizeof where)) fail_msg("%s: %s", name, where);
    snprintf(file, sizeof file, "%s/metrics.csv", name);
    char *written = scratch_read(file, &size);
    if (size != rows.length || memcmp(written, rows.data, size) != 0)
        fail_msg("%s: at step %llu metrics.csv is not that of its way:\n%.1500s\nbut should be\n%.1500s",
                 name, (unsigned long long)there.state.step, written, rows.data);
    ht_free(written);
    ht_free(path);
    ht_text_free(&rows);
    ht_trainer_free(t);
    free_way(&w);
    return count;
}

/* ---- a lab without a screen ---- */

typedef struct lab {
    ht_trainer *trainer;
    ht_pool *pool;
    ht_rundir *dir;
    ht_recorder *recorder;
    ht_runner *runner;
    uint32_t applied;
    int rewinds, resets;
    ht_state state;
    uint64_t step;
} lab;

static lab *lab_open(const ht_params *params, const char *name)
{
    lab *l = calloc(1, sizeof *l);
    l->pool = small_pool(1);
    l->trainer = small_trainer(params, data, l->pool);
    l->dir = small_rundir(name, l->trainer, params);
    l->recorder = ht_recorder_start(l->dir, l->trainer, l->pool, &err);
    l->runner = ht_runner_start_recorded(l->trainer, data, l->pool, l->recorder, &err);
    assert_non_null(l->runner);
    return l;
}

static void lab_close(lab *l)
{
    ht_runner_stop(l->runner);
    ok(ht_recorder_stop(l->recorder, &err));
    ht_rundir_close(l->dir);
    ht_trainer_free(l->trainer);
    ht_pool_free(l->pool);
    free(l);
}

static void receive(lab *l)
{
    ht_sample s;
    while (ht_runner_receive(l->runner, &s)) {
        l->applied = s.applied_seq;
        l->step = s.step;
        l->rewinds += s.kind == HT_SAMPLE_REWIND;
        l->resets += s.kind == HT_SAMPLE_RESET;
        if (s.kind == HT_SAMPLE_STATE) l->state = s.state;
    }
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 100000}, NULL);
}

static void tell(lab *l, ht_command_kind kind, ht_param p, double value)
{
    uint32_t seq = ht_runner_send(l->runner, kind, p, value);
    assert_int_not_equal(seq, 0);
    for (int naps = 0; l->applied < seq; receive(l), nap())
        if (++naps > 600000) fail_msg("command %d was never obeyed", kind);
}

/* Trains a while; the trainer stands still after. */
static void train_on(lab *l, uint64_t steps)
{
    uint64_t wanted = l->step + steps;
    tell(l, HT_COMMAND_RUN, 0, 0);
    for (int naps = 0; l->step < wanted && l->state == HT_STATE_RUNNING; receive(l), nap())
        if (++naps > 600000) fail_msg("step %llu was never reached", (unsigned long long)wanted);
    tell(l, HT_COMMAND_PAUSE, 0, 0);
}

static void wander(lab *l, ht_rng *rng)
{
    static const ht_param params[] = {HT_P_NOISE_SCALE, HT_P_TRAIN_BATCH, HT_P_TRAIN_LR,
                                      HT_P_TRAIN_EVAL_EVERY};
    static const double low[] = {0, 5, 0.01, 2}, high[] = {0.01, 40, 0.1, 9};
    int p = (int)ht_rng_below(rng, 4);
    double value = low[p] + (high[p] - low[p]) * ht_rng_below(rng, 101) / 100;
    switch (ht_rng_below(rng, 9)) {
    case 0:
        tell(l, HT_COMMAND_RESET, 0, 0); /* r */
        break;
    case 1:
        tell(l, HT_COMMAND_RESEED, 0, ht_rng_below(rng, 100)); /* R */
        break;
    case 2:
    case 3:
        tell(l, HT_COMMAND_UNDO_STATE, 0, 0); /* u and U */
        break;
    case 4:
    case 5:
        tell(l, HT_COMMAND_REWIND, 0, ht_rng_below(rng, (uint32_t)l->step + 40)); /* the timeline */
        break;
    default:
        tell(l, HT_COMMAND_SET, params[p], p % 2 ? floor(value) : value);
    }
    if (ht_rng_below(rng, 3)) train_on(l, 1 + ht_rng_below(rng, 60));
}

static ht_params tiny(void)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, 8);
    ht_params_put(&p, HT_P_TRAIN_BATCH, 10);
    ht_params_put(&p, HT_P_TRAIN_STEPS, 0);
    ht_params_put(&p, HT_P_TRAIN_EVAL_EVERY, 3);
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&p, HT_P_NOISE_SCALE, 0.001);
    return p;
}

/* Random ways through reset, undo, redo and timeline, over several sittings: checkpoints while it goes on
 * hardly ever, now and then, or at every chance. */
static void metrics_are_those_of_an_uninterrupted_replay(void **state)
{
    static const double often[] = {0, 0.0001, 0.02, 1000};
    const char *asked = getenv("HEAVYTAIL_SETTINGS");
    (void)state;
    size_t jumps = 0, changes = 0;
    for (int walk = 0; walk < WALKS; walk++) {
        char name[40];
        ht_params params = tiny();
        ht_rng rng;
        ht_rng_init(&rng, (uint64_t)walk, HT_STREAM_SHUFFLE, asked ? (uint64_t)atoi(asked) : 11);
        ht_params_put(&params, HT_P_RUN_CHECKPOINT, often[walk % 4]);
        snprintf(name, sizeof name, "walk-%d", walk);
        for (int sitting = 0; sitting < 3; sitting++) {
            lab *l = lab_open(&params, name);
            train_on(l, 20);
            for (int i = 0; i < 30; i++) wander(l, &rng);
            jumps += (size_t)l->rewinds + (size_t)l->resets;
            lab_close(l);
            changes += expect_straight(name);
            assert_int_equal(scratch_count(name), 4);
        }
    }
    print_message("figures: %zu jumps on %d walks, %zu changes on the ways that were replayed\n", jumps,
                  3 * WALKS, changes);
    assert_true(jumps > 20 * WALKS);
}

/* As it was found: a reset that is undone. */
static void an_undone_reset_keeps_the_rows(void **state)
{
    (void)state;
    ht_params params = tiny();
    lab *l = lab_open(&params, "undone");
    train_on(l, 100);
    uint64_t before = l->step;
    tell(l, HT_COMMAND_RESET, 0, 0);
    tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
    assert_int_equal(l->step, before);
    lab_close(l);
    expect_straight("undone");
    ht_metrics *rows;
    size_t count;
    ok(ht_rundir_read_metrics(scratch_path("undone"), &rows, &count, &err));
    assert_int_equal(count, before / 3);
    ht_free(rows);
}

/* ---- stopped and resumed ---- */

typedef struct plan {
    ht_params params;
    uint64_t stop[2]; /* steps to stop at, rising; the same twice: one stop */
    bool moved;       /* stopped by a nearer train.steps, not by a signal */
    bool set, prune;  /* at the first stop: by hand */
    ht_param param;
    double value;
} plan;

static double between(ht_rng *rng, double low, double high)
{
    return low + (high - low) * ht_rng_below(rng, 1001) / 1000;
}

static bool chance(ht_rng *rng, uint32_t in)
{
    return ht_rng_below(rng, in) == 0;
}

static void choose_model(ht_params *p, ht_rng *rng)
{
    ht_params_put(p, HT_P_TRAIN_SEED, ht_rng_below(rng, 1000));
    ht_params_put(p, HT_P_MODEL_WIDTH, 3 + ht_rng_below(rng, 10));
    ht_params_put(p, HT_P_MODEL_DEPTH, 1 + ht_rng_below(rng, 3));
    ht_params_put(p, HT_P_MODEL_ACTIVATION,
                  ht_rng_below(rng, (uint32_t)ht_param_choices(HT_P_MODEL_ACTIVATION)));
    ht_params_put(p, HT_P_MODEL_FACTORS, chance(rng, 4) ? 2 + ht_rng_below(rng, 3) : 1);
    ht_params_put(p, HT_P_MODEL_MEAN_FIELD, chance(rng, 4));
    ht_params_put(p, HT_P_MODEL_TRAIN_OUT, !chance(rng, 4));
    bool factors = ht_params_get(p, HT_P_MODEL_FACTORS) > 1;
    ht_params_put(p, HT_P_TRAIN_MOMENTUM, !factors && chance(rng, 2) ? between(rng, 0.1, 0.9) : 0);
    ht_params_put(p, HT_P_OCCAM_HOLDOUT, chance(rng, 3) ? between(rng, 0.05, 0.4) : 0);
}

static void choose_training(ht_params *p, ht_rng *rng)
{
    ht_params_put(p, HT_P_TRAIN_LR, between(rng, 0.005, 0.1));
    ht_params_put(p, HT_P_TRAIN_BATCH, 1 + ht_rng_below(rng, 70));
    ht_params_put(p, HT_P_TRAIN_DECAY, chance(rng, 3) ? between(rng, 0, 0.1) : 0);
    ht_params_put(p, HT_P_TRAIN_STEPS, 4 + ht_rng_below(rng, 57));
    ht_params_put(p, HT_P_TRAIN_STOP, chance(rng, 3) ? between(rng, 0.3, 1) : 0);
    ht_params_put(p, HT_P_TRAIN_EVAL_EVERY, 1 + ht_rng_below(rng, 12));
    ht_params_put(p, HT_P_TRAIN_SCHEDULE, chance(rng, 3));
    ht_params_put(p, HT_P_TRAIN_AVERAGE, chance(rng, 2) ? 1 + ht_rng_below(rng, 30) : 0);
    ht_params_put(p, HT_P_NOISE_TYPE, ht_rng_below(rng, (uint32_t)ht_param_choices(HT_P_NOISE_TYPE)));
    ht_params_put(p, HT_P_NOISE_ALPHA, between(rng, 1, 2));
    ht_params_put(p, HT_P_NOISE_SCALE, between(rng, 0, 0.01));
    ht_params_put(p, HT_P_OCCAM_LAMBDA0, chance(rng, 3) ? between(rng, 0.05, 0.5) : 0);
    ht_params_put(p, HT_P_RUN_CHECKPOINT, chance(rng, 2) ? 0.0005 : 0);
}

static plan choose(ht_rng *rng)
{
    static const ht_param live[] = {
        HT_P_TRAIN_LR,       HT_P_TRAIN_BATCH, HT_P_TRAIN_DECAY, HT_P_TRAIN_STOP,    HT_P_TRAIN_EVAL_EVERY,
        HT_P_TRAIN_SCHEDULE, HT_P_NOISE_SCALE, HT_P_NOISE_TYPE,  HT_P_OCCAM_LAMBDA0, HT_P_TRAIN_AVERAGE};
    plan c = {.params = small_params()};
    ht_params other = small_params();
    choose_model(&c.params, rng);
    choose_training(&c.params, rng);
    choose_training(&other, rng);
    uint32_t steps = (uint32_t)ht_params_get(&c.params, HT_P_TRAIN_STEPS);
    c.stop[0] = 1 + ht_rng_below(rng, steps - 1);
    c.stop[1] = c.stop[0] + ht_rng_below(rng, steps - (uint32_t)c.stop[0]);
    c.set = chance(rng, 3);
    c.param = live[ht_rng_below(rng, sizeof live / sizeof live[0])];
    c.value = ht_params_get(&other, c.param);
    c.prune = chance(rng, 6);
    /* With another end cosine is another schedule, and a mean of another window begins when it is set. */
    bool cosine = ht_params_get(&c.params, HT_P_TRAIN_SCHEDULE) != 0 ||
                  (c.set && (c.param == HT_P_TRAIN_SCHEDULE || c.param == HT_P_TRAIN_AVERAGE));
    c.moved = !cosine && chance(rng, 2);
    return c;
}

typedef struct piece {
    ht_rundir *dir;
    ht_trainer *trainer;
    ht_recorder *recorder;
} piece;

static void tell_set(piece *r, ht_param p, double value)
{
    ht_sample s = {.kind = HT_SAMPLE_CHANGE, .step = ht_trainer_steps(r->trainer), .param = p};
    s.before = ht_params_get(ht_trainer_params(r->trainer), p);
    if (s.before == value) return;
    small_set(r->trainer, p, value);
    s.value = ht_params_get(ht_trainer_params(r->trainer), p);
    s.revision = ht_trainer_revision(r->trainer);
    ht_recorder_take(r->recorder, &s);
}

static void by_hand(piece *r, const plan *c)
{
    ht_prune_result result;
    ht_sample s = {
        .kind = HT_SAMPLE_PRUNE,
        .step = ht_trainer_steps(r->trainer),
        .prune = {.spec = ht_prune_spec_of(ht_trainer_params(r->trainer), NULL), .keep_mask = true}};
    if (c->set) tell_set(r, c->param, c->value);
    if (!c->prune) return;
    s.prune.spec.method = HT_PRUNE_MAGNITUDE;
    s.prune.spec.ratio = 0.3;
    ok(ht_trainer_prune(r->trainer, &s.prune, &result, &err));
    s.revision = ht_trainer_revision(r->trainer);
    ht_recorder_take(r->recorder, &s);
}

/* From where the run stands to step `until`, or to its own end: as `train` does it. Returns why it ended. */
static ht_end go_on(const char *name, const plan *c, uint64_t until, int threads)
{
    ht_pool *pool = small_pool(threads);
    piece r = {.dir = ht_rundir_open(scratch_path(name), &err)};
    ht_sample sample;
    ht_end end = HT_END_NOT;
    bool fresh, done = false, ends = until < (uint64_t)ht_params_get(&c->params, HT_P_TRAIN_STEPS);
    ht_params params = c->params;
    if (!r.dir) fail_msg("%s", err.text);
    fresh = !ht_rundir_has_run(r.dir);
    if (c->moved && ends) ht_params_put(&params, HT_P_TRAIN_STEPS, (double)until);
    r.trainer = small_trainer(&params, data, pool);
    ok(fresh ? ht_rundir_begin(r.dir, &params, &err) : ht_rundir_resume(r.dir, r.trainer, &err));
    r.recorder = ht_recorder_start(r.dir, r.trainer, pool, &err);
    if (!fresh && c->moved) tell_set(&r, HT_P_TRAIN_STEPS, ht_params_get(&params, HT_P_TRAIN_STEPS));
    for (;;) {
        ok(ht_trainer_stop(r.trainer, &end, &err));
        if (end != HT_END_NOT || ht_trainer_steps(r.trainer) >= until) break;
        if (ht_trainer_steps(r.trainer) == c->stop[0] && !done) by_hand(&r, c), done = true;
        if (ht_trainer_step(r.trainer).refused) {
            end = HT_END_DIVERGED;
            break;
        }
        if (ht_trainer_eval_due(r.trainer)) {
            ok(ht_trainer_evaluate(r.trainer, true, &sample, &err));
            ht_recorder_take(r.recorder, &sample);
        }
        ht_recorder_offer(r.recorder);
    }
    ok(ht_recorder_stop(r.recorder, &err));
    ht_trainer_free(r.trainer);
    ht_rundir_close(r.dir);
    ht_pool_free(pool);
    return end;
}

static void describe(const plan *c)
{
    char value[HT_PARAM_VALUE];
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_params_format(&c->params, p, value, sizeof value);
        if (ht_params_get(&c->params, p) != ht_param_at(p)->initial)
            print_message("  %s = %s\n", ht_param_at(p)->key, value);
    }
    print_message("  stopped at %llu and %llu%s; by hand: %s = %g%s\n", (unsigned long long)c->stop[0],
                  (unsigned long long)c->stop[1], c->moved ? " by train.steps" : "",
                  c->set ? ht_param_at(c->param)->key : "nothing", c->value, c->prune ? ", pruned" : "");
}

static void same_file(const plan *c, int number, const char *file)
{
    char whole[80], pieces[80];
    size_t a, b;
    snprintf(whole, sizeof whole, "whole-%d/%s", number, file);
    snprintf(pieces, sizeof pieces, "pieces-%d/%s", number, file);
    char *x = scratch_read(whole, &a), *y = scratch_read(pieces, &b);
    bool same = a == b && memcmp(x, y, a) == 0;
    ht_free(x);
    ht_free(y);
    if (same) return;
    describe(c);
    fail_msg("case %d: %s of the run in pieces is not that of the whole", number, file);
}

/* Both journals tell of the same changes at the same steps; train.steps is what stopped a run, perhaps. */
static void same_ways(int number)
{
    char name[2][40];
    way w[2];
    size_t count[2], *path[2], at[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        snprintf(name[i], sizeof name[i], "%s-%d", i ? "pieces" : "whole", number);
        w[i] = way_of(name[i]);
        path[i] = ht_journal_path(&w[i].journal, w[i].entry, &count[i], &err);
    }
    for (;; at[0]++, at[1]++) {
        const ht_entry *e[2] = {NULL, NULL};
        for (int i = 0; i < 2; i++)
            for (; at[i] < count[i]; at[i]++) {
                e[i] = &w[i].journal.entries[path[i][at[i]]];
                if (e[i]->kind != HT_ENTRY_SET || e[i]->param != HT_P_TRAIN_STEPS) break;
                e[i] = NULL;
            }
        if (!e[0] && !e[1]) break;
        assert_true(e[0] && e[1] && e[0]->kind == e[1]->kind && e[0]->step == e[1]->step);
        assert_true(e[0]->kind != HT_ENTRY_SET || (e[0]->param == e[1]->param && e[0]->value == e[1]->value));
    }
    for (int i = 0; i < 2; i++) {
        ht_free(path[i]);
        free_way(&w[i]);
    }
}

static void any_settings_resumed_are_the_whole_run(void **state)
{
    (void)state;
    ht_rng rng;
    int moved = 0, averaged = 0, assessed = 0, early = 0;
    const char *asked = getenv("HEAVYTAIL_SETTINGS"); /* more of them: the number of another draw */
    ht_rng_init(&rng, asked ? (uint64_t)atoi(asked) : 21, HT_STREAM_SHUFFLE, 0);
    for (int i = 0; i < SETTINGS; i++) {
        char whole[40], pieces[40];
        plan c = choose(&rng);
        snprintf(whole, sizeof whole, "whole-%d", i);
        snprintf(pieces, sizeof pieces, "pieces-%d", i);
        ht_end end = go_on(whole, &c, UINT64_MAX, 1 + (int)ht_rng_below(&rng, 2));
        go_on(pieces, &c, c.stop[0], 1 + (int)ht_rng_below(&rng, 2));
        if (c.stop[1] > c.stop[0]) go_on(pieces, &c, c.stop[1], 1);
        assert_int_equal(end, go_on(pieces, &c, UINT64_MAX, 1 + (int)ht_rng_below(&rng, 2)));
        same_file(&c, i, "checkpoint.safetensors");
        same_file(&c, i, "metrics.csv");
        same_file(&c, i, "preset.ini");
        same_ways(i);
        if (i % 4 == 0) expect_straight(pieces);
        scratch_erase(whole);
        scratch_erase(pieces);
        moved += c.moved;
        averaged += ht_params_get(&c.params, HT_P_TRAIN_AVERAGE) > 0;
        assessed += ht_params_get(&c.params, HT_P_OCCAM_LAMBDA0) > 0;
        early += end != HT_END_DONE;
    }
    print_message(
        "figures: %d runs in pieces are the whole ones: the end moved in %d, a mean of iterates in %d, "
        "Occam in %d, %d ended before their last step\n",
        SETTINGS, moved, averaged, assessed, early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undone_reset_keeps_the_rows),
        cmocka_unit_test(metrics_are_those_of_an_uninterrupted_replay),
        cmocka_unit_test(any_settings_resumed_are_the_whole_run),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
