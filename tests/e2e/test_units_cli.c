/* What arXiv 2106.03795 defines for convolutions, from outside: units of pruning (--unit), tail indices over
 * layers (mmo-paper); the same bytes for any number of threads. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

#define NET "net"

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_t *trained; /* what `train --json` said */

/* Digits of 16 × 16 made up by us; convolutions of 3 × 3 and 1 × 1. */
static int train(void **state)
{
    if (sandbox_enter(state) != 0) return 1;
    trained = sandbox_json(RUN("train", "--quiet", "--json", "--preset", "digits-demo", "--model.layers",
                               "conv 8 3x3 same, pool 2, conv 12 1x1, conv 10 3x3, pool 2, dense 30",
                               "--steps", "30", "--run", NET));
    return 0;
}

static int leave(void **state)
{
    json_decref(trained);
    return sandbox_leave(state);
}

static void units_are_columns_and_kernels(void **state)
{
    (void)state;
    json_t *root = sandbox_json(RUN("prune", NET, "--unit", "column", "--centre", "--json")), *layer;
    static const char *const units[] = {"kernels", "kernels", "kernels", "columns"};
    static const double counts[] = {8, 96, 120};
    size_t i;
    double removed = 0;
    json_array_foreach(json_object_get(root, "layers"), i, layer)
    {
        assert_string_equal(word(layer, "unit"), units[i]);
        if (i < 3) assert_true(sandbox_number(layer, "units") == counts[i]);
        assert_true(sandbox_number(layer, "error") <= 0.1);
        removed += sandbox_number(layer, "removed");
    }
    assert_true(i == 4 && removed == sandbox_number(root, "removed") && removed > 0);
    assert_string_equal(word(root, "unit"), "units");
    assert_string_equal(word(json_object_get(root, "asked"), "unit"), "column");
    assert_true(sandbox_number(root, "parameter_ratio") > 0);
    json_decref(root);
    const sandbox_result *r = RUN("prune", NET, "--unit", "column", "--centre");
    assert_status(r, 0);
    assert_says(r->out, "by column, centred");
    assert_says(r->out, "of 120 kernels");
    assert_says(r->out, "parameters ");
    r = RUN("prune", NET, "--unit", "row");
    assert_status(r, 0);
    assert_says(r->out, "filters");
    r = RUN("prune", NET, "--unit", "weights");
    assert_status(r, 2);
    assert_says(r->err, "row, column");
}

/* A picture, and the file, which reads back with the accuracy that was told. */
static void what_is_pruned_by_column_is_written(void **state)
{
    (void)state;
    json_t *told = sandbox_json(RUN("prune", NET, "--prune.unit", "column", "--ratio", "0.5", "--png",
                                    "u.png", "--size", "800x500", "--out", "u.safetensors", "--json"));
    sandbox_assert_ink("u.png", 800, 500);
    json_t *again =
        sandbox_json(RUN("prune", "u.safetensors", "--preset", "digits-demo", "--ratio", "0", "--json"));
    assert_true(fabs(sandbox_number(again, "accuracy") - sandbox_number(told, "accuracy")) < 1e-12);
    json_decref(told);
    json_decref(again);
}

static void layers_are_told_as_the_paper_has_them(void **state)
{
    (void)state;
    static const char *const as[] = {"kernels", "kernels", "kernels", "rows", "columns"};
    json_t *root = sandbox_json(RUN("tail", NET, "--json")), *told = json_object_get(root, "mmo_paper"),
           *layer;
    json_t *run = json_object_get(json_object_get(trained, "methods"), "mmo_paper");
    static const char *const sides[] = {"kernels", "filters"}, *const keys[] = {"median", "mean", "min"};
    size_t i;
    json_array_foreach(json_object_get(told, "layers"), i, layer)
    {
        assert_string_equal(word(layer, "as"), as[i]);
        assert_true(sandbox_number(layer, "value") <= 2);
        json_t *own = json_array_get(json_object_get(json_object_get(run, "kernels"), "layers"), i);
        assert_true(fabs(sandbox_number(layer, "value") / json_number_value(own) - 1) < 1e-8);
    }
    assert_true(i == 5);
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < 3; k++)
            assert_true(fabs(sandbox_number(json_object_get(told, sides[s]), keys[k]) /
                                 sandbox_number(json_object_get(run, sides[s]), keys[k]) -
                             1) < 1e-8);
    char line[100];
    snprintf(line, sizeof line, "  median, mean and least %.3f, ",
             sandbox_number(json_object_get(told, "kernels"), "median"));
    json_decref(root);
    const sandbox_result *r = RUN("tail", NET, "--details");
    assert_status(r, 0);
    assert_says(r->out, "mmo-paper over 5 layers, layers.4.weight (the last) by its columns");
    assert_says(r->out, line);
    r = RUN("tail", NET, "--tensor", "layers.2.weight", "--png", "t.png");
    assert_status(r, 0);
    assert_says(r->out, "  mmo-paper ");
    assert_true(!strstr(r->out, "mmo-paper over"));
    assert_true(sandbox_exists("t.png"));
    r = RUN("help", "tail");
    assert_says(r->out, "5 shuffles of the rows");
}

static void threads_change_no_byte(void **state)
{
    (void)state;
    const sandbox_result *r = sandbox_shell(
        "for t in 1 2 7; do HEAVYTAIL_THREADS=$t \"$H\" tail " NET " --json > t$t.json || exit 1; "
        "HEAVYTAIL_THREADS=$t \"$H\" prune " NET
        " --unit column --centre --method node,random --ratio 0.4 --out u$t.safetensors --json "
        "| grep -v '_ms\\|speedup' > p$t.json || exit 1; done");
    assert_status(r, 0);
    assert_true(sandbox_same_file("t1.json", "t2.json") && sandbox_same_file("t1.json", "t7.json"));
    assert_true(sandbox_same_file("p1.json", "p2.json") && sandbox_same_file("p1.json", "p7.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_columns_and_kernels),
        cmocka_unit_test(what_is_pruned_by_column_is_written),
        cmocka_unit_test(layers_are_told_as_the_paper_has_them),
        cmocka_unit_test(threads_change_no_byte),
    };
    return cmocka_run_group_tests(tests, train, leave);
}
