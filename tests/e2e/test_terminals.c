/* The lab on terminals of every kind and size: few colours, none, no UTF-8, no terminal at all. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "view/layout.h"
#include "view/scene.h"

enum { BRAILLE = 0x2800, BRAILLE_END = 0x28ff, TOP_LEFT = 0x256d };

static const struct {
    const char *key;
    ht_view view;
} views[] = {{"Esc", HT_VIEW_DASHBOARD}, {"z", HT_VIEW_ZOOM},    {"p", HT_VIEW_PRUNING}, {"t", HT_VIEW_TAIL},
             {"w", HT_VIEW_WIDTH},       {"c", HT_VIEW_COMPARE}, {"?", HT_VIEW_HELP}};
enum { VIEWS = sizeof views / sizeof views[0] };

static vt *open_paused(void **state, int columns, int rows, const char *term, char *const env_extra[])
{
    static const char *const args[] = {"--set", "model.width=300", NULL};
    vt *t = sandbox_lab(state, columns, rows, term, args, env_extra);
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "paused", PATIENCE));
    vt_assert(t, vt_wait_still(t, 250, PATIENCE));
    return t;
}

/* A view that trains networks of its own begins with it; the screen is to stand still, without a note. */
static void stop_training(vt *t)
{
    vt_settle(t); /* the rest of the frame that has brought the view */
    if (!vt_find(t, "Space stop", NULL, NULL)) return;
    vt_key(t, "Space");
    vt_assert(t, vt_wait_gone(t, "Space stop", PATIENCE));
    vt_key(t, "Tab");
    vt_assert(t, vt_wait_gone(t, "stopped after", PATIENCE));
}

static void open_view(vt *t, int view)
{
    vt_key(t, "Esc");
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    if (view > 0) vt_key(t, views[view].key);
    if (view > 0 && views[view].view == HT_VIEW_WIDTH) /* it keeps the controls where there is room */
        vt_assert(t, vt_wait_text(t, "Width sweep", PATIENCE));
    else if (view > 0)
        vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    if (views[view].view == HT_VIEW_WIDTH || views[view].view == HT_VIEW_COMPARE) stop_training(t);
    vt_assert(t, vt_wait_still(t, 250, PATIENCE));
}

static void quit(vt *t)
{
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
}

/* ---- what a screen holds ----------------------------------------------------------------------- */

typedef struct {
    int coloured, brightest; /* cells with a colour of their own, and the highest palette index */
    int direct;              /* cells whose colour is given in 24 bits */
    int styled;              /* bold, reverse or underlined */
    int braille, wide;       /* braille cells; cells that are not ASCII */
} census;

static census count_cells(vt *t)
{
    census c = {.brightest = -1};
    for (int y = 0; y < vt_rows(t); y++)
        for (int x = 0; x < vt_columns(t); x++) {
            vt_glyph g = vt_cell(t, x, y);
            c.coloured += !g.fg_default || !g.bg_default;
            c.direct += !g.fg_default && g.fg_index < 0;
            if (g.fg_index > c.brightest) c.brightest = g.fg_index;
            if (g.bg_index > c.brightest) c.brightest = g.bg_index;
            c.styled += g.bold || g.reverse || g.underline;
            c.braille += g.chars[0] >= BRAILLE && g.chars[0] <= BRAILLE_END;
            c.wide += g.chars[0] >= 128;
        }
    return c;
}

/* Every frame stands where the layout has it, and there is no other. */
static void assert_frames(vt *t, ht_view view)
{
    ht_layout layout =
        ht_layout_make(vt_columns(t), vt_rows(t), (ht_scene){.view = view, .focus = HT_PANEL_LOSS});
    int corners = 0;
    for (int y = 0; y < vt_rows(t); y++)
        for (int x = 0; x < vt_columns(t); x++) corners += vt_cell(t, x, y).chars[0] == TOP_LEFT;
    vt_assert(t, corners == layout.count);
    for (int i = 0; i < layout.count; i++) {
        static const uint32_t wanted[] = {0x256d, 0x256e, 0x2570, 0x256f};
        ht_rect r = layout.place[i].area;
        for (int k = 0; k < 4; k++) {
            int x = k % 2 ? r.x + r.w - 1 : r.x, y = k / 2 ? r.y + r.h - 1 : r.y;
            vt_assert(t, vt_cell(t, x, y).chars[0] == wanted[k]);
        }
        for (int y = r.y + 1; y < r.y + r.h - 1; y++) { /* sides, with room for headings and ticks */
            uint32_t left = vt_cell(t, r.x, y).chars[0], right = vt_cell(t, r.x + r.w - 1, y).chars[0];
            vt_assert(t, left >= 0x2500 && left < 0x2580 && right >= 0x2500 && right < 0x2580);
        }
    }
}

static void assert_title_line(vt *t)
{
    vt_assert(t, strstr(vt_row(t, 0), "iid α 1.75 σ 0.1 "));
    vt_assert(t, strstr(vt_row(t, 0), "paused"));
}

/* ---- colours ----------------------------------------------------------------------------------- */

static void each_terminal_gets_the_colours_it_has(void **state)
{
    static const struct {
        const char *term;
        int most; /* palette indices below this; 0: no colour */
    } terms[] = {{"xterm-256color", 256}, {"tmux-256color", 256}, {"screen-256color", 256},
                 {"xterm-16color", 16},   {"xterm", 8},           {"screen", 8},
                 {"linux", 16},           {"vt100", 0},           {"xterm-mono", 0}};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        /* On the console ncurses loads and unloads libgpm, which leaks where no suppression can name it. */
        bool gpm = SANITIZED && strcmp(terms[i].term, "linux") == 0;
        vt *t = open_paused(state, 80, 24, terms[i].term,
                            gpm ? (char *[]){"ASAN_OPTIONS=detect_leaks=0", NULL} : NULL);
        census c = count_cells(t);
        if (terms[i].most == 0 ? c.coloured != 0 : c.coloured < 100)
            fail_msg("%s: %d cells have a colour", terms[i].term, c.coloured);
        if (c.brightest >= terms[i].most) fail_msg("%s: uses colour %d", terms[i].term, c.brightest);
        if (terms[i].most > 16) assert_true(c.brightest >= 16); /* and makes use of them */
        assert_true(c.styled > 0);
        /* The font of a console that cannot be asked for it may have no more than ASCII. */
        bool ascii = strcmp(terms[i].term, "linux") == 0;
        if (ascii) assert_int_equal(c.wide, 0);
        for (int v = 0; v < VIEWS; v++) {
            open_view(t, v);
            if (!ascii) assert_title_line(t);
            if (!ascii) assert_frames(t, views[v].view);
            c = count_cells(t);
            assert_true(c.brightest < terms[i].most && (c.coloured > 0) == (terms[i].most > 0));
        }
        quit(t);
        vt_teardown(state);
    }
}

static void direct_colours_are_used_where_terminfo_has_them(void **state)
{
    if (access("/usr/share/terminfo/x/xterm-direct", F_OK) != 0) skip(); /* Debian: ncurses-term */
    vt *t = open_paused(state, 120, 40, "xterm-direct", NULL);
    census c = count_cells(t);
    assert_true(c.direct > 100);
    assert_int_equal(c.brightest, -1); /* and no palette */
    vt_glyph name = vt_cell(t, 1, 0);  /* the theme's own: warning */
    assert_true(name.fg.red > name.fg.blue);
    quit(t);
}

static void no_color_means_no_colour(void **state)
{
    vt *t = open_paused(state, 120, 40, NULL, (char *[]){"NO_COLOR=1", NULL});
    for (int i = 0; i < VIEWS; i++) {
        open_view(t, i);
        census c = count_cells(t);
        assert_int_equal(c.coloured, 0);
        assert_true(c.styled > 0); /* what is chosen is still seen */
        assert_title_line(t);
    }
    quit(t);
}

static void the_mono_theme_has_no_colour(void **state)
{
    vt *t = LAB(state, 120, 40, "--set", "ui.theme=mono", "--set", "model.width=300");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    assert_int_equal(count_cells(t).coloured, 0);
    quit(t);
}

static void ascii_is_enough(void **state)
{
    vt *t = open_paused(state, 120, 40, NULL, (char *[]){"LANG=C", NULL});
    for (int i = 0; i < VIEWS; i++) {
        open_view(t, i);
        if (count_cells(t).wide) vt_dump(t, stderr);
        assert_int_equal(count_cells(t).wide, 0);
        vt_assert(t, strstr(vt_row(t, 0), "iid a 1.75 s 0.1 "));
    }
    open_view(t, 0);
    vt_send(t, "=1");
    vt_assert(t, vt_wait_text(t, "take it", PATIENCE));
    assert_int_equal(count_cells(t).wide, 0);
    vt_key(t, "Esc");
    vt_resize(t, 20, 8);
    vt_assert(t, vt_wait_text(t, "needs 60 x 16", PATIENCE));
    assert_int_equal(count_cells(t).wide, 0);
    /* Not even a byte of UTF-8 was sent. */
    size_t length;
    const char *log = vt_log(t, &length);
    for (size_t i = 0; i < length; i++) assert_true((unsigned char)log[i] < 128);
    quit(t);
}

/* ---- mouse ------------------------------------------------------------------------------------- */

/* tmux and screen say in terminfo that reports are bytes, others that they are numbers. What is asked for in
 * one and read in the other comes out as typed keys. */
static void the_mouse_speaks_as_terminfo_says(void **state)
{
    static const char *const terms[] = {"xterm-256color", "tmux-256color", "screen", "screen-256color"};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        int row, column;
        vt *t = open_paused(state, 200, 60, terms[i], NULL);
        vt_assert(t, vt_find(t, "α  stability", &column, &row));
        int left = sandbox_column(t, row + 1, 0x251c, column),
            right = sandbox_column(t, row + 1, 0x2524, left);
        vt_assert(t, left > 127 && right > left); /* more than a byte of ASCII holds */
        vt_assert(t, vt_mouse(t, VT_PRESS, 1, right - 3, row + 1));
        vt_assert(t, vt_mouse(t, VT_DRAG, 1, left, row + 1));
        vt_assert(t, vt_wait_text(t, "iid α 0.3 σ 0.1", PATIENCE));
        vt_assert(t, vt_mouse(t, VT_DRAG, 1, right, row + 1));
        vt_assert(t, vt_mouse(t, VT_RELEASE, 1, right, row + 1));
        vt_assert(t, vt_wait_text(t, "iid α 2 σ 0.1", PATIENCE));
        vt_key(t, "u"); /* the drag was one change, and nothing else was done */
        vt_assert(t, vt_wait_text(t, "iid α 1.75 σ 0.1", PATIENCE));
        vt_assert(t, vt_mouse(t, VT_WHEEL, 5, left, row + 1));
        vt_assert(t, vt_wait_text(t, "iid α 1.74 σ 0.1", PATIENCE));
        quit(t);
        vt_teardown(state);
    }
}

/* ---- no terminal ------------------------------------------------------------------------------- */

static void a_terminal_that_cannot_do_it_gets_one_message(void **state)
{
    static const char *const terms[] = {"dumb", "no-such-terminal", ""};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        vt *t = sandbox_lab(state, 80, 24, terms[i], (const char *const[]){NULL}, NULL);
        vt_assert(t, vt_exit(t, PATIENCE) == 1);
        vt_assert(t, strncmp(vt_row(t, 0), "heavytail: ", 11) == 0);
        vt_assert(t, vt_wait_text(t, "heavytail train", PATIENCE)); /* what to do instead */
        size_t length;
        const char *log = vt_log(t, &length);
        for (size_t k = 0; k < length; k++) assert_true(log[k] != '\033');
        assert_string_equal(vt_row(t, 4), "");
        assert_true(vt_restored(t));
        vt_teardown(state);
    }
}

static void without_a_terminal_it_says_so(void **state)
{
    const sandbox_result *r = RUN("lab");
    assert_status(r, 1);
    assert_says(r->err, "terminal");
    assert_says(r->err, "heavytail train");
    assert_string_equal(r->out, "");
    r = sandbox_shell("$H");
    assert_status(r, 1);
    assert_says(r->err, "terminal");
    /* Standard output is one, standard input is not. */
    vt *t = vt_start(80, 24, NULL, (char *[]){"sh", "-c", "\"$H\" < /dev/null; echo exit $?.", NULL}, NULL);
    *state = t;
    vt_assert(t, vt_wait_text(t, "exit 1.", PATIENCE));
    vt_assert(t, vt_wait_text(t, "terminal", PATIENCE));
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    assert_true(vt_restored(t));
}

/* ---- a terminal that does not read --------------------------------------------------------------- */

/* Seconds of processor time that the program has used. */
static double processor_seconds(vt *t)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)vt_pid(t));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    const char *fields = strrchr(text, ')'); /* then the state and ten numbers */
    assert_non_null(fields);
    assert_int_equal(sscanf(fields, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &kernel),
                     2);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* The screen waits in its write call; training must not. */
static void a_stalled_terminal_does_not_stall_training(void **state)
{
    vt *t = LAB(state, 200, 60, "--set", "model.width=1000", "--set", "ui.fps=60");
    vt_assert(t, sandbox_wait_step(t, 5, PATIENCE));
    sleep(2); /* nobody reads: what the terminal takes in has long been filled */
    double used = processor_seconds(t), begun = sandbox_seconds();
    while (processor_seconds(t) - used < 1) {
        if (sandbox_seconds() - begun > PATIENCE / 1e3) fail_msg("training stands while nobody reads");
        usleep(50000);
    }
    long step = sandbox_step(t);
    vt_assert(t, sandbox_wait_step(t, step + 5, PATIENCE)); /* and the screen catches up */
    quit(t);
}

static bool has_ended(vt *t)
{
    char state = vt_state(t);
    return state == 'Z' || state == 0;
}

static void a_stalled_terminal_does_not_hold_up_the_end(void **state)
{
    static const int ends[] = {SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        vt *t = LAB(state, 200, 60, "--set", "model.width=1000", "--set", "ui.fps=60");
        vt_assert(t, sandbox_wait_step(t, 5, PATIENCE));
        sleep(2); /* nobody reads: it waits in its write call */
        double begun = sandbox_seconds();
        vt_signal(t, ends[i]);
        while (!has_ended(t)) {
            if (sandbox_seconds() - begun > PATIENCE / 1e3)
                fail_msg("it waits for a terminal that nobody reads");
            usleep(10000);
        }
        assert_int_equal(vt_exit(t, PATIENCE), 0);
        if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
        vt_teardown(state);
    }
}

/* ---- sizes ------------------------------------------------------------------------------------- */

static void every_view_fits_every_size(void **state)
{
    static const int sizes[][2] = {{60, 16}, {80, 24}, {100, 32}, {120, 40}, {200, 60}, {300, 120}};
    vt *t = open_paused(state, 120, 40, NULL, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i][0], sizes[i][1]);
        for (int v = 0; v < VIEWS; v++) {
            open_view(t, v);
            assert_title_line(t);
            assert_frames(t, views[v].view);
        }
    }
    quit(t);
}

static void too_small_says_what_it_needs(void **state)
{
    static const int sizes[][2] = {{20, 8}, {59, 16}, {60, 15}, {14, 3}};
    vt *t = open_paused(state, 80, 24, NULL, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i][0], sizes[i][1]);
        vt_assert(t, vt_wait_text(t, "needs 60 × 16", PATIENCE));
    }
    vt_resize(t, 80, 24);
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    assert_title_line(t);
    vt_teardown(state);
    t = LAB(state, 20, 8, "--set", "model.width=300"); /* from the start */
    vt_assert(t, vt_wait_text(t, "needs 60 × 16", PATIENCE));
    vt_assert(t, vt_wait_text(t, "q quits", PATIENCE));
    quit(t);
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* e.g. '*color*' */
    const struct CMUnitTest tests[] = {
        TEST(each_terminal_gets_the_colours_it_has),
        TEST(direct_colours_are_used_where_terminfo_has_them),
        TEST(no_color_means_no_colour),
        TEST(the_mono_theme_has_no_colour),
        TEST(ascii_is_enough),
        TEST(the_mouse_speaks_as_terminfo_says),
        TEST(a_terminal_that_cannot_do_it_gets_one_message),
        TEST(without_a_terminal_it_says_so),
        TEST(a_stalled_terminal_does_not_stall_training),
        TEST(a_stalled_terminal_does_not_hold_up_the_end),
        TEST(every_view_fits_every_size),
        TEST(too_small_says_what_it_needs),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
