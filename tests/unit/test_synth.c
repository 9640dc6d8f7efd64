/* The embedded generators: deterministic, of the promised shape, and learnable. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
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

static const char *const names[] = {"ecg-synth", "digits-synth", "pictures-synth", "teacher", "teacher:10x3"};
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
