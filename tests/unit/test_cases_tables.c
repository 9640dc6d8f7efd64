/* Tables as other programs write them: every way to lose a number in silence has its test here. Values are
 * from NumPy, or by hand. */
#include "test_data_files.h"

#include <math.h>

#include "base/text.h"
#include "data/npy.h"
#include "unit/test_tables.h"

static size_t of_class(const ht_samples *part, int class)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++) count += part->labels[i] == class;
    return count;
}

static void near(double value, double right, double within)
{
    if (!(fabs(value - right) <= within)) fail_msg("%.9g is not %.9g", value, right);
}

/* Train and test file; the test file has the rows of the training file when `test` is NULL. */
static ht_dataset *two(const char *train, const char *test)
{
    put_text("train.csv", train);
    put_text("test.csv", test ? test : train);
    return LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_NONE);
}

/* ---- headers ----------------------------------------------------------------------------------- */

/* `header`, then `rows` rows of four numbers and a label 0, 1, 2 in turn; `shift` makes other numbers. */
static const char *flowers(const char *header, int rows, int shift)
{
    static char text[8192];
    int used = snprintf(text, sizeof text, "%s", header);
    for (int i = 0; i < rows; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%d.%d,3.%d,1.%d,0.%d,%d\n", 4 + i % 3,
                         (i + shift) % 10, (i * 3 + shift) % 10, (i * 7) % 10, (i * 9) % 10, i % 3);
    return text;
}

static void a_counting_first_line_is_a_header(void **state)
{
    (void)state;
    static const char *const heads[] = {"0,1,2,3,4\n", "1,2,3,4,5\n", "0,1,2,3,target\n",
                                        "\"0\",\"1\",\"2\",\"3\",\"4\"\n"};
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
        put_text("train.csv", flowers(heads[h], 30, 0));
        put_text("test.csv", flowers(heads[h], 9, 5));
        ht_dataset *data = LOAD("csv:train.csv,test.csv", .dir = NULL);
        assert_int_equal(data->classes, 3);
        assert_int_equal(data->train.count, 30);
        assert_int_equal(data->test.count, 9);
        assert_true(data->train.x[0] == 4.0f);
        if (h < 2) noted(data, "taken for a header");
        ht_dataset_free(data);
    }
}

static void a_sample_is_no_header(void **state)
{
    (void)state;
    /* Short rows that count may be samples; their last value occurs as a label. */
    ht_dataset *data = two("1,2,3\n4,5,4\n7,9,3\n2,2,4\n", "1,2,3\n");
    assert_int_equal(data->train.count, 4);
    assert_int_equal(data->test.count, 1);
    ht_dataset_free(data);
    data = two("0,1\n0.5,0\n2,1\n", NULL);
    assert_int_equal(data->train.count, 3);
    ht_dataset_free(data);
    /* The same file twice. */
    data = two(flowers("", 30, 0), NULL);
    assert_int_equal(data->train.count, 30);
    assert_int_equal(data->test.count, 30);
    ht_dataset_free(data);
}

static void the_same_numbers_over_both_files_are_a_header(void **state)
{
    (void)state;
    put_text("train.csv", flowers("5.1,3.5,1.4,0.2,0\n", 30, 0));
    put_text("test.csv", flowers("5.1,3.5,1.4,0.2,0\n", 9, 5));
    ht_dataset *data = LOAD("csv:train.csv,test.csv", .dir = NULL);
    assert_int_equal(data->train.count, 30);
    assert_int_equal(data->test.count, 9);
    noted(data, "taken for a header");
    ht_dataset_free(data);
}

static void columns_of_the_test_file_are_matched_by_name(void **state)
{
    (void)state;
    put_text("train.csv", "a,b,kind,label\n1,2,7,x\n3,4,8,y\n5,6,9,x\n");
    put_text("test.csv", "label,more,b,kind,a\ny,0,20,70,10\nx,0,40,80,30\n");
    ht_dataset *data = LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_NONE);
    static const float test[] = {10, 20, 70, 30, 40, 80};
    assert_memory_equal(data->test.x, test, sizeof test);
    assert_int_equal(data->test.labels[0], 1);
    noted(data, "matched by name");
    noted(data, "column 2 'more' is not in the training file and is not used");
    ht_dataset_free(data);
    put_text("test.csv", "label,b,kind\ny,20,70\n");
    refuse("csv:train.csv,test.csv", (ht_data_options){0}, "test.csv:1: has not just one column 'a'",
           "same columns");
}

/* ---- what is left out -------------------------------------------------------------------------- */

static void row_numbers_are_left_out(void **state)
{
    (void)state;
    static const char *const heads[] = {"Id,a,label\n", ",a,label\n", "Unnamed: 0,a,label\n",
                                        "a,PassengerId,label\n", ""};
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
        char text[1024];
        int used = snprintf(text, sizeof text, "%s", heads[h]);
        for (int i = 0; i < 20; i++)
            used +=
                snprintf(text + used, sizeof text - (size_t)used, h == 3 ? "0.%d,%d,%d\n" : "%d,0.%d,%d\n",
                         h == 3 ? i % 7 : i + 1, h == 3 ? i + 1 : i % 7, i % 2);
        ht_dataset *data = two(text, NULL);
        assert_int_equal(data->inputs, 1);
        assert_true(data->train.x[3] == 0.3f);
        noted(data, "is left out");
        ht_dataset_free(data);
    }
}

static void an_index_that_was_shuffled_is_left_out_by_its_name(void **state)
{
    (void)state;
    put_case("15-tables", "pandas_index.csv", "p.csv");
    ht_dataset *data = LOAD("csv:p.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 4);
    assert_int_equal(data->train.count + data->test.count, 30);
    noted(data, "column 1 is left out");
    ht_dataset_free(data);
    put_case("15-tables", "r_table.txt", "r.txt");
    data = LOAD("csv:r.txt", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 3);
    assert_int_equal(data->classes, 3);
    fact(data, "label: column 5 'kind'");
    ht_dataset_free(data);
}

static void whole_numbers_that_rise_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int first, step;
    } made[] = {{"dose_mg,a,label\n", 2, 5}, {"age,a,label\n", 18, 1}, {"a,t,label\n", 0, 2}, {"", 7, 2}};
    for (size_t m = 0; m < sizeof made / sizeof made[0]; m++) {
        char text[1024];
        int used = snprintf(text, sizeof text, "%s", made[m].head);
        for (int i = 0; i < 30; i++) {
            int value = made[m].first + made[m].step * i;
            used +=
                snprintf(text + used, sizeof text - (size_t)used, m == 2 ? "0.%d,%d,%d\n" : "%d,0.%d,%d\n",
                         m == 2 ? i % 7 : value, m == 2 ? value : i % 7, i % 2);
        }
        ht_dataset *data = two(text, NULL);
        assert_int_equal(data->inputs, 2);
        noted(data, "holds whole numbers that rise from row to row and is taken for an input");
        ht_dataset_free(data);
    }
}

static void a_column_that_may_number_the_samples_is_told(void **state)
{
    (void)state;
    char text[2048] = "";
    for (int i = 0; i < 30; i++)
        sprintf(text + strlen(text), "%d,0.%d,%d\n", 842302 + i * 7919 % 1009, i % 7, i % 2);
    ht_dataset *data = two(text, NULL);
    assert_int_equal(data->inputs, 2);
    noted(data, "column 1 holds whole numbers of which no two are equal");
    ht_dataset_free(data);
}

static void numbers_with_fractions_are_never_row_numbers(void **state)
{
    (void)state;
    char text[1024];
    int used = snprintf(text, sizeof text, "id,b,label\n");
    for (int i = 0; i < 20; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%d.5,%d,%d\n", i, i * i % 7, i % 2);
    ht_dataset *data = two(text, NULL);
    assert_int_equal(data->inputs, 2);
    ht_dataset_free(data);
}

/* ---- the label --------------------------------------------------------------------------------- */

static void a_quantity_is_questioned_as_a_label(void **state)
{
    (void)state;
    put_case("15-tables", "label_first.csv", "w.csv");
    refuse("csv:w.csv", (ht_data_options){0}, "look like a quantity",
           "--label 1 takes column 1, which has 3 values");
    ht_dataset *data = LOAD("csv:w.csv", .label = "1");
    assert_int_equal(data->classes, 3);
    assert_int_equal(data->inputs, 4);
    fact(data, "label: column 1, as data.label says");
    ht_dataset_free(data);
    refuse("csv:w.csv", (ht_data_options){.label = "6"}, "no column '6'", "1 to 5");
    refuse("teacher", (ht_data_options){.label = "1"}, "no columns to choose", "teacher");
}

static void the_label_is_found_by_name_or_number(void **state)
{
    (void)state;
    static const char text[] = "kind,a,b\nx,1,2\ny,3,4\nx,5,7\ny,6,9\n";
    put_text("t.csv", text);
    static const char *const ways[] = {"kind", "KIND", "1"};
    for (int w = 0; w < 3; w++) {
        ht_dataset *data = LOAD("csv:t.csv", .label = ways[w], .scale = HT_SCALE_NONE, .split = 0.5);
        assert_int_equal(data->inputs, 2);
        assert_string_equal(data->class_names[1], "y");
        ht_dataset_free(data);
    }
    refuse("csv:t.csv", (ht_data_options){.label = "kinda"}, "did you mean 'kind'", "1 to 3");
    refuse("csv:t.csv", (ht_data_options){0}, "column 1 'kind' holds words",
           "--label 1 takes column 1 'kind'");
}

static void samples_without_a_label_are_left_out_and_told(void **state)
{
    (void)state;
    ht_dataset *data = two("1,2,0\n3,4,1\n5,6,?\n7,8,\n", "1,2,0\n2,2,NA\n");
    assert_int_equal(data->train.count, 2);
    assert_int_equal(data->test.count, 1);
    noted(data, "train.csv: 2 rows without a label are left out");
    noted(data, "test.csv: 1 row without a label is left out");
    ht_dataset_free(data);
    data = two("1,2,none\n3,4,some\n5,6,none\n", NULL); /* a class may be called so */
    assert_int_equal(data->train.count, 3);
    ht_dataset_free(data);
}

/* ---- dialects ---------------------------------------------------------------------------------- */

static void a_spreadsheets_export_is_read(void **state)
{
    (void)state;
    put_case("15-tables", "excel_de.csv", "e.csv");
    ht_dataset *data = LOAD("csv:e.csv,e.csv", .scale = HT_SCALE_NONE, .missing = HT_MISSING_MEDIAN);
    assert_int_equal(data->train.count, 30);
    assert_int_equal(data->inputs, 3);
    assert_string_equal(data->class_names[0], "Caf\xc3\xa9");
    assert_string_equal(data->class_names[2], "\xc3\x9c"
                                              "bung");
    near((double)data->train.x[0], 13.5, 1e-6);
    near((double)data->train.x[4 * 3 + 1], 1.91, 1e-6); /* numpy.median of the 29 others */
    near((double)data->train.x[9 * 3 + 2], 21.1, 1e-6);
    noted(data, "Windows-1252");
    noted(data, "4 missing cells in 2 columns");
    fact(data, "';' between fields, decimal comma, a header");
    ht_dataset_free(data);
}

static void bytes_in_many_forms_are_one_table(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "1.5,2,0\n3,4,1\n",
        ("\xef\xbb\xbf"
         "1.5,2,0\r\n3,4,1\r\n"),
        "1.5,2,0\r3,4,1\r",
        "1.5,2,0,\n3,4,1,\n\n",
        "# made\n# by hand\n1.5,2,0\n3,4,1",
        "\"1.5\",\"2\",\"0\"\n\"3\",\"4\",\"1\"\n",
        "1,5;2;0\n3;4;1\n",
        "1.5\t2\t0\n3\t4\t1\n",
        "1.5|2|0\n3|4|1\n",
        "  1.5   2 0\n3\t4  1  \n",
        "1,5 2 0\n3 4 1\n",
        "sep=;\n1.5;2;0\n3;4;1\n",
        "1.5, 2, 0\n3, 4, 1\n,,\n",
        "a,b,c,\n1.5,2,0,\n3,4,1,\n",
        "a;b;c\n1.5;2;0;\n3;4;1;\n",
    };
    static const float right[] = {1.5f, 2, 3, 4};
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        ht_dataset *data = two(forms[f], NULL);
        if (data->inputs != 2 || data->train.count != 2 || data->classes != 2 ||
            memcmp(data->train.x, right, sizeof right) != 0)
            fail_msg("form %zu was read as %d inputs, %zu samples, %d classes", f, data->inputs,
                     data->train.count, data->classes);
        ht_dataset_free(data);
    }
    put("train.csv",
        "\xff\xfe"
        "1\0,\0",
        6);
    put_text("test.csv", "1,2,0\n");
    refuse("csv:train.csv,test.csv", (ht_data_options){0}, "UTF-16", "UTF-8");
}

static void marks_between_thousands_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\"1,234\",2,0\n3,4,1\n", "1.234,5;2;0\n3,5;4;1\n",
                                      "1,5;1.234;0\n3,5;4;1\n7,5;4;1\n", "1.5;1,234;0\n3.5;4;1\n7.5;4;1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_text("train.csv", bad[i]);
        put_text("test.csv", "1,2,0\n");
        refuse("csv:train.csv,test.csv", (ht_data_options){0}, "train.csv:1:", "thousands");
    }
}

static void a_doubtful_mark_is_told(void **state)
{
    (void)state;
    ht_dataset *data = two("1,234;2;0\n3,456;4;1\n", NULL);
    assert_true(data->train.x[0] == 1.234f);
    noted(data, "if it parts thousands");
    ht_dataset_free(data);
    data = two("1,234;2;0\n3,4;4;1\n", NULL);
    assert_null(strstr(data->notes, "thousands"));
    ht_dataset_free(data);
}

static void true_and_false_are_numbers(void **state)
{
    (void)state;
    static const float right[] = {1, 2, 0, 4};
    ht_dataset *data = two("a,b,y\nTrue,2,True\nFalse,4,False\n", NULL);
    assert_memory_equal(data->train.x, right, sizeof right);
    assert_string_equal(data->class_names[1], "True");
    ht_dataset_free(data);
}

/* ---- 200 random tables ------------------------------------------------------------------------- */

static uint32_t dice_state;

static int dice(int sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (int)((dice_state >> 8) % (uint32_t)sides);
}

enum { MOST_ROWS = 30, MOST_INPUTS = 6 };

typedef struct made_table {
    int rows, inputs, classes, label_at;
    bool id; /* a column of row numbers at the front */
    float x[MOST_ROWS][MOST_INPUTS];
    char cells[MOST_ROWS][MOST_INPUTS][32];
    int labels[MOST_ROWS];
    const char *words[4];
} made_table;

static void make_table(made_table *t)
{
    static const char *const words[][4] = {{"0", "1", "2", "3"},
                                           {"-1", "1", "5", "7.5"},
                                           {"cat", "dog", "eel", "fox"},
                                           {"a \"b\"", "a,b;c", "a|b", "a\tb"},
                                           {"1 000", "Zo\xc3\xab", "\xce\xb1", "\xe4\xb8\xad"}};
    int kind = dice(5);
    *t = (made_table){
        .rows = 12 + dice(MOST_ROWS - 11), .inputs = 1 + dice(MOST_INPUTS), .classes = 2 + dice(3)};
    t->id = dice(3) == 0;
    t->label_at = dice(2) ? t->inputs : dice(t->inputs + 1); /* among inputs and label */
    memcpy(t->words, words[kind], sizeof t->words);
    for (int i = 0; i < t->rows; i++) {
        t->labels[i] = i < t->classes ? i : dice(t->classes);
        for (int j = 0; j < t->inputs; j++) {
            double value = ldexp((dice(20001) - 10000) / 7.0, dice(12) - 6);
            snprintf(t->cells[i][j], sizeof t->cells[i][j], dice(4) ? "%.6g" : "%.3e", value);
            t->x[i][j] = (float)strtod(t->cells[i][j], NULL);
        }
    }
}

/* How a file is written; not what. */
typedef struct writing {
    char separator;
    bool comma, header, quote, trailing, blanks;
    const char *end, *start, *comments;
} writing;

/* "1,9 cat" could be 1 and "9 cat": with one input, blanks and decimal commas do not go together. */
static writing make_writing(int inputs)
{
    static const char separators[] = ",;\t| ", *const ends[] = {"\n", "\r\n", "\r"};
    writing w = {
        .separator = separators[dice(5)], .header = dice(2), .quote = dice(3) == 0, .end = ends[dice(3)]};
    w.comma = w.separator != ',' && (inputs > 1 || w.separator != ' ') && dice(2);
    w.trailing = w.separator != ' ' && dice(5) == 0;
    w.blanks = dice(4) == 0;
    w.start = dice(4) ? "" : "\xef\xbb\xbf";
    w.comments = dice(4) ? "" : "# a comment, with; separators|";
    return w;
}

static char *write_cell(char *p, const writing *w, const char *text, bool word)
{
    bool quote = w->quote || (word && strpbrk(text, " ,;|\t\""));
    if (w->blanks && dice(3) == 0) *p++ = ' ';
    if (quote) *p++ = '"';
    for (; *text; text++) {
        *p++ = !word && w->comma && *text == '.' ? ',' : *text;
        if (*text == '"') *p++ = '"';
    }
    if (quote) *p++ = '"';
    return p;
}

static void write_table(const made_table *t, const writing *w, int from, int to, const char *name)
{
    static char text[1 << 16];
    char *p = text + sprintf(text, "%s%s%s", w->start, w->comments, *w->comments ? w->end : "");
    for (int i = w->header ? -1 : 0; i < to; i = i < 0 ? from : i + 1) {
        if (i == 0) i = from;
        char cell[40];
        if (t->id) {
            snprintf(cell, sizeof cell, "%d", i + 1);
            p = write_cell(p, w, i < 0 ? "id" : cell, i < 0);
            *p++ = w->separator;
        }
        for (int j = 0; j <= t->inputs; j++) {
            bool label = j == t->label_at;
            int input = j - (j > t->label_at);
            snprintf(cell, sizeof cell, "x %d", input);
            const char *word = label ? t->words[i < 0 ? 0 : t->labels[i]] : t->cells[i < 0 ? 0 : i][input];
            bool number = label && strspn(word, "-.0123456789") == strlen(word);
            p = i < 0 ? write_cell(p, w, label ? "kind" : cell, true)
                      : write_cell(p, w, word, label && !number);
            if (j < t->inputs || w->trailing) *p++ = w->separator;
        }
        p += sprintf(p, "%s", w->end);
    }
    put(name, text, (size_t)(p - text));
}

static void check_part(const made_table *t, const ht_dataset *data, const ht_samples *part, int from, int to)
{
    assert_int_equal(data->inputs, t->inputs);
    assert_int_equal(data->classes, t->classes);
    assert_int_equal(part->count, to - from);
    for (int i = from; i < to; i++) {
        assert_memory_equal(part->x + (i - from) * t->inputs, t->x[i], (size_t)t->inputs * sizeof(float));
        char word[64];
        ht_text_copy(word, sizeof word, t->words[t->labels[i]]);
        ht_text_clean(word); /* a name is cleaned when it is kept */
        assert_string_equal(data->class_names[part->labels[i - from]], word);
    }
}

static void random_tables_are_read_as_they_were_written(void **state)
{
    (void)state;
    dice_state = 15;
    for (int k = 0; k < 200; k++) {
        made_table t;
        char label[16];
        make_table(&t);
        writing train = make_writing(t.inputs), test = make_writing(t.inputs);
        int cut = t.rows - 2;
        while (t.rows - cut < 2 || cut < t.classes) cut--;
        write_table(&t, &train, 0, cut, "train.csv");
        write_table(&t, &test, cut, t.rows, "test.csv");
        snprintf(label, sizeof label, "%d", t.label_at + 1 + t.id);
        ht_data_options options = {.dir = work_dir, .seed = 1, .label = label, .scale = HT_SCALE_NONE};
        ht_error err = {0};
        ht_dataset *data = ht_dataset_load("csv:train.csv,test.csv", &options, &err);
        if (!data)
            fail_msg("table %d ('%c' %s, '%c' %s): %s", k, train.separator, train.comma ? "comma" : "point",
                     test.separator, test.comma ? "comma" : "point", err.text);
        check_part(&t, data, &data->train, 0, cut);
        check_part(&t, data, &data->test, cut, t.rows);
        ht_dataset_free(data);
    }
}

/* ---- missing cells ----------------------------------------------------------------------------- */

static void missing_cells_get_the_median_of_the_training_part(void **state)
{
    (void)state;
    /* Medians of 1, 3, 5, 10 and of 2, 4, 8: 4 and 4; numpy.nanmedian. */
    put_text("train.csv", "1,2,0\n3,?,1\n5,4,0\n10,NA,1\n,8,0\n");
    put_text("test.csv", "100,NaN,0\nnull,7,1\n");
    ht_dataset *data = LOAD("csv:train.csv,test.csv", .missing = HT_MISSING_MEDIAN, .scale = HT_SCALE_NONE);
    static const float train[] = {1, 2, 3, 4, 5, 4, 10, 4, 4, 8}, test[] = {100, 4, 4, 7};
    assert_memory_equal(data->train.x, train, sizeof train);
    assert_memory_equal(data->test.x, test, sizeof test);
    noted(data, "5 missing cells in 2 columns (column 1, column 2)");
    ht_dataset_free(data);
    refuse("csv:train.csv,test.csv", (ht_data_options){.missing = HT_MISSING_REFUSE},
           "train.csv:2: field 2 '?'", "data.missing=refuse");
    data = two("a,b,y\n1,?,0\n3,?,1\n5,4,0\n", NULL);
    noted(data, "column 2 'b' is missing in 2 of 3 training samples");
    ht_dataset_free(data);
    data = two("a,b,y\n1,?,0\n3,?,1\n5,NA,0\n", NULL);
    assert_int_equal(data->inputs, 1);
    noted(data, "column 2 'b' is left out (it has no value)");
    ht_dataset_free(data);
}

/* ---- one file ---------------------------------------------------------------------------------- */

static void one_file_is_split_by_class_seed_and_share(void **state)
{
    (void)state;
    char text[4096] = "a,label\n";
    for (int i = 0; i < 100; i++) sprintf(text + strlen(text), "%d.25,%d\n", i, i < 50 ? 0 : i < 80 ? 1 : 2);
    put_text("one.csv", text);
    ht_dataset *data = LOAD("csv:one.csv", .scale = HT_SCALE_NONE);
    assert_int_equal(data->test.count, 20);
    static const size_t share[] = {10, 6, 4};
    bool seen[100] = {false};
    for (int c = 0; c < 3; c++) assert_int_equal(of_class(&data->test, c), share[c]);
    for (size_t i = 0; i < 20; i++) seen[(int)data->test.x[i]] = true;
    for (size_t i = 0; i < 80; i++) {
        assert_false(seen[(int)data->train.x[i]]);                      /* no sample is in both */
        assert_true(i == 0 || data->train.x[i] > data->train.x[i - 1]); /* in the file's order */
    }
    noted(data, "20 of its 100 samples are the test part");
    ht_dataset *again = LOAD("csv:one.csv", .scale = HT_SCALE_NONE),
               *other = LOAD("csv:one.csv", .scale = HT_SCALE_NONE, .seed = 2),
               *half = LOAD("csv:one.csv", .scale = HT_SCALE_NONE, .split = 0.5);
    assert_memory_equal(data->test.x, again->test.x, 20 * sizeof(float));
    assert_memory_not_equal(data->test.x, other->test.x, 20 * sizeof(float));
    assert_int_equal(half->test.count, 50);
    assert_int_equal(of_class(&half->test, 2), 10);
    ht_dataset_free(data), ht_dataset_free(again), ht_dataset_free(other), ht_dataset_free(half);
    put_text("few.csv", "1,2,a\n3,4,b\n");
    refuse("csv:few.csv", (ht_data_options){0}, "none can be kept for the test", "two files");
}

static void names_may_hold_commas(void **state)
{
    (void)state;
    put_text("a,b.csv", flowers("", 30, 0));
    put_text("c,d.csv", flowers("", 9, 4));
    ht_dataset *data = LOAD("csv:a,b.csv", .dir = NULL);
    assert_int_equal(data->train.count + data->test.count, 30);
    ht_dataset_free(data);
    data = LOAD("csv:a,b.csv,c,d.csv", .dir = NULL);
    assert_int_equal(data->train.count, 30);
    assert_int_equal(data->test.count, 9);
    ht_dataset_free(data);
}

/* ---- ARFF -------------------------------------------------------------------------------------- */

static void arff_is_read(void **state)
{
    (void)state;
    put_case("15-tables", "plants.arff", "p.arff");
    ht_dataset *data = LOAD("csv:p.arff,p.arff", .scale = HT_SCALE_NONE, .missing = HT_MISSING_MEDIAN);
    assert_int_equal(data->inputs, 2);
    assert_int_equal(data->train.count, 20);
    assert_string_equal(data->class_names[0], "it's");
    assert_string_equal(data->class_names[2], "ro und");
    near((double)data->train.x[0], 13.5, 1e-6);
    fact(data, "label: column 3 'Class', called so");
    noted(data, "2 missing cells in 1 column (column 2 'width')");
    ht_dataset_free(data);
}

static void arff_of_odd_kinds_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } bad[] = {
        {"@relation r\n@attribute a numeric\n@attribute c {x,y}\n@data\n{0 1, 1 x}\n", ":5: a sparse record"},
        {"@relation r\n@attribute a relational\n@data\n1\n", ":2: an attribute of type 'relational'"},
        {"@relation r\n@attribute a numeric\n@attribute c {x,y}\n1,x\n", ":4: '1,x' does not belong"},
        {"@relation r\n@attribute a numeric\n", "no @data line"},
        {"@relation r\n@data\n1,2\n", "no @attribute"},
        {"@relation r\n@attribute a numeric\n@attribute c {x,y\n@data\n1,x\n", ":3: the list of values"},
        {"@relation r\n@attribute a numeric\n@attribute c {x,y}\n@data\n1,x\n2\n",
         ":6: has 1 fields, the header declares 2"},
        {"@relation r\n@attribute a date yyyy\n@attribute c {x,y}\n@data\n2001,x\n",
         ":2: an attribute of type 'date'"},
        {"@relation r\n@attribute a real\n@attribute c {x, 'y z'}\n@data\n1,x\n2,'y z'\n3,?\n4,w\n",
         ":8: 'w' is not among the 2 values that @attribute declares for 'c'"},
        {"@relation r\n@attribute a real\n@attribute c {x,y}\n@data\n1,x\n{0 1, 1 y}\n",
         ":6: a sparse record"},
        {"@relation r\n@attribute a real\n@attribute c {x,y}\n@data\n1,x,{0.5}\n2,y,{2}\n",
         ":5: the sample has a weight, {0.5}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_text("b.arff", bad[i].text);
        refuse("csv:b.arff", (ht_data_options){0}, bad[i].word, NULL);
    }
}

static void arff_survives_truncation_and_flips(void **state)
{
    (void)state;
    static const char text[] =
        "% c\n@RELATION 'r s'\n@attribute \"a b\" real\n@attribute c {'x y',z}\n@data\n1,'x y'\n"
        "2.5,z\n?,z\n";
    put_text("test.arff", text);
    sweep("train.arff", text, sizeof text - 1, "csv:train.arff,test.arff");
}

/* ---- series ------------------------------------------------------------------------------------ */

static void series_of_unequal_length_are_padded(void **state)
{
    (void)state;
    put_case("15-tables", "Walk_TRAIN.ts", "Walk/Walk_TRAIN.ts");
    put_case("15-tables", "Walk_TEST.ts", "Walk/Walk_TEST.ts");
    static const float train[] = {1, 2, 3, 0, 0, 4, 5, 6, 7, 0, 1.5f, 2.5f, 0, 0, 0, 0, 1, 2, 3, 4},
                       test[] = {5, 6, 7, 0, 0, 1, 2, 3, 4, 0};
    ht_dataset *data = LOAD("ucr:Walk", .dir = NULL);
    assert_int_equal(data->inputs, 5);
    assert_memory_equal(data->train.x, train, sizeof train);
    assert_memory_equal(data->test.x, test, sizeof test);
    noted(data, "5 of 6 series end before step 5 (the shortest after 2)");
    noted(data, "3 missing values inside 2 series");
    ht_dataset_free(data);
    /* Where inputs are standardized, padding is the mean: mean 3 and variance 3.75 over the 16 values there
     * are. */
    data = LOAD("ucr:Walk", .scale = HT_SCALE_STANDARD);
    assert_true(data->train.x[3] == 0 && data->test.x[9] == 0);
    near((double)data->train.x[0], (1 - 3) / sqrt(3.75), 1e-6);
    ht_dataset_free(data);
    refuse("ucr:Walk", (ht_data_options){.missing = HT_MISSING_REFUSE},
           "Walk_TRAIN.ts: series 2 has missing values", "data.missing=refuse");
    drop("Walk");
}

static void the_archives_padding_with_nan_is_read(void **state)
{
    (void)state;
    put_text("Pad/Pad_TRAIN.tsv", "1\t1\t2\tNaN\tNaN\n2\tNaN\t3\tNaN\t5\n");
    put_text("Pad/Pad_TEST.tsv", "1\t1\t1\t1\t1\n");
    static const float train[] = {1, 2, 0, 0, 3, 3, 4, 5};
    ht_dataset *data = LOAD("ucr:Pad", .scale = HT_SCALE_NONE);
    assert_int_equal(data->inputs, 4);
    assert_memory_equal(data->train.x, train, sizeof train);
    ht_dataset_free(data);
    put_text("Pad/Pad_TRAIN.tsv", "1\t1\t2\n2\tNaN\tNaN\n");
    refuse("ucr:Pad", (ht_data_options){0}, "Pad_TRAIN.tsv: series 2 has no value at all", NULL);
    drop("Pad");
}

static void ucr_reads_arff(void **state)
{
    (void)state;
    static const char head[] =
        "@relation R\n@attribute att1 numeric\n@attribute att2 numeric\n@attribute att3 "
        "numeric\n@attribute target {1,2}\n@data\n";
    char text[400];
    snprintf(text, sizeof text, "%s1,2,3,1\n4,5,?,2\n", head);
    put_text("Two/Two_TRAIN.arff", text);
    snprintf(text, sizeof text, "%s7,?,9,2\n", head);
    put_text("Two/Two_TEST.arff", text);
    static const float train[] = {1, 2, 3, 4, 5, 0}, test[] = {7, 8, 9};
    ht_dataset *data = LOAD("ucr:Two", .scale = HT_SCALE_NONE);
    assert_memory_equal(data->train.x, train, sizeof train);
    assert_memory_equal(data->test.x, test, sizeof test);
    assert_int_equal(data->test.labels[0], 1);
    ht_dataset_free(data);
    drop("Two");
}

/* ---- scaling ----------------------------------------------------------------------------------- */

/* (X - mean) / std over the training part, ddof = 0, as sklearn.preprocessing.StandardScaler. */
static void columns_are_standardized_by_the_training_part(void **state)
{
    (void)state;
    put_text("train.csv", "a,b,c,label\n1,100,7,0\n2,300,7,1\n3,500,7,0\n6,900,7,1\n");
    put_text("test.csv", "a,b,c,label\n4,500,8,0\n");
    ht_dataset *data = LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_AUTO);
    /* a: mean 3, std sqrt(3.5); b: mean 450, std sqrt(87500) */
    static const double train[] = {-2, -1, 0, 3}, second[] = {-350, -150, 50, 450};
    for (int i = 0; i < 4; i++) {
        near((double)data->train.x[3 * i], train[i] / sqrt(3.5), 1e-6);
        near((double)data->train.x[3 * i + 1], second[i] / sqrt(87500), 1e-6);
        assert_true(data->train.x[3 * i + 2] == 0);
    }
    near((double)data->test.x[0], 1 / sqrt(3.5), 1e-6);
    near((double)data->test.x[1], 50 / sqrt(87500), 1e-6);
    assert_true(data->test.x[2] == 0); /* constant in the training part */
    noted(data, "each input is standardized by the training part");
    noted(data, "1 of 3 inputs are constant");
    ht_dataset_free(data);
    data = LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_MINMAX);
    near((double)data->train.x[3 * 2], 0.4, 1e-7);
    near((double)data->train.x[3 * 2 + 1], 0.5, 1e-7);
    near((double)data->test.x[0], 0.6, 1e-7);
    ht_dataset_free(data);
    data = LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_NONE);
    assert_true(data->train.x[4] == 300);
    ht_dataset_free(data);
}

static void what_is_of_order_one_stays_as_it_is(void **state)
{
    (void)state;
    put_text("train.csv", flowers("", 30, 0));
    put_text("test.csv", flowers("", 9, 0));
    ht_dataset *data = LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_AUTO);
    assert_true(data->train.x[0] == 4.0f);
    if (data->notes) assert_null(strstr(data->notes, "standardized"));
    ht_dataset_free(data);
    ht_dataset *a = LOAD("ecg-synth", .scale = HT_SCALE_AUTO), *b = LOAD("ecg-synth", .scale = HT_SCALE_NONE);
    assert_memory_equal(a->train.x, b->train.x, a->train.count * (size_t)a->inputs * sizeof(float));
    ht_dataset_free(a), ht_dataset_free(b);
}

static void huge_and_distant_values_keep_their_digits(void **state)
{
    (void)state;
    /* b counts seconds since 1970: a float cannot tell them apart. c would overflow when squared. */
    put_text("train.csv", "a,b,c,d,label\n1,1600000000,1e300,1e-300,0\n2,1600000001,-1e300,2e-300,1\n"
                          "3,1600000002,1e300,3e-300,0\n4,1600000003,-1e300,4e-300,1\n");
    put_text("test.csv", "a,b,c,d,label\n1,1600000001,1e300,1e-300,0\n");
    ht_dataset *data = LOAD("csv:train.csv,test.csv", .scale = HT_SCALE_AUTO);
    for (int i = 0; i < 4; i++) {
        double right = (i - 1.5) / sqrt(1.25);
        near((double)data->train.x[4 * i], right, 1e-6);
        near((double)data->train.x[4 * i + 1], right, 1e-6);
        near((double)data->train.x[4 * i + 2], i % 2 ? -1 : 1, 1e-6);
        near((double)data->train.x[4 * i + 3], right, 1e-6);
    }
    near((double)data->test.x[1], -0.5 / sqrt(1.25), 1e-6);
    ht_dataset_free(data);
    refuse("csv:train.csv,test.csv", (ht_data_options){.scale = HT_SCALE_NONE},
           "sample 1, value 3 is infinite", NULL);
}

static void arrays_in_double_precision_keep_their_digits(void **state)
{
    (void)state;
    static const double x[] = {1600000000, 1e300, 1600000001, -1e300, 1600000002, 1e300, 1600000003, -1e300},
                        y[] = {0, 1, 0, 1};
    static const char *const parts[] = {"train", "test"};
    char path[512];
    ht_error err = {0};
    put_text("set/made", "");
    for (int p = 0; p < 2; p++) {
        snprintf(path, sizeof path, "%s/set/X_%s.npy", work_dir, parts[p]);
        assert_int_equal(ht_npy_write_f64(path, x, 2, (const size_t[]){4, 2}, &err), HT_OK);
        snprintf(path, sizeof path, "%s/set/y_%s.npy", work_dir, parts[p]);
        assert_int_equal(ht_npy_write_f64(path, y, 1, (const size_t[]){4}, &err), HT_OK);
    }
    ht_dataset *data = LOAD("npy:set", .scale = HT_SCALE_AUTO);
    for (int i = 0; i < 4; i++) {
        near((double)data->train.x[2 * i], (i - 1.5) / sqrt(1.25), 1e-6);
        near((double)data->test.x[2 * i + 1], i % 2 ? -1 : 1, 1e-6);
    }
    ht_dataset_free(data);
    drop("set");
}

/* X (n, 8, 8) or (n, 64) of grey levels, as numpy.save writes them. */
static void put_grey(const char *name, const char *shape, int samples)
{
    static unsigned char bytes[128 + 64 * 64];
    memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
    memset(bytes + 10, ' ', 118);
    char dict[118];
    int n = snprintf(dict, sizeof dict, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", shape);
    memcpy(bytes + 10, dict, (size_t)n);
    bytes[127] = '\n';
    for (int i = 0; i < samples * 64; i++) bytes[128 + i] = (unsigned char)(i % 64 == 0 ? 0 : i * 37 % 256);
    put(name, bytes, 128 + (size_t)samples * 64);
}

static void put_grey_labels(const char *name, int samples)
{
    unsigned char bytes[128 + 64] = {0};
    memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
    memset(bytes + 10, ' ', 118);
    char dict[118];
    int n =
        snprintf(dict, sizeof dict, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }", samples);
    memcpy(bytes + 10, dict, (size_t)n);
    bytes[127] = '\n';
    for (int i = 0; i < samples; i++) bytes[128 + i] = (unsigned char)(i % 2);
    put(name, bytes, 128 + (size_t)samples);
}

static void grey_levels_share_one_scale(void **state)
{
    (void)state;
    static const char *const shapes[] = {"(32, 8, 8)", "(32, 64)"};
    double sum = 0, squares = 0;
    for (int i = 0; i < 32 * 64; i++) {
        double value = i % 64 == 0 ? 0 : (i * 37) % 256;
        sum += value, squares += value * value;
    }
    double mean = sum / 2048, deviation = sqrt(squares / 2048 - mean * mean);
    for (int s = 0; s < 2; s++) {
        put_grey("set/X_train.npy", shapes[s], 32);
        put_grey("set/X_test.npy", shapes[s], 32);
        put_grey_labels("set/y_train.npy", 32);
        put_grey_labels("set/y_test.npy", 32);
        ht_dataset *data = LOAD("npy:set", .scale = HT_SCALE_AUTO);
        near((double)data->train.x[1], (37 - mean) / deviation, 1e-5);
        near((double)data->train.x[0], -mean / deviation, 1e-5); /* a pixel that is always black */
        noted(data, "inputs are standardized by the training part");
        ht_dataset_free(data);
        /* A limit changes the number of samples, not their values. */
        data = LOAD("npy:set", .scale = HT_SCALE_AUTO, .train_limit = 3, .train_wanted = 2);
        assert_int_equal(data->train.count, 2);
        near((double)data->train.x[1], (37 - mean) / deviation, 1e-5);
        ht_dataset_free(data);
    }
    drop("set");
}

/* ---- limits ------------------------------------------------------------------------------------ */

static void put_sorted(const char *name, int sorted)
{
    char text[8192];
    int used = 0;
    for (int i = 0; i < 200; i++) {
        int label = sorted ? (i < 100 ? 0 : i < 160 ? 1 : 2) : i * 7 % 10 < 5 ? 0 : i * 7 % 10 < 8 ? 1 : 2;
        used += snprintf(text + used, sizeof text - (size_t)used, "%d\t%d.5\t0.25\n", label, i);
    }
    put_text(name, text);
}

static void a_limit_on_sorted_data_samples_by_class(void **state)
{
    (void)state;
    put_sorted("S/S_TRAIN.tsv", 1);
    put_sorted("S/S_TEST.tsv", 1);
    ht_dataset *data = LOAD("ucr:S", .scale = HT_SCALE_NONE, .train_limit = 20, .test_limit = 10);
    static const size_t train[] = {10, 6, 4}, test[] = {5, 3, 2};
    for (int c = 0; c < 3; c++) {
        assert_int_equal(of_class(&data->train, c), train[c]);
        assert_int_equal(of_class(&data->test, c), test[c]);
    }
    for (size_t i = 0; i < 20; i++) /* labels go with their samples */
        assert_int_equal(data->train.labels[i], data->train.x[2 * i] < 100   ? 0
                                                : data->train.x[2 * i] < 160 ? 1
                                                                             : 2);
    noted(data, "the training samples come sorted by class");
    ht_dataset *again = LOAD("ucr:S", .scale = HT_SCALE_NONE, .train_limit = 20, .train_wanted = 5),
               *other = LOAD("ucr:S", .scale = HT_SCALE_NONE, .train_limit = 20, .seed = 2);
    assert_int_equal(again->train.count, 5);
    assert_memory_equal(again->train.x, data->train.x, 5 * 2 * sizeof(float));
    assert_memory_not_equal(other->train.x, data->train.x, 20 * 2 * sizeof(float));
    ht_dataset_free(data), ht_dataset_free(again), ht_dataset_free(other);
    put_sorted("S/S_TRAIN.tsv", 0);
    put_sorted("S/S_TEST.tsv", 0);
    data = LOAD("ucr:S", .scale = HT_SCALE_NONE, .train_limit = 20);
    for (size_t i = 0; i < 20; i++) assert_true(data->train.x[2 * i] == (float)i + 0.5f);
    assert_null(data->notes);
    ht_dataset_free(data);
    drop("S");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counting_first_line_is_a_header),
        cmocka_unit_test(a_sample_is_no_header),
        cmocka_unit_test(the_same_numbers_over_both_files_are_a_header),
        cmocka_unit_test(columns_of_the_test_file_are_matched_by_name),
        cmocka_unit_test(row_numbers_are_left_out),
        cmocka_unit_test(an_index_that_was_shuffled_is_left_out_by_its_name),
        cmocka_unit_test(whole_numbers_that_rise_are_kept),
        cmocka_unit_test(a_column_that_may_number_the_samples_is_told),
        cmocka_unit_test(numbers_with_fractions_are_never_row_numbers),
        cmocka_unit_test(a_quantity_is_questioned_as_a_label),
        cmocka_unit_test(the_label_is_found_by_name_or_number),
        cmocka_unit_test(samples_without_a_label_are_left_out_and_told),
        cmocka_unit_test(a_spreadsheets_export_is_read),
        cmocka_unit_test(bytes_in_many_forms_are_one_table),
        cmocka_unit_test(marks_between_thousands_are_refused),
        cmocka_unit_test(a_doubtful_mark_is_told),
        cmocka_unit_test(true_and_false_are_numbers),
        cmocka_unit_test(random_tables_are_read_as_they_were_written),
        cmocka_unit_test(missing_cells_get_the_median_of_the_training_part),
        cmocka_unit_test(one_file_is_split_by_class_seed_and_share),
        cmocka_unit_test(names_may_hold_commas),
        cmocka_unit_test(arff_is_read),
        cmocka_unit_test(arff_of_odd_kinds_is_refused),
        cmocka_unit_test(arff_survives_truncation_and_flips),
        cmocka_unit_test(series_of_unequal_length_are_padded),
        cmocka_unit_test(the_archives_padding_with_nan_is_read),
        cmocka_unit_test(ucr_reads_arff),
        cmocka_unit_test(columns_are_standardized_by_the_training_part),
        cmocka_unit_test(what_is_of_order_one_stays_as_it_is),
        cmocka_unit_test(huge_and_distant_values_keep_their_digits),
        cmocka_unit_test(arrays_in_double_precision_keep_their_digits),
        cmocka_unit_test(grey_levels_share_one_scale),
        cmocka_unit_test(a_limit_on_sorted_data_samples_by_class),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
