#include "certify/certify.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "kernel/kernel.h"
#include "nn/extent.h"

enum { FIRST_LOOK = 2000, BITS_TRIED = 8 };

double ht_certify_bound(double training_error, double bits, size_t samples, double delta)
{
    return training_error + sqrt((bits * M_LN2 + log(1 / delta)) / (2 * (double)samples));
}

double ht_certify_trivial(int classes)
{
    return 1 - 1.0 / classes;
}

bool ht_certify_is_vacuous(double bound, int classes)
{
    return !(bound < ht_certify_trivial(classes));
}

/* One number of bits tried on a pruned network. */
typedef struct attempt {
    ht_text code;
    int bits;
    double promise; /* the bound, with the training error of the first samples */
} attempt;

static ht_code try_bits(attempt *a, const ht_network *pruned, int bits, const ht_samples *train, double delta,
                        struct ht_pool *pool, ht_error *err)
{
    ht_quantizer quantizer;
    ht_samples first = *train;
    ht_score score;
    ht_network *net = ht_network_copy(pruned, err);
    if (!net) return HT_FAIL;
    if (first.count > FIRST_LOOK) first.count = FIRST_LOOK;
    *a = (attempt){.bits = bits};
    ht_encode_round(net, bits, &quantizer);
    ht_code code = ht_still_wanted(err);
    if (code == HT_OK) code = ht_encode_network(net, &quantizer, &a->code, err);
    if (code == HT_OK) code = ht_network_evaluate(net, &first, NULL, pool, &score, err);
    if (code == HT_OK)
        a->promise = ht_certify_bound(1 - score.accuracy, 8 * (double)a->code.length, train->count, delta);
    ht_network_free(net);
    if (code != HT_OK) ht_text_free(&a->code);
    return code;
}

/* More bits cost more: the search ends where the length alone is worse than the best so far. */
static ht_code choose_bits(attempt *best, const ht_network *pruned, const ht_samples *train, double delta,
                           struct ht_pool *pool, ht_error *err)
{
    for (int bits = 1; bits <= BITS_TRIED; bits++) {
        attempt a;
        if (try_bits(&a, pruned, bits, train, delta, pool, err) != HT_OK) return err->code;
        bool hopeless = ht_certify_bound(0, 8 * (double)a.code.length, train->count, delta) > best->promise;
        if (bits == 1 || a.promise < best->promise) {
            ht_text_free(&best->code);
            *best = a;
        } else {
            ht_text_free(&a.code);
        }
        if (bits > 1 && hopeless) break;
    }
    return HT_OK;
}

static double matrix_norm(const ht_tensor *layer)
{
    return sqrt(ht_kernel()->sum_squares(layer->data, ht_tensor_size(layer)));
}

static double largest_input(const ht_samples *samples, size_t inputs)
{
    double most = 0;
    for (size_t i = 0; i < samples->count; i++)
        most = fmax(most, ht_kernel()->sum_squares(samples->x + i * inputs, inputs));
    return sqrt(most);
}

static void measure_change(ht_certificate *c, const ht_network *net, const ht_network *small,
                           const ht_samples *train)
{
    ht_extent extent;
    for (int l = 0; l < net->weight_count; l++) {
        const ht_tensor *a = net->weights[l], *b = small->weights[l];
        double difference = 0, norm = matrix_norm(a);
        for (size_t i = 0; i < ht_tensor_size(a); i++)
            difference += pow((double)(a->data[i] - b->data[i]), 2);
        c->layer_error[l] = norm > 0 ? sqrt(difference) / norm : 0;
    }
    bool bounded =
        ht_extent_of(net, small, largest_input(train, (size_t)net->inputs), &extent, &c->unbounded);
    if (bounded) c->unbounded = NULL;
    c->output_change = bounded ? extent.change : HUGE_VAL;
}

/* What the bytes give back is what is evaluated. */
static ht_code assess(ht_certificate *c, const ht_network *net, const attempt *a, const ht_samples *train,
                      const ht_samples *test, double delta, struct ht_pool *pool, ht_error *err)
{
    ht_network *small = ht_decode_network(a->code.data, a->code.length, &c->quantized, err);
    if (!small) return err->code;
    c->bits = 8 * a->code.length;
    c->kept = ht_network_sizes(small).nonzero;
    ht_code code = ht_network_evaluate(small, train, NULL, pool, &c->train, err);
    if (code == HT_OK) code = ht_network_evaluate(small, test, NULL, pool, &c->test, err);
    c->bound = ht_certify_bound(1 - c->train.accuracy, (double)c->bits, train->count, delta);
    measure_change(c, net, small, train);
    ht_network_free(small);
    return code;
}

ht_code ht_certify_make(ht_certificate *c, const ht_network *net, const ht_prune_spec *spec,
                        const ht_samples *train, const ht_samples *test, double delta, struct ht_pool *pool,
                        ht_text *bytes, ht_error *err)
{
    attempt best = {.promise = HUGE_VAL};
    ht_prune_result pruning;
    *c = (ht_certificate){.ratio = spec->ratio};
    ht_network *pruned = ht_network_copy(net, err);
    ht_code code = pruned ? ht_prune_apply(pruned, spec, pool, &pruning, err) : HT_FAIL;
    if (code == HT_OK) code = choose_bits(&best, pruned, train, delta, pool, err);
    if (code == HT_OK) code = assess(c, net, &best, train, test, delta, pool, err);
    ht_network_free(pruned);
    if (code == HT_OK && bytes)
        *bytes = best.code;
    else
        ht_text_free(&best.code);
    return code;
}

ht_code ht_certify_curve(ht_certificate points[HT_CERTIFY_POINTS], int *count, int *smallest,
                         const ht_network *net, const ht_prune_spec *spec, const ht_samples *train,
                         const ht_samples *test, double delta, struct ht_pool *pool, ht_error *err)
{
    ht_prune_spec at = *spec;
    *count = *smallest = 0;
    for (int i = 0; i < HT_CERTIFY_POINTS; i++) {
        ht_certificate *c = &points[*count];
        at.ratio = 1 - pow(10, -3.0 * i / (HT_CERTIFY_POINTS - 1));
        if (ht_certify_make(c, net, &at, train, test, delta, pool, NULL, err) != HT_OK) return err->code;
        if (c->kept == 0 && *count > 0) break;
        /* Rounding had taken away more than the pruning asks for: the same network again. */
        if (*count > 0 && c->bits == c[-1].bits && c->kept == c[-1].kept) continue;
        if (c->bound < points[*smallest].bound) *smallest = *count;
        ++*count;
    }
    return HT_OK;
}
