#include "session/arguments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/text.h"
#include "data/loader.h"
#include "kernel/kernel.h"
#include "params/preset.h"
#include "session/outputs.h"
#include "data/png.h"

static const char preset_chunk[] = "heavytail:preset", journal_chunk[] = "heavytail:journal";

int ht_app_fail(const ht_error *err)
{
    fprintf(stderr, "heavytail: %s\n", err->text);
    return (int)err->code;
}

void ht_app_notes(const ht_notes *notes)
{
    char line[1024];
    for (size_t i = 0; ht_notes_at(notes, i, line, sizeof line); i++)
        fprintf(stderr, "heavytail: note: %s\n", line);
}

int ht_app_threads(void)
{
    const char *asked = getenv("HEAVYTAIL_THREADS");
    return asked && *asked ? atoi(asked) : ht_pool_cores();
}

static ht_code check_threads(ht_error *err)
{
    const char *asked = getenv("HEAVYTAIL_THREADS");
    if (!asked || !*asked) return HT_OK;
    size_t digits = strspn(asked, "0123456789");
    if (digits > 0 && digits < 6 && !asked[digits] && atoi(asked) >= 1 && atoi(asked) <= HT_THREADS_MAX)
        return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "HEAVYTAIL_THREADS=%.40s: is not a whole number from 1 to %d; unset it for one thread a core", asked,
        HT_THREADS_MAX);
}

static ht_code check_isa(ht_error *err)
{
    const char *asked = getenv("HEAVYTAIL_ISA");
    char names[64] = "";
    if (!asked || !*asked || strcmp(asked, ht_kernel()->isa) == 0) return HT_OK;
    for (const ht_kernels *const *build = ht_kernel_builds(); *build; build++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*build)->isa);
    }
    return ht_error_set(
        err, HT_USAGE,
        "HEAVYTAIL_ISA=%.40s: this program on this CPU runs %s; unset it for the first of them", asked,
        names);
}

ht_code ht_app_environment(ht_error *err)
{
    return check_threads(err) == HT_OK ? check_isa(err) : err->code;
}

/* Who writes "--alpa" means "--noise.alpha". */
static void offer_parameters(ht_guess *guess)
{
    char name[64], last[64];
    for (int p = 0; p < HT_P_COUNT; p++) {
        const char *key = ht_param_at((ht_param)p)->key, *dot = strchr(key, '.');
        snprintf(name, sizeof name, "--%s", key);
        snprintf(last, sizeof last, "--%s", dot ? dot + 1 : key);
        ht_guess_offer(guess, name);
        ht_guess_offer_as(guess, last, name);
    }
}

/* "--sigma" and "--noise.sigma" mean --noise.scale: words that no spelling leads from. */
static void offer_word(ht_guess *guess)
{
    const char *key;
    char name[64];
    if (strncmp(guess->given, "--", 2) != 0 || !(key = ht_param_by_word(guess->given + 2))) return;
    snprintf(name, sizeof name, "--%s", key);
    ht_guess_offer_as(guess, guess->given, name);
}

static ht_code unknown_option(const char *given, const ht_option *options, ht_error *err)
{
    static const char *const common[] = {
#define HT_COMMON_OPTION(id, name, ...) name,
#include "session/common_options.def"
    };
    ht_guess guess = ht_guess_for(given);
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) ht_guess_offer(&guess, common[i]);
    for (; options->name; options++) ht_guess_offer(&guess, options->name);
    offer_parameters(&guess);
    offer_word(&guess);
    return ht_error_set(err, HT_USAGE, "unknown option '%.60s'%s (`heavytail help` lists them)", given,
                        ht_guess_words(&guess));
}

/* "--train.lr" stands for a parameter. */
static bool is_parameter(const char *argument)
{
    ht_param p;
    return strncmp(argument, "--", 2) == 0 && ht_param_find(argument + 2, &p);
}

ht_code ht_arguments_add(ht_arguments *args, const char *key, const char *text, ht_error *err)
{
    int limit = (int)(sizeof args->sets / sizeof args->sets[0]);
    if (args->set_count == limit)
        return ht_error_set(err, HT_USAGE, "more than %d settings on the command line", limit);
    args->sets[args->set_count].key = key;
    args->sets[args->set_count++].text = text;
    return HT_OK;
}

static ht_code take_value(int argc, char **argv, int *i, const char **value, ht_error *err)
{
    if (*i + 1 >= argc) return ht_error_set(err, HT_USAGE, "%s needs a value after it", argv[*i]);
    *value = argv[++*i];
    return HT_OK;
}

/* The parameter that a common option is a shorter name of, or NULL. */
static const char *key_of(const char *option)
{
    static const char *const names[][2] = {{"--label", "data.label"}, {"--layers", "model.layers"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(option, names[i][0]) == 0) return names[i][1];
    return NULL;
}

static ht_code take_option(ht_arguments *args, int argc, char **argv, int *i, const ht_option *options,
                           ht_error *err)
{
    const char *name = argv[*i], *value = NULL;
    for (const ht_option *o = options; o->name; o++) {
        if (strcmp(name, o->name) != 0) continue;
        if (o->flag) return *o->flag = true, HT_OK;
        if (take_value(argc, argv, i, o->value ? o->value : &value, err) != HT_OK) return err->code;
        return o->value ? HT_OK : ht_arguments_add(args, "data.name", value, err);
    }
    if (strcmp(name, "--preset") == 0) return take_value(argc, argv, i, &args->preset, err);
    if (strcmp(name, "--data-dir") == 0) return take_value(argc, argv, i, &args->data_dir, err);
    const char *key = key_of(name);
    bool parameter = key || is_parameter(name);
    if (!parameter && strcmp(name, "--set") != 0) return unknown_option(name, options, err);
    if (take_value(argc, argv, i, &value, err) != HT_OK) return err->code;
    return ht_arguments_add(args, key ? key : parameter ? name + 2 : NULL, value, err);
}

ht_code ht_arguments_parse(ht_arguments *args, int argc, char **argv, const ht_option *options, ht_error *err)
{
    int limit = args->word_limit;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (take_option(args, argc, argv, &i, options, err) != HT_OK) return err->code;
        } else if (args->word_count == limit) {
            return ht_error_set(err, HT_USAGE,
                                "unexpected argument '%.60s' (settings are given as --set key=value)",
                                argv[i]);
        } else {
            args->words[args->word_count++] = argv[i];
        }
    }
    return ht_outputs_check(args, options, err);
}

ht_code ht_arguments_sets(const ht_arguments *args, ht_params *params, ht_error *err)
{
    for (int i = 0; i < args->set_count; i++) {
        const char *own_key = args->sets[i].key, *text = args->sets[i].text, *equals = strchr(text, '=');
        char key[64];
        if (own_key) {
            if (ht_params_set(params, own_key, text, err) != HT_OK) return err->code;
            continue;
        }
        if (!equals || equals - text >= (ptrdiff_t)sizeof key)
            return ht_error_set(err, HT_USAGE, "--set %.60s: give key=value, as in --set noise.alpha=1.8",
                                text);
        snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
        if (ht_params_set(params, key, equals + 1, err) != HT_OK) return ht_error_prefix(err, "--set");
    }
    return HT_OK;
}

ht_code ht_picture_journal(const char *path, ht_text *journal, ht_error *err)
{
    ht_png png;
    if (ht_png_read(path, 0, &png, err) != HT_OK) return err->code;
    const char *text = ht_png_find(&png, journal_chunk);
    ht_text_add(journal, "%s", text ? text : "");
    ht_png_free(&png);
    if (!text)
        return ht_error_set(err, HT_FAIL, "%s: holds no journal of a run (no text chunk '%s')", path,
                            journal_chunk);
    return journal->failed ? ht_error_set(err, HT_FAIL, "%s: not enough memory for its journal", path)
                           : HT_OK;
}

static ht_code load_from_picture(ht_params *params, const char *path, ht_error *err)
{
    ht_png png;
    if (ht_png_read(path, 0, &png, err) != HT_OK) return err->code = HT_USAGE;
    const char *text = ht_png_find(&png, preset_chunk);
    ht_code code = text ? ht_preset_parse(params, path, text, strlen(text), err)
                        : ht_error_set(err, HT_USAGE, "%s: holds no heavytail settings (no text chunk '%s')",
                                       path, preset_chunk);
    ht_png_free(&png);
    return code;
}

ht_code ht_arguments_memory(const char *text, size_t least, size_t *bytes, ht_error *err)
{
    enum { MB = 20, GB = 30, MOST = 50 };
    char number[40];
    double value;
    if (!text) return HT_OK;
    ht_text_copy(number, sizeof number, text);
    size_t length = strlen(number);
    char unit = length ? number[length - 1] : '\0';
    bool known = unit && strchr("MmGg", unit);
    if (known) number[length - 1] = '\0';
    int shift = known && (unit == 'G' || unit == 'g') ? GB : MB;
    bool good = ht_parse_number(number, &value) && value > 0 && value < ldexp(1, MOST - shift);
    if (!good || ldexp(value, shift) < (double)least)
        return ht_error_set(err, HT_USAGE, "--memory %.40s: give a limit from %zuM on, as 512M or 2G", text,
                            least >> MB);
    *bytes = (size_t)ldexp(value, shift);
    return HT_OK;
}

ht_code ht_settings_load(ht_params *params, const char *name, ht_error *err)
{
    return ht_text_ends(name, ".png") ? load_from_picture(params, name, err)
                                      : ht_preset_load(params, name, err);
}

ht_code ht_arguments_size(const char *text, int least_width, int least_height, int *width, int *height,
                          ht_error *err)
{
    enum { MOST = 8192 };
    char rest;
    if (!text) return HT_OK;
    if (sscanf(text, "%5dx%5d%c", width, height, &rest) == 2 && *width >= least_width &&
        *height >= least_height && *width <= MOST && *height <= MOST)
        return HT_OK;
    return ht_error_set(err, HT_USAGE, "--size %.40s: give WIDTHxHEIGHT in pixels, from %dx%d to %dx%d", text,
                        least_width, least_height, MOST, MOST);
}

bool ht_arguments_name(const ht_arguments *args, ht_param p)
{
    const char *key = ht_param_at(p)->key;
    size_t length = strlen(key);
    for (int i = 0; i < args->set_count; i++) {
        const char *own = args->sets[i].key, *text = args->sets[i].text;
        if (own ? strcmp(own, key) == 0 : strncmp(text, key, length) == 0 && text[length] == '=') return true;
    }
    return false;
}

/* Nobody's weights lie in a data directory. */
static ht_code trust_beginning(const ht_params *params, const char *name, const ht_arguments *args,
                               ht_error *err)
{
    const char *file = ht_params_text(params, HT_P_TRAIN_INIT);
    if (ht_arguments_name(args, HT_P_TRAIN_INIT) ||
        strcmp(file, ht_param_at(HT_P_TRAIN_INIT)->choices[0]) == 0)
        return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "%.200s: its settings name a file to begin with (train.init=%.200s), and a picture may come "
        "from anybody: to read it say --set train.init=… yourself",
        name, file);
}

ht_code ht_settings_trust(const ht_params *params, const char *name, const ht_arguments *args, ht_error *err)
{
    const char *data = ht_params_text(params, HT_P_DATA_NAME);
    if (!ht_text_ends(name, ".png")) return HT_OK;
    if (trust_beginning(params, name, args, err) != HT_OK) return err->code;
    if (ht_arguments_name(args, HT_P_DATA_NAME) || ht_data_stays_inside(data, args->data_dir)) return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "%.200s: its settings name files outside of the data directories (data.name=%.200s), and a "
        "picture may come from anybody: to read them say --set data.name=… yourself, or give "
        "their directory with --data-dir",
        name, data);
}

ht_code ht_arguments_preset(const ht_arguments *args, ht_params *params, ht_error *err)
{
    const char *preset = args->preset ? args->preset : "ecg-demo";
    ht_params_init(params);
    if (ht_settings_load(params, preset, err) != HT_OK) return err->code;
    return ht_settings_trust(params, preset, args, err);
}

ht_code ht_arguments_params(const ht_arguments *args, ht_params *params, ht_error *err)
{
    if (ht_arguments_preset(args, params, err) != HT_OK) return err->code;
    return ht_arguments_sets(args, params, err);
}
