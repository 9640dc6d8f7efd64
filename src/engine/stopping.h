/* stopping.h - the stopping criterion: has training reached the accuracy and the loss asked for? The whole
 * training set decides, but most of the time a few samples show that it has not: those that a full evaluation
 * found hard, of which more are wrong, or whose losses are more, than the criterion allows. Judged a piece at
 * a time, so that training need not stand still: the verdict does not depend on the pieces. One thread. */
#ifndef HT_ENGINE_STOPPING_H
#define HT_ENGINE_STOPPING_H

#include "heavytail/dataset.h"
#include "heavytail/network.h"

/* What is asked of the training set: a fraction that is right, a mean loss at most; 0: not asked. */
typedef struct ht_criterion {
    double accuracy, loss;
} ht_criterion;

ht_criterion ht_criterion_of(const ht_params *params); /* train.stop_accuracy, train.stop_loss */
static inline bool ht_criterion_any(ht_criterion wanted)
{
    return wanted.accuracy > 0 || wanted.loss > 0;
}

typedef enum ht_verdict { HT_VERDICT_OPEN, HT_VERDICT_NOT, HT_VERDICT_REACHED } ht_verdict;

typedef struct ht_stopping {
    ht_samples hard; /* copies; count 0: none are known, or too many to be of use */
    size_t room;     /* samples there is room for */
    size_t screened; /* how often the hard ones were enough */
    /* the judgement under way */
    bool whole;    /* the hard ones have not ruled it out: all samples are counted */
    size_t judged; /* samples so far, of the hard ones or of all … */
    size_t wrong;  /* … and how many of their labels are wrong */
    double loss;   /* Σ of their losses */
    float *losses; /* (train) of each sample; NULL until a judgement came so far */
} ht_stopping;

/* Begins a judgement; one that was under way is given up. */
void ht_stopping_begin(ht_stopping *stopping);
/* Goes on with it by about `samples` more samples: is `wanted` true of `train`? `net` and the
 * rest are the same from the beginning to a verdict. HT_FAIL when memory for an evaluation is short. */
ht_code ht_stopping_weigh(ht_stopping *stopping, const ht_network *net, const ht_samples *train,
                          ht_criterion wanted, size_t samples, struct ht_pool *pool, ht_verdict *verdict,
                          ht_error *err);

/* A whole judgement at once. */
ht_code ht_stopping_reached(ht_stopping *stopping, const ht_network *net, const ht_samples *train,
                            ht_criterion wanted, struct ht_pool *pool, bool *reached, ht_error *err);
void ht_stopping_free(ht_stopping *stopping);

#endif
