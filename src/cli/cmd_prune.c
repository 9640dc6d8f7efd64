/* cmd_prune.c - prunes a trained network: by one method or several, at an error or a ratio, with the curve, a
 * picture, and the network that is left. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/built.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/report/prune_input.h"
#include "cli/report/prune_report.h"
#include "base/text.h"
#include "weights/net/netfile.h"
#include "render/prune_figure.h"

typedef struct request {
    ht_prune_source source;
    ht_arguments args;
    const char *methods, *metric, *error, *ratio, *scope, *unit, *coreset, *seed;
    const char *png, *out, *theme, *size, *scale;
    bool curve, json, compact, centre;
    int count; /* methods */
    ht_prune_method method[HT_PRUNE_METHODS];
    ht_prune_figure_options figure;
} request;

/* ---- the command line ---- */

/* "node,svd" or "all". */
static ht_code parse_methods(request *q, ht_error *err)
{
    ht_params params;
    char list[256], *save, *word;
    if (!q->methods) return HT_OK;
    if (strcmp(q->methods, "all") == 0) {
        for (int m = 0; m < HT_PRUNE_METHODS; m++) q->method[q->count++] = (ht_prune_method)m;
        return HT_OK;
    }
    ht_params_init(&params);
    ht_text_copy(list, sizeof list, q->methods);
    for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        if (q->count == HT_PRUNE_METHODS || ht_params_set(&params, "prune.method", word, err) != HT_OK)
            return q->count == HT_PRUNE_METHODS
                       ? ht_error_set(err, HT_USAGE, "--method: more than %d methods", HT_PRUNE_METHODS)
                       : ht_error_prefix(err, "--method");
        q->method[q->count++] = (ht_prune_method)ht_params_get(&params, HT_P_PRUNE_METHOD);
    }
    return q->count ? HT_OK : ht_error_set(err, HT_USAGE, "--method: give a method, several, or all");
}

/* Short options are parameters. */
static ht_code add_settings(request *q, ht_error *err)
{
    const struct {
        const char *key, *value;
    } settings[] = {{"prune.metric", q->metric},
                    {"prune.error", q->error},
                    {"prune.ratio", q->ratio   ? q->ratio
                                    : q->error ? "0"
                                               : NULL},
                    {"prune.scope", q->scope},
                    {"prune.unit", q->unit},
                    {"prune.coreset", q->coreset},
                    {"prune.centre", q->centre ? "true" : NULL}};
    if (q->error && q->ratio) return ht_error_set(err, HT_USAGE, "prune: give --error or --ratio, not both");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (settings[i].value && ht_arguments_add(&q->args, settings[i].key, settings[i].value, err) != HT_OK)
            return err->code;
    if (q->count) return ht_arguments_add(&q->args, "prune.method", ht_prune_at(q->method[0])->name, err);
    return HT_OK;
}

static ht_code parse_figure(request *q, ht_error *err)
{
    ht_prune_figure_options *o = &q->figure;
    *o = (ht_prune_figure_options){q->theme ? q->theme : "light", 1600, 900, 1};
    if (ht_arguments_size(q->size, 480, 320, &o->width, &o->height, err) != HT_OK) return err->code;
    if (q->scale && (!ht_parse_number(q->scale, &o->scale) || o->scale < 0.5 || o->scale > 8))
        return ht_error_set(err, HT_USAGE, "--scale %.40s: give the size of letters, from 0.5 to 8",
                            q->scale);
    if (!q->png && (q->theme || q->size || q->scale))
        return ht_error_set(err, HT_USAGE,
                            "prune: --theme, --size and --scale are for a picture: give --png");
    if (!q->out && q->compact)
        return ht_error_set(err, HT_USAGE, "prune: --compact is for a file: give --out F.safetensors");
    return HT_OK;
}

static ht_code parse(request *q, int argc, char **argv, ht_error *err)
{
    const ht_option options[] = {{"--method", &q->methods, NULL},
                                 {"--metric", &q->metric, NULL},
                                 {"--error", &q->error, NULL},
                                 {"--ratio", &q->ratio, NULL},
                                 {"--curve", NULL, &q->curve},
                                 {"--scope", &q->scope, NULL},
                                 {"--centre", NULL, &q->centre},
                                 {"--coreset", &q->coreset, NULL},
                                 {"--unit", &q->unit, NULL},
                                 {"--seed", &q->seed, NULL},
                                 {"--data", &q->source.data, NULL},
                                 {"--x", &q->source.x, NULL},
                                 {"--y", &q->source.y, NULL},
                                 {"--order", &q->source.order, NULL},
                                 {"--w1", &q->source.w1, NULL},
                                 {"--w2", &q->source.w2, NULL},
                                 {"--split", &q->source.split, NULL},
                                 {"--json", NULL, &q->json},
                                 {"--png", &q->png, NULL},
                                 {"--theme", &q->theme, NULL},
                                 {"--size", &q->size, NULL},
                                 {"--scale", &q->scale, NULL},
                                 {"--out", &q->out, NULL},
                                 {"--compact", NULL, &q->compact},
                                 {NULL, NULL, NULL}};
    q->args.word_limit = 1;
    if (ht_arguments_parse(&q->args, argc, argv, options, err) != HT_OK) return err->code;
    q->source.path = q->args.word_count ? q->args.words[0] : NULL;
    if (parse_methods(q, err) != HT_OK || add_settings(q, err) != HT_OK) return err->code;
    for (int i = 0; i < q->count; i++)
        q->source.calibrated = q->source.calibrated || ht_prune_at(q->method[i])->calibrated;
    return parse_figure(q, err);
}

/* ---- doing it ---- */

static ht_code make_spec(const request *q, const ht_prune_input *in, int i, ht_prune_spec *spec,
                         ht_error *err)
{
    double seed, ratio;
    *spec = ht_prune_spec_of(&in->params, in->train);
    if (i < q->count) spec->method = q->method[i];
    if (q->ratio && ht_parse_number(q->ratio, &ratio)) spec->ratio = ratio; /* also 0 */
    if (!q->seed) return HT_OK;
    if (!ht_parse_number(q->seed, &seed) || seed < 0 || seed != floor(seed) || seed > 0x1p53)
        return ht_error_set(err, HT_USAGE, "--seed %.40s: give a whole number", q->seed);
    spec->seed = (uint64_t)seed;
    return HT_OK;
}

/* ---- what was asked for and is not done ---- */

static bool takes_centre(const ht_prune_spec *s)
{
    return !s->centre || ht_prune_centres(s->method, s->side);
}

static bool takes_side(const ht_prune_spec *s)
{
    return s->side == HT_PRUNE_ROWS || ht_prune_has_sides(s->method);
}

static bool takes_scope(const ht_prune_spec *s)
{
    return ht_prune_is_joint(s->method, HT_PRUNE_GLOBAL) != ht_prune_is_joint(s->method, HT_PRUNE_PER_LAYER);
}

static bool takes_coreset(const ht_prune_spec *s)
{
    return s->method == HT_PRUNE_CORESET;
}

/* Options that some methods alone listen to. */
static const struct {
    ht_param param;
    const char *name, *who;
    bool (*taken)(const ht_prune_spec *spec);
} choosy[] = {
    {HT_P_PRUNE_CENTRE, "--centre", "svd, magnitude, magnitude-layer and --unit column take medians away",
     takes_centre},
    {HT_P_PRUNE_UNIT, "--unit column", "node, norm-l1 and random go by column", takes_side},
    {HT_P_PRUNE_SCOPE, "--scope", "magnitude ranks all layers together, magnitude-layer each by itself",
     takes_scope},
    {HT_P_PRUNE_CORESET, "--coreset", "it says how coreset chooses", takes_coreset},
};

/* What none of the methods listens to; and of several, which one goes into the file. */
static ht_code tell_ignored(const request *q, ht_prune_input *in, ht_error *err)
{
    ht_notes notes = {0};
    ht_prune_spec spec = {0};
    char line[400];
    int count = q->count ? q->count : 1;
    for (size_t o = 0; o < sizeof choosy / sizeof choosy[0]; o++) {
        bool taken = !ht_arguments_name(&q->args, choosy[o].param);
        for (int i = 0; i < count && !taken; i++) {
            if (make_spec(q, in, i, &spec, err) != HT_OK) return err->code;
            taken = choosy[o].taken(&spec);
        }
        if (!taken)
            ht_notes_add(&notes, "%s does nothing to %s: %s", choosy[o].name,
                         q->methods ? q->methods : ht_prune_at(spec.method)->name, choosy[o].who);
    }
    if (q->out && count > 1)
        ht_notes_add(&notes, "--out gets the network pruned by %s alone, the first of the methods",
                     ht_prune_at(q->method[0])->name);
    ht_app_notes(&notes);
    for (size_t i = 0; ht_notes_at(&notes, i, line, sizeof line); i++) ht_notes_add(&in->notes, "%s", line);
    ht_notes_free(&notes);
    return HT_OK;
}

static ht_code print_json(const request *q, const ht_prune_input *in, const ht_prune_report *reports,
                          int count, ht_error *err)
{
    json_t *more = json_pack("{s:i, s:s, s:s?, s:s?, s:I}", "schema", 1, "network", in->name, "data",
                             in->samples ? in->title : NULL, "split", in->samples ? in->split : NULL,
                             "samples", (json_int_t)(in->samples ? in->samples->count : 0));
    if (more && in->notes.count > 0) {
        char line[1024];
        json_t *notes = json_array();
        for (size_t i = 0; ht_notes_at(&in->notes, i, line, sizeof line); i++)
            json_array_append_new(notes, json_string(line));
        json_object_set_new(more, "notes", notes);
    }
    bool good = more && ht_prune_reports_write(stdout, reports, count, in, q->curve, more);
    json_decref(more);
    return good || ferror(stdout) /* which main tells */
               ? HT_OK
               : ht_error_set(err, HT_FAIL, "not enough memory to write the results");
}

/* Prunes the input's own network; nothing needs it afterwards. */
static ht_code write_network(const request *q, ht_prune_input *in, const ht_prune_spec *spec, ht_error *err)
{
    char about[200];
    ht_prune_result result;
    ht_prune_spec_format(spec, about, sizeof about);
    if (ht_prune_apply(in->net, spec, in->pool, &result, err) != HT_OK) return err->code;
    if (q->compact && ht_prune_compact(in->net, err) != HT_OK) return err->code;
    return ht_netfile_write(q->out, in->net, &in->form, about, err);
}

static ht_code write_figure(const request *q, const ht_prune_input *in, const ht_prune_report *reports,
                            int count, ht_error *err)
{
    char footer[200], asked[160];
    ht_prune_figure figure = {.params = &in->params,
                              .trained_so = in->trained_so,
                              .name = in->name,
                              .data = in->title,
                              .split = in->split,
                              .step = in->step,
                              .samples = in->samples->count,
                              .count = count,
                              .footer = footer,
                              .asked = asked};
    ht_prune_spec_format(&reports[0].spec, asked, sizeof asked);
    if (count > 1)
        figure.asked = strchr(asked, ',') + 2; /* of all methods, so without the name of the first */
    ht_built_line(footer, sizeof footer);
    for (int i = 0; i < count; i++)
        figure.entry[i] = (ht_prune_entry){&reports[i].spec,  &reports[i].result,
                                           &reports[i].curve, reports[i].reading,
                                           reports[i].whole,  reports[i].seconds[0] / reports[i].seconds[1]};
    return ht_prune_figure_write(q->png, &figure, &q->figure, err);
}

static ht_code run(const request *q, ht_prune_input *in, ht_error *err)
{
    ht_prune_report reports[HT_PRUNE_METHODS] = {0};
    int count = q->count ? q->count : 1;
    bool curve = q->curve || q->png; /* dozens of evaluations, of many networks */
    if (!in->samples && (q->curve || q->png))
        return ht_error_set(err, HT_USAGE,
                            "prune: a curve needs samples: give --data NAME, or --x F.npy and --y F.npy");
    ht_code code = tell_ignored(q, in, err);
    for (int i = 0; i < count && code == HT_OK; i++) {
        ht_prune_spec spec;
        code = make_spec(q, in, i, &spec, err);
        ht_progress_stage("pruning by %s (%d of %d)", ht_prune_at(spec.method)->name, i + 1, count);
        if (code == HT_OK) code = ht_prune_report_make(&reports[i], in, &spec, curve, err);
        ht_progress_clear();
        if (code == HT_OK && !q->json) ht_prune_report_print(&reports[i], in);
    }
    if (code == HT_OK && q->json) code = print_json(q, in, reports, count, err);
    if (q->png || q->out) ht_progress_stage("writing %s", q->png ? q->png : q->out);
    if (code == HT_OK && q->png) code = write_figure(q, in, reports, count, err);
    if (code == HT_OK && q->out) code = write_network(q, in, &reports[0].spec, err);
    for (int i = 0; i < count; i++) ht_prune_report_free(&reports[i]);
    return code;
}

/* Of all methods those that the network cannot be pruned by are left out. */
static void leave_out(request *q, const ht_prune_input *in)
{
    ht_notes notes = {0};
    int count = 0;
    if (!q->methods || strcmp(q->methods, "all") != 0) return;
    for (int i = 0; i < q->count; i++) {
        const char *why = ht_prune_refuses(in->net, q->method[i]);
        if (why)
            ht_notes_add(&notes, "pruning by %s is left out: it %s", ht_prune_at(q->method[i])->name, why);
        else
            q->method[count++] = q->method[i];
    }
    q->count = count;
    ht_app_notes(&notes);
    ht_notes_free(&notes);
}

int ht_cmd_prune(int argc, char **argv)
{
    request q = {0};
    ht_prune_input in = {0};
    ht_error err;
    ht_code code = parse(&q, argc, argv, &err);
    ht_progress_start();
    if (code == HT_OK) ht_progress_stage("opening the network and the data");
    if (code == HT_OK) code = ht_prune_input_open(&in, &q.source, &q.args, &err);
    ht_progress_clear();
    if (code == HT_OK) leave_out(&q, &in);
    if (code == HT_OK) code = run(&q, &in, &err);
    ht_progress_end();
    ht_prune_input_close(&in);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
