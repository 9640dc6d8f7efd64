#include "params/layers_line.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What the arguments of an item are made of. */
enum {
    UNITS = 1,
    WINDOW = 2,
    STRIDE = 4,
    PAD = 8,
    MEAN = 16,
    RATE = 32,
    ACTIVATION = 64,
    WHOLE = 128,
    INSIDE = 256,
    GAINS = 512,
    TABLE = 1024,
    HEADS = 2048
};

static const struct kind {
    const char *name, *arguments;
    int takes;
} kinds[] = {
#define HT_LAYER(id, name, operations, arguments, takes, what) {name, arguments, takes},
#include "params/layers.def"
};
static const char *const activations[] = {
#define HT_ACTIVATION(id, name) name,
#include "params/activations.def"
};
enum {
    KINDS = sizeof kinds / sizeof kinds[0],
    MOST_TIMES = 1000,
    MOST_WINDOW = 1000,
    WORD = 24,
    WORDS = 16,
    NESTED = 8
};

/* An item in its words. */
typedef struct item {
    int number; /* from 1 */
    const char *text;
    int length; /* of the text, for messages */
    char word[WORDS][WORD];
    int words, at; /* how many, and the one that is read next */
} item;

/* A line under way. */
typedef struct line {
    double n;
    ht_activation otherwise;
    ht_layer_item *items;
    int count;
    int opened[NESTED], depth; /* items before each parenthesis that is open */
} line;

static ht_code complain(const item *it, ht_error *err, const char *what)
{
    return ht_error_set(err, HT_USAGE, "model.layers: item %d, '%.*s': %s", it->number, it->length, it->text,
                        what);
}

/* "dense N [ACT], pool K …", for messages. */
static void list_items(char *to, size_t size)
{
    size_t used = 0;
    for (int k = 0; k < KINDS; k++)
        used += (size_t)snprintf(to + used, size - used, "%s%s%s, ", kinds[k].name,
                                 *kinds[k].arguments ? " " : "", kinds[k].arguments);
    used += (size_t)snprintf(to + used, size - used, "or an activation alone (ACT:");
    for (int a = 0; a < (int)HT_ACTIVATIONS; a++)
        used += (size_t)snprintf(to + used, size - used, "%s %s", a ? "," : "", activations[a]);
    snprintf(to + used, size - used, ")");
}

static bool is_activation(const char *word, ht_activation *activation)
{
    for (int a = 0; a < (int)HT_ACTIVATIONS; a++)
        if (strcmp(word, activations[a]) == 0) return *activation = (ht_activation)a, true;
    return false;
}

/* ---- arguments ---- */

/* A whole number without sign or leading zeros; *end behind it. -1: none, or more than `most`. */
static long whole(const char *text, long most, const char **end)
{
    char *behind;
    *end = text;
    if (*text < '1' || *text > '9') return -1;
    long value = strtol(text, &behind, 10);
    *end = behind;
    return value <= most ? value : -1;
}

/* "300", or n with a factor before and a divisor behind it: rounded down, at least 1. */
static bool units_of(const char *word, double n, int *units)
{
    const char *at = word;
    long times = *at == 'n' ? 1 : whole(at, HT_PARAM_UNITS, &at), parts = 1;
    if (times < 1) return false;
    if (*at == '\0') return *units = (int)times, true;
    if (*at++ != 'n' || times > MOST_TIMES) return false;
    if (*at == '/') parts = whole(at + 1, MOST_TIMES, &at);
    if (parts < 1 || *at != '\0') return false;
    double exact = (double)times * n / (double)parts;
    *units = exact < 1 ? 1 : exact > INT_MAX ? INT_MAX : (int)exact;
    return true;
}

static const char *word_of(const item *it)
{
    return it->at < it->words ? it->word[it->at] : "";
}

static bool next_is(item *it, const char *word)
{
    bool is = strcmp(word_of(it), word) == 0;
    it->at += is;
    return is;
}

static ht_code read_units(item *it, const char *name, double n, ht_layer_item *to, ht_error *err)
{
    char what[200];
    const char *word = word_of(it);
    if (*word && units_of(word, n, &to->units)) return it->at++, HT_OK;
    snprintf(what, sizeof what,
             "%s needs its number of units, a whole number from 1 to %d or a part of model.width "
             "(n, 2n, n/2)%s%s",
             name, (int)HT_PARAM_UNITS, *word ? ", not " : "", word);
    return complain(it, err, what);
}

/* "3" or "3x5". */
static bool window_of(const char *word, int window[2])
{
    const char *at;
    long high = whole(word, MOST_WINDOW, &at), wide = high;
    if (high > 0 && *at == 'x') wide = whole(at + 1, MOST_WINDOW, &at);
    if (high < 1 || wide < 1 || *at != '\0') return false;
    window[0] = (int)high;
    window[1] = (int)wide;
    return true;
}

static ht_code read_window(item *it, const struct kind *kind, ht_layer_item *to, ht_error *err)
{
    char what[200];
    const char *word = word_of(it);
    if (kind->takes & WHOLE && next_is(it, "global")) return to->global = true, HT_OK;
    if (*word && window_of(word, to->window)) return it->at++, HT_OK;
    snprintf(what, sizeof what,
             "%s needs the size of its window, as 3x3 (1x7 for a series)%s, each side from 1 to %d%s%s",
             kind->name, kind->takes & WHOLE ? ", or global" : "", (int)MOST_WINDOW, *word ? ", not " : "",
             word);
    return complain(it, err, what);
}

/* A whole number after the word that has just been read. */
static ht_code read_number(item *it, const char *of, bool or_zero, int *to, ht_error *err)
{
    char what[160];
    const char *word = word_of(it), *end = word;
    long value = or_zero && strcmp(word, "0") == 0 ? 0 : whole(word, MOST_WINDOW, &end);
    if (*word && value >= 0 && (value == 0 || *end == '\0')) return it->at++, *to = (int)value, HT_OK;
    snprintf(what, sizeof what, "%s needs a whole number from %d to %d%s%s", of, or_zero ? 0 : 1,
             (int)MOST_WINDOW, *word ? ", not " : "", word);
    return complain(it, err, what);
}

static ht_code read_rate(item *it, ht_layer_item *to, ht_error *err)
{
    char what[160], *end = NULL;
    const char *word = word_of(it);
    double rate = *word >= '0' && *word <= '9' ? strtod(word, &end) : -1;
    if (end && rate >= 0 && rate < 1 && *end == '\0') return it->at++, to->rate = rate, HT_OK;
    snprintf(what, sizeof what, "dropout needs a probability of at least 0 and below 1%s%s",
             *word ? ", not " : "", word);
    return complain(it, err, what);
}

/* The next of an item's ways, `way` 0 when there is none: STRIDE, PAD or MEAN. */
static ht_code read_way(item *it, const struct kind *kind, ht_layer_item *to, int *way, ht_error *err)
{
    int takes = to->global ? kind->takes & PAD : kind->takes;
    *way = 0;
    if (takes & STRIDE && next_is(it, "stride"))
        return *way = STRIDE, read_number(it, "stride", false, &to->stride, err);
    bool same = takes & PAD && next_is(it, "same");
    if (same || (takes & PAD && next_is(it, "pad"))) {
        *way = PAD;
        if (!same && !next_is(it, "same")) return read_number(it, "pad", true, &to->pad, err);
        return to->pad = HT_PAD_SAME, HT_OK;
    }
    bool mean = takes & MEAN && next_is(it, "avg");
    if (!mean && !(takes & MEAN && next_is(it, "max"))) return HT_OK;
    return *way = MEAN, to->mean = mean, HT_OK;
}

/* stride S, pad P, same, max, avg: in any order, each once; what is not said stays as it is. */
static ht_code read_ways(item *it, const struct kind *kind, ht_layer_item *to, ht_error *err)
{
    for (int said = 0, way;; said |= way) {
        if (read_way(it, kind, to, &way, err) != HT_OK) return err->code;
        if (way == 0) return HT_OK;
        if (said & way)
            return complain(it, err,
                            way == STRIDE ? "its stride is said twice; keep one"
                            : way == PAD  ? "its padding is said twice (pad P, same); keep one"
                                          : "max or avg is said twice; keep one");
    }
}

/* As the table says which. */
static ht_code read_arguments(item *it, const struct kind *kind, double n, ht_layer_item *to, ht_error *err)
{
    char what[200];
    ht_code code = HT_OK;
    if (kind->takes & UNITS) code = read_units(it, kind->name, n, to, err);
    if (code == HT_OK && kind->takes & WINDOW) code = read_window(it, kind, to, err);
    if (code == HT_OK && kind->takes & RATE) code = read_rate(it, to, err);
    if (code == HT_OK && kind->takes & HEADS) code = read_number(it, kind->name, false, &to->heads, err);
    if (code == HT_OK) code = read_ways(it, kind, to, err);
    if (code != HT_OK) return code;
    if (kind->takes & ACTIVATION && it->at < it->words && is_activation(word_of(it), &to->activation))
        it->at++, to->named = true;
    if (it->at == it->words) return HT_OK;
    snprintf(what, sizeof what, "nothing is known of '%s'; an item is %s %s", word_of(it), kind->name,
             kind->arguments);
    return complain(it, err, what);
}

/* ---- items ---- */

/* An activation by itself: it goes to the item before it. */
static ht_code add_activation(const item *it, ht_activation activation, ht_layer_item *before, ht_error *err)
{
    char what[160];
    if (!before) return complain(it, err, "an activation needs a layer before it, whose values it takes");
    if (before->named && before->activation != HT_LINEAR && before->activation != activation) {
        snprintf(what, sizeof what, "the layer before it has its activation, %s; write linear there",
                 activations[before->activation]);
        return complain(it, err, what);
    }
    before->activation = activation;
    before->named = true;
    return HT_OK;
}

static ht_layer_item item_of(const line *to, int k)
{
    bool acts = kinds[k].takes & ACTIVATION;
    return (ht_layer_item){.kind = (ht_layer_id)k, .activation = acts ? to->otherwise : HT_LINEAR};
}

static ht_code room_for(const item *it, const line *to, ht_error *err)
{
    char what[80];
    if (to->count < HT_PARAM_LAYERS) return HT_OK;
    snprintf(what, sizeof what, "a network has at most %d layers before the output's", (int)HT_PARAM_LAYERS);
    return complain(it, err, what);
}

/* Does the item begin with the words of the name? */
static int words_of_name(const item *it, const char *name)
{
    const char *second = strchr(name, ' ');
    if (!second) return it->words > 0 && strcmp(it->word[0], name) == 0;
    size_t first = (size_t)(second - name);
    bool is = it->words > 1 && strlen(it->word[0]) == first && memcmp(it->word[0], name, first) == 0 &&
              strcmp(it->word[1], second + 1) == 0;
    return is ? 2 : 0;
}

static ht_code add_item(item *it, line *to, ht_error *err)
{
    char what[600], list[480];
    int best = -1, most = 0;
    ht_activation activation;
    if (it->words == 0) return complain(it, err, "there is nothing between two commas, or at an end");
    if (it->words == 1 && is_activation(it->word[0], &activation)) {
        bool first = to->count == (to->depth ? to->opened[to->depth - 1] : 0);
        return add_activation(it, activation, first ? NULL : &to->items[to->count - 1], err);
    }
    for (int k = 0; k < KINDS; k++) {
        int words = kinds[k].takes & INSIDE ? 0 : words_of_name(it, kinds[k].name);
        if (words > most) most = words, best = k;
    }
    if (best >= 0) {
        if (room_for(it, to, err) != HT_OK) return err->code;
        to->items[to->count] = item_of(to, best);
        to->items[to->count].number = it->number;
        it->at = most;
        return read_arguments(it, &kinds[best], to->n, &to->items[to->count++], err);
    }
    list_items(list, sizeof list);
    snprintf(what, sizeof what, "there is no such item; items are %s", list);
    return complain(it, err, what);
}

/* ---- parentheses ---- */

/* The kind whose name and "(" the text begins with; *behind: what follows. -1: none. */
static int opening(const char *text, const char **behind)
{
    for (int k = 0; k < KINDS; k++) {
        size_t length = strlen(kinds[k].name);
        if (!(kinds[k].takes & INSIDE) || strncmp(text, kinds[k].name, length) != 0) continue;
        const char *at = text + length + strspn(text + length, " ");
        if (*at == '(') return *behind = at + 1, k;
    }
    return -1;
}

static ht_code open_group(const item *it, line *to, ht_error *err)
{
    char what[100];
    snprintf(what, sizeof what, "these parentheses are nested too deep: at most %d inside each other",
             (int)NESTED);
    if (to->depth == NESTED) return complain(it, err, what);
    to->opened[to->depth++] = to->count;
    return HT_OK;
}

/* The items since the parenthesis was opened become one. */
static ht_code close_group(const item *it, line *to, ht_error *err)
{
    if (to->depth == 0) return complain(it, err, "this ) closes nothing");
    int inside = to->count - to->opened[--to->depth];
    if (room_for(it, to, err) != HT_OK) return err->code;
    to->items[to->count] = item_of(to, HT_LAYER_RESIDUAL);
    to->items[to->count].number = it->number;
    to->items[to->count++].inside = inside;
    return HT_OK;
}

/* Cuts the item into words; longer words or more of them than there are names for end it. */
static void cut(item *it, const char *text, size_t length)
{
    while (length > 0 && *text == ' ') text++, length--;
    while (length > 0 && text[length - 1] == ' ') length--;
    it->text = text;
    it->length = (int)length;
    it->words = it->at = 0;
    for (const char *end = text + length; text < end && it->words < WORDS;) {
        size_t n = 0;
        while (text + n < end && text[n] != ' ') n++;
        size_t kept = n < WORD - 1 ? n : WORD - 1;
        memcpy(it->word[it->words], text, kept);
        it->word[it->words++][kept] = '\0';
        text += n;
        while (text < end && *text == ' ') text++;
    }
}

/* One item with the parentheses around it. */
static ht_code add_text(item *it, const char *text, size_t length, line *to, ht_error *err)
{
    const char *behind, *end = text + length;
    while (text < end && *text == ' ') text++;
    cut(it, text, (size_t)(end - text));
    for (; opening(text, &behind) >= 0 && behind <= end; text = behind + strspn(behind, " "))
        if (open_group(it, to, err) != HT_OK) return err->code;
    int closed = 0;
    while (end > text && (end[-1] == ' ' || end[-1] == ')')) closed += *--end == ')';
    item inner = *it;
    cut(&inner, text, (size_t)(end > text ? end - text : 0));
    inner.text = it->text;
    inner.length = it->length;
    if (add_item(&inner, to, err) != HT_OK) return err->code;
    while (closed-- > 0)
        if (close_group(it, to, err) != HT_OK) return err->code;
    return HT_OK;
}

static bool has_matrix(const ht_layer_item *of)
{
    return of->heads > 0 || (of->units > 0 && !(kinds[of->kind].takes & TABLE));
}

/* Only layers with units have tails to watch and units to prune: a network is one of those. */
static ht_code check_units(const line *of, ht_error *err)
{
    for (int i = 0; i < of->count; i++)
        if (has_matrix(&of->items[i])) return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "model.layers: no dense, conv or attention layer before the output's: nothing to watch "
        "or to prune; add one, as dense 100");
}

int ht_layers_parse(const char *text, double n, ht_activation otherwise, ht_layer_item items[HT_PARAM_LAYERS],
                    ht_error *err)
{
    item it = {0};
    line to = {.n = n, .otherwise = otherwise, .items = items};
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        it.number++;
        if (add_text(&it, at, length, &to, err) != HT_OK) return 0;
        at += length;
        if (*at != '\0') continue;
        if (to.depth > 0) return (void)complain(&it, err, "a ) is missing at the end"), 0;
        return check_units(&to, err) == HT_OK ? to.count : 0;
    }
}

bool ht_layer_item_is_named(const ht_layer_item *of)
{
    return of->units > 0 || of->heads > 0 || kinds[of->kind].takes & GAINS;
}

bool ht_layers_scale(const char *text)
{
    ht_error unused;
    ht_layer_item at_one[HT_PARAM_LAYERS], at_many[HT_PARAM_LAYERS];
    int count = ht_layers_parse(text, 1, HT_RELU, at_one, &unused);
    if (ht_layers_parse(text, 1 << 20, HT_RELU, at_many, &unused) != count) return false;
    for (int i = 0; i < count; i++)
        if (at_one[i].units != at_many[i].units) return true;
    return false;
}
