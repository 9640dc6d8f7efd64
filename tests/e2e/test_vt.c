/* The harness tests itself on small shell programs: what it reports is what they did. */
#include "vt.h"

#include <cairo.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 10000 }; /* long enough for a loaded machine; reached only by a failing test */

static vt *start_with(void **state, const char *term, char *const env_extra[], char *script)
{
    vt *t = vt_start(80, 24, term, (char *[]){"sh", "-c", script, NULL}, env_extra);
    return *state = t;
}

static vt *start(void **state, char *script)
{
    return start_with(state, NULL, NULL, script);
}

/* A program that shows the bytes it gets, after printing `preamble` (a format of printf). */
static vt *start_echo(void **state, const char *preamble)
{
    char script[256];
    snprintf(script, sizeof script, "stty raw -echo; printf 'ready %s'; exec cat -v", preamble);
    vt *t = start(state, script);
    vt_assert(t, vt_wait_text(t, "ready", PATIENCE));
    return t;
}

static void text_is_read_where_it_is_shown(void **state)
{
    vt *t = start(state, "printf 'one\\n  \\344\\270\\255\\316\\261 two\\n'; exec sleep 60");
    int column, row;
    vt_assert(t, vt_wait_text(t, "two", PATIENCE));
    assert_string_equal(vt_row(t, 0), "one");
    assert_string_equal(vt_row(t, 1), "  \344\270\255\316\261 two");
    assert_true(vt_find(t, "two", &column, &row));
    assert_int_equal(column, 6); /* two blanks, a wide character, a letter, a blank */
    assert_int_equal(row, 1);
    assert_int_equal(vt_cell(t, 2, 1).width, 2);
    assert_int_equal(vt_cell(t, 3, 1).width, 0);
    assert_int_equal(vt_cell(t, 4, 1).chars[0], 0x3b1);
    assert_false(vt_find(t, "three", NULL, NULL));
    assert_string_equal(vt_row(t, 24), "");
    assert_int_equal(vt_bytes(t), strlen("one\r\n  aaabb two\r\n"));
}

static void text_that_goes_is_gone(void **state)
{
    vt *t = start(state, "printf here; read a; printf '\\033[1;1Hgone'; exec sleep 60");
    vt_assert(t, vt_wait_text(t, "here", PATIENCE));
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_gone(t, "here", PATIENCE));
    assert_false(vt_wait_gone(t, "gone", 50));
    assert_false(vt_wait_text(t, "here", 50));
}

static void colors_and_styles_are_read(void **state)
{
    vt *t =
        start(state, "printf '\\033[31ma\\033[92mb\\033[38;2;1;2;3;48;5;200mc\\033[0;1;3;4;7md\\033[0me.'; "
                     "exec sleep 60");
    vt_assert(t, vt_wait_text(t, "abcde.", PATIENCE));
    assert_int_equal(vt_cell(t, 0, 0).fg_index, 1);
    assert_int_equal(vt_cell(t, 1, 0).fg_index, 10);
    vt_glyph c = vt_cell(t, 2, 0), d = vt_cell(t, 3, 0), e = vt_cell(t, 4, 0);
    assert_true(c.fg.red == 1 && c.fg.green == 2 && c.fg.blue == 3 && c.fg_index == -1 && !c.fg_default);
    assert_int_equal(c.bg_index, 200);
    assert_true(d.bold && d.italic && d.underline && d.reverse && d.fg_default);
    assert_true(!e.bold && !e.italic && !e.underline && !e.reverse && e.fg_default && e.bg_default);
    assert_true(e.bg.red == 0x10 && e.bg.green == 0x12 && e.bg.blue == 0x16);
}

static void every_terminal_has_its_colors(void **state)
{
    static const struct {
        const char *term, *colors;
    } terms[] = {{"xterm-256color", "256"},
                 {"xterm-16color", "16"},
                 {"tmux-256color", "256"},
                 {"vt100", "-1"},
                 {"dumb", "-1"}};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        char want[64];
        snprintf(want, sizeof want, "%s has %s.", terms[i].term, terms[i].colors);
        vt *t = start_with(state, terms[i].term, NULL, "echo \"$TERM has $(tput colors).\"");
        vt_assert(t, vt_wait_text(t, want, PATIENCE));
        vt_teardown(state);
    }
    vt *t = start_with(state, "xterm-16color", NULL, "tput setaf 12; tput setab 3; echo blue; exec sleep 60");
    vt_assert(t, vt_wait_text(t, "blue", PATIENCE));
    assert_int_equal(vt_cell(t, 0, 0).fg_index, 12);
    assert_int_equal(vt_cell(t, 0, 0).bg_index, 3);
}

static void environment_does_not_depend_on_who_runs_the_test(void **state)
{
    setenv("COLUMNS", "33", 1);
    setenv("LC_ALL", "POSIX", 1);
    setenv("HT_VT_TEST", "inherited", 1);
    char *script = "echo \"[$COLUMNS] [$LC_ALL] [$LANG] [$HT_VT_TEST].\"";
    vt *t = start(state, script);
    vt_assert(t, vt_wait_text(t, "[] [] [C.UTF-8] [inherited].", PATIENCE));
    vt_teardown(state);
    t = start_with(state, NULL, (char *[]){"LANG=C", "HT_VT_TEST=", "COLUMNS=7", NULL}, script);
    vt_assert(t, vt_wait_text(t, "[7] [] [C] [].", PATIENCE));
    unsetenv("COLUMNS");
    unsetenv("LC_ALL");
    unsetenv("HT_VT_TEST");
}

static void resize_reaches_the_program(void **state)
{
    vt *t = start(state, "while :; do stty size; sleep 0.02; done");
    vt_assert(t, vt_wait_text(t, "24 80", PATIENCE));
    vt_resize(t, 100, 30);
    vt_assert(t, vt_wait_text(t, "30 100", PATIENCE));
    assert_int_equal(vt_columns(t), 100);
    assert_int_equal(vt_rows(t), 30);
}

static void keys_are_sent_as_a_terminal_does(void **state)
{
    static const char *const names[] = {"Tab", "Up",  "S-Left", "S-Tab", "Enter", "Backspace", "PageUp", "F1",
                                        "F12", "C-a", "A-x",    "Space", "=",     "-",         "S"};
    vt *t = start_echo(state, "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        vt_key(t, names[i]);
        vt_send(t, "|");
    }
    /* cat -v passes the tab on, which moves the cursor to the next multiple of 8. */
    vt_assert(
        t, vt_wait_text(t, "ready   |^[[A|^[[1;2D|^[[Z|^M|^?|^[[5~|^[OP|^[[24~|^A|^[x| |=|-|S|", PATIENCE));
    vt_teardown(state);
    t = start_echo(state, "");
    vt_key(t, "\316\261"); /* cat -v writes what is not ASCII as M-... */
    vt_key(t, "Delete");
    vt_key(t, "Home");
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_text(t, "ready M-NM-1^[[3~^[[H^[", PATIENCE));
}

static void cursor_keys_follow_the_mode(void **state)
{
    vt *t = start_echo(state, "\\033[?1h");
    vt_key(t, "Up");
    vt_assert(t, vt_wait_text(t, "^[OA", PATIENCE));
    assert_true(vt_mode(t, 1));
}

static void mouse_is_silent_until_asked_for(void **state)
{
    vt *t = start_echo(state, "");
    assert_false(vt_mouse(t, VT_PRESS, 1, 4, 3));
    assert_false(vt_mouse(t, VT_RELEASE, 1, 4, 3));
    vt_send(t, "end");
    vt_assert(t, vt_wait_text(t, "ready end", PATIENCE));
}

static void mouse_events_are_reported(void **state)
{
    vt *t = start_echo(state, "\\033[?1006;1000h"); /* as ncurses writes it */
    assert_true(vt_mouse(t, VT_PRESS, 1, 4, 3));
    assert_false(vt_mouse(t, VT_DRAG, 1, 5, 3)); /* only mode 1002 reports motion */
    assert_true(vt_mouse(t, VT_RELEASE, 1, 5, 3));
    assert_true(vt_mouse(t, VT_WHEEL, 5, 0, 0));
    vt_assert(t, vt_wait_text(t, "ready ^[[<0;5;4M^[[<0;6;4m^[[<65;1;1M", PATIENCE));
    vt_teardown(state);
    t = start_echo(state, "\\033[?1002h\\033[?1006h");
    vt_mouse(t, VT_PRESS, 3, 4, 3);
    assert_true(vt_mouse(t, VT_DRAG, 3, 6, 3));
    vt_assert(t, vt_wait_text(t, "ready ^[[<2;5;4M^[[<34;7;4M", PATIENCE));
}

static void queries_are_answered(void **state)
{
    vt *t = start_echo(state, "\\033[6n");
    vt_assert(t, vt_wait_text(t, "ready ^[[1;7R", PATIENCE));
}

static void much_input_does_not_deadlock(void **state)
{
    enum { SIZE = 100000 };
    static char bytes[SIZE];
    memset(bytes, 'x', SIZE);
    vt *t = start_echo(state, ""); /* writes everything back while we write */
    size_t before = vt_bytes(t);
    vt_send_bytes(t, bytes, SIZE);
    for (int i = 0; i < 500 && vt_bytes(t) < before + SIZE; i++) vt_pump(t, 20);
    assert_int_equal(vt_bytes(t), before + SIZE);
}

static void a_still_screen_is_told_from_a_moving_one(void **state)
{
    vt *t = start(state, "i=0; while :; do i=$((i+1)); printf \"\\r$i\"; sleep 0.05; done");
    assert_false(vt_wait_still(t, 1000, 1500));
    vt_teardown(state);
    t = start(state, "echo silent; while :; do :; done"); /* who works may have something to say yet */
    vt_assert(t, vt_wait_text(t, "silent", PATIENCE));
    assert_false(vt_wait_still(t, 50, 1500));
    vt_teardown(state);
    t = start(state, "echo asleep; exec sleep 60"); /* who only sleeps is still after all */
    vt_assert(t, vt_wait_text(t, "asleep", PATIENCE));
    assert_true(vt_wait_still(t, 50, PATIENCE));
}

static void a_character_in_two_pieces_is_one(void **state)
{
    vt *t = start(state,
                  "printf 'a\\316'; sleep 0.2; printf '\\267b \\342'; sleep 0.2; printf '\\226'; sleep 0.2; "
                  "printf '\\210|\\033[1mend'");
    vt_assert(t, vt_wait_text(t, "end", PATIENCE));
    vt_assert(t, vt_find(t, "a\316\267b \342\226\210|end", NULL, NULL));
}

static void half_an_update_is_not_seen(void **state)
{
    vt *t =
        start(state, "printf '\\033[?2026hfirst'; sleep 0.2; printf ' second\\033[?2026l'; exec sleep 60");
    vt_assert(t, vt_wait_text(t, "first", PATIENCE));
    assert_string_equal(vt_row(t, 0), "first second");
}

static void modes_title_and_cursor_are_known(void **state)
{
    vt *t =
        start(state,
              "printf '\\033[?10'; sleep 0.1; printf '49h\\033]2;the title\\a\\033[3;5H\\033[?25lx'; read a; "
              "printf '\\033[?12;25h\\033[?1049l'; exec sleep 60");
    vt_assert(t, vt_wait_text(t, "x", PATIENCE)); /* the sequence cut in two is still read */
    assert_true(vt_alternate_screen(t));
    assert_string_equal(vt_title(t), "the title");
    int column, row;
    assert_false(vt_cursor(t, &column, &row));
    assert_int_equal(column, 5);
    assert_int_equal(row, 2);
    vt_key(t, "Enter");
    vt_assert(t, vt_wait_gone(t, "x", PATIENCE));
    vt_assert(t, vt_wait_still(t, 100, PATIENCE));
    assert_false(vt_alternate_screen(t));
    assert_true(vt_cursor(t, NULL, NULL));
}

static void leftovers_are_found(void **state)
{
    static const struct {
        char *script;
        const char *leftover;
    } cases[] = {
        {"printf '\\033[?1049h'", "alternate screen"},
        {"printf '\\033[?25l'", "hidden cursor"},
        {"printf '\\033[?1006;1000h'", "mouse"},
        {"printf '\\033[?1002h\\033[?1000l'", "mouse"},
        {"printf '\\033[?2004h'", "bracketed paste"},
        {"stty -echo", "no echo"},
        {"stty -icanon", "raw input"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vt *t = start(state, cases[i].script);
        assert_int_equal(vt_exit(t, PATIENCE), 0);
        assert_false(vt_restored(t));
        assert_string_equal(vt_leftover(t), cases[i].leftover);
        vt_teardown(state);
    }
}

static void a_clean_end_leaves_nothing(void **state)
{
    vt *t = start(state, "stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?1006;1002hlast'; "
                         "printf '\\033[?1006;1002l\\033[?25h\\033[?1049l'; stty sane; exit 3");
    assert_int_equal(vt_exit(t, PATIENCE), 3);
    assert_null(vt_leftover(t));
    assert_true(vt_restored(t));
    size_t length;
    assert_non_null(memmem(vt_log(t, &length), vt_bytes(t), "last", 4));
    assert_int_equal(length, vt_bytes(t));
    vt_teardown(state);
    t = start(state, "printf '\\033[?1049h\\033[?1003h\\033c'"); /* a full reset counts too */
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    assert_true(vt_restored(t));
}

static void the_end_of_the_program_is_told(void **state)
{
    vt *t = start(state, "echo up; exec sleep 60");
    vt_assert(t, vt_wait_text(t, "up", PATIENCE));
    assert_int_equal(vt_exit(t, 20), -1);
    vt_signal(t, SIGTERM);
    assert_int_equal(vt_exit(t, PATIENCE), 128 + SIGTERM);
    assert_int_equal(vt_exit(t, 0), 128 + SIGTERM);
    assert_int_equal(vt_pid(t), 0);
    assert_false(vt_wait_text(t, "never", PATIENCE)); /* does not wait for the dead */
    vt_teardown(state);
    *state = t = vt_start(40, 5, NULL, (char *[]){"/nonexistent/program", NULL}, NULL);
    assert_int_equal(vt_exit(t, PATIENCE), 127);
    assert_true(vt_find(t, "cannot run /nonexistent/program", NULL, NULL));
}

static void a_program_that_hangs_is_killed(void **state)
{
    vt *t = start(state, "trap '' TERM HUP INT; echo up; while :; do sleep 1; done");
    vt_assert(t, vt_wait_text(t, "up", PATIENCE));
    vt_signal(t, SIGTERM);
    assert_int_equal(vt_exit(t, 100), -1);
    pid_t pid = vt_pid(t);
    assert_int_equal(kill(pid, 0), 0);
    vt_teardown(state);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* Whether the pixel has the default text colour, or else the default background. */
static bool has_ink(cairo_surface_t *picture, int x, int y)
{
    const unsigned char *row =
        cairo_image_surface_get_data(picture) + y * cairo_image_surface_get_stride(picture);
    uint32_t pixel;
    memcpy(&pixel, row + 4 * x, sizeof pixel);
    return (pixel & 0xff) > 0x80;
}

static void the_picture_shows_the_screen(void **state)
{
    /* A letter; a corner, two lines and a corner; a full braille cell; a full block. */
    vt *t = start(state, "printf '\\033[?25lW\\n\\342\\224\\214\\342\\224\\200\\342\\224\\200\\342\\224\\220"
                         "\\342\\243\\277\\342\\226\\210'; exec sleep 60");
    vt_assert(t, vt_wait_text(t, "\342\226\210", PATIENCE));
    char path[] = "/tmp/vt-picture-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && vt_save_png(t, path));
    close(fd);
    cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
    unlink(path);
    assert_int_equal(cairo_image_surface_get_width(picture), 800);
    assert_int_equal(cairo_image_surface_get_height(picture), 480);
    int ink = 0;
    for (int i = 0; i < 200; i++) ink += has_ink(picture, i % 10, i / 10);
    assert_in_range(ink, 10, 100);
    for (int x = 0; x < 40; x++) assert_int_equal(has_ink(picture, x, 30), x >= 5 && x <= 35); /* no gap */
    assert_true(has_ink(picture, 42, 22) && has_ink(picture, 47, 37) && !has_ink(picture, 40, 20));
    assert_true(has_ink(picture, 50, 20) && has_ink(picture, 59, 39) && !has_ink(picture, 60, 39));
    cairo_surface_destroy(picture);
    assert_false(vt_save_png(t, "/nonexistent/picture.png"));
}

#define VT_TEST(function) cmocka_unit_test_teardown(function, vt_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VT_TEST(text_is_read_where_it_is_shown),
        VT_TEST(text_that_goes_is_gone),
        VT_TEST(colors_and_styles_are_read),
        VT_TEST(every_terminal_has_its_colors),
        VT_TEST(environment_does_not_depend_on_who_runs_the_test),
        VT_TEST(resize_reaches_the_program),
        VT_TEST(keys_are_sent_as_a_terminal_does),
        VT_TEST(cursor_keys_follow_the_mode),
        VT_TEST(mouse_is_silent_until_asked_for),
        VT_TEST(mouse_events_are_reported),
        VT_TEST(queries_are_answered),
        VT_TEST(much_input_does_not_deadlock),
        VT_TEST(a_still_screen_is_told_from_a_moving_one),
        VT_TEST(a_character_in_two_pieces_is_one),
        VT_TEST(half_an_update_is_not_seen),
        VT_TEST(modes_title_and_cursor_are_known),
        VT_TEST(leftovers_are_found),
        VT_TEST(a_clean_end_leaves_nothing),
        VT_TEST(the_end_of_the_program_is_told),
        VT_TEST(a_program_that_hangs_is_killed),
        VT_TEST(the_picture_shows_the_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
