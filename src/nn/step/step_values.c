/* step_values.c - what a layer gives and what comes back to it, of some samples: activations, their
 * derivatives, where parts of a delta go, what the guard hears. */
#include <math.h>

#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/step/step_state.h"

float ht_step_activate(const ht_step *s, int l, int sample, int samples, int first, int m)
{
    const ht_step_layer *room = &s->layer[l];
    ht_activation activation = s->net->layers[l].activation;
    size_t run = (size_t)m, at = (size_t)sample * (size_t)room->width + (size_t)first;
    float most = 0;
    if (m == room->width) run *= (size_t)samples, samples = 1; /* one after the other */
    for (int r = 0; r < samples; r++, at += (size_t)room->width)
        most = fmaxf(most, ht_activate_keeping(activation, room->hidden + at,
                                               room->slope ? room->slope + at : NULL, run));
    return most;
}

void ht_step_note_value(ht_step *s, int task, float most)
{
    s->shard_max[task] = fmaxf(most, s->shard_max[task]);
}

float ht_step_deactivate(const ht_step *s, int l, int sample, int samples, int first, int m, bool measure)
{
    const ht_step_layer *room = &s->layer[l];
    const float *from = room->slope ? room->slope : room->hidden;
    size_t run = (size_t)m, at = (size_t)sample * (size_t)room->width + (size_t)first;
    float most = 0;
    if (m == room->width) run *= (size_t)samples, samples = 1;
    for (int r = 0; r < samples; r++, at += (size_t)room->width) {
        ht_activate_gradient(s->net->layers[l].activation, room->delta + at, from + at, run);
        if (measure) most = fmaxf(most, ht_kernel()->max_abs(room->delta + at, run));
    }
    return most;
}

void ht_step_note_delta(ht_step *s, int task, float most)
{
    float *noted = &s->shard_max[2 * s->shards + task];
    *noted = fmaxf(*noted, most);
}

/* Is it the first to say something of layer `at`? */
static bool is_first(const ht_step *s, int at, int reader)
{
    for (int r = at + 1; r < reader; r++)
        if (s->net->layers[r].input == at || s->net->layers[r].also == at) return false;
    return true;
}

float *ht_step_part_of(const ht_step *s, int at, int reader)
{
    return is_first(s, at, reader) ? s->layer[at].delta : s->spare;
}
