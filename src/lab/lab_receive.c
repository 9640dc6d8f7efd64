/* lab_receive.c - what comes in from the threads of the lab. */
#include "lab/lab_handlers.h"
#include "lab/watch/lab_trainings.h"

/* The journal so far, for pictures: what the screen has seen of the run is what they show. */
static void keep_journal(ht_lab *lab, const ht_sample *s)
{
    ht_text *journal = &lab->session->journal;
    if (journal->length) ht_journal_add(journal, s);
    if (journal->length > HT_JOURNAL_LIMIT) ht_text_free(journal);
    if (s->revision) lab->revision = s->revision;
}

void ht_lab_receive(ht_lab *lab)
{
    ht_sample sample;
    bool fresh;
    if (lab->trainings) {
        ht_lab_trainings_receive(lab);
        return;
    }
    while (ht_runner_receive(lab->runner, &sample)) {
        keep_journal(lab, &sample);
        if (sample.kind == HT_SAMPLE_RESET) ht_lab_runs_keep(lab);
        ht_lab_sample(lab, &sample);
        lab->applied = sample.applied_seq;
        lab->dirty = true;
    }
    if (ht_lab_background_poll(lab)) lab->dirty = true;
    if (ht_lab_twin_poll(lab)) lab->dirty = true;
    if (ht_lab_runs_poll(lab)) lab->dirty = true;
    const ht_stored *stored = ht_runner_stored(lab->runner, &fresh);
    if (fresh) {
        lab->model->stored = *stored;
        lab->dirty = lab->dirty || lab->model->timeline;
    }
    const ht_epochs *epochs = ht_runner_epochs(lab->runner, &fresh);
    if (fresh) {
        ht_model_epochs(lab->model, epochs);
        lab->dirty = lab->dirty || lab->model->view == HT_VIEW_METHOD;
    }
    const ht_glimpse *glimpse = ht_runner_glimpse(lab->runner, &fresh);
    if (fresh) ht_model_glimpse(lab->model, glimpse);
    lab->dirty = lab->dirty || fresh;
    const ht_report *report = ht_runner_report(lab->runner, &fresh);
    if (fresh) {
        ht_model_report(lab->model, report);
        lab->dirty = true;
    }
    if (ht_lab_lesson_poll(lab)) lab->dirty = true;
}
