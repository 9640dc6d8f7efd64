/* tail_table.c - THE table of estimators, and the words for how far to believe them. */
#include <math.h>

#include "tail/tail_estimate.h"

static const char stability[] = "stability index", tail[] = "tail index", density[] = "density exponent";

static const ht_estimator_info table[HT_ESTIMATORS] = {
    [HT_MMO] = {"mmo", "Mohammadi, Mohammadpour, Ogata, Metrika 78, 2015 (as in arXiv 2106.03795)",
                "1/α = (mean log|sum of m values| - mean log|value|) / log m; median over the m",
                "a stable law, centred, independent values", stability,
                "derived: block sums of a stable law behave like a Brownian motion in m", HT_INPUT_VALUES,
                true},
    [HT_MMO_MULTI] = {"mmo-multi",
                      "Mohammadi, Mohammadpour, Ogata, Metrika 78, 2015 (as in arXiv 2106.03795)",
                      "as mmo, with the norms of rows and of sums of m rows",
                      "a stable law of vectors, centred, independent rows", stability, "derived, as for mmo",
                      HT_INPUT_ROWS, true},
    [HT_HILL] = {"hill", "Hill, Ann. Statist. 3, 1975",
                 "1/α = M₁ = mean of log|x|₍ᵢ₎ - log|x|₍ₖ₊₁₎ over i ≤ k", "a power law beyond |x|₍ₖ₊₁₎", tail,
                 "asymptotic: α/√k", HT_INPUT_VALUES, false},
    [HT_PICKANDS] = {"pickands", "Pickands, Ann. Statist. 3, 1975",
                     "1/α = log₂ of (|x|₍ⱼ₎ - |x|₍₂ⱼ₎) / (|x|₍₂ⱼ₎ - |x|₍₄ⱼ₎), j = ⌊k/4⌋",
                     "a power law among the k largest", tail, "asymptotic", HT_INPUT_VALUES, false},
    [HT_PICKANDS_REF] = {"pickands-ref",
                         "Pickands 1975, with the ranks of the code published with arXiv 2106.03795",
                         "as pickands, with ranks ⌊k/4⌋+1, ⌊k/2⌋+1, k+1", "a power law among the k largest",
                         tail, "asymptotic", HT_INPUT_VALUES, false},
    [HT_DEHAAN] = {"dehaan", "de Haan, Peng, Statist. Neerlandica 52, 1998",
                   "α = 2 M₁ / M₂, M₂ = mean of the squares of the same differences as in hill",
                   "a power law beyond |x|₍ₖ₊₁₎", tail, "asymptotic: α √(2/k)", HT_INPUT_VALUES, false},
    [HT_DEKKERS] = {"dekkers", "Dekkers, Einmahl, de Haan, Ann. Statist. 17, 1989",
                    "1/α = M₁ + 1 - ½ / (1 - M₁²/M₂); negative for a light tail",
                    "any tail: it tells power laws from lighter ones", tail, "asymptotic", HT_INPUT_VALUES,
                    false},
    [HT_PAULAUSKAS] =
        {"paulauskas",
         "Davydov, Paulauskas, Rackauskas, J. Theoret. Probab. 13, 2000; Paulauskas, Vaičiulis, Lith. "
         "Math. J. 51, 2011",
         "α = z / (1 - z), z = mean over blocks of m of second largest |x| / largest |x|",
         "a power law in the tail", tail, "from the blocks", HT_INPUT_VALUES, false},
    [HT_MCCULLOCH] = {"mcculloch",
                      "McCulloch, Comm. Statist. Simul. 15, 1986 (exact quantiles, not the paper's table)",
                      "(q₉₅ - q₀₅) / (q₇₅ - q₂₅) of the values = that of S(α, 0, 1)",
                      "a symmetric stable law", stability,
                      "asymptotic: covariance of sample quantiles, delta method", HT_INPUT_VALUES, true},
    [HT_ECF] = {"ecf", "Koutrouvelis, J. Amer. Statist. Assoc. 75, 1980",
                "slope of log(-log|φ̂(u)|²) against log u, u = πj/25 in units of McCulloch's scale",
                "a symmetric stable law", stability, "asymptotic: covariance of φ̂, delta method",
                HT_INPUT_VALUES, true},
    [HT_POWERLAW] =
        {"powerlaw", "Clauset, Shalizi, Newman, SIAM Review 51, 2009 (distance as in plfit, WeightWatcher)",
         "α = 1 + n / Σ log(λ/xmin) over the n eigenvalues of WᵀW/N ≥ xmin; xmin with the least distance",
         "a power law among the largest eigenvalues", density,
         "samples with a search for xmin, and what half of the points move", HT_INPUT_EIGENVALUES, false},
    [HT_POWERLAW_TWO_SIDED] = {"powerlaw-two-sided", "Clauset, Shalizi, Newman, SIAM Review 51, 2009",
                               "as powerlaw, with the true Kolmogorov-Smirnov distance",
                               "a power law among the largest eigenvalues", density, "as powerlaw",
                               HT_INPUT_EIGENVALUES, false},
};

const ht_estimator_info *ht_estimator_at(ht_estimator estimator)
{
    return &table[estimator];
}

static const struct {
    const char *word, *meaning;
} qualities[HT_QUALITIES] = {
    [HT_QUALITY_GOOD] = {"good", "nothing speaks against it"},
    [HT_QUALITY_FEW_POINTS] = {"few points", "the interval says how little is known"},
    [HT_QUALITY_NO_PLATEAU] = {"no plateau", "another k or block length gives another index: believe none"},
    [HT_QUALITY_NOT_POWER_LAW] = {"not a power law", "another law: no straight line on log-log axes"},
    [HT_QUALITY_NOT_STABLE] = {"not stable", "another law than a symmetric stable one, if only a little"},
    [HT_QUALITY_UNDECIDED] = {"undecided", "another law, as a lognormal one, fits as well: believe neither"},
    [HT_QUALITY_DISAGREE] = {"disagrees", "an estimate that is surer excludes this one"},
    [HT_QUALITY_COLUMNS] = {"columns differ", "columns of unequal scale: not one law"},
    [HT_QUALITY_NO_HEAVY_TAIL] = {"no heavy tail",
                                  "cannot be told from α = 2, the normal law, or falls even faster"},
    [HT_QUALITY_QUANTIZED] = {"quantized",
                              "rounded or pruned so coarsely that the estimate may hang on it: believe none"},
    [HT_QUALITY_NOT_APPLICABLE] = {"not applicable",
                                   "not for these numbers: other input wanted, off centre, or not defined"},
};

const char *ht_quality_word(ht_quality quality)
{
    return qualities[quality].word;
}

const char *ht_quality_meaning(ht_quality quality)
{
    return qualities[quality].meaning;
}

ht_estimate ht_estimate_none(ht_estimator estimator)
{
    return (ht_estimate){.estimator = estimator,
                         .value = NAN,
                         .std_error = NAN,
                         .low = NAN,
                         .high = NAN,
                         .scale = NAN,
                         .xmin = NAN,
                         .distance = NAN,
                         .p = NAN,
                         .step = NAN,
                         .quality = HT_QUALITY_NOT_APPLICABLE};
}

void ht_estimate_inverse(ht_estimate *e, double gamma, double deviation)
{
    double least = gamma - HT_Z95 * deviation, most = gamma + HT_Z95 * deviation;
    e->std_error = deviation / (gamma * gamma);
    e->low = e->high = NAN;
    if (!(gamma > 0) || !isfinite(deviation)) return;
    e->low = fmin(1 / most, e->value); /* equal, but for rounding, where there is no error */
    e->high = least > 0 ? fmax(1 / least, e->value) : (double)INFINITY;
}

void ht_estimate_assess_stable(ht_estimate *e, size_t count)
{
    enum { LEAST = 100 };
    double gamma = 1 / e->value, deviation = e->std_error * gamma * gamma;
    if (!isfinite(e->value))
        e->quality = HT_QUALITY_NOT_APPLICABLE;
    else if (!(e->value > 0))
        e->quality = HT_QUALITY_NOT_STABLE;
    else if (count < LEAST || !(deviation < 0.25 * fabs(gamma)))
        e->quality = HT_QUALITY_FEW_POINTS;
    else if (gamma - HT_Z99 * deviation <= 0.5)
        e->quality = HT_QUALITY_NO_HEAVY_TAIL;
    else
        e->quality = HT_QUALITY_GOOD;
}
