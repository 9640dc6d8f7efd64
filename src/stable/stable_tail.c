#include "stable/stable_tail.h"

#include <math.h>

double ht_stable_tail(double alpha, double x)
{
    double sum = 0;
    for (int k = 1; k <= 6; k++)
        sum += (k % 2 ? 1 : -1) * tgamma(k * alpha) / tgamma(k + 1) * sin(k * M_PI * alpha / 2) *
               pow(x, -k * alpha);
    return 2 * sum / M_PI;
}

double ht_stable_tail_quantile(double alpha, double p)
{
    double low = 3, high = 1e12;
    while (high / low > 1 + 1e-12) {
        double middle = sqrt(low * high);
        if (ht_stable_tail(alpha, middle) > p)
            low = middle;
        else
            high = middle;
    }
    return low;
}
