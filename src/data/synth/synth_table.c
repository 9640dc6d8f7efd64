/* `table-synth`: loans, paid back or not, as a table of mixed columns: words, numbers with heavy tails, cells
 * that are missing because of what they would say, and two columns that tell nothing. Its law is known, so
 * the best accuracy that any classifier can have is known, too.
 *
 * Given the class y and the region r, the other columns are independent:
 *   trade    P(k | y, r) ∝ exp(1.4 cos 2π(k/8 − y/3 − r/5)): tells of y only together with the region
 *   age      N(42 ± 5 (y − 1), 8²), + in even regions, − in odd ones
 *   income   exp N(7.6 − 0.35 y, 0.5²); missing with 0.65 where it is above 2600, else with 0.05
 *   debt     exp N(8, (0.5 + 0.35 y)²)
 *   member   yes with 0.7, 0.5, 0.3; missing with 0.3 where it would be no, else with 0.02
 *   visits   Poisson(2 + y + y²/2); missing with 0.1, whatever it is
 *   score, branch   uniform, of no use
 * The rule of Bayes takes the class of the largest P(y) Π P(column | y, r), a missing cell by the probability
 * that it is missing. */
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "data/table/inputs.h"
#include "data/table/rows.h"
#include "num/rng.h"

enum { TRAIN_COUNT = 5000, TEST_COUNT = 2000, CLASSES = 3, REGIONS = 5, TRADES = 8, BRANCHES = 12 };

enum { REGION, TRADE, AGE, INCOME, DEBT, MEMBER, VISITS, SCORE, BRANCH, COLUMNS };

/* Of 6 000 000 samples; the standard error is 0.00015. test_synth draws others and compares. */
#define BEST_ACCURACY 0.8350

static const char *const names[COLUMNS + 1] = {"region", "trade",  "age",   "income", "debt",
                                               "member", "visits", "score", "branch", "class"};
static const char *const classes[CLASSES] = {"paid", "late", "lost"};
static const double priors[CLASSES] = {0.5, 0.3, 0.2};
static const char *const regions[REGIONS] = {"north", "east", "south", "west", "islands"};
static const double region_shares[REGIONS] = {0.3, 0.25, 0.2, 0.2, 0.05};
static const char *const trades[TRADES] = {"baker",  "smith",  "tailor", "mason",
                                           "miller", "weaver", "cooper", "tanner"};
static const double members[CLASSES] = {0.7, 0.5, 0.3};
static const char *const answers[2] = {"no", "yes"};

/* ---- the law ----------------------------------------------------------------------------------- */

static const double dear = 2600, dear_missing = 0.65, cheap_missing = 0.05, no_missing = 0.3,
                    yes_missing = 0.02, visit_missing = 0.1;

static double trade_weight(int trade, int class, int region)
{
    return exp(1.4 * cos(2 * M_PI * (trade / 8.0 - class / 3.0 - region / 5.0)));
}

static double trade_share(int trade, int class, int region)
{
    double sum = 0;
    for (int k = 0; k < TRADES; k++) sum += trade_weight(k, class, region);
    return trade_weight(trade, class, region) / sum;
}

static double age_mean(int class, int region)
{
    return 42 + (region % 2 ? -5.0 : 5.0) * (class - 1);
}

static double income_mean(int class) /* of its logarithm */
{
    return 7.6 - 0.35 * class;
}

static double debt_deviation(int class) /* of its logarithm */
{
    return 0.5 + 0.35 * class;
}

static double visit_mean(int class)
{
    return 2 + class + class * class / 2.0;
}

/* The density of N(mean, deviation²), without 1/√2π. */
static double density(double x, double mean, double deviation)
{
    double z = (x - mean) / deviation;
    return exp(-z * z / 2) / deviation;
}

static double income_missing(int class)
{
    double above = erfc((log(dear) - income_mean(class)) / 0.5 / M_SQRT2) / 2;
    return dear_missing * above + cheap_missing * (1 - above);
}

/* P(y) P(row | y), up to what is the same for all classes: where a cell is there, so is the probability that
 * it is not missing. */
static double likelihood(const double *row, int class)
{
    int region = (int)row[REGION];
    double p = priors[class] * trade_share((int)row[TRADE], class, region) *
               density(row[AGE], age_mean(class, region), 8) *
               density(log(row[DEBT]), 8, debt_deviation(class)),
           yes = members[class], mean = visit_mean(class);
    p *= isnan(row[INCOME]) ? income_missing(class) : density(log(row[INCOME]), income_mean(class), 0.5);
    p *= isnan(row[MEMBER]) ? yes * yes_missing + (1 - yes) * no_missing : row[MEMBER] > 0 ? yes : 1 - yes;
    if (!isnan(row[VISITS])) p *= exp(-mean + row[VISITS] * log(mean));
    return p;
}

static int best_class(const double *row)
{
    int best = 0;
    for (int y = 1; y < CLASSES; y++)
        if (likelihood(row, y) > likelihood(row, best)) best = y;
    return best;
}

/* ---- drawing ----------------------------------------------------------------------------------- */

static int draw_of(ht_rng *rng, const double *shares, int count)
{
    double u = ht_rng_uniform(rng);
    int k = 0;
    while (k + 1 < count && u >= shares[k]) u -= shares[k++];
    return k;
}

/* Uniform numbers are multiplied until they are below exp(-mean). */
static double draw_poisson(ht_rng *rng, double mean)
{
    double product = ht_rng_uniform(rng), limit = exp(-mean);
    int count = 0;
    while (product > limit) {
        product *= ht_rng_uniform(rng);
        count++;
    }
    return count;
}

static bool chance(ht_rng *rng, double p)
{
    return ht_rng_uniform(rng) < p;
}

/* Fills row (COLUMNS); words by their place in the lists. Returns the class. */
static int draw_row(ht_rng *rng, double *row)
{
    double shares[TRADES];
    int class = draw_of(rng, priors, CLASSES), region = draw_of(rng, region_shares, REGIONS);
    for (int k = 0; k < TRADES; k++) shares[k] = trade_share(k, class, region);
    row[REGION] = region;
    row[TRADE] = draw_of(rng, shares, TRADES);
    row[AGE] = age_mean(class, region) + 8 * ht_rng_normal(rng);
    row[INCOME] = exp(income_mean(class) + 0.5 * ht_rng_normal(rng));
    if (chance(rng, row[INCOME] > dear ? dear_missing : cheap_missing)) row[INCOME] = HT_ROWS_MISSING;
    row[DEBT] = exp(8 + debt_deviation(class) * ht_rng_normal(rng));
    row[MEMBER] = chance(rng, members[class]);
    if (chance(rng, row[MEMBER] > 0 ? yes_missing : no_missing)) row[MEMBER] = HT_ROWS_MISSING;
    row[VISITS] = draw_poisson(rng, visit_mean(class));
    if (chance(rng, visit_missing)) row[VISITS] = HT_ROWS_MISSING;
    row[SCORE] = ht_rng_uniform(rng);
    row[BRANCH] = ht_rng_below(rng, BRANCHES);
    return class;
}

static ht_code make_part(uint64_t seed, ht_synth_part which, size_t count, ht_raw_part *part, size_t *right,
                         ht_error *err)
{
    part->wide = ht_alloc(count * COLUMNS, sizeof *part->wide, "the samples", err);
    if (!part->wide) return err->code;
    part->inputs = COLUMNS;
    part->count = count;
    *right = 0;
    for (size_t i = 0; i < count; i++) {
        ht_rng rng;
        double *row = part->wide + i * COLUMNS;
        ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(which, i));
        int class = draw_row(&rng, row);
        *right += best_class(row) == class;
        if (ht_labels_add_text(&part->labels, classes[class], err) != HT_OK) return err->code;
    }
    return HT_OK;
}

/* ---- as a table -------------------------------------------------------------------------------- */

static ht_code add_words(ht_field_column *column, const char *const *words, size_t count, ht_error *err)
{
    char branch[8];
    size_t number;
    column->words = true;
    for (size_t k = 0; k < count; k++) {
        snprintf(branch, sizeof branch, "b%02zu", k + 1);
        if (ht_words_add(&column->list, words ? words[k] : branch, &number, err) != HT_OK) return err->code;
    }
    return HT_OK;
}

static ht_code make_columns(ht_raw *raw, ht_fields *fields, ht_error *err)
{
    raw->columns = ht_alloc(COLUMNS + 1, sizeof *raw->columns, "the columns", err);
    fields->of = raw->columns ? ht_alloc(COLUMNS, sizeof *fields->of, "the columns", err) : NULL;
    if (!fields->of) return err->code;
    raw->column_count = COLUMNS + 1;
    fields->count = COLUMNS;
    for (size_t j = 0; j <= COLUMNS; j++)
        ht_text_copy(raw->columns[j].name, sizeof raw->columns[j].name, names[j]);
    raw->columns[COLUMNS].role = HT_COLUMN_LABEL;
    for (size_t j = 0; j < COLUMNS; j++) {
        fields->of[j].column = j;
        snprintf(fields->of[j].what, sizeof fields->of[j].what, "column %zu '%s'", j + 1, names[j]);
    }
    if (add_words(&fields->of[REGION], regions, REGIONS, err) != HT_OK) return err->code;
    if (add_words(&fields->of[TRADE], trades, TRADES, err) != HT_OK) return err->code;
    if (add_words(&fields->of[MEMBER], answers, 2, err) != HT_OK) return err->code;
    return add_words(&fields->of[BRANCH], NULL, BRANCHES, err);
}

ht_code ht_synth_table(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    ht_fields fields = {0};
    size_t right = 0;
    ht_code code = make_columns(raw, &fields, err);
    if (code == HT_OK) code = make_part(request->seed, HT_SYNTH_TRAIN, TRAIN_COUNT, &raw->train, &right, err);
    if (code == HT_OK) code = make_part(request->seed, HT_SYNTH_TEST, TEST_COUNT, &raw->test, &right, err);
    if (code == HT_OK)
        ht_notes_add(
            &raw->facts,
            "best: the rule of Bayes, which knows the law, is right in %.4f of the test part, in %.4f of "
            "all such samples",
            (double)right / TEST_COUNT, BEST_ACCURACY);
    if (code == HT_OK && request->refuse_missing)
        code =
            ht_error_set(err, HT_FAIL, "table-synth: cells are missing by its making (data.missing=refuse)");
    if (code == HT_OK) code = ht_inputs_settle(raw, &fields, request->missing, err);
    ht_fields_free(&fields);
    return code;
}
