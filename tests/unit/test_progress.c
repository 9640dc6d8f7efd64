/* Guards what a command says of a long stage where standard error is no terminal: a line now and then, and
 * nothing where all is quick. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/progress.h"

/* What goes to standard error while a stage takes so many seconds. */
static void stage_of(double seconds, char *said, size_t size)
{
    int kept = dup(STDERR_FILENO), ends[2];
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    ht_progress_start();
    ht_progress_stage("the curve of %s", "node");
    for (double end = ht_now() + seconds; ht_now() < end;) usleep(10000);
    ht_progress_end();
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t got = read(ends[0], said, size - 1);
    said[got > 0 ? got : 0] = '\0';
    close(ends[0]);
}

static void a_long_stage_is_told_of_in_lines(void **state)
{
    (void)state;
    char said[1024];
    stage_of(HT_PROGRESS_PERIOD + 1, said, sizeof said);
    assert_int_equal(strncmp(said, "heavytail: the curve of node, ", 30), 0);
    assert_null(strpbrk(said, "\r\033")); /* of terminals */
    const char *end = strchr(said, '\n');
    assert_non_null(end);
    assert_string_equal(end, "\n"); /* one line in that time */
}

static void a_quick_stage_is_not_told_of(void **state)
{
    (void)state;
    char said[1024];
    stage_of(0.7, said, sizeof said);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_long_stage_is_told_of_in_lines),
                                       cmocka_unit_test(a_quick_stage_is_not_told_of)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
