/* panel_layers.c - the layers of a watched training side by side: lines over its steps, and a table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/tail_table.h"
#include "view/panels/panels.h"
#include "view/watched/watched.h"

enum { LINES = 6, POINTS = 512 };

static const struct {
    ht_role role;
    ht_dash dash;
} looks[LINES] = {{HT_ROLE_CURVE_1, HT_SOLID}, {HT_ROLE_CURVE_2, HT_SOLID}, {HT_ROLE_CURVE_3, HT_SOLID},
                  {HT_ROLE_CURVE_4, HT_SOLID}, {HT_ROLE_CURVE_5, HT_SOLID}, {HT_ROLE_NORMS, HT_LONG}};

/* The looks whose steps the axis shows; of many evenly spaced ones, and the last. */
static ht_series *add_line(const ht_watched *w, int layer, int measure, int place, ht_chart *chart)
{
    char name[HT_LOOK_NAME], label[40];
    const ht_history_run *run = ht_history_now(w->history);
    size_t first = 0, last = run->count;
    while (first + 1 < last && run->look[first + 1].step < chart->x.low) first++;
    while (last > first && run->look[last - 1].step > chart->x.high) last--;
    size_t every = (last - first) / POINTS + 1;
    ht_watched_layer_name(w, layer, name, sizeof name);
    ht_text_copy(label, sizeof label, name);
    ht_series *s =
        ht_chart_add(chart, HT_MARK_LINE, looks[place].role, label, (int)((last - first) / every + 2));
    if (!s) return NULL;
    s->dash = looks[place].dash;
    s->count = 0;
    for (size_t i = first; i < last; i += every) {
        size_t at = i + every < last ? i : last - 1; /* the last one always */
        double value = ht_history_value(&run->look[at], layer + 1, measure);
        if (isnan(value)) continue;
        s->x[s->count] = run->look[at].step;
        s->high[s->count++] = value;
    }
    return s;
}

/* False: there is nothing to draw. */
static bool begin(const ht_model *m, const char *title, ht_chart *chart)
{
    const ht_watched *w = m->watched;
    ht_text_copy(chart->title, sizeof chart->title, title);
    chart->unit = "";
    ht_panel_step_axis(m, chart);
    ht_text_copy(chart->empty, sizeof chart->empty,
                 w ? ht_watched_waits(w, false) : "of a training of another program: heavytail watch");
    return w && w->history && ht_history_now(w->history);
}

/* What of each line the legend says. */
typedef void say_latest(const ht_layer_look *layer, char *to, size_t size);

static void say_tail(const ht_layer_look *l, char *to, size_t size)
{
    ht_tail_say(&l->tail[HT_MMO], to, size);
}

static void say_kappa(const ht_layer_look *l, char *to, size_t size)
{
    if (!isnan(l->kappa)) snprintf(to, size, "%.2f", l->kappa);
}

static void say_norm(const ht_layer_look *l, char *to, size_t size)
{
    if (!isnan(l->norm)) ht_format_short(to, size, l->norm, 3);
}

static void add_lines(const ht_model *m, int measure, say_latest *say, ht_chart *chart)
{
    const ht_watched *w = m->watched;
    int layer[LINES], count = ht_watched_drawn(m, LINES, layer), all = ht_watched_layers(w);
    chart->named_only = true;
    for (int i = 0; i < count; i++) {
        const ht_layer_look *l = ht_watched_layer(w, layer[i]);
        ht_series *s = add_line(w, layer[i], measure, i, chart);
        if (s && l && isnan(m->window_end)) say(l, s->value, sizeof s->value);
        if (s && measure == HT_MEASURE_TAIL + HT_MMO && m->cursor.on)
            snprintf(s->said, sizeof s->said, "%.40s, %s", s->name,
                     ht_watched_verdict(w, layer[i], HT_MMO, m->cursor.x));
    }
    if (count < all)
        snprintf(chart->note, sizeof chart->note, "%d of %d layers, the largest; the table has all", count,
                 all);
}

void ht_panel_layer_tails(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    ht_text_copy(chart->hint, sizeof chart->hint, "2 = Gaussian");
    if (begin(m, "Tail index α̂ (mmo) by layer", chart))
        add_lines(m, HT_MEASURE_TAIL + HT_MMO, say_tail, chart);
    chart->y = (ht_axis){.low = 1, .high = 2.5, .fixed = true};
}

void ht_panel_layer_kappas(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    if (begin(m, "κ by layer: removable rows", chart)) add_lines(m, HT_MEASURE_KAPPA, say_kappa, chart);
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
}

void ht_panel_layer_norms(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    ht_text_copy(chart->hint, sizeof chart->hint, "log y");
    if (begin(m, "Norm ‖W‖ by layer", chart)) add_lines(m, HT_MEASURE_NORM, say_norm, chart);
    chart->y.scale = HT_SCALE_LOG;
    ht_chart_fit(chart);
}

/* ---- the table ---- */

enum { SIZE_STOP = 14, NORM_STOP = 9, KAPPA_STOP = 7, VERDICT = 19 };

static void set_stops(ht_room room, ht_form *form)
{
    int end = room.columns - VERDICT - 3;
    form->stop[2] = end;
    form->stop[1] = end - KAPPA_STOP;
    form->stop[0] = end - KAPPA_STOP - NORM_STOP;
}

static void add_layer(const ht_model *m, int layer, ht_room room, ht_form *form)
{
    const ht_layer_look *l = ht_watched_layer(m->watched, layer);
    char name[HT_LOOK_NAME], cut[64], line[160], said[40] = "not in this state", norm[16] = "-",
                                                 kappa[16] = "-";
    int wide = room.columns - VERDICT - KAPPA_STOP - NORM_STOP - SIZE_STOP - 4;
    ht_watched_layer_name(m->watched, layer, name, sizeof name);
    if (wide > (int)sizeof cut - 1) wide = sizeof cut - 1;
    ht_text_copy(cut, (size_t)(wide > 8 ? wide : 8), name);
    if (l) {
        ht_tail_say(&l->tail[HT_MMO], said, sizeof said);
        if (!isnan(l->norm)) ht_format_short(norm, sizeof norm, l->norm, 3);
        if (!isnan(l->kappa)) snprintf(kappa, sizeof kappa, "%.3f", l->kappa);
        snprintf(line, sizeof line, "%s\t%zu×%zu\t%s\t%s", cut, l->rows, l->columns, norm, kappa);
    } else {
        snprintf(line, sizeof line, "%s", cut);
    }
    ht_row *row = ht_form_add(form, HT_ROW_TABLE, l ? ht_tail_role(&l->tail[HT_MMO]) : HT_ROLE_WARNING, line,
                              "%s", said);
    row->selected = layer == m->layer;
    if (l && l->why[0]) ht_panel_add_text(form, room, HT_ROLE_WARNING, l->why);
}

/* Lines "name\tTYPE\twhy". */
static void add_skipped(const ht_look *look, ht_room room, ht_form *form)
{
    enum { ROWS_LEFT = 8 };
    char heading[64], line[HT_LOOK_NAME + 128];
    size_t named = 0;
    if (look->skipped == 0) return;
    snprintf(heading, sizeof heading, "No layers: %zu", look->skipped);
    ht_panel_add_heading(form, heading);
    for (const char *at = look->skipped_names.data; at && *at && form->count < HT_FORM_ROWS - ROWS_LEFT;
         named++) {
        size_t length = strcspn(at, "\n"), name = strcspn(at, "\t");
        const char *why = at + name + 1 + strcspn(at + name + 1, "\t") + 1;
        snprintf(line, sizeof line, "%.*s: %.*s", (int)name, at, (int)(at + length - why), why);
        ht_panel_add_text(form, room, HT_ROLE_DIM, line);
        at += length + (at[length] == '\n');
    }
    if (named < look->skipped) {
        snprintf(line, sizeof line, "and %zu more", look->skipped - named);
        ht_panel_add_text(form, room, HT_ROLE_DIM, line);
    }
}

void ht_panel_layers(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_watched *w = m->watched;
    char step[32];
    ht_text_copy(form->title, sizeof form->title, "Layers");
    if (!w || !w->look) {
        ht_panel_add_text(form, room, HT_ROLE_DIM,
                          w ? "Waiting for weights."
                            : "Of a training of another program: heavytail watch PATH.");
        return;
    }
    ht_format_grouped(step, sizeof step, (long long)w->look->step);
    snprintf(form->hint, sizeof form->hint, "step %s", step);
    set_stops(room, form);
    ht_form_add(form, HT_ROW_TABLE, HT_ROLE_DIM, "layer\trows×columns\t‖W‖\tκ", "α̂ (mmo)");
    for (int l = 0; l < ht_watched_layers(w) && form->count < HT_FORM_ROWS - 100; l++)
        add_layer(m, l, room, form);
    add_skipped(w->look, room, form);
}
