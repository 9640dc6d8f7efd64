/* table_print.c - a table of a sweep as text, CSV, Markdown or JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/results.h"
#include "session/json.h"
#include "sweep/sweep_table.h"
#include "base/alloc.h"

/* Numbers of a summary, as CSV and JSON name them. */
static const struct {
    const char *name;
    size_t offset;
} parts[] = {{"mean", offsetof(ht_summary, mean)},
             {"sd", offsetof(ht_summary, sd)},
             {"median", offsetof(ht_summary, median)},
             {"q25", offsetof(ht_summary, low)},
             {"q75", offsetof(ht_summary, high)}};
enum { PARTS = sizeof parts / sizeof parts[0] };

static double part_of(const ht_summary *summary, int part)
{
    double value;
    memcpy(&value, (const char *)summary + parts[part].offset, sizeof value);
    return value;
}

static bool has_limit(const ht_table *table)
{
    for (int i = 0; i < table->count; i++)
        if (table->row[i].limit.count > 0) return true;
    return false;
}

/* Was it asked for? Then each row has it or says why not. */
static bool has_prediction(const ht_table *table)
{
    for (int i = 0; i < table->count; i++)
        if (table->row[i].predicted.ratio.count > 0 || table->row[i].predicted.unknown) return true;
    return false;
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static json_t *summary_json(const ht_summary *summary)
{
    json_t *object = json_object();
    for (int i = 0; i < PARTS; i++)
        json_object_set_new(object, parts[i].name, ht_json_number(part_of(summary, i)));
    return object;
}

static json_t *row_json(const ht_table *table, const ht_table_row *row)
{
    json_t *object = json_object(), *settings = json_object(), *all = ht_json_params(&row->settings);
    for (int i = 0; i < table->keys; i++) {
        const char *key = ht_param_at(table->key[i])->key;
        if (row->varies[table->key[i]]) json_object_set(settings, key, json_object_get(all, key));
    }
    json_decref(all);
    if (table->named) json_object_set_new(object, "sweep", json_string(row->sweep));
    json_object_set_new(object, "settings", settings);
    json_object_set_new(object, "cells", json_integer(row->cells));
    json_object_set_new(object, "diverged", json_integer(row->diverged));
    for (int m = 0; m < HT_MEASURES; m++)
        json_object_set_new(object, ht_measure_names[m], summary_json(&row->measure[m]));
    if (row->limit.count > 0) json_object_set_new(object, "pure_noise", summary_json(&row->limit));
    const ht_row_prediction *predicted = &row->predicted;
    if (predicted->ratio.count > 0) {
        json_t *summary = summary_json(&predicted->ratio);
        json_object_set_new(summary, "draws", json_integer((json_int_t)predicted->ratio.count));
        json_object_set_new(summary, "steps", ht_json_number(row->steps.median));
        json_object_set_new(object, "predicted", summary);
    } else if (predicted->unknown) {
        json_object_set_new(object, "not_predicted", json_string(predicted->unknown));
    }
    return object;
}

static ht_code print_json(const ht_table *table, FILE *out, ht_error *err)
{
    json_t *rows = json_array(), *vary = json_array();
    for (int i = 0; i < table->keys; i++)
        json_array_append_new(vary, json_string(ht_param_at(table->key[i])->key));
    for (int i = 0; i < table->count; i++) json_array_append_new(rows, row_json(table, &table->row[i]));
    json_t *root =
        json_pack("{s:i, s:o, s:i, s:o}", "schema", 1, "vary", vary, "failed", table->failed, "rows", rows);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the table");
    fprintf(out, "%s\n", text);
    free(text);
    return HT_OK;
}

/* ---- CSV --------------------------------------------------------------------------------------- */

/* Empty where there is no number. */
static void print_summary_csv(FILE *out, const ht_summary *summary)
{
    for (int i = 0; i < PARTS; i++) {
        double value = part_of(summary, i);
        if (summary->count > 0 && isfinite(value))
            fprintf(out, ",%.9g", value);
        else
            fputc(',', out);
    }
}

static void print_heads_csv(FILE *out, const char *name)
{
    for (int i = 0; i < PARTS; i++) fprintf(out, ",%s_%s", name, parts[i].name);
}

/* A field that holds a comma or a quote stands in quotes (RFC 4180). */
static void print_field_csv(FILE *out, const char *text)
{
    bool quoted = text[strcspn(text, ",\"\r\n")] != '\0';
    if (quoted) fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputs(quoted ? "\"," : ",", out);
}

static void print_csv(const ht_table *table, FILE *out)
{
    char value[HT_PARAM_VALUE];
    bool limit = has_limit(table), predicted = has_prediction(table);
    if (table->named) fprintf(out, "sweep,");
    for (int i = 0; i < table->keys; i++) fprintf(out, "%s,", ht_param_at(table->key[i])->key);
    fprintf(out, "cells,diverged");
    for (int m = 0; m < HT_MEASURES; m++) print_heads_csv(out, ht_measure_names[m]);
    if (limit) print_heads_csv(out, "pure_noise");
    if (predicted) print_heads_csv(out, "predicted"), fputs(",not_predicted", out);
    fputc('\n', out);
    for (int r = 0; r < table->count; r++) {
        const ht_table_row *row = &table->row[r];
        if (table->named) print_field_csv(out, row->sweep);
        for (int i = 0; i < table->keys; i++) {
            ht_table_value(row, table->key[i], value, sizeof value);
            print_field_csv(out, value);
        }
        fprintf(out, "%d,%d", row->cells, row->diverged);
        for (int m = 0; m < HT_MEASURES; m++) print_summary_csv(out, &row->measure[m]);
        if (limit) print_summary_csv(out, &row->limit);
        if (predicted) {
            print_summary_csv(out, &row->predicted.ratio);
            fprintf(out, ",%s", row->predicted.unknown ? row->predicted.unknown : "");
        }
        fputc('\n', out);
    }
}

/* ---- for people -------------------------------------------------------------------------------- */

enum { COLUMNS = HT_P_COUNT + 16, CELL = 96 };

/* Words in columns; the first row is the head. */
typedef struct grid {
    int columns, rows, capacity;
    char (*cell)[CELL]; /* (capacity × COLUMNS) */
} grid;

__attribute__((format(printf, 2, 3))) static void put(grid *s, const char *format, ...)
{
    va_list args;
    if (s->columns == COLUMNS) return;
    va_start(args, format);
    vsnprintf(s->cell[s->rows * COLUMNS + s->columns++], CELL, format, args);
    va_end(args);
}

static void end_row(grid *s)
{
    s->rows++;
    s->columns = 0;
}

static const char *const heads[] = {
    "train accuracy", "test accuracy", "pruning ratio κ", "train pruned", "test accuracy pruned", "", "η/b",
    "α̂ of rows",      "κ neurons",     "κ weights",       "κ singular",   "train - test"};
_Static_assert(sizeof heads / sizeof heads[0] == HT_MEASURES, "a measure has no heading");

/* Is the measure a column? Accuracies are, in either kind of table. */
static bool is_shown(int measure, bool regime)
{
    if (measure <= HT_MEASURE_TEST) return true;
    return regime ? measure >= HT_MEASURE_REGIME : measure < HT_MEASURE_CHANGE;
}

/* "0.973 (0.970, 0.975)" or "0.973 ± 0.004"; a dash where there is nothing. */
static void put_summary(grid *s, const ht_summary *m, bool medians)
{
    if (m->count == 0)
        put(s, "-");
    else if (medians)
        put(s, "%.3f (%.3f, %.3f)", m->median, m->low, m->high);
    else if (m->count == 1)
        put(s, "%.3f", m->mean);
    else
        put(s, "%.3f ± %.3f", m->mean, m->sd);
}

/* What a reader should not overlook: pruning hurts when it costs a hundredth of test accuracy, in half or in
 * a quarter of the runs. */
static void put_remarks(grid *s, const ht_table_row *row)
{
    const double HURTS = -0.01;
    char diverged[32] = "", hurts[48] = "", noise[32] = "";
    const ht_summary *change = &row->measure[HT_MEASURE_CHANGE];
    double ratio = row->measure[HT_MEASURE_RATIO].median;
    if (row->diverged) snprintf(diverged, sizeof diverged, "%d diverged; ", row->diverged);
    if (change->median <= HURTS)
        snprintf(hurts, sizeof hurts, "pruning hurts: %+.3f; ", change->median);
    else if (change->low <= HURTS)
        snprintf(hurts, sizeof hurts, "pruning hurts one in four: %+.3f; ", change->low);
    if (row->limit.count && ratio >= row->limit.low && ratio <= row->limit.high)
        snprintf(noise, sizeof noise, "κ as pure noise; ");
    char *cell = s->cell[s->rows * COLUMNS + s->columns];
    put(s, "%s%s%s", diverged, hurts, noise);
    size_t length = strlen(cell);
    if (length > 2) cell[length - 2] = '\0';
}

static void fill(grid *s, const ht_table *table, bool medians, bool regime)
{
    char value[HT_PARAM_VALUE];
    bool remarks = medians && !regime, limit = remarks && has_limit(table),
         predicted = remarks && has_prediction(table);
    s->rows = s->columns = 0;
    if (table->named) put(s, "sweep");
    for (int i = 0; i < table->keys; i++) put(s, "%s", ht_param_at(table->key[i])->key);
    put(s, "seeds");
    for (int m = 0; m < HT_MEASURES; m++)
        if (is_shown(m, regime)) put(s, "%s", heads[m]);
    if (predicted) put(s, "κ predicted");
    if (limit) put(s, "κ of pure noise");
    if (remarks) put(s, "remarks");
    int columns = s->columns;
    end_row(s);
    for (int r = 0; r < table->count; r++) {
        const ht_table_row *row = &table->row[r];
        if (table->named) put(s, "%s", row->sweep);
        for (int i = 0; i < table->keys; i++) {
            ht_table_value(row, table->key[i], value, sizeof value);
            put(s, "%.90s", value);
        }
        put(s, "%d", row->cells - row->diverged);
        for (int m = 0; m < HT_MEASURES; m++)
            if (m == HT_MEASURE_ETA_OVER_B && regime && row->measure[m].count > 0)
                put(s, "%.2g", row->measure[m].median); /* the same in all cells */
            else if (is_shown(m, regime))
                put_summary(s, &row->measure[m], medians);
        if (predicted) put_summary(s, &row->predicted.ratio, true);
        if (limit) put_summary(s, &row->limit, true);
        if (remarks) put_remarks(s, row);
        end_row(s);
    }
    s->columns = columns;
}

static int width_of(const grid *s, int column)
{
    int width = 0;
    for (int r = 0; r < s->rows; r++) {
        int own = (int)ht_utf8_length(s->cell[r * COLUMNS + column]);
        if (own > width) width = own;
    }
    return width;
}

static void print_rule(const grid *s, FILE *out)
{
    fputc('|', out);
    for (int c = 0; c < s->columns; c++) fprintf(out, "---|");
    fputc('\n', out);
}

/* In Markdown a bar would end the cell. */
static void print_cell(const char *text, bool markdown, FILE *out)
{
    for (; *text; text++) {
        if (markdown && *text == '|') fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_grid(const grid *s, bool markdown, FILE *out)
{
    for (int r = 0; r < s->rows; r++) {
        if (markdown) fputs("| ", out);
        for (int c = 0; c < s->columns; c++) {
            const char *text = s->cell[r * COLUMNS + c];
            bool last = c + 1 == s->columns;
            int pad = width_of(s, c) - (int)ht_utf8_length(text);
            print_cell(text, markdown, out);
            fprintf(out, "%*s%s", last && !markdown ? 0 : pad, "",
                    markdown ? (last ? " |" : " | ")
                    : last   ? ""
                             : "  ");
        }
        fputc('\n', out);
        if (markdown && r == 0) print_rule(s, out);
    }
}

/* Why there is a dash; once each. */
static void print_unknown(const ht_table *table, FILE *out)
{
    for (int i = 0; i < table->count; i++) {
        const char *why = table->row[i].predicted.unknown;
        bool said = false;
        for (int k = 0; k < i && !said; k++) said = table->row[k].predicted.unknown == why;
        if (why && !said) fprintf(out, "\nκ is not predicted where %s.\n", why);
    }
}

static ht_code print_grids(const ht_table *table, bool markdown, bool regime, FILE *out, ht_error *err)
{
    grid s = {.capacity = table->count + 1};
    s.cell = ht_alloc((size_t)s.capacity * COLUMNS, sizeof *s.cell, "the table", err);
    if (!s.cell) return err->code;
    fprintf(out, "Medians (quartiles) over seeds:\n\n");
    fill(&s, table, true, regime);
    print_grid(&s, markdown, out);
    if (!regime) print_unknown(table, out);
    fprintf(out, "\nMeans ± standard deviations over seeds:\n\n");
    fill(&s, table, false, regime);
    print_grid(&s, markdown, out);
    if (table->failed)
        fprintf(out, "\n%d cells failed; cells/*.failed say why, and the same sweep tries them again.\n",
                table->failed);
    ht_free(s.cell);
    return HT_OK;
}

ht_code ht_table_print(const ht_table *table, const char *format, bool regime, FILE *out, ht_error *err)
{
    if (strcmp(format, "json") == 0) return print_json(table, out, err);
    if (strcmp(format, "csv") == 0) return print_csv(table, out), HT_OK;
    if (strcmp(format, "markdown") == 0) return print_grids(table, true, regime, out, err);
    if (strcmp(format, "text") == 0) return print_grids(table, false, regime, out, err);
    return ht_error_set(err, HT_USAGE, "--format %.40s: one of text, csv, markdown, json", format);
}
