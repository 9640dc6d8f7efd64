/* cmd_certify.c - bounds on the expected error of a trained network, from the length of its code
 * (certify/certify.h), and the way back from a code to a network. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "session/json.h"
#include "session/data_options.h"
#include "cli/report/prune_input.h"
#include "experiment/results.h"
#include "base/alloc.h"
#include "base/file.h"
#include "weights/net/netfile.h"
#include "certify/certify.h"

static const double delta = 0.05;
enum { CODE_LIMIT = 1 << 30 };

/* ---- a run's curve ---- */

typedef struct certify_curve {
    ht_certificate points[HT_CERTIFY_POINTS];
    int count, smallest, classes;
    size_t weights, others, samples; /* others: biases, gains, running means */
    int layers;
    const char *method;
} certify_curve;

static bool is_vacuous(const certify_curve *curve, const ht_certificate *c)
{
    return ht_certify_is_vacuous(c->bound, curve->classes);
}

static json_t *point_json(const certify_curve *curve, const ht_certificate *c)
{
    json_t *layers = json_array();
    for (int l = 0; l < curve->layers; l++) json_array_append_new(layers, ht_json_number(c->layer_error[l]));
    json_t *object =
        json_pack("{s:o, s:i, s:I, s:o, s:I}", "ratio", ht_json_number(c->ratio), "q", c->quantized,
                  "kept_weights", (json_int_t)c->kept, "kept",
                  ht_json_number((double)c->kept / (double)curve->weights), "bits", (json_int_t)c->bits);
    if (!object) return json_decref(layers), NULL;
    json_object_set_new(object, "train_error", ht_json_number(1 - c->train.accuracy));
    json_object_set_new(object, "test_error", ht_json_number(1 - c->test.accuracy));
    json_object_set_new(object, "bound", ht_json_number(c->bound));
    json_object_set_new(object, "vacuous", json_boolean(is_vacuous(curve, c)));
    json_object_set_new(object, "layer_errors", layers);
    json_object_set_new(object, "output_change", ht_json_number(c->output_change));
    json_object_set_new(object, "kept_per_sample", ht_json_number((double)c->kept / (double)curve->samples));
    return object;
}

static ht_code print_curve_json(const certify_curve *curve, ht_error *err)
{
    json_t *points = json_array();
    for (int i = 0; i < curve->count; i++)
        json_array_append_new(points, point_json(curve, &curve->points[i]));
    return ht_json_print(json_pack("{s:i, s:s, s:f, s:I, s:I, s:I, s:f, s:o, s:o}", "schema", 1, "method",
                                   curve->method, "delta", delta, "samples", (json_int_t)curve->samples,
                                   "weights", (json_int_t)curve->weights, "others", (json_int_t)curve->others,
                                   "blind_error", ht_certify_trivial(curve->classes), "best",
                                   point_json(curve, &curve->points[curve->smallest]), "points", points),
                         err);
}

static void print_curve(const certify_curve *curve)
{
    printf("Bounds that hold with probability %g; %zu training samples, pruned by %s:\n\n", 1 - delta,
           curve->samples, curve->method);
    printf("      kept      q       bits   train error   test error   bound on the expected error\n");
    for (int i = 0; i < curve->count; i++) {
        const ht_certificate *c = &curve->points[i];
        bool vacuous = is_vacuous(curve, c);
        printf("%8.3f %%  %5d %10zu   %11.4f  %11.4f   %.4f%s%s\n",
               100 * (double)c->kept / (double)curve->weights, c->quantized, c->bits, 1 - c->train.accuracy,
               1 - c->test.accuracy, c->bound, vacuous ? " (vacuous)" : "",
               i == curve->smallest && !vacuous ? "  ← smallest" : "");
    }
    const ht_certificate *c = &curve->points[curve->smallest];
    if (is_vacuous(curve, c))
        printf(
            "\nAll are vacuous: blind guesses err with %.4g, and no bound here is below that. More training "
            "samples or a shorter code would help.\n",
            ht_certify_trivial(curve->classes));
    printf("\nThe smallest: %zu weights", c->kept);
    if (curve->others > 0) printf(" and all %zu biases, gains and their like", curve->others);
    printf(" in %zu bytes, %.3g weights a training sample. Relative errors of the layers:", c->bits / 8,
           (double)c->kept / (double)curve->samples);
    for (int l = 0; l < curve->layers; l++) printf(" %.3f", c->layer_error[l]);
    printf(".\n");
    if (c->unbounded)
        printf("By how much the outputs can change for inputs like these: none: %s.\n", c->unbounded);
    else
        printf("The outputs change by %.3g at most, for inputs as large as the largest training sample.\n",
               c->output_change);
    printf("`heavytail help certificate` says what is assumed.\n");
}

/* The network of the smallest bound, as a file; vacuous bounds are said to be so. */
static ht_code write_best(const certify_curve *curve, const ht_prune_input *in, ht_prune_spec spec,
                          const char *out, ht_error *err)
{
    ht_certificate again;
    ht_text code = {0};
    spec.ratio = curve->points[curve->smallest].ratio;
    if (ht_certify_make(&again, in->net, &spec, in->train, in->samples, delta, in->pool, &code, err) != HT_OK)
        return err->code;
    ht_code written = ht_file_write(out, code.data, code.length, err);
    ht_text_free(&code);
    return written;
}

static ht_code choose_method(const char *name, ht_prune_input *in, ht_error *err)
{
    ht_params_put(&in->params, HT_P_PRUNE_METHOD,
                  HT_PRUNE_MAGNITUDE); /* short codes come from single weights */
    if (!name || ht_params_set(&in->params, "prune.method", name, err) == HT_OK) return HT_OK;
    return ht_error_prefix(err, "--method");
}

/* The bound counts samples that know nothing of each other. */
static ht_code refuse_sequences(ht_error *err)
{
    return ht_error_set(err, HT_USAGE,
                        "certify: the bound holds for samples that are independent of each other, and the "
                        "tokens of a text are not: there is no certificate of networks on token sequences");
}

static ht_code certify_network(ht_prune_input *in, const char *method, const char *out, bool json,
                               ht_error *err)
{
    if (!in->train) return ht_error_set(err, HT_USAGE, "certify: give --data: the bound is about samples");
    if (in->net->positions > 0) return refuse_sequences(err);
    if (choose_method(method, in, err) != HT_OK) return err->code;
    ht_prune_spec spec = ht_prune_spec_of(&in->params, in->train);
    ht_score whole;
    if (ht_network_evaluate(in->net, in->train, NULL, in->pool, &whole, err) != HT_OK) return err->code;
    if (ht_prune_input_check(in, &whole, err) != HT_OK) return err->code;
    certify_curve *curve = ht_alloc(1, sizeof *curve, "the certificate", err);
    if (!curve) return err->code;
    curve->method = ht_params_name(&in->params, HT_P_PRUNE_METHOD);
    curve->weights = ht_network_parameters(in->net);
    for (int t = 0; t < in->net->tensor_count; t++) curve->others += ht_tensor_size(&in->net->tensors[t]);
    curve->others -= curve->weights;
    curve->samples = in->train->count;
    curve->classes = in->net->classes;
    curve->layers = ht_network_hidden(in->net) + 1;
    ht_code code = ht_certify_curve(curve->points, &curve->count, &curve->smallest, in->net, &spec, in->train,
                                    in->samples, delta, in->pool, err);
    if (code != HT_OK) ht_error_prefix(err, "%s", in->name);
    if (code == HT_OK && out) code = write_best(curve, in, spec, out, err);
    if (code == HT_OK && json)
        code = print_curve_json(curve, err);
    else if (code == HT_OK)
        print_curve(curve);
    ht_free(curve);
    return code;
}

/* ---- a code ---- */

static ht_code read_code(const char *path, ht_network **net, int *q, size_t *bits, ht_error *err)
{
    char *bytes;
    size_t size;
    if (ht_file_read(path, CODE_LIMIT, &bytes, &size, err) != HT_OK) return err->code;
    *net = ht_decode_network(bytes, size, q, err);
    *bits = 8 * size;
    ht_free(bytes);
    return *net ? HT_OK : ht_error_prefix(err, "%s", path);
}

/* How good the decoded network is on `name`, and what that and the file's length prove. */
static ht_code assess_code(const ht_network *net, int q, size_t bits, const char *name,
                           const ht_arguments *args, bool json, ht_error *err)
{
    ht_score train, test;
    ht_params params;
    ht_params_init(&params);
    if (ht_arguments_sets(args, &params, err) != HT_OK) return err->code;
    ht_data_options options = ht_data_options_of(&params, args->data_dir);
    ht_dataset *data = ht_dataset_load(name, &options, err);
    if (!data) return err->code;
    ht_data_tell(data);
    ht_code code = data->tokens > 0 ? refuse_sequences(err) : HT_OK;
    if (code == HT_OK && (data->inputs != net->inputs || data->classes != net->classes))
        code = ht_error_set(err, HT_USAGE,
                            "the network takes %d inputs and tells %d classes apart; %s has %d and %d",
                            net->inputs, net->classes, data->name, data->inputs, data->classes);
    if (code == HT_OK) code = ht_network_evaluate(net, &data->train, NULL, NULL, &train, err);
    if (code == HT_OK) code = ht_network_evaluate(net, &data->test, NULL, NULL, &test, err);
    double bound =
        code == HT_OK ? ht_certify_bound(1 - train.accuracy, (double)bits, data->train.count, delta) : 0;
    size_t kept = ht_network_sizes(net).nonzero;
    if (code == HT_OK && json)
        code = ht_json_print(json_pack("{s:i, s:i, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:b}", "schema", 1, "q",
                                       q, "bits", (json_int_t)bits, "kept_weights", (json_int_t)kept,
                                       "samples", (json_int_t)data->train.count, "delta", delta,
                                       "train_error", ht_json_number(1 - train.accuracy), "test_error",
                                       ht_json_number(1 - test.accuracy), "bound", ht_json_number(bound),
                                       "vacuous", ht_certify_is_vacuous(bound, net->classes)),
                             err);
    else if (code == HT_OK)
        printf("%zu weights of %d bits in %zu bits: train error %.4f, test error %.4f, bound %.4f%s\n", kept,
               q, bits, 1 - train.accuracy, 1 - test.accuracy, bound,
               ht_certify_is_vacuous(bound, net->classes) ? " (vacuous)" : "");
    ht_dataset_free(data);
    return code;
}

static ht_code certify_code(const char *path, const char *out, const char *data, const ht_arguments *args,
                            bool json, ht_error *err)
{
    ht_network *net = NULL;
    int q = 0;
    size_t bits = 0;
    if (read_code(path, &net, &q, &bits, err) != HT_OK || !net) return err->code;
    char about[64];
    snprintf(about, sizeof about, "from a code of %zu bits, q = %d", bits, q);
    ht_code code = out ? ht_netfile_write(out, net, NULL, about, err) : HT_OK;
    if (code == HT_OK && data) code = assess_code(net, q, bits, data, args, json, err);
    ht_network_free(net);
    return code;
}

void ht_certificate_help(void)
{
    printf(
        "The certificate:\n\n"
        "  With probability at least 1 - δ over the N training samples, for all networks h at once,\n"
        "      expected error(h) ≤ training error(h) + √((bits(h) ln 2 + ln(1/δ)) / 2N),   δ = %g.\n\n"
        "  bits(h) is the length of the file that `heavytail certify RUN --out F.htc` writes, all of it: "
        "the shape,\n"
        "  which rows, columns and weights are kept, the q-bit values, the scales, and q itself. The code "
        "is\n"
        "  prefix-free, so 2^-bits sums to at most 1 over all networks (Kraft) and Hoeffding's inequality "
        "holds for\n"
        "  all of them together: the Occam bound (Blumer, Ehrenfeucht, Haussler, Warmuth, Inf. Process. "
        "Lett. 24,\n"
        "  1987; Langford, JMLR 6, 2005). That is why the smallest bound along a pruning curve, and the q "
        "it chose,\n"
        "  need no further price.\n\n"
        "  Assumed: the training samples are drawn independently from the distribution that new samples "
        "come from,\n"
        "  and the code was fixed before they were seen (it is this program). Nothing is assumed about "
        "training,\n"
        "  noise or pruning. The bound is on the pruned and quantized network that the file gives back, "
        "not on the\n"
        "  whole one. A code says the layers, of any kinds, and holds all numbers: biases, gains and "
        "running means\n"
        "  too, as floats of q + 3 binary digits, which cost about q + 6 bits each, however few weights "
        "are kept.\n"
        "  Inputs are scaled before the network sees them (data.scale); by the training part, that is not "
        "in the code,\n"
        "  and taken as given. A bound of 1 - 1/C or more is vacuous, C the number of classes: that is the "
        "error of\n"
        "  guesses that are drawn blindly, whatever the data. A vacuous bound is never marked as the "
        "best.\n\n"
        "  kept_per_sample, layer_errors and output_change are what the bounds of arXiv 2106.03795 are "
        "made of:\n"
        "  weights kept for each training sample, the relative Frobenius errors ε_l of pruning and "
        "rounding, and\n"
        "  B Π‖W_l‖ (Π(1 + ε_l) - 1), by which the outputs cannot change more for inputs of norm ≤ B. A "
        "convolution\n"
        "  has √m ‖W‖ for ‖W‖, m the most windows that a value is in (⌈k/stride⌉ a side); biases add their "
        "change,\n"
        "  residuals add what they sum, pooling multiplies by √m or less, a layer norm by up to 316. "
        "Where nothing\n"
        "  finite follows, it says none (null in JSON). The other constants of those bounds cannot be "
        "computed, so no\n"
        "  bound of that kind is printed.\n",
        delta);
}

int ht_cmd_certify(int argc, char **argv)
{
    const char *method = NULL, *out = NULL, *coded = NULL, *data = NULL, *order = NULL;
    bool json = false;
    const ht_option options[] = {{"--method", &method, NULL}, {"--out", &out, NULL},
                                 {"--decode", &coded, NULL},  {"--data", &data, NULL},
                                 {"--order", &order, NULL},   {"--json", NULL, &json},
                                 {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_prune_input in = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && (args.word_count == 1) == (coded != NULL))
        code = ht_error_set(&err, HT_USAGE, "certify: give a run or a network, or --decode FILE.htc");
    if (code == HT_OK && coded && !out && !data)
        code = ht_error_set(&err, HT_USAGE,
                            "certify --decode: give --out FILE.safetensors, or --data NAME, or both");
    const ht_prune_source source = {.path = args.words[0], .order = order, .data = data, .trained = true};
    if (code == HT_OK && coded)
        code = certify_code(coded, out, data, &args, json, &err);
    else if (code == HT_OK && (code = ht_prune_input_open(&in, &source, &args, &err)) == HT_OK)
        code = certify_network(&in, method, out, json, &err);
    ht_prune_input_close(&in);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
