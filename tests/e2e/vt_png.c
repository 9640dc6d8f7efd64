/* The screen as a picture. Letters come from the font; box drawing, block and braille characters are drawn as
 * geometry, as good terminals do, because font glyphs rarely meet at the borders of the cells. */
#include "vt.h"

#include <cairo.h>
#include <math.h>

enum { CELL_WIDTH = 10, CELL_HEIGHT = 20, BASELINE = 15 };
/* The pixel of a cell in which its lines cross. */
enum { CENTER_X = 5, CENTER_Y = 10 };
#define FONT "DejaVu Sans Mono"
#define FONT_SIZE (CELL_WIDTH / 0.60205) /* the advance of the font is 0.602 em */

static void set_color(cairo_t *cairo, vt_rgb color, double alpha)
{
    cairo_set_source_rgba(cairo, color.red / 255.0, color.green / 255.0, color.blue / 255.0, alpha);
}

static void fill(cairo_t *cairo, double x, double y, double width, double height)
{
    cairo_rectangle(cairo, x, y, width, height);
    cairo_fill(cairo);
}

/* ---- box drawing, U+2500 to U+257F ------------------------------------------------------------- */

enum { NONE, LIGHT, HEAVY, DOUBLE };

/* The arms of each character, two bits each (NONE .. DOUBLE): up, right, down, left from the lowest bit.
 * Dashes, arcs and diagonals are 0 here and drawn by other functions. */
static const uint8_t box_arms[128] = {
    0x44, 0x88, 0x11, 0x22, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x18, 0x24, 0x28,
    0x50, 0x90, 0x60, 0xa0, 0x05, 0x09, 0x06, 0x0a, 0x41, 0x81, 0x42, 0x82, 0x15, 0x19, 0x16, 0x25,
    0x26, 0x1a, 0x29, 0x2a, 0x51, 0x91, 0x52, 0x61, 0x62, 0x92, 0xa1, 0xa2, 0x54, 0x94, 0x58, 0x98,
    0x64, 0xa4, 0x68, 0xa8, 0x45, 0x85, 0x49, 0x89, 0x46, 0x86, 0x4a, 0x8a, 0x55, 0x95, 0x59, 0x99,
    0x56, 0x65, 0x66, 0x96, 0x5a, 0xa5, 0x69, 0x9a, 0xa9, 0xa6, 0x6a, 0xaa, 0x00, 0x00, 0x00, 0x00,
    0xcc, 0x33, 0x1c, 0x34, 0x3c, 0xd0, 0x70, 0xf0, 0x0d, 0x07, 0x0f, 0xc1, 0x43, 0xc3, 0x1d, 0x37,
    0x3f, 0xd1, 0x73, 0xf3, 0xdc, 0x74, 0xfc, 0xcd, 0x47, 0xcf, 0xdd, 0x77, 0xff, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x40, 0x01, 0x04, 0x10, 0x80, 0x02, 0x08, 0x20, 0x48, 0x21, 0x84, 0x12,
};

static int arm_weight(unsigned arms, int direction)
{
    return arms >> (2 * (direction & 3)) & 3;
}

/* One line of an arm, in whole pixels around the centre: from `start` along the direction (0 up, 1 right,
 * 2 down, 3 left) to the border of the cell, moved sideways (clockwise) by `offset`. */
static void draw_strip(cairo_t *cairo, int x, int y, int direction, int offset, int start, int thickness)
{
    static const int step_x[4] = {0, 1, 0, -1}, step_y[4] = {-1, 0, 1, 0};
    static const int border[4] = {CENTER_Y, CELL_WIDTH - 1 - CENTER_X, CELL_HEIGHT - 1 - CENTER_Y, CENTER_X};
    int side = (direction + 1) & 3, half = thickness / 2;
    int from_x = CENTER_X + start * step_x[direction] + offset * step_x[side];
    int from_y = CENTER_Y + start * step_y[direction] + offset * step_y[side];
    int length = border[direction] - start;
    int to_x = from_x + length * step_x[direction], to_y = from_y + length * step_y[direction];
    int grow_x = step_x[side] ? half : 0, grow_y = step_y[side] ? half : 0;
    int left = (from_x < to_x ? from_x : to_x) - grow_x, right = (from_x < to_x ? to_x : from_x) + grow_x;
    int top = (from_y < to_y ? from_y : to_y) - grow_y, bottom = (from_y < to_y ? to_y : from_y) + grow_y;
    fill(cairo, x + left, y + top, right - left + 1, bottom - top + 1);
}

enum { DOUBLE_OFFSET = 2 }; /* each line of a double one, from the centre */

/* Where a line of a double arm begins: at the arm on its own side, else it closes the corner around the arm
 * on the other side. */
static int double_start(int own_side, int other_side)
{
    if (own_side != NONE) return own_side == DOUBLE ? DOUBLE_OFFSET : 0;
    return other_side == DOUBLE ? -DOUBLE_OFFSET : 0;
}

/* Where a single arm begins, such that corners are filled and double lines reached but not crossed. */
static int single_start(int clockwise, int counter, int opposite)
{
    if (clockwise == HEAVY || counter == HEAVY) return -1;
    if (opposite != NONE) return 0;
    if (clockwise == DOUBLE && counter == DOUBLE) return DOUBLE_OFFSET;
    return clockwise == DOUBLE || counter == DOUBLE ? -DOUBLE_OFFSET : 0;
}

static void draw_arms(cairo_t *cairo, int x, int y, unsigned arms)
{
    for (int direction = 0; direction < 4; direction++) {
        int weight = arm_weight(arms, direction), clockwise = arm_weight(arms, direction + 1);
        int opposite = arm_weight(arms, direction + 2), counter = arm_weight(arms, direction + 3);
        if (weight == DOUBLE) {
            int start = double_start(clockwise, counter);
            draw_strip(cairo, x, y, direction, DOUBLE_OFFSET, start, 1);
            start = double_start(counter, clockwise);
            draw_strip(cairo, x, y, direction, -DOUBLE_OFFSET, start, 1);
        } else if (weight != NONE) {
            int start = single_start(clockwise, counter, opposite);
            draw_strip(cairo, x, y, direction, 0, start, weight == HEAVY ? 3 : 1);
        }
    }
}

static void draw_dashes(cairo_t *cairo, int x, int y, int count, bool is_vertical, int thickness)
{
    double pitch = (double)(is_vertical ? CELL_HEIGHT : CELL_WIDTH) / count;
    int half = thickness / 2;
    for (int i = 0; i < count; i++) {
        double start = round(pitch * (i + 0.2)),
               dash = round(pitch * (i + 0.8)) - start; /* in whole pixels */
        if (is_vertical) {
            fill(cairo, x + CENTER_X - half, y + start, thickness, dash);
        } else {
            fill(cairo, x + start, y + CENTER_Y - half, dash, thickness);
        }
    }
}

/* A rounded corner: a quarter circle that ends on the right or left border, and a straight rest up or down.
 */
static void draw_arc(cairo_t *cairo, int x, int y, bool to_right, bool to_bottom)
{
    double center_x = x + CENTER_X + 0.5, center_y = y + CENTER_Y + 0.5;
    double edge_x = to_right ? x + CELL_WIDTH : x, edge_y = to_bottom ? y + CELL_HEIGHT : y;
    double radius = fabs(edge_x - center_x), bend_y = center_y + (to_bottom ? radius : -radius);
    const double k = 0.5523; /* Bezier control distance of a quarter circle */
    cairo_move_to(cairo, center_x, edge_y);
    cairo_line_to(cairo, center_x, bend_y);
    cairo_curve_to(cairo, center_x, bend_y + k * (center_y - bend_y), edge_x + k * (center_x - edge_x),
                   center_y, edge_x, center_y);
    cairo_set_line_width(cairo, 1);
    cairo_stroke(cairo);
}

static void draw_diagonals(cairo_t *cairo, int x, int y, bool rising, bool falling)
{
    if (rising) {
        cairo_move_to(cairo, x, y + CELL_HEIGHT);
        cairo_line_to(cairo, x + CELL_WIDTH, y);
    }
    if (falling) {
        cairo_move_to(cairo, x, y);
        cairo_line_to(cairo, x + CELL_WIDTH, y + CELL_HEIGHT);
    }
    cairo_set_line_width(cairo, 1.2);
    cairo_stroke(cairo);
}

static void draw_box(cairo_t *cairo, int x, int y, uint32_t c)
{
    bool is_heavy = c & 1, is_vertical = c & 2; /* in the runs of dashes */
    if (c >= 0x2504 && c <= 0x250b) {
        draw_dashes(cairo, x, y, c < 0x2508 ? 3 : 4, is_vertical, is_heavy ? 3 : 1);
    } else if (c >= 0x254c && c <= 0x254f) {
        draw_dashes(cairo, x, y, 2, is_vertical, is_heavy ? 3 : 1);
    } else if (c >= 0x256d && c <= 0x2570) {
        draw_arc(cairo, x, y, c == 0x256d || c == 0x2570, c <= 0x256e);
    } else if (c >= 0x2571 && c <= 0x2573) {
        draw_diagonals(cairo, x, y, c != 0x2572, c != 0x2571);
    } else {
        draw_arms(cairo, x, y, box_arms[c - 0x2500]);
    }
}

/* ---- blocks and braille ------------------------------------------------------------------------ */

/* U+2596 to U+259F: bit 0 upper left, 1 upper right, 2 lower left, 3 lower right. */
static void draw_quadrants(cairo_t *cairo, int x, int y, unsigned quadrants)
{
    const int width = CELL_WIDTH / 2, height = CELL_HEIGHT / 2;
    for (int i = 0; i < 4; i++) {
        if (quadrants >> i & 1) fill(cairo, x + (i & 1) * width, y + (i >> 1) * height, width, height);
    }
}

static void draw_block(cairo_t *cairo, int x, int y, uint32_t c, vt_rgb color)
{
    static const uint8_t quadrants[10] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    const double w = CELL_WIDTH, h = CELL_HEIGHT, eighth = 1 / 8.0;
    if (c == 0x2580) {
        fill(cairo, x, y, w, h / 2);
    } else if (c <= 0x2588) { /* the lower eighths, up to the full block */
        double height = h * (c - 0x2580) * eighth;
        fill(cairo, x, y + h - height, w, height);
    } else if (c <= 0x258f) { /* the left eighths, 7 down to 1 */
        fill(cairo, x, y, w * (0x2590 - c) * eighth, h);
    } else if (c == 0x2590) {
        fill(cairo, x + w / 2, y, w / 2, h);
    } else if (c <= 0x2593) { /* shades */
        set_color(cairo, color, (c - 0x2590) / 4.0);
        fill(cairo, x, y, w, h);
    } else if (c == 0x2594) {
        fill(cairo, x, y, w, h * eighth);
    } else if (c == 0x2595) {
        fill(cairo, x + w * (1 - eighth), y, w * eighth, h);
    } else {
        draw_quadrants(cairo, x, y, quadrants[c - 0x2596]);
    }
}

/* A grid of 2 x 4 round dots that goes on evenly into the next cell. */
static void draw_braille(cairo_t *cairo, int x, int y, unsigned dots)
{
    static const uint8_t column[8] = {0, 0, 0, 1, 1, 1, 0, 1}, row[8] = {0, 1, 2, 0, 1, 2, 3, 3};
    const double pitch_x = CELL_WIDTH / 2.0, pitch_y = CELL_HEIGHT / 4.0, radius = 1.75;
    for (int i = 0; i < 8; i++) {
        if (!(dots >> i & 1)) continue;
        cairo_new_sub_path(cairo);
        cairo_arc(cairo, x + (column[i] + 0.5) * pitch_x, y + (row[i] + 0.5) * pitch_y, radius, 0, 2 * M_PI);
    }
    cairo_fill(cairo);
}

/* ---- cells ------------------------------------------------------------------------------------- */

static void put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        if (c >= 0x10000) *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(c < 0x10000 ? 0xe0 | c >> 12 : 0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    *to = '\0';
}

static void draw_letter(cairo_t *cairo, int x, int y, const vt_glyph *glyph)
{
    cairo_select_font_face(cairo, FONT, glyph->italic ? CAIRO_FONT_SLANT_ITALIC : CAIRO_FONT_SLANT_NORMAL,
                           glyph->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, FONT_SIZE);
    for (int i = 0; glyph->chars[i]; i++) { /* combining marks go over the base character */
        char text[5];
        put_utf8(text, glyph->chars[i]);
        cairo_move_to(cairo, x, y + BASELINE);
        cairo_show_text(cairo, text);
    }
}

static void draw_cell(cairo_t *cairo, int column, int row, const vt_glyph *glyph, bool has_cursor)
{
    int x = column * CELL_WIDTH, y = row * CELL_HEIGHT, width = CELL_WIDTH * glyph->width;
    bool is_reverse = glyph->reverse != has_cursor; /* the cursor is a block in inverse video */
    vt_rgb ink = is_reverse ? glyph->bg : glyph->fg, paper = is_reverse ? glyph->fg : glyph->bg;
    uint32_t c = glyph->chars[0];

    cairo_save(cairo);
    cairo_rectangle(cairo, x, y, width, CELL_HEIGHT);
    cairo_clip(cairo);
    set_color(cairo, paper, 1);
    cairo_paint(cairo);
    set_color(cairo, ink, 1);
    if (c >= 0x2500 && c <= 0x257f) {
        draw_box(cairo, x, y, c);
    } else if (c >= 0x2580 && c <= 0x259f) {
        draw_block(cairo, x, y, c, ink);
    } else if (c >= 0x2800 && c <= 0x28ff) {
        draw_braille(cairo, x, y, c - 0x2800);
    } else if (c > ' ') {
        draw_letter(cairo, x, y, glyph);
    }
    set_color(cairo, ink, 1);
    if (glyph->underline) fill(cairo, x, y + BASELINE + 2, width, 1);
    cairo_restore(cairo);
}

static void draw_screen(cairo_t *cairo, vt *t)
{
    int cursor_column, cursor_row;
    bool has_cursor = vt_cursor(t, &cursor_column, &cursor_row);
    for (int row = 0; row < vt_rows(t); row++) {
        for (int column = 0; column < vt_columns(t); column++) {
            vt_glyph glyph = vt_cell(t, column, row);
            bool is_here = has_cursor && column == cursor_column && row == cursor_row;
            if (glyph.width) draw_cell(cairo, column, row, &glyph, is_here);
        }
    }
}

bool vt_save_png(vt *t, const char *path)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, vt_columns(t) * CELL_WIDTH, vt_rows(t) * CELL_HEIGHT);
    cairo_t *cairo = cairo_create(surface);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_set_font_options(cairo, options);
    draw_screen(cairo, t);
    bool is_written = cairo_surface_write_to_png(surface, path) == CAIRO_STATUS_SUCCESS;
    cairo_font_options_destroy(options);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return is_written;
}

/* Fontconfig keeps its caches until the process ends and links them by relative offsets, in which a leak
 * checker sees no pointers. Asked for by name by the runtime of -fsanitize=address; unused in other builds.
 */
const char *__lsan_default_suppressions(void);
__attribute__((weak, visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}
