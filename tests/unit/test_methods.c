/* test_methods.c - the methods side by side: the table, a whole comparison on any number of threads, stopping
 * it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "experiment/compare.h"
#include "experiment/methods.h"
#include "experiment/results.h"
#include "experiment/trial.h"
#include "params/batch.h"
#include "unit/small.h"
#include "base/text.h"
#include "view/bars.h"
#include "view/panels/panels.h"

static ht_error err;
static ht_dataset *data;

static int make(void **state)
{
    (void)state;
    data = small_data(160, 100);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    ht_dataset_free(data);
    return 0;
}

static ht_params common(int steps)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_SHARED);
    ht_params_put(&p, HT_P_TRAIN_STEPS, steps);
    ht_params_put(&p, HT_P_TRAIN_STOP, 0.6); /* all methods stop after the same number of steps */
    return p;
}

static double seed_of(const ht_params *params)
{
    return ht_params_get(params, HT_P_TRAIN_SEED);
}

static ht_compare_state *carried_out(const ht_compare_plan *plan, int threads)
{
    ht_compare_state *s = calloc(1, sizeof *s);
    ht_compare *c = ht_compare_start(plan, data, threads, &err);
    if (!c) fail_msg("%s", err.text);
    ht_compare_wait(c);
    ht_compare_look(c, s);
    ht_compare_free(c);
    return s;
}

static ht_compare_state *compared(const ht_params *params, const ht_prune_method *pruning, int threads)
{
    ht_compare_plan plan = {.common = *params, .pruning = pruning, .seeds = 1, .seed = {seed_of(params)}};
    return carried_out(&plan, threads);
}

static int method_named(const char *name)
{
    for (int i = 0; i < ht_method_count(); i++)
        if (strcmp(ht_method_at(i)->name, name) == 0) return i;
    fail_msg("no method %s", name);
    return -1;
}

static void methods_differ_only_in_what_they_are_about(void **state)
{
    (void)state;
    ht_params base = common(50), p;
    for (int i = 0; i < ht_method_count(); i++) {
        ht_method_params(i, &base, data->train.count, &p);
        assert_true(ht_params_get(&p, HT_P_TRAIN_STEPS) == 50 && ht_params_get(&p, HT_P_TRAIN_STOP) == 0);
        assert_true(ht_params_get(&p, HT_P_MODEL_WIDTH) == ht_params_get(&base, HT_P_MODEL_WIDTH));
        assert_int_equal(ht_method_at(ht_method_at(i)->shares)->shares, ht_method_at(i)->shares);
        for (int j = 0; j < i; j++) assert_string_not_equal(ht_method_at(i)->name, ht_method_at(j)->name);
    }
    ht_method_params(method_named("plain"), &base, data->train.count, &p);
    assert_true(ht_params_get(&p, HT_P_NOISE_TYPE) == HT_NOISE_NONE);
    ht_method_params(method_named("eta-over-b"), &base, data->train.count, &p);
    assert_true(fabs(ht_eta_over_b(&p, data->train.count) / ht_eta_over_b(&base, data->train.count) - 16) <
                1e-9);
    ht_method_params(method_named("factors-3"), &base, data->train.count, &p);
    assert_true(ht_params_get(&p, HT_P_MODEL_FACTORS) == 3);
}

/* What the comparison says of a method is what training with its settings gives. */
static void a_comparison_is_its_runs_on_any_threads(void **state)
{
    (void)state;
    ht_params base = common(60), p;
    ht_compare_state *one = compared(&base, NULL, 1), *three = compared(&base, NULL, 3);
    assert_true(one->done == HT_METHODS && !one->running && !one->stopped && one->fault[0] == '\0');
    for (int i = 0; i < one->count; i++) {
        const ht_method_state *r = &one->method[i];
        assert_int_equal(r->stage, HT_METHOD_DONE);
        assert_memory_equal(r, &three->method[i], sizeof *r);
        assert_true(r->points >= 20 && r->curve[0].weights == 1);
        assert_true(r->kept > 0 && r->kept <= 1 && r->kappa > 0 && r->kappa < 1);
        for (int k = 0; k < r->points && r->curve[k].weights >= r->kept; k++)
            assert_true(r->curve[k].accuracy >= r->curve[0].accuracy - 0.01);
        for (int k = 1; k < r->points; k++) assert_true(r->curve[k].weights <= r->curve[k - 1].weights);
        assert_true(fabs(r->curve[0].accuracy - r->test.accuracy) < 1e-9);
    }
    int coreset = method_named("coreset"), plain = method_named("plain");
    assert_true(one->method[coreset].test.loss == one->method[plain].test.loss); /* the same network */
    ht_method_params(method_named("iid"), &base, data->train.count, &p);
    ht_trainer *t = small_trainer(&p, data, NULL);
    small_train(t, 60);
    ht_score score;
    assert_int_equal(ht_network_evaluate(ht_trainer_network(t), &data->test, NULL, NULL, &score, &err),
                     HT_OK);
    assert_true(score.loss == one->method[method_named("iid")].test.loss);
    ht_trainer_free(t);
    free(one);
    free(three);
}

/* Whole neurons are dear: a curve by neurons that keeps k of n keeps k/n of the parameters. */
static void one_method_for_all_is_asked_for(void **state)
{
    (void)state;
    const ht_prune_method node = HT_PRUNE_NODE;
    ht_params base = common(40);
    ht_params_put(&base, HT_P_MODEL_WIDTH, 300); /* more points than a curve keeps */
    ht_compare_state *own = compared(&base, NULL, 2), *all = compared(&base, &node, 2);
    assert_true(all->done == all->count && all->count < own->count);
    for (int i = 0; i < all->count; i++) {
        const ht_method_state *r = &all->method[i];
        assert_true(r->pruning == HT_PRUNE_NODE && strcmp(r->name, own->method[i].name) == 0);
        assert_true(r->test.loss == own->method[i].test.loss);
        assert_true(r->points > 40 && r->points <= HT_METHOD_POINTS);
        assert_true(r->curve[0].weights == 1 && r->curve[r->points - 1].weights == 0);
        for (int k = 1; k < r->points; k++) {
            double share = 1 - (double)r->curve[k].removed / 300;
            assert_true(r->curve[k].weights < r->curve[k - 1].weights);
            assert_true(fabs(r->curve[k].weights - share) < 1e-12);
        }
    }
    int iid = method_named("iid"), neurons = method_named("plain-node"), plain = method_named("plain");
    assert_memory_equal(&own->method[iid], &all->method[iid], sizeof(ht_method_state));
    assert_memory_equal(own->method[neurons].curve, all->method[plain].curve, sizeof own->method[0].curve);
    assert_int_equal(own->method[plain].pruning, HT_PRUNE_MAGNITUDE);
    free(own);
    free(all);
}

static void stopping_keeps_what_is_done(void **state)
{
    (void)state;
    ht_params base = common(100000000);
    ht_compare_state *s = calloc(1, sizeof *s);
    ht_compare_plan plan = ht_compare_plan_next(&base, s);
    ht_compare *c = ht_compare_start(&plan, data, 2, &err);
    const struct timespec moment = {.tv_nsec = 100000000};
    nanosleep(&moment, NULL);
    ht_compare_look(c, s);
    assert_true(s->running && s->done == 0);
    ht_compare_stop(c);
    ht_compare_wait(c);
    ht_compare_look(c, s);
    assert_true(!s->running && s->stopped && s->done == 0);
    ht_compare_free(c);
    free(s);
}

/* A second seed joins the first, whose results stay; its own are those of training with it. Other settings
 * begin anew. */
static void another_seed_joins_the_first(void **state)
{
    (void)state;
    ht_params base = common(40), other = common(41);
    ht_compare_state *one = compared(&base, NULL, 2);
    ht_compare_plan plan = ht_compare_plan_next(&base, one), anew = ht_compare_plan_next(&other, one);
    assert_true(plan.before == one && plan.seeds == 1 && plan.seed[0] == seed_of(&base) + 1);
    assert_true(anew.before == NULL && anew.seed[0] == seed_of(&base));
    ht_compare_state *two = carried_out(&plan, 2);
    assert_true(two->seeds == 2 && two->done == 2 * HT_METHODS && two->wanted == two->done && !two->stopped);
    ht_params_put(&other, HT_P_TRAIN_STEPS, 40);
    ht_params_put(&other, HT_P_TRAIN_SEED, seed_of(&base) + 1);
    ht_compare_state *second = compared(&other, NULL, 2);
    for (int i = 0; i < two->count; i++) {
        const ht_method_state *r = &two->method[i];
        assert_memory_equal(r->curve, one->method[i].curve, sizeof r->curve);
        assert_true(r->seed[0].kept == one->method[i].kept && r->seed[0].kept == r->kept);
        assert_true(r->seed[1].kept == second->method[i].kept);
        assert_true(r->seed[1].accuracy == second->method[i].test.accuracy);
        ht_method_need need = ht_method_need_of(r);
        assert_int_equal(need.seeds, 2);
        assert_true(fabs(need.kept - (r->seed[0].kept + r->seed[1].kept) / 2) < 1e-12);
        assert_true(need.parameters == round(need.kept * (double)r->parameters) && r->parameters > 0);
        const ht_method_state *a = &one->method[i], *b = &second->method[i];
        const double of[HT_METHOD_NUMBERS][2] = {{a->test.accuracy, b->test.accuracy},
                                                 {a->test.loss, b->test.loss},
                                                 {a->kept, b->kept},
                                                 {a->compute, b->compute},
                                                 {a->kappa, b->kappa},
                                                 {a->above_1e4, b->above_1e4},
                                                 {a->rows, b->rows}};
        for (int k = 0; k < HT_METHOD_NUMBERS; k++) {
            ht_method_spread spread = ht_method_spread_of(r, (ht_method_number)k);
            assert_true(spread.seeds == 2 && spread.least == fmin(of[k][0], of[k][1]) &&
                        spread.greatest == fmax(of[k][0], of[k][1]));
            assert_true(fabs(spread.median - (of[k][0] + of[k][1]) / 2) <= 1e-12 * fabs(spread.median));
        }
    }
    free(one);
    free(two);
    free(second);
}

/* What was stopped is finished, not begun anew: the same numbers, and those that are there are not trained
 * again. */
static void what_was_stopped_goes_on(void **state)
{
    (void)state;
    ht_params base = common(40);
    ht_compare_state *whole = compared(&base, NULL, 2), *cut = calloc(1, sizeof *cut);
    *cut = *whole;
    int plain = method_named("plain"), sharing = method_named("coreset"), iid = method_named("iid");
    cut->method[iid].seed[0] = (ht_method_seed){.stage = HT_METHOD_STOPPED};
    cut->method[sharing].seed[0] = (ht_method_seed){.stage = HT_METHOD_WAITING};
    cut->method[iid].stage = HT_METHOD_STOPPED, cut->method[sharing].stage = HT_METHOD_WAITING;
    cut->method[iid].kept = cut->method[sharing].kept = cut->method[plain].kept = 0;
    int mark = method_named("factors-2");
    cut->method[mark].kept = 0.125; /* stays: it is done */
    cut->done -= 2, cut->stopped = true;
    ht_compare_plan plan = ht_compare_plan_next(&base, cut);
    assert_true(plan.before == cut && plan.seeds == 0 && !plan.refused);
    ht_compare_state *ended = carried_out(&plan, 2);
    assert_true(ended->seeds == 1 && ended->done == HT_METHODS && ended->wanted == HT_METHODS);
    assert_true(!ended->stopped && !ended->running && ended->method[mark].kept == 0.125);
    ended->method[mark].kept = whole->method[mark].kept;
    for (int i = 0; i < whole->count; i++)
        assert_memory_equal(&ended->method[i], &whole->method[i], sizeof whole->method[i]);
    free(whole);
    free(cut);
    free(ended);
}

/* Nothing is thrown away where no seed can be added. */
static void a_seed_too_many_is_refused(void **state)
{
    (void)state;
    ht_params base = common(40);
    ht_compare_state *s = calloc(1, sizeof *s);
    *s = (ht_compare_state){.params = base, .count = 1, .seeds = 1, .done = 1, .wanted = 1};
    s->train_seed[0] = ht_param_at(HT_P_TRAIN_SEED)->high - 1;
    ht_compare_plan plan = ht_compare_plan_next(&base, s);
    assert_true(plan.before == s && plan.seeds == 1 && !plan.refused);
    s->train_seed[0] = ht_param_at(HT_P_TRAIN_SEED)->high;
    plan = ht_compare_plan_next(&base, s);
    assert_true(plan.before == s && plan.seeds == 0 && strstr(plan.refused, "train.seed"));
    s->train_seed[HT_METHOD_SEEDS - 1] = 1;
    s->seeds = s->done = s->wanted = HT_METHOD_SEEDS;
    plan = ht_compare_plan_next(&base, s);
    assert_true(plan.before == s && plan.seeds == 0);
    assert_string_equal(plan.refused, "16 seeds are all that a comparison holds");
    free(s);
}

static void enter_seed(ht_method_state *method, int slot, ht_method_stage stage, double kept)
{
    method->seed[slot] = (ht_method_seed){.stage = stage, .kept = kept, .accuracy = 0.9};
    if (slot == 0) method->stage = stage;
}

/* The row of a method in the chart, and the series that stand at its height. */
static int row_named(const ht_chart *chart, const char *name)
{
    for (int i = 0; i < chart->row_count; i++)
        if (strcmp(chart->rows[i].name + 2, name) == 0) return i;
    return -1;
}

static int marks_in_row(const ht_chart *chart, int row, ht_mark_kind kind)
{
    int count = 0;
    for (int i = 0; i < chart->series_count; i++) {
        const ht_series *s = &chart->series[i];
        for (int k = 0; s->kind == kind && k < s->count; k++) {
            double y = kind == HT_MARK_WHISKERS ? (s->low[k] + s->high[k]) / 2 : s->high[k];
            count += isfinite(s->x[k]) && fabs(y + row) < 1e-9;
        }
    }
    return count;
}

/* The fewest parameters come first; a dot a seed, a stroke for the median of several; what has no number says
 * why. */
static void dots_are_sorted_and_say_what_is_missing(void **state)
{
    (void)state;
    ht_params base = common(40);
    ht_model *m = calloc(1, sizeof *m);
    ht_chart chart = {0};
    ht_model_init(m, &base, data->inputs, data->classes, "");
    ht_compare_state *s = &m->compare;
    static const char *const names[] = {"all", "late", "few", "many", "lost", "waits"};
    s->count = 6, s->seeds = 3, s->running = true;
    for (int i = 0; i < 6; i++) s->method[i] = (ht_method_state){.name = names[i], .parameters = 1000};
    enter_seed(&s->method[0], 0, HT_METHOD_DONE, 1);
    enter_seed(&s->method[1], 0, HT_METHOD_RUNNING, 0);
    s->method[1].fraction = 0.4;
    for (int k = 0; k < 3; k++) enter_seed(&s->method[2], k, HT_METHOD_DONE, 0.002 * (k + 1));
    enter_seed(&s->method[3], 0, HT_METHOD_DONE, 0.3);
    enter_seed(&s->method[3], 1, HT_METHOD_DIVERGED, 0.001);
    enter_seed(&s->method[4], 0, HT_METHOD_DIVERGED, 0.001);
    ht_panel_compare_dots(m, 80, &chart);
    static const struct {
        const char *name, *value;
        int dots, strokes;
    } rows[] = {{"few", "0.40 %", 3, 1},      {"many", "30.00 % (1 of 2)", 1, 1},
                {"all", "not reached", 1, 0}, {"late", "running 40 %", 0, 0},
                {"lost", "diverged", 0, 0},   {"waits", "waiting", 0, 0}};
    assert_int_equal(chart.row_count, 6);
    for (int i = 0; i < 6; i++) {
        int row = row_named(&chart, rows[i].name);
        if (row != i) fail_msg("%s stands in row %d", rows[i].name, row);
        assert_string_equal(chart.rows[row].value, rows[i].value);
        assert_int_equal(marks_in_row(&chart, row, HT_MARK_POINTS), rows[i].dots);
        assert_int_equal(marks_in_row(&chart, row, HT_MARK_WHISKERS), rows[i].strokes);
    }
    assert_non_null(strstr(chart.note, "2 of 7 runs diverged"));
    assert_true(chart.x.low <= 0.002 && chart.x.high == 1);
    static ht_form form;
    ht_panel_compare_table(m, (ht_room){.columns = 100, .rows = 40}, &form);
    bool told = false;
    for (int i = 0; i < form.count; i++)
        told = told || strstr(form.rows[i].label, "many: 1 of 2, lost: 1 of 1 seeds diverged");
    assert_true(told);
    ht_chart_free(&chart);
    ht_model_clear(m);
    free(m);
}

/* The axis of the curves begins at nine tenths of the best network; a curve that leaves it for good ends at
 * its next point, and a method that is all below is named. */
static void curves_are_shown_where_the_question_is(void **state)
{
    (void)state;
    ht_params base = common(40);
    ht_model *m = calloc(1, sizeof *m);
    ht_chart chart = {0};
    ht_model_init(m, &base, data->inputs, data->classes, "");
    ht_compare_state *s = &m->compare;
    s->count = 2, s->done = s->wanted = 2, s->seeds = 1;
    for (int i = 0; i < 2; i++) {
        s->method[i] = (ht_method_state){.name = i ? "poor" : "good", .stage = HT_METHOD_DONE, .points = 10};
        for (int k = 0; k < 10; k++)
            s->method[i].curve[k] = (ht_prune_point){.weights = 1 - 0.1 * k,
                                                     .accuracy = i       ? 0.5
                                                                 : k < 6 ? 0.95
                                                                         : 0.9 - 0.1 * (k - 5)};
    }
    ht_panel_compare(m, 80, &chart);
    assert_true(fabs(chart.y.low - 0.85) < 1e-9 && chart.y.high <= 0.95 + 1e-9);
    assert_int_equal(chart.series[0].count, 7); /* six points on the axis, one below */
    assert_true(chart.series[0].high[0] < chart.y.low && chart.series[0].high[1] > chart.y.low);
    assert_non_null(strstr(chart.note, "below this axis: 2"));
    ht_chart_free(&chart);
    ht_model_clear(m);
    free(m);
}

/* ui.axis: the same networks against multiply-adds, which order them otherwise. */
static void sizes_may_be_multiply_adds(void **state)
{
    (void)state;
    ht_params base = common(40);
    ht_model *m = calloc(1, sizeof *m);
    ht_model_init(m, &base, data->inputs, data->classes, "");
    ht_compare_state *s = &m->compare;
    s->count = 2, s->done = s->wanted = 2, s->seeds = 1;
    for (int i = 0; i < 2; i++) {
        s->method[i] = (ht_method_state){.name = i ? "other" : "one", .stage = HT_METHOD_DONE, .points = 10};
        s->method[i].seed[0] =
            (ht_method_seed){HT_METHOD_DONE, i ? 0.4 : 0.2, i ? 0.1 : 0.3, 0.9, 0.1, 0, 0, 0};
        for (int k = 0; k < 10; k++)
            s->method[i].curve[k] = (ht_prune_point){.weights = 1 - 0.1 * k,
                                                     .compute = (1 - 0.1 * k) * (1 - 0.1 * k),
                                                     .accuracy = 0.95 - 0.001 * k};
    }
    for (int compute = 0; compute < 2; compute++) {
        ht_chart curves = {0}, dots = {0};
        ht_params_put(&m->applied, HT_P_UI_AXIS, compute);
        ht_panel_compare(m, 80, &curves);
        ht_panel_compare_dots(m, 80, &dots);
        for (int k = 0; k < 10; k++) /* upwards */
            assert_true(fabs(curves.series[0].x[9 - k] - pow(1 - 0.1 * k, 1 + compute)) < 1e-12);
        assert_true(!strstr(curves.title, "multiply-adds") == !compute);
        assert_true(!strstr(dots.title, "Multiply-adds") == !compute);
        int order[HT_METHODS];
        ht_methods_sorted(s, compute, order);
        assert_int_equal(order[0], compute);
        assert_true(ht_method_need_of(&s->method[0]).compute == 0.3);
        bool found = false; /* the first dot is that of the first in the order */
        for (int i = 0; i < dots.series_count; i++)
            if (dots.series[i].count > 0 && !found) found = dots.series[i].x[0] == (compute ? 0.1 : 0.2);
        assert_true(found);
        ht_chart_free(&curves);
        ht_chart_free(&dots);
    }
    ht_model_clear(m);
    free(m);
}

static void a_method_that_diverges_is_named(void **state)
{
    (void)state;
    ht_params base = common(300);
    ht_params_put(&base, HT_P_NOISE_SCALE, 100);
    ht_params_put(&base, HT_P_NOISE_ALPHA, 1);
    ht_params_put(&base, HT_P_TRAIN_LR, 50);
    ht_compare_state *s = compared(&base, NULL, 2);
    assert_int_equal(s->done, HT_METHODS);
    int diverged = 0;
    for (int i = 0; i < s->count; i++) diverged += s->method[i].stage == HT_METHOD_DIVERGED;
    assert_true(diverged > 0);
    free(s);
}

/* What the controls and the method panel say of η/b: the first number after the label, and the label. */
static ht_row row_of(void (*fill)(const ht_model *, ht_room, ht_form *), const ht_params *params)
{
    ht_form *form = calloc(1, sizeof *form);
    ht_model *m = calloc(1, sizeof *m);
    ht_row found = {0};
    ht_model_init(m, params, data->inputs, data->classes, "");
    m->samples = data->train.count;
    fill(m, (ht_room){.columns = 60, .rows = 40, .numbers = false}, form);
    for (int i = 0; i < form->count; i++)
        if (strncmp(form->rows[i].label, "η/b", strlen("η/b")) == 0) found = form->rows[i];
    ht_model_clear(m);
    free(m);
    free(form);
    return found;
}

/* A step takes at most the training set: 160 samples, or 144 where a tenth is held back. */
static void eta_over_b_is_of_the_batch_that_is_taken(void **state)
{
    (void)state;
    static const double asked[] = {160, 250, 100000};
    ht_params base = common(4), p;
    ht_params_put(&base, HT_P_TRAIN_STOP, 0);
    double eta = ht_params_get(&base, HT_P_TRAIN_LR);
    for (int i = 0; i < 3; i++) {
        ht_results results;
        char text[24];
        ht_params_put(&base, HT_P_TRAIN_BATCH, asked[i]);
        ht_trainer *t = small_trainer(&base, data, NULL);
        assert_int_equal(ht_trial_run(&results, t, data, NULL, NULL, NULL, &err), HT_OK);
        assert_true(fabs(results.methods.eta_over_b * 160 / eta - 1) < 1e-12);
        ht_trainer_free(t);
        ht_row row = row_of(ht_panel_controls, &base);
        snprintf(text, sizeof text, "%.2g", eta / 160);
        assert_string_equal(row.value, text);
        assert_string_equal(row.label, asked[i] > 160 ? "η/b (b = 160: all)" : "η/b");
        row = row_of(ht_panel_method, &base);
        snprintf(text, sizeof text, "%.2e", eta / 160);
        assert_string_equal(row.value, text);
        ht_method_params(method_named("eta-over-b"), &base, data->train.count, &p);
        assert_true(fabs(ht_eta_over_b(&p, data->train.count) * 160 / eta - 16) < 1e-9);
    }
    ht_params_put(&base, HT_P_OCCAM_HOLDOUT, 0.1);
    ht_trainer *t = small_trainer(&base, data, NULL);
    assert_int_equal(ht_trainer_samples(t), 144);
    assert_true(fabs(ht_eta_over_b(&base, data->train.count) * 144 / eta - 1) < 1e-12);
    ht_trainer_free(t);
}

static void add_words_of(int (*title)(const ht_model *, ht_span *), const ht_model *m, ht_text *to)
{
    ht_span spans[HT_SPANS];
    int count = title(m, spans);
    for (int i = 0; i < count; i++) ht_text_add(to, "%s", spans[i].text);
}

/* A picture of ten methods shows nothing of the run that the lab has beside them: no noise, no state, no step
 * of it; and its numbers stand in columns. */
static void a_picture_of_the_methods_is_about_the_methods(void **state)
{
    (void)state;
    ht_params base = common(20);
    ht_model *m = calloc(1, sizeof *m);
    ht_form *form = calloc(1, sizeof *form);
    ht_text words = {0};
    ht_compare_state *s = compared(&base, NULL, 2);
    ht_model_init(m, &base, data->inputs, data->classes, "");
    m->compare = *s;
    m->view = HT_VIEW_COMPARE;
    m->control = -1;
    add_words_of(ht_bars_title_left, m, &words);
    add_words_of(ht_bars_title_right, m, &words);
    assert_non_null(strstr(words.data, "10 methods  20 steps each"));
    assert_null(strstr(words.data, "paused"));
    assert_null(strstr(words.data, "epoch"));
    assert_null(strstr(words.data, "σ"));
    ht_text_free(&words);
    m->control = 0; /* the lab's own screen is about its run, too */
    add_words_of(ht_bars_title_right, m, &words);
    assert_non_null(strstr(words.data, "paused"));
    ht_text_free(&words);
    static const int columns[] = {28, 40};
    for (int i = 0; i < 2; i++) {
        form->count = 0;
        ht_panel_compare_table(m, (ht_room){.columns = columns[i], .rows = 40}, form);
        for (int r = 1; r <= HT_METHODS; r++) {
            int fields = 1;
            assert_int_equal(form->rows[r].kind, HT_ROW_TABLE);
            for (const char *c = form->rows[r].label; *c; c++) fields += *c == '\t';
            assert_int_equal(fields, i ? 3 : 2);
        }
        assert_true(form->stop[0] >= 12 + 5 && form->stop[0] < columns[i]);
    }
    ht_model_clear(m);
    free(form);
    free(m);
    free(s);
}

/* null, and not "not enough memory". */
static void what_is_no_number_is_null_in_json(void **state)
{
    (void)state;
    const ht_params params = small_params();
    ht_results *none = calloc(1, sizeof *none); /* 0 of 0 weights */
    none->prune.ratio = (double)NAN;
    json_t *root = ht_results_json(none, &params);
    assert_non_null(root);
    assert_true(json_is_null(json_object_get(json_object_get(root, "prune"), "ratio")));
    char *text = json_dumps(root, 0);
    assert_non_null(strstr(text, "\"above_epsilon\": null"));
    free(text);
    json_decref(root);
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_differ_only_in_what_they_are_about),
        cmocka_unit_test(a_comparison_is_its_runs_on_any_threads),
        cmocka_unit_test(one_method_for_all_is_asked_for),
        cmocka_unit_test(stopping_keeps_what_is_done),
        cmocka_unit_test(another_seed_joins_the_first),
        cmocka_unit_test(what_was_stopped_goes_on),
        cmocka_unit_test(a_seed_too_many_is_refused),
        cmocka_unit_test(dots_are_sorted_and_say_what_is_missing),
        cmocka_unit_test(curves_are_shown_where_the_question_is),
        cmocka_unit_test(sizes_may_be_multiply_adds),
        cmocka_unit_test(a_method_that_diverges_is_named),
        cmocka_unit_test(eta_over_b_is_of_the_batch_that_is_taken),
        cmocka_unit_test(a_picture_of_the_methods_is_about_the_methods),
        cmocka_unit_test(what_is_no_number_is_null_in_json),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
