/* test_prune_memory.c - pruning needs at most as much memory again as the network has, and a batch of
 * activations: counted in live bytes before every allocation, so the same on every run and machine. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "heavytail/prune.h"
#include "num/linalg.h"
#include "num/rng.h"

enum { SAMPLES = 100, BATCH = 500, CALIBRATION = 20, CLASSES = 10, THREADS = 2 };

static ht_error err;

/* ---- an allocator that counts, in the place of base/alloc.c ---- */

enum { HEAD = 64 }; /* in front of each block: its size; what follows stays aligned */

static atomic_size_t live, peak;

void *ht_alloc(size_t count, size_t size, const char *what, ht_error *e)
{
    size_t bytes = count * size;
    char *block = aligned_alloc(HEAD, (bytes + 2 * HEAD - 1) / HEAD * HEAD);
    if (!block) return ht_error_set(e, HT_FAIL, "no memory for %s", what), NULL;
    memcpy(block, &bytes, sizeof bytes);
    size_t now = atomic_fetch_add(&live, bytes) + bytes, most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) continue;
    return memset(block + HEAD, 0, bytes);
}

void ht_free(void *pointer)
{
    size_t bytes;
    if (!pointer) return;
    memcpy(&bytes, (char *)pointer - HEAD, sizeof bytes);
    atomic_fetch_sub(&live, bytes);
    free((char *)pointer - HEAD);
}

ht_code ht_grow(void **pointer, size_t old_count, size_t count, size_t size, const char *what, ht_error *e)
{
    void *bigger = ht_alloc(count, size, what, e);
    if (!bigger) return e->code;
    if (*pointer) memcpy(bigger, *pointer, old_count * size);
    ht_free(*pointer);
    *pointer = bigger;
    return HT_OK;
}

/* ---- what is pruned ---- */

typedef struct bench {
    ht_network *net;
    ht_samples samples;
    ht_pool *pool;
    ht_prune_spec spec;
} bench;

static bench bench_new(int width, int inputs)
{
    bench b = {.net = ht_network_new(inputs, width, 1, CLASSES, HT_RELU, false, &err),
               .pool = ht_pool_new(THREADS, &err)};
    ht_rng rng;
    assert_non_null(b.net);
    ht_network_init(b.net, 1, NULL);
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 0);
    b.samples = (ht_samples){SAMPLES, ht_alloc(SAMPLES, (size_t)inputs * sizeof(float), "a test", &err),
                             ht_alloc(SAMPLES, sizeof(int32_t), "a test", &err)};
    for (int i = 0; i < SAMPLES * inputs; i++) b.samples.x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < SAMPLES; i++) b.samples.labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    return b;
}

static void bench_free(bench *b)
{
    ht_network_free(b->net);
    ht_free(b->samples.x);
    ht_free(b->samples.labels);
    ht_pool_free(b->pool);
}

/* What `heavytail prune` does: the result with the smaller network, the curve, pruning in place. */
static void try_it(const bench *b)
{
    ht_prune_result result;
    ht_network *small = NULL;
    assert_int_equal(ht_prune_try(&result, b->net, NULL, &b->samples, &b->spec, b->pool, &small, &err),
                     HT_OK);
    ht_network_free(small);
}

static void curve(const bench *b)
{
    ht_prune_curve made;
    assert_int_equal(ht_prune_curve_make(&made, b->net, &b->samples, &b->spec, b->pool, &err), HT_OK);
    ht_prune_curve_free(&made);
}

static void apply(const bench *b)
{
    ht_prune_result result;
    assert_int_equal(ht_prune_apply(b->net, &b->spec, b->pool, &result, &err), HT_OK);
    assert_int_equal(ht_prune_compact(b->net, &err), HT_OK);
}

/* Peak live bytes of the network and of what is done with it. */
static double bytes_of(const bench *b, void (*act)(const bench *b))
{
    double network = 4.0 * (double)ht_network_parameters(b->net);
    size_t before = live;
    peak = before;
    act(b);
    return (double)(peak - before) + network;
}

static const struct {
    const char *name;
    void (*act)(const bench *b);
} acts[] = {{"try", try_it}, {"curve", curve}, {"apply", apply}};

static void check(int width, int inputs, ht_prune_method method, ht_coreset_kind kind)
{
    bench b = bench_new(width, inputs);
    double network = 4.0 * (double)ht_network_parameters(b.net), batch = 4.0 * BATCH * width;
    b.spec = (ht_prune_spec){.method = method,
                             .error = 0.1,
                             .ratio = 0.75,
                             .centre = true,
                             .coreset = kind,
                             .seed = 1,
                             .calibration = &b.samples,
                             .calibration_limit = CALIBRATION};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        double bytes = bytes_of(&b, acts[i].act);
        printf("    %s %s, (%d × %d): %.2f networks of %.2f\n", ht_prune_at(method)->name, acts[i].name,
               width, inputs, bytes / network, 2 + batch / network);
        if (bytes > 2 * network + batch) fail_msg("%s %s", ht_prune_at(method)->name, acts[i].name);
        assert_true(bytes > network); /* or nothing was measured */
    }
    bench_free(&b);
}

static void every_method_keeps_the_promise(void **state)
{
    (void)state;
    for (int m = 0; m < HT_PRUNE_METHODS; m++) check(2000, 784, (ht_prune_method)m, HT_CORESET_TOP);
    check(2000, 784, HT_PRUNE_CORESET, HT_CORESET_BEST);
    check(400, 1500, HT_PRUNE_NODE, HT_CORESET_TOP); /* wide */
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_keeps_the_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
