#include "view/ghost.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static char free_letter(const ht_model *m)
{
    for (char letter = 'A';; letter++) {
        bool taken = false;
        for (int i = 0; i < m->ghost_count; i++) taken = taken || m->ghost[i]->letter == letter;
        if (!taken) return letter;
    }
}

static void keep_history(ht_ghost *ghost, const ht_model *m)
{
    memcpy(ghost->trace, m->trace, sizeof ghost->trace);
    ghost->heat = m->heat;
    ghost->moment_count = m->moment_count;
    memcpy(ghost->moments, m->moments, sizeof ghost->moments);
    ghost->labels = m->labels;
}

static void bring_history(const ht_ghost *ghost, ht_model *m)
{
    memcpy(m->trace, ghost->trace, sizeof m->trace);
    m->heat = ghost->heat;
    m->moment_count = ghost->moment_count;
    memcpy(m->moments, ghost->moments, sizeof m->moments);
    m->labels = ghost->labels;
}

/* Memory for one; that of a dropped one is reused. */
static ht_ghost *make(ht_model *m, const char *what, ht_error *err)
{
    ht_ghost *ghost = m->spare_ghost;
    if (!ghost) return ht_alloc(1, sizeof *ghost, what, err);
    m->spare_ghost = ghost->next;
    memset(ghost, 0, sizeof *ghost);
    return ghost;
}

static void put_aside(ht_model *m, ht_ghost *ghost)
{
    ghost->next = m->spare_ghost;
    m->spare_ghost = ghost;
}

/* Ghost i goes; the later ones move up. Returns its letter. */
static char take_out(ht_model *m, int i)
{
    ht_ghost *ghost = m->ghost[i];
    for (m->ghost_count--; i < m->ghost_count; i++) m->ghost[i] = m->ghost[i + 1];
    if (!ghost->shelved) put_aside(m, ghost);
    return ghost->letter;
}

void ht_ghost_follow(ht_ghost *ghost, const ht_model *run)
{
    ghost->step = run->frozen ? (uint64_t)run->frozen_step : run->step;
    ghost->params = run->applied;
    ghost->test_loss = run->test_loss;
    ghost->test_accuracy = run->test_accuracy;
    ghost->report = run->report;
    keep_history(ghost, run);
}

ht_ghost *ht_ghost_pin_other(ht_model *m, const ht_model *other, char *dropped, ht_error *err)
{
    *dropped = m->ghost_count == HT_GHOSTS ? take_out(m, 0) : 0;
    ht_ghost *ghost = make(m, "the ghost", err);
    if (!ghost) return NULL;
    ghost->letter = free_letter(m);
    ht_ghost_follow(ghost, other);
    return m->ghost[m->ghost_count++] = ghost;
}

ht_ghost *ht_ghost_pin(ht_model *m, char *dropped, ht_error *err)
{
    return ht_ghost_pin_other(m, m, dropped, err);
}

static int place_of(const ht_model *m, const ht_ghost *ghost)
{
    int i = m->ghost_count - 1;
    while (i >= 0 && m->ghost[i] != ghost) i--;
    return i;
}

bool ht_ghost_shown(const ht_model *m, const ht_ghost *ghost)
{
    return place_of(m, ghost) >= 0;
}

bool ht_ghost_show(ht_model *m, ht_ghost *ghost)
{
    if (m->ghost_count == HT_GHOSTS) return false;
    ghost->letter = free_letter(m);
    m->ghost[m->ghost_count++] = ghost;
    return true;
}

void ht_ghost_take(ht_model *m, const ht_ghost *ghost)
{
    int i = place_of(m, ghost);
    if (i >= 0) take_out(m, i);
}

void ht_ghost_hide(ht_model *m, const ht_ghost *ghost)
{
    if (ghost->shelved) ht_ghost_take(m, ghost);
}

ht_ghost *ht_ghost_twin(const ht_model *m)
{
    for (int i = 0; i < m->ghost_count; i++)
        if (m->ghost[i]->twin) return m->ghost[i];
    return NULL;
}

void ht_ghost_drop_twin(ht_model *m)
{
    for (int i = m->ghost_count; i-- > 0;)
        if (m->ghost[i]->twin) take_out(m, i);
}

char ht_ghost_drop(ht_model *m)
{
    return m->ghost_count ? take_out(m, m->ghost_count - 1) : 0;
}

ht_ghost *ht_ghost_newest(const ht_model *m)
{
    return m->ghost_count ? m->ghost[m->ghost_count - 1] : NULL;
}

void ht_ghost_catch_up(ht_model *m)
{
    ht_ghost *newest = ht_ghost_newest(m);
    if (!newest) return;
    newest->step = m->step;
    keep_history(newest, m);
}

/* The newest ghost of steps left by going back that reaches `step`, or -1. */
static int left_future(const ht_model *m, uint64_t step)
{
    int i = m->ghost_count - 1;
    while (i >= 0 && !(m->ghost[i]->left && m->ghost[i]->step >= step)) i--;
    return i;
}

void ht_ghost_return(ht_model *m, uint64_t step)
{
    int i = left_future(m, step);
    if (i < 0) return;
    ht_ghost *g = m->ghost[i];
    bring_history(g, m);
    if (g->step == step) take_out(m, i);
}

void ht_ghost_leave_run(ht_model *m)
{
    ht_error err;
    if (!m->left_run) m->left_run = make(m, "the run that is left", &err);
    if (m->left_run) keep_history(m->left_run, m);
}

bool ht_ghost_exchange_run(ht_model *m)
{
    ht_ghost *left = m->left_run;
    m->left_run = NULL;
    ht_ghost_leave_run(m);
    if (!left) return false;
    bring_history(left, m);
    put_aside(m, left);
    return true;
}

void ht_ghost_free_all(ht_model *m)
{
    while (m->ghost_count) take_out(m, 0);
    if (m->left_run) put_aside(m, m->left_run);
    m->left_run = NULL;
    for (ht_ghost *ghost; (ghost = m->spare_ghost); ht_free(ghost)) m->spare_ghost = ghost->next;
}

static double value_of(const ht_ghost *ghost, ht_param p)
{
    return ht_params_get(&ghost->params, p);
}

/* "A no noise": what set it apart from the run that is shown now. */
static void label_settings(const ht_model *m, const ht_ghost *g, char *to, size_t size)
{
    static const ht_param compared[] = {HT_P_NOISE_ALPHA, HT_P_NOISE_SCALE, HT_P_TRAIN_LR, HT_P_TRAIN_BATCH,
                                        HT_P_TRAIN_SEED};
    ht_text text = {0};
    char value[HT_PARAM_VALUE];
    int type = (int)value_of(g, HT_P_NOISE_TYPE);
    bool other_type = type != (int)ht_params_get(&m->applied, HT_P_NOISE_TYPE);
    ht_text_add(&text, "%c", g->letter);
    if (other_type)
        ht_text_add(&text, " %s",
                    type == HT_NOISE_NONE ? "no noise" : ht_param_choice(HT_P_NOISE_TYPE, type));
    for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++) {
        ht_param p = compared[i];
        bool of_noise = p == HT_P_NOISE_ALPHA || p == HT_P_NOISE_SCALE;
        if (of_noise && type == HT_NOISE_NONE) continue;
        if (value_of(g, p) == ht_params_get(&m->applied, p) && !(of_noise && other_type)) continue;
        ht_model_value(p, value_of(g, p), value, sizeof value);
        ht_text_add(&text, " %s %s", ht_model_symbol(p), value);
    }
    if (text.length == 1) { /* the same settings: another time */
        ht_format_grouped(value, sizeof value, (long long)g->step);
        ht_text_add(&text, " step %s", value);
    }
    ht_text_copy(to, size, text.data ? text.data : "");
    ht_text_free(&text);
}

void ht_ghost_label(const ht_model *m, const ht_ghost *g, char *to, size_t size)
{
    if (g->name[0])
        snprintf(to, size, "%c %s", g->letter, g->name);
    else
        label_settings(m, g, to, size);
}

ht_role ht_ghost_role(const ht_ghost *ghost)
{
    static const ht_role roles[HT_GHOSTS] = {HT_ROLE_GHOST, HT_ROLE_GHOST_2, HT_ROLE_GHOST_3,
                                             HT_ROLE_GHOST_4};
    return roles[(ghost->letter - 'A') % HT_GHOSTS];
}

ht_series *ht_ghost_add(const ht_model *m, ht_chart *chart, int i, int columns, int count)
{
    enum { WIDE_FROM = 90, NAMED_FROM = 30 }; /* columns: room for settings, for a name */
    char label[40];
    const ht_ghost *ghost = m->ghost[i];
    if (ht_chart_columns(chart, columns) >= (ghost->name[0] ? NAMED_FROM : WIDE_FROM))
        ht_ghost_label(m, ghost, label, sizeof label);
    else
        snprintf(label, sizeof label, "%c", ghost->letter);
    ht_series *series = ht_chart_add(chart, HT_MARK_LINE, ht_ghost_role(ghost), label, count);
    if (series) series->tag = ghost->letter;
    if (series) ht_ghost_label(m, ghost, series->said, sizeof series->said);
    return series;
}
