/* Networks of the user's own: layers in one line, biases, other optimizers, weights that come from elsewhere
 * and go there again. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sandbox.h"
#include "unit/source.h"
#include "weights/weights.h"

/* ---- against PyTorch --------------------------------------------------------------------------- */

static ht_error err;

static float *tensor_of(ht_weights *file, size_t i, ht_tensor_info *info)
{
    float *f = NULL;
    double *wide = NULL;
    if (ht_weights_describe(file, i, info, &err) != HT_OK ||
        ht_weights_load(file, i, &f, &wide, &err) != HT_OK)
        fail_msg("%s", err.text);
    if (!wide) return f;
    f = ht_alloc(info->count, sizeof *f, "a tensor", &err);
    for (size_t k = 0; k < info->count; k++) f[k] = (float)wide[k];
    ht_free(wide);
    return f;
}

/* Tensor by tensor: the same shapes, and numbers within `tolerance` of the largest; theirs may have a tied
 * output once more, at the end. Returns the worst. */
static double compare(const char *ours, const char *theirs, bool tied, double tolerance)
{
    double worst = 0;
    ht_weights *a = ht_weights_open(ours, NULL, &err), *b = ht_weights_open(theirs, NULL, &err);
    if (!a || !b) fail_msg("%s", err.text);
    assert_in_range(ht_weights_count(b), ht_weights_count(a), ht_weights_count(a) + tied);
    for (size_t i = 0; i < ht_weights_count(a); i++) {
        ht_tensor_info x, y;
        float *here = tensor_of(a, i, &x), *there = tensor_of(b, i, &y);
        double most = 0, off = 0;
        assert_int_equal(x.ndim, y.ndim);
        for (int d = 0; d < x.ndim; d++) assert_int_equal(x.shape[d], y.shape[d]);
        for (size_t k = 0; k < x.count; k++) {
            most = fmax(most, fabs((double)there[k]));
            off = fmax(off, fabs((double)here[k] - (double)there[k]));
        }
        if (off > tolerance * most) fail_msg("%s and %s are %g apart", x.name, y.name, off / most);
        worst = fmax(worst, off / most);
        ht_free(here);
        ht_free(there);
    }
    ht_weights_close(a);
    ht_weights_close(b);
    return worst;
}

/* Column `column` of row `row` of a table with a line of names. */
static double cell_of(const char *path, int row, int column)
{
    char *text = sandbox_read(path, NULL), *at = text;
    for (int i = 0; i <= row; i++) at = strchr(at, '\n') + 1;
    for (int i = 0; i < column; i++) at = strchr(at, ',') + 1;
    double value = strtod(at, NULL);
    free(text);
    return value;
}

/* What case.json says. */
typedef struct golden {
    const char *name;
    char dir[4000];
    json_t *root;
} golden;

static const char *text_of(const golden *g, const char *key)
{
    const char *text = json_string_value(json_object_get(g->root, key));
    if (!text) fail_msg("%s: no %s", g->name, key);
    return text;
}

static double number_of(const golden *g, const char *key)
{
    return json_number_value(json_object_get(g->root, key));
}

static golden golden_of(const char *name)
{
    golden g = {.name = name};
    char path[4100];
    json_error_t error;
    snprintf(g.dir, sizeof g.dir, "%s/tests/golden/layers/%s", source_top(), name);
    snprintf(path, sizeof path, "%s/case.json", g.dir);
    if (!(g.root = json_load_file(path, 0, &error))) fail_msg("%s: %s", path, error.text);
    return g;
}

/* Five steps of all samples from the weights that PyTorch began with. */
static void check_golden(const char *name)
{
    golden g = golden_of(name);
    char script[9000], path[4100];
    snprintf(
        script, sizeof script,
        "rm -rf golden; $H train --init %s/init.safetensors --data.name npy:%s --layers '%s' --model.bias %d "
        "--model.tied %d --train.optimizer %s --train.lr %.17g --train.momentum %.17g --train.weight_decay "
        "%.17g "
        "--train.batch "
        "24 --noise.type none --train.eval_every 1 --steps 5 --run golden --out after.safetensors --quiet",
        g.dir, g.dir, text_of(&g, "layers"), (int)number_of(&g, "bias"), (int)number_of(&g, "tied"),
        text_of(&g, "optimizer"), number_of(&g, "lr"), number_of(&g, "momentum"),
        number_of(&g, "weight_decay"));
    assert_status(sandbox_shell(script), 0);
    snprintf(path, sizeof path, "%s/after.safetensors", g.dir);
    double worst = compare("after.safetensors", path, number_of(&g, "tied") > 0, 2e-5), off = 0;
    snprintf(path, sizeof path, "%s/steps.csv", g.dir);
    for (int k = 0; k < 5; k++) { /* ours: losses of the batch before a step, of the test set after it */
        off = fmax(off, fabs(cell_of("golden/metrics.csv", k, 2) / cell_of(path, k, 1) - 1));
        off = fmax(off, fabs(cell_of("golden/metrics.csv", k, 6) / cell_of(path, k + 1, 3) - 1));
    }
    print_message("figures: %s: weights within %.1e of PyTorch's, losses within %.1e\n", name, worst, off);
    assert_true(off <= 1e-5);
    json_decref(g.root);
}

static const char *const golden_cases[] = {"mlp-widths-bias", "conv-sgd",         "conv-bias-momentum",
                                           "conv-residual",   "conv-stride-adam", "gpt-pico"};
enum { GOLDEN = sizeof golden_cases / sizeof golden_cases[0] };

static void steps_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOLDEN; i++) check_golden(golden_cases[i]);
}

/* ---- what others trained ------------------------------------------------------------------------ */

static double whole_loss(const sandbox_result *r)
{
    json_error_t error;
    assert_status(r, 0);
    json_t *root = json_loads(r->out, 0, &error);
    double loss = json_number_value(json_object_get(json_object_get(root, "whole"), "loss"));
    json_decref(root);
    return loss;
}

/* A file of PyTorch's and a line of layers: the loss that PyTorch has; also of samples in arrays. */
static void networks_of_others_are_evaluated(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOLDEN; i++) {
        golden g = golden_of(golden_cases[i]);
        char script[9000], path[4100];
        snprintf(path, sizeof path, "%s/steps.csv", g.dir);
        double right = cell_of(path, 0, 3);
        snprintf(script, sizeof script,
                 "$H prune %s/init.safetensors --layers '%s' --model.tied %d --data npy:%s --ratio 0 --json",
                 g.dir, text_of(&g, "layers"), (int)number_of(&g, "tied"), g.dir);
        double loss = whole_loss(sandbox_shell(script));
        snprintf(
            script, sizeof script,
            "$H prune %s/init.safetensors --layers '%s' --model.tied %d --x %s/X_test.npy --y %s/y_test.npy "
            "--ratio 0 --json",
            g.dir, text_of(&g, "layers"), (int)number_of(&g, "tied"), g.dir, g.dir);
        double alone = whole_loss(sandbox_shell(script));
        if (fabs(loss / right - 1) > 1e-5 || loss != alone)
            fail_msg("%s: %.9g and %.9g, not %.9g", g.name, loss, alone, right);
        json_decref(g.root);
    }
}

/* ---- one program's file in another run --------------------------------------------------------- */

#define NET                                                                                                  \
    "--layers", "dense 30 gelu, dense 12 tanh", "--model.bias", "1", "--train.optimizer", "adamw",           \
        "--train.lr", "0.002", "--noise.type", "none"

/* The network of a run's code, read by another process and written as a file, is the one that the bound is
 * about; all numbers of the network are in it. */
static void check_certificate(const char *run, const char *data)
{
    json_t *root = sandbox_json(RUN("certify", run, "--json", "--out", "best.htc"));
    const json_t *best = json_object_get(root, "best");
    char samples[32];
    snprintf(samples, sizeof samples, "%.0f", json_number_value(json_object_get(root, "samples")));
    json_t *again = sandbox_json(RUN("certify", "--decode", "best.htc", "--json", "--data", data, "--out",
                                     "best.safetensors", "--data.train_limit", samples));
    assert_true(json_number_value(json_object_get(again, "bits")) ==
                json_number_value(json_object_get(best, "bits")));
    assert_true(json_number_value(json_object_get(again, "train_error")) ==
                json_number_value(json_object_get(best, "train_error")));
    assert_true(json_number_value(json_object_get(again, "bound")) ==
                json_number_value(json_object_get(best, "bound")));
    assert_true(json_is_real(json_object_get(best, "output_change")));
    json_decref(again);
    json_decref(root);
    root = sandbox_json(RUN("prune", "best.safetensors", "--json", "--ratio", "0", "--data", data));
    json_decref(root);
}

static void a_network_goes_through_every_command(void **state)
{
    (void)state;
    assert_status(RUN("train", NET, "--train.weight_decay", "0.1", "--train.warmup", "8", "--noise.type",
                      "iid", "--noise.scale", "1e-4", "--steps", "20", "--run", "run", "--quiet"),
                  0);
    assert_status(RUN("train", "--run", "run", "--steps", "40", "--quiet", "--out", "whole.safetensors"), 0);
    assert_status(RUN("train", NET, "--train.weight_decay", "0.1", "--train.warmup", "8", "--noise.type",
                      "iid", "--noise.scale", "1e-4", "--steps", "40", "--quiet", "--out",
                      "once.safetensors"),
                  0);
    assert_true(compare("whole.safetensors", "once.safetensors", false, 0) == 0);
    json_decref(sandbox_json(RUN("replay", "run", "--json")));
    json_t *root = sandbox_json(RUN("prune", "run", "--json", "--ratio", "0"));
    double whole = json_number_value(json_object_get(json_object_get(root, "whole"), "loss"));
    json_decref(root);
    /* The file alone says activations, too: the same loss. */
    root = sandbox_json(RUN("prune", "whole.safetensors", "--json", "--ratio", "0", "--data", "ecg-synth"));
    double alone = json_number_value(json_object_get(json_object_get(root, "whole"), "loss"));
    json_decref(root);
    assert_true(whole > 0 && whole == alone);
    assert_status(RUN("prune", "run", "--compact", "--ratio", "0.5", "--out", "small.safetensors"), 0);
    json_decref(sandbox_json(RUN("tail", "run", "--json")));
    check_certificate("run", "ecg-synth");
    assert_status(RUN("train", "--layers", "dense 9 gelu", "--steps", "3", "--run", "smooth", "--quiet"), 0);
    check_certificate("smooth", "ecg-synth");
    assert_status(RUN("snapshot", "run", "--out", "run.png"), 0);
    const sandbox_result *r = RUN("train", "--run", "run", "--train.optimizer", "sgd", "--quiet");
    assert_status(r, 2);
    assert_says(r->err, "train.optimizer");
}

#define SHAPED                                                                                               \
    "--data.name", "digits-synth", "--data.train_limit", "300", "--data.test_limit", "100", "--layers",      \
        "conv 4 5x5 stride 2, norm batch, res(conv 4 3x3 same, dropout 0.2, conv 4 3x3 same linear), relu, " \
        "pool 2, norm, dense 12 tanh",                                                                       \
        "--model.bias", "1", "--train.momentum", "0.9", "--train.batch", "50", "--noise.type", "iid",        \
        "--noise.scale", "1e-4"

/* Layers with a shape: stopped and resumed, replayed, begun with, read again from the file alone. */
static void a_network_with_a_shape_goes_through_every_command(void **state)
{
    (void)state;
    assert_status(RUN("train", SHAPED, "--steps", "7", "--run", "shaped", "--quiet"), 0);
    assert_status(RUN("train", "--run", "shaped", "--steps", "14", "--quiet", "--out", "a.safetensors"), 0);
    assert_status(RUN("train", SHAPED, "--steps", "14", "--quiet", "--out", "b.safetensors"), 0);
    assert_true(compare("a.safetensors", "b.safetensors", false, 0) == 0);
    json_decref(sandbox_json(RUN("replay", "shaped", "--json")));
    double whole = whole_loss(RUN("prune", "shaped", "--json", "--ratio", "0"));
    double alone = whole_loss(RUN("prune", "a.safetensors", "--json", "--ratio", "0", "--data",
                                  "digits-synth", "--data.train_limit", "300", "--data.test_limit", "100"));
    assert_true(whole > 0 && whole == alone);
    json_decref(sandbox_json(RUN("tail", "shaped", "--json")));
    json_decref(sandbox_json(RUN("tail", "a.safetensors", "--json")));
    assert_status(RUN("snapshot", "shaped", "--out", "shaped.png"), 0);
    check_certificate("shaped", "digits-synth");
    assert_status(RUN("prune", "shaped", "--ratio", "0.25", "--out", "pruned.safetensors"), 0);
    whole_loss(RUN("prune", "pruned.safetensors", "--json", "--ratio", "0", "--data", "digits-synth"));
    const sandbox_result *r = RUN("prune", "a.safetensors", "--data", "ecg-synth");
    assert_status(r, 1);
    assert_says(r->err, "140 inputs and 2 classes; the network in a.safetensors has 784 and 10");
    /* It begins where another run ended. */
    assert_status(RUN("train", SHAPED, "--init", "shaped", "--steps", "3", "--quiet", "--run", "taken"), 0);
    json_decref(sandbox_json(RUN("replay", "taken", "--json")));
    r = RUN("train", SHAPED, "--model.bias", "0", "--init", "a.safetensors", "--steps", "3");
    assert_status(r, 1);
    assert_says(r->err, "layers.0.weight has biases, and the network has none; set model.bias to 1");
}

static void the_order_of_layers_is_asked_for(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--order", "a,b", "--steps", "1");
    assert_status(r, 2);
    assert_says(r->err, "--order: of the layers in the file of --init, which is not given");
    assert_status(
        RUN("train", "--layers", "dense 30", "--steps", "2", "--quiet", "--out", "plain.safetensors"), 0);
    assert_status(RUN("train", "--layers", "dense 30", "--init", "plain.safetensors", "--order",
                      "layers.0,layers.1", "--steps", "2", "--run", "ordered", "--quiet"),
                  0);
    assert_status(RUN("train", "--run", "ordered", "--steps", "4", "--quiet"), 0);
    json_decref(sandbox_json(RUN("replay", "ordered", "--json")));
    r = RUN("train", "--layers", "dense 30", "--init", "plain.safetensors", "--order", "layers.1,layers.0",
            "--steps", "2");
    assert_status(r, 2);
    assert_says(r->err, "layers.0.weight stands at place 2, but by its shape (30 × 140) it can only be");
}

static void training_begins_with_a_file(void **state)
{
    (void)state;
    assert_status(
        RUN("train", NET, "--steps", "10", "--quiet", "--run", "first", "--out", "first.safetensors"), 0);
    /* No step: what came in goes out, from our file, from a checkpoint, and from a directory. */
    static const char *const from[] = {"first.safetensors", "first/checkpoint.safetensors", "first"};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        assert_status(RUN("train", NET, "--train.lr", "1e-7", "--init", from[i], "--steps", "1", "--quiet",
                          "--out", "same.safetensors"),
                      0);
        compare("same.safetensors", "first.safetensors", false, 1e-5);
    }
    /* A run that began so is taken up and replayed. */
    assert_status(RUN("train", NET, "--init", "first", "--steps", "5", "--run", "second", "--quiet"), 0);
    assert_status(RUN("train", "--run", "second", "--steps", "9", "--quiet", "--out", "9.safetensors"), 0);
    json_decref(sandbox_json(RUN("replay", "second", "--json")));
    assert_status(RUN("train", NET, "--init", "first", "--steps", "9", "--out", "one.safetensors", "--quiet"),
                  0);
    assert_true(compare("9.safetensors", "one.safetensors", false, 0) == 0);
    /* Its file is gone: it goes on from its checkpoint, which is told; from the start it cannot be made
     * again. */
    assert_status(sandbox_shell("mv first gone"), 0);
    const sandbox_result *r = RUN("train", "--run", "second", "--steps", "12", "--out", "12.safetensors");
    assert_status(r, 0);
    assert_says(r->err, "the run goes on from its checkpoint; a reset begins with random weights");
    assert_status(RUN("snapshot", "second", "--out", "second.png"), 0);
    r = RUN("replay", "second");
    assert_status(r, 1);
    assert_says(r->err, "train.init: ");
    assert_status(sandbox_shell("mv gone first"), 0);
    assert_status(
        RUN("train", NET, "--init", "first", "--steps", "12", "--out", "one.safetensors", "--quiet"), 0);
    assert_true(compare("12.safetensors", "one.safetensors", false, 0) == 0);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    assert_status(RUN("train", NET, "--steps", "2", "--quiet", "--out", "net.safetensors"), 0);
    const struct {
        const char *layers, *bias, *init, *says;
        int status;
    } wrong[] = {
        {"dense 30, dense 13", "1", "net.safetensors",
         "layers.1.weight is (12 × 30), and the network needs (13 × 30) there, for layers.1.weight", 1},
        {"dense 30", "1", "net.safetensors",
         "layers.1.weight is (12 × 30), and the network needs (2 × 30) there", 1},
        {"dense 30, dense 12", "0", "net.safetensors",
         "layers.0.weight has biases, and the network has none; set model.bias to 1", 1},
        {"dense 30, dense 12", "1", "nowhere.safetensors", "--init nowhere.safetensors: No such file", 1},
        {"dense 30, dens 12", "1", "net.safetensors",
         "model.layers: item 2, 'dens 12': there is no such item", 2},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const sandbox_result *r = RUN("train", "--layers", wrong[i].layers, "--model.bias", wrong[i].bias,
                                      "--init", wrong[i].init, "--steps", "1", "--run", "left");
        assert_status(r, wrong[i].status);
        assert_says(r->err, wrong[i].says);
        assert_false(sandbox_exists("left"));
    }
    const sandbox_result *r = RUN("prune", "net.safetensors", "--layers", "dense 30, dense 9");
    assert_status(r, 1);
    assert_says(r->err, "layer 2 has 12 units; model.layers says 9");
    r = RUN("sweep", "--vary", "model.layers=dense 3,dense 4", "--out", "grid");
    assert_status(r, 2);
    assert_says(r->err, "its commas part layers, not values");
    /* A file without biases into a network with them. */
    assert_status(
        RUN("train", "--layers", "dense 30", "--steps", "2", "--quiet", "--out", "plain.safetensors"), 0);
    r = RUN("train", "--layers", "dense 30", "--model.bias", "1", "--init", "plain.safetensors", "--steps",
            "1");
    assert_status(r, 0);
    assert_says(r->err, "2 of 2 layers have no biases there; they begin at 0");
    /* A picture may not name a file to begin with. */
    assert_status(RUN("train", NET, "--init", "net.safetensors", "--steps", "1", "--run", "told", "--quiet"),
                  0);
    assert_status(RUN("snapshot", "told", "--out", "told.png"), 0);
    r = RUN("train", "--preset", "./told.png", "--steps", "1");
    assert_status(r, 2);
    assert_says(r->err, "its settings name a file to begin with");
}

/* The tail of a layer that gets no noise is not to be read as that of the noise. */
static void a_layer_without_noise_is_named(void **state)
{
    static const char words[] = "no noise acts on it";
    (void)state;
    const sandbox_result *r =
        RUN("train", "--data", "digits-synth", "--layers", "conv 4 5x5, pool 2", "--steps", "3");
    assert_status(r, 0);
    assert_says(r->out, words);
    r = RUN("train", "--data", "digits-synth", "--layers", "conv 4 5x5, pool 2", "--steps", "3",
            "--noise.first_conv", "1");
    assert_status(r, 0);
    assert_null(strstr(r->out, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_pytorch),
        cmocka_unit_test(networks_of_others_are_evaluated),
        cmocka_unit_test(a_network_goes_through_every_command),
        cmocka_unit_test(a_network_with_a_shape_goes_through_every_command),
        cmocka_unit_test(the_order_of_layers_is_asked_for),
        cmocka_unit_test(training_begins_with_a_file),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(a_layer_without_noise_is_named),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
