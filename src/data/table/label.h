/* label.h - which column of a table is the label: by what people call columns, else by its place, which is a
 * guess that is told, and refused where the numbers speak against it. */
#ifndef HT_DATA_TABLE_LABEL_H
#define HT_DATA_TABLE_LABEL_H

#include "data/table/columns.h"
#include "data/table/text_table.h"

/* What a name says; capitals, blanks and marks in it do not matter. */
typedef enum ht_label_rank {
    HT_LABEL_NO,     /* of nothing known */
    HT_LABEL_MAYBE,  /* is_…: a label or a property */
    HT_LABEL_LIKELY, /* species, diagnosis, outcome, y …: the label of well-known tables */
    HT_LABEL_SURE    /* label, class, target … */
} ht_label_rank;
ht_label_rank ht_label_rank_of(const char *name);

/* Sets label, origin and why. The column that `wanted` names, by name, then by number from 1; NULL: the one
 * that is surely a label by its name, else the only likely one; in .arff before that the last nominal one;
 * else the last. A number that is the name of another column is told; where the header calls all columns by
 * numbers, only names are taken. HT_FAIL when there are several of one rank, or when only another column than
 * the last may be one.
 */
ht_code ht_label_find(ht_columns *columns, const ht_text_table *table, const char *wanted, ht_raw *raw,
                      ht_error *err);

/* Notes what was taken by a name that is not just label or class, and which inputs are called like a label.
 */
void ht_label_tell(const ht_columns *columns, const ht_text_table *table, ht_raw *raw);

/* The same for one column only. */
void ht_label_propose_one(const ht_columns *columns, const ht_text_table *table, size_t column, char *to,
                          size_t size);

/* The training part is read: does the label look like a quantity (quantity.h)? It is refused then, with the
 * columns that look like classes; one that was asked for is told. A guessed one is also refused when it is
 * nearly always the same, or full of gaps, and the first input looks like a label (2 to 100 whole numbers
 * from 0 or 1, or -1 and 1, none of them four fifths of all), and told otherwise. */
ht_code ht_label_question(const ht_columns *columns, const ht_text_table *table, ht_raw *raw, ht_error *err);

#endif
