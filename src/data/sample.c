#include "data/sample.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "num/rng.h"

static size_t *count_classes(const ht_class_list *list, size_t until, ht_error *err)
{
    size_t *counts = ht_alloc((size_t)list->classes, sizeof *counts, "the classes", err);
    for (size_t i = 0; counts && i < until; i++) counts[list->of[i]]++;
    return counts;
}

/* Fewer changes of class than chance makes? */
static bool in_runs(const ht_class_list *list, const size_t *all)
{
    double n = (double)list->count, same = 0, changes = 0;
    for (int c = 0; c < list->classes; c++) same += (double)all[c] / n * ((double)all[c] - 1) / (n - 1);
    for (size_t i = 1; i < list->count; i++) changes += list->of[i] != list->of[i - 1];
    double expected = (n - 1) * (1 - same), spread = sqrt((n - 1) * same * (1 - same));
    return 2 * changes < expected && expected - changes > 2.5 * spread;
}

/* Are the first ones another mixture than all? */
static bool is_off(const ht_class_list *list, const size_t *all, const size_t *first, size_t wanted)
{
    double n = (double)list->count, taken = (double)wanted, square = 0, degrees = -1;
    double rare = 0, rare_first = 0; /* classes that may well be missing are one */
    for (int c = 0; c < list->classes; c++) {
        double expected = taken * (double)all[c] / n, difference = (double)first[c] - expected;
        if (expected < 5)
            rare += expected, rare_first += (double)first[c];
        else
            square += difference * difference / expected, degrees++;
    }
    if (rare >= 1) square += (rare_first - rare) * (rare_first - rare) / rare, degrees++;
    return degrees > 0 && square * (n - 1) / (n - taken) > degrees + 8 * sqrt(2 * degrees) + 10;
}

ht_code ht_sample_is_fair(const ht_class_list *list, size_t wanted, bool *fair, ht_error *err)
{
    *fair = true;
    if (wanted >= list->count || list->count < 2) return HT_OK;
    size_t *all = count_classes(list, list->count, err);
    size_t *first = all ? count_classes(list, wanted, err) : NULL;
    if (first) *fair = !in_runs(list, all) && !is_off(list, all, first, wanted);
    ht_free(first);
    ht_free(all);
    return first ? HT_OK : err->code;
}

/* ---- how many of each class -------------------------------------------------------------------- */

/* A class and what rounding down took from its share. */
typedef struct rest {
    double part;
    int class;
} rest;

static int compare_rests(const void *a, const void *b)
{
    const rest *x = a, *y = b;
    if (x->part != y->part) return x->part < y->part ? 1 : -1;
    return x->class - y->class;
}

/* Hands out what is left over, one a class by largest remainder, as often as it takes; of class c there are
 * has[c] at most. */
static void hand_out(size_t left, const rest *rests, int classes, const size_t *has, size_t *quota)
{
    for (size_t before = left + 1; left > 0 && left < before;) {
        before = left;
        for (int i = 0; i < classes && left > 0; i++) {
            int c = rests[i].class;
            if (quota[c] < has[c]) quota[c]++, left--;
        }
    }
}

/* A class that got nothing gets one from the class that got most. */
static void none_without(int classes, const size_t *has, size_t *quota)
{
    for (int c = 0; c < classes; c++) {
        int most = 0;
        if (quota[c] > 0 || has[c] == 0) continue;
        for (int other = 1; other < classes; other++)
            if (quota[other] > quota[most]) most = other;
        if (quota[most] > 1) quota[most]--, quota[c]++;
    }
}

/* quota[c] of the has[c] samples that may be taken; all[c] there are. */
static ht_code share_out(const ht_class_list *list, const size_t *all, const size_t *has, size_t wanted,
                         size_t *quota, ht_error *err)
{
    rest *rests = ht_alloc((size_t)list->classes, sizeof *rests, "the classes", err);
    size_t left = wanted;
    if (!rests) return err->code;
    for (int c = 0; c < list->classes; c++) {
        double share = (double)wanted * (double)all[c] / (double)list->count;
        quota[c] = (size_t)share < has[c] ? (size_t)share : has[c];
        rests[c] = (rest){share - floor(share), c};
        left -= quota[c];
    }
    qsort(rests, (size_t)list->classes, sizeof *rests, compare_rests);
    hand_out(left, rests, list->classes, has, quota);
    if (wanted >= (size_t)list->classes) none_without(list->classes, has, quota);
    ht_free(rests);
    return HT_OK;
}

/* ---- which of them ----------------------------------------------------------------------------- */

/* One pass over the samples of class c: each is taken with the probability (still wanted) / (still to come),
 * which makes every choice of quota[c] among them equally likely. */
static void draw(const ht_class_list *list, int c, size_t wanted, size_t coming, ht_rng *rng, bool *chosen)
{
    for (size_t i = 0; i < list->count && wanted > 0; i++) {
        if (list->of[i] != c) continue;
        if (ht_rng_below(rng, (uint32_t)coming) < wanted) chosen[i] = true, wanted--;
        coming--;
    }
}

ht_code ht_sample_by_class(const ht_class_list *list, size_t wanted, size_t keep, uint64_t seed,
                           uint64_t which, bool *chosen, ht_error *err)
{
    size_t *all = count_classes(list, list->count, err);
    size_t *has = all ? count_classes(list, list->count, err) : NULL;
    size_t *quota = has ? ht_alloc((size_t)list->classes, sizeof *quota, "the classes", err) : NULL;
    ht_code code = quota ? HT_OK : HT_FAIL;
    for (int c = 0; code == HT_OK && c < list->classes; c++) has[c] -= has[c] < keep ? has[c] : keep;
    if (code == HT_OK) code = share_out(list, all, has, wanted, quota, err);
    for (int c = 0; code == HT_OK && c < list->classes; c++) {
        ht_rng rng;
        ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(HT_SYNTH_CHOICE, which << 16 | (size_t)c));
        draw(list, c, quota[c], all[c], &rng, chosen);
    }
    ht_free(quota);
    ht_free(has);
    ht_free(all);
    return code;
}
