/* Guards masks: a masked step is the plain step with the masked weights and their momentum set to zero after
 * it, bit for bit, whatever noise, momentum, decay and threads do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "num/linalg.h"
#include "nn/mask.h"
#include "num/rng.h"
#include "nn/step/step.h"

static ht_error err;

enum { COUNT = 20, INPUTS = 53, WIDTH = 301, CLASSES = 3 };

/* Whole rows, runs, single weights, both ends of every layer. */
static void punch(ht_network *net, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_SHUFFLE, 0);
    for (int l = 0; l < net->weight_count; l++) {
        ht_tensor *layer = net->weights[l];
        size_t columns = (size_t)layer->columns, size = ht_tensor_size(layer);
        for (int r = 0; r < layer->rows; r++)
            if (ht_rng_below(&rng, 4) == 0)
                memset(layer->data + (size_t)r * columns, 0, columns * sizeof(float));
        for (size_t i = 0; i < size; i++)
            if (ht_rng_below(&rng, 20) == 0) layer->data[i] = 0;
        layer->data[0] = layer->data[size - 1] = 0;
    }
}

typedef struct side {
    ht_network *net;
    ht_step *step;
} side;

static side make_side(int depth, bool momentum)
{
    side s;
    s.net = ht_network_new(INPUTS, WIDTH, depth, CLASSES, HT_RELU, false, &err);
    ht_network_init(s.net, 3, NULL);
    punch(s.net, 8);
    s.step = ht_step_new(s.net, COUNT, momentum, 8, &err);
    assert_non_null(s.step);
    return s;
}

static void free_side(side *s)
{
    ht_step_free(s->step);
    ht_network_free(s->net);
}

static void zero_slowly(side *s, char *const zero[])
{
    for (int l = 0; l < s->net->weight_count; l++)
        for (size_t i = 0; i < ht_tensor_size(s->net->weights[l]); i++) {
            if (!zero[l][i]) continue;
            s->net->weights[l]->data[i] = 0;
            if (ht_step_array(s->step, 0, l)) ht_step_array(s->step, 0, l)[i] = 0;
        }
}

static void compare(const side *a, const side *b, int depth)
{
    for (int l = 0; l <= depth; l++) {
        size_t bytes = ht_tensor_size(a->net->weights[l]) * sizeof(float);
        assert_memory_equal(a->net->weights[l]->data, b->net->weights[l]->data, bytes);
        if (ht_step_array(a->step, 0, l))
            assert_memory_equal(ht_step_array(a->step, 0, l), ht_step_array(b->step, 0, l), bytes);
    }
}

static void masked_and_slow(int depth, int type, bool momentum, int threads)
{
    static float x[COUNT * INPUTS];
    int32_t labels[COUNT];
    ht_rng rng;
    ht_rng_init(&rng, 5, HT_STREAM_SHUFFLE, 0);
    for (int i = 0; i < COUNT * INPUTS; i++) x[i] = (float)ht_rng_below(&rng, 2000) / 1000 - 1;
    for (int i = 0; i < COUNT; i++) labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    side fast = make_side(depth, momentum), slow = make_side(depth, momentum);
    char *zero[HT_WEIGHTS_MAX];
    for (int l = 0; l <= depth; l++) {
        size_t size = ht_tensor_size(slow.net->weights[l]);
        zero[l] = malloc(size);
        for (size_t i = 0; i < size; i++) zero[l][i] = slow.net->weights[l]->data[i] == 0;
    }
    ht_pool *pool = ht_pool_new(threads, &err);
    ht_mask *mask = ht_mask_new(fast.net, &err);
    ht_mask_take_zeros(mask, fast.net);
    ht_hyper hyper = {.lr = 0.1,
                      .momentum = momentum ? 0.8 : 0,
                      .weight_decay = 0.01,
                      .train_output = true,
                      .input_bound = 10,
                      .noise_scale = type == HT_NOISE_NONE ? 0 : 0.1,
                      .noise = {.type = (ht_noise_type)type, .alpha = 1.5, .seed = 3}};
    for (int k = 0; k < 4; k++) {
        hyper.noise.step = (uint64_t)k;
        hyper.mask = NULL;
        ht_step_run(slow.step, slow.net, x, labels, COUNT, &hyper, NULL);
        zero_slowly(&slow, zero);
        hyper.mask = mask;
        assert_null(ht_step_run(fast.step, fast.net, x, labels, COUNT, &hyper, pool).refused);
        compare(&fast, &slow, depth);
    }
    /* And the rest has moved: a mask that zeroes too much is no mask. */
    for (int l = 0; l <= depth; l++)
        for (size_t i = 0; i < ht_tensor_size(slow.net->weights[l]); i++)
            assert_true((fast.net->weights[l]->data[i] == 0) == (zero[l][i] != 0));
    for (int l = 0; l <= depth; l++) free(zero[l]);
    ht_mask_free(mask);
    ht_pool_free(pool);
    free_side(&fast);
    free_side(&slow);
}

static void a_masked_step_is_a_step_and_then_zeros(void **state)
{
    (void)state;
    for (int depth = 1; depth <= 3; depth++)
        for (int type = HT_NOISE_NONE; type <= HT_NOISE_ISOTROPIC; type++)
            for (int threads = 1; threads <= 3; threads++)
                masked_and_slow(depth, type, type % 2 == 0, threads);
}

/* Every start and length against the definition, with kept runs longer than 64 among them. */
static void a_mask_applies_to_any_part_of_a_layer(void **state)
{
    (void)state;
    enum { SIZE = 3 * 131 };
    ht_network *net = ht_network_new(131, 3, 1, 2, HT_RELU, false, &err);
    ht_mask *mask = ht_mask_new(net, &err);
    float w[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        net->weights[0]->data[i] = (i > 100 && i < 260) || i % 7 == 3 ? 1.0f : i % 2 ? 0.0f : -0.0f;
    ht_mask_take_zeros(mask, net);
    for (size_t first = 0; first < SIZE; first += 3)
        for (size_t count = 0; first + count <= SIZE; count += 1 + count / 5) {
            for (size_t i = 0; i < SIZE; i++) w[i] = -2.0f;
            ht_mask_apply(mask, 0, first, count, w + first);
            for (size_t i = 0; i < SIZE; i++) {
                bool zero = i >= first && i < first + count && net->weights[0]->data[i] == 0;
                assert_true(ht_mask_trains(mask, 0, i) == (net->weights[0]->data[i] != 0));
                assert_true(w[i] == (zero ? 0.0f : -2.0f));
            }
        }
    ht_mask_free(mask);
    ht_network_free(net);
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_masked_step_is_a_step_and_then_zeros),
        cmocka_unit_test(a_mask_applies_to_any_part_of_a_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
