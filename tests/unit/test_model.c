/* Guards the model: samples and reports become curves, moments and text; a reset forgets; the title always
 * tells the noise. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/bars.h"
#include "view/model.h"
#include "view/panels/panels.h"

static ht_model *new_model(void)
{
    ht_model *m = calloc(1, sizeof *m);
    ht_params params;
    ht_params_init(&params);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_model_init(m, &params, 140, 2, "heartbeats");
    return m;
}

static ht_sample step_sample(uint64_t step, double loss)
{
    return (ht_sample){.kind = HT_SAMPLE_STEP,
                       .step = step,
                       .seconds = (double)step * 0.01,
                       .epoch = (double)step * 0.1,
                       .folded = 1,
                       .loss = loss,
                       .loss_min = loss,
                       .loss_max = loss,
                       .accuracy = 0.5};
}

static ht_sample change_sample(uint64_t step, ht_param p, double before, double value)
{
    return (ht_sample){.kind = HT_SAMPLE_CHANGE, .step = step, .param = p, .before = before, .value = value};
}

static void feed(ht_model *m, ht_sample s)
{
    ht_model_sample(m, &s);
}

static ht_bucket whole(const ht_curve *curve)
{
    ht_bucket all = {0};
    assert_int_equal(ht_curve_columns(curve, -1, 1e15, 1, 0, &all), 1);
    return all;
}

static void a_new_model_knows_its_shape_and_nothing_else(void **state)
{
    (void)state;
    ht_model *m = new_model();
    assert_string_equal(m->shape, "140→2000→2");
    assert_string_equal(m->data_title, "heartbeats");
    assert_true(isnan(m->loss) && isnan(m->test_accuracy));
    assert_int_equal(m->trace[HT_TRACE_LOSS].count, 0);
    assert_int_equal(m->report.count, 0);
    assert_int_equal(m->state, HT_STATE_PAUSED);
    ht_params deep;
    ht_params_init(&deep);
    ht_params_put(&deep, HT_P_MODEL_DEPTH, 4);
    ht_params_put(&deep, HT_P_MODEL_WIDTH, 200000);
    ht_model_init(m, &deep, 150528, 1000, "");
    assert_string_equal(m->shape, "150528→200000→200000→200000→200000→1000");
    free(m);
}

static void samples_fill_the_curves(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (uint64_t i = 1; i <= 1000; i++) {
        ht_sample s = step_sample(i, i == 500 ? 40 : 1.0 / (double)i);
        s.accuracy = (double)i / 1000;
        feed(m, s);
    }
    feed(m, (ht_sample){.kind = HT_SAMPLE_EVAL, .step = 1000, .test_loss = 0.3, .test_accuracy = 0.9});
    ht_bucket loss = whole(&m->trace[HT_TRACE_LOSS]), alpha = whole(&m->trace[HT_TRACE_ALPHA]),
              accuracy = whole(&m->trace[HT_TRACE_ACCURACY]);
    assert_true(loss.high == 40 && loss.low == 0.001 && loss.first == 1 && loss.last == 1000);
    assert_true(alpha.low == 1.75 && alpha.high == 1.75);
    assert_true(accuracy.final == 1);
    assert_true(whole(&m->trace[HT_TRACE_TEST_LOSS]).final == 0.3 &&
                whole(&m->trace[HT_TRACE_TEST_ACCURACY]).final == 0.9);
    assert_true(m->loss == 0.001 && m->batch_accuracy == 1 && m->test_loss == 0.3 && m->test_accuracy == 0.9);
    assert_true(m->step == 1000);
    free(m);
}

static void folded_steps_keep_their_extremes(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_sample s = step_sample(5000, 0.5);
    s.folded = 5000, s.loss_min = 0.01, s.loss_max = 90;
    feed(m, s);
    ht_bucket loss = whole(&m->trace[HT_TRACE_LOSS]);
    assert_true(loss.low == 0.01 && loss.high == 90 && loss.final == 0.5 && m->loss == 0.5);
    free(m);
}

static void a_loss_that_is_no_number_is_remembered(void **state)
{
    (void)state;
    ht_model *m = new_model();
    feed(m, step_sample(1, 0.7));
    feed(m, step_sample(2, (double)NAN));
    assert_true(whole(&m->trace[HT_TRACE_LOSS]).bad && isnan(m->loss));
    assert_true(ht_curve_last(&m->trace[HT_TRACE_LOSS]) == 0.7);
    free(m);
}

static void the_speed_is_steps_over_training_time(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (uint64_t i = 1; i <= 1000; i++) feed(m, step_sample(i, 1)); /* 0.01 s each */
    assert_true(fabs(m->steps_per_second - 100) < 1);
    ht_sample pause = {.kind = HT_SAMPLE_STATE, .step = 1000, .seconds = 10, .state = HT_STATE_PAUSED};
    feed(m, pause);
    assert_true(isfinite(m->steps_per_second) && m->seconds == 10);
    free(m);
}

static void a_change_becomes_a_moment(void **state)
{
    (void)state;
    ht_model *m = new_model();
    feed(m, change_sample(100, HT_P_NOISE_SCALE, 0.05, 0.1));
    assert_int_equal(m->moment_count, 1);
    assert_true(m->moments[0].step == 100);
    assert_string_equal(m->moments[0].label, "σ 0.05→0.1");
    assert_true(ht_params_get(&m->applied, HT_P_NOISE_SCALE) == 0.1);
    feed(m, change_sample(101, HT_P_NOISE_TYPE, HT_NOISE_IID, HT_NOISE_ISOTROPIC));
    assert_string_equal(m->moments[1].label, "noise iid→isotropic");
    feed(m, change_sample(102, HT_P_TRAIN_BATCH, 500, 2500));
    assert_string_equal(m->moments[2].label, "b 500→2 500");
    feed(m, change_sample(103, HT_P_NOISE_ALPHA, 1.75, 1.75)); /* nothing changed */
    feed(m, change_sample(104, HT_P_PRUNE_ERROR, 0.1, 0.2));   /* no matter of training */
    assert_int_equal(m->moment_count, 3);
    assert_true(ht_params_get(&m->applied, HT_P_PRUNE_ERROR) == 0.2);
    free(m);
}

static void a_drag_is_one_moment(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (int i = 0; i < 5; i++)
        feed(m, change_sample(100 + (uint64_t)i, HT_P_NOISE_ALPHA, 1.75 - 0.01 * i, 1.74 - 0.01 * i));
    assert_int_equal(m->moment_count, 1);
    assert_string_equal(m->moments[0].label, "α 1.75→1.7");
    assert_true(m->moments[0].step == 100);
    feed(m, change_sample(105, HT_P_TRAIN_LR, 0.01, 0.02)); /* another control */
    assert_int_equal(m->moment_count, 2);
    feed(m, change_sample(90000, HT_P_TRAIN_LR, 0.02, 0.04)); /* much later */
    assert_int_equal(m->moment_count, 3);
    assert_string_equal(m->moments[2].label, "η 0.02→0.04");
    free(m);
}

/* n and n again, u: what is back where it was is no change. */
static void a_change_set_back_is_no_moment(void **state)
{
    (void)state;
    ht_model *m = new_model();
    feed(m, change_sample(100, HT_P_NOISE_ALPHA, 1.75, 1.5));
    feed(m, change_sample(100, HT_P_NOISE_TYPE, HT_NOISE_IID, HT_NOISE_NONE));
    feed(m, change_sample(101, HT_P_TRAIN_LR, 0.01, 0.02));
    feed(m, change_sample(102, HT_P_NOISE_TYPE, HT_NOISE_NONE, HT_NOISE_IID));
    assert_int_equal(m->moment_count, 2);
    assert_string_equal(m->moments[0].label, "α 1.75→1.5");
    assert_string_equal(m->moments[1].label, "η 0.01→0.02");
    ht_params then = ht_model_params_at(m, 99);
    assert_true(ht_params_get(&then, HT_P_NOISE_ALPHA) == 1.75 &&
                ht_params_get(&then, HT_P_TRAIN_LR) == 0.01);
    feed(m, change_sample(90000, HT_P_NOISE_ALPHA, 1.5, 1.75)); /* much later it is one */
    assert_int_equal(m->moment_count, 3);
    free(m);
}

static void the_oldest_moments_go_first(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (uint64_t i = 1; i <= 3 * HT_MODEL_MARKS; i++)
        feed(m, change_sample(i * 100000, HT_P_TRAIN_LR, 0.01, 0.02 + (double)i));
    assert_int_equal(m->moment_count, HT_MODEL_MARKS);
    assert_true(m->moments[HT_MODEL_MARKS - 1].step == 3e5 * HT_MODEL_MARKS);
    assert_true(m->moments[0].step == 1e5 * (2 * HT_MODEL_MARKS + 1));
    free(m);
}

static void estimate(ht_report *report, ht_estimator e, double value)
{
    report->tail.looked = true;
    report->tail.now[e] = (ht_estimate){
        .estimator = e, .value = value, .std_error = 0.1, .low = value - 0.2, .high = value + 0.2};
}

/* Looks arrive by two ways, late or twice, across resets: what is shown never goes back to older weights, is
 * of this run, and says the step that it is of. */
static void looks_out_of_order_never_mix(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_report *report = calloc(1, sizeof *report);
    ht_glimpse *glimpse = calloc(1, sizeof *glimpse);
    char when[64], number[24];
    uint64_t step = 0, glimpsed = 0, looked = 0;
    uint32_t generation = 0;
    srand(5);
    for (int i = 0; i < 20000; i++) {
        int what = rand() % 100;
        uint64_t of = step - (uint64_t)(rand() % 20) % (step + 1);
        uint32_t run = generation && rand() % 10 == 0 ? generation - 1 : generation;
        if (what < 40) feed(m, step_sample(++step, 1 + rand() % 5));
        if (what == 40) {
            feed(m, (ht_sample){.kind = HT_SAMPLE_RESET, .value = 1});
            step = glimpsed = looked = 0, generation++;
            assert_true(m->report.glimpse.count == 0 || m->report.glimpse.step == 0);
            assert_false(m->report.tail.looked && m->report.tail.step > 0);
        }
        if (what == 41 && step > 3) {
            step -= 2, generation++;
            feed(m, (ht_sample){.kind = HT_SAMPLE_BACK, .step = step, .from = step + 2});
            glimpsed = looked = 0;
            assert_true(m->report.glimpse.count == 0 || m->report.glimpse.step <= step);
            assert_true(m->loss == ht_curve_last(&m->trace[HT_TRACE_LOSS]));
        }
        if (what >= 42 && what < 70) {
            glimpse->count++, glimpse->step = of, glimpse->generation = run;
            glimpse->kappa.units = 1000, glimpse->kappa.removed = (int)(of % 1000);
            ht_model_glimpse(m, glimpse);
            if (run == generation && of >= glimpsed) glimpsed = of;
            if (m->report.glimpse.count == 0) continue;
            ht_model_kappa kappa = ht_model_kappa_of(&m->report);
            assert_true(m->report.glimpse.step <= step && m->report.glimpse.step >= glimpsed);
            assert_true(kappa.value == (double)(kappa.step % 1000) / 1000);
            ht_model_when(m, kappa.step, kappa.seconds, when, sizeof when);
            ht_format_grouped(number, sizeof number, (long long)kappa.step);
            assert_non_null(strstr(when, number));
        }
        if (what >= 70) {
            report->count++, report->step = report->tail.step = of, report->generation = run;
            estimate(report, HT_MMO, 1 + (double)(of % 1000) / 1000);
            ht_model_report(m, report);
            if (run == generation && of >= looked) looked = of;
            const ht_tail_look *tail = &m->report.tail;
            if (!tail->looked) continue;
            assert_true(tail->step <= step && tail->step >= looked);
            assert_true(tail->now[HT_MMO].value == 1 + (double)(tail->step % 1000) / 1000);
        }
    }
    free(report), free(glimpse);
    ht_model_clear(m);
    free(m);
}

static void ages_are_told_from_a_second_on(void **state)
{
    (void)state;
    ht_model *m = new_model();
    char when[64];
    m->step = 2000, m->seconds = 10;
    ht_model_when(m, 1310, 9.5, when, sizeof when);
    assert_null(strstr(when, "ago"));
    ht_model_when(m, 1310, 7, when, sizeof when);
    assert_non_null(strstr(when, ", 3 s ago"));
    ht_model_freeze(m, true); /* what stands still does not age */
    ht_model_when(m, 1310, 7, when, sizeof when);
    assert_null(strstr(when, "ago"));
    ht_model_freeze(m, false);
    ht_model_when(m, 2000, 7, when, sizeof when); /* the weights as they are */
    assert_null(strstr(when, "ago"));
    assert_true(isnan(ht_model_kappa_of(&m->report).value)); /* nothing is known: no number */
    ht_model_clear(m);
    free(m);
}

/* The row of a form with this label, its beginning; "" if there is none. */
static const char *label_of(const ht_form *form, const char *begin)
{
    for (int i = 0; i < form->count; i++)
        if (strncmp(form->rows[i].label, begin, strlen(begin)) == 0) return form->rows[i].label;
    return "";
}

/* A number that is not of the step that is shown says of which it is, in every room. */
static void numbers_of_other_steps_say_so(void **state)
{
    (void)state;
    static ht_form form;
    ht_model *m = new_model();
    ht_sample eval = {.kind = HT_SAMPLE_EVAL, .step = 1310, .test_loss = 0.5, .test_accuracy = 0.75};
    feed(m, step_sample(1310, 1));
    feed(m, eval);
    ht_panel_now(m, (ht_room){.columns = 40, .rows = 40}, &form);
    assert_string_equal(label_of(&form, "test acc"), "test accuracy"); /* it is of the step shown */
    feed(m, step_sample(1400, 1));
    m->report.glimpse.count = 1, m->report.glimpse.step = 1390, m->report.glimpse.kappa.units = 10,
    m->report.glimpse.kappa.removed = 5;
    m->report.glimpse.wanted = 0.1;
    for (int columns = 26; columns <= 60; columns++) {
        form = (ht_form){0};
        ht_panel_now(m, (ht_room){.columns = columns, .rows = 40}, &form);
        assert_non_null(strstr(label_of(&form, "test acc"), "1 310"));
        assert_non_null(strstr(label_of(&form, "test loss"), "1 310"));
    }
    m->present = true; /* no heading says when */
    form = (ht_form){0};
    ht_panel_now(m, (ht_room){.columns = 50, .rows = 40}, &form);
    assert_string_equal(label_of(&form, "test acc"), "test accuracy at step 1 310");
    assert_true(ht_model_kappa_of(&m->report).value == 0.5);
    assert_non_null(strstr(label_of(&form, "κ"), "1 390"));
    m->present = false;
    form = (ht_form){0};
    ht_panel_controls(m, (ht_room){.columns = 30, .rows = 12, .numbers = true}, &form);
    assert_string_equal(label_of(&form, "test acc"), "test acc. at 1 310");
    assert_non_null(strstr(label_of(&form, "κ at"), "1 390"));
    ht_model_clear(m);
    free(m);
}

static void labels_of_moments_are_whole_characters(void **state)
{
    (void)state;
    ht_model *m = new_model();
    srand(1);
    for (int i = 0; i < 3000; i++) {
        ht_param p = ht_model_controls[rand() % HT_CONTROLS];
        ht_params any;
        ht_params_init(&any);
        double before = ht_params_put(&any, p, ht_param_value(p, rand() / (double)RAND_MAX));
        double after = ht_params_put(&any, p, ht_param_value(p, rand() / (double)RAND_MAX));
        feed(m, change_sample((uint64_t)i * (i % 3 ? 1 : 100), p, before, after));
        if (m->moment_count == 0) continue;
        const char *label = m->moments[m->moment_count - 1].label;
        unsigned c;
        for (size_t n; (n = ht_utf8_decode(label, &c)) > 0; label += n) assert_int_not_equal(c, 0xfffd);
    }
    free(m);
}

static void a_reset_forgets_the_run(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (uint64_t i = 1; i <= 100; i++) feed(m, step_sample(i, 1));
    feed(m, change_sample(100, HT_P_NOISE_SCALE, 0.05, 0.1));
    ht_report *report = calloc(1, sizeof *report);
    report->step = 100, report->count = 1, estimate(report, HT_MMO, 1.9), estimate(report, HT_HILL, 1.8);
    ht_model_report(m, report);
    assert_true(ht_curve_last(&m->trace[ht_trace_of(HT_MMO)]) == 1.9 &&
                ht_curve_last(&m->trace[ht_trace_of(HT_HILL)]) == 1.8 && m->report.count == 1);
    feed(m, (ht_sample){.kind = HT_SAMPLE_RESET, .value = 42});
    assert_int_equal(m->trace[HT_TRACE_LOSS].count + m->trace[HT_TRACE_ACCURACY].count +
                         m->trace[HT_TRACE_ALPHA].count + m->trace[ht_trace_of(HT_MMO)].count +
                         m->trace[ht_trace_of(HT_HILL)].count,
                     0);
    assert_int_equal(
        m->trace[HT_TRACE_TEST_LOSS].count + m->trace[HT_TRACE_TEST_ACCURACY].count + m->moment_count, 0);
    assert_true(m->step == 0 && m->seconds == 0 && isnan(m->loss) && isnan(m->test_accuracy));
    assert_true(ht_params_get(&m->applied, HT_P_TRAIN_SEED) == 42 &&
                ht_params_get(&m->asked, HT_P_TRAIN_SEED) == 42);
    assert_true(ht_params_get(&m->applied, HT_P_NOISE_SCALE) == 0.1); /* settings stay */
    /* A report that was on its way is of the run before. */
    report->count = 2, report->step = 101;
    ht_model_report(m, report);
    assert_int_equal(m->trace[ht_trace_of(HT_MMO)].count, 0);
    assert_true(m->report.count != 2);
    report->generation = 1, report->count = 3, report->step = 0;
    ht_model_report(m, report);
    assert_true(m->report.count == 3 && m->trace[ht_trace_of(HT_MMO)].count == 1);
    free(report);
    ht_model_clear(m);
    free(m);
}

/* Everything after the step goes, also what was averaged over it; reports under way are late. */
static void rewinding_cuts_the_history(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (uint64_t i = 1; i <= 100; i++) {
        feed(m, step_sample(i, 1.0 / (double)i));
        if (i % 10 == 0) feed(m, (ht_sample){.kind = HT_SAMPLE_EVAL, .step = i, .test_loss = 0.5});
        if (i == 30 || i == 70) feed(m, change_sample(i, HT_P_NOISE_SCALE, 0.1, (double)i));
    }
    uint32_t generation = m->generation;
    feed(m, (ht_sample){.kind = HT_SAMPLE_CHANGE,
                        .step = 100,
                        .restored = true,
                        .param = HT_P_NOISE_SCALE,
                        .before = 70,
                        .value = 30});
    feed(m, (ht_sample){.kind = HT_SAMPLE_REWIND, .step = 55, .from = 100, .seconds = 0.55});
    assert_true(m->step == 55 && m->seconds == 0.55);
    assert_int_equal(m->generation, generation + 1);
    assert_true(m->trace[HT_TRACE_LOSS].bucket[m->trace[HT_TRACE_LOSS].count - 1].last == 55);
    assert_true(m->loss == 1.0 / 55);
    assert_true(m->trace[HT_TRACE_TEST_LOSS].bucket[m->trace[HT_TRACE_TEST_LOSS].count - 1].last == 50);
    assert_int_equal(m->moment_count, 1);
    assert_true(ht_params_get(&m->asked, HT_P_NOISE_SCALE) == 30 &&
                ht_params_get(&m->applied, HT_P_NOISE_SCALE) == 30);
    feed(m, step_sample(56, 0.25)); /* another future */
    assert_true(m->trace[HT_TRACE_LOSS].bucket[m->trace[HT_TRACE_LOSS].count - 1].final == 0.25 &&
                m->trace[HT_TRACE_LOSS].count == 56);
    /* To before a reset that was not seen: nothing of this history belongs to it. */
    feed(m, (ht_sample){.kind = HT_SAMPLE_REWIND, .step = 900, .from = 56, .other_run = true});
    assert_true(m->trace[HT_TRACE_LOSS].count == 0 && m->moment_count == 0 && m->step == 900);
    ht_model_clear(m);
    free(m);
}

/* Undoing a reset brings the curves of the run back, doing it again those of the new one. */
static void undoing_a_reset_brings_its_history_back(void **state)
{
    (void)state;
    ht_model *m = new_model();
    const ht_curve *loss = &m->trace[HT_TRACE_LOSS];
    for (uint64_t i = 1; i <= 100; i++) feed(m, step_sample(i, 1));
    feed(m, change_sample(100, HT_P_NOISE_SCALE, 0.05, 0.1));
    feed(m, (ht_sample){.kind = HT_SAMPLE_RESET, .value = 42});
    for (uint64_t i = 1; i <= 20; i++) feed(m, step_sample(i, 2));
    assert_true(ht_curve_last(loss) == 2 && m->moment_count == 0);
    for (int round = 0; round < 2; round++) {
        feed(m, (ht_sample){.kind = HT_SAMPLE_REWIND, .step = 100, .from = 20, .other_run = true});
        assert_true(m->loss == 1 && loss->bucket[loss->count - 1].last == 100);
        assert_true(m->moment_count == 1 && m->step == 100);
        feed(m, (ht_sample){.kind = HT_SAMPLE_REWIND, .step = 20, .from = 100, .other_run = true});
        assert_true(m->loss == 2 && loss->bucket[loss->count - 1].last == 20 && m->moment_count == 0);
    }
    ht_model_clear(m);
    free(m);
}

static void states_carry_their_message(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_sample s = {.kind = HT_SAMPLE_STATE, .step = 7, .state = HT_STATE_DIVERGED};
    m->message_is_note = true;
    strcpy(s.message, "diverged at step 8");
    feed(m, s);
    assert_int_equal(m->state, HT_STATE_DIVERGED);
    assert_string_equal(m->message, "diverged at step 8");
    assert_false(m->message_is_note);
    free(m);
}

static void values_read_as_people_write(void **state)
{
    (void)state;
    static const struct {
        ht_param p;
        double value;
        const char *text;
    } known[] = {{HT_P_NOISE_SCALE, 0.05, "0.05"},
                 {HT_P_NOISE_ALPHA, 1.75, "1.75"},
                 {HT_P_NOISE_TYPE, 3, "isotropic"},
                 {HT_P_TRAIN_BATCH, 2000, "2 000"},
                 {HT_P_TRAIN_LR, 1e-5, "1e-05"}};
    char text[40];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ht_model_value(known[i].p, known[i].value, text, sizeof text);
        assert_string_equal(text, known[i].text);
    }
    for (int i = 0; i < HT_CONTROLS; i++) assert_true(ht_model_symbol(ht_model_controls[i])[0] != '\0');
    assert_string_equal(ht_model_symbol(HT_P_TRAIN_SEED), "seed");
}

static void joined(ht_span *spans, int count, char *to)
{
    unsigned c;
    to[0] = '\0';
    assert_in_range(count, 1, HT_SPANS);
    for (int i = 0; i < count; i++) {
        strcat(to, spans[i].text);
        for (const char *p = spans[i].text; *p; p += ht_utf8_decode(p, &c)) {
            ht_utf8_decode(p, &c);
            assert_int_not_equal(c, 0xfffd);
        }
    }
}

static void the_title_tells_the_noise_in_every_state(void **state)
{
    (void)state;
    static const char *const states[] = {"paused", "running", "done", "diverged"};
    ht_span spans[HT_SPANS];
    char text[HT_SPANS * sizeof spans[0].text], number[32];
    ht_model *m = new_model();
    srand(2);
    for (int i = 0; i < 2000; i++) {
        int type = i % 4;
        m->state = (ht_state)(i / 4 % 4);
        m->step = (uint64_t)rand() * (uint64_t)(i % 5 ? 1 : rand());
        m->seconds = i % 7 * 1e4, m->epoch = i * 13.7, m->steps_per_second = i % 3 * 1e4;
        ht_params_put(&m->applied, HT_P_NOISE_TYPE, type);
        double alpha =
            ht_params_put(&m->applied, HT_P_NOISE_ALPHA, ht_param_value(HT_P_NOISE_ALPHA, i / 2000.0));
        double scale =
            ht_params_put(&m->applied, HT_P_NOISE_SCALE, ht_param_value(HT_P_NOISE_SCALE, i % 100 / 99.0));
        joined(spans, ht_bars_title_left(m, spans), text);
        if (type == HT_NOISE_NONE) {
            assert_non_null(strstr(text, "no noise"));
        } else {
            assert_non_null(strstr(text, ht_param_choice(HT_P_NOISE_TYPE, type)));
            snprintf(number, sizeof number, "α %.3g", alpha);
            assert_non_null(strstr(text, number));
            snprintf(number, sizeof number, "σ %.3g", scale);
            assert_non_null(strstr(text, number));
        }
        assert_non_null(strstr(text, m->shape));
        joined(spans, ht_bars_title_right(m, spans), text);
        assert_non_null(strstr(text, states[m->state]));
    }
    free(m);
}

static void a_long_preset_name_is_cut_between_characters(void **state)
{
    (void)state;
    ht_span spans[HT_SPANS];
    char text[HT_SPANS * sizeof spans[0].text];
    ht_model *m = new_model();
    for (int shift = 0; shift < 2; shift++) {
        strcpy(m->applied.preset, shift ? "x" : "");
        while (strlen(m->applied.preset) < sizeof m->applied.preset - 3) strcat(m->applied.preset, "ü");
        joined(spans, ht_bars_title_left(m, spans), text);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_model_knows_its_shape_and_nothing_else),
        cmocka_unit_test(samples_fill_the_curves),
        cmocka_unit_test(folded_steps_keep_their_extremes),
        cmocka_unit_test(a_loss_that_is_no_number_is_remembered),
        cmocka_unit_test(the_speed_is_steps_over_training_time),
        cmocka_unit_test(a_change_becomes_a_moment),
        cmocka_unit_test(a_drag_is_one_moment),
        cmocka_unit_test(a_change_set_back_is_no_moment),
        cmocka_unit_test(the_oldest_moments_go_first),
        cmocka_unit_test(labels_of_moments_are_whole_characters),
        cmocka_unit_test(a_reset_forgets_the_run),
        cmocka_unit_test(rewinding_cuts_the_history),
        cmocka_unit_test(undoing_a_reset_brings_its_history_back),
        cmocka_unit_test(looks_out_of_order_never_mix),
        cmocka_unit_test(ages_are_told_from_a_second_on),
        cmocka_unit_test(numbers_of_other_steps_say_so),
        cmocka_unit_test(states_carry_their_message),
        cmocka_unit_test(values_read_as_people_write),
        cmocka_unit_test(the_title_tells_the_noise_in_every_state),
        cmocka_unit_test(a_long_preset_name_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
