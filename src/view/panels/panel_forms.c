/* panel_forms.c - the panels made of rows: controls, and the numbers of the moment. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "params/batch.h"
#include "view/ghost.h"
#include "view/panel.h"
#include "view/panels/panels.h"
#include "chart/tail_table.h"

static void add_control(const ht_model *m, ht_form *form, int i)
{
    static const char *const names[HT_CONTROLS] = {"noise type", "α  stability", "σ  scale", "η  step size",
                                                   "b  batch"};
    ht_param p = ht_model_controls[i];
    const ht_param_info *info = ht_param_at(p);
    char value[HT_PARAM_VALUE];
    double asked = ht_params_get(&m->asked, p);
    ht_model_value(p, asked, value, sizeof value);
    if (m->prompt == HT_PROMPT_VALUE && m->control == i) snprintf(value, sizeof value, "%s▏", m->typed);
    ht_row *row = ht_form_add(form, info->type == HT_TYPE_CHOICE ? HT_ROW_CHOICE : HT_ROW_SLIDER,
                              HT_ROLE_TEXT, names[i], "%s", value);
    row->id = i;
    row->selected = m->control == i;
    row->position = ht_param_position(p, asked);
    row->applied = ht_param_position(p, ht_params_get(&m->applied, p));
    if (p == HT_P_NOISE_ALPHA || p == HT_P_NOISE_SCALE) /* not in force without noise */
        row->role = ht_params_get(&m->asked, HT_P_NOISE_TYPE) == HT_NOISE_NONE ? HT_ROLE_DIM : HT_ROLE_NOISE;
    ht_model_bound(info->low, row->low, sizeof row->low);
    ht_model_bound(info->high, row->high, sizeof row->high);
}

/* ---- numbers ----------------------------------------------------------------------------------- */

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

/* Of the curve of the settings' method: unknown until it was looked at. */
static double if_looked(const ht_report *r, double value)
{
    return r->count > 0 && r->look[r->method].count > 0 ? value : (double)NAN;
}

/* A heading whose numbers are of one step: "Tail index at step 1 310". */
static void add_heading(const ht_model *m, const char *what, bool known, uint64_t step, double seconds,
                        ht_form *form)
{
    char when[48] = "", heading[96];
    if (known) ht_model_when(m, step, seconds, when, sizeof when);
    snprintf(heading, sizeof heading, known ? "%s at %s" : "%s: measuring", what, when);
    ht_panel_add_heading(form, heading);
}

/* What a number is called and of which step it is, if that is not the one shown; `brief` where there is
 * little room beside so many columns of value. */
typedef struct dated {
    const char *name, *brief;
    bool known;
    uint64_t step;
    double seconds;
} dated;

static void date_label(const ht_model *m, ht_room room, int value, const dated *d, char *to, size_t size)
{
    enum { MARGINS = 3 };
    char when[48], step[24];
    ht_text_copy(to, size, d->name);
    if (!d->known || d->step == (m->frozen ? (uint64_t)m->frozen_step : m->step)) return;
    ht_model_when(m, d->step, d->seconds, when, sizeof when);
    ht_format_grouped(step, sizeof step, (long long)d->step);
    snprintf(to, size, "%s at %s", d->name, when);
    int room_left = room.columns - value - MARGINS;
    if ((int)ht_utf8_length(to) > room_left) snprintf(to, size, "%s at %s", d->name, step);
    if ((int)ht_utf8_length(to) > room_left) snprintf(to, size, "%s at %s", d->brief, step);
    if ((int)ht_utf8_length(to) > room_left) snprintf(to, size, "%s @%s", d->brief, step);
}

/* Of the newest evaluation: seldom of the step that training is at. */
static dated of_test(const ht_model *m, const char *name, const char *brief)
{
    const ht_curve *curve = &m->trace[HT_TRACE_TEST_ACCURACY];
    bool known = curve->count > 0 && isfinite(m->test_accuracy);
    double step = known ? curve->bucket[curve->count - 1].last : 0;
    return (dated){name, brief, known, (uint64_t)step, m->seconds};
}

static dated of_tail(const ht_report *r, const char *name, const char *brief)
{
    return (dated){name, brief, r->tail.looked, r->tail.step, r->tail.seconds};
}

static dated of_kappa(const ht_report *r, const char *name, const char *brief)
{
    ht_model_kappa kappa = ht_model_kappa_of(r);
    return (dated){name, brief, isfinite(kappa.value), kappa.step, kappa.seconds};
}

static dated of_curve(const ht_report *r, const char *name, const char *brief)
{
    const ht_prune_look *look = &r->look[r->method];
    return (dated){name, brief, r->count > 0 && look->count > 0, look->step, look->seconds};
}

/* Value and error, or why there is none. */
static void add_tail(const ht_report *r, ht_form *form, const char *label, ht_estimator estimator,
                     ht_role role)
{
    char said[24] = "-";
    const ht_estimate *e = &r->tail.now[estimator];
    if (r->tail.looked) ht_tail_say(e, said, sizeof said);
    ht_form_add(form, HT_ROW_VALUE, !r->tail.looked || e->quality == HT_QUALITY_GOOD ? role : HT_ROLE_WARNING,
                label, "%s", said);
}

/* "estimate (mmo)", in a narrow panel "α̂ (mmo)". */
static void add_estimate(const ht_report *r, ht_room room, ht_form *form, ht_estimator estimator,
                         ht_role role)
{
    enum { MARGINS = 3, VALUE = 13 }; /* "no heavy tail" */
    char label[40];
    int length = snprintf(label, sizeof label, "estimate (%s)", ht_estimator_at(estimator)->name);
    if (length + VALUE + MARGINS > room.columns)
        snprintf(label, sizeof label, "α̂ (%s)", ht_estimator_at(estimator)->name);
    add_tail(r, form, label, estimator, role);
}

/* The ε that κ is read off at. */
static double error_of(const ht_report *r)
{
    return r->glimpse.count > 0 ? r->glimpse.wanted : r->count > 0 ? r->error : 0.1;
}

static void name_kappa(const ht_report *r, char *to, size_t size)
{
    snprintf(to, size, "κ at %s = %.3g", ht_model_error_symbol(r), error_of(r));
}

static void add_kappa(const ht_report *r, ht_form *form)
{
    char label[40];
    name_kappa(r, label, sizeof label);
    add_fraction(form, HT_ROLE_KAPPA, label, ht_model_kappa_of(r).value);
}

/* What the panel NOW would say, in the rows under the controls; each with its step, as no heading has it. */
static void add_numbers(const ht_model *m, ht_room room, ht_form *form)
{
    enum { LEAST = 4, ALL = 5, FRACTION = 6, TAIL = 13, BOTH = 13 }; /* with the heading; columns of values */
    int rows = room.rows - form->count;
    const ht_report *r = &m->report;
    char label[96], kappa[40];
    if (rows < LEAST) return;
    dated test = of_test(m, "test accuracy", "test acc."), tail = of_tail(r, "α̂ (mmo)", "mmo"),
          curve = of_curve(r, "κ / accuracy", "κ/acc."), pruned = of_curve(r, "accuracy pruned", "pruned");
    ht_panel_add_heading(form, "Right now");
    date_label(m, room, FRACTION, &test, label, sizeof label);
    add_fraction(form, HT_ROLE_TEST, label, m->test_accuracy);
    date_label(m, room, TAIL, &tail, label, sizeof label);
    add_tail(r, form, label, HT_MMO, HT_ROLE_MMO);
    if (rows >= ALL) {
        name_kappa(r, kappa, sizeof kappa);
        dated own = of_kappa(r, kappa, "κ");
        date_label(m, room, FRACTION, &own, label, sizeof label);
        add_fraction(form, HT_ROLE_KAPPA, label, ht_model_kappa_of(r).value);
        date_label(m, room, FRACTION, &pruned, label, sizeof label);
        add_fraction(form, HT_ROLE_PRUNED, label, if_looked(r, r->pruned.accuracy));
    } else if (isfinite(if_looked(r, r->pruned.ratio))) { /* both of the curve */
        date_label(m, room, BOTH, &curve, label, sizeof label);
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, label, "%.3f / %.3f", r->pruned.ratio,
                    r->pruned.accuracy);
    } else {
        add_short(form, HT_ROLE_PRUNED, "κ / accuracy", (double)NAN);
    }
}

/* And how much of a batch larger than the training set is taken. */
static void add_eta_over_b(const ht_model *m, ht_form *form)
{
    char label[64] = "η/b", number[24];
    size_t taken = ht_batch_taken(&m->applied, m->samples);
    if (m->samples == 0) return; /* known with the data */
    ht_format_grouped(number, sizeof number, (long long)taken);
    if ((double)taken < ht_params_get(&m->applied, HT_P_TRAIN_BATCH))
        snprintf(label, sizeof label, "η/b (b = %s: all)", number);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, label, "%.2g", ht_eta_over_b(&m->applied, m->samples));
}

void ht_panel_controls(const ht_model *m, ht_room room, ht_form *form)
{
    ht_text_copy(form->title, sizeof form->title, "Controls");
    if (room.numbers && m->view == HT_VIEW_DASHBOARD && m->control >= 0) /* the charts take turns */
        ht_text_copy(form->hint, sizeof form->hint, "v: more charts");
    for (int i = 0; i < HT_CONTROLS; i++) add_control(m, form, i);
    if (room.numbers) add_numbers(m, room, form);
    if (form->count >= room.rows) return;
    add_eta_over_b(m, form);
}

static void say_thousandths(char *to, size_t size, double value)
{
    snprintf(to, size, isnan(value) ? "    -" : "%.3f", value);
}

/* Earlier runs: test accuracy, and κ. */
static void add_ghosts(const ht_model *m, ht_room room, ht_form *form)
{
    char label[80], accuracy[16], kappa[16];
    if (m->ghost_count == 0) return;
    form->crowded = form->count + 1 + m->ghost_count > room.rows;
    if (form->crowded) return;
    ht_panel_add_heading(form, "Ghosts: accuracy, κ");
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_ghost *g = m->ghost[i];
        ht_ghost_label(m, g, label, sizeof label);
        say_thousandths(accuracy, sizeof accuracy, g->test_accuracy);
        say_thousandths(kappa, sizeof kappa, ht_model_kappa_of(&g->report).value);
        ht_form_add(form, HT_ROW_VALUE, ht_ghost_role(g), label, "%s  %s", accuracy, kappa);
    }
}

/* The user's labels, the latest ones where there is no room for all. */
static void add_labels(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_labels *labels = &m->labels;
    int free = room.rows - form->count - 1, first = labels->count > free ? labels->count - free : 0;
    char heading[48] = "Labels", label[16], step[24];
    if (labels->count == 0 || free < 1) return;
    if (labels->left_out > 0)
        snprintf(heading, sizeof heading, "Labels (%d more found no room)", labels->left_out);
    else if (first > 0)
        snprintf(heading, sizeof heading, "Labels: %d before these", first);
    ht_panel_add_heading(form, heading);
    for (int i = first; i < labels->count; i++) {
        ht_format_grouped(step, sizeof step, (long long)labels->label[i].step);
        snprintf(label, sizeof label, "%d", i + 1);
        ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, label, "%s: %s", step, labels->label[i].text);
    }
}

/* ---- words beside the numbers ------------------------------------------------------------------ */

/* Words may fill what the numbers leave free, with a blank row between. */
static void add_words(const ht_model *m, ht_room room, ht_form *form)
{
    char tip[240];
    const char *explain =
        m->focus < HT_PANEL_COUNT && m->focus != HT_PANEL_NOW ? ht_panel_at(m->focus)->explain : "";
    if (m->control < 0 || m->lesson.open) return; /* a picture; a lesson says itself what to try */
    ht_panel_advice(m, tip, sizeof tip);
    if (form->count + 2 + ht_panel_text_rows(room, tip) > room.rows) return;
    ht_form_add(form, HT_ROW_TEXT, HT_ROLE_TEXT, "", "%s", "");
    ht_panel_add_heading(form, "Try this");
    ht_panel_add_text(form, room, HT_ROLE_TEXT, tip);
    if (!*explain || form->count + 2 + ht_panel_text_rows(room, explain) > room.rows) return;
    char heading[64];
    snprintf(heading, sizeof heading, "About this panel: %s", ht_panel_at(m->focus)->name);
    ht_form_add(form, HT_ROW_TEXT, HT_ROLE_TEXT, "", "%s", "");
    ht_panel_add_heading(form, heading);
    ht_panel_add_text(form, room, HT_ROLE_DIM, explain);
}

static void add_large(ht_form *form, ht_role role, const char *label, double value, int digits)
{
    char text[32] = "-";
    if (isfinite(value)) snprintf(text, sizeof text, "%.*f", digits, value);
    ht_form_add(form, HT_ROW_LARGE, role, label, "%s", text);
}

static void add_large_dated(const ht_model *m, ht_room room, ht_form *form, ht_role role, const dated *d,
                            double value, int digits)
{
    char label[96];
    date_label(m, room, 0, d, label, sizeof label); /* the value has rows of its own */
    add_large(form, role, label, value, digits);
}

/* For a projector: the three numbers that the lecture is about. */
static void add_large_numbers(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_report *r = &m->report;
    const ht_estimate *mmo = &r->tail.now[HT_MMO];
    char removable[48], label[96];
    snprintf(removable, sizeof removable, "κ: removable at %s = %.3g", ht_model_error_symbol(r), error_of(r));
    dated test = of_test(m, "test accuracy", "test acc."), tail = of_tail(r, "tail index α̂ (mmo)", "α̂ (mmo)"),
          kappa = of_kappa(r, removable, "κ"), pruned = of_curve(r, "pruned accuracy", "pruned");
    add_large_dated(m, room, form, HT_ROLE_TEST, &test, m->test_accuracy, 3);
    ht_form_add(form, HT_ROW_TEXT, HT_ROLE_TEXT, "", "%s", "");
    bool told = r->tail.looked && mmo->quality != HT_QUALITY_NOT_APPLICABLE && !ht_estimate_undetermined(mmo);
    add_large_dated(m, room, form, HT_ROLE_MMO, &tail, told ? mmo->value : (double)NAN, 2);
    if (r->tail.looked && mmo->quality != HT_QUALITY_GOOD)
        ht_form_add(form, HT_ROW_TEXT, HT_ROLE_WARNING, ht_quality_word(mmo->quality), " ");
    ht_form_add(form, HT_ROW_TEXT, HT_ROLE_TEXT, "", "%s", "");
    add_large_dated(m, room, form, HT_ROLE_KAPPA, &kappa, ht_model_kappa_of(r).value, 3);
    ht_form_add(form, HT_ROW_TEXT, HT_ROLE_TEXT, "", "%s", "");
    date_label(m, room, 6, &pruned, label, sizeof label);
    add_fraction(form, HT_ROLE_PRUNED, label, if_looked(r, r->pruned.accuracy));
}

void ht_panel_now(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_report *r = &m->report;
    ht_text_copy(form->title, sizeof form->title, "Right now");
    if (m->present && m->view == HT_VIEW_DASHBOARD) {
        add_large_numbers(m, room, form);
        add_ghosts(m, room, form);
        return;
    }
    char label[96];
    enum { VALUE = 8, ALL_OF_IT = 3 }; /* columns; rows that come after the layers */
    dated loss = of_test(m, "test loss", "test loss"), test = of_test(m, "test accuracy", "test acc.");
    add_short(form, HT_ROLE_TRAIN, "train loss", m->loss);
    date_label(m, room, VALUE, &loss, label, sizeof label);
    add_short(form, HT_ROLE_TEST, label, m->test_loss);
    if (m->language.tokens > 0) add_short(form, HT_ROLE_TEST, "bits a token", m->test_loss / log(2));
    add_fraction(form, HT_ROLE_TRAIN, "batch accuracy", m->batch_accuracy);
    date_label(m, room, VALUE, &test, label, sizeof label);
    add_fraction(form, HT_ROLE_TEST, label, m->test_accuracy);
    char layer[32], heading[48];
    ht_model_layer(m, layer, sizeof layer);
    snprintf(heading, sizeof heading, "Tail index%s", r->tail.layers > 0 ? ", median" : layer);
    add_heading(m, heading, r->tail.looked, r->tail.step, r->tail.seconds, form);
    add_short(form, HT_ROLE_NOISE, "α injected", ht_model_injected(m));
    add_estimate(r, room, form, HT_MMO, HT_ROLE_MMO);
    add_estimate(r, room, form, HT_HILL, HT_ROLE_HILL);
    ht_model_kappa kappa = ht_model_kappa_of(r);
    add_heading(m, "Compressibility", isfinite(kappa.value), kappa.step, kappa.seconds, form);
    add_kappa(r, form);
    ht_panel_add_layers(m, room, ALL_OF_IT, form);
    const ht_prune_look *look = &r->look[r->method];
    if (look->count == 0 || look->step != kappa.step)
        add_heading(m, "Pruned", r->count > 0 && look->count > 0, look->step, look->seconds, form);
    add_fraction(form, HT_ROLE_TEST, "accuracy before", if_looked(r, r->full.accuracy));
    add_fraction(form, HT_ROLE_PRUNED, "accuracy pruned", if_looked(r, r->pruned.accuracy));
    add_ghosts(m, room, form);
    add_labels(m, room, form);
    add_words(m, room, form);
}
