/* lab_actions.c - from events to what they do: the table of handlers, notes, commands to the trainer. */
#include <stdarg.h>
#include <stdio.h>

#include "app/lab_handlers.h"
#include "base/text.h"
#include "view/view.h"

/* ---- the line at the bottom -------------------------------------------------------------------- */

void ht_lab_note(ht_lab *lab, bool good, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(lab->model->message, sizeof lab->model->message, format, args);
    va_end(args);
    lab->model->message_is_note = good;
    lab->noted = true;
}

static void clear_note(ht_lab *lab)
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
    if (sample->kind != HT_SAMPLE_STATE) return;
    ht_text_copy(lab->standing, sizeof lab->standing, sample->message);
    lab->noted = keep;
    if (!keep) return;
    ht_text_copy(m->message, sizeof m->message, note);
    m->message_is_note = good;
}

/* ---- training ---------------------------------------------------------------------------------- */

void ht_lab_send(ht_lab *lab, ht_command_kind kind, ht_param p, double value)
{
    if (ht_runner_send(lab->runner, kind, p, value) == 0) ht_lab_busy(lab);
}

void ht_lab_busy(ht_lab *lab)
{
    ht_lab_note(lab, false, "the trainer has not answered for a while; try again");
}

static void train(ht_lab *lab, ht_action action)
{
    if (action == HT_DO_PAUSE && (ht_lab_width_stop(lab) || ht_lab_compare_stop(lab)))
        return; /* what runs stops */
    bool running = lab->model->state == HT_STATE_RUNNING;
    ht_lab_send(lab,
                action == HT_DO_STEP    ? HT_COMMAND_STEP
                : action == HT_DO_RESET ? HT_COMMAND_RESET
                : running               ? HT_COMMAND_PAUSE
                                        : HT_COMMAND_RUN,
                0, 0);
    if (action == HT_DO_RESET) ht_lab_remember_state(lab, "the reset");
}

static void reseed(ht_lab *lab, ht_action action)
{
    (void)action;
    double seed = ht_params_get(&lab->model->asked, HT_P_TRAIN_SEED) + 1;
    ht_params_put(&lab->model->asked, HT_P_TRAIN_SEED, seed); /* so that R R is two seeds further */
    ht_lab_send(lab, HT_COMMAND_RESEED, 0, seed);
    ht_lab_remember_state(lab, "the new seed");
    ht_lab_note(lab, true, "seed %.0f: other weights, batches and noise", seed);
}

static void quit(ht_lab *lab, ht_action action)
{
    (void)action;
    lab->quit = true;
}

/* ---- actions ----------------------------------------------------------------------------------- */

/* Actions that open a view are not here: the table of views has them. */
static ht_lab_handler *const handlers[HT_ACTION_COUNT] = {
    [HT_DO_PAUSE] = train,
    [HT_DO_STEP] = train,
    [HT_DO_RESET] = train,
    [HT_DO_RESEED] = reseed,
    [HT_DO_NEXT_PANEL] = ht_lab_next_panel,
    [HT_DO_PREVIOUS_PANEL] = ht_lab_next_panel,
    [HT_DO_UP] = ht_lab_choose,
    [HT_DO_DOWN] = ht_lab_choose,
    [HT_DO_LESS] = ht_lab_adjust,
    [HT_DO_MORE] = ht_lab_adjust,
    [HT_DO_MUCH_LESS] = ht_lab_adjust,
    [HT_DO_MUCH_MORE] = ht_lab_adjust,
    [HT_DO_TYPE] = ht_lab_prompt,
    [HT_DO_SETTING] = ht_lab_prompt,
    [HT_DO_SEARCH] = ht_lab_prompt,
    [HT_DO_NAME_GHOST] = ht_lab_prompt,
    [HT_DO_PRESENT] = ht_lab_present,
    [HT_DO_THEME] = ht_lab_theme,
    [HT_DO_PANEL_1] = ht_lab_show_panel,
    [HT_DO_PANEL_2] = ht_lab_show_panel,
    [HT_DO_PANEL_3] = ht_lab_show_panel,
    [HT_DO_PANEL_4] = ht_lab_show_panel,
    [HT_DO_PANEL_5] = ht_lab_show_panel,
    [HT_DO_PANEL_6] = ht_lab_show_panel,
    [HT_DO_PANEL_7] = ht_lab_show_panel,
    [HT_DO_PANEL_8] = ht_lab_show_panel,
    [HT_DO_NOISE] = ht_lab_noise,
    [HT_DO_UNDO] = ht_lab_undo,
    [HT_DO_PRUNE] = ht_lab_prune,
    [HT_DO_PRUNE_KEEP] = ht_lab_prune,
    [HT_DO_UNMASK] = ht_lab_unmask,
    [HT_DO_REDO] = ht_lab_redo,
    [HT_DO_LAYER] = ht_lab_layer,
    [HT_DO_WIDTH] = ht_lab_width,
    [HT_DO_COMPARE] = ht_lab_compare,
    [HT_DO_GHOST] = ht_lab_ghost,
    [HT_DO_DROP_GHOST] = ht_lab_drop_ghost,
    [HT_DO_FREEZE] = ht_lab_freeze,
    [HT_DO_TIMELINE] = ht_lab_timeline,
    [HT_DO_CLOSER] = ht_lab_window,
    [HT_DO_FARTHER] = ht_lab_window,
    [HT_DO_EARLIER] = ht_lab_window,
    [HT_DO_LATER] = ht_lab_window,
    [HT_DO_WHOLE] = ht_lab_window,
    [HT_DO_LATEST] = ht_lab_window,
    [HT_DO_CURSOR] = ht_lab_cursor,
    [HT_DO_SMOOTH] = ht_lab_smooth,
    [HT_DO_ZOOM] = ht_lab_zoom,
    [HT_DO_LOG_Y] = ht_lab_log_axis,
    [HT_DO_LOG_X] = ht_lab_log_axis,
    [HT_DO_SYMBOLS] = ht_lab_symbols,
    [HT_DO_EXPORT] = ht_lab_export,
    [HT_DO_HELP] = ht_lab_help,
    [HT_DO_BACK] = ht_lab_back,
    [HT_DO_QUIT] = quit,
};

void ht_lab_do(ht_lab *lab, ht_action action)
{
    ht_view view;
    const ht_lab_view *here = ht_lab_view_of(lab);
    if (lab->model->timeline && ht_lab_timeline_act(lab, action)) return;
    if (here->act && here->act(lab, action)) return;
    if (handlers[action])
        handlers[action](lab, action);
    else if (ht_view_find(action, &view))
        ht_lab_toggle_view(lab, action);
}

void ht_lab_event(ht_lab *lab, const ht_event *e)
{
    if (e->kind == HT_EVENT_KEY || e->kind == HT_EVENT_PRESS) clear_note(lab);
    if (e->kind == HT_EVENT_PASTE)
        ht_lab_paste(lab, e);
    else if (e->kind != HT_EVENT_KEY)
        ht_lab_mouse(lab, e); /* a new size shows with the next frame */
    else if (lab->model->prompt != HT_PROMPT_NONE)
        ht_lab_type_key(lab, e->key);
    else
        ht_lab_do(lab, ht_keymap_action(e->key));
    ht_lab_watch(lab);
}
