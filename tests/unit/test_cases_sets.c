/* Guards the data sets that people have on their disks: files of another set under the same names, layouts of
 * archives and of torchvision, EMNIST's parts, CIFAR-100, arrays as NumPy saves them. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/load/known.h"
#include "data/loader.h"
#include "data/npy.h"
#include "unit/source.h"
#include "unit/test_data_files.h"

/* ---- IDX files, made here
 * ---------------------------------------------------------------------------------- */

enum { SAMPLES = 4, HEIGHT = 2, WIDTH = 3, PIXELS = HEIGHT * WIDTH };

static void put_word(unsigned char *to, uint32_t word)
{
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(word >> (24 - 8 * i));
}

/* Pixel k of picture i is 10 i + k. */
static void put_images(const char *path)
{
    unsigned char file[16 + SAMPLES * PIXELS];
    const uint32_t words[] = {0x803, SAMPLES, HEIGHT, WIDTH};
    for (int i = 0; i < 4; i++) put_word(file + 4 * i, words[i]);
    for (int i = 0; i < SAMPLES * PIXELS; i++) file[16 + i] = (unsigned char)(i / PIXELS * 10 + i % PIXELS);
    put(path, file, sizeof file);
}

static void put_labels(const char *path, const unsigned char *labels)
{
    unsigned char file[8 + SAMPLES];
    put_word(file, 0x801);
    put_word(file + 4, SAMPLES);
    memcpy(file + 8, labels, SAMPLES);
    put(path, file, sizeof file);
}

/* A set in `folder`: <prefix>train-images<images> and its siblings. */
static void put_set(const char *folder, const char *prefix, const char *test, const char *images,
                    const char *labels, const unsigned char *values)
{
    char path[256];
    for (int i = 0; i < 2; i++) {
        const char *part = i ? test : "train";
        snprintf(path, sizeof path, "%s/%s%s-images%s", folder, prefix, part, images);
        put_images(path);
        snprintf(path, sizeof path, "%s/%s%s-labels%s", folder, prefix, part, labels);
        put_labels(path, values);
    }
}

static const unsigned char digits[SAMPLES] = {0, 7, 7, 2};

static void put_plain_set(const char *folder)
{
    put_set(folder, "", "t10k", "-idx3-ubyte", "-idx1-ubyte", digits);
}

static ht_dataset *load_from(const char *name, const char *dir, ht_error *err)
{
    return ht_dataset_load(name, &(ht_data_options){.dir = dir, .seed = 1}, err);
}

static void assert_loads_from(const char *name, const char *below)
{
    char dir[512];
    ht_error err = {0};
    path_in(dir, below);
    ht_dataset *data = load_from(name, dir, &err);
    if (!data) fail_msg("%s in %s: %s", name, below, err.text);
    assert_int_equal(data->inputs, PIXELS);
    assert_int_equal(data->classes, 3);
    ht_dataset_free(data);
}

static void assert_refused_from(const char *name, const char *dir, const char *word, const char *other)
{
    ht_error err = {0};
    assert_null(load_from(name, dir, &err));
    assert_int_equal(err.code, HT_FAIL);
    if (!strstr(err.text, word) || !strstr(err.text, other))
        fail_msg("no '%s', '%s' in: %s", word, other, err.text);
}

static void layouts_of_archives_are_found(void **state)
{
    (void)state;
    static const char *const torch[][2] = {
        {"mnist", "top/MNIST/raw"}, {"fashion-mnist", "top/FashionMNIST/raw"}, {"kmnist", "top/KMNIST/raw"}};
    for (int i = 0; i < 3; i++) put_plain_set(torch[i][1]);
    for (int i = 0; i < 3; i++) {
        assert_loads_from(torch[i][0], "top"); /* its own among the three */
        assert_loads_from(torch[i][0], torch[i][1]);
    }
    assert_loads_from("mnist", "top/MNIST");
    put_set("dots", "", "t10k", ".idx3-ubyte", ".idx1-ubyte", digits);
    assert_loads_from("mnist", "dots");
    put_set("nested", "", "t10k", "-idx3-ubyte/t10k-images-idx3-ubyte", "-idx1-ubyte", digits);
    drop("nested/train-images-idx3-ubyte");
    put_images("nested/train-images-idx3-ubyte/train-images-idx3-ubyte"); /* Kaggle's archive */
    assert_loads_from("mnist", "nested");
    drop("top"), drop("dots"), drop("nested");
}

/* Own files, which no checksum tells. */
static void a_folder_of_another_set_is_refused(void **state)
{
    (void)state;
    char dir[512];
    static const char *const wrong[][3] = {{"mnist", "FashionMNIST/raw", "data.name=fashion-mnist"},
                                           {"mnist", "my fashion-mnist copy", "data.name=fashion-mnist"},
                                           {"mnist", "KMNIST/raw", "data.name=kmnist"},
                                           {"fashion-mnist", "MNIST/raw", "data.name=mnist"},
                                           {"kmnist", "some_mnist", "data.name=mnist"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put_plain_set(wrong[i][1]);
        path_in(dir, wrong[i][1]);
        assert_refused_from(wrong[i][0], dir, wrong[i][2], dir);
        drop(wrong[i][1]);
    }
    put_plain_set("KMNIST/raw");
    char here[512], *back = getcwd(here, sizeof here);
    path_in(dir, "KMNIST/raw");
    assert_true(back && chdir(dir) == 0);
    assert_refused_from("mnist", ".", "data.name=kmnist", "not found"); /* the name is looked up */
    assert_int_equal(chdir(back), 0);
    drop("KMNIST");
}

/* The right files in another place do not excuse the wrong ones in the directory that was asked for. */
static void the_directory_that_was_asked_for_is_not_passed_over(void **state)
{
    (void)state;
    char dir[512];
    put_plain_set("heavytail/mnist"); /* below $XDG_DATA_HOME */
    put_plain_set("asked/FashionMNIST/raw");
    path_in(dir, "asked/FashionMNIST/raw");
    assert_refused_from("mnist", dir, "data.name=fashion-mnist", dir);
    drop("asked/FashionMNIST");
    put_text("asked/nothing", "");
    assert_loads_from("mnist", "asked"); /* nothing there: the next place */
    drop("heavytail"), drop("asked");
}

static void own_files_are_taken_with_a_note(void **state)
{
    (void)state;
    put_plain_set("own/data");
    assert_loads_from("mnist", "own/data");
    char dir[512];
    ht_error err = {0};
    path_in(dir, "own/data");
    ht_dataset *data = load_from("mnist", dir, &err);
    assert_non_null(data->notes);
    assert_non_null(strstr(data->notes, "not the published files of MNIST"));
    assert_non_null(strstr(data->notes, "4 training and 4 test samples"));
    ht_dataset_free(data);
    drop("own");
}

static void names_of_folders_speak_of_one_set(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"/d/FashionMNIST/raw", "fashion-mnist"},
                                           {"/d/fashion/raw", "fashion-mnist"},
                                           {"/d/Fashion_MNIST", "fashion-mnist"},
                                           {"/d/MNIST/raw", "mnist"},
                                           {"/d/same-mnist", "mnist"},
                                           {"/fashion/mnist/x", "mnist"},
                                           {"/mnist/fashion/x", "fashion-mnist"},
                                           {"/d/EMNIST/raw/gzip", "emnist"},
                                           {"/d/kuzushiji", "kmnist"},
                                           {"/d/QMNIST", "qmnist"},
                                           {"/d/photographs", NULL},
                                           {"/", NULL},
                                           {"/d/theme-data", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *set = ht_known_by_folder(cases[i][0]);
        if (!set != !cases[i][1] || (set && strcmp(set, cases[i][1]) != 0))
            fail_msg("%s: %s, not %s", cases[i][0], set ? set : "none", cases[i][1] ? cases[i][1] : "none");
    }
}

/* ---- the published files
 * ----------------------------------------------------------------------------------- */

static const char *const files[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                    "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};

/* The four files of a real set in work_dir/folder, by links. */
static void link_files(const char *real, const char *set, const char *folder, int from, int to)
{
    char target[4096], absolute[4096], path[512], name[512];
    for (int i = from; i < to; i++) {
        snprintf(name, sizeof name, "%s/keep", folder);
        put(name, "", 0);
        snprintf(target, sizeof target, "%s/%s/%s", real, set, files[i]);
        assert_non_null(realpath(target, absolute));
        snprintf(name, sizeof name, "%s/%s", folder, files[i]);
        path_in(path, name);
        unlink(path);
        assert_int_equal(symlink(absolute, path), 0);
    }
}

static void published_files_are_told_whatever_their_folder_is_called(void **state)
{
    (void)state;
    char dir[512], real[4096];
    ht_error err = {0};
    assert_non_null(realpath(need_real("fashion-mnist/train-images-idx3-ubyte.gz"), real));
    link_files(real, "fashion-mnist", "mnist", 0, 4);
    path_in(dir, "");
    assert_refused_from("mnist", dir, "of Fashion-MNIST (by its checksum)", "data.name=fashion-mnist");
    path_in(dir, "mnist");
    ht_dataset *data = load_from("fashion-mnist", dir, &err);
    if (!data) fail_msg("%s", err.text);
    assert_string_equal(data->class_names[9], "Ankle boot");
    assert_null(data->notes);
    ht_dataset_free(data);
    link_files(real, "mnist", "mnist", 0, 2); /* training from one set, test from the other */
    assert_refused_from("mnist", dir, "t10k-images-idx3-ubyte.gz: holds the test pictures", "Fashion-MNIST");
    link_files(real, "mnist", "mnist", 2, 3); /* only the test labels are of the other */
    assert_refused_from("mnist", dir, "t10k-labels-idx1-ubyte.gz: holds the test labels", "Fashion-MNIST");
    drop("mnist");
}

/* The first pictures of a published set, cut off: no checksum of a whole file, but its first picture. */
static void a_part_of_a_published_set_is_told(void **state)
{
    (void)state;
    enum { SIZE = 16 + SAMPLES * 784 };
    unsigned char file[SIZE];
    char path[4096], dir[512];
    snprintf(path, sizeof path, "%s/mnist/%s", need_real("mnist/train-images-idx3-ubyte.gz"), files[0]);
    gzFile packed = gzopen(path, "rb");
    assert_non_null(packed);
    assert_int_equal(gzread(packed, file, SIZE), SIZE);
    gzclose(packed);
    put_word(file + 4, SAMPLES);
    put("some/train-images-idx3-ubyte", file, SIZE);
    put("some/t10k-images-idx3-ubyte", file, SIZE);
    put_labels("some/train-labels-idx1-ubyte", digits);
    put_labels("some/t10k-labels-idx1-ubyte", digits);
    path_in(dir, "some");
    assert_refused_from("fashion-mnist", dir, "begins as the training pictures of MNIST", "data.name=mnist");
    ht_error err = {0};
    ht_dataset *data = load_from("mnist", dir, &err);
    if (!data) fail_msg("%s", err.text);
    ht_dataset_free(data);
    drop("some");
}

/* ---- EMNIST, KMNIST
 * ---------------------------------------------------------------------------------------- */

/* Of all pixels v = (10 i + k) / 255: mean 17.5 / 255, variance (125 + 35/12) / 255². */
static const double mean = 17.5 / 255, deviation = 11.31002506 / 255;

static void emnist_letters_stand_upright(void **state)
{
    (void)state;
    static const unsigned char letters[SAMPLES] = {1, 26, 3, 3};
    ht_error err = {0};
    put_set("EMNIST/raw", "emnist-letters-", "test", "-idx3-ubyte", "-idx1-ubyte", letters);
    ht_dataset *data = load_from("emnist:letters", work_dir, &err);
    if (!data) fail_msg("%s", err.text);
    assert_int_equal(data->classes, 3);
    assert_string_equal(data->name, "emnist:letters");
    assert_string_equal(data->class_names[0], "A");
    assert_string_equal(data->class_names[1], "C");
    assert_string_equal(data->class_names[2], "Z");
    assert_true(fabs((double)data->mean[0] - mean) < 1e-6 && fabs((double)data->std[0] - deviation) < 1e-6);
    /* Stored are rows 0 1 2 / 3 4 5 of (2 × 3); shown are columns: 0 3 / 1 4 / 2 5. */
    static const int upright[PIXELS] = {0, 3, 1, 4, 2, 5};
    for (int i = 0; i < SAMPLES; i++)
        for (int k = 0; k < PIXELS; k++) {
            double value = ((10 * i + upright[k]) / 255.0 - mean) / deviation;
            assert_true(fabs((double)data->train.x[i * PIXELS + k] - value) < 1e-5);
        }
    assert_int_equal(data->width, HEIGHT);
    assert_int_equal(data->height, WIDTH);
    assert_non_null(strstr(data->notes, "turned upright"));
    ht_dataset_free(data);
    drop("EMNIST");
}

static void parts_of_emnist_have_their_labels(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        unsigned char labels[SAMPLES];
        const char *names[3];
    } cases[] = {{"balanced", {0, 36, 46, 46}, {"0", "a", "t"}},
                 {"bymerge", {9, 10, 37, 37}, {"9", "A", "b"}},
                 {"byclass", {35, 36, 61, 61}, {"Z", "a", "z"}},
                 {"digits", {0, 5, 9, 9}, {"0", "5", "9"}},
                 {"mnist", {0, 5, 9, 9}, {"0", "5", "9"}}};
    ht_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char prefix[64], name[64];
        snprintf(prefix, sizeof prefix, "emnist-%s-", cases[i].part);
        snprintf(name, sizeof name, "emnist:%s", cases[i].part);
        put_set("gzip", prefix, "test", "-idx3-ubyte", "-idx1-ubyte", cases[i].labels);
        ht_dataset *data = load_from(name, work_dir, &err);
        if (!data) fail_msg("%s", err.text);
        for (int c = 0; c < 3; c++) assert_string_equal(data->class_names[c], cases[i].names[c]);
        ht_dataset_free(data);
    }
    put_set("gzip", "emnist-letters-", "test", "-idx3-ubyte", "-idx1-ubyte", digits);
    assert_refused_from("emnist:letters", work_dir, "labels of EMNIST letters are 1 to 26",
                        "label of picture 1");
    drop("gzip");
    load_bad("emnist:leters", HT_USAGE, "emnist:letters, emnist:balanced", NULL);
    load_bad("emnist", HT_USAGE, "emnist:SPLIT", NULL);
    load_bad("emnist:letters", HT_FAIL, "emnist-letters-train-images-idx3-ubyte", NULL);
}

/* ---- CIFAR
 * ------------------------------------------------------------------------------------------------- */

enum { PICTURE = 3072 };

static void put_records(const char *path, int start, const unsigned char *labels, int count)
{
    static unsigned char file[4 * (2 + PICTURE)];
    for (int i = 0; i < count; i++) {
        unsigned char *record = file + i * (start + PICTURE);
        memset(record, 19, (size_t)start); /* the coarse label of CIFAR-100, which is passed over */
        record[start - 1] = labels[i];
        memset(record + start, 40 * i + 10, PICTURE);
    }
    put(path, file, (size_t)(count * (start + PICTURE)));
}

static void fine_labels_of_cifar_are_read(void **state)
{
    (void)state;
    static const unsigned char labels[] = {99, 0, 45, 53};
    put_records("cifar-100-binary/train.bin", 2, labels, 4);
    put_records("cifar-100-binary/test.bin", 2, labels, 1);
    ht_dataset *data = load_good("cifar100");
    static const char *const names[] = {"apple", "lobster", "orange", "worm"};
    assert_int_equal(data->classes, 4);
    for (int c = 0; c < 4; c++) assert_string_equal(data->class_names[c], names[c]);
    assert_int_equal(data->inputs, PICTURE);
    assert_true(fabs((double)data->test.x[PICTURE - 1] - (10 / 255.0 - 0.447) / 0.262) < 1e-5);
    assert_int_equal(data->test.labels[0], 3);
    ht_dataset_free(data);
    put_records("cifar-100-binary/test.bin", 2, (const unsigned char[]){100}, 1);
    load_bad("cifar100", HT_FAIL, "labels are 0 to 99", "test.bin");
    put_records("cifar-100-binary/test.bin", 1, labels, 1); /* a record of CIFAR-10 */
    load_bad("cifar100", HT_FAIL, "not a whole number of records of 3074 bytes", "test.bin");
    drop("cifar-100-binary");
}

static void cifar_for_python_is_named(void **state)
{
    (void)state;
    put_text("cifar-10-batches-py/data_batch_1", "a pickle");
    put_text("cifar-100-python/train", "a pickle");
    load_bad("cifar10", HT_FAIL, "cifar-10-batches-py: is the version of CIFAR-10 for Python",
             "cifar-10-binary.tar.gz");
    load_bad("cifar100", HT_FAIL, "cifar-100-python: is the version of CIFAR-100 for Python",
             "cifar-100-binary.tar.gz");
    drop("cifar-10-batches-py"), drop("cifar-100-python");
    put_text("cifar-10-binary.tar.gz", "packed");
    load_bad("cifar10", HT_FAIL, "cifar-10-binary.tar.gz: is packed", "tar xzf");
    drop("cifar-10-binary.tar.gz");
}

/* ---- arrays
 * ------------------------------------------------------------------------------------------------ */

static void case_path(char to[1024], const char *name)
{
    snprintf(to, 1024, "%s/tests/cases/15-npy/%s", source_top(), name);
}

/* Made by NumPy, see tests/cases/README.md. */
static void arrays_have_their_labels(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *classes[3];
        int labels[6];
    } cases[] = {{"words", {"bärchen", "cat", "dog"}, {1, 2, 0, 2, 1, 1}},
                 {"words_big_endian", {"bärchen", "cat", "dog"}, {1, 2, 0, 2, 1, 1}},
                 {"version3", {"bärchen", "cat", "dog"}, {1, 2, 0, 2, 1, 1}},
                 {"bytes", {"cat", "dog", "fox"}, {0, 1, 2, 1, 0, 0}},
                 {"column", {"0", "1", "2"}, {0, 1, 0, 1, 1, 2}},
                 {"one_hot", {"0", "1", "2"}, {0, 1, 0, 1, 1, 2}}};
    char path[1024], name[1100];
    ht_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        case_path(path, cases[i].name);
        snprintf(name, sizeof name, "npy:%s", path);
        ht_dataset *data = load_from(name, NULL, &err);
        if (!data) fail_msg("%s", err.text);
        assert_int_equal(data->classes, 3);
        for (int c = 0; c < 3; c++) assert_string_equal(data->class_names[c], cases[i].classes[c]);
        for (int k = 0; k < 6; k++) assert_int_equal(data->train.labels[k], cases[i].labels[k]);
        bool told = data->notes && strstr(data->notes, "one-hot rows of 3 columns");
        assert_true(told == (strcmp(cases[i].name, "one_hot") == 0));
        ht_dataset_free(data);
    }
}

static void values_are_the_same_in_every_order(void **state)
{
    (void)state;
    char path[1024];
    ht_npy plain, other;
    ht_error err;
    case_path(path, "words/X_train.npy");
    assert_int_equal(ht_npy_read(path, HT_NPY_FLOAT, &plain, &err), HT_OK);
    assert_true(fabsf(plain.f32[0] + 1.431f) < 1e-6f && fabsf(plain.f32[23] - 0.691f) < 1e-6f);
    static const char *const names[] = {"version3/X_train.npy", "words_big_endian/X_train.npy"};
    for (int i = 0; i < 2; i++) {
        case_path(path, names[i]);
        assert_int_equal(ht_npy_read(path, HT_NPY_FLOAT, &other, &err), HT_OK);
        assert_memory_equal(plain.f32, other.f32, plain.count * sizeof *plain.f32);
        ht_npy_free(&other);
    }
    ht_npy_free(&plain);
}

static void names_of_classes_cannot_steer_the_terminal(void **state)
{
    (void)state;
    char path[1024], name[1100];
    ht_error err;
    case_path(path, "hostile");
    snprintf(name, sizeof name, "npy:%s", path);
    ht_dataset *data = load_from(name, NULL, &err);
    if (!data) fail_msg("%s", err.text);
    static const char *const names[] = {"?[2J", "?]0;x?", "a?b", "?x?"};
    assert_int_equal(data->classes, 4);
    for (int c = 0; c < 4; c++) assert_string_equal(data->class_names[c], names[c]);
    ht_dataset_free(data);
}

static void arrays_that_cannot_be_read_say_what_to_save(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"objects", "are not run"},    {"structured", "take one field"},
        {"complex", "save x.real"},    {"long_double", "astype('float64')"},
        {"row", "y.ravel()"},          {"empty_word", "label 2 is an empty string"},
        {"scores", "y.argmax(axis=1)"}};
    char from[1024], name[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(name, sizeof name, "refused/%s.npy", cases[i][0]);
        case_path(from, name);
        put_text("set/keep", "");
        static const char *const parts[] = {"X_train", "X_test", "y_test"};
        char good[1024], link[512], below[64];
        for (int k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "words/%s.npy", parts[k]);
            case_path(good, name);
            snprintf(below, sizeof below, "set/%s.npy", parts[k]);
            path_in(link, below);
            assert_int_equal(symlink(good, link), 0);
        }
        path_in(link, "set/y_train.npy");
        assert_int_equal(symlink(from, link), 0);
        load_bad("npy:set", HT_FAIL, "y_train.npy: ", cases[i][1]);
        drop("set");
    }
}

/* ---- what is no file
 * --------------------------------------------------------------------------------------- */

/* A writer waits in open() until somebody opens the pipe for reading, if only for a moment. */
static pid_t wait_at(const char *pipe_path)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        if (write(ready[1], &byte, 1) != 1) _exit(2);
        _exit(open(pipe_path, O_WRONLY) >= 0 ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]), close(ready[1]);
    usleep(100000); /* to be in open() */
    return child;
}

static bool woke(pid_t child)
{
    for (int i = 0; i < 30; i++) {
        if (waitpid(child, NULL, WNOHANG) == child) return true;
        usleep(10000);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return false;
}

/* As with a tape that would rewind, or a line that would be hung up. */
static void a_pipe_is_refused_without_being_opened(void **state)
{
    (void)state;
    char path[512], *data;
    uint64_t size;
    size_t count;
    ht_error err;
    path_in(path, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    for (int way = 0; way < 3; way++) {
        pid_t child = wait_at(path);
        if (way == 0)
            assert_int_equal(ht_file_open(path, &size, &err), -1);
        else if (way == 1)
            assert_int_equal(ht_file_read(path, 100, &data, &count, &err), HT_FAIL);
        else
            assert_int_equal(ht_file_append(path, "x", 1, &err), HT_FAIL);
        assert_non_null(strstr(err.text, "is not a regular file"));
        assert_false(woke(child));
    }
    drop("pipe");
}

static void regular_files_open_through_links_and_are_made(void **state)
{
    (void)state;
    char path[512], link[512], *data;
    size_t count;
    ht_error err;
    path_in(path, "file");
    path_in(link, "link");
    assert_int_equal(ht_file_append(path, "one\n", 4, &err), HT_OK); /* makes it */
    assert_int_equal(ht_file_append(path, "two\n", 4, &err), HT_OK);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(ht_file_read(link, 100, &data, &count, &err), HT_OK);
    assert_string_equal(data, "one\ntwo\n");
    ht_free(data);
    assert_int_equal(ht_file_append(link, "three\n", 6, &err), HT_FAIL); /* changed only by its own name */
    assert_non_null(strstr(err.text, "symbolic link"));
    drop("link");
    assert_int_equal(symlink("/nowhere/at/all", link), 0);
    assert_int_equal(ht_file_append(link, "x", 1, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "symbolic link"));
    drop("link"), drop("file");
}

static void paths_of_strangers_stay_inside(void **state)
{
    (void)state;
    char name[1024], dir[512];
    put_text("inner/a.csv", "x");
    path_in(dir, "inner");
    static const struct {
        const char *name; /* %s: the directory */
        bool inside;
    } cases[] = {{"csv:%s/a.csv,%s/b.csv", true},
                 {"csv:%s/a.csv,/etc/passwd", false},
                 {"csv:/etc/passwd,%s/a.csv", false},
                 {"csv:%s/../a.csv,%s/b.csv", false},
                 {"csv:%sx/a.csv,%s/b.csv", false},
                 {"npy:%s", true},
                 {"npy:%s/sub", true},
                 {"npy:/", false},
                 {"npy:..", false},
                 {"csv:not/here.csv,nor/here.csv", true},
                 {"mnist", true},
                 {"teacher:8x2", true},
                 {"ucr:Coffee", true},
                 {"no such set", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t used = 0;
        for (const char *p = cases[i].name; *p; p++) {
            if (p[0] == '%' && p[1] == 's') {
                used += (size_t)snprintf(name + used, sizeof name - used, "%s", dir);
                p++;
            } else {
                name[used++] = *p;
            }
        }
        name[used] = '\0';
        if (ht_data_stays_inside(name, dir) != cases[i].inside) fail_msg("%s", name);
    }
    drop("inner");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_of_archives_are_found),
        cmocka_unit_test(a_folder_of_another_set_is_refused),
        cmocka_unit_test(the_directory_that_was_asked_for_is_not_passed_over),
        cmocka_unit_test(own_files_are_taken_with_a_note),
        cmocka_unit_test(names_of_folders_speak_of_one_set),
        cmocka_unit_test(published_files_are_told_whatever_their_folder_is_called),
        cmocka_unit_test(a_part_of_a_published_set_is_told),
        cmocka_unit_test(emnist_letters_stand_upright),
        cmocka_unit_test(parts_of_emnist_have_their_labels),
        cmocka_unit_test(fine_labels_of_cifar_are_read),
        cmocka_unit_test(cifar_for_python_is_named),
        cmocka_unit_test(arrays_have_their_labels),
        cmocka_unit_test(values_are_the_same_in_every_order),
        cmocka_unit_test(names_of_classes_cannot_steer_the_terminal),
        cmocka_unit_test(arrays_that_cannot_be_read_say_what_to_save),
        cmocka_unit_test(a_pipe_is_refused_without_being_opened),
        cmocka_unit_test(regular_files_open_through_links_and_are_made),
        cmocka_unit_test(paths_of_strangers_stay_inside),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
