/* Guards the dictionary of options: usages, what the commands parse, and what help and completions say are
 * one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/options.h"
#include "base/alloc.h"
#include "base/file.h"
#include "engine/run/rundir.h"
#include "session/outputs.h"
#include "unit/scratch.h"
#include "unit/source.h"

static const char *offered(const char *usage, const char *name)
{
    static char copy[1024];
    ht_usage_word word;
    ht_text offer = {0};
    copy[0] = '\0';
    while (ht_usage_next(&usage, &word))
        if (strcmp(word.text, name) == 0) {
            ht_usage_offer(&word, &offer);
            snprintf(copy, sizeof copy, "%s", offer.data ? offer.data : "");
        }
    ht_text_free(&offer);
    return copy;
}

static void a_usage_is_read_word_by_word(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
        ht_fill fill;
    } words[] = {{"FILE|RUN", "", HT_FILL_FILE},
                 {"--theme", "T", HT_FILL_WORDS},
                 {"--metric", "fro_squared|fro", HT_FILL_WORDS},
                 {"--ratio", "R", HT_FILL_NOTHING},
                 {"--curve", "", HT_FILL_NOTHING},
                 {"--set", "key=value", HT_FILL_SETTING},
                 {"--json", "", HT_FILL_NOTHING},
                 {"list", "", HT_FILL_WORDS},
                 {"info", "", HT_FILL_WORDS},
                 {"DATA", "", HT_FILL_DATA},
                 {"noise|step", "", HT_FILL_WORDS},
                 {"--seeds", "1..5", HT_FILL_NOTHING}};
    const char *at =
        "FILE|RUN [--theme T] [--metric fro_squared|fro] [--ratio R | --curve] [--set key=value].. [--json]\n"
        " list | info DATA [noise|step] [--seeds 1..5]";
    ht_usage_word word;
    size_t i = 0;
    for (; ht_usage_next(&at, &word); i++) {
        assert_true(i < sizeof words / sizeof words[0]);
        assert_string_equal(word.text, words[i].text);
        assert_string_equal(word.value, words[i].value);
        if (word.fill != words[i].fill) fail_msg("%s: fill %d", word.text, word.fill);
    }
    assert_int_equal(i, sizeof words / sizeof words[0]);
}

static void what_is_offered_comes_from_the_tables(void **state)
{
    (void)state;
    assert_string_equal(offered("[--format text|csv]", "--format"), "text csv ");
    assert_string_equal(offered("[noise|step]", "noise|step"), "noise step ");
    assert_non_null(strstr(offered("[--theme T]", "--theme"), "light "));
    assert_non_null(strstr(offered("[--panel P]", "--panel"), "norms "));
    assert_non_null(strstr(offered("[--preset P]", "--preset"), "ecg-demo "));
    assert_non_null(strstr(offered("info DATA", "DATA"), "ucr: "));
    assert_non_null(strstr(offered("[TOPIC]", "TOPIC"), "zsh "));
    assert_non_null(strstr(offered("[TOPIC]", "TOPIC"), "snapshot "));
    assert_string_equal(offered("--out F", "--out"), "");
}

static void every_option_is_in_the_dictionary_and_in_use(void **state)
{
    (void)state;
    size_t commands, count;
    bool used[HT_OPTIONS_MAX] = {false};
    const ht_command_info *table = ht_commands(&commands);
    const ht_option_info *options = ht_options(&count);
    for (size_t i = 0; i < commands; i++) {
        ht_usage_word word;
        for (const char *at = table[i].usage; ht_usage_next(&at, &word);) {
            if (word.text[0] != '-') continue;
            if (!word.info)
                fail_msg("%s takes %s, which is not in src/cli/options.c", table[i].name, word.text);
            if (!word.info->value != !word.value[0])
                fail_msg("%s %s: with or without a value?", table[i].name, word.text);
            used[word.info - options] = true;
        }
    }
    for (size_t i = HT_OPTIONS_COMMON; i < count; i++)
        if (!used[i]) fail_msg("no command takes %s", options[i].name);
    for (size_t i = HT_OPTIONS_COMMON + 1; i < count; i++)
        if (strcmp(options[i - 1].name, options[i].name) > 0 ||
            (strcmp(options[i - 1].name, options[i].name) == 0 &&
             strcmp(options[i - 1].value, options[i].value) >= 0))
            fail_msg("%s: not sorted", options[i].name);
}

/* The help of a command says what that command takes: several methods are prune's alone. */
static void help_of_an_option_is_of_its_command(void **state)
{
    (void)state;
    size_t commands;
    int taking = 0;
    const ht_command_info *table = ht_commands(&commands);
    for (size_t i = 0; i < commands; i++) {
        ht_usage_word word;
        for (const char *at = table[i].usage; ht_usage_next(&at, &word);) {
            if (strcmp(word.text, "--method") != 0) continue;
            bool several = strstr(word.info->help, "several") != NULL;
            if (several != (strcmp(table[i].name, "prune") == 0)) fail_msg("%s", table[i].name);
            taking++;
        }
    }
    assert_int_equal(taking, 3);
}

/* The source of cmd_NAME.c, or NULL. ht_free. */
static char *source_of(const char *command)
{
    char path[4400], *text;
    size_t size;
    ht_error err;
    snprintf(path, sizeof path, "%s/src/cli/cmd_%s.c", source_top(), command);
    if (!ht_file_exists(path)) return NULL;
    assert_int_equal(ht_file_read(path, 1 << 20, &text, &size, &err), HT_OK);
    return text;
}

/* Every `{"--name", &value` and `{"--name", NULL, &flag` of the source is in the usage; returns how many. */
static int check_parsed(const ht_command_info *command, const char *source)
{
    int count = 0;
    for (const char *at = source; (at = strstr(at, "{\"--")); count++) {
        char name[64];
        at += 2;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\""), at);
        const char *usage = command->usage, *second = at + strlen(name) + 1;
        ht_usage_word word;
        second += strspn(second, ", \n");
        bool flag = strncmp(second, "NULL", 4) == 0, found = false;
        while (ht_usage_next(&usage, &word))
            found = found || (strcmp(word.text, name) == 0 && flag == (word.value[0] == '\0'));
        if (!found) fail_msg("cmd_%s.c parses %s, its usage says otherwise", command->name, name);
    }
    return count;
}

/* Every option of the usage is parsed. */
static void check_promised(const ht_command_info *command, const char *source)
{
    ht_usage_word word;
    size_t count;
    for (const char *at = command->usage; ht_usage_next(&at, &word);) {
        char quoted[80];
        if (word.text[0] != '-' || word.info < ht_options(&count) + HT_OPTIONS_COMMON) continue;
        snprintf(quoted, sizeof quoted, "{\"%s\"", word.text);
        if (!strstr(source, quoted)) fail_msg("cmd_%s.c does not parse %s", command->name, word.text);
    }
}

static void commands_parse_what_their_usage_says(void **state)
{
    (void)state;
    size_t commands;
    int parsed = 0;
    const ht_command_info *table = ht_commands(&commands);
    if (!source_top()) {
        print_message("skipped: no source tree; set HT_SOURCE\n");
        skip();
    }
    for (size_t i = 0; i < commands; i++) {
        char *source = source_of(table[i].name);
        if (source) {
            parsed += check_parsed(&table[i], source);
            check_promised(&table[i], source);
        }
        ht_free(source);
    }
    assert_true(parsed >= 20);
}

/* ---- what is written --------------------------------------------------------------------------- */

/* Whoever adds an option with a file says in session/outputs.c whether it is written. */
static void every_option_with_a_file_is_known_as_read_or_written(void **state)
{
    (void)state;
    size_t count, files = 0;
    const ht_option_info *all = ht_options(&count);
    for (size_t i = 0; i < count; i++) {
        bool known = ht_option_file(all[i].name) != HT_FILE_NONE;
        files += known;
        if (known != (all[i].fill == HT_FILL_FILE || all[i].fill == HT_FILL_PRESET))
            fail_msg("%s: a file, and not known as read or written, or the reverse", all[i].name);
    }
    assert_true(files > 12);
}

static ht_code parse(const char *option, const char *value, const char *word, const char *run, ht_error *err)
{
    const char *to = NULL, *kept = NULL, *init = NULL;
    char *argv[8] = {"x", (char *)option, (char *)value};
    int argc = 3;
    const ht_option options[] = {
        {option, &to, NULL}, {"--run", &kept, NULL}, {"--init", &init, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    if (word) argv[argc++] = (char *)word;
    if (run) argv[argc++] = "--run", argv[argc++] = (char *)run;
    return ht_arguments_parse(&args, argc, argv, options, err);
}

static const char *path_of(const char *name)
{
    static char path[4][512];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s", scratch_path(name));
    return path[at];
}

static void no_output_is_a_file_of_a_run_or_one_that_is_read(void **state)
{
    (void)state;
    ht_error err;
    size_t count, written = 0;
    const ht_option_info *all = ht_options(&count);
    assert_int_equal(ht_file_make_dir(path_of("run"), &err), HT_OK);
    assert_int_equal(ht_file_write(path_of("run/preset.ini"), "[model]\n", 8, &err), HT_OK);
    assert_int_equal(ht_file_write(path_of("net.safetensors"), "x", 1, &err), HT_OK);
    assert_int_equal(symlink("run/preset.ini", path_of("link.ini")), 0);
    for (size_t i = 0; i < count; i++) {
        const char *o = all[i].name;
        char name[64];
        if (ht_option_file(o) != HT_FILE_WRITTEN) continue;
        written++;
        for (int f = 0; f < HT_RUN_FILES; f++) {
            snprintf(name, sizeof name, "run/%s", ht_runfile_name((ht_runfile)f));
            assert_int_equal(parse(o, path_of(name), NULL, NULL, &err), HT_USAGE);
            assert_non_null(strstr(err.text, "is a file of a run itself; give another name"));
            snprintf(name, sizeof name, "run/../new/%s", ht_runfile_name((ht_runfile)f));
            assert_int_equal(parse(o, path_of(name), NULL, NULL, &err), HT_OK);
            snprintf(name, sizeof name, "new/%s", ht_runfile_name((ht_runfile)f));
            assert_int_equal(parse(o, path_of(name), NULL, path_of("new/"), &err), HT_USAGE);
        }
        assert_int_equal(parse(o, "not-there/metrics.csv", NULL, "./not-there", &err), HT_USAGE);
        assert_int_equal(parse(o, path_of("link.ini"), NULL, NULL, &err), HT_USAGE);
        assert_int_equal(parse(o, path_of("run/other.png"), path_of("run"), NULL, &err), HT_OK);
        assert_int_equal(parse(o, path_of("run/../net.safetensors"), path_of("net.safetensors"), NULL, &err),
                         HT_USAGE);
        assert_non_null(strstr(err.text, "is the file that is read; give another name"));
        assert_int_equal(parse(o, path_of("net.safetensors"), path_of("."), NULL, &err), HT_USAGE);
        assert_int_equal(parse(o, path_of("net.safetensors"), path_of("run"), NULL, &err), HT_OK);
    }
    assert_int_equal(written, 6);
    const char *argv[] = {"x", "--out", path_of("net.safetensors"), "--train.init",
                          path_of("net.safetensors")};
    const char *out = NULL;
    const ht_option options[] = {{"--out", &out, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {0};
    assert_int_equal(ht_arguments_parse(&args, 5, (char **)argv, options, &err), HT_USAGE);
}

/* ---- values, before anything is done ------------------------------------------------------------ */

static ht_code check_value(const char *usage, const char *option, const char *value, ht_error *err)
{
    const char *argv[] = {"x", "WORD", option, value};
    return ht_options_check(usage, 4, (char **)argv, err);
}

/* What a value of this option can be held against: a list, a table, a parameter. */
static bool has_values(const ht_usage_word *word)
{
    return word->text[0] == '-' && word->value[0] && word->info->name[0] &&
           strcmp(word->text, "--set") != 0 &&
           (word->fill == HT_FILL_WORDS || word->fill == HT_FILL_PANEL || word->fill == HT_FILL_DATA ||
            word->info->parameter);
}

/* Of all commands: what is in no list is refused before the command runs, naming the option; all of the list
 * is taken. */
static void no_command_begins_with_a_value_that_it_will_refuse(void **state)
{
    (void)state;
    size_t commands;
    int lists = 0, values = 0;
    ht_error err;
    const ht_command_info *table = ht_commands(&commands);
    for (size_t i = 0; i < commands; i++) {
        ht_usage_word word;
        for (const char *at = table[i].usage; ht_usage_next(&at, &word);) {
            ht_text offer = {0};
            char one[64];
            int length;
            if (!has_values(&word)) continue;
            if (check_value(table[i].usage, word.text, "no-such", &err) != HT_USAGE)
                fail_msg("%s %s no-such: begins", table[i].name, word.text);
            assert_non_null(strstr(err.text, "no-such"));
            assert_non_null(strstr(err.text, word.fill == HT_FILL_DATA ? "data.name" : word.text));
            lists++;
            if (word.fill != HT_FILL_WORDS && word.fill != HT_FILL_PANEL) continue;
            ht_usage_offer(&word, &offer);
            for (const char *o = offer.data; sscanf(o, "%63s%n", one, &length) == 1; o += length, values++)
                if (check_value(table[i].usage, word.text, one, &err) != HT_OK)
                    fail_msg("%s: %s", table[i].name, err.text);
            ht_text_free(&offer);
        }
    }
    assert_true(lists > 20 && values > 50);
    assert_int_equal(check_value("--method M1,M2", "--method", "node,svd", &err), HT_OK);
    assert_int_equal(check_value("--method M1,M2", "--method", "all", &err), HT_OK);
    assert_int_equal(check_value("--method M1,M2", "--method", "node,svt", &err), HT_USAGE);
    assert_non_null(strstr(err.text, "'svt' is not allowed; give one of node"));
    assert_int_equal(check_value("--panel P", "--panel", "los", &err), HT_USAGE);
    assert_non_null(strstr(err.text, "did you mean 'loss'"));
    assert_int_equal(check_value("", "--set", "noise.sigma=1", &err), HT_USAGE);
    assert_non_null(strstr(err.text, "noise.scale"));
    assert_int_equal(check_value("", "--noise.alpha", "3", &err), HT_USAGE);
    assert_int_equal(check_value("", "--no-such", "3", &err), HT_OK); /* the command's to refuse */
    assert_int_equal(check_value("[--seed S]", "--seed", "-1", &err), HT_USAGE);
}

static void what_cannot_be_written_is_told_before(void **state)
{
    (void)state;
    ht_error err;
    const char *usage = "RUN --out F [--run DIR]",
               *made[] = {"x", "--out", "deep/new/w.npy", "--run", "deep/new/"};
    assert_int_equal(ht_file_make_dir(path_of("folder"), &err), HT_OK);
    assert_int_equal(check_value(usage, "--out", path_of("folder/x"), &err), HT_OK);
    assert_int_equal(check_value(usage, "--out", "x.png", &err), HT_OK);
    assert_int_equal(check_value(usage, "--out", path_of("folder"), &err), HT_USAGE);
    assert_non_null(strstr(err.text, "is a directory"));
    assert_int_equal(check_value(usage, "--out", path_of("absent/x.png"), &err), HT_FAIL);
    assert_non_null(strstr(err.text, "there is no directory"));
    assert_int_equal(ht_options_check(usage, 5, (char **)made, &err), HT_OK);
    assert_int_equal(check_value("--out DIR", "--out", path_of("absent/sweep"), &err), HT_OK);
}

static void two_outputs_have_two_names(void **state)
{
    (void)state;
    ht_error err;
    const char *png = NULL, *out = NULL, *argv[] = {"x", "--png", path_of("a"), "--out", NULL};
    const ht_option options[] = {{"--png", &png, NULL}, {"--out", &out, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {0};
    argv[4] = path_of("./a");
    assert_int_equal(ht_arguments_parse(&args, 5, (char **)argv, options, &err), HT_USAGE);
    assert_non_null(strstr(err.text, "the same file; give two names"));
    argv[4] = path_of("b");
    args = (ht_arguments){0};
    assert_int_equal(ht_arguments_parse(&args, 5, (char **)argv, options, &err), HT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_with_a_file_is_known_as_read_or_written),
        cmocka_unit_test(no_output_is_a_file_of_a_run_or_one_that_is_read),
        cmocka_unit_test(no_command_begins_with_a_value_that_it_will_refuse),
        cmocka_unit_test(what_cannot_be_written_is_told_before),
        cmocka_unit_test(two_outputs_have_two_names),
        cmocka_unit_test(a_usage_is_read_word_by_word),
        cmocka_unit_test(what_is_offered_comes_from_the_tables),
        cmocka_unit_test(every_option_is_in_the_dictionary_and_in_use),
        cmocka_unit_test(help_of_an_option_is_of_its_command),
        cmocka_unit_test(commands_parse_what_their_usage_says),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
