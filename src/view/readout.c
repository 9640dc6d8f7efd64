#include "view/readout.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

__attribute__((format(printf, 2, 3))) static void add(ht_chart *chart, const char *format, ...)
{
    char line[3 * sizeof chart->readout[0]]; /* so that the cut falls between characters */
    va_list args;
    if (chart->readout_count == HT_CHART_READOUT) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ht_text_copy(chart->readout[chart->readout_count++], sizeof chart->readout[0], line);
}

/* The point nearest to x; -1 if the series has none within 2 % of the axis. */
static int nearest(const ht_chart *chart, const ht_series *s, double x)
{
    int best = -1;
    double least = 0.02, at = ht_axis_position(&chart->x, x);
    for (int i = 0; i < s->count; i++) {
        double distance = fabs(ht_axis_position(&chart->x, s->x[i]) - at);
        if (distance <= least) best = i, least = distance;
    }
    return best;
}

/* On a line between its points, where both are near enough to be joined. */
static double between(const ht_chart *chart, const ht_series *s, double x)
{
    for (int i = 0; i + 1 < s->count; i++) {
        if (!(s->x[i] <= x && x <= s->x[i + 1]) || !(s->x[i] < s->x[i + 1])) continue;
        if (s->steps) return s->high[x < s->x[i + 1] ? i : i + 1];
        double t = (x - s->x[i]) / (s->x[i + 1] - s->x[i]);
        return s->high[i] + t * (s->high[i + 1] - s->high[i]);
    }
    int i = nearest(chart, s, x);
    return i < 0 ? (double)NAN : s->high[i];
}

static void read_bars(const ht_series *s, double x, ht_chart *chart)
{
    char from[24], to[24], count[24];
    for (int i = 0; i < s->count; i++) {
        if (x < s->x[i] || x >= s->x[i + 1]) continue;
        ht_format_short(from, sizeof from, s->x[i], 3);
        ht_format_short(to, sizeof to, s->x[i + 1], 3);
        ht_format_grouped(count, sizeof count, llround(s->high[i]));
        add(chart, "%s … %s: %s%s%s", from, to, chart->y.label, chart->y.label[0] ? " " : "", count);
    }
}

static void read_range(const ht_series *s, double x, ht_chart *chart)
{
    char low[24], high[24];
    int i = nearest(chart, s, x);
    if (i < 0) return;
    ht_format_short(low, sizeof low, s->low[i], 4);
    ht_format_short(high, sizeof high, s->high[i], 4);
    if (s->low[i] < s->high[i])
        add(chart, "%s %s … %s", s->name, low, high);
    else
        add(chart, "%s %s", s->name, high);
}

static void read_line(const ht_series *s, double x, ht_chart *chart)
{
    char text[24];
    double value = between(chart, s, x);
    if (isnan(value)) return;
    ht_format_short(text, sizeof text, value, 4);
    add(chart, "%s %s", s->name, text);
}

/* Of all values of the column, also of those beyond the axis. */
static void read_extremes(const ht_series *s, double x, ht_chart *chart)
{
    char low[24], high[24];
    int i = 0;
    while (i < s->count && s->x[i] < x) i++; /* x is where a column ends */
    if (i == s->count || !(s->low[i] < s->high[i])) return;
    ht_format_short(low, sizeof low, s->low[i], 4);
    ht_format_short(high, sizeof high, s->high[i], 4);
    add(chart, "  from %s to %s", low, high);
}

/* How the values of a heat map's column are spread: half of them, all but a thousandth, all. */
static void read_heat(const ht_series *s, double x, ht_chart *chart)
{
    static const struct {
        double share;
        const char *words;
    } parts[] = {{0.5, "half"}, {0.999, "99.9 %"}, {1 - 1e-12, "all"}};
    char text[24];
    int column = 0;
    while (column < s->count && x >= s->x[column + 1]) column++;
    if (column == s->count || x < s->x[0]) return;
    const double *share = s->high + column * s->rows;
    double total = 0, seen = 0;
    for (int k = 0; k < s->rows; k++) total += share[k];
    for (int k = 0, part = 0; k < s->rows && total > 0; k++) {
        seen += share[k];
        for (; part < 3 && seen >= parts[part].share * total; part++) {
            ht_format_short(text, sizeof text, s->y[k + 1], 3);
            add(chart, "%s below %s %s", parts[part].words, chart->y.label, text);
        }
    }
}

static void read_series(ht_chart *chart, double x)
{
    for (int i = 0; i < chart->series_count; i++) {
        const ht_series *s = &chart->series[i];
        if (s->kind == HT_MARK_BARS)
            read_bars(s, x, chart);
        else if (s->kind == HT_MARK_EXTREMES)
            read_extremes(s, x, chart);
        else if (s->kind == HT_MARK_HEAT)
            read_heat(s, x, chart);
        else if (s->name[0] && (s->kind == HT_MARK_RANGE || s->kind == HT_MARK_BAND))
            read_range(s, x, chart);
        else if (s->name[0] && s->kind == HT_MARK_LINE)
            read_line(s, x, chart);
    }
}

/* Where the cursor stands: "step 1 230", "‖w‖ 0.52". */
static void read_x(ht_chart *chart, double x)
{
    char text[32];
    if (chart->x.integer)
        ht_format_grouped(text, sizeof text, llround(x));
    else
        ht_format_short(text, sizeof text, x, 4);
    add(chart, "%s %s", chart->over_steps ? "step" : chart->x.label, text);
}

/* The settings in force at that step, and the change that happened there. */
static void read_settings(const ht_model *m, ht_chart *chart, double step)
{
    char noise[64];
    double near = 0.01 * (chart->x.high - chart->x.low);
    ht_params then = ht_model_params_at(m, step);
    ht_model_noise(&then, noise, sizeof noise);
    /* One line: a chart of 12 rows has room for it beside a ghost's values. */
    add(chart, "%s  η %.3g  b %.0f", noise, ht_params_get(&then, HT_P_TRAIN_LR),
        ht_params_get(&then, HT_P_TRAIN_BATCH));
    for (int i = 0; i < m->labels.count; i++) {
        const ht_label *label = &m->labels.label[i];
        if (fabs((double)label->step - step) <= near) add(chart, "%d %s", i + 1, label->text);
    }
    for (int i = 0; i < m->moment_count; i++) {
        char at[24];
        ht_format_grouped(at, sizeof at, llround(m->moments[i].step));
        if (fabs(m->moments[i].step - step) <= near) add(chart, "%s at step %s", m->moments[i].label, at);
    }
}

void ht_readout_put(const ht_model *m, ht_panel_id panel, ht_chart *chart)
{
    const ht_cursor *cursor = &m->cursor;
    bool own = panel == cursor->panel;
    if (!cursor->on || chart->cursor_on || (!own && !(chart->over_steps && cursor->over_steps))) return;
    chart->cursor_on = true;
    chart->cursor_x = cursor->x;
    if (!own) return;
    read_x(chart, cursor->x);
    read_series(chart, cursor->x);
    if (chart->over_steps) read_settings(m, chart, cursor->x);
}
