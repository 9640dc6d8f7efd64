#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "experiment/results.h"
#include "session/session.h"
#include "experiment/trial.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "engine/run/recorder.h"
#include "weights/net/netfile.h"

typedef struct training {
    ht_session *session;
    bool progress;
    uint64_t first; /* step it began with */
    double start, shown;
    ht_recorder *recorder; /* NULL without a run directory */
    const char *out;       /* where the final weights go, too; or NULL */
} training;

static void show_progress(training *t, const ht_step_result *result, bool last)
{
    char step[32], loss[24], bar[HT_BAR];
    double steps = ht_params_get(ht_trainer_params(t->session->trainer), HT_P_TRAIN_STEPS);
    uint64_t done = ht_trainer_steps(t->session->trainer);
    if (!t->progress || (!last && ht_now() - t->shown < 0.1)) return;
    t->shown = ht_now();
    ht_format_grouped(step, sizeof step, (long long)done);
    ht_format_short(loss, sizeof loss, result->loss, 3);
    fprintf(stderr, "\r%s step %s  loss %s  batch accuracy %.3f  %.0f step/s   %s",
            ht_format_bar(bar, steps > 0 ? (double)done / steps : 0), step, loss, result->accuracy,
            (double)(done - t->first) / (ht_now() - t->start), last ? "\n" : "");
}

/* Saving that fails is told once, and training goes on. */
static void tell_news(training *t)
{
    char text[sizeof((ht_error *)0)->text];
    bool good;
    if (ht_recorder_message(t->recorder, &good, text, sizeof text))
        fprintf(stderr, "%sheavytail: %s\n", t->progress ? "\n" : "", text);
}

/* A row of metrics.csv every train.eval_every steps, with a test score on the first 1000 samples;
 * checkpoints. */
static ht_code record(training *t, ht_error *err)
{
    ht_sample sample;
    if (!t->recorder) return HT_OK;
    if (ht_trainer_eval_due(t->session->trainer)) {
        if (ht_trainer_evaluate(t->session->trainer, true, &sample, err) != HT_OK) return err->code;
        ht_recorder_take(t->recorder, &sample);
    }
    ht_recorder_offer(t->recorder);
    tell_news(t);
    return HT_OK;
}

/* Nobody would look for a run that goes on elsewhere than where it was put: it ends, and the error that
 * ht_recorder_stop makes says where it is. */
static bool is_lost(training *t)
{
    char text[sizeof((ht_error *)0)->text];
    return t->recorder && ht_recorder_lost(t->recorder, text, sizeof text);
}

/* Trains to *end. */
static ht_code train(training *t, ht_end *end, ht_error *err)
{
    ht_trainer *trainer = t->session->trainer;
    ht_step_result result = {0};
    char guard[24];
    *end = HT_END_NOT;
    while (*end == HT_END_NOT) {
        if (ht_trainer_stop(trainer, end, err) != HT_OK) return err->code;
        if (*end == HT_END_NOT && (ht_interrupted() || is_lost(t))) *end = HT_END_STOPPED;
        if (*end != HT_END_NOT) break;
        result = ht_trainer_step(trainer);
        if (result.refused) {
            *end = HT_END_DIVERGED;
            ht_format_short(guard, sizeof guard, result.guard, 3);
            fprintf(stderr,
                    "%sheavytail: training diverged at step %llu: %s is %s; the weights before it are kept. "
                    "Lower train.lr (η) or "
                    "noise.scale (σ)\n",
                    t->progress ? "\n" : "", (unsigned long long)ht_trainer_steps(trainer) + 1,
                    result.refused, guard);
            return HT_OK;
        }
        if (record(t, err) != HT_OK) return err->code;
        show_progress(t, &result, false);
    }
    show_progress(t, &result, true);
    return HT_OK;
}

/* --steps and --until-accuracy are parameters under shorter names. A total of no steps would be the
 * parameter's word for no end. */
static ht_code set_stopping(ht_arguments *args, const char *steps, const char *accuracy, ht_error *err)
{
    if (steps && strcmp(steps, "0") == 0)
        return ht_error_set(err, HT_USAGE,
                            "--steps 0: the total of steps is at least 1 (leave --steps out to train until "
                            "--until-accuracy, or 1000 steps)");
    if (steps && ht_arguments_add(args, "train.steps", steps, err) != HT_OK) return err->code;
    if (accuracy && ht_arguments_add(args, "train.stop_accuracy", accuracy, err) != HT_OK) return err->code;
    return HT_OK;
}

/* --init is train.init by a shorter name, and by a name (in `place`, PATH_MAX) that holds wherever the run
 * goes on.
 */
static ht_code set_beginning(ht_arguments *args, const char *init, const char *order, char *place,
                             ht_error *err)
{
    if (order && !init && !ht_arguments_name(args, HT_P_TRAIN_INIT))
        return ht_error_set(err, HT_USAGE,
                            "--order: of the layers in the file of --init, which is not given");
    if (order && ht_arguments_add(args, "train.init_order", order, err) != HT_OK) return err->code;
    if (!init) return HT_OK;
    if (!realpath(init, place)) return ht_error_set(err, HT_FAIL, "--init %.200s: %s", init, strerror(errno));
    return ht_arguments_add(args, "train.init", place, err);
}

/* How it ended, for the journal. */
static void record_end(training *t, ht_end how)
{
    const ht_trainer *trainer = t->session->trainer;
    ht_sample end = {.kind = HT_SAMPLE_STATE,
                     .step = ht_trainer_steps(trainer),
                     .seconds = ht_trainer_seconds(trainer),
                     .epoch = ht_trainer_epoch(trainer)};
    end.state = how == HT_END_DIVERGED  ? HT_STATE_DIVERGED
                : how == HT_END_STOPPED ? HT_STATE_PAUSED
                                        : HT_STATE_DONE;
    snprintf(end.message, sizeof end.message, "%s", ht_end_word(how));
    ht_recorder_take(t->recorder, &end);
}

/* The weights as they are, for whoever reads .safetensors. */
static ht_code write_weights(const training *t, ht_error *err)
{
    char about[80];
    snprintf(about, sizeof about, "none, after %llu steps",
             (unsigned long long)ht_trainer_steps(t->session->trainer));
    return ht_netfile_write(t->out, ht_trainer_network(t->session->trainer), NULL, about, err);
}

/* Trains, and saves: before the evaluation, which may take long or fail, and also when training has failed.
 */
static ht_code train_and_save(training *t, ht_end *end, ht_error *err)
{
    ht_session *s = t->session;
    ht_error save;
    if (s->dir && !(t->recorder = ht_recorder_start(s->dir, s->trainer, s->pool, err))) return err->code;
    ht_code code = train(t, end, err);
    if (t->recorder && *end != HT_END_NOT) record_end(t, *end);
    if (ht_recorder_stop(t->recorder, &save) != HT_OK && code == HT_OK) {
        *err = save;
        return err->code;
    }
    return code == HT_OK && t->out ? write_weights(t, err) : code;
}

static void tell_notes(const ht_session *s)
{
    ht_notes notes = {0};
    ht_session_notes(s, &notes);
    ht_app_notes(&notes);
    ht_notes_free(&notes);
}

static void say_stage(const char *words)
{
    ht_progress_stage("the report: %s", words);
}

/* What was trained is saved by now; a report takes long for a wide network. A signal that comes while it is
 * made ends it; one that ended the training does not, since whoever stops a training wants to see what became
 * of it. *left_out: there is none. */
static ht_code make_report(training *t, bool quiet, ht_results *results, bool *left_out, ht_error *err)
{
    ht_session *s = t->session;
    bool stopped = results->end == HT_END_STOPPED;
    results->stage = say_stage;
    if (!quiet) ht_progress_start();
    const atomic_bool *before = ht_cancel_by(stopped ? NULL : ht_interrupt_flag());
    ht_code code = ht_results_make(results, s->trainer, s->data, s->pool, err);
    *left_out = ht_cancelled();
    ht_cancel_by(before);
    ht_progress_end();
    if (!*left_out) return code;
    fprintf(stderr, "heavytail: %s\n",
            s->dir ? "the run is saved; its report was left out" : "interrupted: the report was left out");
    return HT_OK;
}

static ht_code run_session(ht_session *s, const char *out, bool quiet, ht_results *results, bool *left_out,
                           ht_error *err)
{
    training t = {.session = s,
                  .progress = !quiet && isatty(STDERR_FILENO),
                  .first = ht_trainer_steps(s->trainer),
                  .out = out,
                  .start = ht_now()};
    ht_code code = ht_session_set(s, HT_P_TRAIN_STEPS, ht_trial_steps(ht_trainer_params(s->trainer)), err);
    ht_interrupt_listen();
    tell_notes(s);
    if (code == HT_OK) code = train_and_save(&t, &results->end, err);
    results->seconds = ht_now() - t.start;
    results->trained = ht_trainer_steps(s->trainer) - t.first;
    if (code == HT_OK) code = make_report(&t, quiet, results, left_out, err);
    if (results->trained > 0 && !quiet && !t.progress)
        fprintf(stderr, "heavytail: %llu steps in %.2f s\n", (unsigned long long)results->trained,
                results->seconds);
    return code;
}

int ht_cmd_train(int argc, char **argv)
{
    const char *steps = NULL, *accuracy = NULL, *run = NULL, *init = NULL, *order = NULL, *out = NULL;
    bool json = false, quiet = false, left_out = false;
    const ht_option options[] = {{"--steps", &steps, NULL}, {"--until-accuracy", &accuracy, NULL},
                                 {"--run", &run, NULL},     {"--json", NULL, &json},
                                 {"--init", &init, NULL},   {"--order", &order, NULL},
                                 {"--out", &out, NULL},     {"--quiet", NULL, &quiet},
                                 {"--data", HT_SETS_DATA},  {NULL, NULL, NULL}};
    char place[PATH_MAX];
    ht_arguments args = {0};
    ht_session session = {0};
    ht_results results = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK) code = set_stopping(&args, steps, accuracy, &err);
    if (code == HT_OK) code = set_beginning(&args, init, order, place, &err);
    if (code == HT_OK) code = ht_session_open(&session, &args, run, &err);
    ht_data_tell(session.data);
    if (code == HT_OK) code = run_session(&session, out, quiet, &results, &left_out, &err);
    if (code == HT_OK && !left_out) {
        const ht_params *params = ht_trainer_params(session.trainer);
        const ht_labels *labels = ht_session_labels(&session);
        if (json)
            code = ht_results_print_json(&results, params, labels, ht_pool_threads(session.pool), &err);
        else
            ht_results_print(&results, params, labels, run, out);
    }
    ht_session_close(&session);
    if (code != HT_OK) return ht_app_fail(&err);
    return results.end == HT_END_DIVERGED ? HT_DIVERGED : HT_OK;
}
