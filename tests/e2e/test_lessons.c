/* Plays every lesson with five seeds: every claim holds. */
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

enum { SEEDS = 5, MOST = 20 };

static void every_claim_of_every_lesson_holds(void **state)
{
    (void)state;
    int lessons = 0, plays = 0;
    if (SANITIZED) skip();
    for (int n = 1; n < MOST; n++)
        for (int seed = 1; seed <= SEEDS; seed++) {
            char number[16], with[16];
            snprintf(number, sizeof number, "%d", n);
            snprintf(with, sizeof with, "%d", seed);
            sandbox_allow(600);
            const sandbox_result *r = RUN("lesson", number, "--check", "--seed", with);
            if (r->status == 2 && strstr(r->err, "there is no lesson")) {
                assert_true(lessons >= 6);
                print_message("figures: %d lessons, %d plays\n", lessons, plays);
                return;
            }
            if (r->status != 0) fail_msg("lesson %d with seed %d: %s", n, seed, r->err);
            assert_non_null(strstr(r->out, "claims hold"));
            lessons = n, plays++;
        }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_claim_of_every_lesson_holds)};
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
