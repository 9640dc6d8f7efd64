/* fields.h - the cells of a table as doubles: numbers, NaN where there is none, and words by their place in
 * the column's list of words. What is made of them comes in inputs.h. */
#ifndef HT_DATA_TABLE_FIELDS_H
#define HT_DATA_TABLE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "data/loader.h"
#include "data/table/words.h"

/* More categories than this are no categories: a column that has them is refused. */
enum { HT_CATEGORIES_MAX = 1000 };

/* A word that the list of its column lacks: of the test file. */
#define HT_FIELDS_UNSEEN (-1.0)

typedef struct ht_field_column {
    size_t column;        /* of raw->columns */
    char what[80];        /* "column 3 'colour'", for messages */
    bool words;           /* cells are numbers of words in `list` */
    bool declared, asked; /* `list` is that of @attribute; a person says that these are categories */
    ht_words list;
    char unseen[HT_LABEL_NAME]; /* the first word of the test part that the training part lacks */
} ht_field_column;

/* The columns of a wide matrix, in its order. Zero-initialize; free with ht_fields_free. */
typedef struct ht_fields {
    ht_field_column *of; /* (count) */
    size_t count;
} ht_fields;

/* A cell of a column of words as a double: NaN where it is missing. With `add` a new word joins the list;
 * without, it is HT_FIELDS_UNSEEN. Numbers are the same word however they are written (1, 1.0), unless zeros
 * come before them (02134). */
ht_code ht_fields_word(ht_field_column *column, const char *field, char decimal, bool add, double *value,
                       ht_error *err);

void ht_fields_free(ht_fields *fields);

#endif
