/* CIFAR-10, binary version: records of one label byte and 3 × 1024 bytes (red, green, blue plane of 32 × 32).
 * https://www.cs.toronto.edu/~kriz/cifar.html
 * Standardized with one mean and one standard deviation over all pixels and channels of the training files.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/pictures.h"
#include "data/source.h"

enum { INPUTS = 3072, RECORD = 1 + INPUTS, CLASSES = 10, TRAIN_FILES = 5 };

/* Far more records than the real files have (10 000 each), far fewer than memory. */
enum { FILE_LIMIT = 64 << 20 };

static const ht_endings plain = {"", NULL};
static const char *const names[CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                           "dog",      "frog",       "horse", "ship", "truck"};

/* How often each grey level occurs: exact sums for mean and standard deviation. */
typedef struct levels {
    uint64_t count[256];
} levels;

static ht_code check_records(const char *path, const unsigned char *data, size_t size, ht_error *err)
{
    if (size == 0 || size % RECORD != 0)
        return ht_error_set(err, HT_FAIL,
                            "%s: has %zu bytes, which is %s of %d bytes; it is %s: download or copy it again",
                            path, size, size == 0 ? "no record" : "not a whole number of records", RECORD,
                            size == 0 ? "empty" : "truncated or another kind of file");
    for (size_t at = 0; at < size; at += RECORD)
        if (data[at] >= CLASSES)
            return ht_error_set(
                err, HT_FAIL,
                "%s: byte %zu (label of record %zu) is %d, labels are 0 to %d; the file is damaged or "
                "not the binary version of CIFAR-10",
                path, at, at / RECORD + 1, data[at], CLASSES - 1);
    return HT_OK;
}

/* Appends the grey levels and labels of one file; pixels beyond the limit are counted, not kept. */
static ht_code add_file(const char *path, size_t limit, unsigned char **pixels, ht_raw_part *part,
                        levels *sum, ht_error *err)
{
    char *file;
    size_t size;
    if (ht_file_read(path, FILE_LIMIT, &file, &size, err) != HT_OK) return err->code;
    const unsigned char *data = (const unsigned char *)file;
    ht_code code = check_records(path, data, size, err);
    size_t records = size / RECORD, count = ht_data_limited(part->count + records, limit);
    void *grown = *pixels;
    if (code == HT_OK && count > part->count)
        code = ht_grow(&grown, part->count * INPUTS, count * INPUTS, 1, "the pictures", err);
    *pixels = grown;
    for (size_t i = 0; i < records && code == HT_OK; i++) {
        const unsigned char *record = data + i * RECORD;
        code = ht_labels_add_number(&part->labels, record[0], err);
        if (*pixels && part->count < count) memcpy(*pixels + part->count++ * INPUTS, record + 1, INPUTS);
        for (int j = 1; j < RECORD; j++) sum->count[record[j]]++;
    }
    ht_free(file);
    return code;
}

static void measure(const levels *sum, ht_raw *raw)
{
    double n = 0, first = 0, second = 0;
    for (int i = 0; i < 256; i++) {
        double weight = (double)sum->count[i], value = i / 255.0;
        n += weight, first += weight * value, second += weight * value * value;
    }
    double mean = first / n, variance = second / n - mean * mean;
    raw->mean = (float)mean;
    /* Pictures of one single grey level: nothing to scale. */
    raw->std = variance > 1e-12 ? (float)sqrt(variance) : 1;
}

static ht_code standardize(const ht_raw *raw, unsigned char *pixels, ht_raw_part *part, ht_error *err)
{
    part->inputs = INPUTS;
    part->x = ht_alloc(part->count * INPUTS, sizeof *part->x, "the pictures", err);
    if (!part->x) return err->code;
    ht_pictures_standardize(pixels, part->count * INPUTS, (double)raw->mean, (double)raw->std, part->x);
    return HT_OK;
}

static ht_code load_train(const char *dir, size_t limit, ht_raw *raw, ht_error *err)
{
    levels sum = {0};
    unsigned char *pixels = NULL;
    ht_code code = HT_OK;
    for (int i = 1; i <= TRAIN_FILES && code == HT_OK; i++) {
        char stem[32];
        snprintf(stem, sizeof stem, "data_batch_%d.bin", i);
        code = ht_source_file(dir, stem, plain, raw->train.path, err);
        if (code == HT_OK) code = add_file(raw->train.path, limit, &pixels, &raw->train, &sum, err);
    }
    if (code == HT_OK) {
        measure(&sum, raw);
        code = standardize(raw, pixels, &raw->train, err);
    }
    ht_free(pixels);
    return code;
}

ht_code ht_load_cifar(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    char dir[HT_DATA_PATH];
    levels ignored = {0};
    unsigned char *pixels = NULL;
    raw->names = names;
    raw->name_count = CLASSES;
    ht_error second;
    if (ht_source_dir(request, "cifar10", "data_batch_1.bin", plain, dir, err) != HT_OK &&
        ht_source_dir(request, "cifar-10-batches-bin", "data_batch_1.bin", plain, dir, &second) != HT_OK)
        return err->code;
    if (load_train(dir, request->train_limit, raw, err) != HT_OK) return err->code;
    if (ht_source_file(dir, "test_batch.bin", plain, raw->test.path, err) != HT_OK) return err->code;
    ht_code code = add_file(raw->test.path, request->test_limit, &pixels, &raw->test, &ignored, err);
    if (code == HT_OK) code = standardize(raw, pixels, &raw->test, err);
    ht_free(pixels);
    return code;
}
