#include "cli/option_values.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/options.h"
#include "data/loader.h"
#include "session/outputs.h"

/* ---- words of a list ---- */

static bool is_offered(const char *offer, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = offer; (at = strstr(at, value)); at++)
        if ((at == offer || at[-1] == ' ') && at[length] == ' ') return length > 0;
    return false;
}

static void offer_words(const char *offer, ht_guess *guess, char *list, size_t size)
{
    char word[64];
    int length;
    size_t used = 0;
    for (; sscanf(offer, "%63s%n", word, &length) == 1 && used < size; offer += length) {
        used += (size_t)snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
        ht_guess_offer(guess, word);
    }
}

static ht_code check_word(const ht_usage_word *option, const char *offer, const char *value, ht_error *err)
{
    char list[400] = "";
    ht_guess guess = ht_guess_for(value);
    if (is_offered(offer, value)) return HT_OK;
    offer_words(offer, &guess, list, sizeof list);
    return ht_error_set(err, HT_USAGE, "%s %.40s: give one of %s%s", option->text, value, list,
                        ht_guess_words(&guess));
}

static ht_code check_list(const ht_usage_word *option, const char *value, ht_error *err)
{
    ht_text offer = {0};
    ht_usage_offer(option, &offer);
    ht_code code = offer.failed ? ht_error_set(err, HT_FAIL, "not enough memory for the command line")
                                : check_word(option, offer.data ? offer.data : "", value, err);
    ht_text_free(&offer);
    return code;
}

/* ---- files ---- */

/* Is it the directory that --run is going to make? */
static bool is_made(const char *folder, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++) {
        const char *run = argv[i + 1];
        size_t length = strlen(run), same = 0;
        while (length > 1 && run[length - 1] == '/') length--;
        while (same < length && folder[same] == run[same]) same++;
        if (strcmp(argv[i], "--run") == 0 && same == length && (folder[same] == '\0' || folder[same] == '/'))
            return true;
    }
    return false;
}

/* A recording that cannot be made keeps nobody from the lab, which tells it (cmd_lab.c). */
static bool is_tried(const char *option)
{
    return strcmp(option, "--record") == 0;
}

/* What is going to be written: its folder is there, and it is none itself. */
static ht_code check_written(const char *option, const char *path, int argc, char **argv, ht_error *err)
{
    char folder[PATH_MAX];
    ht_file_folder(path, folder, sizeof folder);
    if (ht_file_is_dir(path))
        return ht_error_set(err, HT_USAGE, "%s %.200s: is a directory; give the name of a file", option,
                            path);
    if (!ht_file_is_dir(folder) && !is_made(folder, argc, argv))
        return ht_error_set(err, HT_FAIL, "%s %.200s: there is no directory %.200s; make it first", option,
                            path, folder);
    if (ht_file_is_dir(folder) && access(folder, W_OK) != 0)
        return ht_error_set(err, HT_FAIL, "%s %.200s: nothing can be written into %.200s", option, path,
                            folder);
    return HT_OK;
}

/* ---- one option ---- */

/* The message names the key; the option before it, if it has another name. */
static ht_code check_parameter(const char *option, const char *key, const char *value, ht_error *err)
{
    ht_params scratch;
    ht_params_init(&scratch);
    if (ht_params_set(&scratch, key, value, err) == HT_OK) return HT_OK;
    return strcmp(option + 2, key) == 0 ? err->code : ht_error_prefix(err, "%s", option);
}

/* "M1,M2" in the usage: several values with commas between them, or all. */
static ht_code check_parameters(const char *option, const char *key, const char *list, ht_error *err)
{
    char one[64];
    if (strcmp(list, "all") == 0) return HT_OK;
    for (const char *at = list;; at++) {
        size_t length = strcspn(at, ",");
        snprintf(one, sizeof one, "%.*s", length < sizeof one ? (int)length : (int)sizeof one - 1, at);
        if (check_parameter(option, key, one, err) != HT_OK) return err->code;
        at += length;
        if (!*at) return HT_OK;
    }
}

static ht_code check_value(const ht_usage_word *option, const char *value, int argc, char **argv,
                           ht_error *err)
{
    const char *key = option->info->parameter;
    bool written = ht_option_file(option->text) == HT_FILE_WRITTEN && strcmp(option->value, "DIR") != 0 &&
                   !is_tried(option->text);
    if (option->fill == HT_FILL_DATA) return ht_dataset_check_name(value, err);
    if (key)
        return (strchr(option->value, ',') ? check_parameters : check_parameter)(option->text, key, value,
                                                                                 err);
    if (option->fill == HT_FILL_WORDS || option->fill == HT_FILL_PANEL) return check_list(option, value, err);
    return written ? check_written(option->text, value, argc, argv, err) : HT_OK;
}

/* Of the usages of the option the one that likes the value best: "certify --out" is a code or a network. */
static ht_code check_option(const char *usage, int argc, char **argv, int at, bool *takes_value,
                            ht_error *err)
{
    ht_usage_word word;
    ht_code code = HT_OK;
    *takes_value = false;
    while (ht_usage_next(&usage, &word)) {
        if (strcmp(word.text, argv[at]) != 0 || !word.value[0] || !word.info) continue;
        *takes_value = true;
        if (at + 1 == argc || (code = check_value(&word, argv[at + 1], argc, argv, err)) == HT_OK)
            return HT_OK;
    }
    return code;
}

/* "--set key=value" and "--noise.alpha 1.8" go the same way. */
static ht_code check_setting(const char *option, const char *value, ht_error *err)
{
    char key[64];
    const char *equals = strchr(value, '=');
    if (strcmp(option, "--set") != 0) return check_parameter(option, option + 2, value, err);
    if (!equals || equals - value >= (ptrdiff_t)sizeof key) return HT_OK; /* which the command refuses */
    snprintf(key, sizeof key, "%.*s", (int)(equals - value), value);
    return check_parameter(option, key, equals + 1, err);
}

ht_code ht_options_check(const char *usage, int argc, char **argv, ht_error *err)
{
    ht_param p;
    bool takes_value;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) continue;
        bool setting = strcmp(argv[i], "--set") == 0 || ht_param_find(argv[i] + 2, &p);
        if (setting && i + 1 < argc && check_setting(argv[i], argv[i + 1], err) != HT_OK) return err->code;
        if (!setting && check_option(usage, argc, argv, i, &takes_value, err) != HT_OK) return err->code;
        if (setting || takes_value || strcmp(argv[i], "--preset") == 0 ||
            strcmp(argv[i], "--data-dir") == 0 || strcmp(argv[i], "--label") == 0 ||
            strcmp(argv[i], "--layers") == 0)
            i++; /* the value, whatever it looks like */
    }
    return HT_OK;
}
