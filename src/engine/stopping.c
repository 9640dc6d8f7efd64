#include "engine/stopping.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/shard.h"

/* Right, but by little: P(class) < e^-0.5 = 0.61. Samples with a larger P are rarely wrong soon after. Of a
 * sequence the mean over its labels. */
static bool is_hard(float loss)
{
    return !(loss <= 0.5f);
}

/* Labels of so many samples. */
static double labels_of(const ht_network *net, size_t samples)
{
    return (double)samples * ht_network_targets(net);
}

static size_t wrong_of(const ht_network *net, const ht_samples *samples, double accuracy)
{
    double count = labels_of(net, samples->count);
    return (size_t)llround(count - accuracy * count);
}

/* The next so many of them, in the chunks in which they are evaluated: each sample then gets the same bits
 * however they are cut. */
static ht_samples piece_of(const ht_network *net, const ht_samples *all, size_t from, size_t samples)
{
    size_t chunks = samples / HT_EVAL_CHUNK, most = (chunks ? chunks : 1) * HT_EVAL_CHUNK,
           left = all->count - from;
    ht_samples piece = {.x = all->x + from * (size_t)net->inputs,
                        .labels = all->labels + from * (size_t)ht_network_targets(net)};
    piece.count = most < left ? most : left;
    return piece;
}

static void drop(ht_stopping *g)
{
    ht_free(g->hard.x);
    ht_free(g->hard.labels);
    g->hard = (ht_samples){0};
    g->room = 0;
}

/* Without memory for them there are none: then all samples are evaluated every time. */
static bool reserve(ht_stopping *g, size_t count, const ht_network *net)
{
    ht_error unused;
    if (count <= g->room) return true;
    drop(g);
    g->hard.x = ht_alloc(count * (size_t)net->inputs, sizeof(float), "the hard samples", &unused);
    g->hard.labels =
        ht_alloc(count * (size_t)ht_network_targets(net), sizeof(int32_t), "the hard samples", &unused);
    if (g->hard.x && g->hard.labels) return g->room = count, true;
    drop(g);
    return false;
}

static void keep_hard(ht_stopping *g, const ht_samples *train, const float *losses, const ht_network *net)
{
    size_t count = 0, inputs = (size_t)net->inputs, targets = (size_t)ht_network_targets(net);
    g->hard.count = 0;
    for (size_t i = 0; i < train->count; i++) count += is_hard(losses[i]);
    if (count > train->count / 4 || !reserve(g, count, net)) return;
    for (size_t i = 0; i < train->count; i++) {
        if (!is_hard(losses[i])) continue;
        memcpy(g->hard.x + g->hard.count * inputs, train->x + i * inputs, inputs * sizeof(float));
        memcpy(g->hard.labels + g->hard.count++ * targets, train->labels + i * targets,
               targets * sizeof(int32_t));
    }
}

ht_criterion ht_criterion_of(const ht_params *params)
{
    return (ht_criterion){ht_params_get(params, HT_P_TRAIN_STOP),
                          ht_params_get(params, HT_P_TRAIN_STOP_LOSS)};
}

void ht_stopping_begin(ht_stopping *g)
{
    g->whole = g->hard.count == 0;
    g->judged = g->wrong = 0;
    g->loss = 0;
}

static bool too_many_wrong(const ht_stopping *g, const ht_network *net, const ht_samples *train,
                           ht_criterion wanted, int spare)
{
    return wanted.accuracy > 0 &&
           (double)g->wrong > (1 - wanted.accuracy) * labels_of(net, train->count) + spare;
}

/* No loss is less than nothing. */
static bool too_much_loss(const ht_stopping *g, const ht_samples *train, ht_criterion wanted)
{
    return wanted.loss > 0 && g->loss > (1 + 1e-6) * wanted.loss * (double)train->count;
}

/* More of the hard ones are wrong than all samples may be. A few to spare: the last bits of a sample's logits
 * depend on its place in a product. */
static ht_code weigh_hard(ht_stopping *g, const ht_network *net, const ht_samples *train, ht_criterion wanted,
                          size_t samples, struct ht_pool *pool, ht_verdict *verdict, ht_error *err)
{
    enum { SPARE = 4 };
    ht_score score;
    ht_samples piece = piece_of(net, &g->hard, g->judged, samples);
    if (ht_network_evaluate(net, &piece, NULL, pool, &score, err) != HT_OK) return err->code;
    g->judged += piece.count;
    g->wrong += wrong_of(net, &piece, score.accuracy);
    g->loss += score.loss * (double)piece.count;
    if (too_many_wrong(g, net, train, wanted, SPARE) || too_much_loss(g, train, wanted)) {
        g->screened++;
        *verdict = HT_VERDICT_NOT;
    } else if (g->judged == g->hard.count) {
        g->whole = true;
        g->judged = g->wrong = 0;
        g->loss = 0;
    }
    return HT_OK;
}

static ht_code weigh_whole(ht_stopping *g, const ht_network *net, const ht_samples *train,
                           ht_criterion wanted, size_t samples, struct ht_pool *pool, ht_verdict *verdict,
                           ht_error *err)
{
    ht_score score;
    ht_samples piece = piece_of(net, train, g->judged, samples);
    if (!g->losses && !(g->losses = ht_alloc(train->count, sizeof *g->losses, "the losses", err)))
        return HT_FAIL;
    if (ht_network_losses(net, &piece, pool, g->losses + g->judged, &score, err) != HT_OK) return err->code;
    g->judged += piece.count;
    g->wrong += wrong_of(net, &piece, score.accuracy);
    if (g->judged < train->count) return HT_OK;
    double loss = 0, count = (double)train->count, labels = labels_of(net, train->count);
    for (size_t i = 0; i < train->count; i++) loss += (double)g->losses[i];
    bool reached = (labels - (double)g->wrong) / labels >= wanted.accuracy &&
                   (wanted.loss <= 0 || loss / count <= wanted.loss);
    *verdict = reached ? HT_VERDICT_REACHED : HT_VERDICT_NOT;
    keep_hard(g, train, g->losses, net);
    return HT_OK;
}

ht_code ht_stopping_weigh(ht_stopping *g, const ht_network *net, const ht_samples *train, ht_criterion wanted,
                          size_t samples, struct ht_pool *pool, ht_verdict *verdict, ht_error *err)
{
    *verdict = HT_VERDICT_OPEN;
    return (g->whole ? weigh_whole : weigh_hard)(g, net, train, wanted, samples, pool, verdict, err);
}

ht_code ht_stopping_reached(ht_stopping *g, const ht_network *net, const ht_samples *train,
                            ht_criterion wanted, struct ht_pool *pool, bool *reached, ht_error *err)
{
    ht_verdict verdict = HT_VERDICT_OPEN;
    ht_stopping_begin(g);
    while (verdict == HT_VERDICT_OPEN)
        if (ht_stopping_weigh(g, net, train, wanted, train->count, pool, &verdict, err) != HT_OK)
            return err->code;
    *reached = verdict == HT_VERDICT_REACHED;
    return HT_OK;
}

void ht_stopping_free(ht_stopping *g)
{
    drop(g);
    ht_free(g->losses);
    g->losses = NULL;
}
