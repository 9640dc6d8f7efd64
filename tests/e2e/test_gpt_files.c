/* test_gpt_files.c - transformers as others write them: the tensors of nanoGPT's state dict find their places
 * by their names, also where tables, projections and MLPs have one shape; the logits are PyTorch's; and what
 * is written from them loads there again. Where there is no PyTorch this is said. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/npy.h"
#include "heavytail/netread.h"
#include "nn/evaluation.h"
#include "sandbox.h"
#include "unit/source.h"

static ht_error err;

/* $1: make or check. False, said aloud, without PyTorch. */
static bool in_torch(const char *what)
{
    char script[4300];
    snprintf(script, sizeof script, "/usr/bin/python3 %s/tests/bench/gpt_in_torch.py %s gpt 2>&1",
             source_top(), what);
    const sandbox_result *r = sandbox_shell(script);
    if (r->status == 77 || r->status == 127) {
        print_message("skipped: there is no PyTorch: %s", r->out);
        return false;
    }
    print_message("%s", r->out);
    assert_status(r, 0);
    return true;
}

static ht_npy array(const char *dir, const char *file, ht_npy_as type)
{
    char path[120];
    ht_npy a;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (ht_npy_read(path, type, &a, &err) != HT_OK) fail_msg("%s", err.text);
    return a;
}

/* What about.json says. */
typedef struct about {
    char layers[1000];
    int tied, bias, context, symbols;
} about;

static about about_of(const char *dir)
{
    char path[120];
    json_error_t error;
    about a;
    snprintf(path, sizeof path, "%s/about.json", dir);
    json_t *root = json_load_file(path, 0, &error);
    assert_non_null(root);
    snprintf(a.layers, sizeof a.layers, "%s", json_string_value(json_object_get(root, "layers")));
    a.tied = (int)json_integer_value(json_object_get(root, "tied"));
    a.bias = (int)json_integer_value(json_object_get(root, "bias"));
    a.context = (int)json_integer_value(json_object_get(root, "context"));
    a.symbols = (int)json_integer_value(json_object_get(root, "symbols"));
    json_decref(root);
    return a;
}

static ht_network *network_of(const char *dir, const about *a)
{
    char path[120], notes[2000];
    const char *const settings[] = {"model.layers", a->layers, "model.tied", a->tied ? "1" : "0", NULL};
    const ht_network_words words = {.settings = settings, .input = {1, 1, a->context}, .classes = a->symbols};
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    ht_network *net = ht_network_read(path, &words, notes, sizeof notes, &err);
    if (!net) fail_msg("%s", err.text);
    return net;
}

/* Of every position, in doubles, from what the output layer reads. */
static double worst_logit(const ht_network *net, const ht_samples *samples, const ht_npy *right)
{
    const ht_tensor *out = ht_network_output(net);
    size_t width = (size_t)out->columns, classes = (size_t)out->rows,
           rows = samples->count * (size_t)net->positions;
    float *read = ht_alloc(rows * width, sizeof *read, "what the output reads", &err);
    float *inputs[HT_WEIGHTS_MAX] = {NULL};
    double worst = 0;
    inputs[net->weight_count - 1] = read;
    ht_evaluation *e = ht_evaluation_new(net, NULL, &err);
    assert_int_equal(ht_evaluation_begin(e, &(ht_evaluation_of){.samples = *samples, .inputs = inputs}, &err),
                     HT_OK);
    assert_int_equal(ht_evaluation_piece(e, SIZE_MAX, 0, &err), HT_OK);
    assert_int_equal(right->count, rows * classes);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < classes; c++) {
            double logit = out->bias ? (double)out->bias->data[c] : 0;
            for (size_t i = 0; i < width; i++)
                logit += (double)out->data[c * width + i] * (double)read[r * width + i];
            worst = fmax(worst, fabs(logit - right->f64[r * classes + c]));
        }
    ht_evaluation_free(e);
    ht_free(read);
    return worst;
}

/* And the loss of the evaluation is that of these logits. */
static double loss_of(const ht_npy *logits, const int32_t *labels, size_t rows)
{
    size_t classes = logits->count / rows;
    double loss = 0;
    for (size_t r = 0; r < rows; r++) {
        const double *z = logits->f64 + r * classes;
        double sum = 0;
        for (size_t c = 0; c < classes; c++) sum += exp(z[c] - z[labels[r]]);
        loss += log(sum) / (double)rows;
    }
    return loss;
}

static void check_case(const char *dir, double *worst)
{
    const about a = about_of(dir);
    ht_npy x = array(dir, "X.npy", HT_NPY_FLOAT), y = array(dir, "y.npy", HT_NPY_DOUBLE),
           logits = array(dir, "logits.npy", HT_NPY_DOUBLE);
    int32_t labels[1000];
    assert_true(y.count < 1000);
    for (size_t i = 0; i < y.count; i++) labels[i] = (int32_t)y.f64[i];
    const ht_samples samples = {x.shape[0], x.f32, labels};
    ht_network *net = network_of(dir, &a);
    ht_score score;
    assert_int_equal(net->positions, a.context);
    assert_int_equal(ht_network_evaluate(net, &samples, NULL, NULL, &score, &err), HT_OK);
    double off = worst_logit(net, &samples, &logits);
    if (!(off < 1e-5)) fail_msg("%s: a logit is %g off", dir, off);
    assert_true(fabs(score.loss - loss_of(&logits, labels, y.count)) < 1e-5);
    *worst = fmax(*worst, off);
    char script[3000];
    snprintf(
        script, sizeof script,
        "$H prune %s/model.safetensors --layers '%s' --model.tied %d --x %s/X.npy --y %s/y.npy --error 0 "
        "--method magnitude --out %s/copy.safetensors",
        dir, a.layers, a.tied, dir, dir, dir);
    assert_status(sandbox_shell(script), 0);
    ht_network_free(net);
    ht_npy_free(&x);
    ht_npy_free(&y);
    ht_npy_free(&logits);
}

static void logits_are_those_of_pytorch(void **state)
{
    (void)state;
    enum { CASES = 6 };
    double worst = 0;
    if (!in_torch("make")) return;
    for (int i = 0; i < CASES; i++) {
        char dir[20];
        snprintf(dir, sizeof dir, "gpt/%d", i);
        check_case(dir, &worst);
    }
    print_message("figures: %d transformers of PyTorch's: logits within %.1e\n", CASES, worst);
    in_torch("check");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
