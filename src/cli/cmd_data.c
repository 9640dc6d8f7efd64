/* cmd_data.c - the data sets there are, what one of them holds and how it was read, and one written for other
 * programs as it is trained on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/report/data_report.h"
#include "session/arguments.h"
#include "session/data_options.h"
#include "base/file.h"
#include "data/write.h"
#include "heavytail/dataset.h"

enum { PATH = 4096 };

static int list_data(void)
{
    size_t count;
    const ht_dataset_info *table = ht_dataset_table(&count);
    for (size_t i = 0; i < count; i++)
        printf("%-14s %-51s %s\n", table[i].name, table[i].title, table[i].shape);
    return 0;
}

/* Of the report; free. */
static char *json_text(const ht_dataset *data, ht_error *err)
{
    json_t *root = ht_data_report_json(data);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(root);
    if (!text) ht_error_set(err, HT_FAIL, "not enough memory for the JSON");
    return text;
}

static ht_code print_info(const ht_dataset *data, bool json, ht_error *err)
{
    if (!json) {
        ht_data_report_print(data);
        return HT_OK;
    }
    char *text = json_text(data, err);
    if (!text) return HT_FAIL;
    puts(text);
    free(text);
    return HT_OK;
}

/* The arrays, and beside them columns.json, which says what their columns are. */
static ht_code export(const ht_dataset *data, const char *dir, ht_error *err)
{
    char path[PATH];
    if (ht_file_join(path, sizeof path, dir, "columns.json", err) != HT_OK) return err->code;
    if (ht_dataset_write_npy(data, dir, err) != HT_OK) return err->code;
    char *text = json_text(data, err);
    if (!text) return HT_FAIL;
    ht_code code = ht_file_write(path, text, strlen(text), err);
    free(text);
    if (code == HT_OK)
        printf("%s: X_train.npy (%zu × %d), y_train.npy, X_test.npy (%zu × %d), y_test.npy, columns.json\n",
               dir, data->train.count, data->inputs, data->test.count, data->inputs);
    return code;
}

static ht_code check_words(const ht_arguments *args, const char *dir, bool json, bool *exports, ht_error *err)
{
    *exports = args->word_count == 2 && strcmp(args->words[0], "export") == 0;
    bool info = args->word_count == 2 && strcmp(args->words[0], "info") == 0;
    if (!info && !*exports)
        return ht_error_set(err, HT_USAGE, "data: give `list`, `info NAME` or `export NAME --npy DIR`");
    if (*exports && !dir)
        return ht_error_set(err, HT_USAGE, "data export: say where to write, as in --npy DIR");
    if (*exports && json) return ht_error_set(err, HT_USAGE, "data export: --json is for `data info`");
    if (info && dir) return ht_error_set(err, HT_USAGE, "data info: --npy is for `data export`");
    return HT_OK;
}

int ht_cmd_data(int argc, char **argv)
{
    const char *dir = NULL;
    bool json = false, exports;
    const ht_option options[] = {{"--json", NULL, &json}, {"--npy", &dir, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 2};
    ht_error err;
    ht_params params;
    if (ht_arguments_parse(&args, argc, argv, options, &err) != HT_OK) return ht_app_fail(&err);
    if ((args.word_count == 0 || (args.word_count == 1 && strcmp(args.words[0], "list") == 0)) && !dir &&
        !json)
        return list_data();
    if (check_words(&args, dir, json, &exports, &err) != HT_OK) return ht_app_fail(&err);
    ht_params_init(&params);
    if (ht_arguments_sets(&args, &params, &err) != HT_OK) return ht_app_fail(&err);
    ht_data_options how = ht_data_options_of(&params, args.data_dir);
    ht_dataset *data = ht_dataset_load(args.words[1], &how, &err);
    if (!data) return ht_app_fail(&err);
    ht_data_tell(data);
    ht_code code = exports ? export(data, dir, &err) : print_info(data, json, &err);
    ht_dataset_free(data);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
