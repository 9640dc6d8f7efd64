#include "data/csv.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

static bool at_line_end(const ht_csv *csv)
{
    if (csv->at == csv->size || csv->data[csv->at] == '\n') return true;
    if (csv->data[csv->at] != '\r') return false;
    return csv->at + 1 == csv->size || csv->data[csv->at + 1] == '\n';
}

static void skip_blanks(ht_csv *csv)
{
    while (csv->at < csv->size && (csv->data[csv->at] == ' ' || csv->data[csv->at] == '\t')) csv->at++;
}

/* Behind the opening quote; stops behind the closing one. */
static ht_code read_quoted(ht_csv *csv, ht_error *err)
{
    size_t opened = csv->line;
    for (;;) {
        const char *from = csv->data + csv->at;
        const char *quote = memchr(from, '"', csv->size - csv->at);
        if (!quote)
            return ht_error_set(err, HT_FAIL, "%s:%zu: a quoted field is never closed; add the missing '\"'",
                                csv->path, opened);
        for (const char *p = from; p < quote; p++) csv->line += *p == '\n';
        ht_text_add_bytes(&csv->text, from, (size_t)(quote - from));
        csv->at += (size_t)(quote - from) + 1;
        if (csv->at == csv->size || csv->data[csv->at] != '"') return HT_OK;
        ht_text_add_bytes(&csv->text, "\"", 1);
        csv->at++;
    }
}

static ht_code read_field(ht_csv *csv, ht_error *err)
{
    skip_blanks(csv);
    if (csv->at < csv->size && csv->data[csv->at] == '"') {
        csv->at++;
        if (read_quoted(csv, err) != HT_OK) return err->code;
        skip_blanks(csv);
        if (!at_line_end(csv) && csv->data[csv->at] != ',')
            return ht_error_set(
                err, HT_FAIL,
                "%s:%zu: field %zu goes on after its closing quote; put a comma there, or double the "
                "quotes inside",
                csv->path, csv->line, csv->count);
    } else {
        size_t start = csv->at;
        while (!at_line_end(csv) && csv->data[csv->at] != ',') csv->at++;
        size_t end = csv->at;
        while (end > start && (csv->data[end - 1] == ' ' || csv->data[end - 1] == '\t')) end--;
        ht_text_add_bytes(&csv->text, csv->data + start, end - start);
    }
    ht_text_add_bytes(&csv->text, "", 1);
    return HT_OK;
}

static ht_code begin_field(ht_csv *csv, ht_error *err)
{
    if (csv->count == csv->capacity) {
        size_t capacity = csv->capacity ? csv->capacity * 2 : 64;
        void *starts = csv->starts;
        if (ht_grow(&starts, csv->count, capacity, sizeof *csv->starts, "the columns", err) != HT_OK)
            return err->code;
        csv->starts = starts;
        csv->capacity = capacity;
    }
    csv->starts[csv->count++] = csv->text.length;
    return HT_OK;
}

static void skip_line_end(ht_csv *csv)
{
    if (csv->at < csv->size && csv->data[csv->at] == '\r') csv->at++;
    if (csv->at < csv->size && csv->data[csv->at] == '\n') {
        csv->at++;
        csv->line++;
    }
}

static ht_code read_record(ht_csv *csv, ht_error *err)
{
    for (;;) {
        if (begin_field(csv, err) != HT_OK || read_field(csv, err) != HT_OK) return err->code;
        if (at_line_end(csv)) break;
        csv->at++; /* the comma */
    }
    skip_line_end(csv);
    return csv->text.failed
               ? ht_error_set(err, HT_FAIL, "%s:%zu: not enough memory for this line", csv->path, csv->line)
               : HT_OK;
}

ht_code ht_csv_next(ht_csv *csv, ht_error *err)
{
    do {
        csv->count = 0;
        csv->text.length = 0;
        if (csv->at == csv->size) return HT_OK;
        csv->record_line = csv->line;
        if (read_record(csv, err) != HT_OK) return err->code;
    } while (csv->count == 1 && ht_csv_field(csv, 0)[0] == '\0');
    return HT_OK;
}

const char *ht_csv_field(const ht_csv *csv, size_t index)
{
    return csv->text.data + csv->starts[index];
}

void ht_csv_free(ht_csv *csv)
{
    ht_text_free(&csv->text);
    ht_free(csv->starts);
    csv->starts = NULL;
}
