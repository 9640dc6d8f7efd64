#include "nn/text/generate.h"

#include <math.h>

#include "base/alloc.h"
#include "nn/evaluation.h"
#include "nn/layers/layer.h"

struct ht_generator {
    const ht_network *net;
    ht_evaluation *evaluation;
    float *x;        /* (T): what the network sees, then zeros: no position sees a later one */
    int32_t *labels; /* (T): nobody asks for the loss */
    float *h;        /* (T × width): what the output layer reads */
    double *p;       /* (classes) */
    float *inputs[HT_WEIGHTS_MAX];
};

ht_generator *ht_generator_new(const ht_network *net, ht_error *err)
{
    size_t positions = (size_t)net->inputs, width = (size_t)ht_network_output(net)->columns;
    ht_generator *g = ht_alloc(1, sizeof *g, "sampling", err);
    if (!g) return NULL;
    g->net = net;
    g->evaluation = ht_evaluation_new(net, NULL, err);
    g->x = ht_alloc(positions, sizeof *g->x, "sampling", err);
    g->labels = ht_alloc(positions, sizeof *g->labels, "sampling", err);
    g->h = ht_alloc(positions * width, sizeof *g->h, "sampling", err);
    g->p = ht_alloc((size_t)net->classes, sizeof *g->p, "sampling", err);
    g->inputs[net->layers[net->layer_count - 1].weight] = g->h;
    if (g->evaluation && g->x && g->labels && g->h && g->p) return g;
    ht_generator_free(g);
    return NULL;
}

void ht_generator_free(ht_generator *g)
{
    if (!g) return;
    ht_evaluation_free(g->evaluation);
    ht_free(g->x);
    ht_free(g->labels);
    ht_free(g->h);
    ht_free(g->p);
    ht_free(g);
}

/* The logits of one position, as the output layer makes them. */
static ht_code make_logits(ht_generator *g, size_t position, ht_error *err)
{
    const ht_tensor *out = ht_network_output(g->net);
    const float *h = g->h + position * (size_t)out->columns, *bias = ht_tensor_biases(out);
    double scale = g->net->mean_field ? 1.0 / out->columns : 1;
    for (int c = 0; c < out->rows; c++) {
        const float *row = out->data + (size_t)c * (size_t)out->columns;
        double sum = 0;
        for (int j = 0; j < out->columns; j++) sum += (double)row[j] * (double)h[j];
        g->p[c] = scale * sum + (bias ? (double)bias[c] : 0);
        if (!isfinite(g->p[c])) return ht_error_set(err, HT_FAIL, "the network's outputs are not finite");
    }
    return HT_OK;
}

static int32_t most_probable(const double *logits, int classes)
{
    int32_t best = 0;
    for (int c = 1; c < classes; c++)
        if (logits[c] > logits[best]) best = c;
    return best;
}

/* Logits become what they are drawn by; no exponential overflows. */
static int32_t draw(double *p, int classes, double temperature, double uniform)
{
    double most = p[most_probable(p, classes)], sum = 0, seen = 0;
    for (int c = 0; c < classes; c++) sum += p[c] = exp((p[c] - most) / temperature);
    for (int c = 0; c < classes; c++)
        if ((seen += p[c]) > uniform * sum) return c;
    return classes - 1;
}

ht_code ht_generator_next(ht_generator *g, const int32_t *tokens, size_t count, double temperature,
                          double uniform, int32_t *next, ht_error *err)
{
    size_t positions = (size_t)g->net->inputs, seen = count < positions ? count : positions;
    const ht_evaluation_of of = {.samples = {1, g->x, g->labels}, .inputs = g->inputs};
    for (size_t i = 0; i < positions; i++) g->x[i] = i < seen ? (float)tokens[count - seen + i] : 0;
    if (ht_evaluation_begin(g->evaluation, &of, err) != HT_OK) return err->code;
    if (ht_evaluation_piece(g->evaluation, SIZE_MAX, 0, err) != HT_OK) return err->code;
    if (make_logits(g, seen - 1, err) != HT_OK) return err->code;
    *next = temperature > 0 ? draw(g->p, g->net->classes, temperature, uniform)
                            : most_probable(g->p, g->net->classes);
    return HT_OK;
}
