/* prune_pfp.c - Provable Filter Pruning (arXiv 1911.07412): channels by the sensitivity that the layers which
 * read them have to them (coreset.h); a channel goes with the filter or neuron that gives it, its bias, and
 * the columns that read it.
 *
 * The paper draws channels in proportion to their sensitivities and reweights them, or keeps the most
 * sensitive ones: here the latter, so that what is left is a part of the network, and how many of which layer
 * is prune.scope's to say and not a bound's. All are measured on the whole network. A channel that goes into
 * a sum or a norm is worth what the layers behind that say of the channel there. */
#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "prune/coreset.h"
#include "prune/prune_plan.h"

enum { GROUP = 8 }; /* rows of a task */

typedef struct read_job {
    const ht_calibration *points;
    const ht_tensor *reader;
    int l, each, channels;
    float *patch, *s; /* of each worker: (columns), (channels) */
    double *parts;    /* (4 × channels) */
} read_job;

static void read_rows(void *context, int task, int worker)
{
    const read_job *job = context;
    size_t columns = (size_t)job->reader->columns, channels = (size_t)job->channels, w = (size_t)worker;
    int first = task * GROUP, left = job->reader->rows - first;
    ht_coreset_channels(job->points, job->l, job->reader->data + (size_t)first * columns,
                        left < GROUP ? left : GROUP, (int)columns, job->each, job->s + w * channels,
                        job->patch + w * columns, job->parts + w * 4 * channels);
}

/* Raises key (channels), of the channels that matrix l reads. */
static ht_code read_channels(const ht_prune_plan *plan, const ht_calibration *points, int l, double *key,
                             ht_error *err)
{
    const ht_tensor *reader = plan->net->weights[l];
    size_t workers = (size_t)ht_pool_threads(plan->pool), columns = (size_t)reader->columns;
    read_job job = {.points = points, .reader = reader, .l = l, .each = plan->reach.each[l]};
    job.channels = reader->columns / job.each;
    job.patch = ht_alloc(workers * columns, sizeof *job.patch, "the sensitivities of channels", err);
    job.s = ht_alloc(workers * (size_t)job.channels, sizeof *job.s, "the sensitivities of channels", err);
    job.parts =
        ht_alloc(workers * 4 * (size_t)job.channels, sizeof *job.parts, "the sensitivities of channels", err);
    bool good = job.patch && job.s && job.parts;
    if (good) ht_pool_run(plan->pool, (reader->rows + GROUP - 1) / GROUP, read_rows, &job);
    for (size_t i = 0; good && i < workers * (size_t)job.channels; i++) { /* the largest, whoever found it */
        double *to = &key[i % (size_t)job.channels];
        *to = fmax(*to, (double)job.s[i]);
    }
    ht_free(job.patch);
    ht_free(job.s);
    ht_free(job.parts);
    return good ? ht_prune_go_on(&plan->spec, err) : HT_FAIL;
}

static ht_code rank(ht_prune_plan *plan, const ht_calibration *points, int l, ht_error *err)
{
    int rows = plan->net->weights[l]->rows;
    double *key = ht_alloc((size_t)rows, sizeof *key, "the sensitivities of channels", err);
    ht_code code = key ? HT_OK : HT_FAIL;
    for (int r = l + 1; r < plan->net->weight_count && code == HT_OK; r++)
        if (plan->reach.read_by[l] >> r & 1) code = read_channels(plan, points, r, key, err);
    if (code == HT_OK)
        code = ht_prune_order_rank(&plan->orders[l], rows, key, plan->row_norm2[l], plan->spec.metric, err);
    ht_free(key);
    return code;
}

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    ht_calibration points;
    ht_code code =
        ht_calibration_make(&points, plan->net, plan->spec.calibration, plan->spec.calibration_limit, err);
    for (int l = 0; l < plan->layers && code == HT_OK; l++) {
        plan->units[l] = plan->net->weights[l]->rows;
        code = rank(plan, &points, l, err);
    }
    ht_calibration_free(&points);
    return code;
}

static void release(ht_prune_plan *plan)
{
    (void)plan;
}

const ht_prune_ops ht_prune_pfp_ops = {
    .prepare = prepare,
    .release = release,
    .cut = ht_prune_cut_orders,
    .project = ht_prune_project_rows,
    .measure = ht_prune_measure_rows,
    .curve = ht_prune_exact_curve,
    .masks = true,
};
