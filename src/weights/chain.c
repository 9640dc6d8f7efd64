#include "weights/chain.h"

#include <stdio.h>
#include <string.h>

/* ---- the way round ---- */

static size_t out_of(const ht_link *link, bool turned)
{
    return turned ? link->columns : link->rows;
}

static size_t into(const ht_link *link, bool turned)
{
    return turned ? link->rows : link->columns;
}

void ht_chain_ways(const ht_link *links, int count, bool ways[2])
{
    int weights = 0, kernels = 0;
    ways[0] = ways[1] = true;
    for (int i = 0; i < count; i++) {
        for (int turned = 0; turned < 2; turned++)
            if (links[i].bias && links[i].bias != out_of(&links[i], turned)) ways[turned] = false;
        weights += links[i].role == HT_NAME_WEIGHT;
        kernels += links[i].role == HT_NAME_KERNEL;
    }
    if (!ways[0] || !ways[1]) return;
    if (weights > 0)
        ways[1] = false;
    else if (kernels == count)
        ways[0] = false;
}

static ht_code no_way(const char *path, const ht_link *links, int count, ht_error *err)
{
    for (int i = 0; i < count; i++)
        if (links[i].bias && links[i].bias != links[i].rows && links[i].bias != links[i].columns)
            return ht_error_set(err, HT_FAIL, "%s: %.60s is (%zu × %zu), but its bias has %zu values", path,
                                links[i].name, links[i].rows, links[i].columns, links[i].bias);
    return ht_error_set(err, HT_FAIL,
                        "%s: by their biases some matrices are stored (outputs × inputs), others the other "
                        "way round; store all of them (outputs × inputs)",
                        path);
}

/* ---- orders that fit ---- */

/* Orders that are kept, that are counted at most, and places that a search looks at: of many layers of one
 * shape there are more orders than anybody could go through. */
enum { KEPT = 4, COUNTED = 1000, LOOKS = 1 << 16 };

typedef struct orders {
    const ht_link *links;
    int count;
    bool turned;
    int fits, named; /* that fit by shape; by the numbers in names, too; COUNTED + 1: more than are counted */
    int shapes, names; /* the first ones of either */
    int shape[KEPT][HT_CHAIN_MAX], name[KEPT][HT_CHAIN_MAX];
} orders;

typedef struct search {
    const orders *of;
    bool by_name;                           /* only orders that the numbers in names agree with */
    bool after[HT_CHAIN_MAX][HT_CHAIN_MAX]; /* by its name the first comes after the second */
    int order[HT_CHAIN_MAX];
    bool used[HT_CHAIN_MAX];
    int looks, found;
    int (*kept)[HT_CHAIN_MAX];
} search;

static size_t in(const search *s, int i)
{
    return into(&s->of->links[i], s->of->turned);
}

static size_t out(const search *s, int i)
{
    return out_of(&s->of->links[i], s->of->turned);
}

/* How many matrices more take in this size than give it out. */
static int surplus(const search *s, size_t size)
{
    int more = 0;
    for (int i = 0; i < s->of->count; i++) more += (in(s, i) == size) - (out(s, i) == size);
    return more;
}

/* A chain through all of them takes in every size as often as it gives it out, but for the size that it
 * begins with and the one that it ends with. */
static bool may_begin(const search *s, int i)
{
    int begins = 0;
    for (int k = 0; k < s->of->count; k++) {
        bool first = true;
        for (int m = 0; m < k; m++) first = first && in(s, m) != in(s, k);
        int more = first ? surplus(s, in(s, k)) : 0;
        begins += more > 0 ? more : 0;
    }
    return begins == 0 || (begins == 1 && surplus(s, in(s, i)) == 1);
}

/* Could the matrices that are not used yet be gone through after number i? Then all of them are within its
 * reach, and that is enough, since sizes balance. */
static bool reaches_all(const search *s, int i)
{
    bool reached[HT_CHAIN_MAX] = {false}, more = true;
    int last[HT_CHAIN_MAX], lasts = 0;
    for (last[lasts++] = i; lasts > 0;) {
        size_t size = out(s, last[--lasts]);
        for (int k = 0; k < s->of->count; k++)
            if (!s->used[k] && !reached[k] && in(s, k) == size) reached[k] = true, last[lasts++] = k;
    }
    for (int k = 0; k < s->of->count; k++) more = more && (s->used[k] || reached[k]);
    return more;
}

static bool may_follow(search *s, int done, int i)
{
    if (s->used[i]) return false;
    if (done > 0 ? out(s, s->order[done - 1]) != in(s, i) : !may_begin(s, i)) return false;
    for (int k = 0; s->by_name && k < s->of->count; k++)
        if (!s->used[k] && s->after[i][k]) return false;
    s->used[i] = true;
    bool good = reaches_all(s, i);
    s->used[i] = false;
    return good;
}

/* Every way to go on from the first `done` of the order, while anybody counts. At most HT_CHAIN_MAX deep. */
static void extend(search *s, int done)
{
    if (done == s->of->count) {
        if (s->found < KEPT) memcpy(s->kept[s->found], s->order, sizeof s->order);
        s->found++;
        return;
    }
    for (int i = 0; i < s->of->count && s->found <= COUNTED && s->looks < LOOKS; i++) {
        s->looks++;
        if (!may_follow(s, done, i)) continue;
        s->order[done] = i;
        s->used[i] = true;
        extend(s, done + 1);
        s->used[i] = false;
    }
}

/* How many orders there are, more than are counted when the search is given up; *some are in `kept`. */
static int count_orders(const orders *o, bool by_name, int kept[KEPT][HT_CHAIN_MAX], int *some)
{
    search s = {.of = o, .by_name = by_name, .kept = kept};
    int sign;
    for (int i = 0; i < o->count && by_name; i++)
        for (int k = 0; k < o->count; k++)
            s.after[i][k] = i != k && ht_name_compare(o->links[i].name, o->links[k].name, &sign) && sign > 0;
    extend(&s, 0);
    *some = s.found < KEPT ? s.found : KEPT;
    return s.looks < LOOKS ? s.found : COUNTED + 1;
}

static orders find_orders(const ht_link *links, int count, bool turned)
{
    orders o = {.links = links, .count = count, .turned = turned};
    o.fits = count_orders(&o, false, o.shape, &o.shapes);
    if (o.fits > 0) o.named = count_orders(&o, true, o.name, &o.names);
    if (o.named == 0 || o.names > 0) return o;
    o.named = o.fits, o.names = o.shapes; /* given up: the names tell nothing */
    memcpy(o.name, o.shape, sizeof o.name);
    return o;
}

/* ---- words ---- */

static void add_order(ht_text *to, const ht_link *links, const int *order, int count)
{
    for (int i = 0; i < count; i++) ht_text_add(to, "%s%.60s", i ? "," : "", links[order[i]].name);
}

static ht_code several(const char *path, const orders *o, ht_error *err)
{
    ht_text list = {0};
    int count = o->named ? o->named : o->fits, shown = o->named ? o->names : o->shapes;
    bool many = count > COUNTED;
    for (int i = 0; i < shown; i++) {
        ht_text_add(&list, "%s", i ? " or " : "");
        add_order(&list, o->links, o->named ? o->name[i] : o->shape[i], o->count);
    }
    ht_error_set(
        err, HT_FAIL,
        "%s: its layers fit together in %s%d orders, and their names do not tell which: give --order "
        "%.500s%s",
        path, many ? "more than " : "", many ? COUNTED : count, list.data ? list.data : "A,B,C",
        count > shown ? " or another" : "");
    ht_text_free(&list);
    return err->code;
}

static ht_code none(const char *path, const ht_link *links, int count, ht_error *err)
{
    ht_text list = {0};
    for (int i = 0; i < count; i++)
        ht_text_add(&list, "%s%.60s (%zu × %zu)", i ? ", " : "", links[i].name, links[i].rows,
                    links[i].columns);
    ht_error_set(err, HT_FAIL,
                 "%s: in no order do its matrices make a network, each taking in what the one before gives "
                 "out (outputs × inputs): %.500s; --order A,B,C takes some of them alone",
                 path, list.data ? list.data : "");
    ht_text_free(&list);
    return err->code;
}

static ht_code either_way(const char *path, const orders *as_is, const orders *turned, ht_error *err)
{
    ht_text a = {0}, b = {0};
    add_order(&a, as_is->links, as_is->shape[0], as_is->count);
    add_order(&b, turned->links, turned->name[0], turned->count);
    ht_error_set(
        err, HT_FAIL,
        "%s: stored (outputs × inputs) its layers would run against the numbers in their names; give "
        "--order %.200s if so, or --order %.200s if they are stored (inputs × outputs)",
        path, a.data ? a.data : "", b.data ? b.data : "");
    ht_text_free(&a);
    ht_text_free(&b);
    return err->code;
}

/* What somebody should know about the choice. */
typedef struct choice {
    bool custom; /* turned because kernels are */
    bool open;   /* the other way round would do as well */
    bool against_names;
} choice;

static void note_choice(const char *path, const ht_link *links, const ht_chain *chain, choice c,
                        ht_notes *notes)
{
    bool moved = false;
    ht_text list = {0};
    add_order(&list, links, chain->order, chain->count);
    for (int i = 1; i < chain->count; i++) moved = moved || chain->order[i] < chain->order[i - 1];
    if (moved)
        ht_notes_add(notes, "%s: layers in the order %.600s%s", path, list.data ? list.data : "",
                     c.against_names ? ": the only one that their shapes allow, although the numbers in the "
                                       "names run otherwise"
                                     : "");
    if (chain->turned)
        ht_notes_add(notes, "%s: matrices are stored (inputs × outputs)%s, and are turned", path,
                     c.custom ? ", as kernels are" : ", by their biases or the order given");
    else if (c.open)
        ht_notes_add(
            notes,
            "%s: nothing tells which way round %.600s are stored; they are taken as "
            "(outputs × inputs). If they are (inputs × outputs), every result is of another network: name "
            "them NAME.kernel, or turn them in Python: safetensors.numpy.save_file({n: a.T.copy() for n, "
            "a in safetensors.numpy.load_file(FILE).items()}, 'turned.safetensors')",
            path, list.data ? list.data : "the matrices");
    ht_text_free(&list);
}

/* ---- an order that was given ---- */

/* The number of the link that `word` means: its name, or its stem if that is of one alone. */
static int find_link(const ht_link *links, int count, const char *word)
{
    char stem[256], wanted[256];
    int found = -1, times = 0;
    for (int i = 0; i < count; i++)
        if (strcmp(links[i].name, word) == 0) return i;
    ht_name_read(word, wanted, sizeof wanted);
    for (int i = 0; i < count; i++) {
        ht_name_read(links[i].name, stem, sizeof stem);
        if (strcmp(stem, word) == 0 || strcmp(stem, wanted) == 0) found = i, times++; /* "b" may be a stem */
    }
    return times == 1 ? found : -1;
}

static ht_code read_order(const char *path, const ht_link *links, int count, const char *order,
                          ht_chain *chain, ht_error *err)
{
    for (const char *at = order; *at;) {
        char word[256];
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), at);
        at += length + (at[length] == ',');
        int i = find_link(links, count, word);
        if (i < 0) return ht_error_set(err, HT_USAGE, "--order: %s has no matrix '%.60s'", path, word);
        for (int k = 0; k < chain->count; k++)
            if (chain->order[k] == i)
                return ht_error_set(err, HT_USAGE, "--order: '%.60s' stands there twice", word);
        if (chain->count == HT_CHAIN_MAX)
            return ht_error_set(err, HT_USAGE, "--order: more than the %d layers that are possible",
                                HT_CHAIN_MAX);
        chain->order[chain->count++] = i;
    }
    return chain->count ? HT_OK
                        : ht_error_set(err, HT_USAGE, "--order: give names of tensors, as in fc1,fc2");
}

/* The place where the chain breaks: the layer that does not fit the one before it; 0 when all fit. */
static int break_of(const ht_link *links, const ht_chain *chain, bool turned)
{
    for (int i = 1; i < chain->count; i++)
        if (out_of(&links[chain->order[i - 1]], turned) != into(&links[chain->order[i]], turned)) return i;
    return 0;
}

static ht_code obey(const char *path, const ht_link *links, int count, const char *order, ht_chain *chain,
                    ht_notes *notes, ht_error *err)
{
    ht_link chosen[HT_CHAIN_MAX] = {0};
    bool ways[2];
    if (read_order(path, links, count, order, chain, err) != HT_OK) return err->code;
    for (int i = 0; i < chain->count; i++) chosen[i] = links[chain->order[i]];
    ht_chain_ways(chosen, chain->count, ways);
    if (!ways[0] && !ways[1]) return no_way(path, chosen, chain->count, err);
    int broken = break_of(links, chain, !ways[0]);
    chain->turned = !ways[0] || (ways[1] && broken > 0);
    if (chain->turned) broken = break_of(links, chain, true);
    if (broken > 0) {
        const ht_link *a = &chosen[broken - 1], *b = &chosen[broken];
        return ht_error_set(
            err, HT_USAGE,
            "--order: %s: %.60s (%zu × %zu) gives out %zu values, %.60s (%zu × %zu) takes in %zu", path,
            a->name, a->rows, a->columns, out_of(a, chain->turned), b->name, b->rows, b->columns,
            into(b, chain->turned));
    }
    choice c = {.custom = !ways[0] && chosen[0].role == HT_NAME_KERNEL,
                .open = ways[0] && ways[1] && break_of(links, chain, true) == 0};
    note_choice(path, links, chain, c, notes);
    for (int i = 0; i < count; i++) {
        bool taken = false;
        for (int k = 0; k < chain->count; k++) taken = taken || chain->order[k] == i;
        if (!taken)
            ht_notes_add(notes, "%s: %.200s is left out: --order does not name it", path, links[i].name);
    }
    return HT_OK;
}

/* ---- all ---- */

ht_code ht_chain_find(const char *path, const ht_link *links, int count, const char *order, ht_chain *chain,
                      ht_notes *notes, ht_error *err)
{
    bool ways[2];
    *chain = (ht_chain){0};
    if (order) return obey(path, links, count, order, chain, notes, err);
    if (count > HT_CHAIN_MAX)
        return ht_error_set(err, HT_FAIL,
                            "%s: holds %d matrices; a network here has up to %d layers: --order A,B,C takes "
                            "some of them alone",
                            path, count, HT_CHAIN_MAX);
    ht_chain_ways(links, count, ways);
    if (!ways[0] && !ways[1]) return no_way(path, links, count, err);
    choice c = {.custom = links[0].role == HT_NAME_KERNEL};
    orders found = find_orders(links, count, !ways[0]);
    if (found.fits == 0) return none(path, links, count, err);
    if (ways[0] && ways[1]) {
        orders other = find_orders(links, count, true);
        c.open = other.named > 0;
        if (c.open && found.named == 0) return either_way(path, &found, &other, err);
    }
    if (found.named != 1 && found.fits != 1) return several(path, &found, err);
    c.against_names = found.named == 0;
    chain->count = count;
    chain->turned = found.turned;
    memcpy(chain->order, found.named == 1 ? found.name[0] : found.shape[0], sizeof chain->order);
    note_choice(path, links, chain, c, notes);
    return HT_OK;
}
