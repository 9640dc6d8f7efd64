/* cmd_export.c - a run for other programs: events that TensorBoard reads, or a table. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/report/run_model.h"
#include "session/data_options.h"
#include "base/alloc.h"
#include "base/file.h"
#include "data/png.h"
#include "export/events.h"
#include "export/table.h"
#include "render/snapshot.h"

enum { PATH = 4096, PICTURE_LIMIT = 64 << 20 };

typedef struct job {
    const char *run, *dir, *csv; /* what is written: events into a directory, a table */
    const ht_arguments *args;
    ht_past past;
    ht_params params;
    ht_run_history history;
    ht_events events;
} job;

/* ---- curves and settings ---- */

/* Numbers by value, choices by their place in the list that `heavytail help params` prints. */
static void add_settings(job *j, ht_event_time at)
{
    char tag[80];
    for (int p = 0; p < HT_P_COUNT; p++) {
        if (!ht_run_history_tells((ht_param)p)) continue;
        snprintf(tag, sizeof tag, "settings/%s", ht_param_at((ht_param)p)->key);
        ht_events_number(&j->events, at, tag, ht_params_get(&j->history.params, (ht_param)p));
    }
}

static void add_rows(job *j)
{
    size_t count;
    const ht_export_column *columns = ht_export_columns(&count);
    ht_events_begin(&j->events, j->history.began);
    while (ht_run_history_next(&j->history)) {
        ht_event_time at = {j->history.metrics.step, j->history.wall};
        for (size_t i = 0; i < count; i++)
            ht_events_number(&j->events, at, columns[i].tag, columns[i].of(&j->history.metrics));
        add_settings(j, at);
    }
}

/* ---- what the weights say at the end ---- */

static void add_weights(job *j, const ht_network *net, ht_event_time at)
{
    char tag[HT_TENSOR_LABEL + 16];
    size_t left_out = 0;
    for (int t = 0; t < net->tensor_count; t++) {
        snprintf(tag, sizeof tag, "weights/%s", net->tensors[t].name);
        left_out +=
            ht_events_histogram(&j->events, at, tag, net->tensors[t].data, ht_tensor_size(&net->tensors[t]));
    }
    if (left_out > 0)
        fprintf(stderr, "heavytail: note: %zu weights that are not finite are left out of the histograms\n",
                left_out);
}

static void add_findings(job *j, const ht_report *r, ht_event_time at)
{
    char tag[80];
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        snprintf(tag, sizeof tag, "tail/%s", ht_estimator_at((ht_estimator)e)->name);
        ht_events_number(&j->events, at, tag, r->tail.now[e].value);
    }
    if (r->width <= 0) return;
    ht_events_number(&j->events, at, "pruning/kappa", (double)r->removed / r->width);
    ht_events_number(&j->events, at, "pruning/accuracy at kappa", r->pruned.accuracy);
    ht_events_number(&j->events, at, "pruning/accuracy before", r->full.accuracy);
}

/* By way of a file beside the events, as pictures are made. */
static ht_code add_picture(job *j, ht_model *model, const char *tag, ht_event_time at, ht_error *err)
{
    char path[PATH], *bytes = NULL;
    size_t size = 0;
    ht_png png = {0};
    ht_snapshot_options options = {.theme = ht_snapshot_theme(&j->params)};
    snprintf(path, sizeof path, "%s/.export-%ld.png", j->dir, (long)getpid());
    ht_code code = ht_snapshot_write(path, model, &options, err);
    if (code == HT_OK) code = ht_png_read(path, 0, &png, err);
    if (code == HT_OK) code = ht_file_read(path, PICTURE_LIMIT, &bytes, &size, err);
    if (code == HT_OK) ht_events_picture(&j->events, at, tag, bytes, size, png.width, png.height);
    unlink(path);
    ht_png_free(&png);
    ht_free(bytes);
    return code;
}

static ht_code add_pictures(job *j, ht_model *model, ht_event_time at, ht_error *err)
{
    static const struct {
        ht_view view;
        const char *tag;
    } pictures[] = {{HT_VIEW_DASHBOARD, "dashboard"}, {HT_VIEW_PRUNING, "pruning"}, {HT_VIEW_TAIL, "tail"}};
    if (ht_file_make_dir(j->dir, err) != HT_OK) return HT_FAIL;
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        ht_progress_stage("drawing %s", pictures[i].tag);
        model->view = pictures[i].view;
        if (add_picture(j, model, pictures[i].tag, at, err) != HT_OK) return HT_FAIL;
    }
    return HT_OK;
}

/* Last of all: the past is cut for it. */
static ht_code look(job *j, ht_session *session, ht_error *err)
{
    ht_model *model = ht_alloc(1, sizeof *model, "the picture", err);
    uint64_t step = ht_trainer_steps(session->trainer);
    ht_event_time at = {step, ht_run_history_wall(&j->history, step)};
    ht_code code = model ? ht_run_model(model, &j->past, session, j->run, err) : HT_FAIL;
    if (code == HT_OK) {
        add_weights(j, ht_trainer_measured(session->trainer), at);
        add_findings(j, &model->report, at);
        code = add_pictures(j, model, at, err);
    }
    ht_free(model);
    return code;
}

/* Weights and what is found in them need the run's data; without those the curves are there all the same. */
static ht_code add_end(job *j, ht_error *err)
{
    ht_session session = {0};
    ht_error why;
    if (!ht_rundir_has(j->run, HT_RUN_CHECKPOINT)) {
        fprintf(stderr, "heavytail: note: %s has no checkpoint: weights and pictures are left out\n", j->run);
        return HT_OK;
    }
    ht_progress_stage("opening %s", j->run);
    ht_code code = ht_session_view(&session, j->args, j->run, &why);
    if (code == HT_OK) {
        ht_data_tell(session.data);
        code = look(j, &session, err);
    } else {
        fprintf(stderr, "heavytail: note: weights and pictures are left out: %s\n", why.text);
        code = HT_OK;
    }
    ht_session_close(&session);
    return code;
}

/* ---- the command ---- */

static ht_code write_events(job *j, ht_error *err)
{
    char path[PATH];
    if (ht_run_history_begin(&j->history, &j->past, &j->params, err) != HT_OK) return HT_FAIL;
    add_rows(j);
    if (add_end(j, err) != HT_OK) return HT_FAIL;
    return ht_events_write(&j->events, j->dir, j->history.began, path, sizeof path, err);
}

static ht_code write_table(job *j, ht_error *err)
{
    ht_text table = {0};
    ht_code code = ht_run_history_begin(&j->history, &j->past, &j->params, err);
    if (code == HT_OK) ht_export_table(&table, &j->history);
    if (code == HT_OK && table.failed) code = ht_error_set(err, HT_FAIL, "not enough memory for the table");
    if (code == HT_OK) code = ht_file_write(j->csv, table.data, table.length, err);
    ht_text_free(&table);
    return code;
}

static ht_code open_run(job *j, ht_error *err)
{
    if (ht_rundir_settings(j->run, &j->params, err) != HT_OK) return HT_FAIL;
    ht_run_past(&j->past, j->run);
    return HT_OK;
}

int ht_cmd_export(int argc, char **argv)
{
    job j = {0};
    const ht_option options[] = {{"--tensorboard", &j.dir, NULL},
                                 {"--csv", &j.csv, NULL},
                                 {"--data", HT_SETS_DATA},
                                 {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && (args.word_count != 1 || (!j.dir && !j.csv)))
        code =
            ht_error_set(&err, HT_USAGE, "export: give a run directory, and --tensorboard DIR or --csv FILE");
    ht_progress_start();
    if (code == HT_OK) j.run = args.words[0], j.args = &args, code = open_run(&j, &err);
    if (code == HT_OK && j.csv) code = write_table(&j, &err);
    ht_run_history_end(&j.history);
    if (code == HT_OK && j.dir) code = write_events(&j, &err);
    ht_run_history_end(&j.history);
    ht_events_free(&j.events);
    ht_past_free(&j.past);
    ht_progress_end();
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
