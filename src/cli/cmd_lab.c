/* cmd_lab.c - opens the lab: terminal, threads, and the loop that joins them. What a key means is in
 * lab_*.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/report/built.h"
#include "cli/commands.h"
#include "cli/report/run_model.h"
#include "lab/lab.h"
#include "session/session.h"
#include "cli/progress.h"
#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "term/guard.h"
#include "view/scene.h"
#include "term/term.h"

/* ---- what came in ------------------------------------------------------------------------------ */

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
    if (lab->cast && ht_cast_failed(lab->cast, text, sizeof text))
        ht_lab_note(lab, false, "%s", text), lab->dirty = true;
    if (lab->recorder && ht_recorder_message(lab->recorder, &good, text, sizeof text))
        ht_lab_note(lab, good, "%s", text), lab->dirty = true;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

/* Training starts by itself; a lesson says itself when. */
static void start(ht_lab *lab, int lesson)
{
    ht_error err;
    lab->model->opening = false;
    if (lesson > 0 && ht_lab_lesson_begin(lab, lesson, &err) == HT_OK) return;
    if (lesson > 0) ht_lab_note(lab, false, "%s", err.text);
    ht_runner_send(lab->runner, HT_COMMAND_RUN, 0, 0);
    lab->model->state = HT_STATE_RUNNING; /* what is on its way: a key that came before its answer pauses */
}

static void loop(ht_lab *lab, int lesson)
{
    start(lab, lesson);
    lab->dirty = true;
    lab->last_event = ht_now();
    while (!lab->quit && !ht_term_interrupted()) {
        ht_lab_receive(lab);
        tell_news(lab);
        ht_lab_look(lab);
        ht_lab_frame(lab);
        ht_lab_listen(lab);
    }
}

/* ---- opening ----------------------------------------------------------------------------------- */

/* The first frame is there before the data are: empty panels, and what is under way. */
static ht_code open_screen(ht_lab *lab, ht_session *s, const char *script, ht_error *err)
{
    const char *data = ht_params_text(&s->params, HT_P_DATA_NAME);
    lab->session = s;
    if (ht_lab_open_screen(lab, &s->params, script, err) != HT_OK) return err->code;
    struct ht_shelf *shelf = lab->model->shelf;
    ht_model_init(lab->model, &s->params, 0, 0, data);
    lab->model->shelf = shelf;
    lab->model->shape[0] = '\0'; /* known with the data */
    lab->model->opening = true;
    ht_lab_note(lab, true, "opening %s ...", data);
    ht_lab_draw(lab);
    return HT_OK;
}

/* Data are read by a thread of their own, so that nobody has to wait for them who wants to leave. */
typedef struct opening {
    pthread_t thread;
    ht_lab *lab;
    ht_session *session;
    const ht_arguments *args;
    const char *run;
    ht_code code;
    ht_error err;
} opening;

static void *open_session(void *context)
{
    opening *o = context;
    o->code = ht_session_load(o->session, o->args, o->run, &o->err);
    if (o->code != HT_OK) return NULL;
    ht_lab_runs_read(o->lab);
    if (o->session->resumed) ht_past_read(&o->lab->past, o->run, &o->lab->past_damage);
    return NULL;
}

static bool opens_prompt(const ht_event *event)
{
    ht_action action = event->kind == HT_EVENT_KEY ? ht_keymap_action(event->key) : HT_DO_NOTHING;
    return action == HT_DO_TYPE || action == HT_DO_SETTING || action == HT_DO_NAME_GHOST ||
           action == HT_DO_SEARCH || action == HT_DO_LABEL || action == HT_DO_SETTINGS;
}

/* What is typed meanwhile counts afterwards, but for the key that quits: it counts at once. */
static void type_ahead(ht_lab *lab)
{
    ht_event event;
    while (ht_term_event(&event)) {
        if (event.kind == HT_EVENT_RESIZE) ht_lab_draw(lab);
        if (event.kind == HT_EVENT_KEY && ht_keymap_action(event.key) == HT_DO_QUIT && !lab->ahead_typed)
            lab->quit = true;
        if (event.kind == HT_EVENT_RESIZE || event.kind == HT_EVENT_PASTE || event.kind == HT_EVENT_MOVE ||
            lab->ahead_count == HT_AHEAD)
            continue;
        lab->ahead_typed = lab->ahead_typed || opens_prompt(&event);
        lab->ahead[lab->ahead_count++] = event;
    }
}

/* HT_OK without a session when lab->quit is set. */
static ht_code load(ht_lab *lab, ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    static opening only; /* the thread may be left behind */
    opening *o = &only;
    *o = (opening){.lab = lab, .session = s, .args = args, .run = run};
    if (ht_thread_start(&o->thread, open_session, o, "the thread that opens the data", err) != HT_OK)
        return err->code;
    while (!ht_thread_join_within(o->thread, 0)) {
        if (lab->quit || ht_term_interrupted()) {
            lab->quit = true;
            ht_term_close();
            lab->stuck = !ht_thread_join_within(o->thread, ht_lab_end_seconds);
            return HT_OK;
        }
        ht_term_wait(10);
        type_ahead(lab);
    }
    lab->quit = false; /* it is among what was typed */
    *err = o->err;
    return o->code;
}

/* What there is to know at the start: of the run, of the data, of the terminal; the last one stands. */
static void show_notes(ht_lab *lab, const ht_session *s)
{
    ht_notes notes = {0};
    char line[256];
    ht_session_notes(s, &notes);
    if (ht_notes_at(&notes, 0, line, sizeof line)) ht_lab_note(lab, true, "%s", line);
    ht_notes_free(&notes);
    if (s->data->notes) ht_lab_note(lab, true, "%.*s", (int)strcspn(s->data->notes, "\n"), s->data->notes);
    if (ht_term_notice()[0]) ht_lab_note(lab, true, "%s", ht_term_notice());
}

/* The charts of a run that is taken up begin where it began. */
static void show_past(ht_lab *lab, const ht_session *s)
{
    ht_error err = {0};
    if (!s->resumed) return;
    ht_past_show(&lab->past, ht_past_last(&lab->past), ht_trainer_steps(s->trainer),
                 ht_trainer_seconds(s->trainer), lab->model, &err);
    ht_past_free(&lab->past);
    if (lab->past_damage.code != HT_OK) err = lab->past_damage;
    if (err.code != HT_OK) ht_lab_note(lab, false, "%s", err.text);
}

static void show_session(ht_lab *lab, const ht_session *s, const ht_params *preset)
{
    struct ht_shelf *shelf = lab->model->shelf;
    ht_model_init(lab->model, ht_trainer_params(s->trainer), s->data->inputs, s->data->classes,
                  s->data->title);
    lab->model->settings.preset = *preset;
    lab->model->samples = s->data->train.count;
    lab->model->language = ht_run_language(s->data);
    ht_model_pictures(lab->model, s->data->channels, s->data->height, s->data->width);
    lab->model->labels = *ht_session_labels(s);
    lab->noted = false;
    show_notes(lab, s);
    show_past(lab, s);
    lab->model->shelf = shelf;
    ht_lab_runs_welcome(lab);
    char built[sizeof lab->model->footer - 16];
    ht_built_line(built, sizeof built);
    snprintf(lab->model->footer, sizeof lab->model->footer, "%s · %d threads", built,
             ht_pool_threads(s->pool));
}

double ht_lab_end_seconds = 0.1;

/* The last frame, and the terminal is the shell's again. */
static void close_screen(ht_lab *lab)
{
    ht_lab_receive(lab); /* what was under way: journaled like the rest */
    ht_lab_draw(lab);
    ht_term_close();
}

/* The end of the lab, everywhere at once: what is under way is cancelled, the run is saved. A thread that
 * still computes then, in a library that cannot be stopped, is left running, and what it uses is not freed.
 */
static void wind_up(ht_lab *lab)
{
    if (lab->width_sweep) ht_width_sweep_stop(lab->width_sweep);
    if (lab->compare) ht_compare_stop(lab->compare);
    bool quiet = ht_runner_gone(lab->runner, ht_lab_end_seconds);
    close_screen(lab);
    ht_progress_start();
    if (!quiet && lab->recorder) { /* a step that has begun to change weights is finished, and saved */
        ht_progress_stage("finishing the step");
        ht_runner_join(lab->runner);
        quiet = ht_runner_gone(lab->runner, ht_lab_end_seconds);
    }
    quiet = ht_width_sweep_gone(lab->width_sweep, ht_lab_end_seconds) && quiet;
    quiet = ht_compare_gone(lab->compare, ht_lab_end_seconds) && quiet;
    quiet = ht_lab_twin_gone(lab, ht_lab_end_seconds) && quiet;
    quiet = ht_lab_runs_gone(lab, ht_lab_end_seconds) && quiet;
    lab->stuck = !quiet;
    if (lab->stuck) return;
    ht_width_sweep_free(lab->width_sweep);
    lab->width_sweep = NULL;
    ht_compare_free(lab->compare);
    lab->compare = NULL;
    ht_runner_stop(lab->runner);
    lab->runner = NULL;
}

/* The screen is closed: who asked to leave need not guess what is waited for, and may leave without it. */
static ht_code save(ht_lab *lab, const ht_session *s, ht_error *err)
{
    char step[32];
    double mb = (double)ht_checkpoint_bytes(s->trainer) / 1e6, start = ht_now();
    if (!lab->recorder) return HT_OK;
    ht_format_grouped(step, sizeof step, (long long)ht_trainer_steps(s->trainer));
    ht_progress_stage("saving the run at step %s (%.0f MB; Ctrl-C leaves without it)", step, mb);
    const atomic_bool *before = ht_cancel_by(ht_term_interrupted_again());
    ht_code code = ht_recorder_stop(lab->recorder, err);
    bool hurried = ht_cancelled();
    ht_cancel_by(before);
    ht_progress_clear();
    if (code != HT_OK && hurried)
        return ht_error_set(
            err, HT_FAIL,
            "%s: step %s is not saved, as you asked; the run goes on from the checkpoint before",
            ht_rundir_path(s->dir), step);
    if (code == HT_OK && ht_now() - start > 0.5 && isatty(STDERR_FILENO))
        fprintf(stderr, "heavytail: saved the run at step %s (%.0f MB)\n", step, mb);
    return code;
}

static ht_code run(ht_lab *lab, ht_session *s, const char *dump_path, int lesson, ht_error *err)
{
    ht_error lost;
    lab->revision = ht_trainer_revision(s->trainer);
    if (s->dir && !(lab->recorder = ht_recorder_start(s->dir, s->trainer, s->pool, err))) return err->code;
    lab->runner = ht_runner_start_recorded(s->trainer, s->data, s->pool, lab->recorder, err);
    ht_code code = lab->runner ? HT_OK : err->code;
    if (code == HT_OK) {
        loop(lab, lesson);
        wind_up(lab);
    }
    if (code == HT_OK && dump_path) code = ht_lab_dump(lab, dump_path, err);
    if (!lab->stuck) {
        ht_lab_twin_end(lab);
        ht_lab_lesson_end(lab);
    }
    if (save(lab, s, &lost) == HT_OK || code != HT_OK) return code;
    *err = lost;
    return err->code;
}

/* What the screen had no room for; what the data have to say is told anyway. */
static void tell_long_messages(const ht_lab *lab, const ht_dataset *data)
{
    const char *line = lab->long_messages.data, *told = data && data->notes ? data->notes : "";
    for (size_t length; line && *line; line += length + 1) {
        length = strcspn(line, "\n");
        if (!memmem(told, strlen(told), line, length))
            fprintf(stderr, "heavytail: note: %.*s\n", (int)length, line);
    }
}

/* ---- recording --------------------------------------------------------------------------------- */

/* A recording that cannot be made does not keep anybody from the lab: it is told there, and at the end. */
static void begin_recording(ht_lab *lab, const char *path, ht_error *lost)
{
    *lost = (ht_error){0};
    if (path && ht_cast_start(&lab->cast, path, "heavytail lab", lost) == HT_OK) ht_term_record(lab->cast);
}

/* Its failure is that of the command, if nothing else has failed. */
static ht_code end_recording(ht_lab *lab, ht_code code, ht_error *lost, ht_error *err)
{
    ht_term_record(NULL);
    ht_code written = lost->code == HT_OK ? ht_cast_stop(lab->cast, lost) : lost->code;
    lab->cast = NULL;
    if (code != HT_OK || written == HT_OK) return code;
    *err = *lost;
    return written;
}

/* Somebody still computes, with what would be freed. */
static _Noreturn void leave(ht_code code, const ht_error *err)
{
    int exit_code = code == HT_OK ? 0 : ht_app_fail(err);
    if (fflush(stdout) != 0 && exit_code == 0) exit_code = 1;
    _exit(exit_code);
}

/* --ghost, as often as it is given; what is no run is told before the screen opens. */
static ht_code add_ghosts(ht_lab *lab, int argc, char **argv, ht_error *err)
{
    lab->model = ht_alloc(1, sizeof *lab->model, "the lab", err);
    ht_code code = lab->model ? HT_OK : err->code;
    for (int i = 1; i + 1 < argc && code == HT_OK; i++)
        if (strcmp(argv[i], "--ghost") == 0 && (code = ht_lab_runs_add(lab, argv[++i], err)) != HT_OK)
            ht_error_prefix(err, "--ghost");
    return code;
}

/* What settings are compared with: the preset, or those that a resumed run had. */
static ht_code preset_of(const ht_session *s, const ht_arguments *args, ht_params *preset, ht_error *err)
{
    if (!s->resumed) return ht_arguments_preset(args, preset, err);
    *preset = s->params;
    return HT_OK;
}

int ht_cmd_lab(int argc, char **argv)
{
    const char *run_path = NULL, *script = NULL, *dump_path = NULL, *lesson = NULL, *ghost = NULL,
               *record = NULL;
    double number = 0;
    const ht_option options[] = {{"--run", &run_path, NULL},  {"--data", HT_SETS_DATA},
                                 {"--script", &script, NULL}, {"--dump", &dump_path, NULL},
                                 {"--lesson", &lesson, NULL}, {"--ghost", &ghost, NULL},
                                 {"--record", &record, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {0};
    ht_session session = {0};
    ht_params preset;
    ht_lab lab = {0};
    ht_error err, lost = {0};
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && lesson && (!ht_parse_number(lesson, &number) || number < 1 || number > 99))
        code =
            ht_error_set(&err, HT_USAGE,
                         "--lesson %.40s: no lesson's number; `heavytail lesson --list` names them", lesson);
    if (code == HT_OK && isatty(STDOUT_FILENO) == 0)
        code = ht_error_set(&err, HT_FAIL, "the lab needs a terminal; `heavytail train` works without one");
    if (code == HT_OK) ht_guard_start(); /* while there is little to copy and no thread */
    if (code == HT_OK) code = ht_session_settings(&session, &args, run_path, &err);
    if (code == HT_OK) code = preset_of(&session, &args, &preset, &err);
    if (code == HT_OK && ghost) code = add_ghosts(&lab, argc, argv, &err);
    if (code == HT_OK) begin_recording(&lab, record, &lost);
    if (code == HT_OK) code = open_screen(&lab, &session, script, &err);
    if (code == HT_OK) code = load(&lab, &session, &args, run_path, &err);
    if (code == HT_OK && !lab.quit) {
        show_session(&lab, &session, &preset);
        if (lost.code != HT_OK) ht_lab_note(&lab, false, "%s", lost.text);
        code = run(&lab, &session, dump_path, (int)number, &err);
    }
    ht_term_close(); /* where something went wrong */
    code = end_recording(&lab, code, &lost, &err);
    ht_progress_end();
    tell_long_messages(&lab, session.data);
    if (lab.stuck) leave(code, &err);
    ht_screen_free(&lab.screen);
    ht_cells_free(lab.cells);
    ht_data_tell(session.data); /* all of it, where it can be read again */
    if (lab.model) ht_model_clear(lab.model);
    ht_free(lab.model);
    ht_past_free(&lab.past);
    ht_free(lab.script);
    ht_text_free(&lab.long_messages);
    ht_session_close(&session);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
