#include "cli/commands.h"
#include "sweep/sweep_table.h"

/* The results go out first: a picture that cannot be drawn takes nothing from them. */
static ht_code show(ht_table *table, const char *format, bool limit, bool regime, const char *png,
                    const char *theme, ht_error *err)
{
    if (limit && ht_table_limit(table, err) != HT_OK) return err->code;
    if (ht_table_print(table, format, regime, stdout, err) != HT_OK) return err->code;
    return png ? ht_table_draw(table, png, theme, err) : HT_OK;
}

int ht_cmd_table(int argc, char **argv)
{
    const char *format = "text", *png = NULL, *theme = "light";
    bool limit = false, regime = false;
    const ht_option options[] = {{"--format", &format, NULL}, {"--png", &png, NULL},
                                 {"--theme", &theme, NULL},   {"--limit", NULL, &limit},
                                 {"--regime", NULL, &regime}, {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_table table = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && args.word_count != 1)
        code = ht_error_set(&err, HT_USAGE, "table: give the directory of a sweep (its --out)");
    if (code == HT_OK) code = ht_table_load(&table, args.words[0], &err);
    if (code == HT_OK) code = show(&table, format, limit, regime, png, theme, &err);
    ht_table_free(&table);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
