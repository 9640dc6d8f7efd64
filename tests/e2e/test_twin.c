/* Guards n: the twin is the run of the same seed without noise, and follows what the run is told. And how a
 * run begins and ends in the lab: the first frame, a key pressed then, a control that is moved when it is
 * done. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

/* The lab evaluates 1 000 samples on its way: there are no more. */
#define SMALL "--set", "model.width=150", "--set", "train.eval_every=1", "--set", "data.test_limit=1000"

/* Accuracy and κ of the ghost's row; false until they are there. Two charts have the row's place: key 9. */
static bool ghost_row(vt *t, char accuracy[8], char kappa[8])
{
    int column, row;
    if (!vt_find(t, "Ghosts: accuracy", &column, &row)) return false;
    const char *at = strstr(vt_row(t, row + 1), "A no noise");
    return at && sscanf(at + strlen("A no noise"), " %7[0-9.] %7[0-9.]", accuracy, kappa) == 2;
}

typedef struct wanted {
    double accuracy, kappa;
} wanted;

static bool shows(vt *t, void *context)
{
    const wanted *w = context;
    char accuracy[8], kappa[8];
    return ghost_row(t, accuracy, kappa) && fabs(strtod(accuracy, NULL) - w->accuracy) < 6e-4 &&
           fabs(strtod(kappa, NULL) - w->kappa) < 6e-4;
}

static double number_after(const char *json, const char *object, const char *key)
{
    const char *at = strstr(json, object);
    assert_non_null(at);
    assert_non_null(at = strstr(at, key));
    return strtod(strchr(at, ':') + 1, NULL);
}

static wanted result_of(const sandbox_result *r)
{
    assert_status(r, 0);
    return (wanted){number_after(r->out, "\"test\": {", "\"accuracy\""),
                    number_after(r->out, "\"prune\": {", "\"ratio\"")};
}

static void the_twin_is_the_run_without_noise(void **state)
{
    wanted w =
        result_of(RUN("train", SMALL, "--set", "noise.type=none", "--steps", "60", "--json", "--quiet"));
    vt *t = LAB(state, 160, 48, SMALL, "--set", "train.steps=60");
    assert_title(t, "✓ done");
    vt_key(t, "9");
    vt_key(t, "n");
    vt_assert(t, vt_wait_text(t, "ghost A: without noise, same seed", PATIENCE));
    vt_assert(t, vt_wait(t, shows, &w, PATIENCE));
    vt_assert(t, vt_find(t, "iid α 1.75", NULL, NULL)); /* the run itself keeps its noise */
    vt_key(t, "n");
    vt_assert(t, vt_wait_gone(t, "A no noise", PATIENCE));
    assert_int_equal(sandbox_step(t), 60);
}

static bool lettered(vt *t, void *context)
{
    (void)context;
    for (int row = 2; row < vt_rows(t) - 6; row++) /* under the legend */
        if (strchr(vt_row(t, row), 'A')) return true;
    return false;
}

/* Its norms come by another way than its accuracy. */
static void the_twin_has_its_line_among_the_norms(void **state)
{
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=60");
    assert_title(t, "✓ done");
    vt_key(t, "n");
    for (int i = 0; i < 3; i++) vt_key(t, "Tab");
    vt_key(t, "z");
    vt_assert(t, vt_wait_text(t, "Neuron norms", PATIENCE));
    vt_assert(t, vt_wait_text(t, "A no noise", PATIENCE));
    vt_assert(t, vt_wait(t, lettered, NULL, PATIENCE));
}

/* A finished run that is told to go on takes no notice of its end: a step first, which pauses it. */
static void go_on(vt *t, long end)
{
    long step = sandbox_step(t);
    vt_key(t, "s");
    vt_assert(t, sandbox_wait_step(t, step + 1, PATIENCE));
    assert_title(t, "‖ paused");
    vt_key(t, "Space");
    vt_assert(t, sandbox_wait_step(t, end, PATIENCE));
    assert_title(t, "✓ done");
}

/* A change of the run at step 40 is made by the twin at step 40. */
static void the_twin_follows_changes(void **state)
{
    assert_status(RUN("train", SMALL, "--set", "noise.type=none", "--steps", "40", "--run", "r", "--quiet"),
                  0);
    wanted w = result_of(
        RUN("train", "--run", "r", "--set", "train.weight_decay=3", "--steps", "80", "--json", "--quiet"));
    vt *t = LAB(state, 160, 48, SMALL, "--set", "train.steps=40");
    assert_title(t, "✓ done");
    vt_key(t, "9");
    vt_send(t, ":train.weight_decay=3");
    vt_key(t, "Enter");
    vt_send(t, ":train.steps=80");
    vt_key(t, "Enter");
    go_on(t, 80);
    assert_title(t, "✓ done");
    vt_key(t, "n");
    vt_assert(t, vt_wait(t, shows, &w, PATIENCE));
}

/* Told while it is there: it goes on, or begins anew where it would have been another run; a reset of the
 * same settings leaves it. */
static void the_twin_follows_the_run_on(void **state)
{
    wanted far =
        result_of(RUN("train", SMALL, "--set", "noise.type=none", "--steps", "90", "--json", "--quiet"));
    wanted seed2 = result_of(RUN("train", SMALL, "--set", "noise.type=none", "--set", "train.seed=2",
                                 "--steps", "90", "--json", "--quiet"));
    vt *t = LAB(state, 160, 48, SMALL, "--set", "train.steps=50");
    assert_title(t, "✓ done");
    vt_key(t, "9");
    vt_key(t, "n");
    vt_assert(t, vt_wait_text(t, "A no noise", PATIENCE));
    vt_send(t, ":train.steps=90");
    vt_key(t, "Enter");
    go_on(t, 90);
    vt_assert(t, vt_wait(t, shows, &far, PATIENCE));
    vt_key(t, "r");
    vt_assert(t, vt_wait_text(t, " step 0 ", PATIENCE));
    vt_pump(t, 500);
    vt_assert(t, vt_wait(t, shows, &far, PATIENCE));
    vt_key(t, "R");
    vt_key(t, "Space");
    vt_assert(t, sandbox_wait_step(t, 90, PATIENCE));
    vt_assert(t, vt_wait(t, shows, &seed2, PATIENCE));
    vt_key(t, "G"); /* it is a ghost, and goes like one */
    vt_assert(t, vt_wait_gone(t, "A no noise", PATIENCE));
    vt_key(t, "n");
    vt_assert(t, vt_wait(t, shows, &seed2, PATIENCE));
}

static void without_noise_there_is_no_twin(void **state)
{
    vt *t = LAB(state, 120, 40, SMALL, "--set", "noise.type=none");
    assert_title(t, "● running");
    vt_key(t, "n");
    vt_assert(t, vt_wait_text(t, "this run has no noise", PATIENCE));
    vt_assert(t, !vt_find(t, "A no noise", NULL, NULL));
}

/* ---- how it begins and ends -------------------------------------------------------------------- */

static void the_first_frame_says_opening(void **state)
{
    size_t length;
    vt *t = LAB(state, 120, 40, SMALL);
    assert_title(t, "● running");
    const char *log = vt_log(t, &length);
    assert_non_null(memmem(log, length, "opening", strlen("opening")));
    assert_null(memmem(log, length, "Space starts", strlen("Space starts")));
    assert_null(memmem(log, length, "paused", strlen("paused")));
}

/* Space before the first answer of the trainer stops what is about to begin. */
static void a_key_on_the_first_frame_counts(void **state)
{
    vt *t = sandbox_lab(state, 120, 40, NULL, (const char *const[]){SMALL, NULL}, NULL);
    vt_key(t, "Space");
    assert_title(t, "‖ paused");
    vt_assert(t, vt_wait_still(t, 300, PATIENCE));
    vt_assert(t, vt_find(t, "‖ paused", NULL, NULL));
}

static void a_control_resumes_a_finished_run(void **state)
{
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=30");
    assert_title(t, "✓ done");
    assert_int_equal(sandbox_step(t), 30);
    vt_key(t, "Right");
    assert_title(t, "● running");
    vt_assert(t, sandbox_wait_step(t, 60, PATIENCE));
    assert_title(t, "α 1.76");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_twin_is_the_run_without_noise, vt_teardown),
        cmocka_unit_test_teardown(the_twin_has_its_line_among_the_norms, vt_teardown),
        cmocka_unit_test_teardown(the_twin_follows_changes, vt_teardown),
        cmocka_unit_test_teardown(the_twin_follows_the_run_on, vt_teardown),
        cmocka_unit_test_teardown(without_noise_there_is_no_twin, vt_teardown),
        cmocka_unit_test_teardown(the_first_frame_says_opening, vt_teardown),
        cmocka_unit_test_teardown(a_key_on_the_first_frame_counts, vt_teardown),
        cmocka_unit_test_teardown(a_control_resumes_a_finished_run, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
