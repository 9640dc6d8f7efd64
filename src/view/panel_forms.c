/* panel_forms.c - the panels made of rows: controls, the numbers of the moment, help. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/keymap.h"
#include "view/panel.h"

static void add_control(const ht_model *m, ht_form *form, int i)
{
    static const char *const names[HT_CONTROLS] = {"noise type", "α  stability", "σ  scale", "η  step size",
                                                   "b  batch"};
    ht_param p = ht_model_controls[i];
    const ht_param_info *info = ht_param_at(p);
    char value[HT_PARAM_VALUE];
    double asked = ht_params_get(&m->asked, p);
    ht_model_value(p, asked, value, sizeof value);
    if (m->typing && m->control == i) snprintf(value, sizeof value, "%s▏", m->typed);
    ht_row *row = ht_form_add(form, info->type == HT_TYPE_CHOICE ? HT_ROW_CHOICE : HT_ROW_SLIDER,
                              HT_ROLE_TEXT, names[i], "%s", value);
    row->id = i;
    row->selected = m->control == i;
    row->position = ht_param_position(p, asked);
    row->applied = ht_param_position(p, ht_params_get(&m->applied, p));
    if (p == HT_P_NOISE_ALPHA || p == HT_P_NOISE_SCALE) row->role = HT_ROLE_NOISE;
    snprintf(row->low, sizeof row->low, "%.3g", info->low);
    ht_format_short(row->high, sizeof row->high, info->high, 3);
    if (info->type == HT_TYPE_INT || info->scale == HT_PSCALE_LOG) {
        snprintf(row->low, sizeof row->low, "%.0e", info->low);
        if (info->low >= 1) snprintf(row->low, sizeof row->low, "%.0f", info->low);
        if (info->high <= 100) snprintf(row->high, sizeof row->high, "%.0f", info->high);
    }
}

void ht_panel_controls(const ht_model *m, int columns, ht_form *form)
{
    (void)columns;
    ht_text_copy(form->title, sizeof form->title, "Controls");
    for (int i = 0; i < HT_CONTROLS; i++) add_control(m, form, i);
    double lr = ht_params_get(&m->applied, HT_P_TRAIN_LR),
           batch = ht_params_get(&m->applied, HT_P_TRAIN_BATCH);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "η/b", "%.2g", lr / batch);
    if (m->typing_error[0]) ht_form_add(form, HT_ROW_TEXT, HT_ROLE_BAD, m->typing_error, "%s", "");
}

/* A dash where there is no value yet. */
static void add_short(ht_form *form, ht_role role, const char *label, double value)
{
    char text[32] = "-";
    if (!isnan(value)) ht_format_short(text, sizeof text, value, 3);
    ht_form_add(form, HT_ROW_VALUE, role, label, "%s", text);
}

static void add_fraction(ht_form *form, ht_role role, const char *label, double value)
{
    if (isnan(value))
        add_short(form, role, label, value);
    else
        ht_form_add(form, HT_ROW_VALUE, role, label, "%.4f", value);
}

void ht_panel_now(const ht_model *m, int columns, ht_form *form)
{
    (void)columns;
    const ht_report *r = &m->report;
    bool looked = r->count > 0;
    ht_text_copy(form->title, sizeof form->title, "Right now");
    add_short(form, HT_ROLE_TRAIN, "train loss", m->loss);
    add_short(form, HT_ROLE_TEST, "test loss", m->test_loss);
    add_fraction(form, HT_ROLE_TRAIN, "batch accuracy", m->batch_accuracy);
    add_fraction(form, HT_ROLE_TEST, "test accuracy", m->test_accuracy);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "Tail index", "%s", "");
    double injected = ht_curve_last(&m->alpha);
    bool noisy = ht_params_get(&m->applied, HT_P_NOISE_TYPE) != HT_NOISE_NONE;
    add_short(form, HT_ROLE_NOISE, "α injected", noisy ? injected : (double)NAN);
    add_short(form, HT_ROLE_MMO, "α̂ mmo", looked ? r->tail.mmo : (double)NAN);
    add_short(form, HT_ROLE_HILL, "α̂ hill", looked ? r->tail.hill : (double)NAN);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "Compressibility", "%s", "");
    char label[40];
    snprintf(label, sizeof label, "κ at %s = %.3g", r->metric == HT_FRO ? "ε" : "ε²",
             looked ? r->error : 0.1);
    add_fraction(form, HT_ROLE_MARK, label, looked ? r->pruned.ratio : (double)NAN);
    add_fraction(form, HT_ROLE_TEST, "accuracy before", looked ? r->full.accuracy : (double)NAN);
    add_fraction(form, HT_ROLE_PRUNED, "accuracy pruned", looked ? r->pruned.accuracy : (double)NAN);
}

/* Paragraphs are separated by line feeds; long ones are cut at blanks to fit a row's label. */
static void add_text(ht_form *form, ht_role role, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n"), limit = sizeof form->rows[0].label - 1;
        size_t take = length < limit ? length : limit;
        while (take < length && take > 0 && text[take] != ' ') take--;
        if (take == 0) take = length < limit ? length : limit;
        ht_row *row = ht_form_add(form, HT_ROW_TEXT, role, "", "%s", "");
        snprintf(row->label, sizeof row->label, "%.*s", (int)take, text);
        text += take;
        while (*text == ' ' || *text == '\n') text++;
    }
}

void ht_panel_help(const ht_model *m, int columns, ht_form *form)
{
    (void)columns;
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    const ht_panel *panel = ht_panel_at(m->focus);
    ht_text_copy(form->title, sizeof form->title, "Help");
    ht_text_copy(form->hint, sizeof form->hint, "↑ ↓ scroll · Esc back");
    char heading[64];
    snprintf(heading, sizeof heading, "This panel: %s", panel->name);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, heading, "%s", "");
    add_text(form, HT_ROLE_TEXT, panel->explain);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "Keys", "%s", "");
    for (size_t i = 0; i < count; i++)
        ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, keys[i].label, "%s", keys[i].help);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "Mouse", "%s", "");
    add_text(form, HT_ROLE_TEXT,
             "Drag a slider or roll the wheel over it; click a control or a panel to choose it; click the "
             "pruning chart to "
             "put the cursor there.");
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "What this lab shows", "%s", "");
    add_text(form, HT_ROLE_TEXT,
             "Each step does W ← W - η ∇L + σ η^(1/α) X, X α-stable noise. As the width n grows the neurons "
             "become independent and "
             "heavy-tailed: a few carry nearly all of the norm, the rest can be removed (arXiv 2306.08125).");
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "This build", "%s", "");
    add_text(form, HT_ROLE_DIM, m->footer);
    form->first = m->help_scroll < form->count ? m->help_scroll : form->count - 1;
}
