#include "data/table/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

enum { DESCRIBED = 80, LISTED = 4, PROPOSED = 400, WAY = 41 };

/* ---- names ------------------------------------------------------------------------------------- */

/* A column y beside a column x is a place, not a label. */
static bool has_x(const ht_text_table *table)
{
    for (size_t i = 0; i < table->columns; i++)
        if (strcasecmp(ht_text_table_name(table, i), "x") == 0) return true;
    return false;
}

static ht_label_rank rank_of(const ht_text_table *table, size_t i)
{
    const char *name = ht_text_table_name(table, i);
    if (table->counted || (strcasecmp(name, "y") == 0 && has_x(table))) return HT_LABEL_NO;
    return ht_label_rank_of(name);
}

/* The columns of a rank: how many, the last of them, and their names for people. */
typedef struct ranked {
    size_t count, column;
    char names[PROPOSED];
} ranked;

/* Without the label and what is left out, once `columns` knows (NULL: not yet). */
static void find_ranked(const ht_text_table *table, ht_label_rank rank, const ht_columns *columns, ranked *r)
{
    char what[DESCRIBED];
    size_t used = 0;
    *r = (ranked){0};
    for (size_t i = 0; i < table->columns; i++) {
        if (rank_of(table, i) != rank || (columns && (i == columns->label || columns->out[i]))) continue;
        r->column = i;
        if (r->count++ >= LISTED) continue;
        ht_text_table_describe(table, i, what, sizeof what);
        used +=
            (size_t)snprintf(r->names + used, sizeof r->names - used, "%s%s", r->count > 1 ? ", " : "", what);
    }
}

/* ---- the choice -------------------------------------------------------------------------------- */

/* The first column with this name after `from`; `columns` if there is none. */
static size_t named(const ht_text_table *table, const char *name, size_t from,
                    int (*compare)(const char *, const char *))
{
    for (size_t i = from; i < table->columns; i++)
        if (compare(ht_text_table_name(table, i), name) == 0) return i;
    return table->columns;
}

/* The column a word counts, from 1; `columns` if it is no such number. */
static size_t numbered(const ht_text_table *table, const char *word)
{
    char *end;
    long long number = strtoll(word, &end, 10);
    bool inside = *end == '\0' && number >= 1 && (unsigned long long)number <= table->columns;
    return inside ? (size_t)number - 1 : table->columns;
}

/* What to say for column i, so that it is taken: its number, or its name where columns are called by numbers.
 */
static void way_to(const ht_text_table *table, size_t i, char to[WAY])
{
    char number[WAY];
    snprintf(number, sizeof number, "%zu", i + 1);
    bool by_name = table->counted || named(table, number, 0, strcmp) < table->columns;
    ht_text_copy(to, WAY, by_name && *ht_text_table_name(table, i) ? ht_text_table_name(table, i) : number);
}

static ht_code refuse_numbers(const ht_text_table *table, const char *wanted, size_t i, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL,
        "%s: no column is called '%.40s'; its header calls the columns by numbers, so --label "
        "(data.label) takes these: column %zu is called '%.40s'",
        table->path, wanted, i + 1, ht_text_table_name(table, i));
}

static ht_code refuse_namesakes(const ht_text_table *table, const char *wanted, size_t first, size_t second,
                                ht_error *err)
{
    return ht_error_set(err, HT_FAIL,
                        "%s: columns %zu and %zu are both called '%.40s'; give the label a name of its own",
                        table->path, first + 1, second + 1, wanted);
}

/* A name wins over a number; who meant the number is told. */
static void tell_number(const ht_text_table *table, size_t taken, size_t other, ht_raw *raw)
{
    char what[DESCRIBED];
    ht_text_table_describe(table, taken, what, sizeof what);
    if (*ht_text_table_name(table, other))
        ht_notes_add(&raw->notes,
                     "%s: %s is the label: data.label was taken for its name; column %zu is called '%.40s'",
                     table->path, what, other + 1, ht_text_table_name(table, other));
    else
        ht_notes_add(
            &raw->notes,
            "%s: %s is the label: data.label was taken for its name, not for column %zu, which has none",
            table->path, what, other + 1);
}

static ht_code refuse_unknown(const ht_text_table *table, const char *wanted, ht_error *err)
{
    ht_guess guess = ht_guess_for(wanted);
    for (size_t k = 0; k < table->columns; k++) ht_guess_offer(&guess, ht_text_table_name(table, k));
    return ht_error_set(
        err, HT_FAIL,
        "%s: there is no column '%.60s' to be the label%s; give a name of its header or a number "
        "from 1 to %zu",
        table->path, wanted, table->header ? ht_guess_words(&guess) : "", table->columns);
}

static ht_code find_wanted(ht_columns *columns, const ht_text_table *table, const char *wanted, ht_raw *raw,
                           ht_error *err)
{
    size_t i = named(table, wanted, 0, strcmp), number = numbered(table, wanted);
    size_t second = i < columns->count ? named(table, wanted, i + 1, strcmp) : i;
    if (second < columns->count) return refuse_namesakes(table, wanted, i, second, err);
    if (i == columns->count) i = named(table, wanted, 0, strcasecmp);
    bool by_name = i < columns->count;
    if (!by_name && number < columns->count && table->counted && *ht_text_table_name(table, number))
        return refuse_numbers(table, wanted, number, err);
    columns->label = by_name ? i : number;
    columns->origin = HT_LABEL_ASKED;
    columns->why = "as data.label says";
    if (columns->label == columns->count) return refuse_unknown(table, wanted, err);
    if (by_name && number < columns->count && number != i) tell_number(table, i, number, raw);
    return HT_OK;
}

static ht_code refuse_several(const ht_text_table *table, const ranked *r, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL,
        "%s: %zu columns are called like a label: %s; name the one with --label (data.label), "
        "and take the others out of the file if they say the same",
        table->path, r->count, r->names);
}

static void take(ht_columns *columns, size_t column, ht_label_origin origin, const char *why)
{
    columns->label = column;
    columns->origin = origin;
    columns->why = why;
}

static bool take_nominal(ht_columns *columns, const ht_text_table *table)
{
    for (size_t i = columns->count; i-- > 0;)
        if (table->column[i].nominal) {
            take(columns, i, HT_LABEL_GIVEN, "the last nominal one");
            return true;
        }
    return false;
}

/* is_…, when nothing better is there: in the last column it only confirms the guess. */
static ht_code take_last(ht_columns *columns, const ht_text_table *table, ht_error *err)
{
    ranked maybe;
    size_t last = columns->count - 1;
    take(columns, last, HT_LABEL_GUESSED, "the last");
    find_ranked(table, HT_LABEL_MAYBE, NULL, &maybe);
    if (rank_of(table, last) == HT_LABEL_MAYBE)
        take(columns, last, HT_LABEL_NAMED, "called so, and the last");
    if (maybe.count != 1 || maybe.column == last) return HT_OK;
    char what[DESCRIBED];
    ht_text_table_describe(table, last, what, sizeof what);
    return ht_error_set(err, HT_FAIL,
                        "%s: is %s the label, or %s, the last? Name it with --label (data.label)",
                        table->path, maybe.names, what);
}

static ht_code choose(ht_columns *columns, const ht_text_table *table, ht_error *err)
{
    ranked sure, likely;
    find_ranked(table, HT_LABEL_SURE, NULL, &sure);
    find_ranked(table, HT_LABEL_LIKELY, NULL, &likely);
    if (sure.count > 1) return refuse_several(table, &sure, err);
    if (sure.count == 1) {
        take(columns, sure.column, HT_LABEL_NAMED, "called so");
        return HT_OK;
    }
    if (table->arff && take_nominal(columns, table)) return HT_OK;
    if (likely.count > 1) return refuse_several(table, &likely, err);
    if (likely.count == 0) return take_last(columns, table, err);
    take(columns, likely.column, HT_LABEL_NAMED, "called so");
    return HT_OK;
}

ht_code ht_label_find(ht_columns *columns, const ht_text_table *table, const char *wanted, ht_raw *raw,
                      ht_error *err)
{
    return wanted ? find_wanted(columns, table, wanted, raw, err) : choose(columns, table, err);
}

/* Names that leave no doubt are not told. */
static bool is_plain(const ht_text_table *table, size_t i)
{
    const char *name = ht_text_table_name(table, i);
    return strcasecmp(name, "label") == 0 || strcasecmp(name, "class") == 0;
}

void ht_label_tell(const ht_columns *columns, const ht_text_table *table, ht_raw *raw)
{
    char what[DESCRIBED];
    ht_text_table_describe(table, columns->label, what, sizeof what);
    if (columns->origin == HT_LABEL_NAMED && !is_plain(table, columns->label))
        ht_notes_add(&raw->notes, "%s: %s, %s, is taken for the label; --label (data.label) names another",
                     table->path, what, columns->why);
    for (int rank = HT_LABEL_SURE; rank >= HT_LABEL_LIKELY; rank--) {
        ranked r;
        find_ranked(table, (ht_label_rank)rank, columns, &r);
        if (r.count > 0)
            ht_notes_add(&raw->notes,
                         "%s: %s look%s like another label, and %s among the inputs; take out what says the "
                         "same as the label",
                         table->path, r.names, r.count == 1 ? "s" : "", r.count == 1 ? "is" : "are");
    }
}

/* ---- other columns ----------------------------------------------------------------------------- */

/* How many values a column of more words than were counted has; 0: too many for classes, as names are. */
static size_t count_words(const ht_text_table *table, size_t column)
{
    enum { MOST = 100, EACH = 4 };
    ht_raw_labels words = {0}, classes = {0};
    ht_error ignored;
    ht_csv csv = ht_text_table_begin(table);
    size_t count = 0;
    ht_code code = HT_OK;
    while (code == HT_OK && ht_csv_next(&csv, &ignored) == HT_OK && csv.count > column)
        if (!ht_cell_no_label(ht_csv_field(&csv, column)))
            code = ht_labels_add_cell(&words, ht_csv_field(&csv, column), table->dialect.decimal, &ignored);
    if (code == HT_OK && ht_labels_distinct(&words, table->path, &classes, &ignored) == HT_OK)
        count = classes.count <= MOST && EACH * classes.count <= words.count ? classes.count : 0;
    ht_csv_free(&csv);
    ht_labels_free(&classes);
    ht_labels_free(&words);
    return count;
}

/* Few values, of whole numbers or of words: what a label may be. */
static bool looks_like_classes(const ht_text_table *table, size_t i)
{
    const ht_column *c = &table->column[i];
    bool few = c->distinct >= 2 && c->distinct < HT_COLUMN_DISTINCT && 2 * (size_t)c->distinct <= table->rows;
    if (c->distinct == HT_COLUMN_DISTINCT && c->words > c->numbers) return count_words(table, i) > 0;
    return few && (c->words > 0 || c->whole == c->numbers);
}

static size_t values_of(const ht_text_table *table, size_t i)
{
    size_t seen = (size_t)table->column[i].distinct;
    return seen < HT_COLUMN_DISTINCT ? seen : count_words(table, i);
}

/* Columns from `first` to before `end`. */
/* "; --label 1 takes column 1, which has 3 values", or "" if no column but the label looks like classes. */
static void propose(const ht_columns *columns, const ht_text_table *table, size_t first, size_t end, char *to,
                    size_t size)
{
    char what[DESCRIBED], way[WAY];
    size_t used = 0, listed = 0;
    to[0] = '\0';
    for (size_t i = first; i < end && listed < LISTED && used < size; i++) {
        if (i == columns->label || columns->out[i] || !looks_like_classes(table, i)) continue;
        ht_text_table_describe(table, i, what, sizeof what);
        way_to(table, i, way);
        used += (size_t)snprintf(to + used, size - used, "%s --label %s takes %s, which has %zu values",
                                 listed++ ? "," : ";", way, what, values_of(table, i));
    }
}

/* "; --label 1 takes column 1, which has 3 values", or "" if no column but the label looks like classes. */
static void propose_any(const ht_columns *columns, const ht_text_table *table, char *to, size_t size)
{
    propose(columns, table, 0, columns->count, to, size);
}

void ht_label_propose_one(const ht_columns *columns, const ht_text_table *table, size_t column, char *to,
                          size_t size)
{
    propose(columns, table, column, column + 1, to, size);
}

/* ---- is it a label? ---------------------------------------------------------------------------- */

/* The values of a column: how many, and how they lie. */
typedef struct values {
    size_t count, distinct, most; /* most: how often the most frequent one occurs */
    double first, last;
    bool whole;
} values;

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts what it is given, which has no NaN. */
static values look_at(double *v, size_t count)
{
    values r = {.count = count, .whole = true};
    size_t run = 0;
    qsort(v, count, sizeof *v, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        bool same = i > 0 && v[i] == v[i - 1];
        r.distinct += !same;
        run = same ? run + 1 : 1;
        if (run > r.most) r.most = run;
        r.whole = r.whole && v[i] > -1e9 && v[i] < 1e9 && v[i] == (double)(long)v[i];
    }
    r.first = v[0];
    r.last = v[count - 1];
    return r;
}

static double share(const values *r)
{
    return (double)r->most / (double)r->count;
}

static bool is_gapless(const values *r)
{
    return r->last - r->first + 1 == (double)r->distinct;
}

static bool is_labelish(const values *r)
{
    bool signs = r->distinct == 2 && r->first == -1 && r->last == 1;
    bool dense = (r->first == 0 || r->first == 1) && is_gapless(r);
    return r->whole && r->distinct >= 2 && r->distinct <= 100 && (signs || dense) && share(r) < 0.8;
}

static bool is_doubtful(const values *r)
{
    if (!r->whole) return false;
    return share(r) >= 0.95 || (r->distinct > 2 && share(r) >= 0.9) ||
           (r->distinct > 5 && share(r) >= 0.75) ||
           (r->distinct > 2 && r->last - r->first + 1 > 2 * (double)r->distinct);
}

static ht_code look_at_label(const ht_raw_labels *labels, values *r, bool *numbers, ht_error *err)
{
    double *v = ht_alloc(labels->count, sizeof *v, "a column", err);
    if (!v) return HT_FAIL;
    *numbers = true;
    for (size_t i = 0; i < labels->count; i++) {
        *numbers = *numbers && !labels->items[i].word;
        v[i] = labels->items[i].number;
    }
    if (*numbers) *r = look_at(v, labels->count);
    ht_free(v);
    return HT_OK;
}

static ht_code look_at_first(const ht_raw_part *part, values *r, ht_error *err)
{
    size_t used = 0;
    double *v = ht_alloc(part->count, sizeof *v, "a column", err);
    if (!v) return HT_FAIL;
    for (size_t i = 0; i < part->count; i++) {
        v[used] = part->wide[i * part->inputs];
        used += v[used] == v[used]; /* no NaN */
    }
    if (used > 0) *r = look_at(v, used);
    ht_free(v);
    return HT_OK;
}

static size_t first_input(const ht_columns *columns)
{
    size_t i = 0;
    while (i == columns->label || columns->out[i]) i++;
    return i;
}

/* The last column was guessed. */
static ht_code question_guess(const ht_columns *columns, const ht_text_table *table, ht_raw *raw,
                              ht_error *err)
{
    char what[DESCRIBED], other[DESCRIBED], way[WAY], last[WAY], doubts[80] = "", rival[160] = "";
    values label = {0}, first = {0};
    bool numbers = false;
    if (look_at_label(&raw->train.labels, &label, &numbers, err) != HT_OK) return err->code;
    if (look_at_first(&raw->train, &first, err) != HT_OK) return err->code;
    size_t column = first_input(columns);
    bool rivals = raw->train.count >= 10 && column < columns->label && is_labelish(&first);
    ht_text_table_describe(table, columns->label, what, sizeof what);
    ht_text_table_describe(table, column, other, sizeof other);
    way_to(table, column, way);
    way_to(table, columns->label, last);
    if (numbers && raw->train.count >= 10 && rivals && is_doubtful(&label))
        return ht_error_set(
            err, HT_FAIL,
            "%s: which column is the label? %s, the last, has %zu values, one of them in %.3g %% "
            "of the rows; %s has %zu, as labels are: --label %s takes that, --label %s the "
            "last (data.label)",
            table->path, what, label.distinct, 100 * share(&label), other, first.distinct, way, last);
    if (numbers) snprintf(doubts, sizeof doubts, " (%zu values)", label.distinct);
    if (rivals && !table->header)
        snprintf(rival, sizeof rival, "; %s with %zu values could be one, too", other, first.distinct);
    ht_notes_add(&raw->notes, "%s: %s, %s, is taken for the label%s: --label (data.label) names another%s",
                 table->path, what, columns->why, doubts, rival);
    return HT_OK;
}

/* `measure` says how the label is a quantity. */
static ht_code question_quantity(const ht_columns *columns, const ht_text_table *table, const char *measure,
                                 ht_raw *raw, ht_error *err)
{
    char what[DESCRIBED], other[PROPOSED], way[WAY];
    ht_text_table_describe(table, columns->label, what, sizeof what);
    way_to(table, columns->label, way);
    if (columns->origin == HT_LABEL_ASKED) {
        ht_notes_add(&raw->notes, "%s: %s is the label, %s; %s look like a quantity, each value is a class",
                     table->path, what, columns->why, measure);
        return HT_OK;
    }
    propose_any(columns, table, other, sizeof other);
    return ht_error_set(
        err, HT_FAIL,
        "%s: %s, %s, is taken for the label, but %s look like a quantity, not like classes; "
        "name the column of the label with --label (data.label); --label %s takes it all the same%s",
        table->path, what, columns->why, measure, way, other);
}

/* "; 40 rows without a label (as 'NA') were left out" */
static void tell_unlabelled(const ht_raw_part *part, char *to, size_t size)
{
    to[0] = '\0';
    if (part->unlabelled > 0)
        snprintf(to, size, "; %zu row%s without a label%s%s%s left out", part->unlabelled,
                 part->unlabelled == 1 ? "" : "s", *part->no_label ? " ('" : "", part->no_label,
                 part->unlabelled == 1 ? (*part->no_label ? "') was" : " was")
                                       : (*part->no_label ? "') were" : " were"));
}

ht_code ht_label_question(const ht_columns *columns, const ht_text_table *table, ht_raw *raw, ht_error *err)
{
    char measure[HT_QUANTITY_SIZE], other[PROPOSED], left[120];
    raw->assessed = true;
    if (raw->train.labels.count == 0) return HT_OK;
    if (ht_quantity_find(&raw->train.labels, table->path, columns->origin, measure, err) != HT_OK) {
        ht_error why = *err;
        tell_unlabelled(&raw->train, left, sizeof left);
        propose_any(columns, table, other, sizeof other);
        return ht_error_set(err, why.code, "%s%s%s", why.text, left,
                            columns->origin == HT_LABEL_ASKED ? "" : other);
    }
    if (*measure) return question_quantity(columns, table, measure, raw, err);
    return columns->origin == HT_LABEL_GUESSED ? question_guess(columns, table, raw, err) : HT_OK;
}
