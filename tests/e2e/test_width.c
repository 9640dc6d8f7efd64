/* The width view in a terminal: a width sweep that fills, stops, stays, and is laid over another. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

enum { COLUMNS = 120, ROWS = 40 };

/* Width sweeps of few steps: a run takes a moment. */
static vt *open_lab(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=200", "--set", "train.steps=12", "--set",
                "data.test_limit=300");
    assert_title(t, "done");
    return t;
}

/* As many runs as the form says have ended ("running   11 runs"), or -1. */
static int runs_done(vt *t)
{
    static const char *const words[] = {"running ", "stopped ", "complete "};
    for (int row = 1; row < vt_rows(t); row++)
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
            const char *at = strstr(vt_row(t, row), words[w]);
            int done;
            if (at && sscanf(at + strlen(words[w]), "%d run", &done) == 1) return done;
        }
    return -1;
}

static bool some_run_done(vt *t, void *least)
{
    return runs_done(t) >= *(int *)least;
}

/* Words of a panel stand on several rows: those from `from` on, joined by single blanks. */
static bool says(vt *t, const char *words)
{
    static char all[20000];
    size_t used = 0;
    for (int row = 0; row < vt_rows(t); row++) {
        const char *line = vt_row(t, row), *last = strrchr(line, '\0');
        int bars = 0; /* the form is what stands between the last two frames */
        while (last > line && bars < 2)
            if (strncmp(--last, "│", strlen("│")) == 0) bars++;
        if (bars < 2) continue;
        for (const char *c = last + strlen("│");
             *c && strncmp(c, "│", strlen("│")) != 0 && used < sizeof all - 2; c++)
            if (*c != ' ' || (used > 0 && all[used - 1] != ' ')) all[used++] = *c;
        if (used > 0 && all[used - 1] != ' ') all[used++] = ' ';
    }
    all[used] = '\0';
    return strstr(all, words) != NULL;
}

static bool form_says(vt *t, void *words)
{
    return says(t, words);
}

static void w_trains_a_width_sweep_and_draws_it(void **state)
{
    int enough = SANITIZED ? 30 : 80, more; /* what they are enough for is waited for below */
    vt *t = open_lab(state);
    assert_title(t, "done");
    long step = sandbox_step(t);
    vt_key(t, "w");
    vt_assert(t, vt_wait_text(t, "Width sweep", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Pruning ratio κ at ε² = 0.1", PATIENCE));
    assert_title(t, "widths"); /* what trains now */
    vt_assert(t, vt_wait_text(t, "Test accuracy", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Tail index", PATIENCE));
    vt_assert(t, vt_wait_text(t, "12 steps", PATIENCE));
    vt_assert(t, vt_wait_text(t, "a dot: a run of 12 steps", PATIENCE));
    vt_assert(t, vt_wait_text(t, "predicted", PATIENCE)); /* in the legend */
    vt_assert(t, vt_wait(t, form_says, "Predicted from independent rows: κ 0.1", PATIENCE));
    vt_assert(t, vt_wait(t, some_run_done, &enough, 3 * PATIENCE));
    vt_assert(t, vt_wait_text(t, " fit ", PATIENCE));
    vt_assert(t, vt_wait(t, form_says, "a decade of n", PATIENCE)); /* the sentence and its uncertainty */
    vt_assert(t, vt_wait(t, form_says, "(95 %, n = 100 to ", PATIENCE));
    vt_assert(t, vt_wait(t, form_says, "no noise: κ 0.1", PATIENCE));
    vt_assert(t, vt_wait_text(t, "pruned", PATIENCE));
    vt_assert(t, vt_wait_text(t, "stop it", PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "what is done stays, w adds more", PATIENCE));
    assert_non_null(strstr(vt_row(t, ROWS - 2), "width n")); /* the note covers no axis */
    vt_assert(t, vt_wait_text(t, "more runs", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "stop it", PATIENCE)); /* there is nothing to stop */
    assert_title(t, "done");                            /* the run is as it was */
    assert_int_equal(sandbox_step(t), step);
    vt_assert(t, vt_wait_text(t, "stopped ", PATIENCE));
    more = runs_done(t) + 1;
    vt_key(t, "w"); /* the same again adds runs to those that are there */
    vt_assert(t, vt_wait(t, some_run_done, &more, PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "stopped ", PATIENCE));
    vt_key(t, "S-Left"); /* another α is laid over it */
    vt_key(t, "w");
    vt_assert(t, vt_wait_text(t, "iid α 1.65 σ 0.1", PATIENCE));
    vt_assert(t, vt_wait_text(t, "iid α 1.75 σ 0.1", PATIENCE)); /* the first one stays */
    vt_assert(t, vt_wait(t, form_says, "iid α 1.65 σ 0.1: ", PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "stopped ", PATIENCE));
    int done = runs_done(t);
    /* Results stay while one looks elsewhere. */
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_text(t, "Right now", PATIENCE));
    vt_key(t, "w");
    vt_assert(t, vt_wait_text(t, "Width sweep", PATIENCE));
    assert_int_equal(runs_done(t), done);
}

/* Layers of unequal widths and a stopping criterion: what is trained instead is said. */
static void what_the_width_sweep_trains_instead_is_said(void **state)
{
    int one = 1;
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.widths=60,20", "--set", "train.stop_accuracy=0.7",
                "--set", "data.test_limit=300");
    vt_key(t, "w");
    vt_assert(t, vt_wait(t, some_run_done, &one, PATIENCE));
    vt_assert(t, vt_wait_text(t, "300 steps", PATIENCE));
    vt_assert(t, vt_wait(t, form_says, "Dense layers of equal width n are trained, not model.widths = 60,20.",
                         PATIENCE));
    vt_assert(t,
              vt_wait(t, form_says, "κ is not predicted where there are several hidden layers.", PATIENCE));
}

static void the_run_pauses_meanwhile_and_space_stops_the_width_sweep(void **state)
{
    int one = 1;
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=200", "--set", "data.test_limit=300");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    double start = sandbox_seconds();
    vt_key(t, "w");
    vt_assert(t, vt_wait(t, some_run_done, &one, PATIENCE));
    printf("width: first point after %.1f s\n", sandbox_seconds() - start);
    vt_assert(t, vt_wait_text(t, "300 steps", PATIENCE));
    long step = sandbox_step(t);
    vt_pump(t, 600);
    assert_int_equal(sandbox_step(t), step); /* one thing trains at a time */
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "what is done stays", PATIENCE));
    assert_title(t, "running"); /* as it was before */
    vt_assert(t, sandbox_wait_step(t, step + 10, PATIENCE));
    vt_assert(t, vt_wait_text(t, "stopped", PATIENCE));
    int done = runs_done(t);
    vt_assert(t, done >= 1);
    vt_key(t, "w"); /* it goes on where it stopped */
    assert_title(t, "widths");
    vt_key(t, "q"); /* and one may leave at any time */
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    assert_true(vt_restored(t));
}

/* One leaves at once, whatever is computed: a step, an evaluation, tails. */
static void quitting_does_not_wait_for_runs(void **state)
{
    static const char *const trainings[][2] = {{"w", "widths"}, {"c", "methods"}};
    double longest = 0;
    for (int i = 0; i < 4; i++) {
        vt *t = LAB(state, COLUMNS, ROWS, "--preset", "digits-demo", "--set",
                    "train.steps=100000000"); /* they would take hours */
        assert_title(t, "running");
        vt_key(t, trainings[i % 2][0]);
        assert_title(t, trainings[i % 2][1]);
        vt_pump(t, 500 + 1500 * (i / 2));
        double start = sandbox_seconds();
        vt_key(t, "q");
        vt_assert(t, vt_exit(t, PATIENCE) == 0);
        longest = fmax(longest, sandbox_seconds() - start);
        assert_true(vt_restored(t));
        vt_teardown(state);
    }
    printf("width: left after %.2f s at the latest\n", longest);
}

static void e_saves_the_view_and_every_size_shows_it(void **state)
{
    glob_t found;
    vt *t = open_lab(state);
    vt_key(t, "O"); /* without noise: a short width sweep */
    vt_key(t, "w");
    vt_assert(t, vt_wait_text(t, "8 runs", 3 * PATIENCE));
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-nonoise-n", PATIENCE));
    assert_int_equal(glob("ht-nonoise-n*-step*-width.png", 0, NULL, &found), 0);
    sandbox_assert_ink(found.gl_pathv[0], 800, 500);
    unlink(found.gl_pathv[0]);
    globfree(&found);
    static const int sizes[][2] = {{80, 24}, {60, 16}, {200, 50}, {120, 40}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i][0], sizes[i][1]);
        vt_assert(t, vt_wait_text(t, "Pruning ratio", PATIENCE));
        vt_assert(t, vt_wait_text(t, "8 runs", PATIENCE));
    }
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "The theorem", PATIENCE));
}

/* Keys that come while a width sweep has been told to stop are not lost. */
static void what_is_asked_for_while_it_stops_starts_then(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=200");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_send(t, "w c");
    assert_title(t, "● methods");
    vt_send(t, " w");
    assert_title(t, "● widths");
    vt_send(t, " w"); /* the same once more */
    vt_assert(t, vt_wait_text(t, "width sweep stopped after", PATIENCE));
    assert_title(t, "● widths");
    vt_send(t, " w "); /* thought better of it */
    vt_assert(t, vt_wait_gone(t, "● widths", PATIENCE));
    vt_key(t, "w");
    assert_title(t, "● widths");
    vt_key(t, "Space");
    assert_title(t, "● running"); /* the main run has not been forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(w_trains_a_width_sweep_and_draws_it, vt_teardown),
        cmocka_unit_test_teardown(what_the_width_sweep_trains_instead_is_said, vt_teardown),
        cmocka_unit_test_teardown(the_run_pauses_meanwhile_and_space_stops_the_width_sweep, vt_teardown),
        cmocka_unit_test_teardown(what_is_asked_for_while_it_stops_starts_then, vt_teardown),
        cmocka_unit_test_teardown(quitting_does_not_wait_for_runs, vt_teardown),
        cmocka_unit_test_teardown(e_saves_the_view_and_every_size_shows_it, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
