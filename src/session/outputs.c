#include "session/outputs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "engine/run/rundir.h"

ht_file_use ht_option_file(const char *name)
{
    static const struct {
        const char *name;
        ht_file_use use;
    } files[] = {{"--cast", HT_FILE_READ},   {"--csv", HT_FILE_WRITTEN},  {"--html", HT_FILE_WRITTEN},
                 {"--decode", HT_FILE_READ}, {"--dump", HT_FILE_WRITTEN}, {"--file", HT_FILE_READ},
                 {"--init", HT_FILE_READ},   {"--out", HT_FILE_WRITTEN},  {"--png", HT_FILE_WRITTEN},
                 {"--preset", HT_FILE_READ}, {"--script", HT_FILE_READ},  {"--record", HT_FILE_WRITTEN},
                 {"--w1", HT_FILE_READ},     {"--w2", HT_FILE_READ},      {"--x", HT_FILE_READ},
                 {"--y", HT_FILE_READ}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, name) == 0) return files[i].use;
    return HT_FILE_NONE;
}

/* ---- paths ---- */

/* Without links; of what is not there yet its folder's. */
static void resolve(const char *path, char to[PATH_MAX])
{
    char plain[PATH_MAX], folder[PATH_MAX], whole[PATH_MAX];
    if (realpath(path, to)) return;
    snprintf(plain, sizeof plain, "%s", path);
    for (size_t n = strlen(plain); n > 1 && plain[n - 1] == '/'; n--) plain[n - 1] = '\0';
    ht_file_folder(plain, folder, sizeof folder);
    ht_error ignored; /* a name that is too long is told when it is written */
    if (!realpath(folder, whole) || ht_file_join(to, PATH_MAX, whole, ht_file_name(plain), &ignored) != HT_OK)
        snprintf(to, PATH_MAX, "%s", plain);
}

/* ---- checks ---- */

typedef struct output {
    const char *option, *given;
    char path[PATH_MAX], folder[PATH_MAX], name[PATH_MAX];
} output;

static ht_code check_run(const output *o, const char *run, ht_error *err)
{
    char made[PATH_MAX] = "";
    bool of_run = ht_rundir_is_run(o->folder);
    if (run) resolve(run, made);
    if (!of_run && strcmp(made, o->folder) != 0) return HT_OK;
    for (int f = 0; f < HT_RUN_FILES; f++)
        if (strcmp(o->name, ht_runfile_name((ht_runfile)f)) == 0)
            return ht_error_set(err, HT_USAGE, "%s %.200s: is a file of a run itself; give another name",
                                o->option, o->given);
    return HT_OK;
}

/* A folder that is read and no run: a model in parts. */
static ht_code check_read(const output *o, const char *read, ht_error *err)
{
    char path[PATH_MAX];
    if (!read || !ht_file_exists(o->path) || ht_file_is_dir(o->path)) return HT_OK;
    resolve(read, path);
    bool named = ht_text_ends(o->name, ".safetensors") || ht_text_ends(o->name, ".index.json");
    bool part = named && strcmp(path, o->folder) == 0 && !ht_rundir_is_run(o->folder);
    if (!part && strcmp(path, o->path) != 0) return HT_OK;
    return ht_error_set(err, HT_USAGE, "%s %.200s: is %sthe file that is read; give another name", o->option,
                        o->given, part ? "perhaps a part of " : "");
}

/* "train.init=F", "data.name=csv:F" */
static ht_code check_setting(const output *o, const char *key, const char *text, ht_error *err)
{
    const char *equals = key ? NULL : strchr(text, '='), *value = equals ? equals + 1 : text;
    const char *colon = strchr(value, ':');
    if (check_read(o, value, err) != HT_OK) return err->code;
    return colon ? check_read(o, colon + 1, err) : HT_OK;
}

static ht_code check(const output *o, const ht_arguments *args, const ht_option *options, ht_error *err)
{
    const char *run = NULL;
    for (const ht_option *r = options; r->name; r++) {
        if (strcmp(r->name, "--run") == 0 && r->value) run = *r->value;
        if (ht_option_file(r->name) == HT_FILE_READ && r->value && check_read(o, *r->value, err) != HT_OK)
            return err->code;
    }
    if (check_run(o, run, err) != HT_OK || check_read(o, args->preset, err) != HT_OK) return err->code;
    for (int i = 0; i < args->word_count; i++)
        if (check_read(o, args->words[i], err) != HT_OK) return err->code;
    for (int i = 0; i < args->set_count; i++)
        if (check_setting(o, args->sets[i].key, args->sets[i].text, err) != HT_OK) return err->code;
    return HT_OK;
}

/* Two files under one name: the second would replace the first. */
static ht_code check_others(const output *o, const ht_option *first, const ht_option *here, ht_error *err)
{
    char other[PATH_MAX];
    for (const ht_option *w = first; w < here; w++) {
        if (ht_option_file(w->name) != HT_FILE_WRITTEN || !w->value || !*w->value) continue;
        resolve(*w->value, other);
        if (strcmp(other, o->path) == 0)
            return ht_error_set(err, HT_USAGE, "%s %.200s: %s is to write the same file; give two names",
                                o->option, o->given, w->name);
    }
    return HT_OK;
}

ht_code ht_outputs_check(const ht_arguments *args, const ht_option *options, ht_error *err)
{
    for (const ht_option *w = options; w->name; w++) {
        output o = {.option = w->name};
        char folder[PATH_MAX];
        if (ht_option_file(w->name) != HT_FILE_WRITTEN || !w->value || !*w->value) continue;
        o.given = *w->value;
        if (!o.given[0]) return ht_error_set(err, HT_USAGE, "%s: give the name of a file", w->name);
        resolve(o.given, o.path);
        ht_file_folder(o.path, folder, sizeof folder);
        ht_text_copy(o.name, sizeof o.name, ht_file_name(o.path));
        resolve(folder, o.folder); /* which --run may be about to make */
        if (check(&o, args, options, err) != HT_OK || check_others(&o, options, w, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}
