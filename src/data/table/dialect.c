#include "data/table/dialect.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/table/csv.h"

enum { SAMPLE_RECORDS = 100 };

/* ---- bytes ------------------------------------------------------------------------------------- */

static bool is_utf8(const char *text)
{
    unsigned c;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n)
        if (c == 0xfffd && n == 1) return false;
    return true;
}

/* Windows-1252 differs from Latin-1 in 0x80 … 0x9f; the five bytes it leaves undefined stay controls. */
static unsigned windows_1252(unsigned char byte)
{
    static const unsigned short high[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                            0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
                                            0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                            0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};
    return byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
}

static ht_code to_utf8(char **text, size_t *size, ht_error *err)
{
    size_t more = 0, used = 0;
    char encoded[5];
    for (size_t i = 0; i < *size; i++) more += 2 * ((unsigned char)(*text)[i] >= 0x80);
    char *to = ht_alloc(*size + more + 1, 1, "the text", err);
    if (!to) return err->code;
    for (size_t i = 0; i < *size; i++) {
        size_t n = ht_utf8_encode(windows_1252((unsigned char)(*text)[i]), encoded);
        memcpy(to + used, encoded, n);
        used += n;
    }
    ht_free(*text);
    *text = to;
    *size = used;
    return HT_OK;
}

ht_code ht_dialect_normalize(const char *path, char **text, size_t *size, ht_notes *notes, ht_error *err)
{
    if (*size >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        memmove(*text, *text + 3, *size - 2);
        *size -= 3;
    }
    if (!is_utf8(*text)) {
        if (to_utf8(text, size, err) != HT_OK) return err->code;
        ht_notes_add(notes, "%s: is no UTF-8 text; it was read as Windows-1252", path);
    }
    if (*size > 6 && memcmp(*text, "sep=", 4) == 0 && ((*text)[5] == '\n' || (*text)[5] == '\r'))
        (*text)[0] = '#'; /* a spreadsheet's own line; counting finds the separator */
    if (!memchr(*text, '\n', *size))
        for (char *p = *text; (p = memchr(p, '\r', *size - (size_t)(p - *text))); p++) *p = '\n';
    return HT_OK;
}

/* ---- cells ------------------------------------------------------------------------------------- */

static bool is_among(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0) return true;
    return false;
}

bool ht_cell_no_label(const char *text)
{
    static const char *const words[] = {"",    "?",    "NA",   "N/A",  "n/a",  "NaN",
                                        "nan", "null", "NULL", "#N/A", "<NA>", NULL};
    return is_among(text, words);
}

static bool is_missing(const char *text)
{
    static const char *const words[] = {"-", "None", "none", "NAN", "Null", "na", NULL};
    return ht_cell_no_label(text) || is_among(text, words);
}

bool ht_cell_truth(const char *text, double *value)
{
    static const char *const yes[] = {"True", "true", "TRUE", NULL}, *const no[] = {"False", "false", "FALSE",
                                                                                    NULL};
    *value = is_among(text, yes);
    return *value != 0 || is_among(text, no);
}

/* Short whole numbers, such as grey levels, without strtod. */
static bool read_digits(const char *text, double *value)
{
    int sum = 0, length = 0;
    for (; text[length]; length++) {
        if (length == 8 || text[length] < '0' || text[length] > '9') return false;
        sum = sum * 10 + (text[length] - '0');
    }
    *value = sum;
    return length > 0;
}

/* A number with a comma: as if it had a point. A point beside it would mark thousands. */
static bool read_comma(const char *text, double *value)
{
    char copy[64];
    size_t length = strlen(text);
    if (length >= sizeof copy || strchr(text, '.')) return false;
    memcpy(copy, text, length + 1);
    char *comma = strchr(copy, ',');
    if (comma && !isdigit((unsigned char)comma[1])) return false;
    if (comma) *comma = '.';
    return ht_parse_number(copy, value);
}

ht_cell ht_cell_read(const char *text, char decimal, double *value)
{
    if (read_digits(text, value)) return HT_CELL_NUMBER;
    if (is_missing(text)) return HT_CELL_MISSING;
    bool number = decimal == ',' ? read_comma(text, value) : ht_parse_number(text, value);
    return number ? HT_CELL_NUMBER : HT_CELL_WORD;
}

/* The sign of a currency before a number: no letter, no digit. */
static const char *skip_unit(const char *text)
{
    while (*text == '$' || (unsigned char)*text >= 0x80) text++;
    return text;
}

const char *ht_cell_hint(const char *text, char decimal)
{
    const char *digits = text + (*text == '-' || *text == '+'), *number = skip_unit(digits);
    number += strspn(number, " ");
    size_t length = strspn(number, "0123456789.,");
    const char *end = number + length;
    if (!isdigit((unsigned char)*number)) return NULL;
    if (number > digits || *end == '%' || *skip_unit(end + strspn(end, " ")) != *end)
        return "; write the number without its unit";
    if (*end) return NULL;
    if (memchr(number, ',', length) && memchr(number, '.', length))
        return "; write it without marks between the thousands";
    if (!memchr(number, decimal == ',' ? '.' : ',', length)) return NULL;
    return decimal == ',' ? "; other cells have decimal commas, so its point could be one or mark thousands: "
                            "write all alike"
                          : "; its comma could be a decimal one or mark thousands: write 1234.5";
}

/* ---- the separator ----------------------------------------------------------------------------- */

/* How well a separator cuts the first records. The first one may be a header: it counts only when it is
 * alone. */
typedef struct trial {
    size_t records, fields;        /* fields: of the first record, then of the second */
    size_t alike, filled, numbers; /* records of as many fields; cells that are not empty; numbers of them */
} trial;

static void assess_record(const ht_csv *csv, trial *t)
{
    double value;
    bool second = t->records == 1;
    if (t->records++ == 0 || second) {
        t->alike = second && csv->count == t->fields;
        t->filled = t->numbers = 0;
        t->fields = csv->count;
    }
    t->alike += csv->count == t->fields;
    for (size_t i = 0; i < csv->count; i++) {
        const char *field = ht_csv_field(csv, i);
        ht_cell cell = ht_cell_read(field, '.', &value);
        if (cell == HT_CELL_WORD && csv->separator != ',') cell = ht_cell_read(field, ',', &value);
        t->filled += *field != '\0';
        t->numbers += *field != '\0' && cell != HT_CELL_WORD;
    }
}

static trial try_separator(const char *text, size_t size, char separator)
{
    ht_error ignored;
    trial t = {0};
    ht_csv csv = {.path = "", .data = text, .size = size, .line = 1, .separator = separator};
    while (t.records < SAMPLE_RECORDS && ht_csv_next(&csv, &ignored) == HT_OK && csv.count > 0)
        assess_record(&csv, &t);
    ht_csv_free(&csv);
    return t;
}

/* Numbers among the cells, times records of one length; 0 when it cuts nothing. Among those that find no
 * number the one that finds more fields is better, and any number is better than none. */
static double score_of(const trial *t)
{
    if (t->fields < 2 || t->filled == 0) return 0;
    double alike = (double)t->alike / (double)t->records, fields = (double)t->fields;
    if (t->numbers == 0) return alike * (1 - 1 / fields) / (1 + (double)t->filled);
    return (1 + (double)t->numbers) / (1 + (double)t->filled) * alike;
}

/* A table of words alone: words hold blanks, and numbers behind these are of them ("room 5"). */
static bool is_of_words(const trial *t)
{
    return t->records > 1 && t->fields > 1 && t->numbers == 0 && t->alike == t->records;
}

static bool is_of_numbers(const trial *t)
{
    return 10 * t->numbers > 9 * t->filled;
}

/* Cells with a decimal mark; of them those that could as well be "1,234", one thousand and more. */
typedef struct marks {
    size_t all, thousands;
} marks;

static void see_mark(marks *m, const char *field, char mark)
{
    double value;
    const char *at = strchr(field, mark), *digits = field + (*field == '-' || *field == '+');
    if (!at || !(mark == ',' ? read_comma(field, &value) : ht_parse_number(field, &value))) return;
    m->all++;
    size_t before = strspn(digits, "0123456789");
    m->thousands += before >= 1 && before <= 3 && *digits != '0' && digits + before == at &&
                    strspn(at + 1, "0123456789") == 3 && strlen(at) == 4;
}

void ht_dialect_find(const char *text, size_t size, ht_dialect *dialect)
{
    static const char candidates[] = {'\t', ';', '|', ',', ' '};
    double best = 0;
    trial found = {0};
    *dialect = (ht_dialect){',', '.', false};
    for (size_t i = 0; i < sizeof candidates; i++) {
        trial t = try_separator(text, size, candidates[i]);
        double score = score_of(&t);
        if (candidates[i] == ' ' && is_of_words(&found) && !is_of_numbers(&t)) continue;
        if (score > best) best = score, found = t, dialect->separator = candidates[i];
    }
    if (dialect->separator == ',') return;
    marks commas = {0}, points = {0};
    ht_error ignored;
    ht_csv csv = {.path = "", .data = text, .size = size, .line = 1, .separator = dialect->separator};
    while (ht_csv_next(&csv, &ignored) == HT_OK && csv.count > 0)
        for (size_t i = 0; i < csv.count; i++) {
            see_mark(&commas, ht_csv_field(&csv, i), ',');
            see_mark(&points, ht_csv_field(&csv, i), '.');
        }
    ht_csv_free(&csv);
    if (commas.all > points.all) dialect->decimal = ',';
    const marks *used = dialect->decimal == ',' ? &commas : &points;
    dialect->doubtful = used->all > 0 && used->thousands == used->all;
}

void ht_dialect_describe(const ht_dialect *dialect, char *to, size_t size)
{
    const char name[] = {'\'', dialect->separator, '\'', '\0'};
    snprintf(to, size, "%s between fields%s",
             dialect->separator == '\t'  ? "tabs"
             : dialect->separator == ' ' ? "blanks"
                                         : name,
             dialect->decimal == ',' ? ", decimal comma" : "");
}
