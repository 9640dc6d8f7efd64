#include "lesson/condition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

typedef enum kind { NUMBER, WORD } kind;

static const struct {
    const char *name;
    kind kind;
} table[HT_QUANTITIES] = {
#define HT_QUANTITY(id, name, kind, what) {name, kind},
#include "lesson/quantities.def"
};

static const char *const signs[HT_COMPARISONS] = {"is", "<", "<=", ">", ">="};

const char *ht_quantity_name(ht_quantity quantity)
{
    return table[quantity].name;
}

static int find_quantity(const char *name)
{
    int q = HT_QUANTITIES - 1;
    while (q >= 0 && strcmp(table[q].name, name) != 0) q--;
    return q;
}

/* The next word between blanks; false at the end, or when it is too long. */
static bool next_word(const char **at, char word[24])
{
    *at += strspn(*at, " \t");
    size_t length = strcspn(*at, " \t");
    if (length == 0 || length >= 24) return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length;
    return true;
}

/* "0.2", "twin.kappa", "twin.kappa + 0.1", "accuracy - 0.02". */
static ht_code parse_right(ht_term *term, const char **at, const char *word, ht_error *err)
{
    char sign[24], number[24];
    const char *ahead = *at;
    if (ht_parse_number(word, &term->number)) return HT_OK;
    term->right = find_quantity(word);
    if (term->right < 0 || table[term->right].kind != NUMBER)
        return ht_error_set(err, HT_USAGE, "'%s' is neither a number nor a quantity that is one", word);
    term->number = 0;
    if (!next_word(&ahead, sign) || (strcmp(sign, "+") != 0 && strcmp(sign, "-") != 0)) return HT_OK;
    if (!next_word(&ahead, number) || !ht_parse_number(number, &term->number))
        return ht_error_set(err, HT_USAGE, "after '%s %s' a number is missing", word, sign);
    if (sign[0] == '-') term->number = -term->number;
    *at = ahead;
    return HT_OK;
}

static ht_code parse_term(ht_term *term, const char **at, ht_error *err)
{
    char left[24], sign[24], right[24];
    if (!next_word(at, left) || !next_word(at, sign) || !next_word(at, right))
        return ht_error_set(err, HT_USAGE, "a comparison is three words, as in: kappa > 0.2");
    int quantity = find_quantity(left), comparison = HT_COMPARISONS - 1;
    if (quantity < 0)
        return ht_error_set(err, HT_USAGE, "'%s' is no quantity; docs/lessons.md lists them", left);
    while (comparison >= 0 && strcmp(signs[comparison], sign) != 0) comparison--;
    if (comparison < 0) return ht_error_set(err, HT_USAGE, "'%s' is none of: is, <, <=, >, >=", sign);
    if ((comparison == HT_IS) != (table[quantity].kind == WORD))
        return ht_error_set(err, HT_USAGE, "%s is a %s: it goes with %s", left,
                            table[quantity].kind == WORD ? "word" : "number",
                            table[quantity].kind == WORD ? "'is'" : "<, <=, > or >=");
    *term = (ht_term){.left = (ht_quantity)quantity, .comparison = (ht_comparison)comparison, .right = -1};
    if (comparison != HT_IS) return parse_right(term, at, right, err);
    ht_text_copy(term->word, sizeof term->word, right);
    return HT_OK;
}

ht_code ht_condition_parse(ht_condition *c, const char *text, ht_error *err)
{
    char word[24];
    *c = (ht_condition){0};
    do {
        if (c->count == HT_TERMS)
            return ht_error_set(err, HT_USAGE, "a condition has at most %d comparisons", HT_TERMS);
        if (parse_term(&c->term[c->count++], &text, err) != HT_OK) return err->code;
        if (!next_word(&text, word)) break;
        if (strcmp(word, "and") != 0)
            return ht_error_set(err, HT_USAGE, "'%s': comparisons are joined by 'and'", word);
    } while (true);
    text += strspn(text, " \t");
    if (*text) return ht_error_set(err, HT_USAGE, "'%.40s': comparisons are joined by 'and'", text);
    return HT_OK;
}

static bool compare(double left, ht_comparison comparison, double right)
{
    switch (comparison) {
    case HT_LESS:
        return left < right;
    case HT_AT_MOST:
        return left <= right;
    case HT_MORE:
        return left > right;
    default:
        return left >= right;
    }
}

static ht_truth decide(const ht_term *t, const ht_lesson_values *v)
{
    if (t->comparison == HT_IS) {
        const char *word = v->word[t->left];
        return !word ? HT_UNKNOWN : strcmp(word, t->word) == 0 ? HT_TRUE : HT_FALSE;
    }
    double left = v->number[t->left], right = (t->right < 0 ? 0 : v->number[t->right]) + t->number;
    if (isnan(left) || isnan(right)) return HT_UNKNOWN;
    return compare(left, t->comparison, right) ? HT_TRUE : HT_FALSE;
}

ht_truth ht_condition_decide(const ht_condition *c, const ht_lesson_values *values)
{
    ht_truth all = HT_TRUE;
    for (int i = 0; i < c->count; i++) {
        ht_truth one = decide(&c->term[i], values);
        if (one == HT_FALSE) return HT_FALSE;
        if (one == HT_UNKNOWN) all = HT_UNKNOWN;
    }
    return all;
}

bool ht_condition_about(const ht_condition *c, const char *begin)
{
    size_t length = strlen(begin);
    for (int i = 0; i < c->count; i++) {
        const ht_term *t = &c->term[i];
        if (strncmp(table[t->left].name, begin, length) == 0) return true;
        if (t->right >= 0 && strncmp(table[t->right].name, begin, length) == 0) return true;
    }
    return false;
}

void ht_condition_tell(const ht_condition *c, const ht_lesson_values *v, char *to, size_t size)
{
    bool told[HT_QUANTITIES] = {false};
    size_t used = 0;
    to[0] = '\0';
    for (int i = 0; i < 2 * c->count; i++) {
        int q = i % 2 ? c->term[i / 2].right : (int)c->term[i / 2].left;
        if (q < 0 || told[q] || used >= size) continue;
        told[q] = true;
        const char *comma = used ? ", " : "", *name = table[q].name;
        int length =
            table[q].kind == WORD
                ? snprintf(to + used, size - used, "%s%s %s", comma, name, v->word[q] ? v->word[q] : "?")
            : isnan(v->number[q]) ? snprintf(to + used, size - used, "%s%s unknown", comma, name)
                                  : snprintf(to + used, size - used, "%s%s %.4g", comma, name, v->number[q]);
        used += length > 0 ? (size_t)length : 0;
    }
}
