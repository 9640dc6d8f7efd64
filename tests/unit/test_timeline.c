/* Guards the states kept in memory: they restore bit by bit, stay within their memory, and stand ever wider
 * apart with age, the newest and the first always among them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/timeline.h"
#include "unit/small.h"

static ht_error err;
static ht_dataset *data;

static int make(void **state)
{
    (void)state;
    data = small_data(100, 50);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    ht_dataset_free(data);
    return 0;
}

/* As many states as `states` fit run.memory_mb; width makes one about 1/2 MB. */
static ht_trainer *trainer_for(int states)
{
    ht_params params = small_params();
    ht_params_put(&params, HT_P_MODEL_WIDTH, 900);
    ht_trainer *t = small_trainer(&params, data, NULL);
    small_set(t, HT_P_RUN_MEMORY, ceil(states * (double)ht_checkpoint_bytes(t) / 1e6));
    return t;
}

static void store(ht_timeline *line, ht_trainer *t)
{
    if (ht_timeline_store(line, t, NULL, &err) != HT_OK) fail_msg("%s", err.text);
}

static ht_timeline *make_line(void)
{
    ht_timeline *line = ht_timeline_new(&err);
    assert_non_null(line);
    return line;
}

/* Every part of the state: noise, momentum, mask, depth, the order of samples, the row of metrics. */
static void a_state_restores_bit_by_bit(void **state)
{
    (void)state;
    for (int depth = 1; depth <= 2; depth++) {
        ht_params params = small_params();
        ht_params_put(&params, HT_P_MODEL_DEPTH, depth);
        ht_params_put(&params, HT_P_TRAIN_MOMENTUM, 0.9);
        ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_ISOTROPIC);
        ht_params_put(&params, HT_P_NOISE_SCALE, 0.001);
        ht_trainer *t = small_trainer(&params, data, NULL);
        ht_pool *pool = small_pool(2);
        ht_checkpoint *here = ht_checkpoint_new(t, &err), *there = ht_checkpoint_new(t, &err);
        char where[200] = "";
        small_train(t, 6);
        for (size_t i = 0; i < 1000; i += 3) ht_trainer_network(t)->weights[0]->data[i] = 0;
        assert_int_equal(ht_trainer_mask_zeros(t, &err), HT_OK);
        small_train(t, 1);
        assert_int_equal(ht_checkpoint_take(here, t, pool, &err), HT_OK);
        uint64_t hash = ht_checkpoint_hash(here);
        small_train(t, 13);
        assert_int_equal(ht_checkpoint_take(there, t, NULL, &err), HT_OK);
        assert_true(ht_checkpoint_differs(here, there, where, sizeof where) && where[0]);
        assert_int_not_equal(ht_checkpoint_hash(there), hash);
        ht_trainer_unmask(t);
        small_set(t, HT_P_NOISE_SCALE, 0.5);
        small_set(t, HT_P_TRAIN_BATCH, 64);
        small_set(t, HT_P_PRUNE_ERROR, 0.3);
        small_train(t, 5);
        uint64_t revision = ht_trainer_revision(t);
        assert_int_equal(ht_checkpoint_restore(here, t, pool, &err), HT_OK);
        assert_int_equal(ht_trainer_revision(t), revision + 1);
        assert_true(ht_trainer_masked(t) && ht_trainer_steps(t) == 7);
        assert_true(ht_params_get(ht_trainer_params(t), HT_P_NOISE_SCALE) == 0.001);
        assert_true(ht_params_get(ht_trainer_params(t), HT_P_PRUNE_ERROR) ==
                    0.3); /* how it is looked at stays */
        ht_checkpoint now = ht_checkpoint_of(t);
        assert_true(ht_checkpoint_hash(&now) == hash);
        small_train(t, 13);
        now = ht_checkpoint_of(t);
        if (ht_checkpoint_differs(&now, there, where, sizeof where)) fail_msg("%s", where);
        assert_true(now.state.row.steps == there->state.row.steps &&
                    now.state.row.loss_sum == there->state.row.loss_sum &&
                    now.state.running_accuracy == there->state.running_accuracy);
        ht_checkpoint_free(here);
        ht_checkpoint_free(there);
        ht_pool_free(pool);
        ht_trainer_free(t);
    }
}

static void spacing_grows_with_age(void **state)
{
    (void)state;
    enum { STATES = 12, STEPS = 600 };
    ht_trainer *t = trainer_for(STATES);
    ht_timeline *line = make_line();
    ht_stored stored;
    for (int step = 0; step <= STEPS; step++) {
        if (step) small_train(t, 1);
        store(line, t);
        ht_timeline_describe(line, t, &stored);
        assert_true(stored.count <= stored.capacity &&
                    (stored.count + 1) * stored.state_mb <=
                        ht_params_get(ht_trainer_params(t), HT_P_RUN_MEMORY));
        assert_true(stored.count == (step + 1 < stored.capacity ? step + 1 : stored.capacity));
        assert_true(stored.step[0] == 0 && stored.step[stored.count - 1] == (uint64_t)step);
        for (int i = 1; i < stored.count; i++) {
            assert_true(stored.step[i] > stored.step[i - 1]);
            /* No gap much wider than its age: whatever one looks for, one is near. */
            double gap = (double)(stored.step[i] - stored.step[i - 1]),
                   age = (double)((uint64_t)step - stored.step[i]);
            if (gap > 2 + 2 * age) fail_msg("step %d: a gap of %g at age %g", step, gap, age);
        }
    }
    assert_true(stored.step[stored.count - 1] - stored.step[stored.count - 2] <
                stored.step[2] - stored.step[1]); /* and it does grow */
    ht_timeline_free(line);
    ht_trainer_free(t);
}

static void the_nearest_state_before_is_found(void **state)
{
    (void)state;
    ht_trainer *t = trainer_for(10);
    ht_timeline *line = make_line();
    assert_null(ht_timeline_find(line, 100));
    small_train(t, 3);
    for (int i = 0; i < 4; i++) {
        store(line, t);
        small_train(t, 3);
    }
    assert_null(ht_timeline_find(line, 2)); /* stored: 3, 6, 9, 12 */
    assert_int_equal(ht_timeline_find(line, 3)->state.step, 3);
    assert_int_equal(ht_timeline_find(line, 8)->state.step, 6);
    assert_int_equal(ht_timeline_find(line, 1000)->state.step, 12);
    assert_true(ht_timeline_drop_after(line, 6));
    assert_false(ht_timeline_drop_after(line, 6));
    assert_int_equal(ht_timeline_find(line, 1000)->state.step, 6);
    ht_timeline_clear(line);
    assert_null(ht_timeline_find(line, 1000));
    ht_timeline_free(line);
    ht_trainer_free(t);
}

/* Room for none, for undo alone, and less room than before. */
static void memory_bounds_what_is_kept(void **state)
{
    (void)state;
    ht_trainer *t = trainer_for(8);
    ht_timeline *line = make_line();
    ht_stored stored;
    for (int i = 0; i < 12; i++) {
        store(line, t);
        small_train(t, 1);
    }
    small_set(t, HT_P_RUN_MEMORY, 2);
    store(line, t);
    ht_timeline_describe(line, t, &stored);
    assert_true(stored.count == stored.capacity && (stored.count + 1) * stored.state_mb <= 2);
    small_set(t, HT_P_RUN_MEMORY, 0);
    assert_int_equal(ht_timeline_store(line, t, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "run.memory_mb"));
    assert_int_equal(ht_timeline_mark(line, t, NULL, &err), HT_FAIL);
    assert_null(ht_timeline_marked(line));
    ht_timeline_describe(line, t, &stored);
    assert_true(stored.count == 0 && stored.capacity == 0 && !stored.undo);
    ht_timeline_free(line);
    ht_trainer_free(t);
}

static bool nothing(size_t bytes)
{
    (void)bytes;
    return false;
}

/* Going back for hours leaves no holes in memory: what was left is taken again. */
static void the_memory_of_states_that_are_left_serves_again(void **state)
{
    (void)state;
    ht_trainer *t = trainer_for(8);
    ht_timeline *line = make_line();
    ht_stored stored;
    for (int i = 0; i < 6; i++) {
        store(line, t);
        small_train(t, 1);
    }
    assert_true(ht_timeline_drop_after(line, 1));
    ht_timeline_describe(line, t, &stored);
    assert_int_equal(stored.count, 2);
    for (int i = 0; i < 4; i++) {
        small_train(t, 1);
        ht_alloc_ask(nothing);
        store(line, t);
        ht_alloc_ask(NULL);
    }
    ht_timeline_describe(line, t, &stored);
    assert_int_equal(stored.count, 6);
    ht_timeline_clear(line);
    ht_timeline_free(line);
    ht_trainer_free(t);
}

/* Memory for the next state is made by another thread; of a full timeline an old state's serves again. */
static void training_does_not_wait_for_memory(void **state)
{
    (void)state;
    ht_trainer *t = trainer_for(4);
    ht_timeline *line = make_line();
    store(line, t);
    ht_stored known;
    for (ht_timeline_describe(line, t, &known); known.count < known.capacity;
         ht_timeline_describe(line, t, &known)) {
        small_train(t, 1);
        assert_false(ht_timeline_ready(line, t)); /* asked for */
        for (double end = ht_now() + 60; !ht_timeline_ready(line, t) && ht_now() < end;)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        store(line, t);
        assert_ptr_not_equal(ht_timeline_find(line, ht_trainer_steps(t)), ht_timeline_find(line, 0));
    }
    small_train(t, 1);
    assert_true(ht_timeline_ready(line, t)); /* full */
    ht_timeline_free(line);
    line = make_line();
    assert_false(ht_timeline_ready(line, t));
    ht_timeline_free(line); /* while it is made, or there */
    ht_trainer_free(t);
}

static bool refuse_large(size_t bytes)
{
    return bytes < 100000;
}

/* Without memory nobody waits for it for ever: storing then says what is wrong, or reuses. */
static void memory_that_will_not_come_is_not_waited_for(void **state)
{
    (void)state;
    ht_trainer *t = trainer_for(4);
    ht_alloc_ask(refuse_large); /* no other thread runs */
    ht_timeline *line = make_line();
    bool ready = false;
    for (double end = ht_now() + 60; !ready && ht_now() < end;) ready = ht_timeline_ready(line, t);
    assert_true(ready);
    ht_timeline_free(line);
    ht_alloc_ask(NULL);
    ht_trainer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_restores_bit_by_bit),
        cmocka_unit_test(spacing_grows_with_age),
        cmocka_unit_test(the_nearest_state_before_is_found),
        cmocka_unit_test(memory_bounds_what_is_kept),
        cmocka_unit_test(the_memory_of_states_that_are_left_serves_again),
        cmocka_unit_test(training_does_not_wait_for_memory),
        cmocka_unit_test(memory_that_will_not_come_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
