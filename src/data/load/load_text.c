/* text:FILE - a text for a language model: its characters (UTF-8) or bytes are the tokens, samples are
 * data.context of them with the next one as the target of each. The vocabulary is that of the whole file, as
 * such models have it (a character of the test part that training has not seen has its row all the same). */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/source.h"
#include "data/tokens/tokens.h"
#include "data/tokens/vocabulary.h"

enum { TEXT_BYTES_MAX = 1 << 28 }; /* 12 bytes a token in memory */

/* The names of those that only the test part has, or that fill no sample, for a note. */
static ht_code tell_unseen(const ht_raw *raw, ht_notes *notes, ht_error *err)
{
    enum { SHOWN = 8 };
    const ht_raw_part *part = &raw->train;
    bool *seen = ht_alloc((size_t)raw->tokens, sizeof *seen, "the vocabulary", err);
    if (!seen) return err->code;
    for (size_t i = 0; i < part->count * part->inputs; i++)
        seen[(size_t)part->x[i]] = seen[part->targets[i]] = true;
    ht_text names = {0};
    size_t unseen = 0;
    for (int t = 0; t < raw->tokens; t++) {
        char name[HT_LABEL_NAME];
        if (seen[t]) continue;
        ht_character_name(raw->characters[t], raw->bytes, name);
        if (unseen++ < SHOWN) ht_text_add(&names, "%s%s", unseen > 1 ? " " : "", name);
    }
    if (unseen > 0)
        ht_notes_add(
            notes,
            "%zu of %d characters do not occur in the training part (%s%s); they have their place in "
            "the vocabulary, but nothing is learnt of them",
            unseen, raw->tokens, names.data ? names.data : "", unseen > SHOWN ? " …" : "");
    ht_text_free(&names);
    ht_free(seen);
    return HT_OK;
}

static void say_split(const ht_data_request *request, const ht_text_split *split, ht_raw *raw)
{
    if (split->left > 0)
        ht_notes_add(&raw->notes,
                     "%zu tokens at the ends of stretches fill no sample of %d + 1 and are left out",
                     split->left, request->context);
    ht_notes_add(&raw->facts,
                 "split: %g of the text is the test part, in %zu stretch%s%s, drawn with seed %" PRIu64,
                 request->split, split->tests, split->tests == 1 ? "" : "es",
                 split->tests == 1 ? "" : " from all over it", request->seed);
}

static ht_code make_samples(const ht_data_request *request, const int32_t *tokens, size_t count, ht_raw *raw,
                            ht_error *err)
{
    ht_text_split split;
    size_t context = (size_t)request->context;
    if (!ht_text_split_make(count, context, request->split, request->seed, &split)) {
        if (count < 4)
            return ht_error_set(
                err, HT_FAIL,
                "%s: has %zu tokens, and the least is 4: two for the training part, two for the "
                "test part",
                raw->train.path, count);
        return ht_error_set(
            err, HT_FAIL,
            "%s: has %zu tokens, and with data.context=%zu training part and test part need %zu "
            "each at least; give a longer text or set data.context to %zu or less",
            raw->train.path, count, context, context + 1, count / 2 - 1);
    }
    if (ht_text_samples(tokens, &split, false, context, request->seed, &raw->train, err) != HT_OK)
        return err->code;
    if (ht_text_samples(tokens, &split, true, context, request->seed, &raw->test, err) != HT_OK)
        return err->code;
    say_split(request, &split, raw);
    return tell_unseen(raw, &raw->notes, err);
}

static ht_code read_tokens(const ht_data_request *request, const char *text, size_t size, ht_raw *raw,
                           ht_error *err)
{
    ht_characters characters = {0};
    int32_t *tokens = NULL;
    const char *path = raw->train.path;
    raw->bytes = request->tokens == HT_TOKENS_BYTES;
    ht_code code = ht_characters_read(path, text, size, raw->bytes, &characters, err);
    if (code == HT_OK)
        code = ht_vocabulary_make(path, &characters, &raw->characters, &raw->tokens, &tokens, err);
    size_t count = characters.count;
    if (characters.mark) ht_notes_add(&raw->notes, "%s: begins with a byte order mark, left out", path);
    ht_characters_free(&characters);
    if (code == HT_OK) {
        ht_notes_add(&raw->facts, "text: %zu %s", count, raw->bytes ? "bytes" : "characters");
        code = make_samples(request, tokens, count, raw, err);
    }
    ht_free(tokens);
    return code;
}

ht_code ht_load_text(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    char *text;
    size_t size;
    if (ht_source_path(request, request->argument, raw->train.path, err) != HT_OK) return err->code;
    memcpy(raw->test.path, raw->train.path, sizeof raw->test.path);
    if (ht_file_read(raw->train.path, TEXT_BYTES_MAX, &text, &size, err) != HT_OK) return err->code;
    ht_code code = read_tokens(request, text, size, raw, err);
    ht_free(text);
    return code;
}
