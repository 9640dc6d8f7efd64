/* Guards recordings (asciicast v2): what is written can be read and holds every byte, whatever ends it; what
 * is read from anybody is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/notes.h"
#include "term/cast.h"

static ht_cast *start(const char *path)
{
    ht_cast *cast = NULL;
    ht_error err;
    unlink(path);
    if (ht_cast_start(&cast, path, "a \"title\"", &err) != HT_OK) fail_msg("%s", err.text);
    ht_cast_size(cast, 80, 24);
    return cast;
}

static ht_cast_file load(const char *path)
{
    ht_cast_file file;
    ht_error err;
    char *data;
    size_t size;
    if (ht_file_read(path, 1 << 28, &data, &size, &err) != HT_OK) fail_msg("%s", err.text);
    if (ht_cast_parse(&file, path, data, size, NULL, &err) != HT_OK) fail_msg("%s", err.text);
    assert_int_equal(data[size - 1], '\n');
    ht_free(data);
    return file;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void no_character_is_cut_and_no_byte_lost(void **state)
{
    (void)state;
    static const char text[] = "\033[1;32m╭─ α ≈ 1.75 ─╮\r\n\"\\\t€ 𝛼 \x01\x7f end";
    ht_error err;
    for (size_t piece = 1; piece <= 7; piece++) {
        ht_cast *cast = start("pieces.cast");
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t left = sizeof text - 1 - at;
            ht_cast_output(cast, text + at, left < piece ? left : piece);
        }
        assert_int_equal(ht_cast_stop(cast, &err), HT_OK);
        ht_cast_file file = load("pieces.cast");
        assert_int_equal(file.text.length, sizeof text - 1);
        assert_memory_equal(file.text.data, text, sizeof text - 1);
        for (size_t i = 0; i < file.count; i++) {
            unsigned char first = (unsigned char)file.text.data[file.events[i].at];
            assert_true((first & 0xc0) != 0x80);
        }
        ht_cast_free(&file);
    }
}

static void bytes_of_no_character_are_replaced(void **state)
{
    (void)state;
    ht_error err;
    ht_cast *cast = start("bad.cast");
    ht_cast_output(cast,
                   "a\xff"
                   "b\xc3",
                   4);
    ht_cast_output(cast, "c\0d", 3);
    assert_int_equal(ht_cast_stop(cast, &err), HT_OK);
    ht_cast_file file = load("bad.cast");
    static const char wanted[] = "a\xef\xbf\xbd"
                                 "b\xef\xbf\xbd"
                                 "c\0d";
    assert_int_equal(file.text.length, sizeof wanted - 1);
    assert_memory_equal(file.text.data, wanted, sizeof wanted - 1);
    ht_cast_free(&file);
}

static void sizes_and_times_are_kept(void **state)
{
    (void)state;
    ht_error err;
    ht_cast *cast = start("sizes.cast");
    double began = ht_now();
    ht_cast_output(cast, "one", 3);
    usleep(120000);
    ht_cast_size(cast, 120, 40);
    ht_cast_output(cast, "two", 3);
    double took = ht_now() - began;
    assert_int_equal(ht_cast_stop(cast, &err), HT_OK);
    ht_cast_file file = load("sizes.cast");
    assert_int_equal(file.count, 3);
    assert_true(file.columns == 80 && file.rows == 24 && file.most_columns == 120 && file.most_rows == 40);
    assert_true(file.events[1].columns == 120 && file.events[1].rows == 40);
    double apart = file.events[2].time - file.events[0].time;
    assert_true(apart >= 0.12 && apart <= took + 0.001);
    ht_cast_free(&file);
}

static void what_is_there_is_not_overwritten(void **state)
{
    (void)state;
    ht_error err;
    ht_cast *cast = NULL;
    ht_code code = ht_file_write("there.cast", "kept\n", 5, &err);
    assert_int_equal(code, HT_OK);
    assert_int_equal(ht_cast_start(&cast, "there.cast", "t", &err), HT_FAIL);
    assert_non_null(strstr(err.text, "there.cast: nothing is recorded: the file is there already"));
    assert_int_equal(ht_cast_start(&cast, "no/such/x.cast", "t", &err), HT_FAIL);
    assert_non_null(strstr(err.text, "no/such/x.cast: nothing is recorded: No such file"));
    assert_null(cast);
    assert_int_equal(ht_cast_stop(NULL, &err), HT_OK);
}

/* A file that may not grow is like a full disk: the lines that fit stay, and it is told once. */
static void a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    char text[512];
    ht_error err;
    struct rlimit before, small = {20000, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    ht_cast *cast = start("full.cast");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    double until = ht_now() + 20;
    bool failed = false;
    for (int i = 0; !failed && ht_now() < until; i++) {
        ht_cast_output(cast, "some of the screen, some of the screen", 38);
        if (i % 50 == 0) usleep(20000);
        failed = ht_cast_failed(cast, text, sizeof text);
    }
    assert_true(failed);
    assert_false(ht_cast_failed(cast, text, sizeof text));
    assert_non_null(strstr(text, "full.cast: the recording ends here: "));
    assert_int_equal(ht_cast_stop(cast, &err), HT_FAIL);
    assert_string_equal(err.text, text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    ht_cast_file file = load("full.cast");
    ht_cast_free(&file);
}

/* Nothing fits: no empty file stands in the way of the next recording. */
static void a_disk_without_room_leaves_no_file(void **state)
{
    (void)state;
    ht_error err;
    struct rlimit before, none = {0, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    ht_cast *cast = start("none.cast");
    ht_cast_output(cast, "some of the screen", 18);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    ht_code code = ht_cast_stop(cast, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, HT_FAIL);
    if (!strstr(err.text, "the empty file is removed")) fail_msg("%s", err.text);
    assert_int_equal(ht_cast_start(&cast, "none.cast", "t", &err), HT_OK);
    assert_int_equal(ht_cast_stop(cast, &err), HT_OK);
}

/* What is on its way when the kill comes is lost; what was there a moment before is on the disk, whole. */
static void a_kill_leaves_whole_lines(void **state)
{
    (void)state;
    struct stat info;
    unlink("killed.cast");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ht_cast *cast = start("killed.cast");
        for (int i = 0; i < 3000; i++) ht_cast_output(cast, "╭─ some of the screen ─╮", 30);
        for (;;) pause();
    }
    double until = ht_now() + 20;
    off_t before = 0;
    memset(&info, 0, sizeof info);
    while ((info.st_size < 100000 || info.st_size > before) && ht_now() < until) {
        before = info.st_size;
        usleep(20000);
        if (stat("killed.cast", &info) != 0) info.st_size = 0;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ht_cast_file file = load("killed.cast");
    assert_true(file.count > 1000);
    ht_cast_free(&file);
}

/* ---- reading ----------------------------------------------------------------------------------- */

#define HEADER "{\"version\": 2, \"width\": 80, \"height\": 24}\n"

static void bad_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "x.cast:1: no JSON"},
        {"hello\n", "x.cast:1: no JSON"},
        {"[1, 2]\n", "x.cast:1: no asciicast"},
        {"{\"version\": 3, \"term\": {}}\n", "x.cast:1: asciicast of version 3"},
        {"{\"version\": 2, \"width\": 0, \"height\": 24}\n", "x.cast:1: width and height"},
        {"{\"version\": 2, \"width\": \"80\", \"height\": 24}\n", "x.cast:1: width and height"},
        {HEADER "[0.1, \"o\", \"a\"]\n[0.2, \"o\", \"b\n", "x.cast:3: no JSON, or a line that was cut"},
        {HEADER "[0.1, \"o\", \"a\"]\n[0.05, \"o\", \"b\"]\n", "x.cast:3: the time goes back"},
        {HEADER "[-1, \"o\", \"a\"]\n", "x.cast:2: the time goes back"},
        {HEADER "[0.1, \"o\"]\n", "x.cast:2: no event"},
        {HEADER "{}\n", "x.cast:2: no event"},
        {HEADER "[0.1, \"r\", \"80\"]\n", "x.cast:2: no size"},
        {HEADER "[0.1, \"r\", \"80x0\"]\n", "x.cast:2: no size"},
        {HEADER "[0.1, \"r\", \" 80x24\"]\n", "x.cast:2: no size"},
        {HEADER "[0.1, \"r\", \"80x 24\"]\n", "x.cast:2: no size"},
        {HEADER "[0.1, \"r\", \"80x24\\u0000junk\"]\n", "x.cast:2: no size"},
        {HEADER "[0.1, \"r\", \"80x4294967320\"]\n", "x.cast:2: no size"},
        {HEADER "[0.1, \"o\"]", "x.cast:2: no event"},
        {"{\"version\": 2, \"wid", "x.cast:1: no JSON"},
        {HEADER "[0.1, \"o\", \"\\ud800\"]\n", "x.cast:2: no JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_cast_file file;
        ht_error err;
        ht_code code = ht_cast_parse(&file, "x.cast", cases[i].text, strlen(cases[i].text), NULL, &err);
        assert_int_equal(code, HT_FAIL);
        if (strncmp(err.text, cases[i].says, strlen(cases[i].says)) != 0) fail_msg("%zu: %s", i, err.text);
        ht_cast_free(&file);
    }
}

static void a_huge_line_is_refused(void **state)
{
    (void)state;
    size_t size = (17 << 20) + sizeof HEADER;
    char *text = malloc(size);
    ht_cast_file file;
    ht_error err;
    assert_non_null(text);
    memset(text, 'a', size);
    memcpy(text, HEADER, sizeof HEADER - 1);
    assert_int_equal(ht_cast_parse(&file, "x.cast", text, size, NULL, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "x.cast:2: a line of more than 16 MB"));
    ht_cast_free(&file);
    free(text);
}

/* What a kill or a full disk leaves of the last line costs no more than that line, and is told once. */
static void a_cut_end_costs_one_line(void **state)
{
    (void)state;
    static const char text[] = HEADER "[0.1, \"o\", \"a\"]\n[0.2, \"o\", \"b";
    ht_cast_file file;
    ht_error err;
    ht_notes notes = {0};
    if (ht_cast_parse(&file, "x.cast", text, sizeof text - 1, &notes, &err) != HT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(file.count, 1);
    assert_string_equal(notes.lines.data, "x.cast:3: the last line was cut and is left out\n");
    ht_notes_free(&notes);
    ht_cast_free(&file);
}

/* What others write: empty lines, input, marks, times without a point, a limit for pauses. */
static void recordings_of_others_are_read(void **state)
{
    (void)state;
    static const char text[] =
        "{\"version\": 2, \"width\": 80, \"height\": 24, \"idle_time_limit\": 1.5, \"theme\": {}}\r\n"
        "\n[0, \"o\", \"a\"]\n[1, \"i\", \"x\"]\n[2, \"m\", \"\"]\n[2.5, \"r\", \"90x30\"]\n[3, \"o\", "
        "\"b\"]";
    ht_cast_file file;
    ht_error err;
    if (ht_cast_parse(&file, "x.cast", text, sizeof text - 1, NULL, &err) != HT_OK) fail_msg("%s", err.text);
    assert_int_equal(file.count, 3);
    assert_int_equal(file.text.length, 2);
    assert_true(file.idle_limit == 1.5 && file.most_columns == 90);
    ht_cast_free(&file);
}

static int enter(void **state)
{
    return scratch_make(state) != 0 || chdir(scratch_path("")) != 0;
}

static int leave(void **state)
{
    return chdir("/") != 0 || scratch_remove(state) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_character_is_cut_and_no_byte_lost),
        cmocka_unit_test(bytes_of_no_character_are_replaced),
        cmocka_unit_test(sizes_and_times_are_kept),
        cmocka_unit_test(what_is_there_is_not_overwritten),
        cmocka_unit_test(a_full_disk_leaves_whole_lines),
        cmocka_unit_test(a_disk_without_room_leaves_no_file),
        cmocka_unit_test(a_kill_leaves_whole_lines),
        cmocka_unit_test(bad_files_are_refused_with_their_line),
        cmocka_unit_test(a_huge_line_is_refused),
        cmocka_unit_test(a_cut_end_costs_one_line),
        cmocka_unit_test(recordings_of_others_are_read),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
