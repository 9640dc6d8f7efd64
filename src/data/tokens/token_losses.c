#include "data/tokens/token_losses.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* Targets, sorted by the token before them: those after token b are of[start[b]] .. of[start[b + 1] - 1]. */
typedef struct followers {
    size_t *start; /* (tokens + 1) */
    int32_t *of;   /* (start[tokens]) */
} followers;

static void free_followers(followers *f)
{
    ht_free(f->start);
    ht_free(f->of);
}

/* By counting. */
static ht_code sort_followers(const ht_samples *part, size_t inputs, size_t tokens, followers *f,
                              ht_error *err)
{
    size_t count = part->count * inputs;
    f->start = ht_alloc(tokens + 2, sizeof *f->start, "the counts of tokens", err);
    f->of = ht_alloc(count, sizeof *f->of, "the counts of tokens", err);
    if (!f->start || !f->of) return err->code;
    for (size_t i = 0; i < count; i++) f->start[(size_t)part->x[i] + 2]++;
    for (size_t b = 1; b <= tokens; b++) f->start[b + 1] += f->start[b];
    for (size_t i = 0; i < count; i++) f->of[f->start[(size_t)part->x[i] + 1]++] = part->labels[i];
    return HT_OK;
}

/* How often each token is among some, and which are. */
typedef struct tally {
    size_t *counts; /* (tokens), 0 between two uses */
    int32_t *seen;  /* (tokens) */
    size_t distinct, total;
} tally;

static void count(tally *t, const int32_t *of, size_t total)
{
    for (size_t i = 0; i < t->distinct; i++) t->counts[t->seen[i]] = 0;
    t->distinct = 0;
    t->total = total;
    for (size_t i = 0; i < total; i++)
        if (t->counts[of[i]]++ == 0) t->seen[t->distinct++] = of[i];
}

/* Σ of −log of each one's frequency among them. */
static double own_loss(const tally *t)
{
    double sum = 0;
    for (size_t i = 0; i < t->distinct; i++) {
        double n = (double)t->counts[t->seen[i]];
        sum -= n * log(n / (double)t->total);
    }
    return sum;
}

/* Witten and Bell: as many draws of something new are still to come as there have been. `shorter` says how
 * probable the token is by what is known without them. */
static double probability(const tally *t, int32_t token, double shorter)
{
    double fresh = (double)t->distinct;
    if (t->total == 0) return shorter;
    return ((double)t->counts[token] + fresh * shorter) / ((double)t->total + fresh);
}

typedef struct counting {
    size_t tokens;
    followers train, test;
    tally all, after; /* of all targets of the training part; of those after one token */
} counting;

static void measure(counting *c, ht_token_losses *to)
{
    size_t trained = c->train.start[c->tokens], tested = c->test.start[c->tokens];
    double unigram = 0, bigram = 0, own = 0, uniform = 1 / (double)c->tokens;
    count(&c->all, c->train.of, trained);
    for (size_t b = 0; b < c->tokens; b++) {
        size_t from = c->train.start[b];
        count(&c->after, c->train.of + from, c->train.start[b + 1] - from);
        own += own_loss(&c->after);
        for (size_t i = c->test.start[b]; i < c->test.start[b + 1]; i++) {
            double alone = probability(&c->all, c->test.of[i], uniform);
            unigram -= log(alone);
            bigram -= log(probability(&c->after, c->test.of[i], alone));
        }
    }
    to->unigram_entropy = own_loss(&c->all) / (double)trained;
    to->bigram_entropy = own / (double)trained;
    to->unigram = unigram / (double)tested;
    to->bigram = bigram / (double)tested;
}

static ht_code reserve(tally *t, size_t tokens, ht_error *err)
{
    t->counts = ht_alloc(tokens, sizeof *t->counts, "the counts of tokens", err);
    t->seen = ht_alloc(tokens, sizeof *t->seen, "the counts of tokens", err);
    return t->counts && t->seen ? HT_OK : err->code;
}

ht_code ht_token_losses_count(const ht_samples *train, const ht_samples *test, size_t inputs, int tokens,
                              ht_token_losses *losses, ht_error *err)
{
    counting c = {.tokens = (size_t)tokens};
    ht_code code = sort_followers(train, inputs, c.tokens, &c.train, err);
    if (code == HT_OK) code = sort_followers(test, inputs, c.tokens, &c.test, err);
    if (code == HT_OK) code = reserve(&c.all, c.tokens, err);
    if (code == HT_OK) code = reserve(&c.after, c.tokens, err);
    if (code == HT_OK) measure(&c, losses);
    free_followers(&c.train);
    free_followers(&c.test);
    ht_free(c.all.counts);
    ht_free(c.all.seen);
    ht_free(c.after.counts);
    ht_free(c.after.seen);
    return code;
}
