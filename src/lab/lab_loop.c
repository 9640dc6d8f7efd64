/* lab_loop.c - the terminal of the lab: opening it, frames, and what comes from the keyboard. */
#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "lab/lab_handlers.h"
#include "term/term.h"
#include "view/scene.h"

/* ---- opening ----------------------------------------------------------------------------------- */

ht_code ht_lab_open_screen(ht_lab *lab, const ht_params *params, const char *script, ht_error *err)
{
    ht_theme theme;
    ht_code code = ht_theme_load(ht_params_name(params, HT_P_UI_THEME), &theme, err);
    /* Who chooses a theme wants its background, too: light text is unreadable on the terminal's own. */
    if (ht_params_get(params, HT_P_UI_THEME) != ht_param_at(HT_P_UI_THEME)->initial)
        theme.fill = theme.background.set;
    if (code == HT_OK && script) code = ht_lab_script_load(lab, script, err);
    if (code != HT_OK) return code;
    if (!lab->model && !(lab->model = ht_alloc(1, sizeof *lab->model, "the lab", err))) return HT_FAIL;
    if (!(lab->cells = ht_cells_new(err))) return HT_FAIL;
    if (ht_term_open(&theme, err) != HT_OK) return err->code;
    ht_term_hover(ht_params_get(params, HT_P_UI_HOVER) != 0);
    return HT_OK;
}

/* ---- what goes out ----------------------------------------------------------------------------- */

static ht_symbols symbols_of(const ht_lab *lab)
{
    int choice = (int)ht_params_get(&lab->model->asked, HT_P_UI_ASCII);
    return choice == 0 ? ht_term_symbols() : (ht_symbols)(choice - 1);
}

/* All panels at once: what stands in several of them is of one moment. */
void ht_lab_draw(ht_lab *lab)
{
    ht_error err;
    int columns, rows;
    ht_term_size(&columns, &rows);
    if (ht_cells_resume(lab->cells, columns, rows, symbols_of(lab), &err) != HT_OK)
        return; /* tried again with the next frame */
    ht_lab_take_move(lab);
    lab->layout = ht_layout_make(columns, rows, ht_scene_of(lab->model, columns));
    ht_screen_draw(&lab->screen, ht_cells_surface(lab->cells), lab->model, &lab->layout);
    ht_term_show(lab->cells);
    ht_lab_message_drawn(lab, columns);
    lab->dirty = false;
    lab->drawn = ht_now();
}

/* ---- the loop ---------------------------------------------------------------------------------- */

/* Seconds between two frames that nobody asked for with a key. While training runs every other one is left
 * out: each is taken from it. */
static double frame_of(const ht_lab *lab)
{
    double frame = 1 / ht_params_get(&lab->model->asked, HT_P_UI_FPS);
    return lab->model->state == HT_STATE_RUNNING ? 2 * frame : frame;
}

/* How long to sleep: to the next frame while something moves; soon again while a command is on its way; else
 * lazily. */
static int patience(const ht_lab *lab)
{
    double frame = frame_of(lab), since = ht_now() - lab->drawn;
    if (lab->dirty) return since >= frame ? 0 : (int)ceil(1e3 * (frame - since));
    /* Each time that we wake up is taken from training. */
    if (lab->model->state == HT_STATE_RUNNING && since < frame) return (int)ceil(1e3 * (frame - since));
    if (lab->model->state == HT_STATE_RUNNING || ht_lab_scripted(lab)) return (int)ceil(1e3 * frame / 2);
    return ht_now() - lab->last_event < 1 ? 10 : lab->width_sweep || lab->compare ? 100 : 200;
}

void ht_lab_frame(ht_lab *lab)
{
    /* A key shows at once, and all that it changes; training fills the frames in between. */
    if (!lab->urgent && !(lab->dirty && ht_now() - lab->drawn >= frame_of(lab))) return;
    ht_lab_draw(lab);
    lab->urgent = false;
}

/* Keys pause when for so long none has come. */
static const int key_pause_ms = 20;

static void handle(ht_lab *lab, const ht_event *event)
{
    lab->last_event = ht_now();
    ht_lab_event(lab, event);
    lab->urgent = lab->dirty = true;
}

void ht_lab_listen(ht_lab *lab)
{
    ht_event event;
    ht_term_wait(patience(lab));
    for (int i = 0; i < lab->ahead_count; i++) handle(lab, &lab->ahead[i]);
    lab->ahead_count = 0;
    do {
        while (ht_term_event(&event)) {
            if (event.kind == HT_EVENT_MOVE)
                ht_lab_keep_move(lab, &event);
            else
                handle(lab, &event);
        }
    } while (lab->picture_due && ht_term_wait(key_pause_ms) && !ht_term_interrupted());
    ht_lab_picture(lab);
    if (ht_lab_script(lab)) lab->urgent = lab->dirty = true;
}
