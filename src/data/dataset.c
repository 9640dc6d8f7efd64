#include "heavytail/dataset.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/loader.h"

_Static_assert(HT_LABEL_NAME == sizeof *((ht_dataset *)0)->class_names, "class names have one length");

typedef enum argument_rule { NO_ARGUMENT, MAY_HAVE_ARGUMENT, NEEDS_ARGUMENT } argument_rule;

#define IDX_FILES                                                                                            \
    "train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte, plain "  \
    "or .gz"
#define EMNIST_FILES                                                                                         \
    "emnist/ emnist-SPLIT-train-images-idx3-ubyte and so on; letters, balanced, digits, byclass, bymerge "   \
    "or "                                                                                                    \
    "mnist"
#define ECG_FILES "ecg5000/ ECG5000_TRAIN.tsv ECG5000_TEST.tsv"

/* THE table: name, title, source, shape, loader, what may follow a ':', the embedded set that is closest. */
#define DATA_SETS(ROW)                                                                                       \
    ROW("ecg-synth", "Synthetic heartbeats, normal or abnormal", "embedded",                                 \
        "140 inputs, 2 classes, 500 train / 4 500 test", ht_synth_ecg, NO_ARGUMENT, "ecg-synth")             \
    ROW("digits-synth", "Synthetic handwritten digits", "embedded",                                          \
        "28 x 28 inputs, 10 classes, 10 000 train / 2 000 test", ht_synth_digits, NO_ARGUMENT,               \
        "digits-synth")                                                                                      \
    ROW("teacher", "Gaussian inputs labelled by a narrow random network", "embedded",                        \
        "64 inputs, 4 classes, 5 000 train / 2 000 test; others as teacher:INPUTSxCLASSES or "               \
        "teacher:INPUTSxCLASSESxTRAIN",                                                                      \
        ht_synth_teacher, MAY_HAVE_ARGUMENT, "teacher")                                                      \
    ROW("mnist", "MNIST handwritten digits", "mnist/ " IDX_FILES,                                            \
        "28 x 28 inputs, 10 classes, 60 000 train / 10 000 test", ht_load_mnist, NO_ARGUMENT,                \
        "digits-synth")                                                                                      \
    ROW("fashion-mnist", "Fashion-MNIST clothes", "fashion-mnist/ " IDX_FILES,                               \
        "28 x 28 inputs, 10 classes, 60 000 train / 10 000 test", ht_load_fashion, NO_ARGUMENT,              \
        "digits-synth")                                                                                      \
    ROW("kmnist", "KMNIST cursive Japanese characters", "kmnist/ " IDX_FILES,                                \
        "28 x 28 inputs, 10 classes, 60 000 train / 10 000 test", ht_load_kmnist, NO_ARGUMENT,               \
        "digits-synth")                                                                                      \
    ROW("emnist:SPLIT", "EMNIST handwritten letters and digits", EMNIST_FILES,                               \
        "28 x 28 inputs; letters 26 classes, balanced 47, digits 10, byclass 62, bymerge 47, mnist 10",      \
        ht_load_emnist, NEEDS_ARGUMENT, "digits-synth")                                                      \
    ROW("ecg5000", "ECG5000 heartbeats, normal or abnormal", ECG_FILES,                                      \
        "140 inputs, 2 classes, 500 train / 4 500 test", ht_load_ecg5000, NO_ARGUMENT, "ecg-synth")          \
    ROW("ecg5000-5", "ECG5000 heartbeats, five classes", ECG_FILES,                                          \
        "140 inputs, 5 classes, 500 train / 4 500 test", ht_load_ecg5000_5, NO_ARGUMENT, "ecg-synth")        \
    ROW("cifar10", "CIFAR-10 colour pictures",                                                               \
        "cifar10/ data_batch_1.bin to data_batch_5.bin, test_batch.bin",                                     \
        "3 x 32 x 32 inputs, 10 classes, 50 000 train / 10 000 test", ht_load_cifar, NO_ARGUMENT,            \
        "digits-synth")                                                                                      \
    ROW("cifar100", "CIFAR-100 colour pictures", "cifar100/ train.bin, test.bin",                            \
        "3 x 32 x 32 inputs, 100 classes, 50 000 train / 10 000 test", ht_load_cifar100, NO_ARGUMENT,        \
        "digits-synth")                                                                                      \
    ROW("ucr:NAME", "A time series set of the UCR archive",                                                  \
        "NAME/ NAME_TRAIN.tsv NAME_TEST.tsv (or .txt, .ts)", "as in the files", ht_load_ucr, NEEDS_ARGUMENT, \
        "ecg-synth")                                                                                         \
    ROW("csv:TRAIN,TEST", "Two CSV files",                                                                   \
        "TRAIN and TEST; the label in column label or class, else the last", "as in the files", ht_load_csv, \
        NEEDS_ARGUMENT, "teacher")                                                                           \
    ROW("npy:DIR", "NumPy arrays", "DIR/ X_train.npy y_train.npy X_test.npy y_test.npy", "as in the files",  \
        ht_load_npy, NEEDS_ARGUMENT, "teacher")

typedef struct set_row {
    ht_data_loader *load;
    argument_rule argument;
    const char *instead;
} set_row;

#define PUBLIC_ROW(name, title, source, shape, load, argument, instead) {name, title, source, shape},
#define PRIVATE_ROW(name, title, source, shape, load, argument, instead) {load, argument, instead},
static const ht_dataset_info table[] = {DATA_SETS(PUBLIC_ROW)};
static const set_row rows[] = {DATA_SETS(PRIVATE_ROW)};
enum { ROWS = sizeof table / sizeof table[0] };

const ht_dataset_info *ht_dataset_table(size_t *count)
{
    *count = ROWS;
    return table;
}

size_t ht_data_limited(size_t count, size_t limit)
{
    return limit && limit < count ? limit : count;
}

uint64_t ht_synth_which(ht_synth_part part, size_t index)
{
    return (uint64_t)part << 40 | index;
}

/* ---- the name ---------------------------------------------------------------------------------- */

/* The part before the ':', cut to fit: no name of ours is longer. */
static void base_name(const char *name, char to[32])
{
    size_t length = strcspn(name, ":");
    snprintf(to, 32, "%.*s", length < 31 ? (int)length : 31, name);
}

static ht_code unknown_name(const char *name, const char *base, ht_error *err)
{
    char other[32];
    ht_guess guess = ht_guess_for(base);
    for (int i = 0; i < ROWS; i++) {
        base_name(table[i].name, other);
        ht_guess_offer(&guess, other);
    }
    return ht_error_set(
        err, HT_USAGE,
        "data.name: there is no data set '%.80s'%s (`heavytail data list` shows them all; '%s' "
        "needs no files)",
        name, ht_guess_words(&guess), table[0].name);
}

/* Finds the row of `name`; *argument points behind the ':' or at the end. */
static ht_code find_row(const char *name, int *row, const char **argument, ht_error *err)
{
    char base[32], other[32];
    base_name(name, base);
    *argument = name + strcspn(name, ":");
    bool colon = **argument == ':';
    *argument += colon;
    for (int i = 0; i < ROWS; i++) {
        base_name(table[i].name, other);
        if (strcmp(base, other) != 0) continue;
        *row = i;
        if (colon && rows[i].argument == NO_ARGUMENT)
            return ht_error_set(err, HT_USAGE, "data.name: '%.80s': nothing may follow '%s'", name, other);
        if (!**argument && (colon || rows[i].argument == NEEDS_ARGUMENT))
            return ht_error_set(err, HT_USAGE, "data.name: '%.80s': say which, as in '%s'", name,
                                rows[i].argument == NEEDS_ARGUMENT ? table[i].name : "teacher:784x10");
        return HT_OK;
    }
    return unknown_name(name, base, err);
}

/* ---- from what a loader gives to a data set ---------------------------------------------------- */

/* What holds for every data set, checked here and nowhere else. x is (count × inputs). */
static ht_code validate_part(const ht_raw_part *part, const char *what, ht_error *err)
{
    const char *path = part->inputs_path[0] ? part->inputs_path : part->path;
    if (part->count == 0 || part->labels.count < part->count)
        return ht_error_set(err, HT_FAIL, "%s: has no %s samples; give a file with at least one", path, what);
    for (size_t i = 0; i < part->count * part->inputs; i++)
        if (!isfinite(part->x[i]))
            return ht_error_set(
                err, HT_FAIL,
                "%s: sample %zu, value %zu is %s; remove or fill in such samples (floats end at 3.4e38)",
                path, i / part->inputs + 1, i % part->inputs + 1, isnan(part->x[i]) ? "NaN" : "infinite");
    return HT_OK;
}

static ht_code validate(const ht_raw *raw, ht_error *err)
{
    if (validate_part(&raw->train, "training", err) != HT_OK) return err->code;
    if (validate_part(&raw->test, "test", err) != HT_OK) return err->code;
    if (raw->train.inputs == raw->test.inputs) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: its samples have %zu values, those of the training file %s have %zu; both must have as many",
        raw->test.path, raw->test.inputs, raw->train.path, raw->train.inputs);
}

/* Classes of the first `count` labels; every label of the file must have one. */
static ht_code map_labels(const ht_raw_labels *classes, const ht_raw *raw, const ht_raw_part *part,
                          int32_t **to, ht_error *err)
{
    *to = ht_alloc(part->count, sizeof **to, "the labels", err);
    if (!*to) return err->code;
    for (size_t i = 0; i < part->labels.count; i++) {
        int32_t class = ht_labels_class(classes, &raw->train.labels, &part->labels, i);
        if (class < 0) {
            char label[HT_LABEL_NAME];
            ht_label_format(&part->labels, i, label, sizeof label);
            return ht_error_set(
                err, HT_FAIL,
                "%s: row %zu: the label '%s' does not occur in the training file %s; remove such rows "
                "or add training samples of that class",
                part->path, i + 1, label, raw->train.path);
        }
        if (i < part->count) (*to)[i] = class;
    }
    return HT_OK;
}

static ht_code name_classes(const ht_raw_labels *classes, const ht_raw *raw, ht_dataset *data, ht_error *err)
{
    data->classes = (int)classes->count;
    data->class_names = ht_alloc(classes->count, sizeof *data->class_names, "the class names", err);
    if (!data->class_names) return err->code;
    for (size_t c = 0; c < classes->count; c++) {
        /* Words of the classes live with the training labels. */
        ht_raw_labels shown = {.items = classes->items, .words = raw->train.labels.words};
        if (raw->names)
            ht_text_copy(data->class_names[c], HT_LABEL_NAME,
                         raw->names[(int)classes->items[c].number - raw->first_label]);
        else
            ht_label_format(&shown, c, data->class_names[c], HT_LABEL_NAME);
        ht_text_clean(data->class_names[c]); /* of a stranger, on its way to a terminal */
    }
    return HT_OK;
}

static void move_samples(ht_raw_part *from, ht_samples *to)
{
    to->count = from->count;
    to->x = from->x;
    from->x = NULL;
}

static ht_code assemble(ht_raw *raw, ht_dataset *data, ht_error *err)
{
    ht_raw_labels classes = {0};
    if (validate(raw, err) != HT_OK) return err->code;
    ht_code code = ht_labels_distinct(&raw->train.labels, raw->train.path, &classes, err);
    if (code == HT_OK) code = map_labels(&classes, raw, &raw->train, &data->train.labels, err);
    if (code == HT_OK) code = map_labels(&classes, raw, &raw->test, &data->test.labels, err);
    if (code == HT_OK) code = name_classes(&classes, raw, data, err);
    ht_labels_free(&classes);
    if (code != HT_OK) return code;
    data->inputs = (int)raw->train.inputs;
    data->width = raw->width;
    data->height = raw->height;
    data->mean = raw->mean;
    data->std = raw->std;
    move_samples(&raw->train, &data->train);
    move_samples(&raw->test, &data->test);
    return HT_OK;
}

/* Result files hold no paths, so csv: and npy: keep only their kind. */
static void set_name(const char *name, int row, ht_dataset *data)
{
    char base[32];
    base_name(name, base);
    bool has_path = rows[row].load == ht_load_csv || rows[row].load == ht_load_npy;
    ht_text_copy(data->name, sizeof data->name, has_path ? base : name);
    ht_text_copy(data->title, sizeof data->title, table[row].title);
}

static void keep_first(ht_raw_part *part, size_t limit)
{
    part->count = ht_data_limited(part->count, limit);
}

static void free_part(ht_raw_part *part)
{
    ht_free(part->x);
    ht_labels_free(&part->labels);
}

static ht_code load_row(const ht_data_request *request, int row, ht_dataset *data, ht_error *err)
{
    ht_raw *raw = ht_alloc(1, sizeof *raw, "the data set", err);
    if (!raw) return err->code;
    raw->std = 1;
    ht_text_copy(raw->train.path, sizeof raw->train.path, request->name);
    ht_text_copy(raw->test.path, sizeof raw->test.path, request->name);
    ht_code code = rows[row].load(request, raw, err);
    keep_first(&raw->train, request->train_limit);
    keep_first(&raw->test, request->test_limit);
    if (code == HT_OK) code = assemble(raw, data, err);
    data->notes = raw->notes.lines.data; /* of one owner from here on */
    free_part(&raw->train);
    free_part(&raw->test);
    ht_free(raw);
    return code;
}

ht_dataset *ht_dataset_load(const char *name, const ht_data_options *options, ht_error *err)
{
    int row = 0;
    char base[32];
    const char *argument;
    if (find_row(name, &row, &argument, err) != HT_OK) return NULL;
    base_name(name, base);
    ht_data_request request = {.name = base,
                               .argument = argument,
                               .dir = options->dir,
                               .source = table[row].source,
                               .instead = rows[row].instead,
                               .seed = options->seed,
                               .train_limit = options->train_limit,
                               .test_limit = options->test_limit};
    ht_dataset *data = ht_alloc(1, sizeof *data, "the data set", err);
    if (!data) return NULL;
    set_name(name, row, data);
    if (load_row(&request, row, data, err) == HT_OK) return data;
    ht_dataset_free(data);
    return NULL;
}

void ht_dataset_free(ht_dataset *data)
{
    if (!data) return;
    ht_free(data->train.x);
    ht_free(data->train.labels);
    ht_free(data->test.x);
    ht_free(data->test.labels);
    ht_free(data->class_names);
    ht_free(data->notes);
    ht_free(data->facts);
    ht_free(data);
}
