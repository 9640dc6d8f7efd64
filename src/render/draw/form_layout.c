#include "render/draw/form_layout.h"

#include "base/text.h"
#include "render/draw/draw_frame.h"
#include "render/draw/draw_wrap.h"

enum {
    WIDE_FROM = 30, /* inner columns from which labels stand a blank away from the marker */
    LARGE = 5,
    SMALLER = 3,     /* rows of large digits */
    LARGE_FROM = 40, /* columns that the larger ones need */
    TRACK_LEAST = 6, /* a shorter slider says nothing */
};

static int length(const char *text)
{
    return (int)ht_utf8_length(text);
}

static void widen(int *widest, const char *text)
{
    int n = length(text);
    if (n > *widest) *widest = n;
}

void ht_form_text_columns(const ht_form_layout *l, const ht_row *row, int *x, int *width)
{
    *x = l->inner.x + l->indent + (row->kind == HT_ROW_KEY ? l->key + 2 : 0);
    *width = l->inner.x + l->inner.w - 1 - *x;
    if (*width < 1) *width = 1;
}

static int height_of(const ht_form_layout *l, const ht_row *row)
{
    int x, width;
    if (row->kind == HT_ROW_SLIDER) return l->two_lines ? 2 : 1;
    if (row->kind == HT_ROW_LARGE) return l->large + 1;
    if (row->kind != HT_ROW_TEXT && row->kind != HT_ROW_KEY) return 1;
    ht_form_text_columns(l, row, &x, &width);
    return ht_draw_wrap_count(l->surface, row->kind == HT_ROW_KEY ? row->value : row->label, width);
}

static void measure_columns(ht_form_layout *l, const ht_form *form)
{
    for (int i = 0; i < form->count; i++) {
        const ht_row *row = &form->rows[i];
        if (row->kind == HT_ROW_KEY) widen(&l->key, row->label);
        if (row->kind != HT_ROW_SLIDER) continue;
        widen(&l->label, row->label);
        widen(&l->value, row->value);
        widen(&l->low, row->low);
        widen(&l->high, row->high);
    }
    if (l->key > l->inner.w / 3) l->key = l->inner.w / 3;
}

static int total_height(const ht_form_layout *l, const ht_form *form)
{
    int total = 0;
    for (int i = 0; i < form->count; i++) total += height_of(l, &form->rows[i]);
    return total;
}

/* The last row may be cut by the panel's end: a long text is better begun than hidden. */
static int end_of_rows(const ht_form_layout *l, const ht_form *form)
{
    int i = l->first;
    for (int used = 0; i < form->count && used < l->inner.h; i++) used += height_of(l, &form->rows[i]);
    return i;
}

void ht_form_layout_make(ht_form_layout *l, ht_surface *s, ht_rect area, const ht_form *form)
{
    *l = (ht_form_layout){
        .surface = s, .inner = ht_frame_fits(area) ? ht_rect_inside(area) : area, .two_lines = true};
    l->indent = l->inner.w >= WIDE_FROM ? 2 : 1;
    measure_columns(l, form);
    l->large = LARGE;
    if (l->inner.w < LARGE_FROM || total_height(l, form) > l->inner.h) l->large = SMALLER;
    l->two_lines = total_height(l, form) <= l->inner.h;
    l->first = form->first < 0 ? 0 : form->first > form->count ? form->count : form->first;
    l->end = end_of_rows(l, form);
}

/* With a line of its own: between the ends of its range. Else: right of the value. */
static ht_rect track_of(const ht_form_layout *l, ht_rect row)
{
    int right = row.x + row.w - 1;
    ht_rect track = {row.x + l->indent + l->label + l->value + 4, row.y, 0, 1};
    if (l->two_lines) {
        track.x = row.x + l->indent + 2 + l->low + (l->low > 0);
        track.y = row.y + 1;
        right -= l->high + (l->high > 0);
    }
    track.w = right - track.x;
    if (track.w < TRACK_LEAST || track.y >= l->inner.y + l->inner.h) track = (ht_rect){row.x, row.y, 0, 0};
    return track;
}

ht_rect ht_form_layout_row(const ht_form_layout *l, const ht_form *form, int i, ht_rect *track)
{
    ht_rect nowhere = {l->inner.x, l->inner.y, 0, 0}, row = l->inner;
    if (track) *track = nowhere;
    if (i < l->first || i >= l->end || l->inner.w < 1) return nowhere;
    for (int k = l->first; k < i; k++) row.y += height_of(l, &form->rows[k]);
    row.h = height_of(l, &form->rows[i]);
    int room = l->inner.y + l->inner.h - row.y;
    if (row.h > room) row.h = room;
    if (track && form->rows[i].kind == HT_ROW_SLIDER) *track = track_of(l, row);
    return row;
}
