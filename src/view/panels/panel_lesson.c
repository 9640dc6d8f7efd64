/* panel_lesson.c - the page of a lesson. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/panels/panels.h"

static void add_line(const ht_model *m, int i, ht_room room, ht_form *form)
{
    char text[200];
    bool known = m->lesson.line[i].known, holds = m->lesson.line[i].holds;
    snprintf(text, sizeof text, "%s %s", !known ? "…" : holds ? "✓" : "×", m->lesson.line[i].said);
    ht_panel_add_text(form, room, !known ? HT_ROLE_DIM : holds ? HT_ROLE_GOOD : HT_ROLE_BAD, text);
}

/* Each line loses what stands from the first such letter on. */
static void cut_lines(char *text, char at)
{
    char *to = text;
    for (bool cut = false; *text; text++) {
        cut = *text != '\n' && (cut || *text == at);
        if (!cut) *to++ = *text;
    }
    *to = '\0';
}

/* Lines that fit into one become one; none is broken. */
static void join_lines(ht_room room, char *text)
{
    for (char *line = text, *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n')) {
        char *after = strchr(end + 1, '\n');
        *end = ' ';
        if (after) *after = '\0';
        bool fits = ht_panel_text_rows(room, line) == 1;
        if (after) *after = '\n';
        if (fits) continue;
        *end = '\n';
        line = end + 1;
    }
}

/* What each lesson is about goes where there is no room for it; then how those of other networks begin; then
 * the lines. */
static void shorten_list(ht_room room, int rows, char text[sizeof((ht_lesson_page *)0)->text])
{
    if (ht_panel_text_rows(room, text) > rows) cut_lines(text, ':');
    if (ht_panel_text_rows(room, text) > rows) cut_lines(text, '(');
    if (ht_panel_text_rows(room, text) <= rows) return;
    join_lines(room, text);
}

/* What is to be done first, then why; what does not fit is the explanation's end. */
void ht_panel_lesson(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_lesson_page *page = &m->lesson;
    char press[100], text[sizeof page->text];
    ht_text_copy(form->title, sizeof form->title, page->title);
    snprintf(press, sizeof press, "▸ %s", page->press);
    if (page->press[0]) ht_panel_add_text(form, room, HT_ROLE_KEY, press);
    for (int i = 0; i < page->lines; i++) add_line(m, i, room, form);
    ht_text_copy(text, sizeof text, page->text);
    if (page->list) shorten_list(room, room.rows - form->count, text);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, text);
    if (page->next[0]) ht_panel_add_text(form, room, HT_ROLE_DIM, page->next);
}
