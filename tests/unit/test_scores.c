/* Guards test scores that are made a piece at a time beside training: the rows of a run directory are those
 * of a run that stands still for every score, bit by bit, whatever happens while one is in the making; none
 * is left out, and pieces are spread over the steps until the next. Run under ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/run/branches.h"
#include "engine/runner_state.h"
#include "num/rng.h"
#include "unit/scratch.h"
#include "unit/small.h"

/* Three shards of neurons and four chunks of samples: twelve units of work. */
enum { TRAIN = 2000, TEST = 1000, WIDTH = 600, UNITS = 12 };

static ht_error err;
static ht_dataset *data;

static int make(void **state)
{
    data = small_data(TRAIN, TEST);
    ht_runner_pace_scores(0, 0); /* every score in pieces, as large as the steps left ask for */
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

static ht_params params_of(int every, double wanted)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, WIDTH);
    ht_params_put(&p, HT_P_TRAIN_EVAL_EVERY, every);
    ht_params_put(&p, HT_P_TRAIN_STOP, wanted);
    return p;
}

typedef struct lab {
    ht_trainer *trainer;
    ht_pool *pool;
    ht_rundir *dir;
    ht_recorder *recorder;
    ht_runner *runner;
    uint64_t stepped;               /* the last step told */
    uint64_t rows, soonest, latest; /* steps from one to its score: least and most */
    ht_state state;
} lab;

static void lab_open(lab *l, const char *name, const ht_params *params, int threads)
{
    *l = (lab){.pool = small_pool(threads), .soonest = UINT64_MAX};
    l->trainer = small_trainer(params, data, l->pool);
    if (name) {
        l->dir = small_rundir(name, l->trainer, params);
        l->recorder = ht_recorder_start(l->dir, l->trainer, l->pool, &err);
        assert_non_null(l->recorder);
    }
    l->runner = ht_runner_start_recorded(l->trainer, data, l->pool, l->recorder, &err);
    assert_non_null(l->runner);
}

static void receive(lab *l)
{
    ht_sample s;
    while (ht_runner_receive(l->runner, &s)) {
        if (s.kind == HT_SAMPLE_STATE) l->state = s.state;
        if (s.kind == HT_SAMPLE_STEP) l->stepped = s.step;
        if (s.kind != HT_SAMPLE_EVAL || s.folded == 0) continue;
        uint64_t took = l->stepped - s.step;
        l->rows++;
        l->soonest = took < l->soonest ? took : l->soonest;
        l->latest = took > l->latest ? took : l->latest;
    }
}

/* Returns the step at which the run was left. */
static uint64_t lab_close(lab *l)
{
    ht_runner_join(l->runner);
    receive(l);
    uint64_t step = ht_trainer_steps(l->trainer);
    ht_runner_stop(l->runner);
    ok(ht_recorder_stop(l->recorder, &err));
    ht_rundir_close(l->dir);
    ht_trainer_free(l->trainer);
    ht_pool_free(l->pool);
    return step;
}

static void nap(unsigned microseconds)
{
    nanosleep(&(struct timespec){0, 1000L * microseconds}, NULL);
}

static void wait_for_step(lab *l, uint64_t step)
{
    double until = ht_now() + 120;
    for (receive(l); l->stepped < step && l->state != HT_STATE_DIVERGED; receive(l), nap(200))
        if (ht_now() > until) fail_msg("step %llu has not come", (unsigned long long)step);
}

/* metrics.csv as `train` writes it, which stands still for every score. */
static void expect_rows(const char *name, const ht_params *params, uint64_t end)
{
    ht_sample sample;
    ht_text wanted = {0};
    char file[64];
    size_t size;
    ht_trainer *t = small_trainer(params, data, NULL);
    ht_text_add(&wanted, "%s", ht_metrics_header);
    while (ht_trainer_steps(t) < end) {
        small_train(t, 1);
        if (!ht_trainer_eval_due(t)) continue;
        ok(ht_trainer_evaluate(t, true, &sample, &err));
        ht_metrics_add(&wanted, &sample);
    }
    snprintf(file, sizeof file, "%s/metrics.csv", name);
    char *there = scratch_read(file, &size);
    if (size != wanted.length || memcmp(there, wanted.data, size) != 0)
        fail_msg("%s at step %llu has\n%.*sand not\n%.*s", file, (unsigned long long)end, (int)size, there,
                 (int)wanted.length, wanted.data);
    ht_free(there);
    ht_text_free(&wanted);
    ht_trainer_free(t);
}

/* Also of a run that ends by its accuracy, or diverges. */
static void the_rows_are_those_of_a_run_that_stands_still(void **state)
{
    (void)state;
    static const struct {
        int threads, every, steps;
        double wanted, lr, decay;
    } runs[] = {{1, 7, 60, 0, 0.05, 0},     {2, 7, 63, 0, 0.05, 0},   {3, 1, 40, 0, 0.05, 0},
                {2, 25, 60, 0, 0.05, 0},    {3, 100, 30, 0, 0.05, 0}, {1, 5, 400, 0.9, 0.05, 0},
                {2, 3, 400, 0.95, 0.05, 0}, {2, 3, 100, 0, 100, 10}}; /* the last one diverges */
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        lab l;
        ht_params p = params_of(runs[i].every, runs[i].wanted);
        ht_params_put(&p, HT_P_TRAIN_STEPS, runs[i].steps);
        ht_params_put(&p, HT_P_TRAIN_LR, runs[i].lr);
        ht_params_put(&p, HT_P_TRAIN_DECAY, runs[i].decay);
        scratch_erase("run");
        lab_open(&l, "run", &p, runs[i].threads);
        ht_runner_send(l.runner, HT_COMMAND_RUN, 0, 0);
        double until = ht_now() + 120;
        while (l.state != HT_STATE_DONE && l.state != HT_STATE_DIVERGED && ht_now() < until) {
            receive(&l);
            nap(200);
        }
        uint64_t rows = l.rows, end = lab_close(&l);
        assert_int_equal(l.state, runs[i].decay > 0 ? HT_STATE_DIVERGED : HT_STATE_DONE);
        assert_int_equal(rows, end / (uint64_t)runs[i].every); /* all were there when the end was told */
        expect_rows("run", &p, end);
    }
}

/* Twelve units over seven steps: two or one a step, the last before the next score is due; at the end of the
 * run at once. */
static void a_score_is_spread_over_the_steps_until_the_next(void **state)
{
    (void)state;
    for (int every = 1; every <= 20; every += every < 8 ? 1 : 4)
        for (int threads = 1; threads <= 2; threads++) {
            lab l;
            ht_params p = params_of(every, 0);
            ht_params_put(&p, HT_P_TRAIN_STEPS, 0);
            scratch_erase("spread");
            lab_open(&l, "spread", &p, threads);
            ht_runner_send(l.runner, HT_COMMAND_RUN, 0, 0);
            wait_for_step(&l, (uint64_t)(4 * every));
            /* One piece follows the step itself. */
            uint64_t wanted = every < UNITS ? (uint64_t)every - 1 : UNITS - 1;
            if (l.soonest != wanted || l.latest != wanted)
                fail_msg("every %d steps: a score came after %llu to %llu steps, not %llu", every,
                         (unsigned long long)l.soonest, (unsigned long long)l.latest,
                         (unsigned long long)wanted);
            lab_close(&l);
        }
}

/* Stops, goes on, goes back, begins again and takes that back, at any moment; the parameters stay, so that
 * every way to a step has the same rows. */
static void any_command(lab *l, ht_rng *rng)
{
    static const ht_command_kind kinds[] = {HT_COMMAND_PAUSE,  HT_COMMAND_STEP,       HT_COMMAND_RESET,
                                            HT_COMMAND_REWIND, HT_COMMAND_UNDO_STATE, HT_COMMAND_UNDO_STATE};
    ht_command_kind kind = kinds[ht_rng_below(rng, sizeof kinds / sizeof kinds[0])];
    ht_runner_send(l->runner, kind, 0, kind == HT_COMMAND_REWIND ? ht_rng_below(rng, 40) : 0);
    if (ht_rng_below(rng, 4) > 0) nap(ht_rng_below(rng, 2000));
    ht_runner_send(l->runner, HT_COMMAND_RUN, 0, 0);
    nap(ht_rng_below(rng, 20000));
    receive(l);
}

static void whatever_happens_meanwhile_no_row_is_lost(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 17, HT_STREAM_SHUFFLE, 0);
    for (int i = 0; i < 6; i++) {
        ht_params p = params_of(i % 4 == 0 ? 1 : 7, i % 2 ? 0.97 : 0);
        ht_params_put(&p, HT_P_TRAIN_STEPS, 0);
        ht_params_put(&p, HT_P_RUN_CHECKPOINT, i % 3 ? 0.001 : 0);
        scratch_erase("any");
        for (int sitting = 0; sitting < 2; sitting++) {
            lab l;
            lab_open(&l, "any", &p, 1 + i % 3);
            ht_runner_send(l.runner, HT_COMMAND_RUN, 0, 0);
            for (int c = 0; c < 12; c++) any_command(&l, &rng);
            expect_rows("any", &p, lab_close(&l));
        }
    }
}

/* The step of the checkpoint that is there; 0: none. */
static uint64_t saved_step(void)
{
    uint64_t step = 0;
    ht_error ignored;
    bool there = ht_checkpoint_step(scratch_path("killed/checkpoint.safetensors"), &step, &ignored) == HT_OK;
    return there ? step : 0;
}

/* A child trains and saves as often as it can, and is killed a while after it has saved something new. */
static void go_on_and_kill(const ht_params *params, unsigned microseconds)
{
    uint64_t before = saved_step();
    double until = ht_now() + 120;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        lab l;
        lab_open(&l, "killed", params, 2);
        ht_runner_send(l.runner, HT_COMMAND_RUN, 0, 0);
        for (;; nap(200)) receive(&l);
    }
    while (saved_step() <= before && ht_now() < until) {
        if (waitpid(child, NULL, WNOHANG) != 0) fail_msg("a child ended before it has saved");
        nap(200);
    }
    assert_true(saved_step() > before);
    nap(microseconds);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_kill_while_a_score_is_in_the_making_loses_no_row(void **state)
{
    (void)state;
    enum { KILLS = 10 };
    lab l;
    ht_rng rng;
    ht_rng_init(&rng, 3, HT_STREAM_SHUFFLE, 0);
    ht_params p = params_of(7, 0);
    ht_params_put(&p, HT_P_TRAIN_STEPS, 0);
    ht_params_put(&p, HT_P_RUN_CHECKPOINT, 0.0001);
    for (int i = 0; i < KILLS; i++) go_on_and_kill(&p, ht_rng_below(&rng, 20000));
    lab_open(&l, "killed", &p, 2);
    ht_runner_send(l.runner, HT_COMMAND_RUN, 0, 0);
    wait_for_step(&l, saved_step() + 20);
    expect_rows("killed", &p, lab_close(&l));
}

/* Without a directory some are left out, and what is there is the same. */
static void without_a_directory_the_scores_have_the_same_bits(void **state)
{
    (void)state;
    enum { SCORES = 2 };
    lab l;
    ht_sample s, scored[SCORES];
    ht_score score;
    int scores = 0;
    ht_params p = params_of(5, 0);
    ht_params_put(&p, HT_P_TRAIN_STEPS, 0);
    lab_open(&l, NULL, &p, 2);
    ht_runner_send(l.runner, HT_COMMAND_RUN, 0, 0);
    for (double until = ht_now() + 120; scores < SCORES && ht_now() < until; nap(200))
        while (scores < SCORES && ht_runner_receive(l.runner, &s))
            if (s.kind == HT_SAMPLE_EVAL && s.folded > 0) scored[scores++] = s;
    lab_close(&l);
    assert_int_equal(scores, SCORES);
    ht_trainer *t = small_trainer(&p, data, NULL);
    for (int i = 0; i < SCORES; i++) {
        small_train(t, (int)(scored[i].step - ht_trainer_steps(t)));
        ok(ht_trainer_test_score(t, &score, &err));
        assert_true(score.loss == scored[i].test_loss && score.accuracy == scored[i].test_accuracy);
    }
    ht_trainer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_while_a_score_is_in_the_making_loses_no_row), /* before any thread runs */
        cmocka_unit_test(the_rows_are_those_of_a_run_that_stands_still),
        cmocka_unit_test(a_score_is_spread_over_the_steps_until_the_next),
        cmocka_unit_test(whatever_happens_meanwhile_no_row_is_lost),
        cmocka_unit_test(without_a_directory_the_scores_have_the_same_bits),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
