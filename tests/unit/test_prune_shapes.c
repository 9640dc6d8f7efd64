/* test_prune_shapes.c - pruning networks that are more than dense layers: filters are rows, what reads a
 * channel goes with it, and what cannot go is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "heavytail/network.h"
#include "heavytail/prune.h"
#include "heavytail/tail.h"
#include "nn/factor.h"
#include "nn/gradient_noise.h"
#include "nn/occam.h"
#include "nn/row_noise.h"
#include "num/rng.h"
#include "num/values.h"
#include "prune/prune_reach.h"
#include "tail/row_tails.h"
#include "unit/small.h"

static ht_error err;

enum { COUNT = 40, CLASSES = 4 };

static const ht_shape picture = {2, 9, 9};

static ht_network *network_of(const char *line, bool bias, bool mean_field)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_WIDTH, 8);
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_params_put(&p, HT_P_MODEL_MEAN_FIELD, mean_field);
    ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
    if (!net) fail_msg("%s: %s", line, err.text);
    ht_network_init(net, 3, NULL);
    return net;
}

static ht_prune_spec spec_of(ht_prune_method method, double ratio)
{
    return (ht_prune_spec){
        .method = method, .metric = HT_FRO_SQUARED, .error = 0.1, .ratio = ratio, .seed = 1};
}

static const char *const lines[] = {
    "conv 6 3x3 same, pool 2, dense n",
    "conv 6 3x3 stride 2 pad 1, conv 5 2x2, dense 7 tanh, dense n",
    "conv 6 3x3 same, pool 3 stride 2 avg, tanh, conv 7 1x1, pool global",
    "conv 5 3x3 leaky-relu, dropout 0.3, dense 9, dropout 0.5",
    "conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), relu, pool 2, dense n",
    "conv 4 3x3 same, res(conv 6 3x3 stride 2 same, conv 5 3x3 same linear), relu, dense n",
    "conv 4 3x3 same linear, norm, relu, conv 5 3x3, dense n",
    "dense 9, res(dense 12, dense 9 linear), dense 8",
};

enum { LINES = sizeof lines / sizeof lines[0] };

/* ---- the smaller network ----------------------------------------------------------------------- */

static void assert_same_losses(const ht_network *a, const ht_network *b, const ht_samples *samples,
                               const char *line)
{
    float of_a[COUNT], of_b[COUNT];
    ht_score score;
    assert_int_equal(ht_network_losses(a, samples, NULL, of_a, &score, &err), HT_OK);
    assert_int_equal(ht_network_losses(b, samples, NULL, of_b, &score, &err), HT_OK);
    for (int i = 0; i < COUNT; i++)
        if (!(fabsf(of_a[i] - of_b[i]) <= 1e-5f * (1 + of_a[i])))
            fail_msg("%s: sample %d: %.9g, %.9g", line, i, (double)of_a[i], (double)of_b[i]);
}

/* Weights that are stored, counted anew. */
static size_t stored(const ht_network *net)
{
    size_t count = 0;
    for (int w = 0; w < net->weight_count; w++)
        count += (size_t)net->weights[w]->rows * (size_t)net->weights[w]->columns;
    return count;
}

static void compact_computes_what_the_masked_one_does(void **state)
{
    (void)state;
    const ht_prune_method by[] = {HT_PRUNE_NODE, HT_PRUNE_PFP, HT_PRUNE_NORM_L1};
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    for (int i = 0; i < LINES; i++)
        for (int way = 0; way < 4; way++) {
            ht_network *net = network_of(lines[i], way & 1, way & 2), *small;
            ht_prune_spec spec = spec_of(by[(i + way) % 3], 0.45);
            ht_prune_result tried, applied;
            ht_score masked, zeroed;
            spec.calibration = &samples;
            assert_int_equal(ht_prune_try(&tried, net, NULL, &samples, &spec, NULL, &small, &err), HT_OK);
            assert_int_equal(ht_prune_apply(net, &spec, NULL, &applied, &err), HT_OK);
            masked = tried.test;
            assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &zeroed, &err), HT_OK);
            assert_true(fabs(masked.loss - zeroed.loss) < 1e-6 * (1 + zeroed.loss));
            assert_same_losses(net, small, &samples, lines[i]);
            assert_int_equal(stored(small), tried.parameters_left);
            assert_true(tried.parameters_left < tried.parameters);
            assert_int_equal(ht_prune_compact(net, &err), HT_OK); /* the same in place */
            assert_int_equal(stored(net), stored(small));
            assert_same_losses(net, small, &samples, lines[i]);
            ht_network_free(small);
            ht_network_free(net);
        }
    small_samples_free(&samples);
}

/* What a sum or a norm reads stays, and no other. */
static void what_cannot_go_is_counted(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), dense n",
                                 true, false),
               *small;
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE, 0.5);
    ht_prune_result r;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, &small, &err), HT_OK);
    const int removed[] = {2, 3, 2, 4}, held[] = {2, 0, 2, 0}, left[] = {4, 3, 4, 4};
    for (int w = 0; w < 4; w++) {
        assert_int_equal(r.layers[w].removed, removed[w]);
        assert_int_equal(r.layers[w].held, held[w]);
        assert_int_equal(small->weights[w]->rows, left[w]);
    }
    assert_int_equal(r.held, 4);
    ht_network_free(small);
    spec.method = HT_PRUNE_SVD;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
    assert_int_equal(r.held, 0);
    ht_network_free(net);
}

/* A channel's columns: k·k in a convolution, height · width after flattening, through pooling and dropout. */
static void readers_are_found_through_what_lies_between(void **state)
{
    (void)state;
    ht_network *net =
        network_of("conv 6 3x3 same, pool 2, dropout 0.1, conv 5 2x2, relu, dense 7, dense n", false, false);
    ht_prune_reach reach = ht_prune_reach_of(net);
    const int from[] = {-1, 0, 1, 2, 3}, each[] = {9, 4, 9, 1, 1};
    assert_int_equal(net->weight_count, 5);
    for (int w = 0; w < 5; w++) {
        assert_int_equal(reach.from[w], from[w]);
        assert_int_equal(reach.each[w], each[w]);
        assert_false(reach.held[w]);
    }
    ht_network_free(net);
}

/* ---- κ, errors, curves -------------------------------------------------------------------------- */

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Rows of a matrix that go at ε² ≤ 0.1, by a plain loop over sorted norms; *share: what they hold. */
static int rows_that_go(const ht_tensor *weight, double *share)
{
    double norm2[64] = {0}, total = 0, gone = 0;
    int count = 0;
    for (int r = 0; r < weight->rows; r++)
        for (int j = 0; j < weight->columns; j++)
            norm2[r] += pow((double)weight->data[r * weight->columns + j], 2);
    for (int r = 0; r < weight->rows; r++) total += norm2[r];
    qsort(norm2, (size_t)weight->rows, sizeof *norm2, by_double);
    while (count < weight->rows && (gone + norm2[count]) / total <= 0.1) gone += norm2[count++];
    *share = gone / total;
    return count;
}

/* Some filters are small, as noise makes them. */
static void shrink_some(ht_network *net)
{
    for (int w = 0; w < ht_network_hidden(net); w++)
        for (int i = 0; i < net->weights[w]->rows; i++)
            for (int j = 0; j < net->weights[w]->columns; j++)
                net->weights[w]->data[i * net->weights[w]->columns + j] *= i % 3 ? 0.1f * (float)i : 1.0f;
}

static void kappa_is_of_filters_a_layer(void **state)
{
    (void)state;
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i], true, false);
        ht_prune_spec spec = spec_of(HT_PRUNE_NODE, (double)NAN);
        ht_prune_result r;
        int64_t removed = 0;
        shrink_some(net);
        assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
        for (int w = 0; w < ht_network_hidden(net); w++) {
            double share;
            assert_int_equal(r.layers[w].removed, rows_that_go(net->weights[w], &share));
            assert_int_equal(r.layers[w].units, net->weights[w]->rows);
            assert_true(fabs(r.layers[w].error - share) < 1e-6);
            bool filters = strncmp(r.layers[w].unit, "filters", 7) == 0;
            assert_int_equal(filters, net->weights[w]->window[0] > 0);
            removed += r.layers[w].removed;
        }
        assert_true(removed > 0 && r.removed == removed);
        assert_string_equal(r.unit, strchr(lines[i], 'c') != lines[i] ? "neurons"
                                    : strstr(lines[i], "dense")       ? "units"
                                                                      : "filters");
        ht_network_free(net);
    }
}

/* ‖W - Ŵ‖² / ‖W‖² of a matrix. */
static double error_of(const ht_tensor *before, const ht_tensor *after)
{
    double lost = 0, total = 0;
    for (size_t i = 0; i < ht_tensor_size(before); i++) {
        lost += pow((double)before->data[i] - (double)after->data[i], 2);
        total += pow((double)before->data[i], 2);
    }
    return lost / total;
}

/* svd and magnitude take the filters as the rows of a matrix, and its columns have medians. */
static void matrices_of_filters_are_approximated(void **state)
{
    (void)state;
    const ht_prune_method methods[] = {HT_PRUNE_SVD, HT_PRUNE_MAGNITUDE_LAYER};
    for (int m = 0; m < 2; m++)
        for (int centre = 0; centre < 2; centre++) {
            ht_network *net = network_of(lines[1], true, false), *copy = ht_network_copy(net, &err);
            ht_prune_spec spec = spec_of(methods[m], 0.5);
            ht_prune_result r;
            spec.centre = centre;
            assert_int_equal(ht_prune_apply(copy, &spec, NULL, &r, &err), HT_OK);
            for (int w = 0; w < ht_network_hidden(net); w++) {
                const ht_tensor *weight = net->weights[w];
                int side = weight->rows < weight->columns ? weight->rows : weight->columns;
                assert_int_equal(r.layers[w].units, m == 0 ? side : weight->rows * weight->columns);
                assert_true(fabs(r.layers[w].error - error_of(weight, copy->weights[w])) < 1e-4);
                assert_true(r.layers[w].error > 0);
            }
            ht_network_free(copy);
            ht_network_free(net);
        }
}

/* Rank r of a matrix costs r (rows + columns), and the medians. */
static void a_rank_costs_two_factors(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 6 3x3 same, conv 20 3x3 same", false, false); /* 6×18, 20×54, 4×1620 */
    ht_prune_spec spec = spec_of(HT_PRUNE_SVD, 0.8);
    ht_prune_result r;
    spec.centre = true;
    assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
    assert_int_equal(r.parameters_left, 2 * (6 + 18) + 18 + 4 * (20 + 54) + 54 + 4 * 1620);
    ht_network_free(net);
}

/* Half of the points, of networks without what is removed: where both have a point they agree. */
static void a_brief_curve_is_the_whole_one(void **state)
{
    (void)state;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i], true, false);
        ht_prune_spec spec = {.method = HT_PRUNE_NODE, .error = 0.3, .ratio = (double)NAN, .seed = 1};
        ht_prune_curve whole, brief;
        int shared = 0;
        assert_int_equal(ht_prune_curve_make(&whole, net, &samples, &spec, NULL, &err), HT_OK);
        spec.brief = true;
        assert_int_equal(ht_prune_curve_make(&brief, net, &samples, &spec, NULL, &err), HT_OK);
        assert_true(brief.count <= whole.count && brief.units == whole.units);
        assert_true(brief.at.removed == whole.at.removed &&
                    fabs(brief.at.loss - whole.at.loss) < 1e-5 * (1 + whole.at.loss));
        for (int k = 0; k < brief.count; k++) {
            const ht_prune_point *a = &brief.points[k], *b = ht_prune_curve_at(&whole, a->ratio + 1e-9);
            if (b->removed != a->removed) continue;
            shared++;
            assert_true(a->error == b->error && a->weights == b->weights);
            assert_true(fabs(a->loss - b->loss) < 1e-5 * (1 + b->loss));
        }
        assert_true(shared >= 3); /* both ends among them */
        ht_prune_curve_free(&whole);
        ht_prune_curve_free(&brief);
        ht_network_free(net);
    }
    small_samples_free(&samples);
}

/* Each point is the network pruned at that ratio. */
static void check_curve(const ht_network *net, const ht_samples *samples, ht_prune_method method)
{
    ht_prune_spec spec = spec_of(method, (double)NAN);
    ht_prune_curve curve;
    spec.calibration = samples;
    spec.coreset = HT_CORESET_TOP; /* others of as many edges are other edges when they are drawn */
    assert_int_equal(ht_prune_curve_make(&curve, net, samples, &spec, NULL, &err), HT_OK);
    assert_false(curve.exact);
    assert_true(curve.count > 5);
    assert_true(curve.points[0].removed == 0 && curve.points[curve.count - 1].removed == curve.units);
    for (int k = 0; k <= 20; k++) {
        ht_prune_result r;
        int at = 0;
        spec.ratio = k / 20.0;
        assert_int_equal(ht_prune_try(&r, net, NULL, samples, &spec, NULL, NULL, &err), HT_OK);
        while (at < curve.count && curve.points[at].removed != r.removed) at++;
        assert_true(at < curve.count);
        assert_true(fabs(r.test.loss - curve.points[at].loss) < 1e-6);
        assert_true(fabs(r.test.accuracy - curve.points[at].accuracy) < 1e-12);
        assert_true(fabs((double)r.parameters_left / (double)r.parameters - curve.points[at].weights) <
                    1e-12);
    }
    ht_prune_curve_free(&curve);
}

/* A curve of such a network is a grid. */
static void curves_are_grids_of_pruned_networks(void **state)
{
    (void)state;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    const ht_prune_method methods[] = {HT_PRUNE_NODE, HT_PRUNE_NORM_L1, HT_PRUNE_PFP, HT_PRUNE_CORESET};
    const char *const some[] = {lines[0], lines[4], "conv 20 3x3 same", "dense 20, dropout 0.2"};
    for (int i = 0; i < 4; i++) {
        ht_network *net = network_of(some[i], true, false);
        shrink_some(net);
        for (int m = 0; m < 4; m++) check_curve(net, &samples, methods[m]);
        ht_network_free(net);
    }
    small_samples_free(&samples);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    ht_pool *pool = small_pool(3);
    ht_network *net = network_of(lines[4], true, false);
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        ht_prune_spec spec = spec_of((ht_prune_method)m, 0.4);
        ht_prune_result one, three;
        spec.calibration = &samples;
        assert_int_equal(ht_prune_try(&one, net, NULL, &samples, &spec, NULL, NULL, &err), HT_OK);
        assert_int_equal(ht_prune_try(&three, net, NULL, &samples, &spec, pool, NULL, &err), HT_OK);
        assert_memory_equal(&one, &three, sizeof one);
    }
    ht_network_free(net);
    ht_pool_free(pool);
    small_samples_free(&samples);
}

/* ---- what needs dense layers says so ------------------------------------------------------------ */

static void what_needs_dense_layers_says_so(void **state)
{
    (void)state;
    ht_params p = small_params();
    assert_int_equal(ht_params_set(&p, "model.layers", "conv 8 1x1", &err), HT_OK);
    assert_string_equal(ht_row_noise_unknown(&p), "not all layers are dense");
    assert_int_equal(ht_params_set(&p, "model.layers", "dense 8", &err), HT_OK);
    assert_null(ht_row_noise_unknown(&p));
}

/* ---- tails, gradients, factors, Occam ----------------------------------------------------------- */

static void tails_are_of_filters_and_of_kernels(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 64 3x3 same, conv 40 1x1, pool 3, conv 32 3x3", false, false);
    ht_row_tails tails;
    assert_int_equal(ht_row_tails_measure(&tails, net, &err), HT_OK);
    assert_int_equal(tails.layers, 3);
    const int kernels[] = {64 * 2, 0, 32 * 40};
    for (int w = 0; w < 3; w++) {
        ht_values x = {
            .f32 = net->weights[w]->data, .rows = (size_t)kernels[w], .columns = 9, .zeros_stay = true};
        ht_estimate e = {.value = (double)NAN};
        assert_true(isfinite(tails.layer[w]));
        assert_int_equal(isfinite(tails.kernel[w]), kernels[w] > 0);
        if (kernels[w] == 0) continue;
        assert_int_equal(ht_tail_fit_rows(&x, &(ht_tail_options){0}, &e, &err), HT_OK);
        assert_true(e.value == tails.kernel[w]);
    }
    assert_true(tails.kernel_median == (tails.kernel[0] + tails.kernel[2]) / 2);
    ht_network_free(net);
}

/* Rows of alternating signs cancel: their sums are smaller than they are. */
static void a_tail_index_below_zero_is_none(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 64 3x3 same, dense 40", false, false);
    ht_tensor *first = net->weights[0];
    ht_row_tails tails;
    ht_paper_tails paper;
    ht_estimate below = {.value = -9.4}, none = {.value = (double)NAN}, one = {.value = 1.5};
    assert_true(isnan(ht_tail_index(&below)) && isnan(ht_tail_index(&none)) && ht_tail_index(&one) == 1.5);
    for (size_t i = 0; i < ht_tensor_size(first); i++) {
        bool odd = i / (size_t)first->columns % 2 == 1;
        first->data[i] = (odd ? -1.0f : 1.0f) * (1 + 1e-4f * (float)(i * 7919 % 101));
    }
    assert_int_equal(ht_row_tails_measure(&tails, net, &err), HT_OK);
    assert_true(tails.layers == 2 && isnan(tails.layer[0]) && isfinite(tails.layer[1]));
    assert_true(tails.median == tails.layer[1]);
    assert_int_equal(ht_paper_tails_measure(&paper, net, &err), HT_OK);
    assert_true(isnan(paper.filter[0]) && paper.of_filters.least > 0);
    ht_network_free(net);
}

/* Over minibatches that make up all samples, gradient noise adds up to nothing. */
static void gradient_noise_of_filters_has_no_mean(void **state)
{
    (void)state;
    ht_samples samples = small_samples(COUNT, picture, CLASSES);
    ht_network *net = network_of(lines[4], true, false);
    for (int w = 0; w < ht_network_hidden(net); w++) {
        ht_gradient_noise wanted = {.layer = w, .batch = 10, .seed = 1, .draws = COUNT / 10};
        size_t size = ht_tensor_size(net->weights[w]);
        float *noise = calloc(4 * size, sizeof *noise);
        double largest = 0, mean = 0;
        assert_non_null(noise);
        assert_int_equal(ht_gradient_noise_take(&wanted, net, &samples, NULL, noise, &err), HT_OK);
        for (size_t i = 0; i < size; i++) {
            double sum = 0;
            for (size_t d = 0; d < 4; d++) {
                sum += (double)noise[d * size + i];
                largest = fmax(largest, fabs((double)noise[d * size + i]));
            }
            mean = fmax(mean, fabs(sum / 4));
        }
        assert_true(largest > 1e-4 && mean < 1e-5 * largest + 1e-7);
        free(noise);
    }
    ht_network_free(net);
    small_samples_free(&samples);
}

/* fan_in of a filter is channels × window; biases and gains are no products. */
static void factors_are_of_weights_alone(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 64 3x3 same, norm, relu, conv 64 3x3, dense n", true, false);
    ht_network *before = ht_network_copy(net, &err);
    ht_factors *f = ht_factors_new(net, 2, &err);
    assert_non_null(f);
    ht_factors_init(f, net, 1, NULL);
    for (int t = 0; t < net->tensor_count; t++) {
        const ht_tensor *tensor = &net->tensors[t];
        bool weight = tensor->flags & HT_TENSOR_WEIGHT;
        assert_int_equal(f->factor[t][0] != NULL, weight);
        assert_int_equal(
            memcmp(tensor->data, before->tensors[t].data, ht_tensor_size(tensor) * sizeof(float)) == 0,
            !weight);
    }
    double one = 0, other = 0; /* variances go like 1 / fan_in: 18 and 576 */
    for (size_t i = 0; i < ht_tensor_size(net->weights[0]); i++)
        one += pow((double)net->weights[0]->data[i], 2);
    for (size_t i = 0; i < ht_tensor_size(net->weights[1]); i++)
        other += pow((double)net->weights[1]->data[i], 2);
    one /= (double)ht_tensor_size(net->weights[0]), other /= (double)ht_tensor_size(net->weights[1]);
    assert_true(one / other > 16 && one / other < 64);
    ht_factors_free(f);
    ht_network_free(before);
    ht_network_free(net);
}

static void occam_takes_a_share_of_each_kernel_tensor(void **state)
{
    (void)state;
    ht_network *net = network_of(lines[6], true, false), *before = ht_network_copy(net, &err);
    ht_occam_prune(net, 0.25);
    for (int t = 0; t < net->tensor_count; t++) {
        const ht_tensor *tensor = &net->tensors[t];
        size_t zeros = 0, size = ht_tensor_size(tensor);
        for (size_t i = 0; i < size; i++) zeros += tensor->data[i] == 0;
        if (tensor->flags & HT_TENSOR_WEIGHT)
            assert_int_equal(zeros, size / 4);
        else
            assert_memory_equal(tensor->data, before->tensors[t].data, size * sizeof(float));
    }
    ht_network_free(before);
    ht_network_free(net);
}

/* Which weights an estimate is not held against the noise's α for: as the network's tensors say. */
static void the_quiet_layer_is_the_network_s(void **state)
{
    (void)state;
    const char *const some[] = {lines[0],
                                lines[6],
                                "dense 7, norm, dense n",
                                "norm, conv 4 3x3, norm, conv 5 3x3",
                                "pool 3, dense 5",
                                "norm batch, pool 2, norm, conv 4 3x3, norm batch"};
    for (int i = 0; i < 6; i++)
        for (int on = 0; on < 2; on++) {
            ht_params p = small_params();
            ht_params_put(&p, HT_P_MODEL_WIDTH, 8);
            assert_int_equal(ht_params_set(&p, "model.layers", some[i], &err), HT_OK);
            ht_params_put(&p, HT_P_NOISE_FIRST_CONV, on);
            ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
            int named, quiet = ht_params_quiet(&p, &named);
            char name[HT_TENSOR_LABEL];
            assert_non_null(net);
            assert_int_equal(quiet >= 0, named >= 0);
            for (int w = 0; w < ht_network_hidden(net); w++)
                assert_int_equal(w == quiet, !(net->weights[w]->flags & HT_TENSOR_NOISY));
            snprintf(name, sizeof name, "layers.%d.weight", named);
            if (quiet >= 0) assert_string_equal(net->weights[quiet]->name, name);
            ht_network_free(net);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_computes_what_the_masked_one_does),
        cmocka_unit_test(what_cannot_go_is_counted),
        cmocka_unit_test(readers_are_found_through_what_lies_between),
        cmocka_unit_test(kappa_is_of_filters_a_layer),
        cmocka_unit_test(matrices_of_filters_are_approximated),
        cmocka_unit_test(a_rank_costs_two_factors),
        cmocka_unit_test(curves_are_grids_of_pruned_networks),
        cmocka_unit_test(a_brief_curve_is_the_whole_one),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(what_needs_dense_layers_says_so),
        cmocka_unit_test(tails_are_of_filters_and_of_kernels),
        cmocka_unit_test(a_tail_index_below_zero_is_none),
        cmocka_unit_test(gradient_noise_of_filters_has_no_mean),
        cmocka_unit_test(factors_are_of_weights_alone),
        cmocka_unit_test(the_quiet_layer_is_the_network_s),
        cmocka_unit_test(occam_takes_a_share_of_each_kernel_tensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
