/* Guards that what stands in several places of the running lab's screen is of one moment: legends, read-out
 * and headings are compared on a few hundred frames. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

enum { FRAMES = 300, WORD = 32 };

/* The word after `label` in the first row that has `before` and, after it, `label`; false when there is none.
 */
static bool read_after(vt *t, const char *before, const char *label, char word[WORD])
{
    for (int y = 0; y < vt_rows(t); y++) {
        const char *at = strstr(vt_row(t, y), before);
        const char *end = at ? strstr(at, "╮") : NULL; /* of this panel's title line */
        at = at ? strstr(at + strlen(before), label) : NULL;
        if (!at || (end && at > end)) continue;
        at += strlen(label);
        while (*at == ' ') at++;
        if (strncmp(at, "at step ", 8) == 0) at = strstr(at, "  "); /* "test loss at step 40   0.25" */
        while (at && *at == ' ') at++;
        if (!at) return false;
        size_t length = strcspn(at, " \n");
        if (length == 0 || length >= WORD) continue;
        memcpy(word, at, length);
        word[length] = '\0';
        return true;
    }
    return false;
}

static void legends_and_readout_agree_in_every_frame(void **state)
{
    static const char *const pairs[][4] = {
        {"Loss", " train", "", "train loss"},
        {"Loss", " test", "", "test loss"},
        {"⠤⠤ mmo", "", "│  estimate (mmo)", ""},
    };
    enum { PAIRS = sizeof pairs / sizeof pairs[0] };
    int compared[PAIRS] = {0};
    /* One thread trains: the frames are as many, and the other processor is left to those that run beside. */
    vt *t = sandbox_lab(state, 200, 60, NULL, (const char *const[]){NULL},
                        (char *[]){"HEAVYTAIL_THREADS=1", NULL});
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_assert(t, vt_wait_text(t, "Tail index at step", PATIENCE));
    for (int i = 0; i < FRAMES; i++) {
        vt_pump(t, 20 + i % 37);
        vt_settle(t);
        for (int p = 0; p < PAIRS; p++) {
            char legend[WORD], readout[WORD];
            if (!read_after(t, pairs[p][0], pairs[p][1], legend) ||
                !read_after(t, pairs[p][2], pairs[p][3], readout))
                continue;
            compared[p]++;
            if (strcmp(legend, readout) != 0) {
                vt_dump(t, stderr);
                fail_msg("frame %d: the legend says%s %s, the read-out %s %s", i, pairs[p][1], legend,
                         pairs[p][3], readout);
            }
        }
    }
    for (int p = 0; p < PAIRS; p++) {
        print_message("[          ] %s: %d of %d frames compared\n", pairs[p][3], compared[p], FRAMES);
        vt_assert(t, compared[p] > FRAMES / 2);
    }
}

/* Before the first look a panel measures; after it its numbers have a step. */
static void numbers_stand_with_their_step(void **state)
{
    vt *t = LAB(state, 200, 60, NULL);
    vt_assert(t, sandbox_wait_step(t, 50, PATIENCE));
    vt_assert(t, vt_wait_text(t, "Compressibility at step", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Tail index at step", PATIENCE));
    vt_assert(t, vt_wait_gone(t, "measuring", PATIENCE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(legends_and_readout_agree_in_every_frame, vt_teardown),
        cmocka_unit_test_teardown(numbers_stand_with_their_step, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
