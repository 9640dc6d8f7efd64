#include "render/draw/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "render/draw/draw_frame.h"
#include "render/draw/form_layout.h"
#include "render/draw/draw_wrap.h"

static ht_role label_role(const ht_row *row)
{
    return row->selected ? HT_ROLE_SELECTED : HT_ROLE_TEXT;
}

/* The chosen row: its blanks are in the role SELECTED too, for themes that reverse it, and a marker stands
 * before it. */
static void draw_selection(ht_surface *s, ht_rect row)
{
    char blanks[HT_WRAP_LINE];
    int n = row.w < (int)sizeof blanks ? row.w : (int)sizeof blanks - 1;
    memset(blanks, ' ', (size_t)n);
    blanks[n] = '\0';
    s->ops->text(s, row.x, row.y, n, HT_ALIGN_LEFT, HT_ROLE_SELECTED, 0, blanks);
    s->ops->text(s, row.x, row.y, 1, HT_ALIGN_LEFT, HT_ROLE_SELECTED, 0, "▸");
}

/* Label left, value right; the value keeps what it needs, at most two thirds. */
static void draw_value(ht_surface *s, const ht_form_layout *l, ht_rect r, const ht_row *row,
                       const char *value)
{
    int x = r.x + l->indent, room = r.x + r.w - 1 - x;
    int width = (int)ceil(s->ops->measure(s, HT_BOLD, value));
    if (room < 1) return;
    int label = (int)ceil(s->ops->measure(s, HT_BOLD, row->label)), most = room * 2 / 3;
    if (label + 1 + width > room && width > most && most > 0) width = most;
    if (label > room - width - 1) label = room - width - 1;
    s->ops->text(s, x, r.y, label, HT_ALIGN_LEFT, label_role(row), 0, row->label);
    if (width > room) width = room;
    s->ops->text(s, x + room - width, r.y, width, HT_ALIGN_RIGHT,
                 row->selected ? HT_ROLE_SELECTED : row->role, HT_BOLD, value);
}

/* Fields in columns, which padding with blanks would not make of a proportional font. */
static void draw_table(ht_surface *s, const ht_form_layout *l, ht_rect r, const ht_form *form,
                       const ht_row *row)
{
    int x = r.x + l->indent, width = r.w - l->indent - 1, from = 0;
    const char *field = row->label;
    for (int i = 0; *field && i <= HT_FORM_STOPS; i++) {
        char text[sizeof row->label];
        size_t length = strcspn(field, "\t");
        int end = i == 0 ? form->stop[0] : form->stop[i - 1];
        if (end > width) end = width;
        snprintf(text, sizeof text, "%.*s", (int)length, field);
        s->ops->text(s, x + from, r.y, end - from, i == 0 ? HT_ALIGN_LEFT : HT_ALIGN_RIGHT, label_role(row),
                     0, text);
        if (i > 0) from = end;
        field += length + (field[length] == '\t');
    }
    s->ops->text(s, x + from, r.y, width - from, HT_ALIGN_RIGHT, row->selected ? HT_ROLE_SELECTED : row->role,
                 HT_BOLD, row->value);
}

static void draw_slider_one_line(ht_surface *s, const ht_form_layout *l, ht_rect r, const ht_row *row)
{
    int x = r.x + l->indent, value_x = x + l->label + 2;
    s->ops->text(s, x, r.y, l->label + 1, HT_ALIGN_LEFT, label_role(row), 0, row->label);
    s->ops->text(s, value_x, r.y, l->value + 1, HT_ALIGN_LEFT, row->selected ? HT_ROLE_SELECTED : row->role,
                 HT_BOLD, row->value);
}

static void draw_slider(ht_surface *s, const ht_form_layout *l, ht_rect r, ht_rect track, const ht_row *row)
{
    if (track.w > 0 && track.y == r.y) {
        draw_slider_one_line(s, l, r, row);
    } else {
        draw_value(s, l, r, row, row->value);
    }
    if (track.w >
        0) /* not in the role SELECTED, which a theme may reverse: a filled track would be a block */
        s->ops->slider(s, row->selected ? HT_ROLE_KEY : HT_ROLE_SLIDER, track.x, track.y, track.w,
                       row->position, row->applied);
    if (track.w == 0 || track.y == r.y) return;
    s->ops->text(s, track.x - 1 - l->low, track.y, l->low, HT_ALIGN_RIGHT, HT_ROLE_DIM, 0, row->low);
    s->ops->text(s, track.x + track.w + 1, track.y, l->high, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, row->high);
}

static void draw_heading(ht_surface *s, ht_rect area, ht_rect r, const ht_row *row, int focus)
{
    char text[sizeof row->label + 2];
    ht_role rule = focus ? HT_ROLE_FOCUS : HT_ROLE_FRAME;
    double left = ht_frame_fits(area) ? area.x + 0.5 : r.x,
           right = ht_frame_fits(area) ? area.x + area.w - 0.5 : r.x + r.w;
    s->ops->rule(s, rule, false, left, r.y + 0.5, right, r.y + 0.5);
    snprintf(text, sizeof text, " %s ", row->label);
    if (row->label[0]) s->ops->text(s, r.x + 1, r.y, r.w - 2, HT_ALIGN_LEFT, HT_ROLE_TITLE, HT_BOLD, text);
}

static void draw_wrapped(ht_surface *s, const ht_form_layout *l, ht_rect r, const ht_row *row)
{
    char line[HT_WRAP_LINE];
    int x, width;
    const char *rest = row->kind == HT_ROW_KEY ? row->value : row->label;
    ht_role role = row->selected ? HT_ROLE_SELECTED : row->role;
    ht_form_text_columns(l, row, &x, &width);
    if (row->kind == HT_ROW_KEY)
        s->ops->text(s, r.x + l->indent, r.y, l->key, HT_ALIGN_LEFT, HT_ROLE_KEY, HT_BOLD, row->label);
    for (int y = r.y; y < r.y + r.h && ht_draw_wrap_next(s, &rest, width, line); y++)
        s->ops->text(s, x, y, width, HT_ALIGN_LEFT, role, 0, line);
}

static void draw_large(ht_surface *s, const ht_form_layout *l, ht_rect r, const ht_row *row)
{
    int x = r.x + l->indent, width = r.x + r.w - 1 - x;
    s->ops->text(s, x, r.y, width, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, row->label);
    if (r.h > l->large) s->ops->large(s, x, r.y + 1, width, l->large, row->role, row->value);
}

static void draw_row(ht_surface *s, ht_rect area, const ht_form_layout *l, const ht_form *form, int i,
                     int focus)
{
    char choice[sizeof form->rows[i].value + 16];
    const ht_row *row = &form->rows[i];
    ht_rect track, r = ht_form_layout_row(l, form, i, &track);
    if (r.w == 0 || r.h == 0) return;
    if (row->selected && row->kind != HT_ROW_HEADING) draw_selection(s, r);
    switch (row->kind) {
    case HT_ROW_HEADING:
        draw_heading(s, area, r, row, focus);
        break;
    case HT_ROW_VALUE:
        draw_value(s, l, r, row, row->value);
        break;
    case HT_ROW_TABLE:
        draw_table(s, l, r, form, row);
        break;
    case HT_ROW_SLIDER:
        draw_slider(s, l, r, track, row);
        break;
    case HT_ROW_CHOICE:
        snprintf(choice, sizeof choice, "‹ %s ›", row->value);
        draw_value(s, l, r, row, choice);
        break;
    case HT_ROW_LARGE:
        draw_large(s, l, r, row);
        break;
    case HT_ROW_TEXT:
    case HT_ROW_KEY:
        draw_wrapped(s, l, r, row);
        break;
    }
}

/* Is something left to scroll to below? Also when the last row shown is cut. */
static bool has_more(const ht_form_layout *l, const ht_form *form)
{
    if (l->end < form->count) return true;
    if (l->end <= l->first) return false;
    ht_form_layout endless = *l;
    endless.inner.h = 1 << 20;
    return ht_form_layout_row(&endless, form, l->end - 1, NULL).h >
           ht_form_layout_row(l, form, l->end - 1, NULL).h;
}

void ht_draw_form(ht_surface *s, ht_rect area, const ht_form *form, int focus)
{
    ht_form_layout l;
    if (area.w <= 0 || area.h <= 0) return;
    ht_form_layout_make(&l, s, area, form);
    ht_rect clip = ht_clip_to(s, area);
    if (ht_frame_fits(area)) ht_frame_draw(s, area, form->title, form->hint, focus);
    for (int i = l.first; i < l.end; i++) draw_row(s, area, &l, form, i, focus);
    if (ht_frame_fits(area)) {
        char more[40];
        snprintf(more, sizeof more, "▾ more%s", form->keys);
        if (has_more(&l, form)) ht_frame_foot(s, area, HT_ALIGN_RIGHT, HT_ROLE_DIM, more);
        if (l.first > 0) ht_frame_foot(s, area, HT_ALIGN_LEFT, HT_ROLE_DIM, "▴ more");
    }
    s->clip = clip;
}

ht_rect ht_draw_row_area(ht_rect area, const ht_form *form, int i, ht_rect *track)
{
    ht_form_layout layout;
    ht_form_layout_make(&layout, NULL, area, form);
    return ht_form_layout_row(&layout, form, i, track);
}

bool ht_draw_has_more(ht_rect area, const ht_form *form)
{
    ht_form_layout l;
    ht_form_layout_make(&l, NULL, area, form);
    return has_more(&l, form);
}
