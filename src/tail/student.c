#include "tail/student.h"

#include <math.h>
#include <string.h>

#include "stable/stable_law.h"

enum { MOST = 128 }; /* edges */

/* ---- Student's law ---- */

/* Iz(a, b), z ≤ ½: the incomplete beta function's series, terms of one sign but for the first. `inverse`:
 * 1/B(a, b). */
static double incomplete_beta(double a, double b, double z, double inverse)
{
    double sum = 1 / a, term = 1;
    for (int k = 1; k < 80; k++) {
        term *= ((double)k - b) / k * z;
        sum += term / (a + k);
        if (fabs(term) < 1e-17) break;
    }
    return pow(z, a) * sum * inverse;
}

double ht_student_beyond(double freedom, double x, double *slope)
{
    double half = freedom / 2, inverse = tgamma(half + 0.5) / (tgamma(half) * sqrt(M_PI)),
           square = x * x / freedom, outside = 1 / (1 + square);
    *slope = -2 * inverse * sqrt(square) * pow(outside, half + 0.5);
    return square > 1 ? incomplete_beta(half, 0.5, outside, inverse)
                      : 1 - incomplete_beta(0.5, half, square * outside, inverse);
}

static void student_beyond_all(double freedom, const double *x, int count, double *beyond, double *slope)
{
    for (int i = 0; i < count; i++) beyond[i] = ht_student_beyond(freedom, x[i], &slope[i]);
}

/* ---- bins ---- */

/* Bin 0 lies below edge[0], bin i between edge[i - 1] and edge[i], the last beyond all. Edges are numbers
 * whose bits are zero but for the highest: which bin a value is in is told by its own bits, without a
 * logarithm. */
typedef struct bins {
    int edges, shift;
    int64_t first;
    double edge[MOST], count[MOST + 1], total;
} bins;

static int64_t bits_of(double size)
{
    int64_t bits;
    memcpy(&bits, &size, sizeof bits);
    return bits;
}

/* From where 1 % of the values are smaller to beyond the largest; the finest halves, quarters … of octaves
 * that are few enough. */
static void place(bins *b, double low, double high)
{
    for (b->shift = 52 - 4; (bits_of(high) >> b->shift) - (bits_of(low) >> b->shift) >= MOST;) b->shift++;
    b->first = bits_of(low) >> b->shift;
    b->edges = (int)((bits_of(high) >> b->shift) - b->first) + 1;
    for (int i = 0; i < b->edges; i++) {
        int64_t bits = (b->first + i) << b->shift;
        memcpy(&b->edge[i], &bits, sizeof bits);
    }
}

static void count(bins *b, const ht_tail_sample *sample, double centre)
{
    ht_tail_reader reader = {.sample = sample, .zeros = sample->censored};
    double chunk[HT_CHUNK];
    for (size_t n = 1; n > 0;) {
        n = ht_tail_read(&reader, HT_CHUNK, chunk);
        for (size_t i = 0; i < n; i++) {
            int64_t at = (bits_of(fabs(chunk[i] - centre)) >> b->shift) - b->first + 1;
            b->count[at < 0 ? 0 : at > b->edges ? b->edges : at]++;
        }
        b->total += (double)n;
    }
}

/* No further than the law has a value in 10²⁰, where laws beside it still have numbers: outliers beyond are
 * in the last bin. false where the values are too few different ones for bins. */
static bool fill(bins *b, const ht_tail_sample *sample, const ht_tail_subset *subset,
                 const ht_stable_fit *fit)
{
    static const double rarest = 46, nearest = 1e-6;
    size_t n = subset->count;
    const double *sorted = subset->sorted;
    if (n < 100) return false;
    double centre = sorted[(n - 1) / 2] / 2 + sorted[n / 2] / 2,
           high = fmax(centre - sorted[0], sorted[n - 1] - centre),
           low = fmin(centre - sorted[n / 2 - n / 200], sorted[n / 2 + n / 200] - centre);
    if (!(low > 0)) return false;
    low = fmax(low, nearest * fit->scale);
    high = fmin(2 * high, fit->scale * exp(rarest / fit->alpha));
    if (!(high > 2 * low)) return false;
    place(b, low, high);
    count(b, sample, centre);
    return true;
}

/* ---- the nearest law of a kind ---- */

/* Of one parameter (α, or the degrees of freedom), within bounds, and a scale. */
typedef struct law {
    void (*beyond)(double parameter, const double *x, int count, double *beyond, double *slope);
    double parameter, scale, least, most;
} law;

/* Logarithms of the bins' probabilities, and their derivatives to the parameter and to log scale. */
typedef struct look {
    double log[MOST + 1], slope[2][MOST + 1];
} look;

/* With one parameter; slopes to log scale. */
static void probabilities(const law *l, const bins *b, double parameter, double *log_p, double *slope)
{
    double x[MOST], beyond[MOST + 1], slopes[MOST + 1], last = 1, last_slope = 0;
    for (int i = 0; i < b->edges; i++) x[i] = b->edge[i] / l->scale;
    l->beyond(parameter, x, b->edges, beyond, slopes);
    beyond[b->edges] = slopes[b->edges] = 0;
    for (int i = 0; i <= b->edges; i++) {
        double p = fmax(last - beyond[i], 1e-300);
        log_p[i] = log(p);
        slope[i] = (slopes[i] - last_slope) / p;
        last = beyond[i];
        last_slope = slopes[i];
    }
}

/* A parabola in the parameter through three: near α = 1, where the integral for a stable law takes ever
 * longer, through 1 itself, a closed form, and two at a distance. */
static void look_at(const law *l, const bins *b, look *v)
{
    static const double apart = 0.02, near_one = 0.03;
    double below[MOST + 1] = {0}, above[MOST + 1] = {0}, unused[MOST + 1], middle = l->parameter;
    double step = fmin(apart * l->parameter, (l->most - l->parameter) / 2);
    if (fabs(middle - 1) < near_one) middle = 1, step = near_one;
    double off = (l->parameter - middle) / step;
    probabilities(l, b, middle - step, below, unused);
    probabilities(l, b, middle + step, above, unused);
    probabilities(l, b, middle, v->log, v->slope[1]);
    for (int i = 0; i <= b->edges; i++) {
        double tilt = (above[i] - below[i]) / 2, bend = above[i] - 2 * v->log[i] + below[i];
        v->log[i] += off * (tilt + off * bend / 2);
        v->slope[0][i] = (tilt + off * bend) / step;
    }
}

/* Fisher's scoring, until what is left to gain is less than a nat: that is told by the step itself, and
 * returned. NaN: there is no nearest law within the bounds. */
static double climb(law *l, const bins *b, look *v)
{
    for (int turn = 0; turn < 30; turn++) {
        double score[2] = {0}, aa = 0, ab = 0, bb = 0;
        look_at(l, b, v);
        for (int i = 0; i <= b->edges; i++) {
            double x = v->slope[0][i], y = v->slope[1][i], expected = b->total * exp(v->log[i]);
            score[0] += b->count[i] * x;
            score[1] += b->count[i] * y;
            aa += expected * x * x, ab += expected * x * y, bb += expected * y * y;
        }
        double d = aa * bb - ab * ab, step = (bb * score[0] - ab * score[1]) / d,
               stretch = (aa * score[1] - ab * score[0]) / d,
               gain = (step * score[0] + stretch * score[1]) / 2;
        if (!(d > 0) || !isfinite(gain)) return NAN;
        double wanted = l->parameter * exp(fmax(-0.3, fmin(0.3, step / l->parameter)));
        bool within = wanted > l->least && wanted < l->most;
        if (gain < 1 && within) {
            l->parameter = wanted;
            return gain;
        }
        l->parameter = fmin(fmax(wanted, l->least), l->most - (l->most - l->parameter) / 4);
        l->scale *= exp(fmax(-1, fmin(1, stretch)));
    }
    return NAN;
}

void ht_student_compare(ht_student *student, const ht_tail_sample *sample, const ht_tail_subset *subset,
                        const ht_stable_fit *fit)
{
    bins b = {0};
    look stable_look = {0}, student_look = {0};
    law stable = {ht_stable_beyond_all, fit->alpha, fit->scale, fmax(0.25, fit->alpha / 1.5),
                  fmin(2, fit->alpha * 1.5)},
        other = {student_beyond_all, fit->alpha, fit->scale, 0.1, 50};
    *student = (ht_student){NAN, NAN, NAN};
    if (!(fit->alpha >= 0.29 && fit->alpha <= 1.99) || !fill(&b, sample, subset, fit)) return;
    double sum = 0, squares = 0, gain = climb(&stable, &b, &stable_look),
           other_gain = climb(&other, &b, &student_look);
    if (isnan(gain) || isnan(other_gain)) return;
    for (int i = 0; i <= b.edges; i++) {
        double ratio = stable_look.log[i] - student_look.log[i];
        sum += b.count[i] * ratio;
        squares += b.count[i] * ratio * ratio;
    }
    double variance = squares - sum * sum / b.total;
    student->freedom = other.parameter;
    student->ratio = sum + gain - other_gain;
    student->deviations = variance > 0 ? student->ratio / sqrt(variance) : 0;
}
