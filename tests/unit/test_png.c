/* Guards pictures: what is written is read back, charts leave ink where they should, and no damaged or
 * hostile file does more than give an error. */
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
#include <zlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "render/draw/chart_layout.h"
#include "render/draw/draw.h"
#include "render/image.h"
#include "data/png.h"

static char folder[64], path[96];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/ht-png-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/picture.png", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* ---- good files -------------------------------------------------------------------------------- */

static const ht_png_text texts[] = {{"heavytail:preset", "[noise]\nalpha = 1.75\n; α-stable, σ = 0.05 — κ"},
                                    {"Title", ""}};

static void write_small(void)
{
    ht_error err;
    unsigned char rgb[13 * 7 * 3];
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (unsigned char)(i * 37);
    if (ht_png_write(path, 13, 7, rgb, texts, 2, &err) != HT_OK) fail_msg("%s", err.text);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    ht_png png;
    ht_error err;
    write_small();
    for (int with_pixels = 0; with_pixels < 2; with_pixels++) {
        assert_int_equal(ht_png_read(path, with_pixels, &png, &err), HT_OK);
        assert_int_equal(png.width, 13);
        assert_int_equal(png.height, 7);
        assert_int_equal(png.text_count, 2);
        assert_string_equal(ht_png_find(&png, "heavytail:preset"), texts[0].text);
        assert_string_equal(ht_png_find(&png, "Title"), "");
        assert_null(ht_png_find(&png, "Author"));
        assert_int_equal(png.rgb != NULL, with_pixels);
        for (size_t i = 0; with_pixels && i < 13 * 7 * 3; i++)
            assert_int_equal(png.rgb[i], (unsigned char)(i * 37));
        ht_png_free(&png);
    }
}

static void long_texts_are_compressed(void **state)
{
    (void)state;
    enum { LENGTH = 200000 };
    ht_png png;
    ht_error err;
    char *data, *text = ht_alloc(LENGTH + 1, 1, "text", &err);
    size_t size;
    unsigned char rgb[3] = {1, 2, 3};
    for (int i = 0; i < LENGTH; i++) text[i] = "alpha = 1.75\n"[i % 13];
    assert_int_equal(ht_png_write(path, 1, 1, rgb, &(ht_png_text){"k", text}, 1, &err), HT_OK);
    assert_int_equal(ht_file_read(path, 1 << 20, &data, &size, &err), HT_OK);
    assert_true(size < LENGTH / 20);
    assert_int_equal(ht_png_read(path, 0, &png, &err), HT_OK);
    assert_string_equal(ht_png_find(&png, "k"), text);
    ht_png_free(&png);
    ht_free(data);
    ht_free(text);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    ht_error err;
    unsigned char rgb[3] = {0};
    char key[90];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    assert_int_equal(ht_png_write(path, 1, 1, rgb, &(ht_png_text){key, "x"}, 1, &err), HT_FAIL);
    assert_int_equal(ht_png_write(path, 1, 1, rgb, &(ht_png_text){"", "x"}, 1, &err), HT_FAIL);
    assert_int_equal(ht_png_write(path, 0, 1, rgb, NULL, 0, &err), HT_FAIL);
    assert_int_equal(ht_png_write("/nowhere/at/all.png", 1, 1, rgb, NULL, 0, &err), HT_FAIL);
    ht_png png;
    assert_int_equal(ht_png_read("/nowhere/at/all.png", 1, &png, &err), HT_FAIL);
    assert_non_null(strstr(err.text, "/nowhere/at/all.png"));
}

/* ---- damaged files ----------------------------------------------------------------------------- */

static void save(const char *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void must_fail(const char *what, size_t at)
{
    ht_png png;
    ht_error err = {0};
    for (int with_pixels = 0; with_pixels < 2; with_pixels++) {
        if (ht_png_read(path, with_pixels, &png, &err) == HT_OK) fail_msg("%s %zu was read", what, at);
        assert_true(strncmp(err.text, path, strlen(path)) == 0 && strlen(err.text) > strlen(path) + 10);
        assert_null(png.rgb);
        assert_null(png.texts);
    }
}

static void every_prefix_is_an_error(void **state)
{
    (void)state;
    ht_error err;
    char *data;
    size_t size;
    write_small();
    assert_int_equal(ht_file_read(path, 1 << 20, &data, &size, &err), HT_OK);
    for (size_t n = 0; n < size; n++) {
        save(data, n);
        must_fail("prefix", n);
    }
    ht_free(data);
}

static void every_flipped_bit_is_an_error(void **state)
{
    (void)state;
    ht_error err;
    char *data;
    size_t size;
    write_small();
    assert_int_equal(ht_file_read(path, 1 << 20, &data, &size, &err), HT_OK);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        data[bit / 8] = (char)(data[bit / 8] ^ 1 << bit % 8);
        save(data, size);
        must_fail("bit", bit);
        data[bit / 8] = (char)(data[bit / 8] ^ 1 << bit % 8);
    }
    ht_free(data);
}

static void add_word(ht_text *out, unsigned v)
{
    unsigned char bytes[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
                             (unsigned char)v};
    ht_text_add_bytes(out, (const char *)bytes, 4);
}

static void add_chunk(ht_text *out, const char *type, const void *data, size_t size)
{
    add_word(out, (unsigned)size);
    ht_text_add_bytes(out, type, 4);
    ht_text_add_bytes(out, data, size);
    add_word(out, (unsigned)crc32(crc32(0, (const Bytef *)type, 4), data, (uInt)size));
}

static void start_png(ht_text *out, unsigned width, unsigned height, unsigned char depth, unsigned char type)
{
    ht_text header = {0};
    *out = (ht_text){0};
    ht_text_add_bytes(out, "\x89PNG\r\n\x1a\n", 8);
    add_word(&header, width);
    add_word(&header, height);
    ht_text_add_bytes(&header, (const char[]){(char)depth, (char)type, 0, 0, 0}, 5);
    add_chunk(out, "IHDR", header.data, header.length);
    ht_text_free(&header);
}

static void add_packed(ht_text *out, const char *type, const void *before, size_t before_size,
                       const void *data, size_t size)
{
    ht_text body = {0};
    uLongf packed_size = compressBound(size);
    unsigned char *packed = malloc(packed_size);
    assert_non_null(packed);
    assert_int_equal(compress(packed, &packed_size, data, size), Z_OK);
    ht_text_add_bytes(&body, before, before_size);
    ht_text_add_bytes(&body, (const char *)packed, packed_size);
    add_chunk(out, type, body.data, body.length);
    ht_text_free(&body);
    free(packed);
}

static void bombs_give_an_error_quickly(void **state)
{
    (void)state;
    enum { BOMB = 32 << 20 };
    ht_text out;
    void *zeros = calloc(BOMB, 1);
    assert_non_null(zeros);
    static const unsigned sizes[][2] = {{60000, 60000},  {8000, 8000},  {0x7fffffff, 1},
                                        {1, 0x7fffffff}, {1048576, 64}, {0, 5}};
    for (size_t i = 0; i < 6; i++) { /* a large picture in a few bytes */
        start_png(&out, sizes[i][0], sizes[i][1], 8, 2);
        add_packed(&out, "IDAT", "", 0, zeros, 1000);
        add_chunk(&out, "IEND", "", 0);
        save(out.data, out.length);
        must_fail("size", i);
        ht_text_free(&out);
    }
    static const struct {
        const char *type, *head;
        size_t size;
    } heads[] = {{"zTXt", "k\0\0", 3}, {"iTXt", "k\0\1\0\0\0", 6}};
    for (size_t i = 0; i < 2; i++) { /* a text of 32 MB in 32 kB */
        start_png(&out, 1, 1, 8, 2);
        add_packed(&out, heads[i].type, heads[i].head, heads[i].size, zeros, BOMB);
        add_packed(&out, "IDAT", "", 0, zeros, 4);
        add_chunk(&out, "IEND", "", 0);
        save(out.data, out.length);
        must_fail(heads[i].type, i);
        ht_text_free(&out);
    }
    free(zeros);
}

static void other_kinds_of_png_become_rgb(void **state)
{
    (void)state;
    static const struct {
        unsigned char depth, type;
        char row[17];
        size_t size;
        unsigned char r, g, b;
    } kinds[] = {
        {1, 0, {0, '\x80'}, 2, 255, 255, 255}, /* one white pixel, one bit */
        {8, 0, {0, '\x40'}, 2, 64, 64, 64},
        {16, 2, {0, 1, 0, '\x80', 0, '\xff', '\xff'}, 7, 1, 128, 255},
        {8, 6, {0, 10, 20, 30, '\x80'}, 5, 10, 20, 30},
        {8, 3, {0, 1}, 2, 7, 8, 9}, /* palette */
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ht_text out;
        ht_png png;
        ht_error err = {0};
        start_png(&out, 1, 1, kinds[i].depth, kinds[i].type);
        if (kinds[i].type == 3) add_chunk(&out, "PLTE", (const char[]){1, 2, 3, 7, 8, 9}, 6);
        add_chunk(&out, "tEXt", "key\0caf\xe9", 8); /* Latin-1 */
        add_packed(&out, "IDAT", "", 0, kinds[i].row, kinds[i].size);
        add_chunk(&out, "IEND", "", 0);
        save(out.data, out.length);
        if (ht_png_read(path, 1, &png, &err) != HT_OK) fail_msg("kind %zu: %s", i, err.text);
        assert_true(png.rgb[0] == kinds[i].r && png.rgb[1] == kinds[i].g && png.rgb[2] == kinds[i].b);
        assert_string_equal(ht_png_find(&png, "key"), "café");
        ht_png_free(&png);
        ht_text_free(&out);
    }
}

/* ---- pictures ---------------------------------------------------------------------------------- */

enum { W = 900, H = 600, COLUMNS = 90, ROWS = 30 };

static bool is_near(const unsigned char *p, ht_colour c)
{
    return abs(p[0] - c.r) + abs(p[1] - c.g) + abs(p[2] - c.b) < 120;
}

/* Pixels of a role's colour within a rectangle of cells. */
static int count_ink(const ht_png *png, const ht_theme *theme, ht_role role, double x, double y, double w,
                     double h)
{
    int count = 0, cw = W / COLUMNS, ch = H / ROWS;
    for (int py = (int)(y * ch); py < (int)((y + h) * ch); py++)
        for (int px = (int)(x * cw); px < (int)((x + w) * cw); px++)
            count += is_near(png->rgb + 3 * ((size_t)py * W + (size_t)px), theme->roles[role]);
    return count;
}

static void fill_chart(ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Loss");
    ht_text_copy(chart->x.label, sizeof chart->x.label, "step");
    ht_series *train = ht_chart_add(chart, HT_MARK_RANGE, HT_ROLE_TRAIN, "train", 100);
    ht_series *test = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_TEST, "test", 100);
    for (int i = 0; i < 100; i++) {
        train->x[i] = test->x[i] = i;
        train->low[i] = 0.1;
        train->high[i] = i == 50 ? 0.9 : 0.12;
        test->high[i] = 0.5 + i * 0.002;
    }
    ht_chart_fit(chart);
}

static void a_chart_leaves_ink_where_it_should(void **state)
{
    (void)state;
    static const char *const names[] = {"dark", "light"};
    for (int t = 0; t < 2; t++) {
        ht_chart chart = {0};
        ht_chart_layout l;
        ht_theme theme;
        ht_error err;
        ht_png png;
        ht_rect area = {0, 0, COLUMNS, ROWS};
        fill_chart(&chart);
        assert_int_equal(ht_theme_load(names[t], &theme, &err), HT_OK);
        ht_image *image = ht_image_new(W, H, COLUMNS, ROWS, &theme, &err);
        assert_non_null(image);
        ht_draw_chart(ht_image_surface(image), area, &chart, 0);
        assert_int_equal(ht_image_write(image, path, texts, 2, &err), HT_OK);
        assert_int_equal(ht_png_read(path, 1, &png, &err), HT_OK);
        assert_int_equal(png.width, W);
        assert_int_equal(png.height, H);
        ht_chart_layout_make(&l, area, &chart);
        assert_true(l.legend_in_title);
        assert_true(count_ink(&png, &theme, HT_ROLE_TRAIN, 50, 0, 40, 1) > 20); /* legend */
        assert_true(count_ink(&png, &theme, HT_ROLE_TEST, 50, 0, 40, 1) > 20);
        assert_true(count_ink(&png, &theme, HT_ROLE_TITLE, 0, 0, 12, 1) > 30);
        double bottom = l.plot.y + l.plot.h;
        assert_true(count_ink(&png, &theme, HT_ROLE_AXIS, l.plot.x - 0.5, l.plot.y, 1, l.plot.h) > 200);
        assert_true(count_ink(&png, &theme, HT_ROLE_AXIS, l.plot.x, bottom - 0.2, l.plot.w, 0.4) > 400);
        assert_true(count_ink(&png, &theme, HT_ROLE_AXIS, 1, l.plot.y, l.plot.x - 2, l.plot.h) >
                    30); /* labels */
        double spike = ht_plot_x(&l, 50), top = ht_plot_y(&l, 0.85);
        assert_true(count_ink(&png, &theme, HT_ROLE_TRAIN, spike - 0.5, top - 0.5, 1, 1) > 5);
        ht_png_free(&png);
        ht_image_free(image);
        ht_chart_free(&chart);
    }
}

static void pictures_of_any_size_can_be_drawn(void **state)
{
    (void)state;
    static const int sizes[][4] = {{64, 64, 1, 1}, {64, 64, 200, 100}, {700, 90, 30, 3}, {333, 777, 41, 17}};
    ht_theme theme;
    ht_error err;
    ht_chart chart = {0};
    fill_chart(&chart);
    assert_int_equal(ht_theme_load("mono", &theme, &err), HT_OK);
    for (int i = 0; i < 4; i++) {
        ht_image *image = ht_image_new(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], &theme, &err);
        assert_non_null(image);
        for (int w = 0; w <= sizes[i][2]; w += 7)
            ht_draw_chart(ht_image_surface(image), (ht_rect){0, 0, w, sizes[i][3]}, &chart, 1);
        assert_int_equal(ht_image_write(image, path, NULL, 0, &err), HT_OK);
        ht_image_free(image);
    }
    assert_null(ht_image_new(63, 500, 10, 10, &theme, &err));
    assert_null(ht_image_new(16384, 16384, 10, 10, &theme, &err));
    assert_null(ht_image_new(500, 500, 0, 10, &theme, &err));
    ht_chart_free(&chart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(long_texts_are_compressed),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(every_prefix_is_an_error),
        cmocka_unit_test(every_flipped_bit_is_an_error),
        cmocka_unit_test(bombs_give_an_error_quickly),
        cmocka_unit_test(other_kinds_of_png_become_rgb),
        cmocka_unit_test(a_chart_leaves_ink_where_it_should),
        cmocka_unit_test(pictures_of_any_size_can_be_drawn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
