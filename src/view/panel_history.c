/* panel_history.c - the charts over steps: loss, accuracy, tail index. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/panel.h"

enum {
    MAX_COLUMNS = 1024,
    TITLE_FROM = 2 * 36, /* half columns from which a long title leaves room for the legend */
};

static void step_axis(const ht_model *m, ht_chart *chart)
{
    chart->x = (ht_axis){
        .low = 0, .high = fmax(10, (double)m->step), .integer = true, .fixed = true, .label = "step"};
    for (int i = 0; i < m->moment_count; i++)
        ht_chart_mark(chart, true, m->moments[i].step, HT_ROLE_MARK, m->moments[i].label);
}

static void put_value(ht_series *series, double value, int digits)
{
    if (series && !isnan(value)) ht_format_short(series->value, sizeof series->value, value, digits);
}

/* The curve's min/max envelope; or, when `kind` is LINE, its last value in each column. A line gets a column
 * of the screen for each point, not half of one: it has to read as one line on top of an envelope. */
static ht_series *add_curve(ht_chart *chart, const ht_curve *curve, ht_mark_kind kind, ht_role role,
                            const char *name, int columns)
{
    ht_bucket bucket[MAX_COLUMNS];
    if (kind == HT_MARK_LINE) columns /= 2;
    if (columns > MAX_COLUMNS) columns = MAX_COLUMNS;
    if (columns < 1) columns = 1;
    int count = ht_curve_columns(curve, chart->x.low, chart->x.high, columns, bucket);
    ht_series *s = ht_chart_add(chart, kind, role, name, count);
    for (int i = 0; s && i < count; i++) {
        s->x[i] = bucket[i].last;
        s->high[i] = kind == HT_MARK_LINE ? bucket[i].final : bucket[i].high;
        if (s->low) s->low[i] = bucket[i].low;
    }
    return s;
}

/* A NaN or Inf that fell into a column with finite values would vanish in the envelope: it gets a mark of its
 * own. */
static void add_bad(ht_chart *chart, const ht_curve *curve, int columns)
{
    ht_bucket bucket[MAX_COLUMNS];
    int bad = 0;
    int count = ht_curve_columns(curve, chart->x.low, chart->x.high,
                                 columns < MAX_COLUMNS ? columns : MAX_COLUMNS, bucket);
    for (int i = 0; i < count; i++) bad += bucket[i].bad;
    ht_series *s = bad ? ht_chart_add(chart, HT_MARK_POINTS, HT_ROLE_BAD, "NaN or Inf", bad) : NULL;
    for (int i = 0, k = 0; s && i < count; i++)
        if (bucket[i].bad) {
            s->x[k] = bucket[i].last;
            s->high[k++] = (double)NAN;
        }
}

/* A line for the test samples over the minibatches' envelope. The line shows one value of a column, so under
 * both lies the test samples' own envelope: a spike that the line leaves out stands out from below. */
static void add_train_and_test(ht_chart *chart, const char *name, const ht_curve *train, double train_value,
                               const ht_curve *test, double test_value, int columns)
{
    add_curve(chart, test, HT_MARK_RANGE, HT_ROLE_TEST, "", columns);
    put_value(add_curve(chart, train, HT_MARK_RANGE, HT_ROLE_TRAIN, name, columns), train_value, 3);
    put_value(add_curve(chart, test, HT_MARK_LINE, HT_ROLE_TEST, "test", columns), test_value, 3);
}

void ht_panel_loss(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Loss");
    ht_text_copy(chart->hint, sizeof chart->hint, m->loss_log ? "log y" : "linear y");
    ht_text_copy(chart->empty, sizeof chart->empty, "Space starts training");
    step_axis(m, chart);
    chart->y.scale = m->loss_log ? HT_SCALE_LOG : HT_SCALE_LINEAR;
    add_train_and_test(chart, "train", &m->train_loss, m->loss, &m->test_loss_curve, m->test_loss, columns);
    add_bad(chart, &m->train_loss, columns);
    ht_chart_fit(chart);
}

void ht_panel_accuracy(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Accuracy");
    ht_text_copy(chart->empty, sizeof chart->empty, "Space starts training");
    step_axis(m, chart);
    add_train_and_test(chart, "batch", &m->train_accuracy, m->batch_accuracy, &m->test_accuracy_curve,
                       m->test_accuracy, columns);
    ht_chart_fit(chart);
    /* Accuracy never leaves 0..1; the axis must not either. */
    chart->y.low = fmax(chart->y.low, 0);
    chart->y.high = 1;
    chart->y.fixed = true;
    if (!(chart->y.low < 1)) chart->y.low = 0;
}

void ht_panel_tail(const ht_model *m, int columns, ht_chart *chart)
{
    ht_text_copy(chart->hint, sizeof chart->hint, "2 = Gaussian");
    ht_text_copy(chart->empty, sizeof chart->empty, "the first estimate is on its way");
    ht_text_copy(chart->title, sizeof chart->title,
                 columns < TITLE_FROM ? "Tail index α̂" : "Tail index α̂ of the weights");
    step_axis(m, chart);
    chart->y = (ht_axis){.low = 1, .high = 2.5, .fixed = true};
    /* What is drawn later lies on top: the estimates over what they estimate, the better one last. */
    ht_series *alpha = m->alpha.count == 0
                           ? NULL /* never any noise: no word of it in the legend */
                           : add_curve(chart, &m->alpha, HT_MARK_LINE, HT_ROLE_NOISE, "injected α", columns);
    if (alpha) alpha->dotted = true;
    bool noisy = ht_params_get(&m->applied, HT_P_NOISE_TYPE) != HT_NOISE_NONE;
    put_value(alpha, noisy ? ht_curve_last(&m->alpha) : (double)NAN, 3);
    put_value(add_curve(chart, &m->hill, HT_MARK_LINE, HT_ROLE_HILL, "hill", columns),
              ht_curve_last(&m->hill), 3);
    put_value(add_curve(chart, &m->mmo, HT_MARK_LINE, HT_ROLE_MMO, "mmo", columns), ht_curve_last(&m->mmo),
              3);
}
