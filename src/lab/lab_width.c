/* lab_width.c - the width sweep in the lab: starting, stopping, and taking in how it stands. */
#include <string.h>

#include "lab/lab_handlers.h"
#include "base/clock.h"
#include "experiment/width_plan.h"

static ht_width_sweep_state *newest(ht_model *m)
{
    return m->width_sweep_count ? &m->width_sweep[m->width_sweep_count - 1] : NULL;
}

/* The kept width sweep of these settings, or NULL. */
static ht_width_sweep_state *find(const ht_lab *lab, const ht_params *params)
{
    ht_model *m = lab->model;
    const ht_params own = ht_width_settings(params, lab->session->data);
    for (int i = m->width_sweep_count; i-- > 0;)
        if (ht_width_sweep_same(&m->width_sweep[i].params, &own, true)) return &m->width_sweep[i];
    return NULL;
}

static void drop(ht_model *m, int i)
{
    m->width_sweep_count--;
    memmove(&m->width_sweep[i], &m->width_sweep[i + 1],
            (size_t)(m->width_sweep_count - i) * sizeof m->width_sweep[0]);
}

/* Room for one more, in the place of `same` (may be NULL), which it goes on with. */
static ht_width_sweep_state *make_room(ht_model *m, const ht_width_sweep_state *same)
{
    if (same)
        drop(m, (int)(same - m->width_sweep));
    else if (m->width_sweep_count == HT_WIDTH_SWEEPS)
        drop(m, 0), m->width_sweep_first++;
    return &m->width_sweep[m->width_sweep_count++];
}

/* A list of unequal widths cannot be swept as it is, unless they are parts of n: that is said. */
static void tell_widths(ht_lab *lab, const ht_params *params)
{
    int widths[HT_PARAM_LAYERS], depth = ht_params_widths(params, widths);
    bool equal = true;
    for (int l = 1; l < depth; l++) equal = equal && widths[l] == widths[0];
    if (!equal && ht_params_undoes(params, HT_P_MODEL_WIDTH))
        ht_lab_note(lab, true, "this sweep is of %d layers of one width each, in place of %.60s", depth,
                    ht_params_layout(params));
}

static void start(ht_lab *lab)
{
    ht_error err;
    ht_model *m = lab->model;
    const ht_params params = m->asked;
    const ht_width_sweep_state *same = find(lab, &params);
    ht_width_sweep *width_sweep =
        ht_width_sweep_start(&params, lab->session->data, ht_pool_threads(lab->session->pool), HT_SWEEP_SEEDS,
                             same ? same : newest(m), &err);
    if (!width_sweep) {
        ht_lab_note(lab, false, "%s", err.text);
        return;
    }
    lab->width_sweep = width_sweep;
    ht_lab_hold(lab);
    ht_width_sweep_look(width_sweep, make_room(m, same));
    tell_widths(lab, &params);
}

static bool nothing_done(const ht_model *m)
{
    int runs = 0;
    for (int i = 0; i < m->width_sweep_count; i++) runs += m->width_sweep[i].runs;
    return runs == 0;
}

/* From elsewhere w opens the view, and starts what it can show; in the view it adds runs, or lays
 * another width sweep over it where α, σ or the like have changed. */
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
        ht_lab_note(lab, true,
                    "the methods are being trained; Space stops them, then w starts a width sweep");
        return;
    }
    if (lab->width_sweep) {
        if (here) ht_lab_note(lab, true, "the width sweep adds runs until Space stops it; its results stay");
        return;
    }
    const ht_width_sweep_state *same = find(lab, &m->asked);
    if (here && same && same->complete)
        ht_lab_note(
            lab, true,
            "this width sweep is complete; change α, σ or the noise type, then w lays another over it");
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
    if (!lab->width_sweep) return false;
    ht_width_sweep_stop(lab->width_sweep);
    lab->stopping = true;
    lab->follow = HT_DO_NOTHING;
    return true;
}

/* Of its predictions. */
static size_t draws_of(const ht_width_sweep_state *s)
{
    size_t draws = 0;
    for (int i = 0; i < s->widths; i++)
        draws += s->predicted[i].ratio.count + (s->predicted[i].unknown != NULL);
    return draws;
}

static void finish(ht_lab *lab, const ht_width_sweep_state *s)
{
    ht_width_sweep_free(lab->width_sweep);
    lab->width_sweep = NULL;
    if (s->fault[0])
        ht_lab_note(lab, false, "the width sweep ended early: %s", s->fault);
    else if (!s->complete)
        ht_lab_note(lab, true, "width sweep stopped after %d runs; what is done stays, w adds more", s->runs);
}

/* What the view shows of it comes with these. */
static bool is_news(const ht_width_sweep_state *s, int runs, size_t draws)
{
    return !s->running || s->runs != runs || draws_of(s) != draws;
}

bool ht_lab_width_poll(ht_lab *lab)
{
    const double INTERVAL = 0.03;
    ht_width_sweep_state *s = newest(lab->model);
    if (!lab->width_sweep || !s || ht_now() - lab->width_sweep_looked < INTERVAL) return false;
    const int runs = s->runs;
    const size_t draws = draws_of(s);
    lab->width_sweep_looked = ht_now();
    ht_width_sweep_look(lab->width_sweep, s);
    if (!s->running) finish(lab, s);
    return is_news(s, runs, draws);
}
