/* panel_history.c - the charts over steps: loss, accuracy, tail index. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/ghost.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"
#include "chart/spread.h"
#include "chart/tail_table.h"
#include "view/watched/watched.h"
#include "view/window.h"

enum {
    MAX_COLUMNS = 1024,
    WIDE_FROM = 90, /* columns */
    NOTE_FROM = 40,
    TITLE_FROM = 36, /* from which a long title leaves room for the legend */
    WORDS_FROM = 60, /* … and its words before the names of estimators */
};

static const double BAND = 0.1; /* of the minibatches: from the 10 % to the 90 % quantile */

/* Before the changes, of which there may be too many for a chart. */
static void add_labels(const ht_model *m, ht_chart *chart, double end)
{
    for (int i = 0; i < m->labels.count; i++) {
        double step = (double)m->labels.label[i].step;
        if (step >= chart->x.low && step <= end) ht_chart_label(chart, step, i + 1, m->labels.label[i].text);
    }
}

void ht_panel_step_axis(const ht_model *m, ht_chart *chart)
{
    chart->x = (ht_axis){.integer = true, .fixed = true};
    chart->over_steps = true;
    ht_window_steps(m, &chart->x.low, &chart->x.high);
    ht_window_label(m, chart->x.label, sizeof chart->x.label);
    double end = m->frozen ? fmin(chart->x.high, m->frozen_step) : chart->x.high;
    add_labels(m, chart, end);
    for (int i = 0; i < m->moment_count; i++)
        if (m->moments[i].step >= chart->x.low && m->moments[i].step <= end)
            ht_chart_mark(chart, true, m->moments[i].step, HT_ROLE_MARK, m->moments[i].label);
}

static void put_value(ht_series *series, double value)
{
    if (series && !isnan(value)) ht_format_short(series->value, sizeof series->value, value, 3);
}

/* What of a bucket a curve shows. */
typedef enum part { ENVELOPE, FINAL, MEAN } part;

/* A line gets a column of the screen for each point, not half of one: it has to read as one line on top of an
 * envelope. */
static int read_columns(const ht_chart *chart, const ht_curve *curve, part what, int columns, double smooth,
                        ht_bucket bucket[MAX_COLUMNS])
{
    if (what != ENVELOPE) columns /= 2;
    if (columns > MAX_COLUMNS) columns = MAX_COLUMNS;
    if (columns < 1) columns = 1;
    return ht_curve_columns(curve, chart->x.low, chart->x.high, columns, smooth, bucket);
}

static void fill(ht_series *s, const ht_bucket *bucket, part what)
{
    for (int i = 0; s && i < s->count; i++) {
        s->x[i] = bucket[i].last;
        s->high[i] = what == ENVELOPE ? bucket[i].high : what == FINAL ? bucket[i].final : bucket[i].mean;
        if (s->low) s->low[i] = bucket[i].low;
    }
    if (s && s->name[0] && s->count > 0)
        put_value(s, what == MEAN ? bucket[s->count - 1].mean : bucket[s->count - 1].final);
}

/* The curve's min/max envelope; or its last value, or its smoothed mean, in each column. The legend has the
 * value at the right end. */
static ht_series *add_curve(ht_chart *chart, const ht_curve *curve, part what, ht_role role, const char *name,
                            int columns, double smooth)
{
    ht_bucket bucket[MAX_COLUMNS];
    int count = read_columns(chart, curve, what, columns, smooth, bucket);
    ht_series *s = ht_chart_add(chart, what == ENVELOPE ? HT_MARK_RANGE : HT_MARK_LINE, role, name, count);
    fill(s, bucket, what);
    return s;
}

static double smoothing(const ht_model *m)
{
    return ht_params_get(&m->asked, HT_P_UI_SMOOTH);
}

/* The latest value, which the legend shows beside the median's line. */
static void put_latest(ht_series *s, const ht_chart *chart, const ht_curve *curve)
{
    ht_bucket whole;
    if (s && ht_curve_columns(curve, chart->x.low, chart->x.high, 1, 0, &whole) == 1)
        put_value(s, whole.final);
}

/* The middle of the minibatches: their running median over the band that holds four fifths of them; smoothed,
 * their mean, and the band dimmed behind. No spike is lost: single dots for the extremes of each column.
 * Returns whether there is a median: few values have a line through each. */
static bool add_middle(const ht_model *m, ht_chart *chart, ht_trace trace, ht_role role, const char *name,
                       int columns)
{
    const ht_curve *curve = &m->trace[trace];
    if (smoothing(m) > 0) {
        ht_spread_add_band(chart, curve, HT_ROLE_RAW, columns, BAND);
        ht_spread_limit(add_curve(chart, curve, MEAN, role, name, columns, smoothing(m)), chart, curve);
        ht_spread_add_extremes(chart, curve, HT_ROLE_RAW, columns);
        return false;
    }
    ht_series *line = ht_spread_add(chart, curve, role, name, columns, BAND);
    put_latest(line, chart, curve);
    ht_spread_add_extremes(chart, curve, role, columns);
    return line && line->middle_of > 1;
}

static ht_series *add_line(const ht_model *m, ht_chart *chart, ht_trace trace, ht_role role, const char *name,
                           int columns)
{
    if (smoothing(m) <= 0) return add_curve(chart, &m->trace[trace], FINAL, role, name, columns, 0);
    ht_series *raw = add_curve(chart, &m->trace[trace], FINAL, HT_ROLE_RAW, "", columns, 0);
    if (raw) snprintf(raw->said, sizeof raw->said, "%s, not smoothed", name);
    return add_curve(chart, &m->trace[trace], MEAN, role, name, columns, smoothing(m));
}

/* What is looked at now and then holds until the next look: no line leans from one look to the next. */
static void holds(ht_series *s, const ht_model *m)
{
    if (s) s->steps = smoothing(m) <= 0;
}

/* No index of a ghost without its verdict: that of its last look. */
static void say_ghost_verdict(const ht_model *m, ht_series *s, const ht_ghost *ghost, ht_estimator estimator)
{
    const ht_estimate *e = &ghost->report.tail.now[estimator];
    char label[40];
    if (!s || !m->watched) return;
    s->value[0] = '\0';
    if (!ghost->report.tail.looked) return;
    if (isnan(m->window_end)) ht_tail_say(e, s->value, sizeof s->value);
    ht_ghost_label(m, ghost, label, sizeof label);
    snprintf(s->said, sizeof s->said, "%s, in the end %s", label, ht_quality_word(e->quality));
}

/* Earlier runs, smoothed as the present one is. */
static void add_ghosts(const ht_model *m, ht_chart *chart, ht_trace trace, int columns)
{
    ht_bucket bucket[MAX_COLUMNS];
    part what = smoothing(m) > 0 ? MEAN : FINAL;
    for (int i = 0; i < m->ghost_count; i++) {
        int count = read_columns(chart, &m->ghost[i]->trace[trace], what, columns, smoothing(m), bucket);
        ht_series *s = ht_ghost_add(m, chart, i, columns, count);
        fill(s, bucket, what);
        if (trace >= HT_TRACE_TAIL)
            say_ghost_verdict(m, s, m->ghost[i], (ht_estimator)(trace - HT_TRACE_TAIL));
        if (trace == HT_TRACE_TEST_LOSS) ht_spread_limit(s, chart, &m->ghost[i]->trace[trace]);
        if (trace == HT_TRACE_TEST_LOSS || trace == HT_TRACE_TEST_ACCURACY) holds(s, m);
    }
}

/* A NaN or Inf that fell into a column with finite values would vanish in the envelope: it gets a mark of its
 * own. */
static void add_bad(ht_chart *chart, const ht_curve *curve, int columns)
{
    ht_bucket bucket[MAX_COLUMNS];
    int bad = 0, count = read_columns(chart, curve, ENVELOPE, columns, 0, bucket);
    for (int i = 0; i < count; i++) bad += bucket[i].bad;
    ht_series *s = bad ? ht_chart_add(chart, HT_MARK_POINTS, HT_ROLE_BAD, "NaN or Inf", bad) : NULL;
    for (int i = 0, k = 0; s && i < count; i++)
        if (bucket[i].bad) {
            s->x[k] = bucket[i].last;
            s->high[k++] = (double)NAN;
        }
}

/* What the legend calls a curve: of a watched training the name of its column. */
static const char *name_of_trace(const ht_model *m, ht_trace trace, const char *ours)
{
    const ht_watched *w = m->watched;
    int column = w ? ht_watched_column(w->scalars, trace) : -1;
    bool measured = w && w->samples && (trace == HT_TRACE_TEST_LOSS || trace == HT_TRACE_TEST_ACCURACY);
    return measured ? "on the data" : column >= 0 ? w->scalars->name[column] : w ? "" : ours;
}

/* The test samples over the minibatches; what a column leaves out of them, as dots under both. */
static void add_train_and_test(const ht_model *m, ht_chart *chart, const char *name, ht_trace train,
                               ht_trace test, int columns)
{
    ht_role behind = smoothing(m) > 0 ? HT_ROLE_RAW : HT_ROLE_TEST;
    bool median = add_middle(m, chart, train, HT_ROLE_TRAIN, name_of_trace(m, train, name), columns);
    ht_spread_add_extremes(chart, &m->trace[test], behind, columns);
    add_ghosts(m, chart, test, columns);
    int first = chart->series_count;
    holds(add_line(m, chart, test, HT_ROLE_TEST, name_of_trace(m, test, "test"), columns), m);
    for (int i = first; i < chart->series_count; i++)
        ht_spread_limit(&chart->series[i], chart, &m->trace[test]);
    if (ht_chart_columns(chart, columns) >= NOTE_FROM && median)
        ht_text_copy(chart->note, sizeof chart->note, "line median, band 10–90 %");
}

void ht_panel_loss(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Loss");
    chart->unit = m->watched ? "" : "nats"; /* what others call their loss may be anything */
    ht_text_copy(chart->hint, sizeof chart->hint, m->loss_log ? "log y" : "linear y");
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_waits(m));
    ht_panel_step_axis(m, chart);
    chart->y.scale = m->loss_log ? HT_SCALE_LOG : HT_SCALE_LINEAR;
    add_train_and_test(m, chart, "train", HT_TRACE_LOSS, HT_TRACE_TEST_LOSS, columns);
    add_bad(chart, &m->trace[HT_TRACE_LOSS], columns);
    ht_chart_fit(chart);
    ht_panel_add_language(m, chart);
}

/* The size of the network over its accuracy, where training makes it smaller: factors, Occam, masks. */
static void add_size(const ht_model *m, ht_chart *chart, int columns)
{
    double left = ht_curve_last(&m->trace[HT_TRACE_LEFT]);
    if (!(left < 0.995)) return;
    ht_series *s =
        add_curve(chart, &m->trace[HT_TRACE_LEFT], FINAL, HT_ROLE_WEIGHTS, "weights left", columns, 0);
    if (s) s->dash = HT_DOTTED;
}

void ht_panel_accuracy_axis(ht_chart *chart)
{
    chart->y.low = fmax(chart->y.low, 0);
    chart->y.high = 1;
    chart->y.fixed = true;
    if (!(chart->y.low < 1)) chart->y.low = 0;
}

void ht_panel_accuracy(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Accuracy");
    chart->unit = "";
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_waits(m));
    ht_panel_step_axis(m, chart);
    add_train_and_test(m, chart, "batch", HT_TRACE_ACCURACY, HT_TRACE_TEST_ACCURACY, columns);
    add_size(m, chart, columns);
    ht_chart_fit(chart);
    if (m->watched && chart->y.high > 2) return; /* others write per cent */
    ht_panel_accuracy_axis(chart);
}

/* The same on a logarithmic axis: factors leave a hundredth and less. */
void ht_panel_size(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Weights left");
    chart->unit = "of all weights";
    ht_text_copy(chart->hint, sizeof chart->hint, "log y");
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
    ht_panel_step_axis(m, chart);
    chart->y.scale = HT_SCALE_LOG;
    add_ghosts(m, chart, HT_TRACE_LEFT, columns);
    add_line(m, chart, HT_TRACE_LARGE, HT_ROLE_NORMS, "|w| > 1e-4", columns);
    add_line(m, chart, HT_TRACE_LEFT, HT_ROLE_WEIGHTS, "|w| > 2⁻²³", columns);
    ht_chart_fit(chart);
    chart->y.low = fmin(chart->y.low, 0.1), chart->y.high = 1;
}

/* ---- tail indices ---- */

/* Intervals as a band, in each column from the lowest to the highest. */
static void add_band(ht_chart *chart, const ht_curve *curve, ht_role role, int columns)
{
    ht_bucket bucket[MAX_COLUMNS];
    int count = read_columns(chart, curve, FINAL, columns, 0, bucket);
    ht_series *s = ht_chart_add(chart, HT_MARK_BAND, role, "", count);
    if (s) ht_text_copy(s->said, sizeof s->said, "95 %");
    for (int i = 0; s && i < count; i++)
        s->x[i] = bucket[i].last, s->low[i] = bucket[i].low, s->high[i] = bucket[i].high;
}

/* No index without its verdict: the legend has that of the latest look, the read-out that of its step. */
static void say_verdict(const ht_model *m, ht_series *s, ht_estimator estimator)
{
    char name[40];
    const ht_tail_look *tail = &m->report.tail;
    if (!s || !m->watched) return;
    s->value[0] = '\0';
    if (tail->looked && isnan(m->window_end)) ht_tail_say(&tail->now[estimator], s->value, sizeof s->value);
    if (!m->cursor.on || !m->cursor.over_steps) return;
    ht_text_copy(name, sizeof name, s->name);
    snprintf(s->said, sizeof s->said, "%s, %s", name,
             ht_watched_verdict(m->watched, tail->layer, estimator, m->cursor.x));
}

/* The line of an estimate. The legend says of the latest how far to believe it. */
static void add_estimate(const ht_model *m, ht_chart *chart, ht_estimator estimator, ht_role role,
                         int columns)
{
    const ht_estimate *latest = &m->report.tail.now[estimator];
    char name[40];
    snprintf(name, sizeof name, ht_chart_columns(chart, columns) < WORDS_FROM ? "%s" : "estimate (%s)",
             ht_estimator_at(estimator)->name);
    ht_series *s = add_line(m, chart, ht_trace_of(estimator), role, name, columns);
    if (s && isnan(m->window_end) && m->report.tail.looked && isfinite(latest->value))
        ht_tail_say(latest, s->value, sizeof s->value);
    say_verdict(m, s, estimator);
}

/* Never any noise: no word of it in the legend. */
static void add_injected(const ht_model *m, ht_chart *chart, int columns)
{
    bool noisy = ht_params_get(&m->applied, HT_P_NOISE_TYPE) != HT_NOISE_NONE;
    if (m->trace[HT_TRACE_ALPHA].count == 0 || ht_model_quiet(m)) return;
    ht_series *alpha =
        add_curve(chart, &m->trace[HT_TRACE_ALPHA], FINAL, HT_ROLE_NOISE, "injected α", columns, 0);
    if (alpha) alpha->dash = HT_DOTTED;
    for (int i = 0; alpha && i < alpha->count; i++) /* α below 1 */
        if (alpha->high[i] < chart->y.low) chart->y.low = 0;
    if (alpha && !noisy) alpha->value[0] = '\0';
}

static void begin_tail(const ht_model *m, ht_chart *chart)
{
    chart->unit = "";
    const ht_tail_look *look = &m->report.tail;
    if (look->looked && look->rows_used < look->rows_of)
        snprintf(chart->hint, sizeof chart->hint, "of %d of %d %s", look->rows_used, look->rows_of,
                 ht_layers_units(m, look->layer));
    else
        ht_text_copy(chart->hint, sizeof chart->hint, "2 = Gaussian");
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
    ht_panel_step_axis(m, chart);
    chart->y = (ht_axis){.low = 1, .high = 2.5, .fixed = true};
}

/* The first of the titles (the last is NULL) that leaves the layer's name whole beside the hint, else the
 * shortest: which layer was picked is said nowhere else. */
static void title_tail(const ht_model *m, const char *const *titles, int columns, ht_chart *chart)
{
    enum { BESIDE = 8 }; /* frame, blanks */
    char layer[32];
    bool several = ht_model_layer(m, layer, sizeof layer);
    double room = ht_chart_columns(chart, columns) - BESIDE - ht_chart_measure(chart, layer) -
                  ht_chart_measure(chart, chart->hint);
    while (several && titles[1] && ht_chart_measure(chart, *titles) > room) titles++;
    snprintf(chart->title, sizeof chart->title, "%s%s", *titles, layer);
}

/* What is drawn later lies on top: the estimates over what they estimate, the better one last. */
void ht_panel_tail(const ht_model *m, int columns, ht_chart *chart)
{
    static const char *const titles[] = {"Tail index α̂ of the weights", "Tail index α̂", "Tail α̂", NULL};
    begin_tail(m, chart);
    title_tail(m, titles + (ht_chart_columns(chart, columns) < TITLE_FROM), columns, chart);
    add_band(chart, &m->trace[ht_trace_of(HT_HILL)], HT_ROLE_HILL, columns);
    add_band(chart, &m->trace[ht_trace_of(HT_MMO)], HT_ROLE_MMO, columns);
    add_injected(m, chart, columns);
    add_estimate(m, chart, HT_HILL, HT_ROLE_HILL, columns);
    add_ghosts(m, chart, ht_trace_of(HT_MMO), columns);
    add_estimate(m, chart, HT_MMO, HT_ROLE_MMO, columns);
}

/* Greys are hardly told apart. */
static ht_dash dash_of(ht_role role)
{
    return role == HT_ROLE_RAW    ? HT_LONG
           : role == HT_ROLE_AXIS ? HT_DASH_DOT
           : role == HT_ROLE_DIM  ? HT_FINE
                                  : HT_SOLID;
}

/* From the least to the most trusted; a narrow chart leaves the first ones out. Bands of those that assume no
 * more than their band says; the values of all stand in the table. */
void ht_panel_tail_history(const ht_model *m, int columns, ht_chart *chart)
{
    enum { NARROW = 5 };
    ht_estimator drawn[HT_ESTIMATORS];
    int count = ht_tail_lines(drawn),
        first = ht_chart_columns(chart, columns) < WIDE_FROM && count > NARROW ? count - NARROW : 0;
    static const char *const titles[] = {"Estimates of α", NULL};
    begin_tail(m, chart);
    title_tail(m, titles, columns, chart);
    chart->named_only = true;
    if (!ht_model_quiet(m) && !m->watched)
        ht_text_copy(chart->note, sizeof chart->note, "do the bands hold the injected α?");
    for (int i = first; i < count; i++) {
        const ht_tail_line *line = ht_tail_line_of(drawn[i]);
        if (line->band) add_band(chart, &m->trace[ht_trace_of(drawn[i])], line->role, columns);
    }
    add_injected(m, chart, columns);
    for (int i = first; i < count; i++) {
        ht_trace trace = ht_trace_of(drawn[i]);
        if (i == count - 1) add_ghosts(m, chart, trace, columns);
        ht_series *s = add_line(m, chart, trace, ht_tail_line_of(drawn[i])->role,
                                ht_estimator_at(drawn[i])->name, columns);
        if (s) s->dash = dash_of(ht_tail_line_of(drawn[i])->role);
        say_verdict(m, s, drawn[i]);
        if (s && first > 0) s->value[0] = '\0';
    }
}

void ht_panel_regime(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Tail index of the rows");
    chart->unit = "";
    ht_text_copy(chart->hint, sizeof chart->hint, "2 = Gaussian");
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
    ht_panel_step_axis(m, chart);
    add_ghosts(m, chart, HT_TRACE_ROWS, columns);
    add_line(m, chart, HT_TRACE_ROWS, HT_ROLE_MMO,
             m->report.tail.rows.layers > 1 ? "median of the layers" : "mmo-multi", columns);
    ht_chart_fit(chart);
    chart->y.low = fmin(chart->y.low, 1.5), chart->y.high = fmax(chart->y.high, 2.1);
}
