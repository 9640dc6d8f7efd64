/* The width sweep: its runs are the runs that one would train alone, and it can be stopped at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiment/width_sweep.h"
#include "experiment/trial.h"
#include "experiment/width_plan.h"
#include "num/linalg.h"
#include "num/select.h"
#include "num/summary.h"
#include "sanitized.h"
#include "small.h"

enum { SEEDS = SANITIZED ? 1 : 3, STEPS = SANITIZED ? 2 : 4 };

/* 64 samples; under a sanitizer of a few inputs, for networks of 10 000 neurons are trained. */
static ht_dataset *few_samples(void)
{
    ht_error err;
    ht_data_options options = {.seed = 1, .train_limit = 64, .test_limit = 64};
    ht_dataset *data = ht_dataset_load(SANITIZED ? "teacher:30x2x64" : "ecg-synth", &options, &err);
    if (!data) fail_msg("%s", err.text);
    return data;
}

static ht_params settings(void)
{
    ht_params params = small_params();
    ht_params_put(&params, HT_P_TRAIN_STEPS, STEPS);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_ISOTROPIC);
    ht_params_put(&params, HT_P_NOISE_ALPHA, 1.6);
    ht_params_put(&params, HT_P_NOISE_SCALE, 0.1);
    return params;
}

static ht_width_sweep_state wait_for_end(ht_width_sweep *width_sweep)
{
    ht_width_sweep_state state;
    int runs = 0;
    do {
        usleep(2000);
        ht_width_sweep_look(width_sweep, &state);
        assert_true(state.runs >= runs);
        runs = state.runs;
    } while (state.running);
    return state;
}

static ht_width_sweep_state run(const ht_params *params, const ht_dataset *data, int threads, int seeds,
                                const ht_width_sweep_state *before)
{
    ht_error err;
    ht_width_sweep *width_sweep = ht_width_sweep_start(params, data, threads, seeds, before, &err);
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
        if (memcmp(a[i].ratio, b[i].ratio, sizeof a[i].ratio) != 0 ||
            memcmp(a[i].accuracy, b[i].accuracy, sizeof a[i].accuracy) != 0 ||
            memcmp(a[i].pruned, b[i].pruned, sizeof a[i].pruned) != 0 ||
            memcmp(a[i].mmo, b[i].mmo, sizeof a[i].mmo) != 0)
            return false;
    return true;
}

static void a_width_sweep_is_complete_and_the_same_for_any_threads(void **state)
{
    (void)state;
    ht_dataset *data = few_samples();
    ht_params params = settings();
    ht_width_sweep_state one = run(&params, data, 1, SEEDS, NULL), three = run(&params, data, 3, SEEDS, NULL);
    assert_int_equal(one.runs, HT_SWEEP_WIDTHS * (SEEDS + 1));
    assert_true(one.complete && three.complete);
    assert_true(same_points(one.noisy, three.noisy) && same_points(one.plain, three.plain));
    assert_int_equal(one.noisy[0].width, 100);
    assert_int_equal(one.noisy[HT_SWEEP_WIDTHS - 1].width, 10000);
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        const ht_summary *predicted = &one.predicted[i].ratio;
        if (i > 0) assert_true(one.noisy[i].width > 1.8 * one.noisy[i - 1].width);
        for (int s = 0; s < SEEDS; s++) assert_true(one.noisy[i].ratio[s] > 0);
        assert_true(isnan(one.noisy[i].ratio[SEEDS]));
        assert_true(one.plain[i].ratio[0] > 0.05 && one.plain[i].ratio[0] < 0.2);
        assert_true(predicted->count >= 20 && predicted->low <= predicted->median);
        assert_memory_equal(predicted, &three.predicted[i].ratio, sizeof *predicted);
    }
    assert_true(one.predicted[HT_SWEEP_WIDTHS - 1].ratio.median > one.predicted[0].ratio.median);
    ht_dataset_free(data);
}

static void a_width_point_is_the_run_one_would_train_alone(void **state)
{
    ht_error err;
    ht_results alone;
    (void)state;
    if (SANITIZED) skip(); /* what the other tests have, with more runs */
    ht_dataset *data = few_samples();
    ht_params params = settings();
    ht_width_sweep_state width_sweep = run(&params, data, 2, 2, NULL);
    ht_params_put(&params, HT_P_MODEL_WIDTH, width_sweep.noisy[2].width);
    ht_params_put(&params, HT_P_TRAIN_SEED, (double)ht_width_seed(&width_sweep.params, 2, 1));
    ht_trainer *trainer = small_trainer(&params, data, NULL);
    assert_int_equal(ht_trial_run(&alone, trainer, data, NULL, NULL, NULL, &err), HT_OK);
    assert_int_equal(alone.end, HT_END_DONE);
    assert_int_equal(alone.steps, STEPS);
    assert_true(width_sweep.noisy[2].ratio[1] == alone.prune.ratio);
    assert_true(width_sweep.noisy[2].accuracy[1] == alone.test.accuracy);
    assert_true(width_sweep.noisy[2].pruned[1] == alone.prune.test.accuracy);
    assert_true(width_sweep.noisy[2].mmo[1] == alone.tail.all[HT_MMO].value);
    ht_trainer_free(trainer);
    ht_dataset_free(data);
}

/* Of filters, too; a line without n has no widths. */
static void a_line_with_n_is_trained_at_every_width(void **state)
{
    ht_error err;
    ht_results alone;
    (void)state;
    ht_data_options options = {.seed = 1, .train_limit = 20, .test_limit = 20};
    ht_dataset *data = ht_dataset_load("digits-synth", &options, &err);
    if (!data) fail_msg("%s", err.text);
    ht_params params = settings();
    static const char line[] =
        "conv n/100 5x5 stride 4, pool 2, norm batch, conv n/100 3x3, dense 9, dense n/20";
    assert_int_equal(ht_params_set(&params, "model.layers", line, &err), HT_OK);
    ht_width_sweep_state s = run(&params, data, 2, 1, NULL);
    assert_true(s.complete && s.runs == 2 * HT_SWEEP_WIDTHS);
    assert_string_equal(s.unequal, "");
    assert_string_equal(ht_params_text(&s.params, HT_P_MODEL_LAYERS), line);
    for (int i = 0; i < HT_SWEEP_WIDTHS; i += HT_SWEEP_WIDTHS - 1) {
        ht_params_put(&params, HT_P_MODEL_WIDTH, s.noisy[i].width);
        ht_params_put(&params, HT_P_TRAIN_SEED, (double)ht_width_seed(&s.params, i, 0));
        ht_trainer *trainer = small_trainer(&params, data, NULL);
        const ht_network *net = ht_trainer_network(trainer);
        assert_int_equal(net->weights[1]->rows, s.noisy[i].width / 100);
        assert_int_equal(net->weights[3]->rows, s.noisy[i].width / 20);
        assert_int_equal(ht_trial_run(&alone, trainer, data, NULL, NULL, NULL, &err), HT_OK);
        assert_true(s.noisy[i].ratio[0] == alone.prune.ratio);
        assert_true(s.noisy[i].accuracy[0] == alone.test.accuracy);
        assert_int_equal(s.predicted[i].ratio.count, 0); /* not all layers are dense */
        ht_trainer_free(trainer);
    }
    assert_int_equal(ht_params_set(&params, "model.layers", "conv 4 5x5 stride 4, dense 9", &err), HT_OK);
    assert_null(ht_width_sweep_start(&params, data, 1, 1, NULL, &err));
    assert_non_null(strstr(err.text, "model.layers has no n; write units as n"));
    ht_dataset_free(data);
}

static void what_is_known_without_noise_is_not_trained_again(void **state)
{
    (void)state;
    if (SANITIZED) skip(); /* what the other tests have, with more runs */
    ht_dataset *data = few_samples();
    ht_params params = settings();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_width_sweep_state plain = run(&params, data, 2, 1, NULL);
    assert_int_equal(plain.runs, HT_SWEEP_WIDTHS);
    params = settings();
    ht_width_sweep_state noisy = run(&params, data, 2, 1, &plain);
    assert_int_equal(noisy.runs, HT_SWEEP_WIDTHS);
    assert_true(same_points(noisy.plain, plain.plain));
    /* Other settings than the noise: nothing is known. */
    ht_params_put(&params, HT_P_TRAIN_LR, 0.02);
    assert_false(ht_width_sweep_same(&params, &plain.params, false));
    ht_dataset_free(data);
}

/* In two pieces it is the sweep in one; nothing is trained twice. */
static void the_same_once_more_adds_runs(void **state)
{
    (void)state;
    if (SANITIZED) skip(); /* what the other tests have, with more runs */
    ht_dataset *data = few_samples();
    ht_params params = settings();
    ht_width_sweep_state whole = run(&params, data, 2, 2, NULL), first = run(&params, data, 2, 1, NULL);
    assert_int_equal(first.runs, 2 * HT_SWEEP_WIDTHS);
    ht_params_put(&params, HT_P_MODEL_WIDTH, 77); /* makes no difference */
    ht_width_sweep_state both = run(&params, data, 2, 2, &first);
    assert_int_equal(both.runs, whole.runs);
    assert_true(same_points(both.noisy, whole.noisy) && same_points(both.plain, whole.plain));
    ht_dataset_free(data);
}

/* No run of a width, of another train.seed or of another law has the draws of another one. */
static void seeds_of_two_sweeps_are_disjoint(void **state)
{
    enum { SWEEPS = 20, ALL = SWEEPS * HT_SWEEP_WIDTHS * HT_SWEEP_SEEDS };
    static double seeds[ALL];
    int count = 0;
    (void)state;
    for (int k = 0; k < SWEEPS; k++) {
        ht_params params = settings();
        ht_params_put(&params, HT_P_TRAIN_SEED, 1 + k / 2);
        ht_params_put(&params, HT_P_NOISE_ALPHA, k % 2 ? 1.7 : 1.6);
        for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
            for (int s = 0; s < HT_SWEEP_SEEDS; s++) {
                seeds[count] = (double)ht_width_seed(&params, i, s);
                assert_true(seeds[count] < 9007199254740992. && seeds[count] == floor(seeds[count]));
                count++;
            }
    }
    qsort(seeds, ALL, sizeof *seeds, ht_by_double);
    for (int i = 1; i < ALL; i++) assert_true(seeds[i] > seeds[i - 1]);
}

static void the_plan_begins_cheap_and_leaves_no_width_out(void **state)
{
    static ht_width_sweep_state s;
    static ht_width_job jobs[HT_WIDTH_JOBS];
    int seeds[HT_SWEEP_WIDTHS] = {0}, i = 0;
    (void)state;
    s.params = settings();
    int count = ht_width_plan(&s, HT_SWEEP_SEEDS, jobs);
    assert_int_equal(count, HT_WIDTH_JOBS);
    for (; i < HT_SWEEP_WIDTHS; i++) assert_int_equal(jobs[i].kind, HT_WIDTH_PREDICTION);
    assert_true(jobs[i].kind == HT_WIDTH_NOISY && jobs[i].point == 0); /* the cheapest of all */
    for (; seeds[3] < 31; i++) { /* n up to 720, 31 seeds each, and no other */
        assert_true(jobs[i].kind == HT_WIDTH_PREDICTION || ht_width_of(jobs[i].point) <= 1000);
        seeds[jobs[i].point] += jobs[i].kind == HT_WIDTH_NOISY;
        if (i == 200) assert_true(seeds[3] >= 20); /* they take turns */
    }
    for (int k = 0; k < 4; k++) assert_int_equal(seeds[k], 31);
    for (; seeds[7] < 1; i++) seeds[jobs[i].point] += jobs[i].kind == HT_WIDTH_NOISY;
    for (int k = 0; k < HT_SWEEP_WIDTHS; k++) assert_in_range(seeds[k], 1, 40);
    for (; i < count; i++) seeds[jobs[i].point] += jobs[i].kind == HT_WIDTH_NOISY;
    for (int k = 0; k < HT_SWEEP_WIDTHS; k++) assert_int_equal(seeds[k], HT_SWEEP_SEEDS);
}

/* A stopping criterion, no end, or an end that is far away: a fixed number of steps, and equal widths. */
static void runs_have_a_fixed_number_of_steps_and_equal_widths(void **state)
{
    ht_error err;
    (void)state;
    if (SANITIZED) skip(); /* what the other tests have, with more runs */
    ht_dataset *data = few_samples();
    const double asked[] = {0, 1e8, 40}, own[] = {HT_SWEEP_STEPS, HT_SWEEP_STEPS, 40};
    for (int i = 0; i < 3; i++) {
        ht_params params = settings();
        ht_params_put(&params, HT_P_TRAIN_STEPS, asked[i]);
        ht_params_put(&params, HT_P_TRAIN_STOP, 0.95);
        ht_params is = ht_width_settings(&params, data);
        assert_true(ht_params_get(&is, HT_P_TRAIN_STEPS) == own[i]);
        assert_true(ht_params_get(&is, HT_P_TRAIN_STOP) == 0);
    }
    ht_params params = settings();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    assert_int_equal(ht_params_set(&params, "model.widths", "30,10", &err), HT_OK);
    ht_width_sweep_state s = run(&params, data, 2, 1, NULL);
    assert_string_equal(s.unequal, "30,10");
    assert_string_equal(ht_params_text(&s.params, HT_P_MODEL_WIDTHS), "equal");
    assert_true(ht_params_get(&s.params, HT_P_MODEL_DEPTH) == 2);
    params = settings();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    s = run(&params, data, 2, 1, NULL);
    assert_string_equal(s.unequal, "");
    ht_dataset_free(data);
}

static void it_stops_soon_and_keeps_what_is_done(void **state)
{
    ht_error err;
    ht_width_sweep_state now;
    (void)state;
    ht_dataset *data = few_samples();
    ht_params params = settings();
    ht_params_put(&params, HT_P_TRAIN_STEPS, 0); /* then each has HT_SWEEP_STEPS */
    ht_width_sweep *width_sweep = ht_width_sweep_start(&params, data, 1, HT_SWEEP_SEEDS, NULL, &err);
    assert_non_null(width_sweep);
    do {
        usleep(1000);
        ht_width_sweep_look(width_sweep, &now);
        for (int i = 0; now.runs > 0 && i < HT_SWEEP_WIDTHS; i++) /* these were there before any run */
            assert_true(now.predicted[i].ratio.count >= 20);
    } while (now.runs == 0);
    assert_true(ht_params_get(&now.params, HT_P_TRAIN_STEPS) == HT_SWEEP_STEPS);
    ht_width_sweep_stop(width_sweep);
    now = wait_for_end(width_sweep);
    assert_false(now.complete);
    int kept = 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
        for (int s = 0; s < HT_SWEEP_SEEDS; s++) kept += !isnan(now.noisy[i].ratio[s]);
    assert_true(kept >= 1 && kept <= now.runs);
    ht_width_sweep_free(width_sweep);
    ht_width_sweep_free(NULL);
    ht_dataset_free(data);
}

static void a_diverged_run_is_counted_and_gives_no_point(void **state)
{
    (void)state;
    ht_dataset *data = few_samples();
    ht_params params = settings();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_params_put(&params, HT_P_TRAIN_LR, 100);
    ht_params_put(&params, HT_P_TRAIN_DECAY, 10); /* each step multiplies the weights by about -1000 */
    ht_params_put(&params, HT_P_TRAIN_STEPS, 60);
    ht_width_sweep_state end = run(&params, data, 2, 1, NULL);
    assert_int_equal(end.runs, HT_SWEEP_WIDTHS);
    assert_in_range(end.diverged, 1, end.runs);
    int points = 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        points += !isnan(end.plain[i].ratio[0]);
        assert_true(end.plain[i].ended[0]); /* it is not tried again */
    }
    assert_int_equal(points, end.runs - end.diverged);
    ht_dataset_free(data);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_width_sweep_is_complete_and_the_same_for_any_threads),
        cmocka_unit_test(a_width_point_is_the_run_one_would_train_alone),
        cmocka_unit_test(a_line_with_n_is_trained_at_every_width),
        cmocka_unit_test(what_is_known_without_noise_is_not_trained_again),
        cmocka_unit_test(the_same_once_more_adds_runs),
        cmocka_unit_test(seeds_of_two_sweeps_are_disjoint),
        cmocka_unit_test(the_plan_begins_cheap_and_leaves_no_width_out),
        cmocka_unit_test(runs_have_a_fixed_number_of_steps_and_equal_widths),
        cmocka_unit_test(it_stops_soon_and_keeps_what_is_done),
        cmocka_unit_test(a_diverged_run_is_counted_and_gives_no_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
