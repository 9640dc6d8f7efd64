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

/* So many places of both sides stay in the first cache, and so many sums in the second. */
enum { TERMS = 128, ROWS = 64, COLUMNS = 128, AHEAD = 16 };

typedef struct gathering {
    float delta[TERMS][ROWS], x[TERMS][WIDTH], sum[ROWS][COLUMNS];
} __attribute__((aligned(64))) gathering;

/* Where a place is, of some after another. */
typedef struct walk {
    const float *at;
    size_t sample, stride; /* steps */
    int place, places;
} walk;

INLINE walk walk_to(const float *from, size_t sample, int stride, int places, int start)
{
    walk w = {from + (size_t)(start / places) * sample, sample, (size_t)stride, start % places, places};
    w.at += (size_t)w.place * w.stride;
    return w;
}

INLINE void go_on(walk *w)
{
    w->at += w->stride;
    if (++w->place < w->places) return;
    w->at += w->sample - (size_t)w->places * w->stride;
    w->place = 0;
}

/* `lanes` of each of some places, one after the other, filled up to whole vectors with zeros. What is read
 * next is far apart and not in a near cache: it is asked for ahead, past the last place, too. */
INLINE void copy_terms(walk w, int terms, int lanes, float *to, int step)
{
    for (int t = 0; t < terms; t++, to += step, go_on(&w)) {
        int v = 0;
        for (int line = 0; line < lanes; line += LINE) __builtin_prefetch(w.at + AHEAD * w.stride + line);
        for (; v + FLOATS <= lanes; v += FLOATS) put(to + v, load(w.at + v));
        if (v < lanes) put(to + v, load_part(w.at + v, first_lanes(lanes - v)));
    }
}

/* What some places add to a block of sums. */
static void add_places(gathering *g, const ht_place_sums *of, int start, int terms, int row, int rows,
                       int column, int columns)
{
    walk delta = walk_to(of->delta + of->first + row, of->delta_sample, of->units, of->places, start);
    if (rows == ROWS) /* a constant */
        copy_terms(delta, terms, ROWS, g->delta[0], ROWS);
    else
        copy_terms(delta, terms, rows, g->delta[0], ROWS);
    for (int c = 0; c < columns; c += WIDTH) {
        int lanes = least(WIDTH, columns - c), width = padded(lanes);
        walk x = walk_to(of->x + column + c, of->x_sample, of->inputs, of->places, start);
        if (lanes == WIDTH)
            copy_terms(x, terms, WIDTH, g->x[0], WIDTH);
        else
            copy_terms(x, terms, lanes, g->x[0], width);
        place_product part = {.a = g->delta[0],
                              .row = 1,
                              .term = ROWS,
                              .across = true,
                              .b = g->x[0],
                              .panel = width,
                              .terms = terms,
                              .plus = start > 0 ? &g->sum[0][c] : NULL,
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
            for (int start = 0; start < all; start += TERMS)
                add_places(&g, of, start, least(TERMS, all - start), r, rows, c, columns);
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
