#include "cli/report/token_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "session/json.h"

void ht_token_report_print_vocabulary(const ht_dataset *data)
{
    enum { SHOWN = 128 };
    printf("%-8s %d different:", "tokens", data->tokens);
    if (!data->characters) {
        printf(" numbers 0 to %d\n", data->tokens - 1);
        return;
    }
    for (int t = 0; t < data->tokens && t < SHOWN; t++) printf(" %s", data->class_names[t]);
    printf("%s\n", data->tokens > SHOWN ? " …" : "");
}

static void print_tokens(const ht_dataset *data, const char *name, const ht_samples *part)
{
    char samples[32], tokens[32];
    ht_format_grouped(samples, sizeof samples, (long long)part->count);
    ht_format_grouped(tokens, sizeof tokens, (long long)part->count * data->targets);
    printf("%-8s %s sample%s of %d, %s token%s to predict\n", name, samples, part->count == 1 ? "" : "s",
           data->targets, tokens, strcmp(tokens, "1") == 0 ? "" : "s");
}

static void print_loss(const char *name, double nats, const char *what)
{
    printf("%-8s %.4f nats (%.4f bits) a token: %s\n", name, nats, nats / log(2), what);
}

/* What a network's loss is to be compared with, from one that knows nothing on. */
static void print_losses(const ht_dataset *data)
{
    const ht_token_losses *l = &data->losses;
    char what[160];
    print_loss("uniform", log(data->tokens), "a network that knows nothing");
    snprintf(what, sizeof what,
             "one that knows only how frequent tokens are, on the test part (entropy of the counts %.4f)",
             l->unigram_entropy);
    print_loss("unigram", l->unigram, what);
    snprintf(what, sizeof what,
             "one that knows only the token before, on the test part (entropy of the counts %.4f)",
             l->bigram_entropy);
    print_loss("bigram", l->bigram, what);
    if (data->entropy <= 0) return;
    snprintf(what, sizeof what,
             "the least to expect of a sample, which begins with one token known (on this test part: %.4f)",
             l->least_test);
    print_loss("least", l->least, what);
    print_loss("entropy", data->entropy, "the entropy rate of what made the text, known exactly");
}

void ht_token_report_print_parts(const ht_dataset *data)
{
    print_tokens(data, "train", &data->train);
    print_tokens(data, "test", &data->test);
    print_losses(data);
}

json_t *ht_token_report_json(const ht_dataset *data)
{
    const ht_token_losses *l = &data->losses;
    json_t *losses =
        json_pack("{s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "tokens", data->tokens, "targets", data->targets,
                  "uniform", ht_json_number(log(data->tokens)), "unigram", ht_json_number(l->unigram),
                  "unigram_entropy", ht_json_number(l->unigram_entropy), "bigram", ht_json_number(l->bigram),
                  "bigram_entropy", ht_json_number(l->bigram_entropy));
    if (!losses || data->entropy <= 0) return losses;
    json_object_set_new(losses, "least", ht_json_number(l->least));
    json_object_set_new(losses, "least_test", ht_json_number(l->least_test));
    json_object_set_new(losses, "entropy", ht_json_number(data->entropy));
    return losses;
}
