/* Guards the list of runs: what is ticked is drawn, in a colour of its own; and the list of directories. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "experiment/stored_results.h"
#include "tail/tail_estimate.h"
#include "unit/scratch.h"
#include "view/panel_fill.h"
#include "view/runs/shelf.h"

static ht_error err;

static ht_model *new_model(void)
{
    ht_params params;
    ht_model *m = calloc(1, sizeof *m);
    ht_params_init(&params);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_model_init(m, &params, 140, 2, "heartbeats");
    for (uint64_t i = 1; i <= 20; i++) {
        ht_sample eval = {
            .kind = HT_SAMPLE_EVAL, .step = i, .test_loss = 1.0 / (double)i, .test_accuracy = 0.5};
        ht_model_sample(m, &eval);
    }
    return m;
}

static void free_model(ht_model *m)
{
    ht_model_clear(m);
    free(m);
}

static void tick(ht_model *m, int row, ht_code code)
{
    if (ht_shelf_tick(m, row, &err) != code) fail_msg("row %d: %s", row, err.text);
}

static int legend(const ht_model *m, ht_panel_id panel, char letter, ht_role *role)
{
    static ht_chart chart;
    int found = 0;
    ht_chart_clear(&chart);
    ht_panel_fill_chart(panel, m, 200, &chart);
    for (int i = 0; i < chart.series_count; i++)
        if (chart.series[i].tag == letter) found++, *role = chart.series[i].role;
    ht_chart_free(&chart);
    return found;
}

static void a_ticked_run_is_drawn_in_its_colour(void **state)
{
    (void)state;
    ht_role role = HT_ROLE_COUNT;
    ht_model *m = new_model();
    for (int i = 0; i < HT_GHOSTS + 1; i++) assert_int_equal(ht_shelf_keep(m, &err), HT_OK);
    assert_int_equal(ht_shelf_rows(m), HT_GHOSTS + 1);
    assert_int_equal(m->ghost_count, 0);
    for (int i = 0; i < HT_GHOSTS; i++) tick(m, i, HT_OK);
    tick(m, HT_GHOSTS, HT_USAGE);
    assert_non_null(strstr(err.text, "untick one"));
    for (int i = 0; i < HT_GHOSTS; i++) {
        const ht_ghost *ghost = ht_shelf_row(m, i).ghost;
        assert_int_equal(legend(m, HT_PANEL_LOSS, ghost->letter, &role), 1);
        assert_int_equal(role, ht_ghost_role(ghost));
        for (int k = 0; k < i; k++) assert_true(role != ht_ghost_role(ht_shelf_row(m, k).ghost));
    }
    /* Whatever goes, the others keep theirs. */
    ht_role before = ht_ghost_role(ht_shelf_row(m, 2).ghost);
    tick(m, 0, HT_OK);
    assert_int_equal(legend(m, HT_PANEL_LOSS, 'A', &role), 0);
    assert_int_equal(legend(m, HT_PANEL_ACCURACY, 'C', &role), 1);
    assert_int_equal(role, before);
    tick(m, HT_GHOSTS, HT_OK);
    assert_int_equal(ht_shelf_row(m, HT_GHOSTS).ghost->letter, 'A');
    free_model(m);
}

/* A ghost that is unticked stays on the list; G and a newer ghost take it out of the charts alone. */
static void a_pinned_ghost_goes_to_the_list(void **state)
{
    (void)state;
    char dropped;
    ht_model *m = new_model();
    const ht_ghost *ghost = ht_ghost_pin(m, &dropped, &err);
    assert_true(ht_shelf_rows(m) == 1 && ht_shelf_row(m, 0).ghost == ghost);
    tick(m, 0, HT_OK);
    assert_true(m->ghost_count == 0 && ht_shelf_rows(m) == 1 && ht_shelf_row(m, 0).ghost == ghost);
    tick(m, 0, HT_OK);
    assert_true(m->ghost_count == 1 && ht_shelf_rows(m) == 1);
    assert_int_equal(ht_ghost_drop(m), 'A');
    assert_true(m->ghost_count == 0 && ht_shelf_row(m, 0).ghost == ghost);
    ht_shelf_drop(m, 0);
    assert_int_equal(ht_shelf_rows(m), 0);
    ht_ghost_pin(m, &dropped, &err);
    m->ghost[0]->twin = true;
    tick(m, 0, HT_USAGE);
    free_model(m);
}

static void the_oldest_run_of_the_session_gives_way(void **state)
{
    (void)state;
    ht_model *m = new_model();
    ht_shelf_keep(m, &err);
    tick(m, 0, HT_OK);
    for (int i = 0; i < HT_SHELF_SESSION; i++) assert_int_equal(ht_shelf_keep(m, &err), HT_OK);
    assert_int_equal(ht_shelf_rows(m), HT_SHELF_SESSION);
    assert_int_equal(m->shelf->run[0].number, 1); /* it is ticked */
    assert_int_equal(m->shelf->run[1].number, 3);
    free_model(m);
}

static bool says(const ht_form *form, const char *row)
{
    for (int i = 0; i < form->count; i++)
        if (strncmp(form->rows[i].label, row, strlen(row)) == 0) return true;
    return false;
}

static void the_table_has_what_differs_and_no_more(void **state)
{
    (void)state;
    static ht_form form;
    ht_model *m = new_model();
    ht_shelf_keep(m, &err);
    tick(m, 0, HT_OK);
    ht_params_put(&m->shelf->run[0].ghost->params, HT_P_NOISE_ALPHA, 1.25);
    ht_params_put(&m->shelf->run[0].ghost->params, HT_P_MODEL_WIDTH, 77);
    form = (ht_form){0};
    ht_panel_fill_form(HT_PANEL_RUNS_TABLE, m, (ht_room){.columns = 76, .rows = 40}, &form);
    assert_true(says(&form, "α\t") && says(&form, "model.width\t"));
    assert_false(says(&form, "σ\t"));
    assert_true(says(&form, "test loss\t0.0500\t0.0500"));
    assert_true(says(&form, "  at step\t20\t20"));
    assert_true(says(&form, "κ\t–\t–")); /* not looked at yet */
    assert_string_equal(form.hint, "");
    /* Too narrow for two: the other is told, and → brings it. */
    form = (ht_form){0};
    ht_panel_fill_form(HT_PANEL_RUNS_TABLE, m, (ht_room){.columns = 34, .rows = 40}, &form);
    assert_string_equal(form.hint, "1 more: →");
    m->shelf->column = 1;
    form = (ht_form){0};
    ht_panel_fill_form(HT_PANEL_RUNS_TABLE, m, (ht_room){.columns = 34, .rows = 40}, &form);
    assert_true(says(&form, "model.width\t77") && says(&form, "α\t1.25"));
    assert_string_equal(form.hint, "1 before: ←");
    free_model(m);
}

/* Where the twin ends is not a setting of anybody; its steps end in one column with those of others. */
static void the_twins_own_end_is_no_setting(void **state)
{
    (void)state;
    static ht_form form;
    ht_model *m = new_model();
    char dropped;
    ht_ghost *twin = ht_ghost_pin(m, &dropped, &err);
    twin->twin = true;
    ht_params_put(&twin->params, HT_P_TRAIN_STEPS, 288);
    ht_params_put(&twin->params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_shelf_keep(m, &err);
    form = (ht_form){0};
    ht_panel_fill_form(HT_PANEL_RUNS_TABLE, m, (ht_room){.columns = 76, .rows = 40}, &form);
    assert_true(says(&form, "noise"));
    assert_false(says(&form, "train.steps"));
    twin->twin = false; /* of another run it is one */
    form = (ht_form){0};
    ht_panel_fill_form(HT_PANEL_RUNS_TABLE, m, (ht_room){.columns = 76, .rows = 40}, &form);
    assert_true(says(&form, "train.steps\t0\t288"));
    twin->twin = true;
    form = (ht_form){0};
    ht_panel_fill_form(HT_PANEL_RUNS, m, (ht_room){.columns = 76, .rows = 40}, &form);
    assert_true(ht_utf8_length(form.rows[0].value) == strlen("step 20  __ A"));
    assert_int_equal(ht_utf8_length(form.rows[0].value), ht_utf8_length(form.rows[1].value)); /* not ticked */
    free_model(m);
}

/* ---- directories ---- */

static void make_dirs(void)
{
    static const char *const names[] = {"runs", "runs/a", "runs/b", "runs/b/deep", "runs/.hidden"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) mkdir(scratch_path(names[i]), 0777);
    scratch_write_text("runs/b/preset.ini", "");
    scratch_write_text("runs/file", "");
}

static void directories_are_listed_and_runs_marked(void **state)
{
    (void)state;
    static ht_chooser c = {.is_run = ht_rundir_is_run};
    char path[HT_CHOICE_PATH];
    make_dirs();
    assert_int_equal(ht_chooser_list(&c, scratch_path("runs"), &err), HT_OK);
    assert_int_equal(c.count, 3); /* .., a, b */
    assert_true(c.chosen == 1 && !c.choice[1].run && c.choice[2].run);
    ht_chooser_move(&c, 9);
    assert_int_equal(c.chosen, 2);
    assert_int_equal(ht_chooser_path(&c, path, sizeof path, &err), HT_OK);
    assert_true(ht_text_ends(path, "/runs/b"));
    assert_int_equal(ht_chooser_enter(&c, &err), HT_OK);
    assert_true(ht_text_ends(c.path, "/runs/b") && c.count == 2);
    assert_int_equal(ht_chooser_up(&c, &err), HT_OK);
    assert_true(ht_text_ends(c.path, "/runs") && c.chosen == 2); /* what was left is chosen */
    ht_chooser_move(&c, -9);
    assert_int_equal(ht_chooser_enter(&c, &err), HT_OK); /* .. */
    assert_false(ht_text_ends(c.path, "/runs"));
    assert_int_equal(ht_chooser_list(&c, scratch_path("none"), &err), HT_FAIL);
    assert_non_null(strstr(err.text, "none: cannot be listed (No such file"));
    assert_true(c.count > 0);
}

/* Of more directories than there is room for the newest, by name, and how many are left out. */
static void the_newest_directories_are_listed(void **state)
{
    (void)state;
    enum { MORE = 30, ALL = HT_CHOICES + MORE };
    static ht_chooser c = {.is_run = ht_rundir_is_run};
    char name[64];
    mkdir(scratch_path("many"), 0777);
    for (int i = 0; i < ALL; i++) { /* the newest are neither the first nor the last by name */
        snprintf(name, sizeof name, "many/r%03d", i * 7 % ALL);
        mkdir(scratch_path(name), 0777);
        struct timespec when[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};
        assert_int_equal(utimensat(AT_FDCWD, scratch_path(name), when, 0), 0);
    }
    assert_int_equal(ht_chooser_list(&c, scratch_path("many"), &err), HT_OK);
    assert_int_equal(c.count, HT_CHOICES);
    assert_int_equal(c.left_out, ALL - (HT_CHOICES - 1));
    for (int i = 1; i < c.count; i++) {
        if (!(c.choice[i].written >= 1000 + c.left_out)) fail_msg("%s is an old one", c.choice[i].name);
        if (i > 1) assert_true(strcmp(c.choice[i - 1].name, c.choice[i].name) < 0);
    }
}

/* ---- a sweep's cells ---- */

static ht_code read_cell(ht_stored_run *run, const char *steps, const char *ratio, const char *index,
                         const char *accuracy)
{
    char text[300];
    snprintf(text, sizeof text,
             "{\"schema\": 1, \"params\": {}, \"steps\": %s, \"prune\": {\"ratio\": %s},"
             "\"tail\": {\"%s\": %s}, \"test\": {\"loss\": 1, \"accuracy\": %s}}\n",
             steps, ratio, ht_estimator_at((ht_estimator)0)->name, index, accuracy);
    scratch_write_text("cell.json", text);
    return ht_stored_results_read(run, scratch_path("cell.json"), &err);
}

/* What cannot be is not known; no step is guessed. */
static void damaged_cells_are_not_believed(void **state)
{
    (void)state;
    ht_stored_run run;
    assert_int_equal(read_cell(&run, "15", "0.25", "1.5", "0.5"), HT_OK);
    assert_true(run.rows[0].step == 15 && run.rows[0].test_accuracy == 0.5);
    assert_true(run.report->glimpse.kappa.removed == run.report->glimpse.kappa.units / 4);
    assert_true(run.report->tail.now[0].value == 1.5);
    ht_stored_run_free(&run);
    static const char *const bad[][3] = {
        {"1e30", "1e30", "1e30"}, {"-1", "0", "-0.1"}, {"1.1", "100.5", "2"}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_cell(&run, "15", bad[i][0], bad[i][1], bad[i][2]), HT_OK);
        assert_int_equal(run.report->glimpse.kappa.units, 0);
        assert_true(isnan(run.report->tail.now[0].value) && isnan(run.rows[0].test_accuracy));
        assert_int_equal(run.report->tail.now[0].quality, HT_QUALITY_NOT_APPLICABLE);
        ht_stored_run_free(&run);
    }
    static const char *const steps[] = {"1e30", "-1", "9007199254740994", "\"5\""};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read_cell(&run, steps[i], "0.5", "1.5", "0.5"), HT_FAIL);
        assert_non_null(strstr(err.text, "cell.json: is no result of a training"));
        ht_stored_run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticked_run_is_drawn_in_its_colour),
        cmocka_unit_test(a_pinned_ghost_goes_to_the_list),
        cmocka_unit_test(the_oldest_run_of_the_session_gives_way),
        cmocka_unit_test(the_table_has_what_differs_and_no_more),
        cmocka_unit_test(the_twins_own_end_is_no_setting),
        cmocka_unit_test(directories_are_listed_and_runs_marked),
        cmocka_unit_test(the_newest_directories_are_listed),
        cmocka_unit_test(damaged_cells_are_not_believed),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
