/* The UCR archive's time series: a series a line. In .tsv and .txt files the label comes first, separated by
 * tabs, commas or blanks; in .ts files values are separated by commas and the label is last, after a colon;
 * .arff files are tables. Series may differ in length (series.h).
 * https://www.cs.ucr.edu/~eamonn/time_series_data_2018/ */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/table/columns.h"
#include "data/encode.h"
#include "data/loader.h"
#include "data/table/rows.h"
#include "data/table/series.h"
#include "data/source.h"

enum { LABEL_MAX = 200, NAME_MAX_LENGTH = 100 };

static const ht_endings endings = {".tsv", ".txt", ".ts", ".csv", ".arff", "", NULL};

/* One token; *p moves behind it and its separator: blanks with at most one comma among them. */
static const char *next_token(const char **p, const char *end, size_t *length)
{
    const char *q = *p;
    while (q < end && (*q == ' ' || *q == '\t')) q++;
    const char *token = q;
    while (q < end && *q != ' ' && *q != '\t' && *q != ',') q++;
    *length = (size_t)(q - token);
    while (q < end && (*q == ' ' || *q == '\t')) q++;
    if (q < end && *q == ',') q++;
    *p = q;
    return token;
}

static ht_code add_label(ht_rows *rows, const char *token, size_t length, ht_error *err)
{
    char label[LABEL_MAX];
    if (length == 0 || length >= sizeof label)
        return ht_error_set(err, HT_FAIL, "%s:%zu: the label is %s; a row is a label and its values",
                            rows->part->path, rows->line, length == 0 ? "missing" : "longer than 200 bytes");
    memcpy(label, token, length);
    label[length] = '\0';
    return ht_labels_add_text(&rows->part->labels, label, err);
}

static ht_code add_values(ht_rows *rows, const char *p, const char *end, size_t field, ht_error *err)
{
    while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == ',')) end--;
    while (p < end) {
        size_t length;
        const char *token = next_token(&p, end, &length);
        if (ht_rows_value(rows, token, length, field++, err) != HT_OK) return err->code;
    }
    return ht_rows_end(rows, err);
}

/* "1.5,2.5,3.5:label" */
static ht_code add_row_ts(ht_rows *rows, const char *p, const char *colon, const char *end, ht_error *err)
{
    size_t length;
    const char *after = colon + 1, *label = next_token(&after, end, &length);
    if (memchr(after, ':', (size_t)(end - after)) || memchr(label, ':', length))
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: has more than one ':', so the series has several dimensions or timestamps; only "
            "plain univariate series can be read",
            rows->part->path, rows->line);
    if (add_label(rows, label, length, err) != HT_OK) return err->code;
    return add_values(rows, p, colon, 1, err);
}

/* "@key true" and the like: what is declared and cannot be read is told at once, not met row by row. */
static ht_code check_declaration(const ht_rows *rows, const char *p, const char *end, ht_error *err)
{
    static const struct {
        const char *key, *bad, *what;
    } table[] = {{"@timestamps", "true", "its values carry timestamps"},
                 {"@univariate", "false", "its series have several dimensions"},
                 {"@classlabel", "false", "its series have no class labels"},
                 {"@targetlabel", "true", "its labels are quantities (a regression target)"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t key = strlen(table[i].key), bad = strlen(table[i].bad);
        if ((size_t)(end - p) <= key || strncasecmp(p, table[i].key, key) != 0) continue;
        const char *value = p + key;
        while (value < end && (*value == ' ' || *value == '\t')) value++;
        if (value == p + key || (size_t)(end - value) < bad || strncasecmp(value, table[i].bad, bad) != 0)
            continue;
        return ht_error_set(
            err, HT_FAIL, "%s:%zu: says %.*s: %s; only plain univariate series with class labels can be read",
            rows->part->path, rows->line, (int)(end - p < 40 ? end - p : 40), p, table[i].what);
    }
    return HT_OK;
}

static ht_code add_row(ht_rows *rows, const char *p, const char *end, ht_error *err)
{
    size_t length;
    while (end > p && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t')) end--;
    if (p == end || *p == '#') return HT_OK;
    if (*p == '@') return check_declaration(rows, p, end, err);
    const char *colon = memchr(p, ':', (size_t)(end - p));
    if (colon) return add_row_ts(rows, p, colon, end, err);
    const char *label = next_token(&p, end, &length);
    if (add_label(rows, label, length, err) != HT_OK) return err->code;
    return add_values(rows, p, end, 2, err);
}

/* *lengths gets those of the series; ht_free. */
static ht_code read_file(ht_raw_part *part, size_t **lengths, ht_notes *notes, ht_error *err)
{
    char *text;
    size_t size;
    ht_rows rows = {.part = part};
    if (ht_rows_read_text(part->path, &text, &size, notes, err) != HT_OK) return err->code;
    ht_code code = HT_OK;
    for (const char *p = text, *end = text + size; p < end && code == HT_OK;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        rows.line++;
        code = add_row(&rows, p, newline ? newline : end, err);
        p = newline ? newline + 1 : end;
    }
    ht_free(text);
    *lengths = rows.lengths;
    return code;
}

/* From a table to series: floats, a row each. */
static ht_code flatten(ht_raw_part *part, size_t **lengths, ht_error *err)
{
    part->x = ht_alloc(part->count * part->inputs, sizeof *part->x, "the series", err);
    *lengths = part->x ? ht_alloc(part->count, sizeof **lengths, "the series", err) : NULL;
    if (!*lengths) return err->code;
    for (size_t i = 0; i < part->count * part->inputs; i++) part->x[i] = (float)part->wide[i];
    for (size_t i = 0; i < part->count; i++) (*lengths)[i] = part->inputs;
    ht_free(part->wide);
    part->wide = NULL;
    return HT_OK;
}

static ht_code read_arff(const ht_data_request *request, ht_raw *raw, size_t *lengths[2], ht_error *err)
{
    ht_text_table tables[2] = {0};
    ht_columns columns = {0};
    ht_data_request series = *request;
    ht_fields fields = {0};
    series.refuse_missing = false; /* the end of a short series is no missing value */
    series.numbers_only = true;
    ht_code code = ht_text_tables_read(&series, tables, &columns, &fields, raw, err);
    if (code == HT_OK) code = flatten(&raw->train, &lengths[0], err);
    if (code == HT_OK) code = flatten(&raw->test, &lengths[1], err);
    for (int i = 0; i < 2; i++) ht_text_table_free(&tables[i]);
    ht_columns_free(&columns);
    ht_fields_free(&fields);
    ht_columns_release(raw->columns, raw->column_count); /* steps of time are no columns */
    raw->columns = NULL;
    raw->column_count = 0;
    return code;
}

static ht_code read_files(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    size_t *lengths[2] = {NULL, NULL};
    ht_code code;
    if (ht_text_ends(raw->train.path, ".arff") && ht_text_ends(raw->test.path, ".arff")) {
        code = read_arff(request, raw, lengths, err);
    } else {
        code = read_file(&raw->train, &lengths[0], &raw->notes, err);
        if (code == HT_OK) code = read_file(&raw->test, &lengths[1], &raw->notes, err);
        ht_notes_add(&raw->facts, "file: %s", raw->train.path);
        ht_notes_add(&raw->facts, "file: %s", raw->test.path);
    }
    if (code == HT_OK) code = ht_series_settle(raw, lengths, request->refuse_missing, err);
    if (code == HT_OK) ht_raw_shape(raw, 1, 1, raw->train.inputs);
    for (int i = 0; i < 2; i++) ht_free(lengths[i]);
    return code;
}

static ht_code load(const ht_data_request *request, const char *folder, const char *name, ht_raw *raw,
                    ht_error *err)
{
    char dir[HT_DATA_PATH], stem[NAME_MAX_LENGTH + 16];
    raw->alike = true; /* steps of time */
    snprintf(stem, sizeof stem, "%s_TRAIN", name);
    if (ht_source_dir(request, folder, stem, endings, dir, err) != HT_OK) return err->code;
    if (ht_source_file(dir, stem, endings, raw->train.path, err) != HT_OK) return err->code;
    snprintf(stem, sizeof stem, "%s_TEST", name);
    if (ht_source_file(dir, stem, endings, raw->test.path, err) != HT_OK) return err->code;
    return read_files(request, raw, err);
}

ht_code ht_load_ucr(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    const char *name = request->argument;
    char source[2 * NAME_MAX_LENGTH + 64];
    if (strchr(name, '/') || name[0] == '.' || strlen(name) > NAME_MAX_LENGTH)
        return ht_error_set(err, HT_USAGE,
                            "ucr:%.100s: give the name of a data set as in ucr:ECG200, not a path", name);
    snprintf(source, sizeof source, "%s_TRAIN.tsv (.txt, .ts, .csv, .arff) and %s_TEST.tsv", name, name);
    ht_data_request named = *request;
    named.source = source;
    return load(&named, name, name, raw, err);
}

static const char *const beats[] = {"normal", "R-on-T PVC", "PVC", "supraventricular", "unclassified"};

static ht_code check_beats(const ht_raw_part *part, ht_error *err)
{
    for (size_t i = 0; i < part->labels.count; i++) {
        double label = part->labels.items[i].word ? 0 : part->labels.items[i].number;
        if (label == 1 || label == 2 || label == 3 || label == 4 || label == 5) continue;
        char text[HT_LABEL_NAME];
        ht_label_format(&part->labels, i, text, sizeof text);
        return ht_error_set(
            err, HT_FAIL,
            "%s: row %zu: the label is '%s', those of ECG5000 are 1 to 5; the file is damaged or of "
            "another set (use ucr:NAME for it)",
            part->path, i + 1, text);
    }
    return HT_OK;
}

ht_code ht_load_ecg5000_5(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    raw->names = beats;
    raw->first_label = 1;
    raw->name_count = 5;
    if (load(request, "ecg5000", "ECG5000", raw, err) != HT_OK) return err->code;
    if (check_beats(&raw->train, err) != HT_OK) return err->code;
    return check_beats(&raw->test, err);
}

/* Class 1 (normal) against the rest. */
static void merge_beats(ht_raw_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) labels->items[i].number = labels->items[i].number == 1 ? 0 : 1;
}

ht_code ht_load_ecg5000(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const names[] = {"normal", "abnormal"};
    if (ht_load_ecg5000_5(request, raw, err) != HT_OK) return err->code;
    merge_beats(&raw->train.labels);
    merge_beats(&raw->test.labels);
    raw->names = names;
    raw->first_label = 0;
    raw->name_count = 2;
    return HT_OK;
}
