/* ARFF, the files of Weka and of the UCR archive: "@attribute name type" lines, "@data", then records with
 * commas between. https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
 * Read are numeric (real, integer) and nominal attributes; dates and relations are refused at once, strings
 * when they would be inputs; sparse records, weights and values that are not declared where they are met. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/table/text_table.h"

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r') p++;
    return p;
}

/* Behind a line's end; `line` counts it. */
static const char *next_line(const char *p, size_t *line)
{
    p += strcspn(p, "\n");
    *line += *p == '\n';
    return p + (*p == '\n');
}

/* Is this word, in whatever case, at p, and ends there? */
static bool is_word(const char *p, const char *word)
{
    size_t length = strlen(word);
    return strncasecmp(p, word, length) == 0 && !isalnum((unsigned char)p[length]);
}

bool ht_arff_is(const char *text)
{
    size_t line = 1;
    for (;;) {
        text = skip_blanks(text);
        if (*text != '%' && *text != '\n') return is_word(text, "@relation");
        text = next_line(text, &line);
    }
}

/* Appends the name at *p, quoted or not, terminated; *p moves behind it. */
static void read_name(const char **p, ht_text *to)
{
    const char *from = skip_blanks(*p);
    char quote = *from == '\'' || *from == '"' ? *from : '\0';
    from += quote != '\0';
    for (; *from && *from != '\n'; from++) {
        if (quote ? *from == quote : *from == ' ' || *from == '\t' || *from == '{' || *from == '\r') break;
        if (quote && *from == '\\' && from[1] && from[1] != '\n') from++;
        ht_text_add_bytes(to, from, 1);
    }
    ht_text_add_bytes(to, "", 1);
    *p = from + (quote && *from == quote);
}

/* Reads the list of values behind `p`, which may go over several lines, into table->values. Returns where it
 * ends, behind the closing brace; NULL if there is none. */
static const char *read_values(ht_text_table *table, const char *p, size_t *line)
{
    ht_column *c = &table->column[table->columns];
    c->values = table->values.length;
    for (;;) {
        while (isspace((unsigned char)*p) || *p == ',') *line += *p++ == '\n';
        if (*p == '}') return p + 1;
        if (!*p) return NULL;
        char quote = *p == '\'' || *p == '"' ? *p++ : '\0';
        for (; *p && (quote ? *p != quote : !strchr(",} \t\r\n", *p)); p++) {
            if (quote && *p == '\\' && p[1]) p++;
            *line += *p == '\n';
            ht_text_add_bytes(&table->values, p, 1);
        }
        if (quote && !*p) return NULL;
        p += quote != '\0';
        ht_text_add_bytes(&table->values, "", 1);
        c->value_count++;
    }
}

static ht_code grow(ht_text_table *table, size_t *capacity, ht_error *err)
{
    void *column = table->column, *starts = table->head.starts;
    size_t more = *capacity ? *capacity * 2 : 64;
    if (table->columns < *capacity) return HT_OK;
    if (ht_grow(&column, table->columns, more, sizeof *table->column, "the columns", err) != HT_OK)
        return err->code;
    table->column = column;
    if (ht_grow(&starts, table->columns, more, sizeof *table->head.starts, "the columns", err) != HT_OK)
        return err->code;
    table->head.starts = starts;
    *capacity = table->head.capacity = more;
    return HT_OK;
}

/* The type, at p: a list of values or a word. *after is behind it. */
static ht_code read_type(ht_text_table *table, const char *p, size_t *line, const char **after, ht_error *err)
{
    static const char *const known[] = {"numeric", "real", "integer", "string", NULL};
    size_t at = *line;
    p = skip_blanks(p);
    *after = p;
    if (*p == '{') {
        table->column[table->columns].nominal = true;
        *after = read_values(table, p + 1, line);
        if (*after) return HT_OK;
        return ht_error_set(err, HT_FAIL, "%s:%zu: the list of values is never closed; add the missing '}'",
                            table->path, at);
    }
    table->column[table->columns].text = is_word(p, "string");
    for (int i = 0; known[i]; i++)
        if (is_word(p, known[i])) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s:%zu: an attribute of type '%.*s' cannot be read; it has to be numeric, real, "
                        "integer or a list of values as in {a,b}%s",
                        table->path, at, (int)strcspn(p, " \t\r\n"), p,
                        is_word(p, "relational") ? " (series of several dimensions are not read)"
                        : is_word(p, "date")     ? " (write dates as numbers, or leave them out)"
                                                 : "");
}

static ht_code add_attribute(ht_text_table *table, const char *p, size_t *line, size_t *capacity,
                             const char **after, ht_error *err)
{
    if (grow(table, capacity, err) != HT_OK) return err->code;
    table->head.starts[table->columns] = table->head.text.length;
    read_name(&p, &table->head.text);
    if (read_type(table, p, line, after, err) != HT_OK) return err->code;
    table->head.count = ++table->columns;
    return HT_OK;
}

static bool is_declared(const ht_text_table *table, const ht_column *c, const char *field)
{
    const char *value = table->values.data + c->values;
    double number, other;
    bool is_number = ht_parse_number(field, &number);
    for (size_t k = 0; k < c->value_count; k++, value += strlen(value) + 1)
        if (strcmp(value, field) == 0 || (is_number && ht_parse_number(value, &other) && number == other))
            return true;
    return strcmp(field, "?") == 0 || ht_cell_no_label(field);
}

ht_code ht_arff_check(const ht_text_table *table, const ht_csv *csv, ht_error *err)
{
    const char *last = ht_csv_field(csv, csv->count - 1);
    if (*ht_csv_field(csv, 0) == '{')
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: a sparse record; write every value (Weka: the filter SparseToNonSparse)",
                            csv->path, csv->record_line);
    if (csv->count == table->columns + 1 && *last == '{')
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: the sample has a weight, %.32s; samples count alike here: take the weights out",
            csv->path, csv->record_line, last);
    for (size_t i = 0; i < csv->count && i < table->columns; i++) {
        const ht_column *c = &table->column[i];
        const char *field = ht_csv_field(csv, i);
        if (!c->nominal || is_declared(table, c, field)) continue;
        return ht_error_set(err, HT_FAIL,
                            "%s:%zu: '%.40s' is not among the %zu values that @attribute declares for "
                            "'%.40s'; add it there, or "
                            "mend the sample",
                            csv->path, csv->record_line, field, c->value_count, ht_text_table_name(table, i));
    }
    return HT_OK;
}

static ht_code finish(ht_text_table *table, const char *p, size_t line, ht_error *err)
{
    table->start = (size_t)(p - table->text);
    table->start_line = line;
    table->header = true;
    table->head.at = table->start;
    table->head.line = table->head.record_line = line;
    if (table->head.text.failed || table->values.failed)
        return ht_error_set(err, HT_FAIL, "not enough memory for %s", table->path);
    if (table->columns < 1)
        return ht_error_set(err, HT_FAIL, "%s:%zu: no @attribute line comes before @data", table->path, line);
    /* Tabs are allowed for commas. */
    size_t length = strcspn(p, "\n");
    bool tabs = !memchr(p, ',', length) && memchr(p, '\t', length);
    table->dialect = (ht_dialect){tabs ? '\t' : ',', '.', false};
    return HT_OK;
}

ht_code ht_arff_header(ht_text_table *table, ht_error *err)
{
    const char *p = table->text;
    size_t line = 1, capacity = 0;
    while (*p) {
        p = skip_blanks(p);
        if (is_word(p, "@data")) {
            p = next_line(p, &line);
            return finish(table, p, line, err);
        }
        if (is_word(p, "@attribute")) {
            if (add_attribute(table, p + strlen("@attribute"), &line, &capacity, &p, err) != HT_OK)
                return err->code;
        } else if (*p == '@' ? !is_word(p, "@relation") : *p && *p != '%' && *p != '\n') {
            return ht_error_set(err, HT_FAIL,
                                "%s:%zu: '%.*s' does not belong before @data; only @relation, @attribute and "
                                "comments (%%) do",
                                table->path, line, (int)strcspn(p, " \t\r\n"), p);
        }
        p = next_line(p, &line);
    }
    return ht_error_set(err, HT_FAIL, "%s:%zu: there is no @data line; the file is cut or no ARFF file",
                        table->path, line);
}
