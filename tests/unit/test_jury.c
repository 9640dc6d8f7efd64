/* Guards the end of a run that is judged beside training: the step and the bits of a run that stands still
 * for every verdict, for any number of threads; also when the lab is left while a state is still to be
 * judged. Run under ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "engine/runner.h"
#include "num/linalg.h"
#include "unit/small.h"

static ht_error err;
static ht_dataset *data;

enum { TRAIN = 20000, WIDTH = 300 };

static int make(void **state)
{
    (void)state;
    ht_linalg_init();
    data = small_data(TRAIN, 100);
    return data ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    ht_dataset_free(data);
    return 0;
}

static ht_params params_of(double wanted, int every, double momentum)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, WIDTH);
    ht_params_put(&p, HT_P_TRAIN_STOP, wanted);
    ht_params_put(&p, HT_P_TRAIN_EVAL_EVERY, every);
    ht_params_put(&p, HT_P_TRAIN_MOMENTUM, momentum);
    return p;
}

/* The trainer of a run that stands still for its verdicts, at its end. */
static ht_trainer *stood_still(const ht_params *p)
{
    ht_end end = HT_END_NOT;
    ht_trainer *t = small_trainer(p, data, NULL);
    while (ht_trainer_stop(t, &end, &err) == HT_OK && end == HT_END_NOT) small_train(t, 1);
    assert_int_equal(end, HT_END_CONVERGED);
    return t;
}

typedef struct told { /* by a runner */
    int back, done;
    uint64_t step, last_step_sample;
} told;

static void receive(ht_runner *r, told *t)
{
    ht_sample s;
    while (ht_runner_receive(r, &s)) {
        t->step = s.step;
        t->back += s.kind == HT_SAMPLE_BACK;
        t->done += s.kind == HT_SAMPLE_STATE && s.state == HT_STATE_DONE;
        if (s.kind == HT_SAMPLE_BACK) assert_true(s.step < s.from && s.from == t->last_step_sample);
        if (s.kind == HT_SAMPLE_STEP) t->last_step_sample = s.step;
    }
}

static void the_end_is_that_of_a_run_that_stands_still(void **state)
{
    (void)state;
    int back = 0, runs = 0;
    for (int i = 0; i < 18; i++) {
        ht_params p = params_of(0.8 + 0.05 * (i % 3), i % 2 ? 1 : 7, i % 4 == 3 ? 0.5 : 0);
        if (i >= 12) ht_params_put(&p, HT_P_TRAIN_STOP_AFTER, i % 2 ? 2 : 60);
        if (i >= 15) ht_params_put(&p, HT_P_TRAIN_STOP_LOSS, 0.4);
        if (i >= 15) ht_params_put(&p, HT_P_TRAIN_STOP, i == 15 ? 0.9 : 0);
        ht_trainer *still = stood_still(&p);
        ht_pool *pool = small_pool(1 + i % 3);
        ht_trainer *t = small_trainer(&p, data, pool);
        ht_runner *r = ht_runner_start(t, data, pool, &err);
        told heard = {0};
        assert_non_null(r);
        ht_runner_send(r, HT_COMMAND_RUN, 0, 0);
        for (double until = ht_now() + 120; !heard.done;) {
            receive(r, &heard);
            nanosleep(&(struct timespec){0, 500000}, NULL);
            if (ht_now() > until)
                fail_msg("run %d has not ended at step %llu", i, (unsigned long long)heard.step);
        }
        ht_runner_join(r);
        receive(r, &heard);
        assert_int_equal(ht_trainer_steps(t), ht_trainer_steps(still));
        assert_int_equal(heard.step, ht_trainer_steps(still));
        assert_true(small_same(ht_trainer_network(t), ht_trainer_network(still)));
        assert_int_equal(ht_trainer_revision(t), 0);
        back += heard.back, runs++;
        ht_runner_stop(r);
        ht_trainer_free(t), ht_trainer_free(still);
        ht_pool_free(pool);
    }
    print_message("[          ] %d of %d runs went on until the verdict was there\n", back, runs);
    assert_true(back > 0);
}

/* Left at any moment: what is kept is a state of the run, and none that lies beyond its end. */
static void who_leaves_early_keeps_no_step_beyond_the_end(void **state)
{
    (void)state;
    ht_params p = params_of(0.9, 5, 0);
    ht_trainer *still = stood_still(&p);
    for (int i = 0; i < 15; i++) {
        ht_pool *pool = small_pool(2);
        ht_trainer *t = small_trainer(&p, data, pool), *twin = small_trainer(&p, data, NULL);
        ht_runner *r = ht_runner_start(t, data, pool, &err);
        told heard = {0};
        ht_runner_send(r, HT_COMMAND_RUN, 0, 0);
        uint64_t leave = ht_trainer_steps(still) * (uint64_t)(10 + i) / 20;
        for (double until = ht_now() + 120; heard.step < leave && !heard.done && ht_now() < until;)
            receive(r, &heard);
        ht_runner_join(r);
        assert_in_range(ht_trainer_steps(t), 0, ht_trainer_steps(still));
        small_train(twin, (int)ht_trainer_steps(t));
        assert_true(small_same(ht_trainer_network(t), ht_trainer_network(twin)));
        ht_runner_stop(r);
        ht_trainer_free(t), ht_trainer_free(twin);
        ht_pool_free(pool);
    }
    ht_trainer_free(still);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_that_of_a_run_that_stands_still),
        cmocka_unit_test(who_leaves_early_keeps_no_step_beyond_the_end),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
