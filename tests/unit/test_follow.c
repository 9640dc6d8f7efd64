/* Following a training by its files: what is looked at, when, at which step, and what is said when it cannot
 * be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/pool.h"
#include "data/npy.h"
#include "follow/follow.h"
#include "follow/history.h"
#include "follow/place.h"
#include "unit/scratch.h"

static const double patience = 60; /* seconds: only a failing test waits so long */
static ht_follow *follow;
static ht_follow_options options;
static ht_follow_event event;
static char last_message[1024];

/* ---- files ---- */

/* A model of one layer (4 × 3) of `value`, as .safetensors; `step` < 0: the file says none. */
static size_t model(char bytes[1024], const char *tensor, double step, float value)
{
    char header[512], said[80] = "";
    float data[12];
    if (step >= 0) snprintf(said, sizeof said, "\"__metadata__\":{\"step\":\"%.0f\"},", step);
    int length =
        snprintf(header, sizeof header,
                 "{%s\"%s\":{\"dtype\":\"F32\",\"shape\":[4,3],\"data_offsets\":[0,48]}}", said, tensor);
    for (int i = 0; i < 8; i++) bytes[i] = (char)((uint64_t)length >> (8 * i));
    for (int i = 0; i < 12; i++) data[i] = value;
    memcpy(bytes + 8, header, (size_t)length);
    memcpy(bytes + 8 + length, data, sizeof data);
    return 8 + (size_t)length + sizeof data;
}

static void put(const char *name, const char *bytes, size_t size)
{
    char path[600];
    snprintf(path, sizeof path, "%s.tmp", scratch_path(name));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(path, scratch_path(name)), 0);
}

static void put_model(const char *name, double step, float value)
{
    char bytes[1024];
    put(name, bytes, model(bytes, "w", step, value));
}

static void make_dir(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0700), 0);
}

/* ---- following ---- */

static int begin(void **state)
{
    ht_error err;
    (void)state;
    options = (ht_follow_options){.patience = 0.4};
    options.look.memory = HT_LOOK_MEMORY;
    options.look.error = 0.1;
    options.look.pool = ht_pool_new(2, &err);
    last_message[0] = '\0';
    make_dir("run");
    return options.look.pool ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    ht_follow_close(follow);
    follow = NULL;
    ht_pool_free(options.look.pool);
    scratch_erase("run");
    return 0;
}

static void open_at(const char *name)
{
    ht_error err;
    const char *path = scratch_path(name);
    follow = ht_follow_open(&path, 1, &options, &err);
    assert_non_null(follow);
}

/* The next event that is no message, or none: within so many seconds. */
static ht_follow_kind next_within(double seconds)
{
    double until = ht_now() + seconds;
    do {
        ht_follow_next(follow, until - ht_now(), &event);
        if (event.kind == HT_FOLLOW_MESSAGE) strcpy(last_message, event.message);
    } while (event.kind == HT_FOLLOW_MESSAGE);
    return event.kind;
}

static void next_look(double step, ht_step_from from, int run, double value)
{
    do {
        if (next_within(patience) == HT_FOLLOW_NOTHING)
            fail_msg("no look of step %g; said: %s", step, last_message);
    } while (event.kind != HT_FOLLOW_LOOK);
    if (event.look->step != step || event.look->from != from || event.run != run)
        fail_msg("step %g by %s, run %d, not %g by %s, run %d", event.look->step,
                 ht_step_from_word(event.look->from), event.run, step, ht_step_from_word(from), run);
    assert_true(fabs(event.look->all.norm - value * sqrt(12)) < 1e-6 * (value + 1));
}

static void no_look(void)
{
    for (double until = ht_now() + 0.5; ht_now() < until;)
        if (next_within(0.1) == HT_FOLLOW_LOOK) fail_msg("a look at step %g", event.look->step);
}

static void message(const char *words)
{
    for (double until = ht_now() + patience; ht_now() < until;) {
        ht_follow_next(follow, 0.1, &event);
        if (event.kind == HT_FOLLOW_MESSAGE && strstr(event.message, words)) return;
        if (event.kind == HT_FOLLOW_MESSAGE) strcpy(last_message, event.message);
    }
    fail_msg("'%s' is not said, but %s", words, last_message);
}

/* ---- tests ---- */

static void the_newest_is_looked_at_and_what_comes(void **state)
{
    (void)state;
    put_model("run/step-00000001.safetensors", 1, 1);
    usleep(20000);
    put_model("run/step-00000002.safetensors", 2, 2);
    open_at("run");
    next_look(2, HT_STEP_METADATA, 0, 2);
    assert_string_equal(event.file, "step-00000002.safetensors");
    assert_string_equal(event.series, "step-#.safetensors");
    put_model("run/step-00000003.safetensors", 3, 3);
    next_look(3, HT_STEP_METADATA, 0, 3);
    no_look();
    assert_true(ht_follow_done(follow));
}

static void all_are_looked_at_if_asked(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++) {
        char name[64];
        sprintf(name, "run/step-%d.safetensors", 9 + i);
        put_model(name, 9 + i, (float)i);
        usleep(10000);
    }
    options.all = true;
    open_at("run");
    for (int i = 1; i <= 3; i++) next_look(9 + i, HT_STEP_METADATA, 0, i);
}

static void a_half_written_file_is_waited_for(void **state)
{
    (void)state;
    char bytes[1024];
    size_t size = model(bytes, "w", 5, 2);
    options.patience = patience;
    open_at("run");
    int fd = open(scratch_path("run/model.safetensors"), O_WRONLY | O_CREAT, 0600);
    for (size_t done = 0; done < size - 1; done += 40) {
        size_t piece = size - 1 - done < 40 ? size - 1 - done : 40;
        assert_int_equal(write(fd, bytes + done, piece), (ssize_t)piece);
        if (next_within(0.05) == HT_FOLLOW_LOOK) fail_msg("a look at a part of a file");
    }
    no_look();
    assert_int_equal(write(fd, bytes + size - 1, 1), 1); /* complete, though it is never closed */
    next_look(5, HT_STEP_METADATA, 0, 2);
    close(fd);
}

static void what_stays_cut_is_said_once_and_following_goes_on(void **state)
{
    (void)state;
    char bytes[1024];
    size_t size = model(bytes, "w", 5, 2);
    open_at("run");
    put("run/model.safetensors", bytes, size - 8);
    message("model.safetensors: w claims bytes 0 to 48 of 40");
    assert_true(event.failure);
    no_look();
    assert_null(strstr(last_message, "claims"));
    put("run/model.safetensors", bytes, size);
    next_look(5, HT_STEP_METADATA, 0, 2);
}

/* As Python's log(…, keep=True) writes them. */
static void a_file_of_two_names_is_one_state(void **state)
{
    (void)state;
    open_at("run");
    for (int i = 1; i <= 3; i++) {
        char name[64];
        put_model("run/model.safetensors", i, (float)i);
        sprintf(name, "run/step-%08d.safetensors", i);
        assert_int_equal(link(scratch_path("run/model.safetensors"), scratch_path(name)), 0);
        next_look(i, HT_STEP_METADATA, 0, i);
        no_look();
    }
}

static void steps_come_from_where_they_are_known(void **state)
{
    (void)state;
    open_at("run");
    put_model("run/model.safetensors", -1, 1);
    next_look(1, HT_STEP_COUNT, 0, 1);
    put_model("run/model.safetensors", -1, 2);
    next_look(2, HT_STEP_COUNT, 0, 2);
    put("run/metrics.jsonl", "{\"step\":70,\"loss\":1}\n", 21);
    while (next_within(patience) != HT_FOLLOW_ROWS) assert_int_not_equal(event.kind, HT_FOLLOW_NOTHING);
    put_model("run/model.safetensors", -1, 3);
    next_look(70, HT_STEP_METRICS, 0, 3);
    assert_non_null(event.scalars);
    make_dir("run/checkpoint-500");
    put_model("run/checkpoint-500/model.safetensors", -1, 4);
    next_look(500, HT_STEP_NAME, 0, 4);
    assert_string_equal(event.file, "checkpoint-500/model.safetensors");
}

static void names_say_steps_only_where_they_count(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double step;
    } cases[] = {
        {"step-00000010.safetensors", 10},
        {"epoch=3-step=200.safetensors", 200},
        {"ckpt_7.safetensors", 7},
        {"checkpoint-500/model.safetensors", 500},
        {"model-000500.safetensors", 500},
        {"0042.safetensors", 42},
        {"step12/model-00001-of-00002.safetensors", 12},
        {"run/w1.npy", NAN},
        {"resnet18.safetensors", NAN},
        {"resnet-50.safetensors", NAN},
        {"model.safetensors", NAN},
        {"lenet5/model.safetensors", NAN},
        {"step-3/*.npy", 3},
        {"model-00001-of-00002.safetensors", NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double step = ht_place_step(cases[i].name);
        if (isnan(step) != isnan(cases[i].step) || (!isnan(step) && step != cases[i].step))
            fail_msg("%s: %g", cases[i].name, step);
    }
}

static void a_step_that_goes_down_is_a_new_run_unless_it_is_old(void **state)
{
    (void)state;
    ht_history history = {0};
    ht_error err;
    open_at("run");
    for (int i = 1; i <= 3; i++) {
        put_model("run/model.safetensors", 100 * i, (float)i);
        next_look(100 * i, HT_STEP_METADATA, 0, i);
        assert_int_equal(ht_history_add(&history, event.look, event.run, event.seconds, &err), HT_OK);
    }
    put_model("run/model.safetensors", 50, 9);
    next_look(50, HT_STEP_METADATA, 1, 9);
    assert_int_equal(ht_history_add(&history, event.look, event.run, event.seconds, &err), HT_OK);
    assert_int_equal(history.runs, 2);
    assert_int_equal(history.run[0].count, 3);
    assert_int_equal(ht_history_now(&history)->count, 1);
    assert_int_equal(ht_history_layer(&history, "w"), 1);
    double norm = ht_history_value(&ht_history_now(&history)->look[0], 1, HT_MEASURE_NORM);
    assert_true(fabs(norm - 9 * sqrt(12)) < 1e-4);
    ht_history_free(&history);
    /* A copy of an old file, with its old time, is of the run that there is. */
    put_model("run/model.safetensors", 80, 9);
    next_look(80, HT_STEP_METADATA, 1, 9);
    char bytes[1024];
    size_t size = model(bytes, "w", 60, 6);
    FILE *file = fopen(scratch_path("run/.old"), "w");
    fwrite(bytes, 1, size, file);
    fclose(file);
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path("run/.old"), old, 0), 0);
    assert_int_equal(rename(scratch_path("run/.old"), scratch_path("run/model.safetensors")), 0);
    next_look(60, HT_STEP_METADATA, 1, 6);
    assert_true(event.late);
}

static void a_link_to_the_directory_itself_shows_nothing_twice(void **state)
{
    (void)state;
    put_model("run/step-00000001.safetensors", 1, 1);
    make_dir("run/deep");
    put_model("run/deep/step-00000002.safetensors", 2, 2);
    assert_int_equal(symlink(".", scratch_path("run/again")), 0);
    assert_int_equal(symlink("deep", scratch_path("run/too")), 0);
    options.all = true;
    open_at("run");
    next_look(1, HT_STEP_METADATA, 0, 1);
    next_look(2, HT_STEP_METADATA, 0, 2);
    no_look();
    assert_int_equal(unlink(scratch_path("run/again")), 0);
    assert_int_equal(unlink(scratch_path("run/too")), 0);
    scratch_erase("run/deep");
}

/* A look costs the same however many other files lie there: of 2 000, no more than four scans' time. */
static void a_look_does_not_look_at_all_the_others(void **state)
{
    enum { FILES = 2000, LOOKS = 40 };
    char name[64];
    ht_place place;
    ht_error err;
    (void)state;
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "run/step-%08d.safetensors", i);
        put_model(name, i, 1);
    }
    assert_int_equal(ht_place_open(&place, scratch_path("run"), &err), HT_OK);
    double began = ht_thread_now();
    assert_int_equal(ht_place_scan(&place, ht_now(), &err), HT_OK);
    double scan = ht_thread_now() - began;
    for (size_t i = 0; i < place.count; i++) assert_true(ht_place_same(&place, &place.states[i]));
    put_model("run/step-00000007.safetensors", 7, 2);
    for (size_t i = 0; i < place.count; i++) assert_true(ht_place_same(&place, &place.states[i]) == (i != 7));
    ht_place_close(&place);
    options.all = true;
    open_at("run");
    assert_int_equal(next_within(patience), HT_FOLLOW_LOOK);
    began = ht_thread_now();
    for (int i = 0; i < LOOKS; i++) assert_int_equal(next_within(patience), HT_FOLLOW_LOOK);
    double looks = ht_thread_now() - began;
    if (looks > LOOKS * scan) fail_msg("%d looks take %g s, a scan %g s", LOOKS, looks, scan);
}

static void the_parts_of_a_model_are_one_state(void **state)
{
    (void)state;
    char bytes[1024];
    static const char index[] = "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\","
                                "\"b\":\"model-00002-of-00002.safetensors\"}}";
    options.patience = patience;
    open_at("run");
    put("run/model.safetensors.index.json", index, strlen(index));
    put("run/model-00001-of-00002.safetensors", bytes, model(bytes, "a", 3, 3));
    no_look();
    put("run/model-00002-of-00002.safetensors", bytes, model(bytes, "b", 3, 4));
    next_look(3, HT_STEP_METADATA, 0, 5);
    assert_int_equal(event.look->count, 2);
    assert_string_equal(event.file, "model.safetensors.index.json");
    no_look();
}

static void arrays_of_a_folder_are_layers(void **state)
{
    (void)state;
    float w[12];
    ht_error err;
    for (int i = 0; i < 12; i++) w[i] = 3;
    assert_int_equal(ht_npy_write_f32(scratch_path("run/w1.npy"), w, 2, (size_t[]){4, 3}, &err), HT_OK);
    for (int i = 0; i < 12; i++) w[i] = 4;
    assert_int_equal(ht_npy_write_f32(scratch_path("run/w2.npy"), w, 2, (size_t[]){4, 3}, &err), HT_OK);
    assert_int_equal(ht_npy_write_f32(scratch_path("run/b.npy"), w, 1, (size_t[]){4}, &err), HT_OK);
    open_at("run");
    next_look(1, HT_STEP_COUNT, 0, 5);
    assert_int_equal(event.look->count, 2);
    assert_int_equal(event.look->skipped, 1);
    assert_string_equal(event.look->layer[0].name, "w1");
}

static void a_directory_may_vanish_and_return(void **state)
{
    (void)state;
    put_model("run/model.safetensors", 1, 1);
    open_at("run");
    next_look(1, HT_STEP_METADATA, 0, 1);
    assert_int_equal(rename(scratch_path("run"), scratch_path("away")), 0);
    message("is gone; waiting for it to return");
    make_dir("run");
    put_model("run/model.safetensors", 2, 2);
    message("is back");
    next_look(2, HT_STEP_METADATA, 0, 2);
    scratch_erase("away");
}

static void a_path_is_waited_for(void **state)
{
    (void)state;
    open_at("run/deep/model.safetensors");
    message("is not there yet; waiting for it");
    make_dir("run/deep");
    put_model("run/deep/other.safetensors", 3, 3);
    put_model("run/deep/model.safetensors", 4, 4);
    next_look(4, HT_STEP_METADATA, 0, 4);
    no_look();
}

static void without_inotify_it_is_polled(void **state)
{
    (void)state;
    options.poll = true;
    put_model("run/model.safetensors", 1, 1);
    open_at("run");
    next_look(1, HT_STEP_METADATA, 0, 1);
    put_model("run/model.safetensors", 2, 2);
    next_look(2, HT_STEP_METADATA, 0, 2);
}

static void what_is_not_finite_is_counted_and_named(void **state)
{
    (void)state;
    char bytes[1024];
    size_t size = model(bytes, "w", 1, 2);
    const float nan = NAN;
    memcpy(bytes + size - 4, &nan, 4);
    memcpy(bytes + size - 48, &nan, 4);
    put("run/model.safetensors", bytes, size);
    open_at("run");
    next_look(1, HT_STEP_METADATA, 0, 2 * sqrt(10.0 / 12));
    const ht_layer_look *l = &event.look->layer[0];
    assert_int_equal(l->broken, 2);
    assert_int_equal(event.look->all.broken, 2);
    assert_string_equal(event.look->broken, "w");
    assert_true(isnan(l->kappa) && isnan(l->tail[HT_HILL].value));
    assert_non_null(
        strstr(l->why, "2 of its values are not finite (NaN or Inf), the first in row 0, column 0"));
}

/* ---- what is no layer, and the layer in the middle ---- */

/* Tensors of 4 bytes a value, every value i % 7 - 3 (i counts all), `sides` as in the file. */
static void put_tensors(const char *name, const char *const *tensors, const char *const *types,
                        const char *const *sides, const size_t *counts, int count)
{
    char header[2000] = "{", bytes[8000];
    size_t at = 0, used = 1;
    for (int i = 0; i < count; i++, at += 4 * counts[i - 1])
        used += (size_t)snprintf(header + used, sizeof header - used,
                                 "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
                                 i ? "," : "", tensors[i], types[i], sides[i], at, at + 4 * counts[i]);
    used += (size_t)snprintf(header + used, sizeof header - used, "}");
    for (int i = 0; i < 8; i++) bytes[i] = (char)((uint64_t)used >> (8 * i));
    memcpy(bytes + 8, header, used);
    for (size_t i = 0; i < at / 4; i++) memcpy(bytes + 8 + used + 4 * i, &(float){(float)(i % 7) - 3}, 4);
    put(name, bytes, 8 + used + at);
}

static void what_is_no_layer_is_counted_and_named(void **state)
{
    static const char *const names[] = {"fc.weight",  "fc.bias",    "embed_tokens.weight", "steps",
                                        "wte.weight", "tok.weight", "model.pos.weight"};
    static const char *const types[] = {"F32", "F32", "F32", "I32", "F32", "F32", "F32"};
    static const char *const sides[] = {"6,5", "6", "10,4", "3,3", "4,4", "4,4", "4,4"};
    static const size_t counts[] = {30, 6, 40, 9, 16, 16, 16};
    (void)state;
    put_tensors("run/model.safetensors", names, types, sides, counts, 7);
    open_at("run");
    do assert_int_not_equal(next_within(patience), HT_FOLLOW_NOTHING);
    while (event.kind != HT_FOLLOW_LOOK);
    assert_int_equal(event.look->count, 1);
    assert_string_equal(event.look->layer[0].name, "fc.weight");
    assert_int_equal(event.look->skipped, 6);
    const char *said = event.look->skipped_names.data;
    assert_non_null(strstr(said, "fc.bias\tF32\ta vector"));
    assert_non_null(strstr(said, "embed_tokens.weight\tF32\tan embedding"));
    assert_non_null(strstr(said, "wte.weight\tF32\tan embedding"));
    assert_non_null(strstr(said, "tok.weight\tF32\tan embedding"));
    assert_non_null(strstr(said, "model.pos.weight\tF32\tan embedding"));
    assert_non_null(strstr(said, "steps\tI32\twhole numbers"));
}

/* By a slow obvious twin: those with a value sorted, the lower one in the middle, with all that it has. */
static void the_middle_layer_has_its_own_verdict(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    static const char *const types[] = {"F32", "F32", "F32", "F32"};
    static const char *const sides[] = {"12,20", "10,25", "9,30", "20,21"};
    static const size_t counts[] = {240, 250, 270, 420};
    (void)state;
    put_tensors("run/model.safetensors", names, types, sides, counts, 4);
    open_at("run");
    do assert_int_not_equal(next_within(patience), HT_FOLLOW_NOTHING);
    while (event.kind != HT_FOLLOW_LOOK);
    const ht_look *look = event.look;
    int compared = 0;
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        size_t with = 0, good = 0, middle = 0;
        for (size_t i = 0; i < look->count; i++) {
            const ht_estimate *one = &look->layer[i].tail[e];
            if (!isfinite(one->value) || ht_estimate_undetermined(one)) continue;
            with++, good += one->quality == HT_QUALITY_GOOD;
        }
        const ht_estimate *all = &look->all.tail[e];
        assert_int_equal(with ? all->n_tail : 0, with);
        if (with == 0) continue;
        assert_int_equal(all->k, good);
        for (size_t i = 0; i < look->count; i++) {
            const ht_estimate *one = &look->layer[i].tail[e];
            size_t below = 0, equal = 0;
            if (!isfinite(one->value) || ht_estimate_undetermined(one)) continue;
            for (size_t k = 0; k < look->count; k++) {
                const ht_estimate *other = &look->layer[k].tail[e];
                if (!isfinite(other->value) || ht_estimate_undetermined(other)) continue;
                below += other->value < one->value;
                equal += other->value == one->value;
            }
            bool here = below <= (with - 1) / 2 && (with - 1) / 2 < below + equal;
            if (!here || all->value != one->value || all->quality != one->quality) continue;
            middle++;
        }
        assert_true(middle > 0);
        compared++;
    }
    assert_true(compared > 0);
}

/* ---- what is waited for ---- */

static void waits(const char *words)
{
    char said[300] = "";
    for (double until = ht_now() + patience; ht_now() < until;) {
        ht_follow_next(follow, 0.05, &event);
        ht_follow_waits(follow, 0, said, sizeof said);
        if (words[0] ? strstr(said, words) != NULL : said[0] == '\0') return;
    }
    fail_msg("'%s' is waited for, not '%s'", said, words);
}

static void what_is_waited_for_is_said(void **state)
{
    char bytes[1024];
    (void)state;
    options.patience = 30;
    open_at("run/deep");
    waits("not there yet; waiting for it");
    make_dir("run/deep");
    waits("nothing there yet; waiting for .safetensors, .npy or metrics");
    size_t size = model(bytes, "w", 1, 1);
    FILE *file = fopen(scratch_path("run/deep/model.safetensors"), "w");
    assert_non_null(file);
    fwrite(bytes, 1, size - 8, file);
    fflush(file);
    waits("model.safetensors is half written; waiting for the rest");
    fwrite(bytes + size - 8, 1, 8, file);
    fclose(file);
    next_look(1, HT_STEP_METADATA, 0, 1);
    waits("");
    assert_int_equal(rename(scratch_path("run/deep"), scratch_path("run/away")), 0);
    waits("gone; waiting for it to return");
    assert_int_equal(rename(scratch_path("run/away"), scratch_path("run/deep")), 0);
    waits("");
}

int main(void)
{
#define FOLLOW(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        FOLLOW(the_newest_is_looked_at_and_what_comes),
        FOLLOW(all_are_looked_at_if_asked),
        FOLLOW(a_half_written_file_is_waited_for),
        FOLLOW(what_stays_cut_is_said_once_and_following_goes_on),
        FOLLOW(a_file_of_two_names_is_one_state),
        FOLLOW(steps_come_from_where_they_are_known),
        cmocka_unit_test(names_say_steps_only_where_they_count),
        FOLLOW(a_step_that_goes_down_is_a_new_run_unless_it_is_old),
        FOLLOW(a_link_to_the_directory_itself_shows_nothing_twice),
        FOLLOW(a_look_does_not_look_at_all_the_others),
        FOLLOW(the_parts_of_a_model_are_one_state),
        FOLLOW(arrays_of_a_folder_are_layers),
        FOLLOW(a_directory_may_vanish_and_return),
        FOLLOW(a_path_is_waited_for),
        FOLLOW(without_inotify_it_is_polled),
        FOLLOW(what_is_not_finite_is_counted_and_named),
        FOLLOW(what_is_no_layer_is_counted_and_named),
        FOLLOW(the_middle_layer_has_its_own_verdict),
        FOLLOW(what_is_waited_for_is_said),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
