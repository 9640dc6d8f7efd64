/* The first line of a table: names, or a sample? */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/table/label.h"
#include "data/table/text_table.h"
#include "num/select.h"

enum {
    HEADS_ROWS = 10, /* in a small file a sample may well be first in both */
    FEW_ROWS = 5,    /* too few to tell what a sample looks like */
    LOOK_ROWS = 50   /* so many of the others are looked at for an order of their cells */
};

static bool is_nonfinite(const char *field)
{
    char *end;
    double value = strtod(field, &end);
    return *field && *end == '\0' && !isfinite(value);
}

void ht_header_count(const ht_text_table *table, size_t *words, size_t *numbers)
{
    double value;
    *words = *numbers = 0;
    for (size_t i = 0; i < table->head.count; i++) {
        const char *field = ht_csv_field(&table->head, i);
        ht_cell cell = ht_cell_read(field, table->dialect.decimal, &value);
        *numbers += cell == HT_CELL_NUMBER || is_nonfinite(field);
        *words += cell == HT_CELL_WORD && !is_nonfinite(field);
    }
}

/* ---- what is certain --------------------------------------------------------------------------- */

/* A label may be called "target", too: then it is met again below. */
static bool names_a_label(const ht_text_table *table)
{
    for (size_t i = 0; i < table->head.count; i++) {
        const char *field = ht_csv_field(&table->head, i);
        const ht_column *c = &table->column[i + table->row_names];
        if (ht_label_rank_of(field) == HT_LABEL_SURE && !(c->words > 0 && ht_column_knows(table, c, field)))
            return true;
    }
    return false;
}

static bool is_numeric(const ht_column *c)
{
    return c->numbers > 0 && c->words == 0;
}

static bool is_word(const ht_text_table *table, const char *field)
{
    double value;
    return ht_cell_read(field, table->dialect.decimal, &value) == HT_CELL_WORD && !is_nonfinite(field);
}

/* Words over columns of words, in most of which they occur again: a sample. */
static bool repeats_words(const ht_text_table *table)
{
    size_t columns = 0, known = 0;
    if (table->rows < FEW_ROWS) return false;
    for (size_t i = 0; i < table->head.count; i++) {
        const ht_column *c = &table->column[i + table->row_names];
        if (is_numeric(c)) return false;
        if (c->words == 0 || c->distinct == HT_COLUMN_DISTINCT) continue;
        columns++;
        known += ht_column_knows(table, c, ht_csv_field(&table->head, i));
    }
    return 2 * known > columns;
}

/* Words where the columns hold numbers, in more than half of them. */
static bool is_foreign(const ht_text_table *table)
{
    size_t numeric = 0, words = 0;
    for (size_t i = 0; i < table->head.count; i++) {
        if (!is_numeric(&table->column[i + table->row_names])) continue;
        numeric++;
        words += is_word(table, ht_csv_field(&table->head, i));
    }
    return 2 * words > numeric;
}

/* 0, 1, 2 … or 1, 2, 3 … in all fields but the last, if that is a word over numbers, and the first, if that
 * is an index. */
static bool is_counting(const ht_text_table *table)
{
    size_t skip = table->head.count > 1 && ht_text_table_is_index(ht_csv_field(&table->head, 0));
    double value, before = 0;
    for (size_t i = skip; i < table->head.count; i++) {
        const char *field = ht_csv_field(&table->head, i);
        if (ht_cell_read(field, '.', &value) != HT_CELL_NUMBER) {
            if (i + 1 < table->head.count || i == skip) return false; /* the last may be "target" */
            return is_numeric(&table->column[i]);
        }
        if (i == skip ? value != 0 && value != 1 : value != before + 1) return false;
        before = value;
    }
    return true;
}

/* Does the last field of the first record occur in the last column below? */
static bool last_is_known(const ht_text_table *table)
{
    return ht_column_knows(table, &table->column[table->columns - 1],
                           ht_csv_field(&table->head, table->columns - 1));
}

/* Numbers for all columns but the last, whose name stands over numbers. */
static bool only_last_is_named(const ht_text_table *table, size_t words, size_t numbers)
{
    const char *last = ht_csv_field(&table->head, table->head.count - 1);
    return words == 1 && numbers + 1 == table->head.count && is_word(table, last) &&
           is_numeric(&table->column[table->columns - 1]);
}

/* ---- numbers that are unlike a sample ---------------------------------------------------------- */

/* How the numbers of a record follow each other. */
typedef struct order {
    size_t cells;
    bool rising, falling, whole; /* each above the one before, below it; no fractions */
    double low, high, last, sum, squares;
} order;

static void follow(order *o, double value)
{
    o->rising = o->cells == 0 || (o->rising && value > o->last);
    o->falling = o->cells == 0 || (o->falling && value < o->last);
    o->whole = (o->cells == 0 || o->whole) && value == floor(value);
    if (o->cells++ == 0) o->low = o->high = value;
    o->low = value < o->low ? value : o->low;
    o->high = value > o->high ? value : o->high;
    o->last = value;
    o->sum += value;
    o->squares += value * value;
}

/* 0 … n-1 or 1 … n in whatever order: so many whole numbers, with the sum and the sum of squares of these. */
static bool counts(const order *o)
{
    double n = (double)o->cells, top = o->low + n - 1;
    if (!o->whole || (o->low != 0 && o->low != 1) || o->high != top) return false;
    return o->sum == n * (o->low + top) / 2 && o->squares == top * (top + 1) * (2 * top + 1) / 6;
}

static bool in_order(const order *o)
{
    return o->cells >= 3 && (o->rising || o->falling || counts(o));
}

static order order_of(const ht_text_table *table, const ht_csv *record)
{
    order o = {0};
    double value;
    for (size_t i = 0; i < record->count; i++)
        if (ht_cell_read(ht_csv_field(record, i), table->dialect.decimal, &value) == HT_CELL_NUMBER)
            follow(&o, value);
    return o;
}

/* Of those that are looked at. */
static double share_in_order(const ht_text_table *table)
{
    int rows = 0, found = 0;
    ht_error ignored;
    ht_csv csv = ht_text_table_reader(table, table->head.at, table->head.line);
    for (; rows < LOOK_ROWS; rows++) {
        if (ht_csv_next(&csv, &ignored) != HT_OK || csv.count == 0) break;
        order o = order_of(table, &csv);
        found += in_order(&o);
    }
    ht_csv_free(&csv);
    return rows ? (double)found / rows : 1;
}

/* No two numbers of the first record are equal. */
static bool all_numbers_differ(const ht_text_table *table)
{
    double values[4096] = {0};
    size_t count = 0;
    bool differ = true;
    for (size_t i = 0; i < table->head.count && count < sizeof values / sizeof values[0]; i++)
        count += ht_cell_read(ht_csv_field(&table->head, i), table->dialect.decimal, &values[count]) ==
                 HT_CELL_NUMBER;
    qsort(values, count, sizeof values[0], ht_by_double);
    for (size_t i = 1; i < count; i++) differ = differ && values[i] != values[i - 1];
    return differ;
}

/* The first record against the columns below it. */
typedef struct oddity {
    size_t cells, far, unlike; /* of numbers over numbers; far out of their range; whole over fractions */
    size_t names;              /* words over numbers that begin with a letter */
    bool ordered, alone;       /* in an order that one row of eight has; one of 20 */
    bool counted;              /* 0, 1, 2 … or 1, 2, 3 … in whatever order */
    bool stranger;             /* a label that no other row has, or a number over words */
} oddity;

static void assess_cell(const ht_text_table *table, size_t i, oddity *o)
{
    const ht_column *c = &table->column[i];
    const char *field = ht_csv_field(&table->head, i);
    double value, room = (c->high - c->low) / 2;
    ht_cell cell = ht_cell_read(field, table->dialect.decimal, &value);
    if (cell == HT_CELL_NUMBER && c->numbers == 0 && c->words > 0) o->stranger = true;
    if (!is_numeric(c)) return;
    o->names += cell == HT_CELL_WORD && isalpha((unsigned char)*field) && !is_nonfinite(field);
    if (cell != HT_CELL_NUMBER) return;
    o->cells++;
    o->far += value < c->low - room || value > c->high + room;
    o->unlike += value == floor(value) && 5 * c->whole < c->numbers;
}

static oddity assess_head(const ht_text_table *table)
{
    oddity o = {0};
    const ht_column *last = &table->column[table->columns - 1];
    if (table->rows < FEW_ROWS || table->row_names || table->head.count != table->columns) return o;
    for (size_t i = 0; i < table->columns; i++) assess_cell(table, i, &o);
    order numbers = order_of(table, &table->head);
    bool in = in_order(&numbers) && all_numbers_differ(table);
    double others = in ? share_in_order(table) : 1;
    o.ordered = others <= 1.0 / 8;
    o.counted = in && counts(&numbers);
    o.alone = others <= 1.0 / 20;
    o.stranger = o.stranger || (3 * (size_t)last->distinct < table->rows && !last_is_known(table));
    return o;
}

static bool is_unlike(const oddity *o)
{
    return 2 * o->far > o->cells || 2 * o->unlike > o->cells;
}

static bool is_far_off(const ht_text_table *table)
{
    oddity o = assess_head(table);
    return 2 * o.far > o.cells;
}

/* Numbers in an order, unlike their columns, over labels or words that none of them is. */
static bool is_numbered(const ht_text_table *table)
{
    oddity o = assess_head(table);
    return o.ordered && (o.names > 0 || (o.stranger && is_unlike(&o)));
}

void ht_header_find(ht_text_table *table)
{
    size_t words, numbers;
    ht_header_count(table, &words, &numbers);
    table->header = table->row_names || names_a_label(table) ||
                    (words > 0 && numbers == 0 && !repeats_words(table)) ||
                    (table->rows > 0 && (is_foreign(table) || only_last_is_named(table, words, numbers)));
    if (table->asked != HT_HEADER_AUTO) {
        table->header = table->asked == HT_HEADER_YES;
        table->counted = table->header && words == 0;
    }
    if (table->asked != HT_HEADER_AUTO || table->header || table->rows == 0) return;
    /* A sample may be "0,1" or "1,2,3"; a long one may not. */
    if (is_counting(table))
        table->header =
            table->columns >= 4 || (table->columns == 3 && (!last_is_known(table) || is_far_off(table)));
    table->header = table->header || is_numbered(table);
    table->counted = table->header && words == 0;
}

/* ---- two files --------------------------------------------------------------------------------- */

static bool same_records(const ht_csv *a, const ht_csv *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(ht_csv_field(a, i), ht_csv_field(b, i)) != 0) return false;
    return true;
}

static bool all_differ(const ht_csv *record)
{
    for (size_t i = 0; i < record->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(ht_csv_field(record, i), ht_csv_field(record, j)) == 0) return false;
    return true;
}

static bool same_second(const ht_text_table *a, const ht_text_table *b)
{
    ht_error ignored;
    ht_csv x = ht_text_table_reader(a, a->head.at, a->head.line),
           y = ht_text_table_reader(b, b->head.at, b->head.line);
    bool same =
        ht_csv_next(&x, &ignored) == HT_OK && ht_csv_next(&y, &ignored) == HT_OK && same_records(&x, &y);
    ht_csv_free(&x);
    ht_csv_free(&y);
    return same;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same fields in whatever order. */
static bool same_fields(const ht_csv *a, const ht_csv *b)
{
    const char *x[1000] = {0}, *y[1000] = {0};
    if (a->count != b->count || a->count > 1000) return false;
    for (size_t i = 0; i < a->count; i++) x[i] = ht_csv_field(a, i), y[i] = ht_csv_field(b, i);
    qsort(x, a->count, sizeof x[0], compare_words);
    qsort(y, a->count, sizeof y[0], compare_words);
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(x[i], y[i]) != 0) return false;
    return true;
}

/* One header is certain, and the other first record has its names in another order: a header, too. */
static void follow_header(const ht_text_table *certain, ht_text_table *other)
{
    if (!certain->header || other->header || !same_fields(&certain->head, &other->head)) return;
    other->header = true;
    other->counted = certain->counted;
}

void ht_header_compare(ht_text_table *train, ht_text_table *test)
{
    bool counted = train->counted || (train->rows > 0 && is_counting(train));
    if (train->arff || test->arff || train->asked != HT_HEADER_AUTO) return;
    follow_header(train, test); /* one file could tell, the other has too few rows */
    follow_header(test, train);
    if (!same_records(&train->head, &test->head)) return;
    if (train->header || train->columns < (counted ? 2 : 3)) return;
    if (train->rows < HEADS_ROWS || test->rows == 0) return;
    if (train->columns > 1000 || !all_differ(&train->head) || same_second(train, test)) return;
    train->header = train->counted = test->header = test->counted = true;
}

/* ---- what has to be asked ---------------------------------------------------------------------- */

/* Why a first line that is taken for a sample may be a header; NULL: nothing speaks for it. */
static const char *doubt(const ht_text_table *table)
{
    oddity o = assess_head(table);
    bool unlike = 4 * o.unlike > 3 * o.cells, far = 4 * o.far > 3 * o.cells;
    bool enough = o.cells >= 4 && table->rows >= HEADS_ROWS;
    if (o.cells < 2) return o.cells == 1 && o.stranger && o.far ? "no other row is like it" : NULL;
    if (o.ordered &&
        ((o.alone && o.cells >= (o.counted ? 4 : 6)) || o.stranger || unlike || 2 * o.far > o.cells))
        return "they are in an order, unlike the other rows";
    if (o.counted && is_unlike(&o)) return "they count, and are unlike what stands below them";
    if ((enough || o.stranger) && far) return "they are far from all that stands below them";
    if ((enough || o.stranger) && unlike && all_numbers_differ(table))
        return "they are whole numbers over columns of fractions";
    return NULL;
}

static ht_code ask(const ht_text_table *table, const char *why, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL,
        "%s:%zu: are these names, or is it a sample: %s, %s, … %s? %s; say data.header=yes (names) or "
        "data.header=no (a sample)",
        table->path, table->head.record_line, ht_csv_field(&table->head, 0), ht_csv_field(&table->head, 1),
        ht_csv_field(&table->head, table->head.count - 1), why);
}

ht_code ht_header_question(const ht_text_table *table, ht_error *err)
{
    if (table->header || table->asked != HT_HEADER_AUTO || table->columns < 2) return HT_OK;
    const char *why = doubt(table);
    return why ? ask(table, why, err) : HT_OK;
}

ht_code ht_header_question_label(const ht_text_table *table, const char *label, size_t rare, ht_error *err)
{
    enum { RARE = 3 }; /* more classes of one sample are no accident */
    char why[120];
    size_t words, numbers;
    ht_header_count(table, &words, &numbers);
    if (table->header || table->asked != HT_HEADER_AUTO || words > 0 || rare > RARE) return HT_OK;
    if (table->rows < HEADS_ROWS) return HT_OK;
    snprintf(why, sizeof why, "no other row has its label '%.40s'", label);
    return ask(table, why, err);
}
