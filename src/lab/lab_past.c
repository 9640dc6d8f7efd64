#include "lab/lab_past.h"

#include <math.h>

#include "base/alloc.h"

enum { JOURNAL_LIMIT = 1 << 30 };

/* ---- reading ---- */

static ht_code read_journal(ht_past *past, const char *dir, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_rundir_file(dir, HT_RUN_JOURNAL, path, err) != HT_OK ||
        ht_rundir_journal(dir, &past->text, JOURNAL_LIMIT, err) != HT_OK)
        return err->code;
    ht_code code = ht_journal_parse(&past->journal, path, past->text.data, past->text.length, err);
    past->has_journal = code == HT_OK;
    return code;
}

ht_code ht_past_read(ht_past *past, const char *dir, ht_error *err)
{
    ht_error later;
    *past = (ht_past){0};
    ht_code rows = ht_rundir_read_metrics(dir, &past->rows, &past->count, err);
    ht_code journal = read_journal(past, dir, rows == HT_OK ? err : &later);
    return rows == HT_OK ? journal : rows;
}

void ht_past_free(ht_past *past)
{
    ht_free(past->rows);
    if (past->has_journal) ht_journal_free(&past->journal);
    ht_text_free(&past->text);
    *past = (ht_past){0};
}

size_t ht_past_last(const ht_past *past)
{
    size_t last = 0;
    for (size_t i = 0; past->has_journal && i < past->journal.count; i++)
        if (past->journal.entries[i].kind <= HT_ENTRY_RESUME) last = i;
    return last;
}

/* ---- showing ---- */

static void show_row(ht_model *model, const ht_metrics *m, double seconds)
{
    ht_sample row = {.step = m->step,
                     .seconds = seconds,
                     .epoch = m->epoch,
                     .folded = 1,
                     .loss = m->loss,
                     .loss_min = m->loss_min,
                     .loss_max = m->loss_max,
                     .accuracy = m->batch_accuracy,
                     .test_loss = m->test_loss,
                     .test_accuracy = m->test_accuracy};
    row.kind = HT_SAMPLE_STEP;
    if (!isnan(m->loss)) ht_model_sample(model, &row); /* before the first step there is none */
    row.kind = HT_SAMPLE_EVAL;
    ht_model_sample(model, &row);
}

/* The rows up to `step`, from *at on. */
static void show_rows(const ht_past *past, uint64_t step, double seconds, ht_model *model, size_t *at)
{
    for (; *at < past->count && past->rows[*at].step <= step; ++*at)
        show_row(model, &past->rows[*at], seconds);
}

/* What came before a reset is of another run: of that only the settings are left. */
static void show_change(const ht_entry *e, bool own, double seconds, ht_model *model)
{
    ht_sample change = {.kind = HT_SAMPLE_CHANGE,
                        .step = e->step,
                        .seconds = seconds,
                        .epoch = model->epoch,
                        .param = e->param,
                        .before = ht_params_get(&model->applied, e->param),
                        .value = e->value};
    if (own)
        ht_model_sample(model, &change);
    else
        ht_params_put(&model->applied, e->param, e->value);
}

ht_code ht_past_show(const ht_past *past, size_t entry, uint64_t step, double seconds, ht_model *model,
                     ht_error *err)
{
    size_t count = 0, at = 0, reset = 0, *path = NULL;
    ht_params now = model->applied;
    ht_prune_method lead = model->prune_lead;
    if (past->has_journal && !(path = ht_journal_path(&past->journal, entry, &count, err))) return HT_FAIL;
    if (path) model->applied = past->journal.initial;
    for (size_t i = 0; i < count; i++)
        if (past->journal.entries[path[i]].kind == HT_ENTRY_RESET) reset = i + 1;
    for (size_t i = 0; i < count; i++) {
        const ht_entry *e = &past->journal.entries[path[i]];
        if (i >= reset) show_rows(past, e->step < step ? e->step : step, seconds, model, &at);
        if (e->kind == HT_ENTRY_SET) show_change(e, i >= reset, seconds, model);
    }
    show_rows(past, step, seconds, model, &at);
    model->applied = now;
    model->prune_lead = lead;
    model->step = step;
    model->seconds = seconds;
    ht_free(path);
    return HT_OK;
}
