/* Guards waiting against a time of day that is set while we run: how long anything sleeps, and that rows of
 * metrics reach the disk, does not depend on it. Run under ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"
#include "engine/run/recorder.h"
#include "link/mailbox.h"
#include "unit/scratch.h"
#include "unit/small.h"

/* The library asks us: our time of day is wrong by so many seconds, as if it had been set back or forward
 * after the kernel's. */
static time_t wrong_by;

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int code = (int)syscall(SYS_clock_gettime, clock, t);
    if (code == 0 && clock == CLOCK_REALTIME) t->tv_sec += wrong_by;
    return code;
}

static const time_t jumps[] = {0, 3600, -3600};
enum { JUMPS = sizeof jumps / sizeof jumps[0] };

static void a_wait_takes_as_long_as_it_should(void **state)
{
    (void)state;
    sem_t semaphore;
    assert_int_equal(sem_init(&semaphore, 0, 0), 0);
    for (int i = 0; i < JUMPS; i++) {
        wrong_by = jumps[i];
        for (double seconds = 0.001; seconds < 0.2; seconds *= 7) {
            double start = ht_now();
            assert_false(ht_wait_for(&semaphore, seconds));
            assert_true(ht_now() - start >= seconds && ht_now() - start < seconds + 60);
        }
        sem_post(&semaphore);
        assert_true(ht_wait_for(&semaphore, 100));
    }
    sem_destroy(&semaphore);
}

typedef struct handed {
    sem_t semaphore;
    int value;
} handed;

static void *hand_over(void *argument)
{
    handed *h = argument;
    h->value = 42; /* seen by the one who waits, or ThreadSanitizer says so */
    sem_post(&h->semaphore);
    return NULL;
}

static void a_post_orders_what_was_before_it(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        handed h = {.value = 0};
        pthread_t thread;
        assert_int_equal(sem_init(&h.semaphore, 0, 0), 0);
        assert_int_equal(pthread_create(&thread, NULL, hand_over, &h), 0);
        assert_true(ht_wait_for(&h.semaphore, 100));
        assert_int_equal(h.value, 42);
        pthread_join(thread, NULL);
        sem_destroy(&h.semaphore);
    }
}

static size_t metrics_size(void)
{
    size_t size;
    ht_free(scratch_read("run/metrics.csv", &size));
    return size;
}

/* Rows alone wake nobody: the writer looks by itself, about once a second. */
static void rows_reach_the_disk(void **state)
{
    (void)state;
    ht_error err;
    ht_dataset *data = small_data(20, 10);
    ht_params params = small_params();
    for (int i = 0; i < JUMPS; i++) {
        wrong_by = jumps[i];
        scratch_erase("run");
        ht_rundir *dir = ht_rundir_open(scratch_path("run"), &err);
        ht_trainer *t = small_trainer(&params, data, NULL);
        assert_non_null(dir);
        assert_int_equal(ht_rundir_begin(dir, &params, &err), HT_OK);
        ht_recorder *r = ht_recorder_start(dir, t, NULL, &err);
        assert_non_null(r);
        size_t before = metrics_size();
        ht_sample row = {.kind = HT_SAMPLE_EVAL, .step = 10, .folded = 10};
        ht_recorder_take(r, &row);
        double start = ht_now();
        while (metrics_size() == before && ht_now() - start < 60) usleep(10000);
        assert_true(metrics_size() > before);
        assert_int_equal(ht_recorder_stop(r, &err), HT_OK);
        ht_trainer_free(t);
        ht_rundir_close(dir);
    }
    wrong_by = 0;
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_takes_as_long_as_it_should),
        cmocka_unit_test(a_post_orders_what_was_before_it),
        cmocka_unit_test(rows_reach_the_disk),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
