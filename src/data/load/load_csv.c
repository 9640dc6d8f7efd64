/* csv:TRAIN,TEST and csv:FILE - tables, one sample a record: .csv in its many dialects, .tsv, .arff. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/table/columns.h"
#include "data/table/label.h"
#include "data/loader.h"
#include "data/table/inputs.h"
#include "data/table/rows.h"
#include "data/sample.h"
#include "data/source.h"
#include "data/table/text_table.h"

/* ---- rows -------------------------------------------------------------------------------------- */

/* What reading a record takes. */
typedef struct reading {
    const ht_text_table *table;
    const ht_columns *columns;
    ht_fields *fields;
    bool refuse, train; /* a missing cell is an error; new words join the lists */
} reading;

static ht_code refuse_cell(const ht_text_table *table, const ht_csv *csv, size_t i, ht_error *err)
{
    char hint[160];
    const char *field = ht_csv_field(csv, i), *name = ht_text_table_name(table, i);
    const char *marks = ht_cell_hint(field, table->dialect.decimal);
    double value;
    bool missing =
        ht_cell_no_label(field) || ht_cell_read(field, table->dialect.decimal, &value) == HT_CELL_MISSING;
    if (missing)
        snprintf(hint, sizeof hint, " (data.missing=refuse); fill it in, or let data.missing=impute do it");
    else if (marks)
        snprintf(hint, sizeof hint, "%s", marks);
    else
        snprintf(hint, sizeof hint,
                 "; remove or fill in such rows first, or name the column%s%.40s%s in "
                 "data.categories if it holds categories",
                 *name ? " '" : "", name, *name ? "'" : "");
    return ht_error_set(err, HT_FAIL, "%s:%zu: field %zu '%.32s' is not a finite number%s", csv->path,
                        csv->record_line, i + 1, field, hint);
}

/* The field of a record that belongs to a column of the training file. */
static size_t field_of(const ht_columns *columns, size_t column)
{
    return columns->place ? columns->place[column] : column;
}

static ht_code read_cell(const reading *r, const ht_csv *csv, size_t j, double *value, ht_error *err)
{
    ht_field_column *column = &r->fields->of[j];
    size_t i = field_of(r->columns, column->column);
    const char *field = ht_csv_field(csv, i);
    char decimal = r->table->dialect.decimal;
    if (column->words) {
        if (ht_fields_word(column, field, decimal, r->train, value, err) != HT_OK) return err->code;
        return r->refuse && isnan(*value) ? refuse_cell(r->table, csv, i, err) : HT_OK;
    }
    ht_cell cell = ht_cell_read(field, decimal, value);
    if (cell == HT_CELL_WORD && ht_cell_truth(field, value)) cell = HT_CELL_NUMBER;
    if (cell == HT_CELL_WORD || (cell == HT_CELL_MISSING && r->refuse))
        return refuse_cell(r->table, csv, i, err);
    if (cell == HT_CELL_MISSING) *value = HT_ROWS_MISSING;
    return HT_OK;
}

/* Adds a sample; one without a label is counted and left out. */
static ht_code add_record(const reading *r, const ht_csv *csv, ht_rows *rows, ht_error *err)
{
    rows->line = csv->record_line;
    if (ht_text_table_fits(r->table, csv, err) != HT_OK) return err->code;
    size_t at = field_of(r->columns, r->columns->label);
    const char *label = ht_csv_field(csv, at);
    if (ht_cell_no_label(label)) {
        if (r->refuse) return refuse_cell(r->table, csv, at, err);
        if (rows->part->unlabelled++ == 0)
            ht_text_copy(rows->part->no_label, sizeof rows->part->no_label, label);
        return HT_OK;
    }
    for (size_t j = 0; j < r->fields->count; j++) {
        double value;
        if (read_cell(r, csv, j, &value, err) != HT_OK) return err->code;
        if (ht_rows_wide(rows, value, err) != HT_OK) return err->code;
    }
    if (ht_labels_add_cell(&rows->part->labels, label, r->table->dialect.decimal, err) != HT_OK)
        return err->code;
    return ht_rows_end(rows, err);
}

static ht_code read_rows(const reading *r, ht_raw_part *part, ht_notes *notes, ht_error *err)
{
    ht_rows rows = {.part = part};
    ht_csv csv = ht_text_table_begin(r->table);
    ht_code code = HT_OK;
    part->inputs = r->fields->count;
    while ((code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0)
        if ((code = add_record(r, &csv, &rows, err)) != HT_OK) break;
    ht_csv_free(&csv);
    if (part->unlabelled > 0)
        ht_notes_add(notes, "%s: %zu row%s without a label %s left out", part->path, part->unlabelled,
                     part->unlabelled == 1 ? "" : "s", part->unlabelled == 1 ? "is" : "are");
    return code;
}

/* ---- what was understood ----------------------------------------------------------------------- */

static void describe_file(const ht_text_table *table, ht_raw *raw)
{
    char dialect[64];
    ht_dialect_describe(&table->dialect, dialect, sizeof dialect);
    if (table->arff)
        ht_notes_add(&raw->facts, "file: %s: %zu rows, %zu columns, ARFF", table->path, table->rows,
                     table->columns);
    else
        ht_notes_add(&raw->facts, "file: %s: %zu rows, %zu columns, %s, %s", table->path, table->rows,
                     table->columns, dialect, table->header ? "a header" : "no header");
    if (table->dialect.doubtful)
        ht_notes_add(
            &raw->notes,
            "%s: its numbers have a '%c' with three digits behind it, read as a decimal mark; if it parts "
            "thousands, write them without",
            table->path, table->dialect.decimal);
    if (table->counted)
        ht_notes_add(
            &raw->notes,
            "%s: its first line, all numbers (%s, %s, … %s), is taken for a header, not for a sample "
            "(data.header=no takes it for one)",
            table->path, ht_csv_field(&table->head, 0), ht_csv_field(&table->head, 1),
            ht_csv_field(&table->head, table->head.count - 1));
}

/* ---- one file or two --------------------------------------------------------------------------- */

/* A class of one sample, the first of the file: is that a sample? */
static ht_code question_first(const ht_columns *columns, const ht_text_table *table, const ht_raw_part *part,
                              ht_error *err)
{
    ht_raw_labels classes = {0};
    size_t once = 0;
    if (table->header || ht_cell_no_label(ht_csv_field(&table->head, columns->label))) return HT_OK;
    if (ht_labels_distinct(&part->labels, part->path, &classes, err) != HT_OK) return HT_OK; /* told later */
    size_t *counts = ht_alloc(classes.count, sizeof *counts, "the labels", err);
    for (size_t i = 0; counts && i < part->labels.count; i++)
        counts[ht_labels_class(&classes, &part->labels, &part->labels, i)]++;
    for (size_t c = 0; counts && c < classes.count; c++) once += counts[c] == 1;
    bool alone = counts && counts[ht_labels_class(&classes, &part->labels, &part->labels, 0)] == 1;
    ht_free(counts);
    ht_labels_free(&classes);
    if (!counts) return HT_FAIL;
    return alone ? ht_header_question_label(table, ht_csv_field(&table->head, columns->label), once, err)
                 : HT_OK;
}

/* Both tables are open: their headers and columns are settled, the training file is read. */
static ht_code read_train(const ht_data_request *request, ht_text_table *train, ht_columns *columns,
                          ht_fields *fields, ht_raw *raw, ht_error *err)
{
    reading r = {train, columns, fields, request->refuse_missing, true};
    if (ht_text_table_settle(train, err) != HT_OK) return err->code;
    describe_file(train, raw);
    if (ht_columns_settle(columns, train, request, raw, err) != HT_OK) return err->code;
    if (ht_columns_fields(columns, train, fields, err) != HT_OK) return err->code;
    if (read_rows(&r, &raw->train, &raw->notes, err) != HT_OK) return err->code;
    raw->columns[columns->label].train_missing = raw->train.unlabelled;
    if (ht_columns_suspect(columns, train, fields, raw, err) != HT_OK) return err->code;
    if (question_first(columns, train, &raw->train, err) != HT_OK) return err->code;
    return ht_label_question(columns, train, raw, err);
}

ht_code ht_text_tables_read(const ht_data_request *request, ht_text_table tables[2], ht_columns *columns,
                            ht_fields *fields, ht_raw *raw, ht_error *err)
{
    ht_text_table *train = &tables[0], *test = &tables[1];
    reading r = {test, columns, fields, request->refuse_missing, false};
    if (ht_text_table_open(train, raw->train.path, request->header, &raw->notes, err) != HT_OK)
        return err->code;
    if (ht_text_table_open(test, raw->test.path, request->header, &raw->notes, err) != HT_OK)
        return err->code;
    ht_header_compare(train, test);
    if (read_train(request, train, columns, fields, raw, err) != HT_OK) return err->code;
    if (ht_text_table_settle(test, err) != HT_OK) return err->code;
    describe_file(test, raw);
    if (ht_columns_compare(columns, train, test, raw, err) != HT_OK) return err->code;
    if (read_rows(&r, &raw->test, &raw->notes, err) != HT_OK) return err->code;
    raw->columns[columns->label].test_missing = raw->test.unlabelled;
    return HT_OK;
}

/* Moves the chosen samples of the training part to the test part. */
static ht_code move_chosen(ht_raw *raw, const bool *chosen, size_t count, ht_error *err)
{
    ht_raw_part *train = &raw->train, *test = &raw->test;
    size_t width = train->inputs, kept = 0;
    test->inputs = width;
    test->wide = ht_alloc(count * width, sizeof *test->wide, "the test samples", err);
    if (!test->wide) return err->code;
    for (size_t i = 0; i < train->count; i++) {
        double *row = train->wide + i * width;
        ht_raw_part *to = chosen[i] ? test : train;
        memmove(to->wide + (chosen[i] ? test->count : kept) * width, row, width * sizeof *row);
        if (chosen[i]) {
            if (ht_labels_add_same(&test->labels, &train->labels, i, err) != HT_OK) return err->code;
            test->count++;
        } else {
            train->labels.items[kept++] = train->labels.items[i];
        }
    }
    train->count = train->labels.count = kept;
    return HT_OK;
}

/* Classes that the test part cannot tell of. */
static void tell_alone(const ht_raw_part *part, const ht_raw_labels *distinct, const int32_t *of,
                       ht_notes *notes)
{
    enum { NAMED = 5 };
    size_t alone = 0;
    ht_text names = {0};
    ht_raw_labels shown = {.items = distinct->items, .words = part->labels.words};
    for (size_t c = 0; c < distinct->count; c++) {
        char name[HT_LABEL_NAME];
        size_t count = 0;
        for (size_t i = 0; i < part->count && count < 2; i++) count += of[i] == (int32_t)c;
        if (count != 1 || alone++ >= NAMED) continue;
        ht_label_format(&shown, c, name, sizeof name);
        ht_text_add(&names, "%s'%s'", alone > 1 ? ", " : "", name);
    }
    if (alone == 1)
        ht_notes_add(notes,
                     "%s: the class %s has one sample, which is in the training part: the test part has none",
                     part->path, names.data ? names.data : "");
    else if (alone > 1)
        ht_notes_add(
            notes,
            "%s: %zu classes (%s%s) have one sample each, which is in the training part: the test part has "
            "none of them",
            part->path, alone, names.data ? names.data : "", alone > NAMED ? ", …" : "");
    ht_text_free(&names);
}

/* The class of every label, to share them out. */
static ht_code list_classes(const ht_raw_part *part, int32_t **of, int *classes, ht_notes *notes,
                            ht_error *err)
{
    ht_raw_labels distinct = {0};
    *of = NULL;
    if (ht_labels_distinct(&part->labels, part->path, &distinct, err) != HT_OK) return err->code;
    *classes = (int)distinct.count;
    *of = ht_alloc(part->count, sizeof **of, "the labels", err);
    for (size_t i = 0; *of && i < part->count; i++)
        (*of)[i] = ht_labels_class(&distinct, &part->labels, &part->labels, i);
    if (*of) tell_alone(part, &distinct, *of, notes);
    ht_labels_free(&distinct);
    return *of ? HT_OK : err->code;
}

/* The test part of one file: `split` of each class, but never all of it. */
static ht_code split(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    ht_raw_part *all = &raw->train;
    int32_t *of;
    int classes = 0;
    size_t count = all->count, wanted = (size_t)(request->split * (double)count + 0.5);
    if (list_classes(all, &of, &classes, &raw->notes, err) != HT_OK) return err->code;
    size_t most = count - (size_t)classes;
    wanted = wanted < 1 ? 1 : wanted;
    if (wanted > most) wanted = most;
    bool *chosen = ht_alloc(count, sizeof *chosen, "the test samples", err);
    ht_class_list list = {of, count, classes};
    ht_code code = chosen ? HT_OK : HT_FAIL;
    if (code == HT_OK && wanted == 0)
        code =
            ht_error_set(err, HT_FAIL,
                         "%s: each of its %d classes has one sample, so none can be kept for the test; give "
                         "more samples, or two files as in csv:train.csv,test.csv",
                         all->path, classes);
    if (code == HT_OK) code = ht_sample_by_class(&list, wanted, 1, request->seed, 2, chosen, err);
    if (code == HT_OK) code = move_chosen(raw, chosen, wanted, err);
    if (code == HT_OK) {
        ht_notes_add(&raw->notes,
                     "%s: %zu of its %zu samples are the test part, of each class its share, drawn with seed "
                     "%llu (data.split=%g)",
                     all->path, raw->test.count, count, (unsigned long long)request->seed, request->split);
        ht_notes_add(&raw->facts, "split: %zu of %zu samples for the test, by class, seed %llu",
                     raw->test.count, count, (unsigned long long)request->seed);
    }
    ht_free(chosen);
    ht_free(of);
    return code;
}

static ht_code read_one(const ht_data_request *request, ht_text_table *table, ht_columns *columns,
                        ht_fields *fields, ht_raw *raw, ht_error *err)
{
    if (ht_text_table_open(table, raw->train.path, request->header, &raw->notes, err) != HT_OK)
        return err->code;
    if (read_train(request, table, columns, fields, raw, err) != HT_OK) return err->code;
    if (raw->train.count == 0 && raw->train.unlabelled > 0)
        return ht_error_set(err, HT_FAIL,
                            "%s: none of its %zu rows has a label, which is column %zu; name another "
                            "with --label (data.label)",
                            table->path, raw->train.unlabelled, columns->label + 1);
    if (raw->train.count == 0)
        return ht_error_set(err, HT_FAIL, "%s: has no samples; give a file with at least two", table->path);
    return split(request, raw, err);
}

/* ---- the name ---------------------------------------------------------------------------------- */

/* Is there such a file, here or in a data directory? */
static bool is_there(const ht_data_request *request, const char *path)
{
    char found[HT_DATA_PATH];
    ht_error ignored;
    return *path && ht_source_path(request, path, found, &ignored) == HT_OK && !ht_file_is_dir(found);
}

/* The comma between two names: names may hold commas, too, if the files are there. NULL: one file. */
static const char *find_comma(const ht_data_request *request, char train[HT_DATA_PATH])
{
    const char *all = request->argument, *first = strchr(all, ',');
    if (is_there(request, all)) return NULL;
    for (const char *comma = first; comma; comma = strchr(comma + 1, ',')) {
        snprintf(train, HT_DATA_PATH, "%.*s", (int)(comma - all), all);
        if (is_there(request, train) && is_there(request, comma + 1)) return comma;
    }
    return first;
}

static ht_code find_files(const ht_data_request *request, ht_raw *raw, bool *two, ht_error *err)
{
    char train[HT_DATA_PATH];
    const char *all = request->argument;
    if (strlen(all) >= sizeof train)
        return ht_error_set(err, HT_USAGE, "csv:%.80s...: the path is too long", all);
    const char *comma = find_comma(request, train);
    *two = comma != NULL;
    if (!comma) return ht_source_path(request, all, raw->train.path, err);
    if (comma == all || !comma[1])
        return ht_error_set(err, HT_USAGE, "csv:%.200s: give one file, or two, as in csv:train.csv,test.csv",
                            all);
    snprintf(train, sizeof train, "%.*s", (int)(comma - all), all);
    if (ht_source_path(request, train, raw->train.path, err) != HT_OK) return err->code;
    return ht_source_path(request, comma + 1, raw->test.path, err);
}

ht_code ht_load_csv(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    ht_text_table tables[2] = {0};
    ht_columns columns = {0};
    ht_fields fields = {0};
    bool two = false;
    ht_code code = find_files(request, raw, &two, err);
    if (code == HT_OK)
        code = two ? ht_text_tables_read(request, tables, &columns, &fields, raw, err)
                   : read_one(request, tables, &columns, &fields, raw, err);
    if (code == HT_OK && raw->train.count > 0) code = ht_inputs_settle(raw, &fields, request->missing, err);
    for (int i = 0; i < 2; i++) ht_text_table_free(&tables[i]);
    ht_columns_free(&columns);
    ht_fields_free(&fields);
    return code;
}
