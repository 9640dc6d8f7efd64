/* Runs the Python package's own tests (tests/python, unittest) against the shared library of this variant,
 * with the first Python that has NumPy: $HT_PYTHON, python3, or Debian's. Without one they are skipped; so
 * are those of PyTorch where it is not there. What the package says of the C structures is compared with the
 * compiler's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/sandbox.h"
#include "heavytail/draws.h"
#include "heavytail/netread.h"
#include "heavytail/prune.h"
#include "heavytail/tail.h"
#include "unit/source.h"

#define SIZE(type)                                                                                           \
    {                                                                                                        \
#type, sizeof(type)                                                                                  \
    }
#define FIELD(type, field)                                                                                   \
    {                                                                                                        \
#type "." #field, offsetof(type, field)                                                              \
    }

/* Of every structure that the package describes: its size, and where what it reads or writes stands. */
/* clang-format off */
static const struct {
    const char *name;
    size_t value;
} layout[] = {
    SIZE(ht_error), FIELD(ht_error, text),
    SIZE(ht_values), FIELD(ht_values, f64), FIELD(ht_values, rows), FIELD(ht_values, columns),
    FIELD(ht_values, exponent),
    SIZE(ht_draws), FIELD(ht_draws, step), FIELD(ht_draws, layer), FIELD(ht_draws, first),
    SIZE(ht_noise_layer), FIELD(ht_noise_layer, alpha), FIELD(ht_noise_layer, inputs),
    FIELD(ht_noise_layer, width), FIELD(ht_noise_layer, metric), FIELD(ht_noise_layer, error),
    FIELD(ht_noise_layer, seed),
    SIZE(ht_estimate), FIELD(ht_estimate, value), FIELD(ht_estimate, std_error), FIELD(ht_estimate, low),
    FIELD(ht_estimate, high), FIELD(ht_estimate, scale), FIELD(ht_estimate, xmin),
    FIELD(ht_estimate, distance), FIELD(ht_estimate, p), FIELD(ht_estimate, k), FIELD(ht_estimate, m),
    FIELD(ht_estimate, n_tail), FIELD(ht_estimate, zeros), FIELD(ht_estimate, step),
    FIELD(ht_estimate, rank), FIELD(ht_estimate, quality), FIELD(ht_estimate, reason),
    SIZE(ht_estimator_info), FIELD(ht_estimator_info, citation), FIELD(ht_estimator_info, convention),
    FIELD(ht_estimator_info, stable),
    SIZE(ht_tail_options), FIELD(ht_tail_options, m), FIELD(ht_tail_options, spectrum),
    SIZE(ht_tail_ccdf), FIELD(ht_tail_ccdf, above),
    SIZE(ht_tail_picture), FIELD(ht_tail_picture, weights), FIELD(ht_tail_picture, hill_k),
    FIELD(ht_tail_picture, all), FIELD(ht_tail_picture, by_rows), FIELD(ht_tail_picture, of_norms),
    SIZE(ht_shape), FIELD(ht_shape, width),
    SIZE(ht_network_words), FIELD(ht_network_words, order), FIELD(ht_network_words, input),
    FIELD(ht_network_words, classes),
    SIZE(ht_network), FIELD(ht_network, inputs), FIELD(ht_network, classes),
    SIZE(ht_samples), FIELD(ht_samples, x), FIELD(ht_samples, labels),
    SIZE(ht_prune_info), FIELD(ht_prune_info, calibrated), FIELD(ht_prune_info, cost),
    SIZE(ht_prune_spec), FIELD(ht_prune_spec, metric), FIELD(ht_prune_spec, error),
    FIELD(ht_prune_spec, ratio), FIELD(ht_prune_spec, scope), FIELD(ht_prune_spec, side), FIELD(ht_prune_spec, centre),
    FIELD(ht_prune_spec, coreset), FIELD(ht_prune_spec, seed), FIELD(ht_prune_spec, calibration),
    FIELD(ht_prune_spec, calibration_limit), FIELD(ht_prune_spec, brief), FIELD(ht_prune_spec, cancel_context),
    SIZE(ht_prune_layer), FIELD(ht_prune_layer, units), FIELD(ht_prune_layer, removed),
    FIELD(ht_prune_layer, error),
    SIZE(ht_score), FIELD(ht_score, accuracy),
    SIZE(ht_prune_result), FIELD(ht_prune_result, units), FIELD(ht_prune_result, ratio),
    FIELD(ht_prune_result, layers), FIELD(ht_prune_result, layer_count), FIELD(ht_prune_result, parameters),
    FIELD(ht_prune_result, parameters_left), FIELD(ht_prune_result, test),
    SIZE(ht_prune_point), FIELD(ht_prune_point, ratio), FIELD(ht_prune_point, error),
    FIELD(ht_prune_point, accuracy), FIELD(ht_prune_point, loss), FIELD(ht_prune_point, weights),
    FIELD(ht_prune_point, bytes), FIELD(ht_prune_point, compute), FIELD(ht_prune_result, multiply_adds_left),
    SIZE(ht_prune_curve), FIELD(ht_prune_curve, count), FIELD(ht_prune_curve, points),
    FIELD(ht_prune_curve, at), FIELD(ht_prune_curve, units),
};
/* clang-format on */

static char python[PATH_MAX]; /* "" where there is none with NumPy */

/* What every test's shell needs: the package, the library, one thread. */
static void set_environment(void)
{
    char library[PATH_MAX + 32], package[PATH_MAX], words[8192] = "";
    const char *binary = getenv("HT_BINARY");
    size_t used = 0;
    snprintf(library, sizeof library, "%.*s/libheavytail.so.1", (int)(strrchr(binary, '/') - binary), binary);
    snprintf(package, sizeof package, "%s/python", source_top());
    for (size_t i = 0; i < sizeof layout / sizeof layout[0]; i++)
        used +=
            (size_t)snprintf(words + used, sizeof words - used, "%s=%zu ", layout[i].name, layout[i].value);
    assert_true(used < sizeof words);
    setenv("HEAVYTAIL_LIBRARY", library, 1);
    setenv("PYTHONPATH", package, 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv("HT_LAYOUT", words, 1);
    setenv("HT_VERSION", ht_version(), 1);
    if (sandbox_data()) setenv("HT_DATA", sandbox_data(), 1); /* real data, for those that ask */
}

static int enter(void **state)
{
    const char *const names[] = {getenv("HT_PYTHON"), "python3", "/usr/bin/python3"};
    if (sandbox_enter(state) != 0) return -1;
    if (!source_top()) return print_error("no source tree; set HT_SOURCE\n"), -1;
    set_environment();
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !python[0]; i++) {
        char script[PATH_MAX + 64];
        snprintf(script, sizeof script, "%s -c 'import numpy' 2>/dev/null", names[i] ? names[i] : "false");
        if (sandbox_shell(script)->status == 0) snprintf(python, sizeof python, "%s", names[i]);
    }
    return 0;
}

/* `skipped` words of unittest's as check.sh shows them. */
static void tell_skipped(const char *text)
{
    for (const char *at = text; (at = strstr(at, "skipped '")); at++)
        print_message("skipped: %.*s\n", (int)strcspn(at + 9, "'\n"), at + 9);
}

static void pass_file(const char *file)
{
    char script[3 * PATH_MAX];
    int ran = 0, skipped = 0;
    if (!python[0]) {
        print_message("skipped: no python3 with NumPy (python3-numpy)\n");
        skip();
        return;
    }
    snprintf(script, sizeof script, "%s -m unittest discover -v -s '%s/tests/python' -p %s.py", python,
             source_top(), file);
    const sandbox_result *r = sandbox_shell(script);
    if (r->status != 0) fail_msg("%s: %s%s", file, r->out, r->err);
    tell_skipped(r->err);
    const char *count = strstr(r->err, "\nRan ");
    if (!count || sscanf(count, "\nRan %d", &ran) != 1) fail_msg("%s: no count: %s", file, r->err);
    const char *left_out = strstr(count, "(skipped=");
    if (left_out) sscanf(left_out, "(skipped=%d", &skipped);
    if (ran == skipped) skip(); /* all of them; of some the others are passed */
}

static void structures_are_the_compilers(void **state)
{
    (void)state;
    pass_file("test_layout");
}

static void draws_are_those_of_the_program(void **state)
{
    (void)state;
    pass_file("test_stable");
}

static void indices_and_curves_are_those_of_the_program(void **state)
{
    (void)state;
    pass_file("test_tail");
}

static void runs_are_logged_and_opened(void **state)
{
    (void)state;
    pass_file("test_files");
}

static void what_is_logged_is_watched(void **state)
{
    (void)state;
    pass_file("test_watch");
}

static void tables_of_other_packages_are_read(void **state)
{
    (void)state;
    pass_file("test_sets");
}

static void steps_of_torch_are_those_of_the_program(void **state)
{
    (void)state;
    pass_file("test_torch");
}

static void the_example_trains_and_agrees(void **state)
{
    (void)state;
    pass_file("test_example");
}

static void pip_and_make_install_bring_the_package(void **state)
{
    (void)state;
    pass_file("test_installed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structures_are_the_compilers),
        cmocka_unit_test(draws_are_those_of_the_program),
        cmocka_unit_test(indices_and_curves_are_those_of_the_program),
        cmocka_unit_test(runs_are_logged_and_opened),
        cmocka_unit_test(what_is_logged_is_watched),
        cmocka_unit_test(tables_of_other_packages_are_read),
        cmocka_unit_test(steps_of_torch_are_those_of_the_program),
        cmocka_unit_test(the_example_trains_and_agrees),
        cmocka_unit_test(pip_and_make_install_bring_the_package),
    };
    return cmocka_run_group_tests(tests, enter, sandbox_leave);
}
