#include "render/screen.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "render/draw/draw.h"
#include "render/draw/draw_frame.h"
#include "render/draw/draw_wrap.h"
#include "render/same.h"
#include "base/wrap.h"
#include "view/panel.h"
#include "view/panel_fill.h"
#include "view/readout.h"

enum { KEY_SPANS = 2 }; /* a key and its word */

void ht_screen_free(ht_screen *screen)
{
    ht_chart_free(&screen->chart);
}

static double measure(void *surface, const char *text)
{
    ht_surface *s = surface;
    return s->ops->measure(s, HT_BOLD, text);
}

const ht_chart *ht_screen_chart(ht_screen *screen, const ht_surface *surface, const ht_model *model,
                                ht_panel_id panel, ht_rect area)
{
    ht_chart_clear(&screen->chart);
    screen->chart.room = (ht_chart_room){area.w, measure, (void *)surface};
    ht_panel_fill_chart(panel, model, area.w * surface->detail, &screen->chart);
    screen->chart.large = model->present && model->view == HT_VIEW_DASHBOARD;
    ht_readout_put(model, panel, &screen->chart);
    return &screen->chart;
}

/* Not in a picture, which has no keys. */
static void scroll_form(const ht_model *model, ht_panel_id panel, ht_form *form)
{
    if (model->control < 0) return;
    if (model->scrolled == panel) form->first = model->scroll < form->count ? model->scroll : form->count - 1;
    ht_text_copy(form->keys, sizeof form->keys, model->focus == panel ? ": [ ] wheel" : ": wheel");
}

/* Do the charts that 9 hides stand under the numbers of the moment, where ghosts have theirs? */
static bool charts_below(const ht_layout *layout)
{
    int now = ht_layout_find(layout, HT_PANEL_NOW), kappa = ht_layout_find(layout, HT_PANEL_KAPPA);
    return now >= 0 && kappa >= 0 && layout->place[now].area.x == layout->place[kappa].area.x;
}

const ht_form *ht_screen_form(ht_screen *screen, const ht_model *model, ht_panel_id panel, ht_rect area)
{
    ht_rect inner = ht_frame_fits(area) ? ht_rect_inside(area) : area;
    memset(&screen->form, 0, offsetof(ht_form, rows));
    ht_room room = {.columns = inner.w, .rows = inner.h, .numbers = !screen->has_now};
    if (!ht_draw_of_cells(screen->surface)) room.measure = measure, room.surface = screen->surface;
    ht_panel_fill_form(panel, model, room, &screen->form);
    if (screen->form.crowded && charts_below(&screen->layout))
        ht_text_copy(screen->form.hint, sizeof screen->form.hint, "9: ghosts");
    if (ht_panel_scrolls(panel)) scroll_form(model, panel, &screen->form);
    return &screen->form;
}

/* Measured as bold: a theme may say so. */
static double span_width(ht_surface *s, const ht_span *span)
{
    return s->ops->measure(s, HT_BOLD, span->text);
}

static double spans_width(ht_surface *s, const ht_span *spans, int count)
{
    double width = 0;
    for (int i = 0; i < count; i++) width += span_width(s, &spans[i]);
    return width;
}

/* As many spans as fit, from column x to the right. */
static void draw_spans(ht_surface *s, double x, double end, int row, const ht_span *spans, int count)
{
    for (int i = 0; i < count; i++) {
        double width = span_width(s, &spans[i]);
        if (x + width > end + 1e-6) return;
        unsigned attributes = spans[i].role == HT_ROLE_BRAND ? HT_BOLD : 0;
        s->ops->text(s, x, row, width, HT_ALIGN_LEFT, spans[i].role, attributes, spans[i].text);
        x += width;
    }
}

/* Between blanks: for clicks. */
static void note_shape(ht_screen *screen, ht_surface *s, const ht_model *model, const ht_span *spans,
                       int count)
{
    double x = 0;
    screen->shape_from = screen->shape_to = 0;
    for (int i = 0; i < count; i++) {
        double width = span_width(s, &spans[i]);
        size_t length = strlen(model->shape);
        if (strncmp(spans[i].text + 1, model->shape, length) == 0 && length > 0)
            screen->shape_from = x + 1, screen->shape_to = x + width - 1;
        x += width;
    }
}

/* Left and right parts share the line; the least important spans of both are left out. */
static void draw_title(ht_screen *screen, ht_surface *s, const ht_model *model, ht_rect area)
{
    ht_span left[HT_SPANS], right[HT_SPANS];
    int nl = ht_bars_title_left(model, left), nr = ht_bars_title_right(model, right);
    int stay = model->frozen ? 3 : 2;
    /* What must stay: the name and the noise, the state (and that the view is frozen) and the step. */
    while (spans_width(s, left, nl) + spans_width(s, right, nr) > area.w) {
        if (nr > stay)
            nr--;
        else if (nl > 2)
            nl--;
        else
            break;
    }
    draw_spans(s, area.x, area.x + area.w, area.y, left, nl);
    note_shape(screen, s, model, left, nl);
    double end = area.x + area.w;
    draw_spans(s, end - spans_width(s, right, nr), end, area.y, right, nr);
}

static void draw_too_small(ht_surface *s)
{
    enum { NAME_FROM = 5, WORDS_FROM = 13 }; /* rows, columns */
    char need[64], have[64];
    bool wide = s->columns >= WORDS_FROM;
    snprintf(need, sizeof need, wide ? "needs %d × %d" : "%d × %d", HT_LEAST_COLUMNS, HT_LEAST_ROWS);
    snprintf(have, sizeof have, wide ? "has %d × %d" : "now %d × %d", s->columns, s->rows);
    const char *const lines[] = {"heavytail", need, have, wide ? "make it larger" : "enlarge", "q quits"};
    int count = (int)(sizeof lines / sizeof lines[0]), skip = s->rows < NAME_FROM;
    int first = s->rows > count ? (s->rows - count) / 2 : -skip;
    for (int i = skip; i < count; i++)
        s->ops->text(s, 0, first + i, s->columns, HT_ALIGN_CENTER, i == 1 ? HT_ROLE_WARNING : HT_ROLE_TEXT, 0,
                     lines[i]);
}

/* Keys that do not fit are left out, but never the last two: how to get help, and how to leave. */
static int fit_keys(ht_surface *s, ht_span *spans, int count, double room)
{
    double width = spans_width(s, spans, count);
    for (int at = count - 3 * KEY_SPANS; at >= 0 && width > room; at -= KEY_SPANS, count -= KEY_SPANS) {
        width -= spans_width(s, &spans[at], KEY_SPANS);
        memmove(&spans[at], &spans[at + KEY_SPANS], (size_t)(count - at - KEY_SPANS) * sizeof spans[0]);
    }
    return count;
}

/* A note that has no rows of its own, before the keys. Returns where these begin. */
static double draw_note(ht_surface *s, const ht_model *model, const ht_layout *layout)
{
    ht_rect keys = layout->keys;
    if (model->message[0] == '\0' || layout->message.h > 0) return keys.x;
    double width = s->ops->measure(s, HT_BOLD, model->message);
    s->ops->text(s, keys.x + 1, keys.y, width, HT_ALIGN_LEFT, ht_bars_message_role(model), 0, model->message);
    return keys.x + 2 + width;
}

/* Draws the key bar and notes where each key stands. What is being typed keeps its beginning. */
static void draw_keys(ht_screen *screen, ht_surface *s, const ht_model *model, const ht_layout *layout)
{
    ht_span spans[HT_SPANS];
    ht_rect area = layout->keys;
    if (area.w <= 0) return;
    int count = ht_bars_keys(model, spans);
    double x = draw_note(s, model, layout);
    if (model->prompt == HT_PROMPT_NONE) count = fit_keys(s, spans, count, area.x + area.w - x);
    draw_spans(s, x, area.x + area.w, area.y, spans, count);
    for (int i = 0; i < count; i++) {
        double end = x + span_width(s, &spans[i]);
        screen->keys[i].from = x;
        screen->keys[i].to = x = end;
        screen->keys[i].key = spans[i].key;
    }
    screen->key_count = count;
}

int ht_screen_shape_at(const ht_screen *screen, int column)
{
    bool inside = column >= screen->shape_from && column < screen->shape_to;
    return inside ? (int)(column - screen->shape_from) : -1;
}

int ht_screen_key_at(const ht_screen *screen, int column)
{
    for (int i = 0; i < screen->key_count; i++)
        if (column >= screen->keys[i].from && column < screen->keys[i].to) return screen->keys[i].key;
    return 0;
}

/* Above the keys, which stay in sight. */
static void draw_message(ht_surface *s, const ht_model *model, ht_rect area)
{
    char text[HT_MESSAGE], line[HT_WRAP_LINE];
    const char *rest = text;
    if (area.h <= 0) return;
    ht_role role = ht_bars_message_role(model);
    ht_bars_message(model, area.w, text);
    s->ops->erase(s, area);
    for (int y = area.y; y < area.y + area.h && ht_wrap_next(&rest, area.w - 2, line); y++)
        s->ops->text(s, area.x + 1, y, area.w - 2, HT_ALIGN_LEFT, role, 0, line);
}

/* Draws a panel unless it stands there already. */
static void draw_panel(ht_screen *screen, ht_surface *s, const ht_model *model, int place)
{
    ht_panel_id id = screen->layout.place[place].panel;
    ht_rect area = screen->layout.place[place].area;
    ht_panel_kind kind = ht_panel_at(id)->kind;
    int focus = screen->layout.count > 1 && id == model->focus;
    uint64_t hash = ht_hash(HT_HASH_START, &focus, sizeof focus);
    if (kind == HT_PANEL_IS_CHART) {
        hash = ht_same_chart(hash, ht_screen_chart(screen, s, model, id, area));
    } else if (kind == HT_PANEL_IS_FORM) {
        hash = ht_same_form(hash, ht_screen_form(screen, model, id, area));
    } else {
        screen->gallery = (ht_gallery){0};
        ht_panel_fill_gallery(id, model, &screen->gallery);
        hash = ht_same_gallery(hash, &screen->gallery);
    }
    if (hash == screen->drawn[id]) return;
    screen->drawn[id] = hash;
    s->ops->erase(s, area);
    if (kind == HT_PANEL_IS_CHART)
        ht_draw_chart(s, area, &screen->chart, focus);
    else if (kind == HT_PANEL_IS_FORM)
        ht_draw_form(s, area, &screen->form, focus);
    else
        ht_draw_gallery(s, area, &screen->gallery, focus);
}

static bool same_rect(ht_rect a, ht_rect b)
{
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

static bool same_layout(const ht_layout *a, const ht_layout *b)
{
    bool same = a->too_small == b->too_small && a->count == b->count && same_rect(a->title, b->title) &&
                same_rect(a->keys, b->keys) && same_rect(a->message, b->message);
    for (int i = 0; same && i < a->count; i++)
        same = a->place[i].panel == b->place[i].panel && same_rect(a->place[i].area, b->place[i].area);
    return same;
}

/* Where panels have moved, or nothing is known of the surface, all is drawn. */
static void begin(ht_screen *screen, ht_surface *s, const ht_layout *layout)
{
    bool moved = !same_layout(layout, &screen->layout);
    screen->key_count = 0;
    screen->layout = *layout;
    screen->has_now = ht_layout_find(layout, HT_PANEL_NOW) >= 0;
    if (!moved && !s->blank && !layout->too_small) return;
    memset(screen->drawn, 0, sizeof screen->drawn);
    if (!s->blank) s->ops->erase(s, (ht_rect){0, 0, s->columns, s->rows});
    s->blank = false;
}

void ht_screen_draw(ht_screen *screen, ht_surface *s, const ht_model *model, const ht_layout *layout)
{
    screen->surface = s;
    begin(screen, s, layout);
    if (layout->too_small) {
        draw_too_small(s);
        return;
    }
    s->ops->erase(s, layout->title);
    draw_title(screen, s, model, layout->title);
    for (int i = 0; i < layout->count; i++) draw_panel(screen, s, model, i);
    s->ops->erase(s, layout->keys);
    draw_keys(screen, s, model, layout);
    draw_message(s, model, layout->message);
}
