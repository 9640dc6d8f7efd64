/* cmd_info.c - the subcommands that only tell: presets, data, help. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/tail_report.h"
#include "base/alloc.h"
#include "base/text.h"
#include "heavytail/dataset.h"
#include "params/preset.h"
#include "view/keymap.h"

static const ht_option no_options[] = {{NULL, NULL, NULL}};

int ht_cmd_presets(int argc, char **argv)
{
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    ht_params params;
    if (ht_arguments_parse(&args, argc, argv, no_options, &err) != HT_OK) return ht_app_fail(&err);
    if (args.word_count == 0) {
        char name[64], title[128];
        for (int i = 0; ht_preset_embedded(i, name, sizeof name, title, sizeof title); i++)
            printf("%-21s %s\n", name, title);
        return 0;
    }
    size_t size;
    const char *text = ht_preset_text(args.words[0], &size);
    if (text) {
        fwrite(text, 1, size, stdout); /* main tells when it could not be written */
        return 0;
    }
    /* Not compiled in: the user's own, shown as it takes effect. */
    ht_params_init(&params);
    if (ht_settings_load(&params, args.words[0], &err) != HT_OK) return ht_app_fail(&err);
    char *effective = ht_preset_write(&params, &err);
    if (!effective) return ht_app_fail(&err);
    fputs(effective, stdout);
    ht_free(effective);
    return 0;
}

static int list_data(void)
{
    size_t count;
    const ht_dataset_info *table = ht_dataset_table(&count);
    for (size_t i = 0; i < count; i++)
        printf("%-14s %-48s %s\n", table[i].name, table[i].title, table[i].shape);
    return 0;
}

static void print_part(const ht_dataset *data, const char *name, const ht_samples *part)
{
    char total[32];
    ht_format_grouped(total, sizeof total, (long long)part->count);
    printf("%-8s %s samples:", name, total);
    for (int c = 0; c < data->classes; c++) {
        size_t count = 0;
        for (size_t i = 0; i < part->count; i++) count += part->labels[i] == c;
        printf(" %s %zu%s", data->class_names[c], count, c + 1 < data->classes ? "," : "\n");
    }
}

int ht_cmd_data(int argc, char **argv)
{
    ht_arguments args = {.word_limit = 2};
    ht_error err;
    if (ht_arguments_parse(&args, argc, argv, no_options, &err) != HT_OK) return ht_app_fail(&err);
    if (args.word_count == 0 || (args.word_count == 1 && strcmp(args.words[0], "list") == 0))
        return list_data();
    if (args.word_count != 2 || strcmp(args.words[0], "info") != 0) {
        ht_error_set(&err, HT_USAGE, "data: give `list` or `info NAME`");
        return ht_app_fail(&err);
    }
    ht_dataset *data = ht_dataset_load(args.words[1], args.data_dir, 1, 0, 0, &err);
    if (!data) return ht_app_fail(&err);
    printf("%-8s %s\n%-8s %d", data->name, data->title, "inputs", data->inputs);
    if (data->width > 0)
        printf(" (%d × %d pixels, standardized with mean %g, std %g)", data->width, data->height,
               (double)data->mean, (double)data->std);
    printf("\n%-8s %d\n", "classes", data->classes);
    print_part(data, "train", &data->train);
    print_part(data, "test", &data->test);
    ht_dataset_free(data);
    return 0;
}

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
    const ht_command_info *commands = ht_commands(&count);
    ht_error err;
    if (argc < 2) return help_overview(), 0;
    if (strcmp(argv[1], "params") == 0) return help_params(), 0;
    if (strcmp(argv[1], "keys") == 0) return help_keys(), 0;
    if (strcmp(argv[1], "estimators") == 0) return help_estimators(), 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            printf("heavytail %s %s\n    %s\n", commands[i].name, commands[i].usage, commands[i].help);
            if (commands[i].run == ht_cmd_tail) printf("\n"), help_estimators();
            return 0;
        }
    ht_error_set(&err, HT_USAGE, "no help on '%.60s'; topics: params, keys, estimators, and each subcommand",
                 argv[1]);
    return ht_app_fail(&err);
}
