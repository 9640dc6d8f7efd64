/* lab_handlers.h - what keys and mouse do, among the files lab_*.c.
 *
 * A new action: a value of ht_action and a row of the keymap (view/keymap.h), a function here, and its row in
 * the table of lab_actions.c. An action that opens a view needs neither function nor row. */
#ifndef HT_LAB_LAB_HANDLERS_H
#define HT_LAB_LAB_HANDLERS_H

#include "lab/lab.h"
#include "lesson/condition.h"
#include "view/keymap.h"

/* What an action does; one function may serve several. */
typedef void ht_lab_handler(ht_lab *lab, ht_action action);

/* What the keys and the mouse mean in one view only. */
typedef struct ht_lab_view {
    /* True if the action had a meaning here; else it does what it does everywhere. */
    bool (*act)(ht_lab *lab, ht_action action);
    /* The button went down, or moved while down, inside a panel. */
    void (*press)(ht_lab *lab, ht_panel_id panel, int column, int row);
    void (*wheel)(ht_lab *lab, int delta);
} ht_lab_view;

/* lab_core.c */
void ht_lab_clear_note(ht_lab *lab);
void ht_lab_send(ht_lab *lab, ht_command_kind kind, ht_param p, double value);
void ht_lab_busy(ht_lab *lab); /* says that a command found no room */
/* A width sweep or a comparison starts: the main run pauses. */
void ht_lab_hold(ht_lab *lab);
void ht_lab_remember_label(ht_lab *lab, uint64_t step, const char *before, const char *after);
void ht_lab_remember(ht_lab *lab, ht_param p, double before, double after);
/* A command was sent that leaves a state behind (HT_COMMAND_UNDO_STATE); `what` is static: "the pruning". */
void ht_lab_remember_state(ht_lab *lab, const char *what);

/* lab_actions.c */
void ht_lab_do(ht_lab *lab, ht_action action);
const ht_lab_view *ht_lab_view_of(const ht_lab *lab); /* the table's row of the open view */

/* lab_params.c: controls, settings */
ht_lab_handler ht_lab_adjust, ht_lab_choose, ht_lab_noise;
/* Sets a parameter, and tells it where no control shows it. */
void ht_lab_set(ht_lab *lab, ht_param p, double value);
void ht_lab_change(ht_lab *lab, ht_param p, double value); /* and remembers how to undo it */
/* Needs no new network; else says how it is set. */
bool ht_lab_may_change(ht_lab *lab, ht_param p, const char *value);
void ht_lab_use_theme(ht_lab *lab); /* the one that the settings name */
void ht_lab_step(ht_lab *lab, ht_param p, int direction, bool coarse);
void ht_lab_step_control(ht_lab *lab, int direction, bool coarse); /* the chosen one */

/* A slider under the mouse, from the press on; the button is still held. */
void ht_lab_drag_begin(ht_lab *lab, ht_param p, ht_rect track, int column);
void ht_lab_drag(ht_lab *lab, int column);

/* lab_settings.c: the menu of settings */
ht_lab_handler ht_lab_settings;
bool ht_lab_settings_act(ht_lab *lab, ht_action action);
bool ht_lab_settings_key(ht_lab *lab, int key); /* letters find, digits begin a value; true if it was one */
void ht_lab_settings_press(ht_lab *lab, ht_panel_id panel, int column, int row);
void ht_lab_settings_wheel(ht_lab *lab, int delta);

/* lab_undo.c */
ht_lab_handler ht_lab_undo, ht_lab_redo;

/* lab_prompt.c: what is typed at the bottom */
ht_lab_handler ht_lab_prompt;
void ht_lab_type_value(ht_lab *lab);                   /* of what ht_model_edited says */
void ht_lab_type_key(ht_lab *lab, int key);            /* while something is being typed */
void ht_lab_paste(ht_lab *lab, const ht_event *event); /* into what is being typed; it is no keys */

/* lab_views.c: views, panels, axes, symbols, pictures */
ht_lab_handler ht_lab_toggle_view, ht_lab_next_panel, ht_lab_zoom, ht_lab_log_axis, ht_lab_symbols,
    ht_lab_theme, ht_lab_effort, ht_lab_present, ht_lab_show_panel, ht_lab_turn, ht_lab_export, ht_lab_help,
    ht_lab_back, ht_lab_layer;
/* Of the layers of view/layers/layers.h: every view then shows it. */
void ht_lab_pick_layer(ht_lab *lab, int layer);
/* Another view, and the frame on a panel of it. */
void ht_lab_open_view(ht_lab *lab, ht_view view);
/* Tells the analyst whether pictures of the tail are in sight: they cost time. */
void ht_lab_watch(ht_lab *lab);
/* Scrolls a panel of rows; false where it shows all of them, or is none. */
bool ht_lab_scroll(ht_lab *lab, ht_panel_id panel, int rows);
bool ht_lab_scroll_page(ht_lab *lab, ht_panel_id panel, int direction);
bool ht_lab_help_act(ht_lab *lab, ht_action action);
void ht_lab_help_press(ht_lab *lab, ht_panel_id panel, int column, int row); /* a word: looks for it */
void ht_lab_help_wheel(ht_lab *lab, int delta);
bool ht_lab_tab_act(ht_lab *lab, ht_action action);
bool ht_lab_tail_act(ht_lab *lab, ht_action action);

/* lab_history.c: ghosts, freezing, the window of steps, smoothing */
ht_lab_handler ht_lab_ghost, ht_lab_drop_ghost, ht_lab_freeze, ht_lab_window, ht_lab_smooth;

/* lab_label.c: words at a step of the run */
ht_lab_handler ht_lab_label;
void ht_lab_take_label(ht_lab *lab);                                 /* what was typed */
void ht_lab_put_label(ht_lab *lab, uint64_t step, const char *text); /* without a trace in undo */

/* lab_cursor.c: the read-out cursor of the charts */
ht_lab_handler ht_lab_cursor;
void ht_lab_cursor_off(ht_lab *lab);
/* While its keys are the arrows: Home, End, Tab and Esc are its own, too. False: it has no use for this. */
bool ht_lab_cursor_act(ht_lab *lab, ht_action action);
/* Puts it where the mouse is; false beside a plot. */
bool ht_lab_put_cursor(ht_lab *lab, ht_panel_id panel, int column, int row);
/* A chart as it was drawn last, its area and its plot; NULL if the panel shows none. */
const ht_chart *ht_lab_chart(ht_lab *lab, ht_panel_id panel, ht_rect *area, ht_rect *plot);
/* The row of a form under the mouse, as it was drawn last, and its slider; NULL if there is none. */
const ht_row *ht_lab_row(ht_lab *lab, ht_panel_id panel, int column, int row, ht_rect *track);

/* lab_pruning.c */
ht_lab_handler ht_lab_prune, ht_lab_unmask;
bool ht_lab_pruning_act(ht_lab *lab, ht_action action); /* in its view */
void ht_lab_pruning_press(ht_lab *lab, ht_panel_id panel, int column, int row);
void ht_lab_pruning_wheel(ht_lab *lab, int delta);

/* lab_timeline.c: the bar of states to go back to, under any view */
ht_lab_handler ht_lab_timeline;
bool ht_lab_timeline_act(ht_lab *lab, ht_action action); /* while it is open */
void ht_lab_timeline_press(ht_lab *lab, int column);
void ht_lab_timeline_close(ht_lab *lab);

/* lab_width.c: the width sweep; while it runs, the main run pauses */
ht_lab_handler ht_lab_width;
bool ht_lab_width_act(ht_lab *lab, ht_action action);
bool ht_lab_width_stop(ht_lab *lab); /* false when none is running */

/* Take in how it stands; true if there is something new to show. */
bool ht_lab_width_poll(ht_lab *lab);
bool ht_lab_compare_poll(ht_lab *lab);

/* lab_twin.c: the same run without noise, trained beside it and shown as a ghost */
ht_lab_handler ht_lab_twin;
bool ht_lab_twin_poll(ht_lab *lab); /* true if there is something new to show */

/* lab_runs.c: runs side by side */
bool ht_lab_runs_act(ht_lab *lab, ht_action action); /* in its view */
void ht_lab_runs_press(ht_lab *lab, ht_panel_id panel, int column, int row);
void ht_lab_runs_keep(ht_lab *lab); /* the run is about to be left */
bool ht_lab_runs_poll(ht_lab *lab); /* true if there is something new to show */

/* lab_compare.c: the comparison of methods; while it runs, the main run pauses */
ht_lab_handler ht_lab_compare;
bool ht_lab_compare_stop(ht_lab *lab); /* false when none is running */

/* lab_lesson.c: lessons, played step by step in any view */
ht_lab_handler ht_lab_lesson;
bool ht_lab_lesson_act(ht_lab *lab, ht_action action); /* while one is open */

/* lab_lesson_values.c: what is known now of what lessons speak of */
void ht_lab_lesson_values(const ht_lab *lab, ht_lesson_values *values);

/* lab_mouse.c */
void ht_lab_mouse(ht_lab *lab, const ht_event *event);

#endif
