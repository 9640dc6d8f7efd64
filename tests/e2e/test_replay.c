/* Guards runs from outside: stopped, resumed with and without a terminal, changed by hand, and made again
 * from the journal of a directory or a picture. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e/sandbox.h"

static json_t *replay_json(const char *source, int status)
{
    const sandbox_result *r = RUN("replay", source, "--json");
    assert_status(r, status);
    json_t *root = sandbox_json_of(r->out);
    assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
    return root;
}

/* Returns the steps of the run; `steps`, if not negative, is what they must be. */
static int expect_equal(const char *run, int steps)
{
    json_t *root = replay_json(run, 0);
    int found = (int)json_integer_value(json_object_get(root, "steps"));
    assert_true(json_is_true(json_object_get(root, "equal")));
    assert_true(json_is_null(json_object_get(root, "difference")));
    if (steps >= 0) assert_int_equal(found, steps);
    json_decref(root);
    return found;
}

#define NOISY                                                                                                \
    "--set", "model.width=200", "--set", "data.test_limit=500", "--set", "noise.type=iid", "--set",          \
        "train.momentum=0.9"

static void a_run_is_replayed_with_what_changed_on_the_way(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "30", NOISY, "--run", "run", "--quiet"), 0);
    expect_equal("run", 30);
    assert_status(
        RUN("train", "--steps", "50", "--noise.scale", "0.1234567890123456789", "--run", "run", "--quiet"),
        0);
    assert_status(RUN("train", "--steps", "70", "--train.batch", "77", "--run", "run", "--quiet"), 0);
    expect_equal("run", 70);
    const sandbox_result *r = RUN("replay", "run");
    assert_status(r, 0);
    assert_says(r->out, "the same bits");
    /* Nothing in the directory was touched. */
    assert_status(sandbox_shell("cp -r run before; $H replay run >/dev/null; diff -r run before"), 0);
}

/* Title, JSON and the next resume say whose settings are in force. */
static void a_run_that_goes_on_with_another_preset_is_called_after_it(void **state)
{
    (void)state;
    sandbox_write("louder.ini", "[preset]\nname = louder\n[model]\nwidth = 200\n[data]\ntest_limit = 500\n"
                                "[noise]\ntype = iid\nscale = 0.2\n[train]\nmomentum = 0.9\n");
    assert_status(RUN("train", "--steps", "10", NOISY, "--run", "named", "--quiet"), 0);
    const sandbox_result *r =
        RUN("train", "--steps", "20", "--preset", "./louder.ini", "--run", "named", "--quiet");
    assert_status(r, 0);
    assert_says(r->out, "louder: done after 20 steps");
    r = RUN("train", "--steps", "25", "--run", "named", "--quiet");
    assert_status(r, 0);
    assert_says(r->out, "louder: done after 25 steps");
    expect_equal("named", 25);
}

#define PICTURES                                                                                             \
    "--data", "pictures-synth", "--set", "data.train_limit=60", "--set", "data.test_limit=10", "--set",      \
        "train.batch=20", "--set", "model.width=50", "--set", "data.augment=flip+shift"

/* Stopped in the middle of an epoch and taken up again: the run that was not, and what its journal makes. */
static void changed_pictures_are_replayed(void **state)
{
    (void)state;
    assert_status(RUN("train", PICTURES, "--steps", "8", "--run", "at-once", "--quiet"), 0);
    assert_status(RUN("train", PICTURES, "--steps", "5", "--run", "in-two", "--quiet"), 0);
    assert_status(RUN("train", PICTURES, "--steps", "8", "--run", "in-two", "--quiet"), 0);
    expect_equal("in-two", 8);
    assert_true(sandbox_same_file("at-once/checkpoint.safetensors", "in-two/checkpoint.safetensors"));
    const sandbox_result *r = RUN("train", "--set", "data.augment=flip", "--steps", "1");
    assert_status(r, 2);
    assert_says(r->err, "the samples of 'ecg-synth' are 1 × 1 × 140 and are no pictures");
}

static void a_difference_is_found_and_named(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "20", NOISY, "--run", "odd", "--quiet"), 0);
    assert_status(
        sandbox_shell("sed 's/\"noise.scale\":\"[^\"]*\"/\"noise.scale\":\"0.06\"/' odd/journal.jsonl > j && "
                      "! cmp -s j odd/journal.jsonl && mv j odd/journal.jsonl"),
        0);
    const sandbox_result *r = RUN("replay", "odd");
    assert_status(r, 1);
    assert_says(r->err, "layers.0.weight[0][");
    json_t *root = replay_json("odd", 1);
    assert_true(json_is_false(json_object_get(root, "equal")));
    assert_true(json_is_string(json_object_get(root, "difference")));
    json_decref(root);
    sandbox_write("odd/journal.jsonl", "{\"event\":\"start\"}\n");
    r = RUN("replay", "odd");
    assert_status(r, 1);
    assert_says(r->err, "journal.jsonl:1");
    assert_status(RUN("replay", "absent"), 1);
    assert_status(RUN("replay"), 2);
    assert_status(RUN("replay", "odd", "--set", "noise.scale=1"), 2);
}

/* Lab and headless in turn, sliders moved by hand, a reset and a new seed in between. */
static void a_lesson_can_be_replayed(void **state)
{
    sandbox_write("lesson.txt",
                  "step 30\nkey Right\nkey Right\nstep 60\nkey n\nstep 80\nkey r\nstep 20\nkey R\n"
                  "step 20\nkey =\ntype 1.3\nkey Enter\nstep 40\nkey e\nwait 0.3\nstep 60\nkey Space\n"
                  "wait 0.3\nkey q\n");
    assert_status(RUN("train", "--steps", "20", NOISY, "--run", "lesson", "--quiet"), 0);
    vt *t = LAB(state, 120, 40, "lab", "--script", "lesson.txt", "--run", "lesson", "--train.steps", "0");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    char steps[16];
    int stood = expect_equal("lesson", -1);
    snprintf(steps, sizeof steps, "%d", stood + 40);
    assert_status(RUN("train", "--steps", steps, "--run", "lesson", "--quiet"), 0);
    expect_equal("lesson", stood + 40);
    char *journal = sandbox_read("lesson/journal.jsonl", NULL);
    static const char *const events[] = {"\"set\"",    "\"reset\"",    "\"resume\"",
                                         "\"paused\"", "\"seconds\":", "\"date\":\"2"};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) assert_says(journal, events[i]);
    free(journal);
    /* The picture made in the middle carries the journal so far. */
    assert_status(sandbox_shell("mv ht-*.png lesson.png"), 0);
    json_t *root = replay_json("lesson.png", 0);
    assert_true(json_is_null(json_object_get(root, "equal")));
    assert_true(json_integer_value(json_object_get(root, "steps")) >= 40);
    json_decref(root);
}

static void a_lab_goes_on_where_training_stopped(void **state)
{
    assert_status(RUN("train", "--steps", "90", NOISY, "--run", "whole", "--quiet"), 0);
    assert_status(RUN("train", "--steps", "33", NOISY, "--run", "parts", "--quiet"), 0);
    sandbox_write("wait.txt", "step 57\nwait 0.3\nkey q\n");
    vt *t = LAB(state, 120, 40, "lab", "--script", "wait.txt", "--run", "parts", "--train.steps", "57");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    assert_status(RUN("train", "--steps", "90", "--run", "parts", "--quiet"), 0);
    assert_true(sandbox_same_file("whole/checkpoint.safetensors", "parts/checkpoint.safetensors"));
    assert_true(sandbox_same_file("whole/metrics.csv", "parts/metrics.csv"));
    expect_equal("parts", 90);
}

/* A picture drawn from a run stands for the same weights. */
static void a_snapshot_carries_the_journal(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "25", NOISY, "--run", "shown", "--quiet"), 0);
    assert_status(RUN("train", "--steps", "45", "--noise.alpha", "1.5", "--run", "shown", "--quiet"), 0);
    assert_status(RUN("snapshot", "shown", "--out", "shown.png"), 0);
    json_t *run = replay_json("shown", 0), *picture = replay_json("shown.png", 0);
    assert_string_equal(json_string_value(json_object_get(run, "hash")),
                        json_string_value(json_object_get(picture, "hash")));
    assert_int_equal(json_integer_value(json_object_get(picture, "steps")), 45);
    json_decref(run);
    json_decref(picture);
}

static void a_mistake_leaves_no_directory(void **state)
{
    static const char *const mistakes[] = {"--preset bad", "--set train.lr=-1", "--set data.name=mnist",
                                           "--oops"};
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char script[200];
        snprintf(script, sizeof script, "$H train --run never/made --steps 3 %s", mistakes[i]);
        const sandbox_result *r = sandbox_shell(script);
        if (r->status == 0) fail_msg("taken: %s", mistakes[i]);
        assert_false(sandbox_exists("never"));
    }
}

/* Killed before its first checkpoint, or with a line half written, a run begins again and is replayed as it
 * is. */
static void a_killed_run_is_taken_up_again(void **state)
{
    (void)state;
    assert_status(sandbox_shell("$H train --steps 1000000 --set model.width=200 --quiet --run dead & p=$!\n"
                                "until [ -e dead/preset.ini ]; do sleep 0.02; done; sleep 0.2\n"
                                "kill -9 $p; wait $p; [ ! -e dead/checkpoint.safetensors ] && "
                                "printf '{\"event\":\"set\",\"st' >> dead/journal.jsonl"),
                  0);
    assert_status(RUN("train", "--steps", "40", "--run", "dead", "--quiet"), 0);
    assert_status(RUN("train", "--steps", "40", "--set", "model.width=200", "--run", "alive", "--quiet"), 0);
    assert_true(sandbox_same_file("alive/checkpoint.safetensors", "dead/checkpoint.safetensors"));
    assert_true(sandbox_same_file("alive/metrics.csv", "dead/metrics.csv"));
    expect_equal("dead", 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_replayed_with_what_changed_on_the_way),
        cmocka_unit_test(a_run_that_goes_on_with_another_preset_is_called_after_it),
        cmocka_unit_test(changed_pictures_are_replayed),
        cmocka_unit_test(a_difference_is_found_and_named),
        cmocka_unit_test_teardown(a_lesson_can_be_replayed, vt_teardown),
        cmocka_unit_test_teardown(a_lab_goes_on_where_training_stopped, vt_teardown),
        cmocka_unit_test(a_snapshot_carries_the_journal),
        cmocka_unit_test(a_mistake_leaves_no_directory),
        cmocka_unit_test(a_killed_run_is_taken_up_again),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
