/* place_sums_body.c - the product of some rows with one panel (place_parts.h); compiled once per instruction
 * set, like kernel_body.c. Unlike the sums of convolutions it has one run of terms, and they stay in
 * registers from the first to the last. */
#include "kernel/place_parts.h"

/* How many rows of two vectors have a register each. */
#if defined(__AVX512F__) || !defined(__SSE2__)
#define MANY_REGISTERS 1
enum { MOST_ROWS = 12 };
#else
enum { MOST_ROWS = 6 };
#endif

/* Else gcc puts the sums into memory for the sake of these loops. */
#if defined(__GNUC__) && !defined(__clang__)
#define UNROLLED _Pragma("GCC unroll 16")
#else
#define UNROLLED
#endif

INLINE void sum_tile(int rows, int vectors, bool across, const place_product *of, float *to, ptrdiff_t step)
{
    const ptrdiff_t row = across ? 1 : of->row, term = across ? of->term : 1;
    const float *part[MOST_ROWS / 3 + 1], *b = of->b; /* addresses of every third row are enough */
    floats sum[MOST_ROWS][2];
    for (int i = 0; i < (rows + 2) / 3; i++) part[i] = of->a + 3 * i * row;
    UNROLLED for (int r = 0; r < rows; r++) for (int v = 0; v < vectors; v++) sum[r][v] = (floats){0};
    for (int k = 0; k < of->terms; k++, b += of->panel) {
        floats by[2] = {load(b), vectors > 1 ? load(b + FLOATS) : (floats){0}};
        for (int r = 0; r < rows; r++) {
            floats x = part[r / 3][r % 3 * row] - (floats){0};
            for (int v = 0; v < vectors; v++) sum[r][v] = FUSED(x, by[v], sum[r][v]);
        }
        for (int i = 0; i < (rows + 2) / 3; i++) part[i] += term;
    }
    UNROLLED for (int r = 0; r < rows; r++) for (int v = 0; v < vectors; v++)
    {
        if (of->plus) sum[r][v] += load(of->plus + r * of->plus_row + v * FLOATS);
        put(to + r * step + v * FLOATS, sum[r][v]);
    }
}

typedef void sum_function(const place_product *of, float *to, ptrdiff_t step);

/* Constant sizes, so that the sums stay in registers. */
#define SUM(rows, vectors, across)                                                                           \
    static __attribute__((noinline)) void place_##rows##_##vectors##_##across(const place_product *of,       \
                                                                              float *to, ptrdiff_t step)     \
    {                                                                                                        \
        sum_tile(rows, vectors, across, of, to, step);                                                       \
    }
#define SUMS(rows) SUM(rows, 1, 0) SUM(rows, 2, 0) SUM(rows, 1, 1) SUM(rows, 2, 1)
#define NAMES(rows)                                                                                          \
    {                                                                                                        \
        {place_##rows##_1_0, place_##rows##_2_0}, {place_##rows##_1_1, place_##rows##_2_1},                  \
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

/* In groups of about the same size; `width` floats of each row, whole vectors. */
static void sum_rows(place_product of, int rows, int width, float *to, ptrdiff_t step)
{
    int groups = (rows + MOST_ROWS - 1) / MOST_ROWS;
    for (int g = 0; g < groups; g++) {
        int n = (rows + g) / groups;
        sum_table[n - 1][of.across][width > FLOATS](&of, to, step);
        of.a += n * (of.across ? 1 : of.row);
        if (of.plus) of.plus += n * of.plus_row;
        to += n * step;
    }
}

void place_multiply(const place_product *of, int rows, int lanes, float *to, ptrdiff_t step)
{
    enum { SOME = MOST_ROWS };
    float edge[SOME * WIDTH];
    int width = padded(lanes);
    if (width == lanes) {
        sum_rows(*of, rows, width, to, step);
        return;
    }
    for (int r = 0; r < rows; r += SOME) {
        place_product some = *of;
        int n = least(SOME, rows - r);
        some.a += r * (of->across ? 1 : of->row);
        if (some.plus) some.plus += r * of->plus_row;
        sum_rows(some, n, width, edge, width);
        for (int i = 0; i < n; i++) memcpy(to + (r + i) * step, edge + i * width, (size_t)lanes * sizeof *to);
    }
}
