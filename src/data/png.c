#include "data/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

/* libpng leaves a failing call by longjmp. Each function with a setjmp here keeps its state in a struct and
 * has no locals that change, so nothing is lost on the way. */

enum {
    FILE_LIMIT = 64 << 20,
    PIXEL_LIMIT = 64 << 20,
    SIDE_LIMIT = 1 << 20,
    TEXT_LIMIT = 4 << 20, /* of one chunk, after decompression */
    TEXT_CHUNKS = 64,
    COMPRESS_FROM = 1024, /* bytes of a text worth compressing */
    DEFLATE_RATIO = 1032, /* no deflate stream grows more */
    REASON_SIZE = 160,
};

static void complain(png_structp png, png_const_charp message)
{
    ht_text_copy(png_get_error_ptr(png), REASON_SIZE, message);
    png_longjmp(png, 1);
}

/* libpng merely warns when it drops a text it cannot trust; a preset that silently vanishes is worse than an
 * error. */
static void warn(png_structp png, png_const_charp message)
{
    if (strlen(message) > 4 && strncmp(message + 1, "TXt", 3) == 0) complain(png, message);
    if (strncmp(message, "tEXt", 4) == 0) complain(png, message);
}

/* ---- write ------------------------------------------------------------------------------------- */

typedef struct writer {
    png_structp png;
    png_infop info;
    int width, height;
    const unsigned char *rgb;
    png_text *texts;
    size_t count;
    ht_text out;
    char reason[REASON_SIZE];
} writer;

static void take_bytes(png_structp png, png_bytep data, size_t size)
{
    writer *w = png_get_io_ptr(png);
    ht_text_add_bytes(&w->out, (const char *)data, size);
    if (w->out.failed) png_error(png, "not enough memory");
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static int encode(writer *w)
{
    if (setjmp(png_jmpbuf(w->png))) return 0;
    png_set_write_fn(w->png, w, take_bytes, flush_nothing);
    png_set_IHDR(w->png, w->info, (png_uint_32)w->width, (png_uint_32)w->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (w->count) png_set_text(w->png, w->info, w->texts, (int)w->count);
    png_write_info(w->png, w->info);
    for (int y = 0; y < w->height; y++) png_write_row(w->png, w->rgb + (size_t)y * (size_t)w->width * 3);
    png_write_end(w->png, NULL);
    return 1;
}

static ht_code set_texts(writer *w, const ht_png_text *texts, size_t count, ht_error *err)
{
    if (count > TEXT_CHUNKS)
        return ht_error_set(err, HT_FAIL, "%zu texts for a picture, %d are possible", count, TEXT_CHUNKS);
    w->texts = ht_alloc(count ? count : 1, sizeof *w->texts, "a picture's texts", err);
    if (!w->texts) return err->code;
    for (size_t i = 0; i < count; i++) {
        size_t key = strlen(texts[i].key), length = strlen(texts[i].text);
        if (key < 1 || key > 79)
            return ht_error_set(err, HT_FAIL, "the key \"%.90s\" of a picture's text: 1 to 79 bytes",
                                texts[i].key);
        if (length >= TEXT_LIMIT)
            return ht_error_set(err, HT_FAIL, "the text \"%s\" is too long for a picture: %zu bytes",
                                texts[i].key, length);
        w->texts[i] = (png_text){
            .compression = length >= COMPRESS_FROM ? PNG_ITXT_COMPRESSION_zTXt : PNG_ITXT_COMPRESSION_NONE,
            .key = (png_charp)texts[i].key,
            .text = (png_charp)texts[i].text,
            .itxt_length = length,
        };
    }
    w->count = count;
    return HT_OK;
}

static ht_code encode_into(writer *w, ht_error *err)
{
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w->reason, complain, warn);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    int done = w->info && encode(w);
    png_destroy_write_struct(&w->png, &w->info);
    if (done) return HT_OK;
    return ht_error_set(err, HT_FAIL, "the picture cannot be written: %s",
                        *w->reason ? w->reason : "not enough memory");
}

ht_code ht_png_encode(const char *what, int width, int height, const unsigned char *rgb,
                      const ht_png_text *texts, size_t count, ht_text *to, ht_error *err)
{
    writer w = {.width = width, .height = height, .rgb = rgb, .out = *to};
    if (width < 1 || height < 1 || (long long)width * height > PIXEL_LIMIT)
        return ht_error_set(err, HT_FAIL, "%s: a picture of %d x %d pixels; 1 to 64 million are possible",
                            what, width, height);
    ht_code code = set_texts(&w, texts, count, err);
    if (code == HT_OK) code = encode_into(&w, err);
    *to = w.out;
    ht_free(w.texts);
    return code == HT_OK ? HT_OK : ht_error_prefix(err, "%s", what);
}

ht_code ht_png_write(const char *path, int width, int height, const unsigned char *rgb,
                     const ht_png_text *texts, size_t count, ht_error *err)
{
    ht_text out = {0};
    ht_code code = ht_png_encode(path, width, height, rgb, texts, count, &out, err);
    if (code == HT_OK) code = ht_file_write(path, out.data, out.length, err);
    ht_text_free(&out);
    return code;
}

/* ---- read -------------------------------------------------------------------------------------- */

typedef struct reader {
    png_structp png;
    png_infop info;
    const char *data;
    size_t size, used;
    int with_pixels, passes;
    ht_png *out;
    unsigned char *row; /* one row when the pixels are not wanted */
    char reason[REASON_SIZE];
    ht_error *err;
} reader;

static void give_bytes(png_structp png, png_bytep to, size_t size)
{
    reader *r = png_get_io_ptr(png);
    if (size > r->size - r->used) png_error(png, "the file ends too early");
    memcpy(to, r->data + r->used, size);
    r->used += size;
}

/* Chunks we have no use for are skipped unread: they are a favourite place for bombs. */
static void skip_chunks(png_structp png)
{
    static const png_byte names[] =
        "iCCP\0sPLT\0hIST\0pCAL\0sCAL\0tIME\0eXIf\0bKGD\0cHRM\0gAMA\0sRGB\0sBIT\0oFFs\0pHYs";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

/* Whatever the file holds, rows come out as 8-bit RGB. */
static void want_rgb(reader *r)
{
    png_set_expand(r->png);
    png_set_scale_16(r->png);
    png_set_strip_alpha(r->png);
    png_set_gray_to_rgb(r->png);
    r->passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
}

static int read_header(reader *r)
{
    if (setjmp(png_jmpbuf(r->png))) return 0;
    png_set_read_fn(r->png, r, give_bytes);
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(r->png, SIDE_LIMIT, SIDE_LIMIT);
    png_set_chunk_cache_max(r->png, TEXT_CHUNKS);
    png_set_chunk_malloc_max(r->png, TEXT_LIMIT);
    skip_chunks(r->png);
    png_read_info(r->png, r->info);
    r->out->width = (int)png_get_image_width(r->png, r->info);
    r->out->height = (int)png_get_image_height(r->png, r->info);
    return 1;
}

/* Before memory is taken on a header's word: is the picture small enough, and can so few bytes hold it? */
static ht_code check_size(reader *r)
{
    long long w = r->out->width, h = r->out->height;
    long long raw = h * (long long)png_get_rowbytes(r->png, r->info);
    if (w * h > PIXEL_LIMIT)
        return ht_error_set(r->err, HT_FAIL,
                            "a picture of %lld x %lld pixels is too large: 64 million at most", w, h);
    if (raw / DEFLATE_RATIO > (long long)r->size)
        return ht_error_set(r->err, HT_FAIL, "damaged: %lld x %lld pixels cannot be in %zu bytes", w, h,
                            r->size);
    r->row = ht_alloc(r->with_pixels ? 1 : (size_t)w, 3, "a picture's row", r->err);
    if (!r->row) return r->err->code;
    if (r->with_pixels) r->out->rgb = ht_alloc((size_t)(w * h), 3, "a picture", r->err);
    return !r->with_pixels || r->out->rgb ? HT_OK : r->err->code;
}

/* The pixels are decoded even if only the texts are wanted: texts may follow them, and damage shows. */
static int read_rows(reader *r)
{
    if (setjmp(png_jmpbuf(r->png))) return 0;
    want_rgb(r);
    if (png_get_rowbytes(r->png, r->info) != (size_t)r->out->width * 3)
        png_error(r->png, "unexpected row length");
    for (int pass = 0; pass < r->passes; pass++)
        for (int y = 0; y < r->out->height; y++) {
            size_t offset = (size_t)y * (size_t)r->out->width * 3;
            png_read_row(r->png, r->with_pixels ? r->out->rgb + offset : r->row, NULL);
        }
    png_read_end(r->png, r->info);
    return 1;
}

/* A copy in UTF-8: tEXt and zTXt are Latin-1, iTXt should be UTF-8. Also keys come out as valid text. */
static char *copy_text(const char *text, int is_utf8, ht_error *err)
{
    ht_text copy = {0};
    unsigned c;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n) {
        char bytes[5];
        if (!is_utf8) {
            c = (unsigned char)*text;
            n = 1;
        }
        ht_text_add_bytes(&copy, bytes, ht_utf8_encode(c, bytes));
    }
    ht_text_add_bytes(&copy, "", 0);
    if (!copy.failed) return copy.data;
    ht_text_free(&copy);
    ht_error_set(err, HT_FAIL, "not enough memory for a picture's texts");
    return NULL;
}

static ht_code take_texts(reader *r)
{
    png_textp texts = NULL;
    int count = 0;
    png_get_text(r->png, r->info, &texts, &count);
    if (count <= 0) return HT_OK;
    r->out->texts = ht_alloc((size_t)count, sizeof *r->out->texts, "a picture's texts", r->err);
    if (!r->out->texts) return r->err->code;
    for (int i = 0; i < count; i++) {
        char *key = copy_text(texts[i].key, 0, r->err);
        char *text = copy_text(texts[i].text ? texts[i].text : "",
                               texts[i].compression >= PNG_ITXT_COMPRESSION_NONE, r->err);
        r->out->texts[r->out->text_count++] = (ht_png_text){key, text};
        if (!key || !text) return r->err->code;
    }
    return HT_OK;
}

static ht_code broken(const reader *r)
{
    return ht_error_set(r->err, HT_FAIL, "not a sound PNG file: %s",
                        *r->reason ? r->reason : "not enough memory");
}

static ht_code decode(reader *r)
{
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r->reason, complain, warn);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    ht_code code = r->info && read_header(r) ? check_size(r) : broken(r);
    if (code == HT_OK && !read_rows(r)) code = broken(r);
    if (code == HT_OK) code = take_texts(r);
    png_destroy_read_struct(&r->png, &r->info, NULL);
    ht_free(r->row);
    return code;
}

ht_code ht_png_read(const char *path, int with_pixels, ht_png *png, ht_error *err)
{
    char *data = NULL;
    reader r = {.with_pixels = with_pixels, .out = png, .err = err};
    *png = (ht_png){0};
    if (ht_file_read(path, FILE_LIMIT, &data, &r.size, err) != HT_OK) return err->code;
    r.data = data;
    ht_code code = decode(&r);
    ht_free(data);
    if (code == HT_OK) return HT_OK;
    ht_png_free(png);
    return ht_error_prefix(err, "%s", path);
}

void ht_png_free(ht_png *png)
{
    for (size_t i = 0; i < png->text_count; i++) {
        ht_free((void *)png->texts[i].key);
        ht_free((void *)png->texts[i].text);
    }
    ht_free(png->texts);
    ht_free(png->rgb);
    *png = (ht_png){0};
}

const char *ht_png_find(const ht_png *png, const char *key)
{
    for (size_t i = 0; i < png->text_count; i++)
        if (strcmp(png->texts[i].key, key) == 0) return png->texts[i].text;
    return NULL;
}
