/* Guards text: UTF-8 that survives any bytes, numbers that mean the same everywhere, names that are
 * recognized although misspelt. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/notes.h"
#include "base/text.h"
#include "unit/scratch.h"

static void every_character_survives_encoding(void **state)
{
    (void)state;
    for (unsigned c = 1; c <= 0x10ffff; c++) {
        char bytes[5];
        unsigned back;
        if (c >= 0xd800 && c <= 0xdfff) continue;
        size_t n = ht_utf8_encode(c, bytes);
        if (n != strlen(bytes) || ht_utf8_decode(bytes, &back) != n || back != c ||
            ht_utf8_length(bytes) != 1)
            fail_msg("U+%04X does not survive", c);
    }
}

static void invalid_bytes_are_taken_one_at_a_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc3",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x80",
                                      "\xe0\x80\x80",
                                      "\xe2\x82",
                                      "\xed\xa0\x80",
                                      "\xf0\x9f\x98",
                                      "\xff",
                                      "\xc3(",
                                      "\xe2\x82(",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x80\x80\xaf",
                                      "\xf8\x88\x80\x80\x80"};
    unsigned c;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *copy = strdup(bad[i]); /* on the heap, where a sanitizer sees a byte too far */
        assert_int_equal(ht_utf8_decode(copy, &c), 1);
        assert_int_equal(c, 0xfffd);
        free(copy);
    }
    assert_int_equal(ht_utf8_decode("", &c), 0);
    assert_int_equal(ht_utf8_length("a\xff"
                                    "b\xe2\x82"),
                     5);
}

/* Random bytes with many valid characters among them. */
static char *random_text(size_t most)
{
    static const char *const pieces[] = {"a", "α", "→", "😀", "\xff", "\xe2\x82", "\xc0", "z"};
    char *text = calloc(most * 4 + 1, 1);
    size_t count = (size_t)rand() % (most + 1);
    for (size_t i = 0; i < count; i++) {
        if (rand() % 4 == 0)
            text[strlen(text)] = (char)(1 + rand() % 255);
        else
            strcat(text, pieces[rand() % 8]);
    }
    char *exact = strdup(text);
    free(text);
    return exact;
}

static void decoding_any_bytes_ends_at_the_end(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        char *text = random_text(20), again[5];
        size_t at = 0, n, count = 0;
        unsigned c;
        for (; (n = ht_utf8_decode(text + at, &c)) > 0; at += n, count++) {
            if (n == 1 && c == 0xfffd) continue;
            assert_int_equal(ht_utf8_encode(c, again), n);
            assert_memory_equal(again, text + at, n);
        }
        assert_int_equal(at, strlen(text));
        assert_int_equal(count, ht_utf8_length(text));
        free(text);
    }
}

static void a_copy_is_the_longest_prefix_of_whole_characters(void **state)
{
    (void)state;
    srand(2);
    for (int i = 0; i < 20000; i++) {
        char *text = random_text(12);
        size_t size = 1 + (size_t)rand() % 30, at = 0, n;
        char *to = malloc(size);
        unsigned c;
        ht_text_copy(to, size, text);
        size_t length = strlen(to);
        assert_true(length < size);
        assert_memory_equal(to, text, length);
        while (at < length) at += ht_utf8_decode(text + at, &c);
        assert_int_equal(at, length); /* ends where a character ends */
        if ((n = ht_utf8_decode(text + at, &c)) > 0) assert_true(length + n >= size);
        free(to);
        free(text);
    }
}

static void a_growing_text_keeps_everything(void **state)
{
    (void)state;
    ht_text text = {0};
    char expected[16];
    for (int i = 0; i < 5000; i++) ht_text_add(&text, "%04d", i);
    ht_text_add_bytes(&text, "\0end", 4);
    assert_false(text.failed);
    assert_int_equal(text.length, 20004);
    for (int i = 0; i < 5000; i++) {
        snprintf(expected, sizeof expected, "%04d", i);
        assert_memory_equal(text.data + 4 * i, expected, 4);
    }
    assert_memory_equal(text.data + 20000, "\0end", 5);
    ht_text_free(&text);
    assert_null(text.data);
}

/* The definition, by recursion: cost of turning the first i bytes of a into the first j of b. */
static int slow_distance(const char *a, int i, const char *b, int j)
{
    if (i == 0 || j == 0) return i + j;
    int best = slow_distance(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    int drop = slow_distance(a, i - 1, b, j) + 1, add = slow_distance(a, i, b, j - 1) + 1;
    if (drop < best) best = drop;
    if (add < best) best = add;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        int swap = slow_distance(a, i - 2, b, j - 2) + 1;
        if (swap < best) best = swap;
    }
    return best;
}

static void distance_agrees_with_its_definition(void **state)
{
    (void)state;
    srand(3);
    for (int i = 0; i < 1500; i++) {
        char a[7] = "", b[7] = "";
        int la = rand() % 6, lb = rand() % 6;
        for (int k = 0; k < la; k++) a[k] = (char)('a' + rand() % 3);
        for (int k = 0; k < lb; k++) b[k] = (char)('a' + rand() % 3);
        assert_int_equal(ht_text_distance(a, b), slow_distance(a, la, b, lb));
    }
    assert_int_equal(ht_text_distance("kitten", "sitting"), 3);
    assert_int_equal(ht_text_distance("aplha", "alpha"), 1);
    char lengthy[5000];
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    assert_true(ht_text_distance(lengthy, "alpha") >= 50);
}

static void only_what_is_near_is_guessed(void **state)
{
    (void)state;
    static const char *const names[] = {"train", "tail", "table", "compare"};
    static const char *const cases[][2] = {{"tial", "; did you mean 'tail'?"},
                                           {"compaer", "; did you mean 'compare'?"},
                                           {"TAIL", "; did you mean 'tail'?"},
                                           {"tables", "; did you mean 'table'?"},
                                           {"bogus", ""},
                                           {"", ""},
                                           {"something else altogether", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ht_guess guess = ht_guess_for(cases[i][0]);
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) ht_guess_offer(&guess, names[k]);
        assert_string_equal(ht_guess_words(&guess), cases[i][1]);
    }
    ht_guess guess = ht_guess_for("--noise"); /* dashes are no letters that agree */
    ht_guess_offer(&guess, "--name");
    assert_string_equal(ht_guess_words(&guess), "");
    ht_guess_offer_as(&guess, "--nosie", "--noise.type");
    assert_string_equal(ht_guess_words(&guess), "; did you mean '--noise.type'?");
}

static void numbers(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"1.5", 1.5},  {"-2", -2},     {"+3", 3}, {".5", 0.5},
                {"1e3", 1000}, {"1E-3", 1e-3}, {"0", 0},  {"007", 7}};
    static const char *const bad[] = {"",      "1.5x",  "nan",  "NaN", "inf", "-inf", "infinity", "0x10",
                                      "1,5",   " 1",    "1 ",   "--1", "1e",  "e5",   ".",        "-",
                                      "1e999", "1.2.3", "1e5e", "\n1", "1_0", "٣",    "1\xff",    "-1e999"};
    double value;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!ht_parse_number(good[i].text, &value)) fail_msg("'%s' is refused", good[i].text);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ht_parse_number(bad[i], &value)) fail_msg("'%s' is taken as %g", bad[i], value);
}

static void only_whole_finite_numbers_parse(void **state)
{
    (void)state;
    numbers();
}

static void numbers_have_a_point_in_every_locale(void **state)
{
    (void)state;
    char text[32];
    if (!scratch_comma_locale()) {
        print_message("skipped: no locale with a decimal comma\n");
        skip();
    }
    numbers();
    ht_format_short(text, sizeof text, 0.031, 2);
    setlocale(LC_ALL, "C");
    assert_string_equal(text, "0.031");
}

static void grouped_integers_read_back(void **state)
{
    (void)state;
    char text[40];
    static const struct {
        long long value;
        const char *text;
    } known[] = {{0, "0"},
                 {-7, "-7"},
                 {999, "999"},
                 {1000, "1 000"},
                 {-100, "-100"},
                 {-1000, "-1 000"},
                 {12430, "12 430"},
                 {1234567, "1 234 567"},
                 {LLONG_MIN, "-9 223 372 036 854 775 808"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ht_format_grouped(text, sizeof text, known[i].value);
        assert_string_equal(text, known[i].text);
    }
    for (size_t size = 1; size < 28; size++) {
        char *small = malloc(size);
        ht_format_grouped(small, size, LLONG_MIN);
        assert_true(strlen(small) < size);
        free(small);
    }
}

static double short_value(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (*end == 'k') value *= 1000, end++;
    if (*end != '\0') fail_msg("'%s' is no number", text);
    return value;
}

static void short_numbers_are_near_and_short(void **state)
{
    (void)state;
    char text[40];
    srand(4);
    for (int i = 0; i < 50000; i++) {
        int digits = 2 + i % 3;
        double value = (i % 2 ? -1 : 1) * pow(10, 16.0 * rand() / (double)RAND_MAX - 8);
        if (i % 5 == 0) value = (i % 2 ? -1 : 1) * nextafter(pow(10, i % 14 - 6), 0); /* just below a power */
        ht_format_short(text, sizeof text, value, digits);
        if (fabs(short_value(text) - value) > 0.51 * fabs(value) * pow(10, 1 - digits))
            fail_msg("%.17g reads %s with %d digits", value, text, digits);
        if (strchr(text, 'k') && strchr(text, 'e')) fail_msg("%.17g reads %s", value, text);
        assert_true(strlen(text) <= 9 + (size_t)(value < 0));
    }
}

static void short_numbers_name_what_is_no_number(void **state)
{
    (void)state;
    static const struct {
        double value;
        int digits;
        const char *text;
    } known[] = {{0.031, 2, "0.031"},
                 {2e-5, 2, "2.0e-05"},
                 {12400, 3, "12.4k"},
                 {0, 3, "0"},
                 {-0.0, 3, "0"},
                 {(double)NAN, 3, "NaN"},
                 {(double)INFINITY, 3, "+Inf"},
                 {-(double)INFINITY, 3, "−Inf"},
                 {250, 3, "250"}};
    char text[40];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ht_format_short(text, sizeof text, known[i].value, known[i].digits);
        assert_string_equal(text, known[i].text);
    }
}

static void text_of_strangers_is_made_fit_to_print(void **state)
{
    (void)state;
    char text[] = "a\x1b]52;c;x\x07\xc2\x9b\n\xff \xce\xb1";
    ht_text_clean(text);
    assert_string_equal(text, "a?]52;c;x???? \xce\xb1");
}

static void notes_are_kept_in_order_each_once(void **state)
{
    (void)state;
    ht_notes notes = {0};
    char line[64];
    ht_notes_add(NULL, "nobody asks");
    assert_false(ht_notes_at(&notes, 0, line, sizeof line));
    ht_notes_add(&notes, "%s is skipped", "\x1b[2Jb");
    ht_notes_add(&notes, "%s is skipped", "\x1b[2Jb");
    ht_notes_add(&notes, "is skipped");
    ht_notes_add(&notes, "a\nb");
    assert_int_equal(notes.count, 3);
    assert_true(ht_notes_at(&notes, 0, line, sizeof line));
    assert_string_equal(line, "?[2Jb is skipped");
    assert_true(ht_notes_at(&notes, 1, line, sizeof line));
    assert_string_equal(line, "is skipped");
    assert_true(ht_notes_at(&notes, 2, line, 3));
    assert_string_equal(line, "a?");
    assert_false(ht_notes_at(&notes, 3, line, sizeof line));
    ht_notes_free(&notes);
}

static void a_bar_shows_a_share(void **state)
{
    (void)state;
    static const struct {
        double share;
        int filled;
    } known[] = {{0, 0},  {-1, 0}, {0.5, 12},        {0.999, 23},
                 {1, 24}, {7, 24}, {(double)NAN, 0}, {(double)INFINITY, 24}};
    char bar[HT_BAR];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_ptr_equal(ht_format_bar(bar, known[i].share), bar);
        assert_int_equal(strlen(bar), HT_BAR - 1);
        assert_int_equal(bar[0], '[');
        assert_int_equal(bar[HT_BAR - 2], ']');
        assert_int_equal(strspn(bar + 1, "#"), known[i].filled);
        assert_int_equal(strspn(bar + 1 + known[i].filled, " "), HT_BAR - 3 - known[i].filled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_survives_encoding),
        cmocka_unit_test(invalid_bytes_are_taken_one_at_a_time),
        cmocka_unit_test(decoding_any_bytes_ends_at_the_end),
        cmocka_unit_test(a_copy_is_the_longest_prefix_of_whole_characters),
        cmocka_unit_test(a_growing_text_keeps_everything),
        cmocka_unit_test(distance_agrees_with_its_definition),
        cmocka_unit_test(only_what_is_near_is_guessed),
        cmocka_unit_test(only_whole_finite_numbers_parse),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
        cmocka_unit_test(grouped_integers_read_back),
        cmocka_unit_test(short_numbers_are_near_and_short),
        cmocka_unit_test(short_numbers_name_what_is_no_number),
        cmocka_unit_test(a_bar_shows_a_share),
        cmocka_unit_test(text_of_strangers_is_made_fit_to_print),
        cmocka_unit_test(notes_are_kept_in_order_each_once),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
