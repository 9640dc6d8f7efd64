/* Guards presets: the compiled-in ones mean what DESIGN.md says, settings survive a file, and every bad line
 * is an error that names it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "params/preset.h"
#include "unit/scratch.h"

static ht_params load(const char *name)
{
    ht_params params;
    ht_error err;
    ht_params_init(&params);
    if (ht_preset_load(&params, name, &err) != HT_OK) fail_msg("%s", err.text);
    return params;
}

static ht_params parse(const char *text)
{
    ht_params params;
    ht_error err;
    ht_params_init(&params);
    if (ht_preset_parse(&params, "p", text, strlen(text), &err) != HT_OK) fail_msg("%s", err.text);
    return params;
}

static void refuse_bytes(const char *text, size_t size, const char *place, const char *word)
{
    ht_params params, before;
    ht_error err;
    ht_params_init(&params);
    before = params;
    if (ht_preset_parse(&params, "p", text, size, &err) != HT_USAGE) fail_msg("taken:\n%s", text);
    assert_memory_equal(&params, &before, sizeof params);
    if (strncmp(err.text, place, strlen(place)) != 0)
        fail_msg("'%s' does not begin with %s", err.text, place);
    if (!strstr(err.text, word)) fail_msg("'%s' does not say %s", err.text, word);
}

static void refuse(const char *text, const char *place, const char *word)
{
    refuse_bytes(text, strlen(text), place, word);
}

static double get(const ht_params *params, ht_param p)
{
    return ht_params_get(params, p);
}

static void every_preset_within_parses(void **state)
{
    (void)state;
    char name[64], title[128];
    int count = 0;
    for (; ht_preset_embedded(count, name, sizeof name, title, sizeof title); count++) {
        ht_params params = load(name);
        assert_string_equal(params.preset, name);
        assert_true(strlen(title) > 5);
    }
    assert_true(count >= 4);
    load("ecg-demo");
}

static void the_plain_presets_are_the_papers(void **state)
{
    (void)state;
    static const char *const names[] = {"ecg5000", "mnist"};
    for (int i = 0; i < 2; i++) {
        ht_params p = load(names[i]);
        assert_string_equal(ht_params_text(&p, HT_P_DATA_NAME), names[i]);
        assert_true(get(&p, HT_P_MODEL_WIDTH) == 2000 && get(&p, HT_P_MODEL_DEPTH) == 1);
        assert_true(get(&p, HT_P_TRAIN_BATCH) == 500 && get(&p, HT_P_TRAIN_STOP) == 0.95);
        assert_true(get(&p, HT_P_NOISE_TYPE) == HT_NOISE_NONE && get(&p, HT_P_TRAIN_MOMENTUM) == 0);
        assert_true(get(&p, HT_P_TRAIN_DECAY) == 0 && get(&p, HT_P_MODEL_MEAN_FIELD) == 0);
        assert_true(get(&p, HT_P_MODEL_ACTIVATION) == HT_RELU && get(&p, HT_P_TRAIN_SCHEDULE) == 0);
        assert_true(get(&p, HT_P_DATA_TRAIN_LIMIT) == 0 && get(&p, HT_P_DATA_TEST_LIMIT) == 0);
    }
    ht_params ecg = load("ecg5000");
    assert_true(get(&ecg, HT_P_TRAIN_LR) == 0.01);
}

static void random_text(char *to, size_t most)
{
    static const char *const pieces[] = {"a", "=", ";",  "#", " ",  "[",  "]", ":",
                                         "/", "α", "\"", "'", "\\", "%s", "x"};
    to[0] = '\0';
    for (size_t count = 1 + (size_t)rand() % most; count > 0; count--) strcat(to, pieces[rand() % 15]);
}

static void settings_survive_a_file(void **state)
{
    (void)state;
    ht_error err;
    srand(1);
    int texts = 0;
    for (int i = 0; i < 3000; i++) {
        ht_params params, again;
        char name[256];
        ht_params_init(&params);
        for (ht_param p = 0; p < HT_P_COUNT; p++) {
            const ht_param_info *info = ht_param_at(p);
            double high = info->type == HT_TYPE_CHOICE ? ht_param_choices(p) - 1 : info->high;
            if (info->type != HT_TYPE_TEXT)
                ht_params_put(&params, p, info->low + (high - info->low) * rand() / (double)RAND_MAX);
        }
        random_text(name, i % 2 ? 12 : 60);
        texts += ht_params_set(&params, "data.name", name, &err) == HT_OK;
        snprintf(params.preset, sizeof params.preset, "mine%d", i);
        char *text = ht_preset_write(&params, &err);
        if (!text) fail_msg("%s", err.text);
        ht_params_init(&again);
        strcpy(again.preset, params.preset);
        if (ht_preset_parse(&again, "p", text, strlen(text), &err) != HT_OK)
            fail_msg("%s\n%s", err.text, text);
        if (strcmp(ht_params_text(&params, HT_P_DATA_NAME), ht_params_text(&again, HT_P_DATA_NAME)) != 0)
            fail_msg("'%s' became '%s'", ht_params_text(&params, HT_P_DATA_NAME),
                     ht_params_text(&again, HT_P_DATA_NAME));
        assert_memory_equal(&params, &again, sizeof params);
        ht_free(text);
    }
    assert_true(texts > 1000);
}

/* What cannot be read back must not be written. */
static void a_name_too_long_for_a_line_is_not_written(void **state)
{
    (void)state;
    int written = 0;
    for (size_t length = 100; length < HT_PARAM_TEXT; length++) {
        ht_params params, again;
        ht_error err;
        char name[HT_PARAM_TEXT];
        memset(name, 'x', length);
        memcpy(name, "npy:/", 5);
        name[length] = '\0';
        ht_params_init(&params);
        assert_int_equal(ht_params_set(&params, "data.name", name, &err), HT_OK);
        char *text = ht_preset_write(&params, &err);
        if (!text) {
            assert_non_null(strstr(err.text, "data.name"));
            assert_true(length > 185);
            continue;
        }
        written++;
        ht_params_init(&again);
        if (ht_preset_parse(&again, "p", text, strlen(text), &err) != HT_OK) fail_msg("%s", err.text);
        assert_string_equal(ht_params_text(&again, HT_P_DATA_NAME), name);
        ht_free(text);
    }
    assert_true(written > 80 && written < 110);
}

static void a_bad_line_is_named(void **state)
{
    (void)state;
    refuse("[noise]\naplha = 1.5\n", "p:2: ", "noise.alpha");
    refuse("[noise]\n\n# x\nalpha = 3\n", "p:4: noise.alpha", "from 0.3 to 2");
    refuse("[noise]\nalpha = 1.5x\n", "p:2: noise.alpha", "1.5x");
    refuse("[noise]\nalpha =\n", "p:2: noise.alpha", "from 0.3 to 2");
    refuse("[noise]\ntype = gauss\n", "p:2: noise.type", "isotropic");
    refuse("[noise]\nalpha = 1.5\n[train]\nlr = 0.1\n[noise]\nalpha = 1.6\n", "p:6: ", "twice");
    refuse("[noise]\nalpha 1.5\n", "p:2: ", "key = value");
    refuse("[noise\nalpha = 1.5\n", "p:1: ", "section");
    refuse("alpha = 1.5\n", "p:1: ", "noise.alpha");
    refuse("[preset]\nnosuch = 1\n", "p:2: ", "preset.nosuch");
    refuse("\n\n= 5\n", "p:3: ", "");
}

/* The first bad line counts, whatever stands below it. */
static void two_bad_lines_are_not_mixed_up(void **state)
{
    (void)state;
    refuse("[noise]\nrubbish\nalpha = 9\n", "p:2: ", "key = value");
    refuse("[noise]\nalpha = 9\nrubbish\nscale = x\n", "p:2: ", "noise.alpha");
    refuse("[noise]\nscale = 1\nalpha = 9\nscale = x\n", "p:3: ", "noise.alpha");
}

static void a_whole_key_works_without_a_section(void **state)
{
    (void)state;
    ht_params p = parse("noise.alpha = 1.5\n[train]\nlr = 0.5\n");
    assert_true(get(&p, HT_P_NOISE_ALPHA) == 1.5 && get(&p, HT_P_TRAIN_LR) == 0.5);
    refuse("noise.alpha = 1.5\n[noise]\nalpha = 1.6\n", "p:3: ", "twice");
    refuse("noise.alpha = 1.5\nnoise.alpha = 1.5\n", "p:2: ", "twice");
}

/* A comma, and a blank before the next line: more of the value. What is written so comes back. */
static void a_value_goes_on_in_the_next_line(void **state)
{
    (void)state;
    ht_params p = parse("[model]\nlayers = dense 3,  \n    dense 4 tanh,\n\tdense n\nwidth = 7\n");
    assert_string_equal(ht_params_text(&p, HT_P_MODEL_LAYERS), "dense 3, dense 4 tanh, dense n");
    assert_true(get(&p, HT_P_MODEL_WIDTH) == 7);
    refuse("[model]\nlayers = dense 3,\ndense 4\n", "p:2: ", "nothing between two commas");
    refuse("[model]\nlayers = dense 3\n  dense 4\n", "p:3: ", "neither [section] nor key");
    char line[900] = "conv 7 3x3 same";
    while (strlen(line) < 800) strcat(line, ", res(conv 7 3x3 pad 1 stride 1 leaky-relu)");
    ht_error err;
    assert_int_equal(ht_params_set(&p, "model.layers", line, &err), HT_OK);
    char *text = ht_preset_write(&p, &err);
    assert_non_null(text);
    ht_params back = parse(text);
    assert_string_equal(ht_params_text(&back, HT_P_MODEL_LAYERS), line);
    ht_free(text);
}

static void long_lines_are_not_cut(void **state)
{
    (void)state;
    char text[400] = "[data]\nname = ";
    size_t start = strlen("[data]\n");
    while (strlen(text) - start < 198) strcat(text, "x");
    ht_params params = parse(text);
    assert_int_equal(strlen(ht_params_text(&params, HT_P_DATA_NAME)), 198 - strlen("name = "));
    strcat(text, "\n");
    parse(text);
    text[strlen(text) - 1] = '\0';
    strcat(text, "x\n[model]\nwidth = 5\n");
    refuse(text, "p:2: ", "199 bytes");
    snprintf(text, sizeof text, "[preset]\nabout = %0300d\n", 0);
    refuse(text, "p:2: ", "bytes");
}

static void a_zero_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "[noise]\nalpha = 1.5\0\n[model]\nwidth = 5\n";
    refuse_bytes(text, sizeof text - 1, "p:2: ", "zero byte");
    refuse_bytes("\0", 1, "p:1: ", "zero byte");
}

static void an_indented_line_is_a_line_of_its_own(void **state)
{
    (void)state;
    static const char *const blanks[] = {" ", "\t", "  \t", "\r", "\v", "\f"};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "[data]\nname = mnist\n%strain_limit = 7\n%s[noise]\n%salpha = 1.25\n",
                 blanks[i], blanks[i], blanks[i]);
        ht_params p = parse(text);
        assert_string_equal(ht_params_text(&p, HT_P_DATA_NAME), "mnist");
        assert_true(get(&p, HT_P_DATA_TRAIN_LIMIT) == 7 && get(&p, HT_P_NOISE_ALPHA) == 1.25);
        snprintf(text, sizeof text, "[preset]\ntitle = x\n%snosuch = 7\n", blanks[i]);
        refuse(text, "p:3: ", "nosuch");
    }
}

static void editors_of_other_systems_are_understood(void **state)
{
    (void)state;
    ht_params p =
        parse("\xef\xbb\xbf[noise]\r\ntype = iid\r\nalpha = 1.5 ; a comment\r\n\r\n; more\r\n# more\r\n"
              "scale=0.25");
    assert_true(get(&p, HT_P_NOISE_TYPE) == HT_NOISE_IID && get(&p, HT_P_NOISE_ALPHA) == 1.5);
    assert_true(get(&p, HT_P_NOISE_SCALE) == 0.25);
    ht_params empty = parse(""), start;
    ht_params_init(&start);
    snprintf(start.preset, sizeof start.preset, "p"); /* the name that parse() gives to its text */
    assert_memory_equal(&empty, &start, sizeof start);
}

static void name_in_the_file_wins_over_the_name_of_the_file(void **state)
{
    (void)state;
    ht_params p = parse("[preset]\nname = my lecture\n");
    assert_string_equal(p.preset, "my lecture");
    p = parse("[preset]\nname = a\x1b[31mb\n");
    assert_string_equal(p.preset, "a?[31mb");
}

static void any_bytes_are_parsed_or_refused(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[noise]",
                                         "[",
                                         "]",
                                         "\n",
                                         "\n",
                                         "alpha",
                                         "=",
                                         " = ",
                                         "1.5",
                                         " ",
                                         "\t",
                                         ";",
                                         "#",
                                         "x",
                                         "\r",
                                         "[data]\nname = a",
                                         "\xef\xbb\xbf",
                                         "[preset]\ntitle = t"};
    srand(2);
    for (int i = 0; i < 20000; i++) {
        char text[600] = "";
        for (int k = rand() % 20; k > 0; k--) strcat(text, pieces[rand() % 18]);
        ht_params params;
        ht_error err;
        ht_params_init(&params);
        err.text[0] = '\0';
        ht_code code = ht_preset_parse(&params, "p", text, strlen(text), &err);
        if (code != HT_OK) {
            assert_int_equal(code, HT_USAGE);
            if (strncmp(err.text, "p:", 2) != 0 || err.text[2] < '1' || err.text[2] > '9')
                fail_msg("%s", err.text);
        }
    }
}

static void the_users_preset_comes_first(void **state)
{
    (void)state;
    ht_error err;
    assert_int_equal(ht_file_make_dir(scratch_path("heavytail/presets"), &err), HT_OK);
    assert_int_equal(ht_file_make_dir(scratch_path(".config/heavytail/presets"), &err), HT_OK);
    scratch_write_text("heavytail/presets/mnist.ini", "[model]\nwidth = 7\n");
    scratch_write_text("heavytail/presets/bad.ini", "[model]\nwidht = 7\n");
    scratch_write_text(".config/heavytail/presets/mnist.ini", "[model]\nwidth = 8\n");
    setenv("XDG_CONFIG_HOME", scratch_path(""), 1);
    setenv("HOME", scratch_path(""), 1);
    ht_params p = load("mnist"), start;
    assert_true(get(&p, HT_P_MODEL_WIDTH) == 7);
    ht_params_init(&start);
    p = start;
    assert_int_equal(ht_preset_load(&p, "bad", &err), HT_USAGE);
    assert_non_null(strstr(err.text, "heavytail/presets/bad.ini:2"));
    assert_non_null(strstr(err.text, "model.width"));
    unsetenv("XDG_CONFIG_HOME");
    p = load("mnist");
    assert_true(get(&p, HT_P_MODEL_WIDTH) == 8);
    setenv("XDG_CONFIG_HOME", scratch_path("none"), 1);
    p = load("mnist");
    assert_true(get(&p, HT_P_MODEL_WIDTH) == 2000);
}

static void a_slash_or_ini_makes_it_a_path(void **state)
{
    (void)state;
    ht_error err;
    ht_params p;
    scratch_write_text("mnist", "[model]\nwidth = 9\n");
    scratch_write_text("own.ini", "[model]\nwidth = 10\n");
    scratch_write_text("evil\n[x]\x1b.ini", "");
    p = load(scratch_path("mnist"));
    assert_true(get(&p, HT_P_MODEL_WIDTH) == 9);
    assert_string_equal(p.preset, "mnist");
    p = load(scratch_path("own.ini"));
    assert_true(get(&p, HT_P_MODEL_WIDTH) == 10);
    ht_params_init(&p);
    assert_int_equal(ht_preset_load(&p, "nosuch-file-here.ini", &err), HT_USAGE);
    assert_non_null(strstr(err.text, "nosuch-file-here.ini: cannot open"));
    assert_int_equal(ht_preset_load(&p, "/", &err), HT_USAGE);
    assert_int_equal(ht_preset_load(&p, "ecg-dmo", &err), HT_USAGE);
    assert_non_null(strstr(err.text, "ecg-demo"));
    assert_int_equal(ht_preset_load(&p, ".ini", &err), HT_USAGE);
    assert_int_equal(ht_preset_load(&p, "", &err), HT_USAGE);
    /* A file's name goes into the title of what is written. */
    p = load(scratch_path("evil\n[x]\x1b.ini"));
    assert_string_equal(p.preset, "evil?[x]?.ini");
    char *text = ht_preset_write(&p, &err);
    assert_non_null(text);
    parse(text);
    ht_free(text);
}

static void settings_are_called_by_their_data_when_these_are_others(void **state)
{
    (void)state;
    static const char *const titles[][2] = {
        {"ecg-synth", "ecg-demo"},    {"mnist", "mnist"},
        {"csv:iris.csv", "iris.csv"}, {"csv:/a/b/iris.csv,/a/test.csv", "iris.csv"},
        {"npy:./sets/mine/", "mine"}, {"ucr:Coffee", "ucr:Coffee"},
    };
    ht_params p = load("ecg-demo");
    ht_error err;
    char title[64];
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        assert_int_equal(ht_params_set(&p, "data.name", titles[i][0], &err), HT_OK);
        ht_preset_title(&p, title, sizeof title);
        assert_string_equal(title, titles[i][1]);
    }
    strcpy(p.preset, "a preset of mine"); /* which nobody else has a word about */
    ht_preset_title(&p, title, sizeof title);
    assert_string_equal(title, "a preset of mine");
}

int main(void)
{
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_within_parses),
        cmocka_unit_test(the_plain_presets_are_the_papers),
        cmocka_unit_test(settings_survive_a_file),
        cmocka_unit_test(a_name_too_long_for_a_line_is_not_written),
        cmocka_unit_test(a_bad_line_is_named),
        cmocka_unit_test(two_bad_lines_are_not_mixed_up),
        cmocka_unit_test(a_whole_key_works_without_a_section),
        cmocka_unit_test(a_value_goes_on_in_the_next_line),
        cmocka_unit_test(long_lines_are_not_cut),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(an_indented_line_is_a_line_of_its_own),
        cmocka_unit_test(editors_of_other_systems_are_understood),
        cmocka_unit_test(name_in_the_file_wins_over_the_name_of_the_file),
        cmocka_unit_test(any_bytes_are_parsed_or_refused),
        cmocka_unit_test(the_users_preset_comes_first),
        cmocka_unit_test(a_slash_or_ini_makes_it_a_path),
        cmocka_unit_test(settings_are_called_by_their_data_when_these_are_others),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
