#include "tail/layer/randomized.h"

#include <math.h>
#include <stdint.h>

#include "base/cancel.h"
#include "num/rng.h"

/* Places are drawn some time ahead, so that they are fetched when their turn comes. */
enum { AHEAD = 64 };

static void change(float *f32, double *f64, size_t a, size_t b)
{
    if (f32) {
        float t = f32[a];
        f32[a] = f32[b], f32[b] = t;
    } else {
        double t = f64[a];
        f64[a] = f64[b], f64[b] = t;
    }
}

static size_t draw(ht_rng *rng, size_t bound)
{
    return bound <= UINT32_MAX ? ht_rng_below(rng, (uint32_t)bound)
                               : (size_t)(ht_rng_uniform(rng) * (double)bound);
}

void ht_randomize(float *f32, double *f64, size_t count)
{
    size_t place[AHEAD];
    ht_rng rng;
    ht_rng_init(&rng, 6, HT_STREAM_TAIL, 0);
    for (size_t left = count; left > 1 && !ht_cancelled();) {
        size_t n = left - 1 < AHEAD ? left - 1 : AHEAD;
        for (size_t i = 0; i < n; i++) {
            place[i] = draw(&rng, left - i);
            __builtin_prefetch(f32 ? (void *)(f32 + place[i]) : (void *)(f64 + place[i]), 1);
        }
        for (size_t i = 0; i < n; i++) change(f32, f64, left - 1 - i, place[i]);
        left -= n;
    }
}

static double term(double p, double m)
{
    return p > 0 ? p * log(p / m) : 0;
}

double ht_jensen_shannon(const double *p, const double *q, size_t n)
{
    double all_p = 0, all_q = 0, sum = 0;
    for (size_t i = 0; i < n; i++) all_p += fmax(p[i], 0), all_q += fmax(q[i], 0);
    for (size_t i = 0; i < n; i++) {
        double a = fmax(p[i], 0) / all_p, b = fmax(q[i], 0) / all_q, m = (a + b) / 2;
        sum += term(a, m) + term(b, m);
    }
    return sqrt(fmax(sum, 0) / 2);
}
