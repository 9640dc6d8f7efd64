#include "engine/run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/run/branches.h"
#include "engine/run/replay.h"
#include "engine/run/runfiles.h"
#include "params/preset.h"

enum { FILE_LIMIT = 1 << 30, PRESET_LIMIT = 1 << 20 };

struct ht_rundir {
    ht_runfiles files;
    /* Of metrics.csv and metrics.branches: the branch that the session began with, that of the rows that came
     * last, and that of metrics.csv. */
    uint64_t base, latest, shown;
    ht_journal_mark saved; /* of the checkpoint that this session wrote last … */
    bool has_saved;        /* … if it wrote one */
    ht_labels labels;      /* of the run that was taken up */
};

static const uint64_t no_branch = UINT64_MAX; /* metrics.csv is to be made again */

/* ---- opening ---- */

ht_rundir *ht_rundir_open(const char *path, ht_error *err)
{
    ht_rundir *dir = ht_alloc(1, sizeof *dir, "the run directory", err);
    if (!dir) return NULL;
    if (ht_runfiles_open(&dir->files, path, err) == HT_OK) return dir;
    ht_free(dir);
    return NULL;
}

void ht_rundir_close(ht_rundir *dir)
{
    if (!dir) return;
    ht_runfiles_close(&dir->files);
    ht_free(dir);
}

bool ht_rundir_has_run(const ht_rundir *dir)
{
    return ht_runfiles_has(&dir->files, HT_RUN_PRESET);
}

ht_code ht_rundir_check(ht_rundir *dir, ht_error *err)
{
    return ht_runfiles_check(&dir->files, err);
}

const char *ht_rundir_displaced(const ht_rundir *dir)
{
    return dir->files.displaced[0] ? dir->files.displaced : NULL;
}

const char *ht_rundir_lacks(const ht_rundir *dir, bool *whole)
{
    *whole = !strstr(dir->files.lacks, "journal");
    return dir->files.lacks[0] ? dir->files.lacks : NULL;
}

const ht_labels *ht_rundir_labels(const ht_rundir *dir)
{
    return &dir->labels;
}

const char *ht_rundir_path(const ht_rundir *dir)
{
    return dir->files.path;
}

ht_code ht_rundir_params(ht_rundir *dir, ht_params *params, ht_error *err)
{
    char path[HT_RUN_PATH], *text;
    size_t size;
    if (ht_runfiles_path(&dir->files, HT_RUN_PRESET, path, err) != HT_OK) return err->code;
    if (ht_file_read_in(dir->files.fd, path, PRESET_LIMIT, &text, &size, err) != HT_OK)
        return err->code = HT_USAGE;
    ht_params_init(params);
    ht_code code = ht_preset_parse(params, path, text, size, err);
    ht_free(text);
    ht_runfiles_note(&dir->files, HT_RUN_PRESET);
    return code;
}

static ht_code check_same(const ht_params *stored, const ht_params *wanted, ht_param p, const char *path,
                          ht_error *err)
{
    char old[HT_PARAM_VALUE], new[HT_PARAM_VALUE];
    ht_params_format(stored, p, old, sizeof old);
    ht_params_format(wanted, p, new, sizeof new);
    if (strcmp(old, new) == 0) return HT_OK;
    return ht_error_set(err, HT_USAGE,
                        "%s: the run there has %s = %.100s, not %.100s; leave it out or give another --run",
                        path, ht_param_at(p)->key, old, new);
}

/* Width and depth follow from a line or a list that was said, which is named before them. */
ht_code ht_rundir_agrees(const ht_params *stored, const ht_params *wanted, const char *path, ht_error *err)
{
    static const ht_param said[] = {HT_P_MODEL_LAYERS, HT_P_MODEL_WIDTHS};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (strcmp(ht_params_text(wanted, said[i]), ht_param_at(said[i])->choices[0]) != 0 &&
            check_same(stored, wanted, said[i], path, err) != HT_OK)
            return err->code;
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_param_at(p)->live == HT_RESET && check_same(stored, wanted, (ht_param)p, path, err) != HT_OK)
            return err->code;
    return HT_OK;
}

static ht_code write_preset(ht_rundir *dir, const ht_params *params, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_runfiles_path(&dir->files, HT_RUN_PRESET, path, err) != HT_OK) return err->code;
    char *text = ht_preset_write(params, err);
    if (!text) return err->code;
    ht_part part = {text, strlen(text)};
    ht_code code = ht_file_write_in(dir->files.fd, path, &part, 1, &dir->files.file[HT_RUN_PRESET].mark, err);
    ht_free(text);
    if (code == HT_OK) ht_runfiles_renew(&dir->files, HT_RUN_PRESET);
    return code;
}

static ht_code append(ht_rundir *dir, ht_runfile file, ht_text *text, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (text->failed) {
        if (ht_runfiles_path(&dir->files, file, path, err) != HT_OK) return err->code;
        return ht_error_set(err, HT_FAIL, "%s: not enough memory to write it", path);
    }
    if (ht_runfiles_append(&dir->files, file, text->data, text->length, err) != HT_OK) return err->code;
    text->length = 0;
    return HT_OK;
}

/* ---- a fresh run ---- */

/* A start that was interrupted leaves a journal. Never a checkpoint: that is a run whose preset.ini is
 * lost. */
static ht_code remove_leftovers(ht_rundir *dir, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_runfiles_path(&dir->files, HT_RUN_CHECKPOINT, path, err) != HT_OK) return err->code;
    if (ht_runfiles_has(&dir->files, HT_RUN_CHECKPOINT))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is there without a preset.ini; put that back, or move the checkpoint away to "
            "begin a new run",
            path);
    if (ht_runfiles_remove(&dir->files, HT_RUN_BRANCHES, err) != HT_OK) return err->code;
    return ht_runfiles_remove(&dir->files, HT_RUN_JOURNAL, err);
}

/* metrics.csv with its header alone. */
static ht_code start_metrics(ht_rundir *dir, ht_error *err)
{
    char path[HT_RUN_PATH];
    ht_part part = {ht_metrics_header, strlen(ht_metrics_header)};
    if (ht_runfiles_path(&dir->files, HT_RUN_METRICS, path, err) != HT_OK ||
        ht_file_write_in(dir->files.fd, path, &part, 1, NULL, err) != HT_OK)
        return err->code;
    return ht_runfiles_hold(&dir->files, HT_RUN_METRICS, false, err);
}

ht_code ht_rundir_begin(ht_rundir *dir, const ht_params *params, ht_error *err)
{
    ht_text start = {0};
    if (remove_leftovers(dir, err) != HT_OK || start_metrics(dir, err) != HT_OK ||
        ht_runfiles_hold(&dir->files, HT_RUN_JOURNAL, true, err) != HT_OK)
        return err->code;
    /* preset.ini last: with it the directory holds a run. */
    ht_journal_start(&start, params);
    ht_code code = append(dir, HT_RUN_JOURNAL, &start, err);
    ht_text_free(&start);
    return code == HT_OK ? write_preset(dir, params, err) : code;
}

/* ---- a run that is taken up ---- */

/* The bytes up to the first row after `step`; a line without its end was cut by a crash. */
static size_t rows_until(const char *text, size_t size, uint64_t step)
{
    size_t kept = 0;
    while (kept < size) {
        const char *end = memchr(text + kept, '\n', size - kept);
        bool digit = text[kept] >= '0' && text[kept] <= '9'; /* the header has none */
        if (!end || (digit && strtoull(text + kept, NULL, 10) > step)) break;
        kept = (size_t)(end - text) + 1;
    }
    return kept;
}

/* The same of a file, piece by piece: it is as long as the run, and going back should not take more memory
 * the longer a run is. */
static ht_code file_rows_until(int fd, const char *path, uint64_t size, uint64_t step, uint64_t *kept,
                               ht_error *err)
{
    char piece[1 << 15];
    size_t rows = 0;
    *kept = 0;
    do {
        size_t count = size - *kept < sizeof piece ? (size_t)(size - *kept) : sizeof piece;
        if (ht_file_read_at(fd, path, piece, count, *kept, err) != HT_OK) return err->code;
        rows = rows_until(piece, count, step);
        *kept += rows;
    } while (rows);
    return HT_OK;
}

/* Older programs wrote fewer columns: their rows stay, under the header that later ones need. */
static ht_code widen_metrics(ht_rundir *dir, const char *path, ht_error *err)
{
    ht_runfiles *f = &dir->files;
    char *text, first[256] = "";
    size_t length = strlen(ht_metrics_header), size;
    if (ht_runfiles_size(f, HT_RUN_METRICS) >= length &&
        ht_file_read_at(f->file[HT_RUN_METRICS].fd, path, first, length, 0, err) != HT_OK)
        return err->code;
    if (memcmp(first, ht_metrics_header, length) == 0) return HT_OK;
    if (ht_file_read_in(f->fd, path, FILE_LIMIT, &text, &size, err) != HT_OK) return err->code;
    const char *end = memchr(text, '\n', size);
    size_t header = text[0] >= '0' && text[0] <= '9' ? 0 : end ? (size_t)(end - text) + 1 : size;
    const ht_part parts[] = {{ht_metrics_header, length}, {text + header, size - header}};
    ht_code code = ht_file_write_in(f->fd, path, parts, 2, NULL, err);
    ht_free(text);
    return code == HT_OK ? ht_runfiles_hold(f, HT_RUN_METRICS, false, err) : code;
}

/* Holds metrics.csv with the rows up to `step`. */
static ht_code cut_metrics(ht_rundir *dir, uint64_t step, ht_error *err)
{
    char path[HT_RUN_PATH];
    ht_runfiles *f = &dir->files;
    uint64_t kept, size;
    if (!ht_runfiles_has(f, HT_RUN_METRICS)) return start_metrics(dir, err);
    if (ht_runfiles_hold(f, HT_RUN_METRICS, false, err) != HT_OK ||
        ht_runfiles_path(f, HT_RUN_METRICS, path, err) != HT_OK || widen_metrics(dir, path, err) != HT_OK)
        return err->code;
    size = ht_runfiles_size(f, HT_RUN_METRICS);
    if (file_rows_until(f->file[HT_RUN_METRICS].fd, path, size, step, &kept, err) != HT_OK) return err->code;
    return kept < size ? ht_runfiles_cut(f, HT_RUN_METRICS, kept, err) : HT_OK;
}

/* Reads the journal, leaving a last line that a crash has cut out of the file too: the next one must not be
 * glued to it. */
static ht_code read_journal(ht_rundir *dir, ht_journal *journal, ht_error *err)
{
    char path[HT_RUN_PATH], *text;
    size_t size;
    if (ht_runfiles_path(&dir->files, HT_RUN_JOURNAL, path, err) != HT_OK) return HT_FAIL;
    if (ht_file_read_in(dir->files.fd, path, FILE_LIMIT, &text, &size, err) != HT_OK) return HT_FAIL;
    const char *last = memrchr(text, '\n', size);
    size_t kept = last ? (size_t)(last - text) + 1 : 0;
    ht_part part = {text, kept};
    ht_code code = kept < size ? ht_file_write_in(dir->files.fd, path, &part, 1, NULL, err) : HT_OK;
    if (code == HT_OK) code = ht_journal_parse(journal, path, text, kept, err);
    ht_free(text);
    return code == HT_OK ? ht_runfiles_hold(&dir->files, HT_RUN_JOURNAL, false, err) : code;
}

/* The last change before `entry`. */
static uint64_t change_of(const ht_journal *journal, size_t entry)
{
    return journal->entries[journal->entries[entry].parent].revision;
}

/* The session before was killed between going back and forth: metrics.csv may be of another path than the
 * checkpoint. Not if the run was taken up since: then what is left of that session is of no use. */
static ht_code mend_metrics(ht_rundir *dir, const ht_journal *journal, size_t entry, uint64_t step,
                            ht_error *err)
{
    ht_runfiles *f = &dir->files;
    uint64_t base = 0, shown = no_branch;
    if (!ht_runfiles_has(f, HT_RUN_BRANCHES)) return HT_OK;
    if (ht_runfiles_hold(f, HT_RUN_BRANCHES, false, err) != HT_OK) return err->code;
    if (ht_runfiles_has(f, HT_RUN_METRICS) && ht_runfiles_hold(f, HT_RUN_METRICS, false, err) != HT_OK)
        return err->code;
    if (ht_branches_first(f, &base, err) != HT_OK) return err->code;
    bool old = false;
    for (size_t i = 0; i < journal->count; i++)
        old = old || (journal->entries[i].kind == HT_ENTRY_RESUME && journal->entries[i].revision > base);
    if (!old && ht_branches_show(f, change_of(journal, entry), step, &shown, err) != HT_OK) return err->code;
    return ht_runfiles_remove(f, HT_RUN_BRANCHES, err);
}

/* Parameters that training depends on are those that the journal has for the checkpoint: preset.ini may be a
 * save behind. */
static ht_code continue_journal(ht_rundir *dir, ht_trainer *trainer, const ht_journal *journal, size_t entry,
                                ht_error *err)
{
    const ht_entry *e = &journal->entries[entry];
    ht_trainer_state state = ht_trainer_state_get(trainer);
    ht_journal_mark from = {state.step, change_of(journal, entry), 0, e->seconds};
    ht_params params;
    ht_text line = {0};
    state.seconds = e->seconds;
    if (ht_journal_params(journal, entry, &params, err) != HT_OK ||
        ht_trainer_adopt(trainer, &state, &params, ht_trainer_mask(trainer), err) != HT_OK)
        return err->code;
    ht_trainer_set_revision(trainer, journal->last_revision + 1);
    dir->base = dir->latest = dir->shown = journal->last_revision + 1;
    ht_journal_resume(&line, &from, journal->last_revision + 1);
    ht_code code = append(dir, HT_RUN_JOURNAL, &line, err);
    ht_text_free(&line);
    return code;
}

ht_code ht_rundir_resume(ht_rundir *dir, ht_trainer *trainer, ht_error *err)
{
    char path[HT_RUN_PATH];
    ht_runfiles *f = &dir->files;
    ht_journal journal = {0};
    size_t entry = 0;
    if (ht_runfiles_path(f, HT_RUN_CHECKPOINT, path, err) != HT_OK) return err->code;
    bool saved = ht_runfiles_has(f, HT_RUN_CHECKPOINT);
    if (saved && ht_checkpoint_read_in(f->fd, path, trainer, err) != HT_OK) return err->code;
    ht_runfiles_note(f, HT_RUN_CHECKPOINT);
    ht_runfiles_note(f, HT_RUN_PRESET);
    if (read_journal(dir, &journal, err) != HT_OK) return err->code;
    uint64_t step = ht_trainer_steps(trainer);
    ht_code code = saved ? ht_replay_find(trainer, f->fd, path, &journal, &entry, err) : HT_OK;
    if (code == HT_OK && entry >= journal.count)
        code = ht_error_set(err, HT_FAIL,
                            "%s stands at step %" PRIu64
                            ", of which journal.jsonl knows nothing; put back the file that belongs to it",
                            path, step);
    if (code == HT_OK) code = ht_journal_labels(&journal, entry, step, &dir->labels, err);
    if (code == HT_OK) code = mend_metrics(dir, &journal, entry, step, err);
    if (code == HT_OK) code = continue_journal(dir, trainer, &journal, entry, err);
    ht_journal_free(&journal);
    return code == HT_OK ? cut_metrics(dir, step, err) : code;
}

/* ---- while it runs ---- */

/* Before the first time back there is one path, and metrics.csv is all. After it all rows are in
 * metrics.branches; in metrics.csv, too, if they are of the path that it shows. */
static ht_code append_rows(ht_rundir *dir, ht_text *rows, ht_error *err)
{
    ht_runfiles *f = &dir->files;
    uint64_t latest = dir->latest;
    if (rows->failed || rows->length == 0) return append(dir, HT_RUN_METRICS, rows, err);
    size_t first = ht_branches_scan(rows->data, rows->length, &latest);
    bool branched = f->file[HT_RUN_BRANCHES].fd >= 0;
    if (!branched && latest == dir->latest) return append(dir, HT_RUN_METRICS, rows, err);
    if (!branched && ht_branches_make(f, dir->base, err) != HT_OK) return err->code;
    if (ht_runfiles_append(f, HT_RUN_BRANCHES, rows->data, rows->length, err) != HT_OK) return err->code;
    bool shown = dir->shown == dir->latest;
    dir->latest = latest;
    rows->length = 0;
    if (!shown || ht_runfiles_append(f, HT_RUN_METRICS, rows->data, first, err) == HT_OK) return HT_OK;
    dir->shown = no_branch;
    return err->code;
}

ht_code ht_rundir_append(ht_rundir *dir, ht_text *journal, ht_text *rows, ht_error *err)
{
    if (append(dir, HT_RUN_JOURNAL, journal, err) != HT_OK) return err->code;
    return append_rows(dir, rows, err);
}

ht_code ht_rundir_show(ht_rundir *dir, uint64_t revision, ht_error *err)
{
    if (dir->files.file[HT_RUN_BRANCHES].fd < 0) return HT_OK;
    if (revision >= dir->latest && dir->shown == dir->latest) return HT_OK;
    return ht_branches_show(&dir->files, revision, UINT64_MAX, &dir->shown, err);
}

/* What goes with a checkpoint that is there. */
static ht_code settle(ht_rundir *dir, const ht_checkpoint *c, ht_error *err)
{
    ht_code code = ht_rundir_show(dir, c->state.revision, err);
    return code == HT_OK ? write_preset(dir, &c->params, err) : code;
}

ht_code ht_rundir_save(ht_rundir *dir, const ht_checkpoint *c, ht_error *err)
{
    static const ht_runfile before[] = {HT_RUN_JOURNAL, HT_RUN_METRICS, HT_RUN_BRANCHES};
    char path[HT_RUN_PATH];
    ht_runfiles *f = &dir->files;
    ht_text line = {0};
    ht_journal_mark mark = {c->state.step, c->state.revision, ht_checkpoint_hash(c), c->state.seconds};
    ht_journal_kept(&line, "checkpoint", &mark);
    ht_code code = append(dir, HT_RUN_JOURNAL, &line, err);
    ht_text_free(&line);
    for (int i = 0; i < 3 && code == HT_OK; i++) code = ht_runfiles_sync(f, before[i], err);
    if (code == HT_OK) code = ht_runfiles_path(f, HT_RUN_CHECKPOINT, path, err);
    if (code == HT_OK) code = ht_checkpoint_save_in(f->fd, path, c, &f->file[HT_RUN_CHECKPOINT].mark, err);
    if (code != HT_OK) return code;
    ht_runfiles_renew(f, HT_RUN_CHECKPOINT);
    dir->saved = mark;
    dir->has_saved = true;
    return settle(dir, c, err);
}

/* Is this very state in the file that is there? */
static bool is_saved(const ht_rundir *dir, const ht_checkpoint *c)
{
    return dir->has_saved && !dir->files.displaced[0] && ht_runfiles_has(&dir->files, HT_RUN_CHECKPOINT) &&
           ht_runfiles_untouched(&dir->files, HT_RUN_CHECKPOINT) && dir->saved.step == c->state.step &&
           dir->saved.revision == c->state.revision && dir->saved.hash == ht_checkpoint_hash(c);
}

ht_code ht_rundir_finish(ht_rundir *dir, const ht_checkpoint *c, ht_error *err)
{
    ht_code code = is_saved(dir, c) ? settle(dir, c, err) : ht_rundir_save(dir, c, err);
    if (code != HT_OK) return code;
    dir->base = dir->latest = dir->shown = c->state.revision;
    return ht_runfiles_remove(&dir->files, HT_RUN_BRANCHES, err);
}

static ht_code read_lines(int at, const char *path, ht_text *text, size_t limit, ht_error *err)
{
    char *data;
    size_t size;
    if (ht_file_read_in(at, path, limit, &data, &size, err) != HT_OK) return err->code;
    const char *last = memrchr(data, '\n', size); /* a line after it is not whole */
    ht_text_add_bytes(text, data, last ? (size_t)(last - data) + 1 : 0);
    ht_free(data);
    return text->failed ? ht_error_set(err, HT_FAIL, "not enough memory to read %s", path) : HT_OK;
}

ht_code ht_rundir_file(const char *dir, ht_runfile file, char to[HT_RUN_PATH], ht_error *err)
{
    return ht_file_join(to, HT_RUN_PATH, dir, ht_runfile_name(file), err);
}

bool ht_rundir_has(const char *dir, ht_runfile file)
{
    char path[HT_RUN_PATH];
    ht_error ignored;
    return ht_rundir_file(dir, file, path, &ignored) == HT_OK && ht_file_exists(path);
}

bool ht_rundir_is_run(const char *dir)
{
    return ht_rundir_has(dir, HT_RUN_PRESET);
}

ht_code ht_rundir_settings(const char *dir, ht_params *params, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_rundir_file(dir, HT_RUN_PRESET, path, err) != HT_OK) return err->code;
    if (!ht_file_exists(path))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is no run directory (it holds no preset.ini); `heavytail train --run DIR` makes one", dir);
    ht_params_init(params);
    return ht_preset_load(params, path, err);
}

ht_code ht_rundir_journal(const char *dir, ht_text *text, size_t limit, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_rundir_file(dir, HT_RUN_JOURNAL, path, err) != HT_OK) return err->code;
    return read_lines(AT_FDCWD, path, text, limit, err);
}

ht_code ht_rundir_own_journal(const ht_rundir *dir, ht_text *text, size_t limit, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_runfiles_path(&dir->files, HT_RUN_JOURNAL, path, err) != HT_OK) return err->code;
    return read_lines(dir->files.fd, path, text, limit, err);
}
