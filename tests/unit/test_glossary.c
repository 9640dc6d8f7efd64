/* Guards the words: what the tables name and what the titles say has an explanation; unknown ones are
 * guessed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/panel.h"
#include "view/panel_fill.h"
#include "view/words/glossary.h"

static void need(const char *name, const char *whose)
{
    ht_explained e;
    if (!ht_word_explain(name, &e)) fail_msg("'%s' (%s) has no explanation", name, whose);
    if (!e.title[0] || strlen(e.text) < 8 || !e.where[0]) fail_msg("'%s' is explained by half", name);
}

static void every_name_of_the_tables_is_explained(void **state)
{
    (void)state;
    for (int p = 0; p < HT_P_COUNT; p++) {
        need(ht_param_at((ht_param)p)->key, "params.def");
        need(strchr(ht_param_at((ht_param)p)->key, '.') + 1, "params.def");
    }
    for (int i = 1; i < ht_param_choices(HT_P_NOISE_TYPE); i++)
        need(ht_param_choice(HT_P_NOISE_TYPE, i), "noise.type");
    for (int q = 0; q < HT_QUALITIES; q++) need(ht_quality_word((ht_quality)q), "qualities");
    for (int i = 0; i < HT_ESTIMATORS; i++) need(ht_estimator_at((ht_estimator)i)->name, "estimators.def");
    for (int i = 0; i < HT_PRUNE_METHODS; i++)
        need(ht_prune_at((ht_prune_method)i)->name, "prune_methods.def");
    for (int i = 0; i < HT_PANEL_COUNT; i++)
        if (i != HT_PANEL_HELP) need(ht_panel_at((ht_panel_id)i)->name, "panels.def");
}

/* What a picture, a command or an error calls things, for who reads it first. */
static void what_networks_are_made_of_is_explained(void **state)
{
    (void)state;
    static const char *const kinds[] = {
#define HT_LAYER(id, name, ...) name,
#include "params/layers.def"
    };
    static const char *const words[] = {"layer", "filters", "channel", "kernel", "compact", "snapshot",
                                        "unit",  "curve",   "row",     "column", "run",     "preset"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) need(words[i], "words");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s", kinds[i]);
        for (char *at = name; *at; at++)
            if (*at == ' ') *at = '-';
        need(strcmp(name, "conv") == 0 ? "convolution" : name, "layers.def");
    }
    for (int a = 0; a < HT_ACTIVATIONS; a++) {
        ht_explained e;
        const char *name = ht_param_choice(HT_P_MODEL_ACTIVATION, a);
        if (strcmp(name, "linear") != 0 && !ht_word_explain(name, &e)) need(name, "activations.def");
    }
}

/* Every name leads to one word: what is listed twice would hide the second. */
static void no_name_is_listed_twice(void **state)
{
    (void)state;
    size_t count;
    const ht_word *words = ht_words(&count);
    char name[64];
    int length;
    for (size_t i = 0; i < count; i++)
        for (const char *at = words[i].also; sscanf(at, "%63s%n", name, &length) == 1; at += length) {
            ht_explained e;
            assert_true(ht_word_explain(name, &e));
            if (strcmp(e.text, words[i].meaning) != 0)
                fail_msg("'%s' of '%s' leads to '%s'", name, words[i].word, e.title);
        }
}

/* Greek letters, wherever panels and parameters are explained. Σ is a sum, Ω the batch in a formula. */
static void look_for_symbols(const char *text, const char *whose)
{
    for (unsigned c; *text;) {
        char symbol[5] = "";
        size_t size = ht_utf8_decode(text, &c);
        memcpy(symbol, text, size);
        text += size;
        if (c >= 0x391 && c <= 0x3c9 && !strstr("ΣΩ", symbol)) need(symbol, whose);
    }
}

static void every_symbol_is_explained(void **state)
{
    (void)state;
    for (int i = 0; i < HT_PANEL_COUNT; i++)
        look_for_symbols(ht_panel_at((ht_panel_id)i)->explain, ht_panel_at((ht_panel_id)i)->name);
    for (int p = 0; p < HT_P_COUNT; p++)
        look_for_symbols(ht_param_at((ht_param)p)->help, ht_param_at((ht_param)p)->key);
}

/* Plain English in titles: no terms. A new word of a title is one of these, or has an explanation. */
static const char plain[] =
    " a of over the in against this right now p x k by first strongest kept incoming "
    "weakest row rows controls run setting settings help states ratio size parameters held back order lot "
    "and after estimates samples layer plot largest needed for side by what differs numbers read-out sweep "
    "test s ";

static void look_at_title(const char *title, const char *whose)
{
    char word[64], padded[70];
    ht_explained e;
    while (*title) {
        size_t length = 0;
        unsigned char c = (unsigned char)*title;
        if (!isalpha(c)) {
            title++;
            continue;
        }
        while (isalpha((unsigned char)title[length]) || title[length] == '-') length++;
        ht_text_copy(word, length + 1 < sizeof word ? length + 1 : sizeof word, title);
        for (char *at = word; *at; at++) *at = (char)tolower((unsigned char)*at);
        padded[0] = ' ';
        strcpy(padded + 1, word);
        strcat(padded, " ");
        if (!strstr(plain, padded) && !ht_word_explain(word, &e))
            fail_msg("'%s' in the title of %s is neither plain nor explained", word, whose);
        title += length;
    }
}

static void every_word_of_a_title_is_plain_or_explained(void **state)
{
    (void)state;
    ht_model *m = calloc(1, sizeof *m);
    ht_form *form = calloc(1, sizeof *form);
    ht_chart chart = {0};
    ht_params params;
    assert_true(m && form);
    ht_params_init(&params);
    ht_model_init(m, &params, 140, 2, "data");
    for (int i = 0; i < HT_PANEL_COUNT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        if (panel->kind == HT_PANEL_IS_CHART) {
            ht_chart_clear(&chart);
            ht_panel_fill_chart((ht_panel_id)i, m, 160, &chart);
            look_at_title(chart.title, panel->name);
        } else if (panel->kind == HT_PANEL_IS_FORM && i != HT_PANEL_SETTING && i != HT_PANEL_LESSON) {
            memset(form, 0, sizeof *form);
            ht_panel_fill_form((ht_panel_id)i, m, (ht_room){.columns = 80, .rows = 40, .numbers = false},
                               form);
            look_at_title(form->title, panel->name);
        }
    }
    ht_chart_free(&chart);
    free(form);
    free(m);
}

static void words_are_found_by_any_name(void **state)
{
    (void)state;
    ht_explained e;
    static const char *const same[] = {"κ", "kappa", "KAPPA", "pruning ratio", "Pruning Ratio"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_true(ht_word_explain(same[i], &e));
        assert_string_equal(e.title, "κ, pruning ratio");
    }
    assert_true(ht_word_explain("ghosts", &e) && strstr(e.text, "earlier run"));
    assert_true(ht_word_explain("type-II", &e) && strstr(e.text, "each weight"));
    assert_true(ht_word_explain("alpha", &e) && strstr(e.text, "Gaussian"));
    assert_false(ht_word_explain("", &e) || ht_word_explain(" ", &e) || ht_word_explain("kapa", &e));
}

static void unknown_words_are_guessed(void **state)
{
    (void)state;
    char guess[96];
    ht_word_guess("kapa", guess, sizeof guess);
    assert_string_equal(guess, "; did you mean 'kappa'?");
    ht_word_guess("zzzzzzzzzzzz", guess, sizeof guess);
    assert_string_equal(guess, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_of_the_tables_is_explained),
        cmocka_unit_test(what_networks_are_made_of_is_explained),
        cmocka_unit_test(no_name_is_listed_twice),
        cmocka_unit_test(every_symbol_is_explained),
        cmocka_unit_test(every_word_of_a_title_is_plain_or_explained),
        cmocka_unit_test(words_are_found_by_any_name),
        cmocka_unit_test(unknown_words_are_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
