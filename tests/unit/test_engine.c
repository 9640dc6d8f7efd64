/* Guards training: a run is a function of its parameters, bit by bit, on any number of threads and over any
 * stop in between; divergence changes nothing; the thread beside the screen does what it is told and says so.
 * Run under ThreadSanitizer too. */
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
#include "engine/analyst.h"
#include "engine/run/checkpoint.h"
#include "engine/runner.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;
static ht_dataset *data; /* 200 to train, 200 to test */

static int make(void **state)
{
    data = small_data(200, 200);
    return scratch_make(state);
}

static int unmake(void **state)
{
    ht_dataset_free(data);
    return scratch_remove(state);
}

static ht_params noisy(ht_noise_type type, int depth, double momentum)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_NOISE_TYPE, type);
    ht_params_put(&p, HT_P_NOISE_SCALE, 0.002);
    ht_params_put(&p, HT_P_MODEL_DEPTH, depth);
    ht_params_put(&p, HT_P_TRAIN_MOMENTUM, momentum);
    return p;
}

/* The network after `steps`; ht_network_free. */
static ht_network *trained(const ht_params *params, int threads, int steps)
{
    ht_pool *pool = small_pool(threads);
    ht_trainer *t = small_trainer(params, data, pool);
    small_train(t, steps);
    ht_network *net = small_copy(t);
    ht_trainer_free(t);
    ht_pool_free(pool);
    return net;
}

/* ---- trainer */

static void the_same_seed_gives_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    for (int type = HT_NOISE_NONE; type <= HT_NOISE_ISOTROPIC; type++)
        for (int depth = 1; depth <= 2; depth++) {
            ht_params params = noisy((ht_noise_type)type, depth, 0.5);
            ht_params_put(&params, HT_P_MODEL_WIDTH, 600); /* three shards */
            ht_network *one = trained(&params, 1, 6);
            for (int threads = 2; threads <= 3; threads++) {
                ht_network *more = trained(&params, threads, 6);
                if (!small_same(one, more))
                    fail_msg("noise %d, depth %d: %d threads differ", type, depth, threads);
                ht_network_free(more);
            }
            ht_network_free(one);
        }
}

static void another_seed_gives_another_run(void **state)
{
    (void)state;
    ht_params params = noisy(HT_NOISE_IID, 1, 0);
    ht_network *first = trained(&params, 1, 5), *again = trained(&params, 1, 5);
    ht_params_put(&params, HT_P_TRAIN_SEED, 2);
    ht_network *other = trained(&params, 1, 5);
    assert_true(small_same(first, again));
    assert_false(small_same(first, other));
    ht_network_free(first);
    ht_network_free(again);
    ht_network_free(other);
}

static void a_reset_returns_to_the_same_initial_weights(void **state)
{
    (void)state;
    ht_params params = noisy(HT_NOISE_SHARED, 2, 0.9);
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_network *initial = small_copy(t);
    small_train(t, 17);
    ht_network *after = small_copy(t);
    assert_false(small_same(initial, after));
    ht_trainer_reset(t, 1);
    assert_true(small_same(initial, ht_trainer_network(t)));
    assert_int_equal(ht_trainer_steps(t), 0);
    assert_true(ht_trainer_epoch(t) == 0);
    small_train(t, 17); /* momentum and the order of samples start again too */
    assert_true(small_same(after, ht_trainer_network(t)));
    ht_trainer_reset(t, 5);
    assert_false(small_same(initial, ht_trainer_network(t)));
    assert_true(ht_params_get(ht_trainer_params(t), HT_P_TRAIN_SEED) == 5);
    ht_network_free(initial);
    ht_network_free(after);
    ht_trainer_free(t);
}

/* Against sums in double; then, without an end, the recursion that forgets. */
static void the_average_is_the_mean_of_the_last_iterates(void **state)
{
    (void)state;
    enum { STEPS = 40, WINDOW = 12 };
    for (int ends = 0; ends <= 1; ends++) {
        ht_params params = noisy(HT_NOISE_IID, 2, 0);
        ht_params_put(&params, HT_P_TRAIN_AVERAGE, WINDOW);
        ht_params_put(&params, HT_P_TRAIN_STEPS, ends ? STEPS : 0);
        ht_trainer *t = small_trainer(&params, data, NULL);
        const ht_tensor *last = ht_trainer_network(t)->weights[1];
        size_t size = ht_tensor_size(last);
        double *mean = calloc(size, sizeof *mean);
        for (int k = 1; k <= STEPS; k++) {
            small_train(t, 1);
            int first = ends ? STEPS - WINDOW : 0, taken = k - first;
            for (size_t i = 0; i < size && taken > 0; i++)
                mean[i] += ((double)last->data[i] - mean[i]) / (taken < WINDOW ? taken : WINDOW);
        }
        assert_int_equal(ht_trainer_average(t)->count, ends ? WINDOW : STEPS);
        const float *found = ht_trainer_measured(t)->weights[1]->data;
        for (size_t i = 0; i < size; i++) assert_true(fabs((double)found[i] - mean[i]) < 1e-6);
        ht_trainer_reset(t, 1);
        assert_ptr_equal(ht_trainer_measured(t), ht_trainer_network(t)); /* nothing to show yet */
        small_set(t, HT_P_TRAIN_AVERAGE, 0);
        assert_null(ht_trainer_average(t)->mean);
        free(mean);
        ht_trainer_free(t);
    }
}

static void a_resumed_run_equals_the_uninterrupted_one(void **state)
{
    (void)state;
    const char *path = scratch_path("checkpoint");
    for (int type = HT_NOISE_NONE; type <= HT_NOISE_ISOTROPIC; type++)
        for (int depth = 1; depth <= 2; depth++)
            for (int stop = 7; stop <= 10; stop += 3) { /* an epoch is 7 steps: at its end, and within one */
                ht_params params = noisy((ht_noise_type)type, depth, stop == 10 ? 0.9 : 0);
                ht_trainer *whole = small_trainer(&params, data, NULL),
                           *rest = small_trainer(&params, data, NULL);
                small_train(whole, stop);
                if (ht_checkpoint_write(path, whole, &err) != HT_OK) fail_msg("%s", err.text);
                small_train(whole, 12);
                small_train(rest, 3); /* what it did before must not matter */
                if (ht_checkpoint_read(path, rest, &err) != HT_OK) fail_msg("%s", err.text);
                assert_int_equal(ht_trainer_steps(rest), stop);
                small_train(rest, 12);
                if (!small_same(ht_trainer_network(whole), ht_trainer_network(rest)))
                    fail_msg("noise %d, depth %d, stopped at %d: another run", type, depth, stop);
                ht_trainer_state a = ht_trainer_state_get(whole), b = ht_trainer_state_get(rest);
                assert_true(a.step == b.step && a.epoch == b.epoch && a.cursor == b.cursor &&
                            a.running_accuracy == b.running_accuracy);
                ht_trainer_free(whole);
                ht_trainer_free(rest);
            }
}

static void a_state_of_other_data_is_refused(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_trainer_state bad = {.step = 1, .cursor = 201};
    assert_int_equal(ht_trainer_state_set(t, &bad, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "201"));
    assert_int_equal(ht_trainer_steps(t), 0);
    ht_trainer_free(t);
}

static void divergence_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    for (int depth = 1; depth <= 3; depth++) {
        ht_params params = noisy(HT_NOISE_NONE, depth, depth == 2 ? 0.9 : 0);
        ht_trainer *t = small_trainer(&params, data, NULL);
        small_train(t, 5);
        small_set(t, HT_P_TRAIN_LR, 100);
        small_set(t, HT_P_TRAIN_DECAY, 10); /* each step multiplies the weights by -999 */
        small_set(t, HT_P_NOISE_TYPE, HT_NOISE_ISOTROPIC);
        small_set(t, HT_P_NOISE_ALPHA, 1);
        small_set(t, HT_P_NOISE_SCALE, 100);
        ht_step_result result = {0};
        for (int i = 0; i < 500 && !result.refused; i++) {
            ht_network *before = small_copy(t);
            uint64_t step = ht_trainer_steps(t);
            double epoch = ht_trainer_epoch(t);
            result = ht_trainer_step(t);
            assert_true(small_finite(ht_trainer_network(t)));
            if (result.refused) {
                assert_true(small_same(before, ht_trainer_network(t)));
                assert_int_equal(ht_trainer_steps(t), step);
                assert_true(ht_trainer_epoch(t) == epoch);
                assert_true(strlen(result.refused) > 3 && !(fabs(result.guard) < 1e3));
            }
            ht_network_free(before);
        }
        assert_non_null(result.refused);
        ht_trainer_reset(t, 1); /* a reset is a way out */
        small_set(t, HT_P_TRAIN_LR, 0.01);
        small_set(t, HT_P_TRAIN_DECAY, 0);
        small_set(t, HT_P_NOISE_TYPE, HT_NOISE_NONE);
        small_train(t, 5);
        ht_trainer_free(t);
    }
}

static void an_epoch_takes_every_sample_once(void **state)
{
    (void)state;
    static const int batches[] = {1, 32, 199, 200, 100000};
    for (int i = 0; i < 5; i++) {
        ht_params params = small_params();
        ht_params_put(&params, HT_P_TRAIN_BATCH, batches[i]);
        ht_trainer *t = small_trainer(&params, data, NULL);
        int steps = batches[i] >= 200 ? 1 : (200 + batches[i] - 1) / batches[i];
        small_train(t, steps);
        assert_true(ht_trainer_epoch(t) == 1); /* the last short batch is kept */
        small_train(t, steps);
        assert_true(ht_trainer_epoch(t) == 2);
        ht_trainer_free(t);
    }
}

/* A larger batch needs new scratch memory; momentum must move along. */
static void the_batch_may_change_in_the_middle(void **state)
{
    (void)state;
    static const double batches[] = {5, 150, 1, 200, 100000, 32};
    ht_params params = noisy(HT_NOISE_IID, 2, 0.9), room = params;
    ht_params_put(&room, HT_P_TRAIN_BATCH, 200); /* scratch for all from the start */
    ht_trainer *t = small_trainer(&params, data, NULL), *roomy = small_trainer(&room, data, NULL);
    small_set(roomy, HT_P_TRAIN_BATCH, 32);
    for (int i = 0; i < 6; i++) {
        small_set(t, HT_P_TRAIN_BATCH, batches[i]);
        small_set(roomy, HT_P_TRAIN_BATCH, batches[i]);
        small_train(t, 3);
        small_train(roomy, 3);
        if (!small_same(ht_trainer_network(t), ht_trainer_network(roomy)))
            fail_msg("batch %g differs", batches[i]);
    }
    assert_true(ht_params_get(ht_trainer_params(t), HT_P_TRAIN_BATCH) == 32);
    ht_trainer_free(t);
    ht_trainer_free(roomy);
}

static void live_parameters_act_at_the_next_step(void **state)
{
    (void)state;
    static const struct {
        ht_param p;
        double value;
    } live[] = {{HT_P_TRAIN_LR, 0.5},
                {HT_P_NOISE_TYPE, HT_NOISE_SHARED},
                {HT_P_NOISE_SCALE, 0.5},
                {HT_P_NOISE_ALPHA, 1.1},
                {HT_P_TRAIN_DECAY, 1}};
    ht_params params = noisy(HT_NOISE_IID, 1, 0);
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
        ht_trainer *a = small_trainer(&params, data, NULL), *b = small_trainer(&params, data, NULL);
        small_train(a, 3);
        small_train(b, 3);
        assert_true(small_same(ht_trainer_network(a), ht_trainer_network(b)));
        small_set(b, live[i].p, live[i].value);
        small_train(a, 1);
        small_train(b, 1);
        assert_false(small_same(ht_trainer_network(a), ht_trainer_network(b)));
        ht_trainer_free(a);
        ht_trainer_free(b);
    }
}

static void no_scale_is_no_noise(void **state)
{
    (void)state;
    ht_params silent = noisy(HT_NOISE_IID, 1, 0), none = noisy(HT_NOISE_NONE, 1, 0);
    ht_params_put(&silent, HT_P_NOISE_SCALE, 0);
    ht_network *a = trained(&silent, 1, 5), *b = trained(&none, 1, 5);
    assert_true(small_same(a, b));
    ht_network_free(a);
    ht_network_free(b);
}

static ht_end end_of(ht_trainer *t)
{
    ht_end end;
    if (ht_trainer_stop(t, &end, &err) != HT_OK) fail_msg("%s", err.text);
    return end;
}

static void training_stops_by_steps(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 12);
    ht_trainer *t = small_trainer(&params, data, NULL);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(end_of(t), HT_END_NOT);
        small_train(t, 1);
    }
    assert_int_equal(end_of(t), HT_END_DONE);
    small_set(t, HT_P_TRAIN_STEPS, 0);
    assert_int_equal(end_of(t), HT_END_NOT);
    ht_trainer_free(t);
}

static void training_stops_by_accuracy(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STOP, 0.9);
    ht_params_put(&params, HT_P_TRAIN_EVAL_EVERY, 5);
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_end end = HT_END_NOT;
    int step = 0;
    for (; step < 2000 && (end = end_of(t)) == HT_END_NOT; step++) small_train(t, 1);
    assert_int_equal(end, HT_END_CONVERGED);
    assert_int_equal(step % 5, 0); /* looked at when an evaluation is due */
    ht_score score;
    assert_int_equal(ht_network_evaluate(ht_trainer_network(t), &data->train, NULL, NULL, &score, &err),
                     HT_OK);
    assert_true(score.accuracy >= 0.9);
    small_set(t, HT_P_TRAIN_STOP, 0);
    assert_int_equal(end_of(t), HT_END_NOT);
    ht_trainer_free(t);
}

static void the_step_size_follows_its_schedule(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 20);
    ht_params_put(&params, HT_P_TRAIN_SCHEDULE, 1);
    ht_trainer *t = small_trainer(&params, data, NULL);
    double before = 1;
    for (int i = 0; i < 20; i++) {
        double lr = ht_trainer_lr(t);
        assert_true(fabs(lr - 0.05 * 0.5 * (1 + cos(acos(-1.0) * i / 20))) < 1e-12);
        assert_true(lr < before && lr > 0);
        before = lr;
        small_train(t, 1);
    }
    assert_true(ht_trainer_lr(t) < 1e-12);
    small_train(t, 1); /* past its end it stays at 0 */
    assert_true(ht_trainer_lr(t) < 1e-12);
    small_set(t, HT_P_TRAIN_SCHEDULE, 0);
    assert_true(ht_trainer_lr(t) == 0.05);
    ht_trainer_free(t);
}

static void training_learns(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_step_result first = ht_trainer_step(t);
    small_train(t, 300);
    ht_score train, test;
    ht_network_evaluate(ht_trainer_network(t), &data->train, NULL, NULL, &train, &err);
    ht_network_evaluate(ht_trainer_network(t), &data->test, NULL, NULL, &test, &err);
    assert_true(train.loss < first.loss / 2 && train.accuracy > 0.9 && test.accuracy > 0.85);
    ht_trainer_free(t);
}

/* ---- analyst */

static void a_report_agrees_with_itself(void **state)
{
    (void)state;
    ht_params params = small_params();
    static const int widths[] = {1, 2, 64, 600};
    for (int w = 0; w < 4; w++)
        for (int depth = 1; depth <= 2; depth++) {
            ht_params_put(&params, HT_P_MODEL_WIDTH, widths[w]);
            ht_params_put(&params, HT_P_MODEL_DEPTH, depth);
            ht_trainer *t = small_trainer(&params, data, NULL);
            ht_report *r = calloc(1, sizeof *r);
            const ht_network *net = ht_trainer_network(t);
            ht_prune_spec look = {.error = 0.1, .ratio = (double)NAN, .seed = 1};
            ht_capture *capture = ht_capture_new(net, 1, &err);
            ht_capture_take(capture, net, NULL);
            if (ht_analyze(r, capture, 1000, &data->test, &look, &err) != HT_OK) fail_msg("%s", err.text);
            ht_capture_free(capture);
            assert_in_range(r->glimpse.norms, 1, HT_REPORT_NORMS);
            for (int i = 1; i < r->glimpse.norms; i++)
                assert_true(r->glimpse.norm[i] >= r->glimpse.norm[i - 1] &&
                            r->glimpse.norm_above[i] < r->glimpse.norm_above[i - 1]);
            const ht_prune_look *node = &r->look[HT_PRUNE_NODE];
            assert_in_range(node->count, 2, HT_REPORT_CURVE);
            assert_true(node->points[0].ratio == 0 && node->points[node->count - 1].ratio == 1);
            bool kappa = false;
            for (int i = 0; i < node->count; i++) {
                kappa = kappa || node->points[i].ratio == r->pruned.ratio;
                if (i > 0) assert_true(node->points[i].ratio > node->points[i - 1].ratio);
            }
            /* With several layers κ is where each goes to the error by itself, no point of the curve. */
            assert_true((kappa || depth > 1) && r->pruned.error <= 0.1 && r->width == depth * widths[w]);
            assert_int_equal(r->samples, 200);
            /* Every look says the same step: a snapshot prints those that are of another. */
            assert_int_equal(r->step, 1000);
            assert_int_equal(node->step, 1000);
            assert_int_equal(r->tail.picture_step, 1000);
            assert_int_equal(r->samples_of, 200);
            size_t weights = 0;
            for (int l = 0; l < depth; l++) weights += ht_tensor_size(net->weights[l]);
            assert_int_equal(r->glimpse.histogram.total, weights);
            /* What norms tell of κ is what the curve says of it. */
            assert_int_equal(r->glimpse.kappa.units, r->width);
            assert_int_equal(r->glimpse.kappa.removed, r->removed);
            assert_true(fabs(r->glimpse.kappa.error - r->pruned.error) < 1e-12);
            assert_int_equal(r->glimpse.layers, depth);
            free(r);
            ht_trainer_free(t);
        }
}

/* ---- runner */

typedef struct lab {
    ht_dataset *data, *own;
    ht_pool *pool;
    ht_trainer *trainer;
    ht_runner *runner;
    /* from the samples */
    ht_sample last[HT_SAMPLE_KINDS]; /* the latest of each kind */
    int count[HT_SAMPLE_KINDS];
    uint32_t applied;
    uint64_t step;
} lab;

static lab *lab_open(const ht_params *params, int test, int threads)
{
    lab *l = calloc(1, sizeof *l);
    l->own = test == 200 ? NULL : small_data(200, test);
    l->data = l->own ? l->own : data;
    l->pool = small_pool(threads);
    l->trainer = small_trainer(params, l->data, l->pool);
    l->runner = ht_runner_start(l->trainer, l->data, l->pool, &err);
    if (!l->runner) fail_msg("%s", err.text);
    return l;
}

static void lab_stop(lab *l)
{
    ht_runner_stop(l->runner);
    l->runner = NULL;
}

static void lab_close(lab *l)
{
    ht_runner_stop(l->runner);
    ht_trainer_free(l->trainer);
    ht_pool_free(l->pool);
    ht_dataset_free(l->own);
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
    nanosleep(&(struct timespec){0, 500000}, NULL);
}

/* Waits until `condition` holds; a minute is far more than anything takes. */
#define WAIT(l, condition)                                                                                   \
    do {                                                                                                     \
        int naps = 0;                                                                                        \
        for (lab_receive(l); !(condition); lab_receive(l), nap())                                            \
            if (++naps > 120000) fail_msg("line %d: waited in vain for %s", __LINE__, #condition);           \
    } while (0)

static uint32_t tell(lab *l, ht_command_kind kind, ht_param p, double value)
{
    uint32_t seq = ht_runner_send(l->runner, kind, p, value);
    assert_int_not_equal(seq, 0);
    return seq;
}

static void tell_state(lab *l, ht_command_kind kind, ht_state wanted)
{
    uint32_t seq = tell(l, kind, 0, 0);
    WAIT(l, l->applied >= seq && l->last[HT_SAMPLE_STATE].applied_seq >= seq);
    assert_int_equal(l->last[HT_SAMPLE_STATE].state, wanted);
}

static void a_runner_starts_paused_with_an_evaluation(void **state)
{
    (void)state;
    ht_params params = small_params();
    lab *l = lab_open(&params, 200, 2);
    WAIT(l, l->count[HT_SAMPLE_EVAL] == 1);
    assert_true(l->last[HT_SAMPLE_EVAL].step == 0 && l->last[HT_SAMPLE_EVAL].test_loss > 0);
    nap();
    lab_receive(l);
    assert_int_equal(l->count[HT_SAMPLE_STEP], 0);
    lab_close(l);
}

static void it_runs_and_pauses(void **state)
{
    (void)state;
    ht_params params = noisy(HT_NOISE_IID, 1, 0);
    lab *l = lab_open(&params, 200, 2);
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    WAIT(l, l->count[HT_SAMPLE_STEP] >= 50 && l->count[HT_SAMPLE_EVAL] >= 5);
    tell_state(l, HT_COMMAND_PAUSE, HT_STATE_PAUSED);
    uint64_t at = l->step;
    int steps = l->count[HT_SAMPLE_STEP];
    WAIT(l, l->last[HT_SAMPLE_EVAL].step == at); /* whatever was left out before */
    for (int i = 0; i < 20; i++) nap();
    lab_receive(l);
    assert_true(l->step == at && l->count[HT_SAMPLE_STEP] == steps); /* paused is paused */
    assert_true(l->last[HT_SAMPLE_STEP].step == at && at == (uint64_t)steps);
    assert_true(l->last[HT_SAMPLE_STEP].seconds > 0 && l->last[HT_SAMPLE_STEP].loss > 0);
    /* What ran beside the screen is what would have run alone. */
    lab_stop(l);
    ht_network *alone = trained(&params, 1, steps);
    assert_true(small_same(alone, ht_trainer_network(l->trainer)));
    ht_network_free(alone);
    lab_close(l);
}

static void a_single_step_is_one_step(void **state)
{
    (void)state;
    ht_params params = small_params();
    lab *l = lab_open(&params, 200, 1);
    for (uint64_t i = 1; i <= 5; i++) {
        tell_state(l, HT_COMMAND_STEP, HT_STATE_PAUSED);
        assert_int_equal(l->step, i);
        assert_int_equal(l->count[HT_SAMPLE_STEP], i);
    }
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    tell_state(l, HT_COMMAND_STEP, HT_STATE_PAUSED); /* while running: one more, then paused */
    uint64_t at = l->step;
    for (int i = 0; i < 20; i++) nap();
    lab_receive(l);
    assert_int_equal(l->step, at);
    tell(l, HT_COMMAND_STEP, 0, 0); /* both wait at once: the step, then on */
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    WAIT(l, l->step > at + 3);
    lab_close(l);
}

static void a_change_is_echoed(void **state)
{
    (void)state;
    ht_params params = small_params();
    lab *l = lab_open(&params, 200, 1);
    uint32_t seq = tell(l, HT_COMMAND_SET, HT_P_NOISE_SCALE, 0.25);
    WAIT(l, l->count[HT_SAMPLE_CHANGE] == 1);
    ht_sample s = l->last[HT_SAMPLE_CHANGE];
    assert_true(s.applied_seq == seq && s.param == HT_P_NOISE_SCALE && s.before == 0.05 && s.value == 0.25);
    seq = tell(l, HT_COMMAND_SET, HT_P_NOISE_ALPHA, 17);
    WAIT(l, l->count[HT_SAMPLE_CHANGE] == 2);
    assert_true(l->last[HT_SAMPLE_CHANGE].value == 2); /* what was applied, not what was asked */
    seq = tell(l, HT_COMMAND_SET, HT_P_NOISE_ALPHA, (double)NAN);
    WAIT(l, l->count[HT_SAMPLE_CHANGE] == 3);
    assert_true(l->last[HT_SAMPLE_CHANGE].value >= 0.3 && l->last[HT_SAMPLE_CHANGE].applied_seq == seq);
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    for (int i = 0; i < 300; i++) seq = tell(l, HT_COMMAND_SET, HT_P_TRAIN_BATCH, 1 + i % 200);
    WAIT(l, l->count[HT_SAMPLE_CHANGE] == 303);
    assert_int_equal(l->applied, seq);
    assert_true(l->last[HT_SAMPLE_CHANGE].value == 100);
    lab_stop(l);
    assert_true(ht_params_get(ht_trainer_params(l->trainer), HT_P_TRAIN_BATCH) == 100);
    lab_close(l);
}

static void a_reset_begins_again(void **state)
{
    (void)state;
    ht_params params = noisy(HT_NOISE_SHARED, 1, 0);
    lab *l = lab_open(&params, 200, 2);
    ht_network *initial = trained(&params, 1, 0);
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    WAIT(l, l->count[HT_SAMPLE_STEP] >= 10);
    tell_state(l, HT_COMMAND_PAUSE, HT_STATE_PAUSED);
    int evaluations = l->count[HT_SAMPLE_EVAL];
    tell_state(l, HT_COMMAND_RESET, HT_STATE_PAUSED);
    WAIT(l, l->count[HT_SAMPLE_EVAL] > evaluations);
    assert_int_equal(l->count[HT_SAMPLE_RESET], 1);
    assert_true(l->last[HT_SAMPLE_RESET].value == 1 && l->last[HT_SAMPLE_RESET].step == 0 &&
                l->last[HT_SAMPLE_RESET].seconds == 0);
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    WAIT(l, l->step >= 5);
    tell_state(l, HT_COMMAND_RESET, HT_STATE_RUNNING); /* a running one runs on */
    tell_state(l, HT_COMMAND_PAUSE, HT_STATE_PAUSED);
    uint32_t seq = tell(l, HT_COMMAND_RESEED, 0, 77);
    WAIT(l, l->last[HT_SAMPLE_RESET].applied_seq == seq);
    assert_true(l->last[HT_SAMPLE_RESET].value == 77);
    tell_state(l, HT_COMMAND_RESET, HT_STATE_PAUSED); /* stays with the new seed */
    assert_true(l->last[HT_SAMPLE_RESET].value == 77);
    tell(l, HT_COMMAND_RESEED, 0, 1);
    lab_stop(l);
    assert_true(small_same(initial, ht_trainer_network(l->trainer)));
    ht_network_free(initial);
    lab_close(l);
}

static void stopping_ends_a_run_at_any_moment(void **state)
{
    (void)state;
    ht_params params = small_params();
    for (int i = 0; i < 12; i++) {
        lab *l = lab_open(&params, 200, 1 + i % 3);
        if (i % 4 > 0) tell(l, HT_COMMAND_RUN, 0, 0);
        if (i % 4 > 1) WAIT(l, l->count[HT_SAMPLE_STEP] >= 3);
        if (i % 4 > 2) tell(l, HT_COMMAND_PAUSE, 0, 0);
        lab_close(l);
    }
}

static void divergence_is_told_with_its_step_and_value(void **state)
{
    (void)state;
    ht_params params = small_params();
    lab *l = lab_open(&params, 200, 2);
    tell(l, HT_COMMAND_SET, HT_P_TRAIN_LR, 100);
    tell(l, HT_COMMAND_SET, HT_P_TRAIN_DECAY, 10);
    tell(l, HT_COMMAND_RUN, 0, 0);
    WAIT(l, l->last[HT_SAMPLE_STATE].state == HT_STATE_DIVERGED && l->count[HT_SAMPLE_STATE] > 0);
    ht_sample s = l->last[HT_SAMPLE_STATE];
    char step[60];
    unsigned long long named;
    double value;
    char what[100];
    snprintf(step, sizeof step, "step %llu", (unsigned long long)s.step + 1);
    if (!strstr(s.message, step)) fail_msg("no %s in: %s", step, s.message);
    if (sscanf(s.message, "diverged at step %llu: %99[^.0-9] %lf", &named, what, &value) < 2)
        fail_msg("%s", s.message);
    assert_non_null(strstr(s.message, " is "));
    assert_non_null(strstr(s.message, "r resets")); /* and what to do */
    tell(l, HT_COMMAND_SET, HT_P_TRAIN_LR, 0.01);
    tell(l, HT_COMMAND_SET, HT_P_TRAIN_DECAY, 0);
    tell_state(l, HT_COMMAND_RESET, HT_STATE_PAUSED);
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    WAIT(l, l->step >= 20);
    lab_stop(l);
    assert_true(small_finite(ht_trainer_network(l->trainer)));
    lab_close(l);
}

static void the_stopping_criterion_ends_the_run_and_space_goes_on(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 15);
    lab *l = lab_open(&params, 200, 1);
    tell(l, HT_COMMAND_RUN, 0, 0);
    WAIT(l, l->count[HT_SAMPLE_STATE] >= 2);
    assert_int_equal(l->last[HT_SAMPLE_STATE].state, HT_STATE_DONE);
    assert_int_equal(l->step, 15);
    assert_non_null(strstr(l->last[HT_SAMPLE_STATE].message, "train.steps = 15"));
    tell(l, HT_COMMAND_RUN, 0, 0);
    WAIT(l, l->step >= 40); /* the user went on after the run was done */
    lab_close(l);
}

/* Whatever is sent along with it: a finished run is done, and what begins anew from there stands still. */
static void a_finished_run_that_is_told_to_go_on_is_done_first(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 3);
    lab *l = lab_open(&params, 200, 1);
    tell(l, HT_COMMAND_RUN, 0, 0);
    WAIT(l, l->last[HT_SAMPLE_STATE].state == HT_STATE_DONE);
    tell_state(l, HT_COMMAND_PAUSE, HT_STATE_PAUSED);
    for (int i = 0; i < 20; i++) {
        tell(l, HT_COMMAND_RUN, 0, 0);
        uint32_t seq = tell(l, HT_COMMAND_RESET, 0, 0);
        WAIT(l, l->last[HT_SAMPLE_STATE].applied_seq >= seq);
        assert_int_equal(l->last[HT_SAMPLE_STATE].state, HT_STATE_PAUSED);
        assert_int_equal(l->last[HT_SAMPLE_STATE].step, 0);
        tell_state(l, HT_COMMAND_UNDO_STATE, HT_STATE_PAUSED); /* back to the finished one */
    }
    lab_close(l);
}

static void reports_carry_their_step(void **state)
{
    (void)state;
    ht_params params = small_params();
    lab *l = lab_open(&params, 200, 2);
    bool fresh = false;
    const ht_report *r = ht_runner_report(l->runner, &fresh);
    uint64_t count = 0, before = 0;
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    for (int i = 0; i < 4; i++) {
        WAIT(l, (r = ht_runner_report(l->runner, &fresh), fresh && r->width > 0)); /* the tail comes first */
        assert_true(r->count > count && r->step >= before && r->generation == 0);
        assert_int_equal(r->width, 64);
        count = r->count, before = r->step;
    }
    assert_true(before > 0);
    tell_state(l, HT_COMMAND_RESET, HT_STATE_RUNNING);
    WAIT(l, (r = ht_runner_report(l->runner, &fresh), r->generation == 1)); /* of the run after the reset */
    lab_close(l);
}

/* Standing still, the analyst looks once more, at everything, and at what the settings say now. */
static void a_paused_run_is_looked_at_thoroughly(void **state)
{
    (void)state;
    ht_params params = small_params();
    lab *l = lab_open(&params, 1300, 2);
    bool fresh;
    const ht_report *r = ht_runner_report(l->runner, &fresh);
    tell_state(l, HT_COMMAND_RUN, HT_STATE_RUNNING);
    WAIT(l, (r = ht_runner_report(l->runner, &fresh), r->step > 0 && r->samples > 0));
    assert_in_range(r->samples, 250, 1300);
    assert_int_equal(r->samples_of, 1300);
    tell_state(l, HT_COMMAND_PAUSE, HT_STATE_PAUSED);
    WAIT(l, (r = ht_runner_report(l->runner, &fresh), r->step == l->step && r->samples == 1300));
    double error = r->error;
    assert_true(error == 0.1);
    tell(l, HT_COMMAND_SET, HT_P_PRUNE_ERROR, 0.5);
    tell(l, HT_COMMAND_SET, HT_P_PRUNE_METHOD, HT_PRUNE_RANDOM);
    WAIT(l, (r = ht_runner_report(l->runner, &fresh), r->error == 0.5 && r->method == HT_PRUNE_RANDOM));
    assert_true(r->samples == 1300 && r->step == l->step);
    lab_close(l);
}

/* Nobody reads for a while: what does not fit is folded, and no extreme is lost. */
static void unread_steps_are_folded(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_MODEL_WIDTH, 2);
    ht_params_put(&params, HT_P_TRAIN_BATCH, 1);
    ht_params_put(&params, HT_P_TRAIN_EVAL_EVERY, 1e6);
    ht_params_put(&params, HT_P_TRAIN_STEPS, 9000);
    ht_dataset *few = small_data(20, 20);
    ht_trainer *t = small_trainer(&params, few, NULL), *twin = small_trainer(&params, few, NULL);
    ht_runner *runner = ht_runner_start(t, few, NULL, &err);
    assert_non_null(runner);
    double low = (double)INFINITY, high = -(double)INFINITY, seen_low = low, seen_high = high;
    for (int i = 0; i < 9000; i++) {
        ht_step_result result = ht_trainer_step(twin);
        low = fmin(low, result.loss), high = fmax(high, result.loss);
    }
    ht_runner_send(runner, HT_COMMAND_RUN, 0, 0);
    bool fresh;
    int naps = 0;
    const ht_report *r = ht_runner_report(runner, &fresh);
    while (r->step < 9000 && ++naps < 120000)
        r = (nap(), ht_runner_report(runner, &fresh)); /* done, and settled */
    uint64_t steps = 0, folds = 0, last = 0;
    naps = 0;
    while (steps < 9000 && ++naps < 120000) {
        ht_sample s;
        while (ht_runner_receive(runner, &s)) {
            if (s.kind != HT_SAMPLE_STEP) continue;
            steps += s.folded, folds += s.folded > 1;
            assert_int_equal(s.step, steps); /* none lost, none twice */
            seen_low = fmin(seen_low, s.loss_min), seen_high = fmax(seen_high, s.loss_max);
            last = s.step;
        }
        nap();
    }
    assert_int_equal(last, 9000);
    assert_true(folds >= 1);
    assert_true(seen_low == low && seen_high == high);
    ht_runner_stop(runner);
    ht_trainer_free(t);
    ht_trainer_free(twin);
    ht_dataset_free(few);
}

/* More answers than the ring has room for: commands wait, and are taken when somebody reads again, although
 * the trainer is paused and nobody sends any more. */
static void commands_that_wait_for_room_are_taken(void **state)
{
    enum { SENT = 9000 };
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_MODEL_WIDTH, 2);
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_runner *runner = ht_runner_start(t, data, NULL, &err);
    assert_non_null(runner);
    uint32_t last = 0, applied = 0;
    int naps = 0;
    for (int i = 0; i < SENT && naps < 20000; i += last != 0)
        if (!(last = ht_runner_send(runner, HT_COMMAND_SET, HT_P_PRUNE_ERROR, 0.1 + 0.01 * (i % 2))))
            nap(), naps++;
    for (naps = 0; naps < 300; naps++) nap(); /* long enough for it to fall asleep */
    for (naps = 0; applied < SENT && naps < 20000; naps++) {
        ht_sample s;
        while (ht_runner_receive(runner, &s)) applied = s.applied_seq;
        nap();
    }
    assert_int_equal(applied, SENT);
    ht_runner_stop(runner);
    ht_trainer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bits_on_any_threads),
        cmocka_unit_test(another_seed_gives_another_run),
        cmocka_unit_test(a_reset_returns_to_the_same_initial_weights),
        cmocka_unit_test(the_average_is_the_mean_of_the_last_iterates),
        cmocka_unit_test(a_resumed_run_equals_the_uninterrupted_one),
        cmocka_unit_test(a_state_of_other_data_is_refused),
        cmocka_unit_test(divergence_is_refused_and_changes_nothing),
        cmocka_unit_test(an_epoch_takes_every_sample_once),
        cmocka_unit_test(the_batch_may_change_in_the_middle),
        cmocka_unit_test(live_parameters_act_at_the_next_step),
        cmocka_unit_test(no_scale_is_no_noise),
        cmocka_unit_test(training_stops_by_steps),
        cmocka_unit_test(training_stops_by_accuracy),
        cmocka_unit_test(the_step_size_follows_its_schedule),
        cmocka_unit_test(training_learns),
        cmocka_unit_test(a_report_agrees_with_itself),
        cmocka_unit_test(a_runner_starts_paused_with_an_evaluation),
        cmocka_unit_test(it_runs_and_pauses),
        cmocka_unit_test(a_single_step_is_one_step),
        cmocka_unit_test(a_change_is_echoed),
        cmocka_unit_test(a_reset_begins_again),
        cmocka_unit_test(stopping_ends_a_run_at_any_moment),
        cmocka_unit_test(divergence_is_told_with_its_step_and_value),
        cmocka_unit_test(the_stopping_criterion_ends_the_run_and_space_goes_on),
        cmocka_unit_test(a_finished_run_that_is_told_to_go_on_is_done_first),
        cmocka_unit_test(reports_carry_their_step),
        cmocka_unit_test(a_paused_run_is_looked_at_thoroughly),
        cmocka_unit_test(unread_steps_are_folded),
        cmocka_unit_test(commands_that_wait_for_room_are_taken),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
