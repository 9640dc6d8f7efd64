/* Guards the themes: every compiled-in one is complete and can be told apart, errors name theme, line and
 * role. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "render/surface.h"
#include "heavytail/params.h"
#include "render/theme.h"

static double lightness(ht_colour c)
{
    return (0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b) / 255;
}

static ht_theme load(const char *name)
{
    ht_theme theme;
    ht_error err;
    if (ht_theme_load(name, &theme, &err) != HT_OK) fail_msg("%s", err.text);
    return theme;
}

static void every_theme_loads(void **state)
{
    (void)state;
    const char *names[16];
    size_t count = ht_theme_names(names, 16);
    assert_true(count >= 5);
    for (size_t i = 0; i < count; i++) assert_string_equal(load(names[i]).name, names[i]);
    assert_int_equal(ht_theme_names(names, 1), 1);
    /* The choices of ui.theme are the themes there are. */
    assert_int_equal(ht_param_choices(HT_P_UI_THEME), count);
    for (size_t i = 0; i < count; i++) load(ht_param_choice(HT_P_UI_THEME, (int)i));
    /* Those of ui.export_theme are the same, and the screen's. */
    assert_int_equal(ht_param_choices(HT_P_UI_EXPORT_THEME), count + 1);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(ht_param_choice(HT_P_UI_EXPORT_THEME, (int)i),
                            ht_param_choice(HT_P_UI_THEME, (int)i));
    assert_string_equal(ht_param_choice(HT_P_UI_EXPORT_THEME, (int)count), "screen");
}

static void text_stands_out_from_the_background(void **state)
{
    (void)state;
    static const char *const names[] = {"dark", "light", "contrast", "colour-blind"};
    for (int i = 0; i < 4; i++) {
        ht_theme theme = load(names[i]);
        double paper = lightness(theme.background);
        for (int role = 0; role < HT_ROLE_COUNT; role++) {
            if (role >= HT_ROLE_SIGNED_1 && role <= HT_ROLE_HEAT_8) continue; /* pixels, no text */
            double difference = fabs(lightness(theme.roles[role]) - paper);
            bool quiet = role == HT_ROLE_GRID || role == HT_ROLE_FRAME || role == HT_ROLE_RAW ||
                         (role >= HT_ROLE_GHOST && role <= HT_ROLE_GHOST_4);
            assert_true(theme.roles[role].set);
            if (quiet ? difference < 0.04 : difference < 0.3)
                fail_msg("%s: %s is too faint", names[i], ht_role_name((ht_role)role));
        }
    }
}

/* Zero recedes into the paper, and the larger a weight is, the more it stands out: in print without colours
 * too. The two signs differ in hue. */
static void signed_colours_grow_with_the_weight(void **state)
{
    (void)state;
    static const char *const names[] = {"dark", "light", "contrast", "colour-blind"};
    for (int i = 0; i < 4; i++) {
        ht_theme theme = load(names[i]);
        double zero = lightness(theme.roles[HT_ROLE_SIGNED_5]), before[2] = {0, 0};
        assert_true(fabs(zero - lightness(theme.background)) < 0.12);
        for (int level = 1; level <= HT_SIGNED_LEVELS / 2; level++) {
            ht_colour negative = theme.roles[HT_ROLE_SIGNED_5 - level],
                      positive = theme.roles[HT_ROLE_SIGNED_5 + level];
            double now[2] = {fabs(lightness(negative) - zero), fabs(lightness(positive) - zero)};
            assert_true(negative.b > negative.r && positive.r > positive.b);
            if (level > 1) assert_true(now[0] > before[0] && now[1] > before[1]);
            before[0] = now[0], before[1] = now[1];
        }
        assert_true(before[0] > 0.3 && before[1] > 0.3);
    }
    assert_int_equal(ht_role_signed(0), HT_ROLE_SIGNED_5);
    assert_int_equal(ht_role_signed(-7), HT_ROLE_SIGNED_1);
    assert_int_equal(ht_role_signed(1), HT_ROLE_SIGNED_9);
    assert_int_equal(ht_role_signed(0.5), HT_ROLE_SIGNED_7);
    assert_int_equal(ht_role_signed((double)NAN), HT_ROLE_SIGNED_5);
}

/* The more, the farther from the paper, in print without colours too; a single one is not paper already. */
static void heat_grows_with_the_share(void **state)
{
    (void)state;
    static const char *const names[] = {"dark", "light", "contrast", "colour-blind"};
    for (int i = 0; i < 4; i++) {
        ht_theme theme = load(names[i]);
        double paper = lightness(theme.background), before = 0.03;
        for (int level = 0; level < HT_HEAT_LEVELS; level++) {
            double now = fabs(lightness(theme.roles[HT_ROLE_HEAT + level]) - paper);
            if (now < before + 0.03) fail_msg("%s: heat-%d does not stand out", names[i], level + 1);
            before = now;
        }
    }
    assert_int_equal(ht_role_heat(-1), HT_ROLE_HEAT_1);
    assert_int_equal(ht_role_heat((double)NAN), HT_ROLE_HEAT_1);
    assert_int_equal(ht_role_heat(2), HT_ROLE_HEAT_8);
}

static void series_of_one_chart_differ_in_grey_print(void **state)
{
    (void)state;
    static const ht_role pairs[][2] = {{HT_ROLE_TRAIN, HT_ROLE_TEST},
                                       {HT_ROLE_MMO, HT_ROLE_HILL},
                                       {HT_ROLE_TRAIN, HT_ROLE_GHOST},
                                       {HT_ROLE_NOISE, HT_ROLE_HILL}};
    ht_theme theme = load("light");
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_true(fabs(lightness(theme.roles[pairs[i][0]]) - lightness(theme.roles[pairs[i][1]])) > 0.15);
}

static void mono_has_no_colours_but_shows_the_selection(void **state)
{
    (void)state;
    ht_theme theme = load("mono");
    for (int role = 0; role < HT_ROLE_COUNT; role++) assert_false(theme.roles[role].set);
    assert_true(theme.roles[HT_ROLE_SELECTED].attributes & HT_REVERSE);
}

static void unknown_names_list_the_known(void **state)
{
    (void)state;
    ht_theme theme;
    ht_error err;
    assert_int_equal(ht_theme_load("drak", &theme, &err), HT_USAGE);
    assert_non_null(strstr(err.text, "drak"));
    assert_non_null(strstr(err.text, "dark"));
    assert_int_equal(ht_theme_load("../themes/dark", &theme, &err), HT_USAGE);
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(ht_theme_load(longer, &theme, &err), HT_USAGE);
}

/* The dark theme with `from` replaced by `to`. */
static void parse_changed(const char *from, const char *to, ht_code code, const char *words)
{
    const char *text = ht_embedded_find("assets/themes/dark.theme")->data, *at = strstr(text, from);
    ht_text changed = {0};
    ht_theme theme;
    ht_error err = {0};
    assert_non_null(at);
    ht_text_add_bytes(&changed, text, (size_t)(at - text));
    ht_text_add(&changed, "%s%s", to, at + strlen(from));
    assert_int_equal(ht_theme_parse("mine", changed.data, &theme, &err), code);
    if (code != HT_OK && (!strstr(err.text, "mine") || !strstr(err.text, words)))
        fail_msg("%s lacks %s", err.text, words);
    ht_text_free(&changed);
}

static void errors_name_line_and_role(void **state)
{
    (void)state;
    parse_changed("# dark", "# my", HT_OK, "");
    parse_changed("fill = no", "fill = yes", HT_OK, "");
    parse_changed("fill = no", "fill = maybe", HT_USAGE, "line 4, fill");
    parse_changed("#0e1116", "0e1116", HT_USAGE, "line 3, background");
    parse_changed("#5fb3ff", "#5fb3f", HT_USAGE, "line 19, train");
    parse_changed("#5fb3ff", "#5fb3fg", HT_USAGE, "train");
    parse_changed("#5fb3ff 12", "#5fb3ff", HT_USAGE, "train");
    parse_changed("#5fb3ff 12", "#5fb3ff 16", HT_USAGE, "16");
    parse_changed("#5fb3ff 12", "#5fb3ff 1.5", HT_USAGE, "1.5");
    parse_changed("#5fb3ff 12", "#5fb3ff 12 blink", HT_USAGE, "blink");
    parse_changed("#5fb3ff 12", "", HT_USAGE, "train");
    parse_changed("train    =", "trian    =", HT_USAGE, "trian");
    parse_changed("train    =", "test     =", HT_USAGE, "line 20, test");
    parse_changed("train    = #5fb3ff 12", "", HT_USAGE, "\"train\" is missing");
    parse_changed("background = #0e1116 0", "", HT_USAGE, "background");
    parse_changed("fill = no", "fill", HT_USAGE, "line 4");
}

static void nearest_of_256_colours(void **state)
{
    (void)state;
    assert_int_equal(ht_colour_256((ht_colour){.r = 0, .g = 0, .b = 0}), 16);
    assert_int_equal(ht_colour_256((ht_colour){.r = 255, .g = 255, .b = 255}), 231);
    assert_int_equal(ht_colour_256((ht_colour){.r = 255}), 196);
    assert_int_equal(ht_colour_256((ht_colour){.r = 95, .g = 135, .b = 175}), 67);
    assert_int_equal(ht_colour_256((ht_colour){.r = 8, .g = 8, .b = 8}), 232);
    for (int i = 0; i < 4096; i++) {
        int c = ht_colour_256(
            (ht_colour){.r = (unsigned char)(i * 16), .g = (unsigned char)i, .b = (unsigned char)(i / 16)});
        assert_in_range(c, 16, 255);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_theme_loads),
        cmocka_unit_test(text_stands_out_from_the_background),
        cmocka_unit_test(signed_colours_grow_with_the_weight),
        cmocka_unit_test(heat_grows_with_the_share),
        cmocka_unit_test(series_of_one_chart_differ_in_grey_print),
        cmocka_unit_test(mono_has_no_colours_but_shows_the_selection),
        cmocka_unit_test(unknown_names_list_the_known),
        cmocka_unit_test(errors_name_line_and_role),
        cmocka_unit_test(nearest_of_256_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
