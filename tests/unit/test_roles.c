/* Guards colours: in the charts of one view a role has one meaning, and no two roles have nearly the same
 * colour. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/methods.h"
#include "render/theme.h"
#include "view/ghost.h"
#include "view/panel.h"
#include "view/panel_fill.h"

/* What the names in legends and at marks begin with, and what they mean. A name that is not here fails: think
 * about its colour, then add it. */
static const char *const meanings[][2] = {
    {"train", "minibatches"},
    {"batch", "minibatches"},
    {"test accuracy", "the pruned network"},
    {"test", "test samples"},
    {"accuracy", "test samples"},
    {"loss", "test samples"},
    {"injected", "injected noise"},
    {"slope", "injected noise"},
    {"mmo-multi", "mmo-multi"},
    {"mmo", "mmo"},
    {"hill", "hill"},
    {"estimate (mmo)", "mmo"},
    {"estimate (hill)", "hill"},
    {"fit", "hill"},
    {"α̂(k)", "hill"},
    {"dehaan", "dehaan"},
    {"dekkers", "dekkers"},
    {"pickands", "pickands"},
    {"paulauskas", "paulauskas"},
    {"mcculloch", "mcculloch"},
    {"ecf", "ecf"},
    {"median", "κ"},
    {"a look", "κ"},
    {"κ", "κ"},
    {"neurons", "norms"},
    {"rows", "norms"},
    {"weights", "weights"},
    {"eigenvalues", "weights"},
    {"|w| > 2", "weights"},
    {"|w| > 1e-4", "larger weights"},
    {"error", "error of pruning"},
    {"ε", "error of pruning"},
    {"σ", "a change of a control"},
    {"plateau", "a change of a control"},
    {"node", "the pruned network"},
};

static const char *meaning_of(const char *name)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strncmp(name, meanings[i][0], strlen(meanings[i][0])) == 0) return meanings[i][1];
    for (int i = 0; i < ht_method_count(); i++)
        if (strcmp(name, ht_method_at(i)->name) == 0) return ht_method_at(i)->name;
    return NULL;
}

/* All methods done, one better than the other. */
static void add_methods(ht_compare_state *s)
{
    s->count = s->done = s->wanted = ht_method_count();
    s->seeds = 1;
    for (int i = 0; i < s->count; i++) {
        ht_method_state *method = &s->method[i];
        *method = (ht_method_state){.name = ht_method_at(i)->name, .stage = HT_METHOD_DONE, .points = 2};
        method->seed[0] = (ht_method_seed){.stage = HT_METHOD_DONE, .kept = 0.01 * (i + 1), .accuracy = 0.9};
        for (int k = 0; k < 2; k++)
            method->curve[k] = (ht_prune_point){.weights = 1 - 0.5 * k, .accuracy = 0.9 - 0.001 * i};
    }
}

static ht_model *new_model(void)
{
    ht_model *m = calloc(1, sizeof *m);
    ht_report *report = calloc(1, sizeof *report);
    ht_params params;
    ht_params_init(&params);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_model_init(m, &params, 140, 2, "data");
    for (int i = 1; i <= 100; i++) {
        ht_sample step = {.kind = HT_SAMPLE_STEP,
                          .step = (uint64_t)i,
                          .loss = 1,
                          .loss_min = 0.5,
                          .loss_max = 2,
                          .accuracy = 0.5};
        ht_sample eval = {.kind = HT_SAMPLE_EVAL, .step = (uint64_t)i, .test_loss = 1, .test_accuracy = 0.5};
        ht_sample change = {
            .kind = HT_SAMPLE_CHANGE, .step = 50, .param = HT_P_NOISE_SCALE, .before = 0.01, .value = 0.1};
        ht_model_sample(m, &step);
        ht_model_sample(m, &eval);
        if (i == 50) ht_model_sample(m, &change);
    }
    ht_glimpse *glimpse = &report->glimpse;
    report->count = 1, report->step = 100, report->left = 0.5, report->large = 0.4;
    glimpse->count = 1, glimpse->step = 100, glimpse->norms = 3;
    glimpse->histogram.total = 10, glimpse->histogram.count[600] = 10;
    for (int i = 0; i < 3; i++) glimpse->norm[i] = 1 + i, glimpse->norm_above[i] = 1.0 / (1 + i);
    report->look[0] = (ht_prune_look){.count = 2, .step = 100};
    report->look[0].points[1] = (ht_prune_point){.ratio = 1, .error = 1};
    report->pruned.ratio = 0.4, report->error = 0.1;
    for (int e = 0; e < HT_ESTIMATORS; e++)
        report->tail.now[e] =
            (ht_estimate){.estimator = (ht_estimator)e, .value = 1.8, .low = 1.7, .high = 1.9};
    ht_model_glimpse(m, glimpse);
    ht_model_report(m, report);
    add_methods(&m->compare);
    free(report);
    return m;
}

typedef struct uses {
    const char *meaning[HT_ROLE_COUNT];
    bool used[HT_ROLE_COUNT];
} uses;

static void note(uses *u, const ht_panel *panel, ht_role role, const char *name)
{
    u->used[role] = true;
    if (name[0] == '\0') return; /* a part of what has a name */
    const char *meaning = meaning_of(name);
    if (!meaning)
        fail_msg("%s: '%s' (%s) has no meaning in this test", panel->name, name, ht_role_name(role));
    if (u->meaning[role] && strcmp(u->meaning[role], meaning) != 0)
        fail_msg("%s: %s means %s here, %s elsewhere in this view", panel->name, ht_role_name(role), meaning,
                 u->meaning[role]);
    u->meaning[role] = meaning;
}

/* Roles of the charts of a view. */
static uses uses_of(const ht_model *m, ht_view view)
{
    static ht_chart chart;
    uses u = {0};
    for (int i = 0; i < HT_PANEL_COUNT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        bool here = panel->home == view || (view == HT_VIEW_PRUNING && i == HT_PANEL_PRUNING);
        if (!here || panel->kind != HT_PANEL_IS_CHART) continue;
        ht_chart_clear(&chart);
        ht_panel_fill_chart((ht_panel_id)i, m, 200, &chart);
        for (int k = 0; k < chart.series_count; k++)
            if (chart.series[k].kind != HT_MARK_HEAT)
                note(&u, panel, chart.series[k].role, chart.series[k].name);
        for (int k = 0; k < chart.mark_count; k++) note(&u, panel, chart.marks[k].role, chart.marks[k].label);
    }
    ht_chart_free(&chart);
    return u;
}

static int distance(ht_colour a, ht_colour b)
{
    return abs(a.r - b.r) + abs(a.g - b.g) + abs(a.b - b.b);
}

static const ht_view views[] = {HT_VIEW_DASHBOARD, HT_VIEW_PRUNING, HT_VIEW_TAIL, HT_VIEW_METHOD,
                                HT_VIEW_COMPARE};
enum { VIEWS = sizeof views / sizeof views[0] };

static void a_role_has_one_meaning_in_a_view(void **state)
{
    (void)state;
    ht_model *m = new_model();
    for (int v = 0; v < VIEWS; v++) {
        int named = 0;
        uses u = uses_of(m, views[v]);
        for (int role = 0; role < HT_ROLE_COUNT; role++) named += u.meaning[role] != NULL;
        if (named < (views[v] == HT_VIEW_DASHBOARD ? 10 : 2)) fail_msg("view %d: only %d roles", v, named);
    }
    ht_model_clear(m);
    free(m);
}

static void roles_of_a_view_have_colours_of_their_own(void **state)
{
    (void)state;
    static const char *const names[] = {"dark", "light", "contrast", "colour-blind"};
    enum { LEAST = 40 }; /* of 765 */
    ht_model *m = new_model();
    for (int v = 0; v < VIEWS; v++)
        for (int t = 0; t < 4; t++) {
            uses u = uses_of(m, views[v]);
            ht_theme theme;
            ht_error err;
            assert_int_equal(ht_theme_load(names[t], &theme, &err), HT_OK);
            for (int a = 0; a < HT_ROLE_COUNT; a++)
                for (int b = 0; b < a; b++)
                    if (u.used[a] && u.used[b] && distance(theme.roles[a], theme.roles[b]) < LEAST)
                        fail_msg("%s, view %d: %s and %s look alike", names[t], views[v],
                                 ht_role_name((ht_role)a), ht_role_name((ht_role)b));
        }
    ht_model_clear(m);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_has_one_meaning_in_a_view),
        cmocka_unit_test(roles_of_a_view_have_colours_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
