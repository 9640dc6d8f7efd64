#include "render/screen.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "render/draw.h"
#include "view/bars.h"
#include "view/panel.h"

void ht_screen_free(ht_screen *screen)
{
    ht_chart_free(&screen->chart);
}

const ht_chart *ht_screen_chart(ht_screen *screen, const ht_model *model, ht_panel_id panel, ht_rect area)
{
    ht_chart_clear(&screen->chart);
    ht_panel_at(panel)->chart(model, area.w * 2, &screen->chart); /* braille: two dots a cell */
    return &screen->chart;
}

const ht_form *ht_screen_form(ht_screen *screen, const ht_model *model, ht_panel_id panel, ht_rect area)
{
    memset(&screen->form, 0, offsetof(ht_form, rows));
    ht_panel_at(panel)->form(model, area.w, &screen->form);
    return &screen->form;
}

static int span_width(const ht_span *span)
{
    return (int)ht_utf8_length(span->text);
}

/* As many spans as fit, from column x to the right; returns where they end. */
static int draw_spans(ht_surface *s, int x, int end, int row, const ht_span *spans, int count)
{
    for (int i = 0; i < count; i++) {
        int width = span_width(&spans[i]);
        if (x + width > end) break;
        unsigned attributes = spans[i].role == HT_ROLE_BRAND ? HT_BOLD : 0;
        s->ops->text(s, x, row, width, HT_ALIGN_LEFT, spans[i].role, attributes, spans[i].text);
        x += width;
    }
    return x;
}

/* Left and right parts share the line; the least important spans of both give way. */
static void draw_title(ht_surface *s, const ht_model *model, ht_rect area)
{
    ht_span left[HT_SPANS], right[HT_SPANS];
    int nl = ht_bars_title_left(model, left), nr = ht_bars_title_right(model, right);
    for (;;) {
        int width = 0;
        for (int i = 0; i < nl; i++) width += span_width(&left[i]);
        for (int i = 0; i < nr; i++) width += span_width(&right[i]);
        if (width <= area.w || (nl <= 1 && nr <= 1)) break;
        if (nr > 3 || nl <= 3)
            nr--;
        else
            nl--;
    }
    draw_spans(s, area.x, area.x + area.w, area.y, left, nl);
    int width = 0;
    for (int i = 0; i < nr; i++) width += span_width(&right[i]);
    draw_spans(s, area.x + area.w - width, area.x + area.w, area.y, right, nr);
}

static void draw_too_small(ht_surface *s)
{
    char need[64], have[64];
    snprintf(need, sizeof need, "needs %d × %d", HT_LEAST_COLUMNS, HT_LEAST_ROWS);
    snprintf(have, sizeof have, "has %d × %d", s->columns, s->rows);
    const char *const lines[] = {"heavytail", need, have, "make it larger", "q quits"};
    int count = (int)(sizeof lines / sizeof lines[0]), first = s->rows > count ? (s->rows - count) / 2 : 0;
    for (int i = 0; i < count && first + i < s->rows; i++)
        s->ops->text(s, 0, first + i, s->columns, HT_ALIGN_CENTER, i == 1 ? HT_ROLE_WARNING : HT_ROLE_TEXT, 0,
                     lines[i]);
}

void ht_screen_draw(ht_screen *screen, ht_surface *s, const ht_model *model, const ht_layout *layout)
{
    if (layout->too_small) {
        draw_too_small(s);
        return;
    }
    draw_title(s, model, layout->title);
    for (int i = 0; i < layout->count; i++) {
        ht_panel_id panel = layout->place[i].panel;
        ht_rect area = layout->place[i].area;
        int focus = layout->count > 1 && panel == model->focus;
        if (ht_panel_at(panel)->chart)
            ht_draw_chart(s, area, ht_screen_chart(screen, model, panel, area), focus);
        else
            ht_draw_form(s, area, ht_screen_form(screen, model, panel, area), focus);
    }
    ht_span keys[HT_SPANS];
    int count = ht_bars_keys(model, keys);
    draw_spans(s, layout->keys.x, layout->keys.x + layout->keys.w, layout->keys.y, keys, count);
}
