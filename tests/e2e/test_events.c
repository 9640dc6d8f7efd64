/* Guards `export`: the file for TensorBoard, read back record by record with the library's own reader, and
 * the table: curves, the settings in force at each row, weights and pictures. */
#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

#include "base/alloc.h"
#include "base/file.h"
#include <events.pb-c.h>
#include "export/events.h"

#define SMALL                                                                                                \
    "--set", "data.name=digits-synth", "--set", "model.width=60", "--set", "train.eval_every=5", "--set",    \
        "noise.scale=0.01"

/* ---- reading ----------------------------------------------------------------------------------- */

static uint64_t little(const char *p, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | (unsigned char)p[i];
    return value;
}

/* The sum beside some bytes is theirs. */
static void assert_sum(const char *bytes, size_t size, const char *sum)
{
    uint32_t turned = (uint32_t)little(sum, 4) - UINT32_C(0xa282ead8);
    assert_int_equal((turned >> 17) | (turned << 15), ht_crc32c(bytes, size));
}

typedef struct seen {
    int events, numbers, rows; /* rows: loss/test */
    double alpha[2], last_loss, wall, weights;
    bool rising;
    char tags[4000], pictures[200];
} seen;

static void see_value(seen *s, const Pb__Event *e, const Pb__Value *v)
{
    if (!strstr(s->tags, v->tag)) {
        strncat(s->tags, v->tag, sizeof s->tags - strlen(s->tags) - 2);
        strcat(s->tags, "\n");
    }
    if (v->what_case == PB__VALUE__WHAT_NUMBER) s->numbers++;
    if (strcmp(v->tag, "loss/test") == 0) {
        s->rows++;
        s->last_loss = (double)v->number;
        s->rising = s->rising && e->wall_time >= s->wall;
        s->wall = e->wall_time;
    }
    if (strcmp(v->tag, "settings/noise.alpha") == 0) s->alpha[e->step > 20] = (double)v->number;
    if (v->what_case == PB__VALUE__WHAT_HISTOGRAM) {
        double counted = 0;
        assert_int_equal(v->histogram->n_limit, v->histogram->n_count);
        for (size_t i = 0; i < v->histogram->n_count; i++) {
            counted += v->histogram->count[i];
            if (i > 0) assert_true(v->histogram->limit[i] > v->histogram->limit[i - 1]);
        }
        assert_true(counted == v->histogram->num && v->histogram->min <= v->histogram->max);
        s->weights += counted;
    }
    if (v->what_case == PB__VALUE__WHAT_IMAGE) {
        assert_memory_equal(v->image->png.data, "\x89PNG", 4);
        assert_true(v->image->width > 300 && v->image->height > 200);
        strcat(strcat(s->pictures, v->tag), " ");
    }
}

/* Every record of the file. */
static void see(const char *path, seen *s)
{
    char *data;
    size_t size;
    ht_error err;
    *s = (seen){.rising = true};
    assert_int_equal(ht_file_read(path, 1 << 26, &data, &size, &err), HT_OK);
    for (size_t at = 0; at < size; s->events++) {
        assert_true(at + 16 <= size);
        size_t length = (size_t)little(data + at, 8);
        assert_true(at + 16 + length <= size);
        assert_sum(data + at, 8, data + at + 8);
        assert_sum(data + at + 12, length, data + at + 12 + length);
        Pb__Event *e = pb__event__unpack(NULL, length, (const uint8_t *)data + at + 12);
        assert_non_null(e);
        if (s->events == 0) assert_string_equal(e->file_version, "brain.Event:2");
        if (e->what_case == PB__EVENT__WHAT_SUMMARY)
            for (size_t i = 0; i < e->summary->n_value; i++) see_value(s, e, e->summary->value[i]);
        pb__event__free_unpacked(e, NULL);
        at += 16 + length;
    }
    ht_free(data);
}

/* The only file in the directory. */
static void only_file(const char *dir, char *path, size_t size)
{
    char pattern[64];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*", dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    snprintf(path, size, "%s", found.gl_pathv[0]);
    globfree(&found);
}

/* ---- a run ------------------------------------------------------------------------------------- */

/* 20 steps at α = 1.9, then 20 more at 1.5. */
static void make_run(const char *name)
{
    assert_status(RUN("train", SMALL, "--set", "noise.alpha=1.9", "--steps", "20", "--run", name, "--quiet"),
                  0);
    assert_status(RUN("train", "--run", name, "--set", "noise.alpha=1.5", "--steps", "40", "--quiet"), 0);
}

static void tensorboard_reads_curves_settings_weights_and_pictures(void **state)
{
    char path[200], again[200], *first, *second;
    size_t size, more;
    ht_error err;
    seen s;
    (void)state;
    make_run("run");
    assert_status(RUN("export", "run", "--tensorboard", "tb"), 0);
    only_file("tb", path, sizeof path);
    see(path, &s);
    assert_int_equal(s.rows, 8);
    assert_true(s.rising && s.wall > 1.7e9);
    assert_true(fabs(s.alpha[0] - 1.9) < 1e-6 && fabs(s.alpha[1] - 1.5) < 1e-6);
    assert_true(s.weights == 784 * 60 + 60 * 10);
    assert_string_equal(s.pictures, "dashboard pruning tail ");
    for (const char *const *tag = (const char *const[]){"loss/batch", "accuracy/test", "epoch", "tail/mmo",
                                                        "pruning/kappa", "weights/layers.0.weight", NULL};
         *tag; tag++)
        assert_says(s.tags, *tag);
    /* Once more: the same file, not a second one. */
    assert_int_equal(ht_file_read(path, 1 << 26, &first, &size, &err), HT_OK);
    assert_status(RUN("export", "run", "--tensorboard", "tb"), 0);
    only_file("tb", again, sizeof again);
    assert_string_equal(path, again);
    assert_int_equal(ht_file_read(path, 1 << 26, &second, &more, &err), HT_OK);
    assert_true(size == more);
    ht_free(first);
    ht_free(second);
}

static void a_table_has_the_settings_of_each_row(void **state)
{
    (void)state;
    make_run("of-table");
    assert_status(RUN("export", "of-table", "--csv", "t.csv"), 0);
    const sandbox_result *r = sandbox_shell("head -1 t.csv | tr , '\\n' | sed -n '/^noise.alpha$/='; wc -l < "
                                            "t.csv; cut -d, -f1 t.csv | tr '\\n' ' '; echo;"
                                            "c=$(head -1 t.csv | tr , '\\n' | grep -n '^noise.alpha$' | cut "
                                            "-d: -f1); cut -d, -f$c t.csv | tr '\\n' ' '; echo;"
                                            "cut -d, -f3-9 t.csv | tail -n +2 > ours; grep -v '^#' "
                                            "of-table/metrics.csv | tail -n +2 | cut -d, -f2-8 > "
                                            "theirs; cmp ours theirs && echo same rows");
    assert_says(r->out, "step 5 10 15 20 25 30 35 40");
    assert_says(r->out, "noise.alpha 1.9 1.9 1.9 1.9 1.5 1.5 1.5 1.5");
    assert_says(r->out, "same rows");
}

/* All exports of a run are made of one reading: what is damaged is told once. */
static void a_run_is_read_once_for_all_exports(void **state)
{
    (void)state;
    make_run("hurt");
    assert_status(
        sandbox_shell("echo '{\"event\":\"set\",' >> hurt/journal.jsonl; echo torn >> hurt/metrics.csv"), 0);
    const sandbox_result *r = RUN("export", "hurt", "--tensorboard", "hurt-tb", "--csv", "hurt.csv");
    assert_status(r, 0);
    int told = 0;
    for (const char *at = r->err; (at = strstr(at, "heavytail: note: hurt/")); at++) told++;
    if (told != 1) fail_msg("told %d times: %s", told, r->err);
    assert_true(sandbox_exists("hurt.csv"));
}

static void what_cannot_be_exported_is_named(void **state)
{
    char path[200];
    seen s;
    (void)state;
    make_run("poor");
    assert_status(RUN("export"), 2);
    assert_status(RUN("export", "poor"), 2);
    const sandbox_result *r = RUN("export", "nowhere", "--csv", "x.csv");
    assert_status(r, 1);
    assert_says(r->err, "nowhere");
    assert_int_equal(unlink("poor/checkpoint.safetensors"), 0);
    r = RUN("export", "poor", "--tensorboard", "poor-tb");
    assert_status(r, 0);
    assert_says(r->err, "poor has no checkpoint: weights and pictures are left out");
    only_file("poor-tb", path, sizeof path);
    see(path, &s);
    assert_true(s.rows == 8 && s.weights == 0);
    sandbox_write("poor/checkpoint.safetensors", "no checkpoint");
    r = RUN("export", "poor", "--tensorboard", "poor-tb");
    assert_status(r, 0);
    assert_says(r->err, "weights and pictures are left out: ");
    assert_says(r->err, "poor/checkpoint.safetensors");
    r = RUN("export", "poor", "--csv", "no/such/dir.csv");
    assert_status(r, 1);
    assert_says(r->err, "no/such/dir.csv");
}

/* ---- pieces ------------------------------------------------------------------------------------ */

static void sums_are_castagnolis(void **state)
{
    (void)state;
    assert_int_equal(ht_crc32c("123456789", 9), 0xe3069283); /* RFC 3720 */
    assert_int_equal(ht_crc32c("", 0), 0);
}

/* Buckets against a count of each by hand; values at limits, zeros, both signs, what is not finite. */
static void histograms_count_every_value(void **state)
{
    const float values[] = {0, 0, 1e-30F, -1e-30F, 0.5F, -0.5F, 1e15F, NAN, INFINITY, -3e38F};
    ht_events events = {0};
    (void)state;
    assert_int_equal(ht_events_histogram(&events, (ht_event_time){7, 1.5}, "w", values, 10), 2);
    Pb__Event *e =
        pb__event__unpack(NULL, events.records.length - 16, (const uint8_t *)events.records.data + 12);
    assert_non_null(e);
    const Pb__Histogram *h = e->summary->value[0]->histogram;
    assert_true(e->step == 7 && e->wall_time == 1.5 && h->num == 8);
    for (size_t i = 0; i < h->n_count; i++) {
        int counted = 0;
        for (int v = 0; v < 10; v++)
            counted += isfinite(values[v]) && (double)values[v] <= h->limit[i] &&
                       (i == 0 || (double)values[v] > h->limit[i - 1]);
        assert_int_equal(counted, (int)h->count[i]);
    }
    pb__event__free_unpacked(e, NULL);
    ht_events_free(&events);
    const float none[] = {NAN, INFINITY};
    assert_int_equal(ht_events_histogram(&events, (ht_event_time){0, 0}, "w", none, 2), 2);
    assert_int_equal(events.records.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensorboard_reads_curves_settings_weights_and_pictures),
        cmocka_unit_test(a_table_has_the_settings_of_each_row),
        cmocka_unit_test(a_run_is_read_once_for_all_exports),
        cmocka_unit_test(what_cannot_be_exported_is_named),
        cmocka_unit_test(sums_are_castagnolis),
        cmocka_unit_test(histograms_count_every_value),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
