/* Guards the charts of what jumps: the middle is the median, no spike is lost and none stretches the axis,
 * test values hold until the next, guides show through curves, ticks stand whole rows apart; heat maps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart/heat.h"
#include "chart/spread.h"
#include "render/cells.h"
#include "render/draw/chart_layout.h"
#include "render/draw/draw.h"
#include "render/screen.h"
#include "unit/golden.h"

static ht_cells *cells;
static ht_chart chart;
static ht_model *model;
static ht_screen *screen;

static int setup(void **state)
{
    ht_error err;
    (void)state;
    cells = ht_cells_new(&err);
    model = calloc(1, sizeof *model);
    screen = calloc(1, sizeof *screen);
    return cells && model && screen ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ht_screen_free(screen);
    ht_chart_free(&chart);
    ht_cells_free(cells);
    free(screen);
    free(model);
    return 0;
}

static void draw(ht_rect area, ht_symbols symbols, const ht_chart *drawn)
{
    ht_error err;
    assert_int_equal(ht_cells_begin(cells, area.w, area.h, symbols, &err), HT_OK);
    ht_draw_chart(ht_cells_surface(cells), area, drawn, 0);
}

static double uniform(void)
{
    return rand() / ((double)RAND_MAX + 1);
}

/* ---- the middle -------------------------------------------------------------------------------- */

static void the_middle_is_the_median(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    ht_spread spread[40];
    srand(7);
    for (int i = 0; i < 50000; i++) {
        double v = uniform() < 0.01 ? 1e9 : uniform();
        ht_curve_add(curve, i, v, v, v);
    }
    int count = ht_spread_of(curve, 0, 50000, 40, 0.1, spread);
    assert_int_equal(count, 40);
    for (int i = 0; i < count; i++) { /* of about 51 values each */
        assert_true(fabs(spread[i].middle - 0.5) < 0.3);
        assert_true(spread[i].low < spread[i].middle && spread[i].middle < spread[i].high);
        assert_true(spread[i].low < 0.35 && spread[i].high > 0.65 && spread[i].high < 1);
    }
    double quantile[2];
    assert_true(ht_spread_quantiles(curve, 0, 50000, 2, (double[]){0.25, 0.75}, quantile));
    assert_true(fabs(quantile[0] - 0.25) < 0.04 && fabs(quantile[1] - 0.75) < 0.04);
    free(curve);
}

static void few_values_have_a_middle_too(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    ht_spread spread[8];
    double quantile;
    assert_int_equal(ht_spread_of(curve, 0, 10, 8, 0.1, spread), 0);
    assert_false(ht_spread_quantiles(curve, 0, 10, 1, (double[]){0.5}, &quantile));
    for (int i = 1; i <= 5; i++) ht_curve_add(curve, i, i, i, i);
    assert_true(ht_spread_quantiles(curve, 0, 10, 1, (double[]){0.5}, &quantile) && quantile == 3);
    int count = ht_spread_of(curve, 0, 10, 3, 0.1, spread);
    assert_in_range(count, 2, 3);
    for (int i = 0; i < count; i++) assert_true(spread[i].middle == 3 && spread[i].values == 5);
    free(curve);
}

/* A loss that falls is not one flat line: each value where there are few, else a median of so small a part of
 * all that it follows. */
static void the_median_follows_what_falls(void **state)
{
    (void)state;
    static const int counts[] = {1, 8, 30, 60, 99, 100, 150, 400, 2000};
    ht_spread spread[1024];
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (int columns = 20; columns <= 1000; columns *= 7) {
            ht_curve *curve = calloc(1, sizeof *curve);
            int n = counts[c];
            for (int i = 1; i <= n; i++)
                ht_curve_add(curve, i, 1 - i / (double)n, 1 - i / (double)n, 1 - i / (double)n);
            int count = ht_spread_of(curve, 0, n + 5, columns, 0.1, spread);
            assert_true(count > 0 && count <= columns && spread[count - 1].step == n);
            bool each = n < 100 && n <= columns;
            assert_true(each ? count == n : spread[0].values >= 5);
            for (int i = 0; i < count; i++) {
                double truth = 1 - spread[i].step / n;
                if (each) assert_true(spread[i].values == 1 && fabs(spread[i].middle - truth) < 1e-12);
                assert_true(fabs(spread[i].middle - truth) < 0.12);
            }
            free(curve);
        }
}

/* ---- loss -------------------------------------------------------------------------------------- */

enum { STEPS = 2000, ODD = 1200 };

/* A loss around 0.1; one minibatch of 1e-10, another of 1e6. */
static void feed_loss(int every)
{
    ht_params params;
    ht_params_init(&params);
    ht_model_init(model, &params, 140, 2, "data");
    srand(3);
    for (int i = 1; i <= STEPS; i++) {
        double loss = i == ODD ? 1e-10 : i == ODD + 300 ? 1e6 : 0.1 * exp(uniform() - 0.5);
        ht_sample step = {.kind = HT_SAMPLE_STEP,
                          .step = (uint64_t)i,
                          .loss = loss,
                          .loss_min = loss,
                          .loss_max = loss,
                          .accuracy = 0.9};
        ht_model_sample(model, &step);
        ht_sample eval = {.kind = HT_SAMPLE_EVAL,
                          .step = (uint64_t)i,
                          .test_loss = i < STEPS / 2 ? 0.3 : 0.05,
                          .test_accuracy = i < STEPS / 2 ? 0.5 : 0.9};
        if (i % every == 0) ht_model_sample(model, &eval);
    }
}

static const ht_chart *panel(ht_panel_id id, ht_rect area, ht_symbols symbols)
{
    ht_error err;
    assert_int_equal(ht_cells_begin(cells, area.w, area.h, symbols, &err), HT_OK);
    return ht_screen_chart(screen, ht_cells_surface(cells), model, id, area);
}

static void one_tiny_loss_does_not_stretch_the_axis(void **state)
{
    (void)state;
    feed_loss(100);
    for (int symbols = 0; symbols < 3; symbols++)
        for (int w = 40; w <= 130; w += 9) {
            ht_rect area = {0, 0, w, 20};
            const ht_chart *loss = panel(HT_PANEL_LOSS, area, (ht_symbols)symbols);
            ht_draw_chart(ht_cells_surface(cells), area, loss, 0);
            assert_true(loss->y.low >= 1e-3 && loss->y.high <= 100);
            ht_chart_layout l;
            ht_chart_layout_make(&l, area, loss);
            uint32_t up = symbols == HT_SYMBOLS_ASCII ? '^' : 0x25b2,
                     down = symbols == HT_SYMBOLS_ASCII ? 'v' : 0x25bc;
            int above = 0, below = 0;
            for (int x = l.plot.x; x < l.plot.x + l.plot.w; x++) {
                above += ht_cells_at(cells, x, l.plot.y).glyph == up;
                below += ht_cells_at(cells, x, l.plot.y + l.plot.h - 1).glyph == down;
            }
            if (above != 1 || below != 1) fail_msg("w %d: %d marks above, %d below", w, above, below);
        }
}

/* Of `count` values how many lie on the axis. */
static double share_on(const ht_axis *axis, const double *values, int count)
{
    int inside = 0;
    for (int i = 0; i < count; i++) {
        double at = ht_axis_position(axis, values[i]);
        inside += at >= 0 && at <= 1;
    }
    return (double)inside / count;
}

/* Five decades below the 90 % quantile, two above, one more for lines, and ends of whole decades. */
static void assert_readable(const ht_axis *axis, const char *what)
{
    double decades = log10(axis->high / axis->low);
    if (decades > 9 + 1e-9) fail_msg("%s: %g decades, %g to %g", what, decades, axis->low, axis->high);
}

static void add_step(int step, double loss, double test)
{
    ht_sample sample = {.kind = HT_SAMPLE_STEP,
                        .step = (uint64_t)step,
                        .loss = loss,
                        .loss_min = loss,
                        .loss_max = loss,
                        .accuracy = 0.9};
    ht_sample eval = {
        .kind = HT_SAMPLE_EVAL, .step = (uint64_t)step, .test_loss = test, .test_accuracy = 0.9};
    ht_model_sample(model, &sample);
    if (isfinite(test)) ht_model_sample(model, &eval);
}

static void empty_model(void)
{
    ht_params params;
    ht_params_init(&params);
    ht_model_clear(model);
    ht_model_init(model, &params, 140, 2, "data");
}

/* Losses that mostly lie around 0.3, while one batch in five falls to anything down to 1e-30 and one in a
 * hundred rises to anything up to 1e6; zeros, too. */
static void the_axis_is_bounded_however_far_losses_reach(void **state)
{
    (void)state;
    double kept[STEPS];
    int count = 0;
    srand(5);
    empty_model();
    for (int i = 1; i <= STEPS; i++) {
        double loss = 0.3 * exp(uniform() - 0.5), which = uniform();
        if (which < 0.02)
            loss = 0;
        else if (which < 0.2)
            loss = pow(10, -30 * uniform());
        else if (which > 0.99)
            loss = pow(10, 6 * uniform());
        else
            kept[count++] = loss;
        add_step(i, loss, i % 100 == 0 ? (i == 700 ? 1e9 : 0.5) : (double)NAN);
    }
    const ht_chart *loss = panel(HT_PANEL_LOSS, (ht_rect){0, 0, 100, 20}, HT_SYMBOLS_BRAILLE);
    assert_readable(&loss->y, "made up");
    assert_true(share_on(&loss->y, kept, count) == 1);
    /* A loss that falls steadily keeps all of its way. */
    empty_model();
    for (int i = 1; i <= STEPS; i++) add_step(i, 0.7 * exp(-i / 150.0), (double)NAN);
    loss = panel(HT_PANEL_LOSS, (ht_rect){0, 0, 100, 20}, HT_SYMBOLS_BRAILLE);
    assert_true(loss->y.high >= 0.5 && loss->y.low < 0.7 * exp(-0.97 * STEPS / 150.0));
    /* And one that falls at once keeps its beginning. */
    empty_model();
    for (int i = 1; i <= STEPS; i++) add_step(i, i < 12 ? 0.7 : 0.02, (double)NAN);
    loss = panel(HT_PANEL_LOSS, (ht_rect){0, 0, 100, 20}, HT_SYMBOLS_BRAILLE);
    assert_true(loss->y.high >= 0.2 && loss->y.low <= 0.02);
}

static struct {
    int count;
    double loss[6000], test[6000];
} real;

static void take_row(void *context, int fields, char **field)
{
    (void)context;
    assert_int_equal(fields, 3);
    real.loss[real.count] = strtod(field[1], NULL);
    real.test[real.count++] = field[2][0] ? strtod(field[2], NULL) : (double)NAN;
}

/* ecg-demo's own losses (tests/golden/README.md): without weight decay its norms grow, so that later most
 * batches have a loss of nearly or exactly 0, and some of 1 and more. */
static void late_in_ecg_demo_the_middle_is_readable(void **state)
{
    (void)state;
    static const int ends[] = {250, 500, 1000, 1500, 2000};
    real.count = 0;
    golden_csv("loss_ecg_demo.csv", take_row, NULL);
    assert_int_equal(real.count, 3000);
    for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
        char what[32];
        double kept[3000];
        int count = 0;
        empty_model();
        for (int i = 0; i < ends[e]; i++) {
            add_step(2 * (i + 1), real.loss[i], real.test[i]);
            if (real.loss[i] > 1e-4) kept[count++] = real.loss[i];
        }
        const ht_chart *loss = panel(HT_PANEL_LOSS, (ht_rect){0, 0, 60, 14}, HT_SYMBOLS_BRAILLE);
        snprintf(what, sizeof what, "ecg-demo, step %d", 2 * ends[e]);
        assert_readable(&loss->y, what);
        if (share_on(&loss->y, kept, count) < 0.97) fail_msg("%s: losses above 1e-4 are left out", what);
    }
}

/* What the axis leaves out is still told by the cursor. */
static void the_readout_tells_the_extremes(void **state)
{
    (void)state;
    feed_loss(100);
    model->cursor = (ht_cursor){.on = true, .panel = HT_PANEL_LOSS, .x = ODD, .over_steps = true};
    const ht_chart *loss = panel(HT_PANEL_LOSS, (ht_rect){0, 0, 100, 20}, HT_SYMBOLS_BRAILLE);
    bool told = false;
    for (int i = 0; i < loss->readout_count; i++)
        told = told || strstr(loss->readout[i], "from 1.000e-10 to ");
    assert_true(told);
}

static void the_timeline_is_not_stretched_either(void **state)
{
    (void)state;
    feed_loss(100);
    const ht_chart *line = panel(HT_PANEL_TIMELINE, (ht_rect){0, 0, 100, 8}, HT_SYMBOLS_BRAILLE);
    assert_true(line->y.low >= 1e-3 && line->y.high <= 100);
}

/* Between two looks nothing is known: no ink of the test samples between their two levels, but for the one
 * upright line where they change; however often they are looked at. */
static void test_values_hold_until_the_next(void **state)
{
    (void)state;
    static const int every[] = {1, 10, 100, 500};
    for (int e = 0; e < 4; e++) {
        feed_loss(every[e]);
        ht_rect area = {0, 0, 100, 24};
        const ht_chart *loss = panel(HT_PANEL_LOSS, area, HT_SYMBOLS_BRAILLE);
        ht_draw_chart(ht_cells_surface(cells), area, loss, 0);
        ht_chart_layout l;
        ht_chart_layout_make(&l, area, loss);
        int columns = 0, top = (int)floor(ht_plot_y(&l, 0.3)), foot = (int)floor(ht_plot_y(&l, 0.05));
        assert_true(foot - top >= 3);
        for (int x = l.plot.x; x < l.plot.x + l.plot.w; x++) {
            bool inked = false;
            for (int y = top + 1; y < foot; y++) {
                ht_cell cell = ht_cells_at(cells, x, y);
                inked = inked || (cell.glyph > ' ' && cell.role == HT_ROLE_TEST);
            }
            columns += inked;
        }
        if (columns > 1) fail_msg("a look every %d steps: %d columns lean", every[e], columns);
    }
}

/* ---- guides and ticks -------------------------------------------------------------------------- */

/* A dotted line and a mark, each under a curve that lies on it. */
static void guides_show_under_a_curve(void **state)
{
    (void)state;
    for (int symbols = 0; symbols < 3; symbols++)
        for (int kind = 0; kind < 3; kind++) {
            ht_chart_clear(&chart);
            chart.x = (ht_axis){.low = 0, .high = 100, .fixed = true};
            chart.y = (ht_axis){.low = 0, .high = 1, .fixed = true};
            ht_series *curve = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_MMO, "mmo", 2);
            curve->x[1] = kind == 2 ? 50 : 100, curve->x[0] = kind == 2 ? 50 : 0;
            curve->high[0] = kind == 2 ? 0 : 0.5, curve->high[1] = kind == 2 ? 1 : 0.5;
            if (kind == 0) {
                ht_series *guide = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_NOISE, "injected", 2);
                guide->dash = HT_DOTTED;
                guide->x[1] = 100, guide->high[0] = guide->high[1] = 0.5;
            } else {
                ht_chart_mark(&chart, kind == 2, kind == 2 ? 50 : 0.5, HT_ROLE_NOISE, "");
            }
            ht_rect area = {0, 0, 80, 20};
            draw(area, (ht_symbols)symbols, &chart);
            ht_chart_layout l;
            ht_chart_layout_make(&l, area, &chart);
            int ink[2] = {0, 0};
            for (int i = 0; i < (kind == 2 ? l.plot.h : l.plot.w); i++) {
                int x = kind == 2 ? (int)floor(ht_plot_x(&l, 50)) : l.plot.x + i,
                    y = kind == 2 ? l.plot.y + i : (int)floor(ht_plot_y(&l, 0.5));
                ht_cell cell = ht_cells_at(cells, x, y);
                ink[0] += cell.glyph > ' ' && cell.role == HT_ROLE_MMO;
                ink[1] += cell.glyph > ' ' && cell.role == HT_ROLE_NOISE;
            }
            if (ink[0] < 6 || ink[1] < 6)
                fail_msg("symbols %d, kind %d: %d of the curve, %d of the guide", symbols, kind, ink[0],
                         ink[1]);
        }
}

static void ticks_stand_whole_rows_apart(void **state)
{
    (void)state;
    static const double ranges[][3] = {{0, 1, 0},      {1, 2.5, 0},    {0.37, 0.94, 0}, {0, 37, 0},
                                       {1e-3, 0.8, 1}, {1e-5, 1e3, 1}, {1e-9, 2, 1},    {0, 12430, 0}};
    for (int r = 0; r < 8; r++)
        for (int h = 8; h <= 50; h++) {
            ht_chart_clear(&chart);
            chart.y.scale = ranges[r][2] > 0 ? HT_SCALE_LOG : HT_SCALE_LINEAR;
            ht_axis_fit(&chart.y, ranges[r][0], ranges[r][1]);
            ht_axis_fit(&chart.x, 0, 1);
            ht_chart_layout l;
            ht_chart_layout_make(&l, (ht_rect){0, 0, 60, h}, &chart);
            int count = 0, before = 0, distance = 0;
            for (int i = 0; i < l.y_count; i++) {
                if (!l.y_ticks[i].major) continue;
                int row = (int)floor(ht_plot_y(&l, l.y_ticks[i].value));
                if (count == 1) distance = before - row;
                if (count > 1 && before - row != distance)
                    fail_msg("%g to %g, h %d: %d rows, then %d", ranges[r][0], ranges[r][1], h, distance,
                             before - row);
                before = row;
                count++;
            }
            assert_true(count >= 2 && distance >= 1);
            double grown = ht_axis_position(&chart.y, l.y.high);
            if (h >= 12 && grown > 1.26)
                fail_msg("%g to %g, h %d: the axis grew to %g", ranges[r][0], ranges[r][1], h, grown);
        }
}

/* ---- κ ----------------------------------------------------------------------------------------- */

static void report_kappa(ht_report *report, int look, double kappa)
{
    report->count = (uint64_t)look + 1;
    report->step = (uint64_t)look * 10;
    report->look[report->method] = (ht_prune_look){.count = 2, .step = report->step};
    report->pruned.ratio = kappa;
    ht_model_report(model, report);
}

static void kappa_has_a_history(void **state)
{
    (void)state;
    ht_report *report = calloc(1, sizeof *report);
    feed_loss(STEPS);
    report_kappa(report, 0, 0.31);
    assert_string_equal(panel(HT_PANEL_KAPPA, (ht_rect){0, 0, 100, 20}, HT_SYMBOLS_BRAILLE)->note,
                        "0.31 now; few looks yet");
    for (int i = 1; i < 200; i++) report_kappa(report, i, i == 79 ? 0.95 : i % 4 < 2 ? 0.31 : 0.55);
    report_kappa(report, 200, 0.36);
    report_kappa(report, 200, 0.99); /* of the same weights: nothing new */
    ht_rect area = {0, 0, 100, 20};
    const ht_chart *kappa = panel(HT_PANEL_KAPPA, area, HT_SYMBOLS_BRAILLE);
    assert_string_equal(kappa->note, "0.36 now, median 0.36 (0.31 to 0.55)");
    ht_draw_chart(ht_cells_surface(cells), area, kappa, 0);
    ht_chart_layout l;
    ht_chart_layout_make(&l, area, kappa);
    assert_true(kappa->y.high >= 0.95 && kappa->y.high <= 1 && kappa->y.low >= 0);
    int x = (int)floor(ht_plot_x(&l, 790)), y = (int)floor(ht_plot_y(&l, 0.95)); /* the one giant draw */
    bool found = false;
    for (int k = -1; k <= 1; k++) found = found || ht_cells_at(cells, x + k, y).role == HT_ROLE_KAPPA;
    assert_true(found);
    free(report);
}

/* ---- heat -------------------------------------------------------------------------------------- */

static void a_heat_map_is_bounded_and_keeps_the_mean(void **state)
{
    (void)state;
    static ht_heat heat;
    static float share[HT_HEAT_ROWS];
    double sum = 0;
    ht_heat_clear(&heat);
    srand(11);
    enum { LOOKS = 192 * 16 };
    for (int i = 0; i < LOOKS; i++) {
        share[5] = (float)uniform();
        sum += (double)share[5];
        ht_heat_add(&heat, i, share);
        assert_in_range(heat.count, 1, HT_HEAT_COLUMNS);
    }
    double mean = 0, looks = 0, before = -1;
    for (int i = 0; i < heat.count; i++) {
        const ht_heat_column *c = &heat.column[i];
        assert_true(c->first > before && c->last >= c->first);
        before = c->last;
        mean += c->looks * (double)c->share[5];
        looks += c->looks;
    }
    assert_true(looks == LOOKS && fabs(mean - sum) < 1e-3 * sum);
    assert_true(heat.count >= HT_HEAT_COLUMNS / 4 && before == LOOKS - 1);
    ht_heat_cut(&heat, 100);
    assert_true(heat.count > 0 && heat.column[heat.count - 1].last <= 100);
}

/* Small weights first, then a tail: it stands above, from its step on; one weight far out is seen. */
static void the_heat_map_shows_the_tail_grow(void **state)
{
    (void)state;
    static float w[1000];
    ht_glimpse *glimpse = calloc(1, sizeof *glimpse);
    feed_loss(STEPS);
    for (int look = 0; look <= 20; look++) {
        for (int i = 0; i < 1000; i++) w[i] = 0.01f * (1 + (float)(i % 7));
        if (look >= 10) w[0] = 50;
        memset(&glimpse->histogram, 0, sizeof glimpse->histogram);
        ht_histogram_add(&glimpse->histogram, w, 1000);
        glimpse->count++;
        glimpse->step = (uint64_t)look * 100;
        ht_model_glimpse(model, glimpse);
    }
    ht_rect area = {0, 0, 100, 24};
    for (int symbols = 0; symbols < 3; symbols++) {
        const ht_chart *heat = panel(HT_PANEL_HEAT, area, (ht_symbols)symbols);
        ht_draw_chart(ht_cells_surface(cells), area, heat, 0);
        ht_chart_layout l;
        ht_chart_layout_make(&l, area, heat);
        int far = (int)floor(ht_plot_y(&l, 50)), bulk = (int)floor(ht_plot_y(&l, 0.04));
        ht_cell early = ht_cells_at(cells, (int)floor(ht_plot_x(&l, 500)), far),
                late = ht_cells_at(cells, (int)floor(ht_plot_x(&l, 1500)), far),
                much = ht_cells_at(cells, (int)floor(ht_plot_x(&l, 500)), bulk);
        assert_true(early.glyph == 0 && late.glyph != 0 && much.glyph != 0);
        if (symbols == HT_SYMBOLS_ASCII)
            assert_true(late.glyph == '.' && (much.glyph == '@' || much.glyph == '#'));
        else
            assert_true(late.role == HT_ROLE_HEAT_1 && much.role >= HT_ROLE_HEAT_7 &&
                        much.role <= HT_ROLE_HEAT_8);
        assert_non_null(strstr(heat->series[0].name, "one to "));
    }
    model->cursor = (ht_cursor){.on = true, .panel = HT_PANEL_HEAT, .x = 1500, .over_steps = true};
    const ht_chart *heat = panel(HT_PANEL_HEAT, area, HT_SYMBOLS_BRAILLE);
    bool told = false;
    for (int i = 0; i < heat->readout_count; i++)
        told = told || strstr(heat->readout[i], "half below |w| 0.0");
    assert_true(told);
    free(glimpse);
}

/* Where no two colours fit in a cell: shades, and characters. */
static void heat_without_colours_has_shades(void **state)
{
    (void)state;
    ht_cell one = {0x2580, HT_ROLE_HEAT_1, 0, 0}, two = {0x2580, HT_ROLE_HEAT_1, 0, HT_ROLE_HEAT_8};
    assert_int_equal(ht_cell_one_colour(one, false).glyph, 0x2591);
    assert_int_equal(ht_cell_one_colour(two, false).glyph, 0x2588);
    assert_int_equal(ht_cell_one_colour(one, true).glyph, '.');
    assert_int_equal(ht_cell_one_colour(two, true).glyph, '@');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_middle_is_the_median),
        cmocka_unit_test(few_values_have_a_middle_too),
        cmocka_unit_test(the_median_follows_what_falls),
        cmocka_unit_test(one_tiny_loss_does_not_stretch_the_axis),
        cmocka_unit_test(the_axis_is_bounded_however_far_losses_reach),
        cmocka_unit_test(late_in_ecg_demo_the_middle_is_readable),
        cmocka_unit_test(the_readout_tells_the_extremes),
        cmocka_unit_test(the_timeline_is_not_stretched_either),
        cmocka_unit_test(test_values_hold_until_the_next),
        cmocka_unit_test(guides_show_under_a_curve),
        cmocka_unit_test(ticks_stand_whole_rows_apart),
        cmocka_unit_test(kappa_has_a_history),
        cmocka_unit_test(a_heat_map_is_bounded_and_keeps_the_mean),
        cmocka_unit_test(the_heat_map_shows_the_tail_grow),
        cmocka_unit_test(heat_without_colours_has_shades),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
