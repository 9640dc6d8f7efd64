/* Guards the tail as it is watched: the numbers are those of a picture of the same weights, pictures come
 * when they should and keep to their share, and the lab's thread hands them over. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engine/runner.h"
#include "engine/tail_watch.h"
#include "engine/watch.h"
#include "unit/small.h"

static ht_error err;
static ht_dataset *data;
static ht_trainer *trainer; /* two hidden layers */

static int make(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_params_put(&params, HT_P_MODEL_DEPTH, 2);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    data = small_data(200, 200);
    trainer = small_trainer(&params, data, NULL);
    small_train(trainer, 10);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    ht_trainer_free(trainer);
    ht_dataset_free(data);
    return 0;
}

static void look(ht_tail_watch *watch, ht_tail_order order)
{
    if (ht_tail_watch_look(watch, ht_trainer_network(trainer), &order, &err) != HT_OK)
        fail_msg("%s", err.text);
}

static bool has_picture(const ht_tail_watch *watch)
{
    return watch->latest.picture.rows > 0;
}

static void a_thorough_look_is_the_picture_of_its_layer(void **state)
{
    (void)state;
    static ht_tail_picture wanted;
    for (int layer = 0; layer < 4; layer++) { /* beyond the last: the last */
        static ht_tail_watch watch;
        const ht_tensor *l = ht_trainer_network(trainer)->weights[layer < 1 ? layer : 1];
        ht_values w = {.f32 = l->data, .rows = (size_t)l->rows, .columns = (size_t)l->columns};
        look(&watch, (ht_tail_order){.layer = layer, .step = 10, .thorough = true});
        assert_int_equal(watch.latest.layer, layer < 1 ? layer : 1);
        assert_int_equal(watch.latest.picture_step, 10);
        assert_int_equal(ht_tail_picture_make(&wanted, &w, &(ht_tail_options){.spectrum = true}, true, &err),
                         HT_OK);
        assert_memory_equal(&wanted.weights, &watch.latest.picture.weights, sizeof wanted.weights);
        assert_memory_equal(&wanted.eigenvalues, &watch.latest.picture.eigenvalues,
                            sizeof wanted.eigenvalues);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            const ht_estimate *from = ht_tail_picture_estimate(&wanted, (ht_estimator)e);
            assert_true(watch.latest.now[e].value == from->value || isnan(from->value));
            assert_int_equal(watch.latest.now[e].quality, from->quality);
        }
    }
}

static void quick_estimates_leave_the_picture_until_it_is_of_something_else(void **state)
{
    (void)state;
    static ht_tail_watch watch;
    look(&watch, (ht_tail_order){.step = 1});
    assert_false(has_picture(&watch)); /* nobody watches */
    assert_true(isfinite(watch.latest.now[HT_MMO].value) && isnan(watch.latest.now[HT_ECF].value));
    look(&watch, (ht_tail_order){.step = 2, .watched = true});
    assert_true(has_picture(&watch) && watch.latest.picture_step == 2);
    assert_true(isfinite(watch.latest.now[HT_ECF].value));
    look(&watch, (ht_tail_order){.step = 3});
    assert_true(has_picture(&watch) && watch.latest.picture_step == 2);
    assert_true(watch.latest.now[HT_MMO].value ==
                watch.latest.picture.all[HT_MMO].value); /* the same weights */
    look(&watch, (ht_tail_order){.step = 4, .generation = 1});
    assert_false(has_picture(&watch)); /* of the run before a reset */
    look(&watch, (ht_tail_order){.step = 5, .generation = 1, .thorough = true});
    look(&watch, (ht_tail_order){.step = 6, .generation = 1, .layer = 1});
    assert_true(!has_picture(&watch) && watch.latest.layer == 1);
}

/* Quick ones are of the first rows of a large layer, and say so; a thorough one is of all. */
static void a_large_layer_is_looked_at_in_part(void **state)
{
    (void)state;
    enum { ROWS = 2000, COLUMNS = 400, USED = 1300 }; /* 2^19 / 400 = 1310, in hundreds */
    static ht_tail_watch watch;
    ht_estimate wanted[HT_ESTIMATORS];
    ht_network *net = ht_network_new(COLUMNS, ROWS, 1, 2, HT_RELU, false, &err);
    assert_non_null(net);
    ht_network_init(net, 1, NULL);
    ht_values first = {.f32 = net->weights[0]->data, .rows = USED, .columns = COLUMNS};
    assert_int_equal(ht_tail_quick(&first, wanted, &err), HT_OK);
    assert_int_equal(ht_tail_watch_look(&watch, net, &(ht_tail_order){.step = 1}, &err), HT_OK);
    assert_true(watch.latest.rows_used == USED && watch.latest.rows_of == ROWS);
    assert_true(watch.latest.now[HT_MMO].value == wanted[HT_MMO].value);
    assert_true(watch.latest.now[HT_MMO].std_error == wanted[HT_MMO].std_error);
    assert_int_equal(ht_tail_watch_look(&watch, net, &(ht_tail_order){.step = 2, .thorough = true}, &err),
                     HT_OK);
    assert_true(watch.latest.rows_used == ROWS && watch.latest.now[HT_MMO].value != wanted[HT_MMO].value);
    ht_network_free(net);
}

static void work_for(double seconds)
{
    double end = ht_thread_now() + seconds;
    while (ht_thread_now() < end) {
    }
}

static void pictures_take_no_more_than_a_third(void **state)
{
    (void)state;
    static ht_tail_watch watch;
    double start = ht_thread_now(), spent = 0;
    int taken = 0;
    uint64_t step = 1;
    for (; ht_thread_now() - start < 0.4; step++) {
        uint64_t before = watch.latest.picture_step;
        look(&watch, (ht_tail_order){.step = step, .watched = true});
        if (watch.latest.picture_step != before) spent += watch.picture_cost, taken++;
        work_for(0.0005);
    }
    /* One more than pays: the first is free. */
    double least = watch.picture_cost;
    assert_true(taken >= 3 && (uint64_t)taken < step - 1);
    if (spent > 0.4 * (ht_thread_now() - start) + 2 * least)
        fail_msg("%.3f s of 0.4 s in %d pictures", spent, taken);
}

/* ---- through the threads */

typedef bool report_test(const ht_report *report);

static bool of_the_second_layer(const ht_report *r)
{
    return r->tail.layer == 1 && r->tail.picture.rows == 64 && r->tail.picture.columns == 64;
}

static bool with_a_picture(const ht_report *r)
{
    return r->tail.picture.rows > 0;
}

static bool with_a_later_picture(const ht_report *r)
{
    return r->tail.picture_step > 0 && r->tail.picture_step == r->step;
}

static void await(ht_runner *runner, report_test *test, const char *what)
{
    ht_sample sample;
    bool fresh;
    for (double end = ht_now() + 60; ht_now() < end;) {
        while (ht_runner_receive(runner, &sample)) {
        }
        const ht_report *report = ht_runner_report(runner, &fresh);
        if (report->count > 0 && test(report)) return;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    fail_msg("no report %s", what);
}

static void the_analyst_does_as_it_is_told(void **state)
{
    (void)state;
    ht_pool *pool = small_pool(1);
    ht_runner *runner = ht_runner_start(trainer, data, pool, &err);
    assert_non_null(runner);
    await(runner, with_a_picture, "with a picture while training stands still");
    ht_runner_send(runner, HT_COMMAND_LAYER, 0, 1);
    await(runner, of_the_second_layer, "of the second layer");
    ht_runner_send(runner, HT_COMMAND_WATCH, 0, 1);
    ht_runner_send(runner, HT_COMMAND_RUN, 0, 0);
    await(runner, with_a_later_picture, "with a picture while training runs");
    ht_runner_stop(runner);
    ht_pool_free(pool);
}

/* What was looked at whole while training stood still holds up none of the quick looks after it. */
static void a_pause_delays_no_tail(void **state)
{
    (void)state;
    assert_true(ht_watch_due(false, 5, 0.25, 0.025, 1) == 15); /* by its share */
    assert_true(ht_watch_due(false, 5, 0.25, 0.5, 1) == 6);    /* by its period */
    assert_true(ht_watch_due(true, 5, 0.25, 0.025, 1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thorough_look_is_the_picture_of_its_layer),
        cmocka_unit_test(quick_estimates_leave_the_picture_until_it_is_of_something_else),
        cmocka_unit_test(a_large_layer_is_looked_at_in_part),
        cmocka_unit_test(pictures_take_no_more_than_a_third),
        cmocka_unit_test(the_analyst_does_as_it_is_told),
        cmocka_unit_test(a_pause_delays_no_tail),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
