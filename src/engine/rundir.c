#include "engine/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/checkpoint.h"
#include "params/preset.h"

enum { PATH_LIMIT = 4096, METRICS_LIMIT = 1 << 30 };

static const char header[] = "step,epoch,loss,loss_min,loss_max,batch_accuracy,test_loss,test_accuracy\n";

struct ht_rundir {
    char path[PATH_LIMIT];
    int fd; /* of the directory; holds the lock */
    ht_text rows;
};

static ht_code join(char *to, const char *dir, const char *name, ht_error *err)
{
    return ht_file_join(to, PATH_LIMIT, dir, name, err);
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
    else if (flock(dir->fd, LOCK_EX | LOCK_NB) != 0)
        ht_error_set(err, HT_FAIL, "%s: is in use by another heavytail; stop it or give another --run", path);
    else
        return dir;
    ht_rundir_close(dir);
    return NULL;
}

void ht_rundir_close(ht_rundir *dir)
{
    if (!dir) return;
    if (dir->fd >= 0) close(dir->fd);
    ht_text_free(&dir->rows);
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

static ht_code append_json(const ht_rundir *dir, json_t *line, ht_error *err)
{
    char path[PATH_LIMIT];
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the journal");
    ht_code code = join(path, dir->path, "journal.jsonl", err);
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the terminator: one write, one line */
    if (code == HT_OK) code = ht_file_append(path, text, length + 1, err);
    free(text);
    return code;
}

ht_code ht_rundir_restart(ht_rundir *dir, ht_error *err)
{
    char path[PATH_LIMIT];
    ht_text_free(&dir->rows);
    if (join(path, dir->path, "metrics.csv", err) != HT_OK) return err->code;
    return ht_file_write(path, header, sizeof header - 1, err);
}

/* What an earlier run may have left: its checkpoint must not pass for one of this run. */
static ht_code remove_leftovers(const ht_rundir *dir, ht_error *err)
{
    static const char *const names[] = {"checkpoint.safetensors", "journal.jsonl"};
    char path[PATH_LIMIT];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (join(path, dir->path, names[i], err) != HT_OK) return err->code;
        if (unlink(path) != 0 && errno != ENOENT)
            return ht_error_set(err, HT_FAIL, "%s: cannot remove what an earlier run left: %s", path,
                                strerror(errno));
    }
    return HT_OK;
}

ht_code ht_rundir_begin(ht_rundir *dir, const ht_params *params, ht_error *err)
{
    if (remove_leftovers(dir, err) != HT_OK || ht_rundir_restart(dir, err) != HT_OK) return err->code;
    if (write_preset(dir, params, err) != HT_OK) return err->code;
    return append_json(
        dir, json_pack("{s:s, s:i, s:s}", "event", "start", "step", 0, "preset", params->preset), err);
}

static ht_code drop_later_metrics(const ht_rundir *dir, uint64_t step, ht_error *err)
{
    char path[PATH_LIMIT], *text;
    size_t size;
    if (join(path, dir->path, "metrics.csv", err) != HT_OK) return err->code;
    if (!ht_file_exists(path)) return ht_file_write(path, header, sizeof header - 1, err);
    if (ht_file_read(path, METRICS_LIMIT, &text, &size, err) != HT_OK) return err->code;
    size_t kept = 0;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end) break; /* a line cut by a crash */
        if (at > 0 && strtoull(text + at, NULL, 10) > step) break;
        kept = at = (size_t)(end - text) + 1;
    }
    ht_code code = kept < size ? ht_file_write(path, text, kept, err) : HT_OK;
    ht_free(text);
    return code;
}

ht_code ht_rundir_resume(ht_rundir *dir, ht_trainer *trainer, ht_error *err)
{
    char path[PATH_LIMIT];
    if (join(path, dir->path, "checkpoint.safetensors", err) != HT_OK) return err->code;
    /* Without one the run ended before its first checkpoint: it begins again. */
    if (ht_file_exists(path) && ht_checkpoint_read(path, trainer, err) != HT_OK) return err->code;
    uint64_t step = ht_trainer_steps(trainer);
    if (drop_later_metrics(dir, step, err) != HT_OK) return err->code;
    return append_json(dir, json_pack("{s:s, s:I}", "event", "resume", "step", (json_int_t)step), err);
}

ht_code ht_rundir_journal(ht_rundir *dir, const ht_sample *sample, ht_error *err)
{
    json_int_t step = (json_int_t)sample->step;
    if (sample->kind == HT_SAMPLE_CHANGE)
        return append_json(dir,
                           json_pack("{s:s, s:I, s:f, s:s, s:f, s:f}", "event", "set", "step", step,
                                     "seconds", sample->seconds, "key", ht_param_at(sample->param)->key,
                                     "before", sample->before, "value", sample->value),
                           err);
    if (sample->kind == HT_SAMPLE_RESET)
        return append_json(
            dir, json_pack("{s:s, s:I, s:f}", "event", "reset", "step", step, "seed", sample->value), err);
    static const char *const states[] = {"paused", "running", "done", "diverged"};
    if (sample->kind != HT_SAMPLE_STATE) return HT_OK;
    return append_json(dir,
                       json_pack("{s:s, s:I, s:f, s:s}", "event", states[sample->state], "step", step,
                                 "seconds", sample->seconds, "message", sample->message),
                       err);
}

static void add_field(ht_text *out, double value, char separator)
{
    if (isfinite(value))
        ht_text_add(out, "%.9g%c", value, separator);
    else
        ht_text_add(out, "%s%c", isnan(value) ? "" : value > 0 ? "inf" : "-inf", separator);
}

void ht_rundir_metrics(ht_rundir *dir, const ht_metrics *m)
{
    ht_text_add(&dir->rows, "%" PRIu64 ",", m->step);
    const double fields[] = {m->epoch,          m->loss,      m->loss_min,     m->loss_max,
                             m->batch_accuracy, m->test_loss, m->test_accuracy};
    size_t count = sizeof fields / sizeof fields[0];
    for (size_t i = 0; i < count; i++) add_field(&dir->rows, fields[i], i + 1 < count ? ',' : '\n');
}

ht_code ht_rundir_save(ht_rundir *dir, ht_trainer *trainer, ht_error *err)
{
    char path[PATH_LIMIT];
    if (dir->rows.failed)
        return ht_error_set(err, HT_FAIL, "%s: not enough memory for metrics.csv", dir->path);
    if (join(path, dir->path, "metrics.csv", err) != HT_OK) return err->code;
    if (dir->rows.length > 0 && ht_file_append(path, dir->rows.data, dir->rows.length, err) != HT_OK)
        return err->code;
    ht_text_free(&dir->rows);
    if (write_preset(dir, ht_trainer_params(trainer), err) != HT_OK) return err->code;
    if (join(path, dir->path, "checkpoint.safetensors", err) != HT_OK) return err->code;
    return ht_checkpoint_write(path, trainer, err);
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
        ht_file_read(path, METRICS_LIMIT, &text, &size, err) != HT_OK)
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
