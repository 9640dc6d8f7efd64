/* A journal: of every state it tells of, what led there and the settings there. */
#include <string.h>

#include "base/alloc.h"
#include "engine/run/journal.h"
#include "fuzz/fuzz.h"

static void follow(const ht_journal *journal, size_t entry)
{
    ht_error err = {HT_OK, ""};
    ht_params params;
    size_t count = 0, *path = ht_journal_path(journal, entry, &count, &err);
    if (!path) fuzz_outcome(err.code, &err);
    for (size_t i = 0; path && i < count; i++) {
        fuzz_require(path[i] < journal->count, "a path leads through the journal");
        fuzz_require(i == 0 || path[i] > path[i - 1], "forwards");
    }
    fuzz_outcome(ht_journal_params(journal, entry, &params, &err), &err);
    ht_free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_journal journal = {.count = 0};
    ht_code code = ht_journal_parse(&journal, "fuzz.jsonl", (const char *)data, size, &err);
    fuzz_outcome(code, &err);
    if (code == HT_OK) {
        fuzz_require(journal.count > 0 && journal.entries[0].kind == HT_ENTRY_START,
                     "it begins with the start");
        for (size_t i = 0; i < journal.count; i++) follow(&journal, i);
        fuzz_require(ht_journal_find(&journal, 0, 0) <= journal.count, "an entry or none");
        ht_journal_free(&journal);
    }
    return 0;
}
