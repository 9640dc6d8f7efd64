#include "stable/stable_law.h"

#include <math.h>
#include <stdbool.h>

/* exp(-exp(z)), where z = log(x^(α/(α-1)) V), falls from 1 to 0 while y = log(s/θ), s = π/2 - θ, runs over
 * the real line: in y both ends of (0, π/2) are far away, the slope of z is at most α/(α-1) everywhere, and
 * the trapezoidal rule converges exponentially. */
typedef struct angle {
    double s, theta, z, slope; /* slope: dz/dy */
} angle;

static angle angle_at(double alpha, double log_x, double y)
{
    angle a = {.s = M_PI_2 / (1 + exp(-y)), .theta = M_PI_2 / (1 + exp(y))};
    /* αθ, and the complement of (α-1)θ, from whichever of s and θ is small: sines without cancellation. */
    double turn = a.theta < a.s ? alpha * a.theta : (2 - alpha) * M_PI_2 + alpha * a.s;
    double sign = a.theta < a.s ? -1 : 1;
    double rest = (2 - alpha) * M_PI_2 + (alpha - 1) * a.s;
    double sin_s = sin(a.s), sin_turn = sin(turn), sin_rest = sin(rest);
    a.z = alpha / (alpha - 1) * (log_x + log(sin_s / sin_turn)) + log(sin_rest / sin_s);
    double per_s = cos(a.s) / sin_s - sign * alpha * alpha * cos(turn) / sin_turn +
                   (alpha - 1) * (alpha - 1) * cos(rest) / sin_rest;
    a.slope = per_s / (alpha - 1) * a.s * a.theta / M_PI_2;
    return a;
}

/* A y where exp(-exp(z)) is nothing, even against the smallest probability asked for (2^-65, e^-45). */
static double upper_end(double alpha, double log_x)
{
    const double nothing = 4.4; /* exp(-exp(4.4)) = e^-81 */
    double low = -100, high = 100;
    while (high - low > 0.2 * (alpha - 1)) {
        double middle = (low + high) / 2;
        if (angle_at(alpha, log_x, middle).z < nothing)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* By parts the integral is the mean of s under the weight -d exp(-exp(z)), which is narrow when α is near 1,
 * where exp(-exp(z)) is almost a step. There z, a small difference times 1/(α-1), is rounded coarsely;
 * dividing by the weights' own sum takes that out. */
static double zolotarev(double alpha, double x, double *slope)
{
    bool narrow = alpha < 1.1;
    double log_x = log(x), h = 0.33 * (alpha - 1) / alpha, sum = 0, weights = 0, density = 0;
    for (double top = upper_end(alpha, log_x), k = 0;; k++) {
        angle a = angle_at(alpha, log_x, top - k * h);
        double rate = exp(a.z), fall = rate * exp(-rate);
        weights += fall * a.slope;
        sum += fall * a.slope * a.s;
        density += fall * a.s * a.theta;
        /* what is left of the sum is less than s exp(z) */
        if (a.s * rate < 1e-13 * sum * h && (!narrow || rate < 1e-14)) break;
    }
    *slope = -alpha / (alpha - 1) * density * h / (M_PI_2 * M_PI_2);
    return sum * (narrow ? 1 / weights : h) / M_PI_2;
}

/* ---- α < 1 ---- */

/* The same with the sign of α - 1 turned: now 1 - exp(-exp(z)) is the integrand, and z falls with y, at most
 * by 1/(1-α) a unit. Nothing cancels: αθ stays below a right angle. */
static angle angle_below(double alpha, double log_x, double y)
{
    angle a = {.s = M_PI_2 / (1 + exp(-y)), .theta = M_PI_2 / (1 + exp(y))};
    double turn = alpha * a.theta, rest = alpha * M_PI_2 + (1 - alpha) * a.s;
    double sin_s = sin(a.s), sin_turn = sin(turn), sin_rest = sin(rest);
    a.z = log(sin_rest / sin_s) - alpha / (1 - alpha) * (log_x + log(sin_s / sin_turn));
    double per_s = (1 - alpha) * (1 - alpha) * cos(rest) / sin_rest - cos(a.s) / sin_s -
                   alpha * alpha * cos(turn) / sin_turn;
    a.slope = per_s / (1 - alpha) * a.s * a.theta / M_PI_2;
    return a;
}

static double lower_end(double alpha, double log_x)
{
    const double nothing = 4.4; /* as in upper_end */
    double low = -100, high = 100;
    while (high - low > 0.2 * (1 - alpha)) {
        double middle = (low + high) / 2;
        if (angle_below(alpha, log_x, middle).z < nothing)
            high = middle;
        else
            low = middle;
    }
    return low;
}

/* By parts, and divided by the weights' own sum, as above. */
static double zolotarev_below(double alpha, double x, double *slope)
{
    double log_x = log(x), h = 0.33 * (1 - alpha), sum = 0, weights = 0, density = 0;
    for (double bottom = lower_end(alpha, log_x), k = 0;; k++) {
        angle a = angle_below(alpha, log_x, bottom + k * h);
        double rate = exp(a.z), fall = rate * exp(-rate);
        weights -= fall * a.slope;
        sum -= fall * a.slope * a.s;
        density += fall * a.s * a.theta;
        if (rate < 1e-14 && a.s * rate < 1e-13 * sum * h) break;
    }
    *slope = -alpha / (1 - alpha) * density * h / (M_PI_2 * M_PI_2);
    return sum / weights / M_PI_2;
}

double ht_stable_beyond(double alpha, double x, double *slope)
{
    if (alpha < 1) return zolotarev_below(alpha, x, slope);
    if (alpha == 1) {
        *slope = -M_2_PI * x / (1 + x * x);
        return M_2_PI * atan(1 / x);
    }
    if (alpha >= 2) {
        *slope = -x * exp(-x * x / 4) / sqrt(M_PI);
        return erfc(x / 2);
    }
    return zolotarev(alpha, x, slope);
}
