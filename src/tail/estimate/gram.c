#include "tail/estimate/gram.h"

#include <cblas.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "num/eigen.h"
#include "num/values.h"

enum { SLICE = 256, TILE = 16 };

/* Of the longer side SLICE numbers at a time: (SLICE × side), as doubles or floats. */
typedef struct slice {
    const ht_values *w;
    ht_unit unit;
    double centre;
    bool tall; /* rows are the longer side */
    size_t side, longer;
    double *wide;
    float *narrow, *product; /* (SLICE × side), (side × side) */
} slice;

static void put(const slice *s, size_t at, size_t row, size_t column)
{
    double value = ht_values_at(s->w, s->unit, row * s->w->columns + column) - s->centre;
    if (s->narrow)
        s->narrow[at] = (float)value;
    else
        s->wide[at] = value;
}

/* Numbers first .. first + n - 1 of the longer side; columns by tiles that stay in cache. */
static void take(const slice *s, size_t first, size_t n)
{
    if (s->tall) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < s->side; j++) put(s, i * s->side + j, first + i, j);
        return;
    }
    for (size_t tile = 0; tile < s->side; tile += TILE) {
        size_t end = tile + TILE < s->side ? tile + TILE : s->side;
        for (size_t i = 0; i < n; i++)
            for (size_t j = tile; j < end; j++) put(s, i * s->side + j, j, first + i);
    }
}

static void add_product(const slice *s, size_t n, double *gram)
{
    int side = (int)s->side;
    if (!s->narrow) {
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, side, (int)n, 1, s->wide, side, 1, gram, side);
        return;
    }
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, side, (int)n, 1, s->narrow, side, 0, s->product, side);
    for (size_t i = 0; i < s->side; i++)
        for (size_t j = i; j < s->side; j++) gram[i * s->side + j] += (double)s->product[i * s->side + j];
}

static slice slice_of(const ht_values *w)
{
    ht_unit unit = ht_values_unit(w);
    bool tall = w->rows >= w->columns;
    return (slice){.w = w,
                   .unit = unit,
                   .centre = w->centre * unit.first * unit.second,
                   .tall = tall,
                   .side = tall ? w->columns : w->rows,
                   .longer = tall ? w->rows : w->columns};
}

ht_code ht_gram_make(const ht_values *w, bool floats, double *gram, ht_error *err)
{
    slice s = slice_of(w);
    if (floats) {
        s.narrow = ht_alloc(s.side, SLICE * sizeof *s.narrow, "the spectrum", err);
        s.product = ht_alloc(s.side, s.side * sizeof *s.product, "the spectrum", err);
    } else {
        s.wide = ht_alloc(s.side, SLICE * sizeof *s.wide, "the spectrum", err);
    }
    ht_code code = s.wide || (s.narrow && s.product) ? HT_OK : HT_FAIL;
    for (size_t first = 0; code == HT_OK && first < s.longer && !ht_cancelled(); first += SLICE) {
        size_t n = s.longer - first < SLICE ? s.longer - first : SLICE;
        take(&s, first, n);
        add_product(&s, n, gram);
    }
    ht_free(s.wide);
    ht_free(s.narrow);
    ht_free(s.product);
    return code == HT_OK ? ht_still_wanted(err) : code;
}

ht_code ht_gram_eigenvalues(const ht_values *w, bool floats, double *eigenvalue, ht_error *err)
{
    slice s = slice_of(w);
    if (s.side > HT_GRAM_SIDE)
        return ht_error_set(err, HT_FAIL, "a spectrum of %zu eigenvalues is too large", s.side);
    double *gram = ht_alloc(s.side, s.side * sizeof *gram, "the spectrum", err);
    ht_code code = gram ? ht_gram_make(w, floats, gram, err) : HT_FAIL;
    if (code == HT_OK) code = ht_eigen_values((int)s.side, gram, eigenvalue, err);
    for (size_t i = 0; code == HT_OK && i < s.side; i++) eigenvalue[i] /= (double)s.longer;
    ht_free(gram);
    return code;
}

size_t ht_gram_memory(size_t rows, size_t columns)
{
    size_t side = rows < columns ? rows : columns;
    if (side > HT_GRAM_SIDE) return 0;
    return side * side * (sizeof(double) + sizeof(float)) + side * (SLICE * sizeof(double) + ht_eigen_room);
}
