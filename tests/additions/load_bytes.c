/* load_bytes.c - bytes:FILE: records of five bytes, a label and four values; the last fifth is the test part.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/source.h"

enum { VALUES = 4, RECORD = VALUES + 1 };

static ht_code take(const char *bytes, size_t count, ht_raw_part *part, ht_error *err)
{
    char label[2] = "";
    part->count = count;
    part->inputs = VALUES;
    part->x = ht_alloc(count, VALUES * sizeof *part->x, "the samples", err);
    if (!part->x) return HT_FAIL;
    for (size_t i = 0; i < count; i++) {
        const char *record = bytes + i * RECORD;
        label[0] = record[0];
        if (ht_labels_add_text(&part->labels, label, err) != HT_OK) return err->code;
        for (size_t j = 0; j < VALUES; j++)
            part->x[i * VALUES + j] = (float)(unsigned char)record[j + 1] / 255;
    }
    return HT_OK;
}

ht_code ht_load_bytes(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    char *bytes = NULL;
    size_t size;
    if (ht_source_path(request, request->argument, raw->train.path, err) != HT_OK) return err->code;
    if (ht_file_read(raw->train.path, HT_DATA_BYTES_MAX, &bytes, &size, err) != HT_OK) return err->code;
    size_t all = size / RECORD, test = all / 5;
    ht_code code = take(bytes, all - test, &raw->train, err);
    if (code == HT_OK) code = take(bytes + (all - test) * RECORD, test, &raw->test, err);
    ht_free(bytes);
    return code;
}
