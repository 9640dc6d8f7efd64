/* condition.h - what a lesson waits for and claims: comparisons joined by "and", over the table
 * quantities.def.
 *
 *   step >= 300 and kappa > twin.kappa + 0.1 and noise is iid
 *
 * One thing is known only now and then (κ, when it was measured): unknown is neither true nor false. Pure. */
#ifndef HT_LESSON_CONDITION_H
#define HT_LESSON_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

typedef enum ht_quantity {
#define HT_QUANTITY(id, name, kind, what) HT_QUANTITY_##id,
#include "lesson/quantities.def"
    HT_QUANTITIES
} ht_quantity;

/* What is known now. */
typedef struct ht_lesson_values {
    double number[HT_QUANTITIES];    /* NaN: unknown */
    const char *word[HT_QUANTITIES]; /* NULL: unknown */
} ht_lesson_values;

typedef enum ht_truth { HT_UNKNOWN, HT_TRUE, HT_FALSE } ht_truth;

typedef enum ht_comparison { HT_IS, HT_LESS, HT_AT_MOST, HT_MORE, HT_AT_LEAST, HT_COMPARISONS } ht_comparison;

typedef struct ht_term {
    ht_quantity left;
    ht_comparison comparison;
    int right; /* a quantity to which `number` is added, or -1 */
    double number;
    char word[24]; /* HT_IS */
} ht_term;

enum { HT_TERMS = 6 };

typedef struct ht_condition {
    int count; /* 0: always true */
    ht_term term[HT_TERMS];
} ht_condition;

/* HT_USAGE names what was not understood. */
ht_code ht_condition_parse(ht_condition *condition, const char *text, ht_error *err);
ht_truth ht_condition_decide(const ht_condition *condition, const ht_lesson_values *values);

/* Does it speak of something that begins like this: "twin."? */
bool ht_condition_about(const ht_condition *condition, const char *begin);

/* "kappa 0.386, twin.kappa 0.114": what it was judged by. */
void ht_condition_tell(const ht_condition *condition, const ht_lesson_values *values, char *to, size_t size);

const char *ht_quantity_name(ht_quantity quantity); /* static */

#endif
