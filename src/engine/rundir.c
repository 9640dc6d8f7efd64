#include "engine/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "params/preset.h"

enum { PATH_LIMIT = 4096, FILE_LIMIT = 1 << 30 };

static const char header[] = "step,epoch,loss,loss_min,loss_max,batch_accuracy,test_loss,test_accuracy\n";

struct ht_rundir {
    char path[PATH_LIMIT];
    int fd; /* of the directory; holds the lock */
};

static ht_code join(char *to, const char *dir, const char *name, ht_error *err)
{
    return ht_file_join(to, PATH_LIMIT, dir, name, err);
}

static int lock(int fd)
{
    int done;
    while ((done = flock(fd, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR) {
    }
    return done;
}

/* What a killed heavytail was writing; nobody is now, for we have the lock. */
static void remove_temporaries(const ht_rundir *dir)
{
    static const char *const names[] = {"checkpoint.safetensors", "preset.ini", "metrics.csv",
                                        "journal.jsonl"};
    char path[PATH_LIMIT];
    ht_error ignored;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (join(path, dir->path, names[i], &ignored) == HT_OK) ht_file_remove_temporaries(path);
}

ht_rundir *ht_rundir_open(const char *path, ht_error *err)
{
    if (strlen(path) >= PATH_LIMIT - 64) {
        ht_error_set(err, HT_FAIL, "%.80s...: the path is too long", path);
        return NULL;
    }
    if (ht_file_make_dir(path, err) != HT_OK) return NULL;
    ht_rundir *dir = ht_alloc(1, sizeof *dir, "the run directory", err);
    if (!dir) return NULL;
    strcpy(dir->path, path);
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0)
        ht_error_set(err, HT_FAIL, "%s: cannot open the directory: %s", path, strerror(errno));
    else if (lock(dir->fd) != 0)
        ht_error_set(err, HT_FAIL, "%s: is in use by another heavytail; stop it or give another --run", path);
    else {
        remove_temporaries(dir);
        return dir;
    }
    ht_rundir_close(dir);
    return NULL;
}

void ht_rundir_close(ht_rundir *dir)
{
    if (!dir) return;
    if (dir->fd >= 0) close(dir->fd);
    ht_free(dir);
}

bool ht_rundir_has_run(const ht_rundir *dir)
{
    char path[PATH_LIMIT];
    ht_error err;
    return join(path, dir->path, "preset.ini", &err) == HT_OK && ht_file_exists(path);
}

ht_code ht_rundir_params(const ht_rundir *dir, ht_params *params, ht_error *err)
{
    char path[PATH_LIMIT];
    if (join(path, dir->path, "preset.ini", err) != HT_OK) return err->code;
    ht_params_init(params);
    return ht_preset_load(params, path, err);
}

ht_code ht_rundir_agrees(const ht_params *stored, const ht_params *wanted, const char *path, ht_error *err)
{
    char old[HT_PARAM_VALUE], new[HT_PARAM_VALUE];
    for (int p = 0; p < HT_P_COUNT; p++) {
        if (ht_param_at(p)->live != HT_RESET) continue;
        ht_params_format(stored, p, old, sizeof old);
        ht_params_format(wanted, p, new, sizeof new);
        if (strcmp(old, new) != 0)
            return ht_error_set(
                err, HT_USAGE,
                "%s: the run there has %s = %.100s, not %.100s; leave it out or give another --run", path,
                ht_param_at(p)->key, old, new);
    }
    return HT_OK;
}

static ht_code write_preset(const ht_rundir *dir, const ht_params *params, ht_error *err)
{
    char path[PATH_LIMIT];
    if (join(path, dir->path, "preset.ini", err) != HT_OK) return err->code;
    char *text = ht_preset_write(params, err);
    if (!text) return err->code;
    ht_code code = ht_file_write(path, text, strlen(text), err);
    ht_free(text);
    return code;
}

static ht_code append(const ht_rundir *dir, const char *name, ht_text *text, ht_error *err)
{
    char path[PATH_LIMIT];
    if (text->failed)
        return ht_error_set(err, HT_FAIL, "%s/%s: not enough memory to write it", dir->path, name);
    if (text->length == 0) return HT_OK;
    if (join(path, dir->path, name, err) != HT_OK ||
        ht_file_append(path, text->data, text->length, err) != HT_OK)
        return err->code;
    text->length = 0;
    return HT_OK;
}

/* A start that was interrupted leaves a journal. Never a checkpoint: that is somebody's run, whose preset.ini
 * is lost. */
static ht_code remove_leftovers(const ht_rundir *dir, ht_error *err)
{
    char path[PATH_LIMIT];
    if (join(path, dir->path, "checkpoint.safetensors", err) != HT_OK) return err->code;
    if (ht_file_exists(path))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is there without a preset.ini; put that back, or move the checkpoint away to "
            "begin a new run",
            path);
    if (join(path, dir->path, "journal.jsonl", err) != HT_OK) return err->code;
    if (unlink(path) == 0 || errno == ENOENT) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: cannot remove what an earlier run left: %s", path,
                        strerror(errno));
}

ht_code ht_rundir_begin(ht_rundir *dir, const ht_params *params, ht_error *err)
{
    char path[PATH_LIMIT];
    ht_text start = {0};
    if (remove_leftovers(dir, err) != HT_OK || join(path, dir->path, "metrics.csv", err) != HT_OK ||
        ht_file_write(path, header, sizeof header - 1, err) != HT_OK)
        return err->code;
    /* preset.ini last: with it the directory holds a run. */
    ht_journal_start(&start, params);
    ht_code code = append(dir, "journal.jsonl", &start, err);
    ht_text_free(&start);
    return code == HT_OK ? write_preset(dir, params, err) : code;
}

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

static ht_code cut_metrics(const ht_rundir *dir, uint64_t step, ht_error *err)
{
    char path[PATH_LIMIT];
    uint64_t size, kept;
    if (join(path, dir->path, "metrics.csv", err) != HT_OK) return err->code;
    if (!ht_file_exists(path)) return ht_file_write(path, header, sizeof header - 1, err);
    int fd = ht_file_open(path, &size, err);
    if (fd < 0) return err->code;
    ht_code code = file_rows_until(fd, path, size, step, &kept, err);
    close(fd);
    return code == HT_OK && kept < size ? ht_file_cut(path, kept, err) : code;
}

void ht_metrics_cut(ht_text *rows, uint64_t step)
{
    if (rows->length) rows->length = rows_until(rows->data, rows->length, step);
}

/* Reads the journal, leaving a last line that a crash has cut out of the file too: the next one must not be
 * glued to it. */
static ht_code read_journal(const ht_rundir *dir, ht_journal *journal, ht_error *err)
{
    char path[PATH_LIMIT], *text;
    size_t size;
    if (join(path, dir->path, "journal.jsonl", err) != HT_OK) return err->code;
    if (ht_file_read(path, FILE_LIMIT, &text, &size, err) != HT_OK) return err->code;
    const char *last = memrchr(text, '\n', size);
    size_t kept = last ? (size_t)(last - text) + 1 : 0;
    ht_code code = kept < size ? ht_file_write(path, text, kept, err) : HT_OK;
    if (code == HT_OK) code = ht_journal_parse(journal, path, text, kept, err);
    ht_free(text);
    return code;
}

/* Parameters that training depends on are those that the journal has for the checkpoint: preset.ini may be a
 * save behind. */
static ht_code continue_journal(ht_rundir *dir, ht_trainer *trainer, const ht_journal *journal, size_t entry,
                                ht_error *err)
{
    const ht_entry *e = &journal->entries[entry];
    ht_trainer_state state = ht_trainer_state_get(trainer);
    ht_journal_mark from = {state.step, journal->entries[e->parent].change, 0, e->seconds};
    ht_params params;
    ht_text line = {0};
    state.seconds = e->seconds;
    if (ht_journal_params(journal, entry, &params, err) != HT_OK ||
        ht_trainer_adopt(trainer, &state, &params, ht_trainer_mask(trainer), err) != HT_OK)
        return err->code;
    ht_trainer_set_change(trainer, journal->last_change + 1);
    ht_journal_resume(&line, &from, journal->last_change + 1);
    ht_code code = append(dir, "journal.jsonl", &line, err);
    ht_text_free(&line);
    return code;
}

ht_code ht_rundir_resume(ht_rundir *dir, ht_trainer *trainer, ht_error *err)
{
    char path[PATH_LIMIT];
    ht_journal journal = {0};
    size_t entry = 0;
    if (join(path, dir->path, "checkpoint.safetensors", err) != HT_OK) return err->code;
    bool saved = ht_file_exists(path);
    if (saved && ht_checkpoint_read(path, trainer, err) != HT_OK) return err->code;
    if (read_journal(dir, &journal, err) != HT_OK) return err->code;
    ht_checkpoint now = ht_checkpoint_of(trainer);
    if (saved) entry = ht_journal_find(&journal, ht_checkpoint_hash(&now), now.state.step);
    ht_code code = HT_OK;
    if (entry < journal.count)
        code = continue_journal(dir, trainer, &journal, entry, err);
    else
        code = ht_error_set(err, HT_FAIL,
                            "%s stands at step %" PRIu64
                            ", of which journal.jsonl knows nothing; put back the file that belongs to it",
                            path, now.state.step);
    ht_journal_free(&journal);
    return code == HT_OK ? cut_metrics(dir, ht_trainer_steps(trainer), err) : code;
}

static void add_field(ht_text *out, double value, char separator)
{
    if (isfinite(value))
        ht_text_add(out, "%.9g%c", value, separator);
    else
        ht_text_add(out, "%s%c", isnan(value) ? "" : value > 0 ? "inf" : "-inf", separator);
}

void ht_metrics_add(ht_text *rows, const ht_sample *s)
{
    const double fields[] = {s->epoch,    s->loss,      s->loss_min,     s->loss_max,
                             s->accuracy, s->test_loss, s->test_accuracy};
    size_t count = sizeof fields / sizeof fields[0];
    if (s->folded == 0) return;
    locale_t before = ht_point_begin();
    ht_text_add(rows, "%" PRIu64 ",", s->step);
    for (size_t i = 0; i < count; i++) add_field(rows, fields[i], i + 1 < count ? ',' : '\n');
    ht_point_end(before);
}

ht_code ht_rundir_append(ht_rundir *dir, ht_text *journal, ht_text *rows, uint64_t *cut, ht_error *err)
{
    if (append(dir, "journal.jsonl", journal, err) != HT_OK) return err->code;
    if (*cut != UINT64_MAX && cut_metrics(dir, *cut, err) != HT_OK) return err->code;
    *cut = UINT64_MAX;
    return append(dir, "metrics.csv", rows, err);
}

ht_code ht_rundir_save(ht_rundir *dir, const ht_checkpoint *c, ht_error *err)
{
    static const char *const before[] = {"journal.jsonl", "metrics.csv"};
    char path[PATH_LIMIT];
    ht_text line = {0};
    ht_journal_mark mark = {c->state.step, c->state.change, ht_checkpoint_hash(c), c->state.seconds};
    ht_journal_kept(&line, "checkpoint", &mark);
    ht_code code = append(dir, "journal.jsonl", &line, err);
    ht_text_free(&line);
    for (int i = 0; i < 2 && code == HT_OK; i++)
        if ((code = join(path, dir->path, before[i], err)) == HT_OK) code = ht_file_sync(path, err);
    if (code == HT_OK) code = join(path, dir->path, "checkpoint.safetensors", err);
    if (code == HT_OK) code = ht_checkpoint_save(path, c, err);
    return code == HT_OK ? write_preset(dir, &c->params, err) : code;
}

ht_code ht_rundir_journal(const char *dir, ht_text *text, size_t limit, ht_error *err)
{
    char path[PATH_LIMIT], *data;
    size_t size;
    if (join(path, dir, "journal.jsonl", err) != HT_OK ||
        ht_file_read(path, limit, &data, &size, err) != HT_OK)
        return err->code;
    const char *last = memrchr(data, '\n', size); /* a line after it is not whole */
    ht_text_add_bytes(text, data, last ? (size_t)(last - data) + 1 : 0);
    ht_free(data);
    return text->failed ? ht_error_set(err, HT_FAIL, "not enough memory to read %s", path) : HT_OK;
}

/* One line into its eight numbers; an empty field is NaN. */
static bool parse_row(const char *line, const char *end, ht_metrics *m)
{
    double value[8];
    for (int i = 0; i < 8; i++) {
        char field[40];
        const char *comma = i < 7 ? memchr(line, ',', (size_t)(end - line)) : end;
        size_t length = comma ? (size_t)(comma - line) : sizeof field;
        if (length >= sizeof field) return false;
        memcpy(field, line, length);
        field[length] = '\0';
        char *stop;
        value[i] = length ? strtod(field, &stop) : (double)NAN;
        if (length && *stop != '\0') return false;
        line = comma + 1;
    }
    if (!(value[0] >= 0) || value[0] > 1e15) return false;
    *m = (ht_metrics){(uint64_t)value[0], value[1], value[2], value[3],
                      value[4],           value[5], value[6], value[7]};
    return true;
}

ht_code ht_rundir_read_metrics(const char *dir, ht_metrics **rows, size_t *count, ht_error *err)
{
    char path[PATH_LIMIT], *text;
    size_t size, lines = 0, line = 1;
    *rows = NULL;
    *count = 0;
    if (join(path, dir, "metrics.csv", err) != HT_OK ||
        ht_file_read(path, FILE_LIMIT, &text, &size, err) != HT_OK)
        return err->code;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    ht_code code = (*rows = ht_alloc(lines + 1, sizeof **rows, "the metrics", err)) ? HT_OK : err->code;
    const char *at = memchr(text, '\n', size), *stop = text + size;
    for (at = at ? at + 1 : stop; at < stop && code == HT_OK; line++) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        if (!end) break; /* cut by a crash */
        if (!parse_row(at, end, &(*rows)[(*count)++]))
            code = ht_error_set(err, HT_FAIL, "%s:%zu: not a row of eight numbers; the file is damaged", path,
                                line + 1);
        at = end + 1;
    }
    ht_free(text);
    if (code != HT_OK) {
        ht_free(*rows);
        *rows = NULL;
        *count = 0;
    }
    return code;
}
