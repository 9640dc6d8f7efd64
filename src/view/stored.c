#include "view/stored.h"

#include <math.h>

#include "view/ghost.h"

static int nearest(const ht_stored *stored, double step)
{
    int best = 0;
    for (int i = 1; i < stored->count; i++)
        if (fabs((double)stored->step[i] - step) < fabs((double)stored->step[best] - step)) best = i;
    return best;
}

double ht_stored_nearest(const ht_stored *stored, double step)
{
    return stored->count ? (double)stored->step[nearest(stored, step)] : step;
}

double ht_stored_move(const ht_stored *stored, double step, int states)
{
    if (stored->count == 0) return step;
    int to = nearest(stored, step) + states, last = stored->count - 1;
    return (double)stored->step[to < 0 ? 0 : to > last ? last : to];
}

/* After going back, until training goes on, the ghost of the steps that were left has all there is. */
bool ht_stored_leaves(const ht_model *m, uint64_t step)
{
    const ht_ghost *newest = m->ghost_count ? m->ghost[m->ghost_count - 1] : NULL;
    bool kept = m->gone_back && newest && newest->left && newest->step >= m->step;
    return step < m->step && !kept;
}
