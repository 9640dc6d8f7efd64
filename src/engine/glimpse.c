#include "engine/glimpse.h"

#include <math.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/thread.h"
#include "engine/analysis.h"
#include "engine/watch.h"

/* What a step spends on filling it, in seconds a weight. */
static const double filling = 0.65e-9;

struct ht_glimpser {
    pthread_t thread;
    bool gone; /* it has been joined */
    ht_mailbox *box;
    ht_triple *glimpses;
    int cores;
    uint64_t count;
};

static void look_at(ht_glimpser *self, const ht_weight_snapshot *snapshot)
{
    ht_error ignored;
    ht_glimpse *glimpse = ht_triple_back(self->glimpses);
    if (ht_analysis_glimpse(glimpse, snapshot->capture, &snapshot->look, &ignored) != HT_OK) return;
    glimpse->count = ++self->count;
    glimpse->step = snapshot->step;
    glimpse->seconds = snapshot->seconds;
    glimpse->generation = snapshot->generation;
    ht_triple_publish(self->glimpses);
}

static void *glimpse_main(void *argument)
{
    ht_glimpser *self = argument;
    ht_weight_snapshot *snapshot;
    setpriority(PRIO_PROCESS, (id_t)gettid(), HT_WATCH_NICE);
    ht_cancel_by(ht_mailbox_closed(self->box));
    while ((snapshot = ht_mailbox_wait(self->box))) {
        double began = ht_now(), start = ht_thread_now();
        look_at(self, snapshot);
        double cost = ht_thread_now() - start + filling * (double)snapshot->capture->weights;
        ht_watch_pace pace = ht_watch_at(snapshot->effort, snapshot->fresh);
        double period = fmax(pace.glimpse_period, cost / (pace.glimpse * self->cores));
        if (!snapshot->settled) ht_mailbox_sleep(self->box, began + period - ht_now());
    }
    return NULL;
}

ht_glimpser *ht_glimpser_start(ht_mailbox *box, ht_triple *glimpses, int cores, ht_error *err)
{
    ht_glimpser *self = ht_alloc(1, sizeof *self, "the glimpses", err);
    if (!self) return NULL;
    self->box = box;
    self->glimpses = glimpses;
    self->cores = cores;
    if (ht_thread_start(&self->thread, glimpse_main, self, "the thread of glimpses", err) == HT_OK)
        return self;
    ht_free(self);
    return NULL;
}

bool ht_glimpser_gone(ht_glimpser *self, double seconds)
{
    if (!self || self->gone) return true;
    ht_mailbox_close(self->box);
    self->gone = ht_thread_join_within(self->thread, seconds);
    return self->gone;
}

void ht_glimpser_stop(ht_glimpser *self)
{
    if (!self) return;
    ht_mailbox_close(self->box);
    if (!self->gone) pthread_join(self->thread, NULL);
    ht_free(self);
}
