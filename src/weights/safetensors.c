#include "weights/safetensors.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "data/checksum.h"
#include "weights/foreign.h"
#include "data/half.h"

/* The limit is that of the format's own reader. */
enum { HEADER_LIMIT = 100000000, MARKS_LIMIT = 1 << 23 };

typedef struct named {
    const char *name;
    const json_t *entry;
} named;

struct ht_safetensors {
    char *path;
    int fd;
    json_t *header;
    named *tensors; /* in the order of the header: a list, because a JSON object is not counted through */
    size_t count;
    uint64_t start, bytes; /* of the data; until the header is read, `bytes` of the file */
};

static ht_code read_at(const ht_safetensors *f, void *to, size_t size, uint64_t offset, ht_error *err)
{
    return ht_file_read_at(f->fd, f->path, to, size, offset, err);
}

static uint64_t little_endian(const unsigned char *p, size_t size)
{
    uint64_t bits = 0;
    for (size_t i = size; i-- > 0;) bits = bits << 8 | p[i];
    return bits;
}

/* The bytes [a, b) of a tensor, counted from the end of the header; false when they are not inside the file.
 */
static bool range_of(const ht_safetensors *f, const json_t *entry, json_int_t range[2])
{
    const json_t *offsets = json_object_get(entry, "data_offsets"), *a = json_array_get(offsets, 0),
                 *b = json_array_get(offsets, 1);
    range[0] = json_integer_value(a);
    range[1] = json_integer_value(b);
    return json_array_size(offsets) == 2 && json_is_integer(a) && json_is_integer(b) && range[0] >= 0 &&
           range[1] >= range[0] && (uint64_t)range[1] <= f->bytes;
}

/* Where a tensor lies. */
typedef struct span {
    json_int_t from, to;
    const char *name;
} span;

static int by_place(const void *a, const void *b)
{
    const span *x = a, *y = b;
    if (x->from != y->from) return (x->from > y->from) - (x->from < y->from);
    return (x->to > y->to) - (x->to < y->to);
}

/* The format leaves no byte to nobody: each tensor begins where the one before it ends, the last one ends
 * with the file. */
static ht_code check_line(const ht_safetensors *f, const span *s, size_t count, ht_error *err)
{
    json_int_t at = 0;
    for (size_t i = 0; i < count; at = s[i++].to) {
        if (s[i].from < at)
            return ht_error_set(err, HT_FAIL,
                                "%s: %.60s begins at byte %lld, inside of %.60s, which ends at %lld: two "
                                "tensors overlap; the file is damaged",
                                f->path, s[i].name, (long long)s[i].from, s[i - 1].name, (long long)at);
        if (s[i].from > at)
            return ht_error_set(err, HT_FAIL,
                                "%s: bytes %lld to %lld before %.60s belong to no tensor, which the format "
                                "does not allow; the file is damaged, or write it anew with save_file",
                                f->path, (long long)at, (long long)s[i].from, s[i].name);
    }
    if ((uint64_t)at == f->bytes) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: %" PRIu64 " bytes after the last tensor%s%.60s belong to none, which the format "
                        "does not allow; the file is damaged, or write it anew with save_file",
                        f->path, f->bytes - (uint64_t)at, count ? " " : "", count ? s[count - 1].name : "");
}

static ht_code check_ranges(const ht_safetensors *f, ht_error *err)
{
    ht_tensor_info info;
    span *spans = ht_alloc(f->count, sizeof *spans, "a safetensors header", err);
    if (!spans) return err->code;
    ht_code code = HT_OK;
    for (size_t i = 0; i < f->count && code == HT_OK; i++) {
        json_int_t range[2];
        if (!range_of(f, f->tensors[i].entry, range))
            code = ht_error_set(
                err, HT_FAIL,
                "%s: %.60s claims bytes %lld to %lld of %" PRIu64 "; the file is damaged, or cut", f->path,
                f->tensors[i].name, (long long)range[0], (long long)range[1], f->bytes);
        else
            code = ht_safetensors_describe(f, i, &info, err);
        spans[i] = (span){range[0], range[1], f->tensors[i].name};
    }
    if (code == HT_OK) {
        qsort(spans, f->count, sizeof *spans, by_place);
        code = check_line(f, spans, f->count, err);
    }
    ht_free(spans);
    return code;
}

/* Goes on with the tensors' bytes. */
static ht_code check_sum(const ht_safetensors *f, uint32_t sum, const char *digits, ht_error *err)
{
    unsigned char piece[1 << 15];
    char real[HT_CHECKSUM_SIZE];
    for (uint64_t done = 0; done < f->bytes;) {
        size_t count = f->bytes - done < sizeof piece ? (size_t)(f->bytes - done) : sizeof piece;
        if (read_at(f, piece, count, f->start + done, err) != HT_OK) return err->code;
        sum = ht_checksum_add(sum, piece, count);
        done += count;
    }
    ht_checksum_format(real, sum);
    if (strcmp(real, digits) == 0) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: its bytes have changed since they were written (checksum %s, not %s); the file is "
        "damaged: put back a copy, or move it away",
        f->path, real, digits);
}

static ht_code list_tensors(ht_safetensors *f, ht_error *err)
{
    const char *name;
    json_t *entry;
    f->tensors = ht_alloc(json_object_size(f->header), sizeof *f->tensors, "a safetensors header", err);
    if (!f->tensors) return err->code;
    json_object_foreach(f->header, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0) f->tensors[f->count++] = (named){name, entry};
    }
    return HT_OK;
}

/* JSON takes many times its length when it is nothing but brackets and commas: half a million tensors have 5
 * million of them. */
static ht_code check_marks(const ht_safetensors *f, const char *text, size_t length, ht_error *err)
{
    size_t marks = 0;
    for (size_t i = 0; i < length; i++) marks += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return marks <= MARKS_LIMIT
               ? HT_OK
               : ht_error_set(err, HT_FAIL,
                              "%s: the header lists more than a million tensors; split the file", f->path);
}

static ht_code parse_header(ht_safetensors *f, char *text, size_t length, ht_error *err)
{
    json_error_t why;
    char digits[HT_CHECKSUM_SIZE];
    if (check_marks(f, text, length, err) != HT_OK) return err->code;
    if (!(f->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why)))
        return ht_error_set(err, HT_FAIL, "%s: header, byte %d: %s", f->path, why.position + 8, why.text);
    if (!json_is_object(f->header))
        return ht_error_set(err, HT_FAIL, "%s: the header is not a JSON object", f->path);
    if (list_tensors(f, err) != HT_OK || check_ranges(f, err) != HT_OK) return err->code;
    if (!ht_checksum_take(text, digits)) return HT_OK;
    return check_sum(f, ht_checksum_add(0, text, length), digits, err);
}

/* What begins like no header is named for what it is, as far as that is known. */
static ht_code check_start(const ht_safetensors *f, uint64_t *length, ht_error *err)
{
    unsigned char head[HT_FOREIGN_HEAD];
    size_t size = f->bytes < sizeof head ? (size_t)f->bytes : sizeof head;
    if (read_at(f, head, size, 0, err) != HT_OK) return err->code;
    *length = size < 9 ? 0 : little_endian(head, 8);
    bool begins = size >= 9 && head[8] == '{';
    if (begins && *length <= HEADER_LIMIT && *length + 8 <= f->bytes) return HT_OK;
    const char *what = ht_foreign_name(f->path, head, size);
    if (what) return ht_error_set(err, HT_FAIL, "%s: %s", f->path, what);
    if (begins && *length <= HEADER_LIMIT)
        return ht_error_set(err, HT_FAIL,
                            "%s: is cut: its header alone takes %" PRIu64 " bytes, the file has %" PRIu64
                            "; copy or download it again",
                            f->path, *length, f->bytes);
    return ht_error_set(err, HT_FAIL,
                        "%s: is no safetensors file, or damaged: it does not begin with the length of a "
                        "header (up to %d bytes) and the header's '{'",
                        f->path, HEADER_LIMIT);
}

static ht_code read_header(ht_safetensors *f, ht_error *err)
{
    uint64_t length = 0;
    if (check_start(f, &length, err) != HT_OK) return err->code;
    char *text = ht_alloc((size_t)length + 1, 1, "a safetensors header", err);
    if (!text) return err->code;
    f->start = length + 8;
    f->bytes -= f->start;
    ht_code code = read_at(f, text, (size_t)length, 8, err);
    if (code == HT_OK) code = parse_header(f, text, (size_t)length, err);
    ht_free(text);
    return code;
}

ht_safetensors *ht_safetensors_open(const char *path, ht_error *err)
{
    return ht_safetensors_open_in(AT_FDCWD, path, err);
}

ht_safetensors *ht_safetensors_open_in(int at, const char *path, ht_error *err)
{
    ht_safetensors *f = ht_alloc(1, sizeof *f, path, err);
    if (!f) return NULL;
    f->fd = ht_file_open_in(at, path, &f->bytes, err);
    f->path = strdup(path);
    ht_code code = HT_OK;
    if (f->fd < 0)
        code = err->code;
    else if (!f->path)
        code = ht_error_set(err, HT_FAIL, "not enough memory to open %s", path);
    else
        code = read_header(f, err);
    if (code == HT_OK) return f;
    ht_safetensors_close(f);
    return NULL;
}

void ht_safetensors_close(ht_safetensors *f)
{
    if (!f) return;
    if (f->fd >= 0) close(f->fd);
    json_decref(f->header);
    ht_free(f->tensors);
    free(f->path);
    ht_free(f);
}

const char *ht_safetensors_metadata(const ht_safetensors *f, const char *key)
{
    return json_string_value(json_object_get(json_object_get(f->header, "__metadata__"), key));
}

bool ht_safetensors_has(const ht_safetensors *f, const char *tensor)
{
    return strcmp(tensor, "__metadata__") != 0 && json_object_get(f->header, tensor) != NULL;
}

typedef struct element {
    const char *name;
    size_t size;
    float (*decode)(uint32_t bits); /* NULL for what no float can hold */
} element;

static float of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double of_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A BF16 is the upper half of a float. */
static float of_bfloat(uint32_t b)
{
    return of_bits(b << 16);
}

/* The real numbers, little endian in the file; and what masks are made of. */
static const element reals[] = {
    {"F32", 4, of_bits},
    {"F64", 8, NULL},
    {"F16", 2, ht_float_of_half},
    {"BF16", 2, of_bfloat},
    {"F8_E4M3", 1, ht_float_of_e4m3},
    {"F8_E5M2", 1, ht_float_of_e5m2},
};
static const element *const single = &reals[0], *const doubled = &reals[1];
static const element boolean = {"BOOL", 1, NULL};

/* What else is known of the format's types: their bits, to tell a damaged file. */
typedef struct kind {
    const char *name;
    size_t bits;
} kind;

static const kind others[] = {
    {"I64", 64}, {"U64", 64},    {"I32", 32},    {"U32", 32},        {"I16", 16},    {"U16", 16},
    {"I8", 8},   {"U8", 8},      {"C64", 64},    {"BOOL", 8},        {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F8_E5M2FNUZ", 8},
};

static ht_code read_shape(const ht_safetensors *f, const json_t *shape, ht_tensor_info *info, ht_error *err)
{
    size_t i;
    json_t *side;
    info->count = 1;
    if (!json_is_array(shape))
        return ht_error_set(err, HT_FAIL, "%s: %.60s has no shape; the file is damaged", f->path, info->name);
    json_array_foreach(shape, i, side)
    {
        json_int_t n = json_integer_value(side);
        if (!json_is_integer(side) || n < 0 || __builtin_mul_overflow(info->count, (size_t)n, &info->count))
            return ht_error_set(err, HT_FAIL, "%s: %.60s has a shape that cannot be; the file is damaged",
                                f->path, info->name);
        if (i < HT_TENSOR_DIMENSIONS) info->shape[i] = (size_t)n;
    }
    info->ndim = (int)json_array_size(shape);
    return HT_OK;
}

/* The dimensions that a tensor of these sides has in a file; returns how many. */
static int dimensions_of(ht_sides s, size_t shape[4])
{
    size_t places = s.window[0] * s.window[1];
    shape[0] = s.rows;
    shape[1] = places ? s.columns / places : s.columns;
    shape[2] = s.window[0];
    shape[3] = s.window[1];
    return places ? 4 : s.columns ? 2 : 1;
}

static void format_shape(const size_t *shape, int ndim, char *to, size_t size)
{
    size_t used = (size_t)snprintf(to, size, "(");
    for (int i = 0; i < ndim && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%zu", i ? " × " : "", shape[i]);
    if (used < size) snprintf(to + used, size - used, ")");
}

/* Is it the one that is wanted? A vector is a column, too. */
static ht_code check_shape(const ht_safetensors *f, const ht_tensor_info *info, ht_sides wanted,
                           ht_error *err)
{
    size_t shape[4];
    char here[160], there[120];
    int ndim = dimensions_of(wanted, shape);
    bool good = info->ndim == ndim;
    for (int i = 0; i < info->ndim && good; i++) good = info->shape[i] == shape[i];
    if (wanted.columns <= 1 && info->count == wanted.rows && info->shape[0] == wanted.rows)
        good = info->ndim <= 2;
    if (good) return HT_OK;
    format_shape(info->shape, info->ndim < 8 ? info->ndim : 8, here, sizeof here);
    format_shape(shape, ndim, there, sizeof there);
    return ht_error_set(err, HT_FAIL, "%s: %s has shape %s, wanted %s", f->path, info->name, here, there);
}

/* It must have that type and shape, and data_offsets must hold that many elements inside the file. */
static ht_code locate(const ht_safetensors *f, const char *name, const element *wanted, ht_sides sides,
                      uint64_t *offset, ht_error *err)
{
    const json_t *entry = json_object_get(f->header, name);
    ht_tensor_info info = {.name = name};
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (!entry) return ht_error_set(err, HT_FAIL, "%s: has no tensor '%s'", f->path, name);
    if (!type || strcmp(type, wanted->name) != 0)
        return ht_error_set(err, HT_FAIL, "%s: %s has type %.20s, not %s", f->path, name,
                            type ? type : "(none)", wanted->name);
    if (read_shape(f, json_object_get(entry, "shape"), &info, err) != HT_OK ||
        check_shape(f, &info, sides, err) != HT_OK)
        return err->code;
    json_int_t range[2];
    if (!range_of(f, entry, range) || (uint64_t)(range[1] - range[0]) != (uint64_t)info.count * wanted->size)
        return ht_error_set(err, HT_FAIL,
                            "%s: %s claims bytes %lld to %lld of %" PRIu64 "; the file is damaged", f->path,
                            name, (long long)range[0], (long long)range[1], f->bytes);
    *offset = f->start + (uint64_t)range[0];
    return HT_OK;
}

static size_t values_of(ht_sides sides)
{
    return sides.rows * (sides.columns ? sides.columns : 1);
}

ht_code ht_safetensors_read(ht_safetensors *f, const char *name, ht_sides sides, float *to, ht_error *err)
{
    uint64_t offset = 0;
    size_t count = values_of(sides), columns = count / (sides.rows ? sides.rows : 1);
    if (locate(f, name, single, sides, &offset, err) != HT_OK) return err->code;
    if (read_at(f, to, count * sizeof *to, offset, err) != HT_OK) return err->code;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(to[i]))
            return ht_error_set(err, HT_FAIL, "%s: %s[%zu][%zu] is not a finite number", f->path, name,
                                i / columns, i % columns);
    return HT_OK;
}

ht_code ht_safetensors_read_bool(ht_safetensors *f, const char *name, ht_sides sides, unsigned char *to,
                                 ht_error *err)
{
    uint64_t offset = 0;
    size_t count = values_of(sides), columns = count / (sides.rows ? sides.rows : 1);
    if (locate(f, name, &boolean, sides, &offset, err) != HT_OK) return err->code;
    if (read_at(f, to, count, offset, err) != HT_OK) return err->code;
    for (size_t i = 0; i < count; i++)
        if (to[i] > 1)
            return ht_error_set(err, HT_FAIL, "%s: %s[%zu][%zu] is neither 0 nor 1", f->path, name,
                                i / columns, i % columns);
    return HT_OK;
}

static const element *type_of(const ht_tensor_out *tensor)
{
    return tensor->bits ? &boolean : tensor->table ? doubled : single;
}

static const void *data_of(const ht_tensor_out *tensor)
{
    if (tensor->bits) return tensor->bits;
    return tensor->table ? (const void *)tensor->table : tensor->data;
}

static size_t bytes_of(const ht_tensor_out *tensor)
{
    return values_of(tensor->sides) * type_of(tensor)->size;
}

static json_t *make_header(const ht_tensor_out *tensors, size_t count, const char *const *metadata)
{
    json_t *header = json_object(), *strings = json_object();
    json_int_t offset = 0;
    for (; metadata && *metadata; metadata += 2)
        json_object_set_new(strings, metadata[0], json_string(metadata[1]));
    json_object_set_new(strings, HT_CHECKSUM_KEY, json_string(HT_CHECKSUM_NONE));
    json_object_set_new(header, "__metadata__", strings);
    for (size_t i = 0; i < count; i++) {
        json_int_t end = offset + (json_int_t)bytes_of(&tensors[i]);
        json_t *shape = json_array();
        size_t sides[4];
        int ndim = dimensions_of(tensors[i].sides, sides);
        for (int d = 0; d < ndim; d++) json_array_append_new(shape, json_integer((json_int_t)sides[d]));
        json_object_set_new(header, tensors[i].name,
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", type_of(&tensors[i])->name, "shape",
                                      shape, "data_offsets", offset, end));
        offset = end;
    }
    return header;
}

ht_code ht_safetensors_write(const char *path, const ht_tensor_out *tensors, size_t count,
                             const char *const *metadata, ht_error *err)
{
    return ht_safetensors_write_in(AT_FDCWD, path, tensors, count, metadata, NULL, err);
}

ht_code ht_safetensors_write_in(int at, const char *path, const ht_tensor_out *tensors, size_t count,
                                const char *const *metadata, ht_file_mark *old, ht_error *err)
{
    unsigned char prefix[8];
    json_t *header = make_header(tensors, count, metadata);
    char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write %s", path);
    ht_part *parts = ht_alloc(count + 3, sizeof *parts, "the list of tensors", err);
    if (!parts) return free(text), HT_FAIL;
    /* Blanks after the header align the data to 8 bytes, as the format asks. */
    size_t length = strlen(text), padding = (8 - length % 8) % 8;
    for (int i = 0; i < 8; i++) prefix[i] = (unsigned char)((uint64_t)(length + padding) >> (8 * i));
    parts[0] = (ht_part){prefix, sizeof prefix};
    parts[1] = (ht_part){text, length};
    parts[2] = (ht_part){"        ", padding};
    for (size_t i = 0; i < count; i++) parts[3 + i] = (ht_part){data_of(&tensors[i]), bytes_of(&tensors[i])};
    ht_checksum_put(text, parts + 1, count + 2);
    ht_code code = ht_file_write_in(at, path, parts, count + 3, old, err);
    ht_free(parts);
    free(text);
    return code;
}

/* ---- what a file of others holds ---- */

static const element *real_of(const char *type)
{
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        if (strcmp(type, reals[i].name) == 0) return &reals[i];
    return NULL;
}

/* Of one number; 0 when the type is not known. */
static size_t bits_of(const char *type)
{
    const element *real = real_of(type);
    if (real) return 8 * real->size;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(type, others[i].name) == 0) return others[i].bits;
    return 0;
}

size_t ht_safetensors_count(const ht_safetensors *f)
{
    return f->count;
}

bool ht_safetensors_known(const ht_tensor_info *info)
{
    return bits_of(info->type) > 0;
}

bool ht_safetensors_readable(const ht_tensor_info *info)
{
    return real_of(info->type) != NULL;
}

ht_code ht_safetensors_describe(const ht_safetensors *f, size_t wanted, ht_tensor_info *info, ht_error *err)
{
    const json_t *entry = f->tensors[wanted].entry;
    const char *type = json_string_value(json_object_get(entry, "dtype")), *name = f->tensors[wanted].name;
    json_int_t range[2];
    *info = (ht_tensor_info){.name = name};
    if (!type || !type[0])
        return ht_error_set(err, HT_FAIL, "%s: %.60s has no type; the file is damaged", f->path, name);
    ht_text_copy(info->type, sizeof info->type, type);
    if (read_shape(f, json_object_get(entry, "shape"), info, err) != HT_OK) return err->code;
    size_t bits = bits_of(info->type);
    if (!range_of(f, entry, range) ||
        (bits && (__builtin_mul_overflow(info->count, bits, &bits) || bits % 8 != 0 ||
                  (uint64_t)(range[1] - range[0]) != bits / 8)))
        return ht_error_set(err, HT_FAIL,
                            "%s: %.60s: %zu numbers of type %s, as its shape says, do not fill its %lld "
                            "bytes; the file is damaged",
                            f->path, name, info->count, type, (long long)(range[1] - range[0]));
    return HT_OK;
}

/* Numbers as they lie in a file into floats, or doubles if f32 is NULL. What has the layout of a number in
 * memory is copied. */
static void decode_piece(const element *real, const unsigned char *bytes, size_t n, float *f32, double *f64)
{
    const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (little && real == single && f32) {
        memcpy(f32, bytes, n * sizeof *f32);
        return;
    }
    if (little && real == doubled && !f32) {
        memcpy(f64, bytes, n * sizeof *f64);
        return;
    }
    if (real->decode == of_bfloat && f32) {
        for (size_t i = 0; i < n; i++)
            f32[i] = of_bfloat((uint32_t)bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = little_endian(bytes + i * real->size, real->size);
        double value = real->decode ? (double)real->decode((uint32_t)bits) : of_double(bits);
        if (f32)
            f32[i] = (float)value;
        else
            f64[i] = value;
    }
}

/* In pieces, so that the file's bytes need no second copy of the tensor. */
static ht_code decode(ht_safetensors *f, const element *real, uint64_t offset, size_t count, float *f32,
                      double *f64, ht_error *err)
{
    enum { PIECE = 1 << 15 };
    unsigned char bytes[PIECE];
    size_t step = PIECE / real->size;
    for (size_t first = 0; first < count; first += step) {
        size_t n = count - first < step ? count - first : step;
        if (read_at(f, bytes, n * real->size, offset + first * real->size, err) != HT_OK) return err->code;
        decode_piece(real, bytes, n, f32 ? f32 + first : NULL, f64 ? f64 + first : NULL);
    }
    return HT_OK;
}

ht_code ht_safetensors_load_part(ht_safetensors *f, const ht_tensor_info *info, size_t first, size_t count,
                                 float *f32, double *f64, ht_error *err)
{
    const element *real = real_of(info->type);
    json_int_t range[2];
    if (!real || !range_of(f, json_object_get(f->header, info->name), range))
        return ht_error_set(err, HT_FAIL, "%s: %.60s has type %s, which is not read", f->path, info->name,
                            info->type);
    return decode(f, real, f->start + (uint64_t)range[0] + first * real->size, count, f32, f64, err);
}

/* Into new memory: *f32, or *f64 if f32 is NULL. */
static ht_code load(ht_safetensors *f, const ht_tensor_info *info, float **f32, double **f64, ht_error *err)
{
    const element *real = real_of(info->type);
    json_int_t range[2];
    if (!real || !range_of(f, json_object_get(f->header, info->name), range))
        return ht_error_set(err, HT_FAIL,
                            "%s: %.60s has type %s; F64, F32, F16, BF16, F8_E4M3 and F8_E5M2 can be read",
                            f->path, info->name, info->type);
    void *memory = ht_alloc(info->count, f32 ? sizeof **f32 : sizeof **f64, info->name, err);
    if (!memory) return err->code;
    ht_code code = decode(f, real, f->start + (uint64_t)range[0], info->count, f32 ? memory : NULL,
                          f32 ? NULL : memory, err);
    if (code != HT_OK)
        ht_free(memory);
    else if (f32)
        *f32 = memory;
    else
        *f64 = memory;
    return code;
}

ht_code ht_safetensors_read_table(ht_safetensors *f, const char *name, size_t columns, double **to,
                                  size_t *rows, ht_error *err)
{
    ht_tensor_info info;
    float *none;
    *to = NULL, *rows = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->tensors[i].name, name) != 0) continue;
        if (ht_safetensors_describe(f, i, &info, err) != HT_OK) return err->code;
        if (info.ndim != 2 || info.shape[1] != columns || strcmp(info.type, doubled->name) != 0)
            return ht_error_set(err, HT_FAIL, "%s: %s is no F64 table of %zu columns", f->path, name,
                                columns);
        *rows = info.shape[0];
        return *rows ? ht_safetensors_load(f, &info, &none, to, err) : HT_OK;
    }
    return HT_OK;
}

ht_code ht_safetensors_load(ht_safetensors *f, const ht_tensor_info *info, float **f32, double **f64,
                            ht_error *err)
{
    *f32 = NULL, *f64 = NULL;
    const element *real = real_of(info->type);
    return load(f, info, real && real->decode ? f32 : NULL, f64, err);
}

ht_code ht_safetensors_load_floats(ht_safetensors *f, const ht_tensor_info *info, float **to, ht_error *err)
{
    *to = NULL;
    return load(f, info, to, NULL, err);
}
