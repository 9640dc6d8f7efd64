/* The embedded generators: deterministic, of the promised shape, and learnable. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/synth/strokes.h"
#include "heavytail/dataset.h"

static ht_dataset *load_some(const char *name, uint64_t seed, size_t train, size_t test)
{
    ht_error err = {0};
    ht_data_options options = {.seed = seed, .train_limit = train, .test_limit = test};
    ht_dataset *data = ht_dataset_load(name, &options, &err);
    if (!data) fail_msg("%s: %s", name, err.text);
    return data;
}

static ht_dataset *load(const char *name, uint64_t seed)
{
    return load_some(name, seed, 0, 0);
}

static size_t values(const ht_dataset *data, const ht_samples *part)
{
    return part->count * (size_t)data->inputs;
}

static const char *const names[] = {"ecg-synth", "digits-synth", "pictures-synth",
                                    "teacher",   "teacher:10x3", "table-synth"};
enum { SETS = sizeof names / sizeof names[0] };

static void one_seed_gives_one_set(void **state)
{
    (void)state;
    for (int i = 0; i < SETS; i++) {
        ht_dataset *a = load_some(names[i], 5, 500, 500), *b = load_some(names[i], 5, 500, 500),
                   *c = load_some(names[i], 6, 500, 500);
        assert_string_equal(a->name, names[i]);
        assert_memory_equal(a->train.x, b->train.x, values(a, &a->train) * sizeof(float));
        assert_memory_equal(a->test.x, b->test.x, values(a, &a->test) * sizeof(float));
        assert_memory_equal(a->train.labels, b->train.labels, a->train.count * sizeof(int32_t));
        assert_memory_equal(a->test.labels, b->test.labels, a->test.count * sizeof(int32_t));
        assert_memory_not_equal(a->train.x, c->train.x, values(a, &a->train) * sizeof(float));
        assert_memory_not_equal(a->train.labels, c->train.labels, a->train.count * sizeof(int32_t));
        /* The test part is not a copy of the training part. */
        assert_memory_not_equal(a->train.x, a->test.x, (size_t)a->inputs * sizeof(float));
        ht_dataset_free(a), ht_dataset_free(b), ht_dataset_free(c);
    }
}

static void limits_keep_the_first_samples(void **state)
{
    (void)state;
    for (int i = 0; i < SETS; i++) {
        ht_dataset *all = load(names[i], 5), *some = load_some(names[i], 5, 3, 2);
        assert_int_equal(some->train.count, 3);
        assert_int_equal(some->test.count, 2);
        assert_int_equal(some->classes, all->classes);
        assert_memory_equal(some->train.x, all->train.x, values(some, &some->train) * sizeof(float));
        assert_memory_equal(some->test.labels, all->test.labels, 2 * sizeof(int32_t));
        ht_dataset_free(all), ht_dataset_free(some);
    }
}

/* Smallest and largest share of a class. */
static void class_shares(const ht_dataset *data, const ht_samples *part, double *least, double *most)
{
    size_t counts[256] = {0};
    for (size_t i = 0; i < part->count; i++) counts[part->labels[i]]++;
    *least = 1, *most = 0;
    for (int c = 0; c < data->classes; c++) {
        double share = (double)counts[c] / (double)part->count;
        *least = fmin(*least, share), *most = fmax(*most, share);
    }
}

/* Share of test samples that are nearest to the mean of their own class. */
static double centroid_accuracy(const ht_dataset *data)
{
    size_t d = (size_t)data->inputs, right = 0;
    double *means = calloc((size_t)data->classes * d, sizeof *means), counts[256] = {0};
    for (size_t i = 0; i < data->train.count; i++) {
        counts[data->train.labels[i]]++;
        for (size_t j = 0; j < d; j++)
            means[(size_t)data->train.labels[i] * d + j] += (double)data->train.x[i * d + j];
    }
    for (size_t i = 0; i < data->test.count; i++) {
        double best = HUGE_VAL;
        int nearest = -1;
        for (int c = 0; c < data->classes; c++) {
            double distance = 0;
            for (size_t j = 0; j < d; j++) {
                double step = (double)data->test.x[i * d + j] - means[(size_t)c * d + j] / counts[c];
                distance += step * step;
            }
            if (distance < best) best = distance, nearest = c;
        }
        right += nearest == data->test.labels[i];
    }
    free(means);
    return (double)right / (double)data->test.count;
}

static void ecg_rows_are_like_ecg5000(void **state)
{
    (void)state;
    double least, most;
    ht_dataset *data = load("ecg-synth", 1);
    assert_int_equal(data->train.count, 500);
    assert_int_equal(data->test.count, 4500);
    assert_int_equal(data->inputs, 140);
    assert_int_equal(data->classes, 2);
    assert_string_equal(data->class_names[0], "normal");
    assert_string_equal(data->class_names[1], "abnormal");
    assert_true(data->mean[0] == 0 && data->std[0] == 1);
    assert_true(data->channels == 1 && data->height == 1 && data->width == 140);
    class_shares(data, &data->train, &least, &most);
    assert_true(most == 292.0 / 500);
    class_shares(data, &data->test, &least, &most);
    assert_true(most == 2627.0 / 4500);
    for (size_t i = 0; i < data->test.count; i++) {
        double sum = 0, square = 0;
        for (size_t j = 0; j < 140; j++) sum += (double)data->test.x[i * 140 + j];
        for (size_t j = 0; j < 140; j++)
            square += (double)data->test.x[i * 140 + j] * (double)data->test.x[i * 140 + j];
        assert_true(fabs(sum) < 1e-3 && fabs(square / 139 - 1) < 1e-5);
    }
    /* Learnable, not trivial. A network with one hidden layer reaches 0.98. */
    double accuracy = centroid_accuracy(data);
    assert_true(accuracy > 0.9 && accuracy < 0.99);
    ht_dataset_free(data);
}

static void digits_are_balanced_standardized_and_learnable(void **state)
{
    (void)state;
    double least, most, sum = 0, square = 0;
    clock_t start = clock();
    ht_dataset *data = load("digits-synth", 1);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    /* 0.3 s at -O2; room for sanitizers and slow machines. */
    assert_true(seconds < 10);
    assert_int_equal(data->train.count, 10000);
    assert_int_equal(data->test.count, 2000);
    assert_true(data->channels == 1 && data->width == 28 && data->height == 28 && data->inputs == 784 &&
                data->classes == 10);
    class_shares(data, &data->train, &least, &most);
    assert_true(least == 0.1 && most == 0.1);
    double n = (double)values(data, &data->train);
    float low = (0 - data->mean[0]) / data->std[0], high = (1 - data->mean[0]) / data->std[0];
    for (size_t i = 0; i < values(data, &data->train); i++) {
        double x = (double)data->train.x[i];
        sum += x, square += x * x;
        assert_true(data->train.x[i] >= low && data->train.x[i] <= high);
    }
    assert_true(fabs(sum / n) < 0.002 && fabs(square / n - 1) < 0.005);
    double accuracy = centroid_accuracy(data);
    assert_true(accuracy > 0.7 && accuracy < 0.97);
    ht_dataset_free(data);
}

/* Every picture is whole: its ink stays off the outermost pixels, and there is some. */
static void digits_stay_inside_the_picture(void **state)
{
    (void)state;
    ht_dataset *data = load("digits-synth", 2);
    size_t touching = 0;
    for (size_t i = 0; i < data->test.count; i++) {
        const float *x = data->test.x + i * 784;
        double ink = 0, edge = 0;
        for (int p = 0; p < 784; p++) {
            double level = (double)(x[p] * data->std[0] + data->mean[0]);
            ink += level;
            if (p % 28 == 0 || p % 28 == 27 || p / 28 == 0 || p / 28 == 27) edge += level;
        }
        assert_true(ink > 15 && ink < 350);
        touching += edge > 0.01;
    }
    assert_true(touching < data->test.count / 50);
    ht_dataset_free(data);
}

/* Levels are 0 to 1, and all together have mean 0 and deviation 1. */
static void pictures_are_balanced_and_standardized(void **state)
{
    (void)state;
    double least, most, sum = 0, square = 0;
    clock_t start = clock();
    ht_dataset *data = load("pictures-synth", 1);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_true(seconds < 15); /* 0.5 s at -O2 */
    assert_int_equal(data->train.count, 10000);
    assert_int_equal(data->test.count, 2000);
    assert_true(data->channels == 3 && data->height == 32 && data->width == 32 && data->inputs == 3072);
    assert_int_equal(data->classes, 10);
    class_shares(data, &data->train, &least, &most);
    assert_true(least == 0.1 && most == 0.1);
    double n = (double)values(data, &data->train);
    float low = (0 - data->mean[2]) / data->std[2], high = (1 - data->mean[2]) / data->std[2];
    for (size_t i = 0; i < values(data, &data->train); i++) {
        double x = (double)data->train.x[i];
        sum += x, square += x * x;
        assert_true(data->train.x[i] >= low && data->train.x[i] <= high);
    }
    assert_true(fabs(sum / n) < 0.01 && fabs(square / n - 1) < 0.01);
    ht_dataset_free(data);
}

/* Neither colour nor place tells the class: the means of a class's pictures, over all of them, are those of
 * all classes, and which mean picture is nearest says little. */
static void colour_and_place_tell_no_class(void **state)
{
    (void)state;
    ht_dataset *data = load_some("pictures-synth", 2, 4000, 1000);
    double mean[10][3] = {{0}};
    for (size_t i = 0; i < data->train.count; i++)
        for (size_t k = 0; k < 3072; k++)
            mean[data->train.labels[i]][k / 1024] += (double)data->train.x[i * 3072 + k] / (400 * 1024);
    /* 400 grounds of deviation 0.23 / 0.2485 each: 0.046. */
    for (int c = 0; c < 10; c++)
        for (int k = 0; k < 3; k++) assert_true(fabs(mean[c][k]) < 5 * 0.046);
    assert_true(centroid_accuracy(data) < 0.2);
    ht_dataset_free(data);
}

static void teacher_is_balanced_gaussian_and_learnable(void **state)
{
    (void)state;
    double least, most, sum = 0, square = 0;
    ht_dataset *data = load("teacher", 1);
    assert_int_equal(data->train.count, 5000);
    assert_int_equal(data->test.count, 2000);
    assert_int_equal(data->inputs, 64);
    assert_int_equal(data->classes, 4);
    class_shares(data, &data->train, &least, &most);
    assert_true(least > 0.23 && most < 0.27);
    class_shares(data, &data->test, &least, &most);
    assert_true(least > 0.2 && most < 0.3);
    double n = (double)values(data, &data->train);
    for (size_t i = 0; i < values(data, &data->train); i++) {
        sum += (double)data->train.x[i];
        square += (double)data->train.x[i] * (double)data->train.x[i];
    }
    assert_true(fabs(sum / n) < 0.01 && fabs(square / n - 1) < 0.01);
    assert_true(centroid_accuracy(data) > 0.5);
    ht_dataset_free(data);
}

static void teacher_takes_sizes(void **state)
{
    (void)state;
    ht_error err;
    double least, most;
    ht_dataset *data = load("teacher:784x10", 3);
    assert_string_equal(data->name, "teacher:784x10");
    assert_int_equal(data->inputs, 784);
    assert_int_equal(data->classes, 10);
    assert_int_equal(data->train.count, 5000);
    class_shares(data, &data->train, &least, &most);
    assert_true(least > 0.08 && most < 0.12);
    ht_dataset_free(data);
    data = load("teacher:5x2x300", 3);
    assert_int_equal(data->train.count, 300);
    ht_dataset_free(data);
    static const char *const bad[] = {"teacher:",
                                      "teacher:0x4",
                                      "teacher:4",
                                      "teacher:4x1",
                                      "teacher:4x",
                                      "teacher:axb",
                                      "teacher:4x4y",
                                      "teacher:-4x4",
                                      "teacher:65536x4x1048576",
                                      "teacher:4x4x2",
                                      "teacher:99999999999999999999x4",
                                      "teacher:4x4x100x",
                                      "teacher: 4x4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(ht_dataset_load(bad[i], &(ht_data_options){.seed = 1}, &err));
        assert_int_equal(err.code, HT_USAGE);
        assert_non_null(strstr(err.text, "teacher:784x10"));
    }
}

static void bad_strokes(const char *text, const char *word)
{
    ht_error err = {0};
    static ht_glyphs glyphs;
    assert_int_equal(ht_glyphs_parse("f", text, &glyphs, &err), HT_FAIL);
    if (!strstr(err.text, word)) fail_msg("no '%s' in: %s", word, err.text);
}

static void stroke_files_are_checked(void **state)
{
    (void)state;
    bad_strokes("", "f:0: not all of the digits");
    bad_strokes("line 1,2 3,4\n", "f:1: a stroke comes before the first digit");
    bad_strokes("# x\n\ndigit 10\n", "f:3: a line begins with");
    bad_strokes("digit 1 2\n", "f:1: something follows");
    bad_strokes("digit 1\ncurve 1,2\n", "f:2: a stroke needs two points");
    bad_strokes("digit 1\ncurve 1,2 3\n", "f:2: a point is not");
    bad_strokes("digit 1\nline 1,2 3,101\n", "f:2: a point is not");
    bad_strokes("digit 1\nline 1,2 -3,1\n", "f:2: a point is not");
    bad_strokes("digit 1\nzigzag 1,2 3,1\n", "f:2: a line begins with");
    bad_strokes("digit 1\n", "a digit has no stroke");
    bad_strokes("digit 1\nline 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1 1,1\n",
                "too many points");
    bad_strokes("digit 1\nline 1,1 2,2\nline 1,1 2,2\nline 1,1 2,2\nline 1,1 2,2\nline 1,1 2,2\n",
                "too many strokes");
}

/* ---- the table whose law is known --------------------------------------------------------------- */

/* As src/data/synth/synth_table.c states the law, written down once more and slowly: logarithms instead of
 * products, missing incomes by summing over incomes. */
enum { REGION = 0, TRADE = 1, AGE = 2, INCOME = 3, DEBT = 4, MEMBER = 5, VISITS = 6 };

static const char *const regions[] = {"north", "east", "south", "west", "islands"},
                         *const trades[] = {"baker",  "smith",  "tailor", "mason",
                                            "miller", "weaver", "cooper", "tanner"},
                         *const outcomes[] = {"paid", "late", "lost"};

static double log_normal(double x, double mean, double deviation)
{
    return -pow((x - mean) / deviation, 2) / 2 - log(deviation) - log(2 * M_PI) / 2;
}

static double log_income_missing(int y)
{
    static double known[3]; /* 0: not yet */
    double sum = 0, step = 1e-3;
    if (known[y] != 0) return known[y];
    for (double l = 3; l < 12; l += step)
        sum += step * exp(log_normal(l, 7.6 - 0.35 * y, 0.5)) * (exp(l) > 2600 ? 0.65 : 0.05);
    return known[y] = log(sum);
}

static double log_trade(int k, int y, int r)
{
    double sum = 0, at[8];
    for (int i = 0; i < 8; i++) sum += at[i] = exp(1.4 * cos(2 * M_PI * (i / 8.0 - y / 3.0 - r / 5.0)));
    return log(at[k] / sum);
}

typedef struct loan {
    int region, trade, member;        /* member: 1, 0, -1: missing */
    double age, income, debt, visits; /* NaN: missing */
} loan;

static double log_joint(const loan *l, int y)
{
    static const double prior[] = {0.5, 0.3, 0.2}, yes[] = {0.7, 0.5, 0.3};
    double mean = 2 + y + y * y / 2.0, p = log(prior[y]) + log_trade(l->trade, y, l->region);
    p += log_normal(l->age, 42 + (l->region % 2 ? -5 : 5) * (y - 1), 8);
    p += isnan(l->income) ? log_income_missing(y) : log_normal(log(l->income), 7.6 - 0.35 * y, 0.5);
    p += log_normal(log(l->debt), 8, 0.5 + 0.35 * y);
    p += log(l->member < 0 ? 0.02 * yes[y] + 0.3 * (1 - yes[y]) : l->member ? yes[y] : 1 - yes[y]);
    return isnan(l->visits) ? p : p - mean + l->visits * log(mean) - lgamma(l->visits + 1);
}

/* Which of the column's inputs is 1; -1: the one of missing cells. */
static int category(const ht_dataset *data, const float *x, int column, const char *const *words, int count)
{
    const ht_dataset_column *c = &data->columns[column];
    const char *word = c->words;
    for (size_t k = 0; k < c->values; k++, word = strchr(word, '\n') + 1) {
        if (x[c->first + (int)k] != 1) continue;
        for (int w = 0; w < count; w++)
            if (strncmp(word, words[w], strlen(words[w])) == 0 && word[strlen(words[w])] == '\n') return w;
    }
    return -1;
}

static double number(const ht_dataset *data, const float *x, int column)
{
    const ht_dataset_column *c = &data->columns[column];
    if (c->indicator && x[c->first + 1] == 1) return NAN;
    return c->shift + (double)x[c->first] * c->divisor;
}

static loan read_loan(const ht_dataset *data, const float *x)
{
    static const char *const answers[] = {"no", "yes"};
    return (loan){.region = category(data, x, REGION, regions, 5),
                  .trade = category(data, x, TRADE, trades, 8),
                  .member = category(data, x, MEMBER, answers, 2),
                  .age = number(data, x, AGE),
                  .income = number(data, x, INCOME),
                  .debt = number(data, x, DEBT),
                  .visits = round(number(data, x, VISITS))};
}

static size_t count_right(const ht_dataset *data, const ht_samples *part)
{
    size_t right = 0;
    for (size_t i = 0; i < part->count; i++) {
        loan l = read_loan(data, part->x + i * (size_t)data->inputs);
        int best = 0;
        for (int y = 1; y < 3; y++)
            if (log_joint(&l, y) > log_joint(&l, best)) best = y;
        right += strcmp(outcomes[best], data->class_names[part->labels[i]]) == 0;
    }
    return right;
}

/* The accuracy it says is that of the twin, sample by sample, and over many sets the one that it states. */
static void the_tables_best_accuracy_is_what_it_says(void **state)
{
    (void)state;
    enum { SEEDS = 20 };
    double right = 0, all = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char said[128];
        ht_dataset *data = load("table-synth", seed);
        size_t test = count_right(data, &data->test);
        snprintf(said, sizeof said, "is right in %.4f of the test part, in 0.8350 of all",
                 (double)test / (double)data->test.count);
        if (!strstr(data->facts, said)) fail_msg("no '%s' in: %s", said, data->facts);
        right += (double)test, all += (double)data->test.count;
        ht_dataset_free(data);
    }
    double share = right / all, error = sqrt(0.835 * 0.165 / all);
    print_message("the rule of Bayes is right in %.4f ± %.4f of %.0f samples\n", share, error, all);
    assert_true(fabs(share - 0.8350) < 4 * error);
}

/* What is missing is so because of what it is: of the cells that are there few are high. */
static void the_tables_missing_cells_are_not_missing_at_random(void **state)
{
    (void)state;
    ht_dataset *data = load("table-synth", 1);
    size_t high = 0, missing = 0;
    for (size_t i = 0; i < data->train.count; i++) {
        loan l = read_loan(data, data->train.x + i * (size_t)data->inputs);
        missing += isnan(l.income);
        high += l.income > 2600;
    }
    assert_int_equal(missing, data->columns[INCOME].train_missing);
    /* By the law 0.1880 of the incomes are above 2600, 0.65 of these are missing and 0.05 of the others. */
    double n = (double)data->train.count;
    print_message("%.4f missing, %.4f there and high\n", (double)missing / n, (double)high / n);
    assert_true(fabs((double)missing / n - 0.1628) < 4 * sqrt(0.1628 * (1 - 0.1628) / n));
    assert_true(fabs((double)high / n - 0.0658) < 4 * sqrt(0.0658 * (1 - 0.0658) / n));
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_gives_one_set),
        cmocka_unit_test(limits_keep_the_first_samples),
        cmocka_unit_test(ecg_rows_are_like_ecg5000),
        cmocka_unit_test(digits_are_balanced_standardized_and_learnable),
        cmocka_unit_test(digits_stay_inside_the_picture),
        cmocka_unit_test(pictures_are_balanced_and_standardized),
        cmocka_unit_test(colour_and_place_tell_no_class),
        cmocka_unit_test(teacher_is_balanced_gaussian_and_learnable),
        cmocka_unit_test(teacher_takes_sizes),
        cmocka_unit_test(stroke_files_are_checked),
        cmocka_unit_test(the_tables_best_accuracy_is_what_it_says),
        cmocka_unit_test(the_tables_missing_cells_are_not_missing_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
