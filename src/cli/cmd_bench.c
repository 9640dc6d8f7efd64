/* cmd_bench.c - speed in ratios of one run. The parts are in bench_*.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "bench/bench.h"
#include "kernel/kernel.h"
#include "num/linalg.h"

static const ht_bench_part *const parts[] = {
    &ht_bench_noise, &ht_bench_step, &ht_bench_tail, &ht_bench_law,     &ht_bench_prune,
    &ht_bench_sweep, &ht_bench_ui,   &ht_bench_live, &ht_bench_quality,
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static ht_code unknown_part(const char *wanted, ht_error *err)
{
    char names[200] = "";
    for (int i = 0; i < PARTS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s, ", parts[i]->name);
    return ht_error_set(err, HT_USAGE, "bench: no part '%.40s'; one of %sall", wanted, names);
}

static ht_code run_parts(const char *wanted, json_t *root, ht_error *err)
{
    int found = 0;
    for (int i = 0; i < PARTS; i++) {
        if (strcmp(wanted, "all") != 0 && strcmp(wanted, parts[i]->name) != 0) continue;
        json_t *rows = parts[i]->single ? json_object() : json_array();
        json_object_set_new(root, parts[i]->name, rows);
        if (parts[i]->run(rows, err) != HT_OK) return err->code;
        found++;
    }
    return found ? HT_OK : unknown_part(wanted, err);
}

static void print_tables(const json_t *root)
{
    for (int i = 0; i < PARTS; i++) {
        const json_t *rows = json_object_get(root, parts[i]->name);
        if (!rows) continue;
        parts[i]->print(rows);
        putchar('\n');
    }
    printf("%s, core %s; kernels %s; %d threads; medians\n", ht_linalg_library(), ht_linalg_core(),
           ht_kernel()->isa, ht_app_threads());
}

static ht_code take_samples(const char *text, ht_error *err)
{
    double number;
    if (!ht_parse_number(text, &number) || number < 1 || number > 1e6 || number != floor(number))
        return ht_error_set(err, HT_USAGE, "--samples %.40s: give a whole number from 1 to 1000000", text);
    ht_bench_quality_samples((int)number);
    return HT_OK;
}

int ht_cmd_bench(int argc, char **argv)
{
    bool json = false, quick = false;
    const char *samples = NULL;
    const ht_option options[] = {{"--json", NULL, &json},
                                 {"--samples", &samples, NULL},
                                 {"--quick", NULL, &quick},
                                 {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    json_t *root = json_object();
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && samples) code = take_samples(samples, &err);
    if (quick) ht_bench_live_quick();
    if (code == HT_OK) code = run_parts(args.word_count ? args.words[0] : "all", root, &err);
    if (code == HT_OK && json) {
        json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else if (code == HT_OK) {
        print_tables(root);
    }
    json_decref(root);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
