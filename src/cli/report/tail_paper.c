#include "cli/report/tail_paper.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "session/json.h"
#include "tail/row_tails.h"

static bool is_layer(const char *name)
{
    static const char *const endings[] = {"weight", "kernel"};
    size_t length = strlen(name);
    for (int i = 0; i < 2; i++) {
        size_t own = strlen(endings[i]);
        if (length >= own && strcmp(name + length - own, endings[i]) == 0) return true;
    }
    return false;
}

/* Also one whose filters are single kernels. */
static bool is_convolution(const ht_file_tensor *t)
{
    return t->whole && t->whole->ndim > 2 && ht_file_tensor_has_filters(t);
}

/* Is it a convolution of 1 × 1? Its kernels are single numbers. */
static bool is_pointwise(const ht_file_tensor *t)
{
    const ht_tensor_info *whole = t->whole;
    if (!is_convolution(t) || whole->ndim != 4) return false;
    int first = t->turned ? 0 : 2; /* (…, in, out) */
    return whole->shape[first] == 1 && whole->shape[first + 1] == 1;
}

static ht_code add_room(ht_tail_paper *p, ht_error *err)
{
    size_t room = p->room ? 2 * p->room : 16;
    if (p->count < p->room) return HT_OK;
    if (ht_grow((void **)&p->layer, p->room, room, sizeof *p->layer, "the layers", err) != HT_OK)
        return HT_FAIL;
    p->room = room;
    return HT_OK;
}

ht_code ht_tail_paper_add(ht_tail_paper *p, const ht_file_tensor *t, const ht_estimate *rows,
                          const ht_estimate *kernels, const ht_tail_options *options, ht_error *err)
{
    bool pointwise = t->ndim == 2 && is_pointwise(t);
    ht_estimate single;
    if (t->ndim < 2 || !is_layer(t->name)) return HT_OK;
    if (add_room(p, err) != HT_OK) return HT_FAIL;
    if (pointwise) {
        ht_values x = {.f32 = t->f32, .f64 = t->f64, .rows = t->rows * t->columns, .columns = 1};
        if (ht_tail_fit_rows_by(HT_MMO_PAPER, &x, options, &single, err) != HT_OK) return err->code;
        kernels = &single;
    }
    ht_paper_layer *layer = &p->layer[p->count++];
    *layer = (ht_paper_layer){.as = kernels || is_convolution(t) ? "kernels" : "rows",
                              .kernel = ht_tail_index(kernels ? kernels : rows),
                              .filter = ht_tail_index(rows)};
    ht_text_copy(layer->name, sizeof layer->name, t->name);
    return HT_OK;
}

ht_code ht_tail_paper_turn(ht_tail_paper *p, const ht_file_tensor *t, const ht_tail_options *options,
                           ht_error *err)
{
    ht_paper_layer *last = &p->layer[p->count - 1];
    ht_values x = {.f32 = t->f32, .f64 = t->f64, .rows = t->rows, .columns = t->columns};
    ht_estimate estimate;
    if (ht_paper_tail_of_columns(&x, options, &estimate, err) != HT_OK) return err->code;
    last->as = "columns";
    last->kernel = last->filter = ht_tail_index(&estimate);
    return HT_OK;
}

static ht_code summarize(const ht_tail_paper *p, ht_tail_summary *kernels, ht_tail_summary *filters,
                         ht_error *err)
{
    double *values = ht_alloc(p->count, sizeof *values, "the layers", err);
    if (!values) return HT_FAIL;
    for (size_t i = 0; i < p->count; i++) values[i] = p->layer[i].kernel;
    *kernels = ht_tail_summarize(values, p->count);
    for (size_t i = 0; i < p->count; i++) values[i] = p->layer[i].filter;
    *filters = ht_tail_summarize(values, p->count);
    ht_free(values);
    return HT_OK;
}

static json_t *summary_json(const ht_tail_summary *s)
{
    return json_pack("{s:o, s:o, s:o}", "median", ht_json_number(s->median), "mean", ht_json_number(s->mean),
                     "min", ht_json_number(s->least));
}

json_t *ht_tail_paper_json(const ht_tail_paper *p, ht_error *err)
{
    ht_tail_summary kernels, filters;
    if (p->count < 2 || summarize(p, &kernels, &filters, err) != HT_OK) return NULL;
    json_t *layers = json_array();
    for (size_t i = 0; i < p->count; i++)
        json_array_append_new(layers, json_pack("{s:s, s:s, s:o, s:o}", "name", p->layer[i].name, "as",
                                                p->layer[i].as, "value", ht_json_number(p->layer[i].kernel),
                                                "filters", ht_json_number(p->layer[i].filter)));
    return json_pack("{s:o, s:o, s:o}", "kernels", summary_json(&kernels), "filters", summary_json(&filters),
                     "layers", layers);
}

ht_code ht_tail_paper_table(const ht_tail_paper *p, ht_text *to, ht_error *err)
{
    ht_tail_summary k, f;
    char name[sizeof p->layer->name];
    char kernels[HT_TAIL_SUMMARY_WORDS], filters[HT_TAIL_SUMMARY_WORDS];
    if (p->count < 2) return HT_OK;
    if (summarize(p, &k, &f, err) != HT_OK) return err->code;
    ht_text_copy(name, sizeof name, p->layer[p->count - 1].name);
    ht_text_clean(name);
    ht_tail_summary_words(&k, p->count, kernels);
    ht_tail_summary_words(&f, p->count, filters);
    ht_text_add(to,
                "mmo-paper over %zu layers, %s (the last) by its columns, convolutions by their kernels:\n"
                "  median, mean and least %s; by their filters %s\n\n",
                p->count, name, kernels, filters);
    return HT_OK;
}

void ht_tail_paper_free(ht_tail_paper *p)
{
    ht_free(p->layer);
    *p = (ht_tail_paper){0};
}
