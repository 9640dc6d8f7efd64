/* power_search.c - where a power law begins, and whether it is one, as Clauset, Shalizi and Newman do it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/kernel.h"
#include "tail/power_test.h"
#include "num/rng.h"
#include "base/cancel.h"

enum { STEPS = 160 };

static double off_by(double above, double beyond, double by, double before)
{
    double from = fabs(above - (beyond + 1) * by), other = fabs(above - (beyond + 1) * by + before);
    return from > other ? from : other;
}

/* The largest of |above - (first + i + 1)/n|, and of |above - (first + i)/n| if `two_sided`; four at a time,
 * which wait for nothing. */
static double farthest(const double *above, size_t m, double first, double by, bool two_sided)
{
    double a = 0, b = 0, c = 0, d = 0, before = two_sided ? by : 0, off;
    size_t i = 0;
    for (; i + 4 <= m; i += 4) {
        double at = first + (double)i;
        a = (off = off_by(above[i], at, by, before)) > a ? off : a;
        b = (off = off_by(above[i + 1], at + 1, by, before)) > b ? off : b;
        c = (off = off_by(above[i + 2], at + 2, by, before)) > c ? off : c;
        d = (off = off_by(above[i + 3], at + 3, by, before)) > d ? off : d;
    }
    for (; i < m; i++) a = (off = off_by(above[i], first + (double)i, by, before)) > a ? off : a;
    return fmax(fmax(a, b), fmax(c, d));
}

/* A piece at a time; no further than beyond `enough`, which is no best one. */
static double distance(const double *log, size_t k, double gamma, bool two_sided, double enough)
{
    enum { PIECE = 256 };
    double worst = 0, above[PIECE], by = 1 / (double)k, slope = -1 / gamma;
    for (size_t first = 0, m; first < k && worst < enough; first += m) {
        m = k - first < PIECE ? k - first : PIECE;
        for (size_t i = 0; i < m; i++) above[i] = (log[first + i] - log[k]) * slope;
        ht_kernel()->functions->exponentials(above, above, m);
        worst = fmax(worst, farthest(above, m, (double)first, by, two_sided));
    }
    return worst;
}

ht_power_search ht_power_search_make(const double *log, size_t kept, size_t least, bool two_sided)
{
    ht_power_search best = {.distance = INFINITY};
    if (kept < least + 2) return (ht_power_search){0};
    double sum = 0, ratio = (double)(kept - 1) / (double)least;
    size_t done = 0, last = 0;
    for (int i = 0; i < STEPS; i++) {
        size_t k = (size_t)llround((double)least * pow(ratio, (double)i / (STEPS - 1)));
        if (k == last || k >= kept) continue;
        last = k;
        while (done < k) sum += log[done++] - log[0];
        double gamma = sum / (double)k - (log[k] - log[0]);
        if (!(gamma > 0)) continue;
        double d = distance(log, k, gamma, two_sided, best.distance);
        if (d < best.distance) best = (ht_power_search){k, gamma, d};
    }
    return isfinite(best.distance) ? best : (ht_power_search){0};
}

/* ---- the same of samples that have a power law ---- */

static double exponential(ht_rng *rng)
{
    return -log(ht_rng_uniform(rng));
}

/* k exponential values, largest first (Rényi: the i-th smallest is Σ Eⱼ/(k - j)). */
static void fill_tail(double *to, size_t k, double gamma, double from, ht_rng *rng)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++) {
        sum += exponential(rng) / (double)(k - i);
        to[k - 1 - i] = from + gamma * sum;
    }
}

/* n draws with replacement of the `count` values, largest first, in their order. */
static void fill_body(double *to, size_t n, const double *log, size_t count, ht_rng *rng)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) to[i] = sum += exponential(rng);
    sum += exponential(rng);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(to[i] / sum * (double)count);
        to[i] = log[at < count ? at : count - 1];
    }
}

ht_code ht_power_search_try(ht_power_samples *samples, const double *log, size_t kept, size_t count,
                            size_t least, bool two_sided, ht_error *err)
{
    enum { FEWEST = 40, MOST = 100, ENOUGH = 10 };
    ht_power_search found = ht_power_search_make(log, kept, least, two_sided);
    *samples = (ht_power_samples){NAN, NAN};
    if (found.k == 0) return HT_OK;
    double *drawn = ht_alloc(kept, sizeof *drawn, "samples of a power law", err);
    if (!drawn) return err->code;
    ht_rng rng;
    int further = 0, tried = 0;
    double k = (double)found.k, n = (double)count, squares = 0;
    ht_rng_init(&rng, 4, HT_STREAM_TAIL, 0);
    while (tried < MOST && (further < ENOUGH || tried < FEWEST) && !ht_cancelled()) {
        double wanted = round(k + sqrt(k * (1 - k / n)) * ht_rng_normal(&rng));
        size_t tail = wanted < 1 ? 1 : wanted > (double)kept ? kept : (size_t)wanted;
        fill_tail(drawn, tail, found.gamma, log[found.k], &rng);
        if (kept > found.k) fill_body(drawn + tail, kept - tail, log + found.k, kept - found.k, &rng);
        ht_power_search own = ht_power_search_make(drawn, kept, least, two_sided);
        double off = own.gamma / found.gamma - 1;
        further += own.distance >= found.distance;
        squares += off * off;
        tried++;
    }
    ht_free(drawn);
    if (ht_still_wanted(err) != HT_OK) return err->code;
    *samples = (ht_power_samples){(double)further / tried, sqrt(squares / tried)};
    return HT_OK;
}
