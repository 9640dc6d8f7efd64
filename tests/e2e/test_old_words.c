/* Guards what versions before the names changed have left behind: their sweeps, tables and runs are read and
 * go on; on the command line an old name is told with the new one, and nothing else happens. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/sandbox.h"
#include "unit/source.h"

/* tests/golden/words/NAME, made by the last version that said `roads`; as `to` in the sandbox. */
static void take(const char *name, const char *to)
{
    char script[8192];
    if (!source_top()) {
        print_message("skipped: no source tree; set HT_SOURCE\n");
        skip();
    }
    snprintf(script, sizeof script, "cp -r '%s/tests/golden/words/%s' %s", source_top(), name, to);
    assert_status(sandbox_shell(script), 0);
}

/* The table of an old sweep is the one that its own version printed; it grows under the preset's new name. */
static void a_sweep_is_read_and_goes_on(void **state)
{
    (void)state;
    take("sweep", "sweep");
    take("table.txt", "table.txt");
    char *before = sandbox_read("table.txt", NULL);
    const sandbox_result *r = RUN("table", "sweep", "--regime");
    assert_status(r, 0);
    assert_string_equal(r->out, before);
    free(before);
    assert_status(RUN("sweep", "--preset", "ecg5000-methods", "--set", "data.name=ecg-synth", "--set",
                      "model.width=20", "--set", "train.steps=3", "--vary", "noise.alpha=1.5,1.9", "--seeds",
                      "1..3", "--out", "sweep", "--quiet"),
                  0);
    r = RUN("table", "sweep", "--regime", "--format", "csv");
    assert_status(r, 0);
    assert_says(r->out, "\n1.5,3,");
    if (strstr(r->out, "nan")) fail_msg("a cell is not read: %s", r->out);
}

static void a_run_is_read_and_goes_on(void **state)
{
    (void)state;
    take("run", "run");
    assert_status(RUN("train", "--run", "run", "--steps", "6", "--quiet"), 0);
    assert_status(RUN("snapshot", "run", "--out", "run.png"), 0);
    char *preset = sandbox_read("run/preset.ini", NULL), *journal = sandbox_read("run/journal.jsonl", NULL);
    assert_says(preset, "name = ecg5000-roads");
    assert_says(journal, "\"step\":6");
    free(preset);
    free(journal);
}

/* One line with the new name, exit 2, and nothing is trained or written. */
static void an_old_name_is_told_with_the_new_one(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"train --preset ecg5000-roads --steps 1 --run new", "ecg5000-methods"},
        {"compare --preset mnist-roads --png new", "mnist-methods"},
        {"sweep --preset ecg5000-roads --vary noise.alpha=1.5 --seeds 1 --out new", "ecg5000-methods"},
        {"presets mnist-roads", "mnist-methods"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char script[200], says[80];
        snprintf(script, sizeof script, "$H %s", lines[i][0]);
        snprintf(says, sizeof says, "' is called '%s' now\n", lines[i][1]);
        const sandbox_result *r = sandbox_shell(script);
        assert_status(r, 2);
        assert_says(r->err, says);
        if (strchr(r->err, '\n') != strrchr(r->err, '\n')) fail_msg("more than one line: %s", r->err);
        assert_true(r->out_size == 0 && !sandbox_exists("new"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_is_read_and_goes_on),
        cmocka_unit_test(a_run_is_read_and_goes_on),
        cmocka_unit_test(an_old_name_is_told_with_the_new_one),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
