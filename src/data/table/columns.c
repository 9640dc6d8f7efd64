#include "data/table/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

enum { COUNTED_ROWS = 10, DESCRIBED = 80, LISTED = 4 };

/* ---- what is left out -------------------------------------------------------------------------- */

static bool is_whole(const ht_column *c)
{
    return c->numbers > 0 && c->words == 0 && c->whole == c->numbers;
}

static bool is_index_name(const char *name)
{
    return *name == '\0' || strncasecmp(name, "Unnamed: ", strlen("Unnamed: ")) == 0;
}

static bool is_id_name(const char *name)
{
    static const char *const names[] = {"id",      "index",    "idx", "row",       "rowid",    "row_id",
                                        "rowname", "rownames", "no",  "sample_id", "sampleid", "instance"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0) return true;
    return length > 2 && (strcmp(name + length - 2, "Id") == 0 || strcmp(name + length - 2, "ID") == 0 ||
                          strcmp(name + length - 3, "_id") == 0);
}

/* Each value once, as far as was looked. */
static bool all_differ(const ht_column *c)
{
    return c->distinct == HT_COLUMN_DISTINCT || (size_t)c->distinct == c->numbers;
}

/* Rising whole numbers of which few are left out: a part of the rows of a file that counts them. */
static bool is_dense(const ht_column *c)
{
    return c->rising && c->last - c->first < 10.0 * (double)c->numbers;
}

/* Why a column is left out; NULL: it is not. */
static const char *reason(const ht_sheet *table, size_t i)
{
    const ht_column *c = &table->column[i];
    const char *name = ht_sheet_name(table, i);
    bool named = table->header, long_enough = c->numbers >= COUNTED_ROWS;
    if (table->rows == 0) return NULL;
    if (c->numbers == 0 && c->words == 0) return "it has no value";
    if (named && is_index_name(name)) {
        if (i == 0 && c->words > 0 && c->numbers == 0) return "it has no name and holds words: names of rows";
        if (is_whole(c)) return "it has no name and holds whole numbers: an index";
    }
    if (!is_whole(c) || c->missing > 0) return NULL;
    if (named && is_id_name(name) && (c->rising || all_differ(c))) return "row numbers";
    if (long_enough && c->counting) return "row numbers: it counts by 1";
    if (long_enough && i == 0 && is_dense(c)) return "row numbers: whole numbers that rise";
    return NULL;
}

static ht_code leave_out(ht_columns *columns, const ht_sheet *table, ht_raw *raw, ht_error *err)
{
    char what[DESCRIBED];
    columns->out = ht_alloc(columns->count, sizeof *columns->out, "the columns", err);
    if (!columns->out) return err->code;
    for (size_t i = 0; i < columns->count; i++) {
        const char *why = i == columns->label && columns->firm ? NULL : reason(table, i);
        if (!why) continue;
        columns->out[i] = true;
        ht_sheet_describe(table, i, what, sizeof what);
        ht_notes_add(&raw->notes, "%s: %s is left out (%s)", table->path, what, why);
        ht_notes_add(&raw->facts, "left out: %s (%s)", what, why);
    }
    return HT_OK;
}

/* ---- the label --------------------------------------------------------------------------------- */

/* The column with this name; `count` if there is none. */
static size_t named(const ht_sheet *table, const char *name, int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < table->columns; i++)
        if (compare(ht_sheet_name(table, i), name) == 0) return i;
    return table->columns;
}

static ht_code find_wanted(ht_columns *columns, const ht_sheet *table, const char *wanted, ht_error *err)
{
    size_t i = named(table, wanted, strcmp);
    char *end;
    if (i == columns->count) i = named(table, wanted, strcasecmp);
    long long number = strtoll(wanted, &end, 10);
    if (i == columns->count && *end == '\0' && number >= 1 && (unsigned long long)number <= columns->count)
        i = (size_t)number - 1;
    columns->label = i;
    columns->asked = columns->firm = true;
    columns->why = "as data.label says";
    if (i < columns->count) return HT_OK;
    ht_guess guess = ht_guess_for(wanted);
    for (size_t k = 0; k < columns->count; k++) ht_guess_offer(&guess, ht_sheet_name(table, k));
    return ht_error_set(
        err, HT_FAIL,
        "%s: there is no column '%.60s' to be the label%s; give a name of its header or a number "
        "from 1 to %zu",
        table->path, wanted, table->header ? ht_guess_words(&guess) : "", columns->count);
}

static void find_label(ht_columns *columns, const ht_sheet *table)
{
    size_t i = named(table, "label", strcasecmp);
    columns->why = "called so";
    columns->firm = true;
    if (i == columns->count) i = named(table, "class", strcasecmp);
    if (i == columns->count && table->arff) {
        columns->why = "the last nominal one";
        for (size_t k = 0; k < columns->count; k++)
            if (table->column[k].nominal) i = k;
    }
    if (i == columns->count) {
        columns->why = "the last";
        columns->firm = false;
        i = columns->count - 1;
    }
    columns->label = i;
}

/* The last column may be one that is left out; then the label is the one before. */
static void step_back(ht_columns *columns, const ht_sheet *table)
{
    while (!columns->firm && columns->label > 0 && columns->out[columns->label] &&
           !table->column[columns->label].words)
        columns->label--;
    columns->out[columns->label] = false;
}

/* ---- words where inputs should be -------------------------------------------------------------- */

/* Few values, of whole numbers or of words: what a label may be. */
static bool looks_like_classes(const ht_sheet *table, size_t i)
{
    const ht_column *c = &table->column[i];
    bool few = c->distinct >= 2 && c->distinct < HT_COLUMN_DISTINCT && 2 * (size_t)c->distinct <= table->rows;
    return few && (c->words > 0 || c->whole == c->numbers);
}

/* "; --label 1 would take column 1 (3 values)", or "" if no column but the label looks like classes. */
static void propose(const ht_columns *columns, const ht_sheet *table, char *to, size_t size)
{
    char what[DESCRIBED];
    size_t used = 0, listed = 0;
    to[0] = '\0';
    for (size_t i = 0; i < columns->count && listed < LISTED && used < size; i++) {
        if (i == columns->label || columns->out[i] || !looks_like_classes(table, i)) continue;
        ht_sheet_describe(table, i, what, sizeof what);
        used += (size_t)snprintf(to + used, size - used, "%s --label %zu takes %s, which has %d values",
                                 listed++ ? "," : ";", i + 1, what, table->column[i].distinct);
    }
}

static ht_code refuse_words(const ht_columns *columns, const ht_sheet *table, ht_error *err)
{
    char what[DESCRIBED], other[400];
    for (size_t i = 0; i < columns->count; i++) {
        const ht_column *c = &table->column[i];
        if (i == columns->label || columns->out[i] || c->words <= c->numbers) continue;
        if (c->truths == c->words && c->numbers == 0) continue;
        ht_sheet_describe(table, i, what, sizeof what);
        propose(columns, table, other, sizeof other);
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: %s holds words, as '%s' (%d%s different ones); inputs are numbers: "
                            "leave it out or encode "
                            "it, as pandas.get_dummies does%s",
                            table->path, c->word_line, what, c->word, c->distinct,
                            c->distinct == HT_COLUMN_DISTINCT ? " or more" : "", other);
    }
    return HT_OK;
}

ht_code ht_columns_settle(ht_columns *columns, const ht_sheet *table, const char *wanted, ht_raw *raw,
                          ht_error *err)
{
    char what[DESCRIBED];
    columns->count = table->columns;
    if (wanted && find_wanted(columns, table, wanted, err) != HT_OK) return err->code;
    if (!wanted) find_label(columns, table);
    if (leave_out(columns, table, raw, err) != HT_OK) return err->code;
    step_back(columns, table);
    for (size_t i = 0; i < columns->count; i++) columns->inputs += i != columns->label && !columns->out[i];
    ht_sheet_describe(table, columns->label, what, sizeof what);
    ht_notes_add(&raw->facts, "label: %s, %s", what, columns->why);
    if (columns->inputs == 0)
        return ht_error_set(err, HT_FAIL, "%s: no column is left for the inputs; the label is %s",
                            table->path, what);
    return refuse_words(columns, table, err);
}

/* ---- the other file ---------------------------------------------------------------------------- */

ht_code ht_columns_compare(const ht_columns *columns, const ht_sheet *train, const ht_sheet *test,
                           ht_error *err)
{
    if (test->columns != columns->count)
        return ht_error_set(err, HT_FAIL, "%s:%zu: has %zu columns, the training file has %zu", test->path,
                            test->head.record_line, test->columns, columns->count);
    size_t label = named(test, "label", strcasecmp);
    if (label == test->columns) label = named(test, "class", strcasecmp);
    if (!columns->asked && label < test->columns && label != columns->label)
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: the label is in column %zu, in the training file in column %zu",
                            test->path, test->head.record_line, label + 1, columns->label + 1);
    if (!train->header || !test->header) return HT_OK;
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(ht_sheet_name(train, i), ht_sheet_name(test, i)) != 0)
            return ht_error_set(
                err, HT_FAIL,
                "%s:%zu: column %zu is '%.40s', in the training file '%.40s'; give both files the same "
                "columns in the same order",
                test->path, test->head.record_line, i + 1, ht_sheet_name(test, i), ht_sheet_name(train, i));
    return HT_OK;
}

/* ---- is it a label? ---------------------------------------------------------------------------- */

ht_code ht_columns_question(const ht_columns *columns, const ht_sheet *table, const ht_raw_labels *labels,
                            ht_error *err)
{
    ht_raw_labels classes = {0};
    char what[DESCRIBED], other[400];
    bool whole = true, positioned = strcmp(columns->why, "called so") != 0;
    if (columns->asked || labels->count == 0) return HT_OK;
    if (ht_labels_distinct(labels, table->path, &classes, err) != HT_OK) {
        ht_error why = *err;
        propose(columns, table, other, sizeof other);
        return ht_error_set(err, why.code, "%s%s", why.text, other);
    }
    size_t distinct = classes.count;
    for (size_t i = 0; i < labels->count; i++)
        whole = whole && (labels->items[i].word || labels->items[i].number == floor(labels->items[i].number));
    ht_labels_free(&classes);
    bool unique = labels->count >= 8 && 2 * distinct > labels->count;
    bool many = positioned && distinct > 50 && 10 * distinct > labels->count;
    if (!unique && !many && (!positioned || whole || distinct <= 10)) return HT_OK;
    ht_sheet_describe(table, columns->label, what, sizeof what);
    propose(columns, table, other, sizeof other);
    return ht_error_set(
        err, HT_FAIL,
        "%s: %s, %s, is taken for the label, but its %zu values%s for %zu samples look like a "
        "quantity, not like classes; name the column of the label with --label (data.label)%s",
        table->path, what, columns->why, distinct, whole ? "" : " with fractions", labels->count, other);
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

ht_code ht_columns_suspect(const ht_columns *columns, const ht_sheet *table, ht_raw *raw, ht_error *err)
{
    char what[DESCRIBED];
    const ht_raw_part *part = &raw->train;
    bool different = true;
    if (part->count < 20 || columns->out[0] || columns->label == 0 || !is_whole(&table->column[0]) ||
        table->column[0].missing > 0 || table->column[0].distinct < HT_COLUMN_DISTINCT)
        return HT_OK;
    double *values = ht_alloc(part->count, sizeof *values, "a column", err);
    if (!values) return err->code;
    for (size_t i = 0; i < part->count; i++) values[i] = part->wide[i * part->inputs];
    qsort(values, part->count, sizeof *values, compare_numbers);
    for (size_t i = 1; i < part->count; i++) different = different && values[i] != values[i - 1];
    ht_free(values);
    ht_sheet_describe(table, 0, what, sizeof what);
    if (different)
        ht_notes_add(
            &raw->notes,
            "%s: %s holds whole numbers of which no two are equal and is taken for an input; if it only "
            "numbers the samples, leave it out of the file",
            table->path, what);
    return HT_OK;
}

void ht_columns_free(ht_columns *columns)
{
    ht_free(columns->out);
    columns->out = NULL;
}
