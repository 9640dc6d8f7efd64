/* tail_table.c - what the table of estimators says of each, and the words for how far to believe them. */
#include <math.h>

#include "tail/tail_estimate.h"

#define STABILITY "stability index"
#define TAIL "tail index"
#define DENSITY "density exponent"
static const ht_estimator_info table[HT_ESTIMATORS] = {
#define HT_ESTIMATOR(id, name, input, function, when, stable, convention, role, band, place, citation,       \
                     formula, assumes, error)                                                                \
    {name, citation, formula, assumes, convention, error, HT_INPUT_##input, stable},
#include "tail/estimators.def"
};

const ht_estimator_info *ht_estimator_at(ht_estimator estimator)
{
    return &table[estimator];
}

int ht_estimators(void)
{
    return HT_ESTIMATORS;
}

int ht_row_estimators(void)
{
    return HT_ROW_ESTIMATORS;
}

static const struct {
    const char *word, *meaning;
} qualities[HT_QUALITIES] = {
    [HT_QUALITY_GOOD] = {"good", "nothing speaks against it"},
    [HT_QUALITY_FEW_POINTS] = {"few points", "the interval says how little is known"},
    [HT_QUALITY_NO_PLATEAU] = {"no plateau", "another k or block length gives another index: believe none"},
    [HT_QUALITY_NOT_POWER_LAW] = {"not a power law", "another law: no straight line on log-log axes"},
    [HT_QUALITY_NOT_STABLE] =
        {"no stable law",
         "differs from every symmetric α-stable law, if only a little (the run itself is sound)"},
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

bool ht_estimate_undetermined(const ht_estimate *e)
{
    if (!isfinite(e->value)) return false; /* there is no number */
    return !(e->value > 0) || (!isnan(e->std_error) && !(e->std_error < 0.5 * e->value));
}

ht_estimate ht_estimate_told(const ht_estimate *e)
{
    ht_estimate to = *e;
    if (isfinite(e->value) && e->quality != HT_QUALITY_NOT_APPLICABLE && !ht_estimate_undetermined(e))
        return to;
    to.value = to.std_error = to.low = to.high = to.distance = to.xmin = (double)NAN;
    return to;
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
