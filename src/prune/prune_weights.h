/* prune_weights.h - cutting single weights by a score, without sorting them and without a copy: two counting
 * passes over the bits of the scores, which order like the scores. */
#ifndef HT_PRUNE_PRUNE_WEIGHTS_H
#define HT_PRUNE_PRUNE_WEIGHTS_H

#include "prune/prune_plan.h"

/* Scores ≥ 0 of row `row` of layer `l`, `w` (columns) being its weights; small ones go first. Called from
 * several threads. */
typedef void ht_weight_score(const ht_prune_plan *plan, int l, int row, const float *w, float *score);

/* As in ht_prune_ops. A weight that goes becomes centre[l] (NULL: 0). */
ht_code ht_prune_cut_weights(const ht_prune_plan *plan, ht_weight_score *score, const float *centre,
                             double ratio, ht_prune_cut cut[HT_WEIGHTS_MAX], ht_error *err);
ht_code ht_prune_project_weights(const ht_prune_plan *plan, ht_weight_score *score, const float *centre,
                                 const ht_prune_cut cut[HT_WEIGHTS_MAX], ht_network *net,
                                 int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX],
                                 ht_error *err);

/* The rest of a layer as a sparse matrix, or as it was if that is smaller. */
void ht_prune_measure_sparse(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                             ht_prune_result *result);

#endif
