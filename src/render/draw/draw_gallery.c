#include "render/draw/draw.h"

#include <math.h>

#include "render/draw/draw_frame.h"

enum {
    GAP = 2,          /* columns between items */
    PICTURES = 4,     /* that should fit side by side before they are drawn smaller */
    CURVE_LEAST = 18, /* columns of a curve */
    LABEL = 5,        /* columns that a label needs at least */
    GROWN = 6,        /* pixels that the side of a value makes at most */
    POINTS = 512,
};

/* How items are drawn: their size in cells without the label, and the side of the squares of values that
 * make one pixel, or of the squares of pixels that a value makes; one of both is 1. */
typedef struct format {
    int w, h, square, grown;
} format;

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* Columns of an item: a label wants some. */
static int pitch(format f)
{
    return f.w < LABEL ? LABEL : f.w;
}

/* The largest pictures of which enough fit; at the smallest what fits. */
static format picture_format(const ht_gallery *g, ht_rect inner)
{
    for (int square = 1;; square *= 2) {
        format f = {ceil_div(g->width, square), ceil_div(ceil_div(g->height, square), 2), square, 1};
        int fit = (inner.w + GAP) / (f.w + GAP), wanted = g->count < PICTURES ? g->count : PICTURES;
        if ((fit >= wanted && f.h + 1 <= inner.h) || f.w <= 4) return f;
    }
}

/* Small ones, filters, grow while all of them fit. */
static format grow(const ht_gallery *g, ht_rect inner, format f)
{
    for (int grown = 2; f.square == 1 && grown <= GROWN; grown++) {
        format larger = {g->width * grown, ceil_div(g->height * grown, 2), 1, grown};
        int across = (inner.w + GAP) / (pitch(larger) + GAP), down = inner.h / (larger.h + 1);
        if (across * down < g->count) break;
        f = larger;
    }
    return f;
}

static format curve_format(const ht_gallery *g, ht_rect inner)
{
    int fit = (inner.w + GAP) / (CURVE_LEAST + GAP);
    if (fit > g->count) fit = g->count;
    if (fit < 1) fit = 1;
    return (format){(inner.w + GAP) / fit - GAP, inner.h - 1, 1, 1};
}

/* The mean of a square of values, in units of full colour. */
static double mean_at(const ht_gallery *g, const float *value, int x, int y, int square)
{
    double sum = 0;
    int count = 0;
    for (int i = y * square; i < (y + 1) * square && i < g->height; i++)
        for (int j = x * square; j < (x + 1) * square && j < g->width; j++, count++)
            sum += (double)value[i * g->width + j];
    return count && g->scale > 0 ? sum / count / g->scale : 0;
}

/* What is gone is paler. */
static ht_role pixel_role(const ht_gallery *g, const ht_gallery_item *item, int x, int y, int square)
{
    static const double pale = 0.6;
    double value[3];
    for (int c = 0; c < ht_gallery_channels(g->kind); c++) {
        value[c] = mean_at(g, item->value + (size_t)c * (size_t)g->width * (size_t)g->height, x, y, square);
        if (item->gone) value[c] *= pale;
    }
    return g->kind == HT_GALLERY_COLOURS ? ht_role_rgb(value[0], value[1], value[2])
           : g->kind == HT_GALLERY_SIZES ? ht_role_heat(value[0])
                                         : ht_role_signed(value[0]);
}

static void draw_picture(ht_surface *s, const ht_gallery *g, const ht_gallery_item *item, format f, int x,
                         int y)
{
    for (int row = 0; row < ceil_div(g->height, f.square) * f.grown; row++)
        for (int column = 0; column < f.w; column++)
            s->ops->pixel(s, pixel_role(g, item, column / f.grown, row / f.grown, f.square), x + column,
                          y + row / 2.0);
}

/* ▲ and ▼ at the edge, in the column of a weight beyond the scale, drawn by a point or not. */
static void mark_beyond(ht_surface *s, const ht_gallery *g, const float *value, format f, int x, int y)
{
    for (int i = 0; i < g->width && f.h > 1; i++) {
        double w = (double)value[i];
        if (!(fabs(w) > g->scale)) continue;
        double at = 0.25 + (f.w - 0.5) * (g->width > 1 ? (double)i / (g->width - 1) : 0.5);
        s->ops->text(s, x + floor(at), w > 0 ? y : y + f.h - 1, 1, HT_ALIGN_LEFT, HT_ROLE_WEIGHTS, 0,
                     w > 0 ? "▲" : "▼");
    }
}

/* A line over the inputs about a dotted zero; what is beyond the scale is cut at the edge and marked. */
static void draw_curve(ht_surface *s, const ht_gallery *g, const float *value, format f, int x, int y)
{
    double xs[POINTS], ys[POINTS], middle = y + f.h / 2.0, half = fmax(0.25, f.h / 2.0 - 0.25);
    int count = g->width < POINTS ? g->width : POINTS;
    for (int i = 0; i < count; i++) {
        double w = (double)value[(long)i * g->width / count] / (g->scale > 0 ? g->scale : 1);
        xs[i] = x + 0.25 + (f.w - 0.5) * (count > 1 ? (double)i / (count - 1) : 0.5);
        ys[i] = middle - half * fmin(1, fmax(-1, w));
    }
    s->ops->polyline(s, HT_ROLE_DIM, HT_DOTTED, 2, (double[]){x + 0.25, x + f.w - 0.25},
                     (double[]){middle, middle});
    s->ops->polyline(s, HT_ROLE_WEIGHTS, HT_SOLID, count, xs, ys);
    mark_beyond(s, g, value, f, x, y);
}

static void draw_items(ht_surface *s, const ht_gallery *g, ht_rect inner)
{
    bool curves = g->kind == HT_GALLERY_CURVES;
    format f = curves ? curve_format(g, inner) : grow(g, inner, picture_format(g, inner));
    int wide = pitch(f), across = (inner.w + GAP) / (wide + GAP), down = curves ? 1 : inner.h / (f.h + 1);
    if (across < 1) across = 1;
    if (down < 1) down = 1;
    for (int i = 0; i < g->count && i < across * down; i++) {
        int x = inner.x + i % across * (wide + GAP), y = inner.y + i / across * (f.h + 1);
        if (f.h > 0 && curves) draw_curve(s, g, g->item[i].value, f, x, y);
        if (f.h > 0 && !curves) draw_picture(s, g, &g->item[i], f, x + (wide - f.w) / 2, y);
        if (y + f.h < inner.y + inner.h)
            s->ops->text(s, x, y + f.h, wide, HT_ALIGN_CENTER, g->item[i].gone ? HT_ROLE_RAW : HT_ROLE_DIM, 0,
                         g->item[i].label);
    }
}

/* Which colour is which, in the right end of the title line: "− ▄▄▄▄▄▄▄▄▄ +". */
static void draw_scale(ht_surface *s, const ht_gallery *g, ht_rect area, double title_end)
{
    enum { STEPS = 9, WIDTH = STEPS + 6 };
    bool sign = g->kind == HT_GALLERY_SIGNED;
    int x = area.x + area.w - 2 - WIDTH;
    if (g->count == 0 || g->hint[0] || x < title_end || (!sign && g->kind != HT_GALLERY_SIZES)) return;
    s->ops->erase(s, (ht_rect){x, area.y, WIDTH, 1});
    s->ops->text(s, x, area.y, 3, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, sign ? " − " : " 0 ");
    for (int i = 0; i < STEPS; i++) {
        double share = (double)i / (STEPS - 1);
        ht_role role = sign ? ht_role_signed(2 * share - 1) : ht_role_heat(share);
        for (int half = 0; half < 2; half++) s->ops->pixel(s, role, x + 3 + i, area.y + half / 2.0);
    }
    s->ops->text(s, x + 3 + STEPS, area.y, 3, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, " + ");
}

void ht_draw_gallery(ht_surface *s, ht_rect area, const ht_gallery *g, int focus)
{
    if (area.w <= 0 || area.h <= 0) return;
    ht_rect inner = ht_frame_fits(area) ? ht_rect_inside(area) : area, clip = ht_clip_to(s, area);
    if (ht_frame_fits(area)) {
        draw_scale(s, g, area, ht_frame_draw(s, area, g->title, g->hint, focus));
        ht_frame_foot(s, area, HT_ALIGN_LEFT, HT_ROLE_DIM, g->note);
    }
    ht_rect content = {inner.x + 1, inner.y, inner.w - 2, inner.h};
    int middle = inner.y + inner.h / 2;
    if (g->count == 0)
        s->ops->text(s, inner.x, middle, inner.w, HT_ALIGN_CENTER, HT_ROLE_DIM, 0, g->empty);
    else if (content.w > 0 && content.h > 0)
        draw_items(s, g, content);
    s->clip = clip;
}
