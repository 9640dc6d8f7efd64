#include "chart/prune_chart.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

ht_role ht_prune_role(ht_prune_method method)
{
    static const ht_role roles[] = {
#define HT_PRUNE_METHOD(id, name, unit, operations, whole, calibrated, joint, cost, role, dash, what)        \
    HT_ROLE_##role,
#include "params/prune_methods.def"
    };
    return roles[method];
}

static ht_dash dash_of(ht_prune_method method)
{
    static const ht_dash dashes[] = {
#define HT_PRUNE_METHOD(id, name, unit, operations, whole, calibrated, joint, cost, role, dash, what)        \
    HT_##dash,
#include "params/prune_methods.def"
    };
    return dashes[method];
}

char ht_prune_tag(ht_prune_method method)
{
    return (char)('1' + method);
}

double ht_prune_x(const ht_prune_point *point, ht_prune_axis axis)
{
    return axis == HT_BY_COMPUTE   ? 1 - point->compute
           : axis == HT_BY_WEIGHTS ? 1 - point->weights
                                   : point->ratio;
}

ht_prune_axis ht_prune_axis_of(const ht_params *params)
{
    return ht_params_get(params, HT_P_UI_AXIS) > 0 ? HT_BY_COMPUTE : HT_BY_WEIGHTS;
}

const char *ht_prune_axis_word(ht_prune_axis axis)
{
    static const char *const words[] = {
        [HT_BY_UNITS] = "units", [HT_BY_WEIGHTS] = "weights", [HT_BY_COMPUTE] = "multiply-adds"};
    return words[axis];
}

void ht_prune_say_kappa(const ht_prune_point *at, ht_prune_axis axis, char *to, size_t size)
{
    snprintf(to, size, axis != HT_BY_UNITS ? "κ at %.3f" : "κ %.3f", ht_prune_x(at, axis));
}

static const char *symbol(ht_prune_metric metric)
{
    return metric == HT_FRO ? "ε" : "ε²";
}

/* A curve's digit stands where its accuracy has fallen to a height of its own: the digits are one below the
 * other, and beside the flat part that all curves share. */
static double tag_place(const ht_series *s, ht_prune_method method)
{
    double most = s->count ? s->high[0] : 0, height = most * (0.93 - 0.09 * (int)method);
    for (int i = 1; i < s->count; i++)
        if (s->high[i] < height) return s->x[i];
    return 0;
}

static void add_accuracy(const ht_prune_line *line, ht_prune_axis axis, bool terse, const char *name,
                         ht_chart *chart)
{
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, ht_prune_role(line->method), name, line->count);
    if (!s) return;
    if (axis != HT_BY_UNITS) {
        s->tag = ht_prune_tag(line->method);
        s->dash = dash_of(line->method);
    }
    for (int i = 0; i < line->count; i++) {
        s->x[i] = ht_prune_x(&line->points[i], axis);
        s->high[i] = line->points[i].accuracy;
    }
    s->tag_x = tag_place(s, line->method);
    if (line->at && !terse) ht_prune_say_kappa(line->at, axis, s->value, sizeof s->value);
}

static void add_cut(const ht_prune_line *line, ht_prune_axis axis, ht_chart *chart)
{
    ht_series *s = line->at ? ht_chart_add(chart, HT_MARK_POINTS, ht_prune_role(line->method), "", 1) : NULL;
    if (!s) return;
    snprintf(s->said, sizeof s->said, "%s at κ", line->name ? line->name : ht_prune_at(line->method)->name);
    s->x[0] = ht_prune_x(line->at, axis);
    s->high[0] = line->at->accuracy;
}

static void add_error(const ht_prune_lines *lines, ht_chart *chart)
{
    const ht_prune_line *line = &lines->line[0];
    char name[40];
    snprintf(name, sizeof name, "error %s", symbol(lines->metric));
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_ERROR, name, line->count);
    if (!s) return;
    s->dash = HT_DOTTED;
    for (int i = 0; i < line->count; i++) {
        s->x[i] = line->points[i].ratio;
        s->high[i] = line->points[i].error;
    }
}

static void one_line(const ht_prune_lines *lines, ht_chart *chart)
{
    const ht_prune_line *line = &lines->line[0];
    char text[40];
    snprintf(chart->title, sizeof chart->title, "Pruning: %s",
             line->name ? line->name : ht_prune_at(line->method)->name);
    snprintf(chart->x.label, sizeof chart->x.label, "fraction of %s removed",
             line->unit ? line->unit : ht_prune_at(line->method)->unit);
    snprintf(text, sizeof text, "%s accuracy", lines->split);
    add_accuracy(line, HT_BY_UNITS, lines->terse, text, chart);
    add_error(lines, chart);
    if (!line->at) return;
    snprintf(text, sizeof text, "κ=%.3f", line->at->ratio);
    ht_chart_mark(chart, true, line->at->ratio, HT_ROLE_KAPPA, text);
    add_cut(line, HT_BY_UNITS, chart);
    if (!isfinite(lines->error)) return;
    snprintf(text, sizeof text, "%s=%.3g", symbol(lines->metric), lines->error);
    ht_chart_mark(chart, false, lines->error, HT_ROLE_ERROR, text);
}

static void several_lines(const ht_prune_lines *lines, ht_chart *chart)
{
    char text[40];
    ht_text_copy(chart->title, sizeof chart->title, "Pruning methods");
    snprintf(chart->x.label, sizeof chart->x.label, "fraction of all %s removed",
             ht_prune_axis_word(lines->axis));
    snprintf(chart->y.label, sizeof chart->y.label, "%s accuracy", lines->split);
    for (int i = 0; i < lines->count; i++) {
        const ht_prune_line *line = &lines->line[i];
        snprintf(text, sizeof text, "%c %s", ht_prune_tag(line->method),
                 line->name ? line->name : ht_prune_at(line->method)->name);
        add_accuracy(line, lines->axis, lines->terse, text, chart);
    }
    for (int i = 0; i < lines->count; i++) add_cut(&lines->line[i], lines->axis, chart);
}

void ht_prune_chart(const ht_prune_lines *lines, ht_chart *chart)
{
    chart->x = (ht_axis){.low = 0, .high = 1, .fixed = true};
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    if (lines->axis != HT_BY_UNITS)
        several_lines(lines, chart);
    else if (lines->count > 0)
        one_line(lines, chart);
}
