/* Guards runs side by side: run directories beside the lab's run, and labels that go with a run wherever it
 * goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/png.h"
#include "sandbox.h"

#define SMALL "--set", "model.width=100", "--set", "data.test_limit=500"

static void train(const char *dir, const char *alpha, const char *steps)
{
    char set[40];
    snprintf(set, sizeof set, "noise.alpha=%s", alpha);
    assert_status(RUN("train", SMALL, "--set", set, "--steps", steps, "--run", dir, "--quiet"), 0);
}

/* The number after a word in what train --json printed. */
static double number_of(const char *json, const char *object, const char *key)
{
    const char *at = strstr(json, object);
    assert_non_null(at);
    assert_non_null(at = strstr(at, key));
    return strtod(strchr(at, ':') + 1, NULL);
}

/* The row of α has the values of both directories. */
static bool has_alphas(vt *t, void *context)
{
    (void)context;
    for (int row = 0; row < vt_rows(t); row++) {
        const char *at = strstr(vt_row(t, row), "│  α ");
        if (at && strstr(at, " 1.4 ") && strstr(at, " 1.9 ")) return true;
    }
    return false;
}

static void directories_are_compared(void **state)
{
    char accuracy[40];
    train("low", "1.4", "60");
    train("other", "1.9", "30");
    const sandbox_result *r =
        RUN("train", SMALL, "--set", "noise.alpha=1.4", "--steps", "60", "--json", "--quiet");
    assert_status(r, 0);
    snprintf(accuracy, sizeof accuracy, "%.4f", number_of(r->out, "\"test\"", "\"accuracy\""));
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=20", "--ghost", "low", "--ghost", "other");
    assert_title(t, "✓ done");
    vt_assert(t, vt_wait_text(t, "A low", PATIENCE)); /* in the legends */
    vt_key(t, "S");
    vt_assert(t, vt_wait_text(t, "done, step 60  ━━ A", PATIENCE));
    vt_assert(t, vt_wait_text(t, "done, step 30  ━━ B", PATIENCE));
    vt_assert(t, vt_wait_text(t, accuracy, PATIENCE));
    vt_assert(t, vt_wait(t, has_alphas, NULL, PATIENCE));
    vt_key(t, "Space"); /* out of the charts, not off the list */
    vt_assert(t, vt_wait_gone(t, "━━ A", PATIENCE));
    vt_assert(t, vt_wait_text(t, "[ ] ", PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "━━ A", PATIENCE));
}

static void runs_of_the_session_are_listed(void **state)
{
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=40");
    assert_title(t, "✓ done");
    vt_key(t, "S");
    vt_assert(t, vt_wait_text(t, "No other run yet", PATIENCE));
    vt_key(t, "R");
    vt_assert(t, vt_wait_text(t, "[ ] run 1", PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "step 40  ━━ A", PATIENCE));
    vt_assert(t, vt_wait_text(t, "train.seed", PATIENCE));
}

/* Enter on the list opens the chooser; this goes to the row there and adds it. */
static void add_run(vt *t, const char *chosen)
{
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_text(t, "Add a run:", PATIENCE));
    vt_assert(t, vt_wait_text(t, "a run: Enter adds it", PATIENCE));
    for (int i = 0; i < 20 && !vt_find(t, chosen, NULL, NULL); i++) {
        vt_key(t, "Down");
        vt_settle(t);
    }
    vt_key(t, "Enter");
}

/* A directory that grows is read again; the chooser finds it. */
static void a_chosen_directory_is_read_again_as_it_grows(void **state)
{
    train("far", "1.5", "20");
    vt *t = LAB(state, 100, 32, SMALL, "--set", "train.steps=10");
    assert_title(t, "✓ done");
    vt_key(t, "S");
    vt_assert(t, vt_wait_text(t, "What differs", PATIENCE));
    add_run(t, "▸ far");
    vt_assert(t, vt_wait_text(t, "done, step 20  ━━ A", PATIENCE));
    assert_status(RUN("train", "--run", "far", "--steps", "50", "--quiet"), 0);
    vt_assert(t, vt_wait_text(t, "done, step 50  ━━ A", PATIENCE));
}

static void what_cannot_be_read_is_told(void **state)
{
    train("hurt", "1.5", "10");
    sandbox_write("late.json", "{\"schema\": 2}\n");
    sandbox_shell("echo 5,not,a,row >> hurt/metrics.csv; mkdir -p empty cut; cp hurt/preset.ini cut/");
    sandbox_shell("echo '[later]' > later.ini; mkdir -p later; cat later.ini > later/preset.ini; echo "
                  "'new = 1' >> later/preset.ini; echo '{\"event\":\"start\",\"step\":0,\"heavytail\":"
                  "\"99.0\",\"params\":{}}' > later/journal.jsonl");
    vt *t = LAB(state, 100, 32, SMALL, "--ghost", "empty");
    vt_assert(t, vt_exit(t, PATIENCE) == 2);
    vt_assert(t, vt_find(t, "--ghost: empty: is no run directory (it holds no preset.ini)", NULL, NULL));
    vt_teardown(state);
    t = LAB(state, 140, 32, SMALL, "--set", "train.steps=10", "--ghost", "cut", "--ghost", "hurt", "--ghost",
            "later", "--ghost", "late.json");
    vt_key(t, "S");
    vt_assert(t, vt_wait_text(t, "no checkpoint", PATIENCE)); /* it has only just begun */
    vt_key(t, "Down");
    vt_assert(t, vt_wait_text(t, "eight", PATIENCE));
    vt_key(t, "Down");
    vt_assert(t, vt_wait_text(t, "99.0", PATIENCE));
    vt_key(t, "Down");
    vt_assert(t, vt_wait_text(t, "its schema is 2", PATIENCE));
}

/* A journal that is damaged does not hide the curves, which are in a file of their own; a directory that
 * changes all the time does not keep the others waiting; one that is added again is ticked again. */
static void what_is_whole_is_shown_and_nobody_waits(void **state)
{
    train("busy", "1.5", "20");
    train("torn", "1.6", "20");
    train("slow", "1.7", "30");
    sandbox_shell("sed -i '2s/.*/{torn/' torn/journal.jsonl");
    vt *t = LAB(state, 140, 36, SMALL, "--set", "train.steps=10", "--ghost", "busy", "--ghost", "torn",
                "--ghost", "slow");
    assert_title(t, "✓ done");
    vt_key(t, "S");
    vt_assert(t, vt_wait_text(t, "damaged, step 20  ━━ B", PATIENCE));
    vt_key(t, "Down");
    vt_assert(t, vt_wait_text(t, "journal.jsonl:2", PATIENCE));
    sandbox_shell("(for i in $(seq 300); do touch busy/metrics.csv; sleep 0.05; done) >/dev/null 2>&1 &");
    assert_status(RUN("train", "--run", "slow", "--steps", "50", "--quiet"), 0);
    vt_assert(t, vt_wait_text(t, "done, step 50  ━━ C", PATIENCE));
    vt_key(t, "Down");
    vt_key(t, "Space");
    vt_assert(t, vt_wait_gone(t, "━━ C", PATIENCE));
    add_run(t, "▸ slow");
    vt_assert(t, vt_wait_text(t, "slow is in the list already", PATIENCE));
    vt_assert(t, vt_wait_text(t, "done, step 50  ━━ C", PATIENCE));
}

/* A sweep's point: its end, as a file of results tells it. */
static void a_point_of_a_sweep_stands_beside(void **state)
{
    assert_status(
        RUN("sweep", SMALL, "--vary", "noise.alpha=1.6", "--set", "train.steps=15", "--out", "sw", "--quiet"),
        0);
    const sandbox_result *r = sandbox_shell("ls $PWD/sw/cells/*.json");
    char *path = strndup(r->out, strcspn(r->out, "\n"));
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=10", "--ghost", path);
    free(path);
    vt_key(t, "S");
    vt_assert(t, vt_wait_text(t, "done, step 15  ━━ A", PATIENCE));
    vt_assert(t, vt_wait_text(t, "± ?", PATIENCE));
}

/* ---- labels ---- */

static void write_label(vt *t, const char *words)
{
    vt_key(t, "a");
    vt_assert(t, vt_wait_text(t, "label at step", PATIENCE));
    vt_send(t, words);
    vt_key(t, "Enter");
}

static void assert_picture_has(const char *path, const char *key, const char *words)
{
    ht_png png;
    ht_error err;
    if (ht_png_read(path, 0, &png, &err) != HT_OK) fail_msg("%s", err.text);
    const char *text = ht_png_find(&png, key);
    assert_non_null(text);
    assert_says(text, words);
    ht_png_free(&png);
}

static void a_label_goes_with_the_run(void **state)
{
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=30", "--run", "r");
    assert_title(t, "✓ done");
    write_label(t, "wärmer");
    vt_assert(t, vt_wait_text(t, "1 wärmer", PATIENCE));   /* at the axis */
    vt_assert(t, vt_wait_text(t, "30: wärmer", PATIENCE)); /* among the numbers */
    write_label(t, " still");                              /* the same step: it is changed */
    vt_assert(t, vt_wait_text(t, "30: wärmer still", PATIENCE));
    vt_key(t, "u");
    vt_assert(t, vt_wait_gone(t, "wärmer still", PATIENCE));
    vt_key(t, "U");
    vt_assert(t, vt_wait_text(t, "30: wärmer still", PATIENCE));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    vt_teardown(state);
    const sandbox_result *r = RUN("train", "--run", "r", "--steps", "40", "--json", "--quiet");
    assert_status(r, 0);
    assert_says(r->out, "\"text\": \"wärmer still\"");
    assert_status(r = RUN("replay", "r", "--json"), 0);
    assert_says(r->out, "\"equal\": true");
    assert_says(r->out, "\"text\": \"wärmer still\"");
    assert_status(RUN("snapshot", "r", "--out", "r.png"), 0);
    assert_picture_has("r.png", "heavytail:labels", "30 wärmer still\n");
    assert_picture_has("r.png", "heavytail:journal", "\"event\":\"label\"");
    t = LAB(state, 120, 40, "--run", "r");
    vt_assert(t, vt_wait_text(t, "wärmer still", PATIENCE));
}

/* A script puts one, at the cursor too; an empty text takes it away. */
static void labels_by_a_script(void **state)
{
    sandbox_write("s", "step 30\nkey a\ntype größer\nkey Enter\nwait 0.5\nkey e\nwait 0.5\n"
                       "key a\nkey Backspace\nkey Backspace\nkey Backspace\n"
                       "key Backspace\nkey Backspace\nkey Backspace\nkey Enter\nwait 0.5\nkey q\n");
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=30", "--run", "s1", "--script", "s", "--dump",
                "end.txt");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    vt_teardown(state);
    const sandbox_result *r = sandbox_shell("ls ht-*.png; cat end.txt; tail -n 5 s1/journal.jsonl");
    assert_null(strstr(r->out, "30: größer")); /* among the numbers */
    assert_says(r->out, "\"text\":\"größer\"");
    assert_says(r->out, "\"text\":\"\"");
    char *name = strndup(r->out, strcspn(r->out, "\n"));
    assert_picture_has(name, "heavytail:labels", "30 größer\n");
    free(name);
}

/* What turns text round or is not seen does not come into the journal. */
static void typed_labels_are_cleaned_before_they_are_stored(void **state)
{
    sandbox_write("s", "step 30\nkey a\ntype one\xe2\x80\xae"
                       "two\xf3\xa0\x81\x81"
                       "three\nkey Enter\nwait 0.5\nkey q\n");
    vt *t = LAB(state, 120, 40, SMALL, "--set", "train.steps=30", "--run", "s2", "--script", "s");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    vt_teardown(state);
    assert_says(sandbox_shell("cat s2/journal.jsonl")->out, "\"text\":\"one?two?three\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(directories_are_compared, vt_teardown),
        cmocka_unit_test_teardown(runs_of_the_session_are_listed, vt_teardown),
        cmocka_unit_test_teardown(a_chosen_directory_is_read_again_as_it_grows, vt_teardown),
        cmocka_unit_test_teardown(what_cannot_be_read_is_told, vt_teardown),
        cmocka_unit_test_teardown(what_is_whole_is_shown_and_nobody_waits, vt_teardown),
        cmocka_unit_test_teardown(a_point_of_a_sweep_stands_beside, vt_teardown),
        cmocka_unit_test_teardown(a_label_goes_with_the_run, vt_teardown),
        cmocka_unit_test_teardown(labels_by_a_script, vt_teardown),
        cmocka_unit_test_teardown(typed_labels_are_cleaned_before_they_are_stored, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
