/* Guards what stands beside the run: ghosts, a frozen view, windows of steps, averages, the chart cursor. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "render/cells.h"
#include "render/screen.h"
#include "view/ghost.h"
#include "view/panel.h"
#include "view/panel_fill.h"
#include "view/readout.h"
#include "view/scene.h"
#include "view/window.h"

enum { COLUMNS = 120 };

static ht_model *new_model(void)
{
    ht_params params;
    ht_model *m = calloc(1, sizeof *m);
    ht_params_init(&params);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_model_init(m, &params, 140, 2, "heartbeats");
    return m;
}

static void free_model(ht_model *m)
{
    ht_model_clear(m);
    free(m);
}

static void step(ht_model *m, uint64_t number, double loss)
{
    ht_sample s = {.kind = HT_SAMPLE_STEP, .step = number, .seconds = (double)number * 1e-3, .folded = 1};
    s.loss = s.loss_min = s.loss_max = loss;
    s.accuracy = 0.5;
    ht_model_sample(m, &s);
}

static void evaluate(ht_model *m, uint64_t number, double loss, double accuracy)
{
    ht_sample s = {.kind = HT_SAMPLE_EVAL, .step = number, .test_loss = loss, .test_accuracy = accuracy};
    ht_model_sample(m, &s);
}

static void change(ht_model *m, uint64_t number, ht_param p, double value)
{
    ht_sample s = {.kind = HT_SAMPLE_CHANGE, .step = number, .param = p, .value = value};
    s.before = ht_params_get(&m->applied, p);
    ht_model_sample(m, &s);
}

static void train(ht_model *m, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++) {
        step(m, i, 1.0 / (double)i);
        if (i % 10 == 0) evaluate(m, i, 2.0 / (double)i, 0.9);
    }
}

static void reset(ht_model *m)
{
    ht_sample s = {.kind = HT_SAMPLE_RESET, .value = 1};
    ht_model_sample(m, &s);
}

static ht_chart *chart_of(const ht_model *m, ht_panel_id panel)
{
    static ht_chart chart;
    ht_chart_clear(&chart);
    ht_panel_fill_chart(panel, m, COLUMNS, &chart);
    ht_readout_put(m, panel, &chart);
    return &chart;
}

static const ht_series *series_of(const ht_chart *chart, const char *name)
{
    for (int i = 0; i < chart->series_count; i++)
        if (strcmp(chart->series[i].name, name) == 0) return &chart->series[i];
    return NULL;
}

/* ---- ghosts ------------------------------------------------------------------------------------ */

static void a_ghost_outlives_the_reset(void **state)
{
    (void)state;
    char dropped;
    ht_error err;
    ht_model *m = new_model();
    train(m, 1, 500);
    const ht_ghost *ghost = ht_ghost_pin(m, &dropped, &err);
    assert_non_null(ghost);
    assert_int_equal(ghost->letter, 'A');
    assert_int_equal(dropped, 0);
    reset(m);
    assert_int_equal(m->trace[HT_TRACE_TEST_LOSS].count, 0);
    train(m, 1, 100);
    const ht_chart *chart = chart_of(m, HT_PANEL_LOSS);
    const ht_series *line = series_of(chart, "A");
    assert_non_null(line);
    assert_true(line->count > 5 && line->tag == 'A' && line->role == HT_ROLE_GHOST);
    /* What it was at the steps that are shown: at the right end 2/100, not its own end at step 500. */
    assert_true(line->x[line->count - 1] <= chart->x.high);
    assert_true(fabs(line->high[line->count - 1] - 2 / line->x[line->count - 1]) < 1e-12);
    free_model(m);
}

static void the_oldest_ghost_gives_way(void **state)
{
    (void)state;
    char dropped;
    ht_error err;
    ht_model *m = new_model();
    train(m, 1, 20);
    for (int i = 0; i < HT_GHOSTS; i++) {
        assert_int_equal(ht_ghost_pin(m, &dropped, &err)->letter, 'A' + i);
        assert_int_equal(dropped, 0);
    }
    assert_int_equal(ht_ghost_pin(m, &dropped, &err)->letter, 'A'); /* the letter is free again */
    assert_int_equal(dropped, 'A');
    assert_int_equal(m->ghost_count, HT_GHOSTS);
    assert_int_equal(m->ghost[0]->letter, 'B');
    assert_int_equal(ht_ghost_drop(m), 'A'); /* the one pinned last */
    for (int i = HT_GHOSTS - 1; i > 0; i--) assert_int_equal(ht_ghost_drop(m), 'A' + i);
    assert_int_equal(ht_ghost_drop(m), 0);
    free_model(m);
}

static bool nothing(size_t bytes)
{
    (void)bytes;
    return false;
}

/* An hour of pinning, freezing and starting again takes no more memory than the first minute. */
static void the_memory_of_former_ghosts_serves_again(void **state)
{
    (void)state;
    char dropped;
    ht_error err;
    ht_model *m = new_model();
    train(m, 1, 20);
    for (int i = 0; i < HT_GHOSTS; i++) assert_non_null(ht_ghost_pin(m, &dropped, &err));
    ht_ghost_leave_run(m);
    assert_true(ht_ghost_exchange_run(m)); /* for a moment there are two of them */
    ht_model_freeze(m, true);
    ht_model_freeze(m, false);
    ht_alloc_ask(nothing);
    const ht_ghost *ghost = ht_ghost_pin(m, &dropped, &err);
    assert_non_null(ghost);
    assert_true(dropped == 'A' && ghost->letter == 'A' && m->ghost_count == HT_GHOSTS && !ghost->left);
    assert_true(ht_ghost_drop(m) == 'A' && ht_ghost_drop(m) == 'D');
    assert_non_null(ht_ghost_pin(m, &dropped, &err));
    assert_true(ht_ghost_exchange_run(m));
    ht_model_freeze(m, true);
    assert_non_null(m->later);
    train(m, 21, 40);
    assert_true(ht_curve_last(&m->trace[HT_TRACE_LOSS]) == 1.0 / 20);
    ht_model_freeze(m, false);
    assert_true(ht_curve_last(&m->trace[HT_TRACE_LOSS]) == 1.0 / 40);
    ht_alloc_ask(NULL);
    free_model(m);
}

static void a_label_says_what_was_different(void **state)
{
    (void)state;
    char label[80], dropped;
    ht_error err;
    ht_model *m = new_model();
    const ht_ghost *ghost = ht_ghost_pin(m, &dropped, &err);
    ht_ghost_label(m, ghost, label, sizeof label);
    assert_string_equal(label, "A step 0");
    change(m, 1, HT_P_NOISE_ALPHA, 1.5);
    change(m, 1, HT_P_TRAIN_LR, 0.1);
    ht_ghost_label(m, ghost, label, sizeof label);
    assert_string_equal(label, "A α 1.75 η 0.01");
    change(m, 1, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_ghost_label(m, ghost, label, sizeof label);
    assert_string_equal(label, "A iid α 1.75 σ 0.05 η 0.01");
    ghost = ht_ghost_pin(m, &dropped, &err);
    change(m, 1, HT_P_NOISE_TYPE, HT_NOISE_SHARED);
    ht_ghost_label(m, ghost, label, sizeof label);
    assert_string_equal(label, "B no noise");
    free_model(m);
}

static void fill_picture(ht_tail_picture *picture)
{
    float w[40 * 25];
    ht_error err;
    for (int i = 0; i < 40 * 25; i++) w[i] = (i % 2 ? 1.0f : -1.0f) / (float)(1 + i % 331);
    ht_values x = {.f32 = w, .rows = 40, .columns = 25};
    assert_int_equal(ht_tail_picture_make(picture, &x, &(ht_tail_options){.spectrum = true}, true, &err),
                     HT_OK);
}

/* As the engine tells of it: by two ways. */
static void feed_report(ht_model *m, ht_report *report)
{
    report->glimpse.count = report->count;
    report->glimpse.step = report->tail.step = report->step;
    report->glimpse.generation = report->generation;
    report->tail.looked = true;
    ht_model_report(m, report);
    ht_model_glimpse(m, &report->glimpse);
}

static void every_chart_shows_the_ghosts(void **state)
{
    (void)state;
    char dropped;
    ht_error err;
    ht_model *m = new_model();
    ht_report *report = calloc(1, sizeof *report);
    float w[1000];
    for (int i = 0; i < 1000; i++) w[i] = 1.0f / (float)(i + 1);
    ht_histogram_add(&report->glimpse.histogram, w, 1000);
    report->count = 1, report->step = 10, report->glimpse.norms = 3, report->look[0].count = 2;
    for (int i = 0; i < 3; i++)
        report->glimpse.norm[i] = 1 + i, report->glimpse.norm_above[i] = 1.0 / (1 + i);
    report->look[0].points[1] = (ht_prune_point){.ratio = 1, .error = 1};
    for (int e = 0; e < HT_ESTIMATORS; e++)
        report->tail.now[e] =
            (ht_estimate){.estimator = (ht_estimator)e, .value = 1.8, .low = 1.7, .high = 1.9};
    fill_picture(&report->tail.picture);
    train(m, 1, 20);
    feed_report(m, report);
    ht_ghost_pin(m, &dropped, &err);
    for (int panel = 0; panel < HT_PANEL_COUNT; panel++) {
        const ht_panel *p = ht_panel_at((ht_panel_id)panel);
        if (p->kind != HT_PANEL_IS_CHART || (p->home != HT_VIEW_DASHBOARD && p->home != HT_VIEW_TAIL))
            continue;
        if (panel == HT_PANEL_HEAT) continue; /* a heat map has no room for a second one */
        const ht_series *line = series_of(chart_of(m, (ht_panel_id)panel), "A");
        if (!line || line->count < 1) fail_msg("%s shows no ghost", p->name);
    }
    free(report);
    free_model(m);
}

/* Pinned before the first look of the analyst, even before the first step, it has no number to say. */
static void a_ghost_without_a_look_says_nothing(void **state)
{
    (void)state;
    char dropped;
    ht_error err;
    ht_model *m = new_model();
    ht_report *report = calloc(1, sizeof *report);
    static ht_form form;
    int rows = 0;
    report->count = 1, report->look[0].count = 2;
    assert_non_null(ht_ghost_pin(m, &dropped, &err));
    train(m, 1, 20);
    feed_report(m, report);
    assert_null(series_of(chart_of(m, HT_PANEL_PRUNING), "A"));
    ht_panel_fill_form(HT_PANEL_NOW, m, (ht_room){.columns = 28, .rows = 40, .numbers = false}, &form);
    for (int i = 0; i < form.count; i++) {
        assert_null(strstr(form.rows[i].value, "nan"));
        rows += form.rows[i].label[0] == 'A' && strcmp(form.rows[i].value, "    -      -") == 0;
    }
    assert_int_equal(rows, 1);
    free(report);
    free_model(m);
}

/* Where two charts stand in the place of the ghosts' numbers the panel says which key makes room; without
 * them the numbers are there. */
static void ghosts_without_room_name_the_key(void **state)
{
    (void)state;
    char dropped;
    ht_error err;
    ht_model *m = new_model();
    ht_cells *cells = ht_cells_new(&err);
    ht_screen *screen = calloc(1, sizeof *screen);
    assert_true(cells && screen && ht_ghost_pin(m, &dropped, &err));
    for (int hidden = 0; hidden < 2; hidden++) {
        bool named = false, there = false;
        char row[2048];
        if (hidden) m->hidden = 1u << HT_PANEL_KAPPA | 1u << HT_PANEL_HEAT;
        ht_layout layout = ht_layout_make(160, 48, ht_scene_of(m, 160));
        assert_int_equal(ht_cells_begin(cells, 160, 48, HT_SYMBOLS_BRAILLE, &err), HT_OK);
        ht_screen_draw(screen, ht_cells_surface(cells), m, &layout);
        for (int y = 0; y < 48; y++) {
            ht_cells_row(cells, y, row, sizeof row, 0);
            named = named || strstr(row, "9: ghosts");
            there = there || strstr(row, "Ghosts: accuracy");
        }
        assert_true(named == !hidden && there == hidden);
    }
    ht_screen_free(screen);
    free(screen);
    ht_cells_free(cells);
    free_model(m);
}

/* ---- freezing ---------------------------------------------------------------------------------- */

static void assert_same_buckets(const ht_bucket *a, const ht_bucket *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(&a[i].first, &b[i].first, offsetof(ht_bucket, count)); /* NaN is NaN */
        assert_true(a[i].count == b[i].count && a[i].bad == b[i].bad);
    }
}

/* Without what lies between the members. */
static void assert_same_curve(const ht_curve *a, const ht_curve *b)
{
    assert_true(a->count == b->count && a->stride == b->stride && a->samples == b->samples);
    assert_same_buckets(a->bucket, b->bucket, (size_t)a->count);
    assert_same_buckets(a->ring[0], b->ring[0], sizeof a->ring / sizeof a->ring[0][0]);
}

static void a_frozen_view_stands_and_catches_up(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_report *report = calloc(1, sizeof *report);
    train(m, 1, 100);
    report->count = 1, report->step = 100;
    feed_report(m, report);
    ht_model_freeze(m, true);
    double low, high, loss = m->loss, accuracy = m->test_accuracy;
    ht_window_steps(m, &low, &high);
    ht_curve *curves = calloc(HT_TRACE_COUNT, sizeof *curves);
    memcpy(curves, m->trace, sizeof m->trace);
    train(m, 101, 5000);
    evaluate(m, 5000, 0.25, 0.99);
    report->count = 2, report->step = 5000;
    feed_report(m, report);
    double low_after, high_after;
    ht_window_steps(m, &low_after, &high_after);
    assert_true(low == low_after && high == high_after);
    assert_true(m->loss == loss && m->test_accuracy == accuracy && m->report.count == 1);
    assert_int_equal(m->step, 5000); /* the title line goes on */
    for (int i = 0; i < HT_TRACE_COUNT; i++) assert_same_curve(&curves[i], &m->trace[i]);
    free(curves);
    ht_model_freeze(m, false);
    assert_true(m->test_accuracy == 0.99 && m->test_loss == 0.25 && m->report.count == 2);
    assert_true(m->loss == 1.0 / 5000);
    ht_window_steps(m, &low, &high);
    assert_true(high >= 5000);
    ht_model *twin = new_model(); /* that was never frozen */
    train(twin, 1, 100);
    train(twin, 101, 5000);
    assert_same_curve(&twin->trace[HT_TRACE_LOSS], &m->trace[HT_TRACE_LOSS]);
    free_model(twin);
    ht_model_freeze(m, true);
    reset(m); /* there is nothing left to stand still for */
    assert_false(m->frozen);
    free(report);
    free_model(m);
}

/* ---- windows ----------------------------------------------------------------------------------- */

static void the_window_stays_within_the_run(void **state)
{
    (void)state;
    ht_model *m = new_model();
    srand(1);
    train(m, 1, 3000);
    for (int i = 0; i < 20000; i++) {
        double low, high, about;
        ht_window_steps(m, &low, &high);
        if (!(low >= 0 && low < high && high <= 3000 * (1 + 1.0 / 32) + 10))
            fail_msg("after %d moves: %g to %g", i, low, high);
        about = low + (high - low) * rand() / RAND_MAX;
        switch (rand() % 6) {
        case 0:
            ht_window_zoom(m, 2, about);
            break;
        case 1:
        case 2:
            ht_window_zoom(m, 0.5, about);
            break;
        case 3:
            ht_window_scroll(m, -0.5);
            break;
        case 4:
            ht_window_scroll(m, 0.5);
            break;
        default:
            if (rand() % 10 == 0) ht_window_whole(m);
        }
    }
    free_model(m);
}

static void a_window_at_the_end_follows(void **state)
{
    (void)state;
    double low, high;
    ht_model *m = new_model();
    train(m, 1, 1000);
    ht_window_steps(m, &low, &high);
    assert_true(low == 0 && high >= 1000 && high <= 1032);
    ht_window_zoom(m, 0.25, high);
    ht_window_steps(m, &low, &high);
    assert_true(fabs(high - low - 250) < 10);
    train(m, 1001, 2000);
    ht_window_steps(m, &low, &high);
    assert_true(high >= 2000 && fabs(high - low - 250) < 10);
    ht_window_scroll(m, -2); /* into the past: it stands there */
    ht_window_steps(m, &low, &high);
    double there = high;
    train(m, 2001, 3000);
    ht_window_steps(m, &low, &high);
    assert_true(high == there);
    ht_window_latest(m);
    ht_window_steps(m, &low, &high);
    assert_true(high >= 3000 && low > 2500);
    ht_window_zoom(m, 1e6, low);
    ht_window_steps(m, &low, &high);
    assert_true(low == 0); /* the whole run again */
    free_model(m);
}

static void zooming_keeps_the_step_under_the_mouse(void **state)
{
    (void)state;
    ht_model *m = new_model();
    train(m, 1, 4096);
    double low, high, about = 1000;
    ht_window_zoom(m, 0.5, about);
    ht_window_steps(m, &low, &high);
    double before = (about - low) / (high - low);
    ht_window_zoom(m, 0.5, about);
    ht_window_steps(m, &low, &high);
    assert_true(fabs((about - low) / (high - low) - before) < 0.02);
    free_model(m);
}

/* ---- averages ---------------------------------------------------------------------------------- */

/* Against the definition: Σ e^(-(i-j)/τ) x_j over Σ e^(-(i-j)/τ). */
static void averages_are_unbiased_from_the_start(void **state)
{
    (void)state;
    enum { STEPS = 1500 };
    const double span = 50;
    ht_curve *curve = calloc(1, sizeof *curve);
    ht_bucket *out = calloc(STEPS, sizeof *out);
    double *x = calloc(STEPS, sizeof *x);
    srand(2);
    for (int i = 0; i < STEPS; i++) {
        x[i] = 5 + rand() / (double)RAND_MAX;
        ht_curve_add(curve, i, x[i], x[i], x[i]);
    }
    assert_int_equal(ht_curve_columns(curve, 0, STEPS, STEPS, span, out), STEPS);
    for (int i = 0; i < STEPS; i++) {
        double sum = 0, weight = 0;
        for (int j = 0; j <= i; j++) {
            sum += exp(-(i - j) / span) * x[j];
            weight += exp(-(i - j) / span);
        }
        if (fabs(out[i].mean - sum / weight) > 1e-9)
            fail_msg("step %d: %.12g, expected %.12g", i, out[i].mean, sum / weight);
        assert_true(out[i].low == x[i] && out[i].high == x[i]); /* the raw curve is still there */
    }
    assert_true(out[0].mean == x[0]); /* not a fraction of it */
    free(x);
    free(out);
    free(curve);
}

static void a_smoothed_chart_keeps_the_raw_curve_behind(void **state)
{
    (void)state;
    ht_model *m = new_model();
    train(m, 1, 400);
    ht_params_put(&m->asked, HT_P_UI_SMOOTH, 100);
    const ht_chart *chart = chart_of(m, HT_PANEL_LOSS);
    int raw = 0;
    for (int i = 0; i < chart->series_count; i++) raw += chart->series[i].role == HT_ROLE_RAW;
    assert_true(raw >= 2);
    const ht_series *train_line = series_of(chart, "train");
    assert_true(train_line && train_line->kind == HT_MARK_LINE && train_line->role == HT_ROLE_TRAIN);
    free_model(m);
}

/* A recent window is as fine as its steps, however long the run. */
static void recent_steps_are_kept_one_by_one(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    ht_bucket out[500];
    for (int i = 0; i < 2000000; i++) ht_curve_add(curve, i, i % 7, i % 7, i % 7);
    assert_int_equal(ht_curve_columns(curve, 1999500, 2000000, 500, 0, out), 500);
    for (int i = 0; i < 500; i++)
        assert_true(out[i].first == out[i].last && out[i].final == (int)out[i].last % 7);
    assert_in_range(ht_curve_columns(curve, 1500000, 2000000, 500, 0, out), 490, 500);
    free(curve);
}

/* ---- the cursor -------------------------------------------------------------------------------- */

static bool reads(const ht_chart *chart, const char *words)
{
    for (int i = 0; i < chart->readout_count; i++)
        if (strstr(chart->readout[i], words)) return true;
    return false;
}

static void the_cursor_reads_values_and_settings(void **state)
{
    (void)state;
    ht_model *m = new_model();
    train(m, 1, 200);
    change(m, 200, HT_P_NOISE_ALPHA, 1.5);
    train(m, 201, 400);
    change(m, 400, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    train(m, 401, 500);
    m->cursor = (ht_cursor){.on = true, .panel = HT_PANEL_LOSS, .x = 100, .over_steps = true};
    const ht_chart *chart = chart_of(m, HT_PANEL_LOSS);
    assert_true(chart->cursor_on && chart->cursor_x == 100);
    assert_true(reads(chart, "step 100") && reads(chart, "test 0.02") && reads(chart, "iid α 1.75 σ 0.05"));
    m->cursor.x = 300;
    assert_true(reads(chart_of(m, HT_PANEL_LOSS), "iid α 1.5 σ 0.05"));
    m->cursor.x = 450;
    assert_true(reads(chart_of(m, HT_PANEL_LOSS), "no noise"));
    m->cursor.x = 201; /* beside the mark */
    assert_true(reads(chart_of(m, HT_PANEL_LOSS), "α 1.75→1.5 at step 200"));
    /* The other charts over steps show where it stands, without a box; the rest does not. */
    chart = chart_of(m, HT_PANEL_ACCURACY);
    assert_true(chart->cursor_on && chart->readout_count == 0);
    assert_false(chart_of(m, HT_PANEL_WEIGHTS)->cursor_on);
    free_model(m);
}

static void the_cursor_reads_a_histogram(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_report *report = calloc(1, sizeof *report);
    float w[300];
    for (int i = 0; i < 300; i++) w[i] = 0.1f + 0.001f * (float)i;
    ht_histogram_add(&report->glimpse.histogram, w, 300);
    report->count = 1;
    feed_report(m, report);
    m->cursor = (ht_cursor){.on = true, .panel = HT_PANEL_WEIGHTS, .x = 0.2};
    const ht_chart *chart = chart_of(m, HT_PANEL_WEIGHTS);
    const ht_series *bars = &chart->series[0];
    double counted = 0;
    for (int i = 0; i < bars->count; i++)
        if (bars->x[i] <= 0.2 && 0.2 < bars->x[i + 1]) counted = bars->high[i];
    char words[32];
    snprintf(words, sizeof words, ": %.0f weights", counted);
    assert_true(counted > 0 && reads(chart, words));
    free(report);
    free_model(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ghost_outlives_the_reset),
        cmocka_unit_test(the_oldest_ghost_gives_way),
        cmocka_unit_test(the_memory_of_former_ghosts_serves_again),
        cmocka_unit_test(a_label_says_what_was_different),
        cmocka_unit_test(every_chart_shows_the_ghosts),
        cmocka_unit_test(a_ghost_without_a_look_says_nothing),
        cmocka_unit_test(ghosts_without_room_name_the_key),
        cmocka_unit_test(a_frozen_view_stands_and_catches_up),
        cmocka_unit_test(the_window_stays_within_the_run),
        cmocka_unit_test(a_window_at_the_end_follows),
        cmocka_unit_test(zooming_keeps_the_step_under_the_mouse),
        cmocka_unit_test(averages_are_unbiased_from_the_start),
        cmocka_unit_test(a_smoothed_chart_keeps_the_raw_curve_behind),
        cmocka_unit_test(recent_steps_are_kept_one_by_one),
        cmocka_unit_test(the_cursor_reads_values_and_settings),
        cmocka_unit_test(the_cursor_reads_a_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
