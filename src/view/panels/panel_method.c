/* panel_method.c - what the method of the present run does: Occam's epochs, regime, size. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "chart/prune_chart.h"
#include "params/batch.h"
#include "view/panels/panels.h"

/* ---- epochs ---- */

typedef double value_of(const ht_occam_epoch *epoch);

static double number(const ht_occam_epoch *e)
{
    return (double)e->epoch;
}

static double compute(const ht_occam_epoch *e)
{
    return e->compute;
}

/* Against what epochs are drawn: ui.axis, if all of them were counted. */
static value_of *axis_of(const ht_model *m)
{
    bool counted = m->epochs.count > 0 && isfinite(m->epochs.row[0].compute);
    return counted && ht_prune_axis_of(&m->applied) == HT_BY_COMPUTE ? compute : number;
}

static double kept(const ht_occam_epoch *e)
{
    return e->kept;
}

static double accuracy(const ht_occam_epoch *e)
{
    return e->accuracy;
}

static double lambda(const ht_occam_epoch *e)
{
    return e->lambda;
}

static double loss(const ht_occam_epoch *e)
{
    return e->loss;
}

static ht_series *add_epochs(const ht_model *m, ht_chart *chart, value_of *value, ht_role role,
                             const char *name)
{
    const ht_epochs *e = &m->epochs;
    ht_series *s = e->count ? ht_chart_add(chart, HT_MARK_LINE, role, name, e->count) : NULL;
    value_of *axis = axis_of(m);
    for (int i = 0; s && i < e->count; i++) s->x[i] = axis(&e->row[i]), s->high[i] = value(&e->row[i]);
    if (s) snprintf(s->value, sizeof s->value, "%.3g", value(&e->row[e->count - 1]));
    return s;
}

static bool prunes(const ht_model *m)
{
    return ht_params_get(&m->applied, HT_P_OCCAM_LAMBDA0) > 0;
}

static void begin(const ht_model *m, const char *title, ht_chart *chart)
{
    const ht_occam *o = &m->epochs.now;
    bool assessed = prunes(m) || ht_params_get(&m->applied, HT_P_OCCAM_HOLDOUT) > 0;
    ht_text_copy(chart->title, sizeof chart->title, title);
    ht_text_copy(chart->empty, sizeof chart->empty,
                 assessed ? "the first epoch is not over"
                          : "Occam is off; :occam.lambda0=0.3 prunes after each epoch");
    chart->unit = "";
    value_of *axis = axis_of(m);
    chart->x = (ht_axis){.integer = true, .label = "epoch"};
    if (axis == compute) chart->x = (ht_axis){.low = 0, .label = "multiply-adds of training"};
    for (int i = 0; i < m->epochs.count && o->best_epoch; i++)
        if (m->epochs.row[i].epoch == o->best_epoch || axis == number) {
            double best = axis == number ? (double)o->best_epoch : m->epochs.row[i].compute;
            ht_chart_mark(chart, true, best, HT_ROLE_MARK, "best");
            break;
        }
}

void ht_panel_epochs(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    begin(m, "Size and accuracy", chart);
    if (prunes(m)) {
        ht_series *s = add_epochs(m, chart, lambda, HT_ROLE_DIM, "λ");
        if (s) s->dash = HT_DOTTED;
    }
    add_epochs(m, chart, kept, HT_ROLE_WEIGHTS, "weights left");
    add_epochs(m, chart, accuracy, HT_ROLE_TEST, "accuracy");
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    ht_chart_fit(chart);
}

void ht_panel_epochs_loss(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    bool held = ht_params_get(&m->applied, HT_P_OCCAM_HOLDOUT) > 0;
    begin(m, held ? "Loss of the samples held back" : "Loss of the training samples", chart);
    ht_text_copy(chart->hint, sizeof chart->hint, "log y");
    chart->y.scale = HT_SCALE_LOG;
    chart->unit = "nats";
    add_epochs(m, chart, loss, HT_ROLE_TEST, "loss");
    ht_chart_fit(chart);
}

/* ---- the read-out ---- */

/* A dash where there is none yet. */
static void add_number(ht_form *form, const char *label, int digits, const char *unit, double value)
{
    char text[32] = "-";
    if (isfinite(value)) snprintf(text, sizeof text, "%.*f%s", digits, value, unit);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%s", text);
}

/* "1.24e+08" */
static void add_large(ht_form *form, const char *label, double value)
{
    if (isfinite(value)) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%.3g", value);
}

static void add_regime(const ht_model *m, ht_form *form)
{
    const ht_row_tails *rows = &m->report.tail.rows;
    char label[40];
    ht_panel_add_heading(form, "Regime");
    if (m->samples > 0) /* known with the data */
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "η/b", "%.2e", ht_eta_over_b(&m->applied, m->samples));
    for (int l = 0; l < rows->layers && rows->layers > 1; l++) {
        snprintf(label, sizeof label, "α̂ rows, layer %d", l + 1);
        add_number(form, label, 3, "", rows->layer[l]);
    }
    add_number(form, rows->layers > 1 ? "α̂ rows, median" : "α̂ rows", 3, "",
               rows->layers ? rows->median : (double)NAN);
    if (rows->kernel_median > 0) add_number(form, "α̂ kernels, median", 3, "", rows->kernel_median);
    if (ht_params_get(&m->applied, HT_P_TRAIN_AVERAGE) > 0)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "of the mean of", "%.0f steps",
                    ht_params_get(&m->applied, HT_P_TRAIN_AVERAGE));
}

static void add_size(const ht_model *m, ht_form *form)
{
    double known = m->report.count ? 100 : (double)NAN;
    ht_panel_add_heading(form, "Weights left");
    add_number(form, "|w| > 1e-4", 2, " %", known * m->report.large);
    add_number(form, "|w| > 2⁻²³", 2, " %", known * m->report.left);
    if (ht_params_get(&m->applied, HT_P_MODEL_FACTORS) > 1)
        add_number(form, "factors D", 0, "", ht_params_get(&m->applied, HT_P_MODEL_FACTORS));
}

static void add_occam(const ht_model *m, ht_form *form)
{
    const ht_epochs *e = &m->epochs;
    ht_panel_add_heading(form, "Epochs");
    if (e->count == 0) {
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, prunes(m) ? "none yet" : "Occam is off", "%s", "");
        return;
    }
    const ht_occam_epoch *last = &e->row[e->count - 1];
    add_number(form, "epoch", 0, "", (double)e->now.epochs);
    if (prunes(m)) add_number(form, "λ", 3, "", e->now.lambda);
    add_number(form, "weights left", 4, "", last->kept);
    add_large(form, "multiply-adds", last->multiply_adds);
    add_large(form, "of training", last->compute);
    add_number(form, "loss", 4, "", e->now.loss);
    add_number(form, "accuracy", 4, "", last->accuracy);
    if (e->now.best_epoch == 0) return;
    add_number(form, "best epoch", 0, "", (double)e->now.best_epoch);
    add_number(form, "its loss", 4, "", e->now.best_loss);
}

void ht_panel_method(const ht_model *m, ht_room room, ht_form *form)
{
    ht_text_copy(form->title, sizeof form->title, "This run's method");
    add_regime(m, form);
    add_size(m, form);
    add_occam(m, form);
    static const char words[] = "Raise η or lower b: the tails of the rows grow heavy without any noise. "
                                ":occam.lambda0=0.3, or a start "
                                "with --set model.factors=2 and weight decay, empties the network as it "
                                "learns. c trains all methods side "
                                "by side.";
    if (form->count + ht_panel_text_rows(room, words) + 1 > room.rows) return;
    ht_panel_add_heading(form, "Try");
    ht_panel_add_text(form, room, HT_ROLE_DIM, words);
}
