/* lab_core.c - what all parts of the lab use: the line at the bottom, commands to the trainer, and the stack
 * of undo. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "lab/lab_handlers.h"

/* ---- the line at the bottom -------------------------------------------------------------------- */

void ht_lab_note(ht_lab *lab, bool good, const char *format, ...)
{
    char text[2 * HT_MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ht_text_copy(lab->model->message, sizeof lab->model->message, text);
    lab->model->message_is_note = good;
    lab->noted = true;
}

void ht_lab_message_drawn(ht_lab *lab, int columns)
{
    enum { MOST = 1 << 14 };
    char shown[HT_MESSAGE];
    const ht_text *kept = &lab->long_messages;
    size_t length = strlen(lab->model->message);
    if (length == 0 || !ht_bars_message(lab->model, columns, shown) || kept->length > MOST) return;
    if (kept->data && strstr(kept->data, lab->model->message)) return; /* by the frame before */
    ht_text_add(&lab->long_messages, "%s\n", lab->model->message);
}

void ht_lab_clear_note(ht_lab *lab)
{
    if (!lab->noted) return;
    lab->noted = false;
    lab->model->message_is_note = false;
    ht_text_copy(lab->model->message, sizeof lab->model->message, lab->standing);
}

void ht_lab_sample(ht_lab *lab, const ht_sample *sample)
{
    ht_model *m = lab->model;
    bool keep = lab->noted && sample->kind == HT_SAMPLE_STATE && sample->message[0] == '\0';
    bool good = m->message_is_note;
    char note[sizeof m->message];
    ht_text_copy(note, sizeof note, m->message);
    ht_model_sample(m, sample);
    if ((int32_t)(sample->applied_seq - lab->restart) >= 0) lab->restart = 0;
    if (sample->kind != HT_SAMPLE_STATE) return;
    if (lab->lesson && sample->state == HT_STATE_DONE)
        m->message[0] = '\0'; /* its page says how it goes on */
    ht_text_copy(lab->standing, sizeof lab->standing, m->message);
    lab->noted = keep;
    if (!keep) return;
    ht_text_copy(m->message, sizeof m->message, note);
    m->message_is_note = good;
}

/* ---- the trainer ------------------------------------------------------------------------------- */

void ht_lab_send(ht_lab *lab, ht_command_kind kind, ht_param p, double value)
{
    if (!lab->runner) return; /* trainings of others are watched, which take no commands */
    uint32_t number = ht_runner_send(lab->runner, kind, p, value);
    if (number == 0) ht_lab_busy(lab);
    if (number && (kind == HT_COMMAND_RESET || kind == HT_COMMAND_RESEED)) lab->restart = number;
}

void ht_lab_busy(ht_lab *lab)
{
    ht_lab_note(lab, false, "the trainer has not answered for a while; try again");
}

void ht_lab_hold(ht_lab *lab)
{
    lab->resumes = lab->model->state == HT_STATE_RUNNING;
    if (lab->resumes) ht_lab_send(lab, HT_COMMAND_PAUSE, 0, 0);
}

/* ---- the stack of undo -------------------------------------------------------------------------- */

/* The newest change, if redo has nothing that came after it. */
static ht_change *newest(ht_lab *lab)
{
    return lab->undo_count && lab->undo_limit == lab->undo_count ? &lab->undo[lab->undo_count - 1] : NULL;
}

static void push(ht_lab *lab, ht_change change)
{
    if (lab->undo_count == HT_UNDO) {
        memmove(lab->undo, lab->undo + 1, (HT_UNDO - 1) * sizeof lab->undo[0]);
        lab->undo_count--;
    }
    lab->undo[lab->undo_count++] = change;
    lab->undo_limit = lab->undo_count;
}

void ht_lab_remember(ht_lab *lab, ht_param p, double before, double after)
{
    ht_change *last = newest(lab);
    if (before == after) return;
    /* A drag is one change. */
    if (lab->dragging && last && !last->state && !last->label && last->param == p && lab->drag_remembered) {
        last->after = after;
        return;
    }
    push(lab, (ht_change){.param = p, .before = before, .after = after});
    lab->drag_remembered = true; /* from here on the drag extends this change */
}

void ht_lab_remember_state(ht_lab *lab, const char *what)
{
    push(lab, (ht_change){.state = what, .number = ++lab->states});
}

void ht_lab_remember_label(ht_lab *lab, uint64_t step, const char *before, const char *after)
{
    ht_change change = {.label = true, .step = step};
    ht_text_copy(change.text_before, sizeof change.text_before, before);
    ht_text_copy(change.text_after, sizeof change.text_after, after);
    push(lab, change);
}
