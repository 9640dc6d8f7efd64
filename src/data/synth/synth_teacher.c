/* `teacher`: standard Gaussian inputs, labelled by a random narrow ReLU network: the setting of
 * teacher-student theory, and a set of any size for measurements. `teacher:INPUTSxCLASSES`,
 * `teacher:INPUTSxCLASSESxTRAIN`. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "num/rng.h"

enum {
    WIDTH = 8,
    TEST_COUNT = 2000,
    BALANCE_SAMPLES = 5000, /* of the training set; more samples leave the labels as they are */
    BALANCE_ROUNDS = 200,
    INPUTS_MAX = 1 << 16,
    CLASSES_MAX = 256,
    TRAIN_MAX = 1 << 20,
    VALUES_MAX = 1 << 28, /* a gigabyte of floats */
};

typedef struct teacher {
    size_t inputs, classes, train;
    double *hidden;        /* (WIDTH × inputs) */
    double *output;        /* (classes × WIDTH) */
    double *shift, *scale; /* (classes): a score is (output − shift) · scale; they balance the classes */
} teacher;

/* One number of the argument in low..high; *p moves behind it. */
static bool parse_size(const char **p, size_t low, size_t high, size_t *value)
{
    char *end;
    if (**p < '0' || **p > '9') return false;
    unsigned long long number = strtoull(*p, &end, 10);
    *p = end;
    *value = (size_t)number;
    return number >= low && number <= high;
}

static ht_code parse_sizes(const char *argument, teacher *net, ht_error *err)
{
    const char *p = argument;
    net->inputs = 64, net->classes = 4, net->train = 5000;
    if (!*p) return HT_OK;
    bool good = parse_size(&p, 1, INPUTS_MAX, &net->inputs) && *p++ == 'x' &&
                parse_size(&p, 2, CLASSES_MAX, &net->classes);
    if (good && *p == 'x') {
        p++;
        good = parse_size(&p, net->classes, TRAIN_MAX, &net->train);
    }
    if (good && !*p && net->inputs * (net->train + TEST_COUNT) <= VALUES_MAX) return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "data.name: teacher:%.60s: give INPUTSxCLASSES or INPUTSxCLASSESxTRAIN as in teacher:784x10, "
        "with 1 to %d inputs, 2 to %d classes, at most %d samples and %d values in all",
        argument, INPUTS_MAX, CLASSES_MAX, TRAIN_MAX, VALUES_MAX);
}

static ht_code draw_network(uint64_t seed, teacher *net, ht_error *err)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(HT_SYNTH_SETUP, 0));
    net->hidden = ht_alloc(WIDTH * net->inputs, sizeof(double), "the teacher", err);
    net->output = ht_alloc(net->classes * WIDTH, sizeof(double), "the teacher", err);
    net->shift = ht_alloc(net->classes, sizeof(double), "the teacher", err);
    net->scale = ht_alloc(net->classes, sizeof(double), "the teacher", err);
    if (!net->hidden || !net->output || !net->shift || !net->scale) return err->code;
    double size = 1 / sqrt((double)net->inputs);
    for (size_t i = 0; i < WIDTH * net->inputs; i++) net->hidden[i] = size * ht_rng_normal(&rng);
    for (size_t i = 0; i < net->classes * WIDTH; i++) net->output[i] = ht_rng_normal(&rng);
    return HT_OK;
}

/* Draws input row x (inputs) and computes the teacher's outputs (classes). */
static void draw_sample(const teacher *net, ht_rng *rng, float *x, double *outputs)
{
    memset(outputs, 0, net->classes * sizeof *outputs);
    for (size_t j = 0; j < net->inputs; j++) x[j] = (float)ht_rng_normal(rng);
    for (size_t h = 0; h < WIDTH; h++) {
        double sum = 0;
        for (size_t j = 0; j < net->inputs; j++) sum += net->hidden[h * net->inputs + j] * (double)x[j];
        for (size_t c = 0; c < net->classes && sum > 0; c++) outputs[c] += net->output[c * WIDTH + h] * sum;
    }
}

static size_t class_of(const teacher *net, const double *outputs)
{
    size_t best = 0;
    double most = -HUGE_VAL;
    for (size_t c = 0; c < net->classes; c++) {
        double score = (outputs[c] - net->shift[c]) * net->scale[c];
        if (score > most) most = score, best = c;
    }
    return best;
}

/* Standardizes the outputs (n × classes), then moves the shifts until every class wins about as often: the
 * class that wins too often pays more, by steps that shrink. */
static ht_code balance(teacher *net, const double *outputs, size_t n, ht_error *err)
{
    double *share = ht_alloc(net->classes, sizeof *share, "the teacher", err);
    if (!share) return err->code;
    for (size_t c = 0; c < net->classes; c++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < n; i++) mean += outputs[i * net->classes + c] / (double)n;
        for (size_t i = 0; i < n; i++) square += pow(outputs[i * net->classes + c] - mean, 2) / (double)n;
        net->shift[c] = mean;
        net->scale[c] = square > 0 ? 1 / sqrt(square) : 1;
    }
    for (int round = 0; round < BALANCE_ROUNDS; round++) {
        double step = 0.5 / (1 + 0.1 * round);
        memset(share, 0, net->classes * sizeof *share);
        for (size_t i = 0; i < n; i++)
            share[class_of(net, outputs + i * net->classes)] += (double)net->classes / (double)n;
        for (size_t c = 0; c < net->classes; c++) net->shift[c] += step * (share[c] - 1) / net->scale[c];
    }
    ht_free(share);
    return HT_OK;
}

static ht_code make_part(teacher *net, uint64_t seed, ht_synth_part which, size_t count, ht_raw_part *part,
                         ht_error *err)
{
    double *outputs = ht_alloc(count * net->classes, sizeof *outputs, "the teacher's outputs", err);
    if (!outputs) return err->code;
    part->inputs = net->inputs;
    part->count = count;
    part->x = ht_alloc(count * net->inputs, sizeof *part->x, "the samples", err);
    ht_code code = part->x ? HT_OK : err->code;
    for (size_t i = 0; i < count && code == HT_OK; i++) {
        ht_rng rng;
        ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(which, i));
        draw_sample(net, &rng, part->x + i * net->inputs, outputs + i * net->classes);
    }
    if (code == HT_OK && which == HT_SYNTH_TRAIN)
        code = balance(net, outputs, count < BALANCE_SAMPLES ? count : BALANCE_SAMPLES, err);
    for (size_t i = 0; i < count && code == HT_OK; i++)
        code = ht_labels_add_number(&part->labels, (double)class_of(net, outputs + i * net->classes), err);
    ht_free(outputs);
    return code;
}

ht_code ht_synth_teacher(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    teacher net = {0};
    if (parse_sizes(request->argument, &net, err) != HT_OK) return err->code;
    ht_code code = draw_network(request->seed, &net, err);
    if (code == HT_OK) code = make_part(&net, request->seed, HT_SYNTH_TRAIN, net.train, &raw->train, err);
    if (code == HT_OK) code = make_part(&net, request->seed, HT_SYNTH_TEST, TEST_COUNT, &raw->test, err);
    ht_free(net.hidden);
    ht_free(net.output);
    ht_free(net.shift);
    ht_free(net.scale);
    return code;
}
