#include "data/table/rows.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "data/table/dialect.h"

static ht_code refuse_zero(const char *path, const char *text, size_t size, ht_error *err)
{
    const char *zero = memchr(text, '\0', size);
    size_t line = 1;
    if (size == 0)
        return ht_error_set(err, HT_FAIL, "%s: is empty; give a file with one sample a line", path);
    if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is written in UTF-16, as spreadsheets do for \"Unicode text\"; save it as UTF-8", path);
    if (!zero) return HT_OK;
    for (const char *p = text; p < zero; p++) line += *p == '\n';
    return ht_error_set(err, HT_FAIL,
                        "%s:%zu: has a zero byte, so this is no text file; give a text file with one sample "
                        "a line",
                        path, line);
}

ht_code ht_rows_read_text(const char *path, char **text, size_t *size, ht_notes *notes, ht_error *err)
{
    if (ht_file_read(path, HT_DATA_BYTES_MAX, text, size, err) != HT_OK) return err->code;
    if (refuse_zero(path, *text, *size, err) == HT_OK &&
        ht_dialect_normalize(path, text, size, notes, err) == HT_OK)
        return HT_OK;
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

/* Room for one more value of `size` bytes at *values. */
static ht_code make_room(ht_rows *rows, void **values, size_t size, ht_error *err)
{
    if (rows->used < rows->capacity) return HT_OK;
    size_t capacity = rows->capacity ? rows->capacity * 2 : 4096;
    if (capacity > HT_DATA_BYTES_MAX / sizeof(float))
        return ht_error_set(err, HT_FAIL, "%s:%zu: the file has more than 4 GB of values; use a part of it",
                            rows->part->path, rows->line);
    if (ht_grow(values, rows->used, capacity, size, "the samples", err) != HT_OK) return err->code;
    rows->capacity = capacity;
    return HT_OK;
}

/* As series have them; a name is no number there, and an empty field a mistake. */
static bool is_missing(const char *token, size_t length)
{
    static const char *const words[] = {"?", "NaN", "nan", "NAN", "NA"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (length == strlen(words[i]) && memcmp(token, words[i], length) == 0) return true;
    return false;
}

ht_code ht_rows_value(ht_rows *rows, const char *token, size_t length, size_t field, ht_error *err)
{
    double value = HT_ROWS_MISSING;
    bool missing = is_missing(token, length);
    if (!missing && !parse(token, length, &value))
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: field %zu '%.*s' is not a finite number; remove or fill in such rows first",
            rows->part->path, rows->line, field, length > 32 ? 32 : (int)length, token);
    void *x = rows->part->x;
    ht_code code = make_room(rows, &x, sizeof(float), err);
    rows->part->x = x;
    if (code != HT_OK) return code;
    rows->part->x[rows->used++] = (float)value;
    rows->in_row++;
    return HT_OK;
}

ht_code ht_rows_wide(ht_rows *rows, double value, ht_error *err)
{
    void *wide = rows->part->wide;
    ht_code code = make_room(rows, &wide, sizeof value, err);
    rows->part->wide = wide;
    if (code != HT_OK) return code;
    rows->part->wide[rows->used++] = value;
    rows->in_row++;
    return HT_OK;
}

/* Remembers how long the row is. */
static ht_code add_length(ht_rows *rows, ht_error *err)
{
    size_t count = rows->part->count;
    if (count == rows->length_room) {
        size_t room = count ? count * 2 : 1024;
        void *lengths = rows->lengths;
        if (ht_grow(&lengths, count, room, sizeof *rows->lengths, "the samples", err) != HT_OK)
            return err->code;
        rows->lengths = lengths;
        rows->length_room = room;
    }
    rows->lengths[count] = rows->in_row;
    return HT_OK;
}

ht_code ht_rows_end(ht_rows *rows, ht_error *err)
{
    ht_raw_part *part = rows->part;
    if (rows->in_row == 0 || rows->in_row > INT_MAX)
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: has a label but no values; a row is a label and its values", part->path,
                            rows->line);
    if (part->x && add_length(rows, err) != HT_OK) return err->code;
    part->count++;
    rows->in_row = 0;
    return HT_OK;
}
