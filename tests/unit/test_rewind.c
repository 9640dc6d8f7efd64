/* Guards going back: rewinding and undo return the very bits, the same parameters make the same future and
 * others another one, and whatever is done in the lab can be replayed from its journal. Run under
 * ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/run/replay.h"
#include "engine/runner.h"
#include "num/rng.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;
static ht_dataset *data;

static int make(void **state)
{
    data = small_data(200, 100);
    return scratch_make(state);
}

static int unmake(void **state)
{
    ht_dataset_free(data);
    return scratch_remove(state);
}

typedef struct lab {
    ht_trainer *trainer;
    ht_pool *pool;
    ht_rundir *dir;
    ht_recorder *recorder;
    ht_runner *runner;
    ht_sample last[HT_SAMPLE_KINDS]; /* the latest of each kind */
    int count[HT_SAMPLE_KINDS];
    uint32_t applied;
    uint64_t step;
} lab;

/* With `name` it keeps a run directory. */
static lab *lab_open(const ht_params *params, const char *name)
{
    lab *l = calloc(1, sizeof *l);
    l->pool = small_pool(2);
    l->trainer = small_trainer(params, data, l->pool);
    if (name) {
        l->dir = small_rundir(name, l->trainer, params);
        l->recorder = ht_recorder_start(l->dir, l->trainer, l->pool, &err);
    }
    l->runner = ht_runner_start_recorded(l->trainer, data, l->pool, l->recorder, &err);
    assert_non_null(l->runner);
    return l;
}

static void lab_close(lab *l)
{
    ht_runner_stop(l->runner);
    if (ht_recorder_stop(l->recorder, &err) != HT_OK) fail_msg("%s", err.text);
    ht_rundir_close(l->dir);
    ht_trainer_free(l->trainer);
    ht_pool_free(l->pool);
    free(l);
}

static void lab_receive(lab *l)
{
    ht_sample s;
    while (ht_runner_receive(l->runner, &s)) {
        l->last[s.kind] = s;
        l->count[s.kind]++;
        l->applied = s.applied_seq;
        l->step = s.step;
    }
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 200000}, NULL);
}

/* Waits until `condition` holds; a minute is far more than anything takes. */
#define WAIT(l, condition)                                                                                   \
    do {                                                                                                     \
        int naps = 0;                                                                                        \
        for (lab_receive(l); !(condition); lab_receive(l), nap())                                            \
            if (++naps > 300000) fail_msg("line %d: waited in vain for %s", __LINE__, #condition);           \
    } while (0)

/* Sends, and waits until the trainer has said that it stands still or runs. */
static void tell(lab *l, ht_command_kind kind, ht_param p, double value)
{
    uint32_t seq = ht_runner_send(l->runner, kind, p, value);
    assert_int_not_equal(seq, 0);
    WAIT(l, l->applied >= seq);
}

/* `count` single steps; the trainer stands still after. */
static void steps(lab *l, int count)
{
    uint64_t wanted = l->step + (uint64_t)count;
    for (int i = 0; i < count; i++) {
        uint64_t before = l->step;
        tell(l, HT_COMMAND_STEP, 0, 0);
        WAIT(l, l->step == before + 1 && l->last[HT_SAMPLE_STATE].step == l->step);
    }
    assert_int_equal(l->step, wanted);
}

static void tell_prune(lab *l, ht_prune_method method, double ratio, bool keep_mask)
{
    ht_params params;
    ht_params_init(&params);
    ht_prune_intent intent = {.spec = ht_prune_spec_of(&params, NULL), .keep_mask = keep_mask};
    intent.spec.method = method;
    intent.spec.ratio = ratio;
    int count = l->count[HT_SAMPLE_PRUNE];
    assert_int_not_equal(ht_runner_prune(l->runner, &intent), 0);
    WAIT(l, l->count[HT_SAMPLE_PRUNE] == count + 1);
}

/* The state in a copy; only while the trainer stands still. ht_checkpoint_free. */
static ht_checkpoint *look(lab *l)
{
    WAIT(l, l->last[HT_SAMPLE_EVAL].applied_seq <= l->applied);
    ht_checkpoint *c = ht_checkpoint_new(l->trainer, &err);
    assert_int_equal(ht_checkpoint_take(c, l->trainer, NULL, &err), HT_OK);
    return c;
}

static bool same(const ht_checkpoint *a, const ht_checkpoint *b)
{
    char where[200];
    return !ht_checkpoint_differs(a, b, where, sizeof where);
}

static void expect_same(lab *l, const ht_checkpoint *wanted)
{
    char where[200];
    ht_checkpoint *now = look(l);
    if (ht_checkpoint_differs(now, wanted, where, sizeof where)) fail_msg("%s", where);
    ht_checkpoint_free(now);
}

static ht_params noisy(void)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&p, HT_P_NOISE_SCALE, 0.001);
    ht_params_put(&p, HT_P_TRAIN_MOMENTUM, 0.5);
    return p;
}

/* Rewound to the start: with the same noise the same bits, with other noise another future. */
static void the_same_parameters_make_the_same_future(void **state)
{
    (void)state;
    ht_params params = noisy();
    lab *l = lab_open(&params, NULL);
    steps(l, 20);
    ht_checkpoint *future = look(l);
    tell(l, HT_COMMAND_SET, HT_P_NOISE_SCALE, 0.01);
    WAIT(l, l->count[HT_SAMPLE_CHANGE] == 1);
    uint64_t revision = l->last[HT_SAMPLE_CHANGE].revision;
    assert_true(revision == 1);
    tell(l, HT_COMMAND_REWIND, 0, 7);
    WAIT(l, l->count[HT_SAMPLE_REWIND] == 1 && l->last[HT_SAMPLE_EVAL].step == 0);
    const ht_sample *r = &l->last[HT_SAMPLE_REWIND], *c = &l->last[HT_SAMPLE_CHANGE];
    assert_true(r->step == 0 && r->from == 20 && r->revision == 2 && r->keep == 0 && !r->other_run);
    /* The parameters came back too, and were told as part of it. */
    assert_true(c->restored && c->revision == 0 && c->param == HT_P_NOISE_SCALE && c->before == 0.01 &&
                c->value == 0.001 && c->step == 20);
    assert_int_equal(l->last[HT_SAMPLE_STATE].state, HT_STATE_PAUSED);
    steps(l, 20);
    expect_same(l, future);
    tell(l, HT_COMMAND_REWIND, 0, 0);
    tell(l, HT_COMMAND_SET, HT_P_NOISE_SCALE, 0.01);
    steps(l, 20);
    ht_checkpoint *other = look(l);
    assert_false(same(other, future));
    ht_checkpoint_free(future);
    ht_checkpoint_free(other);
    lab_close(l);
}

static const ht_stored *stored_now(lab *l)
{
    bool fresh;
    return ht_runner_stored(l->runner, &fresh);
}

/* A running trainer stores states by itself; each can be gone back to and forward again until training goes
 * on. */
static void one_may_scrub_along_the_stored_states(void **state)
{
    (void)state;
    ht_params params = noisy();
    ht_params_put(&params, HT_P_MODEL_WIDTH, 600);
    lab *l = lab_open(&params, NULL);
    tell(l, HT_COMMAND_RUN, 0, 0);
    WAIT(l, stored_now(l)->count >= 3);
    tell(l, HT_COMMAND_PAUSE, 0, 0);
    ht_stored stored = *stored_now(l);
    uint64_t end = l->step;
    for (int i = 0; i < stored.count; i++) {
        int at = i % 2 ? stored.count - 1 - i / 2 : i / 2, rewinds = l->count[HT_SAMPLE_REWIND];
        uint64_t most = at + 1 < stored.count ? stored.step[at + 1] - 1 : end;
        tell(l, HT_COMMAND_REWIND, 0, (double)most); /* any step up to the next one */
        WAIT(l, l->count[HT_SAMPLE_REWIND] == rewinds + 1);
        assert_int_equal(l->last[HT_SAMPLE_REWIND].step, stored.step[at]);
        assert_int_equal(stored_now(l)->count, stored.count);
        ht_trainer *again = small_trainer(&params, data, NULL);
        small_train(again, (int)stored.step[at]);
        ht_checkpoint wanted = ht_checkpoint_of(again);
        expect_same(l, &wanted);
        ht_trainer_free(again);
    }
    tell(l, HT_COMMAND_REWIND, 0, (double)stored.step[1]);
    steps(l, 1); /* another way from here on */
    WAIT(l, stored_now(l)->count == 2);
    lab_close(l);
}

static void undo_goes_back_and_forth(void **state)
{
    (void)state;
    ht_params params = noisy();
    lab *l = lab_open(&params, NULL);
    tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
    WAIT(l, strstr(l->last[HT_SAMPLE_STATE].message, "nothing to undo"));
    steps(l, 12);
    ht_checkpoint *before = look(l);
    tell_prune(l, HT_PRUNE_NODE, 0.5, true);
    assert_true(l->last[HT_SAMPLE_PRUNE].value == 0.5 && l->last[HT_SAMPLE_PRUNE].step == 12);
    assert_true(stored_now(l)->undo && stored_now(l)->undo_step == 12);
    steps(l, 5);
    ht_checkpoint *pruned = look(l);
    assert_non_null(pruned->mask);
    for (int i = 0; i < 3; i++) {
        tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
        WAIT(l, l->last[HT_SAMPLE_REWIND].step == 12);
        expect_same(l, before);
        tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
        WAIT(l, l->last[HT_SAMPLE_REWIND].step == 17);
        expect_same(l, pruned);
    }
    tell(l, HT_COMMAND_UNMASK, 0, 0);
    WAIT(l, l->count[HT_SAMPLE_UNMASK] == 1);
    assert_false(ht_trainer_masked(l->trainer));
    ht_checkpoint_free(before);
    ht_checkpoint_free(pruned);
    lab_close(l);
}

static void even_a_reset_is_undone(void **state)
{
    (void)state;
    ht_params params = noisy();
    lab *l = lab_open(&params, NULL);
    steps(l, 15);
    ht_checkpoint *before = look(l);
    tell(l, HT_COMMAND_RESEED, 0, 5);
    WAIT(l, l->count[HT_SAMPLE_RESET] == 1);
    assert_true(l->last[HT_SAMPLE_RESET].from == 15 && l->last[HT_SAMPLE_RESET].revision == 1);
    steps(l, 20);
    tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
    WAIT(l, l->count[HT_SAMPLE_REWIND] == 1 && l->last[HT_SAMPLE_REWIND].step == 15);
    assert_true(l->last[HT_SAMPLE_REWIND].other_run && l->last[HT_SAMPLE_REWIND].from == 20);
    expect_same(l, before);
    assert_true(ht_params_get(ht_trainer_params(l->trainer), HT_P_TRAIN_SEED) == 1);
    WAIT(l, stored_now(l)->count == 1 && stored_now(l)->step[0] == 15);
    ht_checkpoint_free(before);
    lab_close(l);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    ht_params params = noisy();
    ht_params_put(&params, HT_P_RUN_MEMORY, 0);
    lab *l = lab_open(&params, NULL);
    steps(l, 5);
    tell(l, HT_COMMAND_REWIND, 0, 3);
    WAIT(l, strstr(l->last[HT_SAMPLE_STATE].message, "run.memory_mb"));
    tell_prune(l, HT_PRUNE_MAGNITUDE, 0.9, false); /* it is not held up by that */
    tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
    WAIT(l, strstr(l->last[HT_SAMPLE_STATE].message, "nothing to undo"));
    assert_int_equal(l->count[HT_SAMPLE_REWIND], 0);
    lab_close(l);
}

/* ---- replay ---- */

static void replay_equals(const char *name)
{
    char path[600], where[200];
    ht_text text = {0};
    ht_journal journal;
    if (ht_rundir_journal(scratch_path(name), &text, 1 << 28, &err) != HT_OK ||
        ht_journal_parse(&journal, name, text.data, text.length, &err) != HT_OK)
        fail_msg("%s", err.text);
    ht_trainer *stored = small_trainer(&journal.initial, data, NULL),
               *made = small_trainer(&journal.initial, data, NULL);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", scratch_path(name));
    if (ht_checkpoint_read(path, stored, &err) != HT_OK) fail_msg("%s", err.text);
    ht_checkpoint there = ht_checkpoint_of(stored);
    size_t entry = ht_journal_find(&journal, ht_checkpoint_hash(&there), there.state.step);
    assert_true(entry < journal.count);
    if (ht_replay(made, &journal, entry, NULL, NULL, &err) != HT_OK) fail_msg("%s", err.text);
    ht_checkpoint here = ht_checkpoint_of(made);
    if (ht_checkpoint_differs(&here, &there, where, sizeof where))
        fail_msg("%s: %s\n%s", name, where, text.data);
    ht_trainer_free(stored);
    ht_trainer_free(made);
    ht_journal_free(&journal);
    ht_text_free(&text);
}

static void any_command(lab *l, ht_rng *rng)
{
    static const ht_param params[] = {HT_P_NOISE_SCALE, HT_P_NOISE_ALPHA, HT_P_NOISE_TYPE, HT_P_TRAIN_BATCH,
                                      HT_P_TRAIN_LR,    HT_P_TRAIN_DECAY, HT_P_PRUNE_ERROR};
    ht_param p = params[ht_rng_below(rng, 7)];
    switch (ht_rng_below(rng, 12)) {
    case 0:
        tell_prune(l, (ht_prune_method)ht_rng_below(rng, HT_PRUNE_METHODS), 0.1 * ht_rng_below(rng, 9),
                   ht_rng_below(rng, 2));
        break;
    case 1:
        tell(l, HT_COMMAND_RESET, 0, 0);
        break;
    case 2:
        tell(l, HT_COMMAND_RESEED, 0, ht_rng_below(rng, 100));
        break;
    case 3:
    case 4:
        tell(l, HT_COMMAND_REWIND, 0, ht_rng_below(rng, (uint32_t)l->step + 2));
        break;
    case 5:
        tell(l, HT_COMMAND_UNDO_STATE, 0, 0);
        break;
    case 6:
        tell(l, HT_COMMAND_UNMASK, 0, 0);
        break;
    case 7:
        tell(l, HT_COMMAND_PAUSE, 0, 0);
        break;
    case 8:
        tell(l, HT_COMMAND_STEP, 0, 0);
        break;
    default: {
        /* Small noise and steps: nothing should diverge. */
        double value = ht_param_value(p, ht_rng_below(rng, 1000) / 2000.0);
        if (p == HT_P_NOISE_SCALE) value = fmin(value, 0.01);
        if (p == HT_P_TRAIN_LR) value = fmin(value, 0.1);
        if (p == HT_P_TRAIN_DECAY) value = fmin(value, 0.01);
        tell(l, HT_COMMAND_SET, p, value);
    }
    }
    if (ht_rng_below(rng, 3)) tell(l, HT_COMMAND_RUN, 0, 0);
    for (uint32_t naps = ht_rng_below(rng, 20); naps > 0; naps--) nap();
    lab_receive(l);
}

/* Whatever is done by hand, while it runs, over several sittings: the journal makes the same bits. */
static void anything_done_by_hand_can_be_replayed(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        char name[40];
        ht_params params = noisy();
        ht_rng rng;
        ht_rng_init(&rng, (uint64_t)round, HT_STREAM_SHUFFLE, 7);
        snprintf(name, sizeof name, "by-hand-%d", round);
        ht_params_put(&params, HT_P_MODEL_DEPTH, 1 + round % 2);
        ht_params_put(&params, HT_P_RUN_CHECKPOINT, round % 3 ? 0.01 : 0);
        for (int sitting = 0; sitting < 3; sitting++) {
            lab *l = lab_open(&params, name);
            tell(l, HT_COMMAND_RUN, 0, 0);
            for (int i = 0; i < 25; i++) any_command(l, &rng);
            lab_close(l);
            replay_equals(name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_parameters_make_the_same_future),
        cmocka_unit_test(one_may_scrub_along_the_stored_states),
        cmocka_unit_test(undo_goes_back_and_forth),
        cmocka_unit_test(even_a_reset_is_undone),
        cmocka_unit_test(without_memory_it_says_so),
        cmocka_unit_test(anything_done_by_hand_can_be_replayed),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
