#include "engine/validation.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "num/rng.h"

/* Each sample that is left goes with equal chance. */
static void split(ht_validation *j, size_t count, size_t inputs, size_t targets)
{
    enum { SPLIT_SEED = 1 };
    size_t total = j->train->count, picked = 0;
    ht_rng rng;
    ht_rng_init(&rng, SPLIT_SEED, HT_STREAM_SUBSET, 0);
    for (size_t i = 0; i < total; i++) {
        if (ht_rng_below(&rng, (uint32_t)(total - i)) >= count - j->held.count) {
            j->pick[picked++] = (uint32_t)i;
            continue;
        }
        memcpy(j->held.x + j->held.count * inputs, j->train->x + i * inputs, inputs * sizeof(float));
        memcpy(j->held.labels + j->held.count++ * targets, j->train->labels + i * targets,
               targets * sizeof(int32_t));
    }
}

ht_code ht_validation_make(ht_validation *j, const ht_dataset *data, size_t count, ht_error *err)
{
    size_t inputs = (size_t)data->inputs, targets = (size_t)data->targets;
    *j = (ht_validation){.train = &data->train};
    if (count == 0) return HT_OK;
    j->held.x = ht_alloc(count * inputs, sizeof(float), "the samples held back", err);
    j->held.labels = ht_alloc(count * targets, sizeof(int32_t), "the samples held back", err);
    j->pick = ht_alloc(data->train.count - count, sizeof *j->pick, "the samples trained on", err);
    if (!j->held.x || !j->held.labels || !j->pick) return err->code;
    split(j, count, inputs, targets);
    return HT_OK;
}

void ht_validation_free(ht_validation *j)
{
    ht_free(j->held.x);
    ht_free(j->held.labels);
    ht_free(j->pick);
    ht_network_free(j->best);
}

ht_score ht_validation_score(const ht_validation *j, const ht_network *net, struct ht_pool *pool)
{
    ht_error err;
    ht_score score;
    const ht_samples *samples = j->held.count > 0 ? &j->held : j->train;
    if (ht_network_evaluate(net, samples, NULL, pool, &score, &err) == HT_OK) return score;
    return (ht_score){(double)NAN, (double)NAN};
}

ht_code ht_validation_reserve(ht_validation *j, const ht_network *net, ht_error *err)
{
    if (!j->best) j->best = ht_network_like(net, err);
    return j->best ? HT_OK : err->code;
}

void ht_validation_remember(ht_validation *j, const ht_network *net)
{
    ht_error err;
    if (ht_validation_reserve(j, net, &err) != HT_OK) return;
    ht_network_assign(j->best, net);
}

void ht_validation_note(ht_validation *j, const ht_occam_epoch *row)
{
    uint64_t apart = j->epoch_count ? j->epochs[0].epoch : 1;
    if (row->epoch % apart != 0) return;
    if (j->epoch_count == HT_OCCAM_EPOCHS) {
        j->epoch_count /= 2;
        for (size_t i = 0; i < j->epoch_count; i++) j->epochs[i] = j->epochs[2 * i + 1];
        if (row->epoch % (2 * apart) != 0) return;
    }
    j->epochs[j->epoch_count++] = *row;
}

void ht_validation_set_rows(ht_validation *j, const ht_occam_epoch *rows, size_t count)
{
    j->epoch_count = count;
    if (count) memcpy(j->epochs, rows, count * sizeof *rows);
}

void ht_validation_drop_after(ht_validation *j, uint64_t last)
{
    while (j->epoch_count > 0 && j->epochs[j->epoch_count - 1].epoch > last) j->epoch_count--;
}
