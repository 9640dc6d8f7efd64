#include "fuzz/sets.h"

#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "heavytail/dataset.h"

static void look(const ht_dataset *data, const ht_samples *part)
{
    fuzz_require(part->count > 0, "each part has samples");
    for (size_t i = 0; i < part->count * (size_t)data->targets; i++)
        fuzz_require(part->labels[i] >= 0 && part->labels[i] < data->classes, "labels are classes");
    for (size_t i = 0; i < part->count * (size_t)data->inputs; i++)
        fuzz_require(isfinite(part->x[i]), "inputs are finite");
}

/* The columns of a table have the inputs among them, each once. */
static void look_at_columns(const ht_dataset *data)
{
    int next = 0;
    for (size_t i = 0; i < data->column_count; i++) {
        const ht_dataset_column *c = &data->columns[i];
        size_t lines = 0;
        for (const char *p = c->words; p && *p; p++) lines += *p == '\n';
        fuzz_require(memchr(c->name, '\0', sizeof c->name) != NULL, "names of columns end");
        fuzz_require(lines == c->values, "a category has a word");
        if (c->inputs == 0) continue;
        fuzz_require(c->first == next, "columns have their inputs in order");
        fuzz_require(c->role == HT_COLUMN_NUMBERS || c->role == HT_COLUMN_CATEGORIES, "others have none");
        next += c->inputs;
    }
    fuzz_require(data->column_count == 0 || next == data->inputs, "all inputs are of a column");
}

/* Of token sequences every number is a token. */
static void look_at_tokens(const ht_dataset *data, const ht_samples *part)
{
    fuzz_require(data->tokens == data->classes && data->targets == data->inputs, "tokens are classes");
    for (size_t i = 0; i < part->count * (size_t)data->inputs; i++)
        fuzz_require(part->x[i] >= 0 && part->x[i] < (float)data->tokens, "inputs are tokens");
    const ht_token_losses *l = &data->losses;
    fuzz_require(isfinite(l->unigram) && isfinite(l->bigram) && l->unigram_entropy >= 0 &&
                     l->bigram_entropy >= 0,
                 "frequencies have losses");
}

void fuzz_load(const char *name)
{
    fuzz_load_as(name, (ht_data_options){0});
}

void fuzz_load_as(const char *name, ht_data_options options)
{
    ht_error err = {HT_OK, ""};
    options.dir = fuzz_dir();
    options.seed = 1;
    ht_dataset *data = ht_dataset_load(name, &options, &err);
    if (!data) {
        fuzz_require(err.code != HT_OK, "no data set, hence an error");
        fuzz_outcome(err.code, &err);
        return;
    }
    fuzz_require(data->inputs > 0 && data->classes >= 2, "a data set has inputs and classes");
    int shape = data->channels * data->height * data->width;
    fuzz_require(shape == 0 ? !data->channels && !data->height && !data->width : shape == data->inputs,
                 "the shape of a sample holds its inputs, or there is none");
    look(data, &data->train);
    look(data, &data->test);
    look_at_columns(data);
    fuzz_require(data->targets >= 1, "a sample has a label");
    if (data->tokens) look_at_tokens(data, &data->train), look_at_tokens(data, &data->test);
    for (int c = 0; c < data->classes; c++)
        fuzz_require(memchr(data->class_names[c], '\0', sizeof data->class_names[c]) != NULL, "names end");
    ht_dataset_free(data);
}
