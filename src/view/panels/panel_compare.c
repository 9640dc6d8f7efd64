/* panel_compare.c - the methods side by side: accuracy against the share of the parameters kept. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/panels/panels.h"

/* How each method is drawn, in the order of the methods: no two are alike in colour, few in dashes. */
static const struct {
    ht_role role;
    ht_dash dash;
} looks[HT_METHODS] = {
    {HT_ROLE_TEXT, HT_SOLID},    {HT_ROLE_CURVE_1, HT_LONG},   {HT_ROLE_CURVE_2, HT_SOLID},
    {HT_ROLE_CURVE_3, HT_SOLID}, {HT_ROLE_CURVE_4, HT_SOLID},  {HT_ROLE_CURVE_5, HT_SOLID},
    {HT_ROLE_ERROR, HT_LONG},    {HT_ROLE_NORMS, HT_DASH_DOT}, {HT_ROLE_PRUNED, HT_DOTTED},
    {HT_ROLE_DIM, HT_DOTTED},
};

/* On the lines and in the table: colours are not enough for so many. */
static const char tags[HT_METHODS + 1] = "1234567890";

static bool finished(const ht_method_state *method)
{
    return method->stage == HT_METHOD_DONE || method->stage == HT_METHOD_DIVERGED;
}

/* A network of which nothing is kept cannot be drawn on a logarithmic axis. */
static int drawable(const ht_method_state *method)
{
    int count = 0;
    for (int i = 0; i < method->points; i++) count += method->curve[i].weights > 0;
    return count;
}

static void add_method(ht_chart *chart, const ht_method_state *method, int number)
{
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, looks[number].role, method->name, drawable(method));
    if (!line) return;
    line->dash = looks[number].dash;
    if (method->pruning != HT_PRUNE_MAGNITUDE && !strstr(method->name, ht_prune_at(method->pruning)->name))
        ht_text_copy(line->value, sizeof line->value, ht_prune_at(method->pruning)->name);
    for (int i = method->points - 1, used = 0; i >= 0; i--) { /* upwards */
        if (method->curve[i].weights <= 0) continue;
        line->x[used] = method->curve[i].weights;
        line->high[used++] = method->curve[i].accuracy;
    }
    line->tag = tags[number];
    if (line->count) line->tag_x = pow(fmax(line->x[0], 1e-3), (number + 0.5) / HT_METHODS);
}

void ht_panel_compare(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_compare_state *s = &m->compare;
    (void)columns;
    ht_text_copy(chart->title, sizeof chart->title, "Test accuracy against parameters kept");
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    ht_text_copy(chart->empty, sizeof chart->empty,
                 s->running ? "the first method is being trained" : "c trains a network with each method");
    chart->unit = "";
    chart->x = (ht_axis){.scale = HT_SCALE_LOG, .label = "share of the parameters kept"};
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    if (s->done > 0)
        ht_text_copy(chart->note, sizeof chart->note, "by magnitude, unless the legend says otherwise");
    for (int i = 0; i < s->count; i++)
        if (finished(&s->method[i])) add_method(chart, &s->method[i], i);
    ht_chart_fit(chart);
    if (chart->series_count)
        chart->x.high = 1, chart->x.low = fmax(chart->x.low, 1e-3), chart->x.fixed = true;
}

/* ---- the table ---- */

/* Name, accuracy, parameters; where there is room the pruning method before the accuracy. */
static bool choose_columns(ht_room room, ht_form *form)
{
    enum { PRUNING_FROM = 38, MARGIN = 3, SHARE = 7, ACCURACY = 7 };
    bool prunings = room.columns >= PRUNING_FROM;
    int accuracy = room.columns - MARGIN - SHARE;
    form->stop[0] = prunings ? accuracy - ACCURACY : accuracy;
    form->stop[1] = accuracy;
    return prunings;
}

static void add_done_row(const ht_method_state *method, const char *name, ht_role role, bool prunings,
                         ht_form *form)
{
    char line[100], pruning[24] = "";
    if (prunings) snprintf(pruning, sizeof pruning, "%s\t", ht_prune_at(method->pruning)->name);
    snprintf(line, sizeof line, "%s\t%s%.3f", name, pruning, method->test.accuracy);
    ht_form_add(form, HT_ROW_TABLE, role, line, "%.2f", 100 * method->one_point);
}

static void add_method_row(const ht_method_state *method, int number, bool prunings, ht_form *form)
{
    static const char *const waiting[] = {"·", "", "", "diverged", "stopped"};
    char name[40];
    snprintf(name, sizeof name, "%c %s", tags[number], method->name);
    if (method->stage == HT_METHOD_RUNNING)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, name, "%.0f %%", 100 * method->fraction);
    else if (method->stage == HT_METHOD_DONE)
        add_done_row(method, name, looks[number].role, prunings, form);
    else
        ht_form_add(form, HT_ROW_VALUE, method->stage == HT_METHOD_DIVERGED ? HT_ROLE_BAD : HT_ROLE_DIM, name,
                    "%s", waiting[method->stage]);
}

static const ht_method_state *sparsest(const ht_compare_state *s)
{
    const ht_method_state *best = NULL;
    for (int i = 0; i < s->count; i++)
        if (s->method[i].stage == HT_METHOD_DONE && (!best || s->method[i].one_point < best->one_point))
            best = &s->method[i];
    return best;
}

static void add_words(const ht_compare_state *s, ht_room room, ht_form *form)
{
    char words[240];
    const ht_method_state *best = sparsest(s);
    ht_panel_add_text(
        form, room, HT_ROLE_DIM,
        "Test accuracy after the last step (which may have been a spike of the noise), and the share of the "
        "parameters down to which it stays within 0.01. A neuron takes its row and column along.");
    if (!best || s->running) return;
    snprintf(words, sizeof words, "Fewest parameters: %s, %.2g %% of them, at accuracy %.3f.", best->title,
             100 * best->one_point, best->test.accuracy);
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
    snprintf(form->hint, sizeof form->hint, "%d of %d", s->done, s->count);
    ht_panel_add_heading(form, "accuracy, parameters %");
    bool prunings = choose_columns(room, form);
    for (int i = 0; i < s->count; i++) add_method_row(&s->method[i], i, prunings, form);
    ht_panel_add_heading(form, s->stopped ? "stopped" : s->running ? "training" : "done");
    add_words(s, room, form);
    if (m->control < 0) return; /* a picture */
    static const char *const keys[][2] = {
        {"o", "this run's method"}, {"c", "once more"}, {"Space", "stop it"}, {"e", "PNG of this view"}};
    int count = (int)(sizeof keys / sizeof keys[0]);
    if (form->count + 1 + count > room.rows) return;
    ht_panel_add_heading(form, "Keys");
    for (int i = 0; i < count; i++) ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, keys[i][0], "%s", keys[i][1]);
}
