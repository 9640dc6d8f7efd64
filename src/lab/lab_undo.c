/* lab_undo.c - one stack for undo, in time order: settings and labels, which are set back, and what left a
 * state of the run behind (a reset, a pruning, going back), of which the trainer keeps the last. */
#include "lab/lab_handlers.h"
#include "base/text.h"

/* The trainer's undo swaps the state with the one that it leaves: undo and redo are the same command. */
static void change_state(ht_lab *lab, const ht_change *c, const char *did)
{
    if (c->number != lab->states) {
        ht_lab_note(lab, true, "%s lies too far back: one state is kept for undo; b goes back further",
                    c->state);
        return;
    }
    ht_lab_send(lab, HT_COMMAND_UNDO_STATE, 0, 0);
    ht_lab_note(lab, true, "%s %s", did, c->state);
}

/* A label of steps that were left is not there to be changed. */
static void change_label(ht_lab *lab, const ht_change *c, const char *text, const char *did)
{
    char step[32];
    ht_format_grouped(step, sizeof step, (long long)c->step);
    if (c->step > lab->model->step) {
        ht_lab_note(lab, true, "the label at step %s is of steps that were left; the run is not there", step);
        return;
    }
    ht_lab_put_label(lab, c->step, text);
    ht_lab_note(lab, true, "%s the label at step %s", did, step);
}

void ht_lab_undo(ht_lab *lab, ht_action action)
{
    (void)action;
    if (lab->undo_count == 0) {
        ht_lab_note(lab, true, "nothing to undo");
        return;
    }
    const ht_change *c = &lab->undo[--lab->undo_count];
    if (c->label)
        change_label(lab, c, c->text_before, "undid");
    else if (c->state)
        change_state(lab, c, "undid");
    else
        ht_lab_set(lab, c->param, c->before);
}

void ht_lab_redo(ht_lab *lab, ht_action action)
{
    (void)action;
    if (lab->undo_count == lab->undo_limit) {
        ht_lab_note(lab, true, "nothing to redo");
        return;
    }
    const ht_change *c = &lab->undo[lab->undo_count++];
    if (c->label)
        change_label(lab, c, c->text_after, "put again");
    else if (c->state)
        change_state(lab, c, "did again");
    else
        ht_lab_set(lab, c->param, c->after);
}
