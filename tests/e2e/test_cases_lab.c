/* The lab in unusual surroundings: terminals that this system does not know, text that is pasted, little
 * memory and stack; and that it can be left, whatever it does. */
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

static void leave(vt *t)
{
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
}

/* ---- terminals --------------------------------------------------------------------------------- */

typedef struct {
    int direct, palette, wide; /* cells with a 24-bit colour, with one of a palette, and not in ASCII */
} census;

static census count_cells(vt *t)
{
    census c = {0};
    for (int y = 0; y < vt_rows(t); y++)
        for (int x = 0; x < vt_columns(t); x++) {
            vt_glyph g = vt_cell(t, x, y);
            c.wide += g.chars[0] > 126;
            if (g.fg_default) continue;
            c.direct += g.fg_index < 0;
            c.palette += g.fg_index >= 0;
        }
    return c;
}

static vt *open_on(void **state, const char *term, char *const env[])
{
    static const char *const args[] = {"--set", "model.width=300", NULL};
    vt *t = sandbox_lab(state, 120, 40, term, args, env);
    vt_assert(t, sandbox_wait_step(t, 1, PATIENCE));
    return t;
}

/* What ncurses-base has no entry for, and what nobody has. */
static void an_unknown_terminal_is_taken_for_a_known_one(void **state)
{
    static const struct {
        const char *name, *instead;
    } terms[] = {{"xterm-nobody", "xterm-256color"},
                 {"nobodys-256color", "xterm-256color"},
                 {"tmux-nobody", "tmux-256color"},
                 {"screen.nobody", "tmux-256color"}};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        char known[100];
        vt *t = open_on(state, terms[i].name, NULL);
        snprintf(known, sizeof known, "'%s' (TERM); it is taken for %s", terms[i].name, terms[i].instead);
        vt_assert(t, vt_wait_text(t, known, PATIENCE)); /* on the line of notes … */
        size_t length;
        const char *log = vt_log(t, &length), *said = strstr(log, "heavytail: note:"),
                   *screen = strstr(log, "\033[?1049h");
        assert_true(said && screen && said < screen); /* … and before the screen opens */
        assert_true(count_cells(t).palette > 100);
        vt_key(t, "Tab"); /* it is said once */
        vt_assert(t, vt_wait_gone(t, "it is taken for", PATIENCE));
        leave(t);
        vt_teardown(state);
    }
}

static void the_terminals_of_today_open(void **state)
{
    static const char *const terms[] = {"xterm-kitty", "xterm-ghostty", "ghostty",     "foot",
                                        "wezterm",     "alacritty",     "tmux-direct", "contour"};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        vt *t = open_on(state, terms[i], NULL);
        assert_true(count_cells(t).palette + count_cells(t).direct > 100);
        leave(t);
        vt_teardown(state);
    }
}

static void without_a_type_it_says_what_to_set(void **state)
{
    vt *t = sandbox_lab(state, 80, 24, NULL, (const char *const[]){NULL}, (char *[]){"TERM=", NULL});
    assert_int_equal(vt_exit(t, PATIENCE), 1);
    vt_assert(t, vt_find(t, "TERM is not set", NULL, NULL));
}

static void colorterm_gives_all_colours(void **state)
{
    static const struct {
        const char *term;
        char *env[4];
        bool direct;
    } cases[] = {{"xterm-256color", {"COLORTERM=truecolor"}, true},
                 {"xterm-256color", {"COLORTERM=24bit"}, true},
                 {"xterm", {"COLORTERM=truecolor"}, true},
                 {"xterm-nobody", {"COLORTERM=truecolor"}, true},
                 {"tmux-256color", {"COLORTERM=truecolor", "TMUX=/tmp/x,1,0"}, true},
                 {"screen-256color", {"COLORTERM=truecolor", "TMUX=/tmp/x,1,0"}, true},
                 {"screen-256color", {"COLORTERM=truecolor", "STY=1.x"}, false},
                 {"xterm-256color", {"COLORTERM=rxvt"}, false},
                 {"xterm-256color", {NULL}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vt *t = open_on(state, cases[i].term, cases[i].env);
        vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
        census c = count_cells(t);
        if (cases[i].direct ? c.direct < 100 || c.palette > 0 : c.direct > 0 || c.palette < 100)
            fail_msg("%s, case %zu: %d cells in 24 bits, %d of a palette", cases[i].term, i, c.direct,
                     c.palette);
        vt_key(t, "T"); /* another theme, other colours */
        vt_assert(t, vt_wait_text(t, "theme:", PATIENCE));
        c = count_cells(t);
        assert_true(cases[i].direct ? c.palette == 0 : c.direct == 0);
        leave(t);
        vt_teardown(state);
    }
}

static void no_color_wins_over_colorterm(void **state)
{
    vt *t = open_on(state, NULL, (char *[]){"COLORTERM=truecolor", "NO_COLOR=1", NULL});
    assert_int_equal(count_cells(t).direct + count_cells(t).palette, 0);
    leave(t);
}

/* Our terminal is none of the kernel's consoles: its font cannot be asked for. */
static void a_console_without_a_known_font_gets_ascii(void **state)
{
    char *leaks[] = {"ASAN_OPTIONS=detect_leaks=0", NULL}; /* ncurses loads libgpm there */
    vt *t = open_on(state, "linux", leaks);
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "paused", PATIENCE));
    vt_settle(t);
    if (count_cells(t).wide) vt_dump(t, stderr);
    assert_int_equal(count_cells(t).wide, 0);
    vt_assert(t, strstr(vt_row(t, 0), "iid a 1.75 s 0.1"));
    leave(t);
}

/* ---- pasting ----------------------------------------------------------------------------------- */

enum { LARGE = 256 << 10 };

static size_t pictures(void)
{
    glob_t found;
    size_t count = glob("ht-*.png", 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void clear_pictures(void)
{
    glob_t found;
    if (glob("ht-*.png", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) unlink(found.gl_pathv[i]);
    globfree(&found);
}

static char *large(const char *pattern, const char *before, const char *after)
{
    size_t length = strlen(pattern), at = strlen(before);
    char *text = calloc(1, LARGE + at + strlen(after) + 1);
    assert_non_null(text);
    memcpy(text, before, at);
    for (size_t i = 0; i < LARGE; i++) text[at + i] = pattern[i % length];
    strcpy(text + at + LARGE, after);
    return text;
}

static void pasted_text_is_not_taken_as_keys(void **state)
{
    clear_pictures();
    vt *t = open_on(state, NULL, NULL);
    vt_assert(t, vt_mode(t, 2004));
    char *text = large("export me quickly: reset, undo, e\r\n\tq", "\033[200~", "\033[201~");
    vt_send(t, text);
    free(text);
    vt_assert(t, vt_wait_text(t, "pasted text is not taken as keys", PATIENCE));
    vt_key(t, "Space");
    assert_title(t, "paused"); /* keys are keys again */
    assert_int_equal(pictures(), 0);
    leave(t);
}

static void a_prompt_takes_what_is_pasted(void **state)
{
    vt *t = open_on(state, NULL, NULL);
    vt_key(t, ":");
    vt_send(t, "\033[200~noise.alpha=1.5\033[31m\a\r\n\033[201~");
    vt_assert(t, vt_wait_text(t, "noise.alpha=1.5", PATIENCE));
    vt_key(t, "Backspace"); /* a line's end has not taken it; what a terminal obeys is text, if anything */
    for (int i = 0; i < 40; i++) vt_key(t, "Backspace");
    vt_send(t, "\033[200~noise.alpha=1.5\n\033[201~");
    vt_key(t, "Enter");
    assert_title(t, "1.5 ");
    vt_key(t, ":");
    char *text = large("x", "\033[200~", "\033[201~"); /* more than there is room for */
    vt_send(t, text);
    free(text);
    vt_assert(t, vt_wait_text(t, "xxxx", PATIENCE));
    vt_key(t, "Esc");
    leave(t);
}

/* A terminal that marks nothing. */
static void a_flood_of_keys_is_no_flood_of_files(void **state)
{
    clear_pictures();
    vt *t = open_on(state, NULL, NULL);
    char *text = large("e", "", "");
    text[64 << 10] = '\0';
    vt_send(t, text);
    free(text);
    vt_assert(t, vt_wait_text(t, "saved ht-", PATIENCE));
    size_t count = pictures();
    if (count < 1 || count > 20) fail_msg("%zu pictures of 65536 requests", count);
    vt_assert(t, vt_wait_still(t, 100, 100) || true);
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
}

static void a_stop_gives_pasting_back_too(void **state)
{
    vt *t = open_on(state, NULL, NULL);
    vt_signal(t, SIGTERM);
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    assert_false(vt_mode(t, 2004));
    vt_teardown(state);
    t = open_on(state, NULL, NULL);
    vt_signal(t, SIGSEGV);
    assert_true(vt_exit(t, PATIENCE) > 0);
    assert_false(vt_mode(t, 2004));
    assert_true(vt_restored(t));
}

/* ---- leaving ----------------------------------------------------------------------------------- */

/* Each of these would take from many minutes to hours to its end: that the lab ends at all says that it did
 * not wait. */
static void it_can_be_left_whatever_runs(void **state)
{
    static const char *const methods[] = {"coreset", "svd", "magnitude"};
    static const char *const keys[] = {"", "p", " p", "px", "t", " t", "w\r", "c\r"};
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++)
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            char method[40];
            if (SANITIZED && m > 0 && !strchr(keys[k], 'p'))
                continue; /* no pruning: as with the first method */
            snprintf(method, sizeof method, "prune.method=%s", methods[m]);
            vt *t = LAB(state, 120, 40, "--set", "data.name=digits-synth", "--set", "model.width=20000",
                        "--set", "prune.samples=100000", "--set", method);
            vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
            vt_assert(t, sandbox_wait_step(t, 0, PATIENCE));
            vt_send(t, keys[k]);
            vt_pump(t, 300);
            double start = sandbox_seconds();
            if (k % 2)
                vt_signal(t, SIGTERM);
            else
                vt_key(t, "q");
            if (vt_exit(t, PATIENCE) != 0) fail_msg("%s, keys '%s'", method, keys[k]);
            printf("left in %.2f s: %s, keys '%s'\n", sandbox_seconds() - start, methods[m], keys[k]);
            if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
            vt_teardown(state);
        }
}

/* What the screen is closed for is told below it, and Ctrl-C leaves without it: then the checkpoint before
 * stays, whole. A save that is quicker than that is fine, too. */
static void the_save_is_told_and_can_be_left(void **state)
{
    for (int i = 0; i < 4; i++) {
        bool insist = i % 2 == 1;
        /* much to save, and little to train */
        vt *t = LAB(state, 120, 40, "--run", "wide", "--set", "model.width=200000", "--set",
                    "run.checkpoint_seconds=0", "--set", "noise.type=none", "--set", "train.batch=10",
                    "--set", "data.test_limit=100");
        vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
        vt_assert(t, sandbox_wait_step(t, 0, PATIENCE));
        vt_assert(t, sandbox_wait_step(t, 1 + i, PATIENCE));
        double start = sandbox_seconds();
        vt_key(t, "q");
        vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
        double left = sandbox_seconds() - start;
        bool told = vt_wait_text(t, "saving the run at step", 3000);
        if (told && insist) vt_signal(t, SIGINT);
        int status = vt_exit(t, PATIENCE);
        printf("screen left after %.2f s, all done after %.2f s%s\n", left, sandbox_seconds() - start,
               !told    ? ""
               : status ? ", told, and left"
                        : ", told");
        if (status != 0 && !(insist && status == 1)) fail_msg("exit %d", status);
        vt_assert(t, status == 0 || vt_wait_text(t, "is not saved, as you asked", 0));
        if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
        vt_teardown(state);
        assert_status(sandbox_shell("ls wide | grep -q tmp-"), 1);
        if (sandbox_exists("wide/checkpoint.safetensors")) assert_status(RUN("replay", "wide", "--quiet"), 0);
    }
}

/* What takes a while says on a terminal what it does, and takes the line away again; into a pipe
 * it writes whole lines, and only where it is long. */
static void commands_tell_what_they_are_busy_with(void **state)
{
    static const struct {
        const char *width, *command, *says;
    } cases[] = {
        {"model.width=1200", "$H prune busy0 --method magnitude", "heavytail: pruning by magnitude"},
        {"model.width=5000", "$H snapshot busy1 --out busy.png", "heavytail: looking at the weights"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *run = i ? "busy1" : "busy0";
        assert_status(RUN("train", "--run", run, "--steps", "1", "--set", cases[i].width, "--set",
                          "data.name=digits-synth", "--quiet"),
                      0);
        vt *t = vt_start(120, 60, NULL, (char *[]){"sh", "-c", (char *)cases[i].command, NULL}, NULL);
        *state = t;
        vt_assert(t, vt_wait_text(t, cases[i].says, PATIENCE));
        vt_assert(t, vt_exit(t, 3 * PATIENCE) == 0);
        vt_assert(t, !vt_wait_text(t, cases[i].says, 0));
        vt_teardown(state);
        const sandbox_result *r = sandbox_shell(cases[i].command);
        assert_status(r, 0);
        assert_null(strchr(r->err, '\r')); /* where it is long, whole lines */
    }
}

/* Data that never come: nobody writes into the pipe. (Refusing it at once is fine, too.) */
static void it_can_be_left_while_the_data_are_opened(void **state)
{
    assert_int_equal(mkfifo("never.csv", 0600), 0);
    for (int i = 0; i < 2; i++) {
        vt *t = LAB(state, 80, 24, "--set", "data.name=csv:never.csv,never.csv");
        vt_pump(t, 500);
        if (i)
            vt_signal(t, SIGTERM);
        else
            vt_key(t, "q");
        vt_assert(t, vt_exit(t, PATIENCE) >= 0);
        if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
        vt_teardown(state);
    }
}

/* ---- little room ------------------------------------------------------------------------------- */

/* Wide enough for every way of multiplying, and quick. */
#define MODEST "--set model.width=600 --set data.test_limit=1000"

/* OpenBLAS would look for room for ever; a sanitizer needs terabytes. Below 80 MB the library itself gives up
 * while it is loaded, before the program has begun. */
static void little_address_space_is_said(void **state)
{
    static const int kilobytes[] = {80000,  90000,  130000, 180000, 230000,
                                    260000, 300000, 350000, 600000, 1000000};
    static const char *const commands[] = {
        "replay run --quiet",
        "train " MODEST " --steps 3 --quiet --json",
        "prune run --method svd",
        "tail run",
        "certify run",
        "snapshot run --out x.png",
        "sweep --preset ecg-demo " MODEST " --set train.steps=2 --vary noise.alpha=1.6,1.9 --out sweep",
        ("compare --preset ecg5000-methods --set data.name=ecg-synth --set model.width=50 "
         "--set train.steps=5")};
    (void)state;
    if (SANITIZED) skip();
    assert_status(sandbox_shell("$H train " MODEST " --steps 3 --quiet --json --run run"), 0);
    for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++)
        for (size_t i = 0; i < sizeof kilobytes / sizeof kilobytes[0]; i++) {
            char script[300];
            snprintf(script, sizeof script,
                     "unset OPENBLAS_NUM_THREADS; ulimit -v %d; HEAVYTAIL_THREADS=2 timeout -s KILL 60 $H %s",
                     kilobytes[i], commands[c]);
            const sandbox_result *r = sandbox_shell(script);
            if (r->status != 0 && r->status != 1) fail_msg("%s: exit %d: %.500s", script, r->status, r->err);
            if (r->status == 1) assert_true(strncmp(r->err, "heavytail: ", 11) == 0);
        }
    assert_status(sandbox_shell("ulimit -v 180000; HEAVYTAIL_THREADS=2 $H replay run"), 1);
    assert_says(sandbox_shell("ulimit -v 180000; HEAVYTAIL_THREADS=2 $H replay run 2>&1")->out,
                "OpenBLAS wants 256 MB of address space, 128 MB for each thread");
}

static void a_small_stack_is_enough(void **state)
{
    static const char *const limits[] = {"-s 64", "-Ss 64", "-s 256"};
    (void)state;
    if (SANITIZED) skip();
    assert_status(sandbox_shell("$H train " MODEST " --steps 3 --quiet --json --run stack"), 0);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char script[500];
        snprintf(
            script, sizeof script,
            "ulimit %s && $H train " MODEST
            " --steps 30 --quiet --json && $H tail stack && $H prune stack --curve "
            "--method svd && $H snapshot stack --out s.png && $H replay stack --quiet && $H certify stack",
            limits[i]);
        assert_status(sandbox_shell(script), 0);
    }
}

static void the_lab_lives_on_a_small_stack(void **state)
{
    if (SANITIZED) skip();
    vt *t = vt_start(120, 40, NULL,
                     (char *[]){"sh", "-c", "ulimit -s 64; exec \"$H\" --set model.width=300", NULL}, NULL);
    *state = t;
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "t");
    vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    vt_key(t, "e");
    vt_assert(t, vt_wait_text(t, "saved ht-", PATIENCE));
    leave(t);
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_unknown_terminal_is_taken_for_a_known_one),
        TEST(the_terminals_of_today_open),
        TEST(without_a_type_it_says_what_to_set),
        TEST(colorterm_gives_all_colours),
        TEST(no_color_wins_over_colorterm),
        TEST(a_console_without_a_known_font_gets_ascii),
        TEST(pasted_text_is_not_taken_as_keys),
        TEST(a_prompt_takes_what_is_pasted),
        TEST(a_flood_of_keys_is_no_flood_of_files),
        TEST(a_stop_gives_pasting_back_too),
        TEST(it_can_be_left_whatever_runs),
        TEST(it_can_be_left_while_the_data_are_opened),
        TEST(the_save_is_told_and_can_be_left),
        TEST(commands_tell_what_they_are_busy_with),
        TEST(little_address_space_is_said),
        TEST(a_small_stack_is_enough),
        TEST(the_lab_lives_on_a_small_stack),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
