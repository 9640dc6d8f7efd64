#include "data/table/csv.h"

#include <string.h>

#include "base/alloc.h"

static bool at_line_end(const ht_csv *csv)
{
    if (csv->at == csv->size || csv->data[csv->at] == '\n') return true;
    if (csv->data[csv->at] != '\r') return false;
    return csv->at + 1 == csv->size || csv->data[csv->at + 1] == '\n';
}

static bool is_blank(const ht_csv *csv, char c)
{
    return c == ' ' || (c == '\t' && csv->separator != '\t');
}

static bool is_separator(const ht_csv *csv, char c)
{
    return csv->separator == ' ' ? is_blank(csv, c) : c == csv->separator;
}

static void skip_blanks(ht_csv *csv)
{
    while (csv->at < csv->size && is_blank(csv, csv->data[csv->at])) csv->at++;
}

/* The next quote, or in ARFF the next backslash before it. */
static const char *find_quote(const ht_csv *csv, const char *from, char quote)
{
    size_t left = csv->size - (size_t)(from - csv->data);
    const char *end = memchr(from, quote, left);
    const char *escape = csv->arff ? memchr(from, '\\', end ? (size_t)(end - from) : left) : NULL;
    return escape && escape + 1 < csv->data + csv->size ? escape : end;
}

/* Behind the opening quote; stops behind the closing one. */
static ht_code read_quoted(ht_csv *csv, char quote, ht_error *err)
{
    size_t opened = csv->line;
    for (;;) {
        const char *from = csv->data + csv->at, *stop = find_quote(csv, from, quote);
        csv->broken = !stop;
        if (!stop)
            return ht_error_set(err, HT_FAIL, "%s:%zu: a quoted field is never closed; add the missing '%c'",
                                csv->path, opened, quote);
        bool escape = *stop == '\\' && quote != '\\';
        for (const char *p = from; p < stop + escape; p++) csv->line += *p == '\n';
        ht_text_add_bytes(&csv->text, from, (size_t)(stop - from));
        csv->at += (size_t)(stop - from) + 1;
        if (!escape && (csv->at == csv->size || csv->data[csv->at] != quote)) return HT_OK;
        ht_text_add_bytes(&csv->text, csv->data + csv->at, 1);
        csv->line += csv->data[csv->at++] == '\n';
    }
}

static bool is_quote(const ht_csv *csv)
{
    return csv->at < csv->size && (csv->data[csv->at] == '"' || (csv->arff && csv->data[csv->at] == '\''));
}

static ht_code read_field(ht_csv *csv, ht_error *err)
{
    skip_blanks(csv);
    if (is_quote(csv)) {
        csv->at++;
        if (read_quoted(csv, csv->data[csv->at - 1], err) != HT_OK) return err->code;
        size_t closed = csv->at;
        skip_blanks(csv);
        bool apart = csv->separator == ' ' ? csv->at > closed : is_separator(csv, csv->data[csv->at]);
        csv->broken = !at_line_end(csv) && !apart;
        if (csv->broken)
            return ht_error_set(
                err, HT_FAIL,
                "%s:%zu: field %zu goes on after its closing quote; put a %s there, or double the "
                "quotes inside",
                csv->path, csv->line, csv->count, csv->separator == ',' ? "comma" : "separator");
    } else {
        size_t start = csv->at;
        while (!at_line_end(csv) && !is_separator(csv, csv->data[csv->at])) csv->at++;
        size_t end = csv->at;
        while (end > start && is_blank(csv, csv->data[end - 1])) end--;
        ht_text_add_bytes(&csv->text, csv->data + start, end - start);
        if (csv->separator == ' ') skip_blanks(csv);
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
        if (csv->separator != ' ') csv->at++;
    }
    skip_line_end(csv);
    return csv->text.failed
               ? ht_error_set(err, HT_FAIL, "%s:%zu: not enough memory for this line", csv->path, csv->line)
               : HT_OK;
}

static void skip_comments(ht_csv *csv)
{
    while (csv->arff && csv->at < csv->size && csv->data[csv->at] == '%') {
        while (!at_line_end(csv)) csv->at++;
        skip_line_end(csv);
    }
}

/* Spreadsheets leave lines of separators alone. The text of n empty fields is n zero bytes. */
static bool is_empty(const ht_csv *csv)
{
    return csv->text.length == csv->count;
}

ht_code ht_csv_next(ht_csv *csv, ht_error *err)
{
    do {
        skip_comments(csv);
        csv->count = 0;
        csv->text.length = 0;
        if (csv->at == csv->size) return HT_OK;
        csv->record_line = csv->line;
        csv->broken = false;
        if (read_record(csv, err) != HT_OK) return err->code;
    } while (is_empty(csv));
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
