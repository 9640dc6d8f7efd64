/* prune_curve.c - the exact curve of a network with one hidden layer: every k for the price of one pass. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "kernel/kernel.h"
#include "num/linalg.h"
#include "nn/loss.h"
#include "prune/prune_plan.h"
#include "nn/shard.h"

enum { LOSS_POINTS = 200 };

/* Neurons that are worked on at a time: enough that fetching rows and samples is little beside the products,
 * and about half of a small layer, whose rows are copied. */
enum { BLOCK = 4 * HT_SHARD, LEAST = HT_SHARD / 4 };

static int block_of(int n)
{
    int block = BLOCK;
    while (block > LEAST && block > n / 2) block /= 2;
    return block;
}

/* Shapes: n neurons, d inputs, S samples. Blocks of neurons come one after the other, from the last removed
 * to the first; in each the chunks of samples are tasks. */
typedef struct curve_job {
    const ht_network *net;
    const ht_samples *samples;
    const ht_prune_order *order;
    int at;            /* the point the spec asks for */
    int tasks, stride; /* the loss is taken wherever removed % stride == 0, at both ends and at `at` */
    int loss_points;
    int block;          /* neurons of a block at most */
    int removed, count; /* the block: so many are removed before it, it brings so many back */
    float *w, *out;     /* its rows (block × d) and output weights (block × classes) */
    float *h;           /* (workers × block × HT_EVAL_CHUNK) */
    float *logits;      /* (classes × S), chunk by chunk */
    int *correct;       /* (workers × (n + 1)): sums of whole numbers do not depend on the order */
    double *loss;       /* (tasks × loss points) */
} curve_job;

static int loss_slot(const curve_job *job, int removed)
{
    if (removed == job->order->count) return job->loss_points - 1;
    if (removed == job->at) return job->loss_points - 2;
    return removed % job->stride == 0 ? removed / job->stride : -1;
}

/* One row of W1 and its output weights, in the order neurons are added back. */
static void fetch_row(void *context, int i, int worker)
{
    const curve_job *job = context;
    const ht_tensor *hidden = job->net->weights[0], *last = job->net->weights[1];
    float scale = job->net->mean_field ? 1.0f / (float)hidden->rows : 1.0f;
    size_t neuron = (size_t)job->order->neuron[job->removed - 1 - i], d = (size_t)hidden->columns;
    (void)worker;
    memcpy(job->w + (size_t)i * d, hidden->data + neuron * d, d * sizeof(float));
    for (int c = 0; c < last->rows; c++)
        job->out[(size_t)i * (size_t)last->rows + (size_t)c] =
            scale * last->data[(size_t)c * (size_t)last->columns + neuron];
}

static int chunk_samples(const curve_job *job, int task)
{
    size_t left = job->samples->count - (size_t)task * HT_EVAL_CHUNK;
    return left < HT_EVAL_CHUNK ? (int)left : HT_EVAL_CHUNK;
}

/* h (count × samples): the block's neurons are its rows. */
static void add_biases(const curve_job *job, float *h, int samples)
{
    for (int i = 0; i < job->count; i++, h += samples) {
        float bias = job->net->weights[0]->bias->data[job->order->neuron[job->removed - 1 - i]];
        for (int s = 0; s < samples; s++) h[s] += bias;
    }
}

/* The block's neurons added to a chunk of samples. */
static void add_block(void *context, int task, int worker)
{
    const curve_job *job = context;
    const ht_tensor *hidden = job->net->weights[0];
    int classes = job->net->weights[1]->rows, d = hidden->columns, samples = chunk_samples(job, task);
    size_t start = (size_t)task * HT_EVAL_CHUNK;
    const int32_t *labels = job->samples->labels + start;
    float *h = job->h + (size_t)worker * (size_t)job->block * HT_EVAL_CHUNK;
    float *logits = job->logits + start * (size_t)classes;
    int *correct = job->correct + (size_t)worker * ((size_t)hidden->rows + 1), removed = job->removed;
    double *loss = job->loss + (size_t)task * (size_t)job->loss_points;
    ht_gemm_nt(job->count, samples, d, 1.0f, job->w, d, job->samples->x + start * (size_t)d, d, 0.0f, h,
               samples);
    if (hidden->bias) add_biases(job, h, samples);
    ht_activate(ht_network_activation(job->net, 0), h, (size_t)job->count * (size_t)samples);
    for (int i = 0; i < job->count; i++) {
        removed--;
        correct[removed] +=
            ht_kernel()->add_neuron(logits, h + (size_t)i * (size_t)samples,
                                    job->out + (size_t)i * (size_t)classes, classes, samples, labels);
        int slot = loss_slot(job, removed);
        if (slot >= 0) loss[slot] = ht_kernel()->cross_entropy(logits, classes, samples, labels);
    }
}

/* All removed: a tie, which the lowest class wins. */
static void begin_empty(curve_job *job)
{
    int n = job->order->count;
    for (size_t i = 0; i < job->samples->count; i++) job->correct[n] += job->samples->labels[i] == 0;
    for (int t = 0; t < job->tasks; t++)
        job->loss[(size_t)(t + 1) * (size_t)job->loss_points - 1] =
            chunk_samples(job, t) * log(job->net->weights[1]->rows);
}

/* All removed: the output's biases are what is left. */
static void begin_biased(curve_job *job, const float *bias)
{
    int classes = job->net->weights[1]->rows, n = job->order->count;
    for (int t = 0; t < job->tasks; t++) {
        size_t start = (size_t)t * HT_EVAL_CHUNK;
        int samples = chunk_samples(job, t);
        float *logits = job->logits + start * (size_t)classes;
        double *loss = &job->loss[(size_t)(t + 1) * (size_t)job->loss_points - 1];
        for (int s = 0; s < samples; s++) {
            for (int c = 0; c < classes; c++) logits[(size_t)c * (size_t)samples + (size_t)s] = bias[c];
            ht_softmax_loss(bias, job->samples->labels + start + s, 1, classes, NULL, loss, &job->correct[n]);
        }
    }
}

static ht_code add_all(curve_job *job, const ht_prune_plan *plan, ht_error *err)
{
    const float *bias = ht_tensor_biases(job->net->weights[1]);
    if (bias)
        begin_biased(job, bias);
    else
        begin_empty(job);
    for (job->removed = job->order->count; job->removed > 0; job->removed -= job->count) {
        if (ht_prune_go_on(&plan->spec, err) != HT_OK) return err->code;
        job->count = job->removed < job->block ? job->removed : job->block;
        ht_pool_run(plan->pool, job->count, fetch_row, job);
        ht_pool_run(plan->pool, job->tasks, add_block, job);
    }
    return HT_OK;
}

static void fill_points(const curve_job *job, ht_prune_curve *curve, int workers)
{
    int n = job->order->count;
    double total = (double)job->samples->count;
    for (int k = 0; k <= n; k++) {
        long right = 0;
        double loss = 0;
        int slot = loss_slot(job, k);
        for (int w = 0; w < workers; w++) right += job->correct[(size_t)w * ((size_t)n + 1) + (size_t)k];
        for (int t = 0; t < job->tasks && slot >= 0; t++)
            loss += job->loss[(size_t)t * (size_t)job->loss_points + (size_t)slot];
        curve->points[k] = (ht_prune_point){.removed = k,
                                            .ratio = (double)k / n,
                                            .error = job->order->error[k],
                                            .accuracy = (double)right / total,
                                            .loss = slot >= 0 ? loss / total : (double)NAN,
                                            .weights = 1 - (double)k / n,
                                            .bytes = 1 - (double)k / n,
                                            .compute = 1 - (double)k / n};
    }
}

ht_code ht_prune_exact_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                             ht_error *err)
{
    const ht_network *net = plan->net;
    const ht_prune_order *order = &plan->orders[0];
    size_t n = (size_t)order->count, d = (size_t)net->weights[0]->columns,
           classes = (size_t)net->weights[1]->rows;
    size_t workers = (size_t)ht_pool_threads(plan->pool), block = (size_t)block_of(order->count);
    curve_job job = {.net = net, .samples = samples, .order = order, .block = (int)block};
    job.tasks = (int)((samples->count + HT_EVAL_CHUNK - 1) / HT_EVAL_CHUNK);
    job.stride = order->count <= LOSS_POINTS ? 1 : order->count / LOSS_POINTS;
    job.loss_points = order->count / job.stride + 3;
    job.w = ht_alloc(block * (d + classes), sizeof(float), "the pruning curve", err);
    job.h = ht_alloc(workers * block * HT_EVAL_CHUNK, sizeof(float), "the pruning curve", err);
    job.logits = ht_alloc(samples->count * classes, sizeof(float), "the pruning curve", err);
    job.correct = ht_alloc(workers * (n + 1), sizeof *job.correct, "the pruning curve", err);
    job.loss =
        ht_alloc((size_t)job.tasks * (size_t)job.loss_points, sizeof *job.loss, "the pruning curve", err);
    curve->count = order->count + 1;
    curve->points = ht_alloc(n + 1, sizeof *curve->points, "the pruning curve", err);
    ht_prune_cut cut[HT_WEIGHTS_MAX] = {{0}};
    bool good = job.w && job.h && job.logits && job.correct && job.loss && curve->points &&
                plan->ops->cut(plan, plan->spec.ratio, cut, err) == HT_OK;
    if (good) {
        job.at = (int)cut[0].removed;
        job.out = job.w + block * d;
        good = add_all(&job, plan, err) == HT_OK;
    }
    if (good) {
        fill_points(&job, curve, (int)workers);
        curve->at = curve->points[job.at];
    }
    ht_free(job.w);
    ht_free(job.h);
    ht_free(job.logits);
    ht_free(job.correct);
    ht_free(job.loss);
    return good ? HT_OK : HT_FAIL;
}
