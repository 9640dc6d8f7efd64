/* Texts, as a user meets them: what `data info` says, what a training is compared with, the lab that shows
 * what the network writes, texts of Debian packages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "data/png.h"
#include "sandbox.h"
#include "unit/source.h"

#define LAYERS "embed 16, res(norm, attention 2), res(norm, dense 32 gelu, dense 16 linear), norm"
#define SMALL                                                                                                \
    "--layers", LAYERS, "--set", "noise.type=none", "--set", "train.optimizer=adam", "--set",                \
        "train.lr=0.01", "--set", "train.batch=16", "--set", "data.context=16"

static void write_text(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 300; i++) fprintf(file, "line %d of a text; “%c”\n", i, 'a' + i % 26);
    fclose(file);
}

static void info_says_what_a_text_is(void **state)
{
    (void)state;
    write_text("some.txt");
    const sandbox_result *r = RUN("data", "info", "text:some.txt");
    assert_status(r, 0);
    assert_says(r->out, "text     some.txt");
    assert_says(r->out, "inputs   64 tokens, the context");
    assert_says(r->out, "tokens   41 different: \\n space 0 1 2 3 4 5 6 7 8 9 ; a b c");
    assert_says(r->out, "split    0.2 of the text is the test part");
    assert_says(r->out, "samples of 64, ");
    assert_says(r->out, "uniform  3.7136 nats (5.3576 bits) a token");
    assert_says(r->out, "\nunigram  ");
    assert_says(r->out, "\nbigram   ");
    assert_null(strstr(r->out, "entropy  ")); /* nobody knows it */
    assert_says(r->err, "tokens at the ends of stretches fill no sample of 64 + 1 and are left out");
    r = RUN("data", "info", "text:some.txt", "--set", "data.tokens=bytes", "--set", "data.context=16");
    assert_status(r, 0);
    assert_says(r->out, "inputs   16 tokens");
    assert_says(r->out, "\\x80");
    assert_says(r->out, " bytes\n");
    r = RUN("data", "info", "markov");
    assert_status(r, 0);
    assert_says(r->out, "tokens   16 different: space a d e f g i k l m n o r s t u");
    assert_says(r->out, "least    1.6698 nats");
    assert_says(r->out, "entropy  1.6632 nats (2.3995 bits) a token");
    r = RUN("data", "list");
    assert_says(r->out, "markov ");
    assert_says(r->out, "text:FILE ");
}

static void what_is_no_text_is_one_message(void **state)
{
    static const struct {
        const char *script, *says;
    } cases[] = {{"printf 'caf\\351\\n' > bad.txt; $H data info text:bad.txt", "bad.txt:1: byte 4"},
                 {"printf 'a\\000b' > bad.txt; $H train --data text:bad.txt --steps 1", "data.tokens=bytes"},
                 {": > bad.txt; $H data info text:bad.txt", "is empty"},
                 {"printf aaaaaaa > bad.txt; $H data info text:bad.txt", "are the same, 'a'"},
                 {"printf abcdefgh > bad.txt; $H data info text:bad.txt", "set data.context to 3 or less"},
                 {"$H data info text:nowhere.txt", "nowhere.txt"},
                 {"mkdir -p dir; $H data info text:dir", "not a regular file"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sandbox_result *r = sandbox_shell(cases[i].script);
        assert_status(r, 1);
        assert_says(r->err, cases[i].says);
        assert_int_equal(strlen(r->out), 0);
        if (strchr(r->err, '\n') != strrchr(r->err, '\n')) fail_msg("more than a line: %s", r->err);
    }
}

static double number(const json_t *root, const char *part, const char *key)
{
    const json_t *value = json_object_get(json_object_get(root, part), key);
    if (!json_is_number(value)) fail_msg("%s.%s is no number", part, key);
    return json_number_value(value);
}

static void training_is_told_in_bits_and_compared(void **state)
{
    (void)state;
    const sandbox_result *r = RUN("train", "--data", "markov", SMALL, "--steps", "20", "--json", "--quiet",
                                  "--set", "data.train_limit=300", "--set", "data.test_limit=200");
    assert_status(r, 0);
    json_error_t problem;
    json_t *root = json_loads(r->out, 0, &problem);
    assert_non_null(root);
    static const char *const parts[] = {"train", "test"};
    for (int i = 0; i < 2; i++)
        assert_true(fabs(number(root, parts[i], "bits") - number(root, parts[i], "loss") / log(2)) < 1e-6);
    assert_int_equal((int)number(root, "tokens", "count"), 16);
    double least = number(root, "tokens", "least"), bigram = number(root, "tokens", "bigram");
    assert_true(least < bigram && bigram < number(root, "tokens", "unigram"));
    assert_true(number(root, "test", "loss") > number(root, "tokens", "least_test"));
    json_decref(root);
    r = RUN("train", "--data", "markov", SMALL, "--steps", "5", "--quiet");
    assert_status(r, 0);
    assert_says(r->out, " bits) a test token");
    assert_says(r->out, "the least to expect is 1.6895 nats"); /* of 16 positions */
    r = RUN("train", "--steps", "2", "--quiet", "--set", "model.width=20",
            "--json"); /* samples of another kind */
    assert_null(strstr(r->out, "\"bits\""));
    assert_null(strstr(r->out, "\"tokens\""));
}

/* The rows of the text that fills the screen. */
static void read_rows(vt *t, char to[4000])
{
    to[0] = '\0';
    for (int row = 2; row < vt_rows(t) - 2; row++) strncat(to, vt_row(t, row), 3999 - strlen(to));
}

/* A run of 20 steps, its text alone on the screen. */
static vt *lab_of_text(void **state)
{
    vt *t = LAB(state, 120, 40, "--data", "markov", SMALL, "--set", "train.steps=20", "--set",
                "data.test_limit=100");
    vt_assert(t, vt_wait_text(t, "Text at step 20", PATIENCE));
    vt_key(t, "Tab");
    vt_key(t, "Tab"); /* weights, then the text */
    vt_key(t, "z");
    vt_assert(t, vt_wait_gone(t, "Controls", PATIENCE));
    vt_assert(t, vt_wait_text(t, "i: temperature 0.8", PATIENCE));
    return t;
}

static bool is_whole(vt *t, void *context)
{
    (void)context;
    char rows[4000];
    int letters = 0;
    read_rows(t, rows);
    for (const char *c = rows; *c; c++) letters += *c >= 'a' && *c <= 'z';
    return letters > 350;
}

static void the_lab_shows_what_the_network_writes(void **state)
{
    char first[4000], cold[4000], again[4000];
    vt *t = lab_of_text(state);
    vt_assert(t, vt_wait(t, is_whole, NULL, PATIENCE));
    vt_assert(t, vt_wait_still(t, 500, PATIENCE));
    read_rows(t, first);
    vt_key(t, "i");
    vt_assert(t, vt_wait_text(t, "i: temperature 1 ", PATIENCE));
    vt_key(t, "i");
    vt_assert(t, vt_wait_text(t, "i: temperature 1.2", PATIENCE));
    vt_key(t, "i");
    vt_assert(t, vt_wait_text(t, "always the most probable token", PATIENCE));
    vt_assert(t, vt_wait_text(t, "i: temperature 0 ", PATIENCE));
    vt_assert(t, vt_wait_text(t, "Text at step 20", PATIENCE));
    read_rows(t, cold);
    assert_string_not_equal(first, cold);
    vt_key(t, "z");
    vt_assert(t, vt_wait_text(t, "entropy limit 1.689", PATIENCE));
    vt_assert(t, vt_wait_text(t, "unigram 2.5", PATIENCE));
    vt_assert(t, vt_wait_text(t, "bits a token", PATIENCE));
    vt_teardown(state);
    t = lab_of_text(state); /* the same run says the same */
    vt_assert(t, vt_wait(t, is_whole, NULL, PATIENCE));
    vt_assert(t, vt_wait_still(t, 500, PATIENCE));
    read_rows(t, again);
    assert_string_equal(first, again);
}

static void the_loss_is_read_in_bits_too(void **state)
{
    vt *t = LAB(state, 120, 40, "--data", "markov", SMALL, "--set", "train.steps=20", "--set",
                "data.test_limit=100");
    vt_assert(t, vt_wait_text(t, "Text at step 20", PATIENCE));
    vt_key(t, "i");
    vt_assert(t, vt_wait_text(t, " bits", PATIENCE));
    vt_assert(t, vt_wait_text(t, " nats = ", PATIENCE));
}

/* Other data have no such panel, and Tab in a zoomed one passes it by. */
static void other_data_have_no_text(void **state)
{
    vt *t = LAB(state, 120, 40, "--set", "model.width=50");
    vt_assert(t, vt_wait_text(t, "Controls", PATIENCE));
    assert_false(vt_wait_text(t, "Text at", 300));
    vt_key(t, "z");
    for (int i = 0; i < 12; i++) {
        vt_key(t, "Tab");
        assert_false(vt_wait_text(t, "The samples are no text", 100));
    }
}

static void what_cannot_treat_sequences_says_so(void **state)
{
    (void)state;
    assert_status(RUN("train", "--data", "markov", SMALL, "--steps", "2", "--quiet", "--run", "certified",
                      "--set", "data.test_limit=50"),
                  0);
    static const struct {
        const char *script, *says;
    } cases[] = {
        {"$H certify certified", "certify: the bound holds for samples that are independent"},
        {"$H train --data markov --steps 2", "only a network that begins with embed"},
        {"$H train --layers 'embed 8, attention 2' --steps 2", "embed reads sequences of tokens"},
        {"$H train --data markov --layers 'embed 8, attention 2' --set data.augment=flip --steps 2",
         "are no pictures"},
        {"$H data info markov --label x", "has no columns"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sandbox_result *r = sandbox_shell(cases[i].script);
        assert_status(r, 2);
        assert_says(r->err, cases[i].says);
        if (strchr(r->err, '\n') != strrchr(r->err, '\n')) fail_msg("more than a line: %s", r->err);
    }
}

/* The picture's pixels above the footer; the caller frees them. */
static ht_png picture_of(const char *run, const char *file)
{
    ht_error err;
    ht_png png = {0};
    assert_status(RUN("snapshot", run, "--panel", "text", "--out", file), 0);
    if (ht_png_read(file, 1, &png, &err) != HT_OK) fail_msg("%s", err.text);
    return png;
}

static bool same_pixels(const ht_png *a, const ht_png *b)
{
    size_t rows = (size_t)a->height * 9 / 10;
    return a->width == b->width && memcmp(a->rgb, b->rgb, rows * (size_t)a->width * 3) == 0;
}

static void a_snapshot_has_the_text(void **state)
{
    (void)state;
    static const char *const steps[] = {"5", "6"}, *const runs[] = {"five", "six"};
    for (int i = 0; i < 2; i++)
        assert_status(RUN("train", "--data", "markov", SMALL, "--steps", steps[i], "--quiet", "--run",
                          runs[i], "--set", "data.test_limit=50"),
                      0);
    ht_png a = picture_of("five", "a.png"), b = picture_of("five", "b.png"), c = picture_of("six", "c.png");
    assert_true(same_pixels(&a, &b));
    assert_false(same_pixels(&a, &c));
    ht_png_free(&a), ht_png_free(&b), ht_png_free(&c);
}

/* tools/debian_text.py, where the package is. */
static void the_novels_are_read_where_they_are(void **state)
{
    (void)state;
    char script[600];
    if (access("/usr/lib/R/site-library/janeaustenr/DESCRIPTION", R_OK) != 0 ||
        access("/usr/bin/python3", X_OK) != 0 || !source_top()) {
        print_message("skipped: r-cran-janeaustenr or python3 is not installed\n");
        skip();
    }
    snprintf(script, sizeof script,
             "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 %.400s/tools/debian_text.py austen austen.txt",
             source_top());
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 0);
    size_t size;
    char *text = sandbox_read("austen.txt", &size);
    assert_true(size > 3500000);
    assert_non_null(strstr(text, "It is a truth universally acknowledged"));
    assert_non_null(strstr(text, "Emma Woodhouse, handsome, clever, and rich"));
    free(text);
    r = RUN("data", "info", "text:austen.txt");
    assert_status(r, 0);
    assert_says(r->out, "tokens   81 different: \\n space ! \"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_says_what_a_text_is),
        cmocka_unit_test(what_is_no_text_is_one_message),
        cmocka_unit_test(training_is_told_in_bits_and_compared),
        cmocka_unit_test(what_cannot_treat_sequences_says_so),
        cmocka_unit_test_teardown(the_lab_shows_what_the_network_writes, vt_teardown),
        cmocka_unit_test_teardown(the_loss_is_read_in_bits_too, vt_teardown),
        cmocka_unit_test_teardown(other_data_have_no_text, vt_teardown),
        cmocka_unit_test(a_snapshot_has_the_text),
        cmocka_unit_test(the_novels_are_read_where_they_are),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
