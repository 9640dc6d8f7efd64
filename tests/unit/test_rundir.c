/* Guards runs on disk: one writer at a time, a resumed run that goes on bit by bit, and damage that is named.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/checksum.h"
#include "engine/run/branches.h"
#include "engine/run/checkpoint.h"
#include "engine/run/rundir.h"
#include "unit/scratch.h"
#include "unit/small.h"

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

static ht_rundir *open_run(const char *name)
{
    ht_rundir *dir = ht_rundir_open(scratch_path(name), &err);
    if (!dir) fail_msg("%s", err.text);
    return dir;
}

static void ok(ht_code code)
{
    if (code != HT_OK) fail_msg("%s", err.text);
}

/* The row of an evaluation, written at once. */
static void add_metrics(ht_rundir *dir, uint64_t step)
{
    ht_text rows = {0}, none = {0};
    ht_sample eval = {.kind = HT_SAMPLE_EVAL,
                      .step = step,
                      .folded = 10,
                      .epoch = (double)step / 7,
                      .loss = 0.5,
                      .loss_min = 0.25,
                      .loss_max = 1e30,
                      .accuracy = 0.75,
                      .test_loss = (double)NAN,
                      .test_accuracy = (double)NAN};
    if (step % 20 == 0) eval.test_loss = 0.125, eval.test_accuracy = 0.875;
    if (step == 30) eval.loss_max = (double)INFINITY;
    ht_metrics_add(&rows, &eval);
    eval.folded = 0;
    ht_metrics_add(&rows, &eval); /* a look that closes no row */
    ok(ht_rundir_append(dir, &none, &rows, &err));
    assert_int_equal(rows.length, 0);
    ht_text_free(&rows);
}

static void save(ht_rundir *dir, ht_trainer *t)
{
    ht_checkpoint now = ht_checkpoint_of(t);
    ok(ht_rundir_save(dir, &now, &err));
}

/* A run of 40 steps with a checkpoint at 30 and metrics every 10 steps, 40 included. */
static ht_trainer *make_run(const char *name, const ht_params *params)
{
    ht_rundir *dir = open_run(name);
    ht_trainer *t = small_trainer(params, data, NULL);
    assert_false(ht_rundir_has_run(dir));
    ok(ht_rundir_begin(dir, params, &err));
    assert_true(ht_rundir_has_run(dir));
    for (uint64_t step = 10; step <= 30; step += 10) {
        small_train(t, 10);
        add_metrics(dir, step);
    }
    save(dir, t);
    ht_rundir_close(dir);
    const char later[] = "40,5.7,0.5,0.25,1,0.75,,\n50,7,0.5,0.2"; /* a crash in the middle of a line */
    char path[600];
    snprintf(path, sizeof path, "%s/metrics.csv", scratch_path(name));
    ok(ht_file_append(path, later, sizeof later - 1, &err));
    small_train(t, 10);
    return t;
}

static void a_run_is_saved_and_resumed_bit_by_bit(void **state)
{
    (void)state;
    ht_params params = small_params(), stored;
    ht_params_put(&params, HT_P_TRAIN_MOMENTUM, 0.9);
    ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&params, HT_P_NOISE_SCALE, 0.001);
    strcpy(params.preset, "mine");
    ht_trainer *whole = make_run("run", &params);
    ht_rundir *dir = open_run("run");
    ok(ht_rundir_params(dir, &stored, &err));
    for (ht_param p = 0; p < HT_P_COUNT; p++)
        assert_true(ht_params_get(&stored, p) == ht_params_get(&params, p));
    assert_string_equal(ht_params_text(&stored, HT_P_DATA_NAME), ht_params_text(&params, HT_P_DATA_NAME));
    ht_trainer *again = small_trainer(&stored, data, NULL);
    ok(ht_rundir_resume(dir, again, &err));
    assert_int_equal(ht_trainer_steps(again), 30);
    small_train(again, 10);
    assert_true(small_same(ht_trainer_network(again), ht_trainer_network(whole)));
    ht_rundir_close(dir);
    ht_trainer_free(whole);
    ht_trainer_free(again);
}

/* What a program wrote that counted no multiply-adds: its rows stay, later ones have two columns more. */
static void shorter_metrics_of_older_programs_go_on(void **state)
{
    (void)state;
    static const char old[] = "step,epoch,loss,loss_min,loss_max,batch_accuracy,test_loss,test_accuracy\n"
                              "10,1.4,0.5,0.25,1,0.75,,\n20,2.9,0.4,0.25,1,0.75,0.125,0.875\n"
                              "30,4.3,0.3,0.25,1,0.75,,\n40,5.7,0.3,0.25,1,0.75,,\n";
    ht_params params = small_params();
    ht_metrics *rows;
    size_t count, size;
    char path[600];
    ht_trainer_free(make_run("older", &params));
    snprintf(path, sizeof path, "%s/metrics.csv", scratch_path("older"));
    ok(ht_file_write(path, old, sizeof old - 1, &err));
    for (int again = 0; again < 2; again++) { /* the second time the header is the new one */
        ht_rundir *dir = open_run("older");
        ht_trainer *t = small_trainer(&params, data, NULL);
        ht_text none = {0}, more = {0};
        ok(ht_rundir_resume(dir, t, &err));
        ht_sample eval = {
            .kind = HT_SAMPLE_EVAL, .step = 40, .folded = 10, .multiply_adds = 9088, .compute = 1e9};
        ht_metrics_add(&more, &eval);
        ok(ht_rundir_append(dir, &none, &more, &err));
        ht_text_free(&more);
        ht_rundir_close(dir);
        ht_trainer_free(t);
        char *text = scratch_read("older/metrics.csv", &size);
        assert_memory_equal(text, ht_metrics_header, strlen(ht_metrics_header));
        assert_memory_equal(text + strlen(ht_metrics_header), strchr(old, '\n') + 1, 60);
        ht_free(text);
        ok(ht_rundir_read_metrics(scratch_path("older"), &rows, &count, &err));
        assert_int_equal(count, 4);
        assert_true(rows[1].test_accuracy == 0.875 && isnan(rows[1].compute) && isnan(rows[1].multiply_adds));
        assert_true(rows[3].compute == 1e9 && rows[3].multiply_adds == 9088);
        ht_free(rows);
    }
}

static void resuming_drops_later_metrics(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_metrics *rows;
    size_t count;
    ht_trainer_free(make_run("drop", &params));
    ok(ht_rundir_read_metrics(scratch_path("drop"), &rows, &count, &err));
    assert_int_equal(count, 4); /* the line cut by a crash is left out */
    assert_int_equal(rows[3].step, 40);
    ht_free(rows);
    ht_rundir *dir = open_run("drop");
    ht_trainer *t = small_trainer(&params, data, NULL);
    ok(ht_rundir_resume(dir, t, &err));
    add_metrics(dir, 40);
    save(dir, t);
    ht_rundir_close(dir);
    ok(ht_rundir_read_metrics(scratch_path("drop"), &rows, &count, &err));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].step, 10 * (i + 1));
        assert_true(fabs(rows[i].epoch - (double)rows[i].step / 7) < 1e-6 && rows[i].loss_min == 0.25);
        assert_true(rows[i].step == 30 ? isinf(rows[i].loss_max) : rows[i].loss_max == 1e30);
        assert_true(rows[i].step % 20 == 0 ? rows[i].test_accuracy == 0.875 : isnan(rows[i].test_accuracy));
    }
    ht_free(rows);
    ht_trainer_free(t);
}

static uint32_t last_bytes; /* of memory asked for since it was set, the largest request */

static bool remember(size_t bytes)
{
    if (bytes > last_bytes) last_bytes = (uint32_t)bytes;
    return true;
}

/* Going back in a run of a day: what is left is every row up to there, and no memory grows with the run. */
static void a_long_file_is_cut_at_the_row(void **state)
{
    (void)state;
    enum { ROWS = 20000, LONG = 1 << 16 };
    ht_params params = small_params();
    ht_text rows = {0}, none = {0};
    ht_metrics *read;
    size_t count;
    ht_rundir *dir = open_run("day");
    ok(ht_rundir_begin(dir, &params, &err));
    for (uint64_t i = 1; i <= ROWS; i++) {
        /* Rows of many lengths, so that pieces end anywhere in them. */
        ht_sample s = {.kind = HT_SAMPLE_EVAL, .step = 10 * i, .folded = 10, .loss = pow(0.999, (double)i)};
        ht_metrics_add(&rows, &s);
    }
    ok(ht_rundir_append(dir, &none, &rows, &err));
    for (uint64_t to = ROWS, revision = 1; to > 0; to = to * 3 / 4, revision++) {
        ht_metrics_branch(&rows, revision, revision - 1, 10 * to + 9);
        last_bytes = 0;
        ht_alloc_ask(remember);
        ok(ht_rundir_append(dir, &none, &rows, &err));
        ok(ht_rundir_show(dir, revision, &err));
        ht_alloc_ask(NULL);
        assert_true(last_bytes < LONG);
        ok(ht_rundir_read_metrics(scratch_path("day"), &read, &count, &err));
        assert_int_equal(count, to);
        assert_int_equal(read[to - 1].step, 10 * to);
        ht_free(read);
    }
    ht_text_free(&rows);
    ht_rundir_close(dir);
}

/* Ended after its first metrics, before its first checkpoint: it begins again, metrics too. */
static void a_run_without_a_checkpoint_begins_again(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_metrics *rows;
    size_t count;
    ht_trainer_free(make_run("early", &params));
    assert_int_equal(unlink(scratch_path("early/checkpoint.safetensors")), 0);
    ht_rundir *dir = open_run("early");
    ht_trainer *t = small_trainer(&params, data, NULL);
    ok(ht_rundir_resume(dir, t, &err));
    assert_int_equal(ht_trainer_steps(t), 0);
    ht_rundir_close(dir);
    ok(ht_rundir_read_metrics(scratch_path("early"), &rows, &count, &err));
    assert_int_equal(count, 0);
    ht_free(rows);
    ht_trainer_free(t);
}

static void a_run_in_use_is_refused(void **state)
{
    (void)state;
    ht_rundir *dir = open_run("locked");
    assert_null(ht_rundir_open(scratch_path("locked"), &err));
    assert_non_null(strstr(err.text, "locked: is in use"));
    ht_rundir_close(dir);
    ht_rundir_close(open_run("locked")); /* closing unlocks */
    scratch_write_text("plain", "x");
    assert_null(ht_rundir_open(scratch_path("plain"), &err));
    assert_non_null(strstr(err.text, "plain"));
    assert_null(ht_rundir_open("", &err));
    ht_rundir_close(NULL);
}

static void a_run_that_disagrees_names_the_key(void **state)
{
    (void)state;
    ht_params stored = small_params();
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        ht_params wanted = stored;
        const char *other = p == HT_P_MODEL_WIDTHS   ? "7,3"
                            : p == HT_P_MODEL_LAYERS ? "dense 9 tanh"
                                                     : "other";
        if (info->type == HT_TYPE_TEXT)
            ok(ht_params_set(&wanted, info->key, other, &err));
        else
            ht_params_put(&wanted, p, ht_param_stepped(p, ht_params_get(&wanted, p), 1));
        ht_code code = ht_rundir_agrees(&stored, &wanted, "the-run", &err);
        if (info->live != HT_RESET) {
            assert_int_equal(code, HT_OK); /* may be changed in the middle of a run */
            continue;
        }
        assert_int_equal(code, HT_USAGE);
        char key[80]; /* and not the width and the depth that follow from a list */
        snprintf(key, sizeof key, "the-run: the run there has %s = ", info->key);
        if (!strstr(err.text, key)) fail_msg("%s", err.text);
    }
}

static void damage(const char *run, const char *line, const char *place)
{
    char name[80];
    ht_metrics *rows = (ht_metrics *)1;
    size_t count = 99;
    ht_params params = small_params();
    scratch_erase(run);
    ht_rundir *dir = open_run(run);
    ok(ht_rundir_begin(dir, &params, &err));
    ht_trainer *t = small_trainer(&params, data, NULL);
    add_metrics(dir, 10);
    add_metrics(dir, 20);
    save(dir, t);
    ht_trainer_free(t);
    ht_rundir_close(dir);
    snprintf(name, sizeof name, "%s/metrics.csv", run);
    ok(ht_file_append(scratch_path(name), line, strlen(line), &err));
    ok(ht_file_append(scratch_path(name), "40,1,1,1,1,1,1,1\n", 17, &err));
    if (ht_rundir_read_metrics(scratch_path(run), &rows, &count, &err) != HT_FAIL)
        fail_msg("taken: %s", line);
    assert_int_equal(count, 2); /* those before the damage */
    assert_true(rows[0].step == 10 && rows[1].step == 20);
    ht_free(rows);
    if (!strstr(err.text, place)) fail_msg("'%s' does not say %s", err.text, place);
}

static void a_damaged_line_of_metrics_is_named(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "30,1,1,1,1,1,1\n",
        "30,1,1,1,1,1,1,1,1\n",
        "x,1,1,1,1,1,1,1\n",
        ",1,1,1,1,1,1,1\n",
        "-1,1,1,1,1,1,1,1\n",
        "\n",
        "30,1,1,1,1,1,1,1x\n",
        "30,1;1,1,1,1,1,1,1\n",
        "30,1,1,1,00000000000000000000000000000000000000000000000000001,1,1,1\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) damage("damaged", lines[i], "metrics.csv:4:");
}

/* A loss or a share that cannot be one is not known. */
static void impossible_metrics_are_not_believed(void **state)
{
    (void)state;
    static const char text[] = "head\n1,1,-2,0,1,7,-1e30,1.5\n2,1,2,0,3,1,inf,0\n";
    ht_metrics *rows;
    size_t count;
    scratch_erase("lies");
    mkdir(scratch_path("lies"), 0777);
    scratch_write_text("lies/metrics.csv", text);
    ok(ht_rundir_read_metrics(scratch_path("lies"), &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_true(isnan(rows[0].loss) && isnan(rows[0].batch_accuracy) && isnan(rows[0].test_loss) &&
                isnan(rows[0].test_accuracy));
    assert_true(rows[1].loss == 2 && rows[1].batch_accuracy == 1 && isinf(rows[1].test_loss) &&
                rows[1].test_accuracy == 0);
    ht_free(rows);
}

static void missing_metrics_are_an_error(void **state)
{
    (void)state;
    ht_metrics *rows;
    size_t count;
    assert_int_equal(ht_rundir_read_metrics(scratch_path("nowhere"), &rows, &count, &err), HT_FAIL);
    assert_null(rows);
    assert_non_null(strstr(err.text, "nowhere/metrics.csv"));
}

static ht_code read_damaged(const void *bytes, size_t size)
{
    ht_params params = small_params();
    ht_trainer *t = small_trainer(&params, data, NULL);
    FILE *file = fopen(scratch_path("damaged.safetensors"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    err.text[0] = '\0';
    ht_code code = ht_checkpoint_read(scratch_path("damaged.safetensors"), t, &err);
    ht_trainer_free(t);
    return code;
}

static void expect_damage(const void *bytes, size_t size)
{
    assert_int_equal(read_damaged(bytes, size), HT_FAIL);
    if (!strstr(err.text, "damaged.safetensors") && !strstr(err.text, "the checkpoint"))
        fail_msg("%s", err.text);
    assert_null(strchr(err.text, '\n'));
}

/* Changes one character of `find` to `c`. */
static void expect_damage_at(const char *bytes, size_t size, const char *find, size_t offset, char c)
{
    char *copy = malloc(size);
    memcpy(copy, bytes, size);
    char *at = memmem(copy, size, find, strlen(find));
    assert_non_null(at);
    at[offset] = c;
    expect_damage(copy, size);
    free(copy);
}

/* As it was written before files had a checksum. */
static void make_older(char *bytes, size_t size)
{
    char *key = memmem(bytes, size, HT_CHECKSUM_KEY, strlen(HT_CHECKSUM_KEY));
    assert_non_null(key);
    *key = 'H';
}

/* One bit anywhere, in the counters or in a weight, is noticed; only of the word that announces the sum it is
 * not: then the file counts as an older one, and the run is whole. */
static void a_bit_that_turned_over_is_noticed(void **state)
{
    (void)state;
    ht_params params = small_params();
    ht_trainer *t = small_trainer(&params, data, NULL);
    size_t size, noticed = 0;
    small_train(t, 3);
    ok(ht_checkpoint_write(scratch_path("good.safetensors"), t, &err));
    char *bytes = scratch_read("good.safetensors", &size);
    size_t key = (size_t)((char *)memmem(bytes, size, HT_CHECKSUM_KEY, strlen(HT_CHECKSUM_KEY)) - bytes);
    for (size_t i = 0; i < size; i += 7) {
        if (i >= key && i < key + strlen(HT_CHECKSUM_KEY)) continue;
        char bit = (char)(1 << i % 8);
        bytes[i] ^= bit;
        expect_damage(bytes, size);
        noticed += strstr(err.text, "checksum") != NULL;
        bytes[i] ^= bit;
    }
    assert_true(noticed > size / 7 * 9 / 10);
    print_message(
        "figures: %zu of %zu bits that turned over are told by the checksum, the others before it\n", noticed,
        size / 7);
    make_older(bytes, size);
    assert_int_equal(read_damaged(bytes, size), HT_OK);
    bytes[size - 1] ^= 1;
    assert_int_equal(read_damaged(bytes, size), HT_OK); /* nothing tells */
    ht_free(bytes);
    ht_trainer_free(t);
}

static void a_damaged_checkpoint_is_one_clear_error(void **state)
{
    (void)state;
    ht_params params = small_params(), other = params;
    ht_trainer *t = small_trainer(&params, data, NULL);
    size_t size;
    small_train(t, 3);
    ok(ht_checkpoint_write(scratch_path("good.safetensors"), t, &err));
    char *bytes = scratch_read("good.safetensors", &size);
    make_older(bytes, size); /* what the checksum does not tell */
    assert_int_equal(read_damaged(bytes, size), HT_OK);
    for (int i = 0; i < 40; i++) expect_damage(bytes, size * (size_t)i / 40);
    expect_damage_at(bytes, size, "heavytail.step", 0, 'x');
    expect_damage_at(bytes, size, "heavytail.cursor\":\"", 19, '-');
    expect_damage_at(bytes, size, "heavytail.cursor\":\"96", 20, 'x');
    expect_damage_at(bytes, size, "layers.1.weight", 7, '7');
    expect_damage_at(bytes, size, "F32", 1, '1');
    ht_params_put(&other, HT_P_MODEL_WIDTH, 65); /* another network */
    ht_trainer *wider = small_trainer(&other, data, NULL);
    assert_int_equal(ht_checkpoint_read(scratch_path("good.safetensors"), wider, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "shape"));
    ht_params_put(&params, HT_P_TRAIN_MOMENTUM, 0.5); /* momentum was not saved */
    ht_trainer *faster = small_trainer(&params, data, NULL);
    assert_int_equal(ht_checkpoint_read(scratch_path("good.safetensors"), faster, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "momentum"));
    ht_free(bytes);
    ht_trainer_free(t);
    ht_trainer_free(wider);
    ht_trainer_free(faster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_saved_and_resumed_bit_by_bit),
        cmocka_unit_test(shorter_metrics_of_older_programs_go_on),
        cmocka_unit_test(resuming_drops_later_metrics),
        cmocka_unit_test(a_long_file_is_cut_at_the_row),
        cmocka_unit_test(a_run_without_a_checkpoint_begins_again),
        cmocka_unit_test(a_run_in_use_is_refused),
        cmocka_unit_test(a_run_that_disagrees_names_the_key),
        cmocka_unit_test(a_damaged_line_of_metrics_is_named),
        cmocka_unit_test(impossible_metrics_are_not_believed),
        cmocka_unit_test(missing_metrics_are_an_error),
        cmocka_unit_test(a_bit_that_turned_over_is_noticed),
        cmocka_unit_test(a_damaged_checkpoint_is_one_clear_error),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
