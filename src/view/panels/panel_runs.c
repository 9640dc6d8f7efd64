/* panel_runs.c - runs side by side: the list of runs, and in what the ticked ones differ. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/tail_table.h"
#include "view/panels/panels.h"
#include "view/runs/shelf.h"

/* ---- the list ---------------------------------------------------------------------------------- */

/* "3 s", "12 min", "5 h", "3 d" */
static void say_age(double seconds, char *to, size_t size)
{
    static const struct {
        double length;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].length) i++;
    snprintf(to, size, "%.0f %s", floor(fmax(0, seconds) / units[i].length), units[i].unit);
}

/* How a directory's run stands: who writes it may have been killed, so its age is told. */
static void say_state(const ht_shelved *run, double now, char *to, size_t size)
{
    static const char *const words[] = {"paused", "running", "done", "diverged"};
    char age[24];
    bool ended = run->has_state && run->state != HT_STATE_RUNNING;
    say_age(now - run->written, age, sizeof age);
    if (ended)
        snprintf(to, size, "%s, ", words[run->state]);
    else
        snprintf(to, size, "unfinished, written %s ago, ", age);
    if (!run->saved) snprintf(to + strlen(to), size - strlen(to), "no checkpoint, ");
}

/* The end of a path that is too long says more than its beginning. */
static void say_path(const char *path, int room, char *to, size_t size)
{
    int length = (int)ht_utf8_length(path);
    const char *from = path;
    unsigned c;
    if (room < 8) room = 8;
    for (int i = 0; i < length - room + 1 && length > room; i++) from += ht_utf8_decode(from, &c);
    snprintf(to, size, "%s%s", from > path ? "…" : "", from);
}

/* What it is, and where there is room its noise. */
static void say_run(ht_run_row row, int room, char *to, size_t size)
{
    char noise[64], name[200];
    if (row.run && row.run->path[0])
        say_path(row.run->path, room, name, sizeof name);
    else if (row.run)
        snprintf(name, sizeof name, "run %u", row.run->number);
    else
        snprintf(name, sizeof name, "ghost");
    bool named = row.ghost->name[0] && !(row.run && row.run->path[0]);
    ht_model_noise(&row.ghost->params, noise, sizeof noise);
    snprintf(to, size, "%s%s%.31s", name, named ? " " : "", named ? row.ghost->name : "");
    if (row.run && !row.run->read) return;
    if ((int)ht_utf8_length(to) + 2 + (int)ht_utf8_length(noise) > room) return;
    snprintf(to + strlen(to), size - strlen(to), ": %s", noise);
}

static void say_standing(const ht_model *m, ht_run_row row, char *to, size_t size)
{
    char step[32], state[64] = "";
    if (row.run && row.run->problem[0] && !row.run->read) {
        ht_text_copy(to, size, "cannot be read");
        return;
    }
    if (row.run && !row.run->read) {
        ht_text_copy(to, size, "being read");
        return;
    }
    ht_format_grouped(step, sizeof step, (long long)row.ghost->step);
    if (row.run && row.run->problem[0])
        ht_text_copy(state, sizeof state, "damaged, ");
    else if (m->shelf && row.run && row.run->path[0])
        say_state(row.run, m->shelf->now, state, sizeof state);
    snprintf(to, size, "%sstep %s", state, step); /* the steps of all rows end in one column */
}

static void add_run(const ht_model *m, ht_room room, int i, ht_form *form)
{
    char label[200], text[sizeof label + 8], standing[100];
    ht_run_row row = ht_shelf_row(m, i);
    bool shown = ht_ghost_shown(m, row.ghost), bad = row.run && row.run->problem[0] && !shown;
    say_standing(m, row, standing, sizeof standing);
    say_run(row, room.columns - 14 - (int)ht_utf8_length(standing), label, sizeof label);
    ht_role role = bad ? HT_ROLE_BAD : shown ? ht_ghost_role(row.ghost) : HT_ROLE_DIM;
    snprintf(text, sizeof text, "[%c] %s", shown ? 'x' : ' ', label);
    ht_row *added = ht_form_add(form, HT_ROW_VALUE, role, "", "%s  %s%c", standing, shown ? "━━ " : "   ",
                                shown ? row.ghost->letter : ' ');
    ht_text_copy(added->label, sizeof added->label, text);
    added->id = i;
    added->selected = m->shelf && m->control >= 0 && i == m->shelf->chosen && m->view == HT_VIEW_RUNS;
}

static void add_choices(const ht_chooser *c, ht_room room, ht_form *form)
{
    char path[200], more[80];
    say_path(c->path, room.columns - 16, path, sizeof path);
    snprintf(form->title, sizeof form->title, "Add a run: %.50s", path);
    for (int i = 0; i < c->count; i++) {
        ht_row *row = ht_form_add(form, HT_ROW_VALUE, c->choice[i].run ? HT_ROLE_GOOD : HT_ROLE_DIM,
                                  c->choice[i].name, "%s", c->choice[i].run ? "a run: Enter adds it" : "");
        row->id = i;
        row->selected = i == c->chosen;
    }
    if (c->left_out == 0) return;
    snprintf(form->hint, sizeof form->hint, "the newest %d", c->count - 1);
    snprintf(more, sizeof more, "the %d that changed last; %d older ones are left out", c->count - 1,
             c->left_out);
    ht_form_add(form, HT_ROW_TEXT, HT_ROLE_WARNING, more, " ");
}

/* The chosen row stays in sight. */
static void scroll_to(ht_form *form, int chosen, int rows)
{
    if (rows > 0 && chosen >= rows) form->first = chosen - rows + 1;
}

static const char list_keys[] = "Space ticks, Enter adds a run directory, x takes out, → more columns.";
static const char choose_keys[] = "Enter opens or adds, Backspace goes up, Space adds, Esc leaves.";

void ht_panel_runs(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_shelf *shelf = m->shelf;
    ht_text_copy(form->title, sizeof form->title, "Runs");
    if (shelf && shelf->chooser.open) {
        add_choices(&shelf->chooser, room, form);
        scroll_to(form, shelf->chooser.chosen, room.rows);
        if (form->count + 1 <= room.rows) ht_panel_add_text(form, room, HT_ROLE_DIM, choose_keys);
        return;
    }
    int rows = ht_shelf_rows(m);
    snprintf(form->hint, sizeof form->hint, "%d of %d ticked", m->ghost_count, rows);
    if (rows == 0)
        ht_panel_add_text(
            form, room, HT_ROLE_DIM,
            "No other run yet. r begins another one and keeps this here, g pins it as it stands; "
            "Enter adds a run directory, as does heavytail --ghost DIR.");
    for (int i = 0; i < rows; i++) add_run(m, room, i, form);
    if (rows > 0 && shelf) {
        ht_run_row row = ht_shelf_row(m, shelf->chosen);
        if (row.run && row.run->problem[0]) ht_panel_add_text(form, room, HT_ROLE_BAD, row.run->problem);
        scroll_to(form, shelf->chosen, room.rows - (form->count - rows));
    }
    if (rows > 0 && form->count + ht_panel_text_rows(room, list_keys) <= room.rows && m->control >= 0)
        ht_panel_add_text(form, room, HT_ROLE_DIM, list_keys);
}

/* ---- the table --------------------------------------------------------------------------------- */

enum { RUNS_MOST = HT_GHOSTS + 1, FIELD = 32 }; /* five and a name fit in a row */
_Static_assert((int)RUNS_MOST <= (int)HT_FORM_STOPS, "a column has no stop");

/* A run as the table has it: this one first, then the ticked ones. */
typedef struct column {
    char name[FIELD];
    bool twin; /* when it ends is not of its settings: it goes as far as this run */
    const ht_params *params;
    const ht_report *report;
    double step, loss, accuracy, looked; /* looked: the step of loss and accuracy, NaN: none */
} column;

static double last_step(const ht_curve *curve)
{
    return curve->count ? curve->bucket[curve->count - 1].last : (double)NAN;
}

static int columns_of(const ht_model *m, column columns[RUNS_MOST])
{
    columns[0] = (column){.name = "this run",
                          .params = &m->applied,
                          .report = &m->report,
                          .step = (double)m->step,
                          .loss = m->test_loss,
                          .accuracy = m->test_accuracy,
                          .looked = last_step(&m->trace[HT_TRACE_TEST_LOSS])};
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_ghost *g = m->ghost[i];
        columns[i + 1] = (column){.twin = g->twin,
                                  .params = &g->params,
                                  .report = &g->report,
                                  .step = (double)g->step,
                                  .loss = g->test_loss,
                                  .accuracy = g->test_accuracy,
                                  .looked = last_step(&g->trace[HT_TRACE_TEST_LOSS])};
        snprintf(columns[i + 1].name, FIELD, "%c%s%s", g->letter, g->name[0] ? " " : "", g->name);
    }
    return m->ghost_count + 1;
}

typedef struct table {
    ht_form *form;
    int first, shown; /* of the columns */
} table;

static void add_fields(const table *t, const char *label, char fields[RUNS_MOST][FIELD])
{
    char line[sizeof((ht_row *)0)->label];
    size_t used = (size_t)snprintf(line, sizeof line, "%.30s", label);
    for (int i = t->first; i < t->first + t->shown; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, "\t%s", fields[i]);
    ht_form_add(t->form, HT_ROW_TABLE, HT_ROLE_TEXT, line, "%s", "");
}

static void add_settings(const table *t, const column *columns, int count)
{
    int rows = 0;
    char fields[RUNS_MOST][FIELD], value[HT_PARAM_VALUE];
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at((ht_param)p);
        bool differs = false;
        if (info->live == HT_VIEW || info->group == HT_GROUP_RUN) continue;
        for (int i = 0; i < count; i++) {
            bool own = columns[i].twin && (p == HT_P_TRAIN_STEPS || p == HT_P_TRAIN_STOP);
            ht_params_format(columns[own ? 0 : i].params, (ht_param)p, value, sizeof value);
            ht_text_copy(fields[i], FIELD, value);
            differs = differs || strcmp(fields[i], fields[0]) != 0;
        }
        const char *symbol = ht_model_symbol((ht_param)p), *last = strchr(info->key, '.') + 1;
        if (differs) add_fields(t, strcmp(symbol, last) == 0 ? info->key : symbol, fields);
        rows += differs;
    }
    if (rows == 0 && count > 1)
        ht_form_add(t->form, HT_ROW_TEXT, HT_ROLE_DIM, "none: the settings of these runs are the same", " ");
}

static void say_number(double value, int digits, char to[FIELD])
{
    if (isfinite(value))
        snprintf(to, FIELD, "%.*f", digits, value);
    else
        ht_text_copy(to, FIELD, isnan(value) ? "–" : "no number");
}

static void say_step(double step, char to[FIELD])
{
    ht_text_copy(to, FIELD, "–");
    if (isfinite(step)) ht_format_grouped(to, FIELD, llround(step));
}

static void say_tail(const ht_report *r, char to[FIELD])
{
    ht_text_copy(to, FIELD, "–");
    if (r->tail.looked) ht_tail_say(&r->tail.now[HT_MMO], to, FIELD);
}

/* Each number with the step that it is of. */
static void add_numbers(const table *t, const column *columns, int count)
{
    enum { STEP, LOSS, ACCURACY, LOOKED, KAPPA, KAPPA_AT, TAIL, TAIL_AT, ROWS };
    static const char *const labels[] = {"step", "test loss", "test accuracy", "  at step",
                                         "κ",    "  at step", "α̂ mmo",         "  at step"};
    char field[ROWS][RUNS_MOST][FIELD];
    for (int i = 0; i < count; i++) {
        const column *c = &columns[i];
        ht_model_kappa kappa = ht_model_kappa_of(c->report);
        say_step(c->step, field[STEP][i]);
        say_number(c->loss, 4, field[LOSS][i]);
        say_number(c->accuracy, 4, field[ACCURACY][i]);
        say_step(c->looked, field[LOOKED][i]);
        say_number(kappa.value, 3, field[KAPPA][i]);
        say_step(isnan(kappa.value) ? (double)NAN : (double)kappa.step, field[KAPPA_AT][i]);
        say_tail(c->report, field[TAIL][i]);
        say_step(c->report->tail.looked ? (double)c->report->tail.step : (double)NAN, field[TAIL_AT][i]);
    }
    for (int r = 0; r < ROWS; r++) add_fields(t, labels[r], field[r]);
}

/* Which columns are shown, and where they end. */
static table fit(const ht_model *m, ht_room room, int count, ht_form *form)
{
    enum { LABEL = 16, LEAST = 14, MOST = 24, MARGIN = 2 };
    int room_left = room.columns - MARGIN - LABEL, most = room_left / LEAST;
    table t = {form, m->shelf ? m->shelf->column : 0, count};
    if (t.shown > most) t.shown = most < 1 ? 1 : most;
    if (t.first > count - t.shown) t.first = count - t.shown;
    int width = room_left / t.shown;
    if (width > MOST) width = MOST;
    for (int i = 0; i < t.shown; i++) form->stop[i] = LABEL + (i + 1) * width;
    int more = count - t.shown - t.first;
    if (more > 0)
        snprintf(form->hint, sizeof form->hint, "%d more: →", more);
    else if (t.first > 0)
        snprintf(form->hint, sizeof form->hint, "%d before: ←", t.first);
    return t;
}

void ht_panel_runs_table(const ht_model *m, ht_room room, ht_form *form)
{
    column columns[RUNS_MOST];
    char names[RUNS_MOST][FIELD];
    int count = columns_of(m, columns);
    ht_text_copy(form->title, sizeof form->title, "What differs");
    table t = fit(m, room, count, form);
    for (int i = 0; i < count; i++) ht_text_copy(names[i], FIELD, columns[i].name);
    add_fields(&t, "", names);
    add_numbers(&t, columns, count);
    ht_panel_add_heading(form, "Settings that differ");
    add_settings(&t, columns, count);
}
