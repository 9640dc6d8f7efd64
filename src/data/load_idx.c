/* MNIST and Fashion-MNIST: IDX files, plain or gzip. Big-endian 32-bit words (magic, then one size a
 * dimension), then unsigned bytes. http://yann.lecun.com/exdb/mnist/ */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/bytes.h"
#include "data/loader.h"
#include "data/pictures.h"
#include "data/source.h"

enum { MAGIC_IMAGES = 0x803, MAGIC_LABELS = 0x801, CLASSES = 10 };

typedef struct idx_set {
    const char *folder;
    float mean, std; /* of the train pixels / 255, as everybody uses them */
    const char *names[CLASSES];
} idx_set;

static const ht_endings either = {"", ".gz", NULL};

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

static ht_code read_images(ht_bytes *bytes, const idx_set *set, size_t limit, ht_raw *raw, ht_raw_part *part,
                           uint32_t *count, ht_error *err)
{
    uint32_t sizes[3] = {0};
    size_t total = 0;
    if (read_header(bytes, MAGIC_IMAGES, sizes, 3, err) != HT_OK) return err->code;
    if (picture_bytes(bytes->path, sizes, &total, err) != HT_OK) return err->code;
    if (raw->width && (raw->height != (int)sizes[1] || raw->width != (int)sizes[2]))
        return ht_error_set(
            err, HT_FAIL,
            "%s: the header says %u x %u pixels, the training pictures have %d x %d; the files are not "
            "of one set",
            bytes->path, sizes[1], sizes[2], raw->height, raw->width);
    unsigned char *pixels = ht_bytes_take(bytes, total, "pixels", err);
    if (!pixels) return err->code;
    *count = sizes[0];
    part->count = ht_data_limited(sizes[0], limit);
    part->inputs = (size_t)sizes[1] * sizes[2];
    raw->height = (int)sizes[1];
    raw->width = (int)sizes[2];
    if (ht_bytes_end(bytes, err) == HT_OK)
        part->x = ht_alloc(part->count * part->inputs, sizeof *part->x, "the pictures", err);
    if (part->x)
        ht_pictures_standardize(pixels, part->count * part->inputs, (double)set->mean, (double)set->std,
                                part->x);
    ht_free(pixels);
    return part->x ? HT_OK : err->code;
}

static ht_code read_labels(ht_bytes *bytes, uint32_t images, const char *images_path, ht_raw_part *part,
                           ht_error *err)
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
        if (labels[i] < CLASSES)
            code = ht_labels_add_number(&part->labels, labels[i], err);
        else
            code = ht_error_set(err, HT_FAIL,
                                "%s: byte %u (label of picture %u) is %d, labels are 0 to %d; the file is "
                                "damaged or of another set",
                                bytes->path, i + 8, i + 1, labels[i], CLASSES - 1);
    }
    ht_free(labels);
    return code;
}

static ht_code load_part(const char *dir, const char *prefix, const idx_set *set, size_t limit, ht_raw *raw,
                         ht_raw_part *part, ht_error *err)
{
    char images_path[HT_DATA_PATH], stem[64];
    ht_bytes bytes;
    uint32_t count = 0;
    snprintf(stem, sizeof stem, "%s-images-idx3-ubyte", prefix);
    if (ht_source_file(dir, stem, either, images_path, err) != HT_OK) return err->code;
    snprintf(stem, sizeof stem, "%s-labels-idx1-ubyte", prefix);
    if (ht_source_file(dir, stem, either, part->path, err) != HT_OK) return err->code;
    ht_code code = ht_bytes_open(&bytes, images_path, HT_DATA_BYTES_MAX, err);
    if (code == HT_OK) code = read_images(&bytes, set, limit, raw, part, &count, err);
    ht_bytes_close(&bytes);
    if (code != HT_OK) return code;
    code = ht_bytes_open(&bytes, part->path, HT_DATA_BYTES_MAX, err);
    if (code == HT_OK) code = read_labels(&bytes, count, images_path, part, err);
    ht_bytes_close(&bytes);
    return code;
}

static ht_code load(const ht_data_request *request, const idx_set *set, ht_raw *raw, ht_error *err)
{
    char dir[HT_DATA_PATH];
    raw->mean = set->mean;
    raw->std = set->std;
    raw->names = set->names;
    raw->name_count = CLASSES;
    if (ht_source_dir(request, set->folder, "train-images-idx3-ubyte", either, dir, err) != HT_OK)
        return err->code;
    if (load_part(dir, "train", set, request->train_limit, raw, &raw->train, err) != HT_OK) return err->code;
    return load_part(dir, "t10k", set, request->test_limit, raw, &raw->test, err);
}

ht_code ht_load_mnist(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const idx_set set = {
        "mnist", 0.1307f, 0.3081f, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}};
    return load(request, &set, raw, err);
}

ht_code ht_load_fashion(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const idx_set set = {"fashion-mnist",
                                0.2860f,
                                0.3530f,
                                {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                 "Sneaker", "Bag", "Ankle boot"}};
    return load(request, &set, raw, err);
}
