#include "chart/tail_table.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- one estimate ---- */

static const char UNDETERMINED[] = "undetermined";

void ht_tail_format(const ht_estimate *e, char *to, size_t size)
{
    char value[24], error[24];
    if (!isfinite(e->value) || e->quality == HT_QUALITY_NOT_APPLICABLE || ht_estimate_undetermined(e)) {
        ht_text_copy(to, size,
                     e->quality != HT_QUALITY_NOT_APPLICABLE && isfinite(e->value) ? UNDETERMINED : "–");
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
    else if (ht_estimate_undetermined(e))
        snprintf(line, sizeof line, "%s", UNDETERMINED);
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

/* How far to believe it, as a role. */
ht_role ht_tail_role(const ht_estimate *e)
{
    return e->quality == HT_QUALITY_GOOD             ? HT_ROLE_GOOD
           : e->quality == HT_QUALITY_NOT_APPLICABLE ? HT_ROLE_DIM
                                                     : HT_ROLE_WARNING;
}

/* ---- beside the injected α ---- */

ht_tail_cover ht_tail_covers(const ht_estimate *e, const ht_tail_injected *injected)
{
    const ht_estimator_info *info = ht_estimator_at(e->estimator);
    bool density = info->input == HT_INPUT_EIGENVALUES;
    double alpha = density ? 1 + injected->alpha / 2 : injected->alpha;
    if (isnan(injected->alpha) || (density && !injected->independent)) return HT_COVER_UNKNOWN;
    if (injected->alpha >= 2 && !info->stable) return HT_COVER_UNKNOWN;
    if (isnan(e->low) || isnan(e->high) || e->quality == HT_QUALITY_NOT_APPLICABLE ||
        ht_estimate_undetermined(e))
        return HT_COVER_UNKNOWN;
    return e->low <= alpha && alpha <= e->high ? HT_COVER_YES : HT_COVER_NO;
}

const char *ht_tail_cover_word(ht_tail_cover cover)
{
    static const char *const words[] = {"–", "yes", "no"};
    return words[cover];
}

/* ---- which to trust first ---- */

/* Smaller is better: by the word, then by the relative error. Negative: none to be trusted. */
static double distrust(const ht_estimate *e)
{
    enum { WORD = 10 };
    double error = isnan(e->std_error) ? 1 : fmin(e->std_error / e->value, 1);
    if (!isfinite(e->value) || e->quality == HT_QUALITY_NOT_APPLICABLE || ht_estimate_undetermined(e))
        return -1;
    if (e->estimator == HT_PICKANDS_REF || e->estimator == HT_POWERLAW_TWO_SIDED ||
        e->estimator == HT_MMO_PAPER)
        return -1;
    if (e->quality == HT_QUALITY_GOOD) return error;
    return error + (e->quality == HT_QUALITY_NO_HEAVY_TAIL ? WORD : 2 * WORD);
}

static void enter(const ht_estimate *e, int most, const ht_estimate **trusted, int *count)
{
    double own = distrust(e);
    int at = *count;
    if (own < 0) return;
    while (at > 0 && distrust(trusted[at - 1]) > own) at--;
    if (at == most) return;
    if (*count < most) ++*count;
    for (int i = *count - 1; i > at; i--) trusted[i] = trusted[i - 1];
    trusted[at] = e;
}

int ht_tail_trusted(const ht_tail_picture *p, int most, const ht_estimate **trusted, int *good)
{
    int count = 0;
    *good = 0;
    for (int e = 0; e < HT_ESTIMATORS; e++) enter(&p->all[e], most, trusted, &count);
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++) enter(&p->by_rows[r], most, trusted, &count);
    for (int e = 0; e < HT_ESTIMATORS; e++) enter(&p->of_norms[e], most, trusted, &count);
    for (int i = 0; i < count; i++) *good += trusted[i]->quality == HT_QUALITY_GOOD;
    return count;
}

/* ---- the table ---- */

/* Its columns: how long a name may be, and which numbers stand beside it; with none of them an estimate takes
 * two rows. */
typedef struct columns {
    int name;
    bool wide, k, points;
    ht_tail_injected injected;
} columns;

enum { STOP_NUMBER = 15, STOP_K = 6, STOP_POINTS = 7, STOP_COVERS = 10, QUALITY = 16, NAME = 11 };

static columns choose_columns(const ht_tail_form_spec *table, ht_form *form)
{
    enum { MARGIN = 3, LONG_NAME = 19 };
    int name = table->columns - MARGIN - STOP_NUMBER - STOP_COVERS - QUALITY, used = 0;
    columns c = {.wide = name >= NAME, .injected = table->injected};
    c.k = name - STOP_K >= NAME;
    c.points = name - STOP_K - STOP_POINTS >= NAME;
    if (c.k) name -= STOP_K;
    if (c.points) name -= STOP_POINTS;
    c.name = !c.wide ? NAME : name < LONG_NAME ? name : LONG_NAME;
    form->stop[used++] = c.name + STOP_NUMBER;
    if (c.k) form->stop[used] = form->stop[used - 1] + STOP_K, used++;
    if (c.points) form->stop[used] = form->stop[used - 1] + STOP_POINTS, used++;
    form->stop[used] = form->stop[used - 1] + STOP_COVERS;
    return c;
}

static void format_count(size_t count, char to[24])
{
    ht_text_copy(to, 24, "–");
    if (count > 0 && count < 10000) snprintf(to, 24, "%zu", count);
    if (count >= 10000) ht_format_short(to, 24, (double)count, 3);
}

/* No number beside "not applicable", but why. */
static void add_reason(ht_form *form, const ht_estimate *e, const char *name)
{
    const char *word = ht_quality_word(e->quality);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, name, "%s%s%s", word, e->reason ? ": " : "",
                e->reason ? e->reason : "");
}

static void add_estimate(ht_form *form, const columns *c, const ht_estimate *e, const char *name)
{
    char number[40], k[24], points[24], line[120];
    const char *word = ht_quality_word(e->quality);
    ht_tail_cover cover = ht_tail_covers(e, &c->injected);
    ht_role role = ht_tail_role(e);
    if (e->quality == HT_QUALITY_NOT_APPLICABLE) {
        add_reason(form, e, name);
        return;
    }
    ht_tail_format(e, number, sizeof number);
    if (!c->wide) {
        ht_form_add(form, HT_ROW_VALUE, role, name, "%s", number);
        ht_form_add(form, HT_ROW_VALUE, role, "", "%s%s", word,
                    cover == HT_COVER_YES  ? ", covers α"
                    : cover == HT_COVER_NO ? ", not α"
                                           : "");
        return;
    }
    format_count(e->k ? e->k : e->m, k);
    format_count(e->n_tail, points);
    snprintf(line, sizeof line, "%s\t%s%s%s%s%s\t%s", name, number, c->k ? "\t" : "", c->k ? k : "",
             c->points ? "\t" : "", c->points ? points : "", ht_tail_cover_word(cover));
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
        add_estimate(form, c, &all[e], ht_estimator_at(all[e].estimator)->name);
    }
}

/* The table below the estimates to trust first, part by part. */
static const struct part {
    const char *of;
    size_t at; /* of the picture */
    int count;
    ht_estimator like; /* whose convention they have */
} parts[] = {
    {"weights", offsetof(ht_tail_picture, all), HT_ESTIMATORS, HT_MMO},
    {"rows", offsetof(ht_tail_picture, by_rows), HT_ROW_ESTIMATORS, HT_MMO},
    {"weights", offsetof(ht_tail_picture, all), HT_ESTIMATORS, HT_HILL},
    {"spectrum", offsetof(ht_tail_picture, all), HT_ESTIMATORS, HT_POWERLAW},
    {"norms", offsetof(ht_tail_picture, of_norms), HT_ESTIMATORS, HT_HILL},
    {"norms", offsetof(ht_tail_picture, of_norms), HT_ESTIMATORS, HT_MMO},
};

static const ht_estimate *estimates_of(const struct part *part, const ht_tail_picture *p)
{
    return (const ht_estimate *)(const void *)((const char *)p + part->at);
}

static void add_parts(ht_form *form, const columns *c, const ht_tail_picture *p)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_part(form, c, parts[i].of, estimates_of(&parts[i], p), parts[i].count, parts[i].like);
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

/* "hill", "hill, norms". */
static void name_of(const ht_tail_picture *p, const ht_estimate *e, char *to, size_t size)
{
    bool norms = e >= p->of_norms && e < p->of_norms + HT_ESTIMATORS;
    snprintf(to, size, "%s%s", ht_estimator_at(e->estimator)->name, norms ? ", norms" : "");
}

static void add_trusted(ht_form *form, const columns *c, const ht_tail_picture *p)
{
    const ht_estimate *trusted[HT_TAIL_TRUSTED];
    char name[40];
    int good, count = ht_tail_trusted(p, HT_TAIL_TRUSTED, trusted, &good);
    if (count == 0) return;
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TEXT,
                good == 0       ? "trust none: none is good"
                : good == count ? "trust first: good, least error"
                                : "trust first what is good",
                " ");
    for (int i = 0; i < count; i++) {
        name_of(p, trusted[i], name, sizeof name);
        add_estimate(form, c, trusted[i], name);
    }
}

/* Estimates with a number or a reason beside the trusted ones. */
static int others_of(const columns *c, const ht_tail_picture *p)
{
    int good, count = 0;
    const ht_estimate *trusted[HT_TAIL_TRUSTED];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const ht_estimate *all = estimates_of(&parts[i], p);
        for (int e = 0; e < parts[i].count; e++)
            count += shown(c, &all[e], ht_estimator_at(parts[i].like)->convention);
    }
    return count - ht_tail_trusted(p, HT_TAIL_TRUSTED, trusted, &good);
}

static void add_fold(ht_form *form, const columns *c, const ht_tail_form_spec *table,
                     const ht_tail_picture *p)
{
    char heading[80];
    if (!table->key) return;
    if (table->all)
        snprintf(heading, sizeof heading, "▾ all estimates (%s folds them)", table->key);
    else
        snprintf(heading, sizeof heading, "▸ %d more (%s shows them)", others_of(c, p), table->key);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_KEY, heading, " ");
}

static void add_header(ht_form *form, const columns *c)
{
    char line[120];
    snprintf(line, sizeof line, "estimate\tvalue ± s.e.%s%s\tcovers α?", c->k ? "\tk, m" : "",
             c->points ? "\tpoints" : "");
    ht_form_add(form, HT_ROW_TABLE, HT_ROLE_TEXT, line, "to believe?");
}

void ht_tail_form(const ht_tail_picture *p, const ht_tail_form_spec *table, ht_form *form)
{
    columns c = choose_columns(table, form);
    ht_text_copy(form->title, sizeof form->title, "Tail index α̂");
    ht_text_copy(form->hint, sizeof form->hint, p->centred ? "centred" : "raw values");
    if (c.wide) add_header(form, &c);
    add_remarks(form, p);
    add_trusted(form, &c, p);
    add_fold(form, &c, table, p);
    if (table->all) add_parts(form, &c, p);
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
