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
    &ht_bench_noise, &ht_bench_step, &ht_bench_layers, &ht_bench_tail,    &ht_bench_law,   &ht_bench_prune,
    &ht_bench_sweep, &ht_bench_ui,   &ht_bench_live,   &ht_bench_quality, &ht_bench_width,
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

static ht_code take_count(const char *option, const char *text, int *count, ht_error *err)
{
    double number;
    if (!ht_parse_number(text, &number) || number < 1 || number > 1e6 || number != floor(number))
        return ht_error_set(err, HT_USAGE, "%s %.40s: give a whole number from 1 to 1000000", option, text);
    *count = (int)number;
    return HT_OK;
}

static ht_code take_seeds(const char *text, ht_error *err)
{
    int first, last;
    char rest;
    int found = sscanf(text, "%9d..%9d%c", &first, &last, &rest);
    if (found == 1 && strspn(text, "0123456789") == strlen(text)) last = first, found = 2;
    if (found != 2 || first < 0 || last < first)
        return ht_error_set(err, HT_USAGE, "--seeds %.40s: give FIRST..LAST, as in 1..20", text);
    ht_bench_width_seeds(first, last - first + 1);
    return HT_OK;
}

typedef struct asked {
    bool json, quick;
    const char *samples, *seeds, *runs, *row;
} asked;

static ht_code take(const asked *o, ht_error *err)
{
    int samples = 0, runs = 0, row = 0;
    if (o->quick) ht_bench_live_quick();
    if (o->row) {
        if (take_count("--row", o->row, &row, err) != HT_OK) return err->code;
        if (row > 2) return ht_error_set(err, HT_USAGE, "--row %d: bench live has rows 1 and 2", row);
        ht_bench_live_row(row);
    }
    if (o->samples) {
        if (take_count("--samples", o->samples, &samples, err) != HT_OK) return err->code;
        ht_bench_quality_samples(samples);
    }
    if (o->runs) {
        if (take_count("--runs", o->runs, &runs, err) != HT_OK) return err->code;
        ht_bench_width_runs(runs);
    }
    return o->seeds ? take_seeds(o->seeds, err) : HT_OK;
}

int ht_cmd_bench(int argc, char **argv)
{
    asked o = {0};
    const ht_option options[] = {{"--json", NULL, &o.json},   {"--samples", &o.samples, NULL},
                                 {"--seeds", &o.seeds, NULL}, {"--runs", &o.runs, NULL},
                                 {"--quick", NULL, &o.quick}, {"--row", &o.row, NULL},
                                 {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    json_t *root = json_object();
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK) code = take(&o, &err);
    if (code == HT_OK) code = run_parts(args.word_count ? args.words[0] : "all", root, &err);
    if (code == HT_OK && o.json) {
        json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else if (code == HT_OK) {
        print_tables(root);
    }
    json_decref(root);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
