#include "data/table/inputs.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"

enum { NAMED = 5 };

/* ---- what is told of all columns together ------------------------------------------------------- */

/* Columns of which something is to be said, the first ones by name. */
typedef struct tally {
    size_t columns, cells;
    ht_text names;
} tally;

static void count_column(tally *t, const char *what, size_t cells)
{
    if (cells == 0) return;
    t->cells += cells;
    if (t->columns++ < NAMED) ht_text_add(&t->names, "%s%s", t->columns > 1 ? ", " : "", what);
}

static const char *names_of(const tally *t)
{
    return t->names.data ? t->names.data : "";
}

static void tell_numbers(ht_raw *raw, const tally *t, size_t indicators)
{
    char also[80] = "";
    const char *more = t->columns > NAMED ? ", …" : "";
    if (t->cells == 0) return;
    if (indicators > 0)
        snprintf(also, sizeof also, ", and %zu of these columns one more input, 1 where it is missing",
                 indicators);
    ht_notes_add(&raw->notes,
                 "%zu missing cell%s in %zu column%s (%s%s) got the median of the column's training part%s; "
                 "data.missing=refuse makes them an error",
                 t->cells, t->cells == 1 ? "" : "s", t->columns, t->columns == 1 ? "" : "s", names_of(t),
                 more, also);
    ht_notes_add(&raw->facts, "missing: %zu cells of %zu columns, filled with medians: %s%s", t->cells,
                 t->columns, names_of(t), more);
}

static void tell_words(ht_raw *raw, const tally *missing, const tally *none, const tally *unseen,
                       const char *as)
{
    if (missing->cells > 0)
        ht_notes_add(
            &raw->notes, "%zu missing cell%s in %zu column%s of words (%s%s) are a category of their own",
            missing->cells, missing->cells == 1 ? "" : "s", missing->columns,
            missing->columns == 1 ? "" : "s", names_of(missing), missing->columns > NAMED ? ", …" : "");
    if (none->cells > 0)
        ht_notes_add(
            &raw->notes,
            "%zu missing cell%s in %zu column%s of words (%s%s) are of no category: its inputs are 0",
            none->cells, none->cells == 1 ? "" : "s", none->columns, none->columns == 1 ? "" : "s",
            names_of(none), none->columns > NAMED ? ", …" : "");
    if (unseen->cells > 0)
        ht_notes_add(
            &raw->notes,
            "%zu cell%s of the test part, in %zu column%s (%s%s), hold a category that the training part "
            "lacks, as '%s': all inputs of the column are 0 there",
            unseen->cells, unseen->cells == 1 ? "" : "s", unseen->columns, unseen->columns == 1 ? "" : "s",
            names_of(unseen), unseen->columns > NAMED ? ", …" : "", as);
}

static void tell(ht_raw *raw, const ht_fields *fields, const ht_input_plan *plans)
{
    tally numbers = {0}, missing = {0}, none = {0}, unseen = {0};
    size_t indicators = 0, words = 0, inputs = 0;
    const char *as = "";
    for (size_t j = 0; j < fields->count; j++) {
        const ht_dataset_column *c = &raw->columns[fields->of[j].column];
        size_t lacking = c->train_missing + c->test_missing;
        if (plans[j].out) continue;
        words += plans[j].values > 0;
        inputs += plans[j].values;
        indicators += plans[j].indicator && plans[j].values == 0;
        if (unseen.cells == 0 && c->test_unseen > 0) as = fields->of[j].unseen;
        count_column(plans[j].values == 0 ? &numbers
                     : plans[j].indicator ? &missing
                                          : &none,
                     fields->of[j].what, lacking);
        count_column(&unseen, fields->of[j].what, c->test_unseen);
    }
    tell_numbers(raw, &numbers, indicators);
    tell_words(raw, &missing, &none, &unseen, as);
    if (words > 0)
        ht_notes_add(&raw->facts, "words: %zu column%s of words, %zu inputs of 0 and 1, one a category",
                     words, words == 1 ? "" : "s", inputs);
    ht_text_free(&numbers.names), ht_text_free(&missing.names);
    ht_text_free(&none.names), ht_text_free(&unseen.names);
}

/* ---- the matrix -------------------------------------------------------------------------------- */

/* A cell of column j as it is kept. */
static double kept(const ht_input_plan *plan, double value)
{
    if (plan->values == 0) return isnan(value) ? plan->median : value;
    if (isnan(value)) return plan->missing;
    return value < 0 ? -1 : plan->rank[(size_t)value];
}

static ht_code rebuild_part(ht_raw_part *part, const ht_input_plan *plans, size_t width, ht_error *err)
{
    double *to = ht_alloc(part->count * width, sizeof *to, "the samples", err), *at = to;
    if (!to) return err->code;
    for (size_t i = 0; i < part->count; i++)
        for (size_t j = 0; j < part->inputs; j++) {
            double value = part->wide[i * part->inputs + j];
            if (plans[j].out) continue;
            *at++ = kept(&plans[j], value);
            if (plans[j].indicator && plans[j].values == 0)
                *at++ = isnan(value) ? 0 : -1; /* a code of one value */
        }
    ht_free(part->wide);
    part->wide = to;
    part->inputs = width;
    return HT_OK;
}

/* Says in raw->columns where each column is, and lists the codes. */
static ht_code place(ht_raw *raw, const ht_fields *fields, const ht_input_plan *plans, size_t width,
                     ht_error *err)
{
    size_t at = 0;
    raw->codes = ht_alloc(width, sizeof *raw->codes, "the columns", err);
    if (!raw->codes) return err->code;
    for (size_t j = 0; j < fields->count; j++) {
        ht_dataset_column *c = &raw->columns[fields->of[j].column];
        if (plans[j].out) continue;
        c->first = (int)at;
        c->inputs = 1 + (plans[j].indicator && plans[j].values == 0);
        raw->codes[at++] = plans[j].values;
        if (c->inputs == 2) raw->codes[at++] = 1;
    }
    return HT_OK;
}

static ht_code rebuild(ht_raw *raw, const ht_fields *fields, const ht_input_plan *plans, ht_error *err)
{
    size_t width = 0;
    bool same = true;
    for (size_t j = 0; j < fields->count; j++) {
        const ht_dataset_column *c = &raw->columns[fields->of[j].column];
        same = same && !plans[j].out && plans[j].values == 0 && c->train_missing + c->test_missing == 0;
        if (!plans[j].out) width += 1 + (plans[j].indicator && plans[j].values == 0);
    }
    if (width == 0) {
        const char *why = raw->columns[fields->of[0].column].why;
        return ht_error_set(err, HT_FAIL, "%s: no column is left for the inputs: %s%s is left out (%s)",
                            raw->train.path, fields->of[0].what, fields->count > 1 ? ", as others are," : "",
                            why);
    }
    if (place(raw, fields, plans, width, err) != HT_OK) return err->code;
    if (same) { /* numbers only, and all of them */
        ht_free(raw->codes);
        raw->codes = NULL;
        return HT_OK;
    }
    if (rebuild_part(&raw->train, plans, width, err) != HT_OK) return err->code;
    return rebuild_part(&raw->test, plans, width, err);
}

ht_code ht_inputs_settle(ht_raw *raw, ht_fields *fields, ht_data_missing missing, ht_error *err)
{
    ht_input_plan *plans = ht_alloc(fields->count, sizeof *plans, "the columns", err);
    double *room = plans ? ht_alloc(raw->train.count, sizeof *room, "a column", err) : NULL;
    ht_code code = room ? HT_OK : HT_FAIL;
    for (size_t j = 0; code == HT_OK && j < fields->count; j++) {
        if (fields->of[j].words)
            code = ht_inputs_words(raw, fields, j, missing, &plans[j], err);
        else
            ht_inputs_number(raw, fields, j, missing, room, &plans[j]);
    }
    if (code == HT_OK) tell(raw, fields, plans);
    if (code == HT_OK) code = rebuild(raw, fields, plans, err);
    for (size_t j = 0; plans && j < fields->count; j++) ht_free(plans[j].rank);
    ht_free(plans);
    ht_free(room);
    return code;
}
