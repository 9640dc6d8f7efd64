/* test_tail_table.c - `heavytail tail` as a table of layers: its formats read back, WeightWatcher's columns
 * against recorded numbers, order and choice, two models, the limit of memory, pictures, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "data/png.h"
#include "e2e/sandbox.h"
#include "num/rng.h"
#include "tail/layer/columns.h"
#include "unit/golden.h"
#include "unit/source.h"
#include "weights/safetensors.h"

#define TABLE(...) table_json(RUN("tail", __VA_ARGS__, "--format", "json"))

static json_t *table_json(const sandbox_result *r)
{
    json_error_t error;
    assert_status(r, 0);
    json_t *root = json_loads(r->out, JSON_REJECT_DUPLICATES, &error);
    if (!root) fail_msg("line %d: %s in: %.2000s", error.line, error.text, r->out);
    assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
    return root;
}

static json_t *layer_at(json_t *root, size_t i)
{
    json_t *layer = json_array_get(json_object_get(root, "layers"), i);
    assert_non_null(layer);
    return layer;
}

static double number(json_t *layer, const char *column)
{
    json_t *value = json_object_get(layer, column);
    if (!value) fail_msg("no column %s", column);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static const char *word(json_t *layer, const char *column)
{
    const char *value = json_string_value(json_object_get(layer, column));
    if (!value) fail_msg("no word in column %s", column);
    return value;
}

static void refuses(const sandbox_result *r, int status, const char *words)
{
    assert_status(r, status);
    assert_string_equal(r->out, "");
    assert_says(r->err, words);
}

/* A network of three matrices, a convolution, an embedding and a bias; `scale` changes the second matrix. */
enum { WIDE = 40, TALL = 60 };
static void write_model(const char *path, float scale, const char *third)
{
    static float a[TALL * WIDE], b[WIDE * WIDE], c[10 * WIDE], conv[16 * 8 * 9], table[50 * WIDE], bias[TALL];
    ht_rng rng;
    ht_error err;
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < TALL * WIDE; i++) a[i] = (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < WIDE * WIDE; i++) b[i] = scale * (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < 10 * WIDE; i++) c[i] = (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < 16 * 8 * 9; i++) conv[i] = (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < 50 * WIDE; i++) table[i] = (float)ht_rng_normal(&rng);
    ht_tensor_out out[] = {{.name = "first.weight", .sides = {TALL, WIDE, {0}}, .data = a},
                           {.name = "second, \"odd\"|.weight", .sides = {WIDE, WIDE, {0}}, .data = b},
                           {.name = "", .sides = {10, WIDE, {0}}, .data = c},
                           {.name = "conv.weight", .sides = {16, 72, {3, 3}}, .data = conv},
                           {.name = "embed_tokens.weight", .sides = {50, WIDE, {0}}, .data = table},
                           {.name = "first.bias", .sides = {TALL, 0, {0}}, .data = bias}};
    ht_text_copy(out[2].name, sizeof out[2].name, third);
    const char *const metadata[] = {"heavytail.names", "as they are", NULL, NULL};
    assert_int_equal(ht_safetensors_write(path, out, sizeof out / sizeof out[0], metadata, &err), HT_OK);
}

/* ---- WeightWatcher's numbers ---- */

static struct {
    char matrix[80];
    json_t *root;
    int rows;
} recorded;

/* alpha_of_noise,shape,seed,column,value */
static void column_row(void *context, int fields, char **field)
{
    (void)context;
    char matrix[80];
    assert_int_equal(fields, 5);
    snprintf(matrix, sizeof matrix, "%s %s %s", field[0], field[1], field[2]);
    if (strcmp(matrix, recorded.matrix) != 0) {
        json_decref(recorded.root);
        ht_text_copy(recorded.matrix, sizeof recorded.matrix, matrix);
        assert_status(RUN("noise", "--type", "iid", "--alpha", field[0], "--shape", field[1], "--seed",
                          field[2], "--out", "w.npy"),
                      0);
        recorded.root = TABLE("w.npy");
    }
    double value = number(layer_at(recorded.root, 0), field[3]), wanted = atof(field[4]);
    if (!(fabs(value - wanted) <= 1e-8 * fabs(wanted)))
        fail_msg("%s, %s: %.12g instead of %s", matrix, field[3], value, field[4]);
    recorded.rows++;
}

static void columns_are_weightwatchers_to_all_digits(void **state)
{
    (void)state;
    golden_csv("tail_columns.csv", column_row, NULL);
    assert_int_equal(recorded.rows, 4 * 18);
    json_decref(recorded.root);
}

/* Eigenvalues of WᵀW/N are as many times smaller; what has no unit stays. */
static void the_unit_of_the_spectrum_can_be_chosen(void **state)
{
    (void)state;
    write_model("m.safetensors", 1, "third.weight");
    json_t *whole = TABLE("m.safetensors"), *divided = TABLE("m.safetensors", "--spectrum", "wtw/n");
    json_t *a = layer_at(whole, 0), *b = layer_at(divided, 0);
    assert_string_equal(word(a, "layer"), "first.weight");
    static const char *const scaled[] = {"norm", "spectral_norm", "xmin", "bulk_max", "bulk_min"},
                             *const same[] = {"alpha",   "D",           "stable_rank",
                                              "entropy", "mp_softrank", "sigma_mp"};
    for (size_t i = 0; i < sizeof scaled / sizeof scaled[0]; i++)
        assert_true(fabs(number(a, scaled[i]) / number(b, scaled[i]) / TALL - 1) < 1e-9);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(fabs(number(a, same[i]) / number(b, same[i]) - 1) < 1e-9);
    assert_true(fabs(number(a, "log_norm") - number(b, "log_norm") - log10(TALL)) < 1e-9);
    double alpha = number(a, "alpha");
    assert_true(fabs(number(a, "log_alpha_norm") - number(b, "log_alpha_norm") - alpha * log10(TALL)) < 1e-8);
    json_decref(whole);
    json_decref(divided);
}

/* ---- formats ---- */

/* Field i of a line of CSV, unquoted. */
static void csv_field(const char *line, int i, char to[100])
{
    for (;; i--) {
        bool quoted = *line == '"';
        size_t used = 0;
        if (quoted) line++;
        for (; *line && *line != '\n' && (quoted || *line != ','); line++) {
            if (quoted && *line == '"' && *++line != '"') break;
            if (used < 99) to[used++] = *line;
        }
        to[used] = '\0';
        while (*line && *line != ',' && *line != '\n') line++;
        if (i == 0) return;
        assert_true(*line == ',');
        line++;
    }
}

/* The same numbers in JSON, CSV and Markdown; names with commas, quotes and bars come back. */
static void every_format_says_the_same(void **state)
{
    (void)state;
    char field[100], bar[200];
    write_model("m.safetensors", 1, "third.weight");
    json_t *root = TABLE("m.safetensors", "--columns", "as,rows,alpha,trusted,mmo_quality");
    assert_int_equal(json_array_size(json_object_get(root, "layers")), 5);
    assert_int_equal(json_array_size(json_object_get(root, "skipped")), 2);
    const sandbox_result *r =
        RUN("tail", "m.safetensors", "--columns", "as,rows,alpha,trusted,mmo_quality", "--format", "csv");
    assert_status(r, 0);
    const char *line = r->out;
    assert_true(strncmp(line, "layer,as,rows,alpha,trusted,mmo_quality\n", 40) == 0);
    for (size_t i = 0; i < 5; i++) {
        json_t *layer = layer_at(root, i);
        line = strchr(line, '\n') + 1;
        csv_field(line, 0, field);
        assert_string_equal(field, word(layer, "layer"));
        csv_field(line, 2, field);
        assert_true(atof(field) == number(layer, "rows"));
        csv_field(line, 3, field);
        double alpha = number(layer, "alpha");
        assert_true(isnan(alpha) ? !field[0] : fabs(atof(field) / alpha - 1) < 1e-9);
        csv_field(line, 5, field);
        assert_string_equal(field, word(layer, "mmo_quality"));
    }
    assert_string_equal(strchr(line, '\n'), "\n");
    assert_string_equal(word(layer_at(root, 3), "as"), "filters");
    assert_string_equal(word(layer_at(root, 4), "as"), "kernels");
    assert_true(number(layer_at(root, 4), "rows") == 16 * 8);
    r = RUN("tail", "m.safetensors", "--columns", "alpha", "--format", "markdown");
    snprintf(bar, sizeof bar,
             "| layer | alpha |\n|---|--:|\n| first.weight | %.3f |\n| second, \"odd\"\\|.weight |",
             number(layer_at(root, 0), "alpha"));
    assert_says(r->out, bar);
    r = RUN("tail", "m.safetensors");
    assert_says(r->out, "\n4 layers, 5 552 weights; alpha ");
    assert_says(r->err, "a vector");
    assert_says(r->err, "an embedding: its rows are looked up");
    json_decref(root);
}

static void lines_are_chosen_and_sorted(void **state)
{
    (void)state;
    write_model("m.safetensors", 10, "third.weight");
    json_t *up = TABLE("m.safetensors", "--sort", "log_norm", "--columns", "log_norm"),
           *down = TABLE("m.safetensors", "--sort", "-log_norm", "--columns", "entropy"),
           *some = TABLE("m.safetensors", "--layers", "^(first|third)\\.weight$");
    for (size_t i = 0; i + 1 < 5; i++)
        assert_true(number(layer_at(up, i), "log_norm") <= number(layer_at(up, i + 1), "log_norm"));
    for (size_t i = 0; i < 4; i++) /* filters and kernels have one norm, and stay in their order */
        if (strcmp(word(layer_at(up, i), "layer"), "conv.weight") != 0)
            assert_string_equal(word(layer_at(up, i), "layer"), word(layer_at(down, 4 - i), "layer"));
    assert_null(json_object_get(layer_at(down, 0), "log_norm"));
    assert_int_equal(json_array_size(json_object_get(some, "layers")), 2);
    assert_string_equal(word(layer_at(some, 1), "layer"), "third.weight");
    json_decref(up);
    json_decref(down);
    json_decref(some);
}

/* ---- the randomized matrix, noise, warnings ---- */

/* A matrix of noise and one row of another scale: a spike; noise alone has none, and neither is good. */
static void noise_is_told_from_what_is_in_it(void **state)
{
    (void)state;
    enum { ROWS = 300, COLUMNS = 200 };
    static float noise[ROWS * COLUMNS], spiked[ROWS * COLUMNS];
    ht_rng rng;
    ht_error err;
    ht_rng_init(&rng, 6, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) noise[i] = 0.5f * (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            spiked[i * COLUMNS + j] = noise[i * COLUMNS + j] + (i % 2 ? 0.3f : -0.3f);
    const ht_tensor_out out[] = {{.name = "noise.weight", .sides = {ROWS, COLUMNS, {0}}, .data = noise},
                                 {.name = "spiked.weight", .sides = {ROWS, COLUMNS, {0}}, .data = spiked}};
    const char *const metadata[] = {"heavytail.names", "as they are", NULL, NULL};
    assert_int_equal(ht_safetensors_write("s.safetensors", out, 2, metadata, &err), HT_OK);
    json_t *root = TABLE("s.safetensors", "--columns", "all"), *a = layer_at(root, 0), *b = layer_at(root, 1);
    assert_true(fabs(number(a, "sigma_mp") / 0.5 - 1) < 0.02 && fabs(number(b, "sigma_mp") / 0.5 - 1) < 0.02);
    assert_true(number(a, "num_spikes") == 0 && number(b, "num_spikes") == 1);
    assert_true(number(a, "mp_softrank") > 0.9 && number(b, "mp_softrank") < 0.6);
    assert_true(number(a, "rand_num_spikes") == 0 && number(b, "rand_num_spikes") == 0);
    assert_true(number(a, "ww_softrank") > 0.9 && number(b, "ww_softrank") < 0.6);
    assert_true(number(a, "rand_distance") < number(b, "rand_distance"));
    assert_true(isfinite(number(a, "mmo-paper")));
    for (size_t i = 0; i < 2; i++) assert_string_not_equal(word(layer_at(root, i), "quality"), "good");
    json_decref(root);
    root = TABLE("s.safetensors");
    assert_null(json_object_get(layer_at(root, 0), "rand_distance"));
    json_decref(root);
}

/* By WeightWatcher's thresholds: alpha is 1.91 and 10.4 (tests/golden/tail_columns.csv). */
static void warnings_have_names(void **state)
{
    (void)state;
    static const char *const cases[][4] = {{"1.5", "500x300", "1", "over-trained"},
                                           {"2", "300x500", "2", "under-trained"},
                                           {"2", "300x49", "1", ""}}; /* too few eigenvalues */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_status(RUN("noise", "--type", "iid", "--alpha", cases[i][0], "--shape", cases[i][1], "--seed",
                          cases[i][2], "--out", "w.npy"),
                      0);
        json_t *root = TABLE("w.npy", "--columns", "alpha,warning");
        double alpha = number(layer_at(root, 0), "alpha");
        assert_true(i == 2 || (alpha < 2) == (i == 0));
        assert_string_equal(word(layer_at(root, 0), "warning"), cases[i][3]);
        json_decref(root);
    }
}

/* One entry of heavy size is a trap: its eigenvalue stays wherever it goes. */
static void a_trap_is_found(void **state)
{
    (void)state;
    enum { SIDE = 100 };
    static float w[SIDE * SIDE];
    ht_rng rng;
    ht_error err;
    ht_rng_init(&rng, 7, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < SIDE * SIDE; i++) w[i] = (float)ht_rng_normal(&rng);
    w[1234] = 60;
    const ht_tensor_out out = {.name = "w", .sides = {SIDE, SIDE, {0}}, .data = w};
    const char *const metadata[] = {"heavytail.names", "as they are", NULL, NULL};
    assert_int_equal(ht_safetensors_write("t.safetensors", &out, 1, metadata, &err), HT_OK);
    json_t *root = TABLE("t.safetensors", "--columns", "rand_num_spikes,warning,max_rand_eval");
    assert_true(number(layer_at(root, 0), "rand_num_spikes") == 1);
    assert_says(word(layer_at(root, 0), "warning"), "traps");
    assert_true(fabs(number(layer_at(root, 0), "max_rand_eval") / 3600 - 1) < 0.1);
    json_decref(root);
}

/* ---- threads, memory ---- */

static void threads_and_memory_change_no_bit(void **state)
{
    (void)state;
    write_model("m.safetensors", 1, "third.weight");
    const sandbox_result *r = sandbox_shell(
        "for t in 1 2 7; do HEAVYTAIL_THREADS=$t \"$H\" tail m.safetensors --columns all --format csv "
        "--memory 64M >$t.csv 2>/dev/null || exit 9; done; "
        "HEAVYTAIL_THREADS=3 \"$H\" tail m.safetensors --columns all --format csv >free.csv 2>/dev/null");
    assert_status(r, 0);
    assert_true(sandbox_same_file("1.csv", "2.csv"));
    assert_true(sandbox_same_file("1.csv", "7.csv"));
    assert_true(sandbox_same_file("1.csv", "free.csv"));
}

static void a_limit_that_is_too_small_says_how_much_it_takes(void **state)
{
    (void)state;
    static const float zero[3000 * 1500];
    ht_error err;
    const ht_tensor_out out = {.name = "large", .sides = {3000, 1500, {0}}, .data = zero};
    const char *const metadata[] = {"heavytail.names", "as they are", NULL, NULL};
    assert_int_equal(ht_safetensors_write("l.safetensors", &out, 1, metadata, &err), HT_OK);
    const sandbox_result *r = RUN("tail", "l.safetensors", "--memory", "64M");
    refuses(r, 2, "large (3000 × 1500) takes ");
    const char *needs = strstr(r->err, "give --memory ");
    assert_non_null(needs);
    char enough[20];
    snprintf(enough, sizeof enough, "%.*s", (int)strcspn(needs + 14, ","), needs + 14);
    assert_status(RUN("tail", "l.safetensors", "--memory", enough), 0);
    refuses(RUN("tail", "l.safetensors", "--memory", "1M"), 2, "64M on");
}

/* ---- two models ---- */

static void two_models_are_compared(void **state)
{
    (void)state;
    write_model("a.safetensors", 1, "third.weight");
    write_model("b.safetensors", 10, "other.weight");
    json_t *root =
        TABLE("a.safetensors", "b.safetensors", "--sort", "-log_norm", "--columns", "log_norm,quality");
    json_t *first = layer_at(root, 0);
    assert_int_equal(json_array_size(json_object_get(root, "layers")), 4);
    assert_string_equal(word(first, "layer"), "second, \"odd\"|.weight");
    assert_true(fabs(number(first, "log_norm_difference") - 2) < 1e-6);
    assert_true(fabs(number(first, "log_norm_b") - number(first, "log_norm_a") - 2) < 1e-6);
    assert_true(number(layer_at(root, 1), "log_norm_difference") == 0);
    word(first, "quality_a"), word(first, "quality_b");
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "only_a"), 0)),
                        "third.weight");
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "only_b"), 0)),
                        "other.weight");
    json_decref(root);
    const sandbox_result *r = RUN("tail", "a.safetensors", "b.safetensors");
    assert_status(r, 0);
    assert_says(r->out, "alpha_difference");
    assert_says(r->out, "only in b.safetensors (1): other.weight");
    refuses(RUN("tail", "a.safetensors", "b.safetensors", "--details"), 2, "two models");
    refuses(RUN("tail", "a.safetensors", "w.npy"), 1, "no layer of one name");
}

/* ---- pictures ---- */

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at++) count++;
    return count;
}

static void pictures_hold_every_layer(void **state)
{
    (void)state;
    ht_png png;
    ht_error err;
    write_model("m.safetensors", 1, "third.weight");
    assert_status(RUN("tail", "m.safetensors", "--png", "m.png", "--html", "m.html"), 0);
    assert_int_equal(ht_png_read("m.png", 1, &png, &err), HT_OK);
    assert_string_equal(ht_png_find(&png, "Title"), "m.safetensors");
    assert_true(png.width > 400 && png.height > 400);
    ht_png_free(&png);
    char *page = sandbox_read("m.html", NULL);
    assert_int_equal(count_of(page, "<img "), 5);
    assert_int_equal(count_of(page, "src=\"data:image/png;base64,iVBORw0KGgo"), 5);
    assert_int_equal(count_of(page, "<tr>"), 6);
    assert_int_equal(count_of(page, "<td"), count_of(page, "</td>"));
    assert_int_equal(count_of(page, "</html>"), 1);
    assert_says(page, "<th class=\"w\" title=\"");
    assert_int_equal(count_of(page, "<th"), count_of(page, " title=\"") + 1); /* <thead> */
    assert_int_equal(count_of(page, "title=\"\""), 0);
    assert_says(page, ": eigenvalues of W\u1d40W</h2>");
    assert_status(RUN("tail", "m.safetensors", "--spectrum", "wtw/n", "--html", "n.html"), 0);
    char *other = sandbox_read("n.html", NULL);
    assert_says(other, ": eigenvalues of W\u1d40W/N</h2>"); /* and other numbers on the axes */
    assert_true(strcmp(strstr(page, "<img"), strstr(other, "<img")) != 0);
    free(other);
    assert_says(page, "second, &quot;odd&quot;|.weight");
    free(page);
}

/* ---- the page ---- */

static void the_page_names_every_column(void **state)
{
    (void)state;
    char path[1000], quoted[60];
    const char *top = source_top();
    if (!top) skip();
    snprintf(path, sizeof path, "%s/docs/tails.md", top);
    char *page = sandbox_read(path, NULL);
    for (int c = 0; c < HT_COLUMNS_OF_LAYERS; c++) {
        snprintf(quoted, sizeof quoted, "`%s`%s", ht_column_at(c).name, ht_column_at(c).shown ? "\\*" : "");
        assert_says(page, quoted);
    }
    free(page);
}

/* ---- refused ---- */

static void bad_input_is_one_clear_sentence(void **state)
{
    (void)state;
    write_model("m.safetensors", 1, "third.weight");
    refuses(RUN("tail", "m.safetensors", "--columns", "alpha,alfa"), 2,
            "no column 'alfa'; did you mean 'alpha'?");
    refuses(RUN("tail", "m.safetensors", "--sort", "-alfa"), 2, "--sort: there is no column 'alfa'");
    refuses(RUN("tail", "m.safetensors", "--layers", "fir(st"), 2, "at character 4, '(st'");
    refuses(RUN("tail", "m.safetensors", "--layers", "[a-"), 2, "at character 1, '[a-'");
    refuses(RUN("tail", "m.safetensors", "--layers", "nobody"), 1,
            "matches none of the 4 layers of m.safetensors: "
            "'first.weight', ");
    refuses(RUN("tail", "m.safetensors", "--format", "xml"), 2, "give one of text, csv, markdown, json");
    refuses(RUN("tail", "m.safetensors", "--spectrum", "n"), 2, "wtw/n");
    refuses(RUN("tail", "m.safetensors", "--png", "nowhere/m.png"), 1, "there is no directory nowhere");
    refuses(RUN("tail", "m.safetensors", "--html", "m.safetensors"), 2, "is the file that is read");
    refuses(RUN("tail", "m.safetensors", "--html", "."), 2, "is a directory");
    refuses(RUN("tail", "m.safetensors", "--json", "--sort", "alpha"), 2, "--format json");
    refuses(RUN("tail", "m.safetensors", "--details", "--html", "m.html"), 2,
            "--html: is of the table of layers");
    assert_status(sandbox_shell("mkdir folder && cp m.safetensors folder/model.safetensors && "
                                "echo x >folder/model.safetensors.index.json"),
                  0);
    refuses(RUN("tail", "folder", "--html", "folder/model.safetensors.index.json"), 2,
            "part of the file that is read");
    refuses(RUN("tail", "m.safetensors", "--png", ""), 2, "--png: give the name of a file");
}

/* More dimensions than a shape has room for. */
static void a_file_of_odd_tensors_says_why(void **state)
{
    (void)state;
    enum { DIMENSIONS = 2000 };
    ht_text header = {0};
    ht_text_add(&header, "{\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                         "\"deep\":{\"dtype\":\"F32\",\"shape\":[");
    for (int d = 0; d < DIMENSIONS; d++) ht_text_add(&header, "1,");
    ht_text_add(&header, "1],\"data_offsets\":[4,8]}}");
    unsigned char bytes[8] = {(unsigned char)header.length, (unsigned char)(header.length >> 8)};
    FILE *f = fopen("deep.safetensors", "wb");
    assert_non_null(f);
    fwrite(bytes, 1, sizeof bytes, f);
    fwrite(header.data, 1, header.length, f);
    fwrite((char[8]){0}, 1, 8, f);
    fclose(f);
    ht_text_free(&header);
    refuses(RUN("tail", "deep.safetensors"), 1, "none of its 2 tensors can be looked at: v (F32): a vector");
    refuses(RUN("tail", "deep.safetensors", "--layers", "ee"), 1,
            "none of its 1 tensors that --layers matches can be looked at: deep (F32): more than 8 dim");
}

/* ---- shapes and names that others have ---- */

static void one_row_has_its_norm_and_rank(void **state)
{
    (void)state;
    static const float row[4] = {3, 0, 0, 4}, none[4];
    const char *const metadata[] = {"heavytail.names", "as they are", NULL, NULL};
    ht_error err;
    ht_tensor_out out[] = {{.name = "row", .sides = {1, 4, {0}}, .data = row},
                           {.name = "diagonal", .sides = {2, 2, {0}}, .data = row},
                           {.name = "zeros", .sides = {2, 2, {0}}, .data = none}};
    assert_int_equal(ht_safetensors_write("row.safetensors", out, 3, metadata, &err), HT_OK);
    json_t *root = TABLE("row.safetensors", "--columns", "norm,matrix_rank,rank_loss");
    const double norm[] = {25, 25, 0}, rank[] = {1, 2, 0};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(number(layer_at(root, i), "matrix_rank"), rank[i]);
        if (norm[i] > 0) assert_float_equal(number(layer_at(root, i), "norm"), norm[i], 1e-12);
    }
    json_decref(root);
    const sandbox_result *r = RUN("tail", "row.safetensors", "--layers", "row");
    assert_says(r->out, "means: log_norm 1.398, log_spectral_norm 1.398, stable_rank 1.000\n");
    r = RUN("tail", "row.safetensors", "--layers", "zeros");
    assert_status(r, 0);
    assert_null(strstr(r->out, "means"));
}

static void a_name_is_no_markdown(void **state)
{
    (void)state;
    write_model("names.safetensors", 1, "_a_*b*<i>`c`[d](e)&q_proj");
    const sandbox_result *r = RUN("tail", "names.safetensors", "--columns", "rows", "--format", "markdown");
    assert_status(r, 0);
    assert_says(r->out, "\n| \\_a\\_\\*b\\*\\<i>\\`c\\`\\[d](e)\\&q_proj | 10 |\n");
}

/* Nothing is done a layer squared: a mixture of experts has ten thousands of matrices. */
static void many_small_layers_take_seconds(void **state)
{
    (void)state;
    enum { MANY = 12000 };
    static const float numbers[4] = {1, 2, 3, 5};
    ht_error err;
    ht_tensor_out *out = calloc(MANY, sizeof *out);
    assert_non_null(out);
    for (int i = 0; i < MANY; i++) {
        out[i] = (ht_tensor_out){.sides = {2, 2, {0}}, .data = numbers};
        snprintf(out[i].name, sizeof out[i].name, "model.layers.%05d.weight", i);
    }
    assert_int_equal(ht_safetensors_write("many.safetensors", out, MANY, NULL, &err), HT_OK);
    free(out);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const sandbox_result *r =
        RUN("tail", "many.safetensors", "many.safetensors", "--columns", "rows,log_norm");
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_status(r, 0);
    assert_says(r->out, "model.layers.11999.weight");
    assert_true(end.tv_sec - begin.tv_sec < 20); /* a second; it was a minute */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_weightwatchers_to_all_digits),
        cmocka_unit_test(the_unit_of_the_spectrum_can_be_chosen),
        cmocka_unit_test(every_format_says_the_same),
        cmocka_unit_test(lines_are_chosen_and_sorted),
        cmocka_unit_test(noise_is_told_from_what_is_in_it),
        cmocka_unit_test(warnings_have_names),
        cmocka_unit_test(a_trap_is_found),
        cmocka_unit_test(threads_and_memory_change_no_bit),
        cmocka_unit_test(a_limit_that_is_too_small_says_how_much_it_takes),
        cmocka_unit_test(two_models_are_compared),
        cmocka_unit_test(pictures_hold_every_layer),
        cmocka_unit_test(the_page_names_every_column),
        cmocka_unit_test(bad_input_is_one_clear_sentence),
        cmocka_unit_test(a_file_of_odd_tensors_says_why),
        cmocka_unit_test(one_row_has_its_norm_and_rank),
        cmocka_unit_test(a_name_is_no_markdown),
        cmocka_unit_test(many_small_layers_take_seconds),
    };
    return cmocka_run_group_tests_name("tail_table", tests, sandbox_enter, sandbox_leave);
}
