#include "view/readout.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "num/summary.h"

__attribute__((format(printf, 2, 3))) static ht_brief *add(ht_chart *chart, const char *format, ...)
{
    char line[2 * sizeof chart->readout[0]]; /* so that the cut falls between characters */
    va_list args;
    if (chart->readout_count == HT_CHART_READOUT) return NULL;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ht_text_copy(chart->readout[chart->readout_count], sizeof chart->readout[0], line);
    ht_brief *brief = &chart->brief[chart->readout_count++];
    *brief = (ht_brief){.role = HT_ROLE_TEXT};
    return brief;
}

/* A line where there is no room for a box: by the name and colour of the legend. */
__attribute__((format(printf, 3, 4))) static void in_brief(ht_brief *brief, ht_role role, const char *format,
                                                           ...)
{
    char line[2 * sizeof brief->text];
    va_list args;
    if (!brief) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    brief->role = role;
    ht_text_copy(brief->text, sizeof brief->text, line);
}

/* What a series is called, and what follows its values. */
static const char *name_of(const ht_series *s)
{
    return s->said[0] ? s->said : s->name;
}

/* What stands in the legend is the shorter of the two. */
static const char *short_name_of(const ht_series *s)
{
    return s->name[0] ? s->name : s->said;
}

static const char *unit_of(const ht_chart *chart)
{
    static _Thread_local char unit[40];
    bool has = chart->unit && chart->unit[0];
    snprintf(unit, sizeof unit, "%s%s", has ? " " : "", has ? chart->unit : "");
    return unit;
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

/* Of a series' values, low or high: on the line that is drawn between its points, which is straight on the
 * chart's axes, logarithmic ones too. */
static double between(const ht_chart *chart, const ht_series *s, const double *value, double x)
{
    for (int i = 0; i + 1 < s->count; i++) {
        if (!(s->x[i] <= x && x <= s->x[i + 1]) || !(s->x[i] < s->x[i + 1])) continue;
        if (s->steps) return value[x < s->x[i + 1] ? i : i + 1];
        double from = ht_axis_position(&chart->x, s->x[i]), to = ht_axis_position(&chart->x, s->x[i + 1]);
        double t = (ht_axis_position(&chart->x, x) - from) / (to - from);
        bool log = chart->y.scale == HT_SCALE_LOG && value[i] > 0 && value[i + 1] > 0;
        if (!isfinite(t)) t = (x - s->x[i]) / (s->x[i + 1] - s->x[i]);
        return log ? value[i] * pow(value[i + 1] / value[i], t) : value[i] + t * (value[i + 1] - value[i]);
    }
    int i = nearest(chart, s, x);
    return i < 0 ? (double)NAN : value[i];
}

static void read_bars(const ht_series *s, double x, ht_chart *chart)
{
    char from[24], to[24], count[24];
    for (int i = 0; i < s->count; i++) {
        if (x < s->x[i] || x >= s->x[i + 1]) continue;
        ht_format_short(from, sizeof from, s->x[i], 3);
        ht_format_short(to, sizeof to, s->x[i + 1], 3);
        ht_format_grouped(count, sizeof count, llround(s->high[i]));
        if (fabs(s->high[i]) < 10 && s->high[i] != round(s->high[i]))
            ht_format_short(count, sizeof count, s->high[i], 3);
        ht_brief *brief =
            add(chart, "%s … %s: %s%s%s%s", from, to, s->name, s->name[0] ? " " : "", count, unit_of(chart));
        in_brief(brief, s->role, "%s … %s: %s%s", from, to, count, unit_of(chart));
    }
}

static void read_range(const ht_series *s, double x, ht_chart *chart)
{
    char low[24], high[24];
    int i = nearest(chart, s, x);
    if (i < 0) return;
    ht_format_short(low, sizeof low, s->low[i], 4);
    ht_format_short(high, sizeof high, s->high[i], 4);
    ht_brief *brief;
    if (s->low[i] < s->high[i])
        brief = add(chart, "%s %s … %s%s", name_of(s), low, high, unit_of(chart));
    else
        brief = add(chart, "%s %s%s", name_of(s), high, unit_of(chart));
    in_brief(brief, s->role, "%s %s%s%s%s", short_name_of(s), s->low[i] < s->high[i] ? low : "",
             s->low[i] < s->high[i] ? " … " : "", high, unit_of(chart));
}

/* The band that a line runs in has its role. */
static const ht_series *find(const ht_chart *chart, ht_mark_kind kind, ht_role role)
{
    for (int i = 0; i < chart->series_count; i++)
        if (chart->series[i].kind == kind && chart->series[i].role == role && chart->series[i].count > 0)
            return &chart->series[i];
    return NULL;
}

/* " = 0.045 bits", where the chart has another unit. */
static const char *also_of(const ht_chart *chart, double value)
{
    static _Thread_local char also[48];
    char number[24];
    also[0] = '\0';
    if (!chart->also) return also;
    ht_format_short(number, sizeof number, value * chart->also_times, 4);
    snprintf(also, sizeof also, " = %s %s", number, chart->also);
    return also;
}

/* The value nearest to the cursor, with its own step: of a ghost that ended before the cursor, or whose next
 * value lies beyond it, and of a line through single values. */
static void read_own_step(const ht_series *s, double x, ht_chart *chart)
{
    char text[24], step[24];
    int i = 0;
    if (!chart->over_steps || s->count == 0) return;
    while (i + 1 < s->count && fabs(s->x[i + 1] - x) <= fabs(s->x[i] - x)) i++;
    if (isnan(s->high[i])) return;
    ht_format_short(text, sizeof text, s->high[i], 4);
    ht_format_grouped(step, sizeof step, llround(s->x[i]));
    const char *its = s->middle_of == 1 ? "" : "its ";
    const char *also = s->middle_of == 1 ? also_of(chart, s->high[i]) : "";
    ht_brief *brief = add(chart, "%s %s%s%s at %sstep %s", name_of(s), text, unit_of(chart), also, its, step);
    in_brief(brief, s->role, "%s %s%s at %s%s", short_name_of(s), text, unit_of(chart), its, step);
}

/* "train 0.031 nats (median; 10–90 %: 0.02 … 0.05)", "train 2.11 nats at step 400" */
static void read_line(const ht_series *s, double x, ht_chart *chart)
{
    char text[24], around[96] = "", low[24], high[24];
    double value = between(chart, s, s->high, x);
    const ht_series *band = s->dash == HT_DOTTED ? NULL : find(chart, HT_MARK_BAND, s->role);
    double from = band ? between(chart, band, band->low, x) : (double)NAN,
           to = band ? between(chart, band, band->high, x) : (double)NAN;
    if (s->middle_of == 1 || (isnan(value) && isalpha((unsigned char)s->tag))) read_own_step(s, x, chart);
    if (s->middle_of == 1 || isnan(value)) return;
    ht_format_short(text, sizeof text, value, 4);
    ht_format_short(low, sizeof low, from, 3);
    ht_format_short(high, sizeof high, to, 3);
    if (from <= value && value <= to && from < to)
        snprintf(around, sizeof around, " (%s%s: %s … %s)", s->middle_of > 1 ? "median; " : "", band->said,
                 low, high);
    else if (s->middle_of > 1)
        snprintf(around, sizeof around, " (median of %d or more)", s->middle_of);
    ht_brief *brief =
        add(chart, "%s %s%s%s%s", name_of(s), text, unit_of(chart), also_of(chart, value), around);
    in_brief(brief, s->role, "%s %s%s%s", short_name_of(s), text, unit_of(chart), also_of(chart, value));
}

/* A band whose line has another role, or none. */
static void read_band(const ht_series *s, double x, ht_chart *chart)
{
    char low[24], high[24];
    double from = between(chart, s, s->low, x), to = between(chart, s, s->high, x);
    if (find(chart, HT_MARK_LINE, s->role) || isnan(from) || isnan(to)) return;
    ht_format_short(low, sizeof low, from, 3);
    ht_format_short(high, sizeof high, to, 3);
    add(chart, "%s: %s … %s%s", s->said, low, high, unit_of(chart));
}

/* Where the dots of a series stand that are nearest to x: a place of the chart's, or that of the nearest dot;
 * NaN: none is near. */
static double standing(const ht_chart *chart, const ht_series *s, double x)
{
    static const double NEAR = 0.12; /* of the axis */
    double at = ht_axis_position(&chart->x, x), best = chart->over_steps ? 0.02 : NEAR, place = (double)NAN;
    for (int i = 0; i < s->count; i++) {
        double stands = ht_chart_place(chart, s->x[i]),
               distance = fabs(ht_axis_position(&chart->x, stands) - at);
        if (distance < best) best = distance, place = stands;
    }
    return place;
}

/* The values of the dots that stand there. */
static size_t gather(const ht_chart *chart, const ht_series *s, double place, double *value, size_t most)
{
    static const double TOGETHER = 0.05; /* of the axis */
    double reach = chart->over_steps || chart->place_count ? 1e-9 : TOGETHER / 2;
    size_t count = 0;
    for (int i = 0; i < s->count && count < most; i++) {
        double stands = ht_axis_position(&chart->x, ht_chart_place(chart, s->x[i]));
        if (fabs(stands - ht_axis_position(&chart->x, place)) <= reach) value[count++] = s->high[i];
    }
    return count;
}

/* Dots that stand together where the nearest one is: one, or their median and quartiles; and where that is,
 * if the chart has such places. */
static void read_points(const ht_series *s, double x, ht_chart *chart)
{
    enum { MOST = 512 };
    double value[MOST], place = standing(chart, s, x);
    char text[24], low[24], high[24], where[64] = "", at[24];
    if (isnan(place)) return;
    ht_summary all = ht_summarize(value, gather(chart, s, place, value, MOST));
    ht_format_short(text, sizeof text, all.median, 4);
    ht_format_short(low, sizeof low, all.low, 3);
    ht_format_short(high, sizeof high, all.high, 3);
    ht_format_grouped(at, sizeof at, llround(place));
    if (chart->place_count) snprintf(where, sizeof where, " at %s %s", chart->x.label, at);
    ht_brief *brief;
    if (s->marks_x) {
        brief = add(chart, "%s %s", name_of(s), at);
        in_brief(brief, s->role, "%s %s", name_of(s), at);
        return;
    }
    if (all.count == 0)
        brief = add(chart, "%s%s", name_of(s), where); /* NaN or Inf */
    else if (all.count == 1)
        brief = add(chart, "%s%s %s%s", name_of(s), where, text, unit_of(chart));
    else
        brief = add(chart, "%s%s %s%s (25–75 %%: %s … %s, %zu dots)", name_of(s), where, text, unit_of(chart),
                    low, high, all.count);
    in_brief(brief, s->role, "%s%s %s%s", short_name_of(s), where, all.count ? text : "", unit_of(chart));
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
static void read_heat(const ht_series *s, double x, double y, ht_chart *chart)
{
    static const struct {
        double share;
        const char *words;
    } parts[] = {{0.5, "half"}, {0.999, "99.9 %"}, {1 - 1e-12, "all"}};
    char text[24], from[24], to[24];
    int column = 0;
    while (column < s->count && x >= s->x[column + 1]) column++;
    if (column == s->count || x < s->x[0]) return;
    const double *share = s->high + column * s->rows;
    double total = 0, seen = 0;
    for (int k = 0; k < s->rows; k++) { /* the cell under the mouse */
        if (!(s->y[k] <= y && y < s->y[k + 1])) continue;
        ht_format_short(from, sizeof from, s->y[k], 3);
        ht_format_short(to, sizeof to, s->y[k + 1], 3);
        ht_format_short(text, sizeof text, 100 * share[k], 3);
        ht_brief *brief = add(chart, "%s %s … %s: %s %%%s", chart->y.label, from, to, text, unit_of(chart));
        in_brief(brief, s->role, "%s … %s: %s %%", from, to, text);
    }
    for (int k = 0; k < s->rows; k++) total += share[k];
    for (int k = 0, part = 0; k < s->rows && total > 0; k++) {
        seen += share[k];
        for (; part < 3 && seen >= parts[part].share * total; part++) {
            ht_format_short(text, sizeof text, s->y[k + 1], 3);
            ht_brief *brief = add(chart, "%s below %s %s", parts[part].words, chart->y.label, text);
            in_brief(brief, HT_ROLE_TEXT, "%s below %s", parts[part].words, text);
        }
    }
}

/* Of a plot of rows the values lie along x: a dot, or a stroke at the median of several. */
static void read_row(const ht_series *s, double x, ht_chart *chart)
{
    char text[24];
    int i = nearest(chart, s, x);
    if (i < 0) return;
    ht_format_short(text, sizeof text, s->x[i], 3);
    ht_brief *brief = add(chart, "%s%s %s%s", name_of(s), s->kind == HT_MARK_POINTS ? "" : ": median", text,
                          unit_of(chart));
    in_brief(brief, s->role, "%s %s%s", short_name_of(s), text, unit_of(chart));
}

static void read_series(ht_chart *chart, double x, double y)
{
    for (int i = 0; i < chart->series_count; i++) {
        const ht_series *s = &chart->series[i];
        if (chart->row_count > 0) {
            read_row(s, x, chart);
            continue;
        }
        switch (s->kind) {
        case HT_MARK_BARS:
            read_bars(s, x, chart);
            break;
        case HT_MARK_EXTREMES:
            read_extremes(s, x, chart);
            break;
        case HT_MARK_HEAT:
            read_heat(s, x, y, chart);
            break;
        case HT_MARK_RANGE:
        case HT_MARK_WHISKERS:
            read_range(s, x, chart);
            break;
        case HT_MARK_BAND:
            read_band(s, x, chart);
            break;
        case HT_MARK_LINE:
            read_line(s, x, chart);
            break;
        case HT_MARK_POINTS:
            read_points(s, x, chart);
            break;
        }
    }
}

/* Lines across the chart: "injected α 1.75", unless the label has the number. */
static void read_marks(ht_chart *chart)
{
    char text[24];
    for (int i = 0; i < chart->mark_count; i++) {
        const ht_line_mark *mark = &chart->marks[i];
        if (mark->vertical || mark->label[0] == '\0' || strpbrk(mark->label, "0123456789")) continue;
        ht_format_short(text, sizeof text, mark->at, 4);
        ht_brief *brief = add(chart, "%s %s", mark->label, text);
        in_brief(brief, mark->role, "%s %s", mark->label, text);
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
    ht_brief *brief = add(chart, "%s %s", chart->over_steps ? "step" : chart->x.label, text);
    in_brief(brief, HT_ROLE_CURSOR, "%s %s", chart->over_steps ? "step" : "at", text);
}

/* The settings in force at that step, and the change that happened there. */
static void read_settings(const ht_model *m, ht_chart *chart, double step)
{
    char noise[64];
    double near = 0.01 * (chart->x.high - chart->x.low);
    if (m->watched) return; /* another program's settings are not known */
    ht_params then = ht_model_params_at(m, step);
    ht_model_noise(&then, noise, sizeof noise);
    /* One line: a chart of 12 rows has room for it beside a ghost's values. */
    add(chart, "%s  η %.3g  b %.0f", noise, ht_params_get(&then, HT_P_TRAIN_LR),
        ht_params_get(&then, HT_P_TRAIN_BATCH));
    for (int i = 0; i < m->labels.count; i++) {
        const ht_label *label = &m->labels.label[i];
        if (!(fabs((double)label->step - step) <= near)) continue;
        ht_brief *brief = add(chart, "%d %s", i + 1, label->text);
        in_brief(brief, HT_ROLE_MARK, "%d %s", i + 1, label->text);
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
    if (!cursor->on || (!own && !(chart->over_steps && cursor->over_steps))) return;
    chart->own_on = chart->cursor_on;
    chart->own_x = chart->cursor_x;
    chart->cursor_on = true;
    chart->cursor_x = cursor->x;
    if (!own) return;
    read_x(chart, cursor->x);
    read_series(chart, cursor->x, cursor->hover ? cursor->y : (double)NAN);
    read_marks(chart);
    if (chart->over_steps) read_settings(m, chart, cursor->x);
}
