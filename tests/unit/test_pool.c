/* Guards the pool: every task exactly once, one worker a thread, the same result from any number of threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"

enum { MOST = 1000, THREADS = 8 };
static const int counts[] = {0, 1, 2, 7, MOST};
static const int thread_counts[] = {1, 2, 3, THREADS};

typedef struct tally {
    atomic_int ran[MOST];
    int by_worker[THREADS]; /* not atomic: a worker number is one thread at a time */
    int threads;
    double result[MOST];
} tally;

static void task(void *context, int number, int worker)
{
    tally *t = context;
    double sum = 0;
    atomic_fetch_add(&t->ran[number], 1);
    if (worker >= 0 && worker < t->threads) t->by_worker[worker]++;
    for (int i = 1; i < 50; i++) sum += sin(number * i) / i;
    t->result[number] = sum;
}

static void check(const tally *t, int count, int times)
{
    int total = 0;
    for (int i = 0; i < MOST; i++)
        if (t->ran[i] != (i < count ? times : 0)) fail_msg("task %d of %d ran %d times", i, count, t->ran[i]);
    for (int i = 0; i < THREADS; i++) total += t->by_worker[i];
    assert_int_equal(total, count * times);
}

static ht_pool *new_pool(int threads)
{
    ht_error err;
    ht_pool *pool = ht_pool_new(threads, &err);
    if (!pool) fail_msg("%s", err.text);
    return pool;
}

static void every_task_runs_once(void **state)
{
    (void)state;
    static tally t;
    for (size_t k = 0; k < sizeof thread_counts / sizeof thread_counts[0]; k++) {
        ht_pool *pool = new_pool(thread_counts[k]);
        assert_int_equal(ht_pool_threads(pool), thread_counts[k]);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            memset(&t, 0, sizeof t);
            t.threads = thread_counts[k];
            ht_pool_run(pool, counts[i], task, &t);
            check(&t, counts[i], 1);
        }
        ht_pool_free(pool);
    }
}

static void runs_follow_each_other(void **state)
{
    (void)state;
    static tally t;
    ht_pool *pool = new_pool(3);
    memset(&t, 0, sizeof t);
    t.threads = 3;
    for (int run = 0; run < 3000; run++) ht_pool_run(pool, 7, task, &t);
    check(&t, 7, 3000);
    ht_pool_free(pool);
}

static void no_pool_runs_in_order_on_the_caller(void **state)
{
    (void)state;
    static tally t;
    memset(&t, 0, sizeof t);
    t.threads = 1;
    assert_int_equal(ht_pool_threads(NULL), 1);
    ht_pool_run(NULL, MOST, task, &t);
    check(&t, MOST, 1);
    ht_pool_run(NULL, 0, task, &t);
    ht_pool_free(NULL);
}

static void results_do_not_depend_on_threads(void **state)
{
    (void)state;
    static tally one, many;
    memset(&one, 0, sizeof one);
    one.threads = 1;
    ht_pool_run(NULL, MOST, task, &one);
    for (int threads = 2; threads <= THREADS; threads++) {
        ht_pool *pool = new_pool(threads);
        memset(&many, 0, sizeof many);
        many.threads = threads;
        ht_pool_run(pool, MOST, task, &many);
        assert_memory_equal(one.result, many.result, sizeof one.result);
        ht_pool_free(pool);
    }
}

static void a_pool_unused_ends_too(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) ht_pool_free(new_pool(1 + i % 4));
    ht_pool *pool = new_pool(-3);
    assert_int_equal(ht_pool_threads(pool), 1);
    ht_pool_free(pool);
    assert_true(ht_pool_cores() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(runs_follow_each_other),
        cmocka_unit_test(no_pool_runs_in_order_on_the_caller),
        cmocka_unit_test(results_do_not_depend_on_threads),
        cmocka_unit_test(a_pool_unused_ends_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
