/* CIFAR-10 and CIFAR-100, binary versions: records of one label byte (CIFAR-100: of the 20 kinds, then of the
 * 100 classes) and 3 × 1024 bytes (red, green, blue plane of 32 × 32).
 * https://www.cs.toronto.edu/~kriz/cifar.html Standardized channel by channel with the figures of CIFAR-10
 * that everybody uses, or, where data.scale asks for one scale, by all pixels of the training files. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/load/pictures.h"
#include "data/source.h"

enum { CHANNELS = HT_SCALED_CHANNELS, SIDE = 32, INPUTS = CHANNELS * SIDE * SIDE, NAMES = 100 };

/* Far more records than the real files have (10 000 or 50 000 each), far fewer than memory. */
enum { FILE_LIMIT = 512 << 20 };

typedef struct cifar_set {
    const char *title;
    const char *const *folders; /* where its files may be in a place */
    const char *const *train;   /* names of the training files, NULL at the end */
    const char *test;
    const char *pickled, *pickled_file; /* the folder of the version for Python; one of its files, or NULL */
    const char *archive;                /* of the binary version */
    int label, classes;                 /* which byte of a record, and how many */
    int start;                          /* of the pixels in a record */
    const char *names[NAMES];
} cifar_set;

/* Of red, green and blue / 255. */
static const float means[CHANNELS] = {0.491f, 0.482f, 0.447f},
                   deviations[CHANNELS] = {0.247f, 0.243f, 0.262f};

static const ht_endings plain = {"", NULL};

static ht_code check_records(const cifar_set *set, const char *path, const unsigned char *data, size_t size,
                             ht_error *err)
{
    size_t record = (size_t)set->start + INPUTS;
    if (size == 0 || size % record != 0)
        return ht_error_set(
            err, HT_FAIL, "%s: has %zu bytes, which is %s of %zu bytes; it is %s: download or copy it again",
            path, size, size == 0 ? "no record" : "not a whole number of records", record,
            size == 0 ? "empty" : "truncated or another kind of file");
    for (size_t at = (size_t)set->label; at < size; at += record)
        if (data[at] >= set->classes)
            return ht_error_set(
                err, HT_FAIL,
                "%s: byte %zu (label of record %zu) is %d, labels are 0 to %d; the file is damaged or "
                "not the binary version of %s",
                path, at, at / record + 1, data[at], set->classes - 1, set->title);
    return HT_OK;
}

/* Appends the grey levels and labels of one file; pixels beyond the limit are counted, not kept. */
static ht_code add_file(const cifar_set *set, const char *path, size_t limit, unsigned char **pixels,
                        ht_raw_part *part, ht_levels *sum, ht_error *err)
{
    char *file;
    size_t size, record = (size_t)set->start + INPUTS;
    if (ht_file_read(path, FILE_LIMIT, &file, &size, err) != HT_OK) return err->code;
    const unsigned char *data = (const unsigned char *)file;
    ht_code code = check_records(set, path, data, size, err);
    size_t records = size / record, count = ht_data_limited(part->count + records, limit);
    void *grown = *pixels;
    if (code == HT_OK && count > part->count)
        code = ht_grow(&grown, part->count * INPUTS, count * INPUTS, 1, "the pictures", err);
    *pixels = grown;
    for (size_t i = 0; i < records && code == HT_OK; i++) {
        const unsigned char *from = data + i * record + set->start;
        code = ht_labels_add_number(&part->labels, data[i * record + (size_t)set->label], err);
        if (*pixels && part->count < count) memcpy(*pixels + part->count++ * INPUTS, from, INPUTS);
        ht_levels_add(sum, from, INPUTS);
    }
    ht_free(file);
    return code;
}

static ht_code standardize(const ht_raw *raw, const unsigned char *pixels, ht_raw_part *part, ht_error *err)
{
    part->inputs = INPUTS;
    part->x = ht_alloc(part->count * INPUTS, sizeof *part->x, "the pictures", err);
    if (!part->x) return err->code;
    ht_pictures_standardize(raw, pixels, part);
    return HT_OK;
}

/* A scale that is measured is one for all inputs, and so is what it starts from. */
static void choose_scale(const ht_levels *levels, bool measured, ht_raw *raw)
{
    float mean, std;
    memcpy(raw->mean, means, sizeof raw->mean);
    memcpy(raw->std, deviations, sizeof raw->std);
    if (!measured) return;
    ht_levels_measure(levels, &mean, &std);
    ht_raw_scale(raw, mean, std);
}

static ht_code load_train(const ht_data_request *request, const cifar_set *set, const char *dir, ht_raw *raw,
                          ht_error *err)
{
    ht_levels sum = {{0}};
    unsigned char *pixels = NULL;
    ht_code code = HT_OK;
    for (int i = 0; set->train[i] && code == HT_OK; i++) {
        code = ht_source_file(dir, set->train[i], plain, raw->train.path, err);
        if (code == HT_OK)
            code = add_file(set, raw->train.path, request->train_limit, &pixels, &raw->train, &sum, err);
    }
    if (code == HT_OK) {
        choose_scale(&sum, request->rescaled, raw);
        code = standardize(raw, pixels, &raw->train, err);
    }
    ht_free(pixels);
    return code;
}

/* The version for Python and the packed archive are often all there is: say so. */
static ht_code not_found(const ht_data_request *request, const cifar_set *set, ht_error *err)
{
    const char *const beside[] = {"", set->folders[0], set->folders[1], NULL};
    char path[HT_DATA_PATH];
    if (ht_source_has(request, beside, set->pickled, path) ||
        (set->pickled_file && ht_source_has(request, beside, set->pickled_file, path)))
        return ht_error_set(
            err, HT_FAIL,
            "%s: is the version of %s for Python (pickles, which are programs and are not run "
            "here); download the binary version, %s, and unpack it there",
            path, set->title, set->archive);
    if (ht_source_has(request, beside, set->archive, path))
        return ht_error_set(err, HT_FAIL, "%s: is packed; unpack it there: tar xzf %s", path, set->archive);
    return err->code;
}

static ht_code load(const ht_data_request *request, const cifar_set *set, ht_raw *raw, ht_error *err)
{
    char dir[HT_DATA_PATH];
    ht_levels ignored = {{0}};
    unsigned char *pixels = NULL;
    raw->names = set->names;
    raw->name_count = set->classes;
    ht_raw_shape(raw, CHANNELS, SIDE, SIDE);
    if (ht_source_dir_in(request, set->folders, set->train[0], plain, dir, err) != HT_OK)
        return not_found(request, set, err);
    if (load_train(request, set, dir, raw, err) != HT_OK) return err->code;
    if (ht_source_file(dir, set->test, plain, raw->test.path, err) != HT_OK) return err->code;
    ht_code code = add_file(set, raw->test.path, request->test_limit, &pixels, &raw->test, &ignored, err);
    if (code == HT_OK) code = standardize(raw, pixels, &raw->test, err);
    ht_free(pixels);
    return code;
}

ht_code ht_load_cifar(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const folders[] = {"cifar10", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin",
                                          "", NULL};
    static const char *const train[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                        "data_batch_4.bin", "data_batch_5.bin", NULL};
    static const cifar_set set = {
        .title = "CIFAR-10",
        .folders = folders,
        .train = train,
        .test = "test_batch.bin",
        .pickled = "cifar-10-batches-py",
        .pickled_file = "data_batch_1",
        .archive = "cifar-10-binary.tar.gz",
        .classes = 10,
        .start = 1,
        .names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}};
    return load(request, &set, raw, err);
}

/* The 100 classes; the 20 kinds that they belong to are passed over. */
ht_code ht_load_cifar100(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const folders[] = {"cifar100", "cifar-100-binary", "cifar100/cifar-100-binary", "",
                                          NULL};
    static const char *const train[] = {"train.bin", NULL};
    static const cifar_set set = {
        .title = "CIFAR-100",
        .folders = folders,
        .train = train,
        .test = "test.bin",
        .pickled = "cifar-100-python",
        .archive = "cifar-100-binary.tar.gz",
        .label = 1,
        .classes = 100,
        .start = 2,
        .names = {"apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
                  "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
                  "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
                  "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
                  "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
                  "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
                  "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
                  "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
                  "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
                  "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
                  "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
                  "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
                  "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
                  "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
                  "table",       "tank",          "telephone", "television", "tiger",        "tractor",
                  "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
                  "willow_tree", "wolf",          "woman",     "worm"}};
    return load(request, &set, raw, err);
}
