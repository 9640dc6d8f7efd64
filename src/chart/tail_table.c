#include "chart/tail_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- one estimate ---- */

void ht_tail_format(const ht_estimate *e, char *to, size_t size)
{
    char value[24], error[24];
    if (!isfinite(e->value)) {
        ht_text_copy(to, size, "–");
        return;
    }
    snprintf(value, sizeof value, fabs(e->value) < 1000 ? "%.3f" : "%.3g", e->value);
    snprintf(error, sizeof error, fabs(e->std_error) < 1000 ? "%.3f" : "%.3g", e->std_error);
    snprintf(to, size, isfinite(e->std_error) ? "%s ± %s" : "%s", value, error);
}

void ht_tail_say(const ht_estimate *e, char *to, size_t size)
{
    int digits = e->std_error < 0.0095 ? 3 : 2;
    char line[64];
    if (e->quality == HT_QUALITY_NO_HEAVY_TAIL || e->quality == HT_QUALITY_NOT_POWER_LAW ||
        e->quality == HT_QUALITY_NOT_STABLE)
        snprintf(line, sizeof line, "%s", ht_quality_word(e->quality));
    else if (!isfinite(e->value) || e->quality == HT_QUALITY_NOT_APPLICABLE)
        snprintf(line, sizeof line, "–");
    else if (e->quality == HT_QUALITY_GOOD && isnan(e->std_error)) /* of a file that does not keep it */
        snprintf(line, sizeof line, "%.3g ± ?", e->value);
    else if (e->quality == HT_QUALITY_GOOD)
        snprintf(line, sizeof line, "%.*f ± %.*f", digits, e->value, digits, e->std_error);
    else
        snprintf(line, sizeof line, "%.3g %s", e->value, ht_quality_word(e->quality));
    ht_text_copy(to, size, line);
}

void ht_tail_say_zeros(const ht_estimate *e, size_t count, char *to, size_t size)
{
    char share[24], step[24];
    snprintf(share, sizeof share, "%.3g", 100 * (double)e->zeros / (double)count);
    snprintf(step, sizeof step, "%.3g", e->step);
    if (isnan(e->step))
        snprintf(to, size, "%s %% zeros left out", share);
    else
        snprintf(to, size, "%s %% zeros taken for values below %s", share, step);
}

ht_role ht_tail_role(const ht_estimate *e)
{
    return e->quality == HT_QUALITY_GOOD             ? HT_ROLE_GOOD
           : e->quality == HT_QUALITY_NOT_APPLICABLE ? HT_ROLE_DIM
                                                     : HT_ROLE_WARNING;
}

/* ---- the table ---- */

/* Its columns: how long a name may be, and whether there are k and points. */
typedef struct columns {
    int name;
    bool wide;
} columns;

static columns choose_columns(int width, ht_form *form)
{
    enum { MARGIN = 3, NUMBER = 15, K = 6, POINTS = 7, QUALITY = 16, NAME = 11, LONG_NAME = 19 };
    int name = width - MARGIN - NUMBER - K - POINTS - QUALITY;
    if (name > LONG_NAME) name = LONG_NAME;
    form->stop[0] = name + NUMBER;
    form->stop[1] = form->stop[0] + K;
    form->stop[2] = form->stop[1] + POINTS;
    return name >= NAME ? (columns){name, true} : (columns){NAME, false};
}

static void format_count(size_t count, char to[24])
{
    ht_text_copy(to, 24, "–");
    if (count > 0 && count < 10000) snprintf(to, 24, "%zu", count);
    if (count >= 10000) ht_format_short(to, 24, (double)count, 3);
}

static void add_estimate(ht_form *form, const columns *c, const ht_estimate *e)
{
    char number[40], k[24], points[24], line[120];
    const char *name = ht_estimator_at(e->estimator)->name, *word = ht_quality_word(e->quality);
    ht_role role = ht_tail_role(e);
    ht_tail_format(e, number, sizeof number);
    if (!c->wide) {
        ht_form_add(form, HT_ROW_VALUE, role, name, "%s", number);
        ht_form_add(form, HT_ROW_VALUE, role, "", "%s", word);
        return;
    }
    format_count(e->k ? e->k : e->m, k);
    format_count(e->n_tail, points);
    snprintf(line, sizeof line, "%s\t%s\t%s\t%s", name, number, k, points);
    ht_form_add(form, HT_ROW_TABLE, role, line, "%s", word);
}

static bool shown(const columns *c, const ht_estimate *e, const char *convention)
{
    const ht_estimator_info *info = ht_estimator_at(e->estimator);
    return isfinite(e->value) && strcmp(info->convention, convention) == 0 &&
           (int)strlen(info->name) < c->name;
}

/* Those of one convention, if there are any. */
static void add_part(ht_form *form, const columns *c, const char *of, const ht_estimate *all, int count,
                     ht_estimator like)
{
    char heading[80];
    const char *convention = ht_estimator_at(like)->convention;
    bool begun = false;
    for (int e = 0; e < count; e++) {
        if (!shown(c, &all[e], convention)) continue;
        snprintf(heading, sizeof heading, "%s: %s", of, convention);
        if (!begun) ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TEXT, heading, " ");
        begun = true;
        add_estimate(form, c, &all[e]);
    }
}

/* Zeros of the values and a rank that is not full; centring makes a zero in every column, which is not worth
 * a word. */
static void add_remarks(ht_form *form, const ht_tail_picture *p)
{
    const ht_estimate *first = &p->all[HT_MMO], *spectrum = &p->all[HT_POWERLAW];
    size_t count = p->rows * p->columns, side = p->rows < p->columns ? p->rows : p->columns;
    char text[100];
    if (first->zeros > 0 && first->zeros < count && (!p->centred || first->zeros >= count / 100)) {
        ht_tail_say_zeros(first, count, text, sizeof text);
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_WARNING, "zeros", "%s", text);
    }
    if (!isfinite(first->value) && first->reason)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_WARNING, "no index", "%s", first->reason);
    if (spectrum->rank > 0 && spectrum->rank < side)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_WARNING, "spectrum", "rank %zu of %zu", spectrum->rank, side);
}

void ht_tail_form(const ht_tail_picture *p, int width, ht_form *form)
{
    columns c = choose_columns(width, form);
    ht_text_copy(form->title, sizeof form->title, "Tail index α̂");
    ht_text_copy(form->hint, sizeof form->hint, p->centred ? "centred" : "raw values");
    if (c.wide) ht_form_add(form, HT_ROW_TABLE, HT_ROLE_TEXT, "\tvalue ± error\tk, m\tpoints", "to believe?");
    add_remarks(form, p);
    add_part(form, &c, "weights", p->all, HT_ESTIMATORS, HT_MMO);
    add_part(form, &c, "rows", &p->by_rows, 1, HT_MMO);
    add_part(form, &c, "weights", p->all, HT_ESTIMATORS, HT_HILL);
    add_part(form, &c, "spectrum", p->all, HT_ESTIMATORS, HT_POWERLAW);
    add_part(form, &c, "norms", p->of_norms, HT_ESTIMATORS, HT_HILL);
    add_part(form, &c, "norms", p->of_norms, HT_ESTIMATORS, HT_MMO);
}

/* ---- over steps ---- */

static const ht_tail_line lines[HT_ESTIMATORS] = {
#define HT_ESTIMATOR(id, name, input, function, when, stable, convention, role, band, place, ...)            \
    {HT_ROLE_##role, band, place},
#include "tail/estimators.def"
};

const ht_tail_line *ht_tail_line_of(ht_estimator estimator)
{
    return &lines[estimator];
}

/* Those of one place in the order of the table. */
int ht_tail_lines(ht_estimator drawn[HT_ESTIMATORS])
{
    int count = 0;
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        int at = count;
        if (lines[e].place == 0) continue;
        for (; at > 0 && lines[drawn[at - 1]].place > lines[e].place; at--) drawn[at] = drawn[at - 1];
        drawn[at] = (ht_estimator)e;
        count++;
    }
    return count;
}
