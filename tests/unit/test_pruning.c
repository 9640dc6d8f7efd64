/* Guards the pruning view and the timeline as models: which methods are shown and read, where the cursor
 * steps, what is asked of trainer and analyst, neurons as strips and pictures, and going back in time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart/prune_chart.h"
#include "render/cells.h"
#include "render/draw/draw.h"
#include "render/prune_chunks.h"
#include "view/ghost.h"
#include "view/layout.h"
#include "view/scene.h"
#include "view/panel.h"
#include "view/panels/panels.h"
#include "view/stored.h"
#include "view/pruning.h"

enum { WIDTH = 100, SIDE = 8, INPUTS = SIDE * SIDE };

/* Accuracy falls from 1 by halves of the ratio; magnitude also has a loss, and more units. */
static void fill_look(ht_prune_look *look, int units, int points)
{
    look->units = units;
    look->count = points;
    for (int i = 0; i < points; i++) {
        double ratio = (double)i / (points - 1);
        look->points[i] = (ht_prune_point){.removed = llround(ratio * units),
                                           .ratio = ratio,
                                           .error = ratio * ratio,
                                           .accuracy = 1 - ratio / 2,
                                           .loss = ratio,
                                           .weights = 1 - ratio,
                                           .bytes = fmin(1, 1.5 * (1 - ratio))};
    }
    look->at = look->points[points * 3 / 10];
    look->reading = (ht_prune_reading){0.02, 0.75, 1, 1};
    look->samples = 500, look->step = 7;
}

static ht_model *new_model(void)
{
    ht_params params;
    ht_model *m = calloc(1, sizeof *m);
    ht_report *r = &m->report;
    ht_params_init(&params);
    ht_model_init(m, &params, INPUTS, 2, "pictures");
    m->view = HT_VIEW_PRUNING;
    ht_model_pictures(m, 1, SIDE, SIDE);
    r->count = 1, r->step = 7, r->error = 0.1, r->samples_of = 900, r->parameters = 1000;
    r->speed_up = (double)NAN;
    fill_look(&r->look[HT_PRUNE_NODE], WIDTH, WIDTH + 1);
    fill_look(&r->look[HT_PRUNE_MAGNITUDE], 7000, 21);
    for (int i = 0; i < HT_REPORT_NEURONS; i++) {
        r->look[HT_PRUNE_NODE].goes[i] = (double)(WIDTH - i) / WIDTH;
        r->strongest.norm[i] = (float)(HT_REPORT_NEURONS - i);
        for (int j = 0; j < INPUTS; j++)
            r->strongest.value[i * INPUTS + j] = (float)(j % SIDE < SIDE / 2 ? -1 : 1);
    }
    r->strongest.count = r->strongest.of = HT_REPORT_NEURONS, r->strongest.values = INPUTS;
    r->look[HT_PRUNE_NODE].groups = WIDTH;
    for (int i = 0; i < WIDTH; i++) r->look[HT_PRUNE_NODE].group[i] = (float)(i + 1);
    return m;
}

static void free_model(ht_model *m)
{
    ht_model_clear(m);
    free(m);
}

/* ---- methods --------------------------------------------------------------------------------- */

static void expect(const ht_model *m, unsigned shown, ht_prune_method lead)
{
    assert_int_equal(ht_pruning_shown(m), shown);
    assert_int_equal(m->prune_lead, lead);
    assert_int_equal(ht_pruning_axis(m), (shown & (shown - 1)) != 0);
}

/* One method stands against its own units, whatever ui.axis says; several against weights or multiply-adds.
 */
static void several_methods_have_the_axis_that_was_asked_for(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_prune_point p = {.ratio = 0.1, .weights = 0.7, .compute = 0.4};
    assert_true(fabs(ht_prune_x(&p, HT_BY_UNITS) - 0.1) < 1e-12);
    assert_true(fabs(ht_prune_x(&p, HT_BY_WEIGHTS) - 0.3) < 1e-12);
    assert_true(fabs(ht_prune_x(&p, HT_BY_COMPUTE) - 0.6) < 1e-12);
    for (int i = 0; i < 21; i++) /* convolutions go later than the dense weights behind them */
        m->report.look[HT_PRUNE_MAGNITUDE].points[i].compute =
            sqrt(m->report.look[HT_PRUNE_MAGNITUDE].points[i].weights);
    ht_params_put(&m->applied, HT_P_UI_AXIS, 1);
    assert_int_equal(ht_pruning_axis(m), HT_BY_UNITS);
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    assert_int_equal(ht_pruning_axis(m), HT_BY_COMPUTE);
    ht_chart chart = {0};
    ht_panel_pruning(m, 100, &chart);
    assert_string_equal(chart.x.label, "fraction of all multiply-adds removed");
    m->prune_cursor = 0.5; /* of the multiply-adds: 1 - sqrt(w) ≤ 0.5 */
    const ht_prune_point *under = ht_pruning_under(m, &m->report.look[HT_PRUNE_MAGNITUDE]);
    assert_true(under->compute >= 0.5 && under[1].compute < 0.5);
    ht_params_put(&m->applied, HT_P_UI_AXIS, 0);
    assert_int_equal(ht_pruning_axis(m), HT_BY_WEIGHTS);
    ht_chart_free(&chart);
    free_model(m);
}

static void a_method_is_shown_then_read_then_hidden(void **state)
{
    (void)state;
    ht_model *m = new_model();
    unsigned node = 1u << HT_PRUNE_NODE, svd = 1u << HT_PRUNE_SVD, lot = 1u << HT_PRUNE_RANDOM;
    expect(m, node, HT_PRUNE_NODE);
    ht_pruning_choose(m, HT_PRUNE_NODE); /* the last one stays */
    expect(m, node, HT_PRUNE_NODE);
    ht_pruning_choose(m, HT_PRUNE_SVD);
    expect(m, node | svd, HT_PRUNE_SVD);
    ht_pruning_choose(m, HT_PRUNE_RANDOM);
    expect(m, node | svd | lot, HT_PRUNE_RANDOM);
    ht_pruning_choose(m, HT_PRUNE_SVD); /* shown: read now */
    expect(m, node | svd | lot, HT_PRUNE_SVD);
    ht_pruning_next(m, 1);
    expect(m, node | svd | lot, HT_PRUNE_RANDOM);
    ht_pruning_next(m, 1);
    expect(m, node | svd | lot, HT_PRUNE_NODE);
    ht_pruning_next(m, -1);
    expect(m, node | svd | lot, HT_PRUNE_RANDOM);
    ht_pruning_choose(m, HT_PRUNE_RANDOM);
    expect(m, node | svd, HT_PRUNE_NODE);
    ht_pruning_choose(m, HT_PRUNE_NODE);
    expect(m, svd, HT_PRUNE_SVD);
    free_model(m);
}

static void requests_follow_the_screen(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    ht_analysis_request request = ht_pruning_request(m);
    assert_true(request.methods == 3 && request.watched && request.timed &&
                request.speed == HT_PRUNE_MAGNITUDE);
    assert_true(isnan(request.ratio) && !request.thorough);
    m->view = HT_VIEW_DASHBOARD;
    request = ht_pruning_request(m);
    assert_true(request.methods == 0 && !request.watched && !request.timed);
    free_model(m);
}

/* ---- the cursor ------------------------------------------------------------------------------ */

static int64_t removed_at(const ht_model *m)
{
    return ht_pruning_at(ht_pruning_lead(m), ht_pruning_cursor(m), ht_pruning_axis(m))->removed;
}

static void every_step_of_the_cursor_reads_another_point(void **state)
{
    (void)state;
    ht_model *m = new_model();
    assert_int_equal(removed_at(m), 30); /* on κ */
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    for (int lead = 0; lead < 2; lead++, ht_pruning_next(m, 1)) {
        m->prune_cursor = 0;
        int points = 1;
        for (int64_t before = removed_at(m); ht_pruning_cursor(m) < 1; points++, before = removed_at(m)) {
            ht_pruning_move(m, 1, false);
            assert_true(removed_at(m) > before);
        }
        assert_int_equal(points, ht_pruning_lead(m)->count);
        for (int64_t before = removed_at(m); ht_pruning_cursor(m) > 0; before = removed_at(m)) {
            ht_pruning_move(m, -1, false);
            assert_true(removed_at(m) < before);
        }
        ht_pruning_move(m, -1, true);
        assert_true(ht_pruning_cursor(m) == 0);
    }
    m->report.look[HT_PRUNE_NODE].count = 0; /* nothing known: it still moves */
    m->prune_lead = HT_PRUNE_NODE;
    ht_pruning_move(m, 1, true);
    assert_true(fabs(ht_pruning_cursor(m) - 0.05) < 1e-12);
    assert_null(ht_pruning_at(ht_pruning_lead(m), 0.5, true));
    free_model(m);
}

/* With several layers each goes to the error at its own ratio: no point of the curve. */
static void on_kappa_the_cursor_is_kappa(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_prune_look *node = &m->report.look[HT_PRUNE_NODE];
    ht_form *form = calloc(1, sizeof *form);
    assert_non_null(form);
    node->at.removed = 31, node->at.ratio = 31.5 / WIDTH;
    assert_int_equal(ht_pruning_under(m, node)->removed, 31);
    ht_panel_pruning_readout(m, (ht_room){.columns = 40, .rows = 50}, form);
    bool said = false;
    for (int i = 0; i < form->count; i++)
        said = said || (strcmp(form->rows[i].label, "neurons removed") == 0 &&
                        strcmp(form->rows[i].value, "31") == 0);
    assert_true(said);
    m->prune_cursor = 0.5; /* elsewhere a point of the curve */
    assert_ptr_equal(ht_pruning_under(m, node), ht_pruning_at(node, 0.5, false));
    free(form);
    free_model(m);
}

/* κ of layers that go to the error each at its own ratio lies beside the curve: the read-out says why; not of
 * one layer, of all ranked together, or at a ratio. */
static void kappa_beside_the_curve_is_explained(void **state)
{
    static const struct {
        const char *layers, *scope, *ratio;
        ht_prune_method method;
        bool off;
    } cases[] = {{"dense 50", "layer", "0", HT_PRUNE_NODE, false},
                 {"dense 50, dense 50", "layer", "0", HT_PRUNE_NODE, true},
                 {"dense 50, dense 50", "global", "0", HT_PRUNE_NODE, false},
                 {"dense 50, dense 50", "layer", "0.5", HT_PRUNE_NODE, false},
                 {"dense 50, dense 50", "layer", "0", HT_PRUNE_MAGNITUDE, false}};
    ht_error err;
    (void)state;
    ht_model *m = new_model();
    ht_form *form = calloc(1, sizeof *form);
    assert_non_null(form);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char all[8000] = "";
        m->prune_lead = cases[i].method;
        if (ht_params_set(&m->applied, "model.layers", cases[i].layers, &err) != HT_OK ||
            ht_params_set(&m->applied, "prune.scope", cases[i].scope, &err) != HT_OK ||
            ht_params_set(&m->applied, "prune.ratio", cases[i].ratio, &err) != HT_OK)
            fail_msg("%s", err.text);
        memset(form, 0, sizeof *form);
        ht_panel_pruning_readout(m, (ht_room){.columns = 100, .rows = 60}, form);
        for (int k = 0; k < form->count; k++)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", form->rows[k].label);
        bool said = strstr(all, "κ: each layer at ε² = 0.1, so off the curve of equal shares.") != NULL;
        if (said != cases[i].off) fail_msg("case %zu: %s", i, all);
    }
    assert_int_equal(ht_params_set(&m->applied, "model.layers", "dense 50", &err), HT_OK);
    assert_int_equal(ht_params_set(&m->applied, "prune.ratio", "0", &err), HT_OK);
    assert_true(ht_pruning_off_curve(m, HT_PRUNE_MAGNITUDE_LAYER)); /* the output layer is one of two */
    free(form);
    free_model(m);
}

/* The trainer takes ⌊ratio × units⌋: it must not come out one unit less than what the cursor said. */
static void the_trainer_is_asked_for_just_as_many(void **state)
{
    (void)state;
    ht_model *m = new_model();
    assert_true(isnan(ht_pruning_intent(m, false).spec.ratio)); /* on κ: what the settings ask for */
    for (int units = 1; units <= 400; units++) {
        ht_prune_look *look = &m->report.look[HT_PRUNE_NODE];
        int points = units < HT_REPORT_CURVE ? units + 1 : HT_REPORT_CURVE;
        fill_look(look, units, points);
        for (int i = 0; i < points; i++) look->points[i].ratio = (double)look->points[i].removed / units;
        for (int i = 0; i < points; i++) {
            m->prune_cursor = look->points[i].ratio;
            ht_prune_intent intent = ht_pruning_intent(m, true);
            assert_true(intent.keep_mask && intent.spec.method == HT_PRUNE_NODE);
            assert_int_equal(floor(intent.spec.ratio * units), removed_at(m));
        }
    }
    free_model(m);
}

static void kappa_stands_in_words(void **state)
{
    (void)state;
    char words[400];
    ht_model *m = new_model();
    ht_pruning_words(&m->report, HT_PRUNE_NODE, false, words, sizeof words);
    assert_string_equal(words,
                        "κ = 0.3: the smallest 30 of 100 neurons hold 9 % of the squared norm; without "
                        "them test accuracy is 0.850 (-0.150).");
    m->report.metric = HT_FRO;
    ht_pruning_words(&m->report, HT_PRUNE_MAGNITUDE, false, words, sizeof words);
    assert_string_equal(words,
                        "κ = 0.3: the smallest 2 100 of 7 000 weights hold 0.81 % of the squared norm; "
                        "without them test accuracy is 0.850 (-0.150).");
    m->report.metric = HT_FRO_SQUARED;
    ht_pruning_words(&m->report, HT_PRUNE_NODE, true, words, sizeof words);
    assert_string_equal(
        words, "κ = 0.3: 30 of 100 neurons, the smallest of each layer, hold up to 9 % of its squared "
               "norm; without them test accuracy is 0.850 (-0.150).");
    free_model(m);
}

/* ---- panels ---------------------------------------------------------------------------------- */

static const ht_series *series_of(const ht_chart *chart, const char *name)
{
    for (int i = 0; i < chart->series_count; i++)
        if (strcmp(chart->series[i].name, name) == 0) return &chart->series[i];
    return NULL;
}

static void methods_lie_over_each_other_with_their_keys(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_chart chart = {0};
    ht_panel_pruning(m, 160, &chart);
    assert_non_null(series_of(&chart, "test accuracy"));
    assert_non_null(series_of(&chart, "error ε²"));
    assert_string_equal(chart.note, "at step 7 · first 500 of 900 test samples");
    assert_true(chart.cursor_on && chart.cursor_x == 0.3);
    ht_chart_clear(&chart);
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    ht_pruning_choose(m, HT_PRUNE_SVD);
    m->report.pending = 1u << HT_PRUNE_SVD;
    ht_panel_pruning(m, 160, &chart);
    assert_true(series_of(&chart, "1 node")->tag == '1' && series_of(&chart, "2 magnitude")->tag == '2');
    assert_true(series_of(&chart, "1 node")->dash !=
                series_of(&chart, "2 magnitude")->dash); /* on grey paper */
    assert_null(series_of(&chart, "4 svd"));             /* not there yet, and so said */
    assert_string_equal(chart.note, "svd is on the way");
    assert_string_equal(chart.x.label, "fraction of all weights removed");
    ht_chart_clear(&chart);
    m->view = HT_VIEW_DASHBOARD; /* there it is the method of the settings alone */
    ht_panel_pruning(m, 160, &chart);
    assert_true(series_of(&chart, "test accuracy") && !series_of(&chart, "2 magnitude") && !chart.cursor_on);
    ht_chart_free(&chart);
    free_model(m);
}

static void the_read_out_lists_what_a_click_chooses(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_form *form = calloc(1, sizeof *form);
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    ht_pruning_choose(m, HT_PRUNE_NODE);
    m->prune_cursor = 0.5;
    for (int columns = 20; columns <= 60; columns += 4)
        for (int rows = 8; rows <= 60; rows += 4) {
            int methods = 0, selected = 0;
            form->count = 0;
            ht_panel_pruning_readout(m, (ht_room){.columns = columns, .rows = rows, .numbers = false}, form);
            for (int i = 0; i < form->count; i++) {
                methods |= form->rows[i].id >= 0 ? 1 << form->rows[i].id : 0;
                if (form->rows[i].selected) selected += form->rows[i].id + 1;
            }
            assert_true((methods & 3) == 3 && selected == HT_PRUNE_NODE + 1);
            if (rows >= 32) assert_int_equal(methods, (1 << HT_PRUNE_METHODS) - 1);
        }
    free(form);
    free_model(m);
}

static void the_strip_is_cut_at_the_cursor(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_chart chart = {0};
    m->prune_cursor = 0.6;
    ht_panel_strip(m, 100, &chart);
    const ht_series *gone = series_of(&chart, "removed"), *kept = series_of(&chart, "kept");
    assert_true(gone->count == 60 && kept->count == 40 && gone->x[60] == 0.6 && kept->x[0] == 0.6);
    assert_true(kept->high[39] == 100 && chart.cursor_x == 0.6);
    ht_chart_clear(&chart);
    m->prune_cursor = 1;
    ht_panel_strip(m, 100, &chart);
    assert_null(series_of(&chart, "kept"));
    ht_chart_free(&chart);
    free_model(m);
}

static void only_kept_neurons_are_drawn(void **state)
{
    (void)state;
    ht_model *m = new_model();
    static ht_gallery g;
    g = (ht_gallery){0};
    ht_panel_neurons(m, &g);
    assert_true(g.count == HT_REPORT_NEURONS && g.width == SIDE && g.height == SIDE && g.scale == 1);
    assert_string_equal(g.item[0].label, "‖w‖ 12");
    m->prune_cursor = 0.95;
    g = (ht_gallery){0};
    ht_panel_neurons(m, &g);
    assert_int_equal(g.count, 5);
    m->prune_cursor = 1;
    g = (ht_gallery){0};
    ht_panel_neurons(m, &g);
    assert_int_equal(g.count, 0);
    /* No pictures, series or pictures of several channels: curves. */
    static const int others[][3] = {
        {0, 0, 0}, {1, 1, INPUTS}, {1, INPUTS, 1}, {SIDE, 1, SIDE}, {4, SIDE / 2, SIDE / 2}};
    m->prune_cursor = 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ht_model_pictures(m, others[i][0], others[i][1], others[i][2]);
        g = (ht_gallery){0};
        ht_panel_neurons(m, &g);
        assert_true(g.height == 1 && g.width == INPUTS);
    }
    free_model(m);
}

/* ---- pictures in cells ----------------------------------------------------------------------- */

static ht_cells *begin(int columns, int rows, ht_symbols symbols)
{
    ht_error err;
    ht_cells *cells = ht_cells_new(&err);
    assert_int_equal(ht_cells_begin(cells, columns, rows, symbols, &err), HT_OK);
    return cells;
}

static void two_pixels_share_a_cell(void **state)
{
    (void)state;
    ht_cells *cells = begin(3, 1, HT_SYMBOLS_BRAILLE);
    ht_surface *s = ht_cells_surface(cells);
    s->ops->pixel(s, HT_ROLE_SIGNED_1, 0, 0);
    s->ops->pixel(s, HT_ROLE_SIGNED_9, 0, 0.5);
    s->ops->pixel(s, HT_ROLE_SIGNED_7, 1, 0.5);
    s->ops->pixel(s, HT_ROLE_SIGNED_7, 5, 0.5); /* outside */
    ht_cell both = ht_cells_at(cells, 0, 0), lower = ht_cells_at(cells, 1, 0);
    assert_true(both.glyph == 0x2580 && both.role == HT_ROLE_SIGNED_1 && both.ground == HT_ROLE_SIGNED_9);
    assert_true(lower.glyph == 0x2584 && lower.role == HT_ROLE_SIGNED_7 && lower.ground == 0);
    s->ops->text(s, 0, 0, 1, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0, "x");
    assert_true(ht_cells_at(cells, 0, 0).glyph == 'x' && ht_cells_at(cells, 0, 0).ground == 0);
    ht_cells_free(cells);
}

static void without_colours_signs_are_characters(void **state)
{
    (void)state;
    static const struct {
        ht_role upper, lower;
        char shown;
    } cases[] = {{HT_ROLE_SIGNED_1, HT_ROLE_SIGNED_1, '='}, {HT_ROLE_SIGNED_3, HT_ROLE_SIGNED_4, '-'},
                 {HT_ROLE_SIGNED_5, HT_ROLE_SIGNED_5, ' '}, {HT_ROLE_SIGNED_1, HT_ROLE_SIGNED_9, ' '},
                 {HT_ROLE_SIGNED_7, HT_ROLE_SIGNED_6, '+'}, {HT_ROLE_SIGNED_9, HT_ROLE_SIGNED_8, '#'}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_cells *cells = begin(1, 1, HT_SYMBOLS_ASCII);
        ht_surface *s = ht_cells_surface(cells);
        s->ops->pixel(s, cases[i].upper, 0, 0);
        s->ops->pixel(s, cases[i].lower, 0, 0.5);
        ht_cell cell = ht_cells_at(cells, 0, 0);
        assert_int_equal(cell.glyph, cases[i].shown);
        assert_true(cell.role == HT_ROLE_TEXT && cell.ground == 0);
        ht_cells_free(cells);
    }
}

/* At any size: inside the panel, and pictures keep their shape: a column is as wide as half a row is high. */
static void galleries_stay_in_their_panel(void **state)
{
    (void)state;
    ht_model *m = new_model();
    static ht_gallery g;
    for (int kind = 0; kind < 2; kind++, m->picture_width = 0) {
        g = (ht_gallery){0};
        ht_panel_neurons(m, &g);
        for (int w = 1; w <= 90; w += 3)
            for (int h = 1; h <= 24; h++) {
                ht_cells *cells = begin(w + 2, h + 2, HT_SYMBOLS_BRAILLE);
                ht_draw_gallery(ht_cells_surface(cells), (ht_rect){1, 1, w, h}, &g, 0);
                for (int y = 0; y < h + 2; y++)
                    for (int x = 0; x < w + 2; x++)
                        if (x == 0 || y == 0 || x == w + 1 || y == h + 1)
                            assert_int_equal(ht_cells_at(cells, x, y).glyph, 0);
                ht_cells_free(cells);
            }
    }
    m->picture_width = SIDE;
    g = (ht_gallery){0};
    ht_panel_neurons(m, &g);
    ht_cells *cells = begin(80, 9, HT_SYMBOLS_BRAILLE);
    ht_draw_gallery(ht_cells_surface(cells), (ht_rect){0, 0, 80, 9}, &g, 0);
    for (int y = 1; y <= SIDE / 2; y++)
        for (int x = 0; x < SIDE; x++) {
            ht_cell cell = ht_cells_at(cells, 2 + x, y);
            assert_int_equal(cell.role, x < SIDE / 2 ? HT_ROLE_SIGNED_1 : HT_ROLE_SIGNED_9);
            assert_int_equal(cell.ground, cell.role);
        }
    assert_int_equal(ht_cells_at(cells, 2 + SIDE, 1).glyph, 0);
    ht_cells_free(cells);
    free_model(m);
}

static void pictures_tell_every_number(void **state)
{
    (void)state;
    static ht_prune_chunks c;
    ht_model *m = new_model();
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    ht_pruning_choose(m, HT_PRUNE_CORESET); /* not looked at: nothing to tell */
    ht_pruning_choose(m, HT_PRUNE_MAGNITUDE);
    m->prune_cursor = 0.5;
    m->report.speed_up = 1.5, m->report.speed_ratio = 0.3, m->report.speed_method = HT_PRUNE_NODE;
    ht_prune_chunks_make(&c, m);
    assert_true(c.count == 2 && strcmp(c.methods, "magnitude,node") == 0);
    assert_true(strcmp(c.key[0], "heavytail:prune") == 0 && strcmp(c.key[1], "heavytail:prune-2") == 0);
    assert_non_null(strstr(c.text[0], "method magnitude, metric fro_squared, error 0.1, ratio 0.300000, "
                                      "removed 2100 of 7000, accuracy 1.000000 before and 0.850000 after"));
    assert_non_null(strstr(c.text[0], "cursor at 0.500000 of the weights: ratio 0.500000, removed 3500"));
    assert_non_null(strstr(c.text[0], "one point at ratio 0.020000, area 0.750000"));
    assert_non_null(strstr(c.text[0], "parameters 500, bytes 3000"));
    assert_null(strstr(c.text[0], "speed-up"));
    assert_non_null(strstr(c.text[1], "speed-up 1.5 at ratio 0.300000"));
    m->view = HT_VIEW_DASHBOARD;
    ht_prune_chunks_make(&c, m);
    assert_true(c.count == 1 && strcmp(c.methods, "node") == 0 && !strstr(c.text[0], "cursor"));
    free_model(m);
}

/* ---- going back ------------------------------------------------------------------------------ */

static void the_timeline_steps_from_state_to_state(void **state)
{
    (void)state;
    ht_stored s = {.count = 4, .step = {0, 10, 40, 100}};
    static const struct {
        double from;
        int states;
        double to;
    } moves[] = {{100, -1, 40}, {40, -1, 10}, {10, -5, 0}, {0, -1, 0},     {0, 1, 10},
                 {12, 1, 40},   {30, 0, 40},  {0, 9, 100}, {1000, 0, 100}, {100, 1, 100}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        assert_true(ht_stored_move(&s, moves[i].from, moves[i].states) == moves[i].to);
    assert_true(ht_stored_nearest(&s, 24) == 10 && ht_stored_nearest(&s, 26) == 40);
    s.count = 0;
    assert_true(ht_stored_nearest(&s, 7) == 7 && ht_stored_move(&s, 7, -1) == 7);
}

static void train(ht_model *m, uint64_t to, double loss)
{
    for (uint64_t i = m->step + 1; i <= to; i++) {
        ht_sample s = {.kind = HT_SAMPLE_STEP, .step = i, .seconds = (double)i, .folded = 1, .masked = 0.25};
        s.loss = s.loss_min = s.loss_max = loss;
        ht_model_sample(m, &s);
    }
}

static void go_to(ht_model *m, uint64_t step)
{
    ht_sample s = {.kind = HT_SAMPLE_REWIND, .step = step, .from = m->step, .seconds = (double)step};
    ht_model_sample(m, &s);
}

/* What the timeline does before it sends its command. */
static void leave_for(ht_model *m, uint64_t step)
{
    char dropped;
    ht_error err;
    if (!ht_stored_leaves(m, step)) return;
    ht_ghost_pin(m, &dropped, &err)->left = m->leaving = true;
}

static double loss_at(const ht_model *m, double step)
{
    ht_bucket bucket[8];
    return ht_curve_columns(&m->trace[HT_TRACE_LOSS], step, step, 8, 0, bucket) ? bucket[0].final
                                                                                : (double)NAN;
}

static void the_left_future_gives_its_history_back(void **state)
{
    (void)state;
    ht_model *m = new_model();
    train(m, 30, 1);
    assert_true(m->masked == 0.25);
    leave_for(m, 10);
    train(m, 33, 1); /* the trainer has not heard of it yet */
    go_to(m, 10);
    assert_true(m->ghost_count == 1 && m->ghost[0]->left && m->ghost[0]->step == 33);
    assert_true(isnan(loss_at(m, 20)));
    leave_for(m, 5); /* nothing was trained: the ghost has it all */
    go_to(m, 5);
    assert_int_equal(m->ghost_count, 1);
    go_to(m, 20); /* forward in the same future */
    assert_true(loss_at(m, 15) == 1 && isnan(loss_at(m, 25)) && m->ghost_count == 1);
    train(m, 25, 2); /* another one */
    assert_true(ht_stored_leaves(m, 20));
    leave_for(m, 20);
    go_to(m, 20);
    assert_true(m->ghost_count == 2 && m->ghost[1]->step == 25 && isnan(loss_at(m, 23)));
    go_to(m, 33); /* undo of the first: to the very end of the first future, whose ghost is the run again */
    assert_true(m->ghost_count == 1 && m->ghost[0]->step == 25);
    assert_true(loss_at(m, 23) == 1 && loss_at(m, 33) == 1);
    free_model(m);
}

static void the_timeline_has_room_under_every_view(void **state)
{
    (void)state;
    for (int view = 0; view < HT_VIEW_COUNT; view++)
        for (int columns = HT_LEAST_COLUMNS; columns < 220; columns += 7)
            for (int rows = HT_LEAST_ROWS; rows < 70; rows += 3) {
                ht_scene scene = {.view = (ht_view)view, .focus = HT_PANEL_LOSS, .timeline = true};
                ht_layout layout = ht_layout_make(columns, rows, scene);
                int bar = ht_layout_find(&layout, HT_PANEL_TIMELINE);
                assert_true(bar == layout.count - 1 && layout.count >= 2);
                ht_rect area = layout.place[bar].area;
                assert_int_equal(area.y + area.h, rows - 1);
                for (int i = 0; i < bar; i++)
                    assert_true(layout.place[i].area.y + layout.place[i].area.h <= area.y);
            }
}

static void the_timeline_shows_run_and_states(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_chart chart = {0};
    train(m, 50, 1);
    m->stored = (ht_stored){.count = 3, .step = {0, 20, 60}}; /* one of a future that can be gone to */
    m->timeline_at = 20;
    ht_panel_timeline(m, 100, &chart);
    assert_string_equal(chart.title, "Timeline: 3 states kept, step 20 of 50");
    assert_true(chart.over_steps && chart.x.low == 0 && chart.x.high == 60);
    const ht_series *points = &chart.series[chart.series_count - 1];
    assert_true(points->kind == HT_MARK_POINTS && points->count == 3 && points->x[1] == 20);
    ht_chart_free(&chart);
    free_model(m);
}

/* Units that methods remove are not what the axis counts: beside it stands where each κ lies on it. */
static void on_an_axis_of_weights_kappa_is_where_it_stands(void **state)
{
    (void)state;
    const ht_prune_point points[] = {{.weights = 1, .accuracy = 1},
                                     {.ratio = 0.3, .weights = 0.8, .accuracy = 0.9}};
    ht_prune_lines lines = {.count = 2, .split = "test", .axis = HT_BY_WEIGHTS};
    lines.line[0] = (ht_prune_line){.method = HT_PRUNE_NODE, .count = 2, .points = points, .at = &points[1]};
    lines.line[1] = lines.line[0];
    lines.line[1].method = HT_PRUNE_SVD;
    ht_chart chart = {0};
    ht_prune_chart(&lines, &chart);
    assert_string_equal(chart.series[0].value, "κ at 0.200");
    assert_string_equal(chart.series[1].value, "κ at 0.200");
    assert_true(fabs(chart.series[2].x[0] - 0.2) < 1e-12); /* the dot */
    ht_chart_clear(&chart);
    lines.count = 1, lines.axis = HT_BY_UNITS;
    ht_prune_chart(&lines, &chart);
    assert_string_equal(chart.series[0].value, "κ 0.300");
    ht_chart_free(&chart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_an_axis_of_weights_kappa_is_where_it_stands),
        cmocka_unit_test(several_methods_have_the_axis_that_was_asked_for),
        cmocka_unit_test(a_method_is_shown_then_read_then_hidden),
        cmocka_unit_test(requests_follow_the_screen),
        cmocka_unit_test(every_step_of_the_cursor_reads_another_point),
        cmocka_unit_test(on_kappa_the_cursor_is_kappa),
        cmocka_unit_test(kappa_beside_the_curve_is_explained),
        cmocka_unit_test(the_trainer_is_asked_for_just_as_many),
        cmocka_unit_test(kappa_stands_in_words),
        cmocka_unit_test(methods_lie_over_each_other_with_their_keys),
        cmocka_unit_test(the_read_out_lists_what_a_click_chooses),
        cmocka_unit_test(the_strip_is_cut_at_the_cursor),
        cmocka_unit_test(only_kept_neurons_are_drawn),
        cmocka_unit_test(two_pixels_share_a_cell),
        cmocka_unit_test(without_colours_signs_are_characters),
        cmocka_unit_test(galleries_stay_in_their_panel),
        cmocka_unit_test(pictures_tell_every_number),
        cmocka_unit_test(the_timeline_steps_from_state_to_state),
        cmocka_unit_test(the_left_future_gives_its_history_back),
        cmocka_unit_test(the_timeline_has_room_under_every_view),
        cmocka_unit_test(the_timeline_shows_run_and_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
