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

/* ---- many ---- */

/* What an angle contributes whatever x is: z without its log x, slope, s and sθ. */
typedef struct node {
    double z, slope, s, both;
} node;

/* Angles at equal steps of y towards where z falls, made as they are needed. */
typedef struct march {
    double alpha, start, step, factor; /* factor: dz/d log x */
    int count;
    node at[4000];
} march;

static const node *node_at(march *m, int i)
{
    for (; m->count <= i; m->count++) {
        double y = m->start + m->step * m->count;
        angle a = m->alpha < 1 ? angle_below(m->alpha, 0, y) : angle_at(m->alpha, 0, y);
        m->at[m->count] = (node){a.z, a.slope, a.s, a.s * a.theta};
    }
    return &m->at[i];
}

/* As zolotarev and zolotarev_below, from the first node where exp(-exp(z)) is more than nothing, which is at
 * or after *first. False when there is no more room for nodes. */
static bool sum_nodes(march *m, int *first, double log_x, double *beyond, double *slope)
{
    enum { ROOM = sizeof m->at / sizeof m->at[0] };
    static const double nothing = 4.4;
    bool above = m->alpha > 1;
    double h = fabs(m->step), sum = 0, weights = 0, density = 0;
    while (*first < ROOM && node_at(m, *first)->z + m->factor * log_x > nothing) ++*first;
    for (int i = *first;; i++) {
        if (i >= ROOM) return false;
        const node *n = node_at(m, i);
        double rate = exp(n->z + m->factor * log_x), fall = rate * exp(-rate);
        weights += fall * fabs(n->slope);
        sum += fall * fabs(n->slope) * n->s;
        density += fall * n->both;
        if (rate < (above && m->alpha >= 1.1 ? 1 : 1e-14) && n->s * rate < 1e-13 * sum * h) break;
    }
    *slope = -m->alpha / fabs(m->alpha - 1) * density * h / (M_PI_2 * M_PI_2);
    *beyond = sum * (above && m->alpha >= 1.1 ? h : 1 / weights) / M_PI_2;
    return true;
}

void ht_stable_beyond_all(double alpha, const double *x, int count, double *beyond, double *slope)
{
    march m;
    bool below = alpha<1, shared = count> 0 && alpha != 1 && alpha < 2;
    double edge = shared ? log(x[below ? count - 1 : 0]) : 0;
    int first = 0;
    m.alpha = alpha;
    m.count = 0;
    m.factor = shared ? alpha / (alpha - 1) : 0;
    m.step = below ? 0.33 * (1 - alpha) : -0.33 * (alpha - 1) / alpha;
    if (shared) m.start = below ? lower_end(alpha, edge) : upper_end(alpha, edge);
    for (int k = 0; k < count; k++) {
        int i = below ? count - 1 - k : k; /* z starts to matter later and later */
        shared = shared && sum_nodes(&m, &first, log(x[i]), &beyond[i], &slope[i]);
        if (!shared) beyond[i] = ht_stable_beyond(alpha, x[i], &slope[i]);
    }
}
