#include "data/tokens/vocabulary.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "data/tokens/tokens.h"

enum { UNICODE = 0x110000, BYTE_ORDER_MARK = 0xfeff };

void ht_characters_free(ht_characters *c)
{
    ht_free(c->of);
    *c = (ht_characters){0};
}

static size_t line_of(const char *text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset; i++) line += text[i] == '\n';
    return line;
}

static ht_code no_text(const char *path, const char *text, size_t offset, ht_error *err)
{
    unsigned byte = (unsigned char)text[offset];
    bool wide = strncmp(text, "\xff\xfe", 2) == 0 || strncmp(text, "\xfe\xff", 2) == 0;
    bool packed = strncmp(text, "\x1f\x8b", 2) == 0;
    const char *advice = wide     ? "it looks like UTF-16: convert it (iconv -f UTF-16 -t UTF-8)"
                         : packed ? "it is packed: unpack it (gunzip)"
                         : byte ? "convert the file (iconv -f LATIN1 -t UTF-8, if it is that), or read it as "
                                  "bytes: data.tokens=bytes"
                                : "take it out (tr -d '\\000'), or read the file as bytes: data.tokens=bytes";
    return ht_error_set(err, HT_FAIL, "%s:%zu: byte %zu of the file (0x%02x) is %s; %s", path,
                        line_of(text, offset), offset + 1, byte,
                        byte ? "no UTF-8" : "zero, which no text has", advice);
}

static ht_code decode(const char *path, const char *text, size_t size, ht_characters *to, ht_error *err)
{
    size_t offset = 0;
    while (offset < size) {
        unsigned c;
        size_t n = ht_utf8_decode(text + offset, &c);
        if (n == 0 || (c == 0xfffd && n == 1)) return no_text(path, text, offset, err);
        if (c == BYTE_ORDER_MARK && offset == 0)
            to->mark = true;
        else
            to->of[to->count++] = c;
        offset += n;
    }
    return HT_OK;
}

ht_code ht_characters_read(const char *path, const char *text, size_t size, bool bytes, ht_characters *to,
                           ht_error *err)
{
    to->bytes = bytes;
    to->of = ht_alloc(size + 1, sizeof *to->of, "the text", err);
    if (!to->of) return err->code;
    if (!bytes && decode(path, text, size, to, err) != HT_OK) return err->code;
    for (; bytes && to->count < size; to->count++) to->of[to->count] = (unsigned char)text[to->count];
    if (to->count > 0) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: is empty; give a file with a text in it", path);
}

static ht_code check_kinds(const char *path, const ht_characters *c, size_t kinds, ht_error *err)
{
    char name[HT_LABEL_NAME];
    if (kinds > HT_TOKENS_MAX)
        return ht_error_set(
            err, HT_FAIL,
            "%s: has %zu different characters, and a network gets a row for each: %d at most; "
            "is it a text? As bytes (data.tokens=bytes) it has no more than 256",
            path, kinds, HT_TOKENS_MAX);
    if (kinds >= 2) return HT_OK;
    ht_character_name(c->of[0], c->bytes, name);
    return ht_error_set(
        err, HT_FAIL,
        "%s: all of its %zu characters are the same, '%s': there is nothing to predict; give a "
        "text with two different ones at least",
        path, c->count, name);
}

/* `number` is by character: 1 + its token, 0 of those that do not occur. */
static ht_code make(const char *path, const ht_characters *c, int32_t *number, uint32_t **vocabulary,
                    int *tokens, int32_t **numbers, ht_error *err)
{
    int32_t kinds = 0;
    for (size_t i = 0; i < c->count; i++) number[c->of[i]] = 1;
    for (size_t k = 0; k < UNICODE; k++)
        if (number[k]) number[k] = ++kinds;
    if (check_kinds(path, c, (size_t)kinds, err) != HT_OK) return err->code;
    *vocabulary = ht_alloc((size_t)kinds, sizeof **vocabulary, "the vocabulary", err);
    *numbers = ht_alloc(c->count, sizeof **numbers, "the tokens", err);
    if (!*vocabulary || !*numbers) return err->code;
    for (uint32_t k = 0; k < UNICODE; k++)
        if (number[k]) (*vocabulary)[number[k] - 1] = k;
    for (size_t i = 0; i < c->count; i++) (*numbers)[i] = number[c->of[i]] - 1;
    *tokens = kinds;
    return HT_OK;
}

ht_code ht_vocabulary_make(const char *path, const ht_characters *c, uint32_t **vocabulary, int *tokens,
                           int32_t **numbers, ht_error *err)
{
    int32_t *number = ht_alloc(UNICODE, sizeof *number, "the vocabulary", err);
    if (!number) return err->code;
    ht_code code = make(path, c, number, vocabulary, tokens, numbers, err);
    ht_free(number);
    return code;
}

void ht_character_name(uint32_t c, bool bytes, char to[HT_LABEL_NAME])
{
    static const char *const names[] = {['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r", [' '] = "space"};
    if (c <= ' ' && names[c])
        ht_text_copy(to, HT_LABEL_NAME, names[c]);
    else if (c < ' ' || c == 0x7f || (bytes && c > 0x7f))
        snprintf(to, HT_LABEL_NAME, "\\x%02x", c);
    else if (ht_text_is_control(c) || c == 0xa0)
        snprintf(to, HT_LABEL_NAME, "U+%04X", c);
    else
        ht_utf8_encode(c, to);
}
