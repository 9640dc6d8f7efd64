#include "link/mailbox.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/thread.h"

struct ht_mailbox {
    ht_weight_snapshot snapshot;
    atomic_bool wanted, closed, stirred, asked_again;
    atomic_uint asked;
    sem_t delivered, awake;
};

static ht_mailbox *new_box(ht_capture *capture, ht_error *err)
{
    if (!capture) return NULL;
    ht_mailbox *box = ht_alloc(1, sizeof *box, "the analyst's mailbox", err);
    if (!box) {
        ht_capture_free(capture);
        return NULL;
    }
    sem_init(&box->delivered, 0, 0);
    sem_init(&box->awake, 0, 0);
    box->snapshot.capture = capture;
    return box;
}

ht_mailbox *ht_mailbox_new(const ht_network *shape, int workers, ht_error *err)
{
    return new_box(ht_capture_new(shape, workers, err), err);
}

ht_mailbox *ht_mailbox_new_glimpse(const ht_network *shape, int workers, ht_error *err)
{
    return new_box(ht_capture_new_glimpse(shape, workers, err), err);
}

void ht_mailbox_free(ht_mailbox *box)
{
    if (!box) return;
    sem_destroy(&box->delivered);
    sem_destroy(&box->awake);
    ht_capture_free(box->snapshot.capture);
    ht_free(box);
}

ht_weight_snapshot *ht_mailbox_wanted(ht_mailbox *box)
{
    return atomic_load_explicit(&box->wanted, memory_order_acquire) ? &box->snapshot : NULL;
}

static void drain(sem_t *semaphore)
{
    while (sem_trywait(semaphore) == 0) {
    }
}

void ht_mailbox_deliver(ht_mailbox *box)
{
    atomic_store_explicit(&box->wanted, false, memory_order_relaxed);
    atomic_store_explicit(&box->stirred, false, memory_order_relaxed);
    atomic_store_explicit(&box->asked_again, false, memory_order_relaxed);
    drain(&box->awake);        /* what was asked for until now stands in the snapshot */
    sem_post(&box->delivered); /* orders the copy before the analyst's reads */
}

ht_weight_snapshot *ht_mailbox_wait(ht_mailbox *box)
{
    atomic_store_explicit(&box->wanted, true, memory_order_release);
    while (sem_wait(&box->delivered) != 0 && errno == EINTR) {
    }
    return atomic_load(&box->closed) ? NULL : &box->snapshot;
}

void ht_mailbox_close(ht_mailbox *box)
{
    atomic_store(&box->closed, true);
    atomic_store(&box->stirred, true);
    sem_post(&box->delivered);
    sem_post(&box->awake);
}

const atomic_bool *ht_mailbox_closed(const ht_mailbox *box)
{
    return &box->closed;
}

bool ht_mailbox_sleep(ht_mailbox *box, double seconds)
{
    bool awoken = ht_wait_for(&box->awake, seconds);
    if (awoken) drain(&box->awake); /* several calls wake once: the rest must not cut later sleeps short */
    return !awoken && !atomic_load(&box->closed);
}

void ht_mailbox_wake(ht_mailbox *box)
{
    sem_post(&box->awake);
}

void ht_mailbox_poke(ht_mailbox *box)
{
    atomic_store(&box->stirred, true);
    ht_mailbox_wake(box);
}

const atomic_bool *ht_mailbox_poked_flag(const ht_mailbox *box)
{
    return &box->stirred;
}

bool ht_mailbox_poked(const ht_mailbox *box)
{
    return atomic_load(&box->stirred) || atomic_load(&box->closed);
}

void ht_mailbox_ask(ht_mailbox *box, unsigned methods)
{
    atomic_store(&box->asked, methods);
    atomic_store(&box->asked_again, true);
    ht_mailbox_wake(box);
}

unsigned ht_mailbox_asked(const ht_mailbox *box, bool *again)
{
    *again = atomic_load(&box->asked_again);
    return atomic_load(&box->asked);
}
