/* lab_history.c - runs beside runs, and time: ghosts, freezing, the window of steps, smoothing. */
#include "lab/lab_handlers.h"
#include "base/text.h"
#include "view/ghost.h"
#include "view/window.h"

void ht_lab_ghost(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    char settings[64], step[24], dropped;
    ht_error err;
    (void)action;
    const ht_ghost *ghost = ht_ghost_pin(m, &dropped, &err);
    if (!ghost) {
        ht_lab_note(lab, false, "%s", err.text);
        return;
    }
    ht_model_noise(&ghost->params, settings, sizeof settings);
    ht_format_grouped(step, sizeof step, (long long)ghost->step);
    if (dropped)
        ht_lab_note(lab, true, "ghost %c: %s, step %s; %c, the oldest, gave way. N names it", ghost->letter,
                    settings, step, dropped);
    else
        ht_lab_note(lab, true, "ghost %c: %s, step %s. N names it, r starts again with the same weights",
                    ghost->letter, settings, step);
}

void ht_lab_drop_ghost(ht_lab *lab, ht_action action)
{
    char letter = ht_ghost_drop(lab->model);
    (void)action;
    if (letter)
        ht_lab_note(lab, true, "ghost %c dropped", letter);
    else
        ht_lab_note(lab, true, "there is no ghost; g pins the run as one");
}

void ht_lab_freeze(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    ht_model_freeze(m, !m->frozen);
    if (m->frozen) ht_lab_note(lab, true, "the view stands still, training goes on; f catches up");
}

void ht_lab_window(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    double low, high;
    ht_window_steps(m, &low, &high);
    switch (action) {
    case HT_DO_CLOSER:
        ht_window_zoom(m, 0.5, high);
        break;
    case HT_DO_FARTHER:
        ht_window_zoom(m, 2, high);
        break;
    case HT_DO_WHOLE:
        ht_window_whole(m);
        break;
    case HT_DO_LATEST:
        ht_window_latest(m);
        break;
    default:
        if (ht_lab_scroll_page(lab, m->focus, action == HT_DO_EARLIER ? -1 : 1)) break;
        if (m->window <= 0) ht_lab_note(lab, true, "this is the whole run; + or the wheel looks closer");
        ht_window_scroll(m, action == HT_DO_EARLIER ? -0.5 : 0.5);
    }
}

void ht_lab_smooth(ht_lab *lab, ht_action action)
{
    ht_params *p = &lab->model->asked;
    double now = ht_params_get(p, HT_P_UI_SMOOTH);
    (void)action;
    double next = ht_params_put(p, HT_P_UI_SMOOTH, now < 10 ? 10 : now < 100 ? 100 : now < 1000 ? 1000 : 0);
    if (next > 0)
        ht_lab_note(lab, true, "curves are means over %.0f steps, the raw ones dimmed behind", next);
    else
        ht_lab_note(lab, true, "curves as they are, no smoothing");
}
