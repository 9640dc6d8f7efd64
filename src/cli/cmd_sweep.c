/* cmd_sweep.c - `heavytail sweep`: from the command line to a plan, then list it, run a cell of it, or all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "sweep/sweep.h"
#include "base/alloc.h"
#include "base/text.h"

typedef struct options {
    const char *file, *seeds, *vary, *out, *jobs, *cell;
    bool list, count, quiet;
} options;

/* ---- the plan ---------------------------------------------------------------------------------- */

/* Calls ht_grid_vary for every --vary; the options were checked before. */
static ht_code take_varies(ht_grid *grid, int argc, char **argv, ht_error *err)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--vary") == 0 && ht_grid_vary(grid, argv[++i], err) != HT_OK) return err->code;
    return HT_OK;
}

static ht_code plan_from_line(ht_plan *plan, const ht_arguments *args, const options *o, int argc,
                              char **argv, ht_error *err)
{
    plan->grid = ht_alloc(1, sizeof *plan->grid, "the sweep", err);
    if (!plan->grid) return err->code;
    plan->count = 1;
    ht_grid *grid = plan->grid;
    if (ht_arguments_params(args, &grid->base, err) != HT_OK) return err->code;
    if (take_varies(grid, argc, argv, err) != HT_OK) return err->code;
    if (o->seeds && ht_grid_seeds(grid, o->seeds, err) != HT_OK) return err->code;
    return ht_grid_finish(grid, err);
}

static ht_code make_plan(ht_plan *plan, const ht_arguments *args, const options *o, int argc, char **argv,
                         ht_error *err)
{
    if (!o->out && !o->count)
        return ht_error_set(err, HT_USAGE, "sweep: give a directory for the results: --out DIR");
    if (!o->file && !o->vary && !o->seeds)
        return ht_error_set(err, HT_USAGE,
                            "sweep: nothing varies; give --vary key=v1,v2,…, --seeds or --file");
    if (o->file && o->vary)
        return ht_error_set(err, HT_USAGE, "--vary stands beside --file, which says itself what varies");
    if (o->file) return ht_plan_load(plan, o->file, args, o->seeds, err);
    return plan_from_line(plan, args, o, argc, argv, err);
}

/* ---- commands of cells ------------------------------------------------------------------------- */

/* The words that make the plan: all but --list, --cell K, --jobs J and --quiet. NULL-terminated; ht_free. */
static char **plan_words(int argc, char **argv, ht_error *err)
{
    char **words = ht_alloc((size_t)argc + 2, sizeof *words, "the command", err);
    int count = 0;
    if (!words) return NULL;
    words[count++] = program_invocation_name;
    for (int i = 0; i < argc; i++) {
        bool pair = i > 0 && (strcmp(argv[i], "--cell") == 0 || strcmp(argv[i], "--jobs") == 0);
        bool single = i > 0 && (strcmp(argv[i], "--list") == 0 || strcmp(argv[i], "--quiet") == 0);
        if (pair) i++;
        if (!pair && !single) words[count++] = argv[i];
    }
    return words;
}

/* As a shell reads it back. */
static void add_quoted(ht_text *line, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,=+-_/:@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        ht_text_add(line, "%s ", word);
        return;
    }
    ht_text_add_bytes(line, "'", 1);
    for (; *word; word++) {
        if (*word == '\'')
            ht_text_add(line, "'\\''");
        else
            ht_text_add_bytes(line, word, 1);
    }
    ht_text_add(line, "' ");
}

static ht_code list_cells(const ht_plan *plan, char *const words[], ht_error *err)
{
    ht_text line = {0};
    for (; *words; words++) add_quoted(&line, *words);
    int cells = line.failed ? 0 : ht_plan_cells(plan);
    for (int number = 1; number <= cells; number++) printf("%s--cell %d\n", line.data, number);
    ht_text_free(&line);
    return cells ? HT_OK : ht_error_set(err, HT_FAIL, "not enough memory to list the cells");
}

static ht_code print_count(const ht_plan *plan)
{
    printf("%d\n", ht_plan_cells(plan));
    return HT_OK;
}

/* ---- running ----------------------------------------------------------------------------------- */

static ht_code parse_count(const char *name, const char *text, int most, int *value, ht_error *err)
{
    double number = 0;
    if (ht_parse_number(text, &number) && number >= 1 && number <= most && number == (int)number)
        return *value = (int)number, HT_OK;
    return ht_error_set(err, HT_USAGE, "%s %.40s: give a whole number from 1 to %d", name, text, most);
}

static ht_code run_all(const ht_plan *plan, const options *o, char **words, ht_error *err)
{
    int cores = ht_app_threads(), jobs = cores;
    if (o->jobs && parse_count("--jobs", o->jobs, 1024, &jobs, err) != HT_OK) return err->code;
    int threads = cores / jobs > 1 ? cores / jobs : 1;
    ht_sweep_run run = {plan, o->out, words, jobs, threads, o->quiet};
    return ht_sweep_run_all(&run, err);
}

static ht_code run_one(const ht_plan *plan, const options *o, const char *data_dir, ht_error *err)
{
    int number = 0, cells = ht_plan_cells(plan);
    if (parse_count("--cell", o->cell, cells, &number, err) != HT_OK) return err->code;
    return ht_sweep_run_cell(plan, number, o->out, data_dir, err);
}

int ht_cmd_sweep(int argc, char **argv)
{
    options o = {0};
    const ht_option table[] = {
        {"--vary", &o.vary, NULL}, {"--seeds", &o.seeds, NULL}, {"--file", &o.file, NULL},
        {"--out", &o.out, NULL},   {"--jobs", &o.jobs, NULL},   {"--cell", &o.cell, NULL},
        {"--list", NULL, &o.list}, {"--count", NULL, &o.count}, {"--quiet", NULL, &o.quiet},
        {"--data", HT_SETS_DATA},  {NULL, NULL, NULL}};
    ht_arguments args = {0};
    ht_plan plan = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, table, &err);
    if (code == HT_OK) code = make_plan(&plan, &args, &o, argc, argv, &err);
    char **words = code == HT_OK ? plan_words(argc, argv, &err) : NULL;
    if (code == HT_OK && !words) code = err.code;
    if (code == HT_OK)
        code = o.count  ? print_count(&plan)
               : o.list ? list_cells(&plan, words, &err)
               : o.cell ? run_one(&plan, &o, args.data_dir, &err)
                        : run_all(&plan, &o, words, &err);
    ht_free((void *)words);
    ht_plan_free(&plan);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
