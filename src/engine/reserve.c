#include "engine/reserve.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "engine/watch.h"

enum { IDLE, ASKED, READY, REFUSED };

struct ht_reserve {
    pthread_t thread;
    sem_t wake;
    atomic_bool quit;
    atomic_int stage;          /* whose turn it is: ASKED: the thread's, else the asker's */
    ht_checkpoint_shape shape; /* of what is asked for */
    ht_checkpoint *room;       /* when READY */
};

static void *reserve_main(void *argument)
{
    ht_reserve *self = argument;
    ht_error ignored;
    setpriority(PRIO_PROCESS, (id_t)gettid(), HT_WATCH_NICE);
    for (;;) {
        while (sem_wait(&self->wake) != 0 && errno == EINTR) {
        }
        if (atomic_load(&self->quit)) return NULL;
        self->room = ht_checkpoint_like(&self->shape, &ignored);
        atomic_store(&self->stage, self->room ? READY : REFUSED);
    }
}

ht_reserve *ht_reserve_start(ht_error *err)
{
    ht_reserve *self = ht_alloc(1, sizeof *self, "the reserve", err);
    if (!self) return NULL;
    sem_init(&self->wake, 0, 0);
    if (ht_thread_start(&self->thread, reserve_main, self, "the thread of the reserve", err) == HT_OK)
        return self;
    sem_destroy(&self->wake);
    ht_free(self);
    return NULL;
}

void ht_reserve_stop(ht_reserve *self)
{
    if (!self) return;
    atomic_store(&self->quit, true);
    sem_post(&self->wake);
    pthread_join(self->thread, NULL);
    ht_checkpoint_free(self->room);
    ht_checkpoint_shape_free(&self->shape);
    sem_destroy(&self->wake);
    ht_free(self);
}

bool ht_reserve_ask(ht_reserve *self, ht_trainer *trainer)
{
    ht_error ignored;
    int stage = atomic_load(&self->stage);
    if (stage == ASKED || stage == READY) return true;
    if (stage == REFUSED) {
        atomic_store(&self->stage, IDLE);
        return false;
    }
    ht_checkpoint_shape_free(&self->shape);
    if (ht_checkpoint_shape_of(&self->shape, trainer, &ignored) != HT_OK) return false;
    atomic_store(&self->stage, ASKED);
    sem_post(&self->wake);
    return true;
}

ht_checkpoint *ht_reserve_take(ht_reserve *self)
{
    if (atomic_load(&self->stage) != READY) return NULL;
    ht_checkpoint *room = self->room;
    self->room = NULL;
    atomic_store(&self->stage, IDLE);
    return room;
}
