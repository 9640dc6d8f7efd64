/* certify.h - a bound on the expected error of a pruned and quantized network, from the length of its code.
 *
 * Occam bound (Blumer, Ehrenfeucht, Haussler, Warmuth, Inf. Process. Lett. 24, 1987; with Hoeffding's
 * inequality, as in Langford, JMLR 6, 2005): if the N training samples are drawn independently from the
 * distribution that new ones come from, then with probability at least 1 - δ over them, for all networks h at
 * once, error(h) ≤ training error(h) + √((bits(h) ln 2 + ln(1/δ)) / 2N), where bits(h) is the length of a
 * prefix-free code fixed before the data were seen (encode.h). How h was found does not matter, so the
 * smallest bound along a curve holds as it is. It is vacuous where it says no more than is true without any
 * data: who draws one of C classes blindly errs with 1 - 1/C, whatever the distribution.
 *
 * The code holds everything that a network consists of: its layers, of any kinds, and all numbers, biases,
 * gains and running means too, which count like weights. What stands before a network (the scaling of inputs,
 * data.scale) is no part of it, and taken as given. */
#ifndef HT_CERTIFY_CERTIFY_H
#define HT_CERTIFY_CERTIFY_H

#include "heavytail/prune.h"
#include "certify/encode.h"

double ht_certify_bound(double training_error, double bits, size_t samples, double delta);

/* The error of blind guesses, 1 - 1/C; a bound that is not below it is vacuous, and so is NaN. */
double ht_certify_trivial(int classes);
bool ht_certify_is_vacuous(double bound, int classes);

typedef struct ht_certificate {
    double ratio;         /* asked of the pruning method */
    int quantized;        /* q */
    size_t kept;          /* weights that are not zero, after rounding */
    size_t bits;          /* of the whole code */
    ht_score train, test; /* of the network that the code gives back */
    double bound;
    /* The quantities of arXiv 2106.03795: ε_l = ‖W_l - Ŵ_l‖ / ‖W_l‖ of each layer, Frobenius norms, pruning
     * and rounding together, of weight matrices; and what the outputs can change by (Euclidean norm), for
     * inputs as large as the largest training sample: of dense layers without biases B Π ‖W_l‖ (Π (1 + ε_l) -
     * 1), of others nn/extent.h. */
    double layer_error[HT_WEIGHTS_MAX];
    double output_change;
    const char *unbounded; /* why there is no such bound, and output_change is infinite; NULL; static */
} ht_certificate;

/* Prunes a copy of `net` to spec->ratio, rounds it to the q of 1 .. 8 bits that promises the smallest bound
 * on a first look, encodes it, decodes it, and evaluates what came back. `net` is unchanged. *code (may be
 * NULL) gets the bytes: ht_text_free. */
ht_code ht_certify_make(ht_certificate *certificate, const ht_network *net, const ht_prune_spec *spec,
                        const ht_samples *train, const ht_samples *test, double delta, struct ht_pool *pool,
                        ht_text *code, ht_error *err);

enum { HT_CERTIFY_POINTS = 28 };

/* The same along the pruning curve: the weights asked to stay fall from all to a thousandth, evenly in the
 * logarithm. *smallest: index of the smallest bound, vacuous or not. Stops early, with fewer points, where
 * nothing is left. */
ht_code ht_certify_curve(ht_certificate points[HT_CERTIFY_POINTS], int *count, int *smallest,
                         const ht_network *net, const ht_prune_spec *spec, const ht_samples *train,
                         const ht_samples *test, double delta, struct ht_pool *pool, ht_error *err);

#endif
