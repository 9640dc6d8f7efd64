#include "data/npy.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "data/half.h"

enum { MAGIC_SIZE = 6, HEADER_MAX = 1 << 16, HEADER_ALIGN = 64 };

static const char magic[MAGIC_SIZE + 1] = "\x93NUMPY";
static const bool big_host = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

typedef struct header {
    bool big, fortran;
    char kind; /* f i u b, and of strings U S */
    size_t item;
    bool has_type, has_order, has_shape;
} header;

/* ---- the header: a Python dict literal --------------------------------------------------------- */

typedef struct cursor {
    const char *path, *start, *p, *end;
} cursor;

static ht_code bad(const cursor *at, const char *what, ht_error *err)
{
    return ht_error_set(err, HT_FAIL,
                        "%s: byte %zu of the NPY header: %s; save the array again with numpy.save", at->path,
                        (size_t)(at->p - at->start), what);
}

static void skip_space(cursor *at)
{
    while (at->p < at->end && (*at->p == ' ' || *at->p == '\t' || *at->p == '\n' || *at->p == '\r')) at->p++;
}

static bool accept(cursor *at, const char *word)
{
    size_t length = strlen(word);
    skip_space(at);
    if ((size_t)(at->end - at->p) < length || memcmp(at->p, word, length) != 0) return false;
    at->p += length;
    return true;
}

static ht_code read_string(cursor *at, char *to, size_t size, ht_error *err)
{
    skip_space(at);
    if (at->p == at->end || (*at->p != '\'' && *at->p != '"'))
        return bad(at, "a string in quotes is missing", err);
    const char *from = at->p + 1, *quote = memchr(from, *at->p, (size_t)(at->end - from));
    if (!quote || (size_t)(quote - from) >= size) return bad(at, "a string is too long or not closed", err);
    memcpy(to, from, (size_t)(quote - from));
    to[quote - from] = '\0';
    at->p = quote + 1;
    return HT_OK;
}

/* What to do about an element type that is none of numbers and strings. */
static const char *way_out(const char *type)
{
    static const char *const ways[][2] = {
        {"O",
         "Python objects are programs and are not run; save plain numbers, x.astype('float32'), or strings, "
         "y.astype(str)"},
        {"c", "complex numbers have no order; save x.real, x.imag or abs(x)"},
        {"f16", "save it with x.astype('float64')"},
        {"M", "dates are no numbers; save x.astype('int64') or x.astype(str)"},
        {"m", "save x.astype('int64')"},
        {"V2", "bfloat16 is saved so; save it with x.astype('float32')"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strncmp(type, ways[i][0], strlen(ways[i][0])) == 0) return ways[i][1];
    return "save it as numbers, with x.astype('float32')";
}

/* "U10", "S5": so many characters of four bytes, or bytes. */
static bool string_type(const char *type, header *head)
{
    size_t digits = strspn(type + 1, "0123456789"), length = 0;
    if ((type[0] != 'U' && type[0] != 'S') || digits == 0 || digits > 6 || type[1] == '0' || type[1 + digits])
        return false;
    for (size_t i = 1; i <= digits; i++) length = length * 10 + (size_t)(type[i] - '0');
    head->kind = type[0];
    head->item = length * (type[0] == 'U' ? 4 : 1);
    return true;
}

static ht_code read_type(cursor *at, ht_npy_as as, header *head, ht_npy *array, ht_error *err)
{
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                        "i8", "u1", "u2", "u4", "u8", "b1"};
    char descr[32] = "";
    skip_space(at);
    if (at->p < at->end && *at->p == '[')
        return bad(at, "a structured type; only plain numbers can be read: take one field", err);
    if (read_string(at, descr, sizeof descr, err) != HT_OK) return err->code;
    bool order = descr[0] && strchr("<>|=", descr[0]);
    const char *type = order ? descr + 1 : descr;
    head->big = descr[0] == '>' || ((!order || descr[0] == '=') && big_host);
    ht_text_copy(array->type, sizeof array->type, type);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(type, known[i]) != 0) continue;
        head->kind = type[0];
        head->item = (size_t)(type[1] - '0');
        head->has_type = true;
        return HT_OK;
    }
    head->has_type = string_type(type, head);
    if (head->has_type && as == HT_NPY_LABELS) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: the NPY element type '%.20s' cannot be read%s; %s", at->path,
                        descr, head->has_type ? " here (strings are read as labels only)" : "",
                        way_out(type));
}

static ht_code read_size(cursor *at, size_t *value, ht_error *err)
{
    *value = 0;
    skip_space(at);
    const char *first = at->p;
    for (; at->p < at->end && *at->p >= '0' && *at->p <= '9'; at->p++)
        if (__builtin_mul_overflow(*value, (size_t)10, value) ||
            __builtin_add_overflow(*value, (size_t)(*at->p - '0'), value))
            return bad(at, "a dimension is too large", err);
    if (at->p == first) return bad(at, "a dimension is not a whole number", err);
    accept(at, "L"); /* Python 2 wrote long integers so */
    return HT_OK;
}

static ht_code read_shape(cursor *at, header *head, ht_npy *array, ht_error *err)
{
    if (!accept(at, "(")) return bad(at, "the shape is not a tuple", err);
    array->ndim = 0;
    while (!accept(at, ")")) {
        if (array->ndim == HT_NPY_DIMENSIONS) return bad(at, "more than 8 dimensions", err);
        if (read_size(at, &array->shape[array->ndim++], err) != HT_OK) return err->code;
        if (accept(at, ",")) continue;
        if (!accept(at, ")")) return bad(at, "the shape is not closed", err);
        break;
    }
    head->has_shape = true;
    return HT_OK;
}

static ht_code read_dict(cursor *at, ht_npy_as as, header *head, ht_npy *array, ht_error *err)
{
    char key[32];
    if (!accept(at, "{")) return bad(at, "it is not a Python dict", err);
    while (!accept(at, "}")) {
        if (read_string(at, key, sizeof key, err) != HT_OK) return err->code;
        if (!accept(at, ":")) return bad(at, "a ':' is missing", err);
        if (strcmp(key, "descr") == 0) {
            if (read_type(at, as, head, array, err) != HT_OK) return err->code;
        } else if (strcmp(key, "shape") == 0) {
            if (read_shape(at, head, array, err) != HT_OK) return err->code;
        } else if (strcmp(key, "fortran_order") == 0) {
            head->fortran = accept(at, "True");
            if (!head->fortran && !accept(at, "False"))
                return bad(at, "fortran_order is not True or False", err);
            head->has_order = true;
        } else {
            return bad(at, "an unknown key", err);
        }
        if (accept(at, ",")) continue;
        if (!accept(at, "}")) return bad(at, "the dict is not closed", err);
        break;
    }
    skip_space(at);
    if (at->p != at->end) return bad(at, "something follows the dict", err);
    if (!head->has_type || !head->has_order || !head->has_shape)
        return bad(at, "descr, fortran_order or shape is missing", err);
    return HT_OK;
}

/* A file that is read piece by piece. */
typedef struct source {
    const char *path;
    int fd;
    uint64_t size, start; /* of the file; where the elements begin */
} source;

static ht_code parse_header(const source *from, ht_npy_as as, const char *text, size_t length, header *head,
                            ht_npy *array, ht_error *err)
{
    cursor at = {from->path, text, text, text + length};
    return read_dict(&at, as, head, array, err);
}

static ht_code read_header(source *from, ht_npy_as as, header *head, ht_npy *array, ht_error *err)
{
    unsigned char first[MAGIC_SIZE + 6] = {0};
    size_t there = from->size < sizeof first ? (size_t)from->size : sizeof first;
    if (ht_file_read_at(from->fd, from->path, first, there, 0, err) != HT_OK) return err->code;
    if (there < MAGIC_SIZE + 4 || memcmp(first, magic, MAGIC_SIZE) != 0)
        return ht_error_set(err, HT_FAIL,
                            "%s: byte 0: this is no NPY file (it does not begin with \\x93NUMPY); save the "
                            "array with numpy.save",
                            from->path);
    int version = first[6];
    /* 2.0 has room for longer headers, 3.0 for names of fields in UTF-8. */
    if (version < 1 || version > 3)
        return ht_error_set(err, HT_FAIL, "%s: byte 6: NPY version %d.%d; only 1.0, 2.0 and 3.0 can be read",
                            from->path, version, first[7]);
    size_t start = version == 1 ? 10 : 12, length = first[8] | (size_t)first[9] << 8;
    if (version > 1) length |= (size_t)first[10] << 16 | (size_t)first[11] << 24;
    if (from->size < start || length > HEADER_MAX || length > from->size - start)
        return ht_error_set(
            err, HT_FAIL,
            "%s: byte 8: the NPY header should have %zu bytes, the file has %zu; it is truncated or "
            "damaged: copy it again",
            from->path, length, (size_t)from->size);
    from->start = start + length;
    char *text = ht_alloc(length + 1, 1, from->path, err);
    if (!text) return err->code;
    ht_code code = ht_file_read_at(from->fd, from->path, text, length, start, err);
    if (code == HT_OK) code = parse_header(from, as, text, length, head, array, err);
    ht_free(text);
    return code;
}

/* ---- the elements ------------------------------------------------------------------------------ */

static uint64_t load_bytes(const unsigned char *p, size_t item, bool big)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < item; i++) bits |= (uint64_t)p[big ? item - 1 - i : i] << (8 * i);
    return bits;
}

static double load_element(const unsigned char *p, const header *head)
{
    uint64_t bits = load_bytes(p, head->item, head->big);
    if (head->kind == 'f' && head->item == 2) return (double)ht_float_of_half((uint32_t)bits);
    if (head->kind == 'f' && head->item == 4) {
        uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, 4);
        return (double)value;
    }
    if (head->kind == 'f') {
        double value;
        memcpy(&value, &bits, 8);
        return value;
    }
    if (head->kind == 'u') return (double)bits;
    if (head->kind == 'b') return bits ? 1 : 0;
    /* Two's complement of `item` bytes: flipping the sign bit and taking its weight away extends the sign. */
    uint64_t sign = 0x80;
    for (size_t i = 1; i < head->item; i++) sign <<= 8;
    return (double)(int64_t)((bits ^ sign) - sign);
}

/* Where elements that lie in Fortran order go: `index` is of the next one, the first dimension the fastest.
 */
static size_t fortran_next(const ht_npy *array, size_t *index)
{
    size_t position = 0;
    for (int d = 0; d < array->ndim; d++) position = position * array->shape[d] + index[d];
    for (int d = 0; d < array->ndim; d++) {
        if (++index[d] < array->shape[d]) break;
        index[d] = 0;
    }
    return position;
}

/* A string of fixed size, filled up with zeros, into `to` (`stride` bytes). */
static void load_text(const unsigned char *p, const header *head, char *to)
{
    size_t unit = head->kind == 'U' ? 4 : 1, count = head->item / unit, used = 0;
    while (count > 0 && load_bytes(p + (count - 1) * unit, unit, head->big) == 0) count--;
    for (size_t i = 0; i < count; i++) {
        uint64_t c = load_bytes(p + i * unit, unit, head->big);
        bool none = c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000);
        char one[5] = {(char)c};
        size_t length = unit == 1 && c ? 1 : ht_utf8_encode(none ? 0xfffd : (unsigned)c, one);
        memcpy(to + used, one, length);
        used += length;
    }
    to[used] = '\0';
}

static void store_element(const unsigned char *p, const header *head, ht_npy *array, size_t to)
{
    if (array->text)
        load_text(p, head, array->text + to * array->stride);
    else if (array->f32)
        array->f32[to] = (float)load_element(p, head);
    else
        array->f64[to] = load_element(p, head);
}

/* In pieces, so that the file's bytes need no second copy of the array. */
static ht_code read_elements(const source *from, const header *head, ht_npy *array, ht_error *err)
{
    enum { PIECE = 1 << 15 };
    size_t index[HT_NPY_DIMENSIONS] = {0},
           step = head->item < PIECE ? PIECE / (head->item ? head->item : 1) : 1;
    unsigned char *bytes = ht_alloc(step, head->item ? head->item : 1, from->path, err);
    if (!bytes) return err->code;
    ht_code code = HT_OK;
    for (size_t first = 0; first < array->count && code == HT_OK; first += step) {
        size_t n = array->count - first < step ? array->count - first : step;
        code = ht_file_read_at(from->fd, from->path, bytes, n * head->item, from->start + first * head->item,
                               err);
        for (size_t i = 0; i < n && code == HT_OK; i++)
            store_element(bytes + i * head->item, head, array,
                          head->fortran ? fortran_next(array, index) : first + i);
    }
    ht_free(bytes);
    return code;
}

/* The header's shape against the bytes that are there. */
static ht_code check_size(const char *path, const header *head, ht_npy *array, size_t bytes, ht_error *err)
{
    size_t need = 0;
    bool overflow = false, empty = false;
    array->count = 1;
    for (int d = 0; d < array->ndim; d++) empty |= array->shape[d] == 0;
    for (int d = 0; d < array->ndim && !empty; d++)
        overflow |= __builtin_mul_overflow(array->count, array->shape[d], &array->count);
    if (empty) array->count = 0;
    overflow |= __builtin_mul_overflow(array->count, head->item, &need);
    if (overflow)
        return ht_error_set(err, HT_FAIL,
                            "%s: the NPY header's shape has more elements than a file can hold; it is "
                            "damaged: save the array again",
                            path);
    if (need == bytes) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: the NPY header promises %zu elements of %zu bytes, but %zu bytes follow it instead of %zu; "
        "the file is %s: copy or save it again",
        path, array->count, head->item, bytes, need, bytes < need ? "truncated" : "damaged");
}

static ht_code read_array(source *from, ht_npy_as as, ht_npy *array, ht_error *err)
{
    header head = {0};
    if (read_header(from, as, &head, array, err) != HT_OK) return err->code;
    if (check_size(from->path, &head, array, (size_t)(from->size - from->start), err) != HT_OK)
        return err->code;
    bool words = head.kind == 'U' || head.kind == 'S';
    array->stride = words ? head.item + (head.kind == 'S' ? 2 * head.item : 0) + 1 : 0;
    if (words)
        array->text = ht_alloc(array->count, array->stride, from->path, err);
    else if (as == HT_NPY_FLOAT)
        array->f32 = ht_alloc(array->count, sizeof(float), from->path, err);
    else
        array->f64 = ht_alloc(array->count, sizeof(double), from->path, err);
    if (!array->f32 && !array->f64 && !array->text) return err->code;
    ht_code code = read_elements(from, &head, array, err);
    if (code != HT_OK) ht_npy_free(array);
    return code;
}

ht_code ht_npy_read(const char *path, ht_npy_as as, ht_npy *array, ht_error *err)
{
    source from = {.path = path};
    *array = (ht_npy){0};
    from.fd = ht_file_open(path, &from.size, err);
    if (from.fd < 0) return err->code;
    ht_code code = read_array(&from, as, array, err);
    close(from.fd);
    return code;
}

void ht_npy_free(ht_npy *array)
{
    ht_free(array->f32);
    ht_free(array->f64);
    ht_free(array->text);
    *array = (ht_npy){0};
}

/* ---- writing ----------------------------------------------------------------------------------- */

/* The whole header, padded so that the elements are aligned; returns its size. */
static size_t format_header(char to[512], char kind, size_t item, int ndim, const size_t *shape)
{
    const size_t start = MAGIC_SIZE + 4;
    size_t used = start;
    used += (size_t)snprintf(to + used, 512 - used, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': (",
                             big_host ? '>' : '<', kind, item);
    for (int d = 0; d < ndim; d++)
        used += (size_t)snprintf(to + used, 512 - used, d && d + 1 == ndim ? "%zu" : "%zu, ", shape[d]);
    used += (size_t)snprintf(to + used, 512 - used, "), }");
    while ((used + 1) % HEADER_ALIGN != 0) to[used++] = ' ';
    to[used++] = '\n';
    memcpy(to, magic, MAGIC_SIZE);
    to[6] = 1, to[7] = 0;
    to[8] = (char)((used - start) & 0xff), to[9] = (char)((used - start) >> 8);
    return used;
}

static ht_code write_array(const char *path, const void *data, char kind, size_t item, int ndim,
                           const size_t *shape, ht_error *err)
{
    char head[512];
    size_t bytes = item;
    for (int d = 0; d < ndim; d++)
        if (__builtin_mul_overflow(bytes, shape[d], &bytes))
            return ht_error_set(err, HT_FAIL, "%s: the array is too large to write", path);
    size_t start = format_header(head, kind, item, ndim, shape);
    char *file = ht_alloc(start + bytes, 1, path, err);
    if (!file) return err->code;
    memcpy(file, head, start);
    if (bytes) memcpy(file + start, data, bytes);
    ht_code code = ht_file_write(path, file, start + bytes, err);
    ht_free(file);
    return code;
}

ht_code ht_npy_write_f32(const char *path, const float *data, int ndim, const size_t *shape, ht_error *err)
{
    return write_array(path, data, 'f', sizeof *data, ndim, shape, err);
}

ht_code ht_npy_write_f64(const char *path, const double *data, int ndim, const size_t *shape, ht_error *err)
{
    return write_array(path, data, 'f', sizeof *data, ndim, shape, err);
}

ht_code ht_npy_write_i32(const char *path, const int32_t *data, int ndim, const size_t *shape, ht_error *err)
{
    return write_array(path, data, 'i', sizeof *data, ndim, shape, err);
}
