#include "tail/layer/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "num/values.h"
#include "tail/tail_estimate.h"

typedef struct place {
    const ht_layer_tail *l;
    ht_spectrum_unit unit;
} place;

typedef ht_cell column_function(const place *p);

static ht_cell number(double value)
{
    return (ht_cell){.number = value};
}

static ht_cell count(size_t value)
{
    return number((double)value);
}

static ht_cell text(const char *value)
{
    return (ht_cell){.number = NAN, .text = value};
}

/* What log10 of an eigenvalue has less in this unit. */
static double less(const place *p)
{
    return p->unit == HT_SPECTRUM_WTW_N ? log10((double)p->l->longer) : 0;
}

static ht_estimate power(const place *p)
{
    return ht_estimate_told(&p->l->all[HT_POWERLAW]);
}

/* ---- of the matrix ---- */

static ht_cell column_LAYER(const place *p)
{
    return text(p->l->name);
}

static ht_cell column_AS(const place *p)
{
    return text(p->l->as);
}

static ht_cell column_TYPE(const place *p)
{
    return text(p->l->type);
}

static ht_cell column_ROWS(const place *p)
{
    return count(p->l->rows);
}

static ht_cell column_COLUMNS(const place *p)
{
    return count(p->l->columns);
}

static ht_cell column_Q(const place *p)
{
    return number((double)p->l->longer / (double)p->l->side);
}

static ht_cell column_ZEROS(const place *p)
{
    return count(p->l->zeros);
}

static ht_cell column_TRUSTED(const place *p)
{
    return text(p->l->trusted);
}

/* ---- the power law of the spectrum ---- */

static ht_cell column_ALPHA(const place *p)
{
    return number(power(p).value);
}

static ht_cell column_D(const place *p)
{
    return number(power(p).distance);
}

static ht_cell column_SIGMA(const place *p)
{
    return number((power(p).value - 1) / sqrt((double)power(p).n_tail));
}

static ht_cell column_XMIN(const place *p)
{
    return number(power(p).xmin * ht_spectrum_unit_factor(p->unit, p->l));
}

static ht_cell column_TAIL(const place *p)
{
    return number(isfinite(power(p).value) ? (double)power(p).n_tail : (double)NAN);
}

static ht_cell column_QUALITY(const place *p)
{
    return text(ht_quality_word(power(p).quality));
}

static ht_cell column_ALPHA_WEIGHTED(const place *p)
{
    return number(power(p).value * (p->l->log_largest - less(p)));
}

static ht_cell column_LOG_ALPHA_NORM(const place *p)
{
    return number(power(p).value * (p->l->log_largest - less(p)) + p->l->log_relative);
}

/* ---- norms and ranks ---- */

static ht_cell column_LOG_NORM(const place *p)
{
    return number(p->l->log_sum - less(p));
}

static ht_cell column_NORM(const place *p)
{
    return number(pow(10, p->l->log_sum - less(p)));
}

static ht_cell column_LOG_SPECTRAL_NORM(const place *p)
{
    return number(p->l->log_largest - less(p));
}

static ht_cell column_SPECTRAL_NORM(const place *p)
{
    return number(pow(10, p->l->log_largest - less(p)));
}

static ht_cell column_STABLE_RANK(const place *p)
{
    return number(pow(10, p->l->log_sum - p->l->log_largest));
}

static ht_cell column_RANK(const place *p)
{
    return number(p->l->spectrum ? (double)p->l->rank : (double)NAN);
}

static ht_cell column_RANK_LOSS(const place *p)
{
    return number(p->l->spectrum ? (double)(p->l->side - p->l->rank) : (double)NAN);
}

static ht_cell column_ENTROPY(const place *p)
{
    return number(p->l->entropy);
}

static ht_cell column_SV_MAX(const place *p)
{
    return number(pow(10, (p->l->log_largest - less(p)) / 2));
}

static ht_cell column_SV_MIN(const place *p)
{
    return number(pow(10, (p->l->log_least - less(p)) / 2));
}

/* ---- noise ---- */

/* An eigenvalue of `noise` in the unit asked for. */
static double eigenvalue(const place *p, double value)
{
    return ldexp(value, 2 * p->l->exponent) / pow(10, less(p));
}

static ht_cell column_MP_SIGMA(const place *p)
{
    return number(ldexp(p->l->noise.sigma, p->l->exponent));
}

static ht_cell column_MP_LOW(const place *p)
{
    return number(eigenvalue(p, p->l->noise.low));
}

static ht_cell column_MP_HIGH(const place *p)
{
    return number(eigenvalue(p, p->l->noise.high));
}

static ht_cell column_MP_SPIKES(const place *p)
{
    return number(isfinite(p->l->noise.sigma) ? (double)p->l->noise.spikes : (double)NAN);
}

static ht_cell column_MP_SOFT_RANK(const place *p)
{
    double high = log10(p->l->noise.high) + 2 * p->l->exponent * log10(2);
    return number(pow(10, high - p->l->log_largest));
}

/* ---- the same entries in another order ---- */

static ht_cell column_RANDOM_MAX(const place *p)
{
    return number(pow(10, p->l->log_random - less(p)));
}

static ht_cell column_RANDOM_SOFT_RANK(const place *p)
{
    return number(pow(10, p->l->log_random - p->l->log_largest));
}

static ht_cell column_RANDOM_APART(const place *p)
{
    double most = pow(10, p->l->log_largest - less(p)), other = pow(10, p->l->log_random - less(p));
    return number(fabs(most - other) / sqrt(most));
}

static ht_cell column_TRAPS(const place *p)
{
    return number(isfinite(p->l->log_random) ? (double)p->l->traps : (double)NAN);
}

static ht_cell column_RANDOM_DISTANCE(const place *p)
{
    return number(p->l->distance);
}

static ht_cell column_WARNING(const place *p)
{
    return text(p->l->warning);
}

/* ---- the table ---- */

enum {
    HT_COST_QUALITY =
        HT_COST_SPECTRUM | HT_COST_VALUES, /* entries decide on spectra that are near two laws */
    HT_COST_TRUST = HT_COST_QUALITY | HT_COST_ROWS
};
/* What the second spectrum is held against is the first. */
#define COST_OF_NOTHING HT_COST_NOTHING
#define COST_OF_SPECTRUM HT_COST_SPECTRUM
#define COST_OF_QUALITY HT_COST_QUALITY
#define COST_OF_TRUST HT_COST_TRUST
#define COST_OF_RANDOM (HT_COST_SPECTRUM | HT_COST_RANDOM)

static const struct {
    ht_column_info info;
    column_function *function;
} table[] = {
#define HT_TAIL_COLUMN(id, name, kind, shown, cost, decimals, formula)                                       \
    {{name, HT_COLUMN_##kind, shown, COST_OF_##cost, decimals, formula}, column_##id},
#include "tail/layer/columns.def"
};

static int cost_of_estimator(const ht_estimator_info *info, ht_estimator e)
{
    if (info->input == HT_INPUT_ROWS) return e == HT_MMO_PAPER ? HT_COST_PAPER : HT_COST_ROWS;
    if (info->input == HT_INPUT_VALUES) return HT_COST_VALUES;
    return e == HT_POWERLAW_TWO_SIDED ? HT_COST_QUALITY | HT_COST_TWO_SIDED : HT_COST_QUALITY;
}

ht_column_info ht_column_at(int column)
{
    static const char *const ends[] = {"", "_error", "_quality"};
    static const char *const formulas[] = {NULL, "its standard error", "how far to believe it"};
    if (column < HT_COLUMNS_OF_LAYERS) return table[column].info;
    int part = (column - HT_COLUMNS_OF_LAYERS) % 3;
    ht_estimator e = (ht_estimator)((column - HT_COLUMNS_OF_LAYERS) / 3);
    const ht_estimator_info *info = ht_estimator_at(e);
    ht_column_info c = {.kind = part == 2 ? HT_COLUMN_TEXT : HT_COLUMN_NUMBER,
                        .cost = cost_of_estimator(info, e),
                        .decimals = 3,
                        .formula = part ? formulas[part] : info->formula};
    snprintf(c.name, sizeof c.name, "%s%s", info->name, ends[part]);
    return c;
}

int ht_column_find(const char *name)
{
    for (int c = 0; c < HT_TAIL_COLUMNS; c++)
        if (strcmp(ht_column_at(c).name, name) == 0) return c;
    return -1;
}

static ht_cell estimate_cell(int column, const ht_layer_tail *l)
{
    int part = (column - HT_COLUMNS_OF_LAYERS) % 3;
    ht_estimator which = (ht_estimator)((column - HT_COLUMNS_OF_LAYERS) / 3);
    ht_estimate e = ht_estimate_told(&l->all[which]);
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
        if (l->by_rows[r].estimator == which) e = ht_estimate_told(&l->by_rows[r]);
    return part == 0 ? number(e.value) : part == 1 ? number(e.std_error) : text(ht_quality_word(e.quality));
}

ht_cell ht_column_cell(int column, const ht_layer_tail *l, ht_spectrum_unit unit)
{
    place p = {l, unit};
    ht_column_info info = ht_column_at(column);
    if ((info.cost & l->cost) != info.cost) return text(NULL); /* was not computed */
    return column < HT_COLUMNS_OF_LAYERS ? table[column].function(&p) : estimate_cell(column, l);
}

static const char *const units[] = {"wtw", "wtw/n"};

bool ht_spectrum_unit_find(const char *word, ht_spectrum_unit *unit)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(word, units[i]) != 0) continue;
        *unit = (ht_spectrum_unit)i;
        return true;
    }
    return false;
}

const char *ht_spectrum_unit_word(ht_spectrum_unit unit)
{
    return units[unit];
}

const char *ht_spectrum_unit_formula(ht_spectrum_unit unit)
{
    return unit == HT_SPECTRUM_WTW ? "W\u1d40W" : "W\u1d40W/N";
}

double ht_spectrum_unit_factor(ht_spectrum_unit unit, const ht_layer_tail *layer)
{
    return unit == HT_SPECTRUM_WTW ? (double)layer->longer : 1;
}
