#include "session/session.h"

#include "base/file.h"
#include "base/text.h"
#include "engine/run/checkpoint.h"
#include "params/preset.h"

/* The settings that the command line asks for, given those of an existing run. */
static ht_code wanted_params(const ht_arguments *args, const ht_params *stored, const char *run,
                             ht_params *wanted, ht_error *err)
{
    *wanted = *stored;
    if (args->preset) {
        ht_params_init(wanted);
        if (ht_settings_load(wanted, args->preset, err) != HT_OK) return err->code;
    }
    if (ht_arguments_sets(args, wanted, err) != HT_OK) return err->code;
    return ht_rundir_agrees(stored, wanted, run, err);
}

/* A directory is made only when all else has succeeded: a typing error leaves nothing behind. */
ht_code ht_session_settings(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    ht_params wanted;
    *s = (ht_session){0};
    if (!run || !ht_file_exists(run)) return ht_arguments_params(args, &s->params, err);
    s->dir = ht_rundir_open(run, err);
    if (!s->dir) return err->code;
    s->resumed = ht_rundir_has_run(s->dir);
    if (!s->resumed) return ht_arguments_params(args, &s->params, err);
    if (ht_rundir_params(s->dir, &s->params, err) != HT_OK) return err->code;
    return wanted_params(args, &s->params, run, &wanted, err);
}

/* Data, threads and network, once the settings are known. */
static ht_code make_trainer(ht_session *s, const ht_arguments *args, bool has_state, ht_error *err)
{
    s->data = ht_data_open(&s->params, args->data_dir, err);
    if (!s->data) return err->code;
    s->pool = ht_pool_new(ht_app_threads(), err);
    if (!s->pool) return err->code;
    s->trainer = (has_state ? ht_trainer_new_resumed : ht_trainer_new)(&s->params, s->data, s->pool, err);
    return s->trainer ? HT_OK : err->code;
}

ht_code ht_session_make(ht_session *s, const ht_params *params, const ht_arguments *args, ht_error *err)
{
    *s = (ht_session){.params = *params};
    return make_trainer(s, args, false, err);
}

/* Longer journals stay on the disk. */
static void keep_line(ht_session *s, const ht_text *line)
{
    if (s->journal.length && s->journal.length + line->length <= HT_JOURNAL_LIMIT)
        ht_text_add_bytes(&s->journal, line->data, line->length);
    else
        ht_text_free(&s->journal);
}

ht_code ht_session_set(ht_session *s, ht_param p, double value, ht_error *err)
{
    ht_sample sample = {.kind = HT_SAMPLE_CHANGE,
                        .step = ht_trainer_steps(s->trainer),
                        .seconds = ht_trainer_seconds(s->trainer),
                        .param = p,
                        .before = ht_params_get(&s->params, p)};
    ht_text line = {0}, no_rows = {0};
    if (value == sample.before) return HT_OK;
    if (ht_trainer_set(s->trainer, p, value, err) != HT_OK) return err->code;
    s->params = *ht_trainer_params(s->trainer);
    sample.value = ht_params_get(&s->params, p);
    sample.revision = ht_trainer_revision(s->trainer);
    ht_journal_add(&line, &sample);
    keep_line(s, &line);
    ht_code code = s->dir ? ht_rundir_append(s->dir, &line, &no_rows, err) : HT_OK;
    ht_text_free(&line);
    return code;
}

/* A resumed run: as it was, then what the command line says on top, change by change. It is called after the
 * preset whose settings it has from now on; the journal, which begins with the first, has what changed. */
static ht_code go_on(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    ht_params wanted;
    char preset[sizeof wanted.preset];
    ht_text_copy(preset, sizeof preset, s->params.preset); /* as preset.ini has it */
    if (ht_rundir_resume(s->dir, s->trainer, err) != HT_OK) return err->code;
    s->params = *ht_trainer_params(s->trainer);
    s->planned = ht_params_get(&s->params, HT_P_TRAIN_STEPS);
    ht_error too_long;
    if (ht_rundir_own_journal(s->dir, &s->journal, HT_JOURNAL_LIMIT, &too_long) != HT_OK)
        ht_text_free(&s->journal);
    if (wanted_params(args, &s->params, run, &wanted, err) != HT_OK) return err->code;
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_session_set(s, p, ht_params_get(&wanted, p), err) != HT_OK) return err->code;
    ht_trainer_set_preset(s->trainer, args->preset ? wanted.preset : preset);
    s->params = *ht_trainer_params(s->trainer);
    return HT_OK;
}

static ht_code begin(ht_session *s, const char *run, ht_error *err)
{
    ht_journal_start(&s->journal, &s->params);
    if (!run) return HT_OK;
    if (!s->dir && !(s->dir = ht_rundir_open(run, err))) return err->code;
    if (ht_rundir_has_run(s->dir))
        return ht_error_set(err, HT_FAIL, "%s: another heavytail has just begun a run there; try again", run);
    return ht_rundir_begin(s->dir, &s->params, err);
}

ht_code ht_session_load(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    bool has_state = s->resumed && run && ht_rundir_has(run, HT_RUN_CHECKPOINT);
    if (make_trainer(s, args, has_state, err) != HT_OK) return err->code;
    return s->resumed ? go_on(s, args, run, err) : begin(s, run, err);
}

ht_code ht_session_open(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    ht_code code = ht_session_settings(s, args, run, err);
    return code == HT_OK ? ht_session_load(s, args, run, err) : code;
}

ht_code ht_session_of(ht_session *s, const ht_params *params, const char *data_dir, ht_error *err)
{
    ht_arguments args = {.data_dir = data_dir};
    *s = (ht_session){.params = *params};
    return make_trainer(s, &args, false, err);
}

ht_code ht_session_view(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    char path[HT_RUN_PATH];
    ht_params stored;
    *s = (ht_session){0};
    if (ht_rundir_settings(run, &stored, err) != HT_OK) return err->code;
    s->params = stored;
    if (ht_arguments_sets(args, &s->params, err) != HT_OK) return err->code;
    if (ht_rundir_agrees(&stored, &s->params, run, err) != HT_OK) return err->code;
    if (ht_rundir_file(run, HT_RUN_CHECKPOINT, path, err) != HT_OK) return err->code;
    if (make_trainer(s, args, ht_file_exists(path), err) != HT_OK) return err->code;
    return ht_file_exists(path) ? ht_checkpoint_read(path, s->trainer, err) : HT_OK; /* else at step 0 */
}

void ht_session_notes(const ht_session *s, ht_notes *notes)
{
    const ht_params *p = ht_trainer_params(s->trainer);
    char line[1024];
    for (size_t i = 0; ht_notes_at(ht_trainer_notes(s->trainer), i, line, sizeof line); i++)
        ht_notes_add(notes, "%s", line);
    unsigned long long lacks = ht_trainer_unaveraged(s->trainer), step = ht_trainer_steps(s->trainer);
    double steps = ht_params_get(p, HT_P_TRAIN_STEPS);
    if (!s->resumed || step == 0) return;
    if (lacks > 0)
        ht_notes_add(notes,
                     "train.average: %llu of the iterates that the mean of the last %.0f should hold at step "
                     "%llu were not kept: it begins anew, unlike that of a run in one piece",
                     lacks, ht_params_get(p, HT_P_TRAIN_AVERAGE), step);
    if (ht_params_get(p, HT_P_TRAIN_SCHEDULE) != 0 && steps != s->planned)
        ht_notes_add(notes,
                     "train.schedule = cosine: the steps up to %llu followed a schedule of %.0f steps, those "
                     "from here on follow one of %.0f, unlike a run in one piece",
                     step, s->planned, steps);
}

const ht_labels *ht_session_labels(const ht_session *s)
{
    static const ht_labels none = {0};
    return s->dir ? ht_rundir_labels(s->dir) : &none;
}

void ht_session_close(ht_session *s)
{
    ht_trainer_free(s->trainer);
    ht_pool_free(s->pool);
    ht_dataset_free(s->data);
    ht_rundir_close(s->dir);
    ht_text_free(&s->journal);
}
