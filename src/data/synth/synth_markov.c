/* `markov`: a text whose entropy is known (data/synth/markov.h), so that the least possible loss is known,
 * too: a network that has it has learnt all there is. One chain for each part; samples come in its order. */
#include <math.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "data/synth/markov.h"
#include "data/tokens/tokens.h"

enum { TRAIN_TOKENS = 1 << 20, TEST_TOKENS = 1 << 17 };

/* The mean loss of the chain's own probabilities at the positions of a sample. The first sees one token. */
static double own_loss(const ht_markov *chain, const int32_t *text, size_t context)
{
    double sum = -log(ht_markov_after(chain, text[0], text[1]));
    for (size_t i = 1; i < context; i++) sum -= log(chain->next[text[i - 1]][text[i]][text[i + 1]]);
    return sum / (double)context;
}

/* Samples from a text of context tokens each and one more. */
static void cut(const ht_markov *chain, const int32_t *text, ht_raw_part *part)
{
    size_t context = part->inputs;
    for (size_t i = 0; i < part->count; i++) {
        ht_sequences_set(part, i, text + i * context);
        part->least[i] = own_loss(chain, text + i * context, context);
    }
}

static ht_code make_part(const ht_markov *chain, const ht_data_request *request, ht_synth_part which,
                         size_t tokens, size_t limit, ht_raw_part *part, ht_error *err)
{
    size_t context = (size_t)request->context, whole = tokens / context ? tokens / context : 1;
    size_t count = ht_data_limited(whole, limit), length = count * context + 1;
    ht_rng rng;
    ht_rng_init(&rng, request->seed, HT_STREAM_DATA, ht_synth_which(which, 0));
    int32_t *text = ht_alloc(length, sizeof *text, "the text", err);
    if (!text) return err->code;
    ht_markov_text(chain, &rng, text, length);
    part->least = ht_alloc(count, sizeof *part->least, "the text", err);
    ht_code code = part->least ? ht_sequences_reserve(part, count, context, err) : err->code;
    if (code == HT_OK) cut(chain, text, part);
    ht_free(text);
    return code;
}

static ht_code make(const ht_markov *chain, const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    double context = request->context, rate = ht_markov_entropy(chain, 2);
    raw->entropy = rate;
    raw->least = (ht_markov_entropy(chain, 1) + (context - 1) * rate) / context;
    raw->tokens = HT_MARKOV_KINDS;
    raw->characters = ht_alloc(HT_MARKOV_KINDS, sizeof *raw->characters, "the vocabulary", err);
    if (!raw->characters) return err->code;
    for (int k = 0; k < HT_MARKOV_KINDS; k++) raw->characters[k] = (unsigned char)ht_markov_characters[k];
    if (make_part(chain, request, HT_SYNTH_TRAIN, TRAIN_TOKENS, request->train_limit, &raw->train, err) !=
        HT_OK)
        return err->code;
    return make_part(chain, request, HT_SYNTH_TEST, TEST_TOKENS, request->test_limit, &raw->test, err);
}

ht_code ht_synth_markov(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    ht_markov *chain = ht_alloc(1, sizeof *chain, "the chain", err);
    if (!chain) return err->code;
    ht_markov_make(request->seed, chain);
    ht_code code = make(chain, request, raw, err);
    ht_free(chain);
    return code;
}
