/* Guards the journal: what is written reads back as the same numbers, a damaged line is named, and the path
 * to a state leaves out what rewinding, undo and resets left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/run/journal.h"

static ht_error err;

static void parse(ht_journal *j, const ht_text *text)
{
    if (ht_journal_parse(j, "the-journal", text->data, text->length, &err) != HT_OK) fail_msg("%s", err.text);
}

static ht_text started(void)
{
    ht_text text = {0};
    ht_params params;
    ht_params_init(&params);
    ht_params_put(&params, HT_P_TRAIN_LR, 0.1 + 0.2); /* 17 digits */
    strcpy(params.preset, "mine");
    ht_journal_start(&text, &params);
    return text;
}

static void set(ht_text *text, uint64_t revision, uint64_t step, double value)
{
    ht_journal_add(text, &(ht_sample){.kind = HT_SAMPLE_CHANGE,
                                      .step = step,
                                      .revision = revision,
                                      .param = HT_P_NOISE_SCALE,
                                      .value = value});
}

static void back(ht_text *text, uint64_t revision, uint64_t from, uint64_t to, uint64_t keep)
{
    ht_journal_add(
        text,
        &(ht_sample){.kind = HT_SAMPLE_REWIND, .step = to, .from = from, .revision = revision, .keep = keep});
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    ht_text text = started();
    double awkward = 1.0 / 3;
    ht_prune_intent intent = {.spec = {.method = HT_PRUNE_CORESET,
                                       .metric = HT_FRO,
                                       .error = 0.1,
                                       .ratio = (double)NAN,
                                       .scope = HT_PRUNE_GLOBAL,
                                       .side = HT_PRUNE_COLUMNS,
                                       .centre = true,
                                       .coreset = HT_CORESET_TOP,
                                       .seed = 77,
                                       .calibration_limit = 12},
                              .keep_mask = true};
    set(&text, 1, 5, awkward);
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_STATE, .step = 6, .message = "says \"\xff\" \n"});
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_STEP, .step = 7, .revision = 99}); /* no line */
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_CHANGE, .restored = true}); /* of a rewind: none */
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_PRUNE, .step = 8, .revision = 2, .prune = intent});
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_UNMASK, .step = 9, .revision = 3});
    ht_journal_add(
        &text, &(ht_sample){.kind = HT_SAMPLE_RESET, .from = 10, .revision = 4, .value = 9007199254740991.});
    ht_journal_kept(&text, "checkpoint", &(ht_journal_mark){11, 4, UINT64_C(0xfedcba9876543210), 2.5});
    ht_journal_resume(&text, &(ht_journal_mark){11, 4, 0, 2.5}, 5);
    assert_false(text.failed);
    ht_journal j;
    parse(&j, &text);
    static const ht_entry_kind kinds[] = {HT_ENTRY_START,      HT_ENTRY_SET,    HT_ENTRY_STATE,
                                          HT_ENTRY_PRUNE,      HT_ENTRY_UNMASK, HT_ENTRY_RESET,
                                          HT_ENTRY_CHECKPOINT, HT_ENTRY_RESUME};
    assert_int_equal(j.count, 8);
    for (size_t i = 0; i < 8; i++) assert_int_equal(j.entries[i].kind, kinds[i]);
    assert_true(ht_params_get(&j.initial, HT_P_TRAIN_LR) == 0.1 + 0.2);
    assert_string_equal(j.initial.preset, "mine");
    assert_true(j.entries[1].value == awkward && j.entries[1].param == HT_P_NOISE_SCALE &&
                j.entries[1].step == 5);
    const ht_prune_spec *spec = &j.entries[3].prune.spec;
    assert_true(spec->method == HT_PRUNE_CORESET && spec->metric == HT_FRO && spec->error == 0.1 &&
                isnan(spec->ratio) && spec->scope == HT_PRUNE_GLOBAL && spec->side == HT_PRUNE_COLUMNS &&
                spec->centre && spec->coreset == HT_CORESET_TOP && spec->seed == 77 &&
                spec->calibration_limit == 12 && spec->calibration == NULL && j.entries[3].prune.keep_mask);
    assert_true(j.entries[5].value == 9007199254740991. && j.entries[5].step == 10);
    assert_true(j.entries[6].hash == UINT64_C(0xfedcba9876543210) && j.entries[6].seconds == 2.5);
    assert_int_equal(j.last_revision, 5);
    assert_int_equal(ht_journal_find(&j, UINT64_C(0xfedcba9876543210), 11), 6);
    assert_int_equal(ht_journal_find(&j, 1, 11), 6);       /* by its step */
    assert_int_equal(ht_journal_find(&j, 1, 12), j.count); /* not known */
    assert_int_equal(ht_journal_find(&j, 1, 0), 0);
    ht_journal_free(&j);
    ht_text_free(&text);
}

/* Every first part of the file parses, up to its last whole line. */
static void a_line_cut_by_a_crash_is_left_out(void **state)
{
    (void)state;
    ht_text text = started();
    size_t first = text.length;
    set(&text, 1, 5, 0.5);
    for (size_t size = 0; size <= text.length; size++) {
        ht_journal j;
        ht_code code = ht_journal_parse(&j, "cut", text.data, size, &err);
        assert_int_equal(code, size < first ? HT_FAIL : HT_OK);
        if (code == HT_OK) assert_int_equal(j.count, size < text.length ? 1 : 2);
        ht_journal_free(&j);
    }
    ht_text_free(&text);
}

static void expect_damage(const char *line)
{
    ht_text text = started();
    ht_journal j;
    set(&text, 3, 5, 0.5);
    ht_text_add(&text, "%s\n", line);
    if (ht_journal_parse(&j, "hurt", text.data, text.length, &err) != HT_FAIL) fail_msg("taken: %s", line);
    if (!strstr(err.text, "hurt:3: ")) fail_msg("'%s' does not name the line", err.text);
    assert_null(j.entries);
    ht_text_free(&text);
}

static void a_damaged_line_is_named(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "x",
        "[1]",
        "{\"event\":\"set\"}",
        "{\"event\":7,\"step\":1}",
        "{\"event\":\"set\",\"step\":-1,\"change\":4,\"key\":\"noise.scale\",\"value\":1}",
        "{\"event\":\"set\",\"step\":1,\"change\":3,\"key\":\"noise.scale\",\"value\":1}",
        "{\"event\":\"set\",\"step\":1,\"change\":4,\"key\":\"noise.scales\",\"value\":1}",
        "{\"event\":\"set\",\"step\":1,\"change\":4,\"key\":\"model.width\",\"value\":1}",
        "{\"event\":\"set\",\"step\":1,\"change\":4,\"key\":\"noise.scale\",\"value\":null}",
        "{\"event\":\"set\",\"step\":1,\"change\":4,\"key\":\"noise.scale\",\"value\":\"1\"}",
        "{\"event\":\"reset\",\"step\":1,\"change\":4}",
        "{\"event\":\"rewind\",\"step\":1,\"to\":1,\"keep\":2,\"change\":4}",
        "{\"event\":\"rewind\",\"step\":1,\"to\":1,\"keep\":4,\"change\":4}",
        "{\"event\":\"resume\",\"step\":1,\"keep\":0,\"change\":4}",
        "{\"event\":\"checkpoint\",\"step\":1,\"change\":9,\"hash\":\"0\"}",
        "{\"event\":\"prune\",\"step\":1,\"change\":4,\"method\":\"saw\"}",
        "{\"event\":\"paused\",\"step\":1,\"step\":2}"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) expect_damage(lines[i]);
    ht_journal j;
    assert_int_equal(ht_journal_parse(&j, "none", "", 0, &err), HT_FAIL);
    static const char no_start[] = "{\"event\":\"paused\",\"step\":1}\n";
    assert_int_equal(ht_journal_parse(&j, "none", no_start, sizeof no_start - 1, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "none:1: "));
}

static void expect_path(const ht_journal *j, size_t entry, const uint64_t *changes, size_t wanted)
{
    size_t count, *path = ht_journal_path(j, entry, &count, &err);
    assert_non_null(path);
    assert_int_equal(count, wanted);
    for (size_t i = 0; i < count; i++) assert_int_equal(j->entries[path[i]].revision, changes[i]);
    ht_free(path);
}
#define PATH(journal, entry, ...)                                                                            \
    expect_path(journal, entry, (const uint64_t[]){0, __VA_ARGS__} + 1,                                      \
                sizeof((const uint64_t[]){0, __VA_ARGS__}) / sizeof(uint64_t) - 1)

static void the_path_is_that_of_the_branch(void **state)
{
    (void)state;
    ht_text text = started();
    ht_params params;
    ht_journal j;
    set(&text, 1, 10, 0.1);
    set(&text, 2, 20, 0.2);
    back(&text, 3, 30, 15, 1); /* entry 3: 2 is undone */
    set(&text, 4, 18, 0.4);
    back(&text, 5, 25, 30, 2); /* entry 5: forward again, to where 2 was */
    set(&text, 6, 33, 0.6);
    back(&text, 7, 40, 5, 0); /* entry 7: to the beginning */
    back(&text, 8, 5, 25, 4); /* entry 8: undone: 1, 4 */
    ht_journal_kept(&text, "checkpoint", &(ht_journal_mark){.step = 27, .revision = 8});
    ht_journal_kept(&text, "checkpoint", &(ht_journal_mark){.step = 29, .revision = 6});
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_UNMASK, .step = 28, .revision = 9});
    ht_journal_add(&text, &(ht_sample){.kind = HT_SAMPLE_RESET, .from = 30, .revision = 10, .value = 3});
    set(&text, 11, 2, 1.1);
    parse(&j, &text);
    PATH(&j, 2, 1, 2);
    PATH(&j, 3, 1);
    PATH(&j, 4, 1, 4);
    PATH(&j, 6, 1, 2, 6);
    assert_int_equal(j.entries[7].kind, HT_ENTRY_REWIND);
    expect_path(&j, 7, NULL, 0);
    PATH(&j, 8, 1, 4);
    PATH(&j, 9, 1, 4);
    PATH(&j, 10, 1, 2, 6);
    PATH(&j, 13, 1, 4, 10, 11); /* before the reset only parameters: the unmask is left out */
    assert_int_equal(ht_journal_params(&j, 10, &params, &err), HT_OK);
    assert_true(ht_params_get(&params, HT_P_NOISE_SCALE) == 0.6 &&
                ht_params_get(&params, HT_P_TRAIN_SEED) == 1);
    assert_int_equal(ht_journal_params(&j, 12, &params, &err), HT_OK);
    assert_true(ht_params_get(&params, HT_P_NOISE_SCALE) == 0.4 &&
                ht_params_get(&params, HT_P_TRAIN_SEED) == 3);
    ht_journal_free(&j);
    ht_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_line_cut_by_a_crash_is_left_out),
        cmocka_unit_test(a_damaged_line_is_named),
        cmocka_unit_test(the_path_is_that_of_the_branch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
