/* sweep_grid.c - from the words of --vary and --seeds to numbered cells. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep.h"
#include "base/alloc.h"
#include "base/text.h"
#include "heavytail/dataset.h"

/* ---- axes -------------------------------------------------------------------------------------- */

static ht_code refuse_twice(const ht_vary *axis, const char *text, ht_error *err)
{
    for (int i = 0; i < axis->count; i++)
        if (strcmp(axis->value[i], text) == 0)
            return ht_error_set(err, HT_USAGE, "--vary %s: the value %s is given twice; keep one of the two",
                                ht_param_at(axis->param)->key, text);
    return HT_OK;
}

static ht_code add_value(ht_vary *axis, const char *text, ht_error *err)
{
    size_t used = (size_t)axis->count, need = used + 1, size = strlen(text) + 1;
    /* Grown by doubling: at every power of two. */
    if ((used & (used - 1)) == 0 && ht_grow((void **)&axis->value, used, used ? 2 * used : need,
                                            sizeof *axis->value, "the values to vary", err) != HT_OK)
        return err->code;
    char *copy = ht_alloc(size, 1, "the values to vary", err);
    if (!copy) return err->code;
    memcpy(copy, text, size);
    axis->value[axis->count++] = copy;
    return HT_OK;
}

void ht_sweep_value(const ht_params *params, ht_param p, char *to, size_t size)
{
    double value = ht_params_get(params, p), back;
    ht_params_format(params, p, to, size);
    for (char *at = to; p == HT_P_MODEL_WIDTHS && *at; at++) /* a comma ends a value */
        if (*at == ',') *at = '-';
    if (ht_param_at(p)->type != HT_TYPE_REAL) return;
    char plain[32];
    snprintf(plain, sizeof plain, "%.12g", value);
    if (ht_parse_number(plain, &back) && back == value) ht_text_copy(to, size, plain);
}

/* Checks a value by setting it, and keeps it in one form: 1.80 is 1.8. The values of a range are not compared
 * with each other: there may be a million. */
static ht_code take_value(ht_grid *grid, ht_vary *axis, const char *text, bool in_range, ht_error *err)
{
    char canonical[HT_PARAM_VALUE];
    ht_params trial = grid->base;
    if (ht_params_set(&trial, ht_param_at(axis->param)->key, text, err) != HT_OK) return err->code;
    ht_sweep_value(&trial, axis->param, canonical, sizeof canonical);
    if (!in_range && refuse_twice(axis, canonical, err) != HT_OK) return err->code;
    return add_value(axis, canonical, err);
}

/* An axis of the grid that a value on the other would undo, or whose values would undo the other: a list of
 * widths says how many layers there are and how wide; a width or a depth ends the list. */
static const char *at_odds(const ht_grid *grid, ht_param param)
{
    for (int i = 0; i < grid->axes; i++) {
        ht_param other = grid->axis[i].param, equal = param == HT_P_MODEL_WIDTHS ? other : param;
        bool list = param == HT_P_MODEL_WIDTHS || other == HT_P_MODEL_WIDTHS;
        if (list && (equal == HT_P_MODEL_WIDTH || equal == HT_P_MODEL_DEPTH)) return ht_param_at(other)->key;
    }
    return NULL;
}

/* One more axis of the grid; NULL with *err set. */
static ht_vary *new_axis(ht_grid *grid, ht_param param, ht_error *err)
{
    const char *key = ht_param_at(param)->key, *odds = at_odds(grid, param);
    bool twice = false;
    for (int i = 0; i < grid->axes; i++) twice = twice || grid->axis[i].param == param;
    if (ht_param_at(param)->group == HT_GROUP_UI)
        ht_error_set(err, HT_USAGE, "--vary %s: changes only the screen; a sweep has none", key);
    else if (param == HT_P_MODEL_LAYERS)
        ht_error_set(
            err, HT_USAGE,
            "--vary %s: its commas part layers, not values; vary model.widths, or model.width with layers "
            "like dense n",
            key);
    else if (twice)
        ht_error_set(err, HT_USAGE, "%s is varied twice; give all its values in one list, as in a=1,2", key);
    else if (odds)
        ht_error_set(
            err, HT_USAGE,
            "%s and %s cannot both be varied: each takes back what the other sets; give all shapes as "
            "lists, as in model.widths=30-10,20-20-20",
            odds, key);
    else if (grid->axes == HT_SWEEP_AXES)
        ht_error_set(err, HT_USAGE, "--vary %s: a sweep varies at most %d parameters, seeds included", key,
                     HT_SWEEP_AXES);
    else {
        ht_vary *axis = &grid->axis[grid->axes++];
        *axis = (ht_vary){.param = param};
        return axis;
    }
    return NULL;
}

/* The row of the data set that the text names; NULL if none. */
static const ht_dataset_info *data_set(const char *text, size_t length)
{
    size_t count, name = 0;
    const ht_dataset_info *table = ht_dataset_table(&count);
    while (name < length && text[name] != ':') name++;
    for (size_t i = 0; i < count; i++)
        if (strcspn(table[i].name, ":") == name && memcmp(text, table[i].name, name) == 0) return &table[i];
    return NULL;
}

/* As csv:TRAIN,TEST. */
static bool may_be_two_files(const char *text, size_t length)
{
    const ht_dataset_info *set = data_set(text, length);
    return set && memchr(text, ':', length) && strchr(set->name, ',');
}

/* Where the value at the beginning of the list ends: at a comma, but csv:TRAIN,TEST is one value unless what
 * follows its comma is the name of a data set. */
static size_t value_length(const ht_vary *axis, const char *list)
{
    size_t length = strcspn(list, ",");
    if (axis->param != HT_P_DATA_NAME || !may_be_two_files(list, length) || !list[length]) return length;
    const char *second = list + length + 1;
    size_t more = strcspn(second, ",");
    return more == 0 || data_set(second, more) ? length : length + 1 + more;
}

/* One value of a list into `part`: in double quotes, or as far as the next comma. Returns where the list goes
 * on: at a comma or its end; NULL with *err set. */
static const char *next_value(const ht_vary *axis, const char *list, char part[HT_PARAM_VALUE], ht_error *err)
{
    const char *key = ht_param_at(axis->param)->key, *quote = *list == '"' ? strchr(list + 1, '"') : NULL;
    size_t length = quote ? (size_t)(quote - list) + 1 : value_length(axis, list), end = length;
    const char *after = quote ? quote + 1 + strspn(quote + 1, " ") : NULL;
    if (*list == '"' && (!after || (*after && *after != ','))) {
        ht_error_set(err, HT_USAGE,
                     "--vary %s: a value in quotes ends in a quote and a comma, as in a=\"x,y\",z", key);
        return NULL;
    }
    if (quote) list++, end -= 2;
    while (end > 0 && list[end - 1] == ' ') end--;
    if (end == 0 || end >= HT_PARAM_VALUE) {
        ht_error_set(err, HT_USAGE, "--vary %s: %s; give a list as in a=1,2", key,
                     end ? "a value is too long" : "a value is empty");
        return NULL;
    }
    snprintf(part, HT_PARAM_VALUE, "%.*s", (int)end, list);
    return after ? after : list + length;
}

/* Calls take_value with each part of "a,b,c". */
static ht_code take_list(ht_grid *grid, ht_vary *axis, const char *list, ht_error *err)
{
    char part[HT_PARAM_VALUE];
    for (;; list++) {
        list = next_value(axis, list + strspn(list, " "), part, err);
        if (!list) return err->code;
        if (take_value(grid, axis, part, false, err) != HT_OK) return err->code;
        if (*list == '\0') return HT_OK;
    }
}

ht_code ht_grid_vary(ht_grid *grid, const char *text, ht_error *err)
{
    char key[64];
    ht_param param;
    const char *equals = strchr(text, '=');
    if (!equals || equals - text >= (ptrdiff_t)sizeof key)
        return ht_error_set(err, HT_USAGE, "--vary %.60s: give key=v1,v2,…, as in noise.alpha=1.75,1.9",
                            text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
    if (!ht_param_find(key, &param))
        return ht_error_set(err, HT_USAGE, "--vary %s: no such parameter; did you mean '%s'?", key,
                            ht_param_nearest(key));
    ht_vary *axis = new_axis(grid, param, err);
    if (!axis) return err->code;
    return take_list(grid, axis, equals + 1, err);
}

ht_code ht_grid_seeds(ht_grid *grid, const char *text, ht_error *err)
{
    unsigned long long first, last;
    char rest, value[32];
    ht_vary *axis = new_axis(grid, HT_P_TRAIN_SEED, err);
    if (!axis) return err->code;
    if (sscanf(text, "%16llu-%16llu%c", &first, &last, &rest) == 2)
        return ht_error_set(err, HT_USAGE,
                            "--seeds %.40s: a range is written with dots; did you mean '%llu..%llu'?", text,
                            first, last);
    if (!strstr(text, ".."))
        return take_list(grid, axis, text, err) == HT_OK ? HT_OK : ht_error_prefix(err, "--seeds");
    if (sscanf(text, "%16llu..%16llu%c", &first, &last, &rest) != 2 || first > last ||
        last - first >= HT_SWEEP_CELLS)
        return ht_error_set(err, HT_USAGE, "--seeds %.40s: give FIRST..LAST or a list, as in 1..5 or 1,4,7",
                            text);
    for (unsigned long long seed = first; seed <= last; seed++) {
        snprintf(value, sizeof value, "%llu", seed);
        if (take_value(grid, axis, value, true, err) != HT_OK) return ht_error_prefix(err, "--seeds");
    }
    return HT_OK;
}

/* Moves train.seed to the end: the seeds of one setting follow each other. */
static void seeds_last(ht_grid *grid)
{
    for (int i = 0; i + 1 < grid->axes; i++) {
        if (grid->axis[i].param != HT_P_TRAIN_SEED) continue;
        ht_vary seeds = grid->axis[i];
        memmove(&grid->axis[i], &grid->axis[i + 1], (size_t)(grid->axes - 1 - i) * sizeof seeds);
        grid->axis[grid->axes - 1] = seeds;
        return;
    }
}

/* An axis whose every value would train equal dense layers in the place of the network that is asked for. */
static ht_code check_layout(const ht_grid *grid, ht_param param, ht_error *err)
{
    const char *key = ht_param_at(param)->key, *layout = ht_params_layout(&grid->base);
    bool line = strcmp(layout, ht_params_text(&grid->base, HT_P_MODEL_LAYERS)) == 0;
    if ((param != HT_P_MODEL_WIDTH && param != HT_P_MODEL_DEPTH) || !ht_params_undoes(&grid->base, param))
        return HT_OK;
    if (!line)
        return ht_error_set(
            err, HT_USAGE,
            "--vary %s: model.widths = %.80s says the layers; vary model.widths, or set it to "
            "equal",
            key, layout);
    return ht_error_set(err, HT_USAGE,
                        "--vary %s: model.layers = %.200s has no %s; write %s, or set model.layers to auto",
                        key, layout, param == HT_P_MODEL_WIDTH ? "n, which is the width" : "depth to vary",
                        param == HT_P_MODEL_WIDTH ? "units as n, 2n or n/2" : "a line for each");
}

ht_code ht_grid_finish(ht_grid *grid, ht_error *err)
{
    char seed[HT_PARAM_VALUE];
    double cells = 1;
    bool seeded = false;
    for (int i = 0; i < grid->axes; i++)
        if (check_layout(grid, grid->axis[i].param, err) != HT_OK) return err->code;
    for (int i = 0; i < grid->axes; i++) seeded = seeded || grid->axis[i].param == HT_P_TRAIN_SEED;
    ht_params_format(&grid->base, HT_P_TRAIN_SEED, seed, sizeof seed);
    if (!seeded && ht_grid_seeds(grid, seed, err) != HT_OK) return err->code;
    seeds_last(grid);
    for (int i = 0; i < grid->axes; i++) cells *= grid->axis[i].count;
    if (cells <= HT_SWEEP_CELLS) return HT_OK;
    return ht_error_set(err, HT_USAGE, "a grid of %.0f cells; a sweep has at most %d", cells, HT_SWEEP_CELLS);
}

void ht_grid_free(ht_grid *grid)
{
    for (int i = 0; i < grid->axes; i++) {
        for (int v = 0; v < grid->axis[i].count; v++) ht_free(grid->axis[i].value[v]);
        ht_free((void *)grid->axis[i].value);
    }
    grid->axes = 0;
}

/* ---- cells ------------------------------------------------------------------------------------- */

int ht_grid_cells(const ht_grid *grid)
{
    int cells = 1;
    for (int i = 0; i < grid->axes; i++) cells *= grid->axis[i].count;
    return cells;
}

/* Which value each axis has in cell k. */
static void digits_of(const ht_grid *grid, int k, int digit[HT_SWEEP_AXES])
{
    for (int i = grid->axes; i-- > 0; k /= grid->axis[i].count) digit[i] = k % grid->axis[i].count;
}

void ht_grid_params(const ht_grid *grid, int k, ht_params *params)
{
    int digit[HT_SWEEP_AXES];
    ht_error unused; /* every value was set once, when it was read */
    *params = grid->base;
    digits_of(grid, k, digit);
    for (int i = 0; i < grid->axes; i++)
        ht_params_set(params, ht_param_at(grid->axis[i].param)->key, grid->axis[i].value[digit[i]], &unused);
}

/* FNV-1a, 64 bits. */
static unsigned long long hash_of(const char *text)
{
    unsigned long long hash = 14695981039346656037ull;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 1099511628211ull;
    return hash;
}

/* Keeps what is safe in a file name everywhere; a name that had to be changed or cut ends in its hash. */
static void safe_name(const char *full, char name[HT_SWEEP_NAME])
{
    enum { MOST = 160 };
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,=+-_";
    size_t length = strlen(full), kept = length < MOST ? length : MOST;
    bool changed = kept < length || strspn(full, safe) < length;
    for (size_t i = 0; i < kept; i++) name[i] = (char)(strchr(safe, full[i]) ? full[i] : '_');
    name[kept] = '\0';
    if (changed) snprintf(name + kept, HT_SWEEP_NAME - kept, "-%016llx", hash_of(full));
}

void ht_grid_cell_name(const ht_grid *grid, int k, char name[HT_SWEEP_NAME])
{
    enum { FULL = HT_SWEEP_AXES * (HT_PARAM_VALUE + 64) };
    char full[FULL];
    int digit[HT_SWEEP_AXES], used = 0;
    digits_of(grid, k, digit);
    for (int p = 0; p < HT_P_COUNT; p++)
        for (int i = 0; i < grid->axes; i++)
            if ((int)grid->axis[i].param == p)
                used += snprintf(full + used, (size_t)(FULL - used), "%s%s=%s", used ? "," : "",
                                 ht_param_at(p)->key, grid->axis[i].value[digit[i]]);
    safe_name(full, name);
}

int ht_plan_cells(const ht_plan *plan)
{
    int cells = 0;
    for (int i = 0; i < plan->count; i++) cells += ht_grid_cells(&plan->grid[i]);
    return cells;
}

const ht_grid *ht_plan_cell(const ht_plan *plan, int number, int *k)
{
    *k = number - 1;
    for (int i = 0; i < plan->count && *k >= 0; i++) {
        int cells = ht_grid_cells(&plan->grid[i]);
        if (*k < cells) return &plan->grid[i];
        *k -= cells;
    }
    return NULL;
}

void ht_plan_free(ht_plan *plan)
{
    for (int i = 0; i < plan->count; i++) ht_grid_free(&plan->grid[i]);
    ht_free(plan->grid);
    *plan = (ht_plan){0};
}
