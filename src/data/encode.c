#include "data/encode.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"

size_t ht_encode_inputs(const ht_raw *raw)
{
    size_t inputs = 0;
    for (size_t j = 0; j < raw->train.inputs; j++) inputs += raw->codes && raw->codes[j] ? raw->codes[j] : 1;
    return inputs;
}

/* For the message: the column with most categories. */
static const ht_dataset_column *widest(const ht_raw *raw)
{
    const ht_dataset_column *found = NULL;
    for (size_t i = 0; i < raw->column_count; i++)
        if (!found || raw->columns[i].values > found->values) found = &raw->columns[i];
    return found;
}

static ht_code check_size(const ht_raw *raw, const ht_raw_part *part, size_t inputs, ht_error *err)
{
    const ht_dataset_column *column = widest(raw);
    if (inputs <= INT_MAX && (part->count == 0 || inputs <= HT_DATA_BYTES_MAX / sizeof(float) / part->count))
        return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: %zu samples of %zu inputs are more than 4 GB; '%.40s' alone has %zu categories: leave "
        "columns out, or take fewer samples (data.train_limit)",
        part->path, part->count, inputs, column ? column->name : "", column ? column->values : 0);
}

/* x is (count × inputs) of numbers and codes, `to` (count × wide). */
static void spread_out(const ht_raw_part *part, const size_t *codes, float *to)
{
    const float *x = part->x;
    for (size_t i = 0; i < part->count; i++)
        for (size_t j = 0; j < part->inputs; j++, x++) {
            if (codes[j] == 0) {
                *to++ = *x;
                continue;
            }
            if (*x >= 0) to[(size_t)*x] = 1; /* the rest is 0 already */
            to += codes[j];
        }
}

static ht_code encode_part(ht_raw_part *part, const size_t *codes, size_t inputs, ht_error *err)
{
    float *to = ht_alloc(part->count * inputs, sizeof *to, "the inputs", err);
    if (!to) return err->code;
    spread_out(part, codes, to);
    ht_free(part->x);
    part->x = to;
    part->inputs = inputs;
    return HT_OK;
}

/* Where each input of the columns is from now on. */
static ht_code move_columns(const ht_raw *raw, ht_error *err)
{
    size_t *first = ht_alloc(raw->train.inputs + 1, sizeof *first, "the columns", err);
    if (!first) return err->code;
    for (size_t j = 0; j < raw->train.inputs; j++)
        first[j + 1] = first[j] + (raw->codes[j] ? raw->codes[j] : 1);
    for (size_t i = 0; i < raw->column_count; i++) {
        ht_dataset_column *c = &raw->columns[i];
        if (c->inputs == 0) continue;
        c->inputs = (int)(first[c->first + c->inputs] - first[c->first]);
        c->first = (int)first[c->first];
    }
    ht_free(first);
    return HT_OK;
}

ht_code ht_encode(ht_raw *raw, ht_error *err)
{
    if (!raw->codes) return HT_OK;
    size_t inputs = ht_encode_inputs(raw);
    if (check_size(raw, &raw->train, inputs, err) != HT_OK) return err->code;
    if (check_size(raw, &raw->test, inputs, err) != HT_OK) return err->code;
    if (move_columns(raw, err) != HT_OK) return err->code;
    if (encode_part(&raw->train, raw->codes, inputs, err) != HT_OK) return err->code;
    if (encode_part(&raw->test, raw->codes, inputs, err) != HT_OK) return err->code;
    ht_free(raw->codes);
    raw->codes = NULL;
    return HT_OK;
}

void ht_columns_release(ht_dataset_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) ht_free(columns[i].words);
    ht_free(columns);
}
