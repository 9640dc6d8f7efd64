/* test_all_kinds.c - runs whose networks have layers of every kind between them, on changed pictures and on
 * tokens, with biases and noise: stopped and taken up, killed and taken up, replayed, and for any number of
 * threads they are the same runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/sandbox.h"
#include "nn/layers/layer.h"

static const char pictures[] =
    "--data pictures-synth --data.train_limit 60 --data.test_limit 20 --data.augment "
    "flip+shift",
                  tokens[] = "--data markov --data.context 9 --data.train_limit 60 --data.test_limit 20 "
                             "--model.tied 1 --model.init gpt",
                  layers[] =
                      "conv 4 5x5 stride 2 pad 1, norm batch, relu, pool 3 stride 2, res(conv 6 3x3 "
                      "same, dropout 0.2, conv 6 3x3 same linear), norm, tanh, pool 2 avg, pool global, "
                      "res(dense 5 gelu, norm), dense 7 leaky-relu",
                  sequence[] =
                      "embed 8, res(norm, attention 2, dropout 0.2), res(norm, dense 20 gelu, dense 8 "
                      "linear), res(dense 5 tanh), dense 8 gelu, norm";

static const struct way {
    const char *data, *layers, *optimizer;
} ways[] = {
    {pictures, layers, "--train.momentum 0.9 --train.weight_decay 0.001"},
    {tokens, sequence, "--train.optimizer adam --train.lr 0.001"},
    {pictures, layers, "--train.optimizer adam --train.lr 0.001"},
    {pictures, layers, "--train.optimizer adamw"},
    {tokens, sequence, "--train.momentum 0.9 --train.weight_decay 0.001"},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* `more` stands behind the settings of run `name`, which goes on if it is there. */
static const sandbox_result *train(const char *before, int way, const char *name, const char *more)
{
    char script[2000];
    snprintf(
        script, sizeof script,
        "%s $H train %s --train.batch 20 --train.eval_every 3 --layers '%s' --model.bias 1 --noise.type iid "
        "--noise.scale 1e-4 %s --run %s --quiet %s",
        before, ways[way].data, ways[way].layers, ways[way].optimizer, name, more);
    return sandbox_shell(script);
}

static void assert_same_run(const char *a, const char *b)
{
    static const char *const files[] = {"checkpoint.safetensors", "metrics.csv"};
    char of[2][80];
    for (int i = 0; i < 2; i++) {
        snprintf(of[0], sizeof of[0], "%s/%s", a, files[i]);
        snprintf(of[1], sizeof of[1], "%s/%s", b, files[i]);
        if (!sandbox_same_file(of[0], of[1])) fail_msg("%s and %s differ", of[0], of[1]);
    }
}

static void the_lines_have_every_kind(void **state)
{
    (void)state;
    for (int k = 0; k < HT_LAYER_KINDS; k++)
        if (!strstr(layers, ht_layer_kind_name((ht_layer_id)k)) &&
            !strstr(sequence, ht_layer_kind_name((ht_layer_id)k)))
            fail_msg("the lines lack %s", ht_layer_kind_name((ht_layer_id)k));
}

static void threads_and_stops_do_not_matter(void **state)
{
    (void)state;
    for (int o = 0; o < WAYS; o++) {
        assert_status(sandbox_shell("rm -rf one two seven parts"), 0);
        assert_status(train("HEAVYTAIL_THREADS=1", o, "one", "--steps 14"), 0);
        assert_status(train("HEAVYTAIL_THREADS=2", o, "two", "--steps 14"), 0);
        assert_status(train("HEAVYTAIL_THREADS=7", o, "seven", "--steps 14"), 0);
        assert_same_run("one", "two");
        assert_same_run("one", "seven");
        assert_status(train("HEAVYTAIL_THREADS=2", o, "parts", "--steps 4"), 0); /* in an epoch */
        assert_status(sandbox_shell("HEAVYTAIL_THREADS=1 $H train --run parts --steps 9 --quiet"), 0);
        assert_status(sandbox_shell("HEAVYTAIL_THREADS=3 $H train --run parts --steps 14 --quiet"), 0);
        assert_same_run("one", "parts");
        assert_status(RUN("replay", "parts"), 0);
        assert_says(sandbox_shell("$H replay parts")->out, "the same bits");
    }
}

/* The step of a checkpoint that is there. */
static int step_of(const char *run)
{
    char path[80];
    size_t size;
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", run);
    char *bytes = sandbox_read(path, &size);
    static const char key[] = "heavytail.step\":\"";
    const char *at = memmem(bytes, size, key, sizeof key - 1);
    if (!at) fail_msg("%s has no step", path);
    int step = atoi(at + sizeof key - 1);
    free(bytes);
    return step;
}

/* In the middle of training, after a checkpoint: what was done since is done again. */
static void killed_it_goes_on_from_its_last_checkpoint(void **state)
{
    (void)state;
    for (int o = 0; o < 2; o++) {
        char steps[40];
        assert_status(sandbox_shell("rm -rf dead alive"), 0);
        const sandbox_result *r =
            train("exec 2>said;", o, "dead",
                  "--steps 1000000 --run.checkpoint_seconds 0.02 & p=$!\n"
                  "until [ -e dead/checkpoint.safetensors ] || ! kill -0 $p; do sleep 0.02; done\n"
                  "kill -9 $p; wait $p; echo $?");
        assert_string_equal(r->out, "137\n");
        int step = step_of("dead");
        assert_true(step > 0 && step < 1000000);
        snprintf(steps, sizeof steps, "--steps %d", step + 5);
        assert_status(train("", o, "dead", steps), 0);
        assert_status(train("", o, "alive", steps), 0);
        assert_same_run("alive", "dead");
        assert_says(sandbox_shell("$H replay dead")->out, "the same bits");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lines_have_every_kind),
        cmocka_unit_test(threads_and_stops_do_not_matter),
        cmocka_unit_test(killed_it_goes_on_from_its_last_checkpoint),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
