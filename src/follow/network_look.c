#include "follow/network_look.h"

#include <stdio.h>

#include "base/cancel.h"
#include "base/text.h"
#include "weights/net/netfile.h"

/* The network, and a copy where a method cannot do with a mask. */
enum { COPIES = 3 };

static ht_code measure(ht_network_look *look, const ht_network *net, const ht_network_source *s,
                       struct ht_pool *pool, ht_error *err)
{
    ht_prune_result result;
    const ht_prune_spec spec = ht_prune_spec_of(s->params, s->train);
    if (ht_network_evaluate(net, s->samples, NULL, pool, &look->whole, err) != HT_OK ||
        ht_prune_try(&result, net, NULL, s->samples, &spec, pool, NULL, err) != HT_OK)
        return err->code;
    look->pruned = result.test;
    look->kappa = result.ratio;
    look->error = result.error;
    if (s->curve && ht_prune_curve_make(&look->curve, net, s->samples, &spec, pool, err) != HT_OK)
        return err->code;
    return HT_OK;
}

static ht_code check(const ht_network *net, const char *path, const ht_network_source *s, ht_error *err)
{
    int inputs = s->input.channels * s->input.height * s->input.width, classes = ht_network_output(net)->rows;
    if (net->inputs == inputs && classes == s->classes) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: the network has %d inputs and %d classes, the data %d and %d: give the data "
                        "that it was trained on",
                        path, net->inputs, classes, inputs, s->classes);
}

static ht_code read_and_measure(ht_network_look *look, const char *path, const ht_network_source *s,
                                struct ht_pool *pool, ht_notes *notes, ht_error *err)
{
    const ht_netfile_options options = {
        .activation = (ht_activation)ht_params_get(s->params, HT_P_MODEL_ACTIVATION),
        .mean_field = ht_params_get(s->params, HT_P_MODEL_MEAN_FIELD) != 0,
        .order = s->order,
        .notes = notes,
        .run = s->params,
        .input = s->input,
        .classes = s->classes,
    };
    ht_network *net = ht_netfile_read_as(path, &options, err);
    if (!net) return err->code;
    ht_code code = check(net, path, s, err);
    if (code == HT_OK) code = measure(look, net, s, pool, err);
    ht_network_free(net);
    return code;
}

ht_code ht_network_look_take(ht_network_look *look, const char *path, size_t weights,
                             const ht_network_source *source, size_t memory, struct ht_pool *pool,
                             ht_notes *notes, ht_error *err)
{
    *look = (ht_network_look){0};
    if (weights > memory / (COPIES * sizeof(float))) {
        snprintf(look->why, sizeof look->why, "the whole network would take more than --memory");
        return HT_OK;
    }
    if (read_and_measure(look, path, source, pool, notes, err) == HT_OK) {
        look->there = true;
        return HT_OK;
    }
    ht_network_look_free(look);
    ht_text_copy(look->why, sizeof look->why, err->text);
    return ht_still_wanted(err);
}

void ht_network_look_free(ht_network_look *look)
{
    ht_prune_curve_free(&look->curve);
    *look = (ht_network_look){0};
}
