/* glossary.h - what a word on the screen means: glossary.def, and what the tables of parameters, panels,
 * estimators and pruning methods say of their own names. */
#ifndef HT_VIEW_WORDS_GLOSSARY_H
#define HT_VIEW_WORDS_GLOSSARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ht_word {
    const char *word, *symbol, *also, *meaning, *where;
} ht_word;

const ht_word *ht_words(size_t *count); /* static storage, in the table's order */

/* An explanation: of a word of the table, or of what has that name in another one. */
typedef struct ht_explained {
    char title[80]; /* "κ, pruning ratio" */
    char text[1200];
    char where[200];
} ht_explained;

/* By word, symbol or other name; small and capital letters are alike, and s at the end. False: it has none.
 */
bool ht_word_explain(const char *name, ht_explained *explained);

/* "; did you mean 'NAME'?", or "": for a name without an explanation. */
void ht_word_guess(const char *name, char *to, size_t size);

/* Does the text speak of it? */
bool ht_word_is_in(const ht_word *word, const char *text);

/* What is explained at `column` of a line of `count` characters: two words side by side that mean something
 * together, else the one. False: nothing there is. */
bool ht_word_at(const uint32_t *line, int count, int column, char *word, size_t size);

#endif
