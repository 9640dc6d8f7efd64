/* evaluate.c - loss and accuracy of a whole sample set. Tasks are chunks of samples; inside a chunk the last
 * hidden layer is taken shard by shard, so that scratch stays small however wide the network is. */
#include "heavytail/network.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"
#include "nn/loss.h"
#include "nn/shard.h"
#include "num/linalg.h"

typedef struct evaluation {
    const ht_network *net;
    const ht_samples *samples;
    const float *const *keep;
    int chunk;         /* samples of a task */
    size_t per_worker; /* floats of scratch */
    float *scratch;    /* (workers × per_worker) */
    float *each;       /* (samples): the loss of each, or NULL */
    double *losses;    /* (tasks) */
    int *correct;      /* (tasks) */
} evaluation;

static void mask_columns(float *h, int rows, int columns, const float *keep)
{
    for (int r = 0; r < rows; r++, h += columns)
        for (int j = 0; j < columns; j++) h[j] *= keep[j];
}

/* h (rows × m) = act(x (rows × fan_in) · W[first .. first+m]^T + b), removed neurons zeroed. */
static void hidden_block(const evaluation *job, int l, const float *x, int rows, int first, int m, float *h)
{
    const ht_layer *layer = &job->net->layers[l];
    layer->kind->evaluate(layer, x, rows, first, m, h);
    ht_activate(layer->activation, h, (size_t)rows * (size_t)m);
    if (job->keep && job->keep[l]) mask_columns(h, rows, m, job->keep[l] + first);
}

static int widest_layer(const ht_network *net)
{
    int widest = 0;
    for (int l = 0; l < net->layer_count - 1; l++)
        if (net->layers[l].outputs > widest) widest = net->layers[l].outputs;
    return widest;
}

static void evaluate_chunk(void *context, int task, int worker)
{
    const evaluation *job = context;
    if (ht_cancelled()) return;
    const ht_network *net = job->net;
    int last = net->layer_count - 2, width = net->layers[last].outputs, widest = widest_layer(net);
    const ht_tensor *out = ht_network_output(net);
    size_t start = (size_t)task * (size_t)job->chunk, left = job->samples->count - start;
    int rows = left < (size_t)job->chunk ? (int)left : job->chunk;
    float *logits = job->scratch + (size_t)worker * job->per_worker;
    float *block = logits + (size_t)job->chunk * (size_t)out->rows;
    float *full[2] = {block + (size_t)job->chunk * HT_SHARD, NULL};
    full[1] = full[0] + (size_t)job->chunk * (size_t)widest;
    const float *x = job->samples->x + start * (size_t)net->inputs;
    for (int l = 0; l < last; l++) {
        hidden_block(job, l, x, rows, 0, net->layers[l].outputs, full[l % 2]);
        x = full[l % 2];
    }
    float scale = net->mean_field ? 1.0f / (float)width : 1.0f;
    for (int shard = 0; shard < ht_shards(width); shard++) {
        if (ht_cancelled()) return; /* a chunk of a very wide network takes seconds */
        int first = shard * HT_SHARD, m = ht_shard_rows(width, shard);
        hidden_block(job, last, x, rows, first, m, block);
        ht_gemm_nt(rows, out->rows, m, scale, block, m, out->data + first, out->columns, shard ? 1.0f : 0.0f,
                   logits, out->rows);
    }
    ht_add_bias(ht_tensor_biases(out), logits, rows, out->rows);
    for (int r = 0; r < rows; r++) {
        double loss = 0;
        ht_softmax_loss(logits + (size_t)r * (size_t)out->rows, job->samples->labels + start + r, 1,
                        out->rows, NULL, &loss, &job->correct[task]);
        job->losses[task] += loss;
        if (job->each) job->each[start + (size_t)r] = (float)loss;
    }
}

static ht_code evaluate(const ht_network *net, const ht_samples *samples, const float *const *keep,
                        ht_pool *pool, float *each, ht_score *score, ht_error *err)
{
    int width = widest_layer(net), classes = ht_network_output(net)->rows;
    evaluation job = {.net = net, .samples = samples, .keep = keep, .each = each, .chunk = HT_EVAL_CHUNK};
    /* Deep and very wide: smaller chunks, so that a worker's scratch stays below ~64 MB. */
    while (net->layer_count > 2 && job.chunk > 16 && (size_t)job.chunk * (size_t)width > 8u << 20)
        job.chunk /= 2;
    int tasks = (int)((samples->count + (size_t)job.chunk - 1) / (size_t)job.chunk);
    size_t row = (size_t)classes + HT_SHARD + (net->layer_count > 2 ? 2 * (size_t)width : 0);
    job.per_worker = (row * (size_t)job.chunk + 15) / 16 * 16;
    job.scratch =
        ht_alloc((size_t)ht_pool_threads(pool) * job.per_worker, sizeof(float), "an evaluation", err);
    job.losses = ht_alloc((size_t)tasks, sizeof *job.losses, "an evaluation", err);
    job.correct = ht_alloc((size_t)tasks, sizeof *job.correct, "an evaluation", err);
    bool ready = job.scratch && job.losses && job.correct;
    if (ready) {
        double loss = 0;
        size_t correct = 0;
        ht_pool_run(pool, tasks, evaluate_chunk, &job);
        for (int t = 0; t < tasks; t++) loss += job.losses[t], correct += (size_t)job.correct[t];
        *score = (ht_score){loss / (double)samples->count, (double)correct / (double)samples->count};
    }
    ht_free(job.scratch);
    ht_free(job.losses);
    ht_free(job.correct);
    return ready ? ht_still_wanted(err) : err->code;
}

ht_code ht_network_evaluate(const ht_network *net, const ht_samples *samples, const float *const *keep,
                            ht_pool *pool, ht_score *score, ht_error *err)
{
    return evaluate(net, samples, keep, pool, NULL, score, err);
}

ht_code ht_network_losses(const ht_network *net, const ht_samples *samples, ht_pool *pool, float *losses,
                          ht_score *score, ht_error *err)
{
    return evaluate(net, samples, NULL, pool, losses, score, err);
}
