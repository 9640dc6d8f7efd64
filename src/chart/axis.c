/* axis.c - the arithmetic of an axis: its range, where a value lies on it, which ticks it gets. */
#include "chart/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* Beyond these a difference or a logarithm would leave the doubles. */
static const double HUGEST = 1e300, TINIEST = 1e-300;

enum { TICKS_WANTED_MAX = 32, DIVISIONS = 10 };

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* 1, 2, 5, 10, 20, 50, ...: the i-th round number; round_number(0) is 1. Exact powers by strtod's rules. */
static double round_number(int i)
{
    static const double mantissa[] = {1, 2, 5};
    int exponent = (int)floor(i / 3.0);
    double m = mantissa[i - 3 * exponent];
    /* m / 10^k is closer to the decimal number than m * 10^-k */
    return exponent < 0 ? m / pow(10, -exponent) : m * pow(10, exponent);
}

/* Index of the smallest round number >= v (v > 0), forgiving rounding errors. */
static int round_index_above(double v)
{
    int i = 3 * (int)floor(log10(v)) - 1;
    while (round_number(i) < v * (1 - 1e-9)) i++;
    return i;
}

static bool is_valid(const ht_axis *axis)
{
    return isfinite(axis->low) && isfinite(axis->high) && axis->low < axis->high &&
           (axis->scale == HT_SCALE_LINEAR || axis->low > 0);
}

/* ---- fit --------------------------------------------------------------------------------------- */

static void fit_log(ht_axis *axis, double low, double high)
{
    low = clamp(low, TINIEST, HUGEST);
    high = clamp(high, TINIEST, HUGEST);
    if (high < low * 1.001) { /* one point: give it half a decade */
        low /= 2;
        high *= 2;
    }
    int above = round_index_above(high), below = round_index_above(low);
    if (round_number(below) > low * (1 + 1e-9)) below--;
    if (above - below > 3 * 5) { /* many decades: whole ones are easier to read and cost little */
        above += (3 - above % 3) % 3;
        below -= (below % 3 + 3) % 3;
    }
    axis->low = round_number(below);
    axis->high = round_number(above);
}

static void fit_linear(ht_axis *axis, double low, double high)
{
    low = clamp(low, -HUGEST, HUGEST);
    high = clamp(high, -HUGEST, HUGEST);
    double magnitude = fmax(fabs(low), fabs(high));
    if (magnitude < TINIEST) {
        low = 0;
        high = 1;
    } else if (high - low < magnitude * 1e-9) { /* one point, or too close to tell apart in a label */
        double margin = axis->integer ? fmax(1, magnitude * 1e-9) : magnitude * 0.1;
        low -= margin;
        high += margin;
    }
    double step = round_number(round_index_above((high - low) / DIVISIONS));
    if (axis->integer && step < 1) step = 1;
    axis->low = step * floor(low / step + 1e-9);
    axis->high = step * ceil(high / step - 1e-9);
    if (axis->high <= axis->low) axis->high = axis->low + step;
}

void ht_axis_fit(ht_axis *axis, double low, double high)
{
    if (axis->fixed && is_valid(axis)) return;
    bool is_log = axis->scale == HT_SCALE_LOG;
    if (is_log && !(low > 0)) low = (double)NAN; /* a log axis cannot show it */
    if (is_log && !(high > 0)) high = (double)NAN;
    if (!isfinite(low)) low = high;
    if (!isfinite(high)) high = low;
    if (is_valid(axis)) {
        low = fmin(axis->low, low); /* fmin and fmax pass over NaN */
        high = fmax(axis->high, high);
    }
    if (!isfinite(low) || !isfinite(high)) { /* nothing to show: an axis that can be drawn */
        low = is_log ? 0.1 : 0;
        high = 1;
    }
    if (low > high) {
        double swap = low;
        low = high;
        high = swap;
    }
    if (is_log)
        fit_log(axis, low, high);
    else
        fit_linear(axis, low, high);
}

/* ---- position ---------------------------------------------------------------------------------- */

double ht_axis_position(const ht_axis *axis, double value)
{
    if (!(axis->low < axis->high)) return (double)NAN;
    if (axis->scale == HT_SCALE_LINEAR) return (value - axis->low) / (axis->high - axis->low);
    if (!(value > 0)) return (double)NAN;
    double low = log(axis->low);
    return (log(value) - low) / (log(axis->high) - low);
}

double ht_axis_value(const ht_axis *axis, double position)
{
    if (!(axis->low < axis->high)) return (double)NAN;
    if (axis->scale == HT_SCALE_LINEAR) return axis->low + position * (axis->high - axis->low);
    double low = log(axis->low);
    return exp(low + position * (log(axis->high) - low));
}

/* ---- labels ------------------------------------------------------------------------------------ */

static void set_label(ht_tick *tick, const char *text)
{
    ht_text_copy(tick->label, sizeof tick->label, text);
}

/* 10⁻⁴, 5·10⁻⁴. */
static void label_power(ht_tick *tick)
{
    static const char *const superscript[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    char text[40], digits[8];
    int exponent = (int)floor(log10(tick->value) + 1e-9), n = 0;
    double mantissa = tick->value / pow(10, exponent);
    if (fabs(mantissa - 1) > 1e-6) n = snprintf(text, sizeof text, "%.3g·", mantissa);
    n += snprintf(text + n, sizeof text - (size_t)n, "10%s", exponent < 0 ? "⁻" : "");
    snprintf(digits, sizeof digits, "%d", abs(exponent) % 1000);
    for (const char *d = digits; *d; d++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s", superscript[*d - '0']);
    set_label(tick, text);
}

/* Whole things are counted: 500, 2k, 10k, 1M. */
static void label_plain(ht_tick *tick, bool whole)
{
    char text[32];
    const double value = tick->value * (1 + 1e-9);
    const char *suffix = !whole || value < 1e3 ? "" : value < 1e6 ? "k" : "M";
    double unit = *suffix == 'k' ? 1e3 : *suffix ? 1e6 : 1;
    snprintf(text, sizeof text, "%.9g%s", tick->value / unit, suffix);
    set_label(tick, text);
}

/* One way of writing for the whole axis: 0.01 … 1000 as they are, powers where one of them lies beyond. */
static void label_log(const ht_axis *axis, int count, ht_tick *ticks)
{
    double most = axis->integer ? 1e9 : 1000;
    bool powers = false;
    for (int i = 0; i < count; i++)
        powers |=
            ticks[i].major && (ticks[i].value < 0.01 * (1 - 1e-9) || ticks[i].value > most * (1 + 1e-9));
    for (int i = 0; i < count; i++)
        if (ticks[i].major && powers)
            label_power(&ticks[i]);
        else if (ticks[i].major)
            label_plain(&ticks[i], axis->integer);
}

/* All labels of a linear axis share unit and decimals, so that they line up: 0.25 0.50, 2.5k 5.0k. */
static void label_linear(ht_tick *tick, double step, double magnitude)
{
    static const struct {
        double least, unit;
        const char *suffix;
    } units[] = {{1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}, {1e-3, 1, ""}};
    char text[64];
    size_t u = 0;
    while (u < sizeof units / sizeof units[0] && magnitude < units[u].least) u++;
    if (tick->value == 0) {
        snprintf(text, sizeof text, "0");
    } else if (u == sizeof units / sizeof units[0] || magnitude >= 1e12) {
        double digits = ceil(log10(magnitude / step) - 1e-9);
        snprintf(text, sizeof text, "%.*g", (int)clamp(digits + 1, 1, 8), tick->value);
    } else {
        double decimals = ceil(-log10(step / units[u].unit) - 1e-9);
        snprintf(text, sizeof text, "%.*f%s", (int)clamp(decimals, 0, 9), tick->value / units[u].unit,
                 units[u].suffix);
    }
    set_label(tick, text);
}

/* ---- ticks ------------------------------------------------------------------------------------- */

static int multiples(const ht_axis *axis, double step, double *first)
{
    double slack =
        1e-9 * fmin(1, (axis->high - axis->low) / step); /* of rounding: 0.3 is no multiple of 0.1 */
    double from = ceil(axis->low / step - slack), to = floor(axis->high / step + slack);
    *first = from;
    return to < from ? 0 : (int)fmin(to - from + 1, 1e6);
}

static int ticks_linear(const ht_axis *axis, int wanted, ht_tick *ticks)
{
    double range = axis->high - axis->low, first, step;
    double magnitude = fmax(fabs(axis->low), fabs(axis->high));
    if (range < magnitude * 1e-12) return 0; /* labels could not tell the ticks apart */
    int i = round_index_above(range / (wanted + 1)), count;
    if (axis->integer && i < 0) i = 0;
    while ((count = multiples(axis, step = round_number(i), &first)) > wanted) i++;
    for (int k = 0; k < count; k++) {
        double value = clamp((first + k) * step, axis->low, axis->high);
        if (fabs(value) < step * 1e-6 && axis->low <= 0 && axis->high >= 0) value = 0;
        ticks[k] = (ht_tick){.value = value, .major = true};
        label_linear(&ticks[k], step, magnitude);
    }
    return count;
}

static void add_log_tick(const ht_axis *axis, ht_tick *ticks, int *count, double value, bool major)
{
    if (value < axis->low * (1 - 1e-9) || value > axis->high * (1 + 1e-9) || *count >= HT_TICK_MAX) return;
    ticks[(*count)++] = (ht_tick){.value = clamp(value, axis->low, axis->high), .major = major};
}

/* Less than about two decades: 1-2-5 with labels, or linear ticks when even those are too coarse. */
static int ticks_narrow(const ht_axis *axis, int wanted, ht_tick *ticks)
{
    int from = round_index_above(axis->low), to = from, count = 0;
    while (round_number(to) <= axis->high * (1 + 1e-9)) to++;
    if (to - from < 2 && wanted >= 2) return ticks_linear(axis, wanted, ticks);
    bool all = to - from <= wanted;
    for (int i = from; i < to; i++)
        if (all || i % 3 == 0) add_log_tick(axis, ticks, &count, round_number(i), true);
    label_log(axis, count, ticks);
    return count;
}

static int ticks_log(const ht_axis *axis, int wanted, ht_tick *ticks)
{
    int from = (int)ceil(log10(axis->low) - 1e-9), to = (int)floor(log10(axis->high) + 1e-9);
    int decades = to - from + 1, stride = 1, count = 0;
    if (decades <= 3) {
        int narrow = ticks_narrow(axis, wanted, ticks);
        if (narrow > decades && narrow <= wanted) return narrow;
    }
    while ((decades + stride - 1) / stride > wanted) stride++;
    /* A stride keeps 10⁰ when it is there, so that ticks do not jump as the range grows. */
    int start = from + ((-from % stride) + stride) % stride;
    bool fine = decades <= 6 && stride == 1;
    for (int e = from - 1; e <= to + 1; e++) {
        bool major = e >= start && (e - start) % stride == 0;
        if (major || decades < HT_TICK_MAX / 2) add_log_tick(axis, ticks, &count, round_number(3 * e), major);
        for (int m = 2; fine && m <= 9; m++)
            add_log_tick(axis, ticks, &count, m * round_number(3 * e), false);
    }
    label_log(axis, count, ticks);
    return count;
}

int ht_axis_ticks(const ht_axis *axis, int wanted, ht_tick ticks[HT_TICK_MAX])
{
    if (wanted < 1 || !is_valid(axis)) return 0;
    if (wanted > TICKS_WANTED_MAX) wanted = TICKS_WANTED_MAX;
    return axis->scale == HT_SCALE_LOG ? ticks_log(axis, wanted, ticks) : ticks_linear(axis, wanted, ticks);
}
