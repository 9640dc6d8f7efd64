/* Metrics of trainings: CSV and JSON lines, as they grow, are cut, and begin again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "follow/growing.h"
#include "follow/scalars.h"
#include "unit/scratch.h"

static ht_scalars s;
static ht_notes notes;

static int begin(void **state)
{
    (void)state;
    s = (ht_scalars){0};
    notes = (ht_notes){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    ht_scalars_free(&s);
    ht_notes_free(&notes);
    return 0;
}

static void feed(const char *text)
{
    ht_error err;
    assert_int_equal(ht_scalars_feed(&s, "m", text, strlen(text), &notes, &err), HT_OK);
}

static double at(int curve, const char *column, size_t row)
{
    for (int k = 0; k < s.columns; k++)
        if (strcmp(s.name[k], column) == 0)
            return s.curve[curve].column[k] ? s.curve[curve].column[k][row] : (double)NAN;
    fail_msg("no column %s", column);
    return 0;
}

static const char *said(size_t i)
{
    static char line[1024];
    return ht_notes_at(&notes, i, line, sizeof line) ? line : "";
}

static void lines_of_json_and_of_csv_say_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ("{\"step\": 10, \"loss\": 0.5, \"acc\": 0.25, \"tag\": \"x\"}\n{\"step\": 20, \"loss\": 0.25, "
         "\"acc\": null}\n"),
        "step,loss,acc\n10,0.5,0.25\n20,0.25,\n",
        "\xef\xbb\xbfloss;\"step\";acc\r\n0.5;10;0.25\r\n0.25;20;\r\n",
        "loss;step;acc\n0,5;10;0,25\n0,25;20;\n",
        "# a word\nacc\tloss\tstep\n0.25\t0.5\t10\n\t0.25\t20\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        begin(NULL);
        feed(texts[i]);
        assert_int_equal(s.curves, 1);
        assert_int_equal(s.curve[0].count, 2);
        assert_true(s.curve[0].step[0] == 10 && s.curve[0].step[1] == 20);
        assert_true(at(0, "loss", 0) == 0.5 && at(0, "loss", 1) == 0.25);
        assert_true(at(0, "acc", 0) == 0.25 && isnan(at(0, "acc", 1)));
        assert_int_equal(notes.count, 0);
        end(NULL);
    }
}

/* Quoted as the data sets' tables are; what has no end is left out, with its line. */
static void quoted_fields_are_those_of_tables(void **state)
{
    (void)state;
    feed("step,\"a, \"\"b\"\"\"\n1,\"0.5\"\n2,\"0.25\n3,\"0.5\"x\n4, 0.125 \n");
    assert_int_equal(s.curve[0].count, 2);
    assert_true(at(0, "a, \"b\"", 0) == 0.5 && at(0, "a, \"b\"", 1) == 0.125);
    assert_int_equal(notes.count, 2);
    assert_non_null(strstr(said(0), "a quoted field has no end, or goes on behind it"));
    assert_non_null(strstr(said(1), "4"));
}

static void bytes_may_come_one_at_a_time(void **state)
{
    (void)state;
    const char *text = "step,loss\n1,2\n2,3\n3,4";
    for (const char *p = text; *p; p++) feed((char[]){*p, '\0'});
    assert_int_equal(s.curve[0].count, 2); /* the last line has no end yet */
    feed("5\n");
    assert_true(at(0, "loss", 2) == 45);
}

static void what_python_writes_for_no_number_is_none(void **state)
{
    (void)state;
    feed("{\"step\":1,\"loss\":NaN,\"a\":Infinity,\"b\":-Infinity,\"Infinity NaN \\\" NaN\":3}\n");
    assert_int_equal(notes.count, 0);
    assert_true(isnan(at(0, "loss", 0)) && isnan(at(0, "a", 0)) && isnan(at(0, "b", 0)));
    assert_true(at(0, "Infinity NaN \" NaN", 0) == 3);
}

static void rows_of_one_step_are_one_row(void **state)
{
    (void)state;
    feed("step,train,val\n1,2,\n1,,3\n");
    assert_int_equal(s.curve[0].count, 1);
    assert_true(at(0, "train", 0) == 2 && at(0, "val", 0) == 3);
}

static void a_step_that_goes_down_begins_a_new_curve(void **state)
{
    (void)state;
    feed("step,loss\n1,5\n2,4\n3,3\nstep,loss\n1,9\n");
    assert_int_equal(s.curves, 2);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.curve[0].count, 3);
    assert_int_equal(ht_scalars_now(&s)->count, 1);
    assert_true(at(1, "loss", 0) == 9 && at(0, "loss", 2) == 3);
    for (int i = 0; i < 20; i++) feed("2,1\n1,1\n");
    assert_int_equal(s.curves, HT_SCALARS_CURVES);
}

static void bad_lines_are_left_out_and_named(void **state)
{
    (void)state;
    feed("step,loss\n1,2\nx,3\n2\n3,4\n-1,1\n9,9e999\n");
    assert_int_equal(s.curve[0].count, 3);
    assert_non_null(strstr(said(0), "m:3: its step is no number"));
    assert_non_null(strstr(said(1), "m:4: has fewer fields than the header"));
    assert_non_null(strstr(said(2), "m:6: "));
    assert_true(isnan(at(0, "loss", 2)));
}

static void what_is_no_log_says_why(void **state)
{
    (void)state;
    feed("a,b\n1,2\n");
    assert_null(ht_scalars_now(&s));
    assert_non_null(strstr(ht_scalars_refusal(&s), "no column 'step'"));
    end(NULL);
    begin(NULL);
    feed("epoch,loss\n1,2\n");
    assert_non_null(strstr(said(0), "'epoch' is taken for it"));
    assert_int_equal(ht_scalars_now(&s)->count, 1);
}

static void a_long_curve_keeps_its_memory_and_its_last_row(void **state)
{
    (void)state;
    char line[64];
    feed("step,loss\n");
    for (int i = 0; i < 3 * HT_SCALARS_ROWS; i++) {
        snprintf(line, sizeof line, "%d,%d\n", i, i);
        feed(line);
        const ht_scalar_curve *c = ht_scalars_now(&s);
        assert_true(c->count <= HT_SCALARS_ROWS && c->step[c->count - 1] == i);
    }
    const ht_scalar_curve *c = ht_scalars_now(&s);
    assert_int_equal(c->every, 4);
    assert_int_equal(c->read, 3 * HT_SCALARS_ROWS);
    for (size_t i = 0; i + 1 < c->count; i++)
        assert_true(c->step[i] == (double)(4 * i) && at(0, "loss", i) == c->step[i]);
}

/* ---- files ---- */

static void read_file(ht_growing *g, bool *rows)
{
    struct stat info;
    bool more;
    ht_error err;
    ht_metrics_file as = {.name = "m.csv"};
    as.found = stat(scratch_path("m.csv"), &info) == 0;
    if (as.found) {
        as.device = info.st_dev;
        as.number = info.st_ino;
        as.size = (uint64_t)info.st_size;
        as.written = info.st_mtim;
    }
    assert_int_equal(ht_growing_read(g, scratch_path("m.csv"), &as, rows, &more, &notes, &err), HT_OK);
}

static void a_file_is_read_on_where_it_grew(void **state)
{
    (void)state;
    ht_growing g = {0};
    bool rows;
    read_file(&g, &rows);
    assert_false(rows);
    scratch_write_text("m.csv", "step,loss\n1,5\n2,4");
    read_file(&g, &rows);
    assert_true(rows);
    assert_int_equal(ht_scalars_now(&g.scalars)->count, 1);
    FILE *file = fopen(scratch_path("m.csv"), "a");
    fputs("\n3,3\n", file);
    fclose(file);
    read_file(&g, &rows);
    assert_int_equal(ht_scalars_now(&g.scalars)->count, 3);
    read_file(&g, &rows);
    assert_false(rows);
    ht_growing_free(&g);
}

/* As whoever writes a table whole after each epoch does. */
static void a_file_written_whole_again_is_no_new_run(void **state)
{
    (void)state;
    ht_growing g = {0};
    bool rows;
    char text[4000] = "step,loss\n";
    for (int i = 1; i < 20; i++) {
        sprintf(text + strlen(text), "%d,%d.5\n", i, 20 - i);
        scratch_write_text("m.csv", text);
        read_file(&g, &rows);
        assert_int_equal(ht_scalars_now(&g.scalars)->count, i);
        assert_int_equal(g.scalars.curves, 1);
    }
    scratch_write_text("m.csv", "step,loss\n1,7\n"); /* this is one */
    read_file(&g, &rows);
    assert_int_equal(g.scalars.curves, 2);
    assert_int_equal(g.scalars.curve[0].count, 19);
    assert_int_equal(ht_scalars_now(&g.scalars)->count, 1);
    ht_growing_free(&g);
}

static void a_file_that_comes_back_keeps_its_ghost(void **state)
{
    (void)state;
    ht_growing g = {0};
    bool rows;
    scratch_write_text("m.csv", "step,loss\n1,7\n2,6\n");
    read_file(&g, &rows);
    assert_int_equal(remove(scratch_path("m.csv")), 0);
    read_file(&g, &rows);
    scratch_write_text("m.csv", "step,loss\n1,8\n");
    read_file(&g, &rows);
    assert_true(rows);
    assert_int_equal(g.scalars.curves, 2);
    assert_int_equal(g.scalars.curve[0].count, 2);
    ht_growing_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_json_and_of_csv_say_the_same),
        cmocka_unit_test_setup_teardown(quoted_fields_are_those_of_tables, begin, end),
        cmocka_unit_test_setup_teardown(bytes_may_come_one_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(what_python_writes_for_no_number_is_none, begin, end),
        cmocka_unit_test_setup_teardown(rows_of_one_step_are_one_row, begin, end),
        cmocka_unit_test_setup_teardown(a_step_that_goes_down_begins_a_new_curve, begin, end),
        cmocka_unit_test_setup_teardown(bad_lines_are_left_out_and_named, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_log_says_why, begin, end),
        cmocka_unit_test_setup_teardown(a_long_curve_keeps_its_memory_and_its_last_row, begin, end),
        cmocka_unit_test_setup_teardown(a_file_is_read_on_where_it_grew, begin, end),
        cmocka_unit_test_setup_teardown(a_file_written_whole_again_is_no_new_run, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_comes_back_keeps_its_ghost, begin, end),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
