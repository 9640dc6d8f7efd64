#include "data/table/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/table/dialect.h"
#include "data/table/rows.h"

enum { NUMBER = 40 };

/* Are zeros before it, as in codes? */
static bool is_padded(const char *text)
{
    return text[0] == '0' && isdigit((unsigned char)text[1]);
}

/* A declared value that is the same number: 1 of {1.0,2.0}. */
static size_t find_number(const ht_words *list, double number)
{
    double other;
    size_t i = 0;
    while (i < list->count && !(ht_parse_number(ht_words_at(list, i), &other) && other == number)) i++;
    return i;
}

static ht_code find_declared(ht_field_column *column, const char *field, double *value)
{
    double number;
    size_t found = ht_words_find(&column->list, field);
    if (found == column->list.count && ht_parse_number(field, &number))
        found = find_number(&column->list, number);
    *value = found < column->list.count ? (double)found : HT_ROWS_MISSING;
    return HT_OK;
}

ht_code ht_fields_word(ht_field_column *column, const char *field, char decimal, bool add, double *value,
                       ht_error *err)
{
    char number[NUMBER];
    size_t found;
    if (column->declared) return find_declared(column, field, value);
    ht_cell cell = ht_cell_read(field, decimal, value);
    if (cell == HT_CELL_MISSING) {
        *value = HT_ROWS_MISSING;
        return HT_OK;
    }
    if (cell == HT_CELL_NUMBER && !is_padded(field)) {
        snprintf(number, sizeof number, "%.15g", *value + 0.0);
        field = number;
    }
    if (add && ht_words_add(&column->list, field, &found, err) != HT_OK) return err->code;
    if (!add) found = ht_words_find(&column->list, field);
    if (found == column->list.count && !*column->unseen)
        ht_text_copy(column->unseen, sizeof column->unseen, field);
    *value = found < column->list.count ? (double)found : HT_FIELDS_UNSEEN;
    return HT_OK;
}

void ht_fields_free(ht_fields *fields)
{
    for (size_t j = 0; j < fields->count; j++) ht_words_free(&fields->of[j].list);
    ht_free(fields->of);
    *fields = (ht_fields){0};
}
