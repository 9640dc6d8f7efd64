/* What becomes of the columns of a table: numbers, categories, missing cells, columns that say nothing.
 * Values are by hand, or from the slow twin below. */
#include "test_tables.h"

#include <math.h>

#include "base/alloc.h"
#include "data/npy.h"
#include "data/write.h"

static ht_dataset *two(const char *train, const char *test, ht_data_options options)
{
    put_text("train.csv", train);
    put_text("test.csv", test);
    return load("csv:train.csv,test.csv", options);
}

#define TWO(train, test, ...) two(train, test, (ht_data_options){.scale = HT_SCALE_NONE, __VA_ARGS__})

static const ht_dataset_column *column(const ht_dataset *data, size_t number)
{
    assert_in_range(number, 1, data->column_count);
    return &data->columns[number - 1];
}

static void inputs_are(const ht_dataset *data, size_t number, int first, int inputs)
{
    assert_int_equal(column(data, number)->inputs, inputs);
    if (inputs) assert_int_equal(column(data, number)->first, first);
}

#define X_IS(part, ...)                                                                                      \
    do {                                                                                                     \
        const float wanted[] = {__VA_ARGS__};                                                                \
        assert_int_equal(sizeof wanted / sizeof wanted[0], (part).count * (size_t)data->inputs);             \
        for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++)                                        \
            if ((part).x[k] != wanted[k])                                                                    \
                fail_msg("value %zu is %g, not %g", k, (double)(part).x[k], (double)wanted[k]);              \
    } while (0)

/* ---- categories -------------------------------------------------------------------------------- */

static void words_become_an_input_each(void **state)
{
    (void)state;
    ht_dataset *data =
        TWO("size,colour,label\n1.5,red,a\n2.5,blue,b\n3.5,red,a\n", "7,blue,b\n8,red,a\n", .dir = NULL);
    assert_int_equal(data->inputs, 3);
    X_IS(data->train, 1.5f, 0, 1, 2.5f, 1, 0, 3.5f, 0, 1); /* blue before red */
    X_IS(data->test, 7, 1, 0, 8, 0, 1);
    assert_int_equal(data->column_count, 3);
    assert_int_equal(column(data, 1)->role, HT_COLUMN_NUMBERS);
    assert_int_equal(column(data, 2)->role, HT_COLUMN_CATEGORIES);
    assert_int_equal(column(data, 3)->role, HT_COLUMN_LABEL);
    assert_string_equal(column(data, 2)->name, "colour");
    assert_string_equal(column(data, 2)->words, "blue\nred\n");
    inputs_are(data, 1, 0, 1);
    inputs_are(data, 2, 1, 2);
    inputs_are(data, 3, 0, 0);
    ht_dataset_free(data);
}

static void a_missing_category_is_a_category_where_the_training_part_lacks_some(void **state)
{
    (void)state;
    static const char train[] = "1,red,a\n2,?,b\n3,blue,a\n", test[] = "4,NA,b\n";
    ht_dataset *data = TWO(train, test, .dir = NULL);
    X_IS(data->train, 1, 0, 1, 0, 2, 0, 0, 1, 3, 1, 0, 0);
    X_IS(data->test, 4, 0, 0, 1);
    assert_true(column(data, 2)->indicator);
    assert_int_equal(column(data, 2)->values, 2);
    assert_int_equal(column(data, 2)->train_missing, 1);
    assert_int_equal(column(data, 2)->test_missing, 1);
    noted(data, "2 missing cells in 1 column of words (column 2) are a category of their own");
    ht_dataset_free(data);
    data = TWO(train, test, .missing = HT_MISSING_MEDIAN);
    X_IS(data->train, 1, 0, 1, 2, 0, 0, 3, 1, 0);
    X_IS(data->test, 4, 0, 0);
    noted(data, "are of no category: its inputs are 0");
    ht_dataset_free(data);
    data = TWO("1,red,a\n2,red,b\n3,blue,a\n", test, .dir = NULL); /* only the test part lacks one */
    X_IS(data->test, 4, 0, 0);
    assert_false(column(data, 2)->indicator);
    ht_dataset_free(data);
    put_text("train.csv", train);
    refuse("csv:train.csv,test.csv", (ht_data_options){.missing = HT_MISSING_REFUSE},
           "train.csv:2: field 2 '?'", "data.missing=refuse");
}

static void a_category_of_the_test_part_alone_is_counted_and_named(void **state)
{
    (void)state;
    ht_dataset *data = TWO("c,b,label\nred,u,a\nblue,v,b\nred,u,b\n",
                           "c,b,label\nviolet,u,a\nred,w,b\npink,x,a\n", .dir = NULL);
    X_IS(data->test, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    assert_int_equal(column(data, 1)->test_unseen, 2);
    assert_int_equal(column(data, 2)->test_unseen, 2);
    noted(data, "4 cells of the test part, in 2 columns (column 1 'c', column 2 'b'), hold a category that "
                "the training "
                "part lacks, as 'violet'");
    ht_dataset_free(data);
}

/* One file: a rare word may fall into the test part. */
static void what_a_split_leaves_out_of_the_training_part_is_unseen(void **state)
{
    (void)state;
    char text[4096] = "word,number,label\n";
    for (int i = 0; i < 60; i++)
        sprintf(text + strlen(text), "%s,%d.5,%d\n",
                i == 17 ? "rare"
                : i % 3 ? "often"
                        : "at times",
                i, i % 2);
    put_text("one.csv", text);
    int unseen = 0, seen = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        ht_dataset *data = LOAD("csv:one.csv", .seed = seed, .scale = HT_SCALE_NONE);
        const ht_dataset_column *c = column(data, 1);
        bool in_test = false;
        for (size_t i = 0; i < data->test.count; i++)
            in_test = in_test || data->test.x[i * (size_t)data->inputs + (size_t)data->inputs - 1] == 17.5f;
        assert_int_equal(c->test_unseen, in_test);
        assert_int_equal(c->values, in_test ? 2 : 3);
        unseen += in_test, seen += !in_test;
        ht_dataset_free(data);
    }
    assert_true(unseen > 0 && seen > 0);
}

static void numbers_are_categories_where_a_person_says_so(void **state)
{
    (void)state;
    static const char train[] = "zip,kind,x,label\n02134,1,5,a\n2134,2,6,b\n02134,1.0,7,a\n";
    ht_dataset *data = TWO(train, "2134,2.0,8,b\n", .categories = "zip, 2");
    X_IS(data->train, 1, 0, 1, 0, 5, 0, 1, 0, 1, 6, 1, 0, 1, 0, 7); /* as numbers equal, so by their bytes */
    X_IS(data->test, 0, 1, 0, 1, 8);
    ht_dataset_free(data);
    data = TWO(train, "2134,2.0,8,b\n", .dir = NULL);
    assert_int_equal(data->inputs, 3);
    ht_dataset_free(data);
    refuse("csv:train.csv,test.csv", (ht_data_options){.categories = "zop"}, "there is no column 'zop'",
           "did you mean 'zip'");
    refuse("csv:train.csv,test.csv", (ht_data_options){.categories = "9"}, "there is no column '9'",
           "from 1 to 4");
    refuse("teacher", (ht_data_options){.categories = "zip"}, "data.categories", "has no columns");
}

/* As UCI's mushrooms: no header, no number. The first row is a sample, and blanks and numbers in words cut
 * nothing. */
static void a_table_of_words_needs_no_header(void **state)
{
    (void)state;
    static const char *const caps[] = {"flat", "bell shaped", "knobbed"}, *const rooms[] = {"room 5",
                                                                                            "room 7"};
    for (int head = 0; head < 2; head++) {
        char text[8192] = "";
        if (head) strcpy(text, "cap,odour of it,where\n");
        for (int i = 0; i < 40; i++)
            sprintf(text + strlen(text), "%s,%s,%s\n", caps[i % 3], i % 5 ? "almond" : "none at all",
                    rooms[i * 7 % 4 / 2]);
        put_text("one.csv", text);
        ht_dataset *data = LOAD("csv:one.csv", .dir = NULL);
        assert_int_equal(data->train.count + data->test.count, 40);
        assert_int_equal(data->inputs, 5);
        assert_int_equal(data->classes, 2);
        assert_string_equal(column(data, 1)->name, head ? "cap" : "");
        assert_string_equal(column(data, 1)->words, "bell shaped\nflat\nknobbed\n");
        ht_dataset_free(data);
    }
}

/* ---- missing numbers --------------------------------------------------------------------------- */

static void a_missing_number_is_the_median_and_an_input_says_so(void **state)
{
    (void)state;
    static const char train[] = "1,2,0\n3,?,1\n5,4,0\n10,NA,1\n,8,0\n"; /* medians 4 and 4 */
    ht_dataset *data = TWO(train, "100,NaN,0\nnull,7,1\n", .dir = NULL);
    X_IS(data->train, 1, 0, 2, 0, 3, 0, 4, 1, 5, 0, 4, 0, 10, 0, 4, 1, 4, 1, 8, 0);
    X_IS(data->test, 100, 0, 4, 1, 4, 1, 7, 0);
    assert_true(column(data, 1)->median == 4 && column(data, 1)->indicator);
    inputs_are(data, 2, 2, 2);
    noted(data, "5 missing cells in 2 columns (column 1, column 2) got the median of the column's training "
                "part, and 2 of "
                "these columns one more input");
    ht_dataset_free(data);
    data = TWO("1,2,0\n3,3,1\n8,4,0\n", "?,5,0\n",
               .dir = NULL); /* no training sample could teach an indicator */
    X_IS(data->test, 3, 5);
    assert_false(column(data, 1)->indicator);
    ht_dataset_free(data);
}

/* ---- scaling ----------------------------------------------------------------------------------- */

/* Slow and obvious: mean and deviation of the numbers, by the training part, missing ones as the median. */
static void only_numbers_are_scaled_and_by_the_training_part(void **state)
{
    (void)state;
    static const double numbers[] = {100, 300, 200, 300, 900}; /* the fourth is missing: the median is 250 */
    ht_dataset *data =
        two("n,c,label\n100,red,0\n300,blue,1\n200,red,0\n?,blue,1\n900,red,1\n",
            "n,c,label\n1e6,red,0\n250,blue,1\n", (ht_data_options){.scale = HT_SCALE_STANDARD});
    double sum = 0, squares = 0;
    for (int i = 0; i < 5; i++) sum += i == 3 ? 250 : numbers[i];
    double mean = sum / 5;
    for (int i = 0; i < 5; i++) squares += pow((i == 3 ? 250 : numbers[i]) - mean, 2);
    double deviation = sqrt(squares / 5);
    assert_int_equal(data->inputs, 4);
    for (int i = 0; i < 5; i++) {
        const float *x = data->train.x + 4 * i;
        assert_true(fabs((double)x[0] - ((i == 3 ? 250 : numbers[i]) - mean) / deviation) < 1e-6);
        assert_true(x[1] == (i == 3) && x[2] == (i % 2 == 1) && x[3] == (i % 2 == 0));
    }
    assert_true(fabs((double)data->test.x[0] - (1e6 - mean) / deviation) < 1e-3);
    assert_true(fabs(column(data, 1)->shift - mean) < 1e-9 &&
                fabs(column(data, 1)->divisor - deviation) < 1e-9);
    ht_dataset_free(data);
    data = two("n,c,label\n100,red,0\n300,blue,1\n200,red,0\n", "n,c,label\n100,red,0\n",
               (ht_data_options){.scale = HT_SCALE_MINMAX});
    X_IS(data->train, 0, 0, 1, 1, 1, 0, 0.5f, 0, 1);
    ht_dataset_free(data);
}

static void words_alone_make_a_table(void **state)
{
    (void)state;
    ht_dataset *data = two("p,q,label\nu,v,a\nw,x,b\nu,x,b\n", "p,q,label\nw,v,a\n", (ht_data_options){0});
    X_IS(data->train, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1);
    fact(data, "scale: inputs of 0 and 1 stay as they are");
    ht_dataset_free(data);
    put_text("one.csv", "p,q,label\nu,v,\nw,x,?\n");
    refuse("csv:one.csv", (ht_data_options){0}, "none of its 2 rows has a label, which is column 3",
           "--label");
}

/* ---- columns that say nothing ------------------------------------------------------------------ */

static void columns_that_say_nothing_are_left_out_and_named(void **state)
{
    (void)state;
    char text[8192] = "name,same,x,seven,label\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "n%d,yes,%d.5,7,%d\n", i * 7 % 40, i % 9, i % 2);
    put_text("one.csv", text);
    ht_dataset *data = LOAD("csv:one.csv", .scale = HT_SCALE_STANDARD);
    assert_int_equal(data->inputs, 2);
    assert_int_equal(column(data, 1)->role, HT_COLUMN_LEFT_OUT);
    noted(data, "column 1 'name' is left out (each training sample has a word of its own there: names)");
    noted(data, "column 2 'same' is left out (all training samples have the same word there)");
    noted(data,
          "1 of 2 inputs are constant in the training part (column 4 'seven') and were set to 0 everywhere");
    assert_true(column(data, 4)->divisor == 0 && data->train.x[1] == 0);
    ht_dataset_free(data);
    /* Asked for, names are categories; and a column with a value in the test part alone has none to learn. */
    data = LOAD("csv:one.csv", .categories = "name");
    assert_int_equal(column(data, 1)->values, data->train.count);
    ht_dataset_free(data);
    data = TWO("a,b,y\n?,1,0\n?,2,1\n,3,0\n", "5,4,1\n", .dir = NULL);
    assert_int_equal(data->inputs, 1);
    noted(data, "column 1 'a' is left out");
    ht_dataset_free(data);
    put_text("train.csv", "a,y\nu,0\nu,1\nu,0\n");
    put_text("test.csv", "a,y\nu,0\n");
    refuse("csv:train.csv,test.csv", (ht_data_options){0},
           "no column is left for the inputs: column 1 'a' is left out (all training", NULL);
    put_text("train.csv", "a,y\n1,u\n2,v\n3,u\n4,v\n5,u\n6,v\n7,u\n8,v\n9,u\n10,v\n11,u\n12,v\n");
    refuse("csv:train.csv", (ht_data_options){0}, "and column 1 'a' is left out (row numbers", NULL);
}

static void numbers_that_all_differ_are_named(void **state)
{
    (void)state;
    char text[8192] = "x,ticket,label\n";
    for (int i = 0; i < 50; i++)
        sprintf(text + strlen(text), "%d.5,%d,%d\n", i % 9, 1000 + i * 37 % 50 * 13, i % 2);
    put_text("one.csv", text);
    ht_dataset *data = LOAD("csv:one.csv", .dir = NULL);
    noted(data, "column 2 'ticket' holds whole numbers of which no two are equal");
    ht_dataset_free(data);
}

static void words_that_nearly_all_differ_are_told(void **state)
{
    (void)state;
    char text[8192] = "x,ticket,label\n";
    for (int i = 0; i < 50; i++) sprintf(text + strlen(text), "%d.5,t%d,%d\n", i % 9, i < 10 ? 0 : i, i % 2);
    put_text("one.csv", text);
    ht_dataset *data = LOAD("csv:one.csv", .dir = NULL);
    noted(data, "column 2 'ticket': most cells hold a word that no other training sample has");
    ht_dataset_free(data);
}

/* ---- mixtures ---------------------------------------------------------------------------------- */

static void words_among_numbers_are_refused_where_they_are_met(void **state)
{
    (void)state;
    put_text("one.csv", "x,age,label\n1,30,a\n2,40,b\n3,old,a\n4,50,b\n5,60,a\n6,20,b\n");
    refuse("csv:one.csv", (ht_data_options){0}, "one.csv:4: field 2 'old' is not a finite number",
           "name the column 'age' in data.categories");
    ht_dataset *data = LOAD("csv:one.csv", .categories = "age");
    assert_int_equal(column(data, 2)->role, HT_COLUMN_CATEGORIES);
    ht_dataset_free(data);
}

static void numbers_among_words_are_told_with_their_line(void **state)
{
    (void)state;
    put_text("one.csv",
             "x,room,label\n1,A1,a\n2,A2,b\n3,7,a\n4,A1,b\n5,A2,a\n6,7,b\n7,A1,a\n8,A2,b\n9,A1,a\n");
    ht_dataset *data = LOAD("csv:one.csv", .scale = HT_SCALE_NONE);
    noted(data, "one.csv:2: column 2 'room' holds words, as 'A1', and 2 numbers, the first in line 4");
    assert_int_equal(column(data, 2)->role, HT_COLUMN_CATEGORIES);
    ht_dataset_free(data);
}

/* A guessed label beside one column of words: which of the two? */
static void a_guess_asks_before_it_takes_the_label_for_an_input(void **state)
{
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%s,%d,%d\n", i % 2 ? "cat" : "dog", i % 7, i % 3);
    put_text("one.csv", text);
    refuse("csv:one.csv", (ht_data_options){0}, "column 1 holds words, as 'dog': is it the label",
           "--label 1 takes column 1");
    ht_dataset *data = LOAD("csv:one.csv", .label = "3");
    assert_int_equal(data->inputs, 3);
    ht_dataset_free(data);
    data = LOAD("csv:one.csv", .label = "1");
    assert_int_equal(data->inputs, 2);
    ht_dataset_free(data);
}

/* ---- many categories --------------------------------------------------------------------------- */

static void put_many(int rows, int words)
{
    FILE *file;
    char path[512];
    snprintf(path, sizeof path, "%s/many.csv", work_dir);
    assert_non_null(file = fopen(path, "w"));
    fputs("x,city,label\n", file);
    for (int i = 0; i < rows; i++) fprintf(file, "%d.5,c%d,%d\n", i % 13, i % words, i % 2);
    fclose(file);
}

static void a_thousand_categories_are_taken_and_no_more(void **state)
{
    (void)state;
    put_many(200000, 100000);
    refuse("csv:many.csv,many.csv", (ht_data_options){0}, "column 2 'city' holds 100000 categories, as 'c0'",
           "more than 1000 are not taken");
    put_many(3000, 1001);
    refuse("csv:many.csv,many.csv", (ht_data_options){0}, "holds 1001 categories", NULL);
    put_many(3000, 1000);
    ht_dataset *data = LOAD("csv:many.csv,many.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 1001);
    for (size_t i = 0; i < data->train.count; i++) {
        int ones = 0;
        for (int k = 1; k <= 1000; k++) ones += data->train.x[i * 1001 + (size_t)k] == 1;
        assert_int_equal(ones, 1);
    }
    ht_dataset_free(data);
}

static size_t largest;

static bool remember_largest(size_t bytes)
{
    if (bytes > largest) largest = bytes;
    return true;
}

/* 3 columns of 1000 categories and 400 000 rows are 4.8 GB: told, not tried. */
static void memory_is_counted_before_it_is_asked_for(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/large.csv", work_dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("p,q,r,label\n", file);
    for (int i = 0; i < 400000; i++)
        fprintf(file, "a%d,b%d,c%d,%d\n", i % 1000, i * 7 % 1000, i * 3 % 1000, i % 2);
    fclose(file);
    largest = 0;
    ht_alloc_ask(remember_largest);
    refuse("csv:large.csv,large.csv", (ht_data_options){.scale = HT_SCALE_NONE},
           "400000 samples of 3000 inputs are more than 4 GB", "data.train_limit");
    ht_alloc_ask(NULL);
    assert_true(largest < 100 << 20);
    ht_dataset *data = LOAD("csv:large.csv,large.csv", .train_limit = 100, .test_limit = 100);
    assert_int_equal(data->inputs, 3000);
    ht_dataset_free(data);
}

/* ---- labels ------------------------------------------------------------------------------------ */

static void a_class_of_one_sample_stays_in_the_training_part_and_is_named(void **state)
{
    (void)state;
    char text[4096] = "x,label\n";
    for (int i = 0; i < 30; i++)
        sprintf(text + strlen(text), "%d.5,%s\n", i, i == 11 ? "lonely" : i % 2 ? "a" : "b");
    put_text("one.csv", text);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        ht_dataset *data = LOAD("csv:one.csv", .seed = seed, .split = 0.5);
        size_t train = 0, test = 0;
        for (size_t i = 0; i < data->train.count; i++) train += data->train.labels[i] == 2;
        for (size_t i = 0; i < data->test.count; i++) test += data->test.labels[i] == 2;
        assert_int_equal(train, 1);
        assert_int_equal(test, 0);
        noted(data, "the class 'lonely' has one sample, which is in the training part");
        ht_dataset_free(data);
    }
}

/* ---- ARFF -------------------------------------------------------------------------------------- */

static void declared_values_are_the_categories(void **state)
{
    (void)state;
    static const char head[] =
        "@relation r\n@attribute size numeric\n@attribute kind {tall, 'very small', 2, never}\n"
        "@attribute code {1,2}\n@attribute free string\n@attribute class {x,y}\n@data\n";
    char text[2048];
    snprintf(text, sizeof text, "%s1,'very small',2,hi,x\n2,tall,1,ho,y\n3,2.0,1,hi,x\n?,?,2,ho,y\n", head);
    put_text("train.arff", text);
    snprintf(text, sizeof text, "%s9,never,1,hum,x\n8,tall,2,hi,y\n", head);
    put_text("test.arff", text);
    ht_dataset *data = LOAD("csv:train.arff,test.arff", .scale = HT_SCALE_NONE);
    assert_string_equal(column(data, 2)->words,
                        "tall\nvery small\n2\nnever\n"); /* in the order of the header */
    inputs_are(data, 1, 0, 2);
    inputs_are(data, 2, 2, 5); /* four declared, and missing */
    inputs_are(data, 3, 7, 2);
    inputs_are(data, 4, 9, 2);
    X_IS(data->train, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, /**/ 2, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, /**/ 3, 0, 0, 0,
         1, 0, 0, 1, 0, 1, 0, /**/ 2, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1);
    /* A declared value that no training sample has is unseen like others. */
    X_IS(data->test, 9, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, /**/ 8, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0);
    assert_int_equal(column(data, 2)->test_unseen, 1);
    noted(data, "as 'never'");
    ht_dataset_free(data);
}

/* ---- out again --------------------------------------------------------------------------------- */

static void what_is_written_is_read_as_the_same_numbers(void **state)
{
    (void)state;
    char dir[512], name[600];
    ht_error err = {0};
    ht_dataset *data = LOAD("table-synth", .seed = 3);
    snprintf(dir, sizeof dir, "%s/out/deep", work_dir);
    assert_int_equal(ht_dataset_write_npy(data, dir, &err), HT_OK);
    snprintf(name, sizeof name, "npy:%s", dir);
    ht_dataset *again = LOAD(name, .scale = HT_SCALE_NONE);
    assert_int_equal(again->inputs, data->inputs);
    assert_int_equal(again->classes, data->classes);
    assert_int_equal(again->train.count, data->train.count);
    assert_memory_equal(again->train.x, data->train.x,
                        data->train.count * (size_t)data->inputs * sizeof(float));
    assert_memory_equal(again->test.x, data->test.x, data->test.count * (size_t)data->inputs * sizeof(float));
    assert_memory_equal(again->train.labels, data->train.labels, data->train.count * sizeof(int32_t));
    assert_memory_equal(again->test.labels, data->test.labels, data->test.count * sizeof(int32_t));
    ht_dataset_free(again);
    assert_int_equal(ht_dataset_write_npy(data, dir, &err), HT_FAIL); /* nothing is overwritten */
    assert_non_null(strstr(err.text, "X_train.npy: is there already"));
    ht_dataset_free(data);
    data = LOAD("digits-synth", .train_limit = 20, .test_limit = 10);
    snprintf(dir, sizeof dir, "%s/pictures", work_dir);
    assert_int_equal(ht_dataset_write_npy(data, dir, &err), HT_OK);
    snprintf(name, sizeof name, "npy:%s", dir);
    again = LOAD(name, .scale = HT_SCALE_NONE);
    assert_int_equal(again->channels * 10000 + again->height * 100 + again->width, 12828);
    ht_dataset_free(again), ht_dataset_free(data);
}

/* ---- memory ------------------------------------------------------------------------------------ */

static size_t asked, fails_at;

static bool fail_once(size_t bytes)
{
    (void)bytes;
    return asked++ != fails_at;
}

/* Every allocation may fail: an error, or the set without a note, and nothing is lost (the sanitizers look).
 */
static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    ht_error err;
    char text[8192] = "x,colour,name,size,label\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%s,%s,n%d,%d,%d\n", i % 11 ? "1.5" : "?",
                i % 3   ? "red"
                : i % 2 ? ""
                        : "blue",
                i, i % 7 + 70, i % 2);
    put_text("one.csv", text);
    ht_data_options options = {.dir = work_dir, .seed = 1, .categories = "size"};
    size_t failed = 0;
    for (fails_at = 0;; fails_at++) {
        asked = 0;
        ht_alloc_ask(fail_once);
        err = (ht_error){0};
        ht_dataset *data = ht_dataset_load("csv:one.csv", &options, &err);
        ht_alloc_ask(NULL);
        if (!data && !strstr(err.text, "memory")) fail_msg("allocation %zu: %s", fails_at, err.text);
        failed += !data;
        ht_dataset_free(data);
        if (asked <= fails_at) break; /* none failed any more */
    }
    assert_true(failed > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_an_input_each),
        cmocka_unit_test(a_missing_category_is_a_category_where_the_training_part_lacks_some),
        cmocka_unit_test(a_category_of_the_test_part_alone_is_counted_and_named),
        cmocka_unit_test(what_a_split_leaves_out_of_the_training_part_is_unseen),
        cmocka_unit_test(numbers_are_categories_where_a_person_says_so),
        cmocka_unit_test(a_missing_number_is_the_median_and_an_input_says_so),
        cmocka_unit_test(only_numbers_are_scaled_and_by_the_training_part),
        cmocka_unit_test(words_alone_make_a_table),
        cmocka_unit_test(a_table_of_words_needs_no_header),
        cmocka_unit_test(columns_that_say_nothing_are_left_out_and_named),
        cmocka_unit_test(numbers_that_all_differ_are_named),
        cmocka_unit_test(words_that_nearly_all_differ_are_told),
        cmocka_unit_test(words_among_numbers_are_refused_where_they_are_met),
        cmocka_unit_test(numbers_among_words_are_told_with_their_line),
        cmocka_unit_test(a_guess_asks_before_it_takes_the_label_for_an_input),
        cmocka_unit_test(a_thousand_categories_are_taken_and_no_more),
        cmocka_unit_test(memory_is_counted_before_it_is_asked_for),
        cmocka_unit_test(a_class_of_one_sample_stays_in_the_training_part_and_is_named),
        cmocka_unit_test(declared_values_are_the_categories),
        cmocka_unit_test(what_is_written_is_read_as_the_same_numbers),
        cmocka_unit_test(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
