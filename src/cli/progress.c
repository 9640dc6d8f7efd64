#include "cli/progress.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

static const double period = 0.2, patience = 0.4; /* seconds: between two looks, and before the first word */

static struct {
    pthread_t thread;
    sem_t end;
    bool started, terminal;
    pthread_mutex_t lock; /* of all below, and of the line */
    char stage[100];
    double begun, share, told; /* the stage; how much of it is done; a line that stays */
    bool shown;
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void wipe(void)
{
    if (progress.shown) fputs("\r\033[K", stderr);
    progress.shown = false;
}

static void show(void)
{
    double seconds = ht_now() - progress.begun;
    if (!progress.stage[0] || seconds < patience) return;
    if (!progress.terminal) {
        if (ht_now() - progress.told < HT_PROGRESS_PERIOD) return;
        progress.told = ht_now();
    }
    fprintf(stderr, "%sheavytail: %s, %.0f s", progress.terminal ? "\r\033[K" : "", progress.stage, seconds);
    if (progress.share > 0)
        fprintf(stderr, ", %.0f %% done, about %.0f s left", 100 * progress.share,
                seconds * (1 / progress.share - 1));
    if (!progress.terminal) fputc('\n', stderr);
    progress.shown = progress.terminal;
}

static void *tell(void *ignored)
{
    while (!ht_wait_for(&progress.end, period)) {
        pthread_mutex_lock(&progress.lock);
        show();
        pthread_mutex_unlock(&progress.lock);
    }
    return ignored;
}

void ht_progress_start(void)
{
    ht_error none; /* without a thread nothing is told */
    progress.terminal = isatty(STDERR_FILENO);
    progress.told = ht_now();
    sem_init(&progress.end, 0, 0);
    progress.started = ht_thread_start(&progress.thread, tell, NULL, "a line of progress", &none) == HT_OK;
}

void ht_progress_stage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&progress.lock);
    wipe();
    vsnprintf(progress.stage, sizeof progress.stage, format, args);
    progress.begun = progress.told = ht_now();
    progress.share = 0;
    pthread_mutex_unlock(&progress.lock);
    va_end(args);
}

void ht_progress_share(double done)
{
    pthread_mutex_lock(&progress.lock);
    progress.share = done;
    pthread_mutex_unlock(&progress.lock);
}

void ht_progress_clear(void)
{
    ht_progress_stage("%s", "");
}

void ht_progress_end(void)
{
    ht_progress_clear();
    if (!progress.started) return;
    sem_post(&progress.end);
    pthread_join(progress.thread, NULL);
    sem_destroy(&progress.end);
    progress.started = false;
}
