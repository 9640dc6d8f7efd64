#include "data/synth/markov.h"

#include <math.h>
#include <string.h>

enum { K = HT_MARKOV_KINDS };

/* A made-up language: a blank, vowels and consonants that follow each other as in words one can say. */
const char ht_markov_characters[K + 1] = " adefgiklmnorstu";

typedef enum sort { BLANK, VOWEL, CONSONANT } sort;

static sort sort_of(int kind)
{
    char c = ht_markov_characters[kind];
    return c == ' ' ? BLANK : strchr("aeiou", c) ? VOWEL : CONSONANT;
}

/* Log odds of a sort after two others: no two blanks, few words of one letter, clusters of two consonants at
 * most, of vowels seldom. */
static const double odds[3][3][3] = {
    [BLANK] = {[BLANK] = {-4, 0, 0}, [VOWEL] = {-3, -3, 0}, [CONSONANT] = {-5, 1, -2}},
    [VOWEL] = {[BLANK] = {-6, -1, 0}, [VOWEL] = {-1, -5, 0}, [CONSONANT] = {1.5, 0.5, -1}},
    [CONSONANT] = {[BLANK] = {-6, 0, 0}, [VOWEL] = {0.5, -2, 0}, [CONSONANT] = {0.5, 1, -5}},
};

static void draw(ht_rng *rng, double scale, double *to, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = scale * ht_rng_normal(rng);
}

/* What is likely after a b: by the sorts, and a taste of its own of b, of a, and of the two together. */
static void make_next(ht_rng *rng, ht_markov *chain)
{
    const double by_last = 1, by_first = 1.2, by_both = 0.5;
    double last[K][K], first[K][K], both[K];
    draw(rng, by_last, last[0], K * K);
    draw(rng, by_first, first[0], K * K);
    for (int a = 0; a < K; a++)
        for (int b = 0; b < K; b++) {
            double *p = chain->next[a][b], sum = 0;
            draw(rng, by_both, both, K);
            for (int c = 0; c < K; c++)
                sum += p[c] =
                    exp(odds[sort_of(a)][sort_of(b)][sort_of(c)] + last[b][c] + first[a][c] + both[c]);
            for (int c = 0; c < K; c++) p[c] /= sum;
        }
}

/* The frequencies of pairs that a step leaves as they are: steps are made until nothing but rounding changes.
 * Every pair can follow every other one within two steps, so they get there fast, from anywhere. */
static void make_pairs(ht_markov *chain)
{
    double change = 1, after[K][K];
    for (int i = 0; i < K * K; i++) chain->pairs[i / K][i % K] = 1.0 / (K * K);
    for (int round = 0; round < 10000 && change > 1e-16; round++) {
        memset(after, 0, sizeof after);
        for (int a = 0; a < K; a++)
            for (int b = 0; b < K; b++)
                for (int c = 0; c < K; c++) after[b][c] += chain->pairs[a][b] * chain->next[a][b][c];
        change = 0;
        for (int b = 0; b < K; b++)
            for (int c = 0; c < K; c++) change = fmax(change, fabs(after[b][c] - chain->pairs[b][c]));
        memcpy(chain->pairs, after, sizeof after);
    }
}

void ht_markov_make(uint64_t seed, ht_markov *chain)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_DATA, (uint64_t)1 << 48);
    make_next(&rng, chain);
    make_pairs(chain);
}

double ht_markov_alone(const ht_markov *chain, int c)
{
    double sum = 0;
    for (int b = 0; b < K; b++) sum += chain->pairs[b][c];
    return sum;
}

double ht_markov_after(const ht_markov *chain, int b, int c)
{
    double sum = 0;
    for (int other = 0; other < K; other++) sum += chain->pairs[b][other];
    return chain->pairs[b][c] / sum;
}

static double known_by(const ht_markov *chain, int known, int a, int b, int c)
{
    if (known == 0) return ht_markov_alone(chain, c);
    return known == 1 ? ht_markov_after(chain, b, c) : chain->next[a][b][c];
}

double ht_markov_entropy(const ht_markov *chain, int known)
{
    double sum = 0;
    for (int a = 0; a < K; a++)
        for (int b = 0; b < K; b++)
            for (int c = 0; c < K; c++)
                sum -= chain->pairs[a][b] * chain->next[a][b][c] * log(known_by(chain, known, a, b, c));
    return sum;
}

static int pick(const double *p, int count, double u)
{
    int i = 0;
    for (double sum = p[0]; i < count - 1 && u >= sum; sum += p[i]) i++;
    return i;
}

void ht_markov_text(const ht_markov *chain, ht_rng *rng, int32_t *text, size_t count)
{
    int pair = pick(chain->pairs[0], K * K, ht_rng_uniform(rng));
    text[0] = pair / K;
    text[1] = pair % K;
    for (size_t i = 2; i < count; i++)
        text[i] = pick(chain->next[text[i - 2]][text[i - 1]], K, ht_rng_uniform(rng));
}
