/* lab_timeline.c - going back: the bar with the states that are kept, and going to one of them. */
#include <math.h>

#include "lab/lab_handlers.h"
#include "base/text.h"
#include "view/ghost.h"
#include "view/stored.h"

/* All charts over steps show where the timeline stands. */
static void stand_at(ht_lab *lab, double step)
{
    ht_model *m = lab->model;
    m->timeline_at = step;
    m->cursor = (ht_cursor){.on = true, .panel = HT_PANEL_TIMELINE, .x = step, .over_steps = true};
}

void ht_lab_timeline_close(ht_lab *lab)
{
    if (lab->model->timeline) ht_lab_cursor_off(lab);
    lab->model->timeline = false;
}

void ht_lab_timeline(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    if (m->timeline) {
        ht_lab_timeline_close(lab);
    } else if (m->stored.count == 0) {
        ht_lab_note(lab, true, "no state is kept to go back to (run.memory_mb bounds how many are)");
    } else {
        m->timeline = true;
        stand_at(lab, ht_stored_nearest(&m->stored, (double)m->step));
    }
}

/* What is left behind stays on the charts. */
static void keep_future(ht_lab *lab, uint64_t step)
{
    char dropped;
    ht_error err;
    if (!ht_stored_leaves(lab->model, step)) return;
    ht_ghost *ghost = ht_ghost_pin(lab->model, &dropped, &err);
    if (ghost)
        ghost->left = lab->model->leaving =
            true; /* without memory it is not kept; one goes back all the same */
}

static void go(ht_lab *lab)
{
    ht_model *m = lab->model;
    char text[32];
    uint64_t step = (uint64_t)m->timeline_at;
    if (m->frozen) ht_model_freeze(m, false);
    if (ht_runner_send(lab->runner, HT_COMMAND_REWIND, 0, (double)step) == 0) {
        ht_lab_busy(lab);
        return;
    }
    keep_future(lab, step);
    ht_lab_remember_state(lab, "going back");
    ht_lab_timeline_close(lab);
    ht_format_grouped(text, sizeof text, (long long)step);
    ht_lab_note(lab, true, "rewound to step %s; Space goes on; the same settings make the same future", text);
}

static bool move(ht_lab *lab, int states)
{
    stand_at(lab, ht_stored_move(&lab->model->stored, lab->model->timeline_at, states));
    return true;
}

bool ht_lab_timeline_act(ht_lab *lab, ht_action action)
{
    switch (action) {
    case HT_DO_LESS:
    case HT_DO_EARLIER:
        return move(lab, -1);
    case HT_DO_MORE:
    case HT_DO_LATER:
        return move(lab, 1);
    case HT_DO_MUCH_LESS:
        return move(lab, -5);
    case HT_DO_MUCH_MORE:
        return move(lab, 5);
    case HT_DO_WHOLE:
        return move(lab, -HT_STORED);
    case HT_DO_LATEST:
        return move(lab, HT_STORED);
    case HT_DO_GO:
        go(lab);
        return true;
    case HT_DO_BACK:
        ht_lab_timeline_close(lab);
        return true;
    default:
        return false;
    }
}

void ht_lab_timeline_press(ht_lab *lab, int column)
{
    ht_rect area, plot;
    double before = lab->model->timeline_at;
    const ht_chart *chart = ht_lab_chart(lab, HT_PANEL_TIMELINE, &area, &plot);
    if (!chart || plot.w < 1) return;
    double position = fmin(1, fmax(0, (column - plot.x + 0.5) / plot.w));
    stand_at(lab, ht_stored_nearest(&lab->model->stored, ht_axis_value(&chart->x, position)));
    if (!lab->held && lab->model->timeline_at == before) go(lab); /* clicked again */
}
