/* The width sweep: its runs are the runs that one would train alone, and it can be stopped at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "experiment/width_sweep.h"
#include "experiment/trial.h"
#include "sanitized.h"
#include "small.h"

static ht_params settings(void)
{
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 4);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_ISOTROPIC);
    ht_params_put(&params, HT_P_NOISE_ALPHA, 1.6);
    ht_params_put(&params, HT_P_NOISE_SCALE, 0.1);
    return params;
}

static ht_width_sweep_state wait_for_end(ht_width_sweep *width_sweep)
{
    ht_width_sweep_state state;
    do {
        usleep(2000);
        ht_width_sweep_look(width_sweep, &state);
        assert_true(state.fraction >= 0 && state.fraction <= 1 + 1e-9);
        assert_in_range(state.done, 0, state.total);
    } while (state.running);
    return state;
}

static ht_width_sweep_state run(const ht_params *params, const ht_dataset *data, int threads,
                                const ht_width_sweep_state *before)
{
    ht_error err;
    ht_width_sweep *width_sweep = ht_width_sweep_start(params, data, threads, before, &err);
    assert_non_null(width_sweep);
    ht_width_sweep_state state = wait_for_end(width_sweep);
    ht_width_sweep_free(width_sweep);
    assert_string_equal(state.fault, "");
    return state;
}

/* NaN equals NaN: a run that diverged on one side must have done so on the other. */
static bool same_points(const ht_width_point *a, const ht_width_point *b)
{
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
        if (memcmp(&a[i], &b[i], sizeof a[i]) != 0) return false;
    return true;
}

static ht_width_sweep_state three; /* the sweep of settings(), by three threads */

static int train_all(void **state)
{
    (void)state;
    ht_dataset *data = small_data(64, 64);
    ht_params params = settings();
    three = run(&params, data, 3, NULL);
    ht_dataset_free(data);
    return 0;
}

static void a_width_sweep_is_complete_and_the_same_for_any_threads(void **state)
{
    (void)state;
    ht_dataset *data = small_data(64, 64);
    ht_params params = settings();
    ht_width_sweep_state one = SANITIZED ? three : run(&params, data, 1, NULL); /* one thread races with nobody */
    assert_int_equal(one.total, HT_SWEEP_WIDTHS * (HT_SWEEP_SEEDS + 1));
    assert_int_equal(one.done, one.total);
    assert_false(one.stopped);
    assert_true(same_points(one.noisy, three.noisy) && same_points(one.plain, three.plain));
    assert_int_equal(one.noisy[0].width, 100);
    assert_int_equal(one.noisy[HT_SWEEP_WIDTHS - 1].width, 10000);
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        if (i > 0) assert_true(one.noisy[i].width > 1.8 * one.noisy[i - 1].width);
        for (int s = 0; s < HT_SWEEP_SEEDS; s++) assert_true(one.noisy[i].ratio[s] > 0);
        assert_true(one.plain[i].ratio[0] > 0.05 && one.plain[i].ratio[0] < 0.2);
        assert_true(one.limit_low[i] <= one.limit[i] && one.limit[i] <= one.limit_high[i]);
    }
    assert_true(one.limit[HT_SWEEP_WIDTHS - 1] > one.limit[0] + 0.1);
    ht_dataset_free(data);
}

static void a_width_point_is_the_run_one_would_train_alone(void **state)
{
    ht_error err;
    ht_results alone;
    (void)state;
    ht_dataset *data = small_data(64, 64);
    ht_params params = settings();
    ht_params_put(&params, HT_P_MODEL_WIDTH, three.noisy[2].width);
    ht_params_put(&params, HT_P_TRAIN_SEED, 1 + 2 * 1000 + 1); /* width 2, its second seed */
    ht_trainer *trainer = small_trainer(&params, data, NULL);
    assert_int_equal(ht_trial_run(&alone, trainer, data, NULL, NULL, NULL, &err), HT_OK);
    assert_int_equal(alone.end, HT_END_DONE);
    assert_int_equal(alone.steps, 4);
    assert_true(three.noisy[2].ratio[1] == alone.prune.ratio);
    assert_true(three.noisy[2].accuracy[1] == alone.test.accuracy);
    assert_true(three.noisy[2].pruned[1] == alone.prune.test.accuracy);
    assert_true(three.noisy[2].mmo[1] == alone.tail.all[HT_MMO].value);
    ht_trainer_free(trainer);
    ht_dataset_free(data);
}

static void what_is_known_without_noise_is_not_trained_again(void **state)
{
    (void)state;
    ht_dataset *data = small_data(64, 64);
    ht_params params = settings();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_width_sweep_state plain = run(&params, data, 2, NULL);
    assert_int_equal(plain.total, HT_SWEEP_WIDTHS);
    params = settings();
    ht_width_sweep_state noisy = run(&params, data, 2, &plain);
    assert_int_equal(noisy.total, HT_SWEEP_WIDTHS * HT_SWEEP_SEEDS);
    assert_true(same_points(noisy.plain, plain.plain));
    /* Other settings than the noise: nothing is known. */
    ht_params_put(&params, HT_P_TRAIN_LR, 0.02);
    assert_false(ht_width_sweep_same(&params, &plain.params, false));
    ht_dataset_free(data);
}

static void it_stops_soon_and_keeps_what_is_done(void **state)
{
    ht_error err;
    ht_width_sweep_state now;
    (void)state;
    ht_dataset *data = small_data(64, 64);
    ht_params params = settings();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 0); /* then each has HT_SWEEP_STEPS */
    ht_width_sweep *width_sweep = ht_width_sweep_start(&params, data, 2, NULL, &err);
    assert_non_null(width_sweep);
    do {
        usleep(1000);
        ht_width_sweep_look(width_sweep, &now);
    } while (now.done == 0);
    assert_true(ht_params_get(&now.params, HT_P_TRAIN_STEPS) == HT_SWEEP_STEPS);
    ht_width_sweep_stop(width_sweep);
    now = wait_for_end(width_sweep);
    assert_true(now.stopped);
    assert_in_range(now.done, 1, now.total - 1);
    int kept = 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
        for (int s = 0; s < HT_SWEEP_SEEDS; s++) kept += !isnan(now.noisy[i].ratio[s]);
    assert_true(kept >= 1 && kept <= now.done);
    ht_width_sweep_free(width_sweep);
    ht_width_sweep_free(NULL);
    ht_dataset_free(data);
}

static void a_diverged_run_is_counted_and_gives_no_point(void **state)
{
    (void)state;
    ht_dataset *data = small_data(64, 64);
    ht_params params = settings();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_params_put(&params, HT_P_TRAIN_LR, 100);
    ht_params_put(&params, HT_P_TRAIN_DECAY, 10); /* each step multiplies the weights by about -1000 */
    ht_params_put(&params, HT_P_TRAIN_STEPS, 60);
    ht_width_sweep_state end = run(&params, data, 2, NULL);
    assert_int_equal(end.done, end.total);
    assert_in_range(end.diverged, 1, end.total);
    int points = 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) points += !isnan(end.plain[i].ratio[0]);
    assert_int_equal(points, end.total - end.diverged);
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_width_sweep_is_complete_and_the_same_for_any_threads),
        cmocka_unit_test(a_width_point_is_the_run_one_would_train_alone),
        cmocka_unit_test(what_is_known_without_noise_is_not_trained_again),
        cmocka_unit_test(it_stops_soon_and_keeps_what_is_done),
        cmocka_unit_test(a_diverged_run_is_counted_and_gives_no_point),
    };
    return cmocka_run_group_tests(tests, train_all, NULL);
}
