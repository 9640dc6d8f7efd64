#include "sweep/sweep_table.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/results_methods.h"
#include "session/json.h"
#include "base/text.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/pool.h"

enum { PATH_LIMIT = 4096 };

const char *const ht_measure_names[HT_MEASURES] = {
    "train_accuracy",       "test_accuracy",        "pruning_ratio", "pruned_train_accuracy",
    "pruned_test_accuracy", "test_accuracy_change", "eta_over_b",    "row_index",
    "node_ratio",           "magnitude_ratio",      "svd_ratio",     "generalization_gap"};

/* A result file. */
typedef struct cell {
    int section, inputs;
    bool diverged;
    ht_params settings;
    double steps, measure[HT_MEASURES];
} cell;

typedef struct loading {
    ht_table *table;
    int cells;
    cell *cell;
    bool (*varies)[HT_P_COUNT]; /* (sections) */
} loading;

/* ---- files ------------------------------------------------------------------------------------- */

static json_t *load_json(const char *path, ht_error *err)
{
    json_error_t fault;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);
    if (!root) ht_error_set(err, HT_FAIL, "%s:%d: %s", path, fault.line, fault.text);
    return root;
}

/* Calls `take` for every name in a directory, sorted; HT_FAIL stops it. */
typedef ht_code take_name(void *context, const char *dir, const char *name, ht_error *err);

static ht_code each_name(const char *dir, take_name *take, void *context, ht_error *err)
{
    struct dirent **entries;
    int count = scandir(dir, &entries, NULL, alphasort);
    if (count < 0) return ht_error_set(err, HT_FAIL, "%s: cannot read the directory", dir);
    ht_code code = HT_OK;
    for (int i = 0; i < count; i++) {
        if (code == HT_OK && entries[i]->d_name[0] != '.') code = take(context, dir, entries[i]->d_name, err);
        free(entries[i]);
    }
    free((void *)entries);
    return code;
}

/* ---- results ----------------------------------------------------------------------------------- */

/* Parameters as ht_json_params writes them; one that is missing keeps its default. */
static ht_code read_params(const json_t *object, ht_params *params, ht_error *err)
{
    char text[HT_PARAM_VALUE];
    ht_params_init(params);
    for (int p = 0; p < HT_P_COUNT; p++) {
        const char *key = ht_param_at(p)->key;
        const json_t *value = json_object_get(object, key);
        if (!value) continue;
        ht_json_value(value, text, sizeof text);
        if (ht_params_set(params, key, text, err) != HT_OK) return err->code = HT_FAIL;
    }
    return HT_OK;
}

static double number_at(const json_t *root, const char *object, const char *key)
{
    return ht_json_at(json_object_get(root, object), key);
}

/* What the methods measure. Results of earlier versions have none of it, or under another key. */
static void read_methods(const json_t *root, double *m)
{
    const json_t *now = json_object_get(root, "methods"),
                 *methods = now ? now : json_object_get(root, "roads");
    const json_t *average = json_object_get(methods, "average");
    m[HT_MEASURE_ETA_OVER_B] = ht_json_at(methods, "eta_over_b");
    m[HT_MEASURE_ROWS] = number_at(methods, "rows", "median");
    for (int i = 0; i < HT_PRUNINGS; i++)
        m[HT_MEASURE_NODE + i] = number_at(methods, "prunings", ht_prune_at(ht_prunings[i])->name);
    m[HT_MEASURE_GAP] = m[HT_MEASURE_TRAIN] - m[HT_MEASURE_TEST];
    if (json_is_object(average))
        m[HT_MEASURE_GAP] = number_at(average, "train", "accuracy") - number_at(average, "test", "accuracy");
}

/* No table is made of what cannot be. */
static ht_code check_shares(const double *m, ht_error *err)
{
    static const int shares[] = {HT_MEASURE_TRAIN, HT_MEASURE_TEST, HT_MEASURE_RATIO, HT_MEASURE_TRAIN_PRUNED,
                                 HT_MEASURE_TEST_PRUNED};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        if (m[shares[i]] < 0 || m[shares[i]] > 1)
            return ht_error_set(err, HT_FAIL,
                                "is damaged (%s is %g, and lies between 0 and 1); remove it, and sweep again",
                                ht_measure_names[shares[i]], m[shares[i]]);
    return HT_OK;
}

static ht_code read_cell(const char *path, cell *c, ht_error *err)
{
    json_t *root = load_json(path, err);
    if (!root) return err->code;
    const char *status = json_string_value(json_object_get(root, "status"));
    double *m = c->measure;
    m[HT_MEASURE_TRAIN] = number_at(root, "train", "accuracy");
    m[HT_MEASURE_TEST] = number_at(root, "test", "accuracy");
    m[HT_MEASURE_RATIO] = number_at(root, "prune", "ratio");
    m[HT_MEASURE_TRAIN_PRUNED] = number_at(root, "prune", "train_accuracy");
    m[HT_MEASURE_TEST_PRUNED] = number_at(root, "prune", "test_accuracy");
    m[HT_MEASURE_CHANGE] = m[HT_MEASURE_TEST_PRUNED] - m[HT_MEASURE_TEST];
    read_methods(root, m);
    c->inputs = (int)json_integer_value(json_object_get(root, "inputs"));
    c->steps = ht_json_at(root, "steps");
    c->diverged = status && strcmp(status, "diverged") == 0;
    ht_code code = status ? read_params(json_object_get(root, "params"), &c->settings, err)
                          : ht_error_set(err, HT_FAIL, "is no result of a sweep (no status)");
    if (code == HT_OK) code = check_shares(m, err);
    const char *preset = json_string_value(json_object_get(root, "preset"));
    ht_text_copy(c->settings.preset, sizeof c->settings.preset, preset ? preset : "");
    json_decref(root);
    return code == HT_OK ? HT_OK : ht_error_prefix(err, "%s", path);
}

static ht_code take_cell(void *context, const char *dir, const char *name, ht_error *err)
{
    loading *l = context;
    char path[PATH_LIMIT];
    if (ht_text_ends(name, ".failed")) l->table->failed++;
    if (!ht_text_ends(name, ".json")) return HT_OK;
    if (ht_file_join(path, sizeof path, dir, name, err) != HT_OK) return err->code;
    size_t used = (size_t)l->cells;
    if ((used & (used - 1)) == 0 &&
        ht_grow((void **)&l->cell, used, used ? 2 * used : 1, sizeof *l->cell, "the results", err) != HT_OK)
        return err->code;
    cell *c = &l->cell[l->cells];
    c->section = l->table->sections - 1;
    l->cells++;
    return read_cell(path, c, err);
}

/* ---- sections ---------------------------------------------------------------------------------- */

static void add_key(ht_table *table, ht_param key)
{
    for (int i = 0; i < table->keys; i++)
        if (table->key[i] == key) return;
    table->key[table->keys++] = key;
}

static ht_code read_keys(loading *l, const char *path, ht_error *err)
{
    size_t i;
    if (!l->varies) return HT_OK; /* no section */
    json_t *root = load_json(path, err), *key;
    if (!root) return err->code;
    json_array_foreach(json_object_get(root, "vary"), i, key)
    {
        ht_param p;
        if (!json_is_string(key) || !ht_param_find(json_string_value(key), &p) || p == HT_P_TRAIN_SEED)
            continue;
        add_key(l->table, p);
        l->varies[l->table->sections - 1][p] = true;
    }
    json_decref(root);
    return HT_OK;
}

static ht_code add_section(loading *l, const char *dir, const char *name, ht_error *err)
{
    char path[PATH_LIMIT];
    ht_table *table = l->table;
    if (table->sections == HT_SWEEP_GRIDS)
        return ht_error_set(err, HT_FAIL, "%s: more than %d sweeps in it", dir, HT_SWEEP_GRIDS);
    ht_text_copy(table->section[table->sections++], sizeof table->section[0], name);
    if (ht_file_join(path, sizeof path, dir, "sweep.json", err) != HT_OK) return err->code;
    if (read_keys(l, path, err) != HT_OK) return err->code;
    if (ht_file_join(path, sizeof path, dir, "cells", err) != HT_OK) return err->code;
    return each_name(path, take_cell, l, err);
}

static bool is_sweep(const char *dir)
{
    char path[PATH_LIMIT];
    ht_error unused;
    return ht_file_join(path, sizeof path, dir, "sweep.json", &unused) == HT_OK && ht_file_exists(path);
}

static ht_code take_section(void *context, const char *dir, const char *name, ht_error *err)
{
    char path[PATH_LIMIT];
    if (ht_file_join(path, sizeof path, dir, name, err) != HT_OK) return err->code;
    return is_sweep(path) ? add_section(context, path, name, err) : HT_OK;
}

/* ---- rows -------------------------------------------------------------------------------------- */

/* By the keys of the table. */
static int by_settings(const void *a, const void *b, void *table)
{
    const ht_table *sorting = table;
    const cell *x = a, *y = b;
    if (x->section != y->section) return x->section - y->section;
    for (int i = 0; i < sorting->keys; i++) {
        ht_param key = sorting->key[i];
        double vx = ht_params_get(&x->settings, key), vy = ht_params_get(&y->settings, key);
        int order = ht_param_at(key)->type == HT_TYPE_TEXT
                        ? strcmp(ht_params_text(&x->settings, key), ht_params_text(&y->settings, key))
                        : (vx > vy) - (vx < vy);
        if (order != 0) return order;
    }
    return 0;
}

/* One row out of `count` cells with the same settings. */
static ht_code add_row(loading *l, const cell *cells, int count, ht_error *err)
{
    ht_table *table = l->table;
    double *values = ht_alloc((size_t)count, sizeof *values, "the table", err);
    if (!values) return err->code;
    ht_table_row *row = &table->row[table->count++];
    *row = (ht_table_row){.sweep = table->section[cells->section],
                          .settings = cells->settings,
                          .inputs = cells->inputs,
                          .cells = count};
    memcpy(row->varies, l->varies[cells->section], sizeof row->varies);
    for (int m = 0; m < HT_MEASURES; m++) {
        for (int i = 0; i < count; i++) values[i] = cells[i].diverged ? (double)NAN : cells[i].measure[m];
        row->measure[m] = ht_summarize(values, (size_t)count);
    }
    for (int i = 0; i < count; i++) values[i] = cells[i].diverged ? (double)NAN : cells[i].steps;
    row->steps = ht_summarize(values, (size_t)count);
    for (int i = 0; i < count; i++) row->diverged += cells[i].diverged;
    ht_free(values);
    return HT_OK;
}

static ht_code make_rows(loading *l, ht_error *err)
{
    ht_table *table = l->table;
    if (!l->cell) return HT_OK; /* no cell, no row */
    table->row = ht_alloc((size_t)l->cells, sizeof *table->row, "the table", err);
    if (!table->row) return err->code;
    qsort_r(l->cell, (size_t)l->cells, sizeof *l->cell, by_settings, table);
    for (int first = 0, end; first < l->cells; first = end) {
        for (end = first + 1; end < l->cells && by_settings(&l->cell[first], &l->cell[end], table) == 0;)
            end++;
        if (add_row(l, &l->cell[first], end - first, err) != HT_OK) return err->code;
    }
    return HT_OK;
}

ht_code ht_table_load(ht_table *table, const char *dir, ht_error *err)
{
    loading l = {.table = table};
    *table = (ht_table){.named = !is_sweep(dir)};
    table->section = ht_alloc(HT_SWEEP_GRIDS, sizeof *table->section, "the table", err);
    l.varies = ht_alloc(HT_SWEEP_GRIDS, sizeof *l.varies, "the table", err);
    ht_code code = table->section && l.varies ? HT_OK : err->code;
    if (code == HT_OK)
        code = table->named ? each_name(dir, take_section, &l, err) : add_section(&l, dir, "", err);
    if (code == HT_OK && table->sections == 0)
        code = ht_error_set(
            err, HT_FAIL, "%s: holds no sweep (no sweep.json); `heavytail sweep … --out DIR` makes one", dir);
    if (code == HT_OK && l.cells == 0)
        code = ht_error_set(err, HT_FAIL, "%s: no cell of this sweep has a result yet (%d failed)", dir,
                            table->failed);
    if (code == HT_OK) code = make_rows(&l, err);
    ht_free(l.cell);
    ht_free(l.varies);
    if (code != HT_OK) ht_table_free(table);
    return code;
}

void ht_table_free(ht_table *table)
{
    ht_free(table->row);
    ht_free(table->section);
    *table = (ht_table){0};
}

void ht_table_value(const ht_table_row *row, ht_param key, char *to, size_t size)
{
    if (size > 0) to[0] = '\0';
    if (row->varies[key]) ht_sweep_value(&row->settings, key, to, size);
}

/* ---- what the noise alone says ----------------------------------------------------------------- */

enum { SECONDS = 2 }; /* on one core, for each row and kind */

/* Of the first hidden layer, which takes in the data. */
static ht_code limit_of(ht_table_row *row, ht_pool *pool, ht_error *err)
{
    enum { MOST = 400 };
    const ht_params *p = &row->settings;
    int widths[HT_PARAM_LAYERS];
    ht_params_widths(p, widths);
    double ratios[MOST];
    ht_row_noise limit = {.type = (ht_noise_type)ht_params_get(p, HT_P_NOISE_TYPE),
                          .alpha = ht_params_get(p, HT_P_NOISE_ALPHA),
                          .inputs = row->inputs,
                          .width = widths[0],
                          .growth = ht_pure_noise,
                          .metric = (ht_prune_metric)ht_params_get(p, HT_P_PRUNE_METRIC),
                          .error = ht_params_get(p, HT_P_PRUNE_ERROR),
                          .seed = 1};
    bool noisy = limit.type != HT_NOISE_NONE && ht_params_get(p, HT_P_NOISE_SCALE) > 0;
    if (!noisy || row->inputs < 1) return HT_OK;
    int count = ht_row_noise_count(&limit, SECONDS);
    if (ht_row_noise_ratios(&limit, count, ratios, pool, err) != HT_OK) return err->code;
    row->limit = ht_summarize(ratios, (size_t)count);
    return HT_OK;
}

static ht_code prediction_of(ht_table_row *row, ht_pool *pool, ht_error *err)
{
    row->predicted = (ht_row_prediction){0};
    if (row->inputs < 1)
        row->predicted.unknown = "the results do not say how many inputs there are";
    else if (row->steps.count == 0)
        row->predicted.unknown = "no run came to its end";
    else
        return ht_row_noise_predict(&row->settings, row->inputs, row->steps.median, SECONDS, &row->predicted,
                                    pool, err);
    return HT_OK;
}

ht_code ht_table_limit(ht_table *table, ht_error *err)
{
    ht_pool *pool = ht_pool_new(ht_app_threads(), err);
    ht_code code = pool ? HT_OK : err->code;
    for (int i = 0; i < table->count && code == HT_OK; i++) {
        code = limit_of(&table->row[i], pool, err);
        if (code == HT_OK) code = prediction_of(&table->row[i], pool, err);
    }
    ht_pool_free(pool);
    return code;
}
