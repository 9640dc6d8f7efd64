#include "cli/report/equal_report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "cli/progress.h"
#include "experiment/equal_size.h"
#include "num/summary.h"
#include "params/preset.h"
#include "session/arguments.h"
#include "session/json.h"

typedef struct results {
    ht_params params;
    int seeds;
    double seed[HT_METHOD_SEEDS];
    ht_equal_network found[HT_METHOD_SEEDS][HT_EQUALS];
} results;

/* ---- over the seeds ---- */

typedef double number_of(const ht_equal_network *n);

static double accuracy(const ht_equal_network *n)
{
    return n->accuracy;
}

static double loss(const ht_equal_network *n)
{
    return n->loss;
}

static double share(const ht_equal_network *n)
{
    return n->weights / n->of;
}

static double multiply_adds(const ht_equal_network *n)
{
    return n->multiply_adds;
}

static double training(const ht_equal_network *n)
{
    return n->training;
}

/* Of the seeds whose run did not diverge; with `less`: Occam's of the same seed taken away. */
static ht_summary summary(const results *r, ht_equal e, number_of *number, bool less)
{
    double value[HT_METHOD_SEEDS];
    size_t count = 0;
    for (int s = 0; s < r->seeds; s++) {
        const ht_equal_network *n = &r->found[s][e], *occam = &r->found[s][HT_EQUAL_OCCAM];
        if (!n->there || n->diverged || (less && occam->diverged)) continue;
        value[count++] = number(n) - (less ? number(occam) : 0);
    }
    return ht_summarize(value, count);
}

static bool is_there(const results *r, ht_equal e)
{
    for (int s = 0; s < r->seeds; s++)
        if (r->found[s][e].there) return true;
    return false;
}

/* ---- JSON ---- */

static json_t *network_json(const ht_equal_network *n)
{
    if (!n->there) return json_null();
    return json_pack("{s:b, s:I, s:o, s:o, s:o, s:o, s:o}", "diverged", n->diverged, "weights",
                     (json_int_t)n->weights, "share", ht_json_number(share(n)), "multiply_adds",
                     ht_json_number(n->multiply_adds), "test_accuracy", ht_json_number(n->accuracy),
                     "test_loss", ht_json_number(n->loss), "training", ht_json_number(n->training));
}

static json_t *summary_json(ht_summary s)
{
    return json_pack("{s:I, s:o, s:[o, o]}", "seeds", (json_int_t)s.count, "median", ht_json_number(s.median),
                     "quartiles", ht_json_number(s.low), ht_json_number(s.high));
}

static json_t *over_seeds_json(const results *r, ht_equal e)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "share", summary_json(summary(r, e, share, false)),
        "multiply_adds", summary_json(summary(r, e, multiply_adds, false)), "test_accuracy",
        summary_json(summary(r, e, accuracy, false)), "test_loss", summary_json(summary(r, e, loss, false)),
        "training", summary_json(summary(r, e, training, false)), "accuracy_over_occam",
        summary_json(summary(r, e, accuracy, true)), "loss_over_occam",
        summary_json(summary(r, e, loss, true)));
}

static ht_code print_json(const results *r, ht_error *err)
{
    json_t *networks = json_array(), *seeds = json_array();
    for (int s = 0; s < r->seeds; s++) json_array_append_new(seeds, json_integer((json_int_t)r->seed[s]));
    for (int e = 0; e < HT_EQUALS; e++) {
        json_t *runs = json_array();
        if (!is_there(r, (ht_equal)e)) {
            json_decref(runs);
            continue;
        }
        for (int s = 0; s < r->seeds; s++) json_array_append_new(runs, network_json(&r->found[s][e]));
        json_array_append_new(networks,
                              json_pack("{s:s, s:s, s:o, s:o}", "network", ht_equal_name((ht_equal)e),
                                        "title", ht_equal_title((ht_equal)e), "over_seeds",
                                        over_seeds_json(r, (ht_equal)e), "runs", runs));
    }
    json_t *root = json_pack("{s:i, s:s, s:o, s:o, s:o}", "schema", 1, "preset", r->params.preset, "params",
                             ht_json_params(&r->params), "seeds", seeds, "equal_size", networks);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the results");
    puts(text); /* main tells when it could not be written */
    free(text);
    return HT_OK;
}

/* ---- text ---- */

/* "0.9712 (0.9701 to 0.9720)"; of one seed the value alone. */
static void say(char *to, size_t size, int digits, ht_summary s)
{
    if (s.count == 0)
        ht_text_copy(to, size, "-");
    else if (s.count == 1)
        snprintf(to, size, "%.*f", digits, s.median);
    else
        snprintf(to, size, "%.*f (%.*f to %.*f)", digits, s.median, digits, s.low, digits, s.high);
}

static void print_row(const results *r, ht_equal e)
{
    char accurate[48], lost[48], title[64];
    int diverged = 0;
    say(accurate, sizeof accurate, 4, summary(r, e, accuracy, false));
    say(lost, sizeof lost, 4, summary(r, e, loss, false));
    ht_text_copy(title, sizeof title, ht_equal_title(e));
    for (int s = 0; s < r->seeds; s++) diverged += r->found[s][e].diverged;
    printf("  %-44s %7.2f %% %10.4g   %-26s %-26s %8.3g", title, 100 * summary(r, e, share, false).median,
           summary(r, e, multiply_adds, false).median, accurate, lost, summary(r, e, training, false).median);
    if (diverged > 0) printf("  %d of %d seeds diverged, left out", diverged, r->seeds);
    putchar('\n');
}

/* How often Occam's is the better one of the same seed. */
static void print_against(const results *r, ht_equal e)
{
    char accurate[64], lost[64];
    int better = 0, lower = 0, pairs = 0;
    for (int s = 0; s < r->seeds; s++) {
        const ht_equal_network *n = &r->found[s][e], *occam = &r->found[s][HT_EQUAL_OCCAM];
        if (!n->there || n->diverged || occam->diverged) continue;
        pairs++, better += occam->accuracy > n->accuracy, lower += occam->loss < n->loss;
    }
    say(accurate, sizeof accurate, 4, summary(r, e, accuracy, true));
    say(lost, sizeof lost, 4, summary(r, e, loss, true));
    printf("  %s, less Occam's of the same seed: accuracy %s, loss %s; Occam's is the more accurate in %d of "
           "%d, "
           "and of lower loss in %d\n",
           ht_equal_name(e), accurate, lost, better, pairs, lower);
}

static void print_table(const results *r)
{
    char title[64];
    ht_preset_title(&r->params, title, sizeof title);
    printf("%s: networks of Occam's size, %d seed%s; pruned by %s, λ0 = %g, rule %s, %g of the samples held "
           "back\n\n"
           "  %-44s %9s %10s   %-26s %-26s %8s\n",
           title, r->seeds, r->seeds > 1 ? "s: medians, and quartiles" : "",
           ht_params_name(&r->params, HT_P_OCCAM_METHOD), ht_params_get(&r->params, HT_P_OCCAM_LAMBDA0),
           ht_params_name(&r->params, HT_P_OCCAM_RULE), ht_params_get(&r->params, HT_P_OCCAM_HOLDOUT),
           "network", "weights", "mult-adds", "test accuracy", "test loss", "training");
    for (int e = 0; e < HT_EQUALS; e++)
        if (is_there(r, (ht_equal)e)) print_row(r, (ht_equal)e);
    putchar('\n');
    for (int e = HT_EQUAL_OCCAM + 1; e < HT_EQUALS; e++)
        if (is_there(r, (ht_equal)e)) print_against(r, (ht_equal)e);
    printf(
        "\n  Each is the network of the epoch whose samples held back had the lowest loss. weights: the "
        "share "
        "that is\n"
        "  not zero, of the same whole network; mult-adds: multiplications with such a weight, of a sample "
        "forward;\n"
        "  training: those of all its steps, three times forward for each sample. Pruned networks are not "
        "trained on.\n");
}

/* ---- running ---- */

static ht_code run(results *r, const ht_compare_plan *plan, const ht_dataset *data, ht_error *err)
{
    ht_pool *pool = ht_pool_new(ht_app_threads(), err);
    ht_code code = pool ? HT_OK : HT_FAIL;
    ht_params common = plan->common;
    if (plan->pruning) ht_params_put(&common, HT_P_OCCAM_METHOD, *plan->pruning);
    r->params = ht_equal_params(&common, data->train.count);
    ht_progress_start();
    for (int s = 0; s < plan->seeds && code == HT_OK; s++) {
        ht_params params = r->params;
        ht_params_put(&params, HT_P_TRAIN_SEED, plan->seed[s]);
        ht_progress_stage("seed %.0f (%d of %d)", plan->seed[s], s + 1, plan->seeds);
        code = ht_equal_measure(&params, data, pool, r->found[s], err);
        r->seed[r->seeds] = plan->seed[s];
        r->seeds += code == HT_OK;
    }
    ht_progress_clear();
    ht_progress_end();
    ht_pool_free(pool);
    return code;
}

ht_code ht_equal_report(const ht_compare_plan *plan, const ht_dataset *data, bool json, ht_error *err)
{
    results *r = ht_alloc(1, sizeof *r, "the comparison", err);
    if (!r) return HT_FAIL;
    const atomic_bool *before = ht_cancel_by(ht_interrupt_flag());
    ht_code code = run(r, plan, data, err);
    ht_cancel_by(before);
    if (code == HT_OK && json) code = print_json(r, err);
    if (code == HT_OK && !json) print_table(r);
    ht_free(r);
    return code;
}
