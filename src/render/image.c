#include "render/image.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "render/glyphs.h"

struct ht_image {
    ht_surface surface; /* first: the operations get a pointer to it */
    cairo_surface_t *pixels;
    cairo_t *cr;
    int width, height;
    double cw, ch; /* pixels of a cell */
    double unit;   /* a pixel of a picture whose cells are 20 pixels high: line widths scale with it */
    double font_size;
    ht_theme theme;
};

enum { SIDE_LEAST = 64, SIDE_MOST = 16384, PIXEL_LIMIT = 64 << 20, TEXT_MAX = 1024 };

static const double LINE_WIDTH = 1.7; /* of curves, in units */

static ht_image *image_of(ht_surface *s)
{
    return (ht_image *)s;
}

/* ---- colours ----------------------------------------------------------------------------------- */

typedef struct ink {
    double r, g, b;
} ink;

static ink background_of(const ht_image *m)
{
    ht_colour c = m->theme.background;
    return c.set ? (ink){c.r / 255.0, c.g / 255.0, c.b / 255.0} : (ink){1, 1, 1};
}

/* A theme without colours (mono) prints black, and grey what should stay behind. */
static ink ink_of(const ht_image *m, ht_role role)
{
    ht_colour c = m->theme.roles[role];
    if (c.set) return (ink){c.r / 255.0, c.g / 255.0, c.b / 255.0};
    double grey = role == HT_ROLE_GRID    ? 0.9
                  : role == HT_ROLE_FRAME ? 0.7
                  : role == HT_ROLE_GHOST ? 0.65
                  : role == HT_ROLE_DIM   ? 0.4
                  : role == HT_ROLE_TEST  ? 0.5
                  : role == HT_ROLE_HILL  ? 0.5
                                          : 0;
    return (ink){grey, grey, grey};
}

static void set_ink(ht_image *m, ink c, double alpha)
{
    cairo_set_source_rgba(m->cr, c.r, c.g, c.b, alpha);
}

/* Every operation draws between begin and end: clipped, with its own pen. */
static ht_image *begin(ht_surface *s, ht_role role, double alpha)
{
    ht_image *m = image_of(s);
    cairo_save(m->cr);
    cairo_rectangle(m->cr, s->clip.x * m->cw, s->clip.y * m->ch, s->clip.w * m->cw, s->clip.h * m->ch);
    cairo_clip(m->cr);
    cairo_new_path(m->cr);
    cairo_set_line_join(m->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(m->cr, CAIRO_LINE_CAP_ROUND);
    set_ink(m, ink_of(m, role), alpha);
    return m;
}

static void end(ht_image *m)
{
    cairo_restore(m->cr);
}

static double pen(ht_image *m, double width)
{
    double w = fmax(1, width * m->unit);
    cairo_set_line_width(m->cr, w);
    return w;
}

/* The coordinate where a line `w` wide covers whole pixels: axes and frames must be crisp. */
static double snap(double v, double w)
{
    double half = fmod(floor(w + 0.5), 2) / 2;
    return floor(v - half + 0.5) + half;
}

/* ---- text -------------------------------------------------------------------------------------- */

static void set_font(ht_image *m, unsigned attributes)
{
    cairo_select_font_face(m->cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           attributes & HT_BOLD ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(m->cr, m->font_size);
}

static double advance(ht_image *m, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(m->cr, text, &extents);
    return extents.x_advance;
}

/* Cuts clean UTF-8 in place until it fits, ellipsis included; a single character stays. */
static double cut(ht_image *m, char *text, size_t size, double room)
{
    double width = advance(m, text);
    size_t n = strlen(text);
    if (width <= room + 0.5 || ht_utf8_length(text) <= 1) return width;
    while (n > 0) {
        do n--;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80);
        if (n + 4 > size) continue;
        memcpy(text + n, "…", 4);
        width = advance(m, text);
        if (width <= room + 0.5) break;
    }
    return width;
}

/* Text covers what lies under it, as it does in a terminal: a title interrupts its frame, a label its curve.
 * Words that begin with a blank (titles) cover completely. */
static void cover(ht_image *m, ink background, double x, double y, double w, bool completely)
{
    set_ink(m, background, completely ? 1 : 0.8);
    double margin = completely ? 0 : 0.15 * m->cw;
    cairo_rectangle(m->cr, x - margin, y + 0.1 * m->ch, w + 2 * margin, 0.8 * m->ch);
    cairo_fill(m->cr);
}

static void write_line(ht_image *m, double x, double y, double w, unsigned attributes, const char *text)
{
    cairo_font_extents_t font;
    cairo_font_extents(m->cr, &font);
    double baseline = floor(y + (m->ch - font.ascent - font.descent) / 2 + font.ascent + 0.5);
    cairo_move_to(m->cr, x, baseline);
    cairo_show_text(m->cr, text);
    if (!(attributes & HT_UNDERLINE)) return;
    double line = pen(m, 1);
    cairo_move_to(m->cr, x, snap(baseline + 0.12 * m->ch, line));
    cairo_line_to(m->cr, x + w, snap(baseline + 0.12 * m->ch, line));
    cairo_stroke(m->cr);
}

static void image_text(ht_surface *s, double x, double y, double width, ht_align align, ht_role role,
                       unsigned attributes, const char *text)
{
    char line[TEXT_MAX];
    ht_glyphs_clean(text, line, sizeof line);
    if (!(width > 0) || *line == '\0') return;
    ht_image *m = begin(s, role, 1);
    ink colour = ink_of(m, role), background = background_of(m);
    attributes |= m->theme.roles[role].attributes;
    set_font(m, attributes);
    double room = width * m->cw, left = x * m->cw, top = y * m->ch, w = cut(m, line, sizeof line, room);
    bool blank = strspn(line, " ") == strlen(line), selected = role == HT_ROLE_SELECTED;
    if (attributes & HT_REVERSE || (blank && selected)) { /* the chosen row gets a tint at least */
        set_ink(m, colour, attributes & HT_REVERSE ? 1 : 0.14);
        cairo_rectangle(m->cr, left, top, room, m->ch);
        cairo_fill(m->cr);
        if (attributes & HT_REVERSE) colour = background;
    }
    left += align == HT_ALIGN_RIGHT ? room - w : align == HT_ALIGN_CENTER ? (room - w) / 2 : 0;
    if (!(attributes & HT_REVERSE) && !blank && !selected) cover(m, background, left, top, w, *line == ' ');
    set_ink(m, colour, 1);
    write_line(m, left, top, w, attributes, line);
    end(m);
}

/* The same letters, so much larger. */
static void image_large(ht_surface *s, double x, double y, double width, int rows, ht_role role,
                        const char *text)
{
    ht_image *m = begin(s, role, 1);
    cairo_text_extents_t extents;
    set_font(m, HT_BOLD);
    cairo_set_font_size(m->cr, m->font_size * rows);
    cairo_text_extents(m->cr, text, &extents);
    double fits = fmin(1, width * m->cw / fmax(extents.x_advance, 1));
    cairo_set_font_size(m->cr, m->font_size * rows * fits);
    cairo_move_to(m->cr, (x + width) * m->cw - extents.x_advance * fits, (y + 0.85 * rows) * m->ch);
    cairo_show_text(m->cr, text);
    end(m);
}

static double image_measure(ht_surface *s, unsigned attributes, const char *text)
{
    ht_image *m = image_of(s);
    char line[TEXT_MAX];
    ht_glyphs_clean(text, line, sizeof line);
    set_font(m, attributes);
    return advance(m, line) / m->cw;
}

/* ---- curves ------------------------------------------------------------------------------------ */

/* Cairo counts in 24.8 fixed point: far-off points are brought near first. */
static double near(double v, double most)
{
    return v < -most ? -most : v > 2 * most ? 2 * most : v;
}

static void trace(ht_image *m, int count, const double *x, const double *y, int step)
{
    for (int i = step > 0 ? 0 : count - 1; i >= 0 && i < count; i += step)
        cairo_line_to(m->cr, near(x[i] * m->cw, SIDE_MOST), near(y[i] * m->ch, SIDE_MOST));
}

static void set_dashes(ht_image *m, double on, double off)
{
    double dashes[] = {on * m->unit, off * m->unit};
    cairo_set_dash(m->cr, dashes, 2, 0);
}

/* Ink and gaps by turns; the round ends of ink reach into the gaps. */
static void set_pattern(ht_image *m, ht_dash dash)
{
    enum { MOST = 6 };
    static const double patterns[][MOST] = {
        [HT_DOTTED] = {5, 4.5},         [HT_LONG] = {10, 5},
        [HT_DASH_DOT] = {6, 4, 0.1, 4}, [HT_DASH_DOT_DOT] = {4, 3.7, 0.1, 3.7, 0.1, 3.7},
        [HT_FINE] = {0.1, 4},
    };
    _Static_assert(sizeof patterns / sizeof patterns[0] == HT_DASHES, "a dash has no pattern");
    double lengths[MOST];
    int count = 0;
    for (; count < MOST && patterns[dash][count] > 0; count++)
        lengths[count] = patterns[dash][count] * m->unit;
    cairo_set_dash(m->cr, lengths, count, 0);
}

static void image_polyline(ht_surface *s, ht_role role, ht_dash dash, int count, const double *x,
                           const double *y)
{
    if (count < 1) return;
    ht_image *m = begin(s, role, 1);
    pen(m, LINE_WIDTH);
    set_pattern(m, dash);
    trace(m, count, x, y, 1);
    if (count == 1) trace(m, count, x, y, 1); /* a round dot */
    cairo_stroke(m->cr);
    end(m);
}

static void image_stroke(ht_surface *s, ht_role role, double x, double y0, double y1)
{
    ht_image *m = begin(s, role, 1);
    pen(m, LINE_WIDTH);
    trace(m, 2, (double[]){x, x}, (double[]){y0, y1}, 1);
    cairo_stroke(m->cr);
    end(m);
}

static void image_bar(ht_surface *s, ht_role role, double x, double y, double w, double h)
{
    if (!(w > 0) || !(h > 0)) return;
    ht_image *m = begin(s, role, 0.85);
    double left = x * m->cw, width = w * m->cw, bottom = (y + h) * m->ch, height = fmax(h * m->ch, m->unit);
    double gap = width > 4 * m->unit ? m->unit : 0; /* bars wide enough are told apart by a hairline */
    cairo_rectangle(m->cr, left + gap / 2, bottom - height, width - gap, height);
    cairo_fill(m->cr);
    end(m);
}

static void image_band(ht_surface *s, ht_role role, int count, const double *x, const double *low,
                       const double *high)
{
    if (count < 2) return;
    ht_image *m = begin(s, role, 0.22);
    trace(m, count, x, low, 1);
    trace(m, count, x, high, -1);
    cairo_close_path(m->cr);
    cairo_fill(m->cr);
    end(m);
}

static void image_point(ht_surface *s, ht_role role, double x, double y)
{
    ht_image *m = begin(s, role, 1);
    cairo_arc(m->cr, near(x * m->cw, SIDE_MOST), near(y * m->ch, SIDE_MOST), 3.2 * m->unit, 0, 2 * acos(-1));
    cairo_fill_preserve(m->cr);
    set_ink(m, background_of(m), 1);
    pen(m, 1); /* a rim of the background keeps neighbours apart */
    cairo_stroke(m->cr);
    end(m);
}

/* On whole device pixels, so that neighbours leave no gap. */
static void image_pixel(ht_surface *s, ht_role role, double x, double y)
{
    ht_image *m = begin(s, role, 1);
    double left = floor(x * m->cw + 0.5), right = floor((x + 1) * m->cw + 0.5);
    double top = floor(y * m->ch + 0.5), bottom = floor((y + 0.5) * m->ch + 0.5);
    if (!m->theme.roles[role].set) { /* without colours: from black over grey to white; heat darkens */
        double channel[3] = {0};
        if (ht_role_is_rgb(role)) ht_role_channels(role, channel);
        double grey = ht_role_is_rgb(role) ? 0.5 + (channel[0] + channel[1] + channel[2]) / 6
                      : (int)role >= (int)HT_ROLE_HEAT
                          ? 0.9 * (1 - (double)(role - HT_ROLE_HEAT) / (HT_HEAT_LEVELS - 1))
                          : (double)(role - HT_ROLE_SIGNED) / (HT_SIGNED_LEVELS - 1);
        set_ink(m, (ink){grey, grey, grey}, 1);
    }
    cairo_rectangle(m->cr, left, top, right - left, bottom - top);
    cairo_fill(m->cr);
    end(m);
}

/* ---- lines of boxes and axes ------------------------------------------------------------------- */

static void rounded(ht_image *m, double x, double y, double w, double h, double radius)
{
    double quarter = acos(-1) / 2, r = fmin(radius, fmin(w, h) / 2);
    cairo_new_sub_path(m->cr);
    cairo_arc(m->cr, x + w - r, y + r, r, -quarter, 0);
    cairo_arc(m->cr, x + w - r, y + h - r, r, 0, quarter);
    cairo_arc(m->cr, x + r, y + h - r, r, quarter, 2 * quarter);
    cairo_arc(m->cr, x + r, y + r, r, 2 * quarter, 3 * quarter);
    cairo_close_path(m->cr);
}

static void image_frame(ht_surface *s, ht_role role, ht_rect r)
{
    if (r.w < 2 || r.h < 2) return;
    ht_image *m = begin(s, role, 1);
    double w = pen(m, m->theme.roles[role].attributes & HT_BOLD ? 2 : 1.2);
    double x = snap((r.x + 0.5) * m->cw, w), y = snap((r.y + 0.5) * m->ch, w);
    double right = snap((r.x + r.w - 0.5) * m->cw, w), bottom = snap((r.y + r.h - 0.5) * m->ch, w);
    rounded(m, x, y, right - x, bottom - y, 0.4 * m->ch);
    cairo_stroke(m->cr);
    end(m);
}

static void image_rule(ht_surface *s, ht_role role, bool dotted, double x0, double y0, double x1, double y1)
{
    ht_image *m = begin(s, role, 1);
    double w = pen(m, dotted ? 1.4 : 1.1);
    cairo_set_line_cap(m->cr, CAIRO_LINE_CAP_BUTT);
    if (dotted) set_dashes(m, 3, 3);
    bool flat = fabs(y1 - y0) < 1e-9;
    double ax = near(x0 * m->cw, SIDE_MOST), ay = near(y0 * m->ch, SIDE_MOST);
    double bx = near(x1 * m->cw, SIDE_MOST), by = near(y1 * m->ch, SIDE_MOST);
    if (flat)
        ay = by = snap(ay, w);
    else
        ax = bx = snap(ax, w);
    cairo_move_to(m->cr, ax, ay);
    cairo_line_to(m->cr, bx, by);
    cairo_stroke(m->cr);
    end(m);
}

static void image_tick(ht_surface *s, ht_role role, bool vertical_axis, double x, double y)
{
    bool minor = role == HT_ROLE_GRID;
    ht_image *m = begin(s, HT_ROLE_AXIS, 1);
    double w = pen(m, 1.1), length = (minor ? 3 : 5) * m->unit;
    double px = near(x * m->cw, SIDE_MOST), py = near(y * m->ch, SIDE_MOST);
    cairo_set_line_cap(m->cr, CAIRO_LINE_CAP_BUTT);
    if (vertical_axis)
        py = snap(py, w);
    else
        px = snap(px, w);
    cairo_move_to(m->cr, px, py);
    cairo_line_to(m->cr, vertical_axis ? px - length : px, vertical_axis ? py : py + length);
    cairo_stroke(m->cr);
    end(m);
}

static void handle(ht_image *m, double x, double y, ink fill, ink rim)
{
    cairo_arc(m->cr, x, y, 0.27 * m->ch, 0, 2 * acos(-1));
    set_ink(m, fill, 1);
    cairo_fill_preserve(m->cr);
    set_ink(m, rim, 1);
    pen(m, 1.6);
    cairo_stroke(m->cr);
}

/* The handles stand where the terminal has them: `position` 0 and 1 are the cells inside the ends. */
static void image_slider(ht_surface *s, ht_role role, double x, double y, double width, double position,
                         double applied)
{
    double track = width - 3;
    if (track < 0) return;
    ht_image *m = begin(s, HT_ROLE_FRAME, 1);
    ink colour = ink_of(m, role), background = background_of(m);
    double left = (x + 0.5) * m->cw, right = (x + width - 0.5) * m->cw, middle = (y + 0.5) * m->ch;
    double at = (x + 1.5 + position * track) * m->cw, effect = (x + 1.5 + applied * track) * m->cw;
    pen(m, 3);
    cairo_move_to(m->cr, left, middle);
    cairo_line_to(m->cr, right, middle);
    cairo_stroke(m->cr);
    set_ink(m, colour, 1);
    cairo_move_to(m->cr, left, middle);
    cairo_line_to(m->cr, at, middle);
    cairo_stroke(m->cr);
    if (applied >= 0 && fabs(effect - at) > m->unit) handle(m, effect, middle, background, colour);
    handle(m, at, middle, colour, colour);
    end(m);
}

static void image_erase(ht_surface *s, ht_rect r)
{
    ht_image *m = begin(s, HT_ROLE_TEXT, 1);
    /* Around a box, whose frame runs through the middle of its border cells, a narrow margin is enough. */
    double margin = r.w > 2 && r.h > 2 ? 0.25 : 0;
    set_ink(m, background_of(m), 1);
    cairo_rectangle(m->cr, (r.x + margin) * m->cw, (r.y + margin) * m->ch, (r.w - 2 * margin) * m->cw,
                    (r.h - 2 * margin) * m->ch);
    cairo_fill(m->cr);
    end(m);
}

/* ---- the picture ------------------------------------------------------------------------------- */

static const ht_surface_ops image_ops = {
    .text = image_text,
    .polyline = image_polyline,
    .stroke = image_stroke,
    .bar = image_bar,
    .band = image_band,
    .point = image_point,
    .pixel = image_pixel,
    .frame = image_frame,
    .rule = image_rule,
    .tick = image_tick,
    .slider = image_slider,
    .erase = image_erase,
    .large = image_large,
    .measure = image_measure,
};

static ht_code open_cairo(ht_image *m, ht_error *err)
{
    m->pixels = cairo_image_surface_create(CAIRO_FORMAT_RGB24, m->width, m->height);
    m->cr = cairo_create(m->pixels);
    if (cairo_status(m->cr) != CAIRO_STATUS_SUCCESS)
        return ht_error_set(err, HT_FAIL, "a picture of %d x %d pixels: %s", m->width, m->height,
                            cairo_status_to_string(cairo_status(m->cr)));
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(m->cr, options);
    cairo_font_options_destroy(options);
    set_ink(m, background_of(m), 1);
    cairo_paint(m->cr);
    return HT_OK;
}

ht_image *ht_image_new(int width, int height, int columns, int rows, const ht_theme *theme, ht_error *err)
{
    bool sized = width >= SIDE_LEAST && height >= SIDE_LEAST && width <= SIDE_MOST && height <= SIDE_MOST;
    if (!sized || (long long)width * height > PIXEL_LIMIT || columns < 1 || rows < 1) {
        ht_error_set(err, HT_USAGE,
                     "a picture of %d x %d pixels: %d to %d each way, 64 million in all are possible", width,
                     height, SIDE_LEAST, SIDE_MOST);
        return NULL;
    }
    ht_image *m = ht_alloc(1, sizeof *m, "a picture", err);
    if (!m) return NULL;
    m->surface = (ht_surface){.ops = &image_ops,
                              .columns = columns,
                              .rows = rows,
                              .detail = 8,
                              .clip = {0, 0, columns, rows},
                              .blank = true};
    m->width = width;
    m->height = height;
    m->cw = (double)width / columns;
    m->ch = (double)height / rows;
    m->unit = m->ch / 20;
    m->font_size = fmin(0.68 * m->ch, 1.45 * m->cw);
    m->theme = *theme;
    if (open_cairo(m, err) == HT_OK) return m;
    ht_image_free(m);
    return NULL;
}

void ht_image_free(ht_image *image)
{
    if (!image) return;
    if (image->cr) cairo_destroy(image->cr);
    if (image->pixels) cairo_surface_destroy(image->pixels);
    ht_free(image);
}

ht_surface *ht_image_surface(ht_image *image)
{
    return &image->surface;
}

/* Cairo's pixels are 32-bit words 0x00RRGGBB in the machine's byte order. */
static void copy_rgb(const ht_image *m, unsigned char *rgb)
{
    const unsigned char *data = cairo_image_surface_get_data(m->pixels);
    size_t stride = (size_t)cairo_image_surface_get_stride(m->pixels);
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++) {
            uint32_t pixel;
            memcpy(&pixel, data + (size_t)y * stride + 4 * (size_t)x, sizeof pixel);
            *rgb++ = (unsigned char)(pixel >> 16);
            *rgb++ = (unsigned char)(pixel >> 8);
            *rgb++ = (unsigned char)pixel;
        }
}

/* (height × width × 3), to be freed. */
static unsigned char *pixels_of(ht_image *image, const char *what, ht_error *err)
{
    cairo_status_t status = cairo_status(image->cr);
    if (status != CAIRO_STATUS_SUCCESS) {
        ht_error_set(err, HT_FAIL, "%s: the picture could not be drawn: %s", what,
                     cairo_status_to_string(status));
        return NULL;
    }
    unsigned char *rgb = ht_alloc((size_t)image->width * (size_t)image->height, 3, "a picture", err);
    if (!rgb) return NULL;
    cairo_surface_flush(image->pixels);
    copy_rgb(image, rgb);
    return rgb;
}

ht_code ht_image_write(ht_image *image, const char *path, const ht_png_text *texts, size_t count,
                       ht_error *err)
{
    unsigned char *rgb = pixels_of(image, path, err);
    if (!rgb) return err->code;
    ht_code code = ht_png_write(path, image->width, image->height, rgb, texts, count, err);
    ht_free(rgb);
    return code;
}

ht_code ht_image_encode(ht_image *image, ht_text *to, ht_error *err)
{
    unsigned char *rgb = pixels_of(image, "a picture", err);
    if (!rgb) return err->code;
    ht_code code = ht_png_encode("a picture", image->width, image->height, rgb, NULL, 0, to, err);
    ht_free(rgb);
    return code;
}

/* Fontconfig keeps its patterns until the process ends, behind pointers that LeakSanitizer cannot follow. */
#ifndef __has_feature
#define __has_feature(x) 0 /* gcc 12 has no such question */
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/* Shown although the rest is hidden: the sanitizer looks for it by name. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}
#endif
