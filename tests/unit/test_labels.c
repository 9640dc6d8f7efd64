/* Guards labels: words at steps of the run, in their table, in the journal and in what the screen keeps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/run/journal.h"
#include "view/ghost.h"
#include "view/panel.h"
#include "view/panel_fill.h"
#include "view/readout.h"

static ht_error err;

static void expect(const ht_labels *l, const char *all)
{
    char text[400] = "";
    for (int i = 0; i < l->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%llu %s;",
                 (unsigned long long)l->label[i].step, l->label[i].text);
    assert_string_equal(text, all);
}

static void a_step_has_one_label(void **state)
{
    (void)state;
    static ht_labels l;
    l = (ht_labels){0};
    ht_labels_put(&l, 300, "later");
    ht_labels_put(&l, 100, "first");
    ht_labels_put(&l, 300, "noise off");
    expect(&l, "100 first;300 noise off;");
    assert_string_equal(ht_labels_near(&l, 290, 20)->text, "noise off");
    assert_null(ht_labels_near(&l, 200, 20));
    ht_labels_put(&l, 100, "");
    ht_labels_put(&l, 200, "");
    expect(&l, "300 noise off;");
    ht_labels_cut(&l, 299);
    expect(&l, "");
}

/* What a terminal would act on, and what does not fit, is not taken; the cut falls between characters. */
static void words_are_made_safe_and_cut_whole(void **state)
{
    (void)state;
    static ht_labels l;
    char longer[3 * HT_LABEL_TEXT] = "";
    l = (ht_labels){0};
    ht_labels_put(&l, 1, "a\x1b[31mb\n");
    assert_null(strpbrk(l.label[0].text, "\x1b\n"));
    for (int i = 0; i < HT_LABEL_TEXT; i++) strcat(longer, "α");
    ht_labels_put(&l, 2, longer);
    assert_int_equal(strlen(l.label[1].text), (HT_LABEL_TEXT - 1) / 2 * 2);
    for (int i = 0; i < HT_LABELS; i++) assert_int_equal(ht_labels_put(&l, (uint64_t)i + 1, "x"), true);
    assert_false(ht_labels_put(&l, 1000, "one too many"));
    assert_true(l.count == HT_LABELS && l.left_out == 1);
    assert_true(ht_labels_put(&l, 7, "in the place of another"));
}

/* ---- the journal ---- */

static void label(ht_text *text, uint64_t step, const char *words)
{
    ht_sample s = {.kind = HT_SAMPLE_LABEL, .step = step + 1, .from = step};
    snprintf(s.message, sizeof s.message, "%s", words);
    ht_journal_add(text, &s);
}

static void go(ht_text *text, uint64_t revision, uint64_t from, uint64_t to, uint64_t keep)
{
    ht_journal_add(
        text,
        &(ht_sample){.kind = HT_SAMPLE_REWIND, .step = to, .from = from, .revision = revision, .keep = keep});
}

static ht_text started(void)
{
    ht_text text = {0};
    ht_params params;
    ht_params_init(&params);
    ht_journal_start(&text, &params);
    return text;
}

/* The labels of the state of `step` after the last change. */
static ht_labels read_labels(const ht_text *text, uint64_t step)
{
    static ht_labels l;
    ht_journal j;
    size_t last = 0;
    if (ht_journal_parse(&j, "the-journal", text->data, text->length, &err) != HT_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < j.count; i++)
        if (j.entries[i].kind <= HT_ENTRY_RESUME) last = i;
    assert_int_equal(ht_journal_labels(&j, last, step, &l, &err), HT_OK);
    ht_journal_free(&j);
    return l;
}

static void the_journal_keeps_words_as_they_are(void **state)
{
    (void)state;
    ht_text text = started();
    label(&text, 120, "σ \"so\" \\ größer");
    label(&text, 200, "gone");
    label(&text, 200, "");
    ht_labels l = read_labels(&text, 300);
    expect(&l, "120 σ \"so\" \\ größer;");
    l = read_labels(&text, 100);
    expect(&l, "");
    ht_text_free(&text);
}

/* Those of the way to the state: what was left by going back comes back with the way. */
static void labels_go_with_their_branch(void **state)
{
    (void)state;
    ht_text text = started();
    label(&text, 100, "before");
    label(&text, 500, "left");
    label(&text, 50, "put later");
    go(&text, 1, 900, 300, 0);
    label(&text, 400, "new way");
    ht_labels l = read_labels(&text, 900);
    expect(&l, "50 put later;100 before;400 new way;");
    go(&text, 2, 400, 600, 0); /* forth again */
    l = read_labels(&text, 900);
    expect(&l, "50 put later;100 before;500 left;");
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_RESET, .from = 600, .revision = 3, .value = 1});
    l = read_labels(&text, 900);
    expect(&l, "");
    go(&text, 4, 900, 600, 2); /* the reset is undone */
    l = read_labels(&text, 900);
    expect(&l, "50 put later;100 before;500 left;");
    ht_text_free(&text);
}

/* Going back cuts at its step alone, as on the screen: words at an earlier step stay, though they were put
 * after a change that is left. */
static void going_back_cuts_the_same_everywhere(void **state)
{
    (void)state;
    static ht_model m;
    ht_params params;
    ht_params_init(&params);
    ht_model_init(&m, &params, 140, 2, "heartbeats");
    ht_text text = started();
    const ht_sample samples[] = {
        {.kind = HT_SAMPLE_CHANGE, .step = 8000, .param = HT_P_NOISE_SCALE, .value = 1, .revision = 1},
        {.kind = HT_SAMPLE_LABEL, .step = 9000, .from = 418, .message = "early"},
        {.kind = HT_SAMPLE_LABEL, .step = 9000, .from = 7144, .message = "beyond"},
        {.kind = HT_SAMPLE_REWIND, .step = 7143, .from = 9000, .revision = 2},
        {.kind = HT_SAMPLE_LABEL, .step = 7143, .from = 7000, .message = "after"}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        ht_journal_add(&text, &samples[i]);
        ht_model_sample(&m, &samples[i]);
    }
    expect(&m.labels, "418 early;7000 after;");
    ht_labels l = read_labels(&text, 9500);
    expect(&l, "418 early;7000 after;");
    ht_journal_resume(&text, &(ht_journal_mark){.step = 7143, .revision = 2}, 3);
    l = read_labels(&text, 9500);
    expect(&l, "418 early;7000 after;");
    ht_model_clear(&m);
    ht_text_free(&text);
}

/* Kinds of lines that this version does not know say nothing of the weights; so older ones read ours. */
static void lines_of_other_versions_are_passed_over(void **state)
{
    (void)state;
    ht_text text = started();
    ht_text_add(&text, "{\"event\":\"of the future\",\"step\":5,\"text\":\"?\"}\n");
    label(&text, 9, "here");
    ht_labels l = read_labels(&text, 10);
    expect(&l, "9 here;");
    ht_text_add(&text, "{\"event\":\"label\",\"step\":9}\n");
    ht_journal j;
    assert_int_equal(ht_journal_parse(&j, "j", text.data, text.length, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "j:4: a \"label\" has no \"text\""));
    ht_text_free(&text);
}

/* ---- what the screen keeps ---- */

static void take(ht_model *m, ht_sample_kind kind, uint64_t step, uint64_t from, const char *words)
{
    ht_sample s = {.kind = kind, .step = step, .from = from, .seconds = 1e-3 * (double)step, .folded = 1};
    snprintf(s.message, sizeof s.message, "%s", words);
    ht_model_sample(m, &s);
}

static ht_model *new_model(void)
{
    ht_params params;
    ht_model *m = calloc(1, sizeof *m);
    ht_params_init(&params);
    ht_model_init(m, &params, 140, 2, "heartbeats");
    for (uint64_t i = 1; i <= 100; i++) take(m, HT_SAMPLE_STEP, i, 0, "");
    take(m, HT_SAMPLE_LABEL, 100, 40, "kept");
    take(m, HT_SAMPLE_LABEL, 100, 90, "of the end");
    return m;
}

static void going_back_and_a_reset_take_labels_along(void **state)
{
    (void)state;
    char dropped;
    ht_model *m = new_model();
    ht_ghost *left = ht_ghost_pin(m, &dropped, &err);
    left->left = true;
    take(m, HT_SAMPLE_REWIND, 50, 100, "");
    expect(&m->labels, "40 kept;");
    take(m, HT_SAMPLE_REWIND, 100, 50, "");
    expect(&m->labels, "40 kept;90 of the end;");
    take(m, HT_SAMPLE_RESET, 0, 100, "");
    expect(&m->labels, "");
    ht_sample undo = {.kind = HT_SAMPLE_REWIND, .step = 100, .other_run = true};
    ht_model_sample(m, &undo);
    expect(&m->labels, "40 kept;90 of the end;");
    ht_model_clear(m);
    free(m);
}

static bool has_mark(const ht_chart *chart, double at, int number, const char *words)
{
    for (int i = 0; i < chart->mark_count; i++)
        if (chart->marks[i].at == at && chart->marks[i].number == number &&
            strcmp(chart->marks[i].label, words) == 0)
            return true;
    return false;
}

/* On every chart over steps, of any number of changes, and in the cursor's box. */
static void every_chart_over_steps_has_them(void **state)
{
    (void)state;
    static ht_chart chart;
    ht_model *m = new_model();
    ht_sample change = {.kind = HT_SAMPLE_CHANGE, .param = HT_P_NOISE_SCALE, .value = 0};
    for (int i = 0; i < HT_MODEL_MARKS; i++) {
        change.step = (uint64_t)(200 + 20 * i), change.before = change.value, change.value += 0.01;
        ht_model_sample(m, &change);
    }
    int charts = 0;
    for (int p = 0; p < HT_PANEL_COUNT; p++) {
        if (ht_panel_at((ht_panel_id)p)->kind != HT_PANEL_IS_CHART) continue;
        ht_chart_clear(&chart);
        ht_panel_fill_chart((ht_panel_id)p, m, 200, &chart);
        if (!chart.over_steps) continue;
        charts++;
        if (!has_mark(&chart, 40, 1, "kept") || !has_mark(&chart, 90, 2, "of the end"))
            fail_msg("%s has no label", ht_panel_at((ht_panel_id)p)->name);
    }
    assert_true(charts >= 6);
    ht_chart_clear(&chart);
    ht_panel_fill_chart(HT_PANEL_LOSS, m, 200, &chart);
    m->cursor = (ht_cursor){.on = true, .panel = HT_PANEL_LOSS, .x = 40, .over_steps = true};
    ht_readout_put(m, HT_PANEL_LOSS, &chart);
    bool read = false;
    for (int i = 0; i < chart.readout_count; i++) read = read || strcmp(chart.readout[i], "1 kept") == 0;
    assert_true(read);
    ht_chart_free(&chart);
    ht_model_clear(m);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_has_one_label),
        cmocka_unit_test(words_are_made_safe_and_cut_whole),
        cmocka_unit_test(the_journal_keeps_words_as_they_are),
        cmocka_unit_test(labels_go_with_their_branch),
        cmocka_unit_test(going_back_cuts_the_same_everywhere),
        cmocka_unit_test(lines_of_other_versions_are_passed_over),
        cmocka_unit_test(going_back_and_a_reset_take_labels_along),
        cmocka_unit_test(every_chart_over_steps_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
