#include "params/preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/text.h"
#include "params/ini.h"

enum { PRESET_LIMIT = 1 << 20 };

typedef struct parse_state {
    const ht_params *before;
    ht_params params;
    bool seen[HT_P_COUNT];
} parse_state;

static bool is_about(const char *section, const char *name)
{
    return strcmp(section, "preset") == 0 && (strcmp(name, "title") == 0 || strcmp(name, "about") == 0);
}

/* A name may come from any file and hold anything; this one is shown and written. */
static void set_name(ht_params *params, const char *name)
{
    ht_text_copy(params->preset, sizeof params->preset, name);
    unsigned code;
    for (size_t i = 0, n; (n = ht_utf8_decode(params->preset + i, &code)) > 0; i += n)
        if (code < 0x20 || code == 0x7f || (n == 1 && code >= 0x80))
            params->preset[i] = '?'; /* invalid UTF-8 too */
}

static ht_code on_value(void *user, const char *section, const char *name, const char *value, ht_error *err)
{
    parse_state *state = user;
    char key[256];
    ht_param p;
    if (is_about(section, name)) return HT_OK;
    if (strcmp(section, "preset") == 0 && strcmp(name, "name") == 0)
        return set_name(&state->params, value), HT_OK;
    snprintf(key, sizeof key, "%.100s%s%.100s", section, section[0] ? "." : "", name);
    if (ht_params_set(&state->params, key, value, err) != HT_OK) return err->code;
    if (!ht_param_find(key, &p)) return HT_OK; /* not reached: it was set */
    if (state->seen[p])
        return ht_error_set(err, HT_USAGE, "%s is given twice; keep one of the two lines", key);
    state->seen[p] = true;
    return HT_OK;
}

static void begin(void *user)
{
    parse_state *state = user;
    state->params = *state->before;
    state->params.preset[0] = '\0';
    memset(state->seen, 0, sizeof state->seen);
}

ht_code ht_preset_parse(ht_params *params, const char *name, const char *text, size_t size, ht_error *err)
{
    parse_state state = {.before = params};
    const ht_ini_reader reader = {"preset", begin, on_value, &state};
    if (ht_ini_parse(&reader, name, text, size, err) != HT_OK) return err->code;
    *params = state.params;
    if (!params->preset[0]) set_name(params, ht_file_name(name));
    return HT_OK;
}

static ht_code load_file(ht_params *params, const char *path, ht_error *err)
{
    char *text;
    size_t size;
    if (ht_file_read(path, PRESET_LIMIT, &text, &size, err) != HT_OK) return err->code = HT_USAGE;
    ht_code code = ht_preset_parse(params, path, text, size, err);
    ht_free(text);
    return code;
}

static bool user_path(const char *name, char *path, size_t size)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length = -1;
    if (config && config[0])
        length = snprintf(path, size, "%s/heavytail/presets/%s.ini", config, name);
    else if (home && home[0])
        length = snprintf(path, size, "%s/.config/heavytail/presets/%s.ini", home, name);
    return length > 0 && (size_t)length < size && ht_file_exists(path);
}

/* What presets of earlier versions are called now. */
static const struct {
    const char *before, *now;
} renamed[] = {{"ecg5000-roads", "ecg5000-methods"}, {"mnist-roads", "mnist-methods"}};

static ht_code unknown_preset(const char *name, ht_error *err)
{
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
        if (strcmp(name, renamed[i].before) == 0)
            return ht_error_set(err, HT_USAGE, "the preset '%s' is called '%s' now", name, renamed[i].now);
    char candidate[64], title[8];
    ht_guess guess = ht_guess_for(name);
    for (int i = 0; ht_preset_embedded(i, candidate, sizeof candidate, title, sizeof title); i++)
        ht_guess_offer(&guess, candidate);
    return ht_error_set(err, HT_USAGE,
                        "no preset named '%.60s'%s (`heavytail presets` lists them; a file needs a '/' or "
                        ".ini)",
                        name, ht_guess_words(&guess));
}

ht_code ht_preset_load(ht_params *params, const char *name, ht_error *err)
{
    char path[4096];
    size_t size;
    if (strchr(name, '/') || ht_text_ends(name, ".ini")) return load_file(params, name, err);
    if (user_path(name, path, sizeof path)) return load_file(params, path, err);
    const char *text = ht_preset_text(name, &size);
    if (!text) return unknown_preset(name, err);
    return ht_preset_parse(params, name, text, size, err);
}

/* Adds "key = value", a long list on several lines. False: no comma is where one is needed. */
static bool add_setting(ht_text *out, const char *key, const char *value)
{
    size_t left = HT_INI_LINE - strlen(key) - strlen(" = ");
    ht_text_add(out, "%s = ", key);
    while (strlen(value) > left) {
        size_t cut = left;
        while (cut > 0 && !(value[cut - 1] == ',' && value[cut] == ' ')) cut--;
        if (cut == 0) return false;
        ht_text_add(out, "%.*s\n    ", (int)cut, value);
        value += cut + 1;
        left = HT_INI_LINE - strlen("    ");
    }
    ht_text_add(out, "%s\n", value);
    return true;
}

char *ht_preset_write(const ht_params *params, ht_error *err)
{
    ht_text out = {0};
    char value[HT_PARAM_VALUE];
    ht_text_add(&out, "[preset]\nname = %s\n", params->preset[0] ? params->preset : "heavytail");
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        const char *key = info->key, *dot = strchr(key, '.');
        if (p == 0 || info->group != ht_param_at(p - 1)->group)
            ht_text_add(&out, "\n[%.*s]\n", (int)(dot - key), key);
        ht_params_format(params, p, value, sizeof value);
        if (!add_setting(&out, dot + 1, value)) {
            ht_error_set(err, HT_USAGE,
                         "%s: '%.60s…' is too long for a line of a preset; give at most %zu bytes (a link to "
                         "the file has a shorter name)",
                         key, value, HT_INI_LINE - strlen(dot + 1) - strlen(" = "));
            ht_text_free(&out);
            return NULL;
        }
    }
    if (!out.failed) return out.data;
    ht_text_free(&out);
    ht_error_set(err, HT_FAIL, "not enough memory to write the settings");
    return NULL;
}

static ht_code on_title(void *user, const char *section, const char *name, const char *value, ht_error *err)
{
    (void)err;
    if (strcmp(section, "preset") == 0 && strcmp(name, "title") == 0) ht_text_copy(user, 128, value);
    return HT_OK;
}

static void no_title(void *user)
{
    *(char *)user = '\0';
}

/* "presets/x.ini" and "presets/folder/x.ini" are the preset "x": a name with a '/' would read as a path. */
static bool preset_name(const char *file, char *name, size_t size)
{
    static const char folder[] = "presets/";
    size_t skip = sizeof folder - 1;
    if (strncmp(file, folder, skip) != 0 || !ht_text_ends(file + skip, ".ini")) return false;
    const char *base = ht_file_name(file);
    int written = snprintf(name, size, "%.*s", (int)(strlen(base) - 4), base);
    return written > 0 && (size_t)written < size;
}

bool ht_preset_embedded(int wanted, char *name, size_t name_size, char *title, size_t title_size)
{
    char found[128] = "";
    ht_error err;
    for (size_t i = 0; i < ht_embedded_count; i++) {
        if (!preset_name(ht_embedded_files[i].name, name, name_size) || wanted-- > 0) continue;
        const ht_embedded *file = &ht_embedded_files[i];
        ht_ini_parse(&(ht_ini_reader){"preset", no_title, on_title, found}, name, file->data, file->size,
                     &err);
        ht_text_copy(title, title_size, found);
        return true;
    }
    return false;
}

const char *ht_preset_text(const char *name, size_t *size)
{
    char own[64];
    for (size_t i = 0; i < ht_embedded_count; i++) {
        const ht_embedded *file = &ht_embedded_files[i];
        if (!preset_name(file->name, own, sizeof own) || strcmp(own, name) != 0) continue;
        *size = file->size;
        return file->data;
    }
    return NULL;
}

/* A preset that is not compiled in has its name from the user. */
static bool has_own_data(const ht_params *params)
{
    size_t size;
    ht_error ignored;
    ht_params own;
    const char *text = ht_preset_text(params->preset, &size);
    ht_params_init(&own);
    return !text || ht_preset_parse(&own, params->preset, text, size, &ignored) != HT_OK ||
           strcmp(ht_params_text(&own, HT_P_DATA_NAME), ht_params_text(params, HT_P_DATA_NAME)) == 0;
}

void ht_preset_title(const ht_params *params, char *to, size_t size)
{
    const char *data = ht_params_text(params, HT_P_DATA_NAME), *colon = strchr(data, ':');
    if (has_own_data(params))
        ht_text_copy(to, size, params->preset);
    else if (colon && strpbrk(colon, "/.,"))
        ht_text_base_name(colon + 1, to, size);
    else
        ht_text_copy(to, size, data);
}
