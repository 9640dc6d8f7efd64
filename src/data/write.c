#include "data/write.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/npy.h"

static const char *const names[] = {"X_train.npy", "y_train.npy", "X_test.npy", "y_test.npy"};

static ht_code check_free(const char *dir, ht_error *err)
{
    char path[HT_DATA_PATH];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ht_file_join(path, sizeof path, dir, names[i], err) != HT_OK) return err->code;
        if (ht_file_exists(path))
            return ht_error_set(err, HT_FAIL, "%s: is there already; give a directory without a data set",
                                path);
    }
    return HT_OK;
}

/* Token numbers are whole. */
static ht_code write_tokens(const char *path, const ht_samples *part, const size_t dims[2], ht_error *err)
{
    size_t count = dims[0] * dims[1];
    int32_t *tokens = ht_alloc(count, sizeof *tokens, "the tokens", err);
    if (!tokens) return err->code;
    for (size_t i = 0; i < count; i++) tokens[i] = (int32_t)part->x[i];
    ht_code code = ht_npy_write_i32(path, tokens, 2, dims, err);
    ht_free(tokens);
    return code;
}

static ht_code write_part(const ht_dataset *data, const ht_samples *part, const char *dir, const char *x,
                          const char *y, ht_error *err)
{
    char path[HT_DATA_PATH];
    bool pictures = ht_dataset_is_pictures(data);
    const size_t flat[] = {part->count, (size_t)data->inputs};
    const size_t deep[] = {part->count, (size_t)data->channels, (size_t)data->height, (size_t)data->width};
    if (ht_file_join(path, sizeof path, dir, x, err) != HT_OK) return err->code;
    if (data->tokens && write_tokens(path, part, flat, err) != HT_OK) return err->code;
    if (!data->tokens &&
        ht_npy_write_f32(path, part->x, pictures ? 4 : 2, pictures ? deep : flat, err) != HT_OK)
        return err->code;
    if (ht_file_join(path, sizeof path, dir, y, err) != HT_OK) return err->code;
    const size_t targets[] = {part->count, (size_t)data->targets};
    return ht_npy_write_i32(path, part->labels, data->targets > 1 ? 2 : 1, targets, err);
}

ht_code ht_dataset_write_npy(const ht_dataset *data, const char *dir, ht_error *err)
{
    if (ht_file_make_dir(dir, err) != HT_OK || check_free(dir, err) != HT_OK) return err->code;
    if (write_part(data, &data->train, dir, names[0], names[1], err) != HT_OK) return err->code;
    return write_part(data, &data->test, dir, names[2], names[3], err);
}
