/* MNIST and the sets in its format: Fashion-MNIST, KMNIST, EMNIST. IDX files, plain or gzip: big-endian
 * 32-bit words (magic, then one size a dimension), then unsigned bytes. http://yann.lecun.com/exdb/mnist/
 *
 * The sets share their file names. Published files are told by their checksums, others by the folder they lie
 * in (data/load/known.h); files of another set than the one asked for are refused. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/bytes.h"
#include "data/checksum.h"
#include "data/load/known.h"
#include "data/loader.h"
#include "data/load/pictures.h"
#include "data/source.h"

enum { MAGIC_IMAGES = 0x803, MAGIC_LABELS = 0x801, NAMES = 62, STEM = 48 };

typedef struct idx_set {
    const char *name, *title;   /* "mnist", "MNIST" */
    const char *const *folders; /* where its files may be in a place */
    const char *prefix, *test;  /* of the file names: "", "t10k" */
    float mean, std;    /* of the train pixels / 255, as everybody uses them; std 0: measured in the files */
    int first, classes; /* labels are first .. first + classes - 1 */
    bool lying;         /* stored with rows and columns exchanged */
    const char *names[NAMES];
} idx_set;

static const ht_endings images_endings = {"-idx3-ubyte", "-idx3-ubyte.gz", ".idx3-ubyte", ".idx3-ubyte.gz",
                                          NULL};
static const ht_endings labels_endings = {"-idx1-ubyte", "-idx1-ubyte.gz", ".idx1-ubyte", ".idx1-ubyte.gz",
                                          NULL};

/* What is read for one set. */
typedef struct reading {
    const idx_set *set;
    char dir[HT_DATA_PATH];
    int unknown; /* files of unknown checksum */
    ht_raw *raw;
} reading;

/* Reads the magic and `count` sizes. */
static ht_code read_header(ht_bytes *bytes, uint32_t magic, uint32_t *sizes, int count, ht_error *err)
{
    unsigned char word[4];
    for (int i = -1; i < count; i++) {
        if (ht_bytes_read(bytes, word, 4, "the IDX header", err) != HT_OK) return err->code;
        uint32_t value = (uint32_t)word[0] << 24 | (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 | word[3];
        if (i >= 0)
            sizes[i] = value;
        else if (value != magic)
            return ht_error_set(
                err, HT_FAIL,
                "%s: byte 0: the magic number is 0x%08x, IDX %s have 0x%08x; this is another kind of file "
                "or a damaged one",
                bytes->path, value, magic == MAGIC_IMAGES ? "images" : "labels", magic);
    }
    return HT_OK;
}

/* The size of the picture data, refused if no real set has it. */
static ht_code picture_bytes(const char *path, const uint32_t sizes[3], size_t *total, ht_error *err)
{
    size_t inputs;
    bool overflow = __builtin_mul_overflow((size_t)sizes[1], (size_t)sizes[2], &inputs) ||
                    __builtin_mul_overflow(inputs, (size_t)sizes[0], total);
    if (!overflow && *total > 0 && inputs <= INT_MAX && *total <= HT_DATA_BYTES_MAX / sizeof(float))
        return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: the header (bytes 4 to 15) says %u pictures of %u x %u pixels, %s; the file is damaged: "
        "download it again",
        path, sizes[0], sizes[1], sizes[2],
        !overflow && *total == 0 ? "which is nothing" : "more than 4 GB of values");
}

/* Rows and columns exchanged, in place. `one` holds a picture. */
static void stand_up(unsigned char *pixels, size_t count, int height, int width, unsigned char *one)
{
    size_t inputs = (size_t)height * (size_t)width;
    for (size_t i = 0; i < count; i++, pixels += inputs) {
        for (int r = 0; r < height; r++)
            for (int c = 0; c < width; c++) one[c * height + r] = pixels[r * width + c];
        memcpy(pixels, one, inputs);
    }
}

static ht_code turn(const reading *r, unsigned char *pixels, ht_raw_part *part, ht_error *err)
{
    ht_raw *raw = r->raw;
    if (!r->set->lying) return HT_OK;
    unsigned char *one = ht_alloc(part->inputs, 1, "a picture", err);
    if (!one) return err->code;
    stand_up(pixels, part->count, raw->height, raw->width, one);
    ht_free(one);
    return HT_OK;
}

/* Training pictures of a set without well-known figures say what all are standardized with. */
static void scale_by(const reading *r, const ht_raw_part *part, const unsigned char *pixels, size_t total)
{
    ht_raw *raw = r->raw;
    ht_levels levels = {{0}};
    float mean, std;
    if (r->set->std > 0 || part != &raw->train) return;
    ht_levels_add(&levels, pixels, total);
    ht_levels_measure(&levels, &mean, &std);
    ht_raw_scale(raw, mean, std);
}

static ht_code keep_pictures(const reading *r, unsigned char *pixels, size_t total, ht_raw_part *part,
                             ht_error *err)
{
    ht_raw *raw = r->raw;
    if (turn(r, pixels, part, err) != HT_OK) return err->code;
    scale_by(r, part, pixels, total);
    part->x = ht_alloc(part->count * part->inputs, sizeof *part->x, "the pictures", err);
    if (!part->x) return err->code;
    ht_pictures_standardize(raw, pixels, part);
    return HT_OK;
}

static ht_code read_images(ht_bytes *bytes, const reading *r, size_t limit, ht_raw_part *part,
                           uint32_t *count, uint32_t *first, ht_error *err)
{
    ht_raw *raw = r->raw;
    uint32_t sizes[3] = {0};
    size_t total = 0;
    if (read_header(bytes, MAGIC_IMAGES, sizes, 3, err) != HT_OK) return err->code;
    if (picture_bytes(bytes->path, sizes, &total, err) != HT_OK) return err->code;
    if (part != &raw->train && (raw->height != (int)sizes[1] || raw->width != (int)sizes[2]))
        return ht_error_set(
            err, HT_FAIL,
            "%s: the header says %u x %u pixels, the training pictures have %d x %d; the files are not "
            "of one set",
            bytes->path, sizes[1], sizes[2], raw->height, raw->width);
    unsigned char *pixels = ht_bytes_take(bytes, total, "pixels", err);
    if (!pixels) return err->code;
    *count = sizes[0];
    *first = ht_checksum_add(0, pixels, sizes[0] > 0 ? total / sizes[0] : 0);
    part->count = ht_data_limited(sizes[0], limit);
    part->inputs = (size_t)sizes[1] * sizes[2];
    ht_raw_shape(raw, 1, sizes[1], sizes[2]);
    ht_code code = ht_bytes_end(bytes, err);
    if (code == HT_OK) code = keep_pictures(r, pixels, total, part, err);
    ht_free(pixels);
    return code;
}

static ht_code read_labels(ht_bytes *bytes, const idx_set *set, uint32_t images, const char *images_path,
                           ht_raw_part *part, ht_error *err)
{
    uint32_t count = 0;
    if (read_header(bytes, MAGIC_LABELS, &count, 1, err) != HT_OK) return err->code;
    if (count != images)
        return ht_error_set(err, HT_FAIL,
                            "%s: the header (byte 4) says %u labels, but %s has %u pictures; the files "
                            "are not of one set",
                            bytes->path, count, images_path, images);
    unsigned char *labels = ht_bytes_take(bytes, count, "labels", err);
    if (!labels) return err->code;
    ht_code code = ht_bytes_end(bytes, err);
    for (uint32_t i = 0; i < count && code == HT_OK; i++) {
        if (labels[i] >= set->first && labels[i] < set->first + set->classes)
            code = ht_labels_add_number(&part->labels, labels[i], err);
        else
            code = ht_error_set(
                err, HT_FAIL,
                "%s: byte %u (label of picture %u) is %d, labels of %s are %d to %d; the file "
                "is damaged or of another set",
                bytes->path, i + 8, i + 1, labels[i], set->title, set->first, set->first + set->classes - 1);
    }
    ht_free(labels);
    return code;
}

/* A published file must be of the set asked for, and so must a part of one. `first` is the checksum of the
 * first picture, 0 for labels. */
static ht_code check_sum(const ht_bytes *bytes, uint32_t first, reading *r, ht_error *err)
{
    const ht_known *known = ht_known_by_sum(bytes->sum, bytes->offset), *part = NULL;
    if (!known) {
        r->unknown++;
        part = ht_known_by_picture(first);
    }
    if (!known && !part) return HT_OK;
    const ht_known *what = known ? known : part;
    if (strcmp(what->set, r->set->name) == 0) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: %s %s of %s (by its checksum), not those of %s: say data.name=%s, or give the "
                        "folder of %s",
                        bytes->path, known ? "holds" : "begins as", what->part, what->title, r->set->title,
                        what->set, r->set->title);
}

/* Files of unknown checksum in a folder whose name speaks of another set. */
static ht_code check_folder(const reading *r, ht_error *err)
{
    const char *named = r->unknown ? ht_known_by_folder(r->dir) : NULL;
    if (!named || strcmp(named, r->set->name) == 0) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "data set '%s' not found: the only files of such names are in %s, which by its name "
                        "holds %s; say data.name=%s%s, or put the files of %s into a folder %s",
                        r->set->name, r->dir, named, named,
                        strcmp(named, "emnist") == 0 ? ":letters (or another part)" : "", r->set->title,
                        r->set->name);
}

static ht_code load_part(reading *r, const char *part_name, size_t limit, ht_raw_part *part, ht_error *err)
{
    char images_path[HT_DATA_PATH], stem[STEM];
    ht_bytes bytes;
    uint32_t count = 0, first = 0;
    snprintf(stem, sizeof stem, "%s%s-images", r->set->prefix, part_name);
    if (ht_source_file(r->dir, stem, images_endings, images_path, err) != HT_OK) return err->code;
    snprintf(stem, sizeof stem, "%s%s-labels", r->set->prefix, part_name);
    if (ht_source_file(r->dir, stem, labels_endings, part->path, err) != HT_OK) return err->code;
    ht_code code = ht_bytes_open(&bytes, images_path, HT_DATA_BYTES_MAX, err);
    if (code == HT_OK) code = read_images(&bytes, r, limit, part, &count, &first, err);
    if (code == HT_OK) code = check_sum(&bytes, first, r, err);
    ht_bytes_close(&bytes);
    if (code != HT_OK) return code;
    code = ht_bytes_open(&bytes, part->path, HT_DATA_BYTES_MAX, err);
    if (code == HT_OK) code = read_labels(&bytes, r->set, count, images_path, part, err);
    if (code == HT_OK) code = check_sum(&bytes, 0, r, err);
    ht_bytes_close(&bytes);
    return code;
}

static void note_what_was_found(const reading *r, const idx_set *set)
{
    ht_raw *raw = r->raw;
    if (r->unknown && ht_known_has(set->name))
        ht_notes_add(&raw->notes,
                     "%s: not the published files of %s (other checksums): %zu training and %zu test "
                     "samples are taken as they are",
                     r->dir, set->title, raw->train.labels.count, raw->test.labels.count);
    if (set->lying)
        ht_notes_add(&raw->notes,
                     "%s: the files of %s hold their pictures with rows and columns exchanged; they are "
                     "turned upright here",
                     r->dir, set->title);
}

static ht_code load(const ht_data_request *request, const idx_set *set, ht_raw *raw, ht_error *err)
{
    reading r = {.set = set, .raw = raw};
    char stem[STEM];
    ht_raw_scale(raw, set->mean, set->std);
    raw->names = set->names;
    raw->name_count = set->classes;
    raw->first_label = set->first;
    snprintf(stem, sizeof stem, "%strain-images", set->prefix);
    if (ht_source_dir_in(request, set->folders, stem, images_endings, r.dir, err) != HT_OK) return err->code;
    if (load_part(&r, "train", request->train_limit, &raw->train, err) != HT_OK) return err->code;
    if (load_part(&r, set->test, request->test_limit, &raw->test, err) != HT_OK) return err->code;
    if (check_folder(&r, err) != HT_OK) return err->code;
    if (set->lying) ht_raw_shape(raw, 1, (size_t)raw->width, (size_t)raw->height);
    note_what_was_found(&r, set);
    return HT_OK;
}

/* ---- the sets: <place>/<name>, as torchvision lays them out from its root, the place itself ---------------
 */

#define DIGITS "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"
#define CAPITALS                                                                                             \
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", \
        "V", "W", "X", "Y", "Z"
#define SMALL                                                                                                \
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", \
        "v", "w", "x", "y", "z"

ht_code ht_load_mnist(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const folders[] = {"mnist", "mnist/raw", "MNIST/raw", "MNIST", "", "raw", NULL};
    static const idx_set set = {.name = "mnist",
                                .title = "MNIST",
                                .folders = folders,
                                .prefix = "",
                                .test = "t10k",
                                .mean = 0.1307f,
                                .std = 0.3081f,
                                .classes = 10,
                                .names = {DIGITS}};
    return load(request, &set, raw, err);
}

ht_code ht_load_fashion(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const folders[] = {"fashion-mnist",
                                          "fashion-mnist/raw",
                                          "fashion",
                                          "fashion_mnist",
                                          "FashionMNIST/raw",
                                          "FashionMNIST",
                                          "",
                                          "raw",
                                          NULL};
    static const idx_set set = {.name = "fashion-mnist",
                                .title = "Fashion-MNIST",
                                .folders = folders,
                                .prefix = "",
                                .test = "t10k",
                                .mean = 0.2860f,
                                .std = 0.3530f,
                                .classes = 10,
                                .names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
                                          "Shirt", "Sneaker", "Bag", "Ankle boot"}};
    return load(request, &set, raw, err);
}

ht_code ht_load_kmnist(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const folders[] = {"kmnist", "kmnist/raw", "KMNIST/raw", "KMNIST", "", "raw", NULL};
    static const idx_set set = {.name = "kmnist",
                                .title = "KMNIST",
                                .folders = folders,
                                .prefix = "",
                                .test = "t10k",
                                .classes = 10,
                                .names = {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"}};
    return load(request, &set, raw, err);
}

/* Small letters that look like their capitals are of one class with them in "balanced" and "bymerge". */
#define MERGED DIGITS, CAPITALS, "a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t"

ht_code ht_load_emnist(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const folders[] = {
        "emnist", "emnist/raw", "EMNIST/raw", "EMNIST", "EMNIST/raw/gzip", "emnist/gzip", "EMNIST/gzip",
        "gzip",   "",           "raw",        NULL};
#define SPLIT(word, from, number, ...)                                                                       \
    {                                                                                                        \
        .name = "emnist", .title = "EMNIST " word, .folders = folders, .prefix = "emnist-" word "-",         \
        .test = "test", .first = from, .classes = number, .lying = true, .names = {                          \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
    static const idx_set sets[] = {
        SPLIT("letters", 1, 26, CAPITALS), SPLIT("balanced", 0, 47, MERGED),
        SPLIT("digits", 0, 10, DIGITS),    SPLIT("byclass", 0, 62, DIGITS, CAPITALS, SMALL),
        SPLIT("bymerge", 0, 47, MERGED),   SPLIT("mnist", 0, 10, DIGITS)};
    char named[128];
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (strcmp(request->argument, sets[i].title + strlen("EMNIST ")) != 0) continue;
        ht_data_request exact = *request;
        snprintf(named, sizeof named,
                 "emnist-%s-train-images-idx3-ubyte and its three siblings, plain or .gz", request->argument);
        exact.source = named;
        return load(&exact, &sets[i], raw, err);
    }
    return ht_error_set(err, HT_USAGE,
                        "data.name: emnist:%.40s: EMNIST comes as emnist:letters, emnist:balanced, "
                        "emnist:digits, emnist:byclass, emnist:bymerge or emnist:mnist",
                        request->argument);
}
