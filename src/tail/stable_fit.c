#include "tail/stable_fit.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/kernel.h"

enum { MOST = 12 };
static const double least_alpha = 0.25;

/* ---- the empirical characteristic function ---- */

/* At u, ru, r²u …, r = 2^doublings: means of cos(ux) and sin(ux), and for rows as clusters the covariances of
 * these means. */
typedef struct empirical {
    int points, doublings;
    double u[MOST], cosine[MOST], sine[MOST], cosines[MOST][MOST], sines[MOST][MOST];
} empirical;

/* Sums over the values of one row, or over all. */
typedef struct sums {
    double count, c[MOST], s[MOST];
} sums;

/* Products of sums over rows, from which covariances about any mean follow. */
typedef struct products {
    double squares, c[MOST], s[MOST], cc[MOST][MOST], ss[MOST][MOST];
} products;

static void add_row(products *p, const sums *row, int points)
{
    p->squares += row->count * row->count;
    for (int i = 0; i < points; i++) {
        p->c[i] += row->count * row->c[i];
        p->s[i] += row->count * row->s[i];
        for (int j = 0; j <= i; j++) {
            p->cc[i][j] += row->c[i] * row->c[j];
            p->ss[i][j] += row->s[i] * row->s[j];
        }
    }
}

static void finish(empirical *e, const sums *all, const products *p, double rows)
{
    double n = all->count, by = rows / (rows - 1) / (n * n);
    for (int i = 0; i < e->points; i++) e->cosine[i] = all->c[i] / n, e->sine[i] = all->s[i] / n;
    for (int i = 0; i < e->points; i++)
        for (int j = 0; j <= i; j++) {
            const double *c = e->cosine, *s = e->sine;
            e->cosines[i][j] = e->cosines[j][i] =
                by * (p->cc[i][j] - p->c[i] * c[j] - p->c[j] * c[i] + p->squares * c[i] * c[j]);
            e->sines[i][j] = e->sines[j][i] =
                by * (p->ss[i][j] - p->s[i] * s[j] - p->s[j] * s[i] + p->squares * s[i] * s[j]);
        }
}

/* x scaled and centred; the rows where they are clusters. */
typedef struct data {
    const double *x;
    const uint32_t *row; /* NULL: independent values */
    size_t count, rows;
} data;

/* cos(ux) and sin(ux) of some values at all points. (To double the angle from one point to the next would
 * cost less where laws have small α and values are far out, but its error doubles too, up to forty times.) */
enum { PIECE = 256 };
typedef struct waves {
    double c[MOST][PIECE], s[MOST][PIECE];
} waves;

static void wave(waves *w, const double *x, size_t n, const empirical *e)
{
    double t[PIECE];
    for (int j = 0; j < e->points; j++) {
        for (size_t i = 0; i < n; i++) t[i] = x[i] * e->u[j];
        ht_kernel()->functions->circle(t, n, w->c[j], w->s[j]);
    }
}

static void add_values(sums *to, const waves *w, size_t first, size_t end, int points)
{
    for (size_t i = first; i < end; i++)
        for (int j = 0; j < points; j++) {
            to->c[j] += w->c[j][i];
            to->s[j] += w->s[j][i];
        }
    to->count += (double)(end - first);
}

static void observe(empirical *e, const data *d)
{
    sums all = {0}, row = {0};
    products p = {0};
    waves w;
    for (size_t first = 0, n; first < d->count; first += n) {
        n = d->count - first < PIECE ? d->count - first : PIECE;
        wave(&w, d->x + first, n, e);
        if (!d->row) add_values(&all, &w, 0, n, e->points);
        for (size_t i = 0; d->row && i < n; i++) {
            add_values(&row, &w, i, i + 1, e->points);
            if (first + i + 1 < d->count && d->row[first + i + 1] == d->row[first + i]) continue;
            add_row(&p, &row, e->points);
            all.count += row.count;
            for (int j = 0; j < e->points; j++) all.c[j] += row.c[j], all.s[j] += row.s[j];
            row = (sums){0};
        }
    }
    finish(e, &all, &p, (double)d->rows);
}

/* Points for a law: φ(u) = exp(-(σu)^α) from 1 - few/n to 0.08. Small α needs a wide range: further apart. */
static void place(empirical *e, double alpha, double scale, double n)
{
    static const double few = 20, deepest = 2.5;
    double low = fmin(few / n, 0.2), octaves = log2(deepest / low) / alpha;
    e->doublings = (int)ceil(octaves / (MOST - 1));
    if (e->doublings < 1) e->doublings = 1;
    e->points = 1 + (int)(octaves / e->doublings);
    double last = pow(deepest, 1 / alpha) / scale;
    for (int j = 0; j < e->points; j++) e->u[j] = ldexp(last, (j - e->points + 1) * e->doublings);
}

/* ---- the nearest law ---- */

static double phi(double u, double alpha, double scale)
{
    return exp(-pow(scale * fabs(u), alpha));
}

/* Covariances under the law, of means of n values. */
static void theory(const empirical *e, double alpha, double scale, double n, bool sines, double a[MOST][MOST])
{
    for (int i = 0; i < e->points; i++)
        for (int j = 0; j <= i; j++) {
            double u = e->u[i], v = e->u[j], sum = phi(u + v, alpha, scale), less = phi(u - v, alpha, scale);
            double c =
                sines ? (less - sum) / 2 : (less + sum) / 2 - phi(u, alpha, scale) * phi(v, alpha, scale);
            a[i][j] = c / n;
        }
}

/* The lower factor in place; a part in 10⁹ of the diagonal makes rounding harmless. */
static bool factor(double a[MOST][MOST], int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = i == j ? a[i][i] * (1 + 1e-9) : a[i][j];
            for (int k = 0; k < j; k++) sum -= a[i][k] * a[j][k];
            if (i == j && !(sum > 0)) return false;
            a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
        }
    return true;
}

static void whiten(double l[MOST][MOST], int n, double *v)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++) v[i] -= l[i][k] * v[k];
        v[i] /= l[i][i];
    }
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* What a step of Gauss and Newton sees, whitened by the covariances of the law: residuals, and their slopes
 * in α and log σ. */
typedef struct view {
    double l[MOST][MOST], r[MOST], slope[2][MOST];
} view;

static bool look(const empirical *e, double alpha, double scale, double n, view *v)
{
    theory(e, alpha, scale, n, false, v->l);
    if (!factor(v->l, e->points)) return false;
    for (int j = 0; j < e->points; j++) {
        double p = phi(e->u[j], alpha, scale), w = pow(scale * e->u[j], alpha);
        v->r[j] = e->cosine[j] - p;
        v->slope[0][j] = -p * w * log(scale * e->u[j]);
        v->slope[1][j] = -p * w * alpha;
    }
    whiten(v->l, e->points, v->r);
    for (int k = 0; k < 2; k++) whiten(v->l, e->points, v->slope[k]);
    return true;
}

/* To the least squares in α ≤ 2 and log σ. */
static bool descend(const empirical *e, ht_stable_fit *fit, double n, view *v)
{
    for (int turn = 0; turn < 30; turn++) {
        if (!look(e, fit->alpha, fit->scale, n, v)) return false;
        const double *a = v->slope[0], *b = v->slope[1];
        double aa = dot(a, a, e->points), ab = dot(a, b, e->points), bb = dot(b, b, e->points),
               ar = dot(a, v->r, e->points), br = dot(b, v->r, e->points), d = aa * bb - ab * ab;
        if (!(d > 0)) return false;
        double wanted = fit->alpha + fmax(-0.3, fmin(0.3, (bb * ar - ab * br) / d));
        double step = fmin(fmax(wanted, least_alpha), 2) - fit->alpha;
        double stretch = fmax(-1, fmin(1, (br - ab * step) / bb)); /* the best there */
        fit->alpha += step;
        fit->scale *= exp(stretch);
        if (fabs(step) + fabs(stretch) < 1e-7) break;
    }
    return look(e, fit->alpha, fit->scale, n, v);
}

/* ---- how far off ---- */

/* Covariances whitened on both sides: l⁻¹ a l⁻ᵀ. */
static void whiten_both(double l[MOST][MOST], int n, double a[MOST][MOST])
{
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < n; i++) whiten(l, n, a[i]); /* rows; a is symmetric, so the transpose is next */
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) {
                double t = a[i][j];
                a[i][j] = a[j][i];
                a[j][i] = t;
            }
    }
}

/* v less 2 h (h·v)/(h·h). */
static void reflect(const double *h, int n, double *v)
{
    double by = 2 * dot(h, v, n) / dot(h, h, n);
    for (int i = 0; i < n; i++) v[i] -= by * h[i];
}

/* r² less what lies along the directions (count), in units of its covariance: `a` whitened as r is, or NULL
 * where whitening was all. Directions are turned to the first axes, as Householder does. χ² with n - count
 * degrees of freedom; NaN where it is singular. */
static double form(double *r, double direction[][MOST], int count, int n, double (*a)[MOST])
{
    for (int k = 0; k < count; k++) {
        double h[MOST] = {0}, norm = 0;
        for (int i = k; i < n; i++) norm += direction[k][i] * direction[k][i];
        for (int i = k; i < n; i++) h[i] = direction[k][i];
        h[k] += direction[k][k] < 0 ? -sqrt(norm) : sqrt(norm);
        if (!(norm > 0)) return NAN;
        reflect(h, n, r);
        for (int j = k + 1; j < count; j++) reflect(h, n, direction[j]);
        for (int turn = 0; a && turn < 2; turn++) {
            for (int i = 0; i < n; i++) reflect(h, n, a[i]);
            for (int i = 0; i < n; i++)
                for (int j = 0; j < i; j++) {
                    double t = a[i][j];
                    a[i][j] = a[j][i];
                    a[j][i] = t;
                }
        }
    }
    if (!a) return dot(r + count, r + count, n - count);
    double l[MOST][MOST];
    for (int i = count; i < n; i++)
        for (int j = count; j < n; j++) l[i - count][j - count] = a[i][j];
    if (!factor(l, n - count)) return NAN;
    whiten(l, n - count, r + count);
    return dot(r + count, r + count, n - count);
}

/* Standard deviation of α: of the least squares, under the covariances `a` (whitened) or those of the law. */
static double alpha_error(const view *v, int n, double (*a)[MOST])
{
    const double *x = v->slope[0], *y = v->slope[1];
    double xx = dot(x, x, n), xy = dot(x, y, n), yy = dot(y, y, n), d = xx * yy - xy * xy, sum = 0, w[MOST];
    if (!a) return sqrt(yy / d);
    for (int i = 0; i < n; i++) w[i] = (yy * x[i] - xy * y[i]) / d;
    for (int i = 0; i < n; i++) sum += w[i] * dot(a[i], w, n);
    return sqrt(sum);
}

/* The cosines as they are: α and σ are free. The sines: the centre is. */
static void assess(ht_stable_fit *fit, empirical *e, view *v, double n, double rows, bool clustered)
{
    double l[MOST][MOST], sine[MOST] = {0}, shift[1][MOST] = {{0}};
    theory(e, fit->alpha, fit->scale, n, true, l);
    if (!factor(l, e->points)) return;
    for (int j = 0; j < e->points; j++) {
        sine[j] = e->sine[j];
        shift[0][j] = e->u[j] * phi(e->u[j], fit->alpha, fit->scale);
    }
    whiten(l, e->points, sine), whiten(l, e->points, shift[0]);
    if (clustered) whiten_both(v->l, e->points, e->cosines), whiten_both(l, e->points, e->sines);
    double error = alpha_error(v, e->points, clustered ? e->cosines : NULL);
    double sum = form(v->r, v->slope, 2, e->points, clustered ? e->cosines : NULL) +
                 form(sine, shift, 1, e->points, clustered ? e->sines : NULL);
    if (clustered) sum *= (rows - e->points) / (rows - 1); /* Hotelling */
    if (!isfinite(sum) || !isfinite(error)) return;
    fit->error = error;
    fit->p = ht_chi_square_above(sum, 2 * e->points - 3);
}

/* ---- all of it ---- */

static double mean_cosine(const data *d, double u)
{
    double cosine = 0, sine = 0;
    for (size_t first = 0, n; first < d->count; first += n) {
        n = d->count - first < PIECE ? d->count - first : PIECE;
        ht_kernel()->functions->harmonics(d->x + first, n, 0, u, 1, &cosine, &sine);
    }
    return cosine / (double)d->count;
}

/* From log(-log φ̂) at two points, in units of half of the middle half. */
static bool begin(const data *d, ht_stable_fit *fit)
{
    double near = 0.25, far = 1;
    for (int turn = 0; turn < 2; turn++) {
        double y = -log(fmin(fmax(mean_cosine(d, near), 0.01), 1 - 1e-6)),
               z = -log(fmin(fmax(mean_cosine(d, far), 0.01), 1 - 1e-6));
        fit->alpha = fmin(fmax(log(z / y) / log(far / near), least_alpha), 2);
        fit->scale = pow(z, 1 / fit->alpha) / far;
        near = pow(0.2, 1 / fit->alpha) / fit->scale;
        far = 1 / fit->scale;
    }
    return isfinite(fit->scale) && fit->scale > 0;
}

static double ratio_of_variances(const empirical *e, const ht_stable_fit *fit, double n)
{
    double a[MOST][MOST], sum = 0;
    theory(e, fit->alpha, fit->scale, n, false, a);
    for (int j = 0; j < e->points; j++) sum += e->cosines[j][j] / a[j][j] / e->points;
    return sum;
}

static void fit_data(ht_stable_fit *fit, const data *d)
{
    double n = (double)d->count, rows = (double)d->rows;
    bool clustered = d->row != NULL;
    empirical e = {0};
    view v = {0};
    if (!begin(d, fit)) return;
    for (int turn = 0; turn < 2; turn++) { /* the second time with points for the law found */
        place(&e, fit->alpha, fit->scale, clustered ? rows : n);
        observe(&e, d);
        if ((clustered && rows <= 2 * e.points) || !descend(&e, fit, n, &v)) return;
    }
    fit->independent = clustered ? fmin(n, n / ratio_of_variances(&e, fit, n)) : n;
    assess(fit, &e, &v, n, rows, clustered);
}

ht_code ht_stable_fit_make(ht_stable_fit *fit, const ht_tail_subset *subset, bool clustered, ht_error *err)
{
    enum { LEAST = 50 };
    size_t n = subset->count;
    *fit = (ht_stable_fit){NAN, NAN, NAN, NAN, n, 0};
    if (n < LEAST) return HT_OK;
    const double *sorted = subset->sorted;
    double *x = ht_alloc(n, sizeof *x, "a stable law", err);
    if (!x) return err->code;
    double centre = sorted[(n - 1) / 2] / 2 + sorted[n / 2] / 2,
           unit = sorted[n - 1 - n / 4] / 2 - sorted[n / 4] / 2;
    for (size_t i = 0; i < n; i++) x[i] = fmin(fmax((subset->x[i] - centre) / unit, -1e300), 1e300);
    if (unit > 0) {
        fit_data(fit, &(data){x, clustered ? subset->row : NULL, n, subset->rows});
        fit->scale *= unit;
    }
    if (isnan(fit->p)) fit->alpha = fit->error = NAN;
    ht_free(x);
    return HT_OK;
}

double ht_chi_square_above(double x, int freedom)
{
    if (!(x > 0)) return 1;
    double half = x / 2, term, sum = 0;
    int k = freedom % 2;
    if (k) {
        sum = erfc(sqrt(half));
        term = exp(-half) * sqrt(half) / tgamma(1.5);
    } else {
        term = exp(-half);
    }
    for (double a = k ? 1.5 : 1; k + 2 <= freedom; k += 2, a++) {
        sum += term;
        term *= half / a;
    }
    return fmin(sum, 1);
}
