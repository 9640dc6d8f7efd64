/* Guards runs against failures: stopped anywhere, killed at any moment, with a disk that fills up, a run goes
 * on bit by bit as if nothing had happened, and its journal makes the same bits again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "engine/run/recorder.h"
#include "engine/run/replay.h"
#include "num/rng.h"
#include "sanitized.h"
#include "unit/scratch.h"
#include "unit/small.h"

enum {
    FILES = 4, /* in a run directory */
    KILLS = SANITIZED ? 50 : 200,
    KILLS_GOING_BACK = SANITIZED ? 15 : 60
};

static ht_error err;
static ht_dataset *data;

static int make(void **state)
{
    data = small_data(200, 100);
    return scratch_make(state);
}

static int unmake(void **state)
{
    ht_dataset_free(data);
    return scratch_remove(state);
}

static void ok(ht_code code)
{
    if (code != HT_OK) fail_msg("%s", err.text);
}

/* All that a state can hold: depth 2, momentum, noise, a schedule; rows of metrics that end within pieces. */
static ht_params rich(void)
{
    ht_params p = small_params();
    ht_params_put(&p, HT_P_MODEL_DEPTH, 2);
    ht_params_put(&p, HT_P_TRAIN_MOMENTUM, 0.9);
    ht_params_put(&p, HT_P_TRAIN_SCHEDULE, 1);
    ht_params_put(&p, HT_P_TRAIN_STEPS, 500);
    ht_params_put(&p, HT_P_TRAIN_EVAL_EVERY, 7);
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_ISOTROPIC);
    ht_params_put(&p, HT_P_NOISE_SCALE, 0.001);
    ht_params_put(&p, HT_P_RUN_CHECKPOINT, 0);
    return p;
}

typedef struct run {
    ht_rundir *dir;
    ht_trainer *trainer;
    ht_recorder *recorder;
} run;

static run open_run(const char *name, const ht_params *params)
{
    run r;
    r.trainer = small_trainer(params, data, NULL);
    r.dir = small_rundir(name, r.trainer, params);
    r.recorder = ht_recorder_start(r.dir, r.trainer, NULL, &err);
    assert_non_null(r.recorder);
    return r;
}

static void close_run(run *r)
{
    ok(ht_recorder_stop(r->recorder, &err));
    ht_trainer_free(r->trainer);
    ht_rundir_close(r->dir);
}

/* The reference of a test has no directory. */
static void record(run *r, const ht_sample *s)
{
    if (r->recorder) ht_recorder_take(r->recorder, s);
}

static void tell_set(run *r, ht_param p, double value)
{
    ht_sample s = {.kind = HT_SAMPLE_CHANGE, .step = ht_trainer_steps(r->trainer), .param = p};
    small_set(r->trainer, p, value);
    s.value = value;
    s.revision = ht_trainer_revision(r->trainer);
    record(r, &s);
}

static void tell_prune(run *r)
{
    ht_prune_result result;
    ht_sample s = {
        .kind = HT_SAMPLE_PRUNE,
        .step = ht_trainer_steps(r->trainer),
        .prune = {.spec = ht_prune_spec_of(ht_trainer_params(r->trainer), NULL), .keep_mask = true}};
    ok(ht_trainer_prune(r->trainer, &s.prune, &result, &err));
    assert_true(result.removed > 0);
    s.revision = ht_trainer_revision(r->trainer);
    record(r, &s);
}

/* A step as `train` makes it; at 40 the noise is changed by hand, at 60 the network is pruned with its mask
 * kept. */
static void step(run *r)
{
    ht_sample sample;
    small_train(r->trainer, 1);
    if (ht_trainer_eval_due(r->trainer)) {
        ok(ht_trainer_evaluate(r->trainer, true, &sample, &err));
        record(r, &sample);
    }
    if (ht_trainer_steps(r->trainer) == 40) tell_set(r, HT_P_NOISE_SCALE, 0.002);
    if (ht_trainer_steps(r->trainer) == 60) tell_prune(r);
    if (r->recorder) ht_recorder_offer(r->recorder);
}

static void train_to(run *r, uint64_t last)
{
    while (ht_trainer_steps(r->trainer) < last) step(r);
}

static void same_file(const char *a, const char *b)
{
    size_t size_a, size_b;
    char *x = scratch_read(a, &size_a), *y = scratch_read(b, &size_b);
    if (size_a != size_b || memcmp(x, y, size_a) != 0) fail_msg("%s and %s differ", a, b);
    ht_free(x);
    ht_free(y);
}

static ht_journal read_journal(const char *name)
{
    ht_text text = {0};
    ht_journal journal;
    ok(ht_rundir_journal(scratch_path(name), &text, 1 << 28, &err));
    ok(ht_journal_parse(&journal, name, text.data, text.length, &err));
    ht_text_free(&text);
    return journal;
}

/* Replays the journal and compares with the checkpoint; returns its step. */
static uint64_t replayed(const char *name)
{
    char path[600], where[200];
    ht_journal journal = read_journal(name);
    ht_trainer *stored = small_trainer(&journal.initial, data, NULL),
               *made = small_trainer(&journal.initial, data, NULL);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", scratch_path(name));
    ok(ht_checkpoint_read(path, stored, &err));
    ht_journal_free(&journal);
    journal = read_journal(name); /* a run that goes on: the line comes before the checkpoint */
    ht_checkpoint there = ht_checkpoint_of(stored);
    size_t entry = ht_journal_find(&journal, ht_checkpoint_hash(&there), there.state.step);
    assert_true(entry < journal.count &&
                (entry == 0 || journal.entries[entry].hash == ht_checkpoint_hash(&there)));
    ok(ht_replay(made, &journal, entry, NULL, NULL, &err));
    ht_checkpoint here = ht_checkpoint_of(made);
    if (ht_checkpoint_differs(&here, &there, where, sizeof where)) fail_msg("%s: %s", name, where);
    uint64_t step = there.state.step;
    ht_trainer_free(stored);
    ht_trainer_free(made);
    ht_journal_free(&journal);
    return step;
}

/* Stopped at random steps, within epochs, rows and batches: checkpoint and metrics are those of the whole
 * run. */
static void a_run_in_pieces_is_the_whole_run(void **state)
{
    (void)state;
    ht_params params = rich();
    ht_rng rng;
    ht_rng_init(&rng, 4, HT_STREAM_SHUFFLE, 0);
    run whole = open_run("whole", &params);
    train_to(&whole, 100);
    close_run(&whole);
    for (uint64_t at = 0; at < 100;) {
        run piece = open_run("pieces", &params);
        assert_int_equal(ht_trainer_steps(piece.trainer), at);
        at += 1 + ht_rng_below(&rng, 12);
        if (at > 100) at = 100;
        train_to(&piece, at);
        close_run(&piece);
    }
    same_file("whole/checkpoint.safetensors", "pieces/checkpoint.safetensors");
    same_file("whole/metrics.csv", "pieces/metrics.csv");
    assert_int_equal(replayed("whole"), 100);
    assert_int_equal(replayed("pieces"), 100);
}

static void a_checkpoint_is_written_while_training_goes_on(void **state)
{
    (void)state;
    ht_params params = rich();
    ht_params_put(&params, HT_P_RUN_CHECKPOINT, 0.01);
    ht_params_put(&params, HT_P_TRAIN_STEPS, 0);
    run r = open_run("live", &params);
    double start = ht_now();
    while (!ht_file_exists(scratch_path("live/checkpoint.safetensors")) && ht_now() < start + 60) step(&r);
    for (int i = 0; i < 50; i++) step(&r);
    small_train(r.trainer, 1); /* not offered: a checkpoint of this very state cannot be there */
    assert_true(isfinite(ht_recorder_next(r.recorder)));
    uint64_t stored = replayed("live");
    assert_true(stored > 0 && stored <= ht_trainer_steps(r.trainer));
    close_run(&r);
    assert_true(replayed("live") > stored);
}

/* ---- killed ---- */

/* Goes on in a child that saves as often as it can, and kills it so many microseconds after its first act
 * since it began. */
static void go_on_and_kill(void (*act)(run *), const ht_params *params, unsigned microseconds)
{
    static atomic_bool *begun; /* seen by both */
    if (!begun) begun = mmap(NULL, sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(begun != MAP_FAILED);
    atomic_store(begun, false);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run r = open_run("killed", params);
        for (;; atomic_store(begun, true)) act(&r);
    }
    while (!atomic_load(begun)) {
        if (waitpid(child, NULL, WNOHANG) != 0) fail_msg("a child ended before it began to save");
        usleep(200);
    }
    usleep(microseconds);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* After each kill the checkpoint is whole, of a step not before the last one, and has the bits of a run that
 * was never touched; nothing half-written stays. HEAVYTAIL_KILLS asks for more or fewer of them. */
static void a_kill_at_any_moment_leaves_a_whole_checkpoint(void **state)
{
    (void)state;
    const char *asked = getenv("HEAVYTAIL_KILLS");
    int kills = asked ? atoi(asked) : KILLS;
    ht_params params = rich();
    ht_params_put(&params, HT_P_RUN_CHECKPOINT, 0.0001);
    ht_params_put(&params, HT_P_TRAIN_SCHEDULE, 0);
    ht_rng rng;
    ht_rng_init(&rng, 9, HT_STREAM_SHUFFLE, 0);
    /* No thread of ours may run when a child is made. */
    run reference = {.trainer = small_trainer(&params, data, NULL)};
    ht_trainer *found = small_trainer(&params, data, NULL);
    uint64_t last = 0;
    int moved = 0, torn = 0;
    for (int i = 0; i < kills; i++) {
        char where[200];
        go_on_and_kill(step, &params, ht_rng_below(&rng, 20000));
        torn += scratch_count("killed") > FILES; /* in the middle of writing one */
        const char *path = scratch_path("killed/checkpoint.safetensors");
        if (!ht_file_exists(path)) continue; /* before the first one */
        if (ht_checkpoint_read(path, found, &err) != HT_OK) fail_msg("kill %d: %s", i, err.text);
        uint64_t now = ht_trainer_steps(found);
        if (now < last) fail_msg("kill %d: step %llu came back", i, (unsigned long long)last);
        moved += now > last;
        train_to(&reference, last = now);
        ht_checkpoint here = ht_checkpoint_of(found), there = ht_checkpoint_of(reference.trainer);
        if (ht_checkpoint_differs(&here, &there, where, sizeof where)) fail_msg("kill %d: %s", i, where);
    }
    printf("figures: %d kills while saving survived, %d of them with a file half written, %d after a new "
           "checkpoint, up to step %llu\n",
           kills, torn, moved, (unsigned long long)last);
    assert_true(moved > kills / 40 && torn > kills / 40);
    run again = open_run("killed", &params); /* opening sweeps up what kills left */
    close_run(&again);
    assert_int_equal(scratch_count("killed"), FILES);
    assert_int_equal(replayed("killed"), last);
    ht_trainer_free(reference.trainer);
    ht_trainer_free(found);
}

/* Some steps, then back to a state of a while ago, and on with other noise. */
static void go_back(run *r)
{
    static ht_checkpoint *kept;
    static int times;
    if (!kept) assert_non_null(kept = ht_checkpoint_new(r->trainer, &err));
    if (times++ % 3 == 0) ok(ht_checkpoint_take(kept, r->trainer, NULL, &err));
    for (int i = 0; i < 20; i++) step(r);
    ht_sample back = {
        .kind = HT_SAMPLE_REWIND, .from = ht_trainer_steps(r->trainer), .keep = kept->state.revision};
    ok(ht_checkpoint_restore(kept, r->trainer, NULL, &err));
    back.step = ht_trainer_steps(r->trainer);
    back.revision = ht_trainer_revision(r->trainer);
    record(r, &back);
    tell_set(r, HT_P_NOISE_SCALE, 0.001 * (1 + times % 7));
}

/* Rows rise to the checkpoint; returns whether none is missing. */
static bool metrics_are_whole(const char *name, uint64_t step)
{
    ht_metrics *rows;
    size_t count;
    bool whole = true;
    ok(ht_rundir_read_metrics(scratch_path(name), &rows, &count, &err));
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].step <= step && (i == 0 || rows[i].step > rows[i - 1].step));
        whole = whole && rows[i].step == 7 * (i + 1);
    }
    ht_free(rows);
    return whole && count == step / 7;
}

static int returns(const char *name)
{
    int count = 0;
    ht_journal journal = read_journal(name);
    for (size_t i = 0; i < journal.count; i++) count += journal.entries[i].kind == HT_ENTRY_REWIND;
    ht_journal_free(&journal);
    return count;
}

/* After each kill the run is taken up again, its journal tells how the weights came about, and the metrics
 * are of the same way: where a kill came between two calls of the system, that is mended when the run is
 * taken up. */
static void a_kill_while_going_back_leaves_a_run_that_can_be_replayed(void **state)
{
    (void)state;
    const char *asked = getenv("HEAVYTAIL_KILLS");
    int kills = asked ? atoi(asked) : KILLS_GOING_BACK, returned = 0, whole = 0;
    ht_params params = rich();
    ht_params_put(&params, HT_P_RUN_CHECKPOINT, 0.0001);
    ht_params_put(&params, HT_P_TRAIN_SCHEDULE, 0);
    ht_params_put(&params, HT_P_TRAIN_STEPS, 0);
    scratch_erase("killed");
    ht_rng rng;
    ht_rng_init(&rng, 10, HT_STREAM_SHUFFLE, 0);
    for (int i = 0; i < kills; i++) {
        go_on_and_kill(go_back, &params, ht_rng_below(&rng, 60000));
        run again = open_run("killed", &params);
        uint64_t at = ht_trainer_steps(again.trainer);
        close_run(&again);
        if (at > 0) assert_int_equal(replayed("killed"), at);
        bool good = metrics_are_whole("killed", at);
        whole += good;
        if (good && i + 1 < kills) continue;
        returned += returns("killed");
        scratch_erase("killed");
    }
    printf("figures: %d kills while going back (%d times) survived, the metrics whole after %d of them\n",
           kills, returned, whole);
    assert_true(returned > kills / 4);
    assert_int_equal(whole, kills);
}

/* ---- a full disk ---- */

static void wait_for_news(run *r, bool wanted, char *text, size_t size)
{
    bool good;
    for (double start = ht_now(); ht_now() < start + 60;) {
        if (!ht_recorder_message(r->recorder, &good, text, size)) {
            step(r);
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        } else if (good == wanted) {
            return;
        }
    }
    fail_msg("no news in 20 s");
}

/* No file may be longer than a limit: as good as a full disk. Told once; the checkpoint before it stays; what
 * could not be written comes later. */
static void a_full_disk_is_told_once_and_loses_nothing(void **state)
{
    (void)state;
    ht_params params = rich();
    struct rlimit before, tight;
    char text[800];
    bool good;
    ht_params_put(&params, HT_P_RUN_CHECKPOINT, 0.001);
    run r = open_run("full", &params);
    double start = ht_now();
    while (!ht_file_exists(scratch_path("full/checkpoint.safetensors")) && ht_now() < start + 60) step(&r);
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = 60000; /* less than a checkpoint, more than the lines */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    wait_for_news(&r, false, text, sizeof text);
    assert_non_null(strstr(text, "full/"));
    uint64_t then = ht_trainer_steps(r.trainer);
    for (int i = 0; i < 200; i++) {
        step(&r);
        if (i % 20 == 0) nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    char more[800] = "";
    if (ht_recorder_message(r.recorder, &good, more, sizeof more)) fail_msg("told again: %s", more);
    assert_true(ht_trainer_steps(r.trainer) >= then + 200); /* training went on */
    ht_trainer *kept = small_trainer(&params, data, NULL);
    ok(ht_checkpoint_read(scratch_path("full/checkpoint.safetensors"), kept, &err));
    assert_true(ht_trainer_steps(kept) <= then);
    ht_trainer_free(kept);
    setrlimit(RLIMIT_FSIZE, &before);
    wait_for_news(&r, true, text, sizeof text);
    uint64_t end = ht_trainer_steps(r.trainer);
    close_run(&r);
    assert_int_equal(replayed("full"), end);
    ht_metrics *rows;
    size_t count;
    ok(ht_rundir_read_metrics(scratch_path("full"), &rows, &count, &err));
    assert_int_equal(count, end / 7); /* no row is missing */
    ht_free(rows);
}

static ino_t file_number(const char *name)
{
    struct stat info;
    assert_int_equal(stat(scratch_path(name), &info), 0);
    return info.st_ino;
}

/* A checkpoint that is there, of the very state, is not written again; of any other state it is. */
static void what_is_saved_is_not_saved_again(void **state)
{
    (void)state;
    enum { NOTHING, A_STEP, A_CHANGE, TAKEN_AWAY, WAYS };
    static const char file[] = "again/checkpoint.safetensors";
    ht_params params = rich();
    ht_params_put(&params, HT_P_RUN_CHECKPOINT, 0.001);
    for (int way = NOTHING; way < WAYS; way++) {
        run r = open_run("again", &params);
        train_to(&r, ht_trainer_steps(r.trainer) + 5);
        double start = ht_now();
        while (isfinite(ht_recorder_next(r.recorder)) && ht_now() < start + 60) ht_recorder_offer(r.recorder);
        uint64_t saved = 0, end = ht_trainer_steps(r.trainer);
        while (saved != end && ht_now() < start + 60)
            if (ht_file_exists(scratch_path(file))) saved = replayed("again");
        assert_int_equal(saved, end);
        ino_t before = file_number(file);
        if (way == A_STEP) small_train(r.trainer, 1), end++;
        if (way == A_CHANGE) tell_set(&r, HT_P_NOISE_SCALE, 0.003);
        if (way == TAKEN_AWAY) unlink(scratch_path(file));
        if (ht_recorder_stop(r.recorder, &err) != HT_OK) fail_msg("way %d: %s", way, err.text);
        if (way != TAKEN_AWAY && (file_number(file) == before) != (way == NOTHING)) fail_msg("way %d", way);
        ht_trainer_free(r.trainer);
        ht_rundir_close(r.dir);
        assert_int_equal(replayed("again"), end);
    }
}

/* Who leaves without the last save keeps the one before, and every line. */
static void a_save_that_is_cancelled_keeps_the_one_before(void **state)
{
    (void)state;
    ht_params params = rich();
    run r = open_run("left", &params);
    train_to(&r, 30);
    close_run(&r);
    ino_t before = file_number("left/checkpoint.safetensors");
    r = open_run("left", &params);
    train_to(&r, 50);
    atomic_bool off = true;
    const atomic_bool *kept = ht_cancel_by(&off);
    ht_code code = ht_recorder_stop(r.recorder, &err);
    ht_cancel_by(kept);
    assert_int_equal(code, HT_FAIL);
    assert_non_null(strstr(err.text, "cancelled"));
    ht_trainer_free(r.trainer);
    ht_rundir_close(r.dir);
    assert_true(file_number("left/checkpoint.safetensors") == before);
    assert_int_equal(replayed("left"), 30);
    ht_journal journal = read_journal("left"); /* the change at step 40 is in it */
    uint64_t last = journal.entries[journal.count - 1].step;
    ht_journal_free(&journal);
    assert_true(last >= 40);
    r = open_run("left", &params);
    assert_int_equal(ht_trainer_steps(r.trainer), 30);
    train_to(&r, 100);
    close_run(&r);
    same_file("whole/checkpoint.safetensors", "left/checkpoint.safetensors");
    glob_t found;
    char pattern[600];
    snprintf(pattern, sizeof pattern, "%s/*.tmp-*", scratch_path("left"));
    assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_in_pieces_is_the_whole_run),
        cmocka_unit_test(a_checkpoint_is_written_while_training_goes_on),
        cmocka_unit_test(a_kill_at_any_moment_leaves_a_whole_checkpoint),
        cmocka_unit_test(a_kill_while_going_back_leaves_a_run_that_can_be_replayed),
        cmocka_unit_test(a_full_disk_is_told_once_and_loses_nothing),
        cmocka_unit_test(what_is_saved_is_not_saved_again),
        cmocka_unit_test(a_save_that_is_cancelled_keeps_the_one_before),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
