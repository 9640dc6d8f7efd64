#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/runner_state.h"

ht_sample ht_runner_sample(const ht_runner *r, ht_sample_kind kind)
{
    return (ht_sample){.kind = kind,
                       .step = ht_trainer_steps(r->trainer),
                       .seconds = ht_trainer_seconds(r->trainer),
                       .clock = ht_now(),
                       .epoch = ht_trainer_epoch(r->trainer),
                       .applied_seq = r->applied_seq,
                       .state = r->state,
                       .masked = r->masked};
}

/* Steps that find the ring full are folded: extremes and counts are kept, so no spike is lost. */
static void fold(ht_sample *into, const ht_sample *step, bool first)
{
    double low = first ? step->loss_min : fmin(into->loss_min, step->loss_min);
    double high = first ? step->loss_max : fmax(into->loss_max, step->loss_max);
    uint32_t folded = first ? 0 : into->folded;
    *into = *step;
    into->loss_min = low, into->loss_max = high;
    into->folded = folded + step->folded;
}

bool ht_runner_flush(ht_runner *r)
{
    for (int kind = HT_SAMPLE_STEP; kind <= HT_SAMPLE_STATE; kind++) {
        if (r->has_pending[kind] && !ht_ring_push(r->samples, &r->pending[kind])) return false;
        r->has_pending[kind] = false;
    }
    return true;
}

void ht_runner_emit(ht_runner *r, const ht_sample *sample)
{
    bool waits = sample->kind == HT_SAMPLE_EVAL && ht_jury_waits(r->jury) && r->held_count < HT_HELD_ROWS;
    if (r->recorder && waits)
        r->held[r->held_count++] = *sample;
    else if (r->recorder && sample->kind != HT_SAMPLE_STEP)
        ht_recorder_take(r->recorder, sample);
    if (ht_runner_flush(r) && ht_ring_push(r->samples, sample)) return;
    if (sample->kind > HT_SAMPLE_STATE) return; /* not reached: commands wait for room for their answers */
    ht_sample *kept = &r->pending[sample->kind];
    if (sample->kind == HT_SAMPLE_STEP)
        fold(kept, sample, !r->has_pending[HT_SAMPLE_STEP]);
    else
        *kept = *sample;
    r->has_pending[sample->kind] = true;
}

void ht_runner_stir(ht_runner *r)
{
    r->settled = r->glimpsed = false;
    ht_mailbox_poke(r->box);
    ht_mailbox_poke(r->glimpse_box);
}

void ht_runner_enter(ht_runner *r, ht_state state, const char *message)
{
    r->state = state;
    ht_sample sample = ht_runner_sample(r, HT_SAMPLE_STATE);
    ht_text_copy(sample.message, sizeof sample.message, message);
    ht_runner_emit(r, &sample);
    ht_runner_stir(r);
}

void ht_runner_note_mask(ht_runner *r)
{
    const ht_mask *mask = ht_trainer_mask(r->trainer);
    r->masked = mask ? ht_mask_hidden_share(mask) : 0;
}

void ht_runner_tell_epochs(ht_runner *r)
{
    size_t count;
    ht_epochs *e = ht_triple_back(r->epochs);
    const ht_occam_epoch *rows = ht_trainer_occam(r->trainer, &count);
    e->now = ht_trainer_state_get(r->trainer).occam;
    e->count = (int)count;
    if (count) memcpy(e->row, rows, count * sizeof *rows);
    r->epochs_told = e->now.epochs;
    ht_triple_publish(r->epochs);
}

void ht_runner_tell_stored(ht_runner *r)
{
    ht_timeline_describe(r->timeline, r->trainer, ht_triple_back(r->stored));
    ht_triple_publish(r->stored);
}

void ht_runner_say(ht_runner *r, const char *message)
{
    ht_runner_enter(r, r->state, message);
}
