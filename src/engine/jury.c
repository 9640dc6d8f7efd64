#include "engine/jury.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "nn/shard.h"

/* States that may wait: while the oldest needs all samples, which takes longer than it is to the next state,
 * the others wait; most of those need but a few. */
enum { ROOM = 4 };

static const double piece_seconds = 0.02;

struct ht_jury {
    ht_trainer *trainer;
    const ht_dataset *data;
    ht_pool *pool;
    ht_stopping stopping;
    ht_checkpoint *state[ROOM]; /* made when they are needed first; the oldest is at `first` */
    int first, count;
    bool begun;    /* the oldest one's judgement is under way */
    double sample; /* seconds that one takes; 0: not known yet */
};

ht_jury *ht_jury_new(ht_trainer *trainer, const ht_dataset *data, ht_pool *pool, ht_error *err)
{
    ht_jury *j = ht_alloc(1, sizeof *j, "the jury", err);
    if (!j) return NULL;
    j->trainer = trainer;
    j->data = data;
    j->pool = pool;
    return j;
}

void ht_jury_free(ht_jury *j)
{
    if (!j) return;
    for (int i = 0; i < ROOM; i++) ht_checkpoint_free(j->state[i]);
    ht_stopping_free(&j->stopping);
    ht_free(j);
}

ht_code ht_jury_take(ht_jury *j, ht_error *err)
{
    ht_checkpoint **state = &j->state[(j->first + j->count) % ROOM];
    if (!*state && !(*state = ht_checkpoint_new(j->trainer, err))) return HT_FAIL;
    if (ht_checkpoint_take(*state, j->trainer, j->pool, err) != HT_OK) {
        ht_checkpoint_free(*state);
        *state = NULL;
        return HT_FAIL;
    }
    j->count++;
    return HT_OK;
}

bool ht_jury_waits(const ht_jury *j)
{
    return j->count > 0;
}

bool ht_jury_full(const ht_jury *j)
{
    return j->count == ROOM;
}

const ht_checkpoint *ht_jury_oldest(const ht_jury *j)
{
    return j->count > 0 ? j->state[j->first] : NULL;
}

/* As many samples as the time allows; at first a chunk for each thread. */
static size_t samples_of(const ht_jury *j)
{
    if (j->sample > 0) return (size_t)(piece_seconds / j->sample);
    return (size_t)ht_pool_threads(j->pool) * HT_EVAL_CHUNK;
}

ht_code ht_jury_piece(ht_jury *j, ht_verdict *verdict, ht_error *err)
{
    const ht_checkpoint *state = ht_jury_oldest(j);
    double start = ht_now();
    if (!j->begun) ht_stopping_begin(&j->stopping);
    j->begun = true;
    size_t before = j->stopping.judged;
    bool whole = j->stopping.whole;
    ht_code code = ht_stopping_weigh(&j->stopping, state->net, &j->data->train,
                                     ht_criterion_of(&state->params), samples_of(j), j->pool, verdict, err);
    if (code != HT_OK) return code;
    if (whole == j->stopping.whole && j->stopping.judged > before)
        j->sample = (ht_now() - start) / (double)(j->stopping.judged - before);
    if (*verdict == HT_VERDICT_OPEN) return HT_OK;
    j->begun = false;
    if (*verdict == HT_VERDICT_REACHED) return HT_OK;
    j->first = (j->first + 1) % ROOM;
    j->count--;
    return HT_OK;
}

void ht_jury_drop(ht_jury *j)
{
    j->count = 0;
    j->begun = false;
}
