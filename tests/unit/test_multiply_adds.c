/* test_multiply_adds.c - multiply-adds of networks and of what pruning leaves, against a count that walks
 * through every place, unit and weight of the forward pass; and of a run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/checkpoint.h"
#include "heavytail/prune.h"
#include "nn/layers/layer.h"
#include "nn/layers/multiply_adds.h"
#include "num/rng.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;

static const char *const lines[] = {
    "dense 30",
    "dense 20, dense 15 tanh",
    "conv 6 3x3 same, pool 2, dense n",
    "conv 6 3x3 stride 2 pad 1, conv 5 2x2, dense 7 tanh, dense n",
    "conv 6 3x3 same, pool 3 stride 2 avg, tanh, conv 7 1x1, pool global",
    "conv 5 3x3 leaky-relu, dropout 0.3, dense 9, dropout 0.5",
    "conv 4 3x3 same, res(conv 6 3x3 same, conv 4 3x3 same linear), relu, pool 2, dense n",
    "conv 4 3x3 same, res(conv 6 3x3 stride 2 same, conv 5 3x3 same linear), relu, dense n",
    "conv 4 3x3 same linear, norm, relu, conv 5 3x3, dense n",
};
enum { LINES = sizeof lines / sizeof lines[0] };

static ht_network *network_of(const char *line)
{
    ht_params p;
    ht_params_init(&p);
    ht_params_put(&p, HT_P_MODEL_WIDTH, 11);
    ht_params_put(&p, HT_P_MODEL_BIAS, 1);
    assert_int_equal(ht_params_set(&p, "model.layers", line, &err), HT_OK);
    ht_network *net = ht_network_of(&p, (ht_shape){2, 9, 8}, 3, &err);
    if (!net) fail_msg("%s: %s", line, err.text);
    ht_network_init(net, 5, NULL);
    return net;
}

/* One by one: at every place that fits, for each unit, each weight. `every`: zeros, too. */
static double twin(const ht_network *net, bool every)
{
    double count = 0;
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        if (layer->weight < 0) continue;
        const ht_tensor *w = net->weights[layer->weight];
        bool filters = w->flags & HT_TENSOR_FILTERS;
        int pad = !filters ? 0 : layer->pad == HT_PAD_SAME ? layer->window[0] / 2 : layer->pad;
        int tall = filters ? layer->in.height + 2 * pad : 1, wide = filters ? layer->in.width + 2 * pad : 1;
        int kh = filters ? layer->window[0] : 1, kw = filters ? layer->window[1] : 1;
        int step = filters ? layer->stride : 1;
        for (int y = 0; y + kh <= tall; y += step)
            for (int x = 0; x + kw <= wide; x += step)
                for (int unit = 0; unit < w->rows; unit++)
                    for (int j = 0; j < w->columns; j++)
                        if (every || w->data[(size_t)unit * (size_t)w->columns + (size_t)j] != 0) count++;
    }
    return count;
}

static void networks_are_counted_place_by_place(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 9, HT_STREAM_TEST, 0);
    for (int i = 0; i < LINES; i++) {
        ht_network *net = network_of(lines[i]);
        assert_true(ht_network_multiply_adds(net) == twin(net, false));
        for (int w = 0; w < net->weight_count; w++)
            for (size_t k = 0; k < ht_tensor_size(net->weights[w]); k++)
                if (ht_rng_below(&rng, 3) == 0) net->weights[w]->data[k] = 0;
        assert_true(ht_network_multiply_adds(net) == twin(net, false));
        assert_true(ht_multiply_adds_whole(net) == twin(net, true));
        assert_true(twin(net, false) < twin(net, true));
        ht_mask *mask = ht_mask_new(net, &err);
        assert_true(ht_multiply_adds_trained(net, mask) == twin(net, true));
        ht_mask_take_zeros(mask, net);
        assert_true(ht_multiply_adds_trained(net, mask) == twin(net, false));
        assert_true(ht_multiply_adds_trained(net, NULL) == twin(net, true));
        ht_mask_free(mask);
        ht_network_free(net);
    }
}

/* By units: the smaller network is counted; single weights: those that are left. */
static void prunings_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < LINES; i++) {
        const ht_prune_method methods[] = {HT_PRUNE_NODE, HT_PRUNE_MAGNITUDE, HT_PRUNE_MAGNITUDE_LAYER};
        for (int m = 0; m < 3; m++) {
            ht_network *net = network_of(lines[i]);
            ht_prune_spec spec = {.method = methods[m], .ratio = 0.4, .error = 0.1};
            ht_prune_result r;
            double whole = twin(net, true);
            assert_int_equal(ht_prune_apply(net, &spec, NULL, &r, &err), HT_OK);
            if (m == 0) assert_int_equal(ht_prune_compact(net, &err), HT_OK);
            assert_true(r.multiply_adds == whole);
            if (r.multiply_adds_left != twin(net, m == 0))
                fail_msg("%s by %s: %g, %g", lines[i], ht_prune_at(methods[m])->name, r.multiply_adds_left,
                         twin(net, m == 0));
            ht_network_free(net);
        }
    }
}

/* Every point of a curve says what pruning there leaves. */
static void curves_say_the_share(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 2, HT_STREAM_TEST, 0);
    float x[20 * 144];
    int32_t labels[20];
    for (int i = 0; i < 20 * 144; i++) x[i] = (float)ht_rng_uniform(&rng) - 0.5f;
    for (int i = 0; i < 20; i++) labels[i] = i % 3;
    ht_samples samples = {.count = 20, .x = x, .labels = labels};
    for (int i = 0; i < LINES; i++)
        for (int m = 0; m < HT_PRUNE_METHODS; m++) {
            ht_network *net = network_of(lines[i]);
            ht_prune_spec spec = {.method = (ht_prune_method)m,
                                  .ratio = 0.5,
                                  .seed = 1,
                                  .calibration = &samples,
                                  .coreset = HT_CORESET_TOP,
                                  .brief = true};
            ht_prune_curve curve;
            if (ht_prune_curve_make(&curve, net, &samples, &spec, NULL, &err) != HT_OK)
                fail_msg("%s", err.text);
            assert_true(curve.points[0].compute == 1);
            for (int k = 0; k < curve.count; k += 3) {
                ht_prune_result r;
                spec.ratio = (double)curve.points[k].removed / (double)curve.units;
                if (ht_network_hidden(net) > 1) spec.ratio = curve.points[k].ratio;
                assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
                if (r.removed == curve.points[k].removed)
                    assert_true(fabs(curve.points[k].compute - r.multiply_adds_left / r.multiply_adds) <
                                1e-12);
            }
            ht_prune_curve_free(&curve);
            ht_network_free(net);
        }
}

/* Three times the forward pass for each sample of each batch, by the mask in force at that step; through
 * checkpoints, and nothing where a file of an older program does not say. */
static void a_run_adds_up_its_steps(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    ht_params params = small_params();
    ht_params_put(&params, HT_P_OCCAM_LAMBDA0, 0.3);
    ht_trainer *t = small_trainer(&params, data, NULL);
    double sum = 0;
    for (int step = 0; step < 40; step++) {
        int batch = step % 7 == 6 ? 8 : 32; /* 200 = 6 · 32 + 8 */
        ht_network *net = ht_trainer_network(t);
        double forward = step < 7 ? twin(net, true) : twin(net, false);
        assert_true(ht_trainer_multiply_adds(t) == forward);
        sum += 3 * forward * batch;
        small_train(t, 1);
        assert_true(ht_trainer_compute(t) == sum);
    }
    size_t count;
    const ht_occam_epoch *rows = ht_trainer_occam(t, &count);
    assert_int_equal(count, 5);
    assert_true(rows[4].compute < sum && rows[4].compute > rows[3].compute);
    assert_true(rows[4].multiply_adds == ht_trainer_multiply_adds(t));
    ht_checkpoint now = ht_checkpoint_of(t);
    now.state.compute = HT_UNCOUNTED;
    const char *path = scratch_path("uncounted");
    assert_int_equal(ht_checkpoint_save(path, &now, &err), HT_OK);
    ht_trainer *other = small_trainer(&params, data, NULL);
    assert_int_equal(ht_checkpoint_read(path, other, &err), HT_OK);
    small_train(other, 3);
    assert_true(isnan(ht_trainer_compute(other)));
    ht_trainer_reset(other, 1);
    assert_true(ht_trainer_compute(other) == 0);
    ht_trainer_free(other);
    ht_trainer_free(t);
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_counted_place_by_place),
        cmocka_unit_test(prunings_are_counted),
        cmocka_unit_test(curves_say_the_share),
        cmocka_unit_test(a_run_adds_up_its_steps),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
