#include "weights/net/netguess.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

typedef struct guesser {
    const ht_modules *modules;
    const char *path;
    ht_shape input;
    int conv[HT_WEIGHTS_MAX], dense[HT_WEIGHTS_MAX]; /* modules, first to last */
    int convs, denses;
} guesser;

static const ht_module *at(const guesser *g, int module)
{
    return &g->modules->module[module];
}

static ht_code give_up(const guesser *g, const char *why, ht_error *err)
{
    return ht_error_set(
        err, HT_FAIL,
        "%s: which network it is cannot be guessed: %.300s; say its layers with --layers, as in "
        "\"conv 6 5x5, pool 2, conv 16 5x5, pool 2, dense 120\"",
        g->path, why);
}

/* ---- the order ---- */

static ht_code add(const guesser *g, int *list, int *count, int module, ht_error *err)
{
    int sign, place = *count;
    char why[200];
    if (*count == HT_WEIGHTS_MAX) return give_up(g, "it has too many layers", err);
    for (; place > 0; place--) {
        const ht_module *before = at(g, list[place - 1]), *new = at(g, module);
        if (!ht_module_compare(before, new, &sign)) {
            snprintf(why, sizeof why, "the names of %.60s and %.60s do not tell which comes first",
                     before->name, new->name);
            return give_up(g, why, err);
        }
        if (sign < 0) break;
        list[place] = list[place - 1];
    }
    list[place] = module;
    ++*count;
    return HT_OK;
}

static ht_code sort_modules(guesser *g, ht_error *err)
{
    for (int i = 0; i < g->modules->count; i++) {
        const ht_module *m = at(g, i);
        char why[160];
        if (m->norm && m->mean != HT_NO_TENSOR) continue; /* a batch norm is folded, or is told then */
        if (m->norm || m->ndim == 3 || m->turned) {
            snprintf(why, sizeof why, "%.60s is no convolution of two dimensions and no dense layer",
                     m->name);
            return give_up(g, why, err);
        }
        if (add(g, m->ndim == 4 ? g->conv : g->dense, m->ndim == 4 ? &g->convs : &g->denses, i, err) != HT_OK)
            return err->code;
    }
    if (g->denses == 0) return give_up(g, "it has no dense layer", err);
    if (g->convs + g->denses > 1) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: holds 1 layer; a network has a hidden layer and an output layer at least",
                        g->path);
}

/* Each takes what the one before it gives. */
static ht_code check_chain(const guesser *g, ht_error *err)
{
    size_t channels = (size_t)g->input.channels;
    const ht_module *before = NULL;
    char why[240];
    for (int i = 0; i < g->convs + g->denses; i++) {
        const ht_module *m = at(g, i < g->convs ? g->conv[i] : g->dense[i - g->convs]);
        if (i != g->convs && m->shape[1] != channels) {
            snprintf(why, sizeof why, "%.60s takes %zu channels, and %.60s gives %zu", m->name, m->shape[1],
                     before ? before->name : "a sample", channels);
            return give_up(g, why, err);
        }
        if (i < g->convs && m->shape[2] != m->shape[3]) return give_up(g, "its windows are no squares", err);
        channels = m->shape[0];
        before = m;
    }
    return HT_OK;
}

/* ---- the ways ---- */

/* What nobody says: which convolutions are padded to keep the shape, behind which there is a pooling of 2
 * (bits), and whether the mean of all places follows the last. */
typedef struct way {
    unsigned padded, pooled;
    bool global;
} way;

/* So many convolutions are gone through with every way; of more only all or none are padded and pooled. */
enum { TRIED = 6 };

static bool bit(unsigned set, int i)
{
    return set >> (i < TRIED ? i : TRIED) & 1;
}

static bool can_be_padded(const guesser *g, int conv)
{
    return at(g, g->conv[conv])->shape[2] % 2 == 1 && at(g, g->conv[conv])->shape[2] > 1;
}

/* The sides of what comes out of the convolutions, 0 when nothing does. */
static size_t places_of(const guesser *g, const way *w)
{
    size_t height = (size_t)g->input.height, width = (size_t)g->input.width;
    for (int i = 0; i < g->convs; i++) {
        size_t kernel = at(g, g->conv[i])->shape[2], lost = bit(w->padded, i) ? 0 : kernel - 1;
        if (height <= lost || width <= lost) return 0;
        height -= lost, width -= lost;
        if (bit(w->pooled, i)) height /= 2, width /= 2;
    }
    return height * width;
}

/* Do samples come through this way with as many values as the first dense layer takes? */
static bool comes_through(const guesser *g, const way *w)
{
    size_t places = places_of(g, w), channels = (size_t)g->input.channels;
    if (g->convs > 0) channels = at(g, g->conv[g->convs - 1])->shape[0];
    if (places == 0 || (w->global && (places == 1 || g->convs == 0))) return false;
    return channels * (w->global ? 1 : places) == at(g, g->dense[0])->shape[1];
}

static void write_line(const guesser *g, const way *w, ht_text *to)
{
    for (int i = 0; i < g->convs; i++) {
        const ht_module *m = at(g, g->conv[i]);
        ht_text_add(to, "%sconv %zu %zux%zu%s%s", i ? ", " : "", m->shape[0], m->shape[2], m->shape[3],
                    bit(w->padded, i) ? " same" : "", bit(w->pooled, i) ? ", pool 2" : "");
    }
    if (w->global) ht_text_add(to, ", pool global");
    for (int i = 0; i < g->denses - 1; i++)
        ht_text_add(to, "%sdense %zu", to->length ? ", " : "", at(g, g->dense[i])->shape[0]);
}

static unsigned sets_of(const guesser *g)
{
    return g->convs <= TRIED ? 1u << g->convs : 2;
}

/* A set of convolutions by its number. */
static unsigned set_at(const guesser *g, unsigned i)
{
    return g->convs <= TRIED || i == 0 ? i : ~0u;
}

/* Only odd kernels are padded by half; those of one place need none. */
static bool is_padding(const guesser *g, unsigned padded)
{
    for (int i = 0; i < g->convs; i++)
        if (bit(padded, i) && !can_be_padded(g, i)) return false;
    return true;
}

/* How many ways fit; the first two in words. */
static int find_ways(const guesser *g, ht_text *first, ht_text *second)
{
    int count = 0;
    for (unsigned p = 0; p < sets_of(g); p++)
        for (unsigned q = 0; q < sets_of(g); q++)
            for (int global = 0; global < 2; global++) {
                const way w = {set_at(g, p), set_at(g, q), global};
                if (!is_padding(g, w.padded) || !comes_through(g, &w)) continue;
                if (count < 2) write_line(g, &w, count ? second : first);
                count++;
            }
    return count;
}

ht_code ht_netguess_layers(ht_params *params, const ht_modules *modules, const char *path, ht_shape input,
                           ht_notes *notes, ht_error *err)
{
    guesser g = {.modules = modules, .path = path, .input = input};
    ht_text line = {0}, other = {0};
    char why[700];
    ht_code code = sort_modules(&g, err);
    if (code == HT_OK) code = check_chain(&g, err);
    int ways = code == HT_OK ? find_ways(&g, &line, &other) : 0;
    if (code == HT_OK && ways == 0) {
        snprintf(
            why, sizeof why,
            "%.60s takes %zu values, to which no padding of convolutions and no pooling by 2 behind some of "
            "them or of all places leads from samples of %d×%d×%d",
            at(&g, g.dense[0])->name, at(&g, g.dense[0])->shape[1], input.channels, input.height,
            input.width);
        code = give_up(&g, why, err);
    }
    if (code == HT_OK && ways > 1) {
        snprintf(why, sizeof why, "%d ways fit, among them \"%.250s\" and \"%.250s\"", ways,
                 line.data ? line.data : "", other.data ? other.data : "");
        code = give_up(&g, why, err);
    }
    if (code == HT_OK && ht_params_set(params, "model.layers", line.data ? line.data : "", err) != HT_OK)
        code = ht_error_prefix(err, "%s", path);
    if (code == HT_OK)
        ht_notes_add(notes,
                     "%s: activations, padding and pooling are guessed from the shapes: --layers \"%.400s\" "
                     "(model.activation %s); if they are others, every result is of another network",
                     path, line.data, ht_params_name(params, HT_P_MODEL_ACTIVATION));
    ht_text_free(&line);
    ht_text_free(&other);
    return code;
}
