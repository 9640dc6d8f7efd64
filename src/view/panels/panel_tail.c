/* panel_tail.c - the tail view: distributions, Hill plot, spectrum, and all estimates as a table. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "view/ghost.h"
#include "view/layers/layers.h"
#include "view/panel.h"
#include "view/panels/panels.h"
#include "chart/tail_charts.h"
#include "chart/tail_table.h"

/* NULL until the analyst has made one. */
static const ht_tail_picture *picture_of(const ht_report *r)
{
    return r->tail.looked && r->tail.picture.rows > 0 ? &r->tail.picture : NULL;
}

/* Of the same layer. */
static const ht_tail_picture *ghost_of(const ht_model *m, int i)
{
    const ht_report *r = &m->ghost[i]->report;
    return r->tail.drawn == m->report.tail.drawn ? picture_of(r) : NULL;
}

/* ---- charts ---- */

/* What waits for a look; with several layers, whose tail is drawn: of all of them the largest's. */
static void name_chart(const ht_model *m, ht_chart *chart)
{
    const ht_tail_look *tail = &m->report.tail;
    if (ht_layers_count(m) > 1)
        ht_layers_name(m, tail->looked ? tail->drawn : m->layer, chart->hint, sizeof chart->hint);
    if (!picture_of(&m->report)) ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
}

typedef const ht_tail_ccdf *ccdf_of(const ht_tail_picture *picture);

static const ht_tail_ccdf *weights_of(const ht_tail_picture *p)
{
    return &p->weights;
}

static const ht_tail_ccdf *norms_of(const ht_tail_picture *p)
{
    return &p->norms;
}

static const ht_tail_ccdf *spectrum_of(const ht_tail_picture *p)
{
    return &p->eigenvalues;
}

/* Earlier tails come first and lie behind. */
static void add_ghosts(const ht_model *m, ccdf_of *part, int columns, ht_chart *chart)
{
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_tail_picture *p = ghost_of(m, i);
        if (p) ht_tail_ccdf_fill(part(p), ht_ghost_add(m, chart, i, columns, part(p)->count));
    }
}

static void widen(const ht_model *m, ccdf_of *part, ht_chart *chart)
{
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_tail_picture *p = ghost_of(m, i);
        if (p) ht_tail_chart_widen(chart, part(p));
    }
}

void ht_panel_tail_weights(const ht_model *m, int columns, ht_chart *chart)
{
    static const ht_tail_picture none;
    const ht_tail_picture *p = picture_of(&m->report);
    if (p) add_ghosts(m, weights_of, columns, chart);
    ht_tail_chart_weights(p ? p : &none, ht_model_injected(m), chart);
    if (p) widen(m, weights_of, chart);
    name_chart(m, chart);
}

void ht_panel_tail_norms(const ht_model *m, int columns, ht_chart *chart)
{
    static const ht_tail_picture none;
    const ht_tail_picture *p = picture_of(&m->report);
    if (p) add_ghosts(m, norms_of, columns, chart);
    ht_tail_chart_norms(p ? p : &none, ht_model_injected(m), chart);
    if (p) widen(m, norms_of, chart);
    name_chart(m, chart);
}

void ht_panel_tail_spectrum(const ht_model *m, int columns, ht_chart *chart)
{
    static const ht_tail_picture none;
    const ht_tail_picture *p = picture_of(&m->report);
    if (p) add_ghosts(m, spectrum_of, columns, chart);
    ht_tail_chart_spectrum(p ? p : &none, chart);
    if (p) widen(m, spectrum_of, chart);
    name_chart(m, chart);
}

void ht_panel_tail_hill(const ht_model *m, int columns, ht_chart *chart)
{
    static const ht_tail_picture none;
    const ht_tail_picture *p = picture_of(&m->report);
    for (int i = 0; p && i < m->ghost_count; i++) {
        const ht_tail_picture *ghost = ghost_of(m, i);
        if (ghost) ht_tail_hill_fill(ghost, ht_ghost_add(m, chart, i, columns, ht_tail_hill_points(ghost)));
    }
    ht_tail_chart_hill(p ? p : &none, ht_model_injected(m), chart);
    name_chart(m, chart);
}

/* ---- table ---- */

static void add_ghost_rows(const ht_model *m, ht_room room, ht_form *form)
{
    char label[80], said[24];
    if (m->ghost_count == 0 || form->count + 1 + m->ghost_count > room.rows) return;
    ht_panel_add_heading(form, "Ghosts: mmo");
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_report *r = &m->ghost[i]->report;
        ht_ghost_label(m, m->ghost[i], label, sizeof label);
        ht_tail_say(&r->tail.now[HT_MMO], said, sizeof said);
        ht_form_add(form, HT_ROW_VALUE, ht_ghost_role(m->ghost[i]), label, "%s", r->tail.looked ? said : "–");
    }
}

static bool occurs_in(const ht_tail_picture *p, ht_quality q)
{
    bool occurs = false;
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
        occurs = occurs || (p->by_rows[r].quality == q && isfinite(p->by_rows[r].value));
    for (int e = 0; e < HT_ESTIMATORS; e++)
        occurs = occurs || (p->all[e].quality == q && isfinite(p->all[e].value)) ||
                 (p->of_norms[e].quality == q && isfinite(p->of_norms[e].value));
    return occurs;
}

static bool occurs_first(const ht_tail_picture *p, ht_quality q)
{
    const ht_estimate *trusted[HT_TAIL_TRUSTED];
    int good, count = ht_tail_trusted(p, HT_TAIL_TRUSTED, trusted, &good);
    bool occurs = false;
    for (int i = 0; i < count; i++) occurs = occurs || trusted[i]->quality == q;
    return occurs;
}

/* What the words in the table mean, of those that occur; while there is room. */
static void add_meanings(const ht_tail_picture *p, bool all, ht_room room, ht_form *form)
{
    char line[200];
    bool begun = false;
    for (int q = 0; q < HT_QUALITIES; q++) {
        bool occurs = all ? occurs_in(p, (ht_quality)q) : occurs_first(p, (ht_quality)q);
        snprintf(line, sizeof line, "%s: %s.", ht_quality_word((ht_quality)q),
                 ht_quality_meaning((ht_quality)q));
        if (!occurs || form->count + 2 + ht_panel_text_rows(room, line) > room.rows) continue;
        if (!begun) ht_panel_add_heading(form, "How far to believe them");
        begun = true;
        ht_panel_add_text(form, room, HT_ROLE_DIM, line);
    }
}

/* The noise that the table's estimates are held against. */
static ht_tail_injected injected_of(const ht_model *m)
{
    bool mixed = ht_model_old_noise(m, (double)m->report.tail.picture_step) > 0;
    return (ht_tail_injected){.alpha = mixed ? (double)NAN : ht_model_injected(m),
                              .independent = ht_params_get(&m->applied, HT_P_NOISE_TYPE) == HT_NOISE_IID};
}

/* Of all layers: each one's, before the table of the one that is drawn. */
static void add_layers(const ht_model *m, ht_form *form)
{
    const ht_tail_look *tail = &m->report.tail;
    char label[96], said[40];
    ht_panel_add_heading(form, "mmo of each layer (y picks one)");
    for (int l = 0; l < tail->layers && l < ht_layers_count(m); l++) {
        bool good = tail->of[l].quality == HT_QUALITY_GOOD;
        ht_layers_say(m, l, label, sizeof label);
        ht_tail_say(&tail->of[l], said, sizeof said);
        ht_form_add(form, HT_ROW_VALUE, good ? HT_ROLE_MMO : HT_ROLE_WARNING, label, "%s", said);
    }
    ht_layers_name(m, tail->drawn, said, sizeof said);
    snprintf(label, sizeof label, "%s, the largest, as drawn", said);
    ht_panel_add_heading(form, label);
}

/* What "covers α?" compares, or why it does not. */
static void add_compared(const ht_model *m, ht_room room, ht_form *form)
{
    char words[300], left[24];
    double alpha = ht_model_injected(m), wait = ht_model_old_noise(m, (double)m->report.tail.picture_step);
    const char *spectrum = injected_of(m).independent ? " (of the spectrum 1 + α/2)" : "";
    if (m->watched)
        ht_text_copy(words, sizeof words,
                     "covers α: not compared, the noise of a watched training is not known.");
    else if (ht_model_quiet(m))
        ht_text_copy(words, sizeof words,
                     "covers α: not compared, this layer gets no noise (noise.first_conv is off).");
    else if (isnan(alpha))
        ht_text_copy(words, sizeof words, "covers α: not compared, there is no noise now.");
    else if (isinf(wait))
        ht_text_copy(
            words, sizeof words,
            "covers α: not compared; noise of before the change is in the weights, and without weight "
            "decay it stays.");
    else if (wait > 0)
        snprintf(words, sizeof words,
                 "covers α: not compared; noise of before the change fades for another %s steps.",
                 (ht_format_grouped(left, sizeof left, (long long)ceil(wait)), left));
    else
        snprintf(words, sizeof words,
                 "covers α: does the 95 %% interval (± 2 standard errors, s.e.) hold the injected α = "
                 "%.3g%s? A good estimate "
                 "may say no: the weights are not that noise alone.",
                 alpha, spectrum);
    if (form->count + ht_panel_text_rows(room, words) <= room.rows)
        ht_panel_add_text(form, room, HT_ROLE_NOISE, words);
}

/* About the panel with the frame. */
static void add_about(const ht_model *m, ht_room room, ht_form *form)
{
    char heading[64];
    if (m->control < 0 || m->focus >= HT_PANEL_COUNT) return; /* a picture */
    if (m->watched) return;                                   /* ? has it */
    const ht_panel *panel = ht_panel_at(m->focus);
    if (form->count + 1 + ht_panel_text_rows(room, panel->explain) > room.rows) return;
    snprintf(heading, sizeof heading, "About this panel: %s", panel->name);
    ht_panel_add_heading(form, heading);
    ht_panel_add_text(form, room, HT_ROLE_DIM, panel->explain);
}

void ht_panel_tail_table(const ht_model *m, ht_room room, ht_form *form)
{
    char layer[32], name[24], step[24];
    bool drawn = m->control < 0; /* a picture cannot be unfolded */
    const ht_tail_picture *p = picture_of(&m->report);
    bool several = ht_model_layer(m, layer, sizeof layer);
    ht_tail_form_spec table = {.columns = room.columns, .all = drawn || m->tail_all};
    table.key = drawn ? NULL : "Enter";
    table.injected = injected_of(m);
    if (m->report.tail.layers > 0) add_layers(m, form);
    if (p) ht_tail_form(p, &table, form);
    ht_layers_name(m, m->report.tail.drawn, name, sizeof name);
    snprintf(form->title, sizeof form->title, "Tail index α̂%s%s", several ? ", " : "",
             m->report.tail.layers > 0 ? "each layer"
             : several                 ? name
                                       : "");
    if (!p) {
        ht_panel_add_text(form, room, HT_ROLE_DIM, "Measuring.");
        return;
    }
    ht_format_grouped(step, sizeof step, (long long)m->report.tail.picture_step);
    snprintf(form->hint, sizeof form->hint, "step %s", step);
    add_compared(m, room, form);
    add_ghost_rows(m, room, form);
    add_meanings(p, table.all, room, form);
    add_about(m, room, form);
}
