/* Guards a run whose directory another program takes away while it goes on: no file of another program is
 * overwritten, nothing of the run is lost, it is told once, and the exit code says so. And metrics after
 * undo, through the keys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "e2e/sandbox.h"
#include "engine/run/rundir.h"

#define SMALL "--set model.width=64 --set data.test_limit=200"

/* A run that would go on for ever, saved a few times a second; then `attack` in its parent directory. What it
 * says is left in "said", the last line of the output is its exit code. */
static const sandbox_result *attacked(const char *attack)
{
    char script[2000];
    snprintf(script, sizeof script,
             "rm -rf work; mkdir work; cd work\n"
             "$H train " SMALL " --set noise.type=iid --set run.checkpoint_seconds=0.03 --steps "
             "100000000 --run run --quiet 2> said & p=$!\n"
             "until [ -e run/checkpoint.safetensors ] || ! kill -0 $p; do sleep 0.02; done\n"
             "%s\n"
             "wait $p; echo \"status $?\"; cat said",
             attack);
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    return r;
}

/* In one go: the run sees all of it or nothing. */
#define FROZEN(attack) "kill -STOP $p; " attack "; kill -CONT $p"

/* One message, exit 1, and it names `where`. */
static void expect_told(const sandbox_result *r, const char *what, const char *where)
{
    assert_says(r->out, "status 1\n");
    assert_says(r->out, what);
    assert_says(r->out, where);
    const char *first = strstr(r->out, "heavytail: ");
    if (!first || strstr(first + 1, "heavytail: ")) fail_msg("not told once: %s", r->out);
}

/* What was saved is a run: it is replayed bit by bit, goes on, and nothing half written is beside it. */
static void expect_a_run(const char *name)
{
    char script[600];
    snprintf(script, sizeof script,
             "cd work && d=$(echo %s) && $H replay \"$d\" && ls \"$d\" && "
             "s=$($H replay \"$d\" --json | sed -n 's/.*\"steps\": \\([0-9]*\\).*/\\1/p') && "
             "$H train --steps $((s + 5)) --run \"$d\" --quiet > /dev/null && $H replay \"$d\"",
             name);
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    assert_says(r->out, "the same bits");
    assert_says(r->out, "checkpoint.safetensors\njournal.jsonl\nmetrics.csv\npreset.ini\n");
}

static void a_removed_directory_is_saved_aside(void **state)
{
    (void)state;
    expect_told(attacked("rm -rf run"), "was removed", "saved in run.saved-");
    expect_a_run("run.saved-*");
    assert_false(sandbox_exists("work/run"));
    /* With the directory that it was in. */
    expect_told(
        attacked("kill -INT $p; wait $p; mkdir tmp; TMPDIR=$PWD/tmp $H train " SMALL " "
                 "--steps 100000000 --run deep/run --set run.checkpoint_seconds=0.03 --quiet 2> said & "
                 "p=$!; until [ -e deep/run/checkpoint.safetensors ]; do sleep 0.02; done; rm -rf deep"),
        "was removed", "/tmp/run.saved-");
    expect_a_run("tmp/run.saved-*");
}

static void two_trainings_never_share_a_directory(void **state)
{
    (void)state;
    /* The second, in a new directory of that name, ends as if it were alone. */
    expect_told(attacked("rm -rf run; $H train --set model.width=32 --set data.test_limit=200 --steps 40 "
                         "--run run --quiet > /dev/null"),
                "while the run went on", "saved in run.saved-");
    expect_a_run("run.saved-*");
    expect_a_run("run");
    const sandbox_result *r = sandbox_shell(
        "cd work; rm -rf alone; $H train --set model.width=32 --set data.test_limit=200 --steps 45 --run "
        "alone --quiet > /dev/null; "
        "for f in checkpoint.safetensors metrics.csv preset.ini; do cmp alone/$f run/$f || exit 1; done");
    assert_status(r, 0);
    /* Both go on: neither writes where the other does. */
    const sandbox_result *both =
        attacked("rm -rf run; $H train --set model.width=32 --set data.test_limit=200 --set "
                 "run.checkpoint_seconds=0.03 --steps 100000000 "
                 "--run run --quiet 2> other & q=$!\n"
                 "wait $p; echo \"first $?\"; until [ -e run/checkpoint.safetensors ] || ! kill -0 $q; do "
                 "sleep 0.02; done; kill -TERM $q; p=$q");
    assert_says(both->out, "first 1\n");
    assert_says(both->out, "status 0\n");
    assert_says(both->out, "saved in run.saved-");
    assert_status(sandbox_shell("cd work; cat other; ! [ -s other ]"), 0);
    expect_a_run("run");
    expect_a_run("run.saved-*");
}

static void a_moved_directory_is_followed(void **state)
{
    (void)state;
    expect_told(attacked("mkdir there; mv run there/else"), "was moved", "/there/else");
    expect_a_run("there/else");
    assert_false(sandbox_exists("work/run"));
    assert_status(sandbox_shell("cd work; ! ls -d run.saved-* 2> /dev/null"), 0);
    /* A link that leads to it is as good as the name: nothing has happened. */
    const sandbox_result *r = attacked("mv run big; ln -s big run; sleep 0.5; kill -0 $p && kill -INT $p");
    if (!strstr(r->out, "status 0")) assert_says(r->out, "was moved"); /* between the two */
    expect_a_run("big");
}

static void a_link_in_its_place_leads_nowhere(void **state)
{
    (void)state;
    expect_told(attacked(FROZEN("mkdir strange; echo mine > strange/journal.jsonl; echo mine > "
                                "strange/checkpoint.safetensors; cp -r strange before; rm -rf run; "
                                "ln -s strange run")),
                "put in place", "saved in run.saved-");
    assert_status(sandbox_shell("cd work && diff -r strange before"), 0);
    expect_a_run("run.saved-*");
    expect_told(attacked(FROZEN("rm -rf run; echo file > run")), "put in place", "saved in run.saved-");
    expect_a_run("run.saved-*");
}

/* What was in a file that another program cuts is gone: the message says what the copy lacks, and promises no
 * more than it can do. */
static void what_was_cut_away_is_told(void **state)
{
    (void)state;
    expect_told(attacked(FROZEN(": > run/journal.jsonl")), "journal.jsonl there lacks what was cut away",
                "can neither be resumed nor replayed: `heavytail prune run.saved-");
    assert_status(sandbox_shell("cd work && $H prune run.saved-* > /dev/null"), 0);
    expect_told(attacked(FROZEN(": > run/metrics.csv")), "metrics.csv there lacks what was cut away",
                "takes it up");
    assert_status(sandbox_shell("cd work && $H replay run.saved-*"), 0);
}

static void files_of_others_are_not_written_over(void **state)
{
    static const struct {
        const char *attack, *file;
    } cases[] = {
        {"rm run/journal.jsonl", "journal.jsonl"},
        {"rm run/*", ""},
        {"cp run/journal.jsonl j; echo x >> j; mv j run/journal.jsonl", "journal.jsonl"},
        {"echo '1,1,1,1,1,1,1,1' >> run/metrics.csv", "metrics.csv"},
        {"echo mine > m; mv m run/metrics.csv", "metrics.csv"},
        {"echo mine > c; mv c run/checkpoint.safetensors", "checkpoint.safetensors"},
        {"echo mine > run/checkpoint.safetensors", "checkpoint.safetensors"},
        {"rm run/checkpoint.safetensors; ln -s ../said run/checkpoint.safetensors", "checkpoint.safetensors"},
        {"echo '[train]' > p; mv p run/preset.ini", "preset.ini"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char script[400];
        snprintf(script, sizeof script, FROZEN("%s; cp -a run before"), cases[i].attack);
        expect_told(attacked(script), cases[i].file, "saved in run.saved-");
        /* What lies there now is another's. */
        snprintf(script, sizeof script,
                 "cd work; f=%s; if [ -e before/$f ]; then cmp before/$f run/$f; else ! [ -e run/$f ]; fi",
                 cases[i].file);
        if (cases[i].file[0]) assert_status(sandbox_shell(script), 0);
        assert_status(sandbox_shell("cd work && $H replay run.saved-*"), 0);
    }
}

/* ---- in the lab ---- */

static void the_lab_tells_and_goes_on(void **state)
{
    vt *t = LAB(state, 120, 40, "--run", "shown", "--set", "model.width=50", "--set",
                "run.checkpoint_seconds=0.1", "--set", "data.test_limit=200");
    vt_assert(t, sandbox_wait_step(t, 50, PATIENCE));
    assert_status(sandbox_shell("rm -rf shown"), 0);
    vt_assert(t, vt_wait_text(t, "shown.saved-", PATIENCE));
    vt_assert(t, sandbox_wait_step(t, sandbox_step(t) + 50, PATIENCE));
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 1);
    vt_assert(t, vt_restored(t));
    const sandbox_result *r = sandbox_shell("$H replay shown.saved-* && ! ls shown");
    assert_status(r, 0);
    assert_says(r->out, "the same bits");
}

static void expect_rows(const char *run)
{
    ht_error err;
    ht_metrics *rows;
    size_t count;
    const sandbox_result *r = RUN("replay", run, "--json");
    assert_status(r, 0);
    const char *steps = strstr(r->out, "\"steps\": ");
    assert_non_null(steps);
    uint64_t last = strtoull(steps + 9, NULL, 10);
    if (ht_rundir_read_metrics(run, &rows, &count, &err) != HT_OK) fail_msg("%s", err.text);
    if (count != last / 10) fail_msg("%zu rows at step %llu", count, (unsigned long long)last);
    for (size_t i = 0; i < count; i++) assert_true(rows[i].step == 10 * (i + 1));
    ht_free(rows);
}

/* As it was found, through the keys: paused, reset, undone, left. And again with training in between. */
static void an_undone_reset_has_its_rows(void **state)
{
    vt *t = LAB(state, 120, 40, "--run", "lu", "--set", "model.width=50", "--set", "data.test_limit=200");
    vt_assert(t, sandbox_wait_step(t, 300, PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "‖ paused", PATIENCE) && vt_wait_still(t, 500, PATIENCE));
    long at = sandbox_step(t);
    vt_key(t, "r");
    vt_assert(t, vt_wait_text(t, "step 0", PATIENCE));
    vt_key(t, "u");
    vt_assert(t, sandbox_wait_step(t, at, PATIENCE));
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    vt_teardown(state);
    expect_rows("lu");
    t = LAB(state, 120, 40, "--run", "lu");
    vt_assert(t, sandbox_wait_step(t, at + 100, PATIENCE));
    vt_key(t, "r");
    vt_assert(t, sandbox_wait_step(t, 100, PATIENCE));
    vt_key(t, "u");
    vt_assert(t, sandbox_wait_step(t, at + 100, PATIENCE));
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    expect_rows("lu");
}

/* ---- stopped and resumed ---- */

static void a_mean_of_iterates_is_that_of_the_last_ones(void **state)
{
    (void)state;
    static const char *const first[] = {"20", "24", "26", "28", "29"};
#define AVERAGED "--set", "model.width=50", "--set", "train.average=5", "--set", "data.test_limit=200"
    assert_status(RUN("train", "--steps", "30", AVERAGED, "--run", "whole", "--quiet"), 0);
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        assert_status(sandbox_shell("rm -rf parts"), 0);
        assert_status(RUN("train", "--steps", first[i], AVERAGED, "--run", "parts", "--quiet"), 0);
        const sandbox_result *r = RUN("train", "--steps", "30", "--run", "parts", "--quiet");
        assert_status(r, 0);
        assert_says(r->out, "mean of the last 5 iterates");
        assert_string_equal(r->err, "");
        assert_true(sandbox_same_file("whole/checkpoint.safetensors", "parts/checkpoint.safetensors"));
        assert_true(sandbox_same_file("whole/metrics.csv", "parts/metrics.csv"));
        assert_status(RUN("replay", "parts"), 0);
    }
    /* Asked for in the middle of the run, replayed all the same. */
    assert_status(RUN("train", "--steps", "30", "--set", "model.width=50", "--run", "late", "--quiet"), 0);
    assert_status(RUN("train", "--steps", "40", "--set", "train.average=5", "--run", "late", "--quiet"), 0);
    assert_status(RUN("replay", "late"), 0);
}

static void what_a_resumed_run_lacks_is_told(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "10", "--set", "model.width=20", "--set", "train.schedule=cosine",
                      "--run", "cosine", "--quiet"),
                  0);
    const sandbox_result *r = RUN("train", "--steps", "20", "--run", "cosine", "--quiet");
    assert_status(r, 0);
    assert_says(r->err, "note: train.schedule = cosine: the steps up to 10 followed a schedule of 10 steps");
    /* Iterates of a network as large as this are not kept, and a file of an older program has none. */
    assert_status(RUN("train", "--steps", "6", "--set", "model.width=16000", "--set", "train.average=5",
                      "--set", "train.batch=20", "--set", "data.test_limit=200", "--run", "large", "--quiet"),
                  0);
    r = RUN("train", "--steps", "10", "--run", "large", "--quiet");
    assert_status(r, 0);
    assert_says(r->err, "the mean of the last 5 should hold at step 6 were not kept: it begins anew");
    assert_says(r->out, "mean of the last 4 iterates");
    assert_status(RUN("replay", "large"), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_directory_is_saved_aside),
        cmocka_unit_test(two_trainings_never_share_a_directory),
        cmocka_unit_test(a_moved_directory_is_followed),
        cmocka_unit_test(a_link_in_its_place_leads_nowhere),
        cmocka_unit_test(what_was_cut_away_is_told),
        cmocka_unit_test(files_of_others_are_not_written_over),
        cmocka_unit_test_teardown(the_lab_tells_and_goes_on, vt_teardown),
        cmocka_unit_test_teardown(an_undone_reset_has_its_rows, vt_teardown),
        cmocka_unit_test(a_mean_of_iterates_is_that_of_the_last_ones),
        cmocka_unit_test(what_a_resumed_run_lacks_is_told),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* e.g. '*lab*' */
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
