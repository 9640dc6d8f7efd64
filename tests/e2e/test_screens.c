/* Pictures of the lab as a terminal shows it. `test_screens --save DIR` makes those of README.md; without
 * arguments it is a test that makes smaller ones of an earlier moment. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apng.h"
#include "sandbox.h"

static void save(vt *t, const char *directory, const char *name)
{
    char path[PATH_MAX];
    vt_assert(t, vt_wait_still(t, 300, PATIENCE));
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (!vt_save_png(t, path)) fail_msg("cannot write %s", path);
}

/* What a key shows in the place of the dashboard, and the key takes away again. */
static void save_and_leave(vt *t, const char *key, const char *directory, const char *name)
{
    vt_key(t, key);
    vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    save(t, directory, name);
    vt_key(t, key);
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
}

static bool nothing_trains(vt *t, void *context)
{
    (void)context;
    const char *title = vt_row(t, 0);
    return !strstr(title, "● widths") && !strstr(title, "● methods");
}

static bool many_runs(vt *t, void *context)
{
    const char *at = strstr(vt_row(t, 0), "● widths ");
    int runs = 0;
    return at && sscanf(at, "● widths %d", &runs) == 1 && runs >= *(int *)context;
}

/* A view that trains networks of its own: `whole` waits for the last of them, or, where there is none, for
 * many; else it is stopped early. */
static void save_training_view(vt *t, const char *key, const char *trains, const char *directory,
                               const char *name, bool whole)
{
    vt_key(t, key);
    vt_assert(t, vt_wait_text(t, trains, PATIENCE));
    int many = 200;
    bool endless = strstr(trains, "widths") != NULL;
    if (whole && endless) vt_assert(t, vt_wait(t, many_runs, &many, 30 * PATIENCE));
    if (!whole || endless) vt_key(t, "Space");
    vt_assert(t, vt_wait(t, nothing_trains, NULL, 30 * PATIENCE));
    save(t, directory, name);
    vt_key(t, "Esc");
}

static void save_screens(void **state, const char *directory, long steps)
{
    bool whole = steps >= 1000;
    vt *t = LAB(state, 120, 40, NULL);
    vt_assert(t, sandbox_wait_step(t, steps, 6 * PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "paused", PATIENCE));
    save(t, directory, "dashboard.png");
    save_and_leave(t, "z", directory, "panel.png");
    save_and_leave(t, "P", directory, "presentation.png");
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "Read-out", PATIENCE));
    save(t, directory, "pruning.png");
    vt_key(t, "Esc");
    vt_key(t, "t");
    vt_assert(t, vt_wait_text(t, "to believe?", PATIENCE));
    save(t, directory, "tails.png");
    vt_key(t, "Esc");
    save_training_view(t, "w", "● widths", directory, "width.png", whole);
    save_training_view(t, "c", "● methods", directory, "compare.png", whole);
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "Help", PATIENCE));
    save(t, directory, "help.png");
    vt_key(t, "Esc");
    vt_resize(t, 80, 24);
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    save(t, directory, "dashboard-80x24.png");
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
}

/* A run that prunes after each epoch, followed by `o`. */
static void save_method(void **state, const char *directory, const char *setting)
{
    vt *t = LAB(state, 120, 40, "--set", "noise.type=none", "--set", "train.weight_decay=0", "--set",
                "occam.lambda0=0.3", "--set", "occam.holdout=0.1", "--set", setting);
    vt_assert(t, vt_wait_text(t, "done", 6 * PATIENCE));
    vt_key(t, "o");
    vt_assert(t, vt_wait_text(t, "Size and accuracy", PATIENCE));
    save(t, directory, "method.png");
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
}

static bool at_once(vt *t, void *context)
{
    (void)t, (void)context;
    return true;
}

/* A lesson that moves: the noise at work, then the pruning view, then the tails. */
static void save_lesson(void **state, const char *directory, long from, int running)
{
    enum { MOST = 40, LOOKS = 3, APART = 60 }; /* hundredths of a second */
    static char name[MOST][40], path[MOST][PATH_MAX];
    const char *frames[MOST];
    int count = 0;
    char whole[PATH_MAX];
    vt *t = LAB(state, 120, 40, NULL);
    vt_assert(t, sandbox_wait_step(t, from, 6 * PATIENCE));
    for (int i = 0; i < running + 2 * LOOKS; i++) {
        if (i == running) vt_key(t, "p");
        if (i == running + LOOKS) vt_key(t, "Esc"), vt_key(t, "t");
        vt_pump(t, 10 * APART);
        vt_wait(t, at_once, NULL, PATIENCE); /* between two frames */
        snprintf(name[count], sizeof name[count], "lesson-%02d.png", count);
        snprintf(path[count], sizeof path[count], "%s/%s", directory, name[count]);
        if (!vt_save_png(t, path[count])) fail_msg("cannot write %s", path[count]);
        frames[count] = path[count];
        count++;
    }
    snprintf(whole, sizeof whole, "%s/lesson.png", directory);
    if (!apng_join(whole, frames, count, APART)) fail_msg("cannot write %s", whole);
    for (int i = 0; i < count; i++) unlink(frames[i]);
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
}

static const char *target; /* of --save */

static void screens_are_saved(void **state)
{
    save_screens(state, target, 1500);
    vt_teardown(state);
    save_method(state, target, "train.steps=120");
    vt_teardown(state);
    save_lesson(state, target, 500, 12);
}

static void screens_are_pictures(void **state)
{
    save_screens(state, ".", 50);
    vt_teardown(state);
    save_method(state, ".", "train.steps=40");
    vt_teardown(state);
    save_lesson(state, ".", 20, 2);
    sandbox_assert_ink("lesson.png", 1200, 800);
    sandbox_assert_ink("dashboard.png", 1200, 800);
    sandbox_assert_ink("panel.png", 1200, 800);
    sandbox_assert_ink("presentation.png", 1200, 800);
    sandbox_assert_ink("pruning.png", 1200, 800);
    sandbox_assert_ink("tails.png", 1200, 800);
    sandbox_assert_ink("width.png", 1200, 800);
    sandbox_assert_ink("compare.png", 1200, 800);
    sandbox_assert_ink("method.png", 1200, 800);
    sandbox_assert_ink("help.png", 1200, 800);
    sandbox_assert_ink("dashboard-80x24.png", 800, 480);
}

int main(int argc, char **argv)
{
    static char directory[PATH_MAX];
    const struct CMUnitTest saving[] = {cmocka_unit_test_teardown(screens_are_saved, vt_teardown)};
    const struct CMUnitTest testing[] = {cmocka_unit_test_teardown(screens_are_pictures, vt_teardown)};
    if (argc == 1) return cmocka_run_group_tests(testing, sandbox_enter, sandbox_leave);
    if (argc != 3 || strcmp(argv[1], "--save") != 0) {
        fprintf(stderr, "usage: test_screens [--save DIR]\n");
        return 2;
    }
    mkdir(argv[2], 0777); /* it may be there */
    if (!realpath(argv[2], directory)) {
        perror(argv[2]);
        return 1;
    }
    target = directory;
    return cmocka_run_group_tests(saving, sandbox_enter, sandbox_leave);
}
