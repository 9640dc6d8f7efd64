/* test_prune_filters.c - `heavytail prune` of a network of filters: what it tells and what it writes. */
#include <jansson.h>
#include <math.h>

#include "sandbox.h"

static json_t *parse(const sandbox_result *r)
{
    json_error_t error;
    assert_status(r, 0);
    json_t *root = json_loads(r->out, JSON_REJECT_DUPLICATES, &error);
    if (!root) fail_msg("line %d: %s in: %.2000s", error.line, error.text, r->out);
    return root;
}

#define PRUNE_JSON(...) parse(RUN("prune", __VA_ARGS__, "--json"))

static double number(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);
    if (!json_is_number(value)) fail_msg("%s is no number", key);
    return json_number_value(value);
}

/* What JSON says, its curve, and what the written file gives when it is read again: one accuracy and loss. */
static void a_written_network_of_filters_is_what_was_told(void **state)
{
    (void)state;
    static const struct {
        const char *method, *coreset, *shape;
    } cases[] = {{"coreset", "top", NULL},       {"coreset", "sampled", NULL}, {"coreset", "best", NULL},
                 {"pfp", "top", NULL},           {"norm-l1", "top", NULL},     {"pfp", "top", "--compact"},
                 {"norm-l1", "top", "--compact"}};
    assert_status(RUN("train", "--data", "digits-synth", "--layers",
                      "conv 6 5x5 stride 2 pad 1, pool 2, conv 8 3x3 same, dense 10", "--steps", "40",
                      "--run", "lenet", "--quiet"),
                  0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *told = PRUNE_JSON("lenet", "--method", cases[i].method, "--coreset", cases[i].coreset,
                                  "--ratio", "0.5", "--curve", "--out", "cut.safetensors",
                                  cases[i].shape ? cases[i].shape : "--centre"),
               *again = PRUNE_JSON("cut.safetensors", "--data", "digits-synth", "--ratio", "0"),
               *curve = json_object_get(told, "curve");
        size_t at = 0;
        while (at < json_array_size(curve) &&
               number(json_array_get(curve, at), "k") != number(told, "removed"))
            at++;
        assert_true(at < json_array_size(curve));
        assert_true(number(told, "removed") > 0 && number(told, "error") > 0);
        assert_true(fabs(number(again, "accuracy") - number(told, "accuracy")) < 1e-12);
        assert_true(fabs(number(again, "loss") - number(told, "loss")) < 1e-5);
        assert_true(fabs(number(json_array_get(curve, at), "accuracy") - number(told, "accuracy")) < 1e-12);
        json_decref(told);
        json_decref(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_network_of_filters_is_what_was_told),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
