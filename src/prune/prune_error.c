/* prune_error.c - what a spec asks for, as numbers. */
#include <math.h>

#include "base/cancel.h"
#include "prune/prune_plan.h"

double ht_prune_error(ht_prune_metric metric, double share)
{
    return metric == HT_FRO ? sqrt(share) : share;
}

double ht_prune_lost(double lost2, double norm2)
{
    double share = norm2 > 0 ? lost2 / norm2 : 0;
    return share > 1 && share < 1 + 1e-9 ? 1 : share;
}

double ht_prune_share(const ht_prune_spec *spec)
{
    return spec->metric == HT_FRO ? spec->error * spec->error : spec->error;
}

int64_t ht_prune_floor(double ratio, int64_t units)
{
    return (int64_t)floor(ratio * (double)units);
}

ht_code ht_prune_go_on(const ht_prune_spec *spec, ht_error *err)
{
    bool ends = spec->cancelled && spec->cancelled(spec->cancel_context);
    return ends ? ht_error_set(err, HT_FAIL, "the pruning curve was cancelled") : ht_still_wanted(err);
}
