/* panel_watched.c - a training of another program: what is known of it in words and numbers, and its metrics.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "chart/tail_table.h"
#include "view/ghost.h"
#include "view/panels/panels.h"
#include "view/watched/watched.h"

/* ---- metrics ---- */

static bool is_drawn(const ht_watched *w, int column)
{
    for (ht_trace t = HT_TRACE_LOSS; t <= HT_TRACE_TEST_ACCURACY && w->metric < 0; t++)
        if (ht_watched_column(w->scalars, t) == column) return false;
    return w->metric < 0 || w->metric == column;
}

/* The rows of a curve that the axis shows, with the least and the largest of each column of the screen kept.
 */
static void add_column(const ht_scalar_curve *curve, int column, const char *name, ht_role role, int columns,
                       int former, ht_chart *chart)
{
    const double *y = curve->column[column];
    size_t first = 0, last = curve->count;
    if (!y) return;
    while (first + 1 < last && curve->step[first + 1] < chart->x.low) first++;
    while (last > first && curve->step[last - 1] > chart->x.high) last--;
    size_t rows = last - first, every = rows / (size_t)(columns > 8 ? columns : 8) + 1;
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, role, name, (int)(2 * (rows / every + 1)));
    if (!s) return;
    if (former > 0) snprintf(s->said, sizeof s->said, "run %d", former);
    s->count = 0;
    for (size_t i = first; i < last; i += every) {
        size_t low = i, high = i;
        for (size_t k = i; k < last && k < i + every; k++) {
            if (y[k] < y[low] || isnan(y[low])) low = k;
            if (y[k] > y[high] || isnan(y[high])) high = k;
        }
        size_t a = low < high ? low : high, b = low < high ? high : low;
        if (!isnan(y[a])) s->x[s->count] = curve->step[a], s->high[s->count++] = y[a];
        if (b != a && !isnan(y[b])) s->x[s->count] = curve->step[b], s->high[s->count++] = y[b];
    }
    if (s->count > 0 && name[0]) ht_format_short(s->value, sizeof s->value, s->high[s->count - 1], 3);
}

/* Positive and decades apart: on one linear axis the small ones would be a line at its foot. */
static bool wants_log(const ht_chart *chart)
{
    double least = (double)INFINITY, most = 0;
    for (int i = 0; i < chart->series_count; i++)
        for (int k = 0; k < chart->series[i].count; k++) {
            double y = chart->series[i].high[k];
            if (!isfinite(y)) continue;
            if (y <= 0) return false;
            least = fmin(least, y), most = fmax(most, y);
        }
    return most > 30 * least;
}

void ht_panel_metrics(const ht_model *m, int columns, ht_chart *chart)
{
    static const ht_role roles[] = {HT_ROLE_CURVE_1, HT_ROLE_CURVE_2, HT_ROLE_CURVE_3, HT_ROLE_CURVE_4,
                                    HT_ROLE_CURVE_5, HT_ROLE_TRAIN,   HT_ROLE_TEST,    HT_ROLE_WEIGHTS};
    enum { MOST = sizeof roles / sizeof roles[0] };
    const ht_watched *w = m->watched;
    const ht_scalars *s = w ? w->scalars : NULL;
    int drawn = 0, left_out = 0;
    ht_text_copy(chart->title, sizeof chart->title, "Metrics");
    chart->unit = "";
    ht_panel_step_axis(m, chart);
    ht_text_copy(chart->empty, sizeof chart->empty,
                 w ? ht_watched_waits(w, true) : "of a training of another program: heavytail watch");
    for (int k = 0; s && k < s->columns; k++) {
        if (!is_drawn(w, k)) continue;
        if (drawn == MOST) {
            left_out++;
            continue;
        }
        for (int c = 0; c + 1 < s->curves && w->metric >= 0; c++) /* one alone: former runs behind */
            add_column(&s->curve[c], k, "", HT_ROLE_GHOST, columns, c + 1, chart);
        add_column(&s->curve[s->curves - 1], k, s->name[k], roles[drawn++], columns, 0, chart);
    }
    if (w && w->metric >= 0 && s && w->metric < s->columns)
        snprintf(chart->title, sizeof chart->title, "Metrics: %.40s", s->name[w->metric]);
    if (left_out) snprintf(chart->note, sizeof chart->note, "%d more; o shows them one by one", left_out);
    if (wants_log(chart)) {
        chart->y.scale = HT_SCALE_LOG;
        ht_text_copy(chart->hint, sizeof chart->hint, "log y");
    }
    ht_chart_fit(chart);
}

/* ---- in words ---- */

static void add_short(ht_form *form, ht_role role, const char *label, double value)
{
    char text[32] = "-";
    if (!isnan(value)) ht_format_short(text, sizeof text, value, 4);
    ht_form_add(form, HT_ROW_VALUE, role, label, "%s", text);
}

static void add_file(const ht_model *m, ht_form *form)
{
    static const char *const from[] = {[HT_STEP_METADATA] = "its metadata",
                                       [HT_STEP_NAME] = "its name",
                                       [HT_STEP_METRICS] = "the metrics",
                                       [HT_STEP_COUNT] = "counting"};
    const ht_watched *w = m->watched;
    char step[32], when[16] = "";
    time_t written = (time_t)w->written;
    struct tm at;
    if (localtime_r(&written, &at)) strftime(when, sizeof when, "%H:%M:%S", &at);
    ht_format_grouped(step, sizeof step, (long long)w->look->step);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "file", "%s", w->file);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "its step", "%s", step);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "known by", "%s", from[w->look->from]);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "written at", "%s", when);
}

static void add_tails(const ht_model *m, const ht_layer_look *l, ht_form *form)
{
    char said[40], heading[64], layer[32];
    bool several = ht_model_layer(m, layer, sizeof layer);
    snprintf(heading, sizeof heading, "Tail index%s", several ? layer : "");
    ht_panel_add_heading(form, heading);
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        if (e != HT_MMO && e != HT_HILL) continue;
        ht_tail_say(&l->tail[e], said, sizeof said);
        ht_form_add(form, HT_ROW_VALUE, e == HT_MMO ? HT_ROLE_MMO : HT_ROLE_HILL,
                    e == HT_MMO ? "α̂ (mmo)" : "α̂ (hill)", "%s", said);
    }
    if (several && m->layer < 0 && l->tail[HT_MMO].n_tail > 0)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "good by mmo", "%zu of %zu layers", l->tail[HT_MMO].k,
                    l->tail[HT_MMO].n_tail);
}

static void add_weights(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_watched *w = m->watched;
    const ht_layer_look *l = ht_watched_layer(w, ht_watched_layers(w) == 1 ? 0 : m->layer);
    char number[32];
    if (!l) {
        ht_panel_add_text(form, room, HT_ROLE_WARNING, "The picked layer is not in this state.");
        return;
    }
    add_tails(m, l, form);
    ht_panel_add_heading(form, "Weights");
    add_short(form, HT_ROLE_KAPPA, "κ: removable rows", l->kappa);
    add_short(form, HT_ROLE_NORMS, "norm ‖W‖", l->norm);
    add_short(form, HT_ROLE_WEIGHTS, "largest |w|", l->largest);
    ht_format_grouped(number, sizeof number, (long long)l->zeros);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "exact zeros", "%s", number);
    ht_format_grouped(number, sizeof number, (long long)l->broken);
    if (l->broken) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_BAD, "not finite", "%s", number);
    if (l->broken && w->look->broken[0])
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_BAD, "the first in", "%s", w->look->broken);
    if (l->why[0]) ht_panel_add_text(form, room, HT_ROLE_WARNING, l->why);
    if (w->look->skipped)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "left out (W names them)", "%zu", w->look->skipped);
}

static void add_network(const ht_watched *w, ht_room room, ht_form *form)
{
    const ht_network_look *n = &w->look->network;
    if (!n->there && !n->why[0]) return;
    ht_panel_add_heading(form, "On the data");
    if (!n->there) {
        ht_panel_add_text(form, room, HT_ROLE_WARNING, n->why);
        return;
    }
    add_short(form, HT_ROLE_TEST, "accuracy", n->whole.accuracy);
    add_short(form, HT_ROLE_PRUNED, "accuracy pruned", n->pruned.accuracy);
    add_short(form, HT_ROLE_KAPPA, "κ of the network", n->kappa);
}

/* As many as leave room for the paths. */
static void add_metrics(const ht_watched *w, ht_room room, int after, ht_form *form)
{
    const ht_scalar_curve *now = w->scalars ? ht_scalars_now(w->scalars) : NULL;
    char step[32], heading[64];
    if (!now || form->count + 2 + after > room.rows) return;
    ht_format_grouped(step, sizeof step, (long long)now->step[now->count - 1]);
    snprintf(heading, sizeof heading, "Metrics at step %s", step);
    ht_panel_add_heading(form, heading);
    for (int k = 0; k < w->scalars->columns && form->count + after < room.rows; k++)
        add_short(form, HT_ROLE_TEXT, w->scalars->name[k], ht_scalars_last(w->scalars, k));
}

static void add_ghosts(const ht_model *m, ht_room room, ht_form *form)
{
    char label[80], kappa[24] = "-", said[40];
    if (m->ghost_count == 0 || form->count + 1 + m->ghost_count > room.rows) return;
    ht_panel_add_heading(form, "Ghosts: κ, α̂ (mmo)");
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_ghost *g = m->ghost[i];
        double value = ht_model_kappa_of(&g->report).value;
        ht_ghost_label(m, g, label, sizeof label);
        if (!isnan(value)) ht_format_short(kappa, sizeof kappa, value, 3);
        ht_tail_say(&g->report.tail.now[HT_MMO], said, sizeof said);
        ht_form_add(form, HT_ROW_VALUE, ht_ghost_role(g), label, "%s  %s", kappa,
                    g->report.tail.looked ? said : "–");
    }
}

static void add_paths(const ht_watched *w, ht_room room, ht_form *form)
{
    char line[HT_WATCHED_NAME + HT_WATCHED_WORDS + 4];
    ht_panel_add_heading(form, w->paths == 1 ? "The path" : "The paths");
    for (int i = 0; i < w->paths; i++) {
        const char *waits = w->path[i].waits;
        snprintf(line, sizeof line, "%s: %s", w->path[i].name,
                 waits[0] ? waits : "all that is there was seen");
        ht_panel_add_text(form, room, waits[0] ? HT_ROLE_WARNING : HT_ROLE_DIM, line);
    }
}

void ht_panel_watched(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_watched *w = m->watched;
    ht_text_copy(form->title, sizeof form->title, "Watched");
    if (!w) {
        ht_panel_add_text(form, room, HT_ROLE_DIM, "Of a training of another program: heavytail watch PATH.");
        return;
    }
    if (w->look) {
        add_file(m, form);
        add_weights(m, room, form);
        add_network(w, room, form);
    }
    ht_text_copy(form->hint, sizeof form->hint, "v: more charts");
    add_metrics(w, room, 2 + w->paths, form);
    add_ghosts(m, room, form);
    add_paths(w, room, form);
}
