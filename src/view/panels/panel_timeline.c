/* panel_timeline.c - the whole run, with the states that one can go back to. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "chart/spread.h"
#include "view/panels/panels.h"
#include "view/stored.h"

static double last_step(const ht_model *m)
{
    double last = (double)m->step;
    if (m->stored.count) last = fmax(last, (double)m->stored.step[m->stored.count - 1]);
    return fmax(last, 1);
}

static void add_loss(const ht_model *m, int columns, ht_chart *chart)
{
    static const double BAND = 0.1;
    ht_series *loss = ht_spread_add(chart, &m->trace[HT_TRACE_LOSS], HT_ROLE_RAW, "", columns, BAND);
    if (loss) ht_text_copy(loss->said, sizeof loss->said, "loss");
    ht_spread_add_extremes(chart, &m->trace[HT_TRACE_LOSS], HT_ROLE_RAW, columns);
}

/* A row of points at the foot of the plot: where one can go. */
static void add_states(const ht_model *m, ht_chart *chart)
{
    ht_series *s = ht_chart_add(chart, HT_MARK_POINTS, HT_ROLE_KEY, "", m->stored.count);
    if (s) ht_text_copy(s->said, sizeof s->said, "a state kept at step"), s->marks_x = true;
    for (int i = 0; s && i < s->count; i++) {
        s->x[i] = (double)m->stored.step[i];
        s->high[i] = chart->y.low;
    }
}

void ht_panel_timeline(const ht_model *m, int columns, ht_chart *chart)
{
    char at[32], now[32], settings[64];
    ht_format_grouped(at, sizeof at, llround(m->timeline_at));
    ht_format_grouped(now, sizeof now, (long long)m->step);
    snprintf(chart->title, sizeof chart->title, "Timeline: %d states kept, step %s of %s", m->stored.count,
             at, now);
    ht_params then = ht_model_params_at(m, m->timeline_at);
    ht_model_noise(&then, settings, sizeof settings);
    snprintf(chart->note, sizeof chart->note, "%s  ← → choose, Enter goes there, Esc leaves", settings);
    ht_text_copy(chart->x.label, sizeof chart->x.label, "step");
    chart->over_steps = true;
    chart->unit = m->watched ? "" : "nats";
    chart->x.integer = chart->x.fixed = true;
    chart->x.high = last_step(m);
    chart->y.scale = HT_SCALE_LOG;
    chart->gutter = 6;
    add_loss(m, columns, chart);
    ht_chart_fit(chart);
    add_states(m, chart);
    ht_chart_mark(chart, true, (double)m->step, HT_ROLE_GOOD, "now");
    for (int i = 0; i < m->labels.count; i++)
        ht_chart_label(chart, (double)m->labels.label[i].step, i + 1, m->labels.label[i].text);
    for (int i = 0; i < m->moment_count; i++)
        ht_chart_mark(chart, true, m->moments[i].step, HT_ROLE_MARK, m->moments[i].label);
}
