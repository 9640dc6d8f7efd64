/* lab_actions.c - from actions to what they do: the tables of handlers and of views. */
#include "lab/lab_handlers.h"
#include "lab/watch/lab_trainings.h"
#include "view/view.h"

/* ---- training ---------------------------------------------------------------------------------- */

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

/* Of trainings of others, whose layers are kept one by one. */
static void show_layers(ht_lab *lab, ht_action action)
{
    if (lab->trainings)
        ht_lab_toggle_view(lab, action);
    else
        ht_lab_note(lab, true,
                    "layers side by side are shown of watched trainings (heavytail watch); y picks one here");
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
    [HT_DO_SETTINGS] = ht_lab_settings,
    [HT_DO_SEARCH] = ht_lab_prompt,
    [HT_DO_NAME_GHOST] = ht_lab_prompt,
    [HT_DO_PRESENT] = ht_lab_present,
    [HT_DO_THEME] = ht_lab_theme,
    [HT_DO_EFFORT] = ht_lab_effort,
    [HT_DO_PANEL_1] = ht_lab_show_panel,
    [HT_DO_PANEL_2] = ht_lab_show_panel,
    [HT_DO_PANEL_3] = ht_lab_show_panel,
    [HT_DO_PANEL_4] = ht_lab_show_panel,
    [HT_DO_PANEL_5] = ht_lab_show_panel,
    [HT_DO_PANEL_6] = ht_lab_show_panel,
    [HT_DO_PANEL_7] = ht_lab_show_panel,
    [HT_DO_PANEL_8] = ht_lab_show_panel,
    [HT_DO_PANEL_9] = ht_lab_show_panel,
    [HT_DO_TURN] = ht_lab_turn,
    [HT_DO_TWIN] = ht_lab_twin,
    [HT_DO_NOISE] = ht_lab_noise,
    [HT_DO_UNDO] = ht_lab_undo,
    [HT_DO_PRUNE] = ht_lab_prune,
    [HT_DO_PRUNE_KEEP] = ht_lab_prune,
    [HT_DO_UNMASK] = ht_lab_unmask,
    [HT_DO_REDO] = ht_lab_redo,
    [HT_DO_LAYER] = ht_lab_layer,
    [HT_DO_LAYER_BEFORE] = ht_lab_layer,
    [HT_DO_WIDTH] = ht_lab_width,
    [HT_DO_LAYERS] = show_layers,
    [HT_DO_COMPARE] = ht_lab_compare,
    [HT_DO_GHOST] = ht_lab_ghost,
    [HT_DO_DROP_GHOST] = ht_lab_drop_ghost,
    [HT_DO_LABEL] = ht_lab_label,
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
    [HT_DO_LESSON] = ht_lab_lesson,
    [HT_DO_BACK] = ht_lab_back,
    [HT_DO_QUIT] = quit,
};

static const ht_lab_view views[HT_VIEW_COUNT] = {
    [HT_VIEW_PRUNING] = {ht_lab_pruning_act, ht_lab_pruning_press, ht_lab_pruning_wheel},
    [HT_VIEW_TAIL] = {ht_lab_tail_act, NULL, NULL},
    [HT_VIEW_WIDTH] = {ht_lab_width_act, NULL, NULL},
    [HT_VIEW_COMPARE] = {ht_lab_tab_act, NULL, NULL},
    [HT_VIEW_METHOD] = {ht_lab_tab_act, NULL, NULL},
    [HT_VIEW_LAYERS] = {ht_lab_tab_act, NULL, NULL},
    [HT_VIEW_RUNS] = {ht_lab_runs_act, ht_lab_runs_press, NULL},
    [HT_VIEW_SETTINGS] = {ht_lab_settings_act, ht_lab_settings_press, ht_lab_settings_wheel},
    [HT_VIEW_HELP] = {ht_lab_help_act, ht_lab_help_press, ht_lab_help_wheel},
};

const ht_lab_view *ht_lab_view_of(const ht_lab *lab)
{
    return &views[lab->model->view];
}

void ht_lab_do(ht_lab *lab, ht_action action)
{
    ht_view view;
    const ht_lab_view *here = ht_lab_view_of(lab);
    if (lab->model->view == HT_VIEW_SETTINGS && ht_lab_settings_act(lab, action)) return;
    if (lab->model->timeline && ht_lab_timeline_act(lab, action)) return;
    if (lab->model->lesson.open && ht_lab_lesson_act(lab, action)) return;
    if (ht_lab_cursor_act(lab, action)) return;
    if (lab->trainings && ht_lab_trainings_act(lab, action)) return;
    if (here->act && here->act(lab, action)) return;
    if (handlers[action])
        handlers[action](lab, action);
    else if (ht_view_find(action, &view))
        ht_lab_toggle_view(lab, action);
}
