#include "data/rows.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

ht_code ht_rows_read_text(const char *path, char **text, size_t *size, ht_error *err)
{
    if (ht_file_read(path, HT_DATA_BYTES_MAX, text, size, err) != HT_OK) return err->code;
    const char *zero = memchr(*text, '\0', *size);
    if (*size > 0 && !zero) return HT_OK;
    if (*size == 0) {
        ht_error_set(err, HT_FAIL, "%s: is empty; give a file with one sample a line", path);
    } else {
        size_t line = 1;
        for (const char *p = *text; p < zero; p++) line += *p == '\n';
        ht_error_set(err, HT_FAIL,
                     "%s:%zu: has a zero byte, so this is no text file; give a text file with one sample "
                     "a line",
                     path, line);
    }
    ht_free(*text);
    *text = NULL;
    return err->code;
}

/* Short whole numbers, such as grey levels, without strtod. */
static bool parse_digits(const char *token, size_t length, double *value)
{
    int sum = 0;
    if (length == 0 || length > 8) return false;
    for (size_t i = 0; i < length; i++) {
        if (token[i] < '0' || token[i] > '9') return false;
        sum = sum * 10 + (token[i] - '0');
    }
    *value = sum;
    return true;
}

static bool parse(const char *token, size_t length, double *value)
{
    char copy[64];
    if (parse_digits(token, length, value)) return true;
    if (length >= sizeof copy) return false;
    memcpy(copy, token, length);
    copy[length] = '\0';
    return ht_parse_number(copy, value);
}

ht_code ht_rows_value(ht_rows *rows, const char *token, size_t length, size_t field, ht_error *err)
{
    double value;
    if (!parse(token, length, &value))
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: field %zu '%.*s' is not a finite number; remove or fill in such rows first",
            rows->part->path, rows->line, field, length > 32 ? 32 : (int)length, token);
    if (rows->used == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : 4096;
        void *x = rows->part->x;
        if (capacity > HT_DATA_BYTES_MAX / sizeof(float))
            return ht_error_set(err, HT_FAIL,
                                "%s:%zu: the file has more than 4 GB of values; use a part of it",
                                rows->part->path, rows->line);
        if (ht_grow(&x, rows->used, capacity, sizeof(float), "the samples", err) != HT_OK) return err->code;
        rows->part->x = x;
        rows->capacity = capacity;
    }
    rows->part->x[rows->used++] = (float)value;
    rows->in_row++;
    return HT_OK;
}

ht_code ht_rows_end(ht_rows *rows, ht_error *err)
{
    ht_raw_part *part = rows->part;
    if (part->count == 0) part->inputs = rows->in_row;
    if (rows->in_row == 0 || rows->in_row > INT_MAX)
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: has a label but no values; a row is a label and its values", part->path,
                            rows->line);
    if (rows->in_row != part->inputs)
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: has %zu values, the rows before it have %zu; all rows must be of one length", part->path,
            rows->line, rows->in_row, part->inputs);
    part->count++;
    rows->in_row = 0;
    return HT_OK;
}
