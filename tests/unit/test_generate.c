/* Text that a network writes: each token as its probabilities say, the same whatever it is cut into; and how
 * it is shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "engine/text/text_look.h"
#include "nn/text/generate.h"
#include "num/rng.h"
#include "view/panel_fill.h"
#include "view/scene.h"

enum { T = 6, KINDS = 11 };

static ht_error err;

static ht_network *network_of(bool bias, bool tied)
{
    ht_params p;
    ht_params_init(&p);
    if (ht_params_set(&p, "model.layers",
                      "embed 8, res(norm, attention 2), res(norm, dense 16 gelu, dense 8 linear), norm",
                      &err) != HT_OK)
        fail_msg("%s", err.text);
    ht_params_put(&p, HT_P_MODEL_BIAS, bias);
    ht_params_put(&p, HT_P_MODEL_TIED, tied);
    ht_network *net = ht_network_of(&p, (ht_shape){1, 1, T}, KINDS, &err);
    if (!net) fail_msg("%s", err.text);
    ht_network_init(net, 5, NULL);
    for (int t = 0; t < net->tensor_count; t++) /* so that probabilities are not all alike */
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++) net->tensors[t].data[i] *= 2;
    return net;
}

/* Of the token after some, each one's probability once more: from the losses of the sample that says it is
 * next. The tokens behind, which nobody may see, are others than the generator's zeros. */
static void slow_probabilities(const ht_network *net, const int32_t *tokens, size_t count, double temperature,
                               double p[KINDS])
{
    float x[T];
    int32_t labels[T] = {0};
    double least = HUGE_VAL, sum = 0;
    size_t seen = count < T ? count : T;
    for (size_t i = 0; i < T; i++) x[i] = i < seen ? (float)tokens[count - seen + i] : (float)(7 - (int)i);
    for (int c = 0; c < KINDS; c++) {
        ht_score score;
        labels[seen - 1] = c;
        assert_int_equal(ht_network_evaluate(net, &(ht_samples){1, x, labels}, NULL, NULL, &score, &err),
                         HT_OK);
        p[c] = T * score.loss; /* −log of it, and what the other positions lose */
        least = fmin(least, p[c]);
    }
    for (int c = 0; c < KINDS; c++) sum += p[c] = exp((least - p[c]) / temperature);
    for (int c = 0; c < KINDS; c++) p[c] /= sum;
}

static void tokens_are_drawn_as_the_network_says(void **state)
{
    (void)state;
    static const double temperatures[] = {0.5, 1, 1.2};
    ht_rng rng;
    ht_rng_init(&rng, 2, HT_STREAM_TEST, 0);
    int checked = 0;
    for (int kind = 0; kind < 4; kind++) {
        ht_network *net = network_of(kind & 1, kind & 2);
        ht_generator *g = ht_generator_new(net, &err);
        int32_t tokens[20] = {3};
        for (size_t count = 1; count < 20; count++) {
            double p[KINDS], u = ht_rng_uniform(&rng), edge = 0, temperature = temperatures[count % 3];
            int32_t next, expected = 0;
            slow_probabilities(net, tokens, count, temperature, p);
            for (edge = p[0]; edge <= u; edge += p[++expected]) {
            }
            assert_int_equal(ht_generator_next(g, tokens, count, temperature, u, &next, &err), HT_OK);
            bool near = fabs(edge - u) < 1e-3 || fabs(edge - p[expected] - u) < 1e-3; /* between two */
            if (!near) assert_int_equal(next, expected), checked++;
            tokens[count] = next;
            int32_t best, most = 0;
            for (int c = 0; c < KINDS; c++)
                if (p[c] > p[most]) most = c;
            assert_int_equal(ht_generator_next(g, tokens, count, 0, u, &best, &err), HT_OK);
            if (p[best] < 0.999 * p[most]) fail_msg("%d is not the most probable, %d", best, most);
        }
        ht_generator_free(g);
        ht_network_free(net);
    }
    assert_true(checked > 60);
}

static ht_text_look look(const ht_network *net, uint64_t step, double temperature)
{
    ht_text_look text = {0};
    const ht_text_order order = {step, 0, temperature, 0, HUGE_VAL};
    if (ht_text_look_make(&text, net, &order, &err) != HT_OK) fail_msg("%s", err.text);
    assert_int_equal(text.count, HT_TEXT_TOKENS);
    return text;
}

static void a_text_is_the_same_in_pieces(void **state)
{
    (void)state;
    ht_network *net = network_of(false, false);
    ht_text_look whole = look(net, 70, 0.8), pieces = {0};
    int rounds = 0;
    for (; pieces.count < HT_TEXT_TOKENS; rounds++) { /* until 0: a token each time */
        const ht_text_order order = {70, 0, 0.8, 0, 0};
        assert_int_equal(ht_text_look_make(&pieces, net, &order, &err), HT_OK);
        assert_int_equal(pieces.count, rounds + 1);
    }
    assert_memory_equal(whole.token, pieces.token, sizeof whole.token);
    ht_text_look again = look(net, 70, 0.8), later = look(net, 71, 0.8), warmer = look(net, 70, 1.2);
    assert_memory_equal(whole.token, again.token, sizeof whole.token);
    assert_memory_not_equal(whole.token, later.token, sizeof whole.token);
    assert_memory_not_equal(whole.token, warmer.token, sizeof whole.token);
    /* Of another temperature or step what was there is not gone on with. */
    ht_text_look changed = whole;
    const ht_text_order order = {70, 0, 1.2, 0, HUGE_VAL};
    assert_int_equal(ht_text_look_make(&changed, net, &order, &err), HT_OK);
    assert_memory_equal(changed.token, warmer.token, sizeof whole.token);
    ht_network_free(net);
}

static void texts_begin_after_the_end_of_a_line(void **state)
{
    (void)state;
    static uint32_t with[] = {'\t', '\n', ' ', 'a'}, without[] = {'\t', ' ', 'a'}, letters[] = {'a', 'b'};
    assert_int_equal(ht_text_prompt(&(ht_dataset){.tokens = 4, .characters = with}), 1);
    assert_int_equal(ht_text_prompt(&(ht_dataset){.tokens = 3, .characters = without}), 1);
    assert_int_equal(ht_text_prompt(&(ht_dataset){.tokens = 2, .characters = letters}), 0);
    assert_int_equal(ht_text_prompt(&(ht_dataset){.tokens = 9}), 0);
}

static void weights_that_are_not_finite_write_nothing(void **state)
{
    (void)state;
    ht_network *net = network_of(false, false);
    ht_text_look text = {0};
    const ht_text_order order = {1, 0, 0.8, 0, HUGE_VAL};
    ht_network_output(net)->data[0] = NAN;
    assert_int_equal(ht_text_look_make(&text, net, &order, &err), HT_FAIL);
    assert_int_equal(text.count, 0);
    ht_network_free(net);
}

/* ---- how it is shown ---------------------------------------------------------------------------- */

static ht_model *model_of(const uint32_t *characters, int tokens, bool bytes, const int32_t *text, int count)
{
    ht_params p;
    ht_params_init(&p);
    ht_model *m = ht_alloc(1, sizeof *m, "the model", &err);
    assert_non_null(m);
    ht_model_init(m, &p, T, tokens, "some text");
    m->language = (ht_language){.tokens = tokens, .characters = characters, .bytes = bytes};
    m->report.text = (ht_text_look){.looked = true, .step = 1310, .temperature = 0.5, .count = count};
    memcpy(m->report.text.token, text, (size_t)count * sizeof *text);
    return m;
}

static void shown(const ht_model *m, const char *const *lines, int count)
{
    static ht_form form;
    memset(&form, 0, sizeof form);
    ht_panel_fill_form(HT_PANEL_TEXT, m, (ht_room){.columns = 60, .rows = 20}, &form);
    assert_int_equal(form.count, count);
    for (int i = 0; i < count; i++) assert_string_equal(form.rows[i].label, lines[i]);
    if (m->language.tokens == 0) return;
    assert_string_equal(form.title, "Text at step 1 310");
    assert_string_equal(form.hint, "i: temperature 0.5");
}

static void text_is_shown_cleanly(void **state)
{
    (void)state;
    static const uint32_t some[] = {'\n', ' ', 'a', 0xe9, 0x1b, 0x200b, 0x202e, 0x4e2d, 0x7f, '\t', '\r'};
    static const int32_t text[] = {2, 3, 1, 4, 5, 6, 8, 10, 0, 7, 9, 2};
    static const char *const lines[] = {"aé ·····", "中 a"};
    ht_model *m = model_of(some, 11, false, text, 12);
    shown(m, lines, 2);
    m->language.tokens = 0;
    static const char *const none[] = {"The samples are no text (markov and text:FILE are)."};
    shown(m, none, 1);
    ht_model_clear(m), ht_free(m);
    uint32_t all[256];
    for (uint32_t b = 0; b < 256; b++) all[b] = b;
    static const int32_t bytes[] = {'a', 0xc3, 0xa9, 0xc3, 'b', 0, 0x1b, 0xff, '\n', 0xe2, 0x82, 0xac};
    static const char *const decoded[] = {"aé·b···", "€"}; /* a byte that is no character: a dot */
    m = model_of(all, 256, true, bytes, 12);
    shown(m, decoded, 2);
    ht_model_clear(m), ht_free(m);
    static const int32_t numbers[] = {5, 0, 12};
    static const char *const said[] = {"5 0 12 "};
    m = model_of(NULL, 13, false, numbers, 3);
    shown(m, said, 1);
    ht_model_clear(m), ht_free(m);
}

/* Whatever is sampled, nothing reaches the screen that it would act on. */
static void nothing_that_is_sampled_acts_on_the_screen(void **state)
{
    (void)state;
    static uint32_t characters[5000];
    static ht_form form;
    for (uint32_t i = 0; i < 5000; i++) characters[i] = i < 4000 ? i : 0xe000 + i - 4000;
    for (int begin = 0; begin < 5000; begin += 500) {
        int32_t text[500];
        for (int i = 0; i < 500; i++) text[i] = begin + i;
        ht_model *m = model_of(characters, 5000, false, text, 500);
        memset(&form, 0, sizeof form);
        ht_panel_fill_form(HT_PANEL_TEXT, m, (ht_room){.columns = 40, .rows = 20}, &form);
        assert_true(form.count > 3);
        for (int r = 0; r < form.count; r++) {
            char clean[sizeof form.rows[r].label];
            strcpy(clean, form.rows[r].label);
            ht_text_clean(clean);
            assert_string_equal(clean, form.rows[r].label);
        }
        ht_model_clear(m), ht_free(m);
    }
}

static void temperatures_go_round(void **state)
{
    (void)state;
    static const double steps[] = {0, 0.5, 0.8, 1, 1.2, 0};
    for (int i = 0; i < 5; i++) assert_true(ht_model_next_temperature(steps[i]) == steps[i + 1]);
    assert_true(ht_model_next_temperature(0.6) == 0.8);
}

static void the_loss_has_the_lines_of_its_text(void **state)
{
    (void)state;
    static ht_chart chart;
    const int32_t none[1] = {0};
    ht_model *m = model_of(NULL, 16, false, none, 1);
    m->language.unigram = 2.575, m->language.least = 1.676;
    for (int i = 1; i <= 20; i++) {
        ht_sample s = {.kind = HT_SAMPLE_STEP, .step = (uint64_t)i, .folded = 1, .loss = 2.7 - 0.02 * i};
        s.loss_min = s.loss_max = s.loss;
        s.state = HT_STATE_RUNNING;
        ht_model_sample(m, &s);
    }
    ht_panel_fill_chart(HT_PANEL_LOSS, m, 60, &chart);
    bool unigram = false, limit = false;
    for (int i = 0; i < chart.mark_count; i++) {
        const ht_line_mark *mark = &chart.marks[i];
        unigram = unigram || (!mark->vertical && mark->at == 2.575 && mark->role == HT_ROLE_DIM);
        limit = limit || (!mark->vertical && mark->at == 1.676 && strstr(mark->label, "entropy limit 1.676"));
    }
    assert_true(unigram && limit);
    assert_true(chart.y.low < 1.676); /* it is on the chart, wherever the loss is */
    assert_string_equal(chart.also, "bits");
    assert_true(fabs(chart.also_times * log(2) - 1) < 1e-12);
    m->language = (ht_language){0};
    ht_chart_clear(&chart);
    ht_panel_fill_chart(HT_PANEL_LOSS, m, 60, &chart);
    for (int i = 0; i < chart.mark_count; i++) assert_true(chart.marks[i].vertical);
    assert_null(chart.also);
    ht_chart_free(&chart);
    ht_model_clear(m), ht_free(m);
}

/* The dashboard has the text where there is one, and each chart has its turn. */
static void the_dashboard_shows_the_text(void **state)
{
    (void)state;
    static const int sizes[][2] = {{60, 16}, {80, 24}, {120, 40}, {160, 30}, {160, 48}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned seen = 0;
        for (int turn = 0; turn < 5; turn++) {
            ht_scene scene = {.view = HT_VIEW_DASHBOARD, .focus = HT_PANEL_LOSS, .turn = turn, .text = true};
            ht_layout layout = ht_layout_make(sizes[i][0], sizes[i][1], scene);
            if (turn == 0) assert_true(ht_layout_find(&layout, HT_PANEL_TEXT) >= 0);
            for (int p = 0; p < layout.count; p++) seen |= 1u << layout.place[p].panel;
            scene.text = false;
            layout = ht_layout_make(sizes[i][0], sizes[i][1], scene);
            assert_true(ht_layout_find(&layout, HT_PANEL_TEXT) < 0);
        }
        static const ht_panel_id all[] = {HT_PANEL_LOSS,  HT_PANEL_WEIGHTS, HT_PANEL_ACCURACY,
                                          HT_PANEL_NORMS, HT_PANEL_TAIL,    HT_PANEL_PRUNING,
                                          HT_PANEL_KAPPA, HT_PANEL_HEAT,    HT_PANEL_TEXT};
        for (size_t p = 0; p < sizeof all / sizeof all[0]; p++)
            if (!(seen >> all[p] & 1))
                fail_msg("%d × %d: panel %d has no turn", sizes[i][0], sizes[i][1], all[p]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_drawn_as_the_network_says),
        cmocka_unit_test(a_text_is_the_same_in_pieces),
        cmocka_unit_test(texts_begin_after_the_end_of_a_line),
        cmocka_unit_test(weights_that_are_not_finite_write_nothing),
        cmocka_unit_test(text_is_shown_cleanly),
        cmocka_unit_test(nothing_that_is_sampled_acts_on_the_screen),
        cmocka_unit_test(temperatures_go_round),
        cmocka_unit_test(the_loss_has_the_lines_of_its_text),
        cmocka_unit_test(the_dashboard_shows_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
