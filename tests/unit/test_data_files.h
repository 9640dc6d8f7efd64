/* test_data_files.h - what the data tests share: a temporary directory, files written into it, real data if
 * any. */
#ifndef TEST_DATA_FILES_H
#define TEST_DATA_FILES_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "heavytail/dataset.h"

static char work_dir[256], real_dir[2048];

static inline int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

/* The places where data might be are emptied, so that only what a test writes is found. */
static inline int setup_files(void **state)
{
    (void)state;
    const char *set = getenv("HEAVYTAIL_DATA"), *temporary = getenv("TMPDIR");
    snprintf(real_dir, sizeof real_dir, "%s", set && *set ? set : "../shared/data");
    snprintf(work_dir, sizeof work_dir, "%.200s/heavytail-test-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(work_dir)) return -1;
    unsetenv("HEAVYTAIL_DATA");
    return setenv("XDG_DATA_HOME", work_dir, 1);
}

static inline int remove_files(void **state)
{
    (void)state;
    return nftw(work_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The directory with the real files, or the test is skipped. */
static inline const char *need_real(const char *file)
{
    char path[sizeof real_dir + 256];
    snprintf(path, sizeof path, "%s/%s", real_dir, file);
    if (access(path, R_OK) != 0) {
        print_message("skipped: real data not found (set HEAVYTAIL_DATA)\n");
        skip();
    }
    return real_dir;
}

static inline void path_in(char to[512], const char *name)
{
    snprintf(to, 512, "%s/%s", work_dir, name);
}

/* Writes work_dir/name; directories in `name` are made. */
static inline void put(const char *name, const void *bytes, size_t size)
{
    char path[512];
    path_in(path, name);
    for (char *p = path + strlen(work_dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        mkdir(path, 0777);
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

static inline void assert_shape(const ht_dataset *data, int channels, int height, int width)
{
    assert_int_equal(data->channels, channels);
    assert_int_equal(data->height, height);
    assert_int_equal(data->width, width);
    assert_int_equal(channels ? channels * height * width : data->inputs, data->inputs);
    assert_int_equal(ht_dataset_is_pictures(data), height > 1 && width > 1);
}

static inline void drop(const char *name)
{
    char path[512];
    path_in(path, name);
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* gzip into `to`; returns the size. */
static inline size_t gzip(const void *from, size_t size, unsigned char *to, size_t capacity)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)from;
    stream.avail_in = (unsigned)size;
    stream.next_out = to;
    stream.avail_out = (unsigned)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t written = capacity - stream.avail_out;
    deflateEnd(&stream);
    return written;
}

static inline ht_dataset *load_good(const char *name)
{
    ht_error err = {0};
    ht_dataset *data = ht_dataset_load(name, &(ht_data_options){.dir = work_dir, .seed = 1}, &err);
    if (!data) fail_msg("%s: %s", name, err.text);
    return data;
}

/* Loading must fail with `code` and one line that holds each of the words (NULL: none). */
static inline void load_bad(const char *name, ht_code code, const char *word, const char *other)
{
    ht_error err = {0};
    ht_dataset *data = ht_dataset_load(name, &(ht_data_options){.dir = work_dir, .seed = 1}, &err);
    assert_null(data);
    assert_int_equal(err.code, code);
    assert_null(strchr(err.text, '\n'));
    if (word && !strstr(err.text, word)) fail_msg("no '%s' in: %s", word, err.text);
    if (other && !strstr(err.text, other)) fail_msg("no '%s' in: %s", other, err.text);
}

/* Loading may fail or succeed, but what succeeds is a valid data set. Returns whether it did. */
static inline bool load_any(const char *name)
{
    ht_error err = {0};
    ht_dataset *data = ht_dataset_load(name, &(ht_data_options){.dir = work_dir, .seed = 1}, &err);
    if (!data) {
        assert_true(err.code == HT_FAIL && err.text[0] != '\0');
        return false;
    }
    assert_true(data->inputs > 0 && data->classes >= 2);
    const ht_samples *parts[] = {&data->train, &data->test};
    for (int p = 0; p < 2; p++) {
        assert_true(parts[p]->count > 0);
        for (size_t i = 0; i < parts[p]->count; i++)
            assert_true(parts[p]->labels[i] >= 0 && parts[p]->labels[i] < data->classes);
        for (size_t i = 0; i < parts[p]->count * (size_t)data->inputs; i++)
            assert_true(parts[p]->x[i] - parts[p]->x[i] == 0);
    }
    ht_dataset_free(data);
    return true;
}

/* Every prefix of a file, then every byte changed in a few ways: an error or a valid data set, never a crash.
 * Returns how many of the prefixes were accepted. */
static inline size_t sweep(const char *file, const void *bytes, size_t size, const char *name)
{
    static const unsigned char masks[] = {0x01, 0x10, 0x80, 0xff};
    unsigned char *copy = malloc(size);
    size_t accepted = 0;
    for (size_t length = 0; length < size; length++) {
        put(file, bytes, length);
        accepted += load_any(name);
    }
    for (size_t i = 0; i < size; i++)
        for (size_t m = 0; m < sizeof masks; m++) {
            memcpy(copy, bytes, size);
            copy[i] ^= masks[m];
            put(file, copy, size);
            load_any(name);
        }
    free(copy);
    put(file, bytes, size);
    assert_true(load_any(name));
    return accepted;
}

#endif
