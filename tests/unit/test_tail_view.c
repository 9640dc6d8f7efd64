/* Guards what is shown of a tail: charts say what the numbers say, the table hides nothing and refuses where
 * it must, the model keeps intervals and one layer at a time, panels go where there is room. */
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
#include "nn/noise.h"
#include "view/layout.h"
#include "view/scene.h"
#include "view/model.h"
#include "view/panel.h"
#include "view/panel_fill.h"
#include "view/panels/panels.h"
#include "chart/tail_charts.h"
#include "chart/tail_table.h"

enum { ROWS = 800, COLUMNS = 50, NARROW = 30, WIDE = 70 };

/* ---- tails to show */

static float weights[ROWS * COLUMNS];

static void draw_weights(double alpha)
{
    static ht_noise_laws laws;
    memset(weights, 0, sizeof weights);
    ht_noise noise = {.type = HT_NOISE_IID, .alpha = alpha, .seed = 3};
    ht_noise_prepare(&noise, &laws);
    ht_noise_add(&noise, weights, 0, ROWS, COLUMNS, 1);
}

static ht_tail_picture picture_of(double alpha, size_t rows)
{
    static ht_tail_picture picture;
    ht_error err;
    draw_weights(alpha);
    ht_values w = {.f32 = weights, .rows = rows, .columns = (size_t)ROWS * COLUMNS / rows};
    if (ht_tail_picture_make(&picture, &w, &(ht_tail_options){.spectrum = true}, true, &err) != HT_OK)
        fail_msg("%s", err.text);
    return picture;
}

static ht_tail_picture heavy, light; /* α = 1.5, and a normal law */

static int make_pictures(void **state)
{
    (void)state;
    heavy = picture_of(1.5, ROWS);
    light = picture_of(2, ROWS);
    return 0;
}

/* ---- charts */

static const ht_series *series_of(const ht_chart *chart, const char *name, ht_mark_kind kind)
{
    for (int i = 0; i < chart->series_count; i++)
        if (chart->series[i].kind == kind && strcmp(chart->series[i].name, name) == 0)
            return &chart->series[i];
    return NULL;
}

static double slope_of(const ht_series *line)
{
    int last = line->count - 1;
    return log(line->high[last] / line->high[0]) / log(line->x[last] / line->x[0]);
}

static void assert_close(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fmax(1, fabs(b)))) fail_msg("%.12g is not %.12g", a, b);
}

static void the_fitted_line_has_the_slope_it_tells(void **state)
{
    (void)state;
    ht_chart chart = {0};
    const ht_estimate *hill = &heavy.all[HT_HILL];
    ht_tail_chart_weights(&heavy, 1.5, &chart);
    const ht_series *fit = series_of(&chart, "fit, hill", HT_MARK_LINE),
                    *injected = series_of(&chart, "injected α", HT_MARK_LINE),
                    *data = series_of(&chart, "weights", HT_MARK_LINE),
                    *fan = series_of(&chart, "", HT_MARK_BAND);
    assert_true(fit && injected && data && fan);
    assert_close(slope_of(fit), -hill->value);
    assert_close(slope_of(injected), -1.5);
    assert_true(injected->dash == HT_DOTTED && fit->dash == HT_SOLID);
    assert_close(fit->x[0], hill->xmin);
    assert_close(fit->high[0], (double)hill->k / (ROWS * COLUMNS));
    for (int i = 0; i < fan->count; i++) {
        double line = fit->high[0] * pow(fan->x[i] / fit->x[0], -hill->value);
        assert_true(fan->low[i] <= line * (1 + 1e-12) && line <= fan->high[i] * (1 + 1e-12));
    }
    assert_true(fan->low[fan->count - 1] < fan->high[fan->count - 1]);
    /* The data lie on the axes from the median on, and the last point is one weight in all of them. */
    assert_close(data->high[data->count - 1], 1.0 / (ROWS * COLUMNS));
    assert_true(chart.x.scale == HT_SCALE_LOG && chart.y.scale == HT_SCALE_LOG);
    assert_true(chart.x.high >= data->x[data->count - 1] && chart.y.low <= data->high[data->count - 1]);
    ht_chart_clear(&chart);
    ht_tail_chart_weights(&heavy, (double)NAN, &chart);
    assert_null(series_of(&chart, "injected α", HT_MARK_LINE));
    ht_chart_free(&chart);
}

static void norms_are_of_rows_and_a_vector_has_none(void **state)
{
    (void)state;
    ht_chart chart = {0};
    ht_tail_chart_norms(&heavy, 1.5, &chart);
    const ht_series *rows = series_of(&chart, "rows", HT_MARK_LINE);
    assert_non_null(rows);
    assert_close(rows->high[rows->count - 1], 1.0 / ROWS);
    ht_tail_picture vector = picture_of(1.5, (size_t)ROWS * COLUMNS);
    ht_chart_clear(&chart);
    ht_tail_chart_norms(&vector, 1.5, &chart);
    assert_int_equal(chart.series_count, 0);
    assert_string_equal(chart.empty, "a vector has no rows");
    ht_chart_clear(&chart);
    ht_tail_chart_spectrum(&vector, &chart);
    assert_int_equal(chart.series_count, 0);
    ht_chart_free(&chart);
}

static void the_hill_plot_marks_its_plateau(void **state)
{
    (void)state;
    ht_chart chart = {0};
    ht_tail_chart_hill(&heavy, 1.5, &chart);
    const ht_series *line = series_of(&chart, "α̂(k), band 95 %", HT_MARK_LINE),
                    *band = series_of(&chart, "", HT_MARK_BAND);
    assert_true(line && band && line->count == band->count && line->x[0] >= 10);
    for (int i = 0; i < line->count; i++) {
        assert_close(1 / band->low[i] - 1 / line->high[i], 1.96 / sqrt(line->x[i]) / line->high[i]);
        assert_true(band->low[i] < line->high[i] && line->high[i] < band->high[i]);
    }
    double low = 0, high = 0, injected = 0;
    for (int i = 0; i < chart.mark_count; i++) {
        const ht_line_mark *mark = &chart.marks[i];
        if (!mark->vertical) injected = mark->at;
        if (mark->vertical && mark->label[0]) low = mark->at;
        if (mark->vertical && !mark->label[0]) high = mark->at;
    }
    assert_true(injected == 1.5 && low > 0 && high > low);
    assert_true(low == (double)heavy.plateau_low && high == (double)heavy.plateau_high);
    ht_chart_clear(&chart);
    ht_tail_chart_hill(&light, (double)NAN, &chart);
    assert_int_equal(chart.mark_count, light.plateau_high > 0 ? 2 : 0);
    ht_chart_free(&chart);
}

static void a_ghost_without_a_tail_does_not_press_the_hill_plot_flat(void **state)
{
    (void)state;
    ht_chart chart = {0};
    ht_series *ghost = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_GHOST, "A", 2);
    assert_non_null(ghost);
    ghost->x[0] = 10, ghost->high[0] = 180, ghost->x[1] = 1000, ghost->high[1] = 90;
    ht_tail_chart_hill(&heavy, 1.5, &chart);
    const ht_series *line = series_of(&chart, "α̂(k), band 95 %", HT_MARK_LINE);
    double most = 0;
    for (int i = 0; i < line->count; i++) most = fmax(most, line->high[i]);
    assert_true(most > 0 && most <= chart.y.high && chart.y.high <= 2 * fmax(2, most) + 1);
    ht_chart_free(&chart);
}

static void the_spectrum_tells_the_density_exponent(void **state)
{
    (void)state;
    char value[24];
    ht_chart chart = {0};
    ht_tail_chart_spectrum(&heavy, &chart);
    const ht_series *fit = series_of(&chart, "fit, density exponent", HT_MARK_LINE);
    assert_non_null(fit);
    assert_close(slope_of(fit), 1 - heavy.all[HT_POWERLAW].value);
    snprintf(value, sizeof value, "%.2f", heavy.all[HT_POWERLAW].value);
    assert_string_equal(fit->value, value);
    ht_chart_free(&chart);
}

/* At 80 × 24 a chart has 42 columns inside, 40 for its note. */
static void what_to_look_for_fits_the_smallest_panel(void **state)
{
    (void)state;
    ht_chart charts[4] = {0};
    ht_tail_chart_weights(&heavy, 1.5, &charts[0]);
    ht_tail_chart_norms(&heavy, 1.5, &charts[1]);
    ht_tail_chart_hill(&heavy, 1.5, &charts[2]);
    ht_tail_chart_spectrum(&heavy, &charts[3]);
    for (int i = 0; i < 4; i++) {
        assert_in_range(ht_utf8_length(charts[i].note), 20, 40);
        ht_chart_free(&charts[i]);
    }
}

/* ---- numbers */

static ht_estimate estimate(double value, double error, ht_quality quality)
{
    return (ht_estimate){.estimator = HT_MMO,
                         .value = value,
                         .std_error = error,
                         .low = value - 2 * error,
                         .high = value + 2 * error,
                         .quality = quality};
}

static void few_words_say_what_may_be_believed(void **state)
{
    (void)state;
    static const struct {
        double value, error;
        ht_quality quality;
        const char *said;
    } rows[] = {
        {1.766, 0.021, HT_QUALITY_GOOD, "1.77 ± 0.02"},
        {1.7661, 0.0041, HT_QUALITY_GOOD, "1.766 ± 0.004"},
        {1.7661, 0.0096, HT_QUALITY_GOOD, "1.77 ± 0.01"},
        {1.99, 0.01, HT_QUALITY_NO_HEAVY_TAIL, "no heavy tail"},
        {4.09, 0.05, HT_QUALITY_NOT_POWER_LAW, "not a power law"},
        {1.74, 0.05, HT_QUALITY_NOT_STABLE, "no stable law"},
        {2.314, 0.05, HT_QUALITY_NO_PLATEAU, "2.31 no plateau"},
        {1.5, 0.5, HT_QUALITY_FEW_POINTS, "1.5 few points"},
        {1.5, 0.75, HT_QUALITY_FEW_POINTS, "undetermined"},
        {-29.463, 492.909, HT_QUALITY_FEW_POINTS, "undetermined"},
        {-0.2, 0.01, HT_QUALITY_NO_PLATEAU, "undetermined"},
        {1.5, 0.9, HT_QUALITY_NOT_APPLICABLE, "–"},
        {(double)NAN, (double)NAN, HT_QUALITY_FEW_POINTS, "–"},
    };
    char said[24];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ht_estimate e = estimate(rows[i].value, rows[i].error, rows[i].quality);
        ht_tail_say(&e, said, sizeof said);
        assert_string_equal(said, rows[i].said);
    }
}

/* Rows whose label begins with the name, under a heading with these words. */
static const ht_row *row_of(const ht_form *form, const char *heading, const char *name)
{
    bool under = false;
    for (int i = 0; i < form->count; i++) {
        const ht_row *row = &form->rows[i];
        size_t length = strcspn(row->label, "\t");
        if (row->kind == HT_ROW_HEADING) under = strcmp(row->label, heading) == 0;
        if (under && length == strlen(name) && strncmp(row->label, name, length) == 0) return row;
    }
    return NULL;
}

static void the_table_holds_every_estimate(void **state)
{
    (void)state;
    static ht_form wide, narrow;
    char number[40], heading[80];
    const ht_tail_picture *pictures[] = {&heavy, &light};
    const ht_tail_injected none = {.alpha = NAN};
    for (int p = 0; p < 2; p++) {
        memset(&wide, 0, sizeof wide);
        memset(&narrow, 0, sizeof narrow);
        ht_tail_form(pictures[p], &(ht_tail_form_spec){.columns = WIDE, .all = true, .injected = none},
                     &wide);
        ht_tail_form(pictures[p], &(ht_tail_form_spec){.columns = NARROW, .all = true, .injected = none},
                     &narrow);
        for (int i = 0; i < HT_ESTIMATORS; i++) {
            const ht_estimator_info *info = ht_estimator_at((ht_estimator)i);
            const ht_estimate *e = ht_tail_picture_estimate(pictures[p], (ht_estimator)i);
            if (!isfinite(e->value) || i == HT_POWERLAW_TWO_SIDED) continue;
            if (e->quality == HT_QUALITY_NOT_APPLICABLE || ht_estimate_undetermined(e)) continue;
            snprintf(heading, sizeof heading, "%s: %s",
                     info->input == HT_INPUT_ROWS          ? "rows"
                     : info->input == HT_INPUT_EIGENVALUES ? "spectrum"
                                                           : "weights",
                     info->convention);
            const ht_row *row = row_of(&wide, heading, info->name);
            if (!row) fail_msg("%s is not under %s", info->name, heading);
            ht_tail_format(e, number, sizeof number);
            assert_non_null(strstr(row->label, number));
            assert_non_null(strstr(number, " ± "));
            assert_string_equal(row->value, ht_quality_word(e->quality));
            assert_int_equal(row->role == HT_ROLE_GOOD, e->quality == HT_QUALITY_GOOD);
            if (strlen(info->name) > 10) continue; /* a published variant: where there is room */
            row = row_of(&narrow, heading, info->name);
            if (!row) fail_msg("%s is not in the narrow table", info->name);
            assert_string_equal(row->value, number);
            assert_string_equal(row[1].label, ""); /* also "good": without colours nothing else says it */
            assert_string_equal(row[1].value, ht_quality_word(e->quality));
        }
    }
    /* Of a normal law no stability index is good. */
    static const ht_estimator stable[] = {HT_MMO, HT_MCCULLOCH, HT_ECF};
    for (int i = 0; i < 3; i++)
        assert_string_equal(
            row_of(&wide, "weights: stability index", ht_estimator_at(stable[i])->name)->value,
            "no heavy tail");
}

static ht_tail_picture made_up(void)
{
    ht_tail_picture p = {.rows = 10, .columns = 10};
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        p.all[e] = p.of_norms[e] = estimate((double)NAN, (double)NAN, HT_QUALITY_NOT_APPLICABLE);
        p.all[e].estimator = p.of_norms[e].estimator = (ht_estimator)e;
    }
    ht_tail_no_rows(p.by_rows);
    return p;
}

static void put(ht_estimate *e, double value, double error, ht_quality quality)
{
    ht_estimator own = e->estimator;
    *e = estimate(value, error, quality);
    e->estimator = own;
}

/* Good ones first, by the relative error; never one without a number to quote, nor a published variant. */
static void the_surest_are_trusted_first(void **state)
{
    (void)state;
    const ht_estimate *trusted[3];
    int good;
    ht_tail_picture p = made_up();
    assert_int_equal(ht_tail_trusted(&p, 3, trusted, &good), 0);
    put(&p.all[HT_MMO], 1.5, 0.03, HT_QUALITY_GOOD);
    put(&p.all[HT_HILL], 1.5, 0.001, HT_QUALITY_NO_PLATEAU);
    put(&p.all[HT_ECF], 1.5, 0.02, HT_QUALITY_GOOD);
    put(&p.all[HT_PICKANDS], 0.1, 9, HT_QUALITY_GOOD);
    put(&p.all[HT_PICKANDS_REF], 1.5, 0.0001, HT_QUALITY_GOOD);
    put(&p.all[HT_DEHAAN], 1.5, 0.0001, HT_QUALITY_NOT_APPLICABLE);
    assert_int_equal(ht_tail_trusted(&p, 3, trusted, &good), 3);
    assert_int_equal(good, 2);
    assert_ptr_equal(trusted[0], &p.all[HT_ECF]);
    assert_ptr_equal(trusted[1], &p.all[HT_MMO]);
    assert_ptr_equal(trusted[2], &p.all[HT_HILL]);
    put(&p.of_norms[HT_HILL], 1.5, 0.025, HT_QUALITY_GOOD);
    put(&p.all[HT_MCCULLOCH], 2, 0.5, HT_QUALITY_NO_HEAVY_TAIL);
    assert_int_equal(ht_tail_trusted(&p, 3, trusted, &good), 3);
    assert_ptr_equal(trusted[1], &p.of_norms[HT_HILL]);
    assert_int_equal(good, 3);
}

/* Yes and no by the interval; of a spectrum of independent weights 1 + α/2; nothing where nothing is
 * compared. */
static void covering_is_said_of_what_can_be_compared(void **state)
{
    (void)state;
    ht_tail_picture p = made_up();
    const ht_tail_injected iid = {1.5, true}, rows = {1.5, false}, none = {(double)NAN, true},
                           gaussian = {2, true};
    put(&p.all[HT_MMO], 1.52, 0.03, HT_QUALITY_GOOD);
    put(&p.all[HT_HILL], 1.7, 0.03, HT_QUALITY_DISAGREE);
    put(&p.all[HT_POWERLAW], 1.74, 0.03, HT_QUALITY_GOOD);
    assert_int_equal(ht_tail_covers(&p.all[HT_MMO], &iid), HT_COVER_YES);
    assert_int_equal(ht_tail_covers(&p.all[HT_HILL], &iid), HT_COVER_NO);
    assert_int_equal(ht_tail_covers(&p.all[HT_POWERLAW], &iid), HT_COVER_YES); /* 1 + 1.5 / 2 */
    assert_int_equal(ht_tail_covers(&p.all[HT_POWERLAW], &rows), HT_COVER_UNKNOWN);
    assert_int_equal(ht_tail_covers(&p.all[HT_MMO], &none), HT_COVER_UNKNOWN);
    assert_int_equal(ht_tail_covers(&p.all[HT_HILL], &gaussian), HT_COVER_UNKNOWN);
    assert_int_equal(ht_tail_covers(&p.all[HT_MMO], &gaussian), HT_COVER_NO);
    put(&p.all[HT_MMO], 1.52, 1, HT_QUALITY_FEW_POINTS);
    assert_int_equal(ht_tail_covers(&p.all[HT_MMO], &iid), HT_COVER_UNKNOWN);
}

static bool shows(const ht_form *form, const char *text)
{
    for (int i = 0; i < form->count; i++)
        if (strstr(form->rows[i].label, text) || strstr(form->rows[i].value, text)) return true;
    return false;
}

/* Folded, the table has three estimates and says how many more there are; nothing absurd is printed, and
 * where an estimate is not applicable it says why, without a number. */
static void the_rest_is_folded_and_nothing_absurd_is_printed(void **state)
{
    (void)state;
    static ht_form form;
    static const int columns[] = {WIDE, 62, 56, NARROW};
    ht_tail_picture p = made_up();
    put(&p.all[HT_MMO], 1.52, 0.03, HT_QUALITY_GOOD);
    put(&p.all[HT_ECF], 1.51, 0.02, HT_QUALITY_GOOD);
    put(&p.all[HT_MCCULLOCH], 1.53, 0.04, HT_QUALITY_GOOD);
    put(&p.all[HT_HILL], 1.7, 0.06, HT_QUALITY_DISAGREE);
    put(&p.all[HT_PICKANDS], -29.463, 492.909, HT_QUALITY_FEW_POINTS);
    put(&p.all[HT_DEHAAN], 77.77, 1, HT_QUALITY_NOT_APPLICABLE);
    p.all[HT_DEHAAN].reason = "off centre";
    for (int all = 0; all < 2; all++)
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            memset(&form, 0, sizeof form);
            ht_tail_form_spec spec = {
                .columns = columns[c], .all = all, .key = "Enter", .injected = {1.5, true}};
            ht_tail_form(&p, &spec, &form);
            assert_true(shows(&form, "ecf") && shows(&form, "mmo") && shows(&form, "mcculloch"));
            assert_int_equal(shows(&form, "▸ 3 more (Enter"), !all);
            assert_int_equal(shows(&form, "hill"), all);
            assert_int_equal(shows(&form, "undetermined"), all);
            assert_int_equal(shows(&form, "not applicable: off centre"), all);
            assert_false(shows(&form, "29.4") || shows(&form, "492") || shows(&form, "77.7"));
            assert_true(columns[c] == NARROW ? shows(&form, "good, covers α") : shows(&form, "covers α?"));
        }
}

/* ---- model */

static ht_model *new_model(int depth)
{
    ht_params params;
    ht_model *m = calloc(1, sizeof *m);
    ht_params_init(&params);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_MODEL_DEPTH, depth);
    ht_model_init(m, &params, 140, 2, "heartbeats");
    return m;
}

static void change(ht_model *m, double step, ht_param p, double value)
{
    double before = ht_params_get(&m->applied, p);
    m->moments[m->moment_count++] = (ht_moment){.step = step, .param = p, .before = before, .after = value};
    ht_params_put(&m->applied, p, value);
}

/* The noise of before a change of α or type stays as long as it takes; σ, and off and on again, change
 * nothing. */
static void old_noise_fades_or_stays(void **state)
{
    (void)state;
    ht_model *m = new_model(1);
    ht_params_put(&m->applied, HT_P_TRAIN_LR, 0.01);
    ht_params_put(&m->applied, HT_P_TRAIN_DECAY, 0.5);
    assert_true(ht_model_old_noise(m, 100) == 0);
    change(m, 100, HT_P_NOISE_SCALE, 0.3);
    change(m, 150, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    change(m, 200, HT_P_NOISE_TYPE, HT_NOISE_IID);
    assert_true(ht_model_old_noise(m, 250) == 0);
    change(m, 300, HT_P_NOISE_ALPHA, 1.2);
    assert_close(ht_model_old_noise(m, 350), 300 + 3 * 200 - 350);
    assert_true(ht_model_old_noise(m, 901) == 0);
    ht_params_put(&m->applied, HT_P_TRAIN_DECAY, 0);
    assert_true(isinf(ht_model_old_noise(m, 1e9)));
    ht_model_clear(m);
    free(m);
}

static ht_report *new_report(uint64_t step, int layer)
{
    ht_report *r = calloc(1, sizeof *r);
    r->step = r->count = step;
    r->tail = (ht_tail_look){
        .looked = true, .step = step, .layer = layer, .drawn = layer, .picture_step = step, .picture = heavy};
    for (int e = 0; e < HT_ESTIMATORS; e++) r->tail.now[e] = heavy.all[e];
    return r;
}

static void feed(ht_model *m, ht_report *report)
{
    ht_model_report(m, report);
    free(report);
}

static ht_bucket whole(const ht_curve *curve)
{
    ht_bucket all = {0};
    assert_int_equal(ht_curve_columns(curve, -1, 1e15, 1, 0, &all), 1);
    return all;
}

static void intervals_are_kept_and_a_light_tail_has_no_index(void **state)
{
    (void)state;
    ht_model *m = new_model(1);
    ht_report *r = new_report(7, 0);
    r->tail.now[HT_DEKKERS].value = -3;
    r->tail.now[HT_PICKANDS] = estimate(1.5, 0.5, HT_QUALITY_FEW_POINTS);
    r->tail.now[HT_PICKANDS].high = (double)INFINITY;
    feed(m, r);
    ht_bucket mmo = whole(&m->trace[ht_trace_of(HT_MMO)]), open = whole(&m->trace[ht_trace_of(HT_PICKANDS)]);
    const ht_estimate *e = &heavy.all[HT_MMO];
    assert_true(mmo.low == e->low && mmo.high == e->high && mmo.final == e->value && mmo.last == 7);
    assert_true(open.low == 0.5 && open.high >= 1e3 && open.final == 1.5 && !open.bad);
    assert_int_equal(m->trace[ht_trace_of(HT_DEKKERS)].count, 0);
    assert_int_equal(m->trace[ht_trace_of(HT_MMO_MULTI)].count, 0); /* not applicable to all weights */
    free(m);
}

static void another_layer_begins_anew(void **state)
{
    (void)state;
    ht_chart chart = {0};
    ht_model *m = new_model(3);
    for (uint64_t step = 1; step <= 5; step++) feed(m, new_report(step, 0));
    assert_int_equal(m->trace[ht_trace_of(HT_MMO)].count, 5);
    feed(m, new_report(6, 1));
    assert_int_equal(m->trace[ht_trace_of(HT_MMO)].count, 1);
    feed(m, new_report(7, 1));
    assert_int_equal(m->trace[ht_trace_of(HT_MMO)].count, 2);
    ht_panel_tail(m, 100, &chart);
    assert_non_null(strstr(chart.title, ", dense 2"));
    ht_chart_clear(&chart);
    ht_panel_tail_hill(m, 100, &chart);
    assert_string_equal(chart.hint, "dense 2");
    ht_chart_free(&chart);
    free(m);
}

static void the_dashboard_says_how_far_to_believe(void **state)
{
    (void)state;
    char said[24];
    ht_chart chart = {0};
    ht_model *m = new_model(1);
    for (uint64_t step = 1; step <= 5; step++) feed(m, new_report(step, 0));
    ht_panel_tail(m, 100, &chart);
    const ht_series *mmo = series_of(&chart, "mmo", HT_MARK_LINE);
    ht_tail_say(&heavy.all[HT_MMO], said, sizeof said);
    assert_true(mmo && strcmp(mmo->value, said) == 0 && strstr(said, " ± "));
    ht_report *r = new_report(6, 0);
    r->tail.now[HT_MMO] = light.all[HT_MMO];
    feed(m, r);
    ht_chart_clear(&chart);
    ht_panel_tail(m, 100, &chart);
    assert_string_equal(series_of(&chart, "mmo", HT_MARK_LINE)->value, "no heavy tail");
    ht_chart_free(&chart);
    free(m);
}

static void nothing_is_shown_of_what_was_not_looked_at(void **state)
{
    (void)state;
    static ht_form form;
    ht_chart chart = {0};
    ht_model *m = new_model(1);
    for (int panel = HT_PANEL_TAIL_WEIGHTS; panel <= HT_PANEL_TAIL_TABLE; panel++) {
        const ht_panel *p = ht_panel_at((ht_panel_id)panel);
        ht_chart_clear(&chart);
        if (p->kind == HT_PANEL_IS_CHART) ht_panel_fill_chart((ht_panel_id)panel, m, 100, &chart);
        for (int i = 0; i < chart.series_count; i++) assert_int_equal(chart.series[i].count, 0);
        if (p->kind == HT_PANEL_IS_CHART) assert_non_null(strstr(chart.empty, "measuring"));
    }
    ht_panel_tail_table(m, (ht_room){.columns = 60, .rows = 40, .numbers = false}, &form);
    assert_true(form.count == 1 && strstr(form.rows[0].label, "Measuring"));
    ht_chart_free(&chart);
    free(m);
}

/* ---- places */

static int shown(int columns, int rows, ht_panel_id focus)
{
    ht_layout layout = ht_layout_make(columns, rows, (ht_scene){.view = HT_VIEW_TAIL, .focus = focus});
    assert_true(ht_layout_find(&layout, focus) >= 0); /* the chosen one is always there */
    return layout.count;
}

static void as_many_panels_as_there_is_room_for(void **state)
{
    (void)state;
    for (int panel = HT_PANEL_TAIL_WEIGHTS; panel <= HT_PANEL_TAIL_TABLE; panel++) {
        bool table = panel == HT_PANEL_TAIL_TABLE;
        assert_int_equal(shown(200, 60, (ht_panel_id)panel), 6);
        assert_int_equal(shown(120, 40, (ht_panel_id)panel), 4);
        assert_int_equal(shown(80, 24, (ht_panel_id)panel), table ? 1 : 2);
        assert_int_equal(shown(60, 16, (ht_panel_id)panel), table ? 1 : 2);
    }
    assert_int_equal(ht_panel_next(HT_PANEL_TAIL_TABLE, 1), HT_PANEL_TAIL_WEIGHTS);
    assert_int_equal(ht_panel_next(HT_PANEL_TAIL_WEIGHTS, -1), HT_PANEL_TAIL_TABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fitted_line_has_the_slope_it_tells),
        cmocka_unit_test(norms_are_of_rows_and_a_vector_has_none),
        cmocka_unit_test(the_hill_plot_marks_its_plateau),
        cmocka_unit_test(a_ghost_without_a_tail_does_not_press_the_hill_plot_flat),
        cmocka_unit_test(the_spectrum_tells_the_density_exponent),
        cmocka_unit_test(what_to_look_for_fits_the_smallest_panel),
        cmocka_unit_test(few_words_say_what_may_be_believed),
        cmocka_unit_test(the_table_holds_every_estimate),
        cmocka_unit_test(the_surest_are_trusted_first),
        cmocka_unit_test(covering_is_said_of_what_can_be_compared),
        cmocka_unit_test(the_rest_is_folded_and_nothing_absurd_is_printed),
        cmocka_unit_test(old_noise_fades_or_stays),
        cmocka_unit_test(intervals_are_kept_and_a_light_tail_has_no_index),
        cmocka_unit_test(another_layer_begins_anew),
        cmocka_unit_test(the_dashboard_says_how_far_to_believe),
        cmocka_unit_test(nothing_is_shown_of_what_was_not_looked_at),
        cmocka_unit_test(as_many_panels_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, make_pictures, NULL);
}
