#include "weights/tensor_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

/* ---- roles ---- */

/* Words that say what a tensor is: a whole run of letters, or the end of one where `end` is set. */
static const struct {
    const char *word;
    bool end;
    ht_name_role role;
} words[] = {
    {"weight", true, HT_NAME_WEIGHT},    {"weights", true, HT_NAME_WEIGHT},
    {"kernel", true, HT_NAME_KERNEL},    {"coef", false, HT_NAME_KERNEL},
    {"coefs", false, HT_NAME_KERNEL},    {"w", false, HT_NAME_MATRIX},
    {"wt", false, HT_NAME_MATRIX},       {"matrix", true, HT_NAME_MATRIX},
    {"bias", true, HT_NAME_BIAS},        {"biases", true, HT_NAME_BIAS},
    {"b", false, HT_NAME_BIAS},          {"intercept", false, HT_NAME_BIAS},
    {"intercepts", false, HT_NAME_BIAS},
};

/* Does the run of letters [from, to) say a role? Then from moves to where the word begins. */
static ht_name_role role_of(const char *name, size_t *from, size_t to)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word), start = to - length, k = 0;
        if (to - *from < length || (!words[i].end && start != *from)) continue;
        while (k < length && lower(name[start + k]) == words[i].word[k]) k++;
        if (k < length) continue;
        *from = start;
        return words[i].role;
    }
    return HT_NAME_PLAIN;
}

static bool is_separator(char c)
{
    return c == '.' || c == '_' || c == '-' || c == '/' || c == ':' || c == ' ';
}

/* The name without [from, to) and the separators about it. */
static void cut_out(const char *name, size_t from, size_t to, char *stem, size_t size)
{
    size_t used = 0;
    while (from > 0 && is_separator(name[from - 1])) from--;
    while (is_separator(name[to])) to++;
    for (size_t i = 0; i < from && used + 2 < size; i++) stem[used++] = lower(name[i]);
    if (from > 0 && name[to] && used + 2 < size) stem[used++] = '.';
    for (size_t i = to; name[i] && used + 1 < size; i++) stem[used++] = lower(name[i]);
    stem[used] = '\0';
}

/* The last word that says one counts: in "w1.bias" it is the bias. */
ht_name_role ht_name_read(const char *name, char *stem, size_t size)
{
    for (size_t to = strlen(name); to > 0;) {
        size_t from = to;
        while (from > 0 && is_letter(name[from - 1])) from--;
        size_t start = from;
        ht_name_role role = from < to ? role_of(name, &start, to) : HT_NAME_PLAIN;
        if (role != HT_NAME_PLAIN) {
            cut_out(name, start, to, stem, size);
            return role;
        }
        to = from < to ? from : to - 1;
    }
    cut_out(name, strlen(name), strlen(name), stem, size);
    return HT_NAME_PLAIN;
}

/* ---- numbers ---- */

enum { NUMBERS = 16, KEY = 512 };

/* A name as a pattern and the numbers in it. */
typedef struct counted {
    char key[KEY];
    const char *digits[NUMBERS];
    int length[NUMBERS], count;
} counted;

static bool take_apart(const char *name, counted *c)
{
    size_t used = 0;
    c->count = 0;
    while (*name) {
        if (!isdigit((unsigned char)*name)) {
            if (used + 1 == KEY) return false;
            c->key[used++] = lower(*name++);
            continue;
        }
        while (used > 0 && is_separator(c->key[used - 1])) used--; /* "dense_1" counts on from "dense" */
        while (name[0] == '0' && isdigit((unsigned char)name[1])) name++;
        if (c->count == NUMBERS) return false;
        c->digits[c->count] = name;
        c->length[c->count] = (int)strspn(name, "0123456789");
        name += c->length[c->count++];
    }
    c->key[used] = '\0';
    return true;
}

bool ht_name_compare(const char *a, const char *b, int *sign)
{
    counted x, y;
    *sign = 0;
    if (!take_apart(a, &x) || !take_apart(b, &y) || strcmp(x.key, y.key) != 0) return false;
    for (int i = 0; i < x.count && i < y.count && *sign == 0; i++) {
        int longer = x.length[i] - y.length[i],
            more = longer ? longer : strncmp(x.digits[i], y.digits[i], (size_t)x.length[i]);
        *sign = (more > 0) - (more < 0);
    }
    if (*sign == 0) *sign = (x.count > y.count) - (x.count < y.count);
    return *sign != 0;
}

/* ---- what is no dense layer ---- */

#define BATCH_NORM "is a part of a batch normalization"
#define ATTENTION "is a part of an attention"
#define RECURRENT "is a part of a recurrent layer"
#define EMBEDDING "is an embedding, a table for tokens"
#define QUANTIZED "is a part of quantized weights; dequantize them first"
#define PARAMETRIZED                                                                                         \
    "is a part of a parametrized weight; torch.nn.utils.parametrize.remove_parametrizations makes it one"

static const struct {
    const char *part, *what;
} obstacles[] = {
    {"lora_", "is an adapter that is added to the weights of another file; merge it first (peft: "
              "merge_and_unload)"},
    {"num_batches_tracked", BATCH_NORM},
    {"running_mean", BATCH_NORM},
    {"running_var", BATCH_NORM},
    {"moving_mean", BATCH_NORM},
    {"moving_variance", BATCH_NORM},
    {"weight_orig", "is a part of a pruned weight; torch.nn.utils.prune.remove makes it one"},
    {"weight_mask", "is the mask of a pruned weight; torch.nn.utils.prune.remove makes it one"},
    {"parametrizations.", PARAMETRIZED},
    {"weight_g$", PARAMETRIZED},
    {"weight_v$", PARAMETRIZED},
    {"weight_scale", QUANTIZED},
    {"input_scale", QUANTIZED},
    {"scale_inv", QUANTIZED},
    {"qweight", QUANTIZED},
    {"qzeros", QUANTIZED},
    {"zero_point", QUANTIZED},
    {"weight_ih_l", RECURRENT},
    {"weight_hh_l", RECURRENT},
    {"recurrent_kernel", RECURRENT},
    {"attn", ATTENTION},
    {"attention", ATTENTION},
    {"q_proj", ATTENTION},
    {"k_proj", ATTENTION},
    {"v_proj", ATTENTION},
    {"qkv", ATTENTION},
    {"in_proj_weight", ATTENTION},
    {"embedding", EMBEDDING},
};

/* At the beginning of a word: "k_proj" is not in "back_proj". '$' stands for the end of the name. */
static bool has(const char *name, const char *part)
{
    for (const char *start = name; *name; name++) {
        size_t i = 0;
        if (name > start && is_letter(name[-1]) && is_letter(part[0]) && !isupper((unsigned char)*name))
            continue;
        while (part[i] && part[i] != '$' && lower(name[i]) == part[i]) i++;
        if (part[i] == '\0' || (part[i] == '$' && name[i] == '\0')) return true;
    }
    return false;
}

const char *ht_name_obstacle(const char *name)
{
    for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++)
        if (has(name, obstacles[i].part)) return obstacles[i].what;
    return ht_name_is_embedding(name) ? EMBEDDING : NULL;
}

/* ---- tables whose rows are looked up ---- */

typedef enum table_word { OTHER, PATCH, BESIDE, LOOKED_UP, EMBED } table_word;

/* BESIDE says nothing alone, but stands beside words that do: "word_embeddings", "token_type". */
static table_word table_word_of(const char *word, size_t length)
{
    static const struct {
        const char *word;
        table_word is;
    } known[] = {
        {"embedding", EMBED}, {"embeddings", EMBED},   {"embed", EMBED},         {"embeds", EMBED},
        {"emb", EMBED},       {"embs", EMBED},         {"wte", LOOKED_UP},       {"wpe", LOOKED_UP},
        {"tok", LOOKED_UP},   {"toks", LOOKED_UP},     {"token", LOOKED_UP},     {"tokens", LOOKED_UP},
        {"pos", LOOKED_UP},   {"position", LOOKED_UP}, {"positions", LOOKED_UP}, {"word", BESIDE},
        {"type", BESIDE},     {"segment", BESIDE},     {"char", BESIDE},         {"table", BESIDE},
        {"learned", BESIDE},  {"absolute", BESIDE},    {"patch", PATCH},         {"patches", PATCH},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t k = 0;
        while (k < length && lower(word[k]) == known[i].word[k]) k++;
        if (k == length && known[i].word[k] == '\0') return known[i].is;
    }
    return OTHER;
}

/* The part of the name that names the module, [from, to): "wte" of "transformer.wte.weight". */
static void module_of(const char *name, size_t *from, size_t *to)
{
    static const char *const ends[] = {".weight", "/weight", ".kernel", "/kernel", ":0"};
    *to = strlen(name);
    for (size_t i = sizeof ends / sizeof ends[0]; i-- > 0;) {
        size_t length = strlen(ends[i]);
        if (*to > length && strncmp(name + *to - length, ends[i], length) == 0) *to -= length;
    }
    for (*from = *to; *from > 0 && name[*from - 1] != '.' && name[*from - 1] != '/';) --*from;
}

/* All words of the module say so, or its last one says "embedding". A patch's is a convolution; "embed_out" a
 * layer; what stands below, "embeddings.dense", has a name of its own. */
bool ht_name_is_embedding(const char *name)
{
    size_t from, to;
    bool any = false, all = true;
    table_word last = OTHER;
    module_of(name, &from, &to);
    for (size_t i = from, end; i < to; i = end) {
        end = i + 1;
        if (!is_letter(name[i])) continue;
        while (end < to && is_letter(name[end]) &&
               !(islower((unsigned char)name[end - 1]) && isupper((unsigned char)name[end])))
            end++;
        last = table_word_of(name + i, end - i);
        if (last == PATCH) return false;
        any = any || last >= LOOKED_UP;
        all = all && last != OTHER;
    }
    return any && (all || last == EMBED);
}

bool ht_name_is_aside(const char *name)
{
    static const char *const parts[] = {"exp_avg", "momentum", "optimizer", "running_", ".grad"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (has(name, parts[i])) return true;
    return false;
}

bool ht_name_is_ours_aside(const char *name)
{
    static const char *const tables[] = {"occam.epochs", "occam.compute", "average.recent"},
                             *const parts[] = {"bias.",   "running_mean.", "running_var.",
                                               "tokens.", "positions.",    "c_attn.bias.",
                                               "c_attn.", "c_proj.bias.",  "c_proj."},
                             *const arrays[] = {"momentum",  "factors.0", "factors.1", "factors.2",
                                                "factors.3", "average",   "best",      "mean",
                                                "square",    "mask"};
    int number, length = 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(name, tables[i]) == 0) return true;
    if (sscanf(name, "layers.%9d.%n", &number, &length) != 1 || length == 0) return false;
    name += length;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strncmp(name, parts[i], strlen(parts[i])) == 0) {
            name += strlen(parts[i]);
            break;
        }
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        if (strcmp(name, arrays[i]) == 0) return true;
    return false;
}
