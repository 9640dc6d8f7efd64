/* cmd_snapshot.c - a run directory as a picture: the dashboard, or one panel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/built.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "session/session.h"
#include "session/data_options.h"
#include "base/alloc.h"
#include "engine/analyst.h"
#include "render/snapshot.h"
#include "view/panel.h"
#include "view/view.h"

/* The curves as they were recorded, up to the step of the weights. */
static ht_code load_history(ht_model *model, const char *run, uint64_t last, ht_error *err)
{
    ht_metrics *rows;
    size_t count;
    if (ht_rundir_read_metrics(run, &rows, &count, err) != HT_OK) return err->code;
    for (size_t i = 0; i < count && rows[i].step <= last; i++) {
        const ht_metrics *m = &rows[i];
        ht_sample step = {.kind = HT_SAMPLE_STEP,
                          .step = m->step,
                          .epoch = m->epoch,
                          .folded = 1,
                          .loss = m->loss,
                          .loss_min = m->loss_min,
                          .loss_max = m->loss_max,
                          .accuracy = m->batch_accuracy};
        ht_sample eval = {.kind = HT_SAMPLE_EVAL,
                          .step = m->step,
                          .epoch = m->epoch,
                          .test_loss = m->test_loss,
                          .test_accuracy = m->test_accuracy};
        ht_model_sample(model, &step);
        ht_model_sample(model, &eval);
    }
    ht_free(rows);
    return HT_OK;
}

static ht_code analyze(ht_model *model, ht_session *s, ht_error *err)
{
    const ht_network *net = ht_trainer_network(s->trainer);
    uint64_t step = ht_trainer_steps(s->trainer);
    ht_prune_spec look = ht_prune_spec_of(&s->params, &s->data->train);
    ht_report *report = ht_alloc(1, sizeof *report, "the report", err);
    ht_capture *capture = ht_capture_new(net, 1, err);
    ht_code code = HT_FAIL;
    if (capture) ht_capture_take(capture, net, NULL);
    if (report && capture) code = ht_analyze(report, capture, step, &s->data->test, &look, err);
    if (code == HT_OK) {
        model->step = step;
        model->epoch = ht_trainer_epoch(s->trainer);
        ht_model_report(model, report);
        ht_model_glimpse(model, &report->glimpse);
    }
    ht_capture_free(capture);
    ht_free(report);
    return code;
}

/* The journal up to the checkpoint that is shown, and its labels; without one (damaged, too long) the picture
 * has none. */
static void load_journal(ht_text *text, ht_model *model, ht_session *s, const char *run)
{
    ht_error ignored;
    ht_journal journal;
    ht_checkpoint shown = ht_checkpoint_of(s->trainer);
    if (ht_rundir_journal(run, text, HT_JOURNAL_LIMIT, &ignored) != HT_OK ||
        ht_journal_parse(&journal, run, text->data, text->length, &ignored) != HT_OK) {
        ht_text_free(text);
        return;
    }
    size_t entry = ht_journal_find(&journal, ht_checkpoint_hash(&shown), shown.state.step);
    if (entry < journal.count) {
        const ht_entry *e = &journal.entries[entry];
        ht_journal_mark here = {shown.state.step, journal.entries[e->parent].revision, 0, e->seconds};
        ht_journal_kept(text, "picture", &here);
        ht_journal_labels(&journal, entry, shown.state.step, &model->labels, &ignored);
    }
    ht_journal_free(&journal);
}

static ht_code choose_panel(const char *name, ht_model *model, ht_error *err)
{
    if (!name) return HT_OK;
    if (!ht_panel_find(name, HT_VIEW_DASHBOARD, &model->focus))
        return ht_error_set(err, HT_USAGE,
                            "--panel %.40s: no such panel; one of loss, weights, accuracy, norms, tail, "
                            "pruning, controls, now",
                            name);
    model->view = ht_view_of(model->focus);
    return HT_OK;
}

static ht_code draw(ht_session *s, const char *run, const char *out, const char *panel,
                    ht_snapshot_options *options, ht_error *err)
{
    ht_text journal = {0};
    ht_model *model = ht_alloc(1, sizeof *model, "the picture", err);
    if (!model) return err->code;
    ht_model_init(model, &s->params, s->data->inputs, s->data->classes, s->data->title);
    model->samples = s->data->train.count;
    ht_model_pictures(model, s->data->channels, s->data->height, s->data->width);
    ht_built_line(model->footer, sizeof model->footer);
    ht_code code = choose_panel(panel, model, err);
    ht_progress_stage("reading the history of %s", run);
    if (code == HT_OK) code = load_history(model, run, ht_trainer_steps(s->trainer), err);
    ht_progress_stage("looking at the weights, their tail and the pruning curve");
    if (code == HT_OK) code = analyze(model, s, err);
    ht_progress_stage("drawing %s", out);
    load_journal(&journal, model, s, run);
    if (!options->theme) options->theme = ht_snapshot_theme(&s->params);
    options->journal = journal.failed ? NULL : journal.data;
    if (code == HT_OK) code = ht_snapshot_write(out, model, options, err);
    ht_text_free(&journal);
    ht_free(model);
    return code;
}

int ht_cmd_snapshot(int argc, char **argv)
{
    const char *out = NULL, *size = NULL, *panel = NULL;
    ht_snapshot_options picture = {0};
    const ht_option options[] = {{"--out", &out, NULL},
                                 {"--size", &size, NULL},
                                 {"--theme", &picture.theme, NULL},
                                 {"--panel", &panel, NULL},
                                 {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_session session = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && (args.word_count != 1 || !out))
        code = ht_error_set(&err, HT_USAGE, "snapshot: give a run directory and --out FILE.png");
    if (code == HT_OK) code = ht_arguments_size(size, 320, 200, &picture.width, &picture.height, &err);
    ht_progress_start();
    if (code == HT_OK) ht_progress_stage("opening %s", args.words[0]);
    if (code == HT_OK) code = ht_session_view(&session, &args, args.words[0], &err);
    ht_data_tell(session.data);
    if (code == HT_OK) code = draw(&session, args.words[0], out, panel, &picture, &err);
    ht_session_close(&session);
    ht_progress_end();
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
