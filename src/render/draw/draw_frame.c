#include "render/draw/draw_frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

ht_rect ht_rect_cut(ht_rect a, ht_rect b)
{
    int x = a.x > b.x ? a.x : b.x, y = a.y > b.y ? a.y : b.y;
    int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;
    if (right <= x || bottom <= y) return (ht_rect){x, y, 0, 0};
    return (ht_rect){x, y, right - x, bottom - y};
}

ht_rect ht_rect_inside(ht_rect frame)
{
    return (ht_rect){frame.x + 1, frame.y + 1, frame.w > 2 ? frame.w - 2 : 0, frame.h > 2 ? frame.h - 2 : 0};
}

ht_rect ht_clip_to(ht_surface *s, ht_rect area)
{
    ht_rect old = s->clip;
    s->clip = ht_rect_cut(old, area);
    return old;
}

int ht_frame_fits(ht_rect area)
{
    return area.w >= 6 && area.h >= 3;
}

/* What has no room loses what stands behind its last colon, a remark. */
static void fit_title(ht_surface *s, char *text, size_t size, const char *title, double room)
{
    snprintf(text, size, " %s ", title);
    char *remark = NULL;
    for (char *colon = strstr(text, ": "); colon; colon = strstr(colon + 1, ": ")) remark = colon;
    if (!remark || s->ops->measure(s, HT_BOLD, text) <= room) return;
    remark[0] = ' ', remark[1] = '\0';
}

double ht_frame_draw(ht_surface *s, ht_rect area, const char *title, const char *hint, int focus)
{
    char text[96];
    double used = area.x + 2, right = area.x + area.w - 2;
    s->ops->frame(s, focus ? HT_ROLE_FOCUS : HT_ROLE_FRAME, area);
    if (*title) {
        fit_title(s, text, sizeof text, title, right - used);
        double width = fmin(s->ops->measure(s, HT_BOLD, text), right - used);
        s->ops->text(s, used, area.y, right - used, HT_ALIGN_LEFT, HT_ROLE_TITLE, HT_BOLD, text);
        used += width;
    }
    if (*hint) {
        snprintf(text, sizeof text, " %s ", hint);
        double width = s->ops->measure(s, 0, text);
        if (used + width + 1 <= right)
            s->ops->text(s, used, area.y, right - used, HT_ALIGN_RIGHT, HT_ROLE_DIM, 0, text);
    }
    return used;
}

void ht_frame_foot(ht_surface *s, ht_rect area, ht_align align, ht_role role, const char *text)
{
    char padded[160];
    double room = area.w - 4;
    snprintf(padded, sizeof padded, " %s ", text);
    if (*text == '\0' || s->ops->measure(s, 0, padded) > room) return;
    s->ops->text(s, area.x + 2, area.y + area.h - 1, room, align, role, 0, padded);
}
