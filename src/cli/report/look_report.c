#include "cli/report/look_report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart/tail_table.h"
#include "session/json.h"

/* ---- JSON ---- */

/* The parts that hold something, four an octave: counts, and the edges between which each lies. */
static json_t *histogram_json(const ht_histogram *h)
{
    json_t *edges = json_array(), *counts = json_array();
    int first = HT_HISTOGRAM_COARSE, last = -1;
    uint64_t part[HT_HISTOGRAM_COARSE] = {0};
    for (int i = 0; i < HT_HISTOGRAM_COARSE; i++) {
        int end = i + 1 < HT_HISTOGRAM_COARSE ? ht_histogram_coarse(i + 1) : HT_HISTOGRAM_BINS;
        for (int b = ht_histogram_coarse(i); b < end; b++) part[i] += h->count[b];
        if (part[i] == 0) continue;
        if (last < 0) first = i;
        last = i;
    }
    for (int i = first; i <= last; i++) {
        json_array_append_new(edges, json_real(ht_histogram_edge(ht_histogram_coarse(i))));
        json_array_append_new(counts, json_integer((json_int_t)part[i]));
    }
    if (last >= 0) {
        int end = last + 1 < HT_HISTOGRAM_COARSE ? ht_histogram_coarse(last + 1) : HT_HISTOGRAM_BINS;
        json_array_append_new(edges, json_real(ht_histogram_edge(end)));
    }
    return json_pack("{s:o, s:o, s:I, s:I}", "edges", edges, "counts", counts, "below", (json_int_t)h->below,
                     "above", (json_int_t)h->above);
}

static bool is_watched(const ht_estimate *e)
{
    return e->quality != HT_QUALITY_NOT_APPLICABLE || e->n_tail > 0;
}

static json_t *tail_json(const ht_layer_look *l)
{
    json_t *tail = json_object();
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        const ht_estimate *e = &l->tail[i];
        if (!is_watched(e)) continue;
        json_object_set_new(tail, ht_estimator_at((ht_estimator)i)->name,
                            json_pack("{s:o, s:o, s:o, s:o, s:s}", "value", ht_json_number(e->value), "error",
                                      ht_json_number(e->std_error), "low", ht_json_number(e->low), "high",
                                      ht_json_number(e->high), "quality", ht_quality_word(e->quality)));
    }
    return tail;
}

static json_t *medians_json(const ht_layer_look *all)
{
    json_t *tail = json_object();
    for (int i = 0; i < HT_ESTIMATORS; i++)
        if (all->tail[i].n_tail > 0)
            json_object_set_new(
                tail, ht_estimator_at((ht_estimator)i)->name,
                json_pack("{s:o, s:o, s:o, s:s, s:I, s:I}", "median", ht_json_number(all->tail[i].value),
                          "low", ht_json_number(all->tail[i].low), "high", ht_json_number(all->tail[i].high),
                          "quality", ht_quality_word(all->tail[i].quality), "layers",
                          (json_int_t)all->tail[i].n_tail, "good", (json_int_t)all->tail[i].k));
    return tail;
}

static json_t *layer_json(const ht_layer_look *l, bool all)
{
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "rows", (json_int_t)l->rows,
                          "values", (json_int_t)l->values, "zeros", (json_int_t)l->zeros, "nonfinite",
                          (json_int_t)l->broken, "norm", ht_json_number(l->norm), "largest",
                          ht_json_number(l->largest), "kappa", ht_json_number(l->kappa), "removable",
                          l->removable >= 0 ? json_integer(l->removable) : json_null(), "histogram",
                          histogram_json(&l->histogram), "tail", all ? medians_json(l) : tail_json(l));
    if (!o || all) return o;
    json_object_set_new(o, "name", json_string(l->name));
    json_object_set_new(o, "type", json_string(l->type));
    json_object_set_new(o, "columns", json_integer((json_int_t)l->columns));
    json_object_set_new(o, "row_norms",
                        json_pack("[o, o, o]", ht_json_number(l->row_norm[0]), ht_json_number(l->row_norm[1]),
                                  ht_json_number(l->row_norm[2])));
    json_object_set_new(o, "tail_rows", json_integer((json_int_t)l->used_rows));
    json_object_set_new(o, "tail_columns", json_integer((json_int_t)l->used_columns));
    if (l->why[0]) json_object_set_new(o, "why", json_string(l->why));
    return o;
}

static json_t *network_json(const ht_network_look *n)
{
    if (!n->there) return json_pack("{s:s}", "why", n->why);
    json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "loss", ht_json_number(n->whole.loss), "accuracy",
                          ht_json_number(n->whole.accuracy), "kappa", ht_json_number(n->kappa), "error",
                          ht_json_number(n->error), "pruned_loss", ht_json_number(n->pruned.loss),
                          "pruned_accuracy", ht_json_number(n->pruned.accuracy));
    if (!o || n->curve.count == 0) return o;
    json_t *curve = json_array();
    for (int i = 0; i < n->curve.count; i++) {
        const ht_prune_point *p = &n->curve.points[i];
        json_array_append_new(curve, json_pack("[o, o, o]", ht_json_number(p->ratio),
                                               ht_json_number(p->error), ht_json_number(p->accuracy)));
    }
    json_object_set_new(o, "curve", curve);
    return o;
}

static json_t *metrics_json(const ht_scalars *s)
{
    const ht_scalar_curve *now = s ? ht_scalars_now(s) : NULL;
    if (!now) return json_null();
    json_t *o = json_object();
    for (int k = 0; k < s->columns; k++)
        json_object_set_new(o, s->name[k], ht_json_number(ht_scalars_last(s, k)));
    json_object_set_new(o, "step", json_real(now->step[now->count - 1]));
    return o;
}

/* Lines "name\tTYPE\twhy", of the first ones. */
static json_t *skipped_json(const ht_look *look)
{
    json_t *list = json_array();
    for (const char *at = look->skipped_names.data; at && *at;) {
        const char *type = at + strcspn(at, "\t") + 1, *why = type + strcspn(type, "\t") + 1;
        size_t end = strcspn(why, "\n");
        json_array_append_new(list, json_pack("{s:s%, s:s%, s:s%}", "name", at, (size_t)(type - 1 - at),
                                              "type", type, (size_t)(why - 1 - type), "why", why, end));
        at = why + end + (why[end] == '\n');
    }
    return list;
}

static void add_look(json_t *o, const ht_follow_event *e)
{
    const ht_look *look = e->look;
    json_t *layers = json_array();
    json_object_set_new(o, "step", ht_json_number(look->step));
    json_object_set_new(o, "step_from", json_string(ht_step_from_word(look->from)));
    json_object_set_new(o, "series", json_string(e->series));
    json_object_set_new(o, "run", json_integer(e->run));
    json_object_set_new(o, "late", json_boolean(e->late));
    json_object_set_new(o, "written", json_real(e->written));
    json_object_set_new(o, "took", json_real(e->took));
    json_object_set_new(o, "skipped", json_integer((json_int_t)look->skipped));
    json_object_set_new(o, "skipped_tensors", skipped_json(look));
    if (look->broken[0]) json_object_set_new(o, "first_nonfinite", json_string(look->broken));
    json_object_set_new(o, "all", layer_json(&look->all, true));
    for (size_t i = 0; i < look->count; i++)
        json_array_append_new(layers, layer_json(&look->layer[i], false));
    json_object_set_new(o, "layers", layers);
    if (look->network.there || look->network.why[0])
        json_object_set_new(o, "network", network_json(&look->network));
}

ht_code ht_look_json(const char *path, const ht_follow_event *e, ht_error *err)
{
    json_t *o =
        json_pack("{s:i, s:s, s:s, s:f}", "schema", 1, "path", path, "file", e->file, "seconds", e->seconds);
    if (o && e->look) add_look(o, e);
    if (o) json_object_set_new(o, "metrics", metrics_json(e->scalars));
    char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(o);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write a line of JSON");
    puts(text);
    free(text);
    return HT_OK;
}

/* ---- text ---- */

static void add_number(ht_text *out, const char *name, double value)
{
    char number[32];
    if (isnan(value)) return;
    ht_format_short(number, sizeof number, value, 4);
    ht_text_add(out, ", %s %s", name, number);
}

static void add_metrics(ht_text *out, const ht_scalars *s)
{
    enum { SHOWN = 6 };
    const ht_scalar_curve *now = s ? ht_scalars_now(s) : NULL;
    char step[32];
    if (!now) return;
    ht_format_grouped(step, sizeof step, (long long)now->step[now->count - 1]);
    ht_text_add(out, "; metrics @%s", step);
    for (int k = 0, shown = 0; k < s->columns && shown < SHOWN; k++) {
        double value = ht_scalars_last(s, k);
        if (!isnan(value)) shown++;
        add_number(out, s->name[k], value);
    }
}

/* "3 tensors left out (the first, fc1.bias: a vector …)": how many, and the first. */
static void add_skipped(ht_text *out, const ht_look *look)
{
    const char *at = look->skipped_names.data ? look->skipped_names.data : "";
    size_t name = strcspn(at, "\t");
    const char *why = at + name + (at[name] != '\0');
    why += strcspn(why, "\t");
    why += *why != '\0';
    ht_text_add(out, ", %zu %s left out (%s%.*s: %.*s)", look->skipped,
                look->skipped == 1 ? "tensor" : "tensors", look->skipped == 1 ? "" : "the first, ", (int)name,
                at, (int)strcspn(why, "\n"), why);
}

/* ", pruned by κ 0.1855 of the hidden units: accuracy 0.7661": that κ is of the hidden layers of the network,
 * by prune.method, not that of the rows of all layers before. */
static void add_pruned(ht_text *out, const ht_network_look *n)
{
    char kappa[32], accuracy[32];
    if (isnan(n->pruned.accuracy)) return;
    ht_format_short(kappa, sizeof kappa, n->kappa, 4);
    ht_format_short(accuracy, sizeof accuracy, n->pruned.accuracy, 4);
    ht_text_add(out, ", pruned by \u03ba %s of the hidden units: accuracy %s", kappa, accuracy);
}

static void add_weights(ht_text *out, const ht_follow_event *e)
{
    const ht_look *look = e->look;
    char step[32], values[32], word[80];
    ht_format_grouped(step, sizeof step, (long long)look->step);
    ht_format_grouped(values, sizeof values, (long long)look->all.values);
    ht_text_add(out, " step %s (%s)", step, ht_step_from_word(look->from));
    if (e->run > 0) ht_text_add(out, " of run %d", e->run + 1);
    ht_text_add(out, ": %zu %s, %s weights", look->count, look->count == 1 ? "layer" : "layers", values);
    add_number(out, "norm", look->all.norm);
    add_number(out, "\u03ba", look->all.kappa);
    if (!isnan(look->all.kappa)) ht_text_add(out, " of all rows");
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        if ((i != HT_MMO && i != HT_HILL) || look->all.tail[i].n_tail == 0) continue;
        ht_tail_say(&look->all.tail[i], word, sizeof word);
        ht_text_add(out, ", \u03b1\u0302 %s %s", ht_estimator_at((ht_estimator)i)->name, word);
    }
    if (look->skipped) add_skipped(out, look);
    for (size_t i = 0; i < look->count; i++) {
        if (!look->layer[i].why[0]) continue;
        ht_text_add(out, "; %s: %s", look->layer[i].name, look->layer[i].why);
        break; /* JSON has the others */
    }
    if (look->all.broken)
        ht_text_add(out, ", %llu not finite (first in %s)", (unsigned long long)look->all.broken,
                    look->broken);
    if (look->network.there) {
        add_number(out, "accuracy", look->network.whole.accuracy);
        add_number(out, "loss", look->network.whole.loss);
        add_pruned(out, &look->network);
    } else if (look->network.why[0]) {
        ht_text_add(out, "; no accuracy: %s", look->network.why);
    }
}

void ht_look_text(const char *path, const ht_follow_event *e)
{
    ht_text out = {0};
    ht_text_add(&out, "%s%s%s", path, strcmp(path, e->file) == 0 ? "" : " ",
                strcmp(path, e->file) == 0 ? "" : e->file);
    if (out.data) ht_text_clean(out.data); /* a name with a line break is one line */
    if (e->look) add_weights(&out, e);
    add_metrics(&out, e->scalars);
    if (!out.failed) puts(out.data);
    ht_text_free(&out);
}
