#include "export/run_history.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"

/* When the journal's first line was written; 0: it does not tell. */
static double read_start(const ht_text *journal)
{
    struct tm parts = {0};
    const char *end = journal->data ? strchr(journal->data, '\n') : NULL;
    json_t *line = end ? json_loadb(journal->data, (size_t)(end - journal->data), 0, NULL) : NULL;
    const char *date = json_string_value(json_object_get(line, "date"));
    const char *rest = date ? strptime(date, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    double start = rest ? (double)timegm(&parts) : 0;
    json_decref(line);
    return start;
}

/* Back from the last line, so that what was left for an earlier state does not count. */
static ht_code find_marks(ht_run_history *h, const ht_journal *j, ht_error *err)
{
    double step = HUGE_VAL, seconds = HUGE_VAL;
    size_t at = j->count;
    h->mark = ht_alloc(j->count, sizeof *h->mark, "the times of a run", err);
    if (!h->mark) return HT_FAIL;
    for (size_t i = j->count; i-- > 0;) {
        const ht_entry *e = &j->entries[i];
        if (!((double)e->step < step) || !(e->seconds <= seconds)) continue;
        step = (double)e->step, seconds = e->seconds;
        h->mark[--at] = (struct ht_run_history_mark){step, seconds};
    }
    h->marks = j->count - at;
    memmove(h->mark, h->mark + at, h->marks * sizeof *h->mark);
    return HT_OK;
}

/* Of what was before a reset the settings are left. */
static void pass_resets(ht_run_history *h)
{
    const ht_entry *entries = h->past->journal.entries;
    size_t first = 0;
    for (size_t i = 0; i < h->changes; i++)
        if (entries[h->path[i]].kind == HT_ENTRY_RESET) first = i + 1;
    for (; h->change < first; h->change++) {
        const ht_entry *e = &entries[h->path[h->change]];
        if (e->kind == HT_ENTRY_SET) ht_params_put(&h->params, e->param, e->value);
    }
}

ht_code ht_run_history_begin(ht_run_history *h, const ht_past *past, const ht_params *params, ht_error *err)
{
    *h = (ht_run_history){.past = past, .params = *params};
    if (!past->has_journal) return HT_OK;
    h->began = read_start(&past->text);
    h->params = past->journal.initial;
    h->path = ht_journal_path(&past->journal, ht_past_last(past), &h->changes, err);
    if (!h->path) return HT_FAIL;
    pass_resets(h);
    return find_marks(h, &past->journal, err);
}

void ht_run_history_end(ht_run_history *h)
{
    ht_free(h->path);
    ht_free(h->mark);
    h->path = NULL, h->mark = NULL;
}

bool ht_run_history_next(ht_run_history *h)
{
    if (h->row == h->past->count) return false;
    h->metrics = h->past->rows[h->row++];
    for (; h->change < h->changes; h->change++) {
        const ht_entry *e = &h->past->journal.entries[h->path[h->change]];
        if (e->step > 0 && e->step >= h->metrics.step) break; /* it is in force from the next step on */
        if (e->kind == HT_ENTRY_SET) ht_params_put(&h->params, e->param, e->value);
    }
    h->wall = ht_run_history_wall(h, h->metrics.step);
    return true;
}

double ht_run_history_wall(const ht_run_history *h, uint64_t step)
{
    size_t low = 0, high = h->marks; /* the first mark behind the step */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (h->mark[middle].step > (double)step)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == 0) return h->began;
    const struct ht_run_history_mark *from = &h->mark[low - 1], *to = &h->mark[low];
    if (low == h->marks) return h->began + from->seconds;
    double share = ((double)step - from->step) / (to->step - from->step);
    return h->began + from->seconds + share * (to->seconds - from->seconds);
}

bool ht_run_history_tells(ht_param p)
{
    const ht_param_info *info = ht_param_at(p);
    return info->live == HT_LIVE && info->type != HT_TYPE_TEXT;
}
