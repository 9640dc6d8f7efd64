/* panel_help.c - the help screen, and text in forms. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/keymap.h"
#include "view/panel.h"

enum { MARGINS = 3 }; /* columns that a form keeps free beside text */

/* A blank between digits groups a number: "2 000". */
static bool is_break(const char *text, size_t at)
{
    return text[at] == ' ' &&
           !(at > 0 && isdigit((unsigned char)text[at - 1]) && isdigit((unsigned char)text[at + 1]));
}

/* Bytes of the next line of at most `width` characters, broken at a blank if there is one. */
static size_t line_length(const char *text, int width)
{
    size_t used = 0, blank = 0, n;
    unsigned c;
    for (int column = 0; (n = ht_utf8_decode(text + used, &c)) > 0 && c != '\n'; column++) {
        if (is_break(text, used)) blank = used;
        if (column >= width || used + n >= sizeof((ht_row *)0)->label) return blank ? blank : used;
        used += n;
    }
    return used;
}

static const char *next_line(const char *text, ht_room room, size_t *length)
{
    *length = line_length(text, room.columns > MARGINS + 1 ? room.columns - MARGINS : 1);
    text += *length;
    while (*text == ' ' || *text == '\n') text++;
    return text;
}

void ht_panel_add_heading(ht_form *form, const char *label)
{
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, label, "%s", "");
}

void ht_panel_add_text(ht_form *form, ht_room room, ht_role role, const char *text)
{
    size_t length;
    while (*text) {
        const char *next = next_line(text, room, &length);
        ht_row *row = ht_form_add(form, HT_ROW_TEXT, role, "", "%s", "");
        snprintf(row->label, sizeof row->label, "%.*s", (int)length, text);
        text = next;
    }
}

int ht_panel_text_rows(ht_room room, const char *text)
{
    size_t length;
    int rows = 0;
    for (; *text; rows++) text = next_line(text, room, &length);
    return rows;
}

/* Groups of the keymap: each begins at this action. */
static const struct {
    ht_action first;
    const char *heading;
} groups[] = {{HT_DO_PAUSE, "Keys: training"},
              {HT_DO_UP, "Keys: controls"},
              {HT_DO_PRUNING, "Keys: what is shown"},
              {HT_DO_EXPORT, "Keys: the rest"}};

static void add_keys(ht_form *form)
{
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
            if (groups[g].first == keys[i].action) ht_panel_add_heading(form, groups[g].heading);
        ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, keys[i].label, "%s", keys[i].help);
    }
}

void ht_panel_help(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_panel *panel = ht_panel_at(m->focus);
    char heading[64];
    ht_text_copy(form->title, sizeof form->title, "Help");
    ht_text_copy(form->hint, sizeof form->hint, "↑↓ scroll, Esc back");
    snprintf(heading, sizeof heading, "This panel: %s", panel->name);
    ht_panel_add_heading(form, heading);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, panel->explain);
    ht_panel_add_heading(form, "What this lab shows");
    ht_panel_add_text(
        form, room, HT_ROLE_TEXT,
        "A network with far more neurons than it needs learns while noise is added to its hidden weights. "
        "Each step does W ← W - η ∇L + σ η^(1/α) X, with X α-stable: the smaller α, the heavier the tails. "
        "As the width n grows the neurons become independent and heavy-tailed: a few carry nearly all of the "
        "norm, and the rest can be removed (arXiv 2306.08125).");
    add_keys(form);
    ht_panel_add_heading(form, "Mouse");
    ht_panel_add_text(
        form, room, HT_ROLE_TEXT,
        "Drag a slider or roll the wheel over it; click a control or a panel to choose it; click "
        "the pruning chart to put the cursor there.");
    ht_panel_add_heading(form, "This build");
    ht_panel_add_text(form, room, HT_ROLE_DIM, m->footer);
    form->first = m->help_scroll < form->count ? m->help_scroll : form->count - 1;
}
