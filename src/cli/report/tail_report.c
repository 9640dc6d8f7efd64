#include "cli/report/tail_report.h"
#include "session/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiment/results.h"
#include "cli/report/tail_skipped.h"
#include "chart/tail_table.h"

/* ---- views: what is looked at of a tensor ---- */

typedef struct view {
    const char *name, *title;
    const ht_estimate *estimates;
    int count;
    size_t rows;
} view;

enum { VIEWS = 5 };

/* A vector has one view, a matrix three, a convolution those of its filters and two of its kernels. */
static int views_of(const ht_file_tensor *t, const ht_tail_picture *p, const ht_tail_kernels *k,
                    view views[VIEWS])
{
    bool deep = t->whole && t->whole->ndim > 2;
    views[0] = (view){"all", t->ndim == 1 ? "all values" : "all weights", p->all, HT_ESTIMATORS, t->rows};
    views[1] = (view){"rows", deep ? "filters as vectors" : "rows as vectors", p->by_rows, HT_ROW_ESTIMATORS,
                      t->rows};
    views[2] = (view){"row_norms", deep ? "filter norms" : "row norms", p->of_norms, HT_ESTIMATORS, t->rows};
    views[3] = (view){"kernels", "kernels as vectors", k->by_rows, HT_ROW_ESTIMATORS, k->count};
    views[4] = (view){"kernel_norms", "kernel norms", k->of_norms, HT_ESTIMATORS, k->count};
    return t->ndim == 1 ? 1 : k->count ? VIEWS : VIEWS - 2;
}

/* ---- JSON ---- */

static json_t *size_json(size_t n)
{
    return n ? json_integer((json_int_t)n) : json_null();
}

/* Null where no spectrum was asked for: 0 is the rank of zeros. */
static json_t *rank_json(const ht_estimate *e)
{
    bool asked = ht_estimator_at(e->estimator)->input == HT_INPUT_EIGENVALUES && (e->rank > 0 || e->reason);
    return asked ? json_integer((json_int_t)e->rank) : json_null();
}

/* Raw numbers, whatever they are worth; the flags say which are not to be quoted. */
static json_t *estimate_json(const ht_estimate *e, const ht_tail_injected *injected)
{
    const ht_estimator_info *info = ht_estimator_at(e->estimator);
    ht_tail_cover cover = ht_tail_covers(e, injected);
    json_t *covers = cover == HT_COVER_UNKNOWN ? json_null() : json_boolean(cover == HT_COVER_YES);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:o, s:o, "
                     "s:o, s:b, s:o}",
                     "estimator", info->name, "value", ht_json_number(e->value), "std_error",
                     ht_json_number(e->std_error), "low", ht_json_number(e->low), "high",
                     ht_json_number(e->high), "k", size_json(e->k), "m", size_json(e->m), "n_tail",
                     (json_int_t)e->n_tail, "xmin", ht_json_number(e->xmin), "scale",
                     ht_json_number(e->scale), "distance", ht_json_number(e->distance), "p",
                     ht_json_number(e->p), "quality", ht_quality_word(e->quality), "convention",
                     info->convention, "zeros", (json_int_t)e->zeros, "step", ht_json_number(e->step), "rank",
                     rank_json(e), "reason", e->reason ? json_string(e->reason) : json_null(), "undetermined",
                     (int)ht_estimate_undetermined(e), "covers_alpha", covers);
}

static json_t *view_json(const ht_file_tensor *t, const view *v, const ht_tail_injected *injected)
{
    json_t *estimates = json_array(), *shape = json_array();
    json_array_append_new(shape, json_integer((json_int_t)v->rows));
    if (t->ndim == 2)
        json_array_append_new(shape, json_integer((json_int_t)(t->rows * t->columns / v->rows)));
    for (int e = 0; e < v->count; e++)
        json_array_append_new(estimates, estimate_json(&v->estimates[e], injected));
    json_t *object = json_pack("{s:s, s:o, s:s, s:o}", "name", t->name, "shape", shape, "view", v->name,
                               "estimates", estimates);
    if (t->whole) json_object_set_new(object, "dtype", json_string(t->whole->type));
    if (t->turned) json_object_set_new(object, "turned", json_true());
    if (!t->whole || t->whole->ndim < 3) return object;
    json_object_set_new(object, "dims", ht_shape_json(t->whole));
    json_object_set_new(object, "as",
                        json_string(v->rows != t->rows              ? "kernels"
                                    : ht_file_tensor_has_filters(t) ? "filters"
                                                                    : "matrix"));
    return object;
}

void ht_tail_json(json_t *list, const ht_file_tensor *t, const ht_tail_picture *p, const ht_tail_kernels *k,
                  const ht_tail_injected *injected)
{
    view views[VIEWS];
    int count = views_of(t, p, k, views);
    for (int v = 0; v < count; v++) json_array_append_new(list, view_json(t, &views[v], injected));
}

void ht_tail_json_broken(json_t *list, const ht_tensor_info *info, const char *why)
{
    json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:[], s:s, s:s}", "name", info->name, "shape",
                                          ht_shape_json(info), "view", "all", "estimates", "dtype",
                                          info->type, "error", why));
}

/* ---- for people ---- */

static const char conventions[] =
    "The index is that of the tail, P(|w| > x) ~ x^-α; for a stable law the "
    "stability index, 2 being normal.\n"
    "powerlaw: the exponent of the density of the eigenvalues of WᵀW/N, one "
    "more than the index of their tail.\n"
    "Raw values, not centred. choice: the k largest values, blocks of m, or all n. "
    "p: how often a sample of the law\nis as far from it; - was not tested.\n";

static const char choices[] =
    "\nWithout --k: the end of the plateau, the largest k whose Hill estimate "
    "agrees with those of all smaller k\n"
    "within 2 standard errors; a fiftieth of the values where there is none. "
    "Without --m: mmo and mmo-multi take\n"
    "the median over the block lengths of arXiv 2106.03795, paulauskas √n. A last "
    "incomplete block is dropped.\n"
    "Exact zeros are counted and left out; zeros that rounding or pruning by size made, so "
    "that there is a gap\n"
    "around zero, stay as values below a step. Eigenvalues below the noise of rounding are "
    "left out: what is\n"
    "left is the rank. No unit matters. Where a tail bends below its threshold, errors have the bias of "
    "that, too.\n"
    "A number is undetermined when its error is half of it or more, or it is not positive: then its interval "
    "reaches "
    "0.\n"
    "\nQuality:\n";

static void format_end(double value, char to[24])
{
    if (isinf(value))
        snprintf(to, 24, "∞");
    else
        snprintf(to, 24, fabs(value) < 1000 ? "%.3f" : "%.3g", value);
}

/* printf counts bytes; columns are characters. */
static void add_column(ht_text *to, const char *text, int width, bool right)
{
    int pad = width - (int)ht_utf8_length(text);
    if (pad < 0) pad = 0;
    ht_text_add(to, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

/* "k 2000", "m 20", or how many values: "n 250k". */
static void format_choice(const ht_estimate *e, char to[32])
{
    size_t count = e->k ? e->k : e->m ? e->m : e->n_tail;
    char number[24];
    snprintf(number, sizeof number, "%zu", count);
    if (count > 99999) ht_format_short(number, sizeof number, (double)count, 3);
    snprintf(to, 32, "%c %s", e->k ? 'k' : e->m ? 'm' : 'n', number);
}

static bool has_line(const ht_estimate *e)
{
    return e->quality != HT_QUALITY_NOT_APPLICABLE || isfinite(e->value);
}

/* Of numbers that are printed. */
static void format_interval(const ht_estimate *e, char to[60])
{
    char low[24], high[24];
    format_end(e->low, low), format_end(e->high, high);
    if (isnan(e->low) || e->quality == HT_QUALITY_NOT_APPLICABLE || ht_estimate_undetermined(e))
        strcpy(to, "-");
    else
        snprintf(to, 60, "%s .. %s", low, high);
}

/* The columns of a tensor's table, as wide as what stands in them. */
typedef struct widths {
    int number, interval;
    bool covers;
} widths;

static widths widths_of(const view *views, int count, const ht_tail_injected *injected)
{
    widths w = {13, 15, isfinite(injected->alpha)};
    char text[60];
    for (int v = 0; v < count; v++)
        for (int e = 0; e < views[v].count; e++) {
            if (!has_line(&views[v].estimates[e])) continue;
            ht_tail_format(&views[v].estimates[e], text, sizeof text);
            if ((int)ht_utf8_length(text) > w.number) w.number = (int)ht_utf8_length(text);
            format_interval(&views[v].estimates[e], text);
            if ((int)ht_utf8_length(text) > w.interval) w.interval = (int)ht_utf8_length(text);
        }
    return w;
}

static void add_estimate(ht_text *to, const widths *w, const ht_estimate *e, const ht_tail_injected *injected)
{
    char number[60], interval[60], choice[32], p[24] = "-";
    if (!has_line(e)) return;
    ht_tail_format(e, number, sizeof number);
    format_interval(e, interval);
    format_choice(e, choice);
    if (!isnan(e->p)) snprintf(p, sizeof p, e->p < 0.001 ? "<.001" : "%.3f", e->p);
    ht_text_add(to, "  %-18s ", ht_estimator_at(e->estimator)->name);
    add_column(to, number, w->number, true);
    ht_text_add(to, " ");
    add_column(to, interval, w->interval, false);
    ht_text_add(to, " ");
    add_column(to, choice, 7, false);
    add_column(to, p, 6, true);
    if (w->covers) ht_text_add(to, "  ");
    if (w->covers) add_column(to, ht_tail_cover_word(ht_tail_covers(e, injected)), 9, false);
    ht_text_add(to, " %s%s%s\n", ht_quality_word(e->quality), e->reason ? ": " : "",
                e->reason ? e->reason : "");
}

static void add_heads(ht_text *to, const widths *w)
{
    ht_text_add(to, "  %-18s ", "estimator");
    add_column(to, "index ± error", w->number, true);
    ht_text_add(to, " %-*s %-7s%6s %s%s\n", w->interval, "95 % interval", "choice", "p",
                w->covers ? " covers α? " : "", "believe it?");
}

/* What a view says beside its estimates: why there are none, the zeros, the rank. */
static void add_remarks(ht_text *to, const view *v, const ht_file_tensor *t)
{
    size_t count = strcmp(v->name, "all") == 0 ? t->rows * t->columns : v->rows;
    size_t side = t->rows < t->columns ? t->rows : t->columns;
    const ht_estimate *first = v->estimates,
                      *spectrum = v->count == HT_ESTIMATORS ? &v->estimates[HT_POWERLAW] : NULL;
    char text[100];
    if (!isfinite(first->value) && first->reason) ht_text_add(to, "  no index: %s\n", first->reason);
    if (first->zeros > 0 && first->zeros < count) {
        ht_tail_say_zeros(first, count, text, sizeof text);
        ht_text_add(to, "  %s\n", text);
    }
    if (!spectrum || (spectrum->rank == 0 && !spectrum->reason)) return;
    if (spectrum->rank < side) ht_text_add(to, "  spectrum: rank %zu of %zu\n", spectrum->rank, side);
    if (spectrum->reason && !isfinite(spectrum->value)) /* else its line has said so */
        ht_text_add(to, "  no power law: %s\n", spectrum->reason);
}

/* "16 × 27", and what that is of. */
static void add_shape(ht_text *to, const ht_file_tensor *t, size_t rows)
{
    char grouped[32];
    ht_format_grouped(grouped, sizeof grouped, (long long)rows);
    ht_text_add(to, "%s", grouped);
    if (t->ndim == 2) ht_text_add(to, " × %zu", t->rows * t->columns / rows);
    if (!t->whole || t->whole->ndim < 3) return;
    ht_text_add(to, ", the %s of",
                rows != t->rows                 ? "kernels"
                : ht_file_tensor_has_filters(t) ? "filters"
                                                : "matrix");
    for (int d = 0; d < t->whole->ndim && d < HT_TENSOR_DIMENSIONS; d++)
        ht_text_add(to, "%s%zu", d ? " × " : " ", t->whole->shape[d]);
}

/* "to trust first: ecf 1.75 ± 0.01, mmo 1.75 ± 0.01 (good, the least error)" */
static void add_trusted(ht_text *to, const ht_tail_picture *p)
{
    const ht_estimate *trusted[HT_TAIL_TRUSTED];
    int good, count = ht_tail_trusted(p, HT_TAIL_TRUSTED, trusted, &good);
    char number[60];
    if (good == 0) {
        if (count > 0) ht_text_add(to, "  to trust first: none of these\n");
        return;
    }
    ht_text_add(to, "  to trust first:");
    for (int i = 0; i < count && i < good; i++) {
        bool norms = trusted[i] >= p->of_norms && trusted[i] < p->of_norms + HT_ESTIMATORS;
        ht_tail_format(trusted[i], number, sizeof number);
        ht_text_add(to, "%s %s%s %s", i ? "," : "", ht_estimator_at(trusted[i]->estimator)->name,
                    norms ? " of norms" : "", number);
    }
    ht_text_add(to, " (good, the least error)\n");
}

void ht_tail_table(ht_text *to, const ht_file_tensor *t, const ht_tail_picture *p, const ht_tail_kernels *k,
                   const ht_tail_injected *injected)
{
    view views[VIEWS];
    char name[320];
    int count = views_of(t, p, k, views);
    widths w = widths_of(views, count, injected);
    ht_text_copy(name, sizeof name, t->name);
    ht_text_clean(name);
    for (int v = 0; v < count; v++) {
        ht_text_add(to, "%s%s (", v ? "" : "\n", name);
        add_shape(to, t, views[v].rows);
        ht_text_add(to, "), %s\n", views[v].title);
        if (v == 0) add_trusted(to, p), add_heads(to, &w);
        for (int e = 0; e < views[v].count; e++) add_estimate(to, &w, &views[v].estimates[e], injected);
        add_remarks(to, &views[v], t);
        ht_text_add(to, "\n");
    }
}

static const char undetermined[] =
    "undetermined: the error is half of the index or more (or the index not positive), so that the interval "
    "reaches 0;\nJSON has the raw numbers.\n";

static void add_compared(ht_text *to, const ht_tail_injected *injected, bool mixed)
{
    if (isfinite(injected->alpha))
        ht_text_add(to, "covers α?: does the 95 %% interval hold the injected α = %.3g%s?\n", injected->alpha,
                    injected->independent ? " (of powerlaw 1 + α/2)" : "");
    if (mixed)
        ht_text_add(to,
                    "covers α?: not compared; the run had noise of another type or α before, and its weights "
                    "may hold both.\n");
}

void ht_tail_legend(ht_text *to, const bool seen[HT_QUALITIES], const ht_tail_injected *injected, bool mixed)
{
    for (int q = HT_QUALITY_GOOD + 1; q < HT_QUALITIES; q++)
        if (seen[q])
            ht_text_add(to, "%s: %s\n", ht_quality_word((ht_quality)q), ht_quality_meaning((ht_quality)q));
    if (strstr(to->data ? to->data : "", "undetermined ")) ht_text_add(to, "%s", undetermined);
    add_compared(to, injected, mixed);
    ht_text_add(to, "%s", conventions);
}

void ht_tail_help(ht_text *to)
{
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        const ht_estimator_info *i = ht_estimator_at((ht_estimator)e);
        ht_text_add(to, "%-19s %s\n", i->name, i->formula);
        ht_text_add(to, "%-19s %s, for %s; error: %s\n", "", i->convention, i->assumes, i->error);
        ht_text_add(to, "%-19s %s\n", "", i->citation);
    }
    ht_text_add(to, "%s", choices);
    for (int q = 0; q < HT_QUALITIES; q++)
        ht_text_add(to, "  %-17s %s\n", ht_quality_word((ht_quality)q), ht_quality_meaning((ht_quality)q));
}
