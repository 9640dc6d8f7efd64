/* layer_tail.h - all that one line of `heavytail tail` says of a layer: our estimates, its spectrum in
 * numbers, what noise alone would have, and the same matrix with its entries in another order. Pure, any
 * thread. */
#ifndef HT_TAIL_LAYER_TAIL_H
#define HT_TAIL_LAYER_TAIL_H

#include "heavytail/tail.h"
#include "tail/layer/marchenko_pastur.h"

/* What is computed, bits. */
typedef enum ht_tail_cost {
    HT_COST_NOTHING = 0,
    HT_COST_VALUES = 1,     /* estimators of all values */
    HT_COST_ROWS = 2,       /* mmo-multi */
    HT_COST_SPECTRUM = 4,   /* eigenvalues */
    HT_COST_RANDOM = 8,     /* eigenvalues of the randomized matrix; with the spectrum */
    HT_COST_PAPER = 16,     /* mmo-paper: as much as all others together */
    HT_COST_TWO_SIDED = 32, /* the variant of powerlaw */
} ht_tail_cost;

/* Of W (rows × columns); N is the larger side, M the smaller. Eigenvalues are those of WᵀW, not divided. */
typedef struct ht_layer_tail {
    const char *name, *as, *type; /* borrowed: of the tensor; "rows", "filters", "kernels"; "BF16" */
    size_t rows, columns, side, longer, zeros;
    int cost;                       /* what of it was computed: bits of ht_tail_cost */
    ht_estimate all[HT_ESTIMATORS]; /* of all values, of the spectrum */
    ht_estimate by_rows[HT_ROW_ESTIMATORS];
    /* log10 of λ: of the largest, the smallest above rounding, the sum; NaN without */
    double log_largest, log_least, log_sum;
    double log_relative; /* log10 Σ (λ/λmax)^α, α powerlaw's */
    double entropy;      /* -Σ p ln p / ln rank, p = λ/Σλ */
    bool spectrum;       /* were there eigenvalues to take? not of what is too large */
    size_t rank;
    int exponent; /* the eigenvalues of `noise` are in units of 4^exponent, its sigma in 2^exponent */
    ht_mp noise;
    double log_random;        /* log10 of the largest λ of the randomized matrix */
    size_t traps;             /* its eigenvalues beyond the edge of noise of its variance */
    double distance;          /* Jensen-Shannon's of the two spectra */
    ht_tail_ccdf eigenvalues; /* of WᵀW/N, to be drawn; empty without */
    char trusted[64];         /* the estimate to trust first, "ecf 1.75 ± 0.01"; "-" without a good one */
    char warning[48];         /* by name; "" without */
} ht_layer_tail;

/* A matrix to look at; with HT_COST_RANDOM its entries are in another order after. */
typedef struct ht_layer_matrix {
    float *f32;
    double *f64; /* one of the two */
    size_t rows, columns;
} ht_layer_matrix;

/* Fills all but name, as and type. `cost`: bits of ht_tail_cost. HT_FAIL: no memory, cancelled, or LAPACK
 * does not converge. */
ht_code ht_layer_tail_take(ht_layer_tail *layer, const ht_layer_matrix *matrix,
                           const ht_tail_options *options, int cost, ht_error *err);

/* WeightWatcher's thresholds of alpha: below, of over-trained layers; above, of under-trained ones. */
#define HT_OVER_TRAINED 2.0
#define HT_UNDER_TRAINED 6.0

/* The estimate to trust first: good ones of values, rows and spectrum, the least relative error first; NULL
 * where none is. */
const ht_estimate *ht_layer_tail_trusted(const ht_layer_tail *layer);

/* By these: 1 over-trained, -1 under-trained; 0 neither, or fewer than 50 eigenvalues. */
int ht_layer_tail_training(const ht_layer_tail *layer);

/* Is a twentieth of the eigenvalues below rounding? Of noise that was rounded to bfloat16 a square matrix
 * loses some, too. */
bool ht_layer_tail_lost_rank(const ht_layer_tail *layer);

/* Bytes that this takes beside the matrix, about. */
size_t ht_layer_tail_memory(size_t rows, size_t columns, int cost);

#endif
