/* Guards files: the old one survives a failed write, nothing that is no file is read or hangs us, and
 * messages cannot steer the terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "unit/scratch.h"

static void has(const char *name, const void *data, size_t size)
{
    size_t found;
    char *bytes = scratch_read(name, &found);
    assert_int_equal(found, size);
    assert_memory_equal(bytes, data, size);
    assert_int_equal(bytes[size], '\0');
    ht_free(bytes);
}

static void refused(const char *path, size_t limit, const char *why)
{
    ht_error err;
    char *data = (char *)1;
    size_t size;
    assert_int_equal(ht_file_read(path, limit, &data, &size, &err), HT_FAIL);
    assert_null(data);
    if (!strstr(err.text, why)) fail_msg("'%s' does not say '%s'", err.text, why);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    ht_error err;
    enum { BIG = 300000 };
    unsigned char *big = malloc(BIG);
    for (int i = 0; i < BIG; i++) big[i] = (unsigned char)(i * 7 + i / 251);
    assert_int_equal(ht_file_write(scratch_path("a"), "x\0y", 3, &err), HT_OK);
    has("a", "x\0y", 3);
    assert_int_equal(ht_file_write(scratch_path("a"), "", 0, &err), HT_OK);
    has("a", "", 0);
    const ht_part parts[] = {{big, 1000}, {big, 0}, {big + 1000, BIG - 1000}};
    assert_int_equal(ht_file_write_parts(scratch_path("a"), parts, 3, &err), HT_OK);
    has("a", big, BIG);
    assert_int_equal(scratch_count(""), 1); /* no temporary file stays */
    free(big);
}

static void a_missing_directory_is_named(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(ht_file_write(scratch_path("none/b"), "x", 1, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "none/b"));
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(ht_file_append(scratch_path("none/b"), "x", 1, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "none/b"));
    refused(scratch_path("none/b"), 10, "No such file");
}

static void a_write_onto_a_directory_fails_cleanly(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(ht_file_make_dir(scratch_path("d/e"), &err), HT_OK);
    assert_int_equal(ht_file_write(scratch_path("d/e"), "x", 1, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "d/e"));
    assert_int_equal(scratch_count("d"), 1);
    assert_true(ht_file_is_dir(scratch_path("d/e")));
    assert_int_equal(ht_file_append(scratch_path("d/e"), "x", 1, &err), HT_FAIL);
    scratch_erase("d");
}

/* Root may write anywhere, so the rights of nobody are taken for the while. */
static void a_read_only_directory_keeps_its_files(void **state)
{
    (void)state;
    ht_error err;
    ht_code written, made;
    char why[sizeof err.text];
    assert_int_equal(ht_file_make_dir(scratch_path("ro"), &err), HT_OK);
    scratch_write_text("ro/kept", "old");
    assert_int_equal(chmod(scratch_path(""), 0755), 0);
    assert_int_equal(chmod(scratch_path("ro"), 0555), 0);
    bool root = geteuid() == 0;
    if (root) assert_int_equal(seteuid(65534), 0);
    written = ht_file_write(scratch_path("ro/kept"), "new", 3, &err);
    strcpy(why, err.text);
    made = ht_file_make_dir(scratch_path("ro/sub"), &err);
    if (root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(scratch_path("ro"), 0755), 0);
    assert_int_equal(written, HT_FAIL);
    assert_non_null(strstr(why, "Permission denied"));
    has("ro/kept", "old", 3);
    assert_int_equal(scratch_count("ro"), 1);
    assert_int_equal(made, HT_FAIL);
    if (!strstr(err.text, "Permission denied")) fail_msg("misleading: %s", err.text);
    scratch_erase("ro");
}

static void a_fifo_is_refused_at_once(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
    alarm(5); /* hanging would end the program */
    refused(scratch_path("fifo"), 100, "not a regular file");
    assert_int_equal(ht_file_append(scratch_path("fifo"), "x", 1, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "fifo"));
    alarm(0);
    unlink(scratch_path("fifo"));
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    refused(scratch_path(""), 100, "not a regular file");
    refused("/dev/zero", 100, "not a regular file");
    refused("", 100, "No such file");
}

static void a_file_over_its_limit_is_refused(void **state)
{
    (void)state;
    char *data;
    size_t size;
    ht_error err;
    scratch_write_text("ten", "0123456789");
    assert_int_equal(ht_file_read(scratch_path("ten"), 10, &data, &size, &err), HT_OK);
    ht_free(data);
    refused(scratch_path("ten"), 9, "10 bytes");
}

static void appending_adds_whole_lines(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(ht_file_append(scratch_path("log"), "one\n", 4, &err), HT_OK);
    assert_int_equal(ht_file_append(scratch_path("log"), "two\n", 4, &err), HT_OK);
    has("log", "one\ntwo\n", 8);
}

static void cutting_leaves_the_beginning(void **state)
{
    (void)state;
    ht_error err;
    scratch_write_text("lines", "one\ntwo\n");
    assert_int_equal(ht_file_cut(scratch_path("lines"), 4, &err), HT_OK);
    has("lines", "one\n", 4);
    assert_int_equal(ht_file_cut(scratch_path("none/lines"), 0, &err), HT_FAIL);
    char target[600];
    snprintf(target, sizeof target, "%s", scratch_path("lines"));
    assert_int_equal(symlink(target, scratch_path("link")), 0);
    assert_int_equal(ht_file_cut(scratch_path("link"), 0, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "symbolic link"));
    has("lines", "one\n", 4);
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
    assert_int_equal(ht_file_cut(scratch_path("pipe"), 0, &err), HT_FAIL);
}

static void directories_are_made_with_their_parents(void **state)
{
    (void)state;
    ht_error err;
    char *lengthy = malloc(10001);
    memset(lengthy, 'x', 10000);
    lengthy[10000] = '\0';
    assert_int_equal(ht_file_make_dir(scratch_path("p/q/r"), &err), HT_OK);
    assert_int_equal(ht_file_make_dir(scratch_path("p//q/r/"), &err), HT_OK);
    assert_int_equal(ht_file_make_dir("/", &err), HT_OK);
    assert_true(ht_file_is_dir(scratch_path("p/q/r")));
    assert_false(ht_file_is_dir(scratch_path("ten")));
    assert_false(ht_file_exists(scratch_path("p/none")));
    scratch_write_text("plain", "x");
    assert_int_equal(ht_file_make_dir(scratch_path("plain/sub"), &err), HT_FAIL);
    assert_non_null(strstr(err.text, "plain"));
    assert_int_equal(ht_file_make_dir(lengthy, &err), HT_FAIL);
    assert_int_equal(ht_file_write(lengthy, "x", 1, &err), HT_FAIL);
    free(lengthy);
}

static void a_name_is_taken_once(void **state)
{
    (void)state;
    ht_error err;
    bool taken = true;
    assert_int_equal(ht_file_take_name("mine", &taken, &err), HT_OK);
    assert_false(taken);
    assert_int_equal(ht_file_take_name("mine", &taken, &err), HT_OK);
    assert_true(taken);
    assert_int_equal(unlink("mine"), 0);
    assert_int_equal(ht_file_take_name("no/such/mine", &taken, &err), HT_FAIL);
    assert_false(taken);
}

static void an_empty_path_is_no_directory(void **state)
{
    (void)state;
    ht_error err;
    err.text[0] = '\0';
    assert_int_equal(ht_file_make_dir("", &err), HT_FAIL);
    assert_true(strlen(err.text) > 0);
}

static void a_joined_path_fits_or_is_refused(void **state)
{
    (void)state;
    char to[12];
    ht_error err;
    assert_int_equal(ht_file_join(to, sizeof to, "12345", "78901", &err), HT_OK);
    assert_string_equal(to, "12345/78901");
    assert_int_equal(ht_file_join(to, sizeof to, "12345", "789012", &err), HT_FAIL);
}

/* Every control character, in one byte or two, and nothing that is no UTF-8. */
static void assert_harmless(const char *text)
{
    unsigned c;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n)
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c == 0xfffd && n == 1))
            fail_msg("U+%04X in a message", c);
}

static void messages_cannot_steer_the_terminal(void **state)
{
    (void)state;
    ht_error err;
    char *data;
    size_t size;
    ht_file_read("/nowhere/\x1b[2Jevil\n\r\x7f", 10, &data, &size, &err);
    assert_harmless(err.text);
    assert_non_null(strstr(err.text, "?[2Jevil"));
    ht_file_read("/nowhere/\xc2\x9b"
                 "2J \x9b"
                 "2J α",
                 10, &data, &size, &err); /* CSI as one character */
    assert_harmless(err.text);
    assert_non_null(strstr(err.text, "α"));
    ht_error_prefix(&err, "%s", "\x1b]0;title\a");
    assert_harmless(err.text);
}

static void messages_that_do_not_fit_end_whole(void **state)
{
    (void)state;
    char text[2001] = "";
    ht_error err;
    for (int shift = 0; shift < 3; shift++) {
        memset(text, 'x', (size_t)shift);
        for (int i = 0; i < 600; i++) memcpy(text + shift + 3 * i, "→", 4);
        assert_int_equal(ht_error_set(&err, HT_USAGE, "%s", text), HT_USAGE);
        assert_harmless(err.text);
        assert_true(strlen(err.text) > sizeof err.text - 8);
        assert_int_equal(ht_error_prefix(&err, "%s", text), HT_USAGE);
        assert_harmless(err.text);
    }
    ht_error_set(&err, HT_FAIL, "tail");
    assert_int_equal(ht_error_prefix(&err, "%s:%d", "head", 3), HT_FAIL);
    assert_string_equal(err.text, "head:3: tail");
}

static void impossible_sizes_are_errors(void **state)
{
    (void)state;
    ht_error err;
    assert_null(ht_alloc(SIZE_MAX / 2, 4, "the moon", &err));
    assert_non_null(strstr(err.text, "the moon"));
    assert_null(ht_alloc(SIZE_MAX - 3, 1, "the sun", &err));
    unsigned char *none = ht_alloc(0, 8, "nothing", &err), *some = ht_alloc(3, 8, "some", &err);
    assert_non_null(none);
    assert_int_equal((uintptr_t)some % 64, 0);
    for (int i = 0; i < 24; i++) assert_int_equal(some[i], 0);
    ht_free(none);
    ht_free(some);
}

static void a_path_has_a_folder_a_name_and_a_stem(void **state)
{
    (void)state;
    static const char *const paths[][4] = {{"a/b.npy", "a", "b.npy", "b"},
                                           {"b.tar.gz", ".", "b.tar.gz", "b.tar"},
                                           {"/x", "/", "x", "x"},
                                           {"a/.hidden", "a", ".hidden", ".hidden"},
                                           {"a.d/b", "a.d", "b", "b"},
                                           {"a/", "a", "", ""},
                                           {"", ".", "", ""},
                                           {"/a/b/c.json", "/a/b", "c.json", "c"}};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char folder[32], stem[32];
        ht_file_folder(paths[i][0], folder, sizeof folder);
        ht_file_stem(paths[i][0], stem, sizeof stem);
        assert_string_equal(folder, paths[i][1]);
        assert_string_equal(ht_file_name(paths[i][0]), paths[i][2]);
        assert_string_equal(stem, paths[i][3]);
    }
    char cut[3];
    ht_file_stem("folder/abcdef.npy", cut, sizeof cut);
    assert_string_equal(cut, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_a_folder_a_name_and_a_stem),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_missing_directory_is_named),
        cmocka_unit_test(a_write_onto_a_directory_fails_cleanly),
        cmocka_unit_test(a_read_only_directory_keeps_its_files),
        cmocka_unit_test(a_fifo_is_refused_at_once),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_file_over_its_limit_is_refused),
        cmocka_unit_test(appending_adds_whole_lines),
        cmocka_unit_test(cutting_leaves_the_beginning),
        cmocka_unit_test(directories_are_made_with_their_parents),
        cmocka_unit_test(a_name_is_taken_once),
        cmocka_unit_test(an_empty_path_is_no_directory),
        cmocka_unit_test(a_joined_path_fits_or_is_refused),
        cmocka_unit_test(messages_cannot_steer_the_terminal),
        cmocka_unit_test(messages_that_do_not_fit_end_whole),
        cmocka_unit_test(impossible_sizes_are_errors),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
