#include "cli/watch/watch_lab.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/text.h"
#include "cli/report/built.h"
#include "lab/watch/lab_trainings.h"
#include "render/cells.h"
#include "term/guard.h"
#include "term/term.h"
#include "view/model.h"

/* What the settings say of noise and network is not this training's. */
static void begin_model(ht_lab *lab, const ht_watch_lab *w)
{
    ht_params params = *w->params;
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_model_init(lab->model, &params, 0, 0, "");
    lab->model->shape[0] = '\0';
    char built[sizeof lab->model->footer];
    ht_built_line(built, sizeof built);
    ht_text_copy(lab->model->footer, sizeof lab->model->footer, built);
}

static void loop(ht_lab *lab)
{
    lab->dirty = true;
    while (!lab->quit && !ht_term_interrupted()) {
        ht_lab_receive(lab);
        ht_lab_frame(lab);
        ht_lab_listen(lab);
    }
}

/* The last frame, and the terminal is the shell's again. A look at a large file is cancelled. */
static bool wind_up(ht_lab *lab)
{
    bool quiet = ht_lab_trainings_gone(lab, ht_lab_end_seconds);
    ht_lab_draw(lab);
    ht_term_close();
    return quiet || ht_lab_trainings_gone(lab, ht_lab_end_seconds);
}

static void release(ht_lab *lab)
{
    ht_lab_trainings_close(lab);
    ht_screen_free(&lab->screen);
    ht_cells_free(lab->cells);
    if (lab->model) ht_model_clear(lab->model);
    ht_free(lab->model);
    ht_free(lab->script);
    ht_text_free(&lab->long_messages);
}

/* What the screen had no room for. */
static void tell_long_messages(const ht_lab *lab)
{
    if (lab->long_messages.data) fprintf(stderr, "%s", lab->long_messages.data);
}

ht_code ht_watch_lab_run(const ht_watch_lab *w, bool *stuck, ht_error *err)
{
    ht_lab lab = {0};
    *stuck = false;
    ht_guard_start(); /* while there is no thread of the screen */
    ht_code code = ht_lab_open_screen(&lab, w->params, w->script, err);
    if (code == HT_OK) begin_model(&lab, w);
    if (code == HT_OK) code = ht_lab_trainings_open(&lab, w->paths, w->count, w->options, err);
    if (code == HT_OK) {
        loop(&lab);
        *stuck = !wind_up(&lab);
    }
    if (code == HT_OK && w->dump) code = ht_lab_dump(&lab, w->dump, err);
    ht_term_close(); /* where something went wrong */
    tell_long_messages(&lab);
    if (!*stuck) release(&lab);
    return code;
}
