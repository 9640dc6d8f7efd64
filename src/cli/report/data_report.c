#include "cli/report/data_report.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/report/token_report.h"
#include "session/json.h"

static const char *const roles[] = {"numbers", "categories", "label", "left out"};

static size_t count_class(const ht_dataset *data, const ht_samples *part, int class)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count * (size_t)data->targets; i++) count += part->labels[i] == class;
    return count;
}

/* ---- columns, in words ------------------------------------------------------------------------- */

enum { FIELD = 200, SHOWN = 60, VALUES = 40 };

/* Columns of the table that is printed. */
enum { AT, NAME, TYPE, VALUE, MISSING, BECOMES, INPUTS, FIELDS };

/* "red, green, blue", cut where there are more. */
static void list_words(const ht_dataset_column *c, char *to, size_t size)
{
    size_t used = 0, listed = 0;
    to[0] = '\0';
    for (const char *word = c->words; word && *word && used + 1 < size; listed++) {
        int length = (int)strcspn(word, "\n");
        if (used + (size_t)length > VALUES && listed > 0) break;
        used += (size_t)snprintf(to + used, size - used, "%s%.*s", listed ? ", " : "",
                                 length < 24 ? length : 24, word);
        word += length + (word[length] == '\n');
    }
    if (listed < c->values && used < size) snprintf(to + used, size - used, ", … (%zu)", c->values);
}

static void describe_values(const ht_dataset *data, const ht_dataset_column *c, char *to, size_t size)
{
    to[0] = '\0';
    if (c->role == HT_COLUMN_NUMBERS) snprintf(to, size, "%.4g … %.4g", c->low, c->high);
    if (c->role == HT_COLUMN_CATEGORIES) list_words(c, to, size);
    if (c->role == HT_COLUMN_LABEL) snprintf(to, size, "%d classes", data->classes);
}

static void describe_missing(const ht_dataset_column *c, char *to, size_t size)
{
    to[0] = '\0';
    if (c->train_missing + c->test_missing > 0)
        snprintf(to, size, "%zu, %zu", c->train_missing, c->test_missing);
}

static void describe_number(const ht_dataset_column *c, char *to, size_t size)
{
    int used;
    if (c->divisor == 0)
        used = snprintf(to, size, "0: constant in the training part");
    else if (c->shift == 0 && c->divisor == 1)
        used = snprintf(to, size, "as read");
    else
        used = snprintf(to, size, "(x − %.4g) / %.4g", c->shift, c->divisor);
    if (c->train_missing + c->test_missing > 0 && used > 0)
        snprintf(to + used, size - (size_t)used, ", missing: x = %.4g%s", c->median,
                 c->indicator ? ", and an input that is 1" : "");
}

static void describe_became(const ht_dataset_column *c, char *to, size_t size)
{
    int used = 0;
    to[0] = '\0';
    if (c->role == HT_COLUMN_NUMBERS) describe_number(c, to, size);
    if (c->role == HT_COLUMN_LEFT_OUT) ht_text_copy(to, size, c->why);
    if (c->role == HT_COLUMN_LABEL && c->train_missing + c->test_missing > 0)
        snprintf(to, size, "rows without it are left out");
    if (c->role != HT_COLUMN_CATEGORIES) return;
    used = snprintf(to, size, "an input of 0 or 1 each%s", c->indicator ? ", one for missing" : "");
    if (c->test_unseen > 0 && used > 0)
        snprintf(to + used, size - (size_t)used, "; %zu unknown in the test: all 0", c->test_unseen);
}

static void describe_column(const ht_dataset *data, size_t i, char fields[FIELDS][FIELD])
{
    const ht_dataset_column *c = &data->columns[i];
    snprintf(fields[AT], FIELD, "%zu", i + 1);
    snprintf(fields[NAME], FIELD, "%.40s", c->name);
    snprintf(fields[TYPE], FIELD, "%s", roles[c->role]);
    describe_values(data, c, fields[VALUE], FIELD);
    describe_missing(c, fields[MISSING], FIELD);
    describe_became(c, fields[BECOMES], FIELD);
    snprintf(fields[INPUTS], FIELD, "%d", c->inputs);
}

static void print_line(char fields[FIELDS][FIELD], const size_t *widths)
{
    for (int f = 0; f < FIELDS; f++) {
        int pad = (int)(widths[f] - ht_utf8_length(fields[f]));
        printf("%s%s%*s", f ? "  " : "", fields[f], f + 1 < FIELDS ? pad : 0, "");
    }
    putchar('\n');
}

static void print_columns(const ht_dataset *data)
{
    char head[FIELDS][FIELD] = {
        "column",  "name",  "type", "values in the training part", "missing (train, test)",
        "becomes", "inputs"};
    char fields[FIELDS][FIELD];
    size_t widths[FIELDS], shown = data->column_count < SHOWN ? data->column_count : SHOWN;
    if (shown == 0) return;
    for (int f = 0; f < FIELDS; f++) widths[f] = ht_utf8_length(head[f]);
    for (size_t i = 0; i < shown; i++) {
        describe_column(data, i, fields);
        for (int f = 0; f < FIELDS; f++)
            if (ht_utf8_length(fields[f]) > widths[f]) widths[f] = ht_utf8_length(fields[f]);
    }
    putchar('\n');
    print_line(head, widths);
    for (size_t i = 0; i < shown; i++) {
        describe_column(data, i, fields);
        print_line(fields, widths);
    }
    if (shown < data->column_count)
        printf("… and %zu more columns (--json lists all)\n", data->column_count - shown);
}

/* ---- as text ----------------------------------------------------------------------------------- */

static void print_part(const ht_dataset *data, const char *name, const ht_samples *part)
{
    char total[32];
    ht_format_grouped(total, sizeof total, (long long)part->count);
    printf("%-8s %s samples:", name, total);
    for (int c = 0; c < data->classes; c++) {
        char label[sizeof data->class_names[c]];
        ht_text_copy(label, sizeof label, data->class_names[c]);
        ht_text_clean(label);
        printf(" %s %zu%s", label, count_class(data, part, c), c + 1 < data->classes ? "," : "\n");
    }
}

/* "label: column 5, the last" a line, as two columns. Loaders clean what is in them. */
static void print_facts(const char *facts)
{
    while (facts && *facts) {
        size_t length = strcspn(facts, "\n"), key = strcspn(facts, ":");
        if (key + 2 < length)
            printf("%-8.*s %.*s\n", (int)key, facts, (int)(length - key - 2), facts + key + 2);
        facts += length + (facts[length] == '\n');
    }
}

static void print_shape(const ht_dataset *data)
{
    if (data->width > 0)
        printf("%-8s %d × %d × %d (channels × height × width)\n", "shape", data->channels, data->height,
               data->width);
    else
        printf("%-8s none: the inputs are no neighbours of each other\n", "shape");
}

void ht_data_report_print(const ht_dataset *data)
{
    printf("%-8s %s\n%-8s %d%s\n", data->name, data->title, "inputs", data->inputs,
           !data->tokens       ? ""
           : data->inputs == 1 ? " token, the context"
                               : " tokens, the context");
    if (data->tokens) {
        ht_token_report_print_vocabulary(data);
        print_facts(data->facts);
        ht_token_report_print_parts(data);
        return;
    }
    print_shape(data);
    printf("%-8s %d\n", "classes", data->classes);
    print_facts(data->facts);
    print_part(data, "train", &data->train);
    print_part(data, "test", &data->test);
    print_columns(data);
}

/* ---- as JSON ----------------------------------------------------------------------------------- */

/* An array of the lines of a text. */
static json_t *lines_json(const char *text)
{
    json_t *array = json_array();
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        json_array_append_new(array, json_stringn(text, length));
        text += length + (text[length] == '\n');
    }
    return array;
}

static json_t *classes_json(const ht_dataset *data)
{
    json_t *array = json_array();
    for (int c = 0; c < data->classes; c++)
        json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "name", data->class_names[c], "train",
                                               (json_int_t)count_class(data, &data->train, c), "test",
                                               (json_int_t)count_class(data, &data->test, c)));
    return array;
}

static void add_numbers(json_t *object, const ht_dataset_column *c)
{
    json_object_set_new(object, "low", ht_json_number(c->low));
    json_object_set_new(object, "high", ht_json_number(c->high));
    json_object_set_new(object, "shift", ht_json_number(c->shift));
    json_object_set_new(object, "divisor", ht_json_number(c->divisor));
    if (c->train_missing + c->test_missing > 0)
        json_object_set_new(object, "median", ht_json_number(c->median));
}

static json_t *column_json(const ht_dataset *data, size_t i)
{
    char became[FIELD];
    const ht_dataset_column *c = &data->columns[i];
    describe_became(c, became, sizeof became);
    json_t *object =
        json_pack("{s:I, s:s, s:s, s:I, s:I, s:i, s:s}", "column", (json_int_t)i + 1, "name", c->name, "type",
                  roles[c->role], "train_missing", (json_int_t)c->train_missing, "test_missing",
                  (json_int_t)c->test_missing, "inputs", c->inputs, "becomes", became);
    if (c->inputs > 0) json_object_set_new(object, "first_input", json_integer(c->first));
    if (c->inputs > 0) json_object_set_new(object, "indicator", json_boolean(c->indicator));
    if (c->role == HT_COLUMN_NUMBERS) add_numbers(object, c);
    if (c->role == HT_COLUMN_CATEGORIES) {
        json_object_set_new(object, "values", lines_json(c->words));
        json_object_set_new(object, "test_unseen", json_integer((json_int_t)c->test_unseen));
    }
    return object;
}

json_t *ht_data_report_json(const ht_dataset *data)
{
    json_t *columns = json_array(), *shape = json_null();
    for (size_t i = 0; i < data->column_count; i++) json_array_append_new(columns, column_json(data, i));
    if (data->width > 0) shape = json_pack("[i, i, i]", data->channels, data->height, data->width);
    json_t *root =
        json_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:I, s:I, s:o, s:o, s:o}", "schema", 1, "name", data->name,
                  "title", data->title, "inputs", data->inputs, "shape", shape, "classes", classes_json(data),
                  "train", (json_int_t)data->train.count, "test", (json_int_t)data->test.count, "columns",
                  columns, "facts", lines_json(data->facts), "notes", lines_json(data->notes));
    if (root && data->tokens) json_object_set_new(root, "sequences", ht_token_report_json(data));
    return root;
}
