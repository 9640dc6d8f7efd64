/* tail_blocks.c - estimators from consecutive blocks of values: mmo, mmo-multi and mmo-paper (of rows as
 * vectors, rows of zeros left out and counted), paulauskas. */
#include "tail/tail_work.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "kernel/kernel.h"
#include "num/rng.h"
#include "tail/tail_estimate.h"
#include "num/values.h"

/* ---- block lengths ---- */

enum { CANDIDATES = 9, FEW = 25 };

static size_t divisor_at_most(size_t count, size_t m)
{
    while (m > 1 && count % m != 0) m--;
    return m;
}

int ht_tail_candidates(size_t count, size_t m[9])
{
    static const size_t start[] = {2, 5, 10, 20, 50, 100, 500, 1000};
    int n = 0;
    for (size_t i = 0; i < sizeof start / sizeof start[0] && start[i] <= count / 2; i++) {
        size_t d = divisor_at_most(count, start[i]);
        if (d > 1 && (n == 0 || m[n - 1] != d)) m[n++] = d; /* rising, so equal ones are neighbours */
    }
    size_t root = (size_t)sqrt((double)count), d = divisor_at_most(count, root);
    bool known = d <= 1;
    for (int i = 0; i < n; i++) known = known || m[i] == d;
    if (!known) m[n++] = d;
    return n;
}

/* How the values are cut: several block lengths, over the first `used` values. */
typedef struct cut {
    size_t used;
    int count;
    size_t m[CANDIDATES];
} cut;

/* A count with too few divisors (the published code stops there) loses its last values, under a tenth. */
static cut choose_cut(size_t count, size_t m)
{
    cut c = {.used = count, .count = 1, .m = {m}};
    if (m > 0) {
        c.used = m > 1 ? count / m * m : 0; /* log 1 = 0 */
        return c;
    }
    c.count = ht_tail_candidates(count, c.m);
    if (c.count >= 3 || count < 20) return c;
    size_t step = count >= 10000 ? 1000 : count >= 1000 ? 100 : 10;
    c.used = count / step * step;
    c.count = ht_tail_candidates(c.used, c.m);
    return c;
}

/* Why a cut has no blocks; NULL when it has. */
static const char *refuse_cut(const cut *c, size_t m)
{
    if (c->count > 0 && c->used > 0) return NULL;
    return m == 0   ? "too few to be cut into blocks"
           : m == 1 ? "blocks of 1 say nothing"
                    : "fewer than fill one block";
}

/* ---- Mohammadi, Mohammadpour, Ogata ---- */

/* Of log|x|: mean and variance; and the mean of log|block sum| for each block length of a cut. */
typedef struct logs {
    double mean, variance, block[CANDIDATES];
} logs;

/* Sums about the first value, so that the variance loses no digits. */
typedef struct moments {
    size_t count;
    double origin, sum, squares;
} moments;

static void add(moments *m, double x)
{
    if (m->count++ == 0) m->origin = x;
    m->sum += x - m->origin;
    m->squares += (x - m->origin) * (x - m->origin);
}

static double mean(const moments *m)
{
    return m->origin + m->sum / (double)m->count;
}

static double variance(const moments *m)
{
    double n = (double)m->count;
    return m->count > 1 ? fmax(0, m->squares - m->sum * m->sum / n) / (n - 1) : (double)NAN;
}

static double median_of(double *v, int n)
{
    if (n < 1) return NAN;
    for (int i = 1, j; i < n; i++) { /* so few are sorted by insertion */
        double own = v[i];
        for (j = i; j > 0 && v[j - 1] > own; j--) v[j] = v[j - 1];
        v[j] = own;
    }
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* How much block means at lengths m < m' have in common beyond a Brownian motion: their covariance is V m/N
 * times (1 + κ log(m'/m)). For scalars 0 is close at every α; for vectors the norm of one large row stays
 * visible in the sums: ½ is close for 1.2 ≤ α ≤ 1.9 (simulated; ½ makes a Matérn process of it, so the matrix
 * is positive). */
static const double scalar_tie = 0, vector_tie = 0.5;

/* Lower triangle L of LLᵀ = covariance of the means at lengths 1, m[0], m[1] … in units of V/N. */
static void factor(const cut *c, double tie, double l[CANDIDATES + 1][CANDIDATES + 1])
{
    for (int i = 0; i <= c->count; i++)
        for (int j = 0; j <= i; j++) {
            double a = i ? (double)c->m[i - 1] : 1, b = j ? (double)c->m[j - 1] : 1;
            double sum = fmin(a, b) * (1 + tie * fabs(log(a / b)));
            for (int k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
            l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
        }
}

/* Normal numbers as ht_rng_normal makes them one by one: `count` of them, AT_ONCE times. */
enum { AT_ONCE = 20 };

static void draw(ht_rng *rng, double normal[AT_ONCE][CANDIDATES + 1], int count)
{
    enum { MOST = AT_ONCE * (CANDIDATES + 1) };
    double radius[MOST], turn[MOST], unused[MOST];
    size_t n = (size_t)AT_ONCE * (size_t)count;
    for (size_t i = 0; i < n; i++) {
        radius[i] = ht_rng_uniform(rng);
        turn[i] = 2 * M_PI * ht_rng_uniform(rng);
    }
    ht_kernel()->functions->logarithms(radius, radius, n);
    ht_kernel()->functions->circle(turn, n, turn, unused);
    for (size_t i = 0; i < n; i++)
        normal[i / (size_t)count][i % (size_t)count] = sqrt(-2 * radius[i]) * turn[i];
}

/* Mean square of the median of (B(m) - B(1))/log m, B a Brownian motion (with the tie above) looked at at
 * times m: it has no closed form, so it is drawn. */
static double draw_spread(const cut *c, double tie)
{
    enum { DRAWS = 4000 };
    double l[CANDIDATES + 1][CANDIDATES + 1], log_m[CANDIDATES], sum = 0;
    ht_rng rng;
    factor(c, tie, l);
    for (int i = 0; i < c->count; i++) log_m[i] = log((double)c->m[i]);
    ht_rng_init(&rng, 1, HT_STREAM_TAIL, 0);
    for (int d = 0; d < DRAWS; d += AT_ONCE) {
        double normal[AT_ONCE][CANDIDATES + 1], z[CANDIDATES];
        draw(&rng, normal, c->count + 1);
        for (int k = 0; k < AT_ONCE; k++) {
            for (int i = 0; i < c->count; i++) {
                double walk = -l[0][0] * normal[k][0];
                for (int j = 0; j <= i + 1; j++) walk += l[i + 1][j] * normal[k][j];
                z[i] = walk / log_m[i];
            }
            double median = median_of(z, c->count);
            sum += median * median;
        }
    }
    return sum / DRAWS;
}

static bool same_lengths(const cut *a, const cut *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++) same = a->m[i] == b->m[i];
    return same;
}

/* Of the same lengths the draws say the same: the latest answer is kept, for a layer is looked at again and
 * again. */
static double spread_of(const cut *c, double tie)
{
    static _Thread_local struct {
        cut lengths;
        double tie, spread;
    } latest;
    if (latest.lengths.count == 0 || latest.tie != tie || !same_lengths(&latest.lengths, c)) {
        latest.lengths = *c;
        latest.tie = tie;
        latest.spread = draw_spread(c, tie);
    }
    return latest.spread;
}

/* Standard deviation of 1/α̂, the median over block lengths, in a strictly stable law of independent values.
 * By self-similarity the mean of N/m logarithms of block sums has variance V m/N, V that of log|x|, and two
 * such means, to first order, have covariance V min(m, m')/N: they are a Brownian motion looked at at times
 * m, the mean of log|x| itself at time 1. */
static double deviation(const cut *c, double v, double tie)
{
    return sqrt(v / (double)c->used * spread_of(c, tie));
}

/* Do the block lengths agree on one index? 5 deviations are allowed: covariances are only of first order. */
static bool agree(const cut *c, const logs *l, double inverse)
{
    for (int i = 0; i < c->count; i++) {
        double m = (double)c->m[i], own = (l->block[i] - l->mean) / log(m);
        if (fabs(own - inverse) > 5 * sqrt(l->variance * m / (double)c->used) / log(m)) return false;
    }
    return true;
}

static void mmo_estimate(const cut *c, const logs *l, double tie, ht_estimate *e)
{
    double alpha[CANDIDATES];
    for (int i = 0; i < c->count; i++) {
        alpha[i] = log((double)c->m[i]) / (l->block[i] - l->mean);
        if (isfinite(alpha[i])) continue;
        e->reason = "sums of blocks are no larger than values"; /* or all are zero */
        return;
    }
    e->value = median_of(alpha, c->count);
    e->m = c->count == 1 ? c->m[0] : 0;
    e->n_tail = c->used;
    ht_estimate_inverse(e, 1 / e->value, deviation(c, l->variance, tie));
    ht_estimate_assess_stable(e, c->used);
    if (e->quality == HT_QUALITY_GOOD && !agree(c, l, 1 / e->value)) e->quality = HT_QUALITY_NO_PLATEAU;
}

/* Sums of blocks as the values go by: of shorter blocks, of which a whole number makes one. `log_sums`: what
 * is a sum of zero (on a grid one below its steps, for 0.1 + 0.2 - 0.3 is 6e-17), and what stands for its
 * logarithm. */
typedef struct blocks {
    int part;             /* whose sums these add up; -1: values */
    size_t parts, filled; /* so many make a block; so many are in `sum` */
    double sum;
    ht_log_sums logs;
} blocks;

/* Of a number of values, rising: the largest shorter block that divides it. */
static int part_of(const cut *c, int i)
{
    int part = i - 1;
    while (part >= 0 && c->m[i] % c->m[part] != 0) part--;
    return part;
}

/* Adds x (n) up into `to`; returns how many blocks are full. */
static size_t add_up(blocks *b, const double *x, size_t n, double *to)
{
    size_t i = 0, full = 0;
    double sum = b->sum;
    while (b->filled > 0 && i < n) {
        sum += x[i++];
        if (++b->filled < b->parts) continue;
        to[full++] = sum;
        sum = 0;
        b->filled = 0;
    }
    if (b->filled == 0) {
        size_t whole = (n - i) / b->parts;
        ht_kernel()->functions->block_sums(to + full, x + i, whole, b->parts);
        full += whole;
        i += whole * b->parts;
        b->filled = n - i;
    }
    for (; i < n; i++) sum += x[i];
    b->sum = sum;
    return full;
}

/* The sums of every block length that are full with x (n ≤ HT_TAIL_SPAN). */
static void feed(blocks *block, int count, const double *x, size_t n)
{
    double sum[CANDIDATES][HT_TAIL_SPAN / 2 + 1];
    size_t full[CANDIDATES];
    for (int i = 0; i < count; i++) {
        int part = block[i].part;
        full[i] = add_up(&block[i], part < 0 ? x : sum[part], part < 0 ? n : full[part], sum[i]);
        ht_kernel()->functions->log_sum(&block[i].logs, sum[i], full[i]);
    }
}

ht_code ht_blocks_mmo(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    const ht_tail_sample *s = work->sample;
    ht_estimate *e = &estimates[HT_MMO];
    cut c = choose_cut(s->censored ? s->total : s->count, work->options->m);
    (void)err;
    e->reason = refuse_cut(&c, work->options->m);
    if (e->reason) return HT_OK;
    double span[HT_TAIL_SPAN], zero = s->censored ? ht_tail_sample_zero_log(s) : (double)NAN;
    blocks block[CANDIDATES] = {{0}};
    ht_log_sums entries = {.zero = zero};
    ht_tail_reader reader = {.sample = s, .zeros = s->censored};
    for (int i = 0; i < c.count; i++) {
        int part = part_of(&c, i);
        block[i] = (blocks){.part = part, .parts = c.m[i] / (part < 0 ? 1 : c.m[part])};
        block[i].logs = (ht_log_sums){.below = s->grid / 4, .zero = zero};
    }
    for (size_t left = c.used, n; (n = ht_tail_read_span(&reader, left, span)) > 0; left -= n) {
        if (left == c.used) entries.origin = span[0] != 0 ? log(fabs(span[0])) : zero;
        feed(block, c.count, span, n);
        ht_kernel()->functions->log_sums(&entries, span, n);
    }
    moments m = {(size_t)entries.count, entries.origin, entries.sum, entries.squares};
    logs l = {mean(&m), variance(&m), {0}};
    for (int i = 0; i < c.count; i++) l.block[i] = block[i].logs.sum / block[i].logs.count;
    mmo_estimate(&c, &l, scalar_tie, e);
    e->step = s->step;
    return HT_OK;
}

/* ---- the same of vectors ---- */

static void add_row(const ht_values *x, size_t row, double *sum)
{
    size_t end = (row + 1) * x->columns;
    if (x->f32 && !x->column_centre && x->centre == 0) {
        ht_unit unit = ht_values_unit(x);
        ht_kernel()->functions->add_widened(sum, x->f32 + row * x->columns, x->columns,
                                            unit.first * unit.second);
        return;
    }
    for (size_t first = row * x->columns; first < end;) {
        double chunk[HT_CHUNK];
        size_t n = ht_values_load(x, first, end, chunk);
        for (size_t j = 0; j < n; j++) sum[j] += chunk[j];
        sum += n;
        first += n;
    }
}

/* Length of the sum of the m rows whose numbers are given; `sum` is scratch (columns). */
static double length_of_sum(const ht_values *x, const size_t *row, size_t m, double *sum)
{
    memset(sum, 0, x->columns * sizeof *sum);
    for (size_t i = 0; i < m; i++) add_row(x, row[i], sum);
    return ht_values_length(sum, x->columns);
}

/* Rows that are not all zero: their numbers, and the logarithms of their lengths. */
typedef struct live {
    size_t count, *row;
    double *log_length, *sum; /* sum: scratch (columns) */
} live;

static ht_code live_room(live *l, const ht_values *x, ht_error *err)
{
    l->sum = ht_alloc(x->columns, sizeof *l->sum, "a sum of rows", err);
    l->row = ht_alloc(x->rows, sizeof *l->row, "the numbers of rows", err);
    l->log_length = ht_alloc(x->rows, sizeof *l->log_length, "the lengths of rows", err);
    return l->sum && l->row && l->log_length ? HT_OK : err->code;
}

static void live_free(live *l)
{
    ht_free(l->sum);
    ht_free(l->row);
    ht_free(l->log_length);
}

static void find_live(live *l, const ht_values *x)
{
    for (size_t r = 0; r < x->rows && !ht_cancelled(); r++) {
        double length = length_of_sum(x, &r, 1, l->sum);
        if (!(length > 0)) continue;
        l->log_length[l->count] = log(length);
        l->row[l->count++] = r;
    }
}

static bool same_row(const ht_values *x, size_t a, size_t b)
{
    size_t n = x->columns;
    return x->f32 ? memcmp(x->f32 + a * n, x->f32 + b * n, n * sizeof *x->f32) == 0
                  : memcmp(x->f64 + a * n, x->f64 + b * n, n * sizeof *x->f64) == 0;
}

/* Why there can be no index of such rows; NULL when there can. */
static const char *refuse_rows(const live *l, const ht_values *x)
{
    size_t i = 1;
    if (l->count == 0) return "all rows are zero";
    if (l->count == 1) return "only one row is not zero";
    while (i < l->count && same_row(x, l->row[0], l->row[i])) i++;
    return i == l->count ? "all rows are the same" : NULL;
}

/* The mean of log lengths of sums of m rows each; sums that are exactly zero are left out. */
static double mean_of_sums(const live *l, const ht_values *x, size_t used, size_t m)
{
    double total = 0;
    size_t count = 0;
    for (size_t first = 0; first < used && !ht_cancelled(); first += m) {
        double length = length_of_sum(x, l->row + first, m, l->sum);
        if (!(length > 0)) continue;
        total += log(length);
        count++;
    }
    return total / (double)count;
}

static void fit_rows(live *rows, const ht_values *x, size_t m, ht_estimate *e)
{
    cut c = choose_cut(rows->count, m);
    e->reason = refuse_cut(&c, m);
    if (e->reason) return;
    moments lengths = {0};
    logs l = {0};
    for (size_t i = 0; i < c.used; i++) add(&lengths, rows->log_length[i]);
    l.mean = mean(&lengths);
    l.variance = variance(&lengths);
    for (int i = 0; i < c.count; i++) l.block[i] = mean_of_sums(rows, x, c.used, c.m[i]);
    mmo_estimate(&c, &l, vector_tie, e);
}

/* In the order in which they are, or in others. */
typedef void fit_of_rows(live *rows, const ht_values *x, size_t m, ht_estimate *e);

static ht_code fit_live_rows(const ht_tail_work *work, fit_of_rows *fit, ht_estimate *e, ht_error *err)
{
    const ht_values *x = &work->sample->x;
    live rows = {0};
    ht_code code = live_room(&rows, x, err);
    if (code == HT_OK) {
        find_live(&rows, x);
        e->zeros = x->rows - rows.count;
        e->reason = refuse_rows(&rows, x);
        if (!e->reason) fit(&rows, x, work->options->m, e);
        code = ht_still_wanted(err);
    }
    live_free(&rows);
    return code;
}

ht_code ht_blocks_mmo_multi(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    return fit_live_rows(work, fit_rows, &estimates[HT_MMO_MULTI], err);
}

/* ---- the same as the code published with arXiv 2106.03795 has it ---- */

enum { SHUFFLES = 5 };
static const double cap = 2;

/* Fisher and Yates, of the order that the shuffle before has left. */
static void shuffle(live *l, int which)
{
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TAIL, (uint64_t)which);
    for (size_t i = l->count; i > 1; i--) {
        size_t j = ht_rng_u64(&rng) % i, row = l->row[i - 1]; /* the bias is below 2^-32 */
        double length = l->log_length[i - 1];
        l->row[i - 1] = l->row[j];
        l->log_length[i - 1] = l->log_length[j];
        l->row[j] = row;
        l->log_length[j] = length;
    }
}

static void limit(ht_estimate *e)
{
    double deviation = e->std_error / (e->value * e->value);
    if (!(e->value > cap)) return;
    e->value = cap;
    ht_estimate_inverse(e, 1 / cap, deviation);
    ht_estimate_assess_stable(e, e->n_tail);
}

/* The shuffle in the middle; none where one of them has no index. */
static void fit_shuffled(live *rows, const ht_values *x, size_t m, ht_estimate *e)
{
    ht_estimate of[SHUFFLES];
    for (int s = 0; s < SHUFFLES && !ht_cancelled(); s++) {
        int at = s;
        ht_estimate one = *e;
        shuffle(rows, s + 1);
        fit_rows(rows, x, m, &one);
        if (!isfinite(one.value)) {
            *e = one;
            return;
        }
        limit(&one);
        for (; at > 0 && of[at - 1].value > one.value; at--) of[at] = of[at - 1];
        of[at] = one;
    }
    if (!ht_cancelled()) *e = of[SHUFFLES / 2];
}

ht_code ht_blocks_mmo_paper(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    return fit_live_rows(work, fit_shuffled, &estimates[HT_MMO_PAPER], err);
}

/* ---- Paulauskas, Vaičiulis ---- */

typedef struct pair {
    double first, second; /* largest magnitudes */
} pair;

static void see(pair *p, double x)
{
    double magnitude = fabs(x);
    if (magnitude > p->first) {
        p->second = p->first;
        p->first = magnitude;
    } else if (magnitude > p->second) {
        p->second = magnitude;
    }
}

ht_code ht_blocks_paulauskas(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    const ht_tail_sample *s = work->sample;
    ht_estimate *e = &estimates[HT_PAULAUSKAS];
    size_t filled = 0, m = work->options->m;
    (void)err;
    if (m == 0) m = (size_t)sqrt((double)s->count);
    size_t used = m > 1 ? s->count / m * m : 0;
    if (used == 0) return HT_OK;
    moments ratio = {0};
    pair largest = {0};
    double chunk[HT_CHUNK];
    ht_tail_reader reader = {.sample = s};
    for (size_t left = used, n; (n = ht_tail_read(&reader, left, chunk)) > 0; left -= n)
        for (size_t i = 0; i < n; i++) {
            see(&largest, chunk[i]);
            if (++filled < m) continue;
            add(&ratio, largest.second / largest.first);
            largest = (pair){0};
            filled = 0;
        }
    /* z = α/(1 + α), so 1/α = 1/z - 1. */
    double z = mean(&ratio), error = sqrt(variance(&ratio) / (double)ratio.count);
    e->value = z / (1 - z);
    e->m = m;
    e->n_tail = ratio.count;
    ht_estimate_inverse(e, 1 / z - 1, error / (z * z));
    e->quality = ratio.count < FEW ? HT_QUALITY_FEW_POINTS : work->tail;
    if (!isfinite(e->value)) *e = ht_estimate_none(HT_PAULAUSKAS);
    return HT_OK;
}
