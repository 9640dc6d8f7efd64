#include "data/bytes.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/checksum.h"

enum {
    DEFLATE_RATIO = 1040, /* deflate packs at most 1032 bytes into one */
    FIRST_STEP = 1 << 20,
    GZIP_WINDOW = 16 + MAX_WBITS, /* zlib: expect a gzip header, check its CRC */
};

ht_code ht_bytes_open(ht_bytes *bytes, const char *path, size_t limit, ht_error *err)
{
    *bytes = (ht_bytes){.path = path};
    if (ht_file_read(path, limit, &bytes->file, &bytes->size, err) != HT_OK) return err->code;
    if (bytes->size == 0)
        return ht_error_set(err, HT_FAIL, "%s: is empty; download or copy the file again", path);
    bytes->packed = bytes->size >= 2 && memcmp(bytes->file, "\x1f\x8b", 2) == 0;
    if (!bytes->packed) return HT_OK;
    if (inflateInit2(&bytes->stream, GZIP_WINDOW) != Z_OK)
        return ht_error_set(err, HT_FAIL, "%s: zlib cannot start: not enough memory", path);
    bytes->open = true;
    bytes->stream.next_in = (unsigned char *)bytes->file;
    return HT_OK;
}

/* zlib counts in 32 bits; files may be larger. */
static void feed(ht_bytes *bytes)
{
    size_t left = bytes->size - (size_t)((char *)bytes->stream.next_in - bytes->file);
    bytes->stream.avail_in = left > UINT_MAX ? UINT_MAX : (unsigned)left;
}

/* A gzip file may consist of several streams; goes on to the next one if the bytes that follow start one. */
static bool next_member(ht_bytes *bytes)
{
    feed(bytes);
    return bytes->stream.avail_in >= 2 && memcmp(bytes->stream.next_in, "\x1f\x8b", 2) == 0 &&
           inflateReset(&bytes->stream) == Z_OK;
}

static ht_code damaged(const ht_bytes *bytes, size_t done, const char *what, ht_error *err)
{
    const char *why = bytes->stream.msg ? bytes->stream.msg : "invalid data";
    return ht_error_set(err, HT_FAIL,
                        "%s: the gzip data is damaged at byte %zu, in %s (%s); download the file again",
                        bytes->path, bytes->offset + done, what, why);
}

/* Inflates up to `count` bytes; *done < count means that the data ended. */
static ht_code inflate_some(ht_bytes *bytes, unsigned char *to, size_t count, size_t *done, const char *what,
                            ht_error *err)
{
    z_stream *stream = &bytes->stream;
    *done = 0;
    while (*done < count && !bytes->ended) {
        size_t want = count - *done < FIRST_STEP ? count - *done : FIRST_STEP;
        feed(bytes);
        stream->next_out = to + *done;
        stream->avail_out = (unsigned)want;
        int result = inflate(stream, Z_NO_FLUSH);
        *done += want - stream->avail_out;
        if (result == Z_STREAM_END) {
            bytes->ended = !next_member(bytes);
        } else if (result == Z_BUF_ERROR) {
            return HT_OK; /* the input is used up */
        } else if (result != Z_OK) {
            return damaged(bytes, *done, what, err);
        }
    }
    return HT_OK;
}

ht_code ht_bytes_read(ht_bytes *bytes, void *to, size_t count, const char *what, ht_error *err)
{
    size_t done = 0;
    if (bytes->packed) {
        if (inflate_some(bytes, to, count, &done, what, err) != HT_OK) return err->code;
    } else {
        size_t left = bytes->size - bytes->offset;
        done = left < count ? left : count;
        memcpy(to, bytes->file + bytes->offset, done);
    }
    bytes->offset += done;
    bytes->sum = ht_checksum_add(bytes->sum, to, done);
    if (done == count) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: truncated at byte %zu: %s should have %zu more bytes%s; download or copy the file again",
        bytes->path, bytes->offset, what, count - done, bytes->packed ? " (after gunzip)" : "");
}

/* The most bytes that can still come out. */
static size_t possible(const ht_bytes *bytes)
{
    size_t most;
    if (!bytes->packed) return bytes->size - bytes->offset;
    return __builtin_mul_overflow(bytes->size, (size_t)DEFLATE_RATIO, &most) ? SIZE_MAX : most;
}

unsigned char *ht_bytes_take(ht_bytes *bytes, size_t count, const char *what, ht_error *err)
{
    void *memory = NULL;
    size_t have = 0;
    if (count > possible(bytes)) {
        ht_error_set(
            err, HT_FAIL,
            "%s: the header promises %zu bytes of %s, the file can hold at most %zu more; it is truncated or "
            "its header (first 16 bytes) is damaged: download or copy it again",
            bytes->path, count, what, possible(bytes));
        return NULL;
    }
    do {
        size_t step = !bytes->packed ? count : have ? have : FIRST_STEP;
        if (step > count - have) step = count - have;
        if (ht_grow(&memory, have, have + step, 1, bytes->path, err) != HT_OK ||
            ht_bytes_read(bytes, (unsigned char *)memory + have, step, what, err) != HT_OK) {
            ht_free(memory);
            return NULL;
        }
        have += step;
    } while (have < count);
    return memory;
}

ht_code ht_bytes_end(ht_bytes *bytes, ht_error *err)
{
    unsigned char extra;
    size_t done = 0;
    if (bytes->packed) {
        /* Also what makes zlib reach the checksum at the end of the stream. */
        if (inflate_some(bytes, &extra, 1, &done, "the end of the file", err) != HT_OK) return err->code;
        if (done == 0 && !bytes->ended)
            return ht_error_set(
                err, HT_FAIL, "%s: truncated: the gzip checksum after byte %zu is missing; download it again",
                bytes->path, bytes->offset);
        feed(bytes);
        done += bytes->stream.avail_in; /* rubbish after the stream */
    } else {
        done = bytes->size - bytes->offset;
    }
    if (done == 0) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: goes on after byte %zu, where its header says it ends; the header is damaged or this is "
        "another kind of file",
        bytes->path, bytes->offset);
}

void ht_bytes_close(ht_bytes *bytes)
{
    if (bytes->open) inflateEnd(&bytes->stream);
    ht_free(bytes->file);
    *bytes = (ht_bytes){0};
}
