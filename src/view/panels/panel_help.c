/* panel_help.c - the help screen. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/keymap.h"
#include "view/panel.h"
#include "view/panels/panels.h"
#include "view/watched/watched.h"
#include "view/words/glossary.h"

/* Upper and lower case of ASCII alike; everything contains the empty word. */
static bool contains(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

/* A part of help: a heading and its text, if one of them has what is looked for. */
static void add_part(const ht_model *m, ht_room room, ht_form *form, ht_role role, const char *heading,
                     const char *text)
{
    if (!contains(heading, m->search) && !contains(text, m->search)) return;
    ht_panel_add_heading(form, heading);
    ht_panel_add_text(form, room, role, text);
}

/* A heading stands over what follows it, and is not there without it. */
static void add_key(const ht_model *m, ht_form *form, const char **heading, const char *label,
                    const char *help)
{
    if (!contains(label, m->search) && !contains(help, m->search)) return;
    if (*heading) ht_panel_add_heading(form, *heading);
    *heading = NULL;
    ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, label, "%s", help);
}

/* Groups of the keymap: each begins at this action. */
static const struct {
    ht_action first;
    const char *heading;
} groups[] = {{HT_DO_PAUSE, "Keys: training"},       {HT_DO_UP, "Keys: controls"},
              {HT_DO_PRUNING, "Keys: views"},        {HT_DO_GHOST, "Keys: compare"},
              {HT_DO_FREEZE, "Keys: time"},          {HT_DO_NEXT_PANEL, "Keys: panels"},
              {HT_DO_SYMBOLS, "Keys: how it looks"}, {HT_DO_EXPORT, "Keys: the rest"}};

static void add_keys(const ht_model *m, ht_form *form)
{
    size_t count;
    const char *heading = NULL;
    const ht_key_info *keys = ht_keymap(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
            if (groups[g].first == keys[i].action) heading = groups[g].heading;
        if (ht_watched_refusal(m, keys[i].action)) continue;
        bool next = m->watched && keys[i].action == HT_DO_TWIN,
             one = m->watched && keys[i].action == HT_DO_METHOD;
        add_key(m, form, &heading, keys[i].label,
                next  ? "the next of the watched trainings is drawn in full, the others as ghosts"
                : one ? "the next of the metrics alone, after the last all of them"
                      : keys[i].help);
    }
}

/* The words that the chosen panel speaks of; or all that have what is looked for. */
static void add_words(const ht_model *m, ht_form *form, const ht_explained *told, bool all)
{
    size_t count;
    char label[64], text[400];
    const ht_word *words = ht_words(&count);
    const char *heading = all ? "Words" : "Its words",
               *explain = m->focus < HT_PANEL_COUNT ? ht_panel_at(m->focus)->explain : "";
    for (size_t i = 0; i < count; i++) {
        const ht_word *w = &words[i];
        if (!all && !ht_word_is_in(w, explain)) continue;
        if (strcmp(w->meaning, told->text) == 0) continue;
        snprintf(label, sizeof label, "%s%s%s", w->symbol, w->symbol[0] ? " " : "", w->word);
        snprintf(text, sizeof text, "%s (%s)", w->meaning, w->where);
        if (!all || !m->search[0] || strcasestr(w->also, m->search) || contains(label, m->search)) {
            if (heading) ht_panel_add_heading(form, heading);
            heading = NULL;
            ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, label, "%s", text);
        } else {
            add_key(m, form, &heading, label, text);
        }
    }
}

/* What : can set while training runs. */
static void add_settings(const ht_model *m, ht_form *form)
{
    const char *heading = "Settings: type : key=value";
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_param_at((ht_param)p)->live != HT_RESET)
            add_key(m, form, &heading, ht_param_at((ht_param)p)->key, ht_param_at((ht_param)p)->help);
}

/* Looking for a word looks at every panel; else help begins with the chosen one. */
static void add_panels(const ht_model *m, ht_room room, ht_form *form)
{
    char heading[64], text[2000];
    for (int i = 0; i < HT_PANEL_COUNT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        bool chosen = (ht_panel_id)i == m->focus;
        if ((!chosen && !m->search[0]) || panel->explain[0] == '\0') continue;
        snprintf(heading, sizeof heading, "%s: %s", chosen ? "This panel" : "Panel", panel->name);
        ht_text_copy(text, sizeof text, panel->explain);
        char *advice = m->watched && panel->home != HT_VIEW_LAYERS ? strstr(text, "\nTry:") : NULL;
        if (advice) *advice = '\0'; /* it is about a training that can be led */
        add_part(m, room, form, HT_ROLE_TEXT, heading, text);
    }
}

/* What was asked for comes first, as `heavytail explain` says it. */
static void add_explained(const ht_explained *e, ht_room room, ht_form *form)
{
    char text[sizeof e->text + sizeof e->where + 8];
    ht_panel_add_heading(form, e->title);
    snprintf(text, sizeof text, "%s (%s)", e->text, e->where);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, text);
}

void ht_panel_help(const ht_model *m, ht_room room, ht_form *form)
{
    ht_explained told = {0};
    ht_text_copy(form->title, sizeof form->title, "Help");
    if (m->search[0]) snprintf(form->title, sizeof form->title, "Help on \"%.40s\"", m->search);
    ht_text_copy(form->hint, sizeof form->hint, "/ find, Esc back");
    if (m->search[0] && ht_word_explain(m->search, &told)) add_explained(&told, room, form);
    if (m->search[0]) add_words(m, form, &told, true);
    add_panels(m, room, form);
    if (!m->search[0]) add_words(m, form, &told, false);
    add_part(
        m, room, form, HT_ROLE_TEXT, "What this lab shows",
        "A network with far more neurons than it needs learns while noise is added to its hidden weights. "
        "Each step does W ← W - η ∇L + σ η^(1/α) X, with X α-stable: the smaller α, the heavier the tails. "
        "As the width n grows the neurons become independent and heavy-tailed: a few carry nearly all of the "
        "norm, and the rest can be removed (arXiv 2306.08125).");
    add_keys(m, form);
    add_part(m, room, form, HT_ROLE_TEXT, "Mouse",
             "Drag a slider or roll the wheel over it. The mouse over a chart reads its values; a "
             "click leaves the cursor there (Esc ends it). Click its "
             "title to zoom it, a word of the key bar to press that key. The wheel over a chart of steps "
             "zooms time about the mouse, over a panel with ▾ more it scrolls.");
    add_settings(m, form);
    if (!m->search[0]) add_words(m, form, &told, true);
    add_part(m, room, form, HT_ROLE_DIM, "This build", m->footer);
    if (form->count == 0) ht_form_add(form, HT_ROW_TEXT, HT_ROLE_DIM, "nothing has this word", "%s", "");
    ht_text_copy(form->keys, sizeof form->keys, ": ↓ ]");
    form->first = m->help_scroll < form->count ? m->help_scroll : form->count - 1;
}
