#include "params/layers_line.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct kind {
    const char *name, *arguments;
} kinds[] = {
#define HT_LAYER(id, name, operations, arguments, what) {name, arguments},
#include "params/layers.def"
};
static const char *const activations[] = {
#define HT_ACTIVATION(id, name) name,
#include "params/activations.def"
};
enum { KINDS = sizeof kinds / sizeof kinds[0], MOST_TIMES = 1000, WORD = 24, WORDS = 16 };

/* An item in its words. */
typedef struct item {
    int number; /* from 1 */
    const char *text;
    int length; /* of the text, for messages */
    char word[WORDS][WORD];
    int words, at; /* how many, and the one that is read next */
} item;

static ht_code complain(const item *it, ht_error *err, const char *what)
{
    return ht_error_set(err, HT_USAGE, "model.layers: item %d, '%.*s': %s", it->number, it->length, it->text,
                        what);
}

/* "dense N [ACT]; relu, tanh …", for messages. */
static void list_items(char *to, size_t size)
{
    size_t used = 0;
    for (int k = 0; k < KINDS; k++)
        used += (size_t)snprintf(to + used, size - used, "%s %s, ", kinds[k].name, kinds[k].arguments);
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

static ht_code read_units(item *it, const char *name, double n, ht_layer_item *to, ht_error *err)
{
    char what[200];
    const char *word = it->at < it->words ? it->word[it->at] : "";
    if (*word && units_of(word, n, &to->units)) return it->at++, HT_OK;
    snprintf(what, sizeof what,
             "%s needs its number of units, a whole number from 1 to %d or a part of model.width "
             "(n, 2n, n/2)%s%s",
             name, (int)HT_PARAM_UNITS, *word ? ", not " : "", word);
    return complain(it, err, what);
}

/* As the table says which. */
static ht_code read_arguments(item *it, const struct kind *kind, double n, ht_layer_item *to, ht_error *err)
{
    char what[200];
    if (read_units(it, kind->name, n, to, err) != HT_OK) return err->code;
    if (it->at < it->words && is_activation(it->word[it->at], &to->activation)) it->at++, to->named = true;
    if (it->at == it->words) return HT_OK;
    snprintf(what, sizeof what, "nothing is known of '%s'; an item is %s %s", it->word[it->at], kind->name,
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

static ht_code add_item(item *it, double n, ht_activation otherwise, ht_layer_item items[], int *count,
                        ht_error *err)
{
    char what[300], list[200];
    ht_activation activation;
    if (it->words == 0) return complain(it, err, "there is nothing between two commas, or at an end");
    if (it->words == 1 && is_activation(it->word[0], &activation))
        return add_activation(it, activation, *count ? &items[*count - 1] : NULL, err);
    for (int k = 0; k < KINDS; k++) {
        if (strcmp(it->word[0], kinds[k].name) != 0) continue;
        if (*count == HT_PARAM_LAYERS)
            return complain(it, err, "a network has at most 16 layers before the output's");
        items[*count] = (ht_layer_item){.kind = (ht_layer_id)k, .activation = otherwise};
        it->at = 1;
        return read_arguments(it, &kinds[k], n, &items[(*count)++], err);
    }
    list_items(list, sizeof list);
    snprintf(what, sizeof what, "there is no such item; items are %s", list);
    return complain(it, err, what);
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

int ht_layers_parse(const char *line, double n, ht_activation otherwise, ht_layer_item items[HT_PARAM_LAYERS],
                    ht_error *err)
{
    item it = {0};
    int count = 0;
    for (const char *at = line;; at++) {
        size_t length = strcspn(at, ",");
        it.number++;
        cut(&it, at, length);
        if (add_item(&it, n, otherwise, items, &count, err) != HT_OK) return 0;
        at += length;
        if (*at == '\0') return count;
    }
}

bool ht_layers_scale(const char *line)
{
    ht_error unused;
    ht_layer_item at_one[HT_PARAM_LAYERS], at_many[HT_PARAM_LAYERS];
    int count = ht_layers_parse(line, 1, HT_RELU, at_one, &unused);
    if (ht_layers_parse(line, 1 << 20, HT_RELU, at_many, &unused) != count) return false;
    for (int i = 0; i < count; i++)
        if (at_one[i].units != at_many[i].units) return true;
    return false;
}
