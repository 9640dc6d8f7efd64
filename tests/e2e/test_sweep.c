/* Sweeps as a script sees them: killed and resumed, run cell by cell, in parallel, extended, as a table. */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sandbox.h"

/* Twelve small cells; the shell splits it into words. */
#define CELL "--set train.steps=30 --set model.width=60 --set data.test_limit=400"
#define GRID "sweep " CELL " --vary noise.alpha=1.5,1.9 --vary noise.type=iid,shared --seeds 1..3"

__attribute__((format(printf, 1, 2))) static const sandbox_result *shell(const char *format, ...)
{
    char script[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(script, sizeof script, format, args);
    va_end(args);
    return sandbox_shell(script);
}

/* The uninterrupted sweep that others are compared with. */
static void make_reference(void)
{
    if (!sandbox_exists("reference")) assert_status(shell("$H " GRID " --out reference --jobs 2 --quiet"), 0);
}

/* Bit for bit, and nothing left over. */
#define assert_same_sweep(dir) assert_status(shell("diff -r reference %s", dir), 0)

static int files_in(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    if (!dir) return -1;
    for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static json_t *at(json_t *root, const char *object, const char *key)
{
    json_t *value = json_object_get(json_object_get(root, object), key);
    if (!value) fail_msg("no %s/%s", object, key);
    return value;
}

/* ---- running ----------------------------------------------------------------------------------- */

static void a_sweep_writes_one_result_a_cell(void **state)
{
    (void)state;
    make_reference();
    assert_int_equal(files_in("reference/cells"), 12);
    assert_int_equal(files_in("reference"), 2);
    char *text = sandbox_read("reference/cells/train.seed=2,noise.type=iid,noise.alpha=1.5.json", NULL);
    json_t *root = sandbox_json_of(text);
    assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
    assert_string_equal(json_string_value(json_object_get(root, "status")), "done");
    assert_int_equal(json_integer_value(json_object_get(root, "steps")), 30);
    assert_int_equal(json_integer_value(json_object_get(root, "inputs")), 140);
    assert_true(json_number_value(at(root, "params", "noise.alpha")) == 1.5);
    assert_int_equal(json_integer_value(at(root, "params", "train.seed")), 2);
    assert_null(json_object_get(root, "time")); /* nor anything else that differs from run to run */
    assert_null(json_object_get(root, "blas"));
    assert_null(strstr(text, "/"));
    json_decref(root);
    free(text);
}

static void a_cell_is_what_train_says_of_it(void **state)
{
    (void)state;
    make_reference();
    const sandbox_result *r =
        shell("$H train " CELL " --set noise.alpha=1.9 --set noise.type=shared --set train.seed=3 --json "
              "--quiet");
    assert_status(r, 0);
    json_t *train = sandbox_json_of(r->out);
    char *text = sandbox_read("reference/cells/train.seed=3,noise.type=shared,noise.alpha=1.9.json", NULL);
    json_t *cell = sandbox_json_of(text);
    assert_true(json_equal(json_object_get(train, "train"), json_object_get(cell, "train")));
    assert_true(json_equal(json_object_get(train, "test"), json_object_get(cell, "test")));
    assert_true(json_equal(json_object_get(train, "prune"), json_object_get(cell, "prune")));
    json_decref(train);
    json_decref(cell);
    free(text);
}

static void jobs_do_not_change_a_bit_and_nothing_is_done_twice(void **state)
{
    struct stat before, after;
    (void)state;
    make_reference();
    const sandbox_result *r = shell("$H " GRID " --out one --jobs 1");
    assert_status(r, 0);
    assert_says(r->err, "12 of 12 cells done, 0 failed");
    assert_says(r->err, "left");
    assert_string_equal(r->out, "");
    assert_same_sweep("one");
    const char *cell = "one/cells/train.seed=1,noise.type=iid,noise.alpha=1.5.json";
    assert_int_equal(stat(cell, &before), 0);
    r = shell("$H " GRID " --out one --jobs 3");
    assert_status(r, 0);
    assert_says(r->err, "12 of 12 cells are there already");
    assert_int_equal(stat(cell, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_same_sweep("one");
}

static void the_listed_commands_make_the_same_sweep(void **state)
{
    (void)state;
    make_reference();
    assert_status(shell("$H " GRID " --out 'a dir' --list > list && test ! -e 'a dir'"), 0);
    assert_status(shell("test $(wc -l < list) = 12 && sh list"), 0);
    assert_same_sweep("'a dir'");
    /* As a job array does it: by number. */
    assert_status(shell("for k in $(seq 12); do $H " GRID " --out array --cell $k || exit 9; done"), 0);
    assert_same_sweep("array");
    assert_status(shell("$H " GRID " --out array --cell 13"), 2);
    assert_status(shell("$H " GRID " --out array --cell 0"), 2);
}

static void gnu_parallel_runs_the_list(void **state)
{
    (void)state;
    make_reference();
    if (shell("parallel --version | grep -q '^GNU parallel'")->status != 0) {
        printf("skipped: GNU parallel is not installed\n");
        skip();
    }
    assert_status(shell("$H " GRID " --out parallel --list | HEAVYTAIL_THREADS=1 parallel --will-cite -j 2"),
                  0);
    assert_same_sweep("parallel");
    assert_status(shell("$H " GRID " --out parallel"), 0); /* finds nothing to do */
    assert_same_sweep("parallel");
}

/* ---- killed ------------------------------------------------------------------------------------ */

static pid_t start_sweep(const char *dir)
{
    char script[1024];
    snprintf(script, sizeof script, "exec $H " GRID " --out %s --jobs 2 --quiet", dir);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void killed_ten_times_it_ends_as_if_it_never_was(void **state)
{
    int status, killed = 0, partial = 0;
    (void)state;
    make_reference();
    double start = sandbox_seconds();
    assert_status(shell("$H " GRID " --out timed --jobs 2 --quiet"), 0);
    double whole = sandbox_seconds() - start;
    srand(7);
    for (int i = 0; i < 10 || (i < 60 && (killed < 5 || partial < 5)); i++) {
        /* Of what ten pieces take: the last ones may find all done, most do not. */
        double moment = whole * (0.05 + 0.2 * rand() / RAND_MAX);
        pid_t pid = start_sweep("killed");
        usleep((useconds_t)(1e6 * moment));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        killed += WIFSIGNALED(status);
        int cells = files_in("killed/cells");
        partial += cells < 12;
        if (cells > 6) assert_status(shell("rm -f killed/cells/train.seed=2*"), 0); /* some work is left */
    }
    printf("sweep: killed %d times, %d times with cells missing\n", killed, partial);
    assert_true(killed >= 5 && partial >= 5);
    assert_status(shell("$H " GRID " --out killed --jobs 2"), 0);
    assert_same_sweep("killed");
}

static void half_written_files_are_cleared_away(void **state)
{
    (void)state;
    make_reference();
    assert_status(
        shell("cp -r reference torn && rm torn/cells/*seed=1* && echo '{' > torn/cells/x.json.tmp-1 && "
              "echo > torn/sweep.json.tmp-2"),
        0);
    assert_status(shell("$H " GRID " --out torn"), 0);
    assert_same_sweep("torn");
}

static void interrupted_it_says_how_to_go_on(void **state)
{
    int status;
    (void)state;
    make_reference();
    pid_t pid = start_sweep("stopped");
    for (int i = 0; i < 6000 && files_in("stopped/cells") < 1; i++) usleep(10000);
    kill(pid, SIGINT);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (files_in("stopped/cells") < 12) assert_int_equal(WEXITSTATUS(status), 1);
    assert_status(shell("ls stopped/cells/*.failed"), 2); /* a cell that was stopped has not failed */
    assert_status(shell("$H " GRID " --out stopped --quiet"), 0);
    assert_same_sweep("stopped");
}

/* ---- what goes wrong --------------------------------------------------------------------------- */

static void a_diverged_cell_is_a_result(void **state)
{
    (void)state;
    const char *grid =
        "sweep --set train.steps=40 --set model.width=50 --set data.test_limit=400 --set train.momentum=0.9 "
        "--set "
        "train.weight_decay=0.5 --set noise.type=none --vary train.lr=0.01,100 --seeds 1..2 --out diverged";
    assert_status(shell("$H %s", grid), 0);
    char *text = sandbox_read("diverged/cells/train.seed=1,train.lr=100.json", NULL);
    assert_says(text, "\"status\": \"diverged\"");
    free(text);
    const sandbox_result *r = RUN("table", "diverged", "--format", "json");
    assert_status(r, 0);
    json_t *root = sandbox_json_of(r->out), *rows = json_object_get(root, "rows");
    assert_int_equal(json_array_size(rows), 2);
    json_t *good = json_array_get(rows, 0), *bad = json_array_get(rows, 1);
    assert_int_equal(json_integer_value(json_object_get(good, "diverged")), 0);
    assert_int_equal(json_integer_value(json_object_get(bad, "diverged")), 2);
    assert_true(json_is_null(at(bad, "test_accuracy", "median"))); /* no accuracy of what did not train */
    assert_true(json_is_real(at(good, "test_accuracy", "median")));
    json_decref(root);
    assert_says(RUN("table", "diverged")->out, "2 diverged");
}

static void a_failed_cell_is_noted_and_does_not_stop_the_rest(void **state)
{
    (void)state;
    const char *grid = "sweep --set train.steps=5 --set model.width=20 --set data.test_limit=400 --vary "
                       "data.name=ecg-synth,ucr:Nowhere,teacher "
                       "--out failing";
    const sandbox_result *r = shell("$H %s", grid);
    assert_status(r, 1);
    assert_says(r->err, "1 of 3 cells failed");
    assert_int_equal(files_in("failing/cells"), 3);
    char *note = NULL;
    DIR *dir = opendir("failing/cells");
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[512];
        snprintf(path, sizeof path, "failing/cells/%s", entry->d_name);
        if (strstr(entry->d_name, ".failed")) note = sandbox_read(path, NULL);
    }
    closedir(dir);
    assert_non_null(note);
    assert_says(note, "Nowhere");
    free(note);
    r = RUN("table", "failing");
    assert_status(r, 0);
    assert_says(r->out, "1 cells failed");
    assert_says(r->out, "teacher");
    /* It is tried again, and the note makes way for the result. */
    assert_status(
        shell("mkdir -p lake/Nowhere && for part in TRAIN TEST; do for i in 1 2 3 4; do "
              "printf '%%d\\t0.%%d\\t0.5\\n' $((i %% 2)) $i; done > lake/Nowhere/Nowhere_$part.tsv; done"),
        0);
    assert_status(shell("$H %s --data-dir lake", grid), 0);
    assert_status(shell("ls failing/cells/*.failed"), 2);
}

static void another_grid_in_the_same_directory_is_noticed(void **state)
{
    (void)state;
    make_reference();
    assert_status(shell("cp -r reference grown"), 0);
    /* Other settings, or other parameters varied: refused, and nothing is touched. */
    const sandbox_result *r = shell("$H " GRID " --set train.lr=0.02 --out grown");
    assert_status(r, 2);
    assert_says(r->err, "train.lr");
    assert_says(r->err, "--out");
    r = shell("$H " GRID " --vary train.batch=10,20 --out grown");
    assert_status(r, 2);
    assert_says(r->err, "train.batch");
    r = shell("$H sweep " CELL " --vary noise.alpha=1.5 --out grown");
    assert_status(r, 2);
    assert_says(r->err, "noise.type");
    assert_same_sweep("grown");
    /* More seeds, more values: extended; what is there stays. */
    r = shell("$H sweep " CELL " --vary noise.type=shared,iid --vary noise.alpha=1.9,1.70,1.5 --seeds 1..4 "
              "--out grown");
    assert_status(r, 0);
    assert_says(r->err, "12 of 24 cells are there already");
    assert_int_equal(files_in("grown/cells"), 24);
    assert_status(shell("for f in reference/cells/*; do cmp \"$f\" grown/cells/\"${f##*/}\" || exit 1; done"),
                  0);
    /* Colours do not matter to a sweep. */
    assert_status(shell("$H " GRID " --set ui.theme=light --out grown"), 0);
}

static void wrong_usage_names_what_is_wrong(void **state)
{
    static const char *const cases[][2] = {
        {"--vary noise.alpha=1.5", "--out"},
        {"--out x", "--vary"},
        {"--out x --vary noise.alhpa=1", "noise.alpha"},
        {"--out x --vary noise.alpha", "key=v1"},
        {"--out x --vary noise.alpha=1.5,", "empty"},
        {"--out x --vary noise.alpha=1.5,9", "noise.alpha"},
        {"--out x --vary noise.alpha=1.5,1.50", "twice"},
        {"--out x --vary noise.alpha=1.5 --vary noise.alpha=1.6", "twice"},
        {"--out x --vary train.seed=1,2 --seeds 1..3", "twice"},
        {"--out x --vary ui.fps=1,2", "screen"},
        {"--out x --seeds 5..1", "--seeds"},
        {"--out x --seeds 1..x", "--seeds"},
        {"--out x --seeds 1..3 --jobs 0", "--jobs"},
        {"--out x --seeds 1..3 --cell two", "--cell"},
        {"--out x --seeds 1..3 --vary model.depth=1,2,3,4 --file paper", "--file"},
        {"--out x --file nothing", "paper"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sandbox_result *r = shell("$H sweep %s", cases[i][0]);
        assert_status(r, 2);
        assert_says(r->err, cases[i][1]);
    }
    assert_false(sandbox_exists("x"));
}

/* ---- sweep files ------------------------------------------------------------------------------- */

static void a_file_holds_several_grids(void **state)
{
    (void)state;
    sandbox_write(
        "two.sweep",
        "# two grids\n[plain]\npreset = ecg-demo\nset = data.test_limit=400\nset = noise.type=none\nset = "
        "train.steps=5\nset = model.width=20\nseeds = 1..2\n\n[noisy]\npreset = ecg-demo\nset = "
        "data.test_limit=400\nset = "
        "train.steps=5\nvary = model.width=20,30\nvary = noise.alpha=1.5,2\nseeds = 1,7\n");
    assert_status(
        shell("$H sweep --file two.sweep --out two --list > two.list && test $(wc -l < two.list) = 10"), 0);
    assert_status(shell("$H sweep --file two.sweep --out two --quiet"), 0);
    assert_int_equal(files_in("two/plain/cells"), 2);
    assert_int_equal(files_in("two/noisy/cells"), 8);
    const sandbox_result *r = RUN("table", "two", "--format", "csv");
    assert_status(r, 0);
    assert_memory_equal(r->out, "sweep,model.width,noise.alpha,cells,", 36);
    assert_says(r->out, "\nplain,,,2,0,");
    assert_says(r->out, "\nnoisy,30,2,2,0,");
    assert_status(RUN("table", "two/noisy"), 0);
    /* --seeds and --set of the command line count for every grid. */
    assert_status(shell("test $($H sweep --file two.sweep --seeds 1..4 --out three --list | wc -l) = 20"), 0);
    static const char *const bad[][2] = {{"[a]\nvry = x=1\n", "bad.sweep:2"},
                                         {"[a]\nvary = noise.alhpa=1\n", "noise.alpha"},
                                         {"[a]\nseeds = 1..2\npreset = ecg-demo\n", "first line"},
                                         {"[a b]\nseeds = 1\n", "[a b]"},
                                         {"[a]\nseeds = 1\n[b]\nseeds = 1\n[a]\nseeds = 2\n", "twice"},
                                         {"", "no sweep"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sandbox_write("bad.sweep", bad[i][0]);
        r = shell("$H sweep --file ./bad.sweep --out bad --list");
        assert_status(r, 2);
        assert_says(r->err, bad[i][1]);
    }
}

static void the_papers_sweep_is_compiled_in(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("sweep", "--file", "paper", "--seeds", "1", "--out", "paper", "--list");
    assert_status(r, 0);
    int lines = 0;
    for (const char *c = r->out; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 2 * (3 + 3 * 3 * 3)); /* data × (none + types × α × widths) */
    r = RUN("sweep", "--file", "paper", "--seeds", "1", "--count");
    assert_status(r, 0);
    assert_string_equal(r->out, "60\n");
    if (!sandbox_data()) return;
    /* One of the smallest cells, on the real data. */
    assert_status(shell("$H sweep --file paper --seeds 1 --out paper --cell 1 --data-dir %s", sandbox_data()),
                  0);
    assert_int_equal(files_in("paper/ecg5000-none/cells"), 1);
}

/* ---- tables ------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Ratios of the three seeds of iid, α = 1.5, read from the cells. */
static void read_ratios(double ratio[3])
{
    for (int seed = 1; seed <= 3; seed++) {
        char path[128];
        snprintf(path, sizeof path, "reference/cells/train.seed=%d,noise.type=iid,noise.alpha=1.5.json",
                 seed);
        char *text = sandbox_read(path, NULL);
        json_t *root = sandbox_json_of(text);
        ratio[seed - 1] = json_number_value(at(root, "prune", "ratio"));
        json_decref(root);
        free(text);
    }
    qsort(ratio, 3, sizeof *ratio, by_value);
}

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-7)) fail_msg("%.9g is not %.9g", got, wanted);
}

static void a_table_sums_up_the_seeds(void **state)
{
    double r[3];
    (void)state;
    make_reference();
    read_ratios(r);
    double mean = (r[0] + r[1] + r[2]) / 3, sd = 0;
    for (int i = 0; i < 3; i++) sd += (r[i] - mean) * (r[i] - mean) / 2;
    const sandbox_result *out = RUN("table", "reference", "--format", "json", "--limit");
    assert_status(out, 0);
    assert_null(strstr(out->out, "reference"));
    json_t *root = sandbox_json_of(out->out), *rows = json_object_get(root, "rows"), *row = NULL;
    assert_int_equal(json_array_size(rows), 4);
    for (size_t i = 0; i < 4 && !row; i++) {
        row = json_array_get(rows, i);
        bool found = json_number_value(at(row, "settings", "noise.alpha")) == 1.5 &&
                     strcmp(json_string_value(at(row, "settings", "noise.type")), "iid") == 0;
        if (!found) row = NULL;
    }
    assert_non_null(row);
    assert_int_equal(json_integer_value(json_object_get(row, "cells")), 3);
    near(json_number_value(at(row, "pruning_ratio", "mean")), mean);
    near(json_number_value(at(row, "pruning_ratio", "sd")), sqrt(sd));
    near(json_number_value(at(row, "pruning_ratio", "median")), r[1]);
    near(json_number_value(at(row, "pruning_ratio", "q25")), (r[0] + r[1]) / 2);
    near(json_number_value(at(row, "pruning_ratio", "q75")), (r[1] + r[2]) / 2);
    static const char *const others[] = {"train_accuracy", "test_accuracy", "pruned_train_accuracy",
                                         "pruned_test_accuracy"};
    for (size_t i = 0; i < 4; i++) {
        double median = json_number_value(at(row, others[i], "median"));
        assert_true(median > 0 && median <= 1);
    }
    double low = json_number_value(at(row, "pure_noise", "q25")),
           high = json_number_value(at(row, "pure_noise", "q75"));
    assert_true(0 < low && low < high && high < 1);
    json_decref(root);
}

/* κ of independent rows beside the measured one, in every format; where there is none, why. */
static void the_table_has_what_rows_predict(void **state)
{
    (void)state;
    make_reference();
    const sandbox_result *out = RUN("table", "reference", "--format", "json", "--limit");
    assert_status(out, 0);
    json_t *root = sandbox_json_of(out->out), *row;
    size_t i;
    json_array_foreach(json_object_get(root, "rows"), i, row)
    {
        double low = json_number_value(at(row, "predicted", "q25")),
               median = json_number_value(at(row, "predicted", "median")),
               high = json_number_value(at(row, "predicted", "q75"));
        assert_true(0 < low && low <= median && median <= high && high < 1);
        assert_in_range(json_integer_value(at(row, "predicted", "draws")), 20, 400);
        assert_true(json_number_value(at(row, "predicted", "steps")) > 0);
        assert_null(json_object_get(row, "not_predicted"));
    }
    json_decref(root);
    out = RUN("table", "reference", "--format", "csv", "--limit");
    assert_says(out->out, ",predicted_median,predicted_q25,predicted_q75,not_predicted\n");
    out = RUN("table", "reference", "--limit");
    assert_says(out->out, "κ predicted");
    assert_null(strstr(out->out, "not predicted"));
    out = RUN("table", "reference"); /* who does not ask is not told */
    assert_null(strstr(out->out, "predicted"));
    assert_status(
        shell("$H sweep --set model.width=20 --set train.steps=2 --set noise.type=iid --vary model.depth=1,2 "
              "--out deep --quiet"),
        0);
    out = RUN("table", "deep", "--limit");
    assert_says(out->out, "κ is not predicted where there are several hidden layers.");
    out = RUN("table", "deep", "--limit", "--format", "csv");
    assert_says(out->out, ",,,,,,there are several hidden layers\n");
    out = RUN("table", "deep", "--limit", "--format", "json");
    assert_says(out->out, "\"not_predicted\": \"there are several hidden layers\"");
}

/* The sweep of η/b: compiled in; its table is of what the cells' results say. */
static void a_table_of_the_regime_shows_the_step_sizes(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("sweep", "--file", "eta-over-b", "--out", "regime", "--list");
    assert_status(r, 0);
    assert_says(r->out, "--cell 5");
    assert_status(
        shell("$H sweep --preset eta-over-b --set data.name=ecg-synth --set data.train_limit=0 --set "
              "model.width=40 --set train.steps=200 --set train.average=50 --vary "
              "train.lr=0.01,0.5 --out regime --quiet"),
        0);
    r = RUN("table", "regime", "--regime");
    assert_status(r, 0);
    assert_says(r->out, "α̂ of rows");
    assert_says(r->out, "0.0002"); /* η/b = 0.01 / 50 */
    json_t *root = json_loads(RUN("table", "regime", "--format", "json")->out, 0, NULL), *rows;
    assert_non_null(rows = json_object_get(root, "rows"));
    assert_int_equal(json_array_size(rows), 2);
    json_t *cell = json_load_file("regime/cells/train.seed=1,train.lr=0.5.json", 0, NULL), *measured;
    assert_non_null(measured = json_object_get(cell, "methods"));
    json_t *steep = json_array_get(rows, 1), *prunings = json_object_get(measured, "prunings"),
           *average = json_object_get(measured, "average");
    near(json_number_value(at(steep, "eta_over_b", "median")), 0.01);
    near(json_number_value(at(steep, "row_index", "median")),
         json_number_value(at(measured, "rows", "median")));
    static const char *const methods[] = {"node", "magnitude", "svd"};
    static const char *const names[] = {"node_ratio", "magnitude_ratio", "svd_ratio"};
    for (int i = 0; i < 3; i++) {
        double ratio = json_number_value(json_object_get(prunings, methods[i]));
        assert_true(ratio > 0 && ratio < 1);
        near(json_number_value(at(steep, names[i], "median")), ratio);
    }
    near(json_number_value(at(steep, "generalization_gap", "median")),
         json_number_value(at(average, "train", "accuracy")) -
             json_number_value(at(average, "test", "accuracy")));
    /* The same κ as the command that prunes. */
    assert_status(
        shell("$H train --quiet --preset eta-over-b --set data.name=ecg-synth --set data.train_limit=0 "
              "--set model.width=40 --steps 200 --set train.average=50 --set train.lr=0.5 --json "
              "> node.json"),
        0);
    json_t *node = json_load_file("node.json", 0, NULL);
    near(json_number_value(at(node, "prune", "ratio")), json_number_value(json_object_get(prunings, "node")));
    json_decref(node);
    json_decref(cell);
    json_decref(root);
}

static void a_table_has_four_formats_and_a_picture(void **state)
{
    char csv[1 << 14];
    (void)state;
    make_reference();
    ht_text_copy(csv, sizeof csv, RUN("table", "reference", "--format", "csv")->out);
    assert_memory_equal(csv, "noise.alpha,noise.type,cells,diverged,train_accuracy_mean,", 58);
    int lines = 0, commas = 0, wanted = 0;
    for (const char *c = csv; *c; c++) {
        commas += *c == ',';
        if (*c != '\n') continue;
        if (lines++ == 0) wanted = commas;
        assert_int_equal(commas, wanted);
        commas = 0;
    }
    assert_int_equal(lines, 5);
    const sandbox_result *r = RUN("table", "reference", "--format", "markdown");
    assert_status(r, 0);
    assert_says(r->out, "| noise.alpha | noise.type | seeds |");
    assert_says(r->out, "|---|");
    r = RUN("table", "reference");
    assert_status(r, 0);
    assert_says(r->out, "Medians (quartiles)");
    assert_says(r->out, "±");
    assert_status(RUN("table", "reference", "--png", "ratio.png"), 0);
    sandbox_assert_ink("ratio.png", 600, 400);
    /* The picture holds the settings. */
    assert_status(shell("$H train --preset ratio.png --steps 1 --quiet"), 0);
    r = RUN("table", "reference", "--format", "xml");
    assert_status(r, 2);
    assert_says(r->err, "markdown");
    assert_status(RUN("table"), 2);
    r = RUN("table", "nowhere");
    assert_status(r, 1);
    assert_says(r->err, "nowhere");
    assert_status(shell("cp -r reference broken && echo '{' > broken/cells/broken.json"), 0);
    r = RUN("table", "broken");
    assert_status(r, 1);
    assert_says(r->err, "broken.json:");
    assert_status(shell("cp -r reference bent && first=$(ls bent/cells/*.json | head -n 1) && "
                        "sed -i -E 's/\"ratio\": *[0-9.]+/\"ratio\": 5/' \"$first\" && grep -q '\"ratio\": "
                        "5' \"$first\""),
                  0);
    r = RUN("table", "bent");
    assert_status(r, 1);
    assert_says(r->err, "bent/cells/");
    assert_says(r->err, "pruning_ratio is 5, and lies between 0 and 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_writes_one_result_a_cell),
        cmocka_unit_test(a_cell_is_what_train_says_of_it),
        cmocka_unit_test(jobs_do_not_change_a_bit_and_nothing_is_done_twice),
        cmocka_unit_test(the_listed_commands_make_the_same_sweep),
        cmocka_unit_test(gnu_parallel_runs_the_list),
        cmocka_unit_test(killed_ten_times_it_ends_as_if_it_never_was),
        cmocka_unit_test(half_written_files_are_cleared_away),
        cmocka_unit_test(interrupted_it_says_how_to_go_on),
        cmocka_unit_test(a_diverged_cell_is_a_result),
        cmocka_unit_test(a_failed_cell_is_noted_and_does_not_stop_the_rest),
        cmocka_unit_test(another_grid_in_the_same_directory_is_noticed),
        cmocka_unit_test(wrong_usage_names_what_is_wrong),
        cmocka_unit_test(a_file_holds_several_grids),
        cmocka_unit_test(the_papers_sweep_is_compiled_in),
        cmocka_unit_test(a_table_of_the_regime_shows_the_step_sizes),
        cmocka_unit_test(a_table_sums_up_the_seeds),
        cmocka_unit_test(the_table_has_what_rows_predict),
        cmocka_unit_test(a_table_has_four_formats_and_a_picture),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
