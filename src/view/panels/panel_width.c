/* panel_width.c - the width sweep: κ, accuracy and α̂ against n. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "num/summary.h"
#include "view/panels/panels.h"

static const ht_role roles[] = {HT_ROLE_CURVE_1, HT_ROLE_CURVE_2, HT_ROLE_CURVE_3, HT_ROLE_CURVE_4,
                                HT_ROLE_CURVE_5};
enum { ROLES = sizeof roles / sizeof roles[0] };

static const ht_width_sweep_state *newest(const ht_model *m)
{
    return m->width_sweep_count ? &m->width_sweep[m->width_sweep_count - 1] : NULL;
}

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

static int points_done(const ht_width_point *points, quantity q)
{
    int count = 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) count += sum_up(&points[i], q).count > 0;
    return count;
}

/* Line through the medians of the widths that are done; bars over seeds where there are several. */
static void add_points(ht_chart *chart, const ht_width_point *points, quantity q, ht_role role,
                       const char *name, bool bars)
{
    int count = points_done(points, q), used = 0;
    if (count == 0) return;
    ht_series *whiskers = bars ? ht_chart_add(chart, HT_MARK_WHISKERS, role, "", count) : NULL;
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, role, name, count);
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        ht_summary s = sum_up(&points[i], q);
        if (s.count == 0) continue;
        if (line) line->x[used] = points[i].width, line->high[used] = s.median;
        if (whiskers)
            whiskers->x[used] = points[i].width, whiskers->low[used] = s.low, whiskers->high[used] = s.high;
        if (line) snprintf(line->value, sizeof line->value, "%.3f", s.median); /* of the widest */
        used++;
    }
}

static void add_band(ht_chart *chart, const ht_width_sweep_state *s)
{
    int count = 0;
    for (int i = 0; i < s->widths; i++) count += isfinite(s->limit[i]);
    if (count < 2) return;
    ht_series *band = ht_chart_add(chart, HT_MARK_BAND, HT_ROLE_NOISE, "pure noise", count);
    for (int i = 0, used = 0; band && i < s->widths; i++) {
        if (!isfinite(s->limit[i])) continue;
        band->x[used] = s->noisy[i].width;
        band->low[used] = s->limit_low[i];
        band->high[used++] = s->limit_high[i];
    }
}

/* ---- charts ------------------------------------------------------------------------------------ */

static void begin(const ht_model *m, ht_chart *chart, const char *title)
{
    ht_text_copy(chart->title, sizeof chart->title, title);
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    ht_text_copy(chart->empty, sizeof chart->empty,
                 m->width_sweep_count ? "the first widths are being trained" : "w starts a width sweep");
    chart->x = (ht_axis){
        .scale = HT_SCALE_LOG, .low = 80, .high = 12500, .fixed = true, .integer = true, .label = "width n"};
}

static ht_role role_of(const ht_model *m, int width_sweep)
{
    return roles[(m->width_sweep_first + width_sweep) % ROLES];
}

void ht_panel_width_ratio(const ht_model *m, int columns, ht_chart *chart)
{
    char noise[40], error[24];
    const ht_width_sweep_state *s = newest(m);
    begin(m, chart, "Pruning ratio κ");
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    if (!s) return;
    snprintf(error, sizeof error, "%s = %.3g",
             ht_params_get(&s->params, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²",
             ht_params_get(&s->params, HT_P_PRUNE_ERROR));
    snprintf(chart->title, sizeof chart->title, "Pruning ratio κ at %s", error);
    add_band(chart, s);
    add_points(chart, s->plain, RATIO, HT_ROLE_GHOST, "no noise", false);
    for (int i = 0; i < m->width_sweep_count; i++) {
        ht_model_noise(&m->width_sweep[i].params, noise, sizeof noise);
        add_points(chart, m->width_sweep[i].noisy, RATIO, role_of(m, i), noise, true);
    }
    bool roomy = columns >= 190; /* else the note has a place in the frame */
    snprintf(chart->note, sizeof chart->note, "medians and quartiles of %d seeds%s", s->seeds,
             roomy ? "; numbers: at the widest; band: κ of noise alone" : "");
}

void ht_panel_width_accuracy(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_width_sweep_state *s = newest(m);
    (void)columns;
    begin(m, chart, "Test accuracy");
    if (!s) return;
    add_points(chart, s->plain, ACCURACY, HT_ROLE_GHOST, "no noise", false);
    add_points(chart, s->noisy, ACCURACY, HT_ROLE_TEST, "before", true);
    add_points(chart, s->noisy, PRUNED, HT_ROLE_PRUNED, "pruned", true);
    ht_chart_fit(chart);
}

void ht_panel_width_tail(const ht_model *m, int columns, ht_chart *chart)
{
    char label[24];
    const ht_width_sweep_state *s = newest(m);
    (void)columns;
    begin(m, chart, "Tail index α̂ (mmo)");
    if (!s) return;
    double alpha = ht_params_get(&s->params, HT_P_NOISE_ALPHA);
    chart->y = (ht_axis){.low = alpha - 0.1, .high = alpha + 0.1}; /* holds the injected one */
    for (int i = 0; i < m->width_sweep_count; i++)
        add_points(chart, m->width_sweep[i].noisy, MMO, role_of(m, i), "", true);
    ht_chart_fit(chart);
    if (points_done(s->noisy, MMO) == 0) return;
    snprintf(label, sizeof label, "α %.3g", alpha);
    ht_chart_mark(chart, false, alpha, HT_ROLE_NOISE, label);
}

/* ---- progress and words ------------------------------------------------------------------------ */

static void add_progress(const ht_width_sweep_state *s, ht_form *form)
{
    char left[24] = "…";
    if (isfinite(s->seconds_left))
        snprintf(left, sizeof left, "%d:%02d left", (int)s->seconds_left / 60, (int)s->seconds_left % 60);
    ht_row *row = ht_form_add(form, HT_ROW_SLIDER, HT_ROLE_TEXT, "", "%s", left);
    snprintf(row->label, sizeof row->label, "%d of %d runs", s->done, s->total);
    row->position = row->applied = s->fraction;
    row->id = -1;
}

static void add_state(const ht_width_sweep_state *s, ht_form *form)
{
    if (s->running)
        add_progress(s, form);
    else
        ht_form_add(form, HT_ROW_VALUE, s->stopped ? HT_ROLE_WARNING : HT_ROLE_GOOD,
                    s->stopped ? "stopped" : "done", "%d of %d runs", s->done, s->total);
    if (s->diverged) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_BAD, "diverged", "%d", s->diverged);
    if (ht_params_get(&s->params, HT_P_TRAIN_STOP) > 0)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "each run: until", "%.3g %% right",
                    100 * ht_params_get(&s->params, HT_P_TRAIN_STOP));
    else
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "each run", "%.0f steps",
                    ht_params_get(&s->params, HT_P_TRAIN_STEPS));
}

/* The narrowest or the widest point that is done; -1: none. */
static int end_point(const ht_width_point *points, bool widest)
{
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        int at = widest ? HT_SWEEP_WIDTHS - 1 - i : i;
        if (sum_up(&points[at], RATIO).count > 0) return at;
    }
    return -1;
}

/* κ at both ends of a width sweep, in words. */
static void add_words(const ht_width_point *points, const char *what, ht_room room, ht_role role,
                      ht_form *form)
{
    char words[200], narrow[24], wide[24];
    int first = end_point(points, false), last = end_point(points, true);
    if (first < 0 || first == last) return;
    double from = sum_up(&points[first], RATIO).median, to = sum_up(&points[last], RATIO).median;
    ht_format_grouped(narrow, sizeof narrow, points[first].width);
    ht_format_grouped(wide, sizeof wide, points[last].width);
    snprintf(words, sizeof words, "%s: κ %.2f at n = %s, %.2f at n = %s.", what, from, narrow, to, wide);
    ht_panel_add_text(form, room, role, words);
}

/* A warning when pruning costs accuracy somewhere. */
static void add_cost(const ht_width_sweep_state *s, ht_room room, ht_form *form)
{
    char words[160], width[24];
    double worst = 0;
    int at = -1;
    for (int i = 0; i < s->widths; i++) {
        double change = sum_up(&s->noisy[i], PRUNED).median - sum_up(&s->noisy[i], ACCURACY).median;
        if (change < worst) worst = change, at = i;
    }
    if (at < 0 || worst > -0.01) return;
    ht_format_grouped(width, sizeof width, s->noisy[at].width);
    snprintf(words, sizeof words, "Pruning hurts: %+.3f of accuracy at n = %s.", worst, width);
    ht_panel_add_text(form, room, HT_ROLE_WARNING, words);
}

void ht_panel_width_readout(const ht_model *m, ht_room room, ht_form *form)
{
    char noise[40];
    const ht_width_sweep_state *s = newest(m);
    ht_text_copy(form->title, sizeof form->title, "Width sweep");
    if (!s) {
        ht_panel_add_text(form, room, HT_ROLE_DIM,
                          "w trains networks of eight widths with the settings above.");
        return;
    }
    add_state(s, form);
    ht_panel_add_heading(form, "What it shows");
    for (int i = m->width_sweep_count; i-- > 0;) {
        ht_model_noise(&m->width_sweep[i].params, noise, sizeof noise);
        add_words(m->width_sweep[i].noisy, noise, room, role_of(m, i), form);
    }
    add_words(s->plain, "no noise", room, HT_ROLE_DIM, form);
    add_cost(s, room, form);
    if (m->control < 0) return; /* a picture */
    static const char *const keys[][2] = {
        {"w", "one more sweep"}, {"Space", "stop it"}, {"e", "PNG of this view"}};
    int count = (int)(sizeof keys / sizeof keys[0]);
    if (form->count + 1 + count > room.rows) return;
    ht_panel_add_heading(form, "Keys");
    for (int i = 0; i < count; i++) ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, keys[i][0], "%s", keys[i][1]);
}
