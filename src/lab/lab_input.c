/* lab_input.c - keys, pasted text and the mouse: which part takes an event. */
#include "lab/lab_handlers.h"

/* Among what a word has found one goes up and down: that ends the word. */
static void type(ht_lab *lab, int key)
{
    bool among = lab->model->prompt == HT_PROMPT_SEARCH && (key == HT_KEY_UP || key == HT_KEY_DOWN);
    ht_lab_type_key(lab, among ? HT_KEY_ENTER : key);
    if (among) ht_lab_do(lab, ht_keymap_action(key));
}

void ht_lab_keep_move(ht_lab *lab, const ht_event *event)
{
    lab->move = *event;
    lab->moved = lab->dirty = lab->points = true;
}

void ht_lab_take_move(ht_lab *lab)
{
    if (lab->moved) ht_lab_mouse(lab, &lab->move);
    lab->moved = false;
}

/* What stands where the mouse was must not stay over a chart for good. */
static void end_hover(ht_lab *lab, const ht_event *e)
{
    bool keeps = e->kind == HT_EVENT_KEY && lab->model->prompt == HT_PROMPT_NONE &&
                 ht_keymap_action(e->key) == HT_DO_CURSOR;
    if (lab->model->cursor.hover && e->kind == HT_EVENT_KEY && !keeps) ht_lab_cursor_off(lab);
}

void ht_lab_event(ht_lab *lab, const ht_event *e)
{
    ht_lab_take_move(lab);
    end_hover(lab, e);
    lab->points = lab->points && (e->kind != HT_EVENT_KEY || ht_keymap_action(e->key) == HT_DO_HELP);
    if (e->kind == HT_EVENT_KEY || e->kind == HT_EVENT_PRESS) ht_lab_clear_note(lab);
    if (e->kind == HT_EVENT_PASTE)
        ht_lab_paste(lab, e);
    else if (e->kind != HT_EVENT_KEY)
        ht_lab_mouse(lab, e); /* a new size shows with the next frame */
    else if (lab->model->prompt != HT_PROMPT_NONE)
        type(lab, e->key);
    else if (lab->model->view != HT_VIEW_SETTINGS || !ht_lab_settings_key(lab, e->key))
        ht_lab_do(lab, ht_keymap_action(e->key));
    ht_lab_watch(lab);
}
