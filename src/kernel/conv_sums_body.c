/* conv_sums_body.c - the sums of convolutions; compiled once per instruction set, like kernel_body.c. */
#include "kernel/conv_parts.h"

/* How many rows of two vectors have a register each. */
#if defined(__AVX512F__) || !defined(__SSE2__)
#define MANY_REGISTERS 1
enum { MOST_ROWS = 12 };
#else
enum { MOST_ROWS = 6 };
#endif

/* `across`: the rows are next to each other in a; otherwise the terms are. A line that is needed soon is
 * prefetched with each term. */
INLINE void add_terms(floats (*sum)[2], int rows, int vectors, bool across, const sums *s, const float *a,
                      const float *b, const float *soon)
{
    const ptrdiff_t row = across ? 1 : s->row, term = across ? s->term : 1;
    const float *part[MOST_ROWS / 3 + 1]; /* addresses of every third row are enough */
    for (int i = 0; i < (rows + 2) / 3; i++) part[i] = a + 3 * i * row;
    for (int k = 0; k < s->terms; k++, b += s->panel, soon += LINE) {
        floats by[2] = {load(b), vectors > 1 ? load(b + FLOATS) : (floats){0}};
        if (across)
            __builtin_prefetch(soon, 0, 2); /* a panel is too much for the first cache */
        else
            __builtin_prefetch(soon);
        for (int r = 0; r < rows; r++) {
            floats x = part[r / 3][r % 3 * row] - (floats){0};
            for (int v = 0; v < vectors; v++) sum[r][v] = FUSED(x, by[v], sum[r][v]);
        }
        for (int i = 0; i < (rows + 2) / 3; i++) part[i] += term;
    }
}

INLINE void sum_tile(int rows, int vectors, bool across, const sums *s, float *to, ptrdiff_t step)
{
    floats sum[MOST_ROWS][2];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) sum[r][v] = (floats){0};
    for (int i = 0; i < s->segments; i++) {
        const float *a = s->a + s->at_a[i];
        add_terms(sum, rows, vectors, across, s, a, s->b + s->at_b[i], across ? s->soon[0] : a + s->ahead);
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) {
            if (s->plus) sum[r][v] += load(s->plus + r * s->plus_row + v * FLOATS);
            put(to + r * step + v * FLOATS, sum[r][v]);
        }
}

typedef void sum_function(const sums *s, float *to, ptrdiff_t step);

/* Constant sizes, so that the sums stay in registers. */
#define SUM(rows, vectors, across)                                                                           \
    static __attribute__((noinline)) void sum_##rows##_##vectors##_##across(const sums *s, float *to,        \
                                                                            ptrdiff_t step)                  \
    {                                                                                                        \
        sum_tile(rows, vectors, across, s, to, step);                                                        \
    }
#define SUMS(rows) SUM(rows, 1, 0) SUM(rows, 2, 0) SUM(rows, 1, 1) SUM(rows, 2, 1)
#define NAMES(rows)                                                                                          \
    {                                                                                                        \
        {sum_##rows##_1_0, sum_##rows##_2_0}, {sum_##rows##_1_1, sum_##rows##_2_1},                          \
    }
SUMS(1)
SUMS(2)
SUMS(3)
SUMS(4)
SUMS(5)
SUMS(6)
#ifdef MANY_REGISTERS
SUMS(7)
SUMS(8)
SUMS(9)
SUMS(10)
SUMS(11)
SUMS(12)
#endif
static sum_function *const sum_table[MOST_ROWS][2][2] = {
    NAMES(1), NAMES(2), NAMES(3), NAMES(4),  NAMES(5),  NAMES(6),
#ifdef MANY_REGISTERS
    NAMES(7), NAMES(8), NAMES(9), NAMES(10), NAMES(11), NAMES(12),
#endif
};

/* Of sums across, after so many lines. */
INLINE const float *soon_of(const sums *s, int done)
{
    return done < s->lines ? s->soon[0] + (ptrdiff_t)done * LINE
                           : s->soon[1] + (ptrdiff_t)(done - s->lines) * LINE;
}

/* Any number of rows, in groups of about the same size; `width` floats of each. */
static void sum_rows(const sums *all, int rows, int width, bool across, float *to, ptrdiff_t step)
{
    int groups = (rows + MOST_ROWS - 1) / MOST_ROWS;
    sums s = *all;
    for (int g = 0, done = 0; g < groups; g++) {
        int n = (rows - done) / (groups - g);
        s.a = all->a + done * all->row;
        s.ahead = g + 1 < groups ? n * all->row : all->ahead - done * all->row;
        if (across) s.soon[0] = soon_of(all, g * all->terms);
        if (all->plus) s.plus = all->plus + done * all->plus_row;
        sum_table[n - 1][across][width > FLOATS](&s, to + done * step, step);
        done += n;
    }
}

void sum_segments(segments *l)
{
    l->sums.at_a = l->at_a;
    l->sums.at_b = l->at_b;
    sum_rows(&l->sums, l->rows, l->width, l->across, l->to, l->step);
    l->sums.plus = l->to;
    l->sums.plus_row = l->step;
    l->sums.segments = 0;
}
