#include "app/session.h"

#include "base/file.h"
#include "engine/checkpoint.h"
#include "params/preset.h"

/* Settings of an existing run: its own, then what the command line says on top. */
static ht_code resumed_params(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    ht_params stored, wanted;
    if (ht_rundir_params(s->dir, &stored, err) != HT_OK) return err->code;
    wanted = stored;
    if (args->preset) {
        ht_params_init(&wanted);
        if (ht_settings_load(&wanted, args->preset, err) != HT_OK) return err->code;
    }
    if (ht_arguments_sets(args, &wanted, err) != HT_OK) return err->code;
    if (ht_rundir_agrees(&stored, &wanted, run, err) != HT_OK) return err->code;
    s->params = wanted;
    s->resumed = true;
    return HT_OK;
}

static ht_code open_settings(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    if (!run) return ht_arguments_params(args, &s->params, err);
    s->dir = ht_rundir_open(run, err);
    if (!s->dir) return err->code;
    if (ht_rundir_has_run(s->dir)) return resumed_params(s, args, run, err);
    return ht_arguments_params(args, &s->params, err);
}

/* Data, threads and network, once the settings are known. */
static ht_code make_trainer(ht_session *s, const ht_arguments *args, ht_error *err)
{
    s->data = ht_dataset_load(ht_params_text(&s->params, HT_P_DATA_NAME), args->data_dir, HT_DATA_SEED,
                              (size_t)ht_params_get(&s->params, HT_P_DATA_TRAIN_LIMIT),
                              (size_t)ht_params_get(&s->params, HT_P_DATA_TEST_LIMIT), err);
    if (!s->data) return err->code;
    s->pool = ht_pool_new(ht_app_threads(), err);
    if (!s->pool) return err->code;
    s->trainer = ht_trainer_new(&s->params, s->data, s->pool, err);
    return s->trainer ? HT_OK : err->code;
}

ht_code ht_session_open(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    *s = (ht_session){0};
    if (open_settings(s, args, run, err) != HT_OK) return err->code;
    if (make_trainer(s, args, err) != HT_OK) return err->code;
    if (!s->dir) return HT_OK;
    return s->resumed ? ht_rundir_resume(s->dir, s->trainer, err) : ht_rundir_begin(s->dir, &s->params, err);
}

ht_code ht_session_view(ht_session *s, const ht_arguments *args, const char *run, ht_error *err)
{
    char path[4096];
    ht_params stored;
    *s = (ht_session){0};
    if (ht_file_join(path, sizeof path, run, "preset.ini", err) != HT_OK) return err->code;
    if (!ht_file_exists(path))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is no run directory (it holds no preset.ini); `heavytail train --run DIR` makes one", run);
    ht_params_init(&stored);
    if (ht_preset_load(&stored, path, err) != HT_OK) return err->code;
    s->params = stored;
    if (ht_arguments_sets(args, &s->params, err) != HT_OK) return err->code;
    if (ht_rundir_agrees(&stored, &s->params, run, err) != HT_OK) return err->code;
    if (make_trainer(s, args, err) != HT_OK) return err->code;
    if (ht_file_join(path, sizeof path, run, "checkpoint.safetensors", err) != HT_OK) return err->code;
    return ht_file_exists(path) ? ht_checkpoint_read(path, s->trainer, err) : HT_OK; /* else at step 0 */
}

void ht_session_close(ht_session *s)
{
    ht_trainer_free(s->trainer);
    ht_pool_free(s->pool);
    ht_dataset_free(s->data);
    ht_rundir_close(s->dir);
}
