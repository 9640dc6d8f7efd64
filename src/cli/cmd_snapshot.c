/* cmd_snapshot.c - a run directory as a picture: the dashboard, or one panel. */
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/report/run_model.h"
#include "session/data_options.h"
#include "base/alloc.h"
#include "render/snapshot.h"
#include "view/panel.h"
#include "view/view.h"

/* The name is one of them: main has looked (option_values.h). */
static void choose_panel(const char *name, ht_model *model)
{
    if (name && ht_panel_find(name, HT_VIEW_DASHBOARD, &model->focus)) model->view = ht_view_of(model->focus);
}

static ht_code draw(ht_session *s, const char *run, const char *out, const char *panel,
                    ht_snapshot_options *options, ht_error *err)
{
    ht_past past = {0};
    ht_model *model = ht_alloc(1, sizeof *model, "the picture", err);
    ht_run_past(&past, run);
    ht_code code = model ? ht_run_model(model, &past, s, run, err) : HT_FAIL;
    if (code == HT_OK) choose_panel(panel, model);
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
