#include "view/words/glossary.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "view/panel.h"

static const ht_word table[] = {
#define HT_WORD(word, symbol, also, meaning, where) {word, symbol, also, meaning, where},
#include "view/words/glossary.def"
};
enum { WORDS = sizeof table / sizeof table[0], NAME = 64 };

const ht_word *ht_words(size_t *count)
{
    *count = WORDS;
    return table;
}

/* Is it one of the names that the list has between blanks? */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strcasestr(at, name)); at++)
        if (at > list && at[-1] == ' ' && at[length] == ' ') return true;
    return false;
}

static bool is_called(const ht_word *w, const char *name)
{
    return strcasecmp(w->word, name) == 0 || (w->symbol[0] && strcmp(w->symbol, name) == 0) ||
           is_listed(w->also, name);
}

static bool from_table(const char *name, ht_explained *e)
{
    for (int i = 0; i < WORDS; i++) {
        const ht_word *w = &table[i];
        if (!is_called(w, name)) continue;
        snprintf(e->title, sizeof e->title, "%s%s%s", w->symbol, w->symbol[0] ? ", " : "", w->word);
        ht_text_copy(e->text, sizeof e->text, w->meaning);
        ht_text_copy(e->where, sizeof e->where, w->where);
        return true;
    }
    return false;
}

/* What has this name in the tables of estimators, pruning methods, parameters and panels. */
static bool from_others(const char *name, ht_explained *e)
{
    ht_text_copy(e->title, sizeof e->title, name);
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        const ht_estimator_info *info = ht_estimator_at((ht_estimator)i);
        if (strcasecmp(info->name, name) != 0) continue;
        snprintf(e->text, sizeof e->text, "an estimator of the tail index: %s; it assumes %s (%s)",
                 info->formula, info->assumes, info->citation);
        ht_text_copy(e->where, sizeof e->where, "t");
        return true;
    }
    for (int q = 0; q < HT_QUALITIES; q++) {
        if (strcasecmp(ht_quality_word((ht_quality)q), name) != 0) continue;
        snprintf(e->text, sizeof e->text, "a verdict on an estimate of the tail index: %s",
                 ht_quality_meaning((ht_quality)q));
        ht_text_copy(e->where, sizeof e->where, "right now, t");
        return true;
    }
    for (int i = 0; i < HT_PRUNE_METHODS; i++) {
        const ht_prune_info *info = ht_prune_at((ht_prune_method)i);
        if (strcasecmp(info->name, name) != 0) continue;
        snprintf(e->text, sizeof e->text, "a pruning method: it removes %s", info->what);
        snprintf(e->where, sizeof e->where, "p, then %d", i + 1);
        return true;
    }
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at((ht_param)p);
        if (strcasecmp(info->key, name) != 0 && strcasecmp(strchr(info->key, '.') + 1, name) != 0) continue;
        ht_text_copy(e->text, sizeof e->text, info->help);
        snprintf(e->where, sizeof e->where, "F2, %s", info->key);
        return true;
    }
    for (int i = 0; i < HT_PANEL_COUNT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        if (strcasecmp(panel->name, name) != 0 || !panel->explain[0]) continue;
        ht_text_copy(e->text, sizeof e->text, panel->explain);
        ht_text_copy(e->where, sizeof e->where, "a panel; Tab chooses it, z enlarges it");
        return true;
    }
    return false;
}

bool ht_word_explain(const char *name, ht_explained *e)
{
    char one[NAME];
    *e = (ht_explained){0};
    if (name[0] == '\0' || strlen(name) >= sizeof one) return false;
    if (from_table(name, e) || from_others(name, e)) return true;
    ht_text_copy(one, sizeof one, name);
    size_t length = strlen(one);
    if (length < 4 || one[length - 1] != 's') return false;
    one[length - 1] = '\0';
    return from_table(one, e) || from_others(one, e);
}

static void offer_list(ht_guess *guess, const char *list)
{
    char name[NAME];
    for (const char *at = list; *(at += strspn(at, " "));) {
        size_t length = strcspn(at, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        ht_guess_offer(guess, name);
        at += length;
    }
}

void ht_word_guess(const char *name, char *to, size_t size)
{
    ht_guess guess = ht_guess_for(name);
    for (int i = 0; i < WORDS; i++) {
        ht_guess_offer(&guess, table[i].word);
        offer_list(&guess, table[i].also);
    }
    for (int i = 0; i < HT_ESTIMATORS; i++) ht_guess_offer(&guess, ht_estimator_at((ht_estimator)i)->name);
    for (int q = 0; q < HT_QUALITIES; q++) ht_guess_offer(&guess, ht_quality_word((ht_quality)q));
    for (int i = 0; i < HT_PRUNE_METHODS; i++) ht_guess_offer(&guess, ht_prune_at((ht_prune_method)i)->name);
    for (int p = 0; p < HT_P_COUNT; p++)
        ht_guess_offer_as(&guess, strchr(ht_param_at((ht_param)p)->key, '.') + 1,
                          ht_param_at((ht_param)p)->key);
    ht_text_copy(to, size, ht_guess_words(&guess));
}

/* A letter of ASCII alone is too short to be looked for. */
static bool has(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text; length > 1 && (at = strcasestr(at, name)); at++) {
        bool begins = at == text || !isalnum((unsigned char)at[-1]),
             ends = !isalnum((unsigned char)at[length]);
        if (begins && ends) return true;
    }
    return false;
}

bool ht_word_is_in(const ht_word *w, const char *text)
{
    return has(text, w->word) || has(text, w->symbol);
}

/* ---- on the screen ----------------------------------------------------------------------------- */

static bool is_of_word(uint32_t c)
{
    enum { DASH = 0x2013, DOUBLE_BAR = 0x2016 };
    if (c < 128) return c && (isalnum((int)c) || strchr("-_./|%?", (int)c));
    return (c >= 0xa0 && c < 0x2000) || c == DASH || c == DOUBLE_BAR;
}

typedef struct span {
    int from, to; /* without the end; equal: none */
} span;

static span word_over(const uint32_t *line, int count, int column)
{
    span s = {column, column};
    if (column < 0 || column >= count || !is_of_word(line[column])) return s;
    while (s.from > 0 && is_of_word(line[s.from - 1])) s.from--;
    while (s.to < count && is_of_word(line[s.to])) s.to++;
    return s;
}

/* Is what stands from .. to - 1 explained, as it is or without the marks around it? */
static bool take(const uint32_t *line, span s, char *word, size_t size)
{
    ht_explained ignored;
    for (int pass = 0; pass < 2 && s.from < s.to; pass++) {
        size_t used = 0;
        for (int i = s.from; i < s.to && used + 5 < size; i++) used += ht_utf8_encode(line[i], word + used);
        word[used] = '\0';
        if (ht_word_explain(word, &ignored)) return true;
        while (s.from < s.to && line[s.from] < 128 && ispunct((int)line[s.from])) s.from++;
        while (s.from < s.to && line[s.to - 1] < 128 && ispunct((int)line[s.to - 1])) s.to--;
    }
    return false;
}

/* The part at the column of what these marks part: of "α/2", of "log|w|". */
static span part_at(const uint32_t *line, span whole, int column, const char *marks)
{
    span s = {column, column};
    while (s.from > whole.from && !(line[s.from - 1] < 128 && strchr(marks, (int)line[s.from - 1]))) s.from--;
    while (s.to < whole.to && !(line[s.to] < 128 && strchr(marks, (int)line[s.to]))) s.to++;
    return s;
}

bool ht_word_at(const uint32_t *line, int count, int column, char *word, size_t size)
{
    span own = word_over(line, count, column);
    if (own.from == own.to) return false;
    bool blank_before = own.from > 1 && line[own.from - 1] == ' ',
         blank_after = own.to + 1 < count && line[own.to] == ' ';
    span before = word_over(line, count, blank_before ? own.from - 2 : -1),
         after = word_over(line, count, blank_after ? own.to + 1 : -1);
    return (after.from < after.to && take(line, (span){own.from, after.to}, word, size)) ||
           (before.from < before.to && take(line, (span){before.from, own.to}, word, size)) ||
           take(line, own, word, size) || take(line, part_at(line, own, column, "/"), word, size) ||
           take(line, part_at(line, own, column, "/|_.-%?"), word, size);
}
