#include "data/table/series.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* What was found in both parts. */
typedef struct tally {
    size_t gaps, gappy;             /* values missing inside series, series with such */
    size_t short_ones, least, most; /* series that end early; lengths */
} tally;

/* The shortest and longest row. */
static void range(const ht_raw_part *part, const size_t *lengths, size_t *least, size_t *most)
{
    *least = *most = part->count ? lengths[0] : 0;
    for (size_t i = 1; i < part->count; i++) {
        if (lengths[i] < *least) *least = lengths[i];
        if (lengths[i] > *most) *most = lengths[i];
    }
}

static size_t without_end(const float *x, size_t length)
{
    while (length > 0 && isnan(x[length - 1])) length--;
    return length;
}

/* The line between the values before and behind each gap; `length` ends with a value. Returns what it filled.
 */
static size_t fill_gaps(float *x, size_t length)
{
    size_t filled = 0;
    for (size_t i = 0; i < length; i++) {
        size_t next = i;
        if (!isnan(x[i])) continue;
        while (isnan(x[next])) next++;
        double before = i > 0 ? (double)x[i - 1] : (double)x[next], step = (double)x[next] - before;
        size_t gap = next - i + 1;
        for (size_t k = i; k < next; k++) x[k] = (float)(before + step * (double)(k - i + 1) / (double)gap);
        filled += next - i;
        i = next;
    }
    return filled;
}

static ht_code lay_out(ht_raw_part *part, const size_t *lengths, size_t inputs, bool refuse, tally *sum,
                       ht_error *err)
{
    float *to = ht_alloc(part->count * inputs, sizeof *to, "the series", err);
    const float *from = part->x;
    if (!to) return err->code;
    for (size_t i = 0; i < part->count; from += lengths[i++]) {
        float *x = to + i * inputs;
        size_t length = without_end(from, lengths[i]);
        memcpy(x, from, length * sizeof *x);
        size_t filled = fill_gaps(x, length);
        for (size_t k = length; k < inputs; k++) x[k] = NAN;
        if (length == 0 || (refuse && filled > 0)) {
            ht_free(to);
            return ht_error_set(err, HT_FAIL, "%s: series %zu has %s%s; remove it or fill it in", part->path,
                                i + 1, length ? "missing values inside" : "no value at all",
                                length ? " (data.missing=refuse)" : "");
        }
        sum->gaps += filled, sum->gappy += filled > 0;
        sum->short_ones += length < inputs;
        if (length < sum->least) sum->least = length;
        if (length > sum->most) sum->most = length;
    }
    ht_free(part->x);
    part->x = to;
    part->inputs = inputs;
    return HT_OK;
}

static bool has_nan(const ht_raw_part *part, const size_t *lengths)
{
    size_t total = 0;
    for (size_t i = 0; i < part->count; i++) total += lengths[i];
    for (size_t i = 0; i < total; i++)
        if (isnan(part->x[i])) return true;
    return false;
}

static void tell(ht_raw *raw, const tally *sum, size_t inputs)
{
    size_t all = raw->train.count + raw->test.count;
    if (sum->short_ones > 0) {
        ht_notes_add(
            &raw->notes,
            "%zu of %zu series end before step %zu (the shortest after %zu) and are padded with 0 at "
            "the end, the mean where inputs are standardized",
            sum->short_ones, all, inputs, sum->least);
        ht_notes_add(&raw->facts, "lengths: %zu to %zu, padded with 0 to %zu", sum->least, sum->most, inputs);
    }
    if (sum->gaps > 0)
        ht_notes_add(&raw->notes,
                     "%zu missing value%s inside %zu series got the line between their neighbours; "
                     "data.missing=refuse makes them an error",
                     sum->gaps, sum->gaps == 1 ? "" : "s", sum->gappy);
}

ht_code ht_series_settle(ht_raw *raw, size_t *const lengths[2], bool refuse, ht_error *err)
{
    ht_raw_part *const parts[] = {&raw->train, &raw->test};
    size_t least[2], most[2];
    bool nan = false;
    tally sum = {.least = SIZE_MAX};
    for (int p = 0; p < 2; p++) {
        range(parts[p], lengths[p], &least[p], &most[p]);
        parts[p]->inputs = most[p];
        nan = nan || has_nan(parts[p], lengths[p]);
    }
    bool even = least[0] == most[0] && least[1] == most[1];
    if (!nan && even) return HT_OK;
    for (int p = 0; p < 2; p++) {
        size_t inputs = even || most[p] > most[1 - p] ? most[p] : most[1 - p];
        if (inputs * parts[p]->count > HT_DATA_BYTES_MAX / sizeof(float))
            return ht_error_set(err, HT_FAIL,
                                "%s: padded to %zu steps the series have more than 4 GB of values",
                                parts[p]->path, inputs);
        if (parts[p]->count && lay_out(parts[p], lengths[p], inputs, refuse, &sum, err) != HT_OK)
            return err->code;
    }
    raw->padded = true;
    tell(raw, &sum, raw->train.inputs);
    return HT_OK;
}
