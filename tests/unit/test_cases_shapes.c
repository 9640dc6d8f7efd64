/* Tables in the shapes of public data sets: a label that is guessed is told, one that cannot be is asked for;
 * a header of numbers is no sample; a quantity is no label, whatever loader it comes from; and what is well
 * is left alone. */
#include <math.h>

#include "base/text.h"
#include "data/table/label.h"
#include "data/npy.h"
#include "unit/test_tables.h"

static uint32_t dice_state;

static double dice(void) /* 0 … 1 */
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (dice_state >> 8) / 16777216.0;
}

static double bell(void) /* mean 0, deviation 1 */
{
    double sum = 0;
    for (int i = 0; i < 12; i++) sum += dice();
    return sum - 6;
}

static char big[1 << 20];
static size_t used;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    used += (size_t)vsnprintf(big + used, sizeof big - used, format, args);
    va_end(args);
    assert_true(used < sizeof big);
}

static void begin(const char *head)
{
    used = 0;
    add("%s", head);
}

/* ---- the label --------------------------------------------------------------------------------- */

static void a_label_first_is_asked_for(void **state)
{
    (void)state;
    put_case("15-tables", "pixels_first.csv", "p.csv");
    refuse("csv:p.csv", (ht_data_options){0}, "column 37, the last, has 3 values, one of them in 95 %",
           "--label 1 takes that");
    refuse("csv:p.csv,p.csv", (ht_data_options){0}, "which column is the label?", "--label 1");
    ht_dataset *data = LOAD("csv:p.csv", .label = "1");
    assert_int_equal(data->classes, 10);
    assert_int_equal(data->inputs, 36);
    ht_dataset_free(data);
    put_case("15-tables", "higgs.csv", "h.csv");
    refuse("csv:h.csv", (ht_data_options){0}, "30 values with fractions",
           "--label 1 takes column 1, which has 2");
}

static void a_guessed_label_is_told(void **state)
{
    (void)state;
    begin("");
    dice_state = 1;
    for (int i = 0; i < 100; i++) add("%.2f,%.2f,%d\n", bell(), bell(), i % 3);
    put_text("g.csv", big);
    ht_dataset *data = LOAD("csv:g.csv", .scale = HT_SCALE_NONE);
    noted(data, "column 3, the last, is taken for the label (3 values): --label (data.label) names another");
    ht_dataset_free(data);
    begin(""); /* rare, but nothing else looks like a label: fraud */
    for (int i = 0; i < 400; i++) add("%.2f,%.2f,%d\n", bell(), bell(), i % 40 == 3);
    put_text("g.csv", big);
    data = LOAD("csv:g.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->classes, 2);
    ht_dataset_free(data);
}

static void names_of_labels_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        ht_label_rank rank;
    } names[] = {
        {"label", HT_LABEL_SURE},       {"Class Label", HT_LABEL_SURE}, {"TARGET", HT_LABEL_SURE},
        {"class_label", HT_LABEL_SURE}, {"'Label'", HT_LABEL_SURE},     {"target-name", HT_LABEL_SURE},
        {"y", HT_LABEL_LIKELY},         {"Survived", HT_LABEL_LIKELY},  {"species", HT_LABEL_LIKELY},
        {"is_spam", HT_LABEL_MAYBE},    {"isFraud", HT_LABEL_MAYBE},    {"island", HT_LABEL_NO},
        {"classy", HT_LABEL_NO},        {"year", HT_LABEL_NO},          {"", HT_LABEL_NO}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ht_label_rank_of(names[i].name) != names[i].rank) fail_msg("%s", names[i].name);
    put_case("15-tables", "survived.csv", "s.csv");
    ht_dataset *data = LOAD("csv:s.csv", .scale = HT_SCALE_NONE, .missing = HT_MISSING_MEDIAN);
    assert_int_equal(data->inputs, 3);
    assert_int_equal(data->classes, 2);
    noted(data, "column 2 'Survived', called so, is taken for the label");
    ht_dataset_free(data);
    put_case("15-tables", "is_spam.csv", "s.csv");
    refuse("csv:s.csv", (ht_data_options){0},
           "is column 2 'is_spam' the label, or column 4 'kind', the last?", "--label");
    begin("x,y,label\n"); /* a place, not a label */
    for (int i = 0; i < 30; i++) add("%.2f,%.2f,%d\n", bell(), bell(), i % 2);
    put_text("s.csv", big);
    data = LOAD("csv:s.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 2);
    assert_null(strstr(data->notes, "another label"));
    ht_dataset_free(data);
}

static void two_labels_are_asked_about(void **state)
{
    (void)state;
    begin("a,class,label\n");
    for (int i = 0; i < 30; i++) add("%.2f,%d,%d\n", bell(), i % 3, i * 7 % 5 % 2);
    put_text("two.csv", big);
    refuse("csv:two.csv", (ht_data_options){0},
           "2 columns are called like a label: column 2 'class', column 3 'label'", "--label");
    ht_dataset *data = LOAD("csv:two.csv", .label = "label");
    noted(data, "column 2 'class' looks like another label, and is among the inputs");
    assert_int_equal(data->inputs, 2);
    ht_dataset_free(data);
}

static void what_says_the_same_as_the_label_is_left_out(void **state)
{
    (void)state;
    put_case("15-tables", "iris_twins.csv", "t.csv");
    static const char *const labels[] = {NULL, "species", "5"};
    for (int i = 0; i < 3; i++) {
        ht_dataset *data = LOAD("csv:t.csv", .label = labels[i]);
        assert_int_equal(data->inputs, 2);
        noted(data, "says the same as the label (each class has its own value there) and is left out");
        ht_dataset_free(data);
    }
    begin(""); /* one row that differs: an input like others */
    for (int i = 0; i < 30; i++) add("%.2f,%d,%d\n", bell(), i == 17 ? 0 : i % 2, i % 2);
    put_text("t.csv", big);
    ht_dataset *data = LOAD("csv:t.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 2);
    ht_dataset_free(data);
}

static void a_duplicate_with_gaps_is_left_out(void **state)
{
    (void)state;
    begin("a,copy,label\n");
    for (int i = 0; i < 60; i++) {
        add("%.2f,", bell());
        if (i != 7 && i != 20) add("%d", i % 3);
        add(",%d\n", i % 3 + 5);
    }
    put_text("t.csv", big);
    ht_dataset *data = LOAD("csv:t.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 1);
    noted(data, "column 2 'copy' says the same as the label");
    ht_dataset_free(data);
}

static void a_one_hot_label_is_no_input(void **state)
{
    (void)state;
    for (int marks = 2; marks <= 4; marks++) { /* of four classes: with two they may be properties */
        begin("a,class");
        for (int m = 0; m < marks; m++) add(",c%d", m);
        for (int i = 0; i < 60; i++) {
            add("\n%.2f,%d", bell(), i % 4);
            for (int m = 0; m < marks; m++)
                add(",%s", m == 1 ? (i % 4 == m ? "True" : "False") : i % 4 == m ? "1" : "0");
        }
        put_text("t.csv", big);
        ht_dataset *data = LOAD("csv:t.csv", .scale = HT_SCALE_NONE);
        assert_int_equal(data->inputs, marks == 2 ? 3 : 1);
        if (marks > 2) noted(data, "column 3 'c0', column 4 'c1', column 5 'c2'");
        if (marks > 2)
            noted(data, "say the same as the label (one-hot: each marks a class) and are left out");
        ht_dataset_free(data);
    }
}

static void one_hot_labels_are_asked_about(void **state)
{
    (void)state;
    static const char *const rows[] = {"1,0,0", "0,1,0", "0,0,1"}, *const truths[] = {"True", "False"};
    for (int t = 0; t < 2; t++) {
        begin("a,flag,setosa,versicolor,virginica\n");
        for (int i = 0; i < 30; i++) {
            add("%.2f,%d,", bell(), i % 2);
            if (t == 0) add("%s\n", rows[i % 3]);
            if (t == 1) add("%s,%s,%s\n", truths[i % 3 != 0], truths[i % 3 != 1], truths[i % 3 != 2]);
        }
        put_text("t.csv", big);
        refuse("csv:t.csv", (ht_data_options){0},
               "one of the 3 columns from column 3 'setosa' to column 5 'virginica' is 1 in every row",
               "idxmax");
        ht_dataset *data = LOAD("csv:t.csv", .label = "flag");
        assert_int_equal(data->inputs, 4);
        ht_dataset_free(data);
    }
    begin("a,b,c,d\n"); /* flags beside a label */
    for (int i = 0; i < 40; i++) add("%.2f,%d,%d,%d\n", bell(), i % 2, i * 7 % 5 % 2, i % 3 == 0);
    put_text("t.csv", big);
    ht_dataset *data = LOAD("csv:t.csv", .dir = NULL);
    assert_int_equal(data->inputs, 3);
    ht_dataset_free(data);
}

/* ---- the first line ---------------------------------------------------------------------------- */

static void headers_of_numbers_are_no_samples(void **state)
{
    (void)state;
    static const char *const files[] = {"spectra.csv", "bands.csv", "years.csv"};
    for (int i = 0; i < 3; i++) {
        put_case("15-tables", files[i], "h.csv");
        ht_dataset *data = LOAD("csv:h.csv", .scale = HT_SCALE_NONE);
        assert_int_equal(data->train.count + data->test.count, 30);
        assert_int_equal(data->classes, 3);
        noted(data, "taken for a header, not for a sample");
        ht_dataset_free(data);
        data =
            LOAD("csv:h.csv", .scale = HT_SCALE_NONE, .header = HT_HEADER_NO, .label = i == 2 ? "5" : NULL);
        assert_int_equal(data->train.count + data->test.count, 31);
        ht_dataset_free(data);
    }
    put_case("15-tables", "reread.csv", "h.csv");
    ht_dataset *data = LOAD("csv:h.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 2);
    noted(data, "column 1 'Unnamed: 0' is left out");
    ht_dataset_free(data);
}

static void a_first_line_unlike_the_others_is_asked_about(void **state)
{
    (void)state;
    static const char *const heads[] = {"0,3,7,9,12\n", "5,6,7,8,9\n", "4000,3998,3996,3994,1\n",
                                        "5,5,5,5,7\n"};
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
        begin(heads[h]);
        dice_state = 5;
        for (int i = 0; i < 60; i++)
            add("%d,%d,%d,%d,%d\n", (int)(17 * dice()), (int)(17 * dice()), (int)(17 * dice()),
                (int)(17 * dice()), i % 3);
        put_text("h.csv", big);
        refuse("csv:h.csv", (ht_data_options){0}, "h.csv:1: are these names, or is it a sample:",
               "data.header=yes (names) or data.header=no (a sample)");
        ht_dataset *yes = LOAD("csv:h.csv", .header = HT_HEADER_YES),
                   *no = LOAD("csv:h.csv", .header = HT_HEADER_NO, .label = "5");
        assert_int_equal(yes->train.count + yes->test.count, 60);
        assert_int_equal(no->train.count + no->test.count, 61);
        ht_dataset_free(yes), ht_dataset_free(no);
    }
}

/* Random tables without a header: a question is a false alarm. */
static void samples_first_are_seldom_asked_about(void **state)
{
    (void)state;
    int asked = 0;
    dice_state = 11;
    for (int t = 0; t < 200; t++) {
        int columns = 2 + (int)(9 * dice()), kinds[12], classes = 2 + (int)(4 * dice());
        for (int j = 0; j < columns; j++) kinds[j] = (int)(5 * dice());
        begin("");
        for (int i = 0; i < 60; i++) {
            for (int j = 0; j < columns; j++)
                add(kinds[j] == 0 || kinds[j] == 1 ? "%.2f," : "%.0f,", kinds[j] == 0 ? bell()
                                                                        : kinds[j] == 1
                                                                            ? exp(3 + bell())
                                                                            : floor((kinds[j] == 2   ? 2
                                                                                     : kinds[j] == 3 ? 10
                                                                                                     : 256) *
                                                                                    dice()));
            add("%d\n", (int)(classes * dice()));
        }
        put_text("r.csv", big);
        char path[512];
        ht_error err = {0};
        path_in(path, "r.csv");
        ht_dataset *data = ht_dataset_load("csv:r.csv", &(ht_data_options){.dir = work_dir, .seed = 1}, &err);
        asked += !data;
        if (data) assert_int_equal(data->train.count + data->test.count, 60);
        ht_dataset_free(data);
    }
    if (asked > 2) fail_msg("%d of 200 tables were refused", asked);
}

/* ---- quantities -------------------------------------------------------------------------------- */

/* y as given, X one column; through npy:. */
static void put_arrays(const double *y, size_t count)
{
    static const char *const parts[] = {"train", "test"};
    char path[512];
    ht_error err = {0};
    put_text("set/made", "");
    for (int p = 0; p < 2; p++) {
        snprintf(path, sizeof path, "%s/set/X_%s.npy", work_dir, parts[p]);
        assert_int_equal(ht_npy_write_f64(path, y, 2, (const size_t[]){count, 1}, &err), HT_OK);
        snprintf(path, sizeof path, "%s/set/y_%s.npy", work_dir, parts[p]);
        assert_int_equal(ht_npy_write_f64(path, y, 1, (const size_t[]){count}, &err), HT_OK);
    }
}

static void quantities_are_no_labels_in_any_format(void **state)
{
    (void)state;
    enum { N = 1000 };
    double y[N];
    dice_state = 3;
    put_case("15-tables", "score.csv", "q.csv");
    refuse("csv:q.csv", (ht_data_options){0}, "its 74 values (16 … 100) for 400 samples look like a quantity",
           "--label 2 takes column 2 'school', which has 4 values");
    ht_dataset *data = LOAD("csv:q.csv", .label = "score");
    noted(data, "look like a quantity, each value is a class");
    ht_dataset_free(data);
    for (int i = 0; i < N; i++) y[i] = round(10 * fmax(-2, fmin(2, bell()))) / 10;
    put_arrays(y, N);
    refuse("npy:set", (ht_data_options){0},
           "y_train.npy: its 41 values with fractions (-2 … 2) for 1000 samples", "numpy.digitize");
    for (int i = 0; i < N; i++) y[i] = round(50 + 12 * bell()); /* a score, an age */
    put_arrays(y, N);
    refuse("npy:set", (ht_data_options){0}, "for 1000 samples look like a quantity", "y_train.npy");
    for (int i = 0; i < 100; i++) y[i] = round(200000 + 50000 * bell()); /* a price */
    put_arrays(y, 100);
    refuse("npy:set", (ht_data_options){0}, "for 100 samples look like a quantity", NULL);
    begin("");
    for (int i = 0; i < 60; i++) add("%.3f\t1\t2\t3\n", bell());
    put_text("Q/Q_TRAIN.tsv", big);
    put_text("Q/Q_TEST.tsv", big);
    refuse("ucr:Q", (ht_data_options){0}, "with fractions", "Q_TRAIN.tsv");
    drop("set"), drop("Q");
}

static void many_classes_are_classes(void **state)
{
    (void)state;
    enum { N = 3000 };
    static double y[N];
    double share[62], sum = 0;
    dice_state = 9;
    static const int balanced[] = {26, 47, 100};
    for (int k = 0; k < 3; k++) { /* letters, EMNIST balanced, CIFAR-100: exactly even, then drawn */
        for (int drawn = 0; drawn < 2; drawn++) {
            for (int i = 0; i < N; i++) y[i] = drawn ? floor(balanced[k] * dice()) : i % balanced[k];
            put_arrays(y, N);
            ht_dataset *data = LOAD("npy:set", .dir = NULL);
            assert_int_equal(data->classes, balanced[k]);
            ht_dataset_free(data);
        }
    }
    /* EMNIST by class: ten digits are frequent, letters are not, each in its own way. */
    for (int c = 0; c < 62; c++) sum += share[c] = c < 10 ? 1 : 0.03 + 0.5 * dice() * dice();
    for (int i = 0; i < N; i++) {
        double at = sum * dice();
        int c = 0;
        while (c < 61 && at > share[c]) at -= share[c++];
        y[i] = c;
    }
    put_arrays(y, N);
    ht_dataset *data = LOAD("npy:set", .dir = NULL);
    assert_int_equal(data->classes, 62);
    ht_dataset_free(data);
    for (int i = 0; i < 18; i++) y[i] = i + 1; /* UCR's Fungi: a sample of each class */
    put_arrays(y, 18);
    ht_dataset_free(LOAD("npy:set", .dir = NULL));
    drop("set");
}

static void a_scale_is_questioned_whatever_its_name(void **state)
{
    (void)state;
    enum { N = 5000, MADE = 4 };
    dice_state = 4;
    begin("a,target\n"); /* a score */
    for (int i = 0; i < 400; i++) add("%.2f,%.0f\n", bell(), floor(101 * dice()));
    put_text("s.csv", big);
    refuse("csv:s.csv", (ht_data_options){0}, "called so, is taken for the label, but its",
           "--label 2 takes it all the same");
    ht_dataset *data = LOAD("csv:s.csv", .label = "target");
    noted(data, "look like a quantity, each value is a class");
    ht_dataset_free(data);
    begin("a,y\n"); /* years */
    for (int i = 0; i < N; i++) add("%.2f,%.0f\n", bell(), 1920 + floor(91 * dice()));
    put_text("s.csv", big);
    refuse("csv:s.csv", (ht_data_options){0}, "91 values (1920 … 2010)", "look like a quantity");
    begin(""); /* a score in the last column, without a name */
    for (int i = 0; i < N; i++) add("%.2f,%.0f\n", bell(), round(fmax(0, fmin(100, 55 + 20 * bell()))));
    put_text("s.csv", big);
    refuse("csv:s.csv", (ht_data_options){0}, "101 values (0 … 100)", "look like a quantity");
    for (int made = 0; made < MADE; made++) { /* pictures: even, dealt, in order of their frequency */
        begin(made == 0 ? "" : "a,label\n");
        for (int i = 0; i < N; i++) {
            double c = made == 3 ? fmod(floor(-40 * log(1 - dice())), 100) : floor(100 * dice());
            add("%.2f,%.0f\n", bell(), made < 2 ? i % 100 : c);
        }
        put_text("s.csv", big);
        data = LOAD("csv:s.csv", .dir = NULL);
        assert_int_equal(data->classes, 100);
        ht_dataset_free(data);
    }
}

static void a_quantity_in_arrays_is_told_when_a_value_is_new(void **state)
{
    (void)state;
    double y[404];
    const char *const path = "set/y_train.npy";
    char full[512];
    ht_error err = {0};
    for (int i = 0; i < 404; i++) y[i] = i % 101;
    put_arrays(y, 404);
    snprintf(full, sizeof full, "%s/%s", work_dir, path);
    for (int i = 50; i < 404; i += 101) y[i] = 51;
    assert_int_equal(ht_npy_write_f64(full, y, 1, (const size_t[]){404}, &err), HT_OK);
    refuse("npy:set", (ht_data_options){0}, "the label '50' does not occur", "look like a quantity");
    drop("set");
}

static void arrays_of_two_shapes_are_refused(void **state)
{
    (void)state;
    double y[24] = {0};
    char path[512];
    ht_error err = {0};
    for (int i = 0; i < 24; i++) y[i] = i % 2;
    put_arrays(y, 4);
    snprintf(path, sizeof path, "%s/set/X_train.npy", work_dir);
    assert_int_equal(ht_npy_write_f64(path, y, 3, (const size_t[]){4, 2, 3}, &err), HT_OK);
    snprintf(path, sizeof path, "%s/set/X_test.npy", work_dir);
    assert_int_equal(ht_npy_write_f64(path, y, 3, (const size_t[]){4, 3, 2}, &err), HT_OK);
    refuse("npy:set", (ht_data_options){0}, "X_test.npy: its samples are 3 x 2", "are 2 x 3");
    assert_int_equal(ht_npy_write_f64(path, y, 3, (const size_t[]){4, 2, 3}, &err), HT_OK);
    ht_dataset *data = LOAD("npy:set", .dir = NULL);
    assert_int_equal(data->inputs, 6);
    ht_dataset_free(data);
    drop("set");
}

static void labels_beyond_a_double_stay_apart(void **state)
{
    (void)state;
    double y[4] = {0, 1, 9007199254740992.0, 1};
    begin("a,label\n");
    for (int i = 0; i < 60; i++) add("%.2f,%lld\n", bell(), 9007199254740992LL + i % 3);
    put_text("l.csv", big);
    ht_dataset *data = LOAD("csv:l.csv", .dir = NULL);
    assert_int_equal(data->classes, 3);
    assert_string_equal(data->class_names[1], "9007199254740993");
    ht_dataset_free(data);
    put_arrays(y, 4); /* 2^53 may have been 2^53 + 1 */
    refuse("npy:set", (ht_data_options){0}, "label 3 is 9.0072e+15", "save them as strings");
    drop("set");
}

static void codes_keep_their_zeros(void **state)
{
    (void)state;
    static const char *const codes[] = {"02134", "2134", "10001"};
    begin("a,label\n");
    for (int i = 0; i < 60; i++) add("%.2f,%s\n", bell(), codes[i % 3]);
    put_text("z.csv", big);
    ht_dataset *data = LOAD("csv:z.csv", .dir = NULL);
    assert_int_equal(data->classes, 3);
    assert_string_equal(data->class_names[2], "02134");
    noted(data, "the labels '2134' and '02134' differ only in");
    ht_dataset_free(data);
}

/* ---- what to do -------------------------------------------------------------------------------- */

static void advice_helps(void **state)
{
    (void)state;
    begin("");
    for (int i = 0; i < 300; i++) add("%c,%.0f,%d\n", 'A' + i % 26, 15 * dice(), i % 4);
    put_text("w.csv", big);
    refuse("csv:w.csv", (ht_data_options){0}, "column 1 holds words",
           "--label 1 takes column 1, which has 26 values");
    begin("a,sex,label\n"); /* the label is named: sex is none */
    for (int i = 0; i < 60; i++) add("%.2f,%s,%d\n", bell(), i % 2 ? "m" : "f", i % 3);
    put_text("w.csv", big);
    ht_dataset *data = LOAD("csv:w.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 3);
    ht_dataset_free(data);
}

static void numbers_with_marks_and_units_are_no_words(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *hint;
    } made[] = {{"\"6,59%d\"", "mark thousands: write 1234.5"},
                {"1%d%", "without its unit"},
                {"$5%d", "without its unit"},
                {"5%d \u20ac", "without its unit"},
                {"\"1,00%d.5\"", "without marks between the thousands"},
                {"5%d %", "data.categories"}};
    for (size_t m = 0; m < sizeof made / sizeof made[0]; m++) {
        begin("a,b,label\n");
        for (int i = 0; i < 30; i++) {
            add("%.2f,", bell());
            char cell[64] = "";
            const char *at = strstr(made[m].cell, "%d"); /* a digit there */
            snprintf(cell, sizeof cell, "%.*s%d%s", (int)(at - made[m].cell), made[m].cell, i % 10, at + 2);
            add("%s,%d\n", cell, i % 2);
        }
        put_text("w.csv", big);
        refuse("csv:w.csv", (ht_data_options){0}, made[m].hint, "w.csv:2: column 2 'b' holds");
    }
    begin("a;b;label\n");
    for (int i = 0; i < 30; i++) add("0,%d5;%d.843;%d\n", i % 10, i % 7, i % 2);
    for (int i = 0; i < 9; i++) add("0,%d5;;%d\n", i % 10, i % 2);
    put_text("w.csv", big);
    refuse("csv:w.csv", (ht_data_options){0}, "column 2 'b' holds '0.843'",
           "other cells have decimal commas");
}

static void one_class_beside_missing_labels_is_told(void **state)
{
    (void)state;
    begin("a,label\n");
    for (int i = 0; i < 80; i++) add("%.2f,%s\n", bell(), i % 2 ? "NA" : "EU");
    put_text("w.csv", big);
    refuse("csv:w.csv", (ht_data_options){0}, "all 40 labels are 'EU'",
           "40 rows without a label ('NA') were left out");
}

/* ---- headers of numbers ------------------------------------------------------------------------ */

static void columns_called_by_numbers_are_taken_by_name(void **state)
{
    (void)state;
    begin("0,1,2,3\n");
    for (int i = 0; i < 100; i++) add("%d,%d,%.2f,%.3f\n", i % 3, i * 7 % 4, bell(), bell());
    put_text("n.csv", big);
    refuse("csv:n.csv", (ht_data_options){0}, "--label 0 takes column 1 '0', which has 3 values",
           "--label 1 takes column 2 '1', which has 4 values");
    ht_dataset *data = LOAD("csv:n.csv", .label = "0");
    assert_int_equal(data->classes, 3);
    fact(data, "label: column 1 '0', as data.label says");
    ht_dataset_free(data);
    data = LOAD("csv:n.csv", .label = "1");
    assert_int_equal(data->classes, 4);
    noted(data, "column 2 '1' is the label: data.label was taken for its name; column 1 is called '0'");
    ht_dataset_free(data);
    refuse("csv:n.csv", (ht_data_options){.label = "4"}, "no column is called '4'", "column 4 is called '3'");
    begin("1,2,label\n"); /* one of them, out of place */
    for (int i = 0; i < 60; i++) add("%d,%d,%d\n", i % 3, i % 2, i % 5);
    put_text("n.csv", big);
    data = LOAD("csv:n.csv", .label = "3");
    assert_int_equal(data->classes, 5);
    ht_dataset_free(data);
    begin("a,a,label\n");
    for (int i = 0; i < 60; i++) add("%d,%d,%d\n", i % 3, i % 2, i % 5);
    put_text("n.csv", big);
    refuse("csv:n.csv", (ht_data_options){.label = "a"}, "columns 1 and 2 are both called 'a'", NULL);
}

static void numbers_as_names_are_matched_across_files(void **state)
{
    (void)state;
    static const char *const heads[][2] = {{"0,1,2,3\n", "2,0,1,3\n"}, {"0,1,2,target\n", "2,0,1,target\n"}};
    for (int h = 0; h < 2; h++) {
        begin(heads[h][0]);
        for (int i = 0; i < 30; i++)
            add("%d.5,%d.25,%d.75,%d\n", i * 7 % 30, i * 11 % 30, i * 13 % 30, i % 3);
        put_text("one.csv", big);
        begin(heads[h][1]);
        for (int i = 0; i < 30; i++)
            add("%d.75,%d.5,%d.25,%d\n", i * 13 % 30, i * 7 % 30, i * 11 % 30, i % 3);
        put_text("two.csv", big);
        ht_dataset *data = LOAD("csv:one.csv,two.csv", .scale = HT_SCALE_NONE);
        assert_int_equal(data->test.count, 30);
        for (int i = 0; i < 90; i++) assert_true(data->train.x[i] == data->test.x[i]);
        noted(data, "two.csv: its columns are not those of the training file in the same order");
        ht_dataset_free(data);
    }
    begin("a,b,c,d\n"); /* other names: by place, and told */
    for (int i = 0; i < 30; i++) add("%.2f,%.2f,%.2f,%d\n", bell(), bell(), bell(), i % 3);
    put_text("one.csv", big);
    put_text("two.csv", big + strlen("a,b,c,d\n"));
    ht_dataset *data = LOAD("csv:one.csv,two.csv", .scale = HT_SCALE_NONE);
    noted(data, "two.csv: its columns are taken in the order of the training file");
    ht_dataset_free(data);
}

/* ---- words that look alike --------------------------------------------------------------------- */

static void labels_that_look_alike_are_told(void **state)
{
    (void)state;
    put_case("15-tables", "look_alikes.csv", "l.csv");
    ht_dataset *data = LOAD("csv:l.csv,l.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->classes, 4);
    assert_string_equal(data->class_names[3], "c?at");
    noted(data, "the labels 'Cat' and 'cat' differ only in capitals, spaces, hidden characters");
    noted(data, "and so are others");
    ht_dataset_free(data);
    static const char *const hidden[] = {"\u200b", "\u200c", "\u200d", "\ufeff",     "\u202e", "\u2066",
                                         "\u00ad", "\ufe0f", "\ue000", "\U000e0041", "\u2060"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        char text[32], name[32];
        snprintf(text, sizeof text, "a%sB ", hidden[i]);
        snprintf(name, sizeof name, "a%sB ", hidden[i]);
        ht_text_clean(text);
        assert_string_equal(text, "a?B ");
        ht_text_fold(name);
        assert_string_equal(name, "ab");
    }
    char kept[] = "  \u00c4\u0416\u03a9 z\u00fc\u65e5 ";
    ht_text_fold(kept);
    assert_string_equal(kept, "\u00e4\u0436\u03c9 z\u00fc\u65e5");
}

static void series_with_timestamps_are_refused_once(void **state)
{
    (void)state;
    put_text("T/T_TEST.ts", "@data\n1,2:a\n");
    put_text("T/T_TRAIN.ts", "@problemName T\n@timeStamps true\n@data\n(0,1),(1,2):a\n");
    refuse("ucr:T", (ht_data_options){0}, "T_TRAIN.ts:2: says @timeStamps true", "plain univariate");
    put_text("T/T_TRAIN.ts", "@univariate false\n@data\n1,2:1,2:a\n");
    refuse("ucr:T", (ht_data_options){0}, "T_TRAIN.ts:1: says @univariate false", NULL);
    put_text("T/T_TRAIN.ts",
             "@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n1,2:a\n3,4:b\n");
    ht_dataset_free(LOAD("ucr:T", .dir = NULL));
    drop("T");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_first_is_asked_for),
        cmocka_unit_test(a_guessed_label_is_told),
        cmocka_unit_test(names_of_labels_are_known),
        cmocka_unit_test(two_labels_are_asked_about),
        cmocka_unit_test(what_says_the_same_as_the_label_is_left_out),
        cmocka_unit_test(a_duplicate_with_gaps_is_left_out),
        cmocka_unit_test(a_one_hot_label_is_no_input),
        cmocka_unit_test(one_hot_labels_are_asked_about),
        cmocka_unit_test(headers_of_numbers_are_no_samples),
        cmocka_unit_test(a_first_line_unlike_the_others_is_asked_about),
        cmocka_unit_test(samples_first_are_seldom_asked_about),
        cmocka_unit_test(quantities_are_no_labels_in_any_format),
        cmocka_unit_test(many_classes_are_classes),
        cmocka_unit_test(a_scale_is_questioned_whatever_its_name),
        cmocka_unit_test(a_quantity_in_arrays_is_told_when_a_value_is_new),
        cmocka_unit_test(arrays_of_two_shapes_are_refused),
        cmocka_unit_test(labels_beyond_a_double_stay_apart),
        cmocka_unit_test(codes_keep_their_zeros),
        cmocka_unit_test(advice_helps),
        cmocka_unit_test(numbers_with_marks_and_units_are_no_words),
        cmocka_unit_test(one_class_beside_missing_labels_is_told),
        cmocka_unit_test(columns_called_by_numbers_are_taken_by_name),
        cmocka_unit_test(numbers_as_names_are_matched_across_files),
        cmocka_unit_test(labels_that_look_alike_are_told),
        cmocka_unit_test(series_with_timestamps_are_refused_once),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
