/* The table of data sets, names and places, labels, limits; the picture formats IDX and CIFAR-10. */
#include "test_data_files.h"

#include <math.h>
#include <sys/resource.h>

/* ---- names and places -------------------------------------------------------------------------- */

static void table_has_a_row_for_every_name(void **state)
{
    (void)state;
    static const char *const names[] = {
        "ecg-synth",   "digits-synth",  "pictures-synth", "markov",       "teacher",   "table-synth",
        "mnist",       "fashion-mnist", "kmnist",         "emnist:SPLIT", "ecg5000",   "ecg5000-5",
        "cifar10",     "cifar100",      "ucr:NAME",       "csv:TRAIN,TEST", "npy:DIR", "text:FILE"};
    size_t count;
    const ht_dataset_info *table = ht_dataset_table(&count);
    assert_int_equal(count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(table[i].name, names[i]);
        assert_true(strlen(table[i].title) > 5 && strlen(table[i].source) > 5 && strlen(table[i].shape) > 5);
    }
}

static void unknown_name_offers_the_nearest(void **state)
{
    (void)state;
    load_bad("MNIST", HT_USAGE, "did you mean 'mnist'", NULL);
    load_bad("mnits", HT_USAGE, "did you mean 'mnist'", NULL);
    load_bad("ecg-synt", HT_USAGE, "did you mean 'ecg-synth'", NULL);
    load_bad("something else", HT_USAGE, "something else", "ecg-synth");
    load_bad("", HT_USAGE, "data.name", NULL);
    load_bad("ucr", HT_USAGE, "ucr:NAME", NULL);
    load_bad("ucr:", HT_USAGE, "ucr:NAME", NULL);
    load_bad("npy:", HT_USAGE, "npy:DIR", NULL);
    load_bad("mnist:7", HT_USAGE, "nothing may follow", NULL);
    load_bad("csv:only.csv", HT_FAIL, "only.csv", "not found"); /* one file is split */
    load_bad("csv:only.csv,", HT_USAGE, "csv:train.csv,test.csv", NULL);
    load_bad("ucr:../secret", HT_USAGE, "not a path", NULL);
}

static void missing_set_names_files_places_and_a_way_out(void **state)
{
    (void)state;
    char places[1024];
    setenv("HEAVYTAIL_DATA", "/nowhere/else", 1);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte", "digits-synth");
    load_bad("mnist", HT_FAIL, "set HEAVYTAIL_DATA", "/nowhere/else");
    snprintf(places, sizeof places, "%s, /nowhere/else, %s/heavytail", work_dir, work_dir);
    load_bad("ecg5000", HT_FAIL, places, "ecg-synth");
    load_bad("cifar10", HT_FAIL, "data_batch_1.bin", NULL);
    load_bad("ucr:Coffee", HT_FAIL, "Coffee_TRAIN.tsv", "Coffee_TEST.tsv");
    load_bad("csv:a.csv,b.csv", HT_FAIL, "a.csv", "not found");
    load_bad("npy:nothing", HT_FAIL, "nothing", "not found");
    unsetenv("HEAVYTAIL_DATA");
}

static void put_tiny_ucr(const char *prefix)
{
    char name[256];
    snprintf(name, sizeof name, "%s/Tiny_TRAIN.tsv", prefix);
    put_text(name, "1\t0.5\t1.5\n2\t3\t4\n");
    snprintf(name, sizeof name, "%s/Tiny_TEST.tsv", prefix);
    put_text(name, "2\t1\t2\n");
}

static void load_tiny(const char *dir)
{
    ht_error err = {0};
    ht_dataset *data = ht_dataset_load("ucr:Tiny", &(ht_data_options){.dir = dir, .seed = 1}, &err);
    if (!data) fail_msg("%s", err.text);
    assert_string_equal(data->name, "ucr:Tiny");
    assert_int_equal(data->inputs, 2);
    ht_dataset_free(data);
}

static void every_place_is_tried(void **state)
{
    (void)state;
    char path[512];
    put_tiny_ucr("given/Tiny"); /* <dir>/<name>/file */
    path_in(path, "given");
    load_tiny(path);
    path_in(path, "given/Tiny"); /* <dir>/file */
    load_tiny(path);
    path_in(path, "given");
    setenv("HEAVYTAIL_DATA", path, 1);
    load_tiny(NULL);
    load_tiny("/nowhere");
    unsetenv("HEAVYTAIL_DATA");
    load_bad("ucr:Tiny", HT_FAIL, "not found", NULL);
    put_tiny_ucr("heavytail/Tiny"); /* $XDG_DATA_HOME/heavytail */
    load_tiny(NULL);
    drop("heavytail");
    put_tiny_ucr("home/.local/share/heavytail"); /* its default */
    path_in(path, "home");
    char *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
    setenv("HOME", path, 1);
    setenv("XDG_DATA_HOME", "", 1);
    load_tiny(NULL);
    setenv("XDG_DATA_HOME", work_dir, 1);
    setenv("HOME", home, 1);
    free(home);
    drop("given");
    drop("home");
}

/* ---- labels and limits ------------------------------------------------------------------------- */

static void distinct_sorted_labels_become_classes(void **state)
{
    (void)state;
    put_text("Tiny/Tiny_TRAIN.tsv", "10\t1\n-1\t2\n3\t3\n1.0e1\t4\n");
    put_text("Tiny/Tiny_TEST.tsv", "3\t1\n-1.0\t2\n10\t3\n");
    ht_dataset *data = load_good("ucr:Tiny");
    assert_int_equal(data->classes, 3);
    assert_string_equal(data->class_names[0], "-1");
    assert_string_equal(data->class_names[1], "3");
    assert_string_equal(data->class_names[2], "10");
    static const int32_t train[] = {2, 0, 1, 2}, test[] = {1, 0, 2};
    assert_memory_equal(data->train.labels, train, sizeof train);
    assert_memory_equal(data->test.labels, test, sizeof test);
    assert_true(data->mean[0] == 0 && data->std[0] == 1);
    assert_shape(data, 1, 1, 1);
    ht_dataset_free(data);
}

static void label_unseen_in_training_names_file_row_and_label(void **state)
{
    (void)state;
    put_text("Tiny/Tiny_TRAIN.tsv", "1\t1\n2\t2\n");
    put_text("Tiny/Tiny_TEST.tsv", "1\t1\n2\t2\n7\t3\n");
    load_bad("ucr:Tiny", HT_FAIL, "Tiny_TEST.tsv: row 3: the label '7'", "Tiny_TRAIN.tsv");
}

static void one_class_or_thousands_are_refused(void **state)
{
    (void)state;
    char *many = malloc(100000), *p = many;
    put_text("Tiny/Tiny_TRAIN.tsv", "1\t1\n1\t2\n");
    put_text("Tiny/Tiny_TEST.tsv", "1\t1\n");
    load_bad("ucr:Tiny", HT_FAIL, "Tiny_TRAIN.tsv: all 2 labels are '1'", "two classes");
    for (int i = 0; i < 5000; i++) p += sprintf(p, "%d.5\t1\n", i);
    put_text("Tiny/Tiny_TRAIN.tsv", many);
    load_bad("ucr:Tiny", HT_FAIL, "5000 distinct labels", "regression");
    free(many);
}

static void limits_keep_the_first_samples_and_all_classes(void **state)
{
    (void)state;
    ht_error err = {0};
    put_text("Tiny/Tiny_TRAIN.tsv", "1\t1\n1\t2\n3\t3\n2\t4\n");
    put_text("Tiny/Tiny_TEST.tsv", "3\t5\n2\t6\n");
    ht_dataset *data = ht_dataset_load(
        "ucr:Tiny", &(ht_data_options){.dir = work_dir, .seed = 1, .train_limit = 2, .test_limit = 1}, &err);
    assert_non_null(data);
    assert_int_equal(data->classes, 3);
    assert_int_equal(data->train.count, 2);
    assert_int_equal(data->test.count, 1);
    assert_int_equal(data->test.labels[0], 2);
    assert_true(data->train.x[1] == 2.0f);
    ht_dataset_free(data);
    data = ht_dataset_load(
        "ucr:Tiny", &(ht_data_options){.dir = work_dir, .seed = 1, .train_limit = 100, .test_limit = 100},
        &err);
    assert_int_equal(data->train.count, 4);
    ht_dataset_free(data);
    drop("Tiny");
}

/* ---- IDX --------------------------------------------------------------------------------------- */

enum {
    IMAGES = 3,
    ROWS = 2,
    COLUMNS = 3,
    IMAGES_SIZE = 16 + IMAGES * ROWS * COLUMNS,
    LABELS_SIZE = 8 + IMAGES
};

static unsigned char images[IMAGES_SIZE], labels[LABELS_SIZE];

static void put_word(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void make_idx(void)
{
    put_word(images, 0x803), put_word(images + 4, IMAGES), put_word(images + 8, ROWS),
        put_word(images + 12, COLUMNS);
    for (int i = 16; i < IMAGES_SIZE; i++) images[i] = (unsigned char)((i - 16) * 15);
    put_word(labels, 0x801), put_word(labels + 4, IMAGES);
    labels[8] = 4, labels[9] = 0, labels[10] = 9;
}

static void put_idx(void)
{
    make_idx();
    put("mnist/train-images-idx3-ubyte", images, sizeof images);
    put("mnist/train-labels-idx1-ubyte", labels, sizeof labels);
    put("mnist/t10k-images-idx3-ubyte", images, sizeof images);
    put("mnist/t10k-labels-idx1-ubyte", labels, sizeof labels);
}

static void check_idx(const char *name, double mean, double std)
{
    ht_dataset *data = load_good(name);
    assert_int_equal(data->inputs, 6);
    assert_shape(data, 1, ROWS, COLUMNS);
    assert_int_equal(data->classes, 3);
    assert_int_equal(data->train.count, 3);
    assert_int_equal(data->train.labels[0], 1);
    assert_int_equal(data->train.labels[2], 2);
    for (int i = 0; i < 18; i++)
        assert_true(fabs((double)data->test.x[i] - (i * 15 / 255.0 - mean) / std) < 1e-6);
    assert_true(fabs((double)data->mean[0] - mean) < 1e-6 && fabs((double)data->std[0] - std) < 1e-6);
    ht_dataset_free(data);
}

static void idx_loads_plain_and_gzip(void **state)
{
    (void)state;
    unsigned char packed[512];
    put_idx();
    check_idx("mnist", 0.1307, 0.3081);
    put("mnist/train-images-idx3-ubyte.gz", packed, gzip(images, sizeof images, packed, sizeof packed));
    put("mnist/t10k-labels-idx1-ubyte.gz", packed, gzip(labels, sizeof labels, packed, sizeof packed));
    drop("mnist/train-images-idx3-ubyte");
    drop("mnist/t10k-labels-idx1-ubyte");
    check_idx("mnist", 0.1307, 0.3081);
    /* Two gzip members, as parallel compressors write them. */
    size_t first = gzip(images, 20, packed, sizeof packed);
    size_t second = gzip(images + 20, sizeof images - 20, packed + first, sizeof packed - first);
    put("mnist/train-images-idx3-ubyte.gz", packed, first + second);
    check_idx("mnist", 0.1307, 0.3081);
    drop("mnist");
}

static void fashion_has_its_names_and_never_reads_mnist(void **state)
{
    (void)state;
    char path[512];
    ht_error err = {0};
    put_idx();
    path_in(path, "mnist");
    /* The files have the same names: a directory called mnist must not do for fashion-mnist. */
    assert_null(ht_dataset_load("fashion-mnist", &(ht_data_options){.dir = path, .seed = 1}, &err));
    assert_non_null(strstr(err.text, "not found"));
    char to[512];
    path_in(to, "fashion-mnist");
    assert_int_equal(rename(path, to), 0);
    check_idx("fashion-mnist", 0.2860, 0.3530);
    ht_dataset *data = load_good("fashion-mnist");
    assert_string_equal(data->class_names[0], "T-shirt/top");
    assert_string_equal(data->class_names[1], "Coat");
    assert_string_equal(data->class_names[2], "Ankle boot");
    ht_dataset_free(data);
    drop("fashion-mnist");
}

/* Loads with word `at` of the training pictures' header replaced. */
static void bad_header(int at, uint32_t value, const char *word, const char *other)
{
    make_idx();
    put_word(images + at, value);
    put("mnist/train-images-idx3-ubyte", images, sizeof images);
    load_bad("mnist", HT_FAIL, word, other);
    make_idx();
    put("mnist/train-images-idx3-ubyte", images, sizeof images);
}

static void idx_refuses_bad_headers(void **state)
{
    (void)state;
    put_idx();
    bad_header(0, 0x801, "train-images-idx3-ubyte: byte 0: the magic number", "0x00000801");
    bad_header(0, 0x504b0304, "train-images-idx3-ubyte: byte 0", NULL);
    bad_header(4, 0, "train-images-idx3-ubyte: the header (bytes 4 to 15)", "nothing");
    bad_header(4, 4, "train-images-idx3-ubyte: the header promises 24 bytes", "18");
    bad_header(4, 2, "train-images-idx3-ubyte: goes on after byte 28", NULL);
    bad_header(4, 0xffffffff, "train-images-idx3-ubyte: the header (bytes 4 to 15)", "4 GB");
    bad_header(8, 0xffffffff, "train-images-idx3-ubyte: the header (bytes 4 to 15)", "4 GB");
    bad_header(8, 100000000, "train-images-idx3-ubyte: the header promises 900000000 bytes", NULL);
    put_word(images + 8, COLUMNS), put_word(images + 12, ROWS);
    put("mnist/t10k-images-idx3-ubyte", images, sizeof images);
    load_bad("mnist", HT_FAIL, "t10k-images-idx3-ubyte: the header says 3 x 2 pixels", "2 x 3");
}

static void idx_refuses_bad_labels(void **state)
{
    (void)state;
    put_idx();
    labels[9] = 10;
    put("mnist/t10k-labels-idx1-ubyte", labels, sizeof labels);
    load_bad("mnist", HT_FAIL, "t10k-labels-idx1-ubyte: byte 9 (label of picture 2) is 10", NULL);
    labels[9] = 5;
    put("mnist/t10k-labels-idx1-ubyte", labels, sizeof labels);
    load_bad("mnist", HT_FAIL, "t10k-labels-idx1-ubyte: row 2: the label '5'", "train-labels-idx1-ubyte");
    put_word(labels + 4, 2);
    put("mnist/t10k-labels-idx1-ubyte", labels, sizeof labels - 1);
    load_bad("mnist", HT_FAIL, "t10k-labels-idx1-ubyte: the header (byte 4) says 2 labels", "3 pictures");
    drop("mnist/t10k-labels-idx1-ubyte");
    load_bad("mnist", HT_FAIL, "t10k-labels-idx1-ubyte: is missing", NULL);
}

static void idx_refuses_empty_files_and_directories(void **state)
{
    (void)state;
    put_idx();
    put("mnist/train-labels-idx1-ubyte", "", 0);
    load_bad("mnist", HT_FAIL, "train-labels-idx1-ubyte: is empty", NULL);
    drop("mnist/train-labels-idx1-ubyte");
    put("mnist/train-labels-idx1-ubyte/inside", "", 0);
    load_bad("mnist", HT_FAIL, "train-labels-idx1-ubyte: is not a regular file", NULL);
    drop("mnist");
}

static void gzip_damage_is_named(void **state)
{
    (void)state;
    unsigned char packed[512];
    put_idx();
    drop("mnist/train-images-idx3-ubyte");
    size_t size = gzip(images, sizeof images, packed, sizeof packed);
    put("mnist/train-images-idx3-ubyte.gz", packed, size - 4);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: truncated", "checksum after byte 34");
    put("mnist/train-images-idx3-ubyte.gz", packed, 20);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: truncated at byte", NULL);
    packed[size - 8] ^= 1;
    put("mnist/train-images-idx3-ubyte.gz", packed, size);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: the gzip data is damaged at byte 34", "check");
    packed[size - 8] ^= 1;
    memcpy(packed + size, "rubbish", 7);
    put("mnist/train-images-idx3-ubyte.gz", packed, size + 7);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: goes on after byte 34", NULL);
    packed[3] = 0xe0; /* reserved gzip flags */
    put("mnist/train-images-idx3-ubyte.gz", packed, size);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: the gzip data is damaged at byte 0", NULL);
    drop("mnist");
}

static long peak_memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* `count` megabytes of zeros after the pictures' header, packed without ever being in memory. */
static size_t make_bomb(int count, unsigned char *to, size_t capacity)
{
    static unsigned char zeros[1 << 20];
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = to;
    stream.avail_out = (unsigned)capacity;
    for (int i = 0; i <= count; i++) {
        stream.next_in = i ? zeros : images;
        stream.avail_in = i ? sizeof zeros : sizeof images;
        assert_int_equal(deflate(&stream, i == count ? Z_FINISH : Z_NO_FLUSH),
                         i == count ? Z_STREAM_END : Z_OK);
    }
    deflateEnd(&stream);
    return capacity - stream.avail_out;
}

/* 256 MB of zeros behind a header that wants 34 bytes; and a header that wants 900 MB of 34 bytes. */
static void gzip_bombs_cost_no_memory(void **state)
{
    (void)state;
    enum { PACKED = 1 << 20 };
    static unsigned char packed[PACKED];
    put_idx();
    drop("mnist/train-images-idx3-ubyte");
    size_t size = make_bomb(256, packed, PACKED);
    put("mnist/train-images-idx3-ubyte.gz", packed, size);
    long before = peak_memory_kb();
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: goes on after byte 34", NULL);
    put_word(images + 8, 100000000);
    put("mnist/train-images-idx3-ubyte.gz", packed, gzip(images, sizeof images, packed, PACKED));
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: the header promises 900000000 bytes", NULL);
    /* The same claim in a file large enough for it: memory grows with what arrives, and little arrives. */
    size = make_bomb(2, packed, PACKED);
    memset(packed + size, 0, PACKED - size);
    put("mnist/train-images-idx3-ubyte.gz", packed, PACKED);
    load_bad("mnist", HT_FAIL, "train-images-idx3-ubyte.gz: truncated at byte", NULL);
    assert_true(peak_memory_kb() - before < 32 << 10);
    drop("mnist");
}

static void idx_survives_truncation_and_flips(void **state)
{
    (void)state;
    unsigned char packed[512];
    put_idx();
    assert_int_equal(sweep("mnist/train-images-idx3-ubyte", images, sizeof images, "mnist"), 0);
    assert_int_equal(sweep("mnist/t10k-labels-idx1-ubyte", labels, sizeof labels, "mnist"), 0);
    size_t size = gzip(images, sizeof images, packed, sizeof packed);
    drop("mnist/train-images-idx3-ubyte");
    assert_int_equal(sweep("mnist/train-images-idx3-ubyte.gz", packed, size, "mnist"), 0);
    drop("mnist");
}

/* ---- CIFAR-10 ---------------------------------------------------------------------------------- */

enum { RECORD = 3073 };

static void put_cifar(void)
{
    char name[64];
    static unsigned char records[2 * RECORD];
    for (int f = 1; f <= 6; f++) {
        for (int i = 0; i < 2 * RECORD; i++) records[i] = (unsigned char)((i * 7 + f) % 256);
        records[0] = 3, records[RECORD] = (unsigned char)(f == 6 ? 8 : 7 + f % 3);
        snprintf(name, sizeof name, f == 6 ? "cifar10/test_batch.bin" : "cifar10/data_batch_%d.bin", f);
        put(name, records, sizeof records);
    }
}

/* Pixel k of record r of file f, as put_cifar writes them. */
static double cifar_level(size_t f, size_t r, size_t k)
{
    return (double)((((r * RECORD) + 1 + k) * 7 + f) % 256) / 255;
}

/* Red, green and blue each by the constants that everybody uses, however many samples are kept. */
static void cifar_is_standardized_channel_by_channel(void **state)
{
    (void)state;
    static const double mean[3] = {0.491, 0.482, 0.447}, deviation[3] = {0.247, 0.243, 0.262};
    put_cifar();
    ht_dataset *data = load_good("cifar10");
    assert_int_equal(data->inputs, 3072);
    assert_shape(data, 3, 32, 32);
    assert_int_equal(data->train.count, 10);
    assert_int_equal(data->test.count, 2);
    assert_int_equal(data->classes, 4);
    assert_string_equal(data->class_names[0], "cat");
    assert_string_equal(data->class_names[3], "truck");
    for (size_t i = 0; i < 10; i++)
        for (size_t k = 0; k < 3072; k++) {
            double x = (double)data->train.x[i * 3072 + k];
            double level = cifar_level(i / 2 + 1, i % 2, k);
            size_t c = k / 1024;
            assert_true(fabs(x - (level - mean[c]) / deviation[c]) < 1e-5);
            assert_true(fabs((double)data->mean[c] + (double)data->std[c] * x - level) < 1e-5);
        }
    assert_non_null(strstr(data->facts, "scale: mean 0.491, 0.482, 0.447 of red, green, blue subtracted, "
                                        "divided by 0.247, 0.243, 0.262"));
    ht_error err;
    ht_dataset *some = ht_dataset_load(
        "cifar10", &(ht_data_options){.dir = work_dir, .seed = 1, .train_limit = 3, .test_limit = 1}, &err);
    assert_int_equal(some->train.count, 3);
    assert_int_equal(some->classes, 4);
    assert_memory_equal(some->train.x, data->train.x, 3 * 3072 * sizeof(float));
    ht_dataset_free(some);
    ht_dataset_free(data);
}

/* data.scale=standard and minmax: one scale for all pixels of the training files. */
static void cifar_has_one_scale_where_it_is_measured(void **state)
{
    (void)state;
    ht_error err;
    put_cifar();
    for (int minmax = 0; minmax < 2; minmax++) {
        ht_data_options options = {.dir = work_dir,
                                   .seed = 1,
                                   .train_limit = 10,
                                   .scale = minmax ? HT_SCALE_MINMAX : HT_SCALE_STANDARD};
        ht_dataset *data = ht_dataset_load("cifar10", &options, &err);
        assert_non_null(data);
        double sum = 0, square = 0, low = 1, n = 10 * 3072;
        for (size_t i = 0; i < 10; i++)
            for (size_t k = 0; k < 3072; k++) {
                double x = (double)data->train.x[i * 3072 + k];
                sum += x, square += x * x, low = fmin(low, x);
                double level = (double)data->mean[k / 1024] + (double)data->std[k / 1024] * x;
                assert_true(fabs(level - cifar_level(i / 2 + 1, i % 2, k)) < 1e-5);
            }
        assert_true(data->mean[0] == data->mean[2] && data->std[0] == data->std[2]);
        assert_true(minmax ? low == 0 : fabs(sum / n) < 1e-5 && fabs(square / n - 1) < 1e-5);
        ht_dataset_free(data);
    }
}

/* Record: red, green and blue plane, each row by row; one pixel of each is unlike the others. */
static void cifar_keeps_channels_rows_and_columns_apart(void **state)
{
    (void)state;
    static unsigned char record[2 * RECORD];
    char name[64];
    put_cifar();
    record[RECORD] = 1;
    for (int c = 0; c < 3; c++) record[1 + c * 1024 + (5 + c) * 32 + 20 + c] = 200;
    for (int f = 1; f <= 5; f++) {
        snprintf(name, sizeof name, "cifar10/data_batch_%d.bin", f);
        put(name, record, sizeof record);
    }
    put("cifar10/test_batch.bin", record, sizeof record);
    ht_dataset *data = load_good("cifar10");
    const float *x = data->test.x;
    for (int c = 0; c < 3; c++)
        for (int h = 0; h < 32; h++)
            for (int w = 0; w < 32; w++) {
                bool bright = h == 5 + c && w == 20 + c;
                assert_int_equal(x[(c * 32 + h) * 32 + w] > x[1024 * c], bright);
            }
    ht_dataset_free(data);
}

/* The columns of a table, and a teacher's Gaussian inputs, lie nowhere. */
static void only_neighbours_have_a_shape(void **state)
{
    (void)state;
    put_text("t.csv", "a,b,c,d,label\n1,2,3,4,x\n2,1,4,3,y\n1,2,4,3,x\n2,1,3,4,y\n0,1,0,2,x\n3,1,1,1,y\n");
    char name[600];
    snprintf(name, sizeof name, "csv:%s/t.csv,%s/t.csv", work_dir, work_dir);
    ht_dataset *data = load_good(name);
    assert_shape(data, 0, 0, 0);
    ht_dataset_free(data);
    data = load_good("teacher:9x3x50");
    assert_shape(data, 0, 0, 0);
    ht_dataset_free(data);
}

static void cifar_refuses_damage(void **state)
{
    (void)state;
    static unsigned char record[RECORD + 1];
    put("cifar10/data_batch_3.bin", record, RECORD - 1);
    load_bad("cifar10", HT_FAIL, "data_batch_3.bin: has 3072 bytes", "3073");
    put("cifar10/data_batch_3.bin", record, 0);
    load_bad("cifar10", HT_FAIL, "data_batch_3.bin: has 0 bytes", NULL);
    record[0] = 10;
    put("cifar10/data_batch_3.bin", record, RECORD);
    load_bad("cifar10", HT_FAIL, "data_batch_3.bin: byte 0 (label of record 1) is 10", NULL);
    drop("cifar10/data_batch_3.bin");
    load_bad("cifar10", HT_FAIL, "data_batch_3.bin: is missing", NULL);
    put_cifar();
    drop("cifar10/test_batch.bin");
    load_bad("cifar10", HT_FAIL, "test_batch.bin: is missing", NULL);
    drop("cifar10");
}

/* ---- the real files ---------------------------------------------------------------------------- */

static void check_real(const char *name, const int32_t train_first[5], const int32_t test_first[5])
{
    ht_error err = {0};
    char file[128];
    snprintf(file, sizeof file, "%s/train-images-idx3-ubyte.gz", name);
    ht_dataset *data = ht_dataset_load(name, &(ht_data_options){.dir = need_real(file), .seed = 1}, &err);
    if (!data) fail_msg("%s", err.text);
    assert_int_equal(data->train.count, 60000);
    assert_int_equal(data->test.count, 10000);
    assert_int_equal(data->inputs, 784);
    assert_int_equal(data->classes, 10);
    assert_memory_equal(data->train.labels, train_first, 5 * sizeof *train_first);
    assert_memory_equal(data->test.labels, test_first, 5 * sizeof *test_first);
    double sum = 0, square = 0, n = 60000.0 * 784;
    for (size_t i = 0; i < 60000 * 784; i++) sum += (double)data->train.x[i];
    for (size_t i = 0; i < 60000 * 784; i++) square += (double)data->train.x[i] * (double)data->train.x[i];
    /* The published mean and std have four digits. */
    assert_true(fabs(sum / n) < 1e-3 && fabs(square / n - 1) < 1e-3);
    ht_dataset_free(data);
}

static void real_mnist(void **state)
{
    (void)state;
    static const int32_t train[] = {5, 0, 4, 1, 9}, test[] = {7, 2, 1, 0, 4};
    check_real("mnist", train, test);
}

static void real_fashion_mnist(void **state)
{
    (void)state;
    static const int32_t train[] = {9, 0, 0, 3, 0}, test[] = {9, 2, 1, 1, 6};
    check_real("fashion-mnist", train, test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_a_row_for_every_name),
        cmocka_unit_test(unknown_name_offers_the_nearest),
        cmocka_unit_test(missing_set_names_files_places_and_a_way_out),
        cmocka_unit_test(every_place_is_tried),
        cmocka_unit_test(distinct_sorted_labels_become_classes),
        cmocka_unit_test(label_unseen_in_training_names_file_row_and_label),
        cmocka_unit_test(one_class_or_thousands_are_refused),
        cmocka_unit_test(limits_keep_the_first_samples_and_all_classes),
        cmocka_unit_test(idx_loads_plain_and_gzip),
        cmocka_unit_test(fashion_has_its_names_and_never_reads_mnist),
        cmocka_unit_test(idx_refuses_bad_headers),
        cmocka_unit_test(idx_refuses_bad_labels),
        cmocka_unit_test(idx_refuses_empty_files_and_directories),
        cmocka_unit_test(gzip_damage_is_named),
        cmocka_unit_test(gzip_bombs_cost_no_memory),
        cmocka_unit_test(idx_survives_truncation_and_flips),
        cmocka_unit_test(cifar_is_standardized_channel_by_channel),
        cmocka_unit_test(cifar_has_one_scale_where_it_is_measured),
        cmocka_unit_test(cifar_keeps_channels_rows_and_columns_apart),
        cmocka_unit_test(only_neighbours_have_a_shape),
        cmocka_unit_test(cifar_refuses_damage),
        cmocka_unit_test(real_mnist),
        cmocka_unit_test(real_fashion_mnist),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
