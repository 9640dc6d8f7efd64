/* lab_runs.c - runs side by side: the keys of the list, and the run directories in it, which a thread reads
 * and reads again when they have grown. */
#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab/lab_handlers.h"
#include "base/file.h"
#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "engine/run/rundir.h"
#include "engine/run/stored_run.h"
#include "experiment/stored_results.h"
#include "render/draw/draw.h"
#include "view/runs/shelf.h"

/* One directory at a time. */
struct ht_run_reading {
    pthread_t thread;
    bool busy;
    atomic_bool off; /* the lab ends */
    char path[HT_CHOICE_PATH];
    ht_stored_run run;
    ht_code code;
    ht_error err;
    double looked;
    int next; /* the first that is asked for news: one that always changes does not keep the others waiting */
};

/* ---- from a directory to a ghost ---------------------------------------------------------------- */

static void add_value(ht_ghost *g, ht_trace trace, uint64_t step, double low, double high, double value)
{
    if (!isnan(value)) ht_curve_add(&g->trace[trace], (double)step, low, high, value);
}

static void take_rows(ht_ghost *g, const ht_stored_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const ht_metrics *r = &run->rows[i];
        add_value(g, HT_TRACE_LOSS, r->step, r->loss_min, r->loss_max, r->loss);
        add_value(g, HT_TRACE_ACCURACY, r->step, r->batch_accuracy, r->batch_accuracy, r->batch_accuracy);
        add_value(g, HT_TRACE_TEST_LOSS, r->step, r->test_loss, r->test_loss, r->test_loss);
        add_value(g, HT_TRACE_TEST_ACCURACY, r->step, r->test_accuracy, r->test_accuracy, r->test_accuracy);
        g->step = r->step;
    }
    g->test_loss = ht_curve_last(&g->trace[HT_TRACE_TEST_LOSS]);
    g->test_accuracy = ht_curve_last(&g->trace[HT_TRACE_TEST_ACCURACY]);
}

/* What the last checkpoint says, as the point of a curve. */
static void take_looks(ht_ghost *g, const ht_report *report)
{
    ht_model_kappa kappa = ht_model_kappa_of(report);
    g->report = *report;
    if (report->count == 0) return;
    if (report->step > g->step) g->step = report->step;
    add_value(g, HT_TRACE_KAPPA, kappa.step, kappa.value, kappa.value, kappa.value);
    for (int e = 0; e < HT_ESTIMATORS && report->tail.looked; e++)
        ht_model_add_estimate(&g->trace[ht_trace_of((ht_estimator)e)], (double)report->tail.step,
                              &report->tail.now[e]);
}

/* Its place in the charts stays. */
static void take_run(ht_shelved *to, const ht_stored_run *run)
{
    ht_ghost *g = to->ghost;
    for (int i = 0; i < HT_TRACE_COUNT; i++) ht_curve_clear(&g->trace[i]);
    g->step = 0;
    g->params = run->params;
    g->labels = run->labels;
    take_rows(g, run);
    take_looks(g, run->report);
    to->read = true;
    to->problem[0] = '\0';
    to->saved = run->saved;
    to->has_state = run->has_state;
    to->state = run->state;
}

/* What could be read before stays, beside what is wrong now; so does what is whole of a damaged run. */
static void take_result(ht_shelved *to, const ht_stored_run *run, ht_code code, const ht_error *err)
{
    to->mark = run->stamp.mark;
    to->written = run->stamp.written;
    if (code == HT_OK || run->count > 0) take_run(to, run);
    if (code != HT_OK) ht_text_copy(to->problem, sizeof to->problem, err->text);
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* A sweep's point is a file. */
static bool is_results(const char *path)
{
    return ht_text_ends(path, ".json");
}

static ht_code read_path(ht_stored_run *run, const char *path, ht_error *err)
{
    return is_results(path) ? ht_stored_results_read(run, path, err) : ht_stored_run_read(run, path, err);
}

static void *read_run(void *context)
{
    struct ht_run_reading *r = context;
    ht_cancel_by(&r->off);
    r->code = read_path(&r->run, r->path, &r->err);
    return NULL;
}

static struct ht_run_reading *reading_of(ht_lab *lab, ht_error *err)
{
    if (!lab->reading) lab->reading = ht_alloc(1, sizeof *lab->reading, "reading runs", err);
    return lab->reading;
}

static void begin_reading(ht_lab *lab, ht_shelved *run)
{
    struct ht_run_reading *r = reading_of(lab, &(ht_error){0});
    if (!r) return;
    ht_text_copy(r->path, sizeof r->path, run->path);
    r->busy = ht_thread_start(&r->thread, read_run, r, "the thread that reads runs", &r->err) == HT_OK;
    if (!r->busy) ht_text_copy(run->problem, sizeof run->problem, r->err.text);
}

/* A run that was asked for is ticked once it is there. */
static void welcome(ht_lab *lab, ht_shelved *run)
{
    if (run->problem[0]) ht_lab_note(lab, false, "%s", run->problem);
    if (!run->wanted || !run->read) return;
    run->wanted = false;
    if (!ht_ghost_shown(lab->model, run->ghost) && !ht_ghost_show(lab->model, run->ghost))
        ht_lab_note(lab, true, "%d runs are in the charts; S lists all, Space there ticks others", HT_GHOSTS);
}

static bool end_reading(ht_lab *lab)
{
    struct ht_run_reading *r = lab->reading;
    if (!r || !r->busy || !ht_thread_join_within(r->thread, 0)) return false;
    r->busy = false;
    ht_shelved *run = lab->model->shelf ? ht_shelf_find(lab->model->shelf, r->path) : NULL;
    if (run) take_result(run, &r->run, r->code, &r->err);
    ht_stored_run_free(&r->run);
    if (run) welcome(lab, run);
    return true;
}

static double wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Around the list, from the one after the last that had news. */
static void look_for_news(ht_lab *lab)
{
    ht_shelf *shelf = lab->model->shelf;
    int from = lab->reading->next;
    for (int k = 0; k < shelf->count; k++) {
        int i = (from + k) % shelf->count;
        ht_shelved *run = &shelf->run[i];
        if (!run->path[0] || ht_stored_run_stamp(run->path).mark == run->mark) continue;
        lab->reading->next = i + 1;
        begin_reading(lab, run);
        return;
    }
}

static bool has_directories(const ht_shelf *shelf)
{
    for (int i = 0; shelf && i < shelf->count; i++)
        if (shelf->run[i].path[0]) return true;
    return false;
}

bool ht_lab_runs_poll(ht_lab *lab)
{
    static const double interval = 1;
    ht_shelf *shelf = lab->model->shelf;
    bool news = end_reading(lab);
    if (!has_directories(shelf) || (lab->reading && lab->reading->busy)) return news;
    struct ht_run_reading *r = reading_of(lab, &(ht_error){0});
    if (!r || (!news && ht_now() - r->looked < interval)) return news;
    r->looked = ht_now();
    shelf->now = wall_clock();
    look_for_news(lab);
    return news || lab->model->view == HT_VIEW_RUNS; /* ages */
}

bool ht_lab_runs_gone(ht_lab *lab, double seconds)
{
    struct ht_run_reading *r = lab->reading;
    if (!r) return true;
    atomic_store(&r->off, true);
    if (r->busy && !ht_thread_join_within(r->thread, seconds)) return false;
    if (r->busy) ht_stored_run_free(&r->run);
    ht_free(r);
    lab->reading = NULL;
    return true;
}

/* ---- directories that are given ------------------------------------------------------------------ */

/* The last part of its path, for legends. */
static void name_run(ht_shelved *run)
{
    char *name = run->ghost->name;
    ht_text_copy(name, sizeof run->ghost->name, ht_file_name(run->path));
    if (is_results(name)) name[strlen(name) - strlen(".json")] = '\0';
    ht_text_clean(name);
}

/* The run of that path, to be ticked: one that is there, or one more. NULL with *err set. */
static ht_shelved *add(ht_lab *lab, const char *path, ht_error *err)
{
    char whole[PATH_MAX];
    ht_shelf *shelf = ht_shelf_of(lab->model, err);
    if (!shelf) return NULL;
    bool there = realpath(path, whole) && strlen(whole) < HT_CHOICE_PATH;
    if (!there || !(is_results(whole) || ht_rundir_is_run(whole))) {
        ht_error_set(err, HT_USAGE,
                     "%s: %s; `heavytail train --run DIR` makes one (of a sweep give one of its "
                     "cells/*.json)",
                     path,
                     there ? "is no run directory (it holds no preset.ini)" : "there is nothing to read");
        return NULL;
    }
    ht_shelved *run = ht_shelf_find(shelf, whole);
    if (!run) {
        run = ht_shelf_add(shelf, err);
        if (!run) return NULL;
        ht_text_copy(run->path, sizeof run->path, whole);
        name_run(run);
    }
    run->wanted = true;
    return run;
}

ht_code ht_lab_runs_add(ht_lab *lab, const char *path, ht_error *err)
{
    return add(lab, path, err) ? HT_OK : err->code;
}

void ht_lab_runs_read(ht_lab *lab)
{
    ht_shelf *shelf = lab->model->shelf;
    ht_stored_run run;
    ht_error err;
    for (int i = 0; shelf && i < shelf->count; i++) {
        ht_shelved *to = &shelf->run[i];
        if (!to->path[0] || to->read) continue;
        ht_code code = read_path(&run, to->path, &err);
        take_result(to, &run, code, &err);
        ht_stored_run_free(&run);
    }
}

void ht_lab_runs_welcome(ht_lab *lab)
{
    ht_shelf *shelf = lab->model->shelf;
    if (!shelf) return;
    shelf->now = wall_clock();
    for (int i = 0; i < shelf->count; i++) welcome(lab, &shelf->run[i]);
}

void ht_lab_runs_keep(ht_lab *lab)
{
    ht_error err;
    if (lab->model->step == 0 || ht_shelf_keep(lab->model, &err) == HT_OK) return;
    ht_lab_note(lab, false, "the run that was left is not kept: %s", err.text);
}

/* ---- the keys of the chooser --------------------------------------------------------------------- */

static void open_chooser(ht_lab *lab)
{
    ht_error err;
    ht_shelf *shelf = ht_shelf_of(lab->model, &err);
    if (shelf) shelf->chooser.is_run = ht_rundir_is_run;
    if (shelf &&
        ht_chooser_list(&shelf->chooser, shelf->chooser.path[0] ? shelf->chooser.path : ".", &err) == HT_OK)
        shelf->chooser.open = true;
    else
        ht_lab_note(lab, false, "%s", err.text);
}

/* One that is in the list already is ticked; another will be once it is read. */
static void add_chosen(ht_lab *lab)
{
    ht_error err;
    char path[HT_CHOICE_PATH];
    ht_model *m = lab->model;
    ht_chooser *c = &m->shelf->chooser;
    int before = m->shelf->count;
    ht_shelved *run = ht_chooser_path(c, path, sizeof path, &err) == HT_OK ? add(lab, path, &err) : NULL;
    if (!run) {
        ht_lab_note(lab, false, "%s", err.text);
        return;
    }
    c->open = false;
    for (int i = 0; i < ht_shelf_rows(m); i++)
        if (ht_shelf_row(m, i).run == run) m->shelf->chosen = i;
    if (lab->reading) lab->reading->looked = 0;
    if (m->shelf->count > before)
        ht_lab_note(lab, true, "added %s; it is in the charts as soon as it is read", path);
    else
        ht_lab_note(lab, true, "%s is in the list already%s", path,
                    run->read ? "; its charts are shown" : "");
    if (run->read) welcome(lab, run);
}

static void enter(ht_lab *lab)
{
    ht_error err;
    ht_chooser *c = &lab->model->shelf->chooser;
    if (c->count > 0 && c->choice[c->chosen].run)
        add_chosen(lab);
    else if (ht_chooser_enter(c, &err) != HT_OK)
        ht_lab_note(lab, false, "%s", err.text);
}

static bool choose(ht_lab *lab, ht_action action)
{
    enum { PAGE = 10 };
    ht_error err;
    ht_chooser *c = &lab->model->shelf->chooser;
    ht_code code = HT_OK;
    switch (action) {
    case HT_DO_UP:
    case HT_DO_DOWN:
        ht_chooser_move(c, action == HT_DO_UP ? -1 : 1);
        break;
    case HT_DO_EARLIER:
    case HT_DO_LATER:
        ht_chooser_move(c, action == HT_DO_EARLIER ? -PAGE : PAGE);
        break;
    case HT_DO_GO:
        enter(lab);
        break;
    case HT_DO_MORE:
        code = ht_chooser_enter(c, &err);
        break;
    case HT_DO_LESS:
    case HT_DO_LESSON_BACK:
        code = ht_chooser_up(c, &err);
        break;
    case HT_DO_PAUSE:
        add_chosen(lab);
        break;
    case HT_DO_BACK:
        c->open = false;
        break;
    default:
        return false;
    }
    if (code != HT_OK) ht_lab_note(lab, false, "%s", err.text);
    return true;
}

/* ---- the keys of the list ------------------------------------------------------------------------ */

static void move_choice(ht_lab *lab, int by)
{
    ht_model *m = lab->model;
    int rows = ht_shelf_rows(m), to = m->shelf->chosen + by;
    m->shelf->chosen = to < 0 || rows == 0 ? 0 : to >= rows ? rows - 1 : to;
    if (m->scrolled == HT_PANEL_RUNS) m->scrolled = HT_PANEL_COUNT; /* the chosen one is in sight again */
}

static void tick(ht_lab *lab)
{
    ht_error err;
    ht_model *m = lab->model;
    const ht_ghost *ghost = ht_shelf_row(m, m->shelf->chosen).ghost;
    if (ht_shelf_tick(m, m->shelf->chosen, &err) != HT_OK) {
        ht_lab_note(lab, err.code == HT_USAGE, "%s", err.text);
        return;
    }
    for (int i = 0; i < ht_shelf_rows(m); i++) /* a pinned ghost has moved down */
        if (ht_shelf_row(m, i).ghost == ghost) m->shelf->chosen = i;
}

static void move_columns(ht_model *m, int by)
{
    int to = m->shelf->column + by;
    m->shelf->column = to < 0 ? 0 : to > m->ghost_count ? m->ghost_count : to;
}

static void drop(ht_lab *lab)
{
    ht_model *m = lab->model;
    ht_run_row row = ht_shelf_row(m, m->shelf->chosen);
    if (row.ghost && row.ghost->twin) {
        ht_lab_note(lab, true, "this is the twin, which is trained beside the run: n ends it");
        return;
    }
    ht_shelf_drop(m, m->shelf->chosen);
    move_choice(lab, 0);
}

bool ht_lab_runs_act(ht_lab *lab, ht_action action)
{
    ht_error err;
    ht_model *m = lab->model;
    if (!ht_shelf_of(m, &err)) return false;
    if (m->shelf->chooser.open) return choose(lab, action);
    switch (action) {
    case HT_DO_UP:
    case HT_DO_DOWN:
        move_choice(lab, action == HT_DO_UP ? -1 : 1);
        return true;
    case HT_DO_LESS:
    case HT_DO_MORE:
        move_columns(m, action == HT_DO_LESS ? -1 : 1);
        return true;
    case HT_DO_PAUSE:
        tick(lab);
        return true;
    case HT_DO_GO:
        open_chooser(lab);
        return true;
    case HT_DO_PRUNE:
        drop(lab);
        return true;
    default:
        return false;
    }
}

/* ---- the mouse ----------------------------------------------------------------------------------- */

/* The run, or the directory to choose, in this row of the list, or -1. */
static int run_at(ht_lab *lab, int column, int row)
{
    ht_rect ignored;
    const ht_row *at = ht_lab_row(lab, HT_PANEL_RUNS, column, row, &ignored);
    return at && at->kind == HT_ROW_VALUE ? at->id : -1;
}

/* A click chooses; one on what is chosen already ticks it, or opens it in the chooser. */
void ht_lab_runs_press(ht_lab *lab, ht_panel_id panel, int column, int row)
{
    ht_shelf *shelf = lab->model->shelf;
    int at = panel == HT_PANEL_RUNS && shelf ? run_at(lab, column, row) : -1;
    if (panel != HT_PANEL_RUNS) ht_lab_put_cursor(lab, panel, column, row);
    if (at < 0 || lab->held) return;
    int *chosen = shelf->chooser.open ? &shelf->chooser.chosen : &shelf->chosen;
    if (*chosen != at)
        *chosen = at;
    else if (shelf->chooser.open)
        enter(lab);
    else
        tick(lab);
}
