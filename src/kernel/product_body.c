/* product_body.c - the products of product.h; compiled once per instruction set, like kernel_body.c. */
#include "kernel/kernel.h"
#include "kernel/kernel_vector.h"

enum { UNIT = 16, PER_UNIT = UNIT / FLOATS };

#if defined(__SSE2__) && !defined(__AVX2__)
enum { MOST_UNITS = 3 }; /* sixteen registers of four floats */
#else
enum { MOST_UNITS = 5 };
#endif

extern ht_pack_panels PASTE(ht_pack_, HT_ISA);
extern ht_descend_rows PASTE(ht_descend_, HT_ISA);
extern ht_project_rows PASTE(ht_project_, HT_ISA);

/* Panels are equally wide, so that no panel is a narrow rest. */
void PASTE(ht_pack_, HT_ISA)(ht_panels *p, const float *x, int samples, int columns)
{
    int units = (columns + UNIT - 1) / UNIT;
    p->samples = samples;
    p->columns = columns;
    p->panels = (units + MOST_UNITS - 1) / MOST_UNITS;
    p->units = (units + p->panels - 1) / p->panels;
    size_t width = (size_t)p->units * UNIT;
    for (size_t panel = 0; panel < (size_t)p->panels; panel++)
        for (size_t s = 0; s < (size_t)samples; s++) {
            size_t first = panel * width,
                   n = (size_t)columns - first < width ? (size_t)columns - first : width;
            float *to = p->x + (panel * (size_t)samples + s) * width;
            if (first >= (size_t)columns) n = 0;
            memcpy(to, x + s * (size_t)columns + first, n * sizeof *to);
            memset(to + n, 0, (width - n) * sizeof *to);
        }
}

/* ---- projection ---- */

enum { TILE_ROWS = 4, TILE_SAMPLES = 5 };

/* Four rows of w by five samples, all columns. */
INLINE void project_tile(const float *const w[TILE_ROWS], const ht_panels *x,
                         const size_t sample[TILE_SAMPLES], integers rest, quad out[TILE_SAMPLES])
{
    floats sum[TILE_SAMPLES][TILE_ROWS] = {{{0}}};
    size_t width = (size_t)x->units * UNIT, step = (size_t)x->samples * width;
    int full = x->columns / FLOATS, vector = 0;
    const float *panel = x->x;
    for (int p = 0; p < x->panels; p++, panel += step)
        for (size_t c = 0; c < width && vector <= full; c += FLOATS, vector++) {
            floats row[TILE_ROWS];
            for (int i = 0; i < TILE_ROWS; i++)
                row[i] =
                    vector < full ? load(w[i] + vector * FLOATS) : load_part(w[i] + vector * FLOATS, rest);
            for (int j = 0; j < TILE_SAMPLES; j++) {
                floats in = load(panel + sample[j] + c);
                for (int i = 0; i < TILE_ROWS; i++) sum[j][i] = FUSED(row[i], in, sum[j][i]);
            }
        }
    for (int j = 0; j < TILE_SAMPLES; j++) out[j] = sum_four(sum[j][0], sum[j][1], sum[j][2], sum[j][3]);
}

/* Four rows of w by all samples; meanwhile the next four rows are fetched, a piece with each tile. */
static void project_rows(float *h, int stride, const float *w, const ht_panels *x, int rows)
{
    size_t columns = (size_t)x->columns, width = (size_t)x->units * UNIT;
    size_t piece =
        TILE_ROWS * columns / (size_t)((x->samples + TILE_SAMPLES - 1) / TILE_SAMPLES) / UNIT * UNIT + UNIT;
    const float *row[TILE_ROWS], *next = w + (size_t)least(TILE_ROWS, rows) * columns;
    integers rest = first_lanes(x->columns % FLOATS);
    for (int i = 0; i < TILE_ROWS; i++) row[i] = w + (size_t)least(i, rows - 1) * columns;
    for (int s = 0; s < x->samples; s += TILE_SAMPLES, next += piece) {
        size_t sample[TILE_SAMPLES];
        quad out[TILE_SAMPLES];
        for (size_t i = 0; i < piece; i += UNIT) __builtin_prefetch(next + i);
        for (int j = 0; j < TILE_SAMPLES; j++) sample[j] = (size_t)least(s + j, x->samples - 1) * width;
        project_tile(row, x, sample, rest, out);
        for (int j = 0; j < least(TILE_SAMPLES, x->samples - s); j++)
            memcpy(h + (size_t)(s + j) * (size_t)stride, &out[j], (size_t)least(TILE_ROWS, rows) * sizeof *h);
    }
}

void PASTE(ht_project_, HT_ISA)(float *h, int stride, const float *w, const ht_panels *x, int rows)
{
    for (int r = 0; r < rows; r += TILE_ROWS)
        project_rows(h + r, stride, w + (size_t)r * (size_t)x->columns, x, rows - r);
}

/* ---- the samples of a row ---- */

/* So many samples of a panel, 32 KB of which a row takes half, stay in the first cache, and so many rows of w
 * in the second. */
enum { SAMPLES = 100, ROWS = 128, AHEAD = 4 };

/* Column r of d, from top to bottom, and then without its zeros, for a few columns at a time. */
typedef struct sparse {
    int count[ROWS];
    float value[ROWS][SAMPLES + UNIT];
    uint16_t place[ROWS][SAMPLES + UNIT]; /* of the sample in the panel, in floats */
} sparse;

static void turn(sparse *list, const float *d, size_t stride, int rows, int samples)
{
    int r = 0;
    for (; r + FLOATS <= rows; r += FLOATS)
        for (int s = 0; s < samples; s += 4) {
            const float *from[4];
            for (int i = 0; i < 4; i++) from[i] = d + (size_t)least(s + i, samples - 1) * stride + r;
            quartet t = transpose(load(from[0]), load(from[1]), load(from[2]), load(from[3]));
            for (int k = 0; k < 4; k++) {
                float four[FLOATS / 4][4];
                memcpy(four, &t.of[k], sizeof four);
                for (int lane = 0; lane < FLOATS / 4; lane++)
                    memcpy(list->value[r + 4 * lane + k] + s, four[lane], sizeof four[lane]);
            }
        }
    for (; r < rows; r++)
        for (int s = 0; s < samples; s++) list->value[r][s] = d[(size_t)s * stride + (size_t)r];
}

/* Moves what is not zero to the front, times factor, and notes where it was. */
INLINE int drop_zeros(float *value, uint16_t *place, int samples, float factor, int width)
{
    int n = 0;
#if defined(__AVX512F__)
    const __m512i step = _mm512_set1_epi32(FLOATS * width);
    __m512i at = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                    _mm512_set1_epi32(width));
    for (int s = 0; s < samples; s += FLOATS, at = _mm512_add_epi32(at, step)) {
        int left = samples - s;
        __mmask16 here = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffffu);
        __m512 v = _mm512_loadu_ps(value + s);
        __mmask16 some = _mm512_mask_cmp_ps_mask(here, v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        v = _mm512_maskz_compress_ps(some, _mm512_mul_ps(v, _mm512_set1_ps(factor)));
        _mm512_storeu_ps(value + n, v);
        _mm256_storeu_si256((__m256i *)(place + n),
                            _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(some, at)));
        n += __builtin_popcount(some);
    }
#else
    for (int s = 0; s < samples; s++) {
        float v = value[s];
        value[n] = factor * v;
        place[n] = (uint16_t)(s * width);
        n += v != 0;
    }
#endif
    return n;
}

/* ---- the sum ---- */

/* Lane i of four floats, in all lanes. From a register: the loads are what a sum waits for. */
INLINE floats spread(const float *four, int i)
{
#if defined(__AVX512F__)
    return (floats)_mm512_permutexvar_ps(_mm512_set1_epi32(i), _mm512_castps128_ps512(_mm_loadu_ps(four)));
#else
    return four[i] - (floats){0};
#endif
}

INLINE void add_sample(floats *sum, floats value, const float *x, int vectors)
{
    for (int v = 0; v < vectors; v++) sum[v] = FUSED(value, load(x + v * FLOATS), sum[v]);
}

/* One row of w within one panel, `units` wide: samples in turns to two sums, so that no sum waits for its
 * last addition. */
INLINE void descend_tile(float *w, const float *panel, const sparse *list, int r, float keep, int units,
                         integers rest, int full)
{
    enum { SUMS = PER_UNIT == 1 ? 2 : 1 };
    floats sum[SUMS][MOST_UNITS * PER_UNIT] = {{{0}}};
    int count = list->count[r], vectors = units * PER_UNIT, k = 0;
    const float *value = list->value[r];
    const uint16_t *place = list->place[r];
    for (int v = 0; v < vectors; v++)
        sum[0][v] =
            (v < full ? load(w + v * FLOATS) : load_part(w + v * FLOATS, v == full ? rest : (integers){0})) *
            keep;
    for (; k + 4 <= count; k += 4) {
        uint64_t four;
        memcpy(&four, place + k, sizeof four);
        for (int i = 0; i < 4; i++)
            add_sample(sum[i % SUMS], spread(value + k, i), panel + (four >> 16 * i & 0xffff), vectors);
    }
    for (; k < count; k++) add_sample(sum[0], value[k] - (floats){0}, panel + place[k], vectors);
    for (int v = 0; v < vectors; v++) {
        if (SUMS > 1) sum[0][v] += sum[SUMS - 1][v];
        if (v < full)
            put(w + v * FLOATS, sum[0][v]);
        else
            put_part(w + v * FLOATS, v == full ? rest : (integers){0}, sum[0][v]);
    }
}

/* w is not in a cache: the rows after the next ones are prefetched. */
#define ROWS_OF(n)                                                                                           \
    for (int r = 0; r < rows; r++) {                                                                         \
        for (int v = 0; v < (n); v++) __builtin_prefetch(w + (size_t)(r + AHEAD) * columns + v * UNIT, 1);   \
        descend_tile(w + (size_t)r * columns, panel, list, r, keep, n, rest, full);                          \
    }

/* The width is a constant in each branch, so that the sums stay in registers: gcc runs out of them when this
 * becomes a part of its caller. */
static __attribute__((noinline)) void descend_panel(float *w, size_t columns, const float *panel,
                                                    const sparse *list, int rows, float keep, int units,
                                                    integers rest, int full)
{
    switch (units) {
    case 1:
        ROWS_OF(1);
        break;
    case 2:
        ROWS_OF(2);
        break;
    case 3:
        ROWS_OF(3);
        break;
#if !defined(__SSE2__) || defined(__AVX2__)
    case 4:
        ROWS_OF(4);
        break;
    case 5:
        ROWS_OF(5);
        break;
#endif
    }
}

/* w (rows × columns), d (samples × rows, with a stride) */
void PASTE(ht_descend_, HT_ISA)(float *w, const float *d, int stride, const ht_panels *x, int rows,
                                float factor, float keep)
{
    sparse list;
    size_t columns = (size_t)x->columns, width = (size_t)x->units * UNIT;
    for (int r = 0; r < rows; r += ROWS)
        for (int s = 0; s < x->samples; s += SAMPLES) {
            int m = least(ROWS, rows - r), n = least(SAMPLES, x->samples - s);
            turn(&list, d + (size_t)s * (size_t)stride + r, (size_t)stride, m, n);
            for (int i = 0; i < m; i++)
                list.count[i] = drop_zeros(list.value[i], list.place[i], n, factor, (int)width);
            for (int p = 0; p < x->panels; p++) {
                int left = x->columns - p * (int)width, full = left / FLOATS;
                const float *panel = x->x + ((size_t)p * (size_t)x->samples + (size_t)s) * width;
                if (left <= 0) break;
                descend_panel(w + (size_t)r * columns + (size_t)p * width, columns, panel, &list, m,
                              s ? 1 : keep, x->units, first_lanes(left % FLOATS), full);
            }
        }
}
