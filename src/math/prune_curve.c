/* prune_curve.c - the exact curve of a network with one hidden layer: every k for the price of one pass. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "math/activation.h"
#include "math/kernel.h"
#include "math/linalg.h"
#include "math/loss.h"
#include "math/prune_plan.h"
#include "math/shard.h"

enum { LOSS_POINTS = 200 };

typedef struct curve_job {
    const ht_network *net;
    const ht_samples *samples;
    const ht_prune_order *order;
    int at;            /* the point the spec asks for */
    int tasks, stride; /* the loss is taken wherever removed % stride == 0, at both ends and at `at` */
    size_t per_worker;
    float *scratch; /* (workers × per_worker) */
    int *correct;   /* (workers × (n + 1)): sums of whole numbers do not depend on the order */
    double *loss;   /* (tasks × loss points) */
    int loss_points;
} curve_job;

static int loss_slot(const curve_job *job, int removed)
{
    if (removed == job->order->count) return job->loss_points - 1;
    if (removed == job->at) return job->loss_points - 2;
    return removed % job->stride == 0 ? removed / job->stride : -1;
}

/* Rows of W1, in the order they are added back, gathered into `w` (m × d); their output weights into `out` (m
 * × classes). */
static void gather(const curve_job *job, int removed_before, int m, float *w, float *out)
{
    const ht_layer *hidden = &job->net->layers[0], *last = &job->net->layers[1];
    float scale = job->net->mean_field ? 1.0f / (float)hidden->rows : 1.0f;
    for (int i = 0; i < m; i++) {
        size_t neuron = (size_t)job->order->neuron[removed_before - 1 - i], d = (size_t)hidden->columns;
        memcpy(w + (size_t)i * d, hidden->weight + neuron * d, d * sizeof(float));
        for (int c = 0; c < last->rows; c++)
            out[(size_t)i * (size_t)last->rows + (size_t)c] =
                scale * last->weight[(size_t)c * (size_t)last->columns + neuron];
    }
}

/* logits is (classes × samples). */
static double chunk_loss(const float *logits, const int32_t *labels, int classes, int samples)
{
    double total = 0;
    for (int i = 0; i < samples; i++) {
        double top = -HUGE_VAL, sum = 0;
        for (int c = 0; c < classes; c++)
            top = fmax(top, (double)logits[(size_t)c * (size_t)samples + (size_t)i]);
        for (int c = 0; c < classes; c++)
            sum += exp((double)logits[(size_t)c * (size_t)samples + (size_t)i] - top);
        /* cppcheck-suppress invalidFunctionArg ; the largest term is exp(0) */
        total += log(sum) + top - (double)logits[(size_t)labels[i] * (size_t)samples + (size_t)i];
    }
    return total;
}

static void curve_chunk(void *context, int task, int worker)
{
    const curve_job *job = context;
    const ht_layer *hidden = &job->net->layers[0];
    int classes = job->net->layers[1].rows, d = hidden->columns, n = hidden->rows;
    size_t start = (size_t)task * HT_EVAL_CHUNK, left = job->samples->count - start;
    int samples = left < HT_EVAL_CHUNK ? (int)left : HT_EVAL_CHUNK;
    const float *x = job->samples->x + start * (size_t)d;
    const int32_t *labels = job->samples->labels + start;
    float *w = job->scratch + (size_t)worker * job->per_worker;
    float *out = w + (size_t)HT_SHARD * (size_t)d, *h = out + (size_t)HT_SHARD * (size_t)classes;
    float *logits = h + (size_t)HT_SHARD * HT_EVAL_CHUNK;
    int *correct = job->correct + (size_t)worker * ((size_t)n + 1);
    double *loss = job->loss + (size_t)task * (size_t)job->loss_points;

    memset(logits, 0, (size_t)classes * (size_t)samples * sizeof(float));
    for (int i = 0; i < samples; i++) correct[n] += labels[i] == 0; /* all removed: a tie, the lowest class */
    loss[job->loss_points - 1] = samples * log(classes);
    for (int removed = n; removed > 0;) {
        int m = removed < HT_SHARD ? removed : HT_SHARD;
        gather(job, removed, m, w, out);
        ht_gemm_nt(m, samples, d, 1.0f, w, d, x, d, 0.0f, h, samples);
        ht_activate(job->net->activation, h, (size_t)m * (size_t)samples);
        for (int i = 0; i < m; i++) {
            removed--;
            correct[removed] +=
                ht_kernel()->add_neuron(logits, h + (size_t)i * (size_t)samples,
                                        out + (size_t)i * (size_t)classes, classes, samples, labels);
            int slot = loss_slot(job, removed);
            if (slot >= 0) loss[slot] = chunk_loss(logits, labels, classes, samples);
        }
    }
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
                                            .weights = 1 - (double)k / n};
    }
}

ht_code ht_prune_exact_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                             ht_error *err)
{
    const ht_network *net = plan->net;
    const ht_prune_order *order = &plan->orders[0];
    size_t n = (size_t)order->count, d = (size_t)net->layers[0].columns,
           classes = (size_t)net->layers[1].rows;
    size_t workers = (size_t)ht_pool_threads(plan->pool);
    curve_job job = {.net = net, .samples = samples, .order = order};
    job.tasks = (int)((samples->count + HT_EVAL_CHUNK - 1) / HT_EVAL_CHUNK);
    job.stride = order->count <= LOSS_POINTS ? 1 : order->count / LOSS_POINTS;
    job.loss_points = order->count / job.stride + 3;
    job.per_worker = HT_SHARD * (d + classes + HT_EVAL_CHUNK) + classes * HT_EVAL_CHUNK;
    job.scratch = ht_alloc(workers * job.per_worker, sizeof(float), "the pruning curve", err);
    job.correct = ht_alloc(workers * (n + 1), sizeof *job.correct, "the pruning curve", err);
    job.loss =
        ht_alloc((size_t)job.tasks * (size_t)job.loss_points, sizeof *job.loss, "the pruning curve", err);
    curve->count = order->count + 1;
    curve->points = ht_alloc(n + 1, sizeof *curve->points, "the pruning curve", err);
    ht_prune_cut cut[HT_LAYERS] = {{0}};
    bool good = job.scratch && job.correct && job.loss && curve->points &&
                plan->ops->cut(plan, plan->spec.ratio, cut, err) == HT_OK;
    if (good) {
        job.at = (int)cut[0].removed;
        ht_pool_run(plan->pool, job.tasks, curve_chunk, &job);
        fill_points(&job, curve, (int)workers);
        curve->at = curve->points[job.at];
    }
    ht_free(job.scratch);
    ht_free(job.correct);
    ht_free(job.loss);
    return good ? HT_OK : err->code;
}
