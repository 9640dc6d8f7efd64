#include "cli/report/run_model.h"

#include <math.h>

#include "base/alloc.h"
#include "cli/report/built.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "engine/analyst.h"
#include "engine/text/text_look.h"
#include "lab/lab_past.h"

void ht_run_past(ht_past *past, const char *run)
{
    ht_error damage;
    ht_notes notes = {0};
    if (ht_past_read(past, run, &damage) != HT_OK) ht_notes_add(&notes, "%s", damage.text);
    ht_app_notes(&notes);
    ht_notes_free(&notes);
}

/* Curves, changes and labels up to the state that is shown. */
static ht_code show_past(ht_past *past, ht_model *model, ht_session *s, ht_error *err)
{
    ht_error damage;
    ht_checkpoint shown = ht_checkpoint_of(s->trainer);
    uint64_t step = ht_trainer_steps(s->trainer);
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

ht_language ht_run_language(const ht_dataset *data)
{
    return (ht_language){.tokens = data->tokens,
                         .characters = data->characters,
                         .bytes = data->bytes,
                         .unigram = data->losses.unigram,
                         .least = data->losses.least,
                         .entropy = data->entropy};
}

static ht_code sample_text(ht_report *report, const ht_model *model, const ht_session *s, uint64_t step,
                           ht_error *err)
{
    const ht_text_order order = {step, ht_trainer_seconds(s->trainer), model->temperature,
                                 ht_text_prompt(s->data), HUGE_VAL};
    if (s->data->tokens == 0) return HT_OK;
    return ht_text_look_make(&report->text, ht_trainer_network(s->trainer), &order, err);
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
    if (code == HT_OK) code = sample_text(report, model, s, step, err);
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

ht_code ht_run_model(ht_model *model, ht_past *past, ht_session *s, const char *run, ht_error *err)
{
    ht_model_init(model, &s->params, s->data->inputs, s->data->classes, s->data->title);
    model->samples = s->data->train.count;
    model->language = ht_run_language(s->data);
    ht_model_pictures(model, s->data->channels, s->data->height, s->data->width);
    ht_built_line(model->footer, sizeof model->footer);
    ht_progress_stage("reading the history of %s", run);
    if (show_past(past, model, s, err) != HT_OK) return HT_FAIL;
    ht_progress_stage("looking at the weights, their tail and the pruning curve");
    return analyze(model, s, err);
}
