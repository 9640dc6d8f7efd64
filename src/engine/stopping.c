#include "engine/stopping.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* Right, but by little: P(class) < e^-0.5 = 0.61. Samples with a larger P are rarely wrong soon after. */
static bool is_hard(float loss)
{
    return !(loss <= 0.5f);
}

static size_t wrong(const ht_samples *samples, double accuracy)
{
    double count = (double)samples->count;
    return (size_t)llround(count - accuracy * count);
}

/* More of the hard ones are wrong than all samples may be. A few to spare: the last bits of a sample's logits
 * depend on its place in a product. */
static ht_code ruled_out(ht_stopping *g, const ht_network *net, const ht_samples *train, double wanted,
                         struct ht_pool *pool, bool *out, ht_error *err)
{
    enum { SPARE = 4 };
    ht_score score;
    *out = false;
    if (g->hard.count == 0) return HT_OK;
    if (ht_network_evaluate(net, &g->hard, NULL, pool, &score, err) != HT_OK) return err->code;
    *out = (double)wrong(&g->hard, score.accuracy) > (1 - wanted) * (double)train->count + SPARE;
    g->screened += *out;
    return HT_OK;
}

static void drop(ht_stopping *g)
{
    ht_free(g->hard.x);
    ht_free(g->hard.labels);
    g->hard = (ht_samples){0};
    g->room = 0;
}

/* Without memory for them there are none: then all samples are evaluated every time. */
static bool reserve(ht_stopping *g, size_t count, size_t inputs)
{
    ht_error unused;
    if (count <= g->room) return true;
    drop(g);
    g->hard.x = ht_alloc(count * inputs, sizeof(float), "the hard samples", &unused);
    g->hard.labels = ht_alloc(count, sizeof(int32_t), "the hard samples", &unused);
    if (g->hard.x && g->hard.labels) return g->room = count, true;
    drop(g);
    return false;
}

static void keep_hard(ht_stopping *g, const ht_samples *train, const float *losses, size_t inputs)
{
    size_t count = 0;
    g->hard.count = 0;
    for (size_t i = 0; i < train->count; i++) count += is_hard(losses[i]);
    if (count > train->count / 4 || !reserve(g, count, inputs)) return;
    for (size_t i = 0; i < train->count; i++) {
        if (!is_hard(losses[i])) continue;
        memcpy(g->hard.x + g->hard.count * inputs, train->x + i * inputs, inputs * sizeof(float));
        g->hard.labels[g->hard.count++] = train->labels[i];
    }
}

ht_code ht_stopping_reached(ht_stopping *g, const ht_network *net, const ht_samples *train, double wanted,
                            struct ht_pool *pool, bool *reached, ht_error *err)
{
    bool out;
    ht_score score = {0};
    *reached = false;
    if (ruled_out(g, net, train, wanted, pool, &out, err) != HT_OK) return err->code;
    if (out) return HT_OK;
    float *losses = ht_alloc(train->count, sizeof *losses, "the losses", err);
    ht_code code = losses ? ht_network_losses(net, train, pool, losses, &score, err) : err->code;
    if (losses && code == HT_OK) {
        *reached = score.accuracy >= wanted;
        keep_hard(g, train, losses, (size_t)net->weights[0]->columns);
    }
    ht_free(losses);
    return code;
}

void ht_stopping_free(ht_stopping *g)
{
    drop(g);
}
