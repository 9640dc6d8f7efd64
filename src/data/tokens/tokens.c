#include "data/tokens/tokens.h"

#include <math.h>

#include "base/alloc.h"
#include "num/rng.h"

/* Tokens of a stretch of so many samples; of none it is empty. */
static size_t length_of(size_t samples, size_t context)
{
    return samples ? samples * context + 1 : 0;
}

static size_t samples_of(size_t length, size_t context)
{
    return length ? (length - 1) / context : 0;
}

static void add_stretch(ht_text_split *split, size_t from, size_t length, bool test, size_t context)
{
    if (length == 0) return;
    split->at[split->count++] = (ht_stretch){from, length, test};
    split->tests += test;
    split->left += length - length_of(samples_of(length, context), context);
}

/* As many as give each its stretch for the test, and a sample for training beside it. */
static size_t parts_of(size_t count, size_t tests, size_t context)
{
    size_t parts = tests / HT_TEXT_STRETCH_LEAST;
    if (parts > HT_TEXT_STRETCHES) parts = HT_TEXT_STRETCHES;
    while (parts > 1 && length_of(tests / parts + 2, context) > count / parts) parts--;
    return parts ? parts : 1;
}

bool ht_text_split_make(size_t count, size_t context, double share, uint64_t seed, ht_text_split *split)
{
    *split = (ht_text_split){0};
    if (count < 2 * context + 2) return false;
    size_t most = (count - context - 2) / context; /* a sample is left for training */
    size_t wanted = (size_t)llround(share * (double)samples_of(count, context));
    size_t tests = wanted < 1 ? 1 : wanted > most ? most : wanted;
    size_t parts = parts_of(count, tests, context);
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(HT_SYNTH_CHOICE, 0));
    size_t before = 0; /* end of the last test stretch */
    for (size_t p = 0; p < parts; p++) {
        size_t from = count / parts * p, end = p + 1 < parts ? count / parts * (p + 1) : count;
        size_t length = length_of(tests / parts + (p < tests % parts), context);
        size_t places = samples_of(end - from - length, context) + 1;
        size_t place = from + length_of(ht_rng_below(&rng, (uint32_t)places), context);
        add_stretch(split, before, place - before, false, context);
        add_stretch(split, place, length, true, context);
        before = place + length;
    }
    add_stretch(split, before, count - before, false, context);
    return true;
}

ht_code ht_sequences_reserve(ht_raw_part *part, size_t count, size_t context, ht_error *err)
{
    part->inputs = context;
    part->count = count;
    part->x = ht_alloc(count, context * sizeof *part->x, "the samples", err);
    part->targets = ht_alloc(count, context * sizeof *part->targets, "the samples", err);
    return part->x && part->targets ? HT_OK : err->code;
}

void ht_sequences_set(ht_raw_part *part, size_t index, const int32_t *tokens)
{
    size_t context = part->inputs;
    for (size_t i = 0; i < context; i++) {
        part->x[index * context + i] = (float)tokens[i];
        part->targets[index * context + i] = tokens[i + 1];
    }
}

/* A place for each sample, by lot (Fisher-Yates). */
static uint32_t *draw_order(size_t count, uint64_t seed, bool test, ht_error *err)
{
    uint32_t *order = ht_alloc(count, sizeof *order, "the order of samples", err);
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(HT_SYNTH_CHOICE, 1 + test));
    for (uint32_t i = 0; order && i < count; i++) {
        uint32_t j = ht_rng_below(&rng, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

ht_code ht_text_samples(const int32_t *tokens, const ht_text_split *split, bool test, size_t context,
                        uint64_t seed, ht_raw_part *part, ht_error *err)
{
    size_t count = 0, done = 0;
    for (size_t s = 0; s < split->count; s++)
        if (split->at[s].test == test) count += samples_of(split->at[s].length, context);
    uint32_t *order = draw_order(count, seed, test, err);
    if (!order) return err->code;
    ht_code code = ht_sequences_reserve(part, count, context, err);
    for (size_t s = 0; s < split->count && code == HT_OK; s++) {
        const ht_stretch *at = &split->at[s];
        size_t samples = at->test == test ? samples_of(at->length, context) : 0;
        for (size_t i = 0; i < samples; i++)
            ht_sequences_set(part, order[done++], tokens + at->from + i * context);
    }
    ht_free(order);
    return code;
}
