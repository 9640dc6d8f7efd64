/* A long lesson: the lab at full speed with a run directory while a user moves sliders, changes views, pins
 * ghosts and goes back. Memory stays flat, what is on the disk agrees with the screen, and the history is
 * whole. HEAVYTAIL_LONG_SECONDS=3600 for the hour; without it a few seconds, in which memory is not checked:
 * the states to go back to are still being filled in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "weights/safetensors.h"
#include "e2e/sandbox.h"
#include "engine/run/rundir.h"
#include "chart/curve.h"

enum {
    SHORT = 8,
    ASSESSED = 600, /* from so many seconds on memory is checked */
    SAMPLES = 12,   /* of the memory that are printed */
    STALLED = 120   /* seconds: a machine that measures something else stops us for a while */
};
static const double warm = 1 / 6., flat = 0.02;

/* ---- the lesson -------------------------------------------------------------------------------- */

typedef struct lesson {
    vt *t;
    double start, seconds;
    int acts;
    double at_warm, low, high; /* MB since the warm time */
    int told;                  /* lines of the printed table */
    bool copied;
} lesson;

static double asked(void)
{
    const char *text = getenv("HEAVYTAIL_LONG_SECONDS");
    double seconds = text ? atof(text) : 0;
    return seconds > 0 ? seconds : SHORT;
}

/* In MB: "VmRSS:", resident now, or "VmHWM:", the most that was. */
static double memory(vt *t, const char *field)
{
    char path[64], line[256];
    double kb = NAN;
    snprintf(path, sizeof path, "/proc/%d/status", (int)vt_pid(t));
    FILE *f = fopen(path, "r");
    while (f && isnan(kb) && fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0) kb = atof(line + strlen(field));
    if (f) fclose(f);
    return kb / 1024;
}

/* From now on "the most that was" is that since now: it knows of peaks between two looks. */
static void forget_peak(vt *t)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)vt_pid(t));
    FILE *f = fopen(path, "w");
    vt_assert(t, f && fputs("5", f) >= 0);
    vt_assert(t, fclose(f) == 0);
}

static double passed(const lesson *l)
{
    return (sandbox_seconds() - l->start) / l->seconds;
}

static void weigh(lesson *l)
{
    double now = passed(l), mb = memory(l->t, "VmRSS:");
    vt_assert(l->t, mb > 0);
    if (now >= warm) {
        if (!(l->at_warm > 0)) {
            l->at_warm = l->low = mb;
            forget_peak(l->t);
        }
        l->low = fmin(l->low, mb);
        l->high = memory(l->t, "VmHWM:");
    }
    if (now * SAMPLES >= l->told) {
        l->told++;
        print_message("long: %6.0f s  step %9ld  %7.2f MB\n", now * l->seconds, sandbox_step(l->t), mb);
        fflush(stdout);
    }
}

static const char paused[] = "‖ paused"; /* in the title line; help has the word alone */

/* What a lecturer does, one line after the other; in the end training goes on, with the settings it had. Each
 * word is a key, with a moment between two of them. */
static const char *const acts[][6] = {
    {"Right"},    {"Left"},
    {"t"},        {"4", "Esc"},
    {"Esc"},      {"O"},
    {"O"},        {"g"},
    {"p"},        {"Left", "Left"},
    {"Esc"},      {"f"},
    {"f"},        {"Down"},
    {"S-Right"},  {"S-Left"},
    {"z", "Tab"}, {"z", "S-Tab"},
    {"m"},        {"m", "m", "m"},
    {"+", "+"},   {"0"},
    {"?", "Esc"}, {"i", "Esc"},
    {"P", "P"},   {"b", "Left", "Left", "Enter", paused, "Space"},
    {"Right"},    {"u", "U", "Left"},
    {"Up"},       {"T"},
};
enum { ACTS = sizeof acts / sizeof acts[0], MOMENT = 60 /* ms */ };

static void act(lesson *l)
{
    const char *const *keys = acts[l->acts++ % ACTS];
    for (int i = 0; i < 6 && keys[i]; i++) {
        if (keys[i] == paused)
            vt_assert(l->t, vt_wait_text(l->t, keys[i], 1000 * STALLED));
        else
            vt_key(l->t, keys[i]);
        vt_pump(l->t, MOMENT);
    }
}

/* A copy made of the living directory, to be replayed. */
static void copy_early(lesson *l)
{
    if (l->copied || passed(l) < 1 / 20. || !sandbox_exists("run/checkpoint.safetensors")) return;
    l->copied = true;
    assert_status(sandbox_shell("mkdir early && cp run/checkpoint.safetensors run/preset.ini early/ && "
                                "cp run/journal.jsonl run/metrics.csv early/"),
                  0);
}

static void give(lesson *l)
{
    double pause = l->seconds / 1000 > 0.2 ? l->seconds / 1000 : 0.2;
    while (passed(l) < 1) {
        act(l);
        vt_pump(l->t, (int)(1000 * pause));
        weigh(l);
        copy_early(l);
        vt_assert(l->t, vt_pid(l->t) && passed(l) * l->seconds < l->seconds + STALLED);
        /* Only now: going back makes it less. */
        vt_assert(l->t, sandbox_wait_step(l->t, sandbox_step(l->t) + 1, 1000 * STALLED));
    }
}

/* ---- what is left of it ------------------------------------------------------------------------ */

static uint64_t checkpoint_step(const char *path)
{
    ht_error err;
    ht_safetensors *file = ht_safetensors_open(path, &err);
    if (!file) fail_msg("%s", err.text);
    uint64_t step = strtoull(ht_safetensors_metadata(file, "heavytail.step"), NULL, 10);
    ht_safetensors_close(file);
    return step;
}

/* Steps in the journal never exceed the real one, and the last kept state is the checkpoint. */
static size_t assess_journal(uint64_t step)
{
    size_t size, count;
    ht_error err;
    ht_journal journal;
    char *text = sandbox_read("run/journal.jsonl", &size);
    if (ht_journal_parse(&journal, "journal.jsonl", text, size, &err) != HT_OK) fail_msg("%s", err.text);
    const ht_entry *last = NULL;
    for (size_t i = 0; i < journal.count; i++) {
        assert_true(journal.entries[i].step <= step + 10000); /* futures that were left */
        if (journal.entries[i].kind == HT_ENTRY_CHECKPOINT) last = &journal.entries[i];
    }
    assert_non_null(last);
    assert_int_equal(last->step, step);
    size_t *path = ht_journal_path(&journal, (size_t)(last - journal.entries), &count, &err);
    if (!path) fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++) assert_true(journal.entries[path[i]].step <= step);
    ht_free(path);
    ht_journal_free(&journal);
    free(text);
    return count;
}

/* Rows from the start to the end without a gap that no row spans, and the same extremes in the curve that the
 * screen keeps, whose size does not depend on how long it was. */
static size_t assess_metrics(uint64_t step)
{
    size_t count;
    ht_error err;
    ht_metrics *rows;
    enum { COLUMNS = 100 };
    static ht_curve curve;
    ht_bucket columns[COLUMNS];
    if (ht_rundir_read_metrics("run", &rows, &count, &err) != HT_OK) fail_msg("%s", err.text);
    double low = INFINITY, high = -INFINITY, least = INFINITY, most = -INFINITY;
    ht_curve_clear(&curve);
    for (size_t i = 0; i < count; i++) {
        const ht_metrics *m = &rows[i];
        assert_true(m->step > (i ? rows[i - 1].step : 0) && m->step <= step);
        assert_true(m->loss_min <= m->loss && m->loss <= m->loss_max && m->test_accuracy >= 0);
        ht_curve_add(&curve, (double)m->step, m->loss_min, m->loss_max, m->loss);
        low = fmin(low, m->loss_min), high = fmax(high, m->loss_max);
    }
    assert_true(count > 1 && rows[0].step <= 10 && rows[count - 1].step + 1000 > step);
    int filled = ht_curve_columns(&curve, 0, (double)step, COLUMNS, 0, columns);
    for (int i = 0; i < filled; i++) least = fmin(least, columns[i].low), most = fmax(most, columns[i].high);
    assert_true(curve.count <= HT_CURVE_BUCKETS && least == low && most == high);
    ht_free(rows);
    return count;
}

static void reopen(void **state, uint64_t step)
{
    char steps[32];
    snprintf(steps, sizeof steps, "%llu", (unsigned long long)step);
    vt *t = LAB(state, 120, 40, "--run", "run", "--train.steps", steps);
    vt_assert(t, sandbox_wait_step(t, (long)step, PATIENCE));
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    vt_teardown(state);
}

static void a_long_lesson_loses_nothing(void **state)
{
    lesson l = {.seconds = asked()};
    char often[64];
    snprintf(often, sizeof often, "run.checkpoint_seconds=%g", l.seconds / 50);
    l.t = LAB(state, 120, 40, "--run", "run", "--set", often);
    vt_assert(l.t, sandbox_wait_step(l.t, 1, PATIENCE));
    l.start = sandbox_seconds();
    give(&l);
    vt_key(l.t, "Space");
    vt_assert(l.t, vt_wait_text(l.t, paused, PATIENCE) && vt_wait_still(l.t, 1000, PATIENCE));
    long shown = sandbox_step(l.t);
    vt_key(l.t, "q");
    vt_assert(l.t, vt_exit(l.t, PATIENCE) == 0);
    vt_assert(l.t, vt_restored(l.t));
    vt_teardown(state);

    uint64_t step = checkpoint_step("run/checkpoint.safetensors");
    assert_int_equal(step, shown);
    size_t changes = assess_journal(step), rows = assess_metrics(step);
    print_message(
        "figures: %.0f s, %d acts: step %ld on the screen, in the checkpoint and in the journal (%zu "
        "changes on its path); %zu rows of metrics; memory %.2f MB after %.0f s, then %.2f to %.2f "
        "MB (%+.2f to %+.2f %%, every peak counted)\n",
        l.seconds, l.acts, shown, changes, rows, l.at_warm, warm * l.seconds, l.low, l.high,
        100 * (l.low / l.at_warm - 1), 100 * (l.high / l.at_warm - 1));
    if (l.seconds >= ASSESSED) {
        assert_true(l.high <= (1 + flat) * l.at_warm);
        assert_true(l.low >= (1 - flat) * l.at_warm);
    }
    reopen(state, step);
    sandbox_allow(180 + l.seconds / 2);
    const char *whole = l.seconds < 60 ? "run" : "early"; /* as long again as it was trained */
    const sandbox_result *r = RUN("replay", whole);
    assert_status(r, 0);
    assert_says(r->out, "the same bits");
    print_message("figures: %s", r->out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_long_lesson_loses_nothing, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
