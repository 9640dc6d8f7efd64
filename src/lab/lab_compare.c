/* lab_compare.c - the comparison of methods in the lab: starting, stopping, and taking in how it stands. */
#include "lab/lab_handlers.h"
#include "base/clock.h"

static void start(ht_lab *lab)
{
    ht_error err;
    ht_model *m = lab->model;
    ht_compare_plan plan = ht_compare_plan_next(&m->asked, &m->compare);
    if (plan.refused) {
        ht_lab_note(lab, true, "%s", plan.refused);
        return;
    }
    lab->compare = ht_compare_start(&plan, lab->session->data, ht_pool_threads(lab->session->pool), &err);
    if (!lab->compare) {
        ht_lab_note(lab, false, "%s", err.text);
        return;
    }
    ht_lab_hold(lab);
    ht_compare_look(lab->compare, &m->compare);
}

/* From elsewhere c opens the view, and starts what it can show; in the view what was stopped goes on, or a
 * seed is added; where the settings have changed it begins anew. */
void ht_lab_compare(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    bool here = m->view == HT_VIEW_COMPARE, wanted = here || m->compare.done == 0;
    ht_lab_open_view(lab, HT_VIEW_COMPARE);
    if (lab->stopping && wanted) {
        lab->follow = action;
    } else if (lab->compare) {
        if (here)
            ht_lab_note(lab, true,
                        "the methods are still being trained; Space stops them, what is done stays");
    } else if (lab->width_sweep) {
        ht_lab_note(lab, true, "a width sweep is running; Space stops it, then c trains the methods");
    } else if (wanted) {
        start(lab);
    }
}

bool ht_lab_compare_stop(ht_lab *lab)
{
    if (!lab->compare) return false;
    ht_compare_stop(lab->compare);
    lab->stopping = true;
    lab->follow = HT_DO_NOTHING;
    return true;
}

static void finish(ht_lab *lab, const ht_compare_state *s)
{
    ht_compare_free(lab->compare);
    lab->compare = NULL;
    if (s->fault[0])
        ht_lab_note(lab, false, "the comparison ended early: %s", s->fault);
    else if (s->stopped)
        ht_lab_note(lab, true, "stopped after %d of %d runs; what is done stays", s->done, s->wanted);
}

bool ht_lab_compare_poll(ht_lab *lab)
{
    const double INTERVAL = 0.2;
    ht_compare_state *s = &lab->model->compare;
    if (!lab->compare || ht_now() - lab->compare_looked < INTERVAL) return false;
    lab->compare_looked = ht_now();
    ht_compare_look(lab->compare, s);
    if (!s->running) finish(lab, s);
    return true;
}
