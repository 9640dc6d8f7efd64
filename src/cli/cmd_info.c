/* cmd_info.c - the subcommands that list what there is: presets, data. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "session/data_options.h"
#include "base/alloc.h"
#include "base/text.h"
#include "heavytail/dataset.h"
#include "params/preset.h"

static const ht_option no_options[] = {{NULL, NULL, NULL}};

int ht_cmd_presets(int argc, char **argv)
{
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    ht_params params;
    if (ht_arguments_parse(&args, argc, argv, no_options, &err) != HT_OK) return ht_app_fail(&err);
    if (args.word_count == 0) {
        char name[64], title[128];
        for (int i = 0; ht_preset_embedded(i, name, sizeof name, title, sizeof title); i++)
            printf("%-23s %s\n", name, title);
        return 0;
    }
    size_t size;
    const char *text = ht_preset_text(args.words[0], &size);
    if (text) {
        fwrite(text, 1, size, stdout); /* main tells when it could not be written */
        return 0;
    }
    /* Not compiled in: the user's own, shown as it takes effect. */
    ht_params_init(&params);
    if (ht_settings_load(&params, args.words[0], &err) != HT_OK) return ht_app_fail(&err);
    char *effective = ht_preset_write(&params, &err);
    if (!effective) return ht_app_fail(&err);
    fputs(effective, stdout);
    ht_free(effective);
    return 0;
}

static int list_data(void)
{
    size_t count;
    const ht_dataset_info *table = ht_dataset_table(&count);
    for (size_t i = 0; i < count; i++)
        printf("%-14s %-51s %s\n", table[i].name, table[i].title, table[i].shape);
    return 0;
}

static void print_part(const ht_dataset *data, const char *name, const ht_samples *part)
{
    char total[32];
    ht_format_grouped(total, sizeof total, (long long)part->count);
    printf("%-8s %s samples:", name, total);
    for (int c = 0; c < data->classes; c++) {
        char label[sizeof data->class_names[c]];
        size_t count = 0;
        for (size_t i = 0; i < part->count; i++) count += part->labels[i] == c;
        ht_text_copy(label, sizeof label, data->class_names[c]);
        ht_text_clean(label);
        printf(" %s %zu%s", label, count, c + 1 < data->classes ? "," : "\n");
    }
}

/* "label: column 5, the last" a line, as two columns. Loaders clean what is in them. */
static void print_facts(const char *facts)
{
    while (facts && *facts) {
        size_t length = strcspn(facts, "\n"), key = strcspn(facts, ":");
        if (key + 2 < length)
            printf("%-8.*s %.*s\n", (int)key, facts, (int)(length - key - 2), facts + key + 2);
        facts += length + (facts[length] == '\n');
    }
}

static void print_shape(const ht_dataset *data)
{
    if (data->width > 0)
        printf("%-8s %d × %d × %d (channels × height × width)\n", "shape", data->channels, data->height,
               data->width);
    else
        printf("%-8s none: the inputs are no neighbours of each other\n", "shape");
}

/* ---- token sequences ---- */

static void print_vocabulary(const ht_dataset *data)
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

static void print_sequences(const ht_dataset *data)
{
    print_vocabulary(data);
    print_facts(data->facts);
    print_tokens(data, "train", &data->train);
    print_tokens(data, "test", &data->test);
    print_losses(data);
}

static void print_info(const ht_dataset *data)
{
    printf("%-8s %s\n%-8s %d%s\n", data->name, data->title, "inputs", data->inputs,
           !data->tokens       ? ""
           : data->inputs == 1 ? " token, the context"
                               : " tokens, the context");
    if (data->tokens) {
        print_sequences(data);
        return;
    }
    print_shape(data);
    printf("%-8s %d\n", "classes", data->classes);
    print_facts(data->facts);
    print_part(data, "train", &data->train);
    print_part(data, "test", &data->test);
}

int ht_cmd_data(int argc, char **argv)
{
    ht_arguments args = {.word_limit = 2};
    ht_error err;
    if (ht_arguments_parse(&args, argc, argv, no_options, &err) != HT_OK) return ht_app_fail(&err);
    if (args.word_count == 0 || (args.word_count == 1 && strcmp(args.words[0], "list") == 0))
        return list_data();
    if (args.word_count != 2 || strcmp(args.words[0], "info") != 0) {
        ht_error_set(&err, HT_USAGE, "data: give `list` or `info NAME`");
        return ht_app_fail(&err);
    }
    ht_params params;
    ht_params_init(&params);
    if (ht_arguments_sets(&args, &params, &err) != HT_OK) return ht_app_fail(&err);
    ht_data_options options = ht_data_options_of(&params, args.data_dir);
    ht_dataset *data = ht_dataset_load(args.words[1], &options, &err);
    if (!data) return ht_app_fail(&err);
    ht_data_tell(data);
    print_info(data);
    ht_dataset_free(data);
    return 0;
}
