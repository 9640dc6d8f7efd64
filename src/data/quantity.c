#include "data/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { MANY = 40 };

/* The distinct labels, in order, and how often each occurs. */
typedef struct spread {
    size_t samples, distinct;
    size_t *counts; /* (distinct) */
    bool words, fractions;
    double first, last;
    size_t once; /* labels that occur once */
} spread;

static double mean_of(const spread *s)
{
    return (double)s->samples / (double)s->distinct;
}

/* Variance of the counts by their mean: about 1 when samples were dealt to the classes by chance. */
static double unevenness(const spread *s)
{
    double mean = mean_of(s), sum = 0;
    for (size_t i = 0; i < s->distinct; i++)
        sum += ((double)s->counts[i] - mean) * ((double)s->counts[i] - mean);
    return sum / (double)(s->distinct - 1) / mean;
}

static bool is_even(const spread *s)
{
    return s->samples >= 3 * s->distinct && unevenness(s) < 0.3;
}

/* How many whole numbers there are from the first label to the last. */
static double span(const spread *s)
{
    return s->last - s->first + 1;
}

/* 0, 1, 2 … or 1, 2, 3 … */
static bool is_dense(const spread *s)
{
    return !s->words && !s->fractions && (s->first == 0 || s->first == 1) && span(s) == (double)s->distinct;
}

static bool has_gaps(const spread *s)
{
    double n = (double)s->samples, k = (double)s->distinct;
    if (is_even(s)) return false;
    return (s->distinct > 20 && span(s) >= 1.25 * k && n < 20 * k) ||
           (s->distinct > 8 && span(s) >= 2 * k && n < 4 * k);
}

/* How far neighbouring counts are from each other in all, and how far chance alone would set them. */
static void sum_changes(const spread *s, double *changes, double *chance)
{
    *changes = *chance = 0;
    for (size_t i = 1; i < s->distinct; i++) {
        double before = (double)s->counts[i - 1], here = (double)s->counts[i];
        *changes += fabs(here - before);
        *chance += 0.8 * sqrt(here + before); /* of two Poisson counts: sqrt(2 / pi) deviations */
    }
}

/* Of one peak inside, with both ends well below: the counts go up and down no more than that takes, and what
 * chance adds. Neighbours of such counts are alike, and all are less even than chance makes them. */
static bool has_one_peak(const spread *s)
{
    double changes, chance, alike = 0, squares = 0, mean = mean_of(s);
    size_t most = 0, last = s->distinct - 1;
    sum_changes(s, &changes, &chance);
    for (size_t i = 0; i <= last; i++) {
        double here = (double)s->counts[i];
        if (s->counts[i] > s->counts[most]) most = i;
        squares += (here - mean) * (here - mean);
        if (i == last) break;
        alike += (here - mean) * ((double)s->counts[i + 1] - mean);
    }
    double peak = (double)s->counts[most], ends = (double)(s->counts[0] + s->counts[last]);
    bool inside =
        (double)s->counts[0] < 0.6 * peak && (double)s->counts[last] < 0.6 * peak && most > 0 && most < last;
    return inside && unevenness(s) > 3 && alike > 0.5 * squares && changes <= 2 * peak - ends + chance;
}

/* Uneven, and yet neighbours are as alike as chance lets them be: a scale. Not when the counts only fall or
 * rise, as those of classes in the order of their frequency do. */
static bool is_smooth(const spread *s)
{
    double changes, chance;
    size_t least = 0, most = 0;
    sum_changes(s, &changes, &chance);
    for (size_t i = 0; i < s->distinct; i++) {
        if (s->counts[i] < s->counts[least]) least = i;
        if (s->counts[i] > s->counts[most]) most = i;
    }
    double fall = fabs((double)s->counts[0] - (double)s->counts[s->distinct - 1]);
    double range = (double)s->counts[most] - (double)s->counts[least];
    return unevenness(s) > 3 && changes <= 1.5 * chance + range && fall < 0.6 * range;
}

/* Many whole numbers, of a column that may hold anything. */
static bool is_scale(const spread *s, ht_label_origin origin)
{
    if (s->words || s->distinct <= MANY || is_even(s)) return false;
    return origin != HT_LABEL_NAMED || !is_dense(s) || is_smooth(s);
}

static bool looks_guessed_wrong(const spread *s)
{
    size_t n = s->samples, k = s->distinct;
    if (k > 50 && 10 * k > n) return true;
    if (k <= 20 || s->words || is_dense(s) || is_even(s)) return false;
    return k * k > n || (s->once > 0 && span(s) > (double)k);
}

static bool is_quantity(const spread *s, ht_label_origin origin)
{
    bool guessed = origin == HT_LABEL_GUESSED || origin == HT_LABEL_ASKED;
    bool once = s->samples >= 8 && 2 * s->distinct > s->samples;
    if (s->distinct < 2) return false;
    if (!s->words && s->fractions) return s->distinct > 10 || once;
    if (once && (origin != HT_LABEL_GIVEN || (!s->words && !is_dense(s)))) return true;
    if (guessed && looks_guessed_wrong(s)) return true;
    if (s->words) return false;
    if (origin != HT_LABEL_GIVEN && is_scale(s, origin)) return true;
    return has_gaps(s) || (s->distinct > (guessed ? 10 : 20) && has_one_peak(s));
}

static ht_code count(spread *s, const ht_raw_labels *labels, const ht_raw_labels *classes, ht_error *err)
{
    *s = (spread){.samples = labels->count, .distinct = classes->count};
    s->counts = ht_alloc(classes->count, sizeof *s->counts, "the labels", err);
    if (!s->counts) return HT_FAIL;
    for (size_t i = 0; i < labels->count; i++) s->counts[ht_labels_class(classes, labels, labels, i)]++;
    for (size_t c = 0; c < classes->count; c++) {
        const ht_raw_label *label = &classes->items[c];
        s->once += s->counts[c] == 1;
        s->words = s->words || label->word;
        s->fractions = s->fractions || (!label->word && label->number != floor(label->number));
    }
    s->first = classes->items[0].number;
    s->last = classes->items[classes->count - 1].number;
    return HT_OK;
}

ht_code ht_quantity_find(const ht_raw_labels *labels, const char *path, ht_label_origin origin,
                         char what[HT_QUANTITY_SIZE], ht_error *err)
{
    ht_raw_labels classes = {0};
    spread s = {0};
    what[0] = '\0';
    if (ht_labels_distinct(labels, path, &classes, err) != HT_OK) return err->code;
    ht_code code = count(&s, labels, &classes, err);
    if (code == HT_OK && is_quantity(&s, origin)) {
        int used = snprintf(what, HT_QUANTITY_SIZE, "its %zu values%s", s.distinct,
                            !s.words && s.fractions ? " with fractions" : "");
        if (!s.words)
            used +=
                snprintf(what + used, (size_t)(HT_QUANTITY_SIZE - used), " (%.6g … %.6g)", s.first, s.last);
        snprintf(what + used, (size_t)(HT_QUANTITY_SIZE - used), " for %zu samples", s.samples);
    }
    ht_free(s.counts);
    ht_labels_free(&classes);
    return code;
}
