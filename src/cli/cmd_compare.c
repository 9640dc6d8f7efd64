/* cmd_compare.c - the methods of compression side by side, without a screen. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/report/built.h"
#include "cli/report/equal_report.h"
#include "cli/commands.h"
#include "session/json.h"
#include "experiment/compare.h"
#include "experiment/results.h"
#include "experiment/methods.h"
#include "session/session.h"
#include "sweep/sweep.h"
#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "params/preset.h"
#include "render/snapshot.h"

static const char *const stages[] = {"waiting", "running", "done", "diverged", "stopped"};

/* ---- results ---- */

static json_t *curve_json(const ht_method_state *method)
{
    json_t *curve = json_array();
    for (int i = 0; i < method->points; i++) {
        const ht_prune_point *p = &method->curve[i];
        json_array_append_new(curve, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "kept",
                                               ht_json_number(p->weights), "multiply_adds",
                                               ht_json_number(p->compute), "ratio", ht_json_number(p->ratio),
                                               "error", ht_json_number(p->error), "accuracy",
                                               ht_json_number(p->accuracy), "loss", ht_json_number(p->loss)));
    }
    return curve;
}

/* Parameters needed for -1 point: the median of the seeds, and each. */
static json_t *needed_json(const ht_compare_state *s, const ht_method_state *method)
{
    ht_method_need need = ht_method_need_of(method);
    json_t *seeds = json_array();
    for (int i = 0; i < s->seeds; i++) {
        const ht_method_seed *seed = &method->seed[i];
        bool known = seed->stage == HT_METHOD_DONE;
        json_array_append_new(
            seeds, json_pack("{s:I, s:s, s:o, s:o}", "seed", (json_int_t)s->train_seed[i], "status",
                             stages[seed->stage], "share", known ? ht_json_number(seed->kept) : json_null(),
                             "test_accuracy", known ? ht_json_number(seed->accuracy) : json_null()));
    }
    return json_pack("{s:o, s:o, s:b, s:o}", "share", ht_json_number(need.kept), "parameters",
                     isfinite(need.parameters) ? json_integer((json_int_t)need.parameters) : json_null(),
                     "reached", need.reached, "seeds", seeds);
}

/* Every number over the same seeds. */
static json_t *spreads_json(const ht_method_state *method)
{
    static const char *const names[HT_METHOD_NUMBERS] = {
        "test_accuracy", "test_loss", "share", "multiply_adds", "kappa", "above_1e-4", "rows"};
    json_t *spreads = json_object();
    for (int i = 0; i < HT_METHOD_NUMBERS; i++) {
        ht_method_spread s = ht_method_spread_of(method, (ht_method_number)i);
        json_object_set_new(spreads, names[i],
                            json_pack("{s:I, s:o, s:[o, o], s:[o, o]}", "seeds", (json_int_t)s.seeds,
                                      "median", ht_json_number(s.median), "quartiles", ht_json_number(s.low),
                                      ht_json_number(s.high), "range", ht_json_number(s.least),
                                      ht_json_number(s.greatest)));
    }
    return spreads;
}

static json_t *method_json(const ht_compare_state *s, int number)
{
    const ht_method_state *method = &s->method[number];
    ht_params params;
    ht_method_params(number, &s->params, s->samples, &params);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "method", method->name, "title",
                               method->title, "status", stages[method->stage], "pruned_by",
                               ht_prune_at(method->pruning)->name, "params", ht_json_params(&params), "train",
                               ht_json_score(&method->train), "test", ht_json_score(&method->test));
    json_object_set_new(object, "kept", ht_json_number(method->kept));
    json_object_set_new(object, "multiply_adds", ht_json_number(method->compute));
    json_object_set_new(object, "needed", needed_json(s, method));
    json_object_set_new(object, "diverged", json_integer(ht_method_need_of(method).diverged));
    json_object_set_new(object, "over_seeds", spreads_json(method));
    json_object_set_new(object, "kappa", ht_json_number(method->kappa));
    json_object_set_new(object, "above_1e-4", ht_json_number(method->above_1e4));
    json_object_set_new(object, "rows", ht_json_number(method->rows));
    json_object_set_new(object, "eta_over_b", ht_json_number(method->eta_over_b));
    json_object_set_new(object, "curve", curve_json(method));
    return object;
}

static ht_code print_json(const ht_compare_state *s, ht_error *err)
{
    json_t *methods = json_array();
    for (int i = 0; i < s->count; i++) json_array_append_new(methods, method_json(s, i));
    json_t *root = json_pack("{s:i, s:s, s:b, s:i, s:o}", "schema", 2, "preset", s->params.preset, "stopped",
                             s->stopped, "seeds", s->seeds, "methods", methods);
    return ht_json_print(root, err);
}

/* "0.312 %", "not reached" where the first removal costs more than a point. */
static void say_need(const ht_method_state *r, char *to, size_t size)
{
    ht_method_need need = ht_method_need_of(r);
    ht_text_copy(to, size, isnan(need.kept) ? "diverged" : "not reached");
    if (need.reached) snprintf(to, size, "%.3f %%", 100 * need.kept);
}

/* A number in a column of so many characters; a dash where there is none. */
static void print_number(int width, int digits, double value, const char *unit)
{
    if (isfinite(value) && fabs(value) >= 1e5)
        printf(" %*.2e%s", width - (int)strlen(unit), value, unit);
    else if (isfinite(value))
        printf(" %*.*f%s", width - (int)strlen(unit), digits, value, unit);
    else
        printf(" %*s", width, "-");
}

/* Whose numbers they are, where runs diverged. */
static void print_diverged(const ht_method_need *need)
{
    if (need->diverged > 0 && need->diverged < need->seeds)
        printf("  %d of %d seeds diverged, left out", need->diverged, need->seeds);
    else if (need->diverged > 1)
        printf("  all %d seeds diverged: of their last finite weights", need->seeds);
    else if (need->diverged > 0)
        printf("  diverged: of its last finite weights");
}

/* Medians over the same seeds; which is the value where there is one seed. */
static void print_row(const ht_method_state *r)
{
    char text[24];
    double of[HT_METHOD_NUMBERS];
    ht_method_need need = ht_method_need_of(r);
    for (int i = 0; i < HT_METHOD_NUMBERS; i++) of[i] = ht_method_spread_of(r, (ht_method_number)i).median;
    say_need(r, text, sizeof text);
    printf("  %-12s", r->name);
    print_number(13, 4, of[HT_METHOD_ACCURACY], "");
    print_number(8, 4, of[HT_METHOD_LOSS], "");
    printf(" %15s   %-9s", text, ht_prune_at(r->pruning)->name);
    print_number(9, 3, of[HT_METHOD_KAPPA], "");
    print_number(12, 2, 100 * of[HT_METHOD_ABOVE], " %");
    print_number(8, 3, of[HT_METHOD_ROWS], "");
    printf(" %9.2g", r->eta_over_b);
    print_diverged(&need);
    printf("\n");
}

static void print_table(const ht_compare_state *s)
{
    char title[64];
    ht_preset_title(&s->params, title, sizeof title);
    printf("%s: the same network and samples, %d run%s a method%s\n\n", title, s->seeds,
           s->seeds > 1 ? "s" : "",
           s->seeds > 1 ? "; every number is the median of the seeds that did not diverge" : "");
    printf("  method       test accuracy     loss   kept at -0.01   pruned by   κ nodes   above 1e-4   rows "
           "α̂       "
           "η/b\n");
    for (int i = 0; i < s->count; i++) {
        const ht_method_state *r = &s->method[i];
        if (r->stage == HT_METHOD_DONE || r->stage == HT_METHOD_DIVERGED)
            print_row(r);
        else
            printf("  %-12s %13s\n", r->name, stages[r->stage]);
    }
    printf("\n"
           "  Accuracy and loss are those of the weights after the last step, which noise may just have "
           "thrown off.\n"
           "  kept at -0.01: the share of the parameters down to which the test accuracy stays within 0.01 "
           "of the\n"
           "  same whole network's. A neuron or filter (node) takes its row of weights and what reads it "
           "along.\n"
           "  κ nodes: the share of the neurons and filters that go at relative error %g, whatever the "
           "accuracy. The two "
           "need "
           "not agree:\n"
           "  neurons that are all alike (plain SGD) have a small κ, and yet accuracy may stay while many of "
           "them "
           "go; noise\n"
           "  makes few of them large, and κ too, and accuracy may fall at a smaller error of the weights.\n",
           ht_params_get(&s->params, HT_P_PRUNE_ERROR));
}

static ht_code draw(const ht_compare_state *s, const ht_dataset *data, const char *path, ht_error *err)
{
    ht_model *model = ht_alloc(1, sizeof *model, "the picture", err);
    if (!model) return err->code;
    ht_model_init(model, &s->params, data->inputs, data->classes, data->title);
    ht_built_line(model->footer, sizeof model->footer);
    model->compare = *s;
    model->view = HT_VIEW_COMPARE;
    ht_snapshot_options options = {.theme = ht_snapshot_theme(&s->params)};
    ht_code code = ht_snapshot_write(path, model, &options, err);
    ht_model_clear(model);
    ht_free(model);
    return code;
}

/* ---- running ---- */

static void show_progress(const ht_compare_state *s)
{
    double done = 0;
    for (int i = 0; i < s->count; i++) done += fmod(s->method[i].fraction, 1); /* of those in training */
    fprintf(stderr, "\r%d of %d %s, %.0f %%   %s", s->done, s->wanted, s->seeds > 1 ? "runs" : "methods",
            100 * (s->done + done) / s->wanted, s->running ? "" : "\n");
}

static void follow(ht_compare *compare, ht_compare_state *state)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    bool tell = isatty(STDERR_FILENO);
    do {
        nanosleep(&pause, NULL);
        if (ht_interrupted()) ht_compare_stop(compare);
        ht_compare_look(compare, state);
        if (tell) show_progress(state);
    } while (state->running);
}

static ht_code compare(const ht_compare_plan *plan, const ht_dataset *data, const char *png, bool json,
                       ht_error *err)
{
    ht_compare_state *state = ht_alloc(1, sizeof *state, "the comparison", err);
    ht_compare *c = state ? ht_compare_start(plan, data, ht_app_threads(), err) : NULL;
    ht_code code = c ? HT_OK : HT_FAIL;
    if (c) follow(c, state);
    ht_compare_free(c);
    if (code == HT_OK && state->fault[0]) code = ht_error_set(err, HT_FAIL, "%s", state->fault);
    if (code == HT_OK && png) code = draw(state, data, png, err);
    if (code == HT_OK && json) code = print_json(state, err);
    if (code == HT_OK && !json) print_table(state);
    ht_free(state);
    return code;
}

static ht_code find_pruning(const char *name, ht_prune_method *pruning, ht_error *err)
{
    ht_params params;
    ht_params_init(&params);
    if (ht_params_set(&params, "prune.method", name, err) != HT_OK) return ht_error_prefix(err, "--method");
    *pruning = (ht_prune_method)ht_params_get(&params, HT_P_PRUNE_METHOD);
    return HT_OK;
}

static ht_code find_seeds(const char *text, ht_compare_plan *plan, ht_error *err)
{
    ht_grid grid = {0};
    ht_params_init(&grid.base);
    ht_code code = ht_grid_seeds(&grid, text, err);
    const ht_vary *seeds = &grid.axis[0];
    if (code == HT_OK && seeds->count > HT_METHOD_SEEDS)
        code = ht_error_set(err, HT_USAGE, "--seeds %.40s: a comparison has at most %d seeds", text,
                            HT_METHOD_SEEDS);
    for (int i = 0; code == HT_OK && i < seeds->count; i++)
        plan->seed[plan->seeds++] = strtod(seeds->value[i], NULL);
    ht_grid_free(&grid);
    return code;
}

/* The settings are there; what else was asked for of the comparison. */
static ht_code make_plan(ht_compare_plan *plan, const char *seeds, const char *pruning_name,
                         ht_prune_method *pruning, ht_error *err)
{
    if (pruning_name && find_pruning(pruning_name, pruning, err) != HT_OK) return err->code;
    if (pruning_name) plan->pruning = pruning;
    if (seeds) return find_seeds(seeds, plan, err);
    plan->seed[plan->seeds++] = ht_params_get(&plan->common, HT_P_TRAIN_SEED);
    return HT_OK;
}

int ht_cmd_compare(int argc, char **argv)
{
    const char *steps = NULL, *png = NULL, *pruning_name = NULL, *seeds = NULL;
    bool json = false, equal = false;
    const ht_option options[] = {{"--equal-size", NULL, &equal}, {"--steps", &steps, NULL},
                                 {"--data", HT_SETS_DATA},       {"--method", &pruning_name, NULL},
                                 {"--png", &png, NULL},          {"--seeds", &seeds, NULL},
                                 {"--json", NULL, &json},        {NULL, NULL, NULL}};
    ht_prune_method pruning;
    ht_compare_plan plan = {0};
    ht_arguments args = {0};
    ht_dataset *data = NULL;
    ht_error err;
    ht_interrupt_listen();
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && steps) code = ht_arguments_add(&args, "train.steps", steps, &err);
    if (code == HT_OK) code = ht_arguments_params(&args, &plan.common, &err);
    if (code == HT_OK) code = make_plan(&plan, seeds, pruning_name, &pruning, &err);
    if (code == HT_OK && equal && png)
        code = ht_error_set(&err, HT_USAGE, "compare: --equal-size is a table: leave --png out");
    if (code == HT_OK) data = ht_data_open(&plan.common, args.data_dir, &err);
    ht_data_tell(data);
    if (code == HT_OK && !data) code = err.code;
    if (code == HT_OK && data && equal)
        code = ht_equal_report(&plan, data, json, &err);
    else if (code == HT_OK && data)
        code = compare(&plan, data, png, json, &err);
    ht_dataset_free(data);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
