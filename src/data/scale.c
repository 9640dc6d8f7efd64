#include "data/scale.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"

enum { GREY_COLUMNS = 64, LONGEST_EXPONENT = 300 };

/* What is known of one input, or of all that share a scale. Mean and deviation are in units of a power of two
 * that is no smaller than any value: sums of squares cannot overflow, and dividing by it is exact. */
typedef struct spread {
    double low, high, unit; /* value / 2^e is value · unit */
    double mean, deviation; /* the mean counts from `low` */
    int exponent;
    size_t count;
} spread;

typedef struct spreads {
    spread *of;
    size_t count;        /* 1, or as many as inputs */
    const size_t *codes; /* as in ht_raw: inputs that have none are numbers; NULL: all are */
} spreads;

/* Codes of categories are no numbers. */
static bool is_code(const spreads *s, size_t column)
{
    return s->codes && s->codes[column] > 0;
}

static double value_at(const ht_raw_part *part, size_t i)
{
    return part->wide ? part->wide[i] : (double)part->x[i];
}

static spread *spread_of(const spreads *s, size_t column)
{
    return &s->of[s->count == 1 ? 0 : column];
}

/* ---- measuring --------------------------------------------------------------------------------- */

/* Calls with every value that is there; NaN is padding or a mistake that is reported later. */
typedef void look(spread *s, double value);

static void each(const ht_raw_part *part, const spreads *s, look *at)
{
    for (size_t i = 0; i < part->count; i++)
        for (size_t j = 0; j < part->inputs; j++) {
            double value = value_at(part, i * part->inputs + j);
            if (isfinite(value) && !is_code(s, j)) at(spread_of(s, j), value);
        }
}

static void see_range(spread *s, double value)
{
    if (s->count == 0 || value < s->low) s->low = value;
    if (s->count == 0 || value > s->high) s->high = value;
    s->count++;
}

static void see_sum(spread *s, double value)
{
    s->mean += value * s->unit - s->low * s->unit;
}

static void see_squares(spread *s, double value)
{
    double d = value * s->unit - s->low * s->unit - s->mean;
    s->deviation += d * d;
}

static void measure(const ht_raw_part *part, const spreads *s)
{
    each(part, s, see_range);
    for (size_t g = 0; g < s->count; g++) {
        double largest = fmax(fabs(s->of[g].low), fabs(s->of[g].high));
        int e = largest > 0 ? ilogb(largest) + 1 : 0;
        s->of[g].exponent = e < -1000 ? -1000 : e;
        s->of[g].unit = ldexp(1, -s->of[g].exponent);
    }
    each(part, s, see_sum);
    for (size_t g = 0; g < s->count; g++)
        if (s->of[g].count) s->of[g].mean /= (double)s->of[g].count;
    each(part, s, see_squares);
    for (size_t g = 0; g < s->count; g++)
        if (s->of[g].count) s->of[g].deviation = sqrt(s->of[g].deviation / (double)s->of[g].count);
}

static bool is_constant(const spread *s)
{
    return s->low == s->high;
}

static double mean_of(const spread *s)
{
    return ldexp(s->low * s->unit + s->mean, s->exponent);
}

static double deviation_of(const spread *s)
{
    return ldexp(s->deviation, s->exponent);
}

/* ---- of order one? ----------------------------------------------------------------------------- */

static bool within(double value, double low, double high)
{
    return value >= low && value <= high;
}

/* Mean and deviation of all values, from those of the columns; only for ordinary exponents. */
static void overall(const spreads *s, double *mean, double *deviation)
{
    double n = 0, first = 0, second = 0;
    for (size_t g = 0; g < s->count; g++) {
        double count = (double)s->of[g].count, m = mean_of(&s->of[g]), d = deviation_of(&s->of[g]);
        n += count, first += count * m, second += count * (d * d + m * m);
    }
    *mean = n > 0 ? first / n : 0;
    *deviation = n > 0 ? sqrt(fmax(0, second / n - *mean * *mean)) : 0;
}

static bool is_order_one(const spreads *s)
{
    bool alike = s->count == 1, constant = true;
    double mean, deviation;
    for (size_t g = 0; g < s->count; g++) {
        const spread *of = &s->of[g];
        if (of->exponent > LONGEST_EXPONENT) return false;
        constant = constant && is_constant(of);
        if (alike) continue;
        bool narrow = !is_constant(of) && !within(deviation_of(of), 0.01, 10);
        if (!within(mean_of(of), -10, 10) || narrow) return false;
    }
    overall(s, &mean, &deviation);
    return constant || (within(deviation, 0.1, 10) && (!alike || within(mean, -10, 10)));
}

/* Grey levels in the columns of a table. */
static bool are_grey(const ht_raw_part *part, const spreads *s)
{
    double low = INFINITY, high = -INFINITY;
    if (s->codes) return false;
    for (size_t g = 0; g < s->count; g++) low = fmin(low, s->of[g].low), high = fmax(high, s->of[g].high);
    return part->inputs >= GREY_COLUMNS && low >= 0 && high <= 255 && high > 200;
}

/* ---- scaling ----------------------------------------------------------------------------------- */

static double scaled(double value, const spread *s, ht_data_scale scale)
{
    if (isnan(value)) return value;
    if (is_constant(s)) return 0;
    double above = value * s->unit - s->low * s->unit;
    return scale == HT_SCALE_MINMAX ? above / (s->high * s->unit - s->low * s->unit)
                                    : (above - s->mean) / s->deviation;
}

/* HT_SCALE_NONE only changes the type. Padding, NaN, becomes 0. */
static ht_code convert(ht_raw_part *part, const spreads *s, ht_data_scale scale, bool padded, ht_error *err)
{
    if (!part->x && !(part->x = ht_alloc(part->count * part->inputs, sizeof *part->x, "the samples", err)))
        return err->code;
    bool same = scale == HT_SCALE_NONE;
    for (size_t i = 0; (!same || part->wide || padded) && i < part->count; i++)
        for (size_t j = 0; j < part->inputs; j++) {
            size_t k = i * part->inputs + j;
            double value = value_at(part, k);
            if (!same && !is_code(s, j)) value = scaled(value, spread_of(s, j), scale);
            part->x[k] = padded && isnan(value) ? 0 : (float)value;
        }
    ht_free(part->wide);
    part->wide = NULL;
    return HT_OK;
}

/* ---- what was done, in words ------------------------------------------------------------------- */

/* " (column 3 'a', …)", of a table; else "". */
static const char *name_constants(const ht_raw *raw, const spreads *s, char *to, size_t size)
{
    enum { NAMED = 4 };
    size_t used = 0, named = 0;
    to[0] = '\0';
    for (size_t i = 0; i < raw->column_count && used < size; i++) {
        const ht_dataset_column *c = &raw->columns[i];
        if (c->role != HT_COLUMN_NUMBERS || !is_constant(&s->of[c->first]) || named++ >= NAMED) continue;
        used += (size_t)snprintf(to + used, size - used, "%scolumn %zu%s%.24s%s", named > 1 ? ", " : " (",
                                 i + 1, *c->name ? " '" : "", c->name, *c->name ? "'" : "");
    }
    if (named > 0 && used < size) snprintf(to + used, size - used, "%s)", named > NAMED ? ", …" : "");
    return to;
}

static void say_columns(ht_raw *raw, const spreads *s)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    char names[200];
    size_t constant = 0, numbers = 0;
    for (size_t g = 0; g < s->count; g++) {
        if (is_code(s, g)) continue;
        numbers++;
        double of[2] = {mean_of(&s->of[g]), deviation_of(&s->of[g])};
        constant += is_constant(&s->of[g]);
        for (int k = 0; k < 2 && !is_constant(&s->of[g]); k++)
            low[k] = fmin(low[k], of[k]), high[k] = fmax(high[k], of[k]);
    }
    if (constant < numbers)
        ht_notes_add(&raw->notes,
                     "each input%s is standardized by the training part (means %.4g to %.4g, standard "
                     "deviations %.4g to %.4g); data.scale=none leaves them as they are",
                     s->codes ? " of a column of numbers" : "", low[0], high[0], low[1], high[1]);
    if (constant > 0)
        ht_notes_add(&raw->notes,
                     "%zu of %zu inputs are constant in the training part%s and were set to 0 everywhere",
                     constant, numbers, name_constants(raw, s, names, sizeof names));
    ht_notes_add(&raw->facts,
                 "scale: each input%s standardized by its mean and deviation in the training part%s",
                 s->codes ? " of numbers" : "", s->codes ? "; those of 0 and 1 stay as they are" : "");
}

static void say(ht_raw *raw, const spreads *s, ht_data_scale scale)
{
    const char *whose = s->count == 1 ? "all inputs together" : "each input";
    double mean, deviation;
    size_t codes = 0;
    for (size_t g = 0; g < s->count; g++) codes += is_code(s, g);
    overall(s, &mean, &deviation);
    if (codes == s->count)
        ht_notes_add(&raw->facts, "scale: inputs of 0 and 1 stay as they are");
    else if (scale == HT_SCALE_NONE)
        ht_notes_add(&raw->facts, "scale: inputs as read (mean %.4g, standard deviation %.4g)", mean,
                     deviation);
    else if (scale == HT_SCALE_MINMAX) {
        ht_notes_add(&raw->notes, "inputs are brought to 0 … 1 by the training part, %s", whose);
        ht_notes_add(&raw->facts, "scale: 0 … 1 over the training part, %s", whose);
    } else if (s->count > 1)
        say_columns(raw, s);
    else {
        ht_notes_add(&raw->notes,
                     "inputs are standardized by the training part (mean %.4g, standard deviation %.4g for "
                     "all); data.scale=none leaves them as they are",
                     mean, deviation);
        ht_notes_add(&raw->facts, "scale: all inputs standardized by mean %.4g and deviation %.4g", mean,
                     deviation);
    }
}

/* Into the table's columns. */
static void keep_columns(ht_raw *raw, const spreads *s, ht_data_scale scale)
{
    for (size_t i = 0; i < raw->column_count; i++) {
        ht_dataset_column *c = &raw->columns[i];
        if (c->role != HT_COLUMN_NUMBERS) continue;
        const spread *of = spread_of(s, (size_t)c->first);
        bool standard = scale == HT_SCALE_STANDARD;
        c->shift = scale == HT_SCALE_NONE ? 0 : standard ? mean_of(of) : of->low;
        c->divisor = scale == HT_SCALE_NONE ? 1
                     : is_constant(of)      ? 0
                     : standard             ? deviation_of(of)
                                            : of->high - of->low;
    }
}

/* What its reader has done already, of known sets. */
static void say_ready(ht_raw *raw)
{
    double mean[HT_SCALED_CHANNELS], std[HT_SCALED_CHANNELS];
    for (int c = 0; c < HT_SCALED_CHANNELS; c++) mean[c] = (double)raw->mean[c], std[c] = (double)raw->std[c];
    if (raw->channels == HT_SCALED_CHANNELS)
        ht_notes_add(&raw->facts,
                     "scale: mean %g, %g, %g of red, green, blue subtracted, divided by %g, %g, %g", mean[0],
                     mean[1], mean[2], std[0], std[1], std[2]);
    else
        ht_notes_add(&raw->facts, "scale: mean %g subtracted, divided by %g", mean[0], std[0]);
}

/* A picture's way back to its grey levels: grey = mean + std · x. */
static void keep_constants(ht_raw *raw, const spreads *s, ht_data_scale scale)
{
    const spread *all = &s->of[0];
    if (raw->width == 0 || s->count > 1 || is_constant(all) || scale == HT_SCALE_NONE) return;
    bool standard = scale == HT_SCALE_STANDARD;
    double shift = standard ? mean_of(all) : all->low;
    double factor = standard ? deviation_of(all) : all->high - all->low;
    for (int c = 0; c < HT_SCALED_CHANNELS; c++) {
        raw->mean[c] = (float)((double)raw->mean[c] + (double)raw->std[c] * shift);
        raw->std[c] = (float)((double)raw->std[c] * factor);
    }
}

static ht_code measure_all(const ht_raw *raw, spreads *s, ht_error *err)
{
    bool alike = raw->alike || raw->width > 0;
    s->count = alike ? 1 : raw->train.inputs;
    s->codes = raw->codes;
    if (!(s->of = ht_alloc(s->count, sizeof *s->of, "the scales of the inputs", err))) return err->code;
    measure(&raw->train, s);
    if (alike || !are_grey(&raw->train, s)) return HT_OK;
    s->of[0] = (spread){0};
    s->count = 1;
    measure(&raw->train, s);
    return HT_OK;
}

ht_code ht_scale(ht_raw *raw, ht_data_scale scale, bool known, ht_error *err)
{
    spreads s = {0};
    bool ready = scale == HT_SCALE_AUTO && known;
    if (ready && raw->std[0] != 1) say_ready(raw);
    if (ready && !raw->train.wide && !raw->padded) return HT_OK;
    if (measure_all(raw, &s, err) != HT_OK) return err->code;
    if (scale == HT_SCALE_AUTO) scale = known || is_order_one(&s) ? HT_SCALE_NONE : HT_SCALE_STANDARD;
    ht_code code = convert(&raw->train, &s, scale, raw->padded, err);
    if (code == HT_OK) code = convert(&raw->test, &s, scale, raw->padded, err);
    if (code == HT_OK) say(raw, &s, scale);
    if (code == HT_OK) keep_constants(raw, &s, scale);
    if (code == HT_OK) keep_columns(raw, &s, scale);
    ht_free(s.of);
    return code;
}
