#include "view/panels/width_trend.h"

#include <math.h>

ht_trend ht_width_trend(const ht_width_sweep_state *s)
{
    ht_trend_group groups[HT_SWEEP_WIDTHS];
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
        groups[i] = (ht_trend_group){log10(s->noisy[i].width), 1.0 / s->noisy[i].width, s->noisy[i].ratio,
                                     HT_SWEEP_SEEDS};
    return ht_trend_of(groups, HT_SWEEP_WIDTHS);
}

/* Least squares: what the value of each group counts in the slope. */
static void find_weights(const ht_trend *trend, double weight[HT_SWEEP_WIDTHS])
{
    double middle = 0, spread = 0;
    for (int i = 0; i < trend->groups; i++) middle += trend->x[i] / trend->groups;
    for (int i = 0; i < trend->groups; i++) spread += pow(trend->x[i] - middle, 2);
    for (int i = 0; i < trend->groups; i++) weight[i] = (trend->x[i] - middle) / spread;
}

double ht_width_predicted_slope(const ht_width_sweep_state *s, const ht_trend *trend)
{
    double weight[HT_SWEEP_WIDTHS], sum = 0;
    find_weights(trend, weight);
    for (int i = 0; i < trend->groups; i++) {
        const ht_summary *predicted = &s->predicted[i].ratio;
        sum += weight[i] * (predicted->count > 0 ? predicted->median : (double)NAN);
    }
    return trend->groups > 0 ? sum : (double)NAN;
}

static size_t runs_at(const ht_width_point *point)
{
    size_t runs = 0;
    for (int s = 0; s < HT_SWEEP_SEEDS; s++) runs += isfinite(point->ratio[s]) != 0;
    return runs;
}

/* The error of a normal law's median over n values is √(π/2) σ/√n, and its quartiles are 1.349 σ apart. */
double ht_width_runs_missing(const ht_width_sweep_state *s, const ht_trend *trend)
{
    const double QUARTILES = 0.929, NORMAL = 1.96;
    double weight[HT_SWEEP_WIDTHS], variance = 0, slope = ht_width_predicted_slope(s, trend);
    if (!isfinite(slope)) return ht_trend_more(trend, trend->slope);
    find_weights(trend, weight);
    for (int i = 0; i < trend->groups; i++) {
        const ht_summary *predicted = &s->predicted[i].ratio;
        double error = weight[i] * QUARTILES * (predicted->high - predicted->low);
        variance += error * error / (double)runs_at(&s->noisy[i]);
    }
    double times = NORMAL * NORMAL * variance / (slope * slope);
    return times > 1 ? ceil((double)trend->values * (times - 1)) : ht_trend_more(trend, trend->slope);
}
