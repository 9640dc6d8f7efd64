#include "tail/tail_laws.h"

#include <math.h>
#include <string.h>

/* ---- draws ---- */

static double sign(ht_rng *rng)
{
    return ht_rng_u32(rng) & 1 ? 1 : -1;
}

/* Chambers, Mallows, Stuck, J. Amer. Statist. Assoc. 71, 1976. */
static double stable(ht_rng *rng, double alpha)
{
    double u = M_PI * (ht_rng_uniform(rng) - 0.5), e = -log(ht_rng_uniform(rng));
    if (alpha == 1) return tan(u);
    return sin(alpha * u) / pow(cos(u), 1 / alpha) * pow(cos((1 - alpha) * u) / e, (1 - alpha) / alpha);
}

/* S(a, 1), positive, a < 1: E exp(-sX) = exp(-s^a) (Kanter, Ann. Probab. 3, 1975). */
static double subordinator(ht_rng *rng, double a)
{
    double u = M_PI * ht_rng_uniform(rng), e = -log(ht_rng_uniform(rng));
    return sin(a * u) / pow(sin(u), 1 / a) * pow(sin((1 - a) * u) / e, (1 - a) / a);
}

static double gaussian(ht_rng *rng, double unused)
{
    (void)unused;
    return ht_rng_normal(rng);
}

static double pareto(ht_rng *rng, double alpha)
{
    return pow(ht_rng_uniform(rng), -1 / alpha);
}

static double pareto_both(ht_rng *rng, double alpha)
{
    return sign(rng) * pareto(rng, alpha);
}

/* Bailey, Math. Comp. 62, 1994. */
static double student(ht_rng *rng, double freedom)
{
    double r = pow(ht_rng_uniform(rng), -2 / freedom) - 1;
    return sqrt(freedom * r) * cos(2 * M_PI * ht_rng_uniform(rng));
}

static double logistic(ht_rng *rng, double unused)
{
    double u = ht_rng_uniform(rng);
    (void)unused;
    return log(u / (1 - u));
}

static double exponential(ht_rng *rng, double unused)
{
    (void)unused;
    return -log(ht_rng_uniform(rng));
}

static double laplace(ht_rng *rng, double unused)
{
    return sign(rng) * exponential(rng, unused);
}

static double uniform(ht_rng *rng, double unused)
{
    (void)unused;
    return 2 * ht_rng_uniform(rng) - 1;
}

static double lognormal(ht_rng *rng, double deviation)
{
    return exp(deviation * ht_rng_normal(rng));
}

static double lognormal_both(ht_rng *rng, double deviation)
{
    return sign(rng) * lognormal(rng, deviation);
}

/* From 1 up: a whole number. */
static double geometric(ht_rng *rng, double share)
{
    return ceil(log(ht_rng_uniform(rng)) / log1p(-share));
}

static double scale_mixture(ht_rng *rng, double deviation)
{
    return lognormal(rng, deviation) * ht_rng_normal(rng);
}

/* Normal weights of a model as it is published: rounded to 8 bits of mantissa. */
static double bfloat(ht_rng *rng, double unused)
{
    int exponent;
    (void)unused;
    double m = frexp(0.02 * ht_rng_normal(rng), &exponent);
    return ldexp(rint(ldexp(m, 8)), exponent - 8);
}

/* ---- matrices ---- */

#define EACH(draw)                                                                                           \
    static void each_##draw(double *x, size_t rows, size_t columns, double parameter, ht_rng *rng)           \
    {                                                                                                        \
        for (size_t i = 0; i < rows * columns; i++) x[i] = draw(rng, parameter);                             \
    }

EACH(stable)
EACH(gaussian)
EACH(pareto)
EACH(pareto_both)
EACH(student)
EACH(logistic)
EACH(exponential)
EACH(laplace)
EACH(uniform)
EACH(lognormal)
EACH(lognormal_both)
EACH(scale_mixture)
EACH(geometric)
EACH(bfloat)

/* Rows √A·G: a stable vector in every direction alike. */
static void isotropic(double *x, size_t rows, size_t columns, double alpha, ht_rng *rng)
{
    for (size_t i = 0; i < rows; i++) {
        double scale = sqrt(2 * subordinator(rng, alpha / 2));
        for (size_t j = 0; j < columns; j++) x[i * columns + j] = scale * ht_rng_normal(rng);
    }
}

static void rows_of_scale(double *x, size_t rows, size_t columns, double deviation, ht_rng *rng)
{
    for (size_t i = 0; i < rows; i++) {
        double scale = lognormal(rng, deviation);
        for (size_t j = 0; j < columns; j++) x[i * columns + j] = scale * ht_rng_normal(rng);
    }
}

static void columns_of_scale(double *x, size_t rows, size_t columns, double alpha, ht_rng *rng)
{
    for (size_t j = 0; j < columns; j++) {
        double scale = lognormal(rng, 1);
        for (size_t i = 0; i < rows; i++)
            x[i * columns + j] = scale * (alpha < 2 ? stable(rng, alpha) : ht_rng_normal(rng));
    }
}

static void orthogonal(double *x, size_t rows, size_t columns, double unused, ht_rng *rng)
{
    each_gaussian(x, rows, columns, unused, rng);
    for (size_t i = 0; i < rows; i++) {
        double *a = x + i * columns, norm = 0;
        for (size_t k = 0; k < i; k++) {
            const double *b = x + k * columns;
            double product = 0;
            for (size_t j = 0; j < columns; j++) product += a[j] * b[j];
            for (size_t j = 0; j < columns; j++) a[j] -= product * b[j];
        }
        for (size_t j = 0; j < columns; j++) norm += a[j] * a[j];
        for (size_t j = 0; j < columns; j++) a[j] /= sqrt(norm);
    }
}

/* `rank` strong directions in noise. */
static void low_rank(double *x, size_t rows, size_t columns, double rank, ht_rng *rng)
{
    double left[1024], right[1024];
    each_gaussian(x, rows, columns, 0, rng);
    for (int k = 0; k < (int)rank; k++) {
        for (size_t i = 0; i < rows; i++) left[i] = ht_rng_normal(rng);
        for (size_t j = 0; j < columns; j++) right[j] = ht_rng_normal(rng);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                x[i * columns + j] += left[i] * right[j] * 3 * (k + 1) / rank;
    }
}

/* ---- the table ---- */

#define NONE ((double)NAN)
#define VALUES 1000, 20, false
#define SMALL 200, 100, true, NONE, NONE, NONE

static const ht_tail_law laws[] = {
    {"stable 0.3", VALUES, 0.3, 0.3, 0.3, each_stable, 0.3},
    {"stable 0.5", VALUES, 0.5, 0.5, 0.5, each_stable, 0.5},
    {"stable 0.8", VALUES, 0.8, 0.8, 0.8, each_stable, 0.8},
    {"stable 1", VALUES, 1, 1, 1, each_stable, 1},
    {"stable 1.1", VALUES, 1.1, 1.1, 1.1, each_stable, 1.1},
    {"stable 1.2", VALUES, 1.2, 1.2, 1.2, each_stable, 1.2},
    {"stable 1.5", VALUES, 1.5, 1.5, 1.5, each_stable, 1.5},
    {"stable 1.75", VALUES, 1.75, 1.75, 1.75, each_stable, 1.75},
    {"stable 1.9", VALUES, 1.9, 1.9, 1.9, each_stable, 1.9},
    {"stable vectors 1.5", VALUES, 1.5, 1.5, 1.5, isotropic, 1.5},
    {"Pareto 0.8", VALUES, NONE, NONE, 0.8, each_pareto, 0.8},
    {"Pareto 1.5", VALUES, NONE, NONE, 1.5, each_pareto, 1.5},
    {"Pareto 2.5", VALUES, NONE, NONE, 2.5, each_pareto, 2.5},
    {"Pareto 3.5", VALUES, NONE, NONE, 3.5, each_pareto, 3.5},
    {"± Pareto 0.8", VALUES, NONE, NONE, 0.8, each_pareto_both, 0.8},
    {"± Pareto 1.5", VALUES, NONE, NONE, 1.5, each_pareto_both, 1.5},
    {"± Pareto 2.5", VALUES, NONE, NONE, 2.5, each_pareto_both, 2.5},
    {"± Pareto 3.5", VALUES, NONE, NONE, 3.5, each_pareto_both, 3.5},
    {"Student 0.9", VALUES, 0.9, 0.9, 0.9, each_student, 0.9},
    {"Student 1.2", VALUES, 1.2, 1.2, 1.2, each_student, 1.2},
    {"Student 1.5", VALUES, NONE, NONE, 1.5, each_student, 1.5},
    {"Student 2.5", VALUES, NONE, NONE, 2.5, each_student, 2.5},
    {"Student 3", VALUES, NONE, NONE, 3, each_student, 3},
    {"Student 5", VALUES, NONE, NONE, 5, each_student, 5},
    {"Student 10", VALUES, NONE, NONE, 10, each_student, 10},
    {"normal", VALUES, NONE, NONE, NONE, each_gaussian, 0},
    {"uniform", VALUES, NONE, NONE, NONE, each_uniform, 0},
    {"logistic", VALUES, NONE, NONE, NONE, each_logistic, 0},
    {"exponential", VALUES, NONE, NONE, NONE, each_exponential, 0},
    {"Laplace", VALUES, NONE, NONE, NONE, each_laplace, 0},
    {"lognormal 1", VALUES, NONE, NONE, NONE, each_lognormal, 1},
    {"lognormal 2", VALUES, NONE, NONE, NONE, each_lognormal, 2},
    {"± lognormal 1", VALUES, NONE, NONE, NONE, each_lognormal_both, 1},
    {"± lognormal 2", VALUES, NONE, NONE, NONE, each_lognormal_both, 2},
    {"scales 0.5 by value", VALUES, NONE, NONE, NONE, each_scale_mixture, 0.5},
    {"scales 1 by value", VALUES, NONE, NONE, NONE, each_scale_mixture, 1},
    {"scales 0.5 by row", VALUES, NONE, NONE, NONE, rows_of_scale, 0.5},
    {"scales 1 by row", VALUES, NONE, NONE, NONE, rows_of_scale, 1},
    {"scales 1 by column", VALUES, NONE, NONE, NONE, columns_of_scale, 2},
    {"stable, by column", VALUES, NONE, 1.5, NONE, columns_of_scale, 1.5},
    {"± lognormal 3 200 × 100", SMALL, each_lognormal_both, 3},
    {"± lognormal 2 200 × 100", SMALL, each_lognormal_both, 2},
    {"lognormal 3 200 × 100", SMALL, each_lognormal, 3},
    {"lognormal 1 200 × 100", SMALL, each_lognormal, 1},
    {"exponential 200 × 100", SMALL, each_exponential, 0},
    {"geometric 200 × 100", SMALL, each_geometric, 0.3},
    {"scales by row 200 × 100", SMALL, rows_of_scale, 1},
    {"scales by col 200 × 100", SMALL, columns_of_scale, 2},
    {"rank 10 and noise", SMALL, low_rank, 10},
    {"Student 10 100 × 50", 100, 50, true, NONE, NONE, NONE, each_student, 10},
    {"± lognormal 3 64 × 576", 64, 576, true, NONE, NONE, NONE, each_lognormal_both, 3},
    {"± lognormal 3 300²", 300, 300, true, NONE, NONE, NONE, each_lognormal_both, 3},
    {"normal 768²", 768, 768, true, NONE, NONE, NONE, each_gaussian, 0},
    {"normal 300 × 1000", 300, 1000, true, NONE, NONE, NONE, each_gaussian, 0},
    {"uniform 400²", 400, 400, true, NONE, NONE, NONE, each_uniform, 0},
    {"orthogonal 300²", 300, 300, true, NONE, NONE, NONE, orthogonal, 0},
    {"rank 30 and noise 400²", 400, 400, true, NONE, NONE, NONE, low_rank, 30},
    {"BF16 512 × 1536", 512, 1536, true, NONE, NONE, NONE, each_bfloat, 0},
    {"stable 1 500²", 500, 500, true, NONE, NONE, 1.5, each_stable, 1},
    {"stable 1.5 500²", 500, 500, true, NONE, NONE, 1.75, each_stable, 1.5},
    {"± Pareto 0.8 500²", 500, 500, true, NONE, NONE, 1.4, each_pareto_both, 0.8},
    {"± Pareto 1.5 500²", 500, 500, true, NONE, NONE, 1.75, each_pareto_both, 1.5},
};

const ht_tail_law *ht_tail_laws(int *count)
{
    *count = sizeof laws / sizeof laws[0];
    return laws;
}

ht_code ht_tail_law_try(const ht_tail_law *law, uint64_t which, double *x, ht_estimate *estimates,
                        ht_error *err)
{
    ht_rng rng;
    ht_values v = {.f64 = x, .rows = law->rows, .columns = law->columns};
    ht_rng_init(&rng, 20000, HT_STREAM_TEST, which);
    law->fill(x, law->rows, law->columns, law->parameter, &rng);
    if (ht_tail_fit(&v, &(ht_tail_options){.spectrum = law->spectrum}, estimates, err) != HT_OK)
        return err->code;
    ht_estimate rows[HT_ROW_ESTIMATORS];
    if (ht_tail_fit_all_rows(&v, &(ht_tail_options){0}, rows, err) != HT_OK) return err->code;
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++) estimates[rows[r].estimator] = rows[r];
    return HT_OK;
}

static double truth(const ht_tail_law *law, ht_estimator estimator)
{
    const ht_estimator_info *info = ht_estimator_at(estimator);
    return info->input == HT_INPUT_ROWS ? law->vectors : info->stable ? law->stability : law->tail;
}

bool ht_tail_law_asks(const ht_tail_law *law, ht_estimator estimator)
{
    bool spectrum = ht_estimator_at(estimator)->input == HT_INPUT_EIGENVALUES;
    return law->spectrum ? spectrum || isnan(law->tail) : !spectrum;
}

bool ht_tail_law_wronged(const ht_tail_law *law, const ht_estimate *e)
{
    double wanted = truth(law, e->estimator), deviation = e->std_error * wanted / e->value;
    if (e->quality != HT_QUALITY_GOOD) return false;
    return isnan(wanted) || !(fabs(e->value - wanted) <= 3.3 * fmax(e->std_error, deviation));
}

bool ht_tail_law_suits(const ht_tail_law *law, ht_estimator estimator)
{
    const ht_estimator_info *info = ht_estimator_at(estimator);
    if (law->spectrum != (info->input == HT_INPUT_EIGENVALUES) || isnan(truth(law, estimator))) return false;
    bool power = law->fill == each_pareto || law->fill == each_pareto_both;
    if (law->fill == isotropic && estimator == HT_MMO) return false;
    if (law->fill == each_student) return false;     /* right where an interval holds it, no more */
    if (law->fill == columns_of_scale) return false; /* one number a row is left to test: few */
    return info->stable || law->spectrum || power;
}
