/* The lab on trainings of other programs: `heavytail watch PATH...` in a terminal. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

enum { ROWS = 40, COLUMNS = 30, OUT = 10, TENSORS = 3 };

/* ---- what a training writes ---- */

static unsigned drawn = 1;

/* In (-1, 1): the same for every run of the test. */
static float number(void)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (float)(int)drawn / 2147483648.0f;
}

/* Two layers and a bias; weights grow with the step. All but the last `left_out` numbers. */
static FILE *begin_model(const char *path, int step, size_t left_out)
{
    static const size_t sizes[TENSORS] = {ROWS * COLUMNS, ROWS, OUT * ROWS};
    char header[600];
    float value;
    int length = snprintf(
        header, sizeof header,
        "{\"__metadata__\":{\"step\":\"%d\"},\"fc1.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],"
        "\"data_offsets\":[0,%d]},\"fc1.bias\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":"
        "[%d,%d]},\"out.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}}",
        step, ROWS, COLUMNS, 4 * ROWS * COLUMNS, ROWS, 4 * ROWS * COLUMNS, 4 * (ROWS * COLUMNS + ROWS), OUT,
        ROWS, 4 * (ROWS * COLUMNS + ROWS), 4 * (ROWS * COLUMNS + ROWS + OUT * ROWS));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    uint64_t bytes = (uint64_t)length;
    fwrite(&bytes, 1, sizeof bytes, file);
    fwrite(header, 1, (size_t)length, file);
    for (size_t i = 0; i < sizes[0] + sizes[1] + sizes[2] - left_out; i++) {
        value = number() * (1 + (float)step / 100);
        fwrite(&value, 1, sizeof value, file);
    }
    return file;
}

/* Written aside and renamed. */
static void put_model(const char *path, int step)
{
    char aside[300];
    snprintf(aside, sizeof aside, "%s.tmp", path);
    assert_int_equal(fclose(begin_model(aside, step, 0)), 0);
    assert_int_equal(rename(aside, path), 0);
}

static void add_row(const char *path, int step, double loss)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fprintf(file, "{\"step\": %d, \"loss\": %.4f, \"val_accuracy\": %.4f, \"lr\": 0.05}\n", step, loss,
            1 - loss / 3);
    assert_int_equal(fclose(file), 0);
}

/* A run of so many states, 10 steps apart, with metrics. */
static void train(const char *dir, int states)
{
    char model[300], metrics[300];
    mkdir(dir, 0700);
    snprintf(model, sizeof model, "%s/model.safetensors", dir);
    snprintf(metrics, sizeof metrics, "%s/metrics.jsonl", dir);
    for (int i = 1; i <= states; i++) {
        put_model(model, 10 * i);
        add_row(metrics, 10 * i, 2.0 / i);
        usleep(60000);
    }
}

static vt *watch(void **state, int columns, int rows, const char *path, const char *other)
{
    vt *t = sandbox_lab(state, columns, rows, NULL, (const char *const[]){"watch", path, other, NULL}, NULL);
    vt_assert(t, vt_wait_text(t, "Watched", PATIENCE));
    return t;
}

/* Metrics may be there before the weights are looked at: waits for both. */
static void assert_seen(vt *t, const char *step)
{
    assert_title(t, step);
    vt_assert(t, vt_wait_text(t, "its metadata", PATIENCE));
}

static void leave(vt *t)
{
    vt_key(t, "q");
    vt_assert(t, vt_exit(t, PATIENCE) == 0);
    vt_assert(t, vt_restored(t));
}

/* ---- tests ---- */

static void it_waits_in_plain_words_and_shows_the_first_state(void **state)
{
    vt *t = watch(state, 120, 40, "first", NULL);
    assert_title(t, "waiting");
    vt_assert(t, vt_wait_text(t, "not there yet; waiting for it", PATIENCE));
    mkdir("first", 0700);
    vt_assert(t, vt_wait_text(t, "nothing there yet; waiting for .safetensors", PATIENCE));
    train("first", 2);
    assert_title(t, "step 20");
    assert_title(t, "2 layers, 1 600 weights");
    vt_assert(t, vt_wait_gone(t, "waiting for", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Loss", PATIENCE));
    vt_assert(t, vt_wait_text(t, "val_accuracy", PATIENCE)); /* its own names */
    vt_assert(t, vt_wait_text(t, "its metadata", PATIENCE));
    assert_false(vt_find(t, "Controls", NULL, NULL)); /* no sliders of a training that is not ours */
    leave(t);
}

/* The numbers of the screen are those of the lines. */
static void its_numbers_are_those_of_the_lines(void **state)
{
    char norm[60], kappa[60];
    train("same", 1);
    const sandbox_result *r = RUN("watch", "same", "--once");
    assert_status(r, 0);
    const char *at = strstr(r->out, "norm "), *next = strstr(r->out, "κ ");
    assert_true(at && next);
    snprintf(norm, sizeof norm, "%.*s", (int)strcspn(at + 5, ","), at + 5);
    snprintf(kappa, sizeof kappa, "%.*s", (int)strcspn(next + 3, " ,"), next + 3);
    vt *t = watch(state, 120, 44, "same", NULL);
    vt_assert(t, vt_wait_text(t, norm, PATIENCE));
    vt_assert(t, vt_wait_text(t, kappa, PATIENCE));
    leave(t);
}

static void a_run_that_starts_again_leaves_a_ghost(void **state)
{
    train("again", 3);
    vt *t = watch(state, 120, 40, "again", NULL);
    assert_seen(t, "step 30");
    assert_false(vt_find(t, "A run 1", NULL, NULL));
    train("again", 2);
    assert_title(t, "run 2");
    assert_title(t, "step 20");
    vt_assert(t, vt_wait_text(t, "A run 1", PATIENCE));
    leave(t);
}

/* Copied in behind a newer one: the latest stays the latest. */
static void an_older_state_that_comes_late_changes_no_title(void **state)
{
    const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    mkdir("late", 0700);
    put_model("late/step-20.safetensors", 20);
    vt *t = watch(state, 120, 40, "late", NULL);
    assert_title(t, "step 20");
    put_model("late.safetensors", 10);
    assert_int_equal(utimensat(AT_FDCWD, "late.safetensors", long_ago, 0), 0);
    assert_int_equal(rename("late.safetensors", "late/step-10.safetensors"), 0);
    usleep(800000); /* nothing is to be seen of it */
    assert_title(t, "step 20");
    put_model("late/step-30.safetensors", 30);
    assert_title(t, "step 30");
    leave(t);
}

static void several_paths_lie_over_each_other(void **state)
{
    train("one", 3);
    train("other", 2);
    vt *t = watch(state, 120, 40, "one", "other");
    assert_title(t, "watch one");
    assert_title(t, "1 of 2");
    vt_assert(t, vt_wait_text(t, "A other", PATIENCE)); /* in the legends */
    vt_key(t, "n");
    assert_title(t, "watch other");
    vt_assert(t, vt_wait_text(t, "A one", PATIENCE));
    assert_title(t, "step 20");
    leave(t);
}

static void a_vanished_directory_is_told_and_comes_back(void **state)
{
    train("gone", 1);
    vt *t = watch(state, 120, 40, "gone", NULL);
    assert_seen(t, "step 10");
    assert_int_equal(rename("gone", "away"), 0);
    vt_assert(t, vt_wait_text(t, "gone; waiting for it to return", PATIENCE));
    vt_key(t, "Tab"); /* it stands while keys are pressed */
    vt_settle(t);
    vt_assert(t, vt_find(t, "gone; waiting for it to return", NULL, NULL));
    vt_assert(t, vt_find(t, "step 10", NULL, NULL)); /* what was seen stays */
    assert_int_equal(rename("away", "gone"), 0);
    vt_assert(t, vt_wait_gone(t, "gone; waiting", PATIENCE));
    put_model("gone/model.safetensors", 20);
    assert_title(t, "step 20");
    leave(t);
}

static void a_half_written_file_is_waited_for(void **state)
{
    train("half", 1);
    vt *t = watch(state, 120, 40, "half", NULL);
    assert_seen(t, "step 10");
    FILE *file = begin_model("half/model.safetensors", 20, 500);
    assert_int_equal(fflush(file), 0);
    vt_assert(t, vt_wait_text(t, "is half written; waiting for the rest", PATIENCE));
    vt_assert(t, vt_find(t, "step 10", NULL, NULL));
    for (int i = 0; i < 500; i++) fwrite(&(float){0.5f}, 1, 4, file);
    assert_int_equal(fclose(file), 0);
    assert_title(t, "step 20");
    vt_assert(t, vt_wait_gone(t, "half written", PATIENCE));
    leave(t);
}

/* One line, and nothing happens. */
static void keys_that_lead_a_training_say_why_not(void **state)
{
    static const struct {
        const char *key, *says;
    } refused[] = {{"Space", "watched, not led"}, {"s", "watched, not led"},    {"r", "watched, not led"},
                   {"R", "watched, not led"},     {"O", "watched, not led"},    {"Right", "watched, not led"},
                   {"=", "watched, not led"},     {"u", "watched, not led"},    {"M", "watched, not led"},
                   {"b", "watched, not led"},     {"7", "watched, not led"},    {"F2", "given at the start"},
                   {":", "given at the start"},   {"E", "no effort to choose"}, {"w", "the lab's own"},
                   {"c", "the lab's own"},        {"L", "the lab's own"},       {"S", "the lab's own"},
                   {"a", "labels are kept"},      {"p", "--data and --layers"}, {"n", "give several PATHs"}};
    train("keys", 1);
    vt *t = watch(state, 120, 40, "keys", NULL);
    assert_seen(t, "step 10");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vt_key(t, refused[i].key);
        if (!vt_wait_text(t, refused[i].says, PATIENCE))
            fail_msg("%s does not say %s", refused[i].key, refused[i].says);
        vt_key(t, "Tab");
        vt_assert(t, vt_wait_gone(t, refused[i].says, PATIENCE));
    }
    vt_assert(t, vt_find(t, "Watched", NULL, NULL)); /* still the same view */
    vt_key(t, "?");
    vt_assert(t, vt_wait_text(t, "Help", PATIENCE));
    leave(t);
}

static void layers_are_picked_and_lie_side_by_side(void **state)
{
    train("layers", 3);
    vt *t = watch(state, 120, 40, "layers", NULL);
    assert_seen(t, "step 30");
    vt_assert(t, vt_wait_text(t, "all 2 layers", PATIENCE));
    vt_key(t, "y");
    vt_assert(t, vt_wait_text(t, "fc1.weight: 40 rows of 30", PATIENCE));
    vt_key(t, "Y");
    vt_assert(t, vt_wait_text(t, "all 2 layers", PATIENCE));
    vt_assert(t, vt_wait_text(t, "W layers", PATIENCE)); /* the key bar has it here */
    vt_key(t, "W");
    vt_assert(t, vt_wait_text(t, "κ by layer", PATIENCE));
    vt_assert(t, vt_wait_text(t, "40×30", PATIENCE));
    vt_assert(t, vt_wait_text(t, "10×40", PATIENCE));
    vt_assert(t, vt_wait_text(t, "No layers: 1", PATIENCE));
    vt_assert(t, vt_wait_text(t, "fc1.bias: a vector", PATIENCE));
    vt_key(t, "t"); /* the picture is made of the file */
    vt_assert(t, vt_wait_text(t, "Hill plot", PATIENCE));
    vt_assert(t, vt_wait_text(t, "mmo of each layer", PATIENCE));
    vt_assert(t, vt_wait_text(t, "to believe?", PATIENCE));
    leave(t);
}

/* Beside a number there is always a word of how far to believe it, or none is there. */
static void no_index_is_shown_without_its_verdict(void **state)
{
    train("verdict", 3); /* uniform weights: no heavy tail */
    vt *t = watch(state, 160, 48, "verdict", NULL);
    assert_seen(t, "step 30");
    vt_assert(t, vt_wait_text(t, "(mmo) ", PATIENCE));
    int column, row;
    vt_assert(t, vt_find(t, "(mmo) ", &column, &row));
    const char *line = vt_row(t, row);
    vt_assert(t, strstr(line, "no heavy tail") || strstr(line, "no stable law") ||
                     strstr(line, "not a power law") || strstr(line, "undetermined") || strstr(line, "±"));
    vt_assert(t, vt_wait_text(t, "good by mmo", PATIENCE));
    put_model("verdict/model.safetensors", 40);
    assert_title(t, "step 40");
    vt_key(t, "t");
    vt_key(t, "5");
    vt_assert(t, vt_wait_text(t, "Estimates of", PATIENCE));
    vt_key(t, "i"); /* the read-out says that of its step … */
    vt_key(t, "End");
    vt_assert(t, vt_wait_text(t, "mmo, no heavy tail ", PATIENCE));
    assert_false(vt_find(t, "no noise", NULL, NULL)); /* … and nothing of settings that nobody knows */
    leave(t);
}

static void data_bring_accuracy_and_a_pruning_curve(void **state)
{
    assert_status(RUN("train", "--set", "data.name=ecg-synth", "--layers", "dense 40", "--steps", "100",
                      "--run", "ours", "--quiet"),
                  0);
    vt *t = sandbox_lab(
        state, 120, 40, NULL,
        (const char *const[]){"watch", "ours", "--data", "ecg-synth", "--layers", "dense 40", NULL}, NULL);
    assert_title(t, "step 100");
    vt_assert(t, vt_wait_text(t, "on the data", PATIENCE));
    vt_assert(t, vt_wait_text(t, "On the data", PATIENCE));
    vt_key(t, "p");
    vt_assert(t, vt_wait_text(t, "κ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "accuracy", PATIENCE));
    vt_assert(t, vt_wait_text(t, "test samples", PATIENCE));
    int column, row;
    vt_assert(t, vt_find(t, "test samples", &column, &row));
    vt_assert(t, atoi(strstr(vt_row(t, row), "test samples") + strlen("test samples")) > 0);
    vt_key(t, "2");
    vt_assert(t, vt_wait_text(t, "one method is looked at", PATIENCE));
    leave(t);
}

static void it_fits_any_size(void **state)
{
    static const int sizes[][2] = {{80, 24}, {160, 48}, {60, 16}, {40, 10}, {200, 60}, {120, 40}};
    train("size", 3);
    vt *t = watch(state, 120, 40, "size", NULL);
    assert_seen(t, "step 30");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i][0], sizes[i][1]);
        vt_assert(t, vt_wait_text(t, sizes[i][0] < 60 ? "make it larger" : "Watched", PATIENCE));
    }
    assert_title(t, "step 30");
    leave(t);
}

/* A stranger's names have no power over the terminal. */
static void names_of_strangers_are_cleaned(void **state)
{
    mkdir("evil", 0700);
    sandbox_write("evil/metrics.jsonl", "{\"step\": 10, \"loss\": 1.5, \"\\u001b]0;owned\\u0007x\": 2}\n");
    sandbox_write("evil/\033[31mred.safetensors", "no model");
    vt *t = watch(state, 120, 40, "evil", NULL);
    assert_title(t, "step 10");
    vt_assert(t, vt_wait_text(t, "red.safetensors", PATIENCE)); /* that it cannot be read is told */
    assert_false(strstr(vt_title(t), "owned"));
    size_t length;
    const char *log = vt_log(t, &length);
    assert_null(memmem(log, length, "\033]0;owned", 9));
    leave(t);
}

/* A look at many weights is under way: nobody waits for it. */
static void quitting_waits_for_no_large_file(void **state)
{
    enum { SIDE = 6000, PIECE = 1 << 20 };
    static char zeros[PIECE];
    mkdir("large", 0700);
    vt *t = watch(state, 120, 40, "large", NULL);
    vt_assert(t, vt_wait_text(t, "nothing there yet", PATIENCE));
    char header[200];
    FILE *file = fopen("large/aside", "w");
    assert_non_null(file);
    uint64_t length = (uint64_t)snprintf(
        header, sizeof header, "{\"w\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}", SIDE,
        SIDE, 4 * SIDE * SIDE);
    fwrite(&length, 1, sizeof length, file);
    fwrite(header, 1, length, file);
    for (size_t left = 4u * SIDE * SIDE, n; left > 0; left -= n) {
        n = left < PIECE ? left : PIECE;
        for (size_t i = 0; i < n; i += 97) zeros[i] = (char)(i * 31);
        fwrite(zeros, 1, n, file);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename("large/aside", "large/model.safetensors"), 0);
    vt_pump(t, 60);
    double start = sandbox_seconds();
    leave(t);
    double took = sandbox_seconds() - start;
    printf("watch: left after %.2f s while 144 MB were read\n", took);
    assert_true(took < (SANITIZED ? 30 : 3)); /* 0.1 s for the thread, and a busy machine */
}

static void without_a_terminal_lines_come(void **state)
{
    (void)state;
    train("lines", 1);
    const sandbox_result *r = RUN("watch", "lines", "--script", "x");
    assert_status(r, 2);
    assert_says(r->err, "for the open lab");
    r = RUN("watch", "lines", "--once", "--text");
    assert_status(r, 0);
    assert_says(r->out, "step 10 (metadata): 2 layers");
}

int main(void)
{
#define IN_TERMINAL(test) cmocka_unit_test_teardown(test, vt_teardown)
    const struct CMUnitTest tests[] = {
        IN_TERMINAL(it_waits_in_plain_words_and_shows_the_first_state),
        IN_TERMINAL(its_numbers_are_those_of_the_lines),
        IN_TERMINAL(a_run_that_starts_again_leaves_a_ghost),
        IN_TERMINAL(an_older_state_that_comes_late_changes_no_title),
        IN_TERMINAL(several_paths_lie_over_each_other),
        IN_TERMINAL(a_vanished_directory_is_told_and_comes_back),
        IN_TERMINAL(a_half_written_file_is_waited_for),
        IN_TERMINAL(keys_that_lead_a_training_say_why_not),
        IN_TERMINAL(layers_are_picked_and_lie_side_by_side),
        IN_TERMINAL(no_index_is_shown_without_its_verdict),
        IN_TERMINAL(data_bring_accuracy_and_a_pruning_curve),
        IN_TERMINAL(it_fits_any_size),
        IN_TERMINAL(names_of_strangers_are_cleaned),
        IN_TERMINAL(quitting_waits_for_no_large_file),
        cmocka_unit_test(without_a_terminal_lines_come),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
