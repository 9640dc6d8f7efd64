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
    views[1] = (view){"rows", deep ? "filters as vectors" : "rows as vectors", &p->by_rows, 1, t->rows};
    views[2] = (view){"row_norms", deep ? "filter norms" : "row norms", p->of_norms, HT_ESTIMATORS, t->rows};
    views[3] = (view){"kernels", "kernels as vectors", &k->by_rows, 1, k->count};
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

static json_t *estimate_json(const ht_estimate *e)
{
    const ht_estimator_info *info = ht_estimator_at(e->estimator);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:o, s:o, s:o}",
        "estimator", info->name, "value", ht_json_number(e->value), "std_error", ht_json_number(e->std_error),
        "low", ht_json_number(e->low), "high", ht_json_number(e->high), "k", size_json(e->k), "m",
        size_json(e->m), "n_tail", (json_int_t)e->n_tail, "xmin", ht_json_number(e->xmin), "scale",
        ht_json_number(e->scale), "distance", ht_json_number(e->distance), "p", ht_json_number(e->p),
        "quality", ht_quality_word(e->quality), "convention", info->convention, "zeros", (json_int_t)e->zeros,
        "step", ht_json_number(e->step), "rank", rank_json(e), "reason",
        e->reason ? json_string(e->reason) : json_null());
}

static json_t *view_json(const ht_file_tensor *t, const view *v)
{
    json_t *estimates = json_array(), *shape = json_array();
    json_array_append_new(shape, json_integer((json_int_t)v->rows));
    if (t->ndim == 2)
        json_array_append_new(shape, json_integer((json_int_t)(t->rows * t->columns / v->rows)));
    for (int e = 0; e < v->count; e++) json_array_append_new(estimates, estimate_json(&v->estimates[e]));
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

void ht_tail_json(json_t *list, const ht_file_tensor *t, const ht_tail_picture *p, const ht_tail_kernels *k)
{
    view views[VIEWS];
    int count = views_of(t, p, k, views);
    for (int v = 0; v < count; v++) json_array_append_new(list, view_json(t, &views[v]));
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

static void format_interval(const ht_estimate *e, char to[60])
{
    char low[24], high[24];
    format_end(e->low, low), format_end(e->high, high);
    if (isnan(e->low))
        strcpy(to, "-");
    else
        snprintf(to, 60, "%s .. %s", low, high);
}

/* The columns of a tensor's table, as wide as what stands in them. */
typedef struct widths {
    int number, interval;
} widths;

static widths widths_of(const view *views, int count)
{
    widths w = {13, 15};
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

static void add_estimate(ht_text *to, const widths *w, const ht_estimate *e)
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
    ht_text_add(to, " %s%s%s\n", ht_quality_word(e->quality), e->reason ? ": " : "",
                e->reason ? e->reason : "");
}

static void add_heads(ht_text *to, const widths *w)
{
    ht_text_add(to, "  %-18s ", "estimator");
    add_column(to, "index ± error", w->number, true);
    ht_text_add(to, " %-*s %-7s%6s %s\n", w->interval, "95 % interval", "choice", "p", "believe it?");
}

/* What a view says beside its estimates: why there are none, the zeros, the rank. */
static void add_remarks(ht_text *to, const view *v, const ht_file_tensor *t)
{
    size_t count = strcmp(v->name, "all") == 0 ? t->rows * t->columns : v->rows;
    size_t side = t->rows < t->columns ? t->rows : t->columns;
    const ht_estimate *first = v->estimates, *spectrum = &v->estimates[HT_POWERLAW];
    char text[100];
    if (!isfinite(first->value) && first->reason) ht_text_add(to, "  no index: %s\n", first->reason);
    if (first->zeros > 0 && first->zeros < count) {
        ht_tail_say_zeros(first, count, text, sizeof text);
        ht_text_add(to, "  %s\n", text);
    }
    if (v->count == 1 || (spectrum->rank == 0 && !spectrum->reason)) return;
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

void ht_tail_table(ht_text *to, const ht_file_tensor *t, const ht_tail_picture *p, const ht_tail_kernels *k)
{
    view views[VIEWS];
    char name[320];
    int count = views_of(t, p, k, views);
    widths w = widths_of(views, count);
    ht_text_copy(name, sizeof name, t->name);
    ht_text_clean(name);
    for (int v = 0; v < count; v++) {
        ht_text_add(to, "%s%s (", v ? "" : "\n", name);
        add_shape(to, t, views[v].rows);
        ht_text_add(to, "), %s\n", views[v].title);
        if (v == 0) add_heads(to, &w);
        for (int e = 0; e < views[v].count; e++) add_estimate(to, &w, &views[v].estimates[e]);
        add_remarks(to, &views[v], t);
        ht_text_add(to, "\n");
    }
}

void ht_tail_legend(ht_text *to, const bool seen[HT_QUALITIES])
{
    for (int q = HT_QUALITY_GOOD + 1; q < HT_QUALITIES; q++)
        if (seen[q])
            ht_text_add(to, "%s: %s\n", ht_quality_word((ht_quality)q), ht_quality_meaning((ht_quality)q));
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
