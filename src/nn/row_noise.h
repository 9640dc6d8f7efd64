/* row_noise.h - the pruning ratio of independent rows: each row where training began, and the noise that came
 * together since.
 *
 * Without its gradient a step is W ← (1 − ηλ) W + σ η^(1/α) X, so that after T steps row i is
 *   keep · (its initial row) + s · X_i,   s^α = Σ_t σ^α η_t |r_t|^α,
 * with keep and r_t what decay (and momentum, which decay goes through) leaves of the initial row and of a
 * draw added at step t: sums of stable draws are stable. At a constant step size without momentum r_t is
 * (1 − ηλ)^(T-1-t), and s^α = σ^α (1 − e^(−αληT)) / (αλ) nearly: σ^α ηT without decay. The sum itself is used
 * here, so that momentum and any schedule are in it.
 *
 * The gradient is left out, and with it that rows are trained together: what is predicted is what the noise
 * alone does to κ. */
#ifndef HT_NN_ROW_NOISE_H
#define HT_NN_ROW_NOISE_H

#include <stdint.h>

#include "heavytail/params.h"
#include "heavytail/status.h"
#include "num/summary.h"

struct ht_pool;

/* What T steps leave. */
typedef struct ht_row_growth {
    double keep;  /* of the initial row */
    double scale; /* s, in draws X */
} ht_row_growth;

/* Nothing but noise. Sums of stable draws are stable, so the number of steps does not matter, and κ depends
 * on type, α, n and, but for type shared, d. For every α < 2 it rises with n (arXiv 2306.08125): what a
 * network whose noise dominates its weights must follow. */
extern const ht_row_growth ht_pure_noise;

/* After so many steps with the parameters' step size, schedule, decay, momentum, σ and α. O(steps). */
ht_row_growth ht_row_noise_growth(const ht_params *params, double steps);

/* NULL, or what else κ of a run with these parameters depends on, as in "not predicted where …". Static. */
const char *ht_row_noise_unknown(const ht_params *params);

/* One layer of such rows. */
typedef struct ht_row_noise {
    ht_noise_type type; /* NONE: no noise, every draw is the same */
    double alpha;
    int inputs, width; /* d, n */
    ht_row_growth growth;
    const float *base; /* (width × inputs): the initial rows; NULL: all zero, nothing but noise */
    ht_prune_metric metric;
    double error; /* the relative error at which κ is read off */
    uint64_t seed;
} ht_row_noise;

/* κ of `count` such layers, into ratios (count), in the order of their draws. The result does not depend on
 * the pool (NULL runs on the caller). HT_FAIL when memory is short or the work is cancelled. */
ht_code ht_row_noise_ratios(const ht_row_noise *rows, int count, double *ratios, struct ht_pool *pool,
                            ht_error *err);

enum { HT_ROW_DRAWS = 400 };

/* How many layers give quartiles in about `seconds` on one core: 20 to HT_ROW_DRAWS. */
int ht_row_noise_count(const ht_row_noise *rows, double seconds);

/* What is predicted of a run. */
typedef struct ht_row_prediction {
    ht_summary ratio;    /* κ over `ratio.count` draws; count 0: not predicted, and why */
    const char *unknown; /* static */
} ht_row_prediction;

/* κ of the parameters' network on `inputs` inputs after `steps` steps, from as many draws as about `seconds`
 * on one core give. The draws are of a seed that no run has. */
ht_code ht_row_noise_predict(const ht_params *params, int inputs, double steps, double seconds,
                             ht_row_prediction *prediction, struct ht_pool *pool, ht_error *err);

/* The same draws one by one, into ratios (count): for whom quartiles are not enough. HT_USAGE where κ is not
 * predicted. */
ht_code ht_row_noise_draw(const ht_params *params, int inputs, double steps, int count, double *ratios,
                          struct ht_pool *pool, ht_error *err);

#endif
