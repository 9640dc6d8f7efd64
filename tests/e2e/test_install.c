/* Guards what `make install` puts there: a manual page that renders, completions that complete, a library
 * that other programs can use; and that `make uninstall` leaves nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e/sandbox.h"
#include "unit/source.h"

static const char *const sanitize = SANDBOX_SANITIZED ? "-fsanitize=address,undefined" : "";

static bool have(const char *tool)
{
    char script[128];
    snprintf(script, sizeof script, "command -v %s > /dev/null", tool);
    return sandbox_shell(script)->status == 0;
}

/* The variant is the one under test: nothing is built anew. */
static const sandbox_result *make(const char *target)
{
    char script[3 * PATH_MAX];
    const char *binary = getenv("HT_BINARY"), *end = strrchr(binary, '/'), *start = end;
    while (start > binary && start[-1] != '/') start--;
    snprintf(
        script, sizeof script,
        "unset MAKEFLAGS MFLAGS MAKELEVEL; make -s -C '%s' %s VARIANT=%.*s DESTDIR=\"$PWD/root\" PREFIX=/usr",
        source_top(), target, (int)(end - start), start);
    return sandbox_shell(script);
}

static int install(void **state)
{
    if (sandbox_enter(state) != 0) return -1;
    if (!source_top() || make("install")->status != 0) return print_error("make install failed\n"), -1;
    return 0;
}

static void everything_is_installed(void **state)
{
    (void)state;
    static const char *const names[] = {"bin/heavytail",
                                        "lib/libheavytail.a",
                                        "lib/pkgconfig/heavytail.pc",
                                        "include/heavytail/params.h",
                                        "share/man/man1/heavytail.1",
                                        "share/bash-completion/completions/heavytail",
                                        "share/zsh/site-functions/_heavytail",
                                        "share/doc/heavytail/README.md",
                                        "share/doc/heavytail/LICENSE",
                                        "share/doc/heavytail/docs/guide.md",
                                        "share/doc/heavytail/docs/examples/compress.c"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "root/usr/%s", names[i]);
        if (!sandbox_exists(path)) fail_msg("%s is missing", path);
    }
    const sandbox_result *r = sandbox_shell("root/usr/bin/heavytail --version");
    assert_status(r, 0);
    assert_says(r->out, "heavytail ");
}

static void the_manual_page_renders_without_a_warning(void **state)
{
    (void)state;
    if (!have("groff")) {
        print_message("skipped: no groff\n");
        skip();
    }
    const sandbox_result *r =
        sandbox_shell("groff -ww -K utf8 -Tutf8 -man -P-cbou root/usr/share/man/man1/heavytail.1");
    assert_status(r, 0);
    assert_string_equal(r->err, "");
    static const char *const parts[] = {"SYNOPSIS", "--until-accuracy", "noise.alpha", "Shift-Tab",
                                        "‖w‖",      "ecg5000-noisy",    "ucr:NAME",    "HEAVYTAIL_THREADS",
                                        "diverged", "σ η^(1/α)"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) assert_says(r->out, parts[i]);
}

/* What bash would put after `line`, sorted, blank-separated. */
static const char *completed(const char *line)
{
    char script[512];
    snprintf(script, sizeof script,
             "bash -c 'source root/usr/share/bash-completion/completions/heavytail && COMP_LINE=\"%s\" && "
             "COMP_POINT=${#COMP_LINE} && _heavytail && printf \"%%s\\n\" \"${COMPREPLY[@]}\" | sort | tr "
             "\"\\n\" \" \"'",
             line);
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    if (r->err[0]) fail_msg("%s: %s", line, r->err);
    return r->out;
}

static void bash_completes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"heavytail tr", "train "},
        {"heavytail train --js", "--json "},
        {"heavytail train --set noise.ty", "noise.type= "},
        {"heavytail train --set noise.type=is", "isotropic "}, /* readline replaces what follows the '=' */
        {"heavytail train --noise.type sh", "shared "},
        {"heavytail --pre", "--preset "},
        {"heavytail train --noise.a", "--noise.alpha "},
        {"heavytail snapshot r --theme l", "light "},
        {"heavytail snapshot r --panel nor", "norms "},
        {"heavytail data info fash", "fashion-mnist "},
        {"heavytail train --set data.name=uc", "ucr: "},
        {"heavytail presets digi", "digits-demo "},
        {"heavytail help zs", "zsh "},
        {"heavytail train --steps ", " "},
        {"heavytail train --run roo", "root "},
        {"heavytail snapshot roo", "root "},
    };
    if (!have("bash")) {
        print_message("skipped: no bash\n");
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(completed(cases[i][0]), cases[i][1]) != 0)
            fail_msg("'%s' completes to '%s'", cases[i][0], completed(cases[i][0]));
}

static void zsh_accepts_its_completion(void **state)
{
    (void)state;
    if (!have("zsh")) {
        print_message("skipped: no zsh\n");
        skip();
    }
    const sandbox_result *r = sandbox_shell("zsh -n root/usr/share/zsh/site-functions/_heavytail");
    assert_status(r, 0);
    assert_string_equal(r->err, "");
}

/* Typed in a shell that has loaded it: what the line becomes. */
static void zsh_completes(void **state)
{
    static const char *const cases[][2] = {
        {"heavytail trai", "heavytail train"},
        {"heavytail train --noise.al", "heavytail train --noise.alpha"},
        {"heavytail train --noise.type isot", "heavytail train --noise.type isotropic"},
        {"heavytail --set model.wi", "heavytail --set model.width="},
        {"heavytail train --set noise.type=sha", "heavytail train --set noise.type=shared"},
        {"heavytail train --data.name fash", "heavytail train --data.name fashion-mnist"},
        {"heavytail snapshot --theme li", "heavytail snapshot --theme light"},
    };
    if (!have("zsh")) {
        print_message("skipped: no zsh\n");
        skip();
    }
    vt *t = vt_start(100, 30, NULL, (char *[]){"zsh", "-f", NULL}, NULL);
    *state = t;
    vt_send(t,
            "fpath=($PWD/root/usr/share/zsh/site-functions $fpath); autoload -Uz compinit; compinit -D -u; "
            "PS1='> '; echo rea''dy\r");
    vt_assert(t, vt_wait_text(t, "ready", PATIENCE));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vt_send(t, cases[i][0]);
        vt_send(t, "\t");
        vt_assert(t, vt_wait_text(t, cases[i][1], PATIENCE));
        vt_key(t, "C-u");
        vt_assert(t, vt_wait_gone(t, cases[i][1], PATIENCE));
    }
}

#define WITH_LIBRARY                                                                                         \
    "export PKG_CONFIG_SYSROOT_DIR=\"$PWD/root\" PKG_CONFIG_PATH=\"$PWD/root/usr/lib/pkgconfig\"; "          \
    "cc -std=c17 -Wall -Wextra -Werror %s "

static void the_example_builds_against_what_is_installed(void **state)
{
    (void)state;
    char script[1024];
    snprintf(script, sizeof script,
             WITH_LIBRARY "-o compress root/usr/share/doc/heavytail/docs/examples/compress.c "
                          "$(pkg-config --cflags --libs heavytail) && ./compress",
             sanitize);
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    double alpha, hill, low, high, kappa[3], last = 2;
    int rows = 0;
    for (char *line = strtok(r->out, "\n"); line; line = strtok(NULL, "\n")) {
        int found = sscanf(line, "%lf %lf (%lf .. %lf) %lf %lf %lf", &alpha, &hill, &low, &high, &kappa[0],
                           &kappa[1], &kappa[2]);
        if (found != 7) continue;
        assert_true(hill > 0.95 * alpha && hill < 1.05 * alpha);
        assert_true(low < alpha && alpha < high);
        assert_true(kappa[1] < last); /* a lighter tail, less to remove */
        last = kappa[1];
        rows++;
    }
    assert_int_equal(rows, 6);
}

static void every_public_header_stands_alone(void **state)
{
    (void)state;
    char script[1024];
    snprintf(script, sizeof script,
             "for h in root/usr/include/heavytail/*.h; do echo \"#include <heavytail/${h##*/}>\" > "
             "one.c; " WITH_LIBRARY "-fsyntax-only one.c $(pkg-config --cflags heavytail) || exit 1; done",
             "-Wpedantic");
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    assert_string_equal(r->err, "");
}

static void uninstall_leaves_nothing(void **state)
{
    (void)state;
    assert_status(make("uninstall"), 0);
    const sandbox_result *r = sandbox_shell("find root ! -type d");
    assert_string_equal(r->out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_installed),
        cmocka_unit_test(the_manual_page_renders_without_a_warning),
        cmocka_unit_test(bash_completes),
        cmocka_unit_test(zsh_accepts_its_completion),
        cmocka_unit_test_teardown(zsh_completes, vt_teardown),
        cmocka_unit_test(the_example_builds_against_what_is_installed),
        cmocka_unit_test(every_public_header_stands_alone),
        cmocka_unit_test(uninstall_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, install, sandbox_leave);
}
