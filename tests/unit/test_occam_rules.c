/* test_occam_rules.c - the published rule of Occam gradient descent against a slow twin of the released code
 * (plain loops, sorting), pruning step by step by any method, epochs of so many targets, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/checkpoint.h"
#include "engine/validation.h"
#include "nn/occam.h"
#include "num/rng.h"
#include "params/batch.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;

/* ---- the released code, told again in plain loops ---------------------------------------------- */

enum { MOST = 64 };

typedef struct released { /* what its script keeps from epoch to epoch */
    double lambda0, lambda;
    double loss[MOST];
    int epochs;
} released;

/* From the third epoch on λ is clip(ζ λ). */
static double released_lambda(released *r, double loss)
{
    int i = r->epochs++;
    r->loss[i] = loss;
    if (i == 0) r->lambda = r->lambda0;
    if (i > 1) {
        double zeta = (r->loss[i] - r->loss[i - 1]) / (r->loss[i - 1] - r->loss[i - 2]);
        r->lambda = zeta * r->lambda;
        if (r->lambda < 0.1 * r->lambda0) r->lambda = 0.1 * r->lambda0;
        if (r->lambda > r->lambda0) r->lambda = r->lambda0;
    }
    return r->lambda;
}

static int upwards(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* keep[i] = 1 where |w| is not below the quantile of those that are not 0, linear between order statistics.
 */
static void released_mask(const ht_tensor *weight, double lambda, unsigned char *keep)
{
    size_t size = ht_tensor_size(weight), n = 0;
    double *v = calloc(size, sizeof *v);
    for (size_t i = 0; i < size; i++)
        if (weight->data[i] != 0) v[n++] = fabs((double)weight->data[i]);
    qsort(v, n, sizeof *v, upwards);
    double h = (double)(n - 1) * lambda, low = floor(h);
    size_t at = (size_t)low;
    double q = v[at] + (at + 1 < n ? (v[at + 1] - v[at]) * (h - low) : 0);
    for (size_t i = 0; i < size; i++) keep[i] = !(fabs((double)weight->data[i]) < q);
    free(v);
}

static void the_published_lambda_is_clipped_alone(void **state)
{
    (void)state;
    static const struct {
        double loss, published, ours;
    } epochs[] = {
        {1.00, 0.4, 0.4},   {0.60, 0.4, 0.4},  {0.40, 0.2, 0.2}, /* ζ = 1/2 */
        {0.44, 0.04, 0.04},                                      /* worse: ζ < 0 */
        {0.54, 0.1, 0.04},                                       /* worse again: ζ = 2.5 */
        {0.84, 0.3, 0.04},                                       /* and again: ζ = 3 */
        {0.54, 0.04, 0.04},                                      /* ζ = -1 */
        {0.54, 0.04, 0.04},                                      /* ζ = 0 */
        {0.54, 0.04, 0.04},                                      /* ζ = 0 / 0: there the script ends */
        {0.50, 0.04, 0.04},                                      /* ζ = -Inf */
        {0.50, 0.04, 0.04}, {0.60, 0.4, 0.04},                   /* ζ = +Inf */
    };
    ht_occam published = {0}, ours = {0};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        double p = ht_occam_update(&published, HT_OCCAM_PUBLISHED, 0.4, epochs[i].loss);
        double o = ht_occam_update(&ours, HT_OCCAM_OURS, 0.4, epochs[i].loss);
        if (fabs(p - epochs[i].published) > 1e-12 || fabs(o - epochs[i].ours) > 1e-12)
            fail_msg("epoch %zu: %g, %g", i + 1, p, o);
    }
}

/* What NumPy 1.24 makes of it: np.where(abs(w) < np.quantile(abs(w)[w != 0], lam), 0, 1). */
static void masks_are_those_of_numpy(void **state)
{
    (void)state;
    static const float w[10] = {0.5f, -0.25f, 0, 0.125f, -1, 0.25f, 0.75f, 0, -0.25f, 2};
    static const struct {
        double lambda;
        const char *keep;
    } cases[] = {
        {0, "1101111011"},       {0.1, "1100111011"}, /* h = 0.7: one goes */
        {0.2, "1100111011"},                          /* h = 1.4: between equal ones */
        {3.0 / 7, "1100111011"},                      /* h = 3: those below the third, which is the same */
        {0.5, "1000101001"},                          /* h = 3.5: all three equal ones go */
        {0.9, "0000000001"},
    };
    ht_network *net = ht_network_new(10, 1, 1, 2, HT_RELU, false, &err);
    ht_mask *mask = ht_mask_new(net, &err);
    net->weights[1]->data[0] = 1;
    memcpy(net->weights[0]->data, w, sizeof w);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        ht_occam_mask(mask, net, cases[c].lambda);
        for (size_t i = 0; i < 10; i++)
            if (ht_mask_trains(mask, ht_tensor_index(net, net->weights[0]), i) != (cases[c].keep[i] == '1'))
                fail_msg("lambda %g: weight %zu", cases[c].lambda, i);
    }
    assert_memory_equal(net->weights[0]->data, w, sizeof w);
    memset(net->weights[0]->data, 0, sizeof w);
    ht_occam_mask(mask, net, 0.5); /* nothing is left to rank */
    assert_true(!ht_mask_trains(mask, 0, 0));
    ht_mask_free(mask);
    ht_network_free(net);
}

static ht_params rule_params(ht_occam_rule rule, ht_prune_method method)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_OCCAM_LAMBDA0, 0.3);
    ht_params_put(&p, HT_P_OCCAM_HOLDOUT, 0.2);
    ht_params_put(&p, HT_P_OCCAM_RULE, rule);
    ht_params_put(&p, HT_P_OCCAM_METHOD, method);
    return p;
}

/* The kinds of runs: momentum, an optimizer, convolutions, biases. */
static ht_params kind_of_run(int kind, ht_occam_rule rule, ht_prune_method method)
{
    ht_params p = rule_params(rule, method);
    if (kind == 1) ht_params_put(&p, HT_P_TRAIN_MOMENTUM, 0.9);
    if (kind == 2) ht_params_put(&p, HT_P_TRAIN_OPTIMIZER, 1);
    if (kind == 2) ht_params_put(&p, HT_P_TRAIN_LR, 0.001);
    if (kind == 3)
        assert_int_equal(ht_params_set(&p, "model.layers", "dense 20, dense 12 tanh, dense 9", &err), HT_OK);
    if (kind >= 2) ht_params_put(&p, HT_P_MODEL_BIAS, 1);
    return p;
}

enum { KINDS = 4, STEPS = 5 /* of an epoch: 160 samples by 32 */ };

static void assert_mask(const ht_mask *mask, const ht_network *net, unsigned char *const keep[], int epoch)
{
    for (int w = 0; w < net->weight_count; w++)
        for (size_t i = 0; i < ht_tensor_size(net->weights[w]); i++)
            if (ht_mask_trains(mask, ht_tensor_index(net, net->weights[w]), i) != keep[w][i])
                fail_msg("epoch %d, matrix %d, weight %zu", epoch, w, i);
}

/* A trainer in the state of another, but for the mask. */
static void copy_unmasked(ht_trainer *to, ht_trainer *from)
{
    ht_checkpoint *c = ht_checkpoint_new(from, &err);
    assert_int_equal(ht_checkpoint_take(c, from, NULL, &err), HT_OK);
    c->mask = NULL;
    assert_int_equal(ht_checkpoint_restore(c, to, NULL, &err), HT_OK);
    ht_checkpoint_free(c);
}

/* The step after an epoch is one of the unpruned network, of which what the twin's mask drops is then zeroed.
 */
static void assert_next_step(ht_trainer *t, ht_trainer *plain, unsigned char *const keep[], int epoch)
{
    copy_unmasked(plain, t);
    small_train(t, 1);
    small_train(plain, 1);
    ht_network *net = ht_trainer_network(plain);
    for (int w = 0; w < net->weight_count; w++)
        for (size_t i = 0; i < ht_tensor_size(net->weights[w]); i++)
            if (!keep[w][i]) net->weights[w]->data[i] = 0;
    if (!small_same(net, ht_trainer_network(t))) fail_msg("epoch %d: the next step is another", epoch);
}

static void a_published_run_is_the_slow_twin_s(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    for (int kind = 0; kind < KINDS; kind++) {
        ht_params params = kind_of_run(kind, HT_OCCAM_PUBLISHED, HT_PRUNE_MAGNITUDE_LAYER);
        ht_trainer *t = small_trainer(&params, data, NULL), *plain = small_trainer(&params, data, NULL);
        ht_network *net = ht_trainer_network(t);
        released twin = {.lambda0 = 0.3};
        unsigned char *keep[8] = {NULL};
        for (int w = 0; w < net->weight_count; w++) keep[w] = malloc(ht_tensor_size(net->weights[w]));
        small_train(t, STEPS);
        for (int epoch = 1; epoch <= 12; epoch++) {
            size_t count;
            const ht_occam_epoch *row = &ht_trainer_occam(t, &count)[epoch - 1];
            double lambda = released_lambda(&twin, row->loss);
            assert_int_equal(count, epoch);
            assert_true(row->lambda == lambda);
            for (int w = 0; w < net->weight_count; w++) released_mask(net->weights[w], lambda, keep[w]);
            assert_mask(ht_trainer_mask(t), net, keep, epoch);
            size_t left = 0, all = 0;
            for (int w = 0; w < net->weight_count; w++)
                for (size_t i = 0; i < ht_tensor_size(net->weights[w]); i++) left += keep[w][i], all++;
            assert_true(row->kept == (double)left / (double)all);
            assert_next_step(t, plain, keep, epoch);
            small_train(t, STEPS - 1);
        }
        for (int w = 0; w < net->weight_count; w++) free(keep[w]);
        ht_trainer_free(t);
        ht_trainer_free(plain);
    }
    ht_dataset_free(data);
}

/* n - int(n (1 - f)) of them, as the script counts; who they are is heard of in no weight. */
static void the_published_rule_holds_back_the_last_samples(void **state)
{
    (void)state;
    ht_params params = rule_params(HT_OCCAM_PUBLISHED, HT_PRUNE_MAGNITUDE_LAYER);
    static const struct {
        double share;
        size_t samples, held;
    } cases[] = {{0.1, 60000, 6000}, {0.3, 10, 3}, {0.1, 15, 2},
                 {0.05, 7, 1},       {0, 7, 0},    {0.5, 1000001, 500001}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_params_put(&params, HT_P_OCCAM_HOLDOUT, cases[i].share);
        assert_int_equal(ht_held_back(&params, cases[i].samples), cases[i].held);
    }
    enum { SAMPLES = 40, HELD = 10 };
    ht_dataset *data = small_data(SAMPLES, 10);
    ht_params_put(&params, HT_P_OCCAM_HOLDOUT, 0.25);
    ht_params_put(&params, HT_P_OCCAM_LAMBDA0, 0);
    ht_params_put(&params, HT_P_TRAIN_BATCH, 10);
    ht_trainer *t = small_trainer(&params, data, NULL);
    small_train(t, 3);
    for (int i = 0; i < SAMPLES; i++) {
        data->train.labels[i] = 1 - data->train.labels[i];
        ht_trainer *other = small_trainer(&params, data, NULL);
        small_train(other, 3);
        assert_int_equal(small_same(ht_trainer_network(t), ht_trainer_network(other)), i >= SAMPLES - HELD);
        data->train.labels[i] = 1 - data->train.labels[i];
        ht_trainer_free(other);
    }
    ht_trainer_free(t);
    ht_dataset_free(data);
}

/* ---- any method -------------------------------------------------------------------------------- */

static bool by_rows(ht_prune_method m)
{
    return strcmp(ht_prune_at(m)->unit, "neurons") == 0;
}

static bool row_is_zero(const ht_tensor *w, int row)
{
    for (int j = 0; j < w->columns; j++)
        if (w->data[(size_t)row * (size_t)w->columns + (size_t)j] != 0) return false;
    return true;
}

static size_t count_left(const ht_tensor *w, bool rows)
{
    size_t left = 0;
    for (int r = 0; rows && r < w->rows; r++) left += !row_is_zero(w, r);
    for (size_t i = 0; !rows && i < ht_tensor_size(w); i++) left += w->data[i] != 0;
    return left;
}

/* The least that is removed is not above the greatest that stays, by what a method ranks by: told anew. */
static double key_of(ht_prune_method m, const ht_tensor *w, int row)
{
    double sum = 0;
    for (int j = 0; j < w->columns; j++) {
        double x = (double)w->data[(size_t)row * (size_t)w->columns + (size_t)j];
        sum += m == HT_PRUNE_NORM_L1 ? fabs(x) : x * x;
    }
    return sum;
}

static void assert_least_rows_went(ht_prune_method m, const ht_network *before, const ht_network *after)
{
    for (int l = 0; l < ht_network_hidden(before); l++) {
        double went = 0, stays = HUGE_VAL;
        for (int r = 0; r < before->weights[l]->rows; r++) {
            double key = key_of(m, before->weights[l], r);
            if (row_is_zero(after->weights[l], r)) went = fmax(went, key);
            if (!row_is_zero(after->weights[l], r)) stays = fmin(stays, key);
        }
        assert_true(went <= stays);
    }
}

/* ⌊λ · left⌋ of each layer, or of all together; zeros stay; the function of what is left is that of the rows.
 */
static void assert_share(ht_prune_method m, const ht_network *before, const ht_network *after, double share)
{
    bool rows = by_rows(m);
    int layers = rows ? ht_network_hidden(before) : before->weight_count;
    size_t was = 0, is = 0;
    for (int l = 0; l < layers; l++) {
        size_t a = count_left(before->weights[l], rows), b = count_left(after->weights[l], rows);
        if (m != HT_PRUNE_MAGNITUDE && b != a - (size_t)(share * (double)a))
            fail_msg("%s, layer %d: %zu of %zu", ht_prune_at(m)->name, l, b, a);
        was += a, is += b;
    }
    if (m == HT_PRUNE_MAGNITUDE) assert_int_equal(is, was - (size_t)(share * (double)was));
    for (int w = 0; w < before->weight_count; w++)
        for (size_t i = 0; i < ht_tensor_size(before->weights[w]); i++) {
            float b = before->weights[w]->data[i], a = after->weights[w]->data[i];
            assert_true(a == b || (a == 0 && b != 0)); /* nothing else moves, and no zero comes back */
        }
}

/* The columns of what reads a row of zeros. */
static void assert_readers(const ht_network *net)
{
    for (int l = 0; l + 1 < net->weight_count; l++) {
        const ht_tensor *unit = net->weights[l], *reader = net->weights[l + 1];
        size_t each = (size_t)(reader->columns / unit->rows);
        for (int r = 0; r < unit->rows; r++)
            for (size_t j = 0; row_is_zero(unit, r) && j < each * (size_t)reader->rows; j++)
                assert_true(reader->data[j / each * (size_t)reader->columns + (size_t)r * each + j % each] ==
                            0);
    }
}

static void every_method_takes_its_share_of_what_is_left(void **state)
{
    (void)state;
    static const char *const lines[] = {"dense 30", "dense 20, dense 15 tanh",
                                        "conv 8 3x3 same, pool 2, conv 6 3x3, dense 10"};
    ht_dataset *data = small_data(100, 20);
    ht_samples some = data->train;
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    float *x = calloc(100 * 256, sizeof *x);
    for (int i = 0; i < 100 * 256; i++) x[i] = (float)ht_rng_uniform(&rng) - 0.3f;
    some.x = x;
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        for (size_t i = 0; i < sizeof lines / sizeof lines[0] && !ht_prune_unlasting(m); i++) {
            ht_params params;
            ht_params_init(&params);
            assert_int_equal(ht_params_set(&params, "model.layers", lines[i], &err), HT_OK);
            ht_params_put(&params, HT_P_MODEL_BIAS, 1);
            ht_prune_spec spec = ht_prune_spec_of(&params, &some);
            ht_network *net = ht_network_of(&params, (ht_shape){1, 16, 16}, 3, &err);
            ht_network_init(net, 3, NULL);
            spec.method = (ht_prune_method)m;
            for (int round = 0; round < 6; round++) {
                ht_network *before = ht_network_copy(net, &err);
                double share = round == 3 ? 0 : 0.1 + 0.07 * round;
                if (ht_prune_further(net, &spec, share, NULL, &err) != HT_OK) fail_msg("%s", err.text);
                assert_share(spec.method, before, net, share);
                if (by_rows(spec.method)) assert_readers(net);
                if (m == HT_PRUNE_NODE || m == HT_PRUNE_NORM_L1)
                    assert_least_rows_went(spec.method, before, net);
                ht_network_free(before);
            }
            ht_network_free(net);
        }
    }
    free(x);
    ht_dataset_free(data);
}

static void assert_same(ht_trainer *a, ht_trainer *b, const char *what)
{
    char where[200];
    ht_checkpoint here = ht_checkpoint_of(a), there = ht_checkpoint_of(b);
    if (ht_checkpoint_differs(&here, &there, where, sizeof where)) fail_msg("%s: %s", what, where);
    assert_true(here.state.occam.seen == there.state.occam.seen && here.state.compute == there.state.compute);
    assert_true(here.state.occam.lambda == there.state.occam.lambda);
    assert_true(ht_trainer_multiply_adds(a) == ht_trainer_multiply_adds(b));
}

/* Right where an epoch ends (published: the mask waits for its update), and in the middle of one. */
static void runs_of_every_method_and_rule_resume(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    const char *path = scratch_path("rules");
    for (int m = 0; m < 2 * HT_PRUNE_METHODS; m++) {
        ht_prune_method method = (ht_prune_method)(m / 2);
        if (ht_prune_unlasting(method)) continue;
        for (int stop = 2 * STEPS; stop <= 2 * STEPS + 2; stop += 2) {
            ht_params params = kind_of_run(m % KINDS, (ht_occam_rule)(m % 2), method);
            if (stop > 2 * STEPS) ht_params_put(&params, HT_P_OCCAM_EVERY, 75);
            ht_trainer *whole = small_trainer(&params, data, NULL),
                       *rest = small_trainer(&params, data, NULL);
            small_train(whole, stop);
            assert_int_equal(ht_checkpoint_write(path, whole, &err), HT_OK);
            small_train(whole, 3 * STEPS + 1);
            if (ht_checkpoint_read(path, rest, &err) != HT_OK) fail_msg("%s", err.text);
            small_train(rest, 3 * STEPS + 1);
            assert_same(whole, rest, ht_prune_at(method)->name);
            ht_trainer_free(whole);
            ht_trainer_free(rest);
        }
    }
    ht_dataset_free(data);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50);
    ht_pool *pools[2] = {small_pool(2), small_pool(3)};
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        if (ht_prune_unlasting(m)) continue;
        ht_params params = kind_of_run(3, (ht_occam_rule)(m % 2), (ht_prune_method)m);
        ht_trainer *one = small_trainer(&params, data, NULL);
        small_train(one, 4 * STEPS + 1);
        for (int p = 0; p < 2; p++) {
            ht_trainer *many = small_trainer(&params, data, pools[p]);
            small_train(many, 4 * STEPS + 1);
            assert_same(one, many, ht_prune_at(m)->name);
            ht_trainer_free(many);
        }
        ht_trainer_free(one);
    }
    for (int p = 0; p < 2; p++) ht_pool_free(pools[p]);
    ht_dataset_free(data);
}

/* Sensitivities are measured on samples that are trained on. */
static void calibration_does_not_hear_of_samples_held_back(void **state)
{
    (void)state;
    enum { SAMPLES = 60 };
    const ht_prune_method methods[] = {HT_PRUNE_PFP, HT_PRUNE_CORESET};
    ht_dataset *data = small_data(SAMPLES, 10);
    for (int m = 0; m < 2; m++) {
        ht_params params = rule_params(HT_OCCAM_OURS, methods[m]);
        ht_validation a, b;
        assert_int_equal(ht_validation_make(&a, data, &params, &err), HT_OK);
        assert_int_equal(a.calibration.count, SAMPLES - SAMPLES / 5);
        for (size_t i = 0; i < a.held.count; i++)
            for (size_t k = 0; k < a.calibration.count; k++)
                assert_memory_not_equal(a.held.x + i * (size_t)data->inputs,
                                        a.calibration.x + k * (size_t)data->inputs,
                                        (size_t)data->inputs * sizeof(float));
        ht_params_put(&params, HT_P_OCCAM_METHOD, HT_PRUNE_NODE);
        assert_int_equal(ht_validation_make(&b, data, &params, &err), HT_OK);
        assert_int_equal(b.calibration.count, 0);
        ht_validation_free(&a);
        ht_validation_free(&b);
    }
    ht_dataset_free(data);
}

/* ---- epochs of so many targets ----------------------------------------------------------------- */

static void an_epoch_may_be_so_many_targets(void **state)
{
    (void)state;
    static const int every[] = {32, 33, 100, 160, 1000};
    ht_dataset *data = small_data(200, 50);
    for (size_t e = 0; e < sizeof every / sizeof every[0]; e++) {
        ht_params params = rule_params(HT_OCCAM_OURS, HT_PRUNE_MAGNITUDE_LAYER);
        ht_params_put(&params, HT_P_OCCAM_EVERY, every[e]);
        ht_trainer *t = small_trainer(&params, data, NULL);
        for (int step = 1; step <= 23; step++) { /* 160 samples an epoch of the data: no short batch */
            size_t count;
            small_train(t, 1);
            ht_trainer_occam(t, &count);
            assert_int_equal(count, 32 * step / every[e]);
        }
        ht_trainer_free(t);
    }
    /* As many as the data have: the same run as without. */
    ht_params params = rule_params(HT_OCCAM_OURS, HT_PRUNE_MAGNITUDE_LAYER);
    ht_trainer *a = small_trainer(&params, data, NULL);
    ht_params_put(&params, HT_P_OCCAM_EVERY, 160);
    ht_trainer *b = small_trainer(&params, data, NULL);
    small_train(a, 23), small_train(b, 23);
    assert_true(small_same(ht_trainer_network(a), ht_trainer_network(b)));
    ht_trainer_free(a);
    ht_trainer_free(b);
    ht_dataset_free(data);
}

/* ---- what is refused ---------------------------------------------------------------------------- */

static void assert_refused(const ht_dataset *data, const char *const sets[][2], const char *words)
{
    ht_params params = rule_params(HT_OCCAM_OURS, HT_PRUNE_MAGNITUDE_LAYER);
    for (int i = 0; sets[i][0]; i++)
        assert_int_equal(ht_params_set(&params, sets[i][0], sets[i][1], &err), HT_OK);
    ht_trainer *t = ht_trainer_new(&params, data, NULL, &err);
    assert_null(t);
    assert_int_equal(err.code, HT_USAGE);
    if (!strstr(err.text, words)) fail_msg("%s", err.text);
}

static void what_cannot_be_is_one_message(void **state)
{
    (void)state;
    ht_dataset *data = small_data(200, 50), *tiny = small_data(2, 2);
    assert_refused(data, (const char *const[][2]){{"occam.method", "svd"}, {0}}, "directions, not weights");
    assert_refused(data, (const char *const[][2]){{"occam.holdout", "0.004"}, {0}}, "holds back none");
    assert_refused(data, (const char *const[][2]){{"occam.every", "31"}, {0}},
                   "less than a step trains on, 32 samples");
    assert_refused(tiny, (const char *const[][2]){{"occam.holdout", "0.4"}, {0}},
                   "holds back none; give at least 0.5");
    tiny->train.count = 1;
    assert_refused(tiny, (const char *const[][2]){{"occam.rule", "published"}, {0}},
                   "leaves none to train on");
    ht_params params = rule_params(HT_OCCAM_OURS, HT_PRUNE_MAGNITUDE_LAYER);
    ht_params_put(&params, HT_P_OCCAM_EVERY, 64);
    ht_trainer *t = small_trainer(&params, data, NULL); /* and while it runs */
    assert_int_equal(ht_trainer_set(t, HT_P_TRAIN_BATCH, 100, &err), HT_USAGE);
    assert_true(ht_params_get(ht_trainer_params(t), HT_P_TRAIN_BATCH) == 32);
    small_set(t, HT_P_TRAIN_BATCH, 64);
    ht_trainer_free(t);
    ht_dataset_free(data);
    ht_dataset_free(tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_lambda_is_clipped_alone),
        cmocka_unit_test(masks_are_those_of_numpy),
        cmocka_unit_test(a_published_run_is_the_slow_twin_s),
        cmocka_unit_test(the_published_rule_holds_back_the_last_samples),
        cmocka_unit_test(every_method_takes_its_share_of_what_is_left),
        cmocka_unit_test(runs_of_every_method_and_rule_resume),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(calibration_does_not_hear_of_samples_held_back),
        cmocka_unit_test(an_epoch_may_be_so_many_targets),
        cmocka_unit_test(what_cannot_be_is_one_message),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
