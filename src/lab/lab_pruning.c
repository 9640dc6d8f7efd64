/* lab_pruning.c - the pruning view: methods over each other, the cursor, and what is done to the running
 * network. */
#include <math.h>
#include <stdio.h>

#include "lab/lab_handlers.h"
#include "base/text.h"
#include "render/draw/draw.h"
#include "chart/prune_chart.h"
#include "view/pruning.h"

/* ---- what the analyst is asked for ---- */

static bool same_request(const ht_analysis_request *a, const ht_analysis_request *b)
{
    bool same_ratio = a->ratio == b->ratio || (isnan(a->ratio) && isnan(b->ratio));
    return a->methods == b->methods && a->watched == b->watched && a->timed == b->timed &&
           a->speed == b->speed && same_ratio && a->text == b->text && a->temperature == b->temperature;
}

static ht_analysis_request request_of(const ht_lab *lab)
{
    ht_analysis_request request = ht_pruning_request(lab->model);
    request.text = ht_layout_find(&lab->layout, HT_PANEL_TEXT) >= 0;
    request.temperature = lab->model->temperature;
    return request;
}

void ht_lab_look(ht_lab *lab)
{
    if (!lab->runner) return;
    ht_analysis_request request = request_of(lab);
    if (same_request(&request, &lab->request)) return;
    if (ht_runner_look(lab->runner, &request)) lab->request = request; /* else again with the next frame */
}

/* Everything that is shown, on all samples, and the speed at the cursor, though training may run. */
static void look_thoroughly(ht_lab *lab)
{
    ht_model *m = lab->model;
    const ht_prune_point *p = ht_pruning_under(m, ht_pruning_lead(m));
    m->prune_timed = p && m->prune_cursor >= 0 ? p->ratio : (double)NAN;
    ht_analysis_request request = request_of(lab);
    request.thorough = true;
    if (ht_runner_look(lab->runner, &request)) lab->request = request;
    ht_lab_note(lab, true, "looking at all test samples, and at the speed of the pruned network");
}

/* ---- the running network ---- */

static void prune(ht_lab *lab, bool keep_mask)
{
    ht_model *m = lab->model;
    char count[96];
    const ht_prune_look *look = ht_pruning_lead(m);
    const ht_prune_point *p = ht_pruning_under(m, look);
    if (!p) {
        ht_lab_note(lab, true, "nothing is known of %s yet", ht_prune_at(m->prune_lead)->name);
        return;
    }
    ht_prune_intent intent = ht_pruning_intent(m, keep_mask);
    if (ht_runner_prune(lab->runner, &intent) == 0) {
        ht_lab_busy(lab);
        return;
    }
    ht_lab_remember_state(lab, "the pruning");
    ht_pruning_count(look, m->prune_lead, p->removed, count, sizeof count);
    ht_lab_note(lab, true, "pruned %s, %s", count,
                keep_mask ? "mask kept: they stay at zero; u undoes, M takes the mask away"
                          : "which may grow back; u undoes");
}

void ht_lab_prune(ht_lab *lab, ht_action action)
{
    if (lab->model->view == HT_VIEW_PRUNING)
        prune(lab, action == HT_DO_PRUNE_KEEP);
    else
        ht_lab_note(lab, true, "p opens the pruning view; there x removes what its cursor says");
}

void ht_lab_unmask(ht_lab *lab, ht_action action)
{
    (void)action;
    if (lab->model->masked <= 0) {
        ht_lab_note(lab, true, "no mask holds any weight at zero");
        return;
    }
    ht_lab_send(lab, HT_COMMAND_UNMASK, 0, 0);
    ht_lab_remember_state(lab, "taking the mask away");
    ht_lab_note(lab, true, "the mask is gone: all weights are trained again; u brings it back");
}

/* ---- keys and mouse in the view ---- */

_Static_assert(HT_PRUNE_METHODS <= HT_DO_PANEL_9 - HT_DO_PANEL_1 + 1, "a method has no number key");

bool ht_lab_pruning_act(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    if (action >= HT_DO_PANEL_1 && action < HT_DO_PANEL_1 + HT_PRUNE_METHODS) {
        ht_pruning_choose(m, (ht_prune_method)(action - HT_DO_PANEL_1));
        return true;
    }
    switch (action) {
    case HT_DO_LESS:
    case HT_DO_MUCH_LESS:
        ht_pruning_move(m, -1, action == HT_DO_MUCH_LESS);
        return true;
    case HT_DO_MORE:
    case HT_DO_MUCH_MORE:
        ht_pruning_move(m, 1, action == HT_DO_MUCH_MORE);
        return true;
    case HT_DO_UP:
    case HT_DO_DOWN:
        ht_pruning_next(m, action == HT_DO_UP ? -1 : 1);
        return true;
    case HT_DO_WHOLE: /* back on κ */
        m->prune_cursor = -1;
        return true;
    case HT_DO_GO:
        look_thoroughly(lab);
        return true;
    default:
        return false;
    }
}

/* The method in this row of the read-out, or -1. */
static int method_at(ht_lab *lab, int column, int row)
{
    ht_rect ignored;
    const ht_row *at = ht_lab_row(lab, HT_PANEL_PRUNING_READOUT, column, row, &ignored);
    return at ? at->id : -1;
}

/* The method whose name in the chart's legend this is, or -1. */
static int method_in_legend(ht_lab *lab, ht_rect area, const ht_chart *chart, int column, int row)
{
    int series = ht_draw_legend_hit(ht_cells_surface(lab->cells), area, chart, column, row);
    int method = series < 0 ? -1 : chart->series[series].tag - ht_prune_tag(HT_PRUNE_NODE);
    return method >= 0 && method < HT_PRUNE_METHODS ? method : -1;
}

void ht_lab_pruning_press(ht_lab *lab, ht_panel_id panel, int column, int row)
{
    ht_rect area, plot;
    const ht_chart *chart = ht_lab_chart(lab, panel, &area, &plot);
    int method = chart && panel == HT_PANEL_PRUNING  ? method_in_legend(lab, area, chart, column, row)
                 : panel == HT_PANEL_PRUNING_READOUT ? method_at(lab, column, row)
                                                     : -1;
    if (method >= 0 && !lab->held)
        ht_pruning_choose(lab->model, (ht_prune_method)method);
    else if (chart && plot.w > 0 && row >= plot.y)
        lab->model->prune_cursor = fmin(1, fmax(0, (column - plot.x + 0.5) / plot.w));
}

void ht_lab_pruning_wheel(ht_lab *lab, int delta)
{
    ht_pruning_move(lab->model, delta, false);
}
