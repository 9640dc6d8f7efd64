/* Guards the past of a run that is opened again (lab/lab_past.h): its curves are those of its directory, with
 * the changes on the way, and what is damaged there hides nothing before it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "lab/lab_past.h"
#include "unit/scratch.h"
#include "unit/small.h"

static ht_error err;
static ht_model *model;
static ht_params params;

/* Rows at 10, 20 … 50, of losses 1, 2 … 5; α goes from 1.75 to 1.5 at 25 and back to 1.75 at 45. */
static void write_run(const char *name)
{
    ht_text rows = {0}, journal = {0};
    char path[80];
    params = small_params();
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_NOISE_ALPHA, 1.75);
    ht_params_put(&params, HT_P_NOISE_SCALE, 0.1);
    ht_text_add(&rows, "step,epoch,loss,loss_min,loss_max,batch_accuracy,test_loss,test_accuracy\n");
    for (uint64_t i = 1; i <= 5; i++) {
        ht_sample row = {.step = 10 * i,
                         .epoch = (double)i,
                         .folded = 10,
                         .loss = (double)i,
                         .loss_min = 0.5,
                         .loss_max = 9,
                         .accuracy = 0.5,
                         .test_loss = (double)i,
                         .test_accuracy = 0.1 * (double)i};
        ht_metrics_add(&rows, &row);
    }
    ht_journal_start(&journal, &params);
    for (uint64_t k = 1; k <= 2; k++) {
        ht_sample change = {.kind = HT_SAMPLE_CHANGE,
                            .step = 5 + 20 * k,
                            .revision = k,
                            .param = HT_P_NOISE_ALPHA,
                            .before = k == 1 ? 1.75 : 1.5,
                            .value = k == 1 ? 1.5 : 1.75};
        ht_journal_add(&journal, &change);
    }
    scratch_erase(name);
    mkdir(scratch_path(name), 0777);
    snprintf(path, sizeof path, "%s/metrics.csv", name);
    scratch_write_text(path, rows.data);
    snprintf(path, sizeof path, "%s/journal.jsonl", name);
    scratch_write_text(path, journal.data);
    ht_text_free(&rows);
    ht_text_free(&journal);
}

/* The values of a curve, up to its end. */
static void expect(ht_trace trace, const char *values)
{
    char text[200] = "";
    const ht_curve *curve = &model->trace[trace];
    for (int i = 0; i < curve->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%g ", curve->bucket[i].final);
    assert_string_equal(text, values);
}

static void show(const char *name, uint64_t step)
{
    ht_past past;
    ht_past_read(&past, scratch_path(name), &err);
    ht_model_clear(model);
    ht_model_init(model, &params, 140, 2, "data");
    assert_int_equal(ht_past_show(&past, ht_past_last(&past), step, 7, model, &err), HT_OK);
    assert_true(model->step == step && model->seconds == 7);
    assert_true(model->steps_per_second == (double)step / 7); /* not the last rows over all the time */
    assert_true(ht_params_get(&model->applied, HT_P_NOISE_ALPHA) == 1.75); /* as the run stands */
    ht_past_free(&past);
}

static void curves_begin_where_the_run_began(void **state)
{
    (void)state;
    write_run("past");
    show("past", 50);
    expect(HT_TRACE_LOSS, "1 2 3 4 5 ");
    expect(HT_TRACE_TEST_LOSS, "1 2 3 4 5 ");
    expect(HT_TRACE_ALPHA, "1.75 1.75 1.5 1.5 1.75 "); /* what was injected then */
    assert_int_equal(model->moment_count, 2);
    assert_true(model->moments[0].step == 25 && model->moments[1].step == 45);
    assert_true(model->test_accuracy == 0.5 && model->loss == 5);
    show("past", 30); /* rows beyond the checkpoint are of nothing that is there */
    expect(HT_TRACE_LOSS, "1 2 3 ");
}

static void damage_hides_nothing_before_it(void **state)
{
    (void)state;
    write_run("torn");
    scratch_write_text("torn/metrics.csv",
                       "head\n10,1,1,1,1,1,1,1\n20,1,2,1,1,1,1,1\n30;1\n40,1,4,1,1,1,1,1\n");
    show("torn", 50);
    expect(HT_TRACE_LOSS, "1 2 ");
    assert_non_null(strstr(err.text, "torn/metrics.csv:4: "));
    assert_non_null(strstr(err.text, "only the 2 rows before are read"));
    write_run("torn");
    scratch_write_text("torn/journal.jsonl", "{torn\n");
    show("torn", 50);
    expect(HT_TRACE_LOSS, "1 2 3 4 5 ");
    assert_non_null(strstr(err.text, "torn/journal.jsonl:1"));
}

static int make(void **state)
{
    model = ht_alloc(1, sizeof *model, "the model", &err);
    return model ? scratch_make(state) : -1;
}

static int unmake(void **state)
{
    ht_model_clear(model);
    ht_free(model);
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_begin_where_the_run_began),
        cmocka_unit_test(damage_hides_nothing_before_it),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
