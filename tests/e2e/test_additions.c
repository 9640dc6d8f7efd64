/* What an addition costs: docs/design.md promises it, tools/addition_cost.sh makes one of each kind, counts
 * the files, builds them and looks whether the program has them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "e2e/sandbox.h"
#include "unit/source.h"

enum { NOTHING_TO_BUILD_WITH = 77 };

static void an_addition_costs_what_the_design_says(void **state)
{
    char script[PATH_MAX + 40];
    (void)state;
    sandbox_allow(900);
    snprintf(script, sizeof script, "'%s/tools/addition_cost.sh'", source_top());
    const sandbox_result *r = sandbox_shell(script);
    print_message("%s", r->out);
    if (r->status == NOTHING_TO_BUILD_WITH) skip();
    assert_status(r, 0);
}

/* A tree whose page says something else: `change` is a sed script. */
static const sandbox_result *count_with(const char *change)
{
    char script[3 * PATH_MAX];
    snprintf(script, sizeof script,
             "rm -rf tree; mkdir -p tree/docs tree/tests && cd '%s' && cp -a Makefile src include presets "
             "assets tools "
             "\"$OLDPWD/tree\" && cp -a tests/additions \"$OLDPWD/tree/tests\" && sed '%s' docs/design.md > "
             "\"$OLDPWD/tree/docs/design.md\" && cd \"$OLDPWD\" && tree/tools/addition_cost.sh --count",
             source_top(), change);
    return sandbox_shell(script);
}

static void a_promise_that_is_broken_is_told(void **state)
{
    (void)state;
    const sandbox_result *r = count_with("");
    if (r->status == NOTHING_TO_BUILD_WITH) {
        print_message("%s", r->out);
        skip();
    }
    assert_status(r, 0);
    r = count_with("s/^| panel | 2/| panel | 1/");
    assert_status(r, 1);
    assert_says(r->out, "panel: 2 files, docs/design.md says 1");
    r = count_with("s/^| panel | 2/| curtain | 2/");
    assert_status(r, 1);
    assert_says(r->out, "tests/additions/curtain.sh is not there");
    assert_says(r->out, "panel.sh: no such row");
}

static int enter(void **state)
{
    if (!source_top()) return print_error("no source tree: set HT_SOURCE\n"), -1;
    return sandbox_enter(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_addition_costs_what_the_design_says),
        cmocka_unit_test(a_promise_that_is_broken_is_told),
    };
    return cmocka_run_group_tests(tests, enter, sandbox_leave);
}
