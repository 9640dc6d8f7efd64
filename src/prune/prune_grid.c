/* prune_grid.c - a pruning curve by evaluations of a pruned copy: an even grid, then points where the
 * accuracy falls most. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "prune/prune_plan.h"

enum { EVEN = 21, POINTS = EVEN + 21 }; /* 20 more at the knee, one where the spec is */
static const double finest = 1.0 / 512; /* no interval is divided below this */

typedef struct grid {
    const ht_prune_plan *plan;
    const ht_samples *samples;
    ht_network *copy;
    ht_prune_curve *curve;
} grid;

static ht_code evaluate(grid *g, double ratio, ht_prune_point *point, ht_error *err)
{
    ht_prune_result r;
    ht_score score;
    ht_network_assign(g->copy, g->plan->net);
    if (ht_prune_plan_apply(g->plan, ratio, g->copy, &r, err) != HT_OK) return err->code;
    if (ht_network_evaluate(g->copy, g->samples, NULL, g->plan->pool, &score, err) != HT_OK) return err->code;
    *point = (ht_prune_point){.removed = r.removed,
                              .ratio = r.ratio,
                              .error = r.error,
                              .accuracy = score.accuracy,
                              .loss = score.loss,
                              .weights = (double)r.parameters_left / (double)r.parameters,
                              .bytes = (double)r.bytes_left / (double)r.bytes};
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
    for (int i = 0; i < EVEN; i++)
        if (add(g, (double)i / (EVEN - 1), err) != HT_OK) return err->code;
    for (int i = EVEN; i < POINTS - 1; i++) {
        double ratio = steepest(g->curve);
        if (isnan(ratio)) break;
        if (add(g, ratio, err) != HT_OK) return err->code;
    }
    if (evaluate(g, g->plan->spec.ratio, &g->curve->at, err) != HT_OK) return err->code;
    if (ht_network_hidden(g->plan->net) == 1 || g->plan->joint) insert(g->curve, g->curve->at);
    return HT_OK;
}

ht_code ht_prune_grid_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                            ht_error *err)
{
    grid g = {plan, samples, ht_network_copy(plan->net, err), curve};
    if (!g.copy) return HT_FAIL;
    curve->points = ht_alloc(POINTS, sizeof *curve->points, "the pruning curve", err);
    ht_code code = curve->points ? fill(&g, err) : HT_FAIL;
    ht_network_free(g.copy);
    return code;
}
