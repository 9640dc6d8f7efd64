/* Columns of words: which categories the training part has, and in which order they are inputs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/table/inputs.h"

enum { NAMES_ROWS = 10 }; /* in so many cells words that all differ are names */

/* How often the training part has each word of the list. */
static size_t *count_words(const ht_raw_part *part, size_t j, const ht_words *list, ht_error *err)
{
    size_t *counts = ht_alloc(list->count + 1, sizeof *counts, "the categories", err);
    for (size_t i = 0; counts && i < part->count; i++) {
        double value = part->wide[i * part->inputs + j];
        if (value >= 0) counts[(size_t)value]++;
    }
    return counts;
}

static size_t count_missing(const ht_raw_part *part, size_t j)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++) count += isnan(part->wide[i * part->inputs + j]);
    return count;
}

/* ---- their order ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b, void *list)
{
    const char *x = ht_words_at(list, *(const size_t *)a), *y = ht_words_at(list, *(const size_t *)b);
    double p, q;
    bool number = ht_parse_number(x, &p), other = ht_parse_number(y, &q);
    if (number && other && p != q) return p < q ? -1 : 1;
    if (number != other) return number ? -1 : 1;
    return strcmp(x, y);
}

/* The words that have an input, in order; *used of them. Declared ones all have one. */
static size_t *order_words(ht_field_column *column, const size_t *counts, size_t *used, ht_error *err)
{
    size_t *order = ht_alloc(column->list.count + 1, sizeof *order, "the categories", err);
    *used = 0;
    for (size_t w = 0; order && w < column->list.count; w++)
        if (column->declared || counts[w] > 0) order[(*used)++] = w;
    if (order && !column->declared) qsort_r(order, *used, sizeof *order, compare, &column->list);
    return order;
}

/* A word on its way to a terminal and into a line of its own. */
static void add_clean(ht_text *to, const char *word)
{
    size_t start = to->length;
    ht_text_add_bytes(to, word, strlen(word));
    if (!to->failed) ht_text_clean(to->data + start);
    if (!to->failed) to->length = start + strlen(to->data + start);
    ht_text_add_bytes(to, "\n", 1);
}

/* Fills plan->rank, and the words of the column. */
static ht_code rank_words(ht_field_column *column, const size_t *counts, ht_dataset_column *c,
                          ht_input_plan *plan, ht_error *err)
{
    size_t used;
    ht_text text = {0};
    size_t *order = order_words(column, counts, &used, err);
    plan->rank = order ? ht_alloc(column->list.count + 1, sizeof *plan->rank, "the categories", err) : NULL;
    for (size_t w = 0; plan->rank && w < column->list.count; w++) plan->rank[w] = -1;
    for (size_t k = 0; plan->rank && k < used; k++) {
        if (counts[order[k]] > 0) plan->rank[order[k]] = (double)k;
        add_clean(&text, ht_words_at(&column->list, order[k]));
    }
    plan->values = used;
    c->words = text.data;
    ht_free(order);
    if (plan->rank && text.failed) return ht_error_set(err, HT_FAIL, "not enough memory for the categories");
    return plan->rank ? HT_OK : HT_FAIL;
}

/* ---- what is odd ------------------------------------------------------------------------------- */

/* Why a column is left out, NULL: it is not. `present`: how many words the training part has, in `cells`
 * cells. */
static const char *reason(const ht_field_column *column, size_t present, size_t cells, bool indicated)
{
    if (present == 0) return "it has no value in the training part";
    if (present == 1 && !indicated) return "all training samples have the same word there";
    if (present == cells && cells >= NAMES_ROWS && !column->declared && !column->asked)
        return "each training sample has a word of its own there: names";
    return NULL;
}

static ht_code refuse_many(const ht_raw *raw, const ht_field_column *column, size_t values, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL,
        "%s: %s holds %zu categories, as '%.40s'; more than %d are not taken: write the rare ones "
        "alike, or leave the column out",
        raw->train.path, column->what, values, ht_words_at(&column->list, 0), HT_CATEGORIES_MAX);
}

/* Cells of the test part whose category the training part lacks. */
static size_t count_unseen(const ht_raw *raw, ht_field_column *column, size_t j, const size_t *counts)
{
    const ht_raw_part *part = &raw->test;
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++) {
        double value = part->wide[i * part->inputs + j];
        if (isnan(value) || (value >= 0 && counts[(size_t)value] > 0)) continue;
        if (value >= 0 && !*column->unseen)
            ht_text_copy(column->unseen, sizeof column->unseen, ht_words_at(&column->list, (size_t)value));
        count++;
    }
    return count;
}

static ht_code settle(ht_raw *raw, ht_field_column *column, size_t j, const size_t *counts, bool indicated,
                      ht_input_plan *plan, ht_error *err)
{
    ht_dataset_column *c = &raw->columns[column->column];
    if (rank_words(column, counts, c, plan, err) != HT_OK) return err->code;
    c->test_unseen = count_unseen(raw, column, j, counts);
    c->indicator = plan->indicator = indicated;
    plan->missing = plan->indicator ? (double)plan->values : -1;
    c->values = plan->values;
    plan->values += plan->indicator;
    return HT_OK;
}

ht_code ht_inputs_words(ht_raw *raw, ht_fields *fields, size_t j, ht_data_missing missing,
                        ht_input_plan *plan, ht_error *err)
{
    ht_field_column *column = &fields->of[j];
    ht_dataset_column *c = &raw->columns[column->column];
    size_t present = 0, once = 0;
    size_t *counts = count_words(&raw->train, j, &column->list, err);
    if (!counts) return HT_FAIL;
    for (size_t w = 0; w < column->list.count; w++) present += counts[w] > 0, once += counts[w] == 1;
    c->role = HT_COLUMN_CATEGORIES;
    c->train_missing = count_missing(&raw->train, j);
    c->test_missing = count_missing(&raw->test, j);
    size_t values = column->declared ? column->list.count : present,
           there = raw->train.count - c->train_missing;
    bool indicated = missing == HT_MISSING_IMPUTE && c->train_missing > 0;
    const char *why = reason(column, present, there, indicated);
    ht_code code = HT_OK;
    if (why)
        ht_inputs_leave_out(raw, fields, j, why, plan);
    else if (values > HT_CATEGORIES_MAX)
        code = refuse_many(raw, column, values, err);
    else
        code = settle(raw, column, j, counts, indicated, plan, err);
    if (code == HT_OK && !why && 2 * once > there && there >= NAMES_ROWS)
        ht_notes_add(&raw->notes, "%s: %s: most cells hold a word that no other training sample has",
                     raw->train.path, column->what);
    ht_free(counts);
    return code;
}
