/* test_layers_picked.c - the layer that is picked: every view of weights is of it and says so; filters as
 * pictures; κ of networks of any layers with every look at the norms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/analysis.h"
#include "engine/runner.h"
#include "engine/tail_watch.h"
#include "render/cells.h"
#include "render/draw/draw.h"
#include "render/image.h"
#include "render/screen.h"
#include "render/theme.h"
#include "unit/small.h"
#include "view/bars.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"

static ht_error err;

static const char lenet[] = "conv 20 5x5, pool 2, conv 50 5x5, pool 2, dense 500";

static ht_model *new_model(const char *layers)
{
    ht_params p;
    ht_params_init(&p);
    if (ht_params_set(&p, "model.layers", layers, &err) != HT_OK) fail_msg("%s", err.text);
    ht_model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    ht_model_init(m, &p, 784, 10, "digits");
    ht_model_pictures(m, 1, 28, 28);
    return m;
}

static ht_network *network_of(const char *layers, ht_shape input)
{
    ht_params p;
    ht_params_init(&p);
    if (ht_params_set(&p, "model.layers", layers, &err) != HT_OK) fail_msg("%s", err.text);
    ht_network *net = ht_network_of(&p, input, 10, &err);
    if (!net) fail_msg("%s", err.text);
    ht_network_init(net, 3, NULL);
    return net;
}

/* What the lab would be told of these weights while this layer is picked. */
static void tell(ht_model *m, const ht_network *net, int layer, uint64_t step)
{
    static ht_report r;
    ht_tail_watch *watch = calloc(1, sizeof *watch);
    ht_prune_spec spec = ht_prune_spec_of(&m->applied, NULL);
    ht_capture *capture = ht_capture_new(net, 1, &err);
    assert_true(watch && capture);
    memset(&r, 0, sizeof r);
    ht_capture_pick(capture, layer);
    ht_capture_take(capture, net, NULL);
    r.count = r.glimpse.count = 1;
    r.step = r.glimpse.step = step;
    assert_int_equal(ht_analysis_glimpse(&r.glimpse, capture, &spec, &err), HT_OK);
    const ht_tail_order order = {.layer = layer, .step = step};
    assert_int_equal(ht_tail_watch_look(watch, net, &order, &err), HT_OK);
    r.tail = watch->latest;
    r.look[HT_PRUNE_NODE].count = 2; /* of a curve nothing is asked here */
    r.look[HT_PRUNE_NODE].points[1].ratio = 1;
    assert_int_equal(ht_analysis_units(&r, net, &spec, layer, &err), HT_OK);
    ht_model_report(m, &r);
    ht_model_glimpse(m, &r.glimpse);
    ht_capture_free(capture);
    free(watch);
}

typedef void chart_of(HT_ARGUMENTS_CHART);

static void assert_says(const ht_model *m, const char *name)
{
    static chart_of *const charts[] = {ht_panel_weights, ht_panel_norms, ht_panel_heat,
                                       ht_panel_kappa,   ht_panel_tail,  ht_panel_tail_history};
    static ht_gallery gallery;
    ht_chart chart = {0};
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        charts[i](m, 2 * 44, &chart);
        if (!strstr(chart.title, name)) fail_msg("\"%s\" says nothing of %s", chart.title, name);
        ht_chart_clear(&chart);
    }
    ht_panel_strip(m, 2 * 60, &chart);
    gallery = (ht_gallery){0};
    ht_panel_neurons(m, &gallery);
    if (m->report.glimpse.layer != HT_ALL_LAYERS) {
        assert_non_null(strstr(chart.title, name));
        assert_non_null(strstr(gallery.title, name));
    }
    ht_chart_free(&chart);
}

/* Pictures have letters of other widths than a terminal, and more points to a column: what a title has room
 * for is asked of the surface. */
static void titles_fit_into_pictures(void **state)
{
    (void)state;
    static const ht_panel_id panels[] = {HT_PANEL_TAIL, HT_PANEL_WEIGHTS, HT_PANEL_NORMS,
                                         HT_PANEL_HEAT, HT_PANEL_KAPPA,   HT_PANEL_TAIL_HISTORY};
    ht_theme theme;
    ht_model *m = new_model(lenet);
    ht_network *net = network_of(lenet, (ht_shape){1, 28, 28});
    ht_screen *screen = calloc(1, sizeof *screen);
    assert_int_equal(ht_theme_load("light", &theme, &err), HT_OK);
    ht_image *image = ht_image_new(960, 576, 80, 24, &theme, &err);
    ht_cells *cells = ht_cells_new(&err);
    assert_true(screen && image && cells);
    assert_int_equal(ht_cells_begin(cells, 80, 24, HT_SYMBOLS_BRAILLE, &err), HT_OK);
    ht_surface *surfaces[] = {ht_image_surface(image), ht_cells_surface(cells)};
    for (int layer = HT_ALL_LAYERS; layer < 3; layer++) {
        tell(m, net, layer, 10);
        for (int i = 0; i < 2; i++)
            for (size_t p = 0; p < sizeof panels / sizeof panels[0]; p++)
                for (int w = 44; w <= 80; w++) {
                    ht_surface *s = surfaces[i];
                    char title[80];
                    const ht_chart *chart = ht_screen_chart(screen, s, m, panels[p], (ht_rect){0, 0, w, 12});
                    snprintf(title, sizeof title, " %s ", chart->title);
                    if (s->ops->measure(s, HT_BOLD, title) > w - 4)
                        fail_msg("\"%s\" has no room in %d columns of %s", chart->title, w,
                                 i ? "a terminal" : "a picture");
                }
    }
    ht_screen_free(screen);
    free(screen);
    ht_image_free(image);
    ht_cells_free(cells);
    ht_network_free(net);
    free(m);
}

static void every_view_follows(void **state)
{
    (void)state;
    ht_model *m = new_model(lenet);
    ht_chart chart = {0};
    ht_network *net = network_of(lenet, (ht_shape){1, 28, 28});
    assert_int_equal(m->layer, HT_ALL_LAYERS);
    tell(m, net, HT_ALL_LAYERS, 10);
    assert_says(m, "3 layers");
    assert_int_equal(m->report.glimpse.histogram.total, 20 * 25 + 50 * 500 + 500 * 800);
    static const struct {
        const char *name, *said, *units;
        size_t weights;
    } layers[] = {{"conv 1", "conv 1: 20 filters of 1×5×5", "filters", 20 * 25},
                  {"conv 2", "conv 2: 50 filters of 20×5×5", "filters", 50 * 500},
                  {"dense 3", "dense 3: 500 neurons of 800 inputs", "neurons", 500 * 800}};
    for (int l = 0; l < 3; l++) {
        char said[80];
        m->layer = ht_layers_beside(m, m->layer, 1);
        assert_int_equal(m->layer, l);
        tell(m, net, m->layer, 20 + (uint64_t)l);
        assert_says(m, layers[l].name);
        ht_layers_say(m, l, said, sizeof said);
        assert_string_equal(said, layers[l].said);
        assert_string_equal(ht_layers_units(m, l), layers[l].units);
        assert_int_equal(m->report.glimpse.histogram.total, layers[l].weights);
        assert_int_equal(m->heat.count, 1); /* another layer's history begins anew */
        assert_int_equal(m->trace[HT_TRACE_LAYER].count, 1);
        ht_panel_weights(m, 2 * 80, &chart); /* where there is room it says it all */
        assert_non_null(strstr(chart.title, layers[l].said));
        ht_chart_clear(&chart);
    }
    assert_int_equal(ht_layers_beside(m, m->layer, 1), HT_ALL_LAYERS);
    assert_int_equal(ht_layers_beside(m, HT_ALL_LAYERS, -1), 2);
    assert_string_equal(ht_layers_units(m, HT_ALL_LAYERS), "units");
    ht_chart_free(&chart);
    ht_network_free(net);
    free(m);
}

/* A narrow panel's title gives way to the name of the layer, which nothing cuts off. */
static void narrow_titles_keep_the_layer(void **state)
{
    static const struct {
        int columns;
        const char *title;
    } cases[] = {
        {40, "Tail α̂, conv 2"}, {48, "Tail index α̂, conv 2"}, {80, "Tail index α̂ of the weights, conv 2"}};
    (void)state;
    ht_model *m = new_model(lenet);
    ht_chart chart = {0};
    ht_network *net = network_of(lenet, (ht_shape){1, 28, 28});
    m->layer = 1;
    tell(m, net, 1, 10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_panel_tail(m, 2 * cases[i].columns, &chart);
        assert_string_equal(chart.title, cases[i].title);
        ht_chart_clear(&chart);
    }
    ht_chart_free(&chart);
    ht_network_free(net);
    free(m);
}

static void one_layer_is_no_choice(void **state)
{
    (void)state;
    ht_model *m = new_model("dense 50");
    ht_chart chart = {0};
    ht_network *net = network_of("dense 50", (ht_shape){1, 28, 28});
    tell(m, net, HT_ALL_LAYERS, 1);
    assert_int_equal(m->report.glimpse.layer, 0);
    ht_panel_norms(m, 200, &chart);
    assert_string_equal(chart.title, "Neuron norms ‖w‖, P(>x)");
    assert_string_equal(m->shape, "784→50→10");
    ht_chart_free(&chart);
    ht_network_free(net);
    free(m);
}

/* The shape in the title: what a click picks. */
static void the_shape_is_a_picker(void **state)
{
    (void)state;
    ht_model *m = new_model(lenet);
    assert_string_equal(m->shape, "1×28² → conv 20 → conv 50 → 500 → 10");
    /* Columns of the words: 0-4, 8-14, 18-24, 28-30, 34-35. */
    static const int at[][2] = {
        {0, HT_ALL_LAYERS}, {4, HT_ALL_LAYERS}, {8, 0}, {14, 0}, {18, 1}, {24, 1}, {28, 2}, {30, 2},
        {34, HT_ALL_LAYERS}};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
        assert_int_equal(ht_layers_at(m, at[i][0]), at[i][1]);
    free(m);
}

/* ---- filters ---- */

/* Two filters of 2 × 2 on three channels: the first is green at the left and blue at the right below, the
 * second, which is weaker, all white. */
static ht_network *coloured(void)
{
    static const float w[2][12] = {{-1, -1, -1, -1, 1, -1, 1, -1, -1, -1, -1, 1},
                                   {.5f, .5f, .5f, .5f, .5f, .5f, .5f, .5f, .5f, .5f, .5f, .5f}};
    ht_network *net = network_of("conv 2 2x2, dense 8", (ht_shape){3, 6, 6});
    memcpy(net->weights[0]->data, w, sizeof w);
    return net;
}

static void three_channels_are_colours(void **state)
{
    (void)state;
    static ht_gallery g;
    ht_theme theme;
    ht_model *m = new_model("conv 2 2x2, dense 8");
    ht_network *net = coloured();
    tell(m, net, 0, 1);
    const ht_strongest *s = &m->report.strongest;
    assert_true(s->drawn == HT_DRAWN_COLOURS && s->count == 2 && s->values == 12 && s->unit[0] == 0);
    g = (ht_gallery){0};
    ht_panel_neurons(m, &g);
    assert_true(g.kind == HT_GALLERY_COLOURS && g.count == 2 && g.width == 2 && g.height == 2);
    ht_cells *cells = ht_cells_new(&err);
    assert_int_equal(ht_cells_begin(cells, 40, 4, HT_SYMBOLS_BRAILLE, &err), HT_OK);
    g.count = 1; /* at its own size */
    ht_draw_gallery(ht_cells_surface(cells), (ht_rect){0, 0, 12, 4}, &g, 0);
    assert_int_equal(ht_theme_load("dark", &theme, &err), HT_OK);
    /* A pixel of the picture is a column and half a row; it is centred over its label of five columns. */
    static const unsigned char golden[2][2][3] = {{{0, 255, 0}, {0, 0, 0}}, {{0, 255, 0}, {0, 0, 255}}};
    int x = 2;
    while (x < 12 && ht_cells_at(cells, x, 1).ground == 0) x++;
    for (int column = 0; column < 2; column++) {
        ht_cell cell = ht_cells_at(cells, x + column, 1);
        for (int row = 0; row < 2; row++) {
            unsigned role = row ? cell.ground : cell.role;
            const ht_colour colour = theme.roles[role];
            assert_true(ht_role_is_rgb(role));
            assert_int_equal(colour.r, golden[row][column][0]);
            assert_int_equal(colour.g, golden[row][column][1]);
            assert_int_equal(colour.b, golden[row][column][2]);
        }
    }
    ht_cells_free(cells);
    ht_network_free(net);
    free(m);
}

static void colours_go_there_and_back(void **state)
{
    (void)state;
    double channel[3];
    for (int i = 0; i < HT_RGB_COLOURS; i++) {
        ht_role_channels((unsigned)(HT_ROLE_RGB + i), channel);
        assert_int_equal(ht_role_rgb(channel[0], channel[1], channel[2]), HT_ROLE_RGB + i);
    }
    ht_role_channels(ht_role_rgb(0.1, -0.1, (double)NAN), channel);
    assert_true(channel[0] == 0 && channel[1] == 0 && channel[2] == 0);
    assert_false(ht_role_is_rgb(HT_ROLE_BAD));
}

/* Of deeper layers the norm over the channels, at each place; what goes is drawn, crossed. */
static void deeper_filters_are_norms(void **state)
{
    (void)state;
    static ht_gallery g;
    ht_model *m = new_model(lenet);
    ht_network *net = network_of(lenet, (ht_shape){1, 28, 28});
    tell(m, net, 1, 1);
    const ht_strongest *s = &m->report.strongest;
    assert_true(s->drawn == HT_DRAWN_NORMS && s->count == 50 && s->values == 25 && s->of == 50);
    for (int i = 0; i < s->count; i++) {
        double sum = 0;
        const float *w = net->weights[1]->data + (size_t)s->unit[i] * 500;
        for (int c = 0; c < 20; c++) sum += (double)w[c * 25 + 7] * (double)w[c * 25 + 7];
        assert_true(fabs((double)s->value[i * 25 + 7] - sqrt(sum)) < 1e-6);
    }
    m->prune_cursor = 0.5;
    m->report.look[HT_PRUNE_NODE].count = 3;
    m->report.look[HT_PRUNE_NODE].points[1].ratio = 0.5;
    m->report.look[HT_PRUNE_NODE].points[2].ratio = 1;
    g = (ht_gallery){0};
    ht_panel_neurons(m, &g);
    assert_int_equal(g.count, 50);
    for (int i = 0; i < 50; i++) {
        assert_true(g.item[i].gone == (i >= 25));
        assert_true((strncmp(g.item[i].label, "×", strlen("×")) == 0) == (i >= 25));
    }
    ht_network_free(net);
    free(m);
}

/* ---- κ ---- */

/* Norms alone say of any network, in either scope, what pruning would remove, and how much in each layer. */
static void norms_tell_kappa(void **state)
{
    (void)state;
    static const char *const nets[] = {lenet, "conv 8 3x3 same, res(conv 8 3x3 same), relu, pool 2, dense 30",
                                       "dense 40, dense 30"};
    for (size_t i = 0; i < 3; i++)
        for (int scope = 0; scope < 2; scope++) {
            static ht_glimpse g;
            ht_prune_result r = {0};
            ht_network *net = network_of(nets[i], (ht_shape){1, 28, 28});
            ht_prune_spec spec = {.error = 0.2, .ratio = (double)NAN, .scope = (ht_prune_scope)scope};
            ht_capture *capture = ht_capture_new_glimpse(net, 1, &err);
            ht_capture_take(capture, net, NULL);
            assert_int_equal(ht_analysis_glimpse(&g, capture, &spec, &err), HT_OK);
            assert_int_equal(ht_prune_try(&r, net, NULL, NULL, &spec, NULL, NULL, &err), HT_OK);
            assert_true(g.kappa.units == r.units && g.kappa.removed == r.removed && r.removed > 0);
            assert_true(fabs(g.kappa.error - r.error) < 1e-12);
            assert_int_equal(g.layers, r.layer_count);
            for (int l = 0; l < g.layers; l++) {
                assert_true(g.of[l].removed == r.layers[l].removed && g.of[l].units == r.layers[l].units);
                assert_true(fabs(g.of[l].error - r.layers[l].error) < 1e-12);
            }
            ht_capture_free(capture);
            ht_network_free(net);
        }
}

static const ht_glimpse *glimpse_of(ht_runner *runner, uint64_t step)
{
    ht_sample sample;
    bool fresh;
    for (double end = ht_now() + 60; ht_now() < end;) {
        while (ht_runner_receive(runner, &sample)) {
        }
        const ht_glimpse *g = ht_runner_glimpse(runner, &fresh);
        if (g->count > 0 && g->step == step) return g;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("no look at the weights of step %llu", (unsigned long long)step);
    return NULL;
}

/* Every single step of a convolutional network has its κ: none waits for a curve. A layer that is picked is
 * looked at without a step. */
static void every_step_has_its_kappa(void **state)
{
    (void)state;
    ht_dataset *data = small_data(100, 100);
    ht_params p = small_params();
    if (ht_params_set(&p, "model.layers", "conv 8 1x7 stride 4, dense 16", &err) != HT_OK)
        fail_msg("%s", err.text);
    ht_trainer *t = small_trainer(&p, data, NULL);
    ht_pool *pool = small_pool(1);
    ht_runner *runner = ht_runner_start(t, data, pool, &err);
    assert_non_null(runner);
    for (uint64_t step = 1; step <= 8; step++) {
        ht_runner_send(runner, HT_COMMAND_STEP, 0, 0);
        const ht_glimpse *g = glimpse_of(runner, step);
        assert_true(g->kappa.units == 24 && g->layers == 2 && g->layer == HT_ALL_LAYERS);
    }
    ht_runner_send(runner, HT_COMMAND_LAYER, 0, 0);
    const ht_glimpse *g = glimpse_of(runner, 8);
    for (double end = ht_now() + 60; g->layer != 0 && ht_now() < end; g = glimpse_of(runner, 8)) {
    }
    assert_true(g->layer == 0 && g->histogram.total == 8 * 7 && g->of[0].units == 8);
    ht_runner_stop(runner);
    ht_pool_free(pool);
    ht_trainer_free(t);
    ht_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_fit_into_pictures),
        cmocka_unit_test(every_view_follows),
        cmocka_unit_test(narrow_titles_keep_the_layer),
        cmocka_unit_test(one_layer_is_no_choice),
        cmocka_unit_test(the_shape_is_a_picker),
        cmocka_unit_test(three_channels_are_colours),
        cmocka_unit_test(colours_go_there_and_back),
        cmocka_unit_test(deeper_filters_are_norms),
        cmocka_unit_test(norms_tell_kappa),
        cmocka_unit_test(every_step_has_its_kappa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
