#include "stable/stable_quantile.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "stable/stable_law.h"

enum { MOST = HT_QUANTILE_TERMS, MIDDLE = HT_QUANTILE_COLUMNS - 1, FIRST_BITS = 128, FRACTION = 22 };
enum { NEAR = HT_QUANTILE_NEAR, FIRST_NEAR = HT_QUANTILE_COLUMNS - NEAR };

/* ---- quantiles ---- */

/* Walks along the curve of log x against L = log(u / (1 - u)), which is smooth from end to end: from the last
 * point it steps by the slope and the bend there, then mends by Newton's method. */
typedef struct walk {
    double alpha, logit, log_x, slope, bend; /* slope: d(log x)/dL */
} walk;

static void walk_to(walk *w, double log_x)
{
    double per_log_x, u = ht_stable_beyond(w->alpha, exp(log_x), &per_log_x);
    double logit = log(u / (1 - u)), slope = u * (1 - u) / per_log_x;
    if (logit != w->logit) w->bend = (slope - w->slope) / (logit - w->logit);
    w->log_x = log_x;
    w->logit = logit;
    w->slope = slope;
}

/* Q of the u whose logit is given. */
static double quantile(walk *w, double logit)
{
    for (int tries = 0; tries < 50; tries++) {
        double left = logit - w->logit, log_x = w->log_x + left * (w->slope + left * w->bend / 2);
        if (fabs(left) < 1e-4) return exp(log_x);
        walk_to(w, log_x);
    }
    return exp(w->log_x);
}

/* ---- polynomials ---- */

/* Chebyshev nodes of (low, high), from high to low. */
static double node(int k, int n, double low, double high)
{
    return (low + high) / 2 + (high - low) / 2 * cos(M_PI * (2 * k + 1) / (2 * n));
}

/* Coefficients of the polynomial through n points (t, y): Newton's divided differences, multiplied out. */
static void interpolate(const double *t, const double *y, int n, double *term)
{
    double difference[MOST];
    memcpy(difference, y, (size_t)n * sizeof *y);
    for (int order = 1; order < n; order++)
        for (int k = n - 1; k >= order; k--)
            difference[k] = (difference[k] - difference[k - 1]) / (t[k] - t[k - order]);
    for (int k = n - 1; k >= 0; k--) {
        for (int i = n - 1; i > 0; i--) term[i] = term[i - 1] - t[k] * term[i];
        term[0] = difference[k] - t[k] * term[0];
    }
}

static void set_terms(ht_quantiles *q, int row, const double *term)
{
    int near = row - FIRST_NEAR, mirror = row - HT_QUANTILE_COLUMNS;
    for (int k = 0; k < MOST; k++) {
        float c = q->row[row][k] = (float)term[k];
        if (mirror >= 0)
            (mirror < 16 ? q->mirror_low : q->mirror_high)[k][mirror % 16] = c;
        else if (near >= 0)
            (near < 16 ? q->near_low : q->near_high)[k][near % 16] = c;
    }
}

/* A piece that no float holds is FLT_MAX throughout; a polynomial's terms may be larger than its values. */
static void set_column(ht_quantiles *q, int row, const double *t, const double *y)
{
    double term[MOST] = {0};
    const double room = 64;
    interpolate(t, y, q->terms, term);
    if (y[0] > (double)FLT_MAX / room || y[q->terms - 1] > (double)FLT_MAX / room) {
        memset(term, 0, sizeof term);
        term[0] = (double)FLT_MAX;
    }
    set_terms(q, row, term);
}

/* x = g P(t), t = g², g = 2w. */
static void build_middle(ht_quantiles *q, walk *w)
{
    double t[MOST], y[MOST] = {0};
    for (int k = q->terms - 1; k >= 0; k--) { /* outward from x = 0 */
        t[k] = node(k, q->terms, 0, 1);
        double g = sqrt(t[k]);
        y[k] = quantile(w, log((1 - g / 2) / (g / 2))) / g;
    }
    set_column(q, MIDDLE, t, y);
}

/* g = scale (c + t), t within ±1/4, c = 1¼ or 1¾: the halves of the octave that begins at scale. */
static void build_column(ht_quantiles *q, walk *w, int column)
{
    int octave = (FIRST_BITS + column) / 2 - 127;
    double scale = exp2(octave), centre = column % 2 ? 1.75 : 1.25, t[MOST], y[MOST] = {0};
    for (int k = 0; k < q->terms; k++) {
        t[k] = node(k, q->terms, -0.25, 0.25);
        double u = scale * (centre + t[k]) / 2;
        y[k] = quantile(w, log(u / (1 - u)));
    }
    set_column(q, column, t, y);
}

/* The same for w. Below the first of them x = s (1 + κ s²/6), 2f(0) s = w, κ = -f''(0)/f(0); the last holds
 * w = ½ alone, which is what the largest m are rounded to. */
static void build_mirror(ht_quantiles *q, walk *w)
{
    double term[MOST] = {0}, alpha = w->alpha, t[MOST], y[MOST] = {0};
    term[0] = M_PI_4 / tgamma(1 + 1 / alpha);
    term[1] = tgamma(3 / alpha) / tgamma(1 / alpha) / 6 * pow(term[0], 3);
    set_terms(q, MIDDLE, term);
    for (int column = FIRST_NEAR; column < MIDDLE - 1; column++) { /* outward from x = 0 */
        int octave = (FIRST_BITS + column) / 2 - 127;
        double scale = exp2(octave), centre = column % 2 ? 1.75 : 1.25;
        for (int k = q->terms - 1; k >= 0; k--) {
            t[k] = node(k, q->terms, -0.25, 0.25);
            double half = scale * (centre + t[k]) / 2;
            y[k] = quantile(w, log((1 - half) / half));
        }
        set_column(q, NEAR + column, t, y);
    }
    term[0] = quantile(w, 0);
    term[1] = 0;
    set_terms(q, NEAR + MIDDLE - 1, term);
}

void ht_quantiles_build(ht_quantiles *q, double alpha)
{
    if (q->alpha == alpha) return;
    walk w = {.alpha = alpha};
    q->terms = alpha >= 2 ? 6 : 8;
    q->mirrored = alpha < 1;
    walk_to(&w, log(0.05));
    walk_to(&w, log(0.06));
    (q->mirrored ? build_mirror : build_middle)(q, &w);
    for (int column = MIDDLE - 1; column >= 0; column--) build_column(q, &w, column);
    q->alpha = alpha;
}

/* ---- one draw ---- */

float ht_quantile_draw(const ht_quantiles *q, uint32_t word, uint32_t more)
{
    uint32_t m = word & 0x7fffffffu, bits;
    int middle = m >> 30;
    float g, t, x;
    if (ht_quantile_is_far(word))
        g = ((float)((int64_t)m << 32 | more) + 0.5f) * 0x1p-62f;
    else
        g = ((float)(int32_t)(middle ? 0x7fffffffu - m : m) + 0.5f) * 0x1p-30f;
    memcpy(&bits, &g, sizeof bits);
    bool mirrored = middle && q->mirrored && 0x7fffffffu - m >= HT_QUANTILE_FAR;
    middle = middle && !mirrored;
    int column = middle ? MIDDLE : (int)(bits >> FRACTION) - FIRST_BITS;
    bits = (bits & 0x3fffffu) | 0x3f800000u; /* 1 + the fraction below the half octave */
    memcpy(&t, &bits, sizeof t);
    t = middle ? g * g : t - 1.25f;
    const float *c = q->row[mirrored ? NEAR + column : column];
    float tt = t * t, high = c[4] + c[5] * t;
    if (q->terms > 6) high += tt * (c[6] + c[7] * t);
    x = ((c[0] + c[1] * t) + tt * (c[2] + c[3] * t)) + tt * tt * high;
    x = middle ? x * g : x;
    return word >> 31 ? -x : x;
}
