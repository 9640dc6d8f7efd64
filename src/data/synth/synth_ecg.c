/* `ecg-synth`: heartbeats in the manner of ECG5000, made of Gaussian waves; each row has mean 0 and sample
 * standard deviation 1, as there. Five kinds of beats in the shares of ECG5000; the classes are normal and
 * abnormal.
 *
 * After McSharry, Clifford, Tarassenko, Smith, "A dynamical model for generating synthetic electrocardiogram
 * signals", IEEE Trans. Biomed. Eng. 50(3), 2003: a beat is a sum of Gaussian bumps P, Q, R, S, T. The
 * recording that ECG5000 is cut from has its R waves pointing down, and a row begins shortly before one. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "num/rng.h"

enum { LENGTH = 140, KINDS = 5, WAVES = 6, TRAIN_COUNT = 500, TEST_COUNT = 4500 };

typedef enum kind { NORMAL, R_ON_T, PVC, SUPRAVENTRICULAR, UNCLASSIFIED } kind;

typedef struct wave {
    double centre, width, height;
} wave;

/* R; S and the ST segment; the slow rise after it; T; the dip before the next beat; its beginning (P, or an
 * early QRS complex: that is what makes a beat premature). Read off the class means of ECG5000. */
static const wave shapes[UNCLASSIFIED][WAVES] = {
    [NORMAL] =
        {{5, 2.6, -4.0}, {36, 11, -0.9}, {78, 22, 0.45}, {104, 5.5, 1.3}, {121, 6, -0.5}, {133, 3.5, 1.1}},
    [R_ON_T] =
        {{5.5, 3.6, -2.6}, {24, 10, 0.3}, {108, 30, 0.75}, {120, 8, 0.1}, {131, 5, -0.5}, {140, 5, -3.6}},
    [PVC] = {{6, 3.6, -2.1}, {36, 12, -0.2}, {98, 28, 0.6}, {124, 5, 0.3}, {131, 4, 0.1}, {139.5, 3.5, -3.0}},
    [SUPRAVENTRICULAR] =
        {{5.5, 3.1, -3.2}, {50, 11, -0.3}, {112, 26, 0.6}, {104, 6, 0.2}, {131, 4, 0.4}, {140, 3, -1.8}},
};

/* ECG5000's own counts. */
static const size_t train_counts[KINDS] = {292, 177, 10, 19, 2},
                    test_counts[KINDS] = {2627, 1590, 86, 175, 22};

/* How far a beat of some kind lies from normal: 0 is the normal shape, 1 the kind's own. Where the two ranges
 * meet, beats are ambiguous, as real ones are. */
static double draw_severity(ht_rng *rng, kind which)
{
    double severity = which == NORMAL ? 0.16 * fabs(ht_rng_normal(rng)) : 1.0 + 0.25 * ht_rng_normal(rng);
    return severity < 0.12 && which != NORMAL ? 0.12 : severity;
}

/* Adds `weight` times one beat to y (LENGTH). */
static void add_beat(ht_rng *rng, kind towards, double severity, double weight, double *y)
{
    double shift = 0.8 * ht_rng_normal(rng), stretch = 1 + 0.02 * ht_rng_normal(rng),
           bend = 2 * ht_rng_normal(rng);
    double warped[LENGTH];
    for (int t = 0; t < LENGTH; t++) warped[t] = shift + stretch * t + bend * sin(M_PI * t / (LENGTH - 1));
    for (int w = 0; w < WAVES; w++) {
        const wave *from = &shapes[NORMAL][w], *to = &shapes[towards][w];
        double centre = from->centre + severity * (to->centre - from->centre) + 0.8 * ht_rng_normal(rng);
        double width = from->width + severity * (to->width - from->width);
        double height = from->height + severity * (to->height - from->height);
        width *= exp(0.12 * ht_rng_normal(rng));
        height = height * exp(0.18 * ht_rng_normal(rng)) + 0.07 * ht_rng_normal(rng);
        if (width < 1) width = 1;
        for (int t = 0; t < LENGTH; t++) {
            double z = (warped[t] - centre) / width;
            y[t] += weight * height * exp(-0.5 * z * z);
        }
    }
}

/* Baseline wander, a slope, and noise with a little memory. */
static void add_disturbances(ht_rng *rng, double noise, double *y)
{
    double wander = 0.15 * ht_rng_normal(rng), phase = 2 * M_PI * ht_rng_uniform(rng);
    double cycles = 0.5 + ht_rng_uniform(rng), slope = 0.15 * ht_rng_normal(rng), memory = 0;
    for (int t = 0; t < LENGTH; t++) {
        double place = (double)t / (LENGTH - 1);
        memory = 0.6 * memory + noise * ht_rng_normal(rng);
        y[t] += wander * sin(2 * M_PI * cycles * place + phase) + slope * (place - 0.5) + memory;
    }
}

/* row is (LENGTH): mean 0, sample standard deviation 1. */
static void normalize(const double *y, float *row)
{
    double mean = 0, square = 0;
    for (int t = 0; t < LENGTH; t++) mean += y[t] / LENGTH;
    for (int t = 0; t < LENGTH; t++) square += (y[t] - mean) * (y[t] - mean);
    double scale = 1 / sqrt(square / (LENGTH - 1));
    for (int t = 0; t < LENGTH; t++) row[t] = (float)((y[t] - mean) * scale);
}

static void draw_row(ht_rng *rng, kind which, float *row)
{
    double y[LENGTH] = {0}, noise = 0.06 * exp(0.4 * ht_rng_normal(rng));
    if (which == UNCLASSIFIED) {
        /* Two beats over each other, badly recorded. */
        double weight = 0.3 + 0.4 * ht_rng_uniform(rng);
        add_beat(rng, NORMAL, 0, weight, y);
        add_beat(rng, (kind)(1 + ht_rng_below(rng, 3)), 1, 1 - weight, y);
        noise *= 4;
    } else {
        kind towards = which == NORMAL ? (kind)(1 + ht_rng_below(rng, 3)) : which;
        add_beat(rng, towards, draw_severity(rng, which), 1, y);
    }
    add_disturbances(rng, noise, y);
    normalize(y, row);
}

/* The kinds of all rows in random order (Fisher-Yates). */
static void shuffle_kinds(uint64_t seed, ht_synth_part part, const size_t *counts, uint8_t *kinds,
                          size_t total)
{
    ht_rng rng;
    size_t used = 0;
    ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(HT_SYNTH_SETUP, (size_t)part));
    for (int k = 0; k < KINDS; k++)
        for (size_t i = 0; i < counts[k]; i++) kinds[used++] = (uint8_t)k;
    for (size_t i = total; i > 1; i--) {
        size_t j = ht_rng_below(&rng, (uint32_t)i);
        uint8_t kept = kinds[i - 1];
        kinds[i - 1] = kinds[j];
        kinds[j] = kept;
    }
}

/* All labels, and the first `limit` rows of the part's (0: all): half of the time of a short command went
 * into rows that its limits threw away. */
static ht_code make_part(uint64_t seed, ht_synth_part which, const size_t *counts, size_t total, size_t limit,
                         ht_raw_part *part, ht_error *err)
{
    uint8_t kinds[TRAIN_COUNT > TEST_COUNT ? TRAIN_COUNT : TEST_COUNT];
    shuffle_kinds(seed, which, counts, kinds, total);
    part->inputs = LENGTH;
    part->count = ht_data_limited(total, limit);
    part->x = ht_alloc(part->count * LENGTH, sizeof *part->x, "the heartbeats", err);
    if (!part->x) return err->code;
    for (size_t i = 0; i < part->count; i++) {
        ht_rng rng;
        ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(which, i));
        draw_row(&rng, (kind)kinds[i], part->x + i * LENGTH);
    }
    for (size_t i = 0; i < total; i++)
        if (ht_labels_add_number(&part->labels, kinds[i] == NORMAL ? 0 : 1, err) != HT_OK) return err->code;
    return HT_OK;
}

ht_code ht_synth_ecg(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const names[] = {"normal", "abnormal"};
    raw->names = names;
    raw->name_count = 2;
    ht_raw_shape(raw, 1, 1, LENGTH);
    if (make_part(request->seed, HT_SYNTH_TRAIN, train_counts, TRAIN_COUNT, request->train_limit, &raw->train,
                  err) != HT_OK)
        return err->code;
    return make_part(request->seed, HT_SYNTH_TEST, test_counts, TEST_COUNT, request->test_limit, &raw->test,
                     err);
}
