/* Guards the pictures that the lab writes for elsewhere: their names, their colours; and that a message which
 * is too long for the screen is told whole. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

#include "base/text.h"
#include "data/png.h"

#define SMALL "--set", "model.width=60", "--set", "train.steps=30"

/* ---- names ------------------------------------------------------------------------------------- */

static void names_carry_noise_widths_step_and_view(void **state)
{
    vt *t = LAB(state, 120, 40, SMALL, "--set", "noise.alpha=1.6", "--set", "noise.scale=0.03125");
    assert_title(t, "✓ done");
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-a1.6-s0.03125-n60-step30-dashboard.png", PATIENCE));
    vt_key(t, "t");
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-a1.6-s0.03125-n60-step30-tails.png", PATIENCE));
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-a1.6-s0.03125-n60-step30-tails-2.png", PATIENCE));
    vt_key(t, "O");
    assert_title(t, "no noise");
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-nonoise-n60-step", PATIENCE));
    sandbox_assert_ink("ht-a1.6-s0.03125-n60-step30-dashboard.png", 600, 400);
    sandbox_assert_ink("ht-a1.6-s0.03125-n60-step30-tails-2.png", 600, 400);
}

static void names_carry_every_width(void **state)
{
    static const char *const widths[][2] = {{"model.widths=30,20", "-n30-20-"},
                                            {"model.depth=3", "-n60x3-"},
                                            {"model.widths=9,8,7,6,5", "-n5layers-"}};
    for (size_t i = 0; i < 3; i++) {
        vt *t = LAB(state, 120, 40, SMALL, "--set", widths[i][0]);
        assert_title(t, "✓ done");
        vt_key(t, "e");
        vt_assert(t, vt_wait_text(t, widths[i][1], PATIENCE));
        vt_teardown(state);
    }
}

/* What stands there under the name is not replaced, whatever it is. */
static void what_is_there_is_not_overwritten(void **state)
{
    static const char name[] = "ht-a1.75-s0.1-n60-step30-dashboard.png";
    sandbox_write(name, "somebody's\n");
    assert_int_equal(symlink("nowhere", "ht-a1.75-s0.1-n60-step30-dashboard-2.png"), 0);
    vt *t = LAB(state, 120, 40, SMALL);
    assert_title(t, "✓ done");
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "-dashboard-3.png", PATIENCE));
    char *text = sandbox_read(name, NULL);
    assert_string_equal(text, "somebody's\n");
    free(text);
    assert_false(sandbox_exists("nowhere"));
    unlink(name);
    unlink("ht-a1.75-s0.1-n60-step30-dashboard-2.png");
    unlink("ht-a1.75-s0.1-n60-step30-dashboard-3.png");
}

/* ---- colours ----------------------------------------------------------------------------------- */

static bool is_light(const char *path)
{
    ht_png png;
    ht_error err;
    if (ht_png_read(path, 1, &png, &err) != HT_OK) fail_msg("%s", err.text);
    bool light = png.rgb[0] > 200 && png.rgb[1] > 200 && png.rgb[2] > 200;
    ht_png_free(&png);
    return light;
}

static void pictures_are_light_or_as_asked(void **state)
{
    static const struct {
        const char *theme, *export;
        bool light;
    } cases[] = {{"ui.theme=dark", NULL, true},
                 {"ui.theme=dark", "ui.export_theme=screen", false},
                 {"ui.theme=light", "ui.export_theme=screen", true},
                 {"ui.theme=light", "ui.export_theme=dark", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        glob_t found;
        vt *t = LAB(state, 120, 40, SMALL, "--set", cases[i].theme, cases[i].export ? "--set" : NULL,
                    cases[i].export);
        assert_title(t, "✓ done");
        vt_key(t, "e");
        vt_assert(t, vt_wait_text(t, "saved ht-a1.75", PATIENCE));
        assert_int_equal(glob("ht-a1.75-s0.1-n60-step*-dashboard.png", 0, NULL, &found), 0);
        if (is_light(found.gl_pathv[0]) != cases[i].light) fail_msg("case %zu has the wrong colours", i);
        unlink(found.gl_pathv[0]);
        globfree(&found);
        vt_teardown(state);
    }
}

static void snapshots_follow_the_setting_of_the_run(void **state)
{
    (void)state;
    assert_status(RUN("train", SMALL, "--set", "ui.export_theme=dark", "--run", "dark-run", "--quiet"), 0);
    assert_status(RUN("train", SMALL, "--run", "light-run", "--quiet"), 0);
    assert_status(RUN("snapshot", "dark-run", "--out", "a.png"), 0);
    assert_false(is_light("a.png"));
    assert_status(RUN("snapshot", "dark-run", "--out", "a.png", "--theme", "light"), 0);
    assert_true(is_light("a.png"));
    assert_status(RUN("snapshot", "light-run", "--out", "a.png"), 0);
    assert_true(is_light("a.png"));
    assert_status(RUN("snapshot", "light-run", "--out", "a.png", "--set", "ui.export_theme=dark"), 0);
    assert_false(is_light("a.png"));
}

/* ---- messages ---------------------------------------------------------------------------------- */

/* A run directory that is moved away, its path longer than five lines of the screen. */
static void a_long_path_is_told_when_the_lab_is_left(void **state)
{
    char path[600] = "", said[700];
    size_t length;
    mkdir("long", 0755);
    strcpy(path, "long");
    while (strlen(path) < 420) {
        strcat(path, "/a-directory-of-a-long-name");
        mkdir(path, 0755);
    }
    strcat(path, "/run");
    vt *t = LAB(state, 80, 24, "--set", "model.width=60", "--run", path);
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    assert_int_equal(rename("long", "elsewhere"), 0);
    vt_assert(t, vt_wait_text(t, "moved", PATIENCE)); /* words may stand on any of the lines */
    vt_assert(t, vt_find(t, "…", NULL, NULL) && !vt_find(t, path, NULL, NULL));
    vt_assert(t, vt_find(t, "? help", NULL, NULL));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 1); /* the run is not where it was */
    snprintf(said, sizeof said, "%s: the run directory was moved", path);
    const char *log = vt_log(t, &length);
    assert_non_null(memmem(log, length, said, strlen(said)));
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_carry_noise_widths_step_and_view),  TEST(names_carry_every_width),
        TEST(what_is_there_is_not_overwritten),        TEST(pictures_are_light_or_as_asked),
        TEST(snapshots_follow_the_setting_of_the_run), TEST(a_long_path_is_told_when_the_lab_is_left),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
