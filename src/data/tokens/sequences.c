#include "data/tokens/sequences.h"

#include <stdio.h>

#include "base/alloc.h"
#include "data/tokens/token_losses.h"
#include "data/tokens/vocabulary.h"

ht_code ht_sequences_name(ht_raw *raw, ht_dataset *data, ht_error *err)
{
    data->tokens = data->classes = raw->tokens;
    data->class_names = ht_alloc((size_t)raw->tokens, sizeof *data->class_names, "the tokens' names", err);
    if (!data->class_names) return err->code;
    for (int t = 0; t < raw->tokens; t++)
        if (raw->characters)
            ht_character_name(raw->characters[t], raw->bytes, data->class_names[t]);
        else
            snprintf(data->class_names[t], sizeof data->class_names[t], "%d", t);
    data->characters = raw->characters;
    data->bytes = raw->bytes;
    raw->characters = NULL;
    return HT_OK;
}

ht_code ht_sequences_compare(const ht_raw *raw, ht_dataset *data, ht_error *err)
{
    const ht_raw_part *test = &raw->test;
    data->entropy = raw->entropy;
    data->losses.least = raw->least;
    for (size_t i = 0; test->least && i < data->test.count; i++)
        data->losses.least_test += test->least[i] / (double)data->test.count;
    return ht_token_losses_count(&data->train, &data->test, (size_t)data->inputs, data->tokens, &data->losses,
                                 err);
}
