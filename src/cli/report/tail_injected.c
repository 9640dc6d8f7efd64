#include "cli/report/tail_injected.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "engine/run/rundir.h"

static bool other_noise(const ht_params *then, const ht_params *now)
{
    return ht_params_get(then, HT_P_NOISE_TYPE) != HT_NOISE_NONE &&
           (ht_params_differ(then, now, HT_P_NOISE_TYPE) || ht_params_differ(then, now, HT_P_NOISE_ALPHA));
}

/* Was there noise of another kind for a step, on the way to the last change? */
static bool changed(const ht_journal *journal, const ht_params *now)
{
    ht_error err;
    ht_params then = journal->initial;
    uint64_t since = 0;
    size_t count = 0,
           *path = journal->count > 0 ? ht_journal_path(journal, journal->count - 1, &count, &err) : NULL;
    bool mixed = false;
    for (size_t i = 0; path && i < count; i++) {
        const ht_entry *e = &journal->entries[path[i]];
        mixed = mixed || (e->step > since && other_noise(&then, now));
        since = e->step;
        if (e->kind == HT_ENTRY_RESET) mixed = false, since = 0; /* with only settings before it */
        if (e->kind == HT_ENTRY_SET) ht_params_put(&then, e->param, e->value);
    }
    ht_free(path);
    return mixed;
}

static bool mixed_run(const char *path, const ht_params *now)
{
    enum { LIMIT = 1 << 26 };
    ht_text text = {0};
    ht_error err;
    ht_journal journal = {0};
    bool mixed = ht_rundir_has(path, HT_RUN_JOURNAL) &&
                 ht_rundir_journal(path, &text, LIMIT, &err) == HT_OK && text.length > 0 &&
                 ht_journal_parse(&journal, path, text.data, text.length, &err) == HT_OK &&
                 changed(&journal, now);
    ht_journal_free(&journal);
    ht_text_free(&text);
    return mixed;
}

/* Layers with tensors of their own, the output's left out, and projections of residuals: beyond one of them α
 * is compared with nothing. */
static int named_layers(const ht_params *params)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = ht_params_layers(params, items), named = 0;
    for (int l = 0; l < count; l++) named += ht_layer_item_is_named(&items[l]);
    return named;
}

ht_tail_injected ht_tail_injected_in(const ht_tail_injected *run, const char *path, const char *tensor)
{
    ht_params params;
    ht_error err;
    ht_tail_injected none = *run;
    int layer, quiet, end = 0;
    none.alpha = NAN;
    if (isnan(run->alpha) || sscanf(tensor, "layers.%d.weight%n", &layer, &end) != 1 || tensor[end] != '\0' ||
        end == 0)
        return *run;
    if (ht_rundir_settings(path, &params, &err) != HT_OK) return *run;
    ht_params_quiet(&params, &quiet);
    return layer == quiet || layer >= named_layers(&params) ? none : *run;
}

ht_tail_injected ht_tail_injected_of(const char *path, bool *mixed)
{
    ht_params params;
    ht_error err;
    ht_tail_injected none = {.alpha = NAN};
    *mixed = false;
    if (!ht_rundir_is_run(path) || ht_rundir_settings(path, &params, &err) != HT_OK ||
        ht_params_get(&params, HT_P_NOISE_TYPE) == HT_NOISE_NONE)
        return none;
    *mixed = mixed_run(path, &params);
    if (*mixed) return none;
    return (ht_tail_injected){.alpha = ht_params_get(&params, HT_P_NOISE_ALPHA),
                              .independent = ht_params_get(&params, HT_P_NOISE_TYPE) == HT_NOISE_IID};
}
