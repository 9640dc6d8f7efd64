/* Guards the table of parameters: rows that agree with themselves, messages that help, sliders that stay in
 * range, text that reads back as the same number. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "heavytail/params.h"
#include "unit/scratch.h"

static double uniform(void)
{
    return rand() / ((double)RAND_MAX + 1);
}

static double top(ht_param p)
{
    return ht_param_at(p)->type == HT_TYPE_CHOICE ? ht_param_choices(p) - 1 : ht_param_at(p)->high;
}

static bool is_number(ht_param p)
{
    return ht_param_at(p)->type != HT_TYPE_TEXT;
}

static bool is_log(ht_param p)
{
    return ht_param_at(p)->scale != HT_PSCALE_LINEAR;
}

/* A value anywhere on the slider, as dragging or typing could leave it. */
static double random_value(ht_param p)
{
    const ht_param_info *info = ht_param_at(p);
    ht_params params;
    double least = info->low > 0 ? info->low : info->high * 1e-6;
    double v = is_log(p) && rand() % 8 ? least * pow(info->high / least, uniform())
                                       : info->low + uniform() * (top(p) - info->low);
    ht_params_init(&params);
    return ht_params_put(&params, p, v);
}

static void rows_agree_with_themselves(void **state)
{
    (void)state;
    ht_params start, again;
    char text[HT_PARAM_VALUE];
    ht_error err;
    ht_params_init(&start);
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        ht_param found;
        assert_true(ht_param_find(info->key, &found) && found == p);
        assert_non_null(strchr(info->key, '.'));
        assert_true(strlen(info->help) > 5);
        if (is_number(p))
            assert_true(info->initial >= info->low && info->initial <= top(p) && info->step > 0);
        if (info->type == HT_TYPE_CHOICE) assert_true(ht_param_choices(p) >= 2);
        if (info->scale == HT_PSCALE_LOG) assert_true(info->low > 0 && info->step > 1);
        if (info->scale == HT_PSCALE_LOG0) assert_true(info->low == 0 && info->step > 1);
        memset(&again, 0, sizeof again);
        ht_params_format(&start, p, text, sizeof text);
        if (ht_params_set(&again, info->key, text, &err) != HT_OK) fail_msg("%s", err.text);
        assert_true(again.number[p] == start.number[p]);
        assert_string_equal(ht_params_text(&again, p), ht_params_text(&start, p));
    }
}

static void choices_stand_in_the_order_of_their_enums(void **state)
{
    (void)state;
    static const struct {
        ht_param p;
        int index;
        const char *name;
    } names[] = {
        {HT_P_NOISE_TYPE, HT_NOISE_NONE, "none"},
        {HT_P_NOISE_TYPE, HT_NOISE_SHARED, "shared"},
        {HT_P_NOISE_TYPE, HT_NOISE_IID, "iid"},
        {HT_P_NOISE_TYPE, HT_NOISE_ISOTROPIC, "isotropic"},
        {HT_P_MODEL_ACTIVATION, HT_RELU, "relu"},
        {HT_P_MODEL_ACTIVATION, HT_LEAKY_RELU, "leaky-relu"},
        {HT_P_MODEL_ACTIVATION, HT_TANH, "tanh"},
        {HT_P_PRUNE_METHOD, HT_PRUNE_NODE, "node"},
        {HT_P_PRUNE_METHOD, HT_PRUNE_RANDOM, "random"},
        {HT_P_PRUNE_METRIC, HT_FRO_SQUARED, "fro_squared"},
        {HT_P_PRUNE_METRIC, HT_FRO, "fro"},
        {HT_P_TRAIN_SCHEDULE, 0, "constant"},
        {HT_P_TRAIN_SCHEDULE, 1, "cosine"},
    };
    ht_params params;
    ht_error err;
    ht_params_init(&params);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_string_equal(ht_param_choice(names[i].p, names[i].index), names[i].name);
        assert_int_equal(ht_params_set(&params, ht_param_at(names[i].p)->key, names[i].name, &err), HT_OK);
        assert_int_equal((int)ht_params_get(&params, names[i].p), names[i].index);
    }
    assert_string_equal(ht_param_choice(HT_P_NOISE_TYPE, 4), "?");
    assert_string_equal(ht_param_choice(HT_P_NOISE_TYPE, -1), "?");
}

static void refuse(ht_param p, const char *value)
{
    const ht_param_info *info = ht_param_at(p);
    ht_params params, before;
    ht_error err;
    char low[32], high[32];
    ht_params_init(&params);
    before = params;
    if (ht_params_set(&params, info->key, value, &err) != HT_USAGE)
        fail_msg("%s = '%s' is taken", info->key, value);
    assert_memory_equal(&params, &before, sizeof params);
    if (!strstr(err.text, info->key)) fail_msg("no key in: %s", err.text);
    if (info->type == HT_TYPE_CHOICE)
        for (int i = 0; i < ht_param_choices(p); i++) assert_non_null(strstr(err.text, info->choices[i]));
    if (info->type == HT_TYPE_BOOL) assert_non_null(strstr(err.text, "true or false"));
    if (info->type != HT_TYPE_INT && info->type != HT_TYPE_REAL) return;
    snprintf(low, sizeof low, "from %.16g", info->low);
    snprintf(high, sizeof high, "to %.16g", info->high);
    if (!strstr(err.text, low) || !strstr(err.text, high)) fail_msg("no range in: %s", err.text);
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    char value[64];
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        if (info->type != HT_TYPE_INT && info->type != HT_TYPE_REAL) continue;
        double step = info->type == HT_TYPE_INT ? 1 : fmax(fabs(info->high) * 1e-9, 1e-12);
        snprintf(value, sizeof value, "%.17g", info->low - (info->type == HT_TYPE_INT ? 1 : 1e-12));
        refuse(p, value);
        snprintf(value, sizeof value, "%.17g", info->high + step);
        refuse(p, value);
        refuse(p, "1e300");
        refuse(p, "-1e300");
    }
}

static void values_of_a_wrong_kind_are_refused(void **state)
{
    (void)state;
    static const char *const never[] = {"",    "nan",   "NaN", "inf", "-inf", "0x1",
                                        "1,5", "maybe", " 1",  "1 ",  "1\n"};
    char lengthy[2 * HT_PARAM_TEXT];
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[HT_PARAM_TEXT] = '\0';
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        for (size_t i = 0; i < sizeof never / sizeof never[0] && is_number(p); i++) refuse(p, never[i]);
        if (ht_param_at(p)->type == HT_TYPE_INT) refuse(p, "1.5");
        if (ht_param_at(p)->type == HT_TYPE_CHOICE) refuse(p, "0");
        if (ht_param_at(p)->type == HT_TYPE_BOOL) refuse(p, "2");
        if (is_number(p)) continue;
        refuse(p, "");
        refuse(p, "a\nb");
        refuse(p, "\x1b[2J");
        refuse(p, "\x7f");
        refuse(p, lengthy);
    }
}

/* A preset line would lose them: blanks at the ends, and a comment after a blank. */
static void text_a_preset_cannot_hold_is_refused(void **state)
{
    (void)state;
    static const char *const lost[] = {" a", "a ", " ", "a ;b", ";b", "a  ; b"};
    static const char *const kept[] = {"a;b", "a#b", "a #b", "#a", "a b", "csv:/x=y,/z", "[a]", "\"a\"", "α"};
    ht_params params;
    ht_error err;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) refuse(HT_P_DATA_NAME, lost[i]);
    ht_params_init(&params);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        assert_int_equal(ht_params_set(&params, "data.name", kept[i], &err), HT_OK);
        assert_string_equal(ht_params_text(&params, HT_P_DATA_NAME), kept[i]);
    }
}

static void a_misspelt_key_names_the_nearest(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"noise.aplha", "noise.alpha"},
                                           {"alpha", "noise.alpha"},
                                           {"lr", "train.lr"},
                                           {"seed", "train.seed"},
                                           {"widht", "model.width"},
                                           {"trian.batch", "train.batch"},
                                           {"noise.sclae", "noise.scale"},
                                           {"momentum", "train.momentum"},
                                           {"noise.sigma", "noise.scale"},
                                           {"sigma", "noise.scale"},
                                           {"Learning_Rate", "train.lr"},
                                           {"prune.kappa", "prune.ratio"},
                                           {"weight.decay", "train.weight_decay"},
                                           {"dataset", "data.name"}};
    ht_params params;
    ht_error err;
    ht_params_init(&params);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_string_equal(ht_param_nearest(pairs[i][0]), pairs[i][1]);
        assert_int_equal(ht_params_set(&params, pairs[i][0], "1", &err), HT_USAGE);
        assert_non_null(strstr(err.text, pairs[i][0]));
        assert_non_null(strstr(err.text, pairs[i][1]));
    }
    assert_int_equal(ht_params_set(&params, "", "1", &err), HT_USAGE);
}

/* It is the nearest, or as near as the nearest (model.widts), or typed as another (model.width). */
static void recognized(const char *typed, const char *key)
{
    const char *nearest = ht_param_nearest(typed);
    int distance = ht_text_distance(typed, nearest);
    if (distance > 0 && distance < ht_text_distance(typed, key)) assert_string_equal(nearest, key);
}

static void one_slip_in_any_key_is_recognized(void **state)
{
    (void)state;
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const char *key = ht_param_at(p)->key;
        for (size_t i = 1; key[i]; i++) { /* drop one letter, swap two */
            char dropped[64], swapped[64];
            snprintf(dropped, sizeof dropped, "%.*s%s", (int)i, key, key + i + 1);
            strcpy(swapped, key);
            swapped[i] = key[i - 1], swapped[i - 1] = key[i];
            if (strcmp(swapped, key) != 0) recognized(swapped, key);
            if (key[i] != '.') recognized(dropped, key);
        }
    }
}

static void widths_are_a_list_or_equal(void **state)
{
    (void)state;
    static const char *const refused[] = {"",
                                          "0",
                                          "300,",
                                          ",300",
                                          "300;100",
                                          "300,,100",
                                          "-3",
                                          "3.5",
                                          "3e2",
                                          "200001",
                                          "other",
                                          "300, ",
                                          "1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8",
                                          "99999999999999999999"};
    ht_params params;
    ht_error err;
    char text[HT_PARAM_VALUE];
    int widths[HT_PARAM_LAYERS];
    ht_params_init(&params);
    assert_true(ht_param_at(HT_P_MODEL_DEPTH)->high == HT_PARAM_DEPTH);
    assert_int_equal(ht_params_set(&params, "model.depth", "3", &err), HT_OK);
    assert_int_equal(ht_params_widths(&params, widths), 3);
    assert_true(widths[0] == 2000 && widths[2] == 2000);
    assert_int_equal(ht_params_set(&params, "model.widths", "100, 300-20", &err), HT_OK);
    assert_int_equal(ht_params_widths(&params, widths), 3);
    assert_true(widths[0] == 100 && widths[1] == 300 && widths[2] == 20);
    assert_string_equal(ht_params_text(&params, HT_P_MODEL_WIDTHS), "100,300,20"); /* whatever was typed */
    assert_true(ht_params_get(&params, HT_P_MODEL_WIDTH) == 300 &&
                ht_params_get(&params, HT_P_MODEL_DEPTH) == 3);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ht_params before = params;
        assert_int_equal(ht_params_set(&params, "model.widths", refused[i], &err), HT_USAGE);
        if (refused[i][0] && !strstr(err.text, "equal, or 1 to 16 whole numbers from 1 to 200000"))
            fail_msg("%s", err.text);
        assert_memory_equal(&before, &params, sizeof params);
    }
    /* What is set last holds; and what is written in the table's order is read back. */
    ht_params again;
    ht_params_init(&again);
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        ht_params_format(&params, p, text, sizeof text);
        assert_int_equal(ht_params_set(&again, ht_param_at(p)->key, text, &err), HT_OK);
    }
    assert_int_equal(ht_params_widths(&again, widths), 3);
    assert_true(widths[0] == 100);
    ht_params_put(&params, HT_P_MODEL_WIDTH, 50);
    assert_int_equal(ht_params_widths(&params, widths), 3);
    assert_true(widths[0] == 50 && widths[2] == 50);
    assert_string_equal(ht_params_text(&params, HT_P_MODEL_WIDTHS), "equal");
}

static void slider_positions_and_values_are_inverse(void **state)
{
    (void)state;
    srand(1);
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        if (!is_number(p)) continue;
        assert_true(ht_param_value(p, 0) == info->low && ht_param_value(p, 1) == top(p));
        assert_true(ht_param_position(p, info->low) == 0 && ht_param_position(p, top(p)) == 1);
        double before = -1;
        for (int i = 0; i <= 1000; i++) { /* never leaves the range, never goes back */
            double v = ht_param_value(p, i / 1000.0);
            if (!(v >= info->low && v <= top(p))) fail_msg("%s at %g is %g", info->key, i / 1000.0, v);
            assert_true(v >= before);
            before = v;
        }
        assert_true(ht_param_value(p, -3) == info->low && ht_param_value(p, 7) == top(p));
        for (int i = 0; i < 300; i++) {
            double v = random_value(p), at = ht_param_position(p, v), back = ht_param_value(p, at);
            assert_true(at >= 0 && at <= 1);
            if (info->scale == HT_PSCALE_LOG0 && v < info->high * 1e-5) continue;
            double slack = is_log(p) ? 0.0051 * v : info->type == HT_TYPE_INT ? 1e-9 * v : 0.501 * info->step;
            if (info->type != HT_TYPE_REAL) slack += 0.501;
            if (fabs(back - v) > slack) fail_msg("%s: %.17g comes back as %.17g", info->key, v, back);
        }
    }
}

static void a_step_moves_and_stays_in_range(void **state)
{
    (void)state;
    static const int counts[] = {1, -1, 10, -10};
    srand(2);
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        if (!is_number(p)) continue;
        bool cyclic = info->type == HT_TYPE_CHOICE || info->type == HT_TYPE_BOOL;
        for (int i = 0; i < 2000; i++) {
            double v = i == 0 ? info->low : i == 1 ? top(p) : random_value(p);
            int count = counts[i % 4];
            double next = ht_param_stepped(p, v, count);
            if (!(next >= info->low && next <= top(p)))
                fail_msg("%s: %.17g stepped by %d leaves the range: %.17g", info->key, v, count, next);
            if (cyclic) {
                if (abs(count) == 1) assert_true(next != v);
                continue;
            }
            bool at_end = count > 0 ? v >= info->high : v <= info->low;
            if (at_end ? next != v : (next - v) * count <= 0)
                fail_msg("%s: %.17g stepped by %d is %.17g", info->key, v, count, next);
        }
    }
}

static void steps_reach_both_ends(void **state)
{
    (void)state;
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        bool few = is_log(p) || (info->high - info->low) / fmax(info->step, 1e-9) < 1e5;
        if (!is_number(p) || info->type == HT_TYPE_CHOICE || info->type == HT_TYPE_BOOL || !few) continue;
        double v = info->initial;
        for (int i = 0; i < 110000 && v < info->high; i++) v = ht_param_stepped(p, v, 1);
        if (v != info->high) fail_msg("%s ends at %.17g", info->key, v);
        for (int i = 0; i < 110000 && v > info->low; i++) v = ht_param_stepped(p, v, -1);
        assert_true(v == info->low); /* of LOG0: exactly 0 */
        assert_true(ht_param_stepped(p, v, 1) > v);
    }
}

static void sliders_give_numbers_people_would_type(void **state)
{
    (void)state;
    ht_params params;
    char text[HT_PARAM_VALUE];
    srand(3);
    ht_params_init(&params);
    for (ht_param p = 0; p < HT_P_COUNT; p++) {
        if (ht_param_at(p)->type != HT_TYPE_REAL) continue;
        double v = ht_param_at(p)->initial;
        for (int i = 0; i < 2000; i++) {
            v = i % 2 ? ht_param_stepped(p, v, rand() % 2 ? 1 + rand() % 10 : -1 - rand() % 10)
                      : ht_param_value(p, uniform());
            ht_params_put(&params, p, v);
            ht_params_format(&params, p, text, sizeof text);
            if (strlen(text) > 8) fail_msg("%s reads %s", ht_param_at(p)->key, text);
        }
    }
}

static void the_least_noise_is_exactly_none(void **state)
{
    (void)state;
    srand(4);
    static const ht_param zeroed[] = {HT_P_NOISE_SCALE, HT_P_TRAIN_DECAY};
    for (int i = 0; i < 400; i++) {
        ht_param p = zeroed[i % 2];
        double v = random_value(p);
        for (int k = 0; k < 200; k++) v = ht_param_stepped(p, v, -1);
        assert_true(v == 0);
        assert_true(ht_param_value(p, ht_param_position(p, 0)) == 0);
        assert_true(ht_param_stepped(p, 0, -1) == 0);
    }
}

static void putting_clamps_anything(void **state)
{
    (void)state;
    const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -1, 0, 1e300, -1e300, 0.3, 1.5,
                          1e12};
    ht_params params;
    ht_params_init(&params);
    for (ht_param p = 0; p < HT_P_COUNT; p++)
        for (size_t i = 0; i < sizeof odd / sizeof odd[0] && is_number(p); i++) {
            double v = ht_params_put(&params, p, odd[i]);
            if (!(v >= ht_param_at(p)->low && v <= top(p)))
                fail_msg("%s: %g was put as %g", ht_param_at(p)->key, odd[i], v);
            assert_true(v == ht_params_get(&params, p));
            if (ht_param_at(p)->type != HT_TYPE_REAL) assert_true(v == round(v));
        }
}

static void random_numbers_read_back(void)
{
    ht_params params, again;
    ht_error err;
    char text[HT_PARAM_VALUE];
    ht_params_init(&params);
    for (ht_param p = 0; p < HT_P_COUNT; p++)
        for (int i = 0; i < 500 && is_number(p); i++) {
            double v = ht_params_put(&params, p, random_value(p) * (1 + DBL_EPSILON * (rand() % 3)));
            ht_params_format(&params, p, text, sizeof text);
            memset(&again, 0, sizeof again);
            if (ht_params_set(&again, ht_param_at(p)->key, text, &err) != HT_OK) fail_msg("%s", err.text);
            if (again.number[p] != v) fail_msg("%s = %.17g is written %s", ht_param_at(p)->key, v, text);
        }
}

static void any_number_reads_back_exactly(void **state)
{
    (void)state;
    srand(5);
    random_numbers_read_back();
}

static void any_number_reads_back_in_any_locale(void **state)
{
    (void)state;
    ht_params params;
    char text[HT_PARAM_VALUE];
    if (!scratch_comma_locale()) {
        print_message("skipped: no locale with a decimal comma\n");
        skip();
    }
    srand(6);
    ht_params_init(&params);
    ht_params_format(&params, HT_P_NOISE_ALPHA, text, sizeof text);
    assert_string_equal(text, "1.75");
    random_numbers_read_back();
    setlocale(LC_ALL, "C");
}

static void groups_are_those_of_the_keys(void **state)
{
    static const char *const names[] = {
        [HT_GROUP_DATA] = "data",   [HT_GROUP_MODEL] = "model", [HT_GROUP_TRAIN] = "train",
        [HT_GROUP_NOISE] = "noise", [HT_GROUP_PRUNE] = "prune", [HT_GROUP_OCCAM] = "occam",
        [HT_GROUP_RUN] = "run",     [HT_GROUP_UI] = "ui"};
    (void)state;
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at((ht_param)p);
        size_t length = strlen(names[info->group]);
        if (strncmp(info->key, names[info->group], length) != 0 || info->key[length] != '.')
            fail_msg("%s is said to be of group %s", info->key, names[info->group]);
    }
}

static void numbers_are_written_as_people_do(void **state)
{
    (void)state;
    static const struct {
        const char *given, *written;
    } cases[] = {{"60", "60"},       {"6e1", "60"},  {"1500", "1500"},
                 {"86400", "86400"}, {"0.5", "0.5"}, {"0", "0"}};
    ht_params p;
    ht_error problem;
    char text[HT_PARAM_VALUE];
    ht_params_init(&p);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ht_params_set(&p, "run.checkpoint_seconds", cases[i].given, &problem), HT_OK);
        ht_params_format(&p, HT_P_RUN_CHECKPOINT, text, sizeof text);
        assert_string_equal(text, cases[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_people_do),
        cmocka_unit_test(groups_are_those_of_the_keys),
        cmocka_unit_test(rows_agree_with_themselves),
        cmocka_unit_test(choices_stand_in_the_order_of_their_enums),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(values_of_a_wrong_kind_are_refused),
        cmocka_unit_test(text_a_preset_cannot_hold_is_refused),
        cmocka_unit_test(a_misspelt_key_names_the_nearest),
        cmocka_unit_test(one_slip_in_any_key_is_recognized),
        cmocka_unit_test(widths_are_a_list_or_equal),
        cmocka_unit_test(slider_positions_and_values_are_inverse),
        cmocka_unit_test(a_step_moves_and_stays_in_range),
        cmocka_unit_test(steps_reach_both_ends),
        cmocka_unit_test(sliders_give_numbers_people_would_type),
        cmocka_unit_test(the_least_noise_is_exactly_none),
        cmocka_unit_test(putting_clamps_anything),
        cmocka_unit_test(any_number_reads_back_exactly),
        cmocka_unit_test(any_number_reads_back_in_any_locale),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
