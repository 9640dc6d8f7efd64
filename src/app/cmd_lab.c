/* cmd_lab.c - opens the lab: terminal, threads, and the loop that joins them. What a key means is in
 * lab_*.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/lab.h"
#include "app/session.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "math/kernel.h"
#include "math/linalg.h"
#include "term/guard.h"
#include "term/term.h"

/* ---- what came in ------------------------------------------------------------------------------ */

/* The journal so far, for pictures: what the screen has seen of the run is what they show. */
static void keep_journal(ht_lab *lab, const ht_sample *s)
{
    ht_text *journal = &lab->session->journal;
    if (journal->length) ht_journal_add(journal, s);
    if (journal->length > HT_JOURNAL_LIMIT) ht_text_free(journal);
    if (s->change) lab->change = s->change;
}

/* A full disk is told once and must not end the lesson; nor must a run directory that another program has
 * taken away: what is written goes elsewhere then. */
static void tell_news(ht_lab *lab)
{
    char text[sizeof((ht_error *)0)->text];
    bool good;
    if (lab->recorder && !lab->lost && ht_recorder_lost(lab->recorder, text, sizeof text)) {
        ht_lab_note(lab, false, "%s", text);
        lab->lost = lab->dirty = true;
    }
    if (lab->recorder && ht_recorder_news(lab->recorder, &good, text, sizeof text))
        ht_lab_note(lab, good, "%s", text), lab->dirty = true;
}

static void receive(ht_lab *lab)
{
    ht_sample sample;
    bool fresh;
    while (ht_runner_receive(lab->runner, &sample)) {
        keep_journal(lab, &sample);
        ht_lab_sample(lab, &sample);
        lab->dirty = true;
    }
    if (ht_lab_width_poll(lab)) lab->dirty = true;
    if (ht_lab_compare_poll(lab)) lab->dirty = true;
    const ht_stored *stored = ht_runner_stored(lab->runner, &fresh);
    if (fresh) {
        lab->model->stored = *stored;
        lab->dirty = lab->dirty || lab->model->timeline;
    }
    const ht_epochs *epochs = ht_runner_epochs(lab->runner, &fresh);
    if (fresh) {
        ht_model_epochs(lab->model, epochs);
        lab->dirty = lab->dirty || lab->model->view == HT_VIEW_ROAD;
    }
    const ht_report *report = ht_runner_report(lab->runner, &fresh);
    if (!fresh) return;
    ht_model_report(lab->model, report);
    lab->dirty = true;
}

/* ---- what goes out ----------------------------------------------------------------------------- */

static ht_symbols symbols_of(const ht_lab *lab)
{
    int choice = (int)ht_params_get(&lab->model->asked, HT_P_UI_ASCII);
    return choice == 0 ? ht_term_symbols() : (ht_symbols)(choice - 1);
}

/* A whole frame, or one in turns: what training brings costs it half as much then, and comes a frame later at
 * most. */
static void draw(ht_lab *lab, bool whole)
{
    ht_error err;
    int columns, rows;
    ht_term_size(&columns, &rows);
    if (ht_cells_resume(lab->cells, columns, rows, symbols_of(lab), &err) != HT_OK)
        return; /* tried again with the next frame */
    lab->layout = ht_layout_make(columns, rows, ht_scene_of(lab->model, columns));
    lab->screen.in_turns = !whole;
    ht_screen_draw(&lab->screen, ht_cells_surface(lab->cells), lab->model, &lab->layout);
    ht_term_show(lab->cells);
    lab->owing = !whole && lab->dirty;
    lab->dirty = false;
    lab->drawn = ht_now();
}

/* ---- the loop ---------------------------------------------------------------------------------- */

/* How long to sleep: to the next frame while something moves; soon again while a command is on its way; else
 * lazily. */
static int patience(const ht_lab *lab)
{
    double frame = 1 / ht_params_get(&lab->model->asked, HT_P_UI_FPS), since = ht_now() - lab->drawn;
    if (lab->dirty || lab->owing) return since >= frame ? 0 : (int)ceil(1e3 * (frame - since));
    /* Each time that we wake up is taken from training. */
    if (lab->model->state == HT_STATE_RUNNING && since < frame) return (int)ceil(1e3 * (frame - since));
    if (lab->model->state == HT_STATE_RUNNING || ht_lab_scripted(lab)) return (int)ceil(1e3 * frame / 2);
    return ht_now() - lab->last_event < 1 ? 10 : lab->ladder || lab->compare ? 100 : 200;
}

static void handle_events(ht_lab *lab)
{
    ht_event event;
    while (ht_term_event(&event)) {
        lab->last_event = ht_now();
        ht_lab_event(lab, &event);
        lab->urgent = lab->dirty = true;
    }
    if (ht_lab_script(lab)) lab->urgent = lab->dirty = true;
}

static void loop(ht_lab *lab)
{
    ht_runner_send(lab->runner, HT_COMMAND_RUN, 0, 0);
    lab->dirty = true;
    lab->last_event = ht_now();
    while (!lab->quit && !ht_term_interrupted()) {
        receive(lab);
        tell_news(lab);
        ht_lab_look(lab);
        double frame = 1 / ht_params_get(&lab->model->asked, HT_P_UI_FPS);
        /* A key shows at once, and all that it changes; training fills the frames in between. */
        if (lab->urgent || ((lab->dirty || lab->owing) && ht_now() - lab->drawn >= frame)) {
            draw(lab, lab->urgent || lab->model->state != HT_STATE_RUNNING);
            lab->urgent = false;
        }
        ht_term_wait(patience(lab));
        handle_events(lab);
    }
}

/* The first frame is there before the data are: empty panels, and what is under way. */
static ht_code open_screen(ht_lab *lab, ht_session *s, const char *script, ht_error *err)
{
    ht_theme theme;
    const char *data = ht_params_text(&s->params, HT_P_DATA_NAME);
    lab->session = s;
    ht_code code = ht_theme_load(ht_params_name(&s->params, HT_P_UI_THEME), &theme, err);
    /* Who chooses a theme wants its paper, too: light letters are lost on a dark terminal's. */
    if (ht_params_get(&s->params, HT_P_UI_THEME) != ht_param_at(HT_P_UI_THEME)->initial)
        theme.fill = theme.background.set;
    if (code == HT_OK && script) code = ht_lab_script_load(lab, script, err);
    if (code != HT_OK) return code;
    if (!(lab->model = ht_alloc(1, sizeof *lab->model, "the lab", err))) return HT_FAIL;
    if (!(lab->cells = ht_cells_new(err))) return HT_FAIL;
    if (ht_term_open(&theme, err) != HT_OK) return err->code;
    ht_model_init(lab->model, &s->params, 0, 0, data);
    lab->model->shape[0] = '\0'; /* known with the data */
    ht_lab_note(lab, true, "opening %s ...", data);
    draw(lab, true);
    return HT_OK;
}

static void show_notes(ht_lab *lab, const ht_session *s)
{
    ht_notes notes = {0};
    char line[256];
    ht_session_notes(s, &notes);
    if (ht_notes_at(&notes, 0, line, sizeof line)) ht_lab_note(lab, true, "%s", line);
    ht_notes_free(&notes);
}

static void show_session(ht_lab *lab, const ht_session *s)
{
    ht_model_init(lab->model, ht_trainer_params(s->trainer), s->data->inputs, s->data->classes,
                  s->data->title);
    lab->model->picture_width = s->data->width;
    lab->model->picture_height = s->data->height;
    lab->noted = false;
    show_notes(lab, s);
    snprintf(lab->model->footer, sizeof lab->model->footer, "heavytail %s · %s %s · kernels %s · %d threads",
             HT_VERSION, ht_linalg_library(), ht_linalg_core(), ht_kernel()->isa, ht_pool_threads(s->pool));
}

static ht_code run(ht_lab *lab, ht_session *s, const char *dump_path, ht_error *err)
{
    ht_error save;
    lab->change = ht_trainer_change(s->trainer);
    if (s->dir && !(lab->recorder = ht_recorder_start(s->dir, s->trainer, s->pool, err))) return err->code;
    lab->runner = ht_runner_start_recorded(s->trainer, s->data, s->pool, lab->recorder, err);
    ht_code code = lab->runner ? HT_OK : err->code;
    if (code == HT_OK) {
        loop(lab);
        ht_ladder_free(lab->ladder);
        lab->ladder = NULL;
        ht_compare_free(lab->compare);
        lab->compare = NULL;
        ht_runner_join(lab->runner);
        receive(lab); /* what was under way: journaled like the rest */
        draw(lab, true);
        ht_term_close();
    }
    ht_runner_stop(lab->runner);
    if (code == HT_OK && dump_path) code = ht_lab_dump(lab, dump_path, err);
    if (ht_recorder_stop(lab->recorder, &save) == HT_OK || code != HT_OK) return code;
    *err = save;
    return err->code;
}

int ht_cmd_lab(int argc, char **argv)
{
    const char *run_path = NULL, *script = NULL, *dump_path = NULL;
    const ht_option options[] = {{"--run", &run_path, NULL},
                                 {"--script", &script, NULL},
                                 {"--dump", &dump_path, NULL},
                                 {NULL, NULL, NULL}};
    ht_arguments args = {0};
    ht_session session = {0};
    ht_lab lab = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && isatty(STDOUT_FILENO) == 0)
        code = ht_error_set(&err, HT_FAIL, "the lab needs a terminal; `heavytail train` works without one");
    if (code == HT_OK) ht_guard_start(); /* while there is little to copy and no thread */
    if (code == HT_OK) code = ht_session_settings(&session, &args, run_path, &err);
    if (code == HT_OK) code = open_screen(&lab, &session, script, &err);
    if (code == HT_OK) code = ht_session_load(&session, &args, run_path, &err);
    if (code == HT_OK) {
        show_session(&lab, &session);
        if (session.data->notes)
            ht_lab_note(&lab, true, "%.*s", (int)strcspn(session.data->notes, "\n"), session.data->notes);
        code = run(&lab, &session, dump_path, &err);
    }
    ht_term_close(); /* where something went wrong */
    ht_screen_free(&lab.screen);
    ht_cells_free(lab.cells);
    ht_data_tell(session.data); /* all of it, where it can be read again */
    if (lab.model) ht_model_clear(lab.model);
    ht_free(lab.model);
    ht_free(lab.script);
    ht_session_close(&session);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
