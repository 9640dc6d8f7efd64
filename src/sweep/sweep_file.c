/* sweep_file.c - several grids in one file, in the words of the command line. */
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "sweep/sweep.h"
#include "base/alloc.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/text.h"

enum { FILE_LIMIT = 1 << 20, INIH_LINE = 198 /* Debian's inih cuts longer lines without an error */ };

typedef struct reading {
    ht_plan *plan;
    ht_grid *grid; /* of the section being read; NULL before the first */
    const ht_arguments *args;
    const char *seeds;  /* of the command line: in place of the file's */
    bool seeded, begun; /* this section has seeds; it has lines other than preset */
    ht_error *err;
} reading;

/* What the command line adds to a section that is complete. */
static ht_code end_section(reading *r)
{
    ht_grid *grid = r->grid;
    if (!grid) return HT_OK;
    if (ht_arguments_sets(r->args, &grid->base, r->err) != HT_OK) return r->err->code;
    if (r->seeds && ht_grid_seeds(grid, r->seeds, r->err) != HT_OK) return r->err->code;
    if (ht_grid_finish(grid, r->err) != HT_OK) return r->err->code;
    if (ht_plan_cells(r->plan) <= HT_SWEEP_CELLS) return HT_OK;
    return ht_error_set(r->err, HT_USAGE, "the sections together have %d cells; a sweep has at most %d",
                        ht_plan_cells(r->plan), HT_SWEEP_CELLS);
}

/* A name becomes a directory. */
static bool good_name(const char *name)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_";
    size_t length = strlen(name);
    return length > 0 && length < sizeof((ht_grid *)0)->name && strspn(name, safe) == length &&
           name[0] != '.';
}

static ht_code begin_section(reading *r, const char *name)
{
    if (end_section(r) != HT_OK) return r->err->code;
    if (!good_name(name))
        return ht_error_set(r->err, HT_USAGE,
                            "[%.60s]: a section names a directory; use up to 63 letters, digits and .+-_",
                            name);
    for (int i = 0; i < r->plan->count; i++)
        if (strcmp(r->plan->grid[i].name, name) == 0)
            return ht_error_set(r->err, HT_USAGE, "[%s] is there twice; rename one of the two", name);
    if (r->plan->count == HT_SWEEP_GRIDS)
        return ht_error_set(r->err, HT_USAGE, "more than %d sections; cut the file in two", HT_SWEEP_GRIDS);
    r->grid = &r->plan->grid[r->plan->count++];
    *r->grid = (ht_grid){0};
    ht_text_copy(r->grid->name, sizeof r->grid->name, name);
    r->seeded = r->begun = false;
    ht_params_init(&r->grid->base);
    return ht_settings_load(&r->grid->base, "ecg-demo", r->err);
}

static ht_code take_preset(reading *r, const char *value)
{
    ht_grid *grid = r->grid;
    if (r->begun)
        return ht_error_set(r->err, HT_USAGE,
                            "preset replaces all settings; make it the section's first line");
    ht_params_init(&grid->base);
    const char *preset = r->args->preset ? r->args->preset : value;
    if (ht_settings_load(&grid->base, preset, r->err) != HT_OK) return r->err->code;
    return ht_settings_trust(&grid->base, preset, r->args, r->err);
}

static ht_code take_set(reading *r, const char *value)
{
    ht_arguments one = {0};
    if (ht_arguments_add(&one, NULL, value, r->err) != HT_OK) return r->err->code;
    return ht_arguments_sets(&one, &r->grid->base, r->err);
}

static ht_code take_seeds(reading *r, const char *value)
{
    if (r->seeded) return ht_error_set(r->err, HT_USAGE, "seeds are given twice; keep one of the two lines");
    r->seeded = true;
    return r->seeds ? HT_OK : ht_grid_seeds(r->grid, value, r->err);
}

static ht_code take_line(reading *r, const char *key, const char *value)
{
    if (strcmp(key, "preset") == 0) return take_preset(r, value);
    r->begun = true;
    if (strcmp(key, "set") == 0) return take_set(r, value);
    if (strcmp(key, "vary") == 0) return ht_grid_vary(r->grid, value, r->err);
    if (strcmp(key, "seeds") == 0) return take_seeds(r, value);
    return ht_error_set(r->err, HT_USAGE, "'%.60s' is none of preset, set, vary, seeds", key);
}

static int on_line(void *user, const char *section, const char *key, const char *value)
{
    reading *r = user;
    if (r->err->code != HT_OK) return 0; /* inih reads on after a fault; the first one counts */
    if (!r->grid || strcmp(r->grid->name, section) != 0)
        if (begin_section(r, section) != HT_OK) return 0;
    return take_line(r, key, value) == HT_OK;
}

/* What inih would cut or end at without an error. */
static ht_code check_lines(const char *name, const char *text, size_t size, ht_error *err)
{
    if (strlen(text) != size)
        return ht_error_set(err, HT_USAGE, "%s: contains a zero byte; a sweep file is plain text", name);
    for (int line = 1; *text; line++) {
        size_t length = strcspn(text, "\n");
        if (length > INIH_LINE)
            return ht_error_set(err, HT_USAGE, "%s:%d: the line has %zu bytes, more than the %d it may have",
                                name, line, length, INIH_LINE);
        text += length + (text[length] == '\n');
    }
    return HT_OK;
}

static ht_code parse(reading *r, const char *name, const char *text, size_t size)
{
    if (check_lines(name, text, size, r->err) != HT_OK) return r->err->code;
    int line = ini_parse_string(text, on_line, r);
    if (r->err->code != HT_OK) return ht_error_prefix(r->err, "%s:%d", name, line);
    if (line != 0)
        return ht_error_set(r->err, HT_USAGE, "%s:%d: neither [section] nor key = value", name, line);
    if (end_section(r) != HT_OK) return ht_error_prefix(r->err, "%s: the last section", name);
    if (r->plan->count > 0) return HT_OK;
    return ht_error_set(r->err, HT_USAGE, "%s: holds no sweep; a [section] with vary lines makes one", name);
}

/* "paper" is presets/…/paper.sweep. */
static const ht_embedded *find_embedded(const char *name)
{
    char end[80];
    int length = snprintf(end, sizeof end, "/%.60s.sweep", name);
    for (size_t i = 0; i < ht_embedded_count; i++) {
        size_t full = strlen(ht_embedded_files[i].name);
        if (full > (size_t)length && strcmp(ht_embedded_files[i].name + full - (size_t)length, end) == 0)
            return &ht_embedded_files[i];
    }
    return NULL;
}

/* " 'coresets' 'paper'": what --file may name. */
static void list_embedded(char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < ht_embedded_count; i++) {
        char name[64];
        if (!ht_text_ends(ht_embedded_files[i].name, ".sweep")) continue;
        ht_file_stem(ht_embedded_files[i].name, name, sizeof name);
        int written = snprintf(to + used, size - used, " '%s'", name);
        if (written < 0 || (size_t)written >= size - used) return;
        used += (size_t)written;
    }
}

ht_code ht_plan_load(ht_plan *plan, const char *name, const ht_arguments *args, const char *seeds,
                     ht_error *err)
{
    size_t size;
    char *text;
    reading r = {.plan = plan, .args = args, .seeds = seeds, .err = err};
    plan->grid = ht_alloc(HT_SWEEP_GRIDS, sizeof *plan->grid, "the sweep", err);
    if (!plan->grid) return err->code;
    err->code = HT_OK;
    if (!strchr(name, '/') && !ht_text_ends(name, ".sweep")) {
        const ht_embedded *file = find_embedded(name);
        if (file) return parse(&r, name, file->data, file->size);
        char names[200];
        list_embedded(names, sizeof names);
        return ht_error_set(err, HT_USAGE,
                            "--file %.60s: no such sweep is compiled in (there are%s); a file needs a '/' or "
                            ".sweep in its name",
                            name, names);
    }
    if (ht_file_read(name, FILE_LIMIT, &text, &size, err) != HT_OK) return err->code = HT_USAGE;
    ht_code code = parse(&r, name, text, size);
    ht_free(text);
    return code;
}
