/* panel_text.c - text in forms. */
#include <ctype.h>
#include <stdio.h>

#include "base/text.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"

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

/* The same where letters are narrower: as many words as fit by measure. */
static size_t measured_length(const char *text, ht_room room, int width)
{
    char line[sizeof((ht_row *)0)->label];
    size_t fits = 0, used = 0;
    for (bool ends = false; !ends && used + 1 < sizeof line;) {
        if (text[used]) used++;
        while (text[used] && text[used] != '\n' && !is_break(text, used) && used + 1 < sizeof line) used++;
        ends = text[used] == '\0' || text[used] == '\n';
        snprintf(line, sizeof line, "%.*s", (int)used, text);
        if (room.measure(room.surface, line) > width) break;
        if (ends || is_break(text, used)) fits = used;
    }
    return fits > 0 ? fits : line_length(text, width);
}

static const char *next_line(const char *text, ht_room room, size_t *length)
{
    int width = room.columns > MARGINS + 1 ? room.columns - MARGINS : 1;
    *length = room.measure && *text != '\n' ? measured_length(text, room, width) : line_length(text, width);
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

void ht_panel_add_layers(const ht_model *m, ht_room room, int after, ht_form *form)
{
    const ht_glimpse *g = &m->report.glimpse;
    char name[32];
    if (g->count == 0 || g->kappa.units == 0 || g->layers < 2) return;
    int first = g->layer == HT_ALL_LAYERS ? 0 : g->layer,
        end = g->layer == HT_ALL_LAYERS ? g->layers : first + 1;
    for (int l = first; l < end && form->count + after < room.rows; l++) {
        ht_layers_name(m, l, name, sizeof name);
        ht_form_add(form, HT_ROW_VALUE, l == g->layer ? HT_ROLE_KAPPA : HT_ROLE_DIM, name, "%.4f",
                    (double)g->of[l].removed / g->of[l].units);
    }
}

void ht_panel_add_keys(const ht_model *m, ht_form *form, ht_room room, const ht_panel_key *keys, int count)
{
    int rows = 1;
    for (int i = 0; i < count; i++) rows += keys[i].now;
    if (m->control < 0 || rows == 1 || form->count + rows > room.rows) return;
    ht_panel_add_heading(form, "Keys");
    for (int i = 0; i < count; i++)
        if (keys[i].now) ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, keys[i].key, "%s", keys[i].words);
}

void ht_panel_say_when(const ht_model *m, uint64_t step, double seconds, ht_chart *chart)
{
    char when[48], note[sizeof chart->note];
    ht_model_when(m, step, seconds, when, sizeof when);
    ht_text_copy(note, sizeof note, chart->note);
    snprintf(chart->note, sizeof chart->note, "at %s%s%s", when, note[0] ? " · " : "", note);
}
