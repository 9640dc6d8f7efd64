#include "data/tensor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "data/npy.h"
#include "data/safetensors.h"

typedef enum file_kind { KIND_NPY, KIND_SAFETENSORS, KIND_TORCH, KIND_OTHER } file_kind;

/* By its first bytes; a file cut shorter goes by its name. */
static ht_code kind_of(const char *path, file_kind *kind, ht_error *err)
{
    unsigned char head[9] = {0};
    struct stat info;
    size_t length = strlen(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (fd < 0) return ht_error_set(err, HT_FAIL, "%s: cannot open: %s", path, strerror(errno));
    bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    ssize_t n = regular ? read(fd, head, sizeof head) : 0;
    close(fd);
    if (!regular) return ht_error_set(err, HT_FAIL, "%s: is not a regular file", path);
    if (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0)
        *kind = KIND_NPY;
    else if (n == 9 && head[8] == '{')
        *kind = KIND_SAFETENSORS;
    else if (n >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
        *kind = KIND_TORCH;
    else if (length > 4 && strcmp(path + length - 4, ".npy") == 0)
        *kind = KIND_NPY;
    else if (length > 12 && strcmp(path + length - 12, ".safetensors") == 0)
        *kind = KIND_SAFETENSORS;
    else
        *kind = KIND_OTHER;
    return HT_OK;
}

static void name_of(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    ht_text_copy(name, size, base);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
}

static ht_code visit_npy(const char *path, const char *only, ht_tensor_visit *visit, void *context,
                         ht_error *err)
{
    ht_npy array;
    char name[256];
    name_of(path, name, sizeof name);
    if (only && strcmp(only, name) != 0)
        return ht_error_set(err, HT_FAIL, "%s: has no tensor '%.60s'; a .npy file holds one, here '%s'", path,
                            only, name);
    ht_code code = ht_npy_read(path, HT_NPY_DOUBLE, &array, err);
    if (code == HT_OK && (array.ndim < 1 || array.ndim > 2))
        code = ht_error_set(err, HT_FAIL, "%s: the array has %d dimensions; 1 or 2 are wanted: reshape it",
                            path, array.ndim);
    if (code == HT_OK) {
        ht_tensor tensor = {name, array.ndim, array.shape[0], array.ndim == 2 ? array.shape[1] : 1,
                            NULL, array.f64};
        code = visit(context, &tensor, err);
    }
    ht_npy_free(&array);
    return code;
}

static ht_code visit_tensor(ht_safetensors *file, const ht_tensor_info *info, ht_tensor_visit *visit,
                            void *context, ht_error *err)
{
    ht_tensor tensor = {info->name, info->ndim, info->shape[0], info->ndim == 2 ? info->shape[1] : 1,
                        NULL,       NULL};
    ht_code code = ht_safetensors_load(file, info, &tensor.f32, &tensor.f64, err);
    if (code == HT_OK) code = visit(context, &tensor, err);
    ht_free(tensor.f32);
    ht_free(tensor.f64);
    return code;
}

static bool is_wanted(const ht_tensor_info *info, const char *only)
{
    if (only) return strcmp(info->name, only) == 0;
    return info->ndim == 2 && ht_safetensors_readable(info);
}

static ht_code visit_all(ht_safetensors *file, const char *path, const char *only, ht_tensor_visit *visit,
                         void *context, ht_error *err)
{
    size_t count = ht_safetensors_count(file), seen = 0;
    for (size_t i = 0; i < count; i++) {
        ht_tensor_info info;
        if (ht_safetensors_describe(file, i, &info, err) != HT_OK) return err->code;
        if (!is_wanted(&info, only)) continue;
        if (info.ndim < 1 || info.ndim > 2)
            return ht_error_set(err, HT_FAIL, "%s: %.60s has %d dimensions; 1 or 2 are wanted", path,
                                info.name, info.ndim);
        if (visit_tensor(file, &info, visit, context, err) != HT_OK) return err->code;
        seen++;
    }
    if (seen > 0) return HT_OK;
    if (only) return ht_error_set(err, HT_FAIL, "%s: has no tensor '%.60s'", path, only);
    return ht_error_set(err, HT_FAIL, "%s: none of its %zu tensors is a matrix of F64, F32, F16 or BF16",
                        path, count);
}

static ht_code visit_safetensors(const char *path, const char *only, ht_tensor_visit *visit, void *context,
                                 ht_error *err)
{
    ht_safetensors *file = ht_safetensors_open(path, err);
    if (!file) return err->code;
    ht_code code = visit_all(file, path, only, visit, context, err);
    ht_safetensors_close(file);
    return code;
}

ht_code ht_tensors_each(const char *path, const char *only, ht_tensor_visit *visit, void *context,
                        ht_error *err)
{
    char checkpoint[4096];
    file_kind kind = KIND_OTHER;
    if (ht_file_is_dir(path)) {
        if (ht_file_join(checkpoint, sizeof checkpoint, path, "checkpoint.safetensors", err) != HT_OK)
            return err->code;
        if (!ht_file_exists(checkpoint))
            return ht_error_set(
                err, HT_FAIL,
                "%s: is no run directory with a checkpoint.safetensors; `heavytail train --run DIR` "
                "makes one",
                path);
        path = checkpoint;
    }
    if (kind_of(path, &kind, err) != HT_OK) return err->code;
    switch (kind) {
    case KIND_NPY:
        return visit_npy(path, only, visit, context, err);
    case KIND_SAFETENSORS:
        return visit_safetensors(path, only, visit, context, err);
    case KIND_TORCH:
        return ht_error_set(err, HT_FAIL,
                            "%s: is a PyTorch archive; save the weights with safetensors.torch.save_file or "
                            "numpy.save",
                            path);
    default:
        return ht_error_set(err, HT_FAIL, "%s: is neither a .npy nor a .safetensors file", path);
    }
}
