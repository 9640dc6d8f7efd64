/* The command line as a script sees it: what comes out where, and the exit code. */
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "heavytail/params.h"
#include "data/png.h"
#include "sandbox.h"

#include "data/npy.h"
#include "nn/noise.h"
#include "view/keymap.h"

/* ---- JSON -------------------------------------------------------------------------------------- */

/* The value at "a/b"; fails the test when there is none. */
static json_t *at(json_t *root, const char *path)
{
    char copy[128], *rest = copy;
    ht_text_copy(copy, sizeof copy, path);
    json_t *value = root;
    for (char *word; value && (word = strsep(&rest, "/"));) value = json_object_get(value, word);
    if (!value) fail_msg("no %s", path);
    return value;
}

static double number_at(json_t *root, const char *path)
{
    if (!json_is_number(at(root, path))) fail_msg("%s is no number", path);
    return json_number_value(at(root, path));
}

static void assert_keys(json_t *object, const char *path, const char *const names[])
{
    size_t count = 0;
    json_t *value = *path ? at(object, path) : object;
    for (; names[count]; count++)
        if (!json_object_get(value, names[count])) fail_msg("no %s in '%s'", names[count], path);
    assert_int_equal(json_object_size(value), count);
}
#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_fraction(json_t *root, const char *path)
{
    double value = number_at(root, path);
    if (!(value >= 0 && value <= 1)) fail_msg("%s is %g", path, value);
}

/* Runs, demands exit code 0, parses. The caller drops the reference. */
#define RUN_JSON(...) run_json((const char *const[]){__VA_ARGS__, "--json", NULL})
static json_t *run_json(const char *const args[])
{
    const sandbox_result *r = sandbox_run(args);
    assert_status(r, 0);
    return sandbox_json_of(r->out);
}

/* ---- telling ----------------------------------------------------------------------------------- */

static void version_names_program_and_kernels(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("--version");
    assert_status(r, 0);
    assert_memory_equal(r->out, "heavytail ", 10);
    assert_says(r->out, "OpenBLAS");
    assert_says(r->out, "threads");
    assert_string_equal(r->err, "");
}

/* OpenBLAS is told of its threads before it is loaded, by a second start: with the same arguments and output,
 * as the same process. */
static void a_second_start_changes_nothing(void **state)
{
    (void)state;
    const sandbox_result *r = sandbox_shell("OPENBLAS_NUM_THREADS=1 $H --version > one; "
                                            "unset OPENBLAS_NUM_THREADS; $H --version > two; cmp one two");
    assert_status(r, 0);
    r = sandbox_shell(
        "unset OPENBLAS_NUM_THREADS; $H train --steps 100000000 --set model.width=20 --json --quiet "
        "--run 'a b' & p=$!; until [ -e 'a b/metrics.csv' ] && [ $(wc -l <'a b/metrics.csv') -gt 3 ]; do "
        "sleep 0.05; done; kill -INT $p; "
        "wait $p");
    assert_status(r, 0);
    json_t *root = sandbox_json_of(r->out);
    assert_string_equal(json_string_value(at(root, "status")), "stopped");
    json_decref(root);
}

static void help_covers_every_topic(void **state)
{
    static const char *const topics[] = {"lab", "train", "snapshot", "data", "presets", "help"};
    char long_form[16384];
    size_t keys;
    (void)state;
    const sandbox_result *r = RUN("help");
    assert_status(r, 0);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) assert_says(r->out, topics[i]);
    ht_text_copy(long_form, sizeof long_form, r->out);
    r = RUN("--help");
    assert_status(r, 0);
    assert_string_equal(r->out, long_form);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        r = RUN("help", topics[i]);
        assert_status(r, 0);
        assert_says(r->out, topics[i]);
        ht_text_copy(long_form, sizeof long_form, r->out);
        r = RUN(topics[i], "--help");
        assert_status(r, 0);
        assert_string_equal(r->out, long_form);
    }
    r = RUN("help", "params");
    assert_status(r, 0);
    for (int p = 0; p < HT_P_COUNT; p++) assert_says(r->out, ht_param_at(p)->key);
    r = RUN("help", "keys");
    assert_status(r, 0);
    const ht_key_info *table = ht_keymap(&keys);
    for (size_t i = 0; i < keys; i++) assert_says(r->out, table[i].help);
    r = RUN("help", "nonsense");
    assert_status(r, 2);
    assert_says(r->err, "params");
}

static void presets_are_listed_and_shown(void **state)
{
    static const char *const names[] = {"ecg-demo", "ecg5000",     "ecg5000-noisy",
                                        "mnist",    "mnist-noisy", "digits-demo"};
    (void)state;
    const sandbox_result *r = RUN("presets");
    assert_status(r, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) assert_says(r->out, names[i]);
    r = RUN("presets", "ecg5000");
    assert_status(r, 0);
    assert_says(r->out, "[noise]");
    assert_says(r->out, "stop_accuracy = 0.95");
    r = RUN("presets", "ecg500");
    assert_status(r, 2);
    assert_says(r->err, "'ecg5000'");
}

static void data_sets_are_listed_and_described(void **state)
{
    static const char *const names[] = {
        "ecg-synth", "digits-synth", "pictures-synth", "teacher", "mnist", "ecg5000",
        "ecg5000-5", "cifar10",      "csv:",           "npy:",    "ucr:"};
    (void)state;
    const sandbox_result *r = RUN("data", "list");
    assert_status(r, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) assert_says(r->out, names[i]);
    r = RUN("data", "info", "ecg-synth");
    assert_status(r, 0);
    assert_says(r->out, "140");
    assert_says(r->out, "500 samples");
    assert_says(r->out, "4 500 samples");
    r = RUN("data", "info", "digits-synth");
    assert_status(r, 0);
    assert_says(r->out, "784");
    assert_says(r->out, "shape    1 × 28 × 28 (channels × height × width)");
    assert_says(r->out, "10 000 samples");
    r = RUN("data", "info", "teacher");
    assert_status(r, 0);
    assert_says(r->out, "64");
    r = RUN("data", "inof", "teacher");
    assert_status(r, 2);
    r = RUN("data", "info", "no-such-set");
    assert_true(r->status == 1 || r->status == 2);
    assert_says(r->err, "no-such-set");
}

/* ---- training ---------------------------------------------------------------------------------- */

static void assert_params(json_t *params)
{
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        json_t *value = json_object_get(params, info->key);
        bool typed = info->type == HT_TYPE_INT    ? json_is_integer(value)
                     : info->type == HT_TYPE_REAL ? json_is_real(value)
                     : info->type == HT_TYPE_BOOL ? json_is_boolean(value)
                                                  : json_is_string(value);
        if (!typed) fail_msg("params.%s is missing or of the wrong type", info->key);
    }
    assert_int_equal(json_object_size(params), HT_P_COUNT);
}

static void train_json_holds_what_the_contract_names(void **state)
{
    (void)state;
    json_t *root = RUN_JSON("train", "--steps", "20", "--set", "model.width=300");
    assert_keys(root, "",
                KEYS("schema", "preset", "params", "status", "steps", "train", "test", "tail", "prune",
                     "methods", "time", "blas"));
    assert_int_equal(json_integer_value(at(root, "schema")), 1);
    assert_string_equal(json_string_value(at(root, "preset")), "ecg-demo");
    assert_string_equal(json_string_value(at(root, "status")), "done");
    assert_int_equal(json_integer_value(at(root, "steps")), 20);
    assert_params(at(root, "params"));
    assert_int_equal(json_integer_value(json_object_get(at(root, "params"), "model.width")), 300);
    assert_int_equal(json_integer_value(json_object_get(at(root, "params"), "train.steps")), 20);
    assert_keys(root, "train", KEYS("loss", "accuracy"));
    assert_keys(root, "test", KEYS("loss", "accuracy"));
    assert_keys(root, "prune", KEYS("method", "error", "ratio", "train_accuracy", "test_accuracy"));
    assert_keys(root, "time", KEYS("seconds", "steps_per_second"));
    assert_keys(root, "blas", KEYS("library", "core", "threads"));
    static const char *const fractions[] = {"train/accuracy", "test/accuracy",        "prune/error",
                                            "prune/ratio",    "prune/train_accuracy", "prune/test_accuracy"};
    for (size_t i = 0; i < sizeof fractions / sizeof fractions[0]; i++) assert_fraction(root, fractions[i]);
    assert_true(number_at(root, "train/loss") > 0 && number_at(root, "test/loss") > 0);
    assert_true(number_at(root, "tail/mmo") > 0 && number_at(root, "tail/hill") > 0);
    assert_true(number_at(root, "time/seconds") > 0 && number_at(root, "time/steps_per_second") > 0);
    assert_string_equal(json_string_value(at(root, "prune/method")), "node");
    assert_true(json_is_string(at(root, "blas/library")) && json_is_string(at(root, "blas/core")));
    assert_true(json_is_integer(at(root, "blas/threads")));
    json_decref(root);
}

static void results_go_to_stdout_and_messages_to_stderr(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--steps", "10", "--set", "model.width=100", "--json");
    assert_status(r, 0);
    json_decref(sandbox_json_of(r->out)); /* all of it is the object */
    assert_says(r->err, "10 steps");
    assert_null(strchr(r->err, '\r')); /* a progress bar is for terminals */
    r = RUN("train", "--steps", "10", "--set", "model.width=100", "--quiet");
    assert_status(r, 0);
    assert_string_equal(r->err, "");
    assert_says(r->out, "accuracy");
    assert_says(r->out, "κ");
}

/* The numbers in words are those of the JSON of the same run, and what is offered next can be done. */
static void the_summary_says_in_words_what_json_says(void **state)
{
    (void)state;
    char line[200];
    const sandbox_result *r =
        RUN("train", "--steps", "30", "--set", "model.width=300", "--run", "my run", "--quiet");
    assert_status(r, 0);
    char *said = strdup(r->out);
    json_t *root = RUN_JSON("train", "--steps", "30", "--run", "my run");
    snprintf(line, sizeof line,
             "accuracy      %.4f of the 4 500 test samples are classified right, %.4f of the training",
             number_at(root, "test/accuracy"), number_at(root, "train/accuracy"));
    assert_says(said, line);
    snprintf(line, sizeof line, "loss          %.4f on test samples, %.4f on training samples",
             number_at(root, "test/loss"), number_at(root, "train/loss"));
    assert_says(said, line);
    snprintf(line, sizeof line, "κ             %.3f: %.0f of 300 neurons can go before the relative error ε²",
             number_at(root, "prune/ratio"), 300 * number_at(root, "prune/ratio"));
    assert_says(said, line);
    snprintf(line, sizeof line, "pruned so, %.4f of the test samples",
             number_at(root, "prune/test_accuracy"));
    assert_says(said, line);
    snprintf(line, sizeof line, "%.3f ± ", number_at(root, "tail/mmo"));
    assert_says(said, line);
    assert_says(said, "ecg-demo: done after 30 steps");
    assert_says(said, "± one standard error");
    assert_says(said, "kept in       my run: settings, journal, metrics, checkpoint");
    json_decref(root);
    /* The commands are run as they are printed. */
    static const char *const next[] = {"heavytail prune ", "heavytail tail "};
    for (size_t i = 0; i < sizeof next / sizeof next[0]; i++) {
        const char *command = strstr(said, next[i]);
        if (!command) fail_msg("%s is not in: %s", next[i], said);
        snprintf(line, sizeof line, "$H %.*s", (int)strcspn(command + 10, ",\n"), command + 10);
        assert_status(sandbox_shell(line), 0);
    }
    free(said);
    assert_says(RUN("train", "--steps", "3", "--set", "model.width=30", "--quiet")->out,
                "kept in       nothing: --run DIR keeps a run");
}

static void training_ends_at_the_wanted_accuracy(void **state)
{
    (void)state;
    json_t *root = RUN_JSON("train", "--noise.type", "none", "--until-accuracy", "0.9", "--steps", "2000");
    assert_string_equal(json_string_value(at(root, "status")), "converged");
    assert_true(number_at(root, "train/accuracy") >= 0.9);
    assert_true(number_at(root, "steps") < 2000);
    json_decref(root);
}

static void a_diverged_run_says_so_in_json_and_exit_code(void **state)
{
    (void)state;
    const sandbox_result *r =
        RUN("train", "--set", "train.lr=100", "--set", "noise.type=none", "--set", "train.momentum=0.9",
            "--set", "train.weight_decay=0.5", "--steps", "300", "--json");
    assert_status(r, 3);
    json_t *root = sandbox_json_of(r->out);
    assert_string_equal(json_string_value(at(root, "status")), "diverged");
    assert_true(number_at(root, "steps") < 300);
    /* The last finite weights are enormous: their loss is not a number any more. */
    assert_true(json_is_null(at(root, "train/loss")) || json_is_real(at(root, "train/loss")));
    assert_fraction(root, "train/accuracy");
    assert_fraction(root, "prune/ratio");
    json_decref(root);
    assert_says(r->err, "diverged at step");
    assert_null(strstr(r->err, "nan")); /* libc's "-nan" is no word for people */
    r = RUN("train", "--set", "train.lr=100", "--set", "noise.type=none", "--set", "train.momentum=0.9",
            "--set", "train.weight_decay=0.5", "--steps", "300");
    assert_status(r, 3);
    assert_says(r->out, "diverged");
}

/* The JSON without what the clock decides. */
static char *without_time(const char *text)
{
    json_t *root = sandbox_json_of(text);
    json_object_del(root, "time");
    char *plain = json_dumps(root, JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    json_decref(root);
    return plain;
}

static void the_same_seed_gives_the_same_result(void **state)
{
    (void)state;
    static const char *const args[] = {"train", "--steps", "30", "--model.width", "600", "--train.seed",
                                       "7",     "--json",  NULL};
    char *a = without_time(sandbox_run(args)->out), *b = without_time(sandbox_run(args)->out);
    assert_string_equal(a, b);
    char *c = without_time(
        RUN("train", "--steps", "30", "--model.width", "600", "--train.seed", "8", "--json")->out);
    assert_string_not_equal(a, c);
    free(a);
    free(b);
    free(c);
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    for (const char *n = "13"; *n; n++) {
        char script[200];
        snprintf(script, sizeof script,
                 "HEAVYTAIL_THREADS=%c $H train --steps 30 --set model.width=1500 --run threads%c --quiet",
                 *n, *n);
        assert_status(sandbox_shell(script), 0);
    }
    assert_true(sandbox_same_file("threads1/metrics.csv", "threads3/metrics.csv"));
    assert_true(sandbox_same_file("threads1/checkpoint.safetensors", "threads3/checkpoint.safetensors"));
}

static void a_picture_and_a_file_are_presets(void **state)
{
    (void)state;
    sandbox_write("mine.ini", "[model]\nwidth = 123\n");
    json_t *root = RUN_JSON("train", "--preset", "mine.ini", "--steps", "2");
    assert_int_equal(json_integer_value(json_object_get(at(root, "params"), "model.width")), 123);
    assert_string_equal(json_string_value(at(root, "preset")), "mine.ini");
    json_decref(root);
    sandbox_write("bad.ini", "[model]\nwidth = 12\n\n[noise]\nalhpa = 1.5\n");
    const sandbox_result *r = RUN("train", "--preset", "bad.ini", "--steps", "2");
    assert_status(r, 2);
    assert_says(r->err, "bad.ini:5");
    assert_says(r->err, "noise.alpha");
    sandbox_write("bad.ini", "[noise]\nalpha = 2.5\n");
    r = RUN("train", "--preset", "bad.ini", "--steps", "2");
    assert_status(r, 2);
    assert_says(r->err, "bad.ini:2");
    assert_says(r->err, "from 0.3 to 2");
    sandbox_write("bad.png", "no picture at all");
    r = RUN("train", "--preset", "bad.png", "--steps", "2");
    assert_status(r, 2);
    assert_says(r->err, "bad.png");
    assert_status(RUN("train", "--preset", "absent.ini"), 2);
}

/* ---- wrong usage ------------------------------------------------------------------------------- */

static void wrong_usage_exits_2_and_names_the_nearest(void **state)
{
    static const struct {
        const char *args[6];
        const char *says[2];
    } cases[] = {
        {{"trian"}, {"'trian'", "'train'"}},
        {{"snapshoot"}, {"'snapshoot'", "'snapshot'"}},
        {{"train", "--quite"}, {"--quite", "'--quiet'"}},
        {{"train", "--stpes", "3"}, {"--stpes", "'--steps'"}},
        {{"--pirset", "ecg-demo"}, {"--pirset", "'--preset'"}},
        {{"train", "--alpa", "1.5"}, {"--alpa", "'--noise.alpha'"}},
        {{"train", "--noise.alpa", "1.5"}, {"--noise.alpa", "'--noise.alpha'"}},
        {{"--wdith", "100"}, {"--wdith", "'--model.width'"}},
        {{"train", "--steps"}, {"--steps", "value"}},
        {{"train", "--steps", "many"}, {"train.steps", "many"}},
        {{"train", "--steps", "-3"}, {"train.steps", "-3"}},
        {{"train", "--steps", "0"}, {"--steps 0", "at least 1"}},
        {{"train", "--until-accuracy", "95"}, {"train.stop_accuracy", "from 0 to 1"}},
        {{"train", "--set", "noise.alpa=1.5"}, {"noise.alpa", "'noise.alpha'"}},
        {{"train", "--set", "alpha=1.5"}, {"alpha", "'noise.alpha'"}},
        {{"train", "--set", "noise.alpha=2.5"}, {"2.5", "from 0.3 to 2"}},
        {{"train", "--set", "noise.alpha=nan"}, {"nan", "from 0.3 to 2"}},
        {{"train", "--set", "noise.alpha"}, {"noise.alpha", "key=value"}},
        {{"train", "--set", "noise.type=idd"}, {"idd", "iid"}},
        {{"train", "--set", "model.width=1.5"}, {"1.5", "whole number"}},
        {{"train", "--set", "model.mean_field=perhaps"}, {"perhaps", "true or false"}},
        {{"train", "--noise.alpha", "3"}, {"noise.alpha", "from 0.3 to 2"}},
        {{"train", "--preset", "ecg-dmeo"}, {"ecg-dmeo", "'ecg-demo'"}},
        {{"train", "extra"}, {"extra", "--set"}},
        {{"snapshot", "run"}, {"--out", "snapshot"}},
        {{"data", "nonsense"}, {"list", "info"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sandbox_result *r = sandbox_run(cases[i].args);
        assert_status(r, 2);
        for (int k = 0; k < 2; k++) assert_says(r->err, cases[i].says[k]);
        assert_string_equal(r->out, "");
        assert_memory_equal(r->err, "heavytail: ", 11);
        assert_int_equal(strchr(r->err, '\n') - r->err, (long)r->err_size - 1); /* one line */
    }
}

static void escape_sequences_in_arguments_are_shown_not_sent(void **state)
{
    static const char *const cases[][4] = {
        {"\033[31mtrain"},
        {"train", "--\033]0;gotcha\a"},
        {"train", "\033[2J"},
        {"train", "--preset", "\033[31m"},
        {"train", "--preset", "\033[31m/x.ini"},
        {"train", "--set", "a\033[31m=3"},
        {"train", "--set", "noise.alpha=\033[31m"},
        {"train", "--set", "data.name=x\033[31m"},
        {"help", "\033[31m"},
        {"\033[31m", "--help"},
        {"data", "info", "\033[31m"},
        {"presets", "\033[31m"},
        {"snapshot", "\033[31m", "--out", "x.png"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *args[5] = {cases[i][0], cases[i][1], cases[i][2], cases[i][3], NULL};
        const sandbox_result *r = sandbox_run(args);
        assert_true(r->status == 1 || r->status == 2);
        for (const char *p = r->err; *p; p++)
            if ((unsigned char)*p < ' ' && *p != '\n') fail_msg("case %zu sends byte %d: %s", i, *p, r->err);
    }
    /* Long and strange words end in a message too. */
    char *word = calloc(1, 100001);
    memset(word, 'x', 100000);
    assert_status(RUN(word), 2);
    assert_status(RUN("train", "--set", word), 2);
    assert_status(RUN("train", "--preset", word), 2);
    memcpy(word, "--", 2);
    assert_status(RUN("train", word), 2);
    free(word);
    assert_status(RUN("train", "--set", "\xff\xfe=\xff"), 2);
    assert_status(RUN(""), 2);
}

static void missing_data_is_explained(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--preset", "mnist");
    assert_status(r, 1);
    assert_says(r->err, "train-images-idx3-ubyte");
    assert_says(r->err, "/heavytail"); /* where it looked */
    assert_says(r->err, "HEAVYTAIL_DATA");
    r = RUN("train", "--preset", "ecg5000", "--data-dir", "/nonexistent");
    assert_status(r, 1);
    assert_says(r->err, "ECG5000_TRAIN");
    assert_says(r->err, "/nonexistent");
    r = RUN("data", "info", "ecg5000");
    assert_status(r, 1);
    assert_says(r->err, "HEAVYTAIL_DATA");
}

/* ---- standard output that does not take what is written ---------------------------------------- */

static void a_full_disk_is_an_error(void **state)
{
    static const char *const commands[] = {"train --steps 3 --json",
                                           "train --steps 3",
                                           "--version",
                                           "help",
                                           "help params",
                                           "help keys",
                                           "presets",
                                           "presets ecg5000",
                                           "data list",
                                           "data info teacher"};
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char script[128];
        snprintf(script, sizeof script, "$H %s > /dev/full", commands[i]);
        const sandbox_result *r = sandbox_shell(script);
        if (r->status != 1) fail_msg("'%s' > /dev/full exits %d", commands[i], r->status);
        assert_says(r->err, "standard output");
    }
}

static void closed_standard_streams_are_survived(void **state)
{
    (void)state;
    const sandbox_result *r = sandbox_shell("$H train --steps 3 --json --run closed >&-");
    assert_status(r, 1);
    assert_says(r->err, "standard output");
    assert_status(RUN("train", "--steps", "4", "--run", "closed", "--quiet"),
                  0); /* nothing was written into it */
    assert_status(sandbox_shell("$H train --steps 3 --quiet --run closed2 <&- 2>&-"), 0);
    assert_status(sandbox_shell("$H presets >&- 2>&-"), 1);
    assert_status(sandbox_shell("$H <&- >&- 2>&-"), 1);
}

static void interrupted_training_reports_what_it_has(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char script[300];
        snprintf(script, sizeof script,
                 "$H train --steps 100000000 --json --quiet --run stop%d & p=$!\n"
                 "until [ -e stop%d/metrics.csv ] && [ $(wc -l <stop%d/metrics.csv) -gt 3 ]; do "
                 "sleep 0.05; done\nkill -%d $p; wait $p",
                 i, i, i, signals[i]);
        const sandbox_result *r = sandbox_shell(script);
        assert_status(r, 0);
        json_t *root = sandbox_json_of(r->out);
        assert_string_equal(json_string_value(at(root, "status")), "stopped");
        assert_true(number_at(root, "steps") > 0);
        json_decref(root);
        char checkpoint[64];
        snprintf(checkpoint, sizeof checkpoint, "stop%d/checkpoint.safetensors", i);
        assert_true(sandbox_exists(checkpoint));
    }
}

/* Of the programs that have ended. */
static double processor_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* The report of a wide network takes long; by then the run is saved, and a signal ends it soon. */
static void a_report_can_be_left(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char script[500];
        snprintf(script, sizeof script,
                 "set -m\n$H train --steps 1 --set data.name=digits-synth --set model.width=40000 --set "
                 "train.batch=20 --json --quiet --run left%d & p=$!\n"
                 "until [ -e left%d/checkpoint.safetensors ]; do sleep 0.02; done; sleep 0.5\n"
                 "kill -%d $p; wait $p",
                 i, i, signals[i]);
        double used = processor_seconds();
        const sandbox_result *r = sandbox_shell(script);
        assert_status(r, 0);
        assert_string_equal(r->out, "");
        assert_says(r->err, "heavytail: the run is saved; its report was left out\n");
        if (!SANITIZED) assert_true(processor_seconds() - used < 8);
        char *journal, name[40];
        snprintf(name, sizeof name, "left%d/journal.jsonl", i);
        journal = sandbox_read(name, NULL);
        assert_says(journal, "\"event\":\"checkpoint\"");
        free(journal);
    }
}

/* ---- run directories --------------------------------------------------------------------------- */

static void a_run_directory_holds_a_run(void **state)
{
    size_t size;
    (void)state;
    assert_status(RUN("train", "--steps", "40", "--set", "model.width=200", "--run", "deep/run", "--quiet"),
                  0);
    char *preset = sandbox_read("deep/run/preset.ini", NULL);
    assert_says(preset, "width = 200");
    assert_says(preset, "steps = 40");
    char *journal = sandbox_read("deep/run/journal.jsonl", NULL);
    char *rest = journal;
    int lines = 0;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line) {
            json_t *event = sandbox_json_of(line);
            assert_true(json_is_string(json_object_get(event, "event")));
            assert_true(json_is_integer(json_object_get(event, "step")));
            json_decref(event);
            lines++;
        }
    assert_true(lines >= 1);
    char *metrics = sandbox_read("deep/run/metrics.csv", NULL);
    lines = 0;
    for (char *p = metrics; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 1 + 40 / 10); /* a heading, a row every train.eval_every steps */
    assert_memory_equal(metrics, "step,epoch,loss,", 16);
    char *weights = sandbox_read("deep/run/checkpoint.safetensors", &size);
    assert_true(size > 200 * 140 * 4 && memmem(weights, 4096, "layers.0.weight", 15));
    free(preset);
    free(journal);
    free(metrics);
    free(weights);
    /* As a preset the run's settings make the same run again. */
    assert_status(RUN("train", "--preset", "deep/run/preset.ini", "--run", "again", "--quiet"), 0);
    assert_true(sandbox_same_file("deep/run/checkpoint.safetensors", "again/checkpoint.safetensors"));
    assert_true(sandbox_same_file("deep/run/metrics.csv", "again/metrics.csv"));
}

static void a_resumed_run_is_the_uninterrupted_one(void **state)
{
    /* Momentum and a batch that does not divide the data: more state than the weights. */
#define EXTRA "--model.width", "600", "--train.momentum", "0.9", "--train.batch", "70", "--quiet"
    (void)state;
    assert_status(RUN("train", "--steps", "65", "--run", "whole", EXTRA), 0);
    assert_status(RUN("train", "--steps", "23", "--run", "parts", EXTRA), 0);
    assert_status(RUN("train", "--steps", "40", "--run", "parts", "--quiet"), 0);
    const sandbox_result *r = RUN("train", "--steps", "65", "--run", "parts", "--json");
    assert_status(r, 0);
    assert_says(r->err, "25 steps"); /* not 65 again */
    json_t *root = sandbox_json_of(r->out);
    assert_int_equal(json_integer_value(at(root, "steps")), 65);
    /* The rate is that of the steps made now. */
    double seconds = number_at(root, "time/seconds"), rate = number_at(root, "time/steps_per_second");
    assert_true(fabs(rate * seconds - 25) < 0.1);
    json_decref(root);
    assert_true(sandbox_same_file("whole/checkpoint.safetensors", "parts/checkpoint.safetensors"));
}

static void a_resumed_run_refuses_another_network(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "5", "--set", "model.width=100", "--run", "fixed", "--quiet"), 0);
    char *before = sandbox_read("fixed/preset.ini", NULL);
    const sandbox_result *r = RUN("train", "--steps", "9", "--set", "model.width=101", "--run", "fixed");
    assert_status(r, 2);
    assert_says(r->err, "model.width");
    assert_says(r->err, "100");
    assert_says(r->err, "fixed");
    r = RUN("train", "--steps", "9", "--preset", "digits-demo", "--run", "fixed");
    assert_status(r, 2);
    char *after = sandbox_read("fixed/preset.ini", NULL);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_status(RUN("train", "--steps", "9", "--set", "noise.alpha=1.5", "--run", "fixed", "--quiet"), 0);
}

static void a_run_directory_in_use_is_refused(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "2", "--set", "model.width=100", "--run", "busy", "--quiet"), 0);
    int fd = open("busy", O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    const sandbox_result *r = RUN("train", "--steps", "9", "--run", "busy");
    close(fd);
    assert_status(r, 1);
    assert_says(r->err, "busy: ");
    assert_says(r->err, "in use");
    r = RUN("train", "--steps", "2", "--run", "/proc/no/such");
    assert_status(r, 1);
    assert_says(r->err, "/proc/no");
    sandbox_write("plain-file", "x");
    r = RUN("train", "--steps", "2", "--run", "plain-file");
    assert_status(r, 1);
    assert_says(r->err, "plain-file");
}

static void a_damaged_checkpoint_is_one_clear_error(void **state)
{
    (void)state;
    assert_status(RUN("train", "--steps", "2", "--set", "model.width=100", "--run", "hurt", "--quiet"), 0);
    assert_int_equal(truncate("hurt/checkpoint.safetensors", 1000), 0);
    const sandbox_result *r = RUN("train", "--steps", "9", "--run", "hurt");
    assert_status(r, 1);
    assert_says(r->err, "checkpoint.safetensors");
    sandbox_write("hurt/preset.ini", "[model]\nwidth = lots\n");
    r = RUN("train", "--steps", "9", "--run", "hurt");
    assert_status(r, 2);
    assert_says(r->err, "preset.ini:2");
}

/* ---- snapshots --------------------------------------------------------------------------------- */

static void make_run(const char *name)
{
    if (sandbox_exists(name)) return;
    assert_status(RUN("train", "--steps", "60", "--set", "model.width=300", "--set", "data.test_limit=500",
                      "--run", name, "--quiet"),
                  0);
}

static void a_snapshot_is_a_picture_that_reopens(void **state)
{
    ht_png png;
    ht_error err;
    (void)state;
    make_run("run");
    assert_status(RUN("snapshot", "run", "--out", "F.png", "--size", "800x500"), 0);
    assert_int_equal(ht_png_read("F.png", 1, &png, &err), HT_OK);
    assert_int_equal(png.width, 800);
    assert_int_equal(png.height, 500);
    const char *preset = ht_png_find(&png, "heavytail:preset"), *step = ht_png_find(&png, "heavytail:step");
    assert_non_null(preset);
    assert_non_null(step);
    assert_says(preset, "width = 300");
    assert_string_equal(step, "60");
    assert_non_null(ht_png_find(&png, "Software"));
    ht_png_free(&png);
    sandbox_assert_ink("F.png", 800, 500);
    json_t *root = RUN_JSON("train", "--preset", "./F.png", "--steps", "60");
    assert_int_equal(json_integer_value(json_object_get(at(root, "params"), "model.width")), 300);
    json_decref(root);
}

static void every_panel_and_theme_can_be_drawn(void **state)
{
    static const char *const panels[] = {"loss", "weights", "accuracy", "norms",
                                         "tail", "pruning", "controls", "now"};
    static const char *const themes[] = {"dark", "light", "mono"};
    (void)state;
    make_run("run");
    for (size_t i = 0; i < sizeof panels / sizeof panels[0]; i++) {
        assert_status(RUN("snapshot", "run", "--out", "panel.png", "--panel", panels[i], "--size", "640x400"),
                      0);
        sandbox_assert_ink("panel.png", 640, 400);
    }
    for (size_t i = 0; i < sizeof themes / sizeof themes[0]; i++) {
        assert_status(RUN("snapshot", "run", "--out", "theme.png", "--theme", themes[i]), 0);
        sandbox_assert_ink("theme.png", 800, 500);
    }
}

/* A training that nobody could keep does not begin. */
static void what_cannot_be_written_is_told_before_the_training(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--steps", "1000000", "--out", "absent/net.safetensors");
    assert_status(r, 1);
    assert_says(r->err, "there is no directory absent");
    r = RUN("compare", "--png", "absent/c.png", "--steps", "1000000");
    assert_status(r, 1);
    assert_says(r->err, "--png absent/c.png");
}

static void wrong_snapshots_are_refused(void **state)
{
    (void)state;
    make_run("run");
    const sandbox_result *r = RUN("snapshot", "run", "--out", "no.png", "--panel", "los");
    assert_status(r, 2);
    assert_says(r->err, "did you mean 'loss'");
    assert_says(RUN("snapshot", "not-there", "--out", "no.png", "--panel", "foo")->err,
                "--panel foo"); /* at once */
    r = RUN("snapshot", "run", "--out", "no.png", "--theme", "drak");
    assert_status(r, 2);
    assert_says(r->err, "dark");
    static const char *const sizes[] = {"800", "800x", "1x1", "99999x99999", "800x500x3", "axb", "-800x500"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_status(RUN("snapshot", "run", "--out", "no.png", "--size", sizes[i]), 2);
    r = RUN("snapshot", "/tmp", "--out", "no.png");
    assert_status(r, 1);
    assert_says(r->err, "/tmp");
    assert_status(RUN("snapshot", "absent", "--out", "no.png"), 1);
    assert_false(sandbox_exists("absent")); /* looking does not make it */
    r = RUN("snapshot", "run", "--out", "no/such/dir.png");
    assert_status(r, 1);
    assert_says(r->err, "no/such/dir.png");
    assert_false(sandbox_exists("no.png"));
}

static void a_snapshot_leaves_the_run_as_it_was(void **state)
{
    static const char *const files[] = {"journal.jsonl", "metrics.csv", "preset.ini",
                                        "checkpoint.safetensors"};
    (void)state;
    make_run("run");
    assert_status(sandbox_shell("rm -rf copy; cp -r run copy"), 0);
    assert_status(RUN("snapshot", "run", "--out", "look.png"), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "run/%s", files[i]);
        snprintf(b, sizeof b, "copy/%s", files[i]);
        if (!sandbox_same_file(a, b)) fail_msg("snapshot changed %s", a);
    }
}

/* ---- the lab without a hand -------------------------------------------------------------------- */

static void scripts_are_played_and_the_screen_is_dumped(void **state)
{
    sandbox_write("play.txt", "# a comment\n\nstep 20\nkey Space\nwait 0.5\nkey =\ntype 1.5\nkey Enter\n"
                              "wait 0.5\nkey p\nkey Right\nwait 0.3\nkey q\n");
    vt *t = LAB(state, 120, 40, "lab", "--script", "play.txt", "--dump", "screen.txt", "--set",
                "model.width=300");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    assert_true(vt_restored(t));
    char *screen = sandbox_read("screen.txt", NULL);
    assert_says(screen, "α 1.5 ");
    assert_says(screen, "Pruning");
    assert_says(screen, "paused");
    int lines = 0;
    for (char *p = screen; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 40);
    free(screen);
}

/* The step before the reset, which the screen still shows, does not count. */
static void a_script_waits_for_the_step_after_a_reset(void **state)
{
    sandbox_write("twice.txt",
                  "step 60\nkey r\nstep 60\nkey Space\nwait 0.3\nkey R\nkey Space\nstep 40\nkey e\n"
                  "wait 0.3\nkey q\n");
    vt *t = LAB(state, 120, 40, "lab", "--script", "twice.txt", "--run", "twice", "--set", "model.width=300");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    char *journal = sandbox_read("twice/journal.jsonl", NULL);
    static const char pause[] = "{\"event\":\"paused\",\"step\":", reseed[] = "{\"event\":\"reset\",";
    const char *first = strstr(journal, reseed), *paused = first ? strstr(first, pause) : NULL;
    assert_non_null(paused);
    long step = atol(paused + sizeof pause - 1);
    assert_non_null(strstr(paused, reseed)); /* the new seed comes after the pause */
    free(journal);
    assert_true(step >= 60);
}

static void a_wrong_script_line_is_named(void **state)
{
    sandbox_write("wrong.txt", "key Space\n\nkey Sapce\n");
    vt *t = LAB(state, 120, 40, "--script", "wrong.txt");
    vt_assert(t, vt_exit(t, PATIENCE) == 2);
    vt_assert(t, vt_wait_text(t, "wrong.txt:3:", PATIENCE));
    assert_true(vt_restored(t));
    vt_teardown(state);
    t = LAB(state, 120, 40, "--script", "absent.txt");
    vt_assert(t, vt_exit(t, PATIENCE) == 1);
    vt_assert(t, vt_wait_text(t, "absent.txt", PATIENCE));
}

/* ---- real data --------------------------------------------------------------------------------- */

static const char *need_data(void)
{
    const char *data = sandbox_data();
    if (data && access(data, R_OK) == 0) return data;
    printf("skipped: ECG5000 not found (set HEAVYTAIL_DATA or put it into ../shared/data)\n");
    skip();
    return NULL;
}

/* The file holds what training adds: the same call, and a step of training itself, give the same numbers. */
static void noise_writes_what_training_adds(void **state)
{
    (void)state;
    static const char *const types[] = {"shared", "iid", "isotropic"};
    enum { ROWS = 300, COLUMNS = 77 };
    static float expected[ROWS * COLUMNS];
    static ht_noise_laws laws;
    for (int t = 0; t < 3; t++) {
        assert_status(RUN("noise", "--type", types[t], "--alpha", "1.6", "--shape", "300x77", "--seed", "12",
                          "--step", "5000000000", "--layer", "1", "--out", "n.npy"),
                      0);
        ht_npy file = {0};
        ht_error err;
        ht_noise noise = {.type = (ht_noise_type)(HT_NOISE_SHARED + t),
                          .alpha = 1.6,
                          .seed = 12,
                          .step = 5000000000u,
                          .layer = 1};
        memset(expected, 0, sizeof expected);
        ht_noise_prepare(&noise, &laws);
        ht_noise_add(&noise, expected, 0, ROWS, COLUMNS, 1);
        if (ht_npy_read("n.npy", HT_NPY_FLOAT, &file, &err) != HT_OK) fail_msg("%s", err.text);
        assert_true(file.ndim == 2 && file.shape[0] == ROWS && file.shape[1] == COLUMNS);
        assert_memory_equal(file.f32, expected, sizeof expected);
        ht_npy_free(&file);
    }
}

/* A value of --set that looks like a flag is a value all the same. */
static void a_set_that_looks_like_a_flag_is_refused(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--set", "--train.lr");
    assert_status(r, 2);
    assert_non_null(strstr(r->err, "key=value"));
    assert_status(RUN("train", "--set", "--train.lr", "--set", "train.batch=5"), 2);
}

/* A directory without preset.ini is a fresh run, unless there is a checkpoint, which may be all that is left
 * of somebody's run. */
static void a_checkpoint_without_a_preset_is_not_replaced(void **state)
{
    (void)state;
    static const char again[] = "$H train --quiet --run bare --steps 10 --model.width 50";
    assert_status(RUN("train", "--quiet", "--run", "bare", "--steps", "30", "--model.width", "50"), 0);
    assert_status(sandbox_shell("cp bare/checkpoint.safetensors kept && cp bare/journal.jsonl told && "
                                "mv bare/preset.ini preset"),
                  0);
    const sandbox_result *r = sandbox_shell(again);
    assert_status(r, 1);
    assert_says(r->err, "bare/checkpoint.safetensors: is there without a preset.ini");
    assert_true(sandbox_same_file("kept", "bare/checkpoint.safetensors"));
    assert_true(sandbox_same_file("told", "bare/journal.jsonl"));
    assert_status(sandbox_shell("mv bare/checkpoint.safetensors away"), 0);
    assert_status(sandbox_shell(again), 0);
    assert_status(sandbox_shell("grep -c '\"start\"' bare/journal.jsonl | grep -qx 1"), 0);
}

/* A link in a run directory leads nobody to write elsewhere. */
static void links_in_a_run_are_not_followed(void **state)
{
    static const char *const files[] = {"journal.jsonl", "metrics.csv", "checkpoint.safetensors",
                                        "preset.ini"};
    (void)state;
    assert_status(RUN("train", "--quiet", "--run", "linked", "--steps", "20", "--model.width", "50"), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char script[400];
        snprintf(
            script, sizeof script,
            "rm -rf l outside; cp -r linked l; mv l/%s outside; cp outside before; ln -s ../outside l/%s; "
            "$H train --quiet --run l --steps 40 >table; echo $?; cmp outside before",
            files[i], files[i]);
        const sandbox_result *r = sandbox_shell(script);
        assert_status(r, 0);
        if (i < 2) assert_says(r->err, "it is a symbolic link"); /* the others are replaced as a whole */
        assert_true(r->out[0] == (i < 2 ? '1' : '0'));
    }
}

static void wrong_noise_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][4] = {
        {"--type", "levy", "noise.type", "isotropic"},  {"--alpha", "0.2", "noise.alpha", "from 0.3 to 2"},
        {"--shape", "10", "--shape", "NEURONSxINPUTS"}, {"--seed", "-1", "--seed", "whole number"},
        {"--step", "1.5", "--step", "whole number"},    {"--layer", "256", "--layer", "255"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *shape = strcmp(bad[i][0], "--shape") == 0 ? bad[i][1] : "4x4";
        const sandbox_result *r = RUN("noise", "--shape", shape, "--out", "x.npy", bad[i][0], bad[i][1]);
        assert_status(r, 2);
        assert_non_null(strstr(r->err, bad[i][2]));
        assert_non_null(strstr(r->err, bad[i][3]));
    }
    assert_status(RUN("noise", "--shape", "4x4"), 2);
    assert_status(RUN("noise", "--shape", "4x4", "--out", "no/such/dir/x.npy"), 1);
}

static void ecg5000_reaches_its_accuracy(void **state)
{
    const char *data = need_data();
    (void)state;
    json_t *root = RUN_JSON("train", "--preset", "ecg5000", "--data-dir", data);
    assert_string_equal(json_string_value(at(root, "status")), "converged");
    double accuracy = number_at(root, "test/accuracy");
    printf("ecg5000: test accuracy %.4f after %.0f steps\n", accuracy, number_at(root, "steps"));
    assert_true(accuracy >= 0.94);
    json_decref(root);
}

static void ecg5000_without_noise_agrees_with_the_reference(void **state)
{
    const char *data = need_data();
    (void)state;
    json_t *root = RUN_JSON("train", "--preset", "ecg5000", "--data-dir", data, "--steps", "100",
                            "--until-accuracy", "0");
    double accuracy = number_at(root, "test/accuracy"), ratio = number_at(root, "prune/ratio");
    printf("ecg5000, 100 steps: test accuracy %.4f (0.970..0.978), ratio %.4f (0.112..0.116)\n", accuracy,
           ratio);
    assert_int_equal(json_integer_value(at(root, "steps")), 100);
    assert_true(accuracy >= 0.970 && accuracy <= 0.978);
    assert_true(fabs(ratio - 0.114) <= 0.002);
    json_decref(root);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void ecg5000_with_heavy_tails_is_compressible(void **state)
{
    enum { SEEDS = SANITIZED ? 3 : 9 };
    double ratio[SEEDS], change[SEEDS];
    const char *data = need_data();
    (void)state;
    for (int i = 0; i < SEEDS; i++) {
        char seed[8];
        snprintf(seed, sizeof seed, "%d", i + 1);
        json_t *root = RUN_JSON("train", "--preset", "ecg5000", "--data-dir", data, "--noise.type", "iid",
                                "--noise.alpha", "1.75", "--noise.scale", "0.1", "--until-accuracy", "0.95",
                                "--train.seed", seed);
        assert_string_equal(json_string_value(at(root, "status")), "converged");
        ratio[i] = number_at(root, "prune/ratio");
        change[i] = fabs(number_at(root, "prune/test_accuracy") - number_at(root, "test/accuracy"));
        json_decref(root);
    }
    qsort(ratio, SEEDS, sizeof ratio[0], ascending);
    qsort(change, SEEDS, sizeof change[0], ascending);
    printf("ecg5000, iid 1.75 0.1, %d seeds: median ratio %.4f (>= 0.17), median change %.4f (<= 0.01)\n",
           SEEDS, ratio[SEEDS / 2], change[SEEDS / 2]);
    assert_true(ratio[SEEDS / 2] >= 0.17);
    assert_true(change[SEEDS / 2] <= 0.01);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* e.g. '*seed*' */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_that_looks_like_a_flag_is_refused),
        cmocka_unit_test(a_checkpoint_without_a_preset_is_not_replaced),
        cmocka_unit_test(links_in_a_run_are_not_followed),
        cmocka_unit_test(noise_writes_what_training_adds),
        cmocka_unit_test(wrong_noise_is_refused),
        cmocka_unit_test(version_names_program_and_kernels),
        cmocka_unit_test(a_second_start_changes_nothing),
        cmocka_unit_test(help_covers_every_topic),
        cmocka_unit_test(presets_are_listed_and_shown),
        cmocka_unit_test(data_sets_are_listed_and_described),
        cmocka_unit_test(train_json_holds_what_the_contract_names),
        cmocka_unit_test(results_go_to_stdout_and_messages_to_stderr),
        cmocka_unit_test(the_summary_says_in_words_what_json_says),
        cmocka_unit_test(training_ends_at_the_wanted_accuracy),
        cmocka_unit_test(a_diverged_run_says_so_in_json_and_exit_code),
        cmocka_unit_test(the_same_seed_gives_the_same_result),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(a_picture_and_a_file_are_presets),
        cmocka_unit_test(wrong_usage_exits_2_and_names_the_nearest),
        cmocka_unit_test(escape_sequences_in_arguments_are_shown_not_sent),
        cmocka_unit_test(missing_data_is_explained),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(closed_standard_streams_are_survived),
        cmocka_unit_test(interrupted_training_reports_what_it_has),
        cmocka_unit_test(a_report_can_be_left),
        cmocka_unit_test(a_run_directory_holds_a_run),
        cmocka_unit_test(a_resumed_run_is_the_uninterrupted_one),
        cmocka_unit_test(a_resumed_run_refuses_another_network),
        cmocka_unit_test(a_run_directory_in_use_is_refused),
        cmocka_unit_test(a_damaged_checkpoint_is_one_clear_error),
        cmocka_unit_test(a_snapshot_is_a_picture_that_reopens),
        cmocka_unit_test(every_panel_and_theme_can_be_drawn),
        cmocka_unit_test(wrong_snapshots_are_refused),
        cmocka_unit_test(what_cannot_be_written_is_told_before_the_training),
        cmocka_unit_test(a_snapshot_leaves_the_run_as_it_was),
        cmocka_unit_test_teardown(scripts_are_played_and_the_screen_is_dumped, vt_teardown),
        cmocka_unit_test_teardown(a_script_waits_for_the_step_after_a_reset, vt_teardown),
        cmocka_unit_test_teardown(a_wrong_script_line_is_named, vt_teardown),
        cmocka_unit_test(ecg5000_reaches_its_accuracy),
        cmocka_unit_test(ecg5000_without_noise_agrees_with_the_reference),
        cmocka_unit_test(ecg5000_with_heavy_tails_is_compressible),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
