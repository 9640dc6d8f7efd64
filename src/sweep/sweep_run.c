/* sweep_run.c - cells as processes: some at once, each with its share of the cores. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/session.h"
#include "sweep/sweep.h"
#include "experiment/trial.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"

/* ---- one cell, in this process ----------------------------------------------------------------- */

static bool varies(const ht_grid *grid, ht_param p)
{
    for (int i = 0; i < grid->axes; i++)
        if (grid->axis[i].param == p) return true;
    return false;
}

/* The result file: what `train --json` prints without time and machine, and without the paths of csv: and
 * npy: (but where data.name varies they tell the cells apart). */
static char *describe(const ht_results *results, const ht_session *s, const ht_grid *grid)
{
    const ht_params *settings = ht_trainer_params(s->trainer);
    json_t *root = ht_results_json(results, settings);
    json_t *params = json_object_get(root, "params");
    const char *name =
        varies(grid, HT_P_DATA_NAME) ? ht_params_text(settings, HT_P_DATA_NAME) : s->data->name;
    bool complete = params && json_object_set_new(params, "data.name", json_string(name)) == 0 &&
                    json_object_set_new(root, "inputs", json_integer(s->data->inputs)) == 0;
    for (int p = 0; complete && p < HT_P_COUNT; p++)
        if (ht_param_at(p)->group == HT_GROUP_UI) json_object_del(params, ht_param_at(p)->key);
    char *text = complete ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return text;
}

static ht_code train_cell(const ht_grid *grid, int k, const char *dir, const char *data_dir, ht_error *err)
{
    ht_params params;
    ht_session session;
    ht_results results;
    ht_grid_params(grid, k, &params);
    ht_code code = ht_session_of(&session, &params, data_dir, err);
    if (k == 0) ht_data_tell(session.data); /* once is enough */
    if (code == HT_OK)
        code = ht_trial_run(&results, session.trainer, session.data, session.pool, NULL, NULL, err);
    char *text = code == HT_OK ? describe(&results, &session, grid) : NULL;
    if (code == HT_OK && !text) code = ht_error_set(err, HT_FAIL, "not enough memory to write the results");
    if (code == HT_OK) code = ht_sweep_store(grid, k, dir, text, err);
    free(text);
    ht_session_close(&session);
    return code;
}

ht_code ht_sweep_run_cell(const ht_plan *plan, int number, const char *dir, const char *data_dir,
                          ht_error *err)
{
    int k;
    const ht_grid *grid = ht_plan_cell(plan, number, &k);
    if (!grid)
        return ht_error_set(err, HT_USAGE, "--cell %d: the cells of this sweep are 1 to %d", number,
                            ht_plan_cells(plan));
    if (ht_sweep_prepare(grid, dir, err) != HT_OK) return err->code;
    if (ht_sweep_done(grid, k, dir)) return HT_OK;
    int held = ht_sweep_hold(grid, dir);
    ht_sweep_forget_failure(grid, k, dir);
    ht_code code = train_cell(grid, k, dir, data_dir, err);
    if (code != HT_OK) ht_sweep_store_failure(grid, k, dir, err->text);
    if (held >= 0) close(held);
    return code;
}

/* ---- all cells, each in a process -------------------------------------------------------------- */

/* The tick: waitpid returns. */
static void on_tick(int number)
{
    (void)number;
}

typedef struct child {
    pid_t pid; /* 0: free */
    int number;
} child;

typedef struct sweep {
    const ht_sweep_run *run;
    int total, next, running; /* next: the number of the cell to look at */
    child *children;          /* (jobs) */
    int there, done, failed;  /* cells that had a result; that got one; that did not */
    double start, shown;
    double cost_done, cost_left; /* of what is not there: proportional to the width */
    bool bar;                    /* a bar on a terminal, else lines */
} sweep;

/* What a cell costs, in units that cancel: wider networks take longer. */
static double cost_of(const ht_plan *plan, int number)
{
    ht_params params;
    int k;
    const ht_grid *grid = ht_plan_cell(plan, number, &k);
    ht_grid_params(grid, k, &params);
    int widths[HT_PARAM_LAYERS], depth = ht_params_widths(&params, widths);
    double neurons = 0;
    for (int l = 0; l < depth; l++) neurons += widths[l];
    return neurons + 100;
}

static bool cell_done(const sweep *s, int number)
{
    int k;
    const ht_grid *grid = ht_plan_cell(s->run->plan, number, &k);
    return ht_sweep_done(grid, k, s->run->dir);
}

/* ---- progress ---------------------------------------------------------------------------------- */

static void format_left(const sweep *s, char *to, size_t size)
{
    double seconds = s->cost_done > 0 ? (ht_now() - s->start) / s->cost_done * s->cost_left : -1;
    if (seconds < 0)
        snprintf(to, size, "time left unknown yet");
    else if (seconds < 3600)
        snprintf(to, size, "%d:%02d left", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(to, size, "%.1f h left", seconds / 3600);
}

static void show(sweep *s, bool last)
{
    char left[40], bar[HT_BAR];
    int have = s->there + s->done;
    double least = s->bar ? 0.05 : 1;
    if (s->run->quiet || (!last && ht_now() - s->shown < least)) return;
    s->shown = ht_now();
    format_left(s, left, sizeof left);
    if (s->bar)
        fprintf(stderr, "\r%s %d of %d cells done, %d failed, %-22s%s",
                ht_format_bar(bar, s->total ? (double)have / s->total : 0), have, s->total, s->failed, left,
                last ? "\n" : "");
    else
        fprintf(stderr, "heavytail: %d of %d cells done, %d failed, %s\n", have, s->total, s->failed, left);
}

/* ---- processes --------------------------------------------------------------------------------- */

/* In the child: it prints nothing, and ends when its parent ends, in whatever way. */
static void become_cell(const ht_sweep_run *run, int number, pid_t parent)
{
    char text[16], *argv[512];
    int count = 0, null = open("/dev/null", O_RDWR);
    snprintf(text, sizeof text, "%d", number);
    while (count < 509 && run->command[count]) {
        argv[count] = run->command[count];
        count++;
    }
    argv[count++] = (char[]){"--cell"};
    argv[count++] = text;
    argv[count] = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(HT_FAIL);
    for (int fd = 0; fd <= 2 && null >= 0; fd++) dup2(null, fd);
    ht_file_exec_self(argv);
    _exit(HT_FAIL);
}

static ht_code start_cell(sweep *s, int number, ht_error *err)
{
    child *c = s->children;
    while (c->pid) c++;
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) return ht_error_set(err, HT_FAIL, "cannot start a process: %s", strerror(errno));
    if (pid == 0) become_cell(s->run, number, parent);
    *c = (child){pid, number};
    s->running++;
    return HT_OK;
}

/* Starts what there is room for. */
static ht_code fill(sweep *s, ht_error *err)
{
    while (s->next <= s->total && s->running < s->run->jobs && !ht_interrupted()) {
        if (!cell_done(s, s->next) && start_cell(s, s->next, err) != HT_OK) return err->code;
        s->next++;
    }
    return HT_OK;
}

static void note_failure(const sweep *s, const child *c, int status)
{
    char sentence[80];
    int k;
    const ht_grid *grid = ht_plan_cell(s->run->plan, c->number, &k);
    if (WIFSIGNALED(status))
        snprintf(sentence, sizeof sentence, "ended by signal %d", WTERMSIG(status));
    else
        snprintf(sentence, sizeof sentence, "ended with exit code %d", WEXITSTATUS(status));
    if (!ht_sweep_failed(grid, k, s->run->dir)) ht_sweep_store_failure(grid, k, s->run->dir, sentence);
}

static void reap(sweep *s, pid_t pid, int status)
{
    for (int i = 0; i < s->run->jobs; i++) {
        child *c = &s->children[i];
        if (c->pid != pid) continue;
        double cost = cost_of(s->run->plan, c->number);
        s->running--;
        s->cost_done += cost;
        s->cost_left -= cost;
        if (cell_done(s, c->number)) {
            s->done++;
        } else if (!ht_interrupted()) {
            s->failed++;
            note_failure(s, c, status);
        }
        c->pid = 0;
    }
}

static void stop_children(sweep *s)
{
    for (int i = 0; i < s->run->jobs; i++)
        if (s->children[i].pid) kill(s->children[i].pid, SIGTERM);
}

static ht_code run_cells(sweep *s, ht_error *err)
{
    ht_code code = fill(s, err);
    if (code != HT_OK) stop_children(s);
    while (s->running > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (ht_interrupted()) stop_children(s);
        if (pid > 0) reap(s, pid, status);
        if (code == HT_OK) code = fill(s, err);
        show(s, false);
    }
    return code;
}

/* A second's tick for the time left. */
static void tick(bool on)
{
    struct sigaction action = {.sa_handler = on ? on_tick : SIG_IGN}; /* no SA_RESTART */
    struct itimerval every = {{on, 0}, {on, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
}

/* Counts what is there, so that progress and time are those of the rest. */
static ht_code count_cells(sweep *s, ht_error *err)
{
    const ht_plan *plan = s->run->plan;
    for (int i = 0; i < plan->count; i++) {
        if (ht_sweep_prepare(&plan->grid[i], s->run->dir, err) != HT_OK) return err->code;
        ht_sweep_clean(&plan->grid[i], s->run->dir);
    }
    for (int number = 1; number <= s->total; number++) {
        if (cell_done(s, number))
            s->there++;
        else
            s->cost_left += cost_of(plan, number);
    }
    if (s->there > 0 && !s->run->quiet)
        fprintf(stderr, "heavytail: %d of %d cells are there already\n", s->there, s->total);
    return HT_OK;
}

static ht_code conclude(const sweep *s, ht_error *err)
{
    int have = s->there + s->done;
    if (have == s->total) return HT_OK;
    if (ht_interrupted())
        return ht_error_set(err, HT_FAIL, "stopped with %d of %d cells; the same command goes on from there",
                            have, s->total);
    return ht_error_set(err, HT_FAIL,
                        "%d of %d cells failed; %s/…/cells/*.failed say why, and the same command tries them "
                        "again",
                        s->failed, s->total, s->run->dir);
}

ht_code ht_sweep_run_all(const ht_sweep_run *run, ht_error *err)
{
    char threads[16];
    sweep s = {.run = run, .total = ht_plan_cells(run->plan), .next = 1, .bar = isatty(STDERR_FILENO)};
    if (count_cells(&s, err) != HT_OK) return err->code;
    s.children = ht_alloc((size_t)run->jobs, sizeof *s.children, "the jobs", err);
    if (!s.children) return err->code;
    snprintf(threads, sizeof threads, "%d", run->threads);
    setenv("HEAVYTAIL_THREADS", threads, 1);
    s.start = ht_now();
    ht_interrupt_listen(); /* SIGINT and SIGTERM end the cells first */
    tick(true);
    ht_code code = run_cells(&s, err);
    tick(false);
    ht_interrupt_leave();
    show(&s, true);
    ht_free(s.children);
    return code == HT_OK ? conclude(&s, err) : code;
}
