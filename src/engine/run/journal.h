/* journal.h - what happened in a run, one JSON object a line: enough to make its weights again, bit by bit.
 *
 *   {"event":"start","step":0,"params":{…},…}                      the parameters it began with
 *   {"event":"set"|"reset"|"prune"|"unmask","step":S,"change":K,…}    change K, applied before step S + 1
 *   {"event":"rewind"|"resume","step":S,"to":T,"keep":J,"change":K}   the state goes back to step T, where J
 * was the last change; what came after J is another branch
 *   {"event":"checkpoint"|"picture","step":S,"change":K,"hash":H}     a state that was kept
 *   {"event":"label","step":S,"text":T}                            words at step S of the branch it stands
 * in; "" takes them away
 *   {"event":"paused"|"running"|"done"|"diverged",…}                  for people
 *
 * All lines have "date" (UTC) and "seconds" (of training). Changes are numbered upwards through the file, so
 * they form a tree: the path from a state to the start is what led to it. Pure functions; no files. */
#ifndef HT_ENGINE_RUN_JOURNAL_H
#define HT_ENGINE_RUN_JOURNAL_H

#include "base/text.h"
#include "heavytail/params.h"
#include "link/messages.h"

/* ---- writing: appends a line to *out (out->failed when memory is short) ---- */

void ht_journal_start(ht_text *out, const ht_params *params);
/* A CHANGE, RESET, PRUNE, UNMASK or REWIND that is numbered, a LABEL or a STATE; other samples add nothing.
 */
void ht_journal_add(ht_text *out, const ht_sample *sample);

/* A state that was kept, as "checkpoint" or "picture". `hash` as in checkpoint.h; 0: not known. */
typedef struct ht_journal_mark {
    uint64_t step, revision, hash;
    double seconds;
} ht_journal_mark;

void ht_journal_kept(ht_text *out, const char *event, const ht_journal_mark *mark);
/* Training goes on from the state `from`, as change number `revision`. */
void ht_journal_resume(ht_text *out, const ht_journal_mark *from, uint64_t revision);

/* ---- reading ---- */

typedef enum ht_entry_kind {
    HT_ENTRY_START,
    HT_ENTRY_SET,
    HT_ENTRY_RESET,
    HT_ENTRY_PRUNE,
    HT_ENTRY_UNMASK,
    HT_ENTRY_REWIND,
    HT_ENTRY_RESUME,
    HT_ENTRY_CHECKPOINT,
    HT_ENTRY_PICTURE,
    HT_ENTRY_LABEL,
    HT_ENTRY_STATE
} ht_entry_kind;

typedef struct ht_entry {
    ht_entry_kind kind;
    uint64_t step, revision, hash;
    uint64_t from; /* REWIND, RESET: the step that was left; RESUME: any, as no line tells it */
    double seconds;
    size_t parent;  /* of a change: the entry it came after; REWIND, RESUME: the state gone back to */
    ht_param param; /* SET */
    double value;   /* SET; RESET: the seed */
    ht_prune_intent prune;
    char text[HT_LABEL_TEXT]; /* LABEL: its parent is the change after which it was put */
} ht_entry;

typedef struct ht_journal {
    ht_params initial;
    ht_entry *entries; /* [0] is the start */
    size_t count;
    uint64_t last_revision;
} ht_journal;

/* Reads the lines; a last one without a line feed was cut by a crash and is left out. HT_FAIL naming `name`
 * and the line when something in it cannot be. */
ht_code ht_journal_parse(ht_journal *journal, const char *name, const char *text, size_t size, ht_error *err);
void ht_journal_free(ht_journal *journal);

/* The last entry that tells of a kept state with this hash, else with this step; 0 (the start) when there is
 * none and the step is 0; `count` when the journal knows nothing of it. */
size_t ht_journal_find(const ht_journal *journal, uint64_t hash, uint64_t step);

/* The changes that led to `entry`, first one first: indices into entries; a RESET comes first if there was
 * one, with only SETs before it. ht_free; NULL with *err set. */
size_t *ht_journal_path(const ht_journal *journal, size_t entry, size_t *count, ht_error *err);

/* The labels of the state at `step` that `entry` tells of, as the lab shows them: put in the order of the
 * lines; going back cuts those beyond, whatever change they were put after; what was left comes back with its
 * state. */
ht_code ht_journal_labels(const ht_journal *journal, size_t entry, uint64_t step, ht_labels *labels,
                          ht_error *err);

/* The parameters of the state that `entry` tells of. */
ht_code ht_journal_params(const ht_journal *journal, size_t entry, ht_params *params, ht_error *err);

#endif
