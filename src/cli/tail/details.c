#include "cli/tail/details.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"
#include "cli/report/tail_injected.h"
#include "cli/report/tail_paper.h"
#include "cli/report/tail_report.h"
#include "cli/report/tail_skipped.h"
#include "base/alloc.h"
#include "nn/gradient_noise.h"
#include "num/values.h"
#include "params/batch.h"
#include "render/tail_figure.h"

typedef struct request {
    const char *path, *png;
    ht_tensor_choice choice;
    ht_tail_options options;
    ht_tail_injected injected; /* the noise of a run */
    bool mixed;                /* of which there was another */
} request;

typedef struct tail_results {
    const request *request;
    json_t *tensors;
    ht_text text;
    bool seen[HT_QUALITIES];
    int count, broken; /* tensors looked at; with values that are not finite */
    ht_skipped skipped;
    ht_tail_paper paper;
    ht_notes notes;
    ht_error why;             /* of the first broken one */
    char first[128];          /* what `picture` is of */
    ht_tail_picture *picture; /* the first one, for --png */
} tail_results;

static void note_qualities(tail_results *r, const ht_estimate *estimates, int count)
{
    for (int e = 0; e < count; e++)
        if (isfinite(estimates[e].value)) r->seen[estimates[e].quality] = true;
}

/* Kernels have the weights of the filters, but other rows. */
static ht_code fit_kernels(ht_tail_kernels *k, const ht_file_tensor *t, const ht_tail_options *options,
                           ht_error *err)
{
    k->count = ht_file_tensor_kernels(t);
    if (k->count == 0) return HT_OK;
    ht_values w = {
        .f32 = t->f32, .f64 = t->f64, .rows = k->count, .columns = t->rows * t->columns / k->count};
    double *norm = ht_alloc(k->count, sizeof *norm, "the norms of the kernels", err);
    if (!norm) return err->code;
    ht_values_norms(&w, norm);
    ht_values norms = {.f64 = norm, .rows = k->count, .columns = 1};
    ht_code code = ht_tail_fit_all_rows(&w, options, k->by_rows, err);
    if (code == HT_OK) code = ht_tail_fit(&norms, options, k->of_norms, err);
    ht_free(norm);
    return code;
}

static ht_code visit(void *context, const ht_file_tensor *t, ht_error *err)
{
    tail_results *r = context;
    ht_values w = {.f32 = t->f32, .f64 = t->f64, .rows = t->rows, .columns = t->columns};
    ht_tail_kernels kernels = {0};
    ht_tail_picture *p = ht_alloc(1, sizeof *p, "the estimates", err);
    if (!p) return err->code;
    if (ht_tail_picture_make(p, &w, &r->request->options, false, err) != HT_OK ||
        fit_kernels(&kernels, t, &r->request->options, err) != HT_OK ||
        ht_tail_paper_add(&r->paper, t, &p->by_rows[HT_ROW_MMO_PAPER],
                          kernels.count ? &kernels.by_rows[HT_ROW_MMO_PAPER] : NULL, &r->request->options,
                          err) != HT_OK) {
        ht_free(p);
        return ht_error_prefix(err, "%s: %.60s", r->request->path, t->name);
    }
    if (kernels.count) {
        note_qualities(r, kernels.by_rows, HT_ROW_ESTIMATORS);
        note_qualities(r, kernels.of_norms, HT_ESTIMATORS);
    }
    note_qualities(r, p->all, HT_ESTIMATORS);
    note_qualities(r, p->by_rows, HT_ROW_ESTIMATORS);
    note_qualities(r, p->of_norms, HT_ESTIMATORS);
    const ht_tail_injected injected = ht_tail_injected_in(&r->request->injected, r->request->path, t->name);
    ht_tail_json(r->tensors, t, p, &kernels, &injected);
    ht_tail_table(&r->text, t, p, &kernels, &injected);
    if (r->count++ == 0) {
        ht_text_copy(r->first, sizeof r->first, t->name);
        r->picture = p;
    } else {
        ht_free(p);
    }
    return HT_OK;
}

static void skip(void *context, const ht_tensor_info *info, bool broken, const char *why)
{
    tail_results *r = context;
    if (!broken) {
        ht_skipped_add(&r->skipped, info, why);
        return;
    }
    ht_error told;
    ht_error_set(&told, HT_FAIL, "%s: %.200s: %s", r->request->path, info->name, why);
    if (r->broken++ == 0) r->why = told; /* the only one is the error at the end */
    if (r->broken == 2) ht_notes_add(&r->notes, "%s", r->why.text);
    if (r->broken >= 2) ht_notes_add(&r->notes, "%s", told.text);
    ht_tail_json_broken(r->tensors, info, why);
}

/* ---- the noise of gradients ---- */

/* The hidden weight matrix of that name, "layers.1.weight"; of NULL the first. */
static ht_code layer_of(const char *tensor, const ht_network *net, int *layer, ht_error *err)
{
    int hidden = ht_network_hidden(net);
    for (*layer = 0; *layer < hidden; ++*layer)
        if (!tensor || strcmp(tensor, net->weights[*layer]->name) == 0) return HT_OK;
    return ht_error_set(err, HT_USAGE, "--tensor %.60s: with --gradient-noise give a hidden layer, %s%s%s",
                        tensor, net->weights[0]->name, hidden > 1 ? " to " : "",
                        hidden > 1 ? net->weights[hidden - 1]->name : "");
}

/* As many minibatches of the run's size as there are in an epoch, up to 64 MB of them. */
static ht_code visit_gradients(tail_results *r, ht_session *s, ht_error *err)
{
    enum { MOST_VALUES = 1 << 24 };
    ht_network *net = ht_trainer_network(s->trainer);
    int layer;
    if (layer_of(r->request->choice.only, net, &layer, err) != HT_OK) return err->code;
    size_t size = ht_tensor_size(net->weights[layer]), most = MOST_VALUES / size;
    ht_gradient_noise wanted = {.layer = layer,
                                .batch = (int)ht_batch_taken(&s->params, s->data->train.count),
                                .seed = (uint64_t)ht_params_get(&s->params, HT_P_TRAIN_SEED),
                                .draws = most > 1 ? most : 1};
    const char *tensor = net->weights[layer]->name;
    char name[64];
    snprintf(name, sizeof name, "%.*sgradient_noise", (int)(strrchr(tensor, '.') + 1 - tensor), tensor);
    ht_file_tensor t = {
        .name = name, .ndim = 2, .rows = ht_gradient_noise_draws(&wanted, &s->data->train), .columns = size};
    t.f32 = ht_alloc(t.rows, size * sizeof *t.f32, "the gradient noise", err);
    ht_code code =
        t.f32 ? ht_gradient_noise_take(&wanted, net, &s->data->train, s->pool, t.f32, err) : err->code;
    if (code == HT_OK) code = visit(r, &t, err);
    ht_free(t.f32);
    return code;
}

static ht_code gradient_noise(tail_results *r, const ht_arguments *args, ht_error *err)
{
    ht_session session;
    ht_code code = ht_session_view(&session, args, r->request->path, err);
    if (code == HT_OK) code = visit_gradients(r, &session, err);
    ht_session_close(&session);
    return code;
}

/* ---- the whole ---- */

static ht_code print(tail_results *r, bool json, ht_error *err)
{
    if (json) {
        json_t *paper = ht_tail_paper_json(&r->paper, err);
        json_t *root = json_pack("{s:i, s:O, s:o}", "schema", 1, "tensors", r->tensors, "skipped",
                                 r->skipped.list ? json_incref(r->skipped.list) : json_array());
        if (root && paper) json_object_set(root, "mmo_paper", paper);
        json_decref(paper);
        char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
        if (text) puts(text);
        json_decref(root);
        if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the estimates");
        free(text);
    } else {
        if (ht_tail_paper_table(&r->paper, &r->text, err) != HT_OK) return err->code;
        ht_tail_legend(&r->text, r->seen, &r->request->injected, r->request->mixed);
        if (r->text.failed) return ht_error_set(err, HT_FAIL, "not enough memory for the table");
        fputs(r->text.data + 1, stdout); /* without the first empty line */
    }
    return HT_OK; /* main tells when it could not be written */
}

/* Of the last layer, when it is known which that is. */
static ht_code visit_columns(void *context, const ht_file_tensor *t, ht_error *err)
{
    tail_results *r = context;
    return ht_tail_paper_turn(&r->paper, t, &r->request->options, err);
}

static ht_code look_at_file(tail_results *r, ht_error *err)
{
    const ht_tensor_visitor visitor = {r, visit, skip};
    const ht_tensor_visitor again = {r, visit_columns, NULL};
    ht_notes told = {0}; /* already */
    ht_code code = ht_tensors_each(r->request->path, &r->request->choice, &visitor, &r->notes, err);
    if (code != HT_OK || r->paper.count < 2) return code;
    char last[sizeof r->paper.layer->name];
    ht_text_copy(last, sizeof last, r->paper.layer[r->paper.count - 1].name);
    code = ht_tensors_each(r->request->path, &(ht_tensor_choice){.only = last}, &again, &told, err);
    ht_notes_free(&told);
    return code;
}

/* What was found, and what was not looked at. Broken tensors are a failure, after the others are told. */
static ht_code report(tail_results *r, bool json, ht_error *err)
{
    const request *q = r->request;
    const ht_tail_injected first = ht_tail_injected_in(&q->injected, q->path, r->first);
    if (q->png && ht_tail_figure_write(q->png, r->picture, r->first, &first, "light", err) != HT_OK)
        return err->code;
    if (print(r, json, err) != HT_OK) return err->code;
    ht_skipped_note(&r->skipped, q->path, &r->notes);
    ht_app_notes(&r->notes);
    if (r->broken == 0) return HT_OK;
    *err = r->why;
    if (r->broken > 1)
        ht_error_set(err, HT_FAIL, "%s: %d tensors hold values that are not finite; they were left out",
                     q->path, r->broken);
    return err->code;
}

ht_code ht_details_print(const ht_details_request *wanted, const ht_arguments *args, ht_error *err)
{
    request q = {
        .path = wanted->path, .png = wanted->png, .choice = wanted->choice, .options = wanted->options};
    q.injected.alpha = NAN;
    if (!wanted->gradients) q.injected = ht_tail_injected_of(q.path, &q.mixed);
    tail_results r = {.request = &q, .tensors = json_array()};
    ht_code code = wanted->gradients ? gradient_noise(&r, args, err) : look_at_file(&r, err);
    if (code == HT_OK)
        code = report(&r, wanted->json, err);
    else if (wanted->json && r.broken > 0 && r.count == 0)
        print(&r, true, &(ht_error){HT_OK, ""}); /* the JSON says which they are, too */
    json_decref(r.tensors);
    ht_skipped_free(&r.skipped);
    ht_tail_paper_free(&r.paper);
    ht_notes_free(&r.notes);
    ht_text_free(&r.text);
    ht_free(r.picture);
    return code;
}
