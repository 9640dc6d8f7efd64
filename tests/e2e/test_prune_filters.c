/* test_prune_filters.c - `heavytail prune` of a network of filters: what it tells and what it writes; and of
 * any, what was asked for and is not done. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

#define PRUNE_JSON(...) sandbox_json(RUN("prune", __VA_ARGS__, "--json"))

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
               sandbox_number(json_array_get(curve, at), "k") != sandbox_number(told, "removed"))
            at++;
        assert_true(at < json_array_size(curve));
        assert_true(sandbox_number(told, "removed") > 0 && sandbox_number(told, "error") > 0);
        assert_true(fabs(sandbox_number(again, "accuracy") - sandbox_number(told, "accuracy")) < 1e-12);
        assert_true(fabs(sandbox_number(again, "loss") - sandbox_number(told, "loss")) < 1e-5);
        assert_true(fabs(sandbox_number(json_array_get(curve, at), "accuracy") -
                         sandbox_number(told, "accuracy")) < 1e-12);
        json_decref(told);
        json_decref(again);
    }
}

/* An option that no method of these listens to changes nothing, is not reported as done, and is named. */
static void an_option_that_does_nothing_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *method, *option, *value, *title, *note;
    } cases[] = {
        {"node", "--prune.centre", "true", ", centred", "--centre does nothing to node: svd, magnitude"},
        {"coreset", "--prune.centre", "true", ", centred", "--centre does nothing to coreset"},
        {"pfp", "--unit", "column", ", by column", "--unit column does nothing to pfp: node, norm-l1"},
        {"magnitude,svd", "--unit", "column", ", by column", "--unit column does nothing to magnitude,svd"},
        {"node,svd", "--coreset", "top", ", top", "--coreset does nothing to node,svd"},
        {"magnitude", "--scope", "global", ", global", "--scope does nothing to magnitude"},
        {"svd", "--prune.centre", "true", NULL, NULL},
        {"node,svd", "--prune.centre", "true", NULL, NULL},
        {"pfp,random", "--unit", "column", NULL, NULL},
        {"coreset", "--coreset", "top", NULL, NULL},
        {"node", "--prune.centre", "false", NULL, NULL},
    };
    assert_status(RUN("train", "--data", "digits-synth", "--model.width", "20", "--steps", "3", "--run",
                      "idle", "--quiet"),
                  0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sandbox_result *r =
            RUN("prune", "idle", "--method", cases[i].method, cases[i].option, cases[i].value);
        assert_status(r, 0);
        if (cases[i].note) assert_says(r->err, cases[i].note);
        if (!cases[i].note && strstr(r->err, "does nothing")) fail_msg("case %zu: %s", i, r->err);
        if (cases[i].title && strstr(r->out, cases[i].title)) fail_msg("case %zu: %s", i, r->out);
    }
    json_t *node = PRUNE_JSON("idle", "--centre"), *svd = PRUNE_JSON("idle", "--centre", "--method", "svd"),
           *column = PRUNE_JSON("idle", "--centre", "--unit", "column");
    assert_true(json_is_false(json_object_get(json_object_get(node, "asked"), "centre")));
    assert_true(json_is_true(json_object_get(json_object_get(svd, "asked"), "centre")));
    assert_true(json_is_true(json_object_get(json_object_get(column, "asked"), "centre")));
    assert_says(json_string_value(json_array_get(json_object_get(node, "notes"), 0)),
                "--centre does nothing");
    json_decref(node);
    json_decref(svd);
    json_decref(column);
    assert_says(RUN("prune", "idle", "--method", "svd,node", "--out", "two.safetensors")->err,
                "--out gets the network pruned by svd alone, the first of the methods");
}

/* What a smaller file will hold is told, also where more or less goes than the method's own count: a layer
 * that is emptied keeps a unit, and what reads or feeds nothing but removed units goes with them. */
static void the_size_of_a_compact_file_is_told(void **state)
{
    (void)state;
    static const char *const asked[][2] = {{"node", "1"}, {"norm-l1", "0.6"}, {"magnitude", "0.9"}};
    char words[64];
    assert_status(RUN("train", "--data", "digits-synth", "--layers",
                      "conv 6 5x5 stride 3, dense 30, dense 20", "--steps", "3", "--run", "sizes", "--quiet"),
                  0);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const char *method = asked[i][0], *ratio = asked[i][1];
        json_t *told = PRUNE_JSON("sizes", "--method", method, "--scope", "global", "--ratio", ratio, "--out",
                                  "small.safetensors", "--compact"),
               *again = PRUNE_JSON("small.safetensors", "--ratio", "0"),
               *compact = json_object_get(told, "compact");
        double weights = sandbox_number(json_object_get(again, "parameters"), "before");
        assert_true(weights > 0 && sandbox_number(compact, "parameters") == weights);
        assert_true(sandbox_number(compact, "bytes") ==
                    sandbox_number(json_object_get(again, "bytes"), "before"));
        json_decref(told);
        json_decref(again);
        if (weights >= 1000) continue; /* not grouped */
        const sandbox_result *r =
            RUN("prune", "sizes", "--method", method, "--scope", "global", "--ratio", ratio);
        snprintf(words, sizeof words, "with --compact writes it: %.0f weights, %.1f kB", weights,
                 weights / 250);
        assert_says(r->out, words);
        if (i == 0) assert_says(r->out, "an emptied layer keeps one unit, so that a network remains");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_network_of_filters_is_what_was_told),
        cmocka_unit_test(an_option_that_does_nothing_is_named),
        cmocka_unit_test(the_size_of_a_compact_file_is_told),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
