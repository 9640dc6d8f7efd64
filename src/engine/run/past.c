#include "engine/run/past.h"

#include "base/alloc.h"

enum { JOURNAL_LIMIT = 1 << 30 };

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
