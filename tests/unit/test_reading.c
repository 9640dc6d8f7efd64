/* Guards the read-out: every chart of panels.def says the unit of its values and what each of its series is,
 * and what is drawn at a place is read there. A chart, or a series of one, that forgets to say fails here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "render/cells.h"
#include "render/screen.h"
#include "view/watched/watched.h"
#include "view/ghost.h"
#include "view/panel.h"
#include "view/panel_fill.h"
#include "view/readout.h"
#include "view/scene.h"
#include "view/view.h"
#include "view/words/glossary.h"

enum { COLUMNS = 200, POINTS = 40, STEPS = 400 };

static void fill_history(ht_model *m)
{
    float share[HT_HEAT_ROWS] = {0};
    for (int k = 60; k < 90; k++) share[k] = 1.0f / 30;
    for (int t = 0; t < HT_TRACE_COUNT; t++)
        for (int s = 1; s <= STEPS; s++) {
            double value =
                t >= HT_TRACE_ALPHA && t != HT_TRACE_KAPPA && t != HT_TRACE_LEFT && t != HT_TRACE_LARGE
                    ? 1.7 + 0.0001 * s
                    : 0.5 + 0.0005 * s;
            ht_curve_add(&m->trace[t], s, value - 0.05, value + 0.05, value);
        }
    for (int s = 1; s <= STEPS; s += 40) ht_heat_add(&m->heat, s, share);
    m->step = STEPS;
    m->stored.count = 2;
    m->stored.step[1] = 200;
}

static void fill_ccdf(ht_tail_ccdf *c)
{
    c->count = POINTS;
    for (int i = 0; i < POINTS; i++) c->x[i] = pow(1.2, i), c->above[i] = pow(1.2, -1.7 * i);
}

static void fill_tail(ht_report *r)
{
    ht_tail_picture *p = &r->tail.picture;
    r->tail.looked = true;
    p->rows = 1000, p->columns = 100;
    fill_ccdf(&p->weights), fill_ccdf(&p->norms), fill_ccdf(&p->eigenvalues);
    p->hill_count = POINTS;
    for (int i = 0; i < POINTS; i++) p->hill_k[i] = 10 + 20 * i, p->hill[i] = 1.7;
    p->plateau_low = 100, p->plateau_high = 400;
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        r->tail.now[e] = p->all[e] = p->of_norms[e] = (ht_estimate){
            .estimator = (ht_estimator)e, .value = 1.7, .std_error = 0.1, .low = 1.5, .high = 1.9};
        p->all[e].xmin = p->of_norms[e].xmin = 2, p->all[e].k = 5000, p->of_norms[e].k = 50,
        p->all[e].n_tail = 20;
    }
}

static void fill_report(ht_report *r)
{
    r->count = r->glimpse.count = 1;
    r->step = r->glimpse.step = STEPS;
    r->error = 0.1;
    r->method = HT_PRUNE_NODE;
    for (int i = 0; i < HT_PRUNE_METHODS; i++) {
        ht_prune_look *look = &r->look[i];
        look->count = POINTS, look->units = 1000, look->groups = POINTS, look->step = STEPS;
        for (int k = 0; k < POINTS; k++) {
            double at = (double)k / (POINTS - 1);
            look->points[k] =
                (ht_prune_point){(int64_t)(1000 * at), at, at, 1 - at / 2, 0.1, 1 - at, 1 - at, 1 - at};
            look->group[k] = 1 + (float)k;
        }
        look->at = look->points[POINTS / 2];
        look->reading.one_point = 0.25;
    }
    float w[300];
    for (int i = 0; i < 300; i++) w[i] = 0.1f + 0.01f * (float)i;
    ht_histogram_add(&r->glimpse.histogram, w, 300);
    r->glimpse.norms = POINTS;
    for (int i = 0; i < POINTS; i++)
        r->glimpse.norm[i] = 1 + 0.2 * i, r->glimpse.norm_above[i] = 1 - i / (POINTS + 0.5);
    fill_tail(r);
}

static void fill_width(ht_model *m)
{
    ht_width_sweep_state *s = &m->width_sweep[0];
    m->width_sweep_count = 1;
    s->params = m->asked;
    s->widths = HT_SWEEP_WIDTHS;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        ht_width_point *p = &s->noisy[i];
        p->width = s->plain[i].width = (int)(100 * pow(100, i / 7.0));
        for (int k = 0; k < HT_SWEEP_SEEDS; k++) {
            p->ratio[k] = p->accuracy[k] = p->pruned[k] = p->mmo[k] =
                k < 9 ? 0.3 + 0.01 * k + 0.02 * i : (double)NAN;
            s->plain[i].ratio[k] = s->plain[i].accuracy[k] = k < 1 ? 0.2 : (double)NAN;
        }
        s->predicted[i].ratio = (ht_summary){9, 0.4, 0.1, 0.3, 0.4, 0.5};
    }
}

static void fill_methods(ht_model *m)
{
    m->compare.count = m->compare.done = 2;
    m->compare.seeds = HT_METHOD_SEEDS;
    for (int i = 0; i < 2; i++) {
        ht_method_state *s = &m->compare.method[i];
        s->name = s->title = i ? "iid" : "plain";
        s->stage = HT_METHOD_DONE;
        s->kept = 0.5;
        for (int k = 0; k < HT_METHOD_SEEDS; k++)
            s->seed[k] = (ht_method_seed){.stage = HT_METHOD_DONE, .kept = 0.5 + 0.01 * k};
        s->points = POINTS;
        for (int k = 0; k < POINTS; k++)
            s->curve[k] = (ht_prune_point){.weights = 1 - (double)k / POINTS, .accuracy = 0.9};
    }
    m->epochs.count = 5;
    for (int i = 0; i < 5; i++)
        m->epochs.row[i] = (ht_occam_epoch){(uint64_t)i + 1, 0.1, 0.5, 0.9, 0.8, 1e5, 1e9};
}

static ht_model *new_model(void)
{
    ht_params params;
    ht_error err;
    char dropped;
    ht_model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    ht_params_init(&params);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_OCCAM_LAMBDA0, 0.3);
    ht_model_init(m, &params, 140, 2, "data");
    fill_history(m);
    fill_report(&m->report);
    fill_width(m);
    fill_methods(m);
    assert_non_null(ht_ghost_pin(m, &dropped, &err));
    return m;
}

static const char *name_of(const ht_series *s)
{
    return s->said[0] ? s->said : s->name;
}

/* Something on a panel's chart, with the read-out at x. */
static const ht_chart *read_at(ht_model *m, ht_panel_id panel, double x, double y)
{
    static ht_chart chart;
    ht_chart_clear(&chart);
    ht_panel_fill_chart(panel, m, COLUMNS, &chart);
    m->cursor = (ht_cursor){
        .on = true, .panel = panel, .x = x, .y = y, .over_steps = chart.over_steps, .hover = true};
    ht_readout_put(m, panel, &chart);
    return &chart;
}

static bool reads(const ht_chart *chart, const char *words)
{
    for (int i = 0; i < chart->readout_count; i++)
        if (strstr(chart->readout[i], words)) return true;
    return false;
}

/* Each series is named, and at one of its places it is told. */
static void check_series(ht_model *m, ht_panel_id panel, int number)
{
    char said[120];
    const ht_chart *chart = read_at(m, panel, 0, (double)NAN);
    const ht_series *s = &chart->series[number];
    bool bare = s->kind == HT_MARK_BARS || s->kind == HT_MARK_HEAT || s->kind == HT_MARK_EXTREMES;
    if (s->count == 0) return;
    double x =
        s->kind == HT_MARK_BARS || s->kind == HT_MARK_HEAT ? (s->x[0] + s->x[1]) / 2 : s->x[s->count / 2];
    snprintf(said, sizeof said, "%s", name_of(s));
    if (!bare && !said[0])
        fail_msg("%s: series %d has no name for the read-out", ht_panel_at(panel)->name, number);
    if (s->kind == HT_MARK_EXTREMES) return; /* only where a column has several values */
    chart = read_at(m, panel, x, (double)NAN);
    if (bare ? chart->readout_count < 2 : !reads(chart, said))
        fail_msg("%s at %g does not read '%s': %s", ht_panel_at(panel)->name, x, said, chart->readout[1]);
}

/* A training of another program: two layers over three looks, and metrics of two runs. */
static void watch(ht_watched *w, ht_history *history, ht_scalars *scalars, ht_look *look)
{
    static ht_layer_look layer[2];
    static const char rows[] = "{\"step\":100,\"loss\":2,\"lr\":0.1}\n{\"step\":200,\"loss\":1,\"lr\":0.05}\n"
                               "{\"step\":100,\"loss\":2,\"lr\":0.2}\n{\"step\":200,\"loss\":1,\"lr\":0.3}\n";
    ht_error err;
    ht_notes notes = {0};
    *look = (ht_look){.count = 2, .layer = layer};
    strcpy(look->all.name, "all");
    for (int i = 0; i < 2; i++) {
        snprintf(layer[i].name, sizeof layer[i].name, "fc%d.weight", i + 1);
        layer[i].norm = 2 + i, layer[i].kappa = 0.25, layer[i].values = 100;
        layer[i].tail[HT_MMO] = (ht_estimate){.value = 1.5, .low = 1.4, .high = 1.6, .std_error = 0.05};
    }
    for (int step = 100; step <= 300; step += 100) {
        look->step = step;
        assert_int_equal(ht_history_add(history, look, 0, 0, &err), HT_OK);
    }
    assert_int_equal(ht_scalars_feed(scalars, "metrics.jsonl", rows, sizeof rows - 1, &notes, &err), HT_OK);
    ht_notes_free(&notes);
    *w = (ht_watched){.paths = 1,
                      .trainings = 1,
                      .look = look,
                      .history = history,
                      .scalars = scalars,
                      .metric = -1,
                      .largest_count = 2,
                      .largest = {0, 1}};
}

/* Its charts, too; of metrics one alone has former runs behind it. */
static void charts_of_watched_trainings_say_what_they_hold(void **state)
{
    static ht_watched w;
    static ht_history history;
    static ht_scalars scalars;
    static ht_look look;
    (void)state;
    ht_model *m = new_model();
    watch(&w, &history, &scalars, &look);
    m->watched = &w;
    m->step = 300;
    int charts = 0;
    for (int metric = -1; metric < 2; metric++)
        for (int p = 0; p < HT_PANEL_COUNT; p++) {
            const ht_panel *panel = ht_panel_at((ht_panel_id)p);
            if (panel->kind != HT_PANEL_IS_CHART || panel->home != HT_VIEW_LAYERS) continue;
            w.metric = metric;
            const ht_chart *chart = read_at(m, (ht_panel_id)p, 0, (double)NAN);
            if (chart->series_count == 0) fail_msg("%s: the test has no data", panel->name);
            int series = chart->series_count;
            assert_true((ht_panel_id)p != HT_PANEL_METRICS || series == (metric < 0 ? 1 : 2));
            for (int i = 0; i < series; i++) check_series(m, (ht_panel_id)p, i);
            charts++;
        }
    assert_int_equal(charts, 3 * 4);
    assert_true(reads(read_at(m, HT_PANEL_LAYER_TAILS, 200, (double)NAN), "fc1.weight, good 1.5"));
    ht_history_free(&history);
    ht_scalars_free(&scalars);
    m->watched = NULL;
    ht_model_clear(m);
    free(m);
}

static void every_chart_says_what_it_holds(void **state)
{
    static const ht_view views[] = {HT_VIEW_DASHBOARD, HT_VIEW_PRUNING};
    (void)state;
    ht_model *m = new_model();
    int charts = 0;
    for (int v = 0; v < 2; v++)
        for (int smooth = 0; smooth < 2; smooth++)
            for (int p = 0; p < HT_PANEL_COUNT; p++) {
                if (ht_panel_at((ht_panel_id)p)->kind != HT_PANEL_IS_CHART ||
                    ht_panel_at((ht_panel_id)p)->home == HT_VIEW_LAYERS)
                    continue; /* of trainings of others: above */
                m->view = views[v];
                ht_params_put(&m->asked, HT_P_UI_SMOOTH, smooth * 10);
                const ht_chart *chart = read_at(m, (ht_panel_id)p, 0, (double)NAN);
                if (chart->series_count == 0)
                    fail_msg("%s: the test has no data", ht_panel_at((ht_panel_id)p)->name);
                if (!chart->unit) fail_msg("%s does not say its unit", ht_panel_at((ht_panel_id)p)->name);
                int series = chart->series_count;
                for (int i = 0; i < series; i++) check_series(m, (ht_panel_id)p, i);
                charts++;
            }
    assert_true(charts >= 4 * 15);
    ht_model_clear(m);
    free(m);
}

/* Eight rows of a run that was opened again: no median, but each row with its step. */
static void few_rows_are_read_as_they_are(void **state)
{
    static const double loss[] = {3.17, 2.48, 2.28, 2.11, 1.99, 1.9, 1.84, 1.82};
    ht_params params;
    (void)state;
    ht_params_init(&params);
    ht_model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    ht_model_init(m, &params, 140, 2, "data");
    for (int i = 0; i < 8; i++) {
        ht_sample row = {.kind = HT_SAMPLE_STEP,
                         .step = 100 * ((uint64_t)i + 1),
                         .loss = loss[i],
                         .loss_min = loss[i] - 0.1,
                         .loss_max = loss[i] + 0.1,
                         .accuracy = 0.1 * i};
        ht_model_sample(m, &row);
    }
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 400, (double)NAN), "train 2.110 nats at step 400"));
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 620, (double)NAN), "train 1.900 nats at step 600"));
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 808, (double)NAN), "train 1.820 nats at step 800"));
    assert_true(reads(read_at(m, HT_PANEL_ACCURACY, 800, (double)NAN), "batch 0.7000 at step 800"));
    ht_model_clear(m);
    free(m);
}

static void values_have_units_and_uncertainty(void **state)
{
    (void)state;
    ht_model *m = new_model();
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 200, (double)NAN), "step 200"));
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 200, (double)NAN), " nats (median; 10–90 %: "));
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 200, (double)NAN), "A "));
    assert_true(reads(read_at(m, HT_PANEL_TAIL, 200, (double)NAN), "(mmo) 1.72"));
    assert_true(reads(read_at(m, HT_PANEL_TAIL, 200, (double)NAN), "(95 %: 1.67 … 1.77)"));
    assert_true(reads(read_at(m, HT_PANEL_KAPPA, 200, (double)NAN), " of the neurons (median; 25–75 %: "));
    assert_true(reads(read_at(m, HT_PANEL_WIDTH_RATIO, 100, (double)NAN),
                      " at width n 100 0.3400 of the neurons (25–75 %: 0.320 … 0.360, 9 dots)"));
    assert_true(reads(read_at(m, HT_PANEL_WIDTH_RATIO, 100, (double)NAN),
                      "predicted 0.4000 of the neurons (25–75 %: "));
    assert_true(reads(read_at(m, HT_PANEL_TAIL_HILL, 200, (double)NAN), "injected α 1.7"));
    assert_true(reads(read_at(m, HT_PANEL_COMPARE, 0.5, (double)NAN), "plain 0.9"));
    assert_true(reads(read_at(m, HT_PANEL_COMPARE_DOTS, 0.5, (double)NAN), "plain 0.500 of the parameters"));
    assert_true(reads(read_at(m, HT_PANEL_COMPARE_DOTS, 0.54, (double)NAN), "iid: median "));
    /* On logarithmic axes a line is straight where it is drawn: a power law of index 1.7 from (2, 0.05). */
    assert_true(
        reads(read_at(m, HT_PANEL_TAIL_WEIGHTS, 4, (double)NAN), "fit 0.01539 of the weights (95 %: "));
    double y = ht_histogram_edge(ht_histogram_coarse(70)) * 1.01; /* the cell under the mouse */
    assert_true(reads(read_at(m, HT_PANEL_HEAT, 200, y), ": 3.33 % of the weights"));
    ht_model_clear(m);
    free(m);
}

/* Dots that stand side by side are of one n, which is not the cursor's. */
static void dots_are_told_with_their_width(void **state)
{
    (void)state;
    ht_model *m = new_model();
    int n = m->width_sweep[0].noisy[2].width;
    char words[40];
    snprintf(words, sizeof words, " at width n %d ", n);
    for (int percent = 91; percent <= 109; percent += 3)
        assert_true(reads(read_at(m, HT_PANEL_WIDTH_RATIO, n * percent / 100.0, (double)NAN), words));
    assert_true(reads(read_at(m, HT_PANEL_WIDTH_RATIO, n * 1.2, (double)NAN), words));
    ht_model_clear(m);
    free(m);
}

/* A ghost that ended earlier, or whose next value lies beyond the axis, is told with its own step. */
static void a_ghosts_last_value_is_told_with_its_step(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_curve *test = &m->ghost[0]->trace[HT_TRACE_TEST_LOSS];
    ht_curve_clear(test);
    ht_curve_add(test, 100, 0.25, 0.25, 0.25);
    ht_curve_add(test, 200, 0.125, 0.125, 0.125);
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 200, (double)NAN), "A step 400 0.1250 nats"));
    assert_false(reads(read_at(m, HT_PANEL_LOSS, 200, (double)NAN), "at its step"));
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 350, (double)NAN), "A step 400 0.1250 nats at its step 200"));
    assert_true(reads(read_at(m, HT_PANEL_LOSS, 0, (double)NAN), "A step 400 0.2500 nats at its step 100"));
    ht_model_clear(m);
    free(m);
}

/* Where there is no room for the box each value is told in brief, without a band. */
static void every_value_is_told_in_brief(void **state)
{
    (void)state;
    ht_model *m = new_model();
    const ht_chart *chart = read_at(m, HT_PANEL_LOSS, 200, (double)NAN);
    int told = 0;
    assert_string_equal(chart->brief[0].text, "step 200");
    for (int i = 0; i < chart->readout_count; i++) {
        const ht_brief *brief = &chart->brief[i];
        told += brief->text[0] != '\0';
        assert_null(strstr(brief->text, "(10–90 %"));
        if (strncmp(brief->text, "test ", 5) == 0) assert_int_equal(brief->role, HT_ROLE_TEST);
    }
    assert_int_equal(told, 4); /* step, train, ghost, test */
    ht_model_clear(m);
    free(m);
}

/* The pruning view's own cursor stays where it is. */
static void a_panels_own_cursor_stays(void **state)
{
    (void)state;
    ht_model *m = new_model();
    m->view = HT_VIEW_PRUNING;
    m->prune_cursor = 0.3;
    const ht_chart *chart = read_at(m, HT_PANEL_PRUNING, 0.7, (double)NAN);
    assert_true(chart->own_on && chart->own_x == 0.3 && chart->cursor_x == 0.7 && chart->readout_count > 1);
    ht_model_clear(m);
    free(m);
}

/* ---- words ---- */

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* What stands in a row of the screen at byte `at`, as the mouse finds it there. */
static bool asked(const char *row, const char *at, char word[64])
{
    uint32_t line[512];
    int count = 0, column = 0;
    unsigned c;
    for (const char *s = row; *s && count < 512; count++) {
        if (s == at) column = count;
        s += ht_utf8_decode(s, &c);
        line[count] = c;
    }
    return ht_word_at(line, count, column, word, 64);
}

/* How often `name` stands in the row as a word of its own; each time it can be asked. */
static int check_name(const char *row, const char *name)
{
    char word[64];
    ht_explained e;
    int found = 0;
    size_t length = strlen(name);
    for (const char *at = row; length && (at = strstr(at, name)); at += length) {
        if ((at > row && is_letter(at[-1])) || is_letter(at[length])) continue;
        if (!asked(row, at, word)) fail_msg("'%s' cannot be asked in: %s", name, row);
        if (!ht_word_explain(word, &e) || !e.text[0]) fail_msg("'%s' has no explanation", word);
        found++;
    }
    return found;
}

static int check_row(const char *row)
{
    size_t count;
    int found = 0;
    const ht_word *words = ht_words(&count);
    for (size_t i = 0; i < count; i++) {
        char also[200], *rest = NULL;
        snprintf(also, sizeof also, "%s", words[i].also);
        found += check_name(row, words[i].word) + check_name(row, words[i].symbol);
        for (char *name = strtok_r(also, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
            found += check_name(row, name);
    }
    for (int i = 0; i < HT_ESTIMATORS; i++) found += check_name(row, ht_estimator_at((ht_estimator)i)->name);
    return found;
}

static void every_word_on_a_screen_can_be_asked(void **state)
{
    static ht_screen screen;
    char row[4096];
    ht_error err;
    (void)state;
    ht_model *m = new_model();
    ht_cells *cells = ht_cells_new(&err);
    m->tail_all = true;
    for (int v = 0; v < HT_VIEW_COUNT; v++) {
        int found = 0;
        m->view = (ht_view)v;
        m->focus = HT_PANEL_TAIL;
        assert_int_equal(ht_cells_begin(cells, 160, 48, HT_SYMBOLS_BRAILLE, &err), HT_OK);
        ht_layout layout = ht_layout_make(160, 48, ht_scene_of(m, 160));
        ht_screen_draw(&screen, ht_cells_surface(cells), m, &layout);
        for (int y = 0; y < 48; y++) {
            ht_cells_row(cells, y, row, sizeof row, 0);
            found += check_row(row);
        }
        if (found < 10) fail_msg("view %s: only %d words", ht_view_at((ht_view)v)->name, found);
    }
    ht_screen_free(&screen);
    ht_cells_free(cells);
    ht_model_clear(m);
    free(m);
}

static const char *word_at(const char *row, const char *at)
{
    static char word[64];
    return asked(row, strstr(row, at), word) ? word : "";
}

static void two_words_that_belong_together_are_asked_together(void **state)
{
    (void)state;
    assert_string_equal(word_at("the Tail index settles", "Tail"), "Tail index");
    assert_string_equal(word_at("the Tail index settles", "dex"), "Tail index");
    assert_string_equal(word_at("κ=0.43, ε²=0.1", "κ"), "κ");
    assert_string_equal(word_at("κ=0.43, ε²=0.1", "ε"), "ε²");
    assert_string_equal(word_at("estimate (mmo)  1.75", "mmo"), "mmo");
    assert_string_equal(word_at("pickands    2.1 ± 0.3", "pickands"), "pickands");
    assert_string_equal(word_at("P(|w| > x)", "w|"), "|w|");
    assert_string_equal(word_at("iid α 1.75", "α"), "α");
    assert_string_equal(word_at("needed for -1 point", "-1"), "-1 point");
    assert_string_equal(word_at("which goes, by seed.", "seed"), "seed");
    assert_string_equal(word_at("1.75 and more", "1.75"), "");
}

/* ---- help ---- */

static bool tells(const ht_form *form, const char *words)
{
    for (int i = 0; i < form->count; i++)
        if (strstr(form->rows[i].label, words)) return true;
    return false;
}

/* As `heavytail explain` says it, whichever table has the word. */
static void help_begins_with_what_was_asked(void **state)
{
    static ht_form form;
    static const char *const words[] = {"hill", "mmo", "pickands", "κ", "ε²", "α", "noise.alpha", "svd"};
    (void)state;
    ht_model *m = new_model();
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ht_explained e;
        assert_true(ht_word_explain(words[i], &e));
        memset(&form, 0, sizeof form);
        snprintf(m->search, sizeof m->search, "%s", words[i]);
        ht_panel_fill_form(HT_PANEL_HELP, m, (ht_room){.columns = 200, .rows = 40}, &form);
        assert_string_equal(form.rows[0].label, e.title);
        e.text[20] = '\0';
        if (!tells(&form, e.text)) fail_msg("help on '%s' does not explain it", words[i]);
    }
    ht_model_clear(m);
    free(m);
}

/* ---- text in pictures ---- */

static double half(void *surface, const char *text)
{
    (void)surface;
    return (double)ht_utf8_length(text) / 2;
}

/* Letters half as wide as a column: twice as many in a line, and no line is too long. */
static void text_is_broken_as_it_is_measured(void **state)
{
    static ht_form plain, measured;
    enum { COLUMNS_OF_TEXT = 40, MARGIN = 3 };
    (void)state;
    ht_model *m = new_model();
    m->focus = HT_PANEL_WIDTH_RATIO;
    ht_panel_fill_form(HT_PANEL_WIDTH_READOUT, m, (ht_room){COLUMNS_OF_TEXT, 40, false, NULL, NULL}, &plain);
    ht_panel_fill_form(HT_PANEL_WIDTH_READOUT, m, (ht_room){COLUMNS_OF_TEXT, 40, false, half, NULL},
                       &measured);
    int longest = 0;
    for (int i = 0; i < measured.count; i++) {
        int length = (int)ht_utf8_length(measured.rows[i].label);
        if (measured.rows[i].kind == HT_ROW_TEXT && length > longest) longest = length;
    }
    assert_in_range(longest, COLUMNS_OF_TEXT, 2 * (COLUMNS_OF_TEXT - MARGIN));
    assert_true(measured.count < plain.count);
    ht_model_clear(m);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charts_of_watched_trainings_say_what_they_hold),
        cmocka_unit_test(every_chart_says_what_it_holds),
        cmocka_unit_test(few_rows_are_read_as_they_are),
        cmocka_unit_test(values_have_units_and_uncertainty),
        cmocka_unit_test(a_panels_own_cursor_stays),
        cmocka_unit_test(dots_are_told_with_their_width),
        cmocka_unit_test(a_ghosts_last_value_is_told_with_its_step),
        cmocka_unit_test(every_value_is_told_in_brief),
        cmocka_unit_test(every_word_on_a_screen_can_be_asked),
        cmocka_unit_test(two_words_that_belong_together_are_asked_together),
        cmocka_unit_test(help_begins_with_what_was_asked),
        cmocka_unit_test(text_is_broken_as_it_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
