/* prune_svd.h - the factors that prune_svd.c makes and prune_svd_curve.c adds up again. */
#ifndef HT_PRUNE_PRUNE_SVD_H
#define HT_PRUNE_PRUNE_SVD_H

#include "prune/prune_plan.h"

typedef struct ht_svd_factor { /* of one layer */
    float *median;             /* (d): zeros unless centred */
    float *v;                  /* (m × m): row i is v_i, smallest singular value first */
    int m;
    bool wide; /* n < d: v are left singular vectors */
} ht_svd_factor;

typedef struct ht_svd {
    ht_svd_factor layer[HT_HIDDEN_MAX];
} ht_svd;

/* The curve of a network with one hidden layer. */
ht_code ht_prune_svd_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                           ht_error *err);

#endif
