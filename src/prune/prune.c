/* prune.c - from a method (params/prune_methods.def) to a plan, and what is done with one. */
#include "heavytail/prune.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "prune/prune_plan.h"

typedef enum joint { JOINT_SCOPE, JOINT_TOGETHER, JOINT_APART } joint;

typedef struct method {
    ht_prune_info info;
    const ht_prune_ops *ops;
    joint joint;
} method;

static const method methods[HT_PRUNE_METHODS] = {
#define HT_PRUNE_METHOD(id, name, unit, operations, whole, calibrated, joint, cost, role, dash, what)        \
    {{name, unit, what, whole, calibrated, cost}, &ht_prune_##operations##_ops, JOINT_##joint},
#include "params/prune_methods.def"
};

const ht_prune_info *ht_prune_at(ht_prune_method m)
{
    return &methods[m].info;
}

bool ht_prune_has_sides(ht_prune_method m)
{
    return methods[m].ops->columns != NULL;
}

static const ht_prune_ops *ops_of(ht_prune_method m, ht_prune_side side)
{
    return side == HT_PRUNE_COLUMNS && ht_prune_has_sides(m) ? methods[m].ops->columns : methods[m].ops;
}

bool ht_prune_centres(ht_prune_method m, ht_prune_side side)
{
    return ops_of(m, side)->centres;
}

bool ht_prune_is_joint(ht_prune_method m, ht_prune_scope scope)
{
    return methods[m].joint == JOINT_TOGETHER ||
           (methods[m].joint == JOINT_SCOPE && scope == HT_PRUNE_GLOBAL);
}

static ht_prune_words words_of(ht_prune_method m, ht_prune_side side)
{
    const ht_prune_ops *ops = ops_of(m, side);
    const char *unit = methods[m].info.unit;
    return ops->words.dense ? ops->words : (ht_prune_words){unit, ops->masks ? "filters" : unit};
}

const char *ht_prune_unit(const ht_network *net, ht_prune_method m, ht_prune_side side)
{
    for (int l = 0; l < ht_network_hidden(net) && ops_of(m, side)->heads; l++)
        if (net->weights[l]->heads > 0) return "units"; /* heads, and neurons */
    return ht_prune_units_word(net, words_of(m, side));
}

const char *ht_prune_unlasting(ht_prune_method m)
{
    return methods[m].ops->unlasting;
}

bool ht_prune_ranks_rows(ht_prune_method m)
{
    return methods[m].ops == &ht_prune_neuron_ops;
}

ht_prune_spec ht_prune_spec_of(const ht_params *p, const ht_samples *train)
{
    double ratio = ht_params_get(p, HT_P_PRUNE_RATIO);
    return (ht_prune_spec){
        .method = (ht_prune_method)ht_params_get(p, HT_P_PRUNE_METHOD),
        .metric = (ht_prune_metric)ht_params_get(p, HT_P_PRUNE_METRIC),
        .error = ht_params_get(p, HT_P_PRUNE_ERROR),
        .ratio = ratio > 0 ? ratio : (double)NAN,
        .scope = (ht_prune_scope)ht_params_get(p, HT_P_PRUNE_SCOPE),
        .side = (ht_prune_side)ht_params_get(p, HT_P_PRUNE_UNIT),
        .centre = ht_params_get(p, HT_P_PRUNE_CENTRE) != 0,
        .coreset = (ht_coreset_kind)ht_params_get(p, HT_P_PRUNE_CORESET),
        .seed = (uint64_t)ht_params_get(p, HT_P_TRAIN_SEED),
        .calibration = train,
        .calibration_limit = (int)ht_params_get(p, HT_P_PRUNE_SAMPLES),
    };
}

/* ---- plans ---- */

static ht_code measure_norm(ht_prune_plan *plan, int l, ht_error *err)
{
    const ht_tensor part = ht_prune_part(plan, plan->net, l);
    size_t rows = (size_t)part.rows;
    double *norm2 = ht_alloc(rows, sizeof *norm2, "the norms of neurons", err);
    if (!norm2) return HT_FAIL;
    ht_prune_norms(&part, plan->pool, norm2);
    for (size_t r = 0; r < rows; r++) plan->norm2[l] += norm2[r];
    plan->row_norm2[l] = norm2;
    return HT_OK;
}

/* Does the method act on matrix l? The token table is not pruned, nor a unit that is none: what attention or
 * an MLP adds to the channels of a sequence. */
static bool acts_on(const ht_prune_plan *plan, const ht_prune_info *info, int l)
{
    const ht_tensor *w = plan->net->weights[l];
    if (w->flags & HT_TENSOR_OUTPUT) return info->output_layer && !(w->flags & HT_TENSOR_TABLE);
    return !plan->ops->heads || w->flags & HT_TENSOR_PRUNABLE || ht_prune_takes_heads(plan, l);
}

const char *ht_prune_refuses(const ht_network *net, ht_prune_method m)
{
    bool attends = net->positions > 0;
    for (int l = 0; l < ht_network_hidden(net); l++) attends = attends || net->weights[l]->heads > 0;
    return methods[m].info.calibrated && attends ? "measures what each weight reads, which networks with "
                                                   "attention or on sequences do not tell it"
                                                 : NULL;
}

static ht_code check_method(const ht_network *net, const ht_prune_info *info, const ht_prune_spec *spec,
                            ht_error *err)
{
    const char *why = ht_prune_refuses(net, spec->method);
    if (why)
        return ht_error_set(err, HT_USAGE,
                            "pruning by %s %s: take node, norm-l1, magnitude, magnitude-layer, svd or random",
                            info->name, why);
    if (info->calibrated && (!spec->calibration || spec->calibration->count == 0))
        return ht_error_set(err, HT_USAGE, "pruning by %s needs training samples to measure sensitivities on",
                            info->name);
    return HT_OK;
}

ht_code ht_prune_plan_make(ht_prune_plan *plan, const ht_network *net, const ht_prune_spec *spec,
                           struct ht_pool *pool, ht_error *err)
{
    const method *m = &methods[spec->method];
    *plan = (ht_prune_plan){.net = net,
                            .spec = *spec,
                            .pool = pool,
                            .ops = ops_of(spec->method, spec->side),
                            .words = words_of(spec->method, spec->side),
                            .reach = ht_prune_reach_of(net)};
    if (check_method(net, &m->info, spec, err) != HT_OK) return err->code;
    plan->masks = plan->ops->masks;
    for (int l = 0; l < net->weight_count; l++) {
        plan->acts[l] = acts_on(plan, &m->info, l);
        if (plan->acts[l]) plan->layers = l + 1;
        if (plan->acts[l] && net->weights[l]->heads > 0) plan->masks = false;
    }
    plan->joint = ht_prune_is_joint(spec->method, spec->scope);
    for (int l = 0; l < plan->layers; l++)
        if (plan->acts[l] && measure_norm(plan, l, err) != HT_OK) return err->code;
    ht_code code = ht_still_wanted(err);
    if (code == HT_OK) code = plan->ops->prepare(plan, err);
    ht_prune_free_row_norms(plan);
    return code == HT_OK ? ht_still_wanted(err) : code;
}

/* ---- apply, try ---- */

ht_code ht_prune_apply(ht_network *net, const ht_prune_spec *spec, struct ht_pool *pool,
                       ht_prune_result *result, ht_error *err)
{
    ht_prune_plan plan;
    ht_code code = ht_prune_plan_make(&plan, net, spec, pool, err);
    if (code == HT_OK) code = ht_prune_plan_apply(&plan, spec->ratio, net, result, err);
    ht_prune_plan_free(&plan);
    return code;
}

static ht_code score(ht_prune_result *r, const ht_network *net, const ht_samples *train,
                     const ht_samples *test, const float *const *keep, struct ht_pool *pool, ht_error *err)
{
    if (train && ht_network_evaluate(net, train, keep, pool, &r->train, err) != HT_OK) return err->code;
    if (test && ht_network_evaluate(net, test, keep, pool, &r->test, err) != HT_OK) return err->code;
    return HT_OK;
}

/* Units are masked: no copy of the network. */
static ht_code try_masked(ht_prune_result *result, ht_prune_plan *plan, const ht_samples *train,
                          const ht_samples *test, ht_network **small, ht_error *err)
{
    ht_prune_mask mask = {0};
    ht_code code = ht_prune_plan_mask(plan, plan->spec.ratio, &mask, result, err);
    if (code == HT_OK) code = score(result, plan->net, train, test, mask.keep, plan->pool, err);
    if (code == HT_OK && small && !(*small = ht_prune_compact_copy(plan->net, mask.keep, err)))
        code = HT_FAIL;
    ht_free(mask.block);
    return code;
}

/* What the plan holds is gone before the copy is evaluated. */
static ht_code try_copy(ht_prune_result *result, ht_prune_plan *plan, const ht_samples *train,
                        const ht_samples *test, ht_network **small, ht_error *err)
{
    struct ht_pool *pool = plan->pool;
    ht_network *copy = ht_network_copy(plan->net, err);
    ht_code code = copy ? ht_prune_plan_apply(plan, plan->spec.ratio, copy, result, err) : HT_FAIL;
    ht_prune_plan_free(plan);
    if (code == HT_OK) code = score(result, copy, train, test, NULL, pool, err);
    if (code == HT_OK && small) code = ht_prune_compact(copy, err);
    if (code == HT_OK && small)
        *small = copy;
    else
        ht_network_free(copy);
    return code;
}

ht_code ht_prune_try(ht_prune_result *result, const ht_network *net, const ht_samples *train,
                     const ht_samples *test, const ht_prune_spec *spec, struct ht_pool *pool,
                     ht_network **small, ht_error *err)
{
    ht_prune_plan plan;
    if (small) *small = NULL;
    ht_code code = ht_prune_plan_make(&plan, net, spec, pool, err);
    if (code == HT_OK) code = (plan.masks ? try_masked : try_copy)(result, &plan, train, test, small, err);
    ht_prune_plan_free(&plan);
    return code;
}

/* ---- curves ---- */

ht_code ht_prune_curve_make(ht_prune_curve *curve, const ht_network *net, const ht_samples *samples,
                            const ht_prune_spec *spec, struct ht_pool *pool, ht_error *err)
{
    ht_prune_plan plan;
    *curve = (ht_prune_curve){
        .method = spec->method, .metric = spec->metric, .unit = ht_prune_unit(net, spec->method, spec->side)};
    ht_code code = ht_prune_plan_make(&plan, net, spec, pool, err);
    for (int l = 0; l < plan.layers; l++) curve->units += plan.units[l];
    curve->exact = ht_network_hidden(net) == 1 && ht_network_is_dense(net) && plan.ops && plan.ops->curve;
    if (code == HT_OK)
        code = (curve->exact ? plan.ops->curve : ht_prune_grid_curve)(&plan, samples, curve, err);
    if (code == HT_OK) code = ht_still_wanted(err);
    ht_prune_plan_free(&plan);
    if (code != HT_OK) ht_prune_curve_free(curve);
    return code;
}

void ht_prune_curve_free(ht_prune_curve *curve)
{
    ht_free(curve->points);
    *curve = (ht_prune_curve){0};
}

ht_prune_reading ht_prune_read(const ht_prune_curve *curve)
{
    ht_prune_reading r = {.kept = 1, .compute = 1};
    const ht_prune_point *p = curve->points;
    bool within = true;
    for (int i = 0; i < curve->count; i++) {
        /* Whole samples, so the margin is for the rounding of the difference alone. */
        bool enough = p[i].accuracy >= p[0].accuracy - 0.01 - 1e-9;
        within = within && enough;
        if (within) r.one_point = p[i].ratio, r.kept = p[i].weights, r.compute = p[i].compute;
        if (i > 0) r.area += (p[i].ratio - p[i - 1].ratio) * (p[i].accuracy + p[i - 1].accuracy) / 2;
    }
    return r;
}

const ht_prune_point *ht_prune_curve_at(const ht_prune_curve *curve, double ratio)
{
    int i = 0;
    while (i + 1 < curve->count && curve->points[i + 1].ratio <= ratio + 1e-9) i++;
    return &curve->points[i];
}
