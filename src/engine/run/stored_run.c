#include "engine/run/stored_run.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "engine/analysis.h"
#include "engine/tail_watch.h"
#include "weights/net/netfile.h"

enum { JOURNAL_LIMIT = 1 << 30 };

static void add_to_stamp(ht_run_stamp *stamp, const struct stat *s)
{
    const uint64_t parts[] = {(uint64_t)s->st_size, (uint64_t)s->st_ino, (uint64_t)s->st_mtim.tv_sec,
                              (uint64_t)s->st_mtim.tv_nsec};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        stamp->mark = (stamp->mark ^ parts[i]) * UINT64_C(0x100000001b3) + 1;
    stamp->written = fmax(stamp->written, (double)s->st_mtim.tv_sec + 1e-9 * (double)s->st_mtim.tv_nsec);
}

ht_run_stamp ht_stored_run_stamp(const char *of)
{
    ht_run_stamp stamp = {0};
    char path[HT_RUN_PATH];
    struct stat s;
    ht_error ignored;
    if (stat(of, &s) == 0 && S_ISREG(s.st_mode)) add_to_stamp(&stamp, &s);
    for (int i = 0; i < HT_RUN_FILES; i++)
        if (i != HT_RUN_BRANCHES && ht_rundir_file(of, (ht_runfile)i, path, &ignored) == HT_OK &&
            stat(path, &s) == 0)
            add_to_stamp(&stamp, &s);
    return stamp;
}

/* ---- settings ---- */

/* ", written by heavytail 2.0, this is 1.0": a run of a later version may have what this one does not know.
 */
static void say_writer(const char *dir, char *to, size_t size)
{
    char path[HT_RUN_PATH], *text;
    size_t length;
    ht_error ignored;
    to[0] = '\0';
    if (ht_rundir_file(dir, HT_RUN_JOURNAL, path, &ignored) != HT_OK ||
        ht_file_read(path, JOURNAL_LIMIT, &text, &length, &ignored) != HT_OK)
        return;
    const char *end = memchr(text, '\n', length);
    json_t *line = end ? json_loadb(text, (size_t)(end - text), 0, NULL) : NULL;
    const char *version = json_string_value(json_object_get(line, "heavytail"));
    if (version && strcmp(version, HT_VERSION) != 0)
        snprintf(to, size, "; heavytail %.20s wrote the run, this is %s: read it with the newer one", version,
                 HT_VERSION);
    json_decref(line);
    ht_free(text);
}

static ht_code read_settings(ht_stored_run *run, const char *dir, ht_error *err)
{
    char writer[96];
    ht_error why;
    if (ht_rundir_settings(dir, &run->params, &why) == HT_OK) return HT_OK;
    say_writer(dir, writer, sizeof writer);
    return ht_error_set(err, HT_FAIL, "%s%s", why.text, writer);
}

/* ---- what happened ---- */

/* Those of the state after the last change: how far it has come only metrics.csv tells. */
static ht_code take_labels(ht_stored_run *run, const ht_journal *j, ht_error *err)
{
    size_t entry = 0;
    for (size_t i = 0; i < j->count; i++)
        if (j->entries[i].kind <= HT_ENTRY_RESUME) entry = i;
    return ht_journal_labels(j, entry, INT64_MAX, &run->labels, err);
}

/* The last of the lines "running", "paused" …: the journal's reader has no need of them. Who takes the run up
 * may not say that it runs. */
static void take_state(ht_stored_run *run, const ht_text *lines)
{
    static const struct {
        const char *word;
        bool known;
        ht_state state;
    } states[] = {{"{\"event\":\"paused\"", true, HT_STATE_PAUSED},
                  {"{\"event\":\"running\"", true, HT_STATE_RUNNING},
                  {"{\"event\":\"done\"", true, HT_STATE_DONE},
                  {"{\"event\":\"diverged\"", true, HT_STATE_DIVERGED},
                  {"{\"event\":\"resume\"", false, HT_STATE_RUNNING}};
    for (const char *at = lines->data; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
        for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
            if (strncmp(at, states[i].word, strlen(states[i].word)) == 0)
                run->has_state = states[i].known, run->state = states[i].state;
}

static ht_code read_journal(ht_stored_run *run, const char *dir, ht_error *err)
{
    char path[HT_RUN_PATH];
    ht_journal journal;
    ht_text lines = {0};
    if (!ht_rundir_has(dir, HT_RUN_JOURNAL)) return HT_OK; /* it has only just begun */
    if (ht_rundir_file(dir, HT_RUN_JOURNAL, path, err) != HT_OK ||
        ht_rundir_journal(dir, &lines, JOURNAL_LIMIT, err) != HT_OK)
        return err->code;
    ht_code code = lines.length ? ht_journal_parse(&journal, path, lines.data, lines.length, err) : HT_OK;
    if (code == HT_OK && lines.length) {
        code = take_labels(run, &journal, err);
        take_state(run, &lines);
        ht_journal_free(&journal);
    }
    ht_text_free(&lines);
    return code;
}

/* ---- what the weights say ---- */

static ht_code look(ht_report *report, const ht_network *net, const ht_params *params, uint64_t step,
                    ht_error *err)
{
    ht_tail_watch watch = {0};
    ht_prune_spec spec = ht_prune_spec_of(params, NULL);
    ht_capture *capture = ht_capture_new(net, 1, err);
    if (!capture) return HT_FAIL;
    ht_capture_take(capture, net, NULL);
    report->step = report->glimpse.step = step;
    report->speed_up = (double)NAN;
    ht_analysis_weights(report, net);
    ht_code code = ht_analysis_glimpse(&report->glimpse, capture, &spec, err);
    const ht_tail_order order = {.layer = capture->layer, .step = step};
    if (code == HT_OK) code = ht_tail_watch_look(&watch, net, &order, err);
    ht_capture_free(capture);
    report->tail = watch.latest;
    report->glimpse.count = report->count = 1;
    return code;
}

static ht_code read_weights(ht_stored_run *run, const char *dir, ht_error *err)
{
    char path[HT_RUN_PATH];
    uint64_t step;
    const ht_params *p = &run->params;
    if (!ht_rundir_has(dir, HT_RUN_CHECKPOINT)) return HT_OK; /* none was saved yet */
    if (ht_rundir_file(dir, HT_RUN_CHECKPOINT, path, err) != HT_OK ||
        ht_checkpoint_step(path, &step, err) != HT_OK)
        return err->code;
    const ht_netfile_options options = {.activation = (ht_activation)ht_params_get(p, HT_P_MODEL_ACTIVATION),
                                        .mean_field = ht_params_get(p, HT_P_MODEL_MEAN_FIELD) != 0,
                                        .run = p};
    ht_network *net = ht_netfile_read_as(path, &options, err);
    if (!net) return err->code;
    ht_code code = look(run->report, net, p, step, err);
    ht_network_free(net);
    run->saved = code == HT_OK;
    return code;
}

ht_code ht_stored_run_read(ht_stored_run *run, const char *dir, ht_error *err)
{
    *run = (ht_stored_run){.stamp = ht_stored_run_stamp(dir)};
    if (!(run->report = ht_alloc(1, sizeof *run->report, "the run", err))) return HT_FAIL;
    if (read_settings(run, dir, err) != HT_OK) return err->code;
    ht_error later = {0}; /* curves do not need the journal; what is wrong with it is told first */
    ht_code journal = read_journal(run, dir, err);
    ht_error *of_rows = journal == HT_OK ? err : &later;
    if (ht_rundir_has(dir, HT_RUN_METRICS) &&
        ht_rundir_read_metrics(dir, &run->rows, &run->count, of_rows) != HT_OK)
        return err->code;
    return journal == HT_OK ? read_weights(run, dir, err) : journal;
}

void ht_stored_run_free(ht_stored_run *run)
{
    ht_free(run->rows);
    ht_free(run->report);
    *run = (ht_stored_run){0};
}
