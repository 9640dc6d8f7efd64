/* test_layers_line.c - a network in one line: what it means, what it replaces, and what is wrong with one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "heavytail/network.h"
#include "params/layers_line.h"
#include "unit/small.h"

static ht_error err;

static void set(ht_params *p, const char *key, const char *value)
{
    if (ht_params_set(p, key, value, &err) != HT_OK) fail_msg("%s", err.text);
}

/* "300 relu, 100 tanh" */
static const char *said(const ht_params *p)
{
    static char text[400];
    ht_layer_item items[HT_PARAM_LAYERS];
    size_t used = 0;
    int count = ht_params_layers(p, items);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d %s", i ? ", " : "", items[i].units,
                                 ht_param_choice(HT_P_MODEL_ACTIVATION, (int)items[i].activation));
    return text;
}

static void a_line_is_a_network(void **state)
{
    (void)state;
    const struct {
        const char *line, *activation, *means;
    } good[] = {
        {"dense 300, dense 100", "relu", "300 relu, 100 relu"},
        {"dense 300,dense 100", "tanh", "300 tanh, 100 tanh"},
        {"dense n", "gelu", "50 gelu"},
        {"dense 2n, dense n/2, dense 3n/4 linear", "relu", "100 relu, 25 relu, 37 linear"},
        {"dense n/200", "relu", "1 relu"},
        {"dense 20 linear, relu,  dense 9 leaky-relu", "tanh", "20 relu, 9 leaky-relu"},
        {"dense 20, tanh", "relu", "20 tanh"},
        {"dense 20 relu, relu", "tanh", "20 relu"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ht_params p = small_params();
        set(&p, "model.width", "50");
        set(&p, "model.activation", good[i].activation);
        set(&p, "model.layers", good[i].line);
        assert_string_equal(said(&p), good[i].means);
        ht_network *net = ht_network_of(&p, (ht_shape){7, 1, 1}, 3, &err);
        int widths[HT_PARAM_LAYERS], depth = ht_params_widths(&p, widths);
        assert_int_equal(ht_network_hidden(net), depth);
        for (int l = 0; l < depth; l++) assert_int_equal(net->weights[l]->rows, widths[l]);
        ht_network_free(net);
    }
}

static void a_wrong_item_is_named(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"dense",
         "item 1, 'dense': dense needs its number of units, a whole number from 1 to 200000 or a part of"},
        {"dense 300, dense 0", "item 2, 'dense 0': dense needs its number of units"},
        {"dense 300, dense 1.5", "(n, 2n, n/2), not 1.5"},
        {"dense 300 200", "nothing is known of '200'; an item is dense N [ACT]"},
        {"dense 300 relu tanh", "nothing is known of 'tanh'"},
        {"dense 300 tanh, relu",
         "item 2, 'relu': the layer before it has its activation, tanh; write linear there"},
        {"relu, dense 3", "item 1, 'relu': an activation needs a layer before it"},
        {"dense 3,, dense 4", "item 2, '': there is nothing between two commas"},
        {"dense 3,", "item 2, '': there is nothing between two commas, or at an end"},
        {"dens 3", "item 1, 'dens 3': there is no such item; items are dense N [ACT], conv N KxK "},
        {"dense -3", "not -3"},
        {"dense 200001", "not 200001"},
        {"dense n/0", "not n/0"},
        {"dense 99999999999999999999", "not 9999999"},
        {"conv 3", "item 1, 'conv 3': conv needs the size of its window, as 3x3 (1x7 for a series)"},
        {"conv 3 0x3", "not 0x3"},
        {"conv 3 3x", "not 3x"},
        {"conv 3 3x3 stride", "stride needs a whole number"},
        {"conv 3 3x3 stride 0", "stride needs a whole number from 1 to 1000, not 0"},
        {"conv 3 3x3 stride 100000", "stride needs a whole number from 1 to 1000, not 100000"},
        {"conv 3 3x3 pad 1000000", "pad needs a whole number from 0 to 1000, not 1000000"},
        {"conv 3 3x1001", "each side from 1 to 1000, not 3x1001"},
        {"conv 3 3x3 same pad 2", "item 1, 'conv 3 3x3 same pad 2': its padding is said twice (pad P, same)"},
        {"conv 3 3x3 pad 2 stride 2 pad 1", "its padding is said twice"},
        {"conv 3 3x3 stride 2 stride 1", "its stride is said twice"},
        {"pool 2 max avg, dense 3", "max or avg is said twice"},
        {"conv 3 3x3 pad -1", "pad needs a whole number from 0 to 1000, not -1"},
        {"conv 3 3x3 max", "nothing is known of 'max'; an item is conv N KxK [stride S] [pad P|same] [ACT]"},
        {"pool", "pool needs the size of its window, as 3x3 (1x7 for a series), or global"},
        {"pool global avg", "nothing is known of 'avg'"},
        {"pool 2 relu", "nothing is known of 'relu'"},
        {"dropout", "dropout needs a probability of at least 0 and below 1"},
        {"dropout 1", "not 1"},
        {"dropout nan", "not nan"},
        {"norm 3", "nothing is known of '3'; an item is norm"},
        {"pool 2", "no dense, conv or attention layer before the output's: nothing to watch or to prune; add "
                   "one, as dense 100"},
        {"norm batch, relu", "no dense, conv or attention layer before"},
        {"res(dropout 0.5), pool global", "no dense, conv or attention layer before"},
        {"embed 8, norm", "no dense, conv or attention layer before"},
        {"embed, dense 3", "item 1, 'embed': embed needs its number of units, a whole number"},
        {"embed 4 relu, dense 3", "nothing is known of 'relu'; an item is embed N"},
        {"attention", "item 1, 'attention': attention needs a whole number from 1 to 1000"},
        {"attention n", "attention needs a whole number from 1 to 1000, not n"},
        {"attention 0", "attention needs a whole number from 1 to 1000, not 0"},
        {"attention 2 gelu", "nothing is known of 'gelu'; an item is attention HEADS"},
        {"res(dense 3", "item 1, 'res(dense 3': a ) is missing at the end"},
        {"dense 3), dense 4", "item 1, 'dense 3)': this ) closes nothing"},
        {"res()", "item 1, 'res()': there is nothing between two commas"},
        {"res(relu, dense 3)", "item 1, 'res(relu': an activation needs a layer before it"},
        {"res(res(res(res(res(res(res(res(res(dense 3)))))))))",
         "these parentheses are nested too deep: at most 8 inside each other"},
    };
    char many[9 * (HT_PARAM_LAYERS + 1) + 1] = "";
    for (int i = 0; i <= HT_PARAM_LAYERS; i++) strcat(many, i ? ",norm" : "norm");
    ht_params full = small_params();
    assert_int_equal(ht_params_set(&full, "model.layers", many, &err), HT_USAGE);
    assert_non_null(
        strstr(err.text, "item 121, 'norm': a network has at most 120 layers before the output's"));
    char longer[HT_PARAM_TEXT + 1];
    memset(longer, 'n', HT_PARAM_TEXT), longer[HT_PARAM_TEXT] = '\0';
    assert_int_equal(ht_params_set(&full, "model.layers", longer, &err), HT_USAGE);
    assert_non_null(strstr(err.text, "…' is too long, 1024 bytes; give at most 1023"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ht_params p = small_params(), before = p;
        assert_int_equal(ht_params_set(&p, "model.layers", wrong[i][0], &err), HT_USAGE);
        if (!strstr(err.text, wrong[i][1]) || strncmp(err.text, "model.layers: ", 14) != 0)
            fail_msg("%s: '%s'", wrong[i][0], err.text);
        assert_memory_equal(&p, &before, sizeof p);
    }
}

/* Of width, depth, widths and layers the one that was set last holds. */
static void what_is_set_last_holds(void **state)
{
    (void)state;
    ht_params p = small_params();
    set(&p, "model.width", "50");
    set(&p, "model.depth", "2");
    assert_string_equal(said(&p), "50 relu, 50 relu");
    set(&p, "model.widths", "30-10");
    assert_string_equal(said(&p), "30 relu, 10 relu");
    set(&p, "model.layers", "dense 8 tanh, dense 4, dense 9");
    assert_string_equal(said(&p), "8 tanh, 4 relu, 9 relu");
    assert_string_equal(ht_params_text(&p, HT_P_MODEL_WIDTHS), "equal");
    assert_true(ht_params_get(&p, HT_P_MODEL_DEPTH) == 3 && ht_params_get(&p, HT_P_MODEL_WIDTH) == 9);
    set(&p, "model.widths", "7");
    assert_string_equal(said(&p), "7 relu");
    assert_string_equal(ht_params_text(&p, HT_P_MODEL_LAYERS), "auto");
    set(&p, "model.layers", "dense 8, dense 4");
    ht_params_put(&p, HT_P_MODEL_WIDTH, 20); /* which no item is a part of */
    assert_string_equal(said(&p), "20 relu, 20 relu");
    set(&p, "model.layers", "dense n, dense n/2");
    assert_string_equal(said(&p), "20 relu, 10 relu");
    ht_params_put(&p, HT_P_MODEL_WIDTH, 40);
    assert_string_equal(said(&p), "40 relu, 20 relu");
    assert_true(ht_params_get(&p, HT_P_MODEL_DEPTH) == 2);
    ht_params_put(&p, HT_P_MODEL_DEPTH, 1);
    assert_string_equal(said(&p), "40 relu");
    set(&p, "model.layers", "dense n");
    set(&p, "model.layers", "auto");
    assert_string_equal(said(&p), "40 relu");
}

static void weights_and_biases_begin_as_asked(void **state)
{
    (void)state;
    for (int how = HT_INIT_UNIFORM; how <= HT_INIT_KAIMING; how++) {
        ht_params p = small_params();
        set(&p, "model.layers", "dense 300, dense 100");
        set(&p, "model.bias", "1");
        ht_network *net = ht_network_of(&p, (ht_shape){64, 1, 1}, 10, &err);
        ht_network_init_as(net, (ht_init)how, 3, NULL);
        for (int l = 0; l < 3; l++) {
            const ht_tensor *w = net->weights[l];
            double bound = 1 / sqrt(w->columns), sum = 0, most = 0, bias = 0;
            for (size_t i = 0; i < ht_tensor_size(w); i++) {
                sum += (double)w->data[i] * (double)w->data[i];
                most = fmax(most, fabs((double)w->data[i]));
            }
            for (int i = 0; i < w->rows; i++) bias = fmax(bias, fabs((double)w->bias->data[i]));
            double variance = sum / (double)ht_tensor_size(w),
                   wanted = how ? 2 * bound * bound : bound * bound / 3;
            assert_true(fabs(variance / wanted - 1) < 0.15);
            if (how == HT_INIT_UNIFORM)
                assert_true(most <= bound && bias <= bound && bias > bound / 2);
            else
                assert_true(most > 2 * bound && bias == 0);
        }
        ht_network_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_network),
        cmocka_unit_test(a_wrong_item_is_named),
        cmocka_unit_test(what_is_set_last_holds),
        cmocka_unit_test(weights_and_biases_begin_as_asked),
    };
    return cmocka_run_group_tests_name("layers_line", tests, NULL, NULL);
}
