/* What the width view says of runs that are made up here: the sentence and its uncertainty, how many runs are
 * missing, keys that do something, and a note that hides nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "num/rng.h"
#include "view/bars.h"
#include "view/panel_fill.h"
#include "view/scene.h"
#include "view/panels/width_trend.h"

enum { NARROW = 4 }; /* widths up to 1 000 */

static const int widths[HT_SWEEP_WIDTHS] = {100, 190, 370, 720, 1390, 2680, 5180, 10000};
static const double slope = 0.1, scatter = 0.1; /* κ = 0.2 + slope · log10(n / 100), a normal law */

static double middle_of(int width)
{
    return 0.2 + slope * log10(width / 100.);
}

/* Nothing trained, everything predicted. */
static void start(ht_width_sweep_state *s)
{
    *s = (ht_width_sweep_state){.widths = HT_SWEEP_WIDTHS};
    ht_params_init(&s->params);
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        double middle = middle_of(widths[i]), quartile = 0.6745 * scatter;
        s->noisy[i].width = s->plain[i].width = widths[i];
        for (int k = 0; k < HT_SWEEP_SEEDS; k++) {
            s->noisy[i].ratio[k] = s->plain[i].ratio[k] = NAN;
            s->noisy[i].accuracy[k] = s->plain[i].accuracy[k] = NAN;
            s->noisy[i].pruned[k] = s->noisy[i].mmo[k] = NAN;
        }
        s->predicted[i].ratio =
            (ht_summary){.count = 400, .low = middle - quartile, .median = middle, .high = middle + quartile};
    }
}

/* So many runs at a width, `scatter` times `times` around its middle. */
static void add_runs(ht_width_sweep_state *s, int point, int runs, double times, ht_rng *rng)
{
    for (int k = 0; k < runs; k++) {
        ht_width_point *p = &s->noisy[point];
        p->ratio[k] = middle_of(widths[point]) + times * scatter * ht_rng_normal(rng);
        p->accuracy[k] = 0.98, p->pruned[k] = 0.97, p->mmo[k] = 1.75;
        s->runs++;
    }
}

static ht_model *new_model(void)
{
    ht_params params;
    ht_model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    ht_params_init(&params);
    ht_model_init(m, &params, 140, 2, "made up");
    m->width_sweep_count = 1;
    start(&m->width_sweep[0]);
    return m;
}

static void free_model(ht_model *m)
{
    ht_model_clear(m);
    free(m);
}

/* All words of a form, joined by blanks. */
static const char *words_of(const ht_model *m, ht_panel_id panel)
{
    static ht_form form;
    static char all[8000];
    size_t used = 0;
    memset(&form, 0, sizeof form);
    ht_panel_fill_form(panel, m, (ht_room){.columns = 60, .rows = 60, .numbers = false}, &form);
    for (int i = 0; i < form.count; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s %s ", form.rows[i].label, form.rows[i].value);
    assert_true(used < sizeof all);
    for (char *twice = strstr(all, "  "); twice; twice = strstr(all, "  "))
        memmove(twice, twice + 1, strlen(twice));
    return all;
}

static void assert_says(const ht_model *m, ht_panel_id panel, const char *words, bool says)
{
    const char *all = words_of(m, panel);
    if ((strstr(all, words) != NULL) != says)
        fail_msg("'%s' should %sstand in: %s", words, says ? "" : "not ", all);
}

static void the_sentence_says_what_is_known(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    ht_model *m = new_model();
    ht_width_sweep_state *s = &m->width_sweep[0];
    assert_says(m, HT_PANEL_WIDTH_READOUT, "Predicted from independent rows: κ 0.20 (0.13 to 0.27)", true);
    assert_says(m, HT_PANEL_WIDTH_READOUT, "decided", false); /* nothing is trained: no sentence */
    add_runs(s, 0, 3, 1, &rng);
    assert_says(m, HT_PANEL_WIDTH_READOUT, "not decided: a line needs 5 runs at each of 3 widths.", true);
    for (int i = 0; i < NARROW; i++) add_runs(s, i, 8, 1, &rng);
    assert_says(m, HT_PANEL_WIDTH_READOUT, "more runs would do (95 %, n = 100 to ", true);
    assert_says(m, HT_PANEL_WIDTH_READOUT, "wider: too few", false);
    for (int i = 0; i < NARROW; i++) add_runs(s, i, 31, 0.1, &rng);
    add_runs(s, NARROW, 2, 0.1, &rng);
    assert_says(m, HT_PANEL_WIDTH_READOUT, "κ rises by 0.1", true);
    assert_says(m, HT_PANEL_WIDTH_READOUT,
                " a decade of n (95 %, n = 100 to 720, 124 runs; wider: too few yet; predicted: +0.10).",
                true);
    for (int i = 0; i < 2; i++) s->plain[i].ratio[0] = 0.114;
    assert_says(m, HT_PANEL_WIDTH_READOUT, "no noise: κ 0.11 (2 runs, each at its n).", true);
    free_model(m);
}

/* What few runs scatter does not matter to how many are missing, and so many do in about half of the sweeps.
 */
static void so_many_runs_do_as_are_said_to_be_missing(void **state)
{
    enum { FEW = 8, SWEEPS = 100 };
    static ht_width_sweep_state s;
    int told = 0, enough = 0;
    (void)state;
    for (int k = 0; k < SWEEPS; k++) {
        ht_rng rng;
        ht_rng_init(&rng, 5, HT_STREAM_TEST, (uint64_t)k);
        start(&s);
        for (int i = 0; i < NARROW; i++) add_runs(&s, i, FEW, 1, &rng);
        ht_trend few = ht_width_trend(&s);
        if (few.groups < NARROW) continue;
        double missing = ht_width_runs_missing(&s, &few);
        if (enough == 0) enough = (int)ceil(((double)few.values + missing) / NARROW);
        assert_int_equal((int)ceil(((double)few.values + missing) / NARROW), enough);
        assert_in_range(enough, FEW + 1, HT_SWEEP_SEEDS);
        for (int i = 0; i < NARROW; i++) add_runs(&s, i, enough, 1, &rng);
        ht_trend many = ht_width_trend(&s);
        told += many.slope > many.half;
    }
    printf("width: %d runs at each of %d widths told the slope in %d of %d sweeps\n", enough, NARROW, told,
           SWEEPS);
    assert_in_range(told, SWEEPS * 3 / 10, SWEEPS * 8 / 10);
}

/* Without a prediction, and where the runs say another thing than it, the line itself tells. */
static void without_a_prediction_the_line_says_what_is_missing(void **state)
{
    static ht_width_sweep_state s;
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 7, HT_STREAM_TEST, 0);
    start(&s);
    for (int i = 0; i < NARROW; i++) add_runs(&s, i, 20, 1, &rng);
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) s.predicted[i].ratio.count = 0;
    ht_trend line = ht_width_trend(&s);
    assert_true(isnan(ht_width_predicted_slope(&s, &line)));
    assert_true(ht_width_runs_missing(&s, &line) == ht_trend_more(&line, line.slope));
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) { /* hardly any scatter: these runs should have told */
        ht_summary *predicted = &s.predicted[i].ratio;
        *predicted = (ht_summary){
            .count = 400, .low = predicted->median, .median = predicted->median, .high = predicted->median};
    }
    assert_true(ht_width_runs_missing(&s, &line) == ht_trend_more(&line, line.slope));
}

/* Keys that would do nothing, or another thing, are not offered. */
static void keys_are_those_that_do_something_now(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_width_sweep_state *s = &m->width_sweep[0];
    m->compare.count = 1;
    m->compare.method[0] = (ht_method_state){.name = "none", .title = "no noise"};
    for (int running = 0; running < 2; running++) {
        s->running = m->compare.running = running;
        assert_says(m, HT_PANEL_WIDTH_READOUT, "Space stop it", running);
        assert_says(m, HT_PANEL_WIDTH_READOUT, "w more runs", !running);
        assert_says(m, HT_PANEL_COMPARE_TABLE, "Space stop it", running);
        assert_says(m, HT_PANEL_COMPARE_TABLE, "c another seed", !running);
    }
    m->compare.running = false, m->compare.stopped = true;
    assert_says(m, HT_PANEL_COMPARE_TABLE, "c the rest", true);
    s->running = false, s->complete = true;
    assert_says(m, HT_PANEL_WIDTH_READOUT, "w more runs", false);
    assert_says(m, HT_PANEL_WIDTH_READOUT, "e PNG of this view", true);
    m->control = -1; /* a picture */
    assert_says(m, HT_PANEL_WIDTH_READOUT, "Keys", false);
    assert_says(m, HT_PANEL_COMPARE_TABLE, "Keys", false);
    free_model(m);
}

/* The note stands above the key bar; what is watched for minutes ends above it. */
static void a_note_covers_no_axis(void **state)
{
    static const ht_view views[] = {HT_VIEW_WIDTH, HT_VIEW_COMPARE};
    static const int sizes[][2] = {{60, 16}, {80, 24}, {120, 40}, {200, 60}};
    (void)state;
    ht_model *m = new_model();
    ht_text_copy(m->message, sizeof m->message,
                 "width sweep stopped after 37 runs; what is done stays, w adds more");
    m->message_is_note = true;
    for (int v = 0; v < 2; v++)
        for (int k = 0; k < 4; k++) {
            int columns = sizes[k][0], rows = sizes[k][1], lowest = 0;
            m->view = views[v];
            ht_layout layout = ht_layout_make(columns, rows, ht_scene_of(m, columns));
            assert_true(layout.count >= 2);
            for (int i = 0; i < layout.count; i++) {
                const ht_rect *area = &layout.place[i].area;
                if (area->y + area->h > lowest) lowest = area->y + area->h;
            }
            assert_int_equal(lowest, layout.keys.y - ht_bars_message_rows(m, columns));
        }
    free_model(m);
}

/* Layers without an n have no width: the view says that, not that w starts anything. */
static void layers_without_a_width_are_told_in_the_view(void **state)
{
    static const struct {
        const char *layers;
        bool has;
    } cases[] = {{"conv 4 3x3 stride 2", false}, {"conv n 3x3 stride 2", true}, {"dense 30", true}};
    static const char says[] = "no width in model.layers: write n, as `conv n 3x3`";
    static const ht_panel_id charts[] = {HT_PANEL_WIDTH_RATIO, HT_PANEL_WIDTH_ACCURACY, HT_PANEL_WIDTH_TAIL};
    static ht_chart chart;
    ht_error err;
    (void)state;
    ht_model *m = new_model();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (ht_params_set(&m->asked, "model.layers", cases[i].layers, &err) != HT_OK)
            fail_msg("%s", err.text);
        m->width_sweep_count = 0;
        assert_says(m, HT_PANEL_WIDTH_READOUT, says, !cases[i].has);
        for (size_t c = 0; c < sizeof charts / sizeof charts[0]; c++) {
            ht_panel_fill_chart(charts[c], m, 100, &chart);
            assert_string_equal(chart.empty, cases[i].has ? "w starts a width sweep" : says);
            ht_chart_free(&chart);
        }
        m->width_sweep_count = 1; /* an older one stays, nothing is added to it */
        assert_says(m, HT_PANEL_WIDTH_READOUT, says, !cases[i].has);
        assert_says(m, HT_PANEL_WIDTH_READOUT, "w more runs", cases[i].has);
    }
    free_model(m);
}

static void accuracy_ends_at_one(void **state)
{
    static ht_chart chart;
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 9, HT_STREAM_TEST, 0);
    ht_model *m = new_model();
    add_runs(&m->width_sweep[0], 0, 5, 1, &rng);
    m->width_sweep[0].noisy[0].pruned[0] = 0.6;
    m->width_sweep[0].noisy[0].accuracy[0] = 1;
    ht_panel_fill_chart(HT_PANEL_WIDTH_ACCURACY, m, 100, &chart);
    assert_true(chart.series_count > 0 && chart.y.high == 1 && chart.y.low >= 0 && chart.y.low < 0.601);
    ht_chart_free(&chart);
    free_model(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sentence_says_what_is_known),
        cmocka_unit_test(so_many_runs_do_as_are_said_to_be_missing),
        cmocka_unit_test(without_a_prediction_the_line_says_what_is_missing),
        cmocka_unit_test(keys_are_those_that_do_something_now),
        cmocka_unit_test(a_note_covers_no_axis),
        cmocka_unit_test(layers_without_a_width_are_told_in_the_view),
        cmocka_unit_test(accuracy_ends_at_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
