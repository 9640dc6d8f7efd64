#include "weights/tensor_list.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/npy.h"
#include "weights/way.h"

/* ---- one array ---- */

static ht_code open_array(ht_tensor_list *list, ht_error *err)
{
    ht_npy array;
    const char *slash = strrchr(list->path, '/');
    if (ht_npy_read(list->path, HT_NPY_DOUBLE, &array, err) != HT_OK) return err->code;
    ht_text_copy(list->name, sizeof list->name, slash ? slash + 1 : list->path);
    char *dot = strrchr(list->name, '.');
    if (dot && dot != list->name) *dot = '\0';
    ht_text_clean(list->name);
    ht_tensor_entry *e = list->entry;
    e->info = (ht_tensor_info){.name = list->name, .ndim = array.ndim, .count = array.count};
    memcpy(e->info.shape, array.shape, sizeof array.shape);
    ht_text_copy(e->info.type, sizeof e->info.type, array.type);
    bool empty = array.ndim < 1 || array.count == 0;
    ht_npy_free(&array);
    if (empty) return ht_error_set(err, HT_FAIL, "%s: holds no matrix", list->path);
    ht_file_tensor_view(&e->view, &e->info);
    if (e->info.ndim < 2) e->skipped = "a vector; --details looks at it";
    return HT_OK;
}

/* ---- weights ---- */

static void note_turned(const ht_tensor_list *list, ht_notes *notes)
{
    enum { TOLD = 4 };
    ht_text names = {0};
    size_t turned = 0;
    char more[40] = "";
    for (size_t i = 0; i < list->count; i++) {
        if (list->entry[i].skipped || !list->entry[i].view.turned || turned++ >= TOLD) continue;
        ht_text_add(&names, "%s%.60s", names.length ? ", " : "", list->entry[i].info.name);
    }
    if (turned > TOLD) snprintf(more, sizeof more, " … (%zu in all)", turned);
    if (turned > 0)
        ht_notes_add(
            notes,
            "%s: %s%s: stored (inputs × outputs), as the name or the bias says, and turned: rows are "
            "outputs",
            list->path, names.data ? names.data : "some", more);
    ht_text_free(&names);
}

static ht_code describe(ht_tensor_list *list, const bool *turned, ht_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        ht_tensor_entry *e = &list->entry[i];
        if (ht_weights_describe(list->file, list->number[i], &e->info, err) != HT_OK) return err->code;
        e->skipped = ht_tensor_no_layer(&e->info, ht_weights_ours(list->file));
        if (e->skipped) continue;
        e->view.turned = turned[list->number[i]];
        ht_file_tensor_view(&e->view, &e->info);
    }
    return HT_OK;
}

static ht_code open_weights(ht_tensor_list *list, const char *order, ht_notes *notes, ht_error *err)
{
    bool *turned = ht_alloc(list->count, sizeof *turned, "the list of tensors", err);
    for (size_t i = 0; i < list->count; i++) list->number[i] = i;
    ht_code code = turned ? ht_way_find(list->file, turned, err) : HT_FAIL;
    if (code == HT_OK) code = ht_tensor_order(list->path, order, list->file, list->number, err);
    if (code == HT_OK) code = describe(list, turned, err);
    if (code == HT_OK) note_turned(list, notes);
    ht_free(turned);
    return code;
}

ht_code ht_tensor_list_open(ht_tensor_list *list, const char *path, const char *order, ht_notes *notes,
                            ht_error *err)
{
    bool npy;
    *list = (ht_tensor_list){.path = path, .count = 1};
    ht_code code = ht_tensor_file_kind(path, &npy, err);
    if (code == HT_OK && npy && order)
        code = ht_error_set(err, HT_USAGE, "--order: %s is one array; it is for a .safetensors file", path);
    if (code == HT_OK && !npy) {
        list->file = ht_weights_open(path, notes, err);
        code = list->file ? HT_OK : err->code;
        list->count = list->file ? ht_weights_count(list->file) : 0;
    }
    if (code == HT_OK) {
        list->entry = ht_alloc(list->count, sizeof *list->entry, "the list of tensors", err);
        list->number = ht_alloc(list->count, sizeof *list->number, "the list of tensors", err);
        code = list->entry && list->number ? HT_OK : err->code;
    }
    if (code == HT_OK) code = npy ? open_array(list, err) : open_weights(list, order, notes, err);
    if (code == HT_OK) return HT_OK;
    ht_tensor_list_close(list);
    return code;
}

void ht_tensor_list_close(ht_tensor_list *list)
{
    ht_weights_close(list->file);
    ht_free(list->entry);
    ht_free(list->number);
    *list = (ht_tensor_list){0};
}

/* ---- numbers ---- */

static bool are_doubles(const ht_tensor_list *list, const ht_tensor_info *info)
{
    return !list->file || strcmp(info->type, "F64") == 0;
}

size_t ht_tensor_list_bytes(const ht_tensor_list *list, size_t i)
{
    const ht_tensor_entry *e = &list->entry[i];
    size_t size = are_doubles(list, &e->info) ? sizeof(double) : sizeof(float);
    return e->info.count * size * (e->view.turned ? 2 : 1);
}

static ht_code load(const ht_tensor_list *list, size_t i, ht_file_tensor *t, ht_error *err)
{
    const ht_tensor_info *info = &list->entry[i].info;
    ht_npy array;
    if (!list->file) {
        if (ht_npy_read(list->path, HT_NPY_DOUBLE, &array, err) != HT_OK) return err->code;
        bool same = array.count == info->count;
        if (same) t->f64 = array.f64, array.f64 = NULL;
        ht_npy_free(&array);
        return same ? HT_OK : ht_error_set(err, HT_FAIL, "%s: changed while it was read", list->path);
    }
    return ht_weights_load(list->file, list->number[i], &t->f32, &t->f64, err);
}

ht_code ht_tensor_list_read(const ht_tensor_list *list, size_t i, ht_file_tensor *t, char why[HT_TENSOR_WHY],
                            ht_error *err)
{
    *t = list->entry[i].view;
    t->f32 = NULL, t->f64 = NULL;
    ht_code code = load(list, i, t, err);
    bool broken = code == HT_OK && ht_tensor_broken(t, why) > 0;
    if (code == HT_OK && !broken && t->turned) code = ht_tensor_turn(t, err);
    if (code != HT_OK || broken) ht_tensor_list_release(t);
    return code;
}

void ht_tensor_list_release(ht_file_tensor *t)
{
    ht_free(t->f32);
    ht_free(t->f64);
    t->f32 = NULL, t->f64 = NULL;
}
