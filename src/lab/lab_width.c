/* lab_width.c - the ladder of widths in the lab: starting, stopping, and taking in how it stands. */
#include <string.h>

#include "lab/lab_handlers.h"
#include "base/clock.h"

static ht_ladder_state *newest(ht_model *m)
{
    return m->ladder_count ? &m->ladder[m->ladder_count - 1] : NULL;
}

static bool complete(const ht_ladder_state *s)
{
    return !s->running && !s->stopped;
}

/* The kept ladder of these settings, or NULL. */
static ht_ladder_state *find(ht_model *m, const ht_params *params)
{
    for (int i = m->ladder_count; i-- > 0;) {
        ht_params own = m->ladder[i].params;
        /* It had steps of its own when the settings have no goal. */
        if (ht_params_get(params, HT_P_TRAIN_STEPS) == 0 && ht_params_get(params, HT_P_TRAIN_STOP) == 0)
            ht_params_put(&own, HT_P_TRAIN_STEPS, 0);
        if (ht_ladder_same(&own, params, true)) return &m->ladder[i];
    }
    return NULL;
}

static void drop(ht_model *m, int i)
{
    m->ladder_count--;
    memmove(&m->ladder[i], &m->ladder[i + 1], (size_t)(m->ladder_count - i) * sizeof m->ladder[0]);
}

/* Room for one more; an unfinished ladder of the same settings makes way for it. */
static ht_ladder_state *make_room(ht_model *m, const ht_params *params)
{
    ht_ladder_state *same = find(m, params);
    if (same)
        drop(m, (int)(same - m->ladder));
    else if (m->ladder_count == HT_LADDERS)
        drop(m, 0), m->ladder_first++;
    return &m->ladder[m->ladder_count++];
}

static void start(ht_lab *lab)
{
    ht_error err;
    ht_model *m = lab->model;
    const ht_params params = m->asked;
    ht_ladder *ladder =
        ht_ladder_start(&params, lab->session->data, ht_pool_threads(lab->session->pool), newest(m), &err);
    if (!ladder) {
        ht_lab_note(lab, false, "%s", err.text);
        return;
    }
    lab->ladder = ladder;
    ht_lab_hold(lab);
    ht_ladder_look(ladder, make_room(m, &params));
}

static bool nothing_done(const ht_model *m)
{
    int done = 0;
    for (int i = 0; i < m->ladder_count; i++) done += m->ladder[i].done;
    return done == 0;
}

/* From elsewhere w opens the view, and starts what it can show; in the view it asks for one more. */
void ht_lab_width(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    bool here = m->view == HT_VIEW_WIDTH;
    m->view = HT_VIEW_WIDTH;
    if (lab->stopping && (here || nothing_done(m))) {
        lab->follow = action;
        return;
    }
    if (lab->compare) {
        ht_lab_note(lab, true, "the roads are being trained; Space stops them, then w trains a ladder");
        return;
    }
    if (lab->ladder) {
        if (here) ht_lab_note(lab, true, "the ladder is still running; Space stops it, its results stay");
        return;
    }
    const ht_ladder_state *same = find(m, &m->asked);
    if (here && same && complete(same))
        ht_lab_note(lab, true,
                    "this ladder is there; change α, σ or the noise type, then w lays another over it");
    else if (here || nothing_done(m))
        start(lab);
}

bool ht_lab_width_act(ht_lab *lab, ht_action action)
{
    (void)lab;
    return action == HT_DO_NEXT_PANEL || action == HT_DO_PREVIOUS_PANEL; /* nothing here to choose from */
}

bool ht_lab_width_stop(ht_lab *lab)
{
    if (!lab->ladder) return false;
    ht_ladder_stop(lab->ladder);
    lab->stopping = true;
    lab->follow = HT_DO_NOTHING;
    return true;
}

static void finish(ht_lab *lab, const ht_ladder_state *s)
{
    ht_ladder_free(lab->ladder);
    lab->ladder = NULL;
    if (s->fault[0])
        ht_lab_note(lab, false, "the ladder ended early: %s", s->fault);
    else if (s->stopped)
        ht_lab_note(lab, true, "ladder stopped after %d of %d runs; what is done stays", s->done, s->total);
}

bool ht_lab_width_poll(ht_lab *lab)
{
    const double INTERVAL = 0.2;
    ht_ladder_state *s = newest(lab->model);
    if (!lab->ladder || !s || ht_now() - lab->ladder_looked < INTERVAL) return false;
    lab->ladder_looked = ht_now();
    ht_ladder_look(lab->ladder, s);
    if (!s->running) finish(lab, s);
    return true;
}
