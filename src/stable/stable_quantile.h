/* stable_quantile.h - a draw from S(α, 0, 1, 0) as one polynomial of random bits: X = ±Q(u), P(|X| > Q(u)) =
 * u.
 *
 * A draw takes 32 random bits: bit 31 is the sign, the other 31, read as m, make u = (m + ½) / 2^31. That is
 * finer than a float can tell, except in the tail: draws with u < 2^-16 take 32 more bits, u = (2^32 m + more
 * + ½) / 2^63, so the tail is right out to P = 2^-64, and the cost of the second word is paid once in 65 536
 * draws.
 *
 * Q is tabulated in half octaves of u by polynomials of degree 7 in u (5 for the normal law), and in the
 * middle, u > ½, as w times a polynomial in w², w = 1 - u: Q is odd in w, so draws near 0 keep full relative
 * precision and none is exactly 0. The largest relative error, rounding included, is 3e-7, for the normal law
 * 4e-7; for α so near 2 that the normal law turns into the power law within half an octave, 1e-6 there at α
 * = 1.9999, 1e-5 beyond (tests/unit/test_quantile.c).
 *
 * For α < 1 the density has so sharp a peak at 0 that no polynomial spans the middle: there the table is
 * mirrored, with half octaves of w down to 2^-16 and a straight line below, and the error is 5e-7 from α =
 * 0.5 on, 2e-6 at 0.35 and 5e-6 at 0.3 (tests/unit/test_cases_bias.c). Draws beyond what a float holds, one
 * in 3·10¹¹ at α = 0.3, are FLT_MAX: none is infinite. */
#ifndef HT_STABLE_STABLE_QUANTILE_H
#define HT_STABLE_STABLE_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HT_QUANTILE_TERMS = 8,
    HT_QUANTILE_COLUMNS = 128,
    HT_QUANTILE_NEAR = 32,    /* the last so many columns, where nearly all draws are; and mirrored ones */
    HT_QUANTILE_FAR = 1 << 15 /* m below this: the second word is used */
};

/* With g = 2u, or 2w in the middle, column c < 127 holds u whose g has sign, exponent and first mantissa bit
 * c + 128, and column 127 the middle. Mirrored: column 127 holds only w whose m is below HT_QUANTILE_FAR, and
 * row 32 + c the other w. Plain data; any number of threads may read it. */
typedef struct ht_quantiles {
    double alpha;  /* 0: not built yet */
    int terms;     /* the rest of each row is zero: 6 do for the normal law, 8 for others */
    bool mirrored; /* α < 1 */
    float row[HT_QUANTILE_COLUMNS + HT_QUANTILE_NEAR][HT_QUANTILE_TERMS]; /* row[column][k] multiplies t^k */
    /* the last 32 columns again, 16 and 16, in the order that fills vector registers; and the mirrored ones
     */
    float near_low[HT_QUANTILE_TERMS][16], near_high[HT_QUANTILE_TERMS][16];
    float mirror_low[HT_QUANTILE_TERMS][16], mirror_high[HT_QUANTILE_TERMS][16];
} ht_quantiles;

/* Some 10 ms, below α = 1 some 40; nothing when q holds alpha already. alpha in [0.3, 2]. */
void ht_quantiles_build(ht_quantiles *q, double alpha);

/* One draw: the kernels' arithmetic for a single one, and the only code for the far tail. */
float ht_quantile_draw(const ht_quantiles *q, uint32_t word, uint32_t more);

static inline int ht_quantile_is_far(uint32_t word)
{
    return (word & 0x7fffffffu) < HT_QUANTILE_FAR;
}

#endif
