/* The text formats: UCR time series (.tsv, .txt, .ts) and CSV. */
#include "test_data_files.h"

#include <math.h>

/* ---- UCR --------------------------------------------------------------------------------------- */

static void check_values(const ht_samples *part, const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (part->x[i] != x[i]) fail_msg("value %zu is %g, not %g", i, (double)part->x[i], (double)x[i]);
}

static void check_ucr(void)
{
    static const float train[] = {0.5f, -1.5f, 3, 4e-3f}, test[] = {7, 8};
    ht_dataset *data = load_good("ucr:Two");
    assert_int_equal(data->inputs, 2);
    assert_int_equal(data->train.count, 2);
    assert_int_equal(data->test.count, 1);
    assert_int_equal(data->train.labels[0], 1);
    assert_int_equal(data->train.labels[1], 0);
    assert_int_equal(data->test.labels[0], 1);
    check_values(&data->train, train, 4);
    check_values(&data->test, test, 2);
    ht_dataset_free(data);
}

static void ucr_reads_tabs_commas_blanks_and_ts(void **state)
{
    (void)state;
    put_text("Two/Two_TRAIN.tsv", "2\t0.5\t-1.5\n1\t3\t4e-3\n");
    put_text("Two/Two_TEST.tsv", "2\t7\t8");
    check_ucr();
    put_text("Two/Two_TRAIN.tsv", "2,0.5,-1.5\r\n\r\n1, 3 , 4e-3,\r\n");
    check_ucr();
    drop("Two/Two_TRAIN.tsv");
    put_text("Two/Two_TRAIN.txt", "  2.0000000e+00   5.0000000e-01  -1.5000000e+00\n  1.0  3  4e-3 \n");
    check_ucr();
    drop("Two/Two_TRAIN.txt");
    put_text("Two/Two_TRAIN.ts", "# comment\n@problemName Two\n@classLabel true 1 2\n@data\n"
                                 "0.5,-1.5:2\n3, 4e-3 : 1\n");
    check_ucr();
    drop("Two");
}

static void ts_labels_may_be_words(void **state)
{
    (void)state;
    put_text("Two/Two_TRAIN.ts", "@data\n1,2:walk\n3,4:run\n");
    put_text("Two/Two_TEST.ts", "@data\n1,2:walk\n");
    ht_dataset *data = load_good("ucr:Two");
    assert_string_equal(data->class_names[0], "run");
    assert_string_equal(data->class_names[1], "walk");
    assert_int_equal(data->test.labels[0], 1);
    ht_dataset_free(data);
    drop("Two");
}

static void bad_ucr(const char *train, const char *word, const char *other)
{
    put_text("Two/Two_TRAIN.tsv", train);
    put_text("Two/Two_TEST.tsv", "1\t7\t8\n");
    load_bad("ucr:Two", HT_FAIL, word, other);
}

static void ucr_refuses_bad_rows(void **state)
{
    (void)state;
    bad_ucr("1\t2\tinf\n", "Two_TRAIN.tsv:1: field 3 'inf'", NULL);
    bad_ucr("1\t2\t1e400\n", "Two_TRAIN.tsv:1: field 3 '1e400'", NULL);
    bad_ucr("1\t2\t1e39\n2\t1\t1\n", "Two_TRAIN.tsv: sample 1, value 2 is infinite", NULL);
    bad_ucr("1\t2\t3\n2\t3,,4\n", "Two_TRAIN.tsv:2: field 3 ''", NULL);
    bad_ucr("1\t2\tx\33[2J\n", "Two_TRAIN.tsv:1: field 3 'x?[2J'", NULL);
    bad_ucr("1\n2\n", "Two_TRAIN.tsv:1: has a label but no values", NULL);
    bad_ucr(",1,2\n", "Two_TRAIN.tsv:1: the label is missing", NULL);
    bad_ucr("1,2:a:b\n", "Two_TRAIN.tsv:1: has more than one ':'", NULL);
    bad_ucr("1,2:\n", "Two_TRAIN.tsv:1: the label is missing", NULL);
    bad_ucr("\n\n@data\n", "Two_TRAIN.tsv: has no training samples", NULL);
    bad_ucr("", "Two_TRAIN.tsv: is empty", NULL);
    bad_ucr("1\t2\n2\t3\n", "Two_TEST.tsv: its samples have 2 values", "Two_TRAIN.tsv");
    put("Two/Two_TRAIN.tsv", "1\t2\n2\t\0\n", 9);
    load_bad("ucr:Two", HT_FAIL, "Two_TRAIN.tsv:2: has a zero byte", NULL);
    drop("Two/Two_TRAIN.tsv");
    put_text("Two/Two_TRAIN.tsv/inside", "");
    load_bad("ucr:Two", HT_FAIL, "Two_TRAIN.tsv: is not a regular file", NULL);
    drop("Two");
}

static void ucr_survives_truncation_and_flips(void **state)
{
    (void)state;
    static const char text[] = "1\t0.25\t-3e2\n2\t4\t5\n1\t6\t7\n", series[] = "@data\n1,2:a\n3,4:b\n";
    put_text("Two/Two_TEST.tsv", "1\t7\t8\n");
    sweep("Two/Two_TRAIN.tsv", text, sizeof text - 1, "ucr:Two");
    drop("Two");
    put_text("Two/Two_TEST.ts", "7,8:a\n");
    sweep("Two/Two_TRAIN.ts", series, sizeof series - 1, "ucr:Two");
    drop("Two");
}

static void ecg5000_is_normal_against_the_rest(void **state)
{
    (void)state;
    put_text("ecg5000/ECG5000_TRAIN.tsv", "1\t2\n5\t3\n2\t4\n4\t1\n3\t1\n");
    put_text("ecg5000/ECG5000_TEST.tsv", "3\t1\n1\t2\n");
    ht_dataset *data = load_good("ecg5000");
    assert_int_equal(data->classes, 2);
    assert_string_equal(data->class_names[0], "normal");
    assert_string_equal(data->class_names[1], "abnormal");
    static const int32_t two[] = {0, 1, 1, 1, 1}, five[] = {0, 4, 1, 3, 2};
    assert_memory_equal(data->train.labels, two, sizeof two);
    assert_int_equal(data->test.labels[0], 1);
    ht_dataset_free(data);
    data = load_good("ecg5000-5");
    assert_string_equal(data->name, "ecg5000-5");
    assert_int_equal(data->classes, 5);
    assert_string_equal(data->class_names[1], "R-on-T PVC");
    assert_string_equal(data->class_names[4], "unclassified");
    assert_memory_equal(data->train.labels, five, sizeof five);
    ht_dataset_free(data);
    put_text("ecg5000/ECG5000_TEST.tsv", "1\t1\n6\t2\n");
    load_bad("ecg5000", HT_FAIL, "ECG5000_TEST.tsv: row 2: the label is '6'", "1 to 5");
    load_bad("ecg5000-5", HT_FAIL, "ECG5000_TEST.tsv: row 2: the label is '6'", NULL);
    drop("ecg5000");
}

static void real_ecg5000(void **state)
{
    (void)state;
    static const size_t train[] = {292, 177, 10, 19, 2}, test[] = {2627, 1590, 86, 175, 22};
    size_t seen[2][5] = {{0}};
    ht_error err = {0};
    ht_dataset *data = ht_dataset_load(
        "ecg5000-5", &(ht_data_options){.dir = need_real("ecg5000/ECG5000_TRAIN.tsv"), .seed = 1}, &err);
    if (!data) fail_msg("%s", err.text);
    assert_int_equal(data->inputs, 140);
    for (size_t i = 0; i < data->train.count; i++) seen[0][data->train.labels[i]]++;
    for (size_t i = 0; i < data->test.count; i++) seen[1][data->test.labels[i]]++;
    assert_memory_equal(seen[0], train, sizeof train);
    assert_memory_equal(seen[1], test, sizeof test);
    assert_true(fabs((double)data->train.x[0] + 0.11252183) < 1e-7);
    assert_true(fabs((double)data->test.x[0] - 3.6908442) < 1e-6);
    ht_dataset_free(data);
}

/* ---- CSV --------------------------------------------------------------------------------------- */

static ht_dataset *load_csv(const char *train, const char *test)
{
    char name[600];
    put_text("train.csv", train);
    put_text("test.csv", test);
    snprintf(name, sizeof name, "csv:%s/train.csv,%s/test.csv", work_dir, work_dir);
    ht_dataset *data = load_good(name);
    assert_string_equal(data->name, "csv"); /* results hold no path */
    return data;
}

/* Two samples (1, 2) of class 0 and (3, 4) of class 1; one test sample (5, 6) of class 1. */
static void good_csv(const char *train, const char *test, const char *second_name)
{
    static const float values[] = {1, 2, 3, 4}, other[] = {5, 6};
    ht_dataset *data = load_csv(train, test);
    assert_int_equal(data->inputs, 2);
    assert_int_equal(data->train.count, 2);
    assert_int_equal(data->test.count, 1);
    check_values(&data->train, values, 4);
    check_values(&data->test, other, 2);
    assert_int_equal(data->train.labels[0], 0);
    assert_int_equal(data->train.labels[1], 1);
    assert_int_equal(data->test.labels[0], 1);
    assert_string_equal(data->class_names[1], second_name);
    ht_dataset_free(data);
}

static void csv_finds_header_and_label_column(void **state)
{
    (void)state;
    good_csv("1,2,-1\n3,4,1\n", "5,6,1\n", "1");
    good_csv("1,2,0\r\n3,4,1", "5,6,1", "1");
    good_csv("a,b,c\n1,2,0\n3,4,1\n", "a,b,c\n5,6,1\n", "1");
    good_csv("label,b,c\n0,1,2\n1,3,4\n", "label,b,c\n1,5,6\n", "1");
    good_csv("label,0,1\n0,1,2\n1,3,4\n", "1,5,6\n", "1"); /* no header in the test file */
    good_csv("b,Class,c\n1,0,2\n3,1,4\n", "b,Class,c\n5,1,6\n", "1");
    good_csv("0,1,target\n1,2,0\n3,4,1\n", "5,6,1\n", "1");
    good_csv("\xef\xbb\xbf"
             "1,2,0\n3,4,1\n",
             "\xef\xbb\xbf"
             "5,6,1\n",
             "1");
}

static void csv_follows_rfc_4180(void **state)
{
    (void)state;
    good_csv("1,2,cat\n3,4,dog\n", "5,6,dog\n", "dog");
    good_csv("\"a \"\"x\"\"\",\"b\nc\",\"label\"\r\n\"1\",\"2\",\"a,b\"\r\n3,4,\"say \"\"hi\"\"\"\r\n",
             "5,6,\"say \"\"hi\"\"\"\r\n", "say \"hi\"");
    good_csv("\n1, 2 ,cat \n\n 3,4, \"dog\" \n\n", "5,6,dog\n", "dog");
    good_csv("1,2,0.5\n3,4,1.5\n", "5,6,1.50\n", "1.5");
    good_csv("1,2,7\n3,4,x\n", "5,6,x\n", "x"); /* numbers come before words */
}

static void bad_csv(const char *train, const char *test, const char *word, const char *other)
{
    char name[600];
    put_text("train.csv", train);
    put_text("test.csv", test);
    snprintf(name, sizeof name, "csv:%s/train.csv,%s/test.csv", work_dir, work_dir);
    load_bad(name, HT_FAIL, word, other);
}

static void csv_refuses_bad_records(void **state)
{
    (void)state;
    bad_csv("class,label,b\n1,0,2\n3,1,4\n", "class,label,b\n5,1,6\n",
            "2 columns are called like a label: column 1 'class', column 2 'label'", "--label");
    bad_csv("1,2,0\n3,1\n", "1,2,0\n", "train.csv:2: has 2 fields", "3");
    bad_csv("1,2,0\n3,4,5,1\n", "1,2,0\n", "train.csv:2: has 4 fields", NULL);
    bad_csv("a,\"b\nb\",c\n1,2,0\n\n3,x,1\n", "1,2,0\n", "train.csv:5: field 2 'x' is not a finite number",
            NULL);
    bad_csv("1,2,0\n3,inf,1\n", "1,2,0\n", "train.csv:2: field 2 'inf'", NULL);
    bad_csv("1,2,0\n3,\"4,1\n5,6,1\n", "1,2,0\n", "train.csv:2: a quoted field is never closed", NULL);
    bad_csv("1,2,0\n3,\"4\"x,1\n", "1,2,0\n", "train.csv:2: field 2 goes on after its closing quote", NULL);
    bad_csv("1\n2\n", "1\n", "train.csv:1: has one column", NULL);
    bad_csv("", "1,2,0\n", "train.csv: is empty", NULL);
    bad_csv("\n\n", "1,2,0\n", "train.csv: has only empty lines", NULL);
    bad_csv("a,b,label\n", "1,2,0\n", "train.csv: has no training samples", NULL);
    bad_csv("1,2,0\n3,4,1\n", "a,b,c\n", "test.csv: has no test samples", NULL);
    bad_csv("1,2,0\n3,4,1\n", "1,0\n", "test.csv:1: has 2 columns", "3");
    bad_csv("a,b,label\n1,2,0\n3,4,1\n", "b,c,label\n1,2,0\n", "test.csv:1: has not just one column 'a'",
            "column 1 of the training file");
    bad_csv("a,b,label\n1,2,0\n3,4,1\n", "a,b\n1,2\n", "test.csv:1: has no column 'label'", "needs labels");
    bad_csv("1,2,0\n3,4,1\n", "label,a,b\n0,1,2\n", "test.csv:1: the label is in column 1", "column 3");
    bad_csv("1,2,cat\n3,4,dog\n", "5,6,cat\n5,6,cow\n", "test.csv: row 2: the label 'cow'", "train.csv");
    bad_csv("1,2,0\n3,4,1\n", "", "test.csv: is empty", NULL);
}

static void csv_zero_bytes_and_directories(void **state)
{
    (void)state;
    char name[600];
    put_text("test.csv", "1,2,0\n");
    put("train.csv", "1,2,0\n3,\0,1\n", 12);
    snprintf(name, sizeof name, "csv:%s/train.csv,%s/test.csv", work_dir, work_dir);
    load_bad(name, HT_FAIL, "train.csv:2: has a zero byte", NULL);
    drop("train.csv");
    put_text("train.csv/inside", "");
    load_bad(name, HT_FAIL, "train.csv: is not a regular file", NULL);
    drop("train.csv");
}

static void csv_is_found_in_the_data_directory(void **state)
{
    (void)state;
    put_text("train.csv", "1,2,0\n3,4,1\n");
    put_text("test.csv", "1,2,0\n");
    ht_dataset_free(load_good("csv:train.csv,test.csv"));
}

static void csv_survives_truncation_and_flips(void **state)
{
    (void)state;
    static const char text[] = "a,\"b \"\"q\"\"\",label\n1,\"2\",x\n3,4e1,\"y,z\"\n5,6,x\n";
    put_text("test.csv", "1,2,x\n");
    sweep("train.csv", text, sizeof text - 1, "csv:train.csv,test.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ucr_reads_tabs_commas_blanks_and_ts),
        cmocka_unit_test(ts_labels_may_be_words),
        cmocka_unit_test(ucr_refuses_bad_rows),
        cmocka_unit_test(ucr_survives_truncation_and_flips),
        cmocka_unit_test(ecg5000_is_normal_against_the_rest),
        cmocka_unit_test(real_ecg5000),
        cmocka_unit_test(csv_finds_header_and_label_column),
        cmocka_unit_test(csv_follows_rfc_4180),
        cmocka_unit_test(csv_refuses_bad_records),
        cmocka_unit_test(csv_zero_bytes_and_directories),
        cmocka_unit_test(csv_is_found_in_the_data_directory),
        cmocka_unit_test(csv_survives_truncation_and_flips),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
