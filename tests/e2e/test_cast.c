/* Guards --record and replay --cast: the file holds what the terminal got, and plays it again. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

#include "base/alloc.h"
#include "base/file.h"
#include "term/cast.h"

#define SMALL "--set", "model.width=60"

static ht_cast_file load(const char *path)
{
    ht_cast_file file;
    ht_error err;
    char *data;
    size_t size;
    if (ht_file_read(path, 1 << 28, &data, &size, &err) != HT_OK) fail_msg("%s", err.text);
    if (ht_cast_parse(&file, path, data, size, NULL, &err) != HT_OK) fail_msg("%s", err.text);
    ht_free(data);
    return file;
}

/* ---- recording --------------------------------------------------------------------------------- */

/* Takes what asks for input out of what the terminal got. Returns what is left of it. */
static size_t without_questions(char *bytes, size_t size)
{
    static const char *const said[] = {"\033[?1002h", "\033[?1006h", "\033[?2004h", "\033[?2026$p"};
    for (int i = 0; i < 4; i++) {
        size_t length = strlen(said[i]);
        for (char *at; (at = memmem(bytes, size, said[i], length)) != NULL; size -= length)
            memmove(at, at + length, size - length - (size_t)(at - bytes));
    }
    return size;
}

static void the_file_holds_what_the_terminal_got(void **state)
{
    static const char clear[] = "\033[H\033[2J", end[] = "\033[?1049l";
    size_t length;
    sandbox_write("keys.txt", "wait step>=20\nkey p\nwait 0.2\nkey Esc\nwait 0.2\nkey q\n");
    vt *t = LAB(state, 100, 30, SMALL, "--script", "keys.txt", "--record", "a.cast");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    ht_cast_file file = load("a.cast");
    assert_true(file.columns == 100 && file.rows == 30 && file.count > 5);
    const char *log = vt_log(t, &length);
    /* It begins and ends with the terminal's own words; between them it is what was sent. */
    const char *sent = memmem(log, length, clear, sizeof clear - 1),
               *kept = memmem(file.text.data, file.text.length, clear, sizeof clear - 1);
    assert_non_null(sent);
    assert_true(kept && kept - file.text.data < 40);
    length -= (size_t)(sent - log);
    size_t size = file.text.length - (size_t)(kept - file.text.data), same = 0;
    char *got = malloc(length);
    assert_non_null(got);
    memcpy(got, sent, length);
    length = without_questions(got, length);
    while (same < length && same < size && got[same] == kept[same]) same++;
    if (size - same > 40) fail_msg("of %zu bytes only %zu are those that were sent", size, same);
    assert_non_null(memmem(file.text.data, file.text.length, "Read-out", strlen("Read-out")));
    assert_non_null(memmem(kept + same, size - same, end, sizeof end - 1));
    /* Real timing: two waits of the script lie between its beginning and its end. */
    assert_true(file.events[file.count - 1].time - file.events[0].time > 0.4);
    free(got);
    ht_cast_free(&file);
}

static void a_new_size_is_an_event(void **state)
{
    vt *t = LAB(state, 100, 30, SMALL, "--record", "b.cast");
    vt_assert(t, sandbox_wait_step(t, 5, PATIENCE));
    vt_resize(t, 80, 24);
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    vt_assert(t, sandbox_wait_step(t, sandbox_step(t) + 5, PATIENCE));
    vt_resize(t, 120, 40);
    vt_assert(t, vt_wait_text(t, "Right now", PATIENCE));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    ht_cast_file file = load("b.cast");
    int sizes = 0;
    for (size_t i = 0; i < file.count; i++) {
        if (file.events[i].columns == 0) continue;
        sizes++;
        assert_int_equal(file.events[i].columns, sizes == 1 ? 80 : 120);
        assert_int_equal(file.events[i].rows, sizes == 1 ? 24 : 40);
    }
    assert_int_equal(sizes, 2);
    ht_cast_free(&file);
}

static void a_bad_path_is_told_and_the_lab_goes_on(void **state)
{
    size_t length;
    static const char says[] = "heavytail: no/such/c.cast: nothing is recorded: No such file or directory";
    vt *t = LAB(state, 100, 30, SMALL, "--record", "no/such/c.cast");
    vt_assert(t, vt_wait_text(t, "no/such/c.cast: nothing is recorded", PATIENCE));
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 1);
    const char *log = vt_log(t, &length);
    assert_non_null(memmem(log, length, says, strlen(says)));
}

static void a_killed_lab_leaves_a_recording(void **state)
{
    struct stat info = {0};
    vt *t = LAB(state, 100, 30, SMALL, "--record", "killed.cast");
    vt_assert(t, sandbox_wait_step(t, 20, PATIENCE));
    for (int i = 0; i < 100 && (stat("killed.cast", &info) != 0 || info.st_size < 2000); i++) vt_pump(t, 50);
    vt_signal(t, SIGKILL);
    assert_int_equal(vt_exit(t, PATIENCE), 128 + SIGKILL);
    ht_cast_file file = load("killed.cast");
    assert_true(file.count > 0);
    ht_cast_free(&file);
}

/* ---- playing ----------------------------------------------------------------------------------- */

static vt *play(void **state, int columns, int rows, const char *file, const char *speed)
{
    vt *t = vt_start(
        columns, rows, NULL,
        (char *[]){(char *)vt_binary(), "replay", "--cast", (char *)file, "--speed", (char *)speed, NULL},
        NULL);
    *state = t;
    return t;
}

static const char lines[] = "{\"version\": 2, \"width\": 40, \"height\": 10}\n"
                            "[0.0, \"o\", \"\\u001b[2Jone\\r\\n\"]\n"
                            "[0.2, \"o\", \"two\\r\\n\"]\n"
                            "[5000, \"o\", \"three\\r\\n\"]\n"
                            "[9000, \"o\", \"four\\r\\n\"]\n";

static void a_recording_is_played_paused_and_left(void **state)
{
    sandbox_write("lines.cast", lines);
    vt *t = play(state, 80, 24, "lines.cast", "1");
    vt_assert(t, vt_wait_text(t, "two", PATIENCE));
    vt_key(t, "Space");
    vt_key(t, ".");
    vt_assert(t, vt_wait_text(t, "three", PATIENCE));
    vt_assert(t, !vt_find(t, "four", NULL, NULL));
    vt_key(t, ".");
    vt_assert(t, vt_wait_text(t, "four", PATIENCE));
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    vt_teardown(state);
    t = play(state, 80, 24, "lines.cast", "1");
    vt_assert(t, vt_wait_text(t, "two", PATIENCE));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    vt_assert(t, !vt_find(t, "three", NULL, NULL));
}

static void speed_and_idle_limit_shorten_it(void **state)
{
    sandbox_write("lines.cast", lines);
    double start = sandbox_seconds();
    vt *t = play(state, 80, 24, "lines.cast", "100000000");
    assert_int_equal(vt_exit(t, PATIENCE), 2);
    vt_teardown(state);
    t = vt_start(
        80, 24, NULL,
        (char *[]){(char *)vt_binary(), "replay", "--cast", "lines.cast", "--idle-limit", "0.1", NULL}, NULL);
    *state = t;
    vt_assert(t, vt_wait_text(t, "four", PATIENCE));
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    assert_true(sandbox_seconds() - start < 60);
}

static void a_small_terminal_is_told(void **state)
{
    sandbox_write("lines.cast", lines);
    vt *t = play(state, 30, 8, "lines.cast", "1");
    vt_assert(t, vt_wait_text(t, "30 × 8", PATIENCE));
    vt_assert(t, !vt_find(t, "one", NULL, NULL));
    vt_key(t, "Space");
    vt_assert(t, vt_wait_text(t, "two", PATIENCE));
    vt_key(t, "q");
    assert_int_equal(vt_exit(t, PATIENCE), 0);
}

static void the_lab_plays_as_it_looked(void **state)
{
    sandbox_write("keys.txt", "wait step>=20\nkey Space\nwait 0.3\nkey t\nwait 0.5\nkey q\n");
    vt *t = LAB(state, 100, 30, SMALL, "--script", "keys.txt", "--record", "look.cast");
    vt_assert(t, vt_wait_text(t, "Hill plot", PATIENCE));
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    vt_teardown(state);
    t = play(state, 100, 30, "look.cast", "1");
    vt_assert(t, vt_wait_text(t, "‖ paused", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Hill plot", PATIENCE));
    assert_int_equal(vt_exit(t, PATIENCE), 0);
}

static void into_a_pipe_go_the_bytes(void **state)
{
    (void)state;
    sandbox_write("lines.cast", lines);
    const sandbox_result *r = RUN("replay", "--cast", "lines.cast");
    assert_status(r, 0);
    assert_string_equal(r->out, "\033[2Jone\r\ntwo\r\nthree\r\nfour\r\n");
}

/* A stranger's recording writes no clipboard and asks no question whose answer the shell would read. */
static void a_recording_cannot_steer_the_terminal(void **state)
{
    static const char *const bad[] = {"]52;", "]0;", "[6n", "[c", "[?1003h", "[?2004h", "[21t", "P+q", "$p"};
    size_t length;
    sandbox_write("evil.cast",
                  "{\"version\": 2, \"width\": 40, \"height\": 10}\n"
                  "[0, \"o\", \"\\u001b]52;c;ZXZpbA==\\u0007a\\u001b]0;title\\u001b\\\\b\"]\n"
                  "[0, \"o\", \"\\u001b[6nc\\u001b[cd\\u001b[?1003h\\u001b[?2004he\\u001b[21t\"]\n"
                  "[0, \"o\", \"\\u001bP+q5463\\u001b\\\\f\\u001b[?2026$pg\\u001b[\"]\n"
                  "[0, \"o\", \"6n\\u001b[1mh\\u0005\\u009b6n\\u009d0;i\\u0007 α≈\\u00a0done\"]\n");
    vt *t = play(state, 80, 24, "evil.cast", "1");
    vt_assert(t, vt_wait_text(t, "abcdefgh6n0;i α≈", PATIENCE));
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    const char *log = vt_log(t, &length);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char sequence[16];
        snprintf(sequence, sizeof sequence, "\033%s", bad[i]);
        const char *what = bad[i][0] == '$' ? bad[i] : sequence;
        if (memmem(log, length, what, strlen(what))) fail_msg("%s went to the terminal", bad[i]);
    }
}

/* A control of eight bits (0x9b) begins a sequence, too, wherever it stands: its second byte goes nowhere. */
static void no_control_hides_in_a_sequence(void **state)
{
    size_t length;
    sandbox_write("c1.cast", "{\"version\": 2, \"width\": 40, \"height\": 10}\n"
                             "[0, \"o\", \"\\u001b(\\u009b6na\\u001b\\u009b6nb\\u001b[1\\u009b6nc\"]\n"
                             "[0, \"o\", \"\\u001b(\\u001b[6nd\\u001b(é 😀 ᛛ done\"]\n");
    vt *t = play(state, 80, 24, "c1.cast", "1");
    vt_assert(t, vt_wait_text(t, "6na6nb6nc[6ndé", PATIENCE));
    assert_int_equal(vt_exit(t, PATIENCE), 0);
    const char *log = vt_log(t, &length);
    for (size_t i = 0; i < length; i++)
        if (log[i] == '\x9b' && (i == 0 || (log[i - 1] & 0x80) == 0 || log[i - 1] == '\xc2'))
            fail_msg("0x9b went to the terminal at byte %zu", i);
    assert_null(memmem(log, length, "\033[6n", 4));
    assert_non_null(memmem(log, length, "😀 ᛛ done", strlen("😀 ᛛ done")));
}

/* Wherever a recording is cut, the shell gets its screen, its characters and its lines back. */
static void what_a_recording_altered_is_taken_back(void **state)
{
    static const char *const there[] = {"?1049;25", "?47", "?1047", "?25"};
    for (int i = 0; i < 4; i++) {
        char text[400];
        size_t length;
        snprintf(text, sizeof text,
                 "{\"version\": 2, \"width\": 40, \"height\": 10}\n"
                 "[0, \"o\", \"\\u001b[%sh\\u001b[4h\\u001b[3;5r\\u001b[?5;6hend\\u001b(0\\u000e\"]\n",
                 there[i]);
        sandbox_write("altered.cast", text);
        vt *t = play(state, 80, 24, "altered.cast", "1");
        assert_int_equal(vt_exit(t, PATIENCE), 0);
        const char *log = vt_log(t, &length), *end = memmem(log, length, "\033(0", 3);
        assert_non_null(end);
        static const char *const back[] = {"\033(B",   "\017",   "\033[4l",  "\033[20l", "\033[?5l",
                                           "\033[?6l", "\033[r", "\033[?1l", "\033>"};
        length -= (size_t)(end - log);
        for (size_t b = 0; b < sizeof back / sizeof back[0]; b++)
            if (!memmem(end, length, back[b], strlen(back[b]))) fail_msg("%s: no %s", there[i], back[b] + 1);
        assert_int_equal(memmem(end, length, "\033[?1049l", 8) != NULL, i < 3);
        vt_teardown(state);
    }
}

static void bad_recordings_and_options_are_named(void **state)
{
    (void)state;
    sandbox_write("bad.cast",
                  "{\"version\": 2, \"width\": 40, \"height\": 10}\n[1, \"o\", \"a\"]\n[0.5, \"o\"\n");
    const sandbox_result *r = RUN("replay", "--cast", "bad.cast");
    assert_status(r, 1);
    assert_says(r->err, "heavytail: bad.cast:3: no JSON, or a line that was cut");
    sandbox_write("cut.cast",
                  "{\"version\": 2, \"width\": 40, \"height\": 10}\n[1, \"o\", \"a\"]\n[1.5, \"o\"");
    r = RUN("replay", "--cast", "cut.cast");
    assert_status(r, 0);
    assert_string_equal(r->out, "a");
    assert_string_equal(r->err, "heavytail: note: cut.cast:3: the last line was cut and is left out\n");
    assert_status(RUN("replay", "--cast", "nowhere.cast"), 1);
    assert_status(RUN("replay", "--cast", "bad.cast", "--speed", "0"), 2);
    assert_status(RUN("replay", "--cast", "bad.cast", "--idle-limit", "-1"), 2);
    assert_status(RUN("replay", "--cast", "bad.cast", "a-run"), 2);
    assert_status(RUN("replay", "a-run", "--speed", "2"), 2);
}

#define TEST(name) cmocka_unit_test_teardown(name, vt_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_holds_what_the_terminal_got),
        TEST(a_new_size_is_an_event),
        TEST(a_bad_path_is_told_and_the_lab_goes_on),
        TEST(a_killed_lab_leaves_a_recording),
        TEST(a_recording_is_played_paused_and_left),
        TEST(speed_and_idle_limit_shorten_it),
        TEST(a_small_terminal_is_told),
        TEST(the_lab_plays_as_it_looked),
        TEST(into_a_pipe_go_the_bytes),
        TEST(a_recording_cannot_steer_the_terminal),
        TEST(no_control_hides_in_a_sequence),
        TEST(what_a_recording_altered_is_taken_back),
        TEST(bad_recordings_and_options_are_named),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
