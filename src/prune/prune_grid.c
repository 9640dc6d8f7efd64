/* prune_grid.c - a pruning curve by evaluations of the pruned network: an even grid, then points where the
 * accuracy falls most. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "prune/prune_prefix.h"
#include "prune/prune_plan.h"

enum { EVEN = 21, MORE = 20, POINTS = EVEN + MORE + 1 }; /* more at the knee, one where the spec is */
enum { BRIEF_EVEN = 11, BRIEF_MORE = 8 };
static const double finest = 1.0 / 512; /* no interval is divided below this */

typedef struct grid {
    const ht_prune_plan *plan;
    const ht_samples *samples;
    ht_prune_curve *curve;
    ht_network *copy;        /* is cut; or, where units can be masked, */
    ht_prune_mask mask;      /* they are, … */
    ht_prune_prefix *prefix; /* … and what comes before the first of them is shared; NULL: it is not */
} grid;

static ht_code begin(grid *g, ht_error *err)
{
    if (g->plan->masks)
        return g->plan->spec.brief
                   ? HT_OK
                   : ht_prune_prefix_make(&g->prefix, g->plan->net, g->samples, g->plan->pool, err);
    g->copy = ht_network_copy(g->plan->net, err);
    return g->copy ? HT_OK : HT_FAIL;
}

static void end(grid *g)
{
    ht_network_free(g->copy);
    ht_free(g->mask.block);
    ht_prune_prefix_free(g->prefix);
}

static ht_code score_cut(grid *g, double ratio, ht_prune_result *r, ht_score *score, ht_error *err)
{
    ht_network_assign(g->copy, g->plan->net);
    if (ht_prune_plan_apply(g->plan, ratio, g->copy, r, err) != HT_OK) return err->code;
    return ht_network_evaluate(g->copy, g->samples, NULL, g->plan->pool, score, err);
}

/* What is left of the network, small as it is. */
static ht_code score_small(grid *g, ht_score *score, ht_error *err)
{
    ht_network *small = ht_prune_compact_copy(g->plan->net, g->mask.keep, err);
    if (!small) return HT_FAIL;
    ht_code code = ht_network_evaluate(small, g->samples, NULL, g->plan->pool, score, err);
    ht_network_free(small);
    return code;
}

static ht_code score_masked(grid *g, double ratio, ht_prune_result *r, ht_score *score, ht_error *err)
{
    const ht_prune_plan *plan = g->plan;
    if (ht_prune_plan_mask(plan, ratio, &g->mask, r, err) != HT_OK) return err->code;
    if (plan->spec.brief) return score_small(g, score, err);
    if (g->prefix) return ht_prune_prefix_evaluate(g->prefix, g->mask.keep, plan->pool, score, err);
    return ht_network_evaluate(plan->net, g->samples, g->mask.keep, plan->pool, score, err);
}

static ht_code evaluate(grid *g, double ratio, ht_prune_point *point, ht_error *err)
{
    ht_prune_result r = {0};
    ht_score score = {0};
    if ((g->copy ? score_cut : score_masked)(g, ratio, &r, &score, err) != HT_OK) return err->code;
    *point = (ht_prune_point){.removed = r.removed,
                              .ratio = r.ratio,
                              .error = r.error,
                              .accuracy = score.accuracy,
                              .loss = score.loss,
                              .weights = (double)r.parameters_left / (double)r.parameters,
                              .bytes = (double)r.bytes_left / (double)r.bytes,
                              .compute = r.multiply_adds_left / r.multiply_adds};
    return HT_OK;
}

/* Keeps the points in order; one with as many removed is there already. */
static void insert(ht_prune_curve *curve, ht_prune_point point)
{
    int i = curve->count;
    while (i > 0 && curve->points[i - 1].removed > point.removed) i--;
    if (i > 0 && curve->points[i - 1].removed == point.removed) return;
    memmove(&curve->points[i + 1], &curve->points[i], (size_t)(curve->count - i) * sizeof point);
    curve->points[i] = point;
    curve->count++;
}

/* The middle of the interval over which the accuracy changes most; NaN when all are fine enough. */
static double steepest(const ht_prune_curve *curve)
{
    double most = -1, middle = (double)NAN;
    for (int i = 1; i < curve->count; i++) {
        const ht_prune_point *a = &curve->points[i - 1], *b = &curve->points[i];
        double change = fabs(b->accuracy - a->accuracy);
        if (b->ratio - a->ratio < 2 * finest || b->removed - a->removed < 2 || change <= most) continue;
        most = change;
        middle = (a->ratio + b->ratio) / 2;
    }
    return middle;
}

static ht_code add(grid *g, double ratio, ht_error *err)
{
    ht_prune_point point;
    if (ht_prune_go_on(&g->plan->spec, err) != HT_OK) return err->code;
    if (evaluate(g, ratio, &point, err) != HT_OK) return err->code;
    insert(g->curve, point);
    return HT_OK;
}

static ht_code fill(grid *g, ht_error *err)
{
    bool brief = g->plan->spec.brief;
    int even = brief ? BRIEF_EVEN : EVEN, more = brief ? BRIEF_MORE : MORE;
    for (int i = 0; i < even; i++)
        if (add(g, (double)i / (even - 1), err) != HT_OK) return err->code;
    for (int i = 0; i < more; i++) {
        double ratio = steepest(g->curve);
        if (isnan(ratio)) break;
        if (add(g, ratio, err) != HT_OK) return err->code;
    }
    if (evaluate(g, g->plan->spec.ratio, &g->curve->at, err) != HT_OK) return err->code;
    if (g->plan->layers == 1 || g->plan->joint) insert(g->curve, g->curve->at); /* else it is off the curve */
    return HT_OK;
}

ht_code ht_prune_grid_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                            ht_error *err)
{
    grid g = {.plan = plan, .samples = samples, .curve = curve};
    curve->points = ht_alloc(POINTS, sizeof *curve->points, "the pruning curve", err);
    ht_code code = curve->points ? begin(&g, err) : HT_FAIL;
    if (code == HT_OK) code = fill(&g, err);
    end(&g);
    return code;
}
