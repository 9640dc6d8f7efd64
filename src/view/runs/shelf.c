#include "view/runs/shelf.h"

#include <string.h>

#include "base/alloc.h"

ht_shelf *ht_shelf_of(ht_model *m, ht_error *err)
{
    if (!m->shelf) m->shelf = ht_alloc(1, sizeof *m->shelf, "the list of runs", err);
    return m->shelf;
}

void ht_shelf_free(ht_shelf *shelf)
{
    if (!shelf) return;
    for (int i = 0; i < shelf->count; i++) ht_free(shelf->run[i].ghost);
    ht_free(shelf);
}

/* ---- rows -------------------------------------------------------------------------------------- */

static int pinned(const ht_model *m)
{
    int count = 0;
    for (int i = 0; i < m->ghost_count; i++) count += !m->ghost[i]->shelved;
    return count;
}

int ht_shelf_rows(const ht_model *m)
{
    return pinned(m) + (m->shelf ? m->shelf->count : 0);
}

ht_run_row ht_shelf_row(const ht_model *m, int row)
{
    for (int i = 0; i < m->ghost_count; i++)
        if (!m->ghost[i]->shelved && row-- == 0) return (ht_run_row){NULL, m->ghost[i]};
    ht_shelved *run = m->shelf && row >= 0 && row < m->shelf->count ? &m->shelf->run[row] : NULL;
    return (ht_run_row){run, run ? run->ghost : NULL};
}

/* ---- runs -------------------------------------------------------------------------------------- */

static ht_shelved *put(ht_shelf *shelf, ht_ghost *ghost)
{
    ht_shelved *run = &shelf->run[shelf->count++];
    memset(run, 0, sizeof *run);
    run->ghost = ghost;
    ghost->shelved = true;
    return run;
}

ht_shelved *ht_shelf_add(ht_shelf *shelf, ht_error *err)
{
    if (shelf->count == HT_SHELF) {
        ht_error_set(err, HT_FAIL, "the list holds %d runs, which is all it can; x takes one out", HT_SHELF);
        return NULL;
    }
    ht_ghost *ghost = ht_alloc(1, sizeof *ghost, "a run to compare with", err);
    return ghost ? put(shelf, ghost) : NULL;
}

ht_shelved *ht_shelf_find(ht_shelf *shelf, const char *path)
{
    for (int i = 0; i < shelf->count; i++)
        if (path[0] && strcmp(shelf->run[i].path, path) == 0) return &shelf->run[i];
    return NULL;
}

/* Its memory stays the shelf's until it is freed here. */
static void take_out(ht_model *m, int i)
{
    ht_shelf *shelf = m->shelf;
    ht_ghost_hide(m, shelf->run[i].ghost);
    ht_free(shelf->run[i].ghost);
    shelf->count--;
    memmove(&shelf->run[i], &shelf->run[i + 1], (size_t)(shelf->count - i) * sizeof shelf->run[0]);
}

static void make_room(ht_model *m)
{
    int of_session = 0, oldest = -1;
    for (int i = m->shelf->count - 1; i >= 0; i--) {
        const ht_shelved *run = &m->shelf->run[i];
        if (run->path[0]) continue;
        of_session++;
        if (!ht_ghost_shown(m, run->ghost)) oldest = i;
    }
    if (of_session >= HT_SHELF_SESSION && oldest >= 0) take_out(m, oldest);
}

ht_code ht_shelf_keep(ht_model *m, ht_error *err)
{
    if (!ht_shelf_of(m, err)) return HT_FAIL;
    make_room(m);
    ht_shelved *run = ht_shelf_add(m->shelf, err);
    if (!run) return HT_FAIL;
    ht_ghost_follow(run->ghost, m);
    run->number = ++m->shelf->runs;
    run->read = true;
    return HT_OK;
}

/* ---- ticks ------------------------------------------------------------------------------------- */

static ht_code untick(ht_model *m, ht_run_row row, ht_error *err)
{
    if (row.ghost->twin)
        return ht_error_set(err, HT_USAGE, "this is the twin, which is trained beside the run: n ends it");
    if (row.run) {
        ht_ghost_hide(m, row.ghost);
        return HT_OK;
    }
    if (!ht_shelf_of(m, err)) return HT_FAIL;
    make_room(m);
    if (m->shelf->count == HT_SHELF)
        return ht_error_set(err, HT_FAIL, "the list holds %d runs, which is all it can; x takes one out",
                            HT_SHELF);
    ht_shelved *run = put(m->shelf, row.ghost);
    run->ghost->left = false; /* the future that it keeps is not one to go forward into any more */
    run->number = ++m->shelf->runs;
    run->read = true;
    ht_ghost_hide(m, row.ghost);
    return HT_OK;
}

ht_code ht_shelf_tick(ht_model *m, int i, ht_error *err)
{
    ht_run_row row = ht_shelf_row(m, i);
    if (!row.ghost) return ht_error_set(err, HT_USAGE, "there is no run here; Enter adds a run directory");
    if (ht_ghost_shown(m, row.ghost)) return untick(m, row, err);
    if (!row.run->read)
        return ht_error_set(err, HT_USAGE, "%s",
                            row.run->problem[0] ? row.run->problem : "this run is still being read");
    if (ht_ghost_show(m, row.ghost)) return HT_OK;
    return ht_error_set(err, HT_USAGE, "%d runs are ticked, more have no colours of their own; untick one",
                        HT_GHOSTS);
}

void ht_shelf_drop(ht_model *m, int i)
{
    ht_run_row row = ht_shelf_row(m, i);
    if (row.run) take_out(m, (int)(row.run - m->shelf->run));
    if (!row.run && row.ghost) ht_ghost_take(m, row.ghost);
}
