/* test_prune_channels.c - sensitivities of filters' weights (SiPP) and of channels (PFP), against plain loops
 * over patches and by hand, and what pruning by them takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "heavytail/prune.h"
#include "kernel/kernel.h"
#include "nn/layers/layer.h"
#include "num/rng.h"
#include "prune/coreset.h"
#include "prune/prune_reach.h"
#include "unit/small.h"

static ht_error err;

enum { COUNT = 5, CLASSES = 3, MOST = 4096 };

static ht_network *network_of(const char *line, ht_shape picture, bool bias)
{
    ht_params p = small_params();
    if (ht_params_set(&p, "model.layers", line, &err) != HT_OK) fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_network *net = ht_network_of(&p, picture, CLASSES, &err);
    if (!net) fail_msg("%s: %s", line, err.text);
    ht_network_init(net, 3, NULL);
    return net;
}

/* Normal inputs, of both signs; a quarter of them 0. */
static ht_samples samples_of(ht_shape picture)
{
    ht_samples s = small_samples(COUNT, picture, CLASSES);
    for (size_t i = 0; i < s.count * (size_t)ht_shape_values(picture); i += 4) s.x[i] = 0;
    return s;
}

/* ---- plain loops: a layer reads planes, channels first -------------------------------------------- */

typedef struct planes {
    ht_shape shape;
    double x[MOST];
} planes;

typedef struct plain { /* a convolution with relu, or a dense layer as one over the whole picture */
    int filters, kernel[2], stride, pad;
    int pool; /* largest of so many, side by side; 0: none */
} plain;

static ht_shape places_of(const plain *l, ht_shape in)
{
    return (ht_shape){l->filters, (in.height + 2 * l->pad - l->kernel[0]) / l->stride + 1,
                      (in.width + 2 * l->pad - l->kernel[1]) / l->stride + 1};
}

/* What column j reads at a place. */
static double read_at(const plain *l, const planes *in, int row, int column, int j)
{
    int c = j / (l->kernel[0] * l->kernel[1]), i = j / l->kernel[1] % l->kernel[0], k = j % l->kernel[1];
    int y = row * l->stride - l->pad + i, x = column * l->stride - l->pad + k;
    if (y < 0 || x < 0 || y >= in->shape.height || x >= in->shape.width) return 0;
    return in->x[(c * in->shape.height + y) * in->shape.width + x];
}

static double product(const plain *l, const planes *in, const ht_tensor *w, int filter, int row, int column,
                      int j)
{
    return (double)w->data[filter * w->columns + j] * read_at(l, in, row, column, j);
}

static void forward(const plain *l, const planes *in, const ht_tensor *w, planes *out)
{
    ht_shape at = places_of(l, in->shape);
    int side = l->pool ? l->pool : 1;
    out->shape = (ht_shape){l->filters, at.height / side, at.width / side};
    memset(out->x, 0, sizeof out->x);
    for (int f = 0; f < l->filters; f++)
        for (int y = 0; y < out->shape.height * side; y++)
            for (int x = 0; x < out->shape.width * side; x++) {
                double z = w->bias ? (double)w->bias->data[f] : 0;
                double *to = &out->x[(f * out->shape.height + y / side) * out->shape.width + x / side];
                for (int j = 0; j < w->columns; j++) z += product(l, in, w, f, y, x, j);
                *to = fmax(*to, z); /* relu, and the largest */
            }
}

/* Columns first .. first + count - 1 of a filter at a place, against all: of one sign of weights and inputs.
 */
static double share(const plain *l, const planes *in, const ht_tensor *w, int filter, int row, int column,
                    int first, int count, int signs)
{
    double some = 0, all = 0;
    for (int j = 0; j < w->columns; j++) {
        double weight = (double)w->data[filter * w->columns + j], a = read_at(l, in, row, column, j);
        if ((weight < 0) != (signs & 1) || (a < 0) != (signs >> 1)) continue;
        all += fabs(weight * a);
        some += j >= first && j < first + count ? fabs(weight * a) : 0;
    }
    return all > 0x1p-23 ? some / all : 0;
}

/* Over places: the largest, or the sum. */
static double over_places(const plain *l, const planes *in, const ht_tensor *w, int filter, int first,
                          int count, bool sum)
{
    ht_shape at = places_of(l, in->shape);
    double all = 0;
    for (int i = 0; i < 4 * ht_shape_places(at); i++) {
        double s = share(l, in, w, filter, i / 4 / at.width, i / 4 % at.width, first, count, i % 4);
        all = sum ? all + s : fmax(all, s);
    }
    return all;
}

typedef struct stack {
    const char *line;
    ht_shape picture;
    int depth;
    plain layer[4];
} stack;

/* Strides, padding, kernels that are no squares, pooling, a filter as large as the picture. */
static const stack stacks[] = {
    {"conv 5 3x2 stride 2 pad 1, conv 4 2x2, dense 6",
     {2, 7, 6},
     4,
     {{5, {3, 2}, 2, 1, 0}, {4, {2, 2}, 1, 0, 0}, {6, {3, 3}, 1, 0, 0}, {CLASSES, {1, 1}, 1, 0, 0}}},
    {"conv 4 3x3 same, pool 2, conv 7 3x3 pad 2 stride 3",
     {1, 8, 8},
     3,
     {{4, {3, 3}, 1, 1, 2}, {7, {3, 3}, 3, 2, 0}, {CLASSES, {2, 2}, 1, 0, 0}}},
    {"conv 9 4x3, dropout 0.2, dense 8",
     {2, 4, 3},
     3,
     {{9, {4, 3}, 1, 0, 0}, {8, {1, 1}, 1, 0, 0}, {CLASSES, {1, 1}, 1, 0, 0}}},
};

enum { STACKS = sizeof stacks / sizeof stacks[0] };

/* What layer l of the stack reads of a sample. */
static void inputs_of(const stack *s, const ht_network *net, const ht_samples *samples, int sample, int l,
                      planes *in)
{
    static planes other;
    int values = ht_shape_values(s->picture);
    in->shape = s->picture;
    for (int i = 0; i < values; i++) in->x[i] = (double)samples->x[sample * values + i];
    for (int k = 0; k < l; k++) {
        forward(&s->layer[k], in, net->weights[k], &other);
        *in = other;
    }
}

/* to (rows × groups): of every filter and group of `each` columns, over samples and places. */
static void twin(const stack *s, const ht_network *net, const ht_samples *samples, int l, int each, bool mean,
                 double *to)
{
    static planes in;
    const ht_tensor *w = net->weights[l];
    int groups = w->columns / each;
    memset(to, 0, (size_t)w->rows * (size_t)groups * sizeof *to);
    for (int p = 0; p < COUNT; p++) {
        inputs_of(s, net, samples, p, l, &in);
        int points = COUNT * ht_shape_places(places_of(&s->layer[l], in.shape));
        for (int i = 0; i < w->rows * groups; i++) {
            double x = over_places(&s->layer[l], &in, w, i / groups, i % groups * each, each, mean);
            to[i] = mean ? to[i] + x / points : fmax(to[i], x);
        }
    }
}

/* ---- sensitivities -------------------------------------------------------------------------------- */

static void filters_are_measured_as_by_plain_loops(void **state)
{
    (void)state;
    for (int k = 0; k < STACKS; k++) {
        ht_network *net = network_of(stacks[k].line, stacks[k].picture, true);
        ht_samples samples = samples_of(stacks[k].picture);
        ht_calibration points;
        static double right[MOST];
        static float s[MOST], room[MOST];
        assert_int_equal(ht_calibration_make(&points, net, &samples, 0, &err), HT_OK);
        assert_int_equal(net->weight_count, stacks[k].depth);
        for (int l = 0; l < net->weight_count; l++)
            for (int mean = 0; mean < 2; mean++) {
                const ht_tensor *w = net->weights[l];
                ht_coreset_rows(&points, l, w->data, w->rows, w->columns, mean, s, room);
                twin(&stacks[k], net, &samples, l, 1, mean, right);
                for (size_t i = 0; i < ht_tensor_size(w); i++)
                    if (!(fabs((double)s[i] - right[i]) < 2e-5))
                        fail_msg("%s: matrix %d, weight %zu: %.7f, not %.7f", stacks[k].line, l, i,
                                 (double)s[i], right[i]);
            }
        ht_calibration_free(&points);
        small_samples_free(&samples);
        ht_network_free(net);
    }
}

static void channels_are_measured_as_by_plain_loops(void **state)
{
    (void)state;
    for (int k = 0; k < STACKS; k++) {
        ht_network *net = network_of(stacks[k].line, stacks[k].picture, true);
        ht_samples samples = samples_of(stacks[k].picture);
        ht_prune_reach reach = ht_prune_reach_of(net);
        ht_calibration points;
        static double right[MOST], parts[MOST];
        static float patch[MOST];
        assert_int_equal(ht_calibration_make(&points, net, &samples, 0, &err), HT_OK);
        for (int l = 1; l < net->weight_count; l++) {
            const ht_tensor *w = net->weights[l];
            int channels = w->columns / reach.each[l];
            float s[16] = {0};
            assert_int_equal(channels, net->weights[l - 1]->rows);
            ht_coreset_channels(&points, l, w->data, w->rows, w->columns, reach.each[l], s, patch, parts);
            twin(&stacks[k], net, &samples, l, reach.each[l], false, right);
            for (int c = 0; c < channels; c++) {
                double most = 0;
                for (int f = 0; f < w->rows; f++) most = fmax(most, right[f * channels + c]);
                if (!(fabs((double)s[c] - most) < 2e-5))
                    fail_msg("%s: matrix %d, channel %d: %.7f, not %.7f", stacks[k].line, l, c, (double)s[c],
                             most);
            }
        }
        ht_calibration_free(&points);
        small_samples_free(&samples);
        ht_network_free(net);
    }
}

/* Every build of the kernel adds what a plain loop adds, bit for bit, at any length. */
static void every_build_adds_the_same_shares(void **state)
{
    (void)state;
    enum { LONGEST = 83 };
    const float inverse[4] = {0.5f, 0.25f, 3.0f, 0.0f};
    float w[LONGEST], a[LONGEST], s[LONGEST], right[LONGEST];
    ht_rng rng;
    ht_rng_init(&rng, 2, HT_STREAM_TAIL, 1);
    for (const ht_kernels *const *build = ht_kernel_builds(); *build; build++)
        for (size_t n = 1; n <= LONGEST; n++) {
            for (size_t i = 0; i < n; i++) {
                w[i] = (float)ht_rng_normal(&rng), a[i] = (float)ht_rng_normal(&rng);
                s[i] = right[i] = (float)i;
                right[i] += fabsf(w[i] * a[i]) * inverse[2 * (w[i] < 0) + (a[i] < 0)];
            }
            (*build)->part_shares(s, w, a, n, inverse);
            assert_memory_equal(s, right, n * sizeof *s);
        }
}

/* A filter (1, 3) over the picture (2, 1, 4): at its two places 2 + 3 and 1 + 12; (1, -1): two groups. */
static void a_known_case(void **state)
{
    (void)state;
    ht_network *net = network_of("conv 2 1x2", (ht_shape){1, 1, 3}, false);
    float x[] = {2, 1, 4}, s[4], room[2 * (1 + 2)];
    const float w[] = {1, 3, 1, -1};
    int32_t label = 0;
    ht_samples samples = {1, x, &label};
    ht_calibration points;
    memcpy(net->weights[0]->data, w, sizeof w);
    assert_int_equal(ht_calibration_make(&points, net, &samples, 0, &err), HT_OK);
    ht_coreset_rows(&points, 0, w, 2, 2, false, s, room);
    const double most[] = {2.0 / 5, 12.0 / 13, 1, 1};
    for (int i = 0; i < 4; i++) assert_true(fabs((double)s[i] - most[i]) < 1e-6);
    ht_coreset_rows(&points, 0, w, 2, 2, true, s, room);
    const double mean[] = {(2.0 / 5 + 1.0 / 13) / 2, (3.0 / 5 + 12.0 / 13) / 2, 1, 1};
    for (int i = 0; i < 4; i++) assert_true(fabs((double)s[i] - mean[i]) < 1e-6);
    ht_calibration_free(&points);
    /* Filters give (5, 13) and (1, 0): rows read 18 + 5, 10 + 3 and less 13, nothing. */
    assert_int_equal(ht_calibration_make(&points, net, &samples, 0, &err), HT_OK);
    const float out[CLASSES * 4] = {1, 1, 5, 5, 2, -1, 3, 0, 0, 0, 0, 7};
    float channel[2] = {0}, patch[4];
    double parts[8];
    ht_coreset_channels(&points, 1, out, CLASSES, 4, 2, channel, patch, parts);
    assert_true(channel[0] == 1.0f && fabs((double)channel[1] - 3.0 / 13) < 1e-6);
    ht_calibration_free(&points);
    ht_network_free(net);
}

/* A filter that sees the whole picture is a neuron: CoreNet's own bits. */
static void a_filter_over_everything_is_a_neuron(void **state)
{
    (void)state;
    const ht_shape picture = {2, 4, 3};
    ht_network *net = network_of("conv 9 4x3", picture, false),
               *dense = network_of("dense 9", picture, false);
    ht_samples samples = samples_of(picture);
    ht_calibration a, b;
    float of_filter[24], of_neuron[24], room[24];
    double sum[HT_GROUPS];
    assert_int_equal(ht_calibration_make(&a, net, &samples, 0, &err), HT_OK);
    assert_int_equal(ht_calibration_make(&b, dense, &samples, 0, &err), HT_OK);
    for (int r = 0; r < 9; r++) {
        const float *w = net->weights[0]->data + (size_t)r * 24;
        ht_coreset_rows(&a, 0, w, 1, 24, false, of_filter, room);
        ht_coreset_row(&b, 0, w, 24, of_neuron, sum);
        assert_memory_equal(of_filter, of_neuron, sizeof of_filter);
    }
    ht_calibration_free(&a);
    ht_calibration_free(&b);
    small_samples_free(&samples);
    ht_network_free(net);
    ht_network_free(dense);
}

/* ---- pruning -------------------------------------------------------------------------------------- */

static ht_prune_spec spec_of(ht_prune_method method, ht_coreset_kind kind, double ratio,
                             const ht_samples *samples)
{
    return (ht_prune_spec){
        .method = method, .coreset = kind, .error = 0.1, .ratio = ratio, .seed = 3, .calibration = samples};
}

static bool is_gone(const ht_tensor *w, int row)
{
    for (int j = 0; j < w->columns; j++)
        if (w->data[row * w->columns + j] != 0.0f) return false;
    return w->bias->data[row] == 0.0f;
}

/* No channel that went was more sensitive to what reads it than one that stayed; it went with its bias. */
static void pfp_takes_the_least_sensitive_channels(void **state)
{
    (void)state;
    for (int k = 0; k < STACKS; k++) {
        ht_network *net = network_of(stacks[k].line, stacks[k].picture, true),
                   *cut = ht_network_copy(net, &err);
        ht_samples samples = samples_of(stacks[k].picture);
        ht_prune_reach reach = ht_prune_reach_of(net);
        ht_prune_spec spec = spec_of(HT_PRUNE_PFP, HT_CORESET_TOP, 0.5, &samples);
        ht_prune_result r;
        static double right[MOST];
        assert_int_equal(ht_prune_apply(cut, &spec, NULL, &r, &err), HT_OK);
        for (int l = 0; l < ht_network_hidden(net); l++) {
            double most_gone = 0, least_kept = 1;
            int channels = net->weights[l]->rows, gone = 0;
            twin(&stacks[k], net, &samples, l + 1, reach.each[l + 1], false, right);
            for (int c = 0; c < channels; c++) {
                double s = 0;
                for (int f = 0; f < net->weights[l + 1]->rows; f++) s = fmax(s, right[f * channels + c]);
                gone += is_gone(cut->weights[l], c);
                if (is_gone(cut->weights[l], c))
                    most_gone = fmax(most_gone, s);
                else
                    least_kept = fmin(least_kept, s);
            }
            assert_int_equal(gone, channels / 2);
            assert_int_equal(r.layers[l].removed, gone);
            assert_true(most_gone <= least_kept + 1e-5);
        }
        small_samples_free(&samples);
        ht_network_free(cut);
        ht_network_free(net);
    }
}

/* SiPP that keeps the most sensitive, of neurons CoreNet: what stays is as it was. */
static void top_takes_the_least_sensitive_weights_of_filters(void **state)
{
    (void)state;
    for (int k = 0; k < STACKS; k++) {
        ht_network *net = network_of(stacks[k].line, stacks[k].picture, true),
                   *cut = ht_network_copy(net, &err);
        ht_samples samples = samples_of(stacks[k].picture);
        ht_prune_spec spec = spec_of(HT_PRUNE_CORESET, HT_CORESET_TOP, 0.6, &samples);
        ht_prune_result r;
        static double right[MOST];
        assert_int_equal(ht_prune_apply(cut, &spec, NULL, &r, &err), HT_OK);
        for (int l = 0; l < net->weight_count; l++) {
            double most_gone = 0, least_kept = 1;
            size_t size = ht_tensor_size(net->weights[l]);
            twin(&stacks[k], net, &samples, l, 1, net->weights[l]->window[0] > 0, right);
            for (size_t i = 0; i < size; i++) {
                float w = cut->weights[l]->data[i];
                assert_true(w == 0.0f || w == net->weights[l]->data[i]);
                if (w == 0.0f)
                    most_gone = fmax(most_gone, right[i]);
                else
                    least_kept = fmin(least_kept, right[i]);
            }
            assert_int_equal(r.layers[l].removed, (int64_t)floor(0.6 * (double)size));
            assert_true(most_gone <= least_kept + 1e-5);
            if (net->weights[l]->bias)
                assert_memory_equal(cut->weights[l]->bias->data, net->weights[l]->bias->data,
                                    (size_t)net->weights[l]->rows * sizeof(float));
        }
        small_samples_free(&samples);
        ht_network_free(cut);
        ht_network_free(net);
    }
}

/* Σ over samples and places of the squared change of what the first filters give, before relu. */
static double moved(const stack *s, const ht_network *net, const ht_network *cut, const ht_samples *samples)
{
    static planes in;
    double sum = 0;
    for (int p = 0; p < COUNT; p++) {
        inputs_of(s, net, samples, p, 0, &in);
        ht_shape at = places_of(&s->layer[0], in.shape);
        for (int i = 0; i < ht_shape_values(at); i++) {
            int f = i / ht_shape_places(at), place = i % ht_shape_places(at);
            double z = 0;
            for (int j = 0; j < net->weights[0]->columns; j++)
                z += product(&s->layer[0], &in, net->weights[0], f, place / at.width, place % at.width, j) -
                     product(&s->layer[0], &in, cut->weights[0], f, place / at.width, place % at.width, j);
            sum += z * z;
        }
    }
    return sum;
}

/* Weights drawn are about as many as asked, their mean over seeds is the weight, and of several draws the
 * best moves filters less. */
static void draws_of_filters_are_unbiased(void **state)
{
    (void)state;
    enum { SEEDS = 400 };
    const stack *s = &stacks[1];
    ht_network *net = network_of(s->line, s->picture, true), *cut = ht_network_copy(net, &err);
    ht_samples samples = samples_of(s->picture);
    double by_kind[2] = {0}, mean[36] = {0}, square[36] = {0}, removed = 0;
    for (int seed = 0; seed < SEEDS; seed++)
        for (int kind = HT_CORESET_SAMPLED; kind <= HT_CORESET_BEST; kind++) {
            ht_prune_spec spec = spec_of(HT_PRUNE_CORESET, (ht_coreset_kind)kind, 0.4, &samples);
            ht_prune_result r;
            spec.seed = (uint64_t)seed;
            ht_network_assign(cut, net);
            assert_int_equal(ht_prune_apply(cut, &spec, NULL, &r, &err), HT_OK);
            by_kind[kind] += moved(s, net, cut, &samples);
            for (int i = 0; i < 36 && kind == HT_CORESET_SAMPLED; i++) {
                double w = (double)cut->weights[0]->data[i];
                mean[i] += w / SEEDS;
                square[i] += w * w / SEEDS;
            }
            removed += kind == HT_CORESET_SAMPLED ? r.ratio / SEEDS : 0;
        }
    assert_true(by_kind[HT_CORESET_BEST] < 0.7 * by_kind[HT_CORESET_SAMPLED]);
    assert_true(fabs(removed - 0.4) < 0.03);
    for (int i = 0; i < 36; i++) {
        double deviation = sqrt(fmax(0, square[i] - mean[i] * mean[i]) / SEEDS);
        assert_true(fabs(mean[i] - (double)net->weights[0]->data[i]) <= 4.5 * deviation + 1e-6);
    }
    small_samples_free(&samples);
    ht_network_free(cut);
    ht_network_free(net);
}

static const char *const lines[] = {
    "conv 11 3x3 same, pool 2, conv 9 3x3, dense 12",
    "conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), relu, pool 2, dense 9",
    "conv 4 3x3 same linear, norm, relu, conv 5 3x3, tanh, pool global",
};

enum { LINES = sizeof lines / sizeof lines[0] };

static void sums_and_norms_are_looked_through(void **state)
{
    (void)state;
    const uint64_t read_by[LINES][3] = {
        {1 << 1, 1 << 2, 1 << 3}, {1 << 1 | 1 << 3, 1 << 2, 1 << 3}, {2, 4, 0}};
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i], (ht_shape){2, 9, 9}, true);
        ht_prune_reach reach = ht_prune_reach_of(net);
        for (int w = 0; w < 3; w++) assert_int_equal(reach.read_by[w], read_by[i][w]);
        ht_network_free(net);
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    const ht_prune_method methods[] = {HT_PRUNE_PFP, HT_PRUNE_NORM_L1, HT_PRUNE_CORESET, HT_PRUNE_CORESET,
                                       HT_PRUNE_CORESET};
    ht_pool *pools[] = {small_pool(2), small_pool(7)};
    ht_samples samples = samples_of((ht_shape){2, 9, 9});
    for (int i = 0; i < LINES; i++)
        for (int m = 0; m < 5; m++)
            for (int scope = 0; scope < 2; scope++) {
                ht_network *net = network_of(lines[i], (ht_shape){2, 9, 9}, true),
                           *one = ht_network_copy(net, &err);
                ht_prune_spec spec =
                    spec_of(methods[m], m < 2 ? HT_CORESET_TOP : (ht_coreset_kind)(m - 2), 0.45, &samples);
                ht_prune_result of_one, r;
                spec.scope = (ht_prune_scope)scope;
                assert_int_equal(ht_prune_apply(one, &spec, NULL, &of_one, &err), HT_OK);
                assert_true(fabs(of_one.ratio - 0.45) < 0.12);
                for (int p = 0; p < 2; p++) {
                    ht_network *other = ht_network_copy(net, &err);
                    assert_int_equal(ht_prune_apply(other, &spec, pools[p], &r, &err), HT_OK);
                    assert_true(small_same(one, other));
                    assert_memory_equal(&r, &of_one, sizeof r);
                    ht_network_free(other);
                }
                ht_network_free(one);
                ht_network_free(net);
            }
    small_samples_free(&samples);
    for (int p = 0; p < 2; p++) ht_pool_free(pools[p]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_measured_as_by_plain_loops),
        cmocka_unit_test(channels_are_measured_as_by_plain_loops),
        cmocka_unit_test(every_build_adds_the_same_shares),
        cmocka_unit_test(a_known_case),
        cmocka_unit_test(a_filter_over_everything_is_a_neuron),
        cmocka_unit_test(pfp_takes_the_least_sensitive_channels),
        cmocka_unit_test(top_takes_the_least_sensitive_weights_of_filters),
        cmocka_unit_test(draws_of_filters_are_unbiased),
        cmocka_unit_test(sums_and_norms_are_looked_through),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
