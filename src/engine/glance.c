#include "engine/glance.h"

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
static const double filling = 1.25e-9;

struct ht_glancer {
    pthread_t thread;
    bool gone; /* it has been joined */
    ht_mailbox *box;
    ht_triple *glances;
    int cores;
    uint64_t count;
};

static void look_at(ht_glancer *self, const ht_weight_snapshot *snapshot)
{
    ht_error ignored;
    ht_glance *glance = ht_triple_back(self->glances);
    if (ht_analysis_glance(glance, snapshot->capture, &snapshot->look, &ignored) != HT_OK) return;
    glance->count = ++self->count;
    glance->step = snapshot->step;
    glance->seconds = snapshot->seconds;
    glance->generation = snapshot->generation;
    ht_triple_publish(self->glances);
}

static void *glance_main(void *argument)
{
    ht_glancer *self = argument;
    ht_weight_snapshot *snapshot;
    setpriority(PRIO_PROCESS, (id_t)gettid(), HT_WATCH_NICE);
    ht_cancel_by(ht_mailbox_closed(self->box));
    while ((snapshot = ht_mailbox_wait(self->box))) {
        double began = ht_now(), start = ht_thread_now();
        look_at(self, snapshot);
        double cost = ht_thread_now() - start + filling * (double)snapshot->capture->histogram[0].total;
        ht_watch_pace pace = ht_watch_at(snapshot->effort, snapshot->fresh);
        double period = fmax(pace.glance_period, cost / (pace.glance * self->cores));
        if (!snapshot->settled) ht_mailbox_sleep(self->box, began + period - ht_now());
    }
    return NULL;
}

ht_glancer *ht_glancer_start(ht_mailbox *box, ht_triple *glances, int cores, ht_error *err)
{
    ht_glancer *self = ht_alloc(1, sizeof *self, "the glances", err);
    if (!self) return NULL;
    self->box = box;
    self->glances = glances;
    self->cores = cores;
    if (ht_thread_start(&self->thread, glance_main, self, "the thread of glances", err) == HT_OK) return self;
    ht_free(self);
    return NULL;
}

bool ht_glancer_gone(ht_glancer *self, double seconds)
{
    if (!self || self->gone) return true;
    ht_mailbox_close(self->box);
    self->gone = ht_thread_join_within(self->thread, seconds);
    return self->gone;
}

void ht_glancer_stop(ht_glancer *self)
{
    if (!self) return;
    ht_mailbox_close(self->box);
    if (!self->gone) pthread_join(self->thread, NULL);
    ht_free(self);
}
