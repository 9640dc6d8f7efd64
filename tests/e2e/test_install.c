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

static const char *const sanitize = SANITIZED ? "-fsanitize=address,undefined" : "";

static bool have(const char *tool)
{
    char script[128];
    snprintf(script, sizeof script, "command -v %s > /dev/null", tool);
    return sandbox_shell(script)->status == 0;
}

/* `make TARGET` with settings as a shell would take them. The variant is the one under test: nothing is built
 * anew. */
static const sandbox_result *make_with(const char *target, const char *settings)
{
    char script[3 * PATH_MAX];
    const char *binary = getenv("HT_BINARY"), *end = strrchr(binary, '/'), *start = end;
    while (start > binary && start[-1] != '/') start--;
    snprintf(script, sizeof script, "unset MAKEFLAGS MFLAGS MAKELEVEL; make -s -C '%s' %s VARIANT=%.*s %s",
             source_top(), target, (int)(end - start), start, settings);
    return sandbox_shell(script);
}

static const sandbox_result *make(const char *target)
{
    return make_with(target, "DESTDIR=\"$PWD/root\" PREFIX=/usr PYTHONDIR=/usr/lib/python3/dist-packages");
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
                                        "lib/libheavytail.so",
                                        "lib/libheavytail.so.1",
                                        "lib/python3/dist-packages/heavytail/__init__.py",
                                        "lib/python3/dist-packages/heavytail/_where.py",
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

/* What it prints, built with such words for the linker. */
static void check_example(const char *libraries)
{
    char script[1024];
    snprintf(script, sizeof script,
             WITH_LIBRARY "-o compress root/usr/share/doc/heavytail/docs/examples/compress.c "
                          "$(pkg-config --cflags heavytail) %s && LD_LIBRARY_PATH=root/usr/lib ./compress",
             sanitize, libraries);
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

static void the_example_builds_against_what_is_installed(void **state)
{
    (void)state;
    check_example("$(pkg-config --libs heavytail)");
    const sandbox_result *r = sandbox_shell("ldd compress");
    assert_says(r->out, "libheavytail.so.1"); /* by the name with its version */
    check_example("$(pkg-config --static --libs heavytail | sed s/-lheavytail/-l:libheavytail.a/)");
    r = sandbox_shell("ldd compress");
    if (strstr(r->out, "libheavytail")) fail_msg("it is not the static library: %s", r->out);
}

static void cpp_takes_the_headers(void **state)
{
    (void)state;
    if (!have("g++")) {
        print_message("skipped: no g++\n");
        skip();
    }
    char script[1600];
    snprintf(
        script, sizeof script,
        "for h in root/usr/include/heavytail/*.h; do echo \"#include <heavytail/${h##*/}>\"; done > one.cc; "
        "echo 'int main() { ht_params p; ht_params_init(&p); ht_error e; ht_law *law = "
        "ht_law_new(HT_NOISE_IID, 1.5, &e); ht_law_free(law); return law ? 0 : 1; }' >> one.cc; "
        "export PKG_CONFIG_SYSROOT_DIR=\"$PWD/root\" PKG_CONFIG_PATH=\"$PWD/root/usr/lib/pkgconfig\"; "
        "g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror %s -o cxx one.cc $(pkg-config --cflags --libs "
        "heavytail) && "
        "LD_LIBRARY_PATH=root/usr/lib ./cxx",
        sanitize);
    const sandbox_result *r = sandbox_shell(script);
    assert_string_equal(r->err, "");
    assert_status(r, 0);
}

/* The compiler's own list of what the headers declare beside the linker's of what the library shows. */
static void the_library_shows_what_the_headers_declare(void **state)
{
    (void)state;
    if (!have("gcc") || !have("nm")) {
        print_message("skipped: no gcc, or no nm\n");
        skip();
    }
    const sandbox_result *r = sandbox_shell(
        "for h in root/usr/include/heavytail/*.h; do echo \"#include <heavytail/${h##*/}>\"; done > all.c; "
        "gcc -std=c17 -fsyntax-only -aux-info all.txt -Iroot/usr/include -Iroot/usr/include/heavytail all.c "
        "&& "
        "grep -v ' static ' all.txt | grep 'heavytail/' | grep -o 'ht_[a-z0-9_]* (' | tr -d ' (' | sort -u > "
        "declared; "
        "nm -D --defined-only root/usr/lib/libheavytail.so.1 | awk '$3 !~ /^HEAVYTAIL_/ { print $3 }' | "
        "sed 's/@.*//' | sort -u > shown; wc -l < declared; diff declared shown; "
        "nm -D --defined-only root/usr/lib/libheavytail.so.1 | grep -c '@@HEAVYTAIL_1'");
    int declared = 0, versioned = 0, used = 0;
    if (sscanf(r->out, "%d %d%n", &declared, &versioned, &used) != 2 || declared < 60)
        fail_msg("declared in the headers (<) and shown by the library (>) are not the same: %s%s", r->out,
                 r->err);
    if (versioned < declared) fail_msg("only %d of %d symbols have a version", versioned, declared);
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

/* ---- names with blanks, files of others, flags of the user
 * ------------------------------------------------- */

#define ODD "odd one/it's & | #1"
#define ODD_PREFIX "PREFIX=\"$PWD/" ODD "\""

/* What the shell finds in the working directory, one path a line. */
static const char *found(const char *what)
{
    char script[256];
    snprintf(script, sizeof script, "find %s | sort", what);
    return sandbox_shell(script)->out;
}

static void a_prefix_with_blanks_is_one_tree(void **state)
{
    (void)state;
    assert_status(sandbox_shell("mkdir -p odd one/lib && echo mine > one/lib/libheavytail.a"), 0);
    assert_status(make_with("install", ODD_PREFIX), 0);
    assert_string_equal(found("odd one ! -type d"), "one/lib/libheavytail.a\n"); /* of that name already */
    assert_true(sandbox_exists(ODD "/bin/heavytail"));
    assert_true(sandbox_exists(ODD "/include/heavytail/params/params.def"));
    assert_true(sandbox_exists(ODD "/include/heavytail/tail/estimators.def"));
    assert_status(sandbox_shell("\"$PWD/" ODD "/bin/heavytail\" --version"), 0);
    assert_status(make_with("uninstall", ODD_PREFIX), 0);
    assert_string_equal(found("'odd one' ! -type d"), "");
    assert_string_equal(found("odd one ! -type d"), "one/lib/libheavytail.a\n");
}

static void a_program_builds_against_a_prefix_with_blanks(void **state)
{
    (void)state;
    static const char prefix[] = "PREFIX=\"$PWD/odd one\"";
    char script[1024];
    assert_status(make_with("install", prefix), 0);
    snprintf(script, sizeof script,
             "export PKG_CONFIG_PATH=\"$PWD/odd one/lib/pkgconfig\"; eval \"cc -std=c17 %s -o blanks "
             "'odd one/share/doc/heavytail/docs/examples/compress.c' $(pkg-config --cflags --libs "
             "heavytail)\" && pkg-config --modversion heavytail",
             sanitize);
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    if (strncmp(r->out, "0.", 2) != 0) fail_msg("the version is '%s'", r->out);
    assert_status(make_with("uninstall", prefix), 0);
}

static void uninstall_leaves_what_others_put_there(void **state)
{
    (void)state;
    static const char prefix[] = "PREFIX=\"$PWD/shared\" LIBDIR=\"$PWD/shared/lib64\"";
    assert_status(make_with("install", prefix), 0);
    assert_true(sandbox_exists("shared/lib64/pkgconfig/heavytail.pc"));
    assert_false(sandbox_exists("shared/lib/libheavytail.a"));
    sandbox_write("shared/share/doc/heavytail/docs/mine.txt", "mine");
    sandbox_write("shared/include/heavytail/mine.h", "mine");
    assert_status(make_with("uninstall", prefix), 0);
    assert_string_equal(found("shared ! -type d"),
                        "shared/include/heavytail/mine.h\nshared/share/doc/heavytail/docs/mine.txt\n");
    assert_status(make_with("uninstall", prefix), 0); /* nothing left to do is no failure */
}

/* The command lines that `make` would run for an object of the program and one of an instruction set. */
static const char *compiled(const char *settings)
{
    char all[512];
    snprintf(all, sizeof all, "BUILD=nowhere nowhere/src/base/file.o nowhere/src/kernel/kernel_portable.o %s",
             settings);
    const sandbox_result *r = make_with("-n V=1", all);
    assert_status(r, 0);
    return r->out;
}

static void flags_of_the_user_add_to_ours(void **state)
{
    (void)state;
    static const char *const settings[] = {"CFLAGS=-O3", "CFLAGS= CPPFLAGS= LDFLAGS= LDLIBS=",
                                           "CFLAGS='-O1 -ffp-contract=fast -std=gnu99' CPPFLAGS=-DMINE=1"};
    static const char *const level[] = {"-O3", NULL, "-O1"}; /* the last one wins */
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const char *out = compiled(settings[i]);
        int lines = 0;
        for (const char *at = out; (at = strstr(at, " -c -o nowhere/src/")); at++) lines++;
        assert_int_equal(lines, 2);
        for (const char *line = out; (line = strstr(line, "-D_GNU_SOURCE")); line++) {
            char text[4096];
            snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
            const char *const ours[] = {"-Iinclude",      "-Isrc",    "HT_VERSION",
                                        "-std=c17",       "-pthread", "-ffp-contract=off",
                                        "-fno-math-errno"};
            for (size_t k = 0; k < sizeof ours / sizeof ours[0]; k++) assert_says(text, ours[k]);
            const char *fast = strstr(text, "-ffp-contract=fast"), *last = NULL;
            for (const char *at = text; (at = strstr(at, " -O")); at++) last = at + 1;
            if (fast) assert_true(strstr(text, "-ffp-contract=off") > fast);
            if (level[i]) assert_true(last && strncmp(last, level[i], 3) == 0);
        }
    }
    assert_says(compiled("CFLAGS=-O3"), "-O3");
    assert_says(compiled("CPPFLAGS=-DMINE=1"), "-DMINE=1");
}

static void flags_that_would_change_results_are_refused(void **state)
{
    (void)state;
    static const char *const settings[] = {"CFLAGS=-Ofast", "CFLAGS='-O2 -ffast-math'", "OPTIMIZE=-Ofast",
                                           "LDFLAGS=-ffast-math", "CC='cc -funsafe-math-optimizations'"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const sandbox_result *r = make_with("-n", settings[i]);
        if (r->status == 0) fail_msg("%s is taken", settings[i]);
        assert_says(r->err, "would change results in silence");
    }
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
        cmocka_unit_test(cpp_takes_the_headers),
        cmocka_unit_test(the_library_shows_what_the_headers_declare),
        cmocka_unit_test(every_public_header_stands_alone),
        cmocka_unit_test(uninstall_leaves_nothing),
        cmocka_unit_test(a_prefix_with_blanks_is_one_tree),
        cmocka_unit_test(a_program_builds_against_a_prefix_with_blanks),
        cmocka_unit_test(uninstall_leaves_what_others_put_there),
        cmocka_unit_test(flags_of_the_user_add_to_ours),
        cmocka_unit_test(flags_that_would_change_results_are_refused),
    };
    return cmocka_run_group_tests(tests, install, sandbox_leave);
}
