#include "weights/tensor.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "weights/foreign.h"
#include "weights/tensor_read.h"
#include "data/npy.h"
#include "weights/tensor_name.h"
#include "weights/way.h"
#include "weights/weights.h"

enum { WHY = HT_TENSOR_WHY, MOST_DIMENSIONS = 8, TURNED_TOLD = 4 };

/* ---- what is looked at ---- */

/* What numbers they are that no float stands for. */
static const char *unread(const ht_tensor_info *info)
{
    const char *type = info->type;
    if (!ht_safetensors_known(info)) return "a type of numbers that the format does not have";
    if (strchr("IU", type[0])) return "whole numbers (counts, positions, quantized weights)";
    if (type[0] == 'C') return "complex numbers";
    if (strcmp(type, "F8_E8M0") == 0) return "scales of quantized weights (MXFP), powers of two";
    if (strcmp(type, "F4") == 0 || strncmp(type, "F6_", 3) == 0)
        return "floats of 4 or 6 bits (MXFP), whose scales lie in other tensors";
    return "a type of numbers that is not read";
}

const char *ht_tensor_refusal(const ht_tensor_info *info, bool named)
{
    if (strcmp(info->type, "BOOL") == 0) return "truth values";
    if (!ht_safetensors_readable(info)) return unread(info);
    if (info->type[0] == 'F' && info->type[1] == '8' && !named)
        return "8-bit floats, whose scales lie in other tensors; --tensor NAME looks at one as it is stored";
    if (info->count == 0) return "empty";
    if (info->ndim == 0) return "a single number";
    if (info->ndim > MOST_DIMENSIONS) return "more than 8 dimensions";
    if (info->ndim == 1 && !named) return "a vector (a bias, a gain, a mean); --tensor NAME looks at one";
    return NULL;
}

const char *ht_tensor_no_layer(const ht_tensor_info *info, bool ours)
{
    if (ours && ht_name_is_ours_aside(info->name))
        return "a part of the training, not of the network; --tensor NAME looks at it";
    const char *why = ht_tensor_refusal(info, false);
    if (!why && ht_name_is_embedding(info->name))
        why = "an embedding: its rows are looked up, not multiplied; --tensor NAME looks at it";
    return why;
}

/* (first × rest), turned (last × rest); a leading side of 1 counts for nothing where two others are left. */
void ht_file_tensor_view(ht_file_tensor *t, const ht_tensor_info *info)
{
    int first = info->ndim == 3 && info->shape[0] == 1 ? 1 : 0;
    t->whole = info;
    t->name = info->name;
    t->ndim = info->ndim < 2 ? 1 : 2;
    t->rows = info->shape[t->turned ? info->ndim - 1 : first];
    t->columns = info->count / t->rows;
}

bool ht_file_tensor_has_filters(const ht_file_tensor *t)
{
    return t->whole && t->whole->ndim > 2 && (t->turned || t->rows == t->whole->shape[0]);
}

size_t ht_file_tensor_kernels(const ht_file_tensor *t)
{
    const ht_tensor_info *whole = t->whole;
    if (!ht_file_tensor_has_filters(t)) return 0;
    size_t kernels = t->rows * whole->shape[t->turned ? whole->ndim - 2 : 1];
    return kernels == t->rows || kernels == whole->count ? 0 : kernels;
}

/* "row 3, column 5"; of more dimensions "[3][0][1][2]"; of one "value 3". */
static void format_place(const ht_tensor_info *info, size_t at, char to[WHY / 2])
{
    size_t used = 0, rest = info->count;
    if (info->ndim < 2) snprintf(to, WHY / 2, "value %zu", at);
    if (info->ndim == 2)
        snprintf(to, WHY / 2, "row %zu, column %zu", at / info->shape[1], at % info->shape[1]);
    for (int d = 0; d < info->ndim && info->ndim > 2; d++) {
        rest /= info->shape[d];
        used += (size_t)snprintf(to + used, WHY / 2 - used, "[%zu]", at / rest);
        at %= rest;
    }
}

size_t ht_tensor_broken(const ht_file_tensor *t, char why[WHY])
{
    size_t count = t->rows * t->columns, broken = 0, first = 0;
    char place[WHY / 2], grouped[32];
    for (size_t i = 0; i < count; i++) {
        if (t->f32 ? isfinite(t->f32[i]) : isfinite(t->f64[i])) continue;
        if (broken++ == 0) first = i;
    }
    if (broken == 0) return 0;
    double value = t->f32 ? (double)t->f32[first] : t->f64[first];
    format_place(t->whole, first, place);
    ht_format_grouped(grouped, sizeof grouped, (long long)count);
    snprintf(why, WHY, "%s is not a finite number (%s), the first of %zu such among %s values", place,
             isnan(value) ? "NaN"
             : value < 0  ? "-Inf"
                          : "Inf",
             broken, grouped);
    return broken;
}

ht_code ht_tensor_turn(ht_file_tensor *t, ht_error *err)
{
    size_t inputs = t->whole->shape[t->whole->ndim - 2], rest = t->columns / inputs, count = t->whole->count;
    float *f32 = t->f32 ? ht_alloc(count, sizeof *f32, "a matrix turned round", err) : NULL;
    double *f64 = t->f64 ? ht_alloc(count, sizeof *f64, "a matrix turned round", err) : NULL;
    if (!f32 && !f64) return HT_FAIL;
    for (size_t o = 0, to = 0; o < t->rows; o++)
        for (size_t i = 0; i < inputs; i++)
            for (size_t r = 0; r < rest; r++, to++) {
                size_t from = (r * inputs + i) * t->rows + o;
                if (f32) f32[to] = t->f32[from];
                if (f64) f64[to] = t->f64[from];
            }
    ht_free(t->f32);
    ht_free(t->f64);
    t->f32 = f32;
    t->f64 = f64;
    return HT_OK;
}

/* ---- visiting ---- */

typedef struct tour {
    const char *path;
    const ht_tensor_choice *choice;
    const ht_tensor_visitor *visitor;
    ht_notes *notes;
    bool ours; /* a file of ours: with what a run keeps beside its network */
    size_t visited, skipped;
    char last[WHY];  /* why the last one was skipped */
    ht_text reasons; /* of the first ones, for a message */
    size_t turned;
    ht_text names; /* of the first ones that were turned */
} tour;

static void skip(tour *t, const ht_tensor_info *info, bool broken, const char *why)
{
    enum { TOLD = 3 };
    ht_text_copy(t->last, sizeof t->last, why);
    if (t->skipped++ < TOLD)
        ht_text_add(&t->reasons, "%s%.60s (%s): %s", t->reasons.length ? "; " : "", info->name, info->type,
                    why);
    if (t->visitor->skip) t->visitor->skip(t->visitor->context, info, broken, why);
}

static ht_code visit(tour *t, ht_file_tensor *tensor, ht_error *err)
{
    char why[WHY];
    if (ht_tensor_broken(tensor, why) > 0) { /* whose place is that in the file */
        skip(t, tensor->whole, true, why);
        return HT_OK;
    }
    t->visited++;
    if (tensor->turned) {
        if (ht_tensor_turn(tensor, err) != HT_OK) return HT_FAIL;
        if (t->turned++ < TURNED_TOLD)
            ht_text_add(&t->names, "%s%.60s", t->names.length ? ", " : "", tensor->name);
    }
    return t->visitor->visit(t->visitor->context, tensor, err);
}

static void note_turned(const tour *t)
{
    char more[40] = "";
    if (t->turned == 0) return;
    if (t->turned > TURNED_TOLD) snprintf(more, sizeof more, " … (%zu in all)", t->turned);
    ht_notes_add(
        t->notes,
        "%s: %s%s: stored (inputs × outputs), as the name or the bias says, and turned: rows are outputs",
        t->path, t->names.data ? t->names.data : "some", more);
}

/* Nothing was visited: why. */
static ht_code nothing(const tour *t, size_t count, ht_error *err)
{
    const char *why = t->reasons.data ? t->reasons.data : "it is empty";
    if (t->choice->only || count == 1)
        return ht_error_set(err, HT_FAIL, "%s: %s%s", t->path,
                            count == 1 && !t->choice->only ? "none of its 1 tensors can be looked at: " : "",
                            why);
    return ht_error_set(err, HT_FAIL, "%s: none of its %zu tensors can be looked at: %.400s%s", t->path,
                        count, why, t->skipped > 3 ? "; and so on" : "");
}

static ht_code visit_npy(tour *t, ht_error *err)
{
    ht_npy array;
    char name[256];
    const char *only = t->choice->only;
    ht_file_stem(t->path, name, sizeof name);
    if (t->choice->order)
        return ht_error_set(err, HT_USAGE, "--order: %s is one array; it is for a .safetensors file",
                            t->path);
    if (only && strcmp(only, name) != 0)
        return ht_error_set(err, HT_FAIL, "%s: has no tensor '%.60s'; a .npy file holds one, here '%s'",
                            t->path, only, name);
    ht_text_clean(name); /* a name of other bytes than UTF-8 has no place in JSON */
    if (ht_npy_read(t->path, HT_NPY_DOUBLE, &array, err) != HT_OK) return err->code;
    ht_tensor_info info = {.name = name, .ndim = array.ndim, .count = array.count};
    memcpy(info.shape, array.shape, sizeof array.shape);
    ht_text_copy(info.type, sizeof info.type, array.type);
    ht_file_tensor tensor = {.f64 = array.f64};
    ht_code code = HT_OK;
    if (array.ndim < 1 || array.count == 0)
        code = ht_error_set(err, HT_FAIL, "%s: holds %s; give a matrix or a vector", t->path,
                            array.count ? "a single number" : "no numbers");
    if (code == HT_OK) {
        ht_file_tensor_view(&tensor, &info);
        code = visit(t, &tensor, err);
    }
    if (code == HT_OK && t->visited == 0) code = ht_error_set(err, HT_FAIL, "%s: %s", t->path, t->last);
    ht_npy_free(&array);
    return code;
}

static ht_code visit_tensor(tour *t, ht_weights *file, size_t i, bool turned, ht_error *err)
{
    ht_tensor_info info;
    ht_file_tensor tensor = {.turned = turned};
    if (ht_weights_describe(file, i, &info, err) != HT_OK) return err->code;
    const char *why = t->choice->only ? ht_tensor_refusal(&info, true) : ht_tensor_no_layer(&info, t->ours);
    if (why) {
        skip(t, &info, false, why);
        return HT_OK;
    }
    ht_file_tensor_view(&tensor, &info);
    ht_code code = ht_weights_load(file, i, &tensor.f32, &tensor.f64, err);
    if (code == HT_OK) code = visit(t, &tensor, err);
    ht_free(tensor.f32);
    ht_free(tensor.f64);
    return code;
}

/* ---- which, and in which order ---- */

/* The number of the tensor with the name, or count. */
static ht_code find(const ht_weights *file, const char *name, size_t *number, ht_error *err)
{
    ht_tensor_info info;
    for (*number = 0; *number < ht_weights_count(file); ++*number) {
        if (ht_weights_describe(file, *number, &info, err) != HT_OK) return err->code;
        if (strcmp(info.name, name) == 0) break;
    }
    return HT_OK;
}

ht_code ht_tensor_order(const char *path, const char *order, const ht_weights *file, size_t *list,
                        ht_error *err)
{
    size_t count = ht_weights_count(file), done = 0, number;
    char name[512];
    for (const char *at = order; at && *at;) {
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : 0), at);
        at += length + (at[length] == ',');
        if (find(file, name, &number, err) != HT_OK) return err->code;
        if (number == count)
            return ht_error_set(err, HT_USAGE, "--order: %s has no tensor '%.60s'", path, name);
        size_t from = done;
        while (from < count && list[from] != number) from++;
        if (from == count) continue; /* named twice */
        memmove(list + done + 1, list + done, (from - done) * sizeof *list);
        list[done++] = number;
    }
    return HT_OK;
}

static ht_code visit_list(tour *t, ht_weights *file, const bool *turned, ht_error *err)
{
    size_t count = ht_weights_count(file);
    size_t *list = ht_alloc(count, sizeof *list, "the list of tensors", err);
    if (!list) return err->code;
    for (size_t i = 0; i < count; i++) list[i] = i;
    ht_code code = ht_tensor_order(t->path, t->choice->order, file, list, err);
    for (size_t i = 0; i < count && code == HT_OK; i++)
        code = visit_tensor(t, file, list[i], turned[list[i]], err);
    ht_free(list);
    return code;
}

/* The names that there are, the nearest first: as many as one reads. */
static void list_names(const ht_weights *file, const char *given, ht_text *to)
{
    enum { TOLD = 8 };
    size_t count = ht_weights_count(file), number[TOLD];
    int distance[TOLD], told = 0;
    ht_tensor_info info;
    ht_error ignored; /* a damaged one has no name to offer */
    for (size_t i = 0; i < count; i++) {
        if (ht_weights_describe(file, i, &info, &ignored) != HT_OK) continue;
        int d = ht_text_distance(given, info.name), at = told < TOLD ? told++ : TOLD;
        for (; at > 0 && distance[at - 1] > d; at--)
            if (at < TOLD) distance[at] = distance[at - 1], number[at] = number[at - 1];
        if (at < TOLD) distance[at] = d, number[at] = i;
    }
    for (int i = 0; i < told; i++)
        if (ht_weights_describe(file, number[i], &info, &ignored) == HT_OK)
            ht_text_add(to, "%s'%.60s'", i ? ", " : "", info.name);
    if (count > (size_t)told) ht_text_add(to, " … of %zu", count);
}

static ht_code unknown_tensor(const tour *t, const ht_weights *file, const char *given, ht_error *err)
{
    ht_text names = {0};
    list_names(file, given, &names);
    ht_error_set(err, HT_FAIL, "%s: has no tensor '%.60s'; there %s %s", t->path, given,
                 ht_weights_count(file) == 1 ? "is" : "are", names.data ? names.data : "none");
    ht_text_free(&names);
    return err->code;
}

static ht_code visit_weights(tour *t, ht_error *err)
{
    size_t number = 0;
    ht_weights *file = ht_weights_open(t->path, t->notes, err);
    if (!file) return err->code;
    t->ours = ht_weights_ours(file);
    const char *only = t->choice->only;
    bool *turned = ht_alloc(ht_weights_count(file), sizeof *turned, "the list of tensors", err);
    ht_code code = turned ? ht_way_find(file, turned, err) : HT_FAIL;
    if (code == HT_OK && only) code = find(file, only, &number, err);
    if (code == HT_OK && only && number == ht_weights_count(file))
        code = unknown_tensor(t, file, only, err);
    else if (code == HT_OK)
        code = only ? visit_tensor(t, file, number, turned[number], err) : visit_list(t, file, turned, err);
    if (code == HT_OK && t->visited == 0) code = nothing(t, ht_weights_count(file), err);
    if (code == HT_OK) note_turned(t);
    ht_free(turned);
    ht_weights_close(file);
    return code;
}

/* ---- by the kind of file ---- */

ht_code ht_tensor_file_kind(const char *path, bool *npy, ht_error *err)
{
    unsigned char head[HT_FOREIGN_HEAD];
    uint64_t bytes;
    *npy = false;
    if (ht_file_is_dir(path) || ht_text_ends(path, ".index.json")) return HT_OK;
    int fd = ht_file_open(path, &bytes, err); /* a pipe is refused, not waited for */
    if (fd < 0) return err->code;
    size_t size = bytes < sizeof head ? (size_t)bytes : sizeof head;
    ht_code code = ht_file_read_at(fd, path, head, size, 0, err);
    close(fd);
    if (code != HT_OK) return code;
    *npy = size >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
    if (*npy || (size > 8 && head[8] == '{') || ht_text_ends(path, ".safetensors")) return HT_OK;
    const char *what = ht_foreign_name(path, head, size);
    *npy = ht_text_ends(path, ".npy") && (!what || size < 10);
    if (*npy) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: %s", path,
                        what ? what : "is neither a .npy nor a .safetensors file");
}

ht_code ht_tensors_each(const char *path, const ht_tensor_choice *choice, const ht_tensor_visitor *visitor,
                        ht_notes *notes, ht_error *err)
{
    tour t = {.path = path, .choice = choice, .visitor = visitor, .notes = notes};
    bool npy;
    ht_code code = ht_tensor_file_kind(path, &npy, err);
    if (code == HT_OK) code = npy ? visit_npy(&t, err) : visit_weights(&t, err);
    ht_text_free(&t.reasons);
    ht_text_free(&t.names);
    return code;
}
