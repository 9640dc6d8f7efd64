#include "weights/way.h"

#include <string.h>

#include "base/alloc.h"
#include "weights/chain.h"

enum { STEM = 256 };

typedef struct entry {
    char stem[STEM];
    int ndim;
    ht_link link; /* of more than two dimensions the first and the last */
} entry;

static ht_code describe_all(const ht_weights *file, entry *list, ht_error *err)
{
    ht_tensor_info info;
    for (size_t i = 0; i < ht_weights_count(file); i++) {
        if (ht_weights_describe(file, i, &info, err) != HT_OK) return err->code;
        list[i].ndim = info.ndim <= HT_TENSOR_DIMENSIONS ? info.ndim : 0; /* more are kept by no shape */
        list[i].link = (ht_link){.name = info.name, .role = ht_name_read(info.name, list[i].stem, STEM)};
        if (list[i].ndim < 1) continue;
        list[i].link.rows = info.shape[0];
        list[i].link.columns = info.shape[info.ndim - 1];
    }
    return HT_OK;
}

static void pair(entry *list, size_t count)
{
    for (const entry *b = list; b < list + count; b++)
        for (entry *e = list; e < list + count && b->ndim == 1 && b->link.role == HT_NAME_BIAS; e++)
            if (e->ndim > 1 && strcmp(e->stem, b->stem) == 0) e->link.bias = b->link.rows;
}

static bool turned_by(const bool ways[2])
{
    return ways[1] && !ways[0];
}

/* Of all matrices together. */
static bool most_turned(const entry *list, size_t count, ht_link *links)
{
    bool ways[2];
    int matrices = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].ndim == 2) links[matrices++] = list[i].link;
    ht_chain_ways(links, matrices, ways);
    return matrices > 0 && turned_by(ways);
}

static bool is_turned(const entry *e, bool others)
{
    bool ways[2];
    if (e->ndim < 2 || (e->ndim > 2 && e->link.role != HT_NAME_KERNEL)) return false;
    ht_chain_ways(&e->link, 1, ways);
    return ways[0] && ways[1] ? others : turned_by(ways);
}

ht_code ht_way_find(const ht_weights *file, bool *turned, ht_error *err)
{
    size_t count = ht_weights_count(file);
    entry *list = ht_alloc(count, sizeof *list, "the list of tensors", err);
    ht_link *links = ht_alloc(count, sizeof *links, "the list of matrices", err);
    ht_code code = list && links ? describe_all(file, list, err) : HT_FAIL;
    if (code == HT_OK) {
        pair(list, count);
        bool others = most_turned(list, count, links);
        for (size_t i = 0; i < count; i++) turned[i] = is_turned(&list[i], others);
    }
    ht_free(list);
    ht_free(links);
    return code;
}
