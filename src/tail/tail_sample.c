#include "tail/tail_sample.h"

#include <math.h>
#include <string.h>

#include "base/cancel.h"
#include "kernel/kernel.h"
#include "num/select.h"

/* ---- zeros, signs, the smallest ---- */

static void count_signs(ht_tail_sample *s)
{
    ht_signs signs = {.least = INFINITY};
    for (size_t first = 0; first < s->total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(&s->x, first, s->total, chunk);
        ht_kernel()->functions->signs(&signs, chunk, n);
    }
    s->zeros = signs.zeros;
    s->negative = signs.negative;
    s->least = signs.least;
    s->count = s->total - s->zeros;
}

/* How many that are not zero leave the range of doubles in units of the largest? Only doubles can. */
static size_t count_lost(const ht_tail_sample *s)
{
    const ht_values *x = &s->x;
    size_t lost = 0;
    if (!x->f64 || s->centred) return 0;
    for (size_t i = 0; i < s->total; i++) lost += x->f64[i] != 0 && ldexp(x->f64[i], -x->exponent) == 0;
    return lost;
}

/* Values up to twice the smallest. */
static size_t count_smallest(const ht_tail_sample *s)
{
    size_t count = 0;
    for (size_t first = 0; first < s->total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(&s->x, first, s->total, chunk);
        for (size_t i = 0; i < n; i++) count += chunk[i] != 0 && fabs(chunk[i]) < 2 * s->least;
    }
    return count;
}

/* ---- few different values; a grid ---- */

/* Puts a new magnitude into the sorted list; returns how many there are then. */
static int insert(double *known, int count, double size)
{
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (known[middle] < size)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < count && known[low] == size) return count;
    memmove(known + low + 1, known + low, (size_t)(count - low) * sizeof *known);
    known[low] = size;
    return count + 1;
}

static void count_distinct(ht_tail_sample *s)
{
    double known[HT_TAIL_MANY] = {0};
    for (size_t first = 0; first < s->total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(&s->x, first, s->total, chunk);
        for (size_t i = 0; i < n; i++) {
            if (chunk[i] == 0) continue;
            s->distinct = insert(known, s->distinct, fabs(chunk[i]));
            if (s->distinct == HT_TAIL_MANY) return;
        }
    }
}

/* Is every value a multiple of the smallest? A float can tell of the first 2^18 multiples: these must be half
 * of the values. */
static bool on_grid(const ht_tail_sample *s)
{
    static const double known = 0x1p18;
    size_t told = 0;
    if (s->count < 2) return false;
    for (size_t first = 0; first < s->total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(&s->x, first, s->total, chunk);
        for (size_t i = 0; i < n; i++) {
            double multiple = fabs(chunk[i]) / s->least;
            if (!(fabs(multiple - rint(multiple)) <= 0x1p-22 * multiple)) return false;
            told += multiple > 0 && multiple < known;
        }
    }
    return told >= s->count / 2;
}

/* ---- the whole ---- */

/* The density of a smooth law is flat near zero: of n values in [least, 2 least), as many again would lie
 * below; rounding takes half of them to zero, pruning by size all. Where n is small nothing can be said. */
static void explain_zeros(ht_tail_sample *s)
{
    enum { SEEN = 20 };
    if (s->zeros == 0) return;
    double zeros = (double)s->zeros, smallest = (double)count_smallest(s);
    if (!(s->grid > 0) && smallest < SEEN) return;
    s->excess = zeros > 2 * smallest + 10;
    s->censored = !s->excess && zeros > smallest / 4 - 10;
    if (s->censored) s->step = s->grid > 0 ? s->least / 2 : s->least;
}

ht_code ht_tail_sample_take(ht_tail_sample *s, const ht_values *x, ht_error *err)
{
    double largest;
    *s = (ht_tail_sample){.x = *x, .total = ht_values_count(x), .step = NAN, .typical = NAN};
    s->centred = x->column_centre || x->centre != 0;
    if (ht_values_check(x, &largest, err) != HT_OK) return err->code;
    frexp(largest, &s->x.exponent);
    count_signs(s);
    s->lost = s->zeros > 0 ? count_lost(s) : 0;
    s->zeros -= s->lost;
    count_distinct(s);
    if (s->distinct > 1 && on_grid(s)) s->grid = s->least;
    explain_zeros(s);
    if (s->count > 0 && (s->grid > 0 || s->censored || s->excess)) {
        size_t rank = s->zeros + s->count / 2;
        ht_select(&s->x, true, &rank, 1, &s->typical);
    }
    return HT_OK;
}

const char *ht_tail_sample_refusal(const ht_tail_sample *s)
{
    enum { LEAST = 4 };
    if (s->total == 0) return "there are no values";
    if (s->lost > 0) return "the values span more than the range of a double, 10^308";
    if (s->count == 0) return s->centred ? "one value, repeated" : "all values are zero";
    if (s->count == 1) return "only one value is not zero";
    if (s->distinct == 1) return s->zeros ? "one value, and zeros" : "one value, repeated";
    if (s->count < LEAST) return "fewer than 4 values";
    return NULL;
}

double ht_tail_unscale(const ht_tail_sample *s, double value)
{
    return ldexp(value, s->x.exponent);
}

double ht_tail_sample_zero_log(const ht_tail_sample *s)
{
    return log(s->step) - 1;
}

/* ---- doubts ---- */

/* A grid can make a heavy tail look like none, too. */
static void mark(ht_estimate *e, const char *reason)
{
    if (e->quality != HT_QUALITY_GOOD && e->quality != HT_QUALITY_NO_HEAVY_TAIL) return;
    e->quality = HT_QUALITY_QUANTIZED;
    e->reason = reason;
}

/* Limits simulated with S(α, 0, 1), 0.5 ≤ α ≤ 2: below them an estimate moves by less than 2 %. */
static void doubt_stable(const ht_tail_sample *s, ht_estimate *all)
{
    static const double least_typical = 20;
    double share = (double)s->zeros / (double)s->total;
    if (s->grid * least_typical > s->typical)
        for (int e = 0; e < HT_ESTIMATORS; e++)
            if (ht_estimator_at((ht_estimator)e)->stable) mark(&all[e], "the values lie on a coarse grid");
    if (s->censored && share > 0.05) {
        mark(&all[HT_MMO], "too many small values are zeros");
        mark(&all[HT_ECF], "too many small values are zeros");
        if (share > 0.4) mark(&all[HT_MCCULLOCH], "too many small values are zeros");
    }
    if (s->excess)
        for (int e = 0; e < HT_ESTIMATORS; e++)
            if (ht_estimator_at((ht_estimator)e)->stable) mark(&all[e], "zeros of more than one origin");
}

void ht_tail_sample_doubt(const ht_tail_sample *s, ht_estimate *all)
{
    static const double steps = 8; /* from zero to where a tail may begin */
    doubt_stable(s, all);
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        if (all[e].quality == HT_QUALITY_GOOD && s->distinct < HT_TAIL_MANY &&
            s->count >= 4 * (size_t)s->distinct)
            mark(&all[e], "the values are few different ones");
        if (s->grid > 0 && all[e].xmin < steps * s->grid)
            mark(&all[e], "the tail begins within a few steps of a grid");
    }
    if (s->grid > s->typical) mark(&all[HT_PAULAUSKAS], "the values lie on a coarse grid");
}

/* ---- reading ---- */

static size_t drop_zeros(double *x, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        double value = x[i];
        x[kept] = value;
        kept += value != 0;
    }
    return kept;
}

size_t ht_tail_read(ht_tail_reader *r, size_t most, double to[HT_CHUNK])
{
    const ht_tail_sample *s = r->sample;
    while (r->at < s->total && most > 0 && !ht_cancelled()) {
        size_t loaded = ht_values_load(&s->x, r->at, s->total, to);
        size_t n = r->zeros || s->zeros == 0 ? loaded : drop_zeros(to, loaded);
        r->at += loaded;
        if (n > 0) return n < most ? n : most;
    }
    return 0;
}

size_t ht_tail_read_span(ht_tail_reader *r, size_t most, double to[HT_TAIL_SPAN])
{
    size_t n = 0, more = 1;
    for (; more > 0 && n + HT_CHUNK <= HT_TAIL_SPAN; n += more) more = ht_tail_read(r, most - n, to + n);
    return n;
}
