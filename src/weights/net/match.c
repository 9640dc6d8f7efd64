#include "weights/net/match.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "weights/net/gptnames.h"
#include "weights/net/netform.h"

enum { NOBODY = -1 };

typedef struct matcher {
    const char *path, *order;
    const ht_modules *modules;
    ht_match *match;
    ht_notes *notes;
    int rank[HT_MODULES_MAX]; /* by --order, or NOBODY */
    bool used[HT_MODULES_MAX];
    bool has[HT_GPT_HEAD + 1]; /* modules of this role */
    const ht_network *net;
    int layer_of[HT_MODULES_MAX]; /* of used ones */
} matcher;

static const ht_module *module_at(const matcher *m, int i)
{
    return &m->modules->module[i];
}

/* ---- what fits ---- */

static bool is_batch(const ht_layer *layer)
{
    return layer->kind == ht_layer_kind_at(HT_LAYER_BATCH);
}

/* What of a transformer it is. */
static ht_gpt_role role_of(const matcher *m, const ht_match_layer *at)
{
    const ht_tensor *tensor = at->tensor;
    if (tensor->flags & HT_TENSOR_TABLE)
        return tensor == at->layer->tensor ? HT_GPT_TOKENS : HT_GPT_POSITIONS;
    if (at->layer->heads > 0) return tensor == at->layer->tensor ? HT_GPT_ATTENTION : HT_GPT_PROJECTION;
    return m->has[HT_GPT_HEAD] && tensor->flags & HT_TENSOR_OUTPUT ? HT_GPT_HEAD : HT_GPT_NONE;
}

/* The shape that a layer needs, as a module has it. */
static ht_module need_of(const matcher *m, int l)
{
    const ht_match_layer *at = &m->match->layer[l];
    const ht_layer *layer = at->layer;
    const ht_sides s = ht_netform_sides(at->tensor);
    size_t places = s.window[0] * s.window[1];
    return (ht_module){.norm = s.columns == 0,
                       .ndim = s.columns == 0 ? 1
                               : places       ? 4
                                              : 2,
                       .mean = is_batch(layer) ? 0 : HT_NO_TENSOR,
                       .role = role_of(m, at),
                       .shape = {s.rows, places ? s.columns / places : s.columns, s.window[0], s.window[1]}};
}

static bool same_need(const ht_module *a, const ht_module *b)
{
    bool same = a->norm == b->norm && a->ndim == b->ndim && a->role == b->role;
    if (a->norm) same = same && (a->mean == HT_NO_TENSOR) == (b->mean == HT_NO_TENSOR);
    for (int i = 0; i < a->ndim && same; i++) same = a->shape[i] == b->shape[i];
    return same;
}

static bool fits(const matcher *m, int layer, int module)
{
    const ht_module need = need_of(m, layer);
    ht_module has = *module_at(m, module);
    if (has.role == HT_GPT_HEAD && ht_network_is_tied(m->net) && !m->has[HT_GPT_TOKENS])
        has.role = HT_GPT_TOKENS; /* of one tensor with two names the file has the other */
    return same_need(&need, &has);
}

/* ---- words ---- */

/* "layers.1.weight, layer 2 of 4 with numbers" */
static const char *name_of(const matcher *m, int layer)
{
    return m->match->layer[layer].tensor->name;
}

static bool is_folded_kind(const ht_module *m)
{
    return m->norm && m->mean != HT_NO_TENSOR;
}

/* What is left over and could be meant for the layer: the first of its kind, of as many sides if there is
 * one. */
static int left_over(const matcher *m, int layer)
{
    const ht_module need = need_of(m, layer);
    int best = NOBODY;
    for (int i = 0; i < m->modules->count; i++) {
        const ht_module *other = module_at(m, i);
        int members = 0, layers = 0;
        for (int l = 0; l < m->match->count; l++) layers += fits(m, l, i);
        for (int k = 0; k < m->modules->count; k++) members += same_need(other, module_at(m, k));
        if (members <= layers || other->norm != need.norm) continue;
        if (best == NOBODY || (module_at(m, best)->ndim != need.ndim && other->ndim == need.ndim)) best = i;
    }
    return best;
}

static ht_code complain_missing(const matcher *m, int layer, int members, int layers, ht_error *err)
{
    char needs[HT_MODULE_SHAPE], has[HT_MODULE_SHAPE];
    const ht_module need = need_of(m, layer);
    int other = left_over(m, layer);
    ht_module_shape(&need, needs);
    if (other == NOBODY)
        return ht_error_set(
            err, HT_FAIL,
            "%s: has %d tensor%s of the shape %s%s, and the network has %d layer%s of it, as %s; say "
            "which network it is with model.layers",
            m->path, members, members == 1 ? "" : "s", needs, need.mean == 0 ? " with running means" : "",
            layers, layers == 1 ? "" : "s", name_of(m, layer));
    ht_module_shape(module_at(m, other), has);
    return ht_error_set(
        err, HT_FAIL,
        "%s: %.100s is %s, and the network needs %s there, for %s; say which network it is with "
        "model.layers",
        m->path, module_at(m, other)->name, has, needs, name_of(m, layer));
}

static ht_code complain_spare(const matcher *m, int module, ht_error *err)
{
    char has[HT_MODULE_SHAPE];
    const ht_module *spare = module_at(m, module);
    int same = 0;
    for (int l = 0; l < m->match->count; l++) same += fits(m, l, module);
    ht_module_shape(spare, has);
    return ht_error_set(
        err, HT_FAIL,
        "%s: %.100s %s has no place in the network, which has %d layer%s of this shape; say which "
        "network it is with model.layers",
        m->path, spare->name, has, same, same == 1 ? "" : "s");
}

/* All of them, first layer first; a stand-in where nobody is known. */
static void list_order(const matcher *m, const int *members, int count, ht_text *to)
{
    for (int i = 0; i < count; i++) ht_text_add(to, "%s%.60s", i ? "," : "", module_at(m, members[i])->name);
}

static ht_code complain_order(const matcher *m, const int *members, int count, ht_error *err)
{
    char shape[HT_MODULE_SHAPE];
    ht_text list = {0};
    ht_module_shape(module_at(m, members[0]), shape);
    list_order(m, members, count, &list);
    ht_error_set(
        err, HT_FAIL,
        "%s: %.400s are all %s, and their names do not tell which comes first: give --order A,B,C with all "
        "layers of the file, first to last",
        m->path, list.data ? list.data : "tensors", shape);
    ht_text_free(&list);
    return err->code;
}

/* ---- an order that was given ---- */

static int find_word(const matcher *m, const char *word)
{
    char stem[HT_MODULE_STEM];
    ht_name_read(word, stem, sizeof stem);
    for (int i = 0; i < m->modules->count; i++)
        if (strcmp(module_at(m, i)->name, word) == 0) return i;
    for (int i = 0; i < m->modules->count; i++)
        if (strcmp(module_at(m, i)->stem, word) == 0 || strcmp(module_at(m, i)->stem, stem) == 0) return i;
    return NOBODY;
}

static ht_code read_order(matcher *m, ht_error *err)
{
    int count = 0;
    for (int i = 0; i < m->modules->count; i++) m->rank[i] = NOBODY;
    for (const char *at = m->order; at && *at;) {
        char word[HT_MODULE_STEM];
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), at);
        at += length + (at[length] == ',');
        int i = find_word(m, word);
        if (i == NOBODY)
            return ht_error_set(err, HT_USAGE, "--order: %s has no layer '%.60s'", m->path, word);
        if (m->rank[i] != NOBODY)
            return ht_error_set(err, HT_USAGE, "--order: '%.60s' stands there twice", word);
        m->rank[i] = count++;
    }
    return m->order && count == 0
               ? ht_error_set(err, HT_USAGE, "--order: give names of tensors, as in fc1,fc2")
               : HT_OK;
}

/* A matrix that the order does not name is left out. */
static bool takes_part(const matcher *m, int i)
{
    return !m->order || m->rank[i] != NOBODY || module_at(m, i)->norm;
}

/* Does the order have something before this layer's module that lies behind it? */
static bool runs_otherwise(const matcher *m, int layer)
{
    int rank = m->rank[m->match->layer[layer].module];
    for (int l = layer + 1; l < m->match->count && rank != NOBODY; l++) {
        int behind = m->rank[m->match->layer[l].module];
        if (behind != NOBODY && behind < rank) return true;
    }
    return false;
}

/* Modules lie in the network as the order says. */
static ht_code obeys_order(const matcher *m, ht_error *err)
{
    char has[HT_MODULE_SHAPE];
    for (int l = 0; l < m->match->count && m->order; l++) {
        const ht_module *module = module_at(m, m->match->layer[l].module);
        ht_module_shape(module, has);
        if (runs_otherwise(m, l))
            return ht_error_set(
                err, HT_USAGE, "--order: %s: %.60s stands at place %d, but by its shape %s it can only be %s",
                m->path, module->name, m->rank[m->match->layer[l].module] + 1, has, name_of(m, l));
    }
    for (int i = 0; i < m->modules->count; i++)
        if (!takes_part(m, i))
            ht_notes_add(m->notes, "%s: %.200s is left out: --order does not name it", m->path,
                         module_at(m, i)->name);
    return HT_OK;
}

/* ---- one shape ---- */

/* Which comes first; 0: nobody knows. */
static int compare(const matcher *m, int a, int b)
{
    int sign = 0;
    if (m->rank[a] != NOBODY && m->rank[b] != NOBODY) return m->rank[a] < m->rank[b] ? -1 : 1;
    ht_module_compare(module_at(m, a), module_at(m, b), &sign);
    return sign;
}

/* In order; false: their names do not tell it of all pairs. */
static bool sort(const matcher *m, int *members, int count)
{
    bool told = true;
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && compare(m, members[k - 1], members[k]) > 0; k--) {
            int swapped = members[k];
            members[k] = members[k - 1];
            members[k - 1] = swapped;
        }
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count; k++) told = told && compare(m, members[i], members[k]) < 0;
    return told;
}

static void give(matcher *m, int layer, int module)
{
    m->match->layer[layer].module = module;
    m->layer_of[module] = layer;
    m->used[module] = true;
}

/* Has layer l no module yet, and does it need this? */
static bool waits_for(const matcher *m, int l, const ht_module *need)
{
    const ht_module other = need_of(m, l);
    return m->match->layer[l].module == NOBODY && same_need(need, &other);
}

/* All layers that need what this one does, and have no modules yet, get them. */
static ht_code match_shape(matcher *m, int layer, ht_error *err)
{
    int members[HT_MODULES_MAX] = {0}, count = 0, layers = 0;
    const ht_module need = need_of(m, layer);
    for (int i = 0; i < m->modules->count; i++)
        if (takes_part(m, i) && !m->used[i] && fits(m, layer, i)) members[count++] = i;
    for (int l = 0; l < m->match->count; l++) layers += waits_for(m, l, &need);
    if (count < layers) return complain_missing(m, layer, count, layers, err);
    if (!sort(m, members, count) && count > 1) return complain_order(m, members, count, err);
    if (count > layers) return complain_spare(m, members[layers], err);
    for (int l = layer, next = 0; l < m->match->count; l++)
        if (waits_for(m, l, &need)) give(m, l, members[next++]);
    return HT_OK;
}

/* All layers of one kind, norms or others, first to last. */
static ht_code match_all(matcher *m, bool norms, ht_error *err)
{
    for (int l = 0; l < m->match->count; l++) {
        const ht_module need = need_of(m, l);
        if (need.norm == norms && m->match->layer[l].module == NOBODY && match_shape(m, l, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}

/* A batch norm right behind a layer whose module it follows by name gets that norm: "bn1" and "layer1.0.bn1"
 * have no order among themselves, but "conv1" and "layer1.0.conv1" have found their places. */
static void match_followers(matcher *m)
{
    for (int i = 0; i < m->modules->count; i++) {
        int before = is_folded_kind(module_at(m, i)) && m->rank[i] == NOBODY
                         ? ht_module_before_norm(m->modules, i)
                         : NOBODY;
        int behind = before != NOBODY && m->used[before] ? m->layer_of[before] + 1 : m->match->count;
        if (behind < m->match->count && m->match->layer[behind].module == NOBODY && fits(m, behind, i))
            give(m, behind, i);
    }
}

/* ---- what is left ---- */

/* A batch norm goes into the layer that it follows. */
static ht_code fold(matcher *m, int norm, ht_text *told, int *count, ht_error *err)
{
    enum { TOLD = 3 };
    const ht_module *n = module_at(m, norm);
    int before = ht_module_before_norm(m->modules, norm);
    if (before < 0 || !m->used[before] || m->match->layer[m->layer_of[before]].norm >= 0)
        return ht_error_set(
            err, HT_FAIL,
            "%s: %.100s is of a batch norm for which the network has no layer, and its name does not "
            "tell which layer it follows (as bn1 does conv1, 1 does 0): put `norm batch` into "
            "model.layers",
            m->path, n->name);
    m->match->layer[m->layer_of[before]].norm = norm;
    if ((*count)++ < TOLD)
        ht_text_add(told, "%s%.60s into %.60s", *count > 1 ? ", " : "", n->stem, module_at(m, before)->stem);
    else if (*count == TOLD + 1)
        ht_text_add(told, ", …");
    return HT_OK;
}

/* The output layer in the file of a network that ties it to its token table. */
static bool is_table_again(const matcher *m, int i)
{
    const ht_module *table = module_at(m, m->match->layer[0].module), *head = module_at(m, i);
    return ht_network_is_tied(m->net) && head->role == HT_GPT_HEAD && head->ndim == 2 &&
           head->shape[0] == table->shape[0] && head->shape[1] == table->shape[1];
}

static ht_code use_rest(matcher *m, ht_error *err)
{
    ht_text told = {0};
    int folded = 0;
    ht_code code = HT_OK;
    for (int i = 0; i < m->modules->count && code == HT_OK; i++) {
        if (m->used[i] || !takes_part(m, i)) continue;
        if (is_table_again(m, i))
            m->match->head = i;
        else
            code =
                is_folded_kind(module_at(m, i)) ? fold(m, i, &told, &folded, err) : complain_spare(m, i, err);
    }
    if (folded > 0 && code == HT_OK)
        ht_notes_add(
            m->notes,
            "%s: %d batch norm%s folded into the layer%s before, by the running means and variances and ε = "
            "1e-5: %.300s",
            m->path, folded, folded == 1 ? " is" : "s are", folded == 1 ? "" : "s",
            told.data ? told.data : "");
    ht_text_free(&told);
    return code;
}

/* Layers whose names count, and count otherwise. */
static void note_against_names(const matcher *m)
{
    for (int l = 1; l < m->match->count && !m->order; l++) {
        int a = m->match->layer[l - 1].module, b = m->match->layer[l].module;
        if (compare(m, a, b) <= 0) continue;
        ht_notes_add(
            m->notes,
            "%s: %.200s comes before %.200s, as their shapes say, although the numbers in their names run "
            "otherwise",
            m->path, module_at(m, a)->name, module_at(m, b)->name);
        return;
    }
}

static void note_turned(const matcher *m)
{
    for (int i = 0; i < m->modules->count; i++)
        if (m->used[i] && module_at(m, i)->turned) {
            ht_notes_add(m->notes, "%s: matrices stored (inputs × outputs), as %.100s, are turned", m->path,
                         module_at(m, i)->name);
            return;
        }
}

/* Each with its first tensor; embeddings and attention with each of their matrices. */
static void list_layers(ht_match *match, ht_network *net)
{
    match->count = 0;
    match->head = NOBODY;
    for (int l = 0; l < net->layer_count; l++) {
        ht_layer *layer = &net->layers[l];
        for (int t = 0; t < layer->tensors; t++)
            if (t == 0 || layer->tensor[t].flags & (HT_TENSOR_WEIGHT | HT_TENSOR_TABLE))
                match->layer[match->count++] = (ht_match_layer){layer, &layer->tensor[t], NOBODY, NOBODY};
    }
}

ht_code ht_match_find(ht_match *match, ht_network *net, const ht_modules *modules, const char *path,
                      const char *order, ht_notes *notes, ht_error *err)
{
    matcher m = {
        .path = path, .order = order, .modules = modules, .match = match, .notes = notes, .net = net};
    list_layers(match, net);
    for (int i = 0; i < modules->count; i++) m.has[modules->module[i].role] = true;
    if (read_order(&m, err) != HT_OK) return err->code;
    if (match_all(&m, false, err) != HT_OK) return err->code;
    match_followers(&m);
    if (match_all(&m, true, err) != HT_OK) return err->code;
    if (obeys_order(&m, err) != HT_OK || use_rest(&m, err) != HT_OK) return err->code;
    note_against_names(&m);
    note_turned(&m);
    return HT_OK;
}
