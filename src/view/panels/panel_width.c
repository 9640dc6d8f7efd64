/* panel_width.c - the width sweep: κ, accuracy and α̂ against n. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "num/summary.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"
#include "view/panels/width_trend.h"

static const ht_role roles[] = {HT_ROLE_CURVE_1, HT_ROLE_CURVE_2, HT_ROLE_CURVE_3, HT_ROLE_CURVE_4,
                                HT_ROLE_CURVE_5};
enum { ROLES = sizeof roles / sizeof roles[0] };

static const ht_width_sweep_state *newest(const ht_model *m)
{
    return m->width_sweep_count ? &m->width_sweep[m->width_sweep_count - 1] : NULL;
}

static const char no_width[] = "no width in model.layers: write n, as `conv n 3x3`";

/* ---- points ------------------------------------------------------------------------------------ */

/* What is drawn of a width point: one of its arrays over seeds. */
typedef enum quantity { RATIO, ACCURACY, PRUNED, MMO } quantity;

static const double *values_of(const ht_width_point *point, quantity q)
{
    return q == RATIO      ? point->ratio
           : q == ACCURACY ? point->accuracy
           : q == PRUNED   ? point->pruned
                           : point->mmo;
}

/* Median and quartiles over the seeds that are done. */
static ht_summary sum_up(const ht_width_point *point, quantity q)
{
    double sorted[HT_SWEEP_SEEDS];
    memcpy(sorted, values_of(point, q), sizeof sorted);
    return ht_summarize(sorted, HT_SWEEP_SEEDS);
}

static int runs_of(const ht_width_point *points, quantity q)
{
    int runs = 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) runs += (int)sum_up(&points[i], q).count;
    return runs;
}

/* Runs of one width stand side by side, so that each is seen: up to a tenth to the left and right. */
static double place_of(const ht_width_point *point, int seed)
{
    const double GOLDEN = 0.6180339887, WIDE = 0.2;
    double turn = seed * GOLDEN;
    return point->width * (1 + WIDE * (turn - floor(turn) - 0.5) * (seed > 0));
}

/* Each run is a dot; nothing joins them. */
static ht_series *add_points(ht_chart *chart, const ht_width_point *points, quantity q, ht_role role,
                             const char *name)
{
    int runs = runs_of(points, q), used = 0;
    ht_series *dots = runs > 0 ? ht_chart_add(chart, HT_MARK_POINTS, role, name, runs) : NULL;
    if (!dots) return NULL;
    snprintf(dots->value, sizeof dots->value, "%d %s", runs, runs == 1 ? "run" : "runs");
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
        for (int s = 0; s < HT_SWEEP_SEEDS; s++) {
            double value = values_of(&points[i], q)[s];
            if (!isfinite(value)) continue;
            dots->x[used] = place_of(&points[i], s);
            dots->high[used++] = value;
        }
    return dots;
}

/* ---- the prediction and the line --------------------------------------------------------------- */

static bool is_predicted(const ht_width_sweep_state *s, int point)
{
    return s->predicted[point].ratio.count > 0;
}

static void add_prediction(ht_chart *chart, const ht_width_sweep_state *s)
{
    int count = 0, used = 0;
    for (int i = 0; i < s->widths; i++) count += is_predicted(s, i);
    if (count < 2) return;
    ht_series *band = ht_chart_add(chart, HT_MARK_BAND, HT_ROLE_NOISE, "", count);
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_NOISE, "predicted", count);
    if (!band || !line) return;
    ht_text_copy(band->said, sizeof band->said, "25–75 %");
    for (int i = 0; i < s->widths; i++) {
        const ht_summary *ratio = &s->predicted[i].ratio;
        if (!is_predicted(s, i)) continue;
        band->x[used] = line->x[used] = s->noisy[i].width;
        line->high[used] = ratio->median;
        band->low[used] = ratio->low;
        band->high[used++] = ratio->high;
    }
}

/* The line through the medians, or the band around it, within what κ can be. */
static void add_trend(ht_chart *chart, const ht_trend *trend, ht_mark_kind kind, ht_role role)
{
    enum { POINTS = 20 };
    bool band = kind == HT_MARK_BAND;
    ht_series *series = trend->groups > 0 ? ht_chart_add(chart, kind, role, band ? "" : "fit", POINTS) : NULL;
    if (series && band) ht_text_copy(series->said, sizeof series->said, "95 %");
    for (int i = 0; series && i < POINTS; i++) {
        double x = trend->low + (trend->high - trend->low) * i / (POINTS - 1), value, half;
        ht_trend_at(trend, x, &value, &half);
        series->x[i] = pow(10, x);
        series->high[i] = band ? fmin(value + half, 1) : value;
        if (band) series->low[i] = fmax(value - half, 0);
    }
}

/* ---- charts ------------------------------------------------------------------------------------ */

static void begin(const ht_model *m, ht_chart *chart, const char *title)
{
    ht_text_copy(chart->title, sizeof chart->title, title);
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    ht_text_copy(chart->empty, sizeof chart->empty,
                 m->width_sweep_count             ? "the first runs are being trained"
                 : ht_params_has_width(&m->asked) ? "w starts a width sweep"
                                                  : no_width);
    chart->x = (ht_axis){
        .scale = HT_SCALE_LOG, .low = 80, .high = 12500, .fixed = true, .integer = true, .label = "width n"};
    const ht_width_sweep_state *s = newest(m);
    for (int i = 0; s && i < s->widths && i < HT_SWEEP_WIDTHS; i++)
        chart->place[chart->place_count++] = s->noisy[i].width;
}

static ht_role role_of(const ht_model *m, int width_sweep)
{
    return roles[(m->width_sweep_first + width_sweep) % ROLES];
}

void ht_panel_width_ratio(const ht_model *m, int columns, ht_chart *chart)
{
    char noise[40], error[24];
    const ht_width_sweep_state *s = newest(m);
    (void)columns;
    begin(m, chart, "Pruning ratio κ");
    chart->unit = ht_layers_of_units(m, HT_ALL_LAYERS);
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    if (!s) return;
    snprintf(error, sizeof error, "%s = %.3g",
             ht_params_get(&s->params, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²",
             ht_params_get(&s->params, HT_P_PRUNE_ERROR));
    snprintf(chart->title, sizeof chart->title, "Pruning ratio κ at %s", error);
    const ht_trend trend = ht_width_trend(s);
    const ht_role role = role_of(m, m->width_sweep_count - 1);
    add_trend(chart, &trend, HT_MARK_BAND, role);
    add_prediction(chart, s);
    add_trend(chart, &trend, HT_MARK_LINE, role);
    add_points(chart, s->plain, RATIO, HT_ROLE_GHOST, "no noise");
    for (int i = 0; i < m->width_sweep_count; i++) {
        ht_model_noise(&m->width_sweep[i].params, noise, sizeof noise);
        add_points(chart, m->width_sweep[i].noisy, RATIO, role_of(m, i), noise);
    }
    snprintf(chart->note, sizeof chart->note,
             "a dot: a run of %.0f steps; predicted: median, quartiles; fit: to the medians, 95 %%",
             ht_params_get(&s->params, HT_P_TRAIN_STEPS));
}

void ht_panel_width_accuracy(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_width_sweep_state *s = newest(m);
    (void)columns;
    begin(m, chart, "Test accuracy");
    chart->unit = "";
    if (!s) return;
    add_points(chart, s->noisy, PRUNED, HT_ROLE_PRUNED, "pruned");
    add_points(chart, s->noisy, ACCURACY, HT_ROLE_TEST, "before");
    add_points(chart, s->plain, ACCURACY, HT_ROLE_GHOST, "no noise");
    ht_chart_fit(chart);
    if (chart->series_count) ht_panel_accuracy_axis(chart);
}

void ht_panel_width_tail(const ht_model *m, int columns, ht_chart *chart)
{
    char label[24];
    const ht_width_sweep_state *s = newest(m);
    (void)columns;
    begin(m, chart, "Tail index α̂ (mmo)");
    chart->unit = "";
    if (!s) return;
    double alpha = ht_params_quiet(&s->params, NULL) == 0 ? 2 : ht_params_get(&s->params, HT_P_NOISE_ALPHA);
    chart->y = (ht_axis){.low = alpha - 0.1, .high = alpha + 0.1}; /* holds the injected one */
    for (int i = 0; i < m->width_sweep_count; i++) {
        ht_series *dots = add_points(chart, m->width_sweep[i].noisy, MMO, role_of(m, i), "");
        if (dots) ht_model_noise(&m->width_sweep[i].params, dots->said, sizeof dots->said);
    }
    ht_chart_fit(chart);
    if (ht_params_quiet(&s->params, NULL) == 0) /* tails are of the first layer */
        ht_text_copy(chart->note, sizeof chart->note, "the first convolution gets no noise");
    if (runs_of(s->noisy, MMO) == 0 || chart->note[0]) return;
    snprintf(label, sizeof label, "α %.3g", alpha);
    ht_chart_mark(chart, false, alpha, HT_ROLE_NOISE, label);
}

/* ---- progress and words ------------------------------------------------------------------------ */

static void add_state(const ht_width_sweep_state *s, ht_room room, ht_form *form)
{
    char words[160];
    ht_form_add(form, HT_ROW_VALUE, s->running ? HT_ROLE_GOOD : HT_ROLE_TEXT,
                s->running    ? "running"
                : s->complete ? "complete"
                              : "stopped",
                "%d %s", s->runs, s->runs == 1 ? "run" : "runs");
    if (s->diverged) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_BAD, "diverged", "%d", s->diverged);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "each run", "%.0f steps",
                ht_params_get(&s->params, HT_P_TRAIN_STEPS));
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "runs at each n", "%zu to %zu",
                sum_up(&s->noisy[0], RATIO).count, sum_up(&s->noisy[s->widths - 1], RATIO).count);
    if (!s->unequal[0]) return;
    bool line = s->unequal[strspn(s->unequal, "0123456789,-")] != '\0';
    snprintf(words, sizeof words, "Dense layers of equal width n are trained, not %s = %s.",
             line ? "model.layers" : "model.widths", s->unequal);
    ht_panel_add_text(form, room, HT_ROLE_WARNING, words);
}

/* "100", "10 000" */
static void format_width(char to[24], double width)
{
    ht_format_grouped(to, 24, (long long)llround(width));
}

static double two_digits(double count)
{
    double unit = count < 100 ? 1 : pow(10, floor(log10(count)) - 1);
    return round(count / unit) * unit;
}

/* What the line says, with its uncertainty: whether κ rises, or how much is missing to tell. */
static void format_verdict(const ht_trend *t, double more, char *to, size_t size)
{
    const double most = HT_SWEEP_WIDTHS * HT_SWEEP_SEEDS;
    char runs[24];
    int digits = t->half < 0.01 ? 3 : 2;
    if (fabs(t->slope) > t->half) {
        snprintf(to, size, "κ %s by %.*f ± %.*f a decade of n", t->slope > 0 ? "rises" : "falls", digits,
                 fabs(t->slope), digits, t->half);
        return;
    }
    ht_format_grouped(runs, sizeof runs, (long long)(more < most ? two_digits(more) : most));
    snprintf(to, size, "not decided: κ changes by %+.*f ± %.*f a decade of n; %s %s more runs would do",
             digits, t->slope, digits, t->half, more < most ? "about" : "over", runs);
}

static void add_trend_words(const ht_width_sweep_state *s, ht_room room, ht_role role, ht_form *form)
{
    char noise[40], words[320], verdict[160], low[24], high[24], predicted[32] = "";
    int all = runs_of(s->noisy, RATIO);
    ht_trend trend = ht_width_trend(s);
    ht_model_noise(&s->params, noise, sizeof noise);
    if (trend.groups == 0) {
        if (all == 0) return;
        snprintf(words, sizeof words, "%s: not decided: a line needs %d runs at each of %d widths.", noise,
                 HT_TREND_VALUES, HT_TREND_GROUPS);
        ht_panel_add_text(form, room, role, words);
        return;
    }
    double slope = ht_width_predicted_slope(s, &trend);
    format_width(low, pow(10, trend.low));
    format_width(high, pow(10, trend.high));
    format_verdict(&trend, ht_width_runs_missing(s, &trend), verdict, sizeof verdict);
    if (isfinite(slope)) snprintf(predicted, sizeof predicted, "; predicted: %+.2f", slope);
    snprintf(words, sizeof words, "%s: %s (95 %%, n = %s to %s, %zu runs%s%s).", noise, verdict, low, high,
             trend.values, (size_t)all > trend.values ? "; wider: too few yet" : "", predicted);
    ht_panel_add_text(form, room, role, words);
}

static void add_prediction_words(const ht_width_sweep_state *s, ht_room room, ht_form *form)
{
    char words[240], narrow[24], wide[24];
    int last = s->widths - 1;
    if (s->predicted[0].unknown) {
        snprintf(words, sizeof words, "κ is not predicted where %s.", s->predicted[0].unknown);
    } else if (is_predicted(s, 0) && is_predicted(s, last)) {
        const ht_summary *a = &s->predicted[0].ratio, *b = &s->predicted[last].ratio;
        format_width(narrow, s->noisy[0].width);
        format_width(wide, s->noisy[last].width);
        snprintf(words, sizeof words,
                 "Predicted from independent rows: κ %.2f (%.2f to %.2f) at n = %s, %.2f (%.2f to %.2f) at n "
                 "= %s; "
                 "%zu to %zu draws.",
                 a->median, a->low, a->high, narrow, b->median, b->low, b->high, wide, a->count, b->count);
    } else {
        return;
    }
    ht_panel_add_text(form, room, HT_ROLE_NOISE, words);
}

/* One run a width: what they span. */
static void add_plain_words(const ht_width_sweep_state *s, ht_room room, ht_form *form)
{
    char words[120], span[40];
    double least = INFINITY, greatest = -INFINITY;
    int runs = runs_of(s->plain, RATIO);
    for (int i = 0; i < s->widths; i++) {
        least = fmin(least, s->plain[i].ratio[0]);
        greatest = fmax(greatest, s->plain[i].ratio[0]);
    }
    if (runs == 0) return;
    if (greatest - least < 0.01)
        snprintf(span, sizeof span, "%.2f", least);
    else
        snprintf(span, sizeof span, "%.2f to %.2f", least, greatest);
    snprintf(words, sizeof words, "no noise: κ %s (%d %s).", span, runs,
             runs == 1 ? "run" : "runs, each at its n");
    ht_panel_add_text(form, room, HT_ROLE_DIM, words);
}

/* A warning when pruning costs accuracy somewhere. */
static void add_cost(const ht_width_sweep_state *s, ht_room room, ht_form *form)
{
    enum { LEAST = 5 }; /* runs: fewer have no median worth a warning */
    char words[160], width[24];
    double worst = 0;
    int at = -1;
    for (int i = 0; i < s->widths; i++) {
        ht_summary pruned = sum_up(&s->noisy[i], PRUNED), before = sum_up(&s->noisy[i], ACCURACY);
        if (before.count >= LEAST && pruned.median - before.median < worst)
            worst = pruned.median - before.median, at = i;
    }
    if (at < 0 || worst > -0.01) return;
    ht_format_grouped(width, sizeof width, s->noisy[at].width);
    snprintf(words, sizeof words, "Pruning hurts: %+.3f of accuracy at n = %s (medians of %zu runs).", worst,
             width, sum_up(&s->noisy[at], PRUNED).count);
    ht_panel_add_text(form, room, HT_ROLE_WARNING, words);
}

void ht_panel_width_readout(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_width_sweep_state *s = newest(m);
    ht_text_copy(form->title, sizeof form->title, "Width sweep");
    bool has_width = ht_params_has_width(&m->asked);
    if (!has_width) ht_panel_add_text(form, room, HT_ROLE_WARNING, no_width);
    if (!s) {
        ht_panel_add_text(
            form, room, HT_ROLE_DIM,
            has_width ? "w trains networks of eight widths with these settings, ever more, until Space."
                      : "Then w trains networks of eight widths.");
        return;
    }
    add_state(s, room, form);
    ht_panel_add_heading(form, "What it shows");
    for (int i = m->width_sweep_count; i-- > 0;)
        add_trend_words(&m->width_sweep[i], room, role_of(m, i), form);
    add_prediction_words(s, room, form);
    add_plain_words(s, room, form);
    add_cost(s, room, form);
    const ht_panel_key keys[] = {{"w", "more runs", !s->running && !s->complete && has_width},
                                 {"Space", "stop it", s->running},
                                 {"e", "PNG of this view", true}};
    ht_panel_add_keys(m, form, room, keys, (int)(sizeof keys / sizeof keys[0]));
}
