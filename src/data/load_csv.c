/* csv:TRAIN,TEST - one sample a record; the label is in the column named `label` or `class`, else in the
 * last. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/csv.h"
#include "data/loader.h"
#include "data/rows.h"
#include "data/source.h"

/* What the training file settles for both. */
typedef struct layout {
    size_t columns, label_column; /* columns = 0: not settled yet */
    ht_text header;               /* its names, each terminated; empty without a header */
} layout;

/* NaN and Inf count as numbers here: a first row with one is a bad sample, not a header. */
static bool looks_like_number(const char *field)
{
    char *end;
    strtod(field, &end);
    return *field != '\0' && *end == '\0';
}

/* The column called `label` or `class`; `count` if there is none. */
static size_t named_label(const ht_csv *csv)
{
    for (size_t i = 0; i < csv->count; i++)
        if (strcasecmp(ht_csv_field(csv, i), "label") == 0) return i;
    for (size_t i = 0; i < csv->count; i++)
        if (strcasecmp(ht_csv_field(csv, i), "class") == 0) return i;
    return csv->count;
}

/* Is the first record, which *csv holds, a header? It is if it names the label column or has no number at
 * all. "1,2,target" is one too, if the label in the record after it is a number. Leaves *csv at another
 * record. */
static ht_code find_header(ht_csv *csv, bool *header, ht_error *err)
{
    size_t numbers = 0, count = csv->count;
    for (size_t i = 0; i < count; i++) numbers += looks_like_number(ht_csv_field(csv, i));
    bool last = looks_like_number(ht_csv_field(csv, count - 1));
    *header = named_label(csv) < count || numbers == 0;
    if (*header || last || numbers + 1 < count) return HT_OK;
    if (ht_csv_next(csv, err) != HT_OK) return err->code;
    *header = csv->count == count && looks_like_number(ht_csv_field(csv, count - 1));
    return HT_OK;
}

static ht_code settle_columns(const ht_csv *csv, bool header, layout *plan, ht_error *err)
{
    plan->columns = csv->count;
    plan->label_column = csv->count - 1;
    if (csv->count < 2)
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: has one column; a row needs at least one value and a label, separated by commas",
            csv->path, csv->record_line);
    if (!header) return HT_OK;
    if (named_label(csv) < csv->count) plan->label_column = named_label(csv);
    for (size_t i = 0; i < csv->count; i++) {
        const char *name = ht_csv_field(csv, i);
        if (!*name)
            return ht_error_set(
                err, HT_FAIL,
                "%s:%zu: column %zu has no name; if it is a row number (pandas writes one), leave it "
                "out (index=False)",
                csv->path, csv->record_line, i + 1);
        ht_text_add_bytes(&plan->header, name, strlen(name) + 1);
    }
    return plan->header.failed ? ht_error_set(err, HT_FAIL, "%s: not enough memory for the header", csv->path)
                               : HT_OK;
}

/* The test file must have the columns of the training file, and by the same names if both name them. */
static ht_code compare_columns(const ht_csv *csv, bool header, const layout *plan, ht_error *err)
{
    if (csv->count != plan->columns)
        return ht_error_set(err, HT_FAIL, "%s:%zu: has %zu columns, the training file has %zu", csv->path,
                            csv->record_line, csv->count, plan->columns);
    if (!header) return HT_OK;
    if (named_label(csv) < csv->count && named_label(csv) != plan->label_column)
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: the label is in column %zu, in the training file in column %zu",
                            csv->path, csv->record_line, named_label(csv) + 1, plan->label_column + 1);
    const char *name = plan->header.length ? plan->header.data : NULL;
    for (size_t i = 0; name && i < csv->count; name += strlen(name) + 1, i++)
        if (strcmp(name, ht_csv_field(csv, i)) != 0)
            return ht_error_set(
                err, HT_FAIL,
                "%s:%zu: column %zu is '%.40s', in the training file '%.40s'; give both files the same "
                "columns in the same order",
                csv->path, csv->record_line, i + 1, ht_csv_field(csv, i), name);
    return HT_OK;
}

/* Settles or compares the columns; leaves *csv before the first sample. */
static ht_code read_header(ht_csv *csv, layout *plan, ht_error *err)
{
    bool header = false;
    size_t at = csv->at, line = csv->line;
    if (ht_csv_next(csv, err) != HT_OK) return err->code;
    if (csv->count == 0)
        return ht_error_set(err, HT_FAIL, "%s: has only empty lines; give a file with one sample a line",
                            csv->path);
    if (find_header(csv, &header, err) != HT_OK) return err->code;
    csv->at = at, csv->line = line;
    if (ht_csv_next(csv, err) != HT_OK) return err->code;
    ht_code code =
        plan->columns ? compare_columns(csv, header, plan, err) : settle_columns(csv, header, plan, err);
    if (!header) csv->at = at, csv->line = line;
    return code;
}

static ht_code add_record(const ht_csv *csv, const layout *plan, ht_rows *rows, ht_error *err)
{
    rows->line = csv->record_line;
    if (csv->count != plan->columns)
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: has %zu fields, the first row has %zu; all rows must have as many",
                            csv->path, csv->record_line, csv->count, plan->columns);
    for (size_t i = 0; i < csv->count; i++) {
        const char *field = ht_csv_field(csv, i);
        ht_code code;
        if (i != plan->label_column)
            code = ht_rows_value(rows, field, strlen(field), i + 1, err);
        else if (*field)
            code = ht_labels_add_text(&rows->part->labels, field, err);
        else
            code = ht_error_set(err, HT_FAIL,
                                "%s:%zu: field %zu, the label, is empty; remove or label such rows",
                                csv->path, csv->record_line, i + 1);
        if (code != HT_OK) return code;
    }
    return ht_rows_end(rows, err);
}

static ht_code read_file(ht_raw_part *part, layout *plan, ht_error *err)
{
    char *text;
    size_t size;
    if (ht_rows_read_text(part->path, &text, &size, err) != HT_OK) return err->code;
    ht_rows rows = {.part = part};
    ht_csv csv = {.path = part->path, .data = text, .size = size, .line = 1};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        csv.at = 3; /* a byte order mark, as Excel writes */
    ht_code code = read_header(&csv, plan, err);
    while (code == HT_OK) {
        code = ht_csv_next(&csv, err);
        if (code != HT_OK || csv.count == 0) break;
        code = add_record(&csv, plan, &rows, err);
    }
    ht_csv_free(&csv);
    ht_free(text);
    return code;
}

ht_code ht_load_csv(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    char train[HT_DATA_PATH];
    const char *comma = strchr(request->argument, ',');
    if (!comma || comma == request->argument || !comma[1] || strlen(request->argument) >= sizeof train)
        return ht_error_set(err, HT_USAGE, "csv:%.200s: give two files, as in csv:train.csv,test.csv",
                            request->argument);
    size_t length = (size_t)(comma - request->argument);
    memcpy(train, request->argument, length);
    train[length] = '\0';
    if (ht_source_path(request, train, raw->train.path, err) != HT_OK) return err->code;
    if (ht_source_path(request, comma + 1, raw->test.path, err) != HT_OK) return err->code;
    layout plan = {0};
    ht_code code = read_file(&raw->train, &plan, err);
    if (code == HT_OK) code = read_file(&raw->test, &plan, err);
    ht_text_free(&plan.header);
    return code;
}
