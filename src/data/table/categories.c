/* Which columns of a table hold categories, and which words are no categories but numbers that cannot be
 * read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/table/columns.h"
#include "data/table/label.h"

enum { DESCRIBED = 80, NAME = 200 };

/* ---- those that a person names ------------------------------------------------------------------ */

/* By name, else by number from 1; columns->count if there is none. */
static size_t find_column(const ht_columns *columns, const ht_text_table *table, const char *name)
{
    char *end;
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(ht_text_table_name(table, i), name) == 0) return i;
    unsigned long long number = strtoull(name, &end, 10);
    return *end == '\0' && number >= 1 && number <= columns->count ? (size_t)number - 1 : columns->count;
}

static ht_code refuse_unknown(const ht_text_table *table, const char *name, ht_error *err)
{
    ht_guess guess = ht_guess_for(name);
    for (size_t k = 0; k < table->columns; k++) ht_guess_offer(&guess, ht_text_table_name(table, k));
    return ht_error_set(
        err, HT_FAIL,
        "%s: data.categories: there is no column '%.60s'%s; give names of its header or numbers "
        "from 1 to %zu, with commas between",
        table->path, name, table->header ? ht_guess_words(&guess) : "", table->columns);
}

static ht_code ask(ht_columns *columns, const ht_text_table *table, const char *name, ht_error *err)
{
    size_t i = find_column(columns, table, name);
    if (i == columns->count) return refuse_unknown(table, name, err);
    if (i != columns->label && !columns->out[i]) columns->words[i] = columns->asked[i] = true;
    return HT_OK;
}

/* "colour, 3" */
static ht_code ask_all(ht_columns *columns, const ht_text_table *table, const char *list, ht_error *err)
{
    char name[NAME];
    while (list && *list) {
        size_t length = strcspn(list, ",");
        const char *from = list + strspn(list, " ");
        size_t used = from < list + length ? (size_t)(list + length - from) : 0;
        while (used > 0 && from[used - 1] == ' ') used--;
        snprintf(name, sizeof name, "%.*s", (int)(used < NAME ? used : NAME - 1), from);
        if (*name && ask(columns, table, name, err) != HT_OK) return err->code;
        list += length + (list[length] == ',');
    }
    return HT_OK;
}

/* ---- those that hold words ---------------------------------------------------------------------- */

static bool is_input(const ht_columns *columns, size_t i)
{
    return i != columns->label && !columns->out[i];
}

/* Words for the most part, which are not all true or false. */
static bool is_wordy(const ht_column *c)
{
    return c->words > c->numbers && (c->truths != c->words || c->numbers > 0);
}

/* Values of time series. */
static ht_code refuse_words(const ht_text_table *table, size_t i, ht_error *err)
{
    char what[DESCRIBED];
    ht_text_table_describe(table, i, what, sizeof what);
    if (table->column[i].text)
        return ht_error_set(err, HT_FAIL,
                            "%s: %s is an attribute of type string; the values of a series are numbers",
                            table->path, what);
    return ht_error_set(err, HT_FAIL, "%s:%zu: %s holds words, as '%s'; the values of a series are numbers",
                        table->path, table->column[i].word_line, what, table->column[i].word);
}

static ht_code refuse_marks(const ht_text_table *table, size_t i, const char *hint, ht_error *err)
{
    char what[DESCRIBED];
    const ht_column *c = &table->column[i];
    ht_text_table_describe(table, i, what, sizeof what);
    return ht_error_set(
        err, HT_FAIL,
        "%s:%zu: %s holds '%s'; inputs are plain numbers%s; or name the column in data.categories "
        "if these are categories",
        table->path, c->word_line, what, c->word, hint);
}

/* The label was guessed, and this one looks like a label, too. */
static ht_code question_label(const ht_columns *columns, const ht_text_table *table, size_t i, ht_error *err)
{
    char what[DESCRIBED], label[DESCRIBED], way[400];
    ht_label_propose_one(columns, table, i, way, sizeof way);
    if (!*way || table->column[columns->label].words > 0) return HT_OK;
    ht_text_table_describe(table, i, what, sizeof what);
    ht_text_table_describe(table, columns->label, label, sizeof label);
    return ht_error_set(
        err, HT_FAIL,
        "%s:%zu: %s holds words, as '%s': is it the label, or %s, the last, which holds numbers%s; "
        "--label %zu takes the last",
        table->path, table->column[i].word_line, what, table->column[i].word, label, way, columns->label + 1);
}

static void tell_mixed(const ht_text_table *table, size_t i, ht_raw *raw)
{
    char what[DESCRIBED];
    const ht_column *c = &table->column[i];
    if (c->numbers == 0 || c->words == 0) return;
    ht_text_table_describe(table, i, what, sizeof what);
    ht_notes_add(
        &raw->notes,
        "%s:%zu: %s holds words, as '%s', and %zu number%s, the first in line %zu; all are taken for "
        "categories",
        table->path, c->word_line, what, c->word, c->numbers, c->numbers == 1 ? "" : "s", c->number_line);
}

static ht_code settle_column(ht_columns *columns, const ht_text_table *table, size_t i, size_t *wordy,
                             ht_raw *raw, ht_error *err)
{
    const ht_column *c = &table->column[i];
    const char *hint = ht_cell_hint(c->word, table->dialect.decimal);
    if (columns->asked[i] || c->nominal || c->text) {
        columns->words[i] = true;
        return HT_OK;
    }
    if (!is_wordy(c)) return HT_OK;
    if (hint) return refuse_marks(table, i, hint, err);
    tell_mixed(table, i, raw);
    columns->words[i] = true;
    wordy[0]++, wordy[1] = i;
    return HT_OK;
}

ht_code ht_columns_words(ht_columns *columns, const ht_text_table *table, const ht_data_request *request,
                         ht_raw *raw, ht_error *err)
{
    size_t wordy[2] = {0, 0}; /* how many, and the last of them */
    columns->words = ht_alloc(columns->count, sizeof *columns->words, "the columns", err);
    columns->asked =
        columns->words ? ht_alloc(columns->count, sizeof *columns->asked, "the columns", err) : NULL;
    if (!columns->asked) return err->code;
    for (size_t i = 0; request->numbers_only && i < columns->count; i++)
        if (is_input(columns, i) && (table->column[i].text || is_wordy(&table->column[i])))
            return refuse_words(table, i, err);
    if (request->numbers_only) return HT_OK;
    if (ask_all(columns, table, request->categories, err) != HT_OK) return err->code;
    for (size_t i = 0; i < columns->count; i++)
        if (is_input(columns, i) && settle_column(columns, table, i, wordy, raw, err) != HT_OK)
            return err->code;
    if (wordy[0] == 1 && columns->origin == HT_LABEL_GUESSED)
        return question_label(columns, table, wordy[1], err);
    return HT_OK;
}

/* ---- as fields ---------------------------------------------------------------------------------- */

static ht_code declare(const ht_text_table *table, const ht_column *c, ht_field_column *cell, ht_error *err)
{
    const char *value = table->values.data + c->values;
    size_t number;
    cell->declared = true;
    for (size_t k = 0; k < c->value_count; k++, value += strlen(value) + 1)
        if (ht_words_add(&cell->list, value, &number, err) != HT_OK) return err->code;
    return HT_OK;
}

ht_code ht_columns_fields(const ht_columns *columns, const ht_text_table *table, ht_fields *fields,
                          ht_error *err)
{
    fields->of = ht_alloc(columns->inputs, sizeof *fields->of, "the columns", err);
    if (!fields->of) return err->code;
    for (size_t i = 0; i < columns->count; i++) {
        if (!is_input(columns, i)) continue;
        ht_field_column *cell = &fields->of[fields->count++];
        cell->column = i;
        cell->words = columns->words[i];
        cell->asked = columns->asked[i];
        ht_text_table_describe(table, i, cell->what, sizeof cell->what);
        if (cell->words && table->column[i].nominal && declare(table, &table->column[i], cell, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}
