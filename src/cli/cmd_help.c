/* cmd_help.c - help for people: the overview, a subcommand, and the topics. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help/help.h"
#include "cli/options.h"
#include "cli/report/tail_report.h"
#include "cli/tail/tail_table.h"
#include "session/arguments.h"
#include "view/keymap.h"

static void help_params(void)
{
    static const char *const live[] = {"next step", "new run", "view"};
    ht_params params;
    char value[HT_PARAM_VALUE];
    ht_params_init(&params);
    printf("Parameters: --set KEY=VALUE, --KEY VALUE, or a preset. Default in parentheses; then when a "
           "change takes effect.\n\n");
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        ht_params_format(&params, p, value, sizeof value);
        printf("%-20s (%s) %s%s%s", info->key, value, info->unit, *info->unit ? ", " : "", live[info->live]);
        if (info->type == HT_TYPE_CHOICE) {
            printf("; one of");
            for (int i = 0; i < ht_param_choices(p); i++) printf("%s %s", i ? "," : "", info->choices[i]);
        } else if (info->type == HT_TYPE_INT || info->type == HT_TYPE_REAL) {
            printf("; %.16g .. %.16g", info->low, info->high);
        }
        printf("\n    %s\n", info->help);
    }
}

static void help_keys(void)
{
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    printf("Keys in the lab:\n\n");
    for (size_t i = 0; i < count; i++) {
        int pad = 14 - (int)ht_utf8_length(keys[i].label);
        printf("  %s%*s%s\n", keys[i].label, pad > 1 ? pad : 1, "", keys[i].help);
    }
    printf("\nMouse: drag a slider, click a control or a panel, click a chart to read its value.\n");
}

static void help_estimators(void)
{
    ht_text text = {0};
    ht_tail_help(&text);
    if (text.data) printf("Estimators of the tail index:\n\n%s", text.data);
    ht_text_free(&text);
}

/* In the order of ht_topics. */
static void (*const print_topic[])(void) = {
#define HT_COMMAND(name, function, usage, help, topic, multiplies)
#define HT_TOPIC(name, function, help) function,
#include "cli/commands.def"
};

/* False when there is no such topic. */
static bool help_topic(const char *name)
{
    size_t count;
    const ht_topic *topics = ht_topics(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, topics[i].name) == 0) return print_topic[i](), true;
    return false;
}

static void help_command(const ht_command_info *command)
{
    size_t count;
    ht_usage_word word;
    bool told[HT_OPTIONS_MAX] = {false};
    const ht_option_info *options = ht_options(&count);
    printf("heavytail %s %s\n    %s\n\n", command->name, command->usage, command->help);
    for (const char *at = command->usage; ht_usage_next(&at, &word);)
        if (word.info && !told[word.info - options]) {
            for (int i = 0; i < HT_OPTIONS_COMMON;
                 i++) /* a common one of this name means something else here */
                if (strcmp(options[i].name, word.info->name) == 0) told[i] = true;
            told[word.info - options] = true;
            printf("  %s %s\n      %s\n", word.text, word.value, word.info->help);
        }
    for (int i = 0; i < HT_OPTIONS_COMMON; i++)
        if (!told[i])
            printf("  %s %s\n      %s\n", options[i].name, options[i].value ? options[i].value : "",
                   options[i].help);
    if (command->topic[0]) printf("\n"), help_topic(command->topic);
}

static void help_overview(void)
{
    size_t count;
    const ht_command_info *commands = ht_commands(&count);
    printf("heavytail - a lab for heavy-tailed SGD: α-stable noise makes wide networks compressible. Watch "
           "it happen.\n\n"
           "Usage: heavytail [SUBCOMMAND] [OPTIONS]\n\n");
    for (size_t i = 0; i < count; i++)
        printf("  %s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].help);
    printf("\nOptions everywhere: --preset P (a name, a .ini path, or a .png made by heavytail), --set "
           "key=value, --key value,\n"
           "--data-dir DIR. `heavytail --version` shows the build. Data files are looked for in --data-dir, "
           "$HEAVYTAIL_DATA,\n"
           "$XDG_DATA_HOME/heavytail. Exit: 0 done, 1 failed, 2 wrong usage, 3 training diverged.\n");
}

int ht_cmd_help(int argc, char **argv)
{
    size_t count;
    ht_error err;
    char names[128] = "";
    if (argc < 2) return help_overview(), 0;
    const ht_command_info *commands = ht_commands(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return help_command(&commands[i]), 0;
    if (help_topic(argv[1])) return 0;
    const ht_topic *topics = ht_topics(&count);
    for (size_t i = 0; i < count; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s, ", topics[i].name);
    ht_error_set(&err, HT_USAGE, "no help on '%.60s'; topics: %sand each subcommand", argv[1], names);
    return ht_app_fail(&err);
}
