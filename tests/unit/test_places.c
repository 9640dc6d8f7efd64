/* test_places.c - the layers of sequences, each alone: what it gives, what it sends back and the gradients
 * of its tensors are those of a slow twin in doubles, whose own are slopes of a function of what it gives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "nn/layers/layer.h"
#include "nn/step/step_state.h"
#include "num/rng.h"
#include "unit/small.h"

static ht_error err;

enum { MOST = 7, THREADS = 7 };

/* ---- a layer alone ----------------------------------------------------------------------------- */

typedef struct bench {
    ht_network *net; /* the layer, and an output that is not asked */
    ht_step *step;
    ht_pool *pool;
    float *x, *back; /* (batch × inputs) */
    ht_hyper hyper;
} bench;

static void fill(float *to, size_t count, double size, uint64_t which)
{
    ht_rng rng;
    ht_rng_init(&rng, 11, HT_STREAM_TEST, which);
    for (size_t i = 0; i < count; i++) to[i] = (float)(size * ht_rng_normal(&rng));
}

static bench bench_of(ht_layer_spec spec, ht_shape in, int batch, int threads, double size)
{
    bench b = {.hyper = {.lr = 1, .train_output = true}};
    const ht_layer_spec specs[] = {spec,
                                   {.kind = ht_layer_kind_at(HT_LAYER_DENSE), .units = 2, .output = true}};
    b.net = ht_network_build(in, specs, 2, false, false, &err);
    if (!b.net) fail_msg("%s", err.text);
    for (int t = 0; t < b.net->tensor_count; t++)
        fill(b.net->tensors[t].data, ht_tensor_size(&b.net->tensors[t]), size, (uint64_t)t);
    b.step = ht_step_new(b.net, batch, 1, THREADS, &err);
    assert_non_null(b.step);
    const ht_layer *layer = &b.net->layers[0];
    b.x = calloc((size_t)batch * (size_t)layer->inputs, sizeof *b.x);
    b.back = calloc((size_t)batch * (size_t)layer->inputs, sizeof *b.back);
    fill(b.x, (size_t)batch * (size_t)layer->inputs, 1, 100);
    fill(b.step->layer[0].delta, (size_t)batch * (size_t)layer->outputs, 1, 101);
    b.step->net = b.net;
    b.step->x = b.x;
    b.step->batch = batch;
    b.pool = threads > 1 ? small_pool(threads) : NULL;
    return b;
}

static void close_bench(bench *b)
{
    ht_pool_free(b->pool);
    ht_step_free(b->step);
    ht_network_free(b->net);
    free(b->x);
    free(b->back);
}

static ht_span span_of(const bench *b, int task, int worker)
{
    ht_span span = ht_step_span_of(b->step, 0, task);
    span.scratch += (size_t)worker * b->step->stride;
    return span;
}

static void forward_task(void *context, int task, int worker)
{
    bench *b = context;
    const ht_layer *layer = &b->net->layers[0];
    const ht_span span = span_of(b, task, worker);
    layer->kind->apply(layer, &span, b->step->layer[0].hidden + (size_t)span.first * (size_t)layer->outputs,
                       NULL);
}

static void back_task(void *context, int task, int worker)
{
    bench *b = context;
    const ht_layer *layer = &b->net->layers[0];
    const ht_span span = span_of(b, task, worker);
    layer->kind->back(layer, &span, ht_step_delta(b->step, 0) + (size_t)span.first * (size_t)layer->outputs,
                      false, b->back + (size_t)span.first * (size_t)layer->inputs, NULL);
}

static void update_task(void *context, int task, int worker)
{
    bench *b = context;
    (void)worker;
    b->net->layers[0].kind->update(b->step, 0, task);
}

/* Forward, back where it has a way back, and its gradients, into the step's arrays. */
static void run(bench *b)
{
    const ht_layer *layer = &b->net->layers[0];
    b->step->hyper = &b->hyper;
    ht_step_pack(b->step, b->pool);
    ht_pool_run(b->pool, ht_step_spans(b->step), forward_task, b);
    if (layer->kind->back) ht_pool_run(b->pool, ht_step_spans(b->step), back_task, b);
    ht_pool_run(b->pool, ht_layer_shards(layer), update_task, b);
}

/* ---- the twins --------------------------------------------------------------------------------- */

/* All in doubles; what it gives goes into a function of which `delta` is the slope. */
typedef struct twin {
    int batch, places, channels, heads;
    double *x, *delta, *gives, *back; /* (batch × places × channels) */
    double *tensor[4], *slope[4];     /* in the order of the layer's */
    size_t size[4];
    int tensors;
    bool bias;
} twin;

static double *doubles(const float *from, size_t count)
{
    double *to = calloc(count, sizeof *to);
    for (size_t i = 0; from && i < count; i++) to[i] = (double)from[i];
    return to;
}

/* Before the layer has run, which changes its tensors. */
static twin twin_of(const bench *b)
{
    const ht_layer *layer = &b->net->layers[0];
    size_t in = (size_t)b->step->batch * (size_t)layer->inputs,
           out = (size_t)b->step->batch * (size_t)layer->outputs;
    twin t = {.batch = b->step->batch,
              .places = layer->out.width,
              .channels = layer->out.channels,
              .heads = layer->heads,
              .tensors = layer->tensors,
              .bias = layer->tensors == 4,
              .x = doubles(b->x, in),
              .back = doubles(NULL, in),
              .delta = doubles(b->step->layer[0].delta, out),
              .gives = doubles(NULL, out)};
    for (int i = 0; i < layer->tensors; i++) {
        t.size[i] = ht_tensor_size(&layer->tensor[i]);
        t.tensor[i] = doubles(layer->tensor[i].data, t.size[i]);
        t.slope[i] = doubles(NULL, t.size[i]);
    }
    return t;
}

static void free_twin(twin *t)
{
    double *all[] = {t->x, t->delta, t->gives, t->back};
    for (int i = 0; i < 4; i++) free(all[i]), free(t->tensor[i]), free(t->slope[i]);
}

static void embed_forward(twin *t)
{
    int d = t->channels;
    for (int i = 0; i < t->batch * t->places; i++)
        for (int c = 0; c < d; c++)
            t->gives[i * d + c] = t->tensor[0][(int)t->x[i] * d + c] + t->tensor[1][i % t->places * d + c];
}

static void embed_slopes(twin *t)
{
    int d = t->channels;
    for (int i = 0; i < t->batch * t->places; i++)
        for (int c = 0; c < d; c++) {
            t->slope[0][(int)t->x[i] * d + c] += t->delta[i * d + c];
            t->slope[1][i % t->places * d + c] += t->delta[i * d + c];
        }
}

/* q, k, v and y of a sample; of all heads P[h][i][j]. */
typedef struct inside {
    double qkv[MOST][18 * 3], y[MOST][18], p[18][MOST][MOST];
} inside;

static const double *weights_of(const twin *t, int matrix)
{
    return t->tensor[matrix * (t->bias ? 2 : 1)];
}

static double dot(const twin *t, int matrix, int row, const double *x)
{
    double sum = t->bias ? t->tensor[2 * matrix + 1][row] : 0;
    for (int c = 0; c < t->channels; c++) sum += weights_of(t, matrix)[row * t->channels + c] * x[c];
    return sum;
}

static void attend(const twin *t, inside *in, int h, int i)
{
    int d = t->channels, own = d / t->heads;
    double most = -HUGE_VAL, sum = 0, *p = in->p[h][i];
    for (int j = 0; j <= i; j++) {
        p[j] = 0;
        for (int c = h * own; c < (h + 1) * own; c++) p[j] += in->qkv[i][c] * in->qkv[j][d + c];
        p[j] /= sqrt(own);
        most = fmax(most, p[j]);
    }
    for (int j = 0; j <= i; j++) sum += p[j] = exp(p[j] - most);
    for (int j = 0; j <= i; j++) p[j] /= sum;
    for (int c = h * own; c < (h + 1) * own; c++) {
        in->y[i][c] = 0;
        for (int j = 0; j <= i; j++) in->y[i][c] += p[j] * in->qkv[j][2 * d + c];
    }
}

static void attention_inside(const twin *t, int sample, inside *in)
{
    int d = t->channels;
    const double *x = t->x + sample * t->places * d;
    for (int i = 0; i < t->places; i++)
        for (int r = 0; r < 3 * d; r++) in->qkv[i][r] = dot(t, 0, r, x + i * d);
    for (int h = 0; h < t->heads; h++)
        for (int i = 0; i < t->places; i++) attend(t, in, h, i);
}

static void attention_forward(twin *t)
{
    static inside in;
    for (int b = 0; b < t->batch; b++) {
        attention_inside(t, b, &in);
        for (int i = 0; i < t->places; i++)
            for (int r = 0; r < t->channels; r++)
                t->gives[(b * t->places + i) * t->channels + r] = dot(t, 1, r, in.y[i]);
    }
}

/* What goes back through one head: into deltas of q, k and v. */
static void attend_back(const twin *t, const inside *in, int h, double dy[MOST][18], double deltas[MOST][54])
{
    int d = t->channels, own = d / t->heads;
    for (int i = 0; i < t->places; i++) {
        double dp[MOST] = {0}, sum = 0;
        for (int j = 0; j <= i; j++) {
            for (int c = h * own; c < (h + 1) * own; c++) {
                dp[j] += dy[i][c] * in->qkv[j][2 * d + c];
                deltas[j][2 * d + c] += in->p[h][i][j] * dy[i][c];
            }
            sum += dp[j] * in->p[h][i][j];
        }
        for (int j = 0; j <= i; j++)
            for (int c = h * own; c < (h + 1) * own; c++) {
                double ds = in->p[h][i][j] * (dp[j] - sum) / sqrt(own);
                deltas[i][c] += ds * in->qkv[j][d + c];
                deltas[j][d + c] += ds * in->qkv[i][c];
            }
    }
}

/* A matrix' own slopes, and what goes through it, of one place. */
static void matrix_slopes(twin *t, int matrix, int rows, const double *delta, const double *x, double *dx)
{
    int d = t->channels, at = matrix * (t->bias ? 2 : 1);
    for (int r = 0; r < rows; r++) {
        if (t->bias) t->slope[at + 1][r] += delta[r];
        for (int c = 0; c < d; c++) {
            t->slope[at][r * d + c] += delta[r] * x[c];
            dx[c] += delta[r] * weights_of(t, matrix)[r * d + c];
        }
    }
}

static void attention_slopes(twin *t)
{
    static inside in;
    int d = t->channels;
    for (int b = 0; b < t->batch; b++) {
        double dy[MOST][18] = {{0}}, deltas[MOST][54] = {{0}};
        attention_inside(t, b, &in);
        for (int i = 0; i < t->places; i++)
            matrix_slopes(t, 1, d, t->delta + (b * t->places + i) * d, in.y[i], dy[i]);
        for (int h = 0; h < t->heads; h++) attend_back(t, &in, h, dy, deltas);
        for (int i = 0; i < t->places; i++) {
            int at = (b * t->places + i) * d;
            matrix_slopes(t, 0, 3 * d, deltas[i], t->x + at, t->back + at);
        }
    }
}

static double value(twin *t, void forward(twin *))
{
    double sum = 0;
    forward(t);
    for (int i = 0; i < t->batch * t->places * t->channels; i++) sum += t->delta[i] * t->gives[i];
    return sum;
}

static void assert_slope(twin *t, void forward(twin *), double *at, double slope)
{
    double before = *at, step = 1e-5;
    *at = before + step;
    double up = value(t, forward);
    *at = before - step;
    double found = (up - value(t, forward)) / (2 * step);
    *at = before;
    if (!(fabs(found - slope) <= 1e-6 * (1 + fabs(slope)))) fail_msg("twin: slope %g, not %g", found, slope);
}

static void assert_close(const float *got, const double *right, size_t count, double within, const char *what)
{
    double off = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        off += pow((double)got[i] - right[i], 2);
        norm += right[i] * right[i];
    }
    if (!(sqrt(off) <= within * sqrt(norm)))
        fail_msg("%s: off by %g of %g, which is more than %g", what, sqrt(off), sqrt(norm), within);
}

/* ---- agreement --------------------------------------------------------------------------------- */

static void assert_is_twin(bench *b, void forward(twin *), void slopes(twin *), const char *what)
{
    const ht_layer *layer = &b->net->layers[0];
    size_t batch = (size_t)b->step->batch;
    twin t = twin_of(b);
    forward(&t);
    slopes(&t);
    run(b);
    assert_close(b->step->layer[0].hidden, t.gives, batch * (size_t)layer->outputs, 1e-6, what);
    if (layer->kind->back) assert_close(b->back, t.back, batch * (size_t)layer->inputs, 3e-6, what);
    for (int i = 0; i < layer->tensors; i++)
        assert_close(ht_step_array(b->step, HT_STEP_GRADIENT, i), t.slope[i], t.size[i], 3e-6,
                     layer->tensor[i].name);
    for (int i = 0; i < t.tensors; i++)
        for (size_t at = 0; at < t.size[i]; at += 1 + t.size[i] / 30)
            assert_slope(&t, forward, &t.tensor[i][at], t.slope[i][at]);
    for (int at = 0; layer->kind->back && at < layer->inputs; at += 1 + layer->inputs / 30)
        assert_slope(&t, forward, &t.x[at], t.back[at]);
    free_twin(&t);
}

static const int places[] = {1, 2, 7}, batches[] = {1, 5, 17};

static void put_tokens(bench *b, int vocabulary)
{
    int count = b->step->batch * b->net->layers[0].inputs;
    for (int i = 0; i < count; i++) b->x[i] = (float)((unsigned)i * 2654435761u % (unsigned)vocabulary);
}

static void embedding_is_its_twin(void **state)
{
    (void)state;
    static const int vocabularies[] = {1, 5, 700}, channels[] = {1, 6, 33};
    for (int i = 0; i < 81; i++) {
        const ht_layer_spec spec = {.kind = ht_layer_kind_at(HT_LAYER_EMBED),
                                    .units = channels[i % 3],
                                    .vocabulary = vocabularies[i / 3 % 3]};
        bench b = bench_of(spec, (ht_shape){1, 1, places[i / 9 % 3]}, batches[i / 27], 1 + i % 2, 1);
        put_tokens(&b, spec.vocabulary);
        assert_is_twin(&b, embed_forward, embed_slopes, "embed");
        close_bench(&b);
    }
}

static void attention_is_its_twin(void **state)
{
    (void)state;
    static const int shapes[][2] = {{6, 1}, {6, 3}, {6, 6}, {18, 2}, {1, 1}};
    for (int i = 0; i < 90; i++) {
        const ht_layer_spec spec = {
            .kind = ht_layer_kind_at(HT_LAYER_ATTENTION), .heads = shapes[i % 5][1], .bias = i / 5 % 2};
        bench b = bench_of(spec, (ht_shape){shapes[i % 5][0], 1, places[i / 10 % 3]}, batches[i / 30],
                           1 + i % 2, 0.7);
        assert_is_twin(&b, attention_forward, attention_slopes, "attention");
        close_bench(&b);
    }
}

/* ---- numbers that are too large, or none ------------------------------------------------------- */

static ht_layer_spec two_heads(void)
{
    return (ht_layer_spec){.kind = ht_layer_kind_at(HT_LAYER_ATTENTION), .heads = 2};
}

/* Differences of 1e6 in what softmax takes: all goes to the largest, and nothing overflows. */
static void large_logits_choose_one(void **state)
{
    (void)state;
    bench b = bench_of(two_heads(), (ht_shape){6, 1, 7}, 5, 1, 500);
    twin t = twin_of(&b);
    attention_forward(&t);
    run(&b);
    assert_close(b.step->layer[0].hidden, t.gives, 5 * 42, 1e-4, "attention");
    free_twin(&t);
    close_bench(&b);
}

/* From the place where it is on (before it a probability of 0 may carry it, too); in no other sample. */
static void nan_goes_on(void **state)
{
    (void)state;
    bench b = bench_of(two_heads(), (ht_shape){6, 1, 7}, 5, 1, 1);
    b.x[2 * 42 + 4 * 6] = NAN;
    run(&b);
    for (int i = 0; i < 5 * 7; i++)
        for (int c = 0; c < 6; c++)
            if (i / 7 != 2 || i % 7 >= 4)
                assert_int_equal(isnan(b.step->layer[0].hidden[i * 6 + c]), i / 7 == 2);
    close_bench(&b);
}

/* A token that no row has: NaN, and no row learns from it. */
static void strange_tokens_become_nan(void **state)
{
    (void)state;
    static const float strange[] = {-1, 5, 1e30f, NAN, INFINITY, -INFINITY};
    const ht_layer_spec spec = {.kind = ht_layer_kind_at(HT_LAYER_EMBED), .units = 3, .vocabulary = 5};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        bench b = bench_of(spec, (ht_shape){1, 1, 4}, 5, 1, 1);
        put_tokens(&b, 5);
        for (int k = 0; k < 20; k++) b.x[k] = k == 7 ? strange[i] : 2;
        run(&b);
        for (int k = 0; k < 60; k++) assert_int_equal(isnan(b.step->layer[0].hidden[k]), k / 3 == 7);
        for (int k = 0; k < 15; k++)
            if (k / 3 != 2) assert_true(ht_step_array(b.step, HT_STEP_GRADIENT, 0)[k] == 0);
        close_bench(&b);
    }
}

/* ---- threads ----------------------------------------------------------------------------------- */

static void bits_are_those_of_one_thread(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, THREADS};
    const ht_layer_spec specs[] = {{.kind = ht_layer_kind_at(HT_LAYER_EMBED), .units = 33, .vocabulary = 700},
                                   {.kind = ht_layer_kind_at(HT_LAYER_ATTENTION), .heads = 7, .bias = true}};
    const ht_shape in[] = {{1, 1, 19}, {91, 1, 19}};
    for (int i = 0; i < 2; i++) {
        bench b[3];
        for (int k = 0; k < 3; k++) {
            b[k] = bench_of(specs[i], in[i], 37, threads[k], 0.5);
            if (i == 0) put_tokens(&b[k], 700);
            run(&b[k]);
            size_t in_size = 37 * (size_t)b[k].net->layers[0].inputs,
                   size = 37 * (size_t)b[k].net->layers[0].outputs;
            assert_memory_equal(b[k].step->layer[0].hidden, b[0].step->layer[0].hidden, size * sizeof(float));
            assert_memory_equal(b[k].back, b[0].back, in_size * sizeof(float));
            assert_true(small_same(b[k].net, b[0].net));
        }
        for (int k = 0; k < 3; k++) close_bench(&b[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embedding_is_its_twin),     cmocka_unit_test(attention_is_its_twin),
        cmocka_unit_test(large_logits_choose_one),   cmocka_unit_test(nan_goes_on),
        cmocka_unit_test(strange_tokens_become_nan), cmocka_unit_test(bits_are_those_of_one_thread),
    };
    return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
