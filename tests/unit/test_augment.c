/* Guards data.augment: what becomes of a picture is a flip and a shift, as an obvious twin makes them,
 * decided by seed, step and place alone; a run with it is the same on any threads and over any interruption.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/augment.h"
#include "unit/scratch.h"
#include "unit/small.h"

enum { CHANNELS = 4, HEIGHT = 13, WIDTH = 15, INPUTS = CHANNELS * HEIGHT * WIDTH, REACH = HT_AUGMENT_REACH };

static ht_error err;
static ht_dataset *pictures;
static float picture[INPUTS];
static const ht_dataset odd = {.name = "odd",
                               .inputs = INPUTS,
                               .channels = CHANNELS,
                               .height = HEIGHT,
                               .width = WIDTH,
                               .mean = {0.25f, 0.5f, 0.75f},
                               .std = {0.5f, 0.25f, 0.125f}};

static int make(void **state)
{
    pictures = ht_dataset_load("pictures-synth",
                               &(ht_data_options){.seed = 1, .train_limit = 70, .test_limit = 10}, &err);
    if (!pictures) return -1;
    for (int i = 0; i < INPUTS; i++) picture[i] = 1 + (float)i; /* all different, none of them padding */
    return scratch_make(state);
}

static int unmake(void **state)
{
    ht_dataset_free(pictures);
    return scratch_remove(state);
}

/* The twin: turned over, laid into a larger picture of padding, and cut out again. */
static void twin(bool flip, int down, int right, float *to)
{
    static const float padding[CHANNELS] = {-0.5f, -2, -6, -0.5f};
    static float wide[CHANNELS][HEIGHT + 2 * REACH][WIDTH + 2 * REACH];
    for (int k = 0; k < CHANNELS; k++)
        for (int h = 0; h < HEIGHT + 2 * REACH; h++)
            for (int w = 0; w < WIDTH + 2 * REACH; w++) wide[k][h][w] = padding[k];
    for (int k = 0; k < CHANNELS; k++)
        for (int h = 0; h < HEIGHT; h++)
            for (int w = 0; w < WIDTH; w++)
                wide[k][h + REACH][w + REACH] =
                    picture[(k * HEIGHT + h) * WIDTH + (flip ? WIDTH - 1 - w : w)];
    for (int k = 0; k < CHANNELS; k++)
        for (int h = 0; h < HEIGHT; h++)
            for (int w = 0; w < WIDTH; w++)
                to[(k * HEIGHT + h) * WIDTH + w] = wide[k][h + REACH - down][w + REACH - right];
}

typedef struct change {
    int flip, down, right;
} change;

/* Which of all flips and shifts it was; exactly one. */
static change change_of(ht_augment how, uint64_t seed, uint64_t step, uint32_t place)
{
    float to[INPUTS], wanted[INPUTS];
    change found = {-1, 0, 0};
    int count = 0;
    ht_augment_sample(how, &odd, seed, step, place, picture, to);
    for (int flip = 0; flip < 2; flip++)
        for (int down = -REACH; down <= REACH; down++)
            for (int right = -REACH; right <= REACH; right++) {
                twin(flip, down, right, wanted);
                if (memcmp(to, wanted, sizeof to) != 0) continue;
                found = (change){flip, down, right};
                count++;
            }
    if (count != 1) fail_msg("choice %d, step %d, place %u: %d twins", how, (int)step, place, count);
    return found;
}

static void a_picture_is_flipped_and_shifted_as_its_twin_is(void **state)
{
    (void)state;
    int flips = 0, down[2 * REACH + 1] = {0}, right[2 * REACH + 1] = {0};
    enum { STEPS = 12, PLACES = 12 };
    for (uint64_t step = 0; step < STEPS; step++)
        for (uint32_t place = 0; place < PLACES; place++) {
            change both = change_of(HT_AUGMENT_FLIP_SHIFT, 3, step, place);
            change flip = change_of(HT_AUGMENT_FLIP, 3, step, place);
            change shift = change_of(HT_AUGMENT_SHIFT, 3, step, place);
            change none = change_of(HT_AUGMENT_NONE, 3, step, place);
            assert_true(flip.flip == both.flip && flip.down == 0 && flip.right == 0);
            assert_true(shift.flip == 0 && shift.down == both.down && shift.right == both.right);
            assert_true(none.flip == 0 && none.down == 0 && none.right == 0);
            flips += both.flip, down[both.down + REACH]++, right[both.right + REACH]++;
        }
    /* Even chances: 144 draws, within five deviations. */
    assert_true(abs(flips - 72) < 30);
    for (int i = 0; i <= 2 * REACH; i++) assert_true(abs(down[i] - 16) < 16 && abs(right[i] - 16) < 16);
}

/* Another seed, step or place draws anew; the same draws the same. */
static void seed_step_and_place_decide(void **state)
{
    (void)state;
    float first[INPUTS], other[INPUTS];
    int same = 0;
    for (uint32_t i = 0; i < 200; i++) {
        ht_augment_sample(HT_AUGMENT_FLIP_SHIFT, &odd, 1, i, 7, picture, first);
        ht_augment_sample(HT_AUGMENT_FLIP_SHIFT, &odd, 1, i, 7, picture, other);
        assert_memory_equal(first, other, sizeof first);
        ht_augment_sample(HT_AUGMENT_FLIP_SHIFT, &odd, 2, i, 7, picture, other);
        same += memcmp(first, other, sizeof first) == 0;
        ht_augment_sample(HT_AUGMENT_FLIP_SHIFT, &odd, 1, i, 8, picture, other);
        same += memcmp(first, other, sizeof first) == 0;
        ht_augment_sample(HT_AUGMENT_FLIP_SHIFT, &odd, 1, i + 1000, 7, picture, other);
        same += memcmp(first, other, sizeof first) == 0;
    }
    assert_true(same < 20); /* one in 162 is so by chance */
}

/* A picture of 2 × 5 pixels is shifted by 0 rows and at most a column. */
static void small_pictures_stay_in_sight(void **state)
{
    (void)state;
    static const ht_dataset tiny = {.inputs = 10, .channels = 1, .height = 2, .width = 5, .std = {1, 1, 1}};
    float to[10];
    for (uint64_t step = 0; step < 50; step++) {
        int there = 0;
        ht_augment_sample(HT_AUGMENT_SHIFT, &tiny, 1, step, 0, picture, to);
        for (int i = 0; i < 10; i++) there += to[i] > 0;
        assert_true(there == 10 || there == 8);
    }
}

static void only_pictures_can_be_augmented(void **state)
{
    (void)state;
    ht_dataset *series = small_data(20, 10);
    ht_params params = small_params();
    assert_int_equal(ht_augment_check(HT_AUGMENT_NONE, series, &err), HT_OK);
    ht_params_put(&params, HT_P_DATA_AUGMENT, HT_AUGMENT_FLIP);
    assert_null(ht_trainer_new(&params, series, NULL, &err));
    assert_int_equal(err.code, HT_USAGE);
    assert_non_null(strstr(err.text, "data.augment: the samples of 'ecg-synth' are 1 × 1 × 140 and are no "
                                     "pictures"));
    ht_dataset_free(series);
    ht_dataset *rows = ht_dataset_load("teacher:6x2x20", &(ht_data_options){.seed = 1}, &err);
    assert_int_equal(ht_augment_check(HT_AUGMENT_SHIFT, rows, &err), HT_USAGE);
    assert_non_null(strstr(err.text, "have no shape"));
    ht_dataset_free(rows);
}

/* Black may be further from 0 than any training pixel is: the overflow guard must know. */
static void what_moves_in_is_bounded(void **state)
{
    (void)state;
    assert_true(ht_augment_bound(HT_AUGMENT_SHIFT, &odd) == 6);
    assert_true(ht_augment_bound(HT_AUGMENT_FLIP_SHIFT, &odd) == 6);
    assert_true(ht_augment_bound(HT_AUGMENT_FLIP, &odd) == 0 && ht_augment_bound(HT_AUGMENT_NONE, &odd) == 0);
    for (int c = 0; c < 3; c++)
        assert_true(fabsf(ht_augment_padding(pictures, c) * pictures->std[c] + pictures->mean[c]) < 1e-6f);
}

static ht_params augmented(ht_augment how)
{
    ht_params params = small_params();
    ht_params_put(&params, HT_P_DATA_AUGMENT, how);
    ht_params_put(&params, HT_P_TRAIN_LR, 0.01);
    ht_params_put(&params, HT_P_MODEL_WIDTH, 300); /* two shards */
    return params;
}

/* A batch of one sample: the trainer beside one without augmentation whose sample is changed by hand. */
static void a_step_trains_on_the_changed_picture(void **state)
{
    (void)state;
    ht_data_options one = {.seed = 1, .train_limit = 1, .test_limit = 10};
    ht_dataset *as_it_is = ht_dataset_load("pictures-synth", &one, &err),
               *by_hand = ht_dataset_load("pictures-synth", &one, &err);
    ht_params params = augmented(HT_AUGMENT_FLIP_SHIFT), plain = augmented(HT_AUGMENT_NONE);
    ht_trainer *a = small_trainer(&params, as_it_is, NULL), *b = small_trainer(&plain, by_hand, NULL);
    for (uint64_t step = 0; step < 12; step++) {
        ht_augment_sample(HT_AUGMENT_FLIP_SHIFT, as_it_is, 1, step, 0, as_it_is->train.x, by_hand->train.x);
        small_train(a, 1);
        small_train(b, 1);
        assert_true(small_same(ht_trainer_network(a), ht_trainer_network(b)));
    }
    ht_trainer_free(a);
    ht_trainer_free(b);
    ht_dataset_free(as_it_is);
    ht_dataset_free(by_hand);
}

static ht_network *trained(ht_augment how, int threads)
{
    ht_params params = augmented(how);
    ht_pool *pool = small_pool(threads);
    ht_trainer *t = small_trainer(&params, pictures, pool);
    small_train(t, 6);
    ht_network *net = small_copy(t);
    ht_trainer_free(t);
    ht_pool_free(pool);
    return net;
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    ht_network *plain = trained(HT_AUGMENT_NONE, 1), *before = plain;
    for (int how = HT_AUGMENT_FLIP; how <= HT_AUGMENT_FLIP_SHIFT; how++) {
        ht_network *one = trained((ht_augment)how, 1);
        for (int threads = 2; threads <= 7; threads += 5) {
            ht_network *more = trained((ht_augment)how, threads);
            if (!small_same(one, more)) fail_msg("choice %d: %d threads differ", how, threads);
            ht_network_free(more);
        }
        assert_false(small_same(one, before)); /* it did something */
        if (before != plain) ht_network_free(before);
        before = one;
    }
    ht_network_free(before);
    ht_network_free(plain);
}

static void a_run_goes_on_as_if_uninterrupted(void **state)
{
    (void)state;
    const char *path = scratch_path("checkpoint");
    ht_params params = augmented(HT_AUGMENT_FLIP_SHIFT);
    ht_trainer *whole = small_trainer(&params, pictures, NULL),
               *rest = small_trainer(&params, pictures, NULL);
    small_train(whole, 5);
    if (ht_checkpoint_write(path, whole, &err) != HT_OK) fail_msg("%s", err.text);
    small_train(whole, 5);
    small_train(rest, 2); /* what it did before must not matter */
    if (ht_checkpoint_read(path, rest, &err) != HT_OK) fail_msg("%s", err.text);
    small_train(rest, 5);
    assert_true(small_same(ht_trainer_network(whole), ht_trainer_network(rest)));
    ht_trainer_free(whole);
    ht_trainer_free(rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_flipped_and_shifted_as_its_twin_is),
        cmocka_unit_test(seed_step_and_place_decide),
        cmocka_unit_test(small_pictures_stay_in_sight),
        cmocka_unit_test(only_pictures_can_be_augmented),
        cmocka_unit_test(what_moves_in_is_bounded),
        cmocka_unit_test(a_step_trains_on_the_changed_picture),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(a_run_goes_on_as_if_uninterrupted),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
