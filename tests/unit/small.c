#include "unit/small.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "num/linalg.h"
#include "num/rng.h"
#include "unit/scratch.h"

static ht_error err;

ht_dataset *small_data(int train, int test)
{
    ht_linalg_init();
    ht_dataset *data = ht_dataset_load(
        "ecg-synth", &(ht_data_options){.seed = 1, .train_limit = (size_t)train, .test_limit = (size_t)test},
        &err);
    if (!data) fail_msg("%s", err.text);
    return data;
}

ht_samples small_samples(int count, ht_shape shape, int classes)
{
    ht_samples s = {.count = (size_t)count};
    size_t values = s.count * (size_t)ht_shape_values(shape);
    ht_rng rng;
    s.x = calloc(values, sizeof *s.x);
    s.labels = calloc(s.count, sizeof *s.labels);
    assert_true(s.x && s.labels);
    ht_rng_init(&rng, 5, HT_STREAM_TAIL, 9);
    for (size_t i = 0; i < values; i++) s.x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < count; i++) s.labels[i] = i % classes;
    return s;
}

void small_samples_free(ht_samples *s)
{
    free(s->x);
    free(s->labels);
}

ht_params small_params(void)
{
    ht_params p;
    ht_params_init(&p);
    ht_params_put(&p, HT_P_MODEL_WIDTH, 64);
    ht_params_put(&p, HT_P_TRAIN_BATCH, 32);
    ht_params_put(&p, HT_P_TRAIN_LR, 0.05);
    return p;
}

ht_trainer *small_trainer(const ht_params *params, const ht_dataset *data, ht_pool *pool)
{
    ht_trainer *t = ht_trainer_new(params, data, pool, &err);
    if (!t) fail_msg("%s", err.text);
    return t;
}

ht_pool *small_pool(int threads)
{
    ht_pool *pool = ht_pool_new(threads, &err);
    if (!pool) fail_msg("%s", err.text);
    return pool;
}

ht_rundir *small_rundir(const char *name, ht_trainer *t, const ht_params *params)
{
    ht_rundir *dir = ht_rundir_open(scratch_path(name), &err);
    if (!dir || (ht_rundir_has_run(dir) ? ht_rundir_resume(dir, t, &err)
                                        : ht_rundir_begin(dir, params, &err)) != HT_OK)
        fail_msg("%s", err.text);
    return dir;
}

void small_train(ht_trainer *t, int steps)
{
    for (int i = 0; i < steps; i++) {
        ht_step_result result = ht_trainer_step(t);
        if (result.refused) fail_msg("step %d refused: %s", i, result.refused);
    }
}

void small_set(ht_trainer *t, ht_param p, double value)
{
    if (ht_trainer_set(t, p, value, &err) != HT_OK) fail_msg("%s", err.text);
}

ht_network *small_copy(ht_trainer *t)
{
    const ht_network *net = ht_trainer_network(t);
    ht_network *copy = ht_network_copy(net, &err);
    if (!copy) fail_msg("%s", err.text);
    return copy;
}

bool small_same(const ht_network *a, const ht_network *b)
{
    bool same = a->tensor_count == b->tensor_count;
    for (int t = 0; t < a->tensor_count && same; t++)
        same = ht_tensor_size(&a->tensors[t]) == ht_tensor_size(&b->tensors[t]) &&
               memcmp(a->tensors[t].data, b->tensors[t].data,
                      ht_tensor_size(&a->tensors[t]) * sizeof(float)) == 0;
    return same;
}

bool small_finite(const ht_network *net)
{
    for (int l = 0; l < net->weight_count; l++)
        for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++)
            if (!isfinite(net->weights[l]->data[i])) return false;
    return true;
}
