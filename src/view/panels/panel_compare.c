/* panel_compare.c - the methods side by side: what each needs for -1 point, accuracy against the share of the
 * parameters kept, the table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/prune_chart.h"
#include "view/panels/panels.h"

/* How each method is drawn, in the order of the methods: no two are alike in colour, few in dashes. */
static const struct {
    ht_role role;
    ht_dash dash;
} looks[HT_METHODS] = {
    {HT_ROLE_TEXT, HT_SOLID},    {HT_ROLE_CURVE_1, HT_LONG},  {HT_ROLE_CURVE_2, HT_SOLID},
    {HT_ROLE_CURVE_3, HT_SOLID}, {HT_ROLE_CURVE_4, HT_SOLID}, {HT_ROLE_CURVE_5, HT_SOLID},
    {HT_ROLE_ERROR, HT_LONG},    {HT_ROLE_HILL, HT_DASH_DOT}, {HT_ROLE_PRUNED, HT_DOTTED},
    {HT_ROLE_DIM, HT_DOTTED},
};

/* On the lines and in the table: colours are not enough for so many. */
static const char tags[HT_METHODS + 1] = "1234567890";

static bool finished(const ht_method_state *method)
{
    return method->stage == HT_METHOD_DONE || method->stage == HT_METHOD_DIVERGED;
}

/* The seed in training, or -1. */
static int seed_in_training(const ht_method_state *method)
{
    for (int i = 0; i < HT_METHOD_SEEDS; i++)
        if (method->seed[i].stage == HT_METHOD_RUNNING) return i;
    return -1;
}

/* ui.axis: are sizes multiply-adds? */
static bool by_compute(const ht_model *m)
{
    return ht_prune_axis_of(&m->applied) == HT_BY_COMPUTE;
}

static double share_of(const ht_method_need *need, bool compute)
{
    return compute ? need->compute : need->kept;
}

static void name_method(const ht_compare_state *s, int number, char *to, size_t size)
{
    snprintf(to, size, "%c %s", tags[number], s->method[number].name);
}

/* ---- dots: what each needs ---- */

/* What a method needs, or how far it is. */
static void say_need(const ht_method_state *method, const ht_method_need *need, bool compute, char *to,
                     size_t size)
{
    if (need->reached)
        snprintf(to, size, "%.2f %%", 100 * share_of(need, compute));
    else if (isfinite(need->kept))
        ht_text_copy(to, size, "not reached");
    else if (seed_in_training(method) >= 0)
        snprintf(to, size, "running %.0f %%", 100 * method->fraction);
    else
        ht_text_copy(to, size,
                     need->diverged > 0                   ? "diverged"
                     : method->stage == HT_METHOD_STOPPED ? "stopped"
                                                          : "waiting");
}

/* Whose median it is, where some diverged: "30.00 % (1 of 2)". */
static void add_seeds(const ht_method_need *need, char *to, size_t size)
{
    size_t used = strlen(to);
    if (need->diverged > 0)
        snprintf(to + used, size - used, " (%d of %d)", need->seeds - need->diverged, need->seeds);
}

/* Each seed a dot, an upright stroke at the median of several. */
static void add_dots(ht_chart *chart, const ht_method_state *method, const ht_method_need *need, bool compute,
                     ht_role role, double y)
{
    double share = share_of(need, compute);
    ht_series *dots = ht_chart_add(chart, HT_MARK_POINTS, role, "", HT_METHOD_SEEDS);
    if (dots) ht_text_copy(dots->said, sizeof dots->said, method->name);
    for (int i = 0; dots && i < HT_METHOD_SEEDS; i++) {
        bool known = method->seed[i].stage == HT_METHOD_DONE;
        double x = compute ? method->seed[i].compute : method->seed[i].kept;
        dots->x[i] = known && x > 0 ? x : (double)NAN;
        dots->high[i] = y;
    }
    if (need->seeds < 2 || !(share > 0)) return;
    ht_series *median = ht_chart_add(chart, HT_MARK_WHISKERS, role, "", 1);
    if (!median) return;
    ht_text_copy(median->said, sizeof median->said, method->name);
    median->x[0] = share, median->low[0] = y - 0.3, median->high[0] = y + 0.3;
}

static void say_dots(const ht_compare_state *s, int diverged, int runs, ht_chart *chart)
{
    char lost[40] = "";
    if (diverged > 0) snprintf(lost, sizeof lost, ", %d of %d runs diverged", diverged, runs);
    if (s->seeds > 1)
        snprintf(chart->note, sizeof chart->note,
                 "a dot a seed, stroke: the median of %d; a point below its own accuracy%s", s->seeds, lost);
    else
        snprintf(chart->note, sizeof chart->note, "fewest first; a point below its own accuracy%s", lost);
    chart->warn = diverged > 0;
    if (s->running) snprintf(chart->hint, sizeof chart->hint, "%d of %d runs", s->done, s->wanted);
}

void ht_panel_compare_dots(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_compare_state *s = &m->compare;
    bool compute = by_compute(m);
    int order[HT_METHODS] = {0}, diverged = 0, runs = 0;
    char name[24], value[24];
    double least = 0.01;
    (void)columns;
    ht_text_copy(chart->title, sizeof chart->title,
                 compute ? "Multiply-adds needed for -1 point" : "Parameters needed for -1 point");
    chart->unit = compute ? "of the multiply-adds" : "of the parameters";
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    chart->x = (ht_axis){.scale = HT_SCALE_LOG, .high = 1, .fixed = true, .label = "share of the parameters"};
    if (compute) ht_text_copy(chart->x.label, sizeof chart->x.label, "share of the multiply-adds");
    if (s->count == 0) ht_text_copy(chart->empty, sizeof chart->empty, "c trains a network with each method");
    ht_methods_sorted(s, compute, order);
    for (int i = 0; i < s->count; i++) {
        const ht_method_state *method = &s->method[order[i]];
        ht_method_need need = ht_method_need_of(method);
        diverged += need.diverged, runs += need.seeds;
        name_method(s, order[i], name, sizeof name);
        say_need(method, &need, compute, value, sizeof value);
        if (isfinite(need.kept)) add_seeds(&need, value, sizeof value);
        bool known = isfinite(need.kept);
        double y = ht_chart_add_row(chart, known ? looks[order[i]].role : HT_ROLE_DIM, name, value);
        if (known && isfinite(y)) add_dots(chart, method, &need, compute, looks[order[i]].role, y);
        for (int k = 0; k < HT_METHOD_SEEDS; k++) {
            double share = compute ? method->seed[k].compute : method->seed[k].kept;
            if (share > 0) least = fmin(least, share);
        }
    }
    chart->x.low = fmax(pow(10, floor(log10(least) + 1e-9)), 1e-5);
    say_dots(s, diverged, runs, chart);
}

/* ---- curves ---- */

/* Accuracy is read where it is nearly the whole network's: from nine tenths of the best one upwards. */
static const double FOOT = 0.9;

static double size_at(const ht_prune_point *point, bool compute)
{
    return compute ? point->compute : point->weights;
}

/* How many points of the curve (which falls) a line has down to the foot of the axis: no farther than the
 * point after the last one above it. Nothing kept cannot be drawn on a logarithmic axis. */
static int drawable(const ht_method_state *method, bool compute, double foot)
{
    int count = 0, above = 0;
    for (int i = 0; i < method->points && size_at(&method->curve[i], compute) > 0; i++) {
        count = i + 1;
        if (method->curve[i].accuracy >= foot) above = count;
    }
    return above < count ? above + 1 : count;
}

static void add_method(ht_chart *chart, const ht_method_state *method, bool compute, int number)
{
    int count = drawable(method, compute, chart->y.low);
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, looks[number].role, method->name, count);
    if (!line) return;
    line->dash = looks[number].dash;
    if (method->pruning != HT_PRUNE_MAGNITUDE && !strstr(method->name, ht_prune_at(method->pruning)->name))
        ht_text_copy(line->value, sizeof line->value, ht_prune_at(method->pruning)->name);
    for (int i = 0; i < count; i++) { /* upwards */
        line->x[i] = size_at(&method->curve[count - 1 - i], compute);
        line->high[i] = method->curve[count - 1 - i].accuracy;
    }
    line->tag = tags[number];
    int inside = count > 1 && line->high[0] < chart->y.low ? 1 : 0;
    if (count > inside) line->tag_x = pow(fmax(line->x[inside], 1e-3), (number + 0.5) / HT_METHODS);
}

/* From nine tenths of the best whole network to the best that a curve reaches. */
static ht_axis accuracy_axis(const ht_compare_state *s)
{
    const double STEP = 0.01;
    double best = 0, most = 0;
    for (int i = 0; i < s->count; i++) {
        const ht_method_state *method = &s->method[i];
        if (!finished(method)) continue;
        best = fmax(best, method->points > 0 ? method->curve[0].accuracy : 0);
        for (int k = 0; k < method->points; k++) most = fmax(most, method->curve[k].accuracy);
    }
    if (!(best > 0)) return (ht_axis){.low = 0, .high = 1, .fixed = true};
    return (ht_axis){.low = STEP * floor(FOOT * best / STEP + 1e-9),
                     .high = fmin(1, STEP * ceil(most / STEP - 1e-9)),
                     .fixed = true};
}

/* Those that the axis has no room for have no line to be seen. */
static void say_lower(const ht_compare_state *s, ht_chart *chart)
{
    ht_text lower = {0};
    for (int i = 0; i < s->count; i++) {
        const ht_method_state *method = &s->method[i];
        if (finished(method) && method->points > 0 && method->curve[0].accuracy < chart->y.low)
            ht_text_add(&lower, "%s%c", lower.length ? " " : "", tags[i]);
    }
    if (lower.length > 0) {
        snprintf(chart->note, sizeof chart->note, "below this axis: %s", lower.data);
        chart->warn = true;
    }
    ht_text_free(&lower);
}

void ht_panel_compare(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_compare_state *s = &m->compare;
    bool compute = by_compute(m);
    (void)columns;
    ht_text_copy(chart->title, sizeof chart->title,
                 compute ? "Test accuracy against multiply-adds left"
                         : "Test accuracy against parameters kept");
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    ht_text_copy(chart->empty, sizeof chart->empty,
                 s->running ? "the first method is being trained" : "c trains a network with each method");
    chart->unit = "";
    chart->x = (ht_axis){.scale = HT_SCALE_LOG, .label = "share of the parameters kept"};
    if (compute) ht_text_copy(chart->x.label, sizeof chart->x.label, "share of the multiply-adds left");
    chart->y = accuracy_axis(s);
    if (s->done > 0)
        ht_text_copy(chart->note, sizeof chart->note,
                     s->seeds > 1 ? "the first seed; by magnitude, unless the legend says otherwise"
                                  : "by magnitude, unless the legend says otherwise");
    for (int i = 0; i < s->count; i++)
        if (finished(&s->method[i])) add_method(chart, &s->method[i], compute, i);
    ht_chart_fit(chart);
    if (chart->series_count)
        chart->x.high = 1, chart->x.low = fmax(chart->x.low, 1e-3), chart->x.fixed = true;
    say_lower(s, chart);
}

/* ---- the table ---- */

/* Name, accuracy, parameters; where there is room the pruning method before the accuracy. */
static bool choose_columns(ht_room room, ht_form *form)
{
    enum { PRUNING_FROM = 38, MARGIN = 3, SHARE = 8, ACCURACY = 7 };
    bool prunings = room.columns >= PRUNING_FROM;
    int accuracy = room.columns - MARGIN - SHARE;
    form->stop[0] = prunings ? accuracy - ACCURACY : accuracy;
    form->stop[1] = accuracy;
    return prunings;
}

static void add_done_row(const ht_method_state *method, const char *name, ht_role role, bool compute,
                         bool prunings, ht_form *form)
{
    char line[100], pruning[24] = "", need[24];
    ht_method_need of = ht_method_need_of(method);
    say_need(method, &of, compute, need, sizeof need);
    if (prunings) snprintf(pruning, sizeof pruning, "%s\t", ht_prune_at(method->pruning)->name);
    snprintf(line, sizeof line, "%s\t%s%.3f", name, pruning, of.accuracy);
    ht_form_add(form, HT_ROW_TABLE, role, line, "%s", of.reached ? need : "all");
}

/* Of a further seed only how far it is. */
static void add_method_row(const ht_compare_state *s, int number, bool compute, bool prunings, ht_form *form)
{
    const ht_method_state *method = &s->method[number];
    ht_method_need need = ht_method_need_of(method);
    char name[40], said[24];
    name_method(s, number, name, sizeof name);
    say_need(method, &need, compute, said, sizeof said);
    if (isfinite(need.kept))
        add_done_row(method, name, looks[number].role, compute, prunings, form);
    else
        ht_form_add(form, HT_ROW_VALUE, method->stage == HT_METHOD_DIVERGED ? HT_ROLE_BAD : HT_ROLE_DIM, name,
                    "%s", said);
}

static const ht_method_state *sparsest(const ht_compare_state *s)
{
    int order[HT_METHODS] = {0};
    if (s->count == 0) return NULL;
    ht_methods_sorted(s, false, order);
    return ht_method_need_of(&s->method[order[0]]).reached ? &s->method[order[0]] : NULL;
}

/* "iid: 1 of 3 seeds diverged": whose medians are of fewer. */
static void add_diverged(const ht_compare_state *s, ht_room room, ht_form *form)
{
    ht_text words = {0};
    for (int i = 0; i < s->count; i++) {
        ht_method_need need = ht_method_need_of(&s->method[i]);
        if (need.diverged == 0) continue;
        ht_text_add(&words, "%s%s: %d of %d", words.length ? ", " : "", s->method[i].name, need.diverged,
                    need.seeds);
    }
    if (words.length > 0) ht_text_add(&words, " %s diverged and left out.", s->seeds > 1 ? "seeds" : "seed");
    if (words.length > 0) ht_panel_add_text(form, room, HT_ROLE_BAD, words.data);
    ht_text_free(&words);
}

static void add_words(const ht_compare_state *s, ht_room room, ht_form *form)
{
    char words[240], few[24];
    const ht_method_state *best = sparsest(s);
    add_diverged(s, room, form);
    ht_panel_add_text(
        form, room, HT_ROLE_DIM,
        s->seeds > 1 ? "Medians of the seeds: test accuracy after the last step, and the share of the "
                       "parameters down to which it stays within 0.01. A neuron takes its row and column "
                       "along."
                     : "Test accuracy after the last step (which may have been a spike of the noise), and "
                       "the share of the parameters down to which it stays within 0.01. A neuron takes its "
                       "row and column along.");
    if (!best || s->running) return;
    ht_method_need need = ht_method_need_of(best);
    ht_format_grouped(few, sizeof few, (long long)need.parameters);
    snprintf(words, sizeof words, "Fewest parameters: %s, %.2g %% or %s of them, at accuracy %.3f.",
             best->title, 100 * need.kept, few, need.accuracy);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, words);
}

void ht_panel_compare_table(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_compare_state *s = &m->compare;
    ht_text_copy(form->title, sizeof form->title, "Methods");
    if (s->count == 0) {
        ht_panel_add_text(
            form, room, HT_ROLE_DIM,
            "c trains the same network with each method: without noise, with noise of three types, with a "
            "large η/b, with factors, with Occam gradient descent.");
        return;
    }
    snprintf(form->hint, sizeof form->hint, "%d of %d", s->done, s->wanted);
    bool compute = by_compute(m);
    ht_panel_add_heading(form, compute ? "accuracy, multiply-adds needed" : "accuracy, parameters needed");
    bool prunings = choose_columns(room, form);
    for (int i = 0; i < s->count; i++) add_method_row(s, i, compute, prunings, form);
    ht_panel_add_heading(form, s->stopped ? "stopped" : s->running ? "training" : "done");
    add_words(s, room, form);
    const ht_panel_key keys[] = {{"o", "this run's method", true},
                                 {"c", s->stopped ? "the rest" : "another seed", !s->running},
                                 {"Space", "stop it", s->running},
                                 {"e", "PNG of this view", true}};
    ht_panel_add_keys(m, form, room, keys, (int)(sizeof keys / sizeof keys[0]));
}
