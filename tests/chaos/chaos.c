/* A library for LD_PRELOAD that delays threads of the lab at random where they meet (locks, semaphores, the
 * terminal, files, their own start), as a busy machine would, so that what only works when one thread is
 * faster than another shows itself. A delayed thread sleeps, under the name of held.h, so that the tests'
 * terminal takes it for busy. Each thread has its own random delays; one in three is slow all its life. `make
 * chaos` runs the terminal tests so.
 *
 * CHAOS_MS is the longest delay (300). Programs of another name than "heavytail" are left alone. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "held.h"

enum { SLOW_THREADS = 3, SLOWNESS = 8 };

static _Atomic int longest_ms = -1; /* 0: another program */
static _Thread_local uint64_t luck;
static _Thread_local bool slow;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int find_longest(void)
{
    const char *wanted = getenv("CHAOS_MS");
    if (strcmp(program_invocation_short_name, "heavytail") != 0) return 0;
    return wanted ? atoi(wanted) : 300;
}

/* xorshift */
static uint64_t random_bits(void)
{
    luck ^= luck << 13;
    luck ^= luck >> 7;
    luck ^= luck << 17;
    return luck >> 11;
}

static void begin_thread(void)
{
    luck = ((uint64_t)now_ns() << 20 ^ (uint64_t)gettid()) | 1;
    for (int i = 0; i < 8; i++) random_bits();
    slow = random_bits() % SLOW_THREADS == 0;
}

static void sleep_held_up(int64_t ns)
{
    char name[16] = "";
    struct timespec left = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    pthread_getname_np(pthread_self(), name, sizeof name);
    pthread_setname_np(pthread_self(), HT_HELD_UP);
    while (nanosleep(&left, &left) != 0) continue; /* whatever signals come */
    pthread_setname_np(pthread_self(), name);
}

/* Once in so many calls, or more often in a slow thread. */
static void hold(unsigned one_in)
{
    int longest = longest_ms, error = errno;
    if (longest < 0) longest_ms = longest = find_longest();
    if (longest == 0) return;
    if (!luck) begin_thread();
    if (random_bits() % (slow ? one_in / SLOWNESS + 1 : one_in) == 0)
        sleep_held_up((int64_t)(random_bits() % ((uint64_t)longest * 1000000)));
    errno = error;
}

/* ---- what is held up --------------------------------------------------------------------------- */

#define REAL(name)                                                                                           \
    static __typeof__(&name) real;                                                                           \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

int sem_post(sem_t *semaphore)
{
    REAL(sem_post);
    hold(400);
    return real(semaphore);
}

int sem_trywait(sem_t *semaphore)
{
    REAL(sem_trywait);
    hold(400);
    return real(semaphore);
}

int sem_wait(sem_t *semaphore)
{
    REAL(sem_wait);
    int failed = real(semaphore);
    hold(200);
    return failed;
}

int sem_clockwait(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict until)
{
    REAL(sem_clockwait);
    int failed = real(semaphore, clock, until);
    hold(60);
    return failed;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    REAL(pthread_mutex_lock);
    hold(800);
    return real(mutex);
}

int poll(struct pollfd *files, nfds_t count, int ms)
{
    REAL(poll);
    int ready = real(files, count, ms);
    hold(60);
    return ready;
}

ssize_t write(int file, const void *bytes, size_t size)
{
    REAL(write);
    hold(60);
    return real(file, bytes, size);
}

int fsync(int file)
{
    REAL(fsync);
    hold(6);
    return real(file);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    hold(6);
    return real(from, to);
}

/* ---- and each thread's first moment ------------------------------------------------------------ */

typedef struct {
    void *(*run)(void *);
    void *context;
} beginning;

static void *begin(void *argument)
{
    beginning b = *(beginning *)argument;
    free(argument);
    hold(2);
    return b.run(b.context);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*run)(void *), void *restrict context)
{
    REAL(pthread_create);
    beginning *b = malloc(sizeof *b);
    if (!b) return EAGAIN;
    *b = (beginning){run, context};
    int failed = real(thread, attributes, begin, b);
    if (failed) free(b);
    return failed;
}
