/* Columns of numbers: medians and indicators of what is missing; and what becomes of any that are left out.
 */
#include <math.h>
#include <stdlib.h>

#include "data/table/inputs.h"
#include "num/select.h"

void ht_inputs_leave_out(ht_raw *raw, const ht_fields *fields, size_t j, const char *why, ht_input_plan *plan)
{
    ht_dataset_column *c = &raw->columns[fields->of[j].column];
    plan->out = true;
    c->role = HT_COLUMN_LEFT_OUT;
    ht_text_copy(c->why, sizeof c->why, why);
    ht_notes_add(&raw->notes, "%s: %s is left out (%s)", raw->train.path, fields->of[j].what, why);
    ht_notes_add(&raw->facts, "left out: %s (%s)", fields->of[j].what, why);
}

static size_t count_missing(const ht_raw_part *part, size_t j)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++) count += isnan(part->wide[i * part->inputs + j]);
    return count;
}

/* The values that are there, sorted; returns how many. */
static size_t sort_values(const ht_raw_part *part, size_t j, double *to)
{
    size_t n = 0;
    for (size_t i = 0; i < part->count; i++) {
        double value = part->wide[i * part->inputs + j];
        if (!isnan(value)) to[n++] = value;
    }
    qsort(to, n, sizeof *to, ht_by_double);
    return n;
}

static void see_range(const ht_raw_part *part, size_t j, ht_dataset_column *c)
{
    c->low = INFINITY, c->high = -INFINITY;
    for (size_t i = 0; i < part->count; i++) {
        double value = part->wide[i * part->inputs + j];
        if (value < c->low) c->low = value;
        if (value > c->high) c->high = value;
    }
}

void ht_inputs_number(ht_raw *raw, const ht_fields *fields, size_t j, ht_data_missing missing, double *room,
                      ht_input_plan *plan)
{
    ht_dataset_column *c = &raw->columns[fields->of[j].column];
    c->train_missing = count_missing(&raw->train, j);
    c->test_missing = count_missing(&raw->test, j);
    if (c->train_missing == raw->train.count) {
        ht_inputs_leave_out(raw, fields, j, "it has no value in the training part", plan);
        return;
    }
    see_range(&raw->train, j, c);
    if (c->train_missing + c->test_missing == 0) return; /* no median is needed */
    size_t n = sort_values(&raw->train, j, room);
    c->median = plan->median = n % 2 ? room[n / 2] : room[n / 2 - 1] / 2 + room[n / 2] / 2;
    c->indicator = plan->indicator = missing == HT_MISSING_IMPUTE && c->train_missing > 0;
    if (2 * c->train_missing > raw->train.count)
        ht_notes_add(&raw->notes, "%s: %s is missing in %zu of %zu training samples", raw->train.path,
                     fields->of[j].what, c->train_missing, raw->train.count);
}
