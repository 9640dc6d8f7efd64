#include "cli/tail/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "num/select.h"
#include "session/json.h"
#include "tail/layer/layer_tail.h"

enum { MEANS = 7 };

/* Those that WeightWatcher's summary has. */
static const ht_tail_column meant[MEANS] = {
    HT_COLUMN_ALPHA,       HT_COLUMN_ALPHA_WEIGHTED,    HT_COLUMN_LOG_ALPHA_NORM,
    HT_COLUMN_LOG_NORM,    HT_COLUMN_LOG_SPECTRAL_NORM, HT_COLUMN_STABLE_RANK,
    HT_COLUMN_MP_SOFT_RANK};

typedef struct numbers {
    size_t layers, weights, good, over, under, rank_loss;
    bool spectra, qualities;
    double least, median, most; /* alpha */
    double mean[MEANS];         /* of the layers that have one; NaN: none */
} numbers;

static bool counts(const ht_layer_tail *l)
{
    return strcmp(l->as, "kernels") != 0;
}

static void take_means(numbers *n, const ht_model_tails *s, ht_spectrum_unit unit)
{
    for (int m = 0; m < MEANS; m++) {
        double sum = 0, known = 0;
        for (size_t i = 0; i < s->count; i++) {
            double value = ht_column_cell((int)meant[m], &s->layer[i], unit).number;
            if (!counts(&s->layer[i]) || !isfinite(value)) continue;
            sum += value;
            known++;
        }
        n->mean[m] = known > 0 ? sum / known : (double)NAN;
    }
}

/* As its cell in the table: NaN where that is empty. Its unit does not matter. */
static double alpha_of(const ht_layer_tail *l)
{
    return ht_column_cell(HT_COLUMN_ALPHA, l, HT_SPECTRUM_WTW).number;
}

static void take_alphas(numbers *n, const ht_model_tails *s)
{
    ht_error ignored; /* without memory there is no median */
    double *alpha = ht_alloc(s->count + 1, sizeof *alpha, "the summary", &ignored);
    size_t known = 0;
    n->least = n->median = n->most = NAN;
    for (size_t i = 0; alpha && i < s->count; i++)
        if (counts(&s->layer[i]) && isfinite(alpha_of(&s->layer[i]))) alpha[known++] = alpha_of(&s->layer[i]);
    if (known > 0) {
        qsort(alpha, known, sizeof *alpha, ht_by_double);
        n->least = alpha[0];
        n->most = alpha[known - 1];
        n->median = (alpha[(known - 1) / 2] + alpha[known / 2]) / 2;
    }
    ht_free(alpha);
}

static numbers numbers_of(const ht_model_tails *s, ht_spectrum_unit unit)
{
    numbers n = {0};
    for (size_t i = 0; i < s->count; i++) {
        const ht_layer_tail *l = &s->layer[i];
        const ht_estimate *e = &l->all[HT_POWERLAW];
        if (!counts(l)) continue;
        n.layers++;
        n.weights += l->rows * l->columns;
        n.spectra = n.spectra || l->cost & HT_COST_SPECTRUM;
        n.qualities = n.qualities || l->cost & HT_COST_VALUES;
        n.over += ht_layer_tail_training(l) > 0;
        n.under += ht_layer_tail_training(l) < 0;
        n.rank_loss += ht_layer_tail_lost_rank(l);
        n.good += isfinite(e->value) && e->quality == HT_QUALITY_GOOD;
    }
    take_alphas(&n, s);
    take_means(&n, s, unit);
    return n;
}

void ht_summary_text(const ht_model_tails *s, ht_spectrum_unit unit, ht_text *to)
{
    char weights[32];
    numbers n = numbers_of(s, unit);
    ht_format_grouped(weights, sizeof weights, (long long)n.weights);
    ht_text_add(to, "%zu layer%s, %s weights", n.layers, n.layers == 1 ? "" : "s", weights);
    if (n.spectra && isfinite(n.median))
        ht_text_add(to, "; alpha %.2f to %.2f, median %.2f: %zu over-trained (< 2), %zu under-trained (> 6)",
                    n.least, n.most, n.median, n.over, n.under);
    if (n.spectra && n.qualities) ht_text_add(to, ", %zu spectra good", n.good);
    if (n.spectra) ht_text_add(to, "; %zu with rank-loss", n.rank_loss);
    ht_text_add(to, "\n");
    if (!n.spectra) return;
    const char *before = "means: ";
    for (int m = 0; m < MEANS; m++) {
        if (!isfinite(n.mean[m])) continue;
        ht_text_add(to, "%s%s %.3f", before, ht_column_at((int)meant[m]).name, n.mean[m]);
        before = ", ";
    }
    ht_text_add(to, "%seigenvalues are those of %s (--spectrum); ", before[0] == ',' ? "\n" : "",
                ht_spectrum_unit_formula(unit));
    ht_text_add(to, "columns: `heavytail help columns`; every estimator: --details\n");
}

json_t *ht_summary_json(const ht_model_tails *s, ht_spectrum_unit unit)
{
    numbers n = numbers_of(s, unit);
    json_t *root = json_pack("{s:I, s:I}", "layers", (json_int_t)n.layers, "weights", (json_int_t)n.weights);
    if (!n.spectra) return root;
    json_object_set_new(root, "over_trained", json_integer((json_int_t)n.over));
    json_object_set_new(root, "under_trained", json_integer((json_int_t)n.under));
    json_object_set_new(root, "rank_loss", json_integer((json_int_t)n.rank_loss));
    if (n.qualities) json_object_set_new(root, "good", json_integer((json_int_t)n.good));
    json_object_set_new(root, "alpha_median", ht_json_number(n.median));
    json_t *means = json_object();
    for (int m = 0; m < MEANS; m++)
        json_object_set_new(means, ht_column_at((int)meant[m]).name, ht_json_number(n.mean[m]));
    json_object_set_new(root, "means", means);
    return root;
}
