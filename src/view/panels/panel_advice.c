/* panel_advice.c - "Try this": one experiment that makes sense in this state, after what was done. It follows
 * the settings, the changes of this run and its results, and asks for nothing that cannot happen. */
#include <math.h>
#include <stdio.h>

#include "view/panels/panels.h"

#define HOW_LOWER "(↑ ↓ choose, ← lowers)"
#define HOW_RAISE "(↑ ↓ choose, → raises)"

typedef struct situation {
    const ht_model *m;
    int type;
    double alpha, sigma, mmo, kappa;
    bool decays;        /* old noise fades from the weights */
    bool noise_taken;   /* in this run, on its way */
    bool alpha_changed; /* the same */
} situation;

/* ---- what fits when ---------------------------------------------------------------------------- */

static bool has_noise(const situation *s)
{
    return s->type != HT_NOISE_NONE;
}

static bool is_gaussian(const situation *s)
{
    return s->alpha > 1.95;
}

/* Unknown is not away. */
static bool is_away(const situation *s)
{
    return fabs(s->mmo - s->alpha) > 0.15;
}

static bool noise_diverged(const situation *s)
{
    return s->m->state == HT_STATE_DIVERGED && has_noise(s);
}

static bool plain_diverged(const situation *s)
{
    return s->m->state == HT_STATE_DIVERGED;
}

static bool tail_stays(const situation *s)
{
    return !has_noise(s) && s->noise_taken && !s->decays;
}

static bool tail_fades(const situation *s)
{
    return !has_noise(s) && s->noise_taken;
}

static bool plain_without_size(const situation *s)
{
    return !has_noise(s) && s->sigma == 0;
}

static bool plain_and_gaussian(const situation *s)
{
    return !has_noise(s) && is_gaussian(s);
}

static bool is_plain(const situation *s)
{
    return !has_noise(s);
}

static bool without_size(const situation *s)
{
    return s->sigma == 0;
}

static bool old_draws_stay(const situation *s)
{
    return s->alpha_changed && !s->decays;
}

static bool is_shared(const situation *s)
{
    return s->type == HT_NOISE_SHARED;
}

static bool rows_depend(const situation *s)
{
    return s->type == HT_NOISE_ISOTROPIC && is_away(s);
}

static bool ended_away(const situation *s)
{
    return s->m->state == HT_STATE_DONE && is_away(s);
}

static bool alone(const situation *s)
{
    return s->m->ghost_count == 0;
}

/* A twin follows no schedule that depends on the end (lab/lab_twin.c). */
static bool alone_and_steady(const situation *s)
{
    return alone(s) && ht_params_get(&s->m->asked, HT_P_TRAIN_SCHEDULE) == 0;
}

static bool nearly_all_goes(const situation *s)
{
    return s->kappa > 0.9;
}

static bool has_room_below(const situation *s)
{
    return s->alpha > 1.3;
}

static bool always(const situation *s)
{
    (void)s;
    return true;
}

/* ---- the table --------------------------------------------------------------------------------- */

/* What has to be trained for it: nothing, further steps, the run from its start. */
typedef enum kind { LOOKING, STEPS, START } kind;

static const struct {
    bool (*fits)(const situation *s);
    kind needs;
    const char *text;
} table[] = {
    /* the first that fits */
    {noise_diverged, START, "Lower η or σ " HOW_LOWER ", then r starts over."},
    {plain_diverged, START, "Lower η " HOW_LOWER ", then r starts over."},
    {tail_stays, START, "The tail stays in the weights without noise. r, back to the start, takes it away."},
    {tail_fades, STEPS, "The tail fades at the pace of the weight decay: watch mmo and κ."},
    {plain_without_size, STEPS, "σ is 0: raise it " HOW_RAISE ", then O brings noise."},
    {plain_and_gaussian, STEPS, "Lower α " HOW_LOWER ", then O brings noise: the histogram grows a tail."},
    {is_plain, STEPS, "O brings noise: the histogram grows a tail, and κ rises."},
    {without_size, STEPS, "σ is 0, so nothing is added. Raise it " HOW_RAISE ": the tails grow."},
    {is_gaussian, STEPS, "α = 2 is Gaussian noise. Lower α " HOW_LOWER ": the tails grow, and κ with them."},
    {old_draws_stay, START,
     "α was changed on the way, and the old draws stay in the weights. r starts over with the new α."},
    {is_shared, START,
     "Set the noise type to iid (↑ ↓ choose, → changes), then r: do the norms and κ change?"},
    {rows_depend, LOOKING,
     "mmo takes the weights of a neuron for independent, which isotropic noise is not. t: mmo-multi goes by "
     "rows."},
    {ended_away, START, "mmo is away from the injected α. Raise σ " HOW_RAISE ", then r."},
    {is_away, STEPS, "mmo is away from the injected α: give it time, or raise σ " HOW_RAISE "."},
    {alone_and_steady, LOOKING,
     "n trains the same run without noise beside it: where are its mmo and κ? p walks along the pruning "
     "curve."},
    {alone, START, "g pins this run, R takes another seed: how far apart are the two κ?"},
    {nearly_all_goes, LOOKING,
     "κ is near 1: p walks along the pruning curve. Is what is left still as good?"},
    {has_room_below, START,
     "Lower α " HOW_LOWER ", then r: in most runs κ rises. p walks along the pruning curve."},
    {always, START, "g pins this run, R takes another seed: how far apart are the two κ?"},
};

/* What keeps a change on the way from being seen where training stands. */
static const char *how_it_trains(const ht_model *m, kind needs)
{
    if (needs == LOOKING || m->state == HT_STATE_RUNNING) return "";
    if (m->state == HT_STATE_DONE && needs == STEPS) return " This run is at its end: r, then Space.";
    return " Space trains.";
}

/* Something was changed after training had begun; to `value`, NaN: to anything. */
static bool changed(const ht_model *m, ht_param p, double value)
{
    for (int i = 0; i < m->moment_count; i++)
        if (m->moments[i].param == p && m->moments[i].step > 0 &&
            (isnan(value) || m->moments[i].after == value))
            return true;
    return false;
}

void ht_panel_advice(const ht_model *m, char *to, size_t size)
{
    const ht_params *p = &m->asked;
    const situation s = {.m = m,
                         .type = (int)ht_params_get(p, HT_P_NOISE_TYPE),
                         .alpha = ht_params_get(p, HT_P_NOISE_ALPHA),
                         .sigma = ht_params_get(p, HT_P_NOISE_SCALE),
                         .mmo = m->report.tail.looked && !ht_model_quiet(m) ? m->report.tail.now[HT_MMO].value
                                                                            : (double)NAN,
                         .kappa = ht_model_kappa_of(&m->report).value,
                         .decays = ht_params_get(p, HT_P_TRAIN_DECAY) > 0,
                         .noise_taken = changed(m, HT_P_NOISE_TYPE, HT_NOISE_NONE),
                         .alpha_changed = changed(m, HT_P_NOISE_ALPHA, NAN)};
    int i = 0;
    while (!table[i].fits(&s)) i++;
    snprintf(to, size, "%s%s", table[i].text, how_it_trains(m, table[i].needs));
}
