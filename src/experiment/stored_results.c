#include "experiment/stored_results.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "session/json.h"
#include "tail/tail_estimate.h"

enum { SCHEMA = 1, SIZE_LIMIT = 1 << 22, INDEX_MOST = 100 };

static const double most_steps = 0x1p53; /* whole numbers are exact up to here */

/* A damaged file tells what cannot be: then it is not known. */
static double number_within(const json_t *object, const char *key, double least, double most)
{
    double value = ht_json_at(object, key);
    return value >= least && value <= most ? value : (double)NAN;
}

static ht_code read_params(ht_stored_run *run, const char *path, const json_t *root, ht_error *err)
{
    char text[HT_PARAM_VALUE];
    const char *key, *preset = json_string_value(json_object_get(root, "preset"));
    json_t *value, *params = json_object_get(root, "params");
    ht_params_init(&run->params);
    ht_text_copy(run->params.preset, sizeof run->params.preset, preset ? preset : "");
    json_object_foreach(params, key, value)
    {
        ht_json_value(value, text, sizeof text);
        if (ht_params_set(&run->params, key, text, err) != HT_OK) {
            err->code = HT_FAIL;
            return ht_error_prefix(err, "%s: of another version?", path);
        }
    }
    return HT_OK;
}

/* κ is kept as a share; errors of the estimates are not kept. */
static void read_looks(ht_report *report, const json_t *root, uint64_t step)
{
    enum { PARTS = 1000000 };
    double kappa = number_within(json_object_get(root, "prune"), "ratio", 0, 1);
    report->count = report->glimpse.count = 1;
    report->step = report->glimpse.step = report->tail.step = step;
    report->speed_up = (double)NAN;
    report->glimpse.kappa.units = isfinite(kappa) ? PARTS : 0;
    report->glimpse.kappa.removed = isfinite(kappa) ? (int)lround(PARTS * kappa) : 0;
    report->glimpse.wanted = number_within(json_object_get(root, "prune"), "error", 0, HUGE_VAL);
    report->tail.looked = true;
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        ht_estimate *now = &report->tail.now[e];
        *now = ht_estimate_none((ht_estimator)e);
        now->value = number_within(json_object_get(root, "tail"), ht_estimator_at((ht_estimator)e)->name,
                                   DBL_MIN, INDEX_MOST);
        now->quality = isfinite(now->value) ? HT_QUALITY_GOOD : HT_QUALITY_NOT_APPLICABLE;
    }
}

static ht_code read_all(ht_stored_run *run, const char *path, const json_t *root, ht_error *err)
{
    double steps = ht_json_at(root, "steps"), schema = ht_json_at(root, "schema");
    const json_t *test = json_object_get(root, "test");
    const char *status = json_string_value(json_object_get(root, "status"));
    if (schema > SCHEMA)
        return ht_error_set(
            err, HT_FAIL,
            "%s: its schema is %g, and this heavytail reads up to %d; read it with the newer one", path,
            schema, SCHEMA);
    if (!(schema == SCHEMA && steps >= 0 && steps <= most_steps) ||
        !json_is_object(json_object_get(root, "params")))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is no result of a training (\"schema\", \"params\" and \"steps\" are not all "
            "there, or damaged); give a run directory, or one of a sweep's cells/*.json",
            path);
    if (read_params(run, path, root, err) != HT_OK) return err->code;
    if (!(run->rows = ht_alloc(1, sizeof *run->rows, "the results", err))) return HT_FAIL;
    run->count = 1;
    run->rows[0] = (ht_metrics){.step = (uint64_t)steps,
                                .epoch = (double)NAN,
                                .loss = (double)NAN,
                                .batch_accuracy = (double)NAN,
                                .test_loss = number_within(test, "loss", 0, HUGE_VAL),
                                .test_accuracy = number_within(test, "accuracy", 0, 1)};
    run->saved = run->has_state = true;
    run->state = status && strcmp(status, "diverged") == 0 ? HT_STATE_DIVERGED : HT_STATE_DONE;
    read_looks(run->report, root, (uint64_t)steps);
    return HT_OK;
}

ht_code ht_stored_results_read(ht_stored_run *run, const char *path, ht_error *err)
{
    json_error_t why;
    char *text;
    size_t size;
    *run = (ht_stored_run){.stamp = ht_stored_run_stamp(path)};
    if (!(run->report = ht_alloc(1, sizeof *run->report, "the run", err))) return HT_FAIL;
    if (ht_file_read(path, SIZE_LIMIT, &text, &size, err) != HT_OK) return err->code;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    ht_code code = root ? read_all(run, path, root, err)
                        : ht_error_set(err, HT_FAIL, "%s:%d: %s; the file is damaged, or still being written",
                                       path, why.line, why.text);
    json_decref(root);
    ht_free(text);
    return code;
}
