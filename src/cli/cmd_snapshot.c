/* cmd_snapshot.c - a run directory as a picture: the dashboard, or one panel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/built.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "session/session.h"
#include "session/data_options.h"
#include "base/alloc.h"
#include "engine/analyst.h"
#include "lab/lab_past.h"
#include "render/snapshot.h"
#include "view/panel.h"
#include "view/view.h"

/* Curves, changes and labels up to the state that is shown, as the directory tells them; what is damaged
 * there is told, and the picture has the rest. */
static ht_code load_past(ht_past *past, ht_model *model, ht_session *s, const char *run, ht_error *err)
{
    ht_error damage;
    ht_notes notes = {0};
    ht_checkpoint shown = ht_checkpoint_of(s->trainer);
    uint64_t step = ht_trainer_steps(s->trainer);
    if (ht_past_read(past, run, &damage) != HT_OK) ht_notes_add(&notes, "%s", damage.text);
    ht_app_notes(&notes);
    ht_notes_free(&notes);
    size_t entry =
        past->has_journal ? ht_journal_find(&past->journal, ht_checkpoint_hash(&shown), shown.state.step) : 0;
    past->has_journal = past->has_journal && entry < past->journal.count;
    if (past->has_journal) {
        const ht_entry *e = &past->journal.entries[entry];
        ht_journal_mark here = {shown.state.step, past->journal.entries[e->parent].revision, 0, e->seconds};
        ht_journal_kept(&past->text, "picture", &here);
        ht_journal_labels(&past->journal, entry, shown.state.step, &model->labels, &damage);
    }
    return ht_past_show(past, entry, step, ht_trainer_seconds(s->trainer), model, err);
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
    ht_past past = {0};
    ht_model *model = ht_alloc(1, sizeof *model, "the picture", err);
    if (!model) return err->code;
    ht_model_init(model, &s->params, s->data->inputs, s->data->classes, s->data->title);
    model->samples = s->data->train.count;
    ht_model_pictures(model, s->data->channels, s->data->height, s->data->width);
    ht_built_line(model->footer, sizeof model->footer);
    ht_code code = choose_panel(panel, model, err);
    ht_progress_stage("reading the history of %s", run);
    if (code == HT_OK) code = load_past(&past, model, s, run, err);
    ht_progress_stage("looking at the weights, their tail and the pruning curve");
    if (code == HT_OK) code = analyze(model, s, err);
    ht_progress_stage("drawing %s", out);
    if (!options->theme) options->theme = ht_snapshot_theme(&s->params);
    bool told = past.has_journal && !past.text.failed && past.text.length <= HT_JOURNAL_LIMIT;
    options->journal = told ? past.text.data : NULL;
    if (code == HT_OK) code = ht_snapshot_write(out, model, options, err);
    ht_past_free(&past);
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
