/* `heavytail watch` as a program: its lines, its messages, and whatever a training may do to its files
 * meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e/sandbox.h"

enum { ROWS = 40, COLUMNS = 30, VALUES = ROWS * COLUMNS, MODEL = VALUES * 4 + 512 };

/* ---- a program that goes on ---- */

typedef struct watcher {
    pid_t pid;
    int out;
    char text[1 << 20];
    size_t size;
} watcher;

static watcher w;

static void start(const char *path, const char *log)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    w.size = 0;
    w.pid = fork();
    assert_true(w.pid >= 0);
    if (w.pid == 0) {
        int err = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(ends[1], STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        close(ends[0]);
        execl(getenv("HT_BINARY"), "heavytail", "watch", path, "--json", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    w.out = ends[0];
    fcntl(w.out, F_SETFL, O_NONBLOCK);
}

/* Takes what was printed; waits a little for it. */
static void listen_to(int ms)
{
    struct pollfd in = {.fd = w.out, .events = POLLIN};
    if (poll(&in, 1, ms) <= 0) return;
    ssize_t n = read(w.out, w.text + w.size, sizeof w.text - w.size - 1);
    if (n > 0) w.size += (size_t)n;
    w.text[w.size] = '\0';
}

static json_t *next_line(void)
{
    for (double until = sandbox_seconds() + PATIENCE / 1000; sandbox_seconds() < until; listen_to(100)) {
        char *end = memchr(w.text, '\n', w.size);
        if (!end) continue;
        json_error_t why;
        json_t *line = json_loadb(w.text, (size_t)(end - w.text), 0, &why);
        if (!line) fail_msg("no JSON: %.*s", (int)(end - w.text), w.text);
        w.size -= (size_t)(end + 1 - w.text);
        memmove(w.text, end + 1, w.size + 1);
        return line;
    }
    fail_msg("nothing is printed");
    return NULL;
}

static void stop(void)
{
    int status;
    kill(w.pid, SIGTERM);
    assert_int_equal(waitpid(w.pid, &status, 0), w.pid);
    close(w.out);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("it ended with status %x", (unsigned)status);
}

/* ---- models: every weight is the step ---- */

static size_t model(char *bytes, int step)
{
    char header[400];
    int length = snprintf(header, sizeof header,
                          "{\"__metadata__\":{\"step\":\"%d\"},\"w\":{\"dtype\":\"F32\",\"shape\":[%d,%d],"
                          "\"data_offsets\":[0,%d]}}",
                          step, ROWS, COLUMNS, VALUES * 4);
    for (int i = 0; i < 8; i++) bytes[i] = (char)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, (size_t)length);
    for (int i = 0; i < VALUES; i++) memcpy(bytes + 8 + length + 4 * i, &(float){(float)step}, 4);
    return 8 + (size_t)length + VALUES * 4;
}

static void write_in(const char *path, const char *bytes, size_t size, size_t piece)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return; /* its directory is away */
    for (size_t done = 0; done < size; done += piece) {
        size_t n = size - done < piece ? size - done : piece;
        if (write(fd, bytes + done, n) != (ssize_t)n) fail_msg("%s cannot be written", path);
    }
    close(fd);
}

static void replace(const char *path, int step)
{
    static char bytes[MODEL];
    write_in("aside", bytes, model(bytes, step), MODEL);
    assert_int_equal(rename("aside", path), 0);
}

/* No line may mix two states. */
static double check(json_t *line)
{
    double step = json_number_value(json_object_get(line, "step"));
    const json_t *layer = json_array_get(json_object_get(line, "layers"), 0);
    double norm = json_number_value(json_object_get(layer, "norm")), wanted = step * sqrt(VALUES);
    if (!(fabs(norm - wanted) <= 1e-5 * wanted))
        fail_msg("step %g with the norm %g, not %g", step, norm, wanted);
    assert_int_equal(json_integer_value(json_object_get(layer, "zeros")), step == 0 ? VALUES : 0);
    json_decref(line);
    return step;
}

/* What is done to the file at step i. */
static void disturb(int i)
{
    static char bytes[MODEL];
    size_t size = model(bytes, i);
    switch (i % 6) {
    case 0:
        replace("run/model.safetensors", i);
        break;
    case 1:
        write_in("run/model.safetensors", bytes, size, 700);
        break;
    case 2:
        unlink("run/model.safetensors");
        break;
    case 3:
        write_in("run/model.safetensors", bytes, size / 2, 500);
        break;
    case 4:
        if (truncate("run/model.safetensors", 100) != 0) fail_msg("it cannot be cut");
        break;
    default:
        rename("run", "away");
        if (i % 4 == 1) usleep(1000);
        rename("away", "run");
        replace("run/model.safetensors", i);
    }
}

static void a_thousand_faults_are_survived(void **state)
{
    (void)state;
    mkdir("run", 0700);
    replace("run/model.safetensors", 1);
    start("run", "log");
    assert_true(check(next_line()) == 1);
    for (int i = 2; i < 1000; i++) {
        disturb(i);
        listen_to(0);
        while (i % 120 == 0 && check(next_line()) != i) continue; /* now and then there is time for a look */
    }
    replace("run/model.safetensors", 1000);
    while (check(next_line()) != 1000) continue;
    stop();
    char *log = sandbox_read("log", NULL);
    if (strstr(log, "ERROR") || strstr(log, "runtime error")) fail_msg("%.2000s", log);
    free(log);
}

/* Names come and go with their directory: all that is left counts. */
static void a_directory_that_is_removed_and_made_again_is_followed(void **state)
{
    (void)state;
    mkdir("comes", 0700);
    replace("comes/step-00000001.safetensors", 1);
    start("comes", "log");
    assert_true(check(next_line()) == 1);
    for (int i = 2; i < 6; i++) {
        char name[60];
        unlink("comes/step-00000001.safetensors");
        sprintf(name, "comes/step-%08d.safetensors", i - 1);
        unlink(name);
        assert_int_equal(rmdir("comes"), 0);
        if (i % 2) usleep(300000);
        mkdir("comes", 0700);
        sprintf(name, "comes/step-%08d.safetensors", i);
        replace(name, i);
        assert_true(check(next_line()) == i);
    }
    stop();
}

static void a_bad_file_is_named_and_watching_goes_on(void **state)
{
    (void)state;
    mkdir("bad", 0700);
    start("bad", "log");
    sandbox_write("aside", "PK\003\004 is what torch.save writes; no tensors here");
    assert_int_equal(rename("aside", "bad/model.safetensors"), 0);
    char *log = NULL;
    for (double until = sandbox_seconds() + PATIENCE / 1000; sandbox_seconds() < until; usleep(50000)) {
        free(log);
        log = sandbox_exists("log") ? sandbox_read("log", NULL) : strdup("");
        if (strstr(log, "bad/model.safetensors: ")) break;
    }
    assert_says(log, "bad/model.safetensors: ");
    free(log);
    replace("bad/model.safetensors", 7);
    assert_true(check(next_line()) == 7);
    stop();
}

/* ---- the same numbers as the other commands ---- */

static json_t *json_of(const sandbox_result *r)
{
    json_error_t why;
    assert_status(r, 0);
    json_t *root = json_loads(r->out, JSON_DISABLE_EOF_CHECK, &why);
    if (!root) fail_msg("%s: %.500s", why.text, r->out);
    return root;
}

static void compare_tails(const json_t *layer, const json_t *tails)
{
    static const char *const names[] = {"mmo", "hill", "dehaan"};
    size_t i, k;
    const json_t *tensor, *estimate;
    int found = 0;
    json_array_foreach(json_object_get(tails, "tensors"), i, tensor)
    {
        if (strcmp(json_string_value(json_object_get(tensor, "name")),
                   json_string_value(json_object_get(layer, "name"))) != 0 ||
            strcmp(json_string_value(json_object_get(tensor, "view")), "all") != 0)
            continue;
        json_array_foreach(json_object_get(tensor, "estimates"), k, estimate)
        {
            const char *name = json_string_value(json_object_get(estimate, "estimator"));
            for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
                if (strcmp(name, names[n]) != 0) continue;
                const json_t *ours = json_object_get(json_object_get(layer, "tail"), name);
                assert_true(sandbox_number(ours, "value") == sandbox_number(estimate, "value"));
                assert_string_equal(json_string_value(json_object_get(ours, "quality")),
                                    json_string_value(json_object_get(estimate, "quality")));
                found++;
            }
        }
    }
    assert_int_equal(found, 3);
}

static void its_numbers_are_those_of_tail_and_prune(void **state)
{
    (void)state;
    assert_status(RUN("train", "--set", "data.name=ecg-synth", "--set", "train.steps=200", "--set",
                      "noise.type=isotropic", "--layers", "dense 40", "--run", "trained", "--quiet"),
                  0);
    json_t *look = json_of(RUN("watch", "trained", "--once", "--json", "--data", "ecg-synth", "--layers",
                               "dense 40", "--curve"));
    json_t *tails = json_of(RUN("tail", "trained", "--json"));
    json_t *prune = json_of(RUN("prune", "trained", "--json", "--curve"));
    const json_t *layer = json_array_get(json_object_get(look, "layers"), 0),
                 *network = json_object_get(look, "network");
    assert_true(sandbox_number(look, "step") == 200);
    assert_string_equal(json_string_value(json_object_get(look, "step_from")), "metadata");
    compare_tails(layer, tails);
    assert_true(sandbox_number(layer, "kappa") ==
                sandbox_number(json_array_get(json_object_get(prune, "layers"), 0), "ratio"));
    assert_true(sandbox_number(network, "kappa") == sandbox_number(prune, "ratio"));
    assert_true(sandbox_number(network, "accuracy") ==
                sandbox_number(json_object_get(prune, "whole"), "accuracy"));
    assert_int_equal(json_array_size(json_object_get(network, "curve")),
                     json_array_size(json_object_get(prune, "curve")));
    assert_true(sandbox_number(json_object_get(look, "metrics"), "step") == 200); /* metrics.csv of the run */
    assert_true(sandbox_number(json_object_get(look, "metrics"), "loss") > 0);
    char pruned[80];
    snprintf(pruned, sizeof pruned, "pruned by κ %.3g", sandbox_number(network, "kappa"));
    const sandbox_result *text =
        RUN("watch", "trained", "--once", "--data", "ecg-synth", "--layers", "dense 40");
    assert_says(text->out, " of all rows, "); /* another than the network's */
    assert_says(text->out, pruned);
    text = RUN("watch", "trained", "--once", "--data", "ecg-synth", "--layers", "dense 7");
    assert_says(text->out, "; no accuracy: ");
    json_decref(look);
    json_decref(tails);
    json_decref(prune);
}

/* Wherever a number of a tail stands there is a word of how far to believe it. */
static void an_index_has_its_verdict(void **state)
{
    (void)state;
    mkdir("verdict", 0700);
    replace("verdict/model.safetensors", 3); /* all weights alike: no law at all */
    assert_status(RUN("train", "--set", "data.name=ecg-synth", "--set", "train.steps=50", "--layers",
                      "dense 40, dense 30", "--run", "heavy", "--quiet"),
                  0);
    static const char *const paths[] = {"verdict", "heavy"};
    for (int p = 0; p < 2; p++) {
        json_t *look = json_of(RUN("watch", paths[p], "--once", "--json"));
        size_t i;
        const char *name;
        json_t *layer, *estimate;
        json_array_foreach(json_object_get(look, "layers"), i, layer)
            json_object_foreach(json_object_get(layer, "tail"), name,
                                estimate) if (!json_is_string(json_object_get(estimate, "quality")))
                fail_msg("%s has no verdict", name);
        json_object_foreach(json_object_get(json_object_get(look, "all"), "tail"), name, estimate)
        {
            if (!json_is_string(json_object_get(estimate, "quality")))
                fail_msg("the median %s has no verdict", name);
            assert_true(sandbox_number(estimate, "good") <= sandbox_number(estimate, "layers"));
        }
        assert_true(p == 0 || json_object_size(json_object_get(json_object_get(look, "all"), "tail")) > 0);
        json_decref(look);
    }
    const sandbox_result *r = RUN("watch", "heavy", "--once");
    assert_status(r, 0);
    for (const char *at = r->out; (at = strstr(at, "α̂ "));
         at++) { /* "α̂ mmo 1.62 ± 0.03", "… no stable law" */
        char said[80];
        const char *value = strchr(at + 5, ' ');
        assert_non_null(value);
        snprintf(said, sizeof said, "%.*s", (int)strcspn(value + 1, ",;\n"), value + 1);
        if (!strpbrk(said, " ")) fail_msg("'%s' is a number without a verdict: %s", said, r->out);
    }
}

static void what_is_no_layer_is_named(void **state)
{
    (void)state;
    assert_status(RUN("train", "--set", "data.name=ecg-synth", "--set", "train.steps=5", "--set",
                      "model.bias=1", "--layers", "dense 40", "--run", "biased", "--quiet"),
                  0);
    json_t *look = json_of(RUN("watch", "biased", "--once", "--json"));
    const json_t *list = json_object_get(look, "skipped_tensors");
    assert_true(sandbox_number(look, "skipped") == (double)json_array_size(list) &&
                json_array_size(list) > 0);
    size_t i;
    const json_t *one;
    bool bias = false;
    json_array_foreach(list, i, one)
    {
        assert_true(json_is_string(json_object_get(one, "why")));
        bias = bias || strstr(json_string_value(json_object_get(one, "name")), "bias");
    }
    assert_true(bias);
    json_decref(look);
    assert_says(RUN("watch", "biased", "--once")->out, "tensors left out (the first, ");
}

static void mistakes_are_one_line(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("watch");
    assert_status(r, 2);
    assert_says(r->err, "watch: give a file or a directory");
    r = RUN("watch", "nowhere", "--once");
    assert_status(r, 1);
    assert_says(r->err, "nowhere: holds no .safetensors, .npy or metrics to look at");
    r = RUN("watch", ".", "--memory", "10M");
    assert_status(r, 2);
    assert_says(r->err, "--memory 10M: give a limit from 96M on");
    r = RUN("watch", ".", "--curve");
    assert_status(r, 2);
    assert_says(r->err, "give --data");
}

static void a_file_of_metrics_alone_is_followed(void **state)
{
    (void)state;
    sandbox_write("log.csv", "step,loss\n10,0.5\n20,0.25\n");
    const sandbox_result *r = RUN("watch", "log.csv", "--once");
    assert_status(r, 0);
    assert_says(r->out, "log.csv; metrics @20, loss 0.2500");
    json_t *line = json_of(RUN("watch", "log.csv", "--once", "--json"));
    assert_true(sandbox_number(json_object_get(line, "metrics"), "loss") == 0.25);
    json_decref(line);
    mkdir("only", 0700);
    sandbox_write("only/metrics.csv", "step,loss\n10,0.5\n");
    r = RUN("watch", "only", "--once");
    assert_status(r, 0);
    assert_says(r->out, "only metrics.csv; metrics @10, loss 0.5000");
}

static void a_pipe_is_refused_and_a_line_break_in_a_name_breaks_no_line(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("pipe.safetensors", 0600), 0);
    const sandbox_result *r = RUN("watch", "pipe.safetensors", "--once");
    assert_status(r, 1);
    assert_says(r->err, "pipe.safetensors: is a pipe or a device; give the file or the directory");
    mkdir("odd", 0700);
    sandbox_write("odd/a\nb.csv", "step,loss\n10,0.5\n");
    r = RUN("watch", "odd", "--once");
    assert_status(r, 0);
    assert_says(r->out, "odd a?b.csv; metrics @10, loss 0.5000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_faults_are_survived),
        cmocka_unit_test(a_directory_that_is_removed_and_made_again_is_followed),
        cmocka_unit_test(a_bad_file_is_named_and_watching_goes_on),
        cmocka_unit_test(its_numbers_are_those_of_tail_and_prune),
        cmocka_unit_test(an_index_has_its_verdict),
        cmocka_unit_test(what_is_no_layer_is_named),
        cmocka_unit_test(mistakes_are_one_line),
        cmocka_unit_test(a_file_of_metrics_alone_is_followed),
        cmocka_unit_test(a_pipe_is_refused_and_a_line_break_in_a_name_breaks_no_line),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
