#include "cli/report/prune_report.h"
#include "session/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/results.h"
#include "base/alloc.h"
#include "base/text.h"

/* ---- making ---- */

enum { TIMED = 2000 };

/* The result, and the time that the network without its dead neurons takes; without samples only the result
 * is made. */
static ht_code measure(ht_prune_report *r, const ht_prune_input *in, ht_error *err)
{
    ht_network *small = NULL;
    ht_code code = ht_prune_try(&r->result, in->net, NULL, in->samples, &r->spec, in->pool, &small, err);
    if (!in->samples) r->result.test = (ht_score){(double)NAN, (double)NAN};
    for (int l = 0; l < ht_network_hidden(in->net) && code == HT_OK; l++)
        r->left[l] = small->weights[l]->rows;
    if (code == HT_OK) r->stored = ht_network_parameters(small);
    for (int t = 0; code == HT_OK && t < small->tensor_count; t++)
        r->stored_bytes += ht_tensor_size(&small->tensors[t]) * sizeof(float);
    if (code == HT_OK && in->samples) {
        ht_samples some = *in->samples;
        r->timed = some.count = some.count < TIMED ? some.count : TIMED;
        code = ht_prune_speed(in->net, small, &some, in->pool, r->seconds, err);
    }
    ht_network_free(small);
    return code;
}

ht_code ht_prune_report_make(ht_prune_report *r, const ht_prune_input *in, const ht_prune_spec *spec,
                             bool curve, ht_error *err)
{
    *r = (ht_prune_report){.spec = *spec,
                           .whole = {(double)NAN, (double)NAN},
                           .seconds = {(double)NAN, (double)NAN},
                           .reading = {(double)NAN, (double)NAN, (double)NAN, (double)NAN}};
    if (in->samples && (ht_network_evaluate(in->net, in->samples, NULL, in->pool, &r->whole, err) != HT_OK ||
                        ht_prune_input_check(in, &r->whole, err) != HT_OK))
        return err->code;
    if (measure(r, in, err) != HT_OK) return err->code;
    if (!curve || !in->samples) return HT_OK;
    if (ht_prune_curve_make(&r->curve, in->net, in->samples, spec, in->pool, err) != HT_OK) return err->code;
    r->reading = ht_prune_read(&r->curve);
    return HT_OK;
}

void ht_prune_report_free(ht_prune_report *r)
{
    ht_prune_curve_free(&r->curve);
}

/* Asked for, and by this method done. */
static bool is_centred(const ht_prune_spec *s)
{
    return s->centre && ht_prune_centres(s->method, s->side);
}

void ht_prune_spec_format(const ht_prune_spec *s, char *to, size_t size)
{
    bool by_error = isnan(s->ratio);
    const char *metric = ht_param_choice(HT_P_PRUNE_METRIC, (int)s->metric);
    int used = snprintf(to, size, "%s, %s, %s %.6g", ht_prune_at(s->method)->name, metric,
                        by_error ? "error" : "ratio", by_error ? s->error : s->ratio);
    if (s->method == HT_PRUNE_CORESET && used > 0 && (size_t)used < size)
        used += snprintf(to + used, size - (size_t)used, ", %s",
                         ht_param_choice(HT_P_PRUNE_CORESET, (int)s->coreset));
    if (s->side == HT_PRUNE_COLUMNS && ht_prune_has_sides(s->method) && used > 0 && (size_t)used < size)
        used += snprintf(to + used, size - (size_t)used, ", by column");
    if (is_centred(s) && used > 0 && (size_t)used < size)
        snprintf(to + used, size - (size_t)used, ", centred");
}

/* ---- JSON ---- */

enum { DIGITS = JSON_REAL_PRECISION(12) };

/* jansson writes every value; the braces around the curves are written here, point by point: all of them as
 * JSON values at once would be several times the network. */
static bool write_curve(FILE *f, const ht_prune_curve *curve)
{
    bool good = fputs("\"curve\": [", f) >= 0;
    for (int i = 0; i < curve->count && good; i++) {
        const ht_prune_point *p = &curve->points[i];
        json_t *point =
            json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "k", (json_int_t)p->removed, "ratio",
                      ht_json_number(p->ratio), "error", ht_json_number(p->error), "accuracy",
                      ht_json_number(p->accuracy), "loss", ht_json_number(p->loss), "weights_left",
                      ht_json_number(p->weights), "multiply_adds_left", ht_json_number(p->compute));
        good = point && fputs(i ? ",\n    " : "\n    ", f) >= 0 && json_dumpf(point, f, DIGITS) == 0;
        json_decref(point);
    }
    return good && fputs("\n  ]", f) >= 0;
}

static json_t *layers_json(const ht_prune_report *r, const ht_network *net)
{
    json_t *rows = json_array();
    for (int l = 0; l < r->result.layer_count; l++) {
        const ht_prune_layer *p = &r->result.layers[l];
        if (p->units == 0) continue;
        json_array_append_new(rows,
                              json_pack("{s:i, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:o, s:o}", "layer", l,
                                        "name", net->weights[l]->name, "unit", p->unit, "rows",
                                        net->weights[l]->rows, "columns", net->weights[l]->columns, "units",
                                        (json_int_t)p->units, "removed", (json_int_t)p->removed, "kept",
                                        (json_int_t)(p->units - p->removed), "held", (json_int_t)p->held,
                                        "ratio", ht_json_number((double)p->removed / (double)p->units),
                                        "error", ht_json_number(p->error)));
    }
    return rows;
}

static json_t *pair(size_t before, size_t after)
{
    return json_pack("{s:I, s:I}", "before", (json_int_t)before, "after", (json_int_t)after);
}

static json_t *spec_json(const ht_prune_spec *s)
{
    json_t *asked = json_object();
    json_object_set_new(asked, isnan(s->ratio) ? "error" : "ratio",
                        json_real(isnan(s->ratio) ? s->error : s->ratio));
    json_object_set_new(asked, "scope", json_string(ht_param_choice(HT_P_PRUNE_SCOPE, (int)s->scope)));
    json_object_set_new(asked, "centre", json_boolean(is_centred(s)));
    if (ht_prune_has_sides(s->method))
        json_object_set_new(asked, "unit", json_string(ht_param_choice(HT_P_PRUNE_UNIT, (int)s->side)));
    if (s->method == HT_PRUNE_CORESET)
        json_object_set_new(asked, "coreset",
                            json_string(ht_param_choice(HT_P_PRUNE_CORESET, (int)s->coreset)));
    if (ht_prune_at(s->method)->calibrated)
        json_object_set_new(asked, "samples", json_integer(s->calibration_limit));
    json_object_set_new(asked, "seed", json_integer((json_int_t)s->seed));
    return asked;
}

/* The share of the weights that goes. */
static double parameter_ratio(const ht_prune_result *p)
{
    return 1 - (double)p->parameters_left / (double)p->parameters;
}

static json_t *report_json(const ht_prune_report *r, const ht_prune_input *in)
{
    const ht_prune_result *p = &r->result;
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "method",
                  ht_prune_at(r->spec.method)->name, "unit", p->unit, "metric",
                  ht_param_choice(HT_P_PRUNE_METRIC, (int)r->spec.metric), "error", ht_json_number(p->error),
                  "removed", (json_int_t)p->removed, "kept", (json_int_t)(p->units - p->removed), "ratio",
                  ht_json_number(p->ratio), "accuracy", ht_json_number(p->test.accuracy), "loss",
                  ht_json_number(p->test.loss), "layers", layers_json(r, in->net));
    json_object_set_new(root, "asked", spec_json(&r->spec));
    json_object_set_new(root, "whole",
                        json_pack("{s:o, s:o}", "accuracy", ht_json_number(r->whole.accuracy), "loss",
                                  ht_json_number(r->whole.loss)));
    json_object_set_new(root, "held", json_integer((json_int_t)p->held));
    json_object_set_new(root, "parameter_ratio", json_real(parameter_ratio(p)));
    if (r->curve.count) json_object_set_new(root, "curve_exact", json_boolean(r->curve.exact));
    json_object_set_new(root, "parameters", pair(p->parameters, p->parameters_left));
    json_object_set_new(root, "bytes", pair(p->bytes, p->bytes_left));
    json_object_set_new(root, "multiply_adds", pair((size_t)p->multiply_adds, (size_t)p->multiply_adds_left));
    json_object_set_new(
        root, "compact",
        json_pack("{s:I, s:I}", "parameters", (json_int_t)r->stored, "bytes", (json_int_t)r->stored_bytes));
    json_object_set_new(root, "one_point_ratio", ht_json_number(r->reading.one_point));
    json_object_set_new(root, "area", ht_json_number(r->reading.area));
    json_object_set_new(root, "speed",
                        json_pack("{s:I, s:o, s:o, s:o}", "samples", (json_int_t)r->timed, "whole_ms",
                                  ht_json_number(1e3 * r->seconds[0]), "pruned_ms",
                                  ht_json_number(1e3 * r->seconds[1]), "speedup",
                                  ht_json_number(r->seconds[0] / r->seconds[1])));
    return root;
}

/* An object without its last brace. `more`: members to add; NULL for none. */
static bool write_open(FILE *f, const ht_prune_report *r, const ht_prune_input *in, bool curve, json_t *more)
{
    json_t *root = report_json(r, in);
    if (root && more) json_object_update(root, more);
    char *text = root ? json_dumps(root, JSON_EMBED | JSON_INDENT(2) | DIGITS) : NULL;
    json_decref(root);
    if (!text) return false;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n') text[--length] = '\0';
    bool good = fprintf(f, "{%s", text) >= 0;
    free(text);
    if (good && curve) good = fputs(",\n  ", f) >= 0 && write_curve(f, &r->curve);
    return good;
}

bool ht_prune_reports_write(FILE *f, const ht_prune_report *reports, int count, const ht_prune_input *in,
                            bool curves, json_t *more)
{
    bool good = write_open(f, &reports[0], in, curves, more);
    if (good && count > 1) good = fputs(",\n  \"others\": [\n", f) >= 0;
    for (int i = 1; i < count && good; i++)
        good = write_open(f, &reports[i], in, curves, NULL) && fputs(i + 1 < count ? "},\n" : "}]", f) >= 0;
    return good && fputs("\n}\n", f) >= 0;
}

/* ---- text ---- */

/* For people layers have numbers from 1 on, as in the lab; in JSON from 0, as in the tensors' names. */
static void print_layers(const ht_prune_report *r, const ht_prune_input *in)
{
    for (int l = 0; l < r->result.layer_count; l++) {
        const ht_prune_layer *p = &r->result.layers[l];
        char removed[32], units[32];
        if (p->units == 0) continue;
        ht_format_grouped(removed, sizeof removed, p->removed);
        ht_format_grouped(units, sizeof units, p->units);
        printf("  layer %d (%d × %d): %s of %s %s, error %.4f\n", l + 1, in->net->weights[l]->rows,
               in->net->weights[l]->columns, removed, units, p->unit, p->error);
    }
}

static void print_scores(const ht_prune_report *r, const ht_prune_input *in)
{
    char count[32], loss[32] = "not a finite number";
    if (!in->samples) {
        printf("  no data: give --data, or --x and --y, to see what it does to the accuracy\n");
        return;
    }
    ht_format_grouped(count, sizeof count, (long long)in->samples->count);
    if (isfinite(r->result.test.loss)) snprintf(loss, sizeof loss, "%.4f", r->result.test.loss);
    printf("  accuracy %.4f, before %.4f (%+.4f); loss %s, before %.4f; %s %s samples of %s\n",
           r->result.test.accuracy, r->whole.accuracy, r->result.test.accuracy - r->whole.accuracy, loss,
           r->whole.loss, count, in->split, in->title);
    if (r->curve.count)
        printf("  at most one point of accuracy lost up to ratio %.4f; area under the curve %.4f\n",
               r->reading.one_point, r->reading.area);
    else
        printf("  --curve says how much can go before one point of accuracy is lost\n");
    if (r->curve.count && !r->curve.exact)
        printf("  (the curve is a grid: the network was evaluated at %d ratios)\n", r->curve.count);
}

/* Of how many layers nothing is left? */
static int emptied_layers(const ht_prune_result *p, int hidden)
{
    int emptied = 0;
    for (int l = 0; l < p->layer_count && l < hidden; l++)
        emptied += p->layers[l].units > 0 && p->layers[l].removed == p->layers[l].units;
    return emptied;
}

static void print_smaller(const ht_prune_report *r, const ht_prune_input *in)
{
    char stored[32];
    int hidden = ht_network_hidden(in->net);
    ht_format_grouped(stored, sizeof stored, (long long)r->stored);
    printf("  without dead %s the hidden layers are", ht_prune_unit(in->net, HT_PRUNE_NODE, HT_PRUNE_ROWS));
    for (int l = 0; l < hidden; l++)
        printf("%s %d of %d", l ? "," : "", r->left[l], in->net->weights[l]->rows);
    if (isfinite(r->seconds[0]))
        printf(": %.2f ms, before %.2f ms for %zu samples (%.2f times as fast)", 1e3 * r->seconds[1],
               1e3 * r->seconds[0], r->timed, r->seconds[0] / r->seconds[1]);
    printf("\n  as --out with --compact writes it: %s weights, %.1f kB with all other numbers%s\n", stored,
           (double)r->stored_bytes / 1e3,
           emptied_layers(&r->result, hidden) ? "; an emptied layer keeps one unit, so that a network remains"
                                              : "");
}

/* What a smaller file keeps of the removed units, and why. */
static void print_held(const ht_prune_report *r, const ht_prune_input *in)
{
    int64_t heads = 0;
    char count[32];
    for (int l = 0; l < r->result.layer_count; l++)
        if (in->net->weights[l]->heads > 0) heads += r->result.layers[l].held;
    ht_format_grouped(count, sizeof count, heads);
    if (heads > 0) printf("  %s of the removed heads stay, as zeros: attention keeps its shape\n", count);
    if (r->result.held == heads) return;
    ht_format_grouped(count, sizeof count, r->result.held - heads);
    printf("  %s of the removed %s stay, as zeros: a sum or a norm reads them\n", count, r->result.unit);
}

static void print_sizes(const ht_prune_report *r, const ht_prune_input *in)
{
    char before[32], after[32];
    ht_format_grouped(before, sizeof before, (long long)r->result.parameters);
    ht_format_grouped(after, sizeof after, (long long)r->result.parameters_left);
    printf("  parameters %s, before %s (%.1f %% gone); %.1f kB, before %.1f kB\n", after, before,
           100 * parameter_ratio(&r->result), (double)r->result.bytes_left / 1e3,
           (double)r->result.bytes / 1e3);
    ht_format_grouped(before, sizeof before, (long long)r->result.multiply_adds);
    ht_format_grouped(after, sizeof after, (long long)r->result.multiply_adds_left);
    printf("  multiply-adds a sample %s, before %s (%.1f %% gone)\n", after, before,
           100 - 100 * r->result.multiply_adds_left / r->result.multiply_adds);
    double nonzero = ht_network_multiply_adds(in->net);
    if (nonzero < r->result.multiply_adds) {
        ht_format_grouped(after, sizeof after, (long long)nonzero);
        printf("  (both count zeros that are stored; before, %s multiply-adds were with a weight that is not "
               "zero)\n",
               after);
    }
    print_smaller(r, in);
    print_held(r, in);
}

void ht_prune_report_print(const ht_prune_report *r, const ht_prune_input *in)
{
    char asked[160], removed[32], units[32];
    ht_prune_spec_format(&r->spec, asked, sizeof asked);
    ht_format_grouped(removed, sizeof removed, r->result.removed);
    ht_format_grouped(units, sizeof units, r->result.units);
    printf("%s\n  κ = %.4f: %s of %s %s removed, %s = %.6g\n", asked, r->result.ratio, removed, units,
           r->result.unit, r->spec.metric == HT_FRO ? "ε" : "ε²", r->result.error);
    if (r->result.layer_count > 1) print_layers(r, in);
    print_scores(r, in);
    print_sizes(r, in);
}
