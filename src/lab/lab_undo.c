/* lab_undo.c - one stack for undo, in time order: settings, which are set back, and what left a state of the
 * run behind (a reset, a pruning, going back), of which the trainer keeps the last. */
#include "lab/lab_handlers.h"

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

void ht_lab_undo(ht_lab *lab, ht_action action)
{
    (void)action;
    if (lab->undo_count == 0) {
        ht_lab_note(lab, true, "nothing to undo");
        return;
    }
    const ht_change *c = &lab->undo[--lab->undo_count];
    if (c->state)
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
    if (c->state)
        change_state(lab, c, "did again");
    else
        ht_lab_set(lab, c->param, c->after);
}
