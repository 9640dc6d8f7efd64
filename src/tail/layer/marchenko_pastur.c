#include "tail/layer/marchenko_pastur.h"

#include <math.h>

/* 99 % quantile of Tracy and Widom's law for real entries. */
static const double tracy_widom_99 = 2.0234;

/* With x = 1 + β + 2√β cos θ the law has the density 2 sin²θ/(π x) in θ, smooth at both ends. */
static double density(double beta, double theta)
{
    double sine = sin(theta), x = 1 + beta + 2 * sqrt(beta) * cos(theta);
    return 2 * sine * sine / (M_PI * x);
}

double ht_mp_median(double beta)
{
    enum { STEPS = 8192 };
    double step = M_PI / STEPS, above = 0, own;
    for (int i = 0; i < STEPS; i++, above += own) {
        own = density(beta, (i + 0.5) * step) * step;
        if (above + own < 0.5) continue;
        return 1 + beta + 2 * sqrt(beta) * cos((i + (0.5 - above) / own) * step);
    }
    return 1 + beta;
}

static double edge_of(double sigma, size_t longer, size_t side)
{
    double a = sqrt((double)longer - 1), b = sqrt((double)side);
    double centre = (a + b) * (a + b), scale = (a + b) * cbrt((a > 0 ? 1 / a : 0) + 1 / b);
    return sigma * sigma * (centre + tracy_widom_99 * scale);
}

ht_mp ht_mp_of(double sigma, const double *eigenvalue, size_t longer, size_t side)
{
    double a = sqrt((double)longer), b = sqrt((double)side);
    ht_mp mp = {.sigma = sigma, .edge = edge_of(sigma, longer, side)};
    mp.low = sigma * sigma * (a - b) * (a - b);
    mp.high = sigma * sigma * (a + b) * (a + b);
    while (mp.spikes < side && eigenvalue[side - 1 - mp.spikes] > mp.edge) mp.spikes++;
    return mp;
}

ht_mp ht_mp_fit(const double *eigenvalue, size_t rank, size_t longer, size_t side)
{
    ht_mp none = {NAN, NAN, NAN, NAN, 0};
    if (side < 2 || 2 * rank <= side + 1) return none;
    double middle = (eigenvalue[(side - 1) / 2] + eigenvalue[side / 2]) / 2;
    double median = ht_mp_median((double)side / (double)longer);
    return ht_mp_of(sqrt(middle / ((double)longer * median)), eigenvalue, longer, side);
}
