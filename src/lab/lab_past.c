#include "lab/lab_past.h"

#include <math.h>

#include "base/alloc.h"

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
    /* Rows do not say when they were written: all steps over all seconds. What came before a reset took some
     * of these. */
    model->steps_per_second = reset == 0 && seconds > 0 ? (double)step / seconds : 0;
    ht_free(path);
    return HT_OK;
}
