#include "render/cells.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "render/draw/draw_frame.h"
#include "render/glyphs.h"

/* What was drawn into a cell, layer by layer; ht_cells_at shows the highest one: text, dots, box lines, bar,
 * shade, pixels. */
typedef struct layers {
    uint32_t text;
    uint8_t text_role, attributes;
    uint8_t dots, dots_role;
    uint8_t guide, guide_role; /* dots of a dotted line */
    uint8_t box, box_role;
    uint8_t bar, bar_role;     /* eighths, 0..8 */
    uint8_t shade, shade_role; /* the dots that an area covers */
    bool thin;                 /* it is hardly more than a line */
    uint8_t pixel[2];          /* role of the upper and the lower half; 0: none */
} layers;

enum { SIZE_MAX_CELLS = 1000, TEXT_MAX = 1024, LARGE_ROWS = 5, LARGE_COLUMNS = 3 };

typedef struct span {
    int from, to;
} span;

struct ht_cells {
    ht_surface surface; /* first: the operations get a pointer to it */
    ht_symbols symbols;
    size_t capacity;
    layers *grid;                 /* (rows × columns) */
    span touched[SIZE_MAX_CELLS]; /* of each row */
};

/* An area shows every other of its dots, so that lines stand out from it; without braille, whole cells. */
enum { SHADE_DOTS = 0x95, SHADE_LEAST = 4, THIN_DOTS = 3 };

static ht_cells *cells_of(ht_surface *s)
{
    return (ht_cells *)s;
}

/* NULL outside the surface or the clip. */
static layers *layers_at(ht_surface *s, int x, int y)
{
    ht_rect c = s->clip;
    if (x < c.x || y < c.y || x >= c.x + c.w || y >= c.y + c.h) return NULL;
    if (x < 0 || y < 0 || x >= s->columns || y >= s->rows) return NULL;
    return &cells_of(s)->grid[(size_t)y * (size_t)s->columns + (size_t)x];
}

/* Rounds down to an int that arithmetic on cells cannot overflow; NaN lands outside too. */
static int cell_of(double v)
{
    return v > -1e6 && v < 1e6 ? (int)floor(v) : v >= 1e6 ? 1000000 : -1000000;
}

static int nearest(double v)
{
    return cell_of(v + 0.5);
}

/* ---- text -------------------------------------------------------------------------------------- */

static void put_text(ht_surface *s, int x, int y, ht_role role, unsigned attributes, uint32_t glyph)
{
    layers *l = layers_at(s, x, y);
    if (l) *l = (layers){.text = glyph, .text_role = (uint8_t)role, .attributes = (uint8_t)attributes};
}

static bool is_ascii(const ht_surface *s)
{
    return ((const ht_cells *)s)->symbols == HT_SYMBOLS_ASCII;
}

/* Shortens to `width` glyphs with an ellipsis. */
static size_t cut(uint32_t *glyphs, size_t count, size_t width, bool ascii)
{
    if (count <= width) return count;
    if (width > 1 && glyphs[width - 1] == HT_GLYPH_TAIL) glyphs[width - 2] = ' ';
    if (!ascii && width > 0) glyphs[width - 1] = 0x2026;
    for (size_t i = 0; ascii && width > 3 && i < 3; i++) glyphs[width - 1 - i] = '.';
    return width;
}

static void cells_text(ht_surface *s, double x, double y, double width, ht_align align, ht_role role,
                       unsigned attributes, const char *text)
{
    uint32_t glyphs[TEXT_MAX];
    int left = nearest(x), row = nearest(y), room = cell_of(width + 1e-6);
    if (room <= 0) return;
    if (room > SIZE_MAX_CELLS) room = SIZE_MAX_CELLS;
    size_t count = ht_glyphs_from_text(text, is_ascii(s), glyphs, TEXT_MAX);
    int n = (int)cut(glyphs, count, (size_t)room, is_ascii(s));
    int shift = align == HT_ALIGN_RIGHT ? room - n : align == HT_ALIGN_CENTER ? (room - n) / 2 : 0;
    if (attributes & HT_REVERSE)
        for (int i = 0; i < room; i++) put_text(s, left + i, row, role, attributes, ' ');
    for (int i = 0; i < n; i++) put_text(s, left + shift + i, row, role, attributes, glyphs[i]);
}

static double cells_measure(ht_surface *s, unsigned attributes, const char *text)
{
    (void)attributes;
    uint32_t glyphs[TEXT_MAX];
    return (double)ht_glyphs_from_text(text, is_ascii(s), glyphs, TEXT_MAX);
}

/* ---- dots -------------------------------------------------------------------------------------- */

/* A cell has one colour, so it shows the dots of one role: a later curve takes the cell over. Dots of both in
 * the later one's colour would turn a thin line on a wide envelope into a block. Dotted lines, the guides
 * among them, are kept apart: they take turns with the curves that lie on them (guides_turn). */
static void put_dot(ht_surface *s, ht_role role, bool guide, int dot_x, int dot_y)
{
    if (dot_x < 0 || dot_y < 0) return;
    layers *l = layers_at(s, dot_x / 2, dot_y / 4);
    if (!l) return;
    uint8_t *dots = guide ? &l->guide : &l->dots, *owner = guide ? &l->guide_role : &l->dots_role;
    if (*owner != role) *dots = 0;
    *dots |= (uint8_t)ht_glyph_dot(dot_x % 2, dot_y % 4);
    *owner = (uint8_t)role;
}

/* One bound of the Liang–Barsky clip: keeps t in [*t0, *t1] where p·t <= q. */
static bool clip_edge(double p, double q, double *t0, double *t1)
{
    if (p == 0) return q >= 0;
    double t = q / p;
    if (p < 0) {
        if (t > *t1) return false;
        if (t > *t0) *t0 = t;
    } else {
        if (t < *t0) return false;
        if (t < *t1) *t1 = t;
    }
    return true;
}

/* Cuts the segment to the clip rectangle, so that a far-off point costs nothing. */
static bool clip_segment(const ht_surface *s, double p[4])
{
    ht_rect c = s->clip;
    double t0 = 0, t1 = 1, x = p[0], y = p[1], dx = p[2] - x, dy = p[3] - y;
    if (!clip_edge(-dx, x - c.x, &t0, &t1) || !clip_edge(dx, c.x + c.w - x, &t0, &t1)) return false;
    if (!clip_edge(-dy, y - c.y, &t0, &t1) || !clip_edge(dy, c.y + c.h - y, &t0, &t1)) return false;
    p[0] = x + t0 * dx;
    p[1] = y + t0 * dy;
    p[2] = x + t1 * dx;
    p[3] = y + t1 * dy;
    return true;
}

/* Is there ink at this dot of a line? */
static bool inked(ht_dash dash, int phase)
{
    static const char *const pattern[] = {"#", "# ", "######  ", "#####  #  ", "#####  #  #  ", "#  "};
    _Static_assert(sizeof pattern / sizeof pattern[0] == HT_DASHES, "a dash has no pattern");
    return pattern[dash][(size_t)phase % strlen(pattern[dash])] == '#';
}

/* Bresenham on the dot grid. *phase counts dots along the whole line, so that dotting does not restart at
 * each point. */
static void segment(ht_surface *s, ht_role role, ht_dash dash, const double p[4], int *phase)
{
    int x = cell_of(p[0] * 2), y = cell_of(p[1] * 4), x1 = cell_of(p[2] * 2), y1 = cell_of(p[3] * 4);
    int dx = x1 > x ? x1 - x : x - x1, dy = y1 > y ? y - y1 : y1 - y; /* dy <= 0 */
    int sx = x < x1 ? 1 : -1, sy = y < y1 ? 1 : -1, e = dx + dy;
    for (;;) {
        if (inked(dash, *phase)) put_dot(s, role, dash == HT_DOTTED, x, y);
        if (x == x1 && y == y1) return;
        int twice = 2 * e;
        if (twice >= dy) {
            e += dy;
            x += sx;
        }
        if (twice <= dx) {
            e += dx;
            y += sy;
        }
        ++*phase;
    }
}

static void cells_polyline(ht_surface *s, ht_role role, ht_dash dash, int count, const double *x,
                           const double *y)
{
    int phase = 0;
    for (int i = 0; i < count; i++) {
        int j = count == 1 ? i : i + 1; /* a single point is a segment onto itself */
        if (j >= count) break;
        double p[4] = {x[i], y[i], x[j], y[j]};
        if (!isfinite(p[0] + p[1] + p[2] + p[3])) continue;
        if (clip_segment(s, p)) segment(s, role, dash, p, &phase);
    }
}

static void cells_stroke(ht_surface *s, ht_role role, double x, double y0, double y1)
{
    cells_polyline(s, role, false, 2, (double[]){x, x}, (double[]){y0, y1});
}

static void cells_point(ht_surface *s, ht_role role, double x, double y)
{
    put_text(s, cell_of(x), cell_of(y), role, 0, is_ascii(s) ? 'o' : 0x25aa);
}

static void cells_pixel(ht_surface *s, ht_role role, double x, double y)
{
    layers *l = layers_at(s, cell_of(x), cell_of(y));
    if (l) l->pixel[y - floor(y) >= 0.5] = (uint8_t)role;
}

/* ---- large digits ------------------------------------------------------------------------------ */

/* Pixels three wide and five high. Five rows: a pixel is two cells wide; three rows: half a cell high. */
static void large_glyph(ht_surface *s, int x, int y, int rows, ht_role role, char c)
{
    bool ascii = is_ascii(s);
    int across = rows >= LARGE_ROWS ? 2 : 1, down = rows >= LARGE_ROWS ? 1 : 2;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < LARGE_COLUMNS * across; column++) {
            bool upper = ht_glyph_pixel(c, column / across, row * down);
            bool lower = ht_glyph_pixel(c, column / across, row * down + down - 1);
            uint32_t glyph = upper && lower ? 0x2588 : upper ? 0x2580 : 0x2584;
            if (ascii) glyph = upper && lower ? '#' : upper ? '"' : '_';
            if (upper || lower) put_text(s, x + column, y + row, role, 0, glyph);
        }
}

static void cells_large(ht_surface *s, double x, double y, double width, int rows, ht_role role,
                        const char *text)
{
    int across = rows >= LARGE_ROWS ? 2 : 1, used = 0, room = cell_of(width + 1e-6);
    for (const char *c = text; *c; c++) used += across * (*c == '.' ? 2 : LARGE_COLUMNS + 1);
    int at = nearest(x) + (used <= room ? room - used + across : 0);
    for (const char *c = text; *c && at + across * LARGE_COLUMNS <= nearest(x) + room + across * 2; c++) {
        large_glyph(s, at, nearest(y), rows, role, *c);
        at += across * (*c == '.' ? 2 : LARGE_COLUMNS + 1);
    }
}

/* ---- areas ------------------------------------------------------------------------------------- */

/* Where bars meet in a column the higher one is shown: a spike is the data. */
static void put_column(ht_surface *s, ht_role role, int column, int bottom, int eighths)
{
    for (int row = bottom - 1; eighths > 0 && row >= 0; row--, eighths -= 8) {
        layers *l = layers_at(s, column, row);
        uint8_t part = (uint8_t)(eighths > 8 ? 8 : eighths);
        if (!l) continue;
        if (part > l->bar) l->bar = part;
        l->bar_role = (uint8_t)role;
    }
}

static void cells_bar(ht_surface *s, ht_role role, double x, double y, double w, double h)
{
    if (!(w > 0) || !(h > 0)) return;
    int from = nearest(x), to = nearest(x + w), bottom = nearest(y + h);
    if (from >= to) { /* narrower than a column: the one its middle lies in */
        from = cell_of(x + w / 2);
        to = from + 1;
    }
    int eighths = nearest(8 * h);
    if (eighths < 1) eighths = 1;
    if (bottom > s->rows + SIZE_MAX_CELLS) return;
    for (int column = from < 0 ? 0 : from; column < to && column < s->columns; column++)
        put_column(s, role, column, bottom, eighths);
}

/* A column of dots between two heights in cells. */
static void shade_column(ht_surface *s, ht_role role, int dot_x, double low, double high)
{
    int top = nearest(4 * fmin(low, high)), bottom = nearest(4 * fmax(low, high));
    bool thin = bottom - top < THIN_DOTS;
    if (bottom <= top) { /* still there, if no line of its own shows the place */
        top = cell_of(2 * (low + high));
        bottom = top + 1;
    }
    for (int y = top < 0 ? 0 : top; y < bottom && y < 4 * s->rows; y++) {
        layers *l = layers_at(s, dot_x / 2, y / 4);
        if (!l) continue;
        if (l->shade_role != role) l->shade = 0;
        l->thin = thin && (l->thin || !l->shade);
        l->shade |= (uint8_t)ht_glyph_dot(dot_x % 2, y % 4);
        l->shade_role = (uint8_t)role;
    }
}

static void cells_band(ht_surface *s, ht_role role, int count, const double *x, const double *low,
                       const double *high)
{
    for (int i = 0; i + 1 < count; i++) {
        double width = x[i + 1] - x[i];
        int from = nearest(2 * x[i]), to = nearest(2 * x[i + 1]);
        for (int dot = from < 0 ? 0 : from; dot < to && dot < 2 * s->columns; dot++) {
            double t = width > 0 ? ((dot + 0.5) / 2 - x[i]) / width : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            shade_column(s, role, dot, low[i] + t * (low[i + 1] - low[i]),
                         high[i] + t * (high[i + 1] - high[i]));
        }
    }
}

/* ---- lines of boxes and axes ------------------------------------------------------------------- */

static void put_box(ht_surface *s, int x, int y, ht_role role, unsigned box)
{
    layers *l = layers_at(s, x, y);
    if (!l) return;
    /* A solid line wins over a dotted one it meets. */
    unsigned dotted = l->box & 15 ? l->box & box & HT_BOX_DOTTED : box & HT_BOX_DOTTED;
    l->box = (uint8_t)(((l->box | box) & ~HT_BOX_DOTTED) | dotted);
    l->box_role = (uint8_t)role;
}

static void cells_frame(ht_surface *s, ht_role role, ht_rect r)
{
    if (r.w < 2 || r.h < 2) return;
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    for (int x = r.x + 1; x < right; x++) {
        put_box(s, x, r.y, role, HT_BOX_LEFT | HT_BOX_RIGHT);
        put_box(s, x, bottom, role, HT_BOX_LEFT | HT_BOX_RIGHT);
    }
    for (int y = r.y + 1; y < bottom; y++) {
        put_box(s, r.x, y, role, HT_BOX_UP | HT_BOX_DOWN);
        put_box(s, right, y, role, HT_BOX_UP | HT_BOX_DOWN);
    }
    put_box(s, r.x, r.y, role, HT_BOX_DOWN | HT_BOX_RIGHT | HT_BOX_ROUND);
    put_box(s, right, r.y, role, HT_BOX_DOWN | HT_BOX_LEFT | HT_BOX_ROUND);
    put_box(s, r.x, bottom, role, HT_BOX_UP | HT_BOX_RIGHT | HT_BOX_ROUND);
    put_box(s, right, bottom, role, HT_BOX_UP | HT_BOX_LEFT | HT_BOX_ROUND);
}

/* The ends of a rule point inwards only, so that rules that share an end cell make a corner, and one that
 * ends on a frame makes a tee. */
static void cells_rule(ht_surface *s, ht_role role, bool dotted, double x0, double y0, double x1, double y1)
{
    if (role == HT_ROLE_GRID) return; /* under dots a grid only costs legibility; pictures have it */
    unsigned style = dotted ? HT_BOX_DOTTED : 0;
    int ax = cell_of(fmin(x0, x1)), bx = cell_of(fmax(x0, x1)), ay = cell_of(fmin(y0, y1)),
        by = cell_of(fmax(y0, y1));
    if (fabs(x1 - x0) > fabs(y1 - y0)) {
        for (int x = ax < -1 ? -1 : ax; x <= bx && x <= s->columns; x++)
            put_box(s, x, ay, role,
                    style | (x > ax ? HT_BOX_LEFT : 0u) | (x < bx || ax == bx ? HT_BOX_RIGHT : 0u));
        return;
    }
    for (int y = ay < -1 ? -1 : ay; y <= by && y <= s->rows; y++)
        put_box(s, ax, y, role, style | (y > ay ? HT_BOX_UP : 0u) | (y < by || ay == by ? HT_BOX_DOWN : 0u));
}

static void cells_tick(ht_surface *s, ht_role role, bool vertical_axis, double x, double y)
{
    if (role == HT_ROLE_GRID) return; /* minor ticks, as above */
    /* The axis goes on at its very end: ┤, not ┐. */
    unsigned box =
        vertical_axis ? HT_BOX_UP | HT_BOX_DOWN | HT_BOX_LEFT : HT_BOX_LEFT | HT_BOX_RIGHT | HT_BOX_DOWN;
    put_box(s, cell_of(x), cell_of(y), role, box);
}

static void cells_slider(ht_surface *s, ht_role role, double x, double y, double width, double position,
                         double applied)
{
    int left = nearest(x), row = nearest(y), w = cell_of(width + 1e-6), track = w - 2;
    if (track < 1) return;
    bool ascii = is_ascii(s);
    int handle = nearest(position * (track - 1)), hollow = nearest(applied * (track - 1));
    put_text(s, left, row, HT_ROLE_FRAME, 0, ascii ? '|' : 0x251c);
    put_text(s, left + w - 1, row, HT_ROLE_FRAME, 0, ascii ? '|' : 0x2524);
    for (int i = 0; i < track && i < SIZE_MAX_CELLS; i++) {
        bool filled = i < handle;
        put_text(s, left + 1 + i, row, filled ? role : HT_ROLE_FRAME, 0,
                 ascii ? (filled ? '=' : '-') : (filled ? 0x2501 : 0x2500));
    }
    if (applied >= 0 && hollow != handle) put_text(s, left + 1 + hollow, row, role, 0, ascii ? 'o' : 0x25cb);
    put_text(s, left + 1 + handle, row, role, HT_BOLD, ascii ? '*' : 0x25cf);
}

static void touch(span *s, int from, int to)
{
    if (from < s->from) s->from = from;
    if (to > s->to) s->to = to;
}

static void cells_erase(ht_surface *s, ht_rect r)
{
    ht_rect here = ht_rect_cut(ht_rect_cut(r, s->clip), (ht_rect){0, 0, s->columns, s->rows});
    for (int y = here.y; y < here.y + here.h; y++) {
        memset(layers_at(s, here.x, y), 0, (size_t)here.w * sizeof(layers));
        touch(&cells_of(s)->touched[y], here.x, here.x + here.w);
    }
}

/* ---- the grid ---------------------------------------------------------------------------------- */

ht_cells *ht_cells_new(ht_error *err)
{
    static const ht_surface_ops ops = {
        .text = cells_text,
        .polyline = cells_polyline,
        .stroke = cells_stroke,
        .bar = cells_bar,
        .band = cells_band,
        .point = cells_point,
        .pixel = cells_pixel,
        .frame = cells_frame,
        .rule = cells_rule,
        .tick = cells_tick,
        .slider = cells_slider,
        .erase = cells_erase,
        .large = cells_large,
        .measure = cells_measure,
    };
    ht_cells *cells = ht_alloc(1, sizeof *cells, "the screen", err);
    if (cells) cells->surface.ops = &ops;
    return cells;
}

void ht_cells_free(ht_cells *cells)
{
    if (cells) ht_free(cells->grid);
    ht_free(cells);
}

ht_code ht_cells_begin(ht_cells *cells, int columns, int rows, ht_symbols symbols, ht_error *err)
{
    if (columns < 1 || rows < 1 || columns > SIZE_MAX_CELLS || rows > SIZE_MAX_CELLS)
        return ht_error_set(err, HT_FAIL, "a screen of %d x %d cells: 1 to %d each way are possible", columns,
                            rows, SIZE_MAX_CELLS);
    size_t need = (size_t)columns * (size_t)rows;
    if (!cells->grid || need > cells->capacity) {
        void *grid = cells->grid;
        if (ht_grow(&grid, 0, need, sizeof(layers), "the screen", err) != HT_OK) return err->code;
        cells->grid = grid;
        cells->capacity = need;
    }
    memset(cells->grid, 0, need * sizeof(layers));
    for (int y = 0; y < rows; y++) cells->touched[y] = (span){0, columns};
    cells->symbols = symbols;
    cells->surface.blank = true;
    cells->surface.columns = columns;
    cells->surface.rows = rows;
    cells->surface.detail = 2; /* braille: two dots a cell */
    cells->surface.clip = (ht_rect){0, 0, columns, rows};
    return HT_OK;
}

ht_code ht_cells_resume(ht_cells *cells, int columns, int rows, ht_symbols symbols, ht_error *err)
{
    const ht_surface *s = &cells->surface;
    bool same = cells->grid && s->columns == columns && s->rows == rows && cells->symbols == symbols;
    for (int y = 0; same && y < rows; y++) cells->touched[y] = (span){columns, 0};
    return same ? HT_OK : ht_cells_begin(cells, columns, rows, symbols, err);
}

void ht_cells_touched(const ht_cells *cells, int row, int *from, int *to)
{
    *from = cells->touched[row].from;
    *to = cells->touched[row].to;
}

ht_surface *ht_cells_surface(ht_cells *cells)
{
    return &cells->surface;
}

static uint32_t dots_glyph(unsigned dots, ht_symbols symbols)
{
    if (symbols == HT_SYMBOLS_BRAILLE) return 0x2800 + dots;
    return symbols == HT_SYMBOLS_BLOCK ? ht_glyph_quadrant(dots) : ht_glyph_ascii_dots(dots);
}

/* -4 … 4 */
static int signed_level(uint8_t role)
{
    double channel[3];
    if (!ht_role_is_rgb(role)) return role ? role - HT_ROLE_SIGNED_5 : 0;
    ht_role_channels(role, channel);
    return (int)lround(4 * (channel[0] + channel[1] + channel[2]) / 3);
}

/* The fuller half counts: a single weight must not vanish beside nothing. */
static ht_cell heat_in_one_colour(ht_cell cell, bool ascii)
{
    static const uint32_t shades[] = {0x2591, 0x2591, 0x2591, 0x2592, 0x2592, 0x2593, 0x2593, 0x2588};
    static const char letters[] = ".,:-=+#@";
    int most = cell.ground > cell.role ? cell.ground : cell.role, level = most - HT_ROLE_HEAT;
    return (ht_cell){ascii ? (uint32_t)letters[level] : shades[level], HT_ROLE_TEXT, 0, 0};
}

static bool is_heat(const ht_cell *cell)
{
    return cell->role >= HT_ROLE_HEAT && cell->role < HT_ROLE_HEAT + HT_HEAT_LEVELS;
}

ht_cell ht_cell_one_colour(ht_cell cell, bool ascii)
{
    static const char glyphs[] = "==-- ++##";
    if (is_heat(&cell)) return heat_in_one_colour(cell, ascii);
    int mean = signed_level(cell.role) + (cell.ground ? signed_level(cell.ground) : 0);
    int level = mean / 2; /* towards zero, so that a single faint half stays blank */
    return (ht_cell){(uint32_t)glyphs[level + 4], HT_ROLE_TEXT, 0, 0};
}

/* Two pixels above each other in two colours; one of them alone leaves the other half blank. */
static ht_cell pixel_cell(const layers *l, bool ascii)
{
    bool upper = l->pixel[0] != 0;
    ht_cell cell = {upper ? 0x2580 : 0x2584, upper ? l->pixel[0] : l->pixel[1], 0, upper ? l->pixel[1] : 0};
    return ascii ? ht_cell_one_colour(cell, true) : cell;
}

/* A thin band beside its own line, in the row above or below, would only roughen that. */
static bool hidden_by_line(const ht_cells *cells, const layers *l, int row)
{
    const layers *above = row > 0 ? l - cells->surface.columns : l,
                 *below = row + 1 < cells->surface.rows ? l + cells->surface.columns : l;
    return l->thin && ((above->dots && above->dots_role == l->shade_role) ||
                       (below->dots && below->dots_role == l->shade_role));
}

static ht_cell shade_cell(const ht_cells *cells, const layers *l)
{
    bool braille = cells->symbols == HT_SYMBOLS_BRAILLE;
    unsigned dots = l->shade & SHADE_DOTS;
    bool covered = braille ? dots != 0 : l->thin || __builtin_popcount(l->shade) >= SHADE_LEAST;
    if (!covered) return (ht_cell){0};
    uint32_t glyph = braille                              ? dots_glyph(dots, HT_SYMBOLS_BRAILLE)
                     : cells->symbols == HT_SYMBOLS_ASCII ? '.'
                                                          : 0x2591;
    return (ht_cell){glyph, l->shade_role, 0, 0};
}

/* Half a wide character, the other half of which lies under another text or beyond an edge, is a blank. */
static uint32_t whole_glyph(const layers *l, bool first, bool last)
{
    if (l->text == HT_GLYPH_TAIL) return !first && ht_glyph_is_wide(l[-1].text) ? l->text : ' ';
    if (ht_glyph_is_wide(l->text)) return !last && l[1].text == HT_GLYPH_TAIL ? l->text : ' ';
    return l->text;
}

/* Where a dotted line and a curve share cells, each shows in some of them: along a level line in every fourth
 * column, along an upright one in every other row. */
static bool guides_turn(const layers *l, int column, int row)
{
    bool guide = l->guide != 0 || (l->box & 15 && l->box & HT_BOX_DOTTED);
    return guide && (!l->dots || (column + 2 * row) % 4 == 0);
}

ht_cell ht_cells_at(const ht_cells *cells, int column, int row)
{
    const ht_surface *s = &cells->surface;
    if (column < 0 || row < 0 || column >= s->columns || row >= s->rows) return (ht_cell){0};
    const layers *l = &cells->grid[(size_t)row * (size_t)s->columns + (size_t)column];
    bool ascii = cells->symbols == HT_SYMBOLS_ASCII;
    if (l->text)
        return (ht_cell){whole_glyph(l, column == 0, column == s->columns - 1), l->text_role, l->attributes,
                         0};
    bool guide = guides_turn(l, column, row);
    unsigned dots = guide ? l->guide : l->dots;
    if (dots) { /* over a full bar: dots cut out of it */
        bool cut = l->bar == 8;
        return (ht_cell){dots_glyph(dots, cells->symbols),
                         cut     ? l->bar_role
                         : guide ? l->guide_role
                                 : l->dots_role,
                         cut ? HT_REVERSE : 0, 0};
    }
    if (l->box & 15) return (ht_cell){ht_glyph_box(l->box, ascii), l->box_role, 0, 0};
    if (l->bar) return (ht_cell){ht_glyph_bar(l->bar, ascii), l->bar_role, 0, 0};
    if (l->shade && !hidden_by_line(cells, l, row)) return shade_cell(cells, l);
    if (l->pixel[0] || l->pixel[1]) return pixel_cell(l, ascii);
    return (ht_cell){0};
}

/* Does it show two pixels in two colours? */
static bool has_pixels(const ht_cell *cell)
{
    return (cell->role >= HT_ROLE_SIGNED && cell->role < HT_ROLE_HEAT + HT_HEAT_LEVELS) ||
           ht_role_is_rgb(cell->role);
}

ht_cell ht_cell_in(ht_cell cell, unsigned one_colour)
{
    unsigned kind = ht_role_is_rgb(cell.role) ? HT_ONE_COLOUR_PICTURES : HT_ONE_COLOUR_PIXELS;
    return has_pixels(&cell) && (one_colour & kind) ? ht_cell_one_colour(cell, false) : cell;
}

void ht_cells_row(const ht_cells *cells, int row, char *to, size_t size, unsigned one_colour)
{
    size_t used = 0, ink = 0; /* ink: where the last visible character ends */
    if (size == 0) return;
    for (int column = 0; column < cells->surface.columns; column++) {
        char bytes[5];
        ht_cell cell = ht_cells_at(cells, column, row);
        if (cell.glyph == HT_GLYPH_TAIL) continue;
        cell = ht_cell_in(cell, one_colour);
        size_t n = ht_utf8_encode(cell.glyph ? cell.glyph : ' ', bytes);
        if (used + n >= size) break;
        memcpy(to + used, bytes, n);
        used += n;
        if (cell.glyph && cell.glyph != ' ') ink = used;
    }
    to[ink] = '\0';
}
