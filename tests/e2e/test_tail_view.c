/* The tail view in a terminal: at every size, with the keys that move in it, beside a ghost, as a picture. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

enum { COLUMNS = 200, ROWS = 60 };

/* In the table; dekkers and paulauskas among them, whatever they are worth. */
static const char *const estimators[] = {"mmo",     "mmo-multi",  "hill",      "pickands", "dehaan",
                                         "dekkers", "paulauskas", "mcculloch", "ecf",      "powerlaw"};
enum { ALL = sizeof estimators / sizeof estimators[0] };

/* Paused after some noisy steps. */
static vt *open_paused(void **state, const char *depth)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=600", "--set", "data.test_limit=300", "--set",
                "noise.scale=0.3", "--set", depth);
    vt_assert(t, sandbox_wait_step(t, 30, PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "paused", PATIENCE));
    vt_assert(t, vt_wait_still(t, 400, PATIENCE));
    return t;
}

/* Its table folded, or with all estimates. */
static void open_tails(vt *t, bool all)
{
    vt_key(t, "t");
    vt_assert(t, vt_wait_text(t, "more (Enter shows them)", PATIENCE));
    if (all) vt_key(t, "Enter");
    if (all) vt_assert(t, vt_wait_text(t, "stability index", PATIENCE));
    vt_settle(t); /* the rest of the frame */
}

/* The first row of the table for an estimator: of the weights, of the rows as vectors, of the spectrum. */
static const char *row_of(vt *t, const char *name)
{
    char cell[40];
    snprintf(cell, sizeof cell, "│  %s ", name);
    for (int row = 0; row < vt_rows(t); row++) {
        const char *at = strstr(vt_row(t, row), cell);
        if (at && strstr(at, " ± ")) return at + strlen("│  ");
    }
    return NULL;
}

static void the_table_has_every_estimator_with_its_error(void **state)
{
    vt *t = open_paused(state, "model.depth=1");
    open_tails(t, false);
    vt_assert(t, vt_find(t, "trust first", NULL, NULL));
    vt_assert(t, vt_find(t, "covers α?", NULL, NULL));
    vt_assert(t, vt_find(t, "hold the injected α = 1.75", NULL, NULL));
    vt_assert(t, !vt_find(t, "stability index", NULL, NULL));
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "density exponent", PATIENCE));
    vt_settle(t);
    for (int i = 0; i < ALL; i++) {
        const char *row = row_of(t, estimators[i]);
        if (!row) printf("no %s in the table\n", estimators[i]);
        vt_assert(t, row != NULL);
        double value = strtod(row + strlen(estimators[i]), NULL);
        const char *error = strstr(row, " ± ");
        assert_true(isfinite(value) && value != 0 && strtod(error + strlen(" ± "), NULL) > 0);
    }
    vt_assert(t, vt_find(t, "density exponent", NULL, NULL));
    vt_assert(t, vt_find(t, "tail index", NULL, NULL));
    /* The injected α dominates: the estimators for the stable law find it, and say so. */
    static const char *const stable[] = {"mmo", "mcculloch", "ecf"};
    for (int i = 0; i < 3; i++) {
        const char *row = row_of(t, stable[i]);
        assert_true(fabs(strtod(row + strlen(stable[i]), NULL) - 1.75) < 0.1);
        assert_non_null(strstr(row, "good"));
    }
}

static void each_size_shows_what_it_has_room_for(void **state)
{
    static const struct {
        int columns, rows;
        const char *shows[4], *not ;
    } sizes[] = {
        {200, 60, {"Row norms", "Eigenvalues", "Hill plot", "Estimates of"}, "no such thing"},
        {150, 44, {"Row norms", "Eigenvalues", "Hill plot", "Estimates of"}, "no such thing"},
        {120, 40, {"P(|w| > x)", "Hill plot", "Estimates of", "covers α?"}, "Eigenvalues"},
        {80, 24, {"P(|w| > x)", "trust first", "covers α", "more (Enter"}, "Hill plot"},
        {60, 16, {"P(|w| > x)", "trust first", "covers α", "good"}, "Hill plot"},
    };
    vt *t = open_paused(state, "model.depth=1");
    open_tails(t, false);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i].columns, sizes[i].rows);
        for (int k = 0; k < 4; k++) vt_assert(t, vt_wait_text(t, sizes[i].shows[k], PATIENCE));
        vt_assert(t, vt_wait_gone(t, sizes[i].not, PATIENCE));
    }
    /* Number keys and Tab bring the others. */
    vt_resize(t, 80, 24);
    static const char *const panels[] = {"P(|w| > x)", "Row norms", "Hill plot", "Eigenvalues",
                                         "Estimates of"};
    for (int i = 5; i-- > 0;) {
        vt_key(t, (char[]){(char)('1' + i), '\0'});
        vt_assert(t, vt_wait_text(t, panels[i], PATIENCE));
    }
    vt_key(t, "Tab");
    vt_assert(t, vt_wait_text(t, panels[1], PATIENCE));
    vt_key(t, "6"); /* the table alone, with all its columns */
    vt_assert(t, vt_wait_text(t, "points", PATIENCE));
    vt_assert(t, vt_wait_gone(t, panels[1], PATIENCE));
}

static void panels_zoom_and_explain_themselves(void **state)
{
    vt *t = open_paused(state, "model.depth=1");
    open_tails(t, true);
    vt_key(t, "3");
    vt_key(t, "z");
    vt_assert(t, vt_wait_gone(t, "Row norms", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Hill plot", PATIENCE));
    vt_key(t, "z"); /* back to where it came from */
    vt_assert(t, vt_wait_text(t, "Row norms", PATIENCE));
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "This panel: hill plot", PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_text(t, "Row norms", PATIENCE));
    vt_key(t, "y");
    vt_assert(t, vt_wait_text(t, "one hidden layer", PATIENCE));
    vt_key(t, "i"); /* a cursor with exact values */
    vt_assert(t, vt_wait_text(t, "k largest values used 3", PATIENCE));
    vt_key(t, "Esc");
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_text(t, "Right now", PATIENCE));
    vt_key(t, "5"); /* on the dashboard again what it was: the tail panel hides */
    vt_assert(t, vt_wait_text(t, "tail hidden", PATIENCE));
}

/* A role of the theme that no line of this run has. */
static bool has_ghost(vt *t, void *unused)
{
    (void)unused;
    return vt_find(t, "A ", NULL, NULL) && vt_find(t, "Ghosts: mmo", NULL, NULL);
}

static void a_ghost_lies_beside_and_e_saves_it(void **state)
{
    glob_t found;
    vt *t = open_paused(state, "model.depth=1");
    vt_key(t, "g");
    vt_key(t, "O");
    vt_key(t, "r");
    vt_assert(t, vt_wait_text(t, "no noise", PATIENCE));
    open_tails(t, true);
    vt_assert(t, vt_wait(t, has_ghost, NULL, PATIENCE));
    vt_assert(t, vt_wait_text(t, "A iid α 1.75 σ 0.3", PATIENCE));
    /* Before the first step the weights are uniform: refused. */
    vt_assert(t, vt_wait_text(t, "no heavy tail", PATIENCE));
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-nonoise-n", PATIENCE));
    assert_int_equal(glob("ht-nonoise-n*-step*-tails.png", 0, NULL, &found), 0);
    sandbox_assert_ink(found.gl_pathv[0], 1200, 700);
    unlink(found.gl_pathv[0]);
    globfree(&found);
}

static void y_looks_at_the_next_layer(void **state)
{
    vt *t = open_paused(state, "model.depth=2");
    open_tails(t, true);
    vt_assert(t, vt_wait_text(t, "median of 2 layers", PATIENCE));
    vt_assert(t, vt_wait_text(t, "mmo of each layer", PATIENCE));
    vt_key(t, "Y");
    vt_assert(t, vt_wait_text(t, "dense 2: 600 neurons of 600 inputs", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "median of 2 layers", PATIENCE));
    vt_key(t, "Esc");
    /* The dashboard says whose weights it shows, in every panel. */
    vt_assert(t, vt_wait_text(t, "Weights |w|, dense 2", PATIENCE));
    vt_assert(t, vt_wait_text(t, "P(>x), dense 2", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Tail index α, dense 2", PATIENCE));
}

static void pictures_come_while_training_runs(void **state)
{
    vt *t = open_paused(state, "model.depth=1");
    open_tails(t, true);
    char before[32];
    snprintf(before, sizeof before, "step %ld ", sandbox_step(t));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "running", PATIENCE));
    vt_assert(t, vt_wait_gone(t, before, PATIENCE)); /* also in the corner of the table */
    vt_assert(t, row_of(t, "ecf") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_table_has_every_estimator_with_its_error, vt_teardown),
        cmocka_unit_test_teardown(each_size_shows_what_it_has_room_for, vt_teardown),
        cmocka_unit_test_teardown(panels_zoom_and_explain_themselves, vt_teardown),
        cmocka_unit_test_teardown(a_ghost_lies_beside_and_e_saves_it, vt_teardown),
        cmocka_unit_test_teardown(y_looks_at_the_next_layer, vt_teardown),
        cmocka_unit_test_teardown(pictures_come_while_training_runs, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
