#include "weights/net/netparts.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { STEM = 256 };

typedef struct bias {
    const char *name;
    size_t number, length;
    char stem[STEM];
} bias;

typedef struct sorter {
    const char *path;
    ht_notes *notes;
    ht_netparts *parts;
    char stem[HT_PARTS_MAX][STEM];
    bias bias[HT_PARTS_MAX];
    int biases;
} sorter;

static ht_code cannot(const sorter *s, const ht_tensor_info *info, const char *what, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL,
        "%s: %.100s %s; dense layers, convolutions and norms are known, and --layers says where they are",
        s->path, info->name, what);
}

static ht_code leave_out(const sorter *s, const ht_tensor_info *info, const char *why)
{
    ht_notes_add(s->notes, "%s: %.200s (%s) is left out: %s", s->path, info->name, info->type, why);
    return HT_OK;
}

static ht_code add_matrix(sorter *s, size_t number, const ht_tensor_info *info, ht_error *err)
{
    ht_netparts *p = s->parts;
    if (p->count == HT_PARTS_MAX)
        return ht_error_set(err, HT_FAIL,
                            "%s: holds more than %d matrices; a network here has up to %d layers", s->path,
                            HT_PARTS_MAX, HT_CHAIN_MAX);
    ht_link *link = &p->link[p->count];
    *link = (ht_link){.name = info->name, .rows = info->shape[0], .columns = info->shape[1]};
    link->role = ht_name_read(info->name, s->stem[p->count], STEM);
    if (link->role == HT_NAME_BIAS) link->role = HT_NAME_PLAIN; /* "b" of "a", "b", "c" */
    p->bias[p->count] = HT_NO_TENSOR;
    p->number[p->count++] = number;
    return HT_OK;
}

static ht_code add_bias(sorter *s, size_t number, const ht_tensor_info *info, ht_error *err)
{
    if (s->biases == HT_PARTS_MAX)
        return ht_error_set(err, HT_FAIL, "%s: holds more than %d biases; a network here has up to %d layers",
                            s->path, HT_PARTS_MAX, HT_CHAIN_MAX);
    bias *b = &s->bias[s->biases++];
    *b = (bias){.name = info->name, .number = number, .length = info->count};
    ht_name_read(info->name, b->stem, STEM);
    return HT_OK;
}

/* Numbers that are not read, or mean something only with a scale that lies elsewhere. */
static bool is_quantized(const ht_tensor_info *info)
{
    return info->ndim == 2 && strcmp(info->type, "BOOL") != 0 &&
           (!ht_safetensors_readable(info) || info->type[1] == '8');
}

static bool is_vector(const ht_tensor_info *info)
{
    return info->ndim == 1 || (info->ndim == 2 && (info->shape[0] == 1 || info->shape[1] == 1));
}

static ht_code sort_tensor(sorter *s, size_t number, const ht_tensor_info *info, ht_error *err)
{
    char stem[STEM], what[160];
    const char *obstacle = ht_name_obstacle(info->name);
    bool aside = ht_name_is_aside(info->name);
    if (obstacle && !(aside && info->ndim == 2)) return cannot(s, info, obstacle, err);
    if (aside) return leave_out(s, info, "by its name a part of the training, not of the network");
    if (is_quantized(info)) {
        snprintf(what, sizeof what, "is a matrix of type %.20s: %s", info->type,
                 ht_safetensors_known(info) ? "quantized, its scale unknown"
                                            : "the format has no such type, its numbers cannot be read");
        return cannot(s, info, what, err);
    }
    if (!ht_safetensors_readable(info)) return leave_out(s, info, "these are no real numbers");
    if (info->ndim == 0) return leave_out(s, info, "a single number is no layer");
    if (is_vector(info) && ht_name_read(info->name, stem, STEM) == HT_NAME_BIAS)
        return add_bias(s, number, info, err);
    if (info->ndim == 2) return add_matrix(s, number, info, err);
    return cannot(s, info,
                  "has 1 dimensions, not 2: no bias by its name, but perhaps of a normalization, which "
                  "computes something else",
                  err);
}

/* By stems: fc1.bias goes with fc1.weight. */
static ht_code pair(const sorter *s, ht_error *err)
{
    ht_netparts *p = s->parts;
    for (const bias *b = s->bias; b < s->bias + s->biases; b++) {
        int i = 0;
        while (i < p->count && strcmp(s->stem[i], b->stem) != 0) i++;
        if (i == p->count)
            return ht_error_set(err, HT_FAIL,
                                "%s: %.100s is a bias, but no matrix has a name that goes with it", s->path,
                                b->name);
        if (p->bias[i] != HT_NO_TENSOR)
            return ht_error_set(err, HT_FAIL, "%s: %.100s is a second bias of %.100s", s->path, b->name,
                                p->link[i].name);
        p->bias[i] = (long)b->number;
        p->link[i].bias = b->length;
    }
    return HT_OK;
}

ht_code ht_netparts_find(ht_netparts *parts, const char *path, const ht_weights *file, ht_notes *notes,
                         ht_error *err)
{
    ht_tensor_info info;
    ht_code code = HT_OK;
    sorter *s = ht_alloc(1, sizeof *s, "the list of layers", err);
    if (!s) return err->code;
    *parts = (ht_netparts){0};
    s->path = path;
    s->notes = notes;
    s->parts = parts;
    for (size_t i = 0; i < ht_weights_count(file) && code == HT_OK; i++) {
        code = ht_weights_describe(file, i, &info, err);
        if (code == HT_OK) code = sort_tensor(s, i, &info, err);
    }
    if (code == HT_OK) code = pair(s, err);
    ht_free(s);
    return code;
}
