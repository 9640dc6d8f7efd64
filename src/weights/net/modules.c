#include "weights/net/modules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "weights/way.h"

/* What a tensor is to its module. */
typedef enum part { WEIGHT, BIAS, MEAN, VARIANCE, COUNTER, NOTHING } part;

typedef struct sorter {
    const char *path;
    const ht_weights *file;
    bool ours;
    const bool *turned;
    ht_notes *notes;
    ht_modules *modules;
} sorter;

/* ---- names ---- */

/* What batch norm keeps beside its gain, by the last word of the name. */
static part part_of_state(const char *name)
{
    static const struct {
        const char *word;
        part part;
    } words[] = {{"running_mean", MEAN},
                 {"moving_mean", MEAN},
                 {"running_var", VARIANCE},
                 {"moving_variance", VARIANCE},
                 {"num_batches_tracked", COUNTER}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (ht_text_ends(name, words[i].word)) return words[i].part;
    return NOTHING;
}

bool ht_module_state(const char *tensor)
{
    return part_of_state(tensor) != NOTHING;
}

static part read_name(const char *name, char stem[HT_MODULE_STEM])
{
    part state = part_of_state(name);
    const char *last = strrchr(name, '.');
    if (!last) last = strrchr(name, '/');
    if (state == NOTHING) return ht_name_read(name, stem, HT_MODULE_STEM) == HT_NAME_BIAS ? BIAS : WEIGHT;
    snprintf(stem, HT_MODULE_STEM, "%.*s", last ? (int)(last - name) : 0, name);
    for (char *c = stem; *c; c++) *c = (char)tolower((unsigned char)*c);
    return state;
}

/* "layers.3.weight" */
static bool is_our_name(const char *name)
{
    static const char *const ends[] = {"weight",        "bias",       "running_mean",  "running_var",
                                       "tokens",        "positions",  "c_attn.weight", "c_attn.bias",
                                       "c_proj.weight", "c_proj.bias"};
    int length = 0, number;
    if (sscanf(name, "layers.%9d.%n", &number, &length) != 1 || length == 0) return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(name + length, ends[i]) == 0) return true;
    return false;
}

/* ---- sorting ---- */

static ht_code cannot(const sorter *s, const ht_tensor_info *info, const char *what, ht_error *err)
{
    return ht_error_set(err, HT_FAIL,
                        "%s: %.100s %s, which no layer here has (heavytail help params: model.layers)",
                        s->path, info->name, what);
}

static ht_code leave_out(const sorter *s, const ht_tensor_info *info, const char *why)
{
    if (!s->ours)
        ht_notes_add(s->notes, "%s: %.200s (%s) is left out: %s", s->path, info->name, info->type, why);
    return HT_OK;
}

/* The module of that stem, or a new one; NULL when there are too many. */
static ht_module *module_of(ht_modules *m, const char *stem, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->module[i].stem, stem) == 0) return &m->module[i];
    if (m->count == HT_MODULES_MAX) return NULL;
    ht_module *new = &m->module[m->count++];
    *new = (ht_module){.name = name,
                       .role = ht_gpt_role_of(stem),
                       .norm = true,
                       .weight = HT_NO_TENSOR,
                       .bias = HT_NO_TENSOR,
                       .mean = HT_NO_TENSOR,
                       .variance = HT_NO_TENSOR};
    snprintf(new->stem, sizeof new->stem, "%s", stem);
    return new;
}

static bool is_vector(const ht_tensor_info *info)
{
    return info->ndim == 1 || (info->ndim == 2 && (info->shape[0] == 1 || info->shape[1] == 1));
}

static ht_code set_weight(const sorter *s, ht_module *m, size_t number, const ht_tensor_info *info,
                          ht_error *err)
{
    char what[120];
    m->name = info->name;
    m->norm = info->ndim == 1;
    m->turned = s->turned[number] && !s->ours && !ht_gpt_is_table(m->role);
    m->ndim = info->ndim;
    if (m->role == HT_GPT_ATTENTION && info->ndim == 2 && !s->ours)
        m->turned = info->shape[1] == 3 * info->shape[0];
    if (info->ndim > HT_MODULE_SIDES) {
        snprintf(what, sizeof what, "has %d dimensions", info->ndim);
        return cannot(s, info, what, err);
    }
    if (m->turned && info->ndim > 2)
        return cannot(
            s, info,
            "is a kernel (height × width × inputs × outputs), and what follows it is flattened with its "
            "channels last; write the network from PyTorch: that is an order",
            err);
    for (int i = 0; i < info->ndim; i++) m->shape[i] = info->shape[i];
    if (m->turned) m->shape[0] = info->shape[1], m->shape[1] = info->shape[0];
    return HT_OK;
}

static ht_code add(const sorter *s, size_t number, const ht_tensor_info *info, ht_error *err)
{
    char stem[HT_MODULE_STEM];
    part role = read_name(info->name, stem);
    if (role == COUNTER) return HT_OK;
    if (role != WEIGHT && !is_vector(info)) role = WEIGHT; /* a matrix "b" */
    ht_module *m = module_of(s->modules, stem, info->name);
    if (!m) return ht_error_set(err, HT_FAIL, "%s: holds more than %d layers", s->path, (int)HT_MODULES_MAX);
    long *to = role == WEIGHT ? &m->weight : role == BIAS ? &m->bias : role == MEAN ? &m->mean : &m->variance;
    if (*to != HT_NO_TENSOR)
        return ht_error_set(err, HT_FAIL, "%s: %.100s is a second %s of %.100s", s->path, info->name,
                            role == WEIGHT ? "weight"
                            : role == BIAS ? "bias"
                                           : "running mean or variance",
                            m->name);
    *to = (long)number;
    return role == WEIGHT ? set_weight(s, m, number, info, err) : HT_OK;
}

static ht_code sort_tensor(const sorter *s, size_t number, const ht_tensor_info *info, ht_error *err)
{
    bool state = part_of_state(info->name) != NOTHING, aside = !state && ht_name_is_aside(info->name);
    const char *obstacle = state ? NULL : ht_name_obstacle(info->name);
    char what[120], stem[HT_MODULE_STEM];
    read_name(info->name, stem);
    if (s->ours && !is_our_name(info->name)) return HT_OK;
    if (ht_gpt_is_mask(info->name, info->ndim)) return leave_out(s, info, "a causal mask holds no weights");
    if (obstacle && !aside && ht_gpt_role_of(stem) == HT_GPT_NONE) return cannot(s, info, obstacle, err);
    if (aside) return leave_out(s, info, "by its name a part of the training, not of the network");
    if (info->ndim >= 2 && strcmp(info->type, "BOOL") != 0 &&
        (!ht_safetensors_readable(info) || info->type[1] == '8')) {
        snprintf(what, sizeof what, "is of type %.20s: %s", info->type,
                 ht_safetensors_known(info) ? "quantized, its scale unknown"
                                            : "the format has no such numbers");
        return cannot(s, info, what, err);
    }
    if (!ht_safetensors_readable(info))
        return state ? HT_OK : leave_out(s, info, "these are no real numbers");
    if (info->ndim == 0) return leave_out(s, info, "a single number is no layer");
    return add(s, number, info, err);
}

/* Each module has a weight, or is batch norm without one; vectors are as long as there are units. */
static ht_code check(const sorter *s, ht_module *m, ht_error *err)
{
    const long vectors[] = {m->bias, m->mean, m->variance};
    ht_tensor_info info;
    if ((m->mean == HT_NO_TENSOR) != (m->variance == HT_NO_TENSOR))
        return ht_error_set(
            err, HT_FAIL,
            "%s: %.100s is a part of a batch normalization that has only one of running_mean and "
            "running_var",
            s->path, m->name);
    if (m->weight == HT_NO_TENSOR && m->mean == HT_NO_TENSOR)
        return ht_error_set(err, HT_FAIL, "%s: %.100s is a bias, but no matrix has a name that goes with it",
                            s->path, m->name);
    for (int i = 0; i < 3; i++) {
        if (vectors[i] == HT_NO_TENSOR) continue;
        if (ht_weights_describe(s->file, (size_t)vectors[i], &info, err) != HT_OK) return err->code;
        if (m->weight == HT_NO_TENSOR) m->ndim = 1, m->shape[0] = info.count; /* batch norm without a gain */
        if (info.count != m->shape[0])
            return ht_error_set(err, HT_FAIL, "%s: %.60s has %zu values, but its layer gives out %zu",
                                s->path, info.name, info.count, m->shape[0]);
        if (m->weight == HT_NO_TENSOR) break;
    }
    return HT_OK;
}

/* A projection is square: it lies as the queries, keys and values do that stand beside it. */
static void turn_projection(ht_modules *modules, ht_module *m)
{
    size_t before = strlen(m->stem) - strlen("c_proj");
    for (int i = 0; i < modules->count && m->role == HT_GPT_PROJECTION; i++) {
        const ht_module *other = &modules->module[i];
        if (other->role == HT_GPT_ATTENTION && strncmp(other->stem, m->stem, before) == 0)
            m->turned = other->turned;
    }
}

ht_code ht_modules_find(ht_modules *modules, const char *path, const ht_weights *file, bool ours,
                        ht_notes *notes, ht_error *err)
{
    size_t count = ht_weights_count(file);
    bool *turned = ht_alloc(count + 1, sizeof *turned, "the list of tensors", err);
    const sorter s = {path, file, ours, turned, notes, modules};
    ht_tensor_info info;
    modules->count = 0;
    ht_code code = turned ? ht_way_find(file, turned, err) : HT_FAIL;
    for (size_t i = 0; i < count && code == HT_OK; i++) {
        code = ht_weights_describe(file, i, &info, err);
        if (code == HT_OK) code = sort_tensor(&s, i, &info, err);
    }
    for (int i = 0; i < modules->count && code == HT_OK; i++) turn_projection(modules, &modules->module[i]);
    for (int i = 0; i < modules->count && code == HT_OK; i++) code = check(&s, &modules->module[i], err);
    ht_free(turned);
    return code;
}

/* ---- what they are to each other ---- */

void ht_module_shape(const ht_module *m, char to[HT_MODULE_SHAPE])
{
    size_t used = (size_t)snprintf(to, HT_MODULE_SHAPE, "(");
    for (int i = 0; i < m->ndim; i++)
        used += (size_t)snprintf(to + used, HT_MODULE_SHAPE - used, "%s%zu", i ? " × " : "", m->shape[i]);
    snprintf(to + used, HT_MODULE_SHAPE - used, ")");
}

static bool is_digit(char c)
{
    return isdigit((unsigned char)c);
}

/* Runs of digits as numbers of any length. */
static int compare_numbers(const char *a, const char *b)
{
    while (*a == '0' && is_digit(a[1])) a++;
    while (*b == '0' && is_digit(b[1])) b++;
    size_t m = strspn(a, "0123456789"), n = strspn(b, "0123456789");
    if (m != n) return m < n ? -1 : 1;
    int order = strncmp(a, b, m);
    return (order > 0) - (order < 0);
}

/* Is the part of a dotted name that begins here what people call the way round a block? */
static bool is_projection(const char *name)
{
    static const char *const words[] = {"downsample", "shortcut", "projection",
                                        "proj",       "skip",     "conv_shortcut"};
    size_t length = strcspn(name, ".");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && strncmp(name, words[i], length) == 0) return true;
    return false;
}

/* Of one block, one of its layers and the way round it, which comes behind? *sign as in ht_name_compare. */
static bool tell_projection(const char *a, const char *b, size_t differ, int *sign)
{
    while (differ > 0 && a[differ - 1] != '.') differ--;
    bool first = is_projection(a + differ), second = is_projection(b + differ);
    if (first != second) *sign = first ? 1 : -1;
    return first != second;
}

bool ht_module_compare(const ht_module *a, const ht_module *b, int *sign)
{
    size_t at = 0;
    while (a->stem[at] && a->stem[at] == b->stem[at]) at++;
    if (ht_gpt_compare(a->stem, b->stem, sign)) return true;
    if (tell_projection(a->stem, b->stem, at, sign)) return true;
    size_t from = at;
    while (from > 0 && is_digit(a->stem[from - 1])) from--;
    *sign = 0;
    if (is_digit(a->stem[from]) && is_digit(b->stem[from]))
        *sign = compare_numbers(a->stem + from, b->stem + from);
    return *sign != 0 || ht_name_compare(a->stem, b->stem, sign);
}

/* The last part of a dotted name, and how long what is before it is. */
static const char *last_part(const char *stem, size_t *before)
{
    const char *dot = strrchr(stem, '.');
    *before = dot ? (size_t)(dot - stem) + 1 : 0;
    return stem + *before;
}

/* The digits at the end of a word. */
static const char *number_of(const char *word)
{
    const char *end = word + strlen(word);
    while (end > word && is_digit(end[-1])) end--;
    return end;
}

/* Does a norm called so come right behind what is called `other`? In a sequence by place. */
static bool is_next(const char *word, const char *other)
{
    bool places = number_of(word) == word && number_of(other) == other && *word && *other;
    return places && strtol(word, NULL, 10) - strtol(other, NULL, 10) == 1;
}

/* Otherwise by the number that both have ("conv2" and "bn2"). */
static bool has_its_number(const char *word, const char *other)
{
    const char *number = number_of(word), *its = number_of(other);
    return number > word && its > other && strcmp(number, its) == 0;
}

int ht_module_before_norm(const ht_modules *modules, int norm)
{
    const ht_module *n = &modules->module[norm];
    size_t before, here;
    const char *word = last_part(n->stem, &before);
    int found = -1;
    for (int i = 0; i < modules->count; i++) {
        const ht_module *m = &modules->module[i];
        const char *other = last_part(m->stem, &here);
        bool fits = m->shape[0] == n->shape[0];
        if (m->norm || here != before || strncmp(m->stem, n->stem, here) != 0) continue;
        if (!is_next(word, other) && !(fits && has_its_number(word, other))) continue;
        if (found >= 0 || !fits) return -1;
        found = i;
    }
    return found;
}
