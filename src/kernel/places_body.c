/* places_body.c - a weight matrix at every place (places.h); compiled once per instruction set, like
 * kernel_body.c. Panels are two vectors wide, as those of convolutions. */
#include "kernel/places.h"

#include <string.h>

#include "kernel/conv_parts.h"
#include "kernel/kernel.h"
#include "kernel/place_parts.h"

/* ---- panels ---- */

/* Panel by panel of `columns`, term by term: wᵀ, where rows of w are columns of the panels. */
static void pack_turned(const float *w, int columns, int terms, float *to)
{
    for (int p = 0; p < panels_of(columns); p++) {
        int width = panel_width(columns, p);
        for (int j = 0; j < width; j += 4) {
            const float *row[4];
            for (int i = 0; i < 4; i++) {
                int at = p * WIDTH + j + i;
                row[i] = at < columns ? w + (ptrdiff_t)at * terms : NULL;
            }
            turn(row, terms, to + (ptrdiff_t)p * WIDTH * terms + j, width);
        }
    }
}

/* w itself, (terms × columns). */
static void pack_straight(const float *w, int columns, int terms, float *to)
{
    for (int p = 0; p < panels_of(columns); p++) {
        int width = panel_width(columns, p), lanes = least(width, columns - p * WIDTH);
        float *at = to + (ptrdiff_t)p * WIDTH * terms;
        for (int t = 0; t < terms; t++, at += width) {
            memcpy(at, w + (ptrdiff_t)t * columns + (ptrdiff_t)p * WIDTH, (size_t)lanes * sizeof *at);
            memset(at + lanes, 0, (size_t)(width - lanes) * sizeof *at);
        }
    }
}

static size_t forward_panels(int units, int inputs)
{
    return ht_place_panels(units) * (size_t)inputs;
}

static void pack(const float *w, int units, int inputs, float *packed)
{
    pack_turned(w, units, inputs, packed);
    pack_straight(w, inputs, units, packed + forward_panels(units, inputs));
}

/* ---- products ---- */

/* Through all panels: h (rows × columns) = a (rows × terms) · panels. */
static void through(const float *panels, int columns, int terms, const float *bias, const float *a, int rows,
                    float *h)
{
    for (int p = 0; p < panels_of(columns); p++) {
        int lanes = least(WIDTH, columns - p * WIDTH);
        float plus[WIDTH] = {0};
        if (bias) memcpy(plus, bias + p * WIDTH, (size_t)lanes * sizeof *plus);
        place_product of = {.a = a,
                            .row = terms,
                            .b = panels + (ptrdiff_t)p * WIDTH * terms,
                            .panel = panel_width(columns, p),
                            .terms = terms,
                            .plus = bias ? plus : NULL};
        place_multiply(&of, rows, lanes, h + p * WIDTH, columns);
    }
}

static void forward(const float *packed, int units, int inputs, const float *bias, const float *x, int places,
                    float *h)
{
    through(packed, units, inputs, bias, x, places, h);
}

static void back(const float *packed, int units, int inputs, const float *delta, int places, float *d)
{
    through(packed + forward_panels(units, inputs), inputs, units, NULL, delta, places, d);
}

/* ---- sums over places ---- */

/* So many places of delta stay in the first cache, and so many of x and sums in the second. */
enum { TERMS = 128, ROWS = 64, COLUMNS = 256, AHEAD = 24 };

typedef struct gathering {
    float delta[TERMS][ROWS], x[TERMS][WIDTH], sum[ROWS][COLUMNS];
} __attribute__((aligned(64))) gathering;

/* `lanes` of each of some places, filled up to whole vectors with zeros. What is read next is far apart and
 * not in a near cache: it is asked for ahead, past the last place, too. */
INLINE void copy_terms(const float *from, size_t stride, int terms, int lanes, float *to, int step)
{
    for (int t = 0; t < terms; t++, to += step, from += stride) {
        int v = 0;
        for (int line = 0; line < lanes; line += LINE) __builtin_prefetch(from + AHEAD * stride + line, 0, 2);
        for (; v + FLOATS <= lanes; v += FLOATS) put(to + v, load(from + v));
        if (v < lanes) put(to + v, load_part(from + v, first_lanes(lanes - v)));
    }
}

/* Places from `start` on: where they are, and how many of them are side by side in both. */
typedef struct stretch {
    const float *delta, *x;
    int terms;
} stretch;

static stretch stretch_at(const ht_place_sums *of, int start)
{
    size_t sample = (size_t)(start / of->places), place = (size_t)(start % of->places);
    bool dense = of->delta_sample == (size_t)of->places * (size_t)of->units &&
                 of->x_sample == (size_t)of->places * (size_t)of->inputs;
    int left = dense ? of->samples * of->places - start : of->places - (int)place;
    return (stretch){of->delta + sample * of->delta_sample + place * (size_t)of->units + of->first,
                     of->x + sample * of->x_sample + place * (size_t)of->inputs, least(TERMS, left)};
}

/* Places a power of two apart would all be in the same few lines of the first cache. */
INLINE bool is_crowded(size_t stride)
{
    return stride % (1024 / sizeof(float)) == 0;
}

/* What a stretch adds to a block of sums. Whole panels of x are read in place, unless that is crowded. */
static void add_places(gathering *g, const ht_place_sums *of, stretch s, bool first, int rows, int columns)
{
    size_t units = (size_t)of->units, inputs = (size_t)of->inputs;
    if (rows == ROWS) /* a constant */
        copy_terms(s.delta, units, s.terms, ROWS, g->delta[0], ROWS);
    else
        copy_terms(s.delta, units, s.terms, rows, g->delta[0], ROWS);
    for (int c = 0; c < columns; c += WIDTH) {
        int lanes = least(WIDTH, columns - c), width = padded(lanes);
        bool copied = lanes < WIDTH || is_crowded(inputs);
        if (copied && lanes == WIDTH)
            copy_terms(s.x + c, inputs, s.terms, WIDTH, g->x[0], WIDTH);
        else if (copied)
            copy_terms(s.x + c, inputs, s.terms, lanes, g->x[0], width);
        place_product part = {.a = g->delta[0],
                              .row = 1,
                              .term = ROWS,
                              .across = true,
                              .b = copied ? g->x[0] : s.x + c,
                              .panel = copied ? width : (ptrdiff_t)inputs,
                              .terms = s.terms,
                              .plus = first ? NULL : &g->sum[0][c],
                              .plus_row = COLUMNS};
        place_multiply(&part, rows, width, &g->sum[0][c], COLUMNS);
    }
}

static void gather(const ht_place_sums *of, float *to, float factor, float keep)
{
    gathering g;
    int all = of->samples * of->places;
    for (int r = 0; r < of->rows; r += ROWS)
        for (int c = 0; c < of->inputs; c += COLUMNS) {
            int rows = least(ROWS, of->rows - r), columns = least(COLUMNS, of->inputs - c);
            int start = 0;
            do { /* there is at least one place */
                stretch s = stretch_at(of, start);
                s.delta += r;
                s.x += c;
                add_places(&g, of, s, start == 0, rows, columns);
                start += s.terms;
            } while (start < all);
            for (int i = 0; i < rows; i++) {
                float *row = to + (size_t)(r + i) * (size_t)of->inputs + c;
                for (int j = 0; j < columns; j++) row[j] = keep * row[j] + factor * g.sum[i][j];
            }
        }
}

/* ---- values ---- */

static void multiply_by(float *restrict x, const float *restrict by, size_t count)
{
    for (size_t i = 0; i < count; i++) x[i] *= by[i];
}

static void add(float *restrict to, const float *restrict a, const float *restrict b, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = a[i] + b[i];
}

extern void PASTE(ht_attend_, HT_ISA)(const ht_head *head, const float *q, const float *k, const float *v,
                                      float *p, float *y, float *room);
extern void PASTE(ht_attend_back_, HT_ISA)(const ht_head *head, const float *const qkv[3], const float *p,
                                           const float *dy, float *const deltas[3], float *room);
extern void PASTE(ht_normalize_, HT_ISA)(const float *x, int places, int channels, double epsilon,
                                         const float *gain, const float *bias, double *measured, float *h);
extern void PASTE(ht_normalize_back_, HT_ISA)(const float *x, int places, int channels,
                                              const double *measured, const float *gain, const float *delta,
                                              float *d);
extern void PASTE(ht_normalize_gains_, HT_ISA)(const float *x, int places, int channels,
                                               const double *measured, const float *delta, float *gains,
                                               float *biases);
extern void PASTE(ht_gelu_, HT_ISA)(float *x, float *slope, size_t count);
extern const ht_place_kernels PASTE(ht_places_, HT_ISA);
const ht_place_kernels PASTE(ht_places_, HT_ISA) = {
    .pack = pack,
    .forward = forward,
    .back = back,
    .gather = gather,
    .attend = PASTE(ht_attend_, HT_ISA),
    .attend_back = PASTE(ht_attend_back_, HT_ISA),
    .normalize = PASTE(ht_normalize_, HT_ISA),
    .normalize_back = PASTE(ht_normalize_back_, HT_ISA),
    .normalize_gains = PASTE(ht_normalize_gains_, HT_ISA),
    .gelu = PASTE(ht_gelu_, HT_ISA),
    .multiply = multiply_by,
    .add = add,
};
